/* SPDX-License-Identifier: Apache-2.0 */
/* Incidents of slices, and what is wrong now: models/sextant-assurance.yang. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assure/repair/repair_desk.h"
#include "northbound/restconf/rc_int.h"

/* ---- reading ---- */

static const struct repair_incident *incident(const struct rc *rc, uint64_t id)
{
	const struct repair_desk *d = rc->cfg.repair;

	return d && id <= UINT32_MAX ? repair_incident_get(repair_desk_incidents(d), (uint32_t)id) : NULL;
}

/* By number: old ones may go while the list is being streamed. */
static bool incident_next(struct rc_read *rd, struct rc_cursor *cur)
{
	const struct repair_desk *d = rd->rc->cfg.repair;
	const struct repair_incident *i =
		d ? repair_incident_next(repair_desk_incidents(d), (uint32_t)cur->at) : NULL;

	cur->at = i ? i->id : cur->at;
	return i != NULL;
}

static bool incident_find(struct rc_read *rd, struct rc_cursor *cur, const struct lyd_node *keys)
{
	str_u64(rc_value(keys, "id"), &cur->at);
	return incident(rd->rc, cur->at) != NULL;
}

static void incident_keys(struct rc_read *rd, const struct rc_cursor *cur, char keys[][RC_KEY_MAX])
{
	(void)rd;
	snprintf(keys[0], RC_KEY_MAX, "%" PRIu64, cur->at);
}

static void time_add(struct lyd_node *parent, const char *name, uint64_t wall_ns)
{
	char text[64];

	if (wall_ns && rc_time_text(wall_ns, text, sizeof(text)))
		rc_add(parent, name, text);
}

static void entry_fill(struct lyd_node *parent, unsigned index, const struct repair_entry *e)
{
	char key[16];
	struct lyd_node *n;

	snprintf(key, sizeof(key), "%u", index);
	n = rc_entry(parent, "entry", key);
	time_add(n, "time", e->wall_ns);
	rc_add(n, "what", repair_what_name(e->what));
	if (e->action >= 0)
		rc_add(n, "action", repair_action_name((enum repair_action)e->action));
	rc_add(n, "text", e->text);
}

static void touched_fill(struct lyd_node *entry, const struct repair_desk *d, uint32_t id)
{
	struct repair_touched t[SLICE_MOVES_MAX];
	uint32_t n = repair_desk_touched(d, id, t, SLICE_MOVES_MAX);

	for (uint32_t k = 0; k < n; k++)
		rc_add(rc_entry(entry, "other-slice", t[k].slice), "is", t[k].shed ? "shed" : "moved");
}

static void tier_fill(struct lyd_node *entry, const struct rc *rc, const struct repair_incident *i)
{
	bool unkept = i->outcome == REPAIR_GIVEN_UP || i->outcome == REPAIR_REVERTED || i->outcome == REPAIR_ACCEPTED;
	char text[SR_REASON_MAX];

	if (unkept && rc->cfg.slice && slice_tier_below(rc->cfg.slice, i->slice, text, sizeof(text)))
		rc_add(entry, "lower-tier", text);
}

static void incident_fill(struct rc_read *rd, const struct rc_cursor *cur, struct lyd_node *entry)
{
	const struct repair_incident *i = incident(rd->rc, cur->at);

	if (!i)
		return;
	rc_add(entry, "slice", i->slice);
	rc_add(entry, "phase", repair_phase_name(i->phase));
	rc_add(entry, "outcome", repair_outcome_name(i->outcome));
	tier_fill(entry, rd->rc, i);
	time_add(entry, "opened", i->opened_wall_ns);
	time_add(entry, "ended", i->ended_wall_ns);
	if (i->restores)
		rc_addf(entry, "restores", "%u", i->restores);
	if (i->phase != REPAIR_ENDED && i->phase != REPAIR_LOCATING && i->at < i->policy.n)
		rc_add(entry, "action", repair_action_name(i->policy.order[i->at].action));
	rc_addf(entry, "actions", "%u", i->actions);
	rc_addf(entry, "reverts", "%u", i->reverts);
	for (unsigned k = 0; k < i->n_causes; k++)
		rc_add(entry, "cause", i->cause[k]);
	touched_fill(entry, rd->rc->cfg.repair, i->id);
	for (uint32_t k = 0; k < i->n_timeline; k++)
		entry_fill(entry, k + 1, &i->timeline[k]);
}

const struct rc_row rc_rows_incident[] = {
	{ .path = "/sextant-assurance:incidents/incident", .next = incident_next, .find = incident_find,
	  .keys = incident_keys, .fill = incident_fill, .pages = true },
};
const size_t rc_n_rows_incident = ARRAY_LEN(rc_rows_incident);

/* ---- operations ---- */

static void said(struct rc_op *op, int r)
{
	if (r == REPAIR_E_NONE)
		rc_fail(&op->error, RC_NOT_FOUND, "there is no such incident");
	else if (r != 0)
		rc_fail(&op->error, RC_RESOURCE_DENIED,
			"the incident is past that, or not there yet: its timeline says where it is");
	rc_op_done(op);
}

static uint32_t number(const struct rc_op *op)
{
	uint64_t n = 0;

	str_u64(op->text, &n);
	return (uint32_t)n;
}

