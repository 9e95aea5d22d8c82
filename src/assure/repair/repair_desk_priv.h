/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* The desk from the inside. */
#include "assure/repair/repair_desk.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/vec.h"
#include "log/metric.h"

struct json_object; /* json-c's */

enum {
	DESK_TICK_MS = 500,
	DESK_BACK_TICKS = 10, /* from one look at ways back to the next */
	DESK_TRIES = 20, /* ticks until what is not placed by then is not */
	DESK_FLOWS_MAX = 4096, /* that are looked at for one answer */
	DESK_PAIRS_MAX = SLICE_FLOWS_MAX,
	DESK_FACT_S = 60, /* how long what was measured is news */
	DESK_WAS_MAX = 1024, /* paths that were left */
	DESK_WAS_LINKS = 64,
	DESK_PICKS_MAX = 32, /* slices that are thought of for one action */
};

/* A fact, and the policy it is of. */
struct desk_fact {
	struct locate_fact f;
	struct sr_policy_key key;
	bool has_key, lasts; /* lasts: until it is said to be over */
};

/* How a flow was when it was measured last. */
struct desk_flow {
	struct hash_node node;
	struct sr_policy_key key;
	bool well;
	uint64_t until_ns; /* of later nothing is known */
};

/* The path of a flow when something of it went: whom that hit is known though the flow left it. */
struct desk_was {
	char slice[SLICE_ID_MAX];
	uint32_t n, links[DESK_WAS_LINKS];
};

/* A policy and its standby count as one: traffic takes one of them. */
struct desk_pair {
	struct sr_policy_key key; /* leg 0 */
	enum assure_verdict verdict;
	bool quiet; /* nobody uses it, and it is not what is to be mended */
};

/* The window of a slice that its streams are telling of. */
struct desk_watch {
	struct hash_node node;
	char id[SLICE_ID_MAX];
	uint64_t begin_ns, end_ns;
	uint64_t well_ns; /* end of the last that was within the bounds; 0: none was */
	uint64_t ill_ns; /* end of the first that is out of them, without one within since; 0: it is not */
	bool open, violated;
	char why[REPAIR_TEXT_MAX];
	VEC(struct desk_pair) pairs;
};

enum desk_doing {
	DESK_NOTHING,
	DESK_ASKS,
	DESK_CONFIRMS,
	DESK_AGAIN,
	DESK_FAILS, /* what could not be is being taken away again */
	DESK_LEAVES, /* its slice is gone: what it did to others is taken away */
};

/* What an action changes of one slice: where it runs, or whether it is shed; never both. */
struct desk_deed {
	struct slice_move before, want; /* of the same slice */
};

/* Shares of a partition that an action raises: on each link what it is before, and what it is to be. */
struct desk_resize {
	uint32_t nrp;
	uint8_t n;
	struct slice_grow before[SLICE_GROW_MAX], want[SLICE_GROW_MAX];
};

/* A slice that an action may have to do with. */
struct desk_pick {
	char id[SLICE_ID_MAX];
	uint8_t priority;
	uint64_t bps; /* reserved where it is crowded */
};

/* What is done for an incident. */
struct desk_course {
	struct list link;
	struct repair_desk *d;
	uint32_t incident, turn;
	char slice[SLICE_ID_MAX];
	bool locating;
	bool over; /* its incident ended, and what it did is in the network */
	unsigned tries;
	enum desk_doing doing;
	enum repair_todo todo; /* that is being done */
	enum repair_action acts; /* what it does, or did; of one that takes away: what it takes away */
	uint8_t n_deeds;
	struct desk_deed deed[SLICE_MOVES_MAX];
	struct desk_resize resize;
	uint8_t n_picks, need, seen; /* of the picks so many at once; so many others run there */
	struct desk_pick pick[DESK_PICKS_MAX + 1]; /* one more while they are looked for */
	char said[REPAIR_TEXT_MAX]; /* how it went, in words; "" nothing special */
	uint64_t asked_ns; /* it was asked for; 0: before a restart */
	uint8_t *ran; /* a bit a link: what was to change ran there before; NULL: not known */
	uint32_t n_ran;
	bool crowded; /* what is suspected may have more to carry than it can */
	uint8_t n_suspects;
	char suspect[SLICE_AVOID_MAX][TED_LABEL_MAX];
};

