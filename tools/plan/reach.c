/* SPDX-License-Identifier: Apache-2.0 */
/* plan reach: what every router can be reached for from one, within a delay and so many segments. */
#include <stdio.h>

#include "pce/reach.h"
#include "tools/plan/plan_int.h"

struct reached {
	const struct plan_net *n;
	const struct plan_options *o;
	struct pce_reach all;
	uint32_t none;
};

static void put_segment(json_object *list, const struct plan_net *n, const struct pce_reach_point *p)
{
	json_object *o = json_object_new_object();
	char label[TED_LABEL_MAX];

	plan_put_text(o, "kind", p->link == TED_NONE ? "node" : "adjacency");
	if (p->link != TED_NONE)
		plan_put_text(o, "link", ted_link_label(n->ted, p->link, label, sizeof(label)));
	plan_put_text(o, "node", ted_node_label(n->ted, p->node));
	(void)json_object_array_add(list, o);
}

/* From the source on: points lead back to it. */
static json_object *segments(const struct reached *r, const struct pce_reach_point *p)
{
	const struct pce_reach_point *chain[PCE_REACH_SEGS_MAX];
	json_object *list = json_object_new_array();
	uint32_t n = 0;

	for (; p->before != TED_NONE && n < PCE_REACH_SEGS_MAX; p = &r->all.points[p->before])
		chain[n++] = p;
	while (n > 0)
		put_segment(list, r->n, chain[--n]);
	return list;
}

static void put_choices(json_object *o, const struct pce_reach_point *p, uint32_t n)
{
	json_object *list = json_object_new_array();

	for (uint32_t i = 0; i < n; i++) {
		json_object *x = json_object_new_object();

		plan_put_u64(x, "cost", p[i].cost);
		plan_put_u64(x, "delay", p[i].delay_us);
		plan_put_u64(x, "sids", p[i].segs);
		(void)json_object_array_add(list, x);
	}
	plan_put(o, "choices", list);
}

static void put_none(struct reached *r, json_object *o)
{
	uint32_t us = r->o->delay_us_max;
	char text[96];

	r->none++;
	plan_put_text(o, "status", pce_status_text(PCE_NO_CONSTRAINED));
	if (us == PCE_NO_BOUND)
		(void)snprintf(text, sizeof(text), "no list of %u SIDs or fewer leads there", r->o->sids_max);
	else
		(void)snprintf(text, sizeof(text), "no list of %u SIDs or fewer leads there within %u.%03u ms",
			       r->o->sids_max, us / 1000, us % 1000);
	plan_put_text(o, "why", text);
}

/* The cheapest first: of equal ones the fastest, then the shortest list. */
static const struct pce_reach_point *cheapest(const struct pce_reach_point *p, uint32_t n)
{
	const struct pce_reach_point *best = p;

	for (uint32_t i = 1; i < n; i++)
		if (p[i].cost < best->cost || (p[i].cost == best->cost && p[i].delay_us < best->delay_us))
			best = &p[i];
	return best;
}

static json_object *one(struct reached *r, uint32_t node)
{
	const struct pce_reach_point *p = &r->all.points[r->all.start[node]];
	uint32_t n = r->all.start[node + 1] - r->all.start[node];
	json_object *o = json_object_new_object();
	const struct pce_reach_point *best;

	plan_put_text(o, "destination", ted_node_label(r->n->ted, node));
	if (n == 0) {
		put_none(r, o);
		return o;
	}
	best = cheapest(p, n);
	plan_put_text(o, "status", pce_status_text(PCE_OK));
	plan_put_u64(o, "cost", best->cost);
	plan_put_u64(o, "delay", best->delay_us);
	plan_put_u64(o, "sids", best->segs);
	plan_put(o, "segments", segments(r, best));
	put_choices(o, p, n);
	return o;
}

static uint32_t node_of(const struct ted *t, const char *text)
{
	uint32_t node = ted_node_by_id(t, text);
	struct ip_addr a;

	if (node == TED_NONE && ip_parse(text, &a) == 0)
		node = ted_node_by_addr(t, &a);
	return node;
}

static void put_all(json_object *out, struct reached *r, uint32_t src)
{
	json_object *results = json_object_new_array();
	const struct ted *t = r->n->ted;

	for (uint32_t i = 0; i < t->n_nodes; i++)
		if (i != src && t->nodes[i].alive && !t->nodes[i].pseudonode)
			(void)json_object_array_add(results, one(r, i));
	plan_put_text(out, "source", ted_node_label(t, src));
	plan_put_text(out, "metric", pce_metric_text(r->o->metric));
	if (r->o->delay_us_max != PCE_NO_BOUND)
		plan_put_u64(out, "delay-max", r->o->delay_us_max);
	plan_put_u64(out, "sids-max", r->o->sids_max);
	plan_put_u64(out, "destinations", json_object_array_length(results));
	plan_put_u64(out, "not-reached", r->none);
	plan_put(out, "results", results);
}

int plan_reach(const struct plan_net *n, const struct plan_asks *a, const struct plan_options *o,
	       json_object **out, struct str *err)
{
	struct pce_request open = { .src = TED_NONE };
	struct reached r = { .n = n, .o = o };
	struct pce_reach_request q = { .minimise = o->metric, .delay_us_max = o->delay_us_max,
				       .segs_max = o->sids_max, .routed_adjacency = !o->mpls };
	struct arena arena;
	int rc;

	(void)a;
	q.src = node_of(n->ted, o->from);
	if (q.src == TED_NONE) {
		str_addf(err, "no node '%.64s' in the topology", o->from);
		return PLAN_REFUSED;
	}
	plan_no_ghosts(n, &open);
	q.affinity = open.affinity;
	arena_init(&arena, 0);
	rc = pce_reach(n->ted, &q, &arena, &r.all);
	if (rc == 0) {
		*out = plan_head(n, "reach");
		put_all(*out, &r, q.src);
	} else {
		str_add(err, rc < 0 ? "no memory" : "from there nothing can be asked");
	}
	arena_fini(&arena);
	return rc != 0 ? PLAN_REFUSED : r.none ? PLAN_INFEASIBLE : PLAN_FINE;
}
