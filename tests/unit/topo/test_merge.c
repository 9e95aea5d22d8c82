/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A merge of what is dirty leads to the TED a merge of everything leads to: random statements of
 * several sources about small networks, with parallel links, LANs, two topologies, routers
 * written in several ways, lost reachability, producers that move, and damping.
 */
#include "check_main.h"

#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "pce/ted_priv.h"
#include "same.h"
#include "topo/merge.h"

enum {
	ROUTERS = 6,
	LANS = 1,
	SOURCES = 3,
	MERGES = 14,
	SEQUENCES = 2000,
	CHUNKS = 20,
	LINK_SLOTS = 512,
};

/* One of the two: its own database, merge and line of generations. */
struct side {
	struct lsdb db;
	struct merge merge;
	const struct ted *ted;
	bool was[LINK_SLOTS], held[LINK_SLOTS]; /* damping */
	uint64_t seed;
	uint64_t patched, buried; /* merges of what is dirty; those with which somebody died */
};

struct world {
	struct rng rng;
	struct side side[2]; /* 1: always everything */
	struct merge_source src[SOURCES];
	bool sources_changed;
};

static uint32_t below(struct world *w, uint32_t n)
{
	return (uint32_t)rng_below(&w->rng, n);
}

static struct ip_addr v4_of(uint32_t r)
{
	return (struct ip_addr){ .family = IP_V4, .b = { 10, 0, 0, (uint8_t)r } };
}

static struct ip_addr v6_of(uint32_t a, uint32_t b, uint32_t k)
{
	return (struct ip_addr){ .family = IP_V6,
				 .b = { 0xfc, [5] = (uint8_t)a, [7] = (uint8_t)b, [15] = (uint8_t)k } };
}

/* Node n: routers, then pseudonodes. Producers write it in several ways. */
static struct ls_node_id id_of(struct world *w, uint32_t n)
{
	struct ls_node_id id = { .protocol = LS_ISIS_L2, .igp_id_len = 6 };

	if (below(w, 4) == 0)
		id.asn = 65000;
	if (below(w, 100) == 0)
		id.asn = 65001;
	if (below(w, 8) == 0)
		id.protocol = LS_ISIS_L1;
	id.igp_id[5] = (uint8_t)(n < ROUTERS ? n + 1 : 1);
	if (n >= ROUTERS) {
		id.igp_id_len = 7;
		id.igp_id[6] = (uint8_t)(n - ROUTERS + 1);
	}
	return id;
}

/* ---- objects ---- */

struct scratch {
	struct ls_srv6_sid endx[3];
	uint32_t srlg[2];
	uint8_t algos[2];
	struct ls_flex_algo flex[1];
	struct ls_object o;
};

static void node_object(struct world *w, struct scratch *s)
{
	uint32_t n = below(w, ROUTERS + LANS);
	struct ls_node *o = &s->o.node;

	s->o.kind = LS_NODE;
	*o = (struct ls_node){ .id = id_of(w, n), .overload = below(w, 8) == 0 };
	(void)snprintf(o->name, sizeof(o->name), "r%u", below(w, 8) ? n : below(w, ROUTERS));
	if (below(w, 8))
		o->router_id_v4 = v4_of(below(w, 16) ? n : below(w, ROUTERS));
	s->algos[1] = (uint8_t)(128 + below(w, 2));
	o->algos = s->algos;
	o->n_algos = below(w, 3);
	s->flex[0] = (struct ls_flex_algo){ .algo = 128, .priority = (uint8_t)below(w, 3) };
	o->flex = s->flex;
	o->n_flex = below(w, 4) == 0;
}

static void prefix_object(struct world *w, struct scratch *s)
{
	uint32_t n = below(w, ROUTERS);
	struct ls_prefix *o = &s->o.prefix;
	struct ip_addr a = v6_of(below(w, 12) ? n : below(w, ROUTERS), 0, below(w, 2));

	s->o.kind = LS_PREFIX;
	*o = (struct ls_prefix){ .node = id_of(w, n), .has_locator = below(w, 2) };
	o->prefix = below(w, 6) ? ip_prefix_of(&a, o->has_locator ? 48 : 128) :
				  (struct ip_prefix){ .addr = v4_of(below(w, ROUTERS)), .len = 32 };
	o->has_locator = o->has_locator && o->prefix.addr.family == IP_V6;
	o->locator_metric = below(w, 2);
}

