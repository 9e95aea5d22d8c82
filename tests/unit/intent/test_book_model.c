/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The book against a plain one: arrays of what every claim holds on every link, added up anew for
 * every question, hour by hour and failure by failure. After each of many random operations the
 * answers are the same to the bit, and views that follow show the same as being asked.
 */
#include "check_main.h"

#include <string.h>

#include "base/rng.h"
#include "intent/book/book.h"

enum { G = 1000000000, LINKS = 12, CLAIMS = 16, HOURS = 6, NRPS = 4, FAILURES = 5, STEPS = 1500 / CHECK_SHARE, SEEDS = 10 };
enum { ALL = -1, COMMON = -2 }; /* of NRPs: every one; those without a share of the link */

struct side {
	bool on[LINKS];
	uint64_t bps[LINKS];
	struct book_terms t;
};

struct plain {
	bool foreign, backup, failures[FAILURES];
	unsigned of; /* whose backup; CLAIMS: nobody's */
	struct side old, want;
};

static struct book *book;
static struct book_claim *claim[CLAIMS];
static bool lasting; /* all is for always and nobody has a share: where the book has a shorter way */
static struct plain plain[CLAIMS];
static uint64_t capacity[LINKS], measured[LINKS], share[LINKS][NRPS];
static struct rng rng;

static uint64_t below(uint64_t n)
{
	return rng_below(&rng, n);
}

/* ---- the plain book ---- */

struct question {
	uint8_t setup;
	int nrp; /* or ALL, or COMMON */
	unsigned hour, except;
	unsigned failed; /* FAILURES: none has come; more: one nobody has a backup for */
};

static bool concerns(unsigned l, uint32_t nrp, struct question q)
{
	if (q.nrp == COMMON)
		return nrp >= NRPS || share[l][nrp] == 0;
	return q.nrp == ALL || nrp == (uint32_t)q.nrp;
}

static bool counts(unsigned l, const struct plain *c, const struct book_terms *t, uint8_t hold, struct question q)
{
	return t->window.start_s <= q.hour && q.hour < t->window.end_s && concerns(l, t->nrp, q) &&
	       (c->foreign || hold <= q.setup);
}

/* While both sides stand on a link in one NRP and window it is the larger, at the better priority. */
static uint64_t held(const struct plain *c, unsigned l, struct question q)
{
	const struct side *o = &c->old, *w = &c->want;
	bool joined = o->t.nrp == w->t.nrp && o->t.window.start_s == w->t.window.start_s &&
		      o->t.window.end_s == w->t.window.end_s;
	uint64_t sum = 0;

	if (o->on[l] && w->on[l] && joined) {
		uint8_t hold = o->t.hold < w->t.hold ? o->t.hold : w->t.hold;

		return counts(l, c, &w->t, hold, q) ? (o->bps[l] > w->bps[l] ? o->bps[l] : w->bps[l]) : 0;
	}
	if (o->on[l] && counts(l, c, &o->t, o->t.hold, q))
		sum += o->bps[l];
	if (w->on[l] && counts(l, c, &w->t, w->t.hold, q))
		sum += w->bps[l];
	return sum;
}

static uint64_t needed(unsigned l, struct question q)
{
	uint64_t most = 0;

	for (unsigned f = 0; f < FAILURES; f++) {
		uint64_t sum = 0;

		if (q.failed != FAILURES && q.failed != f)
			continue;
		for (unsigned k = 0; k < CLAIMS; k++) {
			const struct plain *c = &plain[k];

			if (k != q.except && (q.except >= CLAIMS || c->of != q.except) && c->backup && c->failures[f] && c->want.on[l] &&
			    c->want.t.hold <= q.setup && concerns(l, c->want.t.nrp, q))
				sum += c->want.bps[l];
		}
		most = sum > most ? sum : most;
	}
	return most;
}

static uint64_t used(unsigned l, struct question q, struct book_window w)
{
	uint64_t most = 0;

	for (q.hour = 0; q.hour < HOURS; q.hour++) {
		uint64_t sum = 0;

		if (q.hour < w.start_s || q.hour >= w.end_s)
			continue;
		for (unsigned k = 0; k < CLAIMS; k++)
			sum += k == q.except || plain[k].backup ? 0 : held(&plain[k], l, q);
		most = sum > most ? sum : most;
	}
	return most + needed(l, q);
}

