/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What devices tell that speaks for a cause: queues of partitions that drop, packets that come
 * broken, clocks that move, objects that are not as they were put there. A device is the router of
 * the same name; an interface is an end of a link by its addresses. Sampled, of agents only.
 */
#include <stdlib.h>
#include <string.h>

#include "assure/flows/room_priv.h"
#include "assure/repair/repair_desk_priv.h"
#include "base/ip.h"
#include "base/str.h"

enum {
	DEVICES_MAX = 4096,
	FACES_MAX = 64, /* of a device */
	QUEUES_MAX = 16, /* of an interface */
	OFFSETS = 4,
	SAMPLE_S = 5,
	TABLES_MAX = 1024, /* of a device */
	SIDS_MAX = 16,	   /* of a table */
	DEAF_PACKETS = 5,  /* so many came, in so many windows, and none was counted in so many readings */
	DEAF_WINDOWS = 2,
	DEAF_READINGS = 2,
	QUEUE_S = 2,
	CLOCK_S = 1,
};

/* A delay between a device and here makes its clock look slow, never fast: the best of a few counts. */
#define STEP_US 200000

struct counter {
	uint64_t value;
	int64_t time_ns; /* 0: not told yet */
};

struct queue {
	uint32_t nrp;
	uint64_t rate_bps;
	struct counter packets, octets, drops;
	bool dropping;
	uint64_t d_packets, d_octets; /* since the sample before */
	struct desk_queue is;
	uint64_t dropped_ns; /* when it did last, with the rate that it has; 0: it has not */
};

struct face {
	char name[DEVICE_NAME_MAX];
	struct ip_addr at[ROOM_FACE_ADDRS_MAX];
	uint8_t n;
	struct counter errors;
	uint32_t n_queues;
	struct queue queues[QUEUES_MAX];
};

/* A table, and what its SIDs took; the rest since they took the last packet. */
struct table {
	uint32_t id, n_sids;
	struct ip_addr sids[SIDS_MAX];
	struct counter packets;
	unsigned windows, readings;
	uint64_t arrived, since_ns; /* of the wall clock */
	bool deaf, in, lost;	    /* lost: it was in the kernel, and the device says that it is not */
};

struct desk_device {
	struct hash_node node;
	char name[DEVICE_NAME_MAX];
	uint32_t watch_address, watch_statistics, watch_link, watch_clock, watch_sids, watch_taken;
	/* Of its clock against ours that never jumps, us; settled: as it was before it moved. */
	int64_t offset[OFFSETS], settled;
	uint32_t n_offsets;
	bool has_settled, moved;
	VEC(struct face) faces;
	VEC(struct table) tables;
};

/* ---- devices ---- */

bool repair_device_eq(const struct hash_node *n, const void *key)
{
	return strcmp(HASH_OF(n, struct desk_device, node)->name, key) == 0;
}

static struct desk_device *device_of(const struct repair_desk *d, const char *name)
{
	struct hash_node *n = hash_get(&d->devices, name, strlen(name), name);

	return n ? HASH_OF(n, struct desk_device, node) : NULL;
}

static struct desk_device *device_make(struct repair_desk *d, const char *name)
{
	struct desk_device *x = d->devices.count < DEVICES_MAX ? calloc(1, sizeof(*x)) : NULL;

	if (!x)
		return NULL;
	if (!str_copy(x->name, sizeof(x->name), name) ||
	    hash_put(&d->devices, x->name, strlen(x->name), &x->node) < 0) {
		free(x);
		return NULL;
	}
	return x;
}

static void device_free(struct repair_desk *d, struct desk_device *x)
{
	hash_del(&d->devices, &x->node);
	VEC_FINI(&x->faces);
	VEC_FINI(&x->tables);
	free(x);
}

void repair_devices_free(struct repair_desk *d)
{
	HASH_EACH (n, &d->devices)
		device_free(d, HASH_OF(n, struct desk_device, node));
	hash_fini(&d->devices);
}

static uint32_t watch(struct repair_desk *d, const char *device, const char *path, uint64_t s)
{
	const struct device_watch w = { .path = path, .interval_ns = s * NS_PER_S };
	uint32_t id;

	return d->port.watch(d->port.self, device, &w, &id) == 0 ? id : 0;
}

