/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rooms without I/O: for every allocation that fails the answer is the whole one or says that it
 * is none; a book that refused is as it was.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "intent/book/book.h"
#include "pce/net.h"
#include "rooms.h"
#include "southbound/bgp/codec/bgpls.h"
#include "southbound/pcep/codec/pcepc.h"
#include "topo/lsdb.h"

/* ---- codecs ---- */

static size_t corpus_read(const char *name, uint8_t *out, size_t cap)
{
	char path[512];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", FUZZ_DIR, name);
	f = fopen(path, "rb");
	ck_assert_msg(f != NULL, "%s", path);
	n = fread(out, 1, cap, f);
	fclose(f);
	return n;
}

static const char *const pcep_files[] = { "pcep/corpus/open",	"pcep/corpus/rpt4", "pcep/corpus/rpt6",
					  "pcep/corpus/upd",	"pcep/corpus/init", "pcep/corpus/req",
					  "pcep/corpus/rep",	"pcep/corpus/err",  "pcep/corpus/ntf",
					  "pcep/corpus/close" };

struct wire {
	uint8_t in[PCEPC_MSG_MAX], want[2 * PCEPC_MSG_MAX], got[2 * PCEPC_MSG_MAX];
	size_t len, want_len;
};

static void pcep_once(void *arg)
{
	struct wire *w = arg;
	struct pcepc_fault f;
	struct pcepc_msg *m;
	struct arena a;
	enum verdict v;
	struct wr wr = wr_of(w->got, sizeof(w->got));
	bool refused;

	arena_init(&a, PCEPC_ARENA_MAX);
	fault_begin();
	v = pcepc_read(&a, w->in, w->len, &m, &f);
	refused = fault_end();
	if (!refused || v == VERDICT_OK) {
		ck_assert_int_eq(v, VERDICT_OK);
		pcepc_write(&wr, m);
		ck_assert(wr.len == w->want_len && memcmp(w->got, w->want, wr.len) == 0);
	}
	arena_fini(&a);
}

START_TEST(a_pcep_message_is_read_whole_or_refused)
{
	static struct wire w;
	struct wr wr = wr_of(w.want, sizeof(w.want));
	struct pcepc_fault f;
	struct pcepc_msg *m;
	struct arena a;

	w.len = corpus_read(pcep_files[_i], w.in, sizeof(w.in));
	arena_init(&a, PCEPC_ARENA_MAX);
	ck_assert_int_eq(pcepc_read(&a, w.in, w.len, &m, &f), VERDICT_OK);
	pcepc_write(&wr, m);
	w.want_len = wr.len;
	arena_fini(&a);
	ck_assert_uint_ge(fault_each(pcep_once, &w), 1);
}
END_TEST

static void bgpls_once(void *arg)
{
	struct wire *w = arg;
	struct rd r = rd_of(w->in, w->len);
	struct wr wr = wr_of(w->got, sizeof(w->got));
	struct fault f = { 0 };
	struct bgpls_attr x;
	struct arena a;
	enum verdict v;
	bool refused;

	rd_skip(&r, rd_u16(&r));
	arena_init(&a, 1 << 20);
	fault_begin();
	v = bgpls_attr_read(&r, &a, &x, &f, NULL);
	refused = fault_end();
	ck_assert(refused || v == VERDICT_OK);
	if (v == VERDICT_OK) {
		bgpls_attr_write(&wr, &x);
		ck_assert(!w->want_len ||
			  (wr.len == w->want_len && memcmp(w->got, w->want, wr.len) == 0));
		memcpy(w->want, w->got, wr.len);
		w->want_len = wr.len;
	}
	arena_fini(&a);
}

START_TEST(a_link_state_attribute_is_read_whole_or_not)
{
	static struct wire w;

	w.len = corpus_read(_i ? "bgpls/corpus/node" : "bgpls/corpus/link", w.in, sizeof(w.in));
	w.want_len = 0;
	bgpls_once(&w); /* none fails yet: what is right */
	ck_assert_uint_ge(fault_each(bgpls_once, &w), 1);
}
END_TEST

