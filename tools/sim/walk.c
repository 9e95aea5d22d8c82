/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packet is always at one router when a SID is executed, whichever branch it took to get
 * there, so a list is walked SID by SID; between two SIDs all branches of the shortest paths are
 * summed up. Metrics are at least 1: no equal-cost branch can turn back.
 */
#include "tools/sim/walk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bitset.h"
#include "base/err.h"
#include "base/heap.h"

enum { KEPT_MAX = 8192, KEPT_BYTES = 256 << 20, BLOCK = 32, NODE_END = 48, ADJ_END = 64 };

struct vertex {
	struct heap_node node;
	uint32_t dist;
};

/* Worst and best way from a router to the target of the branch being summed up. */
struct sum {
	uint32_t router, dist, hops;
	uint64_t min, max;
};

struct sim_paths {
	const struct sim_topo *t;
	struct {
		uint32_t to, version;
		unsigned algo;
		uint32_t *dist;
	} kept[KEPT_MAX];
	size_t n_kept; /* of them are used, in a large network fewer */
	unsigned algo; /* of the tree or the branches at hand: as in topo.h */
	struct heap heap;
	struct vertex *vertex;
	struct sum *sum;   /* routers on branches, farthest first */
	uint32_t *sum_at;  /* index + 1 in sum, by router */
	const struct sim_sid *sids; /* configured ones */
	size_t n_sids;
};

int sim_paths_new(struct sim_paths **outp, const struct sim_topo *t)
{
	AUTO(sim_paths_free) struct sim_paths *p = calloc(1, sizeof(*p));
	size_t n = t->routers.n + 1;

	if (!p)
		return err_raise(-ENOMEM);
	p->t = t;
	p->n_kept = KEPT_BYTES / (n * sizeof(uint32_t)) + 1;
	p->n_kept = p->n_kept < KEPT_MAX ? p->n_kept : KEPT_MAX;
	p->vertex = calloc(n, sizeof(*p->vertex));
	p->sum = calloc(n, sizeof(*p->sum));
	p->sum_at = calloc(n, sizeof(*p->sum_at));
	if (!p->vertex || !p->sum || !p->sum_at)
		return err_raise(-ENOMEM);
	*outp = TAKE(p);
	return 0;
}

struct sim_paths *sim_paths_free(struct sim_paths *p)
{
	if (!p)
		return NULL;
	for (size_t i = 0; i < KEPT_MAX; i++)
		free(p->kept[i].dist);
	heap_fini(&p->heap);
	free(p->vertex);
	free(p->sum);
	free(p->sum_at);
	free(p);
	return NULL;
}

void sim_paths_sids(struct sim_paths *p, const struct sim_sid *sids, size_t n)
{
	p->sids = sids;
	p->n_sids = n;
}

/* The configured SID that a router sees in this address: the longest. */
static const struct sim_sid *configured(const struct sim_paths *p, uint32_t at, const struct ip_addr *da)
{
	const struct sim_sid *best = NULL;

	for (size_t i = 0; i < p->n_sids; i++) {
		const struct sim_sid *s = &p->sids[i];

		if ((s->router == at || !s->local) && (!best || s->prefix.len > best->prefix.len) &&
		    ip_prefix_has(&s->prefix, da))
			best = s;
	}
	return best;
}

/* ---- shortest paths ---- */

static uint32_t far_end(const struct sim_topo *t, uint32_t half)
{
	return t->wires.at[half / 2].end[1 - half % 2];
}

/* Of the halves that leave v, the opposite ones enter it. */
static bool relax_into(struct sim_paths *p, uint32_t v)
{
	const struct sim_topo *t = p->t;

	for (uint32_t i = t->start[v]; i < t->start[v + 1]; i++) {
		uint32_t from = far_end(t, t->idx[i]);
		uint32_t w = sim_half_cost(t, t->idx[i] ^ 1, p->algo);
		struct vertex *u = &p->vertex[from];

		if (w == UINT32_MAX || p->vertex[v].dist + w >= u->dist)
			continue;
		u->dist = p->vertex[v].dist + w;
		heap_del(&p->heap, &u->node);
		if (heap_add(&p->heap, &u->node, u->dist) < 0)
			return false;
	}
	return true;
}

