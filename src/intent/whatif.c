/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What would be if something failed: of policies whose list is in use now, those that run over it
 * are routed again as the network would after it has converged, before anybody repairs them. What
 * a link would carry is what the book has for it, less what those policies have booked there,
 * with what they would put there.
 */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "intent/intent_priv.h"

enum { TOUCHED_MAX = 5000, REPAIRS_MAX = 2000 };

static uint32_t node_of(const struct ted *t, const char *text)
{
	uint32_t node = ted_node_by_id(t, text);
	struct ip_addr a;

	if (node == TED_NONE && ip_parse(text, &a) == 0)
		node = intent_endpoint_node(t, &a);
	return node;
}

/* NULL, or why there is no such thing. */
static const char *thing_of(const struct ted *t, enum pce_failure_kind kind, const char *name,
			    struct pce_failure *out)
{
	uint64_t n;

	*out = (struct pce_failure){ .kind = kind };
	switch (kind) {
	case PCE_FAIL_LINK:
		out->index = ted_link_by_text(t, name);
		return out->index == TED_NONE ? "there is no such link" : NULL;
	case PCE_FAIL_NODE:
		out->index = node_of(t, name);
		return out->index == TED_NONE ? "there is no such node" : NULL;
	case PCE_FAIL_SRLG:
		if (str_u64(name, &n) != 0 || n > UINT32_MAX)
			return "an SRLG is a number";
		out->index = (uint32_t)n;
		return NULL;
	}
	return "there is no such kind";
}

static bool meet(const uint32_t *a, uint32_t n, const uint8_t *dead)
{
	for (uint32_t i = 0; i < n; i++)
		if (dead[a[i]])
			return true;
	return false;
}

struct touched {
	const struct intent_pol **pol;
	struct pce_flow *flow;
	uint32_t n, unknown;
	uint64_t *booked; /* by link: what they have booked now */
};

static void bounds_of(const struct intent_pol *p, struct pce_flow *f)
{
	const struct intent_policy *d = p->desired ? &p->desired->p : NULL;

	for (unsigned k = 0; d && k < d->n_cpaths; k++) {
		const struct intent_cpath *c = &d->cpaths[k];

		if (c->preference != p->want.preference || c->kind != INTENT_DYNAMIC)
			continue;
		f->delay_us_max = c->delay_us_max;
		f->hops_max = c->hops_max;
		f->igp_max = c->igp_max;
		f->te_max = c->te_max;
	}
}

/* A list that is not valid on this topology is broken already, and of one with SIDs of flexible
 * algorithms or binding SIDs it is not said how it goes: both are counted as not known. */
static int flow_add(const struct intent *i, const struct intent_pol *p, struct arena *a,
		    struct touched *out)
{
	const struct sr_list *list = &p->want.list;
	struct ip_addr *sids = ARENA_ARRAY(a, SR_SEGS_MAX, struct ip_addr);
	uint32_t *labels = ARENA_ARRAY(a, SR_SEGS_MAX, uint32_t);
	struct pce_list l = { .dataplane = list->dataplane == SR_MPLS ? PCE_MPLS : PCE_SRV6,
			      .n = list->n, .sids = sids, .labels = labels };
	uint32_t src = intent_endpoint_node(i->ted, &p->key.headend);
	struct pce_flow *f = &out->flow[out->n];
	const char *why;
	int rc;

	if (!sids || !labels)
		return err_raise(-ENOMEM);
	for (unsigned k = 0; k < list->n; k++) {
		sids[k] = list->at[k].sid;
		labels[k] = list->at[k].label;
	}
	rc = src == TED_NONE ? PCE_FLOW_E_LIST :
			       pce_flow_of_list(i->ted, src, TED_NONE, &l, a, f, &why);
	if (rc != 0) {
		out->unknown++;
		return rc < 0 ? rc : 0;
	}
	f->rate_bps = p->desired ? p->desired->p.bandwidth_bps : 0;
	bounds_of(p, f);
	out->pol[out->n++] = p;
	for (uint32_t k = 0; intent_booked(p) && k < p->want.n_links; k++)
		out->booked[p->want.links[k]] += f->rate_bps;
	return 0;
}

