/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies of a group are kept apart, judged by where the lists of their headends lead: walked here,
 * SID by SID, over all ways of the IGP, with nothing of the engine.
 */
#include "world.h"

#include <stdio.h>
#include <string.h>

#include "intent/intent_priv.h"
#include "oracle_apart.h"

enum { G = 1000000000, LINK = PCE_DIVERSE_LINK, NODE = PCE_DIVERSE_NODE, SRLG = PCE_DIVERSE_SRLG };

static void goes(uint32_t color, const char *path)
{
	ck_assert_str_eq(view_of("a", color, "f")->path_text, path);
}

static struct intent_policy *member(const char *from, uint32_t color, const char *to, uint8_t diverse,
				    bool best)
{
	struct intent_policy *p = policy(from, color, to);

	p->no_usid = true; /* so that each SID can be read */
	p->group = (struct intent_membership){ .id = 7, .diverse = diverse, .best_available = best };
	return p;
}

/* Until nobody has anything more to say, and what had to settle has. */
static void quiet(const char *headends)
{
	for (unsigned k = 0; k < 40; k++) {
		run_ms(1000);
		for (const char *h = headends; *h; h++) {
			const char name[2] = { *h, '\0' };

			pcc_answer(name);
		}
	}
	ck_assert_uint_eq(calls_open(), 0);
	audit();
}

/*
 * The shortest way from a to f, a-b-e-f, leaves nothing for another; a-b-c-f and a-d-e-f are the
 * only two that share no link.
 */
static void trap(void)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f" };

	for (unsigned k = 0; k < ARRAY_LEN(names); k++)
		net_node(names[k]);
	net_link("a", "b", 1, 1000, 10ull * G);
	net_link("b", "e", 1, 1000, 10ull * G);
	net_link("e", "f", 1, 1000, 10ull * G);
	net_link("a", "d", 2, 1000, 10ull * G);
	net_link("d", "e", 2, 1000, 10ull * G);
	net_link("b", "c", 2, 1000, 10ull * G);
	net_link("c", "f", 2, 1000, 10ull * G);
	net_publish();
}

static void trap_up(void)
{
	world_up(NULL);
	trap();
	pcc_up("a");
}

static unsigned events(const char *type, const char *with)
{
	unsigned n = 0;
	bool gap;

	for (const struct bus_event *e = bus_next(world.bus, 0, &gap); e; e = bus_next(world.bus, e->id, &gap))
		n += strcmp(e->type, type) == 0 && strstr(e->body, with);
	return n;
}

/* ---- two of one headend ---- */

START_TEST(without_a_group_both_take_the_shortest_way)
{
	struct way x, y;

	trap_up();
	put_ok(policy("a", 1, "f"));
	put_ok(policy("a", 2, "f"));
	quiet("a");
	goes(1, "a>b,b>e,e>f");
	goes(2, "a>b,b>e,e>f");
	way_walk("a", 1, "f", &x);
	way_walk("a", 2, "f", &y);
	ck_assert_uint_eq(ways_met(&x, &y), 0);
	ck_assert_uint_eq(view_of("a", 1, "f")->n_mates, 0);
	world_down();
}
END_TEST

START_TEST(both_move_where_one_alone_finds_nothing)
{
	struct way x, y;
	uint32_t before;

	trap_up();
	put_ok(member("a", 1, "f", LINK, false));
	quiet("a");
	goes(1, "a>b,b>e,e>f");
	before = world.n_calls;
	put_ok(member("a", 2, "f", LINK, false));
	quiet("a");
	ck_assert_uint_eq(world.n_calls, before + 2);
	way_walk("a", 1, "f", &x);
	way_walk("a", 2, "f", &y);
	ck_assert_uint_eq(ways_met(&x, &y) & (LINK | NODE), LINK | NODE);
	view_is("a", 1, "f", INTENT_UP, "");
	view_is("a", 2, "f", INTENT_UP, "");
	ck_assert_uint_eq(view_of("a", 1, "f")->n_mates, 1);
	ck_assert_uint_eq(view_of("a", 1, "f")->mates[0].key.color, 2);
	ck_assert(view_of("a", 1, "f")->mates[0].placed);
	ck_assert_uint_eq(events("policy-group", "\"met\":\"link\""), 1);
	run_ms(60000);
	ck_assert_uint_eq(world.n_calls, before + 2); /* and there they stay */
	world_down();
}
END_TEST

