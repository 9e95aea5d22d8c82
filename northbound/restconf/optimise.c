/* SPDX-License-Identifier: Apache-2.0 */
/* sextant-optimise: the optimiser on live policies is intent's; asked, watched and told here. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intent/optimise.h"
#include "northbound/restconf/rc_int.h"

/* ---- operations ---- */

static void finish(struct rc_op *op, int code, const char *why)
{
	struct intent_result r = { .code = code };

	str_copy(r.text, sizeof(r.text), why ? why : "");
	if (code)
		rc_intent_error(&op->error, &r, false);
	rc_op_done(op);
}

static void run_start(struct rc_op *op)
{
	const char *why = NULL;
	uint64_t id = 0;
	int code = intent_optimise_start(op->rc->cfg.intent, op->value, &id, &why);

	if (code == 0) {
		str_addf(&op->body, "{\"sextant-optimise:output\":{\"id\":\"%" PRIu64 "\"}}", id);
		op->status = 200;
	}
	finish(op, code, why);
}

static void run_apply(struct rc_op *op)
{
	const uint64_t *id = op->value;
	const char *why = NULL;
	int code = intent_optimise_apply(op->rc->cfg.intent, *id, &why);

	finish(op, code, why);
}

static void run_cancel(struct rc_op *op)
{
	const uint64_t *id = op->value;
	const char *why = NULL;
	int code = intent_optimise_cancel(op->rc->cfg.intent, *id, &why);

	finish(op, code, why);
}

static const struct rc_leaf option_leaves[] = {
	RC_LEAF("seconds", RC_U32, struct intent_optimise_options, seconds, 0),
	RC_LEAF("work", RC_U64, struct intent_optimise_options, work, 0),
	RC_LEAF("seed", RC_U64, struct intent_optimise_options, seed, 0),
	RC_LEAF("midpoints", RC_U8, struct intent_optimise_options, midpoints, 0),
	RC_LEAF("charge", RC_U32, struct intent_optimise_options, charge_ppm, 0),
	RC_LEAF("dry-run", RC_NOT, struct intent_optimise_options, apply, 0),
};

static void prepare(struct rc_op *op, size_t size, void (*run)(struct rc_op *op), struct rc_error *e)
{
	op->run = run;
	op->value = calloc(1, size);
	if (!op->value)
		rc_fail(e, RC_UNAVAILABLE, "no memory");
}

void rc_optimise_start(struct rc *rc, const struct lyd_node *input, struct lyd_node *output,
		       struct rc_op *op, struct rc_error *e)
{
	(void)rc;
	(void)output;
	prepare(op, sizeof(struct intent_optimise_options), run_start, e);
	if (op->value)
		rc_leaves_read(input, option_leaves, ARRAY_LEN(option_leaves), op->value);
}

static void id_op(const struct lyd_node *input, struct rc_op *op, void (*run)(struct rc_op *op),
		  struct rc_error *e)
{
	prepare(op, sizeof(uint64_t), run, e);
	if (op->value)
		str_u64(rc_value(input, "id"), op->value);
}

void rc_optimise_apply(struct rc *rc, const struct lyd_node *input, struct lyd_node *output,
		       struct rc_op *op, struct rc_error *e)
{
	(void)rc;
	(void)output;
	id_op(input, op, run_apply, e);
}

void rc_optimise_cancel(struct rc *rc, const struct lyd_node *input, struct lyd_node *output,
			struct rc_op *op, struct rc_error *e)
{
	(void)rc;
	(void)output;
	id_op(input, op, run_cancel, e);
}

/* ---- what there is ---- */

static const char *const state_names[] = {
	[INTENT_OPTIMISE_COMPUTING] = "computing", [INTENT_OPTIMISE_READY] = "ready",
	[INTENT_OPTIMISE_APPLYING] = "applying",   [INTENT_OPTIMISE_DONE] = "done",
	[INTENT_OPTIMISE_STOPPED] = "stopped",	   [INTENT_OPTIMISE_FAILED] = "failed",
};
static const char *const rollout_names[] = {
	[INTENT_ROLLOUT_NONE_NEEDED] = "none-needed", [INTENT_ROLLOUT_FOUND] = "found",
	[INTENT_ROLLOUT_DETOURS] = "with-detours",    [INTENT_ROLLOUT_PART] = "part",
	[INTENT_ROLLOUT_NONE] = "none",
	[INTENT_ROLLOUT_UNKNOWN] = "unknown",
};
static const char *const step_names[] = { [INTENT_STEP_WAITING] = "waiting",
					  [INTENT_STEP_SENT] = "sent",
					  [INTENT_STEP_DONE] = "done",
					  [INTENT_STEP_FAILED] = "failed" };

