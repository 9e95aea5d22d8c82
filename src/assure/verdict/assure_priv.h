/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* A stream from the inside. */
#include "assure/verdict/assure.h"
#include "base/hash.h"
#include "base/heap.h"

enum {
	READINGS = 4, /* of a point: the two periods before the open one, it, the next */
	PATHS = 6,
	RUNGS_MAX = 2 * ASSURE_POINTS_MAX,
	SAMPLES_MAX = 8192,
	NEED_MAX = 100000, /* samples that a percentile may take: the 99.999th */
};

enum reading_state { READING_NONE, READING_GOOD, READING_CONFLICT };

struct reading {
	uint64_t period, packets, boot, d_ns;
	uint32_t d_error_us;
	uint8_t state; /* enum reading_state */
	bool began;
};

struct rung {
	struct assure_point point;
	struct reading at[READINGS]; /* period k at k mod READINGS */
};

/* A path while it may have been used. */
struct path {
	uint64_t from, to; /* periods, both included */
	uint8_t n, rung[ASSURE_POINTS_MAX];
};

struct sample {
	uint64_t period, ns, error_ns; /* of it, all in all */
	uint64_t least_ns, most_ns;    /* that it may have been, clocks being right */
	uint64_t clock_ns;	       /* what clocks may err by */
};

struct assure_many;
struct also;

/* So many delays of which the same is known. */
struct alike {
	uint64_t period, least_ns, most_ns, clock_ns; /* as of a sample */
	uint32_t path, times;
};

/* Delays that are compared with the shortest of them. */
struct vary {
	struct alike *at; /* a ring; cap 0: no variation is promised */
	uint32_t cap, head, n;
	uint32_t samples, fresh; /* in it; of the open window */
};

/* Delays of the last horizon windows, and how many of them are beyond the bound for certain, or
 * maybe near it. */
struct delays {
	struct sample *at; /* cap of them, a ring */
	struct assure_many *many; /* in place of it, where a percentile takes more than are kept so */
	uint32_t cap, head, n, over, risky;
	uint32_t fresh; /* of the open window */
	/* The last packets that took more than any may, or nearly so: 1 + their period, 0: none. */
	uint64_t over_any, risky_any, any_ns;
};

struct stream {
	struct hash_node node;
	struct heap_node due;
	uint64_t id, next; /* next: the period that is evaluated next */
	struct assure_terms terms;
	struct path paths[PATHS]; /* the oldest first */
	uint8_t n_paths, n_rungs;
	struct rung *rungs; /* RUNGS_MAX at most */
	struct delays delays;
	struct vary vary;
	struct also *also; /* NULL: no kind has a second bound */
	uint32_t path; /* changes with it */
	enum assure_verdict state;
	uint64_t since;
	uint32_t out_run, clear_run; /* windows out of bound, within it again */
	uint64_t windows[4], reports[ASSURE_EARLY + 1];
	uint32_t recent_head, n_recent, bucket_head, n_buckets;
	struct assure_past recent[ASSURE_RECENT];
	struct assure_bucket buckets[ASSURE_BUCKETS];
};

/* assure_ladder.c */
/* 0, -ENOMEM, or ASSURE_E_TERMS: what points say is no path. */
int assure_ladder_path(struct stream *s, const struct assure_point *points, size_t n,
		       uint64_t from, uint64_t to);
bool assure_ladder_same_ends(const struct stream *s, const struct assure_point *points, size_t n);
enum assure_take assure_ladder_take(struct stream *s, const struct assure_report *r,
				    uint64_t now_ns);
/* Loss and delays of period s->next into w. *delay_error_ns is of w->delay_us. */
void assure_ladder_read(struct stream *s, struct assure_window *w, uint64_t *delay_ns,
			uint64_t *delay_error_ns);
/* All paths but the newest end with that period. */
void assure_ladder_settled(struct stream *s, uint64_t to);
/* All readings, and all paths but the newest, which is used from now on. */
void assure_ladder_forget(struct stream *s);
/* Whether packets of the open window went one way for certain. */
bool assure_ladder_certain(const struct stream *s);
/* Forgets paths and points that no later window needs. */
void assure_ladder_trim(struct stream *s);

/* assure_delay.c */
int assure_delays_init(struct delays *d, const struct assure_terms *t);
void assure_delays_keep(struct delays *d, const struct assure_terms *t, const struct sample *s);
/* Each of the delays as what it may have been; none of what makes no sense. */
void assure_spread_each(const struct assure_spread *s, uint64_t period,
			void (*keep)(void *arg, const struct sample *s), void *arg);
/* What lies before the horizon is forgotten; the open window is over. */
void assure_delays_turn(struct delays *d, const struct assure_terms *t, uint64_t period);
enum assure_verdict assure_delays_judge(const struct delays *d, const struct assure_terms *t,
					enum assure_why *why);
/* Of the bound that is for all packets, at the end of a window. */
enum assure_verdict assure_delays_any(const struct delays *d, const struct assure_terms *t, uint64_t period,
				      uint32_t *us);
uint32_t assure_delays_need(uint32_t percentile_ppm);
void assure_delays_fini(struct delays *d);

/* assure_vary.c */
int assure_vary_init(struct vary *v, const struct assure_terms *t);
void assure_vary_fini(struct vary *v);
void assure_vary_keep(struct vary *v, const struct assure_terms *t, const struct alike *s);
void assure_vary_turn(struct vary *v, const struct assure_terms *t, uint64_t period);
enum assure_verdict assure_vary_judge(const struct vary *v, const struct assure_terms *t, enum assure_why *why);
/* At the percentile promised: FINE, or why there is none. */
enum assure_why assure_vary_value(const struct vary *v, const struct assure_terms *t, uint32_t *us);
uint32_t assure_vary_need(const struct assure_terms *t);

/* assure_also.c */
bool assure_also_sensible(const struct assure_terms *t);
int assure_also_new(struct also **outp, const struct assure_terms *t); /* 0 with NULL: none is wanted */
struct also *assure_also_free(struct also *a);
AUTO_DEFINE(struct also, assure_also_free)
void assure_also_keep(struct stream *s, const struct sample *x, const struct alike *y); /* y NULL: its path is not known */
void assure_also_turn(struct stream *s, uint64_t period);
unsigned assure_also_judge(const struct stream *s, struct assure_window *w,
			   enum assure_verdict of[2 * ASSURE_ALSO_MAX]);
const struct delays *assure_also_delays(const struct stream *s, unsigned i); /* NULL: there is no such bound */
enum assure_why assure_also_variation(const struct stream *s, unsigned i, uint32_t *us);
/* In place of what it has, with what of that holds; before its other delays and its terms are changed. */
void assure_also_take(struct stream *s, struct also *take_fresh, const struct assure_terms *t);

/* assure_many.c */
struct assure_many *assure_many_new(void);
void assure_many_keep(struct delays *d, const struct assure_terms *t, const struct sample *s, bool over,
		      bool risky);
void assure_many_turn(struct delays *d, const struct assure_terms *t, uint64_t period);
/* What so many samples are not longer than, microseconds, rounded up. */
uint32_t assure_many_rank(const struct delays *d, uint64_t rank);

/* assure_verdict.c */
void assure_judge(struct stream *s, struct assure_window *w);
