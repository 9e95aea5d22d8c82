/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths first, then weights. Paths are taken one by one from what those before have left: the
 * cheapest that carries its part of the rest; when that ends without all being carried, again,
 * each time the widest (of those the cheapest). What is left on their links then widens them,
 * so that weights, which are coarse, find room. When a path of a set has no list that fits, once
 * more, with paths that have. Where no set was found a maximum flow may show that there is none.
 */
#include <string.h>

#include "base/str.h"
#include "pce/leg.h"
#include "pce/multipath.h"

struct many {
	const struct pce_multipath *req;
	struct pce_multipath_answer *out;
	struct pce_legs l;
	struct pce_leg g;
	struct pce_request own; /* bandwidth: what the path at hand must carry */
	uint64_t *free_bps;	/* by link, for requests that pce_path() searches */
	struct pce_trees *side;
	bool fit; /* with lists that fit */
	uint32_t fits;
	struct pce_way way[PCE_LISTS_MAX];
	uint64_t carry[PCE_LISTS_MAX];
	uint32_t n;
};

/* ---- weights ---- */

__extension__ typedef unsigned __int128 wide;

/* Is w / cap more than v / other. */
static bool fuller(uint32_t w, uint64_t cap, uint32_t v, uint64_t other)
{
	return (wide)w * other > (wide)v * cap;
}

/* One more unit where it fills least. */
static void add_unit(const uint64_t *cap, uint32_t n, uint32_t *w)
{
	uint32_t best = 0;

	for (uint32_t i = 1; i < n; i++)
		if (fuller(w[best] + 1, cap[best], w[i] + 1, cap[i]))
			best = i;
	w[best]++;
}

static uint32_t fullest(const uint64_t *cap, uint32_t n, const uint32_t *w)
{
	uint32_t most = 0;

	for (uint32_t i = 1; i < n; i++)
		if (fuller(w[i], cap[i], w[most], cap[most]))
			most = i;
	return most;
}

uint32_t pce_weights(const uint64_t *cap_bps, uint32_t n, uint32_t total_max, uint32_t *weight)
{
	uint32_t w[PCE_LISTS_MAX] = { 0 }, best = 0, best_at = 0;

	for (uint32_t total = 1; total <= total_max; total++) {
		uint32_t at;

		add_unit(cap_bps, n, w);
		at = fullest(cap_bps, n, w);
		/* w / (total cap): both totals stay below 2^9, so the products fit */
		if (best && !fuller(weight[best_at] * total, cap_bps[best_at], w[at] * best,
				    cap_bps[at]))
			continue;
		memcpy(weight, w, n * sizeof(*w));
		best = total;
		best_at = at;
	}
	return best;
}

/* ---- paths ---- */

static uint64_t left_on(const struct many *m, uint32_t link)
{
	uint64_t all = pce_free_bps(m->req->req, m->l.t, link), used = pce_taken(&m->l, link);

	if (pce_is_lan(&m->l, m->l.p->arcs[link].from))
		return UINT64_MAX;
	return all > used ? all - used : 0;
}

static uint64_t width(const struct many *m, const struct pce_way *w)
{
	uint64_t least = UINT64_MAX;

	for (uint32_t i = 0; i < w->n; i++) {
		uint64_t v = left_on(m, w->links[i]);

		least = v < least ? v : least;
	}
	return least;
}

/* What the paths so far carry, among the marks at hand. */
static void mark_taken(struct many *m)
{
	for (uint32_t i = 0; i < m->n; i++)
		for (uint32_t k = 0; k < m->way[i].n; k++)
			pce_take(&m->l, m->way[i].links[k], m->carry[i]);
}

static enum pce_found find_general(struct many *m, bool fit, struct pce_way *out)
{
	struct pce_request q = m->own;

	pce_marks_clear(&m->l);
	mark_taken(m);
	for (uint32_t i = 0; i < m->l.t->n_links; i++)
		m->free_bps[i] = left_on(m, i);
	q.free_bps = m->free_bps;
	q.n_free = m->l.t->n_links;
	q.strict = q.strict || fit;
	return pce_leg_other(&m->l, &q, fit, m->side, out);
}

/* The cheapest is no use: the cheapest with a list that fits. */
static enum pce_found find_fit(struct many *m, struct pce_way *out)
{
	if (pce_leg_fits(&m->l, &m->own, m->side, out))
		return PCE_FOUND;
	return m->fits++ < pce_fits_max(m->l.t) ? find_general(m, true, out) : PCE_FOUND_NOT;
}

