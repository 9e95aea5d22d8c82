/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Inside of intent, for the files of this folder only.
 *
 * A policy has at most one LSP of ours on its headend; the candidate path in use is carried by
 * it. Three things are kept apart: desired (durable), want (the route we decided on, charged in
 * the book), lsp (what the headend says). prev is the last confirmed route, to go back to when
 * a move is refused.
 */
#include "base/hash.h"
#include "base/list.h"
#include "base/vec.h"
#include "intent/book/book.h"
#include "intent/intent.h"
#include "log/log.h"
#include "log/metric.h"

enum {
	INTENT_SHARDS = 8,	  /* of the policies by endpoint, at most: as many as there are workers */
	INTENT_TREES_BYTES = 1 << 30, /* of shortest path trees, all shards */
	INTENT_TREES_HERE = 256 << 20, /* the same, of those who are on their own */
	INTENT_KINDS_MAX = 16,	  /* of (setup priority, NRP) with snapshots of their own */
	INTENT_SYNC_MAX = 16,	  /* policies recomputed on the loop at once; more go to workers */
	INTENT_SYNC_NODES = 1000, /* that is in a topology up to this size, in larger ones fewer */
	INTENT_WAVE = 128,	  /* policies evaluated on one snapshot of the book */
	INTENT_WAVES = 3,	  /* of them on their way: while one is admitted no worker waits */
	INTENT_SWEEP_WAVE = 64,	  /* the same when nothing is broken: a repair may have to wait for it */
	INTENT_TRIES_AT_ONCE = 2, /* lists offered to a headend that refuses, before it gets its rest */
	INTENT_ASKS_MAX = 1024,	  /* questions for paths at workers */
	INTENT_FOREIGN_TURN = 64, /* foreign LSPs expanded a turn of the loop */
	INTENT_STATES_TURN = 1024, /* policies whose state is derived anew a turn, when all are */
	INTENT_RECONCILE_TURN = 1024, /* policies reconciled a turn */
	INTENT_GROUP_METS = 6,	  /* what can be met of a group: group.c */
	INTENT_BINDINGS_DEEP = 4, /* policies behind a list, one by the binding SID of another */
	INTENT_BINDINGS_MAX = 64, /* of one policy, those behind its own counted */
};

/* Immutable once made; shared with workers. References are counted on the loop only. */
struct intent_desired {
	uint32_t refs;
	struct intent_policy p; /* only n_cpaths of its array are there */
};

/* A list and what it does on one TED. */
struct intent_route {
	bool set;
	uint32_t preference;
	uint32_t *path; /* links in order; n_path 0 when not known or not single */
	uint32_t *links; /* expansion, ascending */
	uint32_t *units; /* of several lists, by link: the weights of those over it; NULL: one list */
	uint32_t n_path, n_links;
	uint32_t igp, te, delay_us, hops, worst_delay_us;
	uint32_t variation_us, loss; /* loss in the engine's units */
	uint64_t flex;		     /* by the metric of the candidate path's algorithm */
	uint64_t generation; /* 0: never seen on a TED */
	struct sr_list list; /* last: what is not used of it is not touched */
};

/* Nothing but a preference; not `= { 0 }`, which writes to all of a list that is not there. */
void intent_route_init(struct intent_route *r, uint32_t preference);
/* What it owns goes with it; `from` is empty then. */
void intent_route_move(struct intent_route *from, struct intent_route *to);

static inline struct book_way intent_way(const struct intent_route *r)
{
	return (struct book_way){ .links = r->links, .n = r->n_links, .units = r->units,
				  .total = r->units ? (uint32_t)sr_list_total(&r->list) : 1 };
}

/* The list the optimiser gave a dynamic candidate path. */
struct intent_pin {
	struct sr_list list;
	uint32_t preference;
	uint32_t igp; /* of the longest way it took then: beyond that it goes round something */
};

struct intent_headend {
	struct hash_node node;
	struct intent *i;
	struct ip_addr addr;
	bool up, synced;
	uint32_t session;
	struct headend_caps caps;
	struct list lsps, pols;
	uint32_t n_lsps;
	struct loop_timer age; /* of foreign charges after the loss */
};

struct intent_pol;
struct intent_item;
struct intent_member;
struct intent_group_eval;

/* One LSP as reported; lives while its headend has it, or has not come back to deny it. */
struct intent_lsp {
	struct hash_node node; /* (headend, name) */
	struct list he_link, pol_link, expand_link, own_link;
	struct intent_headend *he;
	struct intent_pol *pol;
	bool ours;
	struct lsp_state st;
	struct book_claim *claim; /* foreign only */
	bool charged;
	char note[SR_REASON_MAX]; /* why it is not charged */
};

