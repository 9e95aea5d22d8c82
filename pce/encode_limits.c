/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a list may be, and how large the packets are then. Of RFC 9352 s4:
 * - Max H.Encaps: entries the headend imposes, service SIDs too.
 * - Max Segments Left: of each router that goes on to the next entry, the entries left when a
 *   packet gets there. A NEXT-C-SID that is not the last of its container does not look at the
 *   SRH and has no such limit.
 * - Max End Pop: of the router before the last entry, when its SID is one with PSP: all entries.
 * - Max End D: of the endpoint when it has to decapsulate: all entries. That PSP took the SRH off
 *   before is not counted on.
 * A list of one entry has no SRH (H.Encaps.Red). What a router does not tell does not bind.
 */
#include "pce/pce_priv.h"

uint32_t pce_msd(const struct pce_request *req)
{
	uint32_t n = req->msd && req->msd < PCE_SEGS_MAX ? req->msd : PCE_SEGS_MAX;

	return n > req->reserved ? n - req->reserved : 0;
}

static uint32_t depth(const struct pce_ctx *c)
{
	const struct ted_node *n = &c->t->nodes[c->req->src];
	uint32_t told = c->req->dataplane == PCE_MPLS ? n->msd_mpls : n->msd_h_encaps;
	uint32_t asked = pce_msd(c->req);

	if (told == 0)
		return asked;
	told = told > c->req->reserved ? told - c->req->reserved : 0;
	return told < asked ? told : asked;
}

uint32_t pce_depth(const struct pce_ctx *c)
{
	uint32_t n = depth(c), kept = c->req->reserved;
	uint32_t least = c->depth_least > kept ? c->depth_least - kept : 0;

	return n > least ? n : least;
}

bool pce_limits_node(const struct ted_node *n, uint32_t total)
{
	return total > 1 && ((n->msd_max_sl && total - 1 > n->msd_max_sl) ||
			     (n->msd_end_pop && total > n->msd_end_pop) ||
			     (n->msd_end_d && total > n->msd_end_d));
}

bool pce_limits_told(const struct pce_route *r, uint32_t total)
{
	if (r->c->req->dataplane == PCE_MPLS)
		return false;
	for (uint32_t i = 0; i <= r->n; i++)
		if (pce_limits_node(&r->c->t->nodes[r->node[i]], total))
			return true;
	return false;
}

bool pce_limit_next(const struct pce_route *r, const struct pce_elem *e, uint32_t count)
{
	const struct ted_node *n = &r->c->t->nodes[r->node[e->at]];
	uint32_t left;

	if (r->total < 2 || count >= r->total)
		return true;
	left = r->total - count;
	if (n->msd_max_sl && left > n->msd_max_sl)
		return false;
	return left > 1 || !(e->choice->is.flavors & PCE_PSP) || !n->msd_end_pop ||
	       r->total <= n->msd_end_pop;
}

bool pce_limit_end(const struct pce_route *r)
{
	const struct pce_request *q = r->c->req;

	uint8_t max = r->c->t->nodes[r->node[r->n]].msd_end_d;

	return (!q->reserved && !q->decapsulates) || r->total < 2 || !max || r->total <= max;
}

uint32_t pce_overhead(const struct pce_request *q, uint32_t n)
{
	n += q->reserved;
	if (q->dataplane == PCE_MPLS)
		return 4 * n;
	return 40 + (n > 1 ? 8 + 16 * n : 0);
}

uint32_t pce_narrow(const struct pce_ctx *c, const uint32_t *links, uint32_t n_links, uint32_t more, uint32_t *n)
{
	uint32_t at = TED_NONE;

	*n = 0;
	for (uint32_t i = 0; c->req->payload && i < n_links; i++) {
		uint32_t mtu = c->t->links[links[i]].mtu;

		if (mtu == 0 || c->req->payload + more <= mtu)
			continue;
		++*n;
		if (at == TED_NONE || mtu < c->t->links[at].mtu)
			at = links[i];
	}
	return at;
}

const char *pce_say_narrow(const struct pce_ctx *c, uint32_t link, uint32_t more, struct arena *a)
{
	char label[TED_LABEL_MAX];

	return arena_printf(a, "link %s carries packets of %u octets, %u and %u of the list need %u",
			    ted_link_label(c->t, link, label, sizeof(label)), c->t->links[link].mtu, c->req->payload,
			    more, c->req->payload + more);
}

const char *pce_mtu_check(struct pce_ctx *c, struct pce_answer *out)
{
	uint32_t more = pce_overhead(c->req, out->n_segs), n = 0;
	uint32_t at = pce_narrow(c, out->expansion.links, out->expansion.n_links, more, &n);
	uint32_t least;

	if (at == TED_NONE)
		return "";
	least = c->t->links[at].mtu;
	out->removed[PCE_C_MTU] = (struct pce_removed){
		.links = n, .decisive = true, .nearest = least > more ? least - more : 0
	};
	return pce_say_narrow(c, at, more, c->out);
}
