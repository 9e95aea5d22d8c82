/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples into readings. A device tells all leafs of a counter with one time, `period` the last;
 * what is not whole by then, or not of one time, is no reading. Whatever a device says, it holds
 * ROOM_COUNTERS_MAX counters and ROOM_FACES_MAX interfaces here at most. What is missing is missing:
 * that it is unknown follows in assure.h.
 */
#include <stdlib.h>
#include <string.h>

#include "assure/flows/room_priv.h"

enum { TOLD_PACKETS = 1, TOLD_BOOT = 2, TOLD_BEGAN = 4, TOLD_ALL = 7, PATH_MAX_ = 512 };

/* ---- paths: "…/list[k=v][k=v]/leaf", keys in order of name ---- */

/* Where the entry ends, NULL: it is no leaf of one. */
const char *room_leaf_at(const char *path)
{
	const char *end = strrchr(path, ']');

	return end && end[1] == '/' && strchr(end + 2, '/') == NULL ? end + 1 : NULL;
}

bool room_key_of(const char *path, const char *name, char *out, size_t cap)
{
	size_t len = strlen(name), n = 0;

	for (const char *p = strchr(path, '['); p; p = strchr(p + 1, '[')) {
		if (strncmp(p + 1, name, len) != 0 || p[1 + len] != '=')
			continue;
		for (p += len + 2; *p && *p != ']' && n + 1 < cap; p++) {
			if (*p == '\\' && p[1])
				p++;
			out[n++] = *p;
		}
		out[n] = '\0';
		return *p == ']' && n > 0;
	}
	return false;
}

/* ---- counters ---- */

struct meter_key {
	uint8_t octets[sizeof(uint32_t) + 1 + 16];
};

static struct meter_key octets_of(const struct room_meter *m)
{
	struct meter_key k;

	memcpy(k.octets, &m->flow, sizeof(m->flow));
	k.octets[sizeof(m->flow)] = m->out;
	memcpy(k.octets + sizeof(m->flow) + 1, m->source.b, 16);
	return k;
}

static struct room_meter *meter_get(struct room_device *d, const struct room_meter *want)
{
	struct meter_key k = octets_of(want);
	struct hash_node *n = hash_get(&d->meters, &k, sizeof(k), want);
	struct room_meter *m;

	if (n)
		return HASH_OF(n, struct room_meter, by_key);
	m = calloc(1, sizeof(*m));
	if (!m)
		return NULL;
	m->flow = want->flow;
	m->out = want->out;
	m->source = want->source;
	list_init(&m->counters);
	if (hash_put(&d->meters, &k, sizeof(k), &m->by_key) < 0) {
		free(m);
		return NULL;
	}
	return m;
}

static void counter_free(struct room_device *d, struct room_counter *c)
{
	struct room_meter *m = c->meter;

	list_del(&c->link);
	hash_del(&d->counters, &c->by_path);
	if (d->last == c)
		d->last = NULL;
	free(c);
	if (--m->n > 0)
		return;
	hash_del(&d->meters, &m->by_key);
	free(m);
}

void room_counters_forget(struct room_device *d)
{
	HASH_EACH (n, &d->counters)
		counter_free(d, HASH_OF(n, struct room_counter, by_path));
	d->counters_full = false;
}

static bool meter_read(const char *path, struct room_meter *m)
{
	char flow[24], dir[8], source[IP_TEXT_MAX];
	uint64_t id;

	*m = (struct room_meter){ 0 };
	if (!room_key_of(path, "flow", flow, sizeof(flow)) || str_u64(flow, &id) < 0 || id == 0 ||
	    id >> ROOM_FLOW_ID_BITS != 0 || !room_key_of(path, "direction", dir, sizeof(dir)) ||
	    !room_key_of(path, "source", source, sizeof(source)) || ip_parse(source, &m->source) < 0)
		return false;
	m->flow = (uint32_t)id;
	m->out = strcmp(dir, "out") == 0;
	return m->out || strcmp(dir, "in") == 0;
}

static struct room_counter *counter_new(struct room_device *d, const struct str *entry)
{
	struct room_meter want;
	struct room_counter *c = NULL;

	if (d->counters.count >= ROOM_COUNTERS_MAX || entry->len > PATH_MAX_)
		return NULL;
	c = calloc(1, sizeof(*c) + entry->len + 1);
	if (!c)
		return NULL;
	memcpy(c->path, entry->s, entry->len);
	c->len = entry->len;
	c->meter = meter_read(c->path, &want) ? meter_get(d, &want) : NULL;
	if (!c->meter) {
		free(c);
		return NULL;
	}
	list_add(&c->meter->counters, &c->link);
	c->meter->n++;
	if (hash_put(&d->counters, c->path, c->len, &c->by_path) == 0)
		return c;
	counter_free(d, c);
	return NULL;
}

