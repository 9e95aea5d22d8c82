/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults made by a generator that knows nothing of the rules: it has a network, flows that run
 * through it, breaks something, and tells what would then be seen; with noise around it. The right
 * cause must be first, in its place, with the services that run over it and no others.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_main.h"
#include "locate_net.h"

/* ---- what breaks ---- */

struct truth {
	enum locate_class class;
	struct locate_place place;
};

static uint32_t used_link(struct net *w)
{
	uint32_t f = below(w, FLOWS);

	return w->flows[f].links[below(w, w->flows[f].n_links)];
}

static uint32_t used_node(struct net *w)
{
	return w->links[used_link(w)].to;
}

static struct truth truth(enum locate_class class, unsigned what, uint32_t index)
{
	return (struct truth){ class, { .what = what, .index = index } };
}

static struct truth link_down(struct net *w)
{
	uint32_t l = used_link(w), back = w->links[l].reverse;

	tell_link(w, LOCATE_LINK_GONE, l, 0, 0);
	if (below(w, 4) > 0) /* the other end may be slow to say so */
		tell_link(w, LOCATE_LINK_GONE, back, 0, 0);
	for (uint32_t f = 0; f < FLOWS; f++) {
		if (runs_over(w, f, l) || runs_over(w, f, back)) {
			ladder(w, f, runs_over(w, f, l) ? l : back, LOCATE_NONE, UINT64_MAX);
			tell_flow(w, LOCATE_POLICY_DOWN, f, 0, 0);
		}
	}
	return truth(LOCATE_LINK_DOWN, LOCATE_AT_WIRE, l < back ? l : back);
}

static struct truth node_down(struct net *w)
{
	uint32_t n = used_node(w);

	for (uint32_t l = 0; l < w->n_links; l++)
		if (w->links[l].to == n || (w->links[l].from == n && below(w, 2)))
			tell_link(w, LOCATE_LINK_GONE, l, 0, 0);
	tell_node(w, LOCATE_PCEP_GONE, n);
	tell_node(w, LOCATE_DEVICE_GONE, n);
	tell_node(w, LOCATE_READINGS_GONE, n);
	for (uint32_t f = 0; f < FLOWS; f++)
		if (turns_at(w, f, n))
			tell_flow(w, LOCATE_POLICY_DOWN, f, 0, 0);
	return truth(LOCATE_NODE_DOWN, LOCATE_AT_NODE, n);
}

static struct truth silent_node(struct net *w)
{
	uint32_t n = used_node(w);

	for (uint32_t f = 0; f < FLOWS; f++)
		if (turns_at(w, f, n))
			ladder(w, f, LOCATE_NONE, n, 1 + below(w, 60));
	return truth(LOCATE_SILENT_NODE, LOCATE_AT_NODE, n);
}

static struct truth silent_wire(struct net *w)
{
	uint32_t l = used_link(w);

	for (uint32_t f = 0; f < FLOWS; f++)
		if (runs_over(w, f, l))
			ladder(w, f, l, LOCATE_NONE, 1 + below(w, 60));
	if (below(w, 2))
		tell_link(w, LOCATE_IF_ERRORS, l, 5 + below(w, 100), 0);
	return truth(LOCATE_SILENT_WIRE, LOCATE_AT_LINK, l);
}

static struct truth mtu_hole(struct net *w)
{
	uint32_t l = used_link(w);

	for (uint32_t f = 0; f < FLOWS; f++) {
		tell_flow(w, LOCATE_LARGE_LOSS, f, runs_over(w, f, l) ? 20 : 0, 20);
		w->facts[w->n - 1].value = 1500;
		probe(w, f, true, true);
	}
	return truth(LOCATE_MTU_HOLE, LOCATE_AT_LINK, l);
}

/* Its segment takes the packets to where they do not belong, or nowhere. */
static struct truth wrong_sid(struct net *w)
{
	uint32_t n = used_node(w), how = below(w, 4);

