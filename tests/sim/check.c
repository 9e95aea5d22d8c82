/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must hold. Three kinds: of every push, at the moment it leaves, against the topology the
 * controller knows (the shadow); of the controller's books and words, after every event; and of
 * the network, when nothing has been wrong for a while.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bitset.h"
#include "base/str.h"

#define REACTION_NS (3 * NS_PER_S)

enum { STORM = 20 }; /* pushes of one policy in 5 s */

/* ---- the shadow: what the TED says, as a network packets can be walked on ---- */

static void shadow_clear(void)
{
	struct sim_topo *t = &sim.shadow;

	for (uint32_t w = 0; w < t->wires.n; w++) {
		t->wires.at[w].up = true;
		t->wires.at[w].half[0].there = t->wires.at[w].half[1].there = false;
		sim.link_of_half[2 * w] = sim.link_of_half[2 * w + 1] = TED_NONE;
	}
	for (uint32_t r = 0; r < t->routers.n; r++)
		t->routers.at[r].up = false;
	t->version++;
}

static void shadow_link(const struct ted *ted, uint32_t i)
{
	const struct ted_link *l = &ted->links[i];
	uint64_t wire = ip_bits_get(&l->local_v6, 32, 32) - 0x10001;
	uint64_t side = ip_bits_get(&l->local_v6, 112, 16) - 1;
	struct sim_half *h;

	if (wire >= sim.shadow.wires.n || side > 1)
		fail("the TED has a link that no router has");
	h = &sim.shadow.wires.at[wire].half[side];
	sim.link_of_half[2 * wire + side] = i;
	h->there = l->alive;
	h->igp = l->igp_metric;
	h->te = l->te_metric;
	h->delay_us = l->delay_us;
	h->fun = l->n_sids ? (uint16_t)ip_bits_get(&l->sids[0].sid, 48, 16) : 0;
}

void check_shadow(const struct ted *ted)
{
	if (sim.shadow_generation == ted->generation && sim.shadow_epoch == sim.epoch)
		return;
	sim.shadow_generation = ted->generation;
	sim.shadow_epoch = sim.epoch;
	shadow_clear();
	for (uint32_t i = 0; i < ted->n_nodes; i++) {
		uint32_t r = sim_router_by_addr(&sim.shadow, &ted->nodes[i].router_v6);

		if (r != SIM_NONE)
			sim.shadow.routers.at[r].up = ted->nodes[i].alive;
	}
	for (uint32_t i = 0; i < ted->n_links; i++)
		shadow_link(ted, i);
}

/* ---- for those who look into a failure ---- */

static void say_list(const char *what, const struct sr_list *l)
{
	STR_AUTO struct str s = { 0 };
	char sid[IP_TEXT_MAX];

	for (unsigned k = 0; k < l->n; k++)
		str_addf(&s, " %s", ip_text(&l->at[k].sid, sid, sizeof(sid)));
	say("  %s:%s", what, str_text(&s));
}

static void say_cpath(const struct intent_policy *p, const struct intent_cpath *c)
{
	struct intent_path_query q = { .constraints = *c, .bandwidth_bps = p->bandwidth_bps,
				       .setup_prio = p->setup_prio, .msd = p->msd,
				       .no_usid = p->no_usid };
	struct pce_answer a;
	const struct ted *ted;
	struct arena arena;

	say("  preference %u: %s by %s, delay %u, hops %u, affinity -%x +%x, %u excluded (%s), strict %d, "
	    "msd %u, no-usid %d", c->preference, c->kind == INTENT_EXPLICIT ? "explicit" : "dynamic",
	    pce_metric_text(c->minimise), c->delay_us_max, c->hops_max, c->affinity.exclude_any[0],
	    c->affinity.include_any[0], c->n_exclude, c->exclude[0], c->strict, p->msd, p->no_usid);
	if (c->kind == INTENT_EXPLICIT) {
		say_list("given", &c->list);
		return;
	}
	(void)ip_text(&p->key.headend, q.src, sizeof(q.src));
	(void)ip_text(&p->key.endpoint, q.dst, sizeof(q.dst));
	arena_init(&arena, 0);
	intent_path(app_intent(sim.app), &q, &arena, &a, &ted);
	say("    %s %s", pce_status_text(a.status), a.why);
	arena_fini(&arena);
}

