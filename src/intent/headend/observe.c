/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What headends say. An LSP is known by (headend, name). One that carries the name of a managed
 * policy is that policy's, before and after a restart; every other is foreign: shown under its
 * key, charged by what its list does on the TED, left alone.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "intent/intent_priv.h"

enum { COLOR_MADE = (int)0xff, COLOR_PROBES = 256 };

uint32_t intent_color_of(const char *lsp_name)
{
	uint32_t h = 2166136261U; /* FNV-1a: the same after a restart, so no seed */

	for (const char *s = lsp_name; *s; s++)
		h = (h ^ (uint8_t)*s) * 16777619U;
	return (uint32_t)COLOR_MADE << 24 | ((h >> 24) ^ (h & 0xffffff));
}

/* Those that met another have moved up by less than COLOR_PROBES. */
bool intent_color_made(uint32_t color, const char *lsp_name)
{
	uint32_t from = intent_color_of(lsp_name);

	return color >> 24 == COLOR_MADE && ((color - from) & 0xffffff) < COLOR_PROBES;
}

/* ---- the table ---- */

struct intent_lsp *intent_lsp_find(const struct intent *i, const struct ip_addr *headend,
				   const char *name)
{
	const struct intent_name key = { headend, name };
	uint8_t buf[INTENT_NAME_KEY_MAX];
	size_t n = intent_name_key(buf, headend, name);
	struct hash_node *h = hash_get(&i->lsps, buf, n, &key);

	return h ? HASH_OF(h, struct intent_lsp, node) : NULL;
}

/* Further lists are borrowed from who reports. Without memory for them: the list is not known whole. */
static void state_keep(struct intent_lsp *l, const struct lsp_state *st)
{
	struct sr_list was = l->st.list;

	l->st = *st;
	if (sr_list_keep(&st->list, &l->st.list) < 0)
		l->st.list_truncated = true;
	sr_list_drop(&was);
}

static struct intent_lsp *lsp_new(struct intent_headend *he, const struct lsp_state *st)
{
	uint8_t buf[INTENT_NAME_KEY_MAX];
	size_t n = intent_name_key(buf, &he->addr, st->name);
	struct intent_lsp *l = calloc(1, sizeof(*l));

	if (!l || hash_put(&he->i->lsps, buf, n, &l->node) < 0) {
		free(l);
		log_event("", LOG_ERROR, "intent.lsp.memory", "name=%s", st->name);
		return NULL;
	}
	l->he = he;
	state_keep(l, st);
	list_init(&l->pol_link);
	list_init(&l->expand_link);
	list_init(&l->own_link);
	list_add(&he->lsps, &l->he_link);
	he->n_lsps++;
	he->i->n_lsps++;
	return l;
}

/* What a foreign one holds. */
static void claim_end(struct intent_lsp *l)
{
	struct intent *i = l->he->i;

	list_del(&l->expand_link);
	list_del(&l->own_link);
	if (!l->claim)
		return;
	l->claim = book_claim_free(i->book, l->claim);
	l->charged = false;
	intent_retry_blocked(i);
}

void intent_lsp_free(struct intent_lsp *l)
{
	struct intent *i = l->he->i;

	claim_end(l);
	list_del(&l->pol_link);
	list_del(&l->he_link);
	hash_del(&i->lsps, &l->node);
	l->he->n_lsps--;
	i->n_lsps--;
	sr_list_drop(&l->st.list);
	free(l);
}

/* Something left p: an observed policy without LSPs is none. May free p. */
static void pol_left(struct intent_pol *p)
{
	if (!p)
		return;
	if (p->mode == INTENT_OBSERVED && list_empty(&p->lsps) && !p->lsp)
		intent_pol_free(p);
	else
		intent_todo(p);
}

static void lsp_removed(struct intent_lsp *l, bool asked)
{
	struct intent_pol *p = l->pol;
	bool ours = l->ours;

	if (ours)
		p->lsp = NULL;
	else
		intent_release_paid(l->he->i, &l->he->addr, l->st.name);
	intent_lsp_free(l);
	if (ours)
		intent_lsp_gone(p, asked);
	else
		pol_left(p);
}

