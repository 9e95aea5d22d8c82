/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Container "measure" of the device (models/sextant-device-measure.yang) as a struct, and what
 * comes of it together with the agent's own file. Pure.
 */
#include "base/str.h"
#include "tools/agent/measure/altmark_cfg.h"
#include "tools/agent/measure/stamp_cfg.h"

enum {
	AGENT_MEASURE_SESSIONS_MAX = 256, /* all of them of both together */
	AGENT_MEASURE_FLOWS_MAX = 1024,
	AGENT_MEASURE_PORTS_MAX = AGENT_ALTMARK_PORTS,
	AGENT_MEASURE_ENDS_MAX = 256,
};

struct agent_measure_cfg {
	struct agent_stamp_cfg stamp;
	struct agent_altmark_cfg marking; /* on: not used */
	bool period_said, guard_said;	  /* they are no defaults */
};

/* What the agent's file has. */
struct agent_measure_file {
	const struct agent_stamp_cfg *stamp;
	const struct agent_altmark_cfg *marking;
	struct ip_addr source; /* outer, of what is encapsulated */
};

/* in: the container. What is wrong is a line in errors. False: no memory. */
bool agent_measure_cfg_fill(const struct lyd_node *in, struct agent_measure_cfg *out,
			    struct str *errors);
void agent_measure_cfg_fini(struct agent_measure_cfg *c);

/* Both together, the file first; of own what the file does not have. What is left out is a line in
 * why. own may be NULL. False: no memory, and the outs are empty. */
bool agent_measure_merge(const struct agent_measure_file *file, const struct agent_measure_cfg *own,
			 struct agent_stamp_cfg *stamp, struct agent_altmark_cfg *marking,
			 struct str *why);
/* Whether the file has a session of this name. */
bool agent_measure_has_session(const struct agent_measure_file *file, const char *name);
