/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST, PUT, PATCH, DELETE on data. Whatever part of an entry is written, the whole entry
 * after the edit is made as a libyang tree, validated, converted to the native value and given
 * to the row's command, with the revision the edit was made on: two writers never mix.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "northbound/restconf/rc_int.h"

enum method {
	POST,
	PUT,
	PATCH,
	DELETE,
};

static const char *const methods[] = { "POST", "PUT", "PATCH", "DELETE" };

struct rc_edit {
	struct rc_read rd; /* query, target, finding and filling */
	enum method method;
	const struct rc_rnode *rn; /* the writable row */
	bool collection;	   /* POST of a new entry */
	bool whole;		   /* the target is the entry */
	struct lyd_node *root, *parent, *entry; /* the working tree; entry NULL: not there */
	struct lyd_node *scratch_root, *scratch, *fresh; /* the body, under a copy of its parent */
	bool existed, created;
	char *before;
	uint64_t revision;
	struct rc_error e;
};

static void edit_fini(struct rc_edit *x)
{
	lyd_free_all(x->root);
	lyd_free_all(x->scratch_root);
	free(x->before);
	rc_read_fini(&x->rd);
	free(x);
}

/* ---- what is written ---- */

static bool read_only(struct rc_edit *x)
{
	x->e.protocol = true;
	return rc_fail(&x->e, RC_NOT_SUPPORTED, "%s is not written by %s",
		       x->rd.t.schema ? x->rd.t.schema->name : "the datastore as a whole",
		       methods[x->method]);
}

static bool pick_row(struct rc_edit *x)
{
	const struct lysc_node *sn = x->rd.t.schema;
	const struct rc_rnode *rn = sn ? rc_row_of(x->rd.rc, sn) : NULL;

	if (!rn || (sn->flags & LYS_CONFIG_R))
		return read_only(x);
	for (const struct rc_rnode *c = rn->child; x->method == POST && rn->schema == sn && c; c = c->next)
		if (c->row && c->row->writer && x->rd.t.node) {
			x->rn = c;
			x->collection = true;
			return true;
		}
	if (!rn->row || !rn->row->writer)
		return read_only(x);
	if (rn->schema == sn && !x->rd.t.node)
		return rc_fail(&x->e, RC_NOT_SUPPORTED, "write one %s by its keys", sn->name);
	x->rn = rn;
	x->whole = rn->schema == sn;
	return true;
}

static struct lyd_node *dup_with_parents(const struct lyd_node *n, struct lyd_node **root)
{
	struct lyd_node *copy = NULL;

	if (lyd_dup_single(n, NULL, LYD_DUP_WITH_PARENTS, &copy) != LY_SUCCESS || !copy)
		return NULL;
	for (*root = copy; lyd_parent(*root);)
		*root = lyd_parent(*root);
	return copy;
}

static const struct lyd_node *spine_entry(const struct rc_edit *x)
{
	const struct lyd_node *n = x->rd.t.node ? x->rd.t.node : x->rd.t.parent;

	while (n && n->schema != x->rn->schema)
		n = lyd_parent(n);
	return n;
}

/* The entry as it is, into the working tree. */
static bool load_entry(struct rc_edit *x, const struct lyd_node *keys)
{
	struct rc_cursor cur = { 0 };
	char tag[40] = "";

	x->existed = x->rn->row->find(&x->rd, &cur, keys);
	if (x->existed) {
		if (x->rn->row->etag && x->rn->row->etag(&x->rd, &cur, tag, sizeof(tag)))
			str_u64(tag, &x->revision);
		x->entry = rc_row_build(&x->rd, x->rn, &cur, x->parent);
		if (x->entry)
			lyd_print_mem(&x->before, x->entry, LYD_JSON, LYD_PRINT_SHRINK);
	}
	free(cur.own);
	return !x->existed || x->entry || rc_fail(&x->e, RC_UNAVAILABLE, "no memory");
}

/* ---- the body ---- */

static bool media_ok(struct rc_edit *x)
{
	const char *t = http_header(x->rd.req, "content-type");
	size_t n = t ? strcspn(t, "; \t") : 0;
	size_t len;

	http_body(x->rd.req, &len);
	x->e.protocol = true;
	if (!len)
		return rc_fail(&x->e, RC_MALFORMED, "%s needs a body of " RC_JSON_TYPE,
			       methods[x->method]);
	if (t && ((n == strlen(RC_JSON_TYPE) && strncasecmp(t, RC_JSON_TYPE, n) == 0) ||
		  (n == strlen("application/json") && strncasecmp(t, "application/json", n) == 0))) {
		x->e.protocol = false;
		return true;
	}
	return rc_fail(&x->e, RC_MEDIA_TYPE, "send Content-Type: " RC_JSON_TYPE);
}

