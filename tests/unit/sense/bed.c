/* SPDX-License-Identifier: Apache-2.0 */
#include "bed.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/str.h"
#include "topo/told.h"
#include "work/work.h"

struct bed bed;

static const char *const names[ROUTERS] = { "a", "b", "c" };

void run_ms(uint64_t ms)
{
	struct mono until = mono_add(loop_now(bed.loop), ms * NS_PER_MS);

	while (loop_fake_step(bed.loop, until))
		;
}

/* ---- routers ---- */

static unsigned router(const char *name)
{
	for (unsigned r = 0; r < ROUTERS; r++)
		if (strncmp(names[r], name, 1) == 0)
			return r;
	ck_abort_msg("%s", name);
}

void half_said(const char *from, const char *to, uint32_t delay_us, bool gone)
{
	told_half(bed.topo, router(from), router(to), delay_us, gone);
}

uint32_t link_of(const char *text)
{
	uint32_t l = ted_link_by_text(topo_ted(bed.topo), text);

	ck_assert_uint_ne(l, TED_NONE);
	return l;
}

const struct ted_link *row(const char *text)
{
	return &topo_ted(bed.topo)->links[link_of(text)];
}

static void feed(void)
{
	told_begin(bed.topo);
	for (unsigned r = 0; r < ROUTERS; r++) {
		const struct ls_object o = told_node(r, names[r]);

		topo_sink.object(bed.topo, 0, &o, false);
	}
	for (unsigned r = 0; r < ROUTERS; r++)
		for (unsigned x = 0; x < ROUTERS; x++)
			if (x != r)
				half_said(names[r], names[x], 0, false);
	topo_sink.end_of_rib(bed.topo, 0);
}

/* ---- devices ---- */

struct device *dev(const char *name)
{
	return &bed.dev[router(name)];
}

const char *dev_has(const char *name, const char *part)
{
	struct device *d = dev(name);

	for (unsigned i = 0; i < d->n; i++)
		if (strstr(d->has[i].path, part))
			return d->has[i].doc;
	return NULL;
}

static struct loop_timer answers[ROUTERS], tellings[ROUTERS];

static void answer(void *arg)
{
	struct device *d = arg;
	const struct device_result r = { .device = d->name, .txn = d->txn, .text = d->mood ? "it does not want to" : "",
					 .outcome = d->mood ? DEVICE_REFUSED : DEVICE_DONE };

	d->txn = 0;
	sense_device_sink.result(bed.sense, &r);
}

static int fake_set(void *self, const char *device, const struct device_change *c, size_t n, uint32_t *txn)
{
	struct device *d = dev(device);
	unsigned i = 0;

	(void)self;
	ck_assert(d->configured && n == 1 && d->txn == 0);
	d->txn = *txn = ++bed.next;
	d->sets++;
	loop_timer_after(&answers[d - bed.dev], 20 * NS_PER_MS);
	if (d->mood == REFUSES)
		return 0;
	while (i < d->n && strcmp(d->has[i].path, c->path) != 0)
		i++;
	if (c->op == DEVICE_DELETE) {
		if (i < d->n)
			d->has[i] = d->has[--d->n];
		return 0;
	}
	ck_assert_uint_lt(i, SESSIONS);
	(void)str_copy(d->has[i].path, sizeof(d->has[i].path), c->path);
	(void)str_copy(d->has[i].doc, sizeof(d->has[i].doc), c->json);
	d->n = i == d->n ? i + 1 : d->n;
	return 0;
}

static uint32_t watch_of(const struct device *d, const char *part)
{
	for (unsigned i = 0; i < WATCHES; i++)
		if (d->watch[i].id && strstr(d->watch[i].path, part))
			return d->watch[i].id;
	return 0;
}

static void tell(struct device *d, uint32_t watch, const char *path, const char *text, uint64_t u)
{
	const struct device_sample s = { .device = d->name, .watch = watch, .path = path, .text = text, .u = u,
					 .number = !text[0], .time_ns = (int64_t)loop_wall_ns(bed.loop) };

	if (watch && d->up)
		sense_device_sink.sample(bed.sense, &s);
}

void mtu_told(const char *link, uint32_t mtu)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "/device/interface[name=to-%s]/mtu", link + 2);
	dev(link)->mtu[router(link + 2)] = mtu;
	tell(dev(link), watch_of(dev(link), "/mtu"), path, "", mtu);
	run_ms(1500);
}

