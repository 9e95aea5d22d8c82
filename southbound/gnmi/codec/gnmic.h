/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * gNMI messages: octets <-> plain structs, for client and target. Pure: no I/O, no log, no
 * globals. What is read lives in the arena given, whose limit bounds it; what is written takes
 * its pieces from there too. Every read returns NULL, or why it refuses the message.
 *
 * Beyond what protobuf says, a read refuses: paths with empty names, with a key twice or with
 * more than 64 elements or 16 keys; an origin both in prefix and path; leaf-lists in leaf-lists.
 * Keys of an element come sorted by name, whatever their order was, so equal paths are equal
 * texts.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

enum {
	GNMIC_ELEMS_MAX = 64,
	GNMIC_KEYS_MAX = 16,
	GNMIC_JSON_DEPTH_MAX = 64,
};

/* ---- paths ---- */

struct gnmic_key {
	const char *name, *value; /* value "*": any */
};

struct gnmic_elem {
	const char *name; /* "*": any, "...": any number of any */
	struct gnmic_key *keys; /* by name; none: all entries */
	size_t n_keys;
};

/* Strings are never NULL once read or parsed; in what is written NULL is "". */
struct gnmic_path {
	const char *origin, *target;
	struct gnmic_elem *elems;
	size_t n_elems; /* 0: the root */
};

/* "/a/b[k=v][l=w]/c", "origin:/a", "a/b". \ takes the meaning from what follows it, in names
 * as in values. NULL, or why not. */
const char *gnmic_path_parse(const char *text, struct arena *a, struct gnmic_path *out);
/* The text it is parsed from again; "/" is the root. target is not shown. */
void gnmic_path_text(const struct gnmic_path *p, struct str *out);
/* prefix and path as one. False: no memory or too long. */
bool gnmic_path_join(const struct gnmic_path *prefix, const struct gnmic_path *path, struct arena *a,
		     struct gnmic_path *out);
bool gnmic_path_copy(const struct gnmic_path *p, struct arena *a, struct gnmic_path *out);
/* Order of origin, then element by element; target does not count. */
int gnmic_path_cmp(const struct gnmic_path *a, const struct gnmic_path *b);
/* path is what the pattern says, or below it. origin "" of either matches any. */
bool gnmic_path_match(const struct gnmic_path *pattern, const struct gnmic_path *path);
/* The value of a key of the element with this name, NULL when there is none. */
const char *gnmic_path_key(const struct gnmic_path *p, const char *elem, const char *key);

/* ---- values ---- */

enum gnmic_kind {
	GNMIC_NONE, /* absent, or of a kind we do not know */
	GNMIC_STRING,
	GNMIC_INT,
	GNMIC_UINT,
	GNMIC_BOOL,
	GNMIC_BYTES,
	GNMIC_FLOAT, /* read from float and double, written as double */
	GNMIC_DECIMAL,
	GNMIC_LIST,
	GNMIC_JSON,
	GNMIC_JSON_IETF,
	GNMIC_ASCII,
	GNMIC_PROTO,
};

struct gnmic_value {
	enum gnmic_kind kind;
	union {
		const char *text; /* STRING, ASCII */
		int64_t i;
		uint64_t u;
		bool b;
		double d;
		struct {
			int64_t digits;
			uint32_t precision;
		} dec;
		struct {
			const void *data;
			size_t len;
		} bytes; /* BYTES, JSON, JSON_IETF, PROTO */
		struct {
			struct gnmic_value *at;
			size_t n;
		} list;
	};
};

/* A scalar of any kind, JSON's too (numbers in quotes as RFC 7951 has it), as what was asked
 * for; false when it is not one. */
bool gnmic_value_u64(const struct gnmic_value *v, uint64_t *out);
bool gnmic_value_bool(const struct gnmic_value *v, bool *out);
/* As JSON: of JSON kinds their own text, else as RFC 7951 has it but for integers, which are
 * never in quotes: their width is not known here. */
void gnmic_value_json(const struct gnmic_value *v, struct str *out);
/* As people read it: a scalar without quotes. */
void gnmic_value_text(const struct gnmic_value *v, struct str *out);
struct gnmic_value gnmic_json_ietf(const struct str *text);

/* ---- messages ---- */

enum gnmic_encoding {
	GNMIC_ENC_JSON = 0,
	GNMIC_ENC_BYTES = 1,
	GNMIC_ENC_PROTO = 2,
	GNMIC_ENC_ASCII = 3,
	GNMIC_ENC_JSON_IETF = 4,
};

struct gnmic_update {
	struct gnmic_path path;
	struct gnmic_value val;
	uint32_t duplicates;
};

struct gnmic_notification {
	int64_t timestamp_ns; /* since 1970, at the target, of the sample */
	struct gnmic_path prefix;
	struct gnmic_update *updates;
	size_t n_updates;
	struct gnmic_path *deletes;
	size_t n_deletes;
	bool atomic; /* replaces all below prefix */
};

struct gnmic_model {
	const char *name, *organization, *version;
};

struct gnmic_caps {
	struct gnmic_model *models;
	size_t n_models;
	uint32_t encodings; /* bit: enum gnmic_encoding */
	const char *version; /* of gNMI */
};

enum gnmic_type {
	GNMIC_GET_ALL = 0,
	GNMIC_GET_CONFIG = 1,
	GNMIC_GET_STATE = 2,
	GNMIC_GET_OPERATIONAL = 3,
};

struct gnmic_get {
	struct gnmic_path prefix;
	struct gnmic_path *paths;
	size_t n_paths;
	enum gnmic_type type;
	enum gnmic_encoding encoding;
};

