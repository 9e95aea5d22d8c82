/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * What is known of who may meet whom, at one moment: what was ordered (slices and the tables that were given out)
 * and what routers say they do, as a world of reach.h with names. A copy: nothing in it changes.
 */
#include "base/arena.h"
#include "base/vec.h"
#include "realise/reach.h"
#include "realise/room.h"

/* An SDP. Those with an interface in common are one owner: what comes out of it is for each of them. */
struct meet_end {
	const char *slice, *sdp;
	uint32_t up; /* another of the same owner; itself: it stands for them */
};

struct meet_port { /* as ports of the world */
	uint32_t router;
	char name[REALISE_IF_MAX];
	uint32_t owner; /* REACH_NONE: nobody's */
};

/* Packets of an SDP that are of a connection group: those that are looked up in the table it has for that. */
struct meet_source { /* as sources of the world */
	const char *slice, *sdp, *group, *device;
	uint32_t table;
	const char *const *to; /* SDP of each want */
	const char *why;       /* it is not known that its packets come to that table; NULL: it is */
	bool moving;	       /* its slice is being changed, or was just now */
	/* Routers that have something else of its slice than was ordered, or had a moment ago. */
	const uint32_t *unsettled;
	uint32_t n_unsettled;
	uint32_t first_want, first_peer;
};

struct realise_meet {
	struct arena arena;
	struct reach_world world;
	struct mono when;
	uint64_t wall_ns;
	bool settles; /* something has not rested for long enough, and has at: */
	struct mono settled;
	const char **routers; /* sorted; the last is "": of those that tell nothing at all */
	VEC(struct meet_end) ends;
	VEC(struct meet_port) ports;
	VEC(struct meet_source) sources; /* by slice */
	VEC(struct reach_source) reach_sources;
	VEC(struct reach_table) tables;
	VEC(struct reach_sid) sids;
	VEC(struct reach_want) wants;
	VEC(const char *) to;
	VEC(uint32_t) peers;
};

/*
 * One that is made in turns, of one moment: what is read of slices is read again when one of them is another by then,
 * three times; after that those do not count (`moving`).
 */
struct meet_build;
enum { MEET_READY = 1 };
struct meet_build *realise_meet_begin(struct realise *r); /* NULL: no memory */
/* Some of it, of a cost of about `most` (a route, or a part of a slice, is one). 0: there is more; MEET_READY: *outp is
 * it; -ENOMEM. */
int realise_meet_step(struct meet_build *b, uint32_t most, struct realise_meet **outp);
struct meet_build *realise_meet_drop(struct meet_build *b); /* also when it is ready */
struct realise_meet *realise_meet_new(struct realise *r); /* all at once; NULL: no memory */
/* Of one slice, and of nothing that devices told: all is unsure. NULL: no memory. */
struct realise_meet *realise_meet_of(struct realise *r, const char *slice);
struct realise_meet *realise_meet_free(struct realise_meet *m);
/* Is what a router has of the source's slice what was ordered? */
bool realise_meet_settled(const struct meet_source *x, uint32_t router);
/* Is what is ordered of it now something else than devices are, or were, told? */
bool realise_meet_moving(const struct realise *r, const char *slice);
/* Does any device tell what it does? Else there is nothing to look at. */
bool realise_meet_any(const struct realise *r);
