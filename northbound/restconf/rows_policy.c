/* SPDX-License-Identifier: Apache-2.0 */
/* SR policies: intent's views as models/sextant-policy.yang, and back into its commands. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "northbound/restconf/rc_int.h"
#include "slice/slice.h"

/* ---- leaves ---- */

static const char *const admin_names[] = { "up", "down", NULL };
static const char *const mode_names[] = { [INTENT_MANAGED] = "managed",
					  [INTENT_OBSERVED] = "observed", NULL };
static const char *const state_names[] = { [INTENT_PENDING] = "pending", [INTENT_UP] = "up",
					   [INTENT_DEGRADED] = "degraded", [INTENT_DOWN] = "down",
					   [INTENT_HELD] = "held", NULL };
static const char *const oper_names[] = { [LSP_DOWN] = "down", [LSP_UP] = "up",
					  [LSP_ACTIVE] = "active", [LSP_GOING_DOWN] = "going-down",
					  [LSP_GOING_UP] = "going-up", NULL };

static const char *const protect_names[] = {
	[INTENT_PROTECT_NONE] = "none",	  [INTENT_PROTECT_LINK] = "link",
	[INTENT_PROTECT_NODE] = "node",	  [INTENT_PROTECT_SRLG] = "srlg",
	[INTENT_PROTECT_SRLG_NODE] = "srlg-node", NULL
};
static const char *const guarded_names[] = { [INTENT_GUARD_NONE] = "pending",
					     [INTENT_GUARD_PENDING] = "pending",
					     [INTENT_GUARD_PARTIAL] = "partial",
					     [INTENT_GUARD_FULL] = "full", NULL };

static const struct rc_leaf policy_leaves[] = {
	RC_LEAF("name", RC_CHARS, struct intent_policy, name, RC_SKIP_ZERO),
	RC_LEAF("bandwidth", RC_U64, struct intent_policy, bandwidth_bps, 0),
	RC_LEAF("setup-priority", RC_U8, struct intent_policy, setup_prio, 0),
	RC_LEAF("hold-priority", RC_U8, struct intent_policy, hold_prio, 0),
	RC_LEAF_ENUM("protect-bandwidth", RC_ENUM8, struct intent_policy, protect, protect_names),
	RC_LEAF_ENUM("dataplane", RC_ENUM8, struct intent_policy, dataplane, rc_dataplane_names),
	RC_LEAF("usid", RC_NOT, struct intent_policy, no_usid, 0),
	RC_LEAF("msd", RC_U8, struct intent_policy, msd, RC_SKIP_ZERO),
	RC_LEAF("reserved-sids", RC_U8, struct intent_policy, reserved, 0),
	RC_LEAF("nrp", RC_U32, struct intent_policy, nrp, 0),
	RC_LEAF_ENUM("admin-state", RC_ENUM8, struct intent_policy, admin_down, admin_names),
};

static const struct rc_leaf group_leaves[] = {
	RC_LEAF("group", RC_U32, struct intent_policy, group.id, 0),
	RC_LEAF("best-available", RC_BOOL, struct intent_policy, group.best_available, 0),
};

/* By PCE_DIVERSE_ bits; the first three are what can be met. */
static const struct {
	const char *name;
	uint8_t bits;
} group_kinds[] = {
	{ "link", PCE_DIVERSE_LINK },
	{ "node", PCE_DIVERSE_NODE },
	{ "srlg", PCE_DIVERSE_SRLG },
	{ "srlg-node", PCE_DIVERSE_SRLG | PCE_DIVERSE_NODE },
};

static const struct rc_leaf cpath_leaves[] = {
	RC_LEAF("name", RC_CHARS, struct intent_cpath, name, RC_SKIP_ZERO),
};

