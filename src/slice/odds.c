/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How likely a way is to be there: all of its links and routers are, each for itself. Where traffic is
 * divided (ECMP) all branches count, so it is no less likely than that.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "slice/change.h"

int slice_odds_set(struct slice *s, const struct slice_odds *odds)
{
	struct slice_odd *own = calloc((size_t)odds->n + 1, sizeof(*own));

	if (!own)
		return err_raise(-ENOMEM);
	if (odds->n)
		memcpy(own, odds->of, odds->n * sizeof(*own));
	free((void *)(uintptr_t)s->odds.of);
	s->odds = *odds;
	s->odds.of = own;
	return 0;
}

static double part(uint32_t ppb)
{
	return (double)ppb / 1e9;
}

static double of_node(const struct slice *s, uint32_t node)
{
	for (uint32_t i = 0; i < s->odds.n; i++)
		if (ted_node_by_id(s->ted, s->odds.of[i].name) == node)
			return part(s->odds.of[i].ppb);
	return part(s->odds.node_ppb);
}

static double of_link(const struct slice *s, uint32_t link)
{
	uint32_t back = s->ted->links[link].reverse;

	for (uint32_t i = 0; i < s->odds.n; i++) {
		uint32_t l = ted_link_by_text(s->ted, s->odds.of[i].name);

		if (l != TED_NONE && (l == link || l == back))
			return part(s->odds.of[i].ppb);
	}
	return part(s->odds.link_ppb);
}

struct walk {
	struct slice_promise *out;
	double least;
};

static void meet(struct walk *w, double odds, const char *name)
{
	w->out->inner *= odds;
	if (odds >= w->least)
		return;
	w->least = odds;
	(void)str_copy(w->out->weakest, sizeof(w->out->weakest), name);
}

/* Does a link of it begin, or end, at a node? */
static bool touches(const struct ted *t, const uint32_t *links, uint32_t n, uint32_t node, bool begins)
{
	for (uint32_t i = 0; i < n; i++)
		if ((begins ? t->links[links[i]].from : t->links[links[i]].to) == node)
			return true;
	return false;
}

/* Every router once: by the first link that ends there, or that begins at the first of all. */
static bool nodes(const struct slice *s, const uint32_t *links, uint32_t n, struct walk *w)
{
	const struct ted *t = s->ted;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t from = t->links[links[i]].from, to = t->links[links[i]].to;
		double odds = of_node(s, to);

		if (!touches(t, links, n, from, false) && !touches(t, links, i, from, true)) {
			if (of_node(s, from) == 0)
				return false;
			w->out->ends *= of_node(s, from);
		}
		if (t->nodes[to].pseudonode || touches(t, links, i, to, false))
			continue;
		if (odds == 0)
			return false;
		if (!touches(t, links, n, to, true))
			w->out->ends *= odds;
		else
			meet(w, odds, ted_node_label(t, to));
	}
	return true;
}

bool slice_odds_way(const struct slice *s, const uint32_t *links, uint32_t n, struct slice_promise *out)
{
	struct walk w = { out, 2 };
	char label[TED_LABEL_MAX];

	*out = (struct slice_promise){ .ends = 1, .inner = 1 };
	for (uint32_t i = 0; s->ted && i < n; i++) {
		double odds = of_link(s, links[i]);

		if (links[i] >= s->ted->n_links || odds == 0)
			return false;
		/* what a LAN sends is the LAN's own link, which was counted on the way in */
		if (!s->ted->nodes[s->ted->links[links[i]].from].pseudonode)
			meet(&w, odds, ted_link_label(s->ted, links[i], label, sizeof(label)));
	}
	return s->ted && n > 0 && nodes(s, links, n, &w);
}

/* ---- the judgement ---- */

static double wanted(uint8_t nines)
{
	return 1 - pow(10, -(double)nines);
}

/* Rounding is nobody's loss. */
static bool keeps(double odds, uint8_t nines)
{
	return odds >= wanted(nines) - 1e-12;
}

static double both(const struct slice_promise *a, const struct slice_promise *b)
{
	return a->ends * (1 - (1 - a->inner) * (1 - b->inner));
}

static const char *percent(double odds, char buf[24])
{
	/* towards nothing: what is told is not more than it is */
	(void)snprintf(buf, 24, "%.6f %%", floor(odds * 1e8 + 1e-5) / 1e6);
	return buf;
}

static void offer(struct slice_commit *c, const struct slice_member *m, const struct slice_promise *p, double odds)
{
	static const char *const words[] = { "", "", "two-nines", "three-nines", "four-nines", "five-nines", "six-nines" };
	double twice = both(p, p);
	uint8_t nines = SLICE_NINES_MAX;
	char text[24];
	size_t n = 0;

	if (!m->apart && keeps(twice, m->terms.nines))
		(void)snprintf(c->odds_offer[n++], SR_REASON_MAX,
			       "sharing dedicated, with a diversity: %s where the second way is as good",
			       percent(twice, text));
	while (nines > 1 && !keeps(odds, nines))
		nines--;
	if (nines > 1)
		(void)snprintf(c->odds_offer[n++], SR_REASON_MAX, "availability %s", words[nines]);
}

static bool refuse(struct slice_commit *c, size_t index, double odds, const struct slice_promise *p,
		   struct intent_set_result *r)
{
	const struct slice_member *m = c->put_member.at[index];
	char want[24], is[24];

	c->judged = true;
	r->code = INTENT_E_SHORT;
	r->index = index;
	(void)snprintf(r->text, sizeof(r->text), "an availability of %s is promised, %s %s; the weakest is %.60s",
		       percent(wanted(m->terms.nines), want), m->apart ? "its two ways give" : "its one way gives",
		       percent(odds, is), p->weakest);
	offer(c, m, p, odds);
	return false;
}

/* The way of the other one of a pair. NULL: it is not asked for in this set. */
static const struct intent_set_way *other_way(const struct slice_commit *c, size_t index, const struct intent_set_way *ways)
{
	const struct slice_member *m = c->put_member.at[index];

	for (size_t k = 0; k < c->put_member.n; k++)
		if (k != index && c->put_of.at[k] == c->put_of.at[index] && c->put_member.at[k]->apart == m->apart)
			return &ways[k];
	return NULL;
}

bool slice_judge(void *arg, const struct intent_set_way *ways, size_t n, struct intent_set_result *r)
{
	struct slice_commit *c = arg;

	for (size_t k = 0; k < n && k < c->put_member.n; k++) {
		const struct slice_member *m = c->put_member.at[k];
		const struct intent_set_way *o = m->apart ? other_way(c, k, ways) : NULL;
		struct slice_promise p, q;
		double odds;

		/* what nobody knows nobody can hold against it: it is measured */
		if (!m->terms.nines || m->protection || !slice_odds_way(c->s, ways[k].links, ways[k].n, &p))
			continue;
		if (m->apart && (!o || !slice_odds_way(c->s, o->links, o->n, &q)))
			continue;
		odds = o ? both(&p, &q) : p.ends * p.inner;
		if (!keeps(odds, m->terms.nines))
			return refuse(c, k, odds, &p, r);
	}
	return true;
}
