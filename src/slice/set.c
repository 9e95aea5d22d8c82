/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A write's policies as one set of intent's, with its records beside them. What is the same as before is
 * not asked for again. After a refusal it is looked for what else could be, only to be told.
 */
#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "slice/change.h"

enum { RECORDS_MAX = 64 << 20 }; /* octets of one transaction's */

/* ---- plans ---- */

static bool plan_one(struct slice_commit *c, struct slice_change *h)
{
	struct slice_refusal why = { 0 };
	int r;

	if (h->kind != SLICE_SERVICE || !h->fresh || h->fresh->service.admin == SLICE_ADMIN_PRE)
		return true;
	r = slice_plan_of(&c->outlook, h->fresh, h->old, &why);
	if (r == 0)
		return true;
	(void)slice_refuse(c, h, why.code, why.f.field, "%s", why.f.text[0] ? why.f.text : "no memory");
	c->result.wanted_bps = why.lack.wanted_bps;
	c->result.free_bps = why.lack.free_bps;
	return false;
}

static unsigned depth(const struct slice_commit *c, const struct slice_change *h)
{
	const struct slice_entry *e = h->fresh;
	unsigned n = 0;

	while (h->kind == SLICE_SERVICE && e && e->service.real.parent && n < 16) {
		e = c->outlook.find(c, c->s, SLICE_SERVICE, e->service.real.parent);
		n++;
	}
	return n;
}

bool slice_plan_all(struct slice_commit *c, unsigned *budget)
{
	c->outlook.fresh = c->fresh.at;
	c->outlook.n_fresh = c->fresh.n;
	while (c->planned < c->changes.n && *budget > 0) { /* parents first */
		if (c->plan_at == c->changes.n) {
			c->plan_at = 0;
			c->plan_depth++;
		}
		if (depth(c, &c->changes.at[c->plan_at++]) != c->plan_depth)
			continue;
		c->planned++;
		(*budget)--;
		if (!plan_one(c, &c->changes.at[c->plan_at - 1]))
			return false;
	}
	return true;
}

/* ---- the set ---- */

struct set {
	struct intent_policy **puts;
	struct sr_policy_key *gone;
	size_t n_puts, n_gone, cap;
};

static void set_fini(struct set *x)
{
	for (size_t i = 0; i < x->n_puts; i++)
		free(x->puts[i]);
	free(x->puts);
	free(x->gone);
}

static const struct slice_member *member_by_key(const struct slice_plan *p, const struct sr_policy_key *k)
{
	for (uint32_t i = 0; i < p->n; i++) {
		if (!p->at[i].inside && sr_policy_key_cmp(&p->at[i].key, k) == 0)
			return &p->at[i];
	}
	return NULL;
}

static bool is_end(const struct ted *t, const struct slice_member *m, uint32_t node)
{
	return ted_node_by_addr(t, &m->key.headend) == node || ted_node_by_addr(t, &m->key.endpoint) == node;
}

/* What a repair asks for beside the order. Where a flow begins or ends nothing goes around. */
static void policy_of(const struct slice_entry *e, const struct slice_member *m, struct intent_policy *out)
{
	const struct slice_detour *d = &e->detour;
	struct intent_cpath *c = &out->cpaths[0];

	slice_policy_of(&e->service, m, out);
	out->later = e->phase == SLICE_LATER;
	for (uint8_t i = 0; i < d->n_avoid; i++) {
		uint32_t node = e->s->ted ? ted_node_by_id(e->s->ted, d->avoid[i]) : TED_NONE;

		if (node == TED_NONE || !is_end(e->s->ted, m, node))
			(void)str_copy(c->exclude[c->n_exclude++], TED_LABEL_MAX, d->avoid[i]);
	}
	if (d->swapped && m->apart && !m->protection)
		c->preference = SLICE_PREFERENCE_LAST;
}

