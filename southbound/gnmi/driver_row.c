/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies of a device: what it says of each, what we have set and read back, and what is told
 * upwards of the two. A watch lags behind a transaction: where they disagree, everything is read
 * anew after a moment, and what is said then is so. Between transaction and that look, what was
 * read back counts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log/log.h"
#include "log/metric.h"
#include "southbound/gnmi/driver_int.h"

/* ---- the table ---- */

static bool row_eq(const struct hash_node *n, const void *key)
{
	return strcmp(HASH_OF(n, const struct driver_row, node)->id, key) == 0;
}

void gnmi_driver_rows_init(struct driver_dev *h, uint64_t seed)
{
	hash_init(&h->rows, seed, row_eq);
	list_init(&h->touched);
}

static struct driver_row *row_new(struct driver_dev *h, const char *id)
{
	size_t len = strlen(id) + 1;
	struct driver_row *r;

	if (h->rows.count >= DRIVER_ROWS_MAX) {
		if (!h->rows_max_told)
			log_event(h->scope, LOG_WARN, "gnmi.policies.max", "max=%d msg=\"the others are not seen\"",
				  DRIVER_ROWS_MAX);
		h->rows_max_told = true;
		return NULL;
	}
	r = calloc(1, sizeof(*r) + len);
	if (!r)
		return NULL;
	memcpy(r->id, id, len);
	list_init(&r->touched);
	if (hash_put(&h->rows, r->id, len, &r->node) < 0) {
		free(r);
		return NULL;
	}
	return r;
}

struct driver_row *gnmi_driver_row(struct driver_dev *h, const char *id, bool make)
{
	struct hash_node *n = hash_get(&h->rows, id, strlen(id) + 1, id);

	if (n)
		return HASH_OF(n, struct driver_row, node);
	return make ? row_new(h, id) : NULL;
}

struct driver_row *gnmi_driver_row_at(struct driver_dev *h, uint32_t plsp_id)
{
	HASH_EACH(n, &h->rows) {
		struct driver_row *r = HASH_OF(n, struct driver_row, node);

		if (r->plsp_id == plsp_id && plsp_id)
			return r;
	}
	return NULL;
}

static void held_drop(struct driver_row *r)
{
	if (r->held)
		sr_list_drop(&r->held->list);
	free(r->held);
	r->held = NULL;
}

static void last_drop(struct driver_row *r)
{
	if (r->last)
		sr_list_drop(&r->last->list);
	free(r->last);
	r->last = NULL;
}

static void row_free(struct driver_dev *h, struct driver_row *r)
{
	list_del(&r->touched);
	hash_del(&h->rows, &r->node);
	h->n_told -= r->last != NULL;
	metric_set(h->m.policies, h->n_told);
	held_drop(r);
	last_drop(r);
	gnmi_driver_untold(&r->told);
	free(r);
}

void gnmi_driver_rows_drop(struct driver_dev *h)
{
	HASH_EACH(n, &h->rows)
		row_free(h, HASH_OF(n, struct driver_row, node));
	h->rows_max_told = false;
	h->last_plsp = 0;
}

void gnmi_driver_rows_forget(struct driver_dev *h)
{
	HASH_EACH(n, &h->rows)
		gnmi_driver_untold(&HASH_OF(n, struct driver_row, node)->told);
	h->msd = 0;
}

static void touch(struct driver_dev *h, struct driver_row *r)
{
	if (!list_linked(&r->touched))
		list_add(&h->touched, &r->touched);
	loop_task_run(&h->judge);
}

/* ---- what is told upwards ---- */

static bool ours(const struct driver_row *r)
{
	return strncmp(r->id, GNMI_DRIVER_PREFIX, sizeof(GNMI_DRIVER_PREFIX) - 1) == 0;
}

static const char *name_of(const struct driver_row *r)
{
	return ours(r) ? r->id + sizeof(GNMI_DRIVER_PREFIX) - 1 : r->id;
}

static bool agrees(const struct driver_row *r)
{
	const struct driver_told *t = &r->told;
	const struct driver_lsp *l = r->held;
	struct sr_more more;
	struct sr_list list;

	if (!gnmi_driver_whole(t) || gnmi_driver_truncated(t) || t->color != l->key.color ||
	    !ip_eq(&t->endpoint, &l->key.endpoint))
		return false;
	if ((t->has & 1U << GNMI_SAYS_PREFERENCE) && t->preference != l->preference)
		return false;
	if (l->binding_sid.family != IP_NONE && !ip_eq(&t->bsid, &l->binding_sid))
		return false;
	gnmi_driver_list(t, &list, &more);
	return sr_list_eq(&list, &l->list);
}