static void sid_object(struct world *w, struct scratch *s)
{
	uint32_t n = below(w, ROUTERS);

	s->o.kind = LS_SID;
	s->o.sid = (struct ls_sid){ .node = id_of(w, n) };
	s->o.sid.sid.sid = v6_of(n, 9, below(w, 2));
	s->o.sid.sid.behavior = (uint16_t)(43 + below(w, 2));
}

static void endx_fill(struct world *w, struct scratch *s, uint32_t a, uint32_t b)
{
	s->o.link.endx = s->endx;
	s->o.link.n_endx = below(w, 3);
	for (uint32_t i = 0; i < s->o.link.n_endx; i++) {
		s->endx[i] = (struct ls_srv6_sid){ .sid = v6_of(a, b, 100 + below(w, 4)) };
		if (b >= ROUTERS || below(w, 8) == 0) {
			s->endx[i].neighbor_len = 6;
			s->endx[i].neighbor[5] = (uint8_t)(1 + below(w, ROUTERS + 1));
		}
	}
}

static void link_object(struct world *w, struct scratch *s)
{
	uint32_t a = below(w, ROUTERS + LANS), b = below(w, ROUTERS + LANS), k = below(w, 2);
	struct ls_link *o = &s->o.link;

	/* A ring with a few chords: a lost link may cut somebody off. */
	if (below(w, 4))
		b = a < ROUTERS ? (a + 1 + below(w, 2) * (ROUTERS - 2)) % ROUTERS : b;
	s->o.kind = LS_LINK;
	*o = (struct ls_link){ .have = LS_HAVE_IGP_METRIC | LS_HAVE_DELAY_MM | LS_HAVE_TE_METRIC };
	o->key = (struct ls_link_key){ .local = id_of(w, a), .remote = id_of(w, b) };
	o->key.mt_id = below(w, 6) == 0 ? 2 : 0;
	if (below(w, 6)) {
		o->key.local_v6 = v6_of(a, b, k);
		o->key.remote_v6 = v6_of(b, a, k);
	} else if (below(w, 2)) {
		o->key.local_v4 = v4_of(a + 8 * b);
		o->key.remote_v4 = v4_of(b + 8 * a);
	} else {
		o->key.local_link_id = 1 + b;
		o->key.remote_link_id = 1 + a;
	}
	o->igp_metric = below(w, 3);
	o->delay_min_us = o->delay_max_us = below(w, 3);
	o->flex.have = below(w, 2) ? LS_HAVE_DELAY_MM : 0;
	o->flex.delay_min_us = o->flex.have ? below(w, 3) : 0;
	s->srlg[0] = below(w, 3);
	o->srlg = s->srlg;
	o->n_srlg = below(w, 2);
	endx_fill(w, s, a, b);
}

static void object(struct world *w, struct scratch *s)
{
	uint32_t what = below(w, 10);

	memset(s, 0, sizeof(*s));
	if (what == 0)
		node_object(w, s);
	else if (what == 1)
		prefix_object(w, s);
	else if (what == 2)
		sid_object(w, s);
	else
		link_object(w, s);
}

/* ---- the two sides ---- */

static void said(struct world *w)
{
	unsigned source = below(w, 4) ? 0 : below(w, SOURCES);
	bool gone = below(w, 3) == 0;
	struct scratch s;

	object(w, &s);
	if (!w->src[source].known)
		return;
	for (unsigned i = 0; i < 2; i++)
		(void)(gone ? lsdb_withdraw(&w->side[i].db, source, &s.o) :
			      lsdb_announce(&w->side[i].db, source, &s.o));
}

