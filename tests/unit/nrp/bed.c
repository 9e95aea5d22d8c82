/* SPDX-License-Identifier: Apache-2.0 */
#include "bed.h"

#include <json-c/json.h>
#include <stdio.h>

#include "base/str.h"
#include "topo/told.h"
#include "work/work.h"

struct bed bed;

static const char *const names[ROUTERS] = { "a", "b", "c" };

/* ---- time ---- */

void run_ms(uint64_t ms)
{
	struct mono until = mono_add(loop_now(bed.loop), ms * NS_PER_MS);

	while (loop_fake_step(bed.loop, until))
		;
}

/* ---- routers ---- */

static void locator_said(unsigned r)
{
	struct ls_object o = { .kind = LS_PREFIX }, s = { .kind = LS_SID };
	char text[64];

	o.prefix.node = s.sid.node = told_id(r);
	(void)snprintf(text, sizeof(text), "fd00:0:%u::", r + 1);
	o.prefix.prefix = ip_prefix_of(&(struct ip_addr){ 0 }, 0);
	s.sid.sid = (struct ls_srv6_sid){ .sid = told_addr(text), .behavior = SR_BEHAVIOR_UN, .has_structure = true,
					  .structure = { 32, 16, 16, 0 } };
	o.prefix.prefix = ip_prefix_of(&s.sid.sid.sid, 48);
	o.prefix.has_locator = true;
	topo_sink.object(bed.topo, 0, &o, false);
	topo_sink.object(bed.topo, 0, &s, false);
	(void)snprintf(text, sizeof(text), "2001:db8:ff::%u", r + 1);
	o = (struct ls_object){ .kind = LS_PREFIX };
	o.prefix.node = told_id(r);
	s.sid.sid.sid = told_addr(text);
	o.prefix.prefix = ip_prefix_of(&s.sid.sid.sid, 128);
	topo_sink.object(bed.topo, 0, &o, false);
}

static unsigned router(const char *name)
{
	for (unsigned r = 0; r < ROUTERS; r++)
		if (strcmp(names[r], name) == 0)
			return r;
	ck_abort_msg("%s", name);
}

static void node_said(unsigned r);

void flex_said(const char *router_name, uint8_t algo, const char *block)
{
	unsigned r = router(router_name);
	struct ls_object o = { .kind = LS_PREFIX }, s = { .kind = LS_SID };
	char text[64];

	bed.flex[r] = algo;
	node_said(r);
	(void)snprintf(text, sizeof(text), "%s:%u::", block, r + 1);
	s.sid.node = o.prefix.node = told_id(r);
	s.sid.sid = (struct ls_srv6_sid){ .sid = told_addr(text), .behavior = SR_BEHAVIOR_UN, .algo = algo,
					  .has_structure = true, .structure = { 32, 16, 16, 0 } };
	o.prefix.prefix = ip_prefix_of(&s.sid.sid.sid, 48);
	o.prefix.has_locator = true;
	o.prefix.locator_algo = algo;
	topo_sink.object(bed.topo, 0, &o, false);
	topo_sink.object(bed.topo, 0, &s, false);
}

static void node_said(unsigned r)
{
	const struct ls_flex_algo def = { .algo = bed.flex[r], .metric_type = TED_FLEX_IGP };
	const uint8_t algos[] = { 0, bed.flex[r] };
	struct ls_object o = told_node(r, names[r]);

	if (bed.flex[r]) {
		o.node.flex = &def;
		o.node.n_flex = 1;
		o.node.algos = algos;
		o.node.n_algos = 2;
	}
	topo_sink.object(bed.topo, 0, &o, false);
	locator_said(r);
}

static void half_said(unsigned a, unsigned b, bool gone)
{
	told_half(bed.topo, a, b, 1000, gone);
}

void link_down(const char *a, const char *b, bool down)
{
	half_said(router(a), router(b), down);
	half_said(router(b), router(a), down);
	bed.cut[router(a)] = down;
	run_ms(3000);
}

static void feed(void)
{
	told_begin(bed.topo);
	for (unsigned r = 0; r < ROUTERS; r++)
		node_said(r);
	for (unsigned r = 0; r + 1 < ROUTERS; r++) {
		if (bed.cut[r])
			continue;
		half_said(r, r + 1, false);
		half_said(r + 1, r, false);
	}
	topo_sink.end_of_rib(bed.topo, 0);
}

/* ---- devices ---- */

struct device *dev(const char *name)
{
	return &bed.dev[router(name)];
}

