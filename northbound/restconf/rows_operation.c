/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is remembered of writes, as models/sextant-operations.yang. A write that was done may go on
 * behind its answer (a slice is realised): its steps are asked for when somebody looks.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "northbound/restconf/rc_int.h"

static const struct rc_leaf leaves[] = {
	RC_LEAF("method", RC_CHARS, struct rc_operation, method, 0),
	RC_LEAF("resource", RC_TEXT, struct rc_operation, resource, RC_SKIP_ZERO),
	RC_LEAF("user", RC_CHARS, struct rc_operation, user, 0),
	RC_LEAF("started", RC_TIME, struct rc_operation, started, 0),
	RC_LEAF("ended", RC_TIME, struct rc_operation, ended, 0),
	RC_LEAF_ENUM("state", RC_ENUM8, struct rc_operation, state, rc_operation_states),
	RC_LEAF("idempotency-key", RC_CHARS, struct rc_operation, key, RC_SKIP_ZERO),
	RC_LEAF("error-tag", RC_CHARS, struct rc_operation, tag, RC_SKIP_ZERO),
	RC_LEAF("text", RC_TEXT, struct rc_operation, text, RC_SKIP_ZERO),
};

/* By number: old ones may go while the list is being streamed. */
static bool operation_next(struct rc_read *rd, struct rc_cursor *cur)
{
	for (size_t i = 0; i < rd->rc->operations.n; i++)
		if (rd->rc->operations.at[i]->id > cur->at) {
			cur->at = rd->rc->operations.at[i]->id;
			return true;
		}
	return false;
}

static bool operation_find(struct rc_read *rd, struct rc_cursor *cur, const struct lyd_node *keys)
{
	str_u64(rc_value(keys, "id"), &cur->at);
	return rc_operation_get(rd->rc, cur->at) != NULL;
}

static void operation_keys(struct rc_read *rd, const struct rc_cursor *cur, char keys[][RC_KEY_MAX])
{
	(void)rd;
	snprintf(keys[0], RC_KEY_MAX, "%" PRIu64, cur->at);
}

/* ---- what goes on behind a write that was done ---- */

/* Of the entry it wrote, while that is still what it wrote. */
static bool live_of(struct rc *rc, const struct rc_operation *o, struct rc_live *live)
{
	struct rc_error e = { .tag = RC_OK };
	const struct rc_rnode *rn;
	struct rc_target t = { 0 };
	bool found = false;

	*live = (struct rc_live){ .state = RC_OPERATION_DONE };
	if (o->state != RC_OPERATION_DONE || !o->entry || !o->etag[0] || o->removes)
		return false;
	if (rc_target_parse(rc, o->entry + strlen("/restconf/data"), &t, &e) && t.node) {
		rn = rc_row_of(rc, t.schema);
		found = rn && rn->schema == t.schema && rn->row && rn->row->writer &&
			rn->row->writer->live &&
			rn->row->writer->live(rc, lyd_get_value(lyd_child(t.node)), o->etag, live);
	}
	rc_target_fini(&t);
	return found;
}

static void step_fill(struct lyd_node *entry, unsigned index, const char *name, const char *state)
{
	char key[8];
	struct lyd_node *s;

	snprintf(key, sizeof(key), "%u", index);
	s = rc_entry(entry, "step", key);
	rc_add(s, "name", name);
	rc_add(s, "state", state);
}

/* The record of it on the disk, the change itself, and what follows from that. */
static void steps_fill(struct lyd_node *entry, const struct rc_operation *o, const struct rc_live *live)
{
	bool running = rc_operation_runs(o), began = !running || (o->op && o->op->began);
	const char *commit = running ? began ? "running" : "waiting" :
			     o->state == RC_OPERATION_DONE ? "done" : "failed";
	unsigned done = began + !running;

	step_fill(entry, 1, "record", began ? "done" : "running");
	step_fill(entry, 2, "commit", commit);
	for (unsigned i = 0; i < live->n; i++) {
		step_fill(entry, 3 + i, live->steps[i].name, live->steps[i].state);
		done += strcmp(live->steps[i].state, "done") == 0;
	}
	running = running || live->state == RC_OPERATION_RUNNING;
	rc_addf(entry, "progress", "%u", running ? 100 * done / (2 + live->n) : 100U);
	rc_add(entry, "cancellable",
	       !began || (live->state == RC_OPERATION_RUNNING && !o->existed) ? "true" : "false");
}

