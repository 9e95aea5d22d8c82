/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents: rows whose native value is the JSON (RFC 7951) of the whole entry, which another room
 * reads. And PATCH of a container that has such rows in it: all entries the body names, each merged
 * with what there is, are validated as one tree and given to the row in one command, all or nothing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "northbound/restconf/rc_int.h"

/* ---- trees ---- */

struct lyd_node *rc_find_in(struct lyd_node *root, const struct lyd_node *like)
{
	char *path AUTO_FREE = lyd_path(like, LYD_PATH_STD, NULL, 0);
	struct lyd_node *match = NULL;

	if (!path || lyd_find_path(root, path, 0, &match) != LY_SUCCESS)
		return NULL;
	return match;
}

/* Data of one case replaces that of the others of its choice (RFC 7950 s7.9). */
void rc_drop_other_cases(struct lyd_node *parent, const struct lyd_node *fresh)
{
	const struct lysc_node *mine = fresh->schema->parent;
	struct lyd_node *n, *next;

	if (!mine || mine->nodetype != LYS_CASE)
		return;
	LY_LIST_FOR_SAFE(lyd_child(parent), next, n) {
		const struct lysc_node *other = n->schema->parent;

		if (other && other != mine && other->nodetype == LYS_CASE &&
		    other->parent == mine->parent)
			lyd_free_tree(n);
	}
}

bool rc_merge(struct lyd_node **root, struct lyd_node *scratch)
{
	struct lyd_node *n, *there;

	LYD_TREE_DFS_BEGIN(scratch, n)
	{
		there = rc_find_in(*root, n);
		if (lyd_parent(n) && !there) {
			struct lyd_node *parent = rc_find_in(*root, lyd_parent(n));

			if (parent)
				rc_drop_other_cases(parent, n);
			LYD_TREE_DFS_continue = 1; /* nothing of it is there to be in the way */
		}
		LYD_TREE_DFS_END(scratch, n);
	}
	return lyd_merge_tree(root, scratch, 0) == LY_SUCCESS;
}

/* ---- an entry as text and back ---- */

/* Where the entry's own object is in the text libyang prints: behind name and bracket. */
static const char *object_of(const char *text, size_t *len)
{
	const char *from = strchr(text, '['), *to = strrchr(text, ']');

	if (!from || !to || to < from)
		return NULL;
	*len = (size_t)(to - from - 1);
	return from + 1;
}

bool rc_docs_add(struct rc_docs *docs, const struct rc_row *row, const struct lyd_node *entry,
		 bool remove)
{
	const struct lyd_node *key = lyd_child(entry);
	struct rc_doc d = { .row = row, .remove = remove };
	char *text = NULL;
	const char *object;

	d.id = strdup(lyd_get_value(key));
	if (!remove && lyd_print_mem(&text, entry, LYD_JSON, LYD_PRINT_SHRINK) == LY_SUCCESS && text) {
		object = object_of(text, &d.len);
		d.text = object ? strndup(object, d.len) : NULL;
	}
	free(text);
	if (d.id && (remove || d.text) && VEC_ADD(&docs->all, d))
		return true;
	free(d.id);
	free(d.text);
	return false;
}

struct rc_docs *rc_docs_free(struct rc_docs *docs)
{
	if (!docs)
		return NULL;
	for (size_t i = 0; i < docs->all.n; i++) {
		free(docs->all.at[i].id);
		free(docs->all.at[i].text);
	}
	VEC_FINI(&docs->all);
	free(docs);
	return NULL;
}

