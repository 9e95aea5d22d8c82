/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Admission. `admission_per_s` is one request with a rate and a delay bound: the cheapest path
 * that has room and keeps the bound, and its reservation in the book; the oldest reservation is
 * given back when there are many, so that links stay nearly full and a part is refused.
 * `admission_room_per_s` is all that intent does for a policy: candidate paths, path, SID list and
 * its expansion, book, request to the headend, its answer, events, record; workers' part included.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/rng.h"
#include "intent/book/book.h"
#include "tools/bench/room.h"

enum { ROUTERS = 1000, ENDS = 64, PAIRS = 1024, HELD = 16000, TREES_BYTES = 64 << 20, MBPS = 1000000 };

struct desk {
	const struct ted *ted;
	struct book *book;
	struct book_view view;
	struct book_claim *held[HELD];
	struct pce_trees *trees;
	struct arena arena;
	struct rng rng;
	struct pair {
		uint32_t src, dst, least_us; /* delay of the fastest path */
	} pairs[PAIRS];
	uint64_t at, asked, admitted;
};

static struct pce_request request_of(struct desk *d)
{
	struct pce_request q = { .minimise = PCE_TE,
				 .hops_max = PCE_NO_BOUND,
				 .igp_max = PCE_NO_BOUND,
				 .te_max = PCE_NO_BOUND,
				 .delay_us_max = PCE_NO_BOUND,
				 .bandwidth_bps = (1 + rng_below(&d->rng, 100)) * MBPS,
				 .usid = true,
				 .msd = 10,
				 .free_bps = d->view.bps,
				 .n_free = d->view.n,
				 .brief = true,
				 .trees = d->trees };
	const struct pair *p = &d->pairs[rng_below(&d->rng, PAIRS)];

	q.src = p->src;
	q.dst = p->dst;
	/* A tenth to three quarters more than the fastest there is. */
	q.delay_us_max = p->least_us + p->least_us / 100 * (10 + (uint32_t)rng_below(&d->rng, 66));
	return q;
}

/* Books the path found; the oldest goes. */
static void book_it(struct desk *d, const struct pce_request *q, const struct pce_answer *ans)
{
	const struct book_ask ask = { .setup = 7, .window = BOOK_ALWAYS };
	const struct book_terms t = { .bps = q->bandwidth_bps, .hold = 7, .window = BOOK_ALWAYS };
	struct book_claim **c = &d->held[d->at++ % HELD];

	*c = book_claim_free(d->book, *c);
	if (book_refuses(d->book, &ask, t.bps, ans->path, ans->n_path) != UINT32_MAX ||
	    book_claim_new(d->book, false, NULL, c) < 0)
		return;
	if (book_hold(d->book, *c, &t, ans->path, ans->n_path) < 0)
		abort();
	d->admitted++;
}

static uint64_t admit_one(void *arg)
{
	struct desk *d = arg;
	struct pce_request q;
	struct pce_answer ans;

	if (book_view_follow(d->book, &d->view, d->ted->n_links) < 0)
		abort();
	q = request_of(d);
	arena_reset(&d->arena);
	pce_path(d->ted, &q, &d->arena, &ans);
	d->asked++;
	if (ans.status == PCE_OK)
		book_it(d, &q, &ans);
	return 1;
}

/* Requests go to some endpoints; how fast each can be reached is what the engine says. */
static int pairs_make(struct desk *d)
{
	for (uint32_t k = 0; k < PAIRS; k++) {
		struct pair *p = &d->pairs[k];
		struct pce_request q = { .minimise = PCE_DELAY,
					 .hops_max = PCE_NO_BOUND,
					 .igp_max = PCE_NO_BOUND,
					 .te_max = PCE_NO_BOUND,
					 .delay_us_max = PCE_NO_BOUND,
					 .trees = d->trees };
		struct pce_answer ans;

		p->dst = k < ENDS ? (uint32_t)rng_below(&d->rng, d->ted->n_nodes) : d->pairs[k % ENDS].dst;
		p->src = (p->dst + 1 + (uint32_t)rng_below(&d->rng, d->ted->n_nodes - 1)) % d->ted->n_nodes;
		q.src = p->src;
		q.dst = p->dst;
		arena_reset(&d->arena);
		pce_path(d->ted, &q, &d->arena, &ans);
		if (ans.status != PCE_OK)
			return err_raise(-ENOENT);
		p->least_us = ans.delay_us;
	}
	return 0;
}

