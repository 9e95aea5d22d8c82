/* SPDX-License-Identifier: Apache-2.0 */
/* The accounting of a Session-Sender, by hand and against random traces; its configuration. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mono.h"
#include "base/rng.h"
#include "check_main.h"
#include "tools/agent/cfg.h"
#include "tools/agent/measure/stamp_win.h"

#define WALL (UINT64_C(1795651200) * NS_PER_S)
#define STEP (20 * NS_PER_MS)

enum { N = 10 };

static struct agent_stamp_acc *acc;

static void setup(void)
{
	ck_assert_int_eq(agent_stamp_acc_new(&acc, N, 5, true), 0);
}

static void teardown(void)
{
	acc = agent_stamp_acc_free(acc);
}

static uint64_t at(uint32_t seq)
{
	return NS_PER_S + seq * STEP;
}

static void sent(uint32_t seq)
{
	ck_assert_uint_eq(agent_stamp_acc_sent(acc, 1000 + seq, WALL + at(seq), at(seq)), seq);
}

/* An answer with these delays, both clocks true. */
static struct agent_stamp_times times(uint32_t seq, uint64_t there_ns, uint64_t back_ns)
{
	uint64_t t1 = WALL + at(seq), total = there_ns + NS_PER_MS + back_ns;

	return (struct agent_stamp_times){ .t1 = t1,
					   .t2 = t1 + there_ns,
					   .t3 = t1 + there_ns + NS_PER_MS,
					   .t4 = t1 + total,
					   .sent_mono_ns = at(seq),
					   .now_mono_ns = at(seq) + total,
					   .now_wall_ns = t1 + total,
					   .sync = true,
					   .error_ns = 20000 };
}

static bool answered_at(uint32_t seq, uint32_t refl, struct agent_stamp_times t)
{
	uint64_t wall, mono;

	if (!agent_stamp_acc_awaits(acc, seq, 1000 + seq, &wall, &mono))
		return false;
	ck_assert_uint_eq(wall, WALL + at(seq));
	ck_assert_uint_eq(mono, at(seq));
	agent_stamp_acc_answer(acc, seq, refl, &t);
	return true;
}

static bool answered(uint32_t seq, uint32_t refl)
{
	return answered_at(seq, refl, times(seq, 5 * NS_PER_MS, 7 * NS_PER_MS));
}

static const struct agent_stamp_window *closed(uint32_t windows)
{
	(void)agent_stamp_acc_close(acc, at(windows * N), WALL + at(windows * N));
	ck_assert_uint_eq(agent_stamp_acc_totals(acc)->windows, windows);
	return agent_stamp_acc_last(acc);
}

START_TEST(a_window_tells_delays_and_no_loss)
{
	const struct agent_stamp_window *w;

	for (uint32_t i = 0; i < N; i++) {
		sent(i);
		ck_assert(answered_at(i, i, times(i, (5 + i) * NS_PER_MS, 7 * NS_PER_MS)));
	}
	ck_assert(!agent_stamp_acc_close(acc, at(N - 1), WALL)); /* its last may yet be answered */
	ck_assert_ptr_null(agent_stamp_acc_last(acc));
	w = closed(1);
	ck_assert(w->known && w->sent == N && w->received == N);
	ck_assert(w->rtt.n == N && w->rtt.min == 12000 && w->rtt.max == 21000 && w->rtt.p50 == 16000);
	ck_assert(w->forward.min == 5000 && w->forward.max == 14000);
	ck_assert(w->backward.min == 7000 && w->backward.max == 7000);
	ck_assert_uint_eq(w->error_us, 20);
	ck_assert(!w->rtt.has_p99); /* ten are no percentile of a hundred */
	ck_assert_uint_eq(agent_stamp_acc_totals(acc)->lost, 0);
}
END_TEST

START_TEST(a_percentile_wants_a_hundred_samples)
{
	acc = agent_stamp_acc_free(acc);
	ck_assert_int_eq(agent_stamp_acc_new(&acc, 100, 5, true), 0);
	for (uint32_t i = 0; i < 100; i++) {
		sent(i);
		ck_assert(answered_at(i, i, times(i, (i + 1) * NS_PER_MS, 0)));
	}
	ck_assert(agent_stamp_acc_close(acc, at(100), WALL));
	ck_assert(agent_stamp_acc_last(acc)->rtt.has_p99);
	ck_assert_uint_eq(agent_stamp_acc_last(acc)->rtt.p99, 99000);
	ck_assert_uint_eq(agent_stamp_acc_last(acc)->rtt.p50, 50000);
}
END_TEST

