/* SPDX-License-Identifier: Apache-2.0 */
/* Documents: what is read of them, what is refused and where. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <unistd.h>

#include "base/auto.h"
#include "pce/disjoint.h"
#include "text.h"

static struct arena arena;

static void setup(void)
{
	arena_init(&arena, 4 << 20);
}

static void teardown(void)
{
	arena_fini(&arena);
}

/* ---- units ---- */

/* The whole table of what is taken, apart from the code's. */
static const struct {
	enum slice_metric m;
	const char *unit;
	uint64_t bound, is;
} good[] = {
	{ SLICE_BW_ONE_WAY, "bps", 7, 7 },
	{ SLICE_BW_TWO_WAY, "kbps", 7, 7000 },
	{ SLICE_BW_SHARED, "Mbps", 50, 50000000 },
	{ SLICE_BW_ONE_WAY, "Gbps", 100000, 100000000000000 },
	{ SLICE_DELAY_MAX, "nanoseconds", 9, 9 },
	{ SLICE_DELAY_PCT, "microseconds", 20000, 20000000 },
	{ SLICE_DELAY2_MAX, "milliseconds", 3, 3000000 },
	{ SLICE_VARIATION_MAX, "seconds", 4294, 4294000000000 },
	{ SLICE_LOSS, "ppm", 100, 100 },
	{ SLICE_LOSS2, "percent", 100, 1000000 },
	{ SLICE_BW_ONE_WAY, "Mbps", 0, 0 },
};

static const struct {
	enum slice_metric m;
	const char *unit;
	uint64_t bound;
} bad[] = {
	{ SLICE_BW_ONE_WAY, "mbps", 1 },      { SLICE_BW_ONE_WAY, "bit/s", 1 },
	{ SLICE_BW_ONE_WAY, "", 1 },	      { SLICE_BW_ONE_WAY, "Mbps ", 1 },
	{ SLICE_BW_ONE_WAY, "percent", 1 },   { SLICE_BW_ONE_WAY, "milliseconds", 1 },
	{ SLICE_DELAY_MAX, "ms", 1 },	      { SLICE_DELAY_MAX, "Mbps", 1 },
	{ SLICE_LOSS, "microseconds", 1 },    { SLICE_LOSS, "percent", 101 },
	{ SLICE_LOSS, "ppm", 1000001 },	      { SLICE_DELAY_MAX, "seconds", 4295 },
	{ SLICE_BW_ONE_WAY, "Gbps", 100001 }, { SLICE_BW_ONE_WAY, "Gbps", UINT64_MAX },
	{ SLICE_DELAY_MAX, "seconds", UINT64_MAX / 1000000000 + 1 },
};

START_TEST(units_are_exactly_those_of_the_table)
{
	const char *why;
	uint64_t v;

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		ck_assert_int_eq(slice_unit(good[i].m, good[i].unit, good[i].bound, &v, &why), 0);
		ck_assert_uint_eq(v, good[i].is);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ck_assert_msg(slice_unit(bad[i].m, bad[i].unit, bad[i].bound, &v, &why) < 0, "%zu", i);
		ck_assert(why[0]);
		ck_assert_uint_eq(v, 0);
	}
}
END_TEST

/* ---- templates ---- */

