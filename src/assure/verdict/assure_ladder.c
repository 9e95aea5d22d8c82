/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readings of the points along the paths of a stream, and what is between them.
 *
 * Invariant: paths[i].rung[] are indices of rungs; a rung in no path is removed by
 * assure_ladder_trim(). Packets of period k at a point: its reading of k less its reading of
 * k - 2, the period of the same colour before.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assure/verdict/assure_priv.h"
#include "base/err.h"

#define NS_PER_MS UINT64_C(1000000)
/* More packets than any link carries in a period: a counter that is none. */
#define PACKETS_MAX (UINT64_C(1) << 36)

static bool point_eq(const struct assure_point *a, const struct assure_point *b)
{
	return a->node == b->node && a->out == b->out;
}

static struct rung *rung_of(const struct stream *s, const struct assure_point *p)
{
	for (unsigned i = 0; i < s->n_rungs; i++)
		if (point_eq(&s->rungs[i].point, p))
			return &s->rungs[i];
	return NULL;
}

static struct reading *reading_at(struct rung *g, uint64_t period)
{
	return &g->at[period % READINGS];
}

/* ---- paths ---- */

static bool is_path(const struct assure_point *points, size_t n)
{
	if (n < 2 || n > ASSURE_POINTS_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			if (point_eq(&points[i], &points[j]))
				return false; /* a loop cannot be told apart by counters */
	return true;
}

bool assure_ladder_same_ends(const struct stream *s, const struct assure_point *points, size_t n)
{
	const struct path *p = &s->paths[0];

	return n >= 2 && point_eq(&points[0], &s->rungs[p->rung[0]].point) &&
	       point_eq(&points[n - 1], &s->rungs[p->rung[p->n - 1]].point);
}

/* The points of a that b has too, in the order of both; its ends always, as all paths share them. */
static void common(const struct path *a, const struct path *b, struct path *out)
{
	struct path c = { .from = a->from, .to = b->to };
	int last = -1;

	for (unsigned i = 0; i < a->n; i++) {
		for (int j = last + 1; j < b->n; j++) {
			if (b->rung[j] != a->rung[i])
				continue;
			c.rung[c.n++] = a->rung[i];
			last = j;
			break;
		}
	}
	*out = c;
}

/* The path as it is compared in period k: what all that may have been used have in common. */
static struct path active(const struct stream *s, uint64_t k)
{
	struct path p = { 0 };
	bool any = false;

	for (unsigned i = 0; i < s->n_paths; i++) {
		if (s->paths[i].from > k || s->paths[i].to < k)
			continue;
		if (any)
			common(&p, &s->paths[i], &p);
		else
			p = s->paths[i];
		any = true;
	}
	return p;
}

bool assure_ladder_certain(const struct stream *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->n_paths; i++)
		n += s->paths[i].from <= s->next && s->paths[i].to >= s->next;
	return n == 1;
}

static int rungs_add(struct stream *s, const struct assure_point *points, size_t n)
{
	struct rung *more;
	size_t fresh = 0;

	for (size_t i = 0; i < n; i++)
		fresh += rung_of(s, &points[i]) == NULL;
	if (s->n_rungs + fresh > RUNGS_MAX)
		return ASSURE_E_TERMS;
	more = realloc(s->rungs, (s->n_rungs + fresh + 1) * sizeof(*more));
	if (!more)
		return err_raise(-ENOMEM);
	s->rungs = more;
	for (size_t i = 0; i < n; i++)
		if (!rung_of(s, &points[i]))
			s->rungs[s->n_rungs++] = (struct rung){ .point = points[i] };
	return 0;
}

/* Room for one more: what the two oldest have in common stands for both. */
static void paths_squeeze(struct stream *s)
{
	if (s->n_paths < PATHS)
		return;
	common(&s->paths[0], &s->paths[1], &s->paths[0]);
	memmove(&s->paths[1], &s->paths[2], sizeof(s->paths[0]) * (PATHS - 2));
	s->n_paths--;
}

