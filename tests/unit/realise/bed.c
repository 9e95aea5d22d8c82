/* SPDX-License-Identifier: Apache-2.0 */
#include "bed.h"

#include <json-c/json.h>
#include <stdio.h>

#include "base/str.h"

struct bed bed;

/* ---- what src/slice would say ---- */

static struct ordered *order_of(const char *id)
{
	for (unsigned i = 0; i < ORDERS; i++) {
		if (bed.order[i].there && strcmp(bed.order[i].id, id) == 0)
			return &bed.order[i];
	}
	return NULL;
}

const struct slice_service *slice_service_of(const struct slice *s, const char *id)
{
	struct ordered *o = order_of(id);

	(void)s;
	return o ? &o->service : NULL;
}

uint64_t slice_revision(const struct slice *s)
{
	(void)s;
	return bed.writes;
}

int slice_get(const struct slice *s, const char *id, struct slice_view *out)
{
	struct ordered *o = order_of(id);

	(void)s;
	if (!o)
		return SLICE_E_MISSING;
	*out = (struct slice_view){ .n_flows = o->n_flows, .ordered = o->written };
	return 0;
}

uint32_t slice_flows(const struct slice *s, const char *id, uint32_t at, struct slice_flow_view *out, uint32_t cap)
{
	struct ordered *o = order_of(id);
	uint32_t n = 0;

	(void)s;
	for (uint32_t i = at; o && i < o->n_flows && n < cap; i++)
		out[n++] = o->flows[i];
	return n;
}

static struct ip_addr loopback(const char *node)
{
	char text[32];
	struct ip_addr a;

	snprintf(text, sizeof(text), "fd00::%s", node + 1);
	ck_assert_int_eq(ip_parse(text, &a), 0);
	return a;
}

enum slice_way slice_way_of(const struct slice *s, const struct sr_policy_key *key)
{
	(void)s;
	for (unsigned i = 0; i < DEVICES; i++) {
		struct ip_addr end = loopback(bed.device[i].name);

		if (ip_eq(&end, &key->endpoint))
			return bed.device[i].way;
	}
	return SLICE_WAY_UNKNOWN;
}

void slice_homes_changed(struct slice *s, const char *id)
{
	(void)s;
	bed.home_news += strcmp(id, "x") == 0;
}

void bed_way(const char *device, enum slice_way way)
{
	struct device *d = device_at(device);

	ck_assert_ptr_nonnull(d);
	if (d)
		d->way = way;
	for (unsigned i = 0; i < ORDERS; i++) {
		if (bed.order[i].there)
			realise_steps(bed.room).ways(bed.room, bed.order[i].id);
	}
}

void bed_circuit(const char *device, const char *interface, const char *status)
{
	char path[DEVICE_PATH_MAX];
	const struct device_sample s = { .device = device, .watch = 7, .path = path, .text = status, .gone = !status };

	snprintf(path, sizeof(path), "/device/interface[name=%s]/oper-status", interface);
	realise_device_sink.sample(bed.room, &s);
}

void slice_step_done(struct slice *s, const char *id, enum slice_step step, bool undo, bool ok, const char *why)
{
	unsigned n = bed.told.n;

	(void)s;
	bed.told = (struct told){ .done = true, .ok = ok, .undo = undo, .step = step, .n = n + 1 };
	ck_assert(str_copy(bed.told.id, sizeof(bed.told.id), id));
	(void)str_copy(bed.told.why, sizeof(bed.told.why), why);
	if (bed.heard)
		bed.heard(&bed.told);
}

void slice_step_waits(struct slice *s, const char *id, enum slice_step step, const char *why)
{
	(void)s;
	ck_assert(str_copy(bed.told.id, sizeof(bed.told.id), id));
	(void)str_copy(bed.told.why, sizeof(bed.told.why), why);
	ck_assert_int_eq(step, SLICE_STEP_VERIFY);
	bed.told.waits++;
}

