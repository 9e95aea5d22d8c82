/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is remembered of writes: of those with an Idempotency-Key, so that the same request again
 * gets the first answer and is not done twice, and of those that were answered by 202.
 *
 * A record is durable with the audit record the write begins with, and its answer with the one it
 * ends with. A stop between leaves a record that runs: at the next start what it was about tells
 * whether it was done (resolve()), because while a write with a key is on its way no other write
 * of the same entry begins. Records of bucket "operations" are JSON; the id is the audit record's.
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "log/log.h"
#include "log/metric.h"
#include "northbound/restconf/rc_int.h"

#define DAY_NS (UINT64_C(86400) * NS_PER_S)

const char *const rc_operation_states[] = {
	[RC_OPERATION_RUNNING] = "running",	  [RC_OPERATION_CANCELLING] = "cancelling",
	[RC_OPERATION_DONE] = "done",		  [RC_OPERATION_FAILED] = "failed",
	[RC_OPERATION_CANCELLED] = "cancelled",	  [RC_OPERATION_INTERRUPTED] = "interrupted",
	NULL,
};

static struct rc_operation *operation_free(struct rc_operation *o)
{
	if (!o)
		return NULL;
	free(o->resource);
	free(o->entry);
	free(o->location);
	free(o->body);
	free(o->text);
	free(o);
	return NULL;
}

/* ---- on the disk ---- */

static void put_text(json_object *j, const char *name, const char *v)
{
	if (v && *v)
		json_object_object_add(j, name, json_object_new_string(v));
}

static void put_u64(json_object *j, const char *name, uint64_t v)
{
	if (v)
		json_object_object_add(j, name, json_object_new_uint64(v));
}

static json_object *to_json(const struct rc_operation *o)
{
	json_object *j = json_object_new_object();

	put_text(j, "user", o->user);
	put_text(j, "key", o->key);
	put_text(j, "method", o->method);
	put_text(j, "resource", o->resource);
	put_text(j, "entry", o->entry);
	put_text(j, "etag", o->etag);
	put_text(j, "location", o->location);
	put_text(j, "body", o->body);
	put_text(j, "text", o->text);
	put_text(j, "tag", o->tag);
	put_u64(j, "print-0", o->print[0]);
	put_u64(j, "print-1", o->print[1]);
	put_u64(j, "started", o->started);
	put_u64(j, "ended", o->ended);
	put_u64(j, "revision", o->revision);
	put_u64(j, "state", o->state);
	put_u64(j, "status", o->status);
	put_u64(j, "existed", o->existed);
	put_u64(j, "removes", o->removes);
	put_u64(j, "async", o->async);
	return j;
}

static void get_text(json_object *j, const char *name, char *buf, size_t cap)
{
	json_object *v;

	if (json_object_object_get_ex(j, name, &v))
		str_copy(buf, cap, json_object_get_string(v));
}

static char *get_dup(json_object *j, const char *name)
{
	json_object *v;

	return json_object_object_get_ex(j, name, &v) ? strdup(json_object_get_string(v)) : NULL;
}

static uint64_t get_u64(json_object *j, const char *name)
{
	json_object *v;

	return json_object_object_get_ex(j, name, &v) ? json_object_get_uint64(v) : 0;
}

static void from_json(struct rc_operation *o, json_object *j)
{
	uint64_t state = get_u64(j, "state");

	get_text(j, "user", o->user, sizeof(o->user));
	get_text(j, "key", o->key, sizeof(o->key));
	get_text(j, "method", o->method, sizeof(o->method));
	get_text(j, "etag", o->etag, sizeof(o->etag));
	get_text(j, "tag", o->tag, sizeof(o->tag));
	o->resource = get_dup(j, "resource");
	o->entry = get_dup(j, "entry");
	o->location = get_dup(j, "location");
	o->body = get_dup(j, "body");
	o->text = get_dup(j, "text");
	o->print[0] = get_u64(j, "print-0");
	o->print[1] = get_u64(j, "print-1");
	o->started = get_u64(j, "started");
	o->ended = get_u64(j, "ended");
	o->revision = get_u64(j, "revision");
	o->state = state <= RC_OPERATION_INTERRUPTED ? (uint8_t)state : RC_OPERATION_INTERRUPTED;
	o->status = (uint16_t)get_u64(j, "status");
	o->existed = get_u64(j, "existed") != 0;
	o->removes = get_u64(j, "removes") != 0;
	o->async = get_u64(j, "async") != 0;
}

