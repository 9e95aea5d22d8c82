/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a path to a list that may leave this room: the shortest list, packed, within the
 * headend's MSD, and then expanded again on the topology. What the expansion does must be what
 * was asked for, else the list is not given out.
 */
#include <string.h>

#include "pce/pce_priv.h"

static void say(struct pce_answer *out, enum pce_status status, const char *why)
{
	out->status = why ? status : PCE_NO_MEMORY;
	out->why = why ? why : "out of memory";
}

/* Loose: nothing the list may do costs more than the path itself, or breaks a bound. */
static void set_caps(struct pce_route *r)
{
	struct pce_find f;

	pce_find_of(r->c->req, &f);
	for (unsigned m = 0; m < PCE_METRICS; m++)
		r->cap[m] = f.bound[m] == PCE_NO_BOUND ? UINT64_MAX : f.bound[m];
	if (f.minimise != PCE_MIX) /* a mix is encoded strictly */
		r->cap[f.minimise] = r->path->sum[f.minimise];
	r->delay_floor = r->c->req->delay_us_min;
}

/* ---- the proof ---- */

static bool expand_answer(struct pce_ctx *c, struct pce_answer *out)
{
	struct ip_addr *sids = ARENA_ARRAY(&c->scratch, PCE_SEGS_MAX, struct ip_addr);
	uint32_t *labels = ARENA_ARRAY(&c->scratch, PCE_SEGS_MAX, uint32_t);
	struct pce_list list = {
		.dataplane = c->req->dataplane,
		.n = out->n_segs,
		.sids = sids,
		.labels = labels,
		.bindings = c->req->bindings,
		.n_bindings = c->req->n_bindings,
	};

	if (!sids || !labels)
		return false;
	for (uint32_t i = 0; i < out->n_segs; i++) {
		sids[i] = out->segs[i].sid;
		labels[i] = out->segs[i].label;
	}
	pce_expand_in(c, c->req->src, c->req->dst, &list, &out->expansion);
	return true;
}

static bool is_exactly(struct pce_ctx *c, const struct pce_expansion *e, const struct pce_path *p)
{
	struct pce_used on;

	if (!e->single || e->n_links != p->n)
		return false;
	if (e->path && memcmp(e->path, p->links, p->n * sizeof(*p->links)) == 0)
		return true;
	if (!pce_used_init(&on, c, PCE_ROOM_WANTED))
		return false;
	for (uint32_t i = 0; i < p->n; i++)
		(void)pce_used_add(&on, p->links[i]);
	for (uint32_t i = 0; i < e->n_links; i++)
		if (!pce_used_has(&on, e->links[i]))
			return false;
	return true;
}

/* Of a node: links of the list that lead into it. */
struct into {
	uint32_t epoch, n;
};

static struct into *into_of(struct pce_ctx *c, struct into *room, uint32_t node, uint32_t epoch)
{
	struct into *x = &room[c->shape->place[node]];

	if (x->epoch != epoch)
		*x = (struct into){ .epoch = epoch };
	return x;
}

/* A single path, in order: has it been at a node before? */
static bool comes_back(struct pce_ctx *c, struct into *room, const struct pce_expansion *e)
{
	uint32_t epoch = pce_trees_epoch(c->trees);

	if (e->n_links > 0)
		into_of(c, room, c->p->arcs[e->path[0]].from, epoch)->n = 1;
	for (uint32_t i = 0; i < e->n_links; i++)
		if (into_of(c, room, c->p->arcs[e->path[i]].to, epoch)->n++ > 0)
			return true;
	return false;
}

/* Kahn's algorithm on the links a list may use: what is left over is on or behind a loop. */
static bool has_loop(struct pce_ctx *c, const struct pce_expansion *e)
{
	struct into *in = pce_room_places(c->trees, PCE_ROOM_INTO, sizeof(*in));
	uint32_t n = 0, left = e->n_links, epoch = pce_trees_epoch(c->trees);
	struct pce_used on;

	if (in && e->path)
		return comes_back(c, in, e);
	if (!in || !pce_used_init(&on, c, PCE_ROOM_WANTED))
		return true;
	for (uint32_t i = 0; i < e->n_links; i++) {
		(void)pce_used_add(&on, e->links[i]);
		into_of(c, in, c->p->arcs[e->links[i]].to, epoch)->n++;
	}
	if (into_of(c, in, c->req->src, epoch)->n == 0)
		c->stack[n++] = c->req->src;
	while (n) {
		uint32_t u = c->stack[--n];

		for (uint32_t i = c->t->out.start[u]; i < c->t->out.start[u + 1]; i++) {
			uint32_t l = c->t->out.idx[i], v = c->p->arcs[l].to;

			if (!pce_used_has(&on, l))
				continue;
			left--;
			if (--into_of(c, in, v, epoch)->n == 0)
				c->stack[n++] = v;
		}
	}
	return left != 0;
}

