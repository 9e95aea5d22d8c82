/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets: several policies that are admitted, made durable and begun as one, or not at all.
 *
 * A new policy of a set is there as soon as it is placed, but tentative: booked like any other and
 * moved like any other when a link fails, yet neither sent nor shown. So what comes after it, of its set
 * or not, is placed beside it, and its group keeps apart from it. One that was there already goes on as it
 * is; what it would need in addition is booked beside it until the set has taken effect. All are
 * placed as if of the worst setup priority: for a promise nobody is pushed out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "intent/group/group.h"
#include "intent/write/op.h"

enum { PREPARED_A_TURN = 256 };

struct put {
	struct intent_desired *wish;
	struct intent_op *op;	   /* NULL before the set's turn */
	struct intent_pol *fresh;  /* made for it; NULL: it was there, or is not placed yet */
	VEC(struct book_claim *) extra; /* what one that was there needs beside what it has */
	VEC(uint32_t) way; /* of one that was there, for a judge */
};

struct gone {
	struct sr_policy_key key;
	struct intent_op *op;
};

struct admit {
	struct list link;
	struct intent *i;
	struct put *puts;
	struct gone *gone;
	struct store_op *beside;
	char *texts; /* what those point to */
	size_t n_puts, n_gone, n_beside, ready, at, applied; /* puts and those gone; puts that are placed; in effect */
	struct loop_task apply;
	bool prepared, dry_run;
	uint64_t revision;
	char owner[SR_NAME_MAX];
	struct intent_set_result result;
	intent_set_fn done;
	bool (*judge)(void *arg, const struct intent_set_way *ways, size_t n, struct intent_set_result *r);
	void *arg;
};

/* ---- the end of one ---- */

/* Its headend may have told of an LSP that would have been its own. */
static void forget(struct intent_pol *p)
{
	if (p->lsp)
		intent_lsp_foreign(p->lsp);
	intent_pol_unmanage(p);
	p->tentative = false;
	if (list_empty(&p->lsps))
		intent_pol_free(p);
	else
		intent_state_refresh(p);
}

/* What was held for it goes back. */
static void undo(struct admit *s)
{
	for (size_t k = 0; k < s->n_puts; k++) {
		struct put *u = &s->puts[k];

		for (size_t x = 0; x < u->extra.n; x++)
			book_claim_free(s->i->book, u->extra.at[x]);
		u->extra.n = 0;
		if (u->fresh)
			forget(TAKE(u->fresh));
	}
	if (s->at > 0)
		intent_retry_blocked(s->i);
}

static void admit_free(struct admit *s)
{
	list_del(&s->link);
	loop_task_cancel(&s->apply);
	for (size_t k = 0; k < s->n_puts; k++) {
		VEC_FINI(&s->puts[k].extra);
		VEC_FINI(&s->puts[k].way);
		if (s->puts[k].op)
			intent_op_end(s->puts[k].op);
		s->puts[k].wish = intent_desired_unref(s->puts[k].wish);
	}
	for (size_t k = 0; k < s->n_gone; k++) {
		if (s->gone[k].op)
			intent_op_end(s->gone[k].op);
	}
	free(s->puts);
	free(s->gone);
	free(s->beside);
	free(s->texts);
	free(s);
}

static void finish(struct admit *s)
{
	const struct intent_set_result r = s->result;
	intent_set_fn done = s->done;
	void *arg = s->arg;

	admit_free(s);
	if (done)
		done(arg, &r);
}

static bool fails(struct admit *s, int code, size_t index, const char *text)
{
	s->result.code = code;
	s->result.index = index;
	str_copy(s->result.text, sizeof(s->result.text), text);
	return false;
}

/* As a write of it alone would have been refused. */
static bool op_fails(struct admit *s, const struct intent_op *op, size_t index)
{
	str_copy(s->result.field, sizeof(s->result.field), op->result.field);
	return fails(s, op->result.code, index, op->result.text);
}

/* ---- its turn comes ---- */

/* From now on others' writes of these are refused, and what identifies it is nobody else's. */
static void claim_write(struct admit *s, struct intent_op *op)
{
	op->writing = true;
	if (op->creates)
		s->i->n_creating++;
}