	if (how == 0)
		tell_node(w, LOCATE_SID_WRONG, n);
	if (how == 3) { /* what came to the node was not taken there */
		tell_node(w, LOCATE_SID_DEAF, n);
		w->facts[w->n - 1].lost = w->facts[w->n - 1].of = 500;
	}
	for (uint32_t f = 0; f < FLOWS; f++) {
		const struct locate_flow *fl = &w->flows[f];

		if (!turns_at(w, f, n))
			continue;
		for (uint32_t i = 1; i < fl->n_links && how == 2; i++) {
			if (w->links[fl->links[i]].from != n)
				continue;
			ladder(w, f, fl->links[i], LOCATE_NONE, UINT64_MAX);
			tell_node(w, LOCATE_STRAY, (n + 5) % NODES);
			w->facts[w->n - 1].flow = f;
		}
		if (how != 2 || w->links[fl->links[fl->n_links - 1]].to == n)
			ladder(w, f, LOCATE_NONE, n, UINT64_MAX);
		probe(w, f, false, false);
	}
	return truth(LOCATE_WRONG_SID, LOCATE_AT_NODE, n);
}

static void drops(struct net *w, uint32_t l, uint64_t offered, uint64_t rate)
{
	tell_link(w, LOCATE_CLASS_DROPS, l, 500, 0);
	w->facts[w->n - 1].value = offered;
	w->facts[w->n - 1].bound = rate;
}

static void queue_of(struct net *w, uint32_t l, bool starved)
{
	drops(w, l, starved ? 4000000 : 11000000, 5000000);
	tell_link(w, LOCATE_LINK_FULL, l, 0, 0);
	w->facts[w->n - 1].value = 9900000;
	w->facts[w->n - 1].bound = 10000000;
	for (uint32_t f = 0; f < FLOWS; f++) {
		if (!runs_over(w, f, l))
			continue;
		ladder(w, f, l, LOCATE_NONE, 20 + below(w, 100));
		tell_flow(w, LOCATE_FLOW_DELAY, f, 0, 0);
		w->facts[w->n - 1].value = 90000;
		w->facts[w->n - 1].bound = 20000;
	}
}

static struct truth starved(struct net *w)
{
	uint32_t l = used_link(w);

	queue_of(w, l, true);
	return truth(LOCATE_QUEUE_STARVED, LOCATE_AT_LINK, l);
}

static struct truth congestion(struct net *w)
{
	uint32_t l = used_link(w);

	queue_of(w, l, false);
	return truth(LOCATE_CONGESTION, LOCATE_AT_LINK, l);
}

/* Only the probes tell, or the counters do as well. */
static struct truth one_way(struct net *w)
{
	uint32_t l = used_link(w), back = w->links[l].reverse;
	bool counters = below(w, 2);

	for (uint32_t f = 0; f < FLOWS; f++) {
		bool out = runs_over(w, f, l);

		if (out && counters)
			ladder(w, f, l, LOCATE_NONE, UINT64_MAX);
		probe(w, f, !out, !runs_over(w, f, back));
	}
	return truth(LOCATE_ONE_WAY, LOCATE_AT_LINK, l);
}

static struct truth agent_dead(struct net *w)
{
	uint32_t n = w->links[w->flows[below(w, FLOWS)].links[0]].from, how = below(w, 3);

	if (how != 0)
		tell_node(w, LOCATE_PCEP_GONE, n);
	if (how != 1)
		tell_node(w, LOCATE_DEVICE_GONE, n);
	tell_node(w, LOCATE_READINGS_GONE, n);
	return truth(LOCATE_AGENT_DEAD, LOCATE_AT_NODE, n);
}

/* What is then no longer announced may be there all the same. */
static struct truth feed_lost(struct net *w)
{
	struct locate_fact *f = tell(w, LOCATE_FEED_GONE);

	f->value = 0;
	f->at_ns = NOW - 30 * S;
	for (uint32_t l = 0; l < w->n_links; l++)
		if (below(w, 2))
			tell_link(w, LOCATE_LINK_GONE, l, 0, 0);
	return truth(LOCATE_FEED_LOST, LOCATE_NOWHERE, 0);
}

static struct truth clock_jump(struct net *w)
{
	uint32_t n = used_node(w);
	struct locate_fact *f = tell(w, LOCATE_CLOCK_STEP);

