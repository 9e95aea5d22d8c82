/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must hold when everything is well again and has been for long: the controller knows the
 * network as it is, every policy is where it should be, nothing is left over; and while one wire
 * goes in a calm network, nobody is moved whom it does not concern.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bitset.h"
#include "check.h"

/* ---- the topology ---- */

/* A producer knows what reaches it; beyond that the controller cannot see. */
static bool in_sight(uint32_t router)
{
	for (uint32_t f = 0; f < sim.topo.routers.n; f++) {
		const uint32_t *dist = sim.topo.routers.at[f].feed ? sim_distances(sim.paths, f) : NULL;

		if (dist && dist[router] != UINT32_MAX)
			return true;
	}
	return false;
}

static void check_topology(void)
{
	const struct ted *ted = intent_ted(app_intent(sim.app));
	char text[SIM_WIRE_TEXT_MAX];

	if (!ted || ted->stale)
		fail("the feeds are up and the topology is out of sight");
	if (ted->generation != topo_ted(app_topo(sim.app))->generation)
		fail("intent works on generation %llu, there is %llu",
		     (unsigned long long)ted->generation,
		     (unsigned long long)topo_ted(app_topo(sim.app))->generation);
	check_shadow(ted);
	for (uint32_t h = 0; h < 2 * sim.topo.wires.n; h++) {
		const struct sim_half *is = &sim.topo.wires.at[h / 2].half[h % 2];
		const struct sim_half *seen = &sim.shadow.wires.at[h / 2].half[h % 2];
		bool works = sim_half_works(&sim.topo, h / 2, h % 2);

		if (!in_sight(sim.topo.wires.at[h / 2].end[0]))
			continue;
		if (works != sim_half_works(&sim.shadow, h / 2, h % 2))
			fail("wire %s %s, the controller sees it otherwise",
			     sim_wire_text(&sim.topo, h / 2, text, sizeof(text)),
			     works ? "works" : "does not work");
		if (works && (is->igp != seen->igp || is->delay_us != seen->delay_us ||
			      is->fun != seen->fun))
			fail("wire %s, side %u: igp %u delay %u SID %x, the controller has %u %u %x",
			     sim_wire_text(&sim.topo, h / 2, text, sizeof(text)), h % 2, is->igp,
			     is->delay_us, is->fun, seen->igp, seen->delay_us, seen->fun);
	}
}

/* ---- is there a path? by trying them all ---- */

struct search {
	const struct intent_cpath *c;
	uint32_t to, hops_max;
	uint32_t seen; /* bits of routers */
	bool found;
};

static void try(struct search *s, uint32_t at, uint64_t delay, uint32_t hops)
{
	const struct sim_topo *t = &sim.topo;

	if (at == s->to) {
		s->found = true;
		return;
	}
	s->seen |= 1U << at;
	for (uint32_t i = t->start[at]; i < t->start[at + 1] && !s->found; i++) {
		uint32_t h = t->idx[i], next = t->wires.at[h / 2].end[1 - h % 2];
		uint64_t d = delay + t->wires.at[h / 2].half[h % 2].delay_us;

		if (s->seen & 1U << next || !sim_half_works(t, h / 2, h % 2) ||
		    check_forbids(t, s->c, h) || hops + 1 > s->hops_max ||
		    (s->c->delay_us_max != PCE_NO_BOUND && d > s->c->delay_us_max))
			continue;
		try(s, next, d, hops + 1);
	}
	s->seen &= ~(1U << at);
}

/* A path that can be told with an adjacency SID a hop. An exclude that names a wire with a twin
 * is not judged here. */
static bool possible(const struct sr_policy_key *key, const struct intent_policy *p,
		     const struct intent_cpath *c)
{
	const struct router *r = router_of(&key->headend);
	struct search s = { .c = c, .to = sim_router_by_addr(&sim.topo, &key->endpoint) };

	if (c->kind == INTENT_EXPLICIT || c->n_exclude > 0 || !in_sight(r->n))
		return false;
	s.hops_max = p->msd ? p->msd : r->msd;
	if (c->hops_max < s.hops_max)
		s.hops_max = c->hops_max;
	try(&s, r->n, 0, 0);
	return s.found;
}

/* ---- policies ---- */

static const struct lsp *lsp_of(const struct intent_view *v)
{
	return router_lsp(router_of(&v->desired.key.headend), v->lsp_name);
}

