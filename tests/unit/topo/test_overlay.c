/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of routers from elsewhere than the feeds: two routers, one link. */
#include "check_main.h"

#include <stdio.h>
#include <string.h>

#include "base/bitset.h"
#include "base/str.h"
#include "topo/topo.h"

enum { ALGO = 255 };

static struct loop *loop;
static struct bus *bus;
static struct topo *topo;

static struct ip_addr addr(const char *text)
{
	struct ip_addr a;

	ck_assert_int_eq(ip_parse(text, &a), 0);
	return a;
}

static struct ip_prefix prefix(const char *text)
{
	struct ip_prefix p;

	ck_assert_int_eq(ip_prefix_parse(text, &p), 0);
	return p;
}

static void run_ms(uint64_t ms)
{
	struct mono until = mono_add(loop_now(loop), ms * NS_PER_MS);

	while (loop_fake_step(loop, until))
		;
}

static struct ls_node_id id(uint8_t n)
{
	struct ls_node_id i = { .protocol = LS_ISIS_L2, .igp_id_len = 6 };

	i.igp_id[5] = n;
	return i;
}

static void node_said(uint8_t n, bool gone)
{
	struct ls_object o = { .kind = LS_NODE };

	o.node.id = id(n);
	(void)snprintf(o.node.name, sizeof(o.node.name), "r%u", n);
	topo_sink.object(topo, 0, &o, gone);
}

static void half_said(uint8_t a, uint8_t b, uint32_t metric, bool gone)
{
	struct ls_object o = { .kind = LS_LINK };
	char text[32];

	o.link.key.local = id(a);
	o.link.key.remote = id(b);
	(void)snprintf(text, sizeof(text), "2001:db8::%x", a);
	o.link.key.local_v6 = addr(text);
	(void)snprintf(text, sizeof(text), "2001:db8::%x", b);
	o.link.key.remote_v6 = addr(text);
	o.link.have = LS_HAVE_IGP_METRIC;
	o.link.igp_metric = metric;
	topo_sink.object(topo, 0, &o, gone);
}

static void setup(void)
{
	struct ip_addr peer = addr("fd00::1");
	struct topo_cfg cfg;

	ck_assert_int_eq(loop_fake_new(&loop, 1), 0);
	ck_assert_int_eq(bus_new(&bus, 1), 0);
	topo_cfg_default(&cfg);
	ck_assert_int_eq(topo_new(&topo, loop, bus, &cfg), 0);
	topo_sink.source_up(topo, 0, &peer, &peer);
	node_said(1, false);
	node_said(2, false);
	half_said(1, 2, 10, false);
	half_said(2, 1, 10, false);
	topo_sink.end_of_rib(topo, 0);
	run_ms(1000);
}

static void teardown(void)
{
	topo_free(topo);
	bus_free(bus);
	loop_free(loop);
}

static const struct ted_node *node(const char *name)
{
	uint32_t n = ted_node_by_id(topo_ted(topo), name);

	ck_assert_uint_ne(n, TED_NONE);
	return &topo_ted(topo)->nodes[n];
}

static const struct ted_link *link_of(const char *text)
{
	uint32_t l = ted_link_by_text(topo_ted(topo), text);

	ck_assert_uint_ne(l, TED_NONE);
	return &topo_ted(topo)->links[l];
}

static int put(const char *node_id, bool adjacency)
{
	struct ted_locator loc = { .prefix = prefix("fd5e:64:1::/48"), .algo = ALGO };
	struct ted_sid un = { .sid = addr("fd5e:64:1::"), .behavior = 43, .algo = ALGO, .structure = { 32, 16, 16, 0 } };
	struct topo_extra_sid ua = { .local_v6 = addr("2001:db8::1"),
				     .sid = { .sid = addr("fd5e:64:1:e000::"), .behavior = 52, .algo = ALGO,
					      .structure = { 32, 16, 16, 0 } } };

	return topo_overlay_set(topo, node_id, &(struct topo_extra){ &loc, &un, &ua, 1, 1, adjacency });
}

static void algo(bool on)
{
	uint64_t set[4] = { 0 };

	if (on)
		bitset_add(set, ALGO);
	topo_overlay_algos(topo, set, (const uint64_t[4]){ 0 });
}

