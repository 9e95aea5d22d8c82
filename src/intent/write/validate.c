/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy may say. Nothing here changes anything. The first fault is told: which field,
 * as a path of the sextant-policy model below its list entry, and what to do about it. What
 * depends on the topology is refused only while it is in sight, and never to a policy that is
 * there already and says no more than it did: a router that is down must not make it read-only.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "intent/group/group.h"
#include "intent/intent_priv.h"

enum { LABEL_MIN = 16, LABEL_MAX = 0xfffff }; /* RFC 3032 s2.1: 0 to 15 are reserved */

void intent_result_set(struct intent_result *r, int code, const char *field, const char *fmt, ...)
{
	va_list ap;

	r->code = code;
	r->revision = 0;
	(void)str_copy(r->field, sizeof(r->field), field);
	va_start(ap, fmt);
	(void)vsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
}

#define REFUSE(r, field, ...)                                                                      \
	(intent_result_set((r), INTENT_E_INVALID, (field), __VA_ARGS__), false)

/* Printable ASCII, no space at either end, terminated: the name type of the model. */
bool intent_name_ok(const char name[SR_NAME_MAX])
{
	size_t n = strnlen(name, SR_NAME_MAX);

	if (n == 0 || n == SR_NAME_MAX || name[0] == ' ' || name[n - 1] == ' ')
		return false;
	for (size_t i = 0; i < n; i++) {
		if (name[i] < ' ' || name[i] > '~')
			return false;
	}
	return true;
}

/* ---- the policy itself ---- */

static bool address_ok(const struct ip_addr *a)
{
	if (a->family != IP_V4 && a->family != IP_V6)
		return false;
	return !ip_is_loopback(a) &&
	       (a->family == IP_V6 ? a->b[0] != 0xff : (a->b[0] & 0xf0) != 0xe0);
}

static bool all_explicit(const struct intent_policy *p)
{
	for (unsigned i = 0; i < p->n_cpaths; i++) {
		if (p->cpaths[i].kind != INTENT_EXPLICIT)
			return false;
	}
	return true;
}

static bool key_ok(const struct intent_policy *p, struct intent_result *r)
{
	const struct sr_policy_key *k = &p->key;

	if (!address_ok(&k->headend) || ip_is_any(&k->headend))
		return REFUSE(r, "headend", "give the unicast address of the headend router");
	if (k->color == 0)
		return REFUSE(r, "color", "colour 0 is reserved: take one from 1 to 4294967295");
	if (!address_ok(&k->endpoint))
		return REFUSE(r, "endpoint", "give the unicast address of the far router");
	if (ip_eq(&k->headend, &k->endpoint))
		return REFUSE(r, "endpoint", "the endpoint is the headend itself");
	if (k->leg > SR_LEG_MAX || (k->leg && !p->owner[0]))
		return REFUSE(r, "", "a standby is made by the owner of both");
	if (ip_is_any(&k->endpoint) && !all_explicit(p))
		return REFUSE(r, "endpoint",
			      "no path can be computed to the null endpoint: give an address, or "
			      "explicit segments only");
	return true;
}

static bool name_taken(const struct intent *i, const struct intent_policy *p)
{
	const struct sr_policy_key from = { .headend = p->key.headend };

	for (size_t k = intent_pol_at(i, &from); k < i->pols.n; k++) {
		const struct intent_pol *o = i->pols.at[k];

		if (!ip_eq(&o->key.headend, &p->key.headend))
			break;
		if (o->desired && !o->deleted && sr_policy_key_cmp(&o->key, &p->key) != 0 &&
		    strcmp(o->desired->p.name, p->name) == 0)
			return true;
	}
	return false;
}

static bool name_ok(const struct intent *i, const struct intent_policy *p, struct intent_result *r)
{
	if (p->name[0] == '\0')
		return true;
	if (!intent_name_ok(p->name))
		return REFUSE(r, "name", "1 to %d printable ASCII characters, no space at an end",
			      SR_NAME_MAX - 1);
	if (name_taken(i, p))
		return REFUSE(r, "name", "another policy of this headend has the name %s", p->name);
	return true;
}

