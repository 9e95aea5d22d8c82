/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The port between intent and a southbound driver (PCEP today). Values only, both ways. The
 * driver decides how a wish becomes messages; what the headend answers comes back as facts
 * through driver_sink. Loop thread only; no callback comes from inside a call downwards.
 */
#include "core/sr.h"

/* What a headend can do, learnt when its session came up. */
struct headend_caps {
	bool srv6, sr_mpls;	   /* path setup types 3 and 1 */
	bool update, initiate;	   /* RFC 8231 U, RFC 8281 I */
	bool sr_policy_assoc;	   /* association type 6, RFC 9862 */
	uint8_t msd_srv6;	   /* max H.Encaps (44), else smallest told; 0: not told */
	uint8_t msd_mpls;	   /* 0: not told or no limit flag */
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

struct driver {
	const char *name; /* "pcep" */
	void *self;
	/* 0 and *txn (never 0), or DRIVER_E_*. The outcome is an lsp report or failure with txn. */
	int (*apply)(void *self, const struct driver_lsp *lsp, uint32_t *txn);
	int (*remove)(void *self, const struct driver_lsp *lsp, uint32_t *txn);
	/* Gives a delegation back (policy release): PCUpd with D=0. */
	int (*release)(void *self, const struct driver_lsp *lsp, uint32_t *txn);
};

struct driver_failure {
	struct ip_addr headend;
	uint32_t session;
	uint32_t txn;
	uint8_t type, value;	    /* PCErr */
	char text[SR_REASON_MAX];
};

/* Path asked for by a headend that delegates by PCReq (RFC 5440); answered at once. */
struct driver_path_request {
	struct ip_addr headend;
	uint32_t session, request_id;
	struct ip_addr src, dst;
	uint8_t dataplane; /* enum sr_dataplane */
	uint64_t bandwidth_bps;
	bool has_delay_bound, has_hop_bound, has_igp_bound, has_te_bound;
	uint32_t delay_us_max, hops_max, igp_max, te_max;
	uint8_t metric_wanted; /* PCEP METRIC type to minimise: 1 IGP, 2 TE, 3 hops, 12 delay; 0 none */
	uint32_t exclude_any, include_any, include_all;
	uint8_t setup_prio, hold_prio;
	bool has_msd;
	uint8_t msd;
};

struct driver_path_reply {
	bool found;
	struct sr_list list;
	uint32_t igp, te, delay_us, hops;
	uint32_t no_path_vector; /* RFC 5440 s7.5 bits, when not found */
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
	void (*path_request)(void *arg, const struct driver_path_request *req,
			     struct driver_path_reply *reply);
};