static bool below(const char *path, const char *root)
{
	size_t len = strlen(root);

	return strncmp(path, root, len) == 0 && (path[len] == '\0' || path[len] == '/' || path[len] == '[');
}

/* "…/interface[name=*]/address" watches what begins with "…/interface". */
static bool watches(const struct device *d, unsigned w, const char *path)
{
	char root[80];

	(void)str_copy(root, sizeof(root), d->watched[w]);
	root[strcspn(root, "[")] = '\0';
	return d->watch[w] && below(path, root);
}

static void tell_one(struct device *d, const char *path, const char *text, bool gone)
{
	for (unsigned w = 0; w < 4 && d->up; w++) {
		const struct device_sample s = { .device = d->name, .watch = d->watch[w], .path = path,
						 .text = text, .gone = gone };

		if (watches(d, w, path))
			nrp_device_sink.sample(bed.nrp, &s);
	}
}

static struct leaf *leaf_at(struct device *d, const char *path)
{
	for (unsigned i = 0; i < d->n; i++)
		if (strcmp(d->leaf[i].path, path) == 0)
			return &d->leaf[i];
	return NULL;
}

void dev_put(struct device *d, const char *path, const char *text)
{
	struct leaf *l = leaf_at(d, path);

	if (!l) {
		ck_assert_uint_lt(d->n, LEAVES);
		l = &d->leaf[d->n++];
		ck_assert(str_copy(l->path, sizeof(l->path), path));
	}
	ck_assert(str_copy(l->text, sizeof(l->text), text));
	tell_one(d, path, text, false);
}

void dev_lose(struct device *d, const char *path)
{
	for (unsigned i = 0; i < d->n;) {
		struct leaf l = d->leaf[i];

		if (!below(l.path, path)) {
			i++;
			continue;
		}
		d->leaf[i] = d->leaf[--d->n];
		tell_one(d, l.path, "", true);
	}
}

void dev_tell(struct device *d)
{
	for (unsigned w = 0; w < 4; w++) {
		for (unsigned i = 0; i < d->n; i++) {
			const struct device_sample s = { .device = d->name, .watch = d->watch[w],
							 .path = d->leaf[i].path, .text = d->leaf[i].text };

			if (watches(d, w, d->leaf[i].path))
				nrp_device_sink.sample(bed.nrp, &s);
		}
		if (d->watch[w])
			nrp_device_sink.synced(bed.nrp, d->name, d->watch[w]);
	}
}

const char *dev_has(const char *name, const char *path)
{
	struct leaf *l = leaf_at(dev(name), path);

	return l ? l->text : NULL;
}

unsigned dev_count(const char *name, const char *part)
{
	const struct device *d = dev(name);
	unsigned n = 0;

	for (unsigned i = 0; i < d->n; i++)
		n += strstr(d->leaf[i].path, part) != NULL;
	return n;
}

static void flatten(struct device *d, const char *path, json_object *o)
{
	json_object_object_foreach(o, name, v)
	{
		char at[160], text[96] = "[";

		(void)snprintf(at, sizeof(at), "%s/%s", path, name);
		if (!json_object_is_type(v, json_type_array)) {
			dev_put(d, at, json_object_get_string(v));
			continue;
		}
		for (size_t i = 0; i < json_object_array_length(v); i++) {
			json_object *e = json_object_array_get_idx(v, i);

			if (!json_object_is_type(e, json_type_object)) {
				(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? "," : "",
					       json_object_get_string(e));
				continue;
			}
			(void)snprintf(at, sizeof(at), "%s/%s[interface=%s]", path, name,
				       json_object_get_string(json_object_object_get(e, "interface")));
			flatten(d, at, e);
			(void)snprintf(at + strlen(at), sizeof(at) - strlen(at), "/state/status");
			dev_put(d, at, "in");
		}
		if (json_object_array_length(v) == 0 ||
		    !json_object_is_type(json_object_array_get_idx(v, 0), json_type_object)) {
			(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "]");
			if (strcmp(text, "[]") != 0)
				dev_put(d, at, text);
		}
	}
}

