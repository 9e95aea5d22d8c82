/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes of readings: a delay for the topology, traffic beside reservations for the book. What is
 * not known is not said, and never zero: the last delay stands for a while, the last load for as long
 * as nothing else is known of a link.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "log/log.h"
#include "sense/sense_priv.h"

enum { SAMPLES_MIN = 5, UNKNOWN_LOST = 3 };

/* ---- events and metrics ---- */

void sense_publish(const struct sense_link *l, enum bus_severity severity, const char *type, const char *body)
{
	const struct sense *s = l->s;
	char label[TED_LABEL_MAX] = "?", resource[BUS_RESOURCE_MAX];

	if (s->ted && l->index < s->ted->n_links)
		(void)ted_link_label(s->ted, l->index, label, sizeof(label));
	(void)snprintf(resource, sizeof(resource), "link/%.180s", label);
	bus_publish(s->parts.bus, loop_wall_ns(s->parts.loop), severity, type, resource, body);
}

static void gauge(const struct sense_link *l, struct metric **m, const char *name, const char *help, double v)
{
	char label[TED_LABEL_MAX], labels[TED_LABEL_MAX + 16];

	if (!*m && !isnan(v) && l->s->ted && l->index < l->s->ted->n_links) {
		(void)snprintf(labels, sizeof(labels), "link=\"%s\"",
			       ted_link_label(l->s->ted, l->index, label, sizeof(label)));
		/* a name is a router's own: it is no label when it would end one */
		if (strcspn(label, "\"\\\n") == strlen(label))
			*m = metric_gauge(name, help, labels);
	}
	if (*m)
		metric_set(*m, v);
}

static void gauges(struct sense_link *l)
{
	gauge(l, &l->m_delay, "sextant_link_delay_seconds", "Least delay of a link as measured.",
	      l->delay.known ? (double)l->said.min_us / 1e6 : (double)NAN);
	gauge(l, &l->m_load, "sextant_link_load_bits_per_second", "What a link carries as counted.",
	      l->load.known ? (double)l->load.bps : (double)NAN);
}

/* ---- delay ---- */

static void alarm(struct sense_link *l, bool lost)
{
	char body[96];

	if (l->alarmed == lost)
		return;
	l->alarmed = lost;
	(void)snprintf(body, sizeof(body), "\"delay\":%" PRIu32 ",\"reason\":\"%s\"", l->said.min_us,
		       lost ? "nothing is measured: the last delay stands for a while" : "measured again, or given up");
	sense_publish(l, lost ? BUS_ALARM : BUS_CLEARED, "link-unmeasured", body);
}

static void say(struct sense_link *l, enum sense_news news)
{
	const struct sense *s = l->s;
	uint32_t was = l->said.min_us;
	char body[192];

	l->said = (struct topo_delay){ .min_us = (uint32_t)l->delay.said, .prefer = s->cfg.delay == SENSE_PREFER };
	for (int i = 0; i < SENSE_RECENT; i++) {
		l->said.max_us = l->max_us[i] > l->said.max_us ? l->max_us[i] : l->said.max_us;
		l->said.var_us = l->var_us[i] > l->said.var_us ? l->var_us[i] : l->said.var_us;
	}
	/* said.min is what stood, for a while; the largest of late is not less than that */
	l->said.max_us = l->said.max_us > l->said.min_us ? l->said.max_us : l->said.min_us;
	if (topo_delay_set(s->parts.topo, l->id, &l->local, &l->said) < 0)
		log_event("", LOG_ERROR, "sense.delay", "error=\"no memory\"");
	metric_add(s->m_said[news], 1);
	(void)snprintf(body, sizeof(body),
		       "\"delay\":%" PRIu32 ",\"delay-max\":%" PRIu32 ",\"delay-variation\":%" PRIu32
		       ",\"was\":%" PRIu32 ",\"why\":\"%s\"",
		       l->said.min_us, l->said.max_us, l->said.var_us, was, sense_news_text(news));
	sense_publish(l, BUS_INFO, "link-delay", body);
	gauges(l);
}

void sense_withdraw_delay(struct sense_link *l, const char *why)
{
	char body[160];

	if (!l->delay.known)
		return;
	alarm(l, false);
	sense_filter_forget(&l->delay);
	l->said = (struct topo_delay){ 0 };
	(void)topo_delay_set(l->s->parts.topo, l->id, &l->local, NULL);
	(void)snprintf(body, sizeof(body), "\"why\":\"withdrawn\",\"reason\":\"%s\"", why);
	sense_publish(l, BUS_INFO, "link-delay", body);
	gauges(l);
}

/* One way where the clocks agree well enough for this delay, else half of there and back: both ways are
 * of one wire. */
