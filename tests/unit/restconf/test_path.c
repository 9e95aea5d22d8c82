/* SPDX-License-Identifier: Apache-2.0 */
/* Questions that change nothing: paths and sets of them, what if something failed, local repair. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_main.h"
#include "fake.h"

#define JSON "Content-Type: application/yang-data+json\r\n"

static void output_ok_of(const char *rpc, const char *body)
{
	/* {"m:output":…} → {"m:RPC":…}: how libyang knows replies */
	const char *prefix = "{\"sextant-path:output\":";
	struct ly_ctx *ctx;
	struct lyd_node *tree = NULL, *op = NULL;
	struct str b = { 0 };
	struct ly_in *in;

	ck_has(body, prefix);
	str_addf(&b, "{\"sextant-path:%s\":%s", rpc, body + strlen(prefix));
	ck_assert_int_eq(ly_ctx_new(getenv("SEXTANT_MODELS"), LY_CTX_DISABLE_SEARCHDIR_CWD, &ctx), 0);
	ck_assert_ptr_nonnull(ly_ctx_load_module(ctx, "sextant-path", NULL, NULL));
	ly_in_new_memory(b.s, &in);
	ck_assert_msg(lyd_parse_op(ctx, NULL, in, LYD_JSON, LYD_TYPE_REPLY_YANG, &tree, &op) == LY_SUCCESS &&
		      lyd_validate_op(tree, NULL, LYD_TYPE_REPLY_YANG, NULL) == LY_SUCCESS,
		      "%s in %s", ly_errmsg(ctx), b.s);
	ly_in_free(in, 0);
	lyd_free_all(tree);
	ly_ctx_destroy(ctx);
	str_fini(&b);
}

static void output_ok(const char *body)
{
	output_ok_of("compute", body);
}

START_TEST(what_if_something_failed_is_asked)
{
	static const char p[] = "/restconf/operations/sextant-failure:what-if";
	const struct answer *a;

	fake_up(4);
	a = ask("POST", p, JSON, "{\"sextant-failure:input\":{\"link\":\"r0>r1\"}}");
	ck_status(a, 200);
	ck_has(str_text(&a->body), "\"links-failed\":2,\"policies-moved\":3");
	ck_has(str_text(&a->body), "{\"key\":\"2001:db8::1,1,2001:db8::1\",\"bandwidth\":\"5\","
	       "\"loses\":\"link\"}");
	ck_has(str_text(&a->body), "\"loses\":\"bound\",\"constraint\":\"delay\",\"value\":\"70\","
	       "\"bound\":\"50\"");
	ck_has(str_text(&a->body), "\"loses\":\"constraint\",\"why\":\"link r0>r1 is excluded\"}");
	ck_has(str_text(&a->body), "\"load\":\"9\",\"utilisation-ppm\":\"12345\"");
	a = ask("POST", p, JSON, "{\"sextant-failure:input\":{\"srlg\":7}}");
	ck_status(a, 200);
	ck_has(str_text(&a->body), "\"why\":\"no link is in that SRLG\"");
	ck_has(str_text(&a->body), "\"why\":\"no link is in that SRLG\"");
	a = ask("POST", p, JSON, "{\"sextant-failure:input\":{\"node\":\"r0\",\"limit\":1}}");
	ck_has(str_text(&a->body), "\"policies-worse\":3,\"more\":true");
	ck_has(str_text(&a->body), "1,2001:db8::1\",\"bandwidth\":\"5\"");
	ck_assert_ptr_null(strstr(str_text(&a->body), "1,2,2001:db8::1"));
	a = ask("POST", p, JSON,
		"{\"sextant-failure:input\":{\"node\":\"r0\",\"after\":\"2001:db8::1,1,2001:db8::1\"}}");
	ck_has(str_text(&a->body), "\"more\":false");
	ck_has(str_text(&a->body), "\"2001:db8::1,2,2001:db8::1\"");
	ck_assert_ptr_null(strstr(str_text(&a->body), "1,1,2001:db8::1"));
	a = ask("POST", p, JSON, "{\"sextant-failure:input\":{\"node\":\"r0\",\"after\":\"x\"}}");
	ck_status(a, 400);
	a = ask("POST", p, JSON, "{\"sextant-failure:input\":{\"node\":\"r0\",\"limit\":10001}}");
	ck_status(a, 400);
	a = ask("POST", p, JSON, "{\"sextant-failure:input\":{\"node\":\"busy\"}}");
	ck_status(a, 503);
	fake.whatif_rc = -12; /* ENOMEM */
	a = ask("POST", p, JSON, "{\"sextant-failure:input\":{\"node\":\"r0\"}}");
	ck_status(a, 503);
	fake.whatif_rc = 0;
	a = ask("POST", p, JSON, "{\"sextant-failure:input\":{\"srlg\":7,\"node\":\"r0\"}}");
	ck_status(a, 400);
	a = ask("POST", p, JSON, "{\"sextant-failure:input\":{}}");
	ck_status(a, 400);
	fake_down();
}
END_TEST

