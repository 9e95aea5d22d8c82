/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What speaks for what. A row: facts of this kind speak for a cause of this class, where, how much,
 * and whether that is enough to name it at all. Weights are such that what sees the place itself
 * outweighs what sees only its effects, and a common cause outweighs each of its parts.
 */
#include "assure/locate/locate_priv.h"

#include "base/auto.h"

#define PPM 1000000u

enum {
	TOTAL_LEAST = 5,      /* packets: fewer are not "all of them" */
	CLOCK_SLACK_US = 1000,
	OFFERED_PCT = 98,     /* of its rate: a queue that drops below that is starved */
	FULL_PCT = 95,
};

bool locate_loses(const struct locate_case *c, const struct locate_fact *f)
{
	if (f->lost == 0 || f->of == 0)
		return false;
	return f->lost >= f->of || (double)f->lost * PPM / (double)f->of >= c->when->loss_ppm_min;
}

bool locate_loses_all(const struct locate_fact *f)
{
	return f->of >= TOTAL_LEAST && f->lost >= f->of;
}

unsigned locate_clears(enum locate_kind k)
{
	switch (k) {
	case LOCATE_PROBE_FORWARD:
		return CLEAR_FORWARD;
	case LOCATE_PROBE_BACK:
		return CLEAR_BACK;
	case LOCATE_LARGE_LOSS:
		return CLEAR_LARGE;
	case LOCATE_LINK_GONE:
	case LOCATE_NODE_GONE:
	case LOCATE_FEED_GONE:
	case LOCATE_PCEP_GONE:
	case LOCATE_DEVICE_GONE:
	case LOCATE_READINGS_GONE:
	case LOCATE_POLICY_DOWN:
	case LOCATE_FLOW_LOSS:
	case LOCATE_FLOW_DELAY:
	case LOCATE_WIRE_LOSS:
	case LOCATE_NODE_LOSS:
	case LOCATE_CLASS_DROPS:
	case LOCATE_LINK_FULL:
	case LOCATE_IF_ERRORS:
	case LOCATE_SID_WRONG:
	case LOCATE_SID_DEAF:
	case LOCATE_STRAY:
	case LOCATE_CLOCK_STEP:
	case LOCATE_KINDS:
		break;
	}
	return CLEARS;
}

/* ---- conditions ---- */

static bool reverse_gone(const struct locate_case *c, const struct locate_fact *f)
{
	uint32_t back = c->net->links[f->link].reverse;

	return back != LOCATE_NONE && c->gone[back];
}

/* Packets came the other way since. */
static bool reverse_alive(const struct locate_case *c, const struct locate_fact *f)
{
	uint32_t back = c->net->links[f->link].reverse;

	return back != LOCATE_NONE && c->alive_ns[back] > f->at_ns;
}

/* The topology is not in sight: what is no longer announced may well be there. */
static bool seen(const struct locate_case *c, const struct locate_fact *f, uint32_t at)
{
	(void)at;
	return !c->blind || f->at_ns < c->blind_ns;
}

static bool unseen(const struct locate_case *c, const struct locate_fact *f, uint32_t at)
{
	return !seen(c, f, at);
}

static bool seen_both(const struct locate_case *c, const struct locate_fact *f, uint32_t at)
{
	return seen(c, f, at) && (reverse_gone(c, f) || !reverse_alive(c, f));
}

static bool seen_single(const struct locate_case *c, const struct locate_fact *f, uint32_t at)
{
	return seen(c, f, at) && !reverse_gone(c, f) && reverse_alive(c, f);
}

static bool cut_off(const struct locate_case *c, const struct locate_fact *f, uint32_t at)
{
	return seen(c, f, at) && c->wires[at] >= 2 && c->wires_gone[at] == c->wires[at];
}

bool locate_full(const struct locate_fact *f)
{
	return f->bound > 0 && f->value >= f->bound / 100 * FULL_PCT;
}

/* Its queues do not say that they dropped it; of those that say nothing a full link is enough. */
static bool silent(const struct locate_case *c, const struct locate_fact *f)
{
	return c->drops[f->link] < (f->lost + 1) / 2 && (c->told[f->link] || !c->full[f->link]);
}