static struct room_counter *counter_of(struct room_device *d, const char *path, const char *end, bool make)
{
	struct str entry = { .s = (char *)(uintptr_t)path, .len = (size_t)(end - path) };
	struct hash_node *n;

	if (d->last && d->last->len == entry.len && memcmp(d->last->path, path, entry.len) == 0)
		return d->last;
	n = hash_get(&d->counters, path, entry.len, &entry);
	if (n)
		d->last = HASH_OF(n, struct room_counter, by_path);
	else
		d->last = make ? counter_new(d, &entry) : NULL;
	return d->last;
}

/* ---- readings ---- */

/* Packets of the period, by one counter alone. */
static bool packets_of(const struct room_counter *c, uint64_t period, uint64_t *packets)
{
	const struct room_reading *now = &c->at[period % 4], *was = &c->at[(period - 2) % 4];

	if (!now->good || now->period != period)
		return false;
	*packets = now->packets;
	if (now->began)
		return true;
	if (!was->good || was->period != period - 2 || was->boot != now->boot ||
	    was->packets > now->packets)
		return false;
	*packets -= was->packets;
	return true;
}

/* A flow that moved inside of a node is counted on several interfaces: together, when all have told. */
static bool together(const struct room_meter *m, struct assure_report *rep)
{
	rep->packets = rep->boot = 0;
	rep->began = true;
	for (const struct list *n = m->counters.next; n != &m->counters; n = n->next) {
		const struct room_counter *c = LIST_OF(n, struct room_counter, link);
		uint64_t packets;

		if (!packets_of(c, rep->period, &packets))
			return false;
		rep->packets += packets;
	}
	return true;
}

/* Whose packets these are is said by who marked them: its headend's outer source, no other. */
static bool is_source(struct assure_room *r, struct room_flow *f, const struct room_device *d,
		      const struct room_meter *m)
{
	if (d->node == f->nodes[0] && m->out) {
		f->source = m->source;
		return true;
	}
	if (f->source.family != IP_NONE)
		return ip_eq(&f->source, &m->source);
	return ted_node_by_addr(intent_ted(r->parts.intent), &m->source) == f->nodes[0];
}

/* A period in which an interface was only taken up was not counted from its beginning. */
static bool is_whole(const struct room_device *d, uint64_t period)
{
	return d->whole_ns != UINT64_MAX && period > d->whole_ns / (d->r->period_ms * NS_PER_MS);
}

/*
 * Packets of a flow at a node that its path does not have, in a period that is all of this path: they
 * go another way than they were sent. A flow without hops has only its ends, and says nothing.
 */
static void stray_look(struct room_flow *f, const struct room_device *d, const struct room_counter *c,
		       const struct assure_report *rep)
{
	uint64_t period_ns = d->r->period_ms * NS_PER_MS, packets = rep->packets;

	if (!f->whole || !f->hops || f->moving || rep->period * period_ns <= f->moved_ns)
		return;
	for (uint32_t i = 0; i < f->n_nodes; i++)
		if (f->nodes[i] == d->node)
			return;
	if ((c->meter->n == 1 && !packets_of(c, rep->period, &packets)) || packets == 0)
		return;
	f->stray = d->node;
	f->stray_packets = packets;
	f->stray_ns = assure_room_wall(d->r);
}

static void reading(struct room_device *d, struct room_counter *c, uint64_t period)
{
	struct assure_room *r = d->r;
	struct room_meter *m = c->meter;
	struct room_flow *f = room_flow_of(r, m->flow);
	struct assure_report rep = { .point = { d->node, m->out }, .period = period,
				     .packets = c->packets, .boot = c->boot, .began = c->began,
				     .d_ns = c->vouched ? c->d_ns : 0, .d_error_us = c->d_error_us };
	enum assure_take t;

	c->at[period % 4] = (struct room_reading){ .period = period, .packets = c->packets,
						   .boot = c->boot, .began = c->began, .good = true };
	if (!f || !f->measured || d->node == TED_NONE || f->n_nodes < 2 || !is_whole(d, period) ||
	    !is_source(r, f, d, m) || (m->n > 1 && !together(m, &rep)))
		return;
	t = assure_report(r->assure, f->id, &rep, assure_room_wall(r));
	metric_add(r->m_readings[t], 1);
	if (t == ASSURE_NO_POINT)
		stray_look(f, d, c, &rep);
}

