/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes. All edits of one are read, checked together with what refers to them, planned, reserved and
 * made durable in one transaction of intent's, and then they take effect together. One write of a
 * document is on its way at a time. Orders that stand for themselves go side by side; who changes what
 * others refer to, or refers to what others take from, waits until it is alone.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "log/log.h"
#include "slice/change.h"

enum { COMMITS_MAX = 4096, RUNNING_MAX = 256, WAITING_OCTETS_MAX = 64 << 20, DOCUMENTS_A_TURN = 64 };

bool slice_refuse(struct slice_commit *c, const struct slice_change *of, int code, const char *field,
		  const char *fmt, ...)
{
	struct slice_result *r = &c->result;
	va_list ap;

	*r = (struct slice_result){ .code = code };
	if (of) {
		r->kind = of->kind;
		(void)str_copy(r->id, sizeof(r->id), of->id);
	}
	(void)str_copy(r->field, sizeof(r->field), field);
	va_start(ap, fmt);
	(void)vsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
	return false;
}

struct slice_change *slice_change_of(const struct slice_commit *c, enum slice_kind kind, const char *id)
{
	const struct slice_entry *is = slice_find(c->s, kind, id);

	/* What is there knows who writes it: where a thousand change at once nobody looks through all of them. */
	if (is)
		return is->writer == c ? &c->changes.at[is->change_at] : NULL;
	for (size_t i = 0; i < c->changes.n; i++) {
		struct slice_change *h = &c->changes.at[i];

		if (!h->old && h->kind == kind && strcmp(h->id, id) == 0)
			return h;
	}
	return NULL;
}

static struct slice_entry *as_it_will_be(const void *ctx, const struct slice *s, enum slice_kind kind,
					 const char *id)
{
	const struct slice_change *h = slice_change_of(ctx, kind, id);

	return h ? h->fresh : slice_find(s, kind, id);
}

/* ---- the end of one ---- */

static void kick(struct slice *s);

static void commit_free(struct slice_commit *c)
{
	list_del(&c->link);
	if (c->running) {
		c->s->running--;
		c->s->alone = c->s->alone && !c->alone;
	}
	c->s->octets -= c->octets;
	for (size_t i = 0; i < c->edits.n; i++) {
		free((void *)(uintptr_t)c->edits.at[i].id);
		free((void *)(uintptr_t)c->edits.at[i].doc);
	}
	VEC_FINI(&c->edits);
	VEC_FINI(&c->moves);
	VEC_FINI(&c->kept);
	loop_task_cancel(&c->tell);
	loop_task_cancel(&c->later);
	loop_task_cancel(&c->work);
	VEC_FINI(&c->ends);
	for (size_t i = 0; i < c->changes.n; i++) {
		struct slice_change *h = &c->changes.at[i];

		if (h->old) {
			h->old->writing = false;
			h->old->writer = NULL;
		}
		slice_entry_free(h->fresh);
	}
	VEC_FINI(&c->changes);
	VEC_FINI(&c->fresh);
	VEC_FINI(&c->put_of);
	VEC_FINI(&c->put_member);
	free(c);
}

static void tell(void *arg)
{
	struct slice_commit *c = arg;
	struct slice *s = c->s;
	const struct slice_result r = c->result;
	slice_done_fn done = c->done;
	void *done_arg = c->arg;
	bool services = false;

	for (size_t i = 0; i < c->changes.n; i++)
		services = services || c->changes.at[i].kind == SLICE_SERVICE;
	slice_shares_let(c);
	if (services && !c->dry_run)
		metric_add(r.code ? s->m_refused : s->m_admitted, 1);
	commit_free(c);
	kick(s);
	if (done)
		done(done_arg, &r);
}

/* ---- it takes effect ---- */