/* The entry of a document as a tree of its own, up to the top; NULL: it is not good. */
static struct lyd_node *doc_tree(struct rc *rc, const struct lysc_node *list, const char *doc,
				 size_t len)
{
	const struct lysc_node *chain[RC_PATH_DEPTH_MAX];
	struct str STR_AUTO text = { 0 };
	struct lyd_node *tree = NULL;
	unsigned depth = 0;

	for (const struct lysc_node *sn = list; sn && depth < RC_PATH_DEPTH_MAX; sn = rc_data_parent(sn))
		chain[depth++] = sn;
	for (unsigned i = depth; i-- > 0;)
		str_addf(&text, "{\"%s:%s\":", chain[i]->module->name, chain[i]->name);
	str_add(&text, "[");
	str_addn(&text, doc, len);
	str_add(&text, "]");
	for (unsigned i = 0; i < depth; i++)
		str_add(&text, "}");
	if (text.bad || lyd_parse_data_mem(rc->ctx, str_text(&text), LYD_JSON,
					   LYD_PARSE_ONLY | LYD_PARSE_STRICT, 0, &tree) != LY_SUCCESS) {
		lyd_free_all(tree);
		return NULL;
	}
	return tree;
}

void rc_doc_fill(struct rc *rc, struct lyd_node *entry, const char *doc, size_t len)
{
	struct lyd_node *tree = doc_tree(rc, entry->schema, doc, len), *n = tree, *c, *next;

	while (n && n->schema != entry->schema)
		n = lyd_child(n);
	if (n)
		LY_LIST_FOR_SAFE(lyd_child_no_keys(n), next, c)
		{
			lyd_unlink_tree(c);
			if (lyd_insert_child(entry, c) != LY_SUCCESS)
				lyd_free_tree(c);
		}
	lyd_free_all(tree);
}

/* ---- PATCH of what they are in ---- */

static bool has_docs(const struct rc_rnode *rn)
{
	const struct rc_rnode *stack[RC_FRAMES_MAX * 4];
	unsigned n = 0;

	for (stack[n++] = rn; n;) {
		const struct rc_rnode *at = stack[--n];

		if (at->row && at->row->writer && at->row->writer->documents)
			return true;
		for (const struct rc_rnode *c = at->child; c && n < ARRAY_LEN(stack); c = c->next)
			stack[n++] = c;
	}
	return false;
}

const struct rc_rnode *rc_docs_container(const struct rc *rc, const struct rc_target *t)
{
	const struct rc_rnode *rn;

	if (!t->schema || t->schema->nodetype != LYS_CONTAINER || (t->schema->flags & LYS_CONFIG_R))
		return NULL;
	rn = rc_row_of(rc, t->schema);
	return rn && rn->schema == t->schema && has_docs(rn) ? rn : NULL;
}

struct own {
	struct lyd_node *node;
	bool existed;
	uint64_t revision; /* that the merge was made on */
};

struct batch {
	struct rc_read *rd;
	struct rc_error *e;
	struct lyd_node *fresh;	    /* the body, from the top */
	struct lyd_node *root;	    /* what will be, as far as the body is concerned */
	VEC(struct own) own; /* entries of the body */
	struct rc_docs *docs;
	const struct rc_writer *writer;
};

static void batch_fini(struct batch *b)
{
	lyd_free_all(b->fresh);
	lyd_free_all(b->root);
	VEC_FINI(&b->own);
	rc_docs_free(b->docs);
}

static bool batch_parse(struct batch *b)
{
	const struct rc_target *t = &b->rd->t;
	struct rc *rc = b->rd->rc;
	struct lyd_node *under = NULL, *tree = NULL;
	struct ly_in *in = NULL;
	const char *body;
	size_t len;
	LY_ERR r;

	body = http_body(b->rd->req, &len);
	if (!rc_json_ok(body, len, b->e))
		return false;
	if (t->parent && lyd_dup_single(t->parent, NULL, LYD_DUP_WITH_PARENTS, &under) != LY_SUCCESS)
		return rc_fail(b->e, RC_UNAVAILABLE, "no memory");
	for (b->fresh = under; b->fresh && lyd_parent(b->fresh);)
		b->fresh = lyd_parent(b->fresh);
	if (ly_in_new_memory(body, &in) != LY_SUCCESS)
		return rc_fail(b->e, RC_UNAVAILABLE, "no memory");
	ly_err_clean(rc->ctx, NULL);
	r = lyd_parse_data(rc->ctx, under, in, LYD_JSON,
			   LYD_PARSE_ONLY | LYD_PARSE_STRICT | LYD_PARSE_NO_STATE, 0, &tree);
	ly_in_free(in, 0);
	if (r != LY_SUCCESS) {
		lyd_free_all(under ? NULL : tree);
		return rc_fail_ly(b->e, rc->ctx, RC_INVALID_VALUE, "");
	}
	if (!under)
		b->fresh = tree;
	tree = under ? lyd_child_no_keys(under) : tree;
	if (!tree || tree->schema != t->schema || tree->next)
		return rc_fail(b->e, RC_INVALID_VALUE, "the body is to hold %s and nothing beside it",
			       t->schema->name);
	return true;
}