static bool terms_ok(const struct intent_policy *p, struct intent_result *r)
{
	if (p->bandwidth_bps > BOOK_BPS_MAX)
		return REFUSE(r, "bandwidth", "at most %llu bit/s can be booked",
			      (unsigned long long)BOOK_BPS_MAX);
	if (p->setup_prio >= BOOK_PRIOS)
		return REFUSE(r, "setup-priority", "0 is the best, 7 the least");
	if (p->hold_prio >= BOOK_PRIOS)
		return REFUSE(r, "hold-priority", "0 is the best, 7 the least");
	/* RFC 3209 s4.7.1; two such policies would push each other out for ever. */
	if (p->hold_prio > p->setup_prio)
		return REFUSE(r, "hold-priority",
			      "holding priority %u is worse than setup priority %u: give 0 to %u",
			      p->hold_prio, p->setup_prio, p->setup_prio);
	if (p->protect > INTENT_PROTECT_SRLG_NODE)
		return REFUSE(r, "protect-bandwidth", "none, link, node, srlg or srlg-node");
	if (p->dataplane != SR_SRV6 && p->dataplane != SR_MPLS)
		return REFUSE(r, "dataplane", "srv6 or sr-mpls");
	if (p->reserved >= SR_SEGS_MAX || (p->msd > 0 && p->reserved >= p->msd))
		return REFUSE(r, "reserved-sids",
			      "%u SIDs kept for services leave none of %u for the path",
			      p->reserved, p->msd > 0 && p->msd < SR_SEGS_MAX ? p->msd : SR_SEGS_MAX);
	return true;
}

/* Several lists are for a bandwidth that no path has alone; what does not go with them is not done by halves. */
static bool lists_ok(const struct intent_policy *p, const struct intent_pol *pol, struct intent_result *r)
{
	static const char field[] = "multipath/max-lists";

	if (p->lists_max > SR_LISTS_MAX)
		return REFUSE(r, field, "at most %d", SR_LISTS_MAX);
	if (p->lists_max < 2)
		return true;
	if (p->bandwidth_bps == 0)
		return REFUSE(r, field, "several lists share a bandwidth: give one, or max-lists 1");
	if (p->dataplane != SR_SRV6)
		return REFUSE(r, field, "an SR-MPLS policy has one list: give max-lists 1");
	if (all_explicit(p))
		return REFUSE(r, field, "an explicit candidate path has one list: give a dynamic one, or max-lists 1");
	if (p->group.id)
		return REFUSE(r, field, "a policy kept apart from others has one list: leave the group, or give max-lists 1");
	if (p->protect)
		return REFUSE(r, field,
			      "bandwidth that survives a failure is kept for one list: give protect-bandwidth none, or "
			      "max-lists 1");
	if (p->owner[0] || p->key.leg)
		return REFUSE(r, field, "policies of slices have one list: give max-lists 1");
	for (unsigned k = 0; k < p->n_cpaths; k++)
		if (p->cpaths[k].n_binding)
			return REFUSE(r, field, "lists through other policies' binding SIDs go alone: give max-lists 1");
	if (pol && intent_bound_user(pol))
		return REFUSE(r, field, "another policy's list leads through its binding SID: move that first");
	return true;
}

/* ---- candidate paths ---- */

static const char *cpath_field(const struct intent_cpath *c, const char *below, char *buf,
			       size_t cap)
{
	(void)snprintf(buf, cap, "candidate-path[preference='%u']%s", c->preference, below);
	return buf;
}

/* The same text already stands in the policy. */
static bool exclude_kept(const struct intent_policy *old, const char *text)
{
	for (unsigned i = 0; old && i < old->n_cpaths; i++) {
		for (unsigned k = 0; k < old->cpaths[i].n_exclude; k++) {
			if (strcmp(old->cpaths[i].exclude[k], text) == 0)
				return true;
		}
	}
	return false;
}

static bool in_sight(const struct intent *i)
{
	return i->ted && !i->ted->stale && i->ted->n_nodes > 0;
}