/* What runs for the old one goes on for the new; nobody waits for the old one's steps any more. */
static void hand_over(struct slice_entry *old, struct slice_entry *fresh)
{
	if (old->waiting)
		slice_steps_cancel(old->s, old->id);
	fresh->established = old->established;
	memcpy(fresh->unproved, old->unproved, sizeof(fresh->unproved));
	fresh->since_wall_ns = old->since_wall_ns;
	fresh->changed_wall_ns = old->changed_wall_ns;
	fresh->alarm = old->alarm;
	fresh->done = old->done;
	fresh->verdict = old->verdict;
	memcpy(fresh->verdict_why, old->verdict_why, sizeof(fresh->verdict_why));
	fresh->mend = old->mend;
}

/* A record says what it is to be: set before it is printed. */
static void foretell(struct slice_commit *c, struct slice_change *h)
{
	struct slice_entry *e = h->fresh;
	uint64_t now = loop_wall_ns(c->s->loop);

	if (h->kind != SLICE_SERVICE || !e)
		return;
	e->state = SLICE_IS_RESERVED;
	e->phase = SLICE_BUILD;
	if (e->service.admin == SLICE_ADMIN_PRE) {
		e->state = SLICE_DRAFT;
		e->phase = SLICE_IDLE;
	}
	/* One that has begun stays so, should the clock jump back before its time. */
	if (e->phase == SLICE_BUILD && e->service.real.begins_s > now / NS_PER_S && !(h->old && slice_begun(h->old))) {
		e->state = SLICE_SCHEDULED;
		e->phase = SLICE_LATER;
	}
	e->since_wall_ns = e->changed_wall_ns = now;
	if (!h->old)
		return;
	if (c->moves.n > 0) { /* it stands, and goes on to */
		/* What is let on again is verified first. */
		h->from = e->shed_for[0] ? SLICE_STEP_CLASSIFY : SLICE_STEP_VERIFY;
		e->phase = slice_shed_changes(h) ? SLICE_BUILD : h->old->phase;
		e->state = h->old->state;
		e->step = h->old->step;
		e->established = h->old->established;
		e->since_wall_ns = h->old->since_wall_ns;
		e->changed_wall_ns = h->old->changed_wall_ns;
		memcpy(e->reason, h->old->reason, sizeof(e->reason));
		return;
	}
	if (h->old->service.admin == e->service.admin)
		e->changed_wall_ns = h->old->changed_wall_ns;
	e->established = h->old->established && e->phase == SLICE_BUILD;
}

static void apply_service(struct slice_commit *c, struct slice_change *h)
{
	struct slice *s = c->s;
	struct slice_entry *e = h->fresh, *old = h->old;
	uint64_t changed = e->changed_wall_ns;
	bool established = e->established, sheds = old && slice_shed_changes(h);
	enum slice_step from = sheds ? h->from : SLICE_STEP_QUEUE;
	bool begins = old && old->phase == SLICE_LATER && e->phase == SLICE_BUILD;

	if (old) {
		hand_over(old, e);
		e->established = established;
		e->changed_wall_ns = changed;
		store_forget(s->store, old);
		intent_set_forget(s->intent, old);
		slice_entry_del(s, old);
	}
	h->old = NULL;
	h->fresh = NULL;
	/* Without memory it is durable and takes effect at the next start. */
	if (slice_entry_add(s, e) < 0) {
		slice_entry_free(e);
		return;
	}
	if (slice_keys_put(e) < 0)
		slice_keys_drop(e);
	slice_event(e, BUS_INFO, old ? "slice-changed" : "slice-created");
	slice_event(e, BUS_INFO, "slice-state");
	if (begins)
		slice_event(e, BUS_INFO, "slice-begun");
	if (sheds)
		slice_event(e, e->shed_for[0] ? BUS_ALARM : BUS_CLEARED, "slice-shed");
	if (e->phase == SLICE_BUILD)
		slice_build(e, from);
	else
		slice_look(e);
}