static const struct rc_leaf state_leaves[] = {
	RC_LEAF_ENUM("mode", RC_ENUM, struct intent_view, mode, mode_names),
	RC_LEAF_ENUM("status", RC_ENUM, struct intent_view, state, state_names),
	RC_LEAF("reason", RC_CHARS, struct intent_view, reason, RC_SKIP_ZERO),
	RC_LEAF("nearest-relaxation", RC_CHARS, struct intent_view, relax, RC_SKIP_ZERO),
	RC_LEAF("since", RC_TIME, struct intent_view, since_wall_ns, 0),
	RC_LEAF("created", RC_TIME, struct intent_view, created_wall_ns, 0),
	RC_LEAF("revision", RC_U64, struct intent_view, revision, 0),
	RC_LEAF("confirmed", RC_BOOL, struct intent_view, confirmed, 0),
	RC_LEAF("optimised", RC_BOOL, struct intent_view, optimised, RC_SKIP_ZERO),
	RC_LEAF("pushes", RC_U64, struct intent_view, pushes, 0),
	RC_LEAF("repairs", RC_U64, struct intent_view, repairs, 0),
	RC_LEAF("failures", RC_U64, struct intent_view, failures, 0),
};

static const struct rc_leaf guard_leaves[] = {
	RC_LEAF_ENUM("coverage", RC_ENUM, struct intent_view, guarded, guarded_names),
	RC_LEAF("reason", RC_CHARS, struct intent_view, guard_why, RC_SKIP_ZERO),
	RC_LEAF("failures", RC_U32, struct intent_view, guard_failures, 0),
	RC_LEAF("unprotected", RC_U32, struct intent_view, guard_open, 0),
};

static const struct rc_leaf computed_leaves[] = {
	RC_LEAF("active-preference", RC_U32, struct intent_view, active_preference, 0),
	RC_LEAF("igp", RC_U32, struct intent_view, igp, RC_SKIP_MAX),
	RC_LEAF("te", RC_U32, struct intent_view, te, RC_SKIP_MAX),
	RC_LEAF("delay", RC_U32, struct intent_view, delay_us, RC_SKIP_MAX),
	RC_LEAF("hops", RC_U32, struct intent_view, hops, RC_SKIP_MAX),
	RC_LEAF("worst-delay", RC_U32, struct intent_view, worst_delay_us, RC_SKIP_MAX),
	RC_LEAF("generation", RC_U64, struct intent_view, ted_generation, 0),
};

static const struct rc_leaf reported_leaves[] = {
	RC_LEAF("name", RC_CHARS, struct lsp_state, name, RC_SKIP_ZERO),
	RC_LEAF_ENUM("oper-state", RC_ENUM8, struct lsp_state, oper, oper_names),
	RC_LEAF("delegated", RC_BOOL, struct lsp_state, delegated, 0),
	RC_LEAF("pce-initiated", RC_BOOL, struct lsp_state, pce_initiated, 0),
	RC_LEAF("admin-up", RC_BOOL, struct lsp_state, admin_up, 0),
	RC_LEAF("plsp-id", RC_U32, struct lsp_state, plsp_id, 0),
	RC_LEAF("bandwidth", RC_U64, struct lsp_state, bandwidth_bps, RC_SKIP_ZERO),
	RC_LEAF("error-code", RC_U16, struct lsp_state, error, RC_SKIP_ZERO),
	RC_LEAF("truncated", RC_BOOL, struct lsp_state, list_truncated, RC_SKIP_ZERO),
};

/* ---- reading ---- */

static void key_texts(const struct sr_policy_key *k, char keys[][RC_KEY_MAX])
{
	char ip[IP_TEXT_MAX];

	/* An LSP reported without an endpoint has the null endpoint of RFC 9256 s8.8.1. */
	str_copy(keys[0], RC_KEY_MAX, ip_text(&k->headend, ip, sizeof(ip)));
	snprintf(keys[1], RC_KEY_MAX, "%" PRIu32, k->color);
	str_copy(keys[2], RC_KEY_MAX,
		 k->endpoint.family ? ip_text(&k->endpoint, ip, sizeof(ip)) : "::");
}

/* A view is large: it lives with the cursor that moves through the list. */
static struct intent_view *view_of(struct rc_cursor *cur)
{
	if (!cur->own)
		cur->own = calloc(1, sizeof(struct intent_view));
	return cur->own;
}

