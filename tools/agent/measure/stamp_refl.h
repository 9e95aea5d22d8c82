/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Session-Reflector (RFC 8762 s4.3): answers test packets of allowed senders, as long as they
 * came and never faster than told. Stateful, it counts each session on its own; then a session it
 * has no room for is not answered at all, for an answer with the sender's number would say that
 * nothing was lost.
 */
#include "loop/loop.h"
#include "southbound/stamp/codec/stampc.h"
#include "tools/agent/measure/stamp_cfg.h"

struct agent_stamp_refl;

struct agent_stamp_refl_stats {
	uint64_t answered, sessions;
	uint64_t malformed, denied, forged, over_rate, no_room, not_ours, return_refused, failed;
	char error[128]; /* "": it listens */
};

/* clock: what both clocks of this node are, asked for each answer. */
int agent_stamp_refl_new(struct agent_stamp_refl **outp, struct loop *loop,
			 const struct agent_stamp_refl_cfg *cfg,
			 struct stampc_clock (*clock)(void *arg), void *arg);
struct agent_stamp_refl *agent_stamp_refl_free(struct agent_stamp_refl *r);
AUTO_DEFINE(struct agent_stamp_refl, agent_stamp_refl_free)
/* On the same socket: sessions and their numbers go on. False: that cannot be, it needs another. */
bool agent_stamp_refl_change(struct agent_stamp_refl *r, const struct agent_stamp_refl_cfg *cfg);
/* Sessions that are counted, those heard last at the end. */
void agent_stamp_refl_each(const struct agent_stamp_refl *r,
			   void (*fn)(void *arg, const struct ip_addr *from, uint16_t ssid, uint32_t packets),
			   void *arg);
void agent_stamp_refl_stats(const struct agent_stamp_refl *r, struct agent_stamp_refl_stats *out);