static void add_flow(struct ordered *o, const struct slice_group *g, const struct slice_construct *c, uint32_t from,
		     uint32_t to)
{
	const struct slice_sdp *a = &o->service.sdps[from], *b = &o->service.sdps[to];

	if (strcmp(a->node, b->node) == 0)
		return;
	ck_assert_uint_lt(o->n_flows, FLOWS);
	o->flows[o->n_flows] = (struct slice_flow_view){
		.group = g->id,
		.construct = c->id,
		.sender = a->id,
		.receiver = b->id,
		.key = { .headend = loopback(a->node), .color = 100 + o->n_flows, .endpoint = loopback(b->node) },
		.delay_us_max = 10000,
		.variation_us_max = PCE_NO_BOUND,
		.loss_ppm_max = PCE_NO_BOUND,
	};
	o->n_flows++;
}

struct ordered *bed_ordered(const char *id)
{
	return order_of(id);
}

void bed_order(const char *id, const char *doc)
{
	struct ordered *o = order_of(id);
	struct slice_fault f;

	if (o) {
		arena_fini(&o->arena);
		*o = (struct ordered){ .there = false };
	}
	if (!doc)
		return;
	for (unsigned i = 0; i < ORDERS && !o; i++)
		o = bed.order[i].there ? NULL : &bed.order[i];
	ck_assert_ptr_nonnull(o);
	if (!o)
		return;
	*o = (struct ordered){ .there = true, .written = ++bed.writes };
	snprintf(o->id, sizeof(o->id), "%s", id);
	arena_init(&o->arena, 0);
	ck_assert_msg(slice_service_read(doc, strlen(doc), &o->arena, &o->service, &f) == 0, "%s: %s", f.field, f.text);
	for (uint32_t g = 0; g < o->service.n_groups; g++) {
		const struct slice_group *of = &o->service.groups[g];

		for (uint32_t i = 0; i < of->n_constructs; i++) {
			const struct slice_construct *c = &of->constructs[i];

			for (uint32_t k = 0; k < c->n_ends; k++) {
				for (uint32_t j = 0; j < c->n_ends; j++) {
					if (j != k && (j == 0 || c->kind == SLICE_C_A2A))
						add_flow(o, of, c, c->ends[j].sdp, c->ends[k].sdp);
				}
			}
		}
	}
}

/* ---- devices ---- */

struct device *device_at(const char *name)
{
	for (unsigned i = 0; i < DEVICES; i++) {
		if (strcmp(bed.device[i].name, name) == 0)
			return &bed.device[i];
	}
	return NULL;
}

static bool port_has(void *self, const char *device)
{
	const struct device *d = device_at(device);

	(void)self;
	return d && !d->missing;
}

static int port_set(void *self, const char *device, const struct device_change *changes, size_t n, uint32_t *txn)
{
	struct device *d = device_at(device);
	struct waiting *w;

	(void)self;
	if (!d || d->missing)
		return DEVICE_E_NONE;
	if (d->n_waiting == WAITING)
		return DEVICE_E_FULL;
	if (strstr(changes[0].path, "/reflector")) { /* others' too: it may only be added to */
		ck_assert(n == 1 && changes[0].op == DEVICE_UPDATE);
		d->reflects++;
		*txn = ++bed.next_txn;
		return 0;
	}
	ck_assert(n > 0 && n <= DEVICE_CHANGES_MAX);
	w = &d->waiting[d->n_waiting++];
	*w = (struct waiting){ .txn = ++bed.next_txn, .n = n };
	*txn = w->txn;
	for (size_t i = 0; i < n; i++) {
		bool drop = changes[i].op == DEVICE_DELETE;
		json_object *o = drop ? NULL : json_tokener_parse(changes[i].json);

		ck_assert_msg(drop || o, "%s", changes[i].json);
		json_object_put(o);
		w->change[i] = (struct thing){ strdup(changes[i].path), drop ? NULL : strdup(changes[i].json) };
	}
	return 0;
}

static int port_watch(void *self, const char *device, const struct device_watch *w, uint32_t *watch)
{
	struct device *d = device_at(device);

	(void)self;
	if (!d || d->missing)
		return DEVICE_E_NONE;
	*watch = strcmp(w->path, "/device/measure/stamp/session") == 0 ? 1 :
		 strcmp(w->path, "/device/table/name") == 0	       ? 2 :
		 strcmp(w->path, "/device/classifier/name") == 0       ? 3 :
		 strcmp(w->path, "/device/policer/name") == 0	       ? 4 :
		 strcmp(w->path, "/device/table/state/reason") == 0    ? 5 :
		 strcmp(w->path, "/device/forwarding") == 0	       ? 6 :
		 strcmp(w->path, "/device/interface/oper-status") == 0 ? 7 :
									 0;
	ck_assert_uint_gt(*watch, 0);
	d->watches += *watch == 1;
	return 0;
}

