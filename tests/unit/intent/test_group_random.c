/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two policies of a group on small random networks whose links come and go, against an oracle that
 * knows all simple paths: whenever there are two paths as disjoint as asked, both have one and
 * keep them; otherwise strict ones never both forward apart, and with best-available what is met
 * is the best there is. Judged by where the lists of the headends lead (oracle_apart.h). A failure
 * never moves one that it does not hit, when the other has a way beside it. The same on a real loop
 * with one worker and with two.
 */
#include "world.h"

#include <string.h>

#include "base/rng.h"
#include "intent/intent_priv.h"
#include "oracle_apart.h"

enum { NODES = 7, PATHS_MAX = 4000, STEPS = 8, SEEDS = 24, G = 1000000000 };

struct paths {
	struct way at[PATHS_MAX];
	unsigned n;
};

static struct paths one, two;

static const char *letter(uint64_t n)
{
	static const char names[NODES][2] = { "a", "b", "c", "d", "e", "f", "g" };

	return names[n % NODES];
}

/* ---- the oracle ---- */

static bool usable(uint32_t l)
{
	const struct ted *t = world.ted;

	return t->links[l].alive && t->links[t->links[l].reverse].alive;
}

static void walk(struct paths *out, const struct way *so_far, uint32_t at)
{
	const struct ted *t = world.ted;

	if (at == so_far->dst) {
		ck_assert_uint_lt(out->n, PATHS_MAX);
		out->at[out->n++] = *so_far;
		return;
	}
	for (uint32_t l = 0; l < t->n_links; l++) {
		struct way next = *so_far;

		if (t->links[l].from != at || !usable(l) || so_far->node[t->links[l].to])
			continue;
		way_add(&next, l);
		walk(out, &next, t->links[l].to);
	}
}

static void all_paths(const char *from, const char *to, struct paths *out)
{
	const struct ip_addr a = net_addr(from), b = net_addr(to);
	struct way w = { .src = ted_node_by_addr(world.ted, &a), .dst = ted_node_by_addr(world.ted, &b) };

	w.node[w.src] = true;
	out->n = 0;
	walk(out, &w, w.src);
}

/* The best rung that any two of them stand on; 5: one has none at all. */
static unsigned best_rung(uint8_t asked)
{
	unsigned best = one.n && two.n ? 4 : 5;

	for (unsigned i = 0; i < one.n; i++) {
		for (unsigned k = 0; k < two.n; k++) {
			unsigned r = ways_rung(asked, ways_met(&one.at[i], &two.at[k]));

			best = r < best ? r : best;
		}
	}
	return best;
}

/* ---- the network ---- */

struct day {
	struct rng r;
	uint8_t asked;
	bool best;
	const char *from[2], *to[2];
};

static void draw(struct rng *r)
{
	static uint32_t risk[WORLD_LINKS];

	for (unsigned k = 0; k < NODES; k++)
		net_node(letter(k));
	for (unsigned k = 0; k < NODES; k++)
		net_link(letter(k), letter(k + 1), 1 + (uint32_t)rng_below(r, 5), 1000, 10ull * G);
	for (unsigned k = 0; k < 5; k++)
		net_link(letter(k), letter(k + 2 + rng_below(r, 2)), 1 + (uint32_t)rng_below(r, 5), 1000,
			 10ull * G);
	for (unsigned k = 0; k < NODES; k++) {
		struct ted_link *l = net_dir(letter(k), letter(k + 1));
		struct ted_link *back = net_dir(letter(k + 1), letter(k));

		risk[k] = 1 + (uint32_t)rng_below(r, 4);
		l->srlg = back->srlg = &risk[k];
		l->n_srlg = back->n_srlg = 1;
	}
}

static bool at_rest(void)
{
	const struct intent *i = world.intent;

	return list_empty(&i->waves) && list_empty(&i->dirty) && list_empty(&i->fresh) &&
	       i->sweep_left == 0 && list_empty(&i->todo) && calls_open() == 0 &&
	       list_empty(&i->better);
}

static void answer_all(void)
{
	for (unsigned k = 0; k < NODES; k++)
		pcc_answer(letter(k));
}

static void rest(void)
{
	unsigned calm = 0;

	for (unsigned k = 0; k < 20000 && calm < 3; k++) {
		run_ms(loop_is_fake(world.loop) ? 500 : 1);
		answer_all();
		calm = at_rest() ? calm + 1 : 0;
	}
	ck_assert_uint_eq(calm, 3);
	audit();
}

