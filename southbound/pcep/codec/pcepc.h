/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * PCEP messages, bytes to structs and back: RFC 5440 with 8231, 8281 (stateful), 8408, 8664
 * (SR-MPLS), 9603 (SRv6), 8697, 9862 (SR Policy association), 9604 (binding SID), 8253; for path
 * requests 5541 (objective functions), 5521 (exclusions), 7896 (IRO), 8233 (metrics), 8800
 * (disjointness); 10066 (several paths of one LSP, with weights).
 *
 * Pure: no I/O, no clock, no globals. A decoded message lives in the arena given and borrows
 * nothing from the frame. Lists are singly linked in wire order. What no table knows is
 * skipped and noted in the message's skip list; what is wrong becomes a verdict with the PCErr
 * the RFC names for it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/ip.h"
#include "base/tlv.h"
#include "base/wr.h"

enum {
	PCEPC_PORT = 4189,
	PCEPC_VERSION = 1,
	PCEPC_MSG_MAX = 65535,
	PCEPC_HEADER = 4,
	PCEPC_PSTS_MAX = 16,
	PCEPC_MSDS_MAX = 16,
	PCEPC_ASSOC_TYPES_MAX = 16,
	PCEPC_OFS_MAX = 32,
	PCEPC_SKIPS_MAX = 16,
	/* What decoding one message may take: the densest legal message is well below. */
	PCEPC_ARENA_MAX = 8 << 20,
};

enum pcepc_type {
	PCEPC_OPEN = 1,
	PCEPC_KEEPALIVE = 2,
	PCEPC_PCREQ = 3,
	PCEPC_PCREP = 4,
	PCEPC_PCNTF = 5,
	PCEPC_PCERR = 6,
	PCEPC_CLOSE = 7,
	PCEPC_PCRPT = 10,
	PCEPC_PCUPD = 11,
	PCEPC_PCINITIATE = 12,
	PCEPC_STARTTLS = 13,
};

enum pcepc_class {
	PCEPC_OBJ_OPEN = 1,
	PCEPC_OBJ_RP = 2,
	PCEPC_OBJ_NO_PATH = 3,
	PCEPC_OBJ_END_POINTS = 4,
	PCEPC_OBJ_BANDWIDTH = 5,
	PCEPC_OBJ_METRIC = 6,
	PCEPC_OBJ_ERO = 7,
	PCEPC_OBJ_RRO = 8,
	PCEPC_OBJ_LSPA = 9,
	PCEPC_OBJ_IRO = 10,
	PCEPC_OBJ_SVEC = 11,
	PCEPC_OBJ_NOTIFICATION = 12,
	PCEPC_OBJ_ERROR = 13,
	PCEPC_OBJ_CLOSE = 15,
	PCEPC_OBJ_XRO = 17,
	PCEPC_OBJ_OF = 21,
	PCEPC_OBJ_LSP = 32,
	PCEPC_OBJ_SRP = 33,
	PCEPC_OBJ_VENDOR = 34,
	PCEPC_OBJ_ASSOCIATION = 40,
	PCEPC_OBJ_PATH_ATTRIB = 45,
};

/* Path setup types, RFC 8408. */
enum {
	PCEPC_PST_RSVP = 0,
	PCEPC_PST_SR = 1,
	PCEPC_PST_SRV6 = 3,
};

/* STATEFUL-PCE-CAPABILITY, RFC 8231 and 8281. */
enum {
	PCEPC_CAP_UPDATE = 0x1,
	PCEPC_CAP_DB_VERSION = 0x2,
	PCEPC_CAP_INITIATE = 0x4,
};

/* SR-PCE-CAPABILITY and SRv6-PCE-CAPABILITY flags; SRPOLICY-CAPABILITY flags. */
enum {
	PCEPC_SR_NO_LIMIT = 0x01,
	PCEPC_SR_NAI = 0x02,
	PCEPC_SRV6_NAI = 0x0002,
	PCEPC_SRPOLICY_PRIORITY = 0x01,
	PCEPC_SRPOLICY_EXPLICIT_NULL = 0x02,
	PCEPC_SRPOLICY_INVALIDATION = 0x04,
	PCEPC_SRPOLICY_STATELESS = 0x10,
};

