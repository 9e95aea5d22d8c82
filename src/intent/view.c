/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queries: copies for readers. Nothing here changes state; an answer holds until the loop
 * turns. A policy deleted by its operator is not shown, whatever still waits for its headend.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "intent/group/group.h"
#include "intent/intent_priv.h"

enum { SINGLE_MAX = 256 }; /* links of a way that is told in order */

/* ---- policies ---- */

/* What the headend tells of an LSP that nobody has described to us. */
static void desired_of_report(const struct intent_pol *p, const struct intent_lsp *l,
			      struct intent_policy *out)
{
	struct intent_cpath *c = &out->cpaths[0];

	intent_policy_default(out);
	out->key = p->key;
	out->n_cpaths = 0;
	if (!l)
		return;
	if (intent_name_ok(l->st.name))
		str_copy(out->name, sizeof(out->name), l->st.name);
	out->bandwidth_bps = l->st.bandwidth_bps;
	out->setup_prio = l->st.setup_prio;
	out->hold_prio = l->st.hold_prio;
	out->dataplane = l->st.list.dataplane;
	/* several lists are no candidate path that an operator could write */
	if (l->st.list.n == 0 || l->st.list_truncated || l->st.list.more)
		return;
	intent_cpath_default(c);
	c->kind = INTENT_EXPLICIT;
	if (l->st.has_preference)
		c->preference = l->st.preference;
	c->list = l->st.list;
	out->n_cpaths = 1;
}

/* Further lists are the reader's too. */
static void list_out(struct sr_list *l, struct sr_more *own)
{
	if (!l->more)
		return;
	*own = *l->more;
	l->more = own;
}

static void computed_out(const struct intent_pol *p, struct intent_view *out)
{
	const struct intent_route *w = &p->want;

	out->has_computed = w->set;
	out->igp = out->te = out->delay_us = out->hops = out->worst_delay_us = UINT32_MAX;
	if (!w->set)
		return;
	out->active_preference = w->preference;
	out->computed = w->list;
	list_out(&out->computed, &out->more[0]);
	out->n_path = w->n_path;
	intent_path_text(p->i->ted, w, out->path_text, sizeof(out->path_text));
	out->ted_generation = w->generation;
	if (w->generation == 0)
		return;
	out->igp = w->igp;
	out->te = w->te;
	out->delay_us = w->delay_us;
	out->hops = w->hops;
	out->worst_delay_us = w->worst_delay_us;
}

static void view_of(const struct intent_pol *p, struct intent_view *out)
{
	const struct intent_lsp *l = intent_lsp_shown(p);

	memset(out, 0, offsetof(struct intent_view, more));
	if (p->desired)
		intent_desired_out(p->desired, &out->desired);
	else
		desired_of_report(p, l, &out->desired);
	out->mode = p->mode;
	out->state = p->state;
	str_copy(out->reason, sizeof(out->reason), p->reason);
	str_copy(out->relax, sizeof(out->relax), intent_relax_told(p));
	out->since_wall_ns = p->since_wall_ns;
	out->created_wall_ns = p->created_wall_ns;
	out->revision = p->revision;
	out->has_reported = l != NULL;
	if (l)
		out->reported = l->st;
	list_out(&out->reported.list, &out->more[1]);
	computed_out(p, out);
	out->pushes = p->pushes;
	out->repairs = p->repairs;
	out->failures = p->failures;
	out->binding_sid = l && l->st.binding_sid.family != IP_NONE ? l->st.binding_sid : p->bsid;
	out->confirmed = p->confirmed;
	out->southbound = p->he->up ? p->he->caps.southbound : NULL;
	out->optimised = p->pin && p->want.set && sr_list_eq(&p->pin->list, &p->want.list);
	intent_group_view(p, out);
	out->key_made = p->key_made;
	intent_guard_view(p, out);
	out->charged = p->mode == INTENT_MANAGED ? intent_booked(p) : l && l->charged;
	out->meets = p->mode == INTENT_MANAGED && p->state == INTENT_DEGRADED && p->meets;
	str_copy(out->lsp_name, sizeof(out->lsp_name),
		 p->mode == INTENT_OBSERVED && l ? l->st.name : p->lsp_name);
}