static void put_member(struct day *d, unsigned k)
{
	struct intent_policy *p = policy(d->from[k], k + 1, d->to[k]);

	p->no_usid = true;
	p->group = (struct intent_membership){ .id = 9, .diverse = d->asked, .best_available = d->best };
	put_ok(p);
}

static enum intent_state state_of(const struct day *d, unsigned k)
{
	return view_of(d->from[k], k + 1, d->to[k])->state;
}

/* Where both are, by their headends' lists; false: not both have one. */
static bool both(const struct day *d, struct way w[2])
{
	for (unsigned k = 0; k < 2; k++) {
		const struct intent_view *v = view_of(d->from[k], k + 1, d->to[k]);

		if (!pcc_lsp(d->from[k], v->lsp_name))
			return false;
		way_walk(d->from[k], k + 1, d->to[k], &w[k]);
	}
	return true;
}

static void judge(const struct day *d)
{
	unsigned best, is;
	struct way w[2];

	all_paths(d->from[0], d->to[0], &one);
	all_paths(d->from[1], d->to[1], &two);
	best = best_rung(d->asked);
	if (best == 5)
		return; /* one of them is cut off */
	if (!both(d, w)) {
		ck_assert_msg(best > 0, "there are two ways, and not both have one");
		ck_assert(!d->best);
		ck_assert(state_of(d, 0) == INTENT_DOWN || state_of(d, 1) == INTENT_DOWN);
		return;
	}
	is = ways_rung(d->asked, ways_met(&w[0], &w[1]));
	ck_assert_msg(d->best || is == 0 || (best > 0 && state_of(d, 1) == INTENT_DEGRADED),
		      "strict, and they share: %u, %u is to be had", is, best);
	ck_assert_msg(is == best || !d->best, "%u is met, %u is to be had", is, best);
	if (is == 0) {
		ck_assert_int_eq(state_of(d, 0), INTENT_UP);
		ck_assert_int_eq(state_of(d, 1), INTENT_UP);
		ck_assert_str_eq(view_of(d->from[0], 1, d->to[0])->reason, "");
	}
}

static void begin(struct day *d, uint64_t seed)
{
	static const uint8_t kinds[] = { PCE_DIVERSE_LINK, PCE_DIVERSE_NODE, PCE_DIVERSE_SRLG,
					 PCE_DIVERSE_SRLG | PCE_DIVERSE_NODE };
	bool same;

	rng_seed(&d->r, seed);
	draw(&d->r);
	net_publish();
	d->asked = kinds[rng_below(&d->r, 4)];
	d->best = rng_below(&d->r, 2);
	same = rng_below(&d->r, 2);
	for (unsigned k = 0; k < 2; k++) {
		uint64_t from = rng_below(&d->r, NODES), to = from + 1 + rng_below(&d->r, NODES - 1);

		d->from[k] = k && same ? d->from[0] : letter(from);
		d->to[k] = k && same ? d->to[0] : letter(to);
	}
	for (unsigned k = 0; k < NODES; k++)
		pcc_up(letter(k));
	for (unsigned k = 0; k < 2; k++) {
		put_member(d, k);
		rest();
	}
}

/* A link fails or comes back. */
static void step(struct day *d, bool cut[NODES])
{
	uint64_t k = rng_below(&d->r, NODES);

	if (cut[k])
		net_heal(letter(k), letter(k + 1));
	else
		net_cut(letter(k), letter(k + 1));
	cut[k] = !cut[k];
	rest();
}

START_TEST(two_are_apart_whenever_they_can_be)
{
	bool cut[NODES] = { false };
	struct day d;

	world_up(NULL);
	begin(&d, (uint64_t)_i + 1);
	judge(&d);
	for (unsigned k = 0; k < STEPS; k++) {
		step(&d, cut);
		judge(&d);
	}
	world_down();
}
END_TEST

/* ---- who is not hit stays ---- */

static bool uses(const struct way *w, uint32_t link)
{
	return w->wire[link / 2];
}

