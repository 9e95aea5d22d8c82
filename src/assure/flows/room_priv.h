/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* What the files of the room share. */
#include "assure/flows/room.h"
#include "base/hash.h"
#include "base/ip.h"
#include "base/list.h"
#include "base/str.h"
#include "base/vec.h"
#include "log/metric.h"

enum {
	ROOM_NODES_MAX = ASSURE_POINTS_MAX / 2 + 1, /* of a path whose hops are told apart */
	ROOM_COUNTERS_MAX = 8192,		    /* of a device */
	ROOM_FACES_MAX = 1024,			    /* interfaces of a device */
	ROOM_FACE_ADDRS_MAX = 8,
	ROOM_NAME_MAX = 64,	     /* of an interface */
	ROOM_MARKED_MAX = 1024,	     /* flows a device marks; as its model says, like what follows */
	ROOM_ENDS_MAX = 256,
	ROOM_PORTS_MAX = 64,
	ROOM_PROBES_MS_MIN = 2000, /* window of a stream that has only probes */
	ROOM_PERIOD_MS_MIN = 100,
	ROOM_PERIOD_MS_MAX = 60000,
	ROOM_PATHS_A_TURN = 256, /* policies asked for again */
	ROOM_DIRTY_MAX = 1024,	 /* slices, and policies, that are remembered one by one */
};

#define ROOM_PLAN_NS (50 * NS_PER_MS)	/* changes that come together are told together */
#define ROOM_RETRY_NS (30 * NS_PER_S)	/* what a device refused is tried again */
#define ROOM_YOUNG_NS (30 * NS_PER_S)	/* so long after a start others may still be reading */
#define ROOM_FLOW_ID_BITS 20

/* What a session is for: the promise of its flow, or a look at what hurts it. */
enum room_probing { ROOM_PROBE_OWN, ROOM_PROBE_SMALL, ROOM_PROBE_LARGE, ROOM_PROBINGS };

/* Packets of one flow of a slice: a stream of assure.h when it is measured. */
struct room_flow {
	struct hash_node by_id;
	struct room_slice *of;
	uint32_t id;  /* FlowMonID, and of the stream */
	size_t place; /* in the room's order */
	char group[SLICE_ID_MAX], construct[SLICE_ID_MAX], sender[SLICE_ID_MAX], receiver[SLICE_ID_MAX];
	struct sr_policy_key key;
	struct assure_terms terms;
	bool promised; /* loss, delay or its variation has a bound */
	bool seen;     /* ordered still */
	bool measured; /* it is in room->assure */
	bool hops;     /* all along its path */
	bool look;     /* its path may be another */
	bool moving;   /* the headend has not said yet that it has the list of its path */
	uint64_t moved_ns; /* when its path changed, or was settled, last */
	uint32_t stray;	   /* a node that is not on its path, and counted packets of it */
	uint64_t stray_ns, stray_packets; /* 0: none did */
	bool same;     /* as another: its packets cannot be told from those */
	bool too_many; /* for what its headend can mark */
	struct ip_addr first, last; /* by which its packets are told */
	struct ip_addr source;	    /* outer, as its headend says */
	uint32_t nodes[ROOM_NODES_MAX], n_nodes; /* of the TED: the ends, or all */
	bool whole;				 /* all */
	char fault[SR_REASON_MAX];		 /* why it is not measured, "" */
	char why[SR_REASON_MAX];		 /* of the last window */
	enum assure_verdict window, state;	 /* its last */
	enum assure_verdict arrives; /* of that window: compliant, packets did; violated, none of those sent */
	bool out; /* its policy is down, and so is its standby: as intent says */
	struct room_uptime *uptime; /* of the slice; NULL: no availability is promised */
	uint64_t window_end_ns;
	uint64_t delay_us, variation_us; /* at their percentiles; UINT64_MAX unknown */
	struct assure_bound_view delay_also[ASSURE_ALSO_MAX], variation_also[ASSURE_ALSO_MAX];
	bool marked, probed; /* by which methods */
	enum assure_verdict told_state; /* by an event */
	uint64_t told_ns;
	bool has_probe;	     /* and of the last window of probes: */
	uint64_t probe_sent, probe_lost;
	uint32_t probe_delay_us;
	bool looking;		 /* it is in trouble: probes are sent to see why */
	uint64_t look_until_ns;
	/* Its last windows; saw: a pair that was told in this order, saw_ns: when. */
	struct assure_look large, saw_small, saw_large;
	uint64_t saw_ns;
	bool has_large, small_good, steady; /* since the last pair; the last small window; of saw */
	uint64_t heard_sent, heard_lost; /* since the last window of a stream without marks */
	/* Its last window of probes had no answer; of the far end's counter meanwhile. */
	bool silent, far_based;
	uint16_t far_ssid;
	uint64_t silent_sent, far_packets;
	unsigned far_same, far_more; /* windows in a row */
	enum assure_silence silence;
	char probe_fault[SR_REASON_MAX]; /* why there is no session, "" */
	unsigned n_segments;
	struct assure_segment segments[ASSURE_POINTS_MAX - 1];
	uint64_t lost[ASSURE_POINTS_MAX - 1]; /* in all of their windows that are known */
};

