/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is measured, as a device's configuration and as a client of gNMI sees it: the program
 * answers its own probes, and marks packets that nft counts.
 */
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

/* ---- the program ---- */

#define STAMP "device/measure/stamp"
#define LOOPED                                                                                     \
	"{\"sextant-device-measure:reflector\":{\"allow\":[\"::1/128\"]},\"session\":[{"           \
	"\"name\":\"s\",\"reflector\":\"::1\",\"interval\":10,\"window\":1,\"timeout\":500}]}"

static unsigned count(const char *text, const char *needle)
{
	unsigned n = 0;

	for (const char *p = text; (p = strstr(p, needle)); p++)
		n++;
	return n;
}

START_TEST(a_session_is_set_measures_and_survives)
{
	STR_AUTO struct str o = { 0 };
	struct rpc_status st;
	struct stream s;
	struct answer a;

	shell("nft 'table ip6 t { chain out { type filter hook output priority 0; "
	      "udp dport 862 counter; }; }'");
	a = set(NULL, STAMP, LOOPED, false);
	check_code(&a, RPC_OK, "");
	shell("grep -q sextant-device-measure %s/slices.json", dir);
	subscribe(&s, &(struct wish){ .path = STAMP "/session/state",
				      .mode = GNMIPB__SUBSCRIPTION_MODE__ON_CHANGE });
	await_text(&s, ":window\":\"1\"");
	await_text(&s, ":window\":\"2\"");
	/* told once a window, whole */
	ck_assert_uint_eq(count(str_text(&s.text), ":window\":\"1\""), 1);
	ck_assert_uint_eq(count(str_text(&s.text), ":window\":\"2\""), 1);
	ck_assert_uint_ge(count(str_text(&s.text), ":window-sent\":100,"), 2);
	ck_assert_uint_ge(count(str_text(&s.text), ":known\":true"), 2);
	/* and the reflector tells who asks, by the number that the session tells */
	st = get("device/measure/stamp/reflector/heard", GNMIPB__GET_REQUEST__DATA_TYPE__ALL, &o);
	ck_assert_int_eq(st.code, RPC_OK);
	ck_assert_msg(strstr(str_text(&o), "::1") && strstr(str_text(&o), "packets"), "%s", str_text(&o));
	ck_assert(strstr(str_text(&s.text), ":ssid\":"));
	str_fini(&o);
	ck_assert(strstr(str_text(&s.text), "\"samples\":") && strstr(str_text(&s.text), "\"minimum\":"));
	stream_fini(&s);
	ck_assert(!says("nft list ruleset", "counter packets 0 bytes"));
	/* it is there again after a restart */
	kill_it();
	shell("rm %s/log", dir);
	start();
	await_log("event=agent.gnmi.listening");
	dial(certs.client_cert, certs.client_key);
	check_get(STAMP "/session[name=s]/interval", "10\n");
	subscribe(&s, &(struct wish){ .path = STAMP "/session/state",
				      .mode = GNMIPB__SUBSCRIPTION_MODE__ON_CHANGE });
	await_text(&s, ":window\":\"1\"");
	/* and no longer when it is deleted */
	a = set("device/measure", NULL, NULL, false);
	check_code(&a, RPC_OK, "");
	await_text(&s, "-/device/measure/stamp/session[name=s]/state");
	stream_fini(&s);
	st = get("device/measure", GNMIPB__GET_REQUEST__DATA_TYPE__CONFIG, &o);
	ck_assert_msg(st.code == RPC_NOT_FOUND, "%s", str_text(&o)); /* defaults are nothing */
	check_get("device/measure/marking/period", "1000\n");
	shell("nft flush ruleset; nft 'table ip6 t { chain out { type filter hook output priority 0; "
	      "udp dport 862 counter; }; }'; ping -6 -q -c 1 -W 1 ::1 >/dev/null");
	ck_assert(says("nft list ruleset", "counter packets 0 bytes"));
}
END_TEST

