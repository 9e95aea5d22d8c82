/* SPDX-License-Identifier: Apache-2.0 */
/* sextant-path:compute, -disjoint, -alternatives, -multipath, -reach: asked of intent, whose workers find
 * them; the answer comes when it comes. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "northbound/restconf/rc_int.h"

static const struct {
	const char *name;
	uint8_t bits;
} kinds[] = {
	{ "link", PCE_DIVERSE_LINK },
	{ "node", PCE_DIVERSE_NODE },
	{ "srlg", PCE_DIVERSE_SRLG },
	{ "srlg-node", PCE_DIVERSE_SRLG | PCE_DIVERSE_NODE },
};

static const struct rc_leaf leg_leaves[] = {
	RC_LEAF("source", RC_CHARS, struct intent_leg_query, src, 0),
	RC_LEAF("destination", RC_CHARS, struct intent_leg_query, dst, 0),
	RC_LEAF("delay", RC_U32, struct intent_leg_query, delay_us_max, 0),
	RC_LEAF("bandwidth", RC_U64, struct intent_leg_query, bandwidth_bps, 0),
	RC_LEAF("msd", RC_U8, struct intent_leg_query, msd, 0),
	RC_LEAF("reserved-sids", RC_U8, struct intent_leg_query, reserved, 0),
};

static const struct rc_leaf set_leaves[] = {
	RC_LEAF("best-available", RC_BOOL, struct intent_set_query, best_available, 0),
	RC_LEAF("first-shortest", RC_BOOL, struct intent_set_query, first_shortest, 0),
	RC_LEAF("delay-difference", RC_U32, struct intent_set_query, delay_difference_us, 0),
	RC_LEAF("budget", RC_U32, struct intent_set_query, budget, 0),
};

static uint32_t number(const struct lyd_node *input, const char *leaf)
{
	const char *n = rc_value(input, leaf);

	return n ? (uint32_t)strtoul(n, NULL, 10) : 0;
}

static void outcome_fill(struct lyd_node *out, enum pce_status status, const char *why,
			 const struct ted *ted)
{
	rc_add(out, "status", rc_path_status_names[status]);
	if (why[0])
		rc_add(out, "why", why);
	if (!ted)
		return;
	rc_addf(out, "generation", "%" PRIu64, ted->generation);
	rc_add(out, "stale", ted->stale ? "true" : "false");
}

/* ---- all routers from one ---- */

static const struct pce_reach_point *cheapest(const struct pce_reach *r, uint32_t node)
{
	const struct pce_reach_point *best = NULL;

	for (uint32_t i = r->start[node]; i < r->start[node + 1]; i++) {
		const struct pce_reach_point *p = &r->points[i];

		if (!best || p->cost < best->cost ||
		    (p->cost == best->cost && p->delay_us < best->delay_us))
			best = p;
	}
	return best;
}

/* From the source on: points lead back to it. */
static void segments_fill(const struct ted *t, const struct pce_reach *r, const struct pce_reach_point *p,
			  struct lyd_node *out)
{
	const struct pce_reach_point *chain[PCE_REACH_SEGS_MAX];
	char key[16], label[TED_LABEL_MAX];
	uint32_t n = 0;

	for (; p->before != TED_NONE && n < PCE_REACH_SEGS_MAX; p = &r->points[p->before])
		chain[n++] = p;
	for (uint32_t i = 1; n > 0; i++) {
		const struct pce_reach_point *x = chain[--n];
		struct lyd_node *s;

		snprintf(key, sizeof(key), "%" PRIu32, i);
		s = rc_entry(out, "segment", key);
		rc_add(s, "node", ted_node_label(t, x->node));
		if (x->link != TED_NONE)
			rc_add(s, "link", ted_link_label(t, x->link, label, sizeof(label)));
	}
}

static void destination_fill(const struct ted *t, const struct pce_reach *r, uint32_t node, struct lyd_node *out)
{
	struct lyd_node *d = rc_entry(out, "destination", t->nodes[node].id);
	const struct pce_reach_point *best = cheapest(r, node);

	rc_add(d, "name", ted_node_label(t, node));
	if (!best)
		return;
	rc_addf(d, "cost", "%" PRIu32, best->cost);
	rc_addf(d, "delay", "%" PRIu32, best->delay_us);
	rc_addf(d, "sids", "%" PRIu32, best->segs);
	segments_fill(t, r, best, d);
}