/* The one node the body holds, parsed under a copy of where it belongs. */
static bool parse_body(struct rc_edit *x, const struct lyd_node *under)
{
	const struct ly_ctx *ctx = x->rd.rc->ctx;
	const char *body;
	struct lyd_node *n, *tree = NULL;
	struct ly_in *in = NULL;
	char base[1024] = "";
	size_t len;
	LY_ERR r;

	body = http_body(x->rd.req, &len);
	if (!rc_json_ok(body, len, &x->e))
		return false;
	x->scratch = dup_with_parents(under, &x->scratch_root);
	if (!x->scratch || ly_in_new_memory(body, &in) != LY_SUCCESS)
		return rc_fail(&x->e, RC_UNAVAILABLE, "no memory");
	lyd_path(x->scratch, LYD_PATH_STD, base, sizeof(base));
	ly_err_clean(x->rd.rc->ctx, NULL);
	r = lyd_parse_data(ctx, x->scratch, in, LYD_JSON,
			   LYD_PARSE_ONLY | LYD_PARSE_STRICT | LYD_PARSE_NO_STATE, 0, &tree);
	ly_in_free(in, 0);
	if (r != LY_SUCCESS)
		return rc_fail_ly(&x->e, ctx, RC_INVALID_VALUE, base);
	LY_LIST_FOR(lyd_child_no_keys(x->scratch), n) {
		if (x->fresh) {
			rc_fail_at(&x->e, n);
			return rc_fail(&x->e, RC_INVALID_VALUE, "the body holds more than one resource");
		}
		x->fresh = n;
	}
	return x->fresh || rc_fail(&x->e, RC_MALFORMED, "the body holds no resource");
}

static bool same_resource(struct rc_edit *x)
{
	const struct rc_target *t = &x->rd.t;

	if (x->fresh->schema != t->schema) {
		rc_fail_at(&x->e, x->fresh);
		return rc_fail(&x->e, RC_INVALID_VALUE, "the body holds %s, the URI means %s",
			       x->fresh->schema->name, t->schema->name);
	}
	if (t->node && (t->schema->nodetype & (LYS_LIST | LYS_LEAFLIST)) &&
	    lyd_compare_single(x->fresh, t->node, 0) != LY_SUCCESS) {
		rc_fail_at(&x->e, x->fresh);
		return rc_fail(&x->e, RC_INVALID_VALUE, "the keys in the body differ from the URI's");
	}
	return true;
}

/* ---- edits of the working tree ---- */

/* Where the target's parent is in the working tree; missing plain containers are made. */
static struct lyd_node *parent_in(struct rc_edit *x, const struct lyd_node *want)
{
	struct lyd_node *have = rc_find_in(x->root, want), *made = NULL;
	char *path AUTO_FREE = NULL;

	if (have)
		return have;
	for (const struct lyd_node *n = want; n && !rc_find_in(x->root, n); n = lyd_parent(n))
		if (n->schema->nodetype != LYS_CONTAINER || (n->schema->flags & LYS_PRESENCE)) {
			rc_fail_at(&x->e, n);
			rc_fail(&x->e, RC_NOT_FOUND, "there is no such %s", n->schema->name);
			return NULL;
		}
	path = lyd_path(want, LYD_PATH_STD, NULL, 0);
	if (!path || lyd_new_path(x->root, NULL, path, NULL, 0, &made) != LY_SUCCESS)
		return NULL;
	return rc_find_in(x->root, want);
}

static struct lyd_node *target_in(struct rc_edit *x, struct lyd_node *parent)
{
	struct lyd_node *n;

	if (x->rd.t.node)
		return rc_find_in(x->root, x->rd.t.node);
	LY_LIST_FOR(lyd_child(parent), n) {
		if (n->schema == x->rd.t.schema)
			return n;
	}
	return NULL;
}

static bool put_fresh(struct rc_edit *x, struct lyd_node *parent)
{
	rc_drop_other_cases(parent, x->fresh);
	lyd_unlink_tree(x->fresh);
	if (lyd_insert_child(parent, x->fresh) == LY_SUCCESS)
		return true;
	lyd_free_tree(x->fresh);
	return rc_fail(&x->e, RC_INVALID_VALUE, "%s does not belong here", parent->schema->name);
}