static uint64_t rest(uint64_t all, uint64_t some)
{
	return some < all ? all - some : 0;
}

/* What NRPs have for themselves. */
static uint64_t shares(unsigned l)
{
	uint64_t sum = 0;

	for (unsigned n = 0; n < NRPS; n++)
		sum += share[l][n] == BOOK_NO_SHARE ? 0 : share[l][n];
	return sum;
}

static uint64_t room_when(unsigned l, struct question q, uint32_t nrp, struct book_window w)
{
	uint64_t all = rest(capacity[l], used(l, q, w) + measured[l]), part;

	q.nrp = nrp < NRPS && share[l][nrp] ? (int)nrp : COMMON;
	part = q.nrp == COMMON ? rest(rest(capacity[l], shares(l)), used(l, q, w) + measured[l]) :
				 rest(share[l][nrp] == BOOK_NO_SHARE ? 0 : share[l][nrp], used(l, q, w));
	return part < all ? part : all;
}

/* By how much the room an NRP draws on is overfull. */
static uint64_t too_much(unsigned l, uint32_t nrp)
{
	struct question q = { 7, nrp < NRPS && share[l][nrp] ? (int)nrp : COMMON, 0, CLAIMS, FAILURES };
	bool some = false;

	for (unsigned n = 0; n < NRPS; n++)
		some = some || share[l][n];
	if (!some)
		return 0; /* that is said of the link */
	if (q.nrp != COMMON)
		return rest(used(l, q, BOOK_ALWAYS), share[l][nrp] == BOOK_NO_SHARE ? 0 : share[l][nrp]);
	return rest(used(l, q, BOOK_ALWAYS) + measured[l], rest(capacity[l], shares(l)));
}

static uint64_t room(unsigned l, uint8_t setup, uint32_t nrp, unsigned except, struct book_window w)
{
	return room_when(l, (struct question){ setup, ALL, 0, except, FAILURES }, nrp, w);
}

/* ---- operations on both ---- */

static struct book_terms some_terms(void)
{
	struct book_terms t = { .bps = below(4) ? below(5ull * G) : 0,
				.hold = (uint8_t)below(8),
				.nrp = (uint32_t)below(NRPS),
				.window = BOOK_ALWAYS };

	if (!lasting && below(4) == 0)
		t.window = (struct book_window){ below(3), 3 + below(HOURS - 3) };
	return t;
}

static uint32_t some_links(uint32_t links[LINKS], struct side *s, const struct book_terms *t)
{
	uint32_t n = (uint32_t)below(LINKS);

	*s = (struct side){ .t = *t };
	for (uint32_t k = 0; k < n; k++) {
		links[k] = (uint32_t)below(LINKS);
		s->on[links[k]] = true;
		s->bps[links[k]] = t->bps;
	}
	return n;
}

/* Of one list, or of several that share the rate: units of total over each link, rounded up. */
static struct book_way some_way(uint32_t links[LINKS], uint32_t units[LINKS], struct side *s,
				const struct book_terms *t)
{
	struct book_way w = { .links = links, .total = 1 + (uint32_t)below(64) };

	w.n = some_links(links, s, t);
	if (below(3))
		return w;
	w.units = units;
	w.n = 0;
	for (uint32_t l = 0; l < LINKS; l++) {
		uint32_t u = 1 + (uint32_t)below(w.total);

		if (!s->on[l])
			continue;
		links[w.n] = l;
		units[w.n++] = u;
		s->bps[l] = t->bps / w.total * u + (t->bps % w.total * u + w.total - 1) / w.total;
	}
	return w;
}

static void op_hold(unsigned k)
{
	struct book_terms t = some_terms();
	uint32_t links[LINKS], units[LINKS];
	struct book_way w = some_way(links, units, &plain[k].want, &t);

	ck_assert_int_eq(book_hold_way(book, claim[k], &t, &w), 0);
	ck_assert(book_claim_full_way(claim[k], t.bps, &w));
	plain[k].old = (struct side){ .t = t };
}

/* What was wanted and was sent joins the old side: larger rates, the better priority. */
static void join(struct plain *c)
{
	bool had = false;
	struct side was = c->old;

	for (unsigned l = 0; l < LINKS; l++)
		had = had || was.on[l];
	for (unsigned l = 0; l < LINKS; l++) {
		if (!c->want.on[l])
			continue;
		c->old.bps[l] = was.on[l] && was.bps[l] > c->want.bps[l] ? was.bps[l] : c->want.bps[l];
		c->old.on[l] = true;
	}
	c->old.t = c->want.t;
	if (had && was.t.hold < c->old.t.hold)
		c->old.t.hold = was.t.hold;
}

