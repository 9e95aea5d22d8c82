/* SPDX-License-Identifier: Apache-2.0 */
#include "room_bed.h"

#include <stdio.h>

#include "base/str.h"

#define HALF_MS (PERIOD_MS / 2 + 20)

struct room_bed rb;

/* ---- devices ---- */

struct router *router(const char *name)
{
	unsigned i = 0;

	while (i < ROUTERS && strcmp(rb.at[i].name, name) != 0)
		i++;
	ck_assert_msg(i < ROUTERS, "device %s?", name);
	return &rb.at[i % ROUTERS];
}

/* STAMP: one session and one reflector, and those of a look. */
static void probe_set(struct router *d, const struct device_change *c, uint32_t txn)
{
	bool reflector = strcmp(c->path, "/device/measure/stamp/reflector") == 0;
	char name[64];

	ck_assert(d->probe_txn == 0 && !d->deaf);
	d->probe_txn = txn;
	if (d->refuses_probes)
		return;
	if (reflector) {
		snprintf(d->reflector, sizeof(d->reflector), "%s", c->op == DEVICE_DELETE ? "" : c->json);
		return;
	}
	ck_assert_int_eq(sscanf(c->path, "/device/measure/stamp/session[name=%63[^]]]", name), 1);
	if (strncmp(name, "slice-", 6) != 0) {
		snprintf(d->look[name[0] == 'l'], sizeof(d->look[0]), "%s", c->op == DEVICE_DELETE ? "" : c->json);
		return;
	}
	snprintf(d->session_name, sizeof(d->session_name), "%s", name);
	snprintf(d->session, sizeof(d->session), "%s", c->op == DEVICE_DELETE ? "" : c->json);
	if (c->op == DEVICE_DELETE)
		d->session_name[0] = '\0';
}

static int port_set(void *self, const char *device, const struct device_change *c, size_t n, uint32_t *txn)
{
	static uint32_t next;
	struct router *d = router(device);

	(void)self;
	ck_assert(d->present && n == 1);
	*txn = ++next;
	if (strcmp(c->path, "/device/measure/marking") != 0) {
		probe_set(d, c, *txn);
		return 0;
	}
	ck_assert(!d->txn || d->answered);
	d->txn = *txn;
	d->answered = false;
	d->sets++;
	d->deletes += c->op == DEVICE_DELETE;
	if (!d->refuses)
		snprintf(d->doc, sizeof(d->doc), "%s", c->op == DEVICE_DELETE ? "" : c->json);
	return 0;
}

static int port_watch(void *self, const char *device, const struct device_watch *w, uint32_t *watch)
{
	static uint32_t next;
	struct router *d = router(device);

	(void)self;
	ck_assert(d->present && w->on_change == (strcmp(w->path, "/device/measure/stamp/reflector") != 0));
	*watch = ++next;
	if (strcmp(w->path, "/device/interface/address") == 0)
		d->faces = *watch;
	else if (strcmp(w->path, "/device/measure/marking/counter") == 0)
		d->counters = *watch;
	else if (strcmp(w->path, "/device/measure/stamp/session") == 0)
		d->sessions = *watch;
	else if (strcmp(w->path, "/device/measure/stamp/reflector") == 0)
		d->heard = *watch;
	else if (strcmp(w->path, "/device/measure/marking/port") == 0)
		d->ports = *watch;
	else
		ck_abort_msg("%s?", w->path);
	return 0;
}

static void port_unwatch(void *self, const char *device, uint32_t watch)
{
	struct router *d = router(device);

	(void)self;
	ck_assert(watch == d->faces || watch == d->counters || watch == d->heard);
	if (watch == d->heard)
		d->heard = 0;
	else if (watch == d->faces)
		d->faces = 0;
	else
		d->counters = 0;
}

static void port_forget(void *self, const char *device, const char *path)
{
	(void)self;
	(void)router(device);
	ck_assert(strncmp(path, "/device/measure/", 16) == 0);
}

static bool port_has(void *self, const char *device)
{
	(void)self;
	return router(device)->present;
}

static const struct device_port port = { .set = port_set, .watch = port_watch, .unwatch = port_unwatch,
					 .forget = port_forget, .has = port_has };

/* ---- what devices say ---- */

static uint64_t wall(void)
{
	return loop_wall_ns(world.loop);
}

