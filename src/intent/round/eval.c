/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One policy on one TED: is the route it has still good, and what is the best one? Pure, for any
 * thread: reads only the item, the TED and a snapshot of free bandwidth that is the caller's. Nothing here depends on what other items of the round find.
 */
#include <string.h>

#include "intent/group/group.h"
#include "intent/intent_priv.h"

uint32_t intent_endpoint_node(const struct ted *t, const struct ip_addr *a)
{
	return ip_is_any(a) ? TED_NONE : ted_node_by_addr(t, a);
}

/* ---- lists ---- */

static void route_of_expansion(const struct ted *t, const struct pce_expansion *x,
			       const struct sr_list *list, struct intent_route *out);

/* What lists are walked on. */
struct ground {
	const struct ted *ted;
	struct pce_trees *trees;
	const struct pce_binding *bindings;
	uint32_t n_bindings;
	struct arena *arena;
};

static void expand(const struct ground *g, uint32_t src, const struct ip_addr *to,
		   const struct sr_list *list, struct pce_expansion *out)
{
	bool anywhere = !to || ip_is_any(to);
	uint32_t dst = anywhere ? TED_NONE : ted_node_by_addr(g->ted, to);
	struct ip_addr *sids = ARENA_ARRAY(g->arena, SR_SEGS_MAX, struct ip_addr);
	uint32_t *labels = ARENA_ARRAY(g->arena, SR_SEGS_MAX, uint32_t);
	struct pce_list l = { .dataplane = list->dataplane == SR_MPLS ? PCE_MPLS : PCE_SRV6,
			      .n = list->n,
			      .sids = sids,
			      .labels = labels,
			      .trees = g->trees,
			      .bindings = g->bindings,
			      .n_bindings = g->n_bindings };

	*out = (struct pce_expansion){ .why = "no memory" };
	if (!sids || !labels)
		return;
	if (dst == TED_NONE && !anywhere) {
		/* Else the rest of a list whose end is gone would pass for a service SID. */
		out->why = "the endpoint is not in the topology";
		return;
	}
	for (unsigned i = 0; i < list->n; i++) {
		sids[i] = list->at[i].sid;
		labels[i] = list->at[i].label;
	}
	pce_expand(g->ted, src, dst, &l, g->arena, out);
}

const char *intent_expand_lists(struct intent *i, uint32_t src, const struct ip_addr *to,
				const struct sr_list *list, struct intent_route *out)
{
	struct pce_expansion x[SR_LISTS_MAX] = { { 0 } };

	for (unsigned k = 0; k < sr_list_count(list); k++) {
		intent_expand(i, src, to, sr_list_nth(list, k), &x[k]);
		if (x[k].valid)
			continue;
		return list->more ? arena_printf(&i->arena, "list %u, segment %u: %s", k + 1, x[k].bad_segment + 1,
						 x[k].why) :
				    arena_printf(&i->arena, "segment %u: %s", x[k].bad_segment + 1, x[k].why);
	}
	if (list->more)
		return intent_join(x, list, i->ted->generation, &i->arena, out) ? NULL : "no memory";
	intent_route_init(out, 0);
	route_of_expansion(i->ted, &x[0], list, out);
	return NULL;
}

void intent_expand(struct intent *i, uint32_t src, const struct ip_addr *to,
		   const struct sr_list *list, struct pce_expansion *out)
{
	struct ground g = { .ted = i->ted,
			    .trees = intent_shard_trees(&i->shards->here),
			    .arena = &i->arena };

	g.bindings = intent_bindings_of(i, list, false, &i->arena, &g.n_bindings);
	expand(&g, src, to, list, out);
}

/* What a list of the policy does; NULL, or why it does nothing good. A binding SID of ours that does
 * not forward is not taken for a service's, which the walk would do at the end of a list. */
static const char *list_walk(struct intent_eval *e, uint32_t src, const struct sr_list *list,
			     struct pce_expansion *out)
{
	const struct ground g = { e->ted, e->trees, e->bindings, e->n_bindings, &e->arena };
	char text[IP_TEXT_MAX];

