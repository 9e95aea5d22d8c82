/* SPDX-License-Identifier: Apache-2.0 */
/* Assurance windows: written like policies, with what became of them beside; and what they forbid. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assure/flows/room.h"
#include "assure/window/window_book.h"
#include "base/str.h"
#include "northbound/restconf/rc_int.h"

static const char *const frequencies[] = { "once", "hourly", "daily", "weekly", NULL };

static const struct rc_leaf leaves[] = {
	RC_LEAF("description", RC_CHARS, struct window, description, RC_SKIP_ZERO),
	RC_LEAF("start", RC_TIME, struct window, start_wall_ns, 0),
	RC_LEAF("duration", RC_U32, struct window, duration_s, 0),
	RC_LEAF_ENUM("frequency", RC_ENUM8, struct window, every, frequencies),
	RC_LEAF("interval", RC_U16, struct window, interval, 0),
	RC_LEAF("count", RC_U32, struct window, count, 0),
	RC_LEAF("freeze", RC_BOOL, struct window, freeze, 0),
	RC_LEAF("check-before", RC_U32, struct window, check_s, 0),
};

/* ---- reading ---- */

static bool row_next(struct rc_read *rd, struct rc_cursor *cur)
{
	struct window_view *v = rd->rc->cfg.windows ? malloc(sizeof(*v)) : NULL;
	bool found = v && window_book_next(rd->rc->cfg.windows, cur->own, v);

	free(cur->own);
	cur->own = found ? strdup(v->window.name) : NULL;
	free(v);
	return cur->own != NULL;
}

static bool row_find(struct rc_read *rd, struct rc_cursor *cur, const struct lyd_node *keys)
{
	const char *name = rc_value(keys, "name");
	struct window_view *v = name && rd->rc->cfg.windows ? malloc(sizeof(*v)) : NULL;
	bool found = v && window_book_get(rd->rc->cfg.windows, name, v);

	cur->own = found ? strdup(name) : NULL;
	free(v);
	return cur->own != NULL;
}

static void row_keys(struct rc_read *rd, const struct rc_cursor *cur, char keys[][RC_KEY_MAX])
{
	(void)rd;
	str_copy(keys[0], RC_KEY_MAX, cur->own);
}

static void time_add(struct lyd_node *parent, const char *name, uint64_t wall_ns)
{
	char text[64];

	if (wall_ns && rc_time_text(wall_ns, text, sizeof(text)))
		rc_add(parent, name, text);
}

static void check_fill(struct lyd_node *state, const struct window_check *c)
{
	struct lyd_node *n = rc_container(state, "sextant-assurance", "check");

	rc_add(n, "state", c->running ? "running" : c->failed ? "failed" : c->ended_ns ? "done" : "never");
	time_add(n, "ended", c->ended_ns);
	rc_addf(n, "failures", "%u", c->failures);
	rc_addf(n, "bad", "%u", c->bad);
	for (uint32_t i = 0; i < c->n_findings; i++)
		rc_add(n, "finding", c->finding[i]);
}

static void promise_fill(const struct rc_read *rd, struct lyd_node *n, const char *slice)
{
	struct assure_slice_view v;

	if (!rd->rc->cfg.assure || !assure_room_slice(rd->rc->cfg.assure, slice, &v) || v.promise == ASSURE_UNPROMISED)
		return;
	rc_add(n, "availability-promise", assure_standing_name(v.promise));
	rc_add(n, "availability-reason", v.promise_why);
}

static void service_fill(const struct rc_read *rd, struct lyd_node *report, const char *slice,
			 const struct window_service_report *s)
{
	struct lyd_node *n = rc_entry(report, "service", slice);
	uint64_t within = s->windows[REPAIR_WITHIN], all = within + s->windows[REPAIR_BEYOND] + s->windows[REPAIR_UNKNOWN];

	rc_addf(n, "within", "%u", s->windows[REPAIR_WITHIN]);
	rc_addf(n, "beyond", "%u", s->windows[REPAIR_BEYOND]);
	rc_addf(n, "unknown", "%u", s->windows[REPAIR_UNKNOWN]);
	if (all) /* rounded down: never better than it was */
		rc_addf(n, "availability", "%" PRIu64 ".%04" PRIu64, within * 100 / all,
			within * 1000000 / all % 10000);
	promise_fill(rd, n, slice);
	time_add(n, "worst-time", s->worst_ns);
	if (s->worst_ns)
		rc_add(n, "worst", s->worst);
}

