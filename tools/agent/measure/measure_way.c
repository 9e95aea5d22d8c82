/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy's list as the way of probes to its endpoint. Linux forwards what its own End or uN hands
 * on, also to an address of its own, and drops it there: a list that ends in the SID of the
 * reflector's own router would never be answered. That SID is left out at the end, for the
 * reflector's address leads to the same router by the same routes. One that leaves by a certain
 * link (End.X, uA) stays: what it hands on arrives from outside.
 */
#include <string.h>

#include "tools/agent/measure/measure.h"

enum {
	BLOCK = 32, /* where a structure is not told: F3216 of RFC 9800, as routers come */
	CSID = 16,
	LOCAL_FIRST = 0xe000, /* C-SIDs of links; those of nodes are below */
};

static unsigned csid_at(const struct ip_addr *sid, unsigned bit)
{
	return (unsigned)sid->b[bit / 8] << 8 | sid->b[bit / 8 + 1];
}

/* C-SIDs from bit on; 0: it is no container, as there are holes. */
static unsigned csids(const struct ip_addr *sid, unsigned bit)
{
	unsigned n = 0;

	for (; bit + CSID <= 128 && csid_at(sid, bit); bit += CSID)
		n++;
	for (; bit + CSID <= 128; bit += CSID) {
		if (csid_at(sid, bit))
			return 0;
	}
	return n;
}

/* False: all of it is the SID of a router. */
static bool cut(const struct sr_segment *s, struct ip_addr *sid)
{
	const struct sr_sid_structure *t = &s->structure;
	unsigned block = t->lb ? t->lb : BLOCK, n, last;
	bool compressed = block % 8 == 0 && block + CSID <= 128 &&
			  (!t->lb || t->ln == CSID || t->fun == CSID);

	n = compressed ? csids(sid, block) : 0;
	if (n == 0)
		return s->kind != SR_SEG_NODE;
	last = block + (n - 1) * CSID;
	if (csid_at(sid, last) >= LOCAL_FIRST || (n == 1 && s->kind == SR_SEG_ADJ))
		return true;
	memset(&sid->b[last / 8], 0, CSID / 8);
	return n > 1;
}

int agent_measure_way(const struct sr_list *list, struct ip_addr seg[AGENT_STAMP_SEGMENTS])
{
	struct ip_addr last;
	unsigned n = list->n;

	if (n == 0)
		return 0;
	last = list->at[n - 1].sid;
	if (!cut(&list->at[n - 1], &last))
		n--;
	for (unsigned i = 0; i < n && i < AGENT_STAMP_SEGMENTS; i++)
		seg[i] = i == list->n - 1U ? last : list->at[i].sid;
	return (int)n;
}