struct gnmic_get_reply {
	struct gnmic_notification *notifications;
	size_t n_notifications;
};

/* The commit extension: what it asks of a Set. */
enum gnmic_commit {
	GNMIC_COMMIT_NONE,
	GNMIC_COMMIT_START, /* undone after rollback_ns unless confirmed */
	GNMIC_COMMIT_CONFIRM,
	GNMIC_COMMIT_CANCEL,
	GNMIC_COMMIT_SET_ROLLBACK,
};

/* Done in this order, all or nothing; union_replaces alone. */
struct gnmic_set {
	struct gnmic_path prefix;
	struct gnmic_path *deletes;
	size_t n_deletes;
	struct gnmic_update *replaces;
	size_t n_replaces;
	struct gnmic_update *updates;
	size_t n_updates;
	struct gnmic_update *union_replaces;
	size_t n_union_replaces;
	enum gnmic_commit commit;
	const char *commit_id;
	uint64_t rollback_ns;
	unsigned unknown_extensions; /* read: others than commit */
};

enum gnmic_op {
	GNMIC_OP_INVALID = 0,
	GNMIC_OP_DELETE = 1,
	GNMIC_OP_REPLACE = 2,
	GNMIC_OP_UPDATE = 3,
	GNMIC_OP_UNION_REPLACE = 4,
};

struct gnmic_result {
	struct gnmic_path path;
	enum gnmic_op op;
};

struct gnmic_set_reply {
	struct gnmic_path prefix;
	struct gnmic_result *results;
	size_t n_results;
	int64_t timestamp_ns;
};

enum gnmic_mode { /* of a list */
	GNMIC_STREAM = 0,
	GNMIC_ONCE = 1,
	GNMIC_POLL = 2,
};

enum gnmic_sub_mode {
	GNMIC_TARGET_DEFINED = 0,
	GNMIC_ON_CHANGE = 1,
	GNMIC_SAMPLE = 2,
};

struct gnmic_subscription {
	struct gnmic_path path;
	enum gnmic_sub_mode mode;
	uint64_t sample_ns;    /* 0: as often as the target can */
	uint64_t heartbeat_ns; /* 0: none */
	bool suppress_redundant;
};

struct gnmic_subscribe {
	bool poll; /* a Poll message: nothing else counts */
	struct gnmic_path prefix;
	struct gnmic_subscription *subs;
	size_t n_subs;
	enum gnmic_mode mode;
	enum gnmic_encoding encoding;
	bool updates_only;
};

struct gnmic_event {
	bool sync; /* everything there is was told; else update */
	struct gnmic_notification update;
};

const char *gnmic_caps_request_read(const void *data, size_t len, struct arena *a);
const char *gnmic_caps_read(const void *data, size_t len, struct arena *a, struct gnmic_caps *out);
const char *gnmic_get_read(const void *data, size_t len, struct arena *a, struct gnmic_get *out);
const char *gnmic_get_reply_read(const void *data, size_t len, struct arena *a,
				 struct gnmic_get_reply *out);
const char *gnmic_set_read(const void *data, size_t len, struct arena *a, struct gnmic_set *out);
const char *gnmic_set_reply_read(const void *data, size_t len, struct arena *a,
				 struct gnmic_set_reply *out);
const char *gnmic_subscribe_read(const void *data, size_t len, struct arena *a,
				 struct gnmic_subscribe *out);
const char *gnmic_event_read(const void *data, size_t len, struct arena *a,
				 struct gnmic_event *out);

/* The octets, in the arena; NULL: it has no room for them. (A CapabilityRequest is no octets.) */
uint8_t *gnmic_caps_write(const struct gnmic_caps *m, struct arena *a, size_t *len);
uint8_t *gnmic_get_write(const struct gnmic_get *m, struct arena *a, size_t *len);
uint8_t *gnmic_get_reply_write(const struct gnmic_get_reply *m, struct arena *a, size_t *len);
uint8_t *gnmic_set_write(const struct gnmic_set *m, struct arena *a, size_t *len);
uint8_t *gnmic_set_reply_write(const struct gnmic_set_reply *m, struct arena *a, size_t *len);
uint8_t *gnmic_subscribe_write(const struct gnmic_subscribe *m, struct arena *a, size_t *len);
uint8_t *gnmic_event_write(const struct gnmic_event *m, struct arena *a, size_t *len);

/* ---- JSON_IETF into leaves ---- */

/* Which members of a list's entries are its keys; the table of a device kind. */
struct gnmic_list {
	const char *name;    /* of the list, without module */
	const char *keys[4]; /* in order of name; NULL ends */
};

struct gnmic_leaf {
	struct gnmic_path path; /* absolute; names without their modules */
	struct gnmic_value val; /* a scalar; GNMIC_NONE: null, an empty leaf is BOOL true */
};

/*
 * Every leaf of a notification's update, one by one: an update with a scalar is one leaf, one
 * with JSON as many as it has. Lists of objects are entries of the table's lists; entries of a
 * list that no row knows are counted from 0 with the key "#". Stops when fn says false. NULL, or
 * what is wrong with the JSON (leaves before that were told). The leaf lives until fn returns.
 */
const char *gnmic_leaves(const struct gnmic_path *prefix, const struct gnmic_update *u,
			 const struct gnmic_list *lists, size_t n_lists, struct arena *a,
			 bool (*fn)(void *arg, const struct gnmic_leaf *leaf), void *arg);
/* Whether data is one JSON value and nothing else, at most GNMIC_JSON_DEPTH_MAX deep. */
const char *gnmic_json_check(const void *data, size_t len);
