/* SPDX-License-Identifier: Apache-2.0 */
/* plan path: every request by itself; with `book`, in their order, each on what is left. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/plan/plan_int.h"

#define TREES_BYTES ((size_t)256 << 20)

struct paths {
	const struct plan_net *n;
	const struct plan_options *o;
	struct pce_trees *trees;
	uint64_t *free_bps; /* by link, with book; else NULL */
	double *load_bps;
	json_object *results;
	uint32_t failed;
};

static void put_slack(json_object *o, const struct pce_answer *a)
{
	json_object *list = json_object_new_array();

	for (uint32_t i = 0; i < a->n_slack; i++) {
		json_object *s = json_object_new_object();

		plan_put_text(s, "constraint", pce_constraint_text(a->slack[i].of));
		plan_put_u64(s, "value", a->slack[i].value);
		plan_put_u64(s, "bound", a->slack[i].bound);
		plan_put_u64(s, "slack", a->slack[i].slack);
		plan_put(s, "binding", json_object_new_boolean(a->slack[i].binding));
		(void)json_object_array_add(list, s);
	}
	plan_put(o, "slack", list);
}

void plan_put_reasons(json_object *o, const enum pce_constraint *conflict, uint32_t n_conflict,
		      const struct pce_relax *relax, uint32_t n_relax)
{
	json_object *c = json_object_new_array(), *x = json_object_new_array();

	for (uint32_t i = 0; i < n_conflict; i++)
		(void)json_object_array_add(c, json_object_new_string(
						       pce_constraint_text(conflict[i])));
	for (uint32_t i = 0; i < n_relax; i++) {
		json_object *r = json_object_new_object();

		plan_put_text(r, "constraint", pce_constraint_text(relax[i].of));
		if (relax[i].drop)
			plan_put(r, "drop", json_object_new_boolean(true));
		else
			plan_put_u64(r, "needs", relax[i].needs);
		(void)json_object_array_add(x, r);
	}
	plan_put(o, "conflict", c);
	plan_put(o, "relax", x);
}

static void put_failure(json_object *o, const struct pce_answer *a)
{
	json_object *removed = json_object_new_array();

	for (unsigned c = 0; c < PCE_C_COUNT; c++) {
		const struct pce_removed *x = &a->removed[c];
		json_object *r;

		if (!x->links && !x->decisive && !x->nearest)
			continue;
		r = json_object_new_object();
		plan_put_text(r, "constraint", pce_constraint_text((enum pce_constraint)c));
		plan_put_u64(r, "links", x->links);
		plan_put(r, "decisive", json_object_new_boolean(x->decisive));
		if (x->nearest)
			plan_put_u64(r, "nearest", x->nearest);
		(void)json_object_array_add(removed, r);
	}
	plan_put(o, "removed", removed);
	plan_put_reasons(o, a->conflict, a->n_conflict, a->relax, a->n_relax);
	plan_put(o, "relax-together", json_object_new_boolean(a->relax_together));
	plan_put(o, "reasons-gave-up", json_object_new_boolean(a->reasons_gave_up));
}

static void put_expansion(json_object *o, const struct plan_net *n, const struct pce_expansion *e)
{
	json_object *x = json_object_new_object();

	plan_put(x, "single-path", json_object_new_boolean(e->single));
	plan_put_u64(x, "delay-min", e->delay_us_min);
	plan_put_u64(x, "delay-max", e->delay_us_max);
	plan_put_u64(x, "hops-max", e->hops_max);
	plan_put_u64(x, "igp-max", e->igp_max);
	plan_put_u64(x, "te-max", e->te_max);
	plan_put(x, "links", plan_links(n, e->links, e->n_links));
	plan_put(o, "expansion", x);
}

void plan_put_answer(json_object *o, const struct plan_net *n, const struct pce_answer *a)
{
	plan_put_text(o, "status", pce_status_text(a->status));
	if (a->status != PCE_OK) {
		plan_put_text(o, "why", a->why ? a->why : "");
		put_failure(o, a);
		return;
	}
	plan_put(o, "path", plan_links(n, a->path, a->n_path));
	plan_put_u64(o, "cost", a->cost);
	if (a->cost_least != a->cost)
		plan_put_u64(o, "cost-least", a->cost_least);
	plan_put_u64(o, "igp", a->igp);
	plan_put_u64(o, "te", a->te);
	plan_put_u64(o, "delay", a->delay_us);
	plan_put_u64(o, "delay-variation", a->variation_us);
	plan_put_u64(o, "loss", a->loss_ppm);
	plan_put_u64(o, "hops", a->hops);
	plan_put_u64(o, "bottleneck", a->bottleneck_bps);
	plan_put(o, "segments", plan_segments(n, a->segs, a->n_segs));
	put_expansion(o, n, &a->expansion);
	put_slack(o, a);
}