struct page {
	char after[TED_LABEL_MAX]; /* "": from the first */
	uint32_t limit;
};

/* As many as a page has: at once they would keep the loop too long. */
static void reached_fill(const struct intent_reached *is, const struct ted *t, const struct page *page,
			 struct lyd_node *out)
{
	uint32_t from = page->after[0] ? ted_node_by_id(t, page->after) : 0, reached = 0, none = 0, n = 0;
	bool more = false;

	from = from == TED_NONE ? t->n_nodes : from + (page->after[0] != '\0');
	for (uint32_t i = 0; i < t->n_nodes; i++) {
		if (i == is->src || !t->nodes[i].alive || t->nodes[i].pseudonode)
			continue;
		*(is->all.start[i + 1] > is->all.start[i] ? &reached : &none) += 1;
		if (i < from)
			continue;
		more = more || n == page->limit;
		if (n == page->limit)
			continue;
		n++;
		destination_fill(t, &is->all, i, out);
	}
	rc_addf(out, "reached", "%" PRIu32, reached);
	rc_addf(out, "not-reached", "%" PRIu32, none);
	rc_add(out, "more", more ? "true" : "false");
}

static struct lyd_node *path_entry(struct lyd_node *out, uint32_t at)
{
	char key[16];

	snprintf(key, sizeof(key), "%" PRIu32, at + 1);
	return rc_entry(out, "path", key);
}

/* ---- disjoint ---- */

static void leg_read(const struct lyd_node *n, struct intent_leg_query *l)
{
	const struct lyd_node *own = rc_child(n, "constraints");

	rc_leaves_read(n, leg_leaves, ARRAY_LEN(leg_leaves), l);
	l->has_bandwidth = rc_value(n, "bandwidth") != NULL;
	l->has_reserved = rc_value(n, "reserved-sids") != NULL;
	l->has_constraints = own != NULL;
	if (!own)
		return;
	intent_cpath_default(&l->constraints);
	rc_constraints_read(own, &l->constraints);
}

static void disjoint_read(const struct lyd_node *input, struct intent_set_query *q)
{
	const char *type = rc_value(input, "type");
	const struct lyd_node *n;

	rc_leaves_read(input, set_leaves, ARRAY_LEN(set_leaves), q);
	q->bound_difference = rc_value(input, "delay-difference") != NULL;
	for (size_t i = 0; type && i < ARRAY_LEN(kinds); i++)
		if (strcmp(type, kinds[i].name) == 0)
			q->diverse = kinds[i].bits;
	for (uint32_t i = 0; i < PCE_LEGS_MAX; i++)
		q->leg[i].delay_us_max = PCE_NO_BOUND;
	LY_LIST_FOR(lyd_child(input), n) {
		const char *index = strcmp(n->schema->name, "leg") == 0 ? rc_value(n, "index") : NULL;
		uint64_t at = index ? strtoul(index, NULL, 10) : 0;

		if (at >= 1 && at <= PCE_LEGS_MAX)
			leg_read(n, &q->leg[at - 1]);
	}
}

static void why_fill(const struct pce_disjoint_answer *d, struct lyd_node *out)
{
	rc_path_reasons_fill(d->conflict, d->n_conflict, d->relax, d->n_relax, d->relax_together, out);
	rc_path_gave_up_fill(d->reasons_gave_up, out);
	if (d->conflict_difference)
		rc_add(out, "conflict-difference", "true");
	if (d->leg_alone)
		rc_addf(out, "alone", "%" PRIu32, d->leg_alone);
	for (size_t i = 0; i < ARRAY_LEN(kinds) - 1; i++)
		if (d->possible & kinds[i].bits)
			rc_add(out, "possible", kinds[i].name);
}

static void disjoint_fill(const struct pce_disjoint_answer *d, const struct ted *ted,
			  uint8_t dataplane, struct lyd_node *out)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds) - 1; i++)
		if (d->n_legs && (d->met & kinds[i].bits))
			rc_add(out, "met", kinds[i].name);
	if (d->n_legs) {
		rc_addf(out, "shared-links", "%" PRIu32, d->shared_links);
		rc_addf(out, "shared-nodes", "%" PRIu32, d->shared_nodes);
		rc_addf(out, "shared-srlgs", "%" PRIu32, d->shared_srlgs);
		rc_addf(out, "cost", "%" PRIu64, d->cost);
	}
	if (d->cost_least < d->cost)
		rc_addf(out, "cost-least", "%" PRIu64, d->cost_least);
	rc_addf(out, "branchings", "%" PRIu32, d->branched);
	why_fill(d, out);
	for (uint32_t i = 0; i < d->n_legs; i++)
		rc_path_found_fill(ted, &d->leg[i], dataplane, path_entry(out, i));
}

