/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a slice service: groups, constructs, realisation, assurance and repair. A status that is
 * not said is up. Ids of SDPs and groups are looked up while reading; there are few.
 */
#include <stdlib.h>
#include <string.h>

#include "slice/doc_service.h"

enum { ENDS_MAX = SLICE_SDPS_MAX };

enum slice_admin doc_admin(struct doc *d, json_object *o)
{
	static const char *const words[] = { "admin-up", "admin-down", "admin-pre-deployment", NULL };
	json_object *a = doc_object(d, doc_object(d, o, "status"), "admin-status");
	size_t was = doc_in(d, "status/admin-status");
	int w = doc_word(d, a, "status", words, SLICE_ADMIN_UP);

	doc_out(d, was);
	return (enum slice_admin)w;
}

/* ---- constructs ---- */

static uint32_t sdp_of(struct doc *d, const struct slice_service *s, const char *name, const char *id)
{
	for (uint32_t k = 0; k < s->n_sdps; k++) {
		if (strcmp(s->sdps[k].id, id) == 0)
			return k;
	}
	doc_fault(d, name, "there is no SDP %.64s", id);
	return 0;
}

static void ends_from(struct doc *d, const struct slice_service *s, json_object *o,
		      struct slice_construct *out)
{
	bool p2p = out->kind == SLICE_C_P2P;
	const char *from = p2p ? "p2p-sender-sdp" : "p2mp-sender-sdp";
	const char *to = p2p ? "p2p-receiver-sdp" : "p2mp-receiver-sdp";
	uint32_t n = 1;
	json_object *v = p2p ? NULL : doc_array(d, o, to, ENDS_MAX, &n);

	out->ends = doc_alloc(d, n + 1, sizeof(*out->ends));
	if (!out->ends)
		return;
	out->n_ends = n + 1;
	out->ends[0].sdp = sdp_of(d, s, from, doc_id(d, o, from));
	if (p2p)
		out->ends[1].sdp = sdp_of(d, s, to, doc_id(d, o, to));
	for (uint32_t i = 0; v && i < n; i++)
		out->ends[i + 1].sdp =
			sdp_of(d, s, to, doc_string(d, json_object_array_get_idx(v, i), to));
	if (n == 0)
		doc_fault(d, to, "name at least one");
}

static void ends_any(struct doc *d, const struct slice_service *s, json_object *o,
		     struct slice_construct *out)
{
	json_object *v = doc_array(d, o, "a2a-sdp", ENDS_MAX, &out->n_ends);

	out->ends = doc_alloc(d, out->n_ends, sizeof(*out->ends));
	out->n_ends = out->ends ? out->n_ends : 0;
	for (uint32_t i = 0; i < out->n_ends; i++) {
		json_object *e = json_object_array_get_idx(v, i);
		const char *id = doc_id(d, e, "sdp-id");
		size_t was = doc_in(d, "a2a-sdp[sdp-id='%s']", id);

		out->ends[i].sdp = sdp_of(d, s, "", id);
		doc_policy(d, e, &out->ends[i].policy);
		doc_out(d, was);
	}
	if (out->n_ends < 2)
		doc_fault(d, "a2a-sdp", "name at least two");
}

/* An SDP twice in one construct would be a path to itself. */
static void ends_differ(struct doc *d, const struct slice_service *s, const struct slice_construct *c)
{
	uint64_t seen[SLICE_SDPS_MAX / 64] = { 0 };

	for (uint32_t i = 0; i < c->n_ends && d->rc == 0; i++) {
		uint32_t k = c->ends[i].sdp;

		if (seen[k / 64] >> k % 64 & 1)
			doc_fault(d, "", "SDP %.64s is twice in it", s->sdps[k].id);
		seen[k / 64] |= UINT64_C(1) << k % 64;
	}
}

static void construct(struct doc *d, const struct slice_service *s, json_object *o,
		      struct slice_construct *out)
{
	bool p2p = doc_member(o, "p2p-sender-sdp") || doc_member(o, "p2p-receiver-sdp");
	bool p2mp = doc_member(o, "p2mp-sender-sdp") || doc_member(o, "p2mp-receiver-sdp");
	bool a2a = doc_member(o, "a2a-sdp") != NULL;
	size_t was;

	out->id = doc_id(d, o, "id");
	was = doc_in(d, "connectivity-construct[id='%s']", out->id);
	out->kind = a2a ? SLICE_C_A2A : p2mp ? SLICE_C_P2MP : SLICE_C_P2P;
	out->down = doc_admin(d, o) != SLICE_ADMIN_UP;
	doc_policy(d, o, &out->policy);
	if (p2p + p2mp + a2a != 1)
		doc_fault(d, "", "give a sender and a receiver, a sender and receivers, or SDPs of any to any");
	else if (a2a)
		ends_any(d, s, o, out);
	else
		ends_from(d, s, o, out);
	ends_differ(d, s, out);
	doc_out(d, was);
}