static bool merge_scratch(struct rc_edit *x)
{
	return rc_merge(&x->root, x->scratch_root) ||
	       rc_fail_ly(&x->e, x->rd.rc->ctx, RC_FAILED, "");
}

static bool missing(struct rc_edit *x, const char *what)
{
	if (x->rd.t.node)
		rc_fail_at(&x->e, x->rd.t.node);
	return rc_fail(&x->e, RC_NOT_FOUND, "there is no such %s", what);
}

/* The entry as a whole: PUT, PATCH (DELETE needs no tree). */
static bool edit_whole(struct rc_edit *x)
{
	if (x->method == DELETE)
		return x->existed || missing(x, "entry");
	if (x->method == PATCH && !x->existed)
		return missing(x, "entry; PUT or POST creates");
	if (!parse_body(x, x->parent) || !same_resource(x))
		return false;
	if (x->method == PATCH)
		return merge_scratch(x);
	lyd_free_tree(x->entry);
	x->entry = x->fresh;
	x->created = !x->existed;
	return put_fresh(x, x->parent);
}

static bool edit_child_post(struct rc_edit *x)
{
	const struct lyd_node *under = x->rd.t.node;
	struct lyd_node *parent, *same = NULL;

	if (!under || !(under->schema->nodetype & (LYS_CONTAINER | LYS_LIST)))
		return rc_fail(&x->e, RC_INVALID_VALUE, "nothing can be created below %s",
			       x->rd.t.schema->name);
	parent = parent_in(x, under);
	if (!parent)
		return x->e.tag ? false : rc_fail(&x->e, RC_FAILED, "no memory");
	if (!parse_body(x, under))
		return false;
	if (lyd_find_sibling_first(lyd_child(parent), x->fresh, &same) == LY_SUCCESS) {
		rc_fail_at(&x->e, x->fresh);
		return rc_fail(&x->e, RC_RESOURCE_DENIED, "it exists already; PUT replaces");
	}
	x->created = true;
	return put_fresh(x, parent);
}

/* Something inside the entry. */
static bool edit_inside(struct rc_edit *x)
{
	struct lyd_node *parent, *old;

	if (!x->existed)
		return missing(x, "entry");
	if (x->method == POST)
		return edit_child_post(x);
	parent = parent_in(x, x->rd.t.parent);
	if (!parent)
		return x->e.tag ? false : rc_fail(&x->e, RC_FAILED, "no memory");
	old = target_in(x, parent);
	if (x->rd.t.schema->nodetype == LYS_LEAF && lysc_is_key(x->rd.t.schema))
		return rc_fail(&x->e, RC_INVALID_VALUE, "a key is not changed; write a new entry");
	if (!old && (x->method == DELETE ||
		     (x->method == PATCH && x->rd.t.schema->nodetype != LYS_CONTAINER)))
		return missing(x, x->rd.t.schema->name);
	if (x->method == DELETE) {
		lyd_free_tree(old);
		return true;
	}
	if (!parse_body(x, x->rd.t.parent) || !same_resource(x))
		return false;
	if (x->method == PATCH)
		return merge_scratch(x);
	x->created = !old;
	lyd_free_tree(old);
	return put_fresh(x, parent);
}

static bool edit_create(struct rc_edit *x)
{
	struct rc_cursor cur = { 0 };
	bool there;

	if (!parse_body(x, x->parent))
		return false;
	if (x->fresh->schema != x->rn->schema) {
		rc_fail_at(&x->e, x->fresh);
		return rc_fail(&x->e, RC_INVALID_VALUE, "only %s is created here", x->rn->schema->name);
	}
	there = x->rn->row->find(&x->rd, &cur, x->fresh);
	free(cur.own);
	if (there) {
		rc_fail_at(&x->e, x->fresh);
		return rc_fail(&x->e, RC_RESOURCE_DENIED, "it exists already; PUT replaces, PATCH merges");
	}
	x->created = true;
	x->entry = x->fresh;
	return put_fresh(x, x->parent);
}

/* ---- preconditions (RFC 9110 s13.1) ---- */