START_TEST(template_is_read_with_all_it_says)
{
	static const char text[] =
		"{\"id\":\"gold\",\"template-ref\":\"silver\",\"slo-policy\":{\"metric-bound\":["
		"{\"metric-type\":\"ietf-network-slice-service:one-way-delay-percentile\","
		"\"metric-unit\":\"microseconds\",\"percentile-value\":\"99.9\",\"bound\":\"10000\"},"
		"{\"metric-type\":\"one-way-packet-loss\",\"metric-unit\":\"ppm\",\"bound\":100}],"
		"\"availability\":\"ietf-network-slice-service:four-nines\",\"mtu\":1500},"
		"\"sle-policy\":{\"security\":[\"ietf-network-slice-service:integrity\"],"
		"\"isolation\":[\"ietf-network-slice-service:traffic-isolation\","
		"\"sextant-slice:resource-isolation\"],\"max-occupancy-level\":50,"
		"\"path-constraints\":{\"diversity\":{\"diversity-type\":\"node srlg\"}}}}";
	struct slice_template t;
	struct slice_fault f;

	ck_assert_int_eq(slice_template_read(text, strlen(text), &arena, &t, &f), 0);
	ck_assert_str_eq(t.id, "gold");
	ck_assert_str_eq(t.parent, "silver");
	ck_assert(t.slo.bound[SLICE_DELAY_PCT].set && !t.slo.bound[SLICE_DELAY_MAX].set);
	ck_assert_uint_eq(t.slo.bound[SLICE_DELAY_PCT].value, 10000000);
	ck_assert_uint_eq(t.slo.bound[SLICE_DELAY_PCT].percentile_milli, 99900);
	ck_assert_uint_eq(t.slo.bound[SLICE_LOSS].value, 100);
	ck_assert_uint_eq(t.slo.nines, 4);
	ck_assert_uint_eq(t.slo.mtu, 1500);
	ck_assert_uint_eq(t.slo.security, SLICE_SECURE_INTEGRITY);
	ck_assert_uint_eq(t.slo.isolation, SLICE_ISOLATE_TRAFFIC | SLICE_ISOLATE_RESOURCE);
	ck_assert_uint_eq(t.slo.diversity, PCE_DIVERSE_NODE | PCE_DIVERSE_SRLG);
	ck_assert_uint_eq(t.slo.occupancy, 50);
}
END_TEST

static const struct {
	const char *text, *field;
} bad_templates[] = {
	{ "{\"id\":\"g\",\"slo-policy\":{\"metric-bound\":[" BOUND("one-way-bandwidth", "mbps", "1") "]}}",
	  "slo-policy/metric-bound[metric-type='ietf-network-slice-service:one-way-bandwidth']/metric-unit" },
	{ "{\"id\":\"g\",\"slo-policy\":{\"metric-bound\":[" BOUND("no-such-thing", "Mbps", "1") "]}}",
	  "slo-policy/metric-type" },
	{ "{\"id\":\"g\",\"slo-policy\":{\"metric-bound\":[" BOUND("one-way-bandwidth", "bps", "-1") "]}}",
	  "slo-policy/metric-bound[metric-type='ietf-network-slice-service:one-way-bandwidth']/bound" },
	{ "{\"id\":\"g\",\"slo-policy\":{\"metric-bound\":[" BOUND("one-way-bandwidth", "bps", "1") ","
	  BOUND("one-way-bandwidth", "bps", "2") "]}}",
	  "slo-policy/metric-bound[metric-type='ietf-network-slice-service:one-way-bandwidth']" },
	{ "{\"id\":\"g\",\"slo-policy\":{\"mtu\":500}}", "slo-policy/mtu" },
	{ "{\"id\":\"g\",\"slo-policy\":{\"availability\":\"seven-nines\"}}", "slo-policy/availability" },
	{ "{\"id\":\"g\",\"sle-policy\":{\"path-constraints\":{\"diversity\":{\"diversity-type\":\"link hop\"}}}}",
	  "sle-policy/path-constraints/diversity/diversity-type" },
	{ "{\"id\":\"\"}", "id" },
	{ "{\"id\":\"a'b\"}", "id" },
	{ "{}", "id" },
	{ "[]", "" },
	{ "{\"id\":\"g\",\"slo-policy\":[]}", "slo-policy" },
};

START_TEST(wrong_template_is_refused_where_it_is_wrong)
{
	struct slice_template t;
	struct slice_fault f;

	ck_assert_int_lt(slice_template_read(bad_templates[_i].text, strlen(bad_templates[_i].text), &arena,
					     &t, &f), 0);
	ck_assert_str_eq(f.field, bad_templates[_i].field);
	ck_assert(f.text[0]);
}
END_TEST

/* ---- services ---- */

#define TWO SDP("a", "pe1", "g", ROLE("hub")) "," SDP("b", "pe2", "g", ROLE("spoke"))

