/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From routers to pass to the list that passes them: SRv6 node SIDs, packed where they may be. It
 * is not proven here that the list does what the optimiser thinks: whoever sends it expands it.
 */
#include "pce/pce_priv.h"
#include "pce/te_ted.h"

/* Of the node's own SIDs one that goes into containers, when those are allowed. */
static const struct ted_sid *choose(const struct ted *t, uint32_t node, bool usid,
				    struct pce_sid *is)
{
	const struct ted_node *n = &t->nodes[node];
	const struct ted_sid *best = NULL;

	for (uint32_t i = 0; i < n->n_sids; i++) {
		struct pce_sid x;

		pce_sid_read(&n->sids[i], &x);
		if (n->sids[i].algo != 0 || x.kind != PCE_SID_END || x.csid == PCE_CSID_REPLACE ||
		    !pce_sid_routed(t, &n->sids[i], node))
			continue;
		if (best && !(usid && x.csid == PCE_CSID_NEXT && is->csid != PCE_CSID_NEXT))
			continue;
		best = &n->sids[i];
		*is = x;
	}
	return best;
}

/* What the last segment is when the next SID can join it. */
struct open {
	const struct ted_sid *first;
	struct pce_sid is;
	unsigned used; /* bits behind the block */
};

static bool joins(const struct open *o, const struct ted_sid *s, const struct pce_sid *is)
{
	return o->first && is->csid == PCE_CSID_NEXT && is->lb == o->is.lb && is->ln == o->is.ln &&
	       o->used + is->len <= 128U - is->lb &&
	       pce_sid_same_block(&o->first->sid, &s->sid, is->lb);
}

bool te_segments_of(const struct ted *t, const uint32_t *nodes, uint32_t n, bool usid,
		    struct te_segments *out)
{
	struct open o = { 0 };

	out->n = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct pce_sid is;
		const struct ted_sid *s = choose(t, nodes[i], usid, &is);
		struct pce_segment *g;

		if (!s || out->n == PCE_SEGS_MAX)
			return false;
		if (joins(&o, s, &is)) {
			g = &out->at[out->n - 1];
			g->kind = PCE_SEG_CONTAINER;
			g->node = nodes[i];
			ip_bits_set(&g->sid, is.lb + o.used, is.len, is.value);
			o.used += is.len;
			continue;
		}
		out->at[out->n++] = (struct pce_segment){ .kind = PCE_SEG_NODE,
							  .behavior = s->behavior,
							  .sid = s->sid,
							  .structure = s->structure,
							  .node = nodes[i],
							  .link = TED_NONE };
		o = (struct open){ .first = usid && is.csid == PCE_CSID_NEXT ? s : NULL,
				   .is = is, .used = is.len };
	}
	return n > 0;
}
