/* SPDX-License-Identifier: Apache-2.0 */
/* What an agent is told to measure: read, refused, and beside what its file says. */
#include <inttypes.h>
#include <libyang/libyang.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "gnmi_bed.h"
#include "slices_bed.h"
#include "tools/agent/measure/measure.h"
#include "tools/agent/measure/stamp_io.h"
#define DEVICE(in) "{'sextant-device:device':{'sextant-device-measure:measure':{" in "}}}"
#define SESSION(in) DEVICE("'stamp':{'session':[{'name':'s'," in "}]}")
#define MARKING(in) DEVICE("'marking':{" in "}")

/* ---- configuration ---- */

static const struct {
	const char *device, *why;
} wrongs[] = {
	{ SESSION("'port':862"), "reflector" },
	{ SESSION("'reflector':'::'"), "is not the address of one node" },
	{ SESSION("'reflector':'ff02::1'"), "is not the address of one node" },
	{ SESSION("'reflector':'fd00::1','segment':['fc00::1'],'policy':{'color':1,"
		  "'endpoint':'fd00::1'}"),
	  "'segment' does not go with 'policy'" },
	{ SESSION("'reflector':'fd00::1','policy':{'color':1}"), "endpoint" },
	{ SESSION("'reflector':'fd00::1','policy':{'color':0,'endpoint':'fd00::1'}"), "color" },
	{ SESSION("'reflector':'fd00::1','segment':['fc00::1','::']"), "is not a SID" },
	{ SESSION("'reflector':'fd00::1','return-segment':['ff00::1']"), "is not a SID" },
	{ SESSION("'reflector':'fd00::1','segment':['::1','::2','::3','::4','::5','::6','::7','::8',"
		  "'::9','::a','::b','::c','::d','::e','::f','fc::']"),
	  "Too many \"segment\"" },
	{ SESSION("'reflector':'fd00::1','interval':10,'window':11"), "more than 1000 probes" },
	{ SESSION("'reflector':'fd00::1','interval':60000"), "'window' is shorter" },
	{ SESSION("'reflector':'fd00::1','interval':9"), "interval" },
	{ SESSION("'reflector':'fd00::1','dscp':64"), "dscp" },
	{ SESSION("'reflector':'fd00::1','key-file':'x'"), "key-file" },
	{ SESSION("'reflector':'fd00::1','key':'k'"), "key" },
	{ DEVICE("'stamp':{'key':[{'name':'k'}]}"), "secret" },
	{ DEVICE("'stamp':{'key':[{'name':'k','secret':''}]}"), "length" },
	{ DEVICE("'stamp':{'key':[{'name':'k','secret':'x'}],'session':[{'name':'s','reflector':"
		 "'fd00::1','key':'k','return-segment':['fc00::1']}]}"),
	  "'return-segment' does not go with 'key'" },
	{ SESSION("'reflector':'fd00::1','state':{'known':true}"), "state" },
	{ DEVICE("'stamp':{'reflector':{'port':862}}"), "Too few \"allow\"" },
	{ MARKING("'flow':[{'id':1}]"), "last" },
	{ MARKING("'flow':[{'id':0,'last':'fc00::1'}]"), "id" },
	{ MARKING("'flow':[{'id':1048576,'last':'fc00::1'}]"), "id" },
	{ MARKING("'flow':[{'id':1,'last':'::'}]"), "is not a SID" },
	{ MARKING("'flow':[{'id':1,'first':'ff00::','last':'fc00::1'}]"), "is not a SID" },
	{ MARKING("'flow':[{'id':1,'last':'fc00::1'},{'id':2,'last':'fc00::1'}]"),
	  "its packets are those of flow 1" },
	{ MARKING("'period':400,'guard':101"), "'guard' is more than a quarter" },
	{ MARKING("'guard':251"), "'guard' is more than a quarter" },
	{ MARKING("'port':[{'name':'a/b'}]"), "interface" },
	{ MARKING("'counter':[]"), "" },
};

START_TEST(a_wrong_device_is_refused_with_the_reason)
{
	ck_assert_msg(device_wrong(wrongs[_i].device), "%s", wrongs[_i].device);
	ck_assert_msg(strstr(last_error, wrongs[_i].why), "%s: %s", wrongs[_i].device, last_error);
}
END_TEST