/* The policy a member had is the one it is to have. */
static bool same(const struct slice_change *h, const struct slice_member *m, const struct intent_policy *is)
{
	const struct slice_member *was = h->old ? member_by_key(&h->old->plan, &m->key) : NULL;
	AUTO_FREE struct intent_policy *p = calloc(1, sizeof(*p));

	if (!was || !p)
		return false;
	if (was->terms.nines != m->terms.nines) /* it is judged again */
		return false;
	policy_of(h->old, was, p);
	return memcmp(p, is, sizeof(*p)) == 0;
}

static bool add_put(struct slice_commit *c, struct slice_change *h, const struct slice_member *m, struct set *x)
{
	static const size_t octets = offsetof(struct intent_policy, cpaths) + sizeof(struct intent_cpath);
	AUTO_FREE struct intent_policy *p = calloc(1, sizeof(*p));
	struct intent_policy *kept;

	if (!p)
		return false;
	policy_of(h->fresh, m, p);
	if (same(h, m, p))
		return true;
	/* There may be thousands: each as long as its one candidate path. */
	assert(p->n_cpaths == 1);
	kept = malloc(octets);
	if (!kept)
		return false;
	memcpy(kept, p, octets);
	x->puts[x->n_puts++] = kept;
	return VEC_ADD(&c->put_of, h) && VEC_ADD(&c->put_member, m);
}

static bool gather_one(struct slice_commit *c, struct slice_change *h, struct set *x)
{
	for (uint32_t i = 0; h->fresh && i < h->fresh->plan.n; i++) {
		if (!h->fresh->plan.at[i].inside && !add_put(c, h, &h->fresh->plan.at[i], x))
			return false;
	}
	/* Of one that is deleted they go when its steps are taken back. */
	for (uint32_t i = 0; h->fresh && h->old && i < h->old->plan.n; i++) {
		const struct slice_member *m = &h->old->plan.at[i];

		if (!m->inside && !member_by_key(&h->fresh->plan, &m->key))
			x->gone[x->n_gone++] = m->key;
	}
	return true;
}

static bool gather(struct slice_commit *c, struct set *x)
{
	c->put_of.n = c->put_member.n = 0;
	for (size_t i = 0; i < c->changes.n; i++) {
		const struct slice_change *h = &c->changes.at[i];

		if (h->kind == SLICE_SERVICE)
			x->cap += (h->fresh ? h->fresh->plan.n : 0) + (h->old ? h->old->plan.n : 0);
	}
	x->puts = calloc(x->cap + 1, sizeof(*x->puts));
	x->gone = calloc(x->cap + 1, sizeof(*x->gone));
	if (!x->puts || !x->gone)
		return false;
	for (size_t i = 0; i < c->changes.n; i++) {
		if (c->changes.at[i].kind == SLICE_SERVICE && !gather_one(c, &c->changes.at[i], x))
			return false;
	}
	return true;
}

bool slice_dry_run(const struct slice_entry *e, intent_set_fn done, void *arg)
{
	struct intent_policy **puts = calloc((size_t)e->plan.n + 1, sizeof(struct intent_policy *));
	struct intent_set_write w = { .owner = SLICE_OWNER, .dry_run = true };
	bool good = puts != NULL;

	for (uint32_t i = 0; good && i < e->plan.n; i++) {
		if (e->plan.at[i].inside)
			continue;
		puts[w.n_puts] = calloc(1, sizeof(**puts));
		good = puts[w.n_puts] != NULL;
		if (good)
			policy_of(e, &e->plan.at[i], puts[w.n_puts++]);
	}
	w.puts = (const struct intent_policy *const *)puts;
	if (good)
		intent_put_set(e->s->intent, &w, done, arg);
	for (size_t i = 0; puts && i < w.n_puts; i++)
		free(puts[i]);
	free(puts);
	return good;
}

/* ---- records ---- */