static void on_up(void *arg, const struct device_info *info)
{
	struct repair_desk *d = arg;
	struct desk_device *x = device_of(d, info->device);

	if (x || !d->port.watch || strcmp(info->kind, "agent") != 0)
		return; /* watches last over sessions */
	x = device_make(d, info->device);
	if (!x)
		return;
	x->watch_address = watch(d, x->name, "/device/interface/address", SAMPLE_S);
	x->watch_statistics = watch(d, x->name, "/device/interface/statistics", SAMPLE_S);
	x->watch_link = watch(d, x->name, "/device/link", QUEUE_S);
	x->watch_clock = watch(d, x->name, "/device/generation", CLOCK_S); /* one leaf, for its time */
	x->watch_sids = watch(d, x->name, "/device/table/sid", SAMPLE_S);
	x->watch_taken = watch(d, x->name, "/device/table/state", QUEUE_S);
}

static void on_gone(void *arg, const char *device)
{
	struct repair_desk *d = arg;
	const struct ted *t = intent_ted(d->p.intent);
	struct desk_device *x = device_of(d, device);
	uint32_t node = t ? ted_node_by_id(t, device) : TED_NONE;

	if (x && x->moved && node != TED_NONE)
		repair_facts_drop(d, LOCATE_CLOCK_STEP, node, LOCATE_NONE);
	if (x)
		device_free(d, x);
}

/* From here on nothing is known: no difference is made with what was before. Its clock goes on. */
static void on_gap(void *arg, const char *device, uint32_t watch_id, const char *why)
{
	struct desk_device *x = device_of(arg, device);

	(void)why;
	if (x && watch_id == x->watch_clock)
		x->n_offsets = 0;
	for (size_t i = 0; x && watch_id == x->watch_taken && i < x->tables.n; i++)
		x->tables.at[i].packets.time_ns = 0;
	for (size_t i = 0; x && watch_id != x->watch_clock && i < x->faces.n; i++) {
		x->faces.at[i].errors.time_ns = 0;
		x->faces.at[i].n_queues = 0;
	}
}

/* ---- where it is ---- */

static struct face *face_of(struct desk_device *x, const char *path)
{
	struct face f = { 0 };

	if (!room_key_of(path, "name", f.name, sizeof(f.name)))
		return NULL;
	for (size_t i = 0; i < x->faces.n; i++)
		if (strcmp(x->faces.at[i].name, f.name) == 0)
			return &x->faces.at[i];
	return x->faces.n < FACES_MAX ? VEC_ADD(&x->faces, f) : NULL;
}

static struct queue *queue_of(struct face *f, const char *path)
{
	char text[16];
	uint64_t id;

	if (!room_key_of(path, "id", text, sizeof(text)) || str_u64(text, &id) != 0 || id > UINT32_MAX)
		return NULL;
	for (uint32_t i = 0; i < f->n_queues; i++)
		if (f->queues[i].nrp == id)
			return &f->queues[i];
	if (f->n_queues == QUEUES_MAX)
		return NULL;
	f->queues[f->n_queues] = (struct queue){ .nrp = (uint32_t)id };
	return &f->queues[f->n_queues++];
}

static uint32_t link_of(const struct repair_desk *d, const struct face *f)
{
	const struct ted *t = intent_ted(d->p.intent);
	uint32_t link = TED_NONE;

	for (uint8_t i = 0; t && i < f->n && link == TED_NONE; i++)
		link = ted_link_by_addr(t, &f->at[i]);
	return link;
}

/* A leaf-list as text. */
static uint32_t addresses(const char *text, struct ip_addr *at, uint32_t max)
{
	static const char in[] = "0123456789abcdefABCDEF:.";
	char a[IP_TEXT_MAX];
	uint32_t n = 0;

	for (const char *p = text; *p;) {
		size_t len = strspn(p, in);

		if (len > 0 && len < sizeof(a) && n < max) {
			memcpy(a, p, len);
			a[len] = '\0';
			n += ip_parse(a, &at[n]) == 0;
		}
		p += len ? len : 1;
	}
	return n;
}

/* ---- counters ---- */

/* What came since the sample before; a counter that went back began anew: nothing is known. */
static uint64_t since(struct counter *c, const struct device_sample *s, uint64_t *ns)
{
	uint64_t more = 0;

	*ns = 0;
	if (c->time_ns && s->time_ns > c->time_ns && s->u >= c->value) {
		more = s->u - c->value;
		*ns = (uint64_t)(s->time_ns - c->time_ns);
	}
	*c = (struct counter){ s->u, s->time_ns };
	return more;
}

static struct locate_fact fact(const struct repair_desk *d, enum locate_kind kind)
{
	return (struct locate_fact){ .kind = kind, .node = LOCATE_NONE, .link = LOCATE_NONE, .flow = LOCATE_NONE,
				     .at_ns = loop_wall_ns(d->p.loop) };
}