	f->node = n;
	f->value = 2000000;
	f->bound = 500;
	tell_node(w, LOCATE_READINGS_GONE, n);
	for (uint32_t i = 0; i < FLOWS; i++) {
		if (!runs_through(w, i, n))
			continue;
		tell_flow(w, LOCATE_FLOW_DELAY, i, 0, 0);
		w->facts[w->n - 1].value = 2000000;
		w->facts[w->n - 1].bound = 20000;
	}
	return truth(LOCATE_CLOCK_JUMP, LOCATE_AT_NODE, n);
}

static struct truth (*const breaks[])(struct net *w) = {
	link_down, node_down, silent_node, silent_wire, mtu_hole, wrong_sid,
	starved,   congestion, one_way,	 agent_dead,  feed_lost, clock_jump,
};

/* What is always there, and means nothing. */
static void noise(struct net *w)
{
	for (unsigned i = 0; i < 6; i++) {
		struct locate_fact *f;

		tell_link(w, LOCATE_IF_ERRORS, below(w, w->n_links), 1 + below(w, 3), 0);
		tell_node(w, LOCATE_READINGS_GONE, below(w, NODES));
		tell_flow(w, LOCATE_FLOW_LOSS, below(w, FLOWS), 1, 1000000);
		tell_link(w, LOCATE_LINK_FULL, below(w, w->n_links), 0, 0);
		f = &w->facts[w->n - 1];
		f->value = below(w, 90);
		f->bound = 100;
		tell_link(w, LOCATE_LINK_GONE, below(w, w->n_links), 0, 0); /* long ago */
		w->facts[w->n - 1].at_ns = NOW - 400 * S;
		tell_node(w, LOCATE_PCEP_GONE, below(w, NODES)); /* of tomorrow */
		w->facts[w->n - 1].at_ns = NOW + S;
		tell_node(w, LOCATE_CLOCK_STEP, below(w, NODES)); /* as it says itself */
		w->facts[w->n - 1].value = 900;
		w->facts[w->n - 1].bound = 1000;
		tell_node(w, LOCATE_SID_WRONG, NODES + below(w, 100)); /* of what is not there */
	}
}

static void shuffle(struct net *w)
{
	for (size_t i = w->n; i > 1; i--) {
		size_t k = rng_below(&w->rng, i);
		struct locate_fact f = w->facts[i - 1];

		w->facts[i - 1] = w->facts[k];
		w->facts[k] = f;
	}
}

static void ask(struct net *w, struct locate_result *out)
{
	const struct locate_when when = { .now_ns = NOW, .horizon_ns = 60 * S, .loss_ppm_min = 100 };
	struct arena a;

	arena_init(&a, 16 << 20);
	ck_assert_int_eq(locate_causes(&w->net, &when, w->facts, w->n, &a, out), 0);
	arena_fini(&a);
}

static bool same_place(const struct locate_cause *c, const struct truth *t)
{
	return c->class == t->class && c->place[0].what == t->place.what &&
	       c->place[0].index == t->place.index;
}

/* Whether nothing that was told lets one tell this place from another. */
static bool among(const struct locate_cause *c, const struct truth *t)
{
	for (uint32_t i = 0; i < c->n_places && i < LOCATE_PLACES_MAX; i++)
		if (c->class == t->class && c->place[i].what == t->place.what &&
		    c->place[i].index == t->place.index)
			return true;
	return c->class == t->class && c->n_places > LOCATE_PLACES_MAX;
}

static void say(const struct net *w, const struct locate_result *r, const struct truth *t)
{
	printf("true: %s %u:%u, %zu facts, unexplained %u\n", locate_class_name(t->class), t->place.what,
	       t->place.index, w->n, r->unexplained);
	for (uint32_t i = 0; i < r->n; i++)
		printf("  %s %u:%u of %u score %u speaks %u\n", locate_class_name(r->cause[i].class),
		       r->cause[i].place[0].what, r->cause[i].place[0].index, r->cause[i].n_places,
		       r->cause[i].score, r->cause[i].n_speaks);
}

static bool ends_at(const struct net *w, uint32_t flow, uint32_t node)
{
	const struct locate_flow *f = &w->flows[flow];

	return w->links[f->links[0]].from == node || w->links[f->links[f->n_links - 1]].to == node;
}

