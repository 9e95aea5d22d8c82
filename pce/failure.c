/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Failure analysis. A flow's hops become legs; what each leg puts on which link is kept, so that
 * after a failure only legs that used what fails are routed again, target by target, and loads
 * are the old ones with those legs taken out and put in anew. Links by how full they are now are
 * kept in order: the fullest one after a failure is the first that no leg touched, or one of
 * those that some did.
 */
#include "pce/failure.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bitset.h"
#include "base/err.h"
#include "pce/failure_priv.h"

#define RATE_HOPS_MAX UINT64_C(10000000000000000) /* bit/s: 1024 times that is below 2^64 */

const char *pce_flow_loss_text(enum pce_flow_loss l)
{
	static const char *const text[] = { "kept", "end", "link", "route", "bound" };

	return (size_t)l < ARRAY_LEN(text) ? text[l] : "?";
}

/* ---- making ---- */

static bool flow_valid(const struct ted *t, const struct pce_flow *w)
{
	if (w->src >= t->n_nodes || w->n_hops == 0)
		return false;
	for (uint32_t i = 0; i < w->n_hops; i++) {
		const struct pce_flow_hop *h = &w->hops[i];

		if (h->node >= t->n_nodes || (h->link != TED_NONE && h->link >= t->n_links))
			return false;
	}
	return true;
}

/* Counts legs: an adjacency is two, the way to its near end and itself. */
static int flows_check(const struct ted *t, const struct pce_flow *flows, uint32_t n, size_t *legs)
{
	uint64_t sum = 0;

	*legs = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t hops = 2 * (uint64_t)flows[i].n_hops;

		if (!flow_valid(t, &flows[i]) || flows[i].rate_bps > RATE_HOPS_MAX / hops ||
		    sum > RATE_HOPS_MAX - flows[i].rate_bps * hops)
			return PCE_FAILURES_E_FLOW;
		sum += flows[i].rate_bps * hops;
		*legs += hops;
	}
	return *legs > UINT32_MAX / 2 ? PCE_FAILURES_E_FLOW : 0;
}

static void leg_add(struct pce_failures *f, const struct leg *l)
{
	if (l->link == TED_NONE)
		bitset_add(f->algos, l->algo);
	f->legs[f->n_legs++] = *l;
}

static void legs_of(struct pce_failures *f, uint32_t flow)
{
	const struct pce_flow *w = &f->flows[flow];
	uint32_t at = w->src;

	f->flow_leg[flow] = f->n_legs;
	for (uint32_t i = 0; i < w->n_hops; i++) {
		const struct pce_flow_hop *h = &w->hops[i];

		struct leg l = { .flow = flow, .from = at, .to = h->node, .link = h->link };

		if (h->link == TED_NONE) {
			l.algo = h->algo;
			l.sid = h->sid;
		} else if (f->t->links[h->link].from != at) {
			l.to = f->t->links[h->link].from;
			l.link = TED_NONE;
			leg_add(f, &l);
			l = (struct leg){ .flow = flow, .from = l.to, .to = h->node, .link = h->link };
		}
		leg_add(f, &l);
		at = h->node;
	}
}

static bool rooms(struct pce_failures *f, size_t n_legs)
{
	uint32_t n = f->t->n_nodes + 1, m = f->t->n_links + 1;

	f->legs = ARENA_ARRAY(&f->arena, n_legs + 1, struct leg);
	f->again = ARENA_ARRAY(&f->arena, n_legs + 1, struct leg);
	f->flow_leg = ARENA_ARRAY(&f->arena, (size_t)f->n_flows + 2, uint32_t);
	f->now = ARENA_ARRAY(&f->arena, (size_t)f->n_flows + 1, struct pce_flow_effect);
	f->load = ARENA_ARRAY(&f->arena, m, uint64_t);
	f->after = ARENA_ARRAY(&f->arena, m, uint64_t);
	f->seen_link = ARENA_ARRAY(&f->arena, m, uint32_t);
	f->seen_leg = ARENA_ARRAY(&f->arena, n_legs + 1, uint32_t);
	f->order = ARENA_ARRAY(&f->arena, m, uint32_t);
	f->touched = ARENA_ARRAY(&f->arena, m, uint32_t);
	f->todo = ARENA_ARRAY(&f->arena, n_legs + 1, uint32_t);
	f->spot = ARENA_ARRAY(&f->arena, n, struct spot);
	f->stack = ARENA_ARRAY(&f->arena, n, uint32_t);
	return f->legs && f->again && f->flow_leg && f->now && f->load && f->after &&
	       f->seen_link && f->seen_leg && f->order && f->touched && f->todo && f->spot &&
	       f->stack;
}