/* One that hangs up, and one that the room ends with. */
START_TEST(who_no_longer_waits_for_a_what_if_is_forgotten)
{
	static const char p[] = "/restconf/operations/sextant-failure:what-if";
	static const char body[] = "{\"sextant-failure:input\":{\"node\":\"r0\"}}";

	fake_up(4);
	fake.whatif_never = true;
	ask_and_leave(p, JSON, body, true);
	ck_assert_uint_eq(fake.whatifs_forgotten, 1);
	ask_and_leave(p, JSON, body, false);
	ck_assert_uint_eq(fake.whatifs_forgotten, 1);
	fake_restart_rc();
	ck_assert_uint_eq(fake.whatifs_forgotten, 2);
	fake_down();
}
END_TEST

START_TEST(who_no_longer_waits_for_a_path_is_forgotten)
{
	static const char p[] = "/restconf/operations/sextant-path:compute-disjoint";
	static const char body[] =
		"{\"sextant-path:input\":{\"source\":\"r0\",\"destination\":\"r2\"}}";

	fake_up(4);
	fake.paths_never = true;
	ask_and_leave(p, JSON, body, true);
	ck_assert_uint_eq(fake.paths_forgotten, 1);
	ask_and_leave(p, JSON, body, false);
	ck_assert_uint_eq(fake.paths_forgotten, 1);
	ck_status(ask("POST", p, JSON, body), 503); /* as long as that one has no answer */
	fake_restart_rc();
	ck_assert_uint_eq(fake.paths_forgotten, 2);
	fake_down();
}
END_TEST

START_TEST(local_repair_is_asked)
{
	static const char p[] = "/restconf/operations/sextant-failure:repairs";
	const struct answer *a;

	fake_up(4);
	a = ask("POST", p, JSON, "{\"sextant-failure:input\":{\"router\":\"r0\",\"node\":\"r3\"}}");
	ck_status(a, 200);
	ck_has(str_text(&a->body), "\"protected\":true");
	ck_has(str_text(&a->body), "\"segment\":[{\"index\":1,\"sid\":\"fcbb:bb00:1::\"");
	ck_has(str_text(&a->body), "\"protected\":false,\"reason\":\"no way\"");
	a = ask("POST", p, JSON, "{\"sextant-failure:input\":{\"router\":\"r0\",\"node\":\"r3\","
		"\"dataplane\":\"sr-mpls\"}}");
	ck_has(str_text(&a->body), "\"sid\":\"77\"");
	a = ask("POST", p, JSON, "{\"sextant-failure:input\":{\"router\":\"x\",\"node\":\"r3\"}}");
	ck_has(str_text(&a->body), "there is no such router");
	a = ask("POST", p, JSON, "{\"sextant-failure:input\":{\"node\":\"r3\"}}");
	ck_status(a, 400);
	fake_down();
}
END_TEST

