/* SPDX-License-Identifier: Apache-2.0 */
/* The store of simulations: repeatable, loses what was not durable, fails when told to. */
#include "check_main.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "store/store.h"

enum { WRITES = 50 };

struct world {
	struct loop *loop;
	struct store_disk *disk;
	struct store *store;
	struct str trace;
	int told, last_r;
};

static void world_new(struct world *w, uint64_t seed)
{
	*w = (struct world){ 0 };
	ck_assert_int_eq(loop_fake_new(&w->loop, seed), 0);
	ck_assert_int_eq(store_disk_new(&w->disk), 0);
	ck_assert_int_eq(store_fake_new(&w->store, w->loop, w->disk), 0);
}

static void world_free(struct world *w)
{
	store_close(w->store);
	store_disk_free(w->disk);
	loop_free(w->loop);
	str_fini(&w->trace);
}

static void on_done(void *arg, int r)
{
	struct world *w = arg;

	str_addf(&w->trace, "%d@%llu ", w->told++, (unsigned long long)loop_now(w->loop).ns);
	w->last_r = r;
}

static void put(struct world *w, int n)
{
	char key[16];
	struct store_op op = { "a", key, "v", 1 };

	(void)snprintf(key, sizeof(key), "%03d", n);
	ck_assert_int_eq(store_write(w->store, &op, 1, on_done, w), 0);
}

static void run(struct world *w)
{
	while (loop_fake_step(w->loop, mono_add(loop_now(w->loop), NS_PER_S)))
		;
}

static int count(void *arg, const char *key, const void *value, size_t len)
{
	char want[16];

	(void)value;
	(void)len;
	(void)snprintf(want, sizeof(want), "%03d", *(int *)arg);
	ck_assert_str_eq(key, want); /* in order, none missing in between */
	++*(int *)arg;
	return 0;
}

static int rows(struct world *w)
{
	int n = 0;

	ck_assert_int_eq(store_each(w->store, "a", count, &n), 0);
	return n;
}

static void traced(uint64_t seed, struct str *out)
{
	struct world w;

	world_new(&w, seed);
	for (int i = 0; i < WRITES; i++)
		put(&w, i);
	ck_assert_int_eq(w.told, 0);
	run(&w);
	ck_assert_int_eq(w.told, WRITES);
	ck_assert_int_eq(rows(&w), WRITES);
	str_add(out, str_text(&w.trace));
	world_free(&w);
}

START_TEST(the_same_seed_gives_the_same_moments)
{
	STR_AUTO struct str a = { 0 };
	STR_AUTO struct str b = { 0 };
	STR_AUTO struct str c = { 0 };

	traced(5, &a);
	traced(5, &b);
	traced(6, &c);
	ck_assert_str_eq(str_text(&a), str_text(&b));
	ck_assert_str_ne(str_text(&a), str_text(&c));
}
END_TEST

static void crash_after(uint64_t seed, int steps, int *told, int *kept)
{
	struct world w;

	world_new(&w, seed);
	for (int i = 0; i < WRITES; i++)
		put(&w, i);
	for (int i = 0; i < steps; i++)
		(void)loop_fake_step(w.loop, mono_add(loop_now(w.loop), NS_PER_S));
	w.store = store_crash(w.store);
	*told = w.told;
	ck_assert_int_eq(store_fake_new(&w.store, w.loop, w.disk), 0);
	*kept = rows(&w);
	run(&w);
	ck_assert_int_eq(w.told, *told); /* the dead are silent */
	world_free(&w);
}

START_TEST(a_crash_keeps_what_was_acknowledged_and_may_lose_the_rest)
{
	int told, kept, lost = 0, untold = 0;

	for (int seed = 1; seed < 40; seed++) {
		crash_after((uint64_t)seed, seed % 20, &told, &kept);
		ck_assert_int_ge(kept, told);
		lost += kept < WRITES;
		untold += kept > told;
	}
	ck_assert_int_gt(lost, 0);
	ck_assert_int_gt(untold, 0);
}
END_TEST

START_TEST(a_failing_disk_writes_nothing_until_it_works_again)
{
	struct world w;

	world_new(&w, 1);
	store_disk_fail(w.disk, true);
	put(&w, 0);
	run(&w);
	ck_assert_int_eq(w.last_r, -ENOSPC);
	ck_assert_int_eq(rows(&w), 0);
	store_disk_fail(w.disk, false);
	put(&w, 0);
	run(&w);
	ck_assert_int_eq(w.last_r, 0);
	ck_assert_int_eq(rows(&w), 1);
	world_free(&w);
}
END_TEST

START_TEST(deleting_and_replacing_work_and_closing_waits)
{
	const struct store_op ops[] = { { "a", "000", "x", 1 }, { "a", "001", "x", 1 },	 { "b", "000", "y", 1 },
					{ "a", "001", NULL, 0 }, { "a", "007", NULL, 0 }, { "a", "000", "zz", 2 } };
	struct world w;

	world_new(&w, 1);
	ck_assert_int_eq(store_write(w.store, ops, ARRAY_LEN(ops), NULL, NULL), 0);
	ck_assert_int_eq(rows(&w), 0);
	w.store = store_close(w.store);
	ck_assert_int_eq(store_fake_new(&w.store, w.loop, w.disk), 0);
	ck_assert_int_eq(rows(&w), 1);
	ck_assert_int_eq(store_backup(w.store, "/tmp/x", NULL, NULL), -ENOTSUP);
	world_free(&w);
}
END_TEST

int main(void)
{
	const TTest *const all[] = {
		the_same_seed_gives_the_same_moments,
		a_crash_keeps_what_was_acknowledged_and_may_lose_the_rest,
		a_failing_disk_writes_nothing_until_it_works_again,
		deleting_and_replacing_work_and_closing_waits,
	};
	Suite *s = suite_create("store_fake");
	TCase *t = tcase_create("all");

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		tcase_add_test(t, all[i]);
	suite_add_tcase(s, t);
	return check_main(s);
}
