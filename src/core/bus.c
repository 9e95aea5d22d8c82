/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of events and the table of standing alarms, kept as copies. */
#include "core/bus.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/str.h"

enum { ALARMS_MAX = 16384, KEY_MAX = 48 + 1 + BUS_RESOURCE_MAX };

struct alarm {
	struct hash_node node; /* by type and resource */
	struct list link;
	uint64_t id, wall_ns;
	enum bus_severity severity;
	const char *type, *resource, *body; /* in text */
	char text[];
};

struct bus {
	struct list readers;
	struct list alarms; /* struct alarm, oldest first */
	struct hash by_what;
	uint64_t last_id;
	struct bus_event ring[BUS_RING];
};

struct what {
	const char *type, *resource;
};

static bool alarm_eq(const struct hash_node *n, const void *key)
{
	const struct alarm *a = HASH_OF(n, const struct alarm, node);
	const struct what *w = key;

	return strcmp(a->type, w->type) == 0 && strcmp(a->resource, w->resource) == 0;
}

int bus_new(struct bus **outp, uint64_t seed)
{
	struct bus *b = calloc(1, sizeof(*b));

	if (!b)
		return err_raise(-ENOMEM);
	list_init(&b->readers);
	list_init(&b->alarms);
	hash_init(&b->by_what, seed, alarm_eq);
	*outp = b;
	return 0;
}

struct bus *bus_free(struct bus *b)
{
	struct list *n;

	if (!b)
		return NULL;
	while ((n = list_pop(&b->alarms)))
		free(LIST_OF(n, struct alarm, link));
	hash_fini(&b->by_what);
	while (list_pop(&b->readers))
		;
	free(b);
	return NULL;
}

static size_t key_of(const struct what *w, char key[KEY_MAX])
{
	size_t n = strlen(w->type) + 1, m = strlen(w->resource);

	memcpy(key, w->type, n);
	memcpy(key + n, w->resource, m);
	return n + m;
}

static struct alarm *alarm_find(struct bus *b, const struct what *w)
{
	char key[KEY_MAX];
	struct hash_node *n = hash_get(&b->by_what, key, key_of(w, key), w);

	return n ? HASH_OF(n, struct alarm, node) : NULL;
}

static void alarm_drop(struct bus *b, struct alarm *a)
{
	list_del(&a->link);
	hash_del(&b->by_what, &a->node);
	free(a);
}

static struct alarm *alarm_new(const struct bus_event *e)
{
	size_t type = strlen(e->type) + 1, resource = strlen(e->resource) + 1, body = strlen(e->body) + 1;
	struct alarm *a = calloc(1, sizeof(*a) + type + resource + body);

	if (!a)
		return NULL;
	a->id = e->id;
	a->wall_ns = e->wall_ns;
	a->severity = e->severity;
	a->type = memcpy(a->text, e->type, type);
	a->resource = memcpy(a->text + type, e->resource, resource);
	a->body = memcpy(a->text + type + resource, e->body, body);
	return a;
}

/* One that is raised again keeps its place. */
static void alarm_note(struct bus *b, const struct bus_event *e)
{
	const struct what w = { e->type, e->resource };
	struct alarm *was = alarm_find(b, &w), *a = NULL;
	char key[KEY_MAX];

	if (e->severity == BUS_ALARM && (was || b->by_what.count < ALARMS_MAX))
		a = alarm_new(e);
	if (a)
		list_add(was ? &was->link : &b->alarms, &a->link);
	if (was && (a || e->severity == BUS_CLEARED))
		alarm_drop(b, was);
	if (a && hash_put(&b->by_what, key, key_of(&w, key), &a->node) < 0) {
		list_del(&a->link);
		free(a);
	}
}

/* As long names as an event has. */
static bool stands(struct bus *b, const char *type, const char *resource)
{
	char t[sizeof(((struct bus_event *)0)->type)], r[BUS_RESOURCE_MAX];
	const struct what w = { t, r };

	str_copy(t, sizeof(t), type);
	str_copy(r, sizeof(r), resource);
	return alarm_find(b, &w);
}

void bus_publish(struct bus *b, uint64_t wall_ns, enum bus_severity severity, const char *type,
		 const char *resource, const char *body)
{
	struct bus_event *e = &b->ring[b->last_id % BUS_RING];

	/* Rooms clear what may not stand; the end of nothing is no news. */
	if (severity == BUS_CLEARED && !stands(b, type, resource))
		return;
	e->id = ++b->last_id;
	e->wall_ns = wall_ns;
	e->severity = severity;
	str_copy(e->type, sizeof(e->type), type);
	str_copy(e->resource, sizeof(e->resource), resource);
	if (!str_copy(e->body, sizeof(e->body), body))
		e->body[0] = '\0';
	if (severity == BUS_ALARM || severity == BUS_CLEARED)
		alarm_note(b, e);
	LIST_EACH(it, &b->readers) {
		struct bus_reader *r = LIST_OF(it, struct bus_reader, link);

		r->fn(r->arg, e);
	}
}

void bus_subscribe(struct bus *b, struct bus_reader *r)
{
	list_add(&b->readers, &r->link);
}

void bus_unsubscribe(struct bus_reader *r)
{
	list_del(&r->link);
}

const struct bus_event *bus_next(const struct bus *b, uint64_t after, bool *gap)
{
	uint64_t oldest = b->last_id > BUS_RING ? b->last_id - BUS_RING + 1 : 1;

	*gap = after + 1 < oldest;
	if (after >= b->last_id)
		return NULL;
	return &b->ring[((*gap ? oldest : after + 1) - 1) % BUS_RING];
}

uint64_t bus_last_id(const struct bus *b)
{
	return b->last_id;
}

void bus_alarms(const struct bus *b, void (*fn)(void *arg, const struct bus_event *e), void *arg)
{
	for (const struct list *n = b->alarms.next; n != &b->alarms; n = n->next) {
		const struct alarm *a = CONTAINER_OF(n, struct alarm, link);
		struct bus_event e = { .id = a->id, .wall_ns = a->wall_ns, .severity = a->severity };

		str_copy(e.type, sizeof(e.type), a->type);
		str_copy(e.resource, sizeof(e.resource), a->resource);
		str_copy(e.body, sizeof(e.body), a->body);
		fn(arg, &e);
	}
}
