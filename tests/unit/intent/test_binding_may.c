/* SPDX-License-Identifier: Apache-2.0 */
/* Computed lists that may use the binding SIDs of other policies: where it makes them shorter, and
 * only while those go the way that is wanted. */
#include "bed_packets.h"

#include <string.h>

enum { G = 1000000000 };

static struct ip_addr routed; /* of b's own locator */

static void not_over(struct intent_policy *p, const char *node)
{
	p->cpaths[0].n_exclude = 1;
	memcpy(p->cpaths[0].exclude[0], node, 2);
}

static void bound_to(uint32_t color, const struct ip_addr *sid)
{
	char name[SR_NAME_MAX];

	memcpy(name, view_of("b", color, "d")->lsp_name, sizeof(name));
	pcc_lsp("b", name)->binding_sid = *sid;
	pcc_report("b", name);
}

static void put_lower(const char *without)
{
	struct intent_policy *p = policy("b", 1, "d");

	p->bandwidth_bps = G;
	not_over(p, without);
	put_ok(p);
	fork_settle();
}

/* Of a to d, over e: two adjacency SIDs, or one binding SID. */
static struct intent_policy *wish(uint32_t color)
{
	struct intent_policy *p = policy("a", color, "d");

	p->no_usid = true;
	p->bandwidth_bps = 2ull * G;
	not_over(p, "c");
	return p;
}

static struct intent_policy *may(uint32_t color, const struct ip_addr *sid)
{
	struct intent_policy *p = wish(color);

	p->cpaths[0].n_binding = 1;
	p->cpaths[0].binding[0] = *sid;
	return p;
}

static void setup(void)
{
	fork_up();
	net_link("c", "e", 1, 1000, 10ull * G); /* both links over e have to be told to packets */
	net_publish();
	ck_assert_int_eq(ip_parse("fcbb:bbbb:2:fff1::", &routed), 0);
	put_lower("c");
	bound_to(1, &routed);
}

static void segs(const char *from, uint32_t color, unsigned n, bool through)
{
	const struct intent_view *v = view_of(from, color, "d");

	fork_is(from, color, INTENT_UP, "");
	ck_assert_uint_eq(v->computed.n, n);
	ck_assert(ip_eq(&v->computed.at[0].sid, &routed) == through);
}

START_TEST(binding_sid_makes_a_list_shorter_where_it_may)
{
	put_ok(wish(8));
	put_ok(may(9, &routed));
	fork_settle();
	segs("a", 8, 2, false);
	segs("a", 9, 1, true);
	fork_booked("b", "e", 5);
	fork_booked("a", "b", 4);
	ck_assert_uint_eq(packets_book(), 3);
}
END_TEST

START_TEST(without_it_there_are_too_many_sids)
{
	struct intent_policy *p = wish(9);

	p->msd = 1;
	put_ok(p);
	fork_settle();
	fork_is("a", 9, INTENT_DOWN, "SID");
	p = may(9, &routed);
	p->msd = 1;
	put_ok(p);
	fork_settle();
	segs("a", 9, 1, true);
	ck_assert_uint_eq(packets_book(), 2);
}
END_TEST

START_TEST(one_that_goes_another_way_is_not_used)
{
	put_ok(may(9, &routed));
	fork_settle();
	segs("a", 9, 1, true);
	put_lower("e"); /* now it goes over c, where the other may not */
	fork_settle();
	segs("a", 9, 2, false);
	fork_booked("b", "c", 1);
	fork_booked("b", "e", 2);
	ck_assert_uint_eq(packets_book(), 2);
}
END_TEST

START_TEST(when_it_is_gone_another_list_is_made_at_once)
{
	struct intent_policy *p;
	unsigned calls;

	put_ok(may(9, &routed));
	fork_settle();
	calls = world.n_calls;
	p = policy("b", 1, "d");
	p->admin_down = true;
	put_ok(p);
	fork_settle();
	segs("a", 9, 2, false);
	for (unsigned k = calls; k < world.n_calls; k++) /* it was never taken away */
		ck_assert(world.calls[k].kind != CALL_REMOVE ||
			  ip_eq(&world.calls[k].lsp.key.headend, &pcc_at("b")->addr));
	ck_assert_uint_eq(packets_book(), 1);
	/* And after a restart it is still known that it may. */
	world_crash();
	net_publish();
	pcc_up("a");
	pcc_up("b");
	ck_assert_uint_eq(view_of("a", 9, "d")->desired.cpaths[0].n_binding, 1);
	ck_assert(ip_eq(&view_of("a", 9, "d")->desired.cpaths[0].binding[0], &routed));
}
END_TEST

START_TEST(unrouted_one_is_used_by_its_own_headend_only)
{
	struct ip_addr bsid = view_of("b", 1, "d")->binding_sid;
	struct intent_policy *p;

	ck_assert_int_eq(ip_parse("fcbb:ffff::1234", &bsid), 0);
	bound_to(1, &bsid);
	put_ok(may(9, &bsid));
	p = may(9, &bsid);
	p->key = key("b", 9, "d");
	put_ok(p);
	fork_settle();
	segs("a", 9, 2, false);
	fork_is("b", 9, INTENT_UP, "");
	ck_assert_uint_eq(view_of("b", 9, "d")->computed.n, 1);
	ck_assert(ip_eq(&view_of("b", 9, "d")->computed.at[0].sid, &bsid));
	ck_assert_uint_eq(packets_book(), 3);
}
END_TEST