START_TEST(a_window_without_answers_is_unknown)
{
	const struct agent_stamp_window *w;

	for (uint32_t i = 0; i < N; i++)
		sent(i);
	w = closed(1);
	ck_assert(!w->known && w->rtt.n == 0 && w->forward.n == 0);
	ck_assert_uint_eq(agent_stamp_acc_totals(acc)->lost, 0);
	ck_assert_uint_eq(agent_stamp_acc_totals(acc)->unknown, N);
	ck_assert_uint_eq(agent_stamp_acc_totals(acc)->windows_unknown, 1);
}
END_TEST

START_TEST(another_path_begins_a_new_window)
{
	const struct agent_stamp_totals *t = agent_stamp_acc_totals(acc);

	for (uint32_t i = 0; i < N; i++)
		sent(i);
	ck_assert(answered(0, 0) && answered(1, 1));
	ck_assert(agent_stamp_acc_close(acc, at(N + 1), WALL));
	ck_assert_ptr_nonnull(agent_stamp_acc_last(acc));
	for (uint32_t i = N; i < N + 4; i++)
		sent(i);
	ck_assert(answered(N, 2));
	agent_stamp_acc_restart(acc);
	ck_assert_ptr_null(agent_stamp_acc_last(acc));
	ck_assert_uint_eq(t->unknown, 3); /* neither lost nor received */
	ck_assert(!answered(N + 1, 3));	  /* of the old path: late */
	ck_assert_uint_eq(t->late, 1);
	for (uint32_t i = N + 4; i < 2 * N + 4; i++) {
		sent(i);
		ck_assert(answered(i, i));
	}
	ck_assert(agent_stamp_acc_close(acc, at(2 * N + 5), WALL));
	ck_assert_uint_eq(agent_stamp_acc_last(acc)->first, N + 4);
	ck_assert_uint_eq(agent_stamp_acc_last(acc)->received, N);
	ck_assert_uint_eq(t->sent, t->received + t->lost + t->unknown);
	ck_assert_uint_eq(t->windows, 2);
}
END_TEST

START_TEST(loss_has_a_direction_when_the_reflector_counts)
{
	const struct agent_stamp_window *w;

	for (uint32_t i = 0; i < N; i++)
		sent(i);
	/* 2 and 3 are lost on the way there, the answers of 6, 7, 8 on the way back */
	ck_assert(answered(0, 40) && answered(1, 41) && answered(4, 42) && answered(5, 43) &&
		  answered(9, 47));
	w = closed(1);
	ck_assert(w->known && w->received == 5);
	ck_assert_uint_eq(w->lost_forward, 2);
	ck_assert_uint_eq(w->lost_backward, 3);
}
END_TEST

START_TEST(loss_at_the_end_of_a_window_is_placed_with_the_next)
{
	for (uint32_t i = 0; i < 2 * N; i++) {
		sent(i);
		if (i < 8 || i >= N) /* 8, 9 lost on the way there */
			ck_assert(answered(i, i < 8 ? i : i - 2));
		if (i == N - 1) {
			ck_assert_uint_eq(closed(1)->lost_forward, 0);
			ck_assert_uint_eq(agent_stamp_acc_totals(acc)->lost, 2);
		}
	}
	ck_assert_uint_eq(closed(2)->lost_forward, 2);
	ck_assert_uint_eq(agent_stamp_acc_totals(acc)->lost, 2);
	ck_assert_uint_eq(agent_stamp_acc_totals(acc)->lost_backward, 0);
}
END_TEST

START_TEST(a_reflector_that_counts_anew_places_nothing)
{
	for (uint32_t i = 0; i < 2 * N; i++) {
		sent(i);
		if (i == N - 1)
			ck_assert_uint_eq(closed(1)->lost_forward, 0);
		else if (i != 12)
			ck_assert(answered(i, i < N ? 500 + i : i - N));
	}
	ck_assert_uint_eq(closed(2)->lost_forward, 0);
	ck_assert_uint_eq(agent_stamp_acc_totals(acc)->resets, 1);
	ck_assert_uint_eq(agent_stamp_acc_totals(acc)->lost_backward, 0);
	ck_assert_uint_eq(agent_stamp_acc_totals(acc)->lost, 2);
}
END_TEST

START_TEST(answers_out_of_order_are_no_loss)
{
	for (uint32_t i = 0; i < N; i++)
		sent(i);
	for (uint32_t i = 0; i < N; i++)
		ck_assert(answered(i ^ 1, i)); /* pairs arrive swapped at the reflector */
	ck_assert_uint_eq(closed(1)->lost_forward, 0);
	ck_assert_uint_eq(agent_stamp_acc_totals(acc)->lost_backward, 0);
	ck_assert_uint_eq(agent_stamp_acc_totals(acc)->lost, 0);
}
END_TEST

