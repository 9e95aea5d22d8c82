/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The event stream: bus events as server-sent events, one notification of models/
 * sextant-events.yang each, wrapped as RFC 8040 s6.4 says. The SSE id is the bus id; a client
 * resumes with Last-Event-ID (or ?after=ID) and is told of a gap by an event of type gap.
 *
 * Query: after=ID · type=TYPE (may repeat) · resource=PREFIX. A client that does not read
 * holds at most one http stream bound; the bus ring is its queue, and what falls out of the
 * ring while it sleeps is told as a gap. One that takes nothing for stall_ns is dropped.
 */
#include <stdint.h>

#include "base/auto.h"
#include "core/bus.h"
#include "loop/loop.h"
#include "northbound/http/http.h"

struct sse;

struct sse_cfg {
	struct loop *loop;
	struct bus *bus;
	uint32_t clients_max;	/* more get 503; default 64 */
	uint64_t heartbeat_ns;	/* a comment when nothing was sent for so long; default 15 s */
	uint64_t stall_ns;	/* default 60 s */
};

void sse_cfg_default(struct sse_cfg *cfg);
int sse_new(struct sse **outp, const struct sse_cfg *cfg);
struct sse *sse_free(struct sse *s); /* ends every stream */
AUTO_DEFINE(struct sse, sse_free)

/* Answers GET /restconf/streams/sextant-events. Rights are the caller's business. */
void sse_handle(void *arg, struct http_req *req);
uint32_t sse_clients(const struct sse *s);