static bool shown_before(const struct intent_lsp *a, const struct intent_lsp *b)
{
	bool up_a = a->st.oper == LSP_UP || a->st.oper == LSP_ACTIVE;
	bool up_b = b->st.oper == LSP_UP || b->st.oper == LSP_ACTIVE;

	if (up_a != up_b)
		return up_a;
	return a->st.preference > b->st.preference;
}

struct intent_lsp *intent_lsp_shown(const struct intent_pol *p)
{
	struct intent_lsp *best = NULL;

	if (p->mode == INTENT_MANAGED)
		return p->lsp;
	LIST_EACH(it, &p->lsps) {
		struct intent_lsp *l = LIST_OF(it, struct intent_lsp, pol_link);

		if (!best || shown_before(l, best))
			best = l;
	}
	return best;
}

/* ---- whose is it? ---- */

static bool key_fits(const struct intent_pol *p, const struct lsp_state *st)
{
	return !st->has_key || (st->color == p->key.color &&
				(st->endpoint.family == IP_NONE || ip_eq(&st->endpoint, &p->key.endpoint)));
}

void intent_lsp_ours(struct intent_lsp *l, struct intent_pol *p)
{
	struct intent_pol *was = l->pol;

	if (l->ours)
		return;
	list_del(&l->pol_link);
	claim_end(l);
	l->note[0] = '\0';
	l->ours = true;
	l->pol = p;
	p->lsp = l;
	intent_lsp_bound(p, &l->st);
	if (was != p)
		pol_left(was);
}

static void foreign_join(struct intent_lsp *l, struct intent_pol *p)
{
	l->pol = p;
	list_add(&p->lsps, &l->pol_link);
}

static void foreign_start(struct intent_lsp *l)
{
	struct intent *i = l->he->i;

	if (!l->claim && book_claim_new(i->book, true, l, &l->claim) < 0) {
		str_copy(l->note, sizeof(l->note), "not booked: no memory");
		return;
	}
	if (!list_linked(&l->own_link))
		list_add(&i->foreign, &l->own_link);
	str_copy(l->note, sizeof(l->note), "not booked yet");
	intent_foreign_touch(l);
}

void intent_lsp_foreign(struct intent_lsp *l)
{
	struct intent_pol *p = l->pol;

	if (!l->ours)
		return;
	l->ours = false;
	p->lsp = NULL;
	foreign_join(l, p);
	foreign_start(l);
}

void intent_lsp_bind(struct intent_pol *p)
{
	struct intent_lsp *l = intent_lsp_find(p->i, &p->key.headend, p->lsp_name);

	if (l && key_fits(p, &l->st))
		intent_lsp_ours(l, p);
}

static struct intent_pol *observed_new(struct intent_lsp *l, const struct sr_policy_key *key)
{
	STR_AUTO struct str s = { 0 };
	struct intent_pol *p;

	if (intent_pol_new(l->he->i, key, INTENT_OBSERVED, &p) < 0)
		return NULL;
	p->key_made = !l->st.has_key;
	p->created_wall_ns = loop_wall_ns(p->i->loop);
	str_add(&s, "\"name\":");
	str_json(&s, l->st.name);
	intent_event(p, BUS_INFO, "policy-discovered", "%s", str_text(&s));
	return p;
}

/* The policy a foreign LSP is shown under. NULL: without memory, or no free number is near. */
static struct intent_pol *observed_find(struct intent_lsp *l)
{
	struct intent *i = l->he->i;
	struct sr_policy_key key = { .headend = l->he->addr, .endpoint = l->st.endpoint };
	uint32_t color = l->st.has_key ? l->st.color : intent_color_of(l->st.name);

	if (key.endpoint.family == IP_NONE)
		key.endpoint.family = key.headend.family;
	for (uint32_t n = 0; n < COLOR_PROBES; n++) {
		struct intent_pol *p;

		key.color = l->st.has_key ? color :
					    (color & 0xff000000) | ((color + n) & 0x00ffffff);
		p = intent_pol_find(i, &key);
		if (!p)
			return observed_new(l, &key);
		if (l->st.has_key)
			return p;
	}
	return NULL;
}

static bool foreign_stays(const struct intent_lsp *l)
{
	const struct lsp_state *st = &l->st;

	if (!l->pol)
		return false;
	if (st->has_key)
		return key_fits(l->pol, st);
	return st->endpoint.family == IP_NONE || ip_eq(&st->endpoint, &l->pol->key.endpoint);
}