static void operation_fill(struct rc_read *rd, const struct rc_cursor *cur, struct lyd_node *entry)
{
	const struct rc_operation *o = rc_operation_get(rd->rc, cur->at);
	struct rc_operation now;
	struct rc_live live;

	if (!o)
		return;
	now = *o;
	if (live_of(rd->rc, o, &live) && live.state != RC_OPERATION_DONE) {
		now.state = live.state;
		now.ended = live.state == RC_OPERATION_FAILED ? live.since_wall_ns : 0;
		now.text = live.text;
	}
	rc_leaves_fill(entry, leaves, ARRAY_LEN(leaves), &now);
	if (now.ended)
		rc_addf(entry, "status", "%u", o->status);
	steps_fill(entry, o, &live);
}

/* ---- cancel ---- */

static void cancel_run(struct rc_op *op)
{
	rc_op_done(op);
}

static void undo_run(struct rc_op *op)
{
	op->writer->remove(op);
}

/* What it made is taken away again. */
static bool undo_prepare(struct rc *rc, const struct rc_operation *o, struct rc_op *op)
{
	struct rc_error e = { .tag = RC_OK };
	struct rc_target t = { 0 };
	bool ok = false;

	if (rc_target_parse(rc, o->entry + strlen("/restconf/data"), &t, &e)) {
		const struct rc_row *row = rc_row_of(rc, t.schema)->row;

		op->docs = calloc(1, sizeof(*op->docs));
		op->writer = row->writer;
		op->entry = strdup(o->entry);
		ok = op->docs && rc_docs_add(op->docs, row, t.node, true);
	}
	rc_target_fini(&t);
	op->run = undo_run;
	return ok;
}

void rc_operation_cancel(struct rc *rc, const struct lyd_node *input, struct lyd_node *output,
			 struct rc_op *op, struct rc_error *e)
{
	struct rc_operation *o;
	struct rc_live live;
	uint64_t id = 0;

	(void)output;
	str_u64(rc_value(input, "id"), &id);
	o = rc_operation_get(rc, id);
	op->run = cancel_run;
	if (!o) {
		rc_fail(e, RC_NOT_FOUND, "there is no such operation");
	} else if (rc_operation_runs(o) && o->op && !o->op->began) {
		/*
		 * At once, not when this is on record: its record would be on the disk after that of
		 * the write it is about, which would have begun by then.
		 */
		o->state = RC_OPERATION_CANCELLING;
		o->op->cancelled = true;
	} else if (rc_operation_runs(o)) {
		rc_fail(e, RC_RESOURCE_DENIED,
			"it is past the step that can be taken back; write the opposite");
	} else if (!live_of(rc, o, &live) || live.state != RC_OPERATION_RUNNING) {
		rc_fail(e, RC_RESOURCE_DENIED, "it has ended: %s", rc_operation_states[o->state]);
	} else if (o->existed) {
		rc_fail(e, RC_RESOURCE_DENIED, "it changed what was there before: write that again");
	} else if (!undo_prepare(rc, o, op)) {
		rc_fail(e, RC_UNAVAILABLE, "no memory");
	}
}

const struct rc_row rc_rows_operation[] = {
	{ .path = "/sextant-operations:operations/operation", .next = operation_next,
	  .find = operation_find, .keys = operation_keys, .fill = operation_fill, .pages = true },
};
const size_t rc_n_rows_operation = ARRAY_LEN(rc_rows_operation);