START_TEST(sids_of_elsewhere_stand_beside_what_the_feed_says)
{
	ck_assert_int_eq(put("0000.0000.0001", true), 0);
	run_ms(1000);
	ck_assert_uint_eq(node("r1")->n_locators, 1);
	ck_assert_uint_eq(node("r1")->locators[0].algo, ALGO);
	ck_assert_uint_eq(node("r1")->n_sids, 1);
	ck_assert_uint_eq(node("r2")->n_locators + node("r2")->n_sids, 0);
	ck_assert_uint_eq(link_of("r1>r2")->n_sids, 1);
	ck_assert_uint_eq(link_of("r2>r1")->n_sids, 0);
	ck_assert(node("r1")->srv6 && !node("r2")->srv6);
	/* The feed says something new of the link: a step, not a merge of everything. */
	half_said(1, 2, 20, false);
	run_ms(1000);
	ck_assert_uint_eq(link_of("r1>r2")->igp_metric, 20);
	ck_assert_uint_eq(link_of("r1>r2")->n_sids, 1);
	node_said(1, false);
	run_ms(1000);
	ck_assert_uint_eq(node("r1")->n_locators, 1);
}
END_TEST

START_TEST(what_goes_there_goes_here_at_once)
{
	ck_assert_int_eq(put("0000.0000.0001", true), 0);
	run_ms(1000);
	ck_assert_int_eq(put("0000.0000.0001", false), 0);
	run_ms(0);
	ck_assert_uint_eq(link_of("r1>r2")->n_sids, 0);
	ck_assert_uint_eq(node("r1")->n_sids, 1);
	ck_assert_int_eq(topo_overlay_set(topo, "0000.0000.0001", NULL), 0);
	run_ms(200);
	ck_assert_uint_eq(node("r1")->n_sids + node("r1")->n_locators, 0);
	ck_assert_int_eq(topo_overlay_set(topo, "0000.0000.0001", NULL), 0);
}
END_TEST

START_TEST(the_same_again_makes_no_generation)
{
	uint64_t g;

	ck_assert_int_eq(put("0000.0000.0001", true), 0);
	algo(true);
	run_ms(1000);
	g = topo_ted(topo)->generation;
	ck_assert_int_eq(put("0000.0000.0001", true), 0);
	algo(true);
	run_ms(1000);
	ck_assert_uint_eq(topo_ted(topo)->generation, g);
}
END_TEST

START_TEST(algorithm_of_elsewhere_is_defined_and_every_router_takes_part)
{
	const struct ted_flex *f;

	ck_assert_ptr_null(ted_flex_of(topo_ted(topo), ALGO));
	algo(true);
	run_ms(1000);
	f = ted_flex_of(topo_ted(topo), ALGO);
	ck_assert_ptr_nonnull(f);
	ck_assert(f->fault == TED_FLEX_GOOD && f->def.metric_type == TED_FLEX_IGP);
	ck_assert(bitset_has(node("r1")->algos, ALGO) && bitset_has(node("r2")->algos, ALGO));
	ck_assert_uint_eq(ted_flex_weight(topo_ted(topo), &f->def, ted_link_by_text(topo_ted(topo), "r1>r2")), 10);
	ck_assert(!bitset_has(node("r1")->algos, ALGO - 1));
	ck_assert(!topo_algo_told(topo, ALGO)); /* no router says so */
	algo(false);
	run_ms(1000);
	ck_assert_ptr_null(ted_flex_of(topo_ted(topo), ALGO));
	ck_assert(!bitset_has(node("r1")->algos, ALGO));
}
END_TEST

START_TEST(algorithm_that_a_router_tells_is_told)
{
	const uint8_t algos[] = { 0, 128 };
	struct ls_object o = { .kind = LS_NODE };
	struct ls_object p = { .kind = LS_PREFIX };

	ck_assert(!topo_algo_told(topo, 128));
	o.node.id = id(1);
	o.node.algos = algos;
	o.node.n_algos = 2;
	topo_sink.object(topo, 0, &o, false);
	ck_assert(topo_algo_told(topo, 128) && !topo_algo_told(topo, 129));
	p.prefix = (struct ls_prefix){ .node = id(2), .prefix = prefix("fd00:129::/48"), .has_locator = true, .locator_algo = 129 };
	topo_sink.object(topo, 0, &p, false);
	ck_assert(topo_algo_told(topo, 129));
	topo_sink.object(topo, 0, &p, true);
	ck_assert(!topo_algo_told(topo, 129));
}
END_TEST

