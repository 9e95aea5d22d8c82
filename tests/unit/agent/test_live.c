/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dead path is left for a live one, without a controller: the judgement alone, and on real packets
 * over a diamond h-{p,q}-t. The way back of all probes leads over p.
 */
#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <linux/seg6_local.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "check_main.h"
#include "lab.h"
#include "tools/agent/kernel/fib.h"
#include "tools/agent/policy/pol_int.h"

/* ---- the judgement ---- */

static const struct agent_live_cfg ten = { .on = true, .interval_ms = 10, .missed = 3, .revert_ms = 100 };

enum { MS = 1000000 };

/* n probes from ms on, every 10 ms; answered after rtt ms, or (0) not. True: it changed. */
static bool probes(struct agent_judge *j, unsigned n, uint64_t *ms, unsigned rtt)
{
	bool changed = false;

	for (unsigned k = 0; k < n; k++, *ms += 10) {
		uint32_t seq = agent_judge_sent(j, *ms * MS);

		if (rtt > 0)
			changed |= agent_judge_answer(j, &ten, seq, *ms * MS, (uint64_t)rtt * MS, (*ms + rtt) * MS);
		changed |= agent_judge_look(j, &ten, (*ms + 9) * MS);
	}
	return changed;
}

START_TEST(one_that_is_not_answered_dies_and_one_that_never_was_does_not)
{
	struct agent_judge j = { 0 }, never = { 0 };
	uint64_t ms = 1000, at = 1000;

	ck_assert(probes(&j, 1, &ms, 1));
	ck_assert_int_eq(j.state, AGENT_LIVE_YES);
	ck_assert(!probes(&j, 50, &ms, 1));
	/* Answered at 1500; those of 1510, 1520 and 1530 are not. */
	ck_assert(!probes(&j, 2, &ms, 0));
	ck_assert(probes(&j, 1, &ms, 0));
	ck_assert_int_eq(j.state, AGENT_LIVE_NO);
	ck_assert_uint_eq(j.deaths, 1);
	ck_assert(!probes(&j, 50, &ms, 0));
	/* Two are not enough to be alive again. */
	ck_assert(!probes(&j, 2, &ms, 1));
	ck_assert(!probes(&j, 1, &ms, 0));
	ck_assert(!probes(&j, 2, &ms, 1));
	ck_assert(probes(&j, 1, &ms, 1));
	ck_assert_int_eq(j.state, AGENT_LIVE_YES);
	(void)probes(&never, 1000, &at, 0);
	ck_assert_int_eq(never.state, AGENT_LIVE_UNKNOWN);
}
END_TEST

START_TEST(one_that_never_answered_is_silent_when_it_had_its_chance)
{
	struct agent_judge j = { 0 }, stood = { 0 };
	uint64_t ms = 1000, at = 1000;

	ck_assert(!probes(&j, 99, &ms, 0));
	ck_assert(!j.silent);
	ck_assert(probes(&j, 1, &ms, 0)); /* a second's worth */
	ck_assert(j.silent);
	ck_assert_int_eq(j.state, AGENT_LIVE_UNKNOWN);
	ck_assert(!probes(&j, 100, &ms, 0)); /* and that is told once */
	ck_assert(probes(&j, 1, &ms, 1));
	ck_assert(!j.silent);
	ck_assert_int_eq(j.state, AGENT_LIVE_YES);
	/* A process that stood still had sent nothing, and that says nothing. */
	(void)probes(&stood, 50, &at, 0);
	at += 5000;
	ck_assert(!agent_judge_look(&stood, &ten, at * MS));
	ck_assert(!probes(&stood, 49, &at, 0));
	ck_assert(!stood.silent);
	ck_assert(probes(&stood, 1, &at, 0));
	ck_assert(stood.silent);
}
END_TEST

