/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Inside of the driver: headends and sessions (driver.c), what is asked of devices (driver_ask.c),
 * what devices say and what becomes of it (driver_row.c), paths against the kinds' tables
 * (driver_read.c, pure).
 */
#include "base/hash.h"
#include "base/list.h"
#include "base/str.h"
#include "loop/loop.h"
#include "southbound/gnmi/gnmi_driver.h"

struct metric;

enum {
	DRIVER_ROWS_MAX = 4096,	  /* policies of a device; more are not seen */
	DRIVER_ASKED_MAX = 64,	  /* transactions of a headend at a time */
	DRIVER_ID_MAX = SR_NAME_MAX + 4,
};

#define DRIVER_LOOK_NS (30 * NS_PER_S)	 /* between samples, of who refuses to tell changes */
#define DRIVER_SETTLE_NS (3 * NS_PER_S) /* a watch may lag behind a transaction so long */
#define DRIVER_AGAIN_NS_MAX (64 * NS_PER_S)

/* ---- reading (driver_read.c) ---- */

struct driver_catch {
	bool has_name, has_index, has_color, has_endpoint, has_preference, has_list;
	bool of_list; /* of one of several, or of all of those */
	char name[DRIVER_ID_MAX];
	uint32_t index, color, preference;
	unsigned list; /* from 1; above SR_LISTS_MAX: one too many */
	struct ip_addr endpoint;
};

enum driver_match {
	DRIVER_MATCH_NO,
	DRIVER_MATCH_WHOLE,
	DRIVER_MATCH_ABOVE, /* the path is of something that what the pattern names is in */
};

enum driver_match gnmi_driver_match(const char *pattern, const char *path, struct driver_catch *out);

struct driver_told_list {
	uint32_t weight, in_weight; /* 0: not told */
	struct ip_addr seg[SR_SEGS_MAX];
	uint32_t segs; /* bits: which of them are told */
	bool too_long; /* more than SR_SEGS_MAX */
	uint8_t n_in;
	struct ip_addr in[SR_SEGS_MAX]; /* the list that the status is of */
};

enum { DRIVER_LISTS = SR_LISTS_MAX + 1 };

/* What a device says of one policy. */
struct driver_told {
	uint32_t has; /* 1 << enum gnmi_says */
	uint32_t color, preference, discriminator;
	struct ip_addr endpoint, bsid;
	struct driver_told_list *list[DRIVER_LISTS]; /* 0: told as the only one; from 1: by number; NULL: nothing told */
	bool too_many; /* more than SR_LISTS_MAX */
	enum { DRIVER_STATUS_NONE, DRIVER_STATUS_PENDING, DRIVER_STATUS_IN, DRIVER_STATUS_FAILED } status;
	bool active;
	char reason[DEVICE_TEXT_MAX];
	char name[DRIVER_ID_MAX]; /* of the policy that this is a part of */
};

/* text NULL: no longer so. What cannot be read is as if it were not told. */
void gnmi_driver_told(struct driver_told *t, enum gnmi_says what, const struct driver_catch *c,
		      const char *text);
void gnmi_driver_untold(struct driver_told *t);	     /* nothing is told; it owns its lists */
bool gnmi_driver_whole(const struct driver_told *t); /* a policy with a list */
/* Its lists as one with others behind it, in more. */
void gnmi_driver_list(const struct driver_told *t, struct sr_list *out, struct sr_more *more);
bool gnmi_driver_truncated(const struct driver_told *t);
/* What the status is of is just this. */
bool gnmi_driver_in(const struct driver_told *t, const struct sr_list *list);
/* As if the device had told it; one_apart as of its kind. False: no memory. */
bool gnmi_driver_tell_list(struct driver_told *t, const struct sr_list *list, bool one_apart);

/* ---- policies ---- */

struct driver_row {
	struct hash_node node;
	struct list touched; /* something was told of it */
	struct driver_told told;
	struct driver_lsp *held; /* set and read back in this session or before it; or NULL */
	uint32_t plsp_id;	 /* 0: not told upwards */
	struct lsp_state *last;	 /* as told last; or NULL */
	unsigned asked;		 /* transactions of it on their way */
	unsigned learnt;	 /* the learning in which it was set or deleted */
	bool released, deleted, odd, unreadable_told;
	struct mono odd_since;
	char id[]; /* on the device */
};

