/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* What the files of the room share. */
#include "base/list.h"
#include "base/vec.h"
#include "log/metric.h"
#include "pce/ted.h"
#include "realise/plan.h"
#include "realise/realise.h"
#include "realise/told.h"

/* Something that may be on a device. */
struct realise_foot {
	char *path;
	char *json;   /* as it was read back; NULL: nobody knows */
	bool durable; /* a crash will not forget it */
	bool saving;  /* is in the record that is on its way to disk */
	bool gone;    /* no longer there, when that is durable too it is forgotten */
	bool drifted; /* somebody changed it: whoever puts it right says so */
	bool absent;  /* it was read back that it is not there */
	bool flying;  /* in the transaction that is not answered */
	char *sent;   /* what it is to be then; NULL: nothing */
};

enum realise_site_state { REALISE_WAITS, REALISE_DONE, REALISE_REFUSED };

/* A slice on a device. */
struct realise_site {
	struct realise_slice *s;
	char device[DEVICE_NAME_MAX];
	VEC(struct realise_foot) feet;
	enum realise_site_state state;
	uint32_t txn; /* 0: none */
	unsigned tries;
	bool clear; /* all of it goes before it comes anew */
	bool one_by_one; /* it does half of what goes at once */
	char why[SR_REASON_MAX];
	struct loop_timer again;
	struct mono touched; /* something was sent to it, or came back, or was found changed */
};

struct realise_slot { /* a number that was given out */
	char *device, *sdp, *group;
	uint32_t number;
	struct ip_prefix locator; /* its SID was made in last; IP_NONE: not known */
};

/* An interface that is bound to a table of the slice. */
struct realise_claim {
	char device[DEVICE_NAME_MAX], interface[REALISE_IF_MAX];
};

/* Sessions of verification are so many at once on a device: others are probed after them. */
enum realise_turn { REALISE_QUEUED, REALISE_PROBED, REALISE_PASSED };

/* A flow whose traffic is let on, or is to be. */
struct realise_let_on {
	uint64_t flow;
	bool blind; /* nobody could probe it */
};

/* A session along a flow's policy: what its last windows said. */
struct realise_probe {
	uint64_t flow;
	enum realise_turn turn;
	struct mono since; /* it is probed */
	char device[DEVICE_NAME_MAX], name[REALISE_NAME_MAX];
	char far[DEVICE_NAME_MAX]; /* where it is answered */
	struct ip_addr headend;
	uint32_t delay_us_max, loss_ppm_max; /* PCE_NO_BOUND: none */
	bool known;	       /* of the window that is being told: */
	uint64_t sent, lost, there_us, error_us, round_us; /* UINT64_MAX: not told */
	uint64_t there_mid_us, round_mid_us; /* half of them took no longer */
	bool strict; /* probes were ordered: every one of them is to keep the bound */
	uint64_t window; /* the last one; 0 none */
	unsigned good, unknown; /* so many in a row */
	bool asked; /* who answers was told to */
	char why[SR_REASON_MAX];
};

struct realise_slice {
	struct realise *r;
	char *id;
	unsigned parts; /* that are wanted */
	bool asked;	/* for step; undo */
	enum slice_step step;
	bool undo;
	bool planned;	/* objects are what parts and its order come to */
	uint64_t planned_of; /* slice_view.ordered of that */
	uint64_t rev;	/* another one whenever it was looked at */
	struct mono since; /* it was asked */
	struct arena arena; /* of objects */
	struct realise_objects objects;
	char why[SR_REASON_MAX]; /* it cannot be planned; "" it can */
	VEC(struct realise_site *) sites;
	VEC(struct realise_slot) slots;
	VEC(struct realise_claim) claims;
	VEC(struct realise_probe) probes; /* while it is verified */
	struct list verify;		  /* of the room's, while probes have turns */
	VEC(struct realise_let_on) on;	  /* flows that are verified, durable before traffic comes */
	bool homes;	      /* it has sites with several homes */
	struct realise_stand stand;	 /* how those are, by its plan; in its arena */
	enum slice_homes home_is;	 /* as it was told last */
	char home_why[SR_REASON_MAX];
	VEC(uint64_t) away;   /* flows to them that lead nowhere, durable as on is */
	bool on_all; /* of a record that does not say: all that it has */
	uint32_t on_rev, kept_on, saving_on; /* of on and away, as parts below */
	bool kept;	/* it has a record, or will have */
	unsigned kept_parts, saving_parts; /* of the record; of the one on its way */
	bool saving, dirty;
	struct loop_timer patience, resave;
	struct list look;
};

struct realise_watch {
	char device[DEVICE_NAME_MAX];
	uint32_t id;
};

