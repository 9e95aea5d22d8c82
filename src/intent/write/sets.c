/* SPDX-License-Identifier: Apache-2.0 */
/* Stateless queries for several paths at once: disjoint sets, alternatives, multipath. */
#include "intent/intent_priv.h"

static const char no_topology[] = "there is no topology yet";

/* The request all paths begin with; false: *status and *why tell. */
static bool first(const struct intent *i, const struct intent_set_query *q, struct arena *a,
		  struct pce_request *req, struct pce_answer *why)
{
	if (!i->ted) {
		*why = (struct pce_answer){ .status = PCE_NO_SOURCE, .why = no_topology };
		return false;
	}
	return intent_query_request(i, &q->path, a, req, why);
}

/* What a leg has of its own. */
static bool leg_of(const struct intent *i, const struct intent_set_query *q, uint32_t at,
		   struct pce_request *req, struct pce_disjoint_answer *out, struct arena *a)
{
	const struct intent_leg_query *l = &q->leg[at];

	if (l->src[0]) {
		req->src = intent_node_named(i->ted, l->src);
		req->msd = intent_msd_at(i, &q->path, req->src);
	}
	if (l->dst[0])
		req->dst = intent_node_named(i->ted, l->dst);
	if (l->delay_us_max < req->delay_us_max)
		req->delay_us_max = l->delay_us_max;
	if (req->src != TED_NONE && req->dst != TED_NONE)
		return true;
	out->status = req->src == TED_NONE ? PCE_NO_SOURCE : PCE_NO_TARGET;
	out->why = arena_printf(a, "leg %u: %s is no node of the topology", at + 1,
				req->src == TED_NONE ? l->src : l->dst);
	if (!out->why)
		*out = (struct pce_disjoint_answer){ .status = PCE_NO_MEMORY, .why = "no memory" };
	return false;
}

void intent_disjoint(const struct intent *i, const struct intent_set_query *q, struct arena *a,
		     struct pce_disjoint_answer *out, const struct ted **ted)
{
	struct pce_request leg[PCE_LEGS_MAX];
	const struct pce_disjoint d = {
		.leg = leg, .n_legs = q->count, .diverse = q->diverse,
		.strict = !q->best_available, .shortest = q->first_shortest,
		.bound_difference = q->bound_difference,
		.delay_difference_us_max = q->delay_difference_us, .budget = q->budget,
	};
	struct pce_answer why = { 0 };

	*ted = i->ted;
	*out = (struct pce_disjoint_answer){ .why = "" };
	if (!first(i, q, a, &leg[0], &why)) {
		out->status = why.status;
		out->why = why.why;
		return;
	}
	for (uint32_t k = 1; k < q->count && k < PCE_LEGS_MAX; k++)
		leg[k] = leg[0];
	for (uint32_t k = 0; k < q->count && k < PCE_LEGS_MAX; k++)
		if (!leg_of(i, q, k, &leg[k], out, a))
			return;
	pce_disjoint(i->ted, &d, a, out);
}

void intent_alternatives(const struct intent *i, const struct intent_set_query *q, struct arena *a,
			 struct pce_kshortest_answer *out, const struct ted **ted)
{
	struct pce_answer why = { 0 };
	struct pce_request req;

	*ted = i->ted;
	*out = (struct pce_kshortest_answer){ .why = "" };
	if (first(i, q, a, &req, &why)) {
		pce_kshortest(i->ted, &req, q->count, a, out);
		return;
	}
	out->status = why.status;
	out->why = why.why;
}

void intent_multipath(const struct intent *i, const struct intent_set_query *q, struct arena *a,
		      struct pce_multipath_answer *out, const struct ted **ted)
{
	struct pce_answer why = { 0 };
	struct pce_request req;
	const struct pce_multipath m = { .req = &req, .lists_max = q->count,
					 .weights_max = q->weights_max };

	*ted = i->ted;
	*out = (struct pce_multipath_answer){ .why = "" };
	if (first(i, q, a, &req, &why)) {
		pce_multipath(i->ted, &m, a, out);
		return;
	}
	out->status = why.status;
	out->why = why.why;
}