enum intent_dirt {
	INTENT_CLEAN,
	INTENT_SWEEP,  /* may have got better */
	INTENT_REPAIR, /* may be broken */
	INTENT_FORCE,  /* an operator changed or asked */
};

/* What every round reads of a policy stands together at its beginning, what only a few need and what
 * is large at its end: after a failure thousands are looked at, and what each of them costs is memory
 * that is not in the processor's caches. */
struct intent_pol {
	struct sr_policy_key key;
	struct intent *i;
	struct intent_headend *he;
	struct intent_desired *desired; /* durable; NULL: observed */
	struct book_claim *claim; /* managed only */
	struct list dirty_link, work_link;
	struct list paper_link; /* owes what is to be written: which */
	enum intent_mode mode;
	enum intent_dirt dirty;
	enum intent_dirt waits; /* for a policy it uses, to be looked at then; else INTENT_CLEAN */
	enum intent_state state;
	enum intent_state owed_was; /* of the state event */
	bool owes_event, owes_state, owes_record;
	bool deleted;		  /* acknowledged to the operator, LSP perhaps still there */
	bool tentative;		  /* of a set that is not durable: reserved, neither sent nor shown */
	bool adopting;		  /* from the store, its headend has not synchronised since */
	bool in_batch;
	bool put_off; /* its last search was too long for a wave of repairs: the next one may be longer */
	bool new_sent;		  /* the claim's new side may be in the network */
	bool maybe_there;	  /* something was asked for and nobody said that it is not there */
	bool no_path;		  /* last evaluation found nothing; why says what */
	bool degraded;		  /* want breaks a bound; why says which */
	bool meets;		  /* degraded: no other than to be apart from its group */
	bool confirmed;	 /* the headend echoed want */
	bool was_up;	 /* want has been reported up */
	bool attr_dirty; /* bandwidth, priorities or preference differ from what was sent */
	bool attr_charged; /* and the book has them already */
	bool attr_terms;   /* of what is dirty: rate or priorities, not the preference alone */
	bool attr_in_txn;  /* what is on its way changes those */
	bool full;
	bool release_due;
	bool has_refused;
	bool waiting; /* retry timer decides */
	bool ordered;		  /* in the table of sweeps, under order_prio */
	bool named;
	bool key_made;
	bool binds;	 /* the binding SID forwards, by the last the headend has said */
	bool leads_new;	 /* it leads through other policies than those that use it know of */
	bool bsid_known; /* by_bsid is in the table */
	bool told_known; /* by_told is in the table */
	bool alarmed_down, alarmed_degraded;
	uint8_t order_prio;
	uint8_t lift; /* of its holding priority: BOOK_PRIOS less the best of those that use it */
	uint64_t swept_no;	  /* the last sweep after bad news that came by */
	uint64_t why_generation;  /* of the TED that `why` was found on */
	struct intent_item *item; /* of a wave that is on its way */
	struct intent_use *uses;  /* binding SIDs that its lists name, or may name */
	unsigned n_uses, tries;
	struct intent_member *member; /* of a group of those kept apart; NULL: of none */
	char *relax;		  /* without a path, or degraded: the nearest changes that help; NULL: none known */
	char *pushed;		  /* who took its reservation and where, until it has one again */
	struct intent_pin *pin;	  /* or NULL */
	struct intent_guard *guard; /* its room for after a failure; NULL: none is asked for */
	struct intent_lsp *lsp; /* ours */
	uint32_t txn;
	enum { INTENT_TXN_NONE, INTENT_TXN_LIST, INTENT_TXN_ATTR, INTENT_TXN_TAKE,
	       INTENT_TXN_REMOVE } txn_kind;
	uint64_t pushes, repairs, failures;
	uint64_t since_wall_ns;
	struct loop_timer retry; /* confirm time-out, and back-off after a failure */
	struct intent_route want; /* decided; its last list longer than what is used of it */

	/* durable */
	char lsp_name[SR_NAME_MAX];
	struct sr_cpath_id cpath;
	struct ip_addr bsid;
	struct ip_addr told; /* the binding SID the headend told, where that is another one */
	uint64_t revision, created_wall_ns;

	struct list he_link, told_link; /* told_link: its owner is about to be told */
	struct list blocked_link, better_link, unwalked_link; /* linked: it is on that list of intent */
	struct list lsps;	/* foreign ones with the same key; observed: all */
	struct hash_node by_name; /* (headend, lsp_name), managed only */
	struct hash_node by_bsid; /* managed with a binding SID */
	struct hash_node by_told;
	struct mono better_since; /* while on the list of those */
	struct loop_timer revert;
	struct intent_route prev;
	struct sr_list refused;
	char why[SR_REASON_MAX];
	char fail[SR_REASON_MAX]; /* last refusal or silence; "" after success */
	char reason[SR_REASON_MAX]; /* shown with the state */
};

