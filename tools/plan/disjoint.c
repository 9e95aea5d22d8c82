/* SPDX-License-Identifier: Apache-2.0 */
/* plan disjoint: every request that asks for it, by itself; if none does, all as pairs. */
#include <errno.h>
#include <stdio.h>

#include "pce/disjoint.h"
#include "tools/plan/plan_int.h"

#define TREES_BYTES ((size_t)256 << 20)

struct sets {
	const struct plan_net *n;
	const struct plan_options *o;
	struct pce_trees *trees;
	double *load_bps;
	json_object *results;
	uint32_t failed;
};

static const struct {
	uint8_t diverse;
	const char *name;
} kinds[] = {
	[PLAN_NOT_DISJOINT] = { PCE_DIVERSE_LINK, "link" },
	[PLAN_LINKS] = { PCE_DIVERSE_LINK, "link" },
	[PLAN_NODES] = { PCE_DIVERSE_NODE, "node" },
	[PLAN_SRLGS] = { PCE_DIVERSE_SRLG, "srlg" },
	[PLAN_SRLGS_NODES] = { PCE_DIVERSE_SRLG | PCE_DIVERSE_NODE, "srlg-node" },
};

static json_object *met(uint8_t diverse)
{
	static const struct {
		uint8_t bit;
		const char *name;
	} bits[] = { { PCE_DIVERSE_LINK, "link" }, { PCE_DIVERSE_NODE, "node" },
		     { PCE_DIVERSE_SRLG, "srlg" } };
	json_object *a = json_object_new_array();

	for (size_t i = 0; i < ARRAY_LEN(bits); i++)
		if (diverse & bits[i].bit)
			(void)json_object_array_add(a, json_object_new_string(bits[i].name));
	return a;
}

static json_object *legs(const struct plan_net *n, const struct pce_disjoint_answer *a)
{
	json_object *list = json_object_new_array();

	for (uint32_t i = 0; i < a->n_legs; i++) {
		json_object *o = json_object_new_object();

		plan_put_answer(o, n, &a->leg[i]);
		(void)json_object_array_add(list, o);
	}
	return list;
}

static json_object *set(struct sets *s, const struct plan_ask *x, const struct pce_disjoint_answer *a)
{
	json_object *o = plan_result(s->n, x);

	plan_put_text(o, "disjoint", kinds[x->disjoint].name);
	plan_put_text(o, "status", pce_status_text(a->status));
	if (a->why && *a->why)
		plan_put_text(o, "why", a->why);
	plan_put_u64(o, "branched", a->branched);
	if (a->n_legs) {
		plan_put(o, "met", met(a->met));
		plan_put_u64(o, "shared-links", a->shared_links);
		plan_put_u64(o, "shared-nodes", a->shared_nodes);
		plan_put_u64(o, "shared-srlgs", a->shared_srlgs);
		plan_put_u64(o, "cost", a->cost);
		plan_put_u64(o, "bound", a->cost_least);
		plan_put_real(o, "gap", a->cost ? (double)(a->cost - a->cost_least) / (double)a->cost : 0);
	}
	if (a->status == PCE_NO_CONSTRAINED || a->status == PCE_NO_MSD) {
		plan_put_reasons(o, a->conflict, a->n_conflict, a->relax, a->n_relax);
		plan_put(o, "relax-together", json_object_new_boolean(a->relax_together));
		plan_put(o, "reasons-gave-up", json_object_new_boolean(a->reasons_gave_up));
		if (a->conflict_difference)
			plan_put(o, "conflict-difference", json_object_new_boolean(true));
		if (a->leg_alone)
			plan_put_u64(o, "alone", a->leg_alone);
		plan_put(o, "possible", met(a->possible));
	}
	plan_put(o, "legs", legs(s->n, a));
	if (x->has_known)
		plan_put_u64(o, "known-optimum", x->known);
	return o;
}

static bool one(struct sets *s, const struct plan_ask *x, struct arena *scratch)
{
	uint32_t n_legs = x->legs ? x->legs : 2;
	uint32_t diff = s->o->delay_difference && x->delay_diff_us_told < x->delay_diff_us_max ?
				x->delay_diff_us_told :
				x->delay_diff_us_max;
	struct pce_request leg[PCE_LEGS_MAX];
	struct pce_disjoint req = { .leg = leg, .n_legs = n_legs, .strict = !x->best_available,
				    .diverse = kinds[x->disjoint].diverse, .explain = true,
				    .bound_difference = diff != PCE_NO_BOUND,
				    .delay_difference_us_max = diff,
				    .budget = s->o->work > UINT32_MAX ? UINT32_MAX :
								       (uint32_t)s->o->work };
	struct pce_disjoint_answer a;

	for (uint32_t i = 0; i < n_legs; i++) {
		leg[i] = x->r;
		leg[i].trees = s->trees;
		plan_no_ghosts(s->n, &leg[i]);
	}
	pce_disjoint(s->n->ted, &req, scratch, &a);
	if (a.status == PCE_NO_MEMORY)
		return false;
	(void)json_object_array_add(s->results, set(s, x, &a));
	for (uint32_t i = 0; i < a.n_legs; i++)
		for (uint32_t k = 0; k < a.leg[i].expansion.n_links; k++)
			s->load_bps[a.leg[i].expansion.links[k]] += (double)x->r.bandwidth_bps;
	s->failed += a.status != PCE_OK;
	return true;
}

static bool anybody_asks(const struct plan_asks *a)
{
	for (size_t i = 0; i < a->asks.n; i++)
		if (a->asks.at[i].disjoint)
			return true;
	return false;
}

static bool all(struct sets *s, const struct plan_asks *a)
{
	bool only = anybody_asks(a);

	for (size_t i = 0; i < a->asks.n; i++) {
		struct arena scratch;
		char text[64];
		bool good;

		(void)snprintf(text, sizeof(text), "%zu of %zu requests", i, a->asks.n);
		if (only && !a->asks.at[i].disjoint)
			continue;
		if (s->o->go_on && !s->o->go_on(s->o->arg, text))
			return true;
		arena_init(&scratch, 0);
		good = one(s, &a->asks.at[i], &scratch);
		arena_fini(&scratch);
		if (!good)
			return false;
	}
	return true;
}

int plan_disjoint(const struct plan_net *n, const struct plan_asks *a, const struct plan_options *o,
		  json_object **out, struct str *err)
{
	AUTO(pce_trees_free) struct pce_trees *trees = NULL;
	AUTO_FREE double *load_bps = calloc(n->ted->n_links + 1, sizeof(*load_bps));
	struct sets s = { .n = n, .o = o, .load_bps = load_bps };

	if (!load_bps || pce_trees_new(&trees, TREES_BYTES) < 0) {
		str_add(err, "no memory");
		return PLAN_REFUSED;
	}
	s.trees = trees;
	s.results = json_object_new_array();
	if (!all(&s, a)) {
		json_object_put(s.results);
		str_add(err, "no memory");
		return PLAN_REFUSED;
	}
	*out = plan_head(n, "disjoint");
	plan_put_u64(*out, "requests", a->asks.n);
	plan_put_u64(*out, "answered", json_object_array_length(s.results));
	plan_put_u64(*out, "without-set", s.failed);
	plan_put(*out, "results", s.results);
	plan_put_loads(*out, n, load_bps);
	return s.failed ? PLAN_INFEASIBLE : PLAN_FINE;
}
