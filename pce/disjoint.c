/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Disjoint sets: what is asked for, checked; the paths, by branch.c; when there are none as
 * disjoint as asked, the next best; what they share in the end, told; lists.
 */
#include <string.h>

#include "pce/branch.h"

static const uint8_t all_bits = PCE_DIVERSE_LINK | PCE_DIVERSE_NODE | PCE_DIVERSE_SRLG;

struct job {
	const struct pce_disjoint *req;
	struct pce_disjoint_answer *out;
	struct pce_legs l;
	struct pce_request own[PCE_LEGS_MAX]; /* with what the set as a whole asks for */
	enum pce_objective of[PCE_LEGS_MAX];  /* of own; those free are MCP there */
	struct pce_leg leg[PCE_LEGS_MAX];     /* those that are free, then the fixed ones */
	uint32_t place[PCE_LEGS_MAX];	      /* of leg[i] in the answer */
	struct pce_way fixed[PCE_LEGS_MAX];
	uint32_t n_free;
	bool fit; /* with lists that fit */
	struct pce_set set;
};

static void fail(struct pce_disjoint_answer *out, enum pce_status status, const char *why)
{
	out->status = status;
	out->why = why ? why : "out of memory";
}

/* Loads and bit/s cannot be compared. */
static bool mixed(const struct pce_disjoint *r)
{
	enum pce_objective first = PCE_MCP;

	for (uint32_t i = 0; i < r->n_legs; i++) {
		enum pce_objective x = r->shortest >> i & 1 ? PCE_MCP : r->leg[i].objective;

		if (first != PCE_MCP && x != PCE_MCP && x != first)
			return true;
		first = x != PCE_MCP ? x : first;
	}
	return false;
}

static const char *bad_request(const struct pce_disjoint *r)
{
	if (r->n_legs < 2 || r->n_legs > PCE_LEGS_MAX)
		return "a set has 2 to 8 legs";
	if (!r->diverse || (r->diverse & ~all_bits))
		return "link, node or SRLG: the set asks for no kind of disjointness";
	if (r->shortest >> r->n_legs)
		return "a leg that is not in the set is to be the shortest";
	if (mixed(r))
		return "objectives MLP and MBP in one set: all legs that have one want the same";
	return NULL;
}

/* ---- legs ---- */

static bool add_leg(struct job *j, uint32_t place, uint32_t at)
{
	struct pce_request *q = &j->own[at];
	enum pce_status status;
	const char *why;

	*q = j->req->leg[place];
	j->of[at] = q->objective;
	if (!(j->req->shortest >> place & 1))
		q->objective = PCE_MCP; /* see bottleneck.c */
	/* Delays that are compared must be known. */
	if (j->req->bound_difference && q->delay_us_max == PCE_NO_BOUND)
		q->delay_us_max = PCE_NO_BOUND - 1;
	j->place[at] = place;
	status = pce_leg_init(&j->l, &j->leg[at], q, &why);
	if (status != PCE_OK)
		fail(j->out, status, arena_printf(j->l.out, "leg %u: %s", place + 1, why));
	return status == PCE_OK;
}

static bool add_legs(struct job *j)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < j->req->n_legs; i++)
		if (!(j->req->shortest >> i & 1) && !add_leg(j, i, n++))
			return false;
	j->n_free = n;
	for (uint32_t i = 0; i < j->req->n_legs; i++)
		if ((j->req->shortest >> i & 1) && !add_leg(j, i, n++))
			return false;
	return true;
}

/* Legs that come first, each on its own. */
static bool fix_legs(struct job *j)
{
	struct pce_set alone = { .l = &j->l, .leg = &j->leg[j->n_free],
				 .n = j->req->n_legs - j->n_free, .fits_max = pce_fits_max(j->l.t) };
	const struct pce_closed nothing = { .most = UINT64_MAX, .fit = j->fit };
	enum pce_found r = PCE_FOUND;

	for (uint32_t i = 0; i < alone.n && r == PCE_FOUND; i++)
		r = pce_set_leg(&alone, i, &nothing, &j->fixed[i]);
	pce_trees_free(alone.side);
	if (r == PCE_FOUND_NO_MEMORY)
		fail(j->out, PCE_NO_MEMORY, NULL);
	else if (r == PCE_FOUND_NOT)
		fail(j->out, alone.unsure ? PCE_NO_BUDGET : PCE_NO_CONSTRAINED,
		     "a leg that comes first has no path of its own");
	return r == PCE_FOUND;
}