/* The cheapest path that has so much left. */
static enum pce_found find(struct many *m, uint64_t bps, struct pce_way *out)
{
	struct pce_seek k = pce_leg_seek(&m->g);
	enum pce_found r;

	m->own.bandwidth_bps = bps;
	if (m->g.general) {
		r = find_general(m, false, out);
	} else {
		if (!pce_marks_begin(&m->l, &m->g))
			return PCE_FOUND_NO_MEMORY;
		mark_taken(m);
		r = pce_leg_search(&m->l, &m->g, &k, out);
	}
	if (r == PCE_FOUND && m->fit)
		r = find_fit(m, out);
	return r == PCE_FOUND_NO_BUDGET ? PCE_FOUND_NOT : r;
}

/* The widest, up to most: by halving between a width there is and one there is not. */
static enum pce_found find_widest(struct many *m, uint64_t most, struct pce_way *out)
{
	uint64_t low, high = most;
	enum pce_found r = find(m, most, out);

	if (r != PCE_FOUND_NOT || most == 1)
		return r;
	r = find(m, 1, out);
	low = r == PCE_FOUND ? width(m, out) : 0;
	while (r == PCE_FOUND && high - low > 1) {
		uint64_t mid = low + (high - low) / 2;
		struct pce_way w;

		r = find(m, mid, &w);
		if (r == PCE_FOUND) {
			*out = w;
			low = width(m, &w);
		} else if (r == PCE_FOUND_NOT) {
			high = mid;
			r = PCE_FOUND;
		}
	}
	/* What was found first may be dearer than needed for its width. */
	return r == PCE_FOUND ? find(m, low, out) : r;
}

static enum pce_found take_paths(struct many *m, bool widest)
{
	uint64_t rest = m->req->req->bandwidth_bps;

	m->n = 0;
	while (rest && m->n < m->req->lists_max) {
		uint32_t lists = m->req->lists_max - m->n;
		struct pce_way *w = &m->way[m->n];
		enum pce_found r = widest ? find_widest(m, rest, w) :
					    find(m, rest / lists + (rest % lists != 0), w);
		uint64_t v;

		if (r != PCE_FOUND)
			return r;
		v = width(m, w);
		v = v < rest ? v : rest;
		m->carry[m->n++] = v;
		rest -= v;
	}
	return rest ? PCE_FOUND_NOT : PCE_FOUND;
}

static uint64_t widen(struct many *m)
{
	uint64_t sum = 0;

	pce_marks_clear(&m->l);
	mark_taken(m);
	for (uint32_t i = 0; i < m->n; i++) {
		uint64_t v = width(m, &m->way[i]), most = m->req->req->bandwidth_bps;

		if (v > most - m->carry[i]) /* more than all is of no use */
			v = most - m->carry[i];
		for (uint32_t k = 0; k < m->way[i].n; k++)
			pce_take(&m->l, m->way[i].links[k], v);
		m->carry[i] += v;
		sum = sum + m->carry[i] < sum ? UINT64_MAX : sum + m->carry[i];
	}
	return sum;
}

/* ---- the answer ---- */

static void fail(struct pce_multipath_answer *out, enum pce_status status, const char *why)
{
	out->n = 0;
	out->status = status;
	out->why = why ? why : "out of memory";
}

static bool give(struct many *m, const uint32_t *weight, uint32_t total)
{
	struct pce_multipath_answer *out = m->out;
	struct arena *a = m->l.out;
	uint32_t *w = ARENA_ARRAY(a, m->n, uint32_t);
	uint64_t *rate = ARENA_ARRAY(a, m->n, uint64_t);

	out->path = ARENA_ARRAY(a, m->n, struct pce_answer);
	if (!w || !rate || !out->path)
		return false;
	for (uint32_t i = 0; i < m->n; i++) {
		const struct pce_way *from = &m->way[i];
		struct pce_path p = { .n = from->n };
		wide all = (wide)m->req->req->bandwidth_bps * weight[i];

		if (!weight[i])
			continue;
		p.links = arena_copy(a, from->links, from->n * sizeof(*from->links));
		if (!p.links)
			return false;
		memcpy(p.sum, from->sum, sizeof(p.sum));
		w[out->n] = weight[i];
		rate[out->n] = (uint64_t)((all + total - 1) / total);
		out->path[out->n] = (struct pce_answer){ .status = PCE_OK, .why = "" };
		pce_answer_path(&out->path[out->n], &p);
		out->path[out->n].cost = out->path[out->n].cost_least = from->cost;
		out->n++;
	}
	out->weight = w;
	out->rate_bps = rate;
	out->total = total;
	return true;
}