static void group(struct doc *d, const struct slice_service *s, json_object *o, struct slice_group *out)
{
	static const char *const types[] = { "any-to-any", "hub-spoke", "point-to-point",
					     "point-to-multipoint", "multipoint-to-multipoint",
					     "multipoint-to-point", NULL };
	size_t was = doc_in(d, "connection-groups/connection-group[id='%s']", out->id);
	json_object *v = doc_array(d, o, "connectivity-construct", SLICE_CONSTRUCTS_MAX, &out->n_constructs);

	out->connectivity = (enum slice_connectivity)doc_word(d, o, "connectivity-type", types,
							      SLICE_ANY_TO_ANY);
	doc_policy(d, o, &out->policy);
	out->constructs = doc_alloc(d, out->n_constructs, sizeof(*out->constructs));
	out->n_constructs = out->constructs ? out->n_constructs : 0;
	for (uint32_t i = 0; i < out->n_constructs; i++) {
		construct(d, s, json_object_array_get_idx(v, i), &out->constructs[i]);
		for (uint32_t k = 0; k < i && d->rc == 0; k++) {
			if (strcmp(out->constructs[k].id, out->constructs[i].id) == 0)
				doc_fault(d, "connectivity-construct", "%s is there twice",
					  out->constructs[i].id);
		}
	}
	doc_out(d, was);
}

/* ---- what the provider adds ---- */

/* How its packets are told where they enter: nothing here colours routes of VPNs, or reads APN IDs. */
static enum slice_steering steering(struct doc *d, json_object *o)
{
	static const char *const words[] = { "vpn-color", "dscp", "five-tuple", "apn-id", "ac", NULL };
	static const char leaf[] = "steering";
	enum slice_steering s = (enum slice_steering)doc_word(d, o, leaf, words, SLICE_BY_AC);

	if (s == SLICE_BY_COLOR)
		doc_unkept(d, leaf, "no routes of VPNs are coloured here, a circuit is bound to its slice: ac; or dscp or "
				    "five-tuple with criteria of its SDPs");
	if (s == SLICE_BY_APN)
		doc_unkept(d, leaf, "no router here reads APN IDs: dscp or five-tuple with criteria of its SDPs, or ac for "
				    "all that enters a circuit");
	return s;
}

static void realisation(struct doc *d, json_object *root, struct slice_realisation *out)
{
	static const char *const transports[] = { "sr-policy", "flex-algo", "best-effort", NULL };
	static const char *const souths[] = { "pcep", "bgp-sr-policy", "gnmi", NULL };
	static const char *const sharings[] = { "shared", "reserved", "dedicated", NULL };
	json_object *o = doc_object(d, root, "realisation");
	size_t was = doc_in(d, "sextant-slice:realisation");

	if (doc_member(o, "parent-slice"))
		out->parent = doc_id(d, o, "parent-slice");
	out->nrp = (uint32_t)doc_u64(d, o, "nrp-id", 0, UINT32_MAX);
	out->color = (uint32_t)doc_u64(d, o, "color", 0, UINT32_MAX);
	out->flex_algo = (uint8_t)doc_u64(d, o, "flex-algo", 0, UINT8_MAX);
	out->priority = (uint8_t)doc_u64(d, o, "priority", 4, 7);
	out->transport = (enum slice_transport)doc_word(d, o, "transport", transports, SLICE_SR_POLICY);
	if (doc_member(o, "southbound"))
		out->southbound = (enum slice_southbound)(SLICE_PCEP + doc_word(d, o, "southbound", souths, 0));
	out->steering = steering(d, o);
	out->sharing = (enum slice_sharing)doc_word(d, o, "sharing", sharings, SLICE_SHARED);
	out->begins_s = doc_time(d, o, "begins");
	out->ends_s = doc_time(d, o, "ends");
	if (out->begins_s && out->ends_s && out->ends_s <= out->begins_s)
		doc_fault(d, "begins", "it would be over before it begins");
	if (out->flex_algo && out->flex_algo < 128)
		doc_fault(d, "flex-algo", "0, or a flexible algorithm from 128 to 255");
	if (out->color >= SLICE_COLORS && out->color < 2u * SLICE_COLORS)
		doc_fault(d, "color", "%u to %u are given out by the controller", SLICE_COLORS,
			  2u * SLICE_COLORS - 1);
	doc_out(d, was);
}

static void assurance(struct doc *d, json_object *root, struct slice_assurance *out)
{
	static const char *const methods[] = { "alt-mark", "stamp", "both", NULL };
	static const char *const hops[] = { "never", "on-degrade", "always", NULL };
	json_object *o = doc_object(d, root, "assurance-policy");
	size_t was = doc_in(d, "sextant-slice:assurance-policy");
	int m = doc_word(d, o, "method", methods, 0);

	out->said = o != NULL;
	out->alt_mark = m != 1;
	out->stamp = m != 0;
	out->period_ms = (uint16_t)doc_u64(d, o, "period", 1000, UINT16_MAX);
	if (out->period_ms == 0)
		doc_fault(d, "period", "at least a millisecond");
	out->hops = (__typeof__(out->hops))doc_word(d, o, "hop-by-hop", hops, SLICE_HOPS_ON_DEGRADE);
	out->windows_to_violate = (uint8_t)doc_u64(d, o, "windows-to-violate", 3, UINT8_MAX);
	out->windows_to_clear = (uint8_t)doc_u64(d, o, "windows-to-clear", 30, UINT8_MAX);
	out->at_risk_pct = (uint8_t)doc_u64(d, o, "at-risk-threshold", 80, 100);
	doc_out(d, was);
}

