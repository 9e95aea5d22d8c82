/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Adjacency of a TED: made from all links, or from the one before where a few links came, went or
 * cost something else. In a node's row link indices ascend either way.
 */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "pce/ted_priv.h"

bool ted_link_usable(const struct ted_link *l)
{
	return l->alive && l->reverse != TED_NONE;
}

static uint32_t end_of(const struct ted_link *l, bool out)
{
	return out ? l->from : l->to;
}

/* Counting sort by the end asked for. `at` is where each node's next one goes. */
static void one_way(const struct ted_rows *r, bool out, uint32_t *start, uint32_t *idx,
		    uint32_t *at)
{
	memset(start, 0, ((size_t)r->n_nodes + 1) * sizeof(*start));
	for (uint32_t i = 0; i < r->n_links; i++)
		if (ted_link_usable(&r->links[i]))
			start[end_of(&r->links[i], out) + 1]++;
	for (uint32_t i = 0; i < r->n_nodes; i++) {
		start[i + 1] += start[i];
		at[i] = start[i];
	}
	for (uint32_t i = 0; i < r->n_links; i++)
		if (ted_link_usable(&r->links[i]))
			idx[at[end_of(&r->links[i], out)]++] = i;
}

int ted_adj_build(struct ted_rows *r, struct arena *scratch)
{
	uint32_t *at = ARENA_ARRAY(scratch, r->n_nodes, uint32_t);

	if (!at)
		return err_raise(-ENOMEM);
	one_way(r, true, r->out_start, r->out_idx, at);
	one_way(r, false, r->in_start, r->in_idx, at);
	return 0;
}

/* One place where rows differ: a link to leave out, or to put in. */
struct flip {
	uint32_t node, link;
	bool add;
};

static bool before(const struct flip *a, const struct flip *b)
{
	return a->node != b->node ? a->node < b->node : a->link < b->link;
}

/* By node, then link: they come by link, so that insertion does little. */
static void flips_sort(struct flip *f, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		struct flip x = f[i];
		uint32_t k = i;

		for (; k > 0 && before(&x, &f[k - 1]); k--)
			f[k] = f[k - 1];
		f[k] = x;
	}
}

static uint32_t position(const uint32_t *start, const uint32_t *idx, const struct flip *f)
{
	uint32_t lo = start[f->node], hi = start[f->node + 1];

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (idx[mid] < f->link)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct way {
	const uint32_t *start, *idx; /* old */
	uint32_t *to_start, *to_idx;
};

static void span_copy(const struct way *w, uint32_t to, uint32_t from, uint32_t n)
{
	memcpy(&w->to_idx[to], &w->idx[from], n * sizeof(*w->idx));
}

/* starts of nodes below `until` that were not written yet move by what came and went so far. */
static uint32_t starts_copy(const struct way *w, uint32_t node, uint32_t until, uint32_t shift)
{
	for (; node < until; node++)
		w->to_start[node] = w->start[node] + shift;
	return node;
}

static void one_patch(const struct way *w, uint32_t n_nodes, const struct flip *f, uint32_t n)
{
	uint32_t from = 0, to = 0, node = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = position(w->start, w->idx, &f[i]);

		node = starts_copy(w, node, f[i].node + 1, to - from);
		span_copy(w, to, from, at - from);
		to += at - from;
		from = at;
		if (f[i].add)
			w->to_idx[to++] = f[i].link;
		else
			from++;
	}
	(void)starts_copy(w, node, n_nodes + 1, to - from);
	span_copy(w, to, from, w->start[n_nodes] - from);
}

static uint32_t flips_find(struct flip *f, const struct ted_rows *r, const struct ted_rows *old,
			   const struct ted_subset *links, bool out)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < links->n; i++) {
		uint32_t link = links->at[i];
		bool is = ted_link_usable(&r->links[link]);

		if (is != ted_link_usable(&old->links[link]))
			f[n++] = (struct flip){ end_of(&r->links[link], out), link, is };
	}
	flips_sort(f, n);
	return n;
}

int ted_adj_patch(struct ted_rows *r, const struct ted_rows *old, const struct ted_subset *links,
		  struct arena *scratch)
{
	const struct way out = { .start = old->out_start, .idx = old->out_idx,
				 .to_start = r->out_start, .to_idx = r->out_idx };
	const struct way in = { .start = old->in_start, .idx = old->in_idx,
				.to_start = r->in_start, .to_idx = r->in_idx };
	struct flip *f = ARENA_ARRAY(scratch, links->n, struct flip);
	uint32_t n;

	if (!f)
		return err_raise(-ENOMEM);
	n = flips_find(f, r, old, links, true);
	one_patch(&out, r->n_nodes, f, n);
	n = flips_find(f, r, old, links, false);
	one_patch(&in, r->n_nodes, f, n);
	return 0;
}