#define FINGERPRINT "74ce73222af603a6"
#define KEY(secret) "{\"name\":\"k\",\"secret\":\"" secret "\"}"
#define WITH(key, other)                                                                           \
	"{\"key\":[" KEY(key) "," other "],\"reflector\":{\"allow\":[\"::1/128\"],\"key\":\"k\"},"       \
	"\"session\":[{\"name\":\"s\",\"reflector\":\"::1\",\"interval\":10,\"window\":1,\"timeout\":500,"  \
	"\"key\":\"k\"},{\"name\":\"x\",\"reflector\":\"::1\",\"interval\":10,\"window\":1,"             \
	"\"timeout\":500,\"key\":\"other\"}]}"

/* Both ends have the key: it measures. With another key nothing is answered. Nobody is told a key. */
START_TEST(a_key_authenticates_and_is_never_told)
{
	static const Gnmipb__GetRequest__DataType types[] = { GNMIPB__GET_REQUEST__DATA_TYPE__ALL,
							      GNMIPB__GET_REQUEST__DATA_TYPE__CONFIG };
	struct answer a = set(NULL, STAMP, WITH("sesame-1", "{\"name\":\"other\",\"secret\":\"sesame-2\"}"), false);
	struct stream s;

	check_code(&a, RPC_OK, "");
	subscribe(&s, &(struct wish){ .path = "device/measure", .mode = GNMIPB__SUBSCRIPTION_MODE__ON_CHANGE });
	await_text(&s, ":known\":true");
	await_text(&s, "fingerprint");
	await_text(&s, ":window\":\"2\"");
	ck_assert_ptr_null(strstr(str_text(&s.text), "sesame"));
	stream_fini(&s);
	check_get(STAMP "/session[name=s]/state/known", "true\n");
	check_get(STAMP "/session[name=x]/state/known", "false\n");
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		STR_AUTO struct str o = { 0 };

		ck_assert_int_eq(get("device/measure", types[i], &o).code, RPC_OK);
		ck_assert_ptr_nonnull(strstr(str_text(&o), "\"key\""));
		ck_assert_ptr_null(strstr(str_text(&o), "sesame"));
	}
	/* the first of SHA-256("sesame-1"), as sha256sum says */
	shell("test $(printf sesame-1 | sha256sum | cut -c1-16) = %s", FINGERPRINT);
	check_get(STAMP "/key[name=k]/fingerprint", "\"" FINGERPRINT "\"\n");
	/* it is in the file, for the owner alone, and used again after a restart */
	shell("grep -q sesame-1 %s/slices.json && test $(stat -c %%a %s/slices.json) = 600", dir, dir);
	shell("! grep -q sesame %s/log", dir);
	kill_it();
	shell("rm %s/log", dir);
	start();
	await_log("event=agent.gnmi.listening");
	dial(certs.client_cert, certs.client_key);
	subscribe(&s, &(struct wish){ .path = STAMP "/session[name=s]/state",
				      .mode = GNMIPB__SUBSCRIPTION_MODE__ON_CHANGE });
	await_text(&s, ":known\":true");
	stream_fini(&s);
	/* one in use does not go */
	a = set(STAMP "/key[name=k]", NULL, NULL, false);
	check_code(&a, RPC_INVALID_ARGUMENT, "");
}
END_TEST

/* Sets "update" below device/measure/stamp; the answer is to be good. */
static void put(const char *path, const char *json)
{
	struct answer a = set(NULL, path, json, false);

	check_code(&a, RPC_OK, "");
}

static void await_window(struct stream *s, unsigned n)
{
	char want[32];

	(void)snprintf(want, sizeof(want), ":window\":\"%u\"", n);
	await_text(s, want);
}

/* The reflector first, with both, then the session: within a window, and no probe is unheard. Twin:
 * without the one before, who still has it is not answered. */