static void apply(struct slice_commit *c, struct slice_change *h)
{
	struct slice *s = c->s;

	if (h->fresh) {
		h->fresh->revision = c->revision;
		h->fresh->ordered = h->old && c->moves.n > 0 ? h->old->ordered : c->revision;
	}
	if (h->kind == SLICE_SERVICE && !h->fresh) {
		h->old->revision = c->revision;
		slice_event(h->old, BUS_INFO, "slice-deleted");
		slice_undo(h->old, true, "");
	} else if (h->kind == SLICE_SERVICE) {
		apply_service(c, h);
	} else {
		if (h->old)
			slice_growth_lost(h->old);
		if (h->old)
			slice_entry_del(s, h->old);
		h->old = NULL;
		if (h->fresh && slice_entry_add(s, h->fresh) == 0)
			h->fresh = NULL;
	}
}

void slice_settle(struct slice_commit *c)
{
	struct slice *s = c->s;
	bool nrps = false;

	if (!c->result.code && !c->dry_run) {
		s->revision = ++s->revision_given; /* writes may overtake one another */
		c->result.revision = c->revision;
		for (size_t i = 0; i < c->changes.n; i++) {
			nrps = nrps || c->changes.at[i].kind == SLICE_NRP;
			apply(c, &c->changes.at[i]);
		}
		s->holds = nrps ? c : s->holds;
		slice_shares_let(c);
		if (nrps)
			slice_growth_count(s);
		slice_partitions_changed(s);
		slice_ends_look(s);
		slice_begins_look(s);
	}
	tell(c);
}

/* ---- the command ---- */

static bool too_many(const struct slice *s)
{
	unsigned n = 0;

	LIST_EACH(it, &s->commits)
		n++;
	return n > COMMITS_MAX;
}

/* A new one is in no table before it is durable. */
static bool on_its_way(const struct slice_commit *c, enum slice_kind kind, const char *id)
{
	LIST_EACH(it, &c->s->commits) {
		const struct slice_commit *o = LIST_OF(it, struct slice_commit, link);

		if (o != c && o->running && !o->result.code && slice_change_of(o, kind, id))
			return true;
	}
	return false;
}

static void runs_as(struct slice_entry *e, const struct slice_move *m, const struct slice_entry *old)
{
	if (m || old)
		e->detour = m ? m->detour : old->detour;
	if (m || old)
		(void)str_copy(e->shed_for, sizeof(e->shed_for), m ? m->shed_for : old->shed_for);
}

/* The last of the changes is of something that is there. */
static void writes(struct slice_commit *c, struct slice_entry *old)
{
	old->writing = true;
	old->writer = c;
	old->change_at = c->changes.n - 1;
}

/* m: how it is to run; NULL: as before. */
static bool take_edit(struct slice_commit *c, const struct slice_edit *e, const struct slice_move *m)
{
	struct slice_change h = { .kind = e->kind, .id = e->id, .old = slice_find(c->s, e->kind, e->id) };
	bool there = h.old && !h.old->deleted;
	struct slice_fault f;
	int r;

	if (h.old)
		h.id = h.old->id;
	if (slice_change_of(c, e->kind, e->id))
		return slice_refuse(c, &h, SLICE_E_INVALID, "", "it is written twice at once");
	if (h.old && (h.old->deleted || (h.old->phase == SLICE_UNDO && e->how != SLICE_DELETE)))
		return slice_refuse(c, &h, SLICE_E_BUSY, "",
				    "what it was before is still being taken away: try again");
	if (on_its_way(c, e->kind, e->id) || (h.old && h.old->writing))
		return slice_refuse(c, &h, SLICE_E_BUSY, "", "another change of it is being written: try again");
	if (there && e->how == SLICE_CREATE)
		return slice_refuse(c, &h, SLICE_E_EXISTS, "", "it is there already");
	if (!there && (e->how == SLICE_UPDATE || e->how == SLICE_DELETE || e->if_revision))
		return slice_refuse(c, &h, SLICE_E_MISSING, "", "it is not there");
	if (there && e->if_revision && e->if_revision != h.old->revision)
		return slice_refuse(c, &h, SLICE_E_REVISION, "", "it was changed meanwhile: revision %llu",
				    (unsigned long long)h.old->revision);
	if (e->how != SLICE_DELETE) {
		r = slice_entry_new(c->s, e->kind, e->id, e->doc ? e->doc : "", e->len, &h.fresh, &f);
		if (r < 0)
			return slice_refuse(c, &h, r == -EINVAL ? SLICE_E_INVALID : SLICE_E_LIMIT, f.field, "%s",
					    f.text[0] ? f.text : "no memory");
		h.id = h.fresh->id;
		runs_as(h.fresh, m, h.old);
		c->dry_run = c->dry_run || (e->kind == SLICE_SERVICE && h.fresh->service.test_only);
	}
	if (!VEC_ADD(&c->changes, h)) {
		slice_entry_free(h.fresh);
		return slice_refuse(c, NULL, SLICE_E_LIMIT, "", "no memory");
	}
	if (h.old)
		writes(c, h.old);
	return true;
}

