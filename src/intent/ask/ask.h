/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Paths that headends ask for, inside of intent: request.c reads them, asked.c and synced.c find
 * paths (pure, on a worker), ask.c is the life of one question.
 */
#include "intent/intent_priv.h"

/* One request on one TED. What is to be avoided where that can be comes behind what must be. */
struct intent_wanted {
	struct pce_request req;
	uint32_t hard_nodes, hard_links, hard_srlgs, hard_asns;
	bool softer;   /* there is something to give up */
	bool too_much; /* named to be avoided: more than can be looked for */
};

/* A question with all it needs; reads the TED and snapshots only. */
struct intent_asked {
	const struct ted *ted;
	struct ip_addr headend;
	uint8_t n, objective, metric, diverse; /* as in struct driver_path_set */
	bool best_available;
	const struct driver_path_request *at;
	const struct intent_snap *const *snap; /* free bandwidth, by request */
	const uint8_t *msd;		       /* by request */
	struct arena *arena;
	/* out */
	struct intent_wanted *want;
	struct driver_path_reply *reply; /* n; set by the caller */
	uint8_t used, met;
	uint32_t fullest_ppb;
};

/* request.c */
enum pce_metric intent_metric_of(uint8_t pcep); /* of a METRIC type */
bool intent_wanted_of(const struct ted *t, const struct driver_path_request *q,
		      const struct ip_addr *headend, struct arena *a, struct intent_wanted *out);
void intent_wanted_soften(struct intent_wanted *w);

/* asked.c. Any thread. */
void intent_asked_run(struct intent_asked *q);
void intent_asked_found(struct intent_asked *q, uint32_t at, const struct pce_answer *ans);
void intent_asked_none(struct intent_asked *q, uint32_t at, const struct pce_answer *ans);

/* synced.c: paths of one set whose bandwidth has to fit together. False: no such paths, and
 * replies say why as far as they can. */
bool intent_synced_run(struct intent_asked *q);
