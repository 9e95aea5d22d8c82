/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ways share, as pce/disjoint.h has it: wires, routers, risks; and how a request is kept off
 * what others take. Of all links a list may use, ECMP included. Pure, for any thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intent/group/group.h"

#define LAN (UINT32_C(1) << 31) /* and the pseudonode: all its links are one wire */

/* ---- what a way takes ---- */

static int u32_cmp(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static uint32_t sort_unique(uint32_t *at, uint32_t n)
{
	uint32_t k = 0;

	if (n > 1)
		qsort(at, n, sizeof(*at), u32_cmp);
	for (uint32_t i = 0; i < n; i++) {
		if (k == 0 || at[k - 1] != at[i])
			at[k++] = at[i];
	}
	return k;
}

static uint32_t wire_of(const struct ted *t, uint32_t link)
{
	const struct ted_link *l = &t->links[link];

	if (t->nodes[l->from].pseudonode)
		return LAN | l->from;
	if (t->nodes[l->to].pseudonode)
		return LAN | l->to;
	return l->reverse < link ? l->reverse : link;
}

static void take_link(const struct ted *t, uint32_t link, struct intent_takes *out)
{
	const struct ted_link *l = &t->links[link];

	out->wire[out->n_wires++] = wire_of(t, link);
	if (!t->nodes[l->from].pseudonode)
		out->node[out->n_nodes++] = l->from;
	if (!t->nodes[l->to].pseudonode)
		out->node[out->n_nodes++] = l->to;
	/* What a LAN sends has no risks of its own: those are the sender's, on the way in. */
	for (uint16_t s = 0; !t->nodes[l->from].pseudonode && s < l->n_srlg; s++)
		out->srlg[out->n_srlgs++] = l->srlg[s];
}

bool intent_takes_of(const struct ted *t, const struct intent_way *w, struct arena *a,
		     struct intent_takes *out)
{
	size_t risks = 0;

	*out = (struct intent_takes){ .src = w->src, .dst = w->dst };
	for (uint32_t i = 0; i < w->n; i++)
		risks += w->links[i] < t->n_links ? t->links[w->links[i]].n_srlg : 0;
	out->wire = ARENA_ARRAY(a, (size_t)w->n + 1, uint32_t);
	out->node = ARENA_ARRAY(a, 2 * (size_t)w->n + 1, uint32_t);
	out->srlg = ARENA_ARRAY(a, risks + 1, uint32_t);
	if (!out->wire || !out->node || !out->srlg)
		return false;
	for (uint32_t i = 0; i < w->n; i++) {
		if (w->links[i] < t->n_links)
			take_link(t, w->links[i], out);
	}
	out->n_wires = sort_unique(out->wire, out->n_wires);
	out->n_nodes = sort_unique(out->node, out->n_nodes);
	out->n_srlgs = sort_unique(out->srlg, out->n_srlgs);
	return true;
}

/* ---- what two share ---- */

static bool is_end(const struct intent_takes *x, uint32_t node)
{
	return node == x->src || node == x->dst;
}

/* Of two sorted rows; the first that both have in *one. Ends of both are not shared. */
static uint32_t common(const uint32_t *x, uint32_t n_x, const uint32_t *y, uint32_t n_y,
		       uint32_t *one)
{
	uint32_t i = 0, k = 0, n = 0;

	while (i < n_x && k < n_y) {
		if (x[i] == y[k]) {
			if (n++ == 0)
				*one = x[i];
			i++;
			k++;
		} else if (x[i] < y[k]) {
			i++;
		} else {
			k++;
		}
	}
	return n;
}

static uint32_t common_nodes(const struct intent_takes *x, const struct intent_takes *y, uint32_t *one)
{
	uint32_t n = 0, node;

	for (uint32_t i = 0; i < x->n_nodes; i++) {
		node = x->node[i];
		if ((is_end(x, node) && is_end(y, node)) ||
		    !bsearch(&node, y->node, y->n_nodes, sizeof(node), u32_cmp))
			continue;
		if (n++ == 0)
			*one = node;
	}
	return n;
}

void intent_shares_of(const struct intent_takes *x, const struct intent_takes *y,
		      struct intent_shares *out)
{
	*out = (struct intent_shares){ .link = TED_NONE, .node = TED_NONE };
	out->links = common(x->wire, x->n_wires, y->wire, y->n_wires, &out->link);
	out->nodes = common_nodes(x, y, &out->node);
	out->srlgs = common(x->srlg, x->n_srlgs, y->srlg, y->n_srlgs, &out->srlg);
}

uint8_t intent_shares_met(const struct intent_shares *s)
{
	uint8_t met = 0;

	if (s->links > 0)
		return 0;
	met |= PCE_DIVERSE_LINK;
	if (s->nodes == 0)
		met |= PCE_DIVERSE_NODE;
	if (s->srlgs == 0)
		met |= PCE_DIVERSE_SRLG;
	return met;
}

/* What is worst is a link, so that fewer of them weigh more than anything else that is shared. */
uint32_t intent_shares_score(uint8_t asked, const struct intent_shares *s)
{
	uint8_t met = intent_shares_met(s);
	uint64_t n;

	if ((asked & ~met) == 0)
		return 0;
	if (asked & met & PCE_DIVERSE_SRLG)
		return 1;
	if (met & PCE_DIVERSE_NODE)
		return 2;
	if (met & PCE_DIVERSE_LINK)
		return 3;
	n = 4 + 256 * (uint64_t)s->links + s->nodes + s->srlgs;
	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

const char *intent_shares_text(const struct ted *t, uint8_t asked, const struct intent_shares *s,
			       char *buf, size_t cap)
{
	char label[TED_LABEL_MAX];

	if (s->links > 0 && (s->link & LAN))
		(void)snprintf(buf, cap, "the LAN %s", t->nodes[s->link & ~LAN].id);
	else if (s->links > 0)
		(void)snprintf(buf, cap, "the link %s", ted_link_label(t, s->link, label, sizeof(label)));
	else if ((asked & PCE_DIVERSE_NODE) && s->nodes > 0)
		(void)snprintf(buf, cap, "the node %s",
			       t->nodes[s->node].name[0] ? t->nodes[s->node].name : t->nodes[s->node].id);
	else
		(void)snprintf(buf, cap, "the SRLG %u", s->srlg);
	return buf;
}

/* ---- keeping off ---- */

struct off {
	struct pce_request *req;
	uint32_t *links, *nodes, *srlgs;
};

/* All links of a LAN, in both directions. */
static uint32_t lan_links(const struct ted *t, uint32_t node)
{
	return t->out.start[node + 1] - t->out.start[node] + t->in.start[node + 1] - t->in.start[node];
}

static void off_row(struct off *o, const struct ted_adj *adj, uint32_t node)
{
	for (uint32_t k = adj->start[node]; k < adj->start[node + 1]; k++)
		o->links[o->req->n_exclude_links++] = adj->idx[k];
}

static void off_wire(const struct ted *t, struct off *o, uint32_t wire)
{
	if (wire & LAN) {
		off_row(o, &t->out, wire & ~LAN);
		off_row(o, &t->in, wire & ~LAN);
		return;
	}
	o->links[o->req->n_exclude_links++] = wire;
	if (t->links[wire].reverse != TED_NONE)
		o->links[o->req->n_exclude_links++] = t->links[wire].reverse;
}

static bool off_begin(const struct ted *t, struct pce_request *req, const struct intent_takes *x,
		      struct arena *a, struct off *o)
{
	size_t n = req->n_exclude_links;

	for (uint32_t i = 0; i < x->n_wires; i++)
		n += x->wire[i] & LAN ? lan_links(t, x->wire[i] & ~LAN) : 2;
	o->req = req;
	o->links = ARENA_ARRAY(a, n + 1, uint32_t);
	o->nodes = ARENA_ARRAY(a, (size_t)req->n_exclude_nodes + x->n_nodes + 1, uint32_t);
	o->srlgs = ARENA_ARRAY(a, (size_t)req->n_exclude_srlgs + x->n_srlgs + 1, uint32_t);
	if (!o->links || !o->nodes || !o->srlgs)
		return false;
	if (req->n_exclude_links)
		memcpy(o->links, req->exclude_links, req->n_exclude_links * sizeof(*o->links));
	if (req->n_exclude_nodes)
		memcpy(o->nodes, req->exclude_nodes, req->n_exclude_nodes * sizeof(*o->nodes));
	if (req->n_exclude_srlgs)
		memcpy(o->srlgs, req->exclude_srlgs, req->n_exclude_srlgs * sizeof(*o->srlgs));
	return true;
}

bool intent_keep_off(const struct ted *t, struct pce_request *req, const struct intent_takes *x,
		     uint8_t diverse, struct arena *a)
{
	struct off o;

	if (!off_begin(t, req, x, a, &o))
		return false;
	for (uint32_t i = 0; i < x->n_wires; i++)
		off_wire(t, &o, x->wire[i]);
	for (uint32_t i = 0; (diverse & PCE_DIVERSE_NODE) && i < x->n_nodes; i++) {
		uint32_t node = x->node[i];

		if (node != req->src && node != req->dst)
			o.nodes[req->n_exclude_nodes++] = node;
		else if (!is_end(x, node))
			return false; /* it goes through where this one begins or ends */
	}
	for (uint32_t i = 0; (diverse & PCE_DIVERSE_SRLG) && i < x->n_srlgs; i++)
		o.srlgs[req->n_exclude_srlgs++] = x->srlg[i];
	req->exclude_links = o.links;
	req->exclude_nodes = o.nodes;
	req->exclude_srlgs = o.srlgs;
	return true;
}

/* ---- kinds ---- */

const char *intent_diverse_text(uint8_t diverse)
{
	bool srlg = diverse & PCE_DIVERSE_SRLG;

	if (diverse & PCE_DIVERSE_NODE)
		return srlg ? "srlg-node" : "node";
	return srlg ? "srlg" : diverse & PCE_DIVERSE_LINK ? "link" : "none";
}