static void check_placed(const struct belief *b, const struct intent_view *v)
{
	const struct lsp *l = lsp_of(v);
	const struct intent_cpath *c = check_cpath(&v->desired, v->active_preference);
	struct walked w;
	const char *why;

	if (!l || l->st.oper != LSP_UP || !sr_list_eq(&l->st.list, &v->computed))
		fail_of(&b->key, "%s is %s, its headend says otherwise", key_text(&b->key),
		     intent_state_text(v->state));
	if (!check_walk(sim.paths, &b->key, &l->st.list, &w))
		fail_of(&b->key, "%s is %s: %s", key_text(&b->key), intent_state_text(v->state), w.w.why);
	why = c ? check_breaks(&sim.topo, c, &w) : "its candidate path is gone";
	if (why && v->state == INTENT_UP)
		fail_of(&b->key, "%s is up and breaks what it asks for: %s", key_text(&b->key), why);
	if (v->state == INTENT_UP && l->st.bandwidth_bps > 0 && l->st.bandwidth_bps != v->desired.bandwidth_bps)
		fail_of(&b->key, "%s: the headend has %llu bit/s, %llu are wanted", key_text(&b->key),
		     (unsigned long long)l->st.bandwidth_bps,
		     (unsigned long long)v->desired.bandwidth_bps);
}

static void check_down(const struct belief *b, const struct intent_view *v)
{
	bool strict = v->desired.group.id && !v->desired.group.best_available;
	const struct lsp *l = lsp_of(v);

	if (l && l->st.pce_initiated)
		fail_of(&b->key, "%s is down (%s), and its LSP is still there", key_text(&b->key), v->reason);
	for (unsigned k = 0; k < v->desired.n_cpaths && !v->desired.admin_down; k++) {
		/* Of others in the way tests/unit/intent/test_group_random.c knows more. */
		if (v->desired.bandwidth_bps == 0 && !strict &&
		    possible(&b->key, &v->desired, &v->desired.cpaths[k]))
			fail_of(&b->key, "%s is down (%s), and there is a path for preference %u",
			     key_text(&b->key), v->reason, v->desired.cpaths[k].preference);
	}
}

static void check_policy(const struct belief *b, const struct intent_view *v)
{
	switch (v->state) {
	case INTENT_PENDING:
	case INTENT_HELD:
		fail_of(&b->key, "%s is still %s: %s", key_text(&b->key), intent_state_text(v->state),
		     v->reason);
	case INTENT_UP:
	case INTENT_DEGRADED:
		check_placed(b, v);
		break;
	case INTENT_DOWN:
		/* The headend's word, not ours: an adopted LSP over a wire that is gone. */
		if (lsp_of(v) && !lsp_of(v)->st.pce_initiated && lsp_of(v)->st.oper == LSP_DOWN)
			break;
		check_down(b, v);
		break;
	}
}

/* Booked rates of what is up, by where packets go, against what wires can carry. */
static void check_capacity(struct intent_view *v)
{
	uint64_t sum[2 * WIRES_MAX] = { 0 };
	struct walked w;

	for (unsigned k = 0; k < POLS; k++) {
		const struct belief *b = &sim.beliefs[k];

		if (!b->there || intent_get(app_intent(sim.app), &b->key, v) != 0 ||
		    v->state != INTENT_UP || !v->charged ||
		    !check_walk(sim.paths, &b->key, &v->reported.list, &w))
			continue;
		for (uint32_t h = 0; h < 2 * sim.topo.wires.n; h++)
			sum[h] += bitset_has(w.used, h) ? v->desired.bandwidth_bps : 0;
	}
	for (uint32_t h = 0; h < 2 * sim.topo.wires.n; h++) {
		char text[SIM_WIRE_TEXT_MAX];

		if (sum[h] > sim.topo.wires.at[h / 2].bw_bps)
			fail("wire %s carries %llu bit/s that were promised, it has %llu",
			     sim_wire_text(&sim.topo, h / 2, text, sizeof(text)),
			     (unsigned long long)sum[h],
			     (unsigned long long)sim.topo.wires.at[h / 2].bw_bps);
	}
}

/* ---- groups ---- */

static bool ends_at(const struct sr_policy_key *k, uint32_t r)
{
	return r == sim_router_by_addr(&sim.topo, &k->headend) ||
	       r == sim_router_by_addr(&sim.topo, &k->endpoint);
}

static bool share_srlg(const struct sim_wire *x, const struct sim_wire *y)
{
	for (unsigned i = 0; i < x->n_srlg; i++) {
		for (unsigned k = 0; k < y->n_srlg; k++) {
			if (x->srlg[i] == y->srlg[k])
				return true;
		}
	}
	return false;
}

struct trail {
	struct sr_policy_key key;
	struct intent_membership group;
	uint64_t wires, routers; /* bits */
};

