/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The closed loop of a slice, purely: violated, so it is located, an action of the operator's list is
 * chosen, simulated, applied, verified in windows that began after it, and kept or taken back; each
 * such course is one incident with its timeline. No I/O, no clock: news comes with the time, what is
 * to be done is asked for with repair_next().
 *
 * Held to, whatever comes: one open incident a slice; no action within its hold-down or beyond what
 * may be done in an hour, by slice and by all; no two at work at what they share; in an assurance
 * window only what was approved beforehand. An incident always ends.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/mono.h"

enum {
	REPAIR_SLICE_MAX = 112, /* with the NUL: an id */
	REPAIR_TEXT_MAX = 256,
	REPAIR_ORDERS_MAX = 8,
	REPAIR_CAUSES_MAX = 4,
	REPAIR_HOLDS_MAX = 64,	  /* what one works at; more counts as everything */
	REPAIR_VERIFY = 3,	  /* windows within the bounds before it is kept */
	REPAIR_BLIND = 12,	  /* windows of which nothing is known before it is taken back */
	REPAIR_REVERTS = 3,	  /* tries */
	REPAIR_ROUNDS = 8,	  /* of an action that does more each time */
	REPAIR_TIMELINE_MAX = 256,
	REPAIR_HOUR_MAX = 255,	  /* actions of a slice that are remembered */
	REPAIR_BESIDE_MAX = 256,  /* slices beside that are watched while it is verified */
};

enum repair_action {
	REPAIR_SWITCH,
	REPAIR_REROUTE,
	REPAIR_REBALANCE,
	REPAIR_RESIZE,
	REPAIR_SHED,
	REPAIR_NOTIFY,
	REPAIR_RESTORE, /* nobody orders it: what was kept is taken away */
	REPAIR_ACTIONS,
};

const char *repair_action_name(enum repair_action a); /* "switch-to-protect", ... */

struct repair_order {
	enum repair_action action;
	bool by_operator; /* waits for approval */
};

/* As the slice's operator wrote it. */
struct repair_policy {
	struct repair_order order[REPAIR_ORDERS_MAX];
	uint8_t n, max_per_hour;
	uint8_t priority; /* 0 first, when several wait */
	uint16_t hold_down_s;
	bool revertive; /* what was kept goes again when its cause is gone for restore_s */
	uint32_t restore_s;
};

struct repair_cfg {
	uint32_t slices_max;
	uint32_t incidents_max; /* that are kept; the oldest that ended goes for a new one */
	uint32_t per_hour_max;	/* actions on all slices */
	uint32_t at_once_max;	/* of those at work */
	uint64_t answer_ns;	/* who is asked to do something has so long */
	uint64_t window_ns;	/* verification waits for so long before it is taken back */
	uint64_t approval_ns;
	uint64_t wait_ns; /* for what forbids an action to end */
	uint64_t again_ns; /* a slice that stays violated after its list is through is tried again */
	uint8_t able;	   /* a bit an action: what is done at all */
	/* In an assurance window: false, and *allowed has a bit for each action approved beforehand. */
	bool (*free)(void *ctx, const char *slice, uint8_t *allowed, char window[REPAIR_TEXT_MAX]);
	void *ctx;
};

void repair_cfg_default(struct repair_cfg *cfg);

struct repair_now {
	struct mono mono;
	uint64_t wall_ns;
};

enum repair_phase {
	REPAIR_LOCATING,
	REPAIR_CHOOSING, /* waits for what forbids the next action */
	REPAIR_APPROVAL,
	REPAIR_SIMULATING,
	REPAIR_APPLYING,
	REPAIR_VERIFYING,
	REPAIR_REVERTING,
	REPAIR_ENDED,
	REPAIR_PHASES,
};

const char *repair_phase_name(enum repair_phase p);

enum repair_outcome {
	REPAIR_OPEN,
	REPAIR_KEPT,
	REPAIR_REVERTED, /* the last that was tried was taken back */
	REPAIR_GIVEN_UP,
	REPAIR_CLEARED,	 /* the slice is within its bounds again, and nothing was done */
	REPAIR_ACCEPTED, /* an operator takes it as it is */
	REPAIR_GONE,	 /* the slice is */
	REPAIR_OUTCOMES,
};

const char *repair_outcome_name(enum repair_outcome o);