static bool dijkstra(struct sim_paths *p, uint32_t to, uint32_t *dist)
{
	struct heap_node *n;
	bool good;

	for (size_t i = 0; i < p->t->routers.n; i++)
		p->vertex[i] = (struct vertex){ .dist = UINT32_MAX / 2 };
	p->heap.n = 0;
	p->vertex[to].dist = 0;
	good = heap_add(&p->heap, &p->vertex[to].node, 0) == 0;
	while (good && (n = heap_min(&p->heap))) {
		struct vertex *v = CONTAINER_OF(n, struct vertex, node);

		heap_del(&p->heap, n);
		good = relax_into(p, (uint32_t)(v - p->vertex));
	}
	for (size_t i = 0; i < p->t->routers.n; i++)
		dist[i] = p->vertex[i].dist == UINT32_MAX / 2 ? UINT32_MAX : p->vertex[i].dist;
	return good;
}

static const uint32_t *distances(struct sim_paths *p, uint32_t to, unsigned algo)
{
	size_t k = (to + 64 * algo) % p->n_kept;

	p->algo = algo;
	if (!p->kept[k].dist)
		p->kept[k].dist = calloc(p->t->routers.n + 1, sizeof(uint32_t));
	if (!p->kept[k].dist)
		return NULL;
	if (p->kept[k].version == p->t->version && p->kept[k].to == to && p->kept[k].algo == algo)
		return p->kept[k].dist;
	p->kept[k].version = 0;
	if (!dijkstra(p, to, p->kept[k].dist))
		return NULL;
	p->kept[k].version = p->t->version;
	p->kept[k].to = to;
	p->kept[k].algo = algo;
	return p->kept[k].dist;
}

const uint32_t *sim_distances(struct sim_paths *p, uint32_t to)
{
	return distances(p, to, 0);
}

/* ---- branches from one router to another ---- */

static bool on_branch(const struct sim_paths *p, const uint32_t *dist, uint32_t half)
{
	const struct sim_topo *t = p->t;
	uint32_t w = sim_half_cost(t, half, p->algo), from = t->wires.at[half / 2].end[half % 2];
	uint32_t to = far_end(t, half);

	return w != UINT32_MAX && dist[to] != UINT32_MAX && dist[from] == dist[to] + w;
}

static int nearer_last(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;

	return (x->dist < y->dist) - (x->dist > y->dist);
}

static void sum_add(struct sim_paths *p, const uint32_t *dist, uint32_t router, uint32_t *n)
{
	if (p->sum_at[router])
		return;
	p->sum[*n] = (struct sum){ .router = router, .dist = dist[router], .min = UINT64_MAX };
	p->sum_at[router] = ++*n;
}

/* Delays and hops of everything on the branches, from the target back. */
static void sum_up(struct sim_paths *p, const uint32_t *dist, uint32_t n)
{
	const struct sim_topo *t = p->t;

	for (uint32_t k = n; k-- > 0;) {
		struct sum *s = &p->sum[k];

		if (s->dist == 0)
			s->min = 0;
		for (uint32_t i = t->start[s->router]; i < t->start[s->router + 1]; i++) {
			uint32_t h = t->idx[i], delay = t->wires.at[h / 2].half[h % 2].delay_us;
			const struct sum *x;

			if (!on_branch(p, dist, h))
				continue;
			x = &p->sum[p->sum_at[far_end(t, h)] - 1];
			if (x->min + delay < s->min)
				s->min = x->min + delay;
			if (x->max + delay > s->max)
				s->max = x->max + delay;
			if (x->hops + 1 > s->hops)
				s->hops = x->hops + 1;
		}
	}
}