static void share_add(struct lyd_node *n, const char *name, uint64_t ppb)
{
	if (ppb != UINT64_MAX)
		rc_addf(n, name, "%" PRIu64, ppb / 1000);
}

static void time_add(struct lyd_node *n, const char *name, uint64_t wall_ns)
{
	char when[40];

	if (wall_ns && rc_time_text(wall_ns, when, sizeof(when)))
		rc_add(n, name, when);
}

static void plan_fill(struct lyd_node *n, const struct intent_optimise_view *v)
{
	rc_addf(n, "movable", "%" PRIu32, v->n_movable);
	rc_addf(n, "left-out", "%" PRIu32, v->n_left_out);
	if (v->fullest_before[0])
		rc_add(n, "fullest-before", v->fullest_before);
	if (v->fullest_after[0])
		rc_add(n, "fullest-after", v->fullest_after);
	share_add(n, "before-ppm", v->before_ppb);
	share_add(n, "after-ppm", v->after_ppb);
	share_add(n, "bound-ppm", v->least_ppb);
	share_add(n, "gap-ppm", v->gap_ppb);
	share_add(n, "booked-before-ppm", v->booked_before_ppb);
	share_add(n, "booked-after-ppm", v->booked_after_ppb);
	rc_add(n, "rollout", rollout_names[v->rollout]);
	rc_addf(n, "changes", "%" PRIu32, v->n_changes);
	rc_addf(n, "dropped", "%" PRIu32, v->n_dropped);
	rc_addf(n, "steps", "%" PRIu32, v->n_steps);
	rc_addf(n, "steps-done", "%" PRIu32, v->n_done);
}

static void optimisation_fill(struct rc_read *rd, const struct rc_cursor *cur, struct lyd_node *entry)
{
	struct intent_optimise_view v;
	struct lyd_node *n;

	(void)cur;
	if (!intent_optimise_get(rd->rc->cfg.intent, &v))
		return;
	rc_addf(entry, "id", "%" PRIu64, v.id);
	rc_add(entry, "state", state_names[v.state]);
	if (v.why[0])
		rc_add(entry, "reason", v.why);
	time_add(entry, "started", v.started_wall_ns);
	time_add(entry, "ended", v.ended_wall_ns);
	rc_addf(entry, "generation", "%" PRIu64, v.generation);
	rc_leaves_fill(rc_container(entry, NULL, "options"), option_leaves, ARRAY_LEN(option_leaves),
		       &v.options);
	n = rc_container(entry, NULL, "progress");
	rc_addf(n, "work", "%" PRIu64, v.work);
	share_add(n, "utilisation-ppm", v.util_ppb);
	share_add(n, "bound-ppm", v.bound_ppb);
	rc_addf(n, "changed", "%" PRIu32, v.changed);
	if (v.has_plan)
		plan_fill(rc_container(entry, NULL, "plan"), &v);
}

static void sids_fill(struct lyd_node *n, const char *name, const struct sr_list *l)
{
	char sid[IP_TEXT_MAX];

	for (unsigned k = 0; k < l->n; k++)
		rc_add(n, name, ip_text(&l->at[k].sid, sid, sizeof(sid)));
}

/* The lists are walked by number: from one entry to the next the plan may be another, then the
 * walk goes on in that one. */
union element {
	struct intent_optimise_change change;
	struct intent_optimise_step step;
	struct intent_optimise_left left;
};

static union element *element(struct rc_cursor *cur)
{
	if (!cur->own)
		cur->own = calloc(1, sizeof(union element));
	return cur->own;
}

static bool change_next(struct rc_read *rd, struct rc_cursor *cur)
{
	union element *e = element(cur);

	return e && intent_optimise_change(rd->rc->cfg.intent, (uint32_t)cur->at++, &e->change);
}

static bool step_next(struct rc_read *rd, struct rc_cursor *cur)
{
	union element *e = element(cur);

	return e && intent_optimise_step(rd->rc->cfg.intent, (uint32_t)cur->at++, &e->step);
}

