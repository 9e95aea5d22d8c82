/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Is a path alive, by the probes sent along it: pure accounting, without sockets and clocks.
 *
 * Dead is a path with as many unanswered probes in a row as told, the last of them overdue too: later than
 * it took others to come back, counted from when that one left. So a process that had no processor, and sent
 * none for a while, kills nobody: it holds until those it sent since have had their time. A path that has
 * never answered is unknown, not dead: its far end may not send back what it gets. Silent it is when as many
 * as leave in a second were sent and had their time: probes are counted, not what a clock says.
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

enum { AGENT_LIVE_MISSED_MAX = 50, AGENT_LIVE_KEPT = 64 /* more than those */ };

struct agent_judge {
	enum agent_live_state state;
	uint64_t since_ns; /* of the state; monotonic, as all here */
	uint32_t sent;	   /* the number of the last probe; the first is 1 */
	uint32_t answered; /* the highest answered; 0: none */
	uint32_t streak;   /* answered in a row, that one last */
	uint64_t answered_sent_ns, rtt_ns; /* when that was sent; the most it took of late */
	uint64_t n_answered, deaths;
	bool silent;  /* unknown, and has had its chance */
	bool holding; /* by the age of the last answer it would be dead, by what was sent since it is not */
	uint64_t holds; /* how often, and it answered again */
	uint64_t left_ns[AGENT_LIVE_KEPT]; /* when probes left, by their numbers */
};

/* Its number. It leaves now, or when that is said once more. */
uint32_t agent_judge_sent(struct agent_judge *j, uint64_t now_ns);
void agent_judge_left(struct agent_judge *j, uint64_t now_ns); /* the last one, when it really did */
/* Probe number seq, sent then, is back after rtt_ns (0: not known). True: the state is another. */
bool agent_judge_answer(struct agent_judge *j, const struct agent_live_cfg *cfg, uint32_t seq,
			uint64_t sent_ns, uint64_t rtt_ns, uint64_t now_ns);
/* All answers there were at that time have been told. True: the state is another, or it is silent from now on. */
bool agent_judge_look(struct agent_judge *j, const struct agent_live_cfg *cfg, uint64_t now_ns);
/* How long an answer may take before its probe counts as missed. */
uint64_t agent_judge_patience(const struct agent_judge *j, const struct agent_live_cfg *cfg);