static void op_move(unsigned k)
{
	struct book_terms t = some_terms();
	bool sent = below(2);
	uint32_t links[LINKS], units[LINKS];
	struct book_way w;

	if (sent)
		join(&plain[k]);
	w = some_way(links, units, &plain[k].want, &t);
	ck_assert_int_eq(book_move_way(book, claim[k], &t, &w, sent), 0);
	ck_assert(book_claim_full_way(claim[k], t.bps, &w));
}

static bool has_backups(unsigned k)
{
	for (unsigned j = 0; j < CLAIMS; j++)
		if (plain[j].of == k)
			return true;
	return false;
}

static unsigned stand_in(unsigned k)
{
	unsigned of = (unsigned)below(CLAIMS);

	return of == k || plain[of].backup || below(3) == 0 ? CLAIMS : of;
}

static void op_leave(unsigned k)
{
	uint32_t links[LINKS], n = (uint32_t)below(LINKS);

	for (uint32_t i = 0; i < n; i++) {
		links[i] = (uint32_t)below(LINKS);
		plain[k].old.on[links[i]] = plain[k].want.on[links[i]] = false;
	}
	book_backup_leave(book, claim[k], links, n);
}

static void op_back_up(unsigned k)
{
	struct book_terms t = some_terms();
	uint64_t failures[8];
	uint32_t links[LINKS];
	struct book_backup b = { .links = links, .failures = failures };

	t.window = BOOK_ALWAYS;
	b.n_links = some_links(links, &plain[k].want, &t);
	b.n_failures = (uint32_t)below(8);
	memset(plain[k].failures, 0, sizeof(plain[k].failures));
	for (uint32_t f = 0; f < b.n_failures; f++) {
		uint64_t at = below(FAILURES);

		failures[f] = UINT64_C(0x100000000) + at;
		plain[k].failures[at] = true;
	}
	plain[k].of = stand_in(k);
	b.of = plain[k].of < CLAIMS ? claim[plain[k].of] : NULL;
	ck_assert_int_eq(book_back_up(book, claim[k], &t, &b), 0);
	ck_assert(book_claim_backup(claim[k]));
	plain[k].backup = true;
	plain[k].old = (struct side){ .t = t };
}

static void op_release(unsigned k)
{
	struct plain *c = &plain[k];

	switch (below(c->backup ? 2 : 3)) {
	case 0:
		book_settle(book, claim[k]);
		memset(c->old.on, 0, sizeof(c->old.on));
		break;
	case 1:
		book_drop(book, claim[k]);
		memset(c->old.on, 0, sizeof(c->old.on));
		memset(c->want.on, 0, sizeof(c->want.on));
		break;
	default:
		book_revert(book, claim[k]);
		c->want = c->old;
		memset(c->old.on, 0, sizeof(c->old.on));
		break;
	}
}

static void op_new(unsigned k)
{
	claim[k] = book_claim_free(book, claim[k]);
	for (unsigned j = 0; j < CLAIMS; j++)
		plain[j].of = plain[j].of == k ? CLAIMS : plain[j].of;
	plain[k] = (struct plain){ .foreign = below(3) == 0, .of = CLAIMS };
	ck_assert_int_eq(book_claim_new(book, plain[k].foreign, NULL, &claim[k]), 0);
}

static void op_yield(unsigned k)
{
	uint32_t l = (uint32_t)below(LINKS);

	book_yield(book, claim[k], l);
	plain[k].old.bps[l] = plain[k].want.bps[l] = 0;
}

static void op_link(void)
{
	unsigned l = (unsigned)below(LINKS), nrp = (unsigned)below(NRPS);
	uint64_t bps = below(4) ? below(30ull * G) : 0;

	switch (below(3)) {
	case 0:
		ck_assert_int_eq(book_capacity_set(book, l, bps), 0);
		capacity[l] = bps;
		break;
	case 1:
		ck_assert_int_eq(book_measured_set(book, l, bps / 8), 0);
		measured[l] = bps / 8;
		break;
	default:
		bps = lasting ? 0 : below(5) ? bps / 3 : BOOK_NO_SHARE;
		ck_assert_int_eq(book_share_set(book, l, nrp, bps), 0);
		share[l][nrp] = bps;
		break;
	}
}

