/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel does with customers' packets, as a client of the agent's program sees it: routes come and go by ip,
 * and ip is the oracle.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gnmi_bed.h"
#include "rpc/proto/pb.h"
#include "slices_bed.h"

#define M "sextant-device-forwarding:"
#define TABLE(id, sid) "{\"id\":" id ",\"sid\":[\"" sid "\"]}"
#define DEVICE "{\"underlay\":[\"fc00::/16\"],\"table\":[" TABLE("100", "fc00:0:1::") "," TABLE("200", "fc00:0:2::") "]}"
#define ROUTE(p) "/device/forwarding/table[id=100]/route[prefix=" p "][member=0]"
#define SIDS                                                                                       \
	"{\"prefix\":\"fc00:0:1::/128\",\"action\":\"end-dt\",\"table\":100},"                     \
	"{\"prefix\":\"fc00:0:2::/128\",\"action\":\"end-dt\",\"table\":200}"

static void setup(void)
{
	struct answer a;

	gnmi_setup();
	a = set(NULL, "device", DEVICE, false);
	check_code(&a, RPC_OK, "");
}

static char last[4096];

static bool is_got(const char *text)
{
	STR_AUTO struct str o = { 0 };
	struct rpc_status st = get("device/forwarding", GNMIPB__GET_REQUEST__DATA_TYPE__STATE, &o);
	const char *at = str_text(&o);
	size_t n = 0;

	ck_assert_int_eq(st.code, RPC_OK);
	for (const char *m; (m = strstr(at, M)) && n < sizeof(last); at = m + strlen(M))
		n += (size_t)snprintf(last + n, sizeof(last) - n, "%.*s", (int)(m - at), at);
	if (n < sizeof(last))
		(void)snprintf(last + n, sizeof(last) - n, "%s", at);
	return strcmp(last, text) == 0;
}

/* A Get of everything comes to it; names of the module are left out. */
static void comes_to(const char *text)
{
	const struct mono until = mono_add(loop_now(loop), 30 * NS_PER_S);
	char copy[4096];

	(void)snprintf(copy, sizeof(copy), "%s\n", text);
	while (!is_got(copy))
		ck_assert_msg(mono_before(loop_now(loop), until), "%s, not %s", last, copy);
}

START_TEST(get_tells_what_is_in_the_kernel)
{
	STR_AUTO struct str o = { 0 };

	comes_to("{\"sid\":[" SIDS "],\"sids-complete\":true,\"table\":[{\"id\":100,\"complete\":true},"
		 "{\"id\":200,\"complete\":true}]}");
	shell("ip -6 route add 2001:db8:1::/48 dev edge table 100;"
	      "ip -6 route add 2001:db8:2::/48 encap seg6 mode encap segs fc00::1,fc00::d1 dev sr0 table 100;"
	      "ip -6 route add 2001:db8:3::/48 dev edge table 300;"
	      "ip -6 route add blackhole default table 200;"
	      "ip -6 route add fc00:0:9::/48 encap seg6local action End flavors next-csid lblen 32 nflen 16 dev sr0;"
	      "ip -6 route add fc00:0:a::/48 encap seg6local action End.DX6 nh6 :: dev sr0");
	comes_to("{\"sid\":[" SIDS ",{\"prefix\":\"fc00:0:9::/48\",\"action\":\"end\",\"block-length\":32,"
		 "\"node-length\":16},{\"prefix\":\"fc00:0:a::/48\",\"action\":\"other\"}],\"sids-complete\":true,"
		 "\"table\":[{\"id\":100,\"route\":[{\"prefix\":\"2001:db8:1::/48\",\"member\":0,"
		 "\"way\":\"interface\",\"interface\":\"edge\"},{\"prefix\":\"2001:db8:2::/48\",\"member\":0,"
		 "\"way\":\"sid\",\"sid\":\"fc00::d1\"}],\"complete\":true},{\"id\":200,\"route\":"
		 "[{\"prefix\":\"::/0\",\"member\":0,\"way\":\"drop\"}],\"complete\":true}]}");
	check_get("device/forwarding/table[id=100]/route[prefix=2001:db8:1::/48]/interface", "\"edge\"\n");
	check_get("device/forwarding/sids-complete", "true\n");
	ck_assert_int_eq(get("device/forwarding/table[id=300]", GNMIPB__GET_REQUEST__DATA_TYPE__ALL, &o).code,
			 RPC_NOT_FOUND);
	ck_assert_int_eq(get("device/forwarding", GNMIPB__GET_REQUEST__DATA_TYPE__CONFIG, &o).code, RPC_NOT_FOUND);
	ck_assert_int_eq(get("device", GNMIPB__GET_REQUEST__DATA_TYPE__ALL, &o).code, RPC_OK);
	ck_assert_ptr_nonnull(strstr(str_text(&o), "\"sextant-device-forwarding:forwarding\":{"));
	shell("! grep -q forwarding %s/slices.json", dir); /* it is nobody's configuration */
	shell("/proc/%d/exe show --socket %s/agent.sock | grep -c '^forwarding: 2 of 2 tables known, 0 of them too long to "
	      "tell; 3 routes, 4 SIDs$' >%s/out", agent, dir, dir);
}
END_TEST

