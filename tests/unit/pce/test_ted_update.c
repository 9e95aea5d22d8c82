/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ted_update() makes what ted_build() makes of all rows: random sequences of events on small
 * networks with parallel links, LANs, half links and clashing addresses; every field, every
 * look-up. Old generations stay what they were while rows go round.
 */
#include "check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bitset.h"
#include "base/rng.h"
#include "pce/ted_priv.h"
#include "same.h"

enum {
	NODES = 10,
	LINKS = 36,
	ADDRS = 24, /* few, so that they clash and come back */
	EVENTS = 15,
	SEQUENCES = 2000,
	CHUNKS = 20,
	PINS = 4,
};

/* The rows as a caller keeps them, with what they point at. */
struct model {
	struct rng rng;
	struct ted_node n[NODES + 4];
	struct ted_link l[LINKS + 8];
	uint32_t nn, nl;
	struct arena a;
	bool node_hit[NODES + 4], link_hit[LINKS + 8];
};

static uint32_t below(struct model *m, uint32_t n)
{
	return (uint32_t)rng_below(&m->rng, n);
}

static struct ip_addr addr_of(uint32_t i)
{
	struct ip_addr a = { .family = IP_V6, .b = { 0xfc, 0, 0, 0, 0, (uint8_t)i } };

	a.b[15] = (uint8_t)(i % 3);
	return a;
}

static struct ip_addr addr4_of(uint32_t i)
{
	return (struct ip_addr){ .family = IP_V4, .b = { 10, 0, 0, (uint8_t)i } };
}

static struct ip_addr some_addr(struct model *m)
{
	return addr_of(below(m, ADDRS));
}

static struct ted_sid *some_sids(struct model *m, uint16_t *n)
{
	struct ted_sid *s = ARENA_ARRAY(&m->a, 3, struct ted_sid);

	*n = (uint16_t)below(m, 3);
	for (uint32_t i = 0; i < *n; i++)
		s[i] = (struct ted_sid){ .sid = some_addr(m), .behavior = (uint16_t)(43 + below(m, 3)) };
	return s;
}

static uint32_t *some_srlg(struct model *m, uint16_t *n)
{
	uint32_t *s = ARENA_ARRAY(&m->a, 3, uint32_t);

	*n = (uint16_t)below(m, 3);
	for (uint32_t i = 0; i < *n; i++)
		s[i] = below(m, 5);
	return s;
}

static void node_parts(struct model *m, struct ted_node *n)
{
	struct ip_prefix *p = ARENA_ARRAY(&m->a, 2, struct ip_prefix);
	struct ted_locator *l = ARENA_ARRAY(&m->a, 2, struct ted_locator);
	struct ted_node_sid *s = ARENA_ARRAY(&m->a, 2, struct ted_node_sid);

	n->n_prefixes = (uint16_t)below(m, 3);
	n->n_locators = (uint16_t)below(m, 3);
	n->n_node_sids = (uint16_t)below(m, 3);
	for (uint32_t i = 0; i < n->n_prefixes; i++)
		p[i] = (struct ip_prefix){ .addr = some_addr(m), .len = below(m, 4) ? 128 : 64 };
	for (uint32_t i = 0; i < n->n_locators; i++) {
		struct ip_addr a = some_addr(m);

		l[i] = (struct ted_locator){ .prefix = ip_prefix_of(&a, (uint8_t)(44 + below(m, 5))) };
	}
	for (uint32_t i = 0; i < n->n_node_sids; i++)
		s[i] = (struct ted_node_sid){ .value = below(m, 8), .algo = (uint8_t)below(m, 2),
					      .is_label = below(m, 2) };
	n->prefixes = p;
	n->locators = l;
	n->node_sids = s;
	n->sids = some_sids(m, &n->n_sids);
}

static void node_flex(struct model *m, struct ted_node *n)
{
	struct ted_fad *f = ARENA_ARRAY(&m->a, 2, struct ted_fad);

	n->n_fads = (uint16_t)(below(m, 3) ? 0 : below(m, 3));
	for (uint32_t i = 0; i < n->n_fads; i++)
		f[i] = (struct ted_fad){ .algo = (uint8_t)(128 + below(m, 2)),
					 .metric_type = (uint8_t)below(m, 4),
					 .priority = (uint8_t)below(m, 3) };
	n->fads = f;
	n->algos[2] = below(m, 4);
}