START_TEST(a_long_way_has_its_time)
{
	struct agent_judge j = { 0 };
	uint64_t ms = 1000;

	/* Answers take 200 ms: twenty are always under way. */
	for (unsigned k = 0; k < 100; k++, ms += 10) {
		uint32_t seq = agent_judge_sent(&j, ms * MS);

		if (seq > 20)
			(void)agent_judge_answer(&j, &ten, seq - 20, (ms - 200) * MS, 200ull * MS, ms * MS);
		ck_assert(j.state == AGENT_LIVE_UNKNOWN || !agent_judge_look(&j, &ten, ms * MS));
	}
	ck_assert_int_eq(j.state, AGENT_LIVE_YES);
	/* The last answered was sent at 1790; the third after it, at 1820, has 200 ms and half an interval. */
	ck_assert(!agent_judge_look(&j, &ten, 2024ull * MS));
	ck_assert(agent_judge_look(&j, &ten, 2026ull * MS));
}
END_TEST

/* Answers of what is told, up to that moment, are heard; then it is judged, then a probe is sent: as live.c does. */
struct walk {
	struct agent_judge j;
	uint64_t sent_ms[4096];
	uint32_t heard; /* answers */
	unsigned rtt;
	uint64_t cut_ms; /* what is sent from then on is lost */
};

static bool tick(struct walk *w, uint64_t ms)
{
	bool dead;

	while (w->heard < w->j.sent) {
		uint64_t sent = w->sent_ms[w->heard + 1];

		if (sent >= w->cut_ms || sent + w->rtt > ms)
			break;
		w->heard++;
		(void)agent_judge_answer(&w->j, &ten, w->heard, sent * MS, w->rtt * 1ull * MS, ms * MS);
	}
	dead = agent_judge_look(&w->j, &ten, ms * MS) && w->j.state == AGENT_LIVE_NO;
	w->sent_ms[agent_judge_sent(&w->j, ms * MS)] = ms;
	return dead;
}

/* Of a way of 35 ms three probes are always under way: after a pause they are so again, and none is late. */
START_TEST(a_process_that_stood_still_kills_no_long_way)
{
	for (unsigned rtt = 1; rtt <= 80; rtt += 2) {
		for (unsigned pause = 5; pause <= 500; pause += 5) {
			struct walk w = { .rtt = rtt, .cut_ms = UINT64_MAX };
			uint64_t ms = 1000;

			for (unsigned k = 0; k < 30; k++, ms += 10)
				ck_assert(!tick(&w, ms));
			for (unsigned n = 0; n < 10; n++) {
				ms += pause;
				for (unsigned k = 0; k < 10; k++, ms += 10)
					ck_assert_msg(!tick(&w, ms), "a way of %u ms, a pause of %u", rtt, pause);
			}
			ck_assert_int_eq(w.j.state, AGENT_LIVE_YES);
			ck_assert(rtt < 35 || pause < 60 || w.j.holds > 0); /* and it is told */
		}
	}
}
END_TEST

/* Its twin: what is cut is dead as soon as ever, in a pause too. */
START_TEST(a_process_that_stood_still_finds_what_is_dead)
{
	for (unsigned rtt = 1; rtt <= 80; rtt += 2) {
		for (unsigned pause = 0; pause <= 300; pause += 50) {
			struct walk w = { .rtt = rtt, .cut_ms = 1300 };
			uint64_t ms = 1000;

			for (; ms < 1300; ms += 10)
				ck_assert(!tick(&w, ms));
			ck_assert_uint_eq(w.j.holds, 0); /* nothing was late */
			ms += pause;
			while (!tick(&w, ms))
				ms += 10;
			/* three that are lost, a turn, and the way there and back */
			ck_assert_uint_le(ms, 1300 + pause + 30 + rtt + 15);
			ck_assert_uint_ge(ms, 1300 + 20 + rtt);
		}
	}
}
END_TEST