	*out = (struct pce_expansion){ .why = "" };
	for (uint32_t k = 0; k < e->n_unbound * list->n; k++) {
		const struct intent_unbound *u = &e->unbound[k / list->n];
		unsigned at = k % list->n;

		if (ip_eq(&u->sid, &list->at[at].sid))
			return arena_printf(&e->arena, "segment %u: the binding SID %s %s", at + 1,
					    ip_text(&u->sid, text, sizeof(text)), u->why);
	}
	expand(&g, src, &e->desired->p.key.endpoint, list, out);
	return out->valid ? NULL :
			    arena_printf(&e->arena, "segment %u: %s", out->bad_segment + 1, out->why);
}

static uint8_t seg_kind(enum pce_segment_kind k)
{
	static const uint8_t kinds[] = { [PCE_SEG_NODE] = SR_SEG_NODE,
					 [PCE_SEG_ADJ] = SR_SEG_ADJ,
					 [PCE_SEG_CONTAINER] = SR_SEG_CONTAINER,
					 [PCE_SEG_BINDING] = SR_SEG_OTHER };

	return kinds[k];
}

static void segment_nai(const struct ted *t, const struct pce_segment *s, uint8_t dataplane,
			struct sr_segment *out)
{
	bool v4 = dataplane == SR_MPLS;

	if (s->kind == PCE_SEG_NODE && s->node < t->n_nodes) {
		const struct ted_node *n = &t->nodes[s->node];

		out->nai_local = v4 ? n->router_v4 : n->router_v6;
	} else if (s->kind == PCE_SEG_ADJ && s->link < t->n_links) {
		const struct ted_link *l = &t->links[s->link];
		bool both4 = l->local_v4.family != IP_NONE && l->remote_v4.family != IP_NONE;
		bool both6 = l->local_v6.family != IP_NONE && l->remote_v6.family != IP_NONE;

		if (v4 ? both4 : both6) {
			out->nai_local = v4 ? l->local_v4 : l->local_v6;
			out->nai_remote = v4 ? l->remote_v4 : l->remote_v6;
		}
	}
}

void intent_list_of_answer(const struct ted *t, const struct pce_answer *ans, uint8_t dataplane,
			   struct sr_list *out)
{
	out->dataplane = dataplane;
	out->n = 0;
	out->more = NULL;
	for (uint32_t i = 0; i < ans->n_segs && i < SR_SEGS_MAX; i++) {
		const struct pce_segment *s = &ans->segs[i];
		struct sr_segment *g = &out->at[out->n++];

		*g = (struct sr_segment){ .kind = seg_kind(s->kind),
					  .algo = s->algo,
					  .behavior = s->behavior,
					  .sid = s->sid,
					  .label = s->label,
					  .structure = { s->structure.lb, s->structure.ln, s->structure.fun,
							 s->structure.arg } };
		segment_nai(t, s, dataplane, g);
	}
}

/* ---- routes ---- */

uint64_t intent_route_cost(const struct intent_route *r, const struct intent_cpath *c)
{
	const uint32_t cost[PCE_METRICS] = { [PCE_IGP] = r->igp,
					     [PCE_TE] = r->te,
					     [PCE_DELAY] = r->worst_delay_us,
					     [PCE_HOPS] = r->hops,
					     [PCE_VARIATION] = r->variation_us,
					     [PCE_LOSS] = r->loss };
	uint64_t sum = 0;

	if (c->algo)
		return r->flex;
	if (c->minimise != PCE_MIX)
		return cost[c->minimise];
	for (unsigned m = 0; m < PCE_METRICS; m++)
		sum += (uint64_t)c->mix[m] * cost[m];
	return sum;
}