static void obey(struct device *d, const struct device_change *c)
{
	json_object *o = c->json ? json_tokener_parse(c->json) : NULL;
	char path[128], status[160];

	ck_assert_int_eq(strncmp(c->path, "/sextant-device:device/", 23), 0);
	(void)snprintf(path, sizeof(path), "/device/%s", c->path + 23);
	if (c->op != DEVICE_UPDATE)
		dev_lose(d, path);
	if (c->op == DEVICE_DELETE)
		return;
	ck_assert_ptr_nonnull(o);
	flatten(d, path, o);
	json_object_put(o);
	(void)snprintf(status, sizeof(status), "%s/state/status", path);
	dev_put(d, status, d->kernel_fails ? "failed" : "in");
	(void)snprintf(status, sizeof(status), "%s/state/reason", path);
	if (d->kernel_fails)
		dev_put(d, status, "no such device");
}

struct answer {
	struct loop_timer t;
	struct device *d;
	struct device_change c[DEVICE_CHANGES_MAX];
	size_t n;
	bool used;
};

static struct answer answers[ROUTERS];

static bool kept(const struct answer *a)
{
	for (size_t i = 0; a->d->keeps && i < a->n; i++)
		if (strstr(a->c[i].path, a->d->keeps))
			return true;
	return false;
}

static enum device_outcome outcome_of(const struct answer *a)
{
	if (!a->d->up)
		return DEVICE_UNKNOWN;
	if (a->d->mood == REFUSES || kept(a))
		return DEVICE_REFUSED;
	if (a->n > 1 && a->d->mood == HALVES)
		return DEVICE_UNDONE;
	return a->n > 1 && a->d->mood == BREAKS ? DEVICE_BROKEN : DEVICE_DONE;
}

static void answer(void *arg)
{
	struct answer *a = arg;
	struct device_result r = { .device = a->d->name, .txn = a->d->txn, .text = "" };

	r.outcome = outcome_of(a);
	if (r.outcome == DEVICE_REFUSED)
		r.text = "FAILED_PRECONDITION: the kernel does not want it";
	for (size_t i = 0; i < a->n; i++) {
		if (r.outcome == DEVICE_DONE || (r.outcome == DEVICE_BROKEN && i < a->n / 2))
			obey(a->d, &a->c[i]);
		free((void *)(uintptr_t)a->c[i].path);
		free((void *)(uintptr_t)a->c[i].json);
	}
	a->n = 0;
	a->d->txn = 0;
	nrp_device_sink.result(bed.nrp, &r);
}

static int fake_set(void *self, const char *device, const struct device_change *c, size_t n, uint32_t *txn)
{
	struct device *d = dev(device);
	struct answer *a = &answers[d - bed.dev];

	(void)self;
	if (!d->configured)
		return DEVICE_E_NONE;
	ck_assert(n > 0 && n <= DEVICE_CHANGES_MAX && d->txn == 0);
	d->txn = *txn = ++bed.next_txn;
	d->sets++;
	a->d = d;
	a->n = n;
	for (size_t i = 0; i < n; i++) {
		a->c[i] = (struct device_change){ c[i].op, strdup(c[i].path), c[i].json ? strdup(c[i].json) : NULL };
		(void)snprintf(d->last[d->changes++ % PATHS], sizeof(d->last[0]), "%s%s",
			       c[i].op == DEVICE_DELETE ? "-" : "", c[i].path);
		d->deletes += c[i].op == DEVICE_DELETE;
	}
	if (d->mood != SILENT)
		loop_timer_after(&a->t, 20 * NS_PER_MS);
	return 0;
}

/* A watch that begins is told all there is. */
static struct loop_timer tellings[ROUTERS];

static void tell_all(void *arg)
{
	struct device *d = arg;

	if (d->up)
		dev_tell(d);
}

static int fake_watch(void *self, const char *device, const struct device_watch *w, uint32_t *watch)
{
	struct device *d = dev(device);

	(void)self;
	for (unsigned i = 0; i < 4; i++) {
		if (d->watch[i])
			continue;
		d->watch[i] = *watch = ++bed.next_watch;
		(void)snprintf(d->watched[i], sizeof(d->watched[i]), "/device%s", w->path + strlen("/sextant-device:device"));
		loop_timer_after(&tellings[d - bed.dev], 5 * NS_PER_MS);
		return 0;
	}
	return DEVICE_E_FULL;
}

static void fake_unwatch(void *self, const char *device, uint32_t watch)
{
	struct device *d = dev(device);

	(void)self;
	for (unsigned i = 0; i < 4; i++)
		if (d->watch[i] == watch)
			d->watch[i] = 0;
}

static bool fake_has(void *self, const char *device)
{
	(void)self;
	return dev(device)->configured;
}

static const struct device_port port = { .set = fake_set, .watch = fake_watch, .unwatch = fake_unwatch, .has = fake_has };

