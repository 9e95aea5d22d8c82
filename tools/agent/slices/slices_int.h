/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Inside of agent_slices: rounds and changes in slices.c, reading in slices_read.c, writing in
 * slices_write.c, answers in slices_part.c, routes that follow policies in slices_follow.c. */
#include "tools/agent/kernel/nl.h"
#include "tools/agent/slices/slices.h"

enum {
	SLICES_ROUNDS_MAX = 4, /* that write, until what is read must be as wanted */
	SLICES_BAD_READS_MAX = 8, /* in a row, until a change is given up */
	SLICES_REASON_MAX = 192,
	SLICES_ASKED_MAX = 8,
	SLICES_OTHERS_MAX = 4096, /* rules of others that are looked at */
	SLICES_WAITS_MAX = 8, /* for routes that follow policies, until they are judged as they are */
};

struct fail {
	const void *owner;
	char name[AGENT_OBJ_NAME_MAX];
	char reason[SLICES_REASON_MAX];
};

struct fails {
	struct fail *at;
	size_t n, cap;
};

/* The object of the kernel that counts for a part. */
struct counts {
	const void *owner;
	const struct agent_obj *seen;
};

/* What others have in a table. */
struct agent_check {
	uint32_t table;
	bool there, due;
	uint32_t n, reading; /* routes; those that are being read */
	struct ip_prefix first;
	uint8_t protocol; /* of the first */
};

enum change_phase { CHANGE_NONE, CHANGE_APPLY, CHANGE_REVERT };

struct asker {
	void (*done)(void *arg);
	void *arg;
};

struct agent_slices {
	struct loop *loop;
	void (*changed)(void *arg);
	void *arg;
	struct agent_nl *ask, *events, *nft_events;
	struct agent_nft *nft;
	struct agent_pol *pol; /* may be NULL */
	struct agent_slices_cfg cfg, old_cfg, next_cfg;
	struct agent_device *now, *old, *next; /* next: waits for the end of a round */
	uint64_t generation;
	struct loop_timer audit, soon;
	/* the round */
	bool running, again, bad_read;
	bool settled;	  /* what is wanted was judged since it changed */
	bool failed;	  /* something was refused: what is read next is the verdict */
	bool following;	  /* pol was told what is wanted */
	bool waits;	  /* for pol */
	bool kept;	  /* something to be removed waits for pol too */
	unsigned n_waits; /* since the last verdict */
	unsigned rounds;  /* that wrote, since the last verdict */
	unsigned bad_reads;
	size_t waiting;	  /* answers */
	size_t n_made;
	struct agent_ground ground;
	struct agent_ifaces ifaces; /* as they are read; of the ground when all were */
	struct agent_if_addrs addrs;
	struct agent_objs want, seen;
	VEC(struct agent_rule) others; /* of somebody else's, as read */
	VEC(struct agent_check) checks; /* by table */
	size_t check_next;	/* of an audit */
	struct mono check_at;	/* it is due */
	struct agent_missings missing;
	struct agent_ops ops;
	struct fails refused;	    /* by the kernel, in this round */
	struct fails fails, before; /* of the last verdict; of the one before the change */
	VEC(struct counts) counts;
	/* the change */
	enum change_phase phase;
	agent_slices_done done;
	void *done_arg;
	char error[SLICES_REASON_MAX + AGENT_OBJ_NAME_MAX + 4];
	/* who waits for a reading: [0] the one that runs, [1] the next */
	struct asker asked[2][SLICES_ASKED_MAX];
	unsigned n_asked[2];
	struct agent_slices_stats stats;
};

/* slices_read.c */
int agent_slices_watch(struct agent_slices *s);
void agent_slices_read(struct agent_slices *s); /* then agent_slices_read_end() */
void agent_slices_reread(struct agent_slices *s); /* soon, once for a burst */
void agent_slices_read_one(struct agent_slices *s, int err, const char *text); /* of what agent_slices_read() asks first */
/* slices_write.c */
void agent_slices_write(struct agent_slices *s); /* then agent_slices_written() */
bool agent_fails_add(struct fails *v, const void *owner, const char *name, const char *reason);
const struct fail *agent_fails_find(const struct fails *v, const char *name);
/* slices_stray.c: tables that rules of others lead to, or around, are missing something. False: no memory. */
bool agent_slices_stray(struct agent_slices *s);
/* slices_foreign.c: routes of others in tables. Asks for those that are due, as a part of a reading. */
void agent_slices_foreign_read(struct agent_slices *s);
bool agent_slices_foreign_event(struct agent_slices *s, const struct nlmsghdr *h); /* true: it is of one */
void agent_slices_foreign_lost(struct agent_slices *s); /* anything may have happened */
bool agent_slices_foreign(struct agent_slices *s); /* those tables are missing something. False: no memory. */
/* slices_follow.c */
void agent_slices_hand_over(struct agent_slices *s); /* the plan, where pol comes in */
bool agent_slices_follow(struct agent_slices *s);    /* true: not over yet */
void agent_slices_follow_fails(struct agent_slices *s);
/* Adds them; how many are neither in nor failed. */
uint32_t agent_slices_follow_stats(const struct agent_slices *s, struct agent_slices_stats *out);
/* slices.c */
void agent_slices_read_end(struct agent_slices *s);
void agent_slices_written(struct agent_slices *s);
void agent_slices_round(struct agent_slices *s);
