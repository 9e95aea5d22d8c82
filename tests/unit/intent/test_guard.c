/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bandwidth that survives a failure: what is kept for it, against a plain recomputation failure by
 * failure; that whoever kept it gets in, and who did not is refused; that it gives way to what is
 * reserved, and nothing is ever promised twice.
 */
#include "world.h"

#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "intent/guard/guard.h"

enum { G = 1000000000 };

static void square(void)
{
	world_up(NULL);
	net_square();
	pcc_up("a");
}

static struct intent_policy *asks(uint32_t color, const char *to, uint64_t g, enum intent_protect how)
{
	struct intent_policy *p = policy("a", color, to);

	p->bandwidth_bps = g * G;
	p->protect = (uint8_t)how;
	return p;
}

static bool at_rest(void)
{
	const struct intent *i = world.intent;
	const struct intent_guards *all = i->guards;
	bool todo = all->slice || all->news.n > 0 || all->all_news || loop_timer_armed(&all->settle);

	for (unsigned p = 0; p < BOOK_PRIOS; p++)
		todo = todo || !list_empty(&all->todo[p]);
	return !todo && list_empty(&i->waves) && list_empty(&i->dirty) && list_empty(&i->fresh) &&
	       i->sweep_left == 0;
}

static uint64_t reserved(const struct intent_book_row *r)
{
	uint64_t sum = 0;

	for (unsigned p = 0; p < 8; p++)
		sum += r->reserved_bps[p] + r->foreign_bps[p];
	return sum;
}

/* Both together never are more than there is. */
static void never_too_much(void)
{
	for (uint32_t l = 0; l < world.ted->n_links; l++) {
		struct intent_book_row r;

		if (!world.ted->links[l].alive || !intent_book_row(world.intent, l, &r))
			continue;
		ck_assert_uint_le(reserved(&r) + r.measured_bps + r.backup_bps[7], r.capacity_bps);
	}
	audit();
}

static void rest(void)
{
	for (unsigned k = 0; k < 60000 && !at_rest(); k++)
		run_ms(1);
	ck_assert(at_rest());
	never_too_much();
}

static void make(const struct intent_policy *p)
{
	put_ok(p);
	(void)pcc_answer("a");
	rest();
}

static uint64_t kept(const char *from, const char *to)
{
	struct intent_book_row r;

	ck_assert(intent_book_row(world.intent, net_index(from, to), &r));
	return r.backup_bps[7];
}

static void is(uint32_t color, const char *to, enum intent_state state, enum intent_guarded guarded)
{
	const struct intent_view *v = view_of("a", color, to);

	ck_assert_ptr_nonnull(v);
	ck_assert_msg(v->state == state && v->guarded == guarded, "%u is %s (%s), protection %s (%s)", color,
		      intent_state_text(v->state), v->reason, intent_guarded_text(v->guarded), v->guard_why);
}

static unsigned told(enum bus_severity sev, const char *text)
{
	unsigned n = 0;
	bool gap;

	for (const struct bus_event *e = bus_next(world.bus, 0, &gap); e; e = bus_next(world.bus, e->id, &gap))
		n += strcmp(e->type, "policy-unprotected") == 0 && e->severity == sev && strstr(e->body, text);
	return n;
}

static double shown(const char *protection)
{
	char label[40];

	(void)snprintf(label, sizeof(label), "protection=\"%s\"", protection);
	return metric_value(metric_gauge("sextant_policies_protected", "", label));
}

/* What the router has, not what is believed of it. */
static bool router_runs(uint32_t color, const char *to, const char *over)
{
	const struct intent_view *v = view_of("a", color, to);
	const struct lsp_state *st = pcc_lsp("a", v->lsp_name);

	return st && (st->oper == LSP_UP || st->oper == LSP_ACTIVE) && sr_list_eq(&st->list, &v->computed) &&
	       strcmp(v->path_text, over) == 0;
}

/* ---- in a square: a-b-d is the way, a-c-d the other ---- */

