/* SPDX-License-Identifier: Apache-2.0 */
/* What is really in customers' tables, read of a kernel: put there with ip, by whomever. */
#include <linux/seg6_local.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "slices_bed.h"
#include "tools/agent/slices/fwd.h"

static struct loop *loop;
static struct agent_fwd *f;
static unsigned n_changed, sr0, ce1;
static unsigned fewest, most; /* routes of 2001:db8::/32 in table 100, at any change */

static void changed(void *arg)
{
	struct agent_fwd_table t = agent_fwd_table_at(f, 0);
	struct ip_prefix all;
	unsigned n = 0;

	(void)arg;
	n_changed++;
	ck_assert_int_eq(ip_prefix_parse("2001:db8::/32", &all), 0);
	for (uint32_t i = 0; i < t.n; i++)
		n += ip_prefix_has(&all, &t.routes[i].dst.addr);
	fewest = n < fewest ? n : fewest;
	most = n > most ? n : most;
}

static void setup(void)
{
	static const uint32_t ids[] = { 200, 100 };

	lab_enter();
	sr0 = lab_link("sr0", "ifb");
	ce1 = lab_link("ce1", "bridge");
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(agent_fwd_new(&f, loop, changed, NULL), 0);
	ck_assert_int_eq(agent_fwd_want(f, ids, 2), 0);
}

static void teardown(void)
{
	f = agent_fwd_free(f);
	loop = loop_free(loop);
}

/* "prefix way" of each route of a table, a line each. */
static char *told(uint32_t at)
{
	static const char *const ways[] = { "dev", "sid", "drop", "next", "unsure" };
	struct agent_fwd_table t = agent_fwd_table_at(f, at);
	struct str s = { 0 };
	char p[IP_PREFIX_TEXT_MAX], a[IP_TEXT_MAX];

	str_addf(&s, "%u%s%s:", t.id, t.known ? "" : " not known", t.truncated ? " truncated" : "");
	for (uint32_t i = 0; i < t.n; i++) {
		const struct agent_fwd_route *r = &t.routes[i];

		str_addf(&s, " %s", ip_prefix_text(&r->dst, p, sizeof(p)));
		if (r->member)
			str_addf(&s, "/%u", r->member);
		str_addf(&s, " %s", ways[r->way]);
		if (r->way == AGENT_FWD_DEV)
			str_addf(&s, "=%s", r->dev == ce1 ? "ce1" : r->dev == sr0 ? "sr0" : "?");
		if (r->way == AGENT_FWD_SID)
			str_addf(&s, "=%s", ip_text(&r->sid, a, sizeof(a)));
	}
	return str_take(&s);
}

static char *sids(void)
{
	uint32_t n;
	const struct agent_fwd_sid *at = agent_fwd_sids(f, &n);
	struct str s = { 0 };
	char p[IP_PREFIX_TEXT_MAX];

	str_add(&s, agent_fwd_sids_known(f) ? "" : "?");
	for (uint32_t i = 0; i < n; i++)
		str_addf(&s, "%s%s %u>%u%s", i ? " " : "", ip_prefix_text(&at[i].prefix, p, sizeof(p)), at[i].action,
			 at[i].table, at[i].next_csid ? " csid" : "");
	return str_take(&s);
}

struct wish {
	int at; /* -1: SIDs */
	const char *text;
};

static bool is_so(void *arg)
{
	const struct wish *w = arg;
	char *is = w->at < 0 ? sids() : told((uint32_t)w->at);
	bool same = is && strcmp(is, w->text) == 0;

	free(is);
	return same;
}

/* By what the kernel tells: the next audit is a minute away. */
static void comes_to(int at, const char *text)
{
	struct wish w = { at, text };

	ck_assert_msg(lab_run(loop, is_so, &w), "%s, not %s", at < 0 ? sids() : told((uint32_t)at), text);
}

