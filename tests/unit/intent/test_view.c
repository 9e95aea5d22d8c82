/* SPDX-License-Identifier: Apache-2.0 */
/* Queries: views, path computation, the book's rows, headends. */
#include "world.h"

#include <string.h>

enum { G = 1000000000 };

static void setup(void)
{
	world_up(NULL);
	net_square();
}

static void up_by(const char *headend, uint32_t color, const char *endpoint, uint64_t bps,
		  enum pce_metric minimise)
{
	struct intent_policy *p = policy(headend, color, endpoint);

	p->cpaths[0].minimise = minimise;
	p->bandwidth_bps = bps;
	put_ok(p);
	ck_assert_uint_eq(pcc_answer(headend), 1);
	ck_assert_int_eq(view_of(headend, color, endpoint)->state, INTENT_UP);
}

static void up(const char *headend, uint32_t color, const char *endpoint, uint64_t bps)
{
	up_by(headend, color, endpoint, bps, PCE_IGP);
}

/* ---- policies ---- */

START_TEST(policies_come_in_order_of_their_keys)
{
	const char *want[][2] = { { "a", "b" }, { "a", "d" }, { "b", "a" } };
	struct sr_policy_key k;
	struct intent_view v;
	unsigned n = 0;

	put_ok(policy("b", 1, "a"));
	put_ok(policy("a", 1, "d"));
	put_ok(policy("a", 1, "b"));
	put_ok(policy("a", 2, "c"));
	ck_assert_int_eq(del("a", 2, "c").code, 0);
	for (bool more = intent_next(world.intent, NULL, &v); more;
	     more = intent_next(world.intent, &k, &v), n++) {
		k = v.desired.key;
		ck_assert_uint_lt(n, 3);
		ck_assert(ip_eq(&k.headend, &(struct ip_addr[]){ net_addr(want[n][0]) }[0]));
		ck_assert(ip_eq(&k.endpoint, &(struct ip_addr[]){ net_addr(want[n][1]) }[0]));
	}
	ck_assert_uint_eq(n, 3);
	k = key("a", 1, "c"); /* after one that is not there */
	ck_assert(intent_next(world.intent, &k, &v));
	ck_assert_int_eq(v.desired.key.endpoint.b[7], 4);
	ck_assert_ptr_null(view_of("a", 1, "c"));
}
END_TEST

START_TEST(view_of_a_policy_that_is_up)
{
	const struct intent_view *v;
	struct sr_segment s = net_sid("d");
	struct sr_list l = list_of(1, &s);

	pcc_up("a");
	up("a", 1, "d", 5);
	v = view_of("a", 1, "d");
	ck_assert_int_eq(v->mode, INTENT_MANAGED);
	ck_assert_str_eq(v->reason, "");
	ck_assert_uint_eq(v->desired.bandwidth_bps, 5);
	ck_assert_uint_eq(v->desired.n_cpaths, 1);
	ck_assert(v->has_computed && sr_list_eq(&v->computed, &l));
	ck_assert_str_eq(v->path_text, "a>b,b>d");
	ck_assert_uint_eq(v->n_path, 2);
	ck_assert_uint_eq(v->igp, 20);
	ck_assert_uint_eq(v->te, 20);
	ck_assert_uint_eq(v->hops, 2);
	ck_assert_uint_eq(v->delay_us, 2000);
	ck_assert_uint_eq(v->worst_delay_us, 2000);
	ck_assert_uint_eq(v->active_preference, 100);
	ck_assert_uint_eq(v->ted_generation, world.ted->generation);
	ck_assert(v->has_reported && sr_list_eq(&v->reported.list, &l));
	ck_assert_str_eq(v->reported.name, v->lsp_name);
	ck_assert_ptr_nonnull(pcc_lsp("a", v->lsp_name));
	ck_assert(v->confirmed && v->charged && !v->key_made);
	ck_assert_uint_eq(v->pushes, 1);
	ck_assert_uint_eq(v->repairs, 0);
	ck_assert_int_eq(v->binding_sid.family, IP_V6);
	ck_assert_int_eq(v->binding_sid.b[0], 0xfc);
}
END_TEST