START_TEST(a_key_is_replaced_and_nothing_is_lost)
{
	struct answer a = set(NULL, STAMP,
			      "{\"key\":[{\"name\":\"k\",\"secret\":\"sesame-1\"},{\"name\":\"k2\","
			      "\"secret\":\"sesame-2\"}],\"reflector\":{\"allow\":[\"::1/128\"],\"key\":\"k\"},"
			      "\"session\":[{\"name\":\"s\",\"reflector\":\"::1\",\"interval\":10,\"window\":1,"
			      "\"timeout\":500,\"key\":\"k\"}]}",
			      false);
	struct stream s;

	check_code(&a, RPC_OK, "");
	subscribe(&s, &(struct wish){ .path = STAMP "/session[name=s]/state",
				      .mode = GNMIPB__SUBSCRIPTION_MODE__ON_CHANGE });
	await_window(&s, 1);
	put(STAMP "/reflector", "{\"key\":\"k2\",\"previous-key\":\"k\"}");
	await_window(&s, 2);
	put(STAMP "/session[name=s]/key", "\"k2\"");
	await_window(&s, 4);
	check_get(STAMP "/session[name=s]/state/lost", "\"0\"\n");
	check_get(STAMP "/session[name=s]/state/windows-unknown", "\"0\"\n");
	check_get(STAMP "/session[name=s]/state/window-lost-forward", "0\n");
	put(STAMP "/session[name=s]/key", "\"k\"");
	a = set(STAMP "/reflector/previous-key", NULL, NULL, false);
	check_code(&a, RPC_OK, "");
	await_window(&s, 8);
	stream_fini(&s);
	check_get(STAMP "/session[name=s]/state/known", "false\n");
	/* one without the other is none */
	a = set(STAMP "/reflector/key", STAMP "/reflector", "{\"previous-key\":\"k\"}", false);
	check_code(&a, RPC_INVALID_ARGUMENT, "'previous-key' goes with 'key'");
}
END_TEST

static void gone(const char *path)
{
	struct answer a = set(path, NULL, NULL, false);

	check_code(&a, RPC_OK, "");
}

/* From no key to one and back: one session, its windows go on, and no probe is unheard. Twin: a reflector that was
 * not told first answers nobody. */
START_TEST(a_key_comes_and_goes_and_nothing_is_lost)
{
	struct answer a = set(NULL, STAMP,
			      "{\"key\":[{\"name\":\"k\",\"secret\":\"sesame-1\"}],\"reflector\":{\"allow\":[\"::1/128\"]},"
			      "\"session\":[{\"name\":\"s\",\"reflector\":\"::1\",\"interval\":10,\"window\":1,\"timeout\":500}]}",
			      false);
	struct stream s;

	check_code(&a, RPC_OK, "");
	subscribe(&s, &(struct wish){ .path = STAMP "/session[name=s]/state",
				      .mode = GNMIPB__SUBSCRIPTION_MODE__ON_CHANGE });
	await_window(&s, 1);
	put(STAMP "/reflector", "{\"key\":\"k\",\"also-unauthenticated\":true}");
	await_window(&s, 2);
	put(STAMP "/session[name=s]/key", "\"k\"");
	await_window(&s, 3);
	gone(STAMP "/reflector/also-unauthenticated");
	await_window(&s, 4);
	put(STAMP "/reflector/also-unauthenticated", "true");
	gone(STAMP "/session[name=s]/key");
	await_window(&s, 5);
	a = set(STAMP "/reflector/key", STAMP "/reflector", "{\"also-unauthenticated\":false}", false);
	check_code(&a, RPC_OK, "");
	await_window(&s, 7);
	check_get(STAMP "/session[name=s]/state/lost", "\"0\"\n");
	check_get(STAMP "/session[name=s]/state/windows-unknown", "\"0\"\n");
	check_get(STAMP "/session[name=s]/state/window-lost-forward", "0\n");
	/* not told first */
	put(STAMP "/session[name=s]/key", "\"k\"");
	put(STAMP "/reflector", "{\"key\":\"k\"}");
	gone(STAMP "/session[name=s]/key");
	await_window(&s, 11);
	stream_fini(&s);
	check_get(STAMP "/session[name=s]/state/known", "false\n");
	/* one without the other is none */
	a = set(STAMP "/reflector/key", STAMP "/reflector", "{\"also-unauthenticated\":true}", false);
	check_code(&a, RPC_INVALID_ARGUMENT, "'also-unauthenticated' goes with 'key'");
}
END_TEST