START_TEST(capabilities_name_it)
{
	Gnmipb__CapabilityRequest q;
	Gnmipb__CapabilityResponse *r;
	struct answer a;
	const char *why;

	gnmipb__capability_request__init(&q);
	a = ask("/gnmi.gNMI/Capabilities", &q.base);
	check_code(&a, RPC_OK, "");
	r = pb_unpack(&gnmipb__capability_response__descriptor, a.data, a.len, &mem, &why);
	ck_assert_ptr_nonnull(r);
	ck_assert_uint_eq(r->n_supported_models, 3);
	ck_assert_str_eq(r->supported_models[2]->name, "sextant-device-forwarding");
	ck_assert_str_eq(r->supported_models[2]->version, "2026-11-27");
}
END_TEST

START_TEST(nobody_sets_it)
{
	struct answer a = set(NULL, "device/forwarding/table[id=100]/complete", "true", false);

	check_code(&a, RPC_INVALID_ARGUMENT, "is state");
	a = set("device/forwarding", NULL, NULL, false);
	check_code(&a, RPC_INVALID_ARGUMENT, "is state");
	a = set(NULL, "device", "{\"sextant-device-forwarding:forwarding\":{\"sids-complete\":true}}", false);
	check_code(&a, RPC_INVALID_ARGUMENT, "");
	check_get("device/generation", "\"1\"\n");
}
END_TEST

static void watch(struct stream *s, const char *path, Gnmipb__SubscriptionMode mode)
{
	subscribe(s, &(struct wish){ .path = path, .mode = mode, .interval_ns = mode == GNMIPB__SUBSCRIPTION_MODE__SAMPLE ?
				     100 * NS_PER_MS : 0 });
	ck_assert(lab_run(loop, synced, s));
}

