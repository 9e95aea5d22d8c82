/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a SID list does: a packet is walked along it as routers forward it, all equal-cost paths
 * at once. A node SID is the DAG of shortest paths to its owner, an adjacency SID is its link, a
 * container is consumed C-SID by C-SID by the longest match of each node's own SIDs.
 */
#include <string.h>

#include "pce/pce_priv.h"

bool pce_walk_bad(struct pce_walk *w, uint32_t seg, const char *why)
{
	w->out->valid = false;
	w->out->bad_segment = seg;
	w->out->why = why ? why : "out of memory";
	return false;
}

static void walk_add(struct pce_walk *w, const uint64_t *worst, uint64_t delay_min)
{
	for (unsigned m = 0; m < PCE_METRICS; m++)
		w->worst[m] += worst[m];
	w->delay_min += delay_min;
}

static void cross_one(struct pce_walk *w, uint32_t link)
{
	const struct ted_arc *a = &w->c->p->arcs[link];

	for (unsigned m = 0; m < PCE_METRICS; m++)
		w->worst[m] += a->metric[m] == TED_NONE ? 0 : a->metric[m];
	w->delay_min += a->delay == TED_NONE ? 0 : a->delay;
	w->in_order &= pce_used_add(&w->used, link);
	w->at = a->to;
}

/* All shortest paths to the goal; false with a reason. */
static bool walk_ways(struct pce_walk *w, const struct pce_tree *s, const struct pce_walk_goal *g,
		      uint32_t seg)
{
	struct pce_ctx *c = w->c;
	const struct pce_dag *d;

	pce_dag_begin(c);
	d = pce_dag_from(c, s, w->at, g->sid);
	if (!d->reached)
		return pce_walk_bad(w, seg,
				    arena_printf(c->out, "%s is not reachable from %s",
						 ted_node_label(c->t, g->node),
						 ted_node_label(c->t, w->at)));
	if (!d->labelled)
		return pce_walk_bad(w, seg,
				    arena_printf(c->out,
						 "a router between %s and %s has no label for it",
						 ted_node_label(c->t, w->at),
						 ted_node_label(c->t, g->node)));
	walk_add(w, d->worst, d->delay_min);
	w->single = w->single && d->paths == 1;
	pce_dag_mark(c, s, w->at, &w->used);
	w->at = g->node;
	return true;
}

bool pce_walk_to(struct pce_walk *w, const struct pce_walk_goal *g, uint32_t seg)
{
	struct pce_ctx *c = w->c;
	NOT_CLEARED uint32_t links[PCE_PATH_MAX];
	const struct pce_tree *s;
	uint32_t n = 0;

	if (g->node == w->at)
		return true;
	s = g->sid ? NULL : pce_spt_behind(c, g->node, g->algo);
	if (s)
		n = pce_dag_single(c, s, w->at, links);
	if (n == 0) {
		s = pce_spt_algo(c, g->node, g->algo);
		if (!s)
			return pce_walk_bad(w, seg, "out of memory");
		n = g->sid ? 0 : pce_dag_single(c, s, w->at, links);
	}
	for (uint32_t i = 0; i < n; i++)
		cross_one(w, links[i]);
	if (n == 0 && !walk_ways(w, s, g, seg))
		return false;
	if (c->note)
		c->note(c->note_arg, &(struct pce_note){ .node = g->node,
							 .link = TED_NONE,
							 .algo = g->algo,
							 .sid = g->sid });
	return true;
}

int pce_walk_binding(struct pce_walk *w, const struct ip_addr *sid, uint32_t label, uint32_t seg)
{
	for (uint32_t i = 0; i < w->list->n_bindings; i++) {
		const struct pce_binding *b = &w->list->bindings[i];
		struct pce_bound_sum sum;

		if (b->headend != w->at || (sid ? !ip_eq(&b->sid, sid) : b->label != label))
			continue;
		if (!pce_binding_sum(w->c, b, &sum)) {
			(void)pce_walk_bad(w, seg, "a binding SID whose links are no paths");
			return -1;
		}
		walk_add(w, sum.worst, sum.delay_min);
		w->single = w->single && sum.single;
		w->in_order = false;
		for (uint32_t k = 0; k < b->n_links; k++)
			(void)pce_used_add(&w->used, b->links[k]);
		w->at = b->endpoint;
		if (w->c->note)
			w->c->note(w->c->note_arg, &(struct pce_note){ .binding = b });
		return 1;
	}
	return 0;
}

uint32_t pce_lan_exit(const struct ted *t, uint32_t link, uint32_t far)
{
	uint32_t lan = t->links[link].to;

	for (uint32_t i = t->out.start[lan]; i < t->out.start[lan + 1]; i++)
		if (t->links[t->out.idx[i]].to == far)
			return t->out.idx[i];
	return TED_NONE;
}

