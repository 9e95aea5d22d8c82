/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Inside northbound/restconf.
 *
 * The schema is libyang's, complete before the loop runs. What is served is a table of rows:
 * a list or container of the schema and how its entries are found and filled from native
 * state. A reader never holds a libyang tree longer than one entry; large lists are walked a
 * few entries a turn and streamed. A write is: before (from the reader) + edit → validated
 * tree → native value → the row's command; see edit.c.
 */
#include <libyang/libyang.h>

#include "base/list.h"
#include "base/vec.h"
#include "northbound/restconf/restconf.h"
#include "pce/ted.h"

enum {
	RC_PATH_DEPTH_MAX = 32,
	RC_KEYS_MAX = 3,
	RC_KEY_MAX = 512,
	RC_JSON_DEPTH_MAX = 128, /* libyang's parser recurses */
	RC_FIELDS_MAX = 64,
	RC_FRAMES_MAX = 16,
	RC_TURN_ENTRIES = 64,	  /* of a streamed list, a turn of the loop */
	RC_PIECE = 32 * 1024,
	RC_OPS_MAX = 1024,	  /* writes waiting for the disk */
	RC_READS_MAX = 256,	  /* answers being streamed */
	RC_AUDIT_TEXT_MAX = 4096,
	RC_MESSAGE_MAX = 700,
	RC_INFO_MAX = 1600,
	RC_DOCS_MAX = 1024, /* entries of one PATCH */
	RC_OPERATIONS_MAX = 4096,
	RC_OPERATION_BODY_MAX = 16 * 1024, /* of an answer that is remembered */
	RC_IDEMPOTENCY_KEY_MAX = 255,
};

#define RC_JSON_TYPE "application/yang-data+json"
#define RC_JSON_WS " \t\r\n"

/* ---- errors: RFC 8040 s7 ---- */

enum rc_tag {
	RC_OK,
	RC_IN_USE,
	RC_INVALID_VALUE, /* of a message: 400 */
	RC_NOT_FOUND,	  /* invalid-value with 404 */
	RC_NOT_ACCEPTABLE, /* invalid-value with 406 */
	RC_MEDIA_TYPE,	  /* invalid-value with 415 */
	RC_TOO_BIG,
	RC_MISSING_ATTRIBUTE,
	RC_BAD_ATTRIBUTE,
	RC_MISSING_ELEMENT,
	RC_BAD_ELEMENT,
	RC_UNKNOWN_ELEMENT,
	RC_UNKNOWN_NAMESPACE,
	RC_ACCESS_DENIED,
	RC_UNAUTHENTICATED, /* access-denied with 401 */
	RC_RESOURCE_DENIED, /* 409 */
	RC_UNAVAILABLE,	    /* resource-denied with 503 */
	RC_NO_SPACE,	    /* resource-denied with 507 */
	RC_DATA_EXISTS,
	RC_DATA_MISSING,
	RC_NOT_SUPPORTED, /* operation-not-supported, 405 */
	RC_NOT_IMPLEMENTED,
	RC_FAILED,	  /* operation-failed, 500 */
	RC_PRECONDITION,  /* operation-failed, 412 */
	RC_MALFORMED,
};

struct rc_error {
	enum rc_tag tag; /* RC_OK: none */
	bool protocol;	 /* error-type protocol, else application */
	char app_tag[64]; /* error-app-tag; "" none */
	char path[1024];
	char message[RC_MESSAGE_MAX];
	char info[RC_INFO_MAX]; /* the members of error-info as JSON; "" none */
};

bool rc_fail(struct rc_error *e, enum rc_tag tag, const char *fmt, ...)
	__attribute__((format(printf, 3, 4))); /* false, for return */
bool rc_fail_at(struct rc_error *e, const struct lyd_node *node); /* sets path; false */
/* From libyang's last error; base is put before its path (parse under a parent). */
bool rc_fail_ly(struct rc_error *e, const struct ly_ctx *ctx, enum rc_tag tag, const char *base);
int rc_status(enum rc_tag tag);
const char *rc_tag_text(enum rc_tag tag);
void rc_error_text(const struct rc_error *e, struct str *out); /* the body */
void rc_reply_error(struct rc *rc, struct http_req *req, const struct rc_error *e);