static struct intent_op *op_for(struct admit *s, const struct sr_policy_key *key, size_t index)
{
	struct intent_op *op = intent_op_new(s->i, key, NULL, NULL);

	if (op)
		op->owner = s->owner;
	else
		(void)fails(s, INTENT_E_LIMIT, index, "no memory");
	return op;
}

static bool prepare_put(struct admit *s, size_t k)
{
	struct put *u = &s->puts[k];

	u->op = op_for(s, &u->wish->p.key, k);
	if (!u->op)
		return false;
	if (!intent_op_put(u->op, INTENT_REPLACE, &u->wish->p, 0))
		return op_fails(s, u->op, k);
	claim_write(s, u->op);
	return true;
}

static bool prepare_gone(struct admit *s, size_t k)
{
	struct gone *g = &s->gone[k];

	g->op = op_for(s, &g->key, k);
	if (!g->op)
		return false;
	if (!intent_op_delete(g->op))
		return op_fails(s, g->op, k);
	claim_write(s, g->op);
	return true;
}

/* A turn's part of it. */
static bool prepare(struct admit *s)
{
	size_t all = s->n_puts + s->n_gone;

	for (unsigned k = 0; k < PREPARED_A_TURN && s->ready < all; k++, s->ready++) {
		if (!(s->ready < s->n_puts ? prepare_put(s, s->ready) : prepare_gone(s, s->ready - s->n_puts)))
			return false;
	}
	s->prepared = s->ready == all;
	return true;
}

/* ---- a place for each ---- */

/* Whose the room of that link is, where partitions have shares of it. */
static void name_shares(struct admit *s, uint32_t link, uint32_t nrp)
{
	const struct book *b = s->i->book;
	uint64_t share = book_share(b, link, nrp);
	struct book_row row;
	char *text = s->result.text;
	size_t n = strlen(text);

	if (!book_row(b, link, &row) || (share == 0 && row.shares_bps == 0))
		return;
	if (share == BOOK_NO_SHARE)
		(void)snprintf(text + n, sizeof(s->result.text) - n, "; partition %u has nothing of link %.60s", nrp,
			       s->result.link);
	else if (share)
		(void)snprintf(text + n, sizeof(s->result.text) - n, "; partition %u has %llu bit/s of link %.60s", nrp,
			       (unsigned long long)share, s->result.link);
	else
		(void)snprintf(text + n, sizeof(s->result.text) - n,
			       "; partitions have %llu bit/s of link %.60s for themselves",
			       (unsigned long long)row.shares_bps, s->result.link);
}

/* The link a request without bandwidth would take where there is least room. */
static uint32_t name_short(struct admit *s, const struct intent_policy *p)
{
	struct intent *i = s->i;
	const struct book_ask ask = { .setup = BOOK_PRIOS - 1, .nrp = p->nrp, .window = BOOK_ALWAYS };
	AUTO_FREE struct intent_path_query *q = calloc(1, sizeof(*q));
	struct pce_request req;
	struct pce_answer ans;
	uint32_t link = TED_NONE;

	if (!q || !i->ted || p->bandwidth_bps == 0)
		return TED_NONE;
	ip_text(&p->key.headend, q->src, sizeof(q->src));
	ip_text(&p->key.endpoint, q->dst, sizeof(q->dst));
	q->constraints = p->cpaths[0];
	q->dataplane = p->dataplane;
	q->setup_prio = ask.setup;
	q->nrp = p->nrp;
	arena_reset(&i->arena);
	if (!intent_query_request(i, q, &i->arena, &req, &ans))
		return TED_NONE;
	/* On the loop: no more than a policy has there; and of no path nobody asks why. */
	req.labels_max = i->cfg.wave_labels;
	req.explain = false;
	req.brief = true;
	pce_compute(i->ted, &req, &i->arena, &ans);
	s->result.free_bps = UINT64_MAX;
	for (uint32_t k = 0; ans.status == PCE_OK && k < ans.n_path; k++) {
		uint64_t room = book_room(i->book, ans.path[k], &ask);

		if (room >= p->bandwidth_bps || room >= s->result.free_bps)
			continue;
		s->result.free_bps = room;
		s->result.wanted_bps = p->bandwidth_bps;
		link = ans.path[k];
		ted_link_label(i->ted, ans.path[k], s->result.link, sizeof(s->result.link));
	}
	if (!s->result.link[0])
		s->result.free_bps = 0;
	return link;
}