START_TEST(view_of_a_policy_without_a_path)
{
	struct intent_policy *p = policy("a", 1, "d");
	const struct intent_view *v;

	pcc_up("a");
	p->cpaths[0].delay_us_max = 1999;
	put_ok(p);
	v = view_of("a", 1, "d");
	ck_assert_int_eq(v->state, INTENT_DOWN);
	ck_assert_ptr_nonnull(strstr(v->reason, "delay"));
	ck_assert(!v->has_computed && !v->has_reported && !v->charged && !v->confirmed);
	ck_assert_uint_eq(v->igp, UINT32_MAX);
	ck_assert_uint_eq(v->worst_delay_us, UINT32_MAX);
	ck_assert_str_eq(v->path_text, "");
	p->cpaths[0].delay_us_max = 2000;
	put_ok(p);
	ck_assert(view_of("a", 1, "d")->has_computed);
}
END_TEST

START_TEST(view_of_an_lsp_nobody_described)
{
	struct sr_segment s[2] = { net_sid("c"), net_sid("d") };
	struct sr_list l = list_of(2, s);
	struct sr_policy_key k = { .headend = net_addr("a"), .color = intent_color_of("other"),
				   .endpoint = net_addr("d") };
	struct lsp_state *st = pcc_plant("a", "other", &l);
	struct intent_view v;

	st->endpoint = net_addr("d");
	st->bandwidth_bps = 7;
	pcc_up("a");
	ck_assert_int_eq(intent_get(world.intent, &k, &v), 0);
	ck_assert_int_eq(v.mode, INTENT_OBSERVED);
	ck_assert_int_eq(v.state, INTENT_UP);
	ck_assert(v.key_made && v.charged && v.has_reported && !v.has_computed);
	ck_assert_str_eq(v.lsp_name, "other");
	ck_assert_str_eq(v.desired.name, "other");
	ck_assert_uint_eq(v.desired.bandwidth_bps, 7);
	ck_assert_uint_eq(v.desired.n_cpaths, 1);
	ck_assert_int_eq(v.desired.cpaths[0].kind, INTENT_EXPLICIT);
	ck_assert(sr_list_eq(&v.desired.cpaths[0].list, &l));
	ck_assert_uint_eq(world.n_calls, 0);
	pcc_forget("a", "other");
	ck_assert_int_eq(intent_get(world.intent, &k, &v), INTENT_E_MISSING);
}
END_TEST

START_TEST(odd_name_is_shown_but_not_taken_over)
{
	struct sr_segment s = net_sid("d");
	struct sr_list l = list_of(1, &s);
	struct lsp_state *st = pcc_plant("a", "odd\x01\xff", &l);

	st->has_key = true;
	st->color = 9;
	st->endpoint = net_addr("d");
	pcc_up("a");
	ck_assert_str_eq(view_of("a", 9, "d")->desired.name, "");
	ck_assert_str_eq(view_of("a", 9, "d")->reported.name, "odd\x01\xff");
}
END_TEST

START_TEST(each_write_changes_the_revisions)
{
	uint64_t all = intent_revision(world.intent), one;
	struct intent_result r = put(INTENT_CREATE, policy("a", 1, "d"), 0);

	ck_assert_int_eq(r.code, 0);
	one = view_of("a", 1, "d")->revision;
	ck_assert_uint_eq(r.revision, one);
	ck_assert_uint_ne(intent_revision(world.intent), all);
	all = intent_revision(world.intent);
	net_publish(); /* what is computed is no write */
	ck_assert_uint_eq(intent_revision(world.intent), all);
	ck_assert_int_eq(put(INTENT_UPDATE, policy("a", 1, "d"), one + 1).code, INTENT_E_REVISION);
	ck_assert_uint_eq(view_of("a", 1, "d")->revision, one);
	ck_assert_int_eq(put(INTENT_UPDATE, policy("a", 1, "d"), one).code, 0);
	ck_assert_uint_gt(view_of("a", 1, "d")->revision, one);
	ck_assert_uint_ne(intent_revision(world.intent), all);
	all = intent_revision(world.intent);
	ck_assert_int_eq(del("a", 1, "d").code, 0);
	ck_assert_uint_ne(intent_revision(world.intent), all);
}
END_TEST

START_TEST(preempted_policy_is_shown_as_not_charged)
{
	struct intent_policy *p;

	pcc_up("a");
	net_cut("a", "c");
	up("a", 1, "d", 6ull * G);
	ck_assert(view_of("a", 1, "d")->charged);
	p = policy("a", 2, "d");
	p->bandwidth_bps = 6ull * G;
	p->setup_prio = p->hold_prio = 3;
	put_ok(p);
	ck_assert(view_of("a", 2, "d")->charged);
	ck_assert(!view_of("a", 1, "d")->charged);
}
END_TEST

