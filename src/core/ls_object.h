/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Link-state objects as BGP-LS tells them (RFC 9552, 9085, 9514, 8571, 9351), in our units.
 * Arrays are borrowed and live only during the call that passes the object; who keeps an
 * object copies it. Absent attributes are told by the have mask.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "core/sr.h"

enum ls_protocol {
	LS_ISIS_L1 = 1,
	LS_ISIS_L2 = 2,
	LS_OSPFV2 = 3,
	LS_DIRECT = 4,
	LS_STATIC = 5,
	LS_OSPFV3 = 6,
	LS_BGP = 7,
};

/* Identity of a node inside a topology; compare with ls_node_id_cmp(). */
struct ls_node_id {
	uint8_t protocol;
	uint8_t igp_id_len; /* 4, 6, 7 (IS-IS pseudonode), 8 (OSPF pseudonode), 16 */
	uint8_t igp_id[16]; /* zero past its length */
	uint64_t instance;
	uint32_t asn, area;
	uint32_t bgp_router_id;
};

int ls_node_id_cmp(const struct ls_node_id *a, const struct ls_node_id *b);
bool ls_node_is_pseudo(const struct ls_node_id *id);
/* "0000.0000.0001", "0000.0000.0001.02", "10.0.0.1": the short text used as node id. */
const char *ls_node_id_text(const struct ls_node_id *id, char *buf, size_t cap);

/* One SRv6 SID: of a SID NLRI, or End.X / LAN End.X of a link. */
struct ls_srv6_sid {
	struct ip_addr sid;
	uint16_t behavior;
	uint8_t flags; /* End.X: B 0x80 backup, S 0x40 set, P 0x20 persistent */
	uint8_t algo, weight;
	bool has_structure;
	struct sr_sid_structure structure;
	uint8_t neighbor[8]; /* LAN: system id or router id of the neighbour */
	uint8_t neighbor_len;
};

struct ls_adj_sid {
	uint8_t flags;
	uint8_t weight;
	bool is_label; /* else an index into the SRLB/SRGB */
	bool backup;
	uint32_t value;
	uint8_t neighbor[8];
	uint8_t neighbor_len;
};

struct ls_label_range {
	uint32_t base, size;
};

struct ls_prefix_sid {
	uint8_t flags, algo;
	bool is_label;
	bool no_php, node;
	uint32_t value;
};

/* MSD types, IANA "IGP MSD-Types": 1 base MPLS imposition, 41 SRv6 max SL, 42 max end pop,
 * 44 max H.Encaps, 45 max end D. */
struct ls_msd {
	uint8_t type, value;
};

struct ls_flex_algo {
	uint8_t algo, metric_type, calc_type, priority;
	uint32_t exclude_any[8], include_any[8], include_all[8]; /* extended admin groups */
	uint8_t n_exclude_any, n_include_any, n_include_all;	 /* words used */
	uint8_t n_exclude_srlg;
	uint32_t exclude_srlg[16];
	uint32_t flags;
	bool unsupported; /* holds something we cannot honour */
};

struct ls_node {
	struct ls_node_id id;
	char name[64];
	bool overload, attached;
	struct ip_addr router_id_v4, router_id_v6; /* TLV 1028, 1029 */
	bool srv6;				   /* TLV 1038 seen */
	uint16_t srv6_flags;
	const struct ls_label_range *srgb, *srlb;
	size_t n_srgb, n_srlb;
	const uint8_t *algos;
	size_t n_algos;
	const struct ls_msd *msd;
	size_t n_msd;
	const struct ls_flex_algo *flex;
	size_t n_flex;
};

