/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines to stderr and a ring of the newest. One mutex guards the ring and the sites; a line is
 * written with one write(2), so lines of several threads never mix.
 */
#include "log/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mono.h"
#include "base/str.h"

enum { RING = 1024, LINE_MAX = 1024, RATE_MAX = 20 };

static struct {
	pthread_mutex_t lock;
	struct log_cfg cfg;
	char (*ring)[LINE_MAX]; /* allocated with the first line */
	uint64_t n;
} state = { .lock = PTHREAD_MUTEX_INITIALIZER, .cfg = { .level = LOG_INFO } };

static const char *level_name(enum log_level level)
{
	static const char *const names[] = { [LOG_ERROR] = "error", [LOG_WARN] = "warning",
					     [LOG_NOTICE] = "notice", [LOG_INFO] = "info",
					     [LOG_DEBUG] = "debug" };

	return names[level];
}

void log_setup(const struct log_cfg *cfg)
{
	pthread_mutex_lock(&state.lock);
	state.cfg = *cfg;
	pthread_mutex_unlock(&state.lock);
}

/* May this line pass? The first of a new second says how many did not in the last. */
static bool site_pass(struct log_site *site, uint32_t *suppressed)
{
	struct timespec ts;
	uint64_t now;

	(void)clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	now = (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
	*suppressed = 0;
	if (now - site->window_start_ns >= NS_PER_S) {
		*suppressed = site->suppressed;
		*site = (struct log_site){ .window_start_ns = now };
	}
	if (site->count >= RATE_MAX) {
		site->suppressed++;
		return false;
	}
	site->count++;
	return true;
}

static void stamp(char *buf, size_t cap)
{
	struct timespec ts;
	struct tm tm;
	char date[32];

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	(void)gmtime_r(&ts.tv_sec, &tm);
	(void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(buf, cap, "%s.%06ldZ", date, ts.tv_nsec / 1000);
}

static void format_line(struct str *out, const struct log_cfg *cfg, const char *scope,
			enum log_level level, const char *event, const char *text, uint32_t suppressed)
{
	char ts[64];

	stamp(ts, sizeof(ts));
	if (cfg->journal_prefix)
		str_addf(out, "<%d>", level);
	if (cfg->format == LOG_JSON) {
		str_addf(out, "{\"ts\":\"%s\",\"lvl\":\"%s\",\"event\":\"%s\",\"scope\":", ts,
			 level_name(level), event);
		str_json(out, scope);
		str_add(out, ",\"msg\":");
		str_json(out, text);
		if (suppressed)
			str_addf(out, ",\"suppressed\":%u", suppressed);
		str_add(out, "}");
		return;
	}
	str_addf(out, "ts=%s lvl=%s event=%s", ts, level_name(level), event);
	if (*scope)
		str_addf(out, " %s", scope);
	if (*text)
		str_addf(out, " %s", text);
	if (suppressed)
		str_addf(out, " suppressed=%u", suppressed);
}

static void ring_add(const char *line)
{
	if (!state.ring)
		state.ring = calloc(RING, sizeof(*state.ring));
	if (state.ring)
		str_copy(state.ring[state.n++ % RING], LINE_MAX, line);
}

/* A line is one line whatever a peer put into it. */
static void flatten(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20)
			*s = ' ';
}

void log_write(struct log_site *site, const char *scope, enum log_level level, const char *event,
	       const char *fmt, ...)
{
	STR_AUTO struct str out = { 0 };
	char text[LINE_MAX];
	uint32_t suppressed;
	struct log_cfg cfg;
	bool pass;
	va_list ap;

	pthread_mutex_lock(&state.lock);
	cfg = state.cfg;
	pass = level <= cfg.level && site_pass(site, &suppressed);
	pthread_mutex_unlock(&state.lock);
	if (!pass)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	flatten(text);
	format_line(&out, &cfg, scope, level, event, text, suppressed);
	if (out.bad)
		return;
	pthread_mutex_lock(&state.lock);
	ring_add(str_text(&out));
	pthread_mutex_unlock(&state.lock);
	str_add(&out, "\n");
	if (!out.bad && write(STDERR_FILENO, out.s, out.len) < 0)
		return; /* nobody to tell */
}

void log_recent(unsigned n, void (*fn)(void *arg, const char *line), void *arg)
{
	uint64_t first;

	pthread_mutex_lock(&state.lock);
	first = state.n > RING ? state.n - RING : 0;
	if (state.n - first > n)
		first = state.n - n;
	for (uint64_t i = first; state.ring && i < state.n; i++)
		fn(arg, state.ring[i % RING]);
	pthread_mutex_unlock(&state.lock);
}
