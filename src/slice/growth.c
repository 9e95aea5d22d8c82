/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What repairs raised the shares of partitions to. Up: it is durable, then queues are to have it, and what a
 * queue was read back with is durable before it may be reserved. Down: it may not be reserved any more at
 * once, then it is durable, then queues have less. So whatever is reserved has its queue, also over a crash
 * in between. The document knows nothing of it; with its next write all of it ends.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "log/log.h"
#include "slice/change.h"

enum { ALL_PCT = 100 };

/* A change on its way. */
struct slice_growing {
	struct list link;
	struct slice *s;
	struct slice_entry *of; /* is being written; NULL: nothing is */
	struct slice_growth *next;
	size_t n_next;
	struct loop_task tell;
	struct slice_result result;
	slice_done_fn done;
	void *arg;
};

static int refuse(struct slice_result *r, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static int refuse(struct slice_result *r, int code, const char *fmt, ...)
{
	va_list ap;

	r->code = code;
	va_start(ap, fmt);
	(void)vsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
	return code;
}

static struct slice_growth *find(struct slice_growth *at, size_t n, const char *link)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(at[i].is.link, link) == 0)
			return &at[i];
	return NULL;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* ---- shares ---- */

/* What it comes to on a link; 0: no more than its document says. */
static uint64_t grown(const struct slice_entry *e, const char *link, enum slice_growth_for what)
{
	const struct slice_growth *g = find(e->growths, e->n_growths, link), *next = g;

	if (e->growing)
		next = find(e->growing->next, e->growing->n_next, link);
	switch (what) {
	case SLICE_GROWTH_QUEUE:
		return g ? g->is.bps : 0;
	case SLICE_GROWTH_BOOK:
		return g && next ? least(g->in_bps, next->in_bps) : 0;
	case SLICE_GROWTH_MOST:
		return next && (!g || next->is.bps > g->is.bps) ? next->is.bps : g ? g->is.bps : 0;
	}
	return 0;
}

/* A share that is none, or of a link that is not its own, does not grow. */
static void raise(uint64_t *share, uint64_t bps)
{
	if (*share > SLICE_NO_SHARE && bps > *share)
		*share = bps;
}

static uint64_t grown_at(const struct slice *s, const struct slice_entry *e, uint32_t link)
{
	uint64_t most = 0, bps;

	for (size_t i = 0; i < e->n_growths + (e->growing ? e->growing->n_next : 0); i++) {
		const struct slice_growth *g = i < e->n_growths ? &e->growths[i] : &e->growing->next[i - e->n_growths];

		bps = ted_link_by_text(s->ted, g->is.link) == link ? g->is.bps : 0;
		most = bps > most ? bps : most;
	}
	return most;
}

static void add(const struct slice *s, const struct slice_entry *e, const struct slice_growth *at, size_t n,
		enum slice_growth_for what, struct slice_shares *out)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t l = ted_link_by_text(s->ted, at[i].is.link);

		if (l < out->n_links)
			raise(&out->bps[l], grown(e, at[i].is.link, what));
	}
}

void slice_growth_add(const struct slice *s, const struct slice_entry *nrp, enum slice_growth_for what,
		      struct slice_shares *out)
{
	add(s, nrp, nrp->growths, nrp->n_growths, what, out);
	if (nrp->growing)
		add(s, nrp, nrp->growing->next, nrp->growing->n_next, what, out);
}

void slice_growth_shares(const struct slice *s, uint32_t nrp_id, struct slice_shares *out)
{
	const struct slice_entry *e = slice_nrp_of(s, nrp_id);

	if (e && s->ted)
		slice_growth_add(s, e, SLICE_GROWTH_QUEUE, out);
}