/* What a flow that is promised availability was, kept for as long as it is ordered. */
struct room_uptime {
	char group[SLICE_ID_MAX], construct[SLICE_ID_MAX], sender[SLICE_ID_MAX], receiver[SLICE_ID_MAX];
	uint8_t nines;
	bool seen; /* ordered still */
	struct assure_uptime is;
	enum assure_standing standing;
	uint64_t since_ns; /* of that */
};

struct room_uptimes {
	VEC(struct room_uptime *) of;
	size_t turn;  /* where the last was that was found */
	bool durable; /* there is a record */
	bool unsaved; /* of a slice that is not measured now: it was counted since */
};

#define ROOM_UPTIME_BUCKET "assure-uptime"

struct room_edge {
	char device[DEVICE_NAME_MAX], port[ROOM_NAME_MAX];
};

struct room_slice {
	struct hash_node by_id;
	char id[SLICE_ID_MAX];
	uint64_t revision; /* that edges are of */
	struct slice_assurance policy;
	VEC(struct room_flow *) flows;
	VEC(struct room_edge) edges;
	bool seen, raised;
	enum assure_verdict state;
	char why[SR_REASON_MAX];
	uint64_t since_ns, begin_ns, told_ns;
	VEC(struct assure_hour) hours; /* the oldest first, ASSURE_HOURS at most */
	bool unsaved;
	struct room_uptimes uptimes;
	bool broken; /* the alarm stands: a flow's availability is not what was promised */
};

/* History of a slice that is not measured now. */
struct room_past {
	struct hash_node by_id;
	char id[SLICE_ID_MAX];
	uint64_t begin_ns, until_ns;
	VEC(struct assure_hour) hours;
	struct room_uptimes uptimes;
};

/* Interfaces of a device, by the name it gives them. */
struct room_face {
	char name[ROOM_NAME_MAX];
	struct ip_addr at[ROOM_FACE_ADDRS_MAX];
	uint8_t n;
};

struct room_reading {
	uint64_t period, packets, boot;
	bool began, good;
};

/* Where one flow is counted in one direction: on each interface by itself. */
struct room_meter {
	struct hash_node by_key;
	uint32_t flow;
	bool out;
	struct ip_addr source;
	struct list counters;
	unsigned n;
};

/* One entry of a device's list of counters. */
struct room_counter {
	struct hash_node by_path;
	struct list link; /* of the meter */
	struct room_meter *meter;
	size_t len;	 /* of path */
	uint64_t time;	 /* of the reading that is being put together */
	unsigned told;	 /* leafs of it: a bit each */
	uint64_t packets, boot, d_ns;
	uint32_t d_error_us;
	bool began, vouched;
	struct room_reading at[4]; /* period k at k mod 4 */
	char path[];
};

/* A STAMP session at a device; of its last window what has been told so far. */
struct room_session {
	uint32_t flow;
	enum room_probing kind;
	bool wanted, told, there; /* by the plan; it was given it; it says so itself */
	struct mono retry_at;	  /* it was refused */
	char doc[384];		  /* as told */
	uint64_t time, sent, lost, received, lost_backward;
	unsigned have;
	bool known, has_ssid;
	uint16_t ssid;
	struct assure_spread forward;
};

/* What a reflector counts of a session. */
struct room_heard {
	struct ip_addr source;
	uint16_t ssid;
	uint64_t packets;
};

/* What a device is to do, while the plan is made. */
struct room_wants {
	bool any, hops, incomplete;
	bool silent; /* probes that it should answer are in silence */
	VEC(struct room_flow *) flows;
	VEC(struct ip_prefix) ends;
	VEC(const struct room_edge *) edges;
	VEC(struct room_flow *) probes;	    /* sent here */
	VEC(struct ip_addr) senders;	    /* that it answers */
};