static void disk_key(uint64_t id, char buf[24])
{
	snprintf(buf, 24, "%020" PRIu64, id);
}

char *rc_operation_record(const struct rc_operation *o, char key[24], struct store_op *op)
{
	json_object *j = to_json(o);
	const char *s = json_object_to_json_string_ext(j, JSON_C_TO_STRING_PLAIN);
	char *text = s ? strdup(s) : NULL;

	json_object_put(j);
	disk_key(o->id, key);
	if (text)
		*op = (struct store_op){ "operations", key, text, strlen(text) };
	return text;
}

/* The newest state, as good as may be: what is lost is told again at the next start. */
static void save(struct rc *rc, const struct rc_operation *o)
{
	char key[24];
	struct store_op op;
	char *text AUTO_FREE = rc_operation_record(o, key, &op);

	if (text)
		(void)store_write(rc->cfg.store, &op, 1, NULL, NULL);
}

static void forget(struct rc *rc, size_t at)
{
	struct rc_operation *o = rc->operations.at[at];
	char key[24];
	struct store_op op = { "operations", key, NULL, 0 };

	disk_key(o->id, key);
	(void)store_write(rc->cfg.store, &op, 1, NULL, NULL);
	memmove(rc->operations.at + at, rc->operations.at + at + 1,
		(rc->operations.n - at - 1) * sizeof(*rc->operations.at));
	rc->operations.n--;
	operation_free(o);
}

bool rc_operation_runs(const struct rc_operation *o)
{
	return o->state == RC_OPERATION_RUNNING || o->state == RC_OPERATION_CANCELLING;
}

/* Those of yesterday go, and when it is full the oldest that has ended. */
static bool make_room(struct rc *rc)
{
	uint64_t now = loop_wall_ns(rc->cfg.loop);

	for (size_t i = 0; i < rc->operations.n;) {
		const struct rc_operation *o = rc->operations.at[i];

		if (!rc_operation_runs(o) && now > o->started && now - o->started > DAY_NS)
			forget(rc, i);
		else if (now > o->started && now - o->started > DAY_NS)
			i++;
		else
			break;
	}
	for (size_t i = 0; rc->operations.n >= RC_OPERATIONS_MAX && i < rc->operations.n; i++)
		if (!rc_operation_runs(rc->operations.at[i])) {
			forget(rc, i);
			break;
		}
	return rc->operations.n < RC_OPERATIONS_MAX;
}

/* ---- the same request again ---- */

/*
 * Of method, resource, query and body. Two keyed sums are enough to tell one's own requests apart;
 * who finds two with the same sums has only fooled himself: keys are per user.
 */
static void fingerprint(struct http_req *req, uint64_t print[2])
{
	static const uint64_t keys[2][2] = { { 0x7365787461, 1 }, { 0x6e74, 2 } };
	struct str STR_AUTO all = { 0 };
	const char *body;
	size_t len = 0;

	str_addf(&all, "%s %s?%s\n", http_method(req), http_path(req), http_query(req));
	body = http_body(req, &len);
	str_addn(&all, body ? body : "", len);
	for (int i = 0; i < 2; i++)
		print[i] = hash_bytes(keys[i], str_text(&all), all.len);
}

