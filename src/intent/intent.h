/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Intent: SR Policies desired by operators, what the network reports of them, and the work of
 * making the second equal the first. Owns the bandwidth book. Loop thread only.
 */
#include <stdbool.h>
#include <stdint.h>

#include "core/bus.h"
#include "core/driver.h"
#include "core/sr.h"
#include "loop/loop.h"
#include "pce/backup.h"
#include "pce/disjoint.h"
#include "pce/failure.h"
#include "pce/kshortest.h"
#include "pce/multipath.h"
#include "pce/path.h"
#include "pce/reach.h"
#include "store/store.h"
#include "work/work.h"

struct intent;

struct intent_cfg {
	struct ip_addr originator;	  /* of the candidate paths we make */
	uint32_t asn;
	uint64_t wait_to_revert_ns;	  /* good news: after a repair, back to the better path */
	uint32_t hysteresis_pct;	  /* a new path must be this much better to move */
	uint64_t reopt_interval_ns;	  /* 0: never on its own */
	uint64_t restart_grace_ns;	  /* after start: wait this long for a headend to sync before creating */
	uint64_t foreign_age_ns;	  /* LSPs of a lost headend stay charged this long; 0: for ever */
	uint64_t confirm_ns;		  /* how long the headend has to answer a push */
	uint32_t policies_max;
	/* Partial paths of a search in a wave of repairs (pce_request.labels_max). One that needs more is put off
	 * until no repair waits, and has then what any search may have. */
	uint32_t wave_labels;
	uint8_t msd_default;		  /* when the headend told none */
	struct ip_prefix bsid_block;	  /* binding SIDs are allocated from it; len 0: none asked for */
	bool hold;			  /* global hold: compute and show, send nothing */
};

void intent_cfg_default(struct intent_cfg *cfg);

enum { INTENT_CPATHS_MAX = 8, INTENT_HOPS_MAX = 16, INTENT_MAY_BIND = 8 };

/* What to pass: a node or link text, "asn:NUMBER" for some node of a domain, "srlg:NUMBER" for some link
 * of a group; strict: nothing between it and the one before. */
struct intent_pass {
	char text[TED_LABEL_MAX];
	bool strict;
};

/* A candidate path as desired (RFC 9256 s2.2): dynamic, or explicit by SIDs or by hops. */
struct intent_cpath {
	uint32_t preference; /* unique in the policy, the highest valid one is used */
	char name[SR_NAME_MAX];
	enum { INTENT_DYNAMIC, INTENT_EXPLICIT } kind;
	/* dynamic: */
	enum pce_metric minimise;
	uint32_t delay_us_max, hops_max, igp_max, te_max; /* PCE_NO_BOUND: none */
	struct pce_affinity affinity;
	char exclude[INTENT_HOPS_MAX][TED_LABEL_MAX]; /* node or link texts */
	uint8_t n_exclude;
	bool strict;
	struct intent_pass include[INTENT_HOPS_MAX]; /* to be passed, in this order */
	uint32_t exclude_srlg[INTENT_HOPS_MAX], exclude_asn[INTENT_HOPS_MAX];
	uint8_t n_include, n_exclude_srlg, n_exclude_asn;
	uint8_t algo;			   /* Flex-Algo 128..255; 0: none */
	enum pce_objective objective;
	enum pce_protection protection;
	uint16_t payload; /* octets of the largest packet; 0: links' MTUs do not matter */
	uint16_t mix[PCE_METRICS];	   /* weights, for minimise PCE_MIX */
	uint32_t delay_us_min;		   /* 0: none */
	uint32_t variation_us_max, loss_ppm_max; /* PCE_NO_BOUND: none */
	struct ip_addr binding[INTENT_MAY_BIND]; /* SIDs of other policies that the list may use */
	uint8_t n_binding;
	/* explicit: */
	struct sr_list list;
};

/* Failures that a policy's bandwidth is to survive: any single one of these. */
enum intent_protect {
	INTENT_PROTECT_NONE,
	INTENT_PROTECT_LINK, /* both directions; of the others too */
	INTENT_PROTECT_NODE,
	INTENT_PROTECT_SRLG,
	INTENT_PROTECT_SRLG_NODE,
};