static const char *prove(struct pce_route *r, const struct pce_answer *out)
{
	static const char *const other = "the list does not do what was asked for";
	const struct pce_expansion *e = &out->expansion;
	const uint32_t worst[PCE_METRICS] = { [PCE_IGP] = e->igp_max,
					      [PCE_TE] = e->te_max,
					      [PCE_DELAY] = e->delay_us_max,
					      [PCE_HOPS] = e->hops_max,
					      [PCE_VARIATION] = e->variation_us_max,
					      [PCE_LOSS] = e->loss_max };
	const char *why;

	if (!e->valid)
		return e->why;
	if (r->strict)
		return is_exactly(r->c, e, r->path) ? NULL : other;
	why = pce_check_in(r->c, e, r->c->out);
	if (why)
		return why;
	for (unsigned m = 0; m < PCE_METRICS; m++)
		if (r->cap[m] != UINT64_MAX && worst[m] > pce_sat32(r->cap[m]))
			return other;
	return NULL;
}

/* ---- what is missing ---- */

static void say_no_sid(struct pce_route *r, uint32_t pos, struct pce_answer *out)
{
	const struct ted *t = r->c->t;
	char label[TED_LABEL_MAX];
	bool mpls = r->c->req->dataplane == PCE_MPLS;
	const char *link = ted_link_label(t, r->hop[pos].link, label, sizeof(label));
	bool node_way;

	pce_route_rows(r, pos + 1);
	node_way = r->row[0].from <= pos && r->row[0].at[pos].ok;
	if (node_way)
		say(out, PCE_NO_SID,
		    arena_printf(r->c->out, "no %s is advertised for %s, and none for link %s",
				 mpls ? "node SID" : "End or uN SID",
				 ted_node_label(t, r->node[pos + 1]), link));
	else
		say(out, PCE_NO_SID,
		    arena_printf(r->c->out, "no %s is advertised for link %s",
				 mpls ? "adjacency label" : "End.X or uA SID", link));
}

/* ---- is there any end of a list ---- */

static bool may_end(const struct pce_ctx *c, const struct pce_choices *x)
{
	for (uint32_t i = 0; i < x->n; i++)
		if (!c->req->decapsulates || (x->at[i].is.flavors & PCE_USD))
			return true;
	return false;
}

/* Over a link, or over the LAN it leads to. */
static bool link_ends(struct pce_route *r, uint32_t link)
{
	struct pce_choices x = { .n = 0 };

	if (!r->c->t->links[link].alive || r->c->t->links[link].reverse == TED_NONE)
		return false;
	if (r->c->req->dataplane == PCE_MPLS)
		return pce_adj_label(r->c->t, link, r->c->req->dst, r->c->req->protection) != 0;
	pce_choose_link(r, link, r->c->req->dst, &x);
	return may_end(r->c, &x);
}

static bool links_end(struct pce_route *r, uint32_t node)
{
	const struct ted *t = r->c->t;

	for (uint32_t i = t->in.start[node]; i < t->in.start[node + 1]; i++) {
		uint32_t from = r->c->p->arcs[t->in.idx[i]].from;

		if (r->c->p->nflags[from] & TED_NF_PSEUDO) {
			for (uint32_t k = t->in.start[from]; k < t->in.start[from + 1]; k++)
				if (link_ends(r, t->in.idx[k]))
					return true;
		} else if (link_ends(r, t->in.idx[i])) {
			return true;
		}
	}
	return false;
}

static bool target_ends(struct pce_route *r)
{
	struct pce_choices x = { .n = 0 };

	if (r->c->req->dataplane == PCE_MPLS)
		return r->c->t->nodes[r->c->req->dst].n_node_sids > 0;
	pce_choose_node(r, r->c->req->dst, &x);
	return may_end(r->c, &x);
}

const char *pce_say_no_end(struct pce_ctx *c)
{
	struct pce_route r = { .c = c, .usid = c->req->usid };
	bool mpls = c->req->dataplane == PCE_MPLS;

	if (c->req->n_bindings || target_ends(&r) || links_end(&r, c->req->dst))
		return "";
	return arena_printf(c->out, "no %s is advertised for %s, and no %s for any link to it%s",
			    mpls ? "node SID" : "End or uN SID", ted_node_label(c->t, c->req->dst),
			    mpls ? "adjacency label" : "End.X or uA SID",
			    c->req->decapsulates ? ", that decapsulates (USD)" : "");
}