START_TEST(strict_without_a_second_way_says_so_and_leaves_the_first_alone)
{
	trap_up();
	put_ok(member("a", 1, "f", LINK, false));
	quiet("a");
	net_cut("d", "e");
	quiet("a");
	put_ok(member("a", 2, "f", LINK, false));
	quiet("a");
	view_is("a", 1, "f", INTENT_UP, "");
	goes(1, "a>b,b>e,e>f");
	view_is("a", 2, "f", INTENT_DOWN, "disjointness group 7: no 2 paths under the constraints");
	ck_assert_uint_eq(events("policy-state", "disjointness group 7: no 2 paths"), 1);
	ck_assert_uint_eq(view_of("a", 2, "f")->n_apart, 0);
	net_heal("d", "e");
	quiet("a");
	view_is("a", 2, "f", INTENT_UP, "");
	ck_assert_uint_eq(view_of("a", 2, "f")->n_apart, 1);
	ck_assert(view_of("a", 2, "f")->met & LINK);
	world_down();
}
END_TEST

START_TEST(best_available_shares_as_little_as_it_can_and_says_what_is_met)
{
	struct way x, y;

	trap_up();
	net_cut("d", "e");
	put_ok(member("a", 1, "f", LINK, true));
	put_ok(member("a", 2, "f", LINK, true));
	quiet("a");
	view_is("a", 1, "f", INTENT_UP, "link asked, none met: shares the link");
	view_is("a", 2, "f", INTENT_UP, "disjointness group 7: link asked, none met");
	way_walk("a", 1, "f", &x);
	way_walk("a", 2, "f", &y);
	ck_assert_uint_eq(ways_shared_wires(&x, &y), 1); /* a-b, the only way out */
	ck_assert_uint_eq(events("policy-group", "\"met\":\"none\""), 1);
	net_heal("d", "e");
	quiet("a");
	view_is("a", 1, "f", INTENT_UP, "");
	ck_assert_str_eq(view_of("a", 1, "f")->reason, "");
	ck_assert_str_eq(view_of("a", 2, "f")->reason, "");
	way_walk("a", 1, "f", &x);
	way_walk("a", 2, "f", &y);
	ck_assert_uint_eq(ways_met(&x, &y) & LINK, LINK);
	ck_assert_uint_eq(events("policy-group", "\"met\":\"link\""), 1);
	world_down();
}
END_TEST

/* ---- failures ---- */

/* Three ways from a to f over b, c and d, each costlier than the one before. */
static void three_ways(void)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f" };

	for (unsigned k = 0; k < ARRAY_LEN(names); k++)
		net_node(names[k]);
	for (uint32_t k = 1; k <= 4; k++) {
		net_link("a", names[k], 10 * k, 1000, 10ull * G);
		net_link(names[k], "f", 10 * k, 1000, 10ull * G);
	}
	net_publish();
}

START_TEST(failure_moves_the_one_it_hits_and_not_the_other)
{
	struct way x, y;
	uint32_t before;

	world_up(NULL);
	three_ways();
	pcc_up("a");
	put_ok(member("a", 1, "f", NODE, false));
	put_ok(member("a", 2, "f", NODE, false));
	quiet("a");
	goes(1, "a>b,b>f");
	goes(2, "a>c,c>f");
	before = world.n_calls;
	net_cut("b", "f");
	ck_assert_uint_eq(world.n_calls, before + 1); /* at once */
	ck_assert_uint_eq(call_last()->lsp.key.color, 1);
	quiet("a");
	goes(1, "a>d,d>f");
	goes(2, "a>c,c>f");
	ck_assert_uint_eq(world.n_calls, before + 1);
	way_walk("a", 1, "f", &x);
	way_walk("a", 2, "f", &y);
	ck_assert_uint_eq(ways_met(&x, &y), LINK | NODE | SRLG);
	before = world.n_calls;
	net_heal("b", "f"); /* good news settles, and only who is better off moves */
	quiet("a");
	goes(1, "a>b,b>f");
	goes(2, "a>c,c>f");
	ck_assert_uint_eq(world.n_calls, before + 1);
	world_down();
}
END_TEST