/* A node or a link; *node is TED_NONE when it is none. */
static bool exclude_names(const struct ted *t, const char *text, uint32_t *node)
{
	struct ip_addr a;

	*node = ted_node_by_id(t, text);
	if (*node == TED_NONE && ip_parse(text, &a) == 0)
		*node = ted_node_by_addr(t, &a);
	return *node != TED_NONE || ted_link_by_text(t, text) != TED_NONE;
}

static bool exclude_ok(const struct intent *i, const struct intent_policy *p,
		       const struct intent_policy *old, const char *text, char why[SR_REASON_MAX])
{
	uint32_t node;

	if (strnlen(text, TED_LABEL_MAX) == TED_LABEL_MAX || text[0] == '\0') {
		(void)snprintf(why, SR_REASON_MAX, "name a node, or a link as NODE>NODE");
		return false;
	}
	if (!in_sight(i))
		return true;
	if (!exclude_names(i->ted, text, &node)) {
		(void)snprintf(why, SR_REASON_MAX,
			       "%.120s is no node or link of the topology: name a node, or a link "
			       "as NODE>NODE",
			       text);
		return exclude_kept(old, text);
	}
	if (node != TED_NONE && (node == intent_endpoint_node(i->ted, &p->key.headend) ||
				 node == intent_endpoint_node(i->ted, &p->key.endpoint))) {
		(void)snprintf(why, SR_REASON_MAX, "%.120s is an end of the policy itself", text);
		return false;
	}
	return true;
}

static bool include_kept(const struct intent_policy *old, const char *text)
{
	for (unsigned i = 0; old && i < old->n_cpaths; i++) {
		for (unsigned k = 0; k < old->cpaths[i].n_include; k++) {
			if (strcmp(old->cpaths[i].include[k].text, text) == 0)
				return true;
		}
	}
	return false;
}

/* At least one of it is in the topology. */
static bool set_known(const struct ted *t, const struct pce_pass *p)
{
	for (uint32_t i = 0; p->kind == PCE_PASS_ASN && i < t->n_nodes; i++)
		if (t->nodes[i].alive && !t->nodes[i].pseudonode && t->nodes[i].asn == p->number)
			return true;
	for (uint32_t i = 0; p->kind == PCE_PASS_SRLG && i < t->n_links; i++)
		for (uint32_t k = 0; t->links[i].alive && k < t->links[i].n_srlg; k++)
			if (t->links[i].srlg[k] == p->number)
				return true;
	return false;
}

static bool include_ok(const struct intent *i, const struct intent_policy *old, const char *text,
		       char why[SR_REASON_MAX])
{
	struct pce_pass set = { 0 };
	uint32_t node;

	if (!in_sight(i))
		return true;
	if (intent_pass_set(text, &set) ? set_known(i->ted, &set) : exclude_names(i->ted, text, &node))
		return true;
	if (set.kind != PCE_PASS_HOP)
		(void)snprintf(why, SR_REASON_MAX, "nothing of %.120s is in the topology", text);
	else
		(void)snprintf(why, SR_REASON_MAX,
			       "%.120s is no node or link of the topology: name a node, a link as "
			       "NODE>NODE, a domain as asn:NUMBER, or a group as srlg:NUMBER",
			       text);
	return include_kept(old, text);
}

/* A group no link may have and every link must have. */
static int affinity_clash(const struct pce_affinity *a)
{
	for (unsigned w = 0; w < TED_AFFINITY_WORDS; w++) {
		uint32_t both = a->exclude_any[w] & a->include_all[w];

		if (both)
			return (int)(w * 32) + __builtin_ctz(both);
	}
	return -1;
}

/* include-any is in vain when every one of its groups is excluded. */
static bool affinity_vain(const struct pce_affinity *a)
{
	uint32_t asked = 0, left = 0;

	for (unsigned w = 0; w < TED_AFFINITY_WORDS; w++) {
		asked |= a->include_any[w];
		left |= a->include_any[w] & ~a->exclude_any[w];
	}
	return asked && !left;
}

static bool dynamic_ok(const struct intent *i, const struct intent_policy *p,
		       const struct intent_policy *old, const struct intent_cpath *c,
		       struct intent_result *r)
{
	int clash = affinity_clash(&c->affinity);
	char field[sizeof(r->field)], why[SR_REASON_MAX];