START_TEST(a_process_that_stood_still_kills_nobody)
{
	struct agent_judge j = { 0 };
	uint64_t ms = 1000;

	(void)probes(&j, 10, &ms, 1);
	/* Nothing was sent for a second. */
	ck_assert(!agent_judge_look(&j, &ten, 3000ull * MS));
	(void)agent_judge_sent(&j, 3000ull * MS);
	(void)agent_judge_sent(&j, 3000ull * MS);
	ck_assert(!agent_judge_look(&j, &ten, 3001ull * MS));
	ck_assert_int_eq(j.state, AGENT_LIVE_YES);
}
END_TEST

START_TEST(late_double_and_unsent_numbers_prove_nothing)
{
	struct agent_judge j = { 0 };
	uint64_t ms = 1000;

	ck_assert(!agent_judge_answer(&j, &ten, 1, 0, MS, MS)); /* never sent */
	ck_assert(!agent_judge_answer(&j, &ten, 0, 0, MS, MS));
	(void)probes(&j, 10, &ms, 1);
	ck_assert(!agent_judge_answer(&j, &ten, 3, 0, MS, ms * MS));
	ck_assert(!agent_judge_look(&j, &ten, ms * MS)); /* nor does an old one do harm */
	(void)probes(&j, 2, &ms, 0);
	ck_assert(!agent_judge_answer(&j, &ten, 10, 0, MS, ms * MS)); /* again */
	ck_assert(!agent_judge_answer(&j, &ten, 3, 0, MS, ms * MS));
	ck_assert(!agent_judge_answer(&j, &ten, 99, 0, MS, ms * MS));
	ck_assert(probes(&j, 1, &ms, 0));
	ck_assert_int_eq(j.state, AGENT_LIVE_NO);
}
END_TEST

/* ---- the diamond ---- */

#define SELF "2001:db8:0:1::1"
#define TAIL "2001:db8:0:8::1"
#define OVER_P "fcbb:bbbb:11:8::"
#define OVER_Q "fcbb:bbbb:12:8::"

static int head, p_ns, q_ns, tail;
static struct loop *loop;
static struct agent_fib *fib;
static struct agent_pol *pol;
static struct agent_cfg cfg;
static struct agent_steering steering;
static struct agent_lsp *working, *standby;

static struct ip_addr addr(const char *text)
{
	struct ip_addr a;

	ck_assert_int_eq(ip_parse(text, &a), 0);
	return a;
}

static void un(const char *prefix, bool del)
{
	struct agent_route r = { .table = RT_TABLE_MAIN,
				 .metric = 20,
				 .kind = AGENT_ROUTE_LOCAL,
				 .action = SEG6_LOCAL_ACTION_END,
				 .next_csid = true,
				 .lblen = 32,
				 .nflen = 16,
				 .lookup = 0 };

	r.dev = if_nametoindex("sr0");
	ck_assert_int_eq(ip_prefix_parse(prefix, &r.dst), 0);
	ck_assert_int_eq(lab_route(&r, AGENT_PROTO_ISIS, del), 0);
}

static int router(const char *sid)
{
	int ns;

	lab_enter();
	ns = lab_ns();
	lab_sysctl("ipv6/conf/all/forwarding", "1");
	lab_sysctl("ipv6/conf/all/seg6_enabled", "1");
	lab_sysctl("ipv6/conf/default/seg6_enabled", "1");
	lab_sysctl("ipv6/conf/lo/seg6_enabled", "1");
	lab_sysctl("ipv6/conf/default/accept_dad", "0"); /* nobody waits for addresses that are tentative */
	(void)lab_link("sr0", "ifb");
	un(sid, false);
	return ns;
}

static void cable(int a, const char *here, const char *my, int b, const char *there, const char *its)
{
	lab_switch(a);
	lab_cable(here, there, b);
	lab_addr(here, my, 64);
	lab_switch(b);
	lab_addr(there, its, 64);
}