static bool hit(const struct net *w, const struct truth *t, uint32_t flow)
{
	uint32_t at = t->place.index;

	switch (t->place.what) {
	case LOCATE_AT_LINK:
		return runs_over(w, flow, at);
	case LOCATE_AT_WIRE:
		return runs_over(w, flow, at) || runs_over(w, flow, w->links[at].reverse);
	case LOCATE_AT_NODE:
		return t->class == LOCATE_AGENT_DEAD ? ends_at(w, flow, at) : runs_through(w, flow, at);
	case LOCATE_NOWHERE:
		break;
	}
	return false;
}

static void services_are(const struct net *w, const struct locate_cause *c, const struct truth *t)
{
	uint32_t n = 0;

	for (uint32_t f = 0; f < FLOWS; f += 2) { /* two flows a service */
		if (!hit(w, t, f) && !hit(w, t, f + 1))
			continue;
		ck_assert_uint_lt(n, c->n_services);
		ck_assert_uint_eq(c->services[n++], w->flows[f].service);
	}
	ck_assert_uint_eq(n, c->n_services);
}

START_TEST(the_right_cause_is_first_with_the_services_it_hits)
{
	AUTO_FREE struct net *w = malloc(sizeof(*w));
	AUTO_FREE struct locate_result *r = malloc(sizeof(*r));
	unsigned vague = 0, rounds = 150;

	for (uint64_t seed = 1; seed <= rounds; seed++) {
		struct truth t;

		world(w, seed * 64 + (uint64_t)_i);
		t = breaks[_i](w);
		noise(w);
		shuffle(w);
		ask(w, r);
		if (r->n == 0 || !among(&r->cause[0], &t))
			say(w, r, &t);
		ck_assert_uint_ge(r->n, 1);
		ck_assert_msg(among(&r->cause[0], &t), "class %d, seed %llu", _i, (unsigned long long)seed);
		if (r->cause[0].n_places == 1)
			services_are(w, &r->cause[0], &t);
		vague += r->cause[0].n_places > 1;
		ck_assert_uint_gt(r->cause[0].n_speaks, 0);
	}
	/* Probes alone cannot always tell which link of a path it is. */
	ck_assert_uint_le(vague, breaks[_i] == mtu_hole || breaks[_i] == one_way ? rounds / 2 : 0);
}
END_TEST

/* Two at once, far enough from one another that a flow is not lost before it gets to the second. */
START_TEST(two_faults_are_both_named)
{
	AUTO_FREE struct net *w = malloc(sizeof(*w));
	AUTO_FREE struct locate_result *r = malloc(sizeof(*r));
	static struct truth (*const pair[][2])(struct net *) = {
		{ silent_node, agent_dead }, { silent_wire, clock_jump }, { starved, agent_dead },
		{ wrong_sid, clock_jump },   { congestion, feed_lost },	  { link_down, agent_dead },
		{ node_down, clock_jump },   { silent_wire, feed_lost },
	};

	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct truth t[2];
		bool found[2] = { false, false };

		world(w, seed * 64 + (uint64_t)_i);
		for (unsigned i = 0; i < 2; i++)
			t[i] = pair[_i][i](w);
		noise(w);
		shuffle(w);
		ask(w, r);
		for (uint32_t i = 0; i < r->n && i < 2; i++)
			for (unsigned k = 0; k < 2; k++)
				found[k] = found[k] || same_place(&r->cause[i], &t[k]);
		/* An agent that dies on the router that is down is no fault of its own. */
		if (t[1].class == LOCATE_CLOCK_JUMP && t[0].class == LOCATE_NODE_DOWN &&
		    t[1].place.index == t[0].place.index)
			continue;
		if (!found[0] || !found[1]) {
			say(w, r, &t[0]);
			say(w, r, &t[1]);
		}
		ck_assert_msg(found[0] && found[1], "pair %d, seed %llu", _i, (unsigned long long)seed);
	}
}
END_TEST

START_TEST(without_evidence_it_is_unknown)
{
	AUTO_FREE struct net *w = malloc(sizeof(*w));
	AUTO_FREE struct locate_result *r = malloc(sizeof(*r));

	for (uint64_t seed = 1; seed <= 200; seed++) {
		world(w, seed);
		ask(w, r);
		ck_assert_uint_eq(r->n, 0);
		ck_assert_uint_eq(r->unexplained, 0);
		noise(w);
		ask(w, r);
		ck_assert_uint_eq(r->n, 0);
		ck_assert_uint_gt(r->unexplained, 0); /* missing readings, errors: said, not interpreted */
	}
}
END_TEST