int assure_ladder_path(struct stream *s, const struct assure_point *points, size_t n,
		       uint64_t from, uint64_t to)
{
	struct path *p;
	int rc;

	if (!is_path(points, n))
		return ASSURE_E_TERMS;
	assure_ladder_trim(s);
	rc = rungs_add(s, points, n);
	if (rc)
		return rc;
	paths_squeeze(s);
	if (s->n_paths > 0 && s->paths[s->n_paths - 1].to > to)
		s->paths[s->n_paths - 1].to = to;
	p = &s->paths[s->n_paths++];
	*p = (struct path){ .from = from, .to = UINT64_MAX, .n = (uint8_t)n };
	for (size_t i = 0; i < n; i++)
		p->rung[i] = (uint8_t)(rung_of(s, &points[i]) - s->rungs);
	return 0;
}

void assure_ladder_settled(struct stream *s, uint64_t to)
{
	for (unsigned i = 0; i + 1u < s->n_paths; i++)
		if (s->paths[i].to > to)
			s->paths[i].to = to;
}

void assure_ladder_forget(struct stream *s)
{
	s->paths[0] = s->paths[s->n_paths - 1];
	s->paths[0].from = 0;
	s->n_paths = 1;
	for (unsigned i = 0; i < s->n_rungs; i++)
		memset(s->rungs[i].at, 0, sizeof(s->rungs[i].at));
}

void assure_ladder_trim(struct stream *s)
{
	uint8_t now[RUNGS_MAX];
	unsigned gone = 0, n = 0;

	/* readings of a path that was left are what a return to it begins from */
	while (gone + 1u < s->n_paths && s->paths[gone].to + 2 < s->next)
		gone++;
	if (gone == 0)
		return;
	s->n_paths = (uint8_t)(s->n_paths - gone);
	memmove(s->paths, s->paths + gone, s->n_paths * sizeof(s->paths[0]));
	for (unsigned r = 0; r < s->n_rungs; r++) {
		bool used = false;

		for (unsigned i = 0; i < s->n_paths && !used; i++)
			used = memchr(s->paths[i].rung, (int)r, s->paths[i].n) != NULL;
		now[r] = (uint8_t)n;
		if (used)
			s->rungs[n++] = s->rungs[r];
	}
	s->n_rungs = (uint8_t)n;
	for (unsigned i = 0; i < s->n_paths; i++)
		for (unsigned j = 0; j < s->paths[i].n; j++)
			s->paths[i].rung[j] = now[s->paths[i].rung[j]];
}

/* ---- readings ---- */

static bool same(const struct reading *a, const struct assure_report *r)
{
	return a->packets == r->packets && a->boot == r->boot && a->began == r->began &&
	       a->d_ns == r->d_ns;
}

static void store(struct reading *at, const struct assure_report *r)
{
	*at = (struct reading){ .period = r->period,
				.packets = r->packets,
				.boot = r->boot,
				.d_ns = r->d_ns,
				.d_error_us = r->d_error_us,
				.began = r->began,
				.state = READING_GOOD };
}

enum assure_take assure_ladder_take(struct stream *s, const struct assure_report *r,
				    uint64_t now_ns)
{
	struct rung *g = rung_of(s, &r->point);
	uint64_t period_ns = s->terms.period_ms * NS_PER_MS;
	uint64_t open = (now_ns + s->terms.guard_ms * NS_PER_MS) / period_ns; /* at the latest */
	struct reading *at;

	if (!g)
		return ASSURE_NO_POINT;
	if (r->period >= open || r->period > s->next + 1)
		return ASSURE_EARLY;
	if (r->period + 2 < s->next)
		return ASSURE_LATE;
	at = reading_at(g, r->period);
	if (at->state == READING_NONE || at->period < r->period) {
		store(at, r);
		return r->period < s->next ? ASSURE_LATE : ASSURE_TAKEN;
	}
	if (at->period > r->period)
		return ASSURE_LATE;
	if (same(at, r))
		return ASSURE_DUPLICATE;
	at->state = READING_CONFLICT;
	return ASSURE_CONFLICT;
}

/* ---- a period ---- */