/* Only what is new, and what went; what is as it was is not sent. */
START_TEST(changes_are_told_and_nothing_else)
{
	struct stream s;
	unsigned was;

	shell("ip -6 route add 2001:db8:1::/48 dev edge table 100; ip -6 route add 2001:db8:2::/48 dev edge table 100");
	watch(&s, "device/forwarding", GNMIPB__SUBSCRIPTION_MODE__ON_CHANGE);
	await_text(&s, "/device/forwarding/sids-complete=true\n");
	await_text(&s, ROUTE("2001:db8:1::/48") "={\"" M "prefix\":\"2001:db8:1::/48\",\"" M "member\":0,\"" M
					       "way\":\"interface\",\"" M "interface\":\"edge\"}\n");
	await_text(&s, ROUTE("2001:db8:2::/48") "=");
	await_text(&s, "/device/forwarding/table[id=200]/complete=true\n");
	was = s.updates;
	shell("ip -6 route add 2001:db8:3::/48 dev core table 100");
	await_text(&s, ROUTE("2001:db8:3::/48") "=");
	ck_assert_uint_eq(s.updates, was + 1);
	ck_assert_uint_eq(s.deletes, 0);
	shell("ip -6 route del 2001:db8:1::/48 table 100");
	await_text(&s, "-" ROUTE("2001:db8:1::/48") "\n");
	ck_assert_uint_eq(s.updates, was + 1);
	ck_assert_uint_eq(s.deletes, 1);
	/* another way takes the place of all of the one before; and one of a table that is nobody's is not told */
	shell("ip -6 route add 2001:db8:9::/48 dev core table 300;"
	      "ip -6 route replace 2001:db8:3::/48 encap seg6 mode encap segs fc00::d1 dev sr0 table 100");
	await_text(&s, "-" ROUTE("2001:db8:3::/48") "\n" ROUTE("2001:db8:3::/48") "={\"" M
		   "prefix\":\"2001:db8:3::/48\",\"" M "member\":0,\"" M "way\":\"sid\",\"" M "sid\":\"fc00::d1\"}\n");
	ck_assert_uint_eq(s.updates, was + 2);
	ck_assert_uint_eq(s.deletes, 2);
	shell("ip -6 route add fc00:0:7::/48 encap seg6local action End.DT6 table 100 dev sr0");
	await_text(&s, "/device/forwarding/sid[prefix=fc00:0:7::/48]=");
	shell("ip -6 route del fc00:0:7::/48");
	await_text(&s, "-/device/forwarding/sid[prefix=fc00:0:7::/48]\n");
	ck_assert_uint_eq(s.updates, was + 3);
	ck_assert_uint_eq(s.deletes, 3);
	ck_assert_ptr_null(strstr(str_text(&s.text), "2001:db8:9::/48"));
	stream_fini(&s);
}
END_TEST

START_TEST(a_table_that_is_no_longer_configured_goes)
{
	struct stream s, some;
	struct answer a;

	shell("ip -6 route add 2001:db8:1::/48 dev edge table 100");
	watch(&s, "device/forwarding", GNMIPB__SUBSCRIPTION_MODE__ON_CHANGE);
	watch(&some, "device/forwarding/table[id=100]/route/way", GNMIPB__SUBSCRIPTION_MODE__ON_CHANGE);
	await_text(&some, ROUTE("2001:db8:1::/48") "/way=\"interface\"\n");
	await_text(&s, ROUTE("2001:db8:1::/48") "=");
	a = set("device/table[id=100]", NULL, NULL, false);
	check_code(&a, RPC_OK, "");
	await_text(&s, "-" ROUTE("2001:db8:1::/48") "\n");
	await_text(&s, "-/device/forwarding/table[id=100]/complete\n");
	await_text(&s, "-/device/forwarding/sid[prefix=fc00:0:1::/128]\n");
	ck_assert_ptr_null(strstr(str_text(&s.text), "-/device/forwarding/table[id=200]"));
	await_text(&some, "-" ROUTE("2001:db8:1::/48") "/way\n");
	ck_assert_uint_eq(some.updates, 1);
	ck_assert_uint_eq(some.deletes, 1);
	stream_fini(&some);
	stream_fini(&s);
}
END_TEST

static void await_route(const char *prefix)
{
	const struct mono until = mono_add(loop_now(loop), 30 * NS_PER_S);
	STR_AUTO struct str o = { 0 };
	char path[128];

	(void)snprintf(path, sizeof(path), "device/forwarding/table[id=100]/route[prefix=%s]/way", prefix);
	do { /* of any member: nothing is an answer, too */
		ck_assert_msg(mono_before(loop_now(loop), until), "%s", path);
		ck_assert_int_eq(get(path, GNMIPB__GET_REQUEST__DATA_TYPE__STATE, &o).code, RPC_OK);
	} while (o.len == 0);
}

