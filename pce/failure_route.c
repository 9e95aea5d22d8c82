/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a leg runs, and what becomes of a flow. A leg's paths are taken in topological order from
 * its start, so that each node's amount is whole before it is divided: equally among next hops,
 * rounded up. On a LAN every router behind it is a next hop of its own. Links of no length in a
 * circle leave nodes nobody's turn comes to: then where packets go cannot be said.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "pce/failure_priv.h"

static struct spot *spot_at(struct pce_failures *f, uint32_t place, bool *fresh)
{
	struct spot *s = &f->spot[place];

	*fresh = s->epoch != f->epoch;
	if (*fresh)
		*s = (struct spot){ .epoch = f->epoch, .delay_min = UINT64_MAX };
	return s;
}

struct ways {
	const uint32_t *to; /* distances towards the target */
	uint32_t target;    /* node index */
};

static bool on(const struct pce_failures *f, const struct ways *w, uint32_t arc)
{
	return pce_after_on(f->x, w->to, w->target, arc);
}

/* Counts what leads into each node of the paths. */
static uint32_t spread(struct pce_failures *f, const struct ways *w, uint32_t from)
{
	const struct pce_shape *s = f->x->s;
	uint32_t n = 0, nodes = 1, root = s->place[w->target];
	bool fresh;

	f->epoch++;
	(void)spot_at(f, from, &fresh);
	f->stack[n++] = from;
	while (n > 0) {
		uint32_t u = f->stack[--n];

		for (uint32_t e = s->out[u]; u != root && e < s->out[u + 1]; e++) {
			uint32_t v = f->x->out[e].place;

			if (!on(f, w, e))
				continue;
			spot_at(f, v, &fresh)->waits++;
			if (!fresh)
				continue;
			nodes++;
			f->stack[n++] = v;
		}
	}
	return nodes;
}

static uint32_t exits(const struct pce_failures *f, const struct ways *w, uint32_t u)
{
	const struct pce_shape *s = f->x->s;
	uint32_t n = 0;

	for (uint32_t e = s->out[u]; e < s->out[u + 1]; e++)
		n += on(f, w, e);
	return n;
}

/* Next hops behind an arc: a LAN has as many as routers it leads to. */
static uint32_t behind(const struct pce_failures *f, const struct ways *w, uint32_t arc)
{
	uint32_t v = f->x->out[arc].place;

	return f->t->nodes[f->x->s->node[v]].pseudonode ? exits(f, w, v) : 1;
}

/* A router on the way that has no label for the SID drops what is sent to it. */
static bool labelled(const struct pce_failures *f, const struct leg *l, uint32_t place)
{
	uint32_t node = f->x->s->node[place];

	return !l->sid || f->t->nodes[node].pseudonode || ted_label_of(f->t, node, l->sid) != 0;
}

static uint64_t add_metric(uint64_t sum, uint32_t own)
{
	return sum == FLOW_UNKNOWN || own == TED_NONE ? FLOW_UNKNOWN : sum + own;
}

static void carry(struct pce_failures *f, uint32_t from, uint32_t to, uint32_t link,
		  uint64_t amount)
{
	struct spot *a = &f->spot[from], *b = &f->spot[to];
	uint32_t delay = f->p->arcs[link].delay;
	uint64_t least = a->delay_min + (delay == TED_NONE ? 0 : delay);

	b->delay_min = least < b->delay_min ? least : b->delay_min;
	b->amount += amount;
	for (unsigned m = 0; m < FLOW_METRICS; m++) {
		uint64_t v = add_metric(a->worst[m], pce_arc_metric(&f->p->arcs[link], m));

		b->worst[m] = v > b->worst[m] ? v : b->worst[m];
	}
}

