/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * STAMP in the agent: Session-Senders whose probes take given SIDs, and a Session-Reflector.
 *
 * A probe carries the SIDs in a routing header of its own, as the packets of a policy do in their
 * outer header, so it is queued and forwarded as they are. Both ends are IPv6. What is not
 * answered is unknown, never zero.
 */
#include "base/str.h"
#include "tools/agent/measure/stamp_refl.h"
#include "tools/agent/measure/stamp_win.h"

struct agent_stamp;

int agent_stamp_new(struct agent_stamp **outp, struct loop *loop);
struct agent_stamp *agent_stamp_free(struct agent_stamp *s);
AUTO_DEFINE(struct agent_stamp, agent_stamp_free)

struct agent_stamp_ops {
	/* SIDs to the reflector by the active candidate of the policy of s, as many as there is
	 * room for; how many there are, < 0: there is no candidate. */
	int (*path)(void *arg, const struct agent_stamp_session_cfg *s,
		    struct ip_addr seg[AGENT_STAMP_SEGMENTS]);
	/* A window was closed, or a session lost its path. */
	void (*told)(void *arg);
};

/* ops: as long as s. Without them there is no policy, and nobody is told. */
void agent_stamp_watch(struct agent_stamp *s, const struct agent_stamp_ops *ops, void *arg);
/* Sessions whose configuration is the same go on undisturbed. 0, or < 0: no memory; what could be
 * set up is. cfg is copied. */
int agent_stamp_configure(struct agent_stamp *s, const struct agent_stamp_cfg *cfg);

struct agent_stamp_session_view {
	const struct agent_stamp_session_cfg *cfg;
	const struct ip_addr *segments; /* that probes visit now */
	unsigned n_segments;
	const struct agent_stamp_totals *totals;
	const struct agent_stamp_window *last; /* NULL: none closed yet */
	bool known;	    /* the last window has answers */
	const char *reason; /* why not, "" else */
	uint16_t ssid;
	uint64_t send_errors, unsupported, forged; /* answers; forged: with a wrong digest */
};

void agent_stamp_each(const struct agent_stamp *s,
		      void (*fn)(void *arg, const struct agent_stamp_session_view *v), void *arg);
/* Who asks our reflector: none where there is none. */
void agent_stamp_heard(const struct agent_stamp *s,
		       void (*fn)(void *arg, const struct ip_addr *from, uint16_t ssid, uint32_t packets), void *arg);
/* False when there is no reflector. */
bool agent_stamp_reflector(const struct agent_stamp *s, struct agent_stamp_refl_stats *out);
struct stampc_clock agent_stamp_clock(const struct agent_stamp *s);

/* Members "stamp", "stamp-sessions" of the agent's JSON, each after a comma. */
void agent_stamp_json(const struct agent_stamp *s, struct str *o);
