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

bool pce_walk_to(struct pce_walk *w, uint32_t node, const struct ted_node_sid *sid, uint32_t seg)
{
	struct pce_ctx *c = w->c;
	const struct pce_tree *s;
	const struct pce_dag *d;

	if (node == w->at)
		return true;
	s = pce_spt(c, node);
	if (!s)
		return pce_walk_bad(w, seg, "out of memory");
	pce_dag_begin(c);
	d = pce_dag_from(c, s, w->at, sid);
	if (!d->reached)
		return pce_walk_bad(w, seg,
				    arena_printf(c->out, "%s is not reachable from %s",
						 ted_node_label(c->t, node),
						 ted_node_label(c->t, w->at)));
	if (!d->labelled)
		return pce_walk_bad(w, seg,
				    arena_printf(c->out,
						 "a router between %s and %s has no label for it",
						 ted_node_label(c->t, w->at),
						 ted_node_label(c->t, node)));
	walk_add(w, d->worst, d->delay_min);
	w->single = w->single && d->paths == 1;
	pce_dag_mark(c, s, w->at, w->used);
	w->at = node;
	return true;
}

uint32_t pce_lan_exit(const struct ted *t, uint32_t link, uint32_t far)
{
	uint32_t lan = t->links[link].to;

	for (uint32_t i = t->out.start[lan]; i < t->out.start[lan + 1]; i++)
		if (t->links[t->out.idx[i]].to == far)
			return t->out.idx[i];
	return TED_NONE;
}

static void cross_one(struct pce_walk *w, uint32_t link)
{
	uint64_t v[PCE_METRICS];

	for (unsigned m = 0; m < PCE_METRICS; m++) {
		uint32_t own = pce_arc_metric(&w->c->p->arcs[link], m);

		v[m] = own == TED_NONE ? 0 : own;
	}
	walk_add(w, v, v[PCE_DELAY]);
	w->used[link] = 1;
	w->at = w->c->p->arcs[link].to;
}

void pce_walk_cross(struct pce_walk *w, uint32_t link, uint32_t far)
{
	cross_one(w, link);
	if (w->at != far)
		cross_one(w, pce_lan_exit(w->c->t, link, far));
}

/* ---- SRv6 ---- */

/* What a node does with an address that is routed to it. */
struct local {
	const struct ted_sid *sid; /* NULL: nothing known */
	struct pce_sid is;
	uint32_t link, far; /* End.X */
	unsigned bits;	    /* matched */
};

static unsigned match_bits(const struct ted_sid *s, const struct pce_sid *is,
			   const struct ip_addr *da)
{
	if (!is->next)
		return ip_eq(&s->sid, da) ? 128 : 0;
	for (unsigned at = 0; at < (unsigned)is->lb + is->len; at += 8) {
		unsigned n = (unsigned)is->lb + is->len - at;

		n = n < 8 ? n : 8;
		if (ip_bits_get(&s->sid, at, n) != ip_bits_get(da, at, n))
			return 0;
	}
	return (unsigned)is->lb + is->len;
}

static void consider(struct local *best, const struct ted_sid *s, const struct ip_addr *da,
		     uint32_t link, uint32_t far)
{
	struct pce_sid is;
	unsigned bits;

	pce_sid_read(s, &is);
	bits = match_bits(s, &is, da);
	if (bits > best->bits)
		*best = (struct local){ .sid = s, .is = is, .link = link, .far = far, .bits = bits };
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

/* Who gets packets to an address; TED_NONE with a reason. */
static uint32_t owner_of(const struct pce_ctx *c, const struct ip_addr *da, const char **why)
{
	struct ted_locator_hit hit = ted_locator_of(c->t, da);
	char text[IP_TEXT_MAX];
	struct ted_sid_hit sid;

	(void)ip_text(da, text, sizeof(text));
	if (hit.node == TED_NONE) {
		sid = ted_sid_of(c->t, da);
		if (sid.node == TED_NONE)
			*why = arena_printf(c->out, "%s is in no locator and no known SID", text);
		return sid.node;
	}
	if (hit.anycast)
		*why = arena_printf(c->out, "%s is in a locator of several nodes", text);
	else if (c->t->nodes[hit.node].locators[hit.which].algo != 0)
		*why = arena_printf(c->out, "%s is in a locator of flexible algorithm %u", text,
				    c->t->nodes[hit.node].locators[hit.which].algo);
	else
		return hit.node;
	return TED_NONE;
}

static bool known_address(const struct pce_ctx *c, const struct ip_addr *da)
{
	return ted_locator_of(c->t, da).node != TED_NONE || ted_sid_of(c->t, da).node != TED_NONE;
}

enum step { STEP_BAD, STEP_NEXT_SID, STEP_AGAIN, STEP_END };

/* One node consumes the address: the rest of a container goes on, or the list does. What comes
 * after the last C-SID we know may be a service of that node; only the last entry has one. */
static enum step consume(struct pce_walk *w, struct ip_addr *da, uint32_t seg, bool last)
{
	struct local m = match_local(w->c->t, w->at, da);
	char text[IP_TEXT_MAX];

	if (!m.sid || m.is.kind == PCE_SID_OTHER) {
		if (last)
			return STEP_END;
		(void)pce_walk_bad(w, seg,
				   arena_printf(w->c->out, "%s has no SID %s",
						ted_node_label(w->c->t, w->at),
						ip_text(da, text, sizeof(text))));
		return STEP_BAD;
	}
	if (m.is.kind == PCE_SID_END_X)
		pce_walk_cross(w, m.link, m.far);
	if (!m.is.next || !pce_sid_has_more(da, m.is.lb, m.is.len))
		return STEP_NEXT_SID;
	*da = pce_sid_shift(da, m.is.lb, m.is.len);
	return last && !known_address(w->c, da) ? STEP_END : STEP_AGAIN;
}

static bool walk_sid(struct pce_walk *w, struct ip_addr da, uint32_t seg, bool last)
{
	for (unsigned i = 0; i < 128; i++) { /* each turn shifts out at least a bit */
		const char *why = NULL;
		uint32_t v = owner_of(w->c, &da, &why);
		enum step s;

		if (v == TED_NONE)
			return pce_walk_bad(w, seg, why);
		if (!pce_walk_to(w, v, NULL, seg))
			return false;
		s = consume(w, &da, seg, last);
		if (s != STEP_AGAIN)
			return s != STEP_BAD;
	}
	return pce_walk_bad(w, seg, "the container never ends");
}

static bool walk_sids(struct pce_walk *w, const struct pce_list *list)
{
	for (uint32_t i = 0; i < list->n; i++) {
		if (list->sids[i].family != IP_V6)
			return pce_walk_bad(w, i, "not an IPv6 address");
		if (!walk_sid(w, list->sids[i], i, i + 1 == list->n))
			return false;
	}
	return true;
}

/* ---- both ---- */

static bool give_links(struct pce_walk *w)
{
	const struct ted *t = w->c->t;
	uint32_t n = 0, *links;

	for (uint32_t l = 0; l < t->n_links; l++)
		n += w->used[l];
	links = ARENA_ARRAY(w->c->out, n, uint32_t);
	if (!links)
		return false;
	w->out->n_links = 0;
	for (uint32_t l = 0; l < t->n_links; l++)
		if (w->used[l])
			links[w->out->n_links++] = l;
	w->out->links = links;
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
	struct pce_walk w = { .c = c, .out = out, .at = src, .single = true };
	bool ok;

	*out = (struct pce_expansion){ .valid = true, .why = "" };
	w.used = ARENA_ARRAY(&c->scratch, c->t->n_links, uint8_t);
	if (!w.used) {
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
