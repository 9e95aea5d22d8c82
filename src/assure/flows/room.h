/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Assurance in the controller: which flows of slices are measured and by which devices, what
 * devices tell of them, and what comes of it: verdicts, history, and the evidence repairs begin
 * from. Loop thread only.
 *
 * Devices and routers are joined by name: a device is called as its router in the topology.
 */
#include "assure/verdict/assure.h"
#include "assure/verdict/assure_promise.h"
#include "core/bus.h"
#include "core/device.h"
#include "intent/intent.h"
#include "loop/loop.h"
#include "slice/slice.h"
#include "store/store.h"

struct assure_room;

struct assure_room_cfg {
	uint32_t streams_max;
	/* The SID that the packets of a flow have as their last segment, where another room gives it
	 * one; false: none. NULL: nobody does, and flows are told by the lists of their policies. */
	bool (*last_sid)(void *ctx, const char *slice, const struct slice_flow_view *flow,
			 struct ip_addr *out);
	void *ctx;
};

struct assure_room_parts {
	struct loop *loop;
	struct bus *bus;
	struct intent *intent;
	struct slice *slice;
	struct store *store; /* NULL: history is not kept over a restart */
};

extern const struct device_sink assure_device_sink; /* arg is the struct assure_room */

int assure_room_new(struct assure_room **outp, const struct assure_room_parts *parts,
		    const struct assure_room_cfg *cfg);
struct assure_room *assure_room_free(struct assure_room *r);
AUTO_DEFINE(struct assure_room, assure_room_free)
/* The port its sink was joined with; before that nothing is asked of devices. */
void assure_room_port(struct assure_room *r, const struct device_port *port);
int assure_room_load(struct assure_room *r); /* what is durable, once, after slice_load() */
void assure_on_ted(void *arg, const struct ted *ted); /* a topo_ted_fn; after intent's and slice's */
/* What last_sid() says may have changed. */
void assure_room_look(struct assure_room *r);
/* Another room had the reflector of a device answer, and needs it no more: it goes, or answers those only who
 * measure by it. */
void assure_room_answered(struct assure_room *r, const char *device);

/* ---- what repairs begin from ---- */

/* Probes of a window along the policy of a flow in trouble; received 0: silence, in which no
 * direction is told. */
struct assure_look {
	uint64_t sent, received, lost_forward, lost_backward;
};

/* Which way probes are lost that nobody answers; said by who should. */
enum assure_silence { ASSURE_NO_SILENCE, ASSURE_LOST_THERE, ASSURE_LOST_BACK };

/* A window of a stream that has just been closed. What is pointed at is good during the call. */
struct assure_evidence {
	uint64_t stream;
	const char *slice, *group, *construct, *sender, *receiver; /* ids */
	const struct sr_policy_key *key; /* of the policy the flow runs in */
	uint64_t begin_ns, end_ns;	 /* of the wall clock */
	enum assure_verdict verdict;	 /* of this window alone: unknown stays unknown */
	enum assure_verdict state;	 /* of the stream */
	bool loss_known;
	bool idle; /* it is known that nothing was sent */
	uint64_t sent, lost;
	uint32_t delay_us; /* UINT32_MAX: unknown */
	unsigned n_segments; /* along the path in use; point.node is an index of intent_ted() */
	const struct assure_segment *segments;
	bool has_probe; /* of STAMP, the last window it told */
	uint64_t probe_sent, probe_lost;
	enum assure_silence silence; /* of its probes; no_silence: or it is not known which */
	uint64_t silent_sent;
	uint32_t probe_delay_us; /* the longest; UINT32_MAX: unknown */
	bool looked; /* it was in trouble, and probes were sent for that: small ones, and as large as promised */
	bool steady; /* all the while the large ones were sent, small ones came back */
	struct assure_look small, large;
	uint32_t stray; /* a node that is not on its path, and counts packets of it */
	uint64_t stray_packets; /* 0: there is none */
	uint32_t end;	/* the node it ends at */
	const struct ip_addr *last; /* the SID its own packets end with there; NULL: they are not what is counted */
	const char *why;	 /* for people */
};

