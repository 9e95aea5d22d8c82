/* SPDX-License-Identifier: Apache-2.0 */
/* Flat members, so that they are columns too. What is unknown is left out. */
#include <inttypes.h>

#include "tools/agent/measure/stamp.h"

static void num(struct str *o, const char *name, uint64_t v)
{
	str_addf(o, ",\"%s\":%" PRIu64, name, v);
}

static void addresses(struct str *o, const char *name, const struct ip_addr *a, unsigned n)
{
	char t[IP_TEXT_MAX];

	str_addf(o, ",\"%s\":[", name);
	for (unsigned i = 0; i < n; i++)
		str_addf(o, "%s\"%s\"", i ? "," : "", ip_text(&a[i], t, sizeof(t)));
	str_add(o, "]");
}

static void delay(struct str *o, const char *way, const struct agent_stamp_delay *d)
{
	str_addf(o, ",\"%s-samples\":%u", way, d->n);
	if (d->n == 0)
		return;
	str_addf(o, ",\"%s-min-us\":%u,\"%s-p50-us\":%u,\"%s-max-us\":%u", way, d->min, way,
		 d->p50, way, d->max);
	if (d->has_p99)
		str_addf(o, ",\"%s-p99-us\":%u", way, d->p99);
	else
		str_addf(o, ",\"%s-p99\":\"insufficient-samples\"", way);
}

static void window(struct str *o, const struct agent_stamp_session_view *v)
{
	const struct agent_stamp_window *w = v->last;

	num(o, "window-start-ns", w->start_wall_ns);
	num(o, "window-end-ns", w->end_wall_ns);
	num(o, "window-sent", w->sent);
	if (!v->known)
		return;
	num(o, "window-received", w->received);
	num(o, "window-lost", w->sent - w->received);
	if (v->cfg->stateful) {
		num(o, "window-lost-forward", w->lost_forward);
		num(o, "window-lost-backward", w->lost_backward);
	}
	delay(o, "rtt", &w->rtt);
	delay(o, "forward", &w->forward);
	delay(o, "backward", &w->backward);
	if (w->forward.n > 0)
		num(o, "clock-error-us", w->error_us);
}

static void totals(struct str *o, const struct agent_stamp_session_view *v)
{
	const struct agent_stamp_totals *t = v->totals;

	num(o, "sent", t->sent);
	num(o, "received", t->received);
	num(o, "lost", t->lost);
	num(o, "unknown", t->unknown);
	if (v->cfg->stateful) {
		num(o, "lost-forward", t->lost_forward);
		num(o, "lost-backward", t->lost_backward);
	}
	num(o, "windows", t->windows);
	num(o, "windows-unknown", t->windows_unknown);
	num(o, "duplicates", t->duplicates);
	num(o, "late", t->late);
	num(o, "stray", t->stray);
	num(o, "resets", t->resets);
	num(o, "doubtful", t->doubts);
	num(o, "send-errors", v->send_errors);
	num(o, "unsupported", v->unsupported);
	num(o, "forged", v->forged);
	str_add(o, ",\"rtt-histogram\":[");
	for (unsigned i = 0; i < AGENT_STAMP_BUCKETS; i++)
		str_addf(o, "%s%" PRIu64, i ? "," : "", t->histogram[i]);
	str_add(o, "]");
}

struct out {
	struct str *o;
	bool more;
};

static void session(void *arg, const struct agent_stamp_session_view *v)
{
	struct out *w = arg;
	char t[IP_TEXT_MAX];

	str_add(w->o, w->more ? ",\n{\"name\":" : "\n{\"name\":");
	w->more = true;
	str_json(w->o, v->cfg->name);
	str_addf(w->o, ",\"reflector\":\"%s\",\"port\":%u",
		 ip_text(&v->cfg->reflector, t, sizeof(t)), v->cfg->port);
	addresses(w->o, "segments", v->segments, v->n_segments);
	addresses(w->o, "return-segments", v->cfg->back, v->cfg->n_back);
	str_addf(w->o, ",\"state\":\"%s\",\"reason\":", v->known ? "measuring" : "unknown");
	str_json(w->o, v->reason);
	totals(w->o, v);
	if (v->last)
		window(w->o, v);
	str_add(w->o, "}");
}

static void reflector(struct str *o, const struct agent_stamp_refl_stats *s)
{
	str_add(o, ",\"reflector\":{\"state\":");
	str_json(o, s->error[0] ? s->error : "listening");
	num(o, "answered", s->answered);
	num(o, "sessions", s->sessions);
	num(o, "malformed", s->malformed);
	num(o, "denied", s->denied);
	num(o, "forged", s->forged);
	num(o, "over-rate", s->over_rate);
	num(o, "no-room", s->no_room);
	num(o, "not-ours", s->not_ours);
	num(o, "return-refused", s->return_refused);
	num(o, "failed", s->failed);
	str_add(o, "}");
}

void agent_stamp_json(const struct agent_stamp *s, struct str *o)
{
	struct stampc_clock c = agent_stamp_clock(s);
	struct agent_stamp_refl_stats refl;
	struct out w = { .o = o };

	str_addf(o, ",\n\"stamp\":{\"synchronised\":%s", c.sync ? "true" : "false");
	if (c.sync)
		num(o, "clock-error-us", c.error_ns / 1000);
	if (agent_stamp_reflector(s, &refl))
		reflector(o, &refl);
	str_add(o, "},\n\"stamp-sessions\":[");
	agent_stamp_each(s, session, &w);
	str_add(o, "]");
}