static void say(const struct router *d, uint32_t watch, const char *path, const char *text)
{
	struct device_sample s = { .device = d->name, .watch = watch, .path = path, .text = text };

	s.time_ns = (int64_t)wall() + d->clock_ms * (int64_t)NS_PER_MS;
	s.number = str_u64(text, &s.u) == 0;
	assure_device_sink.sample(rb.room, &s);
}

static void say_faces(struct router *d)
{
	for (const struct ted_link *l = world.ted->links; l < world.ted->links + world.ted->n_links; l++) {
		char path[128], text[96], a[IP_TEXT_MAX];

		if (strcmp(world.ted->nodes[l->from].name, d->name) != 0)
			continue;
		snprintf(path, sizeof(path), "/device/interface[name=to-%s]/address",
			 world.ted->nodes[l->to].name);
		snprintf(text, sizeof(text), "[\"fe80::1\",\"%s\"]", ip_text(&l->local_v6, a, sizeof(a)));
		say(d, d->faces, path, text);
	}
	assure_device_sink.synced(rb.room, d->name, d->faces);
}

/* Answers and first looks, as they come after the call that asked for them. */
static void serve(void)
{
	for (unsigned i = 0; i < ROUTERS; i++) {
		struct router *d = &rb.at[i];
		static uint32_t faces_told[ROUTERS], counters_told[ROUTERS], ports_told[ROUTERS];

		if (!d->up)
			faces_told[i] = counters_told[i] = ports_told[i] = 0;
		if (d->up && d->ports && ports_told[i] != d->ports) {
			ports_told[i] = d->ports;
			if (d->doc[0])
				say(d, d->ports, "/device/measure/marking/port[name=to-x]/name", "to-x");
			assure_device_sink.synced(rb.room, d->name, d->ports);
		}
		if (d->up && d->txn && !d->answered && !d->deaf) {
			struct device_result r = { .device = d->name, .txn = d->txn, .outcome = DEVICE_DONE,
						   .text = "" };

			if (d->refuses) {
				r.outcome = DEVICE_REFUSED;
				r.text = d->refuses;
			}
			d->answered = true;
			assure_device_sink.result(rb.room, &r);
		}
		if (d->up && d->probe_txn) {
			struct device_result r = { .device = d->name, .txn = d->probe_txn,
						   .outcome = d->refuses_probes ? DEVICE_REFUSED : DEVICE_DONE,
						   .text = d->refuses_probes ? d->refuses_probes : "" };

			d->probe_txn = 0;
			assure_device_sink.result(rb.room, &r);
		}
		if (d->up && d->faces && faces_told[i] != d->faces) {
			faces_told[i] = d->faces;
			say_faces(d);
		}
		if (d->up && d->counters && counters_told[i] != d->counters) {
			counters_told[i] = d->counters;
			assure_device_sink.synced(rb.room, d->name, d->counters);
		}
	}
}

static void run_until(uint64_t wall_ns)
{
	while (wall() < wall_ns) {
		uint64_t left = (wall_ns - wall()) / NS_PER_MS + 1;

		run_ms(left < 20 ? left : 20);
		serve();
	}
}

void connect_router(const char *name)
{
	struct router *d = router(name);
	const struct device_info info = { .device = d->name, .kind = "agent", .version = "0.10.0" };

	d->up = true;
	assure_device_sink.up(rb.room, &info);
}

void disconnect_router(const char *name)
{
	struct router *d = router(name);

	d->up = false;
	d->txn = 0;
	assure_device_sink.down(rb.room, d->name, "the connection broke");
}

/* ---- probes ---- */

void probe_window(uint32_t sent, uint32_t lost, uint32_t us)
{
	struct router *d = router("a");
	const struct {
		const char *leaf;
		uint64_t u;
	} told[] = { { "known", 0 }, { "window-sent", sent }, { "window-received", sent - lost },
		     { "window-lost", lost }, { "window-lost-forward", lost }, { "round-trip/maximum", 2 * us },
		     { "forward/samples", sent - lost }, { "forward/minimum", us / 2 }, { "forward/median", us / 2 },
		     { "forward/maximum", us }, { "forward/error", 10 }, { "ssid", 7 }, { "window", wall() / NS_PER_S } };

	ck_assert(d->session_name[0] && d->sessions);
	for (unsigned i = 0; i < ARRAY_LEN(told); i++) {
		char path[160], text[32];

		if (us == 0 && strncmp(told[i].leaf, "forward/", 8) == 0)
			continue;
		snprintf(path, sizeof(path), "/device/measure/stamp/session[name=%s]/state/%s", d->session_name,
			 told[i].leaf);
		snprintf(text, sizeof(text), "%llu", (unsigned long long)told[i].u);
		say(d, d->sessions, path, i == 0 ? sent > lost ? "true" : "false" : text);
	}
}