/* MULTIPATH-CAP flags, RFC 10066; any number of paths is PCEPC_PATHS_ANY. */
enum {
	PCEPC_MULTIPATH_WEIGHT = 0x1,
	PCEPC_PATHS_ANY = 255,
};

/* Close reasons, RFC 5440 section 7.17. */
enum {
	PCEPC_CLOSE_NONE = 1,
	PCEPC_CLOSE_DEAD = 2,
	PCEPC_CLOSE_MALFORMED = 3,
	PCEPC_CLOSE_UNKNOWN_REQUESTS = 4,
	PCEPC_CLOSE_UNKNOWN_MESSAGES = 5,
};

struct pcepc_bytes {
	const uint8_t *p;
	uint32_t n;
};

struct pcepc_msd {
	uint8_t type, value;
};

struct pcepc_open {
	uint8_t version, keepalive_s, dead_s, sid;
	bool has_stateful, has_pst, has_sr, has_srv6, has_assoc_types, has_sr_policy, has_db_version,
		has_speaker, has_multipath;
	bool sr_top_level; /* TLV 26 outside TLV 34: Cisco's older form of "PST 1" */
	uint32_t stateful; /* PCEPC_CAP_* */
	uint8_t n_psts, psts[PCEPC_PSTS_MAX];
	uint8_t sr_flags, sr_msd;
	uint16_t srv6_flags;
	uint8_t n_msds;
	struct pcepc_msd msds[PCEPC_MSDS_MAX];
	uint8_t n_assoc_types;
	uint16_t assoc_types[PCEPC_ASSOC_TYPES_MAX];
	bool has_ofs; /* OF-List, RFC 5541 */
	uint8_t n_ofs;
	uint16_t ofs[PCEPC_OFS_MAX];
	uint32_t sr_policy;
	uint16_t multipath, multipath_flags; /* paths an LSP may have, PCEPC_MULTIPATH_* */
	uint64_t db_version;
	struct pcepc_bytes speaker;
};

bool pcepc_open_pst(const struct pcepc_open *o, uint8_t pst);
bool pcepc_open_assoc(const struct pcepc_open *o, uint16_t type);

enum {
	PCEPC_RP_REOPTIMISE = 0x08, /* RFC 5440 s7.4.1 */
	PCEPC_RP_SUPPLY_OF = 0x80,  /* RFC 5541 s3.3 */
};

struct pcepc_rp {
	uint32_t flags, id;
	bool has_pst;
	uint8_t pst;
};

enum {
	PCEPC_SRP_REMOVE = 0x1,
	PCEPC_SRP_CONTROL = 0x2, /* RFC 8741 */
};

struct pcepc_srp {
	uint32_t flags, id;
	bool has_pst;
	uint8_t pst;
};

enum {
	PCEPC_LSP_DELEGATE = 0x001,
	PCEPC_LSP_SYNC = 0x002,
	PCEPC_LSP_REMOVE = 0x004,
	PCEPC_LSP_ADMIN = 0x008,
	PCEPC_LSP_CREATE = 0x080,
	PCEPC_LSP_OPER_SHIFT = 4,
	PCEPC_LSP_OPER_MASK = 0x070,
};

/* TE-PATH-BINDING, RFC 9604. */
enum {
	PCEPC_BT_LABEL = 0,
	PCEPC_BT_LABEL_ENTRY = 1,
	PCEPC_BT_SRV6 = 2,
	PCEPC_BT_SRV6_BEHAVIOR = 3,
	PCEPC_BIND_REMOVE = 0x80,
	PCEPC_BIND_SPECIFIED = 0x40,
};

struct pcepc_binding {
	uint8_t type, flags;
	bool empty;	       /* no value: asks the PCC to allocate */
	uint32_t label;	       /* 20 bits */
	uint16_t label_rest;   /* BT 1: TC, S, TTL */
	struct ip_addr sid;
	uint16_t behavior;
	uint8_t structure[4];  /* block, node, function, argument */
};

struct pcepc_lsp_ids {
	struct ip_addr sender, endpoint, ext_tunnel;
	uint16_t lsp_id, tunnel_id;
};