/* Half of a table is nobody's answer. */
START_TEST(of_a_truncated_table_nothing_is_told)
{
	struct stream s;

	shell("ip -6 route add 2001:db8:1::/48 dev edge table 200; ip -6 route add 2001:db9::/48 dev edge table 100");
	await_route("2001:db9::/48"); /* of an empty table it is told, too */
	watch(&s, "device/forwarding", GNMIPB__SUBSCRIPTION_MODE__ON_CHANGE);
	await_text(&s, ROUTE("2001:db9::/48") "=");
	await_text(&s, "table[id=200]/route[prefix=2001:db8:1::/48]");
	await_text(&s, "table[id=200]/complete=true");
	await_text(&s, "table[id=100]/complete=true");
	/* that it is all of them is told behind them */
	ck_assert(strstr(str_text(&s.text), ROUTE("2001:db9::/48")) < strstr(str_text(&s.text), "table[id=100]/complete=true"));
	str_fini(&s.text);
	shell("i=0; while [ $i -lt 10000 ]; do printf 'route add 2001:db8:%%x::/48 dev edge table 100\\n' $i; i=$((i+1)); done |"
	      " ip -6 -batch -");
	await_text(&s, "/device/forwarding/table[id=100]/complete=false\n");
	await_text(&s, "-" ROUTE("2001:db9::/48") "\n");
	ck_assert_ptr_null(strstr(str_text(&s.text), "table[id=200]/complete=false"));
	str_fini(&s.text);
	shell("ip -6 route flush table 100; ip -6 route add 2001:dba::/48 dev edge table 100");
	await_text(&s, ROUTE("2001:dba::/48") "=");
	await_text(&s, "/device/forwarding/table[id=100]/complete=true\n");
	stream_fini(&s);
}
END_TEST

static bool three_times(void *arg)
{
	const char *at = str_text(&((struct stream *)arg)->text);

	for (unsigned i = 0; i < 3; i++, at++) {
		at = strstr(at, ROUTE("2001:db8:1::/48"));
		if (!at)
			return false;
	}
	return true;
}

START_TEST(samples_tell_it_again)
{
	struct stream s;

	shell("ip -6 route add 2001:db8:1::/48 dev edge table 100");
	watch(&s, "device/forwarding", GNMIPB__SUBSCRIPTION_MODE__SAMPLE);
	ck_assert(lab_run(loop, three_times, &s));
	ck_assert_uint_eq(s.deletes, 0);
	stream_fini(&s);
}
END_TEST

/* ---- a client that puts together what it is told ---- */

enum {
	PREFIXES = 2500,
	MEMBERS = 2, /* a table that changes all the time is told as it was read: a route as it was, and as it is */
};

/* Interfaces of routes 2001:db8:N::/48 of table 100. */
struct kept {
	char dev[PREFIXES][MEMBERS][8];
};

/* NULL: it is not one of them. */
static char *slot(struct kept *k, const char *prefix, unsigned long member)
{
	static const char ours[] = "2001:db8:";
	unsigned long n; /* "2001:db8::/48" is 0 */

	if (strncmp(prefix, ours, strlen(ours)) != 0)
		return NULL;
	n = strtoul(prefix + strlen(ours), NULL, 16);
	ck_assert_uint_lt(n, PREFIXES);
	ck_assert_uint_lt(member, MEMBERS);
	return k->dev[n][member];
}