/* A key that a body says twice goes through the parser; merged with what is there, it names nothing. */
static bool keys_once(struct batch *b)
{
	struct lyd_node *n;

	LYD_TREE_DFS_BEGIN(b->fresh, n)
	{
		const struct lyd_node *key = lyd_child(n);

		for (; n->schema->nodetype == LYS_LIST && key; key = key->next) {
			if (lysc_is_key(key->schema) && key->prev->next && key->prev->schema == key->schema) {
				rc_fail_at(b->e, n);
				return rc_fail(b->e, RC_INVALID_VALUE, "an entry of %s says its %s twice",
					       n->schema->name, key->schema->name);
			}
		}
		LYD_TREE_DFS_END(b->fresh, n);
	}
	return true;
}

/* Entries of the body; all else that is said in it belongs to one of them, or to nobody. */
static bool batch_entries(struct batch *b)
{
	struct lyd_node *n;

	LYD_TREE_DFS_BEGIN(b->fresh, n)
	{
		const struct rc_rnode *rn = rc_row_of(b->rd->rc, n->schema);

		if (rn && rn->schema == n->schema && rn->row && rn->row->writer &&
		    rn->row->writer->documents) {
			struct own o = { .node = n };

			b->writer = rn->row->writer;
			if (!VEC_ADD(&b->own, o))
				return rc_fail(b->e, RC_UNAVAILABLE, "no memory");
			LYD_TREE_DFS_continue = 1;
		} else if (n->schema->nodetype != LYS_CONTAINER) {
			rc_fail_at(b->e, n);
			b->e->protocol = true;
			return rc_fail(b->e, RC_NOT_SUPPORTED, "%s is not written here", n->schema->name);
		}
		LYD_TREE_DFS_END(b->fresh, n);
	}
	if (b->own.n > RC_DOCS_MAX)
		return rc_fail(b->e, RC_TOO_BIG, "at most %d entries at once", RC_DOCS_MAX);
	return b->own.n || rc_fail(b->e, RC_INVALID_VALUE, "there is nothing in it");
}

/* The containers an entry is in, in the tree of what will be. */
static struct lyd_node *batch_parent(struct batch *b, const struct lyd_node *entry)
{
	char *path AUTO_FREE = lyd_path(lyd_parent(entry), LYD_PATH_STD, NULL, 0);
	struct lyd_node *match = NULL, *made = NULL;

	if (!path)
		return NULL;
	if (!b->root) {
		if (lyd_new_path2(NULL, b->rd->rc->ctx, path, NULL, 0, 0, 0, &made, &match) != LY_SUCCESS)
			return NULL;
		b->root = made;
		return match;
	}
	if (lyd_find_path(b->root, path, 0, &match) != LY_SUCCESS &&
	    lyd_new_path2(b->root, NULL, path, NULL, 0, 0, 0, &made, &match) != LY_SUCCESS)
		return NULL;
	return match;
}

static bool batch_merge(struct batch *b)
{
	for (size_t i = 0; i < b->own.n; i++) {
		struct own *o = &b->own.at[i];
		const struct rc_rnode *rn = rc_row_of(b->rd->rc, o->node->schema);
		struct lyd_node *parent = batch_parent(b, o->node);
		struct rc_cursor cur = { 0 };
		bool built = true;
		char tag[40];

		if (parent && rn->row->find(b->rd, &cur, o->node)) {
			o->existed = true;
			if (rn->row->etag && rn->row->etag(b->rd, &cur, tag, sizeof(tag)))
				str_u64(tag, &o->revision);
			built = rc_row_build(b->rd, rn, &cur, parent) != NULL;
		}
		free(cur.own);
		if (!parent || !built)
			return rc_fail(b->e, RC_UNAVAILABLE, "no memory");
	}
	return rc_merge(&b->root, b->fresh) ||
	       rc_fail_ly(b->e, b->rd->rc->ctx, RC_FAILED, "");
}