static void branches(struct sim_paths *p, const uint32_t *dist, uint32_t from, struct sim_walk *out,
		     uint64_t *used)
{
	const struct sim_topo *t = p->t;
	uint32_t n = 0;

	sum_add(p, dist, from, &n);
	for (uint32_t k = 0; k < n; k++) {
		uint32_t r = p->sum[k].router;

		for (uint32_t i = t->start[r]; i < t->start[r + 1]; i++) {
			if (!on_branch(p, dist, t->idx[i]))
				continue;
			if (used)
				bitset_add(used, t->idx[i]);
			sum_add(p, dist, far_end(t, t->idx[i]), &n);
		}
	}
	qsort(p->sum, n, sizeof(*p->sum), nearer_last);
	for (uint32_t k = 0; k < n; k++)
		p->sum_at[p->sum[k].router] = k + 1;
	sum_up(p, dist, n);
	out->delay_us_min += p->sum[0].min;
	out->delay_us_max += p->sum[0].max;
	out->hops_max += p->sum[0].hops;
	for (uint32_t k = 0; k < n; k++)
		p->sum_at[p->sum[k].router] = 0;
}

/* ---- behaviours ---- */

struct packet {
	struct sim_paths *p;
	const struct ip_addr *sids;
	unsigned n, seg;
	uint32_t at;
	struct ip_addr da;
	bool done; /* nothing left: what is inside goes on from here */
	uint64_t *used;
	struct sim_walk *out;
};

static bool rest_is_zero(const struct ip_addr *a, unsigned from)
{
	while (from < 128) {
		unsigned n = 128 - from < 64 ? 128 - from : 64;

		if (ip_bits_get(a, from, n))
			return false;
		from += n;
	}
	return true;
}

/* The half of this router whose End.X function it is, and that works. */
static uint32_t half_of_fun(const struct sim_topo *t, uint32_t router, uint64_t fun)
{
	for (uint32_t i = t->start[router]; i < t->start[router + 1]; i++) {
		uint32_t h = t->idx[i];

		if (t->wires.at[h / 2].half[h % 2].fun == fun && sim_half_works(t, h / 2, h % 2))
			return h;
	}
	return SIM_NONE;
}

static bool fail(struct packet *k, const char *what)
{
	char da[IP_TEXT_MAX];

	(void)snprintf(k->out->why, sizeof(k->out->why), "%s at %s, destination %s", what,
		       k->p->t->routers.at[k->at].name, ip_text(&k->da, da, sizeof(da)));
	return false;
}

static void next_segment(struct packet *k)
{
	k->seg++;
	if (k->seg < k->n)
		k->da = k->sids[k->seg];
	else
		k->done = true;
}

/* NEXT-C-SID: what follows the C-SID moves up to the block; nothing left: as End. */
static void shift(struct packet *k, unsigned end)
{
	struct ip_addr moved = k->da;

	if (rest_is_zero(&k->da, end)) {
		next_segment(k);
		return;
	}
	for (unsigned at = BLOCK; at < 128; at += 16)
		ip_bits_set(&moved, at, 16,
			    at + end - BLOCK < 128 ? ip_bits_get(&k->da, at + end - BLOCK, 16) : 0);
	k->da = moved;
}

static void cross(struct packet *k, uint32_t half)
{
	const struct sim_topo *t = k->p->t;
	uint32_t delay = t->wires.at[half / 2].half[half % 2].delay_us;

	k->out->delay_us_min += delay;
	k->out->delay_us_max += delay;
	k->out->hops_max++;
	if (k->used)
		bitset_add(k->used, half);
	k->at = far_end(t, half);
}

static bool classic_sid(struct packet *k, uint64_t fun, uint32_t *half)
{
	if (!rest_is_zero(&k->da, ADJ_END))
		return fail(k, "no such SID");
	*half = fun == 1 ? SIM_NONE : half_of_fun(k->p->t, k->at, fun);
	if (fun != 1 && *half == SIM_NONE)
		return fail(k, "no such SID");
	next_segment(k);
	return true;
}

