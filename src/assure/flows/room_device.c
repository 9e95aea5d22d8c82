/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What devices are to do: flows they mark, interfaces they count at, where marks end. It is made
 * anew as a whole for every device whenever something changed, and written as one document in
 * place of the one before, so that nothing is left of what is no longer wanted, whoever crashed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assure/flows/room_priv.h"
#include "log/log.h"

#define MARKING "/device/measure/marking"

enum { FUNCTION_BITS = 4 }; /* service SIDs of a locator are in a sixteenth of it */

/* ---- the plan ---- */

static void wants_reset(struct room_device *d)
{
	d->wants.any = d->wants.hops = d->wants.incomplete = d->wants.silent = false;
	d->wants.flows.n = d->wants.ends.n = d->wants.edges.n = 0;
	d->wants.probes.n = d->wants.senders.n = 0;
}

/* Devices by the nodes they are. */
static bool nodes_map(struct assure_room *r, const struct ted *ted)
{
	r->at_node.n = 0;
	for (uint32_t i = 0; i < ted->n_nodes; i++)
		if (!VEC_ADD(&r->at_node, NULL))
			return false;
	HASH_EACH (n, &r->devices) {
		struct room_device *d = HASH_OF(n, struct room_device, by_name);

		wants_reset(d);
		d->node = ted_node_by_id(ted, d->name);
		if (d->node != TED_NONE)
			r->at_node.at[d->node] = d;
	}
	return true;
}

struct room_device *room_device_at(const struct assure_room *r, uint32_t node)
{
	return node < r->at_node.n ? r->at_node.at[node] : NULL;
}

/* The device of a node, also when it has not been heard of yet. */
static struct room_device *device_at(struct assure_room *r, const struct ted *ted, uint32_t node)
{
	struct room_device *d = room_device_at(r, node);

	if (d || node >= r->at_node.n)
		return d;
	d = room_device_get(r, ted_node_label(ted, node));
	if (d) {
		d->node = node;
		r->at_node.at[node] = d;
	}
	return d;
}

/* Where the marks of a flow end: its last SID, with those beside it in the same locator. */
static struct ip_prefix end_of(const struct ted *ted, const struct room_flow *f, uint32_t node)
{
	const struct ted_node *n = &ted->nodes[node];

	for (uint16_t i = 0; f->first.family == IP_NONE && i < n->n_locators; i++) {
		const struct ip_prefix *p = &n->locators[i].prefix;

		if (ip_prefix_has(p, &f->last) && p->len + FUNCTION_BITS <= 128)
			return ip_prefix_of(&f->last, (uint8_t)(p->len + FUNCTION_BITS));
	}
	return ip_prefix_of(&f->last, 128);
}

static void end_add(struct room_device *d, const struct ip_prefix *p)
{
	for (size_t i = 0; i < d->wants.ends.n; i++)
		if (ip_prefix_cmp(&d->wants.ends.at[i], p) == 0)
			return;
	if (d->wants.ends.n < ROOM_ENDS_MAX)
		(void)VEC_ADD(&d->wants.ends, *p);
}

static bool collides(const struct room_flow *a, const struct room_flow *b)
{
	return ip_eq(&a->last, &b->last) &&
	       (a->first.family == IP_NONE || b->first.family == IP_NONE || ip_eq(&a->first, &b->first));
}