START_TEST(a_policy_that_is_not_there_is_unknown)
{
	struct answer a = set(NULL, STAMP "/session[name=p]",
			      "{\"reflector\":\"::1\",\"policy\":{\"color\":7,\"endpoint\":\"fd00::9\"}}",
			      false);
	struct stream s;

	check_code(&a, RPC_OK, "");
	subscribe(&s, &(struct wish){ .path = STAMP "/session[name=p]/state",
				      .mode = GNMIPB__SUBSCRIPTION_MODE__ON_CHANGE });
	await_text(&s, ":reason\":\"the policy has no active candidate\"");
	ck_assert_uint_eq(count(str_text(&s.text), ":known\":true"), 0);
	stream_fini(&s);
}
END_TEST

static const struct {
	const char *gone, *path, *json;
	enum rpc_code code;
	const char *why;
} refused[] = {
	{ NULL, STAMP "/session[name=file]", "{\"reflector\":\"::1\"}", RPC_FAILED_PRECONDITION,
	  "session file: the agent's file has one of this name" },
	{ NULL, STAMP "/reflector", "{\"allow\":[\"::/0\"]}", RPC_FAILED_PRECONDITION,
	  "reflector: the agent's file has one" },
	{ NULL, "device/measure/marking/port[name=nowhere]", "{}", RPC_FAILED_PRECONDITION,
	  "port nowhere: there is no such interface" },
	{ NULL, "device/measure/marking/flow[id=1048576]", "{\"last\":\"fc00::1\"}",
	  RPC_INVALID_ARGUMENT, "'1048576' is no value of key 'id'" },
	{ NULL, STAMP "/session[name=s]", "{\"reflector\":\"::1\",\"segment\":[\"ff00::\"]}",
	  RPC_INVALID_ARGUMENT, "is not a SID" },
	{ NULL, STAMP "/session[name=s]/state", "{}", RPC_INVALID_ARGUMENT, "'state' is state" },
	{ NULL, "device/measure/nothing", "{}", RPC_INVALID_ARGUMENT, "there is no 'nothing'" },
	{ NULL, "device/sextant-device:measure", "{}", RPC_INVALID_ARGUMENT, "there is no" },
};

START_TEST(what_cannot_be_is_refused_whole)
{
	struct answer a;

	kill_it();
	shell("rm %s/log", dir);
	configure("  writer: [ client ]\n", "stamp: { reflector: { allow: [ \"::1/128\" ] }, session: "
					    "[ { name: file, reflector: \"::1\" } ] }\n");
	start();
	await_log("event=agent.gnmi.listening");
	dial(certs.client_cert, certs.client_key);
	/* with something good beside it */
	a = set(NULL, STAMP "/session[name=good]", "{\"reflector\":\"::1\"}", false);
	check_code(&a, RPC_OK, "");
	a = set(STAMP "/session[name=good]", refused[_i].path, refused[_i].json, false);
	check_code(&a, refused[_i].code, refused[_i].why);
	check_get(STAMP "/session[name=good]/port", "862\n");
	check_get("device/generation", "\"1\"\n");
}
END_TEST

/* ---- marking ---- */

#define MARK "device/measure/marking"

struct total {
	struct stream s;
	uint64_t packets[2], period; /* by colour */
	uint64_t want;
	unsigned readings;
	bool repeated; /* a period was told twice, or backwards */
};

static uint64_t value_of(const char *line, const char *name)
{
	const char *at = strstr(line, name);

	return at ? strtoull(at + strlen(name), NULL, 10) : UINT64_MAX;
}