/* A binding SID of ours that does not do in a list, and why. */
struct intent_unbound {
	struct ip_addr sid;
	const char *why;
};

/* ---- evaluation: pure, any thread ---- */

struct intent_eval {
	/* in: nothing here changes while a worker has it */
	const struct ted *ted;
	struct intent_desired *desired;
	bool has_cur;
	uint32_t cur_preference;
	const uint32_t *cur_path; /* in arena */
	uint32_t n_cur_path;
	const struct sr_list *refused; /* by the headend, in arena; NULL: none */
	const char *refused_why;
	const struct intent_pin *pin; /* in arena, or NULL */
	uint8_t msd;
	uint8_t lists_max; /* that it may have, and its headend takes */
	uint32_t n_free;
	struct book_own *own; /* in arena: what the snapshot does not know of this one's own share */
	uint32_t n_own;
	const struct pce_binding *bindings; /* of other policies, in arena */
	uint32_t n_bindings;
	const struct intent_unbound *unbound; /* binding SIDs that do not do, in arena */
	uint32_t n_unbound;
	bool moving; /* a policy behind them is between two lists: both carry its packets */
	bool brief; /* why nothing is found is known already: only the book has changed since */
	uint32_t labels_max; /* of each search; 0: what any may have */
	bool force; /* an operator asked: the best there is, however little it is better */
	uint32_t hysteresis_pct;
	struct intent_group_eval *group; /* others to be kept apart from; NULL: it is of no group */
	bool exact; /* run on the book of this moment, not of the wave's start */
	struct pce_trees *trees; /* of ted and of whoever runs it; NULL: none */
	struct arena arena;
	/* out; pointers into the arena */
	bool cur_valid;
	const char *cur_why;	/* not valid: why */
	const char *cur_breaks; /* valid, but: or NULL */
	bool cur_meets;		/* and that is all: others of its group are where it goes */
	const char *why; /* best not set: the reason of the most preferred candidate path */
	const char *relax; /* with it: the nearest changes that would help; or NULL */
	bool blocked;	 /* more bandwidth would have helped */
	bool gave_up; /* for want of labels_max: with more there may be a path, or a better one */
	const char *pin_why; /* the pin does not hold any more: why; NULL: it does */
	/* Last, as intent_eval_init() clears them piece by piece. */
	struct intent_route now; /* cur as it is on this TED, when valid */
	struct intent_route best;
	struct sr_list cur; /* in: what it has */
};
void intent_eval_init(struct intent_eval *e);

/* room: the snapshot, n_free long; written to while it runs, and as it was afterwards. */
void intent_eval_run(struct intent_eval *e, uint64_t *room);
/* What the candidate path wants little of. With MLP and MBP too: no route moves for load alone. */
uint64_t intent_route_cost(const struct intent_route *r, const struct intent_cpath *c);
/* On the loop: expands a list as it is, from src to the node of an address (NULL or any: wherever it
 * ends), into i->arena. */
void intent_expand(struct intent *i, uint32_t src, const struct ip_addr *to,
		   const struct sr_list *list, struct pce_expansion *out);
/* The same for all lists of a route: links, units, and the worst of all values. NULL, or why not. */
const char *intent_expand_lists(struct intent *i, uint32_t src, const struct ip_addr *to,
				const struct sr_list *list, struct intent_route *out);

/* several.c: expansions of each list as one route. False without memory. */
bool intent_join(const struct pce_expansion *x, const struct sr_list *list, uint64_t generation,
		 struct arena *a, struct intent_route *out);
/* A set of lists that carry the bandwidth together. False: none, and why; blocked when room would help. */
bool intent_eval_several(struct intent_eval *e, const struct intent_cpath *c, const struct pce_request *req,
			 const char **why);
/* The first link without room for what comes over it; TED_NONE: all have it. */
uint32_t intent_eval_lacks(const struct intent_eval *e, const struct intent_route *r, uint64_t bps,
			   const uint64_t *room);
void intent_list_of_answer(const struct ted *t, const struct pce_answer *ans, uint8_t dataplane,
			   struct sr_list *out);

/* view.c. A query as a request on the TED and book of now; false: *out says why. */
/* All but what is free on links. */
bool intent_query_terms(const struct intent *i, const struct intent_path_query *q, struct arena *a,
			struct pce_request *req, struct pce_answer *out);
bool intent_query_request(const struct intent *i, const struct intent_path_query *q,
			  struct arena *a, struct pce_request *req, struct pce_answer *out);
