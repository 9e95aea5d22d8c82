/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/agent/policy/live_judge.h"

#include "base/mono.h"

#define CHANCE_MS 1000 /* so many of them may go unanswered at first */

static bool become(struct agent_judge *j, enum agent_live_state s, uint64_t now_ns)
{
	if (j->state == s)
		return false;
	j->state = s;
	j->since_ns = now_ns;
	j->holding = j->silent = false;
	j->deaths += s == AGENT_LIVE_NO;
	return true;
}

uint32_t agent_judge_sent(struct agent_judge *j, uint64_t now_ns)
{
	j->sent++;
	agent_judge_left(j, now_ns);
	return j->sent;
}

void agent_judge_left(struct agent_judge *j, uint64_t now_ns)
{
	j->left_ns[j->sent % AGENT_LIVE_KEPT] = now_ns;
}

/* The most of late: up at once, down by an eighth an answer. */
static void rtt_news(struct agent_judge *j, uint64_t rtt_ns)
{
	uint64_t faded = j->rtt_ns - j->rtt_ns / 8;

	if (rtt_ns > 0)
		j->rtt_ns = rtt_ns > faded ? rtt_ns : faded;
}

bool agent_judge_answer(struct agent_judge *j, const struct agent_live_cfg *cfg, uint32_t seq,
			uint64_t sent_ns, uint64_t rtt_ns, uint64_t now_ns)
{
	if (seq == 0 || seq > j->sent)
		return false;
	j->n_answered++;
	rtt_news(j, rtt_ns);
	if (seq <= j->answered) /* late, or twice */
		return false;
	j->streak = seq == j->answered + 1 ? j->streak + 1 : 1;
	j->answered = seq;
	j->answered_sent_ns = sent_ns;
	j->holds += j->holding;
	j->holding = false;
	if (j->state == AGENT_LIVE_NO && j->streak < cfg->missed)
		return false;
	return become(j, AGENT_LIVE_YES, now_ns);
}

uint64_t agent_judge_patience(const struct agent_judge *j, const struct agent_live_cfg *cfg)
{
	return (uint64_t)cfg->missed * cfg->interval_ms * NS_PER_MS + j->rtt_ns;
}

/* A look that comes late is followed by one that comes early: half an interval is the least that a probe has.
 * Where its time is not known any more it was long ago. */
static bool overdue(const struct agent_judge *j, const struct agent_live_cfg *cfg, uint32_t seq, uint64_t now_ns)
{
	uint64_t left = j->left_ns[seq % AGENT_LIVE_KEPT];

	return j->sent - seq >= AGENT_LIVE_KEPT ||
	       (now_ns >= left && now_ns - left >= j->rtt_ns + cfg->interval_ms * NS_PER_MS / 2);
}

static bool falls_silent(struct agent_judge *j, const struct agent_live_cfg *cfg, uint64_t now_ns)
{
	uint32_t enough = cfg->interval_ms ? CHANCE_MS / cfg->interval_ms : 0;

	if (enough < cfg->missed)
		enough = cfg->missed;
	if (j->silent || j->sent < enough || !overdue(j, cfg, enough, now_ns))
		return false;
	j->silent = true;
	return true;
}

bool agent_judge_look(struct agent_judge *j, const struct agent_live_cfg *cfg, uint64_t now_ns)
{
	if (j->state == AGENT_LIVE_UNKNOWN)
		return falls_silent(j, cfg, now_ns);
	if (j->state != AGENT_LIVE_YES || now_ns < j->answered_sent_ns ||
	    now_ns - j->answered_sent_ns < agent_judge_patience(j, cfg))
		return false;
	/* the one that makes them enough */
	if (j->sent - j->answered >= cfg->missed && overdue(j, cfg, j->answered + cfg->missed, now_ns))
		return become(j, AGENT_LIVE_NO, now_ns);
	j->holding = true;
	return false;
}
