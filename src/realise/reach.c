/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prefixes of a table are in order of address and length, each with the one around it: the longest that has a
 * prefix is the last one before it, or around that. A walk is a search in depth over tables, so that a loop is
 * told from two ways that meet.
 */
#include "realise/reach.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/vec.h"

enum {
	STACK_MAX = 512,
	SHIFTS_MAX = 8, /* uSIDs of a container */
};

#define NONE ((uint32_t)REACH_NONE)

static bool inside(const struct ip_prefix *in, const struct ip_prefix *out)
{
	return in->len >= out->len && in->addr.family == out->addr.family &&
	       ip_bits_same(&in->addr, &out->addr, out->len);
}

static int by_order(const struct ip_prefix *a, const struct ip_prefix *b)
{
	int c = memcmp(a->addr.b, b->addr.b, sizeof(a->addr.b));

	return c ? c : (int)a->len - (int)b->len;
}

/* ---- in order ---- */

/* Rows of any kind that begin with their prefix. */
struct rows {
	const void *at;
	size_t size;
	uint32_t n;
	uint32_t *up; /* the row around each; NONE */
};

static const struct ip_prefix *prefix_at(const struct rows *r, uint32_t i)
{
	return (const void *)((const char *)r->at + i * r->size);
}

/* Equal ones are beside each other: the first stands for them. */
static int find_up(struct rows *r)
{
	r->up = calloc((size_t)r->n + 1, sizeof(*r->up));
	if (!r->up)
		return err_raise(-ENOMEM);
	for (uint32_t i = 0; i < r->n; i++) {
		uint32_t u = i ? i - 1 : NONE;

		if (i && by_order(prefix_at(r, i), prefix_at(r, i - 1)) == 0) {
			r->up[i] = r->up[i - 1];
			continue;
		}
		while (u != NONE && !inside(prefix_at(r, i), prefix_at(r, u)))
			u = r->up[u];
		r->up[i] = u;
	}
	return 0;
}