START_TEST(one_that_leaves_gives_its_way_free)
{
	world_up(NULL);
	three_ways();
	pcc_up("a");
	put_ok(member("a", 1, "f", LINK, false));
	put_ok(member("a", 2, "f", LINK, false));
	quiet("a");
	goes(2, "a>c,c>f");
	ck_assert_int_eq(del("a", 1, "f").code, 0);
	quiet("a");
	goes(2, "a>b,b>f");
	ck_assert_uint_eq(view_of("a", 2, "f")->n_mates, 0);
	put_ok(member("a", 1, "f", LINK, false));
	quiet("a");
	goes(1, "a>c,c>f");
	put_ok(policy("a", 1, "f")); /* a member no more */
	quiet("a");
	goes(1, "a>b,b>f");
	goes(2, "a>b,b>f");
	world_down();
}
END_TEST

START_TEST(srlgs_are_kept_apart_when_they_are_asked_for)
{
	static const uint32_t risk[] = { 42 };
	struct way x, y;

	world_up(NULL);
	three_ways();
	net_dir("a", "b")->srlg = net_dir("c", "f")->srlg = risk;
	net_dir("a", "b")->n_srlg = net_dir("c", "f")->n_srlg = 1;
	net_publish();
	pcc_up("a");
	put_ok(member("a", 1, "f", SRLG, false));
	put_ok(member("a", 2, "f", SRLG, false));
	quiet("a");
	goes(1, "a>b,b>f");
	goes(2, "a>d,d>f");
	way_walk("a", 1, "f", &x);
	way_walk("a", 2, "f", &y);
	ck_assert_uint_eq(ways_met(&x, &y), LINK | NODE | SRLG);
	put_ok(policy("a", 2, "f"));
	put_ok(member("a", 1, "f", LINK, false));
	put_ok(member("a", 2, "f", LINK, false)); /* the same links, and nobody minds the risk */
	quiet("a");
	goes(2, "a>c,c>f");
	world_down();
}
END_TEST

START_TEST(explicit_member_stays_and_the_others_go_round_it)
{
	struct intent_policy *p;
	struct way x, y;

	world_up(NULL);
	three_ways();
	pcc_up("a");
	put_ok(member("a", 2, "f", LINK, false));
	quiet("a");
	goes(2, "a>b,b>f");
	p = member("a", 1, "f", LINK, false);
	p->cpaths[0].kind = INTENT_EXPLICIT;
	p->cpaths[0].list = list_of(2, (struct sr_segment[]){ net_adj("a", "b"), net_adj("b", "f") });
	put_ok(p);
	quiet("a");
	/* It may not go where another is: strict holds for what is given too. */
	view_is("a", 1, "f", INTENT_DOWN, "shares the link");
	ck_assert_int_eq(del("a", 2, "f").code, 0);
	quiet("a");
	view_is("a", 1, "f", INTENT_UP, "");
	put_ok(member("a", 2, "f", LINK, false));
	quiet("a");
	goes(2, "a>c,c>f");
	way_walk("a", 1, "f", &x);
	way_walk("a", 2, "f", &y);
	ck_assert_uint_eq(ways_met(&x, &y) & LINK, LINK);
	world_down();
}
END_TEST

