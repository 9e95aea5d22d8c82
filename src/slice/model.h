/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * What operators and tenants write, as values: SLO/SLE templates, slice services, network
 * resource partitions. Read from documents: the JSON (RFC 7951) of one list entry of
 * ietf-network-slice-service, sextant-slice or ietf-nrp. Pure: no I/O, no clock, no globals.
 *
 * Names of identities may come with the prefix of their module or without.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/ip.h"
#include "core/sr.h"
#include "pce/ted.h"

enum {
	SLICE_ID_MAX = 112,	    /* with the NUL; of every id a document holds */
	SLICE_DOC_MAX = 256 * 1024, /* octets of a document */
	SLICE_FIELD_MAX = 384,	    /* two ids and what is around them */
	SLICE_TEXT_MAX = 256,	    /* of other texts */
	SLICE_SDPS_MAX = 256, /* of a service; so it is with what follows */
	SLICE_GROUPS_MAX = 64,
	SLICE_CONSTRUCTS_MAX = 1024,
	SLICE_FLOWS_MAX = 1024,
	SLICE_INHERIT_MAX = 16, /* templates above one another */
	SLICE_ADDRS_MAX = 8,
	SLICE_ACTIONS_MAX = 8,
	SLICE_LINKS_MAX = 4096, /* of an NRP */
	SLICE_COLORS = 0x40000000, /* ours are from here on, so many: operators keep to others */
};

/* Where a document is wrong, and what to do about it. */
struct slice_fault {
	char field[SLICE_FIELD_MAX]; /* below its list entry: "sdps/sdp[id='a']/node-id" */
	char text[SR_REASON_MAX];
};

/* ---- service level objectives and expectations ---- */

enum slice_metric {
	SLICE_BW_ONE_WAY,
	SLICE_BW_TWO_WAY,
	SLICE_BW_SHARED,
	SLICE_DELAY_MAX,
	SLICE_DELAY_PCT,
	SLICE_DELAY2_MAX, /* two-way */
	SLICE_DELAY2_PCT,
	SLICE_VARIATION_MAX,
	SLICE_VARIATION_PCT,
	SLICE_VARIATION2_MAX,
	SLICE_VARIATION2_PCT,
	SLICE_LOSS,
	SLICE_LOSS2,
	SLICE_METRICS,
};

const char *slice_metric_name(enum slice_metric m); /* of the identity, without prefix */

/* Bandwidth bit/s, times nanoseconds, loss ppm. */
struct slice_bound {
	bool set;		   /* said at all */
	uint64_t value;		   /* 0: said to have no bound */
	uint32_t percentile_milli; /* 99900: 99.9; 0: not said */
};

enum { SLICE_ALSO_MAX = 4 };

/* A bound beside the strictest of its kind, which is for more packets than that; us 0: there is none, nor are any after. */
struct slice_also {
	uint32_t us, milli; /* milli: for which share, 99900 is 99.9 %, 0 all */
};

enum { SLICE_SECURE_AUTHENTICATION = 1, SLICE_SECURE_INTEGRITY = 2, SLICE_SECURE_ENCRYPTION = 4 };
enum { SLICE_ISOLATE_TRAFFIC = 1, SLICE_ISOLATE_RESOURCE = 2 };

enum { SLICE_NINES_MAX = 6 };

struct slice_slo {
	struct slice_bound bound[SLICE_METRICS];
	uint8_t nines;		/* of availability, 2 to 6; 0: not said */
	uint32_t mtu;		/* 0: not said */
	bool has_security, has_isolation, has_diversity, has_occupancy;
	uint8_t security, isolation;
	uint8_t diversity;	/* PCE_DIVERSE_ bits */
	uint8_t occupancy;
};

/* What one level says: a template's name, bounds of its own, or neither. */
struct slice_policy {
	const char *template_ref; /* NULL: none */
	bool custom;
	struct slice_slo slo;
	enum { SLICE_PARTIAL, SLICE_FULL } override; /* of the level above; partial when not said */
};

struct slice_template {
	const char *id, *parent; /* parent NULL: none */
	const char *lower;	 /* the next lower tier: what is offered where there is no room; NULL: none */
	struct slice_slo slo;
};