START_TEST(room_is_kept_on_the_way_that_would_be_taken_and_only_there)
{
	make(asks(1, "d", 6, INTENT_PROTECT_LINK));
	is(1, "d", INTENT_UP, INTENT_GUARD_FULL);
	ck_assert_uint_eq(view_of("a", 1, "d")->guard_failures, 2);
	ck_assert_uint_eq(kept("a", "c"), 6ull * G);
	ck_assert_uint_eq(kept("c", "d"), 6ull * G);
	ck_assert_uint_eq(kept("a", "b"), 0);
	ck_assert_uint_eq(kept("d", "c"), 0);
	ck_assert_int_eq(del("a", 1, "d").code, 0);
	rest();
	ck_assert_uint_eq(kept("a", "c"), 0);
	ck_assert_uint_eq(told(BUS_ALARM, ""), 0);
}
END_TEST

/* _i: with the wish for it, and without. */
START_TEST(who_kept_room_is_up_again_and_who_did_not_is_refused)
{
	make(asks(1, "d", 6, _i ? INTENT_PROTECT_LINK : INTENT_PROTECT_NONE));
	make(asks(2, "c", 5, INTENT_PROTECT_NONE));
	ck_assert_int_eq(view_of("a", 2, "c")->state, _i ? INTENT_DOWN : INTENT_UP);
	make(asks(3, "c", 4, INTENT_PROTECT_NONE)); /* what is beside it may be had */
	ck_assert_int_eq(view_of("a", 3, "c")->state, INTENT_UP);
	net_cut("b", "d");
	run_ms(10);
	(void)pcc_answer("a");
	if (_i) {
		ck_assert(router_runs(1, "d", "a>c,c>d"));
		is(1, "d", INTENT_UP, INTENT_GUARD_PENDING);
	} else {
		ck_assert_int_ne(view_of("a", 1, "d")->state, INTENT_UP);
	}
	never_too_much();
	rest();
	/* The next failure would be one too many, which is said. */
	if (_i)
		is(1, "d", INTENT_UP, INTENT_GUARD_PARTIAL);
	ck_assert_uint_eq(told(BUS_ALARM, ""), (unsigned)_i);
	ck_assert_int_eq(del("a", 2, "c").code, 0); /* else it is the first to take what comes free */
	net_heal("b", "d");
	run_ms(15000); /* it goes back */
	(void)pcc_answer("a");
	rest();
	if (_i)
		is(1, "d", INTENT_UP, INTENT_GUARD_FULL);
	ck_assert_uint_eq(told(BUS_CLEARED, ""), (unsigned)_i);
}
END_TEST

START_TEST(different_failures_share_room_and_the_same_does_not)
{
	struct intent_policy *p;

	make(asks(1, "b", 6, INTENT_PROTECT_LINK)); /* a>b, else a>c,c>d,d>b */
	make(asks(2, "d", 4, INTENT_PROTECT_LINK)); /* a>b,b>d, else a>c,c>d */
	is(1, "b", INTENT_UP, INTENT_GUARD_FULL);
	is(2, "d", INTENT_UP, INTENT_GUARD_FULL);
	ck_assert_uint_eq(kept("a", "c"), 10ull * G); /* a-b fails for both of them */
	ck_assert_uint_eq(kept("d", "b"), 6ull * G);
	make(asks(3, "c", 0, INTENT_PROTECT_LINK));
	is(3, "c", INTENT_UP, INTENT_GUARD_NONE); /* nothing to be kept */
	ck_assert_int_eq(del("a", 2, "d").code, 0);
	(void)pcc_answer("a");
	rest();
	/* b>d alone, with the way over a: another failure, in the room of the first. */
	pcc_up("b");
	p = policy("b", 4, "d");
	p->bandwidth_bps = 3ull * G;
	p->protect = INTENT_PROTECT_LINK;
	put_ok(p);
	(void)pcc_answer("b");
	rest();
	ck_assert_int_eq(view_of("b", 4, "d")->guarded, INTENT_GUARD_FULL);
	ck_assert_uint_eq(kept("b", "a"), 3ull * G);
	ck_assert_uint_eq(kept("c", "d"), 6ull * G); /* not 9 */
}
END_TEST

