/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * What a Session-Sender knows of its probes: pure accounting, without sockets and clocks.
 *
 * Probes are numbered from 0; n of them are a window, closed when the last one's time-out has
 * passed. A window in which nothing was answered is unknown: neither loss nor delay, for a dead
 * reflector and a wrong path look the same. Direction of loss needs a reflector that counts on its
 * own: what it counted less than we sent was lost on the way there, what we got less than it
 * counted on the way back; what cannot be placed stays so.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/auto.h"

enum {
	AGENT_STAMP_BUCKETS = 24,    /* of the histogram: bucket i ends at 2^i us, the last has no end */
	AGENT_STAMP_P99_SAMPLES = 100, /* fewer: no 99th percentile */
};

/* A clock that a delay was read from in one direction. */
struct agent_stamp_times {
	uint64_t t1, t2, t3, t4; /* ns since 1970: sent, arrived, answered, returned */
	uint64_t sent_mono_ns, now_mono_ns, now_wall_ns; /* to see our own clock jump */
	bool sync;	   /* both ends say that they are synchronised */
	uint64_t error_ns; /* sum of what both say of their clocks; UINT64_MAX: unknown */
};

/* Of one window, in us; n 0: unknown. */
struct agent_stamp_delay {
	uint32_t n, min, p50, p99, max;
	bool has_p99;
};

struct agent_stamp_window {
	bool known;	       /* something was answered */
	uint32_t first, sent, received;
	uint64_t start_wall_ns, end_wall_ns;
	uint64_t lost_forward, lost_backward; /* placed now; may be of a window before */
	struct agent_stamp_delay rtt, forward, backward;
	uint64_t error_us; /* of forward and backward */
};

struct agent_stamp_totals {
	uint64_t sent, received, lost, unknown; /* unknown: of windows without any answer */
	uint64_t lost_forward, lost_backward;
	uint64_t duplicates, late, stray; /* stray: no probe of ours */
	uint64_t resets;		  /* the reflector began to count anew */
	uint64_t doubts;		  /* answers whose times cannot be */
	uint64_t windows, windows_unknown;
	uint64_t histogram[AGENT_STAMP_BUCKETS]; /* round trips */
};

struct agent_stamp_acc;

/* n probes a window, at most in_flight of a later one before it closes. */
int agent_stamp_acc_new(struct agent_stamp_acc **outp, uint32_t n, uint32_t in_flight,
			bool stateful);
struct agent_stamp_acc *agent_stamp_acc_free(struct agent_stamp_acc *a);
AUTO_DEFINE(struct agent_stamp_acc, agent_stamp_acc_free)

/* The number of the next probe, sent now. mark: what an answer must repeat. */
uint32_t agent_stamp_acc_sent(struct agent_stamp_acc *a, uint64_t mark, uint64_t wall_ns,
			      uint64_t mono_ns);
/* When probe seq was sent; false when no answer to it is awaited (and that is counted). */
bool agent_stamp_acc_awaits(struct agent_stamp_acc *a, uint32_t seq, uint64_t mark,
			    uint64_t *wall_ns, uint64_t *mono_ns);
void agent_stamp_acc_answer(struct agent_stamp_acc *a, uint32_t seq, uint32_t refl_seq,
			    const struct agent_stamp_times *t);
/* Closes the windows whose last probe was sent before mono_ns. True when one was closed. */
bool agent_stamp_acc_close(struct agent_stamp_acc *a, uint64_t mono_ns, uint64_t wall_ns);

/* The window begins anew: what was sent so far takes another way than what comes. What is not
 * answered of it is unknown. */
void agent_stamp_acc_restart(struct agent_stamp_acc *a);

const struct agent_stamp_totals *agent_stamp_acc_totals(const struct agent_stamp_acc *a);
/* The last one closed, NULL when there is none. */
const struct agent_stamp_window *agent_stamp_acc_last(const struct agent_stamp_acc *a);
