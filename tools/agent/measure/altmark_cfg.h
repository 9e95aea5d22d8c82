/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Container "alternate-marking" of the configuration. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "conf/read.h"

enum { AGENT_ALTMARK_PORTS = 64, AGENT_ALTMARK_NAME = 16 };

struct agent_altmark_port {
	char name[AGENT_ALTMARK_NAME];
	bool edge; /* marks are taken off here; else they are set and counted */
};

struct agent_altmark_flow {
	uint32_t id;
	struct ip_addr first, last; /* first none: any, of what has our own outer source */
	bool has_dscp;
	uint8_t dscp;
};

struct agent_altmark_cfg {
	bool on;
	uint32_t period_ms, guard_ms;
	struct ip_addr source; /* outer, of what this router encapsulates */
	size_t n_ports, n_flows, n_ends;
	struct agent_altmark_port ports[AGENT_ALTMARK_PORTS];
	struct agent_altmark_flow *flows;
	struct ip_prefix *ends; /* where marks end */
};

/* in: the container, or NULL. What is wrong is said through r. False: no memory. */
bool agent_altmark_cfg_fill(struct conf_reader *r, const struct lyd_node *in,
			    struct agent_altmark_cfg *out);
bool agent_altmark_cfg_same(const struct agent_altmark_cfg *a, const struct agent_altmark_cfg *b);
bool agent_altmark_flow_same(const struct agent_altmark_flow *a,
			     const struct agent_altmark_flow *b); /* their packets, not their ids */
bool agent_altmark_cfg_copy(struct agent_altmark_cfg *to, const struct agent_altmark_cfg *from);
void agent_altmark_cfg_fini(struct agent_altmark_cfg *c);