static void on_fib(void *arg)
{
	(void)arg;
	if (pol)
		agent_pol_fib_changed(pol);
}

static void on_lsp(void *arg, struct agent_lsp *l)
{
	(void)arg;
	(void)l;
}

static void network(void)
{
	head = router("fcbb:bbbb:1::/48");
	p_ns = router("fcbb:bbbb:11::/48");
	q_ns = router("fcbb:bbbb:12::/48");
	tail = router("fcbb:bbbb:8::/48");
	cable(head, "hp", "fd00:1::1", p_ns, "ph", "fd00:1::2");
	cable(head, "hq", "fd00:2::1", q_ns, "qh", "fd00:2::2");
	cable(p_ns, "pt", "fd00:3::1", tail, "tp", "fd00:3::2");
	cable(q_ns, "qt", "fd00:4::1", tail, "tq", "fd00:4::2");
	lab_switch(head);
	lab_addr("lo", SELF, 128);
	lab_via("fcbb:bbbb:11::/48", "fd00:1::2", "hp");
	lab_via("fcbb:bbbb:12::/48", "fd00:2::2", "hq");
	lab_switch(p_ns);
	lab_via("fcbb:bbbb:8::/48", "fd00:3::2", "pt");
	lab_via(SELF "/128", "fd00:1::1", "ph");
	lab_switch(q_ns);
	lab_via("fcbb:bbbb:8::/48", "fd00:4::2", "qt");
	lab_via(SELF "/128", "fd00:2::1", "qh");
	lab_switch(tail);
	lab_via(SELF "/128", "fd00:3::1", "tp");
	lab_switch(head);
}

static bool idle(void *arg)
{
	(void)arg;
	return agent_fib_idle(fib);
}

static struct agent_lsp *path(const char *name, const char *sid, const char *second, uint32_t preference)
{
	struct sr_more more = { .weight = 3, .n = 1, .at[0] = { .weight = 1 } };
	struct lsp_state w = { .has_key = true,
			       .color = 100,
			       .endpoint = addr(TAIL),
			       .admin_up = true,
			       .has_preference = true,
			       .preference = preference };
	struct agent_lsp *l;
	char why[SR_REASON_MAX];

	(void)snprintf(w.name, sizeof(w.name), "%s", name);
	w.list.n = 1;
	w.list.at[0].sid = addr(sid);
	if (second) {
		more.at[0].list = w.list;
		more.at[0].list.at[0].sid = addr(second);
		w.list.more = &more;
	}
	ck_assert_int_eq(agent_pol_put(pol, &w, &l, why), 0);
	return l;
}

static void start(bool on)
{
	steering = (struct agent_steering){ .color = 100, .endpoint = addr(TAIL), .service = addr("fcbb:bbbb:8:d6::") };
	ck_assert_int_eq(ip_prefix_parse("2001:db8:c2::/64", &steering.prefix), 0);
	cfg = (struct agent_cfg){ .msd = 10,
				  .table = RT_TABLE_MAIN,
				  .metric = 10,
				  .reduced = true,
				  .sid_device = "sr0",
				  .source = addr(SELF),
				  .live = { on, 20, 10, 1000 }, /* patient: the machine may be busy */
				  .steering = &steering,
				  .n_steering = 1 };
	ck_assert_int_eq(agent_pol_configure(pol, &cfg), 0);
	working = path("working", OVER_P, NULL, 200);
	standby = path("standby", OVER_Q, NULL, 100);
	ck_assert(lab_run(loop, idle, NULL));
}

static void setup(void)
{
	static const struct agent_fib_ops fib_ops = { .changed = on_fib };
	static const struct agent_pol_ops pol_ops = { .changed = on_lsp };

	pol = NULL;
	network();
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(agent_fib_new(&fib, loop, &fib_ops, NULL), 0);
	ck_assert_int_eq(agent_pol_new(&pol, loop, fib, &pol_ops, NULL), 0);
	agent_fib_start(fib);
}

