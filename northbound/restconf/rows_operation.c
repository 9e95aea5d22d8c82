/* SPDX-License-Identifier: Apache-2.0 */
/* What is remembered of writes, as models/sextant-operations.yang. */
#include <inttypes.h>
#include <stdio.h>
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

static void step_fill(struct lyd_node *entry, unsigned index, const char *name, const char *state)
{
	char key[8];
	struct lyd_node *s;

	snprintf(key, sizeof(key), "%u", index);
	s = rc_entry(entry, "step", key);
	rc_add(s, "name", name);
	rc_add(s, "state", state);
}

/* Two steps: the record of it on the disk, then the change itself. */
static void steps_fill(struct lyd_node *entry, const struct rc_operation *o)
{
	bool running = o->state == RC_OPERATION_RUNNING || o->state == RC_OPERATION_CANCELLING;
	bool began = !running || (o->op && o->op->began);
	const char *commit = running ? began ? "running" : "waiting" :
			     o->state == RC_OPERATION_DONE ? "done" : "failed";

	rc_addf(entry, "progress", "%u", running ? began ? 50U : 0U : 100U);
	rc_add(entry, "cancellable", began ? "false" : "true");
	step_fill(entry, 1, "record", began ? "done" : "running");
	step_fill(entry, 2, "commit", commit);
}

static void operation_fill(struct rc_read *rd, const struct rc_cursor *cur, struct lyd_node *entry)
{
	const struct rc_operation *o = rc_operation_get(rd->rc, cur->at);

	if (!o)
		return;
	rc_leaves_fill(entry, leaves, ARRAY_LEN(leaves), o);
	if (o->ended)
		rc_addf(entry, "status", "%u", o->status);
	steps_fill(entry, o);
}

const struct rc_row rc_rows_operation[] = {
	{ .path = "/sextant-operations:operations/operation", .next = operation_next,
	  .find = operation_find, .keys = operation_keys, .fill = operation_fill },
};
const size_t rc_n_rows_operation = ARRAY_LEN(rc_rows_operation);
