/* SPDX-License-Identifier: Apache-2.0 */
/* The same with real workers: what they find does not depend on when they find it. */
#include "world.h"

#include <string.h>

enum { N = 120, G = 1000000000, ROOM_FOR = 70 };

static void setup(void)
{
	world_up_threads(2);
	net_square();
	net_dir("a", "b")->te_metric = 100;
	net_publish();
	pcc_up("a");
}

static const struct intent_view *view_at(uint32_t color)
{
	return view_of("a", color, "d");
}

/* How many of the best priorities have a way, and all of those that have one. */
static unsigned with_a_way(uint8_t prios)
{
	unsigned n = 0;

	for (uint32_t c = 1; c <= N; c++) {
		const struct intent_view *v = view_at(c);

		n += v->has_computed && v->desired.setup_prio < prios;
	}
	return n;
}

static bool all_answered(void)
{
	for (uint32_t c = 1; c <= N; c++) {
		if (view_at(c)->state != (view_at(c)->has_computed ? INTENT_UP : INTENT_DOWN))
			return false;
	}
	return true;
}

/* Until so many have a way and every headend has said so. */
static void wait_until(unsigned with_way)
{
	for (unsigned ms = 0; ms < 20000 && !(with_a_way(8) == with_way && all_answered()); ms += 5) {
		run_ms(5);
		pcc_answer("a");
	}
	ck_assert_uint_eq(with_a_way(8), with_way);
	ck_assert(all_answered());
	audit();
}

static void answered(void *arg, const struct intent_result *r)
{
	ck_assert_int_eq(r->code, 0);
	++*(unsigned *)arg;
}

static void put_all(void)
{
	unsigned done = 0;

	for (uint32_t c = 1; c <= N; c++) {
		struct intent_policy *p = policy("a", c, "d");

		p->cpaths[0].minimise = PCE_TE;
		p->bandwidth_bps = G / 100;
		p->setup_prio = p->hold_prio = (uint8_t)(c % 8);
		intent_put(world.intent, INTENT_CREATE, p, 0, answered, &done);
	}
	for (unsigned ms = 0; ms < 10000 && done < N; ms++)
		run_ms(1);
	ck_assert_uint_eq(done, N);
	wait_until(N);
}

START_TEST(best_priorities_get_the_room_that_is_left)
{
	put_all();
	net_dir("b", "d")->capacity_bps = (uint64_t)ROOM_FOR * (G / 100);
	for (unsigned k = 0; k < 5; k++) { /* while the workers are at it */
		net_dir("c", "d")->te_metric = 30 + k;
		net_publish();
	}
	net_dir("a", "c")->alive = net_dir("c", "a")->alive = false;
	net_cut("c", "d"); /* no list by way of c works any more */
	wait_until(ROOM_FOR);
	ck_assert_uint_eq(with_a_way(4), N / 2); /* all of the best */
}
END_TEST

struct asked {
	unsigned calls, moved;
};

static void told(void *arg, int rc, const struct intent_whatif *w)
{
	struct asked *x = arg;

	ck_assert_int_eq(rc, 0);
	x->calls++;
	x->moved = w->n_moved;
}

/* The topology and the policies go on changing while a worker is at it. */
START_TEST(what_if_is_worked_out_beside_everything_else)
{
	const struct intent_whatif_query q = { .kind = PCE_FAIL_NODE, .name = "d", .limit = N };
	struct asked x = { 0 };

	put_all();
	for (unsigned k = 0; k < 20; k++) {
		unsigned before = x.calls;

		ck_assert_int_eq(intent_whatif(world.intent, &q, told, &x), 0);
		net_dir("a", "c")->te_metric = 20 + k;
		net_publish();
		for (unsigned ms = 0; ms < 5000 && x.calls == before; ms++)
			run_ms(1);
		ck_assert_uint_eq(x.calls, before + 1);
		pcc_answer("a");
	}
	ck_assert_uint_gt(x.moved, 0);
	audit();
}
END_TEST

static void gone(void *arg, int rc, const struct intent_whatif *w)
{
	(void)w;
	ck_assert_int_le(rc, 0);
	++((struct asked *)arg)->calls;
}

START_TEST(end_with_jobs_on_their_way_is_clean)
{
	struct asked x = { 0 };
	const struct intent_whatif_query q = { .kind = PCE_FAIL_NODE, .name = "a" };

	put_all();
	net_cut("c", "d");
	ck_assert_int_eq(intent_whatif(world.intent, &q, gone, &x), 0);
	run_ms((uint64_t)_i);
	world.intent = intent_free(world.intent);
	ck_assert_uint_eq(x.calls, 1);
	run_ms(20);
}
END_TEST

/* Questions for paths beside waves of policies, on changing TEDs and books, and at the end. */
START_TEST(paths_are_found_beside_everything_else)
{
	struct driver_path_request q[2];
	struct driver_path_set set = { .headend = net_addr("a"), .session = pcc_at("a")->session,
				       .at = q };
	unsigned asked = 0;

	for (unsigned i = 0; i < 2; i++)
		q[i] = (struct driver_path_request){ .src = net_addr("a"), .dst = net_addr("d"),
						     .bandwidth_bps = G, .setup_prio = 7,
						     .hold_prio = 7, .metric_wanted = 1 };
	put_all();
	for (unsigned k = 0; k < 60; k++) {
		set.ask = ++asked;
		set.n = (uint8_t)(1 + k % 2);
		set.diverse = k % 4 == 1 ? DRIVER_DIVERSE_LINK : 0;
		set.objective = k % 4 == 3 ? DRIVER_OF_MLL : DRIVER_OF_NONE;
		intent_sink.path_request(world.intent, &set);
		if (k % 10 == 5)
			net_dir("a", "b")->te_metric = 100 + k;
		if (k % 10 == 5)
			net_publish();
		run_ms(1);
	}
	for (unsigned ms = 0; ms < 10000 && world.n_answers < asked; ms += 5)
		run_ms(5);
	ck_assert_uint_eq(world.n_answers, asked);
	ck_assert(world.replies[0].found && world.paths.objective == DRIVER_OF_MLL);
	for (unsigned k = 0; k < 5; k++)
		intent_sink.path_request(world.intent, &set);
	world.intent = intent_free(world.intent);
	run_ms(20);
	ck_assert_uint_eq(world.n_answers, asked);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("intent-threads");
	TCase *tc = tcase_create("threads");

	tcase_add_checked_fixture(tc, setup, world_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, best_priorities_get_the_room_that_is_left);
	tcase_add_test(tc, what_if_is_worked_out_beside_everything_else);
	tcase_add_loop_test(tc, end_with_jobs_on_their_way_is_clean, 0, 3);
	tcase_add_test(tc, paths_are_found_beside_everything_else);
	suite_add_tcase(s, tc);
	return check_main(s);
}
