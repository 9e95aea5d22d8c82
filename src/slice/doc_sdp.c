/* SPDX-License-Identifier: Apache-2.0 */
/* Reading service demarcation points: where they are, what traffic is theirs, at what rates. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "slice/doc_service.h"
#include "slice/plan.h"

enum { CRITERIA_MAX = 64, TERMS_MAX = 16, VALUES_MAX = 256, ACS_MAX = 16, BEHIND_MAX = 256, VLAN_MAX = 4094, COS_MAX = 256 };

static void numbers(struct doc *d, json_object *o, const char *name, uint64_t max, struct slice_match *out)
{
	json_object *v = doc_array(d, o, name, VALUES_MAX, &out->n);
	uint32_t *at = doc_alloc(d, out->n, sizeof(*at));

	for (uint32_t i = 0; at && i < out->n; i++)
		at[i] = (uint32_t)doc_number(d, json_object_array_get_idx(v, i), name, max);
	out->numbers = at;
	out->n = at ? out->n : 0;
}

static void names(struct doc *d, json_object *o, const char *name, struct slice_match *out)
{
	json_object *v = doc_array(d, o, name, VALUES_MAX, &out->n);
	const char **at = doc_alloc(d, out->n, sizeof(*at));

	for (uint32_t i = 0; at && i < out->n; i++)
		at[i] = doc_string(d, json_object_array_get_idx(v, i), name);
	out->names = at;
	out->n = at ? out->n : 0;
}

static const struct ip_prefix *prefix_list(struct doc *d, json_object *o, const char *name, uint32_t max,
					   uint32_t *n)
{
	json_object *v = doc_array(d, o, name, max, n);
	struct ip_prefix *at = doc_alloc(d, *n, sizeof(*at));

	for (uint32_t i = 0; at && i < *n; i++)
		at[i] = doc_prefix(d, json_object_array_get_idx(v, i), name);
	*n = at ? *n : 0;
	return at;
}

static void prefixes(struct doc *d, json_object *o, struct slice_match *out)
{
	out->prefixes = prefix_list(d, o, "ip-prefix", VALUES_MAX, &out->n);
}

static struct ip_prefix flow_end(struct doc *d, json_object *o, const char *name)
{
	json_object *v = doc_member(o, name);

	return v ? doc_prefix(d, v, name) : (struct ip_prefix){ 0 };
}

static void flow(struct doc *d, json_object *o, struct slice_match *out)
{
	json_object *f = doc_object(d, o, "flow");

	out->n = 1;
	if (!f)
		doc_fault(d, "flow", "say which");
	out->flow.has_protocol = doc_member(f, "protocol") != NULL;
	out->flow.protocol = (uint8_t)doc_u64(d, f, "protocol", 0, UINT8_MAX);
	out->flow.src = flow_end(d, f, "source");
	out->flow.dst = flow_end(d, f, "destination");
	out->flow.src_port = (uint16_t)doc_u64(d, f, "source-port", 0, UINT16_MAX);
	out->flow.dst_port = (uint16_t)doc_u64(d, f, "destination-port", 0, UINT16_MAX);
}

static void term(struct doc *d, json_object *o, struct slice_match *out)
{
	static const char *const types[] = {
		[SLICE_MATCH_ANY] = "any",
		[SLICE_MATCH_INTERFACE] = "phy-interface",
		[SLICE_MATCH_VLAN] = "vlan",
		[SLICE_MATCH_LABEL] = "label",
		[SLICE_MATCH_SRC] = "source-ip-prefix",
		[SLICE_MATCH_DST] = "destination-ip-prefix",
		[SLICE_MATCH_DSCP] = "dscp",
		[SLICE_MATCH_ACL] = "acl",
		[SLICE_MATCH_APN] = "apn-id",
		[SLICE_MATCH_FLOW] = "five-tuple",
		NULL,
	};

	*out = (struct slice_match){ 0 };
	if (!doc_member(o, "type"))
		doc_fault(d, "match-type/type", "say which");
	out->type = (enum slice_match_type)doc_word(d, o, "type", types, SLICE_MATCH_ANY);
	switch (out->type) {
	case SLICE_MATCH_ANY:
		return;
	case SLICE_MATCH_INTERFACE:
		names(d, o, "interface-name", out);
		break;
	case SLICE_MATCH_VLAN:
		numbers(d, o, "vlan", VLAN_MAX, out);
		break;
	case SLICE_MATCH_LABEL:
		numbers(d, o, "label", 0xfffff, out);
		break;
	case SLICE_MATCH_SRC:
	case SLICE_MATCH_DST:
		prefixes(d, o, out);
		break;
	case SLICE_MATCH_DSCP:
		numbers(d, o, "dscp", 63, out);
		break;
	case SLICE_MATCH_ACL:
		names(d, o, "acl-name", out);
		break;
	case SLICE_MATCH_APN:
		numbers(d, o, "apn-id", UINT32_MAX, out);
		break;
	case SLICE_MATCH_FLOW:
		flow(d, o, out);
		break;
	}
	if (out->n == 0)
		doc_fault(d, "match-type", "%s without a value matches nothing", types[out->type]);
}

static uint32_t group_of(struct doc *d, const struct slice_service *s, const char *id)
{
	for (uint32_t g = 0; g < s->n_groups; g++) {
		if (strcmp(s->groups[g].id, id) == 0)
			return g;
	}
	doc_fault(d, "target-connection-group-id", "there is no connection group %.64s", id);
	return 0;
}

static void criterion(struct doc *d, json_object *o, const struct slice_service *s,
		      struct slice_criterion *out)
{
	static const char *const roles[] = { "any-to-any-role", "hub-role", "spoke-role", "sender-role",
					     "receiver-role", NULL };
	uint32_t n;
	json_object *v = doc_array(d, o, "match-type", TERMS_MAX, &n);
	struct slice_match *at = doc_alloc(d, n, sizeof(*at));

	out->index = (uint32_t)doc_u64(d, o, "index", 0, UINT32_MAX);
	out->group = group_of(d, s, doc_id(d, o, "target-connection-group-id"));
	out->role = (enum slice_role)doc_word(d, o, "connection-group-sdp-role", roles, SLICE_ROLE_ANY);
	out->construct = doc_text(d, o, "target-connectivity-construct-id");
	for (uint32_t i = 0; at && i < n; i++)
		term(d, json_object_array_get_idx(v, i), &at[i]);
	out->match = at;
	out->n_match = at ? n : 0;
}

static int by_index(const void *a, const void *b)
{
	const struct slice_criterion *x = a, *y = b;

	return x->index < y->index ? -1 : x->index > y->index;
}

static void criteria(struct doc *d, json_object *o, const struct slice_service *s, struct slice_sdp *out)
{
	json_object *v = doc_array(d, doc_object(d, o, "service-match-criteria"), "match-criterion",
				   CRITERIA_MAX, &out->n_criteria);
	struct slice_criterion *at = doc_alloc(d, out->n_criteria, sizeof(*at));

	for (uint32_t i = 0; at && i < out->n_criteria; i++) {
		json_object *c = json_object_array_get_idx(v, i);
		size_t was = doc_in(d, "service-match-criteria/match-criterion[index='%u']",
				    (unsigned)doc_u64(d, c, "index", 0, UINT32_MAX));

		criterion(d, c, s, &at[i]);
		doc_out(d, was);
	}
	out->n_criteria = at ? out->n_criteria : 0;
	if (at)
		qsort(at, out->n_criteria, sizeof(*at), by_index);
	out->criteria = at;
	for (uint32_t i = 1; i < out->n_criteria; i++) {
		if (at[i].index == at[i - 1].index)
			doc_fault(d, "service-match-criteria", "index %u is there twice", at[i].index);
	}
}

/* A policer has one rate and one burst, and nothing marks what is between two: see entrance.c of realise. */
static void one_rate(struct doc *d, const struct slice_rates *r, bool in, const char *out_why)
{
	if (in ? r->cir && r->pir > r->cir : r->pir && r->pir != r->cir)
		doc_unkept(d, "pir", "%s", in ? "a policer has one rate here: what is above cir would be dropped. Say the "
						"same as cir, or leave one of both out" : out_why);
	if (!in && r->cbs)
		doc_unkept(d, "cbs", "%s", out_why);
	if (r->pbs && (!in || r->pbs != r->cbs))
		doc_unkept(d, "pbs", "%s", in ? "a policer has one burst here: say it as cbs" : out_why);
}