void heard(const char *name, uint64_t packets)
{
	struct router *d = router(name);
	char path[160], text[32], a[IP_TEXT_MAX];
	struct ip_addr source = net_addr("a");

	ck_assert_uint_ne(d->heard, 0);
	snprintf(path, sizeof(path), "/device/measure/stamp/reflector/heard[source=%s][ssid=7]/packets",
		 ip_text(&source, a, sizeof(a)));
	snprintf(text, sizeof(text), "%llu", (unsigned long long)packets);
	say(d, d->heard, "/device/measure/stamp/reflector/port", "862");
	say(d, d->heard, path, text);
	assure_device_sink.synced(rb.room, d->name, d->heard);
}

void look_window(bool large, uint32_t sent, uint32_t received)
{
	struct router *d = router("a");
	const struct {
		const char *leaf;
		uint64_t u;
	} told[] = { { "known", 0 }, { "window-sent", sent }, { "window-received", received },
		     { "window-lost-forward", sent - received }, { "window-lost-backward", 0 }, { "window", wall() / NS_PER_S } };

	for (unsigned i = 0; i < ARRAY_LEN(told); i++) {
		char path[160], text[32];

		if (received == 0 && i > 1 && i < 5)
			continue;
		snprintf(path, sizeof(path), "/device/measure/stamp/session[name=%s-%u]/state/%s",
			 large ? "large" : "small", rb.flow, told[i].leaf);
		snprintf(text, sizeof(text), "%llu", (unsigned long long)told[i].u);
		say(d, d->sessions, path, i == 0 ? received ? "true" : "false" : text);
	}
}

/* ---- traffic ---- */

uint64_t now_period(void)
{
	return wall() / (PERIOD_MS * NS_PER_MS);
}

void tell_as(const char *name, bool out, const char *face, uint64_t k, uint64_t packets)
{
	static const char *const leafs[] = { "direction", "flow", "interface", "source" };
	struct router *d = router(name);
	char entry[256], path[320], a[IP_TEXT_MAX];
	struct ip_addr source = net_addr("a");
	struct {
		const char *leaf;
		uint64_t u;
	} const told[] = { { "packets", packets }, { "octets", 100 * packets }, { "boot", d->boot },
			   { "began", 2 }, { "d-time", k * PERIOD_MS * NS_PER_MS + 500 * NS_PER_MS +
						       ((uint64_t)(name[0] - 'a' + out) + d->late_ms) * NS_PER_MS },
			   { "clock-error", 10 }, { "period", k } };

	if (!d->up || !d->counters)
		return;
	snprintf(entry, sizeof(entry),
		 "/device/measure/marking/counter[direction=%s][flow=%u][interface=%s][source=%s]",
		 out ? "out" : "in", rb.flow, face, ip_text(&source, a, sizeof(a)));
	for (unsigned i = 0; i < ARRAY_LEN(leafs); i++) {
		snprintf(path, sizeof(path), "%s/%s", entry, leafs[i]);
		say(d, d->counters, path, "key");
	}
	for (unsigned i = 0; i < ARRAY_LEN(told); i++) {
		char text[32];

		snprintf(path, sizeof(path), "%s/%s", entry, told[i].leaf);
		snprintf(text, sizeof(text), "%llu", (unsigned long long)told[i].u);
		say(d, d->counters, path, strcmp(told[i].leaf, "began") ? text : d->began ? "true" : "false");
	}
}

void tell(const char *name, bool out)
{
	struct router *d = router(name);
	uint64_t k = now_period() - 1;

	tell_as(name, out, out ? "to-next" : "to-last", k + (uint64_t)(d->clock_ms / PERIOD_MS),
		d->count[out][k % 2]);
}

/* Everything passes in the middle of the period. */
static void pass(uint64_t k)
{
	uint64_t n = rb.sent;
	unsigned at = 0;

	for (const char *p = rb.path; *p; p++) {
		struct router *d = router((char[]){ *p, '\0' });

		if (p != rb.path)
			d->count[0][k % 2] += n;
		n -= p != rb.path && p[1] ? rb.lost[at++] : 0;
		if (p[1]) {
			d->count[1][k % 2] += n;
			n -= rb.lost[at++];
		}
	}
}