static const char full[] =
	"{\"id\":\"gov\",\"test-only\":[null],\"status\":{\"admin-status\":{\"status\":"
	"\"ietf-vpn-common:admin-pre-deployment\"}},\"slo-sle-template\":\"gold\",\"sdps\":{\"sdp\":["
	"{\"id\":\"a\",\"node-id\":\"pe1\",\"sdp-ip-address\":[\"fc00:0:1::1\"],\"service-match-criteria\":"
	"{\"match-criterion\":[{\"index\":9,\"match-type\":[{\"type\":\"sextant-slice:five-tuple\","
	"\"sextant-slice:flow\":{\"protocol\":17,\"source\":\"2001:db8:c1::/64\",\"destination-port\":102}}],"
	"\"target-connection-group-id\":\"g\"},{\"index\":1,\"match-type\":[{\"type\":\"dscp\",\"dscp\":[34,46]},"
	"{\"type\":\"destination-ip-prefix\",\"ip-prefix\":[\"2001:db8:c2::/48\"]}],"
	"\"target-connection-group-id\":\"g\",\"connection-group-sdp-role\":\"ietf-vpn-common:hub-role\"}]},"
	"\"incoming-qos-policy\":{\"rate-limits\":{\"cir\":\"60000000\",\"pir\":\"80000000\"}},"
	"\"attachment-circuits\":{\"attachment-circuit\":[{\"id\":\"ac1\",\"ac-node-id\":\"pe1\","
	"\"ac-tp-id\":\"c1\",\"ac-ipv6-address\":\"2001:db8:c1::2\",\"ac-ipv6-prefix-length\":64,\"mtu\":1500,"
	"\"ac-tags\":{\"ac-tag\":[{\"tag-type\":\"ietf-network-slice-service:vlan-id\","
	"\"tag-type-value\":[\"100\"]}]}}]}},{\"id\":\"b\",\"node-id\":\"pe2\"}]},"
	"\"connection-groups\":{\"connection-group\":[{\"id\":\"g\",\"connectivity-type\":"
	"\"ietf-vpn-common:hub-spoke\",\"connectivity-construct\":[" P2P("1", "a", "b", "") ","
	P2P("2", "b", "a", ",\"service-slo-sle-policy-override\":\"full-override\","
	CUSTOM(BOUND("one-way-bandwidth", "Mbps", "10"))) "]}]},"
	"\"sextant-slice:realisation\":{\"nrp-id\":1,\"flex-algo\":128,\"color\":10128,\"sharing\":\"reserved\","
	"\"steering\":\"dscp\",\"priority\":1,\"parent-slice\":\"all\"},\"sextant-slice:assurance-policy\":"
	"{\"method\":\"both\",\"period\":500},\"sextant-slice:repair-policy\":{\"action\":["
	"{\"order\":1,\"type\":\"switch-to-protect\"},{\"order\":2,\"type\":\"notify-only\",\"approval\":\"operator\"}],"
	"\"revertive\":false}}";