void dev_up(const char *name, bool up)
{
	const struct device_info info = { .device = name, .kind = "agent", .version = "0.10.0" };
	struct device *d = dev(name);

	if (up) {
		d->up = true;
		nrp_device_sink.up(bed.nrp, &info);
		run_ms(1);
		dev_tell(d);
		return;
	}
	d->up = false;
	for (unsigned w = 0; w < 4; w++)
		if (d->watch[w])
			nrp_device_sink.gap(bed.nrp, name, d->watch[w], "the session broke");
	nrp_device_sink.down(bed.nrp, name, "the session broke");
}

/* ---- life ---- */

static void on_ted(void *arg, const struct ted *ted)
{
	(void)arg;
	intent_on_ted(bed.intent, ted);
	slice_on_ted(bed.slice, ted);
	nrp_on_ted(bed.nrp, ted);
}

static void start(void)
{
	struct topo_cfg tcfg;
	struct intent_cfg icfg;
	struct slice_cfg scfg;
	struct nrp_env env;

	topo_cfg_default(&tcfg);
	intent_cfg_default(&icfg);
	slice_cfg_default(&scfg);
	ck_assert_int_eq(bus_new(&bed.bus, 1), 0);
	ck_assert_int_eq(work_new(&bed.work, bed.loop, 0), 0);
	ck_assert_int_eq(store_fake_new(&bed.store, bed.loop, bed.disk), 0);
	ck_assert_int_eq(topo_new(&bed.topo, bed.loop, bed.bus, &tcfg), 0);
	ck_assert_int_eq(intent_new(&bed.intent, bed.loop, bed.work, bed.store, bed.bus, &icfg), 0);
	ck_assert_int_eq(intent_load(bed.intent), 0);
	ck_assert_int_eq(slice_new(&bed.slice, bed.loop, bed.store, bed.bus, bed.intent, &scfg), 0);
	ck_assert_int_eq(slice_load(bed.slice), 0);
	for (unsigned i = 0; i < ROUTERS; i++) {
		loop_timer_init(&answers[i].t, bed.loop, answer, &answers[i]);
		loop_timer_init(&tellings[i], bed.loop, tell_all, &bed.dev[i]);
	}
	env = (struct nrp_env){ bed.loop, bed.store, bed.bus, bed.topo, bed.intent, bed.slice };
	ck_assert_int_eq(nrp_new(&bed.nrp, &env), 0);
	nrp_port_set(bed.nrp, &port);
	headends_start();
	ck_assert_int_eq(nrp_load(bed.nrp), 0);
	topo_on_ted(bed.topo, on_ted, NULL);
	nrp_on_ted(bed.nrp, topo_ted(bed.topo));
}

static void stop(bool crash)
{
	headends_stop();
	for (unsigned i = 0; i < ROUTERS; i++) {
		loop_timer_fini(&answers[i].t);
		loop_timer_fini(&tellings[i]);
		for (size_t k = 0; k < answers[i].n; k++) {
			free((void *)(uintptr_t)answers[i].c[k].path);
			free((void *)(uintptr_t)answers[i].c[k].json);
		}
		answers[i].n = 0;
		bed.dev[i].txn = 0;
		memset(bed.dev[i].watch, 0, sizeof(bed.dev[i].watch));
	}
	bed.nrp = nrp_free(bed.nrp);
	bed.slice = slice_free(bed.slice);
	bed.intent = intent_free(bed.intent);
	bed.topo = topo_free(bed.topo);
	bed.work = work_free(bed.work);
	bed.store = crash ? store_crash(bed.store) : store_close(bed.store);
	bed.bus = bus_free(bed.bus);
}

static void come_back(void)
{
	feed();
	run_ms(100);
	for (unsigned i = 0; i < ROUTERS; i++)
		if (bed.dev[i].configured)
			dev_up(names[i], true);
	run_ms(3000);
}

static void interfaces(unsigned r)
{
	struct device *d = &bed.dev[r];
	struct ip_addr local;
	char path[96], text[IP_TEXT_MAX], value[96];

	for (unsigned x = 0; x < ROUTERS; x++) {
		if (x + 1 != r && r + 1 != x)
			continue;
		local = told_link_addr(r, x);
		(void)snprintf(path, sizeof(path), "/device/interface[name=to-%s]/address", names[x]);
		(void)snprintf(value, sizeof(value), "[%s,fe80::1]", ip_text(&local, text, sizeof(text)));
		dev_put(d, path, value);
	}
}