static bool key_ok(const char *key)
{
	size_t n = strlen(key);

	for (size_t i = 0; i < n; i++)
		if (key[i] < 0x20 || key[i] > 0x7e)
			return false;
	return n && n <= RC_IDEMPOTENCY_KEY_MAX;
}

static size_t find_key(const struct rc *rc, const char *user, const char *key)
{
	for (size_t i = rc->operations.n; i-- > 0;)
		if (strcmp(rc->operations.at[i]->key, key) == 0 &&
		    strcmp(rc->operations.at[i]->user, user) == 0)
			return i;
	return SIZE_MAX;
}

static void location_of(const struct rc_operation *o, char *buf, size_t cap)
{
	snprintf(buf, cap, "/restconf/data/sextant-operations:operations/operation=%" PRIu64, o->id);
}

static void reply_async(struct http_req *req, const struct rc_operation *o, bool again)
{
	char where[120];
	const struct http_header h[] = { { "location", where },
					 { "preference-applied", "respond-async" },
					 { "cache-control", "no-cache" },
					 { "idempotency-replayed", "true" } };

	location_of(o, where, sizeof(where));
	http_reply(req, 202, h, again ? 4 : 3, NULL, 0);
}

void rc_operation_accepted(struct http_req *req, const struct rc_operation *o)
{
	reply_async(req, o, false);
}

static void replay(struct http_req *req, const struct rc_operation *o)
{
	struct http_header h[6];
	size_t n = 0;

	if (o->async) {
		reply_async(req, o, true);
		return;
	}
	if (o->etag[0])
		h[n++] = (struct http_header){ "etag", o->etag };
	if (o->location)
		h[n++] = (struct http_header){ "location", o->location };
	if (o->body)
		h[n++] = (struct http_header){ "content-type", RC_JSON_TYPE };
	h[n++] = (struct http_header){ "idempotency-replayed", "true" };
	h[n++] = (struct http_header){ "cache-control", "no-cache" };
	http_reply(req, o->status, h, n, o->body, o->body ? strlen(o->body) : 0);
}

static void refuse(struct rc *rc, struct http_req *req, const char *app_tag, const char *why)
{
	struct rc_error e = { .tag = RC_OK, .protocol = true };

	rc_fail(&e, strcmp(app_tag, "sextant:idempotency-key") == 0 ? RC_BAD_ATTRIBUTE :
		strcmp(app_tag, "sextant:idempotency-key-running") == 0 ? RC_IN_USE : RC_RESOURCE_DENIED,
		"%s", why);
	str_copy(e.app_tag, sizeof(e.app_tag), app_tag);
	rc_reply_error(rc, req, &e);
}

bool rc_operation_again(struct rc *rc, struct http_req *req)
{
	const char *key = http_header(req, "idempotency-key");
	const struct rc_operation *o;
	uint64_t print[2];
	size_t at;

	if (!key)
		return false;
	if (!key_ok(key)) {
		refuse(rc, req, "sextant:idempotency-key",
		       "an Idempotency-Key is 1 to 255 printable ASCII characters");
		return true;
	}
	at = find_key(rc, http_user(req)->name, key);
	if (at == SIZE_MAX)
		return false;
	o = rc->operations.at[at];
	fingerprint(req, print);
	if (memcmp(print, o->print, sizeof(print)) != 0) {
		refuse(rc, req, "sextant:idempotency-key-reused",
		       "this Idempotency-Key was given with another request; a new one needs a new key");
	} else if (o->state == RC_OPERATION_INTERRUPTED) {
		forget(rc, at); /* nothing was done: now it is */
		return false;
	} else if (rc_operation_runs(o) && !o->async) {
		refuse(rc, req, "sextant:idempotency-key-running", "the first request is still on its way");
	} else {
		metric_add(rc->m_replays, 1);
		replay(req, o);
	}
	return true;
}

/* ---- a write's ---- */

