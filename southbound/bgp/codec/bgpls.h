/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * BGP-LS: link-state NLRIs and their attribute (RFC 9552, 9085, 9104, 8571, 8814, 9294, 9351,
 * 9514), bytes to structs and back, in the project's units: bits per second, microseconds,
 * parts per million. Pure, like bgpc.h.
 *
 * The structs mirror those of core's ls_object.h field by field (the codec may not include
 * core); southbound/bgp/bgp_ls.c converts.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/ip.h"
#include "base/rd.h"
#include "base/tlv.h"
#include "base/wr.h"

enum bgpls_type {
	BGPLS_NODE = 1,
	BGPLS_LINK = 2,
	BGPLS_PREFIX4 = 3,
	BGPLS_PREFIX6 = 4,
	BGPLS_SID = 6,
};

enum {
	BGPLS_ISIS_L1 = 1,
	BGPLS_ISIS_L2 = 2,
	BGPLS_OSPFV2 = 3,
	BGPLS_DIRECT = 4,
	BGPLS_STATIC = 5,
	BGPLS_OSPFV3 = 6,
	BGPLS_BGP = 7,
};

/* How strictly the ascending order of TLVs in an NLRI is asked for (RFC 9552 section 5.1). */
enum bgpls_order {
	BGPLS_ORDER_FRR, /* strict, but 518 before 263 passes: FRR sends it so */
	BGPLS_ORDER_STRICT,
	BGPLS_ORDER_ANY,
};

struct bgpls_opts {
	enum bgpls_order order;
	bool vpn; /* SAFI 72: a route distinguisher in front */
};

struct bgpls_node_id {
	uint8_t igp_id_len;
	uint8_t igp_id[16];
	uint32_t asn, area, ls_id, member_as;
	uint32_t bgp_router_id;
};

struct bgpls_nlri {
	uint16_t type; /* enum bgpls_type, or one we do not know */
	uint8_t protocol;
	uint64_t identifier;
	uint64_t rd; /* SAFI 72 */
	struct bgpls_node_id local, remote;
	bool has_ids;
	uint32_t local_link_id, remote_link_id;
	struct ip_addr local_v4, remote_v4, local_v6, remote_v6;
	bool has_mt;
	uint16_t mt_id;
	uint8_t ospf_route_type;
	struct ip_prefix prefix;
	struct ip_addr sid;
};

/*
 * One step over a list of NLRIs: the whole NLRI (type and length included) as opaque bytes,
 * which is also its identity. False at the end of the list; when framing is lost fault says
 * so (then the verdict is WITHDRAW at least, and nothing more of the list can be read).
 */
struct bgpls_raw {
	uint16_t type;
	struct rd bytes; /* with type and length */
	struct rd value;
};

bool bgpls_next(struct rd *list, struct bgpls_raw *out, bool *framing_lost);

/* VERDICT_OK; VERDICT_SKIP for a type we do not know (kept opaque); VERDICT_WITHDRAW: this
 * NLRI is malformed and to be discarded. */
enum verdict bgpls_nlri_read(const struct bgpls_raw *raw, const struct bgpls_opts *opts,
			     struct bgpls_nlri *out, struct fault *fault);
void bgpls_nlri_write(struct wr *w, const struct bgpls_nlri *nlri, bool vpn);

struct bgpls_structure {
	uint8_t lb, ln, fun, arg;
};

struct bgpls_srv6_sid {
	struct ip_addr sid;
	uint16_t behavior;
	uint8_t flags, algo, weight;
	bool has_structure;
	struct bgpls_structure structure;
	uint8_t neighbor[8];
	uint8_t neighbor_len; /* 0: 1106; 6: 1107 IS-IS LAN; 4: 1108 OSPFv3 LAN */
};

struct bgpls_adj_sid {
	uint8_t flags, weight; /* what the flags mean depends on the protocol */
	bool is_label;
	uint32_t value;
	uint8_t neighbor[8];
	uint8_t neighbor_len; /* 0: 1099; 6 or 4: 1100 */
};

struct bgpls_label_range {
	uint32_t base, size;
};

struct bgpls_prefix_sid {
	uint8_t flags, algo;
	bool is_label;
	uint32_t value;
};

struct bgpls_msd {
	uint8_t type, value;
};

enum {
	BGPLS_WORDS = 8, /* of an admin group: 256 bits */
	BGPLS_FAD_SRLG_MAX = 16,
	BGPLS_FADS_MAX = 128, /* algorithms 128 to 255 */
	BGPLS_NAME_MAX = 64,
};

struct bgpls_flex_algo {
	uint8_t algo, metric_type, calc_type, priority;
	uint32_t exclude_any[BGPLS_WORDS], include_any[BGPLS_WORDS], include_all[BGPLS_WORDS];
	uint8_t n_exclude_any, n_include_any, n_include_all;
	uint8_t n_exclude_srlg;
	uint32_t exclude_srlg[BGPLS_FAD_SRLG_MAX];
	bool has_flags;
	uint32_t flags; /* first octets of 1043, M is 0x80000000 */
	bool unsupported;
};

