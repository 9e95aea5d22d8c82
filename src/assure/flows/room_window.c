/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows that are over: in words, as evidence for repairs, as events, as the verdict of their
 * slice. A flow that is promised something and not measured is unknown, and so is its slice.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assure/flows/room_priv.h"

#define PPM 1000000u
/* A verdict that stays is told again with other figures no more often than this. */
#define AGAIN_NS (10 * NS_PER_S)

/* ---- words ---- */

static const char *label(const struct ted *ted, uint32_t node)
{
	return ted && node < ted->n_nodes ? ted_node_label(ted, node) : "?";
}

static void percent(uint64_t part, uint64_t of, char *buf, size_t cap)
{
	uint64_t ppm = of ? (part * PPM + of / 2) / of : 0;

	(void)snprintf(buf, cap, "%" PRIu64 ".%0*" PRIu64, ppm / 10000, ppm % 100 ? 4 : 2,
		       ppm % 100 ? ppm % 10000 : ppm % 10000 / 100);
}

/* Where most of it was lost, as far as hops are known. */
static void place(const struct ted *ted, const struct assure_window *w, char *buf, size_t cap)
{
	const struct assure_segment *worst = NULL;

	buf[0] = '\0';
	for (unsigned i = 0; i < w->n_segments; i++) {
		const struct assure_segment *s = &w->segments[i];

		if (s->known && s->lost > 0 && (!worst || s->lost > worst->lost))
			worst = s;
	}
	if (!worst || w->n_segments < 2)
		return;
	if (worst->from.node == worst->to.node)
		(void)snprintf(buf, cap, ", %" PRIu64 " of them in %s", worst->lost, label(ted, worst->to.node));
	else
		(void)snprintf(buf, cap, ", %" PRIu64 " of them between %s and %s", worst->lost,
			       label(ted, worst->from.node), label(ted, worst->to.node));
}

static void say_loss(const struct assure_room *r, const struct room_flow *f, const struct assure_window *w,
		     struct str *o)
{
	const struct assure_terms *t = &f->terms;
	char is[32], may[32], where[200];

	if (t->loss_ppm_max == ASSURE_NO_BOUND || w->loss_why != ASSURE_FINE || w->lost == 0)
		return;
	percent(w->lost, w->sent, is, sizeof(is));
	percent(t->loss_ppm_max, PPM, may, sizeof(may));
	place(intent_ted(r->parts.intent), w, where, sizeof(where));
	str_addf(o, "%sloss %s %% of %s %% allowed (%" PRIu64 " of %" PRIu64 "%s)", o->len ? "; " : "", is,
		 may, w->lost, w->sent, where);
}

static void say_delay(const struct assure_room *r, struct room_flow *f, const struct assure_window *w,
		      struct str *o)
{
	const struct assure_terms *t = &f->terms;
	uint32_t us = 0;

	f->delay_us = UINT64_MAX;
	if (t->delay_us_max == ASSURE_NO_BOUND ||
	    assure_percentile(r->assure, f->id, t->percentile_ppm, &us) != ASSURE_FINE)
		return;
	f->delay_us = us;
	if (w->delay_why != ASSURE_FINE || (uint64_t)us * 100 < (uint64_t)t->delay_us_max * t->at_risk_pct)
		return;
	str_addf(o, "%sdelay %" PRIu32 " us of %" PRIu32 " us allowed", o->len ? "; " : "", us, t->delay_us_max);
	if (t->percentile_ppm < PPM)
		str_addf(o, " for %u.%02u %% of packets", t->percentile_ppm / 10000, t->percentile_ppm % 10000 / 100);
}

static void say_beyond(const struct room_flow *f, const struct assure_window *w, struct str *o)
{
	if (w->beyond_us)
		str_addf(o, "%sa packet took %" PRIu32 " us of %" PRIu32 " us allowed for any", o->len ? "; " : "",
			 w->beyond_us, f->terms.ceiling_us_max);
}

