/* SPDX-License-Identifier: Apache-2.0 */
/* sextant-path:compute-disjoint, -alternatives, -multipath: several paths for one query. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "northbound/restconf/rc_int.h"

enum { ANSWER_BYTES_MAX = 64 * 1024 * 1024 };

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
};

static const struct rc_leaf set_leaves[] = {
	RC_LEAF("best-available", RC_BOOL, struct intent_set_query, best_available, 0),
	RC_LEAF("first-shortest", RC_BOOL, struct intent_set_query, first_shortest, 0),
	RC_LEAF("delay-difference", RC_U32, struct intent_set_query, delay_difference_us, 0),
	RC_LEAF("budget", RC_U32, struct intent_set_query, budget, 0),
};

/* What all three ask; count is named differently in each. */
static struct intent_set_query *query_new(const struct lyd_node *input, const char *count,
					  struct rc_error *e)
{
	struct intent_set_query *q = calloc(1, sizeof(*q));
	const char *n = rc_value(input, count);

	if (!q) {
		rc_fail(e, RC_UNAVAILABLE, "no memory");
		return NULL;
	}
	rc_path_query_read(input, &q->path);
	q->count = n ? (uint32_t)strtoul(n, NULL, 10) : 0;
	return q;
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

static struct lyd_node *path_entry(struct lyd_node *out, uint32_t at)
{
	char key[16];

	snprintf(key, sizeof(key), "%" PRIu32, at + 1);
	return rc_entry(out, "path", key);
}

/* ---- disjoint ---- */

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
			rc_leaves_read(n, leg_leaves, ARRAY_LEN(leg_leaves), &q->leg[at - 1]);
	}
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
	for (uint32_t i = 0; i < d->n_legs; i++)
		rc_path_found_fill(ted, &d->leg[i], dataplane, path_entry(out, i));
}

void rc_path_disjoint(struct rc *rc, const struct lyd_node *input, struct lyd_node *output,
		      struct rc_op *op, struct rc_error *e)
{
	struct intent_set_query *q AUTO_FREE = query_new(input, "count", e);
	struct pce_disjoint_answer d;
	const struct ted *ted = NULL;
	struct arena arena;

	(void)op;
	if (!q)
		return;
	disjoint_read(input, q);
	arena_init(&arena, ANSWER_BYTES_MAX);
	intent_disjoint(rc->cfg.intent, q, &arena, &d, &ted);
	outcome_fill(output, d.status, d.why, ted);
	if (ted)
		disjoint_fill(&d, ted, q->path.dataplane, output);
	arena_fini(&arena);
}

/* ---- alternatives ---- */

void rc_path_alternatives(struct rc *rc, const struct lyd_node *input, struct lyd_node *output,
			  struct rc_op *op, struct rc_error *e)
{
	struct intent_set_query *q AUTO_FREE = query_new(input, "count", e);
	struct pce_kshortest_answer k;
	const struct ted *ted = NULL;
	struct arena arena;

	(void)op;
	if (!q)
		return;
	arena_init(&arena, ANSWER_BYTES_MAX);
	intent_alternatives(rc->cfg.intent, q, &arena, &k, &ted);
	outcome_fill(output, k.status, k.why, ted);
	rc_add(output, "complete", k.all ? "true" : "false");
	for (uint32_t i = 0; ted && i < k.n; i++) {
		struct lyd_node *n = path_entry(output, i);

		if (k.path[i].status != PCE_OK)
			rc_add(n, "list-status", k.path[i].why);
		rc_path_found_fill(ted, &k.path[i], q->path.dataplane, n);
	}
	arena_fini(&arena);
}

/* ---- multipath ---- */

void rc_path_multipath(struct rc *rc, const struct lyd_node *input, struct lyd_node *output,
		       struct rc_op *op, struct rc_error *e)
{
	struct intent_set_query *q AUTO_FREE = query_new(input, "lists", e);
	struct pce_multipath_answer m;
	const struct ted *ted = NULL;
	struct arena arena;
	const char *weights;

	(void)op;
	if (!q)
		return;
	weights = rc_value(input, "weights");
	q->weights_max = weights ? (uint32_t)strtoul(weights, NULL, 10) : 0;
	arena_init(&arena, ANSWER_BYTES_MAX);
	intent_multipath(rc->cfg.intent, q, &arena, &m, &ted);
	outcome_fill(output, m.status, m.why, ted);
	if (m.n)
		rc_addf(output, "total-weight", "%" PRIu32, m.total);
	else if (m.most_bps)
		rc_addf(output, "most", "%" PRIu64, m.most_bps);
	for (uint32_t i = 0; ted && i < m.n; i++) {
		struct lyd_node *n = path_entry(output, i);

		rc_addf(n, "weight", "%" PRIu32, m.weight[i]);
		rc_addf(n, "rate", "%" PRIu64, m.rate_bps[i]);
		rc_path_found_fill(ted, &m.path[i], q->path.dataplane, n);
	}
	arena_fini(&arena);
}