static bool short_of(struct admit *s, size_t index, const char *why)
{
	const struct intent_policy *p = &s->puts[index].wish->p;
	uint32_t link = name_short(s, p);

	(void)fails(s, INTENT_E_SHORT, index, why && why[0] ? why : "no path");
	if (link != TED_NONE)
		name_shares(s, link, p->nrp);
	return false;
}

/* The wish as it is placed. NULL without memory. */
static struct intent_desired *meek(const struct put *u)
{
	struct intent_desired *d = intent_desired_new(&u->wish->p);

	if (d)
		d->p.setup_prio = BOOK_PRIOS - 1;
	return d;
}

static bool place_fresh(struct admit *s, size_t index)
{
	struct put *u = &s->puts[index];
	struct intent_op *op = u->op;
	struct intent_pol *p = NULL;

	if (intent_pol_new(s->i, &op->key, INTENT_MANAGED, &p) < 0)
		return fails(s, INTENT_E_LIMIT, index, "no memory");
	u->fresh = p;
	p->tentative = true;
	if (intent_pol_manage(p, op->rec.lsp_name) < 0 || !(p->desired = meek(u)))
		return fails(s, INTENT_E_LIMIT, index, "no memory");
	p->cpath = op->rec.cpath;
	intent_bsid_set(p, &op->rec.bsid);
	p->created_wall_ns = op->rec.created_wall_ns;
	intent_order_put(p);
	intent_uses_look(p);
	intent_lend(p);
	intent_group_follow(p);
	intent_run_here(p, INTENT_FORCE);
	if (p->want.set && !p->degraded && (u->wish->p.bandwidth_bps == 0 || intent_booked(p)))
		return true;
	return short_of(s, index, p->why);
}

/* One claim for all links where it lacks the same. */
static bool hold_extra(struct admit *s, struct put *u, const struct intent_pol *p,
		       const struct intent_route *r)
{
	AUTO_FREE uint64_t *lacks = calloc((size_t)r->n_links + 1, sizeof(*lacks));
	AUTO_FREE uint32_t *links = calloc((size_t)r->n_links + 1, sizeof(*links));
	struct book_terms t = { .hold = 0, .nrp = u->wish->p.nrp, .window = BOOK_ALWAYS };

	if (!lacks || !links)
		return false;
	for (uint32_t k = 0; k < r->n_links; k++) {
		/* What it holds for another partition is none of this one's. */
		uint64_t has = book_claim_terms(p->claim)->nrp == t.nrp ? book_claim_bps(p->claim, r->links[k]) : 0;

		lacks[k] = u->wish->p.bandwidth_bps > has ? u->wish->p.bandwidth_bps - has : 0;
	}
	for (uint32_t k = 0; k < r->n_links; k++) {
		struct book_claim *c = NULL;
		uint32_t n = 0;

		if (lacks[k] == 0)
			continue;
		t.bps = lacks[k];
		for (uint32_t j = k; j < r->n_links; j++) {
			if (lacks[j] != t.bps)
				continue;
			lacks[j] = 0;
			links[n++] = r->links[j];
		}
		if (book_claim_new(s->i->book, false, p->claim ? book_claim_owner(p->claim) : NULL, &c) < 0)
			return false;
		if (!VEC_ADD(&u->extra, c)) {
			book_claim_free(s->i->book, c);
			return false;
		}
		if (book_hold(s->i->book, c, &t, links, n) < 0)
			return false;
	}
	return true;
}

static bool place_again(struct admit *s, size_t index, struct intent_pol *p)
{
	struct put *u = &s->puts[index];
	AUTO(intent_desired_unref) struct intent_desired *d = meek(u);
	struct intent_route r = { 0 };
	char why[SR_REASON_MAX] = "";
	bool held;

	if (!d)
		return fails(s, INTENT_E_LIMIT, index, "no memory");
	if (!intent_try(p, d, &r, why))
		return short_of(s, index, why);
	held = hold_extra(s, u, p, &r);
	for (uint32_t k = 0; held && s->judge && k < r.n_links; k++)
		held = VEC_ADD(&u->way, r.links[k]);
	intent_route_fini(&r);
	return held || fails(s, INTENT_E_LIMIT, index, "no memory");
}