/* ---- path computation ---- */

static struct intent_path_query query(const char *src, const char *dst)
{
	struct intent_path_query q = { .setup_prio = 7 };

	intent_cpath_default(&q.constraints);
	memcpy(q.src, src, strlen(src) + 1);
	memcpy(q.dst, dst, strlen(dst) + 1);
	return q;
}

static struct arena arena;

static struct pce_answer compute(const struct intent_path_query *q)
{
	const struct ted *ted;
	struct pce_answer ans;

	arena_reset(&arena);
	intent_path(world.intent, q, &arena, &ans, &ted);
	ck_assert_ptr_eq(ted, intent_ted(world.intent));
	ck_assert((ans.status == PCE_OK) == (ans.why[0] == '\0'));
	return ans;
}

START_TEST(path_between_names_ids_and_addresses)
{
	const char *src[] = { "a", "0000.0000.0001", "2001:db8:0:1::1", "10.0.0.1",
			      "fcbb:bbbb:1::" };

	for (unsigned k = 0; k < ARRAY_LEN(src); k++) {
		struct intent_path_query q = query(src[k], "d");
		struct pce_answer ans = compute(&q);

		ck_assert_int_eq(ans.status, PCE_OK);
		ck_assert_uint_eq(ans.n_path, 2);
		ck_assert_uint_eq(ans.path[0], net_index("a", "b"));
		ck_assert_uint_eq(ans.n_segs, 1);
		ck_assert_uint_eq(ans.bottleneck_bps, 10ull * G);
	}
	ck_assert_uint_eq(world.n_calls, 0);
	audit();
}
END_TEST

START_TEST(path_that_cannot_be_asked_for_says_why)
{
	struct intent_path_query q = query("z", "d");
	struct pce_answer ans = compute(&q);

	ck_assert_int_eq(ans.status, PCE_NO_SOURCE);
	ck_assert_ptr_nonnull(strstr(ans.why, "z is no node"));
	q = query("a", "::");
	ck_assert_int_eq(compute(&q).status, PCE_NO_TARGET);
	q = query("a", "d");
	q.constraints.n_exclude = 2;
	memcpy(q.constraints.exclude[0], "b", 2);
	memcpy(q.constraints.exclude[1], "nowhere", 8);
	ans = compute(&q);
	ck_assert_int_eq(ans.status, PCE_NO_CONSTRAINED);
	ck_assert_ptr_nonnull(strstr(ans.why, "nowhere"));
	q.constraints.n_exclude = 1;
	ans = compute(&q);
	ck_assert_int_eq(ans.status, PCE_OK);
	ck_assert_uint_eq(ans.path[0], net_index("a", "c"));
}
END_TEST

START_TEST(path_before_there_is_a_topology)
{
	struct intent_path_query q = query("a", "d");
	struct pce_answer ans;
	const struct ted *ted;

	world_crash();
	intent_path(world.intent, &q, &arena, &ans, &ted);
	ck_assert_int_ne(ans.status, PCE_OK);
	ck_assert(ans.why[0] != '\0');
}
END_TEST

START_TEST(path_takes_its_bandwidth_from_the_book)
{
	struct intent_path_query q = query("a", "d");
	struct pce_answer ans;

	pcc_up("a");
	up("a", 1, "d", 6ull * G);
	q.bandwidth_bps = 4ull * G;
	ans = compute(&q);
	ck_assert_uint_eq(ans.path[0], net_index("a", "b"));
	ck_assert_uint_eq(ans.bottleneck_bps, 4ull * G);
	q.bandwidth_bps++;
	ck_assert_uint_eq(compute(&q).path[0], net_index("a", "c"));
	q.setup_prio = 6; /* better than what holds it */
	ck_assert_uint_eq(compute(&q).path[0], net_index("a", "b"));
	q.bandwidth_bps = 10ull * G + 1;
	ans = compute(&q);
	ck_assert_int_eq(ans.status, PCE_NO_CONSTRAINED);
	ck_assert(ans.removed[PCE_C_BANDWIDTH].decisive);
}
END_TEST

