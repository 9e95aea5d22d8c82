/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET and HEAD. A stack of frames walks the row tree below the target; every entry is built
 * as a small libyang tree, pruned, printed and freed. What does not fit one piece is streamed,
 * a few entries a turn, all of it from one TED generation.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "northbound/restconf/rc_int.h"

static void read_task(void *arg);

void rc_read_init(struct rc_read *rd, struct rc *rc, struct http_req *req)
{
	*rd = (struct rc_read){ .rc = rc, .req = req, .ted = ted_ref(topo_ted(rc->cfg.topo)) };
	loop_task_init(&rd->task, rc->cfg.loop, read_task, rd);
}

static void frame_fini(struct rc_frame *f)
{
	free(f->cur.own);
	lyd_free_tree(f->entry);
	*f = (struct rc_frame){ 0 };
}

void rc_read_fini(struct rc_read *rd)
{
	while (rd->n_frames)
		frame_fini(&rd->frames[--rd->n_frames]);
	rc_target_fini(&rd->t);
	ted_unref(rd->ted);
	str_fini(&rd->out);
	loop_task_cancel(&rd->task);
	list_del(&rd->link);
}

/* ---- rows ---- */

static const struct lyd_node *spine_node(const struct rc_target *t, const struct lysc_node *sn)
{
	const struct lyd_node *n = t->node ? t->node : t->parent;

	for (; n; n = lyd_parent(n))
		if (n->schema == sn)
			return n;
	return NULL;
}

bool rc_row_find(struct rc_read *rd, const struct rc_rnode *rn, const struct rc_target *t,
		 struct rc_cursor *cur)
{
	const struct rc_rnode *chain[RC_FRAMES_MAX];
	unsigned n = 0;

	for (; rn && n < RC_FRAMES_MAX; rn = rn->parent)
		chain[n++] = rn;
	*cur = (struct rc_cursor){ 0 };
	while (n-- > 0) {
		const struct rc_row *row = chain[n]->row;
		const struct lyd_node *keys;

		if (!row || !row->find)
			continue;
		keys = spine_node(t, chain[n]->schema);
		if (!keys) /* the list as such */
			continue;
		free(cur->own);
		*cur = (struct rc_cursor){ 0 };
		if (!row->find(rd, cur, keys))
			return false;
	}
	return true;
}

struct lyd_node *rc_row_build(struct rc_read *rd, const struct rc_rnode *rn,
			      const struct rc_cursor *cur, struct lyd_node *parent)
{
	const struct lysc_node *sn = rn->schema;
	struct lyd_node *entry = NULL;

	if (sn->nodetype == LYS_LIST) {
		char keys[RC_KEYS_MAX][RC_KEY_MAX] = { "", "", "" };

		rn->row->keys(rd, cur, keys);
		lyd_new_list(parent, sn->module, sn->name, 0, &entry, keys[0], keys[1], keys[2]);
	} else {
		lyd_new_inner(parent, sn->module, sn->name, 0, &entry);
	}
	if (entry && rn->row && rn->row->fill)
		rn->row->fill(rd, cur, entry);
	if (entry && rd->q.implicit)
		lyd_new_implicit_tree(entry, 0, NULL);
	return entry;
}

/* ---- printing ---- */

/* The entry's own object "{…}" in *text (to be freed), without name and brackets. */
static char *inner_text(const struct rc_read *rd, const struct lyd_node *entry, size_t *off,
			size_t *len)
{
	char *text = NULL, *p;
	size_t n;

	if (lyd_print_mem(&text, entry, LYD_JSON, LYD_PRINT_SHRINK | rd->q.print) != LY_SUCCESS)
		return NULL;
	n = strlen(text);
	p = strstr(text, "\":");
	*off = 0;
	*len = n;
	if (!p || n < 4) /* "{}": nothing inside */
		return text;
	*off = (size_t)(p - text) + 2;
	*len = n - 1 - *off;
	if (text[*off] == '[') {
		(*off)++;
		*len -= 2;
	}
	return text;
}

