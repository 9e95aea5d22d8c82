/* SPDX-License-Identifier: Apache-2.0 */
/* Flex-Algo in a TED: which definition holds (RFC 9350 s5.3), what it prunes (s13). */
#include "check_main.h"

#include <stdio.h>
#include <string.h>

#include "base/bitset.h"
#include "pce/ted.h"

/* a - b - c, every link both ways; fads are the tests'. */
static struct ted_node n[3];
static struct ted_link l[4];
static struct ted_fad fads[3][2];

static void fresh(void)
{
	static const uint32_t end[4][2] = { { 0, 1 }, { 1, 0 }, { 1, 2 }, { 2, 1 } };

	memset(n, 0, sizeof(n));
	memset(l, 0, sizeof(l));
	memset(fads, 0, sizeof(fads));
	for (uint8_t i = 0; i < 3; i++) {
		n[i] = (struct ted_node){ .alive = true, .igp_id_len = 6, .protocol = 2 };
		n[i].igp_id[5] = (uint8_t)(i + 1);
		(void)snprintf(n[i].id, sizeof(n[i].id), "0000.0000.000%d", i + 1);
		bitset_add(n[i].algos, 128);
	}
	for (int i = 0; i < 4; i++)
		l[i] = (struct ted_link){ .alive = true,
					  .from = end[i][0],
					  .to = end[i][1],
					  .reverse = TED_NONE,
					  .has_igp = true,
					  .igp_metric = 10,
					  .has_te = true,
					  .te_metric = 20,
					  .has_delay = true,
					  .delay_us = 35,
					  .delay_min_us = 30,
					  .flex_plain = true };
}

static struct ted_fad *says(unsigned node, uint8_t algo, uint8_t metric, uint8_t priority)
{
	struct ted_fad *f = &fads[node][n[node].n_fads++];

	*f = (struct ted_fad){ .algo = algo, .metric_type = metric, .priority = priority };
	n[node].fads = fads[node];
	return f;
}

static const struct ted *build(const struct ted *prev)
{
	const struct ted_input in = { .nodes = n, .links = l, .n_nodes = 3, .n_links = 4,
				      .prev = prev };
	const struct ted *t = NULL;

	ck_assert_int_eq(ted_build(&in, &t), 0);
	return t;
}

START_TEST(the_highest_priority_wins_whoever_says_it)
{
	const struct ted *t;

	fresh();
	says(0, 128, TED_FLEX_DELAY, 200);
	says(2, 128, TED_FLEX_TE, 100);
	t = build(NULL);
	ck_assert_uint_eq(ted_flex_of(t, 128)->by, 0);
	ck_assert_uint_eq(ted_flex_of(t, 128)->def.metric_type, TED_FLEX_DELAY);
	ck_assert_ptr_null(ted_flex_of(t, 129));
	ck_assert_ptr_null(ted_flex_of(t, 0));
	ted_unref(t);
}
END_TEST

START_TEST(of_equal_priorities_the_highest_system_id_wins)
{
	const struct ted *t;

	fresh();
	says(0, 128, TED_FLEX_DELAY, 100);
	says(2, 128, TED_FLEX_TE, 100);
	says(1, 128, TED_FLEX_IGP, 100);
	t = build(NULL);
	ck_assert_uint_eq(ted_flex_of(t, 128)->by, 2);
	ted_unref(t);
}
END_TEST

START_TEST(what_a_dead_node_said_does_not_count)
{
	const struct ted *t;

	fresh();
	says(0, 128, TED_FLEX_DELAY, 100);
	says(2, 128, TED_FLEX_TE, 200);
	n[2].alive = false;
	t = build(NULL);
	ck_assert_uint_eq(ted_flex_of(t, 128)->by, 0);
	ck_assert(!ted_flex_node(t, 128, 2));
	ted_unref(t);
}
END_TEST