void pce_walk_cross(struct pce_walk *w, uint32_t link, uint32_t far)
{
	cross_one(w, link);
	if (w->at != far)
		cross_one(w, pce_lan_exit(w->c->t, link, far));
	if (w->c->note)
		w->c->note(w->c->note_arg, &(struct pce_note){ .node = far, .link = link });
}

/* ---- SRv6 ---- */

/* What a node does with an address that is routed to it. */
struct local {
	const struct ted_sid *sid; /* NULL: nothing known */
	struct pce_sid is;
	uint32_t link, far; /* End.X */
	unsigned bits;	    /* matched */
	bool deep;	    /* bits behind the first HEAD ones may make a difference */
};

enum { HEAD = 64 };

/* What was found for the first bits of an address at a node; the latest of those that fall on one
 * place is kept. */
struct heard {
	uint32_t stamp, node;
	uint64_t head;
	struct local is;
};

static unsigned match_bits(const struct ted_sid *s, const struct pce_sid *is,
			   const struct ip_addr *da)
{
	unsigned bits = (unsigned)is->lb + is->len;

	if (is->csid == PCE_CSID_NONE)
		return ip_eq(&s->sid, da) ? 128 : 0;
	return ip_bits_same(&s->sid, da, bits) ? bits : 0;
}

static void consider(struct local *best, const struct ted_sid *s, const struct ip_addr *da,
		     uint32_t link, uint32_t far)
{
	struct pce_sid is;
	unsigned bits;

	if (!ip_bits_same(&s->sid, da, s->structure.lb))
		return;
	pce_sid_read(s, &is);
	if ((is.csid == PCE_CSID_NONE || is.lb + is.len > HEAD) && ip_bits_same(&s->sid, da, HEAD))
		best->deep = true;
	bits = match_bits(s, &is, da);
	if (bits > best->bits)
		*best = (struct local){ .sid = s, .is = is, .link = link, .far = far, .bits = bits,
					.deep = best->deep };
}

static struct local match_local(const struct ted *t, uint32_t node, const struct ip_addr *da)
{
	const struct ted_node *n = &t->nodes[node];
	struct local best = { .link = TED_NONE };

	for (uint32_t i = 0; i < n->n_sids; i++)
		consider(&best, &n->sids[i], da, TED_NONE, TED_NONE);
	for (uint32_t i = t->out.start[node]; i < t->out.start[node + 1]; i++) {
		uint32_t l = t->out.idx[i];

		for (uint32_t j = 0; j < t->links[l].n_sids; j++) {
			const struct ted_sid *s = &t->links[l].sids[j];
			uint32_t far = s->lan_node ? s->lan_node - 1 : t->links[l].to;

			if (far == t->links[l].to || pce_lan_exit(t, l, far) != TED_NONE)
				consider(&best, s, da, l, far);
		}
	}
	return best;
}

static struct local match(const struct pce_walk *w, const struct ip_addr *da)
{
	const struct pce_ctx *c = w->c;
	uint32_t stamp = pce_trees_stamp(c->trees), node = w->at;
	uint64_t head = ip_bits_get(da, 0, HEAD), h = (head ^ node) * UINT64_C(0x9e3779b97f4a7c15);
	struct heard *x = w->heard ? &w->heard[(h >> 32) * c->shape->m >> 32] : NULL;
	struct local found;

	if (x && x->stamp == stamp && x->node == node && x->head == head)
		return x->is;
	found = match_local(c->t, node, da);
	if (x && !found.deep)
		*x = (struct heard){ stamp, node, head, found };
	return found;
}

/* Whose locator the first bits of an address are in; the latest of those that fall on one place is
 * kept. Bits behind the longest locator there is make no difference. */
struct owner {
	uint32_t stamp, node;
	struct ip_addr head;
	uint8_t algo;
};

static struct owner *owner_kept(const struct pce_walk *w, const struct ip_addr *da, struct ip_addr *head)
{
	const struct pce_ctx *c = w->c;
	uint64_t h;

	if (!w->owner || c->p->n_loc_lens == 0)
		return NULL;
	*head = ip_prefix_of(da, c->p->loc_lens[0]).addr;
	h = (ip_bits_get(head, 0, 64) ^ ip_bits_get(head, 64, 64)) * UINT64_C(0x9e3779b97f4a7c15);
	return &w->owner[(h >> 32) * c->shape->n >> 32];
}

