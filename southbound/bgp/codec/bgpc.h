/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * BGP-4 messages (RFC 4271, 4760, 5492, 6793, 7606, 8654, 9072): bytes to structs and back.
 *
 * Pure: no I/O, no clock, no globals. Readers borrow: every struct rd inside a decoded message
 * points into the frame it was read from. Writers write whole messages, header included, and
 * report lack of room by wr.bad.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/ip.h"
#include "base/rd.h"
#include "base/wr.h"

enum {
	BGPC_HEADER_LEN = 19,
	BGPC_MAX_LEN = 4096,
	BGPC_MAX_LEN_EXT = 65535, /* RFC 8654, both sides sent capability 6 */
	BGPC_AS_TRANS = 23456,
};

enum bgpc_type {
	BGPC_OPEN = 1,
	BGPC_UPDATE = 2,
	BGPC_NOTIFICATION = 3,
	BGPC_KEEPALIVE = 4,
	BGPC_ROUTE_REFRESH = 5,
};

enum {
	BGPC_AFI_IPV4 = 1,
	BGPC_AFI_IPV6 = 2,
	BGPC_AFI_LS = 16388,
	BGPC_SAFI_UNICAST = 1,
	BGPC_SAFI_LS = 71,
	BGPC_SAFI_LS_VPN = 72,
};

/* NOTIFICATION error codes, and the subcodes we send. */
enum {
	BGPC_ERR_HEADER = 1,
	BGPC_ERR_OPEN = 2,
	BGPC_ERR_UPDATE = 3,
	BGPC_ERR_HOLD = 4,
	BGPC_ERR_FSM = 5,
	BGPC_ERR_CEASE = 6,
	BGPC_ERR_REFRESH = 7,
	BGPC_ERR_SEND_HOLD = 8, /* RFC 9687 */

	BGPC_HEADER_SYNC = 1,
	BGPC_HEADER_BAD_LEN = 2,
	BGPC_HEADER_BAD_TYPE = 3,

	BGPC_OPEN_VERSION = 1,
	BGPC_OPEN_PEER_AS = 2,
	BGPC_OPEN_BGP_ID = 3,
	BGPC_OPEN_PARAM = 4,
	BGPC_OPEN_HOLD = 6,
	BGPC_OPEN_CAPABILITY = 7,

	BGPC_UPDATE_ATTR_LIST = 1,
	BGPC_UPDATE_OPTIONAL = 9,

	BGPC_CEASE_MAX_PREFIXES = 1,
	BGPC_CEASE_SHUTDOWN = 2,
	BGPC_CEASE_DECONFIGURED = 3,
	BGPC_CEASE_RESET = 4,
	BGPC_CEASE_REJECTED = 5,
	BGPC_CEASE_CONFIG_CHANGE = 6,
	BGPC_CEASE_COLLISION = 7,
	BGPC_CEASE_RESOURCES = 8,
	BGPC_CEASE_HARD_RESET = 9,
};

/* What a fault costs, least first (RFC 7606 section 2, RFC 9552 section 8.2.2). */
enum bgpc_verdict {
	BGPC_OK,
	BGPC_ATTR_DISCARD, /* go on without the attribute */
	BGPC_WITHDRAW,	   /* every NLRI in the message counts as withdrawn */
	BGPC_AFI_DISABLE,  /* ignore the address family until the session is new */
	BGPC_RESET,	   /* NOTIFICATION code/sub, then close */
};

/* The worst fault of a message; zero is "none". */
struct bgpc_fault {
	enum bgpc_verdict verdict;
	uint8_t code, sub; /* for the NOTIFICATION of a RESET */
	uint16_t what;	   /* attribute type, capability code, AFI: see why */
	uint16_t count;	   /* faults met in all */
	const char *why;   /* constant text */
};

/* Adds a fault, returns the worst verdict so far. */
enum bgpc_verdict bgpc_fault_note(struct bgpc_fault *f, enum bgpc_verdict v, uint8_t code,
				  uint8_t sub, const char *why);

/*
 * Framing. Looks at the octets received so far: 0 when more are needed, the length of the
 * first message when it is whole, or a negative value when framing is lost (fault says why).
 * The message type and its minimal length have then been checked too.
 */
int bgpc_frame(const uint8_t *data, size_t len, size_t len_max, struct bgpc_fault *fault);
enum bgpc_type bgpc_frame_type(const uint8_t *frame);
/* The body of a whole frame. */
struct rd bgpc_frame_body(const uint8_t *frame, size_t len);

struct bgpc_family {
	uint16_t afi;
	uint8_t safi;
};

enum { BGPC_FAMILIES_MAX = 16 };

struct bgpc_gr_family {
	struct bgpc_family family;
	uint8_t flags; /* 0x80 forwarding state kept */
};

struct bgpc_add_path {
	struct bgpc_family family;
	uint8_t mode; /* 1 receive, 2 send, 3 both */
};

