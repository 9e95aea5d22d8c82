/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Groups of policies that are kept apart from one another, for the files of this folder only.
 *
 * A member is evaluated against the ways of the others as they are at that moment: first only it
 * looks for another way (intent_eval_apart), and only when there is none all that may be moved
 * are placed together. What an evaluation on a worker saw of the others is compared when it is
 * admitted; where one of them has another way meanwhile, it has another turn.
 */
#include "intent/intent_priv.h"

enum {
	INTENT_GROUP_MAX = PCE_LEGS_MAX,
	INTENT_GROUP_BUDGET = 1000, /* branchings of one joint search */
};

/* ---- apart.c: what ways share ---- */

struct intent_way {
	const uint32_t *links;
	uint32_t n, src, dst; /* ends: nodes, TED_NONE when they are none */
};

/* Sorted, each once. */
struct intent_takes {
	uint32_t *wire, *node, *srlg;
	uint32_t n_wires, n_nodes, n_srlgs;
	uint32_t src, dst;
};

struct intent_shares {
	uint32_t links, nodes, srlgs; /* how many */
	uint32_t link, node, srlg;    /* one of each, where there is one */
};

/* False: no memory. */
bool intent_takes_of(const struct ted *t, const struct intent_way *w, struct arena *a,
		     struct intent_takes *out);
void intent_shares_of(const struct intent_takes *x, const struct intent_takes *y,
		      struct intent_shares *out);
uint8_t intent_shares_met(const struct intent_shares *s); /* PCE_DIVERSE_ bits that hold */
/* 0: as asked; the more the worse, in the order of pce/disjoint.h. */
uint32_t intent_shares_score(uint8_t asked, const struct intent_shares *s);
const char *intent_shares_text(const struct ted *t, uint8_t asked, const struct intent_shares *s,
			       char *buf, size_t cap);
/* Adds what x takes to what the request keeps off. False: x goes through an end of it, or no
 * memory. */
bool intent_keep_off(const struct ted *t, struct pce_request *req, const struct intent_takes *x,
		     uint8_t diverse, struct arena *a);

const char *intent_diverse_text(uint8_t diverse); /* as the model has it; "none" */

/* ---- group.c, on the loop ---- */

/* How a member stands to the others that are placed. */
struct intent_standing {
	uint8_t met; /* PCE_DIVERSE_ bits that hold with all of them */
	uint8_t others;
	uint32_t score;
	const struct intent_pol *with; /* while it is worked out: the worst, and what is shared */
	struct intent_shares is;
};

struct intent_member {
	struct intent_group *group;
	uint64_t print, generation; /* of the way that the others know of, and the TED it was seen on */
	struct intent_standing standing;
	char note[SR_REASON_MAX]; /* what is not met, for people */
};

void intent_groups_init(struct intent *i);
void intent_group_follow(struct intent_pol *p); /* what is desired of it is another */
void intent_group_leave(struct intent_pol *p);	/* fine without one */
void intent_group_news(struct intent_pol *p);	/* its way may be another */
const char *intent_group_note(const struct intent_pol *p);
bool intent_group_ok(const struct intent *i, const struct intent_policy *p, struct intent_result *r);
uint32_t intent_group_size(const struct intent *i, uint32_t id); /* members of one */
void intent_group_view(const struct intent_pol *p, struct intent_view *out);
/* For an evaluation; what it refers to is given back with unload. */
void intent_group_load(struct intent_pol *p, struct intent_eval *e, struct arena *a);
void intent_group_unload(struct intent_eval *e);
/* Of what it asks for of its group, and of the ways of the others in it: another when they are. */
uint64_t intent_group_print(const struct intent_pol *p);
/* Is what the evaluation was told of it and of the others still so? */
bool intent_group_same(const struct intent_pol *p, const struct intent_eval *e);

/* ---- an evaluation's view of the others; made on the loop, then its worker's ---- */

struct intent_peer {
	struct intent_desired *desired; /* referenced */
	struct sr_list list;
	uint32_t preference;
	uint32_t *links, *path; /* of the way it has */
	uint32_t n_links, n_path;
	bool fixed; /* it is not ours to move now */
	const struct sr_list *refused;
	uint8_t msd;
	struct intent_snap *snap; /* with bandwidth: the room it sees */
	struct book_own *own;
	uint32_t n_own;
	struct intent_takes takes; /* the worker's */
	/* out: where it goes for the best of the one evaluated */
	bool moves;
	struct intent_route to;
};

struct intent_group_eval {
	uint32_t id;
	uint8_t diverse;
	bool best_available;
	uint32_t n; /* peers with a way */
	struct intent_peer peer[INTENT_GROUP_MAX - 1];
	bool broken; /* there was no memory to tell all of it */
	bool ready;  /* the takes are there */
	uint32_t kept; /* score that the present list has to keep to be told as known */
	/* out */
	uint32_t now_score, best_score;
};

/* eval_group.c; pure */
bool intent_eval_apart(struct intent_eval *e, const struct intent_cpath *c, struct pce_request *req);
/* Why a strict member may not take these links; NULL: it may. *score, when it is asked for. */
const char *intent_eval_shares(struct intent_eval *e, const uint32_t *links, uint32_t n,
			       uint32_t *score);
bool intent_eval_group_keep(struct intent_eval *e, struct arena *a); /* what was found */

/* eval.c, for eval_group.c */
bool intent_eval_one(struct intent_eval *e, const struct intent_cpath *c,
		     const struct pce_request *req);
void intent_eval_why(struct intent_eval *e, const char *why);
/* What would help against it; before the reason is told, of which the first holds. */
void intent_eval_relax(struct intent_eval *e, const struct pce_relax *relax, uint32_t n, bool together);
void intent_route_of_answer(const struct ted *t, const struct pce_answer *ans,
			    const struct intent_cpath *c, uint8_t dataplane,
			    struct intent_route *out);