enum repair_what {
	REPAIR_W_OPENED,
	REPAIR_W_LOCATED,
	REPAIR_W_CHOSEN,
	REPAIR_W_SKIPPED,
	REPAIR_W_WAITS,
	REPAIR_W_ASKS,
	REPAIR_W_APPROVED,
	REPAIR_W_REJECTED,
	REPAIR_W_SIMULATED,
	REPAIR_W_REFUSED, /* by the simulation */
	REPAIR_W_APPLIED,
	REPAIR_W_FAILED,
	REPAIR_W_WINDOW,
	REPAIR_W_REVERTING,
	REPAIR_W_REVERTED,
	REPAIR_W_TOLD,
	REPAIR_W_ENDED,
	REPAIR_W_RESUMED, /* after a restart of the controller */
	REPAIR_WHATS,
};

const char *repair_what_name(enum repair_what w);

struct repair_entry {
	uint64_t wall_ns;
	enum repair_what what;
	int action; /* enum repair_action; -1: none */
	char text[REPAIR_TEXT_MAX];
};

struct repair_incident {
	uint32_t id; /* 1, 2, ... */
	char slice[REPAIR_SLICE_MAX];
	struct repair_policy policy;
	enum repair_phase phase;
	enum repair_outcome outcome;
	uint32_t restores; /* the incident whose action is taken away; 0: it is none of those */
	uint8_t at;	  /* of policy.order: the one that is tried */
	uint8_t round;	  /* so often it was tried with less, and did not help */
	bool acted;	  /* something of it is in the network */
	uint8_t n_causes, good, blind;
	uint32_t actions, reverts; /* applied, taken back */
	uint64_t opened_wall_ns, ended_wall_ns, applied_wall_ns;
	char cause[REPAIR_CAUSES_MAX][REPAIR_TEXT_MAX];
	const struct repair_entry *timeline;
	uint32_t n_timeline;
	bool cut; /* the timeline has holes: no memory */
};

struct repair;

int repair_new(struct repair **outp, const struct repair_cfg *cfg, uint64_t seed);
struct repair *repair_free(struct repair *r);
AUTO_DEFINE(struct repair, repair_free)

/* ---- what is to be done ---- */

enum repair_todo {
	REPAIR_DO_LOCATE,   /* and measure hop by hop from here on; answer: repair_located() */
	REPAIR_DO_SIMULATE, /* repair_simulated() */
	REPAIR_DO_APPLY,    /* all or nothing, repair_applied() */
	REPAIR_DO_REVERT,   /* repair_reverted() */
	REPAIR_DO_NOTIFY,   /* no answer */
	REPAIR_DO_ASK,	    /* an operator; no answer but repair_approve() */
	REPAIR_DO_SHOW,	    /* it is in another phase, or ended */
	REPAIR_TASKS,
};

struct repair_do {
	enum repair_todo todo;
	uint32_t incident;
	uint32_t turn; /* goes back with the answer: what is late is not taken for another */
	char slice[REPAIR_SLICE_MAX];
	enum repair_action action;
	uint8_t round; /* of rebalance and shed: so many more slices than one */
	enum repair_phase phase;
};

/* After each piece of news, until false. Each is told once. */
bool repair_next(struct repair *r, struct repair_do *out);

/* ---- news ---- */

enum repair_verdict { REPAIR_UNKNOWN, REPAIR_WITHIN, REPAIR_BEYOND };

/* A window of a slice has closed, of all that is measured of it together. */
struct repair_window {
	const char *slice;
	const struct repair_policy *policy; /* copied when an incident opens */
	uint64_t begin_wall_ns;
	enum repair_verdict verdict; /* of this window */
	bool violated;		     /* the slice, for as many windows as were asked for */
	bool idle;		     /* unknown because nobody sends */
	const char *why;
};

enum {
	REPAIR_E_NONE = 1, /* no such incident */
	REPAIR_E_STATE,	   /* it is past that, or waits for something else */
	REPAIR_E_FULL,
	REPAIR_E_RECORD, /* it cannot be read */
};

/* 0, -ENOMEM, or REPAIR_E_FULL: there is an incident to be, and no room for it. */
int repair_window(struct repair *r, const struct repair_window *w, const struct repair_now *now);

