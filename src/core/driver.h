/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The port between intent and a southbound driver (PCEP, gNMI). Values only, both ways. The
 * driver decides how a wish becomes messages; what the headend answers comes back as facts
 * through driver_sink. Loop thread only; no callback comes from inside a call downwards.
 */
#include "core/sr.h"

/* What a headend can do, learnt when its session came up. */
struct headend_caps {
	const char *southbound;	   /* whose session it is: "pcep", "gnmi"; NULL: not told */
	bool srv6, sr_mpls;	   /* path setup types 3 and 1 */
	bool update, initiate;	   /* RFC 8231 U, RFC 8281 I */
	bool sr_policy_assoc;	   /* association type 6, RFC 9862 */
	uint8_t msd_srv6;	   /* max H.Encaps (44), else smallest told; 0: not told */
	uint8_t msd_mpls;	   /* 0: not told or no limit flag */
	uint8_t lists;		   /* of one LSP with weights, RFC 10066; 0, 1: one alone */
};

/* A wish: bring this candidate path to this list. */
struct driver_lsp {
	struct sr_policy_key key;
	struct sr_cpath_id cpath;
	uint32_t preference;
	char name[SR_NAME_MAX];
	struct sr_list list;
	uint64_t bandwidth_bps;
	uint8_t setup_prio, hold_prio;
	struct ip_addr binding_sid; /* asked for; none: leave it to the headend */
	uint32_t plsp_id;	    /* of the LSP to update or delete; 0: initiate a new one */
	uint32_t session;	    /* plsp_id belongs to this session */
	bool take_over;		    /* RFC 8281: take an orphan of ours by its PLSP-ID, list unchanged */
};

enum {
	DRIVER_E_NO_SESSION = 1, /* no session, or still synchronising, or another session now */
	DRIVER_E_REFUSED = 2,	 /* the peer lacks the capability */
	DRIVER_E_FULL = 3,	 /* send queue full; told again by headend_ready */
};

struct driver_path_answer;

struct driver {
	const char *name; /* "pcep" */
	void *self;
	/* 0 and *txn (never 0), or DRIVER_E_*. The outcome is an lsp report or failure with txn. */
	int (*apply)(void *self, const struct driver_lsp *lsp, uint32_t *txn);
	int (*remove)(void *self, const struct driver_lsp *lsp, uint32_t *txn);
	/* Gives a delegation back (policy release): PCUpd with D=0. */
	int (*release)(void *self, const struct driver_lsp *lsp, uint32_t *txn);
	/* An answer nobody waits for any more is dropped. */
	void (*paths)(void *self, const struct driver_path_answer *answer);
};

struct driver_failure {
	struct ip_addr headend;
	uint32_t session;
	uint32_t txn;
	uint8_t type, value;	    /* PCErr */
	char text[SR_REASON_MAX];
};

/* ---- paths headends ask for (RFC 5440, 5541, 5521, 8800) ---- */

enum {
	DRIVER_SPOTS_MAX = 16, /* to pass, and to avoid */
	DRIVER_PATHS_MAX = 32, /* of one set */
};

/* Something in the network as a headend names it. */
struct driver_spot {
	enum { DRIVER_SPOT_NODE,	/* that an address in the prefix belongs to */
	       DRIVER_SPOT_LINK,	/* with an interface address in the prefix */
	       DRIVER_SPOT_LINK_SRLGS,	/* what those links share risks with */
	       DRIVER_SPOT_INTERFACE,	/* of the router with that address, number value */
	       DRIVER_SPOT_INTERFACE_SRLGS,
	       DRIVER_SPOT_AS,
	       DRIVER_SPOT_SRLG } kind;
	bool soft; /* to pass: others may come before it; to avoid: where that can be */
	struct ip_prefix prefix;
	uint32_t value;
};

/* Objective functions, numbers of RFC 5541. */
enum {
	DRIVER_OF_NONE = 0,
	DRIVER_OF_MCP = 1,
	DRIVER_OF_MLP = 2,
	DRIVER_OF_MBP = 3,
	DRIVER_OF_MBC = 4, /* from here on of sets */
	DRIVER_OF_MLL = 5,
	DRIVER_OF_MCC = 6,
};