bool rc_operation_wanted(struct http_req *req)
{
	const char *prefer = http_header(req, "prefer");

	return http_header(req, "idempotency-key") || (prefer && strstr(prefer, "respond-async"));
}

/* The same, or one is in the other. */
static bool within(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), least = n < m ? n : m;

	return strncmp(a, b, least) == 0 && (n == m || (n < m ? b : a)[least] == '/');
}

bool rc_operation_clash(const struct rc *rc, const char *entry, bool keyed)
{
	const struct list *l;

	for (l = rc->ops.next; l != &rc->ops; l = l->next) {
		const struct rc_op *op = LIST_OF(l, struct rc_op, link);

		if (op->entry && within(op->entry, entry) && (keyed || op->operation))
			return true;
	}
	return false;
}

bool rc_operation_begin(struct rc_op *op)
{
	const char *key = http_header(op->req, "idempotency-key");
	const char *prefer = http_header(op->req, "prefer");
	struct rc_operation *o;

	if (!make_room(op->rc))
		return false;
	o = calloc(1, sizeof(*o));
	if (!o || !VEC_ADD(&op->rc->operations, o)) {
		free(o);
		return false;
	}
	op->audit->id = op->rc->audit_next++;
	o->id = op->audit->id;
	o->op = op;
	o->started = op->audit->wall_ns;
	o->state = RC_OPERATION_RUNNING;
	o->status = (uint16_t)op->status;
	o->async = prefer && strstr(prefer, "respond-async");
	o->existed = op->existed;
	o->removes = op->removes;
	o->revision = op->was_revision;
	str_copy(o->user, sizeof(o->user), op->audit->user);
	str_copy(o->key, sizeof(o->key), key ? key : "");
	str_copy(o->method, sizeof(o->method), op->audit->method);
	o->resource = op->audit->resource ? strdup(op->audit->resource) : NULL;
	o->entry = op->entry ? strdup(op->entry) : NULL;
	o->location = op->location[0] ? strdup(op->location) : NULL;
	fingerprint(op->req, o->print);
	op->operation = o;
	metric_set(op->rc->m_operations, (double)op->rc->operations.n);
	return true;
}

/* What may be different at the next try is not remembered: the key is free again. */
static bool passing(const struct rc_error *e)
{
	return e->tag == RC_IN_USE || e->tag == RC_UNAVAILABLE || e->tag == RC_NO_SPACE ||
	       e->tag == RC_FAILED;
}

void rc_operation_end(struct rc_op *op)
{
	struct rc_operation *o = op->operation;
	bool ok = op->error.tag == RC_OK;
	struct str b = { 0 };

	o->ended = loop_wall_ns(op->rc->cfg.loop);
	o->state = ok ? RC_OPERATION_DONE : op->cancelled ? RC_OPERATION_CANCELLED : RC_OPERATION_FAILED;
	o->status = (uint16_t)(ok ? op->body.len ? 200 : op->status : rc_status(op->error.tag));
	str_copy(o->etag, sizeof(o->etag), op->etag);
	free(o->location);
	o->location = ok && op->location[0] ? strdup(op->location) : NULL;
	if (!ok) {
		rc_error_text(&op->error, &b);
		str_copy(o->tag, sizeof(o->tag), rc_tag_text(op->error.tag));
		o->text = strdup(op->error.message);
	} else if (op->body.len) {
		str_addn(&b, str_text(&op->body), op->body.len);
	}
	o->body = b.len && b.len <= RC_OPERATION_BODY_MAX ? str_take(&b) : NULL;
	str_fini(&b);
}

void rc_operation_leave(struct rc_op *op)
{
	struct rc *rc = op->rc;
	struct rc_operation *o = op->operation;

	if (!o)
		return;
	o->op = NULL;
	op->operation = NULL;
	for (size_t i = rc->operations.n; i-- > 0;) {
		if (rc->operations.at[i] != o)
			continue;
		if (rc_operation_runs(o) || (passing(&op->error) && !o->async))
			forget(rc, i);
		return;
	}
}