struct repair_located {
	const char *const *causes; /* in words, the likeliest first */
	uint32_t n_causes;
	bool placed; /* there is a place to go around */
	const uint64_t *holds; /* what a repair works at: links, risk groups */
	uint32_t n_holds;
};

void repair_located(struct repair *r, uint32_t incident, uint32_t turn, const struct repair_located *l,
		    const struct repair_now *now);
void repair_simulated(struct repair *r, uint32_t incident, uint32_t turn, bool ok, const char *why,
		      const struct repair_now *now);
void repair_applied(struct repair *r, uint32_t incident, uint32_t turn, bool ok, const char *why,
		    const struct repair_now *now);
void repair_reverted(struct repair *r, uint32_t incident, uint32_t turn, bool ok, const char *why,
		     const struct repair_now *now);
/*
 * Before repair_applied(): a slice that what was done may have made worse. Out of bounds in a window that began
 * after it, it is taken back. known: it was within its bounds: three such windows (or idle ones) of it, too, before
 * it is kept; of twelve of which nothing is known it is taken back. 0, -ENOMEM, REPAIR_E_FULL, REPAIR_E_STATE.
 */
int repair_beside_add(struct repair *r, uint32_t incident, uint32_t turn, const char *slice, bool known);
/* A window of a slice, with a repair policy (then before repair_window()) or without. */
void repair_beside_window(struct repair *r, const struct repair_window *w, const struct repair_now *now);
/* An operator. ok false: not this action, try the next. */
int repair_approve(struct repair *r, uint32_t incident, bool ok, const char *who,
		   const struct repair_now *now);
/* No more is tried. Not while something is in the network that is not verified. */
int repair_accept(struct repair *r, uint32_t incident, const char *who, const struct repair_now *now);
void repair_gone(struct repair *r, const char *slice, const struct repair_now *now);
void repair_tick(struct repair *r, const struct repair_now *now);
/* When repair_tick() has something to do; false: never. */
bool repair_due(const struct repair *r, struct mono *out);

/* ---- the way back ---- */

/* Incidents whose action waits to be taken away, ascending; after 0: the first. 0: none (more). */
uint32_t repair_restore_next(const struct repair *r, uint32_t after);
/* Whoever knows the network, every few seconds and of each: the cause is there still, and the wait begins
 * anew; nothing of it is in the network any more; or neither, and an incident is opened for it when it has
 * waited for long enough. */
void repair_restore_late(struct repair *r, uint32_t incident, const struct repair_now *now);
void repair_restore_moot(struct repair *r, uint32_t incident, const struct repair_now *now);
void repair_restore_now(struct repair *r, uint32_t incident, const struct repair_now *now);

/* ---- over a restart ---- */

enum { REPAIR_RECORD_MAX = 1 << 20 };

/* An incident that changed since it was asked for last, and the slot of incidents_max that it is kept
 * in: in place of what was there. False: none. */
bool repair_unsaved(struct repair *r, uint32_t *id, uint32_t *slot);
void repair_unsaved_all(struct repair *r); /* what was written was not */
/* As text; deed, JSON of whoever acts, goes with it. NULL without memory. */
char *repair_record_print(const struct repair *r, uint32_t id, const char *deed);
/* At the start, in any order. deed: as it was given, malloc'd, NULL where there is none. 0, -ENOMEM,
 * or REPAIR_E_RECORD: then nothing was taken. */
int repair_record_read(struct repair *r, uint32_t slot, const char *text, size_t len, char **deed,
		       uint32_t *id);
/* Once all are read: those that had not ended go on. What was looked at or waited for is looked at again
 * once the slice is seen out of bounds; what was being applied is asked for again, what was in the
 * network is verified on, what was being taken back is. */
void repair_resume(struct repair *r, const struct repair_now *now);

/* ---- queries ---- */

/* Ascending; after 0: from the first. NULL at the end. Good until the next call that changes. */
const struct repair_incident *repair_incident_next(const struct repair *r, uint32_t after);
const struct repair_incident *repair_incident_get(const struct repair *r, uint32_t id);

struct repair_counts {
	uint64_t opened, actions, reverts, refused; /* refused: by a simulation */
	uint64_t ended[REPAIR_OUTCOMES];
	uint32_t open, working;
};

void repair_counts(const struct repair *r, struct repair_counts *out);