static bool is_exclusive(uint8_t number)
{
	const struct ted_flex *f = ted_flex_of(topo_ted(topo), number);

	ck_assert_ptr_nonnull(f);
	ck_assert(f->def.metric_type == TED_FLEX_DELAY);
	return f->def.exclusive;
}

START_TEST(algorithm_of_the_routers_may_be_reserved)
{
	const struct ls_flex_algo defs[] = { { .algo = 128, .metric_type = TED_FLEX_DELAY },
					     { .algo = 129, .metric_type = TED_FLEX_DELAY } };
	uint64_t none[4] = { 0 }, reserved[4] = { 0 };
	struct ls_object o = { .kind = LS_NODE };

	o.node.id = id(1);
	(void)str_copy(o.node.name, sizeof(o.node.name), "r1");
	o.node.flex = defs;
	o.node.n_flex = 2;
	topo_sink.object(topo, 0, &o, false);
	run_ms(1000);
	ck_assert(!is_exclusive(128));
	bitset_add(reserved, 128);
	topo_overlay_algos(topo, none, reserved);
	run_ms(1000);
	ck_assert(is_exclusive(128) && !is_exclusive(129));
	ck_assert_uint_eq(node("r2")->n_fads, 0); /* nobody is made to define it */
	topo_overlay_algos(topo, none, none);
	run_ms(1000);
	ck_assert(!is_exclusive(128));
}
END_TEST

START_TEST(what_is_known_of_a_router_waits_for_it)
{
	uint32_t r3;

	ck_assert_int_eq(put("0000.0000.0003", false), 0);
	run_ms(1000);
	ck_assert_uint_eq(ted_node_by_id(topo_ted(topo), "r3"), TED_NONE);
	node_said(3, false);
	half_said(1, 3, 10, false);
	half_said(3, 1, 10, false);
	run_ms(2000);
	ck_assert_uint_eq(node("r3")->n_locators, 1);
	r3 = ted_node_by_id(topo_ted(topo), "r3");
	half_said(1, 3, 10, true);
	half_said(3, 1, 10, true);
	node_said(3, true);
	run_ms(2000);
	ck_assert(!topo_ted(topo)->nodes[r3].alive);
	ck_assert_uint_eq(topo_ted(topo)->nodes[r3].n_locators, 0);
}
END_TEST

/* ---- delays ---- */

static void delay_put(uint32_t min_us, bool prefer)
{
	const struct topo_delay d = { min_us, min_us * 2, 5, prefer };
	struct ip_addr at = addr("2001:db8::1");

	ck_assert_int_eq(topo_delay_set(topo, "0000.0000.0001", &at, min_us ? &d : NULL), 0);
	run_ms(1000);
}

/* The router says a delay, by ASLA for all. */
static void delay_said(uint32_t us)
{
	struct ls_object o = { .kind = LS_LINK };

	o.link.key.local = id(1);
	o.link.key.remote = id(2);
	o.link.key.local_v6 = addr("2001:db8::1");
	o.link.key.remote_v6 = addr("2001:db8::2");
	o.link.have = LS_HAVE_IGP_METRIC | LS_HAVE_DELAY_MM;
	o.link.igp_metric = 10;
	o.link.delay_min_us = o.link.delay_max_us = us;
	o.link.flex.have = LS_HAVE_DELAY_MM;
	o.link.flex.delay_min_us = us;
	topo_sink.object(topo, 0, &o, false);
	run_ms(1000);
}

START_TEST(measured_delay_is_used_where_the_router_says_none)
{
	delay_put(700, false);
	ck_assert(link_of("r1>r2")->has_delay && link_of("r1>r2")->has_delay_var);
	ck_assert_uint_eq(link_of("r1>r2")->delay_us, 700);
	ck_assert_uint_eq(link_of("r1>r2")->delay_max_us, 1400);
	ck_assert(!link_of("r2>r1")->has_delay);
	delay_said(300);
	ck_assert_uint_eq(link_of("r1>r2")->delay_us, 300);
	half_said(1, 2, 11, false);
	run_ms(1000);
	ck_assert_uint_eq(link_of("r1>r2")->delay_us, 700);
	delay_put(0, false);
	ck_assert(!link_of("r1>r2")->has_delay);
}
END_TEST

