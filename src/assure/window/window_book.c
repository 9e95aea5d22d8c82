/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows by name. A second is as exact as it gets: what may not be done is asked by the clock, what is
 * told and counted follows it a second later.
 */
#include "assure/window/window_book.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assure/window/window_priv.h"
#include "base/err.h"
#include "base/str.h"
#include "log/log.h"

#define BUCKET "assurance-window"
enum { TICK_MS = 1000 };

/* A change that waits for the disk. */
struct write {
	struct list link;
	struct window_book *b; /* NULL: it is gone */
	struct window w;
	uint64_t revision;
	bool remove;
	window_done_fn done;
	void *arg;
	struct window_result result;
	struct loop_task tell;
};

static void tick(void *arg);

/* ---- entries ---- */

struct window_entry *window_entry_find(const struct window_book *b, const char *name)
{
	LIST_EACH (l, &b->entries) {
		struct window_entry *e = LIST_OF(l, struct window_entry, link);

		if (strcmp(e->w.name, name) == 0)
			return e;
	}
	return NULL;
}

static struct window_entry *entry_new(struct window_book *b, const struct window *w)
{
	struct window_entry *e = calloc(1, sizeof(*e));
	struct list *at = &b->entries;

	if (!e)
		return NULL;
	e->b = b;
	e->w = *w;
	loop_task_init(&e->turn, b->p.loop, window_check_turn, e);
	loop_timer_init(&e->retry, b->p.loop, window_check_turn, e);
	LIST_EACH (l, &b->entries) {
		if (at == &b->entries && strcmp(LIST_OF(l, struct window_entry, link)->w.name, w->name) > 0)
			at = l;
	}
	list_add(at, &e->link);
	b->n++;
	return e;
}

static void hops(struct window_entry *e, bool raise)
{
	for (uint8_t i = 0; e->b->p.hops && e->raised != raise && i < e->w.n_services; i++)
		(void)e->b->p.hops(e->b->p.ctx, e->w.service[i], raise);
	e->raised = raise;
}

static void entry_free(struct window_entry *e)
{
	window_check_stop(e);
	loop_timer_fini(&e->retry);
	list_del(&e->link);
	e->b->n--;
	free(e);
}

static void publish(const struct window_entry *e, enum bus_severity sev, const char *type, const char *body)
{
	char resource[BUS_RESOURCE_MAX];

	(void)snprintf(resource, sizeof(resource), "assurance-window/%s", e->w.name);
	bus_publish(e->b->p.bus, loop_wall_ns(e->b->p.loop), sev, type, resource, body);
}

/* ---- life ---- */

int window_book_new(struct window_book **outp, const struct window_book_parts *parts)
{
	struct window_book *b = calloc(1, sizeof(*b));

	if (!b)
		return err_raise(-ENOMEM);
	b->p = *parts;
	list_init(&b->entries);
	list_init(&b->writes);
	loop_timer_init(&b->tick, parts->loop, tick, b);
	loop_timer_after(&b->tick, TICK_MS * NS_PER_MS);
	*outp = b;
	return 0;
}

static void write_free(struct write *x)
{
	loop_task_cancel(&x->tell);
	list_del(&x->link);
	free(x);
}

struct window_book *window_book_free(struct window_book *b)
{
	if (!b)
		return NULL;
	LIST_EACH (l, &b->writes) {
		struct write *x = LIST_OF(l, struct write, link);

		store_forget(b->p.store, x);
		write_free(x);
	}
	LIST_EACH (l, &b->entries)
		entry_free(LIST_OF(l, struct window_entry, link));
	loop_timer_fini(&b->tick);
	free(b);
	return NULL;
}

static int load_one(void *arg, const char *key, const void *value, size_t len)
{
	struct window_book *b = arg;
	struct window_entry *e;
	struct window w;
	uint64_t revision;

	if (!window_record_read(value, len, &w, &revision) || strcmp(w.name, key) != 0) {
		log_event("", LOG_ERROR, "window.record", "window=%s error=\"it cannot be read\"", key);
		return 0;
	}
	e = b->n < WINDOWS_MAX ? entry_new(b, &w) : NULL;
	if (!e)
		return err_raise(-ENOMEM);
	e->revision = revision;
	b->revision = revision > b->revision ? revision : b->revision;
	return 0;
}

