/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The PCC role: a router's sessions to its PCEs (agent, simulator, tests). The owner keeps the
 * LSPs; pcc speaks for it: Open, state synchronisation from the owner's dump, reports, and what
 * PCEs ask. Loop thread only; no callback comes from inside a call.
 */
#include "core/driver.h"
#include "core/session.h"
#include "core/sr.h"
#include "loop/loop.h"
#include "net/net.h"

struct pcc;

struct pcc_cfg {
	uint8_t keepalive_s, dead_s;  /* 0: 30 and 120 */
	bool srv6, sr_mpls;	      /* path setup types 3 and 1 */
	uint8_t msd_srv6;	      /* told as Max-H.Encaps, sub-TLV 27 of RFC 9603; 0: not told */
	uint8_t msd_mpls;	      /* RFC 8664; 0: not told */
	uint8_t lists;		      /* of one LSP, with weights (RFC 10066), SR_LISTS_MAX at most; 0, 1: one */
	struct ip_addr router_id;     /* tunnel sender of our LSP identifiers */
	uint64_t retry_ns_min, retry_ns_max; /* of connecting; 0: 1 s and 60 s */
};

struct pcc_pce_cfg {
	uint32_t number;	 /* 1 … : names this PCE in calls and callbacks */
	struct ip_addr addr, source; /* source none: any */
	uint16_t port;		 /* 0: 4189 */
	bool insecure;
	struct net_tls *tls;	 /* referenced; NULL: not */
	char server_name[128];	 /* whom to expect with TLS; "" anyone the CA signed */
	struct net_md5 md5;
};

enum {
	PCC_E_INSECURE = 1,
	PCC_E_CONFIG = 2,
};

enum pcc_ask {
	PCC_ASK_INITIATE, /* wish.name is new to the network, or known: the owner decides */
	PCC_ASK_UPDATE,	  /* of wish.plsp_id: list, bandwidth, priorities, preference, admin_up */
	PCC_ASK_REMOVE,	  /* PCInitiate with R: of wish.plsp_id */
	PCC_ASK_TAKE,	  /* PCInitiate with the PLSP-ID of an orphan: delegate it to this PCE */
	PCC_ASK_RELEASE,  /* PCUpd with D=0: the PCE gives the delegation back */
};

/* What a PCE asks. Exactly one pcc_report() with txn = srp_id or one pcc_refuse() answers it;
 * further reports of the same LSP may follow with txn 0 or the same txn (going up, then up). */
struct pcc_request {
	enum pcc_ask ask;
	uint32_t srp_id;
	/* wish: name, key, cpath, preference, list, bandwidth, priorities, binding SID as far as
	 * told; has_list false: the request leaves the list as it is. Further lists are borrowed for
	 * the call. */
	bool has_list, has_bandwidth, has_prios, has_admin;
	struct lsp_state wish;
};

/* ---- path requests ---- */

enum { PCC_TELL_MAX = 8, PCC_ASKED_MAX = 1024 }; /* requests without an answer, of one PCE */

struct pcc_path {
	struct driver_path_request want; /* its request_id is given here */
	uint16_t of;	  /* OF code, 0: none */
	bool supply_of;	  /* RP flag: tell what was used */
	bool fail;	  /* F flag of the exclusions */
	bool insist;	  /* P flag on all there is */
	uint8_t n_tell, tell[PCC_TELL_MAX]; /* METRIC types to be told beside metric_wanted */
	uint16_t group;	  /* disjoint association of ours, 0: none */
	uint32_t disjoint; /* its flags, RFC 8800 s4.2 */
};

struct pcc_path_set {
	const struct pcc_path *at;
	unsigned n;
	bool svec;
	uint32_t svec_flags, svec_missing; /* svec_missing: the SVEC names one more, by this id */
	uint16_t svec_of;
	bool svec_insist;
	uint8_t n_tell, tell[PCC_TELL_MAX]; /* METRIC types of the set */
};

struct pcc_metric {
	uint8_t type;
	bool bound, computed;
	uint64_t value;
};

/* What came back for one request. */
struct pcc_path_reply {
	uint32_t request_id;
	enum { PCC_PATH_FOUND, PCC_PATH_NONE, PCC_PATH_ERROR } what;
	struct sr_list list;
	uint8_t n_metrics, n_set_metrics;
	struct pcc_metric metrics[PCC_TELL_MAX], set_metrics[PCC_TELL_MAX];
	uint64_t bandwidth_bps; /* 0: not told */
	uint16_t of, set_of;	/* 0: not told */
	bool has_status;
	uint32_t status; /* DISJOINTNESS-STATUS */
	/* without a path */
	bool unsatisfied; /* C flag: constraints came back */
	uint32_t vector;
	bool lspa, iro, xro; /* that came back */
	uint8_t type, value; /* PCErr */
	uint32_t missing;    /* REQ-MISSING, 0: none */
};

struct pcc_ops {
	/* The dump of state synchronisation: *cursor is 0 first; false ends it. st.delegated is
	 * whether it is delegated to this PCE. */
	bool (*next)(void *arg, uint32_t pce, uint64_t *cursor, struct lsp_state *st);
	void (*up)(void *arg, uint32_t pce);	/* Open is done; the dump begins (may be NULL) */
	void (*synced)(void *arg, uint32_t pce); /* the dump is out (may be NULL) */
	void (*down)(void *arg, uint32_t pce, const char *why); /* may be NULL */
	void (*request)(void *arg, uint32_t pce, const struct pcc_request *r);
	/* After NET_E_FULL: there is room again; the owner reports what it still owes. */
	void (*writable)(void *arg, uint32_t pce); /* may be NULL */
	void (*path)(void *arg, uint32_t pce, const struct pcc_path_reply *r); /* may be NULL */
};

/* cfg is copied; next and request must be there. */
int pcc_new(struct pcc **outp, struct loop *loop, struct net *net, const struct pcc_cfg *cfg,
	    const struct pcc_ops *ops, void *arg);
struct pcc *pcc_free(struct pcc *p);
AUTO_DEFINE(struct pcc, pcc_free)
/* Adds or changes a PCE; unchanged ones are not disturbed. 0, PCC_E_*, or -errno. */
int pcc_pce_set(struct pcc *p, const struct pcc_pce_cfg *cfg);
int pcc_pce_del(struct pcc *p, uint32_t number); /* 0, or 1 when there is none */
/* Close (reason 1) to all, no new sessions; free some moments later. */
void pcc_stop(struct pcc *p);

/* One PCRpt. lsp->removed: R; lsp->txn: the SRP-ID it answers. 0; NET_E_FULL: not sent, see
 * writable; 2: no session, or its dump has not come to this LSP yet (it will be in it). */
int pcc_report(struct pcc *p, uint32_t pce, const struct lsp_state *lsp);
/* PCErr about a request. */
int pcc_refuse(struct pcc *p, uint32_t pce, uint32_t srp_id, uint8_t type, uint8_t value);
/* One PCReq. ids: set->n of them, to tell the replies by; each gets one, or is lost with the session.
 * 0; NET_E_FULL: too many are unanswered, or no room; 2: no session. */
int pcc_ask(struct pcc *p, uint32_t pce, const struct pcc_path_set *set, uint32_t *ids);
bool pcc_is_up(const struct pcc *p, uint32_t pce);
struct session_query pcc_sessions(struct pcc *p);