/* Something of those already said goes, or is said anew with another metric. */
static void again(struct world *w)
{
	uint32_t pick = below(w, 64), bump = below(w, 3), what = below(w, 2);

	for (unsigned i = 0; i < 2; i++) {
		struct lsdb *db = &w->side[i].db;
		const struct list *l = db->all.next;
		const struct lsdb_entry *e;
		struct ls_object o;
		unsigned s;

		for (uint32_t k = 0; k < pick && l != &db->all; k++)
			l = l->next;
		if (l == &db->all)
			return;
		e = CONTAINER_OF(l, struct lsdb_entry, link);
		if (!e->announced)
			continue;
		s = (unsigned)__builtin_ctz(e->announced);
		o = *e->said[s].obj;
		if (o.kind == LS_LINK)
			o.link.igp_metric = bump;
		if (what)
			(void)lsdb_withdraw(db, s, &o);
		else
			(void)lsdb_announce(db, s, &o);
	}
}

static void source_event(struct world *w)
{
	unsigned s = below(w, SOURCES);

	w->sources_changed = true;
	if (below(w, 2)) {
		w->src[s].live = !w->src[s].live;
		return;
	}
	w->src[s].known = !w->src[s].known;
	w->src[s].live = w->src[s].known;
	for (unsigned i = 0; i < 2 && !w->src[s].known; i++)
		(void)lsdb_forget(&w->side[i].db, s);
}

/* A link that comes up is held down one time of four, until the world says otherwise. */
static bool up(void *arg, uint32_t slot, bool present)
{
	struct side *d = arg;
	struct rng r;

	MUST(slot < LINK_SLOTS);
	if (present && !d->was[slot]) {
		rng_seed(&r, d->seed ^ slot);
		d->held[slot] = rng_below(&r, 4) == 0;
	}
	d->was[slot] = present;
	return present && !d->held[slot];
}

static void merged(struct world *w, struct side *d, bool whole)
{
	struct merge_in in = { .db = &d->db, .up = up, .up_arg = d, .prev = d->ted, .whole = whole };
	const struct ted *ted = NULL;
	struct merge_out out;
	struct arena a;

	for (unsigned s = 0; s < SOURCES; s++)
		in.sources[s] = w->src[s];
	arena_init(&a, 0);
	MUST(merge_run(&d->merge, &in, &a, &out) == 0);
	if (out.whole) {
		out.input.prev = d->ted;
		MUST(ted_build(&out.input, &ted) == 0);
	} else {
		d->patched++;
		MUST(ted_update(&out.patch, &ted) == 0);
	}
	arena_fini(&a);
	d->buried += !out.whole && ted->n_alive < d->ted->n_alive;
	ted_unref(d->ted);
	d->ted = ted;
}

static void compare(const struct world *w)
{
	static const char *const texts[] = { "0000.0000.0001", "0000.0000.0002", "0000.0000.0003",
					     "0000.0000.0004", "0000.0000.0001.01", "r0", "r1", "r2",
					     "r3", "r4", "r5" };
	struct ip_addr addrs[ROUTERS * 8];
	struct ted_same what = { .addrs = addrs, .texts = texts, .n_texts = ARRAY_LEN(texts) };

	for (uint32_t r = 0; r < ROUTERS; r++) {
		addrs[what.n_addrs++] = v4_of(r);
		addrs[what.n_addrs++] = v6_of(r, 0, 1);
		addrs[what.n_addrs++] = v6_of(r, 9, 1);
		addrs[what.n_addrs++] = v6_of(r, 9, 0);
		addrs[what.n_addrs++] = v6_of(r, (r + 1) % ROUTERS, 1);
		addrs[what.n_addrs++] = v6_of(r, (r + 1) % ROUTERS, 100);
		addrs[what.n_addrs++] = v6_of(r, ROUTERS, 101);
		addrs[what.n_addrs++] = v6_of(r, (r + ROUTERS - 1) % ROUTERS, 0);
	}
	MUST(w->side[0].db.entries.count == w->side[1].db.entries.count);
	ted_same(w->side[0].ted, w->side[1].ted, &what);
}

static void both_say(struct world *w, const struct ls_object *o)
{
	for (unsigned i = 0; i < 2; i++)
		(void)lsdb_announce(&w->side[i].db, 0, o);
}