static bool place(struct admit *s, size_t index)
{
	const struct put *u = &s->puts[index];
	struct intent_pol *p = intent_pol_find(s->i, &u->op->key);

	if (u->wish->p.admin_down) /* holds nothing until it is to be up */
		return true;
	if (p && p->deleted)
		return fails(s, INTENT_E_BUSY, index, "its headend has not let go of the one before: try again");
	return p ? place_again(s, index, p) : place_fresh(s, index);
}

/* The owner's word. */
static bool judged(struct admit *s)
{
	AUTO_FREE struct intent_set_way *ways = NULL;

	if (!s->judge)
		return true;
	ways = calloc(s->n_puts + 1, sizeof(*ways));
	if (!ways)
		return fails(s, INTENT_E_LIMIT, 0, "no memory");
	for (size_t k = 0; k < s->n_puts; k++) {
		const struct put *u = &s->puts[k];

		ways[k] = u->fresh ? (struct intent_set_way){ u->fresh->want.links, u->fresh->want.n_links } :
				     (struct intent_set_way){ u->way.at, (uint32_t)u->way.n };
	}
	return s->judge(s->arg, ways, s->n_puts, &s->result);
}

/* ---- to disk, and into effect ---- */

static void commit_put(struct admit *s, struct put *u)
{
	struct intent_op *op = u->op;
	struct intent_pol *p = u->fresh;

	for (size_t x = 0; x < u->extra.n; x++)
		book_claim_free(s->i->book, u->extra.at[x]);
	u->extra.n = 0;
	if (p) {
		p->tentative = false;
		intent_desired_unref(p->desired);
		p->desired = intent_desired_ref(op->rec.desired);
		u->fresh = NULL;
	}
	intent_op_put_apply(op);
	if (p && p->want.set)
		intent_owe_event(p);
	if (p && p->want.set && p->desired && p->desired->p.later)
		intent_owe_record(p);
	/* Nobody comes between the room that was held and what takes it. */
	if (!p && (p = intent_pol_find(s->i, &op->key)) && p->dirty != INTENT_CLEAN && !p->in_batch &&
	    s->i->ted && !s->i->ted->stale && intent_awaited(p)) {
		intent_clean(p);
		intent_run_here(p, INTENT_FORCE);
	}
}

/* A turn's part of it. What has not had its turn is held as before, and nobody else writes it. */
static void apply(void *arg)
{
	struct admit *s = arg;
	uint32_t budget = s->i->ted ? intent_turn_max(s->i->ted) : 1;

	for (; s->applied < s->n_puts && budget > 0; budget--)
		commit_put(s, &s->puts[s->applied++]);
	if (s->applied < s->n_puts) {
		loop_task_run(&s->apply);
		return;
	}
	for (size_t k = 0; k < s->n_gone; k++)
		intent_op_delete_apply(s->gone[k].op);
	finish(s);
}

static void stored(void *arg, int r)
{
	struct admit *s = arg;
	char text[SR_REASON_MAX];

	if (r < 0) {
		(void)snprintf(text, sizeof(text), "the disk refused: %s; nothing changed", err_text(r));
		(void)fails(s, INTENT_E_STORE, 0, text);
		undo(s);
		finish(s);
		return;
	}
	s->i->revision = s->revision;
	s->result.revision = s->revision;
	for (size_t k = 0; k < s->n_puts; k++)
		s->puts[k].op->written = true;
	for (size_t k = 0; k < s->n_gone; k++)
		s->gone[k].op->written = true;
	apply(s);
}

/* A row each; out has room. False without memory. */
static bool row_of(struct intent_op *op, uint64_t revision, char key[SR_KEY_TEXT_MAX], struct store_op *out)
{
	char *text;

	op->rec.revision = op->revision = revision;
	text = intent_record_print(&op->rec);
	*out = (struct store_op){ "policy", sr_policy_key_text(&op->key, key, SR_KEY_TEXT_MAX), text,
				  text ? strlen(text) : 0 };
	return text;
}