/* What a watch that begins is told. */
static void tell_all(void *arg)
{
	struct device *d = arg;
	unsigned r = (unsigned)(d - bed.dev);
	struct ip_addr local;
	char path[192], value[96], text[IP_TEXT_MAX];

	for (unsigned x = 0; x < ROUTERS; x++) {
		local = told_link_addr(r, x);
		(void)snprintf(path, sizeof(path), "/device/interface[name=to-%s]/address", names[x]);
		(void)snprintf(value, sizeof(value), "[fe80::1,%s]", ip_text(&local, text, sizeof(text)));
		if (x != r)
			tell(d, watch_of(d, "/address"), path, value, 0);
		(void)snprintf(path, sizeof(path), "/device/interface[name=to-%s]/mtu", names[x]);
		if (x != r && d->mtu[x])
			tell(d, watch_of(d, "/mtu"), path, "", d->mtu[x]);
	}
	for (unsigned i = 0; i < d->n; i++) {
		(void)snprintf(path, sizeof(path), "%s/port", d->has[i].path);
		if (strstr(path, "session"))
			tell(d, watch_of(d, "/session"), path, "", 862);
	}
	for (unsigned i = 0; i < WATCHES; i++)
		if (d->watch[i].id && d->up)
			sense_device_sink.synced(bed.sense, d->name, d->watch[i].id);
}

static int fake_watch(void *self, const char *device, const struct device_watch *w, uint32_t *watch)
{
	struct device *d = dev(device);

	(void)self;
	for (unsigned i = 0; i < WATCHES; i++) {
		if (d->watch[i].id)
			continue;
		d->watch[i].id = *watch = ++bed.next;
		d->watch[i].interval_ns = w->on_change ? 0 : w->interval_ns;
		(void)str_copy(d->watch[i].path, sizeof(d->watch[i].path), w->path);
		loop_timer_after(&tellings[d - bed.dev], 5 * NS_PER_MS);
		return 0;
	}
	return DEVICE_E_FULL;
}

static void fake_unwatch(void *self, const char *device, uint32_t watch)
{
	(void)self;
	for (unsigned i = 0; i < WATCHES; i++)
		if (dev(device)->watch[i].id == watch)
			dev(device)->watch[i].id = 0;
}

static void fake_forget(void *self, const char *device, const char *path)
{
	(void)self;
	(void)path;
	ck_assert(dev(device)->configured);
}

static bool fake_has(void *self, const char *device)
{
	(void)self;
	return dev(device)->configured;
}

static const struct device_port port = { .set = fake_set, .watch = fake_watch, .unwatch = fake_unwatch,
					 .forget = fake_forget, .has = fake_has };

void dev_up(const char *name, bool up)
{
	const struct device_info info = { .device = name, .kind = "agent", .version = "0.10.0" };
	struct device *d = dev(name);

	d->up = up;
	if (up) {
		sense_device_sink.up(bed.sense, &info);
		tell_all(d);
		return;
	}
	for (unsigned i = 0; i < WATCHES; i++)
		if (d->watch[i].id)
			sense_device_sink.gap(bed.sense, name, d->watch[i].id, "the session broke");
	sense_device_sink.down(bed.sense, name, "the session broke");
}

/* ---- what they measure ---- */

/* Leafs of one window have one time. */
static int64_t window_ns;

void leaf(const char *link, const char *name, uint64_t value)
{
	struct device *d = dev(link);
	struct device_sample s = { .device = d->name, .watch = watch_of(d, "/session"), .u = value, .text = "",
				   .number = true, .time_ns = window_ns };
	struct ip_addr local;
	char path[192];
	size_t n;

	local = told_link_addr(router(link), router(link + 2));
	n = (size_t)snprintf(path, sizeof(path), "/device/measure/stamp/session[name=link-");
	for (size_t i = 0; i < 16; i++)
		n += (size_t)snprintf(path + n, sizeof(path) - n, "%02x", local.b[i]);
	(void)snprintf(path + n, sizeof(path) - n, "]/state/%s", name);
	s.path = path;
	if (strcmp(name, "known") == 0) {
		s.number = false;
		s.text = value ? "true" : "false";
	}
	if (s.watch && d->up)
		sense_device_sink.sample(bed.sense, &s);
}

void window(const char *link, struct window w)
{
	window_ns = (int64_t)++bed.window;
	leaf(link, "known", !w.unknown);
	if (!w.unknown && w.forward_us) {
		leaf(link, "forward/samples", 10);
		leaf(link, "forward/minimum", w.forward_us);
		leaf(link, "forward/median", w.forward_us + 10);
		leaf(link, "forward/maximum", w.forward_us * 2);
		leaf(link, "forward/error", w.error_us);
	}
	if (!w.unknown) {
		leaf(link, "round-trip/samples", 10);
		leaf(link, "round-trip/minimum", w.round_us);
		leaf(link, "round-trip/median", w.round_us + 40);
		leaf(link, "round-trip/maximum", w.round_us * 2);
	}
	leaf(link, "window", bed.window);
}

