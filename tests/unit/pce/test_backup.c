/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TI-LFA against a packet simulator: every router but the one that repairs forwards as before the
 * failure. Packets arrive, never meet what failed, and only use links of shortest paths without
 * it; no shorter list does so.
 */
#include "check_main.h"

#include <string.h>

#include "net.h"
#include "pce/backup.h"

enum { NETS = 1000, CHUNKS = 10, FAR = 1000000000, SRLGS = 3 };

#define MUST(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond))                                                                       \
			ck_abort_msg("%s", #cond);                                                 \
	} while (0)

struct world {
	struct rng rng;
	struct net n;
	uint32_t srlg[NET_LINKS][1];
	const struct ted *t;
	struct pce_backups *b;
	uint32_t plr;
	struct pce_failure f;
	bool dead[NET_LINKS];
	uint64_t before[NET_NODES][NET_NODES], after[NET_NODES]; /* to node; from the PLR */
	bool lan;
	bool zero; /* some metrics are */
	bool thorough; /* all shorter lists are tried */
	uint64_t lists, none, longest, lfa;
};

static uint32_t below(struct world *w, uint32_t n)
{
	return (uint32_t)rng_below(&w->rng, n);
}

/* ---- plain shortest paths ---- */

static bool crosses(const struct world *w, uint32_t l, const bool *dead, uint64_t *cost)
{
	return w->n.usable[l] && !(dead && dead[l]) && net_cost(&w->n, l, PCE_IGP, cost);
}

static void distances(const struct world *w, uint32_t root, const bool *dead, uint64_t *dist)
{
	for (uint32_t i = 0; i < w->n.n_nodes; i++)
		dist[i] = i == root ? 0 : FAR;
	for (uint32_t round = 0; round < w->n.n_nodes; round++)
		for (uint32_t l = 0; l < w->n.n_links; l++) {
			const struct ted_link *k = &w->n.link[l];
			uint64_t c;

			if (!crosses(w, l, dead, &c) ||
			    (w->n.node[k->from].overload && k->from != root))
				continue;
			if (dist[k->from] + c < dist[k->to])
				dist[k->to] = dist[k->from] + c;
		}
}

static bool in_failure(const struct world *w, uint32_t l)
{
	const struct ted_link *k = &w->n.link[l];

	switch (w->f.kind) {
	case PCE_FAIL_LINK:
		return l == w->f.index || w->t->links[l].reverse == w->f.index;
	case PCE_FAIL_NODE:
		return k->from == w->f.index || k->to == w->f.index;
	case PCE_FAIL_SRLG:
		return w->srlg[l][0] == w->f.index ||
		       (w->t->links[l].reverse != TED_NONE &&
			w->srlg[w->t->links[l].reverse][0] == w->f.index);
	}
	return false;
}

static void failure_make(struct world *w)
{
	for (uint32_t l = 0; l < w->n.n_links; l++)
		w->dead[l] = in_failure(w, l);
	distances(w, w->plr, w->dead, w->after);
}

/* ---- packets ---- */

/* Is a link on a shortest path after the failure, and alive. */
static bool good_link(const struct world *w, uint32_t l)
{
	uint64_t c;

	return crosses(w, l, w->dead, &c) &&
	       (!w->n.node[w->n.link[l].from].overload || w->n.link[l].from == w->plr) &&
	       w->after[w->n.link[l].from] + c == w->after[w->n.link[l].to];
}

/* Packets with this list, at a first neighbour, do as they must. */
static bool runs_well(const struct world *w, uint32_t neighbour, const struct pce_list *list,
		      uint32_t dst)
{
	static struct net_run run;

	net_forward(&w->n, neighbour, list, &run);
	if (run.lost || run.n == 0)
		return false;
	for (uint32_t i = 0; i < run.n; i++) {
		if (run.trace[i].end != dst)
			return false;
		for (uint32_t k = 0; k < run.trace[i].n; k++)
			if (!good_link(w, run.trace[i].link[k]))
				return false;
	}
	return true;
}

static bool dst_sid(const struct world *w, uint32_t dst, struct ip_addr *sid)
{
	*sid = w->n.node[dst].n_sids > 0 ? w->n.node[dst].sids[0].sid : (struct ip_addr){ 0 };
	return sid->family != IP_NONE;
}

/* Can the PLR send to this router over this link and stay on shortest paths. */
static bool first_good(const struct world *w, uint32_t link, uint32_t neighbour)
{
	const struct net *n = &w->n;

	if (n->link[link].from != w->plr || !good_link(w, link))
		return false;
	if (n->link[link].to == neighbour)
		return !n->node[neighbour].pseudonode;
	if (!n->node[n->link[link].to].pseudonode)
		return false;
	for (uint32_t l = 0; l < n->n_links; l++)
		if (n->link[l].from == n->link[link].to && n->link[l].to == neighbour &&
		    good_link(w, l))
			return true;
	return false;
}