static void action(struct doc *d, json_object *o, struct slice_action *out)
{
	static const char *const kinds[] = { "switch-to-protect", "reroute", "rebalance", "resize-nrp",
					     "shed-lower-priority", "notify-only", NULL };
	static const char *const approvals[] = { "auto", "operator", NULL };

	out->order = (uint8_t)doc_u64(d, o, "order", 0, UINT8_MAX);
	if (!doc_member(o, "type"))
		doc_fault(d, "action/type", "say which");
	out->kind = (enum slice_action_kind)doc_word(d, o, "type", kinds, SLICE_NOTIFY);
	out->by_operator = doc_word(d, o, "approval", approvals, 0) == 1;
}

static void repair(struct doc *d, json_object *root, struct slice_repair *out)
{
	json_object *o = doc_object(d, root, "repair-policy");
	size_t was = doc_in(d, "sextant-slice:repair-policy");
	uint32_t n;
	json_object *v = doc_array(d, o, "action", SLICE_ACTIONS_MAX, &n);

	for (uint32_t i = 0; i < n; i++)
		action(d, json_object_array_get_idx(v, i), &out->action[i]);
	out->n_actions = (uint8_t)n;
	out->hold_down_s = (uint16_t)doc_u64(d, o, "hold-down", 30, UINT16_MAX);
	out->max_per_hour = (uint8_t)doc_u64(d, o, "max-actions-per-hour", 6, UINT8_MAX);
	out->revertive = doc_bool(d, o, "revertive", true);
	out->restore_s = (uint32_t)doc_u64(d, o, "wait-to-restore", 300, 86400);
	doc_out(d, was);
}

void doc_provider(struct doc *d, struct slice_service *out)
{
	realisation(d, d->root, &out->real);
	assurance(d, d->root, &out->assure);
	repair(d, d->root, &out->repair);
}

/* ---- the service ---- */

static void ids(struct doc *d, json_object *v, uint32_t n, const char *what, const char **out)
{
	for (uint32_t i = 0; i < n; i++) {
		out[i] = doc_id(d, json_object_array_get_idx(v, i), "id");
		for (uint32_t k = 0; k < i && d->rc == 0; k++) {
			if (strcmp(out[k], out[i]) == 0)
				doc_fault(d, what, "%s is there twice", out[i]);
		}
	}
}

static void read_lists(struct doc *d, struct slice_service *s)
{
	const char *id[SLICE_SDPS_MAX];
	json_object *sdps = doc_array(d, doc_object(d, d->root, "sdps"), "sdp", SLICE_SDPS_MAX, &s->n_sdps);
	json_object *groups = doc_array(d, doc_object(d, d->root, "connection-groups"), "connection-group",
					SLICE_GROUPS_MAX, &s->n_groups);

	s->sdps = doc_alloc(d, s->n_sdps, sizeof(*s->sdps));
	s->groups = doc_alloc(d, s->n_groups, sizeof(*s->groups));
	s->n_sdps = s->sdps ? s->n_sdps : 0;
	s->n_groups = s->groups ? s->n_groups : 0;
	ids(d, groups, s->n_groups, "connection-groups", id);
	for (uint32_t i = 0; i < s->n_groups; i++)
		s->groups[i].id = id[i];
	ids(d, sdps, s->n_sdps, "sdps", id);
	for (uint32_t i = 0; i < s->n_sdps; i++)
		s->sdps[i].id = id[i];
	for (uint32_t i = 0; i < s->n_sdps; i++) {
		size_t was = doc_in(d, "sdps/sdp[id='%s']", s->sdps[i].id);

		doc_sdp(d, json_object_array_get_idx(sdps, i), s, &s->sdps[i]);
		doc_out(d, was);
	}
	for (uint32_t i = 0; i < s->n_groups; i++)
		group(d, s, json_object_array_get_idx(groups, i), &s->groups[i]);
	if (d->rc == 0)
		doc_rates(d, s);
}

static void read_service(struct doc *d, struct slice_service *out)
{
	out->id = doc_id(d, d->root, "id");
	out->admin = doc_admin(d, d->root);
	out->test_only = doc_member(d->root, "test-only") != NULL; /* it comes as [null] */
	doc_policy(d, d->root, &out->policy);
	doc_provider(d, out);
	if (d->rc == 0)
		read_lists(d, out);
}

int slice_service_read(const char *text, size_t len, struct arena *a, struct slice_service *out,
		       struct slice_fault *f)
{
	struct doc d;

	*out = (struct slice_service){ .id = "" };
	if (doc_init(&d, text, len, a, f) == 0 && doc_member(d.root, "vpn-id"))
		doc_vpn(&d, out);
	else if (d.rc == 0)
		read_service(&d, out);
	out->unkept = d.unkept;
	doc_fini(&d);
	return d.rc;
}