/* Over c, to which the shortest way is another: two SIDs. */
START_TEST(a_policy_whose_list_is_too_long_says_what_would_help)
{
	struct intent_policy *p = policy("a", 1, "d");
	const struct intent_view *v;

	net_dir("a", "c")->igp_metric = net_dir("c", "a")->igp_metric = 100;
	net_publish();
	pcc_up("a");
	p->no_usid = true;
	p->msd = 1;
	p->cpaths[0].n_exclude = 1;
	memcpy(p->cpaths[0].exclude[0], "b", 2);
	put_ok(p);
	v = view_of("a", 1, "d");
	ck_assert_int_eq(v->state, INTENT_DOWN);
	ck_assert_msg(strstr(v->reason, "with exclude and msd; needs MSD >= 2 or no exclude constraint"),
		      "%s", v->reason);
	p->msd = 2;
	put_ok(p);
	ck_assert_uint_eq(pcc_answer("a"), 1);
	v = view_of("a", 1, "d");
	ck_assert_int_eq(v->state, INTENT_UP);
	ck_assert_str_eq(v->reason, "");
}
END_TEST

START_TEST(path_fits_what_the_headend_can_impose)
{
	struct intent_path_query q = query("a", "d");

	net_dir("a", "c")->igp_metric = net_dir("c", "a")->igp_metric = 100;
	net_publish();
	q.no_usid = true;
	q.constraints.n_exclude = 1; /* over c, to which the shortest way is another: two SIDs */
	memcpy(q.constraints.exclude[0], "b", 2);
	ck_assert_int_eq(compute(&q).status, PCE_OK);
	ck_assert_uint_eq(compute(&q).n_segs, 2);
	q.msd = 1;
	ck_assert_int_eq(compute(&q).status, PCE_NO_MSD);
	q.msd = 0;
	pcc_at("a")->caps.msd_srv6 = 1;
	pcc_up("a");
	ck_assert_int_eq(compute(&q).status, PCE_NO_MSD);
	q.msd = 2;
	ck_assert_int_eq(compute(&q).status, PCE_OK);
	q.reserved = 1;
	ck_assert_int_eq(compute(&q).status, PCE_NO_MSD);
}
END_TEST

/* ---- book ---- */

static struct intent_book_row row(const char *from, const char *to)
{
	struct intent_book_row r;

	ck_assert(intent_book_row(world.intent, net_index(from, to), &r));
	ck_assert_uint_eq(r.link, net_index(from, to));
	return r;
}

START_TEST(book_row_tells_ours_and_foreign_by_priority)
{
	struct sr_segment s = net_sid("d");
	struct sr_list l = list_of(1, &s);
	struct intent_policy *p = policy("a", 1, "d");
	struct lsp_state *st = pcc_plant("a", "other", &l);
	struct intent_book_row r;

	st->bandwidth_bps = G;
	st->hold_prio = 5;
	pcc_up("a");
	p->bandwidth_bps = 2ull * G;
	p->setup_prio = 4;
	p->hold_prio = 3;
	put_ok(p);
	pcc_answer("a");
	r = row("a", "b");
	ck_assert_uint_eq(r.capacity_bps, 10ull * G);
	ck_assert_uint_eq(r.n_lsps, 2);
	for (unsigned k = 0; k < 8; k++) {
		ck_assert_uint_eq(r.reserved_bps[k], k == 3 ? 2ull * G : 0);
		ck_assert_uint_eq(r.foreign_bps[k], k == 5 ? G : 0);
		ck_assert_uint_eq(r.free_bps[k], k < 3 ? 9ull * G : 7ull * G);
	}
	r = row("b", "a");
	ck_assert_uint_eq(r.n_lsps, 0);
	ck_assert_uint_eq(r.free_bps[7], 10ull * G);
	ck_assert_int_eq(del("a", 1, "d").code, 0);
	ck_assert_uint_eq(row("a", "b").reserved_bps[3], 2ull * G); /* until it is gone */
	ck_assert_uint_eq(pcc_answer("a"), 1);
	ck_assert_uint_eq(row("a", "b").reserved_bps[3], 0);
	ck_assert(!intent_book_row(world.intent, world.ted->n_links, &r));
	ck_assert(!intent_book_row(world.intent, UINT32_MAX, &r));
}
END_TEST

