/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts vote for candidates (a class at a place) by the rules. Only what a decisive vote has named
 * is a candidate; all other votes are for candidates. The one with most is the first cause, and
 * takes the facts that spoke for it: what is left is counted anew for the next, so that several
 * faults at once are several causes and the effects of one are not causes of their own.
 */
#include "assure/locate/locate.h"

#include <errno.h>
#include <stdlib.h>

#include "assure/locate/locate_priv.h"
#include "base/auto.h"
#include "base/err.h"

enum { VOTES_MAX = 1 << 16, VOTES_EACH = 80, VOTES_MORE = 256 };

struct vote {
	uint64_t key; /* class, what, index */
	uint32_t fact;
	uint8_t kind, weight;
	bool decisive;
};

struct candidate {
	uint64_t key;
	uint32_t first, n; /* of votes */
	uint32_t score, facts; /* that no other cause has taken */
	bool taken;
};

struct search {
	struct locate_case c;
	struct arena *a;
	struct vote *votes;
	uint32_t n_votes, votes_max;
	struct candidate *cands;
	uint32_t n_cands;
	uint8_t *used; /* by fact */
	uint8_t *on_link, *on_node; /* of the path that is looked at */
	uint32_t *hit; /* services */
	struct locate_result *out;
};

static const char *const kinds[LOCATE_KINDS] = {
	[LOCATE_LINK_GONE] = "link-gone",
	[LOCATE_NODE_GONE] = "node-gone",
	[LOCATE_FEED_GONE] = "feed-gone",
	[LOCATE_PCEP_GONE] = "pcep-session-gone",
	[LOCATE_DEVICE_GONE] = "gnmi-session-gone",
	[LOCATE_READINGS_GONE] = "readings-missing",
	[LOCATE_POLICY_DOWN] = "policy-down",
	[LOCATE_FLOW_LOSS] = "flow-loss",
	[LOCATE_FLOW_DELAY] = "flow-delay",
	[LOCATE_WIRE_LOSS] = "wire-loss",
	[LOCATE_NODE_LOSS] = "node-loss",
	[LOCATE_PROBE_FORWARD] = "probe-loss-forward",
	[LOCATE_PROBE_BACK] = "probe-loss-backward",
	[LOCATE_LARGE_LOSS] = "large-packet-loss",
	[LOCATE_CLASS_DROPS] = "queue-drops",
	[LOCATE_LINK_FULL] = "link-full",
	[LOCATE_IF_ERRORS] = "interface-errors",
	[LOCATE_SID_WRONG] = "sid-wrong",
	[LOCATE_SID_DEAF] = "sid-not-served",
	[LOCATE_STRAY] = "stray-packets",
	[LOCATE_CLOCK_STEP] = "clock-step",
};

const char *locate_kind_name(enum locate_kind k)
{
	return kinds[k];
}

static const char *const classes[LOCATE_CLASSES] = {
	[LOCATE_UNKNOWN] = "unknown",
	[LOCATE_LINK_DOWN] = "link-down",
	[LOCATE_NODE_DOWN] = "node-down",
	[LOCATE_SILENT_NODE] = "silent-loss-node",
	[LOCATE_SILENT_WIRE] = "silent-loss-wire",
	[LOCATE_MTU_HOLE] = "mtu-hole",
	[LOCATE_WRONG_SID] = "wrong-sid",
	[LOCATE_QUEUE_STARVED] = "queue-starved",
	[LOCATE_CONGESTION] = "congestion",
	[LOCATE_ONE_WAY] = "one-way-failure",
	[LOCATE_AGENT_DEAD] = "agent-dead",
	[LOCATE_FEED_LOST] = "feed-lost",
	[LOCATE_CLOCK_JUMP] = "clock-jump",
};

const char *locate_class_name(enum locate_class c)
{
	return classes[c];
}

/* ---- votes ---- */

static uint64_t key_of(enum locate_class class, unsigned what, uint32_t index)
{
	return (uint64_t)class << 40 | (uint64_t)what << 32 | index;
}

