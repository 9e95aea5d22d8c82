/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TI-LFA against a packet simulator, SRv6 and label stacks: every router but the one that repairs forwards as before the
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
	const struct ted *t;
	enum pce_dataplane plane;
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

/* A repair with the packet's own destination behind it, as it is sent to the first neighbour. */
struct repair {
	struct ip_addr sid[PCE_BACKUP_SEGS_MAX + 1];
	uint32_t label[PCE_BACKUP_SEGS_MAX + 1];
	struct pce_list list;
	uint32_t at; /* who reads what comes next */
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

static void failure_make(struct world *w)
{
	for (uint32_t l = 0; l < w->n.n_links; l++)
		w->dead[l] = net_hit(&w->n, w->t, &w->f, l);
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
static bool runs_well(const struct world *w, uint32_t neighbour, const struct repair *r,
		      uint32_t dst)
{
	static struct net_run run;

	if (r->list.n == 0)
		return neighbour == dst;
	net_forward(&w->n, neighbour, &r->list, &run);
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

static void repair_begin(const struct world *w, struct repair *r, uint32_t neighbour)
{
	*r = (struct repair){ .list.dataplane = w->plane, .at = neighbour };
	r->list.sids = r->sid;
	r->list.labels = r->label;
}

static void repair_add(struct repair *r, const struct ip_addr *sid, uint32_t label, uint32_t to)
{
	r->sid[r->list.n] = *sid;
	r->label[r->list.n++] = label;
	r->at = to;
}

/* The label one router has for the node SID of another: its SRGB, laid end to end. 0: none. */
static uint32_t label_of(const struct world *w, uint32_t at, uint32_t node)
{
	const struct ted_node *d = &w->n.node[at];
	uint32_t index = w->n.mpls_sid[node].value;

	for (uint32_t i = 0; w->n.node[node].n_node_sids > 0 && i < d->n_srgb; i++) {
		if (index < d->srgb[i].size)
			return d->srgb[i].base + index;
		index -= d->srgb[i].size;
	}
	return 0;
}

/* False: there is nothing a packet to it could carry. Who is there already needs no label. */
static bool repair_end(const struct world *w, struct repair *r, uint32_t dst)
{
	static const struct ip_addr none;
	uint32_t label;

	if (w->plane == PCE_SRV6) {
		if (w->n.node[dst].n_sids == 0)
			return false;
		repair_add(r, &w->n.node[dst].sids[0].sid, 0, dst);
		return true;
	}
	if (w->n.node[dst].n_node_sids == 0)
		return false;
	label = r->at == dst ? 0 : label_of(w, r->at, dst);
	if (label)
		repair_add(r, &none, label, dst);
	return label || r->at == dst;
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

struct one_seg {
	struct ip_addr sid;
	uint32_t label, to;
};

static void seg_put(struct one_seg *out, uint32_t *n, const struct ip_addr *sid, uint32_t label,
		    uint32_t to)
{
	out[(*n)++] = (struct one_seg){ .sid = sid ? *sid : (struct ip_addr){ 0 }, .label = label,
					.to = to };
}

/* Every segment that the router could read first. */
static uint32_t all_segs(const struct world *w, uint32_t at, struct one_seg *out)
{
	const struct net *g = &w->n;
	uint32_t n = 0;

	for (uint32_t i = 0; i < g->n_routers; i++) {
		for (uint32_t k = 0; w->plane == PCE_SRV6 && k < g->node[i].n_sids; k++)
			seg_put(out, &n, &g->node[i].sids[k].sid, 0, i);
		if (w->plane == PCE_MPLS && label_of(w, at, i))
			seg_put(out, &n, NULL, label_of(w, at, i), i);
	}
	for (uint32_t l = 0; l < g->n_links; l++) {
		for (uint32_t k = 0; w->plane == PCE_SRV6 && g->usable[l] && k < g->link[l].n_sids; k++)
			seg_put(out, &n, &g->link[l].sids[k].sid, 0, TED_NONE);
		for (uint32_t k = 0; w->plane == PCE_MPLS && g->usable[l] && g->link[l].from == at &&
				     k < g->link[l].n_adj_sids; k++) {
			const struct ted_adj_sid *x = &g->link[l].adj_sids[k];

			seg_put(out, &n, NULL, x->value, x->lan_node ? x->lan_node - 1 : g->link[l].to);
		}
	}
	return n;
}

static bool any_list(const struct world *w, uint32_t n_segs, uint32_t dst)
{
	static struct one_seg all[NET_NODES * 3 + NET_LINKS * NET_SIDS];

	for (uint32_t l = 0; l < w->n.n_links; l++)
		for (uint32_t v = 0; v < w->n.n_routers; v++) {
			uint32_t n = n_segs > 0 && first_good(w, l, v) ? all_segs(w, v, all) : 1;

			for (uint32_t i = 0; first_good(w, l, v) && i < n; i++) {
				struct repair r;

				repair_begin(w, &r, v);
				if (n_segs > 0)
					repair_add(&r, &all[i].sid, all[i].label, all[i].to);
				if (repair_end(w, &r, dst) && runs_well(w, v, &r, dst))
					return true;
			}
		}
	return false;
}

/* ---- one answer ---- */

static void list_right(struct world *w, uint32_t dst, const struct pce_backup *out)
{
	struct repair r;

	MUST(out->n_segs <= PCE_BACKUP_SEGS_MAX);
	MUST(first_good(w, out->link, out->neighbour));
	MUST(out->igp == w->after[dst]);
	MUST(out->minimal);
	repair_begin(w, &r, out->neighbour);
	for (uint32_t i = 0; i < out->n_segs; i++)
		repair_add(&r, &out->segs[i].sid, out->segs[i].label, out->segs[i].node);
	w->lists++;
	w->lfa += out->n_segs == 0;
	w->longest = out->n_segs > w->longest ? out->n_segs : w->longest;
	if (!repair_end(w, &r, dst)) {
		/* Nothing a packet could be sent to; but who has a label is reached by it. */
		MUST(w->plane == PCE_SRV6 || w->n.node[dst].n_node_sids == 0);
		return;
	}
	MUST(runs_well(w, out->neighbour, &r, dst));
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

static void world_make(struct world *w, uint64_t seed, enum pce_dataplane plane)
{
	struct net_cfg c;

	rng_seed(&w->rng, seed);
	w->plane = plane;
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
	}
	net_risks(&w->n, &w->rng, SRLGS);
	w->t = net_build(&w->n);
	for (uint32_t i = 0; i < w->n.n_nodes; i++)
		distances(w, i, NULL, w->before[i]);
	MUST(pce_backups_new(&w->b, w->t, w->plane, NULL) == 0);
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

static void worlds_run(struct world *w, uint64_t first, uint64_t n, enum pce_dataplane plane)
{
	for (uint64_t i = 0; i < n; i++) {
		world_make(w, first + i, plane);
		world_run(w);
		w->b = pce_backups_free(w->b);
		ted_unref(w->t);
	}
	/* Nothing would be tested otherwise. */
	ck_assert_uint_gt(w->lists, n);
	ck_assert_uint_gt(w->none, n / 10);
	ck_assert_uint_gt(w->lfa, n / 10);
	ck_assert_uint_gt(w->longest, 1);
}

START_TEST(repairs_arrive_off_the_failure_on_shortest_paths)
{
	static struct world w;

	worlds_run(&w, (uint64_t)_i * NETS, NETS, PCE_SRV6);
}
END_TEST

START_TEST(label_stacks_arrive_off_the_failure_on_shortest_paths)
{
	static struct world w;

	worlds_run(&w, (uint64_t)_i * NETS + 5, NETS, PCE_MPLS);
}
END_TEST

START_TEST(what_is_not_there_cannot_fail)
{
	static struct world w;

	world_make(&w, 3, PCE_SRV6);
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
	tcase_add_loop_test(tc, label_stacks_arrive_off_the_failure_on_shortest_paths, 0, CHUNKS);
	tcase_add_test(tc, what_is_not_there_cannot_fail);
	suite_add_tcase(s, tc);
	return check_main(s);
}