static void op(void)
{
	unsigned k = (unsigned)below(CLAIMS);

	switch (below(10)) {
	case 0:
		op_new(k);
		return;
	case 1:
	case 2:
		op_link();
		return;
	case 3:
		op_yield(k);
		return;
	case 4:
		op_release(k);
		return;
	case 5:
	case 6: /* a backup stays one, and a claim with foreign terms never is */
		if (plain[k].backup && below(3) == 0)
			op_leave(k);
		else if (!plain[k].foreign && !has_backups(k))
			op_back_up(k);
		return;
	case 7:
		if (!plain[k].backup) {
			plain[k].foreign = below(2);
			book_claim_foreign_set(book, claim[k], plain[k].foreign);
		}
		return;
	case 8:
		if (!plain[k].backup)
			op_hold(k);
		return;
	default:
		if (!plain[k].backup)
			op_move(k);
		return;
	}
}

/* ---- judging ---- */

/* What some NRPs have nothing to do with. */
static void outside_agrees(unsigned l)
{
	const uint32_t but[] = { (uint32_t)below(NRPS), (uint32_t)below(NRPS) };
	uint64_t was[NRPS];
	struct question q = { 7, COMMON, 0, CLAIMS, FAILURES + 1 };

	memcpy(was, share[l], sizeof(was));
	memset(share[l], 0, sizeof(share[l]));
	share[l][but[0]] = share[l][but[1]] = 1;
	ck_assert_uint_eq(book_outside_most(book, l, but, 2), used(l, q, BOOK_ALWAYS));
	memcpy(share[l], was, sizeof(was));
}

/* Shares, and what of them nobody has reserved. */
static void row_agrees(unsigned l)
{
	struct book_row row;
	uint64_t unused = 0;

	for (unsigned n = 0; n < NRPS; n++) {
		const struct question q = { 7, (int)n, 0, CLAIMS, FAILURES };

		if (share[l][n] > BOOK_NO_SHARE)
			unused += rest(share[l][n], used(l, q, BOOK_ALWAYS));
	}
	if (!book_row(book, l, &row)) {
		ck_assert_uint_eq(shares(l), 0);
		return;
	}
	ck_assert_uint_eq(row.shares_bps, shares(l));
	ck_assert_uint_eq(row.unused_bps, unused);
}

static void rooms_agree(void)
{
	struct book_window w = below(2) ? BOOK_ALWAYS : (struct book_window){ below(3), 3 + below(3) };
	uint8_t setup = (uint8_t)below(8);
	unsigned except = (unsigned)below(CLAIMS + 8);

	for (unsigned l = 0; l < LINKS; l++) {
		uint32_t nrp = (uint32_t)below(NRPS + 1);
		const struct book_ask ask = { .setup = setup, .nrp = nrp, .window = w,
					      .except = except < CLAIMS ? claim[except] : NULL };
		struct question all = { 7, ALL, 0, CLAIMS, FAILURES };

		ck_assert_uint_eq(book_room(book, l, &ask), room(l, setup, nrp, except, w));
		ck_assert_uint_eq(book_excess(book, l),
				  rest(used(l, all, BOOK_ALWAYS) + measured[l], capacity[l]));
		ck_assert_uint_eq(book_share_excess(book, l, nrp), too_much(l, nrp));
		outside_agrees(l);
		row_agrees(l);
	}
}

/* After each failure, and after one that nobody knows of. */
static void rooms_after_agree(void)
{
	unsigned k = (unsigned)below(CLAIMS), f = (unsigned)below(FAILURES + 1);
	const struct book_ask ask = { .setup = (uint8_t)below(8), .nrp = (uint32_t)below(NRPS),
				      .window = BOOK_ALWAYS, .except = claim[k], .failed = true,
				      .failure = f == FAILURES ? BOOK_NO_BACKUPS :
								 UINT64_C(0x100000000) + f };
	struct book_view bare = { .setup = ask.setup, .nrp = ask.nrp, .bare = true };
	struct book_own own[4 * LINKS * CLAIMS];
	uint32_t n = book_rooms_after(book, &ask, own, book_rooms_after(book, &ask, NULL, 0)), at = 0;

	ck_assert_int_eq(book_view_follow(book, &bare, LINKS), 0);
	for (unsigned l = 0; l < LINKS; l++) {
		struct question q = { ask.setup, ALL, 0, k, f == FAILURES ? FAILURES + 1 : f };
		uint64_t is = room_when(l, q, ask.nrp, BOOK_ALWAYS);
		bool said = at < n && own[at].link == l;

		ck_assert_uint_eq(book_room(book, l, &ask), is);
		ck_assert_uint_eq(said ? own[at].free_bps : bare.bps[l], is);
		at += said;
	}
	ck_assert_uint_eq(at, n);
	book_view_fini(&bare);
}

