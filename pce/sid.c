/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIDs and labels one by one: what a behaviour means to path computation, how many bits of a
 * container a C-SID takes (RFC 9800 s4), where the parts of an address are.
 */
#include "pce/pce_priv.h"

/*
 * IANA "SRv6 Endpoint Behaviors". Flavours of End and End.X are two runs of four: none, PSP, USP,
 * both; then the same with USD.
 */
static const struct behavior_row {
	uint16_t first, last;
	enum pce_sid_kind kind;
	enum pce_csid csid;
	uint8_t flavors; /* of the first; the others follow in order */
} behaviors[] = {
	{ 1, 4, PCE_SID_END, PCE_CSID_NONE, 0 },
	{ 5, 8, PCE_SID_END_X, PCE_CSID_NONE, 0 },
	{ 28, 31, PCE_SID_END, PCE_CSID_NONE, PCE_USD },
	{ 32, 35, PCE_SID_END_X, PCE_CSID_NONE, PCE_USD },
	{ 43, 50, PCE_SID_END, PCE_CSID_NEXT, 0 },
	{ 52, 59, PCE_SID_END_X, PCE_CSID_NEXT, 0 },
	{ 60, 68, PCE_SID_OTHER, PCE_CSID_NEXT, 0 }, /* services with NEXT-C-SID */
	{ 101, 104, PCE_SID_END, PCE_CSID_REPLACE, 0 },
	{ 105, 108, PCE_SID_END_X, PCE_CSID_REPLACE, 0 },
	{ 128, 131, PCE_SID_END, PCE_CSID_REPLACE, PCE_USD },
	{ 132, 135, PCE_SID_END_X, PCE_CSID_REPLACE, PCE_USD },
};

static bool zero_between(const struct ip_addr *a, unsigned from, unsigned to)
{
	for (unsigned at = from; at < to; at += 32)
		if (ip_bits_get(a, at, to - at < 32 ? to - at : 32) != 0)
			return false;
	return true;
}

/* Producers tell a function length for uN too (FRR: 32/16/16) where there is no function: a uN
 * takes the node part, unless its function bits say something. */
static unsigned csid_bits(const struct ted_sid *s, enum pce_sid_kind kind)
{
	const struct ted_sid_structure *t = &s->structure;
	unsigned ln = t->lb + t->ln;

	if (kind == PCE_SID_END && zero_between(&s->sid, ln, ln + t->fun))
		return t->ln;
	return t->ln + t->fun;
}

static void read_next(const struct ted_sid *s, struct pce_sid *out)
{
	const struct ted_sid_structure *t = &s->structure;
	unsigned len = csid_bits(s, out->kind);

	if (len > 64 || (out->kind == PCE_SID_END_X && t->fun == 0) ||
	    !zero_between(&s->sid, t->lb + len, 128))
		return;
	out->value = ip_bits_get(&s->sid, t->lb, len);
	out->csid = out->value != 0 ? PCE_CSID_NEXT : PCE_CSID_NONE;
	out->len = (uint8_t)len;
}

/* RFC 9800 s4.2: node and function of 16 or 32 bits together; the argument is an index. */
static void read_replace(const struct ted_sid *s, struct pce_sid *out)
{
	const struct ted_sid_structure *t = &s->structure;
	unsigned len = (unsigned)t->ln + t->fun;

	if ((len != 16 && len != 32) || t->lb + len > 120 ||
	    !zero_between(&s->sid, t->lb + len, 128))
		return;
	out->value = ip_bits_get(&s->sid, t->lb, len);
	out->csid = out->value != 0 ? PCE_CSID_REPLACE : PCE_CSID_NONE;
	out->len = (uint8_t)len;
}

static void read_structure(const struct ted_sid *s, enum pce_csid csid, struct pce_sid *out)
{
	const struct ted_sid_structure *t = &s->structure;

	if (t->lb == 0 || t->ln == 0 || t->lb + t->ln + t->fun > 128)
		return;
	out->lb = t->lb;
	out->ln = t->ln;
	if (csid == PCE_CSID_NEXT)
		read_next(s, out);
	else
		read_replace(s, out);
}