uint32_t intent_node_named(const struct ted *t, const char *text); /* TED_NONE: unknown */
uint8_t intent_msd_at(const struct intent *i, const struct intent_path_query *q, uint32_t src);

/* constraints.c. False: *bad, a text of exclude or include, names nothing. */
bool intent_request_of(const struct ted *t, const struct intent_policy *p,
		       const struct intent_cpath *c, struct arena *a, struct pce_request *out,
		       const char **bad);
/* A domain or a group to pass; false: the text is of a node or a link. */
bool intent_pass_set(const char *text, struct pce_pass *p);
/* What of the constraints contradicts itself whatever the topology, for people; NULL: nothing.
 * field: the part of the model. */
const char *intent_constraints_fault(const struct intent_cpath *c, const char **field);
uint32_t intent_endpoint_node(const struct ted *t, const struct ip_addr *a);

/* ---- rounds ---- */

struct intent_batch;
struct job;

/* Free bandwidth as one kind of request saw it at one version of the book. */
struct intent_snap {
	uint32_t refs;
	uint64_t serial; /* of its contents */
	struct book_view view;
};

struct intent_kind {
	struct book_view live; /* for work on the loop */
	struct intent_snap *snap; /* the last given to workers */
	uint64_t used;
};

/* Whoever runs it has it: one job, or the loop while there is none. */
struct intent_shard {
	struct pce_trees *trees;
	size_t trees_bytes; /* of them at most */
	uint64_t *room;
	uint32_t n_room;
	uint64_t serial; /* of the snapshot that room is a copy of; 0: none */
	struct arena scratch; /* of one evaluation */
	struct work_lane lane; /* its jobs */
	unsigned n_jobs;       /* not done, loop only */
};

struct intent_shards {
	uint32_t refs; /* loop only: intent's and one a wave */
	unsigned n;
	struct intent_shard at[INTENT_SHARDS];
	struct intent_shard here; /* the loop's own, while another has the right one: trees only */
	struct list spares;	  /* waves that are over */
	unsigned n_spares;
};

#define INTENT_HELP_NS NS_PER_MS /* what the loop works for a wave in one turn */

/* A policy whose turn it is. */
struct intent_pick {
	struct intent_pol *pol;
	enum intent_dirt how;
};

struct intent {
	struct loop *loop;
	struct work *work;
	struct store *store;
	struct bus *bus;
	struct intent_cfg cfg;
	bool hold, hold_flag; /* in force; as the operator set it (the configuration may hold too) */
	const struct driver *driver;
	const struct ted *ted; /* NULL before the first */
	struct mono ted_at, started;
	struct book *book;
	VEC(struct intent_pol *) pols; /* by key */
	uint32_t n_managed;
	struct hash headends, lsps, names, bsids, releases, groups;
	uint32_t n_groups[INTENT_GROUP_METS]; /* by what is met */
	struct hash told;  /* policies by a binding SID that only their headend speaks of */
	struct hash bound; /* struct intent_bound: binding SIDs somebody uses or waits for */
	uint32_t n_lsps;
	uint64_t revision, revision_given; /* durable; given to a write that may still fail */
	struct list ops;		   /* writes on their way to disk */
	uint32_t n_creating;
	/* recomputation */
	struct list dirty, fresh; /* in order; and those that came since */
	VEC(struct intent_pol *) order; /* managed ones by setup priority and key: the way of a sweep */
	size_t sweep_at, sweep_left;
	enum intent_dirt sweep_how; /* INTENT_CLEAN: none is under way */
	uint64_t sweep_no;	    /* of those after bad news */
	struct list blocked;	    /* lack something a release of bandwidth could give */
	struct list better;	    /* wait to move to something better */
	struct list unwalked;	    /* have a list whose way was never seen */
	struct list foreign;	    /* LSPs of others, by own_link */
	struct list whatifs;	    /* being worked out: whatif.c */
	struct loop_task round;
	struct list waves; /* struct intent_batch on their way, in the order they are admitted */
	unsigned n_waves;
	struct intent_shards *shards;
	struct intent_kind kinds[INTENT_KINDS_MAX];
	unsigned n_kinds;
	uint64_t kind_uses, snap_serial;
	struct list asks; /* paths headends and operators ask for, at workers */
	uint32_t n_asks;
	bool admitting; /* a wave is back, and what it found is acted on */
	struct list admits, admitted; /* sets to be placed; on their way to disk */
	uint32_t n_admits;
	struct loop_task admit_task;
	struct intent_watch {
		void (*fn)(void *arg, const struct sr_policy_key *key);
		void *arg;
		struct list told; /* policies, by told_link */
		VEC(struct sr_policy_key) gone;
		struct loop_task task;
	} watch; /* of owned policies */
	struct list papers; /* policies that owe something in writing */
	unsigned n_papers;
	struct loop_task paper_task;
	struct list todo; /* policies to reconcile */
	struct loop_task todo_task;
	size_t states_at; /* of pols: those before it have been derived anew since sight changed */
	struct loop_task states_task;
	struct list expand; /* foreign LSPs to expand */
	struct loop_task expand_task;
	struct loop_timer reopt, grace;
	struct loop_task unblock; /* bandwidth was released: who lacked it is looked at again */
	struct arena arena;
	struct intent_repair_info repair;
	bool repairing; /* pushes now belong to the news of ted_at */
	uint64_t bsid_next;
	uint32_t states[INTENT_HELD + 1];
	struct intent_guards *guards;
	struct intent_optimiser *optimiser; /* NULL before it is first asked for */
	struct metric *m_group[INTENT_GROUP_METS];
	struct metric *m_state[INTENT_HELD + 1], *m_pushes, *m_repairs, *m_sets, *m_failures, *m_compute, *m_put_off;
};

