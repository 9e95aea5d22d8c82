/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Container "stamp" of the configuration, as a struct. Zeroed before it is filled, so that two
 * can be compared as memory. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/ip.h"
#include "conf/read.h"

enum {
	AGENT_STAMP_SEGMENTS = 15, /* and the reflector or sender itself after them */
	AGENT_STAMP_ALLOW = 64,
	AGENT_STAMP_PROBES_MAX = 1000, /* of one window, and of those under way */
};

struct agent_stamp_session_cfg {
	char name[64];
	struct ip_addr reflector, source; /* source none: the kernel chooses */
	uint16_t port, padding;
	uint8_t dscp;
	bool stateful; /* whether the reflector counts on its own (RFC 8762 s4.2) */
	uint32_t interval_ms, window_s, timeout_ms;
	bool follows; /* the active list of a policy, instead of segments */
	uint32_t color;
	struct ip_addr endpoint;
	uint8_t n_segments, n_back;
	struct ip_addr segments[AGENT_STAMP_SEGMENTS], back[AGENT_STAMP_SEGMENTS];
	struct conf_md5 key; /* len 0: not authenticated */
};

struct agent_stamp_refl_cfg {
	struct ip_addr address; /* none: any */
	uint16_t port;
	bool stateful, return_path;
	uint32_t rate, sessions;
	uint32_t n_allow;
	struct ip_prefix allow[AGENT_STAMP_ALLOW];
	bool bare; /* with a key: what has no digest of it is answered too */
	struct conf_md5 key, previous; /* what senders have that were not told the new one yet */
};

struct agent_stamp_cfg {
	bool has_error, has_reflector;
	uint32_t error_us;
	struct agent_stamp_refl_cfg reflector;
	struct agent_stamp_session_cfg *sessions;
	size_t n_sessions;
};

/* in: the container, or NULL. What is wrong is said through r. False: no memory. */
bool agent_stamp_cfg_fill(struct conf_reader *r, const struct lyd_node *in,
			  struct agent_stamp_cfg *out);
void agent_stamp_cfg_fini(struct agent_stamp_cfg *c);