/* What of that is given. */
enum intent_guarded {
	INTENT_GUARD_NONE,    /* not asked for */
	INTENT_GUARD_PENDING, /* being worked out, or it has no reservation itself */
	INTENT_GUARD_PARTIAL, /* after some failure there is no way with room for it */
	INTENT_GUARD_FULL,
};

const char *intent_guarded_text(enum intent_guarded s);

/* An association has 16 bits, RFC 8697 s6.1.3. What is above is for owners, and never told to peers. */
enum { INTENT_GROUP_ID_MAX = 65534 };

/* Kept apart from all others of its group (RFC 8800), of whatever headend; all candidate paths. */
struct intent_membership {
	uint32_t id;	     /* 0: of none */
	uint8_t diverse;     /* PCE_DIVERSE_ bits; of all members the same, as is what follows */
	bool best_available; /* else no path is taken that shares something */
};

struct intent_policy {
	struct sr_policy_key key;
	char name[SR_NAME_MAX]; /* "" : one is made; the PCEP symbolic name is derived from it */
	uint64_t bandwidth_bps;
	uint8_t setup_prio, hold_prio; /* 0 best .. 7 */
	uint8_t dataplane;	       /* enum sr_dataplane */
	bool no_usid;
	uint8_t msd;		       /* 0: what the headend told */
	uint8_t reserved;	       /* SIDs kept for a service SID */
	uint32_t nrp;
	struct intent_membership group;
	bool admin_down;
	bool later; /* of an owner: placed, booked and repaired like any other, and not sent before it is written without */
	uint8_t protect; /* enum intent_protect */
	uint8_t lists_max; /* weighted SID lists its path may have where one cannot carry it; 0, 1: one */
	char owner[SR_NAME_MAX]; /* "slice ID": only its owner writes it, see intent_put_set(); "": operators do */
	uint8_t n_cpaths;
	struct intent_cpath cpaths[INTENT_CPATHS_MAX];
};

void intent_policy_default(struct intent_policy *p);
void intent_cpath_default(struct intent_cpath *c);

enum intent_mode {
	INTENT_MANAGED,	 /* ours: made here or adopted */
	INTENT_OBSERVED, /* discovered: shown, booked, untouched */
};

enum intent_state {
	INTENT_PENDING,	 /* waiting: for sight of the topology, a session, sync, or an answer */
	INTENT_UP,	 /* the headend reports our current list up (or active) */
	INTENT_DEGRADED, /* still forwards, but breaks a bound; reason says which */
	INTENT_DOWN,	 /* no usable path, or the headend says down; reason */
	INTENT_HELD,	 /* would change, but hold or observe forbids */
};

const char *intent_state_text(enum intent_state s);

/* Another member of the group. */
struct intent_mate {
	struct sr_policy_key key;
	bool placed; /* both have a path */
	uint8_t met; /* PCE_DIVERSE_ bits that hold with it */
};

enum { INTENT_RELAX_MAX = 192 };

/* A copy for readers. */
struct intent_view {
	struct intent_policy desired; /* observed: only what could be learnt */
	enum intent_mode mode;
	enum intent_state state;
	char reason[SR_REASON_MAX];
	char relax[INTENT_RELAX_MAX]; /* DOWN, DEGRADED: the nearest changes that would give it a path, or "" */
	uint64_t since_wall_ns;	      /* of state */
	uint64_t created_wall_ns;
	uint64_t revision;	      /* of desired; changes with each write: the ETag */
	bool has_reported;
	struct lsp_state reported;
	bool has_computed;	      /* the list we want there now */
	uint32_t active_preference;
	struct sr_list computed;
	uint32_t n_path;	      /* labels of links in path_text, comma separated */
	char path_text[1024];
	uint32_t igp, te, delay_us, hops;
	uint32_t worst_delay_us;      /* over ECMP */
	uint64_t ted_generation;      /* computed on */
	uint64_t pushes, repairs, failures;
	struct ip_addr binding_sid;
	bool confirmed;		      /* the headend echoed the present list (UP wants more) */
	bool key_made;		      /* observed without a colour: key.color is intent_color_of() its name */
	bool optimised;		      /* the optimiser's list keeps its place */
	bool charged;		      /* its bandwidth stands in the book; else reason or note says why */
	bool meets;		      /* degraded, but only because others of its group are where it goes */
	enum intent_guarded guarded;
	char guard_why[SR_REASON_MAX];
	uint32_t guard_failures, guard_open; /* that it is to survive; and would not */
	char lsp_name[SR_NAME_MAX];   /* symbolic name on the wire */
	const char *southbound;	      /* that serves the headend; NULL: no session */
	uint8_t n_mates, n_apart;     /* others of its group; of them with a path, as it has one */
	uint8_t met;		      /* PCE_DIVERSE_ bits that hold with all of those */
	struct intent_mate mates[PCE_LEGS_MAX - 1];
	struct sr_more more[2]; /* further lists of computed and of reported, where they have any */
};

