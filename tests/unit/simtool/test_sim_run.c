/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulator against a real collector (BGP in the controller's role, the merge, the TED) on a
 * fake loop and network: what is learned is what the simulator's state says, through every
 * event; and the path engine's lists go where the simulator's packets are to go.
 */
#include "check_main.h"

#include <stdio.h>
#include <string.h>

#include "log/log.h"
#include "pce/path.h"
#include "southbound/bgp/bgp.h"
#include "topo/topo.h"
#include "tools/sim/run.h"

struct lab {
	struct loop *loop;
	struct net *net;
	struct bus *bus;
	struct topo *topo;
	struct bgp *bgp;
	struct sim sim;
};

static void sim_make(struct lab *l, uint32_t routers, const char *file)
{
	STR_AUTO struct str err = { 0 };

	sim_topo_init(&l->sim.topo);
	l->sim.opt = (struct sim_options){ .gen = { .seed = 11, .routers = routers,
						    .classic_pct = 30 },
					   .topology = file, .feeds = 2, .has_feeds = true,
					   .bgp_port = 1790 };
	(void)ip_parse("fd00::c", &l->sim.opt.daemon);
	ck_assert_msg(sim_network(&l->sim, &err) == 0, "%s", str_text(&err));
}

static void collector_start(struct lab *l)
{
	const struct bgp_cfg cfg = { .as = 65000, .router_id = 0x0afffffe };
	struct topo_cfg tc;

	topo_cfg_default(&tc);
	tc.n_sources = 2;
	tc.flap_hold_ns = 0;
	ck_assert_int_eq(bus_new(&l->bus, 1), 0);
	ck_assert_int_eq(topo_new(&l->topo, l->loop, l->bus, &tc), 0);
	ck_assert_int_eq(bgp_new(&l->bgp, l->loop, l->net, l->bus, &cfg), 0);
	bgp_controller(l->bgp, &topo_sink, l->topo);
	ck_assert_int_eq(bgp_listen(l->bgp, &l->sim.opt.daemon, 1790), 0);
	for (uint32_t r = 0, n = 0; r < l->sim.topo.routers.n; r++) {
		struct bgp_peer_cfg peer = { .addr = sim_source(&l->sim, r), .remote_as = 65000,
					     .passive = true, .insecure = true, .source = n };

		if (!l->sim.topo.routers.at[r].feed)
			continue;
		n++;
		ck_assert_int_eq(bgp_peer_set(l->bgp, &peer), 0);
	}
}

static void lab_run(struct lab *l, uint64_t ns)
{
	struct mono until = mono_add(loop_now(l->loop), ns);

	while (loop_fake_step(l->loop, until))
		;
}

static void lab_start(struct lab *l, uint32_t routers, const char *file)
{
	memset(l, 0, sizeof(*l));
	ck_assert_int_eq(loop_fake_new(&l->loop, 5), 0);
	ck_assert_int_eq(net_fake_new(&l->net, l->loop, 0, NS_PER_MS), 0);
	sim_make(l, routers, file);
	collector_start(l);
	ck_assert_int_eq(sim_start(&l->sim, l->loop, l->net, NULL), 0);
	lab_run(l, 5 * NS_PER_S);
}

static void lab_end(struct lab *l)
{
	sim_fini(&l->sim);
	bgp_free(l->bgp);
	topo_free(l->topo);
	bus_free(l->bus);
	net_free(l->net);
	loop_free(l->loop);
}

/* ---- learned against state ---- */

static void same_link(const struct lab *l, const struct ted *ted, uint32_t w, unsigned s)
{
	const struct sim_wire *x = &l->sim.topo.wires.at[w];
	struct ip_addr local = sim_half_addr(w, s), sid = sim_adj_sid(&l->sim.topo, w, s);
	uint32_t i = ted_link_by_addr(ted, &local);
	const struct ted_link *k;

	if (!sim_half_works(&l->sim.topo, w, s)) {
		ck_assert(i == TED_NONE || !ted->links[i].alive ||
			  ted->links[i].reverse == TED_NONE);
		return;
	}
	ck_assert_uint_ne(i, TED_NONE);
	k = &ted->links[i];
	ck_assert(k->alive && k->reverse != TED_NONE);
	ck_assert_str_eq(ted->nodes[k->from].name, l->sim.topo.routers.at[x->end[s]].name);
	ck_assert_str_eq(ted->nodes[k->to].name, l->sim.topo.routers.at[x->end[1 - s]].name);
	ck_assert_uint_eq(k->igp_metric, x->half[s].igp);
	ck_assert_uint_eq(k->te_metric, x->half[s].te);
	ck_assert_uint_eq(k->delay_us, x->half[s].delay_us);
	ck_assert_uint_eq(k->n_srlg, x->n_srlg);
	ck_assert_mem_eq(k->admin_group, x->admin_group, sizeof(k->admin_group));
	ck_assert_uint_eq(k->n_sids, 1);
	ck_assert(ip_eq(&k->sids[0].sid, &sid));
	/* a float of octets a second carries 24 bits */
	ck_assert_uint_le(k->capacity_bps, x->bw_bps + (x->bw_bps >> 23));
	ck_assert_uint_ge(k->capacity_bps, x->bw_bps - (x->bw_bps >> 23));
}

static void same_node(const struct lab *l, const struct ted *ted, uint32_t r)
{
	struct ip_addr lo = sim_loopback(&l->sim.topo, r), sid = sim_node_sid(&l->sim.topo, r);
	struct ip_prefix loc = sim_locator(&l->sim.topo, r);
	const struct ted_node *n;

	uint32_t i = ted_node_by_addr(ted, &lo);
	ck_assert_uint_ne(i, TED_NONE);
	n = &ted->nodes[i];
	ck_assert_str_eq(n->name, l->sim.topo.routers.at[r].name);
	ck_assert(n->srv6 && n->n_sids == 1 && n->n_locators == 1);
	ck_assert(ip_eq(&n->sids[0].sid, &sid));
	ck_assert_int_eq(ip_prefix_cmp(&n->locators[0].prefix, &loc), 0);
	ck_assert_uint_eq(n->msd_h_encaps, 10);
}

static void all_the_same(const struct lab *l)
{
	const struct ted *ted = topo_ted(l->topo);

	ck_assert(!ted->stale);
	for (uint32_t r = 0; r < l->sim.topo.routers.n; r++)
		same_node(l, ted, r);
	for (uint32_t w = 0; w < l->sim.topo.wires.n; w++)
		for (unsigned s = 0; s < 2; s++)
			same_link(l, ted, w, s);
}

static void command(struct lab *l, const char *line)
{
	STR_AUTO struct str out = { 0 };

	ck_assert_msg(sim_command(&l->sim, line, false, &out), "%s: %s", line, str_text(&out));
	lab_run(l, 2 * NS_PER_S);
}

START_TEST(what_is_learned_is_what_is_there)
{
	struct lab l;

	lab_start(&l, 60, NULL);
	all_the_same(&l);
	lab_end(&l);
}
END_TEST

START_TEST(every_event_arrives)
{
	char wire[SIM_WIRE_TEXT_MAX], line[128];
	struct lab l;

	lab_start(&l, 30, NULL);
	for (uint32_t w = 0; w < l.sim.topo.wires.n; w += 3) {
		uint64_t before = topo_ted(l.topo)->generation;

		(void)sim_wire_text(&l.sim.topo, w, wire, sizeof(wire));
		(void)snprintf(line, sizeof(line), "down %s", wire);
		command(&l, line);
		ck_assert_uint_gt(topo_ted(l.topo)->generation, before);
		all_the_same(&l);
		(void)snprintf(line, sizeof(line), "up %s", wire);
		command(&l, line);
		all_the_same(&l);
		(void)snprintf(line, sizeof(line), "delay %s %u", wire, 777 + w);
		command(&l, line);
		(void)snprintf(line, sizeof(line), "metric %s %u", wire, 333 + w);
		command(&l, line);
		all_the_same(&l);
	}
	lab_end(&l);
}
END_TEST

START_TEST(a_dead_router_leaves_half_links_which_carry_nothing)
{
	char line[64];
	struct lab l;
	uint32_t r = 7;

	lab_start(&l, 20, NULL);
	ck_assert(!l.sim.topo.routers.at[r].feed);
	(void)snprintf(line, sizeof(line), "node-down %s", l.sim.topo.routers.at[r].name);
	command(&l, line);
	for (uint32_t i = l.sim.topo.start[r]; i < l.sim.topo.start[r + 1]; i++) {
		uint32_t w = l.sim.topo.idx[i] / 2;

		same_link(&l, topo_ted(l.topo), w, 0);
		same_link(&l, topo_ted(l.topo), w, 1);
	}
	(void)snprintf(line, sizeof(line), "node-up %s", l.sim.topo.routers.at[r].name);
	command(&l, line);
	all_the_same(&l);
	lab_end(&l);
}
END_TEST

START_TEST(one_feed_is_enough_and_none_freezes)
{
	struct lab l;
	char wire[SIM_WIRE_TEXT_MAX], line[128];

	lab_start(&l, 20, NULL);
	command(&l, "feed-down 1");
	(void)sim_wire_text(&l.sim.topo, 4, wire, sizeof(wire));
	(void)snprintf(line, sizeof(line), "down %s", wire);
	command(&l, line);
	all_the_same(&l);
	command(&l, "feed-down 2");
	ck_assert(topo_ted(l.topo)->stale);
	(void)snprintf(line, sizeof(line), "up %s", wire);
	command(&l, line);
	same_link(&l, topo_ted(l.topo), 0, 0); /* the rest is still there */
	command(&l, "feed-up 1");
	lab_run(&l, 10 * NS_PER_S);
	all_the_same(&l);
	lab_end(&l);
}
END_TEST

/* ---- the engine's lists and the simulator's packets ---- */

/* False: the list would be too long. */
static bool pair_check(struct lab *l, uint32_t a, uint32_t b, const struct pce_request *how)
{
	const struct ted *ted = topo_ted(l->topo);
	struct ip_addr from = sim_loopback(&l->sim.topo, a), to = sim_loopback(&l->sim.topo, b);
	struct pce_request req = { .src = ted_node_by_addr(ted, &from),
				   .dst = ted_node_by_addr(ted, &to), .minimise = how->minimise,
				   .delay_us_max = PCE_NO_BOUND, .hops_max = PCE_NO_BOUND,
				   .igp_max = PCE_NO_BOUND, .te_max = PCE_NO_BOUND,
				   .strict = how->strict, .usid = true, .msd = 10,
				   .trees = how->trees };
	struct ip_addr sids[PCE_SEGS_MAX];
	struct pce_answer ans;
	struct sim_walk w;
	struct arena arena;

	arena_init(&arena, 0);
	pce_compute(ted, &req, &arena, &ans);
	if (ans.status == PCE_NO_MSD) {
		arena_fini(&arena);
		return false;
	}
	ck_assert_msg(ans.status == PCE_OK, "%u to %u: %s", a, b, ans.why);
	for (uint32_t i = 0; i < ans.n_segs; i++)
		sids[i] = ans.segs[i].sid;
	sim_walk(l->sim.paths, a, sids, ans.n_segs, &w, NULL);
	ck_assert_msg(w.ok, "%u to %u: %s", a, b, w.why);
	ck_assert_uint_eq(w.end, b);
	ck_assert_uint_eq(w.delay_us_max, ans.expansion.delay_us_max);
	ck_assert_uint_eq(w.delay_us_min, ans.expansion.delay_us_min);
	ck_assert_uint_eq(w.hops_max, ans.expansion.hops_max);
	if (how->strict)
		ck_assert_uint_eq(w.delay_us_max, ans.delay_us);
	arena_fini(&arena);
	return true;
}

START_TEST(lists_of_the_engine_forward_as_it_says)
{
	struct lab l;
	struct rng r;
	AUTO(pce_trees_free) struct pce_trees *few = NULL;
	struct pce_request how = { 0 };
	int n_good = 0;

	lab_start(&l, 60, NULL);
	/* Fewer trees than routers: old ones make room. */
	ck_assert_int_eq(pce_trees_new(&few, 0), 0);
	how.trees = _i == 0 ? NULL : few;
	rng_seed(&r, 3);
	for (int i = 0; i < 300; i++) {
		uint32_t n = (uint32_t)l.sim.topo.routers.n;
		uint32_t a = (uint32_t)rng_below(&r, n), b = (uint32_t)rng_below(&r, n);

		how.minimise = (enum pce_metric)rng_below(&r, 4);
		how.strict = rng_below(&r, 2);
		if (a != b)
			n_good += pair_check(&l, a, b, &how);
	}
	ck_assert_int_gt(n_good, 200);
	lab_end(&l);
}
END_TEST

/* ---- commands ---- */

static const struct {
	const char *line;
	bool good;
	const char *text, *json; /* what the answer holds */
} cases[] = {
	{ "status", true, "8 routers, 8 up", "\"routers\":8," },
	{ "status", true, "feed 2: r5", "\"feed\":2,\"router\":\"r5\"" },
	{ "links", true, "sid fcbb:bbbb:", "\"wire\":\"" },
	{ "routers", true, "r3 fd5e:5e:0:3::1", "\"name\":\"r3\",\"address\":\"fd5e:5e:0:3::1\"" },
	{ "help", true, "node-down", "\"node-down\"" },
	{ "walk r1 fcbb:bbbb:9::", true, "lost: no SID", "\"forwards\":false" },
	{ "walk r1 x", false, "error: not an address", "\"ok\":false" },
	{ "walk r1", false, "error: no such LSP: 'r1'", "\"ok\":false" },
	{ "walk r77 fcbb:bbbb:2::", false, "no such router", "\"error\":\"no such router: 'r77'\"" },
	{ "down r1", false, "error: expected A B", "\"ok\":false" },
	{ "down r1 r77", false, "no such router", "no such router" },
	{ "down r1-r1", false, "no such link", "no such link" },
	{ "up r5-r4", false, "it is up", "it is up" },
	{ "delay r5-r4 16777216", false, "not a number", "not a number" },
	{ "delay r5 r4", false, "error: expected a link and a number", "expected" },
	{ "metric r5-r4 0", false, "not a number", "not a number" },
	{ "metric r5 r4 7", true, "ok", "{\"ok\":true}" },
	{ "feed-down 0", false, "not a number", "not a number" },
	{ "feed-down 3", false, "not a number", "not a number" },
	{ "node-down r99", false, "no such router", "no such router" },
	{ "fly r1", false, "no such command", "no such command" },
};

START_TEST(commands_answer_in_text_and_json)
{
	STR_AUTO struct str text = { 0 };
	STR_AUTO struct str json = { 0 };
	struct lab l;

	lab_start(&l, 8, NULL);
	ck_assert_int_eq(sim_command(&l.sim, cases[_i].line, false, &text), cases[_i].good);
	ck_assert_int_eq(sim_command(&l.sim, cases[_i].line, true, &json), cases[_i].good);
	ck_assert_msg(strstr(str_text(&text), cases[_i].text), "%s", str_text(&text));
	ck_assert_msg(strstr(str_text(&json), cases[_i].json), "%s", str_text(&json));
	ck_assert_ptr_eq(strchr(json.s, '\n'), json.s + json.len - 1);
	if (cases[_i].good)
		ck_assert_str_eq(text.s + text.len - 3, "ok\n");
	lab_end(&l);
}
END_TEST

START_TEST(quit_says_goodbye_and_stops_the_loop)
{
	struct sim_feed_info i;
	struct lab l;

	lab_start(&l, 8, NULL);
	sim_feed_info(l.sim.feeds, 0, &i);
	ck_assert(i.up);
	command(&l, "quit");
	sim_feed_info(l.sim.feeds, 0, &i);
	ck_assert(!i.up);
	lab_end(&l);
}
END_TEST

START_TEST(the_configuration_names_every_peer)
{
	STR_AUTO struct str out = { 0 };
	struct lab l;

	lab_start(&l, 8, NULL);
	l.sim.opt.pccs = 3;
	l.sim.opt.pcep_port = 4190;
	l.sim.opt.store = "/tmp/x.db";
	sim_config(&l.sim, &out);
	ck_assert(strstr(str_text(&out), "- address: \"fd5e:5e:0:5::1\"   # r5\n      remote-as: 65000"));
	ck_assert(strstr(str_text(&out), "port: 4190"));
	ck_assert(strstr(str_text(&out), "- address: \"fd5e:5e:0:3::1\"   # r3\n      insecure"));
	ck_assert(!strstr(str_text(&out), "fd5e:5e:0:4::1"));
	lab_end(&l);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sim_run");
	const struct log_cfg quiet = { .level = LOG_ERROR };
	TCase *f = tcase_create("feeds"), *c = tcase_create("commands");

	log_setup(&quiet);
	tcase_set_timeout(f, 60);
	tcase_add_test(f, what_is_learned_is_what_is_there);
	tcase_add_test(f, every_event_arrives);
	tcase_add_test(f, a_dead_router_leaves_half_links_which_carry_nothing);
	tcase_add_test(f, one_feed_is_enough_and_none_freezes);
	tcase_add_loop_test(f, lists_of_the_engine_forward_as_it_says, 0, 2);
	tcase_add_loop_test(c, commands_answer_in_text_and_json, 0, ARRAY_LEN(cases));
	tcase_add_test(c, quit_says_goodbye_and_stops_the_loop);
	tcase_add_test(c, the_configuration_names_every_peer);
	suite_add_tcase(s, f);
	suite_add_tcase(s, c);
	return check_main(s);
}
