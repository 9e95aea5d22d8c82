/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the octets of gNMI notifications to windows: 10 000 streams, marked and counted at their ends
 * by a hundred devices, each reading an entry of a device's list of counters. What is timed is what
 * the controller does with them: decoding, leaves, texts, readings, windows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assure/flows/room_priv.h"
#include "base/rng.h"
#include "southbound/gnmi/codec/gnmic.h"
#include "tools/bench/bench.h"

enum { STREAMS = 10000, DEVICES = 100, ENTRIES = 50, WARM = 3, WINDOWS = 5, PERIOD_MS = 1000, WATCH = 1 };
enum { MESSAGES = 2 * STREAMS / ENTRIES };

struct message {
	const uint8_t *data;
	size_t len;
};

struct told {
	struct assure_room r;
	struct room_flow *flows;
	struct room_device *devices[DEVICES];
	struct arena arena; /* of messages */
	struct message messages[MESSAGES];
	uint64_t windows, known, lost;
};

static const struct gnmic_list lists[] = { { "counter", { "direction", "flow", "interface", "source" } } };

static bool flow_eq(const struct hash_node *n, const void *key)
{
	return HASH_OF(n, struct room_flow, by_id)->id == *(const uint32_t *)key;
}

static bool device_eq(const struct hash_node *n, const void *key)
{
	return strcmp(HASH_OF(n, struct room_device, by_name)->name, key) == 0;
}

static bool has(void *self, const char *device)
{
	(void)self;
	(void)device;
	return true;
}

/* ---- what devices send ---- */

static void entry(struct told *t, const struct room_flow *f, bool out, uint64_t k, struct gnmic_update *u)
{
	STR_AUTO struct str path = { 0 }, v = { 0 };
	char ip[IP_TEXT_MAX];
	uint64_t d_ns = (k * PERIOD_MS + 500 + !out) * NS_PER_MS;
	uint64_t packets = (k / 2 + 1) * (f->id % 10 == 0 && !out ? 990 : 1000);

	str_addf(&path, "/device/measure/marking/counter[direction=%s][flow=%u][interface=eth0][source=%s]",
		 out ? "out" : "in", f->id, ip_text(&f->source, ip, sizeof(ip)));
	(void)gnmic_path_parse(str_text(&path), &t->arena, &u->path);
	str_addf(&v, "{\"sextant-device-measure:source\":\"%s\",\"sextant-device-measure:flow\":%u,", ip, f->id);
	str_addf(&v, "\"sextant-device-measure:interface\":\"eth0\",\"sextant-device-measure:direction\":\"%s\",",
		 out ? "out" : "in");
	str_addf(&v, "\"sextant-device-measure:packets\":\"%llu\",\"sextant-device-measure:octets\":\"%llu\",",
		 (unsigned long long)packets, (unsigned long long)packets * 1000);
	str_addf(&v, "\"sextant-device-measure:boot\":\"7\",\"sextant-device-measure:began\":false,"
		     "\"sextant-device-measure:d-time\":\"%llu\",\"sextant-device-measure:clock-error\":10,"
		     "\"sextant-device-measure:period\":\"%llu\"}",
		 (unsigned long long)d_ns, (unsigned long long)k);
	u->val = (struct gnmic_value){ .kind = GNMIC_JSON_IETF };
	u->val.bytes.data = arena_copy(&t->arena, str_text(&v), v.len);
	u->val.bytes.len = v.len;
}

static bool prepare(struct told *t, uint64_t k)
{
	arena_reset(&t->arena);
	for (unsigned m = 0; m < MESSAGES; m++) {
		bool out = m < MESSAGES / 2;
		struct gnmic_update u[ENTRIES] = { 0 };
		struct gnmic_event e = { .update = { .updates = u, .n_updates = ENTRIES } };

		e.update.timestamp_ns = (int64_t)((k + 1) * PERIOD_MS * NS_PER_MS + m);
		for (unsigned i = 0; i < ENTRIES; i++)
			entry(t, &t->flows[m % (MESSAGES / 2) * ENTRIES + i], out, k, &u[i]);
		t->messages[m].data = gnmic_event_write(&e, &t->arena, &t->messages[m].len);
		if (!t->messages[m].data)
			return false;
	}
	return true;
}

/* ---- what is made of it, as the southbound does it ---- */

struct telling {
	struct told *t;
	const char *device;
	int64_t time_ns;
};

static bool leaf(void *arg, const struct gnmic_leaf *l)
{
	const struct telling *x = arg;
	STR_AUTO struct str path = { 0 }, text = { 0 };
	struct device_sample s = { .device = x->device, .watch = WATCH, .time_ns = x->time_ns };

	gnmic_path_text(&l->path, &path);
	gnmic_value_text(&l->val, &text);
	s.path = str_text(&path);
	s.text = str_text(&text);
	s.number = gnmic_value_u64(&l->val, &s.u);
	assure_device_sink.sample(&x->t->r, &s);
	return true;
}