START_TEST(whoever_put_it_there_it_is_told)
{
	comes_to(0, "100:");
	comes_to(1, "200:");
	shell("ip -6 route add 2001:db8:1::/48 dev ce1 table 100 proto 201;"
	      "ip -6 route add 2001:db8:2::/48 encap seg6 mode encap.red segs fcbb::1,fcbb::d001 dev sr0 table 100 proto 200");
	comes_to(0, "100: 2001:db8:1::/48 dev=ce1 2001:db8:2::/48 sid=fcbb::d001");
	shell("ip -6 route add 2001:db8:2::5/128 encap seg6 mode encap segs fcbb::d002 dev sr0 table 100");
	comes_to(0, "100: 2001:db8:1::/48 dev=ce1 2001:db8:2::/48 sid=fcbb::d001 2001:db8:2::5/128 sid=fcbb::d002");
	shell("ip -6 route del 2001:db8:2::5/128 table 100; ip -6 route add blackhole 2001:db8:3::/48 table 100;"
	      "ip -6 route add throw default table 100");
	comes_to(0, "100: ::/0 next 2001:db8:1::/48 dev=ce1 2001:db8:2::/48 sid=fcbb::d001 2001:db8:3::/48 drop");
	comes_to(1, "200:");
}
END_TEST

/* Another with a less metric takes its place. */
START_TEST(of_a_prefix_the_least_metric_counts)
{
	shell("ip -6 route add 2001:db8:1::/48 dev ce1 table 100 metric 50");
	comes_to(0, "100: 2001:db8:1::/48 dev=ce1");
	shell("ip -6 route add 2001:db8:1::/48 encap seg6 mode encap segs fcbb::d002 dev sr0 table 100 metric 60");
	shell("ip -6 route add 2001:db8:4::/48 dev ce1 table 100");
	comes_to(0, "100: 2001:db8:1::/48 dev=ce1 2001:db8:4::/48 dev=ce1");
	shell("ip -6 route add 2001:db8:1::/48 encap seg6 mode encap segs fcbb::d003 dev sr0 table 100 metric 40");
	comes_to(0, "100: 2001:db8:1::/48 sid=fcbb::d003 2001:db8:4::/48 dev=ce1");
}
END_TEST

/* As the agent itself writes several lists: a next hop each, with its own encapsulation. */
START_TEST(of_several_ways_each_is_a_member)
{
	shell("ip link add ce2 type bridge; ip link set ce2 up;"
	      "ip -6 route add 2001:db8:1::/48 table 100"
	      " nexthop encap seg6 mode encap.red segs fcbb::1,fcbb::d002 via fe80::1 dev sr0 onlink weight 3"
	      " nexthop encap seg6 mode encap.red segs fcbb::d001 via fe80::1 dev sr0 onlink"
	      " nexthop via fe80::1 dev ce1;"
	      "ip -6 route add 2001:db8:2::/48 table 100"
	      " nexthop via fe80::1 dev ce1 nexthop via fe80::2 dev ce1");
	comes_to(0, "100: 2001:db8:1::/48 dev=ce1 2001:db8:1::/48/1 sid=fcbb::d001 2001:db8:1::/48/2 sid=fcbb::d002"
		    " 2001:db8:2::/48 dev=ce1");
	shell("ip -6 route replace 2001:db8:1::/48 table 100 encap seg6 mode encap segs fcbb::d002 dev sr0");
	comes_to(0, "100: 2001:db8:1::/48 sid=fcbb::d002 2001:db8:2::/48 dev=ce1");
}
END_TEST

/* Two routes of one prefix and metric that are not one route of two next hops: the kernel takes either. */
START_TEST(of_equal_metrics_each_is_a_member)
{
	shell("ip link add ce2 type bridge; ip link set ce2 up;"
	      "ip -6 route add 2001:db8:1::/48 dev sr0 encap seg6 mode encap segs fcbb::d001 table 100 metric 50;"
	      "ip -6 route append 2001:db8:1::/48 dev ce1 table 100 metric 50;"
	      "ip -6 route append 2001:db8:1::/48 dev ce2 table 100 metric 51");
	ck_assert(says("ip -6 route show table 100 2001:db8:1::/48 metric 50 | wc -l", "2"));
	comes_to(0, "100: 2001:db8:1::/48 dev=ce1 2001:db8:1::/48/1 sid=fcbb::d001");
	shell("ip -6 route del 2001:db8:1::/48 dev ce1 table 100 metric 50");
	comes_to(0, "100: 2001:db8:1::/48 sid=fcbb::d001");
}
END_TEST

/* Nothing is said of what it does, and nothing left out: an encapsulation that is no list of segments, a next hop
 * that is an object (the kernel does not tell its encapsulation), a route for some sources only. */