/* ---- shorter lists, all there are ---- */

static uint32_t all_sids(const struct world *w, struct ip_addr *out)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->n.n_routers; i++)
		for (uint32_t k = 0; k < w->n.node[i].n_sids; k++)
			out[n++] = w->n.node[i].sids[k].sid;
	for (uint32_t l = 0; l < w->n.n_links; l++)
		for (uint32_t k = 0; w->n.usable[l] && k < w->n.link[l].n_sids; k++)
			out[n++] = w->n.link[l].sids[k].sid;
	return n;
}

static bool any_list(const struct world *w, uint32_t n_segs, uint32_t dst)
{
	static struct ip_addr all[NET_NODES * 3 + NET_LINKS * NET_SIDS];
	struct ip_addr sids[2];
	struct pce_list list = { .dataplane = PCE_SRV6, .n = n_segs + 1, .sids = sids };
	uint32_t n = n_segs > 0 ? all_sids(w, all) : 1;

	if (!dst_sid(w, dst, &sids[n_segs]))
		return false;
	for (uint32_t l = 0; l < w->n.n_links; l++)
		for (uint32_t v = 0; v < w->n.n_routers; v++) {
			if (!first_good(w, l, v))
				continue;
			for (uint32_t i = 0; i < n; i++) {
				if (n_segs > 0)
					sids[0] = all[i];
				if (runs_well(w, v, &list, dst))
					return true;
			}
		}
	return false;
}

/* ---- one answer ---- */

static void list_right(struct world *w, uint32_t dst, const struct pce_backup *out)
{
	struct ip_addr sids[PCE_BACKUP_SEGS_MAX + 1];
	const struct pce_list list = { .dataplane = PCE_SRV6, .n = out->n_segs + 1, .sids = sids };

	MUST(out->n_segs <= PCE_BACKUP_SEGS_MAX);
	MUST(first_good(w, out->link, out->neighbour));
	MUST(out->igp == w->after[dst]);
	MUST(out->minimal);
	for (uint32_t i = 0; i < out->n_segs; i++)
		sids[i] = out->segs[i].sid;
	w->lists++;
	w->lfa += out->n_segs == 0;
	w->longest = out->n_segs > w->longest ? out->n_segs : w->longest;
	if (!dst_sid(w, dst, &sids[out->n_segs]))
		return; /* nothing a packet could be sent to */
	MUST(runs_well(w, out->neighbour, &list, dst));
	/* With circles of no length a packet has no end of ways. */
	for (uint32_t k = 0; w->thorough && !w->zero && k < out->n_segs && k < 2; k++)
		MUST(!any_list(w, k, dst));
}

/* Does the PLR lose a next hop towards dst, across a LAN too. */
static bool loses(const struct world *w, uint32_t dst)
{
	const struct net *n = &w->n;
	uint64_t c;

	for (uint32_t l = 0; l < n->n_links; l++) {
		uint32_t v = n->link[l].to;

		if (n->link[l].from != w->plr || !crosses(w, l, NULL, &c) ||
		    (n->node[v].overload && v != dst) || w->before[w->plr][dst] >= FAR ||
		    c + w->before[v][dst] != w->before[w->plr][dst])
			continue;
		if (w->dead[l])
			return true;
		for (uint32_t k = 0; n->node[v].pseudonode && k < n->n_links; k++)
			if (n->link[k].from == v && w->dead[k] && crosses(w, k, NULL, &c) &&
			    w->before[n->link[k].to][dst] == w->before[v][dst])
				return true;
	}
	return false;
}

static void one(struct world *w, uint32_t dst)
{
	struct pce_backup out;
	struct arena a;
	bool needed = dst != w->plr && loses(w, dst);

	arena_init(&a, 0);
	MUST(pce_backups_touches(w->b, dst) == needed);
	pce_backups_to(w->b, dst, &a, &out);
	MUST(out.status != PCE_BACKUP_NO_MEMORY);
	MUST((out.status == PCE_BACKUP_NOT_NEEDED) == !needed);
	MUST((out.status == PCE_BACKUP_NONE) == (out.why[0] != '\0'));
	if (out.status == PCE_BACKUP_LIST)
		list_right(w, dst, &out);
	if (out.status == PCE_BACKUP_NONE) {
		bool gone = w->after[dst] >= FAR ||
			    (w->f.kind == PCE_FAIL_NODE && w->f.index == dst);

		w->none++;
		/* With all SIDs (a LAN has not) links of a path, one by one, are a list. */
		MUST(gone || !w->n.complete || w->lan || w->zero);
		if (!gone && !w->zero && w->thorough)
			MUST(!any_list(w, 0, dst) && !any_list(w, 1, dst));
	}
	arena_fini(&a);
}