/* ---- one kind of disjointness ---- */

static enum pce_found solve(struct job *j, uint8_t diverse)
{
	struct pce_set *b = &j->set;
	uint32_t budget = j->req->budget ? j->req->budget : PCE_DISJOINT_BUDGET;
	enum pce_found r;

	b->l = &j->l;
	b->leg = j->leg;
	b->n = j->n_free;
	b->diverse = diverse;
	b->bound_difference = j->req->bound_difference;
	b->difference_us = j->req->delay_difference_us_max;
	b->fixed = j->fixed;
	b->n_fixed = j->req->n_legs - j->n_free;
	b->budget = budget > j->out->branched ? budget - j->out->branched : 0;
	b->branched = 0;
	b->go_on = j->req->go_on;
	b->arg = j->req->arg;
	b->fit = j->fit;
	b->fits_max = pce_fits_max(j->l.t);
	r = pce_branch(b);
	if (r == PCE_FOUND)
		r = pce_bottleneck(b, j->own, j->of);
	j->out->branched += b->branched;
	return r;
}

/* The last resort: each leg shares as little as it can with those found before; then again with
 * all others, for as long as that helps. */
enum { ROUNDS = 4 };

static enum pce_found around(struct job *j, uint32_t leg, uint32_t known, struct pce_way *out)
{
	const struct pce_way *soft[2 * PCE_LEGS_MAX];
	uint64_t bps[2 * PCE_LEGS_MAX];
	struct pce_closed c = { .soft = soft, .soft_bps = bps, .most = UINT64_MAX,
				.soft_first = true, .fit = j->fit };

	for (uint32_t i = 0; i < known; i++) {
		if (i == leg)
			continue;
		bps[c.n_soft] = j->own[i].bandwidth_bps;
		soft[c.n_soft++] = &j->set.way[i];
	}
	for (uint32_t i = j->n_free; i < j->req->n_legs; i++) {
		bps[c.n_soft] = j->own[i].bandwidth_bps;
		soft[c.n_soft++] = &j->fixed[i - j->n_free];
	}
	return pce_set_leg(&j->set, leg, &c, out);
}

static bool too_far_apart(const struct job *j)
{
	uint64_t low = UINT64_MAX, high = 0;

	for (uint32_t i = 0; i < j->req->n_legs; i++) {
		const struct pce_way *w =
			i < j->n_free ? &j->set.way[i] : &j->fixed[i - j->n_free];

		low = w->sum[PCE_DELAY] < low ? w->sum[PCE_DELAY] : low;
		high = w->sum[PCE_DELAY] > high ? w->sum[PCE_DELAY] : high;
	}
	return j->req->bound_difference && high - low > j->req->delay_difference_us_max;
}

/* Legs that share a link want their bandwidth of it together. */
static bool overbooked(struct job *j)
{
	bool over = false;

	pce_marks_clear(&j->l);
	for (uint32_t i = 0; i < j->req->n_legs; i++) {
		const struct pce_request *q = &j->own[i];
		const struct pce_way *w =
			i < j->n_free ? &j->set.way[i] : &j->fixed[i - j->n_free];

		for (uint32_t k = 0; q->bandwidth_bps && k < w->n; k++) {
			uint32_t link = w->links[k];

			pce_take(&j->l, link, q->bandwidth_bps);
			over = over || (!pce_is_lan(&j->l, j->l.p->arcs[link].from) &&
					pce_taken(&j->l, link) > pce_free_bps(q, j->l.t, link));
		}
	}
	return over;
}

static enum pce_found share_little(struct job *j)
{
	struct pce_set *b = &j->set;
	bool better = true;