/* The colour under which an LSP without one is shown: 0xff000000 and 24 bits of its name, the
 * same after a restart. Two names that meet take the next free number. */
uint32_t intent_color_of(const char *lsp_name);

int intent_new(struct intent **outp, struct loop *loop, struct work *work, struct store *store,
	       struct bus *bus, const struct intent_cfg *cfg);
struct intent *intent_free(struct intent *i);
AUTO_DEFINE(struct intent, intent_free)
int intent_load(struct intent *i); /* from the store, once, before sessions start */
void intent_reconfigure(struct intent *i, const struct intent_cfg *cfg);
void intent_driver_set(struct intent *i, const struct driver *d); /* of all headends */

extern const struct driver_sink intent_sink; /* arg is the struct intent */
void intent_on_ted(void *arg, const struct ted *ted); /* a topo_ted_fn */

/* ---- commands (northbound) ---- */

enum {
	INTENT_E_EXISTS = 1,
	INTENT_E_MISSING,
	INTENT_E_REVISION,  /* if_revision did not match */
	INTENT_E_INVALID,   /* field and text say what */
	INTENT_E_LIMIT,
	INTENT_E_STORE,	    /* the disk refused; nothing changed */
	INTENT_E_MODE,	    /* e.g. adopting what is managed already */
	INTENT_E_BUSY,	    /* another write of the same policy is on its way to disk */
	INTENT_E_SHORT,	    /* sets only: one of them finds no path with room within its bounds */
	INTENT_E_BLIND,	    /* sets only: no topology is in sight, so nothing can be promised */
};

struct intent_result {
	int code;	/* 0 or INTENT_E_* */
	char field[64]; /* e.g. "bandwidth", "candidate-path[preference='100']/delay-max" */
	char text[SR_REASON_MAX];
	uint64_t revision;
};

/* Called once, never from inside the command; on success the change is durable. */
typedef void (*intent_done_fn)(void *arg, const struct intent_result *r);

enum intent_write {
	INTENT_CREATE,	/* INTENT_E_EXISTS when there */
	INTENT_REPLACE, /* create or replace */
	INTENT_UPDATE,	/* INTENT_E_MISSING when not there */
};

/*
 * Checks without writing: what a dry run and the candidate check use. r->code 0: fine. Fields
 * are paths of the sextant-policy model below its list entry ("bandwidth",
 * "candidate-path[preference='100']/dynamic/exclude"). What only the topology can tell (an
 * unknown headend, an exclude that names nothing) is checked while the topology is in sight.
 */
void intent_validate(const struct intent *i, const struct intent_policy *p, struct intent_result *r);
/* if_revision 0: any. */
void intent_put(struct intent *i, enum intent_write how, const struct intent_policy *p,
		uint64_t if_revision, intent_done_fn done, void *arg);
void intent_delete(struct intent *i, const struct sr_policy_key *key, uint64_t if_revision,
		   intent_done_fn done, void *arg);
/*
 * Discovered LSPs have a policy key too; see intent_color_of() for those without a colour. A
 * policy that is observed takes no intent_put (INTENT_E_MODE) before it is adopted; adopting
 * keeps the reported list as its explicit candidate path, so that nothing is sent. An LSP that
 * is neither delegated to us nor an orphan of PCInitiate cannot be adopted (INTENT_E_MODE). Deleting
 * an adopted one removes it only if a PCE made it, which an LSP without a colour is not taken to
 * be whatever its headend says; else it is released.
 */