START_TEST(a_device_is_read)
{
	struct agent_device *d = device_of(DEVICE(
		"'stamp':{'reflector':{'allow':['fd00::/16'],'port':863},'session':[{'name':'a',"
		"'reflector':'fd00::1','segment':['fc00::1','fc00::2'],'return-segment':['fc00::3'],"
		"'dscp':34},{'name':'b','reflector':'fd00::2','policy':{'color':7,'endpoint':"
		"'fd00::9'}}]},'marking':{'period':2000,'port':[{'name':'p'},{'name':'q','edge':true}],"
		"'end':['fc00:d::/64'],'flow':[{'id':1048575,'first':'fc00::1','last':'fc00::9',"
		"'dscp':0},{'id':1,'last':'fc00::9'}]}"));
	const struct agent_stamp_cfg *s = &d->measure.stamp;
	const struct agent_altmark_cfg *m = &d->measure.marking;

	ck_assert(s->has_reflector && s->reflector.n_allow == 1 && s->reflector.port == 863 &&
		  s->reflector.stateful && !s->reflector.return_path);
	ck_assert_uint_eq(s->n_sessions, 2);
	ck_assert(s->sessions[0].n_segments == 2 && s->sessions[0].segments[1].b[15] == 2 &&
		  s->sessions[0].n_back == 1 && s->sessions[0].dscp == 34 &&
		  s->sessions[0].interval_ms == 100 && s->sessions[0].window_s == 10 &&
		  s->sessions[0].stateful && !s->sessions[0].follows);
	ck_assert(s->sessions[1].follows && s->sessions[1].color == 7 &&
		  s->sessions[1].endpoint.b[15] == 9);
	ck_assert(m->period_ms == 2000 && m->guard_ms == 200 && d->measure.period_said &&
		  !d->measure.guard_said);
	ck_assert(m->n_ports == 2 && !m->ports[0].edge && m->ports[1].edge && m->n_ends == 1);
	ck_assert(m->n_flows == 2 && m->flows[0].has_dscp && m->flows[0].first.b[15] == 1);
	ck_assert(m->flows[1].first.family == IP_NONE && !m->flows[1].has_dscp);
	agent_device_free(d);
}
END_TEST

/* ---- the file and the device ---- */

static struct agent_stamp_session_cfg file_sessions[AGENT_MEASURE_SESSIONS_MAX];
static struct agent_altmark_flow file_flows[AGENT_MEASURE_FLOWS_MAX];
static struct ip_prefix file_ends[1];

static struct agent_stamp_cfg out_stamp;
static struct agent_altmark_cfg out_marking;

/* Merges a device with a file of n sessions "f0"... and n flows 1...; what is left out. */
static char *merge(size_t n, const char *device)
{
	const struct agent_stamp_cfg stamp = { .sessions = file_sessions,
					       .n_sessions = n,
					       .has_reflector = n > 0 };
	const struct agent_altmark_cfg marking = { .on = n > 0,
						   .period_ms = 400,
						   .guard_ms = 80,
						   .ports = { { .name = "p" } },
						   .n_ports = n > 0,
						   .flows = file_flows,
						   .n_flows = n,
						   .ends = file_ends,
						   .n_ends = n > 0 };
	struct agent_measure_file file = { .stamp = &stamp, .marking = &marking };
	struct agent_device *d = device_of(device);
	struct str why = { 0 };

	for (size_t i = 0; i < n; i++) {
		if (i < AGENT_MEASURE_SESSIONS_MAX)
			(void)snprintf(file_sessions[i].name, sizeof(file_sessions[i].name),
				       "f%zu", i);
		file_flows[i] = (struct agent_altmark_flow){ .id = (uint32_t)i + 1 };
		ck_assert_int_eq(ip_parse("fc00:f::", &file_flows[i].last), 0);
		file_flows[i].first = file_flows[i].last;
		file_flows[i].first.b[15] = (uint8_t)i;
		file_flows[i].first.b[14] = (uint8_t)(i >> 8);
	}
	ck_assert_int_eq(ip_prefix_parse("fc00:e::/64", &file_ends[0]), 0);
	ck_assert_int_eq(ip_parse("fd00::5", &file.source), 0);
	agent_stamp_cfg_fini(&out_stamp);
	agent_altmark_cfg_fini(&out_marking);
	ck_assert(agent_measure_merge(&file, &d->measure, &out_stamp, &out_marking, &why));
	agent_device_free(d);
	str_add(&why, "");
	return why.s ? why.s : strdup("");
}

static void check_left(size_t n, const char *device, const char *want)
{
	char *got = merge(n, device);

	ck_assert_msg(want[0] ? strstr(got, want) != NULL : got[0] == '\0', "%s: %s", device, got);
	free(got);
}