START_TEST(of_two_definitions_of_one_node_the_first_counts)
{
	const struct ted *t;

	fresh();
	says(0, 128, TED_FLEX_DELAY, 100);
	says(0, 128, TED_FLEX_TE, 200);
	t = build(NULL);
	ck_assert_uint_eq(ted_flex_of(t, 128)->def.metric_type, TED_FLEX_DELAY);
	ted_unref(t);
}
END_TEST

START_TEST(an_unsupported_winner_is_not_replaced_by_the_next)
{
	const struct ted *t;

	fresh();
	says(0, 128, TED_FLEX_DELAY, 100);
	says(2, 128, TED_FLEX_DELAY, 200)->unsupported = true;
	says(1, 129, 3, 200);
	says(1, 130, 0, 200)->calc_type = 1;
	t = build(NULL);
	ck_assert_uint_eq(ted_flex_of(t, 128)->by, 2);
	ck_assert_int_eq(ted_flex_of(t, 128)->fault, TED_FLEX_SUB_TLV);
	ck_assert_int_eq(ted_flex_of(t, 129)->fault, TED_FLEX_METRIC_TYPE);
	ck_assert_int_eq(ted_flex_of(t, 130)->fault, TED_FLEX_CALC_TYPE);
	ck_assert_str_ne(ted_flex_why(ted_flex_of(t, 129)->fault), "");
	ted_unref(t);
}
END_TEST

START_TEST(participation_is_what_the_node_advertises)
{
	const struct ted *t;

	fresh();
	bitset_del(n[1].algos, 128);
	t = build(NULL);
	ck_assert(ted_flex_node(t, 128, 0));
	ck_assert(!ted_flex_node(t, 128, 1));
	ck_assert(!ted_flex_node(t, 129, 0));
	ted_unref(t);
}
END_TEST

START_TEST(each_metric_type_has_its_weight)
{
	const struct ted_fad igp = { .algo = 128 }, delay = { .algo = 128, .metric_type = 1 },
			     te = { .algo = 128, .metric_type = 2 },
			     other = { .algo = 128, .metric_type = 3 };
	const struct ted *t;

	fresh();
	t = build(NULL);
	ck_assert_uint_eq(ted_flex_weight(t, &igp, 0), 10);
	ck_assert_uint_eq(ted_flex_weight(t, &delay, 0), 30);
	ck_assert_uint_eq(ted_flex_weight(t, &te, 0), 20);
	ck_assert_uint_eq(ted_flex_weight(t, &other, 0), TED_NONE);
	ted_unref(t);
}
END_TEST

START_TEST(a_link_without_the_metric_or_attributes_of_its_own_is_pruned)
{
	const struct ted_fad delay = { .algo = 128, .metric_type = 1 }, igp = { .algo = 128 };
	const struct ted_flex_attrs own = { .has_delay = true, .delay_us = 7 };
	const struct ted *t;

	fresh();
	l[0].flex_plain = false;
	l[1].flex_plain = false;
	l[1].flex = &own;
	l[2].has_delay = false;
	l[3].igp_metric = 0xffffff;
	t = build(NULL);
	ck_assert_uint_eq(ted_flex_weight(t, &delay, 0), TED_NONE); /* legacy TLVs do not count */
	ck_assert_uint_eq(ted_flex_weight(t, &igp, 0), 10);
	ck_assert_uint_eq(ted_flex_weight(t, &delay, 1), 7);
	ck_assert_uint_eq(ted_flex_weight(t, &delay, 2), TED_NONE);
	ck_assert_uint_eq(ted_flex_weight(t, &igp, 3), TED_NONE);
	ted_unref(t);
}
END_TEST