START_TEST(what_may_not_be_named_is_refused)
{
	struct ip_addr own;
	struct intent_policy *p = may(9, &routed);
	struct intent_result r;

	p->dataplane = SR_MPLS;
	ck_assert_int_eq(put(INTENT_REPLACE, p, 0).code, INTENT_E_INVALID);
	p = may(9, &(struct ip_addr){ 0 });
	ck_assert_int_eq(put(INTENT_REPLACE, p, 0).code, INTENT_E_INVALID);
	put_ok(may(9, &routed));
	own = view_of("a", 9, "d")->binding_sid;
	r = put(INTENT_REPLACE, may(9, &own), 0);
	ck_assert_int_eq(r.code, INTENT_E_INVALID);
	ck_assert_str_eq(r.field, "candidate-path[preference='100']/dynamic/binding-sid");
	p = policy("b", 1, "d"); /* each through the other */
	p->cpaths[0].n_binding = 1;
	p->cpaths[0].binding[0] = own;
	r = put(INTENT_REPLACE, p, 0);
	ck_assert_int_eq(r.code, INTENT_E_INVALID);
	ck_assert_msg(strstr(r.text, "leads back"), "%s", r.text);
}
END_TEST

static struct intent_policy *strong(uint8_t prio)
{
	struct intent_policy *p = policy("b", 7, "e");

	p->setup_prio = p->hold_prio = prio;
	p->bandwidth_bps = 8ull * G;
	not_over(p, "c");
	return p;
}

START_TEST(whom_others_lead_through_is_held_as_well_as_they_are)
{
	struct intent_policy *p = may(9, &routed);
	struct sr_segment s = packets_sid(&routed);

	p->cpaths[0].kind = INTENT_EXPLICIT;
	p->cpaths[0].list = list_of(1, &s);
	p->setup_prio = 7;
	p->hold_prio = 2;
	put_ok(p);
	fork_settle();
	fork_is("a", 9, INTENT_UP, "");
	put_ok(strong(3)); /* better than the lower, worse than who leads through it */
	fork_settle();
	ck_assert_int_eq(view_of("b", 7, "e")->state, INTENT_DOWN);
	fork_is("b", 1, INTENT_UP, "");
	fork_is("a", 9, INTENT_UP, "");
	fork_booked("b", "e", 3);
	/* Without bandwidth nobody is pushed with it, so it is held by itself alone. */
	p = may(9, &routed);
	p->cpaths[0].kind = INTENT_EXPLICIT;
	p->cpaths[0].list = list_of(1, &s);
	p->hold_prio = 2;
	p->bandwidth_bps = 0;
	put_ok(p);
	fork_settle();
	run_ms(61000); /* who lacked bandwidth has asked again */
	fork_settle();
	ck_assert_int_eq(view_of("b", 7, "e")->state, INTENT_UP);
	fork_booked("b", "e", 9);
	audit();
	p = strong(3); /* 10G less 8: both fit, until it wants all */
	p->bandwidth_bps = 10ull * G;
	put_ok(p);
	fork_settle();
	fork_is("b", 1, INTENT_DEGRADED, "preempted by ");
	fork_booked("b", "e", 10);
	audit();
}
END_TEST

START_TEST(paths_that_are_asked_for_may_use_it_too)
{
	struct intent_path_query q = { .src = "a", .dst = "d", .no_usid = true, .setup_prio = 7 };
	const struct ted *t;
	struct pce_answer a;
	struct arena arena;

	arena_init(&arena, 0);
	intent_cpath_default(&q.constraints);
	q.constraints.n_exclude = 1;
	memcpy(q.constraints.exclude[0], "c", 2);
	intent_path(world.intent, &q, &arena, &a, &t);
	ck_assert_int_eq(a.status, PCE_OK);
	ck_assert_uint_eq(a.n_segs, 2);
	q.constraints.n_binding = 1;
	q.constraints.binding[0] = routed;
	intent_path(world.intent, &q, &arena, &a, &t);
	ck_assert_int_eq(a.status, PCE_OK);
	ck_assert_uint_eq(a.n_segs, 1);
	ck_assert_int_eq(a.segs[0].kind, PCE_SEG_BINDING);
	arena_fini(&arena);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("intent-binding-may");
	TCase *tc = tcase_create("may");

	tcase_add_checked_fixture(tc, setup, world_down);
	tcase_add_test(tc, binding_sid_makes_a_list_shorter_where_it_may);
	tcase_add_test(tc, without_it_there_are_too_many_sids);
	tcase_add_test(tc, one_that_goes_another_way_is_not_used);
	tcase_add_test(tc, when_it_is_gone_another_list_is_made_at_once);
	tcase_add_test(tc, unrouted_one_is_used_by_its_own_headend_only);
	tcase_add_test(tc, what_may_not_be_named_is_refused);
	tcase_add_test(tc, whom_others_lead_through_is_held_as_well_as_they_are);
	tcase_add_test(tc, paths_that_are_asked_for_may_use_it_too);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return check_main(suite());
}