START_TEST(too_little_room_is_told_by_failure_and_link_until_there_is_enough)
{
	make(asks(2, "c", 7, INTENT_PROTECT_NONE));
	make(asks(1, "d", 6, INTENT_PROTECT_LINK));
	is(1, "d", INTENT_UP, INTENT_GUARD_PARTIAL);
	ck_assert_uint_eq(view_of("a", 1, "d")->guard_open, 2);
	ck_assert_str_eq(view_of("a", 1, "d")->guard_why,
			 "if a>b fails: bandwidth: a>c has 3000000000 bit/s free, 6000000000 asked");
	ck_assert_uint_eq(told(BUS_ALARM, "if a>b fails: "), 1);
	ck_assert_uint_eq(kept("a", "c"), 0);
	ck_assert(shown("partial") == 1 && shown("full") == 0);
	ck_assert_int_eq(del("a", 2, "c").code, 0);
	(void)pcc_answer("a");
	run_ms(GUARD_RETRY_MS + 100);
	rest();
	is(1, "d", INTENT_UP, INTENT_GUARD_FULL);
	ck_assert_uint_eq(told(BUS_CLEARED, ""), 1);
	ck_assert_uint_eq(kept("a", "c"), 6ull * G);
	ck_assert(shown("partial") == 0 && shown("full") == 1);
}
END_TEST

/* _i: the setup priority of who comes: as good as the claim is held, and better. */
START_TEST(a_better_priority_takes_the_room_and_an_equal_one_does_not)
{
	struct intent_policy *p = asks(1, "d", 6, INTENT_PROTECT_LINK);

	p->setup_prio = p->hold_prio = 4;
	make(p);
	p = asks(2, "c", 5, INTENT_PROTECT_NONE);
	p->setup_prio = p->hold_prio = (uint8_t)(4 - _i);
	make(p);
	ck_assert_int_eq(view_of("a", 2, "c")->state, _i ? INTENT_UP : INTENT_DOWN);
	is(1, "d", INTENT_UP, _i ? INTENT_GUARD_PARTIAL : INTENT_GUARD_FULL);
	ck_assert_uint_eq(told(BUS_ALARM, ""), (unsigned)_i);
	ck_assert_uint_eq(kept("a", "c"), _i ? 0 : 6ull * G);
}
END_TEST

START_TEST(measured_traffic_and_lost_capacity_take_it)
{
	make(asks(1, "d", 6, INTENT_PROTECT_LINK));
	ck_assert_int_eq(intent_measured(world.intent, net_index("a", "c"), 5ull * G), 0);
	never_too_much(); /* at once */
	rest();
	is(1, "d", INTENT_UP, INTENT_GUARD_PARTIAL);
	ck_assert_int_eq(intent_measured(world.intent, net_index("a", "c"), 0), 0);
	run_ms(GUARD_RETRY_MS + 100);
	rest();
	is(1, "d", INTENT_UP, INTENT_GUARD_FULL);
	net_dir("c", "d")->capacity_bps = 5ull * G;
	net_publish();
	never_too_much();
	rest();
	is(1, "d", INTENT_UP, INTENT_GUARD_PARTIAL);
	ck_assert_uint_eq(told(BUS_ALARM, ""), 2);
}
END_TEST

START_TEST(it_is_asked_for_changed_and_given_up_and_outlives_a_restart)
{
	make(asks(1, "d", 6, INTENT_PROTECT_NONE));
	is(1, "d", INTENT_UP, INTENT_GUARD_NONE);
	make(asks(1, "d", 6, INTENT_PROTECT_LINK));
	is(1, "d", INTENT_UP, INTENT_GUARD_FULL);
	make(asks(1, "d", 3, INTENT_PROTECT_LINK));
	ck_assert_uint_eq(kept("a", "c"), 3ull * G);
	world_crash();
	net_publish();
	pcc_up("a");
	(void)pcc_answer("a");
	rest();
	is(1, "d", INTENT_UP, INTENT_GUARD_FULL);
	ck_assert_uint_eq(kept("a", "c"), 3ull * G);
	make(asks(1, "d", 3, INTENT_PROTECT_NONE));
	is(1, "d", INTENT_UP, INTENT_GUARD_NONE);
	ck_assert_uint_eq(kept("a", "c"), 0);
	ck_assert_uint_eq(world.intent->guards->n_claims, 0);
}
END_TEST