/* A ring that one source sees, and says of it what is there: what is lost then is mostly the last way
 * to somebody, or to several. */
static void orderly(struct world *w)
{
	struct scratch s = { 0 };

	for (unsigned k = 0; k < SOURCES; k++)
		w->src[k].known = k == 0;
	for (uint32_t n = 0; n < ROUTERS; n++) {
		struct ls_node_id id = { .protocol = LS_ISIS_L2, .igp_id_len = 6, .igp_id[5] = (uint8_t)(n + 1) };

		s.o = (struct ls_object){ .kind = LS_NODE };
		s.o.node = (struct ls_node){ .id = id, .router_id_v4 = v4_of(n) };
		both_say(w, &s.o);
		for (unsigned side = 0; side < 2; side++) {
			uint32_t m = (n + (side ? 1 : ROUTERS - 1)) % ROUTERS;

			s.o = (struct ls_object){ .kind = LS_LINK };
			s.o.link.key = (struct ls_link_key){ .local = id, .remote = id };
			s.o.link.key.remote.igp_id[5] = (uint8_t)(m + 1);
			s.o.link.key.local_v6 = v6_of(n, m, 0);
			s.o.link.key.remote_v6 = v6_of(m, n, 0);
			endx_fill(w, &s, n, below(w, 4) ? m : ROUTERS);
			both_say(w, &s.o);
		}
	}
}

static void world_init(struct world *w, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	rng_seed(&w->rng, seed);
	for (unsigned i = 0; i < 2; i++) {
		lsdb_init(&w->side[i].db, 5);
		merge_init(&w->side[i].merge, 6, LINK_SLOTS);
	}
	for (uint32_t s = 0; s < SOURCES; s++) {
		w->src[s] = (struct merge_source){ .known = s == 0 || below(w, 2), .live = true };
		w->src[s].producer = v4_of(s == 2 ? 99 : below(w, ROUTERS));
		w->src[s].peer = v6_of(below(w, ROUTERS), 0, 1);
	}
	if (seed % 2)
		orderly(w);
	else
		for (uint32_t i = 0; i < 120; i++)
			said(w);
}

static void world_fini(struct world *w)
{
	for (unsigned i = 0; i < 2; i++) {
		ted_unref(w->side[i].ted);
		merge_fini(&w->side[i].merge);
		lsdb_fini(&w->side[i].db);
	}
}

struct sums {
	uint64_t patched, buried;
};

static void sequence(uint64_t seed, struct sums *sum)
{
	struct world w;

	world_init(&w, seed);
	for (uint32_t e = 0; e < MERGES; e++) {
		uint32_t n = 1 + below(&w, 3);

		for (uint32_t i = 0; i < n; i++) {
			if (below(&w, 80) == 0)
				source_event(&w);
			else if (below(&w, 3) == 0)
				said(&w);
			else
				again(&w);
		}
		if (below(&w, 4) == 0) /* holds end */
			for (unsigned i = 0; i < 2; i++)
				memset(w.side[i].held, 0, sizeof(w.side[i].held));
		w.side[0].seed = w.side[1].seed = rng_u64(&w.rng);
		merged(&w, &w.side[0], w.sources_changed);
		merged(&w, &w.side[1], true);
		w.sources_changed = false;
		compare(&w);
	}
	sum->patched += w.side[0].patched;
	sum->buried += w.side[0].buried;
	world_fini(&w);
}

START_TEST(a_merge_of_what_is_dirty_is_a_merge_of_everything)
{
	struct sums sum = { 0 };

	for (uint64_t i = 0; i < SEQUENCES / CHUNKS; i++)
		sequence((uint64_t)_i * SEQUENCES + i, &sum);
	ck_assert_uint_gt(sum.patched, SEQUENCES / CHUNKS * MERGES / 4);
	ck_assert_uint_gt(sum.buried, SEQUENCES / CHUNKS / 10);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("merge");
	TCase *tc = tcase_create("merge");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, a_merge_of_what_is_dirty_is_a_merge_of_everything, 0, CHUNKS);
	suite_add_tcase(s, tc);
	return check_main(s);
}