static bool is_shown(const struct intent_pol *p)
{
	return !p->deleted && !p->tentative && (p->desired || p->mode == INTENT_OBSERVED);
}

int intent_get(const struct intent *i, const struct sr_policy_key *key, struct intent_view *out)
{
	const struct intent_pol *p = intent_pol_find(i, key);

	if (!p || !is_shown(p))
		return INTENT_E_MISSING;
	view_of(p, out);
	return 0;
}

/* Links that are one way, from src on, in order. False: they are not, or pass a node twice. */
static bool in_order(const struct ted *t, uint32_t src, const uint32_t *links, uint32_t n, uint32_t *out)
{
	for (uint32_t at = src, k = 0; k < n; k++) {
		uint32_t found = TED_NONE;

		for (uint32_t j = 0; j < n; j++) {
			if (t->links[links[j]].from != at)
				continue;
			if (found != TED_NONE)
				return false;
			found = links[j];
		}
		if (found == TED_NONE)
			return false;
		out[k] = found;
		at = t->links[found].to;
	}
	return true;
}

bool intent_list_path(struct intent *i, const struct sr_policy_key *key, unsigned k, char *text, size_t cap)
{
	const struct intent_pol *p = intent_pol_find(i, key);
	uint32_t src = p && i->ted ? intent_endpoint_node(i->ted, &p->key.headend) : TED_NONE;
	uint32_t path[SINGLE_MAX];
	struct pce_expansion x;

	if (src == TED_NONE || !is_shown(p) || !p->want.set || k >= sr_list_count(&p->want.list))
		return false;
	arena_reset(&i->arena);
	intent_expand(i, src, &p->key.endpoint, sr_list_nth(&p->want.list, k), &x);
	if (!x.valid || !x.single || x.n_links > SINGLE_MAX || !in_order(i->ted, src, x.links, x.n_links, path))
		return false;
	intent_path_text(i->ted, &(struct intent_route){ .path = path, .n_path = x.n_links }, text, cap);
	return true;
}

bool intent_lingers(const struct intent *i, const struct sr_policy_key *key)
{
	const struct intent_pol *p = intent_pol_find(i, key);

	return p && p->deleted;
}

bool intent_next(const struct intent *i, const struct sr_policy_key *after, struct intent_view *out)
{
	size_t at = after ? intent_pol_at(i, after) : 0;

	if (after && at < i->pols.n && sr_policy_key_cmp(&i->pols.at[at]->key, after) == 0)
		at++;
	while (at < i->pols.n && !is_shown(i->pols.at[at]))
		at++;
	if (at == i->pols.n)
		return false;
	view_of(i->pols.at[at], out);
	return true;
}

static bool asks(const struct intent_policy *p, const struct intent_use_query *q)
{
	bool found = !q->algo;

	if (p->owner[0] || (q->nrp && p->nrp != q->nrp) || (q->beside && p->nrp == q->beside))
		return false;
	for (uint8_t k = 0; k < p->n_cpaths && !found; k++)
		found = p->cpaths[k].kind == INTENT_DYNAMIC && p->cpaths[k].algo == q->algo;
	return found;
}

uint32_t intent_operators_use(const struct intent *i, const struct intent_use_query *q,
			      struct sr_policy_key out[INTENT_USES_TOLD])
{
	uint32_t n = 0;

	for (size_t k = 0; k < i->pols.n; k++) {
		const struct intent_pol *p = i->pols.at[k];

		if (p->deleted || !p->desired || !asks(&p->desired->p, q))
			continue;
		if (n < INTENT_USES_TOLD)
			out[n] = p->key;
		n++;
	}
	return n;
}

uint64_t intent_revision(const struct intent *i)
{
	return i->revision;
}