/* ---- the others ---- */

static void alternatives_fill(const struct pce_kshortest_answer *k, const struct ted *ted,
			      uint8_t dataplane, struct lyd_node *out)
{
	const struct pce_answer *none = k->none;

	rc_add(out, "complete", k->all ? "true" : "false");
	rc_add(out, "budget-ended", k->gave_up ? "true" : "false");
	if (k->cost_listed)
		rc_addf(out, "cost-listed", "%" PRIu64, k->cost_listed);
	if (none) {
		rc_path_reasons_fill(none->conflict, none->n_conflict, none->relax, none->n_relax,
				     none->relax_together, out);
		rc_path_gave_up_fill(none->reasons_gave_up, out);
		rc_path_removed_fill(none, out);
	}
	for (uint32_t i = 0; ted && i < k->n; i++) {
		struct lyd_node *n = path_entry(out, i);

		if (k->path[i].status != PCE_OK)
			rc_add(n, "list-status", k->path[i].why);
		rc_path_found_fill(ted, &k->path[i], dataplane, n);
	}
}

static void multipath_fill(const struct pce_multipath_answer *m, const struct ted *ted,
			   uint8_t dataplane, struct lyd_node *out)
{
	if (m->n)
		rc_addf(out, "total-weight", "%" PRIu32, m->total);
	else if (m->most_bps)
		rc_addf(out, "most", "%" PRIu64, m->most_bps);
	if (!m->n && m->limit_bps)
		rc_addf(out, "limit", "%" PRIu64, m->limit_bps);
	for (uint32_t i = 0; ted && i < m->n; i++) {
		struct lyd_node *n = path_entry(out, i);

		rc_addf(n, "weight", "%" PRIu32, m->weight[i]);
		rc_addf(n, "rate", "%" PRIu64, m->rate_bps[i]);
		rc_path_found_fill(ted, &m->path[i], dataplane, n);
	}
}

/* ---- who waits for an answer ---- */

struct question {
	enum intent_paths_kind kind;
	struct intent_set_query q;
	struct page page;
};

struct waiting {
	struct list link;
	struct rc *rc;
	struct http_req *req;
	uint8_t dataplane;
	struct page page; /* of all that are reached */
};

static void waiting_free(struct waiting *w)
{
	list_del(&w->link);
	free(w);
}

static void gone(void *arg)
{
	struct waiting *w = arg;

	intent_paths_forget(w->rc->cfg.intent, w);
	waiting_free(w);
}

static void fill(struct lyd_node *out, const struct intent_paths *is, const struct waiting *w)
{
	uint8_t dataplane = w->dataplane;

	switch (is->kind) {
	case INTENT_PATHS_ONE:
		rc_path_one_fill(&is->one, is->ted, dataplane, out);
		break;
	case INTENT_PATHS_DISJOINT:
		outcome_fill(out, is->disjoint.status, is->disjoint.why, is->ted);
		if (is->ted)
			disjoint_fill(&is->disjoint, is->ted, dataplane, out);
		break;
	case INTENT_PATHS_ALTERNATIVES:
		outcome_fill(out, is->alternatives.status, is->alternatives.why, is->ted);
		alternatives_fill(&is->alternatives, is->ted, dataplane, out);
		break;
	case INTENT_PATHS_MULTIPATH:
		outcome_fill(out, is->multipath.status, is->multipath.why, is->ted);
		multipath_fill(&is->multipath, is->ted, dataplane, out);
		break;
	case INTENT_PATHS_REACH:
		outcome_fill(out, is->reached.status, is->reached.why, is->ted);
		if (is->reached.status == PCE_OK)
			reached_fill(&is->reached, is->ted, &w->page, out);
		break;
	}
}