static void put_name(struct rc_read *rd, const struct rc_frame *f)
{
	const struct lysc_node *sn = f->rn->schema, *parent = sn ? rc_data_parent(sn) : NULL;

	if (!sn)
		str_add(&rd->out, "\"ietf-restconf:data\":");
	else if (f == rd->frames || !parent || parent->module != sn->module)
		str_addf(&rd->out, "\"%s:%s\":", sn->module->name, sn->name);
	else
		str_addf(&rd->out, "\"%s\":", sn->name);
}

/* The name of a member, once, with the comma before it in the parent's object. */
static void open_frame(struct rc_read *rd, struct rc_frame *f)
{
	if (f->opened)
		return;
	f->opened = true;
	if (f != rd->frames) {
		struct rc_frame *up = f - 1;

		str_add(&rd->out, up->any ? "," : "");
		up->any = true;
	}
	put_name(rd, f);
	if (f->rn->schema && f->rn->schema->nodetype == LYS_LIST)
		str_add(&rd->out, "[");
}

/* The whole entry is wanted, and its row can write it: a hundredth of the time a tree takes. */
static bool is_text(const struct rc_read *rd, const struct rc_frame *f)
{
	return f->rn->schema && f->rn->row && f->rn->row->text && !f->rn->child && !rd->q.depth && !rd->n_fields &&
	       rd->q.content == RC_CONTENT_ALL;
}

static void put_text(struct rc_read *rd, struct rc_frame *f)
{
	char keys[RC_KEYS_MAX][RC_KEY_MAX] = { "", "", "" };
	const struct lysc_node *n = lysc_node_child(f->rn->schema);

	f->rn->row->keys(rd, &f->cur, keys);
	for (unsigned k = 0; n && lysc_is_key(n) && k < RC_KEYS_MAX; n = n->next, k++) {
		str_addf(&rd->out, "%s\"%s\":", k ? "," : "{", n->name);
		str_json(&rd->out, keys[k]);
	}
	f->rn->row->text(rd, &f->cur, &rd->out);
	f->any = true;
}

/* Builds and writes the next entry, up to what other rows put in. False: there is none. */
static bool begin_entry(struct rc_read *rd, struct rc_frame *f)
{
	bool list = f->rn->schema && f->rn->schema->nodetype == LYS_LIST;
	bool first = !f->opened;
	size_t off, len;
	char *text;

	if (list && f == rd->frames && rd->q.limit && rd->shown++ == rd->q.limit)
		return false;
	if (list && !f->single && !f->rn->row->next(rd, &f->cur))
		return false;
	if (!list && !first)
		return false;
	open_frame(rd, f);
	if (list && !first)
		str_add(&rd->out, ",");
	f->in_entry = true;
	f->any = false;
	f->child = f->rn->child;
	if (!f->rn->schema) {
		str_add(&rd->out, "{");
		return true;
	}
	if (is_text(rd, f)) {
		put_text(rd, f);
		return true;
	}
	f->entry = rc_row_build(rd, f->rn, &f->cur, f->parent);
	if (!f->entry) {
		rd->out.bad = true;
		return false;
	}
	rc_prune(rd, f->entry);
	text = inner_text(rd, f->entry, &off, &len);
	if (!text) {
		rd->out.bad = true;
		return false;
	}
	str_addn(&rd->out, text + off, len - 1); /* without the closing brace */
	f->any = len > 2;
	free(text);
	return true;
}

static const struct rc_rnode *next_child(const struct rc_read *rd, struct rc_frame *f)
{
	while (f->child) {
		const struct rc_rnode *rn = f->child;

		f->child = rn->next;
		if (rc_wanted(rd, rn->schema))
			return rn;
	}
	return NULL;
}

static void end_frame(struct rc_read *rd, struct rc_frame *f)
{
	bool list = f->rn->schema && f->rn->schema->nodetype == LYS_LIST;

	if (list && f == rd->frames)
		open_frame(rd, f); /* an empty list that was asked for */
	if (list && f->opened)
		str_add(&rd->out, "]");
	frame_fini(f);
	rd->n_frames--;
}