void intent_adopt(struct intent *i, const struct sr_policy_key *key, intent_done_fn done, void *arg);
void intent_release(struct intent *i, const struct sr_policy_key *key, intent_done_fn done, void *arg);
void intent_hold(struct intent *i, bool hold, intent_done_fn done, void *arg); /* durable */
bool intent_held(const struct intent *i);
/* Recompute now, as if wait-to-revert were over. */
int intent_reoptimise(struct intent *i, const struct sr_policy_key *key); /* 0 or INTENT_E_MISSING */

/* ---- several policies as one ---- */

enum {
	INTENT_SET_MAX = 4096,	 /* policies of one set */
	INTENT_SETS_MAX = 4096,	 /* sets that wait */
	INTENT_BESIDE_MAX = 1280, /* records of the owner in one */
};

struct intent_set_result {
	int code;		   /* 0 or INTENT_E_* */
	size_t index;		   /* which of the puts, or of those gone, it is about */
	char field[64];		   /* as in intent_result */
	char text[SR_REASON_MAX];  /* of INTENT_E_SHORT: what binds, and the nearest relaxation */
	char link[TED_LABEL_MAX];  /* INTENT_E_SHORT: the link without room; "": it is not bandwidth */
	uint64_t wanted_bps, free_bps; /* on it; the room that a request pushing nobody out finds */
	uint64_t revision;	   /* of all policies of the set, once they are durable */
};

typedef void (*intent_set_fn)(void *arg, const struct intent_set_result *r);

/* Links a policy of a set would use, ascending; none: it is to be down. */
struct intent_set_way {
	const uint32_t *links;
	uint32_t n;
};

struct intent_set_write {
	const struct intent_policy *const *puts; /* created, or replaced */
	size_t n_puts;
	const struct sr_policy_key *gone; /* deleted */
	size_t n_gone;
	const struct store_op *beside; /* the owner's own records, in the same transaction; a delete has no value */
	size_t n_beside;
	const char *owner; /* of all of them; those of others are refused. Not "". */
	bool dry_run;	   /* only tells whether it could be */
	/* The owner's own word when all have their places, of the puts in order: false refuses them, and r says
	 * code, index and text. arg is that of done. NULL: none. */
	bool (*judge)(void *arg, const struct intent_set_way *ways, size_t n, struct intent_set_result *r);
};

/*
 * All of it or nothing. Every policy that is put finds a path with room beside all others and beside
 * the rest of the set, is reserved in the book, and everything is durable, before done is called with
 * code 0; only then is anything sent. Nobody is preempted for a set. Sets are placed one at a time, in
 * the order they come, while no repair is under way; what waits for the disk holds its room. Room of
 * policies that go is not counted on: they stand until their headends have let go of them. done is called
 * once, not from inside this call; everything is copied.
 */
void intent_put_set(struct intent *i, const struct intent_set_write *w, intent_set_fn done, void *arg);
/*
 * Would all of these find a way with room, one after the other, were those others gone? Only computed,
 * beside what is booked now, with the worst setup priority. Those to be kept apart are placed together, when
 * all of their group are asked for. True is never wrong; false may be.
 */
bool intent_would_fit(const struct intent *i, const struct intent_policy *const *puts, size_t n,
		      const struct sr_policy_key *gone, size_t n_gone);
/* Who asked has gone: done is not called any more; what is on its way goes on. */
void intent_set_forget(struct intent *i, const void *arg);
/* fn tells, later in the same turn and not from inside a command, that an owned policy is in another
 * state, or is there no more. One watcher; fn NULL: none. */
void intent_owned_watch(struct intent *i, void (*fn)(void *arg, const struct sr_policy_key *key), void *arg);

/* ---- queries ---- */

int intent_get(const struct intent *i, const struct sr_policy_key *key, struct intent_view *out);
/* Of several lists that are wanted the k-th one's links, as path_text. False: it is not single, or not valid now. */
bool intent_list_path(struct intent *i, const struct sr_policy_key *key, unsigned k, char *text, size_t cap);
/* Deleted, and shown no more, but its headend has not let go of it. */
bool intent_lingers(const struct intent *i, const struct sr_policy_key *key);
/* In key order; after NULL: from the first. False at the end. */
bool intent_next(const struct intent *i, const struct sr_policy_key *after, struct intent_view *out);
uint64_t intent_revision(const struct intent *i); /* of the whole collection: its ETag */