/* ---- routers and groups ---- */

/* a-b-d with a second way over c between b's neighbours, and a third over e. */
static void ladder(void)
{
	world_up(NULL);
	for (const char *n = "abcde"; *n; n++)
		net_node((char[2]){ *n, 0 });
	net_link("a", "b", 10, 1000, 10ull * G);
	net_link("b", "d", 10, 1000, 10ull * G);
	net_link("b", "c", 10, 1000, 10ull * G);
	net_link("c", "d", 10, 1000, 10ull * G);
	net_link("a", "c", 100, 1000, 10ull * G);
	net_link("a", "e", 200, 1000, 10ull * G);
	net_link("e", "d", 200, 1000, 10ull * G);
	net_publish();
	pcc_up("a");
}

static void group(const char *a, const char *b, const uint32_t *srlg)
{
	net_dir(a, b)->srlg = net_dir(b, a)->srlg = srlg;
	net_dir(a, b)->n_srlg = net_dir(b, a)->n_srlg = 1;
}

START_TEST(a_router_is_gone_round_and_its_links_too)
{
	make(asks(1, "d", 5, INTENT_PROTECT_LINK));
	ck_assert_uint_eq(kept("b", "c"), 5ull * G); /* b>d fails */
	ck_assert_uint_eq(kept("a", "c"), 5ull * G); /* a>b fails: a>c,c>d or a>c,c>b,b>d, 110 and 120 */
	ck_assert_uint_eq(kept("a", "e"), 0);
	make(asks(1, "d", 5, INTENT_PROTECT_NODE));
	is(1, "d", INTENT_UP, INTENT_GUARD_FULL);
	ck_assert_uint_eq(view_of("a", 1, "d")->guard_failures, 3);
	net_dir("a", "c")->capacity_bps = 4ull * G;
	net_publish();
	rest();
	is(1, "d", INTENT_UP, INTENT_GUARD_FULL); /* over e, for a>b as for b */
	ck_assert_uint_eq(kept("a", "e"), 5ull * G);
	net_at("b")->alive = false;
	net_cut("a", "b");
	net_cut("b", "d");
	net_cut("b", "c");
	run_ms(10);
	(void)pcc_answer("a");
	ck_assert(router_runs(1, "d", "a>e,e>d"));
}
END_TEST

/* _i: of a group of those kept apart, and alone. */
START_TEST(another_of_its_group_is_kept_away_from_after_the_failure_too)
{
	for (uint32_t c = 1; c <= 2; c++) {
		struct intent_policy *p = asks(c, "d", 5, c == 1 ? INTENT_PROTECT_LINK : INTENT_PROTECT_NONE);

		p->group.id = _i ? 7 : 0;
		p->group.diverse = _i ? PCE_DIVERSE_LINK : 0;
		make(p);
	}
	make(asks(3, "e", 5, INTENT_PROTECT_NONE));
	is(1, "d", INTENT_UP, INTENT_GUARD_FULL);
	ck_assert_str_eq(view_of("a", 2, "d")->path_text, _i ? "a>c,c>d" : "a>b,b>d");
	ck_assert_uint_eq(kept("b", "c"), _i ? 0 : 5ull * G);
	ck_assert_uint_eq(kept("a", "e"), _i ? 5ull * G : 0);
	net_cut("b", "d");
	run_ms(10);
	(void)pcc_answer("a");
	if (_i)
		ck_assert(router_runs(1, "d", "a>e,e>d"));
	never_too_much();
	rest();
}
END_TEST

static const uint32_t duct = 77;