static int write_rows(struct admit *s)
{
	size_t n_policies = s->n_puts + s->n_gone, n = 0;
	AUTO_FREE struct store_op *rows = calloc(n_policies + s->n_beside + 1, sizeof(*rows));
	AUTO_FREE char *keys = malloc(n_policies * SR_KEY_TEXT_MAX + 1);
	char revision[24];
	bool ok = rows && keys;
	int r;

	for (; ok && n < n_policies; n++) {
		struct intent_op *op = n < s->n_puts ? s->puts[n].op : s->gone[n - s->n_puts].op;

		ok = row_of(op, s->revision, keys + n * SR_KEY_TEXT_MAX, &rows[n]);
	}
	if (ok) {
		if (s->n_beside > 0)
			memcpy(&rows[n], s->beside, s->n_beside * sizeof(*rows));
		(void)snprintf(revision, sizeof(revision), "%llu", (unsigned long long)s->revision);
		rows[n + s->n_beside] = (struct store_op){ "intent", "revision", revision, strlen(revision) };
	}
	r = ok ? store_write(s->i->store, rows, n + s->n_beside + 1, stored, s) : err_raise(-ENOMEM);
	for (size_t k = 0; rows && k < n; k++)
		free((void *)(uintptr_t)rows[k].value);
	return r;
}

static void write_set(struct admit *s)
{
	char text[SR_REASON_MAX];
	int r;

	s->revision = s->i->revision_given + 1; /* others were written while it was placed */
	r = write_rows(s);
	if (r == 0) {
		s->i->revision_given = s->revision;
		list_del(&s->link);
		list_add(&s->i->admitted, &s->link);
		return;
	}
	(void)snprintf(text, sizeof(text), "the store takes no more: %s; nothing changed", err_text(r));
	(void)fails(s, INTENT_E_STORE, 0, text);
	undo(s);
	finish(s);
}

/* ---- the queue ---- */

/* Places as many of it as the turn allows, and ends it when that is all or one has no place. */
static void go_on(struct admit *s, uint32_t *budget)
{
	const struct ted *t = s->i->ted;
	uint32_t before = *budget;

	if (!s->prepared && prepare(s) && !s->prepared) {
		*budget = 0; /* the next turn goes on */
		return;
	}
	if (!s->result.code && s->at < s->n_puts && (!t || t->stale || t->generation == 0))
		(void)fails(s, INTENT_E_BLIND, s->at, "the topology is not in sight: nothing can be promised");
	for (; !s->result.code && s->at < s->n_puts && *budget > 0; (*budget)--)
		(void)place(s, s->at++);
	*budget -= *budget == before; /* that was work too */
	if (!s->result.code && s->at < s->n_puts)
		return;
	s->i->n_admits--;
	if (!s->result.code && judged(s) && !s->dry_run) {
		write_set(s);
		return;
	}
	undo(s);
	finish(s);
}

static void admits_run(void *arg)
{
	struct intent *i = arg;
	uint32_t budget = i->ted ? intent_turn_max(i->ted) : 1;

	while (budget > 0 && !list_empty(&i->admits)) {
		if (i->n_waves > 0)
			return; /* repairs go first; their end comes back here */
		go_on(LIST_OF(i->admits.next, struct admit, link), &budget);
	}
	if (!list_empty(&i->admits))
		loop_task_run(&i->admit_task);
}

void intent_admits_kick(struct intent *i)
{
	if (!list_empty(&i->admits))
		loop_task_run(&i->admit_task);
}

/* ---- the command ---- */

static bool copy_wishes(struct admit *s, const struct intent_set_write *w)
{
	s->puts = calloc(w->n_puts + 1, sizeof(*s->puts));
	s->gone = calloc(w->n_gone + 1, sizeof(*s->gone));
	if (!s->puts || !s->gone)
		return false;
	for (; s->n_puts < w->n_puts; s->n_puts++) {
		struct intent_desired *d = intent_desired_new(w->puts[s->n_puts]);

		if (!d)
			return false;
		str_copy(d->p.owner, sizeof(d->p.owner), s->owner);
		s->puts[s->n_puts].wish = d;
	}
	for (; s->n_gone < w->n_gone; s->n_gone++)
		s->gone[s->n_gone].key = w->gone[s->n_gone];
	return true;
}

