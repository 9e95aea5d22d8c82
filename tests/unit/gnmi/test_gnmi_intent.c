/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same story told to intent by headends as PCEP has them (loop 0: the world of intent's own tests)
 * and by the gNMI driver with a device behind it (loop 1): it must not notice.
 */
#include <string.h>

#include "../intent/world.h"
#include "driver_bed.h"

static bool by_gnmi;

/* Everybody answers what was asked. */
static void settle(void)
{
	run_ms(3000);
	while (!by_gnmi && pcc_answer("a"))
		run_ms(100);
}

static void session(bool up)
{
	if (!by_gnmi && up)
		pcc_up("a");
	else if (!by_gnmi)
		pcc_down("a");
	else if (up)
		bed_target_up();
	else
		bed_target_down();
	run_ms(up && by_gnmi ? 120000 : by_gnmi ? 60000 : 1000);
}

/* How often a list was sent, ever. */
static unsigned sent(void)
{
	return by_gnmi ? bed.t.sets : world.n_calls;
}

static bool there(void)
{
	return by_gnmi ? bed.t.n > 1 :
			 pcc_lsp("a", view_of("a", 1, "d")->lsp_name) != NULL;
}

static void begin(void)
{
	world_up(NULL);
	net_square();
	/* The TE metric prefers c, the IGP b: a list over c names its way, one over b does not. */
	net_dir("a", "b")->te_metric = 100;
	net_publish();
	if (!by_gnmi) {
		pcc_up("a");
		return;
	}
	bed_up(world.loop);
	bed.headend = net_addr("a");
	bed_controller_up(NULL, &intent_sink, world.intent);
	intent_driver_set(world.intent, bed.driver);
	run_ms(1000);
}

static void crash(void)
{
	if (by_gnmi)
		bed_controller_down();
	world_crash();
	if (by_gnmi) {
		bed_controller_up(NULL, &intent_sink, world.intent);
		intent_driver_set(world.intent, bed.driver);
		net_publish();
		run_ms(1000);
	} else {
		net_publish();
		pcc_up("a");
	}
	for (unsigned k = 0; k < 5; k++)
		settle();
}

static void end(void)
{
	if (by_gnmi)
		bed_down();
	world_down();
}

static void put_policy(void)
{
	struct intent_policy *p = policy("a", 1, "d");

	p->cpaths[0].minimise = PCE_TE;
	put_ok(p);
}

static void is(enum intent_state state, const char *path)
{
	const struct intent_view *v = view_of("a", 1, "d");

	ck_assert_ptr_nonnull(v);
	ck_assert_msg(v->state == state && (!path || strcmp(v->path_text, path) == 0), "%s %s: %s",
		      intent_state_text(v->state), v->path_text, v->reason);
}

START_TEST(a_policy_comes_up_is_rerouted_outlives_its_session_and_its_controller)
{
	struct sr_list list;
	unsigned n;

	by_gnmi = _i == 1;
	begin();
	put_policy();
	settle();
	is(INTENT_UP, "a>c,c>d");
	n = sent();
	ck_assert_uint_eq(n, 1);
	net_cut("a", "c");
	net_publish();
	settle();
	is(INTENT_UP, "a>b,b>d");
	ck_assert_uint_eq(sent(), n + 1);
	session(false);
	ck_assert_int_ne(view_of("a", 1, "d")->state, INTENT_UP);
	session(true);
	settle();
	is(INTENT_UP, "a>b,b>d");
	ck_assert_uint_eq(sent(), n + 1); /* nobody was disturbed */
	net_heal("a", "c");
	net_publish();
	for (unsigned k = 0; k < 20; k++)
		settle();
	is(INTENT_UP, "a>c,c>d");
	ck_assert_uint_eq(sent(), n + 2);
	list = view_of("a", 1, "d")->reported.list;
	crash();
	is(INTENT_UP, NULL);
	ck_assert(sr_list_eq(&view_of("a", 1, "d")->reported.list, &list));
	ck_assert_uint_eq(sent(), n + 2);
	ck_assert(there());
	ck_assert_int_eq(del("a", 1, "d").code, 0);
	settle();
	ck_assert_ptr_null(view_of("a", 1, "d"));
	ck_assert_uint_eq(sent(), n + 3);
	if (by_gnmi)
		ck_assert_uint_eq(bed.t.n, 1); /* the limit of SIDs alone */
	audit();
	end();
}
END_TEST

START_TEST(a_refused_list_is_told_and_another_is_tried)
{
	by_gnmi = _i == 1;
	begin();
	if (by_gnmi)
		bed.t.refuse = RPC_FAILED_PRECONDITION;
	put_policy();
	run_ms(20000);
	if (!by_gnmi)
		ck_assert_uint_ge(pcc_refuse("a", 24, 2), 1);
	run_ms(1000);
	ck_assert_int_ne(view_of("a", 1, "d")->state, INTENT_UP);
	ck_assert_msg(strstr(view_of("a", 1, "d")->reason, by_gnmi ? "not today" : "PCErr") != NULL, "%s",
		      view_of("a", 1, "d")->reason);
	bed.t.refuse = RPC_OK; /* the twin */
	for (unsigned k = 0; k < 20; k++) {
		run_ms(60000);
		settle();
	}
	is(INTENT_UP, "a>c,c>d");
	audit();
	end();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("gnmi-intent");
	TCase *t = tcase_create("both");

	tcase_add_loop_test(t, a_policy_comes_up_is_rerouted_outlives_its_session_and_its_controller, 0, 2);
	tcase_add_loop_test(t, a_refused_list_is_told_and_another_is_tried, 0, 2);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return check_main(suite());
}