static void teardown(void)
{
	pol = agent_pol_free(pol);
	fib = agent_fib_free(fib);
	loop = loop_free(loop);
	close(head);
	close(p_ns);
	close(q_ns);
	close(tail);
}

static enum agent_live_state state(const struct agent_lsp *l)
{
	struct agent_watch_view v;

	if (!l->watch[0])
		return AGENT_LIVE_UNKNOWN;
	agent_watch_view(l->watch[0], &v);
	return v.judge->state;
}

static uint64_t answered(const struct agent_lsp *l)
{
	struct agent_watch_view v;

	agent_watch_view(l->watch[0], &v);
	return v.judge->n_answered;
}

static uint32_t sent(const struct agent_lsp *l)
{
	struct agent_watch_view v;

	agent_watch_view(l->watch[0], &v);
	return v.judge->sent;
}

static bool both_alive(void *arg)
{
	(void)arg;
	return state(working) == AGENT_LIVE_YES && state(standby) == AGENT_LIVE_YES;
}

static bool working_dead(void *arg)
{
	(void)arg;
	return state(working) == AGENT_LIVE_NO;
}

static bool all_dead(void *arg)
{
	(void)arg;
	return state(working) == AGENT_LIVE_NO && state(standby) == AGENT_LIVE_NO;
}

static bool active_is(void *arg)
{
	return agent_pol_is_active(arg) && agent_fib_idle(fib) && ((struct agent_lsp *)arg)->st.oper == LSP_ACTIVE;
}

static bool kernel_has(const char *sid)
{
	const struct ip_addr want = addr(sid);
	struct agent_route r[8];
	unsigned n = lab_routes(RT_TABLE_MAIN, AGENT_PROTO, r, 8);

	for (unsigned k = 0; k < n && k < 8; k++) {
		if (ip_eq(&r[k].dst.addr, &steering.prefix.addr))
			return r[k].n > 0 && ip_eq(&r[k].seg[0], &want);
	}
	return false;
}

static void cut_p(bool cut)
{
	lab_switch(p_ns);
	un("fcbb:bbbb:11::/48", cut);
	lab_switch(head);
}

static void cut_q(bool cut)
{
	lab_switch(q_ns);
	un("fcbb:bbbb:12::/48", cut);
	lab_switch(head);
}

static unsigned lists_in_kernel(void)
{
	return lab_lists(RT_TABLE_MAIN, AGENT_PROTO, &steering.prefix);
}

/* ---- a path of two lists ---- */

static enum agent_live_state list_state(unsigned k)
{
	struct agent_watch_view v;

	if (!working->watch[k])
		return AGENT_LIVE_UNKNOWN;
	agent_watch_view(working->watch[k], &v);
	return v.judge->state;
}

static bool two_in_use(void *arg)
{
	(void)arg;
	return list_state(0) == AGENT_LIVE_YES && list_state(1) == AGENT_LIVE_YES && lists_in_kernel() == 2 &&
	       active_is(working);
}

static bool q_alone(void *arg)
{
	(void)arg;
	return kernel_has(OVER_Q) && active_is(working);
}

static bool both_lists_dead(void *arg)
{
	(void)arg;
	return list_state(0) == AGENT_LIVE_NO && list_state(1) == AGENT_LIVE_NO && working->st.oper == LSP_DOWN &&
	       agent_fib_idle(fib);
}

static bool p_answers(void *arg)
{
	(void)arg;
	return list_state(0) == AGENT_LIVE_YES;
}

/* It was probed for longer than one that never answered has, while the other does. */
static bool kept_apart(void *arg)
{
	struct agent_watch_view v;

	(void)arg;
	agent_watch_view(working->watch[0], &v);
	return list_state(0) == AGENT_LIVE_UNKNOWN && list_state(1) == AGENT_LIVE_YES && v.judge->sent > 80 &&
	       lists_in_kernel() == 2;
}