/* What is measured already goes before what is not, so that nothing changes that goes well. */
static int by_last(const void *x, const void *y)
{
	const struct room_flow *a = *(struct room_flow *const *)x, *b = *(struct room_flow *const *)y;
	int c = ip_cmp(&a->last, &b->last);

	if (c)
		return c;
	if (a->measured != b->measured)
		return a->measured ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

static void tell_apart(struct room_device *d)
{
	size_t n = d->wants.flows.n, kept = 0;

	if (n > 1)
		qsort(d->wants.flows.at, n, sizeof(d->wants.flows.at[0]), by_last);
	for (size_t i = 0; i < n; i++) {
		struct room_flow *f = d->wants.flows.at[i];

		f->same = f->too_many = false;
		for (size_t k = kept; k-- > 0 && ip_eq(&d->wants.flows.at[k]->last, &f->last) && !f->same;)
			f->same = collides(d->wants.flows.at[k], f);
		f->too_many = !f->same && kept == ROOM_MARKED_MAX;
		if (!f->same && !f->too_many)
			d->wants.flows.at[kept++] = f;
	}
	d->wants.flows.n = kept;
}

static void flow_want(struct assure_room *r, const struct ted *ted, struct room_flow *f)
{
	struct room_device *d;

	f->same = f->too_many = false;
	for (uint32_t i = 0; i < f->n_nodes; i++) {
		d = device_at(r, ted, f->nodes[i]);
		if (!d || !f->marked)
			continue;
		d->wants.any = true;
		d->wants.hops |= f->hops || i == 0 || i + 1 == f->n_nodes;
		d->wants.incomplete |= f->last.family == IP_NONE;
	}
	room_probe_want(r, f);
	d = f->silent && f->probed && f->n_nodes > 1 ? device_at(r, ted, f->nodes[f->n_nodes - 1]) : NULL;
	if (d)
		d->wants.silent = true;
	if (f->n_nodes < 2 || f->last.family != IP_V6 || !f->marked)
		return;
	d = room_device_at(r, f->nodes[0]);
	if (d)
		(void)VEC_ADD(&d->wants.flows, f);
	d = room_device_at(r, f->nodes[f->n_nodes - 1]);
	if (d) {
		struct ip_prefix end = end_of(ted, f, d->node);

		end_add(d, &end);
	}
}

static void slice_want(struct assure_room *r, const struct ted *ted, const struct room_slice *s)
{
	for (size_t i = 0; i < s->flows.n; i++)
		flow_want(r, ted, s->flows.at[i]);
	for (size_t i = 0; i < s->edges.n; i++) {
		uint32_t node = ted_node_by_id(ted, s->edges.at[i].device);
		struct room_device *d = node == TED_NONE ? NULL : room_device_at(r, node);

		if (d && d->wants.any)
			(void)VEC_ADD(&d->wants.edges, &s->edges.at[i]);
	}
}

/* ---- documents ---- */

struct port_list {
	struct str *o;
	const char *names[ROOM_PORTS_MAX];
	size_t n;
};

static void port_add(struct port_list *l, const char *name, bool edge)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->names[i], name) == 0)
			return;
	if (l->n == ROOM_PORTS_MAX)
		return;
	str_add(l->o, l->n ? ",{\"name\":" : "{\"name\":");
	str_json(l->o, name);
	str_add(l->o, edge ? ",\"edge\":true}" : "}");
	l->names[l->n++] = name;
}

/* Is it an end of a link of the topology? */
static bool is_core(const struct ted *ted, uint32_t node, const struct room_face *face)
{
	for (uint32_t i = ted->out.start[node]; i < ted->out.start[node + 1]; i++) {
		const struct ted_link *l = &ted->links[ted->out.idx[i]];

		for (uint8_t k = 0; k < face->n; k++)
			if (ip_eq(&l->local_v6, &face->at[k]))
				return true;
	}
	return false;
}

/* Counts of an interface are whole from the first period on that begins after it was taken up. */
static void ports_note(struct room_device *d, const char *list, size_t len)
{
	static const uint64_t key[2] = { 0 };
	uint64_t now = hash_bytes(key, list, len);

	if (d->known && now == d->ports)
		return;
	d->ports = now;
	d->whole_ns = UINT64_MAX;
}

static void ports_print(struct room_device *d, const struct ted *ted, struct str *o)
{
	struct port_list l = { .o = o };
	size_t at = o->len;

	for (size_t i = 0; i < d->faces.n; i++)
		if (is_core(ted, d->node, &d->faces.at[i]))
			port_add(&l, d->faces.at[i].name, false);
	d->portless = l.n == 0;
	for (size_t i = 0; i < d->wants.edges.n; i++)
		port_add(&l, d->wants.edges.at[i]->port, true);
	if (!o->bad)
		ports_note(d, o->s + at, o->len - at);
}

static void flow_print(const struct room_flow *f, struct str *o)
{
	char a[IP_TEXT_MAX];

	str_addf(o, "{\"id\":%u,", f->id);
	if (f->first.family == IP_V6)
		str_addf(o, "\"first\":\"%s\",", ip_text(&f->first, a, sizeof(a)));
	str_addf(o, "\"last\":\"%s\"}", ip_text(&f->last, a, sizeof(a)));
}

static void document(struct room_device *d, const struct ted *ted, struct str *o)
{
	uint32_t period = d->r->period_ms;
	char p[IP_PREFIX_TEXT_MAX];

	/* a guard time of at most a quarter of the period; what is late by more is of another one */
	str_addf(o, "{\"period\":%u,\"guard\":%u,\"port\":[", period, period / 5);
	ports_print(d, ted, o);
	str_add(o, "],\"end\":[");
	for (size_t i = 0; i < d->wants.ends.n; i++)
		str_addf(o, "%s\"%s\"", i ? "," : "", ip_prefix_text(&d->wants.ends.at[i], p, sizeof(p)));
	str_add(o, "],\"flow\":[");
	for (size_t i = 0; i < d->wants.flows.n; i++) {
		str_add(o, i ? "," : "");
		flow_print(d->wants.flows.at[i], o);
	}
	str_add(o, "]}");
}

/* ---- telling ---- */