static void port_unwatch(void *self, const char *device, uint32_t watch)
{
	struct device *d = device_at(device);

	(void)self;
	ck_assert_uint_eq(watch, 1);
	ck_assert(d && d->watches == 1);
	if (d)
		d->watches = 0;
}

static void tell_leaf(const char *device, unsigned v, const char *name, const char *text, int number)
{
	char path[DEVICE_PATH_MAX], tag[REALISE_TAG_MAX];
	struct device_sample s = { .device = device, .watch = 1, .path = path, .text = text, .number = !text,
				   .u = (uint64_t)number };

	realise_tag("x", tag);
	snprintf(path, sizeof(path), "/device/measure/stamp/session[name=%s.v%u]/state/%s", tag, v, name);
	if (text || number >= 0)
		realise_device_sink.sample(bed.room, &s);
}

void bed_window(const char *device, unsigned v, uint64_t number, const struct window *w)
{
	char text[32];

	tell_leaf(device, v, "known", w->known, 0);
	tell_leaf(device, v, "window-sent", NULL, w->sent);
	tell_leaf(device, v, "window-lost", NULL, w->lost);
	tell_leaf(device, v, "round-trip/maximum", NULL, w->round);
	tell_leaf(device, v, "forward/maximum", NULL, w->there);
	tell_leaf(device, v, "forward/error", NULL, w->error);
	tell_leaf(device, v, "round-trip/median", NULL, w->round);
	tell_leaf(device, v, "forward/median", NULL, w->there);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	tell_leaf(device, v, "window", text, 0); /* 64 bits are texts in JSON */
}

static void port_forget(void *self, const char *device, const char *path)
{
	(void)self;
	(void)device;
	(void)path;
}

static struct thing *thing_at(struct device *d, const char *path)
{
	for (size_t i = 0; i < d->n; i++) {
		if (strcmp(d->at[i].path, path) == 0)
			return &d->at[i];
	}
	return NULL;
}

static void remove_thing(struct device *d, struct thing *t)
{
	free(t->path);
	free(t->json);
	*t = d->at[--d->n];
}

/* Replacing what is another slice's is what no order may ever do. */
static void apply(struct device *d, const struct thing *c)
{
	struct thing *t = thing_at(d, c->path);
	const char *name = c->json ? strstr(c->json, REALISE_TAG) : NULL, *was = t ? strstr(t->json, REALISE_TAG) : NULL;

	if (name && was && strncmp(name, was, strcspn(name, "\".")) != 0)
		bed.broken = true;
	if (t)
		remove_thing(d, t);
	if (!c->json)
		return;
	ck_assert_uint_lt(d->n, OBJECTS);
	d->at[d->n++] = (struct thing){ strdup(c->path), strdup(c->json) };
}

/* What a router refuses: a SID or an interface that two tables have, a classifier without table. */
static void check_device(struct device *d)
{
	char text[64];

	for (size_t i = 0; i < d->n; i++) {
		json_object *o = json_tokener_parse(d->at[i].json), *v;

		for (size_t k = 0; k < i; k++) {
			json_object *q = json_tokener_parse(d->at[k].json), *u;
			bool tables = strstr(d->at[i].path, "/table") && strstr(d->at[k].path, "/table");

			if (tables && json_object_object_get_ex(o, "interface", &v) &&
			    json_object_object_get_ex(q, "interface", &u) && json_object_equal(u, v))
				bed.broken = true;
			if (tables && json_object_object_get_ex(o, "sid", &v) &&
			    json_object_object_get_ex(q, "sid", &u) && json_object_equal(u, v))
				bed.broken = true;
			json_object_put(q);
		}
		if (strstr(d->at[i].path, "/classifier") && json_object_object_get_ex(o, "table", &v)) {
			snprintf(text, sizeof(text), "/device/table[id=%d]", json_object_get_int(v));
			bed.broken = bed.broken || !thing_at(d, text);
		}
		json_object_put(o);
	}
}