START_TEST(a_group_that_fails_link_by_link_is_survived)
{
	group("b", "d", &duct);
	group("c", "d", &duct);
	net_publish();
	make(asks(1, "d", 5, INTENT_PROTECT_SRLG));
	is(1, "d", INTENT_UP, INTENT_GUARD_FULL);
	ck_assert_uint_eq(view_of("a", 1, "d")->guard_failures, 3);
	ck_assert_uint_eq(kept("a", "e"), 5ull * G);
	ck_assert_uint_eq(kept("e", "d"), 5ull * G);
	make(asks(2, "e", 6, INTENT_PROTECT_NONE));
	ck_assert_int_eq(view_of("a", 2, "e")->state, INTENT_DOWN); /* the room is for another */
	net_cut("b", "d");
	run_ms(10);
	(void)pcc_answer("a");
	ck_assert(router_runs(1, "d", "a>b,b>c,c>d"));
	net_cut("c", "d");
	run_ms(10);
	(void)pcc_answer("a");
	ck_assert(router_runs(1, "d", "a>e,e>d"));
	never_too_much();
	rest();
	is(1, "d", INTENT_UP, INTENT_GUARD_PARTIAL);
}
END_TEST

START_TEST(what_is_kept_for_other_failures_is_not_in_the_way_of_one_that_has_come)
{
	struct intent_policy *p;

	pcc_up("b");
	make(asks(1, "d", 7, INTENT_PROTECT_LINK)); /* b-d fails: b>c,c>d */
	p = policy("a", 2, "c");		    /* a-b-c; b-c fails: a>b,b>d,d>c */
	p->bandwidth_bps = 3ull * G;
	p->protect = INTENT_PROTECT_LINK;
	make(p);
	pcc_up("e");
	p = policy("e", 3, "c"); /* e-d-c; c-d fails: e>d,d>b,b>c; d-e fails: e>a,a>b,b>c */
	p->bandwidth_bps = 7ull * G;
	p->protect = INTENT_PROTECT_LINK;
	make(p);
	is(1, "d", INTENT_UP, INTENT_GUARD_FULL);
	is(2, "c", INTENT_UP, INTENT_GUARD_FULL);
	/* a>c: a-b fails for both: 10. b>c: 3 of 2, and 7 for 1 and for 3, in the same room. */
	ck_assert_uint_eq(kept("a", "c"), 10ull * G);
	ck_assert_uint_eq(kept("b", "c"), 7ull * G);
	ck_assert_uint_eq(kept("d", "b"), 7ull * G);
	net_cut("b", "d");
	run_ms(10);
	(void)pcc_answer("a");
	ck_assert(router_runs(1, "d", "a>b,b>c,c>d"));
	never_too_much();
	rest();
	is(1, "d", INTENT_UP, INTENT_GUARD_PARTIAL); /* beside 3 on e>d there is too little for it */
	ck_assert_uint_eq(kept("a", "c"), 10ull * G);
	ck_assert_uint_eq(kept("b", "c"), 0); /* it is full */
}
END_TEST

/* ---- against a plain recomputation ---- */

enum { NODES = 9, POLS = 24 };

static const char *letter(uint64_t n)
{
	static const char names[NODES][2] = { "a", "b", "c", "d", "e", "f", "g", "h", "i" };

	return names[n % NODES];
}

static uint32_t groups[4] = { 1, 2, 3, 4 };

/* Metrics of which no two sums are the same, nearly. */
static void draw(struct rng *r, uint64_t capacity)
{
	for (unsigned k = 0; k < NODES; k++)
		net_node(letter(k));
	for (unsigned k = 0; k < NODES; k++) {
		net_link(letter(k), letter(k + 1), 1000 + (uint32_t)rng_below(r, 100000), 1000, capacity);
		net_link(letter(k), letter(k + 3), 1000 + (uint32_t)rng_below(r, 100000), 1000, capacity);
	}
	for (unsigned k = 0; k < NODES; k++) {
		if (rng_below(r, 2))
			group(letter(k), letter(k + 1), &groups[rng_below(r, 4)]);
		if (rng_below(r, 2))
			group(letter(k), letter(k + 3), &groups[rng_below(r, 4)]);
	}
}

static bool runs(uint32_t link)
{
	return world.ted->links[link].alive && world.ted->links[link].reverse != TED_NONE;
}

