/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* The book of windows from the inside. */
#include "assure/window/window_book.h"
#include "base/list.h"
#include "base/vec.h"

enum { WINDOW_HITS_MAX = 256, WINDOW_ROWS = 500 };

/* A policy of one of its services that a failure costs something. */
struct window_hit {
	struct sr_policy_key key;
	char why[96];
};

struct window_entry {
	struct list link; /* by name */
	struct window_book *b;
	struct window w;
	uint64_t revision;
	bool active, raised, deleted;
	bool unsaved; /* the report */
	uint64_t checked_ns; /* the occurrence that was looked at beforehand */
	struct window_check check;
	struct window_report report;
	/* the look that is under way */
	struct loop_task turn;
	struct loop_timer retry;
	uint32_t next_link, next_node; /* what fails next */
	char fails[TED_LABEL_MAX];
	enum pce_failure_kind kind;
	struct sr_policy_key after;
	bool has_after;
	uint32_t n_hits;
	struct window_hit *hits; /* WINDOW_HITS_MAX long while it runs */
};

struct window_book {
	struct window_book_parts p;
	struct list entries, writes;
	uint32_t n;
	uint64_t revision;
	struct loop_timer tick;
	const struct repair *incidents;
};

/* window_check.c */
void window_check_begin(struct window_entry *e);
void window_check_stop(struct window_entry *e);
void window_check_turn(void *arg);

/* window_record.c: NULL without memory; false: it is none. */
char *window_record_print(const struct window *w, uint64_t revision);
bool window_record_read(const char *text, size_t len, struct window *w, uint64_t *revision);

/* window_book.c */
struct window_entry *window_entry_find(const struct window_book *b, const char *name);

/* window_report.c: for window_book_load(); what could not be read is told of, and not taken. */
int window_reports_load(struct window_book *b);
void window_report_save(struct window_entry *e);
void window_report_drop(struct window_entry *e); /* with its window */