static bool policy_next(struct rc_read *rd, struct rc_cursor *cur)
{
	struct intent_view *v = view_of(cur);

	do { /* a standby is shown with its policy */
		if (!v || !intent_next(rd->rc->cfg.intent, cur->at ? &cur->key : NULL, v))
			return false;
		cur->at = 1;
		cur->key = v->desired.key;
	} while (cur->key.leg);
	return true;
}

static bool policy_find(struct rc_read *rd, struct rc_cursor *cur, const struct lyd_node *keys)
{
	struct intent_view *v = view_of(cur);

	if (!v || !rc_key_read(keys, &cur->key))
		return false;
	cur->at = 1;
	if (intent_get(rd->rc->cfg.intent, &cur->key, v) == 0)
		return true;
	if (!ip_is_any(&cur->key.endpoint))
		return false;
	cur->key.endpoint = (struct ip_addr){ 0 };
	return intent_get(rd->rc->cfg.intent, &cur->key, v) == 0;
}

static void policy_keys(struct rc_read *rd, const struct rc_cursor *cur, char keys[][RC_KEY_MAX])
{
	(void)rd;
	key_texts(&cur->key, keys);
}

static void cpath_fill(struct lyd_node *entry, const struct intent_cpath *c)
{
	char pref[16];
	struct lyd_node *n;

	snprintf(pref, sizeof(pref), "%" PRIu32, c->preference);
	n = rc_entry(entry, "candidate-path", pref);
	rc_leaves_fill(n, cpath_leaves, ARRAY_LEN(cpath_leaves), c);
	if (c->kind == INTENT_EXPLICIT)
		rc_list_fill(rc_container(n, NULL, "explicit"), &c->list);
	else
		rc_constraints_fill(rc_container(n, NULL, "dynamic"), c);
}

static void group_fill(struct lyd_node *entry, const struct intent_policy *p)
{
	struct lyd_node *d;

	if (!p->group.id || p->group.id > INTENT_GROUP_ID_MAX)
		return;
	d = rc_container(entry, NULL, "disjointness");
	rc_leaves_fill(d, group_leaves, ARRAY_LEN(group_leaves), p);
	for (size_t i = 0; i < ARRAY_LEN(group_kinds); i++)
		if (p->group.diverse == group_kinds[i].bits)
			rc_add(d, "kind", group_kinds[i].name);
}

static void met_fill(struct lyd_node *n, uint8_t met)
{
	for (size_t i = 0; i < ARRAY_LEN(group_kinds) - 1; i++)
		if (met & group_kinds[i].bits)
			rc_add(n, "met", group_kinds[i].name);
}

static void mates_fill(struct lyd_node *state, const struct intent_view *v)
{
	struct lyd_node *d, *m = NULL;
	char keys[3][RC_KEY_MAX];

	if (!v->desired.group.id)
		return;
	d = rc_container(state, NULL, "disjointness");
	met_fill(d, v->met);
	for (size_t i = 0; i < v->n_mates; i++) {
		if (v->mates[i].key.leg)
			continue;
		key_texts(&v->mates[i].key, keys);
		lyd_new_list(d, NULL, "member", 0, &m, keys[0], keys[1], keys[2]);
		rc_add(m, "placed", v->mates[i].placed ? "true" : "false");
		met_fill(m, v->mates[i].met);
	}
}

static void path_fill(struct lyd_node *c, const char *text)
{
	char label[TED_LABEL_MAX];

	while (*text) {
		size_t n = strcspn(text, ","), skip = strspn(text, " ");

		snprintf(label, sizeof(label), "%.*s", (int)(n - skip), text + skip);
		if (label[0])
			rc_add(c, "link", label);
		text += n + (text[n] == ',');
	}
}

static const struct rc_leaf standby_leaves[] = {
	RC_LEAF_ENUM("status", RC_ENUM, struct intent_view, state, state_names),
	RC_LEAF("reason", RC_CHARS, struct intent_view, reason, RC_SKIP_ZERO),
	RC_LEAF("nearest-relaxation", RC_CHARS, struct intent_view, relax, RC_SKIP_ZERO),
	RC_LEAF("delay", RC_U32, struct intent_view, delay_us, RC_SKIP_MAX),
	RC_LEAF_ENUM("oper-state", RC_ENUM8, struct intent_view, reported.oper, oper_names),
};