static struct locate_place place_of(uint64_t key)
{
	return (struct locate_place){ .what = (unsigned)(key >> 32) & 0xff, .index = (uint32_t)key };
}

static int cand_cmp(const void *x, const void *y)
{
	const struct candidate *a = x, *b = y;

	return (a->key > b->key) - (a->key < b->key);
}

static bool is_candidate(const struct search *s, uint64_t key)
{
	const struct candidate k = { .key = key };

	return s->n_cands > 0 && bsearch(&k, s->cands, s->n_cands, sizeof(k), cand_cmp) != NULL;
}

static void vote(struct search *s, const struct locate_rule *r, uint32_t fact, unsigned what,
		 uint32_t index)
{
	const struct locate_fact *f = &s->c.facts[fact];
	uint64_t key = key_of(r->class, what, what == LOCATE_NOWHERE ? 0 : index);

	if ((r->when && !r->when(&s->c, f, index)) || (!r->decisive && !is_candidate(s, key)))
		return;
	if (s->n_votes == s->votes_max) {
		s->out->cut = true;
		return;
	}
	s->votes[s->n_votes++] = (struct vote){ key, fact, (uint8_t)f->kind, r->weight, r->decisive };
}

static uint32_t wire_of(const struct locate_net *net, uint32_t link)
{
	uint32_t back = net->links[link].reverse;

	return back < link ? back : link; /* LOCATE_NONE is no less */
}

/* Any link of the flow, the way that is meant, over which nobody's came. */
static void vote_flow(struct search *s, const struct locate_rule *r, uint32_t fact)
{
	const struct locate_fact *f = &s->c.facts[fact];
	const struct locate_flow *flow = &s->c.net->flows[f->flow];
	const uint8_t *clear = s->c.clear[locate_clears(f->kind)];

	if (r->where == TO_FLOW && f->link != LOCATE_NONE) {
		vote(s, r, fact, LOCATE_AT_LINK, f->link);
		return;
	}
	for (uint32_t i = 0; i < flow->n_links; i++) {
		uint32_t l = flow->links[i];

		l = r->where == TO_BACK ? s->c.net->links[l].reverse : l;
		if (l != LOCATE_NONE && !clear[l])
			vote(s, r, fact, LOCATE_AT_LINK, l);
	}
}

static void vote_next(struct search *s, const struct locate_rule *r, uint32_t fact)
{
	const struct locate_fact *f = &s->c.facts[fact];
	const struct locate_flow *flow = f->flow == LOCATE_NONE ? NULL : &s->c.net->flows[f->flow];

	for (uint32_t i = 0; flow && i < flow->n_links; i++)
		if (s->c.net->links[flow->links[i]].from == f->node)
			vote(s, r, fact, LOCATE_AT_LINK, flow->links[i]);
}

static void path_mark(struct search *s, uint32_t flow, uint8_t is)
{
	const struct locate_flow *f = &s->c.net->flows[flow];

	for (uint32_t i = 0; i < f->n_links; i++) {
		const struct locate_link *l = &s->c.net->links[f->links[i]];

		s->on_link[f->links[i]] = is;
		s->on_node[l->from] = s->on_node[l->to] = is;
	}
}

static bool on_path(const struct search *s, struct locate_place p)
{
	uint32_t back;

	switch (p.what) {
	case LOCATE_AT_NODE:
		return s->on_node[p.index];
	case LOCATE_AT_LINK:
		return s->on_link[p.index];
	case LOCATE_AT_WIRE:
		back = s->c.net->links[p.index].reverse;
		return s->on_link[p.index] || (back != LOCATE_NONE && s->on_link[back]);
	case LOCATE_NOWHERE:
		break;
	}
	return false;
}

static void vote_path(struct search *s, const struct locate_rule *r, uint32_t fact)
{
	for (uint32_t i = 0; i < s->n_cands; i++) {
		struct locate_place p = place_of(s->cands[i].key);

		if (s->cands[i].key >> 40 == r->class && on_path(s, p))
			vote(s, r, fact, p.what, p.index);
	}
}

