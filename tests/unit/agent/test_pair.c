/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our gNMI client and our agent, over TLS: what rooms set through a device_port is done and read
 * back, refused in the agent's words, watched, and missed when somebody takes it away.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gnmi_bed.h"
#include "slices_bed.h"
#include "southbound/gnmi/gnmi.h"

static struct rpc_tls *tls;
static struct gnmi *g;
static struct device_port port;

static struct {
	unsigned ups, results, drifts;
	enum device_outcome outcome;
	char text[256], drift[256];
	struct str samples;
} seen;

static void on_up(void *arg, const struct device_info *info)
{
	(void)arg;
	ck_assert_str_eq(info->kind, "agent");
	seen.ups++;
}

static void on_down(void *arg, const char *device, const char *why)
{
	(void)arg;
	(void)device;
	(void)why;
}

static void on_gone(void *arg, const char *device)
{
	(void)arg;
	(void)device;
}

static void on_result(void *arg, const struct device_result *r)
{
	(void)arg;
	seen.results++;
	seen.outcome = r->outcome;
	(void)str_copy(seen.text, sizeof(seen.text), r->text);
}

static void on_sample(void *arg, const struct device_sample *s)
{
	(void)arg;
	str_addf(&seen.samples, "%s=%s;", s->path, s->gone ? "gone" : s->text);
}

static void on_synced(void *arg, const char *device, uint32_t watch)
{
	(void)arg;
	(void)device;
	(void)watch;
}

static void on_gap(void *arg, const char *device, uint32_t watch, const char *why)
{
	on_synced(arg, device, watch);
	(void)why;
}

static void on_drift(void *arg, const struct device_drift *d)
{
	(void)arg;
	seen.drifts++;
	(void)str_copy(seen.drift, sizeof(seen.drift), d->path);
}

static const struct device_sink sink = { .up = on_up,		.down = on_down,
					 .gone = on_gone,	.result = on_result,
					 .sample = on_sample,	.synced = on_synced,
					 .gap = on_gap,		.drift = on_drift };

static bool is_up(void *arg)
{
	(void)arg;
	return seen.ups > 0;
}

static void setup(void)
{
	struct gnmi_cfg gc = { .drift_ns = 300 * NS_PER_MS,
			       .backoff_ns_min = 50 * NS_PER_MS,
			       .backoff_ns_max = 200 * NS_PER_MS };
	struct gnmi_device_cfg dc = { .name = "r1", .port = GNMI_PORT, .server_name = "localhost" };
	struct rpc_tls_cfg tc;
	char why[RPC_TEXT_MAX];

	gnmi_setup();
	memset(&seen, 0, sizeof(seen));
	tc = (struct rpc_tls_cfg){ certs.ca, certs.client_cert, certs.client_key };
	ck_assert_msg(rpc_tls_new(&tls, rpc, &tc, why, sizeof(why)) == 0, "%s", why);
	ck_assert_int_eq(gnmi_new(&g, loop, rpc, NULL, &gc), 0);
	gnmi_sink(g, &sink, NULL);
	port = gnmi_port(g);
	ck_assert_int_eq(ip_parse("::1", &dc.addr), 0);
	dc.tls = tls;
	ck_assert_int_eq(gnmi_device_set(g, &dc), 0);
	ck_assert(lab_run(loop, is_up, NULL));
}

static void teardown(void)
{
	g = gnmi_free(g);
	tls = rpc_tls_free(tls);
	str_fini(&seen.samples);
	gnmi_teardown();
}

static bool has_result(void *arg)
{
	return seen.results > *(unsigned *)arg;
}

static void put(enum device_op op, const char *path, const char *json)
{
	struct device_change c = { op, path, json };
	unsigned before = seen.results;
	uint32_t txn;

	ck_assert_int_eq(port.set(port.self, "r1", &c, 1, &txn), 0);
	ck_assert(lab_run(loop, has_result, &before));
}

#define DEV "/sextant-device:device"
#define LOCATOR DEV "/locator[prefix=fd5e:64:1::/48]"
#define ADJACENCY                                                                                  \
	"{\"interface\":\"core\",\"sid\":\"fd5e:64:e001::/48\",\"next-hop\":\"fe80::2\"}"
#define UA LOCATOR "/adjacency[interface=core]"
#define ROUTE DEV "/table[id=100000]/route[prefix=2001:db8:b::/48]"
#define TABLE                                                                                      \
	"{\"sid\":[\"fd5e:64:1:d000::\"],\"sid-length\":64,\"interface\":[\"edge\"],\"route\":["     \
	"{\"prefix\":\"2001:db8:b::/48\",\"policy\":{\"color\":10,\"endpoint\":\"2001:db8::8\"},"   \
	"\"segment\":[\"fd5e:64:2:d000::\"]}]}"

static void done(void)
{
	ck_assert_msg(seen.outcome == DEVICE_DONE, "%s: %s", device_outcome_text(seen.outcome),
		      seen.text);
}