static bool left_out(void *arg)
{
	(void)arg;
	return list_state(0) == AGENT_LIVE_UNKNOWN && list_state(1) == AGENT_LIVE_YES && q_alone(NULL);
}

/* Alone in its policy (0), or with a standby, which is not taken for it (1). */
START_TEST(a_dead_list_is_left_and_the_others_carry_on)
{
	start(true);
	working = path("working", OVER_P, OVER_Q, 200);
	if (_i == 0)
		agent_pol_remove(pol, standby);
	ck_assert(lab_run(loop, two_in_use, NULL));
	cut_p(true);
	ck_assert(lab_run(loop, q_alone, NULL));
	ck_assert_uint_eq(working->st.lists_down, 1);
	ck_assert_uint_eq(lists_in_kernel(), 1);
	ck_assert_uint_eq(sr_list_count(&working->st.list), 2); /* it is what was asked for still */
	/* What asks for the policy's list gets one that is in use. */
	ck_assert(ip_eq(&agent_pol_active(pol, 100, &working->st.endpoint)->at[0].sid,
			&working->st.list.more->at[0].list.at[0].sid));
	cut_p(false);
	ck_assert(lab_run(loop, p_answers, NULL));
	ck_assert_uint_eq(lists_in_kernel(), 1); /* not at once */
	ck_assert(lab_run(loop, two_in_use, NULL));
	ck_assert_uint_eq(working->st.lists_down, 0);
	ck_assert_uint_eq(working->policy->switches, 0);
}
END_TEST

/* The way back may be what broke: no list is better than another, and all of them stay. */
START_TEST(a_path_is_dead_when_all_its_lists_are)
{
	start(true);
	working = path("working", OVER_P, OVER_Q, 200);
	agent_pol_remove(pol, standby);
	ck_assert(lab_run(loop, two_in_use, NULL));
	cut_p(true);
	cut_q(true);
	ck_assert(lab_run(loop, both_lists_dead, NULL));
	ck_assert_str_eq(working->reason, "its probes are not answered");
	ck_assert_uint_eq(lists_in_kernel(), 2);
	cut_p(false);
	cut_q(false);
	ck_assert(lab_run(loop, two_in_use, NULL));
}
END_TEST

/* The first list of the standby is alive: the path all of whose lists died is left for it. */
START_TEST(a_path_with_a_list_that_lives_is_taken_for_one_without)
{
	start(true);
	agent_pol_remove(pol, standby);
	standby = path("standby", OVER_Q, OVER_P, 100);
	ck_assert(lab_run(loop, both_alive, NULL));
	ck_assert(lab_run(loop, active_is, working));
	cut_p(true);
	ck_assert(lab_run(loop, active_is, standby));
	ck_assert(kernel_has(OVER_Q)); /* and its other list is out */
	ck_assert_uint_eq(working->policy->switches, 1);
	ck_assert_uint_eq(standby->st.lists_down, 2);
	cut_p(false);
	ck_assert(lab_run(loop, active_is, working));
}
END_TEST

/* Its probes never leave, its customers' packets would: nothing follows from them. */
START_TEST(a_list_that_begins_at_this_router_is_believed)
{
	static struct agent_local_sid own;

	own = (struct agent_local_sid){ .sid = addr("fcbb:bbbb:1:e001::"), .len = 64,
					.action = SEG6_LOCAL_ACTION_END_X, .nh = addr("fd00:1::2"), .next_csid = true,
					.block = 32 };
	start(true);
	(void)snprintf(own.interface, sizeof(own.interface), "hp");
	cfg.sids = _i ? &own : NULL;
	cfg.n_sids = _i ? 1 : 0;
	ck_assert_int_eq(agent_pol_configure(pol, &cfg), 0);
	agent_pol_remove(pol, standby);
	working = path("working", "fcbb:bbbb:1:e001:8::", OVER_Q, 200);
	ck_assert(lab_run(loop, _i ? kept_apart : left_out, NULL));
}
END_TEST