static void foreign_place(struct intent_lsp *l)
{
	struct intent_pol *was = l->pol, *p;

	if (foreign_stays(l))
		return;
	list_del(&l->pol_link);
	l->pol = NULL;
	p = observed_find(l);
	if (p)
		foreign_join(l, p);
	else
		log_event("", LOG_WARN, "intent.lsp.hidden", "name=%s", l->st.name);
	pol_left(was);
}

/* ---- headends ---- */

void intent_headend_fini(struct intent_headend *h)
{
	loop_timer_fini(&h->age);
	hash_del(&h->i->headends, &h->node);
	free(h);
}

/* Nobody heard of this headend for so long that what others hold on it is let go. */
void intent_age_fire(void *arg)
{
	struct intent_headend *h = arg;

	LIST_EACH(it, &h->lsps) {
		struct intent_lsp *l = LIST_OF(it, struct intent_lsp, he_link);

		if (!l->ours)
			lsp_removed(l, true);
	}
	LIST_EACH(it, &h->pols) {
		struct intent_pol *p = LIST_OF(it, struct intent_pol, he_link);

		if (p->deleted)
			book_drop(h->i->book, p->claim);
	}
	intent_retry_blocked(h->i);
}

static void sink_up(void *arg, const struct ip_addr *headend, uint32_t session,
		    const struct headend_caps *caps)
{
	struct intent_headend *h = intent_headend_get(arg, headend, true);
	char text[IP_TEXT_MAX];

	if (!h) {
		log_event("", LOG_ERROR, "intent.headend.memory", "headend=%s",
			  ip_text(headend, text, sizeof(text)));
		return;
	}
	h->up = true;
	h->synced = false;
	h->session = session;
	h->caps = *caps;
	loop_timer_stop(&h->age);
	LIST_EACH(it, &h->pols) {
		struct intent_pol *p = LIST_OF(it, struct intent_pol, he_link);

		p->full = false;
		if (p->mode == INTENT_MANAGED)
			intent_session_reset(p);
		intent_todo(p);
	}
}

static struct intent_headend *headend_of(struct intent *i, const struct ip_addr *a, uint32_t session)
{
	struct intent_headend *h = intent_headend_get(i, a, false);

	return h && h->up && h->session == session ? h : NULL;
}

/* Computed before the headend told how many SIDs it can impose, and never sent. */
static void cut_to_msd(struct intent_pol *p)
{
	uint8_t msd = intent_msd(p, &p->desired->p);

	unsigned lists = sr_list_count(&p->want.list), longest = 0;

	for (unsigned k = 0; k < lists; k++) {
		unsigned n = sr_list_nth(&p->want.list, k)->n;

		longest = n > longest ? n : longest;
	}
	if (p->lsp || !p->want.set || ((!msd || longest + p->desired->p.reserved <= msd) &&
				       lists <= intent_lists(p, &p->desired->p)))
		return;
	intent_route_fini(&p->want);
	book_drop(p->i->book, p->claim);
	p->new_sent = p->confirmed = false;
}

/* The headend has told all it has: what it did not tell of is not there. */
static void pol_synced(struct intent_pol *p)
{
	p->adopting = false;
	if (!p->lsp)
		intent_lsp_gone(p, true);
	if (!p->deleted)
		cut_to_msd(p);
	intent_dirty(p, INTENT_SWEEP);
}

static void sink_synced(void *arg, const struct ip_addr *headend, uint32_t session)
{
	struct intent_headend *h = headend_of(arg, headend, session);

	if (!h)
		return;
	h->synced = true;
	LIST_EACH(it, &h->lsps) {
		struct intent_lsp *l = LIST_OF(it, struct intent_lsp, he_link);

		if (l->st.session != session)
			lsp_removed(l, true);
	}
	intent_release_synced(h->i, headend);
	LIST_EACH(it, &h->pols) {
		struct intent_pol *p = LIST_OF(it, struct intent_pol, he_link);

		if (p->mode == INTENT_MANAGED)
			pol_synced(p);
		intent_todo(p);
	}
}

