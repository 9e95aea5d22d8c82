/* SPDX-License-Identifier: Apache-2.0 */
/* sextant-failure: what-if and repairs, asked of intent. */
#include <errno.h>
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
	rc_add(n, "loses", r->breaks ? "constraint" : pce_flow_loss_text(r->loss));
	if (r->breaks)
		rc_add(n, "why", r->breaks);
	if (r->loss != PCE_FLOW_BOUND)
		return;
	rc_add(n, "constraint", constraint_of[r->bound] ? constraint_of[r->bound] : "?");
	if (r->value != PCE_NO_BOUND)
		rc_addf(n, "value", "%" PRIu64, r->value);
	rc_addf(n, "bound", "%" PRIu64, r->allowed);
}

/* Who waits for an answer. */
struct waiting {
	struct list link;
	struct rc *rc;
	struct http_req *req;
};

static void waiting_free(struct waiting *w)
{
	list_del(&w->link);
	free(w);
}

static void gone(void *arg)
{
	struct waiting *w = arg;

	intent_whatif_forget(w->rc->cfg.intent, w);
	waiting_free(w);
}

static void whatif_fill(struct lyd_node *output, const struct intent_whatif *w)
{
	basis_fill(output, w->ted, w->why);
	if (!w->why) {
		rc_addf(output, "links-failed", "%" PRIu32, w->n_dead);
		rc_addf(output, "policies-moved", "%" PRIu32, w->n_moved);
		rc_addf(output, "policies-unknown", "%" PRIu32, w->n_unknown);
		rc_addf(output, "policies-worse", "%" PRIu32, w->n_worse);
		rc_add(output, "more", w->more ? "true" : "false");
	}
	for (uint32_t i = 0; i < w->n_rows; i++)
		policy_fill(output, &w->rows[i]);
	fullest_fill(output, "now", w->ted, &w->now);
	fullest_fill(output, "after", w->ted, &w->after);
}

static void answered(void *arg, int rc, const struct intent_whatif *is)
{
	struct waiting *w = arg;
	struct lyd_node *output =
		rc < 0 ? NULL : rc_rpc_output(w->rc, "sextant-failure", "what-if");
	struct rc_error e = { .tag = RC_OK };

	http_on_gone(w->req, NULL, NULL);
	if (output) {
		whatif_fill(output, is);
		rc_rpc_answer(w->rc, w->req, output);
	} else {
		rc_fail(&e, RC_UNAVAILABLE, "no memory");
		rc_reply_error(w->rc, w->req, &e);
	}
	lyd_free_all(output);
	waiting_free(w);
}

void rc_failure_whatif(struct rc *rc, struct http_req *req, const struct lyd_node *input,
		       struct rc_error *e)
{
	const char *after = rc_value(input, "after");
	struct intent_whatif_query q = { .limit = 0 };
	struct sr_policy_key key;
	struct waiting *w;
	int r;

	q.name = thing_of(input, &q.kind);
	q.limit = (uint32_t)strtoul(rc_value(input, "limit"), NULL, 10);
	if (after && sr_policy_key_parse(after, &key) < 0) {
		rc_fail(e, RC_INVALID_VALUE, "after: '%.100s' is not HEADEND,COLOR,ENDPOINT", after);
		return;
	}
	q.after = after ? &key : NULL;
	w = calloc(1, sizeof(*w));
	if (w) {
		*w = (struct waiting){ .rc = rc, .req = req };
		list_add(&rc->whatifs, &w->link);
		http_on_gone(req, gone, w);
	}
	r = w ? intent_whatif(rc->cfg.intent, &q, answered, w) : -ENOMEM;
	if (r == 0)
		return; /* w may be gone */
	rc_fail(e, RC_UNAVAILABLE, "%s", r > 0 ? "too much is asked at once" : "no memory");
	if (!w)
		return;
	http_on_gone(req, NULL, NULL);
	waiting_free(w);
}

void rc_failure_fini(struct rc *rc)
{
	while (!list_empty(&rc->whatifs)) {
		struct waiting *w = LIST_OF(rc->whatifs.next, struct waiting, link);

		http_on_gone(w->req, NULL, NULL);
		intent_whatif_forget(rc->cfg.intent, w);
		waiting_free(w);
	}
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
