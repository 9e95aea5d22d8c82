/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Slices in intent's world: routers a, b (one link of 10 Gb/s each way) or a square, headends that
 * answer when told to, executors that do as they are told, a disk that survives.
 */
#include "text.h"
#include "world.h"

#include "slice/slice.h"

enum { G = 1000000000, JOBS = 256 };

struct job {
	char id[SLICE_ID_MAX];
	enum slice_step step;
	bool undo;
};

struct bed {
	struct slice *slice;
	struct slice_cfg cfg;
	bool available[SLICE_STEPS]; /* executors there are */
	int fails;		     /* the step that says no, -1 none */
	int silent;		     /* the step that never answers, -1 none */
	struct job jobs[JOBS];	     /* in order; survive a crash */
	unsigned n_jobs;
	bool there[SLICE_STEPS];     /* what the network has of it, for one slice */
	bool partitions;	     /* somebody puts them into the network; as of the next start */
	uint8_t routers_algo;	     /* the routers compute with it themselves; 0: none */
	unsigned ways;		     /* how often policies of slice "one" were said to be others */
	bool spares;		     /* another home carries what its flows are for */
	enum slice_homes homes;	     /* how its sites are */
	unsigned changes;	     /* how often partitions were said to be others */
	bool no_queue;		     /* and they have no queues */
	bool slow;		     /* what is done is told a millisecond later */
	struct job telling;
	struct loop_timer tell;
};

extern struct bed bed;

struct answer {
	bool done;
	struct slice_result r;
};

void bed_up(void (*net)(void)); /* with sessions of all routers */
void bed_down(void);
void bed_crash(void);	 /* kill -9, start again, topology and sessions come back */
void bed_pair(void);	 /* a-b */
void bed_square(void);
void bed_publish(void);	 /* the topology as it is now */
/* Headends answer all they are asked for until nothing is open any more. */
void bed_settle(void);
bool bed_step(void); /* what is due next within a second */

void ask(struct answer *a, enum slice_kind kind, int how, const char *id, const char *doc, bool dry);
struct slice_result wait_for(struct answer *a);
struct slice_result put_doc(enum slice_kind kind, const char *id, const char *doc);
struct slice_result drop(enum slice_kind kind, const char *id);
struct slice_result try_doc(enum slice_kind kind, const char *id, const char *doc);
/* A slice from a to b, of so many bit/s one way, with more members before its ends. One buffer. */
const char *order(const char *id, uint64_t bps, const char *more);
const struct slice_view *seen(const char *id); /* NULL: there is none. One buffer */
uint64_t reserved(const char *from, const char *to);
unsigned records(const char *bucket);
void nothing_left(void); /* no policy, record of a slice, reservation; audits are clean */
unsigned events(const char *type);
