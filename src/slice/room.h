/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* What the files of the room share. */
#include "base/hash.h"
#include "base/vec.h"
#include "log/metric.h"
#include "slice/plan.h"
#include "slice/slice.h"

enum { SLICE_PROVIDERS_MAX = 8 }; /* rooms that give steps */
enum { SLICE_APART_FIRST = INTENT_GROUP_ID_MAX + 1 }; /* group ids that operators cannot name */

struct slice_growing; /* growth.c */

/* What is done to a service that is there. */
enum slice_phase {
	SLICE_IDLE,	/* a draft: nothing is reserved */
	SLICE_BUILD,	/* steps are taken in order */
	SLICE_STANDS,	/* all were */
	SLICE_UNDO,	/* steps are taken back, the last first */
	SLICE_LATER,	/* reserved, its time has not come: no step is taken */
	SLICE_PHASES,
};

struct slice_key {
	struct hash_node by_key;
	struct sr_policy_key key;
	struct slice_entry *of;
};

/* A document and what stands for it. */
struct slice_entry {
	enum slice_kind kind;
	char *id, *doc;
	size_t len;
	uint64_t revision, ordered; /* ordered: of the last write that was no repair's, or of the start */
	struct arena arena; /* what is read of doc, and plan */
	union {
		struct slice_template template;
		struct slice_service service;
		struct slice_nrp nrp;
		struct slice_phb phb;
	};
	bool writing; /* a change of it is on its way to disk: */
	const struct slice_commit *writer;
	size_t change_at; /* among the writer's changes */
	uint8_t algo_given; /* a partition with SIDs of its own that says no algorithm; 0 none */
	struct slice_growth *growths; /* of a partition: by repairs */
	size_t n_growths;
	const struct slice_growing *growing; /* others of it are on their way to disk */
	/* a service: */
	struct slice *s;
	struct slice_plan plan;
	struct slice_key *keys; /* of the members that are its own, plan.n long */
	uint32_t n_keys;
	enum slice_state state;
	enum slice_phase phase;
	enum slice_step step;
	uint8_t done;	   /* a bit a step */
	bool established;  /* it stood once: it is not rolled back any more */
	bool deleted;	   /* what is undone is its end; else a roll-back */
	bool waiting;	   /* for an executor, intent or the disk */
	bool jobbed;	   /* for slice_step_done(): */
	enum slice_step job_step;
	bool job_undo;
	bool again;	   /* its timer is for another try */
	bool asked;	   /* intent is to answer for a draft */
	bool alarm;
	enum { SLICE_UNCHECKED, SLICE_SURE, SLICE_DOUBTFUL } begin; /* what was said of its beginning */
	char reason[SR_REASON_MAX];
	char unproved[SR_REASON_MAX]; /* what could not be verified of it; "" nothing */
	uint64_t since_wall_ns, changed_wall_ns;
	enum slice_verdict verdict;
	char verdict_why[SR_REASON_MAX];
	struct slice_detour detour;
	char shed_for[SLICE_ID_MAX]; /* "" it is not */
	enum slice_mend mend;
	struct loop_timer timer; /* of the step; of another try */
	struct list look;	 /* to be looked at */
};

struct slice_shown {
	uint32_t nrp;
	uint64_t *bps; /* as intent was told */
	uint32_t n;
};

struct slice {
	struct loop *loop;
	struct store *store;
	struct bus *bus;
	struct intent *intent;
	struct slice_cfg cfg;
	struct slice_steps steps[SLICE_PROVIDERS_MAX];
	unsigned n_steps;
	struct slice_partitions partitions;
	VEC(struct slice_entry *) of[SLICE_KINDS]; /* by id */
	struct hash keys;			   /* struct slice_key */
	VEC(struct slice_shown) shares;
	const struct slice_commit *holds; /* a write of partitions; NULL: none is on its way */
	const struct ted *ted;
	struct list commits; /* struct slice_commit */
	struct list look;    /* entries */
	struct list growing; /* struct slice_growing */
	struct loop_task look_task;
	struct loop_timer ends;	  /* when one is over */
	struct loop_timer begins; /* when one's time has come */
	struct slice_odds odds; /* owns its array */
	uint64_t revision, revision_given;
	uint32_t color_next, apart_next;
	uint32_t flows; /* of all services */
	uint32_t n_inside; /* services that have a parent */
	uint32_t running;  /* commits that have begun */
	bool alone;	   /* one of them is alone */
	size_t octets;	   /* of documents in all commits */
	uint32_t states[SLICE_STATES];
	struct metric *m_states[SLICE_STATES], *m_admitted, *m_refused, *m_rolled_back;
	struct metric *m_growths, *m_resizes;
};