static char *record_of(struct slice_change *h, uint64_t revision)
{
	struct slice_entry *e = h->fresh ? h->fresh : h->old;
	const struct slice_entry was = *e;
	char *text;

	if (h->fresh)
		return slice_record_print(e, revision);
	if (h->kind != SLICE_SERVICE)
		return NULL;
	/* As it will be when this is durable. */
	e->state = SLICE_RETIRING;
	e->phase = SLICE_UNDO;
	e->deleted = true;
	text = slice_record_print(e, revision);
	e->state = was.state;
	e->phase = was.phase;
	e->deleted = was.deleted;
	return text;
}

static void rows_free(struct store_op *rows, size_t n)
{
	for (size_t i = 0; rows && i < n; i++)
		free((void *)(uintptr_t)rows[i].value);
	free(rows);
}

/* A row a change, and what is of all. NULL without memory. */
static struct store_op *rows_of(struct slice_commit *c, size_t *n)
{
	struct store_op *rows = calloc(c->changes.n + 1, sizeof(*rows));
	char *text;

	*n = 0;
	for (size_t i = 0; rows && i < c->changes.n; i++) {
		struct slice_change *h = &c->changes.at[i];
		bool empty = !h->fresh && h->kind != SLICE_SERVICE;

		text = record_of(h, c->revision);
		rows[(*n)++] = (struct store_op){ slice_bucket(h->kind), h->id, text, text ? strlen(text) : 0 };
		if (!text && !empty) {
			rows_free(rows, *n);
			return NULL;
		}
	}
	text = rows ? slice_meta_print(c->s, c->revision) : NULL;
	if (!text) {
		rows_free(rows, *n);
		return NULL;
	}
	rows[(*n)++] = (struct store_op){ "slice-meta", "all", text, strlen(text) };
	return rows;
}

/* ---- asking ---- */

static void stored(void *arg, int r)
{
	struct slice_commit *c = arg;

	if (r < 0)
		(void)slice_refuse(c, NULL, SLICE_E_STORE, "", "the disk refused: %s; nothing changed", err_text(r));
	slice_settle(c);
}

/* Is it little enough to be one transaction? What to do about it, else. */
static bool fits_one(struct slice_commit *c, const struct set *x, const struct store_op *rows, size_t n_rows)
{
	size_t octets = 0;
	bool follow = false;

	for (size_t i = 0; i < n_rows; i++)
		octets += rows[i].len;
	for (size_t i = 0; i < c->changes.n; i++)
		follow = follow || c->changes.at[i].follows;
	if (n_rows <= SLICE_TOGETHER_MAX + 1 && x->n_puts + x->n_gone <= INTENT_SET_MAX && octets <= RECORDS_MAX)
		return true;
	return slice_refuse(c, NULL, SLICE_E_LIMIT, "",
			    "%zu documents and %zu policies would change at once, of %d and %d: %s; nothing changed",
			    c->changes.n, x->n_puts + x->n_gone, SLICE_TOGETHER_MAX, INTENT_SET_MAX,
			    follow ? "write a template of another id beside it, and slices on that in parts" :
				     "write them in parts");
}

static void answered(void *arg, const struct intent_set_result *r);

static void send(struct slice_commit *c, const struct set *x, const struct store_op *rows, size_t n_rows)
{
	const struct intent_set_write w = { .puts = (const struct intent_policy *const *)x->puts,
					    .n_puts = x->n_puts,
					    .gone = x->gone,
					    .n_gone = x->n_gone,
					    .beside = rows,
					    .n_beside = n_rows,
					    .owner = SLICE_OWNER,
					    .dry_run = c->dry_run,
					    /* a repair goes where it can */
					    .judge = c->moves.n > 0 ? NULL : slice_judge };
	int r;

	if (x->n_puts + x->n_gone > 0) {
		if (fits_one(c, x, rows, n_rows))
			intent_put_set(c->s->intent, &w, answered, c);
	} else if (!c->dry_run) {
		r = store_write(c->s->store, rows, n_rows, stored, c);
		if (r < 0)
			(void)slice_refuse(c, NULL, SLICE_E_STORE, "", "the store takes no more: %s; nothing changed",
					   err_text(r));
	}
	if (c->result.code || (c->dry_run && x->n_puts + x->n_gone == 0))
		loop_task_run(&c->tell);
}