void check_explain(const struct sr_policy_key *key)
{
	struct intent_view *v = sim.verbose ? calloc(1, sizeof(*v)) : NULL;
	const struct ted *ted = intent_ted(app_intent(sim.app));

	if (!v || intent_get(app_intent(sim.app), key, v) != 0) {
		free(v);
		return;
	}
	say("  %s: %s, %s", key_text(key), intent_state_text(v->state), v->reason);
	say("  bandwidth %llu, confirmed %d, charged %d, by preference %u of generation %llu over %s",
	    (unsigned long long)v->desired.bandwidth_bps, v->confirmed, v->charged,
	    v->active_preference, (unsigned long long)v->ted_generation, v->path_text);
	for (unsigned k = 0; k < v->desired.n_cpaths; k++)
		say_cpath(&v->desired, &v->desired.cpaths[k]);
	if (v->has_computed)
		say_list("wanted", &v->computed);
	if (v->has_reported)
		say_list("reported", &v->reported.list);
	for (uint32_t i = 0; ted && i < ted->n_links; i++) {
		const struct ted_link *l = &ted->links[i];
		char label[TED_LABEL_MAX], sid[IP_TEXT_MAX] = "-";

		say("  link %s: alive %d, both ways %d, igp %u, delay %u, SID %s",
		    ted_link_label(ted, i, label, sizeof(label)), l->alive, l->reverse != TED_NONE,
		    l->igp_metric, l->delay_us, l->n_sids ? ip_text(&l->sids[0].sid, sid, sizeof(sid)) : sid);
	}
	free(v);
}

/* ---- a list against what was asked for ---- */

_Static_assert(2 * WIRES_MAX <= 64 * USED_WORDS, "a bit a half");

bool check_walk(struct sim_paths *p, const struct sr_policy_key *key, const struct sr_list *l,
		struct walked *out)
{
	struct ip_addr sids[SR_SEGS_MAX];

	for (unsigned k = 0; k < l->n; k++)
		sids[k] = l->at[k].sid;
	memset(out, 0, sizeof(*out));
	sim_walk(p, sim_router_by_addr(&sim.topo, &key->headend), sids, l->n, &out->w, out->used);
	sim.walked++;
	if (out->w.ok && out->w.end != sim_router_by_addr(&sim.topo, &key->endpoint)) {
		out->w.ok = false;
		(void)snprintf(out->w.why, sizeof(out->w.why), "it ends at %s",
			       sim.topo.routers.at[out->w.end].name);
	}
	return out->w.ok;
}

static bool excluded(const struct sim_topo *t, const struct intent_cpath *c, uint32_t half)
{
	const struct sim_wire *w = &t->wires.at[half / 2];
	const char *from = t->routers.at[w->end[half % 2]].name;
	const char *to = t->routers.at[w->end[1 - half % 2]].name;
	char link[2 * SIM_NAME_MAX + 2];

	/* Of parallel wires the first is meant: only wires without a twin are judged. */
	(void)snprintf(link, sizeof(link), "%s>%s", from, to);
	for (unsigned k = 0; k < c->n_exclude; k++) {
		if (strcmp(c->exclude[k], from) == 0 || strcmp(c->exclude[k], to) == 0)
			return true;
		if (strcmp(c->exclude[k], link) == 0 && w->tag == '\0' &&
		    sim_wire_find(t, w->end[0], w->end[1], 'b') == SIM_NONE)
			return true;
	}
	return false;
}