/* What shows that something is wrong but not what: the place is not made up. */
START_TEST(effects_alone_name_no_cause)
{
	AUTO_FREE struct net *w = malloc(sizeof(*w));
	AUTO_FREE struct locate_result *r = malloc(sizeof(*r));

	for (uint64_t seed = 1; seed <= 100; seed++) {
		world(w, seed);
		for (uint32_t f = 0; f < FLOWS; f++) {
			tell_flow(w, LOCATE_FLOW_LOSS, f, 50, 1000);
			tell_flow(w, LOCATE_POLICY_DOWN, f, 0, 0);
			tell_flow(w, LOCATE_PROBE_FORWARD, f, 5, 100);
			ladder(w, f, LOCATE_NONE, LOCATE_NONE, 0);
		}
		ask(w, r);
		ck_assert_uint_eq(r->n, 0);
		ck_assert_uint_eq(r->unexplained, 3 * FLOWS);
	}
}
END_TEST

/* Loss that the queue tells of is not silent; the same loss that no queue tells of is. */
START_TEST(what_a_queue_dropped_is_not_silent)
{
	AUTO_FREE struct net *w = malloc(sizeof(*w));
	AUTO_FREE struct locate_result *r = malloc(sizeof(*r));

	world(w, 5);
	tell_link(w, LOCATE_WIRE_LOSS, 0, 100, 1000);
	ask(w, r);
	ck_assert_uint_eq(r->n, 1);
	ck_assert_int_eq(r->cause[0].class, LOCATE_SILENT_WIRE);
	drops(w, 0, 6000000, 5000000);
	w->facts[w->n - 1].lost = 90;
	ask(w, r);
	ck_assert_uint_eq(r->n, 1);
	ck_assert_int_eq(r->cause[0].class, LOCATE_CONGESTION);
	w->facts[w->n - 1].lost = 10; /* of a hundred: another thing loses the rest */
	ask(w, r);
	ck_assert_uint_eq(r->n, 2);
}
END_TEST

START_TEST(a_sid_is_wrong_when_it_takes_nothing_and_not_when_it_takes_some)
{
	AUTO_FREE struct net *w = malloc(sizeof(*w));
	AUTO_FREE struct locate_result *r = malloc(sizeof(*r));
	uint32_t end;

	world(w, 5);
	end = w->links[w->flows[0].links[w->flows[0].n_links - 1]].to;
	tell_node(w, LOCATE_SID_DEAF, end);
	w->facts[0].lost = 40;
	w->facts[0].of = 50;
	ask(w, r);
	ck_assert_uint_eq(r->n, 0);
	w->facts[0].lost = 50;
	w->flows[0].well = true; /* they came as far as anybody measures them */
	ask(w, r);
	ck_assert_uint_eq(r->n, 1);
	ck_assert(r->cause[0].class == LOCATE_WRONG_SID && r->cause[0].place[0].index == end && r->cause[0].inside);
	ck_assert(locate_hits(&w->net, &r->cause[0], 0));
}
END_TEST