bool intent_held(const struct intent *i)
{
	return i->hold;
}

const struct ted *intent_ted(const struct intent *i)
{
	return i->ted;
}

/* ---- path computation ---- */

static void refuse(struct pce_answer *out, enum pce_status status, const char *why)
{
	*out = (struct pce_answer){ .status = status, .why = why ? why : "no memory" };
	out->expansion.why = "";
	if (!why)
		out->status = PCE_NO_MEMORY;
}

uint32_t intent_node_named(const struct ted *t, const char *text)
{
	uint32_t node = ted_node_by_id(t, text);
	struct ip_addr a;

	if (node == TED_NONE && ip_parse(text, &a) == 0)
		node = intent_endpoint_node(t, &a);
	return node;
}

/* Imposed at most: what the query says, else the headend that sits at the source. */
uint8_t intent_msd_at(const struct intent *i, const struct intent_path_query *q, uint32_t src)
{
	uint8_t msd = q->msd;

	HASH_EACH(it, &i->headends) {
		const struct intent_headend *h = HASH_OF(it, struct intent_headend, node);

		if (msd == 0 && h->up && intent_endpoint_node(i->ted, &h->addr) == src)
			msd = q->dataplane == SR_MPLS ? h->caps.msd_mpls : h->caps.msd_srv6;
	}
	if (msd == 0)
		msd = i->cfg.msd_default;
	return msd > SR_SEGS_MAX ? SR_SEGS_MAX : msd;
}

static const uint64_t *free_at(const struct intent *i, const struct intent_path_query *q,
			       struct arena *a)
{
	const struct book_ask ask = { .setup = q->setup_prio,
				      .nrp = q->nrp,
				      .window = BOOK_ALWAYS };
	uint64_t *free_bps = ARENA_ARRAY(a, (size_t)i->ted->n_links + 1, uint64_t);

	if (free_bps)
		book_snapshot(i->book, &ask, free_bps, i->ted->n_links);
	return free_bps;
}

static void query_bindings(const struct intent *i, const struct intent_cpath *c, struct arena *a,
			   struct pce_request *req)
{
	struct sr_list list = { .dataplane = SR_SRV6 };
	const struct pce_binding *b;
	uint32_t n;

	for (unsigned k = 0; k < c->n_binding && req->dataplane == PCE_SRV6; k++)
		list.at[list.n++].sid = c->binding[k];
	b = intent_bindings_of(i, &list, false, a, &n);
	intent_may_bind(i->ted, c, b, n, a, req);
}

bool intent_query_terms(const struct intent *i, const struct intent_path_query *q, struct arena *a,
			struct pce_request *req, struct pce_answer *out)
{
	const struct ted *t = i->ted;
	struct intent_policy *p = ARENA_NEW(a, struct intent_policy);
	const char *bad = NULL;

	if (!p) {
		refuse(out, PCE_NO_MEMORY, NULL);
		return false;
	}
	p->bandwidth_bps = q->bandwidth_bps;
	p->dataplane = q->dataplane;
	p->no_usid = q->no_usid;
	p->reserved = q->reserved;
	if (!intent_request_of(t, p, &q->constraints, a, req, &bad)) {
		refuse(out, PCE_NO_CONSTRAINED,
		       arena_printf(a, "%s is no node or link of the topology", bad));
		return false;
	}
	req->src = intent_node_named(t, q->src);
	req->dst = intent_node_named(t, q->dst);
	if (req->src == TED_NONE || req->dst == TED_NONE) {
		bool src = req->src == TED_NONE;

		refuse(out, src ? PCE_NO_SOURCE : PCE_NO_TARGET,
		       arena_printf(a, "%s is no node of the topology", src ? q->src : q->dst));
		return false;
	}
	req->msd = intent_msd_at(i, q, req->src);
	query_bindings(i, &q->constraints, a, req);
	req->explain = true; /* somebody looks at it */
	return true;
}