/* Every claim's own rooms out of the view are those that the book has. */
static void own_rooms_agree(const struct book_view *v)
{
	for (unsigned k = 0; k < CLAIMS; k++) {
		const struct book_ask ask = { .setup = v->setup, .nrp = v->nrp, .window = BOOK_ALWAYS,
					      .except = claim[k] };
		struct book_own asked[LINKS * CLAIMS], shown[LINKS * CLAIMS];
		uint32_t n = book_own_rooms(book, &ask, NULL, asked, LINKS * CLAIMS);

		ck_assert_uint_eq(book_own_rooms(book, &ask, v, shown, LINKS * CLAIMS), n);
		ck_assert_uint_le(n, book_own_rooms(book, &ask, v, NULL, 0));
		for (uint32_t i = 0; i < n; i++) {
			ck_assert_uint_eq(shown[i].link, asked[i].link);
			ck_assert_uint_eq(shown[i].free_bps, asked[i].free_bps);
			ck_assert_uint_eq(shown[i].free_bps,
					  room(shown[i].link, v->setup, v->nrp, k, BOOK_ALWAYS));
		}
	}
}

static void view_agrees(struct book_view *v)
{
	ck_assert_int_eq(book_view_follow(book, v, LINKS), 0);
	ck_assert_uint_eq(v->at, book_version(book));
	for (unsigned l = 0; l < LINKS; l++)
		ck_assert_uint_eq(v->bps[l], room(l, v->setup, v->nrp, CLAIMS, BOOK_ALWAYS));
	own_rooms_agree(v);
}

static void audit(void)
{
	char why[128];

	ck_assert_msg(book_audit(book, why, sizeof(why)), "%s", why);
}

START_TEST(it_answers_as_the_plain_one)
{
	struct book_view often = { .setup = 7, .nrp = 1 }, seldom = { .setup = 3 };

	rng_seed(&rng, (uint64_t)_i + 1);
	lasting = _i % 2;
	memset(plain, 0, sizeof(plain));
	memset(capacity, 0, sizeof(capacity));
	memset(measured, 0, sizeof(measured));
	memset(share, 0, sizeof(share));
	memset(claim, 0, sizeof(claim));
	ck_assert_int_eq(book_new(&book), 0);
	for (unsigned k = 0; k < CLAIMS; k++)
		op_new(k);
	for (unsigned n = 0; n < STEPS; n++) {
		op();
		rooms_agree();
		rooms_after_agree();
		audit();
		if (below(2))
			view_agrees(&often);
		if (below(40) == 0)
			view_agrees(&seldom);
	}
	book_view_fini(&often);
	book_view_fini(&seldom);
	book = book_free(book);
}
END_TEST

/* ---- what the plain book cannot tell ---- */

static struct book_claim *backup(uint64_t bps, uint64_t failure)
{
	const struct book_terms t = { .bps = bps, .hold = 4, .window = BOOK_ALWAYS };
	const uint32_t links[] = { 0 };
	const struct book_backup b = { .links = links, .n_links = 1, .failures = &failure, .n_failures = 1 };
	struct book_claim *c = NULL;

	ck_assert_int_eq(book_claim_new(book, false, NULL, &c), 0);
	ck_assert_int_eq(book_back_up(book, c, &t, &b), 0);
	return c;
}