static void say_variation(const struct assure_room *r, struct room_flow *f, const struct assure_window *w,
			  struct str *o)
{
	const struct assure_terms *t = &f->terms;
	uint32_t us = 0;

	f->variation_us = UINT64_MAX;
	if (assure_variation(r->assure, f->id, &us) != ASSURE_FINE)
		return;
	f->variation_us = us;
	if (w->variation_why != ASSURE_FINE || (uint64_t)us * 100 < (uint64_t)t->variation_us_max * t->at_risk_pct)
		return;
	str_addf(o, "%sdelay varies by %" PRIu32 " us of %" PRIu32 " us allowed", o->len ? "; " : "", us,
		 t->variation_us_max);
	if (t->variation_ppm < PPM)
		str_addf(o, " for %u.%02u %% of packets", t->variation_ppm / 10000, t->variation_ppm % 10000 / 100);
}

static void say_also(struct str *o, const struct assure_bound *b, const struct assure_bound_view *is, uint8_t risk_pct,
		     const char *what)
{
	if (is->is.why != ASSURE_FINE || is->us == UINT64_MAX || is->us * 100 < (uint64_t)b->us_max * risk_pct)
		return;
	str_addf(o, "%s%s %" PRIu64 " us of %" PRIu32 " us allowed", o->len ? "; " : "", what, is->us, b->us_max);
	if (b->ppm < PPM)
		str_addf(o, " for %u.%02u %% of packets", b->ppm / 10000, b->ppm % 10000 / 100);
}

/* Bounds beside the first of their kind: each is said as that is. */
static void say_further(const struct assure_room *r, struct room_flow *f, const struct assure_window *w, struct str *o)
{
	const struct assure_terms *t = &f->terms;
	uint32_t us;

	for (unsigned i = 0; i < ASSURE_ALSO_MAX; i++) {
		struct assure_bound_view *d = &f->delay_also[i], *v = &f->variation_also[i];

		*d = (struct assure_bound_view){ w->delay_also[i], UINT64_MAX };
		*v = (struct assure_bound_view){ w->variation_also[i], UINT64_MAX };
		if (t->delay_also[i].us_max && assure_percentile_also(r->assure, f->id, i, &us) == ASSURE_FINE)
			d->us = us;
		if (t->variation_also[i].us_max && assure_variation_also(r->assure, f->id, i, &us) == ASSURE_FINE)
			v->us = us;
		if (t->delay_also[i].us_max)
			say_also(o, &t->delay_also[i], d, t->at_risk_pct, "delay");
		if (t->variation_also[i].us_max)
			say_also(o, &t->variation_also[i], v, t->at_risk_pct, "delay varies by");
	}
}

/* An end that is known to say nothing explains what is missing, better than that it is missing. */
static void say_missing(const struct assure_room *r, const struct room_flow *f, const char *what, struct str *o)
{
	uint32_t first = f->nodes[0], last = f->nodes[f->n_nodes - 1];
	char why[SR_REASON_MAX] = "no probe came back";
	uint32_t node = room_device_deaf(r, first) ? first : last;

	if (f->marked)
		room_device_trouble(r, node, why, sizeof(why));
	else if (f->probe_fault[0])
		(void)str_copy(why, sizeof(why), f->probe_fault);
	if (f->marked && !room_device_deaf(r, node))
		(void)snprintf(why, sizeof(why), "%s or %s told no reading in time",
			       label(intent_ted(r->parts.intent), first), label(intent_ted(r->parts.intent), last));
	str_addf(o, "%s%s: %s", o->len ? "; " : "", what, why);
}