/* ---- URIs ---- */

enum rc_content {
	RC_CONTENT_ALL,
	RC_CONTENT_CONFIG,
	RC_CONTENT_NONCONFIG,
};

struct rc_query {
	unsigned depth; /* 0: unbounded */
	enum rc_content content;
	uint32_t print; /* LYD_PRINT_WD_* */
	bool implicit;	/* report-all */
	bool dry_run;
	uint32_t limit; /* entries of the list that is read; 0: all */
	char cursor[512]; /* keys of the entry behind which it begins, as in a URI; "": at the first */
	char fields[1024]; /* decoded; "" none */
};

/* Where a data URI points. */
struct rc_target {
	const struct lysc_node *schema; /* NULL: the datastore itself */
	struct lyd_node *root;		/* spine of ancestors and target, owned */
	struct lyd_node *node;		/* the target in it; NULL: the datastore, or a list without keys */
	struct lyd_node *parent;	/* of the target; NULL at the top */
};

bool rc_unescape(const char *in, size_t len, char *out, size_t cap);
void rc_escape(struct str *out, const char *text); /* RFC 3986: all but unreserved */
bool rc_target_parse(struct rc *rc, const char *path, struct rc_target *t, struct rc_error *e);
void rc_target_fini(struct rc_target *t);
void rc_uri_of(const struct lyd_node *n, struct str *out); /* from the root of its tree */
bool rc_query_parse(const char *query, struct rc_query *q, bool write, struct rc_error *e);

/* ---- leaves: YANG leaf ⇄ C field ---- */

enum rc_kind {
	RC_U8,
	RC_U16,
	RC_U32,
	RC_U64,
	RC_BOOL,
	RC_NOT,	  /* a boolean kept the other way round */
	RC_CHARS, /* char array */
	RC_TEXT,  /* char pointer */
	RC_IP,
	RC_PREFIX,
	RC_TIME,  /* uint64_t, wall nanoseconds; 0: absent */
	RC_ENUM,  /* unsigned, names by value */
	RC_ENUM8, /* uint8_t */
};

enum {
	RC_SKIP_ZERO = 1, /* absent when zero, "" or no address */
	RC_SKIP_MAX = 2,  /* absent when all ones (PCE_NO_BOUND) */
};

struct rc_leaf {
	const char *name;
	enum rc_kind kind;
	size_t off, size;
	unsigned flags;
	const char *const *names; /* RC_ENUM*: NULL-terminated */
};

#define RC_LEAF(NAME, KIND, TYPE, FIELD, FLAGS)                                                    \
	{                                                                                          \
		NAME, KIND, offsetof(TYPE, FIELD), sizeof(((TYPE *)0)->FIELD), FLAGS, NULL         \
	}
#define RC_LEAF_ENUM(NAME, KIND, TYPE, FIELD, NAMES)                                               \
	{                                                                                          \
		NAME, KIND, offsetof(TYPE, FIELD), sizeof(((TYPE *)0)->FIELD), 0, NAMES            \
	}

