/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random networks and telemetry against an oracle that has every packet: which points it passed.
 * The oracle knows nothing of counters, colours or windows of src/assure; what it says of a period
 * follows from the packets sent in it and from which readings were handed over in time.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "assure/verdict/assure.h"
#include "base/rng.h"
#include "check_main.h"

#define MS UINT64_C(1000000)

enum { PERIOD = 1000, GUARD = 200, PERIODS = 120, POINTS = 10, PACKETS = 40, FIRST = 1000 };

/* Ingress, three transit nodes or two others, egress: points 0..7 and 0, 8, 9, 7 (and 3, 4 maybe). */
struct route {
	unsigned n;
	uint8_t at[POINTS];
};

static const struct route routes[] = {
	{ 8, { 0, 1, 2, 3, 4, 5, 6, 7 } },
	{ 4, { 0, 8, 9, 7 } },
	{ 6, { 0, 8, 9, 3, 4, 7 } },
	{ 6, { 0, 3, 4, 1, 2, 7 } }, /* two nodes in the other order */
};

struct model {
	struct rng rng;
	uint32_t passed[PERIODS][POINTS];  /* packets of a period that passed a point */
	uint64_t counter[POINTS][2];	   /* what the node has counted, per colour */
	uint64_t boot[POINTS];
	uint64_t told[PERIODS][POINTS], told_boot[PERIODS][POINTS];
	bool in_time[PERIODS][POINTS], at_all[PERIODS][POINTS], spoilt[PERIODS][POINTS];
	uint8_t from[PERIODS], to[PERIODS]; /* routes at its beginning and end */
	unsigned route, closed;
	struct assure *a;
};

static struct assure_point point(unsigned i)
{
	return (struct assure_point){ .node = i / 2, .out = i % 2 };
}

static bool chance(struct model *m, unsigned pct)
{
	return rng_below(&m->rng, 100) < pct;
}

static size_t points_of(const struct route *r, struct assure_point *out)
{
	for (unsigned i = 0; i < r->n; i++)
		out[i] = point(r->at[i]);
	return r->n;
}

/* ---- what happens ---- */

static void packet(struct model *m, unsigned k)
{
	const struct route *r = &routes[m->route];

	for (unsigned i = 0; i < r->n; i++) {
		if (i > 0 && chance(m, 3))
			return;
		m->passed[k][r->at[i]]++;
		m->counter[r->at[i]][(FIRST + k) % 2]++;
	}
}

static void reroute(struct model *m, unsigned k, uint64_t at_ns)
{
	struct assure_point p[POINTS];
	unsigned to = (unsigned)rng_below(&m->rng, 4);

	if (to == m->route)
		return;
	m->route = to;
	ck_assert_int_eq(assure_path(m->a, 1, p, points_of(&routes[to], p), at_ns, at_ns), 0);
	m->to[k] = (uint8_t)to;
}

static void report(struct model *m, unsigned k, unsigned p, uint64_t now_ns, bool lie)
{
	struct assure_report r = { .point = point(p), .period = FIRST + k,
				   .packets = m->told[k][p] + lie, .boot = m->told_boot[k][p] };

	(void)assure_report(m->a, 1, &r, now_ns);
}

/* Readings of period k, taken when it is over: told now, later, twice, otherwise, or never. */
static void read_out(struct model *m, unsigned k, uint64_t now_ns, unsigned faults)
{
	for (unsigned p = 0; p < POINTS; p++) {
		if (chance(m, faults / 4)) { /* the node began anew */
			m->boot[p]++;
			m->counter[p][0] = m->counter[p][1] = 0;
		}
		m->told[k][p] = m->counter[p][(FIRST + k) % 2];
		m->told_boot[k][p] = m->boot[p];
		if (chance(m, faults))
			continue;
		m->at_all[k][p] = true;
		if (chance(m, faults / 2))
			continue; /* told after the window was closed, by late() */
		m->in_time[k][p] = true;
		report(m, k, p, now_ns, false);
		if (chance(m, faults))
			report(m, k, p, now_ns, false);
		if (chance(m, faults / 2)) {
			report(m, k, p, now_ns, true);
			m->spoilt[k][p] = true;
		}
	}
}

static void late(struct model *m, unsigned k, uint64_t now_ns)
{
	for (unsigned p = 0; p < POINTS; p++)
		if (m->at_all[k][p] && !m->in_time[k][p])
			report(m, k, p, now_ns, false);
}

/* ---- what must be said ---- */

static bool on(const struct route *r, unsigned p, unsigned *at)
{
	for (unsigned i = 0; i < r->n; i++) {
		if (r->at[i] == p) {
			*at = i;
			return true;
		}
	}
	return false;
}

/* Whether the readings of the point tell what passed in period k. */
static bool is_read(const struct model *m, unsigned k, unsigned p)
{
	return k >= 2 && m->in_time[k][p] && !m->spoilt[k][p] && m->at_all[k - 2][p] &&
	       !m->spoilt[k - 2][p] && m->told_boot[k][p] == m->told_boot[k - 2][p] &&
	       m->told[k][p] >= m->told[k - 2][p];
}