enum desk_put { DESK_TRY, DESK_DO, DESK_UNDO };
enum desk_stands { DESK_NOT_YET, DESK_STANDS, DESK_FAILED }; /* failed: said says why */

/* How actions are done. */
struct desk_way {
	/* What is to be done, or taken away of what was did. NULL: planned; else why it cannot be. */
	const char *(*plan)(struct repair_desk *d, struct desk_course *c, const struct repair_do *what);
	const char *(*turn)(struct repair_desk *d, struct desk_course *c, const struct desk_course *was);
	/* Asks, with repair_act_answered and c. False: it is so already, nothing is asked. */
	bool (*put)(struct repair_desk *d, struct desk_course *c, enum desk_put how);
	/* A try was refused. True: another one is being asked. May be NULL. */
	bool (*other)(struct repair_desk *d, struct desk_course *c, const struct slice_result *r);
	enum desk_stands (*stands)(struct repair_desk *d, struct desk_course *c);
	bool (*moot)(struct repair_desk *d, const struct desk_course *was); /* nothing of it is as it was put */
	bool (*covered)(struct repair_desk *d, const struct desk_course *was); /* a later one goes first; may be NULL */
	bool (*holds)(const struct desk_course *c, const char *slice);	    /* it changes that slice */
	void (*print)(struct str *s, const struct desk_course *c);
	void (*read)(struct json_object *o, struct desk_course *c);
};

struct repair_desk {
	struct repair_desk_parts p;
	struct repair *r;
	struct bus_reader reader;
	struct loop_timer tick;
	struct hash watches;
	struct list courses;
	struct desk_fact facts[LOCATE_FACTS_MAX];
	size_t n_facts;
	uint8_t *up_links, *up_nodes; /* as the topology was */
	uint32_t n_links, n_nodes;
	struct device_port port;
	struct hash devices, flows;
	VEC(struct desk_was) was;
	bool was_stale, gone; /* gone: a slice is */
	bool unkept;	/* the store failed: all is written again */
	unsigned keep_wait, back_wait; /* ticks */
	struct metric *m_open, *m_actions, *m_reverts, *m_opened, *m_ended[REPAIR_OUTCOMES];
	struct repair_counts shown;
};

struct repair_now repair_desk_now(const struct repair_desk *d);
void repair_desk_run(struct repair_desk *d); /* all that is to be done now */

/* repair_facts.c */
void repair_facts_put(struct repair_desk *d, const struct locate_fact *f, const struct sr_policy_key *key,
		      bool lasts);
void repair_facts_drop(struct repair_desk *d, enum locate_kind kind, uint32_t node, uint32_t link);
void repair_facts_evidence(struct repair_desk *d, const struct assure_evidence *e);
void repair_facts_event(struct repair_desk *d, const struct bus_event *e);
void repair_facts_ted(struct repair_desk *d, const struct ted *t);

/* repair_flows.c: which flows are well, and which ways they went. */
void repair_flows_init(struct repair_desk *d);
void repair_flows_free(struct repair_desk *d);
void repair_flows_evidence(struct repair_desk *d, const struct assure_evidence *e);
bool repair_flows_well(const struct repair_desk *d, const struct sr_policy_key *key);
/* Something that t no longer has was there before. */
void repair_flows_left(struct repair_desk *d, const struct ted *t);
/* What is all there again is no longer remembered. */
void repair_flows_back(struct repair_desk *d, const struct ted *t);
bool repair_link_usable(const struct ted *t, uint32_t link);

/* repair_devices.c */
bool repair_device_eq(const struct hash_node *n, const void *key);
void repair_devices_free(struct repair_desk *d);
/* Packets came to where their flow ends, with a SID of that as their last. */
void repair_devices_arrived(struct repair_desk *d, const struct assure_evidence *e);

