/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an answer leaves of each constraint, and which of them it would be better without. Which
 * constraints a request has at all is said here too.
 */
#include "pce/pce_priv.h"

static const enum pce_constraint bound_of[PCE_METRICS] = {
	[PCE_IGP] = PCE_C_IGP,	 [PCE_TE] = PCE_C_TE,		    [PCE_DELAY] = PCE_C_DELAY,
	[PCE_HOPS] = PCE_C_HOPS, [PCE_VARIATION] = PCE_C_VARIATION, [PCE_LOSS] = PCE_C_LOSS,
};

enum pce_constraint pce_bound_of(unsigned metric)
{
	return bound_of[metric];
}

uint32_t pce_constraints_of(const struct pce_ctx *c)
{
	uint32_t of = c->asked;
	struct pce_find f;

	pce_find_of(c->req, &f);
	for (unsigned m = 0; m < PCE_METRICS; m++)
		if (f.bound[m] != PCE_NO_BOUND)
			of |= PCE_CUT(bound_of[m]);
	if (f.delay_us_min)
		of |= PCE_CUT(PCE_C_DELAY_MIN);
	if (c->req->n_include)
		of |= PCE_CUT(PCE_C_INCLUDE);
	return of;
}

void pce_bound_set(struct pce_request *r, enum pce_constraint by, uint32_t to)
{
	uint32_t *const at[PCE_C_COUNT] = {
		[PCE_C_IGP] = &r->igp_max,
		[PCE_C_TE] = &r->te_max,
		[PCE_C_DELAY] = &r->delay_us_max,
		[PCE_C_HOPS] = &r->hops_max,
		[PCE_C_VARIATION] = &r->variation_us_max,
		[PCE_C_LOSS] = &r->loss_ppm_max,
		[PCE_C_DELAY_MIN] = &r->delay_us_min,
	};

	if (at[by])
		*at[by] = to;
}

void pce_find_without(const struct pce_ctx *c, uint32_t without, struct pce_find *f)
{
	pce_find_of(c->req, f);
	f->mask &= ~without;
	for (unsigned m = 0; m < PCE_METRICS; m++)
		if (without & PCE_CUT(bound_of[m]))
			f->bound[m] = PCE_NO_BOUND;
	if (without & PCE_CUT(PCE_C_DELAY_MIN))
		f->delay_us_min = 0;
	if (without & PCE_CUT(PCE_C_ALGO))
		f->algo = 0;
}

static uint64_t narrowest(const struct pce_ctx *c, const struct pce_path *p)
{
	uint64_t least = UINT64_MAX;

	for (uint32_t i = 0; i < p->n; i++) {
		uint64_t v = pce_free_bps(c->req, c->t, p->links[i]);

		if (!(c->p->nflags[c->p->arcs[p->links[i]].from] & TED_NF_PSEUDO) && v < least)
			least = v;
	}
	return least;
}

static void bound_slack(const struct pce_ctx *c, const struct pce_path *p, unsigned m,
			struct pce_slack *s)
{
	struct pce_find f;

	pce_find_of(c->req, &f);
	s->value = m == PCE_LOSS ? pce_loss_ppm(p->sum[m]) : p->sum[m];
	s->bound = m == PCE_LOSS ? c->req->loss_ppm_max : f.bound[m];
	s->slack = s->bound - s->value;
}

static void fill(const struct pce_ctx *c, const struct pce_path *p, enum pce_constraint of,
		 struct pce_slack *s)
{
	*s = (struct pce_slack){ .of = of };
	for (unsigned m = 0; m < PCE_METRICS; m++)
		if (bound_of[m] == of) {
			s->is_bound = true;
			bound_slack(c, p, m, s);
		}
	if (of == PCE_C_DELAY_MIN) {
		s->is_bound = true;
		s->value = p->sum[PCE_DELAY];
		s->bound = c->req->delay_us_min;
		s->slack = s->value - s->bound;
	}
	if (of == PCE_C_BANDWIDTH) {
		s->is_bound = true;
		s->value = narrowest(c, p);
		s->bound = c->req->bandwidth_bps;
		s->slack = s->value - s->bound;
	}
}

__extension__ typedef unsigned __int128 u128;

/* a leaves a smaller share of its bound than b. */
static bool tighter(const struct pce_slack *a, const struct pce_slack *b)
{
	return (u128)a->slack * b->bound < (u128)b->slack * a->bound;
}

static void guess_binding(struct pce_answer *out)
{
	struct pce_slack *best = NULL;

	for (uint32_t i = 0; i < out->n_slack; i++)
		if (out->slack[i].is_bound && (!best || tighter(&out->slack[i], best)))
			best = &out->slack[i];
	if (best)
		best->binding = true;
}

/* Bit/s with MBP are the better the more there are; load and cost are not. */
static void try_without(struct pce_ctx *c, const struct pce_path *p, struct pce_slack *s)
{
	struct pce_path q = { 0 };
	struct pce_find f;

	pce_find_without(c, PCE_CUT(s->of), &f);
	if (f.labels_max == 0 || f.labels_max > PCE_LABELS_ASIDE)
		f.labels_max = PCE_LABELS_ASIDE;
	if (pce_search(c, &f, &q) != PCE_FOUND || q.cost_least != q.cost)
		return;
	s->binding = q.load != p->load ? q.load < p->load : q.cost < p->cost;
	if (!s->binding)
		return;
	s->has_cost = true;
	s->cost_without = f.objective == PCE_MCP ? q.cost :
			  f.objective == PCE_MLP ? q.load :
						   UINT64_MAX - q.load;
}

void pce_slacks(struct pce_ctx *c, const struct pce_path *p, struct pce_answer *out)
{
	uint32_t of = pce_constraints_of(c);
	struct pce_removed *met = c->met;

	c->met = NULL;
	for (unsigned i = 0; i < PCE_C_COUNT; i++) {
		struct pce_slack *s = &out->slack[out->n_slack];

		if (!(of & PCE_CUT(i)))
			continue;
		fill(c, p, (enum pce_constraint)i, s);
		if (!s->is_bound && !c->req->explain)
			continue;
		out->n_slack++;
		if (c->req->explain && i != PCE_C_ALGO) /* that has a metric of its own */
			try_without(c, p, s);
	}
	if (!c->req->explain)
		guess_binding(out);
	c->met = met;
}

void pce_slacks_of(const struct ted *t, const struct pce_request *req, struct pce_answer *a)
{
	struct pce_path p = { .links = a->path, .n = a->n_path };
	struct pce_request q = *req;
	struct pce_ctx c;

	q.explain = false;
	pce_ctx_look(&c, t, &q);
	pce_path_sum(&c, &p);
	a->n_slack = 0;
	pce_slacks(&c, &p, a);
}