/* What packets of it pass; false: it is no strict member that is up. */
static bool trail_of(const struct belief *b, struct intent_view *v, struct trail *out)
{
	struct walked w;

	if (!b->there || intent_get(app_intent(sim.app), &b->key, v) != 0 || v->state != INTENT_UP ||
	    v->desired.group.id == 0 || v->desired.group.best_available ||
	    !check_walk(sim.paths, &b->key, &v->reported.list, &w))
		return false;
	*out = (struct trail){ .key = b->key, .group = v->desired.group };
	for (uint32_t h = 0; h < 2 * sim.topo.wires.n; h++) {
		if (!bitset_has(w.used, h))
			continue;
		out->wires |= UINT64_C(1) << h / 2;
		out->routers |= UINT64_C(1) << sim.topo.wires.at[h / 2].end[0];
		out->routers |= UINT64_C(1) << sim.topo.wires.at[h / 2].end[1];
	}
	return true;
}

static const char *shared(const struct trail *x, const struct trail *y)
{
	for (uint32_t r = 0; (x->group.diverse & PCE_DIVERSE_NODE) && r < sim.topo.routers.n; r++) {
		if ((x->routers & y->routers) >> r & 1 && !(ends_at(&x->key, r) && ends_at(&y->key, r)))
			return "a router";
	}
	for (uint32_t i = 0; i < sim.topo.wires.n; i++) {
		for (uint32_t k = 0; k < sim.topo.wires.n; k++) {
			if ((x->group.diverse & PCE_DIVERSE_SRLG) && x->wires >> i & 1 &&
			    y->wires >> k & 1 && share_srlg(&sim.topo.wires.at[i], &sim.topo.wires.at[k]))
				return "a risk";
		}
	}
	return x->wires & y->wires ? "a wire" : NULL;
}

_Static_assert(WIRES_MAX <= 64, "a bit a wire");

static void check_apart(struct intent_view *v)
{
	struct trail at[POLS];
	unsigned n = 0;

	for (unsigned k = 0; k < POLS; k++)
		n += trail_of(&sim.beliefs[k], v, &at[n]);
	for (unsigned i = 0; i < n; i++) {
		for (unsigned k = 0; k < i; k++) {
			const char *what = at[i].group.id == at[k].group.id ? shared(&at[i], &at[k]) : NULL;
			char other[SR_KEY_TEXT_MAX];

			sim.apart += at[i].group.id == at[k].group.id;
			if (what)
				fail_of(&at[i].key, "%s shares %s with %s of its group", key_text(&at[i].key),
					what, sr_policy_key_text(&at[k].key, other, sizeof(other)));
		}
	}
}

static bool was_released(const struct sr_policy_key *key)
{
	for (unsigned k = 0; k < sim.n_released && k < RELEASED_MAX; k++) {
		if (sr_policy_key_cmp(&sim.released[k], key) == 0)
			return true;
	}
	return false;
}

/* An LSP that the controller made and nobody wants any more. Released ones are observed. */
static void check_leftovers(struct intent_view *v)
{
	for (uint32_t i = 0; i < sim.topo.routers.n; i++) {
		for (unsigned k = 0; k < LSPS_MAX; k++) {
			const struct lsp *l = &sim.routers[i].lsps[k];
			struct sr_policy_key key = { .headend = sim.routers[i].addr,
						     .color = l->st.color,
						     .endpoint = l->st.endpoint };
			bool known;

			if (!l->used || !l->st.pce_initiated)
				continue;
			known = intent_get(app_intent(sim.app), &key, v) == 0;
			if (!known)
				fail("%s: nobody knows the LSP %s that we made", key_text(&key),
				     l->st.name);
			if (v->mode == INTENT_OBSERVED && l->st.delegated && !was_released(&key))
				fail("%s: the LSP %s is delegated and nobody manages it",
				     key_text(&key), l->st.name);
			if (v->mode == INTENT_MANAGED && strcmp(v->lsp_name, l->st.name) != 0)
				fail("%s has two LSPs, %s and %s", key_text(&key), v->lsp_name,
				     l->st.name);
		}
	}
}

void check_rest(void)
{
	struct intent_view *v = calloc(1, sizeof(*v));

	if (!v)
		abort();
	if (ops_pending())
		fail("a command has no answer");
	if (ops_optimising())
		fail("an optimisation does not end");
	check_always();
	check_topology();
	for (unsigned k = 0; k < POLS; k++) {
		struct belief *b = &sim.beliefs[k];

		if (b->there && intent_get(app_intent(sim.app), &b->key, v) == 0)
			check_policy(b, v);
	}
	check_capacity(v);
	check_apart(v);
	check_leftovers(v);
	free(v);
}

/* ---- bandwidth that is to survive one wire ---- */

/* LSPs of others go where they like, and take what was kept: where they are now. */
static uint64_t of_others(void)
{
	const struct ted *ted = intent_ted(app_intent(sim.app));
	uint64_t h = 0;

	for (uint32_t l = 0; ted && l < ted->n_links; l++) {
		struct intent_book_row row;

		for (unsigned p = 0; intent_book_row(app_intent(sim.app), l, &row) && p < 8; p++)
			h = h * 31 + row.foreign_bps[p];
	}
	return h;
}