struct pcepc_lsp {
	uint32_t plsp_id; /* 20 bits */
	uint16_t flags;	  /* PCEPC_LSP_* */
	bool has_name, has_ids, has_error, has_db_version, has_speaker, has_binding, has_cisco_bsid;
	struct pcepc_bytes name, speaker;
	struct pcepc_lsp_ids ids;
	uint32_t error; /* LSP-ERROR-CODE */
	uint64_t db_version;
	struct pcepc_binding binding;
	uint32_t cisco_bsid; /* TLV 65505: label */
};

static inline uint8_t pcepc_lsp_oper(const struct pcepc_lsp *l)
{
	return (uint8_t)((l->flags & PCEPC_LSP_OPER_MASK) >> PCEPC_LSP_OPER_SHIFT);
}

/* One SR-ERO (36) or SRv6-ERO (40) sub-object, or of an RRO. */
enum {
	PCEPC_HOP_SR = 36,
	PCEPC_HOP_SRV6 = 40,
	PCEPC_NAI_NONE = 0,
	PCEPC_NAI_V4_NODE = 1,
	PCEPC_NAI_V6_NODE = 2,
	PCEPC_NAI_V4_ADJ = 3,
	PCEPC_NAI_V6_ADJ = 4,
	PCEPC_NAI_UNNUMBERED = 5,
	PCEPC_NAI_V6_LINK_LOCAL = 6,
};

struct pcepc_hop {
	uint8_t type;
	bool loose, has_sid, has_nai, has_structure, verify, is_label, has_tc, algo_flag;
	uint8_t nai_type;
	uint16_t behavior;
	struct ip_addr sid;
	uint32_t label_word; /* SR: the stack entry (label << 12 …) when is_label, else the index */
	uint8_t structure[4];
	struct ip_addr nai_local, nai_remote; /* unnumbered: node ids as IPv4 */
	uint32_t nai_local_if, nai_remote_if;
};

/* What is said of one of several paths, RFC 10066; 0 is no id. */
struct pcepc_path {
	uint32_t flags, id;
	bool has_weight;
	uint32_t weight; /* 1 when it is not told */
};

enum { PCEPC_PATH_OPER_MASK = 0x7, PCEPC_PATH_REVERSE = 0x8 };

struct pcepc_route {
	struct pcepc_route *next;	/* further paths of the LSP: each has its attributes */
	const struct pcepc_path *attr; /* that come before it; NULL: none */
	struct pcepc_hop *hops;
	uint32_t n;
	uint32_t skipped; /* sub-objects of other types */
};

struct pcepc_metric {
	struct pcepc_metric *next;
	bool must;	/* the object's P flag */
	bool bound, computed;
	uint8_t type;
	/* aggregate bandwidth (4): bit/s; most loaded link (5): share of it in 1e-9; loss (14): ppm;
	 * delay: microseconds; others: plain, rounded. No more than UINT32_MAX but type 4. */
	uint64_t value;
};

/* Sub-objects of IRO and XRO: something in the network. */
enum {
	PCEPC_SPOT_V4 = 1,
	PCEPC_SPOT_V6 = 2,
	PCEPC_SPOT_UNNUMBERED = 4,
	PCEPC_SPOT_AS4 = 5, /* of four octets, RFC 7897 s3.2 */
	PCEPC_SPOT_AS = 32,
	PCEPC_SPOT_SRLG = 34, /* XRO only */
	/* attributes in an XRO, RFC 5521 */
	PCEPC_ATTR_INTERFACE = 0,
	PCEPC_ATTR_NODE = 1,
	PCEPC_ATTR_SRLG = 2,
};

struct pcepc_spot {
	uint8_t type;
	bool soft;	     /* IRO: loose; XRO: to be avoided where that can be */
	uint8_t attribute;   /* XRO */
	uint8_t len;	     /* of the prefix */
	struct ip_addr addr; /* prefix; of an unnumbered one the router id, as IPv4 */
	uint32_t value;	     /* interface, AS or SRLG */
};

struct pcepc_spots {
	struct pcepc_spot *at;
	uint32_t n;
	uint32_t skipped; /* sub-objects of other types */
	bool fail;	  /* XRO: the path told in the RRO has failed */
};