/* Families beyond BGPC_FAMILIES_MAX are dropped (and told in dropped). */
struct bgpc_caps {
	struct bgpc_family mp[BGPC_FAMILIES_MAX];
	struct bgpc_gr_family gr[BGPC_FAMILIES_MAX];
	struct bgpc_add_path add_path[BGPC_FAMILIES_MAX];
	uint8_t n_mp, n_gr, n_add_path, dropped;
	bool refresh, enhanced_refresh, ext_message, has_gr, has_as4;
	uint8_t gr_flags; /* 0x8 restarting, 0x4 notification (RFC 8538) */
	uint16_t gr_time_s;
	uint32_t as4;
	uint8_t unknown; /* capabilities no row knows */
};

struct bgpc_open {
	uint8_t version;
	uint16_t as2; /* as on the wire; bgpc_open_as() for the real one */
	uint16_t hold_s;
	uint32_t bgp_id;
	struct bgpc_caps caps;
};

bool bgpc_caps_has(const struct bgpc_caps *caps, struct bgpc_family family);
uint32_t bgpc_open_as(const struct bgpc_open *open);

/* One row a capability. */
struct bgpc_cap_row {
	uint8_t code, len_min, len_max;
	const char *name;
	void (*read)(struct rd *value, struct bgpc_caps *caps);
	void (*write)(struct wr *w, const struct bgpc_caps *caps); /* nothing when absent */
};

extern const struct bgpc_cap_row bgpc_cap_rows[];
extern const size_t bgpc_cap_rows_len;

enum bgpc_verdict bgpc_open_read(struct rd *body, struct bgpc_open *open, struct bgpc_fault *fault);
void bgpc_open_write(struct wr *w, const struct bgpc_open *open);

struct bgpc_mp {
	bool present;
	struct bgpc_family family;
	struct rd next_hop; /* reach only */
	struct rd nlri;
};

/* An attribute the reader has no use for itself, as it was. */
struct bgpc_raw_attr {
	uint8_t flags, type;
	struct rd value;
};

enum { BGPC_RAW_ATTRS_MAX = 16 };

struct bgpc_update {
	struct rd withdrawn; /* IPv4 unicast, not ours */
	struct rd nlri;	     /* IPv4 unicast, not ours */
	bool has_origin, has_as_path, has_med, has_local_pref, has_ls;
	uint8_t origin;
	uint32_t med, local_pref;
	struct rd as_path;
	struct bgpc_mp reach, unreach;
	struct rd ls; /* value of the BGP-LS attribute (29) */
	struct bgpc_raw_attr raw[BGPC_RAW_ATTRS_MAX];
	uint8_t n_raw;
};

struct bgpc_session_opts {
	bool as4; /* both sides have capability 65 */
};

enum bgpc_verdict bgpc_update_read(struct rd *body, const struct bgpc_session_opts *opts,
				   struct bgpc_update *u, struct bgpc_fault *fault);
/* MP attributes first (RFC 7606 section 5.1), then by type. */
void bgpc_update_write(struct wr *w, const struct bgpc_update *u);
/* True for the End-of-RIB marker of this family (RFC 4724 section 2). */
bool bgpc_update_is_eor(const struct bgpc_update *u, struct bgpc_family family);
bool bgpc_as_path_has(struct rd as_path, bool as4, uint32_t as);

/* One row an attribute: what its flags and length must be and what it costs when they are not. */
struct bgpc_attr_row {
	uint8_t type;
	uint8_t flags; /* optional 0x80, transitive 0x40: exactly these */
	uint16_t len_min, len_max;
	enum bgpc_verdict on_fault, on_repeat;
	const char *name;
	bool (*read)(struct rd *value, const struct bgpc_session_opts *opts, struct bgpc_update *u);
};

extern const struct bgpc_attr_row bgpc_attr_rows[];
extern const size_t bgpc_attr_rows_len;

enum { BGPC_NOTIFICATION_DATA_MAX = 128 };

struct bgpc_notification {
	uint8_t code, sub;
	uint8_t data_len; /* longer data is cut */
	uint8_t data[BGPC_NOTIFICATION_DATA_MAX];
};

enum bgpc_verdict bgpc_notification_read(struct rd *body, struct bgpc_notification *n);
void bgpc_notification_write(struct wr *w, const struct bgpc_notification *n);
/* "cease/admin-shutdown: maint" into buf; control octets of the peer's text are replaced. */
const char *bgpc_notification_text(const struct bgpc_notification *n, char *buf, size_t cap);

struct bgpc_refresh {
	struct bgpc_family family;
	uint8_t subtype; /* 0 request, 1 begin, 2 end (RFC 7313) */
};

enum bgpc_verdict bgpc_refresh_read(struct rd *body, struct bgpc_refresh *r,
				    struct bgpc_fault *fault);
void bgpc_refresh_write(struct wr *w, const struct bgpc_refresh *r);
void bgpc_keepalive_write(struct wr *w);
