/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's gNMI target as a client sees it: the program in a namespace of its own, mutual TLS,
 * every answer checked against tc and the file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gnmi_bed.h"
#include "rpc/proto/pb.h"
#include "slices_bed.h"

#define LINK(name, rate)                                                                           \
	"{\"capacity\":\"10000000\",\"nrp\":[{\"id\":1,\"rate\":\"" rate                           \
	"\",\"sid-block\":[\"fc00:1::/32\"]}]}"

/* ---- tests ---- */

START_TEST(capabilities_name_the_model)
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
	ck_assert_str_eq(r->gnmi_version, "0.10.0");
	ck_assert_str_eq(r->supported_models[0]->name, "sextant-device");
	ck_assert_str_eq(r->supported_models[0]->version, "2026-11-27");
	ck_assert_int_eq(r->supported_encodings[0], GNMIPB__ENCODING__JSON_IETF);
	a = ask("/gnmi.gNMI/Nothing", &q.base);
	check_code(&a, RPC_UNIMPLEMENTED, "");
}
END_TEST

START_TEST(what_is_set_is_in_the_kernel_and_stays)
{
	struct answer a = set(NULL, "device/link[name=core]", LINK("core", "6000000"), false);

	check_code(&a, RPC_OK, "");
	ck_assert(says("tc class show dev core", "5e78:101 parent 5e78:1 leaf 101: prio 0 rate 6Mbit"));
	check_get("device/link[name=core]/nrp[id=1]/rate", "\"6000000\"\n");
	check_get("device/link[name=core]/nrp[id=*]/state/status", "\"in\"\n");
	check_get("device/generation", "\"1\"\n");
	a = set(NULL, "device/link[name=core]/nrp[id=1]/rate", "\"2000000\"", false);
	check_code(&a, RPC_OK, "");
	ck_assert(says("tc class show dev core", "5e78:101 parent 5e78:1 leaf 101: prio 0 rate 2Mbit"));
	a = set(NULL, "device/link[name=core]/nrp[id=1]/priority", "3", false);
	check_code(&a, RPC_OK, "");
	kill_it();
	shell("tc qdisc del dev core root; rm %s/log", dir);
	start();
	await_log("event=agent.gnmi.listening");
	dial(certs.client_cert, certs.client_key);
	check_get("device/link[name=core]/nrp[id=1]/state/status", "\"in\"\n");
	ck_assert(says("tc class show dev core", "prio 3 rate 2Mbit"));
	/* replace wipes what it does not name, update does not */
	a = set(NULL, "device/link[name=core]", LINK("core", "7000000"), true);
	check_code(&a, RPC_OK, "");
	ck_assert(says("tc class show dev core", "prio 0 rate 7Mbit"));
	a = set("device/link[name=core]/nrp[id=1]", NULL, NULL, false);
	check_code(&a, RPC_OK, "");
	ck_assert(says("tc class show dev core | grep -c 5e78:101 || true", "0"));
	a = set("device", NULL, NULL, false);
	check_code(&a, RPC_OK, "");
	ck_assert(says("tc qdisc show | grep -c 5e78 || true", "0"));
}
END_TEST

START_TEST(a_refused_set_changes_nothing_and_says_why)
{
	char *before, *after;
	struct answer a = set(NULL, "device/link[name=core]", LINK("core", "6000000"), false);

	check_code(&a, RPC_OK, "");
	shell("tc qdisc add dev edge root handle 1: htb");
	before = kernel_state();
	a = set("device/link[name=core]", "device/link[name=edge]", LINK("edge", "1000000"), false);
	check_code(&a, RPC_FAILED_PRECONDITION,
		   "link edge: a queueing discipline of somebody else is on the interface");
	after = kernel_state();
	ck_assert(strcmp(before, after) == 0);
	check_get("device/link[name=core]/nrp[id=1]/rate", "\"6000000\"\n");
	shell("grep -q 6000000 %s/slices.json && ! grep -q edge %s/slices.json", dir, dir);
	free(before);
	free(after);
}
END_TEST

struct wrong {
	const char *gone, *path, *json;
	enum rpc_code code;
	const char *says;
};