/* A link is told of as one: it is over when the last of its queues drops nothing. */
static void drops_over(struct repair_desk *d, const struct face *f, struct queue *q, uint32_t link)
{
	bool was = q->dropping;

	q->dropping = false;
	for (uint32_t i = 0; i < f->n_queues; i++)
		if (f->queues[i].dropping)
			return;
	if (was)
		repair_facts_drop(d, LOCATE_CLASS_DROPS, LOCATE_NONE, link);
}

/* Of what was offered some was sent: as much more as packets were dropped. */
static void on_drops(struct repair_desk *d, const struct face *f, struct queue *q, const struct device_sample *s)
{
	struct locate_fact out = fact(d, LOCATE_CLASS_DROPS);
	uint64_t ns, dropped = since(&q->drops, s, &ns);

	out.link = link_of(d, f);
	if (ns == 0)
		return;
	q->is.began_ns = loop_wall_ns(d->p.loop) - ns;
	q->is.offered_bps = (uint64_t)((double)q->d_octets * 8e9 / (double)ns);
	if (q->d_packets)
		q->is.offered_bps = (uint64_t)((double)q->is.offered_bps * (double)(dropped + q->d_packets) /
					       (double)q->d_packets);
	if (out.link == TED_NONE)
		return;
	if (dropped == 0) {
		drops_over(d, f, q, out.link);
		return;
	}
	out.lost = dropped;
	out.of = dropped + q->d_packets;
	out.bound = q->rate_bps;
	out.value = q->is.offered_bps;
	if (!q->dropping || !q->dropped_ns)
		q->is.since_ns = out.at_ns;
	q->dropping = true;
	q->dropped_ns = out.at_ns;
	q->is.lost = out.lost;
	q->is.of = out.of;
	q->is.dropping_bps = out.value;
	repair_facts_put(d, &out, NULL, false);
}

static void on_link(struct repair_desk *d, struct desk_device *x, const struct device_sample *s)
{
	const char *leaf = strrchr(s->path, '/');
	struct face *f = face_of(x, s->path);
	struct queue *q = f && strstr(s->path, "/nrp[") ? queue_of(f, s->path) : NULL;
	uint64_t ns;

	if (!q || !leaf || !s->number || s->gone)
		return;
	if (strcmp(leaf, "/rate") == 0) {
		q->dropped_ns = q->rate_bps == s->u ? q->dropped_ns : 0; /* that was another queue */
		q->rate_bps = s->u;
	}
	if (strcmp(leaf, "/packets") == 0)
		q->d_packets = since(&q->packets, s, &ns);
	else if (strcmp(leaf, "/octets") == 0)
		q->d_octets = since(&q->octets, s, &ns);
	else if (strcmp(leaf, "/drops") == 0)
		on_drops(d, f, q, s);
}

static const struct queue *queue_at(const struct face *f, uint32_t nrp)
{
	for (uint32_t i = 0; i < f->n_queues; i++)
		if (f->queues[i].nrp == nrp)
			return &f->queues[i];
	return NULL;
}

bool repair_devices_queue(const struct repair_desk *d, uint32_t link, uint32_t nrp, struct desk_queue *out)
{
	const struct ted *t = intent_ted(d->p.intent);
	const struct desk_device *x = t && link < t->n_links ? device_of(d, ted_node_label(t, t->links[link].from)) : NULL;

	for (size_t i = 0; x && i < x->faces.n; i++) {
		const struct queue *q = queue_at(&x->faces.at[i], nrp);

		if (!q || link_of(d, &x->faces.at[i]) != link)
			continue;
		*out = q->is;
		if (!q->dropped_ns || loop_wall_ns(d->p.loop) > q->dropped_ns + DESK_FACT_S * NS_PER_S)
			out->lost = out->of = out->dropping_bps = 0;
		return true;
	}
	return false;
}

/* What comes broken to this end was lost on the link from the other. */
static void on_errors(struct repair_desk *d, struct face *f, const struct device_sample *s)
{
	struct locate_fact out = fact(d, LOCATE_IF_ERRORS);
	uint32_t link = link_of(d, f);
	uint64_t ns;

	out.lost = since(&f->errors, s, &ns);
	if (out.lost == 0 || link == TED_NONE)
		return;
	out.link = intent_ted(d->p.intent)->links[link].reverse;
	if (out.link != TED_NONE)
		repair_facts_put(d, &out, NULL, false);
}

