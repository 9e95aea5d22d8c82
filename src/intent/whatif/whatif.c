/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What would be if something failed: of policies whose list is in use now, those that run over it
 * are routed again as the network would after it has converged, before anybody repairs them. What
 * a link would carry is what the book had for it at the start, less what those policies have booked
 * there, with what they would put there.
 *
 * All of it is by the topology of the start. Policies that change meanwhile are taken as they are
 * when their slice is made; each is looked at once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "intent/whatif/whatif.h"

uint32_t intent_node_of(const struct ted *t, const char *text)
{
	uint32_t node = ted_node_by_id(t, text);
	struct ip_addr a;

	if (node == TED_NONE && ip_parse(text, &a) == 0)
		node = intent_endpoint_node(t, &a);
	return node;
}

const char *intent_failure_of(const struct ted *t, enum pce_failure_kind kind, const char *name,
			      struct pce_failure *out)
{
	uint64_t n;

	*out = (struct pce_failure){ .kind = kind };
	switch (kind) {
	case PCE_FAIL_LINK:
		out->index = ted_link_by_text(t, name);
		return out->index == TED_NONE ? "there is no such link" : NULL;
	case PCE_FAIL_NODE:
		out->index = intent_node_of(t, name);
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

/* ---- a slice ---- */

/* Bounds are judged by the analysis; the other constraints of who meets all of them now, apart. */
static void terms_of(const struct intent_pol *p, struct whatif_item *it)
{
	const struct intent_policy *d = p->desired ? &p->desired->p : NULL;
	struct pce_flow *f = &it->terms;

	*f = (struct pce_flow){ .delay_us_max = PCE_NO_BOUND, .hops_max = PCE_NO_BOUND,
				.igp_max = PCE_NO_BOUND, .te_max = PCE_NO_BOUND };
	f->rate_bps = d ? d->bandwidth_bps : 0;
	for (unsigned k = 0; d && k < d->n_cpaths; k++) {
		const struct intent_cpath *c = &d->cpaths[k];

		if (c->preference != p->want.preference || c->kind != INTENT_DYNAMIC || it->desired)
			continue;
		f->delay_us_max = c->delay_us_max;
		f->hops_max = c->hops_max;
		f->igp_max = c->igp_max;
		f->te_max = c->te_max;
		f->bound_variation = c->variation_us_max != PCE_NO_BOUND;
		f->variation_us_max = c->variation_us_max;
		f->bound_loss = c->loss_ppm_max != PCE_NO_BOUND;
		f->loss_ppm_max = c->loss_ppm_max;
		if (p->degraded)
			continue;
		it->desired = intent_desired_ref(p->desired);
		it->cpath = c;
	}
}

static bool list_copy(const struct sr_list *from, struct arena *a, struct pce_list *to)
{
	struct ip_addr *sids = ARENA_ARRAY(a, (size_t)from->n + 1, struct ip_addr);
	uint32_t *labels = ARENA_ARRAY(a, (size_t)from->n + 1, uint32_t);

	if (!sids || !labels)
		return false;
	for (unsigned k = 0; k < from->n; k++) {
		sids[k] = from->at[k].sid;
		labels[k] = from->at[k].label;
	}
	*to = (struct pce_list){ .dataplane = from->dataplane == SR_MPLS ? PCE_MPLS : PCE_SRV6,
				 .n = from->n, .sids = sids, .labels = labels };
	return true;
}

/* One of its lists, with its share. False without memory. */
static bool item_add(struct whatif *w, const struct intent_pol *p, bool sure, unsigned k)
{
	struct whatif_slice *s = &w->slice;
	struct whatif_item *it = &s->items[s->n];
	const struct sr_list *list = sr_list_nth(&p->want.list, k);
	const struct book_way way = intent_way(&p->want);

	*it = (struct whatif_item){ .key = p->key, .sure = sure };
	it->src = intent_endpoint_node(w->ted, &p->key.headend);
	s->n++;
	terms_of(p, it);
	if (!list_copy(list, &s->arena, &it->list))
		return false;
	it->list.bindings = intent_bindings_of(w->i, list, true, &s->arena, &it->list.n_bindings);
	it->booked_bps = it->terms.rate_bps;
	it->terms.rate_bps = sr_share(it->terms.rate_bps, sr_list_weight(&p->want.list, k), sr_list_total(&p->want.list));
	if (!sure || k > 0 || !intent_booked(p)) /* what all of them have booked is the first one's */
		return true;
	it->n_links = p->want.n_links;
	it->links = arena_copy(&s->arena, p->want.links, it->n_links * sizeof(uint32_t));
	it->rates = ARENA_ARRAY(&s->arena, (size_t)it->n_links + 1, uint64_t);
	for (uint32_t l = 0; it->rates && l < it->n_links; l++)
		it->rates[l] = book_way_bps(&way, it->booked_bps, l);
	return it->rates && (it->n_links == 0 || it->links);
}

/* 1: done; 0; -ENOMEM. Policies in order of keys, from where the last slice ended. */
static int slice_fill(struct whatif *w)
{
	const struct intent *i = w->i;
	struct whatif_slice *s = &w->slice;
	size_t k = w->begun ? intent_pol_at(i, &w->at) : 0, end = k + WHATIF_SCAN;

	w->begun = true;
	for (; k < i->pols.n && k < end; k++) {
		const struct intent_pol *p = i->pols.at[k];
		bool seen = p->want.generation != 0;

		if (s->n + SR_LISTS_MAX > WHATIF_SLICE)
			break;
		if (p->deleted || !p->want.set ||
		    (seen && !meet(p->want.links, p->want.n_links, w->dead)))
			continue;
		for (unsigned l = 0; l < sr_list_count(&p->want.list); l++)
			if (!item_add(w, p, seen, l))
				return err_raise(-ENOMEM);
	}
	w->over = k >= i->pols.n;
	if (!w->over)
		w->at = i->pols.at[k]->key;
	return 0;
}

static void slice_end(struct whatif_slice *s)
{
	for (uint32_t k = 0; k < s->n; k++)
		intent_desired_unref(s->items[k].desired);
	s->n = 0;
	arena_fini(&s->arena);
}

static void slice_begin(struct whatif *w)
{
	struct whatif_slice *s = &w->slice;

	slice_end(s);
	arena_init(&s->arena, 0);
	s->items = ARENA_ARRAY(&s->arena, WHATIF_SLICE, struct whatif_item);
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

static void fullest(const struct whatif *w, struct intent_whatif *out)
{
	for (uint32_t l = 0; l < w->ted->n_links; l++) {
		uint64_t now = w->reserved[l], rest = now > w->booked[l] ? now - w->booked[l] : 0;

		if (!w->ted->links[l].alive || w->ted->links[l].reverse == TED_NONE)
			continue;
		fuller(w->ted, l, now, &out->now);
		if (!w->dead[l])
			fuller(w->ted, l, rest + w->after[l], &out->after);
	}
}

/* ---- its life ---- */

static void whatif_free(struct whatif *w)
{
	list_del(&w->link);
	loop_task_cancel(&w->turn);
	slice_end(&w->slice);
	arena_fini(&w->texts);
	pce_trees_free(w->trees);
	ted_unref(w->ted);
	VEC_FINI(&w->rows);
	free(w->dead);
	free(w->reserved);
	free(w->booked);
	free(w->after);
	free(w);
}

static void finish(struct whatif *w)
{
	if (w->fn && w->rc == 0) {
		fullest(w, &w->out);
		w->out.rows = w->rows.at;
		w->out.n_rows = (uint32_t)w->rows.n;
	}
	if (w->fn)
		w->fn(w->arg, w->rc, &w->out);
	whatif_free(w);
}

static void slice_run(struct work_job *job)
{
	intent_whatif_slice_run(CONTAINER_OF(job, struct whatif, job));
}

static void slice_over(struct work_job *job)
{
	struct whatif *w = CONTAINER_OF(job, struct whatif, job);

	w->running = false;
	if (job->skipped)
		w->rc = err_raise(-ECANCELED);
	if (w->rc < 0 || w->over || w->out.why || !w->fn || !w->i)
		finish(w);
	else
		loop_task_run(&w->turn);
}

/* One turn of the loop: some policies are copied, and given away. */
static void turn(void *arg)
{
	struct whatif *w = arg;

	slice_begin(w);
	w->rc = w->slice.items ? slice_fill(w) : err_raise(-ENOMEM);
	if (w->rc < 0 || (w->slice.n == 0 && w->over)) {
		finish(w);
		return;
	}
	if (w->slice.n == 0) {
		loop_task_run(&w->turn);
		return;
	}
	w->running = true;
	w->job = (struct work_job){ .run = slice_run, .done = slice_over };
	if (work_submit(w->i->work, &w->job) == 0)
		return;
	slice_run(&w->job); /* the queue is full: here, then */
	slice_over(&w->job);
}

static bool rooms(struct whatif *w)
{
	size_t m = (size_t)w->ted->n_links + 1;

	w->dead = calloc(m, sizeof(*w->dead));
	w->reserved = calloc(m, sizeof(*w->reserved));
	w->booked = calloc(m, sizeof(*w->booked));
	w->after = calloc(m, sizeof(*w->after));
	return w->dead && w->reserved && w->booked && w->after &&
	       pce_trees_new(&w->trees, INTENT_TREES_HERE) == 0;
}

/* NULL, or why there is no answer. < 0 in w->rc without memory. */
static const char *start(struct whatif *w, const struct intent_whatif_query *q)
{
	AUTO(pce_after_free) struct pce_after *x = NULL;
	const uint32_t *dead;
	const char *why;

	if (!w->i->ted)
		return "there is no topology yet";
	w->ted = ted_ref(w->i->ted);
	w->out.ted = w->ted;
	why = intent_failure_of(w->ted, q->kind, q->name, &w->what);
	if (why)
		return why;
	if (!rooms(w) || pce_after_new(&x, w->ted, w->trees) < 0) {
		w->rc = err_raise(-ENOMEM);
		return "no memory";
	}
	if (pce_after_fail(x, &w->what) != 0)
		return q->kind == PCE_FAIL_SRLG ? "no link is in that SRLG" : "it does not work now";
	dead = pce_after_dead(x, &w->out.n_dead);
	for (uint32_t k = 0; k < w->out.n_dead; k++)
		w->dead[dead[k]] = 1;
	for (uint32_t l = 0; l < w->ted->n_links; l++)
		w->reserved[l] = reserved(w->i, l);
	return NULL;
}

int intent_whatif(struct intent *i, const struct intent_whatif_query *q, intent_whatif_fn fn,
		  void *arg)
{
	struct whatif *w;
	unsigned open = 0;

	LIST_EACH(it, &i->whatifs)
		open++;
	if (open == WHATIF_OPEN)
		return INTENT_E_BUSY;
	w = calloc(1, sizeof(*w));
	if (!w)
		return err_raise(-ENOMEM);
	w->i = i;
	w->fn = fn;
	w->arg = arg;
	w->limit = q->limit;
	w->has_from = q->after != NULL;
	if (q->after)
		w->from = *q->after;
	w->out.now.link = w->out.after.link = TED_NONE;
	arena_init(&w->slice.arena, 0);
	arena_init(&w->texts, 0);
	loop_task_init(&w->turn, i->loop, turn, w);
	list_add(&i->whatifs, &w->link);
	w->out.why = start(w, q);
	if (!w->out.why) {
		loop_task_run(&w->turn);
		return 0;
	}
	if (w->fn)
		w->fn(w->arg, w->rc, &w->out);
	whatif_free(w);
	return 0;
}

void intent_whatif_forget(struct intent *i, const void *arg)
{
	LIST_EACH(it, &i->whatifs) {
		struct whatif *w = LIST_OF(it, struct whatif, link);

		if (w->arg != arg || !w->fn)
			continue;
		w->fn = NULL;
		if (!w->running)
			whatif_free(w);
		return;
	}
}

void intent_whatifs_fini(struct intent *i)
{
	static const struct intent_whatif none;
	struct list *n;

	while ((n = list_pop(&i->whatifs))) {
		struct whatif *w = LIST_OF(n, struct whatif, link);

		w->i = NULL;
		if (w->fn)
			w->fn(w->arg, err_raise(-ECANCELED), &none);
		w->fn = NULL;
		loop_task_cancel(&w->turn);
		if (!w->running)
			whatif_free(w);
	}
}