static void report_fill(const struct rc_read *rd, struct lyd_node *state, const struct window_view *v)
{
	const struct window_report *r = &v->report;
	struct lyd_node *n;

	if (!r->begin_ns)
		return;
	n = rc_container(state, "sextant-assurance", "report");
	time_add(n, "begin", r->begin_ns);
	time_add(n, "end", r->end_ns);
	rc_addf(n, "refused-writes", "%u", r->refused);
	rc_addf(n, "unwatched", "%u", r->unwatched_s);
	for (uint32_t i = 0; i < r->n_incidents; i++)
		rc_addf(n, "incident", "%u", r->incident[i]);
	for (uint8_t i = 0; i < v->window.n_services; i++)
		service_fill(rd, n, v->window.service[i], &r->of[i]);
}

static void row_fill(struct rc_read *rd, const struct rc_cursor *cur, struct lyd_node *entry)
{
	struct window_view *v = malloc(sizeof(*v));
	struct lyd_node *state;

	if (!v || !window_book_get(rd->rc->cfg.windows, cur->own, v)) {
		free(v);
		return;
	}
	rc_leaves_fill(entry, leaves, ARRAY_LEN(leaves), &v->window);
	for (uint8_t i = 0; i < v->window.n_services; i++)
		rc_add(entry, "slice", v->window.service[i]);
	rc_add(entry, "level", v->window.high ? "high" : "normal");
	for (unsigned a = 0; a < REPAIR_ACTIONS; a++)
		if (v->window.allowed & 1u << a)
			rc_add(entry, "approved-action", repair_action_name((enum repair_action)a));
	state = rc_container(entry, "sextant-assurance", "state");
	rc_add(state, "active", v->active ? "true" : "false");
	time_add(state, "begin", v->begin_ns);
	time_add(state, "end", v->end_ns);
	check_fill(state, &v->check);
	report_fill(rd, state, v);
	free(v);
}

static bool row_etag(struct rc_read *rd, const struct rc_cursor *cur, char *buf, size_t cap)
{
	struct window_view *v = malloc(sizeof(*v));
	bool found = v && window_book_get(rd->rc->cfg.windows, cur->own, v);

	if (found)
		snprintf(buf, cap, "%" PRIu64, v->revision);
	free(v);
	return found;
}

/* ---- writing ---- */

static bool row_convert(struct rc *rc, const struct lyd_node *entry, void *value, struct rc_error *e)
{
	struct window *w = value;
	const struct lyd_node *n;

	if (!rc->cfg.windows)
		return rc_fail(e, RC_NOT_IMPLEMENTED, "no slice is assured here");
	rc_leaves_read(entry, leaves, ARRAY_LEN(leaves), w);
	str_copy(w->name, sizeof(w->name), rc_value(entry, "name"));
	w->high = strcmp(rc_value(entry, "level"), "high") == 0;
	LY_LIST_FOR(lyd_child(entry), n) {
		const char *text = lyd_get_value(n);

		if (strcmp(n->schema->name, "slice") == 0 && w->n_services < WINDOW_SERVICES_MAX)
			str_copy(w->service[w->n_services++], WINDOW_SERVICE_MAX, text);
		for (unsigned a = 0; strcmp(n->schema->name, "approved-action") == 0 && a < REPAIR_ACTIONS; a++)
			if (strcmp(repair_action_name((enum repair_action)a), text) == 0)
				w->allowed |= (uint8_t)(1u << a);
	}
	return true;
}

static bool row_validate(struct rc *rc, const void *value, struct rc_error *e)
{
	const struct window *w = value;
	const char *leaf, *fault = window_fault(w, &leaf);

	(void)rc;
	if (fault)
		return rc_fail(e, RC_INVALID_VALUE, "%s: %s", leaf, fault);
	return true;
}

