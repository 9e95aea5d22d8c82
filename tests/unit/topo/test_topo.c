/* SPDX-License-Identifier: Apache-2.0 */
#include "check_main.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "topo/topo.h"

/* A topology of up to 255 IS-IS routers on the fake loop; router n is 0000.0000.00nn. */
static struct loop *loop;
static struct bus *bus;
static struct topo *topo;
static struct topo_cfg cfg;
static int told;

static void on_ted(void *arg, const struct ted *ted)
{
	(void)arg;
	(void)ted;
	told++;
}

static void setup(void)
{
	told = 0;
	ck_assert_int_eq(loop_fake_new(&loop, 1), 0);
	ck_assert_int_eq(bus_new(&bus, 1), 0);
	topo_cfg_default(&cfg);
	cfg.n_sources = 2;
	ck_assert_int_eq(topo_new(&topo, loop, bus, &cfg), 0);
	topo_on_ted(topo, on_ted, NULL);
}

static void teardown(void)
{
	topo_free(topo);
	bus_free(bus);
	loop_free(loop);
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

static struct ip_addr addr(const char *text)
{
	struct ip_addr a;

	ck_assert_int_eq(ip_parse(text, &a), 0);
	return a;
}

static struct ip_addr addr_n(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static struct ip_addr addr_n(const char *fmt, ...)
{
	char buf[64];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	return addr(buf);
}

static void node_said(uint32_t src, uint8_t n, bool gone)
{
	struct ls_object o = { .kind = LS_NODE };

	o.node.id = id(n);
	o.node.router_id_v4 = addr_n("10.0.0.%u", n);
	(void)snprintf(o.node.name, sizeof(o.node.name), "r%u", n);
	topo_sink.object(topo, src, &o, gone);
}

static struct ls_object link_of(uint8_t a, uint8_t b)
{
	struct ls_object o = { .kind = LS_LINK };

	o.link.key.local = id(a);
	o.link.key.remote = id(b);
	o.link.key.local_v6 = addr_n("2001:db8:%x:%x::1", a, b);
	o.link.key.remote_v6 = addr_n("2001:db8:%x:%x::1", b, a);
	o.link.have = LS_HAVE_IGP_METRIC | LS_HAVE_DELAY | LS_HAVE_MAX_BW | LS_HAVE_RSV_BW;
	o.link.igp_metric = 10;
	o.link.delay_us = 1000;
	o.link.max_bw_bps = 2000;
	o.link.rsv_bw_bps = 1000;
	return o;
}

static void half_said(uint32_t src, uint8_t a, uint8_t b, bool gone)
{
	struct ls_object o = link_of(a, b);

	topo_sink.object(topo, src, &o, gone);
}

static void link_said(uint32_t src, uint8_t a, uint8_t b, bool gone)
{
	half_said(src, a, b, gone);
	half_said(src, b, a, gone);
}

static void up(uint32_t src, uint8_t producer)
{
	struct ip_addr peer = addr_n("fd00::%x", producer), rid = addr_n("10.0.0.%u", producer);

	topo_sink.source_up(topo, src, &peer, &rid);
}

/* A ring 1-2-3-4-1, told by router 1 (source 0) and router 3 (source 1). */
static void ring_said(uint32_t src)
{
	for (uint8_t n = 1; n <= 4; n++)
		node_said(src, n, false);
	for (uint8_t n = 1; n <= 4; n++)
		link_said(src, n, n % 4 + 1, false);
	topo_sink.end_of_rib(topo, src);
}

static void ring(void)
{
	up(0, 1);
	up(1, 3);
	ring_said(0);
	ring_said(1);
	run_ms(10);
}

static uint32_t usable(void)
{
	const struct ted *t = topo_ted(topo);

	return t->n_nodes ? t->out.start[t->n_nodes] : 0;
}

static uint32_t node(uint8_t n)
{
	char name[8];

	(void)snprintf(name, sizeof(name), "r%u", n);
	return ted_node_by_id(topo_ted(topo), name);
}

static bool has_alarm_type(const char *type)
{
	bool gap, standing = false;

	for (const struct bus_event *e = bus_next(bus, 0, &gap); e; e = bus_next(bus, e->id, &gap))
		if (strcmp(e->type, type) == 0)
			standing = e->severity == BUS_ALARM;
	return standing;
}

static unsigned events(const char *type)
{
	unsigned n = 0;
	bool gap;

	for (const struct bus_event *e = bus_next(bus, 0, &gap); e; e = bus_next(bus, e->id, &gap))
		n += strcmp(e->type, type) == 0;
	return n;
}

START_TEST(two_feeds_of_one_network_are_one_topology)
{
	ring();
	ck_assert(!topo_ted(topo)->stale);
	ck_assert_uint_eq(topo_ted(topo)->n_nodes, 4);
	ck_assert_uint_eq(usable(), 8);
}
END_TEST

START_TEST(until_every_feed_gave_its_end_of_rib_the_topology_is_stale)
{
	up(0, 1);
	ring_said(0);
	run_ms(59000);
	ck_assert(topo_ted(topo)->stale);
	up(1, 3);
	ring_said(1);
	run_ms(10);
	ck_assert(!topo_ted(topo)->stale);
}
END_TEST

START_TEST(a_feed_that_never_comes_delays_no_longer_than_the_cap)
{
	up(0, 1);
	ring_said(0);
	run_ms(60100);
	ck_assert(!topo_ted(topo)->stale);
	ck_assert_uint_eq(usable(), 8);
}
END_TEST

START_TEST(a_half_link_is_known_but_carries_nothing)
{
	ring();
	half_said(0, 1, 2, true);
	half_said(1, 1, 2, true);
	run_ms(200);
	ck_assert_uint_eq(usable(), 6);
}
END_TEST

START_TEST(one_feeds_withdraw_is_bad_news_at_once)
{
	ring();
	run_ms(2000);
	half_said(0, 1, 2, true);
	run_ms(0);
	ck_assert_uint_eq(usable(), 6);
}
END_TEST

START_TEST(bad_news_in_a_burst_backs_off_but_is_not_lost)
{
	ring();
	run_ms(2000);
	told = 0;
	for (uint8_t n = 1; n <= 4; n++) {
		half_said(0, n, n % 4 + 1, true);
		half_said(1, n, n % 4 + 1, true);
		run_ms(1);
	}
	run_ms(200);
	ck_assert_int_ge(told, 2);
	ck_assert_int_lt(told, 4);
	ck_assert_uint_eq(usable(), 0);
}
END_TEST

START_TEST(good_news_waits_until_it_settled)
{
	ring();
	run_ms(2000);
	told = 0;
	node_said(0, 5, false);
	link_said(0, 1, 5, false);
	run_ms(19);
	ck_assert_int_eq(told, 0);
	run_ms(2);
	ck_assert_int_eq(told, 1);
	ck_assert_uint_eq(usable(), 10);
}
END_TEST

START_TEST(good_news_that_never_settles_goes_out_at_the_cap)
{
	ring();
	run_ms(2000);
	told = 0;
	for (uint8_t n = 5; n < 65; n++) {
		node_said(0, n, false);
		link_said(0, 1, n, false);
		run_ms(10);
	}
	ck_assert_int_eq(told, 1);
}
END_TEST

START_TEST(losing_every_feed_changes_nothing_but_the_stale_mark)
{
	ring();
	topo_sink.source_down(topo, 0);
	topo_sink.source_down(topo, 1);
	run_ms(10);
	ck_assert(topo_ted(topo)->stale);
	ck_assert_uint_eq(usable(), 8);
	ck_assert(has_alarm_type("topology-stale"));
	run_ms(600000);
	ck_assert_uint_eq(usable(), 8);
	/* Back: no generation between sees less than the whole. */
	up(0, 1);
	node_said(0, 1, false);
	run_ms(1000);
	ck_assert(topo_ted(topo)->stale);
	ck_assert_uint_eq(usable(), 8);
	ring_said(0);
	run_ms(10);
	ck_assert(!topo_ted(topo)->stale);
	ck_assert_uint_eq(usable(), 8);
	ck_assert(!has_alarm_type("topology-stale"));
}
END_TEST

START_TEST(what_only_a_lost_feed_knew_ages_out)
{
	ring();
	node_said(1, 5, false);
	link_said(1, 3, 5, false);
	run_ms(600);
	ck_assert_uint_eq(usable(), 10);
	topo_sink.source_down(topo, 1);
	run_ms(119000);
	ck_assert_uint_eq(usable(), 10);
	run_ms(2000);
	ck_assert_uint_eq(usable(), 8);
	ck_assert(!topo_ted(topo)->nodes[4].alive);
}
END_TEST

START_TEST(a_link_that_failed_after_a_feed_was_lost_is_gone)
{
	ring();
	topo_sink.source_down(topo, 1);
	run_ms(2000);
	link_said(0, 1, 2, true);
	run_ms(0);
	ck_assert_uint_eq(usable(), 6);
}
END_TEST

START_TEST(a_feed_counts_only_for_what_its_producer_reaches)
{
	ring();
	run_ms(2000);
	/* Router 4 is cut off: its neighbours withdraw their halves, its own stay for 20 minutes. */
	half_said(0, 1, 4, true);
	half_said(0, 3, 4, true);
	half_said(1, 1, 4, true);
	half_said(1, 3, 4, true);
	run_ms(200);
	ck_assert_uint_eq(usable(), 4);
	ck_assert(!topo_ted(topo)->nodes[node(4) == TED_NONE ? 3 : node(4)].alive);
	/* Producer 3 is cut off too: what it says of 1-2 is its memory, not its sight. */
	half_said(0, 2, 3, true);
	half_said(1, 3, 2, true);
	run_ms(200);
	half_said(0, 1, 2, true);
	run_ms(200);
	ck_assert_uint_eq(usable(), 0);
}
END_TEST

START_TEST(the_same_router_with_and_without_its_as_is_one_node)
{
	struct ls_object o = link_of(1, 2);

	ring();
	for (uint8_t n = 1; n <= 4; n++) {
		struct ls_object x = { .kind = LS_NODE };

		x.node.id = id(n);
		x.node.id.asn = 65000;
		topo_sink.object(topo, 1, &x, false);
	}
	o.link.key.local.asn = o.link.key.remote.asn = 65000;
	topo_sink.object(topo, 1, &o, false);
	run_ms(600);
	ck_assert_uint_eq(topo_ted(topo)->n_nodes, 4);
	ck_assert_uint_eq(usable(), 8);
}
END_TEST

START_TEST(two_as_with_equal_ids_stay_apart)
{
	struct ls_object x = { .kind = LS_NODE };

	ring();
	x.node.id = id(1);
	x.node.id.asn = 65000;
	topo_sink.object(topo, 0, &x, false);
	x.node.id.asn = 65001;
	topo_sink.object(topo, 0, &x, false);
	run_ms(600);
	ck_assert_uint_gt(topo_ted(topo)->n_nodes, 4);
}
END_TEST

START_TEST(indices_are_stable_and_come_back)
{
	uint32_t n2;

	ring();
	n2 = node(2);
	run_ms(2000);
	link_said(0, 1, 2, true);
	link_said(0, 2, 3, true);
	link_said(1, 1, 2, true);
	link_said(1, 2, 3, true);
	run_ms(200);
	ck_assert(!topo_ted(topo)->nodes[n2].alive);
	link_said(0, 1, 2, false);
	link_said(1, 1, 2, false);
	run_ms(3000);
	ck_assert_uint_eq(node(2), n2);
	ck_assert_uint_eq(topo_ted(topo)->n_nodes, 4);
	ck_assert_uint_eq(topo_ted(topo)->n_links, 8);
}
END_TEST

static void flap(void)
{
	link_said(0, 1, 2, true);
	run_ms(100);
	link_said(0, 1, 2, false);
	link_said(1, 1, 2, false);
}

START_TEST(a_flapping_link_is_held_longer_each_time)
{
	ring();
	run_ms(2000);
	flap();
	run_ms(900);
	ck_assert_uint_eq(usable(), 6);
	run_ms(300);
	ck_assert_uint_eq(usable(), 8);
	ck_assert_uint_eq(events("link-damped"), 0);
	flap();
	run_ms(1900);
	ck_assert_uint_eq(events("link-damped"), 2); /* its two directions */
	ck_assert_uint_eq(usable(), 6);
	run_ms(300);
	ck_assert_uint_eq(usable(), 8);
	/* Calm for long: back to the first step. */
	run_ms(100000);
	flap();
	run_ms(1200);
	ck_assert_uint_eq(usable(), 8);
}
END_TEST

START_TEST(the_other_topologys_copy_of_a_wire_is_not_a_parallel_link)
{
	struct ls_object v6 = link_of(1, 2), v4 = link_of(1, 2);

	ring();
	half_said(0, 1, 2, true);
	half_said(1, 1, 2, true);
	v6.link.key.mt_id = 2;
	v4.link.key.local_v6 = v4.link.key.remote_v6 = (struct ip_addr){ 0 };
	v4.link.key.local_v4 = addr("10.1.1.1");
	v4.link.key.remote_v4 = addr("10.1.1.2");
	topo_sink.object(topo, 0, &v6, false);
	topo_sink.object(topo, 0, &v4, false);
	run_ms(2000);
	ck_assert_uint_eq(usable(), 8);
	ck_assert_uint_eq(ted_link_by_addr(topo_ted(topo), &v4.link.key.local_v4), TED_NONE);
	/* Without the IPv6 topology the IPv4 link is a link of its own. */
	topo_sink.object(topo, 0, &v6, true);
	run_ms(2000);
	ck_assert_uint_ne(ted_link_by_addr(topo_ted(topo), &v4.link.key.local_v4), TED_NONE);
}
END_TEST

START_TEST(a_lan_sid_belongs_to_the_neighbour_it_names)
{
	struct ls_object o = link_of(1, 2);
	struct ls_srv6_sid sids[2] = { { .behavior = 5, .neighbor_len = 6 }, { .behavior = 5, .neighbor_len = 6 } };
	uint32_t l;

	ring();
	sids[0].sid = addr("fc00:0:1:e001::");
	sids[0].neighbor[5] = 2;
	sids[1].sid = addr("fc00:0:1:e002::");
	sids[1].neighbor[5] = 3;
	o.link.endx = sids;
	o.link.n_endx = 2;
	topo_sink.object(topo, 0, &o, false);
	run_ms(600);
	l = ted_link_by_addr(topo_ted(topo), &o.link.key.local_v6);
	ck_assert_uint_ne(l, TED_NONE);
	ck_assert_uint_eq(topo_ted(topo)->links[l].n_sids, 1);
	ck_assert(ip_eq(&topo_ted(topo)->links[l].sids[0].sid, &sids[0].sid));
}
END_TEST

START_TEST(capacity_is_1090_else_1089_and_transit_prefixes_are_not_loopbacks)
{
	struct ls_object o = link_of(1, 2), p = { .kind = LS_PREFIX };
	uint32_t l;

	ring();
	l = ted_link_by_addr(topo_ted(topo), &o.link.key.local_v6);
	ck_assert_uint_eq(topo_ted(topo)->links[l].capacity_bps, 1000);
	o.link.have &= ~(uint32_t)LS_HAVE_RSV_BW;
	topo_sink.object(topo, 0, &o, false);
	p.prefix.node = id(1);
	ck_assert_int_eq(ip_prefix_parse("2001:db8:1:5::/64", &p.prefix.prefix), 0);
	topo_sink.object(topo, 0, &p, false);
	ck_assert_int_eq(ip_prefix_parse("2001:db8:0:1::1/128", &p.prefix.prefix), 0);
	topo_sink.object(topo, 0, &p, false);
	run_ms(600);
	ck_assert_uint_eq(topo_ted(topo)->links[l].capacity_bps, 2000);
	ck_assert_uint_eq(topo_ted(topo)->nodes[node(1)].n_prefixes, 1);
}
END_TEST

START_TEST(a_feed_over_its_limit_is_cut_and_an_alarm_stands)
{
	ring();
	cfg.objects_max = 13;
	topo_reconfigure(topo, &cfg);
	node_said(0, 9, false);
	ck_assert(!has_alarm_type("topology-limit"));
	node_said(0, 10, false);
	ck_assert(has_alarm_type("topology-limit"));
	run_ms(600);
	ck_assert_uint_eq(node(10), TED_NONE);
}
END_TEST

START_TEST(an_unconfigured_feed_is_forgotten_at_once)
{
	ring();
	node_said(1, 5, false);
	link_said(1, 3, 5, false);
	run_ms(2000);
	ck_assert_uint_eq(usable(), 10);
	topo_sink.source_gone(topo, 1);
	run_ms(10);
	ck_assert_uint_eq(usable(), 8);
}
END_TEST

START_TEST(hearing_the_same_again_makes_no_generation)
{
	uint64_t gen;

	ring();
	run_ms(2000);
	gen = topo_ted(topo)->generation;
	ring_said(0);
	run_ms(2000);
	ck_assert_uint_eq(topo_ted(topo)->generation, gen);
}
END_TEST

/* ---- Flex-Algo: from objects to the TED ---- */

static void flex_link_said(uint8_t a, uint8_t b, const struct ls_flex_attrs *flex)
{
	struct ls_object o = link_of(a, b);

	o.link.have |= LS_HAVE_DELAY_MM | LS_HAVE_ADMIN_GROUP;
	o.link.delay_min_us = o.link.delay_max_us = 1000;
	o.link.admin_group[0] = 2;
	o.link.flex = *flex;
	topo_sink.object(topo, 0, &o, false);
}

static void flex_node_said(uint8_t n)
{
	static const uint8_t algos[] = { 0, 128 };
	static const struct ls_flex_algo def = { .algo = 128, .metric_type = 1, .priority = 9,
						 .exclude_any = { 4 }, .n_exclude_any = 1 };
	struct ls_object o = { .kind = LS_NODE };

	o.node.id = id(n);
	o.node.router_id_v4 = addr_n("10.0.0.%u", n);
	(void)snprintf(o.node.name, sizeof(o.node.name), "r%u", n);
	o.node.algos = algos;
	o.node.n_algos = 2;
	o.node.flex = &def;
	o.node.n_flex = 1;
	topo_sink.object(topo, 0, &o, false);
}

static uint32_t flex_weight_of(const struct ted_flex *f, const char *link)
{
	uint32_t l = ted_link_by_text(topo_ted(topo), link);

	ck_assert_uint_ne(l, TED_NONE);
	return ted_flex_weight(topo_ted(topo), &f->def, l);
}

/* What nobody told for Flex-Algo is not taken from elsewhere (RFC 9350 s12). */
START_TEST(definitions_and_their_link_attributes_reach_the_ted)
{
	const struct ls_flex_attrs same = { .have = LS_HAVE_DELAY_MM | LS_HAVE_ADMIN_GROUP,
					    .delay_min_us = 1000, .delay_max_us = 1000,
					    .admin_group = { 2 } };
	const struct ls_flex_attrs own = { .have = LS_HAVE_DELAY_MM, .delay_min_us = 7,
					   .delay_max_us = 9 };
	const struct ls_flex_attrs red = { .have = LS_HAVE_DELAY_MM | LS_HAVE_ADMIN_GROUP,
					   .delay_min_us = 7, .delay_max_us = 9,
					   .admin_group = { 4 } };
	const struct ted_flex *f;

	ring();
	flex_node_said(2);
	flex_link_said(1, 2, &same);
	flex_link_said(2, 3, &own);
	flex_link_said(3, 2, &red);
	run_ms(1000);
	f = ted_flex_of(topo_ted(topo), 128);
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(f->def.priority, 9);
	ck_assert_uint_eq(f->def.exclude_any[0], 4);
	ck_assert_int_eq(f->fault, TED_FLEX_GOOD);
	ck_assert(ted_flex_node(topo_ted(topo), 128, f->by));
	ck_assert(!ted_flex_node(topo_ted(topo), 128, ted_node_by_id(topo_ted(topo), "r3")));
	ck_assert_uint_eq(flex_weight_of(f, "r1>r2"), 1000);
	ck_assert_uint_eq(flex_weight_of(f, "r2>r3"), 7);
	ck_assert_uint_eq(flex_weight_of(f, "r3>r2"), TED_NONE); /* excluded */
	ck_assert_uint_eq(flex_weight_of(f, "r3>r4"), TED_NONE); /* it has a delay, for others */
}
END_TEST

int main(void)
{
	const TTest *const all[] = {
		two_feeds_of_one_network_are_one_topology,
		until_every_feed_gave_its_end_of_rib_the_topology_is_stale,
		a_feed_that_never_comes_delays_no_longer_than_the_cap,
		a_half_link_is_known_but_carries_nothing,
		one_feeds_withdraw_is_bad_news_at_once,
		bad_news_in_a_burst_backs_off_but_is_not_lost,
		good_news_waits_until_it_settled,
		good_news_that_never_settles_goes_out_at_the_cap,
		losing_every_feed_changes_nothing_but_the_stale_mark,
		what_only_a_lost_feed_knew_ages_out,
		a_link_that_failed_after_a_feed_was_lost_is_gone,
		a_feed_counts_only_for_what_its_producer_reaches,
		the_same_router_with_and_without_its_as_is_one_node,
		two_as_with_equal_ids_stay_apart,
		indices_are_stable_and_come_back,
		a_flapping_link_is_held_longer_each_time,
		the_other_topologys_copy_of_a_wire_is_not_a_parallel_link,
		a_lan_sid_belongs_to_the_neighbour_it_names,
		capacity_is_1090_else_1089_and_transit_prefixes_are_not_loopbacks,
		a_feed_over_its_limit_is_cut_and_an_alarm_stands,
		an_unconfigured_feed_is_forgotten_at_once,
		hearing_the_same_again_makes_no_generation,
		definitions_and_their_link_attributes_reach_the_ted,
	};
	Suite *s = suite_create("topo");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		tcase_add_test(t, all[i]);
	suite_add_tcase(s, t);
	return check_main(s);
}