/* NULL, or one that is to go another way and has nothing that could. */
static const struct slice_change *stuck(const struct slice_commit *c)
{
	for (size_t i = 0; i < c->moves.n; i++) {
		const struct slice_change *h = &c->changes.at[i];
		bool found = !slice_detour_is(&h->fresh->detour) ||
			     slice_detour_same(&h->old->detour, &h->fresh->detour);

		for (size_t k = 0; k < c->put_of.n && !found; k++)
			found = c->put_of.at[k] == h;
		if (!found)
			return h;
	}
	return NULL;
}

void slice_ask(struct slice_commit *c)
{
	struct set x = { 0 };
	struct store_op *rows = NULL;
	size_t n = 0;

	c->revision = ++c->s->revision_given;
	if (gather(c, &x))
		rows = rows_of(c, &n);
	if (rows && c->s->flows + x.n_puts > c->s->cfg.flows_max)
		(void)slice_refuse(c, NULL, SLICE_E_LIMIT, "", "%u flows are the limit", c->s->cfg.flows_max);
	else if (!rows)
		(void)slice_refuse(c, NULL, SLICE_E_LIMIT, "", "no memory");
	else if (stuck(c))
		(void)slice_refuse(c, stuck(c), SLICE_E_SHORT, "", "nothing of it can go another way");
	if (c->result.code)
		loop_task_run(&c->tell);
	else
		send(c, &x, rows, n);
	rows_free(rows, n);
	set_fini(&x);
}

/* ---- the answer ---- */

static int code_of(int intent)
{
	switch (intent) {
	case INTENT_E_SHORT:
		return SLICE_E_SHORT;
	case INTENT_E_BLIND:
		return SLICE_E_BLIND;
	case INTENT_E_STORE:
		return SLICE_E_STORE;
	case INTENT_E_LIMIT:
		return SLICE_E_LIMIT;
	case INTENT_E_BUSY:
		return SLICE_E_BUSY;
	default:
		return SLICE_E_INVALID;
	}
}

static void refused(struct slice_commit *c, const struct intent_set_result *r)
{
	const struct slice_change *h = r->index < c->put_of.n ? c->put_of.at[r->index] : NULL;
	const struct slice_member *m = r->index < c->put_member.n ? c->put_member.at[r->index] : NULL;
	char field[SLICE_FIELD_MAX] = "";

	if (m)
		(void)snprintf(field, sizeof(field),
			       "connection-groups/connection-group[id='%s']/connectivity-construct[id='%s']",
			       m->group, m->construct);
	(void)slice_refuse(c, h, code_of(r->code), field, "%s", r->text);
	(void)str_copy(c->result.link, sizeof(c->result.link), r->link);
	c->result.wanted_bps = r->wanted_bps;
	c->result.free_bps = r->free_bps;
	for (size_t i = 0; i < ARRAY_LEN(c->odds_offer) && c->odds_offer[i][0]; i++)
		(void)str_copy(c->result.alternative[i], SR_REASON_MAX, c->odds_offer[i]);
	if (r->link[0] && r->free_bps)
		(void)snprintf(c->result.alternative[0], SR_REASON_MAX, "%llu bit/s",
			       (unsigned long long)r->free_bps);
}

struct intent_policy **slice_puts(struct slice_commit *c, size_t *n)
{
	struct set x = { 0 };
	struct intent_policy **puts;

	if (!gather(c, &x)) {
		set_fini(&x);
		return NULL;
	}
	*n = x.n_puts;
	puts = x.puts;
	x.puts = NULL;
	x.n_puts = 0;
	set_fini(&x);
	return puts;
}

static void answered(void *arg, const struct intent_set_result *r)
{
	struct slice_commit *c = arg;

	if (r->code)
		refused(c, r);
	/* room at another time makes nothing more available */
	if (c->result.code == SLICE_E_SHORT && (slice_other(c) || (!c->judged && slice_later(c))))
		return;
	slice_settle(c);
}