enum { REALISE_SEEN_KINDS = 3 };

struct realise_seen {
	char *path, *name;
};

/* What a device has under names of ours. */
/* A table that somebody else's rules lead to, or around, as the device says. */
struct realise_mixed {
	char *path, *how, *slice; /* slice: whose it is, NULL nobody's that is known */
	bool stale;		  /* not told again since the last gap */
};

/* An interface that is down, as its device says, or was until a moment ago. */
struct realise_down {
	char name[REALISE_IF_MAX];
	struct mono since; /* back: it is up */
	bool back;
	bool stale; /* not told again since the last gap */
};

struct realise_sight {
	char device[DEVICE_NAME_MAX];
	uint32_t watch[REALISE_SEEN_KINDS]; /* 0: none */
	bool synced[REALISE_SEEN_KINDS];
	bool full; /* there is more than is kept */
	VEC(struct realise_seen) seen;
	uint32_t watch_mixed;
	VEC(struct realise_mixed) mixed;
	uint32_t watch_down;
	VEC(struct realise_down) down;
	bool probes; /* it can ask and answer probes */
	struct realise_told told; /* what it does with packets */
};

struct realise {
	struct realise_cfg cfg;
	struct device_port port;
	const struct ted *ted;
	VEC(struct realise_slice *) slices; /* by id */
	VEC(struct realise_watch) watches;  /* of sessions */
	VEC(struct realise_sight *) sights; /* of devices */
	struct list look; /* slices */
	struct list verifying; /* slices, who came first is first */
	bool turns_due;
	void (*probed)(void *ctx, const char *device);
	void *probed_ctx;
	struct loop_task look_task;
	struct loop_timer back; /* circuits that are up again are taken for it */
	uint64_t rev_given;
	uint64_t seen_rev; /* another one with other devices or nodes, or when one begins or ends telling */
	struct realise_leaks *leaks;
	struct metric *m_slices, *m_refused, *m_retries, *m_drifts;
};

#define REALISE_BUCKET "realise"

struct realise_slice *realise_find(const struct realise *r, const char *id);
struct realise_slice *realise_slice_new(struct realise *r, const char *id); /* NULL without memory */
void realise_slice_del(struct realise_slice *s);
void realise_look(struct realise_slice *s); /* later in this turn */
void realise_event_of(const struct realise *r, const char *id, enum bus_severity severity, const char *type,
		      const char *device, const char *what);
void realise_event(const struct realise_slice *s, enum bus_severity severity, const char *type,
		   const char *device, const char *what);

/* ---- places.c ---- */

/* Objects anew, from its order, its parts and the topology. False: why says, or no memory. */
bool realise_slice_plan(struct realise_slice *s);
bool realise_possible(void *ctx, const struct slice_service *service, struct slice_fault *f);
/* Where SDP i of a service is, as far as is known. why (may be NULL) says what is not. */
struct realise_place realise_place_of(const struct realise *r, const struct slice_service *service, uint32_t i,
				      const char **why);

/* ---- site.c ---- */

struct realise_site *realise_site_of(struct realise_slice *s, const char *device, bool make);
struct realise_site *realise_site_free(struct realise_site *x);
void realise_site_look(struct realise_site *x); /* sends what is missing, if it may */
void realise_site_urge(struct realise_site *x); /* tries again now */
void realise_site_result(struct realise_site *x, const struct device_result *r);
void realise_site_lost(struct realise_site *x); /* its device is no longer configured */
bool realise_site_drift(struct realise_site *x, const struct device_drift *d);
struct realise_foot *realise_foot_of(struct realise_site *x, const char *path);

/* ---- ways.c: homes of sites that are away ---- */

bool realise_ways_up(struct realise *r, struct realise_sight *g); /* false: it cannot be watched */
/* True: it was of that watch. */
bool realise_ways_sample(struct realise *r, struct realise_sight *g, const struct device_sample *s);
void realise_ways_gap(struct realise_sight *g, uint32_t watch);
void realise_ways_synced(struct realise *r, struct realise_sight *g, uint32_t watch);
void realise_ways_fini(struct realise_sight *g);
void realise_ways_back(void *arg); /* struct realise: its timer */
void realise_ways(void *ctx, const char *id); /* of slice_steps */
bool realise_ways_spared(void *ctx, const char *id, const struct sr_policy_key *key); /* of slice_steps */
enum slice_homes realise_ways_homes(void *ctx, const char *id, char why[SR_REASON_MAX]); /* of slice_steps */
void realise_ways_tell(struct realise_slice *s); /* it was looked at: its alarm, and who asks the two above */
/* Nobody can tell this device anything, and nobody needs to: it has homes alone that no way leads to. */
bool realise_ways_gone(const struct realise_slice *s, const struct realise_site *x);
/* Which flows of a plan, and which circuits, lead nowhere. False: no memory. */
bool realise_ways_plan(struct realise_slice *s, const struct realise_homes *homes, struct realise_in *in);