/* What others leave of a link: partitions their shares, and what is reserved outside of all that have one. */
static uint64_t left(const struct slice *s, const struct slice_entry *e, uint32_t link)
{
	AUTO_FREE uint32_t *rated = calloc(s->of[SLICE_NRP].n + 1, sizeof(*rated));
	uint64_t c = s->ted->links[link].capacity_bps, pct = ALL_PCT - s->cfg.kappa_pct;
	uint64_t most = c / ALL_PCT * pct + c % ALL_PCT * pct / ALL_PCT, sum = 0;
	uint32_t n = 0;

	for (size_t i = 0; rated && i < s->of[SLICE_NRP].n; i++) {
		const struct slice_entry *o = s->of[SLICE_NRP].at[i];
		uint64_t share = slice_share_of(s->ted, &o->nrp, link);

		if (share > 0)
			rated[n++] = o->nrp.id;
		raise(&share, grown_at(s, o, link));
		sum += o == e || share == SLICE_NO_SHARE ? 0 : share;
	}
	most = sum < most ? most - sum : 0;
	sum += rated ? intent_outside(s->intent, link, rated, n) : c;
	return least(most, sum < c ? c - sum : 0);
}

/* ---- may it be? ---- */

static uint64_t limit(const struct slice_nrp *n, uint64_t share)
{
	return n->grow_bps ? n->grow_bps : share / ALL_PCT * n->grow_pct + share % ALL_PCT * n->grow_pct / ALL_PCT;
}

bool slice_nrp_queue(const struct slice *s, uint32_t nrp_id, const char *link, char why[SR_REASON_MAX])
{
	if (s->partitions.queue)
		return s->partitions.queue(s->partitions.ctx, nrp_id, link, why);
	(void)str_copy(why, SR_REASON_MAX, "nothing here puts partitions into the network");
	return false;
}

static int no_room(const struct slice *s, const struct slice_entry *e, const char *label, uint32_t link,
		   struct slice_result *r)
{
	char why[SR_REASON_MAX];

	if (!e->nrp.grow_bps && !e->nrp.grow_pct)
		return refuse(r, SLICE_E_STEP, "partition %.60s may not be resized: it says no sextant-nrp:resize",
			      e->id);
	if (link == TED_NONE)
		return refuse(r, SLICE_E_INVALID, "link %.100s is not in the topology", label);
	if (slice_share_of(s->ted, &e->nrp, link) == SLICE_NO_SHARE)
		return refuse(r, SLICE_E_STEP, "partition %.60s does not have link %.100s", e->id, label);
	if (slice_share_of(s->ted, &e->nrp, link) == 0)
		return refuse(r, SLICE_E_STEP, "partition %.60s says no rate: its queue follows what is reserved in it",
			      e->id);
	if (!slice_nrp_queue(s, e->nrp.id, label, why))
		return refuse(r, SLICE_E_STEP, "partition %.60s has no queue on %.80s: %.100s", e->id, label, why);
	return 0;
}

static int room_of(const struct slice *s, const struct slice_entry *e, const char *label,
		   struct slice_growth_room *out, struct slice_result *r)
{
	uint32_t link = ted_link_by_text(s->ted, label);
	uint64_t free_bps;

	if (no_room(s, e, label, link, r) != 0)
		return r->code;
	*out = (struct slice_growth_room){ .name = e->id, .by = "what its operator allows" };
	out->ordered_bps = out->bps = slice_share_of(s->ted, &e->nrp, link);
	raise(&out->bps, grown(e, label, SLICE_GROWTH_QUEUE));
	out->most_bps = out->ordered_bps + limit(&e->nrp, out->ordered_bps);
	free_bps = left(s, e, link);
	if (free_bps < out->most_bps) {
		out->most_bps = free_bps;
		out->by = "what others leave of the link";
	}
	return 0;
}

int slice_growth_room(const struct slice *s, uint32_t nrp_id, const char *link, struct slice_growth_room *out,
		      struct slice_result *r)
{
	const struct slice_entry *e = slice_nrp_of(s, nrp_id);

	*r = (struct slice_result){ .kind = SLICE_NRP };
	if (!slice_in_sight(s))
		return refuse(r, SLICE_E_BLIND, "the topology is not in sight");
	if (!e)
		return refuse(r, SLICE_E_MISSING, "there is no partition %u", nrp_id);
	return room_of(s, e, link, out, r);
}

/* Less: what is reserved in it stays within. */
static int may_fall(const struct slice *s, const struct slice_entry *e, const struct slice_grow *g,
		    struct slice_result *r)
{
	uint32_t link = ted_link_by_text(s->ted, g->link);
	uint64_t to, reserved;