/* Does every share fit: shares of whole bits do when the exact ones do. */
static bool fits(const struct many *m, const uint32_t *weight, uint32_t total)
{
	for (uint32_t i = 0; i < m->n; i++)
		if ((wide)m->req->req->bandwidth_bps * weight[i] > (wide)m->carry[i] * total)
			return false;
	return true;
}

static enum pce_found try_way(struct many *m, bool widest)
{
	uint32_t weight[PCE_LISTS_MAX] = { 0 }, total;
	uint32_t most = m->req->weights_max ? m->req->weights_max : PCE_WEIGHTS;
	enum pce_found r = take_paths(m, widest);
	uint64_t sum;

	if (r == PCE_FOUND_NO_MEMORY || m->n == 0)
		return r;
	sum = widen(m);
	m->out->most_bps = sum > m->out->most_bps ? sum : m->out->most_bps;
	if (r != PCE_FOUND)
		return r;
	total = pce_weights(m->carry, m->n, most, weight);
	if (!fits(m, weight, total))
		return PCE_FOUND_NOT;
	return give(m, weight, total) ? PCE_FOUND : PCE_FOUND_NO_MEMORY;
}

/* Is it proven that there is no set? */
static bool beyond(struct many *m)
{
	STR_AUTO struct str text = { .limit = 256 };
	const struct pce_request *q = m->req->req;
	uint64_t most;
	enum pce_found r = pce_most(m->l.t, q, &m->l.scratch, &most);

	if (r == PCE_FOUND_NO_MEMORY) {
		fail(m->out, PCE_NO_MEMORY, NULL);
		return true;
	}
	if (r != PCE_FOUND || most >= q->bandwidth_bps)
		return false;
	m->out->limit_bps = most;
	str_add(&text, "no paths carry it together, however many; needs ");
	pce_say_relax(&text, &(struct pce_relax){ .of = PCE_C_BANDWIDTH, .needs = most });
	fail(m->out, PCE_NO_CONSTRAINED, arena_str(m->l.out, str_text(&text)));
	return true;
}

static void say_none(struct many *m)
{
	const struct pce_request *q = m->req->req;

	if (m->out->most_bps && beyond(m))
		return;
	if (m->out->most_bps == 0) {
		struct pce_answer *a = ARENA_NEW(m->l.out, struct pce_answer);

		m->own.bandwidth_bps = 1;
		if (a)
			pce_path(m->l.t, &m->own, m->l.out, a);
		fail(m->out, !a ? PCE_NO_MEMORY : a->status == PCE_OK ? PCE_NO_BUDGET : a->status,
		     a ? a->why : NULL);
	} else if (m->out->most_bps < q->bandwidth_bps) {
		fail(m->out, PCE_NO_BUDGET,
		     arena_printf(m->l.out, "no %u paths were found that carry more than %llu bit/s",
				  m->req->lists_max, (unsigned long long)m->out->most_bps));
	} else {
		fail(m->out, PCE_NO_BUDGET,
		     arena_printf(m->l.out,
				  "paths that carry %llu bit/s were found, but no weights up to %u fit "
				  "them",
				  (unsigned long long)m->out->most_bps,
				  m->req->weights_max ? m->req->weights_max : PCE_WEIGHTS));
	}
}

static const char *bad_request(const struct pce_multipath *r)
{
	if (r->req->bandwidth_bps == 0)
		return "there is no bandwidth to be shared out";
	if (r->lists_max == 0 || r->lists_max > PCE_LISTS_MAX)
		return "a set has 1 to 16 lists";
	if (r->weights_max > PCE_WEIGHTS_MAX)
		return "weights add up to 256 at most";
	if ((r->weights_max ? r->weights_max : PCE_WEIGHTS) < r->lists_max)
		return "each list has a weight of one at least";
	return NULL;
}

/* False: out tells why. */
static bool prepare(struct many *m)
{
	enum pce_status status;
	const char *why;
	bool memory = true;

	m->own = *m->req->req;
	status = pce_leg_init(&m->l, &m->g, &m->own, &why);
	if (status != PCE_OK) {
		fail(m->out, status, why);
		return false;
	}
	if (m->g.general || m->fit) {
		m->free_bps = ARENA_ARRAY(&m->l.scratch, (size_t)m->l.t->n_links + 1, uint64_t);
		memory = m->free_bps && pce_trees_new(&m->side, PCE_SIDE_BYTES) == 0;
	}
	if (!memory)
		fail(m->out, PCE_NO_MEMORY, NULL);
	return memory;
}

