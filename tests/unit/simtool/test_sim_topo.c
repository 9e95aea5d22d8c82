/* SPDX-License-Identifier: Apache-2.0 */
/* Networks made, read and written; what events do to them; packets through them. */
#include "check_main.h"

#include <stdio.h>
#include <string.h>

#include "base/bitset.h"
#include "tools/sim/walk.h"

static const char square[] = "affinity RED 40\n"
			     "router a\n"
			     "router b sid=classic\n"
			     "router c\n"
			     "router d bgpls=export # a comment\n"
			     "ce ce1 a 2001:db8:c1::/64\n"
			     "link a-b metric=10 delay=100 affinity=RED srlg=7,8\n"
			     "link b-d metric=10 delay=200 back-delay=250 bw=2500\n"
			     "link a-c metric=10 delay=30\n"
			     "link c-d metric=10 delay=50\n"
			     "link c-db metric=10 delay=5000 jitter=3\n";

static void read_good(struct sim_topo *t, const char *text)
{
	STR_AUTO struct str err = { 0 };

	sim_topo_init(t);
	ck_assert_msg(sim_topo_read(t, text, &err) == 0, "%s", str_text(&err));
}

static void make(struct sim_topo *t, uint64_t seed, uint32_t routers, uint32_t wires)
{
	const struct sim_gen g = { .seed = seed, .routers = routers, .wires = wires,
				   .classic_pct = 20 };

	sim_topo_init(t);
	ck_assert_int_eq(sim_gen(t, &g), 0);
}

static char *text_of(uint64_t seed, uint32_t routers)
{
	struct str out = { 0 };
	struct sim_topo t;

	make(&t, seed, routers, 0);
	sim_topo_write(&t, &out);
	sim_topo_fini(&t);
	return str_take(&out);
}

static uint32_t reached(struct sim_topo *t)
{
	AUTO(sim_paths_free) struct sim_paths *p = NULL;
	const uint32_t *dist;
	uint32_t n = 0;

	ck_assert_int_eq(sim_paths_new(&p, t), 0);
	dist = sim_distances(p, 0);
	for (uint32_t r = 0; r < t->routers.n; r++)
		n += dist[r] != UINT32_MAX;
	return n;
}

/* ---- making ---- */

START_TEST(the_same_seed_is_the_same_network)
{
	AUTO_FREE char *a = text_of(7, 90);
	AUTO_FREE char *b = text_of(7, 90);
	AUTO_FREE char *c = text_of(8, 90);

	ck_assert_str_eq(a, b);
	ck_assert_str_ne(a, c);
}
END_TEST

START_TEST(every_size_is_connected_and_two_way)
{
	struct sim_topo t;

	make(&t, 100 + (uint64_t)_i, (uint32_t)_i, 0);
	ck_assert_uint_eq(t.routers.n, (size_t)_i);
	ck_assert_uint_eq(reached(&t), (uint32_t)_i);
	for (uint32_t w = 0; w < t.wires.n; w++) {
		const struct sim_wire *x = &t.wires.at[w];

		ck_assert(sim_half_works(&t, w, 0) && sim_half_works(&t, w, 1));
		ck_assert_uint_ne(x->end[0], x->end[1]);
		ck_assert(x->half[0].igp >= 1 && x->half[0].igp <= SIM_METRIC_MAX);
		ck_assert(x->half[0].delay_us >= 1 && x->half[0].delay_us < 0xffffff);
	}
	sim_topo_fini(&t);
}
END_TEST

START_TEST(a_big_network_has_the_links_asked_for_and_all_sids_differ)
{
	struct sim_topo t;

	make(&t, 1, 1000, 5000);
	ck_assert_uint_eq(t.wires.n, 5000);
	ck_assert_uint_eq(reached(&t), 1000);
	for (uint32_t r = 0; r < t.routers.n; r++)
		for (uint32_t i = t.start[r]; i < t.start[r + 1]; i++)
			for (uint32_t k = t.start[r]; k < i; k++) {
				struct ip_addr a = sim_adj_sid(&t, t.idx[i] / 2, t.idx[i] % 2);
				struct ip_addr b = sim_adj_sid(&t, t.idx[k] / 2, t.idx[k] % 2);

				ck_assert(!ip_eq(&a, &b));
				ck_assert_uint_eq(sim_router_by_addr(&t, &a), r);
			}
	sim_topo_fini(&t);
}
END_TEST