static void sink_ready(void *arg, const struct ip_addr *headend)
{
	struct intent_headend *h = intent_headend_get(arg, headend, false);

	if (!h)
		return;
	LIST_EACH(it, &h->pols) {
		struct intent_pol *p = LIST_OF(it, struct intent_pol, he_link);

		if (!p->full)
			continue;
		p->full = false;
		intent_todo(p);
	}
}

static void sink_down(void *arg, const struct ip_addr *headend, uint32_t session)
{
	struct intent *i = arg;
	struct intent_headend *h = headend_of(i, headend, session);

	if (!h)
		return;
	h->up = h->synced = false;
	intent_asks_drop(i, headend);
	if (i->cfg.foreign_age_ns > 0)
		loop_timer_after(&h->age, i->cfg.foreign_age_ns);
	LIST_EACH(it, &h->pols) {
		struct intent_pol *p = LIST_OF(it, struct intent_pol, he_link);

		if (p->mode == INTENT_MANAGED)
			intent_session_reset(p);
		intent_todo(p);
	}
}

/* ---- reports ---- */

static bool same_charge(const struct intent_lsp *l, const struct lsp_state *st)
{
	return l->charged && sr_list_eq(&l->st.list, &st->list) &&
	       l->st.bandwidth_bps == st->bandwidth_bps && l->st.hold_prio == st->hold_prio &&
	       l->st.admin_up == st->admin_up && l->st.oper == st->oper &&
	       ip_eq(&l->st.endpoint, &st->endpoint);
}

/* Its name says it is ours and its key says it is not: then the key is right. */
static void disown(struct intent_lsp *l)
{
	struct intent_pol *p = l->pol;

	intent_lsp_foreign(l);
	intent_lsp_gone(p, false);
}

/* Something of ours may be there under that name, or a PCE made it there: late word of a request
 * we gave up, for two LSPs of one name cannot be. Else somebody else was first to use the name. */
static bool expects(const struct intent_pol *p, const struct intent_lsp *l)
{
	return p->lsp == l || p->maybe_there || l->st.pce_initiated;
}

static void lsp_reported(struct intent_lsp *l, const struct lsp_state *st)
{
	struct intent *i = l->he->i;
	struct intent_pol *p = intent_pol_by_name(i, &l->he->addr, st->name);
	bool charge_stands = same_charge(l, st);

	if (l->st.list.more || st->list.more)
		state_keep(l, st);
	else
		l->st = *st;
	if (p && key_fits(p, st) && expects(p, l)) {
		intent_lsp_ours(l, p);
		intent_lsp_news(p, st);
		intent_todo(p);
		return;
	}
	if (l->ours)
		disown(l);
	foreign_place(l);
	if (!charge_stands)
		foreign_start(l);
	intent_release_look(l);
	if (l->pol)
		intent_todo(l->pol);
}

static void sink_report(void *arg, const struct lsp_state *st)
{
	struct intent *i = arg;
	struct intent_headend *h = headend_of(i, &st->headend, st->session);
	struct intent_lsp *l;

	if (!h)
		return;
	l = intent_lsp_find(i, &st->headend, st->name);
	if (st->removed) {
		if (l)
			lsp_removed(l, l->ours && l->pol->txn_kind == INTENT_TXN_REMOVE);
		return;
	}
	if (!l)
		l = lsp_new(h, st);
	if (l)
		lsp_reported(l, st);
}

static void sink_failed(void *arg, const struct driver_failure *f)
{
	struct intent_headend *h = headend_of(arg, &f->headend, f->session);
	/* RFC 8231 s8.5: error 19, value 3: it does not know the PLSP-ID */
	bool gone = f->type == 19 && f->value == 3;

	if (!h || f->txn == 0)
		return;
	LIST_EACH(it, &h->pols) {
		struct intent_pol *p = LIST_OF(it, struct intent_pol, he_link);

		if (p->txn != f->txn)
			continue;
		intent_txn_failed(p, f->text, gone);
		return;
	}
}

const struct driver_sink intent_sink = {
	.headend_up = sink_up,
	.headend_synced = sink_synced,
	.headend_ready = sink_ready,
	.headend_down = sink_down,
	.report = sink_report,
	.failed = sink_failed,
	.path_request = intent_path_request,
};
