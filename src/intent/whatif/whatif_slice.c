/* SPDX-License-Identifier: Apache-2.0 */
/* A slice of what-if, on a worker: lists become flows, flows are routed, what they lose and put
 * where is added to what the slices before it found. */
#include <errno.h>
#include <stdlib.h>

#include "base/err.h"
#include "intent/whatif/whatif.h"

struct slice {
	struct pce_flow *flow;
	uint32_t *item; /* by flow */
	uint32_t n;
};

/* A list that is not valid on this topology is broken already: it counts as not known, where it is
 * known to run over what fails. */
static int flows_make(struct whatif *w, struct slice *s)
{
	struct arena *a = &w->slice.arena;

	s->flow = ARENA_ARRAY(a, (size_t)w->slice.n + 1, struct pce_flow);
	s->item = ARENA_ARRAY(a, (size_t)w->slice.n + 1, uint32_t);
	if (!s->flow || !s->item)
		return err_raise(-ENOMEM);
	for (uint32_t k = 0; k < w->slice.n; k++) {
		struct whatif_item *it = &w->slice.items[k];
		struct pce_flow f;
		const char *why;
		int rc = PCE_FLOW_E_LIST;

		it->list.trees = w->trees;
		if (it->src != TED_NONE)
			rc = pce_flow_of_list(w->ted, it->src, TED_NONE, &it->list, a, &f, &why);
		if (rc < 0)
			return rc;
		w->out.n_unknown += rc > 0 && it->sure;
		w->out.n_moved += rc > 0 && it->sure;
		if (rc > 0)
			continue;
		s->flow[s->n] = it->terms;
		s->flow[s->n].src = f.src;
		s->flow[s->n].hops = f.hops;
		s->flow[s->n].n_hops = f.n_hops;
		s->item[s->n++] = k;
	}
	return 0;
}

static int row_add(struct whatif *w, const struct whatif_item *it, const struct pce_flow_effect *e,
		   const char *breaks)
{
	/* Of several lists of one policy one is enough: they come one after the other. */
	if (w->has_worse && sr_policy_key_cmp(&it->key, &w->worse) == 0)
		return 0;
	w->has_worse = true;
	w->worse = it->key;
	w->out.n_worse++;
	if (w->has_from && sr_policy_key_cmp(&it->key, &w->from) <= 0)
		return 0;
	if (w->rows.n >= w->limit) {
		w->out.more = true;
		return 0;
	}
	if (breaks && !(breaks = arena_str(&w->texts, breaks)))
		return err_raise(-ENOMEM);
	return VEC_ADD(&w->rows, ((struct intent_whatif_row){ .key = it->key,
							      .breaks = breaks,
							      .bandwidth_bps = it->booked_bps,
							      .loss = e->loss,
							      .bound = e->bound,
							      .value = e->value,
							      .allowed = e->allowed })) ?
		       0 :
		       err_raise(-ENOMEM);
}

/* Of who was not known to run over it: it does, or its load is in nobody's way. */
static void maybe_moved(struct whatif *w, struct pce_failures *f, const struct slice *s,
			const struct pce_failure_answer *is)
{
	uint32_t at = 0;

	for (uint32_t k = 0; k < s->n; k++) {
		bool moved = at < is->n_moved && is->moved[at] == k;

		at += moved;
		if (w->slice.items[s->item[k]].sure || moved)
			w->out.n_moved++;
		else
			pce_failures_drop(f, k);
	}
}

/* Affinities, exclusions, what has to be passed: NULL, or which it does not meet then. Bandwidth is
 * not asked for: how full links get is told by itself. */
static const char *breaks(struct whatif *w, const struct pce_failures *f, const struct slice *s,
			  uint32_t flow)
{
	const struct whatif_item *it = &w->slice.items[s->item[flow]];
	struct arena *a = &w->slice.arena;
	struct pce_expansion way;
	struct pce_request req;
	const char *bad;

	if (!it->desired)
		return NULL;
	if (!intent_request_of(w->ted, &it->desired->p, it->cpath, a, &req, &bad))
		return bad; /* what it names is not there any more */
	req.bandwidth_bps = 0;
	if (pce_failures_way(f, flow, a, &way) < 0)
		return "no memory";
	return way.valid ? pce_check(w->ted, &req, &way, a) : NULL;
}

static int rows_add(struct whatif *w, const struct pce_failures *f, const struct slice *s,
		    const struct pce_failure_answer *is)
{
	uint32_t at = 0;
	int rc = 0;

	for (uint32_t k = 0; rc == 0 && k < is->n_moved; k++) {
		uint32_t flow = is->moved[k];
		const struct whatif_item *it = &w->slice.items[s->item[flow]];
		const struct pce_flow_effect kept = { .flow = flow, .loss = PCE_FLOW_KEPT };
		bool worse = at < is->n_effects && is->effects[at].flow == flow;
		const char *why = worse ? NULL : breaks(w, f, s, flow);

		if (worse || why)
			rc = row_add(w, it, worse ? &is->effects[at] : &kept, why);
		at += worse;
	}
	return rc;
}

static int effects(struct whatif *w, struct pce_failures *f, const struct slice *s)
{
	struct pce_failure_answer is;
	int rc = pce_failures_ask(f, &w->what, &w->slice.arena, &is);

	if (rc != 0)
		return rc;
	maybe_moved(w, f, s, &is);
	for (uint32_t l = 0; l < w->ted->n_links; l++)
		w->after[l] += pce_failures_after_bps(f, l);
	return rows_add(w, f, s, &is);
}

void intent_whatif_slice_run(struct whatif *w)
{
	AUTO(pce_failures_free) struct pce_failures *f = NULL;
	struct slice s = { 0 };
	int rc = flows_make(w, &s);

	for (uint32_t k = 0; k < w->slice.n; k++) {
		const struct whatif_item *it = &w->slice.items[k];

		for (uint32_t l = 0; l < it->n_links; l++)
			w->booked[it->links[l]] += it->rates[l];
	}
	if (rc == 0)
		rc = pce_failures_new(&f, w->ted, s.flow, s.n, w->trees);
	if (rc == 0)
		rc = effects(w, f, &s);
	w->rc = rc < 0 ? rc : 0;
	if (rc > 0)
		w->out.why = "the policies ask for more bandwidth than can be counted";
}