static void node_new(struct model *m, uint32_t i)
{
	struct ted_node *n = &m->n[i];

	*n = (struct ted_node){ .alive = below(m, 8) != 0, .pseudonode = i % 5 == 4,
				.overload = below(m, 8) == 0, .igp_id_len = 6 };
	n->igp_id[5] = (uint8_t)i;
	(void)snprintf(n->id, sizeof(n->id), "n%u", i);
	if (below(m, 4))
		(void)snprintf(n->name, sizeof(n->name), "r%u", below(m, NODES));
	if (below(m, 2))
		n->router_v6 = some_addr(m);
	if (below(m, 2))
		n->router_v4 = addr4_of(below(m, ADDRS));
	node_parts(m, n);
	node_flex(m, n);
}

static void link_ends(struct model *m, uint32_t i)
{
	struct ted_link *l = &m->l[i];

	*l = (struct ted_link){ .reverse = TED_NONE };
	do {
		l->from = below(m, m->nn);
		l->to = below(m, m->nn);
	} while (l->from == l->to || (m->n[l->from].pseudonode && m->n[l->to].pseudonode));
	if (i % 2 == 1 && below(m, 6)) { /* most links have another direction */
		l->from = m->l[i - 1].to;
		l->to = m->l[i - 1].from;
	}
}

static void link_attrs(struct model *m, struct ted_link *l)
{
	struct ted_flex_attrs *f = ARENA_NEW(&m->a, struct ted_flex_attrs);

	l->has_igp = below(m, 8) != 0;
	l->igp_metric = below(m, 10) ? below(m, 5) : 0xffffff;
	l->has_te = below(m, 2);
	l->te_metric = below(m, 5);
	l->has_delay = below(m, 2);
	l->delay_us = l->delay_min_us = below(m, 5);
	l->has_loss = below(m, 2);
	l->loss_ppm = below(m, 5);
	l->admin_group[below(m, 8)] = below(m, 4);
	l->mtu = (uint16_t)below(m, 2);
	l->srlg = some_srlg(m, &l->n_srlg);
	l->flex = NULL;
	l->flex_plain = below(m, 2);
	if (below(m, 2))
		return;
	*f = (struct ted_flex_attrs){ .has_te = below(m, 2), .te_metric = below(m, 3) };
	f->srlg = some_srlg(m, &f->n_srlg);
	l->flex = f;
}

/* Comes up with the addresses it had, or others; like its other direction's, or not. */
static void link_up(struct model *m, uint32_t i)
{
	struct ted_link *l = &m->l[i];
	const struct ted_link *r = &m->l[i ^ 1];

	l->alive = true;
	l->local_v6 = l->remote_v6 = l->local_v4 = l->remote_v4 = (struct ip_addr){ 0 };
	l->local_id = l->remote_id = 0;
	if (below(m, 3) && (i ^ 1) < m->nl) {
		l->local_v6 = r->remote_v6;
		l->remote_v6 = r->local_v6;
		l->local_id = r->remote_id;
		l->remote_id = r->local_id;
	} else {
		if (below(m, 2))
			l->local_v6 = some_addr(m);
		if (below(m, 2))
			l->remote_v6 = some_addr(m);
		if (below(m, 4) == 0)
			l->local_v4 = addr4_of(below(m, ADDRS));
		l->local_id = below(m, 3);
		l->remote_id = below(m, 3);
	}
	l->sids = some_sids(m, &l->n_sids);
	link_attrs(m, l);
}

static void model_init(struct model *m, uint64_t seed)
{
	memset(m, 0, sizeof(*m));
	rng_seed(&m->rng, seed);
	arena_init(&m->a, 0);
	m->nn = NODES;
	m->nl = LINKS;
	for (uint32_t i = 0; i < m->nn; i++)
		node_new(m, i);
	for (uint32_t i = 0; i < m->nl; i++) {
		link_ends(m, i);
		if (below(m, 5))
			link_up(m, i);
	}
}

/* ---- events ---- */

static void link_event(struct model *m)
{
	uint32_t i = below(m, m->nl);
	struct ted_link *l = &m->l[i];
	struct ted_link tomb = { .from = l->from, .to = l->to, .reverse = TED_NONE,
				 .local_v6 = l->local_v6, .remote_v6 = l->remote_v6 };

	m->link_hit[i] = true;
	if (!l->alive)
		link_up(m, i);
	else if (below(m, 2))
		*l = tomb;
	else
		link_attrs(m, l);
}