/* Up is what the device says of just this list; where it says nothing, what was read back is. */
static enum lsp_oper oper_of(const struct driver_dev *h, const struct driver_row *r, const struct sr_list *list)
{
	const struct driver_told *t = &r->told;

	if (!h->kind->policy_state)
		return LSP_UP;
	switch (t->status) {
	case DRIVER_STATUS_IN:
		if (!gnmi_driver_in(t, list))
			return LSP_GOING_UP;
		return t->active ? LSP_ACTIVE : LSP_UP;
	case DRIVER_STATUS_FAILED:
		return LSP_DOWN;
	case DRIVER_STATUS_NONE:
	case DRIVER_STATUS_PENDING:
		break;
	}
	return LSP_GOING_UP;
}

static void fill_held(const struct driver_row *r, struct lsp_state *st)
{
	const struct driver_lsp *l = r->held;

	st->color = l->key.color;
	st->endpoint = l->key.endpoint;
	st->preference = l->preference;
	st->has_preference = true;
	st->cpath.discriminator = l->cpath.discriminator;
	st->list = l->list;
	st->bandwidth_bps = l->bandwidth_bps;
	st->setup_prio = l->setup_prio;
	st->hold_prio = l->hold_prio;
	st->binding_sid = l->binding_sid.family != IP_NONE ? l->binding_sid : r->told.bsid;
}

static void fill_told(const struct driver_row *r, struct lsp_state *st, struct sr_more *more)
{
	const struct driver_told *t = &r->told;

	st->color = t->color;
	st->endpoint = t->endpoint;
	st->has_preference = t->has & 1U << GNMI_SAYS_PREFERENCE;
	st->preference = t->preference;
	st->cpath.discriminator = t->discriminator;
	gnmi_driver_list(t, &st->list, more);
	st->list_truncated = gnmi_driver_truncated(t);
	st->binding_sid = t->bsid;
}

/* Its list borrows those behind the first, of the row or of more. */
static void state_of(const struct driver_dev *h, const struct driver_row *r, struct lsp_state *st, struct sr_more *more)
{
	*st = (struct lsp_state){ .headend = h->headend, .session = h->session, .plsp_id = r->plsp_id,
				  .has_key = true, .has_cpath = true, .cpath.origin = 30 /* RFC 9256 s2.3 */,
				  .delegated = ours(r) && !r->released, .pce_initiated = ours(r),
				  .admin_up = true };
	(void)str_copy(st->name, sizeof(st->name), name_of(r));
	if (r->held)
		fill_held(r, st);
	else
		fill_told(r, st, more);
	st->oper = (uint8_t)oper_of(h, r, &st->list);
}

static bool same(const struct lsp_state *a, const struct lsp_state *b)
{
	return a->oper == b->oper && a->color == b->color && ip_eq(&a->endpoint, &b->endpoint) &&
	       a->preference == b->preference && a->delegated == b->delegated &&
	       a->bandwidth_bps == b->bandwidth_bps && ip_eq(&a->binding_sid, &b->binding_sid) &&
	       a->list_truncated == b->list_truncated && sr_list_eq(&a->list, &b->list);
}

static void log_state(const struct driver_dev *h, const struct driver_row *r, const struct lsp_state *st)
{
	static const char *const names[] = { "down", "up", "active", "going-down", "going-up" };

	log_event(h->scope, LOG_INFO, "gnmi.policy.state", "name=\"%s\" state=%s reason=\"%.150s\"", r->id,
		  names[st->oper], r->told.reason);
}

void gnmi_driver_row_tell(struct driver_dev *h, struct driver_row *r, uint32_t txn)
{
	struct lsp_state st;
	struct sr_more more;

	if (!h->session)
		return;
	if (!r->plsp_id)
		r->plsp_id = ++h->last_plsp;
	state_of(h, r, &st, &more);
	if (!txn && r->last && same(&st, r->last))
		return;
	if (!r->last) {
		r->last = calloc(1, sizeof(*r->last));
		if (!r->last)
			return; /* with the next word of it */
		r->last->oper = UINT8_MAX;
		h->n_told++;
		metric_set(h->m.policies, h->n_told);
	}
	if (r->last->oper != st.oper)
		log_state(h, r, &st);
	sr_list_drop(&r->last->list);
	*r->last = st;
	(void)sr_list_keep(&st.list, &r->last->list); /* without memory it is told again */
	st.txn = txn;
	h->d->sink->report(h->d->arg, &st);
}

/* It is no longer there. */
static void tell_gone(struct driver_dev *h, struct driver_row *r, uint32_t txn)
{
	struct lsp_state st = { .headend = h->headend, .session = h->session, .plsp_id = r->plsp_id,
				.removed = true, .txn = txn };

	(void)str_copy(st.name, sizeof(st.name), name_of(r));
	h->n_told -= r->last != NULL;
	last_drop(r);
	r->plsp_id = 0;
	metric_set(h->m.policies, h->n_told);
	if (h->session && st.plsp_id)
		h->d->sink->report(h->d->arg, &st);
}

