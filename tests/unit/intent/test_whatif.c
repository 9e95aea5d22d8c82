/* SPDX-License-Identifier: Apache-2.0 */
/* What if something failed: asked of a world with policies, a slice of them at a time. */
#include "world.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { G = 1000000000, MANY = 1100, ROWS = 1024 };

static struct {
	unsigned calls;
	int rc;
	struct intent_whatif is;
	struct intent_whatif_row row[ROWS];
	char why[200], breaks[200];
	char after[TED_LABEL_MAX];
} got;

static void keep(void *arg, int rc, const struct intent_whatif *w)
{
	ck_assert_ptr_eq(arg, &got);
	got.calls++;
	got.rc = rc;
	got.is = *w;
	ck_assert_uint_le(w->n_rows, ROWS);
	if (w->n_rows)
		memcpy(got.row, w->rows, w->n_rows * sizeof(*w->rows));
	got.is.rows = got.row;
	(void)snprintf(got.why, sizeof(got.why), "%s", w->why ? w->why : "");
	if (w->n_rows && w->rows[0].breaks)
		(void)snprintf(got.breaks, sizeof(got.breaks), "%s", w->rows[0].breaks);
	got.after[0] = '\0';
	if (w->after.link != TED_NONE && w->ted)
		(void)ted_link_label(w->ted, w->after.link, got.after, sizeof(got.after));
}

static int ask(enum pce_failure_kind kind, const char *name, const struct sr_policy_key *after,
	       uint32_t limit)
{
	const struct intent_whatif_query q = { .kind = kind, .name = name, .after = after,
					       .limit = limit };

	return intent_whatif(world.intent, &q, keep, &got);
}

static void what_if(enum pce_failure_kind kind, const char *name)
{
	memset(&got, 0, sizeof(got));
	ck_assert_int_eq(ask(kind, name, NULL, ROWS), 0);
	run_ms(5000);
	ck_assert_uint_eq(got.calls, 1);
	ck_assert_int_eq(got.rc, 0);
}

static void setup(void)
{
	memset(&got, 0, sizeof(got));
	world_up(NULL);
	net_square();
	pcc_up("a");
}

static struct intent_policy *rated(uint32_t color, uint64_t bps, uint32_t delay_us_max)
{
	struct intent_policy *p = policy("a", color, "d");

	p->bandwidth_bps = bps;
	p->cpaths[0].delay_us_max = delay_us_max;
	return p;
}

/* Both ways are 2 ms; the one over c is made slower. */
START_TEST(who_runs_over_it_is_told_with_what_he_loses)
{
	net_dir("c", "d")->delay_us = net_dir("c", "d")->delay_min_us = 9000;
	net_publish();
	put_ok(rated(1, G, PCE_NO_BOUND));
	put_ok(rated(2, 2 * G, 5000));
	what_if(PCE_FAIL_LINK, "a>b");
	ck_assert_str_eq(got.why, "");
	ck_assert_uint_eq(got.is.n_dead, 2);
	ck_assert_uint_eq(got.is.n_moved, 2);
	ck_assert_uint_eq(got.is.n_unknown, 0);
	ck_assert_uint_eq(got.is.n_worse, 1);
	ck_assert_uint_eq(got.is.n_rows, 1);
	ck_assert_uint_eq(got.row[0].key.color, 2);
	ck_assert_int_eq(got.row[0].loss, PCE_FLOW_BOUND);
	ck_assert_int_eq(got.row[0].bound, PCE_C_DELAY);
	ck_assert_uint_eq(got.row[0].value, 10000);
	ck_assert_uint_eq(got.is.after.load_bps, 3 * UINT64_C(1000000000));
	ck_assert_str_eq(got.after, "a>c");
	what_if(PCE_FAIL_LINK, "a>c");
	ck_assert_uint_eq(got.is.n_moved, 0);
	ck_assert_str_eq(got.after, "a>b");
	what_if(PCE_FAIL_NODE, "d");
	ck_assert_uint_eq(got.is.n_worse, 2);
	ck_assert_int_eq(got.row[0].loss, PCE_FLOW_END);
	ck_assert_uint_eq(got.is.after.load_bps, 0);
}
END_TEST

/* The way over c has a colour the policy keeps off: its packets arrive, and are where they must not
 * be. One that is there already loses nothing. */
START_TEST(who_is_moved_onto_what_he_excludes_is_told)
{
	struct intent_policy *p = rated(1, G, PCE_NO_BOUND);

	net_dir("a", "c")->admin_group[0] = 4;
	net_publish();
	p->cpaths[0].affinity.exclude_any[0] = 4;
	put_ok(p);
	put_ok(rated(2, G, PCE_NO_BOUND));
	what_if(PCE_FAIL_LINK, "a>b");
	ck_assert_uint_eq(got.is.n_moved, 2);
	ck_assert_uint_eq(got.is.n_worse, 1);
	ck_assert_uint_eq(got.row[0].key.color, 1);
	ck_assert_int_eq(got.row[0].loss, PCE_FLOW_KEPT);
	ck_assert_str_eq(got.breaks, "link a>c has an affinity that is not allowed");
	what_if(PCE_FAIL_LINK, "c>d");
	ck_assert_uint_eq(got.is.n_worse, 0);
}
END_TEST