/* Legs by the links they use, and by the nodes they start or end at without one. */
static bool users_index(struct pce_failures *f)
{
	uint32_t m = f->t->n_links, *start = ARENA_ARRAY(&f->arena, (size_t)m + 2, uint32_t);
	uint32_t *leg = ARENA_ARRAY(&f->arena, f->uses.n + 1, uint32_t);

	if (!start || !leg)
		return false;
	for (size_t i = 0; i < f->uses.n; i++)
		start[f->uses.at[i].link + 2]++;
	for (uint32_t i = 2; i < m + 2; i++)
		start[i] += start[i - 1];
	for (uint32_t l = 0; l < f->n_legs; l++)
		for (uint32_t k = 0; k < f->legs[l].n_uses; k++)
			leg[start[f->uses.at[f->legs[l].use + k].link + 1]++] = l;
	f->user_start = start;
	f->user_leg = leg;
	return true;
}

uint64_t pce_link_ppb(const struct pce_failures *f, uint32_t link, uint64_t load)
{
	uint64_t cap = f->t->links[link].capacity_bps;
	u128 q = (u128)load * 1000000000U;

	if (cap == 0 || load == 0)
		return 0;
	q = (q + ((u128)cap << LOAD_BITS) - 1) / ((u128)cap << LOAD_BITS);
	return q > UINT64_MAX ? UINT64_MAX : (uint64_t)q;
}

struct ranked {
	uint64_t ppb;
	uint32_t link;
};

static int by_fullness(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->ppb != y->ppb)
		return x->ppb > y->ppb ? -1 : 1;
	return (x->link > y->link) - (x->link < y->link);
}

static bool links_rank(struct pce_failures *f)
{
	struct ranked *r = ARENA_ARRAY(&f->arena, (size_t)f->t->n_links + 1, struct ranked);
	uint32_t n = 0;

	if (!r)
		return false;
	for (uint32_t i = 0; i < f->t->n_links; i++)
		if (ted_link_usable(&f->t->links[i]) && f->t->links[i].capacity_bps > 0)
			r[n++] = (struct ranked){ pce_link_ppb(f, i, f->load[i]), i };
	qsort(r, n, sizeof(*r), by_fullness);
	for (uint32_t i = 0; i < n; i++)
		f->order[i] = r[i].link;
	f->n_order = n;
	return true;
}

static int by_target(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;

	if (x->algo != y->algo)
		return x->algo < y->algo ? -1 : 1;
	if (x->to != y->to)
		return x->to < y->to ? -1 : 1;
	return (x->leg > y->leg) - (x->leg < y->leg);
}

int pce_legs_sort(struct pce_failures *f, struct arena *a)
{
	struct ordered *o = ARENA_ARRAY(a, (size_t)f->n_todo + 1, struct ordered);

	if (!o)
		return err_raise(-ENOMEM);
	for (uint32_t i = 0; i < f->n_todo; i++)
		o[i] = (struct ordered){ f->legs[f->todo[i]].to, f->todo[i],
					 f->legs[f->todo[i]].algo };
	qsort(o, f->n_todo, sizeof(*o), by_target);
	for (uint32_t i = 0; i < f->n_todo; i++)
		f->todo[i] = o[i].leg;
	return 0;
}

/* All legs as things are. */
static int route_now(struct pce_failures *f)
{
	struct arena scratch;
	int rc;

	f->n_todo = f->n_legs;
	for (uint32_t i = 0; i < f->n_legs; i++)
		f->todo[i] = i;
	arena_init(&scratch, 0);
	rc = pce_legs_sort(f, &scratch);
	arena_fini(&scratch);
	if (rc == 0)
		rc = pce_legs_route(f, f->legs, false);
	for (size_t i = 0; rc == 0 && i < f->uses.n; i++)
		f->load[f->uses.at[i].link] += f->uses.at[i].amount;
	f->n_uses_now = f->uses.n;
	return rc;
}