START_TEST(too_big_a_network_is_refused)
{
	const struct sim_gen g = { .seed = 1, .routers = SIM_ROUTERS_MAX + 1 };
	const struct sim_gen none = { .seed = 1 };
	struct sim_topo t;

	sim_topo_init(&t);
	ck_assert_int_lt(sim_gen(&t, &g), 0);
	ck_assert_int_lt(sim_gen(&t, &none), 0);
	sim_topo_fini(&t);
}
END_TEST

START_TEST(the_greatest_network_has_a_legal_sid_plan)
{
	const struct sim_gen g = { .seed = 5, .routers = SIM_ROUTERS_MAX, .classic_pct = 10 };
	struct sim_topo t;

	sim_topo_init(&t);
	t.dual = true;
	ck_assert_int_eq(sim_gen(&t, &g), 0);
	ck_assert_uint_eq(reached(&t), SIM_ROUTERS_MAX);
	ck_assert_uint_ge(2 * t.wires.n, 240000); /* 2.4 to 2.5 arcs a node */
	ck_assert_uint_le(2 * t.wires.n, 250000);
	for (uint32_t r = 0; r < t.routers.n; r++) {
		const struct ip_addr own[] = { sim_node_sid(&t, r), sim_loopback(&t, r),
					       sim_router_v4(r), sim_adj_sid(&t, t.idx[t.start[r]] / 2,
									     t.idx[t.start[r]] % 2) };
		uint64_t number = ip_bits_get(&own[0], 32, 16);

		ck_assert(number >= 1 && number <= 0xdfff); /* the GIB, in every block */
		for (size_t k = 0; k < ARRAY_LEN(own); k++)
			ck_assert_uint_eq(sim_router_by_addr(&t, &own[k]), r);
	}
	sim_topo_fini(&t);
}
END_TEST

START_TEST(an_address_beyond_the_last_router_is_nobodys)
{
	static const char *const none[] = { "fcbb:bbbc:1::", "fcbb:bbbb:33::", "fcbb:bbba:1::",
					    "fc00:1:1:1::", "fd5e:5e:0:1:1::1", "10.1.0.1" };
	struct sim_topo t;

	make(&t, 1, 50, 0);
	t.dual = true;
	for (size_t i = 0; i < ARRAY_LEN(none); i++) {
		struct ip_addr a;

		ck_assert_int_eq(ip_parse(none[i], &a), 0);
		ck_assert_msg(sim_router_by_addr(&t, &a) == SIM_NONE, "%s", none[i]);
	}
	sim_topo_fini(&t);
}
END_TEST

/* What variants promise, on 1000 routers; the negative twin is the network without them. */
struct traits {
	uint32_t metrics, beside, most_srlgs, links;
};

static struct traits traits_of(uint32_t variant)
{
	const struct sim_gen g = { .seed = 3, .routers = 1000, .variant = variant };
	struct traits x = { 0 };
	bool seen[4096] = { false };
	struct sim_topo t;

	sim_topo_init(&t);
	ck_assert_int_eq(sim_gen(&t, &g), 0);
	ck_assert_uint_eq(reached(&t), 1000);
	for (uint32_t w = 0; w < t.wires.n; w++) {
		const struct sim_wire *a = &t.wires.at[w];

		x.beside += a->tag != '\0';
		x.most_srlgs = a->n_srlg > x.most_srlgs ? a->n_srlg : x.most_srlgs;
		for (unsigned s = 0; s < 2; s++) {
			x.metrics += !seen[a->half[s].igp % 4096];
			seen[a->half[s].igp % 4096] = true;
		}
	}
	x.links = (uint32_t)t.wires.n;
	sim_topo_fini(&t);
	return x;
}

