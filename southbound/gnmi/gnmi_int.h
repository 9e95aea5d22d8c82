/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Inside of the client. A device owns everything here; a part that has a call open cancels it
 * before the channel goes.
 */
#include "base/arena.h"
#include "base/list.h"
#include "base/str.h"
#include "loop/loop.h"
#include "southbound/gnmi/gnmi.h"

struct metric;
struct gnmi_dev;

enum {
	GNMI_ARENA_MAX = 16 << 20, /* what a message may become */
	GNMI_KEEP_MAX = 1 << 20,   /* octets of an answer that is kept */
	GNMI_FLYING = 8,	   /* Gets out at a time */
	GNMI_TXNS_MAX = 256,	   /* that wait, of a device */
	GNMI_TXN_MAX = 1 << 20,	   /* octets of a transaction */
	GNMI_OWNED_MAX = 4096,	   /* changes looked after, of a device */
	GNMI_TRIES = 3,
	GNMI_MEETS_MAX = 1 << 16, /* pairs of paths compared before who waits is left for later */
};

struct gnmi {
	struct loop *loop;
	struct rpc *rpc;
	struct bus *bus;
	struct gnmi_cfg cfg;
	struct device_sink sink;
	void *arg;
	struct list devs;
	uint32_t next_id;
};

/* ---- leaves as texts (gnmi_leafset.c) ---- */

struct gnmi_leaf {
	const char *path, *text;
	const char **item; /* of a leaf-list, as texts */
	size_t n_items;
};

struct gnmi_leafset {
	struct gnmi_leaf *at; /* by path */
	size_t n, cap;
	struct arena *a;
	const char *const *secrets; /* of the kind */
	size_t hidden;	 /* leaves that were left out, as nobody can read them back */
	const char *why; /* the first thing wrong */
};

void gnmi_leafset_init(struct gnmi_leafset *s, struct arena *a);
void gnmi_leafset_add(struct gnmi_leafset *s, const struct gnmi_kind *k, const struct gnmic_path *prefix,
		      const struct gnmic_update *u);
void gnmi_leafset_reply(struct gnmi_leafset *s, const struct gnmi_kind *k, const void *data, size_t len);
void gnmi_leafset_sort(struct gnmi_leafset *s);
const struct gnmi_leaf *gnmi_leafset_find(const struct gnmi_leafset *s, const char *path);
/* How many of wanted are in s as they are wanted. merged: by an update, which adds to the values of a leaf-list that
 * are there (RFC 7950 section 7.7; gNMI 3.4.4): others among them are somebody else's. */
size_t gnmi_leafset_count(const struct gnmi_leafset *s, const struct gnmi_leafset *wanted, bool merged);
bool gnmi_leafset_eq(const struct gnmi_leafset *a, const struct gnmi_leafset *b);
bool gnmi_text_eq(const char *a, const char *b);

/* ---- reading several paths (gnmi_read.c) ---- */

struct gnmi_reader;

struct gnmi_slot {
	struct gnmi_reader *r;
	struct rpc_call *call;
	uint8_t *data; /* the GetResponse */
	size_t len;
	bool absent;
};

struct gnmi_reader {
	struct gnmi_dev *dev;
	const struct gnmic_path *const *paths;
	size_t n, next, flying;
	struct rpc_status st; /* of the first that failed */
	struct gnmi_slot slots[DEVICE_CHANGES_MAX];
	struct loop_task fail;
	void (*fn)(struct gnmi_reader *r, bool ok); /* once, unless stopped */
};

/* paths stay the caller's until fn or stop. What was read stays until the next start or stop. */
void gnmi_read_start(struct gnmi_reader *r, struct gnmi_dev *dev, const struct gnmic_path *const *paths,
		     size_t n, void (*fn)(struct gnmi_reader *r, bool ok));
void gnmi_read_stop(struct gnmi_reader *r);

/* ---- transactions (gnmi_queue.c, gnmi_set.c, gnmi_txn.c) ---- */

struct gnmi_txn {
	struct list link;
	uint32_t id;
	struct arena a;
	struct device_change *changes;
	struct gnmic_path *paths;
	size_t n, octets;
	struct mono until; /* how long it waits for a session */
	bool alone;	   /* together with others it was refused */
	bool resting;	   /* until due; then another try */
	struct mono due;
	unsigned tries;
};