START_TEST(service_is_read_with_all_it_says)
{
	struct slice_service s;
	const struct slice_sdp *a;

	read_ok(full, &arena, &s);
	ck_assert_str_eq(s.id, "gov");
	ck_assert(s.test_only && s.admin == SLICE_ADMIN_PRE);
	ck_assert_str_eq(s.policy.template_ref, "gold");
	ck_assert_uint_eq(s.n_sdps, 2);
	a = &s.sdps[0];
	ck_assert_uint_eq(a->n_addr, 1);
	ck_assert_uint_eq(a->in.cir, 60000000);
	ck_assert_uint_eq(a->out.cir, 0);
	ck_assert_uint_eq(a->n_criteria, 2);
	ck_assert_uint_eq(a->criteria[0].index, 1); /* by index, not as they came */
	ck_assert_int_eq(a->criteria[0].role, SLICE_ROLE_HUB);
	ck_assert_uint_eq(a->criteria[0].n_match, 2);
	ck_assert_uint_eq(a->criteria[0].match[0].numbers[1], 46);
	ck_assert_uint_eq(a->criteria[0].match[1].prefixes[0].len, 48);
	ck_assert(a->criteria[1].match[0].flow.has_protocol && a->criteria[1].match[0].flow.protocol == 17);
	ck_assert_uint_eq(a->criteria[1].match[0].flow.dst_port, 102);
	ck_assert_int_eq(a->criteria[1].match[0].flow.dst.addr.family, IP_NONE);
	ck_assert_uint_eq(a->acs[0].vlan, 100);
	ck_assert_uint_eq(a->acs[0].v6.len, 64);
	ck_assert_str_eq(a->acs[0].port, "c1");
	ck_assert_uint_eq(s.groups[0].n_constructs, 2);
	ck_assert_int_eq(s.groups[0].constructs[1].policy.override, SLICE_FULL);
	ck_assert_uint_eq(s.groups[0].constructs[1].ends[0].sdp, 1);
	ck_assert_uint_eq(s.real.nrp, 1);
	ck_assert_uint_eq(s.real.color, 10128);
	ck_assert_int_eq(s.real.sharing, SLICE_RESERVED);
	ck_assert_int_eq(s.real.steering, SLICE_BY_DSCP);
	ck_assert_str_eq(s.real.parent, "all");
	ck_assert(s.assure.alt_mark && s.assure.stamp && s.assure.period_ms == 500);
	ck_assert_uint_eq(s.repair.n_actions, 2);
	ck_assert(s.repair.action[1].by_operator && !s.repair.revertive);
}
END_TEST

START_TEST(what_is_not_said_has_its_default)
{
	struct slice_service s;

	read_ok("{\"id\":\"x\"}", &arena, &s);
	ck_assert(s.admin == SLICE_ADMIN_UP && !s.test_only && !s.real.parent);
	ck_assert(s.real.sharing == SLICE_SHARED && s.real.priority == 4 && s.real.steering == SLICE_BY_AC);
	ck_assert(s.assure.period_ms == 1000 && s.assure.alt_mark && !s.assure.stamp);
	ck_assert(s.repair.hold_down_s == 30 && s.repair.max_per_hour == 6 && s.repair.revertive);
}
END_TEST

static const struct {
	const char *text, *field;
} bad_services[] = {
	{ SERVICE("x", "", TWO, GROUP("g", "any-to-any", P2P("1", "a", "c", ""))),
	  "connection-groups/connection-group[id='g']/connectivity-construct[id='1']/p2p-receiver-sdp" },
	{ SERVICE("x", "", TWO, GROUP("g", "any-to-any", P2P("1", "a", "a", ""))),
	  "connection-groups/connection-group[id='g']/connectivity-construct[id='1']" },
	{ SERVICE("x", "", TWO, GROUP("g", "any-to-any", P2P("1", "a", "b", "") "," P2P("1", "b", "a", ""))),
	  "connection-groups/connection-group[id='g']/connectivity-construct" },
	{ SERVICE("x", "", TWO, GROUP("h", "any-to-any", "")),
	  "sdps/sdp[id='a']/service-match-criteria/match-criterion[index='1']/target-connection-group-id" },
	{ SERVICE("x", "", TWO "," TWO, GROUP("g", "any-to-any", "")), "sdps" },
	{ SERVICE("x", "", TWO, GROUP("g", "any-to-any", "{\"id\":\"1\"}")),
	  "connection-groups/connection-group[id='g']/connectivity-construct[id='1']" },
	{ SERVICE("x", "", TWO, GROUP("g", "ring", "")),
	  "connection-groups/connection-group[id='g']/connectivity-type" },
	{ "{\"id\":\"x\",\"sdps\":{\"sdp\":[{\"id\":\"a\"}]}}", "sdps/sdp[id='a']/node-id" },
	{ "{\"id\":\"x\",\"sextant-slice:realisation\":{\"priority\":8}}", "sextant-slice:realisation/priority" },
	{ "{\"id\":\"x\",\"sextant-slice:realisation\":{\"color\":1073741824}}", "sextant-slice:realisation/color" },
	{ "{\"id\":\"x\",\"slo-sle-template\":\"t\"," CUSTOM("") "}", "service-slo-sle-policy" },
	{ "{\"id\":\"x\",\"status\":{\"admin-status\":{\"status\":\"admin-testing\"}}}",
	  "status/admin-status/status" },
};