/* Over the links of a route that has no choice: lists for an algorithm are strict. */
static void flex_cost(const struct ted *t, const struct intent_cpath *c, struct intent_route *r)
{
	const struct ted_flex *f = c && c->algo ? ted_flex_of(t, c->algo) : NULL;

	for (uint32_t k = 0; f && k < r->n_links; k++) {
		uint32_t w = ted_flex_weight(t, &f->def, r->links[k]);

		r->flex += w == TED_NONE ? TED_METRIC_MAX : w;
	}
}

/* A single path's links in order; where binding SIDs lead, out of the expansion, which is by number. */
static void path_order(const struct ted *t, uint32_t src, const struct pce_expansion *x, struct arena *a,
		       struct intent_route *r)
{
	uint32_t *path, at = src, n = 0;

	if (x->path) {
		r->path = arena_copy(a, x->path, x->n_links * sizeof(*r->path));
		r->n_path = r->path ? x->n_links : 0;
	}
	if (x->path || !x->single)
		return;
	path = ARENA_ARRAY(a, r->n_links, uint32_t);
	for (uint32_t step = 0; path && step < r->n_links; step++) {
		for (uint32_t i = 0; i < r->n_links; i++) {
			if (t->links[r->links[i]].from == at) {
				path[n++] = r->links[i];
				break;
			}
		}
		if (n == step) /* nothing leaves here: not a chain */
			return;
		at = t->links[path[step]].to;
	}
	r->path = path;
	r->n_path = n;
}

/* All but the list. */
static void route_values(const struct ted *t, const struct pce_expansion *x, struct intent_route *out)
{
	out->set = true;
	/* The engine's arrays are const and outlive this in the arena; copied before they are kept. */
	memcpy(&out->links, &x->links, sizeof(out->links));
	out->n_links = x->n_links;
	out->igp = x->igp_max;
	out->te = x->te_max;
	out->hops = x->hops_max;
	out->delay_us = x->delay_us_min;
	out->worst_delay_us = x->delay_us_max;
	out->variation_us = x->variation_us_max;
	out->loss = x->loss_max;
	out->generation = t->generation;
}

static void route_of_expansion(const struct ted *t, const struct pce_expansion *x,
			       const struct sr_list *list, struct intent_route *out)
{
	route_values(t, x, out);
	sr_list_set(&out->list, list);
}

void intent_route_of_answer(const struct ted *t, const struct pce_answer *ans,
			    const struct intent_cpath *c, uint8_t dataplane,
			    struct intent_route *out)
{
	intent_route_init(out, c->preference);
	intent_list_of_answer(t, ans, dataplane, &out->list);
	route_values(t, &ans->expansion, out);
	memcpy(&out->path, &ans->path, sizeof(out->path));
	out->n_path = ans->n_path;
	out->delay_us = ans->delay_us;
	flex_cost(t, c, out);
}

/* ---- evaluation ---- */

static bool request(struct intent_eval *e, const struct intent_cpath *c, const uint64_t *free_bps,
		    struct pce_request *out)
{
	const char *bad;

	(void)intent_request_of(e->ted, &e->desired->p, c, &e->arena, out, &bad);
	out->msd = e->msd;
	out->trees = e->trees;
	out->free_bps = free_bps;
	out->n_free = e->n_free;
	out->brief = e->brief;
	out->labels_max = e->labels_max;
	if (c->kind == INTENT_DYNAMIC)
		intent_may_bind(e->ted, c, e->bindings, e->n_bindings, &e->arena, out);
	/* What ECMP might do with a loose list could meet the others of its group. */
	out->strict = out->strict || (e->group && c->kind == INTENT_DYNAMIC);
	return out->src != TED_NONE;
}

/* The first link of a path found without regard to bandwidth that has not enough of it. */
static const char *name_full_link(struct intent_eval *e, const struct pce_request *req,
				  const struct pce_answer *refused)
{
	struct pce_request r = *req;
	struct pce_answer ans;
	char label[TED_LABEL_MAX];

	r.bandwidth_bps = 0;
	pce_compute(e->ted, &r, &e->arena, &ans);
	for (uint32_t i = 0; ans.status == PCE_OK && i < ans.n_path; i++) {
		uint32_t l = ans.path[i];
		uint64_t room = l < e->n_free ? req->free_bps[l] : 0;

		if (room < req->bandwidth_bps)
			return arena_printf(&e->arena,
					    "bandwidth: %s has %llu bit/s free, %llu asked",
					    ted_link_label(e->ted, l, label, sizeof(label)),
					    (unsigned long long)room,
					    (unsigned long long)req->bandwidth_bps);
	}
	return refused->why;
}