START_TEST(what_rooms_set_is_done_and_read_back)
{
	char *file, cat[96];

	put(DEVICE_REPLACE, LOCATOR, "{\"block-length\":32,\"adjacency\":[" ADJACENCY "]}");
	done();
	ck_assert(says("ip -6 route show proto 201", "fd5e:64:e001::/48  encap seg6local action End.X"));
	put(DEVICE_UPDATE, DEV "/table[id=100000]", TABLE);
	done();
	put(DEVICE_UPDATE, ROUTE "/policy/color", "11");
	done();
	put(DEVICE_REPLACE, ROUTE, /* a list of its own now: the policy goes */
	    "{\"segment\":[\"fd5e:64:7::\",\"fd5e:64:2:d000::\"]}");
	done();
	ck_assert(says("ip -6 route show table 100000", "segs 2 [ fd5e:64:7:: fd5e:64:2:d000:: ]"));
	(void)snprintf(cat, sizeof(cat), "cat %s/slices.json", dir);
	file = output(cat);
	ck_assert_ptr_null(strstr(file, "endpoint"));
	free(file);
	put(DEVICE_DELETE, UA, NULL);
	done();
	put(DEVICE_DELETE, DEV "/table[id=100000]", NULL);
	done();
	put(DEVICE_DELETE, LOCATOR, NULL);
	done();
	ck_assert(says("ip -6 route show proto 201 | wc -l", "0\n"));
}
END_TEST

START_TEST(what_the_agent_refuses_is_refused_in_its_words)
{
	put(DEVICE_UPDATE, LOCATOR "/adjacency[interface=none]",
	    "{\"sid\":\"fd5e:64:e001::/48\",\"next-hop\":\"fe80::2\"}");
	ck_assert_int_eq(seen.outcome, DEVICE_REFUSED);
	ck_assert_msg(strstr(seen.text, "there is no interface none") != NULL, "%s", seen.text);
	put(DEVICE_UPDATE, ROUTE, "{\"policy\":{\"color\":10,\"endpoint\":\"2001:db8::8\"}}");
	ck_assert_int_eq(seen.outcome, DEVICE_REFUSED);
	ck_assert_ptr_nonnull(strstr(seen.text, "needs 'interface' or 'segment'"));
	ck_assert(says("ip -6 route show proto 201 | wc -l", "0\n"));
}
END_TEST

static bool sampled(void *arg)
{
	return strstr(str_text(&seen.samples), arg) != NULL;
}

static void watch(const char *path)
{
	struct device_watch w = { .path = path, .on_change = true };
	uint32_t id;

	ck_assert_int_eq(port.watch(port.self, "r1", &w, &id), 0);
}

static void await_sample(char *text)
{
	ck_assert_msg(lab_run(loop, sampled, text), "no %s in %.3000s", text, str_text(&seen.samples));
}

START_TEST(states_and_addresses_are_watched)
{
	static char absent[] = "/route[prefix=2001:db8:b::/48]/state/status=failed;";
	static char why[] = "/state/reason=the policy has no path that is up;";
	static char in[] = "/adjacency[interface=core]/state/status=in;";
	static char address[] = "/device/interface[name=core]/address=[2001:db8:77::1];";
	char *at;

	watch(DEV "/interface/address");
	watch(DEV "/table/route/state");
	watch(DEV "/locator");
	put(DEVICE_UPDATE, LOCATOR, "{\"adjacency\":[" ADJACENCY "]}");
	done();
	await_sample(in);
	put(DEVICE_UPDATE, DEV "/table[id=100000]", TABLE);
	done();
	await_sample(absent);
	await_sample(why);
	/* never without any, so that "gone" is only what is not so */
	shell("ip addr add 2001:db8:77::1/64 dev core nodad; ip -6 addr flush dev core scope link");
	await_sample(address);
	at = strstr(str_text(&seen.samples), in);
	ck_assert_ptr_null(strstr(at + 1, in)); /* told once: nothing changed it */
	ck_assert_msg(!strstr(str_text(&seen.samples), "=gone;"), "%.3000s", str_text(&seen.samples));
}
END_TEST

static bool drifted(void *arg)
{
	(void)arg;
	return seen.drifts > 0;
}

/* Somebody else's Set, or a file of before: the agent has it no longer. */
START_TEST(what_is_taken_away_is_missed)
{
	put(DEVICE_UPDATE, LOCATOR, "{\"adjacency\":[" ADJACENCY "]}");
	done();
	shell("printf '{}' > %s/slices.json", dir);
	ck_assert_int_eq(kill(agent, SIGHUP), 0);
	ck_assert(lab_run(loop, drifted, NULL));
	ck_assert_msg(strstr(seen.drift, "/locator[prefix=fd5e:64:1::/48]") != NULL, "%s", seen.drift);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("agent-pair");
	TCase *t = tcase_create("pair");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, what_rooms_set_is_done_and_read_back);
	tcase_add_test(t, what_the_agent_refuses_is_refused_in_its_words);
	tcase_add_test(t, states_and_addresses_are_watched);
	tcase_add_test(t, what_is_taken_away_is_missed);
	if (lab_possible())
		suite_add_tcase(s, t);
	else
		(void)fprintf(stderr, "# agent-pair: no network namespaces here, NOTHING TESTED\n");
	return s;
}

int main(void)
{
	return check_main(suite());
}