/* What the names and LSPs tables compare: bytes from intent_name_key(), equality by this. */
struct intent_name {
	const struct ip_addr *headend;
	const char *name;
};

/* intent.c */
struct intent_headend *intent_headend_get(struct intent *i, const struct ip_addr *a, bool make);
void intent_retry_blocked(struct intent *i); /* later this turn */
void intent_blocked_set(struct intent_pol *p, bool blocked);
void intent_hold_set(struct intent *i);	     /* from the flag and the configuration */

/* whatif.c: who waits for an answer gets none */
void intent_whatifs_fini(struct intent *i);

/* ted.c: what a new generation means for the policies */
void intent_ted_news(struct intent *i, const struct ted *old);

/* policy.c */
struct intent_desired *intent_desired_new(const struct intent_policy *p);
struct intent_desired *intent_desired_ref(struct intent_desired *d);
struct intent_desired *intent_desired_unref(struct intent_desired *d);
AUTO_DEFINE(struct intent_desired, intent_desired_unref)
void intent_desired_out(const struct intent_desired *d, struct intent_policy *out);
const struct intent_cpath *intent_cpath_find(const struct intent_policy *p, uint32_t preference);
int intent_route_copy(const struct intent_route *from, struct intent_route *to); /* 0 or -ENOMEM */
void intent_route_fini(struct intent_route *r);
struct intent_pol *intent_pol_find(const struct intent *i, const struct sr_policy_key *key);
size_t intent_pol_at(const struct intent *i, const struct sr_policy_key *key); /* lower bound */
int intent_pol_new(struct intent *i, const struct sr_policy_key *key, enum intent_mode mode,
		   struct intent_pol **outp);
void intent_pol_free(struct intent_pol *p); /* lsps have been detached */
int intent_pol_manage(struct intent_pol *p, const char *lsp_name); /* claim and name index */
void intent_pol_unmanage(struct intent_pol *p);
void intent_bsid_set(struct intent_pol *p, const struct ip_addr *bsid);
struct intent_pol *intent_pol_by_name(const struct intent *i, const struct ip_addr *headend,
				      const char *lsp_name);
void intent_pol_finish(struct intent_pol *p); /* a deleted policy whose LSP is gone */
size_t intent_name_key(uint8_t *buf, const struct ip_addr *headend, const char *name);
enum { INTENT_NAME_KEY_MAX = 20 + SR_NAME_MAX };
void intent_path_save(struct intent_pol *p); /* behind the push */

/* json.c: records */
struct intent_record {
	struct sr_policy_key key;
	struct intent_desired *desired;
	bool deleted;
	char lsp_name[SR_NAME_MAX];
	struct sr_cpath_id cpath;
	struct ip_addr bsid;
	uint64_t revision, created_wall_ns;
};
char *intent_record_print(const struct intent_record *r); /* malloc'd or NULL */
int intent_record_parse(const char *text, size_t len, struct intent_record *out); /* 0, -EINVAL */
char *intent_list_print(const struct sr_list *l, uint32_t preference);
/* 0: l has its further lists, if any, to itself (sr_list_drop()); -EINVAL: l has none. */
int intent_list_parse(const char *text, size_t len, struct sr_list *l, uint32_t *preference);

/* sched.c */
void intent_dirty(struct intent_pol *p, enum intent_dirt how);
void intent_clean(struct intent_pol *p); /* forgets that it was dirty */
bool intent_due(const struct intent_pol *p); /* about to be looked at */
bool intent_awaited(const struct intent_pol *p); /* the same, and not for want of anything better */
void intent_sweep_all(struct intent *i, enum intent_dirt how);
void intent_order_put(struct intent_pol *p); /* its desired is there, or another one */
void intent_order_del(struct intent_pol *p);
void intent_round_run(void *arg); /* struct intent */
uint32_t intent_turn_max(const struct ted *t); /* evaluations one turn of the loop may take */
void intent_touch(struct intent *i, uint32_t link); /* users of a changed link */
uint8_t intent_msd(const struct intent_pol *p, const struct intent_policy *d);
/* Lists it may have, and its headend takes; of one that has never been there: may have. */
uint8_t intent_lists(const struct intent_pol *p, const struct intent_policy *d);

