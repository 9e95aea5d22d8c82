/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controllers' side of the agent, with a kernel that is a few lines of this file (the linker
 * takes these instead of the real agent_fib), two PCEs that are nothing but the codec, and the
 * fake network.
 */
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "check_main.h"
#include "pcep/raw_pce.h"
#include "tools/agent/policy/ctl.h"

/* ---- the kernel ---- */

enum { ROUTES_MAX = 8 };

static struct {
	struct agent_route at[ROUTES_MAX];
	unsigned lists[ROUTES_MAX];
	unsigned n;
	bool read_back, refuses;
} kernel;

static unsigned route_of(const struct agent_route *r)
{
	unsigned i = 0;

	while (i < kernel.n && agent_route_key_cmp(&kernel.at[i], r) != 0)
		i++;
	return i;
}

int agent_fib_set(struct agent_fib *fib, const struct agent_route *r)
{
	unsigned i = route_of(r);

	(void)fib;
	ck_assert_uint_lt(i, ROUTES_MAX);
	kernel.at[i] = *r;
	kernel.at[i].more = NULL;
	kernel.lists[i] = 1U + (r->more ? r->more->n : 0);
	if (i == kernel.n)
		kernel.n++;
	return 0;
}

void agent_fib_unset(struct agent_fib *fib, const struct agent_route *key)
{
	unsigned i = route_of(key);

	(void)fib;
	if (i < kernel.n)
		kernel.at[i] = kernel.at[--kernel.n];
}

enum agent_fib_state agent_fib_state(const struct agent_fib *fib, const struct agent_route *key)
{
	(void)fib;
	if (route_of(key) == kernel.n)
		return AGENT_FIB_ABSENT;
	return kernel.refuses ? AGENT_FIB_FAILED :
	       kernel.read_back ? AGENT_FIB_IN : AGENT_FIB_PENDING;
}

const struct agent_route *agent_fib_wanted(const struct agent_fib *fib, const struct agent_route *key)
{
	unsigned i = route_of(key);

	(void)fib;
	return i < kernel.n ? &kernel.at[i] : NULL;
}

const char *agent_fib_reason(const struct agent_fib *fib, const struct agent_route *key)
{
	(void)fib;
	(void)key;
	return kernel.refuses ? "no room" : "";
}

bool agent_fib_ready(const struct agent_fib *fib)
{
	(void)fib;
	return true;
}

/* ---- the world ---- */

static struct loop *loop;
static struct net *net;
static struct agent_pol *pol;
static struct agent_ctl *ctl;
static struct raw_pce one, two;
static struct agent_controller controllers[2];
static struct agent_steering steering;
static struct agent_cfg cfg;
static unsigned synced;

static void on_changed(void *arg, struct agent_lsp *l)
{
	(void)arg;
	if (ctl)
		agent_ctl_changed(ctl, l);
}

static void on_synced(void *arg)
{
	(void)arg;
	synced++;
}

static void run_s(uint64_t s)
{
	struct mono until = mono_add(loop_now(loop), s * NS_PER_S);

	while (loop_fake_step(loop, until))
		;
}

static void kernel_reads_back(void)
{
	kernel.read_back = true;
	agent_pol_fib_changed(pol);
	run_s(1);
}

static struct ip_addr addr(const char *text)
{
	struct ip_addr a;

	ck_assert_int_eq(ip_parse(text, &a), 0);
	return a;
}

static void configure(void)
{
	STR_AUTO struct str errors = { 0 };

	ck_assert_msg(agent_ctl_configure(ctl, &cfg, &errors) == 0, "%s", str_text(&errors));
}