static bool too_long(const struct pce_route *r, struct pce_answer *out)
{
	if (r->n <= PCE_PATH_MAX)
		return false;
	say(out, PCE_NO_MSD,
	    arena_printf(r->c->out, "%u hops are more than a packet's hop limit allows", r->n));
	return true;
}

/* The shortest list that the routers on the way can process; NULL with a status. */
static const struct pce_mark *best(struct pce_route *r, struct pce_answer *out)
{
	uint32_t blocked, count, reserved = r->c->req->reserved;
	const struct pce_mark *m = pce_encode_best(r, &blocked);

	if (!m && !r->c->no_memory)
		say_no_sid(r, blocked, out);
	if (!m || m->count > pce_depth(r->c) || !pce_limits_told(r, m->count + reserved))
		return m;
	count = m->count;
	for (m = NULL; !m && count <= pce_depth(r->c) && !r->c->no_memory; count++) {
		r->total = count + reserved;
		if (pce_limit_end(r))
			m = pce_encode_best(r, &blocked);
	}
	r->total = 0;
	if (!m)
		say(out, PCE_NO_MSD, "routers on the way cannot process a list this long");
	return m;
}

static bool list_best(struct pce_route *r, struct pce_answer *out, uint32_t *needed)
{
	const struct pce_mark *m = NULL;

	if (!pce_route_init(r, r->c, r->path))
		r->c->no_memory = true;
	else if (!too_long(r, out))
		m = best(r, out);
	*needed = m ? m->count : 0;
	if (!m)
		return false;
	if (m->count > pce_depth(r->c)) {
		say(out, PCE_NO_MSD,
		    arena_printf(r->c->out, "needs %u SIDs, the headend can impose %u", m->count,
				 pce_depth(r->c)));
		return false;
	}
	if (!pce_encode_segs(r, m, out))
		r->c->no_memory = true;
	return !r->c->no_memory;
}

/* Does the list there is do what was asked for, and nothing else? */
static bool proven(struct pce_route *r, struct pce_answer *out)
{
	const char *why = NULL;

	if (!expand_answer(r->c, out))
		r->c->no_memory = true;
	else
		why = prove(r, out);
	say(out, why ? PCE_NO_SID : PCE_OK, why ? why : "");
	if (r->c->no_memory)
		say(out, PCE_NO_MEMORY, "out of memory");
	return out->status == PCE_OK;
}

static bool list_quick(struct pce_route *r, struct pce_answer *out, uint32_t *needed)
{
	*needed = out->n_segs = pce_encode_quick(r, out->segs);
	return out->n_segs > 0 && out->n_segs <= pce_depth(r->c) && proven(r, out);
}

/* One attempt; true when the list is proven. */
static bool try_encode(struct pce_route *r, struct pce_answer *out, uint32_t *needed)
{
	bool ok = list_quick(r, out, needed);
	const char *why;

	if (!ok && !r->c->no_memory) {
		out->n_segs = 0;
		ok = list_best(r, out, needed) && proven(r, out);
	}
	if (r->c->no_memory)
		say(out, PCE_NO_MEMORY, "out of memory");
	if (!ok)
		return false;
	why = pce_mtu_check(r->c, out);
	if (!why || why[0])
		say(out, PCE_NO_CONSTRAINED, why);
	return out->status == PCE_OK;
}

static uint64_t bottleneck(const struct pce_ctx *c, const struct pce_expansion *e)
{
	uint64_t least = UINT64_MAX;

	for (uint32_t i = 0; i < e->n_links; i++) {
		uint64_t v = pce_free_bps(c->req, c->t, e->links[i]);

		if (c->p->nflags[c->p->arcs[e->links[i]].from] & TED_NF_PSEUDO)
			continue;
		least = v < least ? v : least;
	}
	return least == UINT64_MAX ? 0 : least;
}

/*
 * A loose list whose equal-cost paths could meet one router twice is refused for the strict one
 * when there is one; a container that would be read differently than meant (a C-SID that is
 * something else at a node) is tried again unpacked.
 */
void pce_encode_in(struct pce_ctx *c, const struct pce_path *path, bool strict,
		   struct pce_answer *out, uint32_t *needed)
{
	struct pce_route r = {
		.c = c, .path = path, .strict = strict, .usid = c->req->usid
	};
	bool ok;