START_TEST(move_is_charged_on_both_ways_until_it_is_up)
{
	/* Over c by TE metric, so that its list names the link that is cut. */
	net_dir("a", "b")->te_metric = 100;
	net_publish();
	pcc_up("a");
	up_by("a", 1, "d", G, PCE_TE);
	ck_assert_uint_eq(row("a", "c").reserved_bps[7], G);
	net_cut("c", "d");
	ck_assert_uint_eq(row("a", "b").reserved_bps[7], G);
	ck_assert_uint_eq(row("a", "c").reserved_bps[7], G);
	ck_assert_uint_eq(pcc_answer("a"), 1);
	ck_assert_uint_eq(row("a", "c").reserved_bps[7], 0);
	ck_assert_uint_eq(row("a", "b").reserved_bps[7], G);
}
END_TEST

/* ---- the rest ---- */

static struct intent_headend_info heads[4];
static unsigned n_heads;

static void head(void *arg, const struct intent_headend_info *h)
{
	(void)arg;
	ck_assert_uint_lt(n_heads, 4);
	heads[n_heads++] = *h;
}

START_TEST(headends_tell_their_session)
{
	struct sr_segment s = net_sid("d");
	struct sr_list l = list_of(1, &s);

	intent_each_headend(world.intent, head, NULL);
	ck_assert_uint_eq(n_heads, 0);
	pcc_plant("a", "other", &l);
	pcc_open("a");
	intent_each_headend(world.intent, head, NULL);
	ck_assert_uint_eq(n_heads, 1);
	ck_assert(heads[0].up && !heads[0].synced);
	ck_assert_uint_eq(heads[0].caps.msd_srv6, 8);
	pcc_sync("a");
	n_heads = 0;
	intent_each_headend(world.intent, head, NULL);
	ck_assert(heads[0].synced);
	ck_assert_uint_eq(heads[0].lsps, 1);
	pcc_down("a");
	n_heads = 0;
	intent_each_headend(world.intent, head, NULL);
	ck_assert_uint_eq(n_heads, 1);
	ck_assert(!heads[0].up && !heads[0].synced);
}
END_TEST

START_TEST(repair_is_measured_and_counted)
{
	struct intent_repair_info r;

	net_dir("a", "b")->te_metric = 100;
	net_publish();
	pcc_up("a");
	up_by("a", 1, "d", G, PCE_TE);
	intent_repair(world.intent, &r);
	ck_assert_uint_eq(r.repairs, 0);
	net_cut("c", "d");
	intent_repair(world.intent, &r);
	ck_assert_uint_eq(r.repairs, 1);
	ck_assert_uint_eq(view_of("a", 1, "d")->repairs, 1);
	ck_assert_str_eq(view_of("a", 1, "d")->path_text, "a>b,b>d");
}
END_TEST

START_TEST(hold_is_told)
{
	ck_assert(!intent_held(world.intent));
	hold(true);
	ck_assert(intent_held(world.intent));
	world_crash();
	ck_assert(intent_held(world.intent));
	hold(false);
	ck_assert(!intent_held(world.intent));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("intent-view");
	TCase *tc = tcase_create("queries");

	tcase_add_checked_fixture(tc, setup, world_down);
	tcase_add_test(tc, policies_come_in_order_of_their_keys);
	tcase_add_test(tc, view_of_a_policy_that_is_up);
	tcase_add_test(tc, view_of_a_policy_without_a_path);
	tcase_add_test(tc, view_of_an_lsp_nobody_described);
	tcase_add_test(tc, odd_name_is_shown_but_not_taken_over);
	tcase_add_test(tc, each_write_changes_the_revisions);
	tcase_add_test(tc, preempted_policy_is_shown_as_not_charged);
	tcase_add_test(tc, path_between_names_ids_and_addresses);
	tcase_add_test(tc, path_that_cannot_be_asked_for_says_why);
	tcase_add_test(tc, path_before_there_is_a_topology);
	tcase_add_test(tc, path_takes_its_bandwidth_from_the_book);
	tcase_add_test(tc, a_policy_whose_list_is_too_long_says_what_would_help);
	tcase_add_test(tc, path_fits_what_the_headend_can_impose);
	tcase_add_test(tc, book_row_tells_ours_and_foreign_by_priority);
	tcase_add_test(tc, move_is_charged_on_both_ways_until_it_is_up);
	tcase_add_test(tc, headends_tell_their_session);
	tcase_add_test(tc, repair_is_measured_and_counted);
	tcase_add_test(tc, hold_is_told);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return check_main(suite());
}