static void setup(void)
{
	static const struct agent_pol_ops ops = { .changed = on_changed };

	memset(&kernel, 0, sizeof(kernel));
	synced = 0;
	controllers[0] = (struct agent_controller){ .addr = addr("fd00::1"), .port = 4189,
						    .insecure = true };
	controllers[1] = (struct agent_controller){ .addr = addr("fd00::2"), .port = 4189,
						    .insecure = true };
	steering = (struct agent_steering){ .color = 100, .endpoint = addr("2001:db8::9"),
					    .service = addr("fcbb:bbbb:9:d6::") };
	ck_assert_int_eq(ip_prefix_parse("2001:db8:c2::/64", &steering.prefix), 0);
	cfg = (struct agent_cfg){ .router_id = addr("2001:db8::1"),
				  .controllers = controllers,
				  .n_controllers = 2,
				  .msd = 4,
				  .keepalive_s = 30,
				  .dead_s = 120,
				  .table = RT_TABLE_MAIN,
				  .metric = 10,
				  .reduced = true,
				  .sid_device = "lo",
				  .steering = &steering,
				  .n_steering = 1 };
	ck_assert_int_eq(loop_fake_new(&loop, 3), 0);
	ck_assert_int_eq(net_fake_new(&net, loop, 10 * NS_PER_US, NS_PER_MS), 0);
	raw_pce_init(&one);
	raw_pce_init(&two);
	(void)raw_pce_listen(&one, net, &controllers[0].addr, 4189);
	(void)raw_pce_listen(&two, net, &controllers[1].addr, 4189);
	ck_assert_int_eq(agent_pol_new(&pol, loop, NULL, &ops, NULL), 0);
	ck_assert_int_eq(agent_pol_configure(pol, &cfg), 0);
	ck_assert_int_eq(agent_ctl_new(&ctl, loop, net, pol, on_synced, NULL), 0);
	configure();
	run_s(1);
	ck_assert(raw_pce_heard(&one, "end-of-sync") && raw_pce_heard(&two, "end-of-sync"));
	ck_assert_uint_eq(synced, 2);
	raw_pce_forget(&one);
	raw_pce_forget(&two);
}

static void teardown(void)
{
	ctl = agent_ctl_free(ctl);
	run_s(2);
	pol = agent_pol_free(pol);
	raw_pce_fini(&one);
	raw_pce_fini(&two);
	net = net_free(net);
	loop = loop_free(loop);
}

static void tell(struct raw_pce *r, uint8_t type, struct pcep_item *b)
{
	raw_pce_item(r, type, b);
	run_s(1);
}

static void give(struct raw_pce *r, uint32_t srp, const char *name, unsigned segs)
{
	struct sr_list list = raw_list(segs);
	struct pcep_item b;

	raw_initiate(&b, srp, name, 100, &list);
	tell(r, PCEPC_PCINITIATE, &b);
}

static void heard(const struct raw_pce *r, const char *what)
{
	ck_assert_msg(raw_pce_heard(r, what), "not \"%s\" but:\n%s", what, str_text(&r->log));
}

static void heard_not(const struct raw_pce *r, const char *what)
{
	ck_assert_msg(!raw_pce_heard(r, what), "\"%s\" in:\n%s", what, str_text(&r->log));
}

START_TEST(it_is_up_only_when_the_kernel_was_read_back)
{
	give(&one, 5, "gold", 3);
	heard(&one, "rpt id=1 srp=5 D A C oper=4 name=gold segs=3 color=100\n");
	heard(&two, "rpt id=1 srp=0 A C oper=4 name=gold segs=3 color=100\n");
	heard_not(&one, "oper=1");
	heard_not(&one, "oper=2");
	ck_assert_uint_eq(kernel.n, 1);
	ck_assert_uint_eq(kernel.at[0].n, 4); /* and the service SID */
	run_s(20);
	heard_not(&one, "oper=2");
	kernel_reads_back();
	heard(&one, "rpt id=1 srp=5 D A C oper=2 name=gold");
	raw_pce_forget(&one);
	kernel.read_back = false; /* what comes later answers nothing */
	agent_pol_fib_changed(pol);
	run_s(1);
	heard(&one, "rpt id=1 srp=0 D A C oper=4");
}
END_TEST

START_TEST(what_the_kernel_refuses_is_down)
{
	kernel.refuses = true;
	give(&one, 5, "gold", 3);
	heard(&one, "srp=5 D A C oper=0 name=gold");
	heard_not(&one, "oper=2");
}
END_TEST