static bool wire_part(const struct locate_case *c, const struct locate_fact *f, uint32_t at)
{
	(void)at;
	return locate_loses(c, f) && !locate_loses_all(f) && silent(c, f);
}

static bool wandering(const struct locate_case *c, const struct locate_fact *f)
{
	return f->flow != LOCATE_NONE && c->stray[f->flow];
}

static bool wire_all(const struct locate_case *c, const struct locate_fact *f, uint32_t at)
{
	(void)at;
	return locate_loses_all(f) && !c->gone[f->link] && !reverse_gone(c, f) && !wandering(c, f) &&
	       silent(c, f);
}

static bool wire_all_astray(const struct locate_case *c, const struct locate_fact *f, uint32_t at)
{
	(void)at;
	return locate_loses_all(f) && !c->gone[f->link] && wandering(c, f);
}

static bool loses(const struct locate_case *c, const struct locate_fact *f, uint32_t at)
{
	(void)at;
	return locate_loses(c, f);
}

static bool dropped(const struct locate_case *c, const struct locate_fact *f, uint32_t at)
{
	(void)at;
	return locate_loses(c, f) && !silent(c, f);
}

static bool loses_part(const struct locate_case *c, const struct locate_fact *f, uint32_t at)
{
	(void)at;
	return locate_loses(c, f) && !locate_loses_all(f);
}

static bool loses_all(const struct locate_case *c, const struct locate_fact *f, uint32_t at)
{
	(void)c;
	(void)at;
	return locate_loses_all(f);
}

static bool lost_ahead_only(const struct locate_case *c, const struct locate_fact *f, uint32_t at)
{
	uint32_t back = at < c->net->n_links ? c->net->links[at].reverse : LOCATE_NONE;

	/* its own come back that way, or others' packets go there */
	return locate_loses_all(f) && (c->behind[f->flow] || (back != LOCATE_NONE && c->open[back]));
}

static bool lost_behind_only(const struct locate_case *c, const struct locate_fact *f, uint32_t at)
{
	(void)at;
	return locate_loses_all(f) && c->ahead[f->flow];
}

static bool starved(const struct locate_case *c, const struct locate_fact *f, uint32_t at)
{
	(void)c;
	(void)at;
	return f->lost > 0 && f->bound > 0 && f->value < f->bound / 100 * OFFERED_PCT;
}

static bool overrun(const struct locate_case *c, const struct locate_fact *f, uint32_t at)
{
	return f->lost > 0 && !starved(c, f, at) && c->hurt[f->link];
}

static bool full_and_hurt(const struct locate_case *c, const struct locate_fact *f, uint32_t at)
{
	(void)at;
	return locate_full(f) && c->hurt[f->link];
}

bool locate_clock_moved(const struct locate_fact *f)
{
	return f->value > f->bound && f->value - f->bound > CLOCK_SLACK_US;
}

static bool clock_moved(const struct locate_case *c, const struct locate_fact *f, uint32_t at)
{
	(void)c;
	(void)at;
	return locate_clock_moved(f);
}

static bool late(const struct locate_case *c, const struct locate_fact *f, uint32_t at)
{
	(void)c;
	(void)at;
	return f->value > f->bound;
}

#define YES true
#define SPEAKS false