static bool left_next(struct rc_read *rd, struct rc_cursor *cur)
{
	union element *e = element(cur);

	return e && intent_optimise_left(rd->rc->cfg.intent, (uint32_t)cur->at++, &e->left);
}

static void change_keys(struct rc_read *rd, const struct rc_cursor *cur, char keys[][RC_KEY_MAX])
{
	const union element *e = cur->own;

	(void)rd;
	(void)sr_policy_key_text(&e->change.key, keys[0], RC_KEY_MAX);
}

static void step_keys(struct rc_read *rd, const struct rc_cursor *cur, char keys[][RC_KEY_MAX])
{
	(void)rd;
	snprintf(keys[0], RC_KEY_MAX, "%" PRIu64, cur->at);
}

static void left_keys(struct rc_read *rd, const struct rc_cursor *cur, char keys[][RC_KEY_MAX])
{
	const union element *e = cur->own;

	(void)rd;
	(void)sr_policy_key_text(&e->left.key, keys[0], RC_KEY_MAX);
}

static bool change_find(struct rc_read *rd, struct rc_cursor *cur, const struct lyd_node *keys)
{
	char key[1][RC_KEY_MAX];

	while (change_next(rd, cur)) {
		change_keys(rd, cur, key);
		if (strcmp(key[0], rc_value(keys, "policy")) == 0)
			return true;
	}
	return false;
}

static bool left_find(struct rc_read *rd, struct rc_cursor *cur, const struct lyd_node *keys)
{
	char key[1][RC_KEY_MAX];

	while (left_next(rd, cur)) {
		left_keys(rd, cur, key);
		if (strcmp(key[0], rc_value(keys, "policy")) == 0)
			return true;
	}
	return false;
}

static bool step_find(struct rc_read *rd, struct rc_cursor *cur, const struct lyd_node *keys)
{
	uint64_t index = 0;

	str_u64(rc_value(keys, "index"), &index);
	if (index == 0 || index > UINT32_MAX)
		return false;
	cur->at = index - 1;
	return step_next(rd, cur);
}

static void change_fill(struct rc_read *rd, const struct rc_cursor *cur, struct lyd_node *entry)
{
	const struct intent_optimise_change *c = &((const union element *)cur->own)->change;

	(void)rd;
	rc_addf(entry, "bandwidth", "%" PRIu64, c->bandwidth_bps);
	if (c->delay_us_from != UINT32_MAX)
		rc_addf(entry, "delay-before", "%" PRIu32, c->delay_us_from);
	if (c->delay_us_to != UINT32_MAX)
		rc_addf(entry, "delay-after", "%" PRIu32, c->delay_us_to);
	sids_fill(entry, "old-sid", &c->from);
	sids_fill(entry, "new-sid", &c->to);
}

static void step_fill(struct rc_read *rd, const struct rc_cursor *cur, struct lyd_node *entry)
{
	const struct intent_optimise_step *s = &((const union element *)cur->own)->step;
	char key[SR_KEY_TEXT_MAX];

	(void)rd;
	rc_add(entry, "policy", sr_policy_key_text(&s->key, key, sizeof(key)));
	rc_add(entry, "detour", s->detour ? "true" : "false");
	rc_add(entry, "state", step_names[s->state]);
	if (s->why[0])
		rc_add(entry, "reason", s->why);
	sids_fill(entry, "sid", &s->to);
}

static void left_fill(struct rc_read *rd, const struct rc_cursor *cur, struct lyd_node *entry)
{
	const struct intent_optimise_left *l = &((const union element *)cur->own)->left;

	(void)rd;
	rc_add(entry, "dropped", l->dropped ? "true" : "false");
	rc_add(entry, "reason", l->why);
}

const struct rc_row rc_rows_optimise[] = {
	{ .path = "/sextant-optimise:optimisation", .fill = optimisation_fill },
	{ .path = "/sextant-optimise:optimisation/change", .next = change_next, .find = change_find,
	  .keys = change_keys, .fill = change_fill },
	{ .path = "/sextant-optimise:optimisation/step", .next = step_next, .find = step_find,
	  .keys = step_keys, .fill = step_fill },
	{ .path = "/sextant-optimise:optimisation/left-out", .next = left_next, .find = left_find,
	  .keys = left_keys, .fill = left_fill },
};
const size_t rc_n_rows_optimise = ARRAY_LEN(rc_rows_optimise);