static void put_together(struct kept *k, const struct stream *s)
{
	static const char route[] = "/device/forwarding/table[id=100]/route[prefix=", no[] = "][member=",
			  name[] = M "interface\":\"";

	for (const char *l = str_text(&s->text), *end; *l; l = end + 1) {
		bool gone = *l == '-';
		const char *p = l + gone, *member, *dev;
		char *at = NULL;

		end = strchr(l, '\n');
		member = strncmp(p, route, strlen(route)) == 0 ? strstr(p, no) : NULL;
		if (member)
			at = slot(k, p + strlen(route), strtoul(member + strlen(no), NULL, 10));
		if (!at)
			continue;
		memset(at, 0, sizeof(k->dev[0][0]));
		if (gone)
			continue;
		dev = strstr(member, name);
		ck_assert(dev && dev < end);
		(void)snprintf(at, sizeof(k->dev[0][0]), "%.*s", (int)strcspn(dev + strlen(name), "\""),
			       dev + strlen(name));
	}
}

/* From its needle on: asking ip is dear. */
static bool is_as_ip_says(void *arg)
{
	struct kept *is = calloc(2, sizeof(*is)), *want = is + 1;
	char *lines = NULL;
	bool same = strstr(str_text(&((struct stream *)arg)->text), ((struct stream *)arg)->needle) != NULL;

	if (same)
		lines = output("ip -6 route show table 100 | awk '{ print $1, $3 }'");
	for (char *l = lines, *end; l && (end = strchr(l, '\n')); l = end + 1) {
		char *at = slot(want, l, 0);

		if (!at)
			continue;
		(void)snprintf(at, sizeof(want->dev[0][0]), "%.*s", (int)(end - strchr(l, ' ') - 1), strchr(l, ' ') + 1);
	}
	if (same)
		put_together(is, arg);
	same = same && memcmp(is, want, sizeof(*is)) == 0;
	free(lines);
	free(is);
	return same;
}

/* Routes that come, go, come back and change, others by each seed, and at last 2001:db9:SEED::/48. */
static void burst(unsigned seed, unsigned n, const char *end)
{
	shell("awk 'BEGIN { srand(%u); for (i = 0; i < %u; i++) { p = int(rand() * %d); d = rand(); v = rand() < 0.5 ? "
	      "\"edge\" : \"core\"; if (d < 0.3) printf \"route del 2001:db8:%%x::/48 table 100\\n\", p; else printf "
	      "\"route replace 2001:db8:%%x::/48 dev %%s table 100\\n\", p, v } }' >%s/batch;"
	      "(ip -6 -force -batch %s/batch; ip -6 route add 2001:db9:%u::/48 dev edge table 100) >%s/out 2>&1 %s",
	      seed, n, PREFIXES, dir, dir, seed, dir, end);
}

static void sums_up(struct stream *s, const char *needle)
{
	s->needle = needle;
	ck_assert_msg(lab_run(loop, is_as_ip_says, s), "%s", needle);
}

/* Few, and more than differences are kept of. */
START_TEST(what_is_told_sums_up_to_what_is)
{
	static const unsigned sizes[] = { 1, 40, 900, 3, 1500, 2 };
	struct stream s;
	char needle[64];

	watch(&s, "device/forwarding", GNMIPB__SUBSCRIPTION_MODE__ON_CHANGE);
	for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
		burst(i + 1, sizes[i], "");
		(void)snprintf(needle, sizeof(needle), "[prefix=2001:db9:%u::/48]", i + 1);
		sums_up(&s, needle);
	}
	shell("ip -6 route flush table 100");
	sums_up(&s, "-" ROUTE("2001:db9:1::/48"));
	ck_assert_uint_eq(s.syncs, 1);
	stream_fini(&s);
}
END_TEST

/* The first state is of many parts, and the table is not the same from one to the next. */
START_TEST(what_changes_while_all_is_told_is_told_too)
{
	struct stream s[2];

	burst(1, 4000, "");
	burst(2, 2000, "&");
	for (unsigned i = 0; i < ARRAY_LEN(s); i++)
		watch(&s[i], "device/forwarding", GNMIPB__SUBSCRIPTION_MODE__ON_CHANGE);
	for (unsigned i = 0; i < ARRAY_LEN(s); i++) {
		sums_up(&s[i], "[prefix=2001:db9:2::/48]");
		ck_assert_uint_eq(s[i].syncs, 1);
		stream_fini(&s[i]);
	}
}
END_TEST