enum {
	LS_HAVE_IGP_METRIC = 1 << 0,
	LS_HAVE_TE_METRIC = 1 << 1,
	LS_HAVE_ADMIN_GROUP = 1 << 2, /* 1088 and/or 1173 */
	LS_HAVE_MAX_BW = 1 << 3,      /* 1089 */
	LS_HAVE_RSV_BW = 1 << 4,      /* 1090 maximum reservable */
	LS_HAVE_UNRSV_BW = 1 << 5,    /* 1091 */
	LS_HAVE_DELAY = 1 << 6,	      /* 1114 */
	LS_HAVE_DELAY_MM = 1 << 7,    /* 1115 */
	LS_HAVE_DELAY_VAR = 1 << 8,   /* 1116 */
	LS_HAVE_LOSS = 1 << 9,	      /* 1117 */
	LS_HAVE_RESIDUAL_BW = 1 << 10,
	LS_HAVE_AVAILABLE_BW = 1 << 11,
	LS_HAVE_UTILIZED_BW = 1 << 12,
};

enum { LS_AFFINITY_WORDS = 8 }; /* 256 bits; bits above are dropped with a fault noted */

/* Descriptors that identify one direction of a link. */
struct ls_link_key {
	struct ls_node_id local, remote;
	bool has_ids;
	uint32_t local_link_id, remote_link_id;
	struct ip_addr local_v4, remote_v4, local_v6, remote_v6;
	uint16_t mt_id;
};

int ls_link_key_cmp(const struct ls_link_key *a, const struct ls_link_key *b);

/* What Flex-Algo is to use (ASLA, RFC 9350 s12). */
struct ls_flex_attrs {
	uint32_t have; /* LS_HAVE_TE_METRIC, LS_HAVE_ADMIN_GROUP, LS_HAVE_DELAY_MM */
	uint32_t te_metric;
	uint32_t delay_min_us, delay_max_us;
	uint32_t admin_group[LS_AFFINITY_WORDS];
	const uint32_t *srlg;
	size_t n_srlg;
};

struct ls_link {
	struct ls_link_key key;
	uint32_t have;
	uint32_t igp_metric; /* all octets read: FRR sends 64..255 in one (lab defect 3) */
	uint32_t te_metric;
	uint32_t admin_group[LS_AFFINITY_WORDS]; /* bit n: word n/32, 1 << n%32 */
	uint64_t max_bw_bps, rsv_bw_bps, unrsv_bw_bps[8];
	uint32_t delay_us, delay_min_us, delay_max_us, delay_var_us;
	bool delay_anomalous, loss_anomalous;
	uint32_t loss_ppm;
	uint64_t residual_bw_bps, available_bw_bps, utilized_bw_bps;
	const uint32_t *srlg;
	size_t n_srlg;
	struct ls_flex_attrs flex;
	const struct ls_srv6_sid *endx;
	size_t n_endx;
	const struct ls_adj_sid *adj;
	size_t n_adj;
	const struct ls_msd *msd;
	size_t n_msd;
};

struct ls_prefix {
	struct ls_node_id node;
	struct ip_prefix prefix;
	uint16_t mt_id;
	uint8_t ospf_route_type; /* 0: none */
	bool has_metric;
	uint32_t metric;
	bool has_locator; /* TLV 1162 */
	uint8_t locator_flags, locator_algo;
	uint32_t locator_metric;
	const struct ls_prefix_sid *sids;
	size_t n_sids;
};

struct ls_sid {
	struct ls_node_id node;
	uint16_t mt_id;
	struct ls_srv6_sid sid;
};

enum ls_kind {
	LS_NODE,
	LS_LINK,
	LS_PREFIX,
	LS_SID,
};

/* On withdraw only the identity inside is meaningful. */
struct ls_object {
	enum ls_kind kind;
	union {
		struct ls_node node;
		struct ls_link link;
		struct ls_prefix prefix;
		struct ls_sid sid;
	};
};

/*
 * Where topology goes. source is a small stable number per configured feed. Called on the
 * loop. A feed tells: up, objects in any order, end of RIB once, then changes; down when the
 * session is lost (its objects are then stale, not withdrawn); gone when it is unconfigured.
 */
struct ls_sink {
	void (*source_up)(void *arg, uint32_t source, const struct ip_addr *peer,
			  const struct ip_addr *peer_router_id);
	void (*object)(void *arg, uint32_t source, const struct ls_object *obj, bool withdrawn);
	void (*end_of_rib)(void *arg, uint32_t source);
	void (*source_down)(void *arg, uint32_t source);
	void (*source_gone)(void *arg, uint32_t source);
};