/* ---- TED ---- */

static struct net net;

static void net_random(uint64_t seed)
{
	const struct net_cfg cfg = { .routers = 8, .pairs = 14, .complete = true, .metric_max = 10,
				     .delay_max = 20 };
	struct rng rng;

	rng_seed(&rng, seed);
	net_make(&net, &rng, &cfg);
}

static void ted_once(void *arg)
{
	const struct ted_input in = { .nodes = net.node,
				      .links = net.link,
				      .n_nodes = net.n_nodes,
				      .n_links = net.n_links,
				      .prev = arg };
	const struct ted *t = NULL;
	int r;
	bool refused;

	fault_begin();
	r = ted_build(&in, &t);
	refused = fault_end();
	ck_assert(r == 0 || (refused && r < 0 && !t));
	if (r == 0) {
		ck_assert_uint_eq(t->n_links, net.n_links);
		ted_unref(t);
	}
}

START_TEST(a_ted_is_built_whole_or_not)
{
	const struct ted *prev;

	net_random(3);
	ck_assert_uint_ge(fault_each(ted_once, NULL), 3);
	prev = net_build(&net);
	ck_assert_uint_ge(fault_each(ted_once, (void *)(uintptr_t)prev), 3);
	ted_unref(prev);
}
END_TEST

/* ---- paths ---- */

struct question {
	const struct ted *ted;
	struct pce_request req;
	struct pce_answer want;
	unsigned gave_up;
};

static void path_once(void *arg)
{
	struct question *q = arg;
	struct pce_answer got;
	struct arena a;
	bool refused;

	arena_init(&a, 0);
	fault_begin();
	pce_compute(q->ted, &q->req, &a, &got);
	refused = fault_end();
	if (got.status == PCE_NO_MEMORY) {
		ck_assert(refused);
		q->gave_up++;
	} else {
		ck_assert_int_eq(got.status, q->want.status);
		ck_assert_uint_eq(got.n_path, q->want.n_path);
		ck_assert_uint_eq(got.n_segs, q->want.n_segs);
		ck_assert(!got.n_path ||
			  memcmp(got.path, q->want.path, got.n_path * sizeof(*got.path)) == 0);
	}
	ck_assert_ptr_nonnull(got.why);
	arena_fini(&a);
}

START_TEST(a_path_is_the_path_or_no_memory)
{
	unsigned found = 0, gave_up = 0;

	for (uint64_t seed = 1; seed <= 6; seed++) {
		struct question q = { .req = { .src = 0, .dst = 5, .minimise = PCE_DELAY,
					       .delay_us_max = seed % 2 ? PCE_NO_BOUND : 5,
					       .hops_max = PCE_NO_BOUND, .igp_max = PCE_NO_BOUND,
					       .te_max = PCE_NO_BOUND, .usid = true } };
		struct arena a;

		net_random(seed);
		q.ted = net_build(&net);
		arena_init(&a, 0);
		pce_compute(q.ted, &q.req, &a, &q.want);
		found += q.want.status == PCE_OK;
		fault_each(path_once, &q);
		gave_up += q.gave_up;
		arena_fini(&a);
		ted_unref(q.ted);
	}
	ck_assert_uint_ge(found, 1);
	ck_assert_uint_ge(gave_up, 6);
}
END_TEST

/* ---- the book ---- */

enum { LINKS = 40 };

static void book_image(const struct book *b, struct book_row out[static LINKS])
{
	memset(out, 0, LINKS * sizeof(*out));
	for (uint32_t l = 0; l < LINKS; l++)
		(void)book_row(b, l, &out[l]);
}