START_TEST(backups_of_different_failures_share_and_of_one_add_up)
{
	const struct book_ask ask = { .setup = 7, .window = BOOK_ALWAYS };
	const struct book_ask better = { .setup = 3, .window = BOOK_ALWAYS };
	struct book_row row;

	ck_assert_int_eq(book_new(&book), 0);
	ck_assert_int_eq(book_capacity_set(book, 0, 10ull * G), 0);
	backup(4ull * G, 1);
	backup(3ull * G, 2);
	ck_assert_uint_eq(book_room(book, 0, &ask), 6ull * G); /* the larger, not the sum */
	backup(3ull * G, 2);
	ck_assert_uint_eq(book_room(book, 0, &ask), 4ull * G); /* these two fail together */
	ck_assert_uint_eq(book_room(book, 0, &better), 10ull * G);
	ck_assert(book_row(book, 0, &row));
	ck_assert_uint_eq(row.backup_bps[3], 0);
	ck_assert_uint_eq(row.backup_bps[4], 6ull * G);
	ck_assert_int_eq(book_measured_set(book, 0, 5ull * G), 0);
	ck_assert_uint_eq(book_excess(book, 0), 1ull * G);
	audit();
	book = book_free(book);
}
END_TEST

START_TEST(a_view_that_fell_behind_reads_everything)
{
	struct book_view v = { .setup = 7 }, w = { .setup = 7 };
	const struct book_ask ask = { .setup = 7, .window = BOOK_ALWAYS };

	ck_assert_int_eq(book_new(&book), 0);
	ck_assert_int_eq(book_view_follow(book, &v, 4), 0);
	for (uint64_t k = 0; k < 200000; k++) { /* read each time, so each is a version */
		ck_assert_int_eq(book_capacity_set(book, (uint32_t)(k % 4), k + 1), 0);
		ck_assert_int_eq(book_view_follow(book, &w, 4), 0);
	}
	ck_assert_uint_eq(book_version(book), 200000);
	ck_assert_int_eq(book_view_follow(book, &v, 6), 0);
	for (uint32_t l = 0; l < 6; l++)
		ck_assert_uint_eq(v.bps[l], book_room(book, l, &ask));
	book_view_fini(&v);
	book_view_fini(&w);
	book = book_free(book);
}
END_TEST

/* A guarantee is nobody else's room, used or not; what has none of a link takes nothing from others. */
START_TEST(what_a_partition_does_not_use_is_still_its_own)
{
	struct book_ask plain_ask = { .setup = 7, .window = BOOK_ALWAYS }, its = plain_ask, other = plain_ask;
	const uint32_t link[] = { 0 };
	const struct book_terms t = { .bps = 3ull * G, .hold = 7, .nrp = 7, .window = BOOK_ALWAYS };
	struct book_claim *c = NULL;

	its.nrp = 7;
	other.nrp = 9; /* has no rate */
	ck_assert_int_eq(book_new(&book), 0);
	ck_assert_int_eq(book_capacity_set(book, 0, 10ull * G), 0);
	ck_assert_int_eq(book_share_set(book, 0, 7, 4ull * G), 0);
	ck_assert_uint_eq(book_room(book, 0, &plain_ask), 6ull * G);
	ck_assert_uint_eq(book_room(book, 0, &other), 6ull * G);
	ck_assert_uint_eq(book_room(book, 0, &its), 4ull * G);
	ck_assert_uint_eq(book_refuses(book, &plain_ask, 6ull * G, link, 1), UINT32_MAX);
	ck_assert_uint_eq(book_refuses(book, &plain_ask, 6ull * G + 1, link, 1), 0);
	/* used or not */
	ck_assert_int_eq(book_claim_new(book, false, NULL, &c), 0);
	ck_assert_int_eq(book_hold(book, c, &t, link, 1), 0);
	ck_assert_uint_eq(book_room(book, 0, &plain_ask), 6ull * G);
	ck_assert_uint_eq(book_room(book, 0, &its), 1ull * G);
	/* one that may have nothing of the link keeps nothing of it either */
	ck_assert_int_eq(book_share_set(book, 0, 7, BOOK_NO_SHARE), 0);
	book_drop(book, c);
	ck_assert_uint_eq(book_room(book, 0, &plain_ask), 10ull * G);
	ck_assert_uint_eq(book_room(book, 0, &its), 0);
	audit();
	book = book_free(book);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("intent-book-model");
	TCase *t = tcase_create("model");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, it_answers_as_the_plain_one, 0, SEEDS);
	tcase_add_test(t, backups_of_different_failures_share_and_of_one_add_up);
	tcase_add_test(t, a_view_that_fell_behind_reads_everything);
	tcase_add_test(t, what_a_partition_does_not_use_is_still_its_own);
	suite_add_tcase(s, t);
	return check_main(s);
}