/* What is present. The first 13 are those of core's LS_HAVE_*. */
enum {
	BGPLS_HAVE_IGP_METRIC = 1 << 0,
	BGPLS_HAVE_TE_METRIC = 1 << 1,
	BGPLS_HAVE_ADMIN_GROUP = 1 << 2,
	BGPLS_HAVE_MAX_BW = 1 << 3,
	BGPLS_HAVE_RSV_BW = 1 << 4,
	BGPLS_HAVE_UNRSV_BW = 1 << 5,
	BGPLS_HAVE_DELAY = 1 << 6,
	BGPLS_HAVE_DELAY_MM = 1 << 7,
	BGPLS_HAVE_DELAY_VAR = 1 << 8,
	BGPLS_HAVE_LOSS = 1 << 9,
	BGPLS_HAVE_RESIDUAL_BW = 1 << 10,
	BGPLS_HAVE_AVAILABLE_BW = 1 << 11,
	BGPLS_HAVE_UTILIZED_BW = 1 << 12,
	BGPLS_HAVE_SRLG = 1 << 13,
	BGPLS_HAVE_NODE_FLAGS = 1 << 16,
	BGPLS_HAVE_SRV6_CAPS = 1 << 17,
	BGPLS_HAVE_PREFIX_METRIC = 1 << 18,
	BGPLS_HAVE_LOCATOR = 1 << 19,
	BGPLS_HAVE_BEHAVIOR = 1 << 20,
	BGPLS_HAVE_STRUCTURE = 1 << 21,
};

enum {
	BGPLS_NODE_OVERLOAD = 0x80,
	BGPLS_NODE_ATTACHED = 0x40,
};

/* Link attributes that may come plainly or per application (ASLA, RFC 9294). */
struct bgpls_te {
	uint32_t have; /* BGPLS_HAVE_* of what is below */
	uint32_t te_metric;
	uint32_t admin_group[BGPLS_WORDS];
	uint32_t delay_us, delay_min_us, delay_max_us, delay_var_us;
	bool delay_anomalous, loss_anomalous;
	uint32_t loss_ppm;
	uint64_t residual_bw_bps, available_bw_bps, utilized_bw_bps;
	const uint32_t *srlg;
	size_t n_srlg;
};

/*
 * The BGP-LS attribute. Types do not overlap between kinds of object, so one struct serves
 * all. Arrays live in the arena given to the reader. te holds what an SR policy computation is
 * to use: of each attribute, ASLA with the S bit, else ASLA for any application, else the plain
 * TLV. te_flex holds what Flex-Algo is to use: ASLA with the X bit, and when there is none, ASLA for
 * any application; never a plain TLV (RFC 9350 s12, RFC 9479 s4.2).
 */
struct bgpls_attr {
	uint32_t have;
	/* node */
	uint8_t node_flags;
	char name[BGPLS_NAME_MAX];
	struct ip_addr router_id_v4, router_id_v6;
	uint16_t srv6_flags;
	uint8_t srgb_flags;
	struct bgpls_label_range *srgb, *srlb;
	size_t n_srgb, n_srlb;
	uint8_t *algos;
	size_t n_algos;
	struct bgpls_msd *node_msd, *link_msd;
	size_t n_node_msd, n_link_msd;
	struct bgpls_flex_algo *flex;
	size_t n_flex;
	/* link */
	uint32_t igp_metric;
	uint64_t max_bw_bps, rsv_bw_bps, unrsv_bw_bps[8];
	struct bgpls_te te, te_flex;
	struct bgpls_srv6_sid *endx;
	size_t n_endx;
	struct bgpls_adj_sid *adj;
	size_t n_adj;
	/* prefix */
	uint32_t prefix_metric;
	uint8_t locator_flags, locator_algo;
	uint32_t locator_metric;
	struct bgpls_prefix_sid *sids;
	size_t n_sids;
	/* SRv6 SID */
	uint16_t behavior;
	uint8_t behavior_flags, behavior_algo;
	struct bgpls_structure structure;
	/* TLVs passed over, and admin group bits above BGPLS_WORDS words that were set */
	uint32_t skipped, unknown, clipped;
};

/* Told of every TLV that is not understood; may be NULL. name is NULL for an unknown type. */
struct bgpls_skip_log {
	void (*fn)(void *arg, uint16_t type, const char *name);
	void *arg;
};

/*
 * VERDICT_OK; VERDICT_SKIP: some TLVs were bad and left out; VERDICT_WITHDRAW: the TLVs do not
 * fit the attribute, which is to be discarded (out is empty). The objects live on either way.
 */
enum verdict bgpls_attr_read(struct rd *value, struct arena *arena, struct bgpls_attr *out,
			     struct fault *fault, const struct bgpls_skip_log *log);
/* The attribute's value, TLVs ascending. */
void bgpls_attr_write(struct wr *w, const struct bgpls_attr *attr);

/* Of a TLV we read or skip knowingly, else NULL. */
const char *bgpls_tlv_name(uint16_t type);
const char *bgpls_type_name(uint16_t nlri_type); /* NULL when unknown */

/* The tables, for tests and dumps. */
extern const struct tlv_row bgpls_node_rows[], bgpls_link_rows[], bgpls_prefix_rows[];
extern const struct tlv_row bgpls_sid_rows[], bgpls_attr_rows[], bgpls_asla_rows[];
extern const struct tlv_row bgpls_fad_rows[];
extern const size_t bgpls_node_rows_len, bgpls_link_rows_len, bgpls_prefix_rows_len;
extern const size_t bgpls_sid_rows_len, bgpls_attr_rows_len, bgpls_asla_rows_len;
extern const size_t bgpls_fad_rows_len;