const char *check_forbids(const struct sim_topo *t, const struct intent_cpath *c, uint32_t half)
{
	uint32_t group = t->wires.at[half / 2].admin_group[0];

	if (group & c->affinity.exclude_any[0])
		return "excluded affinity";
	if (c->affinity.include_any[0] && !(group & c->affinity.include_any[0]))
		return "no affinity of those to be included";
	return excluded(t, c, half) ? "excluded by name" : NULL;
}

const struct intent_cpath *check_cpath(const struct intent_policy *p, uint32_t preference)
{
	for (unsigned k = 0; k < p->n_cpaths; k++) {
		if (p->cpaths[k].preference == preference)
			return &p->cpaths[k];
	}
	return NULL;
}

const char *check_breaks(const struct sim_topo *t, const struct intent_cpath *c,
			 const struct walked *w)
{
	if (c->kind == INTENT_EXPLICIT)
		return NULL;
	if (c->delay_us_max != PCE_NO_BOUND && w->w.delay_us_max > c->delay_us_max)
		return "delay";
	if (c->hops_max != PCE_NO_BOUND && w->w.hops_max > c->hops_max)
		return "hops";
	if (c->strict && bitset_count(w->used, USED_WORDS) != w->w.hops_max)
		return "strictness";
	for (uint32_t h = 0; h < 2 * t->wires.n; h++) {
		const char *why = bitset_has(w->used, h) ? check_forbids(t, c, h) : NULL;

		if (why)
			return why;
	}
	return NULL;
}

/* ---- pushes ---- */

static void push_note(const struct driver_lsp *l, bool changes)
{
	unsigned lately = 0;

	for (unsigned k = 0; k < sim.n_pushes; k++) {
		const struct push *p = &sim.pushes[k];

		lately += sr_policy_key_cmp(&p->key, &l->key) == 0 &&
			  mono_since(p->at, loop_now(sim.loop)) < 5 * NS_PER_S;
	}
	if (lately > STORM)
		fail_of(&l->key, "%s is pushed again and again", key_text(&l->key));
	if (sim.n_pushes == PUSHES_MAX)
		sim.n_pushes = 0;
	sim.pushes[sim.n_pushes++] = (struct push){ loop_now(sim.loop), l->key, changes };
}

static void push_meets(const struct driver_lsp *l, const struct intent_view *v)
{
	const struct intent_cpath *c = check_cpath(&v->desired, l->preference);
	const struct router *r = router_of(&l->key.headend);
	uint8_t msd = v->desired.msd ? v->desired.msd : r->msd;
	struct walked w;
	const char *why;

	if (!c)
		fail("%s is pushed for candidate path %u, which it does not have", key_text(&l->key),
		     l->preference);
	if (!check_walk(sim.shadow_paths, &l->key, &l->list, &w))
		fail_of(&l->key, "%s is pushed a list that leads nowhere: %s", key_text(&l->key), w.w.why);
	why = check_breaks(&sim.shadow, c, &w);
	if (why)
		fail_of(&l->key, "%s is pushed a list that breaks what it asks for: %s", key_text(&l->key), why);
	if (l->list.n + v->desired.reserved > msd)
		fail("%s is pushed %u SIDs, %u can be imposed", key_text(&l->key), l->list.n, msd);
}

/* The whole rate stands in the book on every link that any packet may use, and fits. */
static void push_booked(const struct driver_lsp *l)
{
	struct walked w;

	if (l->bandwidth_bps == 0 || !check_walk(sim.shadow_paths, &l->key, &l->list, &w))
		return;
	for (uint32_t h = 0; h < 2 * sim.shadow.wires.n; h++) {
		struct intent_book_row row;
		uint64_t ours = 0;

		if (!bitset_has(w.used, h))
			continue;
		if (!intent_book_row(app_intent(sim.app), sim.link_of_half[h], &row))
			fail("%s is pushed over a link the book does not have", key_text(&l->key));
		for (unsigned p = 0; p < 8; p++)
			ours += row.reserved_bps[p];
		if (ours < l->bandwidth_bps)
			fail_of(&l->key, "%s is pushed and not booked", key_text(&l->key));
	}
}

