/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Planning without a network: the path engine on files. A topology becomes a TED, requests and
 * demands become what the engine takes, answers become one JSON object. Formats: README.md.
 *
 * Files are hostile input: sizes and counts are bounded, and what is wrong is refused with one
 * line, "FILE:LINE: …" or "FILE: /json/pointer: …", in err (no newline). Readers return 0 or
 * -EINVAL (err says why).
 */
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/str.h"
#include "base/vec.h"
#include "pce/path.h"
#include "pce/ted.h"

enum {
	PLAN_FILE_MAX = 512 * 1024 * 1024,
	PLAN_NODES_MAX = 200000,
	PLAN_LINKS_MAX = 1000000,
	PLAN_REQUESTS_MAX = 500000,
	PLAN_DEPTH_MAX = 12, /* of JSON */
	PLAN_NAME_MAX = 64,
	PLAN_DELAY_MAX = 0xffffff, /* RFC 7471: 24 bits of microseconds */
};

#define PLAN_BPS_MAX UINT64_C(1000000000000000) /* 1 Pb/s */

enum plan_format {
	PLAN_JSON,
	PLAN_GRAPH, /* REPETITA */
	PLAN_CSV,
};

/* ---- topology ---- */

struct plan_net {
	enum plan_format format;
	struct arena arena; /* what nodes and links point at */
	VEC(struct ted_node) nodes;
	VEC(struct ted_link) links;
	VEC(char *) link_ids; /* by link, in arena: what the file calls it */
	struct hash by_id, by_link_id; /* while reading */
	/* Links of the file; those behind them are the other directions of links that have none,
	 * made so that the TED takes the link for usable: they have no metric and no capacity. */
	uint32_t n_told;
	uint32_t n_half, n_loops; /* unusable halves; links from a node to itself, left out */
	uint32_t n_parts;	  /* connected components over usable links */
	bool made_sids;		  /* no SID in the file: they are made up */
	const struct ted *ted;
};

void plan_net_init(struct plan_net *n);
/* Reads a topology in any of the formats; n was initialised and is finished by the caller. */
int plan_net_load(struct plan_net *n, const char *file, struct str *err);
/* The same from memory; name stands in errors. For tests and fuzzing. */
int plan_net_read(struct plan_net *n, const char *name, const char *text, size_t len,
		  struct str *err);
void plan_net_fini(struct plan_net *n);

/* ---- what is asked ---- */

enum plan_disjoint {
	PLAN_NOT_DISJOINT,
	PLAN_LINKS,
	PLAN_NODES,
	PLAN_SRLGS,
	PLAN_SRLGS_NODES,
};

/* One line of a request file; paths name nodes and links by index in the TED. */
struct plan_ask {
	char name[PLAN_NAME_MAX];
	struct pce_request r; /* what it points at is in the arena of plan_asks */
	enum plan_disjoint disjoint;
	uint8_t legs;		    /* 2 or more with disjoint */
	bool best_available;	    /* less disjoint will do, and is told */
	uint32_t delay_diff_us_max; /* between the legs; PCE_NO_BOUND */
	uint32_t delay_diff_us_told; /* by a tunnel.csv: see plan_options */
	bool has_known;
	uint64_t known; /* the optimum the file tells */
};

struct plan_demand {
	char name[PLAN_NAME_MAX];
	uint32_t src, dst;
	uint64_t rate_bps;
	uint32_t delay_us_max; /* PCE_NO_BOUND */
	uint32_t mid[3];       /* of now; TED_NONE at the end */
};

struct plan_asks {
	struct arena arena;
	struct hash names, demand_names;
	bool no_requests, no_demands; /* those of the JSON files read from now are passed over */
	VEC(struct plan_ask) asks;
	VEC(struct plan_demand) demands;
	uint32_t n_left_out; /* demands of a node with itself, in a matrix */
};

void plan_asks_init(struct plan_asks *a);
/* Requests and demands: tunnel.csv, REPETITA's .demands or JSON; adds to what is there. */
int plan_asks_load(struct plan_asks *a, const struct plan_net *n, const char *file,
		   struct str *err);
int plan_asks_read(struct plan_asks *a, const struct plan_net *n, const char *name,
		   const char *text, size_t len, struct str *err);
/* Each demand as a request for its rate within its delay bound. */
int plan_asks_from_demands(struct plan_asks *a, struct str *err);
void plan_asks_fini(struct plan_asks *a);

/* ---- work ---- */

/* false: stop with what there is. */
typedef bool (*plan_go_on_fn)(void *arg, const char *progress);

struct plan_options {
	uint64_t seed;
	bool timed;	       /* go_on() ends the work in time: no budget but that */
	uint64_t work;	       /* budget that does not depend on the machine; 0: none */
	uint8_t midpoints;     /* a demand, at most */
	double charge;	       /* utilisation that each moved demand must be worth */
	bool delay_difference; /* apply the column of tunnel.csv */
	bool book;	       /* requests take their bandwidth from those that come after */
	/* plan_reach(): from a router by id, name or address, at most so much, over at most so many */
	const char *from;
	enum pce_metric metric;
	uint32_t delay_us_max; /* PCE_NO_BOUND: none */
	uint8_t sids_max;      /* 1 .. PCE_REACH_SEGS_MAX */
	bool mpls;	       /* an adjacency segment is read where it begins, and not routed there */
	plan_go_on_fn go_on;   /* may be NULL; called some times a second */
	void *arg;
};

enum plan_rc {
	PLAN_FINE,
	PLAN_REFUSED,	 /* err says why */
	PLAN_INFEASIBLE, /* at least one request has no answer; out says which */
};

/* Each gives one JSON object (the caller puts it) and a plan_rc. */
int plan_path(const struct plan_net *n, const struct plan_asks *a, const struct plan_options *o,
	      json_object **out, struct str *err);
/* Sets of paths that share nothing, for the requests that ask for it; if none does, link-disjoint
 * pairs for all. */
int plan_disjoint(const struct plan_net *n, const struct plan_asks *a, const struct plan_options *o,
		  json_object **out, struct str *err);
/* Midpoints for all demands together: the fullest link as empty as can be. */
int plan_optimise(const struct plan_net *n, const struct plan_asks *a, const struct plan_options *o,
		  json_object **out, struct str *err);

/* What each router is reached for from one, with lists of node and adjacency segments (pce/reach.h): asks
 * are not looked at. PLAN_INFEASIBLE: at least one is not. */
int plan_reach(const struct plan_net *n, const struct plan_asks *a, const struct plan_options *o,
	       json_object **out, struct str *err);

/* What happens if X fails, for every link, node and SRLG: who loses what was asked for. */
int plan_fail(const struct plan_net *n, const struct plan_asks *a, const struct plan_options *o,
	      json_object **out, struct str *err);