/* Who gets packets to an address, and over which shortest paths; false with a reason. */
static bool owner_of(const struct pce_walk *w, const struct ip_addr *da, struct pce_walk_goal *g,
		     const char **why)
{
	const struct pce_ctx *c = w->c;
	uint32_t stamp = pce_trees_nodes_stamp(c->trees);
	struct ip_addr head;
	struct owner *o = owner_kept(w, da, &head);
	struct ted_locator_hit hit;
	char text[IP_TEXT_MAX];
	struct ted_sid_hit sid;

	if (o && o->stamp == stamp && ip_eq(&o->head, &head)) {
		*g = (struct pce_walk_goal){ .node = o->node, .algo = o->algo };
		return true;
	}
	hit = ted_locator_of(c->t, da);
	*g = (struct pce_walk_goal){ .node = hit.node };
	if (hit.node != TED_NONE && !hit.anycast) {
		g->algo = c->t->nodes[hit.node].locators[hit.which].algo;
		if (o)
			*o = (struct owner){ stamp, g->node, head, g->algo };
		return true;
	}
	(void)ip_text(da, text, sizeof(text));
	if (hit.node != TED_NONE) {
		*why = arena_printf(c->out, "%s is in a locator of several nodes", text);
		return false;
	}
	sid = ted_sid_of(c->t, da);
	g->node = sid.node;
	/* A binding SID out of every locator is known to its headend alone. */
	for (uint32_t i = 0; i < w->list->n_bindings && g->node == TED_NONE; i++) {
		if (!ip_eq(&w->list->bindings[i].sid, da))
			continue;
		if (w->list->bindings[i].headend == w->at)
			g->node = w->at;
		*why = arena_printf(c->out, "%s is in no locator, and not known at %s", text,
				    ted_node_label(c->t, w->at));
	}
	if (g->node == TED_NONE && !*why)
		*why = arena_printf(c->out, "%s is in no locator and no known SID", text);
	return g->node != TED_NONE && g->node < c->t->n_nodes;
}

static bool known_address(const struct pce_ctx *c, const struct ip_addr *da)
{
	return ted_locator_of(c->t, da).node != TED_NONE || ted_sid_of(c->t, da).node != TED_NONE;
}

/* A packet on its way: its destination address, and the entry of the list that came from. */
struct packet {
	struct ip_addr da;
	uint32_t seg;
};

enum step { STEP_BAD, STEP_AGAIN, STEP_END };

/* The next entry becomes the address as it is. */
static enum step next_entry(const struct pce_walk *w, struct packet *p)
{
	if (p->seg + 1 == w->list->n)
		return STEP_END;
	p->da = w->list->sids[++p->seg];
	return STEP_AGAIN;
}

/* NEXT-C-SID (RFC 9800 s4.1): the rest of the container moves up; what comes after the last C-SID
 * we know may be a service of that node, in the last entry. */
static enum step next_csid(const struct pce_walk *w, struct packet *p, const struct pce_sid *is)
{
	if (!pce_sid_has_more(&p->da, is->lb, is->len))
		return next_entry(w, p);
	p->da = pce_sid_shift(&p->da, is->lb, is->len);
	return p->seg + 1 == w->list->n && !known_address(w->c, &p->da) ? STEP_END : STEP_AGAIN;
}

/*
 * REPLACE-C-SID (RFC 9800 s4.2): the next place of the container that is open, or the first of
 * the next entry. An empty place ends the container, and a whole address follows it.
 */
static enum step replace_csid(const struct pce_walk *w, struct packet *p, const struct pce_sid *is)
{
	unsigned index = pce_csid_index(&p->da, is->len);
	uint64_t v;

	if (index != 0) {
		v = pce_csid_slot(&w->list->sids[p->seg], is->len, --index);
		if (v == 0)
			return next_entry(w, p);
	} else {
		if (p->seg + 1 == w->list->n)
			return STEP_END;
		index = pce_csid_slots(is->len) - 1;
		v = pce_csid_slot(&w->list->sids[++p->seg], is->len, index);
	}
	ip_bits_set(&p->da, is->lb, is->len, v);
	pce_csid_index_set(&p->da, is->len, index);
	return STEP_AGAIN;
}

/* One node consumes the address: the rest of a container goes on, or the list does. */
static enum step consume(struct pce_walk *w, struct packet *p)
{
	int bound = pce_walk_binding(w, &p->da, 0, p->seg);
	char text[IP_TEXT_MAX];
	struct local m;

