/* SPDX-License-Identifier: Apache-2.0 */
/* Policy objects, their table by key and their index by LSP name. */
#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "intent/group/group.h"
#include "intent/intent_priv.h"

/* ---- desired: shared, immutable, trimmed to its candidate paths ---- */

static size_t policy_size(unsigned n_cpaths)
{
	return offsetof(struct intent_policy, cpaths) + n_cpaths * sizeof(struct intent_cpath);
}

struct intent_desired *intent_desired_new(const struct intent_policy *p)
{
	struct intent_desired *d;

	assert(p->n_cpaths <= INTENT_CPATHS_MAX);
	d = calloc(1, offsetof(struct intent_desired, p) + policy_size(p->n_cpaths));
	if (!d)
		return NULL;
	d->refs = 1;
	memcpy((char *)d + offsetof(struct intent_desired, p), p, policy_size(p->n_cpaths));
	return d;
}

struct intent_desired *intent_desired_ref(struct intent_desired *d)
{
	d->refs++;
	return d;
}

struct intent_desired *intent_desired_unref(struct intent_desired *d)
{
	if (d && --d->refs == 0)
		free(d);
	return NULL;
}

void intent_desired_out(const struct intent_desired *d, struct intent_policy *out)
{
	memset(out, 0, sizeof(*out));
	memcpy(out, (const char *)d + offsetof(struct intent_desired, p), policy_size(d->p.n_cpaths));
}

const struct intent_cpath *intent_cpath_find(const struct intent_policy *p, uint32_t preference)
{
	for (unsigned i = 0; i < p->n_cpaths; i++) {
		if (p->cpaths[i].preference == preference)
			return &p->cpaths[i];
	}
	return NULL;
}

/* ---- routes ---- */

static uint32_t *links_copy(const uint32_t *from, uint32_t n)
{
	uint32_t *to = malloc((n + (size_t)1) * sizeof(*to));

	if (to && n > 0)
		memcpy(to, from, n * sizeof(*to));
	return to;
}

int intent_route_copy(const struct intent_route *from, struct intent_route *to)
{
	uint32_t *path = links_copy(from->path, from->n_path);
	uint32_t *links = links_copy(from->links, from->n_links);
	uint32_t *units = from->units ? links_copy(from->units, from->n_links) : NULL;

	memcpy(to, from, offsetof(struct intent_route, list));
	if (!path || !links || (from->units && !units) || sr_list_keep(&from->list, &to->list) < 0) {
		free(path);
		free(links);
		free(units);
		intent_route_init(to, 0);
		return err_raise(-ENOMEM);
	}
	to->path = path;
	to->links = links;
	to->units = units;
	return 0;
}

void intent_route_fini(struct intent_route *r)
{
	free(r->path);
	free(r->links);
	free(r->units);
	sr_list_drop(&r->list);
	intent_route_init(r, 0);
}

void intent_route_init(struct intent_route *r, uint32_t preference)
{
	memset(r, 0, offsetof(struct intent_route, list.at));
	r->preference = preference;
}

void intent_route_move(struct intent_route *from, struct intent_route *to)
{
	memcpy(to, from, offsetof(struct intent_route, list));
	sr_list_set(&to->list, &from->list);
	intent_route_init(from, 0);
}

/* ---- table ---- */