enum gnmi_step {
	GNMI_IDLE,
	GNMI_BEFORE,	 /* what is there is read */
	GNMI_SETTING,
	GNMI_AFTER,	 /* it is read back */
	GNMI_CONFIRMING, /* the commit */
	GNMI_UNDOING,
	GNMI_CHECKING,	 /* that it is as it was */
};

struct gnmi_batch {
	enum gnmi_step step;
	bool paused; /* no session: goes on with the next one */
	struct list txns;
	size_t n; /* changes of all of them, in order */
	const struct device_change *changes[DEVICE_CHANGES_MAX];
	const struct gnmic_path *paths[DEVICE_CHANGES_MAX];
	struct gnmi_reader before, after;
	struct rpc_call *call;
	unsigned undo_tries; /* in succession that changed nothing for the better */
	bool whole_undone; /* all of it was tried at once: now one by one */
	size_t undone;	   /* most that was as before so far */
	uint64_t undoing, put_back; /* a bit a change: in the Set on its way; surely as it was, told or not */
	bool commit;   /* sent as one to be confirmed */
	struct rpc_status st; /* of the Set */
};

/* What waits and what rests, and the batch made of it. */
void gnmi_queue_init(struct gnmi_dev *d);
void gnmi_queue_fini(struct gnmi_dev *d);
void gnmi_queue_next(struct gnmi_dev *d);   /* something was queued, or is over */
void gnmi_queue_pause(struct gnmi_dev *d);  /* the session is gone */
void gnmi_queue_resume(struct gnmi_dev *d); /* there is one */
/* Without a session: those that waited long enough end. */
void gnmi_queue_expire(struct gnmi_dev *d);
unsigned gnmi_queue_resting(const struct gnmi_dev *d);
/* The batch lets go of its calls; its transactions are still linked to it. */
void gnmi_batch_clear(struct gnmi_dev *d);
/* Its transactions are back in the queue, each to go alone. */
void gnmi_batch_split(struct gnmi_dev *d);
/* Its only transaction is to be tried again later. False: often enough. */
bool gnmi_batch_rest(struct gnmi_dev *d);
/* A batch on its way. */
void gnmi_batch_begin(struct gnmi_dev *d);
void gnmi_batch_read_back(struct gnmi_dev *d, enum gnmi_step step);
void gnmi_batch_finish(struct gnmi_dev *d, enum device_outcome o, const struct rpc_status *st);
void gnmi_status(struct rpc_status *st, enum rpc_code code, const char *text);
int gnmi_txn_new(struct gnmi_dev *d, const struct device_change *changes, size_t n, uint32_t *id);
void gnmi_txn_end(struct gnmi_dev *d, struct gnmi_txn *t, enum device_outcome o, const struct rpc_status *st);
bool gnmi_txn_fits(const struct gnmi_batch *b, const struct gnmi_txn *t);
bool gnmi_txn_meets(const struct gnmi_txn *t, const struct gnmi_txn *u); /* a path of both */
/* The octets of the Set for a batch, or of its inverse made of what was read before; of all, or of those
 * with a bit only. */
uint8_t *gnmi_set_build(struct gnmi_dev *d, struct arena *a, size_t *len);
uint8_t *gnmi_undo_build(struct gnmi_dev *d, uint64_t which, struct arena *a, size_t *len);
uint8_t *gnmi_commit_build(struct gnmi_dev *d, enum gnmic_commit what, struct arena *a, size_t *len);

/* What reading back says of a batch. */
struct gnmi_verdict {
	size_t done; /* changes that are there as wanted */
	size_t same; /* that are as they were before */
	size_t blind; /* of which something can only be believed */
	size_t n;
	/* A bit each: is not as it was before; may not be, in what is never told, and could be put back. */
	uint64_t differs, hidden;
};

/* False: an answer is not one. */
bool gnmi_batch_compare(struct gnmi_dev *d, struct gnmi_verdict *out);

/* ---- what was set (gnmi_drift.c) ---- */

struct gnmi_owned {
	struct list link;
	struct arena a;
	const char *text; /* of path */
	struct gnmic_path path;
	enum device_op op;
	const char *json;
	bool overlaid; /* something below it was set later */
	bool drifted;
};