/* Operators' own policies (of no owner) by what they ask for; what is 0 does not matter. */
struct intent_use_query {
	uint8_t algo;	 /* some candidate path asks for it */
	uint32_t nrp;	 /* they are in it */
	uint32_t beside; /* they are not in it */
};
enum { INTENT_USES_TOLD = 2 };
/* How many there are; the first of them in key order into out. */
uint32_t intent_operators_use(const struct intent *i, const struct intent_use_query *q,
			      struct sr_policy_key out[INTENT_USES_TOLD]);
/* Stateless path computation on the current TED and book. src, dst: node texts or addresses. */
struct intent_path_query {
	char src[TED_LABEL_MAX], dst[TED_LABEL_MAX];
	struct intent_cpath constraints;
	uint64_t bandwidth_bps;
	uint8_t setup_prio;
	uint8_t dataplane, msd, reserved;
	bool no_usid;
	uint32_t nrp;
};
void intent_path(const struct intent *i, const struct intent_path_query *q, struct arena *a,
		 struct pce_answer *out, const struct ted **ted /* borrowed */);
/* Several paths for one query, see pce/disjoint.h, kshortest.h and multipath.h. */
struct intent_leg_query {
	char src[TED_LABEL_MAX], dst[TED_LABEL_MAX]; /* "": as the set's */
	uint32_t delay_us_max;			     /* when it is the lower one */
	/* These are in the place of the set's. */
	bool has_constraints, has_bandwidth, has_reserved;
	struct intent_cpath constraints;
	uint64_t bandwidth_bps;
	uint8_t msd, reserved; /* msd 0: as the set's */
};
struct intent_set_query {
	struct intent_path_query path;
	uint32_t count; /* paths; of a multipath set, at most */
	/* disjoint sets */
	struct intent_leg_query leg[PCE_LEGS_MAX];
	uint8_t diverse; /* PCE_DIVERSE_ bits */
	bool best_available, first_shortest, bound_difference;
	uint32_t delay_difference_us, budget;
	uint32_t weights_max; /* multipath */
};
/* Of all routers from path.src (path.dst, bandwidth, book and SIDs are not looked at), by metric, delay
 * bound and data plane of path; count: SIDs of a list, at most PCE_REACH_SEGS_MAX. */
struct intent_reached {
	enum pce_status status;
	const char *why;
	uint32_t src;
	struct pce_reach all;
};
enum intent_paths_kind {
	INTENT_PATHS_ONE, /* of the query nothing but path */
	INTENT_PATHS_DISJOINT,
	INTENT_PATHS_ALTERNATIVES,
	INTENT_PATHS_MULTIPATH,
	INTENT_PATHS_REACH,
};
struct intent_paths { /* the member of its kind */
	enum intent_paths_kind kind;
	const struct ted *ted; /* NULL: none */
	struct pce_answer one;
	struct pce_disjoint_answer disjoint;
	struct pce_kshortest_answer alternatives;
	struct pce_multipath_answer multipath;
	struct intent_reached reached;
};
/* On the loop, once; rc < 0: not now. What is has is good until it returns. */
typedef void (*intent_paths_fn)(void *arg, int rc, const struct intent_paths *is);
/* A worker looks for them, however long it takes: one question at a time, on the TED and the book of
 * when it is its turn. A search that goes on and on ends after 20 s with what there is. fn is
 * called in this call when nothing has to be searched. 0; INTENT_E_BUSY (too many are asked at
 * once) or -ENOMEM, and fn is not called. */
int intent_paths(struct intent *i, enum intent_paths_kind kind, const struct intent_set_query *q,
		 intent_paths_fn fn, void *arg);
/* Who asked has gone: fn is not called any more. */
void intent_paths_forget(struct intent *i, const void *arg);
const struct ted *intent_ted(const struct intent *i);

/* One link of the book: what is reserved at priority p or better, by us and by others. */
struct intent_book_row {
	uint32_t link;
	uint64_t capacity_bps;
	uint64_t reserved_bps[8]; /* ours, by holding priority */
	uint64_t foreign_bps[8];  /* LSPs that are not ours */
	uint64_t measured_bps;	  /* traffic beside all of them */
	uint64_t backup_bps[8];	  /* kept for after a failure, at that priority or better */
	uint64_t free_bps[8];	  /* for a request with that setup priority, in no NRP */
	uint64_t shares_bps, unused_bps; /* NRPs have it for themselves; what of it they do not reserve */
	uint32_t n_lsps;
};
/* False: there is no such link, or it is what a LAN sends, which has no capacity of its own. */
bool intent_book_row(const struct intent *i, uint32_t link, struct intent_book_row *out);
/* What was measured on a link beside the LSPs, which is room no more: whoever no longer fits looks
 * for another way. 0 or -ENOMEM. */