int window_book_load(struct window_book *b)
{
	int r = store_each(b->p.store, BUCKET, load_one, b);

	return r == 0 ? window_reports_load(b) : err_trace(r);
}

void window_book_incidents(struct window_book *b, const struct repair *r)
{
	b->incidents = r;
}

/* ---- writes ---- */

static void settle(struct write *x)
{
	struct window_book *b = x->b;
	struct window_entry *e = window_entry_find(b, x->w.name);

	if (e && e->active) /* as that it is over */
		publish(e, BUS_CLEARED, "assurance-window-on", "");
	if (x->remove && e) {
		hops(e, false);
		window_report_drop(e);
		entry_free(e);
		return;
	}
	if (!e)
		e = entry_new(b, &x->w);
	if (!e) {
		x->result.code = WINDOW_E_LIMIT;
		return;
	}
	hops(e, false); /* of the services it named */
	window_check_stop(e);
	if (memcmp(e->w.service, x->w.service, sizeof(e->w.service)) != 0) {
		e->report = (struct window_report){ 0 };
		window_report_drop(e);
	}
	e->w = x->w;
	e->revision = x->revision;
	e->active = false;
	e->checked_ns = 0;
	e->check = (struct window_check){ 0 };
}

static void tell(void *arg)
{
	struct write *x = arg;
	const struct window_result r = x->result;
	window_done_fn done = x->done;
	void *done_arg = x->arg;

	write_free(x);
	if (done)
		done(done_arg, &r);
}

static void written(void *arg, int rc)
{
	struct write *x = arg;

	if (rc < 0) {
		x->result.code = WINDOW_E_STORE;
		(void)snprintf(x->result.text, sizeof(x->result.text), "the disk refused: %s; nothing changed",
			       err_text(rc));
	} else {
		x->result.revision = x->revision;
		settle(x);
	}
	tell(x);
}

static void refuse(struct write *x, int code, const char *field, const char *text)
{
	x->result.code = code;
	(void)str_copy(x->result.field, sizeof(x->result.field), field);
	(void)str_copy(x->result.text, sizeof(x->result.text), text);
	loop_task_run(&x->tell);
}

static struct write *write_new(struct window_book *b, window_done_fn done, void *arg)
{
	struct write *x = calloc(1, sizeof(*x));

	if (!x) {
		const struct window_result r = { .code = WINDOW_E_LIMIT, .text = "no memory" };

		/* From inside the command, against the rule: there is no memory to do it later. */
		done(arg, &r);
		return NULL;
	}
	x->b = b;
	x->done = done;
	x->arg = arg;
	x->revision = ++b->revision;
	loop_task_init(&x->tell, b->p.loop, tell, x);
	list_add(&b->writes, &x->link);
	return x;
}

static void write_out(struct write *x)
{
	struct window_book *b = x->b;
	AUTO_FREE char *text = x->remove ? NULL : window_record_print(&x->w, x->revision);
	const struct store_op op = { BUCKET, x->w.name, text, text ? strlen(text) : 0 };

	if ((!text && !x->remove) || store_write(b->p.store, &op, 1, written, x) < 0)
		refuse(x, WINDOW_E_STORE, "", "the store takes no more; nothing changed");
}

static bool changed(const struct window_entry *e, uint64_t if_revision)
{
	return if_revision && (!e || e->revision != if_revision);
}

void window_book_put(struct window_book *b, const struct window *w, uint64_t if_revision,
		     window_done_fn done, void *arg)
{
	struct write *x = write_new(b, done, arg);
	const char *leaf, *fault = window_fault(w, &leaf);
	uint32_t waiting = 0;

	if (!x)
		return;
	x->w = *w;
	LIST_EACH (l, &b->writes)
		waiting++;
	if (fault)
		refuse(x, WINDOW_E_INVALID, leaf, fault);
	else if (changed(window_entry_find(b, w->name), if_revision))
		refuse(x, WINDOW_E_REVISION, "", "it was changed meanwhile");
	else if (!window_entry_find(b, w->name) && b->n + waiting > WINDOWS_MAX)
		refuse(x, WINDOW_E_LIMIT, "", "64 windows are the limit");
	else
		write_out(x);
}