static void work(struct many *m)
{
	enum pce_found r;

	if (!prepare(m))
		return;
	r = try_way(m, false);
	if (r == PCE_FOUND_NOT)
		r = try_way(m, true);
	if (r == PCE_FOUND_NO_MEMORY)
		fail(m->out, PCE_NO_MEMORY, NULL);
	else if (r != PCE_FOUND)
		say_none(m);
}

static void find_paths(const struct ted *t, const struct pce_multipath *req, bool fit, struct arena *a,
		       struct pce_multipath_answer *out)
{
	struct many m = { .req = req, .out = out, .fit = fit };

	*out = (struct pce_multipath_answer){ .why = "" };
	if (pce_legs_init(&m.l, t, req->req->trees, a))
		work(&m);
	else
		fail(out, PCE_NO_MEMORY, NULL);
	pce_trees_free(m.side);
	pce_legs_fini(&m.l);
}

void pce_multipath_paths(const struct ted *t, const struct pce_multipath *req, struct arena *a,
			 struct pce_multipath_answer *out)
{
	const char *bad = bad_request(req);

	*out = (struct pce_multipath_answer){ .why = "" };
	if (bad)
		fail(out, PCE_INVALID, bad);
	else
		find_paths(t, req, false, a, out);
}

/* ---- lists ---- */

static void move(const struct pce_answer *p, uint64_t *left, uint64_t bps)
{
	for (uint32_t i = 0; i < p->n_path; i++)
		left[p->path[i]] += bps; /* or less: it wraps around */
}

/* What a path leaves of the bandwidth: the others have taken theirs. */
static bool slacks(const struct ted *t, const struct pce_multipath *req, struct arena *a,
		   struct pce_multipath_answer *out)
{
	uint64_t *left = ARENA_ARRAY(a, (size_t)t->n_links + 1, uint64_t);
	struct pce_request q = *req->req;

	if (!left)
		return false;
	for (uint32_t i = 0; i < t->n_links; i++)
		left[i] = pce_free_bps(req->req, t, i);
	q.free_bps = left;
	q.n_free = t->n_links;
	for (uint32_t i = 0; i < out->n; i++)
		move(&out->path[i], left, 0 - out->rate_bps[i]);
	for (uint32_t i = 0; i < out->n; i++) {
		move(&out->path[i], left, out->rate_bps[i]);
		q.bandwidth_bps = out->rate_bps[i];
		pce_slacks_of(t, &q, &out->path[i]);
		move(&out->path[i], left, 0 - out->rate_bps[i]);
	}
	return true;
}

static void encode(const struct ted *t, const struct pce_multipath *req, struct arena *a,
		   struct pce_multipath_answer *out)
{
	for (uint32_t i = 0; i < out->n; i++) {
		struct pce_answer *p = &out->path[i], was = *p;
		struct pce_request q = *req->req;

		q.strict = true; /* what ECMP might do with a loose one is not booked */
		q.bandwidth_bps = out->rate_bps[i];
		pce_encode(t, &q, was.path, was.n_path, a, p);
		p->cost = was.cost;
		p->cost_least = was.cost_least;
		if (p->status == PCE_OK || out->status != PCE_OK)
			continue;
		out->status = p->status;
		out->why = arena_printf(a, "list %u: %s", i + 1, p->why);
		if (!out->why)
			fail(out, PCE_NO_MEMORY, NULL);
	}
	if (!slacks(t, req, a, out))
		fail(out, PCE_NO_MEMORY, NULL);
}

static void another(const struct ted *t, const struct pce_multipath *req, struct arena *a,
		    struct pce_multipath_answer *out)
{
	struct pce_multipath_answer other;

	find_paths(t, req, true, a, &other);
	if (other.status == PCE_OK) {
		encode(t, req, a, &other);
		*out = other;
		return;
	}
	out->why = arena_printf(a, "%s, and no other paths were found whose lists fit", out->why);
	if (!out->why)
		fail(out, PCE_NO_MEMORY, NULL);
}

void pce_multipath(const struct ted *t, const struct pce_multipath *req, struct arena *a,
		   struct pce_multipath_answer *out)
{
	pce_multipath_paths(t, req, a, out);
	if (out->status != PCE_OK)
		return;
	encode(t, req, a, out);
	if (out->status != PCE_OK && out->status != PCE_NO_MEMORY)
		another(t, req, a, out);
}