static void guard_watch_begin(struct intent_view *v)
{
	/* With priorities better ones may take what was kept. */
	sim.guard_watch = sim.profile == 1 && !ops_pending() && !ops_optimising() && !faults_standing() &&
			  mono_since(sim.disturbed, loop_now(sim.loop)) > 5 * NS_PER_S;
	sim.guarded = 0;
	sim.of_others = of_others();
	for (unsigned k = 0; sim.guard_watch && k < POLS; k++) {
		const struct belief *b = &sim.beliefs[k];

		if (b->there && intent_get(app_intent(sim.app), &b->key, v) == 0 &&
		    v->state == INTENT_UP && v->guarded == INTENT_GUARD_FULL)
			sim.guarded |= UINT64_C(1) << k;
	}
}

static bool beside_another(const struct intent_view *v)
{
	return v->state == INTENT_DEGRADED && strncmp(v->reason, "disjointness group", 18) == 0;
}

/* Its headend has a list that leads there, and the rate is booked. */
static void guard_watch_end(struct intent_view *v)
{
	struct walked w;

	if (faults_standing() || of_others() != sim.of_others)
		sim.guard_watch = false; /* more than a wire has gone */
	for (unsigned k = 0; sim.guard_watch && k < POLS; k++) {
		const struct belief *b = &sim.beliefs[k];
		const struct lsp *l;

		if (!(sim.guarded & UINT64_C(1) << k) || intent_get(app_intent(sim.app), &b->key, v) != 0)
			continue;
		l = lsp_of(v);
		/* Routers may lead another of its group to where it is: both say so, its rate is booked. */
		if ((v->state != INTENT_UP && !beside_another(v)) || !v->charged || !l ||
		    l->st.oper != LSP_UP)
			fail_of(&b->key, "%s is %s (%s) after one wire: its bandwidth was to survive that",
				key_text(&b->key), intent_state_text(v->state), v->reason);
		if (!check_walk(sim.paths, &b->key, &l->st.list, &w))
			fail_of(&b->key, "%s survives to nowhere: %s", key_text(&b->key), w.w.why);
		sim.survived++;
	}
	sim.guard_watch = false;
}

/* ---- one wire goes in a calm network ---- */

/* When one of a group has no way beside the others, they may have to move. */
static uint64_t with_groups(uint64_t touched)
{
	uint64_t more = 0;

	for (unsigned i = 0; i < POLS; i++) {
		const struct intent_policy *a = sim.beliefs[i].want;

		for (unsigned k = 0; k < POLS && a && a->group.id && touched >> i & 1; k++) {
			const struct intent_policy *b = sim.beliefs[k].want;

			if (b && b->group.id == a->group.id)
				more |= UINT64_C(1) << k;
		}
	}
	return touched | more;
}

void check_watch_begin(uint32_t wire)
{
	struct intent_view *v = calloc(1, sizeof(*v));
	struct walked w;

	if (!v)
		abort();
	/* Priorities push others aside, and a round of re-optimisation may come at any time. */
	sim.cut_watch = sim.profile < 2 && sim.conf.reopt_interval_s == 0 && !ops_pending() &&
			!ops_optimising() &&
			mono_since(sim.disturbed, loop_now(sim.loop)) > 90 * NS_PER_S;
	guard_watch_begin(v);
	sim.n_pushes = 0;
	sim.cut_touched = 0;
	for (unsigned k = 0; sim.cut_watch && k < POLS; k++) {
		const struct belief *b = &sim.beliefs[k];

		if (!b->there || intent_get(app_intent(sim.app), &b->key, v) != 0)
			continue;
		/* Rates make room for each other where routers lead what is cut off. */
		if (v->state != INTENT_UP || v->desired.bandwidth_bps > 0 || !check_walk(sim.paths, &b->key, &v->reported.list, &w) ||
		    bitset_has(w.used, 2 * wire) || bitset_has(w.used, 2 * wire + 1))
			sim.cut_touched |= UINT64_C(1) << k;
	}
	sim.cut_touched = with_groups(sim.cut_touched);
	free(v);
}

void check_watch_end(void)
{
	struct intent_view *v = calloc(1, sizeof(*v));

	if (!v)
		abort();
	guard_watch_end(v);
	free(v);
	for (unsigned k = 0; sim.cut_watch && k < sim.n_pushes; k++) {
		const struct belief *b = belief_of(&sim.pushes[k].key);

		if (!b || !(sim.cut_touched & UINT64_C(1) << (b - sim.beliefs)))
			fail_of(&sim.pushes[k].key, "%s is pushed for a wire that it does not use",
			     key_text(&sim.pushes[k].key));
	}
	sim.cut_watch = false;
}