struct pcepc_lspa {
	uint32_t exclude_any, include_any, include_all;
	uint8_t setup_prio, hold_prio, flags;
};

enum { PCEPC_ASSOC_DISJOINT = 2, PCEPC_ASSOC_SR_POLICY = 6 };

/* DISJOINTNESS-CONFIGURATION and -STATUS, RFC 8800 s4. */
enum {
	PCEPC_DISJOINT_LINK = 0x01,
	PCEPC_DISJOINT_NODE = 0x02,
	PCEPC_DISJOINT_SRLG = 0x04,
	PCEPC_DISJOINT_SHORTEST = 0x08,
	PCEPC_DISJOINT_STRICT = 0x10,
};

struct pcepc_cpath_id {
	uint8_t origin;
	uint32_t asn;
	struct ip_addr originator;
	uint32_t discriminator;
};

struct pcepc_assoc {
	struct pcepc_assoc *next;
	bool remove;
	uint16_t type, id;
	struct ip_addr source;
	bool has_ext, has_color, has_policy_name, has_cpath, has_cpath_name, has_preference;
	struct pcepc_bytes ext; /* TLV 31 raw, unless has_color */
	uint32_t color;		/* type 6: TLV 31 */
	struct ip_addr endpoint;
	struct pcepc_bytes policy_name, cpath_name;
	struct pcepc_cpath_id cpath;
	uint32_t preference;
	bool has_disjoint, has_disjoint_status;
	uint32_t disjoint, disjoint_status; /* PCEPC_DISJOINT_* */
};

struct pcepc_endpoints {
	struct ip_addr src, dst;
};

/* NO-PATH-VECTOR, RFC 5440 s7.5 and the registry. */
enum {
	PCEPC_NO_PCE = 0x1,
	PCEPC_NO_DESTINATION = 0x2,
	PCEPC_NO_SOURCE = 0x4,
	PCEPC_NO_GCO_SOLUTION = 0x40, /* RFC 5557: none for the set as a whole */
	PCEPC_NO_DISJOINT = 0x100000, /* RFC 8800 s5.5: no such disjoint path */
	PCEPC_NO_DISJOINT_SUPPORT = 0x200000,
};

struct pcepc_no_path {
	uint8_t nature;
	bool unsatisfied; /* C flag */
	bool has_vector;
	uint32_t vector;
};

/* VENDOR-INFORMATION object of enterprise 9, the only one read: colour and preference. */
struct pcepc_vendor {
	bool has_color, has_preference;
	uint32_t color, preference;
};

/* SVEC flags, RFC 5440 s7.13. */
enum {
	PCEPC_SVEC_LINK = 0x1,
	PCEPC_SVEC_NODE = 0x2,
	PCEPC_SVEC_SRLG = 0x4,
	PCEPC_SVEC_DIRECTION = 0x8, /* RFC 6006 */
	PCEPC_SVEC_PARTIAL = 0x10,
};

/* A synchronised set and what holds for it as a whole: before the items, in a PCReq or PCRep. */
struct pcepc_svec {
	struct pcepc_svec *next;
	bool must; /* P */
	uint32_t flags;
	uint32_t *ids; /* of requests */
	uint32_t n_ids;
	bool has_of, of_must;
	uint16_t of;
	struct pcepc_metric *metrics;
	bool faulty; /* as of an item */
	uint8_t err_type, err_value;
};

#define PCEPC_MUST(class) (UINT64_C(1) << (class))

/* One report, update, initiate, request or reply; absent parts are NULL. */
struct pcepc_item {
	struct pcepc_item *next;
	struct pcepc_rp *rp;
	struct pcepc_srp *srp;
	struct pcepc_lsp *lsp;
	struct pcepc_endpoints *endpoints;
	struct pcepc_no_path *no_path;
	struct pcepc_route *ero, *rro;
	struct pcepc_lspa *lspa;
	struct pcepc_assoc *assoc;
	struct pcepc_metric *metrics;
	struct pcepc_vendor *vendor;
	struct pcepc_spots *iro, *xro;
	/* Objects that had the P flag, by class; RP and END-POINTS are written with it anyway. */
	uint64_t musts;
	uint64_t bandwidth_bps, existing_bps;
	bool has_bandwidth, has_existing;
	bool has_of;
	uint16_t of;
	/* Set when the item cannot be used: the PCErr of its first fault. 0/0: no code is named. */
	bool faulty;
	uint8_t err_type, err_value;
};