void intent_eval_why(struct intent_eval *e, const char *why)
{
	if (!e->why)
		e->why = why ? why : "no memory";
}

void intent_eval_relax(struct intent_eval *e, const struct pce_relax *relax, uint32_t n, bool together)
{
	if (!e->why)
		e->relax = pce_relax_text(relax, n, together, INTENT_RELAX_MAX - 1, &e->arena);
}

/* Same path, new SIDs: when the list broke but the links of its path are all there and good. */
static bool encode_again(struct intent_eval *e, const struct intent_cpath *c,
			 const struct pce_request *req, struct intent_route *out)
{
	struct pce_answer ans;

	if (!e->has_cur || e->cur_valid || e->cur_preference != c->preference ||
	    e->n_cur_path == 0)
		return false;
	for (uint32_t i = 0; i < e->n_cur_path; i++) {
		uint32_t l = e->cur_path[i];

		if (l >= e->ted->n_links || !e->ted->links[l].alive ||
		    e->ted->links[l].reverse == TED_NONE)
			return false;
	}
	pce_encode(e->ted, req, e->cur_path, e->n_cur_path, &e->arena, &ans);
	if (ans.status != PCE_OK || pce_check(e->ted, req, &ans.expansion, &e->arena))
		return false;
	intent_route_of_answer(e->ted, &ans, c, e->desired->p.dataplane, out);
	return true;
}

/* What a route has to cost less than to be worth a move. */
static uint64_t worth(uint64_t now, uint32_t hysteresis_pct)
{
	uint64_t most = now * (100 - hysteresis_pct) / 100;

	return most < now ? most + 1 : now;
}

/* When the list in force takes exactly the best path, no other list of it is worth looking for;
 * nor when nothing is worth the move, unless an operator wants it looked for. */
static void tell_known(const struct intent_eval *e, const struct intent_cpath *c,
		       struct pce_request *req)
{
	if (!e->cur_valid || e->cur_breaks || e->now.preference != c->preference || e->now.units ||
	    (e->group && e->group->now_score > e->group->kept))
		return;
	req->known = e->now.path;
	req->n_known = e->now.n_path;
	if (!e->force)
		req->known_cost = worth(intent_route_cost(&e->now, c), e->hysteresis_pct);
}

/* Others of its group are where the list goes; NULL: they are not, or it may share. */
static const char *shares_breaks(struct intent_eval *e, const struct pce_expansion *x)
{
	return e->group && !e->group->best_available ?
		       intent_eval_shares(e, x->links, x->n_links, NULL) :
		       NULL;
}

/* What keeps a list from being one of a candidate path, whatever others do; NULL: nothing does. */
static const char *path_breaks(struct intent_eval *e, const struct intent_cpath *c,
			       const struct pce_request *req, const struct pce_expansion *x)
{
	const char *breaks;

	if (c->kind == INTENT_EXPLICIT && !sr_list_eq(&c->list, &e->cur))
		return "its candidate path has another list";
	breaks = pce_check(e->ted, req, x, &e->arena);
	if (!breaks && c->kind == INTENT_DYNAMIC && req->strict && !x->single)
		breaks = "strict: the list takes several equal-cost paths";
	return breaks;
}

/* The same, and others of its group. */
static const char *list_breaks(struct intent_eval *e, const struct intent_cpath *c,
			       const struct pce_request *req, const struct pce_expansion *x)
{
	const char *breaks = path_breaks(e, c, req, x);

	return breaks ? breaks : shares_breaks(e, x);
}