static bool sums_up(void *arg)
{
	struct total *t = arg;
	char *text = strdup(str_text(&t->s.text)), *save = NULL;

	t->period = t->packets[0] = t->packets[1] = 0;
	t->readings = 0;
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		uint64_t period = value_of(l, ":period\":\"");

		if (!strstr(l, "[flow=7]") || l[0] == '-')
			continue;
		t->repeated = t->repeated || period <= t->period;
		t->period = period;
		t->packets[period % 2] = value_of(l, ":packets\":\"");
		t->readings++;
	}
	free(text);
	return t->packets[0] + t->packets[1] == t->want && t->readings > 0;
}

static void check_marked(struct total *t, uint64_t want)
{
	char text[64];

	t->want = want;
	ck_assert_msg(lab_run(loop, sums_up, t), "not %" PRIu64 ":\n%.600s", want,
		      str_text(&t->s.text));
	ck_assert(!t->repeated);
	(void)snprintf(text, sizeof(text), "exists counter packets %" PRIu64 " ", want);
	ck_assert(says("nft list ruleset", text));
}

static void way(const char *first)
{
	shell("ip -6 route replace 2001:db8:d::/64 encap seg6 mode encap segs %s,fc00:0:d:: dev wire",
	      first);
}

static void send_some(void)
{
	shell("ping -6 -q -c 20 -i 0.002 -W 0.1 2001:db8:d::1 >/dev/null || true");
}

/* Along the same SIDs, but none that this router encapsulated. */
static void send_foreign(void)
{
	struct ip_addr none = { 0 }, via, last;
	struct sockaddr_in6 to;
	int fd = agent_stamp_socket(&none, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ip_parse("fc00:2::", &via), 0);
	ck_assert_int_eq(ip_parse("fc00:0:d::", &last), 0);
	ck_assert_int_eq(agent_stamp_via(fd, &via, 1), 0);
	to = agent_stamp_sa(&last, 9);
	for (unsigned i = 0; i < 5; i++)
		ck_assert_int_eq(sendto(fd, "x", 1, 0, (const struct sockaddr *)&to, sizeof(to)), 1);
	(void)close(fd);
}

static bool marking_possible(const struct answer *a)
{
	bool no = a->st.code == RPC_FAILED_PRECONDITION &&
		  (strstr(a->st.text, "built without") || strstr(a->st.text, "our programs"));

	if (no)
		(void)fprintf(stderr, "# agent-measure: %s, MARKING IS NOT TESTED\n", a->st.text);
	return !no;
}

static void wires(void)
{
	shell("ip link add wire type veth peer name far; ip link set wire up; ip link set far up; "
	      "ip -6 addr add fd01::1/64 dev wire nodad; "
	      "ip -6 neigh add fd01::2 lladdr 02:00:00:00:00:02 dev wire; "
	      "ip -6 route add fc00::/16 via fd01::2 dev wire");
	shell("nft 'table netdev t { chain c { type filter hook ingress device far priority 0; "
	      "meta protocol ip6 exthdr dst exists counter; ip6 daddr fc00::/16 counter; }; }'");
}

START_TEST(a_flow_is_marked_whatever_its_way)
{
	struct total t = { 0 };
	struct answer a;

	wires();
	way("fc00:1::");
	a = set(NULL, MARK, "{\"period\":200,\"guard\":50,\"port\":[{\"name\":\"wire\"}],"
			    "\"flow\":[{\"id\":7,\"last\":\"fc00:0:d::\"}]}", false);
	if (!marking_possible(&a))
		return;
	check_code(&a, RPC_OK, "");
	check_get(MARK "/state/status", "\"on\"\n");
	subscribe(&t.s, &(struct wish){ .path = MARK "/counter",
					.mode = GNMIPB__SUBSCRIPTION_MODE__ON_CHANGE });
	send_some();
	check_marked(&t, 20);
	ck_assert(strstr(str_text(&t.s.text),
			 "/counter[source=2001:db8::1][flow=7][interface=wire][direction=out]="));
	way("fc00:2::"); /* a reroute does not end it */
	send_some();
	check_marked(&t, 40);
	send_foreign();
	check_marked(&t, 40);
	/* the twin: a flow of one first SID only */
	a = set(MARK "/flow[id=7]", MARK "/flow[id=7]",
		"{\"first\":\"fc00:1::\",\"last\":\"fc00:0:d::\"}", false);
	check_code(&a, RPC_OK, "");
	send_some();
	check_marked(&t, 40);
	ck_assert(says("nft list ruleset", "fc00::/16 counter packets 65 "));
	way("fc00:1::");
	send_some();
	check_marked(&t, 60);
	/* nothing is left of it */
	a = set("device/measure", NULL, NULL, false);
	check_code(&a, RPC_OK, "");
	check_get(MARK "/state/status", "\"off\"\n");
	ck_assert(says("tc qdisc show dev wire | grep -c clsact || true", "0"));
	stream_fini(&t.s);
}
END_TEST