static const struct wrong wrongs[] = {
	{ NULL, "device/nothing", "1", RPC_INVALID_ARGUMENT, "there is no 'nothing'" },
	{ NULL, "nothing", "1", RPC_INVALID_ARGUMENT, "there is no 'nothing'" },
	{ "device/generation", NULL, NULL, RPC_INVALID_ARGUMENT, "is state" },
	{ NULL, "device/link[name=core]/name", "\"x\"", RPC_INVALID_ARGUMENT, "is a key" },
	{ NULL, "device/link[nome=core]", "{}", RPC_INVALID_ARGUMENT, "no such key" },
	{ NULL, "device/link[name=*]", "{}", RPC_INVALID_ARGUMENT, "every key" },
	{ NULL, "device/link[name=a b]", "{}", RPC_INVALID_ARGUMENT, "no value of key" },
	{ NULL, "device/link[name=core]", "{\"capacity\":\"10000000\",\"name\":\"edge\"}",
	  RPC_INVALID_ARGUMENT, "not that of the path" },
	{ NULL, "device/link[name=core]", "{\"capacity\":10000000}", RPC_INVALID_ARGUMENT, "" },
	{ NULL, "device/link[name=core]", "{\"capacity\":\"1\"}", RPC_INVALID_ARGUMENT, "range" },
	{ NULL, "device/link[name=core]", "{", RPC_INVALID_ARGUMENT, "not JSON" },
	{ NULL, "device/link[name=core]", "7", RPC_INVALID_ARGUMENT, "does not fit" },
	{ NULL, "device/link[name=core]", "{}", RPC_INVALID_ARGUMENT, "capacity" },
	{ NULL, "device/link[name=core]", LINK("core", "10000000"), RPC_INVALID_ARGUMENT,
	  "64000 too many" },
	{ NULL, "device/link[name=none]", LINK("none", "1000000"), RPC_FAILED_PRECONDITION,
	  "there is no interface none" },
	{ NULL, "device/link[name=core]", LINK("core", "1000000"), RPC_OK, "" }, /* the twin */
};

START_TEST(a_wrong_set_is_refused)
{
	const struct wrong *w = &wrongs[_i];
	char *before = kernel_state(), *after;
	struct answer a = set(w->gone, w->path, w->json, false);

	check_code(&a, w->code, w->says);
	after = kernel_state();
	ck_assert((strcmp(before, after) == 0) == (w->code != RPC_OK));
	free(before);
	free(after);
}
END_TEST

START_TEST(get_tells_what_was_asked_for)
{
	STR_AUTO struct str o = { 0 };
	struct answer a = set(NULL, "device",
			      "{\"underlay\":[\"fc00::/16\"],\"table\":[{\"id\":100,\"sid\":"
			      "[\"fc00:0:1::\"],\"route\":[{\"prefix\":\"2001:db8::/32\","
			      "\"interface\":\"edge\"}]}]}",
			      false);
	struct rpc_status st;

	check_code(&a, RPC_OK, "");
	check_get("device/underlay", "[\"fc00::/16\"]\n");
	check_get("device/table[id=100]/route[prefix=2001:db8::/32]/interface", "\"edge\"\n");
	check_get("sextant-device:device/table/id", "100\n");
	check_get("device/link", "");
	st = get("device/table[id=7]", GNMIPB__GET_REQUEST__DATA_TYPE__ALL, &o);
	ck_assert_int_eq(st.code, RPC_NOT_FOUND);
	st = get("device/nothing", GNMIPB__GET_REQUEST__DATA_TYPE__ALL, &o);
	ck_assert_int_eq(st.code, RPC_INVALID_ARGUMENT);
	st = get("device", GNMIPB__GET_REQUEST__DATA_TYPE__CONFIG, &o);
	ck_assert_int_eq(st.code, RPC_OK);
	ck_assert_ptr_nonnull(strstr(str_text(&o), "\"sextant-device:table\""));
	ck_assert_ptr_nonnull(strstr(str_text(&o), "2001:db8::/32"));
	ck_assert_ptr_null(strstr(str_text(&o), "status"));
	st = get("device", GNMIPB__GET_REQUEST__DATA_TYPE__STATE, &o);
	ck_assert_int_eq(st.code, RPC_OK);
	ck_assert_ptr_nonnull(strstr(str_text(&o), "\"status\":\"in\""));
	ck_assert_ptr_null(strstr(str_text(&o), "underlay"));
}
END_TEST

