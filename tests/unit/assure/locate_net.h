/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* A network of a generator's, the flows that run through it, and what is told of them. */
#include "assure/locate/locate.h"
#include "base/rng.h"

#define S UINT64_C(1000000000)
#define NOW (1000 * S)

enum { NODES = 12, LINKS_MAX = 128, FLOWS = 24, HOPS = 8, FACTS = 2048 };

struct net {
	struct rng rng;
	struct locate_link links[LINKS_MAX];
	uint32_t n_links;
	uint32_t hops[FLOWS][HOPS];
	struct locate_flow flows[FLOWS];
	struct locate_net net;
	struct locate_fact facts[FACTS];
	size_t n;
	bool dead[LINKS_MAX], total[FLOWS]; /* no packet passes; the flow is all gone */
};

uint32_t below(struct net *w, uint32_t n);
void wire(struct net *w, uint32_t a, uint32_t b);
uint32_t walk(struct net *w, uint32_t *hops);
void world(struct net *w, uint64_t seed);
struct locate_fact *tell(struct net *w, enum locate_kind kind);
void tell_flow(struct net *w, enum locate_kind kind, uint32_t flow, uint64_t lost, uint64_t of);
void tell_link(struct net *w, enum locate_kind kind, uint32_t link, uint64_t lost, uint64_t of);
void tell_node(struct net *w, enum locate_kind kind, uint32_t node);
bool runs_over(const struct net *w, uint32_t flow, uint32_t link);
bool runs_through(const struct net *w, uint32_t flow, uint32_t node);
bool turns_at(const struct net *w, uint32_t flow, uint32_t node);
void ladder(struct net *w, uint32_t flow, uint32_t link, uint32_t node, uint64_t lost);
void probe(struct net *w, uint32_t flow, bool forward, bool back);
