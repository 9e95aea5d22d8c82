/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The windows there are: durable, told when they begin and end, looked at beforehand, reported on
 * afterwards. Who changes something asks whether it may; a repair too. Loop thread only.
 */
#include "assure/repair/repair.h"
#include "assure/window/window.h"
#include "core/bus.h"
#include "intent/intent.h"
#include "loop/loop.h"
#include "slice/slice.h"
#include "store/store.h"

struct window_book;

enum { WINDOWS_MAX = 64, WINDOW_FINDINGS_MAX = 16, WINDOW_INCIDENTS_MAX = 32 };

struct window_book_parts {
	struct loop *loop;
	struct bus *bus;
	struct store *store;
	struct intent *intent;
	struct slice *slice;
	bool (*hops)(void *ctx, const char *slice, bool raise); /* may be NULL */
	void *ctx;
};

int window_book_new(struct window_book **outp, const struct window_book_parts *parts);
struct window_book *window_book_free(struct window_book *b);
AUTO_DEFINE(struct window_book, window_book_free)
int window_book_load(struct window_book *b);
/* Whose incidents reports tell of; NULL: none any more. */
void window_book_incidents(struct window_book *b, const struct repair *r);

/* ---- commands ---- */

enum {
	WINDOW_E_MISSING = 1,
	WINDOW_E_REVISION, /* if_revision did not match */
	WINDOW_E_LIMIT,
	WINDOW_E_STORE,
	WINDOW_E_INVALID,
	WINDOW_E_BUSY,
};

struct window_result {
	int code;
	char field[32], text[WINDOW_TEXT_MAX];
	uint64_t revision;
};

/* Later, once; with code 0 it is durable. */
typedef void (*window_done_fn)(void *arg, const struct window_result *r);

/* if_revision 0: any. */
void window_book_put(struct window_book *b, const struct window *w, uint64_t if_revision,
		     window_done_fn done, void *arg);
void window_book_delete(struct window_book *b, const char *name, uint64_t if_revision,
			window_done_fn done, void *arg);
/* What single failures would do to its services now. 0, WINDOW_E_MISSING, WINDOW_E_BUSY. */
int window_book_check(struct window_book *b, const char *name);

/* ---- questions ---- */

/* A window is on that lets nothing else be changed. */
bool window_book_frozen(const struct window_book *b, char name[WINDOW_NAME_MAX], uint64_t *end_ns);
/* A repair_cfg.free, with the book as ctx. */
bool window_book_free_for(void *ctx, const char *slice, uint8_t *allowed, char window[REPAIR_TEXT_MAX]);
/* A window of measurement of a slice has closed. */
void window_book_measured(struct window_book *b, const char *slice, const struct repair_window *w);

/* ---- queries ---- */

struct window_service_report {
	uint32_t windows[3]; /* of measurement, by enum repair_verdict */
	uint64_t worst_ns;   /* the first that was out of bounds; 0: none was */
	char worst[WINDOW_TEXT_MAX];
};

struct window_report {
	uint64_t begin_ns, end_ns; /* 0: there is none */
	struct window_service_report of[WINDOW_SERVICES_MAX]; /* as the window names them */
	bool over;
	uint32_t refused; /* writes */
	uint32_t unwatched_s; /* no controller was there */
	uint32_t n_incidents, incident[WINDOW_INCIDENTS_MAX];
};

struct window_check {
	bool running, failed; /* failed: it could not be worked out */
	uint64_t ended_ns;    /* 0: never */
	uint32_t failures, bad; /* looked at; that would cost one of the services something */
	uint32_t n_findings;
	char finding[WINDOW_FINDINGS_MAX][WINDOW_TEXT_MAX];
};

struct window_view {
	struct window window;
	uint64_t revision;
	bool active;
	uint64_t begin_ns, end_ns; /* of this, or the next occurrence; 0: there is none */
	struct window_check check;
	struct window_report report; /* of this, or the last occurrence */
};

/* By name; after NULL: the first. False at the end. */
bool window_book_next(const struct window_book *b, const char *after, struct window_view *out);
bool window_book_get(const struct window_book *b, const char *name, struct window_view *out);
void window_book_refused(struct window_book *b); /* a write was, for a window */
