/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Values of core/ to parts of PCEP messages and back, for both roles. Pure. An item is built in
 * place: start with pcep_item_init(), add parts, hand &b->item to a message.
 */
#include "core/driver.h"
#include "core/sr.h"
#include "southbound/pcep/codec/pcepc.h"

struct pcep_item {
	struct pcepc_item item; /* points into the rest: never copy the whole */
	struct pcepc_srp srp;
	struct pcepc_lsp lsp;
	struct pcepc_endpoints endpoints;
	struct pcepc_route ero;
	struct pcepc_hop hops[SR_SEGS_MAX];
	struct pcepc_path paths[SR_LISTS_MAX]; /* of several lists */
	struct {
		struct pcepc_route ero;
		struct pcepc_hop hops[SR_SEGS_MAX];
	} more[SR_LISTS_MAX - 1];
	struct pcepc_assoc assoc;
	struct pcepc_lspa lspa;
	struct pcepc_vendor vendor;
};

void pcep_item_init(struct pcep_item *b);
/* SRP with the path setup type of the data plane; flags: PCEPC_SRP_*. */
void pcep_item_srp(struct pcep_item *b, uint32_t id, uint32_t flags, uint8_t dataplane);
/* name is borrowed; "" leaves it out. */
void pcep_item_lsp(struct pcep_item *b, uint32_t plsp_id, uint16_t flags, const char *name);
/* ERO of the list; n 0: an empty ERO. with_nai: as far as the segments have them. Of several lists
 * one each, with a PATH-ATTRIB that has the weight, ids from 1: for who has told MULTIPATH-CAP. */
void pcep_item_list(struct pcep_item *b, const struct sr_list *list, bool with_nai);
void pcep_item_endpoints(struct pcep_item *b, const struct ip_addr *src, const struct ip_addr *dst);
/* ASSOCIATION of type 6, RFC 9862: ID 1, source the headend. cpath or preference may be NULL. */
void pcep_item_policy(struct pcep_item *b, const struct sr_policy_key *key,
		      const struct sr_cpath_id *cpath, const uint32_t *preference);
/* Colour (and preference, unless NULL) as a VENDOR-INFORMATION object for those without it. */
void pcep_item_vendor(struct pcep_item *b, uint32_t color, const uint32_t *preference);
/* TE-PATH-BINDING of an SRv6 SID, or of a label when sid is none; after pcep_item_lsp(). */
void pcep_item_binding(struct pcep_item *b, const struct ip_addr *sid, uint32_t label);
void pcep_item_bandwidth(struct pcep_item *b, uint64_t bps);
void pcep_item_prios(struct pcep_item *b, uint8_t setup, uint8_t hold);

/* False when the route does not fit SR_SEGS_MAX (out has its beginning). */
bool pcep_list_of(const struct pcepc_route *route, uint8_t dataplane, struct sr_list *out);
/* The path setup type told, or else what the hops say. False: neither SR nor SRv6. */
bool pcep_dataplane_of(const struct pcepc_item *it, uint8_t *dataplane);
/*
 * Everything one report, update or initiate says of an LSP; headend, session and txn are left
 * 0. The name is cut to SR_NAME_MAX: false then, for it is no identity any more.
 */
bool pcep_state_of(const struct pcepc_item *it, struct lsp_state *out);
/* The same with further lists, in more, which out's list then has. More than SR_LISTS_MAX: truncated. */
bool pcep_state_all(const struct pcepc_item *it, struct lsp_state *out, struct sr_more *more);