void window_book_delete(struct window_book *b, const char *name, uint64_t if_revision,
			window_done_fn done, void *arg)
{
	struct write *x = write_new(b, done, arg);

	if (!x)
		return;
	x->remove = true;
	if (!str_copy(x->w.name, sizeof(x->w.name), name) || !window_entry_find(b, name))
		refuse(x, WINDOW_E_MISSING, "", "there is no such window");
	else if (changed(window_entry_find(b, name), if_revision))
		refuse(x, WINDOW_E_REVISION, "", "it was changed meanwhile");
	else
		write_out(x);
}

int window_book_check(struct window_book *b, const char *name)
{
	struct window_entry *e = window_entry_find(b, name);

	if (!e)
		return WINDOW_E_MISSING;
	if (e->check.running)
		return WINDOW_E_BUSY;
	window_check_begin(e);
	return 0;
}

/* ---- time ---- */

static void begins(struct window_entry *e, uint64_t begin, uint64_t end)
{
	/* the same one as before a change of its document goes on */
	if (e->report.begin_ns != begin)
		e->report = (struct window_report){ .begin_ns = begin };
	e->report.end_ns = end;
	e->report.over = false;
	e->active = e->unsaved = true;
	hops(e, e->w.high);
	publish(e, BUS_ALARM, "assurance-window-on", e->w.freeze ? "\"freeze\":true" : "\"freeze\":false");
}

static void incidents(struct window_entry *e)
{
	struct window_report *r = &e->report;
	const struct repair_incident *i = e->b->incidents ? repair_incident_next(e->b->incidents, 0) : NULL;

	r->n_incidents = 0;
	for (; i && r->n_incidents < WINDOW_INCIDENTS_MAX; i = repair_incident_next(e->b->incidents, i->id)) {
		bool during = i->opened_wall_ns < r->end_ns && (!i->ended_wall_ns || i->ended_wall_ns >= r->begin_ns);

		if (during && window_names(&e->w, i->slice))
			r->incident[r->n_incidents++] = i->id;
	}
}

static void ends(struct window_entry *e)
{
	STR_AUTO struct str body = { .limit = BUS_BODY_MAX };
	uint32_t sum[3] = { 0 };

	e->active = false;
	e->report.over = e->unsaved = true;
	hops(e, false);
	incidents(e);
	for (uint8_t i = 0; i < e->w.n_services; i++)
		for (unsigned v = 0; v < 3; v++)
			sum[v] += e->report.of[i].windows[v];
	str_addf(&body,
		 "\"within\":%u,\"beyond\":%u,\"unknown\":%u,\"incidents\":%u,\"refused\":%u,\"unwatched\":%u",
		 sum[REPAIR_WITHIN], sum[REPAIR_BEYOND], sum[REPAIR_UNKNOWN], e->report.n_incidents,
		 e->report.refused, e->report.unwatched_s);
	publish(e, BUS_CLEARED, "assurance-window-on", "");
	publish(e, sum[REPAIR_BEYOND] ? BUS_WARNING : BUS_INFO, "assurance-window-report", str_text(&body));
}

static void look(struct window_entry *e, uint64_t now)
{
	uint64_t begin, end;

	if (e->active && now >= e->report.end_ns)
		ends(e);
	if (!e->active && window_at(&e->w, now, &begin, &end))
		begins(e, begin, end);
	if (!e->active && e->w.check_s && window_next(&e->w, now, &begin) && begin != e->checked_ns &&
	    begin - now <= e->w.check_s * NS_PER_S) {
		e->checked_ns = begin;
		window_check_begin(e);
	}
}

/* ---- questions ---- */

