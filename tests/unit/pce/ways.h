/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Every simple path that keeps a request, on a small network: what tests of sets of paths compare
 * with. Written apart from the engine. */
#include "net.h"

enum { WAYS_MAX = 4000, WAYS_SRLGS = 6 };

struct way {
	uint64_t wires, lans, srlgs;
	uint32_t transit, nodes; /* bits; routers only */
	uint32_t link[NET_PATH], n;
	uint64_t cost, delay;
};

struct ways {
	struct way at[WAYS_MAX];
	uint32_t n;
};

/* What links and requests point at. */
struct ways_nums {
	uint32_t srlg[NET_LINKS][3], node[1], link[1], group[1];
};

void ways_all(const struct net *n, const struct pce_request *q, struct ways *out);
/* The engine's path is one of them; NULL: it is not, or not even a path. */
const struct way *ways_own(const struct net *n, const struct pce_request *q,
			   const struct pce_answer *a, const struct ways *w);

void ways_net(struct net *n, struct rng *r, struct ways_nums *x); /* with SRLGs */
struct pce_request ways_request(const struct net *n, struct rng *r);
void ways_terms(struct pce_request *q, const struct net *n, struct rng *r, struct ways_nums *x);
