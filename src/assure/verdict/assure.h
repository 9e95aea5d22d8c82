/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Streams (a flow whose packets are marked, with its bounds) and their windows. See README.md.
 *
 * Time is the wall clock, ns since 1970, for that is what the marking nodes go by: period k of a
 * stream is [k, k + 1) * period_ms, its colour k mod 2. What nodes say is hostile: it may be wrong
 * in any way and makes windows unknown, never this module large.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"

enum {
	ASSURE_POINTS_MAX = 32, /* of a path */
	ASSURE_RECENT = 32,	/* windows kept one by one */
	ASSURE_BUCKETS = 48,	/* and in sums of */
	ASSURE_BUCKET_WINDOWS = 900,
	ASSURE_BEHIND_MAX = 16, /* windows closed in succession */
};

#define ASSURE_NO_BOUND UINT32_MAX

enum assure_verdict { ASSURE_UNKNOWN, ASSURE_COMPLIANT, ASSURE_AT_RISK, ASSURE_VIOLATED };

enum assure_why {
	ASSURE_FINE,
	ASSURE_MISSING,	     /* no reading, or none to subtract from it */
	ASSURE_CONTRADICTED, /* two readings of one period differ */
	ASSURE_WENT_BACK,    /* the counter wrapped, or the node began anew */
	ASSURE_IMPOSSIBLE,   /* more arrived than was sent */
	ASSURE_IDLE,	     /* nothing was sent */
	ASSURE_NO_SAMPLE,    /* no delay measured in this window */
	ASSURE_INSUFFICIENT_SAMPLES,
};

enum { ASSURE_ALSO_MAX = 4 };

/* A bound beside the first of its kind, for another share of packets; us_max 0: there is none. */
struct assure_bound {
	uint32_t us_max, ppm, horizon;
};

/* What is promised. */
struct assure_terms {
	uint32_t period_ms, guard_ms; /* guard < period: when all readings of a period are told */
	uint32_t loss_ppm_max, delay_us_max; /* or ASSURE_NO_BOUND */
	uint32_t percentile_ppm; /* of the delay; 1000000: of every packet */
	uint32_t horizon;	 /* windows whose delays count */
	/* No packet may take longer, where the bound above is for a share of them; 0: not promised. */
	uint32_t ceiling_us_max, ceiling_horizon;
	/* Beyond the shortest delay of the windows that count for that; 0: not promised. */
	uint32_t variation_us_max, variation_ppm, variation_horizon;
	/* Where the first of the kind is said; each is judged for itself, and the worst counts. */
	struct assure_bound delay_also[ASSURE_ALSO_MAX], variation_also[ASSURE_ALSO_MAX];
	uint8_t at_risk_pct, to_violate, to_clear;
};

/* Where packets are counted: arriving at a node, or leaving it. */
struct assure_point {
	uint32_t node;
	bool out;
};

/* Once a period, by the node: its counter of the period's colour when the period was over. */
struct assure_report {
	struct assure_point point;
	uint64_t period, packets;
	uint64_t boot;	    /* changes when the counter begins anew */
	bool began;	    /* the counter was at zero when the period began */
	uint64_t d_ns;	    /* when the D-marked packet of the period passed; 0: none did */
	uint32_t d_error_us; /* by how much the node's clock may err */
};

enum assure_take {
	ASSURE_TAKEN,
	ASSURE_NO_STREAM,
	ASSURE_NO_POINT, /* not on the path */
	ASSURE_DUPLICATE,
	ASSURE_CONFLICT,
	ASSURE_LATE,  /* its window is over; the next one may still begin from it */
	ASSURE_EARLY, /* of a period that is not over yet: a wrong clock */
};

struct assure_segment {
	struct assure_point from, to;
	bool known, has_delay;
	uint64_t lost;
	uint32_t delay_us;
};

/* How one bound is; why is FINE where it is known, or there is none. */
struct assure_found {
	enum assure_verdict verdict;
	enum assure_why why;
};

struct assure_window {
	uint64_t id, period;
	enum assure_verdict verdict; /* of this window alone; VIOLATED: out of bound */
	enum assure_verdict state, before; /* of the stream, now and before it */
	enum assure_why loss_why, delay_why, variation_why; /* FINE: known, or not asked for */
	uint64_t sent, lost; /* where loss_why is FINE */
	bool has_delay;
	uint32_t delay_us; /* of the D-marked packet */
	uint32_t beyond_us; /* what a packet took that was beyond, or near, what any may; 0: none was */
	struct assure_found delay_also[ASSURE_ALSO_MAX], variation_also[ASSURE_ALSO_MAX]; /* of those bounds */
	unsigned n_segments;
	struct assure_segment segments[ASSURE_POINTS_MAX - 1];
};

