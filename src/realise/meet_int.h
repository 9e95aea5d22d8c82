/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * A world that is being made, some of it a turn. Slices are read one after the other, then at one moment it is seen
 * which of them are others since, and what devices told is copied: all that is as it was read is of that moment. The rest
 * is made of copies.
 */
#include "realise/meet.h"
#include "realise/told.h"

enum meet_phase { MEET_SLICES, MEET_MOMENT, MEET_PORTS, MEET_JOIN, MEET_TABLES, MEET_TOPS, MEET_ORDER, MEET_UP, MEET_DONE };

#define NONE ((uint32_t)REACH_NONE)

struct meet_way { /* of a flow, by SDP; NONE: not known */
	uint32_t from, to;
};

struct meet_piece { /* what is here of a slice, and of which state of it */
	const char *id;
	uint64_t rev, ordered;
	uint32_t first, n; /* sources */
};

struct meet_told { /* a table of a device, as it was told */
	uint32_t router, id;
	bool known;
	const struct told_route *at;
	uint32_t n;
};

struct meet_build {
	struct realise *r;
	struct realise_meet *m;
	uint32_t n_routers; /* that are devices */
	bool nomem;
	/* of the slice that is looked at: */
	struct realise_slice *s;
	const struct slice_service *v;
	const char *id;
	struct slice_flow_view *flows;
	uint32_t n_flows;
	uint32_t first_end; /* SDP i is end first_end + i */
	const char **devices; /* by SDP; NULL: none is known */
	struct realise_prefix **prefixes; /* by SDP, found when first asked for */
	uint32_t *n_prefixes;
	bool moving;
	uint32_t *unsettled, n_unsettled;
	struct realise_joins *joins[SLICE_GROUPS_MAX + 1];
	struct meet_way *ways; /* by flow */
	uint64_t ordered;
	/* of all: */
	VEC(struct meet_piece) pieces; /* by id */
	const struct realise_sight **sights; /* by router; good while seen_rev is as it was */
	uint64_t seen_rev, slice_rev; /* as it began */
	unsigned restarts;
	enum meet_phase phase;
	uint32_t at; /* what of the phase is next */
	VEC(struct meet_told) told;
};

uint32_t realise_meet_router_of(const struct meet_build *b, const char *device); /* NONE: none tells */
void realise_meet_port_add(struct meet_build *b, uint32_t router, const char *name, uint32_t owner);
uint32_t realise_meet_top(struct realise_meet *m, uint32_t end); /* who stands for it */
uint32_t realise_meet_slice_add(struct meet_build *b, struct realise_slice *s); /* what it cost */
