/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* What a new TED generation looks like from outside: events, alarms, metrics. */
#include "core/bus.h"
#include "log/metric.h"
#include "loop/loop.h"
#include "pce/ted.h"

/* A link that flapped again is held down for so long although it is told up. */
void publish_damped(struct bus *bus, const struct loop *loop, const struct ted *ted, uint32_t link,
		    uint64_t hold_ns);
/* Looked up once: news of a failure does not wait for that. */
struct publish_gauges {
	struct metric *nodes, *links, *generation, *stale;
};
void publish_gauges_init(struct publish_gauges *g);
/* prev: the generation before, never NULL. */
void publish_events(const struct publish_gauges *g, struct bus *bus, const struct loop *loop,
		    const struct ted *prev, const struct ted *ted);