/* Its links come back with it and so are told with it; when it goes some may be told later. */
static void node_event(struct model *m)
{
	uint32_t i = below(m, m->nn);

	m->node_hit[i] = true;
	switch (below(m, 6)) {
	case 0:
		m->n[i].alive = !m->n[i].alive;
		for (uint32_t k = 0; k < m->nl; k++)
			m->link_hit[k] |= (m->l[k].from == i || m->l[k].to == i) &&
					  (m->n[i].alive || below(m, 2));
		break;
	case 1:
		m->n[i].overload = !m->n[i].overload;
		break;
	case 2:
		node_flex(m, &m->n[i]);
		break;
	case 3:
		(void)snprintf(m->n[i].name, sizeof(m->n[i].name), "r%u", below(m, NODES));
		break;
	default:
		node_parts(m, &m->n[i]);
	}
}

static void grow_event(struct model *m)
{
	if (below(m, 3) == 0 && m->nn < NODES + 4) {
		node_new(m, m->nn);
		m->node_hit[m->nn++] = true;
	} else if (m->nl < LINKS + 8) {
		link_ends(m, m->nl);
		link_up(m, m->nl);
		m->link_hit[m->nl++] = true;
	}
}

static void event(struct model *m)
{
	uint32_t what = below(m, 40);

	if (what == 0)
		grow_event(m);
	else if (what < 8)
		node_event(m);
	else
		link_event(m);
}

/* ---- the two builds ---- */

static const struct ted *update(struct model *m, const struct ted *prev)
{
	struct ted_node n[NODES + 4];
	struct ted_link l[LINKS + 8];
	uint32_t node_at[NODES + 4], link_at[LINKS + 8];
	struct ted_patch p = { .prev = prev, .node_at = node_at, .link_at = link_at, .nodes = n,
			       .links = l, .stale = below(m, 2) };
	const struct ted *t = NULL;

	for (uint32_t i = 0; i < m->nn; i++)
		if (m->node_hit[i]) {
			node_at[p.n_nodes] = i;
			n[p.n_nodes++] = m->n[i];
		}
	for (uint32_t i = 0; i < m->nl; i++)
		if (m->link_hit[i]) {
			link_at[p.n_links] = i;
			l[p.n_links++] = m->l[i];
		}
	memset(m->node_hit, 0, sizeof(m->node_hit));
	memset(m->link_hit, 0, sizeof(m->link_hit));
	MUST(ted_update(&p, &t) == 0);
	return t;
}

static const struct ted *whole(const struct model *m, const struct ted *prev, bool stale)
{
	const struct ted_input in = { .nodes = m->n, .links = m->l, .n_nodes = m->nn, .n_links = m->nl,
				      .stale = stale, .prev = prev };
	const struct ted *t = NULL;

	MUST(ted_build(&in, &t) == 0);
	return t;
}

/* ---- the properties ---- */

static void same(const struct ted *a, const struct ted *b)
{
	static const char *const texts[] = { "n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8", "n9",
					     "n10", "n11", "n12", "n13", "r0", "r1", "r2", "r3", "r4",
					     "r5", "r6", "r7", "r8", "r9" };
	struct ip_addr addrs[2 * ADDRS];
	const struct ted_same what = { .addrs = addrs, .texts = texts, .n_addrs = 2 * ADDRS,
				       .n_texts = ARRAY_LEN(texts) };

	for (uint32_t i = 0; i < ADDRS; i++) {
		addrs[i] = addr_of(i);
		addrs[ADDRS + i] = addr4_of(i);
	}
	ted_same(a, b, &what);
}

struct pin {
	const struct ted *t, *copy;
};

static void pin_drop(struct pin *p)
{
	if (p->t)
		same(p->t, p->copy);
	p->t = ted_unref(p->t);
	p->copy = ted_unref(p->copy);
}

/* Instead of what the update made, what a build does that looks for what differs. */
static void again(const struct model *m, const struct ted *prev, const struct ted **t,
		  const struct ted *f)
{
	const struct ted_input in = { .nodes = m->n, .links = m->l, .n_nodes = m->nn, .n_links = m->nl,
				      .stale = (*t)->stale, .prev = prev };

	ted_undo(*t, prev);
	MUST(ted_rebuild(&in, t) == 0);
	same(*t, f);
}

