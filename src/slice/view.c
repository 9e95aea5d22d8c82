/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to the room, and its audit: what is there of slices, and what should be. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "slice/room.h"

const char *slice_doc(const struct slice *s, enum slice_kind kind, const char *id, size_t *len,
		      uint64_t *revision)
{
	const struct slice_entry *e = slice_find(s, kind, id);

	*len = e ? e->len : 0;
	*revision = e ? e->revision : 0;
	return e ? e->doc : NULL;
}

const char *slice_next(const struct slice *s, enum slice_kind kind, const char *after)
{
	size_t at = after ? slice_at(s, kind, after) : 0;

	if (after && at < s->of[kind].n && strcmp(s->of[kind].at[at]->id, after) == 0)
		at++;
	return at < s->of[kind].n ? s->of[kind].at[at]->id : NULL;
}

bool slice_is_vpn(const struct slice *s, const char *id)
{
	const struct slice_entry *e = slice_find(s, SLICE_SERVICE, id);

	return e && e->service.vpn;
}

uint64_t slice_revision(const struct slice *s)
{
	return s->revision;
}

uint32_t slice_count(const struct slice *s, enum slice_kind kind)
{
	return (uint32_t)s->of[kind].n;
}

int slice_get(const struct slice *s, const char *id, struct slice_view *out)
{
	const struct slice_entry *e = slice_find(s, SLICE_SERVICE, id);

	if (!e)
		return SLICE_E_MISSING;
	*out = (struct slice_view){
		.state = e->state,
		.admin = e->service.admin,
		.step = e->step < SLICE_STEPS ? e->step : SLICE_STEP_CLASSIFY,
		.since_wall_ns = e->since_wall_ns,
		.changed_wall_ns = e->changed_wall_ns,
		.revision = e->revision,
		.ordered = e->ordered,
		.assure = e->service.assure,
		.verdict = e->verdict,
		.n_flows = e->plan.n,
		.done = e->done,
		.detour = e->detour,
		.repair = e->service.repair,
		.priority = e->service.real.priority,
	};
	memcpy(out->shed_for, e->shed_for, sizeof(out->shed_for));
	memcpy(out->reason, e->reason, sizeof(out->reason));
	return 0;
}

uint32_t slice_nrp_id(const struct slice *s, const char *name)
{
	const struct slice_entry *e = slice_find(s, SLICE_NRP, name);

	return e ? e->nrp.id : 0;
}

const struct slice_service *slice_service_of(const struct slice *s, const char *id)
{
	const struct slice_entry *e = slice_find(s, SLICE_SERVICE, id);

	return e ? &e->service : NULL;
}

uint32_t slice_flows(const struct slice *s, const char *id, uint32_t at, struct slice_flow_view *out,
		     uint32_t cap)
{
	const struct slice_entry *e = slice_find(s, SLICE_SERVICE, id);
	uint32_t n = 0;

	for (uint32_t i = at; e && i < e->plan.n && n < cap; i++) {
		const struct slice_member *m = &e->plan.at[i];

		out[n] = (struct slice_flow_view){ .group = m->group,
						     .construct = m->construct,
						     .sender = m->sender,
						     .receiver = m->receiver,
						     .key = m->key,
						     .protection = m->protection,
						     .inside = m->inside,
						     .bandwidth_bps = m->bandwidth_bps,
						     .delay_us_max = m->terms.delay_us_max,
						     .promised_us = m->terms.promised_us,
						     .percentile_milli = m->terms.percentile_milli,
						     .ceiling_us = m->terms.ceiling_us,
						     .variation_us_max = m->terms.variation_us_max,
						     .variation_milli = m->terms.variation_milli,
						     .loss_ppm_max = m->terms.loss_ppm_max,
						     .mtu = m->terms.mtu,
						     .nines = m->terms.nines };
		memcpy(out[n].delay_also, m->terms.delay_also, sizeof(out[n].delay_also));
		memcpy(out[n].variation_also, m->terms.variation_also, sizeof(out[n].variation_also));
		n++;
	}
	return n;
}