struct room_device {
	struct hash_node by_name;
	struct assure_room *r;
	char name[DEVICE_NAME_MAX];
	uint32_t node; /* TED_NONE: there is none of its name */
	bool up, agent, synced;
	char trouble[SR_REASON_MAX]; /* why it is down, or what it refused */
	uint32_t watch_counters, watch_faces, watch_sessions, watch_ports, watch_heard; /* 0: none */
	VEC(struct room_heard) heard;
	bool heard_synced;
	bool looked, marks; /* it has said what it marks; and does, whoever told it to */
	VEC(struct room_face) faces;
	struct hash counters, meters;
	struct room_counter *last;
	int64_t skew_ns; /* of its clock, ours being right */
	bool counters_full;
	/* marking */
	struct room_wants wants;
	struct str said; /* the document it was given last; "" nothing */
	bool known;	 /* and has, as far as we know */
	bool refused;
	uint64_t ports;	   /* a hash of the interfaces it counts at */
	uint64_t whole_ns; /* counts are whole from here on; UINT64_MAX: it is not known yet */
	bool portless;	 /* no interface has the address of a link */
	uint32_t txn;	 /* under way; 0 none */
	struct mono retry_at;
	/* probes: one change at a time */
	VEC(struct room_session) sessions;
	uint32_t probe_txn, probe_flow; /* under way, of the reflector: flow 0 */
	enum room_probing probe_kind;
	char probe_doc[384];
	struct str answers; /* what the reflector was told last; "" nothing */
	bool answers_known;
	struct mono answers_retry_at;
};

struct room_id {
	char id[SLICE_ID_MAX];
};

struct assure_room {
	struct assure_room_parts parts;
	struct assure_room_cfg cfg;
	struct device_port port;
	bool has_port;
	struct assure *assure;
	uint64_t seed;
	struct hash flows, slices, devices, pasts;
	VEC(struct room_flow *) order; /* all flows, to look at some of them in turn */
	size_t turn;
	struct room_device *last_device;
	VEC(struct room_device *) at_node; /* by TED index, while a plan is made */
	struct bus_reader reader;
	struct loop_timer tick, plan;
	struct loop_task look;
	VEC(struct sr_policy_key) moved; /* policies that may have another path */
	VEC(struct room_id) changed;	 /* slices that may be others */
	bool all_moved, all_changed;
	bool closing; /* windows: streams are not to change */
	struct mono began, planned, last_mono;
	uint64_t last_wall_ns;
	uint32_t period_ms; /* of marking, everywhere; 0: nothing is marked */
	uint64_t next;	    /* period of the history that is next */
	uint64_t saved_ns;  /* when what was unsaved was saved */
	struct intent_view *view; /* large: one for all */
	void (*watch)(void *arg, const struct assure_evidence *e);
	void *watch_arg;
	bool recount; /* promises may stand otherwise */
	struct metric *m_standing[ASSURE_STANDINGS];
	struct metric *m_windows[4], *m_streams, *m_readings[ASSURE_EARLY + 1], *m_faults;
};

/* ---- room.c ---- */

void assure_room_plan_soon(struct assure_room *r);
void assure_room_arm(struct assure_room *r);
/* The wall clock, ns. */
uint64_t assure_room_wall(const struct assure_room *r);

/* ---- room_flow.c: what is ordered, as flows ---- */

void room_slices_look(struct assure_room *r);
struct room_flow *room_flow_of(const struct assure_room *r, uint64_t id);
struct room_slice *room_slice_of(const struct assure_room *r, const char *id);
struct room_slice *room_slice_free(struct assure_room *r, struct room_slice *s);

/* ---- room_path.c: flows as streams, along the paths they take ---- */

/* Their paths, as far as they may have changed; at most ROOM_PATHS_A_TURN of those that move. */
void room_paths_look(struct assure_room *r);
/* Begins, goes on with, or ends measuring f as it is planned. */
void room_flow_measure(struct assure_room *r, struct room_flow *f);
void room_flow_stop(struct assure_room *r, struct room_flow *f);
/* Are its hops measured as its state and its slice's policy want it? True: they are others now. */
bool room_flow_hops(struct assure_room *r, struct room_flow *f);

/* ---- room_device.c: what devices are to do ---- */

struct room_device *room_device_of(const struct assure_room *r, const char *name);
/* NULL: there is no such device, or no memory. */
struct room_device *room_device_get(struct assure_room *r, const char *name);
struct room_device *room_device_free(struct room_device *d);
struct room_device *room_device_at(const struct assure_room *r, uint32_t node); /* of the last plan */
void room_plan(struct assure_room *r);
/* Why nothing is heard of a node, for people. */
void room_device_trouble(const struct assure_room *r, uint32_t node, char *buf, size_t cap);
bool room_device_deaf(const struct assure_room *r, uint32_t node);