/* batch.c */
void intent_batch_start(struct intent *i, const struct intent_pick *at, uint32_t n); /* in order */
void intent_batch_abandon(struct intent *i);
bool intent_batch_help(struct intent *i); /* does some of what waits for a worker; false: there is nothing */
bool intent_batch_admit(struct intent *i); /* the first wave; false: none, or not all of it is back */
void intent_batch_forget(struct intent_pol *p);
void intent_batches_fini(struct list *spares);
void intent_run_here(struct intent_pol *p, enum intent_dirt how); /* at once, on the loop */

/* What it would take with another wish as things are now; nothing changes. out: links and path are the
 * caller's. False: nothing, and why. */
bool intent_try(struct intent_pol *p, struct intent_desired *wish, struct intent_route *out,
		char why[SR_REASON_MAX]);

/* admit.c: sets of policies */
void intent_admits_kick(struct intent *i); /* no repair is under way now */
void intent_admits_init(struct intent *i);
void intent_admits_fini(struct intent *i);

/* owner.c */
void intent_watch_init(struct intent *i);
void intent_watch_fini(struct intent *i);
void intent_owner_tell(struct intent_pol *p); /* its state is another */
void intent_owner_gone(struct intent_pol *p);

/* paper.c: at once, or when the waves on their way are over */
void intent_owe_event(struct intent_pol *p);  /* of the path it took */
/* That it is pending now; false: it is to be written at once. */
bool intent_owe_state(struct intent_pol *p, enum intent_state was);
void intent_owe_record(struct intent_pol *p); /* of the list it was sent */
void intent_paper_write(struct intent_pol *p); /* what it owes, before it owes something else */
void intent_paper_forget(struct intent_pol *p);
void intent_papers_run(void *arg); /* struct intent */
void intent_papers_write_all(struct intent *i);

/* shard.c */
struct intent_shards *intent_shards_new(unsigned n_threads);
struct intent_shards *intent_shards_unref(struct intent_shards *s);
struct intent_shard *intent_shard_of(struct intent_shards *s, const struct ip_addr *endpoint);
struct pce_trees *intent_shard_trees(struct intent_shard *s);
uint64_t *intent_shard_room(struct intent_shard *s, const struct intent_snap *snap);
struct intent_snap *intent_snap_now(struct intent *i, uint8_t setup, uint32_t nrp);
void intent_snap_unref(struct intent_snap *s);
/* Free bandwidth as such a request sees it now, until the next change; NULL without memory. */
const struct book_view *intent_room_now(struct intent *i, uint8_t setup, uint32_t nrp);
/* There is more on a link than it has, or than what the NRP draws on; the same of one of many. */
bool intent_overfull(const struct intent *i, uint32_t link, uint32_t nrp);
bool intent_crowded(struct intent *i, const uint32_t *links, uint32_t n, uint32_t nrp);
void intent_kinds_fini(struct intent *i);

/* decide.c */
/* False: lost against another in this round; evaluate again. */
bool intent_decide(struct intent_pol *p, struct intent_eval *e, enum intent_dirt how);
void intent_adopt_list(struct intent_pol *p, const struct sr_list *l, uint32_t preference);
void intent_unwalked(struct intent_pol *p);
struct book_terms intent_terms(const struct intent_policy *d);
bool intent_booked(const struct intent_pol *p); /* in full on every link of its route */

/* pin.c */
int intent_pin(struct intent_pol *p, const struct intent_pin *pin); /* 0 or -ENOMEM */
void intent_pin_lift(struct intent_pol *p, const char *why); /* fine without one */
void intent_pin_forget(struct intent_pol *p);
int intent_pin_load(void *arg, const char *key, const void *value, size_t len);

/* optimise.c, optimise_apply.c */
void intent_optimise_fini(struct intent *i);
void intent_optimise_news(struct intent_pol *p); /* something of it is another */
void intent_optimise_gone(struct intent_pol *p);
void intent_optimise_lifted(struct intent_pol *p, const char *why); /* its pin */
/* A rollout is under way: whoever lacked bandwidth is looked at again when it is over. */
bool intent_optimise_moves(const struct intent *i);