static bool unwanted(const struct belief *b)
{
	return !b || b->unknown || !b->there || (b->pending && !b->then_there) ||
	       (b->want && b->want->admin_down) || (b->then_want && b->then_want->admin_down);
}

void check_push(int kind, const struct driver_lsp *l)
{
	static const char *const text[] = { "apply", "remove", "release" };
	const struct ted *ted = intent_ted(app_intent(sim.app));
	struct intent_view *v = calloc(1, sizeof(*v));
	const struct router *r = router_of(&l->key.headend);
	const struct lsp *has = r ? router_lsp(sim.routers + r->n, l->name) : NULL;
	bool changes = !has || !sr_list_eq(&has->st.list, &l->list);

	say("push: %s %s %s%s, %u SIDs", text[kind], key_text(&l->key), l->name,
	    l->take_over ? " (take over)" : "", l->list.n);
	if (intent_held(app_intent(sim.app)))
		fail("%s of %s under hold", text[kind], key_text(&l->key));
	if ((!ted || ted->stale) && !(kind == 0 && l->take_over) && kind != 2 &&
	    !(kind == 1 && unwanted(belief_of(&l->key))))
		fail("%s of %s while the topology is out of sight", text[kind], key_text(&l->key));
	push_note(l, changes);
	say_list("list", &l->list);
	if (kind == 0 && !l->take_over && v) {
		if (intent_get(app_intent(sim.app), &l->key, v) != 0 || v->mode != INTENT_MANAGED)
			fail("%s is pushed, and nobody wants it", key_text(&l->key));
		check_shadow(ted);
		/* Terms alone may be told of a list that has lost its room to a better priority. */
		if (changes) {
			push_meets(l, v);
			push_booked(l);
		}
	}
	free(v);
}

/* ---- words and books ---- */

static bool dynamic_eq(const struct intent_cpath *a, const struct intent_cpath *b)
{
	if (a->n_exclude != b->n_exclude || a->minimise != b->minimise || a->strict != b->strict ||
	    a->delay_us_max != b->delay_us_max || a->hops_max != b->hops_max ||
	    a->igp_max != b->igp_max || a->te_max != b->te_max ||
	    memcmp(&a->affinity, &b->affinity, sizeof(a->affinity)) != 0)
		return false;
	for (unsigned k = 0; k < a->n_exclude; k++) {
		if (strcmp(a->exclude[k], b->exclude[k]) != 0)
			return false;
	}
	return true;
}

static bool same_policy(const struct intent_policy *a, const struct intent_policy *b)
{
	if (a->bandwidth_bps != b->bandwidth_bps || a->setup_prio != b->setup_prio ||
	    a->hold_prio != b->hold_prio || a->admin_down != b->admin_down || a->msd != b->msd ||
	    a->no_usid != b->no_usid || a->n_cpaths != b->n_cpaths || a->protect != b->protect ||
	    a->group.id != b->group.id || a->group.diverse != b->group.diverse ||
	    a->group.best_available != b->group.best_available)
		return false;
	for (unsigned k = 0; k < a->n_cpaths; k++) {
		const struct intent_cpath *x = &a->cpaths[k], *y = check_cpath(b, x->preference);

		if (!y || x->kind != y->kind)
			return false;
		if (x->kind == INTENT_EXPLICIT ? !sr_list_eq(&x->list, &y->list) : !dynamic_eq(x, y))
			return false;
	}
	return true;
}

/* The controller died before it answered: what it has now is the truth, if it is one of both. */
static void learn(struct belief *b, bool there, const struct intent_view *v)
{
	bool was = there == b->there && (!there || same_policy(&v->desired, b->want));
	bool then = there == b->then_there && (!there || same_policy(&v->desired, b->then_want));

	if (!was && !then)
		fail("%s is neither what it was nor what it was to become", key_text(&b->key));
	if (then) {
		free(b->want);
		b->want = b->then_want;
		b->there = b->then_there;
	} else {
		free(b->then_want);
	}
	b->then_want = NULL;
	b->pending = b->unknown = false;
}