static void beyond(struct doc *d, json_object *r, bool in, const char *out_why)
{
	uint32_t n;

	if (doc_u64(d, r, "eir", 0, UINT64_MAX))
		doc_unkept(d, "eir", "%s", in ? "a policer has one rate here, and passes nothing in excess of it: say all "
						"of it as cir" : out_why);
	if (doc_u64(d, r, "ebs", 0, UINT64_MAX))
		doc_unkept(d, "ebs", "%s", in ? "a policer has one burst here: say it as cbs" : out_why);
	(void)doc_array(d, doc_object(d, r, "classes"), "cos", COS_MAX, &n);
	if (n)
		doc_unkept(d, "classes/cos", "%s", in ? "classes are not policed apart: make an SDP of each, with a rate of "
							"its own and criteria of its one DSCP" : out_why);
}

static void rates(struct doc *d, json_object *o, const char *name, bool in, struct slice_rates *out)
{
	static const char out_why[] = "of what leaves, cir of an SDP bounds what any-to-any constructs reserve, and nothing "
				      "else is held to a rate: leave it out";
	json_object *q = doc_object(d, o, name), *r;
	size_t was = doc_in(d, "%s", name), limits;

	r = doc_object(d, q, "rate-limits");
	limits = doc_in(d, "rate-limits");
	out->cir = doc_u64(d, r, "cir", 0, UINT64_MAX);
	out->pir = doc_u64(d, r, "pir", 0, UINT64_MAX);
	out->cbs = doc_u64(d, r, "cbs", 0, UINT64_MAX);
	out->pbs = doc_u64(d, r, "pbs", 0, UINT64_MAX);
	if (out->pir && out->pir < out->cir)
		doc_fault(d, "pir", "the peak is below the committed rate");
	one_rate(d, out, in, out_why);
	beyond(d, r, in, out_why);
	doc_out(d, limits);
	if (doc_member(q, "qos-policy-name") && !out->cir && !out->pir)
		doc_unkept(d, "qos-policy-name", "no policy is known here by its name: say rate-limits");
	doc_out(d, was);
}

