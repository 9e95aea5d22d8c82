/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* A write on its way: what is changed by it, and what has to change with that. */
#include "slice/room.h"

enum { SLICE_CHANGES_MAX = 4096 };

struct slice_change {
	enum slice_kind kind;
	const char *id;		   /* of fresh or old */
	struct slice_entry *fresh; /* NULL: it is deleted */
	struct slice_entry *old;   /* NULL: it is new */
	bool follows;		   /* not written: a template or parent of it is */
	enum slice_step from;	   /* which step it is built from */
};

struct slice_commit {
	struct list link;
	struct slice *s;
	VEC(struct slice_change) changes;
	VEC(struct slice_entry *) fresh; /* services that are not there yet */
	struct slice_outlook outlook;
	VEC(struct slice_edit) edits; /* as written; copies */
	size_t octets; /* of its documents */
	bool dry_run;
	bool alone;   /* what others refer to changes: none but it is under way */
	bool running;
	VEC(struct slice_move) moves; /* an edit each: only how it runs changes; none: documents do */
	uint64_t revision;
	struct loop_task work;	/* the next part of: */
	bool taken;		/* edits are read */
	size_t checked, planned; /* changes, so far */
	size_t plan_at;		/* the next to look at, of those */
	unsigned plan_depth;	/* that have so many parents above them */
	unsigned tier; /* tried instead so far: so many below */
	VEC(struct slice_plan) kept; /* of each change, while a lower tier is tried */
	size_t other; /* partitions, and behind them none, tried instead so far */
	VEC(uint64_t) ends; /* of slices, ascending: from one of them on there may be room */
	size_t ends_low, ends_high; /* not before; there is room, n: not known of any */
	struct loop_task later;
	bool judged; /* it is refused for its availability */
	char odds_offer[2][SR_REASON_MAX]; /* of one refused for its availability, "" past the last */
	struct loop_task tell;
	struct slice_result result;
	/* of the set, in order: whose the policies are */
	VEC(struct slice_change *) put_of;
	VEC(const struct slice_member *) put_member;
	slice_done_fn done;
	void *arg;
};

/* Refuses: false always. */
bool slice_refuse(struct slice_commit *c, const struct slice_change *of, int code, const char *field,
		  const char *fmt, ...) __attribute__((format(printf, 5, 6)));
struct slice_change *slice_change_of(const struct slice_commit *c, enum slice_kind kind, const char *id);
/* A change of what refers to what is changed. False: it is refused. */
bool slice_follow(struct slice_commit *c, struct slice_entry *old);

bool slice_detour_is(const struct slice_detour *d); /* not empty */
bool slice_shed_changes(const struct slice_change *h);

/* check.c: does it make sense, all together? Adds what follows. False: it is refused. Looks at so many at
 * most, and counts budget down; not all have been looked at when none is left of it. */
bool slice_check(struct slice_commit *c, unsigned *budget);
/* partition.c: shares that are written are nobody else's room from now on, nor what they were; until
 * slice_shares_let(). */
void slice_shares_hold(struct slice_commit *c);
void slice_shares_let(struct slice_commit *c);
/* set.c: plans, and asks intent; slice_settle() when it has answered. */
/* What is asked for, as policies; NULL without memory, else each is to be freed, and all. */
struct intent_policy **slice_puts(struct slice_commit *c, size_t *n);
bool slice_plan_all(struct slice_commit *c, unsigned *budget); /* as slice_check() */
void slice_ask(struct slice_commit *c);
/* odds.c: is it as available as promised? A judge of intent's. */
bool slice_judge(void *arg, const struct intent_set_way *ways, size_t n, struct intent_set_result *r);
/* growth.c: is what is reserved in it where repairs raised its share within what is written now? With it
 * goes what they did. False: it is refused. */
bool slice_growth_may_go(struct slice_commit *c, const struct slice_change *h);
/* other.c: which lower tier it could have, and unless it was refused for its availability which other partitions
 * it could be in, or outside of all, as alternatives; then slice_later(). False: nothing has to be asked for. */
bool slice_other(struct slice_commit *c);
/* later.c: from when on there would be room, as an alternative; then slice_settle(). False: nothing is
 * known of that. */
bool slice_later(struct slice_commit *c);
/* change.c: it is durable; or refused (result says). */
void slice_settle(struct slice_commit *c);