/* Why the list that the optimiser gave does not do; NULL: it is the best there is. */
static const char *pin_breaks(struct intent_eval *e, const struct intent_cpath *c,
			      const struct pce_request *req)
{
	const struct sr_list *list = &e->pin->list;
	struct pce_expansion x;
	const char *breaks;

	if (e->refused && sr_list_eq(list, e->refused))
		return e->refused_why;
	if (e->msd && list->n + e->desired->p.reserved > e->msd)
		return arena_printf(&e->arena, "%u SIDs, the headend can impose %u",
				    list->n + e->desired->p.reserved, e->msd);
	breaks = list_walk(e, req->src, list, &x);
	if (breaks)
		return breaks;
	if (x.igp_max > e->pin->igp)
		return "what the list went over works no more, or costs more";
	breaks = list_breaks(e, c, req, &x);
	if (breaks)
		return breaks;
	intent_route_init(&e->best, c->preference);
	route_of_expansion(e->ted, &x, list, &e->best);
	path_order(e->ted, req->src, &x, &e->arena, &e->best);
	return NULL;
}

static bool eval_pin(struct intent_eval *e, const struct intent_cpath *c,
		     const struct pce_request *req)
{
	if (!e->pin || e->pin->preference != c->preference)
		return false;
	e->pin_why = pin_breaks(e, c, req);
	return !e->pin_why;
}

/* The best path for a request, if there is one. */
bool intent_eval_one(struct intent_eval *e, const struct intent_cpath *c,
		     const struct pce_request *asked)
{
	struct intent_route again = { 0 };
	struct pce_request req = *asked;
	struct pce_answer ans;

	tell_known(e, c, &req);
	pce_compute(e->ted, &req, &e->arena, &ans);
	e->gave_up |= e->labels_max && (ans.status == PCE_NO_BUDGET ||
					(ans.status == PCE_NO_SID && ans.reasons_gave_up) ||
					(ans.status == PCE_OK && ans.cost_least < ans.cost));
	if (ans.known) {
		e->best = e->now;
		return true;
	}
	if (ans.status != PCE_OK) {
		bool bw = ans.removed[PCE_C_BANDWIDTH].decisive;

		e->blocked = e->blocked || ans.removed[PCE_C_BANDWIDTH].links > 0 ||
			     (req.brief && req.bandwidth_bps > 0);
		intent_eval_relax(e, ans.relax, ans.n_relax, ans.relax_together);
		intent_eval_why(e, ans.status == PCE_NO_CONSTRAINED && bw && !req.brief ?
				    name_full_link(e, &req, &ans) :
				    ans.why);
		return false;
	}
	intent_route_of_answer(e->ted, &ans, c, e->desired->p.dataplane, &e->best);
	/* An equally good path would be a move without need. */
	if (encode_again(e, c, &req, &again) &&
	    intent_route_cost(&again, c) <= intent_route_cost(&e->best, c))
		e->best = again;
	return true;
}

/* No single list does: several may carry the bandwidth together. */
static bool eval_several(struct intent_eval *e, const struct intent_cpath *c, const struct pce_request *req)
{
	const char *alone = e->why, *why = NULL;

	if (e->desired->p.lists_max < 2 || req->bandwidth_bps == 0 || !e->blocked)
		return false;
	if (e->lists_max < 2) {
		e->why = arena_printf(&e->arena, "%.150s; the headend takes one list alone (no RFC 10066)", alone);
		return false;
	}
	if (intent_eval_several(e, c, req, &why))
		return true;
	e->why = arena_printf(&e->arena, "%.120s; up to %u lists: %.110s", alone, e->lists_max, why ? why : "no memory");
	return false;
}