START_TEST(an_update_replaces_and_a_removal_removes)
{
	struct sr_list list = raw_list(2);
	struct pcep_item b;

	give(&one, 5, "gold", 3);
	kernel_reads_back();
	raw_update(&b, 6, 1, &list);
	tell(&one, PCEPC_PCUPD, &b);
	heard(&one, "rpt id=1 srp=6 D A C oper=2 name=gold segs=2");
	ck_assert_uint_eq(kernel.at[0].n, 3);
	b.lsp.flags = PCEPC_LSP_DELEGATE; /* A 0: administratively down */
	b.srp.id = 7;
	tell(&one, PCEPC_PCUPD, &b);
	heard(&one, "rpt id=1 srp=7 D C oper=0 name=gold");
	ck_assert_uint_eq(kernel.n, 0);
	raw_remove(&b, 8, 1);
	tell(&one, PCEPC_PCINITIATE, &b);
	heard(&one, "rpt id=1 srp=8 D R C oper=0 name=gold");
	heard(&two, "rpt id=1 srp=0 R C oper=0 name=gold");
	ck_assert_ptr_null(agent_pol_by_name(pol, "gold"));
	b.srp.id = 9;
	tell(&one, PCEPC_PCINITIATE, &b);
	heard(&one, "err srp=9 19/3\n");
}
END_TEST

static void goes_away(struct raw_pce *r)
{
	raw_pce_drop(r);
	r->listener = net_listener_free(r->listener);
}

static void other_key(struct pcep_item *b)
{
	struct sr_policy_key key = { .headend = addr("2001:db8::1"),
					     .color = 101, .endpoint = addr("2001:db8::9") };
	struct sr_cpath_id cpath = { .origin = 10, .discriminator = 1 };

	pcep_item_policy(b, &key, &cpath, NULL);
}

static void other_cpath(struct pcep_item *b)
{
	struct sr_policy_key key = { .headend = addr("2001:db8::1"),
					     .color = 100, .endpoint = addr("2001:db8::9") };
	struct sr_cpath_id cpath = { .origin = 10, .discriminator = 2 };

	pcep_item_policy(b, &key, &cpath, NULL);
}

static void longer_with_service(struct pcep_item *b)
{
	struct sr_list list = raw_list(4); /* the session's 4, and then the service SID */

	pcep_item_list(b, &list, false);
}

static void longer(struct pcep_item *b)
{
	struct sr_list list = raw_list(5);

	pcep_item_list(b, &list, false);
}

static void wrong_pst(struct pcep_item *b)
{
	b->srp.pst = PCEPC_PST_SR;
}

static void unknown_plsp(struct pcep_item *b)
{
	b->lsp.plsp_id = 77;
}

static const struct {
	void (*spoil)(struct pcep_item *b);
	const char *err;
} wrong_updates[] = {
	{ other_key, "err srp=6 26/20\n" },    { other_cpath, "err srp=6 26/21\n" },
	{ longer, "err srp=6 10/40\n" },       { longer_with_service, "err srp=6 10/40\n" },
	{ wrong_pst, "err srp=6 21/1\n" },     { unknown_plsp, "err srp=6 19/3\n" },
};

START_TEST(a_wrong_update_changes_nothing)
{
	struct sr_list list = raw_list(2);
	struct pcep_item b;

	give(&one, 5, "gold", 3);
	kernel_reads_back();
	raw_pce_forget(&one);
	raw_update(&b, 6, 1, &list);
	wrong_updates[_i].spoil(&b);
	tell(&one, PCEPC_PCUPD, &b);
	ck_assert_str_eq(str_text(&one.log), wrong_updates[_i].err);
	ck_assert_uint_eq(kernel.n, 1);
	ck_assert_uint_eq(kernel.at[0].n, 4);
	ck_assert_int_eq(agent_pol_by_id(pol, 1)->st.oper, LSP_ACTIVE);
}
END_TEST

static void no_policy(struct pcep_item *b)
{
	b->item.assoc = NULL;
}

static void empty_list(struct pcep_item *b)
{
	b->ero.n = 0;
}