json_object *plan_result(const struct plan_net *n, const struct plan_ask *x)
{
	json_object *o = json_object_new_object();

	plan_put_text(o, "name", x->name);
	plan_put_text(o, "source", ted_node_label(n->ted, x->r.src));
	plan_put_text(o, "destination", ted_node_label(n->ted, x->r.dst));
	if (x->r.bandwidth_bps)
		plan_put_u64(o, "bandwidth", x->r.bandwidth_bps);
	return o;
}

/* The full rate on every link a packet may take. */
static void charge(struct paths *p, const struct plan_ask *x, const struct pce_answer *a)
{
	for (uint32_t i = 0; i < a->expansion.n_links; i++) {
		uint32_t l = a->expansion.links[i];

		p->load_bps[l] += (double)x->r.bandwidth_bps;
		if (p->free_bps)
			p->free_bps[l] -= x->r.bandwidth_bps < p->free_bps[l] ? x->r.bandwidth_bps :
										p->free_bps[l];
	}
}

void plan_no_ghosts(const struct plan_net *n, struct pce_request *r)
{
	if (n->ted->n_links > n->n_told)
		r->affinity.exclude_any[TED_AFFINITY_WORDS - 1] |= PLAN_GHOST_GROUP;
}

static bool one(struct paths *p, const struct plan_ask *x, struct arena *scratch)
{
	struct pce_request r = x->r;
	struct pce_answer a;
	json_object *o;

	r.trees = p->trees;
	r.free_bps = p->free_bps;
	r.n_free = p->free_bps ? p->n->ted->n_links : 0;
	plan_no_ghosts(p->n, &r);
	pce_compute(p->n->ted, &r, scratch, &a);
	if (a.status == PCE_NO_MEMORY)
		return false;
	o = plan_result(p->n, x);
	plan_put_answer(o, p->n, &a);
	if (x->has_known)
		plan_put_u64(o, "known-optimum", x->known);
	if (x->disjoint)
		plan_put(o, "disjoint-ignored", json_object_new_boolean(true));
	(void)json_object_array_add(p->results, o);
	if (a.status == PCE_OK)
		charge(p, x, &a);
	p->failed += a.status != PCE_OK;
	return true;
}

static bool all(struct paths *p, const struct plan_asks *a)
{
	for (size_t i = 0; i < a->asks.n; i++) {
		struct arena scratch;
		char text[64];
		bool good;

		(void)snprintf(text, sizeof(text), "%zu of %zu requests", i, a->asks.n);
		if (p->o->go_on && i % 16 == 0 && !p->o->go_on(p->o->arg, text))
			return true;
		arena_init(&scratch, 0);
		good = one(p, &a->asks.at[i], &scratch);
		arena_fini(&scratch);
		if (!good)
			return false;
	}
	return true;
}

static int no_memory(struct str *err)
{
	str_add(err, "no memory");
	return PLAN_REFUSED;
}

int plan_path(const struct plan_net *n, const struct plan_asks *a, const struct plan_options *o,
	      json_object **out, struct str *err)
{
	AUTO(pce_trees_free) struct pce_trees *trees = NULL;
	AUTO_FREE uint64_t *free_bps = calloc(n->ted->n_links + 1, sizeof(*free_bps));
	AUTO_FREE double *load_bps = calloc(n->ted->n_links + 1, sizeof(*load_bps));
	struct paths p = { .n = n, .o = o, .load_bps = load_bps,
			   .free_bps = o->book ? free_bps : NULL };

	if (!free_bps || !load_bps || pce_trees_new(&trees, TREES_BYTES) < 0)
		return no_memory(err);
	for (uint32_t i = 0; i < n->ted->n_links; i++)
		free_bps[i] = n->ted->links[i].capacity_bps;
	p.trees = trees;
	p.results = json_object_new_array();
	if (!all(&p, a)) {
		json_object_put(p.results);
		return no_memory(err);
	}
	*out = plan_head(n, "path");
	plan_put_u64(*out, "requests", a->asks.n);
	plan_put_u64(*out, "answered", json_object_array_length(p.results));
	plan_put_u64(*out, "without-path", p.failed);
	plan_put(*out, "results", p.results);
	plan_put_loads(*out, n, load_bps);
	return p.failed ? PLAN_INFEASIBLE : PLAN_FINE;
}