static const char *const operations[] = {
	[INTENT_PATHS_ONE] = "compute",
	[INTENT_PATHS_DISJOINT] = "compute-disjoint",
	[INTENT_PATHS_ALTERNATIVES] = "compute-alternatives",
	[INTENT_PATHS_MULTIPATH] = "compute-multipath",
	[INTENT_PATHS_REACH] = "compute-reach",
};

static void answered(void *arg, int r, const struct intent_paths *is)
{
	struct waiting *w = arg;
	struct lyd_node *output =
		r < 0 ? NULL : rc_rpc_output(w->rc, "sextant-path", operations[is->kind]);
	struct rc_error e = { .tag = RC_OK };

	http_on_gone(w->req, NULL, NULL);
	if (output) {
		fill(output, is, w);
		rc_rpc_answer(w->rc, w->req, output);
	} else {
		rc_fail(&e, RC_UNAVAILABLE, "%s", r < 0 ? err_text(r) : "no memory");
		rc_reply_error(w->rc, w->req, &e);
	}
	lyd_free_all(output);
	waiting_free(w);
}

static void ask(struct rc *rc, struct http_req *req, const struct question *x, struct rc_error *e)
{
	struct waiting *w = calloc(1, sizeof(*w));
	int r;

	if (w) {
		*w = (struct waiting){ .rc = rc, .req = req, .dataplane = x->q.path.dataplane,
				       .page = x->page };
		list_add(&rc->paths, &w->link);
		http_on_gone(req, gone, w);
	}
	r = w ? intent_paths(rc->cfg.intent, x->kind, &x->q, answered, w) : -ENOMEM;
	if (r == 0)
		return; /* w may be gone */
	rc_fail(e, RC_UNAVAILABLE, "%s", r > 0 ? "too much is asked at once" : "no memory");
	if (!w)
		return;
	http_on_gone(req, NULL, NULL);
	waiting_free(w);
}

void rc_paths_fini(struct rc *rc)
{
	while (!list_empty(&rc->paths)) {
		struct waiting *w = LIST_OF(rc->paths.next, struct waiting, link);

		http_on_gone(w->req, NULL, NULL);
		intent_paths_forget(rc->cfg.intent, w);
		waiting_free(w);
	}
}

/* ---- the operations ---- */

static void page_read(const struct lyd_node *input, struct question *x)
{
	const char *after = rc_value(input, "after");

	str_copy(x->page.after, sizeof(x->page.after), after ? after : "");
	x->page.limit = number(input, "limit");
}

static void start(struct rc *rc, struct http_req *req, const struct lyd_node *input,
		  enum intent_paths_kind kind, struct rc_error *e)
{
	struct question *x AUTO_FREE = calloc(1, sizeof(*x));

	if (!x) {
		rc_fail(e, RC_UNAVAILABLE, "no memory");
		return;
	}
	x->kind = kind;
	rc_path_query_read(input, &x->q.path);
	x->q.count = number(input, kind == INTENT_PATHS_MULTIPATH ? "lists" :
				   kind == INTENT_PATHS_REACH	  ? "sids" :
								    "count");
	x->q.weights_max = number(input, "weights");
	if (kind == INTENT_PATHS_DISJOINT)
		disjoint_read(input, &x->q);
	if (kind == INTENT_PATHS_REACH)
		page_read(input, x);
	ask(rc, req, x, e);
}

void rc_path_compute(struct rc *rc, struct http_req *req, const struct lyd_node *input,
		     struct rc_error *e)
{
	start(rc, req, input, INTENT_PATHS_ONE, e);
}

void rc_path_disjoint(struct rc *rc, struct http_req *req, const struct lyd_node *input,
		      struct rc_error *e)
{
	start(rc, req, input, INTENT_PATHS_DISJOINT, e);
}

void rc_path_alternatives(struct rc *rc, struct http_req *req, const struct lyd_node *input,
			  struct rc_error *e)
{
	start(rc, req, input, INTENT_PATHS_ALTERNATIVES, e);
}

void rc_path_multipath(struct rc *rc, struct http_req *req, const struct lyd_node *input,
		       struct rc_error *e)
{
	start(rc, req, input, INTENT_PATHS_MULTIPATH, e);
}

void rc_path_reach(struct rc *rc, struct http_req *req, const struct lyd_node *input,
		   struct rc_error *e)
{
	start(rc, req, input, INTENT_PATHS_REACH, e);
}