START_TEST(what_is_not_read_is_unsure)
{
	shell("ip -6 route add 2001:db8:1::/48 encap seg6 mode inline segs fcbb::1 dev sr0 table 100;"
	      "ip -6 nexthop add id 7 dev ce1; ip -6 route add 2001:db8:2::/48 nhid 7 table 100;"
	      "ip -6 route add 2001:db8:3::/48 encap seg6local action End.DT6 table 200 dev sr0 table 100;"
	      "ip -6 route add 2001:db8:4::/48 dev ce1 table 100");
	comes_to(0, "100: 2001:db8:1::/48 unsure 2001:db8:2::/48 unsure 2001:db8:3::/48 unsure 2001:db8:4::/48 dev=ce1");
}
END_TEST

START_TEST(a_sid_that_is_bound_again_is_told)
{
	shell("ip -6 route add fcbb:1:d001::/48 encap seg6local action End.DT6 table 100 dev sr0;"
	      "ip -6 route add fcbb:1:1::/48 encap seg6local action End flavors next-csid lblen 32 nflen 16 dev sr0;"
	      "ip -6 route add 2001:db8:9::/48 dev ce1");
	comes_to(-1, "fcbb:1:1::/48 1>0 csid fcbb:1:d001::/48 7>100");
	shell("ip -6 route replace fcbb:1:d001::/48 encap seg6local action End.DT6 table 200 dev sr0");
	comes_to(-1, "fcbb:1:1::/48 1>0 csid fcbb:1:d001::/48 7>200");
	shell("ip -6 route del fcbb:1:d001::/48");
	comes_to(-1, "fcbb:1:1::/48 1>0 csid");
}
END_TEST

/* What answers to its packets is not the SID then. */
START_TEST(a_sid_behind_another_route_is_unsure)
{
	shell("ip -6 route add fcbb:1:d001::/48 encap seg6local action End.DT6 table 100 dev sr0 metric 20;"
	      "ip -6 route add fcbb:1:d002::/48 encap seg6local action End.DT6 table 200 dev sr0 metric 20;"
	      "ip -6 route add fcbb:1:d002::/48 dev ce1 metric 30");
	comes_to(-1, "fcbb:1:d001::/48 7>100 fcbb:1:d002::/48 7>200");
	shell("ip -6 route add fcbb:1:d001::/48 dev ce1 metric 10");
	comes_to(-1, "fcbb:1:d001::/48 0>0 fcbb:1:d002::/48 7>200");
	shell("ip -6 route del fcbb:1:d001::/48 dev ce1 metric 10");
	comes_to(-1, "fcbb:1:d001::/48 7>100 fcbb:1:d002::/48 7>200");
	shell("ip -6 route append fcbb:1:d001::/48 dev ce1 metric 20");
	comes_to(-1, "fcbb:1:d001::/48 0>0 fcbb:1:d002::/48 7>200");
	shell("ip -6 route replace fcbb:1:d002::/48 dev ce1 metric 20");
	comes_to(-1, "fcbb:1:d001::/48 0>0");
}
END_TEST

static void on_gone(void *arg, const struct agent_fwd_gone *g)
{
	char p[IP_PREFIX_TEXT_MAX];

	str_addf(arg, "%s%u/%s/%u", ((struct str *)arg)->len ? " " : "", g->table,
		 ip_prefix_text(&g->prefix, p, sizeof(p)), g->member);
}

/* What is new since a version, and what went. */
static void check_news(uint64_t since, const char *news, const char *gone)
{
	STR_AUTO struct str is = { 0 }, went = { 0 };
	struct agent_fwd_table t = agent_fwd_table_at(f, 0);
	char p[IP_PREFIX_TEXT_MAX];

	for (uint32_t i = 0; i < t.n; i++) {
		if (t.routes[i].since > since)
			str_addf(&is, "%s%s", is.len ? " " : "", ip_prefix_text(&t.routes[i].dst, p, sizeof(p)));
	}
	ck_assert_str_eq(str_text(&is), news);
	ck_assert(agent_fwd_gone(f, since, on_gone, &went));
	ck_assert_str_eq(str_text(&went), gone);
}