/* The last row of the longest prefix that has all of p; NONE. */
static uint32_t longest(const struct rows *r, const struct ip_prefix *p)
{
	uint32_t lo = 0, hi = r->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (by_order(prefix_at(r, mid), p) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	lo = lo ? lo - 1 : NONE;
	while (lo != NONE && !inside(p, prefix_at(r, lo)))
		lo = r->up[lo];
	return lo;
}

/* Of those with the same prefix as row i: up[] leads to one of them. */
static uint32_t first_of(const struct rows *r, uint32_t i)
{
	while (i > 0 && by_order(prefix_at(r, i - 1), prefix_at(r, i)) == 0)
		i--;
	return i;
}

static uint32_t end_of(const struct rows *r, uint32_t i)
{
	uint32_t k = i + 1;

	while (k < r->n && by_order(prefix_at(r, k), prefix_at(r, i)) == 0)
		k++;
	return k;
}

static struct rows rows_of(const struct reach_table *t)
{
	return (struct rows){ .at = t->at, .size = sizeof(t->at[0]), .n = t->n, .up = t->up };
}

static struct rows sids_of(const struct reach_world *w)
{
	return (struct rows){ .at = w->sids, .size = sizeof(w->sids[0]), .n = w->n_sids, .up = w->sid_up };
}

static int cmp_u32(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int by_route(const void *a, const void *b)
{
	const struct reach_route *x = a, *y = b;
	int c = by_order(&x->prefix, &y->prefix);

	c = c ? c : cmp_u32(x->way, y->way);
	c = c ? c : cmp_u32(x->port, y->port);
	return c ? c : ip_cmp(&x->sid, &y->sid);
}

static int by_sid(const void *a, const void *b)
{
	const struct reach_sid *x = a, *y = b;
	int c = by_order(&x->prefix, &y->prefix);

	c = c ? c : cmp_u32(x->router, y->router);
	return c ? c : cmp_u32(x->table, y->table);
}

static int by_table(const void *a, const void *b)
{
	const struct reach_table *x = a, *y = b;
	int c = cmp_u32(x->router, y->router);

	return c ? c : cmp_u32(x->id, y->id);
}

int realise_reach_order(struct reach_world *w)
{
	struct rows r;
	int rc;

	if (w->n_tables > 1)
		qsort(w->tables, w->n_tables, sizeof(w->tables[0]), by_table);
	if (w->n_sids > 1)
		qsort(w->sids, w->n_sids, sizeof(w->sids[0]), by_sid);
	r = sids_of(w);
	rc = find_up(&r);
	w->sid_up = r.up;
	return err_trace(rc);
}

int realise_reach_up(struct reach_world *w, uint32_t table)
{
	struct reach_table *t = &w->tables[table];
	struct rows r;
	int rc;

	if (t->n > 1)
		qsort(t->at, t->n, sizeof(t->at[0]), by_route);
	r = rows_of(t);
	rc = find_up(&r);
	t->up = r.up;
	return err_trace(rc);
}

int realise_reach_ready(struct reach_world *w)
{
	int rc = realise_reach_order(w);

	for (uint32_t i = 0; rc == 0 && i < w->n_tables; i++)
		rc = realise_reach_up(w, i);
	return rc;
}

void realise_reach_fini(struct reach_world *w)
{
	for (uint32_t i = 0; i < w->n_tables; i++) {
		free(w->tables[i].up);
		w->tables[i].up = NULL;
	}
	free(w->sid_up);
	w->sid_up = NULL;
}

static uint32_t table_of(const struct reach_world *w, uint32_t router, uint32_t id)
{
	const struct reach_table key = { .router = router, .id = id };
	const struct reach_table *t =
		w->n_tables ? bsearch(&key, w->tables, w->n_tables, sizeof(key), by_table) : NULL;

	return t ? (uint32_t)(t - w->tables) : NONE;
}

/* ---- SIDs ---- */

/* What SIDs of one prefix do; the tables among it are told to fn. */
struct sid_end {
	bool nowhere, unsure;
};

static bool nothing_behind(const struct ip_addr *a, unsigned at)
{
	for (; at < 128; at += 64 - at % 64) {
		if (ip_bits_get(a, at, 64 - at % 64))
			return false;
	}
	return true;
}

static struct sid_end follow_sid(const struct reach_world *w, struct ip_addr sid,
				 void (*fn)(void *arg, uint32_t router, uint32_t id), void *arg)
{
	const struct rows r = sids_of(w);
	struct sid_end e = { 0 };

	for (unsigned k = 0; k <= SHIFTS_MAX; k++) {
		const struct ip_prefix host = { .addr = sid, .len = 128 };
		uint32_t at = longest(&r, &host), end;
		const struct reach_sid *shift = NULL;

		if (at == NONE) {
			for (uint32_t i = 0; i < w->n_routers; i++)
				e.unsure = e.unsure || !w->known[i];
			e.nowhere = e.nowhere || !e.unsure;
			return e;
		}
		at = first_of(&r, at);
		for (end = end_of(&r, at); at < end; at++) {
			const struct reach_sid *s = &w->sids[at];

			if (s->does == REACH_LOOKS_UP) {
				fn(arg, s->router, s->table);
			} else if (s->does == REACH_SHIFTS && s->node) {
				shift = s;
			} else if (s->does == REACH_ELSE) {
				e.unsure = true;
			} else {
				e.nowhere = true;
			}
		}
		if (!shift)
			return e;
		if (nothing_behind(&sid, shift->block + shift->node)) {
			e.nowhere = true; /* it is the router's own */
			return e;
		}
		ip_bits_drop(&sid, shift->block, shift->node);
	}
	e.unsure = true;
	return e;
}

/* ---- a walk ---- */

struct frame {
	uint32_t table, parent; /* of a frame */
	struct ip_addr sid;	/* that led here */
};

struct walk {
	const struct reach_world *w;
	const struct reach_source *s;
	struct reach_atom *atom;
	struct frame done[REACH_STEPS_MAX]; /* in the order they were entered */
	uint32_t n_done;
	struct frame stack[STACK_MAX];
	uint32_t n_stack;
	uint32_t at;	    /* of done, that is looked at; NONE: the entries are */
	struct ip_addr sid; /* that is followed */
};

static void put_leak(struct walk *x, const struct reach_leak *l)
{
	struct reach_atom *a = x->atom;

	for (uint32_t i = 0; i < a->n_leaks; i++) {
		if (a->leak[i].port == l->port && a->leak[i].router == l->router)
			return;
	}
	if (a->n_leaks < REACH_LEAKS_MAX)
		a->leak[a->n_leaks++] = *l;
}

static bool is_peer(const struct reach_source *s, uint32_t owner)
{
	for (uint32_t i = 0; i < s->n_peers; i++) {
		if (s->peers[i] == owner)
			return true;
	}
	return owner == s->owner;
}

/* A site with several homes is reached by any of them. */
static bool is_wanted_at(const struct reach_source *s, const struct reach_want *w, uint32_t owner)
{
	for (uint32_t i = (uint32_t)(w - s->wants); i < s->n_wants; i++) {
		if (s->wants[i].to == owner && by_order(&s->wants[i].prefix, &w->prefix) == 0)
			return true;
	}
	return false;
}

static void arrive(struct walk *x, uint32_t port)
{
	const struct reach_table *t = x->at == NONE ? NULL : &x->w->tables[x->done[x->at].table];
	uint32_t owner = x->w->ports[port].owner;
	const struct reach_leak l = { .owner = owner, .port = port, .router = t ? t->router : x->s->router,
				      .table = t ? t->id : 0, .sid = x->at == NONE ? x->sid : x->done[x->at].sid };

	if (x->atom->want && is_wanted_at(x->s, x->atom->want, owner))
		x->atom->arrives = true;
	else
		x->atom->missing = true;
	if (owner == NONE || !is_peer(x->s, owner))
		put_leak(x, &l);
}

static void leave(struct walk *x, uint32_t router)
{
	const struct reach_leak l = { .owner = NONE, .port = NONE, .router = router,
				      .table = x->at == NONE ? 0 : x->w->tables[x->done[x->at].table].id,
				      .sid = x->sid };

	x->atom->missing = true;
	put_leak(x, &l);
}

static bool is_above(const struct walk *x, uint32_t table)
{
	for (uint32_t i = x->at; i != NONE; i = x->done[i].parent) {
		if (x->done[i].table == table)
			return true;
	}
	return false;
}

static bool was_entered(const struct walk *x, uint32_t table)
{
	for (uint32_t i = 0; i < x->n_done; i++) {
		if (x->done[i].table == table)
			return true;
	}
	return false;
}

static void go_to(struct walk *x, uint32_t table)
{
	if (is_above(x, table))
		x->atom->missing = true; /* round and round */
	else if (x->n_stack == STACK_MAX)
		x->atom->unsure = true;
	else if (!was_entered(x, table))
		x->stack[x->n_stack++] = (struct frame){ .table = table, .parent = x->at, .sid = x->sid };
}

static void go_to_id(void *arg, uint32_t router, uint32_t id)
{
	struct walk *x = arg;
	uint32_t table = table_of(x->w, router, id);

	if (table != NONE)
		go_to(x, table);
	else if (router < x->w->n_routers && x->w->known[router])
		leave(x, router); /* a table that is no customer's */
	else
		x->atom->unsure = true;
}

static void take(struct walk *x, const struct reach_route *r, uint32_t router)
{
	struct sid_end e;

	switch ((enum reach_way)r->way) {
	case REACH_PORT:
		arrive(x, r->port);
		break;
	case REACH_SID:
		x->sid = r->sid;
		e = follow_sid(x->w, r->sid, go_to_id, x);
		x->atom->missing = x->atom->missing || e.nowhere;
		x->atom->unsure = x->atom->unsure || e.unsure;
		break;
	case REACH_DROP:
	case REACH_NEXT:
		x->atom->missing = true;
		break;
	case REACH_OUT:
		x->sid = x->at == NONE ? (struct ip_addr){ 0 } : x->done[x->at].sid;
		leave(x, router);
		break;
	case REACH_UNSURE:
		x->atom->unsure = true;
		break;
	}
}

/* Whether it has an answer. */
static bool look_up(struct walk *x, uint32_t table)
{
	const struct reach_table *t = &x->w->tables[table];
	const struct rows r = rows_of(t);
	uint32_t at = longest(&r, &x->atom->prefix), end;

	if (!t->known) {
		x->atom->unsure = true;
		return true;
	}
	if (at == NONE)
		return false;
	at = first_of(&r, at);
	end = end_of(&r, at);
	for (uint32_t i = at; i < end; i++) {
		if (t->at[i].way == REACH_NEXT)
			return false;
	}
	for (; at < end; at++)
		take(x, &t->at[at], t->router);
	return true;
}

/* All that a table leads to. False: it has no answer. */
static bool run_from(struct walk *x, uint32_t table)
{
	bool found = false;

	go_to(x, table);
	for (bool first = true; x->n_stack > 0; first = false) {
		struct frame f = x->stack[--x->n_stack];
		bool answer;

		if (was_entered(x, f.table))
			continue;
		if (x->n_done == REACH_STEPS_MAX) {
			x->atom->unsure = true;
			return true;
		}
		x->at = x->n_done;
		x->done[x->n_done++] = f;
		answer = look_up(x, f.table);
		if (first)
			found = answer;
		else
			x->atom->missing = x->atom->missing || !answer; /* decapsulated, and no way on */
	}
	return found;
}

static void enter(struct walk *x)
{
	const struct reach_source *s = x->s;

	for (uint32_t i = 0; i < s->n_entries; i++) {
		const struct reach_entry *e = &s->entries[i];
		const struct reach_route r = { .way = e->way };
		uint32_t table;

		x->n_done = x->n_stack = 0;
		x->at = NONE;
		x->sid = (struct ip_addr){ 0 };
		if (e->way != REACH_NEXT) {
			take(x, &r, s->router);
		} else if ((table = table_of(x->w, s->router, e->table)) == NONE) {
			x->atom->unsure = true;
		} else if (!run_from(x, table)) {
			continue;
		}
		if (!e->maybe)
			return;
	}
	x->atom->missing = true;
}

/* ---- prefixes of a source ---- */

struct atoms {
	const struct reach_world *w;
	VEC(uint32_t) tables; /* that packets may come to */
	VEC(struct ip_prefix) at;
	bool nomem, much;
};

static void add_table(void *arg, uint32_t router, uint32_t id)
{
	struct atoms *a = arg;
	uint32_t t = table_of(a->w, router, id);

	for (size_t i = 0; i < a->tables.n; i++) {
		if (a->tables.at[i] == t)
			return;
	}
	a->much = a->much || a->tables.n == REACH_TABLES_MAX;
	if (t != NONE && !a->much && !VEC_ADD(&a->tables, t))
		a->nomem = true;
}

static int by_prefix(const void *a, const void *b)
{
	return by_order(a, b);
}

static int gather(struct atoms *a, const struct reach_source *s)
{
	const struct ip_prefix all = { .addr.family = IP_V6 }; /* rules alone lead somewhere too */
	size_t n = 0;

	a->nomem = !VEC_ADD(&a->at, all);
	for (uint32_t i = 0; i < s->n_entries; i++) {
		if (s->entries[i].way == REACH_NEXT)
			add_table(a, s->router, s->entries[i].table);
	}
	for (uint32_t i = 0; i < s->n_wants && !a->nomem; i++)
		a->nomem = !VEC_ADD(&a->at, s->wants[i].prefix);
	for (size_t i = 0; i < a->tables.n && !a->nomem; i++) {
		const struct reach_table *t = &a->w->tables[a->tables.at[i]];

		for (uint32_t k = 0; k < t->n && !a->nomem; k++) {
			a->nomem = !VEC_ADD(&a->at, t->at[k].prefix);
			if (t->at[k].way == REACH_SID)
				(void)follow_sid(a->w, t->at[k].sid, add_table, a);
		}
	}
	if (a->nomem)
		return err_raise(-ENOMEM);
	if (a->at.n > 1)
		qsort(a->at.at, a->at.n, sizeof(a->at.at[0]), by_prefix);
	for (size_t i = 0; i < a->at.n; i++) {
		if (n == 0 || by_order(&a->at.at[n - 1], &a->at.at[i]) != 0)
			a->at.at[n++] = a->at.at[i];
	}
	a->at.n = n;
	return a->much ? REACH_E_MUCH : 0;
}

/* To the first address behind the prefix of this length at *a. True: there is none. */
static bool step_over(struct ip_addr *a, uint8_t len)
{
	for (unsigned i = len; i-- > 0;) {
		uint8_t bit = (uint8_t)(0x80 >> i % 8);

		a->b[i / 8] ^= bit;
		if (a->b[i / 8] & bit)
			return false;
	}
	return true;
}

/* Longer ones have all of it. */
static bool is_covered(const struct atoms *a, size_t i)
{
	const struct ip_prefix *p = &a->at.at[i];
	struct ip_addr next = p->addr, end = p->addr;
	bool last = step_over(&end, p->len), over = false;

	for (size_t k = i + 1; k < a->at.n && inside(&a->at.at[k], p); k++) {
		if (over || memcmp(a->at.at[k].addr.b, next.b, sizeof(next.b)) < 0)
			continue; /* inside of the one before */
		if (memcmp(a->at.at[k].addr.b, next.b, sizeof(next.b)) > 0)
			return false;
		over = step_over(&next, a->at.at[k].len);
	}
	return last ? over : !over && memcmp(next.b, end.b, sizeof(end.b)) == 0;
}

static const struct reach_want *want_of(const struct reach_source *s, const struct ip_prefix *p)
{
	const struct reach_want *best = NULL;

	for (uint32_t i = 0; i < s->n_wants; i++) {
		if (inside(p, &s->wants[i].prefix) && (!best || s->wants[i].prefix.len > best->prefix.len))
			best = &s->wants[i];
	}
	return best;
}

int realise_reach(const struct reach_world *w, uint32_t source, void (*fn)(void *arg, const struct reach_atom *a),
		  void *arg)
{
	const struct reach_source *s = &w->sources[source];
	struct atoms a = { .w = w };
	struct walk x;
	int rc = gather(&a, s);

	x.w = w;
	x.s = s;
	for (size_t i = 0; rc == 0 && i < a.at.n; i++) {
		struct reach_atom atom = { .source = source, .prefix = a.at.at[i] };

		if (is_covered(&a, i))
			continue;
		atom.want = want_of(s, &atom.prefix);
		x.atom = &atom;
		enter(&x);
		atom.missing = atom.want && atom.missing;
		fn(arg, &atom);
	}
	VEC_FINI(&a.tables);
	VEC_FINI(&a.at);
	return rc;
}