/* guard.c: room for after a failure */
int intent_guards_new(struct intent *i); /* 0 or -ENOMEM */
void intent_guards_free(struct intent *i);
void intent_guard_look(struct intent_pol *p); /* its wish, its route or its reservation is another */
void intent_guard_free(struct intent_pol *p);
void intent_guard_view(const struct intent_pol *p, struct intent_view *out);
void intent_guards_news(struct intent *i, bool all_of_it); /* of the present TED */
void intent_guards_retry(struct intent *i);		   /* room was released */
void intent_guards_kick(struct intent *i);		   /* nobody waits for a route now */
/* How the policy asks for room. When a failure has come that room was kept for, others' room for
 * other failures is not in its way. */
struct book_ask intent_ask_of(const struct intent_pol *p);

/* guard_fit.c: room for after a failure gives way */
void intent_guards_fit(struct intent *i, const uint32_t *links, uint32_t n); /* to what is so */
/* To a policy that is charged there now. */
void intent_guards_make_room(struct intent_pol *p, const uint32_t *links, uint32_t n);

/* preempt.c */
bool intent_preempt(struct intent_pol *p, const struct intent_route *r);

/* binding.c: binding SIDs of ours in lists */
/* Whose it is, as its headend tells; NULL: nobody's. */
struct intent_pol *intent_bsid_owner(const struct intent *i, const struct ip_addr *sid);
const struct ip_addr *intent_bsid_of(const struct intent_pol *p);
bool intent_told_eq(const struct hash_node *n, const void *key);
/* The route its packets take now; NULL: it is not known to take any. */
const struct intent_route *intent_bound_route(const struct intent_pol *p);
/* NULL, or why its binding SID does not forward; constant texts. */
const char *intent_bound_fault(const struct intent_pol *p);
/* NULL, or what keeps lists of a policy (NULL: of anybody) from the binding SID of lower. */
const char *intent_unbindable(const struct intent_pol *p, const struct intent_pol *lower);
/* For an evaluation of p. Without memory: as if it used none. */
void intent_bind(const struct intent_pol *p, struct intent_eval *e, struct arena *a);
/* Those of from that a dynamic candidate path may use where it is asked for. */
void intent_may_bind(const struct ted *t, const struct intent_cpath *c, const struct pce_binding *from,
		     uint32_t n, struct arena *a, struct pce_request *req);
/* Those of a list; of the lists behind them too, with these lists, when deep. */
const struct pce_binding *intent_bindings_of(const struct intent *i, const struct sr_list *list,
					     bool deep, struct arena *a, uint32_t *n);
/* NULL, or: from, used by to (NULL: anybody), leads back to it, or too deep; wished: by any list. */
const char *intent_chain_fault(const struct intent_pol *to, const struct intent_pol *from, bool wished);
const char *intent_list_circle(const struct intent_pol *p, const struct sr_list *list); /* of one list */

/* bound.c: who uses them */
bool intent_bound_eq(const struct hash_node *n, const void *key);
void intent_uses_look(struct intent_pol *p); /* its lists may be others */
void intent_uses_drop(struct intent_pol *p);
const struct ip_addr *intent_use_sid(const struct intent_pol *p, unsigned k);
/* Its reservation is held as well as any that leads through it: who pushed it aside would push them,
 * and whom they push could push it, for ever. */
uint8_t intent_hold_of(const struct intent_pol *p);
void intent_lend(struct intent_pol *p); /* its terms or its users are others */
bool intent_uses_wait(const struct intent_pol *p); /* for one that is about to be looked at */
void intent_bound_news(struct intent_pol *p);	   /* something of it is another: its users are told */
void intent_bound_gone(struct intent_pol *p);
void intent_bound_foreign(struct intent *i, const struct sr_list *list); /* an LSP of others has it */
bool intent_leads(const struct intent_pol *p, const struct sr_list *list); /* through others */
/* A policy whose list in force goes through the binding SID of p; NULL: none. */
const struct intent_pol *intent_bound_user(const struct intent_pol *p);
void intent_bounds_fini(struct intent *i);

/* reconcile.c */
enum intent_wish {
	INTENT_WISH_NONE,
	INTENT_WISH_CREATE,
	INTENT_WISH_UPDATE,
	INTENT_WISH_TAKE,
	INTENT_WISH_REMOVE,
	INTENT_WISH_RELEASE,
};
enum intent_wish intent_wish_of(const struct intent_pol *p);
bool intent_removable(const struct intent_pol *p, const struct lsp_state *st);
const char *intent_wish_text(enum intent_wish w);
bool intent_lsp_here(const struct intent_lsp *l); /* told in the session of now */
void intent_back_off(struct intent_pol *p, uint64_t base_ns);
void intent_failed(struct intent_pol *p, const char *text);
bool intent_in_force(const struct intent_pol *p);
void intent_todo(struct intent_pol *p); /* reconcile later this turn */
void intent_todo_run(void *arg);
void intent_reconcile(struct intent_pol *p);

