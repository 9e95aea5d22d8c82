/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of events and the set of standing alarms, kept as copies. */
#include "core/bus.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"

enum { ALARMS_MAX = 1024 };

struct alarm {
	struct list link;
	struct bus_event event;
};

struct bus {
	struct list readers;
	struct list alarms; /* struct alarm, oldest first */
	unsigned n_alarms;
	uint64_t last_id;
	struct bus_event ring[BUS_RING];
};

int bus_new(struct bus **outp)
{
	struct bus *b = calloc(1, sizeof(*b));

	if (!b)
		return err_raise(-ENOMEM);
	list_init(&b->readers);
	list_init(&b->alarms);
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
	while (list_pop(&b->readers))
		;
	free(b);
	return NULL;
}

static struct alarm *alarm_find(struct bus *b, const char *type, const char *resource)
{
	LIST_EACH(it, &b->alarms) {
		struct alarm *a = LIST_OF(it, struct alarm, link);

		if (strcmp(a->event.type, type) == 0 && strcmp(a->event.resource, resource) == 0)
			return a;
	}
	return NULL;
}

static void alarm_note(struct bus *b, const struct bus_event *e)
{
	struct alarm *a = alarm_find(b, e->type, e->resource);

	if (e->severity == BUS_CLEARED) {
		if (a) {
			list_del(&a->link);
			b->n_alarms--;
			free(a);
		}
		return;
	}
	if (!a) {
		if (b->n_alarms == ALARMS_MAX)
			return;
		a = calloc(1, sizeof(*a));
		if (!a)
			return;
		b->n_alarms++;
		list_add(&b->alarms, &a->link);
	}
	a->event = *e;
}

void bus_publish(struct bus *b, uint64_t wall_ns, enum bus_severity severity, const char *type,
		 const char *resource, const char *body)
{
	struct bus_event *e = &b->ring[b->last_id % BUS_RING];

	/* Rooms clear what may not stand; the end of nothing is no news. */
	if (severity == BUS_CLEARED && !alarm_find(b, type, resource))
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

		fn(arg, &a->event);
	}
}