START_TEST(what_was_lost_meanwhile_does_not_stand_in_the_way)
{
	struct answer a;

	wires();
	a = set(NULL, MARK "/port[name=wire]", "{\"edge\":false}", false);
	if (!marking_possible(&a))
		return;
	check_code(&a, RPC_OK, "");
	shell("ip link del wire");
	a = set(NULL, "device/table[id=100]", "{\"name\":\"red\"}", false);
	check_code(&a, RPC_OK, "");
	a = set(NULL, MARK "/flow[id=1]", "{\"last\":\"fc00::1\"}", false);
	check_code(&a, RPC_OK, "");
	a = set(NULL, MARK "/port[name=wir]", "{\"edge\":false}", false); /* the twin: it is new */
	check_code(&a, RPC_FAILED_PRECONDITION, "port wir: there is no such interface");
	a = set(MARK "/port[name=wire]", NULL, NULL, false);
	check_code(&a, RPC_OK, "");
	check_get(MARK "/state/status", "\"on\"\n");
}
END_TEST

/* ---- a policy's list ---- */

static const char *way_now[3]; /* its SIDs, NULL ends */
static unsigned told;

static bool no_way;

static int on_ask(void *arg, const struct agent_stamp_session_cfg *s,
		  struct ip_addr seg[AGENT_STAMP_SEGMENTS])
{
	int n = 0;

	(void)arg;
	ck_assert(s->color == 7 && s->endpoint.b[15] == 9);
	for (; !no_way && way_now[n]; n++)
		ck_assert_int_eq(ip_parse(way_now[n], &seg[n]), 0);
	return no_way ? -1 : n;
}

static void on_told(void *arg)
{
	(void)arg;
	told++;
}

static void see(void *arg, const struct agent_stamp_session_view *v)
{
	*(struct agent_stamp_session_view *)arg = *v;
}

static struct agent_stamp_session_view view_of(const struct agent_stamp *s)
{
	struct agent_stamp_session_view v = { 0 };

	agent_stamp_each(s, see, &v);
	return v;
}

/* Probes that have left with this first SID, as nft counts them. */
static uint64_t left_by(const char *first)
{
	char cmd[160];
	uint64_t n;
	char *o;

	(void)snprintf(cmd, sizeof(cmd), "nft list ruleset | sed -n 's/.*ip6 daddr %s counter "
		       "packets \\([0-9]*\\) .*/\\1/p'", first);
	o = output(cmd);
	n = strtoull(o, NULL, 10);
	free(o);
	return n;
}

struct leaves {
	const char *by;
	uint64_t more_than;
};

static bool leaves(void *arg)
{
	const struct leaves *l = arg;

	return left_by(l->by) > l->more_than;
}

static bool is_lost(void *arg)
{
	return strstr(view_of(arg).reason, "no active candidate") != NULL;
}

