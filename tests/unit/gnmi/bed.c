/* SPDX-License-Identifier: Apache-2.0 */
#include "bed.h"

#include <stdio.h>
#include <string.h>

struct loop *loop;
struct rpc *rpc;
struct gnmi *g;
struct device_port port;
struct target target;
struct certs certs;
struct rpc_tls *server_tls, *client_tls;
struct ip_addr lo;
bool real;
struct seen seen;

static void on_up(void *arg, const struct device_info *info)
{
	(void)arg;
	seen.ups++;
	seen.policies = info->policies;
	(void)str_copy(seen.kind, sizeof(seen.kind), info->kind);
}

static void on_down(void *arg, const char *device, const char *why)
{
	(void)arg;
	(void)device;
	seen.downs++;
	(void)str_copy(seen.down, sizeof(seen.down), why);
}

static void on_gone(void *arg, const char *device)
{
	(void)arg;
	ck_assert_str_eq(device, "r1");
	seen.gones++;
}

static void on_result(void *arg, const struct device_result *r)
{
	(void)arg;
	ck_assert_str_eq(r->device, "r1");
	ck_assert_uint_lt(seen.results, ARRAY_LEN(seen.result));
	seen.result[seen.results].txn = r->txn;
	seen.result[seen.results].outcome = r->outcome;
	seen.result[seen.results].code = r->code;
	(void)str_copy(seen.result[seen.results++].text, 128, r->text);
}

static void on_sample(void *arg, const struct device_sample *s)
{
	(void)arg;
	seen.samples++;
	seen.time_ns = s->time_ns;
	str_addf(&seen.told, "%s=%s%s;", s->path, s->gone ? "gone" : s->text, s->number ? "#" : "");
}

static void on_synced(void *arg, const char *device, uint32_t watch)
{
	(void)arg;
	(void)device;
	(void)watch;
	seen.syncs++;
}

static void on_gap(void *arg, const char *device, uint32_t watch, const char *why)
{
	(void)arg;
	(void)device;
	(void)watch;
	seen.gaps++;
	(void)str_copy(seen.gap, sizeof(seen.gap), why);
}

static void on_drift(void *arg, const struct device_drift *d)
{
	(void)arg;
	seen.drifts++;
	(void)str_copy(seen.drift_path, sizeof(seen.drift_path), d->path);
	(void)str_copy(seen.drift_found, sizeof(seen.drift_found), d->found);
}

static const struct device_sink sink = { on_up,	  on_down,   on_gone, on_result,
					 on_sample, on_synced, on_gap,	on_drift };

/* ---- the world ---- */

static void give_up(void *arg)
{
	*(bool *)arg = true;
	loop_stop(loop);
}

static void look(void *arg)
{
	loop_timer_after(arg, NS_PER_MS);
	loop_stop(loop);
}

static void real_turn(uint64_t ms)
{
	struct loop_timer end, tick;
	bool over = false;

	loop_timer_init(&end, loop, give_up, &over);
	loop_timer_init(&tick, loop, look, &tick);
	loop_now_update(loop);
	loop_timer_after(&end, ms * NS_PER_MS);
	loop_timer_after(&tick, NS_PER_MS);
	while (!over)
		loop_run(loop);
	loop_timer_fini(&end);
	loop_timer_fini(&tick);
}

/* Until *n is at least want, or so many seconds passed (of a fake loop's time: at once). */
bool run(const unsigned *n, unsigned want, unsigned s)
{
	struct mono limit = mono_add(loop_now(loop), s * NS_PER_S);

	if (real) {
		for (unsigned i = 0; i < s * 200 && *n < want; i++)
			real_turn(5);
		return *n >= want;
	}
	while (*n < want && loop_fake_step(loop, limit))
		;
	return *n >= want;
}

void run_for(unsigned s)
{
	const unsigned never = 0;

	(void)run(&never, 1, s);
}

int add_device(const char *kind)
{
	struct gnmi_device_cfg cfg = { .name = "r1", .kind = kind, .tls = client_tls,
				       .username = "operator", .password = "secret" };

	cfg.addr = lo;
	cfg.port = 9339;
	if (real)
		cfg.port = rpc_server_port(target.server);
	return gnmi_device_set(g, &cfg);
}

void listen_again(void)
{
	struct rpc_server_cfg sc = { .port = real ? 0 : 9339, .tls = server_tls };

	sc.addr = lo;
	target_up(&target, rpc, &sc);
}

static void tls_up(void)
{
	struct rpc_tls_cfg s, c;
	char err[256];

	certs_make(&certs);
	s = (struct rpc_tls_cfg){ certs.ca, certs.cert, certs.key };
	c = (struct rpc_tls_cfg){ certs.ca, certs.client_cert, certs.client_key };
	ck_assert_int_eq(rpc_tls_new(&server_tls, rpc, &s, err, sizeof(err)), 0);
	ck_assert_int_eq(rpc_tls_new(&client_tls, rpc, &c, err, sizeof(err)), 0);
}

void world(bool on_tls)
{
	struct gnmi_cfg cfg = { .call_ns = 0 };

	real = on_tls;
	memset(&seen, 0, sizeof(seen));
	target = (struct target){ .models = { "sextant-device" } };
	server_tls = client_tls = NULL;
	ck_assert_int_eq(ip_parse("::1", &lo), 0);
	ck_assert_int_eq(real ? loop_new(&loop) : loop_fake_new(&loop, 7), 0);
	ck_assert_int_eq(real ? rpc_new(&rpc, loop) : rpc_fake_new(&rpc, loop, NS_PER_US, NS_PER_MS), 0);
	if (real)
		tls_up();
	listen_again();
	ck_assert_int_eq(gnmi_new(&g, loop, rpc, NULL, &cfg), 0);
	gnmi_sink(g, &sink, NULL);
	port = gnmi_port(g);
}

void world_up(void)
{
	world(false);
	ck_assert_int_eq(add_device(NULL), 0);
	ck_assert(run(&seen.ups, 1, 5));
}

void world_down(void)
{
	gnmi_free(g);
	target_down(&target);
	rpc_tls_free(server_tls);
	rpc_tls_free(client_tls);
	rpc_free(rpc);
	loop_free(loop);
	if (real)
		certs_remove(&certs);
	str_fini(&seen.told);
}

uint32_t set1(enum device_op op, const char *path, const char *json)
{
	struct device_change c = { op, path, json };
	uint32_t txn = 0;

	ck_assert_int_eq(port.set(port.self, "r1", &c, 1, &txn), 0);
	ck_assert_uint_ne(txn, 0);
	return txn;
}

uint32_t set2(const char *path1, const char *path2, const char *json)
{
	struct device_change c[] = { { DEVICE_REPLACE, path1, json }, { DEVICE_REPLACE, path2, json } };
	uint32_t txn = 0;

	ck_assert_int_eq(port.set(port.self, "r1", c, 2, &txn), 0);
	return txn;
}