struct rc_operation *rc_operation_get(const struct rc *rc, uint64_t id)
{
	for (size_t i = 0; i < rc->operations.n; i++)
		if (rc->operations.at[i]->id == id)
			return rc->operations.at[i];
	return NULL;
}

/* ---- the next start ---- */

/* Whether the write that was on its way was done, as what it was about tells. */
static bool was_done(struct rc *rc, struct rc_operation *o)
{
	const struct rc_rnode *rn;
	struct rc_cursor cur = { 0 };
	struct rc_error e = { .tag = RC_OK };
	struct rc_read rd;
	uint64_t revision = 0;
	bool there = false, changed;
	char tag[40] = "";

	rc_read_init(&rd, rc, NULL);
	if (o->entry && rc_target_parse(rc, o->entry + strlen("/restconf/data"), &rd.t, &e)) {
		rn = rd.t.schema ? rc_row_of(rc, rd.t.schema) : NULL;
		there = rn && rn->row && rc_row_find(&rd, rn, &rd.t, &cur);
		if (there && rn->row->etag && rn->row->etag(&rd, &cur, tag, sizeof(tag)))
			str_u64(tag, &revision);
		free(cur.own);
	}
	rc_read_fini(&rd);
	if (!o->entry || e.tag != RC_OK)
		return false;
	if (there && revision)
		snprintf(o->etag, sizeof(o->etag), "\"%" PRIu64 "\"", revision);
	changed = there && o->revision && revision != o->revision;
	/* A slice that is being taken away is there until it is gone, in another revision. */
	if (o->removes)
		return !there || changed;
	return o->existed ? changed : there;
}

static void resolve(struct rc *rc, struct rc_operation *o)
{
	bool done = was_done(rc, o);

	o->ended = loop_wall_ns(rc->cfg.loop);
	o->state = done ? RC_OPERATION_DONE : RC_OPERATION_INTERRUPTED;
	if (!done)
		o->text = strdup("the controller stopped before it was done; nothing was changed");
	save(rc, o);
}

static int load_one(void *arg, const char *key, const void *value, size_t len)
{
	struct rc *rc = arg;
	char *text AUTO_FREE = strndup(value, len);
	json_object *j = text ? json_tokener_parse(text) : NULL;
	struct rc_operation *o = calloc(1, sizeof(*o));
	int r = 0;

	if (!o || str_u64(key + strspn(key, "0"), &o->id) < 0 || !json_object_is_type(j, json_type_object)) {
		log_event("", LOG_ERROR, "restconf.operation.unreadable", "key=%s", key);
		operation_free(o);
	} else {
		from_json(o, j);
		if (!VEC_ADD(&rc->operations, o)) {
			operation_free(o);
			r = err_raise(-ENOMEM);
		}
	}
	json_object_put(j);
	return r;
}

int rc_operations_load(struct rc *rc)
{
	int r = store_each(rc->cfg.store, "operations", load_one, rc);

	rc->m_operations = metric_gauge("sextant_operations", "Writes that are remembered.", "");
	rc->m_replays = metric_counter("sextant_idempotent_replays_total",
				       "Requests that got the answer of an earlier one.", "");
	metric_set(rc->m_operations, (double)rc->operations.n);
	for (size_t i = 0; r == 0 && i < rc->operations.n; i++) {
		if (rc->operations.at[i]->id >= rc->audit_next)
			rc->audit_next = rc->operations.at[i]->id + 1;
		if (rc_operation_runs(rc->operations.at[i]))
			resolve(rc, rc->operations.at[i]);
	}
	return r;
}

void rc_operations_free(struct rc *rc)
{
	for (size_t i = 0; i < rc->operations.n; i++)
		operation_free(rc->operations.at[i]);
	VEC_FINI(&rc->operations);
}