	strict = r.strict = strict || pce_wants_strict(c->req);
	set_caps(&r);
	ok = try_encode(&r, out, needed);
	if (ok && !strict && has_loop(c, &out->expansion)) {
		struct pce_answer again = *out;
		uint32_t need = 0;

		r.strict = true;
		if (try_encode(&r, &again, &need))
			*out = again;
		r.strict = false;
	}
	if (!ok && r.usid && out->status == PCE_NO_SID && out->n_segs) {
		r.usid = false;
		ok = try_encode(&r, out, needed);
	}
	if (!ok) {
		out->n_segs = 0;
		return;
	}
	out->bottleneck_bps = bottleneck(c, &out->expansion);
}

void pce_answer_path(struct pce_answer *out, const struct pce_path *p)
{
	out->path = p->links;
	out->n_path = p->n;
	out->igp = pce_sat32(p->sum[PCE_IGP]);
	out->te = pce_sat32(p->sum[PCE_TE]);
	out->delay_us = pce_sat32(p->sum[PCE_DELAY]);
	out->hops = pce_sat32(p->sum[PCE_HOPS]);
	out->variation_us = pce_sat32(p->sum[PCE_VARIATION]);
	out->loss_ppm = pce_loss_ppm(p->sum[PCE_LOSS]);
}

/* ---- a path given from outside ---- */

static const char *broken(const struct pce_ctx *c, const uint32_t *path, uint32_t n)
{
	const struct ted *t = c->t;
	uint32_t at = c->req->src;
	char label[TED_LABEL_MAX];

	for (uint32_t i = 0; i < n; i++) {
		if (path[i] >= t->n_links || !t->links[path[i]].alive)
			return arena_printf(c->out, "link %s is not there",
					    ted_link_label(t, path[i], label, sizeof(label)));
		if (t->links[path[i]].reverse == TED_NONE)
			return arena_printf(c->out, "link %s is known in one direction only",
					    ted_link_label(t, path[i], label, sizeof(label)));
		if (t->links[path[i]].from != at)
			return arena_printf(c->out, "link %s does not begin at %s",
					    ted_link_label(t, path[i], label, sizeof(label)),
					    ted_node_label(t, at));
		at = t->links[path[i]].to;
	}
	if (n == 0)
		return "the path is empty";
	return at == c->req->dst ? "" :
				   arena_printf(c->out, "the path ends at %s, not at %s",
						ted_node_label(t, at),
						ted_node_label(t, c->req->dst));
}

/* A path that breaks the request itself is followed exactly: pce_check() tells what it breaks. */
static bool keeps_request(const struct pce_ctx *c, const struct pce_path *p)
{
	struct pce_expansion e = { .links = p->links,
				   .n_links = p->n,
				   .valid = true,
				   .igp_max = pce_sat32(p->sum[PCE_IGP]),
				   .te_max = pce_sat32(p->sum[PCE_TE]),
				   .delay_us_max = pce_sat32(p->sum[PCE_DELAY]),
				   .hops_max = pce_sat32(p->sum[PCE_HOPS]),
				   .variation_us_max = pce_sat32(p->sum[PCE_VARIATION]),
				   .loss_max = pce_sat32(p->sum[PCE_LOSS]) };

	return pce_check_in(c, &e, c->out) == NULL;
}

static void encode_given(struct pce_ctx *c, const uint32_t *path, uint32_t n,
			 struct pce_answer *out)
{
	struct pce_path p = { .links = arena_copy(c->out, path, n * sizeof(*path)), .n = n };
	const char *why = broken(c, path, n);
	uint32_t needed = 0;

	if (!p.links || !why) {
		say(out, PCE_NO_MEMORY, "out of memory");
		return;
	}
	if (why[0]) {
		say(out, PCE_NO_ROUTE, why);
		return;
	}
	pce_path_sum(c, &p);
	pce_answer_path(out, &p);
	pce_encode_in(c, &p, c->req->strict || !keeps_request(c, &p), out, &needed);
	if (out->status == PCE_NO_MSD)
		out->removed[PCE_C_MSD] = (struct pce_removed){ .decisive = true,
								.nearest = needed };
}

void pce_encode(const struct ted *t, const struct pce_request *req, const uint32_t *path,
		uint32_t n_path, struct arena *a, struct pce_answer *out)
{
	struct pce_ctx c;

	*out = (struct pce_answer){ .why = "" };
	if (!pce_ctx_init(&c, t, req, req->trees, a))
		say(out, PCE_NO_MEMORY, "out of memory");
	else if (req->src >= t->n_nodes || !t->nodes[req->src].alive)
		say(out, PCE_NO_SOURCE, "the source is not in the topology");
	else
		encode_given(&c, path, n_path, out);
	pce_ctx_fini(&c);
}