START_TEST(both_are_in_force_side_by_side)
{
	check_left(2,
		   DEVICE("'stamp':{'session':[{'name':'mine','reflector':'::1'}]},'marking':{"
			  "'period':400,'port':[{'name':'q'}],'end':['fc00:e::/64','fc00:e1::/64'],"
			  "'flow':[{'id':9,'last':'fc00:f::'}]}"),
		   "");
	ck_assert_uint_eq(out_stamp.n_sessions, 3);
	ck_assert_str_eq(out_stamp.sessions[2].name, "mine");
	ck_assert(out_stamp.has_reflector && out_marking.on);
	ck_assert(out_marking.period_ms == 400 && out_marking.guard_ms == 80);
	ck_assert(out_marking.n_ports == 2 && out_marking.n_flows == 3 && out_marking.n_ends == 2);
	ck_assert(out_marking.source.b[15] == 5);
	/* the twin: no file */
	check_left(0, MARKING("'port':[{'name':'p'}],'flow':[{'id':1,'last':'fc00:f::'}]"), "");
	ck_assert(out_marking.on && out_marking.period_ms == 1000 && out_marking.n_flows == 1);
	check_left(0, MARKING("'period':300,'port':[{'name':'p'}]"), "");
	ck_assert_uint_eq(out_marking.guard_ms, 75);
	check_left(0, MARKING("'period':300"), "");
	ck_assert(!out_marking.on && !out_stamp.has_reflector);
}
END_TEST

START_TEST(what_the_file_has_is_the_files)
{
	check_left(2, SESSION("'reflector':'::1'"), "");
	check_left(2, DEVICE("'stamp':{'session':[{'name':'f1','reflector':'::1'}]}"),
		   "session f1: the agent's file has one of this name");
	ck_assert_uint_eq(out_stamp.n_sessions, 2);
	check_left(2, DEVICE("'stamp':{'reflector':{'allow':['::/0']}}"),
		   "reflector: the agent's file has one");
	ck_assert_uint_eq(out_stamp.reflector.n_allow, 0);
	check_left(2, MARKING("'flow':[{'id':2,'last':'fc00::1'}]"), "flow 2: the agent's file has it");
	check_left(2, MARKING("'flow':[{'id':3,'first':'fc00:f::1','last':'fc00:f::'}]"),
		   "flow 3: its packets are those of flow 2");
	check_left(2, MARKING("'flow':[{'id':3,'first':'fc00:f::1','last':'fc00:f::','dscp':0}]"), "");
	check_left(2, MARKING("'port':[{'name':'p','edge':true}]"), "port p: the agent's file has it");
	ck_assert(out_marking.n_ports == 1 && !out_marking.ports[0].edge);
	check_left(2, MARKING("'period':1000,'port':[{'name':'q'}]"), "period: the agent's file says 400");
	check_left(2, MARKING("'period':400,'guard':81"), "guard: the agent's file says 80");
	ck_assert(out_marking.period_ms == 400 && out_marking.guard_ms == 80);
}
END_TEST

START_TEST(limits_are_of_both_together)
{
	check_left(255, SESSION("'reflector':'::1'"), "");
	ck_assert_uint_eq(out_stamp.n_sessions, 256);
	check_left(256, SESSION("'reflector':'::1'"), "session s: more than 256");
	ck_assert_uint_eq(out_stamp.n_sessions, 256);
	check_left(255, MARKING("'flow':[{'id':2000,'last':'fc00::1'}]"), "");
	ck_assert_uint_eq(out_marking.n_flows, 256);
}
END_TEST

START_TEST(a_device_has_a_limit_of_its_own)
{
	STR_AUTO struct str o = { 0 };

	str_add(&o, "{'sextant-device:device':{'sextant-device-measure:measure':{'marking':{'flow':[");
	for (unsigned i = 1; i <= 1024 + (unsigned)_i; i++)
		str_addf(&o, "%s{'id':%u,'last':'fc00::%x'}", i > 1 ? "," : "", i, i);
	str_add(&o, "]}}}}");
	ck_assert_int_eq(device_wrong(str_text(&o)), _i > 0);
	ck_assert_msg(_i == 0 || strstr(last_error, "Too many \"flow\""), "%s", last_error);
}
END_TEST