/* ---- worlds ---- */

static void world_make(struct world *w, uint64_t seed)
{
	struct net_cfg c;

	rng_seed(&w->rng, seed);
	c = (struct net_cfg){ .routers = 3 + below(w, 4), .lan = below(w, 3) == 0,
			      .half = below(w, 4) == 0, .overload = below(w, 4) == 0,
			      .odd_metrics = below(w, 8) == 0, .complete = below(w, 4) != 0,
			      .metric_max = below(w, 2) ? 1 + below(w, 4) : 12, .delay_max = 3 };
	c.pairs = c.routers + below(w, 4);
	net_make(&w->n, &w->rng, &c);
	w->lan = c.lan;
	w->zero = below(w, 10) == 0;
	w->thorough = below(w, 2) == 0;
	for (uint32_t l = 0; l < w->n.n_links; l++) {
		struct ted_link *k = &w->n.link[l];

		if (w->zero && below(w, 3) == 0)
			k->igp_metric = 0;
		w->srlg[l][0] = below(w, SRLGS);
		k->srlg = w->srlg[l];
		k->n_srlg = 1;
	}
	w->t = net_build(&w->n);
	for (uint32_t i = 0; i < w->n.n_nodes; i++)
		distances(w, i, NULL, w->before[i]);
	MUST(pce_backups_new(&w->b, w->t, PCE_SRV6, NULL) == 0);
}

/* A failure next to the router, mostly. */
static bool failure_pick(struct world *w)
{
	uint32_t l = below(w, w->n.n_links);

	w->plr = below(w, w->n.n_routers);
	w->f = (struct pce_failure){ .kind = (enum pce_failure_kind)below(w, 3) };
	if (w->f.kind == PCE_FAIL_SRLG)
		w->f.index = below(w, SRLGS);
	else if (w->f.kind == PCE_FAIL_NODE)
		w->f.index = w->n.link[l].to;
	else
		w->f.index = l;
	return true;
}

static void world_run(struct world *w)
{
	for (uint32_t i = 0; i < 4; i++) {
		int rc;

		(void)failure_pick(w);
		rc = pce_backups_fail(w->b, w->plr, &w->f);
		if (w->f.kind == PCE_FAIL_LINK)
			MUST((rc == 0) == w->n.usable[w->f.index]);
		else if (w->f.kind == PCE_FAIL_NODE)
			MUST((rc == 0) == (w->f.index != w->plr));
		if (rc != 0)
			continue;
		failure_make(w);
		for (uint32_t d = 0; d < w->n.n_routers; d++)
			one(w, d);
	}
}

START_TEST(repairs_arrive_off_the_failure_on_shortest_paths)
{
	static struct world w;

	for (uint64_t i = 0; i < NETS; i++) {
		world_make(&w, (uint64_t)_i * NETS + i);
		world_run(&w);
		w.b = pce_backups_free(w.b);
		ted_unref(w.t);
	}
	/* Nothing would be tested otherwise. */
	ck_assert_uint_gt(w.lists, NETS);
	ck_assert_uint_gt(w.none, NETS / 10);
	ck_assert_uint_gt(w.lfa, NETS / 10);
	ck_assert_uint_gt(w.longest, 1);
}
END_TEST

START_TEST(what_is_not_there_cannot_fail)
{
	static struct world w;

	world_make(&w, 3);
	ck_assert_int_gt(pce_backups_fail(w.b, 0, &(struct pce_failure){ PCE_FAIL_LINK, 4000 }), 0);
	ck_assert_int_gt(pce_backups_fail(w.b, 0, &(struct pce_failure){ PCE_FAIL_NODE, 4000 }), 0);
	ck_assert_int_gt(pce_backups_fail(w.b, 0, &(struct pce_failure){ PCE_FAIL_NODE, 0 }), 0);
	ck_assert_int_gt(pce_backups_fail(w.b, 0, &(struct pce_failure){ PCE_FAIL_SRLG, 77 }), 0);
	ck_assert_int_gt(pce_backups_fail(w.b, 99, &(struct pce_failure){ PCE_FAIL_SRLG, 0 }), 0);
	ck_assert_int_eq(pce_backups_fail(w.b, 0, &(struct pce_failure){ PCE_FAIL_SRLG, 0 }), 0);
	pce_backups_free(w.b);
	ted_unref(w.t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("backup");
	TCase *tc = tcase_create("backup");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, repairs_arrive_off_the_failure_on_shortest_paths, 0, CHUNKS);
	tcase_add_test(tc, what_is_not_there_cannot_fail);
	suite_add_tcase(s, tc);
	return check_main(s);
}