/* Rates are of what enters a circuit. */
static void leaves_circuit(struct doc *d, json_object *o)
{
	struct slice_rates r = { 0 };

	rates(d, o, "outgoing-qos-policy", false, &r);
	if (r.cir)
		doc_unkept(d, "outgoing-qos-policy/rate-limits/cir",
			   "nothing holds what leaves a circuit to a rate: say incoming-qos-policy where it enters the "
			   "network");
}

/*
 * What may enter and leave an SDP is what pairs of any-to-any constructs reserve at most. What enters
 * is policed too, of circuits.
 */
void doc_rates(struct doc *d, const struct slice_service *s)
{
	for (uint32_t i = 0; i < s->n_sdps; i++) {
		size_t was = doc_in(d, "sdps/sdp[id='%s']", s->sdps[i].id);
		const struct slice_rates *in = &s->sdps[i].in;

		if ((in->cir || in->pir) && s->sdps[i].n_acs == 0 && !(in->cir && slice_any_to_any(s, i)))
			doc_unkept(d, "incoming-qos-policy/rate-limits",
				   "what enters is policed of attachment-circuits, and it has none: say them, or leave the rate "
				   "out; cir bounds what is reserved too, of an SDP whose constructs are any-to-any");
		if (s->sdps[i].out.cir && !slice_any_to_any(s, i))
			doc_unkept(d, "outgoing-qos-policy/rate-limits/cir",
				   "it bounds what is reserved to an SDP whose constructs are any-to-any, and no others: say "
				   "incoming-qos-policy of those who send, or the bandwidth of the construct");
		doc_out(d, was);
	}
}

static struct ip_prefix ac_address(struct doc *d, json_object *o, const char *addr, const char *len)
{
	struct ip_prefix p = { 0 };
	const char *text = doc_text(d, o, addr);

	if (!text)
		return p;
	if (ip_parse(text, &p.addr) < 0)
		doc_fault(d, addr, "it has to be an address");
	p.len = (uint8_t)doc_u64(d, o, len, ip_bits(&p.addr), ip_bits(&p.addr));
	return p;
}