static int start(struct pce_failures *f, size_t n_legs)
{
	int rc;

	if (!rooms(f, n_legs))
		return err_raise(-ENOMEM);
	for (uint32_t i = 0; i < f->n_flows; i++)
		legs_of(f, i);
	f->flow_leg[f->n_flows] = f->n_legs;
	rc = route_now(f);
	if (rc < 0)
		return rc;
	if (!users_index(f) || !links_rank(f))
		return err_raise(-ENOMEM);
	for (uint32_t i = 0; i < f->n_flows; i++) {
		pce_flow_judge(f, i, f->legs, &f->now[f->n_now]);
		f->n_now += f->now[f->n_now].loss != PCE_FLOW_KEPT;
	}
	memcpy(f->after, f->load, f->t->n_links * sizeof(*f->load));
	return 0;
}

int pce_failures_new(struct pce_failures **outp, const struct ted *t, const struct pce_flow *flows,
		     uint32_t n_flows, struct pce_trees *trees)
{
	AUTO(pce_failures_free) struct pce_failures *f = NULL;
	size_t n_legs;
	int rc = flows_check(t, flows, n_flows, &n_legs);

	if (rc != 0)
		return rc;
	f = calloc(1, sizeof(*f));
	if (!f)
		return err_raise(-ENOMEM);
	arena_init(&f->arena, 0);
	f->t = t;
	f->p = ted_priv_of(t);
	f->flows = flows;
	f->n_flows = n_flows;
	if (pce_after_new(&f->x, t, trees) < 0)
		return err_raise(-ENOMEM);
	rc = start(f, n_legs);
	if (rc == 0)
		*outp = TAKE(f);
	return err_trace(rc);
}

struct pce_failures *pce_failures_free(struct pce_failures *f)
{
	if (!f)
		return NULL;
	VEC_FINI(&f->uses);
	pce_after_free(f->x);
	arena_fini(&f->arena);
	free(f);
	return NULL;
}

/* ---- one failure ---- */

static void touch_link(struct pce_failures *f, uint32_t link)
{
	if (f->seen_link[link] == f->turn)
		return;
	f->seen_link[link] = f->turn;
	f->touched[f->n_touched++] = link;
}

static void leg_again(struct pce_failures *f, uint32_t leg)
{
	if (f->seen_leg[leg] == f->turn)
		return;
	f->seen_leg[leg] = f->turn;
	f->todo[f->n_todo++] = leg;
}

static void legs_find(struct pce_failures *f)
{
	uint32_t n, node = f->x->node_dead;
	const uint32_t *dead = pce_after_dead(f->x, &n);
	uint64_t other[4] = { 0 };

	for (uint32_t algo = 1; algo < 256; algo++)
		if (bitset_has(f->algos, algo) && pce_after_redefined(f->x, (uint8_t)algo))
			bitset_add(other, algo);
	f->n_todo = 0;
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = f->user_start[dead[i]]; k < f->user_start[dead[i] + 1]; k++)
			leg_again(f, f->user_leg[k]);
	/* Who goes nowhere uses no link, and is lost with its node all the same; and where an algorithm
	 * is another one now, all go their ways anew. */
	for (uint32_t i = 0; node != TED_NONE && i < f->n_legs; i++)
		if ((f->legs[i].from == node && f->legs[i].to == node) ||
		    (f->legs[i].link == TED_NONE && bitset_has(other, f->legs[i].algo)))
			leg_again(f, i);
}

/* The last failure's changes go; then the legs of this one, old and new. */
static void loads_change(struct pce_failures *f)
{
	for (uint32_t i = 0; i < f->n_touched; i++)
		f->after[f->touched[i]] = f->load[f->touched[i]];
	f->n_touched = 0;
	for (uint32_t i = 0; i < f->n_todo; i++) {
		const struct leg *old = &f->legs[f->todo[i]], *new = &f->again[f->todo[i]];

		for (uint32_t k = 0; k < old->n_uses; k++) {
			touch_link(f, f->uses.at[old->use + k].link);
			f->after[f->uses.at[old->use + k].link] -= f->uses.at[old->use + k].amount;
		}
		for (uint32_t k = 0; k < new->n_uses; k++) {
			touch_link(f, f->uses.at[new->use + k].link);
			f->after[f->uses.at[new->use + k].link] += f->uses.at[new->use + k].amount;
		}
	}
}

