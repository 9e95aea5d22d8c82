/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who reaches whom: small worlds by hand, and random ones against a reference that asks for each address of a
 * small space by itself, looks at every route, and tries every way there is.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "realise/reach.h"
#include "check_main.h"

enum { ROUTERS = 4, TABLES = 6, ROUTES = 6, SIDS = 10, PORTS = 6, SOURCES = 4, WANTS = 3, BITS = 5, SPACE = 1 << BITS };

#define NONE ((uint32_t)REACH_NONE)

/* Check writes to a pipe at each assertion: where there are millions only those that do not hold get there. */
#define MUST(x)                                                                                    \
	do {                                                                                       \
		if (!(x))                                                                          \
			ck_abort_msg("%s", #x);                                                    \
	} while (0)

/* An address of the small space, 2001:db8::/96. */
static struct ip_addr addr(unsigned n)
{
	return (struct ip_addr){ .family = IP_V6, .b = { 0x20, 0x01, 0x0d, 0xb8, [15] = (uint8_t)n } };
}

static struct ip_prefix prefix(unsigned n, unsigned bits)
{
	struct ip_addr a = addr(n);

	return ip_prefix_of(&a, (uint8_t)(128 - BITS + bits));
}

/* Block 16 bits, router 16, function 16. */
static struct ip_addr sid(unsigned router, unsigned function)
{
	return (struct ip_addr){ .family = IP_V6,
				 .b = { 0xfc, 0xbb, [3] = (uint8_t)router, [5] = (uint8_t)function } };
}

struct world {
	struct reach_world w;
	struct reach_table tables[TABLES];
	struct reach_route routes[TABLES][ROUTES];
	struct reach_sid sids[SIDS];
	struct reach_port ports[PORTS];
	struct reach_source sources[SOURCES];
	struct reach_entry entries[SOURCES][3];
	struct reach_want wants[SOURCES][WANTS];
	uint32_t peers[SOURCES][2];
	bool known[ROUTERS];
};

/* What becomes of an address. */
struct fate {
	bool wanted, arrives, missing, unsure;
	uint32_t leaks; /* a bit a port, or a router it leaves by: 1 << (PORTS + router) */
};

/* ---- the reference ---- */

struct path {
	const struct world *x;
	const struct reach_source *s;
	uint32_t to; /* owner it is wanted at; NONE: nobody */
	struct ip_addr a;
	struct fate f;
};

static void ref_way(struct path *p, const struct reach_route *r, uint32_t router, uint64_t seen);

static const struct reach_table *ref_table(const struct world *x, uint32_t router, uint32_t id)
{
	for (uint32_t i = 0; i < x->w.n_tables; i++) {
		if (x->w.tables[i].router == router && x->w.tables[i].id == id)
			return &x->w.tables[i];
	}
	return NULL;
}

/* False: no answer. */
static bool ref_look(struct path *p, const struct reach_table *t, uint64_t seen)
{
	int best = -1;

	if (!t->known) {
		p->f.unsure = true;
		return true;
	}
	for (uint32_t i = 0; i < t->n; i++) {
		if (ip_prefix_has(&t->at[i].prefix, &p->a) && t->at[i].prefix.len > best)
			best = t->at[i].prefix.len;
	}
	for (uint32_t i = 0; i < t->n; i++) {
		if (t->at[i].prefix.len == best && ip_prefix_has(&t->at[i].prefix, &p->a) && t->at[i].way == REACH_NEXT)
			return false;
	}
	for (uint32_t i = 0; i < t->n; i++) {
		if (t->at[i].prefix.len == best && ip_prefix_has(&t->at[i].prefix, &p->a))
			ref_way(p, &t->at[i], t->router, seen);
	}
	return best >= 0;
}

static void ref_sid(struct path *p, struct ip_addr to, uint64_t seen, unsigned depth)
{
	const struct world *x = p->x;
	const struct reach_sid *shift = NULL;
	struct ip_addr rest = to;
	const struct ip_addr zero = sid(0, 0);
	int best = -1;

	if (depth > 8) {
		p->f.unsure = true;
		return;
	}
	for (uint32_t i = 0; i < x->w.n_sids; i++) {
		if (ip_prefix_has(&x->w.sids[i].prefix, &to) && x->w.sids[i].prefix.len > best)
			best = x->w.sids[i].prefix.len;
	}
	for (uint32_t i = 0; i < x->w.n_sids; i++) {
		const struct reach_sid *s = &x->w.sids[i];
		const struct reach_table *t;

		if (s->prefix.len != best || !ip_prefix_has(&s->prefix, &to))
			continue;
		if (s->does == REACH_SHIFTS) {
			shift = s;
		} else if (s->does == REACH_ENDS) {
			p->f.missing = true;
		} else if (s->does == REACH_ELSE) {
			p->f.unsure = true;
		} else if ((t = ref_table(x, s->router, s->table))) {
			uint64_t bit = UINT64_C(1) << (t - x->w.tables);

			if (seen & bit)
				p->f.missing = true; /* a loop */
			else if (!ref_look(p, t, seen | bit))
				p->f.missing = true;
		} else if (x->known[s->router]) {
			p->f.missing = true;
			p->f.leaks |= 1u << (PORTS + s->router);
		} else {
			p->f.unsure = true;
		}
	}
	if (best < 0) {
		bool all = true;

		for (unsigned i = 0; i < ROUTERS; i++)
			all = all && x->known[i];
		p->f.unsure = p->f.unsure || !all;
		p->f.missing = p->f.missing || all;
	}
	if (!shift)
		return;
	/* octets 2 and 3 go, what is behind moves up */
	memmove(&rest.b[2], &rest.b[4], 12);
	rest.b[14] = rest.b[15] = 0;
	if (ip_eq(&rest, &zero))
		p->f.missing = true;
	else
		ref_sid(p, rest, seen, depth + 1);
}

static void ref_way(struct path *p, const struct reach_route *r, uint32_t router, uint64_t seen)
{
	uint32_t owner;

	if (r->way == REACH_PORT) {
		owner = p->x->ports[r->port].owner;
		if (owner == p->to && owner != NONE)
			p->f.arrives = true;
		else
			p->f.missing = true;
		if (owner != NONE && (owner == p->s->owner || owner == p->s->peers[0] || owner == p->s->peers[1]))
			return;
		p->f.leaks |= 1u << r->port;
	} else if (r->way == REACH_SID) {
		ref_sid(p, r->sid, seen, 0);
	} else if (r->way == REACH_OUT) {
		p->f.missing = true;
		p->f.leaks |= 1u << (PORTS + router);
	} else if (r->way == REACH_UNSURE) {
		p->f.unsure = true;
	} else {
		p->f.missing = true;
	}
}

static struct fate reference(const struct world *x, uint32_t source, unsigned n)
{
	const struct reach_source *s = &x->sources[source];
	struct path p = { .x = x, .s = s, .to = NONE, .a = addr(n) };
	int best = -1;
	bool over = false;

	for (uint32_t i = 0; i < s->n_wants; i++) {
		if (ip_prefix_has(&s->wants[i].prefix, &p.a) && s->wants[i].prefix.len > best) {
			best = s->wants[i].prefix.len;
			p.to = s->wants[i].to;
		}
	}
	for (uint32_t i = 0; i < s->n_entries && !over; i++) {
		const struct reach_entry *e = &s->entries[i];
		const struct reach_table *t = ref_table(x, s->router, e->table);
		const struct reach_route r = { .way = e->way };

		if (e->way != REACH_NEXT)
			ref_way(&p, &r, s->router, 0);
		else if (!t)
			p.f.unsure = true;
		else if (!ref_look(&p, t, UINT64_C(1) << (t - x->w.tables)))
			continue;
		over = !e->maybe;
	}
	p.f.missing = p.f.missing || !over;
	p.f.wanted = best >= 0;
	p.f.missing = p.f.missing && p.f.wanted;
	return p.f;
}

/* ---- worlds ---- */

static void join(struct world *x)
{
	x->w.tables = x->tables;
	x->w.sids = x->sids;
	x->w.ports = x->ports;
	x->w.sources = x->sources;
	x->w.known = x->known;
	x->w.n_routers = ROUTERS;
	for (unsigned i = 0; i < TABLES; i++)
		x->tables[i].at = x->routes[i];
	for (unsigned i = 0; i < SOURCES; i++) {
		x->sources[i].entries = x->entries[i];
		x->sources[i].wants = x->wants[i];
		x->sources[i].peers = x->peers[i];
		x->sources[i].n_peers = 2;
	}
}

static struct rng rng;

static uint32_t any(uint32_t n)
{
	return (uint32_t)rng_below(&rng, n);
}

static struct ip_prefix any_prefix(void)
{
	return prefix(any(SPACE), any(BITS + 1));
}

static struct ip_addr any_sid(void)
{
	struct ip_addr a = sid(any(ROUTERS), any(4));

	if (any(5) == 0) { /* a container: a router, then another and its function */
		a.b[5] = a.b[3];
		a.b[3] = (uint8_t)any(ROUTERS);
		a.b[7] = (uint8_t)any(4);
	}
	return a;
}

static struct reach_route any_route(void)
{
	static const uint8_t ways[] = { REACH_PORT, REACH_PORT, REACH_PORT, REACH_SID, REACH_SID, REACH_SID, REACH_SID,
					REACH_DROP, REACH_NEXT, REACH_OUT,  REACH_UNSURE };

	return (struct reach_route){ .prefix = any_prefix(), .way = ways[any(sizeof(ways))], .port = any(PORTS),
				     .sid = any_sid() };
}

static struct reach_sid any_rule(void)
{
	struct reach_sid s = { .router = any(ROUTERS), .table = any(3), .block = 16, .node = 16 };
	uint32_t k = any(10);
	struct ip_addr a = sid(s.router, any(4));

	s.does = k < 6 ? REACH_LOOKS_UP : k < 8 ? REACH_SHIFTS : k == 8 ? REACH_ENDS : REACH_ELSE;
	s.prefix = ip_prefix_of(&a, s.does == REACH_SHIFTS ? 32 : 48);
	return s;
}

static bool has_want(const struct reach_source *s, const struct ip_prefix *p)
{
	for (uint32_t i = 0; i < s->n_wants; i++) {
		if (ip_prefix_cmp(&s->wants[i].prefix, p) == 0)
			return true;
	}
	return false;
}

static void random_source(struct world *x, unsigned i)
{
	struct reach_source *s = &x->sources[i];
	static const uint8_t ways[] = { REACH_NEXT, REACH_NEXT, REACH_NEXT, REACH_NEXT, REACH_DROP, REACH_OUT, REACH_UNSURE };

	s->owner = any(4);
	s->router = any(ROUTERS);
	s->n_entries = 1 + any(3);
	for (unsigned k = 0; k < s->n_entries; k++)
		x->entries[i][k] = (struct reach_entry){ .way = ways[any(sizeof(ways))], .table = any(3), .maybe = any(4) == 0 };
	x->peers[i][0] = any(4);
	x->peers[i][1] = any(4);
	for (unsigned k = any(WANTS + 1); k > 0; k--) {
		const struct reach_want want = { any_prefix(), x->peers[i][any(2)] };

		if (!has_want(s, &want.prefix))
			x->wants[i][s->n_wants++] = want;
	}
}

static void random_world(struct world *x, uint64_t seed)
{
	memset(x, 0, sizeof(*x));
	rng_seed(&rng, seed);
	join(x);
	for (unsigned i = 0; i < ROUTERS; i++)
		x->known[i] = any(6) != 0;
	for (unsigned i = 0; i < TABLES; i++) {
		struct reach_table t = { .router = any(ROUTERS), .id = any(3), .known = any(8) != 0, .at = x->routes[x->w.n_tables] };

		if (ref_table(x, t.router, t.id))
			continue;
		t.n = any(ROUTES + 1);
		for (unsigned k = 0; k < t.n; k++) {
			t.at[k] = any_route();
			if (k && any(5) == 0) {
				t.at[k].prefix = t.at[k - 1].prefix; /* another way of the same */
				if (t.at[k].way == REACH_NEXT || t.at[k - 1].way == REACH_NEXT)
					t.at[k].way = t.at[k - 1].way = REACH_SID;
			}
		}
		x->tables[x->w.n_tables++] = t;
	}
	x->w.n_sids = any(SIDS + 1);
	for (unsigned i = 0; i < x->w.n_sids; i++)
		x->sids[i] = any_rule();
	for (unsigned i = 0; i < PORTS; i++)
		x->ports[i].owner = any(6) ? any(4) : NONE;
	x->w.n_sources = SOURCES;
	for (unsigned i = 0; i < SOURCES; i++)
		random_source(x, i);
}

/* ---- both ---- */

enum { ATOMS_MAX = SPACE * 2 };

struct told {
	struct reach_atom at[ATOMS_MAX];
	uint32_t n;
};

static void keep(void *arg, const struct reach_atom *a)
{
	struct told *t = arg;

	MUST(t->n < ATOMS_MAX);
	t->at[t->n++] = *a;
}

static struct fate fate_of(const struct told *t, unsigned n)
{
	const struct ip_addr a = addr(n);
	const struct reach_atom *best = NULL;
	struct fate f;

	for (uint32_t i = 0; i < t->n; i++) {
		if (ip_prefix_has(&t->at[i].prefix, &a) && (!best || t->at[i].prefix.len > best->prefix.len))
			best = &t->at[i];
	}
	MUST(best);
	f = (struct fate){ .wanted = best->want, .arrives = best->arrives, .missing = best->missing, .unsure = best->unsure };
	for (uint32_t i = 0; i < best->n_leaks; i++) {
		const struct reach_leak *l = &best->leak[i];

		f.leaks |= 1u << (l->port != NONE ? l->port : PORTS + l->router);
	}
	return f;
}

static bool same(const struct fate *a, const struct fate *b)
{
	return a->wanted == b->wanted && a->arrives == b->arrives && a->missing == b->missing && a->unsure == b->unsure &&
	       a->leaks == b->leaks;
}

enum { WORLDS = 11000 };

START_TEST(every_address_goes_where_the_reference_says)
{
	static struct world x;
	static struct told t;
	uint64_t leaks = 0, missing = 0, unsure = 0, fine = 0;

	for (uint64_t seed = 0; seed < WORLDS; seed++) {
		random_world(&x, seed);
		MUST(realise_reach_ready(&x.w) == 0);
		for (uint32_t s = 0; s < SOURCES; s++) {
			t.n = 0;
			MUST(realise_reach(&x.w, s, keep, &t) == 0);
			for (unsigned n = 0; n < SPACE; n++) {
				struct fate is = fate_of(&t, n), ref = reference(&x, s, n);

				if (!same(&is, &ref))
					ck_abort_msg("seed %u source %u address %u: %d%d%d%d %x, not %d%d%d%d %x",
						     (unsigned)seed, s, n, is.wanted, is.arrives, is.missing, is.unsure,
						     is.leaks, ref.wanted, ref.arrives, ref.missing, ref.unsure, ref.leaks);
				leaks += is.leaks != 0;
				missing += is.missing;
				unsure += is.unsure;
				fine += is.arrives && !is.missing;
			}
		}
		realise_reach_fini(&x.w);
	}
	/* none of it is rare: a test of nothing would pass too */
	ck_assert_uint_gt(leaks, 50000);
	ck_assert_uint_gt(missing, 50000);
	ck_assert_uint_gt(unsure, 50000);
	ck_assert_uint_gt(fine, 1500);
}
END_TEST

/* ---- by hand: red and blue at routers 1 and 2, with the same prefixes ---- */

enum { RED_A, RED_B, BLUE_A, BLUE_B, A = 8, B = 16 };

static void hand_route(struct world *x, uint32_t table, struct reach_route r)
{
	struct reach_table *t = &x->tables[table];

	t->at[t->n++] = r;
}

/* Table 1 of each router is red's, 2 is blue's; owners and ports are one each. */
static void hand_world(struct world *x)
{
	memset(x, 0, sizeof(*x));
	join(x);
	for (unsigned i = 0; i < ROUTERS; i++)
		x->known[i] = true;
	x->w.n_sources = x->w.n_tables = x->w.n_sids = 4;
	for (uint32_t i = 0; i < 4; i++) {
		uint32_t router = 1 + i % 2, other = 3 - router, id = 1 + i / 2;
		struct ip_addr own = sid(router, id);

		x->ports[i].owner = i;
		x->tables[i] = (struct reach_table){ .router = router, .id = id, .known = true, .at = x->routes[i] };
		hand_route(x, i, (struct reach_route){ .prefix = prefix(i % 2 ? B : A, 3), .way = REACH_PORT, .port = i });
		hand_route(x, i, (struct reach_route){ .prefix = prefix(i % 2 ? A : B, 3), .way = REACH_SID, .sid = sid(other, id) });
		x->sids[i] = (struct reach_sid){ .prefix = ip_prefix_of(&own, 48), .router = router, .table = id };
		x->entries[i][0] = (struct reach_entry){ .way = REACH_NEXT, .table = id };
		x->wants[i][0] = (struct reach_want){ prefix(i % 2 ? A : B, 3), i ^ 1 };
		x->peers[i][0] = x->peers[i][1] = i ^ 1;
		x->sources[i] = (struct reach_source){ .owner = i, .router = router, .entries = x->entries[i], .n_entries = 1,
						       .wants = x->wants[i], .n_wants = 1, .peers = x->peers[i], .n_peers = 2 };
	}
}

static struct fate of(struct world *x, uint32_t source, unsigned n)
{
	struct told t = { 0 };

	ck_assert_int_eq(realise_reach_ready(&x->w), 0);
	ck_assert_int_eq(realise_reach(&x->w, source, keep, &t), 0);
	realise_reach_fini(&x->w);
	return fate_of(&t, n);
}

static const struct fate as_ordered = { .wanted = true, .arrives = true };

START_TEST(as_ordered_all_arrive_and_nothing_leaks)
{
	struct world x;

	for (uint32_t i = 0; i < 4; i++) {
		for (unsigned n = 0; n < SPACE; n++) {
			struct fate f;

			hand_world(&x);
			f = of(&x, i, n);
			ck_assert_uint_eq(f.leaks, 0);
			ck_assert(!f.missing && !f.unsure);
			ck_assert_int_eq(f.arrives, n / 4 == (unsigned)(i % 2 ? A : B) / 4);
		}
	}
}
END_TEST

START_TEST(right_prefix_wrong_sid_is_a_leak_and_missing)
{
	struct world x;
	struct fate f;

	hand_world(&x);
	x.tables[RED_A].at[1].sid = sid(2, 2);
	f = of(&x, RED_A, B);
	ck_assert(f.missing && !f.arrives && !f.unsure);
	ck_assert_uint_eq(f.leaks, 1u << BLUE_B);
	hand_world(&x);
	f = of(&x, RED_A, B);
	ck_assert(same(&f, &as_ordered));
}
END_TEST

START_TEST(a_sid_that_is_bound_again_leaks)
{
	struct world x;
	struct fate f;

	hand_world(&x);
	x.sids[RED_B].table = 2;
	f = of(&x, RED_A, B);
	ck_assert_uint_eq(f.leaks, 1u << BLUE_B);
	hand_world(&x);
	x.sids[RED_B].table = 77; /* that is nobody's */
	f = of(&x, RED_A, B);
	ck_assert_uint_eq(f.leaks, 1u << (PORTS + 2));
}
END_TEST

START_TEST(a_longer_route_of_somebody_leaks_alone)
{
	struct world x;
	struct fate f;

	hand_world(&x);
	hand_route(&x, RED_A, (struct reach_route){ .prefix = prefix(B + 1, 5), .way = REACH_SID, .sid = sid(2, 2) });
	f = of(&x, RED_A, B + 1);
	ck_assert(f.missing && f.leaks == 1u << BLUE_B);
	hand_world(&x);
	hand_route(&x, RED_A, (struct reach_route){ .prefix = prefix(B + 1, 5), .way = REACH_SID, .sid = sid(2, 2) });
	f = of(&x, RED_A, B);
	ck_assert(same(&f, &as_ordered));
}
END_TEST

START_TEST(round_and_round_is_missing)
{
	struct world x;
	struct fate f;

	hand_world(&x);
	x.tables[RED_B].at[0] = (struct reach_route){ .prefix = prefix(B, 3), .way = REACH_SID, .sid = sid(1, 1) };
	f = of(&x, RED_A, B);
	ck_assert(f.missing && !f.arrives && !f.leaks && !f.unsure);
}
END_TEST

START_TEST(who_has_not_told_is_unsure)
{
	struct world x;
	struct fate f;

	hand_world(&x);
	x.known[2] = false;
	x.w.n_tables = 3; /* blue's at router 2, the last, is not told, */
	x.w.n_sids = 3;	  /* nor its SID */
	f = of(&x, BLUE_A, B);
	ck_assert(f.unsure && !f.arrives && !f.missing && !f.leaks);
	hand_world(&x);
	x.tables[BLUE_B].known = false; /* some of its routes are */
	f = of(&x, BLUE_A, B);
	ck_assert(f.unsure && !f.arrives && !f.missing);
}
END_TEST

START_TEST(a_sid_that_does_something_else_is_unsure)
{
	struct world x;
	struct fate f;

	hand_world(&x);
	x.sids[RED_B].does = REACH_ELSE;
	f = of(&x, RED_A, B);
	ck_assert(f.unsure && !f.arrives && !f.missing && !f.leaks);
	hand_world(&x);
	x.sids[BLUE_B].does = REACH_ELSE; /* another's */
	f = of(&x, RED_A, B);
	ck_assert(same(&f, &as_ordered));
	hand_world(&x);
	x.sids[RED_B].does = REACH_ENDS;
	f = of(&x, RED_A, B);
	ck_assert(f.missing && !f.arrives && !f.unsure && !f.leaks);
}
END_TEST

START_TEST(a_container_of_usids_is_followed)
{
	const struct ip_addr node = sid(3, 0);
	struct ip_addr to = sid(3, 2);
	struct world x;
	struct fate f;

	to.b[7] = 1; /* by router 3, to table 1 of router 2 */
	for (int with = 0; with < 2; with++) {
		hand_world(&x);
		x.tables[RED_A].at[1].sid = to;
		if (with)
			x.sids[x.w.n_sids++] = (struct reach_sid){ .prefix = ip_prefix_of(&node, 32), .router = 3,
								   .does = REACH_SHIFTS, .block = 16, .node = 16 };
		f = of(&x, RED_A, B);
		ck_assert_int_eq(f.arrives, with);
		ck_assert_int_eq(f.missing, !with); /* nobody has that SID */
		ck_assert(!f.leaks && !f.unsure);
	}
}
END_TEST

START_TEST(half_of_the_packets_is_missing_half)
{
	struct world x;
	struct fate f;

	hand_world(&x);
	hand_route(&x, RED_A, (struct reach_route){ .prefix = prefix(B, 3), .way = REACH_DROP });
	f = of(&x, RED_A, B);
	ck_assert(f.arrives && f.missing && !f.leaks);
}
END_TEST

START_TEST(too_much_is_not_known)
{
	enum { MANY = REACH_TABLES_MAX + 1 };
	struct reach_table *tables = calloc(MANY, sizeof(*tables));
	struct reach_entry *entries = calloc(MANY, sizeof(*entries));
	const bool known = true;
	const struct reach_source s = { .entries = entries, .n_entries = MANY };
	struct reach_world w = { .tables = tables, .n_tables = MANY, .sources = &s, .n_sources = 1, .known = &known, .n_routers = 1 };
	struct told t = { 0 };

	for (uint32_t i = 0; i < MANY; i++) {
		tables[i].id = entries[i].table = i;
		entries[i].way = REACH_NEXT;
	}
	ck_assert_int_eq(realise_reach_ready(&w), 0);
	ck_assert_int_eq(realise_reach(&w, 0, keep, &t), REACH_E_MUCH);
	ck_assert_uint_eq(t.n, 0);
	realise_reach_fini(&w);
	free(tables);
	free(entries);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("realise-reach");
	TCase *tc = tcase_create("reach");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, every_address_goes_where_the_reference_says);
	tcase_add_test(tc, as_ordered_all_arrive_and_nothing_leaks);
	tcase_add_test(tc, right_prefix_wrong_sid_is_a_leak_and_missing);
	tcase_add_test(tc, a_sid_that_is_bound_again_leaks);
	tcase_add_test(tc, a_longer_route_of_somebody_leaks_alone);
	tcase_add_test(tc, round_and_round_is_missing);
	tcase_add_test(tc, who_has_not_told_is_unsure);
	tcase_add_test(tc, a_sid_that_does_something_else_is_unsure);
	tcase_add_test(tc, a_container_of_usids_is_followed);
	tcase_add_test(tc, half_of_the_packets_is_missing_half);
	tcase_add_test(tc, too_much_is_not_known);
	suite_add_tcase(s, tc);
	return check_main(s);
}