/* All that a flow has is probes, and its far end says that none came: one way, if the other way is open. */
START_TEST(probes_that_do_not_arrive_are_one_way_when_those_of_the_other_way_do)
{
	AUTO_FREE struct net *w = malloc(sizeof(*w));
	AUTO_FREE struct locate_result *r = malloc(sizeof(*r));
	uint32_t n;

	world(w, 5);
	n = w->flows[0].n_links;
	for (uint32_t i = 0; i < n; i++)
		w->hops[1][i] = w->links[w->hops[0][n - 1 - i]].reverse;
	w->flows[1].n_links = n;
	tell_flow(w, LOCATE_PROBE_FORWARD, 0, 100, 100);
	ask(w, r);
	ck_assert_uint_eq(r->n, 0);
	w->flows[1].well = true; /* of those nothing is told but that */
	ask(w, r);
	ck_assert(r->n == 1 && r->cause[0].class == LOCATE_ONE_WAY && r->cause[0].n_places == n);
	w->flows[1].well = false;
	tell_flow(w, LOCATE_PROBE_FORWARD, 1, 100, 100);
	ask(w, r);
	ck_assert_uint_eq(r->n, 0); /* nor the other way */
	w->facts[1].lost = 0;
	tell_flow(w, LOCATE_PROBE_BACK, 1, 100, 100);
	ask(w, r);
	ck_assert_uint_eq(r->n, 1);
	ck_assert(r->cause[0].class == LOCATE_ONE_WAY && r->cause[0].n_places == n);
	for (uint32_t i = 0; i < n && i < LOCATE_PLACES_MAX; i++)
		ck_assert(r->cause[0].place[i].what == LOCATE_AT_LINK && runs_over(w, 0, r->cause[0].place[i].index));
	/* others come through over all of it but its first link */
	w->hops[2][0] = w->hops[0][1];
	w->flows[2].n_links = 1;
	tell_flow(w, LOCATE_PROBE_FORWARD, 2, 0, 100);
	ask(w, r);
	ck_assert(r->n == 1 && r->cause[0].class == LOCATE_ONE_WAY);
	ck_assert_uint_lt(r->cause[0].n_places, n);
}
END_TEST

START_TEST(the_order_of_facts_does_not_matter)
{
	AUTO_FREE struct net *w = malloc(sizeof(*w));
	AUTO_FREE struct locate_result *r = malloc(sizeof(*r)), *again = malloc(sizeof(*again));

	for (uint64_t seed = 1; seed <= 100; seed++) {
		world(w, seed);
		for (unsigned i = 0; i < 3; i++)
			(void)breaks[below(w, ARRAY_LEN(breaks))](w);
		noise(w);
		ask(w, r);
		shuffle(w);
		ask(w, again);
		ck_assert_uint_eq(r->n, again->n);
		ck_assert_uint_eq(r->unexplained, again->unexplained);
		for (uint32_t i = 0; i < r->n; i++) {
			ck_assert_int_eq(r->cause[i].class, again->cause[i].class);
			ck_assert_uint_eq(r->cause[i].score, again->cause[i].score);
			ck_assert_mem_eq(r->cause[i].place, again->cause[i].place, sizeof(r->cause[i].place));
			ck_assert_uint_eq(r->cause[i].n_services, again->cause[i].n_services);
		}
	}
}
END_TEST

/* A probe's path has several links: more probes leave fewer of them. */
START_TEST(probes_that_come_through_clear_their_links)
{
	AUTO_FREE struct net *w = malloc(sizeof(*w));
	AUTO_FREE struct locate_result *r = malloc(sizeof(*r));
	static const uint32_t three[] = { 0, 4, 8 }, two[] = { 0, 4 };

	world(w, 9);
	w->flows[0] = (struct locate_flow){ .links = three, .n_links = 3 };
	w->flows[1] = (struct locate_flow){ .links = two, .n_links = 2 };
	tell_flow(w, LOCATE_LARGE_LOSS, 0, 20, 20);
	ask(w, r);
	ck_assert_uint_eq(r->n, 1);
	ck_assert_int_eq(r->cause[0].class, LOCATE_MTU_HOLE);
	ck_assert_uint_eq(r->cause[0].n_places, 3);
	tell_flow(w, LOCATE_LARGE_LOSS, 1, 0, 20);
	ask(w, r);
	ck_assert_uint_eq(r->cause[0].n_places, 1);
	ck_assert_uint_eq(r->cause[0].place[0].index, 8);
}
END_TEST

START_TEST(whatever_is_told_stays_within_bounds)
{
	AUTO_FREE struct net *w = malloc(sizeof(*w));
	AUTO_FREE struct locate_result *r = malloc(sizeof(*r));

	for (uint64_t seed = 1; seed <= 40; seed++) {
		world(w, seed);
		while (w->n < FACTS - 1) {
			struct locate_fact *f = tell(w, (enum locate_kind)below(w, LOCATE_KINDS + 2));

			f->node = below(w, 4) ? below(w, NODES + 2) : LOCATE_NONE;
			f->link = below(w, 4) ? below(w, w->n_links + 2) : LOCATE_NONE;
			f->flow = below(w, 4) ? below(w, FLOWS + 2) : LOCATE_NONE;
			f->lost = rng_u64(&w->rng) >> below(w, 64);
			f->of = rng_u64(&w->rng) >> below(w, 64);
			f->value = rng_u64(&w->rng) >> below(w, 64);
			f->bound = rng_u64(&w->rng) >> below(w, 64);
			f->at_ns = below(w, 4) ? f->at_ns : rng_u64(&w->rng);
		}
		ask(w, r);
		ck_assert(r->cut);
		ck_assert_uint_le(r->n, LOCATE_CAUSES_MAX);
		for (uint32_t i = 0; i < r->n; i++) {
			ck_assert_int_ne(r->cause[i].class, LOCATE_UNKNOWN);
			ck_assert_uint_ge(r->cause[i].n_places, 1);
			ck_assert_str_ne(locate_class_name(r->cause[i].class), "");
		}
	}
}
END_TEST