static int touched_find(const struct intent *i, const uint8_t *dead, struct arena *a,
			struct touched *out)
{
	out->pol = ARENA_ARRAY(a, TOUCHED_MAX, const struct intent_pol *);
	out->flow = ARENA_ARRAY(a, TOUCHED_MAX, struct pce_flow);
	out->booked = ARENA_ARRAY(a, (size_t)i->ted->n_links + 1, uint64_t);
	if (!out->pol || !out->flow || !out->booked)
		return err_raise(-ENOMEM);
	for (size_t k = 0; k < i->pols.n; k++) {
		const struct intent_pol *p = i->pols.at[k];

		if (p->deleted || !p->want.set || p->want.generation == 0 ||
		    !meet(p->want.links, p->want.n_links, dead))
			continue;
		if (out->n == TOUCHED_MAX)
			return 1;
		if (flow_add(i, p, a, out) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* ---- the fullest link ---- */

static uint64_t reserved(const struct intent *i, uint32_t link)
{
	struct book_row row;
	uint64_t sum = 0;

	if (!book_row(i->book, link, &row))
		return 0;
	for (unsigned p = 0; p < BOOK_PRIOS; p++)
		sum += row.ours_bps[p] + row.foreign_bps[p];
	return sum;
}

static void fuller(const struct ted *t, uint32_t link, uint64_t load, struct pce_fullest *best)
{
	uint64_t cap = t->links[link].capacity_bps;
	double share = cap ? (double)load / (double)cap * 1e9 : 0;
	uint64_t ppb = share >= 1.8e19 ? UINT64_MAX : (uint64_t)share;

	if (cap == 0 || (best->link != TED_NONE && ppb <= best->ppb))
		return;
	*best = (struct pce_fullest){ .link = link, .load_bps = load, .ppb = ppb };
}

static void fullest(const struct intent *i, const uint8_t *dead, const struct touched *w,
		    const struct pce_failures *f, struct intent_whatif *out)
{
	out->now.link = out->after.link = TED_NONE;
	for (uint32_t l = 0; l < i->ted->n_links; l++) {
		uint64_t now, rest;

		if (!i->ted->links[l].alive || i->ted->links[l].reverse == TED_NONE)
			continue;
		now = reserved(i, l);
		rest = now > w->booked[l] ? now - w->booked[l] : 0;
		fuller(i->ted, l, now, &out->now);
		if (!dead[l])
			fuller(i->ted, l, rest + pce_failures_after_bps(f, l), &out->after);
	}
}

/* ---- the answer ---- */

static int rows_give(const struct pce_failure_answer *ans, const struct touched *w, struct arena *a,
		     struct intent_whatif *out)
{
	struct intent_whatif_row *rows =
		ARENA_ARRAY(a, (size_t)ans->n_effects + 1, struct intent_whatif_row);

	if (!rows)
		return err_raise(-ENOMEM);
	for (uint32_t k = 0; k < ans->n_effects; k++) {
		const struct pce_flow_effect *e = &ans->effects[k];

		rows[k] = (struct intent_whatif_row){ .key = w->pol[e->flow]->key,
						      .bandwidth_bps = w->flow[e->flow].rate_bps,
						      .loss = e->loss,
						      .bound = e->bound,
						      .value = e->value,
						      .allowed = e->allowed };
	}
	out->rows = rows;
	out->n_rows = ans->n_effects;
	return 0;
}

static int ask(const struct intent *i, const struct pce_failure *what, const uint8_t *dead,
	       struct arena *a, struct intent_whatif *out)
{
	AUTO(pce_failures_free) struct pce_failures *f = NULL;
	struct pce_failure_answer ans;
	struct touched w = { 0 };
	int rc = touched_find(i, dead, a, &w);

	if (rc > 0)
		out->why = "more than 5000 policies run over it";
	if (rc == 0)
		rc = pce_failures_new(&f, i->ted, w.flow, w.n, NULL);
	if (rc == 0)
		rc = pce_failures_ask(f, what, a, &ans);
	if (rc > 0 && !out->why)
		out->why = "the policies ask for more bandwidth than can be counted";
	if (rc != 0)
		return rc < 0 ? rc : 0;
	out->n_moved = w.n + w.unknown;
	out->n_unknown = w.unknown;
	fullest(i, dead, &w, f, out);
	return rows_give(&ans, &w, a, out);
}

static const uint8_t *dead_of(struct pce_after *x, const struct ted *t, struct arena *a,
			      uint32_t *n)
{
	uint8_t *dead = ARENA_ARRAY(a, (size_t)t->n_links + 1, uint8_t);
	const uint32_t *at = pce_after_dead(x, n);

	for (uint32_t k = 0; dead && k < *n; k++)
		dead[at[k]] = 1;
	return dead;
}

int intent_whatif(const struct intent *i, enum pce_failure_kind kind, const char *name,
		  struct arena *a, struct intent_whatif *out)
{
	AUTO(pce_after_free) struct pce_after *x = NULL;
	struct pce_failure what;
	const uint8_t *dead;

	*out = (struct intent_whatif){ .ted = i->ted };
	out->now.link = out->after.link = TED_NONE;
	out->why = i->ted ? thing_of(i->ted, kind, name, &what) : "there is no topology yet";
	if (out->why)
		return 0;
	if (pce_after_new(&x, i->ted, NULL) < 0)
		return err_raise(-ENOMEM);
	if (pce_after_fail(x, &what) != 0) {
		out->why = kind == PCE_FAIL_SRLG ? "no link is in that SRLG" : "it does not work now";
		return 0;
	}
	dead = dead_of(x, i->ted, a, &out->n_dead);
	return dead ? ask(i, &what, dead, a, out) : err_raise(-ENOMEM);
}

/* ---- local repair ---- */

static int repairs_give(struct pce_backups *b, const struct ted *t, struct arena *a,
			struct intent_repairs *out)
{
	struct intent_repair_row *rows = ARENA_ARRAY(a, REPAIRS_MAX, struct intent_repair_row);

	if (!rows)
		return err_raise(-ENOMEM);
	out->rows = rows;
	for (uint32_t d = 0; d < t->n_nodes; d++) {
		struct intent_repair_row *r = &rows[out->n_rows];

		if (!t->nodes[d].alive || t->nodes[d].pseudonode)
			continue;
		if (out->n_rows == REPAIRS_MAX) {
			out->more = true;
			return 0;
		}
		pce_backups_to(b, d, a, &r->is);
		if (r->is.status == PCE_BACKUP_NO_MEMORY)
			return err_raise(-ENOMEM);
		r->dst = d;
		out->n_rows += r->is.status != PCE_BACKUP_NOT_NEEDED;
	}
	return 0;
}

int intent_repairs(const struct intent *i, const char *plr, enum pce_failure_kind kind,
		   const char *name, bool mpls, struct arena *a, struct intent_repairs *out)
{
	AUTO(pce_backups_free) struct pce_backups *b = NULL;
	struct pce_failure what;
	uint32_t node;
	int rc;

	*out = (struct intent_repairs){ .ted = i->ted };
	out->why = i->ted ? thing_of(i->ted, kind, name, &what) : "there is no topology yet";
	if (out->why)
		return 0;
	node = node_of(i->ted, plr);
	if (node == TED_NONE) {
		out->why = "there is no such router";
		return 0;
	}
	if (pce_backups_new(&b, i->ted, mpls ? PCE_MPLS : PCE_SRV6, NULL) < 0)
		return err_raise(-ENOMEM);
	rc = pce_backups_fail(b, node, &what);
	if (rc > 0)
		out->why = "it does not work now, or is the router itself";
	return rc == 0 ? repairs_give(b, i->ted, a, out) : rc < 0 ? rc : 0;
}