static bool take(struct slice_commit *c)
{
	for (size_t i = 0; i < c->edits.n; i++) {
		const struct slice_edit *e = &c->edits.at[i];
		const struct slice_change h = { .kind = e->kind, .id = "" };

		if (!e->id[0] || strlen(e->id) >= SLICE_ID_MAX)
			return slice_refuse(c, &h, SLICE_E_INVALID, "id", "give one of 1 to %d octets",
					    SLICE_ID_MAX - 1);
		if (!take_edit(c, e, i < c->moves.n ? &c->moves.at[i] : NULL))
			return false;
	}
	return true;
}

bool slice_follow(struct slice_commit *c, struct slice_entry *old)
{
	struct slice_change h = { .kind = SLICE_SERVICE, .id = old->id, .old = old, .follows = true };
	struct slice_fault f;

	/* One that was rolled back is not tried again before it is ordered again. */
	if (slice_change_of(c, SLICE_SERVICE, old->id) || old->deleted || old->phase == SLICE_UNDO ||
	    old->state == SLICE_ROLLED_BACK)
		return true;
	if (c->changes.n >= SLICE_CHANGES_MAX)
		return slice_refuse(c, &h, SLICE_E_LIMIT, "", "too many slices would change with it");
	if (old->writing)
		return slice_refuse(c, &h, SLICE_E_BUSY, "", "another change of it is being written: try again");
	if (slice_entry_new(c->s, SLICE_SERVICE, old->id, old->doc, old->len, &h.fresh, &f) < 0)
		return slice_refuse(c, &h, SLICE_E_LIMIT, f.field, "%s", f.text[0] ? f.text : "no memory");
	h.id = h.fresh->id;
	runs_as(h.fresh, NULL, old);
	if (!VEC_ADD(&c->changes, h)) {
		slice_entry_free(h.fresh);
		return slice_refuse(c, NULL, SLICE_E_LIMIT, "", "no memory");
	}
	writes(c, old);
	return true;
}

bool slice_detour_is(const struct slice_detour *d)
{
	return d->n_avoid > 0 || d->swapped;
}

bool slice_detour_same(const struct slice_detour *a, const struct slice_detour *b)
{
	if (a->swapped != b->swapped || a->n_avoid != b->n_avoid)
		return false;
	for (uint8_t i = 0; i < a->n_avoid; i++) {
		bool found = false;

		for (uint8_t k = 0; k < b->n_avoid && !found; k++)
			found = strcmp(a->avoid[i], b->avoid[k]) == 0;
		if (!found)
			return false;
	}
	return true;
}

bool slice_shed_changes(const struct slice_change *h)
{
	return strcmp(h->old ? h->old->shed_for : "", h->fresh ? h->fresh->shed_for : "") != 0;
}

static bool detour_fits(struct slice_commit *c, const struct slice_change *h)
{
	const struct slice_entry *e = h->fresh;
	bool own = false, pair = false;

	for (uint32_t i = 0; i < e->plan.n; i++) {
		own = own || !e->plan.at[i].inside;
		pair = pair || e->plan.at[i].protection;
	}
	if (h->old->phase != SLICE_STANDS)
		return slice_refuse(c, h, SLICE_E_BUSY, "", "it does not stand: nothing of it can be moved");
	if (!own)
		return slice_refuse(c, h, SLICE_E_STEP, "", "its flows run in the policies of its parent");
	if (e->detour.swapped && !pair)
		return slice_refuse(c, h, SLICE_E_STEP, "", "it has no standby to switch to");
	return true;
}

