/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration of alternate marking, and what readings say of a period. The rest is in
 * tests/lab/altmark: there are packets. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check_main.h"
#include "tools/agent/cfg.h"
#include "tools/agent/measure/altmark.h"

static int load(const char *text, struct agent_cfg **out, struct str *errors)
{
	char file[] = "/tmp/test_altmark.XXXXXX";
	int fd = mkstemp(file), rc;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_gt(dprintf(fd, "node: r1\nrouter-id: \"::1\"\n%s", text), 0);
	rc = agent_cfg_load(file, out, errors);
	(void)close(fd);
	(void)unlink(file);
	return rc;
}

START_TEST(a_configuration_is_read)
{
	STR_AUTO struct str e = { 0 };
	AUTO(agent_cfg_free) struct agent_cfg *c = NULL;
	struct agent_altmark_cfg copy = { 0 };
	const struct agent_altmark_cfg *m;

	ck_assert_msg(load("alternate-marking:\n  period: 2000\n  interface:\n"
			   "  - { name: eth1 }\n  - { name: eth2, role: edge }\n  flow:\n"
			   "  - { id: 1048575, destination: \"fc00::1\", last-segment: \"fc00::9\", dscp: 0 }\n"
			   "  - { id: 1, destination: \"fc00::1\" }\n  unmark: [ \"fc00:d::/64\" ]\n",
			   &c, &e) == 0,
		      "%s", str_text(&e));
	ck_assert(agent_altmark_cfg_copy(&copy, &c->altmark));
	c = agent_cfg_free(c); /* the copy is its own */
	m = &copy;
	ck_assert(m->on && m->period_ms == 2000 && m->guard_ms == 200);
	ck_assert(m->n_ports == 2 && !m->ports[0].edge && m->ports[1].edge);
	ck_assert(m->n_flows == 2 && m->flows[0].id == 1048575 && m->flows[0].has_dscp &&
		  m->flows[0].last.b[15] == 9);
	ck_assert(!m->flows[1].has_dscp && m->flows[1].last.b[15] == 1);
	ck_assert(m->n_ends == 1 && m->ends[0].len == 64);
	agent_altmark_cfg_fini(&copy);
}
END_TEST

START_TEST(without_it_nothing_is_marked)
{
	STR_AUTO struct str e = { 0 };
	AUTO(agent_cfg_free) struct agent_cfg *c = NULL;

	ck_assert_int_eq(load("", &c, &e), 0);
	ck_assert(!c->altmark.on && c->altmark.n_flows == 0);
}
END_TEST

static const char *const refused[] = {
	"alternate-marking: { period: 400, guard: 101 }\n",
	"alternate-marking: { period: 99 }\n",
	"alternate-marking: { flow: [ { id: 0, destination: \"fc00::1\" } ] }\n",
	"alternate-marking: { flow: [ { id: 1048576, destination: \"fc00::1\" } ] }\n",
	"alternate-marking: { flow: [ { id: 1 } ] }\n",
	"alternate-marking: { flow: [ { id: 1, destination: \"::1\" }, { id: 2, destination: \"::1\" } ] }\n",
	"alternate-marking: { interface: [ { name: \"a/b\" } ] }\n",
	"alternate-marking: { interface: [ { name: a, role: both } ] }\n",
};

START_TEST(a_wrong_one_is_refused)
{
	STR_AUTO struct str e = { 0 };
	AUTO(agent_cfg_free) struct agent_cfg *c = NULL;

	ck_assert_int_lt(load(refused[_i], &c, &e), 0);
	ck_assert_uint_gt(e.len, 0);
}
END_TEST

START_TEST(packets_of_a_period_are_a_difference_or_unknown)
{
	const struct agent_altmark_counter c = {
		.n = 7,
		.at = { { .period = 10, .packets = 100, .boot = 1 },
			{ .period = 11, .packets = 7, .boot = 1, .began = true },
			{ .period = 12, .packets = 150, .boot = 1 },
			{ .period = 14, .packets = 149, .boot = 1 }, /* went back */
			{ .period = 15, .packets = 9, .boot = 1 },   /* 13 is missing */
			{ .period = 16, .packets = 200, .boot = 2 }, /* another boot */
			{ .period = 17, .packets = 9, .boot = 1 } }, /* nothing came */
	};
	static const int64_t want[] = { -1, 7, 50, -1, -1, -1, 0 };

	for (unsigned i = 0; i < c.n; i++) {
		uint64_t packets = 0;

		ck_assert_int_eq(agent_altmark_packets(&c, i, &packets), want[i] >= 0);
		if (want[i] >= 0)
			ck_assert_uint_eq(packets, (uint64_t)want[i]);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("agent-altmark");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, a_configuration_is_read);
	tcase_add_test(tc, without_it_nothing_is_marked);
	tcase_add_loop_test(tc, a_wrong_one_is_refused, 0, (int)ARRAY_LEN(refused));
	tcase_add_test(tc, packets_of_a_period_are_a_difference_or_unknown);
	suite_add_tcase(s, tc);
	return check_main(s);
}
