/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Logs and the metrics registry.
 *
 * An event has a stable dotted name ("pcep.session.down") and key=value text. Each call site
 * is rate limited (default 20 a second, then a count of what was suppressed). Output: logfmt
 * or JSON lines on stderr, with the journal's <N> priority prefix when asked for. The last
 * 1024 events stay in a ring for a state dump. Loop thread only, but for log_event() itself,
 * which any thread may call. Never log secrets; raw packets only at DEBUG.
 */
#include <stdbool.h>
#include <stdint.h>

enum log_level {
	LOG_ERROR = 3,
	LOG_WARN = 4,
	LOG_NOTICE = 5,
	LOG_INFO = 6,
	LOG_DEBUG = 7,
};

enum log_format {
	LOG_LOGFMT,
	LOG_JSON,
};

struct log_cfg {
	enum log_level level;
	enum log_format format;
	bool journal_prefix;
};

void log_setup(const struct log_cfg *cfg); /* also at reload */

struct log_site {
	uint64_t window_start_ns;
	uint32_t count, suppressed;
};

/* scope: who it is about ("peer=2001:db8::1"), "" for none. fmt gives key=value pairs. */
void log_write(struct log_site *site, const char *scope, enum log_level level, const char *event,
	       const char *fmt, ...) __attribute__((format(printf, 5, 6)));

#define log_event(scope, level, event, ...)                                                        \
	do {                                                                                       \
		static struct log_site log_site_;                                                  \
		log_write(&log_site_, (scope), (level), (event), __VA_ARGS__);                     \
	} while (0)

/* The newest n events as text lines, oldest first, to fn. */
void log_recent(unsigned n, void (*fn)(void *arg, const char *line), void *arg);