static bool hit(uint32_t link, const struct pce_failure *f)
{
	const struct ted_link *l = &world.ted->links[link];

	if (f->kind == PCE_FAIL_LINK)
		return link == f->index || l->reverse == f->index;
	if (f->kind == PCE_FAIL_NODE)
		return l->from == f->index || l->to == f->index;
	return l->n_srlg && l->srlg[0] == f->index;
}

/* Bellman and Ford; the links of the way in out, by link. False: there is none. */
static bool way(uint32_t from, uint32_t to, const struct pce_failure *f, bool out[WORLD_LINKS])
{
	uint64_t dist[WORLD_NODES];
	uint32_t by[WORLD_NODES];

	memset(dist, 0xff, sizeof(dist));
	memset(by, 0xff, sizeof(by));
	memset(out, 0, WORLD_LINKS * sizeof(*out));
	dist[from] = 0;
	for (unsigned k = 0; k < WORLD_NODES; k++) {
		for (uint32_t l = 0; l < world.ted->n_links; l++) {
			const struct ted_link *x = &world.ted->links[l];

			if (!runs(l) || (f && hit(l, f)) || dist[x->from] == UINT64_MAX ||
			    dist[x->from] + x->igp_metric >= dist[x->to])
				continue;
			dist[x->to] = dist[x->from] + x->igp_metric;
			by[x->to] = l;
		}
	}
	if (dist[to] == UINT64_MAX)
		return false;
	for (; to != from; to = world.ted->links[by[to]].from)
		out[by[to]] = true;
	return true;
}

struct oracle {
	uint64_t need[3][WORLD_LINKS][WORLD_LINKS][8]; /* kind, failure, link, priority */
	uint64_t kept[WORLD_LINKS][8];
	unsigned failures, lost;
};

static bool asks_for(uint8_t how, enum pce_failure_kind kind)
{
	return kind == PCE_FAIL_LINK ||
	       (kind == PCE_FAIL_NODE && (how == INTENT_PROTECT_NODE || how == INTENT_PROTECT_SRLG_NODE)) ||
	       (kind == PCE_FAIL_SRLG && how >= INTENT_PROTECT_SRLG);
}

static void oracle_one(struct oracle *o, const struct intent_policy *p, const struct pce_failure *f)
{
	uint32_t from = ted_node_by_addr(world.ted, &p->key.headend);
	uint32_t to = ted_node_by_addr(world.ted, &p->key.endpoint);
	bool now[WORLD_LINKS], then[WORLD_LINKS], crosses = false;

	if (f->kind == PCE_FAIL_NODE && (f->index == from || f->index == to))
		return;
	ck_assert(way(from, to, NULL, now));
	for (uint32_t l = 0; l < world.ted->n_links; l++)
		crosses = crosses || (now[l] && hit(l, f));
	if (!crosses)
		return;
	o->failures++;
	if (!way(from, to, f, then)) {
		o->lost++;
		return;
	}
	for (uint32_t l = 0; l < world.ted->n_links; l++) {
		if (then[l] && !now[l])
			o->need[f->kind][f->index][l][p->hold_prio] += p->bandwidth_bps;
	}
}

static void oracle_sum(struct oracle *o)
{
	for (unsigned at = 0; at < 3u * WORLD_LINKS; at++) {
		for (uint32_t l = 0; l < WORLD_LINKS; l++) {
			uint64_t sum = 0;

			for (unsigned q = 0; q < 8; q++) {
				sum += o->need[at / WORLD_LINKS][at % WORLD_LINKS][l][q];
				o->kept[l][q] = sum > o->kept[l][q] ? sum : o->kept[l][q];
			}
		}
	}
}