START_TEST(preferred_delay_is_not_what_flex_algo_uses)
{
	const struct ted_fad delay = { .algo = 130, .metric_type = TED_FLEX_DELAY };
	uint32_t at = ted_link_by_text(topo_ted(topo), "r1>r2");

	delay_said(300);
	ck_assert_uint_eq(ted_flex_weight(topo_ted(topo), &delay, at), 300);
	delay_put(900, true);
	ck_assert_uint_eq(link_of("r1>r2")->delay_us, 900);
	ck_assert_uint_eq(ted_flex_weight(topo_ted(topo), &delay, at), 300);
	delay_put(0, true);
	ck_assert_uint_eq(link_of("r1>r2")->delay_us, 300);
}
END_TEST

START_TEST(longer_delay_is_told_at_once_and_the_same_not_at_all)
{
	struct ip_addr at = addr("2001:db8::1");
	const struct topo_delay d = { 5000, 5000, 0, false };
	uint64_t generation;

	delay_put(700, false);
	generation = topo_ted(topo)->generation;
	delay_put(700, false);
	ck_assert_uint_eq(topo_ted(topo)->generation, generation);
	ck_assert_int_eq(topo_delay_set(topo, "0000.0000.0001", &at, &d), 0);
	run_ms(6);
	ck_assert_uint_eq(link_of("r1>r2")->delay_us, 5000);
}
END_TEST

/* ---- MTU ---- */

static void mtu_put(uint16_t mtu)
{
	struct ip_addr at = addr("2001:db8::1");

	ck_assert_int_eq(topo_mtu_set(topo, "0000.0000.0001", &at, mtu), 0);
}

START_TEST(mtu_stands_beside_a_delay_and_neither_takes_the_other_away)
{
	mtu_put(1500);
	run_ms(1000);
	ck_assert_uint_eq(link_of("r1>r2")->mtu, 1500);
	ck_assert_uint_eq(link_of("r2>r1")->mtu, 0);
	ck_assert(!link_of("r1>r2")->has_delay);
	delay_put(700, false);
	ck_assert_uint_eq(link_of("r1>r2")->mtu, 1500);
	ck_assert_uint_eq(link_of("r1>r2")->delay_us, 700);
	mtu_put(0);
	run_ms(1000);
	ck_assert_uint_eq(link_of("r1>r2")->mtu, 0);
	ck_assert_uint_eq(link_of("r1>r2")->delay_us, 700);
	mtu_put(1400);
	delay_put(0, false);
	ck_assert_uint_eq(link_of("r1>r2")->mtu, 1400);
	ck_assert(!link_of("r1>r2")->has_delay);
}
END_TEST

START_TEST(smaller_mtu_is_told_at_once_and_the_same_not_at_all)
{
	uint64_t generation;

	mtu_put(1500);
	run_ms(1000);
	generation = topo_ted(topo)->generation;
	mtu_put(1500);
	run_ms(1000);
	ck_assert_uint_eq(topo_ted(topo)->generation, generation);
	mtu_put(1300);
	run_ms(6);
	ck_assert_uint_eq(link_of("r1>r2")->mtu, 1300);
	mtu_put(1500);
	run_ms(6);
	ck_assert_uint_eq(link_of("r1>r2")->mtu, 1300); /* good news settles */
	run_ms(1000);
	ck_assert_uint_eq(link_of("r1>r2")->mtu, 1500);
}
END_TEST

int main(void)
{
	const TTest *const all[] = {
		sids_of_elsewhere_stand_beside_what_the_feed_says,
		what_goes_there_goes_here_at_once,
		the_same_again_makes_no_generation,
		algorithm_of_elsewhere_is_defined_and_every_router_takes_part,
		algorithm_that_a_router_tells_is_told,
		algorithm_of_the_routers_may_be_reserved,
		what_is_known_of_a_router_waits_for_it,
		measured_delay_is_used_where_the_router_says_none,
		preferred_delay_is_not_what_flex_algo_uses,
		longer_delay_is_told_at_once_and_the_same_not_at_all,
		mtu_stands_beside_a_delay_and_neither_takes_the_other_away,
		smaller_mtu_is_told_at_once_and_the_same_not_at_all,
	};
	Suite *s = suite_create("topo-overlay");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		tcase_add_test(t, all[i]);
	suite_add_tcase(s, t);
	return check_main(s);
}