void pce_sid_read(const struct ted_sid *s, struct pce_sid *out)
{
	*out = (struct pce_sid){ .kind = PCE_SID_OTHER };
	if (s->sid.family != IP_V6)
		return;
	for (size_t i = 0; i < ARRAY_LEN(behaviors); i++) {
		const struct behavior_row *b = &behaviors[i];

		if (s->behavior < b->first || s->behavior > b->last)
			continue;
		out->kind = b->kind;
		out->flavors = (uint8_t)(b->flavors | (s->behavior - b->first));
		if (b->csid != PCE_CSID_NONE)
			read_structure(s, b->csid, out);
		/* Without a structure it cannot be told where the index is. */
		if (b->csid == PCE_CSID_REPLACE && out->csid == PCE_CSID_NONE)
			out->kind = PCE_SID_OTHER;
		return;
	}
}

bool pce_sid_routed(const struct ted *t, const struct ted_sid *s, uint32_t owner)
{
	struct ted_locator_hit hit = ted_locator_of(t, &s->sid);

	if (hit.node == TED_NONE) /* no locator told: then the one who says it has the SID */
		return s->algo == 0 && ted_sid_of(t, &s->sid).node == owner;
	return hit.node == owner && !hit.anycast &&
	       t->nodes[owner].locators[hit.which].algo == s->algo;
}

unsigned pce_csid_slots(unsigned len)
{
	return len == 32 ? 4 : 8;
}

uint64_t pce_csid_slot(const struct ip_addr *container, unsigned len, unsigned index)
{
	return ip_bits_get(container, index * len, len);
}

unsigned pce_csid_index(const struct ip_addr *da, unsigned len)
{
	return (unsigned)ip_bits_get(da, len == 32 ? 126 : 125, len == 32 ? 2 : 3);
}

void pce_csid_index_set(struct ip_addr *da, unsigned len, unsigned index)
{
	ip_bits_set(da, len == 32 ? 126 : 125, len == 32 ? 2 : 3, index);
}

bool pce_sid_same_block(const struct ip_addr *a, const struct ip_addr *b, unsigned lb)
{
	return a->family == b->family && ip_bits_same(a, b, lb);
}

struct ip_addr pce_sid_shift(const struct ip_addr *a, unsigned lb, unsigned len)
{
	struct ip_addr out = *a;

	ip_bits_drop(&out, lb, len);
	return out;
}

bool pce_sid_has_more(const struct ip_addr *a, unsigned lb, unsigned len)
{
	return !zero_between(a, lb + len, 128);
}

/* IPv4 first: that is what SR-MPLS headends resolve their endpoints with. */
const struct ted_node_sid *pce_node_sid(const struct ted_node *n, uint8_t algo)
{
	const struct ted_node_sid *found = NULL;

	for (uint32_t i = 0; i < n->n_node_sids; i++) {
		const struct ted_node_sid *s = &n->node_sids[i];

		if (s->algo != algo)
			continue;
		if (s->prefix.addr.family == IP_V4)
			return s;
		if (!found)
			found = s;
	}
	return found;
}

uint32_t pce_adj_label(const struct ted *t, uint32_t link, uint32_t far,
		       enum pce_protection protection)
{
	const struct ted_link *l = &t->links[link];
	const struct ted_node *n = &t->nodes[l->from];
	uint32_t found[2] = { 0, 0 }; /* unprotected, protected */

	for (uint32_t i = 0; i < l->n_adj_sids; i++) {
		const struct ted_adj_sid *s = &l->adj_sids[i];
		uint32_t label = s->is_label ? s->value :
					       ted_range_label(n->srlb, n->n_srlb, s->value);

		if (label != 0 && (s->lan_node ? s->lan_node - 1 : l->to) == far &&
		    !found[s->backup])
			found[s->backup] = label;
	}
	return found[pce_protected_first(protection)]	  ? found[pce_protected_first(protection)] :
	       pce_protection_only(protection)		  ? 0 :
							    found[!pce_protected_first(protection)];
}