bool bed_answer(struct device *d, enum device_outcome o, int code, const char *text, bool applied)
{
	struct waiting w;
	struct device_result r = { .device = d->name, .outcome = o, .code = code, .text = text };

	if (d->n_waiting == 0)
		return false;
	w = d->waiting[0];
	memmove(d->waiting, d->waiting + 1, --d->n_waiting * sizeof(d->waiting[0]));
	for (size_t i = 0; i < w.n; i++) {
		if (applied)
			apply(d, &w.change[i]);
		free(w.change[i].path);
		free(w.change[i].json);
	}
	if (applied)
		check_device(d);
	r.txn = w.txn;
	realise_device_sink.result(bed.room, &r);
	return true;
}

bool bed_answer_all(void)
{
	bool any = false;

	for (unsigned i = 0; i < DEVICES; i++) {
		while (bed_answer(&bed.device[i], DEVICE_DONE, 0, "", true))
			any = true;
	}
	return any;
}

void bed_lose(struct device *d, const char *path)
{
	struct thing *t = thing_at(d, path);

	if (t)
		remove_thing(d, t);
}

const char *there(const char *device, const char *path)
{
	struct device *d = device_at(device);
	const struct thing *t = d ? thing_at(d, path) : NULL;

	return t ? t->json : NULL;
}

unsigned objects(const char *device)
{
	const struct device *d = device_at(device);

	return d ? (unsigned)d->n : 0;
}

/* ---- life ---- */

void bed_topology(unsigned routers)
{
	static struct ted_node node[DEVICES];
	static struct ted_locator locator[DEVICES];
	static struct ip_prefix own[DEVICES];
	struct ted_input in = { .nodes = node, .n_nodes = DEVICES, .prev = bed.ted };
	const struct ted *t;
	char text[32];

	memset(node, 0, sizeof(node));
	for (unsigned i = 0; i < DEVICES; i++) {
		snprintf(text, sizeof(text), "fd5e:64:%u::/48", i + 1);
		ck_assert_int_eq(ip_prefix_parse(text, &locator[i].prefix), 0);
		snprintf(text, sizeof(text), "fd00::%u/128", i + 1);
		ck_assert_int_eq(ip_prefix_parse(text, &own[i]), 0);
		node[i] = (struct ted_node){ .alive = i < routers, .srv6 = true, .locators = &locator[i],
					     .n_locators = 1, .prefixes = &own[i], .n_prefixes = 1 };
		snprintf(node[i].id, sizeof(node[i].id), "0000.0000.000%u", i + 1);
		snprintf(node[i].name, sizeof(node[i].name), "r%u", i + 1);
	}
	ck_assert_int_eq(ted_build(&in, &t), 0);
	ted_unref(bed.ted);
	bed.ted = t;
	realise_on_ted(bed.room, t);
}

static void probed(void *ctx, const char *device)
{
	struct device *d = device_at(device);

	(void)ctx;
	if (d)
		d->probed++;
}

static void start_room(void)
{
	const struct realise_cfg cfg = { .loop = bed.loop, .store = bed.store, .bus = bed.bus };
	const struct device_port port = { .set = port_set, .watch = port_watch, .unwatch = port_unwatch,
					 .forget = port_forget, .has = port_has };

	ck_assert_int_eq(realise_new(&bed.room, &cfg), 0);
	realise_port(bed.room, &port);
	realise_on_probed(bed.room, probed, NULL);
	ck_assert_int_eq(realise_load(bed.room), 0);
}

void bed_up(void)
{
	memset(&bed, 0, sizeof(bed));
	for (unsigned i = 0; i < DEVICES; i++)
		snprintf(bed.device[i].name, sizeof(bed.device[i].name), "r%u", i + 1);
	ck_assert_int_eq(loop_fake_new(&bed.loop, 1), 0);
	ck_assert_int_eq(bus_new(&bed.bus, 1), 0);
	ck_assert_int_eq(store_disk_new(&bed.disk), 0);
	ck_assert_int_eq(store_fake_new(&bed.store, bed.loop, bed.disk), 0);
	start_room();
	bed_topology(DEVICES);
}