const struct locate_rule locate_rules[] = {
	{ LOCATE_LINK_GONE, LOCATE_LINK_DOWN, TO_WIRE, 70, YES, seen_both },
	{ LOCATE_LINK_GONE, LOCATE_ONE_WAY, TO_LINK, 70, YES, seen_single },
	{ LOCATE_LINK_GONE, LOCATE_NODE_DOWN, TO_ENDS, 80, YES, cut_off },
	{ LOCATE_LINK_GONE, LOCATE_FEED_LOST, TO_NOWHERE, 5, SPEAKS, unseen },
	{ LOCATE_NODE_GONE, LOCATE_NODE_DOWN, TO_NODE, 80, YES, seen },
	{ LOCATE_NODE_GONE, LOCATE_FEED_LOST, TO_NOWHERE, 5, SPEAKS, unseen },
	{ LOCATE_FEED_GONE, LOCATE_FEED_LOST, TO_NOWHERE, 90, YES, NULL },
	{ LOCATE_PCEP_GONE, LOCATE_AGENT_DEAD, TO_NODE, 45, YES, NULL },
	{ LOCATE_PCEP_GONE, LOCATE_NODE_DOWN, TO_NODE, 30, SPEAKS, NULL },
	{ LOCATE_DEVICE_GONE, LOCATE_AGENT_DEAD, TO_NODE, 45, YES, NULL },
	{ LOCATE_DEVICE_GONE, LOCATE_NODE_DOWN, TO_NODE, 30, SPEAKS, NULL },
	{ LOCATE_READINGS_GONE, LOCATE_AGENT_DEAD, TO_NODE, 15, SPEAKS, NULL },
	{ LOCATE_READINGS_GONE, LOCATE_NODE_DOWN, TO_NODE, 15, SPEAKS, NULL },
	{ LOCATE_READINGS_GONE, LOCATE_CLOCK_JUMP, TO_NODE, 20, SPEAKS, NULL },
	{ LOCATE_POLICY_DOWN, LOCATE_LINK_DOWN, TO_PATH, 10, SPEAKS, NULL },
	{ LOCATE_POLICY_DOWN, LOCATE_NODE_DOWN, TO_PATH, 10, SPEAKS, NULL },
	{ LOCATE_POLICY_DOWN, LOCATE_ONE_WAY, TO_PATH, 10, SPEAKS, NULL },
	{ LOCATE_POLICY_DOWN, LOCATE_WRONG_SID, TO_PATH, 10, SPEAKS, NULL },
	{ LOCATE_POLICY_DOWN, LOCATE_AGENT_DEAD, TO_HEAD, 10, SPEAKS, NULL },
	{ LOCATE_FLOW_LOSS, LOCATE_LINK_DOWN, TO_PATH, 8, SPEAKS, loses },
	{ LOCATE_FLOW_LOSS, LOCATE_NODE_DOWN, TO_PATH, 8, SPEAKS, loses },
	{ LOCATE_FLOW_LOSS, LOCATE_SILENT_NODE, TO_PATH, 8, SPEAKS, loses_part },
	{ LOCATE_FLOW_LOSS, LOCATE_SILENT_WIRE, TO_PATH, 8, SPEAKS, loses_part },
	{ LOCATE_FLOW_LOSS, LOCATE_QUEUE_STARVED, TO_PATH, 8, SPEAKS, loses },
	{ LOCATE_FLOW_LOSS, LOCATE_CONGESTION, TO_PATH, 8, SPEAKS, loses },
	{ LOCATE_FLOW_LOSS, LOCATE_MTU_HOLE, TO_PATH, 8, SPEAKS, loses_part },
	{ LOCATE_FLOW_LOSS, LOCATE_WRONG_SID, TO_PATH, 8, SPEAKS, loses_all },
	{ LOCATE_FLOW_LOSS, LOCATE_ONE_WAY, TO_PATH, 8, SPEAKS, loses_all },
	{ LOCATE_FLOW_DELAY, LOCATE_CONGESTION, TO_PATH, 10, SPEAKS, late },
	{ LOCATE_FLOW_DELAY, LOCATE_QUEUE_STARVED, TO_PATH, 10, SPEAKS, late },
	{ LOCATE_FLOW_DELAY, LOCATE_CLOCK_JUMP, TO_PATH, 10, SPEAKS, late },
	{ LOCATE_WIRE_LOSS, LOCATE_SILENT_WIRE, TO_LINK, 70, YES, wire_part },
	{ LOCATE_WIRE_LOSS, LOCATE_ONE_WAY, TO_LINK, 65, YES, wire_all },
	{ LOCATE_WIRE_LOSS, LOCATE_WRONG_SID, TO_FROM, 75, YES, wire_all_astray },
	{ LOCATE_WIRE_LOSS, LOCATE_LINK_DOWN, TO_WIRE, 15, SPEAKS, loses },
	{ LOCATE_WIRE_LOSS, LOCATE_NODE_DOWN, TO_ENDS, 15, SPEAKS, loses },
	{ LOCATE_WIRE_LOSS, LOCATE_QUEUE_STARVED, TO_LINK, 15, SPEAKS, dropped },
	{ LOCATE_WIRE_LOSS, LOCATE_CONGESTION, TO_LINK, 15, SPEAKS, dropped },
	{ LOCATE_WIRE_LOSS, LOCATE_MTU_HOLE, TO_LINK, 15, SPEAKS, loses_part },
	{ LOCATE_NODE_LOSS, LOCATE_SILENT_NODE, TO_NODE, 70, YES, loses_part },
	{ LOCATE_NODE_LOSS, LOCATE_MTU_HOLE, TO_NEXT, 15, SPEAKS, loses_part },
	{ LOCATE_NODE_LOSS, LOCATE_WRONG_SID, TO_NODE, 60, YES, loses_all },
	{ LOCATE_NODE_LOSS, LOCATE_NODE_DOWN, TO_NODE, 15, SPEAKS, loses },
	{ LOCATE_PROBE_FORWARD, LOCATE_ONE_WAY, TO_FLOW, 55, YES, lost_ahead_only },
	{ LOCATE_PROBE_FORWARD, LOCATE_LINK_DOWN, TO_PATH, 8, SPEAKS, loses },
	{ LOCATE_PROBE_FORWARD, LOCATE_NODE_DOWN, TO_PATH, 8, SPEAKS, loses },
	{ LOCATE_PROBE_FORWARD, LOCATE_WRONG_SID, TO_PATH, 8, SPEAKS, loses_all },
	{ LOCATE_PROBE_FORWARD, LOCATE_SILENT_NODE, TO_PATH, 8, SPEAKS, loses_part },
	{ LOCATE_PROBE_FORWARD, LOCATE_SILENT_WIRE, TO_PATH, 8, SPEAKS, loses_part },
	{ LOCATE_PROBE_FORWARD, LOCATE_CONGESTION, TO_PATH, 8, SPEAKS, loses },
	{ LOCATE_PROBE_FORWARD, LOCATE_QUEUE_STARVED, TO_PATH, 8, SPEAKS, loses },
	{ LOCATE_PROBE_BACK, LOCATE_ONE_WAY, TO_BACK, 55, YES, lost_behind_only },
	{ LOCATE_LARGE_LOSS, LOCATE_MTU_HOLE, TO_FLOW, 60, YES, loses_all },
	{ LOCATE_LARGE_LOSS, LOCATE_SILENT_NODE, TO_PATH, 8, SPEAKS, loses_part },
	{ LOCATE_LARGE_LOSS, LOCATE_SILENT_WIRE, TO_PATH, 8, SPEAKS, loses_part },
	{ LOCATE_LARGE_LOSS, LOCATE_CONGESTION, TO_PATH, 8, SPEAKS, loses },
	{ LOCATE_LARGE_LOSS, LOCATE_QUEUE_STARVED, TO_PATH, 8, SPEAKS, loses },
	{ LOCATE_CLASS_DROPS, LOCATE_QUEUE_STARVED, TO_LINK, 80, YES, starved },
	{ LOCATE_CLASS_DROPS, LOCATE_CONGESTION, TO_LINK, 75, YES, overrun },
	{ LOCATE_LINK_FULL, LOCATE_CONGESTION, TO_LINK, 45, YES, full_and_hurt },
	{ LOCATE_LINK_FULL, LOCATE_QUEUE_STARVED, TO_LINK, 10, SPEAKS, full_and_hurt },
	{ LOCATE_IF_ERRORS, LOCATE_SILENT_WIRE, TO_LINK, 25, SPEAKS, NULL },
	{ LOCATE_IF_ERRORS, LOCATE_LINK_DOWN, TO_WIRE, 5, SPEAKS, NULL },
	{ LOCATE_SID_WRONG, LOCATE_WRONG_SID, TO_NODE, 65, YES, NULL },
	{ LOCATE_SID_DEAF, LOCATE_WRONG_SID, TO_NODE, 65, YES, loses_all },
	{ LOCATE_STRAY, LOCATE_WRONG_SID, TO_PATH, 20, SPEAKS, NULL },
	{ LOCATE_CLOCK_STEP, LOCATE_CLOCK_JUMP, TO_NODE, 75, YES, clock_moved },
};

const size_t locate_n_rules = ARRAY_LEN(locate_rules);