START_TEST(a_path_is_computed_and_explained)
{
	static const char p[] = "/restconf/operations/sextant-path:compute";
	const struct answer *a;

	fake_up(4);
	a = ask("POST", p, JSON, "{\"sextant-path:input\":{\"source\":\"r0\",\"destination\":\"r2\","
		"\"metric\":\"delay\",\"bounds\":{\"delay\":20000},\"affinity\":{\"exclude-any\":[1,33]},"
		"\"exclude\":[\"r3\"],\"strict\":true,\"bandwidth\":\"5\",\"usid\":false}}");
	ck_status(a, 200);
	output_ok(str_text(&a->body));
	ck_has(str_text(&a->body), "\"status\":\"ok\"");
	ck_has(str_text(&a->body), "fcbb:bb00:1:e000::");
	ck_has(str_text(&a->body), "0000.0000.0000>0000.0000.0001@2001:db8:ff:1::1");
	ck_has(str_text(&a->body), "{\"constraint\":\"delay\",\"value\":\"20\",\"bound\":\"50\","
	       "\"slack\":\"30\",\"binding\":true,\"cost-without\":\"7\"}");
	ck_has(str_text(&a->body), "{\"constraint\":\"srlg\",\"binding\":false}");
	ck_has(str_text(&a->body), "\"cost-least\":\"29\"");
	ck_assert_str_eq(fake.last_query.src, "r0");
	ck_assert_int_eq(fake.last_query.constraints.minimise, PCE_DELAY);
	ck_assert_uint_eq(fake.last_query.constraints.delay_us_max, 20000);
	ck_assert_uint_eq(fake.last_query.constraints.hops_max, PCE_NO_BOUND);
	ck_assert_uint_eq(fake.last_query.constraints.affinity.exclude_any[1], 2);
	ck_assert_str_eq(fake.last_query.constraints.exclude[0], "r3");
	ck_assert(fake.last_query.constraints.strict);
	ck_assert(fake.last_query.no_usid);
	ck_assert_uint_eq(fake.last_query.setup_prio, 7);
	fake.path_status = PCE_NO_CONSTRAINED;
	a = ask("POST", p, JSON, "{\"sextant-path:input\":{\"source\":\"r0\",\"destination\":\"r2\"}}");
	ck_status(a, 200);
	output_ok(str_text(&a->body));
	ck_has(str_text(&a->body), "no-constrained-path");
	ck_has(str_text(&a->body), "\"conflict\":[\"include\",\"delay\"]");
	ck_has(str_text(&a->body), "{\"constraint\":\"delay\",\"drop\":false,\"needs\":\"1234\"}");
	ck_has(str_text(&a->body), "{\"constraint\":\"include\",\"drop\":true}");
	ck_has(str_text(&a->body), "\"together\":false");
	ck_has(str_text(&a->body), "\"constraint\":\"delay\",\"links\":3,\"decisive\":true,\"nearest\":\"1234\"");
	ck_assert_ptr_null(strstr(str_text(&a->body), "gave-up"));
	fake.path_status = PCE_NO_MSD;
	a = ask("POST", p, JSON, "{\"sextant-path:input\":{\"source\":\"r0\",\"destination\":\"r2\"}}");
	ck_status(a, 200);
	output_ok(str_text(&a->body));
	ck_has(str_text(&a->body), "\"status\":\"no-msd\"");
	ck_has(str_text(&a->body), "\"conflict\":[\"msd\",\"delay\"]");
	ck_has(str_text(&a->body), "{\"constraint\":\"msd\",\"drop\":false,\"needs\":\"5\"}");
	ck_has(str_text(&a->body), "\"reasons-gave-up\":true");
	a = ask("POST", p, JSON, "{\"sextant-path:input\":{\"source\":\"r0\"}}");
	ck_status(a, 400);
	ck_has(str_text(&a->body), "/sextant-path:compute/destination");
	/* no audit of what changes nothing */
	ck_assert_str_eq(str_text(&get("/restconf/data/sextant-audit:audit")->body),
			 "{\"sextant-audit:audit\":{}}");
	fake_down();
}
END_TEST

static const char set_input[] = "{\"sextant-path:input\":{\"source\":\"r0\",\"destination\":\"r2\"%s}}";

static const struct answer *ask_set(const char *operation, const char *more)
{
	char path[80], body[600];

	snprintf(path, sizeof(path), "/restconf/operations/sextant-path:%s", operation);
	snprintf(body, sizeof(body), set_input, more);
	return ask("POST", path, JSON, body);
}