/* Failure by failure, all policies that ask for it: every cell of the book, to the bit. */
static void is_as_recomputed(void)
{
	static struct oracle o;
	unsigned failures = 0, lost = 0;

	memset(&o, 0, sizeof(o));
	for (uint32_t c = 1; c <= POLS; c++) {
		const struct intent_view *v = view_of(letter(c), c, letter(c + 1 + c % 7));
		const struct intent_policy *p = &v->desired;

		ck_assert(v->has_computed);
		failures += v->guard_failures;
		lost += v->guard_open;
		for (uint32_t f = 0; p->protect && f < WORLD_LINKS; f++) {
			struct pce_failure what = { .index = f };

			if (f < world.ted->n_links && runs(f) && f < world.ted->links[f].reverse)
				oracle_one(&o, p, &what);
			what.kind = PCE_FAIL_NODE;
			if (f < world.ted->n_nodes && asks_for(p->protect, PCE_FAIL_NODE))
				oracle_one(&o, p, &what);
			what.kind = PCE_FAIL_SRLG;
			if (asks_for(p->protect, PCE_FAIL_SRLG))
				oracle_one(&o, p, &what);
		}
	}
	oracle_sum(&o);
	ck_assert_uint_eq(failures, o.failures);
	ck_assert_uint_eq(lost, o.lost);
	ck_assert_uint_gt(failures, POLS);
	for (uint32_t l = 0; l < world.ted->n_links; l++) {
		struct intent_book_row r;

		ck_assert(intent_book_row(world.intent, l, &r));
		for (unsigned q = 0; q < 8; q++)
			ck_assert_uint_eq(r.backup_bps[q], o.kept[l][q]);
	}
}

static void some_policies(struct rng *r)
{
	for (uint32_t c = 1; c <= POLS; c++) {
		struct intent_policy *p = policy(letter(c), c, letter(c + 1 + c % 7));

		p->bandwidth_bps = (1 + rng_below(r, 3000)) * 1000003;
		p->protect = (uint8_t)rng_below(r, 5);
		p->setup_prio = (uint8_t)rng_below(r, 8);
		p->hold_prio = (uint8_t)rng_below(r, p->setup_prio + 1U);
		put_ok(p);
	}
}

static void all_answer(void)
{
	for (unsigned round = 0; round < 4; round++) {
		for (unsigned k = 0; k < NODES; k++)
			(void)pcc_answer(letter(k));
		run_ms(1);
	}
}

static void quiet_down(void)
{
	for (unsigned k = 0; k < 8; k++) {
		all_answer();
		run_ms(3000); /* what got better is moved to after a while, too */
	}
	rest();
}

START_TEST(with_room_for_all_it_is_what_a_recomputation_finds_to_the_bit)
{
	struct rng r;

	world_up(NULL);
	rng_seed(&r, 100 + (uint64_t)_i);
	draw(&r, 1000ull * G);
	net_publish();
	for (unsigned k = 0; k < NODES; k++)
		pcc_up(letter(k));
	some_policies(&r);
	quiet_down();
	is_as_recomputed();
	for (unsigned step = 0; step < 4; step++) {
		uint64_t at = rng_below(&r, NODES), by = rng_below(&r, 2) ? 1 : 3;

		net_cut(letter(at), letter(at + by));
		quiet_down();
		is_as_recomputed();
		net_heal(letter(at), letter(at + by));
		if (rng_below(&r, 2))
			net_dir(letter(at), letter(at + 1))->igp_metric += 50000;
		net_publish();
		quiet_down();
		is_as_recomputed();
	}
	world_down();
}
END_TEST

/* ---- where there is too little for all ---- */

static unsigned up_of(bool before[POLS + 1], bool full, const struct pce_failure *f)
{
	unsigned n = 0;

	for (uint32_t c = 1; c <= POLS; c++) {
		const struct intent_view *v = view_of(letter(c), c, letter(c + 1 + c % 7));

		if (full)
			before[c] = v->guarded == INTENT_GUARD_FULL && v->state == INTENT_UP;
		else if (before[c])
			ck_assert_msg(v->state == INTENT_UP || f == NULL, "%u is %s: %s", c,
				      intent_state_text(v->state), v->reason);
		n += before[c];
	}
	return n;
}