/* One whose devices do not answer can be given back. */
static bool shed_fits(struct slice_commit *c, const struct slice_change *h)
{
	if (h->old->phase != SLICE_STANDS && !(h->old->phase == SLICE_BUILD && h->old->established))
		return slice_refuse(c, h, SLICE_E_BUSY, "", "it does not stand: nothing of it can be taken off");
	if (!slice_step_by(c->s, SLICE_STEP_CLASSIFY))
		return slice_refuse(c, h, SLICE_E_STEP, "", "nothing here takes its traffic off");
	return true;
}

/* Could they be of these slices at all? */
static bool moves_fit(struct slice_commit *c)
{
	for (size_t i = 0; i < c->moves.n; i++) {
		const struct slice_change *h = &c->changes.at[i];

		if (slice_shed_changes(h) && !shed_fits(c, h))
			return false;
		if (!slice_detour_same(&h->old->detour, &h->fresh->detour) && !detour_fits(c, h))
			return false;
	}
	return true;
}

/* A turn's part of reading, checking and planning. False: refused. */
static bool go_on(struct slice_commit *c, unsigned *budget)
{
	if (!c->taken && !take(c))
		return false;
	c->taken = true;
	return slice_check(c, budget) && (*budget == 0 || slice_plan_all(c, budget));
}

/* Where many change at once others have their turns between: those that are written stay as they are meanwhile,
 * and what refers to them waits. */
static void go(void *arg)
{
	struct slice_commit *c = arg;
	unsigned budget = DOCUMENTS_A_TURN;

	if (!go_on(c, &budget)) {
		loop_task_run(&c->tell);
		return;
	}
	if (budget == 0) {
		loop_task_run(&c->work);
		return;
	}
	if (!moves_fit(c)) {
		loop_task_run(&c->tell);
		return;
	}
	for (size_t i = 0; i < c->changes.n; i++)
		foretell(c, &c->changes.at[i]);
	slice_shares_hold(c);
	slice_ask(c);
}

/* In the order they came; none passes one that waits to be alone. */
static void kick(struct slice *s)
{
	LIST_EACH(it, &s->commits) {
		struct slice_commit *c = LIST_OF(it, struct slice_commit, link);

		if (c->running)
			continue;
		if (s->alone || s->running >= RUNNING_MAX || (c->alone && s->running > 0))
			return;
		c->running = true;
		s->running++;
		s->alone = c->alone;
		go(c);
	}
}

static bool copy(struct slice_commit *c, const struct slice_write *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct slice_edit e = w->edits[i];
		char *id = strdup(e.id), *doc = e.doc && e.len <= SLICE_DOC_MAX ? malloc(e.len + 1) : NULL;

		if (doc) {
			memcpy(doc, e.doc, e.len);
			doc[e.len] = '\0';
		}
		/* The reader says of one that is too long what is wrong with it. */
		e.id = id;
		e.doc = doc;
		if (!id || (w->edits[i].doc && !doc && e.len <= SLICE_DOC_MAX) || !VEC_ADD(&c->edits, e)) {
			free(id);
			free(doc);
			return slice_refuse(c, NULL, SLICE_E_LIMIT, "", "no memory");
		}
		/* A word of it is enough: one too many only waits. */
		c->alone = c->alone || e.kind != SLICE_SERVICE || e.how == SLICE_DELETE ||
			   slice_has_child(c->s, id) ||
			   (doc && (strstr(doc, "parent-slice") || strstr(doc, "transport-instance-id")));
	}
	return true;
}