START_TEST(a_variant_is_what_it_says)
{
	struct traits none = traits_of(0), dense = traits_of(SIM_DENSE), ecmp = traits_of(SIM_ECMP);
	struct traits parallel = traits_of(SIM_PARALLEL), conduits = traits_of(SIM_CONDUITS);

	ck_assert_uint_gt(none.metrics, 100);
	ck_assert_uint_eq(ecmp.metrics, 3);
	ck_assert_uint_ge(parallel.beside, none.beside + 1000 / 20);
	ck_assert_uint_eq(none.most_srlgs, 1);
	ck_assert_uint_eq(conduits.most_srlgs, 3);
	ck_assert_uint_ge(dense.links, none.links + 200); /* 50 PoPs, not 10, of degree 6 */
}
END_TEST

/* ---- reading ---- */

START_TEST(the_labs_format_is_read)
{
	struct sim_topo t;
	char name[SIM_WIRE_TEXT_MAX];

	read_good(&t, square);
	ck_assert_uint_eq(t.routers.n, 4);
	ck_assert_uint_eq(t.wires.n, 5);
	ck_assert(t.routers.at[1].classic && !t.routers.at[0].classic);
	ck_assert(t.routers.at[3].feed && !t.routers.at[0].feed);
	ck_assert_uint_eq(t.wires.at[0].admin_group[1], UINT32_C(1) << 8);
	ck_assert_uint_eq(t.wires.at[0].n_srlg, 2);
	ck_assert_uint_eq(t.wires.at[0].srlg[1], 8);
	ck_assert_uint_eq(t.wires.at[1].half[0].delay_us, 200);
	ck_assert_uint_eq(t.wires.at[1].half[1].delay_us, 250);
	ck_assert_uint_eq(t.wires.at[1].bw_bps, UINT64_C(2500000000));
	ck_assert_str_eq(sim_wire_text(&t, 4, name, sizeof(name)), "c-db");
	ck_assert_uint_eq(sim_wire_find(&t, 3, 2, 'b'), 4);
	ck_assert_uint_eq(sim_wire_find(&t, 3, 2, '\0'), 3);
	ck_assert_uint_eq(sim_wire_find(&t, 0, 3, '\0'), SIM_NONE);
	sim_topo_fini(&t);
}
END_TEST

START_TEST(what_is_written_reads_the_same)
{
	AUTO_FREE char *text = text_of(3, 60);
	STR_AUTO struct str again = { 0 };
	struct sim_topo t;

	read_good(&t, text);
	sim_topo_write(&t, &again);
	ck_assert_str_eq(text, str_text(&again));
	sim_topo_fini(&t);
}
END_TEST

START_TEST(a_graph_is_read_with_its_lone_directions)
{
	struct sim_topo t;

	read_good(&t, "NODES 3\nlabel x y\n0_New_York 1 2\n1_X 1 2\n2_X 1 2\n\nEDGES 4\n"
		      "label src dest weight bw delay\ne0 0 1 10 1000 500\ne1 1 0 20 1000 600\n"
		      "e2 1 2 5 9 70\ne3 1 1 5 9 70\n");
	ck_assert_uint_eq(t.routers.n, 3);
	ck_assert_uint_eq(t.wires.n, 2);
	ck_assert_uint_eq(t.wires.at[0].half[0].igp, 10);
	ck_assert_uint_eq(t.wires.at[0].half[1].igp, 20);
	ck_assert_uint_eq(t.wires.at[0].half[1].delay_us, 600);
	ck_assert_uint_eq(t.wires.at[0].bw_bps, 1000000);
	ck_assert(sim_half_works(&t, 0, 0));
	ck_assert(sim_half_said(&t, 1, 0) && !sim_half_said(&t, 1, 1));
	ck_assert(!sim_half_works(&t, 1, 0)); /* nobody comes back that way */
	sim_topo_fini(&t);
}
END_TEST