	const char *part, *fault = intent_constraints_fault(c, &part);

	if (fault)
		return REFUSE(r, cpath_field(c, part, field, sizeof(field)), "%s", fault);
	if (c->hops_max == 0)
		return REFUSE(r, cpath_field(c, "/dynamic/bounds/hops", field, sizeof(field)),
			      "no path has 0 hops: give 1 or more, or leave it out");
	if (clash >= 0)
		return REFUSE(r, cpath_field(c, "/dynamic/affinity", field, sizeof(field)),
			      "group %d is both excluded and required", clash);
	if (affinity_vain(&c->affinity))
		return REFUSE(r, cpath_field(c, "/dynamic/affinity", field, sizeof(field)),
			      "every group of include-any is in exclude-any");
	if (c->n_exclude > INTENT_HOPS_MAX)
		return REFUSE(r, cpath_field(c, "/dynamic/exclude", field, sizeof(field)),
			      "at most %d", INTENT_HOPS_MAX);
	for (unsigned k = 0; k < c->n_exclude; k++) {
		if (!exclude_ok(i, p, old, c->exclude[k], why))
			return REFUSE(r, cpath_field(c, "/dynamic/exclude", field, sizeof(field)),
				      "%s", why);
	}
	for (unsigned k = 0; k < c->n_include; k++) {
		if (!include_ok(i, old, c->include[k].text, why))
			return REFUSE(r, cpath_field(c, "/dynamic/include", field, sizeof(field)),
				      "%s", why);
	}
	return true;
}

static const char *segment_fault(const struct sr_segment *s, uint8_t dataplane)
{
	const struct sr_sid_structure *t = &s->structure;

	if (dataplane == SR_MPLS)
		return s->sid.family != IP_NONE ? "has a SID in an SR-MPLS policy: give a label" :
		       s->label < LABEL_MIN	? "has a reserved label: give one from 16" :
		       s->label > LABEL_MAX	? "has a label of more than 20 bits" :
						  NULL;
	if (s->label != 0)
		return "has a label in an SRv6 policy: give a SID";
	if (s->sid.family != IP_V6 || ip_is_any(&s->sid))
		return "has no SID: give an IPv6 address";
	if (!address_ok(&s->sid) || (s->sid.b[0] == 0xfe && (s->sid.b[1] & 0xc0) == 0x80))
		return "has an address that no router announces as a SID";
	if (t->lb + t->ln + t->fun + t->arg > 128)
		return "has a structure of more than 128 bits";
	return s->kind > SR_SEG_OTHER ? "is of no known kind" : NULL;
}

/* Of the binding SID of a policy of ours. */
static const char *binding_fault(const struct intent *i, const struct intent_pol *pol,
				 const struct ip_addr *sid)
{
	const struct intent_pol *lower = intent_bsid_owner(i, sid);

	if (pol && sid->family == IP_V6 && (ip_eq(&pol->bsid, sid) || lower == pol))
		return "is the policy's own binding SID: packets would go round for ever";
	return lower && intent_chain_fault(pol, lower, true) ?
		       "is the binding SID of a policy that leads back to this one, or through too "
		       "many others" :
		       NULL;
}

static bool may_bind_ok(const struct intent *i, const struct intent_policy *p,
			const struct intent_pol *pol, const struct intent_cpath *c,
			struct intent_result *r)
{
	char field[sizeof(r->field)];
	const char *fault = NULL;

	cpath_field(c, "/dynamic/binding-sid", field, sizeof(field));
	if (c->n_binding > INTENT_MAY_BIND || (c->n_binding > 0 && p->dataplane != SR_SRV6))
		return REFUSE(r, field, "at most %d, and of SRv6 policies only", INTENT_MAY_BIND);
	for (unsigned k = 0; k < c->n_binding && !fault; k++)
		fault = c->binding[k].family != IP_V6 || ip_is_any(&c->binding[k]) ?
				"is no IPv6 address" :
				binding_fault(i, pol, &c->binding[k]);
	return !fault || REFUSE(r, field, "one of them %s", fault);
}