START_TEST(a_disjoint_set_is_computed)
{
	const struct intent_leg_query *l = fake.last_set.leg;
	const struct answer *a;

	fake_up(4);
	a = ask_set("compute-disjoint",
		    ",\"type\":\"srlg-node\",\"count\":3,\"best-available\":true,"
		    "\"delay-difference\":0,\"budget\":9,\"bounds\":{\"delay\":20000},"
		    "\"leg\":[{\"index\":2,\"source\":\"r1\",\"delay\":700},{\"index\":3,"
		    "\"bandwidth\":\"0\",\"msd\":4,\"reserved-sids\":0,\"constraints\":{\"metric\":"
		    "\"delay\",\"bounds\":{\"hops\":5},\"exclude\":[\"r9\"]}}]");
	ck_status(a, 200);
	output_ok_of("compute-disjoint", str_text(&a->body));
	ck_has(str_text(&a->body), "\"status\":\"ok\"");
	ck_has(str_text(&a->body), "\"met\":[\"link\",\"srlg\"]");
	ck_has(str_text(&a->body), "\"shared-nodes\":1");
	ck_has(str_text(&a->body), "\"cost\":\"40\",\"cost-least\":\"39\"");
	ck_has(str_text(&a->body), "{\"index\":3,\"hop\":[");
	ck_assert_uint_eq(fake.last_set.count, 3);
	ck_assert_uint_eq(fake.last_set.diverse, PCE_DIVERSE_SRLG | PCE_DIVERSE_NODE);
	ck_assert(fake.last_set.best_available && !fake.last_set.first_shortest);
	ck_assert(fake.last_set.bound_difference);
	ck_assert_uint_eq(fake.last_set.delay_difference_us, 0);
	ck_assert_uint_eq(fake.last_set.budget, 9);
	ck_assert_str_eq(fake.last_set.path.src, "r0");
	ck_assert_uint_eq(fake.last_set.path.constraints.delay_us_max, 20000);
	ck_assert_str_eq(fake.last_set.leg[1].src, "r1");
	ck_assert_str_eq(fake.last_set.leg[1].dst, "");
	ck_assert_uint_eq(fake.last_set.leg[1].delay_us_max, 700);
	ck_assert_uint_eq(fake.last_set.leg[0].delay_us_max, PCE_NO_BOUND);
	ck_assert(!l[1].has_constraints && !l[1].has_bandwidth && !l[1].has_reserved);
	ck_assert(l[2].has_constraints && l[2].has_bandwidth && l[2].has_reserved && l[2].msd == 4);
	ck_assert(l[2].constraints.minimise == PCE_DELAY && l[2].constraints.hops_max == 5);
	ck_assert_uint_eq(l[2].constraints.delay_us_max, PCE_NO_BOUND);
	ck_assert_str_eq(l[2].constraints.exclude[0], "r9");
	fake.path_status = PCE_NO_CONSTRAINED;
	a = ask_set("compute-disjoint", "");
	ck_status(a, 200);
	output_ok_of("compute-disjoint", str_text(&a->body));
	ck_has(str_text(&a->body), "\"why\":\"no 2 paths are disjoint\"");
	ck_has(str_text(&a->body), "\"conflict\":[\"delay\"]");
	ck_has(str_text(&a->body), "\"drop\":false,\"needs\":\"77\"}],\"together\":false");
	ck_has(str_text(&a->body), "\"conflict-difference\":true,\"alone\":2");
	ck_has(str_text(&a->body), "\"possible\":[\"link\",\"node\"]");
	ck_assert_uint_eq(fake.last_set.diverse, PCE_DIVERSE_LINK);
	ck_assert(!fake.last_set.bound_difference);
	ck_status(ask_set("compute-disjoint", ",\"count\":9"), 400);
	ck_status(ask_set("compute-disjoint", ",\"leg\":[{\"index\":1,\"constraints\":{\"x\":1}}]"), 400);
	ck_status(ask_set("compute-disjoint", ",\"type\":\"planet\""), 400);
	fake_down();
}
END_TEST

START_TEST(alternatives_and_weighted_paths_are_computed)
{
	const struct answer *a;

	fake_up(4);
	a = ask_set("compute-alternatives", ",\"count\":2");
	ck_status(a, 200);
	output_ok_of("compute-alternatives", str_text(&a->body));
	ck_has(str_text(&a->body), "\"complete\":true");
	ck_has(str_text(&a->body), "{\"index\":1,\"list-status\":\"needs 9 SIDs\",\"hop\":[");
	ck_has(str_text(&a->body), "{\"index\":2,\"hop\":[");
	ck_assert_uint_eq(fake.last_set.count, 2);
	ck_has(str_text(&a->body), "\"budget-ended\":false");
	ck_assert_ptr_null(strstr(str_text(&a->body), "\"conflict\""));
	ck_has(str_text(&ask_set("compute-alternatives", ",\"count\":3")->body), "\"budget-ended\":true,\"cost-listed\":\"41\"");
	ck_status(ask_set("compute-alternatives", ",\"count\":257"), 400);
	fake.path_status = PCE_NO_CONSTRAINED;
	a = ask_set("compute-alternatives", "");
	output_ok_of("compute-alternatives", str_text(&a->body));
	ck_has(str_text(&a->body), "\"conflict\":[\"include\",\"delay\"],\"relaxation\":[{\"constraint\":");
	ck_has(str_text(&a->body), "\"drop\":false,\"needs\":\"1234\"}");
	ck_has(str_text(&a->body), "\"links\":3,\"decisive\":true,\"nearest\":\"1234\"");
	fake.path_status = PCE_OK;
	a = ask_set("compute-multipath", ",\"bandwidth\":\"1000\",\"lists\":5,\"weights\":8");
	ck_status(a, 200);
	output_ok_of("compute-multipath", str_text(&a->body));
	ck_has(str_text(&a->body), "\"total-weight\":3");
	ck_has(str_text(&a->body), "{\"index\":1,\"weight\":2,\"rate\":\"667\"");
	ck_assert_uint_eq(fake.last_set.count, 5);
	ck_assert_uint_eq(fake.last_set.weights_max, 8);
	ck_assert_uint_eq(fake.last_set.path.bandwidth_bps, 1000);
	fake.path_status = PCE_NO_BUDGET;
	a = ask_set("compute-multipath", "");
	ck_status(a, 200);
	ck_has(str_text(&a->body), "\"most\":\"900\",\"limit\":\"950\"");
	ck_status(ask_set("compute-multipath", ",\"lists\":17"), 400);
	fake_down();
}
END_TEST