static bool batch_docs(struct batch *b)
{
	b->docs = calloc(1, sizeof(*b->docs));
	if (!b->docs)
		return rc_fail(b->e, RC_UNAVAILABLE, "no memory");
	for (size_t i = 0; i < b->own.n; i++) {
		const struct own *o = &b->own.at[i];
		const struct rc_rnode *rn = rc_row_of(b->rd->rc, o->node->schema);
		struct lyd_node *n = rc_find_in(b->root, o->node);

		if (!n || !rc_docs_add(b->docs, rn->row, n, false))
			return rc_fail(b->e, RC_UNAVAILABLE, "no memory");
		/* An edit of what was read must meet what was read. */
		b->docs->all.at[i].how = o->existed ? RC_UPDATE : RC_CREATE;
		b->docs->all.at[i].if_revision = o->revision;
	}
	return true;
}

static void run_docs(struct rc_op *op)
{
	op->writer->put(op);
}

/* 0: it has none, and whether this was done cannot be told after a stop. It is done again then. */
static uint64_t container_revision(struct rc_read *rd)
{
	const struct rc_rnode *rn = rc_row_of(rd->rc, rd->t.schema);
	struct rc_cursor cur = { 0 };
	uint64_t revision = 0;
	char tag[40];

	if (rn->row && rn->row->etag && rn->row->etag(rd, &cur, tag, sizeof(tag)))
		str_u64(tag, &revision);
	return revision;
}

static bool batch_start(struct batch *b)
{
	struct rc_op *op;
	char *after AUTO_FREE = NULL;

	if (rc_operation_clash(b->rd->rc, http_path(b->rd->req), rc_operation_wanted(b->rd->req)))
		return rc_fail(b->e, RC_IN_USE, "another write of it is on its way; try again");
	op = rc_op_new(b->rd->rc, b->rd->req);
	if (!op)
		return rc_fail(b->e, RC_UNAVAILABLE, "too many writes are waiting for the disk");
	op->writer = b->writer;
	op->docs = TAKE(b->docs);
	op->how = RC_UPDATE;
	op->run = run_docs;
	op->existed = true;
	op->was_revision = container_revision(b->rd);
	op->dry = b->rd->q.dry_run;
	op->entry = strdup(http_path(b->rd->req));
	lyd_print_mem(&after, b->fresh, LYD_JSON, LYD_PRINT_SHRINK);
	rc_op_start(op, NULL, after);
	return true;
}

bool rc_docs_patch(struct rc_read *rd, struct rc_error *e)
{
	struct batch b = { .rd = rd, .e = e };
	bool ok;

	rd->q.content = RC_CONTENT_CONFIG;
	ok = batch_parse(&b) && keys_once(&b) && batch_entries(&b) && batch_merge(&b) &&
	     rc_docs_valid(rd, b.writer, &b.root, e) && batch_docs(&b) && batch_start(&b);
	batch_fini(&b);
	return ok;
}

bool rc_docs_valid(struct rc_read *rd, const struct rc_writer *w, struct lyd_node **root,
		   struct rc_error *e)
{
	if (w->context && !w->context(rd, *root))
		return rc_fail(e, RC_UNAVAILABLE, "no memory");
	ly_err_clean(rd->rc->ctx, NULL);
	return lyd_validate_all(root, NULL, LYD_VALIDATE_NO_STATE | LYD_VALIDATE_PRESENT, NULL) ==
		       LY_SUCCESS ||
	       rc_fail_ly(e, rd->rc->ctx, RC_INVALID_VALUE, "");
}