/* ---- room_sample.c ---- */

void room_on_sample(void *arg, const struct device_sample *s);
void room_on_gap(void *arg, const char *device, uint32_t watch, const char *why);
void room_on_synced(void *arg, const char *device, uint32_t watch);
void room_counters_forget(struct room_device *d);

/* ---- room_look.c: probes for who is in trouble ---- */

/* A window of f is over. */
void room_look_window(struct assure_room *r, struct room_flow *f, enum assure_verdict v);
bool room_look_over(const struct assure_room *r, struct room_flow *f); /* true: it was looked at, and is no more */
void room_look_take(struct room_device *d, const struct room_session *s);
/* Octets that make a probe as long as a packet of the flow that it is promised to carry. */
uint16_t room_look_padding(const struct assure_room *r, const struct room_flow *f);
/* What was seen, if it is of now. */
bool room_look_seen(const struct assure_room *r, const struct room_flow *f);

/* ---- room_heard.c: probes in silence, as the far end tells ---- */

void room_heard_sample(struct room_device *d, const struct device_sample *s);
void room_heard_window(struct room_device *d, struct room_flow *f, const struct room_session *s);
void room_heard_forget(struct room_device *d);

/* ---- room_probe.c: STAMP ---- */

void room_probe_want(struct assure_room *r, struct room_flow *f);
void room_probes_tell(struct room_device *d);
/* It has forgotten, or nobody knows what it has. */
void room_probes_forget(struct room_device *d);
bool room_probe_result(struct room_device *d, const struct device_result *res); /* false: it is not of a probe */
void room_probe_sample(struct room_device *d, const struct device_sample *s);
/* Loss of streams that have only probes, as readings of their ends for the window that is due then. */
void room_probes_close(struct assure_room *r, uint64_t due_ns);
bool room_key_of(const char *path, const char *name, char *out, size_t cap);
const char *room_leaf_at(const char *path); /* where its list entry ends, NULL: it is no leaf of one */

/* ---- room_window.c ---- */

void room_windows(struct assure_room *r, uint64_t now_ns);
/* What is said of a flow that is not measured counts as well. */
void room_slice_judge(struct assure_room *r, struct room_slice *s);

/* ---- room_promise.c: availability promised and measured ---- */

/* What a flow is promised, as it is ordered. */
void room_promise_take(struct room_slice *s, struct room_flow *f, uint8_t nines);
/* What is no longer ordered is forgotten, and what is new is judged. Before: room_promises_unsee(). */
void room_promises_unsee(struct room_slice *s);
void room_promises_look(struct assure_room *r, struct room_slice *s);
/* A period of the history: so it was. */
void room_promise_count(struct assure_room *r, struct room_flow *f, uint64_t at_ns, enum assure_verdict v);
/* The same of slices that are suspended for the sake of others: not measured, and known to be down. */
void room_promises_count_shed(struct assure_room *r, uint64_t at_ns);
void room_promises_judge(struct assure_room *r, struct room_slice *s, uint64_t now_ns);
/* It is measured no more: its alarm ends, its history does not. */
void room_promises_pause(struct assure_room *r, struct room_slice *s);
/* The metric, when it may have changed. */
void room_promises_recount(struct assure_room *r);
/* Of all its flows; NULL: none is promised any. */
const struct room_uptime *room_promise_worst(const struct room_slice *s, uint32_t *n_broken);
void room_promise_words(const struct room_uptime *u, uint64_t now_ns, char buf[SR_REASON_MAX]);
uint32_t room_promise_ppm(const struct assure_spell *is); /* up, of what is known; UINT32_MAX: nothing is */
/* Saves it; nothing of it where nothing is promised. */
void room_promises_save(struct assure_room *r, const char *id, struct room_uptimes *u);
void room_promises_free(struct room_uptimes *u);
int room_promises_load(struct assure_room *r); /* for slices with a past */

/* ---- room_history.c ---- */

struct room_past *room_past_of(const struct assure_room *r, const char *id);
/* NULL: it goes. */
void room_record_write(struct assure_room *r, const char *bucket, const char *id, char *take_text);

void room_history_count(struct assure_room *r, uint64_t now_ns);
void room_history_begin(struct assure_room *r, struct room_slice *s);
void room_history_end(struct assure_room *r, struct room_slice *s);
/* What is kept of slices that are no more is dropped. */
void room_history_sweep(struct assure_room *r);
void room_pasts_free(struct assure_room *r);
bool room_past_eq(const struct hash_node *n, const void *key);