struct gnmi_drift {
	struct list rows; /* oldest first */
	size_t n;
	struct gnmi_owned *at; /* first of the chunk being read */
	size_t chunk;
	unsigned changes, seen; /* counts changes of rows; as it was when the reading began */
	const struct gnmic_path *paths[DEVICE_CHANGES_MAX];
	struct gnmi_reader reader;
	struct loop_timer timer;
};

void gnmi_drift_init(struct gnmi_dev *d);
void gnmi_drift_fini(struct gnmi_dev *d);
void gnmi_drift_own(struct gnmi_dev *d, const struct device_change *c, const struct gnmic_path *p);
/* What was set there last, if nothing below it was since; NULL: nothing is known. */
const struct gnmi_owned *gnmi_drift_row(const struct gnmi_dev *d, const struct gnmic_path *p);
void gnmi_drift_forget(struct gnmi_dev *d, const struct gnmic_path *p);
void gnmi_drift_start(struct gnmi_dev *d);
void gnmi_drift_stop(struct gnmi_dev *d);

/* ---- watches (gnmi_watch.c) ---- */

struct gnmi_watch {
	struct list link;
	struct gnmi_dev *dev;
	uint32_t id;
	struct arena a;
	struct gnmic_path path;
	bool on_change, sampled; /* as asked; fell back to samples */
	uint64_t interval_ns;
	struct rpc_call *call;
	struct loop_timer timer; /* it is silent too long; or to be tried again */
	bool told, some; /* its initial state is whole; there was anything in it, or since */
	bool busy, dead;
	unsigned failures;
};

int gnmi_watch_new(struct gnmi_dev *d, const struct device_watch *w, uint32_t *id);
void gnmi_watch_del(struct gnmi_watch *w);
void gnmi_watch_start(struct gnmi_watch *w);
void gnmi_watch_stop(struct gnmi_watch *w, const char *why);

/* ---- devices and sessions (gnmi.c, gnmi_sess.c) ---- */

enum gnmi_state { GNMI_DOWN, GNMI_CONNECTING, GNMI_UP };

struct gnmi_dev {
	struct list link;
	struct gnmi *g;
	char name[DEVICE_NAME_MAX];
	struct ip_addr addr;
	uint16_t port;
	struct rpc_tls *tls;
	char server_name[RPC_NAME_MAX], username[RPC_NAME_MAX], password[RPC_NAME_MAX];
	const struct gnmi_kind *kind, *kind_cfg; /* in use; as configured, or NULL */
	char resource[BUS_RESOURCE_MAX], scope[DEVICE_NAME_MAX + 8];
	enum gnmi_state state;
	bool waiting; /* down, and was told so */
	struct rpc_channel *ch;
	struct rpc_call *call; /* Capabilities */
	struct loop_timer timer; /* back-off, probe */
	unsigned failures, missed;
	bool commit_ok;
	bool policies;
	bool probes;
	uint8_t lists;
	unsigned models;
	char version[32];
	uint64_t up_wall_ns, rx, tx, rx_errors, flaps;
	char last_error[160];
	struct list txns; /* that wait or rest, oldest first */
	unsigned n_txns;
	struct loop_timer rest; /* until the first that rests is due */
	struct gnmi_batch batch;
	struct gnmi_drift drift;
	struct list watches;
	unsigned n_watches;
	struct {
		struct metric *up, *rx, *tx, *errors, *flaps, *done, *not_done, *drifts, *samples;
	} m;
};

struct gnmi_dev *gnmi_find(struct gnmi *g, const char *name);
void gnmi_publish(struct gnmi_dev *d, enum bus_severity sev, const char *type, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* A unary call with the device's metadata and deadline; counts. */
int gnmi_ask(struct gnmi_dev *d, const char *method, const void *data, size_t len, rpc_answer_fn fn,
	     void *arg, struct rpc_call **call);
void gnmi_call_cfg(const struct gnmi_dev *d, struct rpc_call_cfg *cfg, struct rpc_meta meta[2]);
void gnmi_sess_start(struct gnmi_dev *d);
void gnmi_sess_restart(struct gnmi_dev *d, const char *why); /* at once */
void gnmi_sess_stop(struct gnmi_dev *d);
/* Something looks wrong: is it still there? */
void gnmi_sess_doubt(struct gnmi_dev *d);