static const struct answer *ask_reach(const char *more)
{
	char body[300];

	snprintf(body, sizeof(body), "{\"sextant-path:input\":{\"source\":\"r0\"%s}}", more);
	return ask("POST", "/restconf/operations/sextant-path:compute-reach", JSON, body);
}

START_TEST(all_routers_are_told_page_by_page)
{
	const struct answer *a;
	char more[200];

	fake_up(4);
	a = ask_reach(",\"metric\":\"te\",\"sids\":3,\"bounds\":{\"delay\":700}");
	ck_status(a, 200);
	output_ok_of("compute-reach", str_text(&a->body));
	ck_assert_uint_eq(fake.last_set.count, 3);
	ck_assert_uint_eq(fake.last_set.path.constraints.delay_us_max, 700);
	ck_assert_int_eq(fake.last_set.path.constraints.minimise, PCE_TE);
	ck_assert_str_eq(fake.last_set.path.src, "r0");
	ck_has(str_text(&a->body), "\"reached\":2,\"not-reached\":1,\"more\":false");
	ck_has(str_text(&a->body), "\"cost\":10,\"delay\":100,\"sids\":1,\"segment\":[{\"index\":1,\"node\":\"r1\",\"link\":\"r0>r1");
	/* The cheapest of two, by both its segments. */
	ck_has(str_text(&a->body), "\"cost\":30,\"delay\":200,\"sids\":2,\"segment\":[{\"index\":1,\"node\":\"r1\",");
	ck_has(str_text(&a->body), "{\"index\":2,\"node\":\"r2\"}");
	ck_assert_ptr_null(strstr(str_text(&a->body), "\"cost\":31"));
	ck_has(str_text(&a->body), "\"name\":\"r3\"}"); /* not reached */
	a = ask_reach(",\"limit\":2");
	ck_has(str_text(&a->body), "\"more\":true");
	ck_has(str_text(&a->body), "\"name\":\"r2\"");
	ck_assert_ptr_null(strstr(str_text(&a->body), "\"name\":\"r3\""));
	snprintf(more, sizeof(more), ",\"limit\":2,\"after\":\"%s\"", fake.ted->nodes[2].id);
	a = ask_reach(more);
	ck_has(str_text(&a->body), "\"reached\":2,\"not-reached\":1,\"more\":false");
	ck_has(str_text(&a->body), "\"name\":\"r3\"");
	ck_assert_ptr_null(strstr(str_text(&a->body), "\"name\":\"r2\""));
	a = ask_reach(",\"after\":\"nobody\"");
	ck_has(str_text(&a->body), "\"more\":false");
	ck_assert_ptr_null(strstr(str_text(&a->body), "destination"));
	fake.path_status = PCE_NO_SOURCE;
	a = ask_reach("");
	output_ok_of("compute-reach", str_text(&a->body));
	ck_has(str_text(&a->body), "\"status\":\"no-source\"");
	ck_assert_ptr_null(strstr(str_text(&a->body), "reached"));
	ck_status(ask_reach(",\"sids\":17"), 400);
	ck_status(ask_reach(",\"metric\":\"loss\""), 400);
	ck_status(ask_reach(",\"limit\":1001"), 400);
	fake_down();
}
END_TEST

Suite *suite_path(void)
{
	Suite *s = suite_create("restconf-path");
	TCase *t = tcase_create("path");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, what_if_something_failed_is_asked);
	tcase_add_test(t, who_no_longer_waits_for_a_what_if_is_forgotten);
	tcase_add_test(t, who_no_longer_waits_for_a_path_is_forgotten);
	tcase_add_test(t, local_repair_is_asked);
	tcase_add_test(t, a_path_is_computed_and_explained);
	tcase_add_test(t, a_disjoint_set_is_computed);
	tcase_add_test(t, alternatives_and_weighted_paths_are_computed);
	tcase_add_test(t, all_routers_are_told_page_by_page);
	suite_add_tcase(s, t);
	return s;
}