int intent_measured(struct intent *i, uint32_t link, uint64_t bps);
/* What an NRP has of a link for itself, used or not. 0: it draws with all others on what no NRP has;
 * 1: nothing. Who no longer fits looks for another way. 0 or -ENOMEM. */
int intent_share(struct intent *i, uint32_t link, uint32_t nrp, uint64_t bps);
/* The most that is reserved in an NRP on a link at any time. */
uint64_t intent_nrp_reserved(const struct intent *i, uint32_t link, uint32_t nrp);
/* The most that is reserved in none of these NRPs; what is kept for after a failure gives way to shares. */
uint64_t intent_outside(const struct intent *i, uint32_t link, const uint32_t *nrps, uint32_t n);
/* Full recomputation against the running book: true when bit-exact. */
bool intent_book_audit(const struct intent *i, char *why, size_t cap);

struct intent_headend_info {
	struct ip_addr headend;
	bool up, synced;
	struct headend_caps caps;
	uint32_t lsps;
};
void intent_each_headend(const struct intent *i,
			 void (*fn)(void *arg, const struct intent_headend_info *h), void *arg);
/* Last measured times of the repair path, nanoseconds: from TED generation to last push. */
struct intent_repair_info {
	uint64_t repairs, last_ns, max_ns;
};
void intent_repair(const struct intent *i, struct intent_repair_info *out);

/* ---- what if (for people: policies as they are now, the current TED) ---- */

struct intent_whatif_row {
	struct sr_policy_key key;
	uint64_t bandwidth_bps;
	enum pce_flow_loss loss;
	enum pce_constraint bound; /* of PCE_FLOW_BOUND, with value and allowed */
	uint64_t value, allowed;
	const char *breaks; /* PCE_FLOW_KEPT: the constraint its way does not meet then, for people */
};

struct intent_whatif_query {
	enum pce_failure_kind kind;
	const char *name; /* of a link or node as elsewhere, or the SRLG's number */
	const struct sr_policy_key *after; /* rows of policies behind this one; NULL: from the first */
	uint32_t limit;			   /* rows at most */
};

/* Counts are of all policies, whatever rows are asked for. */
struct intent_whatif {
	const struct ted *ted; /* NULL: none */
	const char *why;       /* there is no answer; else NULL */
	const struct intent_whatif_row *rows; /* policies worse off than now, in key order */
	uint32_t n_rows, n_worse;
	bool more; /* rows than were asked for */
	uint32_t n_moved, n_dead; /* policies that run over it; links that fail */
	uint32_t n_unknown; /* of those moved, nothing can be said: their lists are not valid now */
	struct pce_fullest now, after; /* by reservations; ppb rounded down */
};

/* On the loop, once; rc < 0: no memory, or intent is going. What w has is good until it returns. */
typedef void (*intent_whatif_fn)(void *arg, int rc, const struct intent_whatif *w);

/* A slice of policies at a time, on workers; fn is called in this call when there is nothing to work
 * out. 0; INTENT_E_BUSY (too many are asked at once) or -ENOMEM, and fn is not called. */
int intent_whatif(struct intent *i, const struct intent_whatif_query *q, intent_whatif_fn fn,
		  void *arg);
/* Who asked has gone: fn is not called any more. */
void intent_whatif_forget(struct intent *i, const void *arg);

struct intent_repair_row {
	uint32_t dst;
	struct pce_backup is; /* of those that need one */
};

struct intent_repairs {
	const struct ted *ted;
	const char *why;
	const struct intent_repair_row *rows;
	uint32_t n_rows;
	bool more; /* than is shown */
};

/* What a router does for each destination until the IGP has converged (TI-LFA). 0 or -ENOMEM. */
int intent_repairs(const struct intent *i, const char *plr, enum pce_failure_kind kind,
		   const char *name, bool mpls, struct arena *a, struct intent_repairs *out);