START_TEST(the_difference_to_a_version_is_known)
{
	static const uint32_t one[] = { 100 };
	uint64_t v;

	shell("ip -6 route add 2001:db8:1::/48 dev ce1 table 100; ip -6 route add 2001:db8:2::/48 dev ce1 table 100");
	comes_to(0, "100: 2001:db8:1::/48 dev=ce1 2001:db8:2::/48 dev=ce1");
	comes_to(1, "200:");
	comes_to(-1, "");
	v = agent_fwd_version(f);
	check_news(v, "", "");
	shell("ip -6 route del 2001:db8:1::/48 table 100; ip -6 route add 2001:db8:3::/48 dev ce1 table 100");
	comes_to(0, "100: 2001:db8:2::/48 dev=ce1 2001:db8:3::/48 dev=ce1");
	check_news(v, "2001:db8:3::/48", "100/2001:db8:1::/48/0");
	ck_assert_uint_gt(agent_fwd_table_at(f, 0).since, v);
	ck_assert_uint_le(agent_fwd_table_at(f, 1).since, v);
	check_news(agent_fwd_version(f), "", "");
	/* another metric alone is nothing new */
	v = agent_fwd_version(f);
	shell("ip -6 route add 2001:db8:2::/48 dev ce1 table 100 metric 7;"
	      "ip -6 route replace 2001:db8:3::/48 encap seg6 mode encap segs fcbb::d001 dev sr0 table 100");
	comes_to(0, "100: 2001:db8:2::/48 dev=ce1 2001:db8:3::/48 sid=fcbb::d001");
	check_news(v, "2001:db8:3::/48", "");
	/* of a whole table that went nothing is listed */
	v = agent_fwd_version(f);
	ck_assert_int_eq(agent_fwd_want(f, one, 1), 0);
	ck_assert(!agent_fwd_gone(f, v, NULL, NULL));
	ck_assert(agent_fwd_gone(f, agent_fwd_version(f), NULL, NULL));
}
END_TEST

/* Of 10 000 routes none is told: half of a table is nobody's answer. */
START_TEST(more_than_is_kept_is_truncated_not_half)
{
	uint64_t v;

	shell("ip -6 route add 2001:db8:1::/48 dev ce1 table 200; ip -6 route add 2001:db9::/48 dev ce1 table 100");
	comes_to(0, "100: 2001:db9::/48 dev=ce1");
	comes_to(1, "200: 2001:db8:1::/48 dev=ce1");
	v = agent_fwd_version(f);
	shell("i=0; while [ $i -lt 10000 ]; do printf 'route add 2001:db8:%%x::/48 dev ce1 table 100\\n' $i; i=$((i+1)); done |"
	      " ip -6 -batch -");
	comes_to(0, "100 truncated:");
	ck_assert_uint_gt(agent_fwd_table_at(f, 0).since, v);
	comes_to(1, "200: 2001:db8:1::/48 dev=ce1");
	shell("ip -6 route flush table 100; ip -6 route add 2001:db8:7::/48 dev ce1 table 100");
	comes_to(0, "100: 2001:db8:7::/48 dev=ce1");
}
END_TEST

enum { STABLE = 3000, MOVED = 60 };

static bool is_whole(void *arg)
{
	return agent_fwd_table_at(f, 0).n == STABLE + MOVED + *(unsigned *)arg;
}

struct churn {
	struct loop_task task;
	struct mono until;
	unsigned n;
};

/* From before them to behind them, one a turn: between two parts of a dump as well, for the first is there when it is
 * asked for and the next when that is read. */
static void on_churn(void *arg)
{
	struct churn *c = arg;

	shell("ip -6 route del 2001:db7:%x::/48 table 100; ip -6 route add 2001:db9:%x::/48 dev ce1 table 100", c->n, c->n);
	if (++c->n < MOVED && mono_before(loop_now(loop), c->until))
		loop_task_run(&c->task);
}

static bool is_over(void *arg)
{
	return !list_linked(&((struct churn *)arg)->task.link);
}