START_TEST(switched_off_all_lists_stay)
{
	start(false);
	working = path("working", OVER_P, OVER_Q, 200);
	cut_p(true);
	ck_assert(lab_run(loop, active_is, working));
	ck_assert_ptr_null(working->watch[0]);
	ck_assert_uint_eq(lists_in_kernel(), 2);
}
END_TEST

START_TEST(a_dead_path_is_left_and_taken_again_when_it_has_been_alive)
{
	start(true);
	ck_assert(lab_run(loop, both_alive, NULL));
	ck_assert(lab_run(loop, active_is, working));
	ck_assert(kernel_has(OVER_P));
	cut_p(true); /* the way back over p stays */
	ck_assert(lab_run(loop, active_is, standby));
	ck_assert(kernel_has(OVER_Q));
	ck_assert_int_eq(working->st.oper, LSP_DOWN);
	ck_assert_str_eq(working->reason, "its probes are not answered");
	ck_assert_int_eq(state(standby), AGENT_LIVE_YES);
	cut_p(false);
	ck_assert(lab_run(loop, both_alive, NULL));
	ck_assert(agent_pol_is_active(standby)); /* not at once */
	ck_assert(lab_run(loop, active_is, working));
	ck_assert(kernel_has(OVER_P));
	ck_assert_int_eq(standby->st.oper, LSP_UP);
	ck_assert_uint_eq(working->policy->switches, 2);
}
END_TEST

/* The cut takes the way back of all probes with it. */
START_TEST(the_standby_is_taken_though_its_answers_are_lost_too)
{
	start(true);
	ck_assert(lab_run(loop, both_alive, NULL));
	lab_switch(tail);
	lab_up("tp", false);
	lab_switch(head);
	ck_assert(lab_run(loop, all_dead, NULL));
	ck_assert(lab_run(loop, idle, NULL));
	ck_assert(agent_pol_is_active(standby));
	ck_assert(kernel_has(OVER_Q));
	/* The routing finds another way back. */
	lab_switch(tail);
	lab_via(SELF "/128", "fd00:4::1", "tq");
	lab_switch(head);
	ck_assert(lab_run(loop, active_is, standby));
	ck_assert_int_eq(state(standby), AGENT_LIVE_YES);
	ck_assert(working_dead(NULL));
	ck_assert_uint_eq(working->policy->switches, 1);
}
END_TEST

static bool probed_often(void *arg)
{
	(void)arg;
	return sent(working) > 100 && sent(standby) > 100;
}

START_TEST(a_far_end_that_never_answers_moves_nothing)
{
	lab_switch(tail);
	lab_up("tp", false);
	lab_switch(head);
	start(true);
	ck_assert(lab_run(loop, probed_often, NULL));
	ck_assert_uint_eq(answered(working), 0);
	ck_assert_uint_eq(answered(standby), 0);
	ck_assert(agent_pol_is_active(working));
	ck_assert_int_eq(working->st.oper, LSP_ACTIVE);
	ck_assert_uint_eq(working->policy->switches, 0);
}
END_TEST

/* While it never answered and another does, it is the path that is at fault. */
START_TEST(one_that_has_never_answered_is_not_trusted_when_another_does)
{
	cut_p(true);
	start(true);
	ck_assert(lab_run(loop, active_is, standby));
	ck_assert_int_eq(state(working), AGENT_LIVE_UNKNOWN);
	cut_p(false);
	ck_assert(lab_run(loop, active_is, working));
}
END_TEST