/* PCErr, in wire order: the ids an error is about come before it, an LSP or OPEN after. */
enum pcepc_err_kind {
	PCEPC_ERR_ERROR,
	PCEPC_ERR_SRP,
	PCEPC_ERR_RP,
	PCEPC_ERR_LSP,
};

struct pcepc_err {
	struct pcepc_err *next;
	enum pcepc_err_kind kind;
	uint32_t id;	     /* SRP-ID, request id or PLSP-ID */
	uint8_t type, value; /* of PCEPC_ERR_ERROR */
	bool has_missing;    /* REQ-MISSING: the request that did not come */
	uint32_t missing;
};

struct pcepc_ntf {
	struct pcepc_ntf *next;
	uint8_t type, value;
	bool has_overload;
	uint32_t overload_s;
};

enum pcepc_skip_kind {
	PCEPC_SKIP_OBJECT,
	PCEPC_SKIP_TLV,
	PCEPC_SKIP_SUBOBJECT,
};

struct pcepc_skip {
	uint8_t kind;  /* enum pcepc_skip_kind */
	uint8_t class; /* object class, or that of the object it was in */
	uint16_t type; /* object type, TLV type or sub-object type */
};

struct pcepc_msg {
	uint8_t type; /* enum pcepc_type, or unknown to us */
	struct pcepc_open *open;
	struct pcepc_svec *svecs;
	struct pcepc_item *items;
	struct pcepc_err *errs; /* of a PCNtf: the requests it is about */
	struct pcepc_ntf *ntfs;
	uint8_t close_reason;
	uint32_t n_items;
	uint32_t n_skips; /* all; the first PCEPC_SKIPS_MAX different ones are kept */
	uint8_t n_skips_kept;
	struct pcepc_skip skips[PCEPC_SKIPS_MAX];
};

/* The worst fault of a message. */
struct pcepc_fault {
	enum verdict verdict;
	enum tlv_why why;
	uint8_t class;
	uint16_t type;		     /* TLV or sub-object type inside, 0: the object itself */
	uint8_t err_type, err_value; /* PCErr, 0/0 when the RFC names none */
	uint16_t count;
};

enum pcepc_frame {
	PCEPC_FRAME_OK,
	PCEPC_FRAME_MORE,	 /* too few octets yet */
	PCEPC_FRAME_BAD,	 /* length impossible: the stream is lost */
	PCEPC_FRAME_BAD_VERSION, /* PCErr 1/8 */
};

/* Looks at the common header only; *frame_len is the whole message's length when OK. */
enum pcepc_frame pcepc_frame(const uint8_t *data, size_t len, size_t *frame_len);

/*
 * Decodes one whole frame into arena. *out is NULL only for lost framing or no memory (both
 * VERDICT_RESET). With VERDICT_WITHDRAW the faulty items are marked, the others are good.
 */
enum verdict pcepc_read(struct arena *arena, const uint8_t *frame, size_t len,
			struct pcepc_msg **out, struct pcepc_fault *fault);

/* Writes the whole message in the RFC's order of objects; w->bad when it does not fit. */
void pcepc_write(struct wr *w, const struct pcepc_msg *msg);

/* Names as the registries have them; NULL when unknown. */
const char *pcepc_type_name(uint8_t type);
const char *pcepc_class_name(uint8_t class);
const char *pcepc_tlv_name(uint16_t type);
const char *pcepc_subobject_name(uint8_t type);
/* A text for the error, never NULL. */
const char *pcepc_error_text(uint8_t type, uint8_t value);

/* The tables, for tests and dumps. */
struct pcepc_table_row {
	uint8_t class;
	uint16_t type; /* TLV type; 0 for the object itself */
	uint16_t len_min, len_max;
	uint8_t on_fault;
	const char *name;
};

size_t pcepc_tables(struct pcepc_table_row *out, size_t cap); /* number of rows there are */
