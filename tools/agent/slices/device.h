/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * What the router does for slices, models/sextant-device.yang as a struct. Immutable once made;
 * the tree it was made of goes with it, so that it can be shown, changed and written again.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/ip.h"
#include "base/str.h"
#include "core/sr.h"
#include "tools/agent/measure/measure_cfg.h"
#include "tools/agent/policy/static.h"

enum {
	AGENT_DEV_IF_MAX = 16,
	AGENT_DEV_NAME_MAX = 49,
	AGENT_DEV_BLOCKS_MAX = 4,
	AGENT_DEV_SIDS_MAX = 16,
	AGENT_DEV_BYTES_MAX = 4 << 20, /* of its text */
};

struct ly_ctx;
struct lyd_node;

struct agent_nrp {
	uint32_t id;
	uint64_t rate_bps, ceil_bps;
	uint8_t priority, n_blocks;
	uint32_t limit; /* octets */
	struct ip_prefix block[AGENT_DEV_BLOCKS_MAX];
};

struct agent_link {
	char name[AGENT_DEV_IF_MAX];
	uint64_t capacity_bps, minimum_bps;
	uint32_t limit; /* of best effort, octets */
	struct agent_nrp *nrps;
	size_t n_nrps;
};

struct agent_adjacency {
	char interface[AGENT_DEV_IF_MAX];
	struct ip_prefix sid;
	struct ip_addr next_hop;
};

struct agent_locator {
	struct ip_prefix prefix;
	uint8_t block; /* bits of it */
	struct agent_adjacency *adjs;
	size_t n_adjs;
};

struct agent_backup {
	char interface[AGENT_DEV_IF_MAX];
	struct ip_addr next_hop;
};

struct agent_table_route {
	struct ip_prefix prefix;
	struct ip_addr next_hop;
	char interface[AGENT_DEV_IF_MAX];
	uint32_t table;
	uint32_t color; /* of the policy it follows; 0: none, all of its list is here */
	struct ip_addr endpoint;
	uint8_t n; /* segments, the service SID last */
	struct ip_addr seg[SR_SEGS_MAX];
	struct agent_backup *backups; /* in their order */
	uint8_t n_backups;
};

struct agent_table {
	uint32_t id;
	char name[AGENT_DEV_NAME_MAX];
	struct ip_addr sids[AGENT_DEV_SIDS_MAX];
	uint8_t n_sids, sid_len;
	char (*interfaces)[AGENT_DEV_IF_MAX];
	size_t n_interfaces;
	struct agent_table_route *routes;
	size_t n_routes;
};

struct agent_classifier {
	uint16_t id;
	char name[AGENT_DEV_NAME_MAX], interface[AGENT_DEV_IF_MAX];
	bool has_dscp, has_protocol, has_sport, has_dport;
	uint8_t dscp, protocol;
	uint16_t sport, dport;
	struct ip_prefix source, destination; /* family none: any */
	uint32_t table;
};

struct agent_policer {
	char name[AGENT_DEV_NAME_MAX], interface[AGENT_DEV_IF_MAX];
	bool has_dscp;
	uint8_t dscp;
	uint64_t rate_bps;
	uint32_t burst; /* octets */
};

struct agent_source_filter {
	char interface[AGENT_DEV_IF_MAX];
	bool routes; /* what table main says, instead of the list */
	struct ip_prefix *prefixes;
	size_t n_prefixes;
};

struct agent_device {
	struct ip_prefix *underlay; /* the blocks of locators too; none inside another */
	size_t n_underlay;
	struct agent_locator *locators;
	size_t n_locators;
	struct agent_link *links;
	size_t n_links;
	struct agent_table *tables;
	size_t n_tables;
	struct agent_classifier *classifiers; /* by id */
	size_t n_classifiers;
	struct agent_policer *policers;
	size_t n_policers;
	struct agent_source_filter *filters;
	size_t n_filters;
	struct agent_measure_cfg measure;
	struct agent_statics statics;
	struct lyd_node *tree; /* with its defaults, also where nothing is configured */
};

/* The context that trees are read with. 0, or -EINVAL with why in errors. */
int agent_device_models(struct ly_ctx **outp, struct str *errors);
/* Takes *tree (valid, with its defaults; NULL: nothing is configured) when it succeeds. 0, or -EINVAL
 * with every problem found as a line in errors, or -ENOMEM. */
int agent_device_new(struct agent_device **outp, struct ly_ctx *ctx, struct lyd_node **tree,
		     struct str *errors);
/* From JSON (RFC 7951), text of len octets. As agent_device_new. */
int agent_device_parse(struct ly_ctx *ctx, const char *text, size_t len, struct agent_device **outp,
		       struct str *errors);
struct agent_device *agent_device_free(struct agent_device *d);
AUTO_DEFINE(struct agent_device, agent_device_free)

/* From a file; one that is absent is an empty device. Problems start with its name. */
int agent_device_load(struct ly_ctx *ctx, const char *path, struct agent_device **outp,
		      struct str *errors);
/* Writes the file, by renaming, synced. 0 or -errno. */
int agent_device_save(const struct agent_device *d, const char *path);