static void run_approve(struct rc_op *op)
{
	said(op, repair_desk_approve(op->rc->cfg.repair, number(op), op->flag, op->audit->user));
}

static void run_accept(struct rc_op *op)
{
	said(op, repair_desk_accept(op->rc->cfg.repair, number(op), op->audit->user));
}

static void prepare(struct rc *rc, const struct lyd_node *input, struct rc_op *op, void (*run)(struct rc_op *),
		    struct rc_error *e)
{
	op->run = run;
	if (!rc->cfg.repair)
		rc_fail(e, RC_NOT_IMPLEMENTED, "no slice is assured here");
	else
		str_copy(op->text, sizeof(op->text), rc_value(input, "incident"));
}

void rc_incident_approve(struct rc *rc, const struct lyd_node *input, struct lyd_node *output, struct rc_op *op,
			 struct rc_error *e)
{
	(void)output;
	prepare(rc, input, op, run_approve, e);
	op->flag = strcmp(rc_value(input, "approved"), "true") == 0;
}

void rc_incident_accept(struct rc *rc, const struct lyd_node *input, struct lyd_node *output, struct rc_op *op,
			struct rc_error *e)
{
	(void)output;
	prepare(rc, input, op, run_accept, e);
}

static void released(void *arg, const struct slice_result *r)
{
	struct rc_op *op = arg;

	if (r->code)
		rc_fail(&op->error, r->code == SLICE_E_MISSING ? RC_NOT_FOUND : RC_RESOURCE_DENIED, "%.200s", r->text);
	rc_op_done(op);
}

static void run_release(struct rc_op *op)
{
	if (repair_desk_release(op->rc->cfg.repair, op->text, released, op) == 0)
		return;
	rc_fail(&op->error, RC_RESOURCE_DENIED, "an incident of the slice is open");
	rc_op_done(op);
}

void rc_incident_release(struct rc *rc, const struct lyd_node *input, struct lyd_node *output, struct rc_op *op,
			 struct rc_error *e)
{
	(void)output;
	op->run = run_release;
	if (!rc->cfg.repair)
		rc_fail(e, RC_NOT_IMPLEMENTED, "no slice is assured here");
	else if (!str_copy(op->text, sizeof(op->text), rc_value(input, "slice")))
		rc_fail(e, RC_NOT_FOUND, "there is no such slice");
}

/* ---- diagnosis ---- */

static void cause_fill(struct lyd_node *output, const struct repair_diagnosis *g, uint32_t at)
{
	const struct locate_cause *c = &g->result.cause[at];
	struct lyd_node *n;
	char key[8];

	snprintf(key, sizeof(key), "%u", at + 1);
	n = rc_entry(output, "cause", key);
	rc_add(n, "class", locate_class_name(c->class));
	rc_add(n, "text", g->cause[at]);
	rc_addf(n, "score", "%u", c->score);
	for (uint32_t i = 0; i < c->n_services && i < LOCATE_SERVICES_MAX; i++)
		rc_add(n, "slice", g->services[at][i]);
	rc_addf(n, "slices", "%u", c->n_services);
}

static void evidence_fill(struct lyd_node *output, const struct repair_evidence *e, uint32_t at)
{
	struct lyd_node *n;
	char key[8];

	snprintf(key, sizeof(key), "%u", at + 1);
	n = rc_entry(output, "evidence", key);
	if (e->rank)
		rc_addf(n, "rank", "%u", e->rank);
	rc_add(n, "fact", locate_kind_name(e->kind));
	if (e->at[0])
		rc_add(n, "at", e->at);
	if (e->slice[0])
		rc_add(n, "slice", e->slice);
	if (e->lost || e->of)
		rc_addf(n, "lost", "%llu", (unsigned long long)e->lost);
	if (e->of)
		rc_addf(n, "of", "%llu", (unsigned long long)e->of);
	if (e->value || e->bound)
		rc_addf(n, "value", "%llu", (unsigned long long)e->value);
	if (e->bound)
		rc_addf(n, "bound", "%llu", (unsigned long long)e->bound);
	time_add(n, "time", e->at_ns);
}

void rc_incident_diagnose(struct rc *rc, const struct lyd_node *input, struct lyd_node *output,
			  struct rc_op *op, struct rc_error *e)
{
	struct repair_diagnosis *g = rc->cfg.repair ? malloc(sizeof(*g)) : NULL;

	(void)input;
	(void)op;
	if (!rc->cfg.repair)
		rc_fail(e, RC_NOT_IMPLEMENTED, "no slice is assured here");
	else if (!g || repair_desk_diagnose(rc->cfg.repair, g) < 0)
		rc_fail(e, RC_UNAVAILABLE, "no memory, or the topology is not in sight");
	for (uint32_t i = 0; e->tag == RC_OK && i < g->result.n; i++)
		cause_fill(output, g, i);
	for (uint32_t i = 0; e->tag == RC_OK && i < g->n_evidence; i++)
		evidence_fill(output, &g->evidence[i], i);
	if (e->tag == RC_OK)
		rc_addf(output, "unexplained", "%u", g->result.unexplained);
	free(g);
}