/* ---- SIDs ---- */

static struct table *table_of(struct desk_device *x, const char *path, bool make)
{
	char text[16];
	uint64_t id;

	if (!room_key_of(path, "id", text, sizeof(text)) || str_u64(text, &id) != 0 || id > UINT32_MAX)
		return NULL;
	for (size_t i = 0; i < x->tables.n; i++)
		if (x->tables.at[i].id == id)
			return &x->tables.at[i];
	return make && x->tables.n < TABLES_MAX ? VEC_ADD(&x->tables, ((struct table){ .id = (uint32_t)id })) : NULL;
}

static void hears(struct repair_desk *d, struct desk_device *x, struct table *t)
{
	const struct ted *ted = intent_ted(d->p.intent);
	uint32_t node = ted ? ted_node_by_id(ted, x->name) : TED_NONE;
	bool was = t->deaf;

	t->windows = t->readings = 0;
	t->arrived = 0;
	t->since_ns = loop_wall_ns(d->p.loop);
	t->deaf = false;
	for (size_t i = 0; i < x->tables.n; i++)
		was = was && !x->tables.at[i].deaf;
	if (was && node != TED_NONE)
		repair_facts_drop(d, LOCATE_SID_DEAF, node, LOCATE_NONE);
}

/* The router gets packets for a SID and its route does not count them: something else takes them. */
static void deaf(struct repair_desk *d, struct desk_device *x, struct table *t)
{
	const struct ted *ted = intent_ted(d->p.intent);
	struct locate_fact out = fact(d, LOCATE_SID_DEAF);

	if (t->windows < DEAF_WINDOWS || t->readings < DEAF_READINGS || t->arrived < DEAF_PACKETS)
		return;
	t->deaf = true;
	out.node = ted ? ted_node_by_id(ted, x->name) : TED_NONE;
	out.lost = out.of = t->arrived;
	if (out.node != TED_NONE)
		repair_facts_put(d, &out, NULL, false);
}

/* Of one that was there: its SID is no more, in the device's words. One that never was is refused to who
 * put it, and a table may lack other things. */
static void on_state(struct repair_desk *d, struct desk_device *x, struct table *t, bool reason, const char *text)
{
	const struct ted *ted = intent_ted(d->p.intent);
	struct locate_fact out = fact(d, LOCATE_SID_WRONG);
	bool was = t->lost;

	out.node = ted ? ted_node_by_id(ted, x->name) : TED_NONE;
	t->in = t->in || (!reason && strcmp(text, "in") == 0);
	if (reason)
		t->lost = t->in && strstr(text, " SID") != NULL;
	else if (strcmp(text, "failed") != 0)
		t->lost = false;
	if (t->lost && out.node != TED_NONE)
		repair_facts_put(d, &out, NULL, false);
	for (size_t i = 0; i < x->tables.n; i++)
		was = was && !x->tables.at[i].lost;
	if (was && out.node != TED_NONE)
		repair_facts_drop(d, LOCATE_SID_WRONG, out.node, LOCATE_NONE);
}

static void on_table(struct repair_desk *d, struct desk_device *x, const struct device_sample *s)
{
	const char *leaf = strrchr(s->path, '/');
	struct table *t = table_of(x, s->path, !s->gone);
	uint64_t ns, taken;

	if (t && s->gone && leaf && strcmp(leaf, "/sid") != 0 && !strchr(leaf, '[')) {
		if (strcmp(leaf, "/packets") == 0)
			hears(d, x, t); /* a counter that is not told is none */
		else if (strcmp(leaf, "/status") == 0)
			on_state(d, x, t, false, "");
	} else if (t && s->gone) {
		hears(d, x, t);
		on_state(d, x, t, false, "");
		*t = x->tables.at[--x->tables.n];
	} else if (t && s->watch == x->watch_sids) {
		t->n_sids = s->text ? addresses(s->text, t->sids, SIDS_MAX) : 0;
	} else if (t && leaf && s->text && (strcmp(leaf, "/status") == 0 || strcmp(leaf, "/reason") == 0)) {
		on_state(d, x, t, leaf[1] == 'r', s->text);
	} else if (t && leaf && strcmp(leaf, "/packets") == 0 && s->number) {
		taken = since(&t->packets, s, &ns);
		if (ns == 0 || taken > 0) {
			hears(d, x, t);
		} else {
			t->readings++;
			deaf(d, x, t);
		}
	}
}