/* Packets of period k; FINE, or why they are unknown. */
static enum assure_why packets_of(struct rung *g, uint64_t k, uint64_t *packets)
{
	const struct reading *now = reading_at(g, k), *was = reading_at(g, k - 2);
	uint64_t from = 0;

	if (now->state == READING_NONE || now->period != k)
		return ASSURE_MISSING;
	if (now->state == READING_CONFLICT)
		return ASSURE_CONTRADICTED;
	if (!now->began) {
		if (was->state == READING_NONE || was->period != k - 2)
			return ASSURE_MISSING;
		if (was->state == READING_CONFLICT)
			return ASSURE_CONTRADICTED;
		if (was->boot != now->boot || was->packets > now->packets)
			return ASSURE_WENT_BACK;
		from = was->packets;
	}
	*packets = now->packets - from;
	return *packets <= PACKETS_MAX ? ASSURE_FINE : ASSURE_IMPOSSIBLE;
}

/* Between two points, for the D-marked packet of period k. */
static bool delay_of(struct rung *a, struct rung *b, uint64_t k, uint64_t *ns, uint64_t *error_ns)
{
	const struct reading *x = reading_at(a, k), *y = reading_at(b, k);

	if (x->state != READING_GOOD || y->state != READING_GOOD || x->period != k ||
	    y->period != k || x->d_ns == 0 || y->d_ns <= x->d_ns)
		return false; /* it does not arrive before it leaves: a clock */
	*ns = y->d_ns - x->d_ns;
	*error_ns = ((uint64_t)x->d_error_us + y->d_error_us) * 1000;
	return true;
}

static uint32_t us_of(uint64_t ns)
{
	return ns / 1000 < UINT32_MAX ? (uint32_t)(ns / 1000) : UINT32_MAX - 1;
}

static void segment(struct stream *s, const struct path *p, unsigned i, struct assure_window *w)
{
	struct rung *a = &s->rungs[p->rung[i]], *b = &s->rungs[p->rung[i + 1]];
	struct assure_segment *g = &w->segments[w->n_segments++];
	uint64_t in = 0, out = 0, ns, error;

	*g = (struct assure_segment){ .from = a->point, .to = b->point };
	if (packets_of(a, s->next, &in) == ASSURE_FINE &&
	    packets_of(b, s->next, &out) == ASSURE_FINE && out <= in) {
		g->known = true;
		g->lost = in - out;
	}
	if (delay_of(a, b, s->next, &ns, &error)) {
		g->has_delay = true;
		g->delay_us = us_of(ns);
	}
}

/* Nothing is lost in a part that is not lost in all: some of its packets went another way. */
static void contradict(struct assure_window *w)
{
	for (unsigned i = 0; w->loss_why == ASSURE_FINE && i < w->n_segments; i++)
		if (w->segments[i].known && w->segments[i].lost > w->lost)
			w->segments[i].known = false;
}

void assure_ladder_read(struct stream *s, struct assure_window *w, uint64_t *delay_ns,
			uint64_t *delay_error_ns)
{
	struct path p = active(s, s->next);
	struct rung *first, *last;
	uint64_t got = 0;

	for (unsigned i = 0; i + 1u < p.n; i++)
		segment(s, &p, i, w);
	first = &s->rungs[p.rung[0]];
	last = &s->rungs[p.rung[p.n - 1]];
	w->loss_why = packets_of(first, s->next, &w->sent);
	if (w->loss_why == ASSURE_FINE)
		w->loss_why = packets_of(last, s->next, &got);
	if (w->loss_why == ASSURE_FINE && got > w->sent)
		w->loss_why = ASSURE_IMPOSSIBLE;
	if (w->loss_why == ASSURE_FINE && w->sent == 0)
		w->loss_why = ASSURE_IDLE;
	if (w->loss_why == ASSURE_FINE)
		w->lost = w->sent - got;
	else
		w->sent = 0;
	contradict(w);
	if (delay_of(first, last, s->next, delay_ns, delay_error_ns)) {
		w->has_delay = true;
		w->delay_us = us_of(*delay_ns);
	}
}
