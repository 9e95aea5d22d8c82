/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Is a path alive, by the probes sent along it: pure accounting, without sockets and clocks.
 *
 * Dead is a path whose last probes, as many as told, are all overdue: later than it took others to come
 * back. Probes that were not sent, because this process had no processor, say nothing. A path that has
 * never answered is unknown, not dead: its far end may not send back what it gets.
 */
#include <stdbool.h>
#include <stdint.h>

enum agent_live_state {
	AGENT_LIVE_UNKNOWN,
	AGENT_LIVE_YES,
	AGENT_LIVE_NO,
};

struct agent_live_cfg {
	bool on;
	uint32_t interval_ms;
	uint32_t missed;    /* so many in a row are dead; so many answered in a row alive again */
	uint32_t revert_ms; /* a better path must have been alive for so long before it is taken again */
};

struct agent_judge {
	enum agent_live_state state;
	uint64_t since_ns; /* of the state; monotonic, as all here */
	uint32_t sent;	   /* the number of the last probe; the first is 1 */
	uint32_t answered; /* the highest answered; 0: none */
	uint32_t streak;   /* answered in a row, that one last */
	uint64_t answered_sent_ns, rtt_ns; /* when that was sent; the most it took of late */
	uint64_t n_answered, deaths;
};

/* Its number. */
uint32_t agent_judge_sent(struct agent_judge *j);
/* Probe number seq, sent then, is back after rtt_ns (0: not known). True: the state is another. */
bool agent_judge_answer(struct agent_judge *j, const struct agent_live_cfg *cfg, uint32_t seq,
			uint64_t sent_ns, uint64_t rtt_ns, uint64_t now_ns);
/* All answers there are have been told. True: the state is another. */
bool agent_judge_look(struct agent_judge *j, const struct agent_live_cfg *cfg, uint64_t now_ns);
/* How long an answer may take before its probe counts as missed. */
uint64_t agent_judge_patience(const struct agent_judge *j, const struct agent_live_cfg *cfg);