static uint32_t ac_vlan(struct doc *d, json_object *o)
{
	static const char *const types[] = { "vlan-id", "cvlan-id", "svlan-id", "ip-address-mask", NULL };
	uint32_t n, k, vlan = 0;
	json_object *tags = doc_array(d, doc_object(d, o, "ac-tags"), "ac-tag", 8, &n);

	for (uint32_t i = 0; i < n; i++) {
		json_object *t = json_object_array_get_idx(tags, i);
		json_object *v = doc_array(d, t, "tag-type-value", 8, &k);

		if (doc_word(d, t, "tag-type", types, 3) == 0 && k > 0)
			vlan = (uint32_t)doc_number(d, json_object_array_get_idx(v, 0),
						    "ac-tags/ac-tag/tag-type-value", VLAN_MAX);
	}
	return vlan;
}

/* What is behind it, which the standard model has no place for. */
static void behind(struct doc *d, json_object *o, struct slice_ac *out)
{
	const char *hop = doc_text(d, o, "next-hop");

	out->behind = prefix_list(d, o, "customer-prefix", BEHIND_MAX, &out->n_behind);
	if (hop && ip_parse(hop, &out->next_hop) < 0)
		doc_fault(d, "next-hop", "it has to be an address");
}

static void circuit(struct doc *d, json_object *o, struct slice_ac *out)
{
	const char *node = doc_text(d, o, "ac-node-id"), *port = doc_text(d, o, "ac-tp-id");

	out->node = node ? node : "";
	out->port = port ? port : "";
	out->v6 = ac_address(d, o, "ac-ipv6-address", "ac-ipv6-prefix-length");
	out->v4 = ac_address(d, o, "ac-ipv4-address", "ac-ipv4-prefix-length");
	out->mtu = (uint32_t)doc_u64(d, o, "mtu", 0, UINT32_MAX);
	out->vlan = ac_vlan(d, o);
	behind(d, o, out);
	rates(d, o, "incoming-qos-policy", true, &out->in);
	leaves_circuit(d, o);
	out->down = doc_admin(d, o) != SLICE_ADMIN_UP;
}

static void circuits(struct doc *d, json_object *o, struct slice_sdp *out)
{
	json_object *v = doc_array(d, doc_object(d, o, "attachment-circuits"), "attachment-circuit",
				   ACS_MAX, &out->n_acs);
	struct slice_ac *at = doc_alloc(d, out->n_acs, sizeof(*at));

	for (uint32_t i = 0; at && i < out->n_acs; i++) {
		json_object *c = json_object_array_get_idx(v, i);
		size_t was;

		at[i].id = doc_id(d, c, "id");
		was = doc_in(d, "attachment-circuits/attachment-circuit[id='%s']", at[i].id);
		circuit(d, c, &at[i]);
		doc_out(d, was);
	}
	out->acs = at;
	out->n_acs = at ? out->n_acs : 0;
}

static void addresses(struct doc *d, json_object *o, struct slice_sdp *out)
{
	uint32_t n;
	json_object *v = doc_array(d, o, "sdp-ip-address", SLICE_ADDRS_MAX, &n);

	for (uint32_t i = 0; i < n; i++) {
		if (ip_parse(doc_string(d, json_object_array_get_idx(v, i), "sdp-ip-address"),
			     &out->addr[i]) < 0)
			doc_fault(d, "sdp-ip-address", "it has to be an address");
	}
	out->n_addr = (uint8_t)n;
}

void doc_sdp(struct doc *d, json_object *o, const struct slice_service *s, struct slice_sdp *out)
{
	const char *node = doc_text(d, o, "node-id");

	out->node = node ? node : "";
	out->down = doc_admin(d, o) != SLICE_ADMIN_UP;
	addresses(d, o, out);
	criteria(d, o, s, out);
	rates(d, o, "incoming-qos-policy", true, &out->in);
	rates(d, o, "outgoing-qos-policy", false, &out->out);
	circuits(d, o, out);
	if (out->node[0] == '\0' && out->n_addr == 0)
		doc_fault(d, "node-id", "say which router, by its name or by an address of it");
}