bool intent_query_request(const struct intent *i, const struct intent_path_query *q,
			  struct arena *a, struct pce_request *req, struct pce_answer *out)
{
	if (!intent_query_terms(i, q, a, req, out))
		return false;
	req->free_bps = free_at(i, q, a);
	req->n_free = i->ted->n_links;
	if (!req->free_bps)
		refuse(out, PCE_NO_MEMORY, NULL);
	return req->free_bps != NULL;
}

void intent_path(const struct intent *i, const struct intent_path_query *q, struct arena *a,
		 struct pce_answer *out, const struct ted **ted)
{
	struct pce_request req;

	*ted = i->ted;
	if (!i->ted) {
		refuse(out, PCE_NO_SOURCE, "there is no topology yet");
		return;
	}
	if (intent_query_request(i, q, a, &req, out))
		pce_compute(i->ted, &req, a, out);
}

/* ---- book ---- */

bool intent_book_row(const struct intent *i, uint32_t link, struct intent_book_row *out)
{
	struct book_row row;

	/* The book's table is larger than the topology, and has no limit for what a LAN sends. */
	if (!i->ted || link >= i->ted->n_links || !book_row(i->book, link, &row) ||
	    i->ted->nodes[i->ted->links[link].from].pseudonode)
		return false;
	*out = (struct intent_book_row){ .link = link,
					 .capacity_bps = row.capacity_bps,
					 .measured_bps = row.measured_bps,
					 .shares_bps = row.shares_bps,
					 .unused_bps = row.unused_bps,
					 .n_lsps = row.n_claims };
	for (unsigned p = 0; p < BOOK_PRIOS; p++) {
		const struct book_ask ask = { .setup = (uint8_t)p, .window = BOOK_ALWAYS };

		out->reserved_bps[p] = row.ours_bps[p];
		out->foreign_bps[p] = row.foreign_bps[p];
		out->backup_bps[p] = row.backup_bps[p];
		out->free_bps[p] = book_room(i->book, link, &ask);
	}
	return true;
}

static bool is_user(const struct book_claim *c, uint32_t link)
{
	uint32_t at;

	for (uint32_t k = 0; (at = book_claim_link(c, k)) <= link && at != UINT32_MAX; k++) {
		if (at == link)
			return true;
	}
	return false;
}

/* A route of ours runs over nothing that it is not booked on. */
static bool audit_policy(const struct intent_pol *p, char *why, size_t cap)
{
	const struct intent_route *sides[] = { &p->want, &p->prev };
	char key[SR_KEY_TEXT_MAX];

	for (unsigned s = 0; p->claim && !p->deleted && s < ARRAY_LEN(sides); s++) {
		for (uint32_t k = 0; sides[s]->set && k < sides[s]->n_links; k++) {
			if (is_user(p->claim, sides[s]->links[k]))
				continue;
			(void)snprintf(why, cap, "policy %s runs over link %u, not booked there",
				       sr_policy_key_text(&p->key, key, sizeof(key)),
				       sides[s]->links[k]);
			return false;
		}
	}
	return true;
}

bool intent_book_audit(const struct intent *i, char *why, size_t cap)
{
	if (!book_audit(i->book, why, cap))
		return false;
	for (size_t k = 0; k < i->pols.n; k++) {
		if (!audit_policy(i->pols.at[k], why, cap))
			return false;
	}
	return true;
}

/* ---- headends, repair ---- */

void intent_each_headend(const struct intent *i,
			 void (*fn)(void *arg, const struct intent_headend_info *h), void *arg)
{
	HASH_EACH(it, &i->headends) {
		const struct intent_headend *h = HASH_OF(it, struct intent_headend, node);
		const struct intent_headend_info info = { .headend = h->addr,
							  .up = h->up,
							  .synced = h->synced,
							  .caps = h->caps,
							  .lsps = h->n_lsps };

		fn(arg, &info);
	}
}

void intent_repair(const struct intent *i, struct intent_repair_info *out)
{
	*out = i->repair;
}