/* The kernel's own files are the oracle. */
START_TEST(interfaces_are_what_the_kernel_counts)
{
	STR_AUTO struct str o = { 0 };
	char *packets, *end;

	shell("ip link add dev wire type veth peer name wire2; ip link set wire2 up; "
	      "ip link set wire up; ip -6 addr add fc00:1::1/64 dev wire nodad; ip -6 neigh add "
	      "fc00:1::2 lladdr 02:00:00:00:00:02 dev wire; ping -6 -q -c 3 -i 0.01 -W 0.1 "
	      "fc00:1::2 >/dev/null || true; ip link set wire2 down; "
	      "until ip -j link show wire | grep -q LOWERLAYERDOWN; do :; done");
	packets = output("ip -s -j link show wire | jq '.[0].stats64.tx.packets'");
	ck_assert_int_eq(get("device/interface[name=wire]/statistics/out-packets",
			     GNMIPB__GET_REQUEST__DATA_TYPE__ALL, &o)
				 .code,
			 RPC_OK);
	end = strchr(packets, '\n');
	ck_assert_ptr_nonnull(end);
	*end = '\0';
	ck_assert_ptr_nonnull(strstr(str_text(&o), packets));
	ck_assert_int_ge(atol(packets), 3);
	check_get("device/interface[name=wire]/oper-status", "\"lower-layer-down\"\n");
	/* The kernel takes its time to say so. */
	shell("ip link set wire2 up; until ip -j link show wire2 | grep -q '\"operstate\":\"UP\"'; do :; done");
	check_get("device/interface[name=wire2]/oper-status", "\"up\"\n");
	ck_assert_int_eq(get("device/interface[name=none]", GNMIPB__GET_REQUEST__DATA_TYPE__ALL, &o)
				 .code,
			 RPC_NOT_FOUND);
	free(packets);
}
END_TEST

START_TEST(once_tells_all_and_ends)
{
	struct answer a = set(NULL, "device/link[name=core]", LINK("core", "6000000"), false);
	struct stream s;

	check_code(&a, RPC_OK, "");
	subscribe(&s, &(struct wish){ .path = "device/link[name=core]",
				      .list = GNMIPB__SUBSCRIPTION_LIST__MODE__ONCE });
	ck_assert(lab_run(loop, has_ended, &s));
	ck_assert_int_eq(s.st.code, RPC_OK);
	ck_assert_uint_eq(s.syncs, 1);
	await_text(&s, "/device/link[name=core]/nrp[id=1]/rate=\"6000000\"");
	await_text(&s, "/device/link[name=core]/nrp[id=1]/sid-block=[\"fc00:1::/32\"]");
	await_text(&s, "/device/link[name=core]/nrp[id=1]/state/packets=\"0\"");
	stream_fini(&s);
}
END_TEST

START_TEST(changes_are_told_and_nothing_else)
{
	struct stream s;
	unsigned updates;
	struct answer a = set(NULL, "device/link[name=core]", LINK("core", "6000000"), false);

	check_code(&a, RPC_OK, "");
	subscribe(&s, &(struct wish){ .path = "device/link",
				      .mode = GNMIPB__SUBSCRIPTION_MODE__ON_CHANGE });
	ck_assert(lab_run(loop, synced, &s));
	await_text(&s, "nrp[id=1]/state/status=\"in\"");
	ck_assert_ptr_null(strstr(str_text(&s.text), "packets"));
	updates = s.updates;
	a = set(NULL, "device/link[name=core]/nrp[id=1]/rate", "\"5000000\"", false);
	check_code(&a, RPC_OK, "");
	await_text(&s, "nrp[id=1]/rate=\"5000000\"");
	ck_assert_uint_eq(s.updates, updates + 1);
	ck_assert_uint_eq(s.deletes, 0);
	a = set("device/link[name=core]/nrp[id=1]", NULL, NULL, false);
	check_code(&a, RPC_OK, "");
	await_text(&s, "-/device/link[name=core]/nrp[id=1]/rate");
	ck_assert_uint_eq(s.updates, updates + 1);
	/* what the kernel loses is a change of state */
	shell("ip link del core");
	await_text(&s, "/device/link[name=core]/state/status=\"failed\"");
	await_text(&s, "there is no interface core");
	stream_fini(&s);
	subscribe(&s, &(struct wish){ .path = "device/link/nrp/state/packets",
				      .mode = GNMIPB__SUBSCRIPTION_MODE__ON_CHANGE });
	ck_assert(lab_run(loop, has_ended, &s));
	ck_assert_int_eq(s.st.code, RPC_INVALID_ARGUMENT);
	stream_fini(&s);
}
END_TEST

START_TEST(another_mtu_of_an_interface_is_told)
{
	struct stream s;

	shell("ip link set core mtu 1500; ip link set core up");
	subscribe(&s, &(struct wish){ .path = "device/interface/mtu",
				      .mode = GNMIPB__SUBSCRIPTION_MODE__ON_CHANGE });
	ck_assert(lab_run(loop, synced, &s));
	await_text(&s, "interface[name=core]/mtu=1500");
	ck_assert_ptr_null(strstr(str_text(&s.text), "address"));
	shell("ip link set core mtu 1300");
	await_text(&s, "interface[name=core]/mtu=1300");
	ck_assert_uint_eq(s.deletes, 0);
	shell("ip link del core");
	await_text(&s, "-/device/interface[name=core]");
	stream_fini(&s);
}
END_TEST

