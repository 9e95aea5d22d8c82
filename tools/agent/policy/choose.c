/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which candidate path of a policy is the active one: the best by RFC 9256 section 2.9 of those that
 * are valid, and a path whose probes are no longer answered is not. So a router goes from a working path
 * to its standby without anybody's help.
 *
 * Paths are watched while a policy has more than one. Each list of a path that has several is watched by
 * itself: a dead one is taken out while another is alive, the path is dead when all of them are. Nobody is
 * taken for dead who has never answered, unless he has been silent while another of the same policy does
 * answer: then the far end is not to blame. Where all of them died
 * at once, it may be the way back that broke, which they share: the standby is taken all the same, for the
 * working path is at best no better. Back to a better one goes who has seen it alive for a while.
 */
#include <string.h>

#include "tools/agent/policy/pol_int.h"

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

static const struct agent_judge *judge_of(const struct agent_lsp *l, unsigned k)
{
	static const struct agent_judge none;
	struct agent_watch_view v;

	if (!l->watch[k])
		return &none;
	agent_watch_view(l->watch[k], &v);
	return v.judge;
}

/* The best of states. */
static enum agent_live_state either(enum agent_live_state a, enum agent_live_state b)
{
	static const uint8_t rank[] = { [AGENT_LIVE_NO] = 0, [AGENT_LIVE_UNKNOWN] = 1, [AGENT_LIVE_YES] = 2 };

	return rank[a] > rank[b] ? a : b;
}

enum agent_live_state agent_pol_alive(const struct agent_lsp *l)
{
	enum agent_live_state s = AGENT_LIVE_NO;

	for (unsigned k = 0; k < sr_list_count(&l->st.list); k++)
		s = either(s, judge_of(l, k)->state);
	return s;
}

/* Of its lists that are in this state, the one that came to it first, or last; with deaths only those that have
 * been dead. NULL: none is. */
