/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Slices: what is ordered (documents, durable), what was derived from it (flows: one directed
 * policy each, reserved in intent's book), and how far its realisation has come. Loop thread only.
 *
 * Documents come in checked against the schema, as JSON (RFC 7951) of one list entry, and are given
 * back as they came; what they mean is read by slice/model.h.
 */
#include <stdbool.h>
#include <stdint.h>

#include "core/bus.h"
#include "intent/intent.h"
#include "loop/loop.h"
#include "slice/model.h"
#include "store/store.h"

struct slice;

struct slice_cfg {
	uint32_t services_max;
	uint32_t flows_max;		/* of all services */
	uint8_t kappa_pct;		/* of each link, for the control plane: no NRP's */
	uint8_t delay_margin_pct;	/* kept free below a bound on delay */
	bool inside_only;		/* orders outside of partitions are refused */
	uint64_t realise_ns;		/* the network has so long for each step before it is rolled back */
};

void slice_cfg_default(struct slice_cfg *cfg);

/* What a document is, and its key. */
enum slice_kind {
	SLICE_TEMPLATE, /* .../slo-sle-templates/slo-sle-template, by id */
	SLICE_SERVICE,	/* .../slice-service, by id; also ietf-l3vpn-ntw vpn-service, by vpn-id */
	SLICE_NRP,	/* ietf-nrp nrp-policies/nrp-policy, by name */
	SLICE_PHB,	/* ietf-nrp qos-profiles/phb-profile-identifier, by id */
	SLICE_KINDS,
};

const char *slice_kind_text(enum slice_kind k); /* "slo-sle-template", … */

/* ---- executors: steps other rooms do. NULL: not available ---- */

enum slice_step {
	SLICE_STEP_QUEUE,    /* a class for the NRP on every link it may use */
	SLICE_STEP_VPN,	     /* tables and service SIDs at the ends */
	SLICE_STEP_POLICIES, /* ours: every flow's policy up, as its headend says */
	SLICE_STEP_VERIFY,   /* STAMP along the lists meets the bounds */
	SLICE_STEP_CLASSIFY, /* last: traffic moves */
	SLICE_STEPS,
};

const char *slice_step_text(enum slice_step s);

struct slice_job {
	const char *id; /* of the slice */
	const struct slice_service *service;
	const struct slice_flow_view *flows;
	uint32_t n_flows;
	enum slice_step step;
	bool undo; /* take it away: in the opposite order, and good when it is not there */
};

/* What a room has of a slice on one device. */
struct slice_device {
	const char *part, *device; /* "tables", "r1" */
	const char *state;	   /* "done", "waiting", "refused" */
	const char *reason;	   /* "" none */
	uint32_t wanted, there;	   /* objects */
};

typedef void (*slice_device_fn)(void *arg, const struct slice_device *d);

/*
 * Who is reached from an SDP, by what routers say that they do, against what was ordered. A source is a table that
 * packets of an SDP are looked up in: it is told first, then what it reaches.
 */
enum slice_reach_state {
	SLICE_REACH_PROVEN,  /* exactly where it is to */
	SLICE_REACH_UNSURE,  /* somebody on the way does not tell */
	SLICE_REACH_MISSING, /* not where it is to, or not all of it */
	SLICE_REACH_LEAK,    /* where it is not to */
};

struct slice_reach {
	bool source; /* it says that there is this source; nothing below why then */
	const char *sdp, *group, *device;
	uint32_t table;
	const char *why; /* nothing of it is proven; "": that does not hold */
	/* Addresses of this prefix, and of no longer one that is told. */
	struct ip_prefix prefix;
	const char *to; /* SDP they are for; "" none */
	enum slice_reach_state state;
	bool told;	  /* it has lasted: it is an alarm */
	const char *text; /* of a leak or what is missing */
	/* A leak: where to ("" nobody's; no interface: the router's own tables), and by what. */
	const char *at_slice, *at_sdp, *at_interface;
	const char *by_device;
	uint32_t by_table;
	struct ip_addr by_sid; /* IP_NONE: by none */
};

typedef void (*slice_reach_fn)(void *arg, const struct slice_reach *row);

/* Sites with several homes: what is behind SDPs of several routers. */
enum slice_homes {
	SLICE_HOMES_ALL,  /* each is there; or there are none */
	SLICE_HOMES_LESS, /* one is away, and another one carries what is for it */
	SLICE_HOMES_NONE, /* none is left, or routers have not taken it that another is to carry */
};

/*
 * What is borrowed is good during the call. Both ways may be asked for again after a crash and are
 * the same then. The answer comes by slice_step_done(), later or from inside the call; one that
 * does not come within realise_ns is a failure. A slice that is changed is asked for each step again.
 */
struct slice_steps {
	void *ctx;
	void (*start[SLICE_STEPS])(void *ctx, const struct slice_job *job);
	void (*cancel)(void *ctx, const char *id); /* its answer is no longer waited for; may be NULL */
	/* What is there of slices, those too that do not exist: said to fn, one line each; may be NULL. */
	void (*audit)(void *ctx, void (*fn)(void *arg, const char *id, const char *what), void *arg);
	/* Before it is taken: false, and *f says what this room could never do of it. May be NULL. */
	bool (*possible)(void *ctx, const struct slice_service *service, struct slice_fault *f);
	void (*devices)(void *ctx, const char *id, slice_device_fn fn, void *arg); /* may be NULL */
	/* Wall time it was looked at, ns since 1970; 0: never. May be NULL. */
	uint64_t (*reach)(void *ctx, const char *id, slice_reach_fn fn, void *arg);
	/* A policy that its flows run in is not as it was: slice_way_of(). May be NULL. */
	void (*ways)(void *ctx, const char *id);
	/* Is what the flow in this policy is for carried by another home of its site, as routers show, or in a moment? Then
	 * nothing is lost by it. May be NULL. */
	bool (*spared)(void *ctx, const char *id, const struct sr_policy_key *key);
	enum slice_homes (*homes)(void *ctx, const char *id, char why[SR_REASON_MAX]); /* may be NULL */
};

/* ok false: why says what went wrong; true: what is to be known of it all the same, "" nothing. */
void slice_step_done(struct slice *s, const char *id, enum slice_step step, bool undo, bool ok,
		     const char *why);

/* It goes on, and is given its time anew: why says what it waits for. */
void slice_step_waits(struct slice *s, const char *id, enum slice_step step, const char *why);

/* What slice_steps.spared or .homes say of it is not what it was. */
void slice_homes_changed(struct slice *s, const char *id);

/* ---- who puts partitions into the network; nobody: they are numbers in the book ---- */

struct slice_partitions {
	void *ctx;
	/* Do routers compute with this algorithm themselves? */
	bool (*algo_used)(void *ctx, uint8_t algo);
	/* Partitions, or the slices in them, are not what they were. */
	void (*changed)(void *ctx);
	/* Is its queue on that link, as it is to be? False: why not. May be NULL: it has none. */
	bool (*queue)(void *ctx, uint32_t nrp_id, const char *link, char why[SR_REASON_MAX]);
};

/* ---- life ---- */

int slice_new(struct slice **outp, struct loop *loop, struct store *store, struct bus *bus,
	      struct intent *intent, const struct slice_cfg *cfg);
struct slice *slice_free(struct slice *s);
AUTO_DEFINE(struct slice, slice_free)
int slice_load(struct slice *s); /* once, after intent_load() */
/* One room's; another's are added. A step that two give is the first one's. */
void slice_steps_add(struct slice *s, const struct slice_steps *steps);
void slice_partitions_set(struct slice *s, const struct slice_partitions *p);
void slice_on_ted(void *arg, const struct ted *ted); /* a topo_ted_fn; after intent's */

/*
 * How likely links and routers are to be there, parts of 1e9 of the time; 0: not known. With it orders that
 * promise availability are judged: a single way, or two for a dedicated slice that is diverse.
 */
struct slice_odds {
	uint32_t link_ppb, node_ppb; /* of those that are not named */
	const struct slice_odd {
		char name[TED_LABEL_MAX]; /* a router, or a link "A>B" for both directions */
		uint32_t ppb;
	} *of;
	uint32_t n;
};
int slice_odds_set(struct slice *s, const struct slice_odds *odds); /* copied; 0 or -ENOMEM */
/* Orders outside of partitions are refused from now on, or are not; what is there stays. */
void slice_inside_only(struct slice *s, bool only);

/* ---- commands ---- */

enum {
	SLICE_E_EXISTS = 1,
	SLICE_E_MISSING,
	SLICE_E_REVISION,
	SLICE_E_INVALID, /* field and text say what */
	SLICE_E_LIMIT,
	SLICE_E_STORE,	 /* the disk refused; nothing changed */
	SLICE_E_BUSY,	 /* another change of one of them is on its way: try again */
	SLICE_E_USED,	 /* others refer to it */
	SLICE_E_SHORT,	 /* there is no room, or no way within the bounds: 409 */
	SLICE_E_STEP,	 /* asks for what nothing here does */
	SLICE_E_BLIND,	 /* the topology is not in sight: nothing can be promised */
};

enum {
	SLICE_EDITS_MAX = 1024,
	SLICE_TOGETHER_MAX = 1200, /* documents that change at once when policies change with them */
	SLICE_ALTERNATIVES_MAX = 3,
	SLICE_AVOID_MAX = 4,
};

struct slice_edit {
	enum slice_kind kind;
	enum { SLICE_PUT, SLICE_CREATE, SLICE_UPDATE, SLICE_DELETE } how; /* update: has to be there */
	const char *id;
	const char *doc; /* NULL with SLICE_DELETE */
	size_t len;
	uint64_t if_revision; /* 0: any */
};

struct slice_result {
	int code; /* 0 or SLICE_E_* */
	enum slice_kind kind;
	char id[SLICE_ID_MAX];	     /* which of them */
	char field[SLICE_FIELD_MAX]; /* below its list entry */
	char text[SR_REASON_MAX];
	char link[TED_LABEL_MAX];    /* the limiting one, "" none */
	uint64_t wanted_bps, free_bps;
	char alternative[SLICE_ALTERNATIVES_MAX][SR_REASON_MAX]; /* in words, "" past the last */
	uint64_t revision;
};

/* Called once, never from inside the command; with code 0 all of it is durable. */
typedef void (*slice_done_fn)(void *arg, const struct slice_result *r);

struct slice_write {
	const struct slice_edit *edits; /* a key only once */
	size_t n;
	bool dry_run; /* only says whether: no reservation, no record */
};

/*
 * All of it or nothing, parents before children whatever the order. A service that is to be up has
 * its room in the book when done is called with 0, and what follows goes on by itself; a service
 * with test-only is only looked at, as in a dry run (and then all edits of the write are).
 * A deleted service is retiring when done is called, and gone when nothing of it is left.
 */
void slice_put(struct slice *s, const struct slice_write *w, slice_done_fn done, void *arg);
void slice_forget(struct slice *s, const void *arg); /* who asked has gone: done is not called */

/*
 * What a repair changed about where a slice's policies run. It is durable, holds over changes of the
 * document, and is taken away by another that is empty.
 */
struct slice_detour {
	uint8_t n_avoid;
	bool swapped; /* the standby is taken before the other, where there is one */
	char avoid[SLICE_AVOID_MAX][TED_LABEL_MAX]; /* nodes or links; not the ends of a flow itself */
};

/*
 * In place of what it had, all of it or nothing, reserved as a write is; the documents stay. Of a slice
 * that stands only (SLICE_E_BUSY). SLICE_E_STEP: it has no standby, or none of its policies is its own;
 * SLICE_E_SHORT: there is no other way with room within the bounds. field is of no use.
 */
void slice_detour_put(struct slice *s, const char *id, const struct slice_detour *d, bool dry_run,
		      slice_done_fn done, void *arg);

/*
 * How a slice is to run for a repair's sake, in place of all that one changed before. Shed: its traffic is taken off
 * where it enters (the step classify), and what it reserved stays its own; it is suspended, and says for whom.
 */
struct slice_move {
	char id[SLICE_ID_MAX];
	struct slice_detour detour;
	char shed_for[SLICE_ID_MAX]; /* the slice that it gives way to; "": it is not shed */
};

enum { SLICE_MOVES_MAX = 8 };

bool slice_detour_same(const struct slice_detour *a, const struct slice_detour *b);
/* Several at once, a slice only once: all of it or nothing, as slice_detour_put(). id of a refusal says whose it
 * is. SLICE_E_STEP of one that is to be shed: nothing here takes its traffic off. */
void slice_moves_put(struct slice *s, const struct slice_move *m, size_t n, bool dry_run, slice_done_fn done,
		     void *arg);
/* Nothing that repairs changed of it is left. */
void slice_release(struct slice *s, const char *id, slice_done_fn done, void *arg);

/* ---- what repairs add to partitions (growth.c) ---- */

enum { SLICE_GROWTHS_MAX = 64, SLICE_GROW_MAX = 16 }; /* of a partition; at once */

struct slice_grow {
	char link[TED_LABEL_MAX];
	uint64_t bps; /* what it is assured there in place of what its document says; 0: as that says */
	uint32_t incident;
	char slice[SLICE_ID_MAX]; /* whose incident that is */
};

struct slice_growth {
	struct slice_grow is;
	uint64_t in_bps; /* that its queue was read back with: so much may be reserved; 0: as the document says */
	uint64_t since_wall_ns;
	char why[SR_REASON_MAX]; /* the queue is not so: as the device says; "" */
};

/*
 * A partition is assured more of links, within what its operator allows (sextant-nrp:resize): durable, then
 * in its queues, then in the book; or less again: out of the book, durable, out of its queues. All of it or
 * nothing. It ends with the next write of the document, which holds. SLICE_E_STEP: it may not be, or has no
 * queue there; SLICE_E_SHORT: others have it, or what is reserved in it needs it; SLICE_E_BUSY.
 */
void slice_growth_put(struct slice *s, uint32_t nrp_id, const struct slice_grow *g, uint32_t n, bool dry_run,
		      slice_done_fn done, void *arg);
/* What it has of such, good until the next turn of the loop. */
const struct slice_growth *slice_growths(const struct slice *s, uint32_t nrp_id, size_t *n);
const struct slice_growth *slice_growth_of(const struct slice *s, uint32_t nrp_id, const char *link); /* NULL: none */

/* Its queue on a link is as it is to be. False: why not. */
bool slice_nrp_queue(const struct slice *s, uint32_t nrp_id, const char *link, char why[SR_REASON_MAX]);

struct slice_growth_room {
	const char *name;	   /* of the partition */
	uint64_t ordered_bps, bps; /* its share as its document says; as it is */
	uint64_t most_bps;	   /* it may be raised to */
	const char *by;		   /* what most_bps is bound by, in words */
};
/* 0, or why it may not be raised there at all: SLICE_E_*, r says. */
int slice_growth_room(const struct slice *s, uint32_t nrp_id, const char *link, struct slice_growth_room *out,
		      struct slice_result *r);
/* Who puts partitions into the network: shares as queues are to have them. */
struct slice_shares;
void slice_growth_shares(const struct slice *s, uint32_t nrp_id, struct slice_shares *out);
/* ... and how the queue on a link is: read back at a rate, or why not. */
void slice_growth_told(struct slice *s, uint32_t nrp_id, const char *link, uint64_t rate_bps, const char *why);

/* What assurance does about a slice: it is shown as that while it would be violated. */
enum slice_mend { SLICE_MEND_NONE, SLICE_MEND_REPAIR, SLICE_MEND_ACCEPTED };

int slice_mend_set(struct slice *s, const char *id, enum slice_mend is); /* 0 or SLICE_E_MISSING */

/* ---- queries ---- */

enum slice_state {
	SLICE_DRAFT,
	SLICE_FEASIBLE,
	SLICE_INFEASIBLE,
	SLICE_IS_RESERVED,
	SLICE_REALISING,
	SLICE_VERIFYING,
	SLICE_ACTIVE,
	SLICE_AT_RISK,
	SLICE_VIOLATED,
	SLICE_REPAIRING,
	SLICE_DEGRADED,
	SLICE_SUSPENDED,
	SLICE_RETIRING,
	SLICE_ROLLED_BACK,
	SLICE_SCHEDULED, /* admitted and reserved; nothing of it is in the network before it begins */
	SLICE_STATES,
};

const char *slice_state_text(enum slice_state s);

enum slice_verdict { SLICE_UNKNOWN, SLICE_COMPLIANT, SLICE_RISK, SLICE_VIOLATION };

const char *slice_verdict_text(enum slice_verdict v);

/* A document, as it came. NULL: there is none; good until the next turn of the loop. */
const char *slice_doc(const struct slice *s, enum slice_kind kind, const char *id, size_t *len,
		      uint64_t *revision);
/* Ids ascending; after NULL: from the first. NULL at the end. */
const char *slice_next(const struct slice *s, enum slice_kind kind, const char *after);
/* Is a service ordered as an L3VPN? Ids of both are of one kind: none is of both. */
bool slice_is_vpn(const struct slice *s, const char *id);
uint64_t slice_revision(const struct slice *s); /* of all together: its ETag */
uint32_t slice_count(const struct slice *s, enum slice_kind kind);

uint32_t slice_nrp_id(const struct slice *s, const char *name); /* 0: there is no such partition */
/* What slices in a partition are computed with: said in its document or given to it; 0 nothing. */
uint8_t slice_nrp_algo(const struct slice *s, uint32_t nrp_id);
/* Does a slice in a partition want its resources for itself: dedicated, or isolated? */
bool slice_nrp_alone(const struct slice *s, uint32_t nrp_id);
/* Which partition's queues are served first: 0 before 6 (best effort is behind them all). */
uint8_t slice_nrp_priority(const struct slice *s, uint32_t nrp_id);
/* The same on each link: groups of links may have profiles of their own. */
void slice_nrp_priorities(const struct slice *s, uint32_t nrp_id, uint8_t *out, uint32_t n_links);

struct slice_view {
	enum slice_state state;
	enum slice_admin admin;
	enum slice_step step; /* while realising or retiring */
	char reason[SR_REASON_MAX]; /* of the state; of a roll-back its cause */
	uint64_t since_wall_ns, changed_wall_ns; /* of the state; of the admin status */
	uint64_t revision;
	uint64_t ordered; /* another one with each write of what it is ordered by; repairs leave it */
	struct slice_assurance assure; /* as ordered */
	enum slice_verdict verdict; /* measured; unknown never counts as compliant */
	uint32_t n_flows;
	uint8_t done; /* a bit a step */
	struct slice_detour detour;
	char shed_for[SLICE_ID_MAX]; /* "": it is not shed */
	struct slice_repair repair;
	uint8_t priority;
};

/* One directed unicast policy of a construct. */
struct slice_flow_view {
	const char *group, *construct, *sender, *receiver; /* ids */
	struct sr_policy_key key;
	bool protection; /* the second of a 1+1 pair */
	bool inside;	 /* it runs in a policy of the parent slice's */
	uint64_t bandwidth_bps;
	uint32_t delay_us_max; /* for its path, less than what is promised; PCE_NO_BOUND: none */
	uint32_t promised_us, percentile_milli; /* of delay, and for which share: 99900 is 99.9 %, 0 all */
	uint32_t ceiling_us; /* of delay, for all where that is for some; PCE_NO_BOUND: none */
	uint32_t variation_us_max, variation_milli; /* of delays beyond the shortest, the same way */
	struct slice_also delay_also[SLICE_ALSO_MAX], variation_also[SLICE_ALSO_MAX];
	uint32_t loss_ppm_max; /* PCE_NO_BOUND: none */
	uint16_t mtu;	       /* 0: not said */
	uint8_t nines;	       /* of availability: 3 is 99.9 %; 0: not said */
};

int slice_get(const struct slice *s, const char *id, struct slice_view *out); /* 0 or SLICE_E_MISSING */
/* What may be ordered where what was promised cannot be kept: "template silver in place of gold". False: none of its
 * templates has a lower tier. */
bool slice_tier_below(const struct slice *s, const char *id, char *out, size_t cap);
/* What its document says, until the next turn of the loop. NULL: there is none. */
const struct slice_service *slice_service_of(const struct slice *s, const char *id);
/* Flows in order, from `at` on; how many were written. What the network says of one: intent_get(). */
uint32_t slice_flows(const struct slice *s, const char *id, uint32_t at, struct slice_flow_view *out,
		     uint32_t cap);
/* What rooms have of it on devices, a line each. */
void slice_devices(const struct slice *s, const char *id, slice_device_fn fn, void *arg);
/* Who is reached from it: wall time it was looked at, 0: nobody does. */
uint64_t slice_reach(const struct slice *s, const char *id, slice_reach_fn fn, void *arg);
/* Whose policy it is: id of the slice, NULL nobody's. Intent knows them all as owned by SLICE_OWNER. */
#define SLICE_OWNER "slice"

const char *slice_of(const struct slice *s, const struct sr_policy_key *key);

enum slice_way {
	SLICE_WAY_UNKNOWN, /* just now: it waits for the topology, for its headend or for an answer */
	SLICE_WAY_IS,	   /* it forwards, within its bounds or not */
	SLICE_WAY_NONE,	   /* it does not, nor does its standby */
};

/* Does the policy of a flow lead to its end? */
enum slice_way slice_way_of(const struct slice *s, const struct sr_policy_key *key);

/* Does another home of its site carry what the flow in this policy is for? What was measured of it says nothing then. */
bool slice_spared(const struct slice *s, const char *id, const struct sr_policy_key *key);

/* What measurement found; from assure. 0 or SLICE_E_MISSING. */
int slice_verdict_set(struct slice *s, const char *id, enum slice_verdict v, const char *why);

/*
 * Nothing is left of slices that are gone, and everything is there of those that are: policies,
 * colours, shares of links, what executors say. How many lines were told to fn; 0: clean.
 */
uint32_t slice_audit(const struct slice *s, void (*fn)(void *arg, const char *line), void *arg);