/* One watcher; fn may ask intent and slice for anything, and this room for what it knows. */
void assure_room_watch(struct assure_room *r,
		       void (*fn)(void *arg, const struct assure_evidence *e), void *arg);
/* Every hop of a slice's flows is measured, whatever is ordered, until it is taken back. False: no
 * such slice is measured. */
bool assure_room_hops(struct assure_room *r, const char *slice, bool raise);

/* ---- queries ---- */

/* What devices have of measurement that nobody wants: said to fn, for slice_steps. ctx is the room. */
void assure_room_audit(void *ctx, void (*fn)(void *arg, const char *id, const char *what), void *arg);

/* Ids of slices that are measured, ascending; after NULL: the first. NULL at the end. */
const char *assure_room_next(const struct assure_room *r, const char *after);

enum { ASSURE_HOURS = 30 * 24 };

struct assure_hour {
	uint64_t hour; /* since 1970 */
	uint32_t windows[4]; /* by verdict, the worst of its flows */
};

struct assure_slice_view {
	enum assure_verdict state;
	char why[SR_REASON_MAX];
	uint64_t since_ns, begin_ns; /* of the state; of the history */
	uint32_t n_streams, n_hours;
	uint64_t windows[4]; /* of 30 days at most */
	uint32_t least_ppm, known_ppm; /* availability, see assure_availability() */
	enum assure_standing promise;  /* of availability: the worst of its flows */
	uint32_t n_broken;	       /* flows */
	char promise_why[SR_REASON_MAX]; /* of that flow; "" where none is promised */
};

/* Availability that a flow is promised, and what it had in the last 30 days. */
struct assure_promise_view {
	uint8_t nines; /* 3 is 99.9 %; 0: none is promised, and the rest says nothing */
	enum assure_standing standing;
	uint64_t since_ns;
	struct assure_spell is;
	uint64_t allowed_ms; /* of down_ms */
	uint32_t measured_ppm; /* of what is known, rounded down; UINT32_MAX: nothing is */
};

bool assure_room_slice(const struct assure_room *r, const char *id, struct assure_slice_view *out);
/* Newest first, from `at` on; how many were written. */
uint32_t assure_room_hours(const struct assure_room *r, const char *id, uint32_t at,
			   struct assure_hour *out, uint32_t cap);

/* How a bound beside the first of its kind was in the last window. */
struct assure_bound_view {
	struct assure_found is;
	uint64_t us; /* at its percentile; UINT64_MAX: unknown */
};

struct assure_stream_view {
	uint64_t id; /* also its FlowMonID */
	const char *group, *construct, *sender, *receiver;
	struct sr_policy_key key;
	struct ip_addr first, last; /* by which its packets are told; none: any */
	bool measured, hops;
	char why[SR_REASON_MAX]; /* of the last window, or why it is not measured */
	struct assure_view is;	 /* where it is measured */
	unsigned n_segments;	 /* of the last window; labels of nodes below */
	struct assure_segment segments[ASSURE_POINTS_MAX - 1];
	uint64_t lost[ASSURE_POINTS_MAX - 1]; /* in all windows that are known, since they are neighbours */
	uint64_t delays_percentile_us, variation_us; /* at the percentiles promised; UINT64_MAX: unknown */
	struct assure_bound_view delay_also[ASSURE_ALSO_MAX], variation_also[ASSURE_ALSO_MAX]; /* as terms have them */
	uint32_t ordered_ms; /* period as it was ordered: is.terms has the one in force */
	bool has_probe;
	uint64_t probe_sent, probe_lost;
	uint32_t probe_delay_us;
	struct assure_promise_view promise;
};

/* The n-th stream of a slice. */
bool assure_room_stream(const struct assure_room *r, const char *id, uint32_t n,
			struct assure_stream_view *out);