static void apply_rule(struct search *s, const struct locate_rule *r, uint32_t fact)
{
	const struct locate_fact *f = &s->c.facts[fact];
	const struct locate_net *net = s->c.net;

	switch (r->where) {
	case TO_NOWHERE:
		vote(s, r, fact, LOCATE_NOWHERE, 0);
		break;
	case TO_NODE:
		vote(s, r, fact, LOCATE_AT_NODE, f->node);
		break;
	case TO_LINK:
		vote(s, r, fact, LOCATE_AT_LINK, f->link);
		break;
	case TO_WIRE:
		vote(s, r, fact, LOCATE_AT_WIRE, wire_of(net, f->link));
		break;
	case TO_ENDS:
		vote(s, r, fact, LOCATE_AT_NODE, net->links[f->link].from);
		vote(s, r, fact, LOCATE_AT_NODE, net->links[f->link].to);
		break;
	case TO_FROM:
		vote(s, r, fact, LOCATE_AT_NODE, net->links[f->link].from);
		break;
	case TO_NEXT:
		vote_next(s, r, fact);
		break;
	case TO_FLOW:
	case TO_BACK:
		vote_flow(s, r, fact);
		break;
	case TO_PATH:
		vote_path(s, r, fact);
		break;
	case TO_HEAD:
		if (net->flows[f->flow].n_links > 0)
			vote(s, r, fact, LOCATE_AT_NODE, net->links[net->flows[f->flow].links[0]].from);
		break;
	}
}

static void apply_rules(struct search *s, bool decisive)
{
	for (uint32_t i = 0; i < s->c.n; i++) {
		const struct locate_fact *f = &s->c.facts[i];
		bool path = !decisive && f->flow != LOCATE_NONE;

		if (path)
			path_mark(s, f->flow, 1);
		for (size_t k = 0; k < locate_n_rules; k++) {
			if (locate_rules[k].kind == f->kind && locate_rules[k].decisive == decisive)
				apply_rule(s, &locate_rules[k], i);
		}
		if (path)
			path_mark(s, f->flow, 0);
	}
}

static int vote_cmp(const void *x, const void *y)
{
	const struct vote *a = x, *b = y;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->weight != b->weight)
		return a->weight > b->weight ? -1 : 1;
	return (a->fact > b->fact) - (a->fact < b->fact);
}

static int candidates(struct search *s)
{
	qsort(s->votes, s->n_votes, sizeof(*s->votes), vote_cmp);
	s->cands = ARENA_ARRAY(s->a, s->n_votes + (size_t)1, struct candidate);
	if (!s->cands)
		return err_raise(-ENOMEM);
	for (uint32_t i = 0; i < s->n_votes; i++) {
		if (i == 0 || s->votes[i].key != s->votes[i - 1].key)
			s->cands[s->n_cands++].key = s->votes[i].key;
	}
	apply_rules(s, false);
	qsort(s->votes, s->n_votes, sizeof(*s->votes), vote_cmp);
	for (uint32_t i = 0, at = 0; i < s->n_cands; i++) {
		s->cands[i].first = at;
		while (at < s->n_votes && s->votes[at].key == s->cands[i].key)
			at++;
		s->cands[i].n = at - s->cands[i].first;
	}
	return 0;
}

/* ---- ranking ---- */

/* Of each kind the first fact counts in full, the second by half: many effects are no proof. */
static uint32_t score(const struct search *s, struct candidate *k)
{
	uint32_t sum = 0, of_kind = 0;
	bool decisive = false;
	int kind = -1;

	k->facts = 0;
	for (uint32_t i = k->first; i < k->first + k->n; i++) {
		const struct vote *v = &s->votes[i];

		if (s->used[v->fact])
			continue;
		of_kind = kind == v->kind ? of_kind + 1 : 0;
		kind = v->kind;
		k->facts++;
		decisive = decisive || v->decisive;
		sum += of_kind == 0 ? v->weight : of_kind == 1 ? v->weight / 2u : 0;
	}
	return decisive ? sum : 0;
}

static struct candidate *best(struct search *s)
{
	struct candidate *b = NULL;

