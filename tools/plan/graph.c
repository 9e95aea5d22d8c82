/* SPDX-License-Identifier: Apache-2.0 */
/*
 * REPETITA's formats. `.graph`: "NODES n", a heading, n lines LABEL X Y; "EDGES m", a heading, m
 * lines LABEL SRC DEST WEIGHT BW(kbit/s) DELAY(us), each one direction. `.demands`: "DEMANDS d",
 * a heading, d lines LABEL SRC DEST BW(kbit/s). Nodes are counted from 0.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/plan/plan_int.h"

/* "WORD count", then the line of column names; the count. */
static int heading(struct plan_text *t, const char *word, uint64_t max, uint64_t *count)
{
	int rc = plan_text_next(t, ' ');

	if (rc < 0)
		return rc;
	if (rc == 0 || t->n != 2 || strcmp(t->word[0], word) != 0)
		return plan_text_bad(t, "'%s COUNT' expected", word);
	if (plan_text_number(t, "count", t->word[1], 0, max, count) < 0)
		return -EINVAL;
	rc = plan_text_next(t, ' ');
	if (rc == 0)
		return plan_text_bad(t, "the file ends after '%s'", word);
	return rc < 0 ? rc : 0;
}

static int row(struct plan_text *t, const char *what, uint64_t i, uint64_t count)
{
	int rc = plan_text_next(t, ' ');

	if (rc == 0)
		return plan_text_bad(t, "the file ends after %llu of %llu %s",
				     (unsigned long long)i, (unsigned long long)count, what);
	return rc < 0 ? rc : 0;
}

static int coordinate(const struct plan_text *t, const char *word)
{
	uint64_t v;

	return plan_text_decimal(t, "coordinate", word + (*word == '-'), 0, false, UINT64_MAX, &v);
}

/* The id is its number, as edges and demands say it; the label is its name. */
static int node(struct plan_net *n, struct plan_text *t, struct hash *labels)
{
	struct ted_node x = { .alive = true };
	struct plan_id *label = ARENA_NEW(&n->arena, struct plan_id);

	if (t->n != 3)
		return plan_text_bad(t, "LABEL X Y expected");
	if (coordinate(t, t->word[1]) < 0 || coordinate(t, t->word[2]) < 0)
		return -EINVAL;
	if (!str_copy(x.name, sizeof(x.name), t->word[0]))
		return plan_text_bad(t, "label of more than %zu octets", sizeof(x.name) - 1);
	if (hash_get(labels, x.name, strlen(x.name), x.name))
		return plan_text_bad(t, "a second node '%s'", x.name);
	(void)snprintf(x.id, sizeof(x.id), "%zu", n->nodes.n);
	if (label)
		label->text = arena_str(&n->arena, x.name);
	if (!label || !label->text || hash_put(labels, x.name, strlen(x.name), &label->hash) < 0 ||
	    plan_node_add(n, &x) < 0)
		return plan_text_bad(t, "no memory");
	return 0;
}

static bool label_eq(const struct hash_node *n, const void *key)
{
	return strcmp(HASH_OF(n, const struct plan_id, hash)->text, key) == 0;
}

static int ends(const struct plan_text *t, size_t nodes, uint64_t end[2])
{
	for (unsigned k = 0; k < 2; k++)
		if (plan_text_number(t, "node", t->word[1 + k], 0, nodes - 1, &end[k]) < 0)
			return -EINVAL;
	return 0;
}

