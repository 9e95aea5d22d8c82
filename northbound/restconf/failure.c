/* SPDX-License-Identifier: Apache-2.0 */
/* sextant-failure: what-if and repairs, asked of intent. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "northbound/restconf/rc_int.h"

enum { ANSWER_BYTES_MAX = 64 * 1024 * 1024 };

static const char *const constraint_of[PCE_C_COUNT] = {
	[PCE_C_DELAY] = "delay", [PCE_C_HOPS] = "hops", [PCE_C_IGP] = "igp", [PCE_C_TE] = "te",
};

/* The model lets exactly one of them through. */
static const char *thing_of(const struct lyd_node *input, enum pce_failure_kind *kind)
{
	static const struct {
		const char *leaf;
		enum pce_failure_kind kind;
	} leaves[] = { { "link", PCE_FAIL_LINK }, { "node", PCE_FAIL_NODE }, { "srlg", PCE_FAIL_SRLG } };
	const char *name = NULL;

	for (size_t i = 0; !name && i < ARRAY_LEN(leaves); i++) {
		name = rc_value(input, leaves[i].leaf);
		*kind = leaves[i].kind;
	}
	return name ? name : "";
}

static void basis_fill(struct lyd_node *out, const struct ted *ted, const char *why)
{
	if (why)
		rc_add(out, "why", why);
	if (!ted)
		return;
	rc_addf(out, "generation", "%" PRIu64, ted->generation);
	rc_add(out, "stale", ted->stale ? "true" : "false");
}

static void fullest_fill(struct lyd_node *out, const char *name, const struct ted *ted,
			 const struct pce_fullest *f)
{
	char buf[TED_LABEL_MAX];
	struct lyd_node *c;

	if (f->link == TED_NONE)
		return;
	c = rc_container(out, NULL, name);
	rc_add(c, "link", ted_link_label(ted, f->link, buf, sizeof(buf)));
	rc_addf(c, "load", "%" PRIu64, f->load_bps);
	rc_addf(c, "utilisation-ppm", "%" PRIu64, f->ppb / 1000);
}

static void policy_fill(struct lyd_node *out, const struct intent_whatif_row *r)
{
	char key[SR_KEY_TEXT_MAX];
	struct lyd_node *n = rc_entry(out, "policy", sr_policy_key_text(&r->key, key, sizeof(key)));

	rc_addf(n, "bandwidth", "%" PRIu64, r->bandwidth_bps);
	rc_add(n, "loses", pce_flow_loss_text(r->loss));
	if (r->loss != PCE_FLOW_BOUND)
		return;
	rc_add(n, "constraint", constraint_of[r->bound] ? constraint_of[r->bound] : "?");
	if (r->value != PCE_NO_BOUND)
		rc_addf(n, "value", "%" PRIu64, r->value);
	rc_addf(n, "bound", "%" PRIu64, r->allowed);
}

void rc_failure_whatif(struct rc *rc, const struct lyd_node *input, struct lyd_node *output,
		       struct rc_op *op, struct rc_error *e)
{
	enum pce_failure_kind kind;
	const char *name = thing_of(input, &kind);
	struct intent_whatif w;
	struct arena arena;

	(void)op;
	arena_init(&arena, ANSWER_BYTES_MAX);
	if (intent_whatif(rc->cfg.intent, kind, name, &arena, &w) < 0) {
		rc_fail(e, RC_UNAVAILABLE, "no memory");
	} else {
		basis_fill(output, w.ted, w.why);
		if (!w.why) {
			rc_addf(output, "links-failed", "%" PRIu32, w.n_dead);
			rc_addf(output, "policies-moved", "%" PRIu32, w.n_moved);
			rc_addf(output, "policies-unknown", "%" PRIu32, w.n_unknown);
		}
		for (uint32_t i = 0; i < w.n_rows; i++)
			policy_fill(output, &w.rows[i]);
		fullest_fill(output, "now", w.ted, &w.now);
		fullest_fill(output, "after", w.ted, &w.after);
	}
	arena_fini(&arena);
}

static void segments_fill(struct lyd_node *d, const struct ted *t, const struct pce_backup *b)
{
	char buf[TED_LABEL_MAX], sid[IP_TEXT_MAX];

	for (uint32_t k = 0; k < b->n_segs; k++) {
		const struct pce_backup_seg *s = &b->segs[k];
		struct lyd_node *n;

		snprintf(buf, sizeof(buf), "%" PRIu32, k + 1);
		n = rc_entry(d, "segment", buf);
		if (s->sid.family != IP_NONE)
			rc_add(n, "sid", ip_text(&s->sid, sid, sizeof(sid)));
		else
			rc_addf(n, "sid", "%" PRIu32, s->label);
		rc_add(n, "node", ted_node_label(t, s->node));
		if (s->link != TED_NONE)
			rc_add(n, "link", ted_link_label(t, s->link, buf, sizeof(buf)));
	}
}

static void destination_fill(struct lyd_node *out, const struct ted *t,
			     const struct intent_repair_row *r)
{
	struct lyd_node *d = rc_entry(out, "destination", t->nodes[r->dst].id);
	char buf[TED_LABEL_MAX];

	rc_add(d, "name", ted_node_label(t, r->dst));
	rc_add(d, "protected", r->is.status == PCE_BACKUP_LIST ? "true" : "false");
	if (r->is.status != PCE_BACKUP_LIST) {
		rc_add(d, "reason", r->is.why);
		return;
	}
	rc_add(d, "link", ted_link_label(t, r->is.link, buf, sizeof(buf)));
	rc_add(d, "neighbour", ted_node_label(t, r->is.neighbour));
	rc_add(d, "minimal", r->is.minimal ? "true" : "false");
	rc_addf(d, "igp", "%" PRIu32, r->is.igp);
	segments_fill(d, t, &r->is);
}

void rc_failure_repairs(struct rc *rc, const struct lyd_node *input, struct lyd_node *output,
			struct rc_op *op, struct rc_error *e)
{
	enum pce_failure_kind kind;
	const char *name = thing_of(input, &kind);
	bool mpls = strcmp(rc_value(input, "dataplane"), "srv6") != 0;
	struct intent_repairs r;
	struct arena arena;

	(void)op;
	arena_init(&arena, ANSWER_BYTES_MAX);
	if (intent_repairs(rc->cfg.intent, rc_value(input, "router"), kind, name, mpls, &arena, &r) <
	    0) {
		rc_fail(e, RC_UNAVAILABLE, "no memory");
	} else {
		basis_fill(output, r.ted, r.why);
		if (!r.why)
			rc_add(output, "more", r.more ? "true" : "false");
		for (uint32_t i = 0; i < r.n_rows; i++)
			destination_fill(output, r.ted, &r.rows[i]);
	}
	arena_fini(&arena);
}
