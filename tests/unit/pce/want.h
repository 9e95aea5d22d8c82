/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The oracle of constrained paths: every simple path is looked at, and judged by what the words
 * of path.h say. It shares no code with the engine.
 */
#include "net.h"

enum { WANT_SRLGS = 2, WANT_ALGO = 129 };

/* What net.h does not give a network: variation, loss, SRLGs, domains, a flexible algorithm. */
struct want_net {
	struct net n;
	uint32_t srlg[NET_LINKS][WANT_SRLGS];
	struct ted_fad fad;
};

void want_decorate(struct want_net *w, struct rng *r);

/* The best path; costs in the order they are compared. */
struct want {
	bool found;
	uint64_t load, cost, igp, hops;
	uint32_t path[NET_PATH];
	uint32_t n;
	uint64_t delay; /* of that path */
};

/* overload: overloaded nodes are not crossed. */
typedef void (*want_fn)(void *arg, const struct want *x);
void want_each(const struct want_net *w, const struct pce_request *q, bool overload, want_fn fn,
	       void *arg);
struct want want_best(const struct want_net *w, const struct pce_request *q, bool overload);
/* A path given, by the same rules; false: it is not one. */
bool want_judge(const struct want_net *w, const struct pce_request *q, const uint32_t *path,
		uint32_t n, struct want *out);
/* The request without one constraint; false: it did not have that one. */
bool want_drop(struct pce_request *q, enum pce_constraint c);

/* Any network, and any request on it: of every constraint there is, some. */
struct want_lists {
	uint32_t nodes[1], links[2], srlgs[2], asns[1];
	struct pce_pass pass[3];
};

void want_net_random(struct want_net *w, struct rng *r); /* decorated */
void want_request(const struct want_net *w, struct rng *r, struct want_lists *l,
		  struct pce_request *q);
/* Something to pass, of every kind. */
void want_passes(const struct want_net *w, struct rng *r, struct want_lists *l,
		 struct pce_request *q);