static bool preconditions(struct rc_edit *x)
{
	const char *im = http_header(x->rd.req, "if-match");
	const char *inm = http_header(x->rd.req, "if-none-match");
	char tag[40];

	snprintf(tag, sizeof(tag), "\"%" PRIu64 "\"", x->revision);
	x->e.protocol = true;
	if (im && (!x->existed || (strcmp(im, "*") != 0 && !strstr(im, tag))))
		return rc_fail(&x->e, RC_PRECONDITION,
			       x->existed ? "it was changed meanwhile: its tag is %s; read it again" :
					    "it is not there (tag %s)", x->existed ? tag : "none");
	if (inm && x->existed && (strcmp(inm, "*") == 0 || strstr(inm, tag)))
		return rc_fail(&x->e, RC_PRECONDITION, "it is there already");
	x->e.protocol = false;
	return true;
}

/* ---- from tree to command ---- */

static void run_put(struct rc_op *op)
{
	op->writer->put(op);
}

static void run_remove(struct rc_op *op)
{
	op->writer->remove(op);
}

static char *entry_uri(const struct rc_edit *x, bool delete)
{
	struct str uri = { 0 };

	rc_uri_of(delete ? spine_entry(x) : x->entry, &uri);
	return str_take(&uri);
}

static bool validate(struct rc_edit *x, void **value)
{
	struct rc *rc = x->rd.rc;

	if (!rc_docs_valid(&x->rd, x->rn->row->writer, &x->root, &x->e))
		return false;
	if (x->rn->row->writer->documents)
		return true;
	*value = calloc(1, x->rn->row->writer->size);
	if (!*value)
		return rc_fail(&x->e, RC_UNAVAILABLE, "no memory");
	return x->rn->row->writer->convert(rc, x->entry, *value, &x->e) &&
	       x->rn->row->writer->validate(rc, *value, &x->e);
}

static bool one_doc(const struct rc_edit *x, struct rc_op *op, bool delete)
{
	op->docs = calloc(1, sizeof(*op->docs));
	if (!op->docs ||
	    !rc_docs_add(op->docs, x->rn->row, delete ? spine_entry(x) : x->entry, delete))
		return false;
	op->docs->all.at[0].how = op->how;
	op->docs->all.at[0].if_revision = op->if_revision;
	return true;
}

/* The first key as text, for rows that know their entries by that. */
static void key_text(const struct lyd_node *entry, struct rc_op *op)
{
	const char *text = entry ? lyd_get_value(lyd_child(entry)) : NULL;

	str_copy(op->text, sizeof(op->text), text ? text : "");
}

static bool start(struct rc_edit *x, void *value)
{
	struct rc_op *op = rc_op_new(x->rd.rc, x->rd.req);
	bool delete = x->method == DELETE && x->whole;
	struct str STR_AUTO uri = { 0 };
	char *after AUTO_FREE = NULL, *entry AUTO_FREE = entry_uri(x, delete);

	if (entry && rc_operation_clash(x->rd.rc, entry, rc_operation_wanted(x->rd.req))) {
		if (op)
			rc_op_drop(op);
		free(value);
		return rc_fail(&x->e, RC_IN_USE, "another write of it is on its way; try again");
	}
	if (!op) {
		free(value);
		return rc_fail(&x->e, RC_UNAVAILABLE, "too many writes are waiting for the disk");
	}
	op->writer = x->rn->row->writer;
	op->value = value;
	op->had_if_match = http_header(x->rd.req, "if-match") != NULL;
	op->how = x->collection ? RC_CREATE : x->whole && x->method == PUT ? RC_REPLACE : RC_UPDATE;
	if (op->how == RC_REPLACE && !x->existed && http_header(x->rd.req, "if-none-match"))
		op->how = RC_CREATE;
	/* An edit of what was read must meet what was read. */
	if (op->how == RC_UPDATE && !delete)
		op->if_revision = x->revision;
	else if (op->had_if_match)
		op->if_revision = x->revision;
	op->run = delete ? run_remove : run_put;
	op->existed = x->existed;
	op->removes = delete;
	op->was_revision = x->revision;
	op->entry = TAKE(entry);
	op->dry = x->rd.q.dry_run;
	if (op->writer->documents && !one_doc(x, op, delete)) {
		rc_op_drop(op);
		return rc_fail(&x->e, RC_UNAVAILABLE, "no memory");
	}
	rc_key_read(delete ? spine_entry(x) : x->entry, &op->key);
	key_text(delete ? spine_entry(x) : x->entry, op);
	op->status = x->created ? 201 : 204;
	if (x->created) {
		rc_uri_of(x->method == POST && !x->collection ? x->fresh : x->entry, &uri);
		str_copy(op->location, sizeof(op->location), str_text(&uri));
	}
	if (!delete)
		lyd_print_mem(&after, x->entry, LYD_JSON, LYD_PRINT_SHRINK);
	rc_op_start(op, x->before, after);
	return true;
}