static int edge(struct plan_net *n, struct plan_text *t)
{
	uint64_t end[2], weight, kbps, us;
	struct ted_link l;

	if (t->n != 6)
		return plan_text_bad(t, "LABEL SRC DEST WEIGHT BW DELAY expected");
	if (ends(t, n->nodes.n, end) < 0 ||
	    plan_text_number(t, "weight", t->word[3], 1, TED_METRIC_MAX + 1, &weight) < 0 ||
	    plan_text_number(t, "bandwidth", t->word[4], 0, PLAN_BPS_MAX / 1000, &kbps) < 0 ||
	    plan_text_number(t, "delay", t->word[5], 0, PLAN_DELAY_MAX, &us) < 0)
		return -EINVAL;
	if (!plan_link_id_take(n, t->word[0]))
		return plan_text_bad(t, "a second edge '%.64s'", t->word[0]);
	if (end[0] == end[1]) { /* there are such graphs; it carries nothing */
		n->n_loops++;
		return 0;
	}
	l = (struct ted_link){ .alive = true, .from = (uint32_t)end[0], .to = (uint32_t)end[1],
			       .reverse = TED_NONE, .local_id = (uint32_t)n->links.n + 1,
			       .has_igp = true, .igp_metric = (uint32_t)weight, .has_te = true,
			       .te_metric = (uint32_t)weight, .has_delay = true,
			       .delay_us = (uint32_t)us, .delay_min_us = (uint32_t)us,
			       .delay_max_us = (uint32_t)us, .max_bw_bps = kbps * 1000,
			       .capacity_bps = kbps * 1000, .flex_plain = true };
	return plan_link_add(n, &l, t->word[0]) ? 0 : plan_text_bad(t, "no memory");
}

static int graph(struct plan_net *n, struct plan_text *t, struct hash *labels)
{
	uint64_t nodes = 0, edges = 0;
	int rc = heading(t, "NODES", PLAN_NODES_MAX, &nodes);

	for (uint64_t i = 0; rc == 0 && i < nodes; i++) {
		rc = row(t, "nodes", i, nodes);
		if (rc == 0)
			rc = node(n, t, labels);
	}
	if (rc == 0 && nodes == 0)
		rc = plan_text_bad(t, "no node");
	if (rc == 0)
		rc = heading(t, "EDGES", PLAN_LINKS_MAX, &edges);
	for (uint64_t i = 0; rc == 0 && i < edges; i++) {
		rc = row(t, "edges", i, edges);
		if (rc == 0)
			rc = edge(n, t);
	}
	if (rc == 0 && (rc = plan_text_next(t, ' ')) > 0)
		rc = plan_text_bad(t, "more lines than were announced");
	return rc;
}

int plan_graph_read(struct plan_net *n, struct plan_text *t)
{
	struct hash labels;
	int rc;

	hash_init(&labels, 0x1abe1, label_eq);
	rc = graph(n, t, &labels);
	hash_fini(&labels);
	return rc;
}

/* ---- demands ---- */

static int demand(struct plan_asks *a, const struct plan_net *n, struct plan_text *t)
{
	struct plan_demand d = { .delay_us_max = PCE_NO_BOUND,
				 .mid = { TED_NONE, TED_NONE, TED_NONE } };
	uint64_t end[2], kbps;

	if (t->n != 4)
		return plan_text_bad(t, "LABEL SRC DEST BW expected");
	if (ends(t, n->nodes.n, end) < 0 ||
	    plan_text_number(t, "bandwidth", t->word[3], 0, PLAN_BPS_MAX / 1000, &kbps) < 0)
		return -EINVAL;
	if (end[0] == end[1]) { /* matrices have a diagonal, and no link carries it */
		a->n_left_out++;
		return 0;
	}
	if (!str_copy(d.name, sizeof(d.name), t->word[0]))
		return plan_text_bad(t, "label of more than %zu octets", sizeof(d.name) - 1);
	if (!plan_name_take(a, &a->demand_names, d.name))
		return plan_text_bad(t, "a second demand '%s'", d.name);
	d.src = (uint32_t)end[0];
	d.dst = (uint32_t)end[1];
	d.rate_bps = kbps * 1000;
	return plan_demand_add(a, &d) ? 0 : plan_text_bad(t, "too many, or no memory");
}

int plan_demands_read(struct plan_asks *a, const struct plan_net *n, struct plan_text *t)
{
	uint64_t count = 0;
	int rc;

	if (n->format != PLAN_GRAPH) {
		str_addf(t->err, "%s: numbers of nodes need a .graph topology", t->name);
		return -EINVAL;
	}
	rc = heading(t, "DEMANDS", PLAN_REQUESTS_MAX, &count);
	for (uint64_t i = 0; rc == 0 && i < count; i++) {
		rc = row(t, "demands", i, count);
		if (rc == 0)
			rc = demand(a, n, t);
	}
	if (rc == 0 && (rc = plan_text_next(t, ' ')) > 0)
		rc = plan_text_bad(t, "more lines than were announced");
	return rc;
}
