/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Everything the agent knows as one JSON object: what `sextant-agent show` gets. */
#include "base/str.h"
#include "tools/agent/measure/altmark.h"
#include "tools/agent/kernel/count.h"
#include "tools/agent/policy/ctl.h"
#include "tools/agent/gnmi/gnmi.h"
#include "tools/agent/policy/pol.h"
#include "tools/agent/kernel/sids.h"
#include "tools/agent/measure/stamp.h"
#include "tools/agent/slices/slices.h"
#include "tools/agent/kernel/tunsrc.h"

enum { AGENT_JSON_MAX = 64 << 20 };

struct agent_view {
	const struct agent_cfg *cfg;
	const struct agent_fib *fib;
	const struct agent_pol *pol;
	const struct agent_sids *sids;
	const struct agent_count *count; /* NULL: not counted by nftables */
	const struct agent_tunsrc *tunsrc;
	const struct agent_ctl *ctl;
	const struct agent_stamp *stamp;
	const struct agent_altmark *altmark;
	const struct agent_slices *slices; /* NULL: not the agent's business */
	const struct agent_gnmi *gnmi;	   /* NULL: no target */
	const struct agent_fwd *fwd;	   /* with slices */
};

/* Members of the object, each after a comma. */
void agent_json_slices(const struct agent_slices *s, struct str *o);
void agent_json_fwd(const struct agent_fwd *f, struct str *o);
void agent_json(const struct agent_view *v, struct str *out);
const char *agent_oper_name(uint8_t oper);