static const struct {
	const char *text, *says;
} bad[] = {
	{ "", "no router" },
	{ "router a\nrouter a\n", "line 2: there already: 'a'" },
	{ "router a-b\n", "line 1" },
	{ "router a\nlink a-b metric=1\n", "line 2: no two routers" },
	{ "router a\nlink a-a\n", "line 2: no two routers" },
	{ "router a\nrouter b\nlink a-b metric=x\n", "line 3: not a number" },
	{ "router a\nrouter b\nlink a-b metric=0\n", "line 3: too small" },
	{ "router a\nrouter b\nlink a-b delay=16777216\n", "line 3: not a number" },
	{ "router a\nrouter b\nlink a-b colour=3\n", "line 3: unknown word 'colour'" },
	{ "router a\nrouter b\nlink a-b affinity=RED\n", "line 3: no such affinity: 'RED'" },
	{ "router a\nrouter b\nlink a-b srlg=1,2,3,4\n", "line 3: too many SRLGs" },
	{ "affinity RED 256\n", "line 1: not a number" },
	{ "routr a\n", "line 1: unknown word 'routr'" },
	{ "NODES 1\nlabel x y\na 1 1\nEDGES 1\nlabel\ne 0 1 1 1 1\n", "line 6: no such two nodes" },
};

START_TEST(a_bad_line_is_named)
{
	STR_AUTO struct str err = { 0 };
	struct sim_topo t;

	sim_topo_init(&t);
	ck_assert_int_lt(sim_topo_read(&t, bad[_i].text, &err), 0);
	ck_assert_msg(strstr(str_text(&err), bad[_i].says), "%s", str_text(&err));
	sim_topo_fini(&t);
}
END_TEST

/* ---- events ---- */

START_TEST(a_link_that_comes_back_has_new_adjacency_sids)
{
	struct ip_addr was[2], is[2];
	struct sim_topo t;
	uint32_t version;

	read_good(&t, square);
	version = t.version;
	for (unsigned s = 0; s < 2; s++)
		was[s] = sim_adj_sid(&t, 0, s);
	ck_assert(sim_wire_set(&t, 0, false));
	ck_assert(!sim_wire_set(&t, 0, false));
	ck_assert(!sim_half_works(&t, 0, 0) && !sim_half_said(&t, 0, 0));
	ck_assert(sim_half_works(&t, 1, 0));
	ck_assert(sim_wire_set(&t, 0, true));
	ck_assert_uint_gt(t.version, version);
	for (unsigned s = 0; s < 2; s++) {
		is[s] = sim_adj_sid(&t, 0, s);
		ck_assert(!ip_eq(&was[s], &is[s]));
	}
	sim_topo_fini(&t);
}
END_TEST

START_TEST(functions_wrap_without_meeting_one_in_use)
{
	struct sim_topo t;

	read_good(&t, square);
	for (int i = 0; i < 9000; i++) { /* more often than the LIB is long */
		struct ip_addr a, b;

		(void)sim_wire_set(&t, 0, false);
		(void)sim_wire_set(&t, 0, true);
		a = sim_adj_sid(&t, 0, 0);
		b = sim_adj_sid(&t, 2, 0); /* the other link of router a, up all the time */
		ck_assert(!ip_eq(&a, &b));
		ck_assert_uint_ge(t.wires.at[0].half[0].fun, SIM_FUN_FIRST);
	}
	sim_topo_fini(&t);
}
END_TEST

START_TEST(a_dead_router_is_missed_by_its_neighbours_only)
{
	struct sim_topo t;

	read_good(&t, square);
	ck_assert(sim_router_set(&t, 1, false)); /* b */
	ck_assert(!sim_half_said(&t, 0, 0));	 /* a says a-b is gone */
	ck_assert(sim_half_said(&t, 0, 1));	 /* what b said stays */
	ck_assert(!sim_half_works(&t, 0, 0) && !sim_half_works(&t, 0, 1));
	ck_assert(sim_router_set(&t, 1, true));
	ck_assert(sim_half_works(&t, 0, 0));
	sim_topo_fini(&t);
}
END_TEST

/* ---- packets ---- */

struct trip {
	struct sim_topo t;
	struct sim_paths *p;
	struct sim_walk w;
	uint64_t used[1];
};