/* r of one call; what refused must have changed nothing. */
static int unchanged_if(const struct book *b, const struct book_row *before, int r)
{
	struct book_row after[LINKS];
	char why[200] = "";

	ck_assert_msg(book_audit(b, why, sizeof(why)), "%s", why);
	book_image(b, after);
	if (r < 0)
		ck_assert_mem_eq(before, after, sizeof(after));
	return r;
}

static void book_once(void *arg)
{
	static const uint32_t one[] = { 1, 2, 3 }, other[] = { 3, 9, 30, 31 };
	const struct book_terms t = { .bps = 1000, .hold = 3, .window = BOOK_ALWAYS };
	struct book_row before[LINKS];
	struct book_claim *c = NULL;
	struct book *b = NULL;
	int r;

	(void)arg;
	fault_begin();
	r = book_new(&b);
	for (uint32_t l = 0; r == 0 && l < LINKS; l++)
		r = book_capacity_set(b, l, 1000000);
	if (r == 0)
		r = book_claim_new(b, false, NULL, &c);
	(void)fault_end();
	if (r == 0) {
		book_image(b, before);
		fault_begin();
		r = book_hold(b, c, &t, one, ARRAY_LEN(one));
		(void)fault_end();
		unchanged_if(b, before, r);
	}
	if (r == 0) {
		book_image(b, before);
		fault_begin();
		r = book_move(b, c, &t, other, ARRAY_LEN(other), true);
		(void)fault_end();
		unchanged_if(b, before, r);
	}
	ck_assert(r == 0 || fault_end());
	if (c) {
		book_claim_free(b, c);
		ck_assert(book_audit(b, (char[200]){ "" }, 200));
	}
	book_free(b);
}

START_TEST(a_booking_is_made_whole_or_not)
{
	ck_assert_uint_ge(fault_each(book_once, NULL), 4);
}
END_TEST

/* ---- the link-state database ---- */

static void lsdb_once(void *arg)
{
	struct ls_object o = { .kind = LS_LINK }, n = { .kind = LS_NODE };
	enum lsdb_change first, second;
	struct lsdb db;
	bool refused;

	(void)arg;
	o.link.key.local.igp_id_len = o.link.key.remote.igp_id_len = n.node.id.igp_id_len = 6;
	o.link.key.remote.igp_id[5] = 2;
	lsdb_init(&db, 1);
	fault_begin();
	first = lsdb_announce(&db, 1, &o);
	second = lsdb_announce(&db, 1, &n);
	refused = fault_end();
	ck_assert(refused || (first != LSDB_NO_MEMORY && second != LSDB_NO_MEMORY));
	ck_assert_uint_eq(db.n_announced[1],
			  (first != LSDB_NO_MEMORY) + (unsigned)(second != LSDB_NO_MEMORY));
	/* With memory again both are there. */
	ck_assert_int_ne(lsdb_announce(&db, 1, &o), LSDB_NO_MEMORY);
	ck_assert_int_ne(lsdb_announce(&db, 1, &n), LSDB_NO_MEMORY);
	ck_assert_uint_eq(db.n_announced[1], 2);
	lsdb_forget(&db, 1);
	ck_assert_uint_eq(db.n_announced[1], 0);
	lsdb_fini(&db);
}

START_TEST(an_object_is_known_whole_or_not)
{
	ck_assert_uint_ge(fault_each(lsdb_once, NULL), 3);
}
END_TEST

TCase *fault_pure(void)
{
	TCase *t = tcase_create("pure");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, a_pcep_message_is_read_whole_or_refused, 0, ARRAY_LEN(pcep_files));
	tcase_add_loop_test(t, a_link_state_attribute_is_read_whole_or_not, 0, 2);
	tcase_add_test(t, a_ted_is_built_whole_or_not);
	tcase_add_test(t, a_path_is_the_path_or_no_memory);
	tcase_add_test(t, a_booking_is_made_whole_or_not);
	tcase_add_test(t, an_object_is_known_whole_or_not);
	return t;
}