static void leaf_take(struct room_device *d, struct room_counter *c, const char *leaf,
		      const struct device_sample *s)
{
	if ((uint64_t)s->time_ns != c->time) {
		c->time = (uint64_t)s->time_ns;
		c->told = 0;
		c->d_ns = 0;
		c->vouched = false;
	}
	if (strcmp(leaf, "packets") == 0 && s->number) {
		c->packets = s->u;
		c->told |= TOLD_PACKETS;
	} else if (strcmp(leaf, "boot") == 0 && s->number) {
		c->boot = s->u;
		c->told |= TOLD_BOOT;
	} else if (strcmp(leaf, "began") == 0) {
		c->began = strcmp(s->text, "true") == 0;
		c->told |= TOLD_BEGAN;
	} else if (strcmp(leaf, "d-time") == 0 && s->number) {
		c->d_ns = s->u;
	} else if (strcmp(leaf, "clock-error") == 0 && s->number && s->u < UINT32_MAX) {
		c->d_error_us = (uint32_t)s->u;
		c->vouched = true;
	} else if (strcmp(leaf, "period") == 0 && s->number) {
		if (c->told == TOLD_ALL)
			reading(d, c, s->u);
		else
			metric_add(d->r->m_faults, 1);
		c->told = 0;
	}
}

static void on_counter(struct room_device *d, const struct device_sample *s)
{
	const char *end = room_leaf_at(s->path), *all = end ? end : s->path + strlen(s->path);
	struct room_counter *c;

	if (!end && !s->gone)
		return;
	c = counter_of(d, s->path, all, !s->gone);
	if (s->gone) {
		if (c && (!end || strcmp(end + 1, "period") == 0))
			counter_free(d, c);
	} else if (c) {
		leaf_take(d, c, end + 1, s);
	} else {
		metric_add(d->r->m_faults, 1);
	}
}

/* ---- interfaces ---- */

static struct room_face *face_of(struct room_device *d, const char *name, bool make)
{
	struct room_face f = { 0 };

	for (size_t i = 0; i < d->faces.n; i++)
		if (strcmp(d->faces.at[i].name, name) == 0)
			return &d->faces.at[i];
	if (!make || d->faces.n >= ROOM_FACES_MAX || !str_copy(f.name, sizeof(f.name), name))
		return NULL;
	return VEC_ADD(&d->faces, f);
}

/* A leaf-list: its addresses among brackets, quotes and commas, or one of them. */
static void addresses(struct room_face *f, const char *text)
{
	static const char in[] = "0123456789abcdefABCDEF:.";
	char a[IP_TEXT_MAX];

	f->n = 0;
	for (const char *p = text; *p && f->n < ROOM_FACE_ADDRS_MAX;) {
		size_t len = strspn(p, in);

		if (len > 0 && len < sizeof(a)) {
			memcpy(a, p, len);
			a[len] = '\0';
			if (ip_parse(a, &f->at[f->n]) == 0)
				f->n++;
		}
		p += len ? len : 1;
	}
}

static void on_face(struct room_device *d, const struct device_sample *s)
{
	char name[ROOM_NAME_MAX];
	struct room_face *f;

	if (!room_key_of(s->path, "name", name, sizeof(name)))
		return;
	f = face_of(d, name, !s->gone);
	if (!f)
		return;
	if (s->gone)
		f->n = 0;
	else
		addresses(f, s->text);
	assure_room_plan_soon(d->r);
}

/* ---- the sink ---- */

static struct room_device *device_of(struct assure_room *r, const char *name)
{
	if (!r->last_device || strcmp(r->last_device->name, name) != 0)
		r->last_device = room_device_of(r, name);
	return r->last_device;
}

void room_on_sample(void *arg, const struct device_sample *s)
{
	struct assure_room *r = arg;
	struct room_device *d = device_of(r, s->device);

	if (!d)
		return;
	if (s->watch == d->watch_counters) {
		d->skew_ns = (int64_t)assure_room_wall(r) - s->time_ns;
		on_counter(d, s);
	} else if (s->watch == d->watch_faces) {
		on_face(d, s);
	} else if (s->watch == d->watch_sessions) {
		room_probe_sample(d, s);
	} else if (s->watch == d->watch_heard) {
		room_heard_sample(d, s);
	} else if (s->watch == d->watch_ports && !s->gone) {
		d->marks = true;
	}
}

/* What was heard is no base for what comes after it. */
void room_on_gap(void *arg, const char *device, uint32_t watch, const char *why)
{
	struct room_device *d = device_of(arg, device);

	(void)why;
	if (d && watch == d->watch_heard)
		room_heard_forget(d);
	if (!d || watch != d->watch_counters)
		return;
	room_counters_forget(d);
	d->synced = false;
}

void room_on_synced(void *arg, const char *device, uint32_t watch)
{
	struct room_device *d = device_of(arg, device);

	if (d && watch == d->watch_counters)
		d->synced = true;
	if (d && watch == d->watch_heard)
		d->heard_synced = true;
	if (d && watch == d->watch_ports)
		d->looked = true;
	if (d && (watch == d->watch_faces || watch == d->watch_ports))
		assure_room_plan_soon(d->r);
}
