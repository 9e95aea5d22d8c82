/* SPDX-License-Identifier: Apache-2.0 */
/* The optimiser on networks drawn at random: never worse, never over, what it says is so. */
#include "base/rng.h"
#include "bed_optimise.h"

enum { G = 1000000000 };

enum { NODES = 9, POLICIES = 40 };

static const char *letter(uint64_t n)
{
	static const char names[NODES][2] = { "a", "b", "c", "d", "e", "f", "g", "h", "i" };

	return names[n % NODES];
}

static void draw(struct rng *r)
{
	for (unsigned k = 0; k < NODES; k++)
		net_node(letter(k));
	for (unsigned k = 0; k < NODES; k++) {
		uint32_t m = 10 + (uint32_t)rng_below(r, 2);

		net_link(letter(k), letter(k + 1), m, 1000, (10 + rng_below(r, 20)) * G);
		if (k % 2 == 0)
			net_link(letter(k), letter(k + 4), 2 * m, 3000, (10 + rng_below(r, 20)) * G);
	}
	net_publish();
}

START_TEST(random_networks_are_never_worse_and_never_over)
{
	struct rng r;
	double before;

	rng_seed(&r, (uint64_t)_i + 1);
	world_up(NULL);
	draw(&r);
	for (unsigned k = 0; k < NODES; k++)
		pcc_up(letter(k));
	for (uint32_t c = 1; c <= POLICIES; c++) {
		uint64_t from = rng_below(&r, NODES);
		struct intent_policy *p = policy(letter(from), c, letter(from + 1 + rng_below(&r, NODES - 1)));

		p->bandwidth_bps = (1 + rng_below(&r, 20)) * G / 10;
		p->setup_prio = p->hold_prio = (uint8_t)rng_below(&r, 8);
		p->cpaths[0].strict = rng_below(&r, 4) == 0;
		if (rng_below(&r, 4) == 0)
			p->cpaths[0].delay_us_max = 5000 + (uint32_t)rng_below(&r, 5000);
		put_ok(p);
	}
	all_answer();
	run_ms(100000);
	all_answer();
	before = fullest();
	optimise(true);
	SAME(before, (double)now()->before_ppb / 1e9);
	all_answer();
	ck_assert_int_eq(now()->state, INTENT_OPTIMISE_DONE);
	ck_assert_uint_eq(now()->n_done, now()->n_steps);
	if (now()->n_steps == 0)
		SAME(fullest(), before);
	else
		ck_assert_msg(fullest() < before, "seed %d: %f", _i + 1, fullest());
	SAME(fullest(), (double)now()->after_ppb / 1e9);
	ck_assert_uint_le(now()->least_ppb, now()->after_ppb);
	world_down();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("intent-optimise-random");
	TCase *t = tcase_create("random");

	tcase_add_loop_test(t, random_networks_are_never_worse_and_never_over, 0, 60);
	suite_add_tcase(s, t);
	return check_main(s);
}