/* ---- entries ---- */

size_t slice_at(const struct slice *s, enum slice_kind kind, const char *id);
struct slice_entry *slice_find(const struct slice *s, enum slice_kind kind, const char *id);
/* Reads doc; 0, -ENOMEM, or -EINVAL and *f says. Not in a table yet. */
int slice_entry_new(struct slice *s, enum slice_kind kind, const char *id, const char *doc, size_t len,
		    struct slice_entry **outp, struct slice_fault *f);
struct slice_entry *slice_entry_free(struct slice_entry *e);
AUTO_DEFINE(struct slice_entry, slice_entry_free)
int slice_entry_add(struct slice *s, struct slice_entry *e); /* 0 or -ENOMEM */
void slice_entry_del(struct slice *s, struct slice_entry *e); /* out of its table, and freed */
/* The plan is another, in e's arena already: who finds it by key. 0 or -ENOMEM. */
int slice_keys_put(struct slice_entry *e);
void slice_keys_drop(struct slice_entry *e);
struct slice_entry *slice_by_key(const struct slice *s, const struct sr_policy_key *key);
struct slice_entry *slice_nrp_of(const struct slice *s, uint32_t nrp_id);
bool slice_has_child(const struct slice *s, const char *id);
bool slice_in_sight(const struct slice *s);

/* ---- records ---- */

char *slice_record_print(const struct slice_entry *e, uint64_t revision); /* NULL without memory */
/* Of a partition that is to have these growths. */
char *slice_nrp_record_print(const struct slice_entry *e, uint64_t revision, const struct slice_growth *growths,
			     size_t n_growths);
char *slice_meta_print(const struct slice *s, uint64_t revision);
/* Into an entry that slice_entry_new() made of the record's document. */
int slice_record_read(struct slice *s, enum slice_kind kind, const char *id, const char *text, size_t len,
		      struct slice_entry **outp);
int slice_meta_read(struct slice *s, const char *text, size_t len);
const char *slice_bucket(enum slice_kind kind);
/* Its present state, behind what it does: not waited for. */
void slice_save(struct slice_entry *e);

/* ---- changes ---- */

void slice_commits_orphan(struct slice *s);

/* ---- condition.c ---- */

enum slice_ill { SLICE_WELL, SLICE_RISKY, SLICE_MENDING, SLICE_ILL };

/* The worst there is, and why. Of a policy and its standby one that is up is enough not to be ill. */
enum slice_ill slice_examine(const struct slice_entry *e, char why[SR_REASON_MAX]);
/* All are up. One that stood has traffic: of a policy and its standby one is enough when the other is down.
 * False: why. */
bool slice_policies_ready(const struct slice_entry *e, char why[SR_REASON_MAX]);

/* ---- states ---- */

void slice_state_set(struct slice_entry *e, enum slice_state st, const char *why);
void slice_build(struct slice_entry *e, enum slice_step from);
void slice_alarm_set(struct slice_entry *e, bool on); /* slice-violated */
void slice_undo(struct slice_entry *e, bool deleted, const char *cause);
void slice_resume(struct slice_entry *e);	      /* after a start */
void slice_draft_look(struct slice_entry *e);	      /* could it be? */
/* Asks whether what is planned could be. False without memory. */
bool slice_dry_run(const struct slice_entry *planned, intent_set_fn done, void *arg);
void slice_look(struct slice_entry *e);		      /* later in this turn */
void slice_look_run(void *arg);
void slice_timer_fire(void *arg);
void slice_on_policy(void *arg, const struct sr_policy_key *key); /* intent's watch */
void slice_event(const struct slice_entry *e, enum bus_severity severity, const char *type);