START_TEST(duplicates_late_ones_and_strays_are_told_apart)
{
	const struct agent_stamp_totals *t = agent_stamp_acc_totals(acc);
	uint64_t wall, mono;

	for (uint32_t i = 0; i < N; i++)
		sent(i);
	ck_assert(answered(3, 0));
	ck_assert(!answered(3, 0));
	ck_assert(!agent_stamp_acc_awaits(acc, 4, 77, &wall, &mono)); /* repeats not what we sent */
	ck_assert(!agent_stamp_acc_awaits(acc, N, 1000 + N, &wall, &mono));
	ck_assert(!agent_stamp_acc_awaits(acc, UINT32_MAX / 2, 0, &wall, &mono));
	(void)closed(1);
	ck_assert(!answered(5, 1));
	ck_assert(t->duplicates == 1 && t->stray == 3 && t->late == 1 && t->received == 1);
}
END_TEST

/* ---- clocks ---- */

START_TEST(a_clock_that_jumped_gives_no_delay)
{
	struct agent_stamp_times t = times(0, NS_PER_MS, NS_PER_MS);

	for (uint32_t i = 0; i < N; i++)
		sent(i);
	t.t4 += NS_PER_S;
	t.now_wall_ns += NS_PER_S;
	ck_assert(answered_at(0, 0, t));
	ck_assert(closed(1)->known);
	ck_assert_uint_eq(agent_stamp_acc_last(acc)->rtt.n, 0);
	ck_assert_uint_eq(agent_stamp_acc_totals(acc)->doubts, 1);
}
END_TEST

START_TEST(clocks_that_are_not_synchronised_give_a_round_trip_only)
{
	struct agent_stamp_times t = times(0, NS_PER_MS, NS_PER_MS);

	for (uint32_t i = 0; i < N; i++)
		sent(i);
	t.t2 += 7 * NS_PER_S;
	t.t3 += 7 * NS_PER_S;
	t.sync = false;
	ck_assert(answered_at(0, 0, t));
	t = times(1, NS_PER_MS, NS_PER_MS); /* says it is, but answers before it was asked */
	t.t2 -= 2 * NS_PER_MS;
	t.t3 -= 2 * NS_PER_MS;
	ck_assert(answered_at(1, 1, t));
	ck_assert_uint_eq(closed(1)->rtt.n, 2);
	ck_assert_uint_eq(agent_stamp_acc_last(acc)->rtt.p50, 2000);
	ck_assert_uint_eq(agent_stamp_acc_last(acc)->forward.n, 0);
	ck_assert_uint_eq(agent_stamp_acc_last(acc)->backward.n, 0);
	ck_assert_uint_eq(agent_stamp_acc_totals(acc)->doubts, 1);
}
END_TEST

START_TEST(a_loop_that_was_away_does_not_overrun_the_ring)
{
	for (uint32_t i = 0; i < 100 * N; i++)
		sent(i);
	ck_assert_uint_ge(agent_stamp_acc_totals(acc)->windows, 90);
	ck_assert_uint_eq(agent_stamp_acc_totals(acc)->lost, 0);
	ck_assert(!answered(0, 0));
	ck_assert(answered(100 * N - 1, 0));
}
END_TEST

/* ---- random traces ---- */

/* An oracle that knows the fate of each probe: what is placed in the end is what was lost in each
 * direction between the first and the last answer, for each probe was in one of three states. */
START_TEST(random_traces_are_placed_exactly)
{
	enum { PROBES = 400 * N };
	static uint8_t fate[PROBES]; /* 0 answered, 1 lost there, 2 lost on the way back */
	const struct agent_stamp_totals *t = agent_stamp_acc_totals(acc);
	uint64_t forward = 0, backward = 0, first = PROBES, last = 0, got = 0;
	uint32_t refl = 0;
	struct rng rng;

	rng_seed(&rng, (uint64_t)_i + 1);
	for (uint32_t i = 0; i < PROBES; i++) {
		uint64_t x = rng_below(&rng, 100), p = (uint64_t)_i * 4;

		fate[i] = x < p ? 1 : x < 2 * p ? 2 : 0;
		sent(i);
		if (fate[i] != 1) {
			refl++;
			if (fate[i] == 0)
				ck_assert(answered(i, refl));
		}
		if (i % N == N - 1)
			(void)closed(i / N + 1);
		if (fate[i] == 0) {
			first = first == PROBES ? i : first;
			last = i;
			got++;
		}
	}
	for (uint64_t i = first; i < last && first < PROBES; i++) {
		forward += fate[i] == 1;
		backward += fate[i] == 2;
	}
	ck_assert_uint_eq(t->received, got);
	ck_assert_uint_eq(t->lost + t->unknown, PROBES - got);
	ck_assert_uint_eq(t->lost_forward, forward);
	ck_assert_uint_eq(t->lost_backward, backward);
	ck_assert_uint_eq(t->resets, 0);
}
END_TEST