void windows(const char *link, uint32_t round_us, unsigned s)
{
	for (unsigned i = 0; i < s; i++) {
		window(link, (struct window){ .round_us = round_us });
		run_ms(1000);
	}
}

void counted(const char *link, uint64_t octets)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "/device/interface[name=to-%s]/statistics/out-octets", link + 2);
	tell(dev(link), watch_of(dev(link), "octets"), path, "", octets);
}

unsigned events(const char *type)
{
	const struct bus_event *e;
	unsigned n = 0;
	bool gap;

	for (uint64_t at = 0; (e = bus_next(bed.bus, at, &gap)) != NULL; at = e->id)
		n += strcmp(e->type, type) == 0;
	return n;
}

const char *least(void)
{
	return least_for(0);
}

const char *least_for(uint16_t payload)
{
	static char text[128];
	struct intent_path_query q = { .src = "a", .dst = "c", .setup_prio = 7, .dataplane = SR_SRV6, .msd = 8 };
	const struct ted *ted;
	struct pce_answer out;
	struct arena a;

	arena_init(&a, 0);
	intent_cpath_default(&q.constraints);
	q.constraints.minimise = payload ? PCE_IGP : PCE_DELAY;
	q.constraints.payload = payload;
	intent_path(bed.intent, &q, &a, &out, &ted);
	text[0] = '\0';
	for (uint32_t i = 0; out.status == PCE_OK && i < out.n_path; i++) {
		char label[TED_LABEL_MAX];

		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? " " : "",
			       ted_link_label(ted, out.path[i], label, sizeof(label)));
	}
	arena_fini(&a);
	return text;
}

/* ---- life ---- */

static void on_ted(void *arg, const struct ted *ted)
{
	(void)arg;
	intent_on_ted(bed.intent, ted);
	sense_on_ted(bed.sense, ted);
}

void bed_up(void)
{
	struct topo_cfg tcfg;
	struct intent_cfg icfg;
	struct sense_parts parts;

	bed = (struct bed){ 0 };
	topo_cfg_default(&tcfg);
	intent_cfg_default(&icfg);
	sense_cfg_default(&bed.cfg);
	ck_assert_int_eq(loop_fake_new(&bed.loop, 1), 0);
	ck_assert_int_eq(store_disk_new(&bed.disk), 0);
	ck_assert_int_eq(bus_new(&bed.bus, 1), 0);
	ck_assert_int_eq(work_new(&bed.work, bed.loop, 0), 0);
	ck_assert_int_eq(store_fake_new(&bed.store, bed.loop, bed.disk), 0);
	ck_assert_int_eq(topo_new(&bed.topo, bed.loop, bed.bus, &tcfg), 0);
	ck_assert_int_eq(intent_new(&bed.intent, bed.loop, bed.work, bed.store, bed.bus, &icfg), 0);
	ck_assert_int_eq(intent_load(bed.intent), 0);
	for (unsigned i = 0; i < ROUTERS; i++) {
		(void)str_copy(bed.dev[i].name, sizeof(bed.dev[i].name), names[i]);
		bed.dev[i].configured = true;
		loop_timer_init(&answers[i], bed.loop, answer, &bed.dev[i]);
		loop_timer_init(&tellings[i], bed.loop, tell_all, &bed.dev[i]);
	}
	parts = (struct sense_parts){ bed.loop, bed.bus, bed.topo, bed.intent };
	ck_assert_int_eq(sense_new(&bed.sense, &parts), 0);
	sense_port(bed.sense, &port);
	topo_on_ted(bed.topo, on_ted, NULL);
	feed();
	run_ms(100);
	for (unsigned i = 0; i < ROUTERS; i++)
		dev_up(names[i], true);
	run_ms(3000);
}

void bed_down(void)
{
	for (unsigned i = 0; i < ROUTERS; i++) {
		loop_timer_fini(&answers[i]);
		loop_timer_fini(&tellings[i]);
	}
	sense_free(bed.sense);
	intent_free(bed.intent);
	topo_free(bed.topo);
	work_free(bed.work);
	store_close(bed.store);
	bus_free(bed.bus);
	store_disk_free(bed.disk);
	loop_free(bed.loop);
}