static void standby_fill(struct rc_read *rd, struct lyd_node *state, const struct intent_view *working)
{
	AUTO_FREE struct intent_view *v = calloc(1, sizeof(*v));
	struct sr_policy_key key = working->desired.key;
	struct lyd_node *s;

	key.leg = 1;
	if (!v || intent_get(rd->rc->cfg.intent, &key, v) != 0)
		return;
	s = rc_container(state, NULL, "standby");
	rc_leaves_fill(s, standby_leaves, v->has_reported ? ARRAY_LEN(standby_leaves) : ARRAY_LEN(standby_leaves) - 1,
		       v);
	if (v->has_computed) {
		rc_list_fill(s, &v->computed);
		path_fill(s, v->path_text);
	}
}

/* Of several lists, each with what of the rate it takes; of: whose path each is told. */
static void lists_fill(struct lyd_node *c, const struct sr_list *l, uint64_t bps, struct intent *i,
		       const struct sr_policy_key *of)
{
	char path[1024];

	for (unsigned k = 0; l->more && k < sr_list_count(l); k++) {
		char index[16];
		struct lyd_node *n;

		snprintf(index, sizeof(index), "%u", k);
		n = rc_entry(c, "segment-list", index);
		rc_addf(n, "weight", "%" PRIu32, sr_list_weight(l, k));
		if (bps)
			rc_addf(n, "rate", "%" PRIu64, sr_share(bps, sr_list_weight(l, k), sr_list_total(l)));
		rc_list_fill(n, sr_list_nth(l, k));
		if (of && intent_list_path(i, of, k, path, sizeof(path)))
			path_fill(n, path);
	}
}

static void reported_fill(struct lyd_node *state, const struct lsp_state *l)
{
	struct lyd_node *r = rc_container(state, NULL, "reported");
	char ip[IP_TEXT_MAX];

	rc_leaves_fill(r, reported_leaves, ARRAY_LEN(reported_leaves), l);
	if (l->has_preference)
		rc_addf(r, "preference", "%" PRIu32, l->preference);
	if (l->binding_sid.family == IP_V6)
		rc_add(r, "binding-sid", ip_text(&l->binding_sid, ip, sizeof(ip)));
	if (l->binding_label)
		rc_addf(r, "binding-label", "%" PRIu32, l->binding_label & 0xfffff);
	rc_list_fill(r, &l->list);
	lists_fill(r, &l->list, l->bandwidth_bps, NULL, NULL);
}

static void state_fill(struct rc_read *rd, struct lyd_node *entry, const struct intent_view *v)
{
	struct lyd_node *s = rc_container(entry, NULL, "state"), *c;
	const struct slice *slices = rd->rc->cfg.slice;
	const char *of = slices && v->desired.owner[0] ? slice_of(slices, &v->desired.key) : NULL;
	char ip[IP_TEXT_MAX];

	rc_leaves_fill(s, state_leaves, ARRAY_LEN(state_leaves), v);
	if (v->desired.owner[0])
		rc_addf(s, "owner", "%s%s%s", v->desired.owner, of ? " " : "", of ? of : "");
	if (v->southbound)
		rc_add(s, "southbound", v->southbound);
	if (v->binding_sid.family == IP_V6)
		rc_add(s, "binding-sid", ip_text(&v->binding_sid, ip, sizeof(ip)));
	if (v->guarded != INTENT_GUARD_NONE)
		rc_leaves_fill(rc_container(s, NULL, "bandwidth-protection"), guard_leaves,
			       ARRAY_LEN(guard_leaves), v);
	mates_fill(s, v);
	standby_fill(rd, s, v);
	if (v->has_computed) {
		c = rc_container(s, NULL, "computed");
		rc_leaves_fill(c, computed_leaves, ARRAY_LEN(computed_leaves), v);
		rc_list_fill(c, &v->computed);
		lists_fill(c, &v->computed, v->desired.bandwidth_bps, rd->rc->cfg.intent, &v->desired.key);
		path_fill(c, v->path_text);
	}
	if (v->has_reported)
		reported_fill(s, &v->reported);
}