/* One step of the walk; true: an entry was shown. */
static bool step(struct rc_read *rd)
{
	struct rc_frame *f = &rd->frames[rd->n_frames - 1];
	const struct rc_rnode *child;

	if (!f->in_entry) {
		if (begin_entry(rd, f))
			return true;
		end_frame(rd, f);
		return false;
	}
	child = next_child(rd, f);
	if (child && rd->n_frames < RC_FRAMES_MAX) {
		rd->frames[rd->n_frames++] = (struct rc_frame){ .rn = child, .parent = f->entry };
		return false;
	}
	str_add(&rd->out, "}");
	lyd_free_tree(f->entry);
	f->entry = NULL;
	f->in_entry = false;
	if (f->single)
		end_frame(rd, f);
	return false;
}

/* Walks until done, or enough for one turn. True: done. */
static bool walk(struct rc_read *rd)
{
	unsigned entries = 0;

	while (rd->n_frames && !rd->out.bad && entries < RC_TURN_ENTRIES && rd->out.len < RC_PIECE)
		entries += step(rd);
	if (!rd->n_frames && !rd->out.bad)
		str_add(&rd->out, "}");
	return !rd->n_frames || rd->out.bad;
}

/* ---- below a row's entry ---- */

static void show_match(struct rc_read *rd, struct lyd_node *n, bool first)
{
	size_t off, len;
	char *text;

	rc_prune(rd, n);
	if (first) {
		lyd_print_mem(&text, n, LYD_JSON, LYD_PRINT_SHRINK | LYD_PRINT_KEEPEMPTYCONT |
							  rd->q.print);
		if (text) /* without the "]}" or "}" that ends it */
			str_addn(&rd->out, text, strlen(text) -
				 ((n->schema->nodetype & (LYS_LIST | LYS_LEAFLIST)) ? 2 : 1));
	} else {
		text = inner_text(rd, n, &off, &len);
		str_add(&rd->out, ",");
		if (text)
			str_addn(&rd->out, text + off, len);
	}
	rd->out.bad |= !text;
	free(text);
}

/* The target is inside what a row fills: fills it and cuts the target out. */
static bool read_inside(struct rc_read *rd, const struct rc_rnode *rn, struct rc_cursor *cur)
{
	const struct lysc_node *sn = rd->t.schema;
	const struct lyd_node *last = rd->t.node ? rd->t.node : rd->t.parent;
	struct lyd_node *old = NULL, *parent, *entry, *match = NULL, *n;
	char *path = lyd_path(last, LYD_PATH_STD, NULL, 0);
	bool exact = rd->t.node != NULL, found = false;

	old = rd->t.node ? rd->t.node : rd->t.parent;
	while (old && old->schema != rn->schema)
		old = lyd_parent(old);
	if (!old) {
		free(path);
		return false;
	}
	parent = lyd_parent(old);
	if (rd->t.root == old)
		rd->t.root = NULL;
	lyd_free_tree(old); /* else it would be found instead of the real one */
	rd->t.node = rd->t.parent = NULL;
	entry = rc_row_build(rd, rn, cur, parent);
	if (!parent)
		rd->t.root = entry;
	if (entry && path && lyd_find_path(entry, path, 0, &match) == LY_SUCCESS) {
		if (exact) {
			show_match(rd, match, true);
			found = true;
		} else {
			LY_LIST_FOR(lyd_child(match), n) {
				if (n->schema != sn)
					continue;
				show_match(rd, n, !found);
				found = true;
			}
		}
	}
	free(path);
	if (found)
		str_add(&rd->out, (sn->nodetype & (LYS_LIST | LYS_LEAFLIST)) ? "]}" : "}");
	return found;
}

/* ---- the request ---- */