struct driver_path_request {
	uint32_t request_id;
	struct ip_addr src, dst;
	uint8_t dataplane; /* enum sr_dataplane */
	uint64_t bandwidth_bps;
	bool has_delay_bound, has_hop_bound, has_igp_bound, has_te_bound;
	bool has_variation_bound, has_loss_bound;
	uint32_t delay_us_max, hops_max, igp_max, te_max, variation_us_max, loss_ppm_max;
	uint8_t metric_wanted; /* PCEP METRIC type to minimise: 1 IGP, 2 TE, 3 hops, 12 delay,
				  13 variation, 14 loss; 0 none */
	uint8_t objective;     /* DRIVER_OF_*, of one path */
	uint32_t exclude_any, include_any, include_all;
	uint8_t setup_prio, hold_prio;
	bool has_msd;
	uint8_t msd;
	uint8_t n_pass, n_avoid;
	struct driver_spot pass[DRIVER_SPOTS_MAX], avoid[DRIVER_SPOTS_MAX];
	bool shortest; /* in a disjoint set: its own best path, whatever the others do */
};

/* What paths of a set do not share; the flags of RFC 8800 and of SVEC. */
enum {
	DRIVER_DIVERSE_LINK = 1 << 0,
	DRIVER_DIVERSE_NODE = 1 << 1,
	DRIVER_DIVERSE_SRLG = 1 << 2,
};

/* One request, or several that are computed and answered together. */
struct driver_path_set {
	struct ip_addr headend;
	uint32_t session, ask;	/* ask: names it in the answer */
	uint8_t n;
	const struct driver_path_request *at; /* borrowed for the call */
	uint8_t objective;	/* DRIVER_OF_*, of the set */
	uint8_t metric;		/* METRIC type of what the set costs, 0: that of the first request */
	uint8_t diverse;	/* DRIVER_DIVERSE_ bits */
	bool best_available;	/* less disjoint is better than nothing */
};

/* Constraints that leave no path together: what a headend could ask less of. */
enum {
	DRIVER_UNMET_BANDWIDTH = 1 << 0,
	DRIVER_UNMET_AFFINITY = 1 << 1,
	DRIVER_UNMET_AVOID = 1 << 2,
	DRIVER_UNMET_PASS = 1 << 3,
	DRIVER_UNMET_DELAY = 1 << 4,
	DRIVER_UNMET_HOPS = 1 << 5,
	DRIVER_UNMET_IGP = 1 << 6,
	DRIVER_UNMET_TE = 1 << 7,
	DRIVER_UNMET_VARIATION = 1 << 8,
	DRIVER_UNMET_LOSS = 1 << 9,
	DRIVER_UNMET_MSD = 1 << 10,
};

struct driver_path_reply {
	bool found;
	struct sr_list list;
	uint32_t igp, te, delay_us, hops, variation_us, loss_ppm;
	uint8_t objective;	 /* that was used */
	uint32_t no_path_vector; /* RFC 5440 s7.5 bits, when not found */
	uint16_t unmet;		 /* DRIVER_UNMET_ bits, when not found */
};

struct driver_path_answer {
	struct ip_addr headend;
	uint32_t session, ask;
	uint8_t n;
	const struct driver_path_reply *at; /* in the order asked; all are found, or none */
	uint8_t objective; /* DRIVER_OF_* of the set that was used; NONE: paths one by one */
	uint8_t met;	   /* DRIVER_DIVERSE_ bits that hold */
	uint32_t fullest_ppb; /* MLL: load of the fullest link with the set on it; 0: not known */
};

/* Facts upward, implemented by intent. */
struct driver_sink {
	void (*headend_up)(void *arg, const struct ip_addr *headend, uint32_t session,
			   const struct headend_caps *caps);
	void (*headend_synced)(void *arg, const struct ip_addr *headend, uint32_t session);
	void (*headend_ready)(void *arg, const struct ip_addr *headend); /* after DRIVER_E_FULL */
	void (*headend_down)(void *arg, const struct ip_addr *headend, uint32_t session);
	void (*report)(void *arg, const struct lsp_state *lsp);
	void (*failed)(void *arg, const struct driver_failure *f);
	/* One paths() of the driver answers it, later or from inside the call. */
	void (*path_request)(void *arg, const struct driver_path_set *set);
};