START_TEST(switched_off_or_alone_nobody_is_watched)
{
	start(false);
	ck_assert_ptr_null(working->watch[0]);
	ck_assert_ptr_null(standby->watch[0]);
	cfg.live.on = true;
	ck_assert_int_eq(agent_pol_configure(pol, &cfg), 0);
	ck_assert_ptr_nonnull(working->watch[0]);
	ck_assert(lab_run(loop, both_alive, NULL));
	agent_pol_remove(pol, standby);
	ck_assert_ptr_null(working->watch[0]);
	ck_assert(lab_run(loop, idle, NULL));
	ck_assert(agent_pol_is_active(working));
	standby = path("standby", OVER_Q, NULL, 100);
	ck_assert_ptr_nonnull(standby->watch[0]);
	ck_assert(lab_run(loop, both_alive, NULL));
	cfg.live.on = false;
	ck_assert_int_eq(agent_pol_configure(pol, &cfg), 0);
	ck_assert_ptr_null(working->watch[0]);
}
END_TEST

/* Answers that somebody makes up, without the cookie, to the socket of the probes. */
START_TEST(made_up_answers_keep_nobody_alive)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6 };
	uint8_t buf[32] = { 0 };
	uint64_t before;
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	start(true);
	ck_assert(lab_run(loop, both_alive, NULL));
	memcpy(&to.sin6_addr, addr(SELF).b, 16);
	cut_p(true);
	before = answered(working);
	for (unsigned port = 32768; port < 61000; port++) { /* whichever it is */
		to.sin6_port = htons((uint16_t)port);
		buf[11] = 1; /* the first watch; any number */
		buf[15] = 1;
		(void)sendto(fd, buf, sizeof(buf), 0, (const struct sockaddr *)&to, sizeof(to));
		(void)sendto(fd, buf, 7, 0, (const struct sockaddr *)&to, sizeof(to));
	}
	close(fd);
	ck_assert(lab_run(loop, active_is, standby));
	ck_assert_uint_le(answered(working), before + 3); /* what was under way */
}
END_TEST

int main(void)
{
	Suite *s = suite_create("agent-live");
	TCase *pure = tcase_create("pure"), *packets = tcase_create("packets");

	tcase_add_test(pure, one_that_is_not_answered_dies_and_one_that_never_was_does_not);
	tcase_set_timeout(pure, 60);
	tcase_add_test(pure, one_that_never_answered_is_silent_when_it_had_its_chance);
	tcase_add_test(pure, a_long_way_has_its_time);
	tcase_add_test(pure, a_process_that_stood_still_kills_nobody);
	tcase_add_test(pure, a_process_that_stood_still_kills_no_long_way);
	tcase_add_test(pure, a_process_that_stood_still_finds_what_is_dead);
	tcase_add_test(pure, late_double_and_unsent_numbers_prove_nothing);
	suite_add_tcase(s, pure);
	tcase_add_checked_fixture(packets, setup, teardown);
	tcase_set_timeout(packets, 60);
	tcase_add_test(packets, a_dead_path_is_left_and_taken_again_when_it_has_been_alive);
	tcase_add_test(packets, the_standby_is_taken_though_its_answers_are_lost_too);
	tcase_add_test(packets, a_far_end_that_never_answers_moves_nothing);
	tcase_add_test(packets, one_that_has_never_answered_is_not_trusted_when_another_does);
	tcase_add_loop_test(packets, a_dead_list_is_left_and_the_others_carry_on, 0, 2);
	tcase_add_test(packets, a_path_is_dead_when_all_its_lists_are);
	tcase_add_test(packets, a_path_with_a_list_that_lives_is_taken_for_one_without);
	tcase_add_loop_test(packets, a_list_that_begins_at_this_router_is_believed, 0, 2);
	tcase_add_test(packets, switched_off_all_lists_stay);
	tcase_add_test(packets, switched_off_or_alone_nobody_is_watched);
	tcase_add_test(packets, made_up_answers_keep_nobody_alive);
	if (lab_possible())
		suite_add_tcase(s, packets);
	else
		(void)fprintf(stderr, "agent-live: no network namespaces here, only the judgement is tested\n");
	return check_main(s);
}