static void send(struct trip *x, const char *from, const char *sids)
{
	struct ip_addr list[16];
	char buf[256], *save = NULL;
	unsigned n = 0;

	ck_assert(str_copy(buf, sizeof(buf), sids));
	for (char *s = strtok_r(buf, ",", &save); s; s = strtok_r(NULL, ",", &save))
		ck_assert_int_eq(ip_parse(s, &list[n++]), 0);
	x->used[0] = 0;
	sim_walk(x->p, sim_router_find(&x->t, from), list, n, &x->w, x->used);
}

static void trip_start(struct trip *x)
{
	memset(x, 0, sizeof(*x));
	read_good(&x->t, square);
	ck_assert_int_eq(sim_paths_new(&x->p, &x->t), 0);
}

static void trip_end(struct trip *x)
{
	sim_paths_free(x->p);
	sim_topo_fini(&x->t);
}

static void check_ends(const struct trip *x, const char *router, uint64_t min, uint64_t max)
{
	ck_assert_msg(x->w.ok, "%s", x->w.why);
	ck_assert_str_eq(x->t.routers.at[x->w.end].name, router);
	ck_assert_uint_eq(x->w.delay_us_min, min);
	ck_assert_uint_eq(x->w.delay_us_max, max);
}

START_TEST(a_node_sid_takes_every_equal_cost_branch)
{
	struct trip x;

	trip_start(&x);
	send(&x, "a", "fcbb:bbbb:4::");
	check_ends(&x, "d", 80, 5030); /* a-c-d twice, a-b-d is 300 */
	ck_assert_uint_eq(bitset_count(x.used, 1), 5);
	ck_assert_uint_eq(x.w.hops_max, 2);
	ck_assert(sim_wire_metric(&x.t, 2, 11)); /* a-c */
	send(&x, "a", "fcbb:bbbb:4::");
	check_ends(&x, "d", 300, 300);
	ck_assert_uint_eq(bitset_count(x.used, 1), 2);
	trip_end(&x);
}
END_TEST

START_TEST(a_container_is_shifted_sid_by_sid)
{
	struct trip x;

	trip_start(&x);
	/* c, its uA to d (the slow one: wire 4 is c's third function), back to a */
	send(&x, "a", "fcbb:bbbb:3:e002:1::");
	check_ends(&x, "a", 30 + 5000 + 50 + 30, 30 + 5000 + 5000 + 30);
	ck_assert_uint_eq(x.w.step[0].half, 8);
	trip_end(&x);
}
END_TEST

START_TEST(classic_sids_go_one_by_one)
{
	struct trip x;

	trip_start(&x);
	send(&x, "a", "fc00:0:2:1::,fc00:0:2:e001::");
	check_ends(&x, "d", 300, 300);
	send(&x, "a", "fc00:0:2:e001::,fcbb:bbbb:3::");
	check_ends(&x, "c", 300 + 50, 300 + 5000);
	trip_end(&x);
}
END_TEST

static const struct {
	const char *sids, *why;
} lost[] = {
	{ "fcbb:bbbb:9::", "no SID has this prefix" },	       /* nobody's locator */
	{ "fcbb:bbbb:3:e00f::", "no SID has this prefix" },    /* no such uA: falls off the uN */
	{ "fcbb:bbbb:3:9::", "no SID has this prefix" },       /* a C-SID of nobody */
	{ "fc00:0:2::", "no such SID at b" },		       /* a locator is no SID */
	{ "fc00:0:2:e009::", "no such SID at b" },
	{ "fc00:0:2:1:5::", "no such SID at b" },	       /* End takes no argument */
	{ "fd5e:5e:0:4::1", "no SID has this prefix" },        /* a loopback is no SID */
	{ "10.0.0.1", "no SID has this prefix" },
	{ "fcbb:bbbb:4::,fcbb:bbbb:9::", "no SID has this prefix" },
};