START_TEST(failure_leaves_alone_whom_it_does_not_hit)
{
	unsigned hits = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct way before[2], after[2];
		struct day d;
		uint32_t hit = TED_NONE;
		bool beside = false;

		world_up(NULL);
		begin(&d, 5000 + seed);
		if (!both(&d, before) || ways_rung(d.asked, ways_met(&before[0], &before[1])) != 0) {
			world_down();
			continue;
		}
		for (uint32_t l = 0; l < world.ted->n_links && hit == TED_NONE; l++) {
			if (uses(&before[0], l))
				hit = l;
		}
		net_cut(world.ted->nodes[world.ted->links[hit].from].name,
			world.ted->nodes[world.ted->links[hit].to].name);
		all_paths(d.from[0], d.to[0], &one);
		for (unsigned k = 0; k < one.n; k++)
			beside = beside || ways_rung(d.asked, ways_met(&one.at[k], &before[1])) == 0;
		for (unsigned k = 0; k < 5; k++) { /* less than good news has to settle */
			run_ms(200);
			answer_all();
		}
		if (beside) {
			ck_assert(both(&d, after));
			ck_assert_mem_eq(before[1].wire, after[1].wire, sizeof(after[1].wire));
			ck_assert_uint_eq(ways_rung(d.asked, ways_met(&after[0], &after[1])), 0);
			hits++;
		}
		world_down();
	}
	ck_assert_uint_gt(hits, 5);
}
END_TEST

/* ---- workers ---- */

enum { PAIRS = 60 };

static void told(void *arg, const struct intent_result *r)
{
	ck_assert_int_eq(r->code, 0);
	++*(unsigned *)arg;
}

static void put_pairs(struct rng *r)
{
	unsigned done = 0;

	for (uint32_t c = 0; c < 2 * PAIRS; c++) {
		uint64_t from = rng_below(r, NODES), to = from + 1 + rng_below(r, NODES - 1);
		struct intent_policy *p = policy(letter(from), c + 1, letter(to));

		p->bandwidth_bps = rng_below(r, 3) * G / 10;
		p->group = (struct intent_membership){ .id = 1 + c / 2,
						       .diverse = c / 2 % 2 ? PCE_DIVERSE_NODE : PCE_DIVERSE_LINK,
						       .best_available = c / 2 % 3 == 0 };
		intent_put(world.intent, INTENT_CREATE, p, 0, told, &done);
	}
	for (unsigned k = 0; k < 20000 && done < 2 * PAIRS; k++)
		run_ms(1);
	ck_assert_uint_eq(done, 2 * PAIRS);
}

/* What was decided, of all, when nothing is left to be looked at. */
static uint64_t decisions(void)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (unsigned k = 0; k < 20000; k++) {
		const struct intent *i = world.intent;

		if (list_empty(&i->waves) && list_empty(&i->dirty) && list_empty(&i->fresh) &&
		    i->sweep_left == 0)
			break;
		run_ms(1);
	}
	for (size_t k = 0; k < world.intent->pols.n; k++) {
		const struct intent_route *w = &world.intent->pols.at[k]->want;

		h = (h ^ w->set) * UINT64_C(1099511628211);
		for (uint32_t n = 0; n < w->n_links; n++)
			h = (h ^ w->links[n]) * UINT64_C(1099511628211);
	}
	return h;
}

static void many(uint64_t seed, unsigned workers, uint64_t out[4])
{
	struct rng r;

	if (workers)
		world_up_threads(workers);
	else
		world_up(NULL);
	rng_seed(&r, seed);
	draw(&r);
	put_pairs(&r);
	net_publish(); /* all at once, whenever the disk had which */
	out[0] = decisions();
	for (unsigned k = 1; k < 4; k++) {
		net_cut(letter(2 * k), letter(2 * k + 1));
		out[k] = decisions();
	}
	world_down();
}

START_TEST(groups_do_not_depend_on_the_number_of_workers)
{
	uint64_t fake[4], one_worker[4], two_workers[4];

	many((uint64_t)_i + 1, 0, fake);
	many((uint64_t)_i + 1, 1, one_worker);
	many((uint64_t)_i + 1, 2, two_workers);
	ck_assert_mem_eq(fake, one_worker, sizeof(fake));
	ck_assert_mem_eq(fake, two_workers, sizeof(fake));
	ck_assert_uint_ne(fake[0], fake[1]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("intent-group-random");
	TCase *tc = tcase_create("group-random");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, two_are_apart_whenever_they_can_be, 0, SEEDS);
	tcase_add_test(tc, failure_leaves_alone_whom_it_does_not_hit);
	tcase_add_loop_test(tc, groups_do_not_depend_on_the_number_of_workers, 0, 3);
	suite_add_tcase(s, tc);
	return check_main(s);
}