static const struct {
	void (*spoil)(struct pcep_item *b);
	const char *err;
} wrong_initiates[] = {
	{ no_policy, "err srp=6 6/22\n" },	   { empty_list, "err srp=6 24/1\n" },
	{ longer, "err srp=6 10/40\n" },	   { wrong_pst, "err srp=6 21/1\n" },
	{ longer_with_service, "err srp=6 10/40\n" },
};

START_TEST(a_wrong_initiation_makes_nothing)
{
	struct sr_list list = raw_list(2);
	struct pcep_item b;

	raw_initiate(&b, 6, "gold", 100, &list);
	wrong_initiates[_i].spoil(&b);
	tell(&one, PCEPC_PCINITIATE, &b);
	ck_assert_str_eq(str_text(&one.log), wrong_initiates[_i].err);
	ck_assert_uint_eq(kernel.n, 0);
	ck_assert_ptr_null(agent_pol_next(pol, NULL));
}
END_TEST

START_TEST(a_name_in_use_is_refused)
{
	give(&one, 5, "gold", 2);
	give(&one, 6, "gold", 3);
	heard(&one, "err srp=6 23/1\n");
	give(&two, 7, "gold", 3);
	heard(&two, "err srp=7 23/1\n");
	ck_assert_uint_eq(agent_pol_by_name(pol, "gold")->st.list.n, 2);
}
END_TEST

START_TEST(only_its_own_controller_may_change_an_lsp)
{
	struct sr_list list = raw_list(2);
	struct pcep_item b;

	give(&one, 5, "gold", 3);
	kernel_reads_back();
	raw_update(&b, 6, 1, &list);
	tell(&two, PCEPC_PCUPD, &b);
	heard(&two, "err srp=6 19/1\n");
	raw_remove(&b, 7, 1);
	tell(&two, PCEPC_PCINITIATE, &b);
	heard(&two, "err srp=7 19/1\n");
	b.srp.flags = 0; /* taking what is no orphan */
	b.srp.id = 8;
	tell(&two, PCEPC_PCINITIATE, &b);
	heard(&two, "err srp=8 19/7\n");
	raw_update(&b, 9, 1, &list);
	b.lsp.flags = 0; /* giving back what one does not have */
	tell(&two, PCEPC_PCUPD, &b);
	heard(&two, "err srp=9 19/1\n");
	ck_assert_uint_eq(agent_pol_by_id(pol, 1)->st.list.n, 3);
}
END_TEST

/* ---- several lists ---- */

/* Of 2, 3, … SIDs; weights 3, 2, 1, 1, … */
static struct sr_list several(struct sr_more *more, unsigned n)
{
	struct sr_list list = raw_list(2);

	*more = (struct sr_more){ .weight = 3, .n = (uint8_t)(n - 1) };
	for (unsigned k = 1; k < n; k++) {
		more->at[k - 1].weight = k == 1 ? 2 : 1;
		more->at[k - 1].list = raw_list(k == 1 ? 3 : 1);
		more->at[k - 1].list.at[0].sid.b[7] = (uint8_t)k;
	}
	list.more = more;
	return list;
}

/* A controller that takes and gives several lists. */
static void both_speak_multipath(void)
{
	one.open.has_multipath = true;
	one.open.multipath = SR_LISTS_MAX;
	one.open.multipath_flags = PCEPC_MULTIPATH_WEIGHT;
	raw_pce_drop(&one);
	run_s(15); /* the longest back-off */
	heard(&one, "multipath 8 flags=1\n");
	heard(&one, "end-of-sync");
	raw_pce_forget(&one);
}