	b->n_fixed = 0; /* soft, not closed */
	for (uint32_t i = 0; i < b->n; i++) {
		enum pce_found r = around(j, i, i, &b->way[i]);

		if (r != PCE_FOUND)
			return r;
	}
	for (uint32_t k = 0; k < ROUNDS && better; k++) {
		better = false;
		for (uint32_t i = 0; i < b->n; i++) {
			struct pce_way w;
			enum pce_found r = around(j, i, b->n, &w);

			if (r != PCE_FOUND)
				return r;
			better = better || w.n != b->way[i].n ||
				 memcmp(w.links, b->way[i].links, w.n * sizeof(*w.links)) != 0;
			b->way[i] = w;
		}
	}
	b->cost = 0;
	for (uint32_t i = 0; i < b->n; i++)
		b->cost += b->way[i].cost;
	b->least = b->cost;
	return too_far_apart(j) || overbooked(j) ? PCE_FOUND_NOT : PCE_FOUND;
}

/* From what was asked down: RFC 8800 s4.2, without T. */
static enum pce_found ladder(struct job *j, uint8_t asked)
{
	static const uint8_t rungs[] = { PCE_DIVERSE_SRLG, PCE_DIVERSE_NODE, PCE_DIVERSE_LINK };
	uint8_t more = asked & (PCE_DIVERSE_SRLG | PCE_DIVERSE_NODE);
	enum pce_found r = solve(j, asked);

	if (r != PCE_FOUND_NOT || j->req->strict)
		return r;
	for (size_t i = 0; i < ARRAY_LEN(rungs); i++) {
		if (rungs[i] == more || (rungs[i] == PCE_DIVERSE_LINK && !more) ||
		    ((rungs[i] & PCE_DIVERSE_SRLG) && !(more & PCE_DIVERSE_SRLG)))
			continue;
		r = solve(j, rungs[i]);
		if (r != PCE_FOUND_NOT)
			return r;
	}
	j->set.diverse = asked;
	return share_little(j);
}

/* ---- the answer ---- */

static bool give_leg(struct job *j, uint32_t at, const struct pce_way *w)
{
	struct pce_answer *a = &j->out->leg[j->place[at]];
	struct pce_path p = { .links = arena_copy(j->l.out, w->links, w->n * sizeof(*w->links)),
			      .n = w->n };

	if (!p.links)
		return false;
	memcpy(p.sum, w->sum, sizeof(p.sum));
	*a = (struct pce_answer){ .status = PCE_OK, .why = "" };
	pce_answer_path(a, &p);
	a->cost = a->cost_least = w->cost;
	if (j->of[at] == PCE_MLP)
		a->load_ppb = pce_set_load(&j->l, &j->own[at], w);
	j->out->cost += w->cost;
	return true;
}

static bool give_legs(struct job *j)
{
	struct pce_disjoint_answer *out = j->out;
	uint64_t fixed = 0;

	out->leg = ARENA_ARRAY(j->l.out, j->req->n_legs, struct pce_answer);
	if (!out->leg)
		return false;
	for (uint32_t i = 0; i < j->req->n_legs; i++)
		if (!give_leg(j, i,
			      i < j->n_free ? &j->set.way[i] : &j->fixed[i - j->n_free]))
			return false;
	for (uint32_t i = 0; i < j->req->n_legs - j->n_free; i++)
		fixed += j->fixed[i].cost;
	out->n_legs = j->req->n_legs;
	out->cost_least = j->set.least + fixed;
	return true;
}

static struct pce_way way_of(const struct pce_answer *a)
{
	return (struct pce_way){ .links = a->path, .n = a->n_path };
}

