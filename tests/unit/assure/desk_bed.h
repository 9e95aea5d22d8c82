/* SPDX-License-Identifier: Apache-2.0 */
/* The desk of repairs over slices in the square, and evidence by hand. */
#pragma once
#include "bed.h"

#include "assure/repair/repair_desk.h"

#define ACTIONS(a) "\"sextant-slice:repair-policy\":{\"action\":[" a "],\"hold-down\":5,\"max-actions-per-hour\":6},"
#define ACTION(n, type, more) "{\"order\":" #n ",\"type\":\"" type "\"" more "}"
#define REROUTE ACTIONS(ACTION(1, "reroute", ""))

extern struct repair_desk *desk;
extern struct window_book *desk_windows; /* of the next desk_up(); NULL: none */
extern unsigned raised, lowered; /* orders to measure every hop */

void desk_setup(void);
void desk_teardown(void);
void desk_up(void); /* again, after bed_crash() */

uint32_t node(const char *name);
void stands(const char *id, const char *more);
/* A window of the slice's first flow, over the routers of path; lost on the way into the at-th. */
void window(const char *id, const char *path, uint64_t lost, unsigned at, enum assure_verdict v);
void bad(const char *id);
void good(const char *id, unsigned n);
/* Nothing was sent in another flow of the slice, in the window that window() told of last. */
void quiet(const char *id, enum assure_verdict state);
const struct repair_incident *incident(uint32_t id);
bool told(const struct repair_incident *i, enum repair_what what, const char *text);
void say(const struct repair_incident *i);
const char *pair(void); /* the document of a slice with a standby, "one" */