static bool explicit_ok(const struct intent *i, const struct intent_policy *p,
			const struct intent_pol *pol, const struct intent_cpath *c,
			struct intent_result *r)
{
	const struct sr_list *l = &c->list;
	unsigned room = p->msd > 0 && p->msd < SR_SEGS_MAX ? p->msd : SR_SEGS_MAX;
	char field[sizeof(r->field)];

	cpath_field(c, "/explicit/segment", field, sizeof(field));
	if (l->n == 0)
		return REFUSE(r, field, "give at least one segment");
	if (l->n > SR_SEGS_MAX || l->n + p->reserved > room)
		return REFUSE(r, field, "%u segments and %u kept for services: there is room for %u",
			      l->n, p->reserved, room);
	if (l->dataplane != p->dataplane)
		return REFUSE(r, field, "the list is of another data plane than the policy");
	for (unsigned k = 0; k < l->n; k++) {
		const char *fault = segment_fault(&l->at[k], p->dataplane);

		if (!fault)
			fault = binding_fault(i, pol, &l->at[k].sid);
		if (fault)
			return REFUSE(r, field, "segment %u %s", k + 1, fault);
	}
	return true;
}

static bool cpath_ok(const struct intent *i, const struct intent_policy *p,
		     const struct intent_pol *pol, unsigned at, struct intent_result *r)
{
	const struct intent_cpath *c = &p->cpaths[at];
	const struct intent_policy *old = pol && pol->desired ? &pol->desired->p : NULL;
	char field[sizeof(r->field)];

	for (unsigned k = 0; k < at; k++) {
		if (p->cpaths[k].preference == c->preference)
			return REFUSE(r, cpath_field(c, "", field, sizeof(field)),
				      "two candidate paths have preference %u: give each its own",
				      c->preference);
	}
	if (c->name[0] != '\0' && !intent_name_ok(c->name))
		return REFUSE(r, cpath_field(c, "/name", field, sizeof(field)),
			      "1 to %d printable ASCII characters, no space at an end",
			      SR_NAME_MAX - 1);
	if (c->kind == INTENT_EXPLICIT)
		return explicit_ok(i, p, pol, c, r);
	if (c->kind != INTENT_DYNAMIC)
		return REFUSE(r, cpath_field(c, "", field, sizeof(field)), "dynamic or explicit");
	return may_bind_ok(i, p, pol, c, r) && dynamic_ok(i, p, old, c, r);
}

/* ---- all of it ---- */

static bool place_ok(const struct intent *i, const struct intent_policy *p,
		     const struct intent_pol *pol, struct intent_result *r)
{
	char a[IP_TEXT_MAX];

	if (pol)
		return true;
	if (i->n_managed >= i->cfg.policies_max) {
		intent_result_set(r, INTENT_E_LIMIT, "",
				  "%u policies are the limit: delete one, or raise policies-max",
				  i->cfg.policies_max);
		return false;
	}
	if (in_sight(i) && intent_endpoint_node(i->ted, &p->key.headend) == TED_NONE)
		return REFUSE(r, "headend", "no router of the topology has the address %s",
			      ip_text(&p->key.headend, a, sizeof(a)));
	return true;
}

void intent_validate(const struct intent *i, const struct intent_policy *p, struct intent_result *r)
{
	const struct intent_pol *pol = intent_pol_find(i, &p->key);

	*r = (struct intent_result){ 0 };
	if (p->n_cpaths == 0 || p->n_cpaths > INTENT_CPATHS_MAX) {
		intent_result_set(r, INTENT_E_INVALID, "candidate-path",
				  p->n_cpaths == 0 ? "give at least one candidate path" :
						     "at most 8 candidate paths");
		return;
	}
	if (!key_ok(p, r) || !name_ok(i, p, r) || !terms_ok(p, r) || !lists_ok(p, pol, r) ||
	    !place_ok(i, p, pol, r))
		return;
	for (unsigned k = 0; k < p->n_cpaths; k++) {
		if (!cpath_ok(i, p, pol, k, r))
			return;
	}
	(void)intent_group_ok(i, p, r);
}
