/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Label stacks. A label means what the node says that reads it: a node-SID through its SRGB
 * (RFC 8660), else one of its adjacencies. With or without penultimate hop popping the next
 * label is read by the node where the segment ends.
 */
#include "pce/pce_priv.h"

/* The index a label has in the SRGB of a node; TED_NONE: none. */
static uint32_t index_of(const struct ted_node *n, uint32_t label)
{
	uint64_t before = 0;

	for (uint32_t i = 0; i < n->n_srgb; i++) {
		if (label >= n->srgb[i].base && label - n->srgb[i].base < n->srgb[i].size)
			return pce_sat32(before + label - n->srgb[i].base);
		before += n->srgb[i].size;
	}
	return TED_NONE;
}

static bool cross_adjacency(struct pce_walk *w, uint32_t label)
{
	const struct ted *t = w->c->t;

	for (uint32_t i = t->out.start[w->at]; i < t->out.start[w->at + 1]; i++) {
		uint32_t l = t->out.idx[i];

		for (uint32_t j = 0; j < t->links[l].n_adj_sids; j++) {
			const struct ted_adj_sid *s = &t->links[l].adj_sids[j];
			const struct ted_node *n = &t->nodes[w->at];
			uint32_t far = s->lan_node ? s->lan_node - 1 : t->links[l].to;

			if (label != (s->is_label ? s->value :
						    ted_range_label(n->srlb, n->n_srlb, s->value)))
				continue;
			if (far != t->links[l].to && pce_lan_exit(t, l, far) == TED_NONE)
				continue;
			pce_walk_cross(w, l, far);
			return true;
		}
	}
	return false;
}

static bool walk_label(struct pce_walk *w, uint32_t label, uint32_t seg)
{
	const struct ted *t = w->c->t;
	uint32_t index = index_of(&t->nodes[w->at], label);
	bool is_label = index == TED_NONE;
	struct ted_node_sid_hit hit;
	int bound = is_label ? pce_walk_binding(w, NULL, label, seg) : 0;

	if (bound)
		return bound > 0;
	if (is_label && cross_adjacency(w, label))
		return true;
	hit = ted_node_sid_of(t, is_label ? label : index, is_label);
	if (hit.node == TED_NONE)
		return pce_walk_bad(w, seg,
				    arena_printf(w->c->out, "label %u means nothing at %s", label,
						 ted_node_label(t, w->at)));
	if (hit.twice)
		return pce_walk_bad(w, seg,
				    arena_printf(w->c->out, "label %u is the node SID of several nodes",
						 label));
	return pce_walk_to(w, &(struct pce_walk_goal){ hit.node, hit.sid->algo, hit.sid }, seg);
}

bool pce_walk_labels(struct pce_walk *w, const struct pce_list *list)
{
	for (uint32_t i = 0; i < list->n; i++)
		if (!walk_label(w, list->labels[i], i))
			return false;
	return true;
}
