/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Incidents from the inside. */
#include "assure/repair/repair.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/vec.h"

/* When actions were taken, the newest last; what is older than an hour is forgotten. */
struct repair_hour {
	struct mono *at;
	uint32_t n, cap;
};

struct repair_slice {
	struct hash_node node;
	char id[REPAIR_SLICE_MAX];
	struct incident *open; /* NULL: none */
	struct mono hold_until;
	bool spent; /* its list is through, and it is violated still */
	bool accepted;
	bool recalled; /* spent and accepted are of before a restart: unknown windows say nothing of it */
	uint32_t restore_of; /* incident whose action waits to be taken away; 0: none */
	struct mono restore_at;
	uint64_t since_wall_ns; /* it runs as it does */
	uint32_t last; /* incident that ended last; 0: none */
	struct mono again;
	struct repair_hour hour;
	struct mono times[REPAIR_HOUR_MAX];
};

/* See repair_beside_add(). */
struct repair_beside {
	char slice[REPAIR_SLICE_MAX];
	bool known;
	uint8_t good, blind;
};

struct incident {
	struct repair_incident view;
	struct list link; /* by id */
	struct repair_slice *of; /* NULL: ended */
	VEC(struct repair_entry) timeline;
	VEC(struct repair_beside) beside;
	uint32_t turn;
	uint16_t todo; /* bits of enum repair_todo */
	uint16_t told; /* waits: bits of gates whose reason was told */
	uint8_t tries; /* of taking back */
	bool placed, approved, chosen, failed;
	bool more; /* what is taken back did not help: it is done again with more */
	bool well;	/* since it ended, the slice was */
	bool resumed;	/* nothing was measured yet since the controller started again */
	bool unsaved;
	bool restored;	/* what it did was taken away, or is another's */
	uint8_t damped; /* so often it was tried to take it away, and did not do */
	uint32_t slot;	/* where it is kept: below incidents_max */
	uint8_t n_acts;
	uint64_t act_wall_ns[REPAIR_ORDERS_MAX];
	struct mono due, wait_until;
	uint32_t n_holds;
	bool holds_all;
	uint64_t holds[REPAIR_HOLDS_MAX];
};

struct repair {
	struct repair_cfg cfg;
	struct hash slices;
	struct list incidents;
	uint32_t n_incidents, n_todo, id_given;
	struct incident **waiting; /* scratch, incidents_max long */
	bool *slots; /* taken; incidents_max of them */
	struct repair_hour hour;
	struct repair_counts counts;
};

/* repair.c */
struct incident *repair_find(const struct repair *r, uint32_t id);
struct repair_slice *repair_slice_get(const struct repair *r, const char *id);
/* Finds or makes it. 0, -ENOMEM, REPAIR_E_FULL. */
int repair_slice_make(struct repair *r, const char *id, struct mono now, struct repair_slice **outp);
/* Of that id, behind those of lower ones, with room made for it. 0, -ENOMEM, REPAIR_E_FULL. */
int repair_incident_new(struct repair *r, uint32_t id, struct incident **outp);
void repair_incident_free(struct repair *r, struct incident *i);

void repair_keep(struct repair *r, struct incident *i, const struct repair_now *now);

/* repair_beside.c */
const char *repair_beside_waits(const struct incident *i); /* a slice whose windows are waited for, or NULL */
void repair_beside_gone(struct repair *r, const char *slice, const struct repair_now *now);
/* Time is up: true, and why, when it is for one of those. */
bool repair_beside_late(const struct incident *i, char out[REPAIR_TEXT_MAX]);

/* repair_course.c */
void repair_tell(struct incident *i, enum repair_what what, const struct repair_now *now,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void repair_todo_add(struct repair *r, struct incident *i, enum repair_todo t);
void repair_turn(struct repair *r, struct incident *i, enum repair_phase p, enum repair_todo t,
		 const struct repair_now *now);
void repair_end(struct repair *r, struct incident *i, enum repair_outcome o, const char *why,
		const struct repair_now *now);
void repair_pass(struct incident *i, const struct repair_now *now); /* on to the next action */
void repair_reconsider(struct incident *i, const struct repair_now *now); /* the same, or another round of it */
void repair_take_back(struct repair *r, struct incident *i, const char *why, const struct repair_now *now);
/* All that wait, in the order they are to have. */
void repair_choose_all(struct repair *r, const struct repair_now *now);
/* repair_restore.c */
void repair_restore_plan(struct repair *r, struct repair_slice *s, const struct repair_now *now);
void repair_restore_ended(struct repair *r, const struct incident *i);
void repair_restore_none(struct repair *r, const char *slice); /* of one that is gone */
/* repair_gate.c */
enum repair_way { WAY_GO, WAY_SKIP, WAY_WAIT, WAY_ASK, WAY_TELL };
/* May the action of i be taken now? why is for people; gate: which gate it was. */
enum repair_way repair_gate(const struct repair *r, struct incident *i, const struct repair_now *now,
			    char why[REPAIR_TEXT_MAX], unsigned *gate);
bool repair_works(const struct incident *i);
void repair_hour_add(struct repair_hour *h, struct mono at);
/* An assurance window forbids it. */
bool repair_frozen(const struct repair *r, const struct incident *i, char why[REPAIR_TEXT_MAX]);
bool repair_approved(const struct repair *r, const struct incident *i);