/* Links, nodes and SRLGs of b that a has too; each once. */
static bool count_pair(struct job *j, const struct pce_answer *a, const struct pce_answer *b)
{
	struct pce_way x = way_of(a), y = way_of(b);
	struct pce_disjoint_answer *out = j->out;
	const struct ted *t = j->l.t;
	const uint32_t ends[2] = { t->links[x.links[0]].from, t->links[x.links[x.n - 1]].to };
	const uint32_t other[2] = { t->links[y.links[0]].from, t->links[y.links[y.n - 1]].to };

	pce_marks_clear(&j->l);
	if (!pce_mark_way(&j->l, &x, all_bits, PCE_SOFT))
		return false;
	for (unsigned i = 0; i < 2; i++) /* an end the other passes; not one both have */
		if (ends[i] != other[0] && ends[i] != other[1])
			pce_mark_node(&j->l, ends[i], PCE_SOFT);
	for (uint32_t i = 0; i < y.n; i++) {
		const struct ted_link *k = &t->links[y.links[i]];

		out->shared_links += pce_soft_arc(&j->l, y.links[i]);
		if (i == 0 && pce_soft_node(&j->l, k->from))
			out->shared_nodes++;
		if (!pce_soft_node(&j->l, k->to))
			continue;
		if (pce_is_lan(&j->l, k->to))
			out->shared_links++;
		else
			out->shared_nodes++;
	}
	for (uint32_t i = 0; i < y.n; i++)
		for (uint32_t s = 0; s < pce_n_srlg(&j->l, y.links[i]); s++)
			out->shared_srlgs += pce_unsoft_srlg(&j->l, t->links[y.links[i]].srlg[s]);
	return true;
}

static bool count_shared(struct job *j)
{
	struct pce_disjoint_answer *out = j->out;

	for (uint32_t i = 0; i < out->n_legs; i++)
		for (uint32_t k = i + 1; k < out->n_legs; k++)
			if (!count_pair(j, &out->leg[i], &out->leg[k]))
				return false;
	if (out->shared_links == 0)
		out->met |= PCE_DIVERSE_LINK;
	if (out->shared_links == 0 && out->shared_nodes == 0)
		out->met |= PCE_DIVERSE_NODE;
	if (out->shared_links == 0 && out->shared_srlgs == 0)
		out->met |= PCE_DIVERSE_SRLG;
	return true;
}

static const char *kind_text(uint8_t diverse)
{
	if ((diverse & PCE_DIVERSE_SRLG) && (diverse & PCE_DIVERSE_NODE))
		return "SRLG and node";
	return diverse & PCE_DIVERSE_SRLG ? "SRLG" : diverse & PCE_DIVERSE_NODE ? "node" : "link";
}

static void say_nothing_found(struct job *j, bool proved)
{
	struct pce_disjoint_answer *out = j->out;

	if (proved)
		fail(out, PCE_NO_CONSTRAINED,
		     arena_printf(j->l.out,
				  "no %u paths under the constraints of the legs are %s disjoint",
				  j->req->n_legs, kind_text(j->req->diverse)));
	else
		fail(out, PCE_NO_BUDGET,
		     arena_printf(j->l.out,
				  "neither found nor excluded after %u branchings: %u %s disjoint paths",
				  out->branched, j->req->n_legs, kind_text(j->req->diverse)));
}

static void say_found(struct job *j)
{
	struct pce_disjoint_answer *out = j->out;

	if (j->req->diverse & ~out->met)
		out->why = arena_printf(
			j->l.out, "not %s disjoint: %u links, %u nodes, %u SRLGs are shared",
			kind_text(j->req->diverse), out->shared_links, out->shared_nodes,
			out->shared_srlgs);
	else if (out->cost_least < out->cost)
		out->why = arena_printf(j->l.out,
					"the budget ended after %u branchings: costs %llu, at least %llu",
					out->branched, (unsigned long long)out->cost,
					(unsigned long long)out->cost_least);
	if (!out->why)
		fail(out, PCE_NO_MEMORY, NULL);
}

