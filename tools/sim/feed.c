/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A producer's view: which routers' objects it has heard, and the version of each half it has
 * told (0: not announced). After every change the view catches up with the truth about the
 * routers the producer reaches, and what differs goes out; about the others it stays as it is.
 */
#include "tools/sim/feed.h"

#include <string.h>

#include "base/bitset.h"
#include "base/err.h"
#include "base/list.h"
#include "southbound/bgp/bgp.h"

struct feed {
	struct sim_feeds *all;
	uint32_t router;
	struct bgp *bgp;
	bool off;    /* by command */
	bool running; /* the peer is configured */
	bool up;
	struct mono up_at;
	uint64_t *known; /* routers heard of */
	uint32_t *told;	 /* by half: version announced, 0 none */
	struct sim_scratch scratch;
};

struct sim_feeds {
	struct loop *loop;
	struct net *net;
	const struct sim_topo *t;
	struct sim_feeds_cfg cfg;
	struct feed *feed;
	uint32_t n;
	uint64_t *reach; /* of the feed being synchronised */
	uint32_t *queue;
};

static size_t words(const struct sim_topo *t)
{
	return BITSET_WORDS(t->routers.n);
}

/* Floods from the producer over wires that work. */
static void reach_from(struct sim_feeds *f, uint32_t root)
{
	const struct sim_topo *t = f->t;
	uint32_t head = 0, tail = 0;

	memset(f->reach, 0, words(t) * sizeof(*f->reach));
	if (!t->routers.at[root].up)
		return;
	bitset_add(f->reach, root);
	f->queue[tail++] = root;
	while (head < tail) {
		uint32_t r = f->queue[head++];

		for (uint32_t i = t->start[r]; i < t->start[r + 1]; i++) {
			uint32_t wire = t->idx[i] / 2, to = t->wires.at[wire].end[1 - t->idx[i] % 2];

			if (!sim_half_works(t, wire, t->idx[i] % 2) || bitset_has(f->reach, to))
				continue;
			bitset_add(f->reach, to);
			f->queue[tail++] = to;
		}
	}
}

static void tell(struct feed *p, uint32_t object, bool announce)
{
	struct ls_object o;

	if (!sim_object(p->all->t, object, &p->scratch, &o))
		return;
	if (announce)
		bgp_announce(p->bgp, &o);
	else
		bgp_withdraw(p->bgp, &o);
}

static void sync_half(struct feed *p, uint32_t half)
{
	const struct sim_topo *t = p->all->t;
	const struct sim_half *h = &t->wires.at[half / 2].half[half % 2];
	bool said = sim_half_said(t, half / 2, half % 2);
	uint32_t object = (uint32_t)(sim_objects_a_router(t) * t->routers.n + half);

	if (said && p->told[half] != h->version) {
		p->told[half] = h->version;
		tell(p, object, true);
	} else if (!said && p->told[half]) {
		p->told[half] = 0;
		tell(p, object, false);
	}
}

static void sync_router(struct feed *p, uint32_t r)
{
	const struct sim_topo *t = p->all->t;

	if (!bitset_has(p->known, r)) {
		bitset_add(p->known, r);
		for (uint32_t k = 0; k < sim_objects_a_router(t); k++)
			tell(p, r * sim_objects_a_router(t) + k, true);
	}
	for (uint32_t i = t->start[r]; i < t->start[r + 1]; i++)
		sync_half(p, t->idx[i]);
}

/* ---- the session ---- */

static bool is_told(const struct feed *p, uint32_t object)
{
	const struct sim_topo *t = p->all->t;
	uint32_t n_router = (uint32_t)(sim_objects_a_router(t) * t->routers.n);

	return object < n_router ? bitset_has(p->known, object / sim_objects_a_router(t)) :
				   p->told[object - n_router] != 0;
}

static bool on_next(void *arg, uint64_t *cursor, struct ls_object *out)
{
	struct feed *p = arg;
	uint32_t n = sim_objects(p->all->t);

	for (; *cursor < n; (*cursor)++)
		if (is_told(p, (uint32_t)*cursor) &&
		    sim_object(p->all->t, (uint32_t)*cursor, &p->scratch, out)) {
			(*cursor)++;
			return true;
		}
	return false;
}

static void on_established(void *arg, const struct ip_addr *peer)
{
	struct feed *p = arg;

	(void)peer;
	p->up = true;
	p->up_at = loop_now(p->all->loop);
}

static void on_closed(void *arg, const struct ip_addr *peer)
{
	struct feed *p = arg;

	(void)peer;
	p->up = false;
}

static const struct bgp_router_ops ops = { on_next, on_established, on_closed };

