/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/agent/policy/live_judge.h"

#include "base/mono.h"

static bool become(struct agent_judge *j, enum agent_live_state s, uint64_t now_ns)
{
	if (j->state == s)
		return false;
	j->state = s;
	j->since_ns = now_ns;
	j->deaths += s == AGENT_LIVE_NO;
	return true;
}

uint32_t agent_judge_sent(struct agent_judge *j)
{
	return ++j->sent;
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
	if (j->state == AGENT_LIVE_NO && j->streak < cfg->missed)
		return false;
	return become(j, AGENT_LIVE_YES, now_ns);
}

uint64_t agent_judge_patience(const struct agent_judge *j, const struct agent_live_cfg *cfg)
{
	return (uint64_t)cfg->missed * cfg->interval_ms * NS_PER_MS + j->rtt_ns;
}

bool agent_judge_look(struct agent_judge *j, const struct agent_live_cfg *cfg, uint64_t now_ns)
{
	if (j->state != AGENT_LIVE_YES || j->sent - j->answered < cfg->missed ||
	    now_ns - j->answered_sent_ns < agent_judge_patience(j, cfg))
		return false;
	return become(j, AGENT_LIVE_NO, now_ns);
}
