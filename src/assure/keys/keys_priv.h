/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* What the files of the keys share. */
#include "assure/keys/keys.h"
#include "base/hash.h"
#include "base/ip.h"
#include "base/str.h"
#include "base/vec.h"
#include "core/device_hub.h"
#include "log/metric.h"

enum {
	KEYS_NAME_MAX = 49,	/* as the model says */
	KEYS_OBJECT_MAX = 64,	/* a session's name */
	KEYS_SECRET_MAX = 65,
	KEYS_MASTER = 32,
	KEYS_SESSIONS_MAX = 512, /* of a device; more are set, and are left out when keys change */
	KEYS_ENTRIES_MAX = 600, /* of a device, seen or given: as its model says */
};

#define KEYS_PREFIX "sx-key-"
#define KEYS_STAMP "/device/measure/stamp"
#define KEYS_SESSION KEYS_STAMP "/session[name="
#define KEYS_REFLECTOR KEYS_STAMP "/reflector"
#define KEYS_KEY KEYS_STAMP "/key[name="

/* A session as it was set: the key it has is its own word, "" none. */
struct keys_session {
	char name[KEYS_OBJECT_MAX], key[KEYS_NAME_MAX], next[KEYS_NAME_MAX];
	bool changing; /* to next, in the transaction under way */
	struct ip_addr to;
};

/* A key at a device. */
struct keys_entry {
	char name[KEYS_NAME_MAX];
	bool there;	   /* it was given, or says so itself */
	bool doubt;	   /* it may be there: what was asked went wrong, or nobody knows */
	bool used;	   /* while that is looked for */
	bool wrong;	   /* it has another secret than ours */
	bool going;	   /* in the transaction under way */
	uint32_t txn;	   /* that gives it */
	struct mono since; /* when it was used last */
};

struct keys_device {
	struct hash_node by_name;
	struct keys *k;
	char name[DEVICE_NAME_MAX];
	bool up, agent, other; /* other: of a kind that has no keys */
	bool reflects;	       /* somebody of ours had it answer */
	/* Of its reflector: what we want it to have, what it has for certain, the one before. */
	char given[KEYS_NAME_MAX], sure[KEYS_NAME_MAX], before[KEYS_NAME_MAX];
	char next[KEYS_NAME_MAX], next_before[KEYS_NAME_MAX];
	bool unsure;   /* nobody knows: it is said again */
	bool changing; /* to these, in the transaction under way */
	bool lags;     /* a session still has the one before */
	/* What has no digest is answered too, while sessions get their keys or lose them. */
	bool bare, next_bare;
	struct mono bare_until, keyed_until; /* so long there may be probes to it without, with one */
	VEC(struct keys_session) sessions;
	VEC(struct keys_entry) entries;
	uint32_t watch, txn;
	struct mono retry_at;
};

struct keys_user {
	struct keys *k;
	struct device_port below;
};

struct keys {
	struct keys_parts parts;
	struct keys_cfg cfg;
	struct device_port port;
	bool has_port;
	struct keys_user users[DEVICE_USERS_MAX];
	unsigned n_users;
	const struct ted *ted;
	struct hash devices;
	struct loop_timer look, tick;
	/* What is durable: all keys follow from the master, the epoch and the device. */
	uint8_t master[KEYS_MASTER], next_master[KEYS_MASTER];
	char id[9];	/* of the master, in names */
	uint32_t epoch; /* 0: there is no master yet */
	uint64_t since_s, next_since_s;
	uint32_t next_epoch;
	bool saving;
	struct mono save_at;
	struct metric *m_sessions, *m_replaced;
};

/* ---- keys.c ---- */

struct keys_device *keys_device_of(const struct keys *k, const char *name);
struct keys_device *keys_device_get(struct keys *k, const char *name); /* NULL: no memory */
void keys_look_soon(struct keys *k);
/* The name of the key of a reflector of an epoch. */
void keys_name(const struct keys *k, const char *device, uint32_t epoch, char out[KEYS_NAME_MAX]);
bool keys_is_ours(const struct keys *k, const char *name); /* of this master */
/* Secrets follow from names. Wipe it. */
void keys_secret(const struct keys *k, const char *name, char out[KEYS_SECRET_MAX]);
bool keys_fingerprint_is(const struct keys *k, const char *name, const char *hex);

/* ---- keys_port.c ---- */

struct keys_session *keys_session_of(struct keys_device *d, const char *name, bool make);
struct keys_entry *keys_entry_of(struct keys_device *d, const char *name, bool make);
/* The device that has an address, NULL: none of ours. *known: the topology has the address. */
struct keys_device *keys_device_at(struct keys *k, const struct ip_addr *a, bool *known);
/* The keys that the reflector of d has to have now; before may be "". */
void keys_of_reflector(const struct keys_device *d, char key[KEYS_NAME_MAX], char before[KEYS_NAME_MAX]);
bool keys_changing(const struct keys *k); /* they were replaced just now: not everybody knows it */
/* The key that a session to the reflector of d has to have now. */
void keys_of_sender(const struct keys_device *d, char out[KEYS_NAME_MAX]);
/* Gives d the key, unless it is there. False: it cannot be told. */
bool keys_give(struct keys_device *d, const char *name);

/* ---- keys_look.c ---- */

void keys_look(void *arg);
/* It is given again before it is named again, and taken away where nothing names it. */
void keys_doubt(struct keys_entry *e);
void keys_result(struct keys_device *d, const struct device_result *r);