/* ---- what we did ---- */

/* As read back: the device has just said so. */
static bool told_as_held(struct driver_row *r, bool one_apart)
{
	struct driver_told *t = &r->told;
	const struct driver_lsp *l = r->held;

	t->has |= 1U << GNMI_SAYS_COLOR | 1U << GNMI_SAYS_ENDPOINT | 1U << GNMI_SAYS_PREFERENCE;
	t->color = l->key.color;
	t->endpoint = l->key.endpoint;
	t->preference = l->preference;
	t->bsid = l->binding_sid;
	return gnmi_driver_tell_list(t, &l->list, one_apart);
}

static bool hold(const struct driver_dev *h, struct driver_row *r, const struct driver_lsp *lsp)
{
	struct sr_list list;

	if (sr_list_keep(&lsp->list, &list) != 0)
		return false;
	if (!r->held)
		r->held = calloc(1, sizeof(*r->held));
	if (!r->held) {
		sr_list_drop(&list);
		return false;
	}
	sr_list_drop(&r->held->list);
	*r->held = *lsp;
	r->held->list = list;
	return told_as_held(r, h->kind->one_apart);
}

void gnmi_driver_row_set(struct driver_dev *h, struct driver_row *r, const struct driver_lsp *lsp, uint32_t txn)
{
	if (!hold(h, r, lsp)) {
		gnmi_driver_learn(h); /* the device says it again */
		return;
	}
	r->deleted = r->released = r->odd = false;
	r->learnt = h->learnings;
	if (txn)
		gnmi_driver_row_tell(h, r, txn);
	touch(h, r);
}

void gnmi_driver_row_gone(struct driver_dev *h, struct driver_row *r, uint32_t txn)
{
	held_drop(r);
	gnmi_driver_untold(&r->told);
	r->released = r->odd = false;
	r->deleted = true; /* a watch may still tell of it */
	r->learnt = h->learnings;
	tell_gone(h, r, txn);
	touch(h, r);
}

/* ---- what the device says ---- */

static void odd(struct driver_dev *h, struct driver_row *r)
{
	if (!r->odd)
		r->odd_since = loop_now(h->d->loop);
	r->odd = true;
	if (!loop_timer_armed(&h->settle))
		loop_timer_after(&h->settle, DRIVER_SETTLE_NS);
}

void gnmi_driver_settle(void *dev)
{
	struct driver_dev *h = dev;
	struct mono now = loop_now(h->d->loop);
	bool later = false;

	HASH_EACH(n, &h->rows) {
		const struct driver_row *r = HASH_OF(n, const struct driver_row, node);

		if (!r->odd)
			continue;
		if (mono_since(r->odd_since, now) >= DRIVER_SETTLE_NS) {
			loop_task_run(&h->relearn);
			return;
		}
		later = true;
	}
	if (later)
		loop_timer_after(&h->settle, DRIVER_SETTLE_NS);
}

/* One of somebody else's with the name of one of ours: two of a name cannot be told. */
static bool hidden(struct driver_dev *h, const struct driver_row *r)
{
	char id[DRIVER_ID_MAX + sizeof(GNMI_DRIVER_PREFIX)];

	if (ours(r))
		return false;
	(void)snprintf(id, sizeof(id), "%s%s", GNMI_DRIVER_PREFIX, r->id);
	return gnmi_driver_row(h, id, false) != NULL || strlen(r->id) >= SR_NAME_MAX;
}

static void unreadable(struct driver_dev *h, struct driver_row *r)
{
	if (r->unreadable_told || r->told.name[0]) /* or a part of another */
		return;
	r->unreadable_told = true;
	log_event(h->scope, LOG_WARN, "gnmi.policy.unreadable", "name=\"%s\"", r->id);
}

/* By the word of the device alone. */
static void judge_told(struct driver_dev *h, struct driver_row *r, bool sure)
{
	if (gnmi_driver_whole(&r->told) && !hidden(h, r)) {
		gnmi_driver_row_tell(h, r, 0);
		return;
	}
	if (r->last)
		tell_gone(h, r, 0);
	if (!r->told.has)
		row_free(h, r);
	else if (sure)
		unreadable(h, r);
}

