/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* What the files of the room share. */
#include "base/hash.h"
#include "base/ip.h"
#include "base/vec.h"
#include "log/metric.h"
#include "sense/sense.h"
#include "sense/sense_filter.h"

enum {
	SENSE_SESSIONS_MAX = 192, /* of a device, what a life before has left too; its model has 256 for all */
	SENSE_SENDERS_MAX = 48,	  /* that a reflector is told to answer; its model has 64 for all */
	SENSE_FACES_MAX = 1024,
	SENSE_FACE_ADDRS_MAX = 8,
	SENSE_NAME_MAX = 64,
	SENSE_SESSION_MAX = 48,
	SENSE_RECENT = 3,
};

#define SENSE_RETRY_NS (30 * NS_PER_S) /* what a device refused is tried again */

/* The way there, and there and back, of one window. */
struct sense_span {
	uint64_t samples, min_us, median_us, max_us, error_us; /* UINT64_MAX: not told */
};

struct sense_window {
	uint64_t time;
	bool known;
	struct sense_span forward, round;
};

struct sense_link {
	uint32_t index; /* in the TED */
	struct sense *s;
	bool seen, wanted; /* by the topology; it can be measured */
	char id[sizeof(((struct ted_node *)0)->id)]; /* of its router */
	struct ip_addr local, remote;
	struct sense_device *from, *to; /* NULL: no device */
	char face[SENSE_NAME_MAX];	/* of from, "" unknown */
	const char *why;		/* it cannot be measured, NULL it can */
	/* delay */
	struct sense_window window;
	unsigned unknown; /* windows in a row */
	struct mono known_at;
	bool one_way, alarmed;
	struct sense_filter delay;
	uint32_t max_us[SENSE_RECENT], var_us[SENSE_RECENT]; /* the newest first */
	struct topo_delay said;
	uint16_t mtu; /* as the topology was told, 0: it was not */
	/* load */
	struct sense_load load;
	struct sense_filter beside;
	struct mono counted_at;
	uint64_t booked_bps;
	bool booked;
	struct metric *m_delay, *m_load; /* NULL: never known */
};

struct sense_face {
	char name[SENSE_NAME_MAX];
	struct ip_addr at[SENSE_FACE_ADDRS_MAX];
	uint8_t n;
	uint32_t mtu; /* 0: not told */
};

/* A STAMP session at a device that is ours by its name. */
struct sense_session {
	char name[SENSE_SESSION_MAX];
	struct sense_link *link; /* NULL: nobody wants it */
	bool told, there;	 /* it was given it; it says so itself */
	struct mono retry_at;
	char doc[256];
	char fault[SR_REASON_MAX]; /* why it was refused, "" */
};

struct sense_device {
	struct hash_node by_name;
	struct sense *s;
	char name[DEVICE_NAME_MAX];
	bool up, agent, clean; /* clean: nothing of a life before is there */
	uint32_t watch_faces, watch_mtus, watch_sessions, watch_load;
	VEC(struct sense_face) faces;
	VEC(struct sense_session) sessions;
	VEC(struct sense_link *) links; /* that begin here */
	VEC(struct ip_addr) senders;	/* whose probes it is to answer */
	size_t last; /* session that was told of last */
	/* one change at a time */
	uint32_t txn;
	char txn_name[SENSE_SESSION_MAX], txn_doc[256]; /* "": the reflector; deleted */
	bool answers; /* it was told of all senders */
	struct mono answers_at; /* not told again before */
};

struct sense {
	struct sense_parts parts;
	struct sense_cfg cfg;
	struct device_port port;
	bool has_port;
	const struct ted *ted;
	struct hash devices;
	VEC(struct sense_link *) links; /* by TED index, NULL none */
	VEC(struct sense_device *) at_node; /* during a look */
	struct loop_timer look, tick;
	struct metric *m_measured, *m_mtus, *m_windows[2], *m_said[SENSE_REFRESH + 1];
};

/* ---- sense.c ---- */

struct sense_device *sense_device_of(const struct sense *s, const char *name);
void sense_look_soon(struct sense *s);

/* ---- sense_plan.c: what devices are to do ---- */

void sense_plan(struct sense *s);
void sense_tell(struct sense_device *d);
void sense_told(struct sense_device *d, const struct device_result *r);
/* It has forgotten, or nobody knows what it has. */
void sense_device_forget(struct sense_device *d);
struct sense_session *sense_session_of(struct sense_device *d, const char *name, bool make);
struct sense_link *sense_link_drop(struct sense_link *l); /* NULL */

/* ---- sense_sample.c: what they say ---- */

void sense_sample(struct sense_device *d, const struct device_sample *e);
void sense_face_find(struct sense_link *l);

/* ---- sense_mtu.c ---- */

void sense_mtu(struct sense_link *l); /* as its ends tell it now */
void sense_mtu_forget(struct sense_link *l);

/* ---- sense_say.c: what comes of it ---- */

void sense_publish(const struct sense_link *l, enum bus_severity severity, const char *type, const char *body);

void sense_window_over(struct sense_link *l);
void sense_counted(struct sense_link *l);
void sense_booking(struct sense_link *l); /* as the book is now */
void sense_expire(struct sense_link *l);
void sense_withdraw_delay(struct sense_link *l, const char *why);
void sense_withdraw_load(struct sense_link *l);
/* Delay was known, and nothing is measured now. */
bool sense_is_stale(const struct sense_link *l);