static void policy_fill(struct rc_read *rd, const struct rc_cursor *cur, struct lyd_node *entry)
{
	const struct intent_view *v = cur->own;

	rc_leaves_fill(entry, policy_leaves, ARRAY_LEN(policy_leaves), &v->desired);
	group_fill(entry, &v->desired);
	if (v->desired.lists_max > 1)
		rc_addf(rc_container(entry, NULL, "multipath"), "max-lists", "%u", v->desired.lists_max);
	for (size_t i = 0; i < v->desired.n_cpaths; i++)
		cpath_fill(entry, &v->desired.cpaths[i]);
	if (rd->q.content != RC_CONTENT_CONFIG)
		state_fill(rd, entry, v);
}

static bool policy_etag(struct rc_read *rd, const struct rc_cursor *cur, char *buf, size_t cap)
{
	const struct intent_view *v = cur->own;

	(void)rd;
	snprintf(buf, cap, "%" PRIu64, v->revision);
	return true;
}

static void policies_fill(struct rc_read *rd, const struct rc_cursor *cur, struct lyd_node *entry)
{
	(void)cur;
	rc_add(entry, "hold", intent_held(rd->rc->cfg.intent) ? "true" : "false");
}

static bool policies_etag(struct rc_read *rd, const struct rc_cursor *cur, char *buf, size_t cap)
{
	(void)cur;
	snprintf(buf, cap, "c%" PRIu64, intent_revision(rd->rc->cfg.intent));
	return true;
}

/* ---- writing ---- */

static bool cpath_read(const struct lyd_node *n, struct intent_policy *p, struct rc_error *e)
{
	const struct lyd_node *x = rc_child(n, "explicit");
	struct intent_cpath *c = &p->cpaths[p->n_cpaths++];
	uint64_t pref = 0;

	intent_cpath_default(c);
	str_u64(rc_value(n, "preference"), &pref);
	c->preference = (uint32_t)pref;
	rc_leaves_read(n, cpath_leaves, ARRAY_LEN(cpath_leaves), c);
	c->kind = x ? INTENT_EXPLICIT : INTENT_DYNAMIC;
	c->list.dataplane = p->dataplane;
	if (x)
		return rc_list_read(x, &c->list, e);
	rc_constraints_read(rc_child(n, "dynamic"), c);
	return true;
}

static void group_read(const struct lyd_node *n, struct intent_policy *p)
{
	const char *kind = n ? rc_value(n, "kind") : NULL;

	if (!n)
		return;
	rc_leaves_read(n, group_leaves, ARRAY_LEN(group_leaves), p);
	for (size_t i = 0; kind && i < ARRAY_LEN(group_kinds); i++)
		if (strcmp(kind, group_kinds[i].name) == 0)
			p->group.diverse = group_kinds[i].bits;
}

static void multipath_read(const struct lyd_node *n, struct intent_policy *p)
{
	uint64_t lists = 0;

	if (n && rc_child(n, "max-lists") && str_u64(rc_value(n, "max-lists"), &lists) == 0)
		p->lists_max = (uint8_t)lists; /* the model has bounded it */
}

static bool policy_convert(struct rc *rc, const struct lyd_node *entry, void *value,
			   struct rc_error *e)
{
	struct intent_policy *p = value;
	const struct lyd_node *n;

	(void)rc;
	intent_policy_default(p);
	p->n_cpaths = 0;
	if (!rc_key_read(entry, &p->key)) {
		rc_fail_at(e, entry);
		return rc_fail(e, RC_INVALID_VALUE, "headend and endpoint are plain addresses");
	}
	rc_leaves_read(entry, policy_leaves, ARRAY_LEN(policy_leaves), p);
	group_read(rc_child(entry, "disjointness"), p);
	multipath_read(rc_child(entry, "multipath"), p);
	LY_LIST_FOR(lyd_child(entry), n) {
		if (strcmp(n->schema->name, "candidate-path") != 0)
			continue;
		if (p->n_cpaths == INTENT_CPATHS_MAX)
			return rc_fail(e, RC_TOO_BIG, "at most %d candidate paths", INTENT_CPATHS_MAX);
		if (!cpath_read(n, p, e))
			return false;
	}
	return true;
}