static const struct sense_span *span_of(const struct sense_link *l, struct sense_span *half)
{
	const struct sense_window *w = &l->window;
	const struct sense_span *f = &w->forward;
	uint64_t tolerance = f->min_us / 10;

	if (tolerance < l->s->cfg.delay_floor_us)
		tolerance = l->s->cfg.delay_floor_us;
	if (f->samples >= SAMPLES_MIN && f->min_us != UINT64_MAX && f->max_us != UINT64_MAX &&
	    f->error_us <= tolerance)
		return f;
	if (w->round.samples < SAMPLES_MIN || w->round.min_us == UINT64_MAX || w->round.max_us == UINT64_MAX)
		return NULL;
	*half = w->round;
	half->min_us /= 2;
	half->max_us /= 2;
	half->median_us = half->median_us == UINT64_MAX ? half->min_us : half->median_us / 2;
	return half;
}

static void lost(struct sense_link *l)
{
	struct mono now = loop_now(l->s->parts.loop);

	metric_add(l->s->m_windows[0], 1);
	/* somebody may have taken its reflector away */
	if (++l->unknown % UNKNOWN_LOST == 0 && l->to && !mono_before(now, l->to->answers_at)) {
		l->to->answers = false;
		sense_tell(l->to);
	}
}

static void recent(uint32_t at[SENSE_RECENT], uint64_t value)
{
	memmove(at + 1, at, (SENSE_RECENT - 1) * sizeof(at[0]));
	at[0] = (uint32_t)value;
}

void sense_window_over(struct sense_link *l)
{
	const struct sense_cfg *cfg = &l->s->cfg;
	const struct sense_rule rule = { .threshold_pct = cfg->threshold_pct, .floor = cfg->delay_floor_us,
					 .hold_ns = cfg->hold_ns, .interval_ns = cfg->interval_ns };
	struct mono now = loop_now(l->s->parts.loop);
	struct sense_span half;
	const struct sense_span *is = l->window.known ? span_of(l, &half) : NULL;
	enum sense_news news;

	if (!is) {
		lost(l);
		return;
	}
	metric_add(l->s->m_windows[1], 1);
	alarm(l, false);
	l->unknown = 0;
	l->known_at = now;
	l->one_way = is != &half;
	recent(l->max_us, is->max_us);
	recent(l->var_us, is->median_us > is->min_us ? is->median_us - is->min_us : 0);
	/* a delay too short to be seen is short, not none */
	news = sense_filter_put(&l->delay, &rule, is->min_us ? is->min_us : 1, now);
	if (news != SENSE_SAME)
		say(l, news);
}

bool sense_is_stale(const struct sense_link *l)
{
	uint64_t patience = (UNKNOWN_LOST + 1) * l->s->cfg.window_s * NS_PER_S;

	return l->delay.known && mono_since(l->known_at, loop_now(l->s->parts.loop)) > patience;
}

void sense_expire(struct sense_link *l)
{
	if (sense_is_stale(l))
		alarm(l, true);
	if (l->delay.known && mono_since(l->known_at, loop_now(l->s->parts.loop)) > l->s->cfg.keep_ns)
		sense_withdraw_delay(l, "nothing was measured for too long");
}

/* ---- load ---- */

static uint64_t reserved(const struct intent_book_row *row)
{
	uint64_t sum = 0;

	for (int p = 0; p < 8; p++)
		sum += row->reserved_bps[p] + row->foreign_bps[p];
	return sum;
}

void sense_counted(struct sense_link *l)
{
	const struct sense_cfg *cfg = &l->s->cfg;
	struct intent_book_row row;
	struct sense_rule rule = { .threshold_pct = cfg->threshold_pct, .hold_ns = cfg->hold_ns,
				   .interval_ns = cfg->interval_ns };

	if (!intent_book_row(l->s->parts.intent, l->index, &row))
		return;
	l->counted_at = loop_now(l->s->parts.loop);
	sense_load_beside(&l->load, reserved(&row));
	/* of a link that is nearly empty every packet would be news */
	rule.floor = row.capacity_bps / 100;
	(void)sense_filter_put(&l->beside, &rule, l->load.beside_bps, l->counted_at);
	gauges(l);
	sense_booking(l);
}

/*
 * Into the book goes what is beside reservations, and never more than has room beside them: traffic
 * that nobody promised anything takes room from what is to come, and pushes nobody out. All that is
 * reserved counts in full however little of it is sent, so a low reading gives nothing away twice.
 */
void sense_booking(struct sense_link *l)
{
	struct intent_book_row row;
	uint64_t taken, bps;

	if (l->s->cfg.load != SENSE_BOOK || !l->beside.known || !intent_book_row(l->s->parts.intent, l->index, &row))
		return;
	taken = reserved(&row) + row.backup_bps[7] + row.unused_bps;
	bps = row.capacity_bps > taken ? row.capacity_bps - taken : 0;
	bps = l->beside.said < bps ? l->beside.said : bps;
	if (l->booked && l->booked_bps == bps)
		return;
	if (intent_measured(l->s->parts.intent, l->index, bps) < 0)
		return;
	l->booked = true;
	l->booked_bps = bps;
}

void sense_withdraw_load(struct sense_link *l)
{
	if (l->booked)
		(void)intent_measured(l->s->parts.intent, l->index, 0);
	l->booked = false;
	l->booked_bps = 0;
}
