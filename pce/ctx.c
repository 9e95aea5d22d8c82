/* SPDX-License-Identifier: Apache-2.0 */
/* The context of one call: working memory, and which links each constraint takes out. */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "pce/pce_priv.h"

uint32_t pce_sat32(uint64_t v)
{
	return v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
}

static_assert((int)PCE_METRICS == (int)TED_ARC_METRICS && offsetof(struct ted_arc, igp) ==
		      offsetof(struct ted_arc, metric[PCE_IGP]) &&
	      offsetof(struct ted_arc, te) == offsetof(struct ted_arc, metric[PCE_TE]) &&
	      offsetof(struct ted_arc, delay) == offsetof(struct ted_arc, metric[PCE_DELAY]) &&
	      offsetof(struct ted_arc, hops) == offsetof(struct ted_arc, metric[PCE_HOPS]) &&
	      offsetof(struct ted_arc, variation) == offsetof(struct ted_arc, metric[PCE_VARIATION]) &&
	      offsetof(struct ted_arc, loss) == offsetof(struct ted_arc, metric[PCE_LOSS]),
	      "metrics of an arc are in the order of enum pce_metric");

uint64_t pce_free_bps(const struct pce_request *req, const struct ted *t, uint32_t link)
{
	if (req->free_bps && link < req->n_free)
		return req->free_bps[link];
	return t->links[link].capacity_bps;
}

static bool listed(const uint32_t *at, uint32_t n, uint32_t v)
{
	for (uint32_t i = 0; i < n; i++)
		if (at[i] == v)
			return true;
	return false;
}

static bool exclude_cuts(const struct pce_request *r, uint32_t link, const struct ted_arc *a)
{
	return listed(r->exclude_links, r->n_exclude_links, link) ||
	       listed(r->exclude_nodes, r->n_exclude_nodes, a->from) ||
	       listed(r->exclude_nodes, r->n_exclude_nodes, a->to);
}

static bool srlg_cuts(const struct pce_request *r, const struct ted_link *l)
{
	for (uint32_t i = 0; i < l->n_srlg; i++)
		if (listed(r->exclude_srlgs, r->n_exclude_srlgs, l->srlg[i]))
			return true;
	return false;
}

/* A LAN is in no domain of its own. */
static bool asn_cuts(const struct pce_ctx *c, uint32_t node)
{
	return !(c->p->nflags[node] & TED_NF_PSEUDO) &&
	       listed(c->req->exclude_asns, c->req->n_exclude_asns, c->t->nodes[node].asn);
}

static bool algo_cuts(const struct pce_ctx *c, uint32_t link)
{
	const struct pce_class is = { .algo = c->req->algo };

	return c->req->algo && pce_class_weight(c->t, &is, link) == PCE_INF;
}

/* Not even with the shortest list: what longer ones need is asked when they are known. */
static bool mtu_cuts(const struct pce_ctx *c, uint32_t link)
{
	uint32_t n;

	return pce_narrow(c, &link, 1, pce_overhead(c->req, 1), &n) != TED_NONE;
}

/* An overloaded node is a source or a target, never between. */
static bool overload_cuts(const struct pce_ctx *c, const struct ted_arc *a)
{
	return ((c->p->nflags[a->from] & TED_NF_OVERLOAD) && a->from != c->req->src) ||
	       ((c->p->nflags[a->to] & TED_NF_OVERLOAD) && a->to != c->req->dst);
}

/* What a pseudonode sends has neither colour nor capacity: those are the sender's, on the way in. */
bool pce_link_cut(const struct pce_ctx *c, uint32_t link, enum pce_constraint by)
{
	const struct ted_arc *a = &c->p->arcs[link];
	bool from_lan = c->p->nflags[a->from] & TED_NF_PSEUDO;

	if (by == PCE_C_AFFINITY)
		return !from_lan && pce_affinity_cuts(&c->req->affinity, &c->t->links[link]);
	if (by == PCE_C_BANDWIDTH)
		return !from_lan && c->req->bandwidth_bps > pce_free_bps(c->req, c->t, link);
	if (by == PCE_C_EXCLUDE)
		return exclude_cuts(c->req, link, a);
	if (by == PCE_C_OVERLOAD)
		return overload_cuts(c, a);
	if (by == PCE_C_SRLG)
		return !from_lan && srlg_cuts(c->req, &c->t->links[link]);
	if (by == PCE_C_ASN)
		return asn_cuts(c, a->from) || asn_cuts(c, a->to);
	if (by == PCE_C_ALGO)
		return algo_cuts(c, link);
	if (by == PCE_C_MTU)
		return mtu_cuts(c, link);
	return false;
}

/* Can this constraint take out any link at all: most requests have few, links are many. */
static bool asked(const struct pce_ctx *c, enum pce_constraint by)
{
	static const struct pce_affinity any;
	const struct pce_request *r = c->req;

	if (by == PCE_C_AFFINITY)
		return memcmp(&r->affinity, &any, sizeof(any)) != 0;
	if (by == PCE_C_BANDWIDTH)
		return r->bandwidth_bps > 0;
	if (by == PCE_C_EXCLUDE)
		return r->n_exclude_links > 0 || r->n_exclude_nodes > 0;
	if (by == PCE_C_SRLG)
		return r->n_exclude_srlgs > 0;
	if (by == PCE_C_ASN)
		return r->n_exclude_asns > 0;
	if (by == PCE_C_ALGO)
		return r->algo != 0;
	if (by == PCE_C_MTU)
		return r->payload > 0;
	return !c->trees || pce_trees_overload(c->trees) != NULL;
}