static void done(void *arg, const struct window_result *r)
{
	static const enum rc_tag tags[] = { [WINDOW_E_MISSING] = RC_NOT_FOUND,
					    [WINDOW_E_REVISION] = RC_PRECONDITION,
					    [WINDOW_E_LIMIT] = RC_TOO_BIG,
					    [WINDOW_E_STORE] = RC_NO_SPACE,
					    [WINDOW_E_INVALID] = RC_INVALID_VALUE,
					    [WINDOW_E_BUSY] = RC_IN_USE };
	struct rc_op *op = arg;

	if (r->code)
		rc_fail(&op->error, tags[r->code], "%s%s%.200s", r->field, r->field[0] ? ": " : "", r->text);
	else if (r->revision && !op->removes)
		snprintf(op->etag, sizeof(op->etag), "\"%" PRIu64 "\"", r->revision);
	rc_op_done(op);
}

static void row_put(struct rc_op *op)
{
	window_book_put(op->rc->cfg.windows, op->value, op->if_revision, done, op);
}

static void row_remove(struct rc_op *op)
{
	window_book_delete(op->rc->cfg.windows, op->text, op->if_revision, done, op);
}

static const struct rc_writer window_writer = {
	.size = sizeof(struct window),
	.convert = row_convert,
	.validate = row_validate,
	.put = row_put,
	.remove = row_remove,
};

const struct rc_row rc_rows_window[] = {
	{ .path = "/sextant-assurance:assurance-windows/window", .next = row_next, .find = row_find,
	  .keys = row_keys, .fill = row_fill, .etag = row_etag, .writer = &window_writer },
};
const size_t rc_n_rows_window = ARRAY_LEN(rc_rows_window);

/* ---- operations ---- */

static void run_check(struct rc_op *op)
{
	int r = window_book_check(op->rc->cfg.windows, op->text);

	if (r == WINDOW_E_MISSING)
		rc_fail(&op->error, RC_NOT_FOUND, "there is no such window");
	else if (r != 0)
		rc_fail(&op->error, RC_IN_USE, "it is being worked out");
	rc_op_done(op);
}

void rc_window_check(struct rc *rc, const struct lyd_node *input, struct lyd_node *output, struct rc_op *op,
		     struct rc_error *e)
{
	(void)output;
	op->run = run_check;
	if (!rc->cfg.windows)
		rc_fail(e, RC_NOT_IMPLEMENTED, "no slice is assured here");
	else if (!str_copy(op->text, sizeof(op->text), rc_value(input, "name")))
		rc_fail(e, RC_NOT_FOUND, "there is no such window");
}

/* ---- what a window forbids ---- */

/* What is said of windows and incidents, what is taken back before it began, a copy of the store. */
static bool exempt(const char *path, const char *operation)
{
	static const char data[] = "/restconf/data/sextant-assurance:", own[] = "sextant-assurance:";

	if (operation[0])
		return strncmp(operation, own, strlen(own)) == 0 || strcmp(operation, "sextant-operations:cancel") == 0 ||
		       strcmp(operation, "sextant-system:backup") == 0;
	return strncmp(path, data, strlen(data)) == 0;
}

bool rc_window_frozen(struct rc *rc, struct http_req *req, const char *operation, struct rc_error *e)
{
	char name[WINDOW_NAME_MAX], until[64] = "";
	uint64_t end;

	/* Who has no right to it is told that. */
	if (!rc->cfg.windows || http_user(req)->role < HTTP_ROLE_OPERATE || exempt(http_path(req), operation) ||
	    !window_book_frozen(rc->cfg.windows, name, &end))
		return false;
	window_book_refused(rc->cfg.windows);
	(void)rc_time_text(end, until, sizeof(until));
	rc_fail(e, RC_RESOURCE_DENIED, "assurance window %s until %s: nothing else is changed before its end", name,
		until);
	str_copy(e->app_tag, sizeof(e->app_tag), "sextant:assurance-window");
	return true;
}