static bool is_young(const struct assure_room *r)
{
	return mono_since(r->began, loop_now(r->parts.loop)) < ROOM_YOUNG_NS;
}

static void later(struct room_device *d)
{
	d->retry_at = mono_add(loop_now(d->r->parts.loop), ROOM_RETRY_NS);
}

/* Takes doc: "" is nothing. */
static void tell(struct room_device *d, struct str *doc)
{
	struct assure_room *r = d->r;
	struct device_change c = { DEVICE_REPLACE, MARKING, str_text(doc) };

	if (doc->len == 0)
		c = (struct device_change){ DEVICE_DELETE, MARKING, NULL };
	if (r->port.set(r->port.self, d->name, &c, 1, &d->txn) != 0) {
		d->txn = 0;
		later(d);
		return;
	}
	str_fini(&d->said);
	d->said = *doc;
	*doc = (struct str){ 0 };
	d->known = true;
}

static void device_tell(struct room_device *d, const struct ted *ted)
{
	struct str doc STR_AUTO = { 0 };
	bool wait = mono_before(loop_now(d->r->parts.loop), d->retry_at);

	if (!d->up || d->txn || (d->wants.any && !d->watch_faces))
		return;
	/* After a start: who has read only half of what it knew would take away what is right. */
	if (is_young(d->r) && (d->wants.incomplete || !d->wants.any) && !d->known &&
	    slice_count(d->r->parts.slice, SLICE_SERVICE) > 0)
		return;
	if (d->wants.any)
		document(d, ted, &doc);
	if (doc.bad || (d->wants.any && d->portless))
		return;
	/* nothing is taken away where nothing is */
	if (!d->known && !d->wants.any && (!d->looked || !d->marks))
		return;
	/* what was refused is tried again after a while, something else at once */
	if (strcmp(str_text(&doc), str_text(&d->said)) == 0 && (d->known || wait))
		return;
	tell(d, &doc);
}

/* ---- watches ---- */

static uint32_t watch(struct room_device *d, const char *path)
{
	struct assure_room *r = d->r;
	const struct device_watch w = { .path = path, .on_change = true, .interval_ns = NS_PER_S };
	uint32_t id = 0;

	return r->port.watch(r->port.self, d->name, &w, &id) == 0 ? id : 0;
}

/* With what it is told to do: so there is always something, and silence is none. */
static uint32_t sampled(struct room_device *d, const char *path)
{
	struct assure_room *r = d->r;
	const struct device_watch w = { .path = path, .interval_ns = NS_PER_S };
	uint32_t id = 0;

	return r->port.watch(r->port.self, d->name, &w, &id) == 0 ? id : 0;
}

static void unwatch(struct room_device *d, uint32_t *id)
{
	if (*id)
		d->r->port.unwatch(d->r->port.self, d->name, *id);
	*id = 0;
}

static void device_watch(struct room_device *d)
{
	/* also to find what a life before has left */
	if (d->agent && !d->watch_sessions)
		d->watch_sessions = watch(d, "/device/measure/stamp/session");
	if (d->agent && !d->watch_ports)
		d->watch_ports = watch(d, MARKING "/port");
	if (d->wants.any && !d->watch_faces)
		d->watch_faces = watch(d, "/device/interface/address");
	if (d->wants.hops && !d->watch_counters)
		d->watch_counters = watch(d, MARKING "/counter");
	if (!d->wants.hops && d->watch_counters) {
		unwatch(d, &d->watch_counters);
		room_counters_forget(d);
		d->synced = false;
	}
	if (d->agent && d->wants.silent && !d->watch_heard)
		d->watch_heard = sampled(d, "/device/measure/stamp/reflector");
	if (!d->wants.silent && d->watch_heard) {
		unwatch(d, &d->watch_heard);
		room_heard_forget(d);
	}
	if (!d->wants.any && d->watch_faces) {
		unwatch(d, &d->watch_faces);
		d->faces.n = 0;
	}
}

void room_plan(struct assure_room *r)
{
	const struct ted *ted = intent_ted(r->parts.intent);

	/* without sight of the topology what is set stays as it is */
	if (!r->has_port || !ted || ted->stale || !nodes_map(r, ted))
		return;
	HASH_EACH (n, &r->slices)
		slice_want(r, ted, HASH_OF(n, struct room_slice, by_id));
	HASH_EACH (n, &r->devices) {
		struct room_device *d = HASH_OF(n, struct room_device, by_name);

		tell_apart(d);
		device_watch(d);
		device_tell(d, ted);
		room_probes_tell(d);
	}
	for (size_t i = 0; i < r->order.n; i++)
		room_flow_measure(r, r->order.at[i]);
	HASH_EACH (n, &r->slices)
		room_slice_judge(r, HASH_OF(n, struct room_slice, by_id));
	metric_set(r->m_streams, (double)assure_count(r->assure));
}
