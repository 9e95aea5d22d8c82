/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Segment routing values shared by every room: segments, SID structure, policy identity
 * (RFC 9256 section 2), candidate paths, what a headend reports.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/ip.h"

enum {
	SR_SEGS_MAX = 16,	/* of one list; an MSD above it is cut to it */
	SR_LISTS_MAX = 8,	/* of one candidate path */
	SR_NAME_MAX = 128,	/* with the NUL */
	SR_REASON_MAX = 256,
};

/* Data plane of a list; PCEP path setup type 1 or 3 (RFC 8408, 8664, 9603). */
enum sr_dataplane {
	SR_SRV6 = 0,
	SR_MPLS = 1,
};

/* Bits of locator block, locator node, function and argument; all 0: unknown (RFC 9514 s8). */
struct sr_sid_structure {
	uint8_t lb, ln, fun, arg;
};

/* Endpoint behaviours, IANA "SRv6 Endpoint Behaviors" (RFC 8986, 9800). */
enum {
	SR_BEHAVIOR_END = 1,
	SR_BEHAVIOR_END_X = 5,
	SR_BEHAVIOR_END_DX6 = 16,
	SR_BEHAVIOR_END_DX4 = 17,
	SR_BEHAVIOR_END_DT6 = 18,
	SR_BEHAVIOR_UN = 43, /* End with NEXT-CSID */
	SR_BEHAVIOR_UA = 52, /* End.X with NEXT-CSID */
	SR_BEHAVIOR_UDT6 = 62,
	SR_BEHAVIOR_OPAQUE = 0xffff,
};

enum sr_seg_kind {
	SR_SEG_NODE,	 /* End / uN / node-SID label */
	SR_SEG_ADJ,	 /* End.X / uA / adjacency label */
	SR_SEG_CONTAINER, /* several C-SIDs packed in one address (RFC 9800) */
	SR_SEG_OTHER,	 /* binding or service SID, or unknown to us */
};

/* One entry of a SID list as it is sent. */
struct sr_segment {
	uint8_t kind; /* enum sr_seg_kind */
	uint8_t algo;
	uint16_t behavior;		/* SRv6, of the first SID; SR_BEHAVIOR_OPAQUE when unknown */
	struct ip_addr sid;		/* SRv6 */
	uint32_t label;			/* SR-MPLS, 20 bits */
	struct sr_sid_structure structure;
	struct ip_addr nai_local, nai_remote; /* node: local only; adjacency: both; may be none */
};

struct sr_more;

/*
 * The list of a candidate path; of one with several (RFC 9256 s2.11) the first, and the others behind
 * it. A copy borrows those: who keeps one makes it his own with sr_list_keep(). What stands in `at`
 * behind the last segment means nothing.
 */
struct sr_list {
	uint8_t dataplane; /* enum sr_dataplane */
	uint8_t n;
	const struct sr_more *more; /* NULL: there is one list */
	struct sr_segment at[SR_SEGS_MAX];
};

/* A flow takes list k with the probability of its weight to the sum of all. */
struct sr_more {
	uint32_t weight; /* of the first list, 1 at least, as are the others; all together UINT32_MAX at most */
	uint8_t n;
	struct sr_weighted {
		uint32_t weight;
		struct sr_list list; /* has no more itself */
	} at[SR_LISTS_MAX - 1];
};

/* As an assignment, without what means nothing: most lists are short, and there are many. */
void sr_list_set(struct sr_list *to, const struct sr_list *from);
bool sr_list_eq(const struct sr_list *a, const struct sr_list *b); /* SIDs, labels and weights only */
int sr_list_keep(const struct sr_list *from, struct sr_list *to); /* 0; -ENOMEM: to has the first alone */
void sr_list_drop(struct sr_list *l);				  /* what sr_list_keep() made */
unsigned sr_list_count(const struct sr_list *l);
const struct sr_list *sr_list_nth(const struct sr_list *l, unsigned k); /* 0: itself */
uint32_t sr_list_weight(const struct sr_list *l, unsigned k);
uint64_t sr_list_total(const struct sr_list *l); /* of all weights */
/* What weights are to each other is all they say: those of others, 0 among them, are made such as there may be. */
void sr_weights_fit(struct sr_more *m);
/* What of a rate to reckon with where units of total may come: the exact share, rounded up. */
uint64_t sr_share(uint64_t bps, uint64_t units, uint64_t total);

/* RFC 9256 section 2.1; and which of two LSPs that are candidate paths of the same policy. */
struct sr_policy_key {
	struct ip_addr headend;
	uint32_t color;
	struct ip_addr endpoint;
	uint8_t leg; /* 0: the one; 1: its standby, which the headend takes when that fails */
};

enum { SR_LEG_MAX = 1 };

int sr_policy_key_cmp(const struct sr_policy_key *a, const struct sr_policy_key *b);

enum { SR_KEY_TEXT_MAX = 2 * IP_TEXT_MAX + 14 };

/* "headend,color,endpoint", the form of URIs and the CLI; ",1" follows for a standby. */
const char *sr_policy_key_text(const struct sr_policy_key *k, char *buf, size_t cap);
int sr_policy_key_parse(const char *text, struct sr_policy_key *out); /* 0 or -EINVAL */

/* Candidate path identity: protocol origin, originator, discriminator (RFC 9256 s2.6). */
struct sr_cpath_id {
	uint8_t origin; /* 10 PCEP, 20 BGP, 30 configuration */
	uint32_t asn;
	struct ip_addr originator;
	uint32_t discriminator;
};

/* Operational states of RFC 8231 section 7.3, same numbers. */
enum lsp_oper {
	LSP_DOWN = 0,
	LSP_UP = 1,
	LSP_ACTIVE = 2,
	LSP_GOING_DOWN = 3,
	LSP_GOING_UP = 4,
};

/*
 * What a headend said of one LSP. Values only; the name is the identity across sessions, the
 * PLSP-ID only inside one and never stored.
 */
struct lsp_state {
	struct ip_addr headend;	    /* the peer's configured headend address */
	uint32_t session;	    /* changes with every new session of that headend */
	uint32_t plsp_id;
	char name[SR_NAME_MAX];
	bool has_key;		    /* colour and endpoint known (association or vendor object) */
	uint32_t color;
	struct ip_addr endpoint;    /* also from the LSP identifiers; IP_NONE when unknown */
	bool has_cpath;
	struct sr_cpath_id cpath;
	bool has_preference;
	uint32_t preference;
	uint8_t oper;		    /* enum lsp_oper */
	bool delegated;		    /* to us: D */
	bool pce_initiated;	    /* C */
	bool admin_up, sync, removed;
	struct sr_list list;	    /* what the headend says is (or would be) in use */
	bool list_truncated;	    /* longer than SR_SEGS_MAX */
	uint8_t lists_down;	    /* bit k: list k, of several, carries nothing for now; a PCC's own */
	uint64_t bandwidth_bps;	    /* 0: none reported */
	struct ip_addr binding_sid; /* SRv6; none when not reported */
	uint32_t binding_label;
	uint32_t txn;		    /* of ours that this answers; 0: unsolicited */
	uint8_t setup_prio, hold_prio;
	uint16_t error;		    /* LSP-ERROR-CODE, 0 none */
};