void pce_failures_drop(struct pce_failures *f, uint32_t flow)
{
	for (uint32_t i = f->flow_leg[flow]; i < f->flow_leg[flow + 1]; i++) {
		const struct leg *l = f->turn && f->seen_leg[i] == f->turn ? &f->again[i] : &f->legs[i];

		for (uint32_t k = 0; k < l->n_uses; k++) {
			touch_link(f, f->uses.at[l->use + k].link);
			f->after[f->uses.at[l->use + k].link] -= f->uses.at[l->use + k].amount;
		}
	}
}

static void fuller(const struct pce_failures *f, uint32_t link, struct pce_fullest *best)
{
	uint64_t ppb = pce_link_ppb(f, link, f->after[link]);

	if (pce_after_is_dead(f->x, link) || f->t->links[link].capacity_bps == 0 ||
	    !ted_link_usable(&f->t->links[link]) ||
	    (best->link != TED_NONE &&
	     (ppb < best->ppb || (ppb == best->ppb && link > best->link))))
		return;
	*best = (struct pce_fullest){ .link = link, .ppb = ppb,
				      .load_bps = pce_load_bps(f->after[link]) };
}

static void fullest_find(const struct pce_failures *f, struct pce_fullest *out)
{
	*out = (struct pce_fullest){ .link = TED_NONE };
	for (uint32_t i = 0; i < f->n_order; i++) {
		uint32_t link = f->order[i];

		if (f->seen_link[link] == f->turn || pce_after_is_dead(f->x, link))
			continue;
		fuller(f, link, out);
		break;
	}
	for (uint32_t i = 0; i < f->n_touched; i++)
		fuller(f, f->touched[i], out);
}

static enum pce_flow_loss loss_now(const struct pce_failures *f, uint32_t flow)
{
	uint32_t lo = 0, hi = f->n_now;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (f->now[mid].flow < flow)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < f->n_now && f->now[lo].flow == flow ? f->now[lo].loss : PCE_FLOW_KEPT;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Flows of the legs, each once, ascending: todo is theirs from here on. */
static uint32_t flows_of_todo(struct pce_failures *f)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->n_todo; i++)
		f->todo[i] = f->legs[f->todo[i]].flow;
	qsort(f->todo, f->n_todo, sizeof(*f->todo), by_number);
	for (uint32_t i = 0; i < f->n_todo; i++)
		if (n == 0 || f->todo[i] != f->todo[n - 1])
			f->todo[n++] = f->todo[i];
	return n;
}

static int effects_find(struct pce_failures *f, struct arena *a, struct pce_failure_answer *out)
{
	uint32_t n = flows_of_todo(f), *moved = ARENA_ARRAY(a, (size_t)n + 1, uint32_t);
	struct pce_flow_effect *e = ARENA_ARRAY(a, (size_t)n + 1, struct pce_flow_effect);

	if (!e || !moved)
		return err_raise(-ENOMEM);
	out->n_moved = n;
	out->moved = moved;
	for (uint32_t i = 0; i < n; i++) {
		enum pce_flow_loss was = loss_now(f, f->todo[i]), is;

		moved[i] = f->todo[i];
		pce_flow_judge(f, f->todo[i], f->again, &e[out->n_effects]);
		is = e[out->n_effects].loss;
		out->n_effects += is != PCE_FLOW_KEPT &&
				  (was == PCE_FLOW_KEPT ||
				   (was == PCE_FLOW_BOUND && is != PCE_FLOW_BOUND));
	}
	out->effects = e;
	return 0;
}

int pce_failures_ask(struct pce_failures *f, const struct pce_failure *what, struct arena *a,
		     struct pce_failure_answer *out)
{
	int rc;

	*out = (struct pce_failure_answer){ .fullest.link = TED_NONE };
	if (pce_after_fail(f->x, what) != 0)
		return PCE_FAILURES_E_NAME;
	f->turn++;
	f->uses.n = f->n_uses_now;
	out->dead = pce_after_dead(f->x, &out->n_dead);
	legs_find(f);
	rc = pce_legs_sort(f, a);
	if (rc == 0)
		rc = pce_legs_route(f, f->again, true);
	if (rc < 0)
		return err_trace(rc);
	loads_change(f);
	fullest_find(f, &out->fullest);
	return err_trace(effects_find(f, a, out));
}