void rc_leaves_fill(struct lyd_node *parent, const struct rc_leaf *rows, size_t n, const void *base);
void rc_leaves_read(const struct lyd_node *parent, const struct rc_leaf *rows, size_t n, void *base);
void rc_add(struct lyd_node *parent, const char *name, const char *value);
void rc_addf(struct lyd_node *parent, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* rows_nrp.c; q may be NULL. */
/* What is measured of a link, below its attributes. */
void rc_link_fill(const struct sense_query *q, struct lyd_node *attributes, uint32_t link);
void rc_nrp_fill(const struct nrp_query *q, struct lyd_node *entry);
struct lyd_node *rc_container(struct lyd_node *parent, const char *module, const char *name);
struct lyd_node *rc_list(struct lyd_node *parent, const char *name); /* keyless, or keys follow */
struct lyd_node *rc_entry(struct lyd_node *parent, const char *name, const char *key);
struct lyd_node *rc_entry2(struct lyd_node *parent, const char *name, const char *key, const char *other);
const struct lyd_node *rc_child(const struct lyd_node *parent, const char *name);
const char *rc_value(const struct lyd_node *parent, const char *name); /* canonical, or NULL */
bool rc_time_text(uint64_t wall_ns, char *buf, size_t cap);

/* ---- rows ---- */

struct rc_read;

struct rc_cursor {
	uint64_t at; /* 0: before the first; else index + 1, or what the row likes */
	void *own;   /* freed with the cursor */
	struct sr_policy_key key;
};

struct rc_row {
	const char *path; /* schema path, libyang's form */
	/* Lists: to the next entry; false at the end. Containers: NULL. */
	bool (*next)(struct rc_read *rd, struct rc_cursor *cur);
	/* Lists: the entry with these keys; false when there is none. */
	bool (*find)(struct rc_read *rd, struct rc_cursor *cur, const struct lyd_node *keys);
	/* The keys of the entry, as many as the list has. */
	void (*keys)(struct rc_read *rd, const struct rc_cursor *cur, char keys[][RC_KEY_MAX]);
	/* Everything below the entry but keys and other rows. */
	void (*fill)(struct rc_read *rd, const struct rc_cursor *cur, struct lyd_node *entry);
	/* The same as JSON text after the keys ",…", for long lists: what is asked for without a selection has no need
	 * of a tree. Only where nothing has defaults and no other row is below. NULL: fill does. */
	void (*text)(struct rc_read *rd, const struct rc_cursor *cur, struct str *out);
	bool pages; /* next goes on from what find found: limit and cursor are served */
	/* Entity tag without quotes, of the configuration; false: none. NULL: none. */
	bool (*etag)(struct rc_read *rd, const struct rc_cursor *cur, char *buf, size_t cap);
	/* Writable lists: checks (dry run) or starts the command; see edit.c. */
	const struct rc_writer *writer;
};

/* The row tree: rows and the containers above them. */
struct rc_rnode {
	const struct lysc_node *schema;
	const struct rc_row *row; /* NULL: only holds others */
	struct rc_rnode *parent, *child, *next;
};

extern const struct rc_row rc_rows_optimise[], rc_rows_operation[];
extern const size_t rc_n_rows_optimise, rc_n_rows_operation;
extern const struct rc_row rc_rows_topo[], rc_rows_policy[], rc_rows_system[], rc_rows_meta[];
extern const struct rc_row rc_rows_slice[], rc_rows_measure[];
extern const size_t rc_n_rows_slice, rc_n_rows_measure;
extern const struct rc_row rc_rows_incident[];
extern const struct rc_row rc_rows_window[];
extern const size_t rc_n_rows_incident, rc_n_rows_window;
extern const size_t rc_n_rows_topo, rc_n_rows_policy, rc_n_rows_system, rc_n_rows_meta;

/* ---- reading ---- */

struct rc_frame {
	const struct rc_rnode *rn;
	struct rc_cursor cur;
	struct lyd_node *parent; /* where its entries are built */
	struct lyd_node *entry;	 /* being shown; owned unless of the spine */
	const struct rc_rnode *child; /* next below the entry */
	bool single;  /* one entry, found already */
	bool opened;  /* its name is written */
	bool in_entry;
	bool any;     /* the entry has members already */
};

struct rc_read {
	struct list link;
	struct rc *rc;
	struct http_req *req;
	struct loop_task task;
	struct rc_query q;
	struct rc_target t;
	const struct ted *ted; /* one generation for the whole answer */
	const struct lysc_node *fields[RC_FIELDS_MAX];
	unsigned n_fields;
	struct rc_frame frames[RC_FRAMES_MAX];
	unsigned n_frames;
	uint32_t shown; /* of the list that was asked for, where it has a limit */
	struct str out;
	bool streaming;
};

void rc_read_init(struct rc_read *rd, struct rc *rc, struct http_req *req);
void rc_read_fini(struct rc_read *rd);
/* The node of the row tree that the schema node is or lies in; NULL: nobody serves it. */
const struct rc_rnode *rc_row_of(const struct rc *rc, const struct lysc_node *schema);
const struct lysc_node *rc_data_parent(const struct lysc_node *sn);
/* Walks the spine: every list entry on it exists? The cursor of the last row. */
bool rc_row_find(struct rc_read *rd, const struct rc_rnode *rn, const struct rc_target *t,
		 struct rc_cursor *cur);
struct lyd_node *rc_row_build(struct rc_read *rd, const struct rc_rnode *rn,
			      const struct rc_cursor *cur, struct lyd_node *parent);
void rc_get(struct rc *rc, struct http_req *req);
bool rc_fields_parse(struct rc_read *rd, const struct lysc_node *base, struct rc_error *e);
/* Takes out of an entry what the query does not want. */
void rc_prune(const struct rc_read *rd, struct lyd_node *entry);
bool rc_wanted(const struct rc_read *rd, const struct lysc_node *sn);

/* ---- writing ---- */

struct rc_op;

enum { RC_LIVE_STEPS_MAX = 8 };

struct rc_live {
	uint8_t state; /* RC_OPERATION_RUNNING, _DONE or _FAILED */
	unsigned n;
	struct {
		const char *name, *state; /* of models/sextant-operations.yang */
	} steps[RC_LIVE_STEPS_MAX];
	uint64_t since_wall_ns;
	char text[SR_REASON_MAX]; /* why it failed */
};

/* What a writable row does with a validated entry. */
struct rc_writer {
	/*
	 * The native value is the entry as JSON: put and remove find op->docs, and convert and
	 * validate are not asked. context puts beside the entries of an order, which are in the tree
	 * root, what they refer to; false: no memory.
	 */
	bool documents;
	bool (*context)(struct rc_read *rd, struct lyd_node *root);
	/* How far what follows from a write of the entry is; false: it is no longer as of that tag. */
	bool (*live)(struct rc *rc, const char *id, const char *etag, struct rc_live *out);
	size_t size; /* of the native value */
	/* Entry → native value (zeroed memory). */
	bool (*convert)(struct rc *rc, const struct lyd_node *entry, void *value, struct rc_error *e);
	bool (*validate)(struct rc *rc, const void *value, struct rc_error *e);
	/* Start the command; ends with rc_op_done(). */
	void (*put)(struct rc_op *op);
	void (*remove)(struct rc_op *op);
};

enum rc_how {
	RC_CREATE,
	RC_REPLACE,
	RC_UPDATE,
};

/* An entry for a document row. */
struct rc_doc {
	const struct rc_row *row;
	char *id, *text; /* text NULL: to be removed */
	size_t len;
	bool remove;
	enum rc_how how;
	uint64_t if_revision;
};

struct rc_docs {
	VEC(struct rc_doc) all;
};

struct rc_audit {
	uint64_t id;
	uint64_t wall_ns;
	char user[128];
	uint8_t role, outcome;
	struct ip_addr from;
	char method[8];
	char *resource, *before, *after, *text;
	uint16_t status;
};

enum {
	RC_AUDIT_PENDING,
	RC_AUDIT_DONE,
	RC_AUDIT_REFUSED,
};

/* One write or operation: audited, run, audited again, answered. */
struct rc_op {
	struct list link;
	struct rc *rc;
	struct http_req *req; /* NULL: the client is gone, the work goes on */
	struct rc_audit *audit; /* owned until it is in the log */
	void (*run)(struct rc_op *op);
	const struct rc_writer *writer;
	void *value;
	enum rc_how how;
	struct sr_policy_key key;
	uint64_t if_revision;
	bool had_if_match, flag;
	char text[256];
	/* of a data write: what it is about, and how that was, for who asks again after a restart */
	char *entry; /* its URI */
	bool existed, removes;
	uint64_t was_revision;
	struct rc_operation *operation; /* NULL: not remembered */
	bool began, cancelled;
	struct rc_docs *docs; /* of document rows, in place of value */
	bool dry;	      /* only asked: no record of it */
	/* outcome */
	struct rc_error error;
	int status; /* when there is no error */
	char etag[40];
	char location[RC_KEY_MAX * 2];
	struct str body;
};

struct rc_op *rc_op_new(struct rc *rc, struct http_req *req);
void rc_op_start(struct rc_op *op, const char *before, const char *after);
void rc_op_drop(struct rc_op *op); /* before it began; req stays the caller's */
/* A write that its author has no right to: one audit record, then the answer. */
void rc_op_denied(struct rc *rc, struct http_req *req, const struct rc_error *e);
void rc_op_done(struct rc_op *op); /* op->error or op->status say how it went */

/* ---- what is remembered of writes: operation.c ---- */

enum {
	RC_OPERATION_RUNNING,
	RC_OPERATION_CANCELLING,
	RC_OPERATION_DONE,
	RC_OPERATION_FAILED,
	RC_OPERATION_CANCELLED,
	RC_OPERATION_INTERRUPTED, /* nothing was changed */
};

struct rc_operation {
	uint64_t id; /* the audit record's */
	char user[128], key[RC_IDEMPOTENCY_KEY_MAX + 1], method[8];
	char *resource, *entry; /* as asked; the URI of the entry written, or NULL */
	uint64_t print[2];	/* fingerprint of the request */
	uint64_t started, ended; /* wall */
	uint8_t state;
	bool async, existed, removes;
	uint64_t revision; /* of the entry, before */
	/* the answer; status from the start, as it will be when all goes well */
	uint16_t status;
	char etag[40], tag[32];
	char *location, *body, *text;
	struct rc_op *op; /* while it runs */
};

extern const char *const rc_operation_states[];
int rc_operations_load(struct rc *rc); /* after the audit log */
void rc_operations_free(struct rc *rc);
/* The request is one that was made before, or its key is not good: it is answered. */
bool rc_operation_again(struct rc *rc, struct http_req *req);
bool rc_operation_runs(const struct rc_operation *o);
struct rc_operation *rc_operation_get(const struct rc *rc, uint64_t id); /* NULL: none */
bool rc_operation_wanted(struct http_req *req);
/* Another write of the entry is on its way, and one of the two is remembered. */
bool rc_operation_clash(const struct rc *rc, const char *entry, bool keyed);
bool rc_operation_begin(struct rc_op *op); /* false: no room */
void rc_operation_accepted(struct http_req *req, const struct rc_operation *o); /* 202 */
void rc_operation_end(struct rc_op *op);
void rc_operation_leave(struct rc_op *op); /* op ends; one that did not end well may be forgotten */
/* For the store: text, owned by the caller, stays until op is written. NULL: no memory. */
char *rc_operation_record(const struct rc_operation *o, char key[24], struct store_op *op);
void rc_operation_cancel(struct rc *rc, const struct lyd_node *input, struct lyd_node *output,
			 struct rc_op *op, struct rc_error *e);

/* What intent says → error or ETag; then rc_op_done. An intent_done_fn. */
void rc_op_intent_done(void *arg, const struct intent_result *r);
void rc_intent_error(struct rc_error *e, const struct intent_result *r, bool if_match);

void rc_write(struct rc *rc, struct http_req *req);
const char *rc_allowed(struct rc *rc, const struct rc_target *t); /* for Allow */
void rc_invoke(struct rc *rc, struct http_req *req, const char *name);

/* ---- document rows: docs.c ---- */

bool rc_docs_add(struct rc_docs *docs, const struct rc_row *row, const struct lyd_node *entry,
		 bool remove);
struct rc_docs *rc_docs_free(struct rc_docs *docs);
/* What is in the document, into its entry that has its keys. */
void rc_doc_fill(struct rc *rc, struct lyd_node *entry, const char *doc, size_t len);
/* The target is a container with document rows in it; NULL: it is not. */
const struct rc_rnode *rc_docs_container(const struct rc *rc, const struct rc_target *t);
bool rc_docs_patch(struct rc_read *rd, struct rc_error *e); /* false: e; else it is answered */
bool rc_docs_valid(struct rc_read *rd, const struct rc_writer *w, struct lyd_node **root,
		   struct rc_error *e);
struct lyd_node *rc_find_in(struct lyd_node *root, const struct lyd_node *like);
void rc_drop_other_cases(struct lyd_node *parent, const struct lyd_node *fresh);
bool rc_merge(struct lyd_node **root, struct lyd_node *scratch); /* false: libyang's error */

/* ---- slices: rows_slice.c and order.c ---- */

#define RC_NSS "/ietf-network-slice-service:network-slice-services"
#define RC_L3NM "/ietf-l3vpn-ntw:l3vpn-ntw"
#define RC_NRPS "/ietf-network:networks/ietf-nrp:nrp-policies"

extern const struct rc_writer rc_slice_writer;
void rc_slice_audit(struct rc *rc, const struct lyd_node *input, struct lyd_node *output,
		    struct rc_op *op, struct rc_error *e);
void rc_slice_reach(struct rc *rc, const struct lyd_node *input, struct lyd_node *output,
		    struct rc_op *op, struct rc_error *e);
/* The container of that name, made when it is not there; the entry with that key, or NULL. */
struct lyd_node *rc_inside(struct lyd_node *parent, const char *module, const char *name);
/* rows_measure.c: what was measured of a slice-service, beside what is said of it. */
void rc_measured_fill(struct rc_read *rd, const char *id, struct lyd_node *entry);
struct lyd_node *rc_entry_of(struct lyd_node *parent, const char *list, const char *id);

/* ---- incidents: rows_incident.c ---- */

void rc_incident_approve(struct rc *rc, const struct lyd_node *input, struct lyd_node *output, struct rc_op *op,
			 struct rc_error *e);
void rc_incident_accept(struct rc *rc, const struct lyd_node *input, struct lyd_node *output, struct rc_op *op,
			struct rc_error *e);
void rc_incident_release(struct rc *rc, const struct lyd_node *input, struct lyd_node *output, struct rc_op *op,
			 struct rc_error *e);
void rc_incident_diagnose(struct rc *rc, const struct lyd_node *input, struct lyd_node *output,
			  struct rc_op *op, struct rc_error *e);

/* ---- assurance windows: rows_window.c ---- */

/* A window is on that forbids this write, or this operation (else ""): true, and e says which. */
bool rc_window_frozen(struct rc *rc, struct http_req *req, const char *operation, struct rc_error *e);
void rc_window_check(struct rc *rc, const struct lyd_node *input, struct lyd_node *output, struct rc_op *op,
		     struct rc_error *e);

/* ---- operations ---- */

struct rc_rpc {
	const char *module, *name;
	enum http_role role;
	bool audited;
	/* Not audited: fills output or e. Audited: prepares op (run and its arguments) or e. */
	void (*call)(struct rc *rc, const struct lyd_node *input, struct lyd_node *output,
		     struct rc_op *op, struct rc_error *e);
	/* In place of call, not audited: what takes its time. Answers with rc_rpc_answer(), or e. */
	void (*start)(struct rc *rc, struct http_req *req, const struct lyd_node *input,
		      struct rc_error *e);
};

/* The output of an operation, made by rc_rpc_output(); with nothing in it 204. */
struct lyd_node *rc_rpc_output(struct rc *rc, const char *module, const char *name);
void rc_rpc_answer(struct rc *rc, struct http_req *req, const struct lyd_node *output);

extern const struct rc_rpc rc_rpcs[];
extern const size_t rc_n_rpcs;
void rc_path_compute(struct rc *rc, struct http_req *req, const struct lyd_node *input,
		     struct rc_error *e);
void rc_failure_whatif(struct rc *rc, struct http_req *req, const struct lyd_node *input,
		       struct rc_error *e);
void rc_failure_fini(struct rc *rc); /* who waits for an answer gets none */
void rc_failure_repairs(struct rc *rc, const struct lyd_node *input, struct lyd_node *output,
			struct rc_op *op, struct rc_error *e);
void rc_optimise_start(struct rc *rc, const struct lyd_node *input, struct lyd_node *output,
		       struct rc_op *op, struct rc_error *e);
void rc_optimise_apply(struct rc *rc, const struct lyd_node *input, struct lyd_node *output,
		       struct rc_op *op, struct rc_error *e);
void rc_optimise_cancel(struct rc *rc, const struct lyd_node *input, struct lyd_node *output,
			struct rc_op *op, struct rc_error *e);
void rc_path_disjoint(struct rc *rc, struct http_req *req, const struct lyd_node *input,
		     struct rc_error *e);
void rc_path_alternatives(struct rc *rc, struct http_req *req, const struct lyd_node *input,
		     struct rc_error *e);
void rc_path_reach(struct rc *rc, struct http_req *req, const struct lyd_node *input,
		   struct rc_error *e);
void rc_path_multipath(struct rc *rc, struct http_req *req, const struct lyd_node *input,
		     struct rc_error *e);
/* What their inputs and outputs have in common. */
void rc_path_query_read(const struct lyd_node *input, struct intent_path_query *q);
void rc_path_found_fill(const struct ted *ted, const struct pce_answer *a, uint8_t dataplane,
			struct lyd_node *out);
void rc_path_one_fill(const struct pce_answer *a, const struct ted *ted, uint8_t dataplane,
		      struct lyd_node *out);
void rc_path_reasons_fill(const enum pce_constraint *conflict, uint32_t n_conflict,
			  const struct pce_relax *relax, uint32_t n_relax, bool together,
			  struct lyd_node *out);
void rc_path_gave_up_fill(bool reasons_gave_up, struct lyd_node *out);
void rc_path_removed_fill(const struct pce_answer *a, struct lyd_node *out);
void rc_paths_fini(struct rc *rc); /* who waits for an answer gets none */
extern const char *const rc_path_status_names[];
/* Constraints and lists, shared by policies and path computation. */
void rc_constraints_read(const struct lyd_node *n, struct intent_cpath *c);
void rc_constraints_fill(struct lyd_node *n, const struct intent_cpath *c);
bool rc_key_read(const struct lyd_node *n, struct sr_policy_key *k);
void rc_list_fill(struct lyd_node *parent, const struct sr_list *list);
bool rc_list_read(const struct lyd_node *parent, struct sr_list *list, struct rc_error *e);
extern const char *const rc_metric_names[], *const rc_dataplane_names[];

/* ---- audit ---- */

int rc_audit_load(struct rc *rc);
void rc_audit_free(struct rc_audit *a);
void rc_audit_fill(const struct rc_audit *a, struct lyd_node *entry);
/* Writes the record, and the operation's with it (NULL: none); done tells whether both are
 * durable. A new id each time id is 0. */
int rc_audit_write(struct rc *rc, struct rc_audit *a, const struct rc_operation *o,
		   store_done_fn done, void *arg);
void rc_audit_keep(struct rc *rc, struct rc_audit *a); /* takes a */

/* ---- the room ---- */

/* Links of a node, half ones too, of one TED generation. */
struct rc_links {
	const struct ted *ted;
	uint32_t *start, *idx;
};

struct rc {
	struct rc_cfg cfg;
	struct session_query sessions[RC_SESSIONS_MAX];
	char version[64], node[64], backup_dir[512];
	struct ly_ctx *ctx;
	struct rc_rnode root; /* the datastore; its children are the top level */
	VEC(struct rc_rnode *) all_rnodes;
	struct list reads, ops, whatifs, paths;
	uint32_t n_reads, n_ops;
	VEC(struct rc_audit *) audit; /* oldest first */
	uint64_t audit_next;
	VEC(struct rc_operation *) operations; /* oldest first */
	struct metric *m_operations, *m_replays;
	struct rc_links links;
	uint64_t started_wall_ns, modified_wall_ns;
};

int rc_schema_load(struct rc *rc, char *err, size_t cap);
void rc_schema_free(struct rc *rc);
const struct rc_links *rc_links(struct rc *rc, const struct ted *ted);
const char *rc_link_id(const struct ted *ted, uint32_t link, char *buf, size_t cap);
uint32_t rc_link_by_id(const struct ted *ted, const char *id);

/* reply.c */
bool rc_accepts(struct http_req *req, struct rc_error *e);
void rc_reply_json(struct http_req *req, int status, const char *etag, const char *text, size_t len);
/* Whether the body is UTF-8 and one whole object, no deeper than libyang's parser can bear. */
bool rc_json_ok(const char *body, size_t len, struct rc_error *e);
/* What follows the object or array text begins with, white space skipped; NULL: it has no end. */
const char *rc_json_end(const char *text);
void rc_allow(struct http_req *req, int status, const char *allow, const char *message);