/* Of windows that began after the SID took its last packet: of others it may have taken all. */
void repair_devices_arrived(struct repair_desk *d, const struct assure_evidence *e)
{
	const struct ted *ted = intent_ted(d->p.intent);
	struct desk_device *x = ted && e->end < ted->n_nodes ? device_of(d, ted_node_label(ted, e->end)) : NULL;

	for (size_t i = 0; x && i < x->tables.n; i++) {
		struct table *t = &x->tables.at[i];

		for (uint32_t k = 0; k < t->n_sids; k++) {
			if (!ip_eq(&t->sids[k], e->last) || e->begin_ns < t->since_ns)
				continue;
			t->windows++;
			t->arrived += e->sent - e->lost;
			return;
		}
	}
}

/* ---- clocks ---- */

static int64_t best_of(const struct desk_device *x)
{
	int64_t best = x->offset[0];

	for (unsigned i = 1; i < OFFSETS; i++)
		best = x->offset[i] > best ? x->offset[i] : best;
	return best;
}

static uint64_t apart(int64_t a, int64_t b)
{
	return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

/* It is wrong from when it moved until it is as it was, or as ours is. */
static void judge(struct repair_desk *d, struct desk_device *x, int64_t best, int64_t ours)
{
	const struct ted *t = intent_ted(d->p.intent);
	struct locate_fact out = fact(d, LOCATE_CLOCK_STEP);

	out.node = t ? ted_node_by_id(t, x->name) : TED_NONE;
	out.value = apart(best, x->settled);
	out.bound = STEP_US;
	if (out.value <= STEP_US || (x->moved && apart(best, ours) <= STEP_US)) {
		if (x->moved && out.node != TED_NONE)
			repair_facts_drop(d, LOCATE_CLOCK_STEP, out.node, LOCATE_NONE);
		x->moved = false;
		x->settled = best; /* clocks drift: it is the step that counts */
	} else if (out.node != TED_NONE) {
		x->moved = true;
		repair_facts_put(d, &out, NULL, true);
	}
}

static void on_time(struct repair_desk *d, struct desk_device *x, int64_t time_ns)
{
	int64_t mono_us = (int64_t)(loop_now(d->p.loop).ns / 1000);

	x->offset[x->n_offsets % OFFSETS] = time_ns / 1000 - mono_us;
	x->n_offsets = x->n_offsets + 1 < 2 * OFFSETS ? x->n_offsets + 1 : OFFSETS;
	if (x->n_offsets < OFFSETS)
		return;
	if (!x->has_settled) {
		x->has_settled = true;
		x->settled = best_of(x);
		return;
	}
	judge(d, x, best_of(x), (int64_t)(loop_wall_ns(d->p.loop) / 1000) - mono_us);
}

/* ---- the sink ---- */

static void on_sample(void *arg, const struct device_sample *s)
{
	struct repair_desk *d = arg;
	struct desk_device *x = device_of(d, s->device);
	struct face *f;

	if (!x)
		return;
	if (s->watch == x->watch_link) {
		on_link(d, x, s);
	} else if (s->watch == x->watch_statistics) {
		f = strstr(s->path, "/in-errors") ? face_of(x, s->path) : NULL;
		if (f && s->number && !s->gone)
			on_errors(d, f, s);
	} else if (s->watch == x->watch_sids || s->watch == x->watch_taken) {
		on_table(d, x, s);
	} else if (s->watch == x->watch_clock) {
		on_time(d, x, s->time_ns);
	} else if (s->watch == x->watch_address) {
		f = face_of(x, s->path);
		if (f)
			f->n = 0;
		if (f && !s->gone && s->text)
			f->n = (uint8_t)addresses(s->text, f->at, ROOM_FACE_ADDRS_MAX);
	}
}

/* Routes and SIDs that are not as they were put there; who put them puts them again. */
static void on_drift(void *arg, const struct device_drift *is)
{
	struct repair_desk *d = arg;
	const struct ted *t = intent_ted(d->p.intent);
	struct locate_fact out = fact(d, LOCATE_SID_WRONG);

	if (!strstr(is->path, "/locator") && !strstr(is->path, "/table"))
		return;
	out.node = t ? ted_node_by_id(t, is->device) : TED_NONE;
	if (out.node != TED_NONE)
		repair_facts_put(d, &out, NULL, false);
}

const struct device_sink repair_device_sink = {
	.up = on_up,
	.gone = on_gone,
	.sample = on_sample,
	.gap = on_gap,
	.drift = on_drift,
};

void repair_desk_port(struct repair_desk *d, const struct device_port *port)
{
	d->port = *port;
}