static int desk_open(struct desk *d, const struct ted *t, uint64_t seed)
{
	int rc = book_new(&d->book);

	d->ted = t;
	d->view = (struct book_view){ .setup = 7 };
	rng_seed(&d->rng, seed);
	for (uint32_t l = 0; rc == 0 && l < t->n_links; l++)
		rc = book_capacity_set(d->book, l, t->links[l].capacity_bps);
	if (rc == 0)
		rc = pce_trees_new(&d->trees, TREES_BYTES);
	return rc < 0 ? rc : pairs_make(d);
}

static void desk_close(struct desk *d)
{
	book_free(d->book);
	book_view_fini(&d->view);
	pce_trees_free(d->trees);
	arena_fini(&d->arena);
	free(d);
}

static const char *judge(const struct desk *d)
{
	static char why[128];

	if (!book_audit(d->book, why, sizeof(why)))
		return why;
	for (uint32_t l = 0; l < d->ted->n_links; l++) {
		if (book_excess(d->book, l) > 0)
			return "a link is over-reserved";
	}
	return NULL;
}

static void desk(struct bench *b, const struct bench_net *n)
{
	struct desk *d = calloc(1, sizeof(*d));
	const char *wrong;
	double rate;

	if (!d || desk_open(d, topo_ted(n->topo), b->seed) < 0) {
		bench_fail(b, "admission", "no memory");
		return;
	}
	for (unsigned k = 0; k < 2 * HELD; k++) /* trees warm, links filled */
		(void)admit_one(d);
	d->asked = d->admitted = 0;
	rate = bench_rate(b, admit_one, d);
	wrong = judge(d);
	if (wrong)
		bench_fail(b, "admission", wrong);
	bench_row(b, "admission_per_s", rate, "requests/s");
	bench_row(b, "admission_admitted", (double)d->admitted / (double)d->asked, "ratio");
	desk_close(d);
}

/* ---- the room ---- */

static void room_rows(struct bench *b, const char *size, uint32_t routers, const struct bench_wish *w)
{
	struct bench_room *r = NULL;
	struct bench_net n;
	uint64_t start;
	uint32_t asked;
	char why[256], name[64];

	if (bench_net_init(&n, b->seed, routers, 0) < 0 || bench_room_new(&r, &n, w) < 0) {
		bench_fail(b, "admission_room", "no such network");
		return;
	}
	start = bench_cpu_ns();
	asked = bench_room_rest(r);
	(void)snprintf(name, sizeof(name), "admission_room_%s_per_s", size);
	bench_row(b, name, (double)asked * 1e9 / (double)(bench_cpu_ns() - start), "policies/s");
	if (!intent_book_audit(bench_room_intent(r), why, sizeof(why)))
		bench_fail(b, "admission_room", why);
	bench_room_free(r);
	bench_net_fini(&n);
}

void bench_admission(struct bench *b)
{
	struct bench_wish w = { .headends = 100, .endpoints = 200, .policies = 20000, .minimise = PCE_TE,
				.bandwidth_bps = MBPS, .delay_us_max = 40000, .seed = b->seed };
	struct bench_net n;

	if (bench_wants(b, "admission_room"))
		room_rows(b, "1k", ROUTERS, &w);
	if (!bench_wants(b, "admission_per_s") && !bench_wants(b, "admission_admitted"))
		return;
	if (bench_net_init(&n, b->seed, ROUTERS, 0) < 0) {
		bench_fail(b, "admission", "no such network");
		return;
	}
	desk(b, &n);
	bench_net_fini(&n);
}