/* One node's turn: what it has goes to its next hops; who waits for nobody else is next. */
static bool flow_on(struct pce_failures *f, const struct ways *w, struct leg *l, uint32_t u,
		    uint32_t *n)
{
	const struct pce_shape *s = f->x->s;
	uint32_t hops = 0;
	uint64_t share;

	for (uint32_t e = s->out[u]; e < s->out[u + 1]; e++)
		hops += on(f, w, e) ? behind(f, w, e) : 0;
	if (hops == 0)
		return true;
	l->split = l->split || hops > 1;
	share = f->spot[u].amount / hops + (f->spot[u].amount % hops != 0);
	for (uint32_t e = s->out[u]; e < s->out[u + 1]; e++) {
		uint32_t v = f->x->out[e].place;
		uint64_t amount;

		if (!on(f, w, e))
			continue;
		amount = share * behind(f, w, e);
		if (!VEC_ADD(&f->uses, ((struct use){ s->out_link[e], amount })))
			return false;
		carry(f, u, v, s->out_link[e], amount);
		if (--f->spot[v].waits == 0)
			f->stack[(*n)++] = v;
	}
	return true;
}

static int leg_flow(struct pce_failures *f, const struct ways *w, struct leg *l)
{
	uint32_t from = f->x->s->place[l->from], root = f->x->s->place[l->to];
	uint32_t nodes = spread(f, w, from), done = 0, n = 0;
	bool readable = true;

	f->spot[from].delay_min = 0;
	if (f->spot[from].waits == 0)
		f->stack[n++] = from;
	f->spot[from].amount = f->flows[l->flow].rate_bps << LOAD_BITS;
	while (n > 0) {
		uint32_t u = f->stack[--n];

		done++;
		readable = readable && (u == root || labelled(f, l, u));
		if (u != root && !flow_on(f, w, l, u, &n))
			return err_raise(-ENOMEM);
	}
	l->loss = done == nodes && readable ? PCE_FLOW_KEPT : PCE_FLOW_ROUTE;
	if (l->loss != PCE_FLOW_KEPT) {
		f->uses.n = l->use; /* not all arrives: nothing is said of the way */
		return 0;
	}
	memcpy(l->worst, f->spot[root].worst, sizeof(l->worst));
	l->delay_min = f->spot[root].delay_min;
	return 0;
}

static bool cross(struct pce_failures *f, struct leg *l, uint32_t link)
{
	if (pce_after_is_dead(f->x, link) || !ted_link_usable(&f->t->links[link])) {
		l->loss = PCE_FLOW_LINK;
		return true;
	}
	if (f->p->arcs[link].delay != TED_NONE)
		l->delay_min += f->p->arcs[link].delay;
	for (unsigned m = 0; m < FLOW_METRICS; m++)
		l->worst[m] = add_metric(l->worst[m], pce_arc_metric(&f->p->arcs[link], m));
	return VEC_ADD(&f->uses, ((struct use){ link, f->flows[l->flow].rate_bps << LOAD_BITS }));
}

static int leg_cross(struct pce_failures *f, struct leg *l)
{
	uint32_t exit = TED_NONE;

	l->loss = PCE_FLOW_KEPT;
	if (f->t->links[l->link].to != l->to)
		exit = pce_lan_exit(f->t, l->link, l->to);
	if (f->t->links[l->link].to != l->to && exit == TED_NONE)
		l->loss = PCE_FLOW_LINK;
	else if (!cross(f, l, l->link) ||
		 (exit != TED_NONE && l->loss == PCE_FLOW_KEPT && !cross(f, l, exit)))
		return err_raise(-ENOMEM);
	if (l->loss != PCE_FLOW_KEPT)
		f->uses.n = l->use;
	return 0;
}

static bool gone(const struct pce_failures *f, uint32_t node)
{
	return !f->t->nodes[node].alive || pce_after_node_dead(f->x, node);
}

static int leg_route(struct pce_failures *f, const struct ways *w, struct leg *l)
{
	int rc = 0;

	l->use = f->uses.n;
	l->n_uses = 0;
	l->split = false;
	l->delay_min = 0;
	memset(l->worst, 0, sizeof(l->worst));
	l->loss = PCE_FLOW_ROUTE;
	if (l->link != TED_NONE)
		rc = leg_cross(f, l);
	else if (!gone(f, l->from) && !gone(f, l->to) &&
		 w->to[f->x->s->place[l->from]] != PCE_INF)
		rc = leg_flow(f, w, l);
	l->n_uses = (uint32_t)(f->uses.n - l->use);
	return rc;
}