/* Every single link, from a network that is full: whoever is fully protected is up afterwards. */
START_TEST(whoever_is_protected_in_full_is_up_after_any_single_link)
{
	bool before[POLS + 1] = { false };
	unsigned seen = 0;

	for (unsigned at = 0; at < 2 * NODES; at++) {
		const char *from = letter(at / 2), *to = letter(at / 2 + (at % 2 ? 1 : 3));
		struct pce_failure f = { .kind = PCE_FAIL_LINK };
		struct rng r;

		world_up(NULL);
		rng_seed(&r, 200 + (uint64_t)_i);
		draw(&r, 9ull * G);
		net_publish();
		for (unsigned k = 0; k < NODES; k++)
			pcc_up(letter(k));
		some_policies(&r);
		quiet_down();
		seen += up_of(before, true, NULL);
		net_cut(from, to);
		run_ms(20);
		all_answer();
		never_too_much();
		(void)up_of(before, false, &f);
		quiet_down();
		world_down();
	}
	ck_assert_uint_gt(seen, 2 * NODES);
}
END_TEST

/* ---- workers ---- */

static uint64_t mix(uint64_t h, const void *data, size_t n)
{
	const uint8_t *b = data;

	for (size_t k = 0; k < n; k++)
		h = (h ^ b[k]) * UINT64_C(1099511628211);
	return h;
}

static uint64_t day(uint64_t seed, unsigned workers)
{
	uint64_t h = UINT64_C(14695981039346656037);
	struct rng r;

	world_up_threads(workers);
	rng_seed(&r, seed);
	draw(&r, 9ull * G);
	some_policies(&r);
	net_publish();
	rest();
	net_cut("a", "b");
	rest();
	for (uint32_t l = 0; l < world.ted->n_links; l++) {
		struct intent_book_row row;

		ck_assert(intent_book_row(world.intent, l, &row));
		h = mix(h, row.backup_bps, sizeof(row.backup_bps));
		h = mix(h, row.reserved_bps, sizeof(row.reserved_bps));
	}
	world_down();
	return h;
}

START_TEST(what_is_kept_does_not_depend_on_the_number_of_workers)
{
	uint64_t fake = day(300 + (uint64_t)_i, 0);

	ck_assert_uint_ne(fake, day(301 + (uint64_t)_i, 0));
	ck_assert_uint_eq(fake, day(300 + (uint64_t)_i, 1));
	ck_assert_uint_eq(fake, day(300 + (uint64_t)_i, 3));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("intent-guard");
	TCase *four = tcase_create("square"), *five = tcase_create("ladder"), *any = tcase_create("random");

	tcase_add_checked_fixture(four, square, world_down);
	tcase_add_test(four, room_is_kept_on_the_way_that_would_be_taken_and_only_there);
	tcase_add_loop_test(four, who_kept_room_is_up_again_and_who_did_not_is_refused, 0, 2);
	tcase_add_test(four, different_failures_share_room_and_the_same_does_not);
	tcase_add_test(four, too_little_room_is_told_by_failure_and_link_until_there_is_enough);
	tcase_add_loop_test(four, a_better_priority_takes_the_room_and_an_equal_one_does_not, 0, 2);
	tcase_add_test(four, measured_traffic_and_lost_capacity_take_it);
	tcase_add_test(four, it_is_asked_for_changed_and_given_up_and_outlives_a_restart);
	tcase_add_checked_fixture(five, ladder, world_down);
	tcase_add_test(five, a_router_is_gone_round_and_its_links_too);
	tcase_add_test(five, a_group_that_fails_link_by_link_is_survived);
	tcase_add_loop_test(five, another_of_its_group_is_kept_away_from_after_the_failure_too, 0, 2);
	tcase_add_test(five, what_is_kept_for_other_failures_is_not_in_the_way_of_one_that_has_come);
	tcase_set_timeout(any, 120);
	tcase_add_loop_test(any, with_room_for_all_it_is_what_a_recomputation_finds_to_the_bit, 0, 6);
	tcase_add_loop_test(any, whoever_is_protected_in_full_is_up_after_any_single_link, 0, 4);
	tcase_add_loop_test(any, what_is_kept_does_not_depend_on_the_number_of_workers, 0, 2);
	suite_add_tcase(s, four);
	suite_add_tcase(s, five);
	suite_add_tcase(s, any);
	return check_main(s);
}