START_TEST(eight_are_kept_apart_and_a_ninth_is_refused)
{
	struct intent_result r;

	world_up(NULL);
	for (unsigned k = 0; k < 10; k++) {
		const char name[2] = { (char)('a' + k), '\0' };

		net_node(name);
	}
	for (unsigned k = 1; k <= 8; k++) {
		const char name[2] = { (char)('a' + k), '\0' };

		net_link("a", name, 10 * k, 1000, 10ull * G);
		net_link(name, "j", 10 * k, 1000, 10ull * G);
	}
	net_publish();
	pcc_up("a");
	for (uint32_t c = 1; c <= 8; c++)
		put_ok(member("a", c, "j", NODE, false));
	quiet("a");
	for (uint32_t c = 1; c <= 8; c++) {
		for (uint32_t d = 1; d < c; d++) {
			struct way x, y;

			way_walk("a", c, "j", &x);
			way_walk("a", d, "j", &y);
			ck_assert_uint_eq(ways_met(&x, &y), LINK | NODE | SRLG);
		}
	}
	r = put(INTENT_CREATE, member("a", 9, "j", NODE, false), 0);
	ck_assert_int_eq(r.code, INTENT_E_INVALID);
	ck_assert_str_eq(r.field, "disjointness/group");
	ck_assert_ptr_nonnull(strstr(r.text, "take another group"));
	put_ok(member("a", 8, "j", NODE, false)); /* one of the eight may be written */
	world_down();
}
END_TEST

/* ---- what is refused ---- */

START_TEST(members_have_to_agree)
{
	struct intent_policy *p;
	struct intent_result r;

	trap_up();
	put_ok(member("a", 1, "f", NODE, false));
	r = put(INTENT_CREATE, member("a", 2, "f", LINK, false), 0);
	ck_assert_int_eq(r.code, INTENT_E_INVALID);
	ck_assert_str_eq(r.field, "disjointness/kind");
	ck_assert_ptr_nonnull(strstr(r.text, "is node disjoint by policy"));
	r = put(INTENT_CREATE, member("a", 2, "f", NODE, true), 0);
	ck_assert_int_eq(r.code, INTENT_E_INVALID);
	ck_assert_str_eq(r.field, "disjointness/best-available");
	p = member("a", 2, "f", LINK, true);
	p->group.id = 8;
	put_ok(p);
	put_ok(member("a", 1, "f", SRLG | NODE, false)); /* alone in it, it may say what it likes */
	p = member("a", 3, "f", 0, false);
	r = put(INTENT_CREATE, p, 0);
	ck_assert_int_eq(r.code, INTENT_E_INVALID);
	ck_assert_str_eq(r.field, "disjointness");
	world_down();
}
END_TEST

static void told(void *arg, const struct intent_result *r)
{
	*(struct intent_result *)arg = *r;
}

START_TEST(one_on_its_way_to_disk_counts)
{
	struct intent_result r[2] = { { .code = -1 }, { .code = -1 } };

	trap_up();
	intent_put(world.intent, INTENT_CREATE, member("a", 1, "f", NODE, false), 0, told, &r[0]);
	intent_put(world.intent, INTENT_CREATE, member("a", 2, "f", LINK, false), 0, told, &r[1]);
	run_ms(1000);
	ck_assert_int_eq(r[0].code, 0);
	ck_assert_int_eq(r[1].code, INTENT_E_INVALID);
	ck_assert_str_eq(r[1].field, "disjointness/kind");
	world_down();
}
END_TEST

/* ---- restart ---- */

START_TEST(restart_keeps_the_group_and_sends_nothing)
{
	uint32_t before;
	struct way x, y;

	trap_up();
	put_ok(member("a", 1, "f", SRLG | NODE, false));
	put_ok(member("a", 2, "f", SRLG | NODE, false));
	quiet("a");
	before = world.n_calls;
	world_crash();
	net_publish();
	pcc_up("a");
	quiet("a");
	ck_assert_uint_eq(world.n_calls, before);
	ck_assert_uint_eq(view_of("a", 1, "f")->desired.group.id, 7);
	ck_assert_uint_eq(view_of("a", 1, "f")->desired.group.diverse, SRLG | NODE);
	ck_assert(!view_of("a", 1, "f")->desired.group.best_available);
	ck_assert_uint_eq(view_of("a", 1, "f")->n_apart, 1);
	way_walk("a", 1, "f", &x);
	way_walk("a", 2, "f", &y);
	ck_assert_uint_eq(ways_met(&x, &y), LINK | NODE | SRLG);
	net_cut("a", "d"); /* it still knows what may not be shared */
	quiet("a");
	/* Its list leads over b by itself now: traffic goes on, as with any bound, and both say so. */
	ck_assert_uint_eq(world.n_calls, before);
	view_is("a", 1, "f", INTENT_DEGRADED, "disjointness group 7 (srlg-node): shares the link a>b");
	view_is("a", 2, "f", INTENT_DEGRADED, "disjointness group 7 (srlg-node): shares the link a>b");
	net_heal("a", "d");
	quiet("a");
	view_is("a", 1, "f", INTENT_UP, "");
	view_is("a", 2, "f", INTENT_UP, "");
	world_down();
}
END_TEST

