/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which candidate path of a policy is the active one: the best by RFC 9256 section 2.9 of those that
 * are valid, and a path whose probes are no longer answered is not. So a router goes from a working path
 * to its standby without anybody's help.
 *
 * Paths are watched while a policy has more than one. Nobody is taken for dead who has never answered,
 * unless another of the same policy does answer: then the far end is not to blame. Where all of them died
 * at once, it may be the way back that broke, which they share: the standby is taken all the same, for the
 * working path is at best no better. Back to a better one goes who has seen it alive for a while.
 */
#include <string.h>

#include "tools/agent/policy/pol_int.h"

#define GRACE_NS (1000 * NS_PER_MS) /* a path may take this long to answer first */

/* Preference, then origin, lower originator, higher discriminator. */
static bool better(const struct agent_lsp *a, const struct agent_lsp *b)
{
	const struct sr_cpath_id *x = &a->st.cpath, *y = &b->st.cpath;
	int c;

	if (a->st.preference != b->st.preference)
		return a->st.preference > b->st.preference;
	if (x->origin != y->origin)
		return x->origin > y->origin;
	if (x->asn != y->asn)
		return x->asn < y->asn;
	c = ip_cmp(&x->originator, &y->originator);
	if (c != 0)
		return c < 0;
	if (x->discriminator != y->discriminator)
		return x->discriminator > y->discriminator;
	return a->st.plsp_id < b->st.plsp_id; /* the one that was there */
}

static bool usable(const struct agent_lsp *l)
{
	return l->st.admin_up && l->st.list.n > 0 && !l->st.removed;
}

static const struct agent_judge *judge_of(const struct agent_lsp *l)
{
	static const struct agent_judge none;
	struct agent_watch_view v;

	if (!l->watch)
		return &none;
	agent_watch_view(l->watch, &v);
	return v.judge;
}

/* The policy as it stands while one is chosen. */
struct choice {
	struct agent_policy *p;
	const struct agent_live_cfg *cfg;
	uint64_t now_ns, again_ns; /* when to look again; 0: no need */
	bool answers;		   /* some path is alive */
};

static void look_again(struct choice *c, uint64_t at_ns)
{
	if (c->again_ns == 0 || at_ns < c->again_ns)
		c->again_ns = at_ns;
}

static enum agent_live_state state_of(struct choice *c, const struct agent_lsp *l)
{
	const struct agent_judge *j = judge_of(l);

	if (j->state != AGENT_LIVE_UNKNOWN || !l->watch || !c->answers)
		return j->state;
	if (c->now_ns - j->since_ns >= GRACE_NS)
		return AGENT_LIVE_NO;
	look_again(c, j->since_ns + GRACE_NS);
	return AGENT_LIVE_UNKNOWN;
}

/* The best of those in a state (of all: any), that are better than one (NULL: all). */
static struct agent_lsp *best(struct choice *c, const enum agent_live_state *in, const struct agent_lsp *than)
{
	struct agent_lsp *found = NULL;

	LIST_EACH (it, &c->p->lsps) {
		struct agent_lsp *l = LIST_OF(it, struct agent_lsp, member);

		if (!usable(l) || (in && state_of(c, l) != *in) || (than && !better(l, than)))
			continue;
		if (!found || better(l, found))
			found = l;
	}
	return found;
}

static struct agent_lsp *best_in(struct choice *c, enum agent_live_state s, const struct agent_lsp *than)
{
	return best(c, &s, than);
}

/* The active one is dead. Of the dead only a worse one that died with it: see above. */
static struct agent_lsp *way_out(struct choice *c, struct agent_lsp *active)
{
	const struct agent_judge *mine = judge_of(active);
	struct agent_lsp *l = best_in(c, AGENT_LIVE_YES, NULL), *found = NULL;

	if (!l)
		l = best_in(c, AGENT_LIVE_UNKNOWN, NULL);
	if (l)
		return l;
	LIST_EACH (it, &c->p->lsps) {
		const struct agent_judge *j;

		l = LIST_OF(it, struct agent_lsp, member);
		j = judge_of(l);
		if (!usable(l) || j->deaths == 0 || !better(active, l))
			continue;
		if (j->since_ns + agent_judge_patience(j, c->cfg) >= mine->since_ns && (!found || better(l, found)))
			found = l;
	}
	return found ? found : active;
}

/* A better one than the active one, which is not dead. */
static struct agent_lsp *way_back(struct choice *c, struct agent_lsp *active)
{
	struct agent_lsp *l;
	uint64_t stable;

	if (state_of(c, active) != AGENT_LIVE_YES && (l = best_in(c, AGENT_LIVE_UNKNOWN, active)))
		return l; /* nobody answers: by preference alone */
	l = best_in(c, AGENT_LIVE_YES, active);
	if (!l)
		return active;
	stable = judge_of(l)->since_ns + c->cfg->revert_ms * NS_PER_MS;
	/* One that has never been dead has nothing to prove. */
	if (judge_of(l)->deaths == 0 || c->now_ns >= stable)
		return l;
	look_again(c, stable);
	return active;
}

static bool still_member(const struct agent_policy *p)
{
	return p->active && p->active->policy == p && usable(p->active);
}

static struct agent_lsp *choose(struct choice *c)
{
	struct agent_policy *p = c->p;
	struct agent_lsp *l;

	LIST_EACH (it, &p->lsps)
		c->answers = c->answers || judge_of(LIST_OF(it, struct agent_lsp, member))->state == AGENT_LIVE_YES;
	if (still_member(p))
		return state_of(c, p->active) == AGENT_LIVE_NO ? way_out(c, p->active) : way_back(c, p->active);
	l = best_in(c, AGENT_LIVE_YES, NULL);
	if (!l)
		l = best_in(c, AGENT_LIVE_UNKNOWN, NULL);
	return l ? l : best(c, NULL, NULL);
}

struct agent_lsp *agent_pol_choose(struct agent_policy *p)
{
	struct choice c = { .p = p, .cfg = agent_live_config(p->pol->live), .now_ns = agent_live_now() };
	struct agent_lsp *l = choose(&c);

	if (c.again_ns == 0)
		loop_timer_stop(&p->again);
	else
		loop_timer_after(&p->again, c.again_ns > c.now_ns ? c.again_ns - c.now_ns : 0);
	return l;
}

static void watch(struct agent_pol *pol, struct agent_lsp *l, bool wanted)
{
	struct ip_addr sids[SR_SEGS_MAX];

	for (unsigned k = 0; k < l->st.list.n; k++)
		sids[k] = l->st.list.at[k].sid;
	if (l->watch && (!wanted || !agent_watch_along(l->watch, sids, l->st.list.n)))
		l->watch = agent_live_unwatch(l->watch);
	if (wanted && !l->watch)
		l->watch = agent_live_watch(pol->live, sids, l->st.list.n, l);
	l->unwatched = wanted && !l->watch;
}

void agent_pol_watch(struct agent_policy *p)
{
	unsigned n = 0;

	LIST_EACH (it, &p->lsps)
		n += usable(LIST_OF(it, struct agent_lsp, member));
	LIST_EACH (it, &p->lsps) {
		struct agent_lsp *l = LIST_OF(it, struct agent_lsp, member);

		watch(p->pol, l, n > 1 && usable(l) && agent_live_config(p->pol->live)->on);
	}
}