static const struct agent_judge *of_lists(const struct agent_lsp *l, enum agent_live_state s, bool last, bool died)
{
	const struct agent_judge *found = NULL;

	for (unsigned k = 0; k < sr_list_count(&l->st.list); k++) {
		const struct agent_judge *j = judge_of(l, k);

		if (j->state != s || (died && j->deaths == 0))
			continue;
		if (!found || (last ? j->since_ns > found->since_ns : j->since_ns < found->since_ns))
			found = j;
	}
	return found;
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

/* Its first SID is this router's own. Linux does what a SID says with packets that come, not with those it
 * makes itself: probes of such a list never leave, whereas those of customers do. */
static bool starts_here(const struct agent_pol *pol, const struct sr_list *list)
{
	const struct ip_addr *first = &list->at[0].sid;

	for (size_t i = 0; i < pol->n_sids; i++) {
		if (ip_prefix_has(&pol->sids[i].dst, first))
			return true;
	}
	return pol->ops.own && pol->ops.own(pol->arg, first);
}

static enum agent_live_state list_state(struct choice *c, const struct agent_lsp *l, unsigned k)
{
	const struct agent_judge *j = judge_of(l, k);

	if (j->state != AGENT_LIVE_UNKNOWN || !l->watch[k] || !c->answers)
		return j->state;
	if (starts_here(c->p->pol, sr_list_nth(&l->st.list, k)))
		return AGENT_LIVE_YES; /* it cannot be asked: believed, as if there were no probes */
	return j->silent ? AGENT_LIVE_NO : AGENT_LIVE_UNKNOWN;
}

static enum agent_live_state state_of(struct choice *c, const struct agent_lsp *l)
{
	enum agent_live_state s = AGENT_LIVE_NO;

	for (unsigned k = 0; k < sr_list_count(&l->st.list); k++)
		s = either(s, list_state(c, l, k));
	return s;
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
	const struct agent_judge *mine = of_lists(active, AGENT_LIVE_NO, true, false);
	struct agent_lsp *l = best_in(c, AGENT_LIVE_YES, NULL), *found = NULL;

	if (!l)
		l = best_in(c, AGENT_LIVE_UNKNOWN, NULL);
	if (l)
		return l;
	LIST_EACH (it, &c->p->lsps) {
		const struct agent_judge *j;

		l = LIST_OF(it, struct agent_lsp, member);
		j = of_lists(l, AGENT_LIVE_NO, true, true);
		if (!usable(l) || !j || !mine || !better(active, l))
			continue;
		if (j->since_ns + agent_judge_patience(j, c->cfg) >= mine->since_ns && (!found || better(l, found)))
			found = l;
	}
	return found ? found : active;
}

/* It has a list that is alive and always was. */
static bool never_dead(const struct agent_lsp *l)
{
	for (unsigned k = 0; k < sr_list_count(&l->st.list); k++) {
		const struct agent_judge *j = judge_of(l, k);

		if (j->state == AGENT_LIVE_YES && j->deaths == 0)
			return true;
	}
	return false;
}

/* A better one than the active one, which is not dead. */
static struct agent_lsp *way_back(struct choice *c, struct agent_lsp *active)
{
	const struct agent_judge *j;
	struct agent_lsp *l;
	uint64_t stable;

	if (state_of(c, active) != AGENT_LIVE_YES && (l = best_in(c, AGENT_LIVE_UNKNOWN, active)))
		return l; /* nobody answers: by preference alone */
	l = best_in(c, AGENT_LIVE_YES, active);
	if (!l)
		return active;
	j = of_lists(l, AGENT_LIVE_YES, false, false);
	stable = j ? j->since_ns + c->cfg->revert_ms * NS_PER_MS : 0;
	/* One that has never been dead has nothing to prove. */
	if (never_dead(l) || c->now_ns >= stable)
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
		c->answers = c->answers || agent_pol_alive(LIST_OF(it, struct agent_lsp, member)) == AGENT_LIVE_YES;
	if (still_member(p))
		return state_of(c, p->active) == AGENT_LIVE_NO ? way_out(c, p->active) : way_back(c, p->active);
	l = best_in(c, AGENT_LIVE_YES, NULL);
	if (!l)
		l = best_in(c, AGENT_LIVE_UNKNOWN, NULL);
	return l ? l : best(c, NULL, NULL);
}

/* One that was dead comes back when it has been alive for long enough, as a better path does. */
static bool comes_back(struct choice *c, const struct agent_lsp *l, unsigned k)
{
	const struct agent_judge *j = judge_of(l, k);
	uint64_t stable = j->since_ns + c->cfg->revert_ms * NS_PER_MS;

	if (agent_pol_in_use(l, k) || j->deaths == 0 || c->now_ns >= stable)
		return true;
	look_again(c, stable);
	return false;
}

/* Which of its lists carry nothing, as bits. Not all of them do: where none is alive, all are as good. */
static uint8_t lists_down(struct choice *c, const struct agent_lsp *l)
{
	unsigned down = 0, dead = 0, n = sr_list_count(&l->st.list);

	for (unsigned k = 0; n > 1 && k < n; k++) {
		enum agent_live_state s = list_state(c, l, k);

		dead |= s == AGENT_LIVE_NO ? 1U << k : 0;
		down |= s == AGENT_LIVE_NO || (s == AGENT_LIVE_YES && !comes_back(c, l, k)) ? 1U << k : 0;
	}
	if (down == (1U << n) - 1)
		down = dead; /* rather one that has just come back than none */
	return down == (1U << n) - 1 ? 0 : (uint8_t)down;
}

struct agent_lsp *agent_pol_choose(struct agent_policy *p)
{
	struct choice c = { .p = p, .cfg = agent_live_config(p->pol->live), .now_ns = agent_live_now() };
	struct agent_lsp *l = choose(&c);

	LIST_EACH (it, &p->lsps) {
		struct agent_lsp *m = LIST_OF(it, struct agent_lsp, member);

		uint8_t down = lists_down(&c, m);

		m->news = m->news || down != m->st.lists_down;
		m->st.lists_down = down;
	}
	if (c.again_ns == 0)
		loop_timer_stop(&p->again);
	else
		loop_timer_after(&p->again, c.again_ns > c.now_ns ? c.again_ns - c.now_ns : 0);
	return l;
}

static void watch(struct agent_pol *pol, struct agent_lsp *l, unsigned k, bool wanted)
{
	struct ip_addr sids[SR_SEGS_MAX];
	const struct sr_list *list = wanted ? sr_list_nth(&l->st.list, k) : NULL;

	for (unsigned i = 0; list && i < list->n; i++)
		sids[i] = list->at[i].sid;
	if (l->watch[k] && (!list || !agent_watch_along(l->watch[k], sids, list->n)))
		l->watch[k] = agent_live_unwatch(l->watch[k]);
	if (list && !l->watch[k])
		l->watch[k] = agent_live_watch(pol->live, sids, list->n, l);
	l->unwatched = l->unwatched || (list && !l->watch[k]);
}

void agent_pol_watch(struct agent_policy *p)
{
	unsigned n = 0;

	LIST_EACH (it, &p->lsps)
		n += usable(LIST_OF(it, struct agent_lsp, member));
	LIST_EACH (it, &p->lsps) {
		struct agent_lsp *l = LIST_OF(it, struct agent_lsp, member);
		unsigned lists = sr_list_count(&l->st.list);
		bool wanted = (n > 1 || lists > 1) && usable(l) && agent_live_config(p->pol->live)->on;

		l->unwatched = false;
		for (unsigned k = 0; k < SR_LISTS_MAX; k++)
			watch(p->pol, l, k, wanted && k < lists);
	}
}

void agent_pol_unwatch(struct agent_lsp *l)
{
	for (unsigned k = 0; k < SR_LISTS_MAX; k++)
		l->watch[k] = agent_live_unwatch(l->watch[k]);
}