	if (link == TED_NONE)
		return 0;
	to = slice_share_of(s->ted, &e->nrp, link);
	raise(&to, g->bps);
	reserved = intent_nrp_reserved(s->intent, link, e->nrp.id);
	if (to <= SLICE_NO_SHARE || reserved <= to)
		return 0;
	(void)str_copy(r->link, sizeof(r->link), g->link);
	r->wanted_bps = reserved;
	r->free_bps = to;
	return refuse(r, SLICE_E_SHORT, "more is reserved in partition %.60s than it would be assured", e->id);
}

static int may_be(const struct slice *s, const struct slice_entry *e, const struct slice_grow *g,
		  struct slice_result *r)
{
	uint64_t is = grown(e, g->link, SLICE_GROWTH_QUEUE);
	struct slice_growth_room room = { .by = "" };

	if (g->bps <= is)
		return may_fall(s, e, g, r);
	if (room_of(s, e, g->link, &room, r) != 0)
		return r->code;
	if (g->bps <= room.ordered_bps)
		return refuse(r, SLICE_E_INVALID, "partition %.60s is assured that of %.100s anyway", e->id, g->link);
	if (g->bps <= room.most_bps)
		return 0;
	(void)str_copy(r->link, sizeof(r->link), g->link);
	r->wanted_bps = g->bps;
	r->free_bps = room.most_bps;
	return refuse(r, SLICE_E_SHORT, "partition %.60s would have more than %s", e->id, room.by);
}

static int check(const struct slice *s, const struct slice_entry *e, const struct slice_grow *g, uint32_t n,
		 struct slice_result *r)
{
	if (!slice_in_sight(s))
		return refuse(r, SLICE_E_BLIND, "the topology is not in sight");
	if (!e)
		return refuse(r, SLICE_E_MISSING, "the partition is not there");
	(void)str_copy(r->id, sizeof(r->id), e->id);
	if (n > SLICE_GROW_MAX || e->n_growths + n > SLICE_GROWTHS_MAX)
		return refuse(r, SLICE_E_LIMIT, "partition %.60s has grown on too many links", e->id);
	/* Who writes partitions is alone: what they come to is being checked. */
	if (e->writing || s->alone)
		return refuse(r, SLICE_E_BUSY, "a change of partitions is being written: try again");
	for (uint32_t i = 0; i < n; i++)
		if (may_be(s, e, &g[i], r) != 0)
			return r->code;
	return 0;
}

/* ---- what is done ---- */

static void tell_event(const struct slice_entry *e, const struct slice_growth *g, const char *state, uint64_t bps)
{
	STR_AUTO struct str b = { .limit = BUS_BODY_MAX };
	char resource[BUS_RESOURCE_MAX];

	str_addf(&b, "\"state\":\"%s\",\"rate\":\"%llu\",\"incident\":%u,\"link\":", state, (unsigned long long)bps,
		 g->is.incident);
	str_json(&b, g->is.link);
	str_add(&b, ",\"slice\":");
	str_json(&b, g->is.slice);
	(void)snprintf(resource, sizeof(resource), "nrp %s", e->id);
	bus_publish(e->s->bus, loop_wall_ns(e->s->loop), BUS_INFO, "nrp-resized", resource, str_text(&b));
	metric_add(e->s->m_resizes, 1);
}

void slice_growth_count(const struct slice *s)
{
	uint32_t n = 0;

	for (size_t i = 0; i < s->of[SLICE_NRP].n; i++)
		n += (uint32_t)s->of[SLICE_NRP].at[i]->n_growths;
	metric_set(s->m_growths, n);
}

/* Rate 0: as ordered again. */
static void tell_difference(const struct slice_entry *e, struct slice_growth *was, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!find(e->growths, e->n_growths, was[i].is.link))
			tell_event(e, &was[i], "gone", 0);
	for (size_t i = 0; i < e->n_growths; i++) {
		const struct slice_growth *g = &e->growths[i], *old = find(was, n, g->is.link);

		if (!old || old->is.bps != g->is.bps)
			tell_event(e, g, old && old->is.bps > g->is.bps ? "lowered" : "ordered", g->is.bps);
		else if (old->in_bps != g->in_bps)
			tell_event(e, g, "in", g->in_bps);
	}
	slice_growth_count(e->s);
}