static void many_routes(const char *what, unsigned n)
{
	shell("i=0; while [ $i -lt %u ]; do printf 'route %s 2001:db8:%%x::/48 dev edge table 100\\n' $i; i=$((i+1)); done |"
	      " ip -6 -batch -; ip -6 route %s 2001:db9::/48 dev edge table 100", n, what, what);
}

/* Of each the first state is told once, however many parts it has; and then what changes. */
START_TEST(several_of_one_call_are_told_one_after_the_other)
{
	enum { TIMES = 8, ROUTES = 1100 };
	struct stream s;

	many_routes("add", ROUTES);
	await_route("2001:db9::/48");
	subscribe(&s, &(struct wish){ .path = "device/forwarding", .mode = GNMIPB__SUBSCRIPTION_MODE__ON_CHANGE,
				      .times = TIMES });
	ck_assert(lab_run(loop, synced, &s));
	ck_assert_uint_ge(s.updates, TIMES * (ROUTES + 1));
	ck_assert_uint_lt(s.updates, TIMES * (ROUTES + 50));
	str_fini(&s.text);
	shell("ip -6 route del 2001:db9::/48 table 100");
	await_text(&s, "-" ROUTE("2001:db9::/48"));
	stream_fini(&s);
}
END_TEST

enum {
	LOST = 1000,	    /* less than losses are kept of */
	TARGET = 700 << 10, /* in each message: ten of them are more than queue and windows hold */
};

static bool all_lost(void *arg)
{
	return ((struct stream *)arg)->deletes >= LOST + 1;
}

/* A full queue ends the telling of what went at any place of it, and it goes on from there. */
START_TEST(who_reads_late_is_told_of_all_that_went)
{
	char *target = calloc(1, TARGET + 1);
	struct stream s;

	many_routes("add", LOST);
	await_route("2001:db9::/48");
	memset(target, 'x', TARGET);
	subscribe(&s, &(struct wish){ .path = "device/forwarding", .mode = GNMIPB__SUBSCRIPTION_MODE__ON_CHANGE,
				      .target = target, .updates_only = true });
	free(target);
	ck_assert(lab_run(loop, synced, &s));
	ck_assert_uint_eq(s.updates, 0);
	rpc_call_pause(s.call, true);
	many_routes("del", LOST);
	shell("ip -6 route add 2001:dba::/48 dev edge table 100");
	await_route("2001:dba::/48");
	rpc_call_pause(s.call, false);
	ck_assert_msg(lab_run(loop, all_lost, &s), "%u", s.deletes);
	ck_assert_uint_eq(s.deletes, LOST + 1);
	stream_fini(&s);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("agent-gnmi-fwd");
	TCase *t = tcase_create("gnmi");

	tcase_add_checked_fixture(t, setup, gnmi_teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, get_tells_what_is_in_the_kernel);
	tcase_add_test(t, capabilities_name_it);
	tcase_add_test(t, nobody_sets_it);
	tcase_add_test(t, changes_are_told_and_nothing_else);
	tcase_add_test(t, a_table_that_is_no_longer_configured_goes);
	tcase_add_test(t, of_a_truncated_table_nothing_is_told);
	tcase_add_test(t, samples_tell_it_again);
	tcase_add_test(t, what_is_told_sums_up_to_what_is);
	tcase_add_test(t, what_changes_while_all_is_told_is_told_too);
	tcase_add_test(t, several_of_one_call_are_told_one_after_the_other);
	tcase_add_test(t, who_reads_late_is_told_of_all_that_went);
	if (lab_possible())
		suite_add_tcase(s, t);
	else
		(void)fprintf(stderr, "# agent-gnmi-fwd: no network namespaces here, NOTHING TESTED\n");
	return check_main(s);
}
