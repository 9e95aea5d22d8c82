/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Event bus: what happened, in order, numbered. The last BUS_RING events are kept so that a
 * reader can resume by id; one older than that is told of a gap. Loop thread only.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

enum { BUS_RING = 2048, BUS_BODY_MAX = 2048, BUS_RESOURCE_MAX = 192 };

enum bus_severity {
	BUS_INFO,
	BUS_WARNING,
	BUS_ALARM,	 /* raised */
	BUS_CLEARED,	 /* an alarm with the same type and resource ended */
};

struct bus_event {
	uint64_t id;	   /* 1, 2, … since start */
	uint64_t wall_ns;
	enum bus_severity severity;
	char type[48];	   /* "policy-state", "link-down", "session-up", "audit", … */
	char resource[BUS_RESOURCE_MAX];
	char body[BUS_BODY_MAX]; /* members of a JSON object without the braces; may be "" */
};

struct bus;

struct bus_reader {
	struct list link;
	void (*fn)(void *arg, const struct bus_event *e);
	void *arg;
};

int bus_new(struct bus **outp, uint64_t seed); /* seed: from loop_random(); any in tests */
struct bus *bus_free(struct bus *b);
AUTO_DEFINE(struct bus, bus_free)

/* A BUS_CLEARED of an alarm that does not stand is not published.
 * body: JSON members ("\"state\":\"up\""), longer than BUS_BODY_MAX - 1 is replaced by "". */
void bus_publish(struct bus *b, uint64_t wall_ns, enum bus_severity severity, const char *type,
		 const char *resource, const char *body);
void bus_subscribe(struct bus *b, struct bus_reader *r);
void bus_unsubscribe(struct bus_reader *r);
/* The first kept event with id > after, or NULL; *gap when events between were dropped. */
const struct bus_event *bus_next(const struct bus *b, uint64_t after, bool *gap);
uint64_t bus_last_id(const struct bus *b);
/* Alarms raised and not cleared, by (type, resource), oldest first; 16 384 at most, what is raised
 * beyond is an event only. The event is good during the call. */
void bus_alarms(const struct bus *b, void (*fn)(void *arg, const struct bus_event *e), void *arg);
