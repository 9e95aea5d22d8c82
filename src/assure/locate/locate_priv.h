/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* What the rules of localisation see. */
#include "assure/locate/locate.h"

/* Where a fact points to, seen from what it says. */
enum locate_where {
	TO_NOWHERE, /* the cause has no place */
	TO_NODE,    /* its node */
	TO_LINK,    /* its link, this direction */
	TO_WIRE,    /* its link, both directions */
	TO_ENDS,    /* the two nodes of its link */
	TO_FROM,    /* the node that sends into its link */
	TO_NEXT,    /* the link by which its flow leaves its node */
	TO_FLOW,    /* any link of its flow that others of its kind do not clear */
	TO_BACK,    /* the same, the other way */
	TO_PATH,    /* the causes that others speak for, on its flow's path */
	TO_HEAD,    /* the headend of its flow */
};

struct locate_case;

struct locate_rule {
	enum locate_kind kind;
	enum locate_class class;
	enum locate_where where;
	uint8_t weight;
	bool decisive; /* else it only speaks for what something else has found */
	/* NULL: always. at: the place, where there is one. */
	bool (*when)(const struct locate_case *c, const struct locate_fact *f, uint32_t at);
};

extern const struct locate_rule locate_rules[];
extern const size_t locate_n_rules;

enum { CLEAR_FORWARD, CLEAR_BACK, CLEAR_LARGE, CLEARS };

/* What is known beside the fact that is looked at. */
struct locate_case {
	const struct locate_net *net;
	const struct locate_when *when;
	const struct locate_fact *facts; /* those that count */
	uint32_t *origin;		 /* where each was in what was given */
	size_t n;
	uint8_t *gone;	/* by link: no longer announced */
	uint8_t *hurt;	/* by link: a flow loses packets somewhere that runs over it */
	uint64_t *alive_ns; /* by link: when packets of some flow came through; 0: not seen */
	uint64_t *drops; /* by link: of its queues */
	uint8_t *told;	/* by link: its queues were asked */
	uint8_t *full;	/* by link */
	uint8_t *open;	/* by link: probes, or flows that are well, come through */
	uint8_t *clear[CLEARS]; /* by link: probes of this kind came through */
	uint32_t *wires, *wires_gone; /* by node */
	uint8_t *stray, *ahead, *behind; /* by flow: seen elsewhere; probes come through that way */
	bool blind; /* no source of the topology is left */
	uint64_t blind_ns; /* since when */
};

bool locate_loses(const struct locate_case *c, const struct locate_fact *f);
bool locate_loses_all(const struct locate_fact *f);
bool locate_full(const struct locate_fact *f); /* a LOCATE_LINK_FULL */
bool locate_clock_moved(const struct locate_fact *f);
/* Which of the clear maps is of the kind; CLEARS: none. */
unsigned locate_clears(enum locate_kind k);

/* locate_case.c: 0 or -ENOMEM. */
int locate_case_init(struct locate_case *c, const struct locate_net *net,
		     const struct locate_when *when, struct arena *a);
int locate_case_read(struct locate_case *c, const struct locate_fact *facts, size_t n, struct arena *a);