static bool copy_moves(struct slice_commit *c, const struct slice_move *m, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct slice_move known = m[i];

		if (known.detour.n_avoid > SLICE_AVOID_MAX)
			known.detour.n_avoid = SLICE_AVOID_MAX;
		if (!VEC_ADD(&c->moves, known))
			return slice_refuse(c, NULL, SLICE_E_LIMIT, "", "no memory");
	}
	return true;
}

/* moves: one for each edit; NULL: there are none. */
static void put(struct slice *s, const struct slice_write *w, const struct slice_move *moves, slice_done_fn done,
		void *arg)
{
	struct slice_commit *c = calloc(1, sizeof(*c));

	if (!c) {
		const struct slice_result r = { .code = SLICE_E_LIMIT, .text = "no memory" };

		/* From inside the command, against the rule: there is no memory to do it later. */
		if (done)
			done(arg, &r);
		return;
	}
	c->s = s;
	c->done = done;
	c->arg = arg;
	c->dry_run = w->dry_run;
	c->outlook = (struct slice_outlook){ .s = s, .find = as_it_will_be, .ctx = c };
	loop_task_init(&c->tell, s->loop, tell, c);
	loop_task_init(&c->work, s->loop, go, c);
	list_add(&s->commits, &c->link);
	for (size_t i = 0; i < w->n; i++)
		c->octets += w->edits[i].len;
	s->octets += c->octets;
	if (w->n > SLICE_EDITS_MAX || too_many(s) || s->octets > WAITING_OCTETS_MAX)
		(void)slice_refuse(c, NULL, SLICE_E_LIMIT, "", "too much is being written at once");
	else if (copy(c, w) && moves)
		(void)copy_moves(c, moves, w->n);
	if (c->result.code) {
		c->running = true;
		s->running++;
		c->alone = false;
		loop_task_run(&c->tell);
	}
	kick(s);
}

void slice_put(struct slice *s, const struct slice_write *w, slice_done_fn done, void *arg)
{
	put(s, w, NULL, done, arg);
}

void slice_moves_put(struct slice *s, const struct slice_move *m, size_t n, bool dry_run, slice_done_fn done,
		     void *arg)
{
	struct slice_edit e[SLICE_MOVES_MAX];
	const struct slice_write w = { .edits = e, .n = n, .dry_run = dry_run };

	assert(n > 0 && n <= SLICE_MOVES_MAX);
	for (size_t i = 0; i < n; i++) {
		const struct slice_entry *is = slice_find(s, SLICE_SERVICE, m[i].id);

		e[i] = (struct slice_edit){ .kind = SLICE_SERVICE, .how = SLICE_UPDATE, .id = m[i].id,
					    .doc = is ? is->doc : "", .len = is ? is->len : 0 };
	}
	put(s, &w, m, done, arg);
}

void slice_detour_put(struct slice *s, const char *id, const struct slice_detour *d, bool dry_run,
		      slice_done_fn done, void *arg)
{
	const struct slice_entry *is = slice_find(s, SLICE_SERVICE, id);
	struct slice_move m = { .detour = *d };

	(void)str_copy(m.id, sizeof(m.id), id);
	(void)str_copy(m.shed_for, sizeof(m.shed_for), is ? is->shed_for : "");
	slice_moves_put(s, &m, 1, dry_run, done, arg);
}

void slice_release(struct slice *s, const char *id, slice_done_fn done, void *arg)
{
	struct slice_move m = { 0 };

	(void)str_copy(m.id, sizeof(m.id), id);
	slice_moves_put(s, &m, 1, false, done, arg);
}

void slice_forget(struct slice *s, const void *arg)
{
	LIST_EACH(it, &s->commits) {
		struct slice_commit *c = LIST_OF(it, struct slice_commit, link);

		if (c->arg == arg)
			c->done = NULL;
	}
	slice_growth_forget(s, arg);
}

void slice_commits_orphan(struct slice *s)
{
	LIST_EACH(it, &s->commits) {
		struct slice_commit *c = LIST_OF(it, struct slice_commit, link);

		store_forget(s->store, c);
		intent_set_forget(s->intent, c);
		commit_free(c);
	}
}
