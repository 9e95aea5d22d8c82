/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/seg6_local.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "check_main.h"
#include "tools/agent/cfg.h"

static char file[64];

static void setup(void)
{
	int fd;

	(void)snprintf(file, sizeof(file), "/tmp/test_agent_cfg.XXXXXX");
	fd = mkstemp(file);
	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void teardown(void)
{
	(void)unlink(file);
}

static int load(const char *text, struct agent_cfg **out, struct str *errors)
{
	FILE *f = fopen(file, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	fclose(f);
	*out = NULL;
	return agent_cfg_load(file, out, errors);
}

#define HEAD "node: r1\nrouter-id: \"2001:db8:0:1::1\"\n"

START_TEST(a_full_file_becomes_the_struct)
{
	STR_AUTO struct str e = { 0 };
	AUTO(agent_cfg_free) struct agent_cfg *c = NULL;

	ck_assert_msg(
		load(HEAD
		     "state: x.state\nsocket: /run/x/agent.sock\non-exit: flush\nrepair-ua: false\n"
		     "pcep:\n  msd: 6\n  keepalive: 10\n  dead-timer: 40\n  controller:\n"
		     "  - { address: \"fd00:5e::c\", insecure: true, source-address: "
		     "\"fd00:5e::1\" }\n"
		     "  - { address: \"fd00:5e::d\", port: 4190, insecure: true }\n"
		     "kernel: { encap: full, table: 100, metric: 7, sid-device: ifb0, counters: "
		     "false }\n"
		     "steering:\n"
		     "  - { prefix: \"2001:db8:c3::/64\", color: 2, endpoint: \"::8\", "
		     "service-sid: \"fcbb::1\", "
		     "fallback: igp }\n"
		     "  - { prefix: \"2001:db8:c2::/64\", color: 1, endpoint: \"::8\", "
		     "service-sid: \"fcbb::1\" }\n"
		     "local-sid:\n"
		     "  - { sid: \"fcbb:bbbb:8:d6::\", behavior: End.DT6, table: 100 }\n"
		     "  - { sid: \"fcbb:bbbb:8:e0::\", behavior: uA, next-hop: \"fe80::2\", "
		     "interface: e1 }\n"
		     "count-sid: [ \"fcbb:bbbb:7::/48\" ]\n",
		     &c, &e) == 0,
		"%s", str_text(&e));
	ck_assert(c->flush_on_exit && !c->repair_ua && !c->reduced && !c->counters);
	ck_assert_uint_eq(c->n_controllers, 2);
	ck_assert_uint_eq(c->controllers[0].port, 4189);
	ck_assert_uint_eq(c->controllers[1].port, 4190);
	ck_assert_str_eq(c->controllers[1].tls_name, "fd00:5e::d");
	ck_assert_uint_eq(c->msd, 6);
	ck_assert_uint_eq(c->table, 100);
	ck_assert_uint_eq(c->metric, 7);
	ck_assert_uint_eq(c->n_steering, 2);
	ck_assert_uint_eq(c->steering[0].color, 1); /* sorted by prefix */
	ck_assert(c->steering[1].fallback_igp);
	ck_assert_uint_eq(c->sids[0].action, SEG6_LOCAL_ACTION_END_DT6);
	ck_assert_uint_eq(c->sids[0].len, 64);
	ck_assert(c->sids[1].next_csid);
	ck_assert_str_eq(c->sids[1].interface, "e1");
	ck_assert_uint_eq(c->n_counted, 1);
	ck_assert_int_eq(strncmp(c->state, "/tmp/x.state", 12), 0);
	ck_assert(ip_eq(&c->source, &c->router_id));
}
END_TEST

START_TEST(the_shortest_file_gets_every_default)
{
	STR_AUTO struct str e = { 0 };
	AUTO(agent_cfg_free) struct agent_cfg *c = NULL;

	ck_assert_msg(load(HEAD, &c, &e) == 0, "%s", str_text(&e));
	ck_assert(c->reduced && c->counters && c->repair_ua && !c->flush_on_exit);
	ck_assert_uint_eq(c->table, 254);
	ck_assert_uint_eq(c->metric, 10);
	ck_assert_uint_eq(c->msd, 10);
	ck_assert_str_eq(c->sid_device, "sr0");
	ck_assert_uint_eq(c->n_controllers, 0);
}
END_TEST

static const struct {
	const char *text, *at, *has;
} mistakes[] = {
	{ "node: r1\n", ":1: ", "'router-id' is missing" },
	{ "node: r1\nrouter-id: 10.0.0.1\n", ":2: router-id: ", "wants an IPv6 address" },
	{ HEAD "steerings: []\n", ":3: ", "did you mean 'steering'?" },
	{ HEAD "pcep:\n  controller:\n  - { address: \"::1\" }\n", ":5: pcep/controller",
	  "or say 'insecure: true'" },
	{ HEAD "pcep:\n  controller:\n  - { address: \"::1\", insecure: true, source-address: "
	       "10.0.0.1 }\n",
	  ":5: pcep/controller", "another address family" },
	{ HEAD "pcep: { keepalive: 30, dead-timer: 30 }\n", ":3: pcep", "longer than 'keepalive'" },
	{ HEAD "pcep: { msd: 17 }\n", ":3: pcep/msd: ", "1..16" },
	{ HEAD "kernel: { metric: 20 }\n", ":3: kernel/metric: ", "1..19" },
	{ HEAD "kernel: { encap: inline }\n", ":3: kernel/encap: ", "one of: reduced, full" },
	{ HEAD "steering:\n- { prefix: \"::/0\", color: 1, endpoint: \"::8\", service-sid: "
	       "\"fc::1\" }\n",
	  ":4: steering", "packets would loop" },
	{ HEAD "steering:\n- { prefix: \"2001:db8::/64\", color: 0, endpoint: \"::8\", "
	       "service-sid: \"fc::1\" }\n",
	  ":4: steering[1]/color: ", "1..4294967295" },
	{ HEAD "steering:\n- { prefix: \"2001:db8::/64\", color: 1, endpoint: \"::8\" }\n",
	  ":4: steering[1]: ", "'service-sid' is missing" },
	{ HEAD "local-sid:\n- { sid: \"fc:0:0:1::\", behavior: End.DT6 }\n", ":4: local-sid",
	  "End.DT6 needs 'table'" },
	{ HEAD "local-sid:\n- { sid: \"fc:0:0:1::\", behavior: End, table: 1 }\n", ":4: local-sid",
	  "only for End.DT6" },
	{ HEAD "local-sid:\n- { sid: \"fc:0:0:1::\", behavior: End.DX4 }\n", ":4: local-sid",
	  "needs 'next-hop'" },
	{ HEAD "local-sid:\n- { sid: \"fc:0:0:1::\", behavior: End.DX4, next-hop: \"::2\" }\n",
	  ":4: local-sid", "End.DX4 wants an IPv4 address" },
	{ HEAD "local-sid:\n- { sid: \"fc:0:0:1::\", behavior: End, next-hop: \"::2\" }\n",
	  ":4: local-sid", "'next-hop' is not for this behavior" },
	{ HEAD "local-sid:\n- { sid: \"fc:0:0:1::\", behavior: uA, next-hop: \"::2\" }\n",
	  ":4: local-sid", "needs 'interface'" },
	{ HEAD "local-sid:\n- { sid: \"fc:0:0:1::9\", behavior: End }\n", ":4: local-sid",
	  "bits set beyond 'length' (64)" },
	{ HEAD "local-sid:\n- { sid: \"fc:0:0:1::\", behavior: uN, block-length: 64 }\n",
	  ":4: local-sid", "below 'length'" },
	{ HEAD "local-sid:\n- { sid: \"fc:0:0:1::\", behavior: End.DT4, table: 1 }\n",
	  ":4: local-sid[1]/behavior: ", "one of: End, End.X" },
};

START_TEST(each_mistake_is_one_clear_line)
{
	STR_AUTO struct str e = { 0 };
	AUTO(agent_cfg_free) struct agent_cfg *c = NULL;
	char at[128];
	const char *end;

	ck_assert_int_lt(load(mistakes[_i].text, &c, &e), 0);
	ck_assert_ptr_null(c);
	(void)snprintf(at, sizeof(at), "%s%s", file, mistakes[_i].at);
	ck_assert_msg(strncmp(str_text(&e), at, strlen(at)) == 0, "%s\nbut wants %s", str_text(&e),
		      at);
	ck_assert_msg(strstr(str_text(&e), mistakes[_i].has) != NULL, "%s\nlacks %s", str_text(&e),
		      mistakes[_i].has);
	end = strchr(str_text(&e), '\n');
	ck_assert_msg(end && end[1] == '\0', "%s", str_text(&e));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("agent-cfg");
	TCase *t = tcase_create("cfg");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_full_file_becomes_the_struct);
	tcase_add_test(t, the_shortest_file_gets_every_default);
	tcase_add_loop_test(t, each_mistake_is_one_clear_line, 0, (int)ARRAY_LEN(mistakes));
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return check_main(suite());
}