START_TEST(what_cannot_be_said_is_said_at_once)
{
	ck_assert_int_eq(ask(PCE_FAIL_LINK, "a>x", NULL, ROWS), 0);
	ck_assert_uint_eq(got.calls, 1);
	ck_assert_str_eq(got.why, "there is no such link");
	ck_assert_int_eq(ask(PCE_FAIL_SRLG, "77", NULL, ROWS), 0);
	ck_assert_uint_eq(got.calls, 2);
	ck_assert_str_eq(got.why, "no link is in that SRLG");
	world_crash();
	ck_assert_int_eq(ask(PCE_FAIL_NODE, "a", NULL, ROWS), 0);
	ck_assert_str_eq(got.why, "there is no topology yet");
}
END_TEST

/* More than a slice: all are counted, and pages have each once. */
START_TEST(there_may_be_any_number_of_policies)
{
	struct sr_policy_key at;
	uint32_t next = 1;

	pcc_down("a"); /* paths are computed all the same, and nobody waits for answers */
	for (uint32_t c = 1; c <= MANY; c++)
		ck_assert_int_eq(put(INTENT_REPLACE, rated(c, c % 2 ? 1000 : 0, 2500), 0).code, 0);
	net_dir("a", "c")->delay_us = net_dir("a", "c")->delay_min_us = 9000;
	net_publish();
	for (bool first = true; first || got.is.more; first = false) {
		memset(&got, 0, sizeof(got));
		ck_assert_int_eq(ask(PCE_FAIL_LINK, "b>d", first ? NULL : &at, ROWS), 0);
		run_ms(5000);
		ck_assert_uint_eq(got.calls, 1);
		ck_assert_uint_eq(got.is.n_moved, MANY);
		ck_assert_uint_eq(got.is.n_worse, MANY);
		ck_assert_uint_eq(got.is.after.load_bps, MANY / 2 * UINT64_C(1000));
		ck_assert_uint_gt(got.is.n_rows, 0);
		for (uint32_t k = 0; k < got.is.n_rows; k++)
			ck_assert_uint_eq(got.row[k].key.color, next++);
		at = got.row[got.is.n_rows - 1].key;
	}
	ck_assert_uint_eq(next, MANY + 1);
	memset(&got, 0, sizeof(got));
	ck_assert_int_eq(ask(PCE_FAIL_LINK, "b>d", NULL, 0), 0);
	run_ms(5000);
	ck_assert_uint_eq(got.is.n_rows, 0);
	ck_assert(got.is.more);
}
END_TEST

/* From the store, its way never seen by this topology: it is looked at like the others. */
START_TEST(a_list_nobody_has_walked_is_walked)
{
	put_ok(rated(1, G, PCE_NO_BOUND));
	ck_assert_uint_eq(pcc_answer("a"), 1);
	run_ms(1000); /* the disk has it */
	world_crash();
	net_stale();
	what_if(PCE_FAIL_LINK, "a>b");
	ck_assert_uint_eq(got.is.n_moved, 1);
	ck_assert_uint_eq(got.is.n_unknown, 0);
	what_if(PCE_FAIL_LINK, "a>c");
	ck_assert_uint_eq(got.is.n_moved, 0);
}
END_TEST

START_TEST(who_asks_too_much_at_once_is_refused)
{
	put_ok(rated(1, G, PCE_NO_BOUND));
	for (unsigned k = 0; k < 4; k++)
		ck_assert_int_eq(ask(PCE_FAIL_LINK, "a>b", NULL, ROWS), 0);
	ck_assert_int_eq(ask(PCE_FAIL_LINK, "a>b", NULL, ROWS), INTENT_E_BUSY);
	run_ms(5000);
	ck_assert_uint_eq(got.calls, 4);
	ck_assert_int_eq(ask(PCE_FAIL_LINK, "a>b", NULL, ROWS), 0);
	run_ms(5000);
	ck_assert_uint_eq(got.calls, 5);
}
END_TEST

/* Before its first turn, and while a worker has it. */
START_TEST(who_has_gone_is_not_answered)
{
	put_ok(rated(1, G, PCE_NO_BOUND));
	ck_assert_int_eq(ask(PCE_FAIL_LINK, "a>b", NULL, ROWS), 0);
	if (_i)
		(void)loop_fake_step(world.loop, loop_now(world.loop));
	intent_whatif_forget(world.intent, &got);
	run_ms(5000);
	ck_assert_uint_eq(got.calls, 0);
	intent_whatif_forget(world.intent, &got);
}
END_TEST

START_TEST(when_intent_goes_who_waits_is_told)
{
	put_ok(rated(1, G, PCE_NO_BOUND));
	ck_assert_int_eq(ask(PCE_FAIL_LINK, "a>b", NULL, ROWS), 0);
	if (_i)
		(void)loop_fake_step(world.loop, loop_now(world.loop));
	world_crash();
	ck_assert_uint_eq(got.calls, 1);
	ck_assert_int_eq(got.rc, -ECANCELED);
	run_ms(5000);
	ck_assert_uint_eq(got.calls, 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("intent-whatif");
	TCase *t = tcase_create("whatif");

	tcase_add_checked_fixture(t, setup, world_down);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, who_runs_over_it_is_told_with_what_he_loses);
	tcase_add_test(t, who_is_moved_onto_what_he_excludes_is_told);
	tcase_add_test(t, what_cannot_be_said_is_said_at_once);
	tcase_add_test(t, there_may_be_any_number_of_policies);
	tcase_add_test(t, a_list_nobody_has_walked_is_walked);
	tcase_add_test(t, who_asks_too_much_at_once_is_refused);
	tcase_add_loop_test(t, who_has_gone_is_not_answered, 0, 2);
	tcase_add_loop_test(t, when_intent_goes_who_waits_is_told, 0, 2);
	suite_add_tcase(s, t);
	return check_main(s);
}