START_TEST(probes_follow_the_list_of_a_policy)
{
	static const struct agent_stamp_ops ops = { .path = on_ask, .told = on_told };
	struct agent_stamp_session_cfg c = { .name = "p",
					     .port = 862,
					     .interval_ms = 10,
					     .window_s = 10,
					     .timeout_ms = 50,
					     .follows = true,
					     .color = 7 };
	struct agent_stamp_cfg all = { .sessions = &c, .n_sessions = 1 };
	struct agent_stamp *s = NULL;
	uint64_t sent;

	lab_enter();
	ck_assert_int_eq(loop_new(&loop), 0);
	wires();
	shell("nft 'table netdev u { chain c { type filter hook ingress device far priority 0; "
	      "ip6 daddr fc00:1:: counter; ip6 daddr fc00:2:: counter; ip6 daddr fd01::2 counter; }; }'");
	ck_assert_int_eq(ip_parse("fd01::2", &c.reflector), 0);
	ck_assert_int_eq(ip_parse("fd00::9", &c.endpoint), 0);
	ck_assert_int_eq(agent_stamp_new(&s, loop), 0);
	agent_stamp_watch(s, &ops, NULL);
	way_now[0] = "fc00:1::";
	ck_assert_int_eq(agent_stamp_configure(s, &all), 0);
	ck_assert(lab_run(loop, leaves, &(struct leaves){ "fc00:1::", 3 }));
	ck_assert_uint_eq(left_by("fc00:2::"), 0);
	way_now[0] = "fc00:2::"; /* another candidate is the active one */
	way_now[1] = "fc00:1::";
	ck_assert(lab_run(loop, leaves, &(struct leaves){ "fc00:2::", 3 }));
	ck_assert_uint_eq(view_of(s).n_segments, 2);
	sent = left_by("fc00:1::");
	ck_assert(lab_run(loop, leaves, &(struct leaves){ "fc00:2::", 8 }));
	ck_assert_uint_eq(left_by("fc00:1::"), sent);
	ck_assert(view_of(s).totals->unknown > 0 && view_of(s).totals->lost == 0);
	no_way = true; /* none is */
	told = 0;
	ck_assert(lab_run(loop, is_lost, s));
	ck_assert(!view_of(s).known && view_of(s).n_segments == 0 && told == 1);
	sent = left_by("fc00:2::");
	/* and back: what it was asked meanwhile it was not sent */
	no_way = false;
	way_now[0] = "fc00:1::";
	way_now[1] = NULL;
	ck_assert(lab_run(loop, leaves, &(struct leaves){ "fc00:1::", 10 }));
	way_now[0] = NULL; /* none is needed */
	ck_assert(lab_run(loop, leaves, &(struct leaves){ "fd01::2", 3 }));
	ck_assert_uint_eq(left_by("fc00:2::"), sent);
	agent_stamp_free(s);
	loop = loop_free(loop);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("agent-measure");
	TCase *p = tcase_create("program"), *w = tcase_create("way");

	tcase_add_checked_fixture(p, gnmi_setup, gnmi_teardown);
	tcase_set_timeout(p, 60);
	tcase_add_test(p, a_session_is_set_measures_and_survives);
	tcase_add_test(p, a_policy_that_is_not_there_is_unknown);
	tcase_add_test(p, a_key_authenticates_and_is_never_told);
	tcase_add_test(p, a_key_is_replaced_and_nothing_is_lost);
	tcase_add_test(p, a_key_comes_and_goes_and_nothing_is_lost);
	tcase_add_test(p, a_flow_is_marked_whatever_its_way);
	tcase_add_test(p, what_was_lost_meanwhile_does_not_stand_in_the_way);
	tcase_add_loop_test(p, what_cannot_be_is_refused_whole, 0, (int)ARRAY_LEN(refused));
	tcase_add_test(w, probes_follow_the_list_of_a_policy);
	tcase_set_timeout(w, 60);
	if (lab_possible()) {
		suite_add_tcase(s, p);
		suite_add_tcase(s, w);
	} else {
		(void)fprintf(stderr, "# agent-measure: no network namespaces here, HALF TESTED\n");
	}
	return s;
}

int main(void)
{
	return check_main(suite());
}