/* A list that is read in pages: behind the entry the cursor names. */
static bool read_page(struct rc_read *rd, const struct rc_rnode *rn, struct rc_cursor *cur, struct rc_error *e)
{
	STR_AUTO struct str path = { 0 };
	struct rc_target t;
	bool found;

	e->protocol = true;
	if (rn->schema != rd->t.schema || !rn->row || !rn->row->pages || rd->t.node)
		return rc_fail(e, RC_INVALID_VALUE, "limit and cursor are for long lists, without keys");
	if (!rd->q.cursor[0]) {
		e->protocol = false;
		return true;
	}
	str_addf(&path, "%s=%s", http_path(rd->req) + strlen("/restconf/data"), rd->q.cursor);
	found = rc_target_parse(rd->rc, str_text(&path), &t, e) && t.schema == rn->schema && t.node;
	free(cur->own);
	*cur = (struct rc_cursor){ 0 };
	found = found && rc_row_find(rd, rn, &t, cur);
	rc_target_fini(&t);
	if (!found)
		return rc_fail(e, RC_INVALID_VALUE, "cursor: no such entry is there any more: begin anew");
	e->protocol = false;
	return true;
}

static bool read_begin(struct rc_read *rd, struct rc_error *e)
{
	const struct rc_rnode *rn = rd->t.schema ? rc_row_of(rd->rc, rd->t.schema) : &rd->rc->root;
	struct rc_cursor cur;

	if (!rn || (rn->schema != rd->t.schema && !rn->row))
		return rc_fail(e, RC_NOT_FOUND, "there is nothing of %s here", rd->t.schema->name);
	if (!rc_row_find(rd, rn, &rd->t, &cur)) {
		free(cur.own);
		if (rd->t.node)
			rc_fail_at(e, rd->t.node);
		return rc_fail(e, RC_NOT_FOUND, "there is no such entry");
	}
	if ((rd->q.limit || rd->q.cursor[0]) && !read_page(rd, rn, &cur, e)) {
		free(cur.own);
		return false;
	}
	if (rn->schema != rd->t.schema) {
		bool found = read_inside(rd, rn, &cur);

		free(cur.own);
		return found || rc_fail(e, RC_NOT_FOUND, "%s has no value here", rd->t.schema->name);
	}
	str_add(&rd->out, "{");
	rd->frames[rd->n_frames++] = (struct rc_frame){
		.rn = rn,
		.cur = cur,
		.parent = rd->t.parent,
		.single = rd->t.node && rd->t.schema->nodetype == LYS_LIST,
	};
	return true;
}

/* The entity tag of the configuration the target is or lies in. */
static bool read_etag(struct rc_read *rd, char *buf, size_t cap)
{
	const struct rc_rnode *rn = rd->t.schema ? rc_row_of(rd->rc, rd->t.schema) : NULL;
	struct rc_cursor cur = { 0 };
	char tag[40] = "";

	if (!rd->t.schema)
		snprintf(tag, sizeof(tag), "d%" PRIu64, intent_revision(rd->rc->cfg.intent));
	for (; rn && !tag[0]; rn = rn->parent) {
		if (!rn->row || !rn->row->etag)
			continue;
		if (rn->schema->nodetype == LYS_LIST && !spine_node(&rd->t, rn->schema))
			continue;
		if (!rc_row_find(rd, rn, &rd->t, &cur) || !rn->row->etag(rd, &cur, tag, sizeof(tag)))
			tag[0] = '\0';
		free(cur.own);
		cur.own = NULL;
	}
	snprintf(buf, cap, "%s%s%s", tag[0] ? "\"" : "", tag, tag[0] ? "\"" : "");
	return tag[0];
}

static void read_free(struct rc_read *rd)
{
	rd->rc->n_reads--;
	rc_read_fini(rd);
	free(rd);
}

static void read_gone(void *arg)
{
	read_free(arg);
}

static void read_room(void *arg)
{
	struct rc_read *rd = arg;

	loop_task_run(&rd->task);
}

/* Sends what is ready; true when everything was taken. */
static bool read_flush(struct rc_read *rd)
{
	if (rd->out.len && http_stream_write(rd->req, rd->out.s, rd->out.len) != 0)
		return false;
	rd->out.len = 0;
	return true;
}