/* A session is there when nobody forbids it and the router lives. */
static int session(struct feed *p)
{
	const struct sim_feeds_cfg *cfg = &p->all->cfg;
	struct bgp_peer_cfg peer = { .addr = cfg->daemon, .port = cfg->port, .insecure = true,
				     .remote_as = cfg->daemon_as,
				     .local = cfg->source(cfg->source_arg, p->router) };
	bool want = !p->off && p->all->t->routers.at[p->router].up;
	int rc = 0;

	if (want == p->running)
		return 0;
	p->running = want;
	if (want)
		rc = bgp_peer_set(p->bgp, &peer);
	else if (bgp_peer_del(p->bgp, &cfg->daemon) == 0)
		p->up = false;
	return rc > 0 ? err_raise(-EINVAL) : rc;
}

static int feed_start(struct sim_feeds *f, struct feed *p, uint32_t router)
{
	struct ip_addr id = sim_router_v4(router);
	struct bgp_cfg cfg = { .as = f->t->asn, .router_id = (uint32_t)ip_bits_get(&id, 0, 32),
			       .retry_ns_min = NS_PER_S / 4, .retry_ns_max = 2 * NS_PER_S };
	int rc;

	p->all = f;
	p->router = router;
	p->known = calloc(words(f->t), sizeof(*p->known));
	p->told = calloc(2 * f->t->wires.n + 1, sizeof(*p->told));
	if (!p->known || !p->told)
		return err_raise(-ENOMEM);
	rc = bgp_new(&p->bgp, f->loop, f->net, NULL, &cfg);
	if (rc < 0)
		return err_trace(rc);
	bgp_router(p->bgp, &ops, p);
	return session(p);
}

int sim_feeds_new(struct sim_feeds **outp, struct loop *loop, struct net *net,
		  const struct sim_topo *t, const struct sim_feeds_cfg *cfg)
{
	AUTO(sim_feeds_free) struct sim_feeds *f = calloc(1, sizeof(*f));
	uint32_t n = 0;

	if (!f)
		return err_raise(-ENOMEM);
	f->loop = loop;
	f->net = net;
	f->t = t;
	f->cfg = *cfg;
	for (uint32_t r = 0; r < t->routers.n; r++)
		n += t->routers.at[r].feed;
	f->feed = calloc(n + 1, sizeof(*f->feed));
	f->reach = calloc(words(t), sizeof(*f->reach));
	f->queue = calloc(t->routers.n + 1, sizeof(*f->queue));
	if (!f->feed || !f->reach || !f->queue)
		return err_raise(-ENOMEM);
	for (uint32_t r = 0; r < t->routers.n; r++) {
		int rc;

		if (!t->routers.at[r].feed)
			continue;
		rc = feed_start(f, &f->feed[f->n++], r);
		if (rc < 0)
			return err_trace(rc);
	}
	sim_feeds_sync(f);
	*outp = TAKE(f);
	return 0;
}

struct sim_feeds *sim_feeds_free(struct sim_feeds *f)
{
	if (!f)
		return NULL;
	for (uint32_t k = 0; k < f->n; k++) {
		bgp_free(f->feed[k].bgp);
		free(f->feed[k].known);
		free(f->feed[k].told);
	}
	free(f->feed);
	free(f->reach);
	free(f->queue);
	free(f);
	return NULL;
}

void sim_feeds_stop(struct sim_feeds *f)
{
	for (uint32_t k = 0; k < f->n; k++)
		bgp_stop(f->feed[k].bgp);
}

void sim_feeds_sync(struct sim_feeds *f)
{
	for (uint32_t k = 0; k < f->n; k++) {
		struct feed *p = &f->feed[k];

		(void)session(p);
		reach_from(f, p->router);
		for (uint32_t r = 0; r < f->t->routers.n; r++)
			if (bitset_has(f->reach, r))
				sync_router(p, r);
	}
}

uint32_t sim_feeds_count(const struct sim_feeds *f)
{
	return f->n;
}

bool sim_feed_set(struct sim_feeds *f, uint32_t k, bool up)
{
	if (k >= f->n || f->feed[k].off == !up)
		return false;
	f->feed[k].off = !up;
	(void)session(&f->feed[k]);
	return true;
}

void sim_feed_info(const struct sim_feeds *f, uint32_t k, struct sim_feed_info *out)
{
	const struct feed *p = &f->feed[k];
	uint32_t halves = (uint32_t)(2 * f->t->wires.n);

	*out = (struct sim_feed_info){ .router = p->router, .wanted = p->running, .up = p->up,
					.up_at = p->up_at };
	for (uint32_t h = 0; h < halves; h++)
		out->told_halves += p->told[h] != 0;
	out->told = out->told_halves;
	for (uint32_t r = 0; r < f->t->routers.n; r++)
		if (bitset_has(p->known, r))
			out->told += SIM_OBJECTS_A_ROUTER +
				     2 * (uint32_t)__builtin_popcount(f->t->routers.at[r].algos);
}