bool window_book_frozen(const struct window_book *b, char name[WINDOW_NAME_MAX], uint64_t *end_ns)
{
	uint64_t now = loop_wall_ns(b->p.loop), begin, end;
	bool is = false;

	*end_ns = 0;
	LIST_EACH (l, &b->entries) {
		const struct window_entry *e = LIST_OF(l, struct window_entry, link);

		if (!e->w.freeze || !window_at(&e->w, now, &begin, &end) || end <= *end_ns)
			continue;
		*end_ns = end;
		(void)str_copy(name, WINDOW_NAME_MAX, e->w.name);
		is = true;
	}
	return is;
}

void window_book_refused(struct window_book *b)
{
	uint64_t now = loop_wall_ns(b->p.loop), begin, end;

	LIST_EACH (l, &b->entries) {
		struct window_entry *e = LIST_OF(l, struct window_entry, link);

		if (!e->w.freeze || !window_at(&e->w, now, &begin, &end))
			continue;
		look(e, now); /* it may have begun within this second */
		e->report.refused++;
		e->unsaved = true;
	}
}

/* All windows that are on have to allow it; one that does not name the slice allows nothing. */
bool window_book_free_for(void *ctx, const char *slice, uint8_t *allowed, char window[REPAIR_TEXT_MAX])
{
	const struct window_book *b = ctx;
	uint64_t now = loop_wall_ns(b->p.loop), begin, end;
	bool is = true;

	*allowed = UINT8_MAX;
	LIST_EACH (l, &b->entries) {
		const struct window_entry *e = LIST_OF(l, struct window_entry, link);

		if (!e->w.freeze || !window_at(&e->w, now, &begin, &end))
			continue;
		*allowed &= window_names(&e->w, slice) ? e->w.allowed : 0;
		(void)str_copy(window, REPAIR_TEXT_MAX, e->w.name);
		is = false;
	}
	return is;
}

void window_book_measured(struct window_book *b, const char *slice, const struct repair_window *m)
{
	LIST_EACH (l, &b->entries) {
		struct window_entry *e = LIST_OF(l, struct window_entry, link);

		if (!e->active || m->begin_wall_ns < e->report.begin_ns || m->begin_wall_ns >= e->report.end_ns)
			continue;
		for (uint8_t i = 0; i < e->w.n_services; i++) {
			struct window_service_report *s = &e->report.of[i];

			if (strcmp(e->w.service[i], slice) != 0)
				continue;
			s->windows[m->verdict]++;
			e->unsaved = true;
			if (m->verdict != REPAIR_BEYOND || s->worst_ns)
				continue;
			s->worst_ns = m->begin_wall_ns;
			(void)str_copy(s->worst, sizeof(s->worst), m->why ? m->why : "");
		}
	}
}

/* ---- every second ---- */

static void tick(void *arg)
{
	struct window_book *b = arg;
	uint64_t now = loop_wall_ns(b->p.loop);

	LIST_EACH (l, &b->entries) {
		struct window_entry *e = LIST_OF(l, struct window_entry, link);

		look(e, now);
		if (e->active) /* those that opened so far */
			incidents(e);
		if (e->unsaved)
			window_report_save(e);
	}
	loop_timer_after(&b->tick, TICK_MS * NS_PER_MS);
}

/* ---- queries ---- */

static void view(const struct window_entry *e, struct window_view *out)
{
	uint64_t now = loop_wall_ns(e->b->p.loop);

	*out = (struct window_view){ .window = e->w, .revision = e->revision, .check = e->check, .report = e->report };
	out->active = window_at(&e->w, now, &out->begin_ns, &out->end_ns);
	if (!out->active) {
		out->begin_ns = out->end_ns = 0;
		if (window_next(&e->w, now, &out->begin_ns))
			out->end_ns = out->begin_ns + e->w.duration_s * NS_PER_S;
	}
}

bool window_book_next(const struct window_book *b, const char *after, struct window_view *out)
{
	LIST_EACH (l, &b->entries) {
		const struct window_entry *e = LIST_OF(l, struct window_entry, link);

		if (!after || strcmp(e->w.name, after) > 0) {
			view(e, out);
			return true;
		}
	}
	return false;
}

bool window_book_get(const struct window_book *b, const char *name, struct window_view *out)
{
	const struct window_entry *e = window_entry_find(b, name);

	if (e)
		view(e, out);
	return e != NULL;
}