static void say_unknown(const struct assure_room *r, const struct room_flow *f, enum assure_why why,
			const char *what, struct str *o)
{
	static const char *const words[] = {
		[ASSURE_FINE] = "",
		[ASSURE_MISSING] = "",
		[ASSURE_CONTRADICTED] = "two readings of the same period differ",
		[ASSURE_WENT_BACK] = "a counter wrapped or began anew",
		[ASSURE_IMPOSSIBLE] = "more packets arrived than were sent",
		[ASSURE_IDLE] = "no packets were sent",
		[ASSURE_NO_SAMPLE] = "no delay was measured",
		[ASSURE_INSUFFICIENT_SAMPLES] = "insufficient samples",
	};

	if (why == ASSURE_FINE)
		return;
	if (why == ASSURE_MISSING)
		say_missing(r, f, what, o);
	else
		str_addf(o, "%s%s: %s", o->len ? "; " : "", what, words[why]);
}

/* Which bound it is that nothing is known of: the first of its kind may be fine. */
static void say_further_unknown(const struct assure_room *r, const struct room_flow *f, const struct assure_window *w,
				struct str *o)
{
	const struct assure_terms *t = &f->terms;

	for (unsigned i = 0; i < 2 * ASSURE_ALSO_MAX; i++) {
		bool delay = i < ASSURE_ALSO_MAX;
		unsigned k = i % ASSURE_ALSO_MAX;
		const struct assure_bound *b = delay ? &t->delay_also[k] : &t->variation_also[k];
		enum assure_why why = delay ? w->delay_also[k].why : w->variation_also[k].why;
		char what[64];

		/* where no delay is told at all the first one says so */
		if (!b->us_max || why == ASSURE_NO_SAMPLE)
			continue;
		(void)snprintf(what, sizeof(what), "%s for %u.%02u %% of packets unknown", delay ? "delay" : "variation",
			       b->ppm / 10000, b->ppm % 10000 / 100);
		say_unknown(r, f, why, what, o);
	}
}

static void words_of(const struct assure_room *r, struct room_flow *f, const struct assure_window *w)
{
	struct str o STR_AUTO = { 0 };

	say_loss(r, f, w, &o);
	say_delay(r, f, w, &o);
	say_beyond(f, w, &o);
	say_variation(r, f, w, &o);
	say_further(r, f, w, &o);
	if (w->verdict == ASSURE_UNKNOWN || (w->verdict == ASSURE_VIOLATED && o.len == 0)) {
		if (f->terms.loss_ppm_max != ASSURE_NO_BOUND || !f->promised)
			say_unknown(r, f, w->loss_why, "loss unknown", &o);
		if (f->terms.delay_us_max != ASSURE_NO_BOUND)
			say_unknown(r, f, w->delay_why, "delay unknown", &o);
		if (f->terms.variation_us_max)
			say_unknown(r, f, w->variation_why, "variation unknown", &o);
		say_further_unknown(r, f, w, &o);
	}
	if (!f->promised)
		str_addf(&o, "%snothing is promised that is measured", o.len ? "; " : "");
	(void)str_copy(f->why, sizeof(f->why), str_text(&o));
}

/* ---- what others are told ---- */

/* What goes to and fro is told of now and then; a promise that is broken, or kept again, at once. */
static bool is_news(const struct room_flow *f, uint64_t now_ns)
{
	return f->state != f->told_state &&
	       (f->state == ASSURE_VIOLATED || f->told_state == ASSURE_VIOLATED || now_ns >= f->told_ns + AGAIN_NS);
}