/* Exactly these units; see units.c. 0, or -EINVAL with what is wrong in *why. */
int slice_unit(enum slice_metric m, const char *unit, uint64_t bound, uint64_t *out, const char **why);

/* ---- the service ---- */

enum slice_match_type {
	SLICE_MATCH_ANY,
	SLICE_MATCH_INTERFACE,
	SLICE_MATCH_VLAN,
	SLICE_MATCH_LABEL,
	SLICE_MATCH_SRC,
	SLICE_MATCH_DST,
	SLICE_MATCH_DSCP,
	SLICE_MATCH_ACL,
	SLICE_MATCH_APN,
	SLICE_MATCH_FLOW,
};

/* One term; those of a criterion are all to hold, one of its values is enough. */
struct slice_match {
	enum slice_match_type type;
	uint32_t n;
	const uint32_t *numbers;	   /* vlan, label, dscp, apn */
	const char *const *names;	   /* interface, acl */
	const struct ip_prefix *prefixes;  /* source, destination */
	struct {			   /* flow */
		bool has_protocol;
		uint8_t protocol;
		struct ip_prefix src, dst; /* IP_NONE: any */
		uint16_t src_port, dst_port; /* 0: any */
	} flow;
};

enum slice_role {
	SLICE_ROLE_ANY, /* any-to-any, also when not said */
	SLICE_ROLE_HUB,
	SLICE_ROLE_SPOKE,
	SLICE_ROLE_SENDER,
	SLICE_ROLE_RECEIVER,
};

struct slice_criterion {
	uint32_t index; /* the order they are tried in */
	uint32_t group; /* index into groups */
	enum slice_role role;
	const char *construct; /* NULL: all of the group */
	const struct slice_match *match;
	uint32_t n_match;
};

struct slice_rates {
	uint64_t cir, pir, cbs, pbs; /* bit/s and octets; 0: not said */
};

struct slice_ac {
	const char *id, *node, *port; /* "" when not said */
	struct ip_prefix v6, v4;      /* address as given, with its length */
	const struct ip_prefix *behind; /* of the customer, by next_hop (IP_NONE: on the link) */
	struct ip_addr next_hop;
	struct slice_rates in;
	uint32_t n_behind;
	uint32_t mtu, vlan;	      /* 0: none */
	bool down;
};

struct slice_sdp {
	const char *id, *node; /* node "" when not said */
	struct ip_addr addr[SLICE_ADDRS_MAX];
	uint8_t n_addr;
	bool down;
	const struct slice_criterion *criteria; /* by index */
	const struct slice_ac *acs;
	uint32_t n_criteria, n_acs;
	struct slice_rates in, out; /* into the network, out of it */
};

enum slice_connectivity {
	SLICE_ANY_TO_ANY,
	SLICE_HUB_SPOKE,
	SLICE_P2P,
	SLICE_P2MP,
	SLICE_MP2MP,
	SLICE_MP2P,
};

struct slice_end {
	uint32_t sdp; /* index into sdps */
	struct slice_policy policy; /* of an a2a construct only */
};

struct slice_construct {
	const char *id;
	enum { SLICE_C_P2P, SLICE_C_P2MP, SLICE_C_A2A } kind;
	struct slice_end *ends; /* p2p and p2mp: the sender first */
	uint32_t n_ends;
	struct slice_policy policy;
	bool down, made; /* made: from roles, no document has it */
};

struct slice_group {
	const char *id;
	enum slice_connectivity connectivity;
	struct slice_policy policy;
	struct slice_construct *constructs;
	uint32_t n_constructs;
};

enum slice_admin { SLICE_ADMIN_UP, SLICE_ADMIN_DOWN, SLICE_ADMIN_PRE };
enum slice_sharing { SLICE_SHARED, SLICE_RESERVED, SLICE_DEDICATED };
enum slice_transport { SLICE_SR_POLICY, SLICE_FLEX_ALGO, SLICE_BEST_EFFORT };
enum slice_southbound { SLICE_SOUTH_ANY, SLICE_PCEP, SLICE_BGP, SLICE_GNMI };
enum slice_steering { SLICE_BY_COLOR, SLICE_BY_DSCP, SLICE_BY_FLOW, SLICE_BY_APN, SLICE_BY_AC };

