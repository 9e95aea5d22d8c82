/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Where lists of headends lead, and what two of them share: apart from the engine and intent. */
#include "world.h"

struct way {
	bool wire[WORLD_LINKS / 2]; /* the two directions of a link */
	bool node[WORLD_NODES];
	uint32_t srlg[WORLD_LINKS];
	unsigned n_srlg;
	uint32_t src, dst;
};

/* All links that packets of the policy's list, as its headend has it, may use. */
void way_walk(const char *headend, uint32_t color, const char *endpoint, struct way *out);
void way_add(struct way *w, uint32_t link);
uint8_t ways_met(const struct way *x, const struct way *y); /* PCE_DIVERSE_ bits */
unsigned ways_shared_wires(const struct way *x, const struct way *y);
/* The order of pce/disjoint.h: 0 as asked, then by SRLG, by node, by link, 4 not at all. */
unsigned ways_rung(uint8_t asked, uint8_t met);