void period(void)
{
	uint64_t k = now_period(), start = (k + 1) * PERIOD_MS * NS_PER_MS;

	pass(k);
	run_until(start + HALF_MS * NS_PER_MS);
	for (unsigned i = 0; i < ROUTERS; i++) {
		struct router *d = &rb.at[i];

		if (d->mute || !strchr(rb.path, d->name[0]))
			continue;
		if (d->name[0] != rb.path[0])
			tell(d->name, false);
		if (d->name[0] != rb.path[strlen(rb.path) - 1])
			tell(d->name, true);
	}
	if (rb.meanwhile)
		rb.meanwhile();
	run_until(start + 800 * NS_PER_MS);
}

void periods(unsigned n)
{
	while (n-- > 0)
		period();
}

/* ---- life ---- */

static void on_evidence(void *arg, const struct assure_evidence *e)
{
	(void)arg;
	if (rb.only && strcmp(e->slice, rb.only) != 0)
		return;
	rb.last = *e;
	memcpy(rb.segments, e->segments, e->n_segments * sizeof(e->segments[0]));
	rb.last.segments = rb.segments;
	snprintf(rb.why, sizeof(rb.why), "%s", e->why);
	rb.told++;
}

static bool last_sid(void *ctx, const char *slice, const struct slice_flow_view *flow, struct ip_addr *out)
{
	(void)ctx;
	(void)slice;
	(void)flow;
	return rb.service_sid && ip_parse("fcbb:bbbb:4:d001::", out) == 0;
}

static void room_start(void)
{
	const struct assure_room_parts parts = { .loop = world.loop, .bus = world.bus, .intent = world.intent,
						 .slice = bed.slice, .store = world.store };
	const struct assure_room_cfg cfg = { .streams_max = 16, .last_sid = last_sid };

	ck_assert_int_eq(assure_room_new(&rb.room, &parts, &cfg), 0);
	ck_assert_int_eq(assure_room_load(rb.room), 0);
	assure_room_watch(rb.room, on_evidence, NULL);
	assure_room_port(rb.room, &port);
}

void room_bed_restart(void)
{
	rb.room = assure_room_free(rb.room);
	room_bed_begin();
}

void room_bed_begin(void)
{
	for (unsigned i = 0; i < ROUTERS; i++) {
		rb.at[i].txn = rb.at[i].faces = rb.at[i].counters = rb.at[i].sessions = rb.at[i].ports = 0;
		rb.at[i].up = false;
	}
	serve();
	room_start();
	for (unsigned i = 0; i < ROUTERS; i++)
		if (rb.at[i].present)
			connect_router(rb.at[i].name);
}

/* Links tell loss and variation, else nothing could be promised of them. */
static void square(void)
{
	static const char *const ways[][2] = { { "a", "b" }, { "b", "d" }, { "a", "c" }, { "c", "d" } };

	bed_square();
	for (unsigned i = 0; i < 2 * ARRAY_LEN(ways); i++) {
		struct ted_link *l = net_dir(ways[i / 2][i % 2], ways[i / 2][1 - i % 2]);

		l->has_loss = true;
		l->loss_ppm = 1;
		l->has_delay_var = true;
		l->delay_var_us = 1;
	}
}

void room_bed_up(void)
{
	rb = (struct room_bed){ .path = "abd", .sent = 1000, .service_sid = true };
	bed_up(square);
	for (unsigned i = 0; i < ROUTERS; i++)
		rb.at[i] = (struct router){ .name = (const char *const[]){ "a", "b", "c", "d" }[i],
					    .present = true, .boot = i + 1 };
	room_start();
	serve();
	for (unsigned i = 0; i < ROUTERS; i++)
		connect_router(rb.at[i].name);
}

void room_bed_down(void)
{
	rb.room = assure_room_free(rb.room);
	bed_down();
}

const struct assure_stream_view *stream(void)
{
	static struct assure_stream_view v;

	ck_assert(assure_room_stream(rb.room, "one", 0, &v));
	return &v;
}

const struct assure_slice_view *judged(void)
{
	static struct assure_slice_view v;

	ck_assert(assure_room_slice(rb.room, "one", &v));
	return &v;
}