static bool prepare(struct rc_edit *x)
{
	const struct lyd_node *keys;

	if (!pick_row(x) || (x->method != DELETE && !media_ok(x)))
		return false;
	x->rd.q.content = RC_CONTENT_CONFIG;
	keys = x->collection ? x->rd.t.node : spine_entry(x);
	x->parent = dup_with_parents(x->collection ? keys : lyd_parent(keys), &x->root);
	if (!x->parent)
		return rc_fail(&x->e, RC_UNAVAILABLE, "no memory");
	return x->collection || load_entry(x, keys);
}

static bool edit(struct rc_edit *x)
{
	if (x->collection)
		return edit_create(x);
	if (!preconditions(x))
		return false;
	return x->whole ? x->method == POST ? edit_inside(x) : edit_whole(x) : edit_inside(x);
}

static bool write_run(struct rc_edit *x)
{
	void *value = NULL;
	bool delete;

	if (!rc_query_parse(http_query(x->rd.req), &x->rd.q, true, &x->e) ||
	    !rc_target_parse(x->rd.rc, http_path(x->rd.req) + strlen("/restconf/data"), &x->rd.t,
			     &x->e))
		return false;
	if (x->method == PATCH && rc_docs_container(x->rd.rc, &x->rd.t))
		return media_ok(x) && rc_docs_patch(&x->rd, &x->e);
	if (!prepare(x) || !edit(x))
		return false;
	delete = x->method == DELETE && x->whole;
	if (!delete && !validate(x, &value)) {
		free(value);
		return false;
	}
	if (x->rd.q.dry_run && !x->rn->row->writer->documents) {
		const struct http_header h[] = { { "sextant-dry-run", "true" },
						 { "cache-control", "no-cache" } };

		free(value);
		http_reply(x->rd.req, 204, h, ARRAY_LEN(h), NULL, 0);
		return true;
	}
	return start(x, value);
}

/* What may be done where the target is, for 405. */
const char *rc_allowed(struct rc *rc, const struct rc_target *t)
{
	const struct rc_rnode *rn = t->schema ? rc_row_of(rc, t->schema) : NULL;

	if (!rn || (t->schema->flags & LYS_CONFIG_R))
		return "GET, HEAD, OPTIONS";
	if (rn->row && rn->row->writer && (rn->schema != t->schema || t->node))
		return "GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE";
	for (const struct rc_rnode *c = rn->child; c; c = c->next)
		if (c->row && c->row->writer && rn->schema == t->schema)
			return rc_docs_container(rc, t) ? "GET, HEAD, OPTIONS, POST, PATCH" :
							  "GET, HEAD, OPTIONS, POST";
	return rc_docs_container(rc, t) ? "GET, HEAD, OPTIONS, PATCH" : "GET, HEAD, OPTIONS";
}

void rc_write(struct rc *rc, struct http_req *req)
{
	struct rc_edit *x;
	struct rc_error e = { .tag = RC_OK };
	struct rc_query q;

	if (rc_query_parse(http_query(req), &q, true, &e) && !q.dry_run && rc_operation_again(rc, req))
		return;
	e = (struct rc_error){ .tag = RC_OK };
	if (!q.dry_run && rc_window_frozen(rc, req, "", &e)) {
		rc_reply_error(rc, req, &e);
		return;
	}
	x = calloc(1, sizeof(*x));
	if (!x) {
		rc_fail(&e, RC_UNAVAILABLE, "no memory");
		rc_reply_error(rc, req, &e);
		return;
	}
	rc_read_init(&x->rd, rc, req);
	for (unsigned i = 0; i < ARRAY_LEN(methods); i++)
		if (strcmp(http_method(req), methods[i]) == 0)
			x->method = (enum method)i;
	if (!write_run(x)) {
		if (x->e.tag == RC_NOT_SUPPORTED)
			rc_allow(req, 405, rc_allowed(rc, &x->rd.t), x->e.message);
		else
			rc_reply_error(rc, req, &x->e);
	}
	edit_fini(x);
}
