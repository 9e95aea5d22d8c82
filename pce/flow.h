/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * n paths of one leg that share no link, or no transit node, with the least sum of costs: a flow
 * of n units, one augmentation a path (Suurballe, Bhandari). The reverse tree gives potentials
 * before anything was searched, so that every search stops at the target after what the detour
 * costs. Bounds of the leg are not looked at.
 *
 * A link and its reverse are one wire, and a LAN (a pseudonode) is one wire too: two paths never
 * share it, whatever kind of disjointness is asked for.
 */
#include "pce/leg.h"

/* What a second path through it would have to save at least: prices under which every path of
 * the flow is a cheapest one. They make a lower bound for sets under more constraints. */
struct pce_toll {
	bool node;
	uint32_t id; /* link or node index */
	uint32_t price;
};

struct pce_flow {
	struct pce_way *way; /* n, cheapest first, in scratch */
	uint32_t n;	     /* found: fewer than asked for when there are no more */
	struct pce_toll *toll;
	uint32_t n_toll;
	uint64_t tolls; /* of all of them */
};

/* Under the marks that are closed. */
enum pce_found pce_flow(struct pce_legs *l, const struct pce_leg *g, uint32_t n, bool nodes,
			struct pce_flow *out);