/* answer.c */
void intent_lsp_bound(struct intent_pol *p, const struct lsp_state *st); /* it is p->lsp now */
void intent_lsp_news(struct intent_pol *p, const struct lsp_state *st); /* of ours; p->lsp is set */
void intent_lsp_gone(struct intent_pol *p, bool asked);
void intent_txn_failed(struct intent_pol *p, const char *text, bool gone);
void intent_session_reset(struct intent_pol *p);
void intent_retry_fire(void *arg);
void intent_revert_fire(void *arg);

/* observe.c */
bool intent_color_made(uint32_t color, const char *lsp_name); /* not told by the headend */
struct intent_lsp *intent_lsp_find(const struct intent *i, const struct ip_addr *headend,
				   const char *name);
void intent_lsp_free(struct intent_lsp *l);
void intent_lsp_foreign(struct intent_lsp *l); /* charge it as foreign */
void intent_lsp_ours(struct intent_lsp *l, struct intent_pol *p);
struct intent_lsp *intent_lsp_shown(const struct intent_pol *p); /* the one views speak of */
void intent_headend_fini(struct intent_headend *h);
/* A policy has just become managed: the LSP of its name, if it is there, is its own. */
void intent_lsp_bind(struct intent_pol *p);
void intent_age_fire(void *arg);

/* foreign.c: charges of LSPs of others, made later this turn */
void intent_foreign_touch(struct intent_lsp *l);
void intent_foreign_all(struct intent *i);
void intent_expand_run(void *arg);

/* release.c: delegations to be given back, durable */
enum { INTENT_RELEASE_KEY_MAX = IP_TEXT_MAX + SR_NAME_MAX };
bool intent_release_eq(const struct hash_node *n, const void *key);
const char *intent_release_key(const struct ip_addr *headend, const char *name,
			       char out[INTENT_RELEASE_KEY_MAX]);
void intent_release_owe(struct intent *i, const struct ip_addr *headend, const char *name,
			uint32_t asked_in); /* asked_in: the session it has been sent in, 0 none */
void intent_release_save(struct intent *i, const struct ip_addr *headend, const char *name,
			 uint32_t asked_in); /* the same, and writes it */
void intent_release_paid(struct intent *i, const struct ip_addr *headend, const char *name);
void intent_release_look(struct intent_lsp *l);
void intent_release_synced(struct intent *i, const struct ip_addr *headend);
int intent_release_load(void *arg, const char *key, const void *value, size_t len);
void intent_releases_fini(struct intent *i);

/* ask.c: paths headends ask for */
void intent_path_request(void *arg, const struct driver_path_set *set);
void intent_asks_drop(struct intent *i, const struct ip_addr *headend); /* its session is over */
void intent_asks_orphan(struct intent *i);

/* state.c */
/* "policy-state" */
/* What would give it a path that keeps what was asked, while it has none; else "". */
const char *intent_relax_told(const struct intent_pol *p);
void intent_state_event(struct intent_pol *p, enum intent_state was, enum intent_state now);
void intent_state_refresh(struct intent_pol *p);
void intent_states_all(struct intent *i); /* of all, the first now, the rest a part a turn */
void intent_states_run(void *arg);
void intent_state_leave(struct intent_pol *p); /* out of the counts, alarms cleared */
void intent_event(struct intent_pol *p, enum bus_severity sev, const char *type, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void intent_path_event(struct intent_pol *p);
void intent_path_text(const struct ted *t, const struct intent_route *r, char *buf, size_t cap);

/* validate.c */
void intent_result_set(struct intent_result *r, int code, const char *field, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
bool intent_name_ok(const char name[SR_NAME_MAX]); /* as the model has it; "" is none */

/* identity.c: names on the wire, candidate path ids and binding SIDs, never given out twice */
bool intent_identify(struct intent *i, const struct intent_policy *p, struct intent_record *out);
bool intent_identity_taken(const struct intent *i, const struct ip_addr *headend,
			   const char *lsp_name, const struct ip_addr *bsid);

/* op.c */
bool intent_ops_hold(const struct intent *i, const struct ip_addr *headend, const char *lsp_name,
		     const struct ip_addr *bsid); /* a record on its way to disk has it */
void intent_ops_orphan(struct intent *i);
/* All records of policies that are on their way to disk. */
typedef void (*intent_op_fn)(void *arg, const struct intent_policy *p);
void intent_ops_each(const struct intent *i, intent_op_fn fn, void *arg);
/* A record of this policy is on its way to disk. */
bool intent_op_writing(const struct intent *i, const struct sr_policy_key *key);