static bool many(void *arg)
{
	return ((struct stream *)arg)->updates >= 5;
}

START_TEST(samples_come_in_time_and_may_be_only_what_changed)
{
	struct wish w = { .path = "device/link[name=wire]/nrp[id=1]/state/packets",
			  .mode = GNMIPB__SUBSCRIPTION_MODE__SAMPLE,
			  .interval_ns = 100 * NS_PER_MS };
	struct stream all, some, beats;
	struct answer a;

	shell("ip link add dev wire type veth peer name wire2; ip link set wire up; "
	      "ip link set wire2 up; ip -6 addr add fc00:1::1/32 dev wire nodad; "
	      "ip -6 neigh add fc00:1::2 lladdr 02:00:00:00:00:02 dev wire");
	a = set(NULL, "device/link[name=wire]", LINK("wire", "6000000"), false);
	check_code(&a, RPC_OK, "");
	subscribe(&all, &w);
	w.suppress = true;
	subscribe(&some, &w);
	w.heartbeat_ns = 150 * NS_PER_MS;
	w.updates_only = true;
	subscribe(&beats, &w);
	ck_assert(lab_run(loop, many, &all));
	ck_assert(lab_run(loop, many, &beats));
	ck_assert_uint_eq(some.updates, 1); /* no packet was sent: it is still 0 */
	ck_assert_uint_eq(some.syncs, 1);
	/* the slice carries three packets, and nobody answers */
	shell("ping -6 -q -c 3 -i 0.01 -W 0.1 fc00:1::2 >/dev/null || true");
	ck_assert(says("tc -s class show dev wire | grep -A1 'htb 5e78:101 '", " 3 pkt "));
	await_text(&some, "/state/packets=\"3\"");
	await_text(&all, "/state/packets=\"3\"");
	w.interval_ns = 1;
	stream_fini(&beats);
	subscribe(&beats, &w);
	ck_assert(lab_run(loop, has_ended, &beats));
	ck_assert_int_eq(beats.st.code, RPC_INVALID_ARGUMENT);
	stream_fini(&all);
	stream_fini(&some);
	stream_fini(&beats);
}
END_TEST

START_TEST(who_may_not_write_is_refused)
{
	struct answer a;

	dial(certs.cert, certs.key); /* "server" is no writer, but may read */
	a = set(NULL, "device/link[name=core]", LINK("core", "6000000"), false);
	check_code(&a, RPC_PERMISSION_DENIED, "'server' may not write");
	check_get("device/generation", "\"0\"\n");
	dial(certs.other_cert, certs.other_key); /* of an authority nobody trusts */
	a = set(NULL, "device/link[name=core]", LINK("core", "6000000"), false);
	check_code(&a, RPC_UNAVAILABLE, "");
	dial(certs.client_cert, certs.client_key); /* the twin */
	a = set(NULL, "device/link[name=core]", LINK("core", "6000000"), false);
	check_code(&a, RPC_OK, "");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("agent-gnmi");
	TCase *t = tcase_create("gnmi");

	tcase_add_checked_fixture(t, gnmi_setup, gnmi_teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, capabilities_name_the_model);
	tcase_add_test(t, what_is_set_is_in_the_kernel_and_stays);
	tcase_add_test(t, a_refused_set_changes_nothing_and_says_why);
	tcase_add_loop_test(t, a_wrong_set_is_refused, 0, (int)(sizeof(wrongs) / sizeof(wrongs[0])));
	tcase_add_test(t, get_tells_what_was_asked_for);
	tcase_add_test(t, interfaces_are_what_the_kernel_counts);
	tcase_add_test(t, once_tells_all_and_ends);
	tcase_add_test(t, changes_are_told_and_nothing_else);
	tcase_add_test(t, another_mtu_of_an_interface_is_told);
	tcase_add_test(t, samples_come_in_time_and_may_be_only_what_changed);
	tcase_add_test(t, who_may_not_write_is_refused);
	if (lab_possible())
		suite_add_tcase(s, t);
	else
		(void)fprintf(stderr, "# agent-gnmi: no network namespaces here, NOTHING TESTED\n");
	return s;
}

int main(void)
{
	return check_main(suite());
}
