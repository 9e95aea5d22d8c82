/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decisions do not depend on how many workers there are, nor on a loop that is fake: the same
 * news makes the same choices, link for link, where there is too little for all and priorities
 * push each other aside.
 */
#include "world.h"

#include <string.h>

#include "base/rng.h"
#include "intent/intent_priv.h"

enum { N = 400, NODES = 12, G = 1000000000, CUTS = 6 };

static const char *letter(uint64_t n)
{
	static const char names[NODES][2] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l" };

	return names[n % NODES];
}

/* A ring with chords, some of them thin. */
static void draw(struct rng *r)
{
	for (unsigned k = 0; k < NODES; k++)
		net_node(letter(k));
	for (unsigned k = 0; k < NODES; k++) {
		uint32_t m = 1 + (uint32_t)rng_below(r, 3);

		net_link(letter(k), letter(k + 1), m, 1000 * m, (10 + rng_below(r, 30)) * G);
		if (k % 2 == 0)
			net_link(letter(k), letter(k + 5), 2 * m, 1500 * m, (5 + rng_below(r, 20)) * G);
	}
}

static void answered(void *arg, const struct intent_result *r)
{
	ck_assert_int_eq(r->code, 0);
	++*(unsigned *)arg;
}

static void put_all(struct rng *r)
{
	unsigned done = 0;

	for (uint32_t c = 0; c < N; c++) {
		uint64_t from = rng_below(r, NODES), to = (from + 1 + rng_below(r, NODES - 1)) % NODES;
		struct intent_policy *p = policy(letter(from), c + 1, letter(to));

		p->bandwidth_bps = rng_below(r, 4) * G;
		if (rng_below(r, 4) == 0) {
			p->bandwidth_bps += 9ull * G;
			p->lists_max = 4;
		}
		p->setup_prio = (uint8_t)rng_below(r, 8);
		p->hold_prio = (uint8_t)rng_below(r, p->setup_prio + 1U);
		p->cpaths[0].minimise = rng_below(r, 2) ? PCE_IGP : PCE_DELAY;
		if (rng_below(r, 3) == 0)
			p->cpaths[0].delay_us_max = 3000 + (uint32_t)rng_below(r, 6000);
		intent_put(world.intent, INTENT_CREATE, p, 0, answered, &done);
	}
	for (unsigned k = 0; k < 20000 && done < N; k++)
		run_ms(1);
	ck_assert_uint_eq(done, N);
}

static bool at_rest(void)
{
	const struct intent *i = world.intent;

	return list_empty(&i->waves) && list_empty(&i->dirty) && list_empty(&i->fresh) && i->sweep_left == 0;
}

static void rest(void)
{
	for (unsigned k = 0; k < 20000 && !at_rest(); k++)
		run_ms(1);
	ck_assert(at_rest());
	audit();
}

static uint64_t mix(uint64_t h, const void *data, size_t n)
{
	const uint8_t *b = data;

	for (size_t k = 0; k < n; k++)
		h = (h ^ b[k]) * UINT64_C(1099511628211);
	return h;
}

static unsigned several; /* of them have more than one list */

/* Of everything that was decided; *placed: how many have a way. */
static uint64_t decisions(unsigned *placed)
{
	uint64_t h = UINT64_C(14695981039346656037);

	*placed = several = 0;
	for (size_t k = 0; k < world.intent->pols.n; k++) {
		const struct intent_pol *p = world.intent->pols.at[k];

		h = mix(h, &p->want.set, sizeof(p->want.set));
		h = mix(h, p->want.links, p->want.n_links * sizeof(*p->want.links));
		for (unsigned l = 0; l < sr_list_count(&p->want.list); l++) {
			const struct sr_list *list = sr_list_nth(&p->want.list, l);
			uint32_t weight = sr_list_weight(&p->want.list, l);

			h = mix(h, &weight, sizeof(weight));
			for (unsigned s = 0; s < list->n; s++)
				h = mix(h, &list->at[s].sid, sizeof(list->at[s].sid));
		}
		several += p->want.list.more != NULL;
		*placed += p->want.set;
	}
	return h;
}

static void never_too_much(void)
{
	for (uint32_t l = 0; l < world.intent->ted->n_links; l++)
		ck_assert_uint_eq(book_excess(world.intent->book, l), 0);
}

/* A day: everything at once, then cuts of one link or two, and repair. */
static void day(uint64_t seed, unsigned workers, uint64_t out[CUTS + 2])
{
	struct rng r;
	unsigned placed, least = N;

	world_up_threads(workers);
	rng_seed(&r, seed);
	draw(&r);
	put_all(&r);
	net_publish();
	rest();
	out[0] = decisions(&placed);
	ck_assert_uint_lt(placed, N); /* too little for all */
	ck_assert_uint_gt(placed, N / 4);
	ck_assert_uint_gt(several, 0);
	never_too_much();
	for (unsigned k = 1; k <= CUTS; k++) {
		uint64_t at = rng_below(&r, NODES);

		if (k % 2)
			net_cut(letter(at), letter(at + 1));
		net_cut(letter(at + 4), letter(at + 5));
		rest();
		out[k] = decisions(&placed);
		least = placed < least ? placed : least;
	}
	ck_assert_uint_gt(least, 0);
	for (unsigned k = 0; k < NODES; k++)
		net_heal(letter(k), letter(k + 1));
	rest();
	out[CUTS + 1] = decisions(&placed);
	world_down();
}

START_TEST(decisions_do_not_depend_on_the_number_of_workers)
{
	static const unsigned workers[] = { 1, 2, 4 };
	uint64_t fake[CUTS + 2], real[CUTS + 2], other[CUTS + 2];

	day((uint64_t)_i + 1, 0, fake);
	day((uint64_t)_i + 1001, 0, other);
	ck_assert_mem_ne(fake, other, sizeof(fake)); /* there was something to decide */
	for (unsigned k = 0; k < ARRAY_LEN(workers); k++) {
		day((uint64_t)_i + 1, workers[k], real);
		for (unsigned n = 0; n < CUTS + 2; n++)
			ck_assert_msg(real[n] == fake[n], "seed %d, %u workers: another choice at step %u",
				      _i + 1, workers[k], n);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("intent-workers");
	TCase *tc = tcase_create("workers");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, decisions_do_not_depend_on_the_number_of_workers, 0, 3);
	suite_add_tcase(s, tc);
	return check_main(s);
}