/* ---- configuration ---- */

static int load(const char *text, struct agent_cfg **out, struct str *errors)
{
	char file[] = "/tmp/test_stamp.XXXXXX";
	int fd = mkstemp(file), rc;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_gt(dprintf(fd, "node: r1\nrouter-id: \"::1\"\nstamp:\n%s", text), 0);
	rc = agent_cfg_load(file, out, errors);
	(void)close(fd);
	(void)unlink(file);
	return rc;
}

START_TEST(a_configuration_is_read)
{
	STR_AUTO struct str e = { 0 };
	AUTO(agent_cfg_free) struct agent_cfg *c = NULL;

	ck_assert_msg(load("  clock-error: 5\n  reflector: { allow: [\"fd00::/8\"], stateful: false }\n"
			   "  session:\n  - { name: a, reflector: \"fd00::2\", segment: [\"fc00::2\", "
			   "\"fc00::1\"], dscp: 46, interval: 50 }\n",
			   &c, &e) == 0,
		      "%s", str_text(&e));
	ck_assert(c->stamp.has_error && c->stamp.error_us == 5 && c->stamp.has_reflector);
	ck_assert(!c->stamp.reflector.stateful && !c->stamp.reflector.return_path &&
		  c->stamp.reflector.n_allow == 1 && c->stamp.reflector.port == 862);
	ck_assert_uint_eq(c->stamp.n_sessions, 1);
	ck_assert(c->stamp.sessions[0].n_segments == 2 && c->stamp.sessions[0].segments[0].b[15] == 2);
	ck_assert(c->stamp.sessions[0].dscp == 46 && c->stamp.sessions[0].interval_ms == 50 &&
		  c->stamp.sessions[0].window_s == 10 && c->stamp.sessions[0].stateful);
}
END_TEST

static const char *const refused[] = {
	"  reflector: { port: 862 }\n", /* nobody may ask */
	"  session: [ { name: a } ]\n",
	"  session: [ { name: a, reflector: \"ff02::1\" } ]\n",
	"  session: [ { name: a, reflector: \"::2\", interval: 10, window: 11 } ]\n",
	"  session: [ { name: a, reflector: \"::2\", interval: 10, timeout: 60000 } ]\n",
	"  session: [ { name: a, reflector: \"::2\", interval: 2000, window: 1 } ]\n",
	"  session: [ { name: a, reflector: \"::2\", segment: [\"1.2.3.4\"] } ]\n",
	"  session: [ { name: a, reflector: \"::2\", key-file: /no/such/file } ]\n",
	"  session: [ { name: a, reflector: \"::2\", key-file: /etc/hostname, return-segment: [\"::3\"] } ]\n",
};

START_TEST(a_wrong_one_is_refused)
{
	STR_AUTO struct str e = { 0 };
	AUTO(agent_cfg_free) struct agent_cfg *c = NULL;

	ck_assert_int_lt(load(refused[_i], &c, &e), 0);
	ck_assert_uint_gt(e.len, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("agent-stamp");
	TCase *tc = tcase_create("windows");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_window_tells_delays_and_no_loss);
	tcase_add_test(tc, a_percentile_wants_a_hundred_samples);
	tcase_add_test(tc, a_window_without_answers_is_unknown);
	tcase_add_test(tc, another_path_begins_a_new_window);
	tcase_add_test(tc, loss_has_a_direction_when_the_reflector_counts);
	tcase_add_test(tc, loss_at_the_end_of_a_window_is_placed_with_the_next);
	tcase_add_test(tc, a_reflector_that_counts_anew_places_nothing);
	tcase_add_test(tc, answers_out_of_order_are_no_loss);
	tcase_add_test(tc, duplicates_late_ones_and_strays_are_told_apart);
	tcase_add_test(tc, a_clock_that_jumped_gives_no_delay);
	tcase_add_test(tc, clocks_that_are_not_synchronised_give_a_round_trip_only);
	tcase_add_test(tc, a_loop_that_was_away_does_not_overrun_the_ring);
	tcase_add_loop_test(tc, random_traces_are_placed_exactly, 0, 12);
	suite_add_tcase(s, tc);
	tc = tcase_create("configuration");
	tcase_add_test(tc, a_configuration_is_read);
	tcase_add_loop_test(tc, a_wrong_one_is_refused, 0, (int)ARRAY_LEN(refused));
	suite_add_tcase(s, tc);
	return check_main(s);
}