static void growing_free(struct slice_growing *w)
{
	if (w->of) {
		w->of->growing = NULL;
		w->of->writing = false;
	}
	list_del(&w->link);
	loop_task_cancel(&w->tell);
	free(w->next);
	free(w);
}

static void tell(void *arg)
{
	struct slice_growing *w = arg;
	const struct slice_result r = w->result;
	slice_done_fn done = w->done;
	void *done_arg = w->arg;

	growing_free(w);
	if (done)
		done(done_arg, &r);
}

static void book_again(struct slice *s)
{
	if (slice_shares_tell(s) < 0)
		log_event("", LOG_ERROR, "slice.shares", "error=no memory");
}

static void stored(void *arg, int rc)
{
	struct slice_growing *w = arg;
	struct slice_entry *e = w->of;
	struct slice *s = w->s;
	struct slice_growth *was = e->growths;
	size_t n_was = e->n_growths;

	w->of = NULL;
	e->growing = NULL;
	e->writing = false;
	if (rc < 0) {
		(void)refuse(&w->result, SLICE_E_STORE, "the disk refused: %s; nothing changed", err_text(rc));
	} else {
		e->growths = w->next;
		e->n_growths = w->n_next;
		w->next = was;
		w->n_next = n_was;
		tell_difference(e, was, n_was);
	}
	book_again(s);
	slice_partitions_changed(s);
	tell(w);
}

static struct slice_growing *growing_new(struct slice *s, slice_done_fn done, void *arg)
{
	struct slice_growing *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->s = s;
	w->done = done;
	w->arg = arg;
	loop_task_init(&w->tell, s->loop, tell, w);
	list_add(&s->growing, &w->link);
	return w;
}

/* next: it is what there is to be. The book has no more than that already. */
static void write_next(struct slice_growing *w, struct slice_entry *e)
{
	AUTO_FREE char *text = slice_nrp_record_print(e, e->revision, w->next, w->n_next);
	const struct store_op op = { slice_bucket(SLICE_NRP), e->id, text, text ? strlen(text) : 0 };
	int rc = text ? store_write(w->s->store, &op, 1, stored, w) : -ENOMEM;

	if (rc < 0) {
		(void)refuse(&w->result, SLICE_E_STORE, "the store takes no more: %s; nothing changed", err_text(rc));
		loop_task_run(&w->tell);
		return;
	}
	w->of = e;
	e->growing = w;
	e->writing = true;
	book_again(w->s);
}

static void put(struct slice_growing *w, const struct slice_grow *g)
{
	struct slice_growth *is = find(w->next, w->n_next, g->link);

	if (!is && g->bps == 0)
		return;
	if (!is) {
		is = &w->next[w->n_next++];
		*is = (struct slice_growth){ 0 };
	}
	is->is = *g;
	is->in_bps = least(is->in_bps, g->bps);
	is->since_wall_ns = loop_wall_ns(w->s->loop);
	is->why[0] = '\0';
	if (g->bps == 0)
		*is = w->next[--w->n_next];
}

static bool copy(struct slice_growing *w, const struct slice_entry *e, uint32_t more)
{
	w->next = calloc(e->n_growths + more + 1, sizeof(*w->next));
	if (!w->next) {
		(void)refuse(&w->result, SLICE_E_LIMIT, "no memory");
		return false;
	}
	if (e->n_growths)
		memcpy(w->next, e->growths, e->n_growths * sizeof(*w->next));
	w->n_next = e->n_growths;
	return true;
}

