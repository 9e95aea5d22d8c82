/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The closed loop in the controller: what is measured comes in as evidence, what the network says
 * of itself by the bus; incidents (repair.h) are opened, located (locate.h), and what they ask for
 * is done through slice: around what is suspected, or over the standby. Loop thread only.
 */
#include "assure/flows/room.h"
#include "assure/locate/locate.h"
#include "assure/repair/repair.h"
#include "assure/window/window_book.h"
#include "core/bus.h"
#include "intent/intent.h"
#include "loop/loop.h"
#include "slice/slice.h"
#include "store/store.h"

struct repair_desk;

struct repair_desk_parts {
	struct loop *loop;
	struct bus *bus;
	struct intent *intent;
	struct slice *slice;
	struct store *store;
	/* Every hop of the slice is measured, or as ordered again; may be NULL. */
	bool (*hops)(void *ctx, const char *slice, bool raise);
	void *ctx;
	struct window_book *windows; /* NULL: there are none */
};

/* cfg.able, and free with its ctx where there are windows, are the desk's; NULL: as
 * repair_cfg_default() says. */
int repair_desk_new(struct repair_desk **outp, const struct repair_desk_parts *parts,
		    const struct repair_cfg *cfg);
struct repair_desk *repair_desk_free(struct repair_desk *d);
AUTO_DEFINE(struct repair_desk, repair_desk_free)
/* Once, after slice_load(): incidents as they are durable; those that had not ended go on. */
int repair_desk_load(struct repair_desk *d);

/* Devices tell what speaks for causes; port: that its sink was joined with. */
extern const struct device_sink repair_device_sink; /* arg is the struct repair_desk */
void repair_desk_port(struct repair_desk *d, const struct device_port *port);
void repair_desk_on_ted(void *arg, const struct ted *ted); /* a topo_ted_fn; after intent's */
/* A fn of assure_room_watch(). */
void repair_desk_evidence(void *arg, const struct assure_evidence *e);
/* What else is known, beside what evidence and the bus tell: replaces what was told of the same
 * kind and place. Flows are named by key, which may be NULL. */
void repair_desk_fact(struct repair_desk *d, const struct locate_fact *f, const struct sr_policy_key *key);
void repair_desk_fact_over(struct repair_desk *d, enum locate_kind kind, uint32_t node, uint32_t link);

/* ---- commands ---- */

/* As repair_approve() and repair_accept(). */
int repair_desk_approve(struct repair_desk *d, uint32_t incident, bool ok, const char *who);
int repair_desk_accept(struct repair_desk *d, uint32_t incident, const char *who);
/* What repairs changed of a slice is taken away: it runs as ordered again. done as slice_put()'s.
 * 0, or REPAIR_E_STATE: an incident is at work there. */
int repair_desk_release(struct repair_desk *d, const char *slice, slice_done_fn done, void *arg);

/* ---- queries ---- */

const struct repair *repair_desk_incidents(const struct repair_desk *d);

/* Another slice that an incident's action moved or shed, and that still runs so. */
struct repair_touched {
	char slice[SLICE_ID_MAX];
	bool shed;
};

/* How many were written; SLICE_MOVES_MAX at most. */
uint32_t repair_desk_touched(const struct repair_desk *d, uint32_t incident, struct repair_touched *out,
			     uint32_t cap);

/* A fact, in words. */
struct repair_evidence {
	uint32_t rank; /* of the cause that it speaks for, from 1; 0: none explains it */
	enum locate_kind kind;
	char at[TED_LABEL_MAX], slice[SLICE_ID_MAX]; /* "" not said */
	uint64_t lost, of, value, bound, at_ns;
};

enum { REPAIR_EVIDENCE_MAX = LOCATE_CAUSES_MAX * LOCATE_SPEAKS_MAX + LOCATE_LEFT_MAX };

struct repair_diagnosis {
	struct locate_result result;
	struct repair_evidence evidence[REPAIR_EVIDENCE_MAX];
	uint32_t n_evidence;
	char cause[LOCATE_CAUSES_MAX][REPAIR_TEXT_MAX]; /* in words */
	char unexplained[REPAIR_TEXT_MAX];		/* "" : nothing is */
	char services[LOCATE_CAUSES_MAX][LOCATE_SERVICES_MAX][SLICE_ID_MAX];
};

/* What is wrong now, as far as anything is known. 0, -ENOMEM, or -ENODATA: no topology is there yet. */
int repair_desk_diagnose(const struct repair_desk *d, struct repair_diagnosis *out);
