/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Inside of disjoint sets: the exact search, see branch.c. */
#include "pce/disjoint.h"
#include "pce/flow.h"

struct pce_set {
	struct pce_legs *l;
	const struct pce_leg *leg;
	uint32_t n;
	uint8_t diverse;
	bool bound_difference;
	uint32_t difference_us;
	uint32_t budget, branched;
	bool (*go_on)(void *arg); /* or NULL */
	void *arg;
	/* Paths that stay as they are: no leg may share with them. */
	const struct pce_way *fixed;
	uint32_t n_fixed;
	struct pce_trees *side; /* of legs that pce_search() searches; made when needed */
	bool fit;	   /* every path has to have a strict list that fits */
	uint32_t fits_max; /* searches for such a path at most, and how many there were */
	uint32_t fits;
	/* the answer */
	struct pce_way way[PCE_LEGS_MAX];
	uint64_t cost, least;
	bool found, unsure; /* unsure: a search gave up, "not found" proves nothing */
};

/* PCE_FOUND_NOT with least < UINT64_MAX: the budget ended. */
enum pce_found pce_branch(struct pce_set *b);

/* bottleneck.c: b has a set; of the legs that have an objective but MCP, the worst link becomes as good as
 * can be. own: the legs' requests, in order. */
enum pce_found pce_bottleneck(struct pce_set *b, struct pce_request *own, const enum pce_objective *of);
/* Load of the fullest link, the request on it. */
uint64_t pce_set_load(const struct pce_legs *l, const struct pce_request *req, const struct pce_way *w);

/* disjoint.c: the paths of a set; with lists that fit, headends having an MSD of depth_least at least. */
struct pce_fitting {
	bool on;
	uint32_t depth_least;
	bool as_asked; /* of a single leg: see pce_ctx */
	uint64_t *work;
};
void pce_disjoint_find(const struct ted *t, const struct pce_disjoint *req,
		       const struct pce_fitting *fit, struct arena *a, struct pce_disjoint_answer *out);
/* disjoint_why.c: there is no set, with fit none whose lists fit; fills in what stands in the way. With
 * fit also of a single leg, which is its path; its list strict, or as_asked. */
void pce_disjoint_why(const struct ted *t, const struct pce_disjoint *req,
		      const struct pce_fitting *fit, struct arena *a, struct pce_disjoint_answer *out);
/* disjoint_why.c: the path of a single leg, as pce_disjoint_find() those of a set. */
void pce_disjoint_single(const struct ted *t, const struct pce_request *req,
			 const struct pce_fitting *fit, struct arena *a,
			 struct pce_disjoint_answer *out);

/* What of a path nothing else may use: wires, transit nodes, SRLGs. */
bool pce_mark_way(struct pce_legs *l, const struct pce_way *w, uint8_t diverse, enum pce_how how);

enum pce_share_kind {
	PCE_SHARE_NONE,
	PCE_SHARE_SRLG,
	PCE_SHARE_NODE,
	PCE_SHARE_WIRE,
	PCE_SHARE_DELAY_MAX, /* not shared: a bound on the leg's delay */
	PCE_SHARE_DELAY_MIN,
};

struct pce_share {
	enum pce_share_kind kind;
	uint32_t id;
};

/* The first thing they share that they should not. False: no memory. */
bool pce_share_of(struct pce_legs *l, const struct pce_way *a, const struct pce_way *b,
		  uint8_t diverse, struct pce_share *out);

/* set_leg.c: one leg, under what is closed for it. */
struct pce_closed {
	const struct pce_share *at;
	uint32_t n;
	const struct pce_way *const *avoid; /* as in fixed */
	uint32_t n_avoid;
	const struct pce_way *const *soft; /* rather not */
	const uint64_t *soft_bps;	   /* what they carry, where links may be shared; or NULL */
	uint32_t n_soft;
	const struct pce_toll *toll;
	uint32_t n_toll;
	uint64_t most;
	bool soft_first;
	bool fit; /* a path with a list that fits; not with tolls */
};
enum pce_found pce_set_leg(struct pce_set *b, uint32_t leg, const struct pce_closed *c,
			   struct pce_way *out);
/* Has the leg's path a list that fits. */
bool pce_set_fits(struct pce_set *b, uint32_t leg, const struct pce_way *w);