static void tell_state(const struct assure_room *r, struct room_flow *f, const struct assure_window *w)
{
	struct str b STR_AUTO = { .limit = BUS_BODY_MAX };
	char resource[BUS_RESOURCE_MAX];

	str_add(&b, "\"group\":");
	str_json(&b, f->group);
	str_add(&b, ",\"construct\":");
	str_json(&b, f->construct);
	str_addf(&b, ",\"state\":\"%s\",\"before\":\"%s\",\"flow\":%u", assure_verdict_name(w->state),
		 assure_verdict_name(f->told_state), f->id);
	if (w->loss_why == ASSURE_FINE)
		str_addf(&b, ",\"sent\":%" PRIu64 ",\"lost\":%" PRIu64, w->sent, w->lost);
	str_add(&b, ",\"reason\":");
	str_json(&b, f->why);
	(void)snprintf(resource, sizeof(resource), "slice %s", f->of->id);
	bus_publish(r->parts.bus, assure_room_wall(r), w->state == ASSURE_VIOLATED ? BUS_WARNING : BUS_INFO,
		    "slice-verdict", resource, str_text(&b));
	f->told_state = w->state;
	f->told_ns = assure_room_wall(r);
}

/* Such readings come a period after their packets. */
static bool is_astray(const struct assure_room *r, const struct room_flow *f, uint64_t period_ns)
{
	return f->stray_ns > 0 && assure_room_wall(r) - f->stray_ns <= 3 * period_ns;
}

static void tell_watcher(const struct assure_room *r, const struct room_flow *f, const struct assure_window *w)
{
	uint64_t period_ns = f->terms.period_ms * NS_PER_MS;
	const struct assure_evidence e = {
		.stream = f->id,
		.slice = f->of->id,
		.group = f->group,
		.construct = f->construct,
		.sender = f->sender,
		.receiver = f->receiver,
		.key = &f->key,
		.begin_ns = w->period * period_ns,
		.end_ns = (w->period + 1) * period_ns,
		.verdict = w->verdict,
		.state = w->state,
		.loss_known = w->loss_why == ASSURE_FINE,
		.idle = w->loss_why == ASSURE_IDLE,
		.sent = w->sent,
		.lost = w->lost,
		.delay_us = w->has_delay ? w->delay_us : UINT32_MAX,
		.n_segments = w->n_segments,
		.segments = w->segments,
		.has_probe = f->has_probe,
		.probe_sent = f->probe_sent,
		.probe_lost = f->probe_lost,
		.silence = f->silence,
		.silent_sent = f->silent_sent,
		.probe_delay_us = f->probe_delay_us,
		.looked = room_look_seen(r, f),
		.steady = f->steady,
		.small = f->saw_small,
		.large = f->saw_large,
		.stray = f->stray,
		.stray_packets = is_astray(r, f, period_ns) ? f->stray_packets : 0,
		.end = f->n_nodes > 0 ? f->nodes[f->n_nodes - 1] : TED_NONE,
		.last = f->marked ? &f->last : NULL, /* probes end before it */
		.why = f->why,
	};

	if (r->watch)
		r->watch(r->watch_arg, &e);
}

static bool same_point(const struct assure_point *a, const struct assure_point *b)
{
	return a->node == b->node && a->out == b->out;
}

/* The ladder of the window, and sums of parts that were neighbours before. */
static void ladder_keep(struct room_flow *f, const struct assure_window *w)
{
	uint64_t sums[ARRAY_LEN(f->lost)];

	for (unsigned i = 0; i < w->n_segments; i++) {
		const struct assure_segment *g = &w->segments[i];

		sums[i] = g->known ? g->lost : 0;
		for (unsigned k = 0; k < f->n_segments; k++)
			if (same_point(&f->segments[k].from, &g->from) && same_point(&f->segments[k].to, &g->to))
				sums[i] += f->lost[k];
	}
	f->n_segments = w->n_segments;
	memcpy(f->segments, w->segments, w->n_segments * sizeof(w->segments[0]));
	memcpy(f->lost, sums, w->n_segments * sizeof(sums[0]));
}