static bool half_is_up(const struct sim_topo *t, uint32_t half)
{
	return half == SIM_NONE || sim_half_works(t, half / 2, half % 2);
}

static bool execute_configured(struct packet *k, const struct sim_sid *sid, struct sim_step *s)
{
	if (!half_is_up(k->p->t, sid->half))
		return fail(k, "no such SID");
	s->half = sid->half;
	if (sid->ends)
		k->done = true;
	else
		shift(k, sid->prefix.len);
	if (s->half != SIM_NONE)
		cross(k, s->half);
	return true;
}

/* The router that owns the destination address executes it. */
static bool execute(struct packet *k)
{
	uint64_t fun = ip_bits_get(&k->da, NODE_END, 16);
	struct sim_step *s = &k->out->step[k->out->n - 1];
	const struct sim_sid *sid = configured(k->p, k->at, &k->da);

	if (sid)
		return execute_configured(k, sid, s);
	if (k->p->t->routers.at[k->at].classic) {
		if (!classic_sid(k, fun, &s->half))
			return false;
	} else {
		s->half = fun >= SIM_FUN_FIRST ? half_of_fun(k->p->t, k->at, fun) : SIM_NONE;
		shift(k, s->half == SIM_NONE ? NODE_END : ADJ_END);
	}
	if (s->half != SIM_NONE)
		cross(k, s->half);
	return true;
}

/* To the owner of the destination address over every equal-cost branch. */
static bool deliver(struct packet *k)
{
	const struct sim_topo *t = k->p->t;
	const struct sim_sid *sid = configured(k->p, k->at, &k->da);
	uint32_t owner = sid ? sid->router : sim_router_by_addr(t, &k->da);
	const uint32_t *dist;

	if (owner == SIM_NONE || ip_prefix_has(&t->loopbacks, &k->da) || k->da.family != IP_V6)
		return fail(k, "no SID has this prefix:");
	dist = distances(k->p, owner, sid ? 0 : sim_algo_of(&k->da));
	if (!dist)
		return fail(k, "no memory");
	if (!t->routers.at[k->at].up || dist[k->at] == UINT32_MAX)
		return fail(k, "no route");
	if (k->out->n == SIM_STEPS_MAX)
		return fail(k, "too many SIDs");
	k->out->step[k->out->n++] = (struct sim_step){ k->at, owner, SIM_NONE, k->da };
	branches(k->p, dist, k->at, k->out, k->used);
	k->at = owner;
	return true;
}

void sim_walk(struct sim_paths *p, uint32_t headend, const struct ip_addr *sids, unsigned n,
	      struct sim_walk *out, uint64_t *used)
{
	struct packet k = { .p = p, .sids = sids, .n = n, .at = headend, .used = used, .out = out };

	memset(out, 0, sizeof(*out));
	out->end = SIM_NONE;
	if (n == 0) {
		(void)fail(&k, "an empty list");
		return;
	}
	k.da = sids[0];
	while (!k.done)
		if (!deliver(&k) || !execute(&k))
			return;
	out->end = k.at;
	out->ok = true;
}

bool sim_walk_first(struct sim_paths *p, uint32_t headend, const struct ip_addr *sid)
{
	const struct sim_topo *t = p->t;
	const struct sim_sid *more = configured(p, headend, sid);
	uint32_t owner = more ? more->router : sim_router_by_addr(t, sid);
	const uint32_t *dist = owner == SIM_NONE ? NULL :
						   distances(p, owner, more ? 0 : sim_algo_of(sid));
	uint64_t fun = ip_bits_get(sid, NODE_END, 16);

	if (!dist || dist[headend] == UINT32_MAX || !t->routers.at[headend].up)
		return false;
	if (more)
		return owner != headend || half_is_up(t, more->half);
	/* One's own adjacency is seen to be gone, another's is not. */
	return owner != headend || fun < SIM_FUN_FIRST || half_of_fun(t, owner, fun) != SIM_NONE;
}