	for (uint32_t i = 0; i < s->n_cands; i++) {
		struct candidate *k = &s->cands[i];

		k->score = k->taken ? 0 : score(s, k);
		if (k->score > 0 && (!b || k->score > b->score ||
				     (k->score == b->score && k->facts > b->facts)))
			b = k;
	}
	return b;
}

/* The same facts, and no others, speak for both: nothing tells which it is. */
static bool alike(const struct search *s, const struct candidate *a, const struct candidate *b)
{
	uint32_t i = 0, k = 0;

	if (a->key >> 40 != b->key >> 40 || a->score != b->score)
		return false;
	for (;;) {
		while (i < a->n && s->used[s->votes[a->first + i].fact])
			i++;
		while (k < b->n && s->used[s->votes[b->first + k].fact])
			k++;
		if (i == a->n || k == b->n)
			return i == a->n && k == b->n;
		if (s->votes[a->first + i].fact != s->votes[b->first + k].fact)
			return false;
		i++;
		k++;
	}
}

static bool link_at(const struct locate_net *net, struct locate_place p, uint32_t link)
{
	switch (p.what) {
	case LOCATE_AT_NODE:
		return net->links[link].from == p.index || net->links[link].to == p.index;
	case LOCATE_AT_LINK:
		return link == p.index;
	case LOCATE_AT_WIRE:
		return link == p.index || net->links[p.index].reverse == link;
	case LOCATE_NOWHERE:
		break;
	}
	return false;
}

/* The node is where the flow begins or ends. */
static bool is_end(const struct locate_net *net, const struct locate_flow *f, struct locate_place p)
{
	return p.what == LOCATE_AT_NODE && (net->links[f->links[0]].from == p.index ||
					    net->links[f->links[f->n_links - 1]].to == p.index);
}

static bool touches(const struct locate_net *net, const struct locate_cause *c, struct locate_place p,
		    uint32_t flow)
{
	const struct locate_flow *f = &net->flows[flow];

	if (p.what == LOCATE_NOWHERE || f->n_links == 0)
		return false;
	/* It forwards, but nobody can change what it sends, or tell what arrives. */
	if (c->class == LOCATE_AGENT_DEAD)
		return is_end(net, f, p);
	/* Whom it does not harm it does not hit; a SID of the last node is behind all that is measured. */
	if (f->well && (!c->inside || !is_end(net, f, p)))
		return false;
	for (uint32_t i = 0; i < f->n_links; i++)
		if (link_at(net, p, f->links[i]))
			return true;
	return false;
}

bool locate_hits(const struct locate_net *net, const struct locate_cause *c, uint32_t flow)
{
	for (uint32_t i = 0; i < c->n_places && i < LOCATE_PLACES_MAX; i++)
		if (touches(net, c, c->place[i], flow))
			return true;
	return false;
}

