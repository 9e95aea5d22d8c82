/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a request: path, list, proof; where one fails, why. */
#include "pce/pce_priv.h"

static void fail(struct pce_answer *out, enum pce_status status, const char *why)
{
	out->status = status;
	out->why = why;
}

static bool is_router(const struct ted *t, uint32_t node)
{
	return node < t->n_nodes && t->nodes[node].alive && !t->nodes[node].pseudonode;
}

static bool check_ends(const struct ted *t, const struct pce_request *req, struct pce_answer *out)
{
	if (!is_router(t, req->src))
		fail(out, PCE_NO_SOURCE, "the source is not in the topology");
	else if (!is_router(t, req->dst))
		fail(out, PCE_NO_TARGET, "the target is not in the topology");
	else if (req->src == req->dst)
		fail(out, PCE_NO_TARGET, "source and target are the same node");
	else
		return true;
	return false;
}

/* ---- when the cheapest path needs too many SIDs ---- */

struct other {
	struct pce_ctx *c;
	struct pce_answer *out;
	uint32_t least, tried;
	bool found;
};

static bool try_other(void *arg, const struct pce_path *p)
{
	struct other *o = arg;
	struct pce_answer a = *o->out;
	struct pce_path kept = *p;
	uint32_t needed = 0;

	o->tried++;
	pce_encode_in(o->c, p, o->c->req->strict, &a, &needed);
	if (a.status == PCE_NO_MSD && needed < o->least)
		o->least = needed;
	if (a.status != PCE_OK)
		return a.status != PCE_NO_MEMORY;
	kept.links = arena_copy(o->c->out, p->links, p->n * sizeof(*p->links));
	if (!kept.links)
		return false;
	*o->out = a;
	pce_answer_path(o->out, &kept);
	o->found = true;
	return false;
}

static void find_other(struct pce_ctx *c, const struct pce_find *f, uint32_t needed,
		       struct pce_answer *out)
{
	struct other o = { .c = c, .out = out, .least = needed };

	pce_alternatives(c, f, try_other, &o);
	if (o.found)
		return;
	out->removed[PCE_C_MSD] = (struct pce_removed){ .decisive = true, .nearest = o.least };
	out->why = arena_printf(c->out,
				"the cheapest path needs %u SIDs, the headend can impose %u; none of "
				"%u paths tried needs fewer than %u",
				needed, pce_msd(c->req), o.tried, o.least);
	if (!out->why)
		fail(out, PCE_NO_MEMORY, "out of memory");
}

/* What the search does not do is refused, not left out. */
static const char *not_yet(const struct pce_request *r)
{
	return r->objective || r->minimise >= PCE_MIX || r->delay_us_min || r->n_include ||
			       r->n_exclude_srlgs || r->n_exclude_asns || r->algo ?
		       "a constraint this engine does not know" :
		       NULL;
}

static void path_only(struct pce_ctx *c, struct pce_answer *out)
{
	struct pce_path p = { 0 };
	struct pce_find f;

	pce_find_of(c->req, &f);
	switch (pce_search(c, &f, &p)) {
	case PCE_FOUND:
		pce_answer_path(out, &p);
		out->cost = out->cost_least = p.sum[f.minimise];
		return;
	case PCE_FOUND_NOT:
		pce_explain(c, out);
		return;
	case PCE_FOUND_NO_MEMORY:
		fail(out, PCE_NO_MEMORY, "the search ran out of memory");
		return;
	}
}

static void compute(struct pce_ctx *c, struct pce_answer *out)
{
	struct pce_path p = { 0 };
	uint32_t needed = 0;
	struct pce_find f;
	enum pce_found r;

	pce_find_of(c->req, &f);
	pce_count_removed(c, out);
	r = pce_search(c, &f, &p);
	if (r == PCE_FOUND_NO_MEMORY) {
		fail(out, PCE_NO_MEMORY, "the search ran out of memory");
		return;
	}
	if (r == PCE_FOUND_NOT) {
		pce_explain(c, out);
		return;
	}
	pce_answer_path(out, &p);
	out->cost = out->cost_least = p.sum[f.minimise];
	pce_encode_in(c, &p, c->req->strict, out, &needed);
	if (out->status == PCE_NO_MSD && needed)
		find_other(c, &f, needed, out);
}

static void run(const struct ted *t, const struct pce_request *req, struct arena *a,
		struct pce_answer *out, void (*way)(struct pce_ctx *c, struct pce_answer *out))
{
	struct pce_ctx c;

	*out = (struct pce_answer){ .why = "" };
	if (!check_ends(t, req, out))
		return;
	if (not_yet(req)) {
		fail(out, PCE_INVALID, not_yet(req));
		return;
	}
	if (pce_ctx_init(&c, t, req, req->trees, a))
		way(&c, out);
	else
		fail(out, PCE_NO_MEMORY, "out of memory");
	pce_ctx_fini(&c);
}

void pce_path(const struct ted *t, const struct pce_request *req, struct arena *a,
	      struct pce_answer *out)
{
	run(t, req, a, out, path_only);
}

void pce_compute(const struct ted *t, const struct pce_request *req, struct arena *a,
		 struct pce_answer *out)
{
	run(t, req, a, out, compute);
}
