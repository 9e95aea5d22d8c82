/* SPDX-License-Identifier: Apache-2.0 */
/* Sets whose policies are kept apart: groups, and a policy with its standby. */
#include "bed_admit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a group ---- */

static struct intent_policy *member(uint32_t color)
{
	struct intent_policy *p = wish(color, "d", G);

	p->group = (struct intent_membership){ .id = 5, .diverse = PCE_DIVERSE_LINK };
	return p;
}

START_TEST(those_kept_apart_are_so_from_the_beginning)
{
	struct intent_policy *puts[] = { member(1), member(2) };
	char one[1024];

	ck_assert_int_eq(admit("slice", puts, 2).code, 0);
	snprintf(one, sizeof(one), "%s", view_of("a", 1, "d")->path_text);
	ck_assert_str_ne(one, view_of("a", 2, "d")->path_text);
	ck_assert_uint_eq(reserved("a", "b"), G);
	ck_assert_uint_eq(reserved("a", "c"), G);
	run_ms(100);
	ck_assert_uint_eq(pcc_answer("a"), 2);
	ck_assert_int_eq(view_of("a", 2, "d")->state, INTENT_UP);
}
END_TEST

START_TEST(where_there_is_no_second_way_neither_is_there)
{
	struct intent_policy *puts[] = { member(1), member(2) };
	struct intent_set_result r;

	net_cut("a", "c");
	r = admit("slice", puts, 2);
	ck_assert_int_eq(r.code, INTENT_E_SHORT);
	ck_assert_uint_eq(r.index, 1);
	ck_assert_str_eq(r.link, "");
	nothing_is_there();
}
END_TEST

/* ---- a policy and its standby ---- */

static void both(struct intent_policy *puts[2], uint64_t bps)
{
	for (uint8_t leg = 0; leg < 2; leg++) {
		puts[leg] = wish(7, "d", bps);
		puts[leg]->key.leg = leg;
		puts[leg]->cpaths[0].preference = leg ? 100 : 200;
		puts[leg]->group = (struct intent_membership){ .id = INTENT_GROUP_ID_MAX + 1,
							       .diverse = PCE_DIVERSE_LINK };
	}
}

static const struct intent_view *leg_of(uint8_t leg)
{
	static struct intent_view v;
	struct sr_policy_key k = key("a", 7, "d");

	k.leg = leg;
	ck_assert_int_eq(intent_get(world.intent, &k, &v), 0);
	return &v;
}

/* What its headend was asked for last, of either. */
static const struct driver_lsp *asked(bool standby)
{
	for (uint32_t k = world.n_calls; k-- > 0;) {
		const struct driver_lsp *l = &world.calls[k].lsp;

		if ((strstr(l->name, "standby") != NULL) == standby)
			return l;
	}
	ck_abort_msg("nothing was asked");
	return NULL;
}

START_TEST(a_standby_is_another_candidate_path_of_the_same_policy)
{
	struct intent_policy *puts[2];
	const struct driver_lsp *one, *two;

	both(puts, 6ull * G);
	ck_assert_int_eq(admit("slice", puts, 2).code, 0);
	run_ms(100);
	ck_assert_uint_eq(pcc_answer("a"), 2);
	one = asked(false);
	two = asked(true);
	ck_assert_uint_eq(one->key.color, two->key.color);
	ck_assert(ip_eq(&one->key.endpoint, &two->key.endpoint));
	ck_assert_uint_gt(one->preference, two->preference);
	ck_assert(one->cpath.discriminator != two->cpath.discriminator);
	ck_assert(one->binding_sid.family == IP_V6 && ip_eq(&one->binding_sid, &two->binding_sid));
	ck_assert_str_eq(leg_of(0)->path_text, "a>b,b>d");
	ck_assert_str_eq(leg_of(1)->path_text, "a>c,c>d");
	ck_assert_int_eq(leg_of(0)->state, INTENT_UP);
	ck_assert_int_eq(leg_of(1)->state, INTENT_UP);
	ck_assert_uint_eq(reserved("a", "b"), 6ull * G);
	ck_assert_uint_eq(reserved("a", "c"), 6ull * G);
	/* Its way is cut: nobody touches the standby, which carries the traffic now. */
	net_cut("a", "b");
	run_ms(100);
	ck_assert_int_ne(leg_of(0)->state, INTENT_UP);
	ck_assert(leg_of(1)->charged);
	ck_assert_uint_eq(reserved("a", "c"), 6ull * G);
	ck_assert_uint_eq(leg_of(1)->pushes, 1);
	(void)pcc_answer("a");
	net_heal("a", "b");
	run_ms(30000);
	(void)pcc_answer("a");
	run_ms(100);
	ck_assert_int_eq(leg_of(0)->state, INTENT_UP);
	ck_assert_str_eq(leg_of(0)->path_text, "a>b,b>d");
	ck_assert_uint_eq(leg_of(1)->pushes, 1);
	audit();
}
END_TEST

START_TEST(both_are_there_after_a_crash)
{
	struct intent_policy *puts[2];
	uint32_t calls;

	both(puts, 6ull * G);
	ck_assert_int_eq(admit("slice", puts, 2).code, 0);
	run_ms(100);
	ck_assert_uint_eq(pcc_answer("a"), 2);
	run_ms(100);
	world_crash();
	calls = world.n_calls;
	net_publish();
	pcc_up("a");
	run_ms(20000);
	ck_assert_uint_eq(world.n_calls, calls);
	ck_assert_int_eq(leg_of(0)->state, INTENT_UP);
	ck_assert_int_eq(leg_of(1)->state, INTENT_UP);
	ck_assert_uint_eq(reserved("a", "b"), 6ull * G);
	ck_assert_uint_eq(leg_of(1)->desired.group.id, INTENT_GROUP_ID_MAX + 1);
	ck_assert_uint_eq(reserved("a", "c"), 6ull * G);
	audit();
}
END_TEST

START_TEST(a_standby_without_an_owner_is_none)
{
	struct intent_policy *puts[2];
	struct intent_result r;

	both(puts, G);
	r = put(INTENT_CREATE, puts[1], 0);
	ck_assert_int_eq(r.code, INTENT_E_INVALID);
	puts[0]->key.leg = 0;
	r = put(INTENT_CREATE, puts[0], 0); /* nor a group beyond what an association has */
	ck_assert_int_eq(r.code, INTENT_E_INVALID);
	ck_assert_str_eq(r.field, "disjointness");
	free(puts[0]);
	free(puts[1]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("intent-admit-apart");
	TCase *four = tcase_create("four");

	tcase_add_checked_fixture(four, square, world_down);
	tcase_add_test(four, those_kept_apart_are_so_from_the_beginning);
	tcase_add_test(four, where_there_is_no_second_way_neither_is_there);
	tcase_add_test(four, a_standby_is_another_candidate_path_of_the_same_policy);
	tcase_add_test(four, both_are_there_after_a_crash);
	tcase_add_test(four, a_standby_without_an_owner_is_none);
	suite_add_tcase(s, four);
	return check_main(s);
}
