/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The room of assurance over the square a-b-d, a-c-d, with four devices that mark and count as
 * agents do: a slice of a flow from a to d is up, its packets pass, some are lost, and at half of the
 * next period each device tells what it counted.
 */
#include "bed.h"

#include "assure/flows/room.h"

enum { PERIOD_MS = 1000, ROUTERS = 4, POINTS = 6 };

struct router {
	const char *name;
	bool present, up, mute; /* configured, connected, tells nothing */
	bool deaf;		/* answers no Set */
	const char *refuses;	/* with these words */
	int64_t clock_ms;	/* ahead of true time */
	uint64_t late_ms;	/* so much later it sees the packet that is timed */
	char doc[4096];		/* what it has: "" nothing */
	unsigned sets, deletes;
	uint32_t txn, faces, counters; /* of the last Set of marking; watches, 0 none */
	uint32_t heard;
	bool answered;
	char reflector[256], session[320], session_name[64]; /* "" none */
	char look[2][384]; /* small, large: "" none */
	uint32_t probe_txn, sessions; /* of the last Set of probes; a watch */
	uint32_t ports;		      /* another */
	const char *refuses_probes;
	uint64_t boot;
	bool began; /* its counters began in this period, as it says */
	uint64_t count[2][2]; /* by way (in, out) and colour */
};

struct room_bed {
	struct assure_room *room;
	struct router at[ROUTERS];
	const char *path; /* letters of the routers that packets take now */
	uint64_t sent, lost[POINTS]; /* of each period: at a place between two points */
	uint32_t flow;
	void (*meanwhile)(void); /* between what is told of a period and its judgement */
	const char *only; /* evidence of this slice alone; NULL: all */
	bool service_sid; /* another room gives the slice one */
	struct assure_evidence last;
	struct assure_segment segments[ASSURE_POINTS_MAX];
	char why[SR_REASON_MAX];
	unsigned told;
};

extern struct room_bed rb;

void room_bed_up(void);	  /* all devices connected, the slice "one" is active */
void room_bed_down(void);
void room_bed_begin(void); /* a room for devices that are there, when there is none */
void room_bed_restart(void); /* of the controller: the room anew, topology and slices are there */
struct router *router(const char *name);
void connect_router(const char *name);
void disconnect_router(const char *name);
/* What passes in the time up to the end of this period, told in the middle of the next, and judged. */
void period(void);
void periods(unsigned n);
/* The reading of the period before, of one device and way. */
void tell(const char *name, bool out);
void tell_as(const char *name, bool out, const char *face, uint64_t period_no, uint64_t packets);
uint64_t now_period(void);
/* A window of the session of a that it has, all of it told: of so many probes so many were lost on the
 * way there, the longest took so long. us 0: delays are not known. */
void probe_window(uint32_t sent, uint32_t lost, uint32_t us);
/* A window of the look's session of a: received 0 is silence. */
/* What the reflector of a router counts of the session of a; in full, if it was asked anew. */
void heard(const char *name, uint64_t packets);
void look_window(bool large, uint32_t sent, uint32_t received);
const struct assure_stream_view *stream(void); /* of the slice "one", the first. One buffer */
const struct assure_slice_view *judged(void);