static bool eval_dynamic(struct intent_eval *e, const struct intent_cpath *c,
			 const uint64_t *free_bps)
{
	struct pce_request req;

	if (!request(e, c, free_bps, &req)) {
		intent_eval_why(e, "the headend is not in the topology");
		return false;
	}
	if (req.dst == TED_NONE) {
		intent_eval_why(e, "the endpoint is not in the topology");
		return false;
	}
	if (eval_pin(e, c, &req))
		return true;
	if (e->group)
		return intent_eval_apart(e, c, &req);
	return intent_eval_one(e, c, &req) || eval_several(e, c, &req);
}

static bool eval_explicit(struct intent_eval *e, const struct intent_cpath *c,
			  const uint64_t *free_bps)
{
	struct pce_request req;
	struct pce_expansion x;
	const char *breaks;

	if (!request(e, c, free_bps, &req)) {
		intent_eval_why(e, "the headend is not in the topology");
		return false;
	}
	if (e->msd && c->list.n + e->desired->p.reserved > e->msd) {
		intent_eval_why(e, arena_printf(&e->arena, "%u SIDs, the headend can impose %u",
					 c->list.n + e->desired->p.reserved, e->msd));
		return false;
	}
	breaks = list_walk(e, req.src, &c->list, &x);
	if (breaks) {
		intent_eval_why(e, breaks);
		return false;
	}
	breaks = pce_check(e->ted, &req, &x, &e->arena);
	if (!breaks)
		breaks = shares_breaks(e, &x);
	if (breaks) {
		e->blocked = e->blocked || req.bandwidth_bps > 0;
		intent_eval_why(e, breaks);
		return false;
	}
	intent_route_init(&e->best, c->preference);
	route_of_expansion(e->ted, &x, &c->list, &e->best);
	path_order(e->ted, req.src, &x, &e->arena, &e->best);
	return true;
}

/* Candidate paths by falling preference; RFC 9256 s2.9. */
static const struct intent_cpath *next_cpath(const struct intent_policy *p,
					     const struct intent_cpath *after)
{
	const struct intent_cpath *best = NULL;

	for (unsigned i = 0; i < p->n_cpaths; i++) {
		const struct intent_cpath *c = &p->cpaths[i];

		if (after && c->preference >= after->preference)
			continue;
		if (!best || c->preference > best->preference)
			best = c;
	}
	return best;
}

/* The candidate path of a list was taken away: does the list do for another? */
static const struct intent_cpath *heir(struct intent_eval *e, const uint64_t *free_bps,
				       const struct pce_expansion *x)
{
	const struct intent_policy *p = &e->desired->p;
	struct pce_request req;

	for (const struct intent_cpath *c = next_cpath(p, NULL); c; c = next_cpath(p, c)) {
		if (request(e, c, free_bps, &req) && !list_breaks(e, c, &req, x))
			return c;
	}
	return NULL;
}

/* What keeps several lists from being those of a candidate path; NULL: nothing does. */
static const char *lists_break(struct intent_eval *e, const struct intent_cpath *c, const uint64_t *free_bps,
			       const struct pce_expansion *x)
{
	unsigned n = sr_list_count(&e->cur);
	char label[TED_LABEL_MAX];
	struct pce_request req;
	uint32_t link;

	if (!c || c->kind != INTENT_DYNAMIC)
		return "its candidate path is gone";
	if (n > e->lists_max)
		return arena_printf(&e->arena, "it has %u lists, and may have %u", n, e->lists_max);
	if (!request(e, c, free_bps, &req))
		return "the headend is not in the topology";
	req.strict = true;
	req.bandwidth_bps = 0; /* of each its share, below */
	for (unsigned k = 0; k < n; k++) {
		const char *breaks = path_breaks(e, c, &req, &x[k]);

		if (breaks)
			return arena_printf(&e->arena, "list %u: %s", k + 1, breaks);
	}
	link = intent_eval_lacks(e, &e->now, e->desired->p.bandwidth_bps, free_bps);
	return link == TED_NONE ? NULL :
				  arena_printf(&e->arena, "bandwidth: %s has too little free for its share",
					       ted_link_label(e->ted, link, label, sizeof(label)));
}