/* ---- ends.c: slices that end by themselves ---- */

void slice_ends_look(struct slice *s); /* when the next one is over */
void slice_ends_fire(void *arg);

/* ---- begins.c: slices whose time comes ---- */

bool slice_begun(const struct slice_entry *e); /* a service that is put into the network, or in it */
void slice_begins_look(struct slice *s);	/* when the next one is to be looked at */
void slice_begins_fire(void *arg);
void slice_begin_check(struct slice_entry *e);	/* of one in SLICE_LATER: could it begin? */

/* ---- odds.c ---- */

struct slice_promise {
	double ends, inner;	   /* of both routers at the ends; of all between */
	char weakest[TED_LABEL_MAX]; /* between */
};

/* What a way promises. False: of something on it nothing is known. */
bool slice_odds_way(const struct slice *s, const uint32_t *links, uint32_t n, struct slice_promise *out);

/* ---- steps.c ---- */

/* Who does a step; NULL: nobody. */
const struct slice_steps *slice_step_by(const struct slice *s, enum slice_step step);
void slice_steps_ways(const struct slice *s, const char *id); /* its policies are not as they were */
enum slice_homes slice_steps_homes(const struct slice *s, const char *id, char why[SR_REASON_MAX]);
void slice_steps_cancel(const struct slice *s, const char *id);
bool slice_steps_possible(const struct slice *s, const struct slice_service *v, struct slice_fault *f);

/* ---- planning in the room ---- */

/* What the documents will be: of the commit, else as they are. */
struct slice_outlook {
	struct slice *s;
	struct slice_entry *(*find)(const void *ctx, const struct slice *s, enum slice_kind kind, const char *id);
	const void *ctx;
	struct slice_entry *const *fresh; /* services that are not there yet */
	size_t n_fresh;
	unsigned lower; /* templates are taken so many tiers lower */
};

/* For a catalogue, whose ctx is the outlook. */
const struct slice_template *slice_outlook_template(const void *outlook, const char *id);
/* As documents are. */
struct slice_outlook slice_outlook_now(struct slice *s);

struct slice_refusal {
	int code; /* SLICE_E_* */
	struct slice_fault f;
	struct slice_lack lack;
};

/* The plan of a service, in its own arena. old: what it has now. Parents are planned already. */
int slice_plan_of(const struct slice_outlook *o, struct slice_entry *e, const struct slice_entry *old,
		  struct slice_refusal *why);

/* ---- growth.c: what repairs raised shares to ---- */

enum slice_growth_for {
	SLICE_GROWTH_BOOK,  /* what may be reserved: queues were read back with it */
	SLICE_GROWTH_QUEUE, /* what queues are to have */
	SLICE_GROWTH_MOST,  /* what may come of it: being written with it */
};

/* out has the shares as the document says them: raised where the partition has grown. */
void slice_growth_add(const struct slice *s, const struct slice_entry *nrp, enum slice_growth_for what,
		      struct slice_shares *out);
void slice_growth_lost(const struct slice_entry *nrp); /* it goes, or is written anew: told */
void slice_growth_forget(struct slice *s, const void *arg);
void slice_growth_metrics(struct slice *s);
void slice_growth_count(const struct slice *s);
void slice_growth_orphan(struct slice *s);
bool slice_growth_record(struct slice_entry *nrp, const struct slice_growth *g); /* of a record; false: no memory */

/* ---- shares ---- */

/* Said or given. */
uint8_t slice_algo_of(const struct slice_entry *nrp);
/* Partitions, or slices in them, are others: who puts them into the network looks again. */
void slice_partitions_changed(const struct slice *s);
/* Tells intent what changed. 0 or -ENOMEM. */
int slice_shares_tell(struct slice *s);
/* May the partitions be these? -EINVAL and *f says. least: what is there must not become less on a link. */
int slice_shares_check(const struct slice *s, const struct slice_nrp *const *nrps, uint32_t n,
		       struct slice_fault *f);
/* A partition would get less of some link than it has. */
bool slice_shares_less(const struct slice *s, const struct slice_nrp *was, const struct slice_nrp *is);