static void read_task(void *arg)
{
	struct rc_read *rd = arg;
	bool done;

	if (!read_flush(rd))
		return; /* read_room calls again */
	done = walk(rd);
	if (!read_flush(rd))
		return;
	if (!done) {
		loop_task_run(&rd->task);
		return;
	}
	/* Too late for an error status: on no memory the text ends early and does not parse. */
	http_stream_end(rd->req);
	read_free(rd);
}

static size_t read_headers(struct rc_read *rd, const char *etag, char *modified, size_t cap,
			   struct http_header h[5])
{
	size_t n = 0;

	h[n++] = (struct http_header){ "content-type", RC_JSON_TYPE };
	h[n++] = (struct http_header){ "cache-control", "no-cache" };
	h[n++] = (struct http_header){ "x-content-type-options", "nosniff" };
	if (*etag)
		h[n++] = (struct http_header){ "etag", etag };
	if (!rd->t.schema) {
		time_t t = (time_t)(rd->rc->modified_wall_ns / NS_PER_S);
		struct tm tm;

		gmtime_r(&t, &tm);
		strftime(modified, cap, "%a, %d %b %Y %H:%M:%S GMT", &tm);
		h[n++] = (struct http_header){ "last-modified", modified };
	}
	return n;
}

static bool not_modified(struct rc_read *rd, const char *etag)
{
	const char *inm = http_header(rd->req, "if-none-match");

	/* The tag tells of configuration only: state may have changed under the same tag. */
	return inm && *etag && rd->q.content == RC_CONTENT_CONFIG &&
	       (strcmp(inm, "*") == 0 || strstr(inm, etag));
}

static void read_answer(struct rc_read *rd)
{
	struct http_header h[5];
	char etag[48], modified[40];
	size_t n;
	bool done;

	read_etag(rd, etag, sizeof(etag));
	n = read_headers(rd, etag, modified, sizeof(modified), h);
	if (not_modified(rd, etag)) {
		http_reply(rd->req, 304, h, n, NULL, 0);
		read_free(rd);
		return;
	}
	done = rd->n_frames ? walk(rd) : true;
	if (done && rd->out.bad) {
		struct rc_error e = { .tag = RC_OK };

		rc_fail(&e, RC_UNAVAILABLE, "no memory for this answer now");
		rc_reply_error(rd->rc, rd->req, &e);
		read_free(rd);
		return;
	}
	if (done) {
		http_reply(rd->req, 200, h, n, str_text(&rd->out), rd->out.len);
		read_free(rd);
		return;
	}
	if (strcmp(http_method(rd->req), "HEAD") == 0) { /* its length is not worth the walk */
		http_stream_start(rd->req, 200, h, n, NULL, NULL);
		http_stream_end(rd->req);
		read_free(rd);
		return;
	}
	http_on_gone(rd->req, read_gone, rd);
	http_stream_start(rd->req, 200, h, n, read_room, rd);
	loop_task_run(&rd->task);
}

void rc_get(struct rc *rc, struct http_req *req)
{
	struct rc_error e = { .tag = RC_OK };
	struct rc_read *rd;

	if (rc->n_reads >= RC_READS_MAX || !(rd = malloc(sizeof(*rd)))) {
		rc_fail(&e, RC_UNAVAILABLE, "too many answers are being sent, try again");
		rc_reply_error(rc, req, &e);
		return;
	}
	rc_read_init(rd, rc, req);
	list_add(&rc->reads, &rd->link);
	rc->n_reads++;
	if (rc_query_parse(http_query(req), &rd->q, false, &e) &&
	    rc_target_parse(rc, http_path(req) + strlen("/restconf/data"), &rd->t, &e) &&
	    rc_fields_parse(rd, rd->t.schema, &e) && read_begin(rd, &e)) {
		read_answer(rd);
		return;
	}
	rc_reply_error(rc, req, &e);
	read_free(rd);
}