/* sure: everything was read anew, and this is it. */
static void judge(struct driver_dev *h, struct driver_row *r, bool sure)
{
	bool lags = !sure || r->learnt == h->learnings;

	if (!h->session || h->learning || r->asked)
		return;
	if (r->deleted && r->told.has && lags) {
		odd(h, r);
		return;
	}
	r->deleted = false;
	if (r->held && !agrees(r)) {
		if (lags) {
			odd(h, r);
			if (!r->last) /* what was set counts until more is known */
				gnmi_driver_row_tell(h, r, 0);
			return;
		}
		log_event(h->scope, LOG_WARN, "gnmi.policy.drift", "name=\"%s\" msg=\"%s\"", r->id,
			  r->told.has ? "it is not as it was set" : "it is gone");
		held_drop(r);
	}
	r->odd = false;
	if (r->held)
		gnmi_driver_row_tell(h, r, 0);
	else
		judge_told(h, r, sure);
}

void gnmi_driver_rows_judge(struct driver_dev *h)
{
	uint32_t session = h->session;

	HASH_EACH(n, &h->rows) {
		if (h->session != session)
			return;
		judge(h, HASH_OF(n, struct driver_row, node), true);
	}
}

void gnmi_driver_judge(void *dev)
{
	struct driver_dev *h = dev;
	struct list *n;

	while ((n = list_pop(&h->touched)))
		judge(h, LIST_OF(n, struct driver_row, touched), false);
}

/* ---- samples ---- */

/* Where a policy is known by colour and endpoint and its list by a name, the one's word is the other's. */
static void join(struct driver_dev *h, const struct driver_row *part, const char *was, bool make)
{
	const uint32_t shared = 1U << GNMI_SAYS_COLOR | 1U << GNMI_SAYS_ENDPOINT | 1U << GNMI_SAYS_PREFERENCE |
				1U << GNMI_SAYS_BSID;
	const struct driver_told *t = &part->told;
	bool named = t->has & 1U << GNMI_SAYS_NAME;
	struct driver_row *r = was[0] ? gnmi_driver_row(h, was, false) : NULL;

	if (r && (!named || strcmp(was, t->name) != 0)) {
		r->told.has &= ~shared;
		touch(h, r);
	}
	r = named ? gnmi_driver_row(h, t->name, make) : NULL;
	if (!r || r == part)
		return;
	r->told.has = (r->told.has & ~shared) | (t->has & shared);
	r->told.color = t->color;
	r->told.endpoint = t->endpoint;
	r->told.preference = t->preference;
	r->told.bsid = t->bsid;
	touch(h, r);
}

static void tell_row(struct driver_dev *h, struct driver_row *r, const struct gnmi_reading *g,
		     const struct driver_catch *c, const char *text)
{
	char was[DRIVER_ID_MAX];

	(void)str_copy(was, sizeof(was), r->told.has & 1U << GNMI_SAYS_NAME ? r->told.name : "");
	gnmi_driver_told(&r->told, g->says, c, text);
	if (!c->has_name)
		join(h, r, was, text != NULL);
	touch(h, r);
}

static struct driver_row *row_of(struct driver_dev *h, const struct driver_catch *c, bool make)
{
	char id[DRIVER_ID_MAX], ip[IP_TEXT_MAX];

	if (c->has_name)
		return gnmi_driver_row(h, c->name, make);
	(void)snprintf(id, sizeof(id), "%u,%s", c->color, ip_text(&c->endpoint, ip, sizeof(ip)));
	return gnmi_driver_row(h, id, make);
}

static void gone(struct driver_dev *h, const char *path)
{
	for (size_t i = 0; i < h->kind->n_readings; i++) {
		const struct gnmi_reading *g = &h->kind->readings[i];
		struct driver_catch c;
		struct driver_row *r;

		if (g->says == GNMI_SAYS_MSD || gnmi_driver_match(g->path, path, &c) == DRIVER_MATCH_NO)
			continue;
		if (c.has_name || (c.has_color && c.has_endpoint)) {
			r = row_of(h, &c, false);
			if (r)
				tell_row(h, r, g, &c, NULL);
			continue;
		}
		HASH_EACH(n, &h->rows)
			tell_row(h, HASH_OF(n, struct driver_row, node), g, &c, NULL);
	}
}

void gnmi_driver_sample(struct driver_dev *h, const struct device_sample *s)
{
	if (s->gone) {
		gone(h, s->path);
		return;
	}
	for (size_t i = 0; i < h->kind->n_readings; i++) {
		const struct gnmi_reading *g = &h->kind->readings[i];
		struct driver_catch c;
		struct driver_row *r;

		if (gnmi_driver_match(g->path, s->path, &c) != DRIVER_MATCH_WHOLE)
			continue;
		if (g->says == GNMI_SAYS_MSD) {
			h->msd = s->number && s->u <= UINT8_MAX ? (uint8_t)s->u : 0;
			return;
		}
		r = row_of(h, &c, true);
		if (r)
			tell_row(h, r, g, &c, s->text);
		return;
	}
}