START_TEST(it_takes_no_more_memory_than_it_is_given)
{
	AUTO_FREE struct net *w = malloc(sizeof(*w));
	AUTO_FREE struct locate_result *r = malloc(sizeof(*r));
	const struct locate_when when = { .now_ns = NOW, .horizon_ns = 60 * S };
	unsigned refused = 0;

	world(w, 3);
	(void)node_down(w);
	for (size_t limit = 1; limit < 8u << 20; limit *= 2) {
		struct arena a;
		int rc;

		arena_init(&a, limit);
		rc = locate_causes(&w->net, &when, w->facts, w->n, &a, r);
		ck_assert(rc == 0 || rc == -ENOMEM);
		refused += rc != 0;
		arena_fini(&a);
	}
	ck_assert_uint_gt(refused, 0);
	ck_assert_uint_lt(refused, 23);
}
END_TEST

/* In a router one in ten is lost, as it is of those that are sent on; it is the long ones, or any. */
START_TEST(a_hole_for_large_packets_is_told_from_silent_loss)
{
	AUTO_FREE struct net *w = malloc(sizeof(*w));
	struct arena a;
	struct locate_result r;

	for (unsigned large = 0; large <= 20; large += 10) {
		const struct locate_when when = { .now_ns = NOW, .horizon_ns = 60 * S, .loss_ppm_min = 100 };

		world(w, 5);
		tell_flow(w, LOCATE_FLOW_LOSS, 0, 10, 100);
		tell_flow(w, LOCATE_NODE_LOSS, 0, 10, 100);
		w->facts[1].node = w->links[w->hops[0][1]].from;
		tell_flow(w, LOCATE_LARGE_LOSS, 0, large, 20);
		arena_init(&a, 1 << 20);
		ck_assert_int_eq(locate_causes(&w->net, &when, w->facts, w->n, &a, &r), 0);
		arena_fini(&a);
		ck_assert_uint_eq(r.n, 1);
		ck_assert_int_eq(r.cause[0].class, large == 20 ? LOCATE_MTU_HOLE : LOCATE_SILENT_NODE);
		ck_assert_uint_eq(r.cause[0].place[0].index, large == 20 ? w->hops[0][1] : w->facts[1].node);
		ck_assert_uint_eq(r.cause[0].n_places, 1);
		ck_assert_uint_eq(r.unexplained, 0);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("locate");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, the_right_cause_is_first_with_the_services_it_hits, 0,
			    (int)ARRAY_LEN(breaks));
	tcase_add_loop_test(tc, two_faults_are_both_named, 0, 8);
	tcase_add_test(tc, without_evidence_it_is_unknown);
	tcase_add_test(tc, effects_alone_name_no_cause);
	tcase_add_test(tc, what_a_queue_dropped_is_not_silent);
	tcase_add_test(tc, a_sid_is_wrong_when_it_takes_nothing_and_not_when_it_takes_some);
	tcase_add_test(tc, probes_that_do_not_arrive_are_one_way_when_those_of_the_other_way_do);
	tcase_add_test(tc, the_order_of_facts_does_not_matter);
	tcase_add_test(tc, probes_that_come_through_clear_their_links);
	tcase_add_test(tc, whatever_is_told_stays_within_bounds);
	tcase_add_test(tc, it_takes_no_more_memory_than_it_is_given);
	tcase_add_test(tc, a_hole_for_large_packets_is_told_from_silent_loss);
	suite_add_tcase(s, tc);
	return check_main(s);
}
