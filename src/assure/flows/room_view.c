/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to the room. */
#include <stdio.h>
#include <string.h>

#include "assure/flows/room_priv.h"

bool assure_room_hops(struct assure_room *r, const char *slice, bool raise)
{
	struct room_slice *s = room_slice_of(r, slice);

	if (!s)
		return false;
	s->raised = raise;
	/* from the watcher: when all windows of now are closed */
	for (size_t i = 0; !r->closing && i < s->flows.n; i++)
		if (room_flow_hops(r, s->flows.at[i]))
			assure_room_plan_soon(r);
	return true;
}

void assure_room_audit(void *ctx, void (*fn)(void *arg, const char *id, const char *what), void *arg)
{
	const struct assure_room *r = ctx;
	char what[DEVICE_NAME_MAX + 48];

	HASH_EACH (n, &r->devices) {
		const struct room_device *d = HASH_OF(n, struct room_device, by_name);
		bool marks = d->known ? d->said.len > 0 : d->marks;
		size_t probes = 0;

		for (size_t i = 0; i < d->sessions.n; i++)
			probes += !d->sessions.at[i].wanted && (d->sessions.at[i].told || d->sessions.at[i].there);
		if (marks && !d->wants.any) {
			(void)snprintf(what, sizeof(what), "marking on %s", d->name);
			fn(arg, "measurement", what);
		}
		if (probes > 0) {
			(void)snprintf(what, sizeof(what), "%zu STAMP sessions on %s", probes, d->name);
			fn(arg, "measurement", what);
		}
	}
}

const char *assure_room_next(const struct assure_room *r, const char *after)
{
	const char *id = slice_next(r->parts.slice, SLICE_SERVICE, after);

	while (id && !room_slice_of(r, id))
		id = slice_next(r->parts.slice, SLICE_SERVICE, id);
	return id;
}

static void promise_of(const struct assure_room *r, const struct room_uptime *u, struct assure_promise_view *out)
{
	*out = (struct assure_promise_view){ .nines = u->nines, .standing = u->standing, .since_ns = u->since_ns };
	assure_uptime_sum(&u->is, assure_room_wall(r), &out->is);
	out->allowed_ms = assure_promise_allowed_ms(u->nines, u->standing, &out->is);
	out->measured_ppm = room_promise_ppm(&out->is);
}

bool assure_room_slice(const struct assure_room *r, const char *id, struct assure_slice_view *out)
{
	const struct room_slice *s = room_slice_of(r, id);
	const struct room_uptime *worst;

	if (!s)
		return false;
	*out = (struct assure_slice_view){ .state = s->state,
					   .since_ns = s->since_ns,
					   .begin_ns = s->begin_ns,
					   .n_streams = (uint32_t)s->flows.n,
					   .n_hours = (uint32_t)s->hours.n };
	(void)str_copy(out->why, sizeof(out->why), s->why);
	for (size_t i = 0; i < s->hours.n; i++)
		for (size_t v = 0; v < ARRAY_LEN(out->windows); v++)
			out->windows[v] += s->hours.at[i].windows[v];
	worst = room_promise_worst(s, &out->n_broken);
	if (worst) {
		out->promise = worst->standing;
		room_promise_words(worst, assure_room_wall(r), out->promise_why);
	}
	assure_availability(out->windows, &out->least_ppm, &out->known_ppm);
	return true;
}

uint32_t assure_room_hours(const struct assure_room *r, const char *id, uint32_t at, struct assure_hour *out,
			   uint32_t cap)
{
	const struct room_slice *s = room_slice_of(r, id);
	uint32_t n = 0;

	for (size_t i = at; s && i < s->hours.n && n < cap; i++)
		out[n++] = s->hours.at[s->hours.n - 1 - i];
	return n;
}

bool assure_room_stream(const struct assure_room *r, const char *id, uint32_t n,
			struct assure_stream_view *out)
{
	const struct room_slice *s = room_slice_of(r, id);
	const struct room_flow *f = s && n < s->flows.n ? s->flows.at[n] : NULL;

	if (!f)
		return false;
	*out = (struct assure_stream_view){ .id = f->id,
					    .group = f->group,
					    .construct = f->construct,
					    .sender = f->sender,
					    .receiver = f->receiver,
					    .key = f->key,
					    .first = f->first,
					    .last = f->last,
					    .measured = f->measured,
					    .hops = f->hops,
					    .n_segments = f->n_segments,
					    .delays_percentile_us = f->delay_us,
					    .variation_us = f->variation_us,
					    .ordered_ms = f->of->policy.period_ms,
					    .has_probe = f->has_probe,
					    .probe_sent = f->probe_sent,
					    .probe_lost = f->probe_lost,
					    .probe_delay_us = f->has_probe ? f->probe_delay_us : UINT32_MAX };
	(void)str_copy(out->why, sizeof(out->why), f->measured ? f->why : f->fault);
	memcpy(out->delay_also, f->delay_also, sizeof(out->delay_also));
	memcpy(out->variation_also, f->variation_also, sizeof(out->variation_also));
	memcpy(out->segments, f->segments, f->n_segments * sizeof(f->segments[0]));
	memcpy(out->lost, f->lost, f->n_segments * sizeof(f->lost[0]));
	if (f->uptime)
		promise_of(r, f->uptime, &out->promise);
	out->is.terms = f->terms;
	return !f->measured || assure_view(r->assure, f->id, &out->is);
}