struct slice_realisation {
	const char *parent; /* NULL: none */
	uint32_t nrp, color;
	uint8_t flex_algo, priority;
	bool algo_is_nrps; /* flex_algo was not ordered: its partition's */
	enum slice_transport transport;
	enum slice_southbound southbound;
	enum slice_steering steering;
	enum slice_sharing sharing;
	uint64_t begins_s; /* since 1970; 0, or over: at once */
	uint64_t ends_s;   /* 0: it stays until it is deleted */
};

struct slice_assurance {
	bool said; /* else nothing is measured, and the rest says what would be */
	bool alt_mark, stamp;
	uint16_t period_ms;
	enum { SLICE_HOPS_NEVER, SLICE_HOPS_ON_DEGRADE, SLICE_HOPS_ALWAYS } hops;
	uint8_t windows_to_violate, windows_to_clear, at_risk_pct;
};

enum slice_action_kind {
	SLICE_SWITCH,
	SLICE_REROUTE,
	SLICE_REBALANCE,
	SLICE_RESIZE_NRP,
	SLICE_SHED,
	SLICE_NOTIFY,
};

struct slice_action {
	uint8_t order;
	enum slice_action_kind kind;
	bool by_operator;
};

struct slice_repair {
	struct slice_action action[SLICE_ACTIONS_MAX];
	uint8_t n_actions, max_per_hour;
	uint16_t hold_down_s;
	bool revertive;
	uint32_t restore_s; /* its cause has to be gone for so long */
};

struct slice_service {
	const char *id;
	enum slice_admin admin;
	bool test_only;
	bool vpn; /* its document is an L3VPN's (RFC 9182) */
	struct slice_policy policy;
	struct slice_sdp *sdps;
	struct slice_group *groups;
	uint32_t n_sdps, n_groups;
	struct slice_realisation real;
	struct slice_assurance assure;
	struct slice_repair repair;
	const struct slice_fault *unkept; /* the first of what it says that nothing here does; NULL: nothing */
};

/* ---- partitions ---- */

struct slice_nrp_group {
	const char *id;
	const char *const *links; /* "A>B@ADDR", by ids or names of routers; with or without "urn:" */
	uint32_t n_links;
	uint64_t max_bps; /* of each link; 0: as the policy says */
	uint8_t max_pct;
	const char *phb; /* "": as the policy says */
};

struct slice_nrp {
	const char *name;
	uint32_t id;
	uint64_t max_bps;  /* of each link; one of both, or neither */
	uint8_t max_pct;
	uint8_t algo;
	const struct slice_nrp_group *groups; /* none: all links */
	uint32_t n_groups;
	const struct ip_prefix *sids;
	uint32_t n_sids;
	const char *phb; /* "" none */
	uint64_t grow_bps; /* repairs may raise its share of a link by so much, */
	uint16_t grow_pct; /* or by so much of it; neither: not at all */
	const struct slice_fault *unkept; /* as of a service */
};

struct slice_phb {
	uint8_t priority; /* of queues, 0 to 6; 7: it does not say */
};

/* Routers' locators have room in a prefix of this length at most; what is longer is a SID. */
enum { SLICE_BLOCK_BITS_MAX = 80 };

bool slice_nrp_has_block(const struct slice_nrp *n);

/*
 * ---- reading: all strings and arrays are the arena's. 0, -ENOMEM, or -EINVAL and *f says. ----
 * What can be read and is not done is no fault of the document, but unkept: it is refused when it is
 * ordered (check.c), and one that was taken before is still read.
 */

int slice_template_read(const char *doc, size_t len, struct arena *a, struct slice_template *out,
			struct slice_fault *f);
int slice_service_read(const char *doc, size_t len, struct arena *a, struct slice_service *out,
		       struct slice_fault *f);
int slice_nrp_read(const char *doc, size_t len, struct arena *a, struct slice_nrp *out,
		   struct slice_fault *f);
int slice_phb_read(const char *doc, size_t len, struct arena *a, struct slice_phb *out,
		   struct slice_fault *f);