static const enum pce_constraint cutting[] = { PCE_C_AFFINITY, PCE_C_BANDWIDTH, PCE_C_EXCLUDE,
					       PCE_C_OVERLOAD, PCE_C_SRLG,	PCE_C_ASN,
					       PCE_C_ALGO,     PCE_C_MTU };

uint32_t pce_cut_judge(struct pce_ctx *c, uint32_t link)
{
	struct pce_cut k = { .epoch = c->cut_epoch };

	for (size_t i = 0; c->asked && i < ARRAY_LEN(cutting); i++)
		if ((c->asked & PCE_CUT(cutting[i])) && pce_link_cut(c, link, cutting[i]))
			k.by |= PCE_CUT(cutting[i]);
	c->cut[link] = k;
	return k.by;
}

static void ask(struct pce_ctx *c)
{
	c->asked = 0;
	for (size_t i = 0; c->req && i < ARRAY_LEN(cutting); i++)
		if (asked(c, cutting[i]))
			c->asked |= PCE_CUT(cutting[i]);
}

void pce_find_of(const struct pce_request *req, struct pce_find *f)
{
	*f = (struct pce_find){ .minimise = req->minimise,
				.objective = req->objective,
				.algo = req->algo,
				.delay_us_min = req->delay_us_min,
				.labels_max = req->labels_max,
				.mask = PCE_CUT_ALL };
	f->bound[PCE_IGP] = req->igp_max;
	f->bound[PCE_TE] = req->te_max;
	f->bound[PCE_DELAY] = req->delay_us_max;
	f->bound[PCE_HOPS] = req->hops_max;
	f->bound[PCE_VARIATION] = req->bound_variation ? req->variation_us_max : PCE_NO_BOUND;
	f->bound[PCE_LOSS] = req->bound_loss ? pce_loss_units(req->loss_ppm_max) : PCE_NO_BOUND;
}

/* With a Flex-Algo the definition's metric takes that place, and the class of its links. */
bool pce_minimises(const struct pce_request *req, unsigned metric)
{
	if (req->algo)
		return false;
	return req->minimise == PCE_MIX ? req->mix[metric] > 0 : metric == (unsigned)req->minimise;
}

void pce_ctx_look(struct pce_ctx *c, const struct ted *t, const struct pce_request *req)
{
	struct pce_find f;

	*c = (struct pce_ctx){ .t = t, .p = ted_priv_of(t), .req = req };
	if (!req)
		return;
	pce_find_of(req, &f);
	for (unsigned m = 0; m < PCE_METRICS; m++)
		c->need[m] = f.bound[m] != PCE_NO_BOUND || pce_minimises(req, m);
	c->need[PCE_DELAY] = c->need[PCE_DELAY] || req->delay_us_min;
	ask(c);
}

static bool use_shard(struct pce_ctx *c)
{
	static const struct pce_class routed = { .metric = PCE_IGP };
	struct pce_trees *p = c->trees;

	if (pce_trees_follow(p, c->t) < 0)
		return false;
	c->shape = pce_trees_shape(p);
	c->routed = pce_trees_class(p, &routed);
	c->dag = pce_room_places(p, PCE_ROOM_DAG, sizeof(*c->dag));
	c->stack = pce_room_places(p, PCE_ROOM_STACK, sizeof(*c->stack));
	c->stack_arc = pce_room_places(p, PCE_ROOM_STACK_ARC, sizeof(*c->stack_arc));
	c->cut = pce_room_links(p, PCE_ROOM_CUT, sizeof(*c->cut));
	if (c->routed == UINT32_MAX || !c->dag || !c->stack || !c->stack_arc || !c->cut)
		return false;
	c->out_arcs = c->routed_out = pce_class_out(p, c->routed);
	c->cut_epoch = pce_trees_epoch(p);
	ask(c);
	return true;
}

bool pce_ctx_init(struct pce_ctx *c, const struct ted *t, const struct pce_request *req,
		  struct pce_trees *trees, struct arena *out)
{
	pce_ctx_look(c, t, req);
	c->out = out;
	arena_init(&c->scratch, out->limit);
	if (!trees && pce_trees_new(&c->own, SIZE_MAX) < 0)
		return false;
	c->trees = trees ? trees : c->own;
	/* Who has a limit has it for what this call takes, not for what others have left. */
	c->lent = out->limit == 0 && pce_trees_lend(c->trees, &c->scratch);
	return use_shard(c);
}

void pce_ctx_fini(struct pce_ctx *c)
{
	if (c->lent)
		pce_trees_give_back(c->trees, &c->scratch);
	else
		arena_fini(&c->scratch);
	pce_trees_free(c->own);
}

/* What is not known counts nothing; a request that needs it has refused the link before. */
void pce_path_sum(const struct pce_ctx *c, struct pce_path *p)
{
	memset(p->sum, 0, sizeof(p->sum));
	for (uint32_t i = 0; i < p->n; i++)
		for (unsigned m = 0; m < PCE_METRICS; m++) {
			uint32_t v = pce_arc_metric(&c->p->arcs[p->links[i]], m);

			p->sum[m] += v == TED_NONE ? 0 : v;
		}
}