START_TEST(wrong_service_is_refused_where_it_is_wrong)
{
	const char *text = bad_services[_i].text;
	struct slice_service s;
	struct slice_fault f;

	ck_assert_int_lt(slice_service_read(text, strlen(text), &arena, &s, &f), 0);
	ck_assert_str_eq(f.field, bad_services[_i].field);
	ck_assert(f.text[0]);
}
END_TEST

/* Each into a block of its own size, so that a read past the end is seen. */
START_TEST(no_truncation_is_taken_for_a_document)
{
	for (size_t n = 0; n < sizeof(full) - 1; n++) {
		AUTO_FREE char *cut = malloc(n ? n : 1);
		struct slice_service s;
		struct slice_fault f;

		memcpy(cut, full, n);
		ck_assert_int_lt(slice_service_read(cut, n, &arena, &s, &f), 0);
		arena_reset(&arena);
	}
}
END_TEST

START_TEST(memory_of_a_document_is_bounded)
{
	struct slice_service s;
	struct slice_fault f;
	struct arena small;

	arena_init(&small, 256);
	ck_assert_int_eq(slice_service_read(full, sizeof(full) - 1, &small, &s, &f), -ENOMEM);
	arena_fini(&small);
}
END_TEST

/* ---- partitions ---- */

START_TEST(partition_is_read)
{
	static const char text[] =
		"{\"name\":\"gov\",\"nrp-id\":1,\"mode\":\"ietf-nrp:hybrid-plane-partition\","
		"\"resource-reservation\":{\"maximum-bandwidth-percent\":30},\"selector-id\":{\"ipv6\":"
		"{\"srv6-sid\":[\"fc00:1:11:1::/128\"]}},\"phb-profile\":\"EF\",\"topology\":{\"igp-congruent\":"
		"{\"algo-id\":128},\"select\":{\"topology-group\":[{\"group-id\":\"core\",\"link\":"
		"[{\"link-ref\":\"a>b\"}],\"resource-reservation\":{\"maximum-bandwidth\":\"6000000\"}}]}}}";
	static const char both[] = "{\"name\":\"gov\",\"nrp-id\":1,\"resource-reservation\":"
				   "{\"maximum-bandwidth-percent\":30,\"maximum-bandwidth\":\"5\"}}";
	static const char none[] = "{\"name\":\"gov\"}";
	static const char grows[] = "{\"name\":\"gov\",\"nrp-id\":1,\"sextant-nrp:resize\":{\"maximum-growth\":\"5\"}}";
	static const char wild[] = "{\"name\":\"gov\",\"nrp-id\":1,\"sextant-nrp:resize\":{\"maximum-growth\":\"5\","
				   "\"maximum-growth-percent\":7}}";
	struct slice_nrp n;
	struct slice_fault f;

	ck_assert_int_eq(slice_nrp_read(text, strlen(text), &arena, &n, &f), 0);
	ck_assert(n.id == 1 && n.max_pct == 30 && n.max_bps == 0 && n.algo == 128 && n.n_sids == 1);
	ck_assert_uint_eq(n.groups[0].max_bps, 6000000);
	ck_assert_str_eq(n.groups[0].links[0], "a>b");
	ck_assert_int_lt(slice_nrp_read(both, strlen(both), &arena, &n, &f), 0);
	ck_assert_str_eq(f.field, "resource-reservation/maximum-bandwidth");
	ck_assert(n.grow_bps == 0 && n.grow_pct == 0);
	ck_assert_int_eq(slice_nrp_read(grows, strlen(grows), &arena, &n, &f), 0);
	ck_assert(n.grow_bps == 5 && n.grow_pct == 0);
	ck_assert_int_lt(slice_nrp_read(wild, strlen(wild), &arena, &n, &f), 0);
	ck_assert_str_eq(f.field, "sextant-nrp:resize/maximum-growth");
	ck_assert_int_lt(slice_nrp_read(none, strlen(none), &arena, &n, &f), 0);
	ck_assert_str_eq(f.field, "nrp-id");
}
END_TEST

/* ---- what others wrote ---- */