void rc_intent_error(struct rc_error *e, const struct intent_result *r, bool if_match)
{
	static const enum rc_tag tags[] = {
		[0] = RC_OK,
		[INTENT_E_EXISTS] = RC_RESOURCE_DENIED,
		[INTENT_E_MISSING] = RC_NOT_FOUND,
		[INTENT_E_REVISION] = RC_IN_USE,
		[INTENT_E_INVALID] = RC_INVALID_VALUE,
		[INTENT_E_LIMIT] = RC_RESOURCE_DENIED,
		[INTENT_E_STORE] = RC_NO_SPACE,
		[INTENT_E_MODE] = RC_RESOURCE_DENIED,
		[INTENT_E_BUSY] = RC_IN_USE,
	};
	enum rc_tag tag = r->code >= 0 && (size_t)r->code < ARRAY_LEN(tags) ? tags[r->code] : RC_FAILED;

	if (r->code == INTENT_E_REVISION && if_match)
		tag = RC_PRECONDITION;
	if (r->field[0] && e->path[0]) {
		size_t n = strlen(e->path);

		snprintf(e->path + n, sizeof(e->path) - n, "/%s", r->field);
	}
	rc_fail(e, tag, "%s", r->text[0] ? r->text : "refused");
}

static void policy_path(struct rc_error *e, const struct sr_policy_key *k)
{
	char headend[IP_TEXT_MAX], endpoint[IP_TEXT_MAX];

	snprintf(e->path, sizeof(e->path),
		 "/sextant-policy:policies/policy[headend='%s'][color='%" PRIu32 "'][endpoint='%s']",
		 ip_text(&k->headend, headend, sizeof(headend)), k->color,
		 ip_text(&k->endpoint, endpoint, sizeof(endpoint)));
}

static bool policy_validate(struct rc *rc, const void *value, struct rc_error *e)
{
	const struct intent_policy *p = value;
	struct intent_result r = { 0 };

	intent_validate(rc->cfg.intent, p, &r);
	if (!r.code)
		return true;
	policy_path(e, &p->key);
	rc_intent_error(e, &r, false);
	return false;
}

void rc_op_intent_done(void *arg, const struct intent_result *r)
{
	struct rc_op *op = arg;

	if (r->code) {
		policy_path(&op->error, &op->key);
		rc_intent_error(&op->error, r, op->had_if_match);
	} else if (r->revision) {
		snprintf(op->etag, sizeof(op->etag), "\"%" PRIu64 "\"", r->revision);
	}
	rc_op_done(op);
}

static void policy_put(struct rc_op *op)
{
	static const enum intent_write how[] = { [RC_CREATE] = INTENT_CREATE,
						 [RC_REPLACE] = INTENT_REPLACE,
						 [RC_UPDATE] = INTENT_UPDATE };

	intent_put(op->rc->cfg.intent, how[op->how], op->value, op->if_revision, rc_op_intent_done, op);
}

static void policy_remove(struct rc_op *op)
{
	intent_delete(op->rc->cfg.intent, &op->key, op->if_revision, rc_op_intent_done, op);
}

static const struct rc_writer policy_writer = {
	.size = sizeof(struct intent_policy),
	.convert = policy_convert,
	.validate = policy_validate,
	.put = policy_put,
	.remove = policy_remove,
};

const struct rc_row rc_rows_policy[] = {
	{ .path = "/sextant-policy:policies", .fill = policies_fill, .etag = policies_etag },
	{ .path = "/sextant-policy:policies/policy", .next = policy_next, .find = policy_find,
	  .keys = policy_keys, .fill = policy_fill, .etag = policy_etag, .writer = &policy_writer, .pages = true },
};
const size_t rc_n_rows_policy = ARRAY_LEN(rc_rows_policy);