static const void *keep(char **at, const void *from, size_t n)
{
	char *to = *at;

	memcpy(to, from, n);
	*at += n;
	return to;
}

static bool copy_beside(struct admit *s, const struct intent_set_write *w)
{
	size_t bytes = 1;
	char *at;

	for (size_t k = 0; k < w->n_beside; k++)
		bytes += strlen(w->beside[k].bucket) + strlen(w->beside[k].key) + 2 + w->beside[k].len;
	s->beside = calloc(w->n_beside + 1, sizeof(*s->beside));
	s->texts = at = malloc(bytes);
	if (!s->beside || !s->texts)
		return false;
	for (; s->n_beside < w->n_beside; s->n_beside++) {
		const struct store_op *from = &w->beside[s->n_beside];
		struct store_op *to = &s->beside[s->n_beside];

		to->bucket = keep(&at, from->bucket, strlen(from->bucket) + 1);
		to->key = keep(&at, from->key, strlen(from->key) + 1);
		to->value = from->value ? keep(&at, from->value, from->len) : NULL;
		to->len = from->len;
	}
	return true;
}

static bool admissible(struct admit *s, const struct intent_set_write *w)
{
	char text[SR_REASON_MAX];

	if (!w->owner || !w->owner[0] || !str_copy(s->owner, sizeof(s->owner), w->owner))
		return fails(s, INTENT_E_INVALID, 0, "a set has an owner, whose name is no longer than 127 octets");
	if (w->n_puts + w->n_gone > INTENT_SET_MAX || w->n_beside > INTENT_BESIDE_MAX) {
		(void)snprintf(text, sizeof(text), "%d policies are the limit of one set", INTENT_SET_MAX);
		return fails(s, INTENT_E_LIMIT, 0, text);
	}
	if (s->i->n_admits >= INTENT_SETS_MAX)
		return fails(s, INTENT_E_LIMIT, 0, "too many changes are being admitted: try again");
	return (copy_wishes(s, w) && copy_beside(s, w)) || fails(s, INTENT_E_LIMIT, 0, "no memory");
}

void intent_put_set(struct intent *i, const struct intent_set_write *w, intent_set_fn done, void *arg)
{
	struct admit *s = calloc(1, sizeof(*s));

	if (!s) {
		const struct intent_set_result r = { .code = INTENT_E_LIMIT, .text = "no memory" };

		/* From inside the command, against the rule: there is no memory to do it later. */
		if (done)
			done(arg, &r);
		return;
	}
	s->i = i;
	s->done = done;
	s->judge = w->judge;
	s->arg = arg;
	s->dry_run = w->dry_run;
	s->prepared = !admissible(s, w);
	loop_task_init(&s->apply, i->loop, apply, s);
	list_add(&i->admits, &s->link);
	i->n_admits++;
	loop_task_run(&i->admit_task);
}

void intent_set_forget(struct intent *i, const void *arg)
{
	struct list *of[] = { &i->admits, &i->admitted };

	for (unsigned k = 0; k < ARRAY_LEN(of); k++) {
		LIST_EACH(it, of[k]) {
			struct admit *s = LIST_OF(it, struct admit, link);

			if (s->arg == arg)
				s->done = NULL, s->judge = NULL;
		}
	}
}

void intent_admits_init(struct intent *i)
{
	list_init(&i->admits);
	list_init(&i->admitted);
	loop_task_init(&i->admit_task, i->loop, admits_run, i);
}

void intent_admits_fini(struct intent *i)
{
	struct list *of[] = { &i->admits, &i->admitted };

	for (unsigned k = 0; k < ARRAY_LEN(of); k++) {
		while (!list_empty(of[k])) {
			struct admit *s = LIST_OF(of[k]->next, struct admit, link);

			store_forget(i->store, s);
			undo(s);
			admit_free(s);
		}
	}
	loop_task_cancel(&i->admit_task);
}
