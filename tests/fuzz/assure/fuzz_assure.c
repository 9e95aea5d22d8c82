/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What devices tell: lines "WATCH PATH TEXT", a device each second one, to a room with two flows
 * between two devices. Whatever they say, no more is kept than may be, nothing crashes, and a flow of
 * which one end is silent is never within its bounds.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "assure/flows/room_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PERIOD_MS = 1000, FLOWS = 2, COUNTERS = 1, FACES = 2, SESSIONS = 3, HEARD = 4, LINE_MAX_ = 1024 };

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
	return strcmp(device, "a") == 0 || strcmp(device, "b") == 0;
}

static void never(void *arg)
{
	(void)arg;
}

/* Flow 2 ends at a node that is no device. */
static void on_window(void *arg, const struct assure_window *w)
{
	(void)arg;
	assert(w->verdict == ASSURE_UNKNOWN || w->id == 1);
	assert(w->loss_why != ASSURE_FINE || (w->sent > 0 && w->lost <= w->sent));
}

static void flow_add(struct assure_room *r, struct room_flow *f, uint32_t id, uint32_t to)
{
	const struct assure_terms t = { .period_ms = PERIOD_MS, .guard_ms = 750, .loss_ppm_max = 1000,
					.delay_us_max = ASSURE_NO_BOUND, .horizon = 1, .at_risk_pct = 80,
					.to_violate = 1, .to_clear = 1 };
	const struct assure_point p[] = { { 0, true }, { to, false } };

	f->id = id;
	f->measured = f->marked = f->probed = true;
	f->terms = t;
	f->n_nodes = 2;
	f->nodes[1] = to;
	f->source = (struct ip_addr){ .family = IP_V6 };
	if (hash_put(&r->flows, &f->id, sizeof(f->id), &f->by_id) < 0 ||
	    assure_add(r->assure, id, &t, p, 2, assure_room_wall(r)) != 0)
		abort();
}

static void room_make(struct assure_room *r, struct room_flow flows[FLOWS])
{
	if (loop_fake_new(&r->parts.loop, 1) < 0 || assure_new(&r->assure, FLOWS, 1) < 0)
		abort();
	hash_init(&r->flows, 1, flow_eq);
	hash_init(&r->devices, 1, device_eq);
	loop_timer_init(&r->plan, r->parts.loop, never, NULL);
	r->port.has = has;
	r->period_ms = PERIOD_MS;
	for (int i = 0; i <= ASSURE_EARLY; i++)
		r->m_readings[i] = metric_counter("sextant_fuzz_readings_total", "", "");
	r->m_faults = metric_counter("sextant_fuzz_faults_total", "", "");
	for (uint32_t i = 0; i < 2; i++) {
		struct room_device *d = room_device_get(r, i ? "b" : "a");

		if (!d)
			abort();
		d->node = i;
		d->watch_counters = COUNTERS;
		d->watch_faces = FACES;
		d->watch_sessions = SESSIONS;
		d->watch_heard = HEARD;
		d->up = d->heard_synced = true;
		if (!VEC_ADD(&r->at_node, d))
			abort();
	}
	flow_add(r, &flows[0], 1, 1);
	flow_add(r, &flows[1], 2, 2);
}

static void room_unmake(struct assure_room *r)
{
	HASH_EACH (n, &r->devices) {
		const struct room_device *d = HASH_OF(n, struct room_device, by_name);

		assert(d->counters.count <= ROOM_COUNTERS_MAX && d->faces.n <= ROOM_FACES_MAX && d->heard.n <= 1024);
		room_device_free(HASH_OF(n, struct room_device, by_name));
	}
	VEC_FINI(&r->at_node);
	hash_fini(&r->devices);
	hash_fini(&r->flows);
	assure_free(r->assure);
	loop_timer_fini(&r->plan);
	loop_free(r->parts.loop);
}

/* A line: "1 /a/b[c=d]/e text"; "-" before it: gone; "~": a gap; "+": a second passes. */
static void line_take(struct assure_room *r, char *line, const char *device)
{
	struct device_sample s = { .device = device, .path = "", .text = "" };
	char *at = line;

	if (*at == '+') {
		(void)loop_fake_step(r->parts.loop, mono_add(loop_now(r->parts.loop), NS_PER_S));
		assure_advance(r->assure, assure_room_wall(r), on_window, NULL);
		return;
	}
	if (*at == '~') {
		assure_device_sink.gap(r, device, COUNTERS, "");
		return;
	}
	s.gone = *at == '-';
	at += s.gone;
	s.watch = *at ? (uint32_t)(*at++ - '0') : 0;
	at += *at == ' ';
	s.path = at;
	at += strcspn(at, " ");
	if (*at) {
		*at++ = '\0';
		s.text = at;
	}
	s.number = str_u64(s.text, &s.u) == 0;
	/* as the clock goes: periods of the text count from it */
	if (s.number && strstr(s.path, "/period"))
		s.u += assure_room_wall(r) / (PERIOD_MS * NS_PER_MS);
	s.time_ns = (int64_t)assure_room_wall(r);
	assure_device_sink.sample(r, &s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct room_flow flows[FLOWS] = { 0 };
	struct assure_room r = { 0 };
	char line[LINE_MAX_];
	size_t at = 0;

	room_make(&r, flows);
	for (unsigned i = 0; at < size; i++) {
		const uint8_t *end = memchr(data + at, '\n', size - at);
		size_t len = end ? (size_t)(end - data) - at : size - at;
		size_t n = len < sizeof(line) - 1 ? len : sizeof(line) - 1;

		memcpy(line, data + at, n);
		line[n] = '\0';
		line_take(&r, line, i % 2 ? "b" : "a");
		at += len + 1;
	}
	room_unmake(&r);
	return 0;
}