START_TEST(several_lists_are_taken_programmed_and_told)
{
	struct sr_more more;
	struct sr_list list = several(&more, 2);
	struct pcep_item b;

	both_speak_multipath();
	raw_initiate(&b, 5, "gold", 100, &list);
	tell(&one, PCEPC_PCINITIATE, &b);
	memset(&more, 0xff, sizeof(more)); /* the LSP has its own */
	heard(&one, "rpt id=1 srp=5 D A C oper=4 name=gold segs=2 color=100 list1=3*2/4 list2=2*3/4\n");
	/* who has not told that he takes several hears of the first */
	heard(&two, "rpt id=1 srp=0 A C oper=4 name=gold segs=2 color=100\n");
	ck_assert_uint_eq(kernel.n, 1);
	ck_assert_uint_eq(kernel.lists[0], 2);
	kernel_reads_back();
	heard(&one, "oper=2 name=gold segs=2 color=100 list1=3*2/2 list2=2*3/2\n");
	/* others, then one */
	list = several(&more, 3);
	raw_update(&b, 6, 1, &list);
	tell(&one, PCEPC_PCUPD, &b);
	heard(&one, "srp=6 D A C oper=2 name=gold segs=2 color=100 list1=3*2/2 list2=2*3/2 list3=1*1/2\n");
	ck_assert_uint_eq(kernel.lists[0], 3);
	list = raw_list(2);
	raw_update(&b, 8, 1, &list);
	tell(&one, PCEPC_PCUPD, &b);
	heard(&one, "srp=8 D A C oper=2 name=gold segs=2 color=100\n");
	ck_assert_uint_eq(kernel.lists[0], 1);
}
END_TEST

START_TEST(several_lists_are_told_again_in_a_resync)
{
	struct sr_more more;
	struct sr_list list = several(&more, 3);
	struct pcep_item b;

	both_speak_multipath();
	raw_initiate(&b, 5, "gold", 100, &list);
	tell(&one, PCEPC_PCINITIATE, &b);
	kernel_reads_back();
	raw_pce_drop(&one);
	raw_pce_forget(&one);
	run_s(15);
	heard(&one, "rpt id=1 srp=0 D S A C oper=2 name=gold segs=2 color=100 list1=3*2/2 list2=2*3/2 "
		    "list3=1*1/2\nend-of-sync\n");
	raw_remove(&b, 8, 1);
	tell(&one, PCEPC_PCINITIATE, &b);
	ck_assert_uint_eq(kernel.n, 0);
}
END_TEST

static void weightless(struct pcep_item *b)
{
	b->paths[1].weight = 0;
}

static void one_too_many(struct pcep_item *b)
{
	static struct pcepc_route last;
	static struct pcepc_path attr;

	attr = (struct pcepc_path){ .id = SR_LISTS_MAX + 1, .has_weight = true, .weight = 1 };
	last = (struct pcepc_route){ .attr = &attr, .hops = b->hops, .n = 1 };
	b->more[SR_LISTS_MAX - 2].ero.next = &last;
}

static void same_id(struct pcep_item *b)
{
	b->paths[2].id = b->paths[0].id;
}

static void empty_second(struct pcep_item *b)
{
	b->more[0].ero.n = 0;
}

static void long_second(struct pcep_item *b)
{
	b->more[0].ero.n = 4; /* and then the service SID */
	b->more[0].hops[3] = b->more[0].hops[0];
}

static const struct {
	void (*spoil)(struct pcep_item *b);
	const char *update, *initiate;
} wrong_lists[] = {
	{ weightless, "err srp=6 4/4\n", "err srp=7 24/1\n" },
	{ one_too_many, "err srp=6 4/4\n", "err srp=7 4/4\n" },
	{ same_id, "err srp=6 10/38\n", "err srp=7 10/38\n" },
	{ empty_second, "err srp=6 4/4\n", "err srp=7 4/4\n" },
	{ long_second, "err srp=6 10/40\n", "err srp=7 10/40\n" },
};