/* mixed.c */
bool realise_mixed_up(struct realise *r, struct realise_sight *g); /* false: it cannot be watched */
/* True: it was of that watch. */
bool realise_mixed_sample(struct realise *r, struct realise_sight *g, const struct device_sample *is);
void realise_mixed_gap(struct realise_sight *g, uint32_t watch);
void realise_mixed_synced(struct realise *r, struct realise_sight *g, uint32_t watch);
void realise_mixed_end(struct realise *r, struct realise_sight *g); /* its alarms too */
void realise_mixed_fini(struct realise_sight *g);
void realise_mixed_audit(const struct realise_sight *g, void (*fn)(void *arg, const char *id, const char *what),
			 void *arg);
/* seen.c: whose the object is; NULL: nobody's. */
struct realise_slice *realise_seen_whose(const struct realise *r, const char *device, const char *path);
struct realise_foot *realise_foot_add(struct realise_site *x, const char *path);
void realise_foot_drop(struct realise_site *x, size_t at);

/* ---- record.c ---- */

void realise_save(struct realise_slice *s); /* as it is now, when what is on its way has arrived */
int realise_record_read(struct realise *r, const char *id, const char *text, size_t len);

/* ---- verify.c ---- */

/* Probes for the flows of a plan, and which of them run. False: no memory. */
bool realise_verify_plan(struct realise_slice *s, struct realise_in *in);
void realise_verify_forget(struct realise_probe *p); /* of what is told of a window */
/* True: each has been good so often that traffic may come. */
bool realise_verify_look(struct realise_slice *s);
void realise_verify_why(const struct realise_slice *s, char out[SR_REASON_MAX]);
void realise_verify_sample(struct realise *r, const struct device_sample *s);
void realise_verify_gap(struct realise *r, const char *device, uint32_t watch);
void realise_verify_gone(struct realise *r, const char *device);
void realise_verify_trim(struct realise *r); /* nobody needs some of the watches */

/* ---- turn.c: whom verification is for, and when ---- */

uint64_t realise_flow_id(const struct slice_flow_view *f);
bool realise_promises(const struct slice_service *v, const struct slice_flow_view *f);
bool realise_is_on(const struct realise_slice *s, uint64_t flow, bool *blind);
/* > 0: some of its flows are to be probed; 0: none is; < 0: it cannot be and was ordered, why says. */
int realise_turn_begin(struct realise_slice *s, const struct slice_job *job, char why[SR_REASON_MAX]);
void realise_turns(struct realise *r); /* gives those that are free */
/* How long the probe that is on for longest may go on; 0: no more. */
uint64_t realise_turn_left(const struct realise_slice *s);
void realise_turn_why(const struct realise_slice *s, char out[SR_REASON_MAX]); /* it waits */
void realise_turn_passed(struct realise_slice *s); /* all of its flows may go on */
void realise_turn_end(struct realise_slice *s);	   /* it is verified no longer, however it ended */
void realise_turn_off(struct realise_slice *s);	   /* its traffic is taken off: nothing is verified */
void realise_turn_note(const struct realise_slice *s, char out[SR_REASON_MAX]); /* "" all were probed */

/* ---- seen.c ---- */

void realise_seen_fini(struct realise *r);
void realise_seen_up(struct realise *r, const struct device_info *info);
bool realise_seen_probes(const struct realise *r, const char *device); /* or it was never up */
void realise_seen_gone(struct realise *r, const char *device);
bool realise_seen_sample(struct realise *r, const struct device_sample *s);
void realise_seen_synced(struct realise *r, const char *device, uint32_t watch);
void realise_seen_gap(struct realise *r, const char *device, uint32_t watch);
void realise_seen_audit(const struct realise *r, void (*fn)(void *arg, const char *id, const char *what), void *arg);

/* ---- leaks.c: who reaches whom ---- */

bool realise_leaks_new(struct realise *r); /* false: no memory */
void realise_leaks_free(struct realise *r);
void realise_leaks_due(struct realise *r); /* something that counts has changed */
void realise_leaks_audit(const struct realise *r, void (*fn)(void *arg, const char *id, const char *what), void *arg);
/* Each source of a slice, and what it reaches, as it was looked at last; when that was, 0 never. */
uint64_t realise_leaks_reach(struct realise *r, const char *id, slice_reach_fn fn, void *arg);