static void sequence(uint64_t seed, uint64_t *patched)
{
	struct pin pins[PINS] = { 0 };
	const struct ted *t, *f;
	struct model m;

	model_init(&m, seed);
	t = whole(&m, NULL, false);
	for (uint32_t e = 0; e < EVENTS; e++) {
		const struct ted *prev = t;
		struct pin *pin = &pins[below(&m, PINS)];
		uint32_t n = below(&m, 4) ? 1 : 1 + below(&m, 6);

		for (uint32_t i = 0; i < n; i++)
			event(&m);
		if (below(&m, 4) == 0)
			MUST(ted_spare(prev) == 0);
		t = update(&m, prev);
		f = whole(&m, prev, t->stale);
		same(t, f);
		if (below(&m, 3) == 0) /* the same from all rows */
			again(&m, prev, &t, f);
		*patched += ted_priv_of(t)->store == ted_priv_of(prev)->store;
		if (below(&m, 3) == 0) {
			pin_drop(pin);
			*pin = (struct pin){ ted_ref(t), ted_ref(f) };
		}
		ted_unref(f);
		ted_unref(prev);
	}
	for (unsigned i = 0; i < PINS; i++)
		pin_drop(&pins[i]);
	ted_unref(t);
	arena_fini(&m.a);
}

START_TEST(an_update_is_what_a_full_build_is)
{
	uint64_t patched = 0;

	for (uint64_t i = 0; i < SEQUENCES / CHUNKS; i++)
		sequence((uint64_t)_i * SEQUENCES + i, &patched);
	/* Most events are within what can be patched: else nothing is tested here. */
	ck_assert_uint_gt(patched, SEQUENCES / CHUNKS * EVENTS * 3 / 4);
}
END_TEST

START_TEST(a_branch_of_an_old_generation_is_built_in_full_and_right)
{
	const struct ted *a, *b, *c, *f;
	struct model m;

	model_init(&m, 7);
	a = whole(&m, NULL, false);
	m.l[0].te_metric = 77;
	m.link_hit[0] = true;
	b = update(&m, a);
	m.l[0].te_metric = 78;
	m.link_hit[0] = true;
	c = update(&m, a); /* not of b */
	f = whole(&m, a, c->stale);
	same(c, f);
	ck_assert_ptr_ne(ted_priv_of(c)->store, ted_priv_of(a)->store);
	ck_assert_ptr_eq(ted_priv_of(b)->store, ted_priv_of(a)->store);
	ted_unref(a);
	ted_unref(b);
	ted_unref(c);
	ted_unref(f);
	arena_fini(&m.a);
}
END_TEST

/* A node goes and comes, with all its links: neither is a full build, told as a patch or found. */
START_TEST(a_node_that_goes_or_comes_is_patched)
{
	const struct ted *t, *f;
	struct model m;

	model_init(&m, 5);
	m.n[1].alive = true;
	t = whole(&m, NULL, false);
	for (unsigned k = 0; k < 4; k++) {
		const struct ted *prev = t;

		m.n[1].alive = !m.n[1].alive;
		m.node_hit[1] = true;
		for (uint32_t i = 0; i < m.nl; i++)
			m.link_hit[i] = m.l[i].from == 1 || m.l[i].to == 1;
		t = update(&m, prev);
		f = whole(&m, prev, t->stale);
		if (k >= 2)
			again(&m, prev, &t, f);
		ck_assert_ptr_eq(ted_priv_of(t)->store, ted_priv_of(prev)->store);
		ck_assert_uint_gt(t->n_changed_links, 1);
		same(t, f);
		ted_unref(f);
		ted_unref(prev);
	}
	ted_unref(t);
	arena_fini(&m.a);
}
END_TEST