START_TEST(lists_that_cannot_be_had_are_refused_and_change_nothing)
{
	struct sr_more more;
	struct sr_list list = several(&more, SR_LISTS_MAX);
	struct pcep_item b;

	both_speak_multipath();
	raw_initiate(&b, 5, "gold", 100, &list);
	tell(&one, PCEPC_PCINITIATE, &b);
	kernel_reads_back();
	ck_assert_uint_eq(kernel.lists[0], SR_LISTS_MAX);
	raw_pce_forget(&one);
	raw_update(&b, 6, 1, &list);
	wrong_lists[_i].spoil(&b);
	tell(&one, PCEPC_PCUPD, &b);
	ck_assert_str_eq(str_text(&one.log), wrong_lists[_i].update);
	raw_pce_forget(&one);
	raw_initiate(&b, 7, "lead", 101, &list);
	wrong_lists[_i].spoil(&b);
	if (wrong_lists[_i].spoil == long_second)
		b.assoc.color = 100; /* where a service SID is behind it */
	tell(&one, PCEPC_PCINITIATE, &b);
	ck_assert_str_eq(str_text(&one.log), wrong_lists[_i].initiate);
	ck_assert_uint_eq(kernel.n, 1);
	ck_assert_uint_eq(kernel.lists[0], SR_LISTS_MAX);
	ck_assert_ptr_null(agent_pol_by_name(pol, "lead"));
}
END_TEST

/* The negative twin: nothing was agreed on, so one is all there may be. */
START_TEST(who_has_not_told_the_capability_may_not_give_several)
{
	struct sr_more more;
	struct sr_list list = several(&more, 2);
	struct pcep_item b;

	raw_initiate(&b, 5, "gold", 100, &list);
	tell(&one, PCEPC_PCINITIATE, &b);
	heard(&one, "err srp=5 4/4\n");
	ck_assert_uint_eq(kernel.n, 0);
}
END_TEST

START_TEST(an_orphan_stays_and_goes_back_to_its_controller)
{
	give(&one, 5, "gold", 3);
	kernel_reads_back();
	goes_away(&one);
	run_s(3600);
	ck_assert_uint_eq(kernel.n, 1);
	ck_assert_uint_eq(agent_pol_by_id(pol, 1)->controller, 0);
	ck_assert_int_eq(agent_pol_by_id(pol, 1)->st.oper, LSP_ACTIVE);
	raw_pce_forget(&one);
	(void)raw_pce_listen(&one, net, &controllers[0].addr, 4189);
	run_s(15); /* the longest back-off */
	heard(&one, "rpt id=1 srp=0 D S A C oper=2 name=gold segs=3 color=100\nend-of-sync\n");
	ck_assert_uint_eq(agent_pol_by_id(pol, 1)->controller, 1);
}
END_TEST

START_TEST(another_controller_takes_an_orphan_and_keeps_it)
{
	struct sr_list list = raw_list(2);
	struct pcep_item b;

	give(&one, 5, "gold", 3);
	kernel_reads_back();
	goes_away(&one);
	run_s(1);
	raw_pce_forget(&two);
	raw_remove(&b, 6, 1);
	b.srp.flags = 0;
	tell(&two, PCEPC_PCINITIATE, &b);
	heard(&two, "rpt id=1 srp=6 D A C oper=2 name=gold segs=3");
	raw_update(&b, 7, 1, &list);
	tell(&two, PCEPC_PCUPD, &b);
	heard(&two, "rpt id=1 srp=7 D A C oper=2 name=gold segs=2");
	raw_pce_forget(&one);
	(void)raw_pce_listen(&one, net, &controllers[0].addr, 4189);
	run_s(15); /* the longest back-off */
	heard(&one, "rpt id=1 srp=0 S A C oper=2 name=gold segs=2 color=100\nend-of-sync\n");
	raw_update(&b, 8, 1, &list);
	tell(&one, PCEPC_PCUPD, &b);
	heard(&one, "err srp=8 19/1\n");
}
END_TEST

START_TEST(what_is_given_back_belongs_to_none)
{
	struct sr_list list = raw_list(2);
	struct pcep_item b;

	give(&one, 5, "gold", 3);
	kernel_reads_back();
	raw_update(&b, 6, 1, &list);
	b.lsp.flags = PCEPC_LSP_ADMIN;
	tell(&one, PCEPC_PCUPD, &b);
	heard(&one, "rpt id=1 srp=6 A C oper=2 name=gold segs=3");
	b.lsp.flags |= PCEPC_LSP_DELEGATE;
	b.srp.id = 7;
	tell(&one, PCEPC_PCUPD, &b);
	heard(&one, "err srp=7 19/1\n");
	raw_pce_drop(&one); /* and does not come back with the session */
	run_s(5);
	heard(&one, "rpt id=1 srp=0 S A C oper=2");
	ck_assert_uint_eq(kernel.n, 1);
}
END_TEST