/* The kernel loses count of a table that changes while it is read, and leaves routes out. */
START_TEST(what_stands_still_is_told_while_others_move)
{
	struct churn c = { 0 };
	unsigned more = 0;

	shell("i=0; while [ $i -lt %d ]; do printf 'route add 2001:db8:%%x::/48 dev ce1 table 100\\n' $i; i=$((i+1)); done |"
	      " ip -6 -batch -; i=0; while [ $i -lt %d ]; do printf 'route add 2001:db7:%%x::/48 dev ce1 table 100\\n' $i;"
	      " i=$((i+1)); done | ip -6 -batch -", STABLE, MOVED);
	ck_assert(lab_run(loop, is_whole, &more));
	fewest = most = STABLE;
	loop_task_init(&c.task, loop, on_churn, &c);
	c.until = mono_add(loop_now(loop), 100 * NS_PER_MS);
	loop_task_run(&c.task);
	ck_assert(lab_run(loop, is_over, &c));
	ck_assert_uint_gt(c.n, 0);
	more = 1;
	shell("ip -6 route add 2001:db7:ffff::/48 dev ce1 table 100");
	ck_assert(lab_run(loop, is_whole, &more));
	ck_assert_uint_eq(fewest, STABLE);
	ck_assert_uint_eq(most, STABLE);
}
END_TEST

static void on_restless(void *arg)
{
	struct churn *c = arg;

	shell("ip -6 route %s 2001:db7::/48 dev ce1 table 100", c->n++ % 2 ? "del" : "add");
	loop_task_run(&c->task);
}

/* Nor the SIDs. */
START_TEST(a_table_that_never_rests_does_not_keep_others_waiting)
{
	struct churn c = { 0 };

	comes_to(0, "100:");
	loop_task_init(&c.task, loop, on_restless, &c);
	loop_task_run(&c.task);
	shell("ip -6 route add 2001:db8:1::/48 dev ce1 table 200;"
	      "ip -6 route add fcbb:1:d001::/48 encap seg6local action End.DT6 table 100 dev sr0");
	comes_to(1, "200: 2001:db8:1::/48 dev=ce1");
	comes_to(-1, "fcbb:1:d001::/48 7>100");
	loop_task_cancel(&c.task);
}
END_TEST

START_TEST(what_is_no_longer_looked_after_is_forgotten)
{
	static const uint32_t other[] = { 300 };
	unsigned was;

	shell("ip -6 route add 2001:db8:1::/48 dev ce1 table 100; ip -6 route add 2001:db8:2::/48 dev ce1 table 300");
	comes_to(0, "100: 2001:db8:1::/48 dev=ce1");
	ck_assert_int_eq(agent_fwd_want(f, other, 1), 0);
	ck_assert_uint_eq(agent_fwd_tables(f), 1);
	comes_to(0, "300: 2001:db8:2::/48 dev=ce1");
	was = n_changed;
	shell("ip -6 route add 2001:db8:5::/48 dev ce1 table 100; ip -6 route add 2001:db8:6::/48 dev ce1 table 300");
	comes_to(0, "300: 2001:db8:2::/48 dev=ce1 2001:db8:6::/48 dev=ce1");
	ck_assert_uint_eq(n_changed, was + 1);
}
END_TEST

START_TEST(too_many_tables_are_refused)
{
	uint32_t *ids = calloc(AGENT_FWD_TABLES_MAX + 1, sizeof(*ids));

	ck_assert_int_lt(agent_fwd_want(f, ids, AGENT_FWD_TABLES_MAX + 1), 0);
	ck_assert_uint_eq(agent_fwd_tables(f), 2);
	free(ids);
}
END_TEST

int main(void)
{
	Suite *su = suite_create("agent-fwd");
	TCase *t = tcase_create("kernel");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, whoever_put_it_there_it_is_told);
	tcase_add_test(t, of_a_prefix_the_least_metric_counts);
	tcase_add_test(t, of_several_ways_each_is_a_member);
	tcase_add_test(t, of_equal_metrics_each_is_a_member);
	tcase_add_test(t, what_is_not_read_is_unsure);
	tcase_add_test(t, a_sid_that_is_bound_again_is_told);
	tcase_add_test(t, a_sid_behind_another_route_is_unsure);
	tcase_add_test(t, the_difference_to_a_version_is_known);
	tcase_add_test(t, more_than_is_kept_is_truncated_not_half);
	tcase_add_test(t, what_stands_still_is_told_while_others_move);
	tcase_add_test(t, a_table_that_never_rests_does_not_keep_others_waiting);
	tcase_add_test(t, what_is_no_longer_looked_after_is_forgotten);
	tcase_add_test(t, too_many_tables_are_refused);
	if (lab_possible())
		suite_add_tcase(su, t);
	else
		(void)fprintf(stderr, "# agent-fwd: no network namespaces here, the kernel is NOT TESTED\n");
	return check_main(su);
}
