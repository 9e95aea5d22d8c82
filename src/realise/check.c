/* SPDX-License-Identifier: Apache-2.0 */
/* Orders that no router could be told are refused when they are written, not when they are built. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "realise/plan.h"

enum { RATE_LEAST = 8000 };

struct look {
	const struct slice_service *s;
	const struct slice_sdp *p;
	struct slice_fault *f;
	const uint64_t *groups; /* of each SDP */
};

/* Always false, for who returns it. */
static bool wrong(struct look *l, const char *leaf, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static bool wrong(struct look *l, const char *leaf, const char *fmt, ...)
{
	va_list ap;

	(void)snprintf(l->f->field, sizeof(l->f->field), "sdps/sdp[id='%s']/%.200s", l->p->id, leaf);
	va_start(ap, fmt);
	(void)vsnprintf(l->f->text, sizeof(l->f->text), fmt, ap);
	va_end(ap);
	return false;
}

/* ---- circuits ---- */

static bool circuit_ok(struct look *l, const struct slice_ac *ac)
{
	char leaf[SLICE_ID_MAX + 64], name[REALISE_IF_MAX];

	(void)snprintf(leaf, sizeof(leaf), "attachment-circuits/attachment-circuit[id='%s']", ac->id);
	if (!realise_interface(ac, name))
		return wrong(l, leaf, "ac-tp-id has to be the name of an interface of the router, at most 15 "
				      "letters with its VLAN");
	if (ac->v6.addr.family == IP_NONE && ac->v4.addr.family == IP_NONE && ac->n_behind == 0)
		return wrong(l, leaf, "no prefix is behind it: ac-ipv6-address with its length, or "
				      "sextant-slice:customer-prefix");
	if (ac->v4.addr.family != IP_NONE && ac->v6.addr.family == IP_NONE)
		return wrong(l, leaf, "customers' packets are IPv6 here: ac-ipv6-address");
	if (ac->in.cir && ac->in.cir < RATE_LEAST)
		return wrong(l, leaf, "no rate below %d bit/s is policed", RATE_LEAST);
	for (uint32_t i = 0; i < ac->n_behind; i++) {
		if (ac->behind[i].addr.family != IP_V6)
			return wrong(l, leaf, "customers' packets are IPv6 here: customer-prefix");
	}
	return true;
}

/* ---- criteria ---- */

static bool term_ok(struct look *l, const struct slice_criterion *c, const struct slice_match *m)
{
	char leaf[64];

	(void)snprintf(leaf, sizeof(leaf), "service-match-criteria/match-criterion[index='%u']", c->index);
	switch (m->type) {
	case SLICE_MATCH_LABEL:
	case SLICE_MATCH_ACL:
	case SLICE_MATCH_APN:
		return wrong(l, leaf, "no router here reads labels, access lists or APN IDs: dscp, five-tuple, "
				      "prefixes, phy-interface or vlan");
	case SLICE_MATCH_SRC:
	case SLICE_MATCH_DST:
		for (uint32_t i = 0; i < m->n; i++) {
			if (m->prefixes[i].addr.family != IP_V6)
				return wrong(l, leaf, "customers' packets are IPv6 here");
		}
		return true;
	case SLICE_MATCH_FLOW:
		if (m->flow.src.addr.family == IP_V4 || m->flow.dst.addr.family == IP_V4)
			return wrong(l, leaf, "customers' packets are IPv6 here");
		if ((m->flow.src_port || m->flow.dst_port) && m->flow.protocol != 6 && m->flow.protocol != 17 &&
		    m->flow.protocol != 132)
			return wrong(l, leaf, "ports are of protocol 6, 17 or 132");
		return true;
	case SLICE_MATCH_ANY:
	case SLICE_MATCH_INTERFACE:
	case SLICE_MATCH_VLAN:
	case SLICE_MATCH_DSCP:
		break;
	}
	return true;
}

static bool has_term(const struct slice_criterion *c, enum slice_match_type t)
{
	for (uint32_t i = 0; i < c->n_match; i++) {
		if (c->match[i].type == t)
			return true;
	}
	return false;
}

static bool sends_in(const struct slice_construct *c, uint32_t sdp)
{
	for (uint32_t i = 0; i < (c->kind == SLICE_C_A2A ? c->n_ends : 1); i++) {
		if (c->ends[i].sdp == sdp)
			return true;
	}
	return false;
}

/* Of the constructs of its group a packet takes the one that leads where it goes: criteria do not choose. */
static bool construct_ok(struct look *l, const struct slice_criterion *c, const char *leaf)
{
	const struct slice_group *g = &l->s->groups[c->group];
	uint32_t sdp = (uint32_t)(l->p - l->s->sdps), others = 0;

	for (uint32_t i = 0; c->construct && i < g->n_constructs; i++)
		others += sends_in(&g->constructs[i], sdp) && strcmp(g->constructs[i].id, c->construct) != 0;
	return others == 0 || wrong(l, leaf, "where a packet goes says which construct it takes, criteria choose the "
					     "group: leave target-connectivity-construct-id out, or make a group of each");
}

static bool criterion_ok(struct look *l, const struct slice_criterion *c, uint32_t *classes)
{
	char leaf[64];
	uint32_t circuits = 0;

	(void)snprintf(leaf, sizeof(leaf), "service-match-criteria/match-criterion[index='%u']", c->index);
	for (uint32_t i = 0; i < c->n_match; i++) {
		if (!term_ok(l, c, &c->match[i]))
			return false;
	}
	if (!construct_ok(l, c, leaf))
		return false;
	if (has_term(c, SLICE_MATCH_FLOW) && (has_term(c, SLICE_MATCH_SRC) || has_term(c, SLICE_MATCH_DST)))
		return wrong(l, leaf, "five-tuple names the addresses: prefixes do not go beside it");
	for (uint32_t i = 0; i < l->p->n_acs; i++)
		circuits += realise_takes(c, &l->p->acs[i]);
	if (circuits == 0)
		return wrong(l, leaf, "no circuit of the SDP has that interface or VLAN");
	if (realise_is_fine(c) || l->s->real.steering == SLICE_BY_DSCP || l->s->real.steering == SLICE_BY_FLOW)
		*classes += circuits * realise_combinations(c);
	return *classes <= REALISE_CLASSES ||
	       wrong(l, leaf, "more than %d combinations of values and circuits of one SDP", REALISE_CLASSES);
}

/* ---- an SDP ---- */

/* What a policer cannot see it cannot hold to a rate. */
static bool rates_ok(struct look *l)
{
	const struct slice_sdp *p = l->p;
	bool said = p->in.cir || p->in.pir, bound = false;

	if (p->in.cir && p->in.cir < RATE_LEAST)
		return wrong(l, "incoming-qos-policy", "no rate below %d bit/s is policed", RATE_LEAST);
	for (uint32_t i = 0; i < p->n_acs; i++) {
		said = said || p->acs[i].in.cir || p->acs[i].in.pir;
		for (uint32_t g = 0; g < l->s->n_groups; g++)
			bound = bound || realise_is_bound(l->s, p, l->s->groups[g].id, &p->acs[i]);
	}
	return !said || bound || l->s->n_groups == 0 || realise_only_dscp(p) >= 0 ||
	       wrong(l, "incoming-qos-policy",
		     "a rate is policed of a whole circuit, or of the one DSCP that its criteria name");
}

static bool bound_once(struct look *l, const struct slice_ac *ac)
{
	uint64_t mine = l->groups[l->p - l->s->sdps];
	const char *first = NULL;

	for (uint32_t g = 0; g < l->s->n_groups; g++) {
		const struct slice_group *of = &l->s->groups[g];

		if (!(mine >> g & 1) || !realise_is_bound(l->s, l->p, of->id, ac))
			continue;
		if (first)
			return wrong(l, "service-match-criteria",
				     "all packets of circuit %.40s would be of both groups %.60s and %.60s", ac->id,
				     first, of->id);
		first = of->id;
	}
	return true;
}

static bool sdp_ok(struct look *l)
{
	const struct slice_sdp *p = l->p;
	uint32_t classes = 0;

	for (uint32_t i = 0; i < p->n_acs; i++) {
		if (!p->acs[i].down && (!circuit_ok(l, &p->acs[i]) || !bound_once(l, &p->acs[i])))
			return false;
	}
	for (uint32_t i = 0; i < p->n_criteria; i++) {
		if (!criterion_ok(l, &p->criteria[i], &classes))
			return false;
	}
	if (p->n_criteria == 0 && (l->s->real.steering == SLICE_BY_DSCP || l->s->real.steering == SLICE_BY_FLOW))
		return wrong(l, "service-match-criteria", "steering by dscp or five-tuple needs them");
	return rates_ok(l);
}

/* ---- all of them together ---- */

/* Groups of each SDP, by its criteria or by the ends of constructs: bits, as there are at most 64. */
static void memberships(const struct slice_service *s, uint64_t *of)
{
	for (uint32_t i = 0; i < s->n_sdps; i++) {
		of[i] = s->n_groups ? 0 : 1; /* without groups they are one pool */
		for (uint32_t k = 0; k < s->sdps[i].n_criteria; k++)
			of[i] |= UINT64_C(1) << s->sdps[i].criteria[k].group;
	}
	for (uint32_t g = 0; g < s->n_groups; g++) {
		for (uint32_t i = 0; i < s->groups[g].n_constructs; i++) {
			const struct slice_construct *c = &s->groups[g].constructs[i];

			for (uint32_t k = 0; k < c->n_ends; k++)
				of[c->ends[k].sdp] |= UINT64_C(1) << g;
		}
	}
}

static bool same_router(const struct slice_sdp *a, const struct slice_sdp *b)
{
	if (a->node[0] && strcmp(a->node, b->node) == 0)
		return true;
	for (unsigned i = 0; i < a->n_addr; i++) {
		for (unsigned k = 0; k < b->n_addr; k++) {
			if (ip_eq(&a->addr[i], &b->addr[k]))
				return true;
		}
	}
	return false;
}

/* Two homes of a site are on two routers: on one they would be two circuits of an SDP. */
static bool apart(struct look *l, const struct realise_homes *h, const char *const *devices)
{
	char text[IP_PREFIX_TEXT_MAX];

	for (uint32_t i = 0; i < h->n; i++) {
		for (uint32_t k = i + 1; k < h->n && ip_prefix_cmp(&h->at[i].prefix, &h->at[k].prefix) == 0; k++) {
			uint32_t a = h->at[i].sdp, b = h->at[k].sdp;
			bool known = devices && devices[a] && devices[b];

			if (!(l->groups[a] & l->groups[b]) ||
			    !(known ? strcmp(devices[a], devices[b]) == 0 : same_router(&l->s->sdps[a], &l->s->sdps[b])))
				continue;
			l->p = &l->s->sdps[b];
			return wrong(l, "attachment-circuits",
				     "%s is behind SDP %.80s of this router too: they have to be circuits of one SDP",
				     ip_prefix_text(&h->at[i].prefix, text, sizeof(text)), l->s->sdps[a].id);
		}
	}
	return true;
}

bool realise_check_homes(const struct slice_service *s, const char *const *devices, struct slice_fault *f)
{
	uint64_t groups[SLICE_SDPS_MAX] = { 0 };
	struct look l = { .s = s, .f = f, .groups = groups };
	struct realise_behind *behind;
	struct realise_homes h;
	struct arena a;
	bool ok;

	memberships(s, groups);
	arena_init(&a, 64 << 20);
	behind = ARENA_ARRAY(&a, s->n_sdps + 1, struct realise_behind);
	ok = behind && realise_homes(s, &a, behind, &h);
	if (!ok)
		(void)snprintf(f->text, sizeof(f->text), "no memory");
	ok = ok && apart(&l, &h, devices);
	arena_fini(&a);
	return ok;
}

bool realise_check(const struct slice_service *s, struct slice_fault *f)
{
	uint64_t groups[SLICE_SDPS_MAX] = { 0 };
	struct look l = { .s = s, .f = f, .groups = groups };
	bool ok = true;

	memberships(s, groups);
	for (uint32_t i = 0; ok && i < s->n_sdps; i++) {
		l.p = &s->sdps[i];
		ok = realise_circuits(l.p) == 0 || sdp_ok(&l);
	}
	return ok && realise_check_homes(s, NULL, f);
}