static void cur_lists(struct intent_eval *e, uint32_t src, const struct intent_cpath *c, const uint64_t *free_bps)
{
	struct pce_expansion x[SR_LISTS_MAX];

	for (unsigned k = 0; k < sr_list_count(&e->cur); k++) {
		e->cur_why = list_walk(e, src, sr_list_nth(&e->cur, k), &x[k]);
		if (e->cur_why) {
			e->cur_why = arena_printf(&e->arena, "list %u, %s", k + 1, e->cur_why);
			return;
		}
	}
	if (!intent_join(x, &e->cur, e->ted->generation, &e->arena, &e->now)) {
		e->cur_why = "no memory";
		return;
	}
	e->cur_valid = true;
	e->now.preference = c ? c->preference : e->cur_preference;
	e->cur_breaks = lists_break(e, c, free_bps, x);
}

/* The list in force: does it still forward, and keep what its candidate path asks for? */
static void eval_cur(struct intent_eval *e, const uint64_t *free_bps)
{
	const struct intent_cpath *c = intent_cpath_find(&e->desired->p, e->cur_preference);
	uint32_t src = intent_endpoint_node(e->ted, &e->desired->p.key.headend);
	struct pce_expansion x;
	struct pce_request req;

	if (src == TED_NONE) {
		e->cur_why = "the headend is not in the topology";
		return;
	}
	if (e->cur.more) {
		cur_lists(e, src, c, free_bps);
		return;
	}
	e->cur_why = list_walk(e, src, &e->cur, &x);
	if (e->cur_why)
		return;
	e->cur_valid = true;
	if (!c)
		c = heir(e, free_bps, &x);
	if (!c)
		e->cur_breaks = "its candidate path is gone";
	else if (request(e, c, free_bps, &req) && !(e->cur_breaks = path_breaks(e, c, &req, &x)))
		e->cur_meets = (e->cur_breaks = shares_breaks(e, &x)) != NULL;
	e->now.preference = c ? c->preference : e->cur_preference;
	route_of_expansion(e->ted, &x, &e->cur, &e->now);
	flex_cost(e->ted, c, &e->now);
	if (e->group)
		(void)intent_eval_shares(e, x.links, x.n_links, &e->group->now_score);
	path_order(e->ted, src, &x, &e->arena, &e->now);
}

/* Out of the snapshot and its own share into it, or back: what was there is kept in its place. */
static void own_swap(struct intent_eval *e, uint64_t *room)
{
	for (uint32_t i = 0; i < e->n_own; i++) {
		struct book_own *o = &e->own[i];
		uint64_t was;

		if (o->link >= e->n_free)
			continue;
		was = room[o->link];
		room[o->link] = o->free_bps;
		o->free_bps = was;
	}
}

static void find_best(struct intent_eval *e, const uint64_t *room)
{
	const struct intent_policy *p = &e->desired->p;

	for (const struct intent_cpath *c = next_cpath(p, NULL); c; c = next_cpath(p, c)) {
		if (!(c->kind == INTENT_EXPLICIT ? eval_explicit(e, c, room) :
						   eval_dynamic(e, c, room)))
			continue;
		if (!e->refused || !sr_list_eq(&e->best.list, e->refused)) {
			if (e->group)
				(void)intent_eval_shares(e, e->best.links, e->best.n_links,
							 &e->group->best_score);
			return;
		}
		/* Valid to us and not to its headend: the next candidate path has its chance. */
		intent_eval_why(e, e->refused_why);
		intent_route_init(&e->best, 0);
	}
	intent_eval_why(e, "no candidate path");
}

void intent_eval_init(struct intent_eval *e)
{
	memset(e, 0, offsetof(struct intent_eval, now));
	intent_route_init(&e->now, 0);
	intent_route_init(&e->best, 0);
	e->cur.n = 0;
	e->cur.more = NULL;
}

void intent_eval_run(struct intent_eval *e, uint64_t *room)
{
	own_swap(e, room);
	if (e->has_cur)
		eval_cur(e, room);
	find_best(e, room);
	own_swap(e, room);
}