size_t intent_pol_at(const struct intent *i, const struct sr_policy_key *key)
{
	size_t lo = 0, hi = i->pols.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (sr_policy_key_cmp(&i->pols.at[mid]->key, key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct intent_pol *intent_pol_find(const struct intent *i, const struct sr_policy_key *key)
{
	size_t at = intent_pol_at(i, key);

	if (at == i->pols.n || sr_policy_key_cmp(&i->pols.at[at]->key, key) != 0)
		return NULL;
	return i->pols.at[at];
}

static bool order_reserve(struct intent *i)
{
	while (i->order.cap <= i->pols.n) {
		void *p = vec_grow(i->order.at, i->order.cap, &i->order.cap, sizeof(*i->order.at));

		if (!p)
			return false;
		i->order.at = p;
	}
	return true;
}

int intent_pol_new(struct intent *i, const struct sr_policy_key *key, enum intent_mode mode,
		   struct intent_pol **outp)
{
	struct intent_headend *he = intent_headend_get(i, &key->headend, true);
	struct intent_pol *p = calloc(1, sizeof(*p));
	size_t at = intent_pol_at(i, key);

	/* As many places in the table of sweeps, so that what becomes durable has its own. */
	if (!he || !p || !order_reserve(i) || !VEC_ADD(&i->pols, p)) {
		free(p);
		return err_raise(-ENOMEM);
	}
	memmove(&i->pols.at[at + 1], &i->pols.at[at], (i->pols.n - 1 - at) * sizeof(p));
	i->pols.at[at] = p;
	i->states_at += at < i->states_at;
	p->key = *key;
	p->i = i;
	p->he = he;
	p->mode = mode;
	list_init(&p->dirty_link);
	list_init(&p->work_link);
	list_init(&p->blocked_link);
	list_init(&p->better_link);
	list_init(&p->paper_link);
	list_init(&p->unwalked_link);
	list_init(&p->told_link);
	list_init(&p->lsps);
	list_add(&he->pols, &p->he_link);
	loop_timer_init(&p->revert, i->loop, intent_revert_fire, p);
	loop_timer_init(&p->retry, i->loop, intent_retry_fire, p);
	p->since_wall_ns = loop_wall_ns(i->loop);
	p->state = INTENT_PENDING;
	i->states[INTENT_PENDING]++;
	*outp = p;
	return 0;
}

size_t intent_name_key(uint8_t *buf, const struct ip_addr *headend, const char *name)
{
	size_t n = strnlen(name, SR_NAME_MAX - 1);

	memcpy(buf, headend, sizeof(*headend));
	memcpy(buf + sizeof(*headend), name, n);
	return sizeof(*headend) + n;
}

struct intent_pol *intent_pol_by_name(const struct intent *i, const struct ip_addr *headend,
				      const char *lsp_name)
{
	const struct intent_name key = { headend, lsp_name };
	uint8_t buf[INTENT_NAME_KEY_MAX];
	size_t n = intent_name_key(buf, headend, lsp_name);
	struct hash_node *h = hash_get(&i->names, buf, n, &key);

	return h ? HASH_OF(h, struct intent_pol, by_name) : NULL;
}

int intent_pol_manage(struct intent_pol *p, const char *lsp_name)
{
	uint8_t buf[INTENT_NAME_KEY_MAX];
	size_t n = intent_name_key(buf, &p->key.headend, lsp_name);
	int r;

	assert(!p->named && !p->claim);
	r = book_claim_new(p->i->book, false, p, &p->claim);
	if (r < 0)
		return r;
	str_copy(p->lsp_name, sizeof(p->lsp_name), lsp_name);
	r = hash_put(&p->i->names, buf, n, &p->by_name);
	if (r < 0) {
		p->claim = book_claim_free(p->i->book, p->claim);
		return r;
	}
	p->named = true;
	p->mode = INTENT_MANAGED;
	p->i->n_managed++;
	return 0;
}

/* Its binding SID, found by who looks for a free one. */
void intent_bsid_set(struct intent_pol *p, const struct ip_addr *bsid)
{
	struct hash *h = &p->i->bsids;

	if (p->bsid_known)
		hash_del(h, &p->by_bsid);
	p->bsid = *bsid;
	/* Without memory for the first of all it is not found; its record still keeps it. */
	p->bsid_known = bsid->family != IP_NONE && hash_put(h, bsid, sizeof(*bsid), &p->by_bsid) == 0;
}

void intent_pol_unmanage(struct intent_pol *p)
{
	if (!p->named)
		return;
	hash_del(&p->i->names, &p->by_name);
	intent_uses_drop(p);
	intent_bound_gone(p);
	intent_bsid_set(p, &(struct ip_addr){ 0 });
	intent_group_leave(p);
	intent_order_del(p);
	list_del(&p->blocked_link);
	list_del(&p->better_link);
	list_del(&p->unwalked_link);
	intent_guard_free(p);
	intent_paper_forget(p);
	intent_owner_gone(p);
	p->named = false;
	p->i->n_managed--;
	p->claim = book_claim_free(p->i->book, p->claim);
	intent_route_fini(&p->want);
	intent_route_fini(&p->prev);
	sr_list_drop(&p->refused);
	p->desired = intent_desired_unref(p->desired);
	intent_pin_forget(p);
	intent_optimise_gone(p);
	loop_timer_stop(&p->revert);
	loop_timer_stop(&p->retry);
	intent_clean(p);
	p->txn = 0;
	p->txn_kind = INTENT_TXN_NONE;
	p->no_path = p->degraded = p->confirmed = p->new_sent = p->adopting = false;
	p->maybe_there = false;
	free(p->pushed);
	free(p->relax);
	p->pushed = p->relax = NULL;
	p->why[0] = p->fail[0] = '\0';
	p->mode = INTENT_OBSERVED;
	intent_retry_blocked(p->i);
}

void intent_pol_free(struct intent_pol *p)
{
	struct intent *i = p->i;
	size_t at = intent_pol_at(i, &p->key);

	assert(!p->lsp && list_empty(&p->lsps) && i->pols.at[at] == p);
	intent_pol_unmanage(p);
	intent_state_leave(p);
	intent_clean(p);
	list_del(&p->work_link);
	list_del(&p->he_link);
	loop_timer_fini(&p->revert);
	loop_timer_fini(&p->retry);
	i->pols.n--;
	i->states_at -= at < i->states_at;
	memmove(&i->pols.at[at], &i->pols.at[at + 1], (i->pols.n - at) * sizeof(p));
	free(p);
}

static void forget_records(struct intent *i, const struct sr_policy_key *k)
{
	char key[SR_KEY_TEXT_MAX];
	const struct store_op ops[] = {
		{ "path", sr_policy_key_text(k, key, sizeof(key)), NULL, 0 },
		{ "pin", key, NULL, 0 },
		{ "policy", key, NULL, 0 },
	};
	/* One made anew meanwhile has overwritten the tombstone, or will: it must stay. */
	size_t n = ARRAY_LEN(ops) - (intent_op_writing(i, k) ? 1 : 0);

	/* Not waited for: should it fail, the restart finds a tombstone and asks the headend again. */
	if (store_write(i->store, ops, n, NULL, NULL) < 0)
		log_event("", LOG_WARN, "intent.store.write", "what=tombstone policy=%s", key);
}

void intent_pol_finish(struct intent_pol *p)
{
	forget_records(p->i, &p->key);
	intent_pol_unmanage(p);
	p->deleted = false;
	if (list_empty(&p->lsps) && !p->lsp)
		intent_pol_free(p);
	else
		intent_state_refresh(p);
}

void intent_path_save(struct intent_pol *p)
{
	char key[SR_KEY_TEXT_MAX];
	AUTO_FREE char *text = intent_list_print(&p->want.list, p->want.preference);
	const struct store_op op = { "path", sr_policy_key_text(&p->key, key, sizeof(key)), text,
				     text ? strlen(text) : 0 };

	if (!text || store_write(p->i->store, &op, 1, NULL, NULL) < 0)
		log_event("", LOG_WARN, "intent.store.write", "what=path policy=%s", key);
}