static void work(struct job *j)
{
	struct pce_disjoint_answer *out = j->out;
	enum pce_found r = PCE_FOUND;

	if (!add_legs(j) || !fix_legs(j))
		return;
	if (j->n_free)
		r = ladder(j, j->req->diverse);
	if (r == PCE_FOUND_NOT) {
		say_nothing_found(j, !j->set.unsure && j->set.least == UINT64_MAX);
		return;
	}
	if (r != PCE_FOUND || !give_legs(j) || !count_shared(j)) {
		out->n_legs = 0;
		fail(out, PCE_NO_MEMORY, NULL);
		return;
	}
	say_found(j);
	if (j->req->strict && (j->req->diverse & ~out->met)) {
		out->n_legs = 0; /* legs that come first share something */
		out->status = PCE_NO_CONSTRAINED;
	}
}

void pce_disjoint_find(const struct ted *t, const struct pce_disjoint *req,
		       const struct pce_fitting *fit, struct arena *a, struct pce_disjoint_answer *out)
{
	struct job j = { .req = req, .out = out, .fit = fit->on };

	*out = (struct pce_disjoint_answer){ .why = "" };
	if (pce_legs_init(&j.l, t, req->leg[0].trees, a)) {
		j.l.depth_least = fit->depth_least;
		work(&j);
	} else {
		fail(out, PCE_NO_MEMORY, NULL);
	}
	pce_trees_free(j.set.side);
	pce_legs_fini(&j.l);
}

void pce_disjoint_paths(const struct ted *t, const struct pce_disjoint *req, struct arena *a,
			struct pce_disjoint_answer *out)
{
	const char *bad = bad_request(req);

	*out = (struct pce_disjoint_answer){ .why = "" };
	if (bad) {
		fail(out, PCE_INVALID, bad);
		return;
	}
	pce_disjoint_find(t, req, &(struct pce_fitting){ .on = false }, a, out);
	if (out->status == PCE_NO_CONSTRAINED && req->explain)
		pce_disjoint_why(t, req, &(struct pce_fitting){ .on = false }, a, out);
}

/* ---- lists ---- */

static void encode(const struct ted *t, const struct pce_disjoint *req, struct arena *a,
		   struct pce_disjoint_answer *out)
{
	for (uint32_t i = 0; i < out->n_legs; i++) {
		struct pce_request q = req->leg[i];
		struct pce_answer *leg = &out->leg[i], was = *leg;

		q.strict = true;
		q.trees = req->leg[0].trees;
		pce_encode(t, &q, was.path, was.n_path, a, leg);
		leg->cost = was.cost;
		leg->cost_least = was.cost_least;
		leg->load_ppb = was.load_ppb;
		pce_slacks_of(t, &q, leg);
		if (leg->status == PCE_OK || out->status != PCE_OK)
			continue;
		out->status = leg->status;
		out->why = arena_printf(a, "leg %u: %s", i + 1, leg->why);
		if (!out->why)
			fail(out, PCE_NO_MEMORY, NULL);
	}
}

/* A list of the cheapest set does not fit: the cheapest of those whose lists do. */
static void another(const struct ted *t, const struct pce_disjoint *req, struct arena *a,
		    struct pce_disjoint_answer *out)
{
	struct pce_disjoint_answer other;

	pce_disjoint_find(t, req, &(struct pce_fitting){ .on = true }, a, &other);
	if (other.status == PCE_OK)
		encode(t, req, a, &other);
	other.branched += out->branched;
	out->branched = other.branched;
	if (other.status == PCE_OK)
		*out = other;
	else
		out->why = arena_printf(a,
					other.status == PCE_NO_CONSTRAINED ?
						"%s, and there is no other set whose lists fit" :
						"%s, and no other set was found whose lists fit",
					out->why);
	if (!out->why)
		fail(out, PCE_NO_MEMORY, NULL);
	else if (other.status == PCE_NO_CONSTRAINED && out->status == PCE_NO_MSD && req->explain)
		pce_disjoint_why(t, req, &(struct pce_fitting){ .on = true }, a, out);
}

void pce_disjoint(const struct ted *t, const struct pce_disjoint *req, struct arena *a,
		  struct pce_disjoint_answer *out)
{
	pce_disjoint_paths(t, req, a, out);
	if (out->status != PCE_OK)
		return;
	encode(t, req, a, out);
	if (out->status != PCE_OK && out->status != PCE_NO_MEMORY)
		another(t, req, a, out);
}