/* ---- headends ---- */

enum driver_say {
	DRIVER_ASKED, /* of the device; the others are answered by us */
	DRIVER_SAY_RELEASED,
	DRIVER_SAY_TAKEN,
};

struct driver_txn {
	struct list link;
	uint32_t id, on_device;
	bool removal, stale; /* stale: of a session that is over */
	enum driver_say kind;
	struct driver_lsp lsp;
	char row[DRIVER_ID_MAX];
};

enum { DRIVER_WATCHES_MAX = 4 };

struct driver_dev {
	struct list link;
	struct gnmi_driver *d;
	char name[DEVICE_NAME_MAX], scope[DEVICE_NAME_MAX + 8];
	bool up, able;		 /* the device; with the models for policies */
	const struct gnmi_kind *kind;
	bool serves;		 /* a headend, configured */
	struct ip_addr headend;
	uint32_t session;	 /* told upwards; 0: none */
	bool learning;		 /* until every watch is synced */
	unsigned learnings;	 /* counted */
	uint32_t watch[DRIVER_WATCHES_MAX]; /* 0: none */
	bool synced[DRIVER_WATCHES_MAX];
	uint8_t msd;		 /* told; 0: not */
	uint8_t lists;		 /* that a policy may have */
	struct hash rows;
	uint32_t last_plsp;
	bool rows_max_told;
	struct list txns, answers;
	unsigned n_txns;
	bool full;
	unsigned breaks;	 /* in a row, that ended a session */
	struct loop_timer ready, settle, again;
	struct list touched;
	unsigned n_told;	 /* rows with last */
	struct loop_task answer, judge, relearn;
	struct {
		struct metric *policies, *failures;
	} m;
};

struct gnmi_driver {
	struct loop *loop;
	struct bus *bus;
	const struct driver_sink *sink;
	void *arg;
	struct device_port port;
	struct driver driver;
	struct list devs;
	uint32_t last_session, last_txn;
};

/* driver.c */
struct driver_dev *gnmi_driver_dev(struct gnmi_driver *d, const char *device);
struct driver_dev *gnmi_driver_headend(const struct gnmi_driver *d, const struct ip_addr *headend);
/* Everything is read anew; the session goes on. */
void gnmi_driver_learn(struct driver_dev *h);
/* It may be over. */
void gnmi_driver_learnt(struct driver_dev *h);
/* Nobody knows what is there: the session ends, another begins after a while. */
void gnmi_driver_break(struct driver_dev *h, const char *why);

/* driver_ask.c */
void gnmi_driver_asks(struct gnmi_driver *d);
void gnmi_driver_result(struct driver_dev *h, const struct device_result *r);
void gnmi_driver_answer(void *dev);
void gnmi_driver_ready(void *dev);
void gnmi_driver_txns_stale(struct driver_dev *h);
void gnmi_driver_txns_drop(struct driver_dev *h);
bool gnmi_driver_waits(const struct driver_dev *h); /* for transactions of an earlier session */

/* driver_row.c */
void gnmi_driver_rows_init(struct driver_dev *h, uint64_t seed);
void gnmi_driver_rows_drop(struct driver_dev *h);
void gnmi_driver_rows_forget(struct driver_dev *h); /* what devices said; not what we did */
struct driver_row *gnmi_driver_row(struct driver_dev *h, const char *id, bool make);
struct driver_row *gnmi_driver_row_at(struct driver_dev *h, uint32_t plsp_id);
void gnmi_driver_sample(struct driver_dev *h, const struct device_sample *s);
/* All of them, after a learning. */
void gnmi_driver_rows_judge(struct driver_dev *h);
/* Done and read back; txn 0: of a session that is over. */
void gnmi_driver_row_set(struct driver_dev *h, struct driver_row *r, const struct driver_lsp *lsp, uint32_t txn);
void gnmi_driver_row_gone(struct driver_dev *h, struct driver_row *r, uint32_t txn);
/* Tells it as it is. */
void gnmi_driver_row_tell(struct driver_dev *h, struct driver_row *r, uint32_t txn);
void gnmi_driver_settle(void *dev);
void gnmi_driver_judge(void *dev); /* those that something was told of */