struct assure;

int assure_new(struct assure **outp, size_t streams_max, uint64_t seed);
struct assure *assure_free(struct assure *a);
AUTO_DEFINE(struct assure, assure_free)

enum {
	ASSURE_E_FULL = 1,
	ASSURE_E_EXISTS,
	ASSURE_E_TERMS, /* terms or points make no sense */
	ASSURE_E_ABSENT,
};

/* From the period of now_ns on. points: along the path, the first where packets are marked, the
 * last where the mark is taken off. 0, < 0, or ASSURE_E_FULL, EXISTS, TERMS. */
int assure_add(struct assure *a, uint64_t id, const struct assure_terms *t,
	       const struct assure_point *points, size_t n, uint64_t now_ns);
/* The stream takes another path between the same ends, since when is known no better than [since,
 * until]. 0, < 0, or ASSURE_E_ABSENT, TERMS. */
int assure_path(struct assure *a, uint64_t id, const struct assure_point *points, size_t n,
		uint64_t since_ns, uint64_t until_ns);
/* Only the newest of its paths was used after until_ns. */
void assure_settled(struct assure *a, uint64_t id, uint64_t until_ns);
/* The same stream with other bounds; its history stays. Period and guard must be the same. */
int assure_terms_set(struct assure *a, uint64_t id, const struct assure_terms *t);
void assure_del(struct assure *a, uint64_t id);
/* The wall clock jumped: all streams begin anew at now_ns, unknown; what was counted stays. */
int assure_rebase(struct assure *a, uint64_t now_ns); /* 0 or -ENOMEM */
size_t assure_count(const struct assure *a);

enum assure_take assure_report(struct assure *a, uint64_t id, const struct assure_report *r,
			       uint64_t now_ns);
/* A delay measured otherwise (STAMP), of the window that is open. */
enum assure_take assure_delay(struct assure *a, uint64_t id, uint64_t delay_ns, uint64_t error_ns);

/* Delays of which only this is told. */
struct assure_spread {
	uint32_t samples;
	uint64_t minimum_ns, median_ns, p99_ns, maximum_ns; /* p99 0: not told */
	uint64_t error_ns;				    /* of the clocks */
};

/* The same for many at once: each counts as what it may have been. */
enum assure_take assure_delays_told(struct assure *a, uint64_t id, const struct assure_spread *s);

/* Closes the windows that are due, each told once. fn may add, change or delete no stream. Of a
 * stream that is further behind than ASSURE_BEHIND_MAX, what lies before is unknown, and not told. */
void assure_advance(struct assure *a, uint64_t now_ns,
		    void (*fn)(void *arg, const struct assure_window *w), void *arg);
/* When assure_advance() has something to do next; UINT64_MAX: never. */
uint64_t assure_due(const struct assure *a);

/* ---- what is kept ---- */

struct assure_past {
	uint64_t period;
	uint64_t sent, lost;
	uint32_t delay_us; /* UINT32_MAX: unknown */
	uint8_t verdict, loss_why, delay_why, variation_why;
};

struct assure_bucket {
	uint64_t period; /* first of it */
	uint32_t windows[4]; /* by verdict */
};

struct assure_view {
	struct assure_terms terms;
	enum assure_verdict state;
	uint64_t since_period;	/* of the state */
	uint64_t windows[4];	/* by verdict, since the stream began */
	uint64_t reports[ASSURE_EARLY + 1]; /* by what became of them */
	size_t n_recent, n_buckets;
	struct assure_past recent[ASSURE_RECENT];     /* newest first */
	struct assure_bucket buckets[ASSURE_BUCKETS]; /* newest first */
};

/* False when there is no such stream. */
bool assure_view(const struct assure *a, uint64_t id, struct assure_view *out);
/* Share of windows within the bounds, in ppm: of all, unknown ones being none (least), and of those
 * that are known (UINT32_MAX: none is). */
void assure_availability(const uint64_t windows[4], uint32_t *least_ppm, uint32_t *known_ppm);
/* The delay at a percentile over the horizon: FINE, or why there is none. */
enum assure_why assure_percentile(const struct assure *a, uint64_t id, uint32_t ppm, uint32_t *us);
/* The variation at the percentile promised, the same way. */
enum assure_why assure_variation(const struct assure *a, uint64_t id, uint32_t *us);

/* The same of the i-th of the bounds beside them. */
enum assure_why assure_percentile_also(const struct assure *a, uint64_t id, unsigned i, uint32_t *us);
enum assure_why assure_variation_also(const struct assure *a, uint64_t id, unsigned i, uint32_t *us);

const char *assure_verdict_name(enum assure_verdict v);
const char *assure_why_name(enum assure_why w);