static int u32_cmp(const void *x, const void *y)
{
	const uint32_t *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

static void services(struct search *s, struct locate_cause *o)
{
	uint32_t hits = 0;

	for (uint32_t f = 0; f < s->c.net->n_flows; f++)
		if (locate_hits(s->c.net, o, f))
			s->hit[hits++] = s->c.net->flows[f].service;
	qsort(s->hit, hits, sizeof(*s->hit), u32_cmp);
	for (uint32_t i = 0; i < hits; i++) {
		if (i > 0 && s->hit[i] == s->hit[i - 1])
			continue;
		if (o->n_services < LOCATE_SERVICES_MAX)
			o->services[o->n_services] = s->hit[i];
		o->n_services++;
	}
}

static void take(struct search *s, const struct candidate *k, struct locate_cause *o)
{
	for (uint32_t i = 0; i < s->n_cands; i++) {
		struct candidate *other = &s->cands[i];

		if (other->taken || !alike(s, k, other))
			continue;
		other->taken = true;
		if (o->n_places < LOCATE_PLACES_MAX)
			o->place[o->n_places] = place_of(other->key);
		o->n_places++;
	}
	for (uint32_t i = k->first; i < k->first + k->n; i++) {
		uint32_t f = s->votes[i].fact;

		if (s->used[f])
			continue;
		o->inside = o->inside || s->c.facts[f].kind == LOCATE_SID_WRONG || s->c.facts[f].kind == LOCATE_SID_DEAF;
		if (o->n_speaks < LOCATE_SPEAKS_MAX)
			o->speaks[o->n_speaks] = s->c.origin[f];
		o->n_speaks++;
	}
	services(s, o);
	for (uint32_t i = k->first; i < k->first + k->n; i++)
		s->used[s->votes[i].fact] = 1;
}

static bool bad_news(const struct locate_case *c, const struct locate_fact *f)
{
	switch (f->kind) {
	case LOCATE_FLOW_LOSS:
	case LOCATE_WIRE_LOSS:
	case LOCATE_NODE_LOSS:
	case LOCATE_PROBE_FORWARD:
	case LOCATE_PROBE_BACK:
	case LOCATE_LARGE_LOSS:
	case LOCATE_SID_DEAF:
		return locate_loses(c, f);
	case LOCATE_FLOW_DELAY:
		return f->value > f->bound;
	case LOCATE_CLOCK_STEP:
		return locate_clock_moved(f);
	case LOCATE_LINK_FULL:
	case LOCATE_KINDS:
		return false;
	case LOCATE_CLASS_DROPS:
	case LOCATE_IF_ERRORS:
		return f->lost > 0;
	case LOCATE_LINK_GONE:
	case LOCATE_NODE_GONE:
	case LOCATE_FEED_GONE:
	case LOCATE_PCEP_GONE:
	case LOCATE_DEVICE_GONE:
	case LOCATE_READINGS_GONE:
	case LOCATE_POLICY_DOWN:
	case LOCATE_SID_WRONG:
	case LOCATE_STRAY:
		break;
	}
	return true;
}

static int room(struct search *s)
{
	const struct locate_net *net = s->c.net;

	s->votes_max = (uint32_t)s->c.n * VOTES_EACH + VOTES_MORE;
	s->votes_max = s->votes_max < VOTES_MAX ? s->votes_max : VOTES_MAX;
	s->votes = ARENA_ARRAY(s->a, s->votes_max, struct vote);
	s->used = ARENA_ARRAY(s->a, s->c.n + 1, uint8_t);
	s->on_link = ARENA_ARRAY(s->a, net->n_links + (size_t)1, uint8_t);
	s->on_node = ARENA_ARRAY(s->a, net->n_nodes + (size_t)1, uint8_t);
	s->hit = ARENA_ARRAY(s->a, net->n_flows + (size_t)1, uint32_t);
	if (!s->votes || !s->used || !s->on_link || !s->on_node || !s->hit)
		return err_raise(-ENOMEM);
	return 0;
}

int locate_causes(const struct locate_net *net, const struct locate_when *when,
		  const struct locate_fact *facts, size_t n, struct arena *a, struct locate_result *out)
{
	struct search s = { .a = a, .out = out };
	struct candidate *k;
	int r;

	*out = (struct locate_result){ 0 };
	out->cut = n > LOCATE_FACTS_MAX;
	r = locate_case_init(&s.c, net, when, a);
	if (r == 0)
		r = locate_case_read(&s.c, facts, out->cut ? LOCATE_FACTS_MAX : n, a);
	if (r == 0)
		r = room(&s);
	if (r < 0)
		return err_trace(r);
	apply_rules(&s, true);
	r = candidates(&s);
	if (r < 0)
		return err_trace(r);
	while (out->n < LOCATE_CAUSES_MAX && (k = best(&s))) {
		struct locate_cause *o = &out->cause[out->n++];

		o->class = (enum locate_class)(k->key >> 40);
		o->score = k->score;
		take(&s, k, o);
	}
	for (size_t i = 0; i < s.c.n; i++) {
		if (s.used[i] || !bad_news(&s.c, &s.c.facts[i]))
			continue;
		if (out->unexplained < LOCATE_LEFT_MAX)
			out->left[out->unexplained] = s.c.origin[i];
		out->unexplained++;
	}
	return 0;
}