static void drop_waiting(struct device *d)
{
	while (d->n_waiting) {
		struct waiting *w = &d->waiting[--d->n_waiting];

		for (size_t i = 0; i < w->n; i++) {
			free(w->change[i].path);
			free(w->change[i].json);
		}
	}
}

void bed_down(void)
{
	ck_assert(!bed.broken);
	bed.room = realise_free(bed.room);
	for (unsigned i = 0; i < ORDERS; i++)
		bed_order(bed.order[i].there ? bed.order[i].id : "", NULL);
	for (unsigned i = 0; i < DEVICES; i++) {
		drop_waiting(&bed.device[i]);
		while (bed.device[i].n)
			remove_thing(&bed.device[i], &bed.device[i].at[0]);
	}
	bed.ted = ted_unref(bed.ted);
	bed.store = store_close(bed.store);
	bed.disk = store_disk_free(bed.disk);
	bed.bus = bus_free(bed.bus);
	bed.loop = loop_free(bed.loop);
}

void bed_crash(void)
{
	bed.room = realise_free(bed.room);
	for (unsigned i = 0; i < DEVICES; i++) {
		drop_waiting(&bed.device[i]);
		bed.device[i].watches = 0;
	}
	bed.store = store_crash(bed.store);
	ck_assert_int_eq(store_fake_new(&bed.store, bed.loop, bed.disk), 0);
	start_room();
	realise_on_ted(bed.room, bed.ted);
}

void bed_run(uint64_t ms)
{
	struct mono end = mono_add(loop_now(bed.loop), ms * NS_PER_MS);

	while (loop_fake_step(bed.loop, end))
		;
}

/* ---- steps ---- */

void bed_start(const char *id, enum slice_step step, bool undo)
{
	struct ordered *o = order_of(id);
	struct slice_steps steps = realise_steps(bed.room);
	struct slice_job job = { .id = id, .step = step, .undo = undo };

	ck_assert_ptr_nonnull(o);
	job.service = &o->service;
	job.flows = o->flows;
	job.n_flows = o->n_flows;
	bed.told.done = false;
	steps.start[step](steps.ctx, &job);
}

void bed_do(const char *id, enum slice_step step, bool undo)
{
	bed_start(id, step, undo);
	for (unsigned i = 0; i < 1000 && !bed.told.done; i++) {
		bed_run(20);
		(void)bed_answer_all();
	}
	ck_assert(bed.told.done);
	ck_assert_str_eq(bed.told.id, id);
	ck_assert(bed.told.step == step && bed.told.undo == undo);
}

void bed_build(const char *id)
{
	bed_do(id, SLICE_STEP_VPN, false);
	ck_assert_msg(bed.told.ok, "%s", bed.told.why);
	bed_do(id, SLICE_STEP_CLASSIFY, false);
	ck_assert_msg(bed.told.ok, "%s", bed.told.why);
}

void bed_take_back(const char *id)
{
	bed_do(id, SLICE_STEP_CLASSIFY, true);
	ck_assert_msg(bed.told.ok, "%s", bed.told.why);
	bed_do(id, SLICE_STEP_VPN, true);
	ck_assert_msg(bed.told.ok, "%s", bed.told.why);
}

bool bed_possible(const char *doc, struct slice_fault *f)
{
	struct slice_steps steps = realise_steps(bed.room);
	struct slice_service s;
	struct arena a;
	bool ok;

	arena_init(&a, 0);
	ck_assert_msg(slice_service_read(doc, strlen(doc), &a, &s, f) == 0, "%s: %s", f->field, f->text);
	ok = steps.possible(steps.ctx, &s, f);
	arena_fini(&a);
	return ok;
}

unsigned bed_events(const char *type)
{
	uint64_t id = 0;
	unsigned n = 0;
	bool gap;

	for (const struct bus_event *e; (e = bus_next(bed.bus, id, &gap)); id = e->id)
		n += strcmp(e->type, type) == 0;
	return n;
}

static int count_one(void *arg, const char *key, const void *value, size_t len)
{
	(void)key;
	(void)value;
	(void)len;
	++*(unsigned *)arg;
	return 0;
}

unsigned bed_records(void)
{
	unsigned n = 0;

	ck_assert_int_eq(store_each(bed.store, REALISE_BUCKET, count_one, &n), 0);
	return n;
}