START_TEST(affinities_and_srlgs_prune)
{
	static const uint32_t srlg[] = { 5, 6 };
	struct ted_fad d = { .algo = 128 };
	const struct ted *t;

	fresh();
	l[0].admin_group[1] = 6;
	l[0].srlg = srlg;
	l[0].n_srlg = 2;
	t = build(NULL);
	d.exclude_any[1] = 2;
	d.n_exclude_any = 2;
	ck_assert_uint_eq(ted_flex_weight(t, &d, 0), TED_NONE);
	ck_assert_uint_eq(ted_flex_weight(t, &d, 1), 10);
	d = (struct ted_fad){ .include_any = { 1, 4 }, .n_include_any = 2 };
	ck_assert_uint_eq(ted_flex_weight(t, &d, 0), 10);
	ck_assert_uint_eq(ted_flex_weight(t, &d, 1), TED_NONE);
	d = (struct ted_fad){ .include_all = { 0, 6 }, .n_include_all = 2 };
	ck_assert_uint_eq(ted_flex_weight(t, &d, 0), 10);
	d.include_all[0] = 1;
	ck_assert_uint_eq(ted_flex_weight(t, &d, 0), TED_NONE);
	d = (struct ted_fad){ .exclude_srlg = { 9, 6 }, .n_exclude_srlg = 2 };
	ck_assert_uint_eq(ted_flex_weight(t, &d, 0), TED_NONE);
	ck_assert_uint_eq(ted_flex_weight(t, &d, 1), 10);
	d.n_exclude_srlg = 1;
	ck_assert_uint_eq(ted_flex_weight(t, &d, 0), 10);
	ted_unref(t);
}
END_TEST

START_TEST(a_generation_names_the_algorithms_that_changed)
{
	const struct ted *a, *b, *c, *d;

	fresh();
	says(0, 128, TED_FLEX_DELAY, 100);
	says(1, 129, TED_FLEX_DELAY, 100);
	a = build(NULL);
	ck_assert(bitset_has(a->changed_algos, 128));
	b = build(a);
	ck_assert_uint_eq(b->changed_algos[2], 0);
	fads[0][0].include_all[0] = 1;
	fads[0][0].n_include_all = 1;
	c = build(b);
	ck_assert(bitset_has(c->changed_algos, 128));
	ck_assert(!bitset_has(c->changed_algos, 129));
	bitset_add(n[2].algos, 129);
	d = build(c);
	ck_assert(!bitset_has(d->changed_algos, 128));
	ck_assert(bitset_has(d->changed_algos, 129));
	ted_unref(a);
	ted_unref(b);
	ted_unref(c);
	ted_unref(d);
}
END_TEST

START_TEST(flex_attributes_are_copied_and_compared)
{
	uint32_t srlg[] = { 5 };
	struct ted_flex_attrs own = { .has_te = true, .te_metric = 7, .srlg = srlg, .n_srlg = 1 };
	const struct ted *a, *b;

	fresh();
	l[1].flex_plain = false;
	l[1].flex = &own;
	a = build(NULL);
	srlg[0] = 6;
	own.te_metric = 8;
	ck_assert_uint_eq(a->links[1].flex->te_metric, 7);
	ck_assert_uint_eq(a->links[1].flex->srlg[0], 5);
	own.te_metric = 7;
	b = build(a);
	ck_assert_uint_eq(b->n_changed_links, 1);
	ck_assert_uint_eq(b->changed_links[0], 1);
	ted_unref(a);
	ted_unref(b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("flex");
	TCase *tc = tcase_create("flex");

	tcase_add_test(tc, the_highest_priority_wins_whoever_says_it);
	tcase_add_test(tc, of_equal_priorities_the_highest_system_id_wins);
	tcase_add_test(tc, what_a_dead_node_said_does_not_count);
	tcase_add_test(tc, of_two_definitions_of_one_node_the_first_counts);
	tcase_add_test(tc, an_unsupported_winner_is_not_replaced_by_the_next);
	tcase_add_test(tc, participation_is_what_the_node_advertises);
	tcase_add_test(tc, each_metric_type_has_its_weight);
	tcase_add_test(tc, a_link_without_the_metric_or_attributes_of_its_own_is_pruned);
	tcase_add_test(tc, affinities_and_srlgs_prune);
	tcase_add_test(tc, a_generation_names_the_algorithms_that_changed);
	tcase_add_test(tc, flex_attributes_are_copied_and_compared);
	suite_add_tcase(s, tc);
	return check_main(s);
}