const char *slice_of(const struct slice *s, const struct sr_policy_key *key)
{
	const struct slice_entry *e = slice_by_key(s, key);

	return e ? e->id : NULL;
}

/* ---- audit ---- */

struct audit {
	const struct slice *s;
	void (*fn)(void *arg, const char *line);
	void *arg;
	uint32_t n;
};

static void say(struct audit *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(struct audit *a, const char *fmt, ...)
{
	char line[2 * SR_REASON_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	a->n++;
	if (a->fn)
		a->fn(a->arg, line);
}

static void audit_policies(struct audit *a, struct intent_view *v)
{
	char text[SR_KEY_TEXT_MAX];
	struct sr_policy_key key;

	for (bool more = intent_next(a->s->intent, NULL, v); more; more = intent_next(a->s->intent, &key, v)) {
		key = v->desired.key;
		if (v->mode == INTENT_MANAGED && strcmp(v->desired.owner, SLICE_OWNER) == 0 &&
		    !slice_by_key(a->s, &key))
			say(a, "policy %s is of no slice", sr_policy_key_text(&key, text, sizeof(text)));
	}
}

static void audit_member(struct audit *a, const struct slice_entry *e, const struct slice_member *m,
			 struct intent_view *v)
{
	char text[SR_KEY_TEXT_MAX];

	(void)sr_policy_key_text(&m->key, text, sizeof(text));
	if (intent_get(a->s->intent, &m->key, v) != 0)
		say(a, "slice %s: policy %s is not there", e->id, text);
	else if (!m->inside && v->desired.bandwidth_bps != m->bandwidth_bps)
		say(a, "slice %s: policy %s has %llu bit/s, not %llu", e->id, text,
		    (unsigned long long)v->desired.bandwidth_bps, (unsigned long long)m->bandwidth_bps);
	else if (m->inside && !slice_by_key(a->s, &m->key))
		say(a, "slice %s: policy %s is not of its parent", e->id, text);
}

static void audit_services(struct audit *a, struct intent_view *v)
{
	for (size_t i = 0; i < a->s->of[SLICE_SERVICE].n; i++) {
		const struct slice_entry *e = a->s->of[SLICE_SERVICE].at[i];

		for (uint32_t k = 0; e->phase != SLICE_UNDO && k < e->plan.n; k++)
			audit_member(a, e, &e->plan.at[k], v);
	}
}

static void audit_shares(struct audit *a)
{
	for (size_t i = 0; i < a->s->shares.n; i++) {
		const struct slice_shown *x = &a->s->shares.at[i];

		for (uint32_t l = 0; l < x->n && !slice_nrp_of(a->s, x->nrp); l++) {
			if (x->bps[l]) {
				say(a, "link %u has a share for partition %u, which is not there", l, x->nrp);
				break;
			}
		}
	}
}

static void audit_step(void *arg, const char *id, const char *what)
{
	struct audit *a = arg;
	const struct slice_entry *e = slice_find(a->s, SLICE_SERVICE, id);

	if (!e)
		say(a, "%.100s: %.200s is left", id, what);
	else if (e->phase == SLICE_IDLE || e->phase == SLICE_LATER || (e->phase == SLICE_UNDO && !e->deleted))
		say(a, "slice %.100s, which is %s: %.200s is left", id, slice_state_text(e->state), what);
}

uint32_t slice_audit(const struct slice *s, void (*fn)(void *arg, const char *line), void *arg)
{
	struct audit a = { .s = s, .fn = fn, .arg = arg };
	struct intent_view *v = malloc(sizeof(*v));

	if (!v) {
		say(&a, "no memory to look");
		return a.n;
	}
	audit_policies(&a, v);
	audit_services(&a, v);
	audit_shares(&a);
	for (unsigned i = 0; i < s->n_steps; i++) {
		if (s->steps[i].audit)
			s->steps[i].audit(s->steps[i].ctx, audit_step, &a);
	}
	free(v);
	return a.n;
}