static void check_belief(struct belief *b, struct intent_view *v)
{
	bool there = intent_get(app_intent(sim.app), &b->key, v) == 0 && v->mode == INTENT_MANAGED;

	if (b->unknown) {
		learn(b, there, v);
		return;
	}
	if (b->pending)
		return;
	if (b->there && !there)
		fail("%s was acknowledged and is lost", key_text(&b->key));
	if (!b->there && there)
		fail("%s was deleted and is back", key_text(&b->key));
	if (there && !same_policy(&v->desired, b->want))
		fail("%s is not what was acknowledged", key_text(&b->key));
	if (there && (v->state == INTENT_DOWN || v->state == INTENT_DEGRADED) && !v->reason[0])
		fail("%s is %s without a reason", key_text(&b->key), intent_state_text(v->state));
}

/* When nothing is wrong, up means that packets arrive. */
static void check_up(const struct belief *b, const struct intent_view *v)
{
	struct walked w;

	if (!b->there || v->mode != INTENT_MANAGED || v->state != INTENT_UP)
		return;
	if (check_walk(sim.paths, &b->key, &v->reported.list, &w))
		return;
	fail_of(&b->key, "%s is said to be up: %s", key_text(&b->key), w.w.why);
}

bool faults_standing(void)
{
	if (sim.held || sim.hold_pending || sim.disk_full || sim.feed_blocked[0] ||
	    sim.feed_blocked[1])
		return true;
	for (uint32_t i = 0; i < sim.topo.routers.n; i++) {
		const struct router *r = &sim.routers[i];

		if (r->mood != GOOD || r->blocked || !r->pcc || !pcc_is_up(r->pcc, 1))
			return true;
	}
	return !intent_ted(app_intent(sim.app)) || intent_ted(app_intent(sim.app))->stale;
}

void disturb(void)
{
	sim.disturbed = loop_now(sim.loop);
}

/* What is kept for after a failure stands beside what is reserved, never on it. */
static void check_kept(void)
{
	const struct ted *ted = intent_ted(app_intent(sim.app));

	for (uint32_t l = 0; ted && !ted->stale && l < ted->n_links; l++) {
		struct intent_book_row row;
		uint64_t sum;

		if (!ted->links[l].alive || !intent_book_row(app_intent(sim.app), l, &row) ||
		    row.backup_bps[7] == 0)
			continue;
		sum = row.measured_bps + row.backup_bps[7];
		for (unsigned p = 0; p < 8; p++)
			sum += row.reserved_bps[p] + row.foreign_bps[p];
		if (sum > row.capacity_bps)
			fail("link %u: %llu bit/s are reserved and kept of %llu", l,
			     (unsigned long long)sum, (unsigned long long)row.capacity_bps);
	}
}

void check_always(void)
{
	struct intent_view *v = calloc(1, sizeof(*v));
	char why[200] = "";
	bool calm;

	if (!v)
		abort();
	if (!intent_book_audit(app_intent(sim.app), why, sizeof(why)))
		fail("the book: %s", why);
	check_kept();
	if (sim.hold_unknown) {
		sim.held = intent_held(app_intent(sim.app));
		sim.hold_unknown = false;
	}
	if (!sim.hold_pending && intent_held(app_intent(sim.app)) != sim.held)
		fail("hold is %d, %d was acknowledged", intent_held(app_intent(sim.app)), sim.held);
	if (faults_standing())
		disturb();
	calm = mono_since(sim.disturbed, loop_now(sim.loop)) > REACTION_NS;
	for (unsigned k = 0; k < POLS; k++) {
		struct belief *b = &sim.beliefs[k];

		if (b->key.color == 0)
			continue;
		memset(v, 0, sizeof(*v));
		check_belief(b, v);
		if (calm)
			check_up(b, v);
	}
	free(v);
}