/* How the queue of a partition on a link was when it was read last. */
struct desk_queue {
	uint64_t offered_bps; /* sent, and what was dropped, */
	uint64_t began_ns;    /* since then; 0: it was not read yet */
	/* When it dropped last, with the rate that it has: packets, and what was offered then. lost 0: it
	 * has not, of late. */
	uint64_t lost, of, dropping_bps;
	uint64_t since_ns; /* it does */
};

bool repair_devices_queue(const struct repair_desk *d, uint32_t link, uint32_t nrp, struct desk_queue *out);

/* repair_net.c: the network as localisation sees it, and what came of it. */
struct desk_net {
	struct arena arena;
	const struct ted *ted;
	struct locate_net net;
	struct locate_link *links; /* of net */
	const char **ids; /* of services, by number */
	struct sr_policy_key *keys; /* by flow */
	struct locate_fact *facts;
	size_t n_facts;
	struct locate_result out;
};

int repair_net_look(const struct repair_desk *d, struct desk_net *n); /* 0, -ENOMEM, -ENODATA; repair_net_fini() if n->ted */
void repair_net_fini(struct desk_net *n);
void repair_net_words(const struct desk_net *n, const struct locate_cause *c, char out[REPAIR_TEXT_MAX]);
/* Something is wrong at what the course suspects; where it suspects no place: with its slice. */
bool repair_net_suspected(const struct desk_net *n, const struct desk_course *c);
/* Answers an incident that takes another's action away, was: the course of that. */
void repair_net_restore(struct repair_desk *d, struct desk_course *c, const struct desk_course *was);
/* Answers the incident. False: it could be better known a little later. */
bool repair_net_locate(struct repair_desk *d, struct desk_course *c);

/* repair_act.c */
struct desk_course *repair_act_course(const struct repair_desk *d, uint32_t incident); /* NULL: none */
struct desk_course *repair_act_course_new(struct repair_desk *d, uint32_t incident, const char *slice);
void repair_act_do(struct repair_desk *d, const struct repair_do *what);
void repair_act_tick(struct repair_desk *d);
void repair_act_end(struct repair_desk *d, struct desk_course *c);
const struct desk_way *repair_act_way(enum repair_action a);
void repair_act_answered(void *course, const struct slice_result *r);
/* An incident that has not ended changes the slice; skip: but that one. */
bool repair_act_holds(const struct repair_desk *d, const char *slice, const struct desk_course *skip);
/* A slice is gone: what was done for its sake to others is taken away. */
void repair_act_orphans(struct repair_desk *d);

/* repair_moves.c: slices that go another way, or give way. */
extern const struct desk_way repair_moves_way;
bool repair_moves_runs(const struct repair_desk *d, const struct desk_deed *e, bool undone);
void repair_moves_sweep(struct repair_desk *d); /* what is shed for no incident any more is given back */

/* repair_resize.c: shares of partitions that are raised. */
extern const struct desk_way repair_resize_way;
/* What was raised for a slice goes. True: that was asked for, done hears of it. */
bool repair_resize_release(struct repair_desk *d, const char *slice, slice_done_fn done, void *arg);
void repair_resize_sweep(struct repair_desk *d); /* of slices that are no more */

/* repair_picks.c: which other slices run where it is crowded, and may be asked to make room. */
void repair_picks_look(struct repair_desk *d, struct desk_course *c, enum repair_action a);

/* repair_others.c: other slices that an action may make worse. */
void repair_others_before(struct repair_desk *d, struct desk_course *c); /* it is about to be asked for */
void repair_others_after(struct repair_desk *d, struct desk_course *c);  /* it stands: who is to be watched */

/* repair_back.c */
void repair_back_tick(struct repair_desk *d);

/* repair_keep.c */
bool repair_keep_all(struct repair_desk *d); /* that changed; false: the store takes no more */
void repair_keep_tick(struct repair_desk *d);
int repair_keep_load(struct repair_desk *d);