/* A link that flaps for ever, each time with another SID: memory stays within a bound. */
START_TEST(flapping_does_not_grow_memory)
{
	const struct ted *t;
	struct model m;
	uint32_t full = 0;

	model_init(&m, 9);
	t = whole(&m, NULL, false);
	for (uint32_t e = 0; e < 20000; e++) {
		const struct ted *prev = t;
		struct ted_sid sid = { .sid = addr_of(0) };

		memcpy(&sid.sid.b[8], &e, sizeof(e));
		m.l[0].alive = e % 2;
		m.l[0].sids = &sid;
		m.l[0].n_sids = e % 2;
		m.link_hit[0] = true;
		t = update(&m, prev);
		full += ted_priv_of(t)->store != ted_priv_of(prev)->store;
		MUST(ted_priv_of(t)->store->arena.used <= 4 << 20);
		MUST(ted_priv_of(t)->arena.used <= 1 << 18);
		ted_unref(prev);
	}
	ck_assert_uint_gt(full, 0);
	ck_assert_uint_lt(full, 200);
	ted_unref(t);
	arena_fini(&m.a);
}
END_TEST

START_TEST(pairs_the_caller_gave_are_kept_by_a_full_build)
{
	const struct ted *a, *b, *f;
	struct model m;

	model_init(&m, 11);
	for (uint32_t i = 0; i < m.nl; i++)
		m.l[i].alive = false;
	m.l[0].alive = m.l[1].alive = true;
	m.l[1].from = m.l[0].to;
	m.l[1].to = m.l[0].from;
	m.n[m.l[0].from].alive = m.n[m.l[0].to].alive = true;
	m.l[0].reverse = 1;
	m.l[1].reverse = 0;
	a = whole(&m, NULL, false);
	ck_assert_uint_eq(a->links[0].reverse, 1);
	m.l[2].te_metric = 3;
	m.link_hit[2] = true;
	b = update(&m, a);
	f = whole(&m, a, b->stale);
	same(b, f);
	ted_unref(a);
	ted_unref(b);
	ted_unref(f);
	arena_fini(&m.a);
}
END_TEST

/* ---- what a build that looks for what differs leaves to a full one ---- */

enum { MANY = 1500 };

static void rebuilt_in_full(struct ted_input *in, const struct ted *prev)
{
	const struct ted *t = NULL, *f = NULL;

	in->prev = prev;
	MUST(ted_rebuild(in, &t) == 0);
	MUST(ted_build(in, &f) == 0);
	same(t, f);
	ck_assert_ptr_ne(ted_priv_of(t)->store, ted_priv_of(prev)->store);
	ted_unref(t);
	ted_unref(f);
}

START_TEST(what_is_too_much_or_too_much_another_is_built_in_full)
{
	struct ted_node n[2] = { { .alive = true, .id = "n0" }, { .alive = true, .id = "n1" } };
	struct ted_link *l = calloc(MANY, sizeof(*l));
	struct ted_input in = { .nodes = n, .links = l, .n_nodes = 2, .n_links = MANY };
	const struct ted *prev = NULL;

	MUST(l);
	for (uint32_t i = 0; i < MANY; i++)
		l[i] = (struct ted_link){ .alive = true, .from = i % 2, .to = 1 - i % 2,
					  .reverse = TED_NONE, .local_id = i / 2 + 1,
					  .remote_id = i / 2 + 1 };
	MUST(ted_build(&in, &prev) == 0);
	ck_assert_uint_eq(prev->n_usable, MANY);
	for (uint32_t i = 0; i < MANY; i++)
		l[i].te_metric = i;
	rebuilt_in_full(&in, prev); /* all of them */
	for (uint32_t i = 0; i < MANY; i++)
		l[i].te_metric = 0;
	in.n_links = MANY - 2;
	rebuilt_in_full(&in, prev); /* fewer */
	in.n_links = MANY;
	l[0].reverse = 3;
	l[3].reverse = 0;
	rebuilt_in_full(&in, prev); /* nothing is another but a pair that is given */
	ted_unref(prev);
	free(l);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ted_update");
	TCase *tc = tcase_create("ted_update");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, an_update_is_what_a_full_build_is, 0, CHUNKS);
	tcase_add_test(tc, a_branch_of_an_old_generation_is_built_in_full_and_right);
	tcase_add_test(tc, a_node_that_goes_or_comes_is_patched);
	tcase_add_test(tc, what_is_too_much_or_too_much_another_is_built_in_full);
	tcase_add_test(tc, flapping_does_not_grow_memory);
	tcase_add_test(tc, pairs_the_caller_gave_are_kept_by_a_full_build);
	suite_add_tcase(s, tc);
	return check_main(s);
}