static const struct {
	const char *list[3], *way[3]; /* NULL ends */
	uint8_t kind, lb, ln, fun;    /* of the last SID */
} ways[] = {
	{ { "fcbb:bbbb:2::", "fcbb:bbbb:4::" }, { "fcbb:bbbb:2::" }, SR_SEG_NODE, 32, 16, 0 },
	{ { "fcbb:bbbb:2::", "fcbb:bbbb:4::" }, { "fcbb:bbbb:2::" }, SR_SEG_OTHER, 0, 0, 0 },
	{ { "fcbb:bbbb:4::" }, { NULL }, SR_SEG_NODE, 32, 16, 0 },
	{ { "fcbb:bbbb:2:3:4::" }, { "fcbb:bbbb:2:3::" }, SR_SEG_NODE, 32, 16, 0 },
	{ { "fcbb:bbbb:2:3:4::" }, { "fcbb:bbbb:2:3::" }, SR_SEG_CONTAINER, 32, 16, 16 },
	{ { "fcbb:bbbb:2:e001:4::" }, { "fcbb:bbbb:2:e001::" }, SR_SEG_ADJ, 32, 16, 16 },
	{ { "fcbb:bbbb:2:3:4:5:6:7" }, { "fcbb:bbbb:2:3:4:5:6:0" }, SR_SEG_NODE, 32, 16, 0 },
	/* a link is the last */
	{ { "fcbb:bbbb:2:e001::" }, { "fcbb:bbbb:2:e001::" }, SR_SEG_ADJ, 32, 16, 16 },
	{ { "fcbb:bbbb:2::", "fcbb:bbbb:3:efff::" }, { "fcbb:bbbb:2::", "fcbb:bbbb:3:efff::" },
	  SR_SEG_OTHER, 0, 0, 0 },
	{ { "fcbb:bbbb:e001::" }, { "fcbb:bbbb:e001::" }, SR_SEG_ADJ, 32, 0, 16 },
	{ { "fcbb:bbbb:a001::" }, { "fcbb:bbbb:a001::" }, SR_SEG_ADJ, 32, 0, 16 },
	/* whole SIDs */
	{ { "fc00:0:2::1", "fc00:0:4::1" }, { "fc00:0:2::1" }, SR_SEG_NODE, 0, 0, 0 },
	{ { "fc00:0:2::1", "fc00:0:4::1" }, { "fc00:0:2::1" }, SR_SEG_NODE, 40, 24, 16 },
	{ { "fc00:0:2::1", "fc00:0:4::1" }, { "fc00:0:2::1", "fc00:0:4::1" }, SR_SEG_ADJ, 40, 24, 16 },
	{ { "fc00:0:2::1", "fc00:0:4::1" }, { "fc00:0:2::1", "fc00:0:4::1" }, SR_SEG_OTHER, 0, 0, 0 },
};

START_TEST(a_list_ends_before_the_reflectors_own_sid)
{
	struct ip_addr seg[AGENT_STAMP_SEGMENTS], want;
	struct sr_list l = { .dataplane = SR_SRV6 };
	int n;

	while (l.n < 3 && ways[_i].list[l.n]) {
		struct sr_segment *s = &l.at[l.n];

		*s = (struct sr_segment){ .kind = ways[_i].kind,
					  .structure = { ways[_i].lb, ways[_i].ln, ways[_i].fun, 0 } };
		ck_assert_int_eq(ip_parse(ways[_i].list[l.n++], &s->sid), 0);
	}
	n = agent_measure_way(&l, seg);
	for (int i = 0; i < n; i++) {
		ck_assert_ptr_nonnull(ways[_i].way[i]);
		ck_assert_int_eq(ip_parse(ways[_i].way[i], &want), 0);
		ck_assert(ip_eq(&want, &seg[i]));
	}
	ck_assert_ptr_null(ways[_i].way[n]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("agent-measure-cfg");
	TCase *t = tcase_create("configuration");

	tcase_add_loop_test(t, a_wrong_device_is_refused_with_the_reason, 0, (int)ARRAY_LEN(wrongs));
	tcase_add_test(t, a_device_is_read);
	tcase_add_test(t, both_are_in_force_side_by_side);
	tcase_add_test(t, what_the_file_has_is_the_files);
	tcase_add_test(t, limits_are_of_both_together);
	tcase_add_loop_test(t, a_list_ends_before_the_reflectors_own_sid, 0, (int)ARRAY_LEN(ways));
	tcase_add_loop_test(t, a_device_has_a_limit_of_its_own, 0, 2);
	suite_add_tcase(s, t);
	return check_main(s);
}