START_TEST(a_list_that_does_not_forward_says_where)
{
	struct trip x;

	trip_start(&x);
	send(&x, "a", lost[_i].sids);
	ck_assert(!x.w.ok);
	ck_assert_msg(strstr(x.w.why, lost[_i].why), "%s", x.w.why);
	trip_end(&x);
}
END_TEST

START_TEST(a_cut_link_drops_its_adjacency_sid_and_moves_the_node_sid)
{
	struct trip x;

	trip_start(&x);
	send(&x, "a", "fcbb:bbbb:3:e001::");
	check_ends(&x, "d", 80, 80);
	ck_assert(sim_wire_set(&x.t, 3, false));
	send(&x, "a", "fcbb:bbbb:3:e001::");
	ck_assert(!x.w.ok);
	send(&x, "a", "fcbb:bbbb:3::,fcbb:bbbb:4::");
	check_ends(&x, "d", 5030, 5030);
	ck_assert(sim_wire_set(&x.t, 3, true)); /* the old SID stays dead */
	send(&x, "a", "fcbb:bbbb:3:e001::");
	ck_assert(!x.w.ok);
	send(&x, "a", "fcbb:bbbb:3:e003::");
	check_ends(&x, "d", 80, 80);
	trip_end(&x);
}
END_TEST

START_TEST(a_headend_sees_only_its_first_step)
{
	struct ip_addr far, own;
	struct trip x;

	trip_start(&x);
	far = sim_adj_sid(&x.t, 3, 0); /* c's, to d */
	own = sim_adj_sid(&x.t, 2, 0); /* a's, to c */
	ck_assert(sim_walk_first(x.p, 0, &far) && sim_walk_first(x.p, 0, &own));
	ck_assert(sim_wire_set(&x.t, 3, false));
	ck_assert(sim_walk_first(x.p, 0, &far)); /* cannot know */
	ck_assert(sim_wire_set(&x.t, 2, false));
	ck_assert(!sim_walk_first(x.p, 0, &own));
	ck_assert(sim_wire_set(&x.t, 0, false));
	ck_assert(!sim_walk_first(x.p, 0, &far)); /* a is alone now */
	trip_end(&x);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sim_topo");
	TCase *m = tcase_create("making"), *r = tcase_create("reading");
	TCase *e = tcase_create("events"), *w = tcase_create("walking");

	tcase_add_test(m, the_same_seed_is_the_same_network);
	tcase_add_loop_test(m, every_size_is_connected_and_two_way, 1, 140);
	tcase_add_test(m, a_big_network_has_the_links_asked_for_and_all_sids_differ);
	tcase_add_test(m, too_big_a_network_is_refused);
	tcase_add_test(m, the_greatest_network_has_a_legal_sid_plan);
	tcase_add_test(m, an_address_beyond_the_last_router_is_nobodys);
	tcase_add_test(m, a_variant_is_what_it_says);
	tcase_add_test(r, the_labs_format_is_read);
	tcase_add_test(r, what_is_written_reads_the_same);
	tcase_add_test(r, a_graph_is_read_with_its_lone_directions);
	tcase_add_loop_test(r, a_bad_line_is_named, 0, ARRAY_LEN(bad));
	tcase_add_test(e, a_link_that_comes_back_has_new_adjacency_sids);
	tcase_add_test(e, functions_wrap_without_meeting_one_in_use);
	tcase_add_test(e, a_dead_router_is_missed_by_its_neighbours_only);
	tcase_add_test(w, a_node_sid_takes_every_equal_cost_branch);
	tcase_add_test(w, a_container_is_shifted_sid_by_sid);
	tcase_add_test(w, classic_sids_go_one_by_one);
	tcase_add_loop_test(w, a_list_that_does_not_forward_says_where, 0, ARRAY_LEN(lost));
	tcase_add_test(w, a_cut_link_drops_its_adjacency_sid_and_moves_the_node_sid);
	tcase_add_test(w, a_headend_sees_only_its_first_step);
	suite_add_tcase(s, m);
	suite_add_tcase(s, r);
	suite_add_tcase(s, e);
	suite_add_tcase(s, w);
	return check_main(s);
}