	if (bound)
		return bound < 0 ? STEP_BAD : next_entry(w, p);
	m = match(w, &p->da);
	if (!m.sid || m.is.kind == PCE_SID_OTHER) {
		if (p->seg + 1 == w->list->n)
			return STEP_END;
		(void)pce_walk_bad(w, p->seg,
				   arena_printf(w->c->out, "%s has no SID %s",
						ted_node_label(w->c->t, w->at),
						ip_text(&p->da, text, sizeof(text))));
		return STEP_BAD;
	}
	if (m.is.kind == PCE_SID_END_X)
		pce_walk_cross(w, m.link, m.far);
	if (m.is.csid == PCE_CSID_NEXT)
		return next_csid(w, p, &m.is);
	return m.is.csid == PCE_CSID_REPLACE ? replace_csid(w, p, &m.is) : next_entry(w, p);
}

static bool walk_sids(struct pce_walk *w, const struct pce_list *list)
{
	struct packet p = { .da = list->sids[0] };

	/* Each turn consumes a bit of some entry at least. */
	for (uint64_t turn = 0; turn < 128 * (uint64_t)list->n; turn++) {
		struct pce_walk_goal goal;
		const char *why = NULL;
		enum step s;

		if (p.da.family != IP_V6)
			return pce_walk_bad(w, p.seg, "not an IPv6 address");
		if (!owner_of(w, &p.da, &goal, &why))
			return pce_walk_bad(w, p.seg, why);
		if (!pce_walk_to(w, &goal, p.seg))
			return false;
		s = consume(w, &p);
		if (s != STEP_AGAIN)
			return s != STEP_BAD;
	}
	return pce_walk_bad(w, p.seg, "the list never ends");
}

/* ---- both ---- */

static bool give_links(struct pce_walk *w)
{
	w->out->path = NULL;
	if (w->single && w->in_order && w->used.n > 0)
		w->out->path = arena_copy(w->c->out, w->used.links, w->used.n * sizeof(uint32_t));
	pce_used_sort(&w->used);
	w->out->links = w->used.n ? arena_copy(w->c->out, w->used.links,
					       w->used.n * sizeof(uint32_t)) :
				    ARENA_NEW(w->c->out, uint32_t);
	if (!w->out->links || w->c->no_memory)
		return false;
	w->out->n_links = w->used.n;
	w->out->igp_max = pce_sat32(w->worst[PCE_IGP]);
	w->out->te_max = pce_sat32(w->worst[PCE_TE]);
	w->out->delay_us_max = pce_sat32(w->worst[PCE_DELAY]);
	w->out->hops_max = pce_sat32(w->worst[PCE_HOPS]);
	w->out->variation_us_max = pce_sat32(w->worst[PCE_VARIATION]);
	w->out->loss_max = pce_sat32(w->worst[PCE_LOSS]);
	w->out->delay_us_min = pce_sat32(w->delay_min);
	w->out->single = w->single;
	return true;
}

void pce_expand_in(struct pce_ctx *c, uint32_t src, uint32_t dst, const struct pce_list *list,
		   struct pce_expansion *out)
{
	struct pce_walk w = {
		.c = c, .out = out, .list = list, .at = src, .single = true, .in_order = true
	};
	bool ok;

	*out = (struct pce_expansion){ .valid = true, .n_list = list->n, .why = "" };
	w.owner = pce_room_places(c->trees, PCE_ROOM_OWNER, sizeof(*w.owner));
	w.heard = pce_room_links(c->trees, PCE_ROOM_HEARD, sizeof(*w.heard));
	if (!pce_used_init(&w.used, c, PCE_ROOM_USED)) {
		(void)pce_walk_bad(&w, 0, NULL);
		return;
	}
	if (src >= c->t->n_nodes || !c->t->nodes[src].alive) {
		(void)pce_walk_bad(&w, 0, "the headend is not in the topology");
		return;
	}
	ok = list->n == 0 ? pce_walk_bad(&w, 0, "the list is empty") :
	     list->dataplane == PCE_MPLS ? pce_walk_labels(&w, list) : walk_sids(&w, list);
	if (!give_links(&w)) {
		(void)pce_walk_bad(&w, 0, NULL);
		return;
	}
	if (ok && dst != TED_NONE && w.at != dst)
		(void)pce_walk_bad(&w, list->n - 1,
				   arena_printf(c->out, "the list ends at %s, not at %s",
						ted_node_label(c->t, w.at),
						ted_node_label(c->t, dst)));
}

void pce_expand(const struct ted *t, uint32_t src, uint32_t dst, const struct pce_list *list,
		struct arena *a, struct pce_expansion *out)
{
	struct pce_ctx c;

	if (pce_ctx_init(&c, t, NULL, list->trees, a))
		pce_expand_in(&c, src, dst, list, out);
	else
		*out = (struct pce_expansion){ .why = "out of memory" };
	pce_ctx_fini(&c);
}