void bed_up(void)
{
	bed = (struct bed){ 0 };
	headends_init();
	ck_assert_int_eq(loop_fake_new(&bed.loop, 1), 0);
	ck_assert_int_eq(store_disk_new(&bed.disk), 0);
	for (unsigned i = 0; i < ROUTERS; i++) {
		(void)str_copy(bed.dev[i].name, sizeof(bed.dev[i].name), names[i]);
		bed.dev[i].configured = true;
		interfaces(i);
	}
	start();
	come_back();
}

void bed_down(void)
{
	stop(false);
	store_disk_free(bed.disk);
	loop_free(bed.loop);
}

void bed_crash(void)
{
	stop(true);
	for (unsigned i = 0; i < ROUTERS; i++)
		bed.dev[i].up = false;
	start();
	come_back();
}

/* ---- commands ---- */

static struct slice_result result;
static bool answered;

static void on_result(void *arg, const struct slice_result *r)
{
	(void)arg;
	answered = true;
	result = *r;
}

static int write_doc(enum slice_kind kind, const char *name, const char *doc)
{
	struct slice_edit e = { .kind = kind, .id = name, .doc = doc, .len = doc ? strlen(doc) : 0 };

	if (!doc)
		e.how = SLICE_DELETE;
	answered = false;
	slice_put(bed.slice, &(struct slice_write){ &e, 1, false }, on_result, NULL);
	for (unsigned i = 0; i < 1000 && !answered; i++)
		run_ms(10);
	ck_assert(answered);
	run_ms(1);
	return result.code;
}

int put(enum slice_kind kind, const char *name, const char *doc)
{
	return write_doc(kind, name, doc);
}

int drop(enum slice_kind kind, const char *name)
{
	return write_doc(kind, name, NULL);
}

struct slice_result last_result(void)
{
	return result;
}

const char *part(const char *name, unsigned nrp, const char *block, unsigned mbps)
{
	static char text[512];

	(void)snprintf(text, sizeof(text),
		       "{\"name\":\"%s\",\"nrp-id\":%u,\"resource-reservation\":{\"maximum-bandwidth\":\"%u000000\"},"
		       "\"selector-id\":{\"ipv6\":{\"srv6-sid\":[\"%s\"]}}}",
		       name, nrp, mbps, block);
	return text;
}

const char *order(const char *name, unsigned mbps, const char *real)
{
	static char text[2048];

	(void)snprintf(text, sizeof(text),
		       "{\"id\":\"%s\",\"sextant-slice:realisation\":{%s},\"service-slo-sle-policy\":{\"slo-policy\":"
		       "{\"metric-bound\":[{\"metric-type\":\"ietf-network-slice-service:one-way-bandwidth\","
		       "\"metric-unit\":\"Mbps\",\"bound\":\"%u\"}]}},"
		       "\"sdps\":{\"sdp\":[{\"id\":\"s1\",\"node-id\":\"a\"},{\"id\":\"s2\",\"node-id\":\"c\"}]},"
		       "\"connection-groups\":{\"connection-group\":[{\"id\":\"g\",\"connectivity-construct\":["
		       "{\"id\":\"1\",\"p2p-sender-sdp\":\"s1\",\"p2p-receiver-sdp\":\"s2\"}]}]}}",
		       name, real, mbps);
	return text;
}

/* ---- looking ---- */

const struct ted_node *node(const char *name)
{
	uint32_t n = ted_node_by_id(topo_ted(bed.topo), name);

	ck_assert_uint_ne(n, TED_NONE);
	return &topo_ted(bed.topo)->nodes[n];
}

const struct ted_link *link_of(const char *text)
{
	uint32_t l = ted_link_by_text(topo_ted(bed.topo), text);

	ck_assert_uint_ne(l, TED_NONE);
	return &topo_ted(bed.topo)->links[l];
}

const struct nrp_view *view(uint32_t nrp)
{
	static struct nrp_view v;

	return nrp_next(bed.nrp, nrp - 1, &v) && v.id == nrp ? &v : NULL;
}

unsigned events(const char *type)
{
	unsigned n = 0;
	bool gap;

	for (const struct bus_event *e = bus_next(bed.bus, 0, &gap); e; e = bus_next(bed.bus, e->id, &gap))
		n += strcmp(e->type, type) == 0;
	return n;
}

static void line(void *arg, const char *id_, const char *what)
{
	(void)arg;
	(void)id_;
	(void)what;
}

unsigned audit_lines(void)
{
	return nrp_audit(bed.nrp, line, NULL);
}