/* ---- headends ---- */

START_TEST(one_whose_headend_is_away_is_not_moved)
{
	trap_up();
	pcc_up("d");
	put_ok(member("a", 1, "f", LINK, false));
	quiet("a");
	goes(1, "a>b,b>e,e>f");
	pcc_down("a");
	put_ok(member("d", 2, "f", LINK, false));
	quiet("d");
	goes(1, "a>b,b>e,e>f"); /* whoever holds it cannot be told now */
	view_is("d", 2, "f", INTENT_DOWN, "cannot be moved now");
	pcc_up("a");
	put_ok(member("d", 2, "f", LINK, false));
	quiet("ad");
	view_is("a", 1, "f", INTENT_UP, "");
	view_is("d", 2, "f", INTENT_UP, "");
	world_down();
}
END_TEST

START_TEST(bandwidth_is_booked_for_all_that_move)
{
	struct intent_policy *p;
	struct intent_book_row row;

	trap_up();
	for (uint32_t c = 1; c <= 2; c++) {
		p = member("a", c, "f", LINK, false);
		p->bandwidth_bps = 4ull * G;
		put_ok(p);
	}
	quiet("a");
	view_is("a", 1, "f", INTENT_UP, "");
	view_is("a", 2, "f", INTENT_UP, "");
	ck_assert(intent_book_row(world.intent, net_index("a", "b"), &row));
	ck_assert_uint_eq(row.reserved_bps[7], 4ull * G);
	ck_assert(intent_book_row(world.intent, net_index("a", "d"), &row));
	ck_assert_uint_eq(row.reserved_bps[7], 4ull * G);
	ck_assert(intent_book_row(world.intent, net_index("b", "e"), &row));
	ck_assert_uint_eq(row.reserved_bps[7], 0);
	world_down();
}
END_TEST

START_TEST(no_room_for_the_second_is_told_as_such)
{
	struct intent_policy *p;

	trap_up();
	put_ok(member("a", 1, "f", LINK, false));
	p = member("a", 2, "f", LINK, false);
	p->bandwidth_bps = 70ull * G;
	put_ok(p);
	quiet("a");
	view_is("a", 1, "f", INTENT_UP, "");
	view_is("a", 2, "f", INTENT_DOWN, "bandwidth");
	world_down();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("intent-group");
	TCase *tc = tcase_create("group");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, without_a_group_both_take_the_shortest_way);
	tcase_add_test(tc, both_move_where_one_alone_finds_nothing);
	tcase_add_test(tc, strict_without_a_second_way_says_so_and_leaves_the_first_alone);
	tcase_add_test(tc, best_available_shares_as_little_as_it_can_and_says_what_is_met);
	tcase_add_test(tc, failure_moves_the_one_it_hits_and_not_the_other);
	tcase_add_test(tc, one_that_leaves_gives_its_way_free);
	tcase_add_test(tc, srlgs_are_kept_apart_when_they_are_asked_for);
	tcase_add_test(tc, explicit_member_stays_and_the_others_go_round_it);
	tcase_add_test(tc, eight_are_kept_apart_and_a_ninth_is_refused);
	tcase_add_test(tc, members_have_to_agree);
	tcase_add_test(tc, one_on_its_way_to_disk_counts);
	tcase_add_test(tc, restart_keeps_the_group_and_sends_nothing);
	tcase_add_test(tc, one_whose_headend_is_away_is_not_moved);
	tcase_add_test(tc, bandwidth_is_booked_for_all_that_move);
	tcase_add_test(tc, no_room_for_the_second_is_told_as_such);
	suite_add_tcase(s, tc);
	return check_main(s);
}