static bool hear(struct told *t, unsigned m)
{
	struct telling x = { .t = t };
	struct gnmic_event e;
	struct arena a;
	bool good;

	arena_init(&a, 16 << 20);
	good = !gnmic_event_read(t->messages[m].data, t->messages[m].len, &a, &e);
	/* flows of a device lie together; its far ends are at the next device */
	x.device = t->devices[(m % (MESSAGES / 2) * ENTRIES / (STREAMS / DEVICES) + (m >= MESSAGES / 2)) % DEVICES]->name;
	x.time_ns = e.update.timestamp_ns;
	for (size_t i = 0; good && i < e.update.n_updates; i++)
		good = !gnmic_leaves(&e.update.prefix, &e.update.updates[i], lists, ARRAY_LEN(lists), &a, leaf, &x);
	arena_fini(&a);
	return good;
}

static void on_window(void *arg, const struct assure_window *w)
{
	struct told *t = arg;

	t->windows++;
	t->known += w->verdict != ASSURE_UNKNOWN;
	t->lost += w->lost;
}

static bool window(struct told *t, uint64_t k, uint64_t *cpu_ns)
{
	uint64_t end = (k + 1) * PERIOD_MS * NS_PER_MS, start;
	bool good = prepare(t, k);

	while (assure_room_wall(&t->r) < end + 600 * NS_PER_MS)
		(void)loop_fake_step(t->r.parts.loop, mono_add(loop_now(t->r.parts.loop), 50 * NS_PER_MS));
	start = bench_cpu_ns();
	for (unsigned m = 0; good && m < MESSAGES; m++)
		good = hear(t, m);
	assure_advance(t->r.assure, end + 750 * NS_PER_MS, on_window, t);
	*cpu_ns += bench_cpu_ns() - start;
	return good;
}

/* ---- the room without the rooms around it ---- */

static bool flows_make(struct told *t, uint64_t now_ns)
{
	const struct assure_terms terms = { .period_ms = PERIOD_MS, .guard_ms = 750, .loss_ppm_max = 1000,
					    .delay_us_max = 20000, .percentile_ppm = 500000, .horizon = 60,
					    .at_risk_pct = 80, .to_violate = 3, .to_clear = 3 };

	for (unsigned i = 0; i < STREAMS; i++) {
		struct room_flow *f = &t->flows[i];
		uint8_t octets[16] = { 0xfd, [15] = (uint8_t)(i / (STREAMS / DEVICES)) };
		struct assure_point p[2];

		f->id = i + 1;
		f->measured = f->marked = true;
		f->n_nodes = 2;
		f->nodes[0] = i / (STREAMS / DEVICES);
		f->nodes[1] = (f->nodes[0] + 1) % DEVICES;
		f->source = ip_v6(octets);
		p[0] = (struct assure_point){ f->nodes[0], true };
		p[1] = (struct assure_point){ f->nodes[1], false };
		if (hash_put(&t->r.flows, &f->id, sizeof(f->id), &f->by_id) < 0 ||
		    assure_add(t->r.assure, f->id, &terms, p, 2, now_ns) != 0)
			return false;
	}
	return true;
}

static bool make(struct told *t, uint64_t seed)
{
	struct assure_room *r = &t->r;

	arena_init(&t->arena, 0);
	t->flows = calloc(STREAMS, sizeof(*t->flows));
	if (!t->flows || loop_fake_new(&r->parts.loop, seed) < 0 || assure_new(&r->assure, STREAMS, seed) < 0)
		return false;
	hash_init(&r->flows, seed, flow_eq);
	hash_init(&r->devices, seed, device_eq);
	r->port.has = has;
	r->period_ms = PERIOD_MS;
	for (int i = 0; i <= ASSURE_EARLY; i++)
		r->m_readings[i] = metric_counter("sextant_assure_readings_total", "", "");
	r->m_faults = metric_counter("sextant_assure_refused_samples_total", "", "");
	for (unsigned i = 0; i < DEVICES; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "pe%u", i);
		t->devices[i] = room_device_get(r, name);
		if (!t->devices[i])
			return false;
		t->devices[i]->node = i;
		t->devices[i]->watch_counters = WATCH;
	}
	return flows_make(t, assure_room_wall(r));
}

static void unmake(struct told *t)
{
	HASH_EACH (n, &t->r.devices)
		room_device_free(HASH_OF(n, struct room_device, by_name));
	hash_fini(&t->r.devices);
	hash_fini(&t->r.flows);
	assure_free(t->r.assure);
	loop_free(t->r.parts.loop);
	arena_fini(&t->arena);
	free(t->flows);
}

void bench_assure_told(struct bench *b)
{
	struct told *t;
	uint64_t cpu_ns = 0, k;
	bool good;

	if (!bench_wants(b, "assure_told"))
		return;
	t = calloc(1, sizeof(*t));
	good = t && make(t, b->seed);
	k = good ? assure_room_wall(&t->r) / (PERIOD_MS * NS_PER_MS) : 0;
	for (unsigned i = 0; good && i < WARM + WINDOWS; i++) {
		cpu_ns = i == WARM ? 0 : cpu_ns;
		good = window(t, k + i, &cpu_ns);
	}
	bench_row(b, "assure_told_10k_core", (double)cpu_ns / 1e9 / WINDOWS, "core");
	if (!good || t->known < STREAMS * (WINDOWS - 1) || t->lost == 0)
		bench_fail(b, "assure", "readings do not become windows");
	if (t)
		unmake(t);
	free(t);
}