/* The ways towards a leg's target, when they are not at hand already. */
static bool ways_to(struct pce_failures *f, struct ways *w, const struct leg *l, bool after,
		    uint32_t *targets)
{
	if (w->to && l->to == w->target && l->algo == f->x->algo)
		return true;
	if ((*targets)++ % 64 == 0 && pce_after_renew(f->x) < 0)
		return false;
	if ((*targets == 1 || l->algo != f->x->algo) && pce_after_algo(f->x, l->algo) < 0)
		return false;
	w->target = l->to;
	w->to = after ? pce_after_to(f->x, l->to) : pce_before_to(f->x, l->to);
	return w->to != NULL;
}

int pce_legs_route(struct pce_failures *f, struct leg *into, bool after)
{
	struct ways w = { .target = TED_NONE };
	uint32_t targets = 0;

	for (uint32_t i = 0; i < f->n_todo; i++) {
		struct leg *l = &into[f->todo[i]];

		*l = f->legs[f->todo[i]];
		if (l->link == TED_NONE && !ways_to(f, &w, l, after, &targets))
			return err_raise(-ENOMEM);
		if (leg_route(f, &w, l) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* ---- flows ---- */

static void bounds_judge(const struct pce_flow *w, const uint64_t *sum, struct pce_flow_effect *out)
{
	const struct {
		enum pce_metric metric;
		enum pce_constraint is;
		uint32_t max;
	} rows[] = { { PCE_DELAY, PCE_C_DELAY, w->delay_us_max },
		     { PCE_HOPS, PCE_C_HOPS, w->hops_max },
		     { PCE_IGP, PCE_C_IGP, w->igp_max },
		     { PCE_TE, PCE_C_TE, w->te_max },
		     { PCE_VARIATION, PCE_C_VARIATION,
		       w->bound_variation ? w->variation_us_max : PCE_NO_BOUND },
		     { PCE_LOSS, PCE_C_LOSS,
		       w->bound_loss ? pce_loss_units(w->loss_ppm_max) : PCE_NO_BOUND } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t v = sum[rows[i].metric];

		if (rows[i].max == PCE_NO_BOUND || v <= rows[i].max)
			continue;
		out->loss = PCE_FLOW_BOUND;
		out->bound = rows[i].is;
		out->value = v == FLOW_UNKNOWN ? PCE_NO_BOUND : v;
		out->allowed = rows[i].max;
		if (rows[i].metric == PCE_LOSS) {
			out->value = v == FLOW_UNKNOWN ? PCE_NO_BOUND : pce_loss_ppm(v);
			out->allowed = w->loss_ppm_max;
		}
		return;
	}
}

void pce_flow_judge(const struct pce_failures *f, uint32_t flow, const struct leg *changed,
		    struct pce_flow_effect *out)
{
	const struct pce_flow *w = &f->flows[flow];
	uint64_t sum[FLOW_METRICS] = { 0 };

	*out = (struct pce_flow_effect){ .flow = flow, .loss = PCE_FLOW_KEPT };
	if (gone(f, w->src) || gone(f, w->hops[w->n_hops - 1].node)) {
		out->loss = PCE_FLOW_END;
		return;
	}
	for (uint32_t i = f->flow_leg[flow]; i < f->flow_leg[flow + 1]; i++) {
		const struct leg *l = f->seen_leg[i] == f->turn ? &changed[i] : &f->legs[i];

		if (l->loss != PCE_FLOW_KEPT) {
			out->loss = l->loss;
			return;
		}
		for (unsigned m = 0; m < FLOW_METRICS; m++)
			sum[m] = l->worst[m] == FLOW_UNKNOWN || sum[m] == FLOW_UNKNOWN ?
					 FLOW_UNKNOWN :
					 sum[m] + l->worst[m];
	}
	bounds_judge(w, sum, out);
}

static const struct leg *leg_now(const struct pce_failures *f, uint32_t leg)
{
	return f->turn && f->seen_leg[leg] == f->turn ? &f->again[leg] : &f->legs[leg];
}

static int by_link(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int way_links(const struct pce_failures *f, uint32_t flow, struct arena *a,
		     struct pce_expansion *out)
{
	uint32_t n = 0, *links;

	for (uint32_t i = f->flow_leg[flow]; i < f->flow_leg[flow + 1]; i++)
		n += leg_now(f, i)->n_uses;
	links = ARENA_ARRAY(a, (size_t)n + 1, uint32_t);
	if (!links)
		return err_raise(-ENOMEM);
	n = 0;
	for (uint32_t i = f->flow_leg[flow]; i < f->flow_leg[flow + 1]; i++)
		for (uint32_t k = 0; k < leg_now(f, i)->n_uses; k++)
			links[n++] = f->uses.at[leg_now(f, i)->use + k].link;
	qsort(links, n, sizeof(*links), by_link);
	for (uint32_t i = 0; i < n; i++)
		if (i == 0 || links[i] != links[i - 1])
			links[out->n_links++] = links[i];
	out->links = links;
	return 0;
}

int pce_failures_way(const struct pce_failures *f, uint32_t flow, struct arena *a,
		     struct pce_expansion *out)
{
	uint64_t sum[FLOW_METRICS] = { 0 }, least = 0;

	*out = (struct pce_expansion){ .valid = true, .single = true, .why = "" };
	for (uint32_t i = f->flow_leg[flow]; i < f->flow_leg[flow + 1]; i++) {
		const struct leg *l = leg_now(f, i);

		out->valid = out->valid && l->loss == PCE_FLOW_KEPT;
		out->single = out->single && !l->split;
		least += l->delay_min;
		for (unsigned m = 0; m < FLOW_METRICS; m++)
			sum[m] = l->worst[m] == FLOW_UNKNOWN || sum[m] == FLOW_UNKNOWN ?
					 FLOW_UNKNOWN :
					 sum[m] + l->worst[m];
	}
	out->why = out->valid ? "" : "it is lost";
	out->igp_max = pce_sat32(sum[PCE_IGP]);
	out->te_max = pce_sat32(sum[PCE_TE]);
	out->delay_us_max = pce_sat32(sum[PCE_DELAY]);
	out->hops_max = pce_sat32(sum[PCE_HOPS]);
	out->variation_us_max = pce_sat32(sum[PCE_VARIATION]);
	out->loss_max = pce_sat32(sum[PCE_LOSS]);
	out->delay_us_min = pce_sat32(least);
	return way_links(f, flow, a, out);
}

/* ---- answers about the present ---- */

const struct pce_flow_effect *pce_failures_now(const struct pce_failures *f, uint32_t *n)
{
	*n = f->n_now;
	return f->now;
}

void pce_failures_fullest(const struct pce_failures *f, struct pce_fullest *out)
{
	*out = (struct pce_fullest){ .link = TED_NONE };
	if (f->n_order == 0)
		return;
	out->link = f->order[0];
	out->load_bps = pce_load_bps(f->load[out->link]);
	out->ppb = pce_link_ppb(f, out->link, f->load[out->link]);
}

uint64_t pce_failures_load_bps(const struct pce_failures *f, uint32_t link)
{
	return pce_load_bps(f->load[link]);
}

uint64_t pce_failures_after_bps(const struct pce_failures *f, uint32_t link)
{
	return pce_after_is_dead(f->x, link) ? 0 : pce_load_bps(f->after[link]);
}

static bool can_fail(const struct ted *t, enum pce_failure_kind kind, uint32_t i)
{
	if (kind == PCE_FAIL_NODE)
		return t->nodes[i].alive;
	return ted_link_usable(&t->links[i]) && i < t->links[i].reverse;
}

const uint32_t *pce_failures_all(const struct pce_failures *f, enum pce_failure_kind kind,
				 struct arena *a, uint32_t *n)
{
	uint32_t total = kind == PCE_FAIL_NODE ? f->t->n_nodes : f->t->n_links, *out;

	*n = 0;
	if (kind == PCE_FAIL_SRLG) {
		*n = f->x->n_srlg;
		return arena_copy(a, f->x->srlg, f->x->n_srlg * sizeof(uint32_t));
	}
	out = ARENA_ARRAY(a, (size_t)total + 1, uint32_t);
	for (uint32_t i = 0; out && i < total; i++)
		if (can_fail(f->t, kind, i))
			out[(*n)++] = i;
	return out;
}