/* A point that no route of the last periods had may have been forgotten with its readings. */
static bool is_kept(const struct model *m, unsigned k, unsigned p)
{
	unsigned at;

	for (unsigned i = k < 2 ? 0 : k - 2; i <= k; i++)
		if (!on(&routes[m->from[i]], p, &at) && !on(&routes[m->to[i]], p, &at))
			return false;
	return true;
}

static void on_window(void *arg, const struct assure_window *w)
{
	struct model *m = arg;
	unsigned k = (unsigned)(w->period - FIRST), at_from = 0, at_to = 0;
	const struct route *from = &routes[m->from[k]], *to = &routes[m->to[k]];
	bool known = is_read(m, k, 0) && is_read(m, k, 7) && m->passed[k][0] > 0;

	ck_assert_uint_eq(k, m->closed);
	m->closed++;
	ck_assert_msg((w->loss_why == ASSURE_FINE) == known, "period %u: %s", k,
		      assure_why_name(w->loss_why));
	ck_assert(w->verdict != ASSURE_UNKNOWN || !known);
	if (known) {
		ck_assert_uint_eq(w->sent, m->passed[k][0]);
		ck_assert_uint_eq(w->lost, m->passed[k][0] - m->passed[k][7]);
	}
	ck_assert_uint_ge(w->n_segments, 1);
	if (from == to)
		ck_assert_uint_eq(w->n_segments, from->n - 1);
	for (unsigned i = 0; i < w->n_segments; i++) {
		const struct assure_segment *g = &w->segments[i];
		unsigned a = g->from.node * 2 + g->from.out, b = g->to.node * 2 + g->to.out;
		unsigned from_a, to_a;
		bool read;

		/* both points are on both routes, in this order */
		ck_assert(on(from, a, &from_a) && on(to, a, &to_a));
		ck_assert(on(from, b, &at_from) && on(to, b, &at_to));
		ck_assert(from_a < at_from && to_a < at_to);
		read = is_read(m, k, a) && is_read(m, k, b);
		ck_assert_msg(!g->known || read, "period %u, %u to %u", k, a, b);
		ck_assert_msg(g->known || !read || !is_kept(m, k, a) || !is_kept(m, k, b),
			      "period %u, %u to %u", k, a, b);
		if (g->known)
			ck_assert_uint_eq(g->lost, m->passed[k][a] - m->passed[k][b]);
	}
}

static void run(uint64_t seed, unsigned faults, unsigned changes)
{
	static struct model m;
	const struct assure_terms t = { .period_ms = PERIOD, .guard_ms = GUARD,
					.loss_ppm_max = 50000, .delay_us_max = ASSURE_NO_BOUND,
					.horizon = 1, .at_risk_pct = 80, .to_violate = 3,
					.to_clear = 3 };
	struct assure_point p[POINTS];

	m = (struct model){ 0 };
	rng_seed(&m.rng, seed);
	ck_assert_int_eq(assure_new(&m.a, 1, seed), 0);
	ck_assert_int_eq(assure_add(m.a, 1, &t, p, points_of(&routes[0], p), FIRST * PERIOD * MS), 0);
	for (unsigned k = 0; k < PERIODS; k++) {
		uint64_t start = (uint64_t)(FIRST + k) * PERIOD * MS, end = start + PERIOD * MS;
		unsigned n = (unsigned)rng_below(&m.rng, PACKETS);
		bool change = chance(&m, changes);

		m.from[k] = m.to[k] = (uint8_t)m.route;
		for (unsigned i = 0; i < n; i++) {
			if (change && i == n / 2)
				reroute(&m, k, start + PERIOD / 2 * MS);
			packet(&m, k);
		}
		read_out(&m, k, end + GUARD / 2 * MS, faults);
		assure_advance(m.a, end + GUARD * MS - 1, on_window, &m);
		ck_assert_uint_eq(m.closed, k);
		assure_advance(m.a, end + GUARD * MS, on_window, &m);
		ck_assert_uint_eq(m.closed, k + 1);
		late(&m, k, end + GUARD * MS + 1);
	}
	assure_free(m.a);
}

START_TEST(sound_telemetry_is_exact)
{
	run((uint64_t)_i + 1, 0, 0);
}
END_TEST

START_TEST(a_reroute_in_mid_period_loses_nothing)
{
	run((uint64_t)_i + 1, 0, 30);
}
END_TEST

START_TEST(faulty_telemetry_is_unknown_and_the_rest_exact)
{
	run((uint64_t)_i + 1, 12, 0);
}
END_TEST

START_TEST(faulty_telemetry_and_reroutes)
{
	run((uint64_t)_i + 1, 8, 25);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("assure-model");
	TCase *tc = tcase_create("traces");

	tcase_add_loop_test(tc, sound_telemetry_is_exact, 0, 10);
	tcase_add_loop_test(tc, a_reroute_in_mid_period_loses_nothing, 0, 40);
	tcase_add_loop_test(tc, faulty_telemetry_is_unknown_and_the_rest_exact, 0, 40);
	tcase_add_loop_test(tc, faulty_telemetry_and_reroutes, 0, 40);
	suite_add_tcase(s, tc);
	return check_main(s);
}
