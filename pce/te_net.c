/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the caller's arrays to points and flows. A flow lists the arcs that traffic from one
 * point to another crosses, with the share each one carries: everything the search does is done
 * on those lists.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "pce/te_priv.h"

enum { HUBS_ALL = 512 }; /* up to that many nodes everyone may be a midpoint */

/* Less than that of a demand is nothing. */
#define AMOUNT_MIN 1e-30

/* What works the flows out: one target at a time, one source at a time. */
struct spread {
	struct te_net *net;
	struct te_spf spf;
	double *amount;	  /* by node: of one unit, what passes */
	uint64_t *worst;  /* by node: delay to the target */
	uint32_t *ranks;  /* heap of ranks still to come, the furthest first */
	uint32_t n_ranks;
};

static void rank_add(struct spread *s, uint32_t rank)
{
	uint32_t at = s->n_ranks++;

	while (at > 0 && s->ranks[(at - 1) / 2] < rank) {
		s->ranks[at] = s->ranks[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	s->ranks[at] = rank;
}

static uint32_t rank_take(struct spread *s)
{
	uint32_t top = s->ranks[0], last = s->ranks[--s->n_ranks], at = 0;

	for (;;) {
		uint32_t c = 2 * at + 1;

		if (c >= s->n_ranks)
			break;
		c += c + 1 < s->n_ranks && s->ranks[c + 1] > s->ranks[c];
		if (s->ranks[c] <= last)
			break;
		s->ranks[at] = s->ranks[c];
		at = c;
	}
	s->ranks[at] = last;
	return top;
}

static int share_room(struct te_net *net, const struct te_options *o)
{
	size_t want = net->cap_share ? net->cap_share * 2 : 4096;
	size_t limit = (o->bytes_max ? o->bytes_max : (size_t)1 << 30) / sizeof(*net->share);
	struct te_share *more;

	if (net->n_share < net->cap_share)
		return 0;
	want = want < limit ? want : limit;
	if (want <= net->n_share || want > UINT32_MAX)
		return TE_TOO_LARGE;
	more = realloc(net->share, want * sizeof(*more));
	if (!more)
		return TE_NO_MEMORY;
	net->share = more;
	net->cap_share = want;
	return 0;
}

/* What node u does with its amount; false: a link without capacity. */
static int pass_on(struct spread *s, const struct te_options *o, uint32_t u, uint32_t target)
{
	struct te_net *net = s->net;
	double part = s->amount[u] / s->spf.hops[u];
	int good = TE_OK;

	for (uint32_t i = s->spf.out[u]; i < s->spf.out[u + 1]; i++) {
		uint32_t arc = s->spf.out_arc[i], to = net->prob->graph.arcs[arc].to;

		if (!te_spf_uses(&s->spf, arc, target, NULL))
			continue;
		if (net->cap[arc] <= 0)
			good = TE_NO_ROUTE;
		if (good == TE_OK)
			good = share_room(net, o);
		if (good == TE_OK)
			net->share[net->n_share++] =
				(struct te_share){ arc, (float)(part / net->cap[arc]) };
		if (part < AMOUNT_MIN)
			continue; /* everybody waits in the heap at most once */
		if (s->amount[to] <= 0 && to != target)
			rank_add(s, s->spf.rank[to]);
		s->amount[to] += part;
	}
	return good;
}

static enum te_status flow_between(struct spread *s, const struct te_options *o, uint32_t a,
				   uint32_t b)
{
	struct te_net *net = s->net;
	struct te_flow *f = &net->flow[(size_t)a * net->p + b];
	uint32_t from = net->node[a], target = net->node[b];
	int r = TE_OK;

	*f = (struct te_flow){ .start = (uint32_t)net->n_share };
	net->delay[(size_t)a * net->p + b] = a == b ? 0 : TE_NO_WAY;
	if (a == b || s->spf.rank[from] == TE_NO_NODE)
		return TE_OK;
	s->n_ranks = 0;
	rank_add(s, s->spf.rank[from]);
	s->amount[from] = 1;
	while (s->n_ranks > 0) {
		uint32_t u = s->spf.order[rank_take(s)];
		int now = pass_on(s, o, u, target);

		r = r == TE_OK ? now : r;
		s->amount[u] = 0;
	}
	s->amount[target] = 0;
	net->work += net->n_share - f->start;
	if (r == TE_OK) {
		uint64_t d = s->worst[from];

		f->n = (uint32_t)(net->n_share - f->start);
		net->delay[(size_t)a * net->p + b] = d < TE_NO_WAY ? (uint32_t)d : TE_NO_WAY - 1;
	} else {
		net->n_share = f->start;
	}
	return r == TE_NO_ROUTE ? TE_OK : (enum te_status)r;
}

static void worst_delays(struct spread *s, uint32_t target)
{
	const struct te_graph *g = &s->net->prob->graph;

	s->worst[target] = 0;
	for (uint32_t i = 1; i < s->spf.n_order; i++) {
		uint32_t u = s->spf.order[i];
		uint64_t worst = 0;

		for (uint32_t j = s->spf.out[u]; j < s->spf.out[u + 1]; j++) {
			const struct te_arc *a = &g->arcs[s->spf.out_arc[j]];
			uint64_t d = a->delay_us + s->worst[a->to];

			if (te_spf_uses(&s->spf, s->spf.out_arc[j], target, NULL) && d > worst)
				worst = d;
		}
		s->worst[u] = worst;
	}
}

static enum te_status all_flows(struct te_net *net, const struct te_options *o)
{
	struct spread s = { .net = net };
	enum te_status r = TE_OK;

	if (te_spf_init(&s.spf, &net->prob->graph) < 0) {
		te_spf_fini(&s.spf);
		return TE_NO_MEMORY;
	}
	s.amount = ARENA_ARRAY(&s.spf.mem, net->n, double);
	s.worst = ARENA_ARRAY(&s.spf.mem, net->n, uint64_t);
	s.ranks = ARENA_ARRAY(&s.spf.mem, net->n, uint32_t);
	if (!s.amount || !s.worst || !s.ranks)
		r = TE_NO_MEMORY;
	for (uint32_t b = 0; r == TE_OK && b < net->p; b++) {
		te_spf_run(&s.spf, net->node[b], NULL);
		worst_delays(&s, net->node[b]);
		for (uint32_t a = 0; r == TE_OK && a < net->p; a++)
			r = flow_between(&s, o, a, b);
	}
	te_spf_fini(&s.spf);
	return r;
}

static bool add_point(struct te_net *net, uint32_t node)
{
	if (net->point[node] != TE_NO_NODE)
		return true;
	if (net->p == TE_POINTS_MAX)
		return false;
	net->point[node] = net->p;
	net->node[net->p++] = node;
	return true;
}

static bool may_be_hub(const struct te_net *net, uint32_t node)
{
	const uint8_t *flags = net->prob->graph.flags;

	return !flags || !(flags[node] & (TE_NO_MIDPOINT | TE_NO_TRANSIT));
}

/* In large networks only some are midpoints: those with most links, where one can turn off. */
static bool add_hubs(struct te_net *net)
{
	const struct te_graph *g = &net->prob->graph;
	uint32_t *degree = ARENA_ARRAY(&net->mem, net->n, uint32_t), least = 0, room;

	if (!degree)
		return false;
	room = net->p < HUBS_ALL ? HUBS_ALL - net->p : 0;
	for (uint32_t i = 0; i < g->m; i++)
		degree[g->arcs[i].from]++;
	for (uint32_t n = net->n; net->n > HUBS_ALL && n > room; least++) {
		n = 0;
		for (uint32_t i = 0; i < net->n; i++)
			n += degree[i] > least;
	}
	for (uint32_t i = 0; i < net->n; i++)
		if (may_be_hub(net, i) && (net->n <= HUBS_ALL || degree[i] > least))
			(void)add_point(net, i);
	for (uint32_t i = 0; i < net->p; i++)
		net->hub[i] = may_be_hub(net, net->node[i]);
	return true;
}

/* also: lists beside those of now, or NULL. */
static enum te_status points(struct te_net *net, const struct te_list *also, uint32_t *where)
{
	const struct te_problem *p = net->prob;

	net->point = ARENA_ARRAY(&net->mem, net->n, uint32_t);
	net->node = ARENA_ARRAY(&net->mem, TE_POINTS_MAX, uint32_t);
	net->hub = ARENA_ARRAY(&net->mem, TE_POINTS_MAX, bool);
	if (!net->point || !net->node || !net->hub)
		return TE_NO_MEMORY;
	memset(net->point, 0xff, net->n * sizeof(*net->point));
	for (uint32_t i = 0; i < p->n_demands; i++) {
		const struct te_demand *d = &p->demands[i];
		bool fits = add_point(net, d->src) && add_point(net, d->dst);

		for (uint32_t j = 0, n = te_list_n(&d->now); j < n; j++)
			fits = fits && add_point(net, d->now.mid[j]);
		for (uint32_t j = 0, n = also ? te_list_n(&also[i]) : 0; j < n; j++)
			fits = fits && add_point(net, also[i].mid[j]);
		if (!fits) {
			*where = i;
			return TE_TOO_LARGE;
		}
	}
	if (!add_hubs(net))
		return TE_NO_MEMORY;
	net->stride = (net->p + TE_LANES - 1) / TE_LANES * TE_LANES;
	return TE_OK;
}

static bool arcs(struct te_net *net)
{
	const struct te_graph *g = &net->prob->graph;

	net->cap = ARENA_ARRAY(&net->mem, (size_t)net->m + 1, double);
	net->base = ARENA_ARRAY(&net->mem, (size_t)net->m + 1, double);
	net->unit = 1;
	if (!net->cap || !net->base)
		return false;
	for (uint32_t i = 0; i < net->m; i++)
		net->unit = fmax(net->unit, (double)g->arcs[i].capacity_bps);
	for (uint32_t i = 0; i < net->m; i++) {
		net->cap[i] = (double)g->arcs[i].capacity_bps / net->unit;
		if (net->cap[i] > 0)
			net->base[i] = (double)g->arcs[i].other_bps / net->unit / net->cap[i];
	}
	return true;
}

static bool wants(struct te_net *net, const struct te_options *o)
{
	const struct te_problem *p = net->prob;

	net->want = ARENA_ARRAY(&net->mem, (size_t)p->n_demands + 1, struct te_want);
	if (!net->want)
		return false;
	net->n_wants = p->n_demands;
	for (uint32_t i = 0; i < p->n_demands; i++) {
		const struct te_demand *d = &p->demands[i];
		struct te_want *w = &net->want[i];

		*w = (struct te_want){ .src = (uint16_t)net->point[d->src],
				       .dst = (uint16_t)net->point[d->dst],
				       .fixed = d->fixed, .delay_us_max = d->delay_us_max,
				       .rate = (double)d->rate_bps / net->unit };
		w->has_now = te_way_of(net, &d->now, &w->now);
		te_way_tidy(w, &w->now);
		if (d->fixed)
			w->has_now = w->has_now && te_way_delay(net, w, &w->now) != TE_NO_WAY;
		else
			w->has_now = w->has_now && w->now.n <= o->midpoints &&
				     te_way_fits(net, w, &w->now);
	}
	return true;
}

enum te_status te_net_init(struct te_net *net, const struct te_problem *p,
			   const struct te_options *o, const struct te_list *also,
			   uint32_t *where)
{
	enum te_status s = te_check_problem(p, where);
	size_t pairs;

	*net = (struct te_net){ .prob = p, .n = p->graph.n, .m = p->graph.m };
	arena_init(&net->mem, 0);
	if (s == TE_OK)
		s = points(net, also, where);
	if (s != TE_OK)
		return s;
	pairs = (size_t)net->p * net->p + 1;
	net->flow = ARENA_ARRAY(&net->mem, pairs, struct te_flow);
	net->delay = ARENA_ARRAY(&net->mem, pairs, uint32_t);
	if (!net->flow || !net->delay || !arcs(net))
		return TE_NO_MEMORY;
	s = all_flows(net, o);
	if (s != TE_OK)
		return s;
	if (!wants(net, o))
		return TE_NO_MEMORY;
	for (uint32_t i = 0; i < net->n_wants; i++) {
		const struct te_want *w = &net->want[i];

		if (!w->fixed)
			continue;
		if (!w->has_now) {
			*where = i;
			return TE_NO_ROUTE;
		}
		te_way_add(net, w, &w->now, w->rate, net->base);
	}
	return TE_OK;
}

void te_net_fini(struct te_net *net)
{
	free(net->share);
	net->share = NULL;
	arena_fini(&net->mem);
}