static void on_window(void *arg, const struct assure_window *w)
{
	struct assure_room *r = arg;
	struct room_flow *f = room_flow_of(r, w->id);

	if (!f)
		return;
	metric_add(r->m_windows[w->verdict], 1);
	f->window = w->verdict;
	f->state = w->state;
	f->arrives = w->loss_why != ASSURE_FINE || w->sent == 0 ? ASSURE_UNKNOWN :
		     w->lost < w->sent				? ASSURE_COMPLIANT :
								  ASSURE_VIOLATED;
	f->window_end_ns = (w->period + 1) * f->terms.period_ms * NS_PER_MS;
	ladder_keep(f, w);
	room_look_window(r, f, w->verdict);
	words_of(r, f, w);
	if (is_news(f, assure_room_wall(r)))
		tell_state(r, f, w);
	tell_watcher(r, f, w);
}

/* ---- slices ---- */

/* Broken counts before risky, and that before what nobody knows; only then all is well. */
static unsigned rank(enum assure_verdict v)
{
	static const unsigned ranks[] = { [ASSURE_COMPLIANT] = 0, [ASSURE_UNKNOWN] = 1,
					  [ASSURE_AT_RISK] = 2, [ASSURE_VIOLATED] = 3 };

	return ranks[v];
}

/* It was out of its bounds, or at risk, when its site was reached by another home in its place: that says nothing of now. */
static bool is_spared(const struct assure_room *r, const struct room_flow *f)
{
	return (f->state == ASSURE_VIOLATED || f->state == ASSURE_AT_RISK) && slice_spared(r->parts.slice, f->of->id, &f->key);
}

void room_slice_judge(struct assure_room *r, struct room_slice *s)
{
	static const enum slice_verdict verdicts[] = { SLICE_UNKNOWN, SLICE_COMPLIANT, SLICE_RISK,
						       SLICE_VIOLATION };
	const struct room_flow *worst = NULL;
	enum assure_verdict state = ASSURE_UNKNOWN, at;
	char why[SR_REASON_MAX] = "nothing is promised that is measured";
	uint64_t now = assure_room_wall(r);

	for (size_t i = 0; i < s->flows.n; i++) {
		const struct room_flow *f = s->flows.at[i];

		at = !f->measured || is_spared(r, f) ? ASSURE_UNKNOWN : f->state;
		if (!f->promised || (worst && rank(at) <= rank(state)))
			continue;
		worst = f;
		state = at;
	}
	if (worst)
		(void)snprintf(why, sizeof(why), "%.40s to %.40s: %.160s", worst->sender, worst->receiver,
			       !worst->measured	     ? worst->fault :
			       is_spared(r, worst) ? "another home of its site carries what it is for" :
						     worst->why);
	if (worst && state == ASSURE_COMPLIANT)
		why[0] = '\0';
	if (state == s->state && (strcmp(why, s->why) == 0 || now < s->told_ns + AGAIN_NS))
		return;
	if (state != s->state)
		s->since_ns = now;
	s->state = state;
	s->told_ns = now;
	(void)str_copy(s->why, sizeof(s->why), why);
	(void)slice_verdict_set(r->parts.slice, s->id, verdicts[state], why);
}

void room_windows(struct assure_room *r, uint64_t now_ns)
{
	uint64_t behind = ASSURE_BEHIND_MAX * (uint64_t)r->period_ms * NS_PER_MS, due;
	bool other = false;

	if (assure_due(r->assure) > now_ns)
		return;
	/* one after the other, for the history; who slept for long does not dwell on it */
	r->closing = true;
	while ((due = assure_due(r->assure)) <= now_ns && r->period_ms) {
		due = now_ns - due > behind ? now_ns : due;
		room_probes_close(r, due);
		assure_advance(r->assure, due, on_window, r);
		room_history_count(r, due);
	}
	r->closing = false;
	for (size_t i = 0; i < r->order.n; i++) {
		if (!r->order.at[i]->measured)
			continue;
		other |= room_flow_hops(r, r->order.at[i]);
		other |= room_look_over(r, r->order.at[i]);
	}
	HASH_EACH (n, &r->slices)
		room_slice_judge(r, HASH_OF(n, struct room_slice, by_id));
	if (other)
		assure_room_plan_soon(r);
}