void slice_growth_put(struct slice *s, uint32_t nrp_id, const struct slice_grow *g, uint32_t n, bool dry_run,
		      slice_done_fn done, void *arg)
{
	struct slice_growing *w = growing_new(s, done, arg);
	struct slice_entry *e = slice_nrp_of(s, nrp_id);

	if (!w) {
		const struct slice_result r = { .code = SLICE_E_LIMIT, .text = "no memory" };

		/* From inside the command, against the rule: there is no memory to do it later. */
		if (done)
			done(arg, &r);
		return;
	}
	w->result.kind = SLICE_NRP;
	if (check(s, e, g, n, &w->result) != 0 || dry_run || !copy(w, e, n)) {
		loop_task_run(&w->tell);
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		put(w, &g[i]);
	write_next(w, e);
}

/* ---- what queues are ---- */

void slice_growth_told(struct slice *s, uint32_t nrp_id, const char *link, uint64_t rate_bps, const char *why)
{
	struct slice_entry *e = slice_nrp_of(s, nrp_id);
	struct slice_growth *g = e ? find(e->growths, e->n_growths, link) : NULL;
	uint32_t l = s->ted ? ted_link_by_text(s->ted, link) : TED_NONE;
	struct slice_growing *w;

	if (!g || e->writing || !slice_in_sight(s) || l == TED_NONE)
		return;
	(void)str_copy(g->why, sizeof(g->why), why);
	if (why[0] || rate_bps != g->is.bps || g->in_bps == g->is.bps)
		return;
	if (left(s, e, l) < g->is.bps) {
		(void)snprintf(g->why, sizeof(g->why), "others have reserved what it was to have meanwhile");
		return;
	}
	w = growing_new(s, NULL, NULL);
	if (w && copy(w, e, 0)) {
		w->next[g - e->growths].in_bps = rate_bps;
		write_next(w, e);
	} else if (w) {
		growing_free(w); /* it is told again */
	}
}

/* ---- the operator's word ---- */

bool slice_growth_may_go(struct slice_commit *c, const struct slice_change *h)
{
	const struct slice *s = c->s;

	for (size_t i = 0; i < h->old->n_growths && slice_in_sight(s); i++) {
		const char *label = h->old->growths[i].is.link;
		uint32_t link = ted_link_by_text(s->ted, label);
		uint64_t share = link == TED_NONE ? 0 : slice_share_of(s->ted, &h->fresh->nrp, link);
		uint64_t reserved = share ? intent_nrp_reserved(s->intent, link, h->old->nrp.id) : 0;

		if (reserved <= share)
			continue;
		return slice_refuse(c, h, SLICE_E_USED, "resource-reservation",
				    "a repair raised its share of link %.80s, and %llu bit/s are reserved there: "
				    "with this they would have %llu",
				    label, (unsigned long long)reserved, (unsigned long long)share);
	}
	return true;
}

void slice_growth_lost(const struct slice_entry *nrp)
{
	for (size_t i = 0; i < nrp->n_growths; i++)
		tell_event(nrp, &nrp->growths[i], "gone", 0);
}

/* ---- queries, and the room's life ---- */

const struct slice_growth *slice_growths(const struct slice *s, uint32_t nrp_id, size_t *n)
{
	const struct slice_entry *e = slice_nrp_of(s, nrp_id);

	*n = e ? e->n_growths : 0;
	return e ? e->growths : NULL;
}

const struct slice_growth *slice_growth_of(const struct slice *s, uint32_t nrp_id, const char *link)
{
	const struct slice_entry *e = slice_nrp_of(s, nrp_id);

	return e ? find(e->growths, e->n_growths, link) : NULL;
}

bool slice_growth_record(struct slice_entry *nrp, const struct slice_growth *g)
{
	struct slice_growth *more = realloc(nrp->growths, (nrp->n_growths + 1) * sizeof(*more));

	if (!more)
		return false;
	more[nrp->n_growths++] = *g;
	nrp->growths = more;
	return true;
}

void slice_growth_forget(struct slice *s, const void *arg)
{
	LIST_EACH (it, &s->growing) {
		struct slice_growing *w = LIST_OF(it, struct slice_growing, link);

		if (w->arg == arg)
			w->done = NULL;
	}
}

void slice_growth_metrics(struct slice *s)
{
	s->m_growths = metric_gauge("sextant_nrp_growths", "Links on which repairs raised a partition's share.", "");
	s->m_resizes = metric_counter("sextant_nrp_resizes_total", "Steps of raising and lowering shares of partitions.",
				      "");
}

void slice_growth_orphan(struct slice *s)
{
	LIST_EACH (it, &s->growing) {
		store_forget(s->store, LIST_OF(it, struct slice_growing, link));
		growing_free(LIST_OF(it, struct slice_growing, link));
	}
}