START_TEST(configuration_that_changes_keeps_lsps)
{
	give(&one, 5, "gold", 3);
	kernel_reads_back();
	raw_pce_forget(&two);
	cfg.controllers = &controllers[1]; /* the first is gone */
	cfg.n_controllers = 1;
	configure();
	run_s(2);
	heard(&one, "close 1\n");
	heard_not(&two, "down");
	ck_assert_uint_eq(agent_pol_by_id(pol, 1)->controller, 0);
	cfg.controllers = controllers;
	cfg.n_controllers = 2;
	configure();
	run_s(2);
	heard(&one, "rpt id=1 srp=0 D S A C oper=2 name=gold");
	ck_assert_uint_eq(two.connections, 1);
	cfg.msd = 8; /* is in every Open: all sessions anew */
	configure();
	run_s(2);
	heard(&two, "open stateful=5 srv6=1 mpls=0 msd=8 assoc=1\n");
	heard(&one, "open stateful=5 srv6=1 mpls=0 msd=8 assoc=1\n");
	ck_assert_uint_eq(kernel.n, 1);
	ck_assert_uint_eq(agent_pol_by_id(pol, 1)->controller, 1);
}
END_TEST

START_TEST(a_controller_that_does_not_read_hears_the_rest_later)
{
	struct sr_list list = raw_list(2);
	struct pcep_item b;

	give(&one, 5, "gold", 3);
	kernel_reads_back();
	net_conn_pause(two.conn, true);
	for (unsigned i = 0; i < 20000; i++) { /* far more than its queue takes */
		kernel.read_back = i % 2;
		agent_pol_fib_changed(pol);
		while (loop_fake_step(loop, loop_now(loop)))
			;
	}
	raw_update(&b, 6, 1, &list);
	tell(&one, PCEPC_PCUPD, &b);
	heard(&one, "srp=6 D A C oper=2 name=gold segs=2");
	raw_pce_forget(&two);
	net_conn_pause(two.conn, false);
	run_s(5);
	ck_assert_uint_lt(two.reports, 20000);
	ck_assert_uint_eq(two.last.oper, LSP_ACTIVE);
	ck_assert_uint_eq(two.last.list.n, 2);
	ck_assert_uint_eq(two.connections, 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("agent-ctl");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, it_is_up_only_when_the_kernel_was_read_back);
	tcase_add_test(t, what_the_kernel_refuses_is_down);
	tcase_add_test(t, an_update_replaces_and_a_removal_removes);
	tcase_add_loop_test(t, a_wrong_update_changes_nothing, 0, (int)ARRAY_LEN(wrong_updates));
	tcase_add_loop_test(t, a_wrong_initiation_makes_nothing, 0,
			    (int)ARRAY_LEN(wrong_initiates));
	tcase_add_test(t, a_name_in_use_is_refused);
	tcase_add_test(t, several_lists_are_taken_programmed_and_told);
	tcase_add_test(t, several_lists_are_told_again_in_a_resync);
	tcase_add_loop_test(t, lists_that_cannot_be_had_are_refused_and_change_nothing, 0,
			    (int)ARRAY_LEN(wrong_lists));
	tcase_add_test(t, who_has_not_told_the_capability_may_not_give_several);
	tcase_add_test(t, only_its_own_controller_may_change_an_lsp);
	tcase_add_test(t, an_orphan_stays_and_goes_back_to_its_controller);
	tcase_add_test(t, another_controller_takes_an_orphan_and_keeps_it);
	tcase_add_test(t, what_is_given_back_belongs_to_none);
	tcase_add_test(t, configuration_that_changes_keeps_lsps);
	tcase_add_test(t, a_controller_that_does_not_read_hears_the_rest_later);
	suite_add_tcase(s, t);
	return check_main(s);
}