static json_object *path(json_object *o, const char *const *names)
{
	for (; *names && o; names++) {
		json_object *v = NULL;

		(void)json_object_object_get_ex(o, *names, &v);
		o = v;
	}
	return o;
}

/* What nothing here keeps of it in *unkept. */
typedef int (*read_fn)(const char *text, size_t len, const struct slice_fault **unkept);

static int as_service(const char *text, size_t len, const struct slice_fault **unkept)
{
	struct slice_service s;
	struct slice_fault f;
	int r = slice_service_read(text, len, &arena, &s, &f);

	*unkept = s.unkept;
	return r;
}

static int as_template(const char *text, size_t len, const struct slice_fault **unkept)
{
	struct slice_template t;
	struct slice_fault f;

	*unkept = NULL;
	return slice_template_read(text, len, &arena, &t, &f);
}

static int as_nrp(const char *text, size_t len, const struct slice_fault **unkept)
{
	struct slice_nrp n;
	struct slice_fault f;
	int r = slice_nrp_read(text, len, &arena, &n, &f);

	*unkept = n.unkept;
	return r;
}

#define NSS "ietf-network-slice-service:"

START_TEST(examples_written_elsewhere_are_read)
{
	static const struct {
		const char *file, *path[6];
		read_fn read;
		const char *unkept; /* where it says what nothing keeps; NULL: nowhere */
	} at[] = {
		{ "1-templates.json", { NSS "network-slice-services", "slo-sle-templates", "slo-sle-template" }, as_template, NULL },
		/* pir is above cir; with the same as cir it would be taken */
		{ "2-slice.json", { NSS "network-slice-services", "slice-service" }, as_service,
		  "sdps/sdp[id='sdp-hub']/incoming-qos-policy/rate-limits/pir" },
		{ "3-test-only.json", { NSS "network-slice-services", "slice-service" }, as_service, NULL },
		{ "4-child.json", { NSS "network-slice-services", "slice-service" }, as_service, NULL },
		{ "6-nrp.json", { "ietf-network:networks", "ietf-nrp:nrp-policies", "nrp-policy" }, as_nrp, NULL },
	};
	const char *shared = getenv("SEXTANT_SHARED");

	for (size_t i = 0; i < ARRAY_LEN(at); i++) {
		char name[512];
		json_object *file, *list;

		snprintf(name, sizeof(name), "%s/data/slice-examples/%s", shared ? shared : "", at[i].file);
		if (!shared || access(name, R_OK) != 0) {
			printf("SKIPPED: no example orders (SEXTANT_SHARED)\n");
			return;
		}
		file = json_object_from_file(name);
		list = path(file, at[i].path);
		ck_assert_msg(list && json_object_array_length(list) > 0, "%s", name);
		for (size_t k = 0; k < json_object_array_length(list); k++) {
			const char *text = json_object_to_json_string(json_object_array_get_idx(list, k));

			const struct slice_fault *unkept;

			ck_assert_msg(at[i].read(text, strlen(text), &unkept) == 0, "%s %zu", name, k);
			if (unkept || at[i].unkept)
				ck_assert_str_eq(unkept ? unkept->field : "", at[i].unkept ? at[i].unkept : "");
		}
		json_object_put(file);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("slice-doc");
	TCase *t = tcase_create("doc");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, units_are_exactly_those_of_the_table);
	tcase_add_test(t, template_is_read_with_all_it_says);
	tcase_add_loop_test(t, wrong_template_is_refused_where_it_is_wrong, 0, ARRAY_LEN(bad_templates));
	tcase_add_test(t, service_is_read_with_all_it_says);
	tcase_add_test(t, what_is_not_said_has_its_default);
	tcase_add_loop_test(t, wrong_service_is_refused_where_it_is_wrong, 0, ARRAY_LEN(bad_services));
	tcase_add_test(t, no_truncation_is_taken_for_a_document);
	tcase_add_test(t, memory_of_a_document_is_bounded);
	tcase_add_test(t, partition_is_read);
	tcase_add_test(t, examples_written_elsewhere_are_read);
	suite_add_tcase(s, t);
	return check_main(s);
}
