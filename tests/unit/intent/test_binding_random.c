/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies that lead through each other's binding SIDs, and anything in any order: writes, cuts,
 * reports, other SIDs, lost sessions, crashes. After each step, when all have answered, packets
 * are walked by what headends have: who is up delivers and is booked where it goes, who is down
 * would not deliver. And no number of workers decides otherwise.
 */
#include "bed_packets.h"

#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "base/str.h"
#include "intent/intent_priv.h"

enum { G = 1000000000, SEEDS = 60 / CHECK_SHARE, STEPS = 60, HEADS = 3, ROUTERS = 7, COLORS = 6, DAYS = 6 };

static struct rng rng;
static unsigned n_up, n_behind, n_down; /* over all steps: that something was looked at */

static const char *letter(uint64_t n)
{
	static const char names[ROUTERS][2] = { "a", "b", "c", "d", "e", "f", "g" };

	return names[n % ROUTERS];
}

static uint64_t below(uint64_t n)
{
	return rng_below(&rng, n);
}

static const char *const links[][2] = { { "a", "b" }, { "b", "c" }, { "c", "d" }, { "d", "e" }, { "e", "f" },
					{ "f", "g" }, { "g", "a" }, { "a", "d" }, { "b", "f" }, { "c", "g" } };

static void draw(uint64_t thin)
{
	for (unsigned k = 0; k < ROUTERS; k++)
		net_node(letter(k));
	for (unsigned k = 0; k < ARRAY_LEN(links); k++)
		net_link(links[k][0], links[k][1], 1 + (uint32_t)below(4), 1000,
			 (thin ? 3 + below(thin) : 1000) * G);
}

/* ---- steps ---- */

static const struct intent_pol *any(void)
{
	const struct intent *i = world.intent;

	return i->pols.n ? i->pols.at[below(i->pols.n)] : NULL;
}

static const char *name_of(const struct ip_addr *a)
{
	return letter(a->b[7] - 1U);
}

/* Plain, or through the binding SIDs of one or two others. */
static struct intent_policy *random_policy(void)
{
	uint64_t from = below(HEADS), to = (from + 1 + below(ROUTERS - 1)) % ROUTERS;
	struct intent_policy *p = policy(letter(from), 1 + (uint32_t)below(COLORS), letter(to));
	struct sr_segment s[5];
	const struct intent_pol *last = NULL;
	unsigned n = 0;

	p->bandwidth_bps = below(3) * G;
	p->setup_prio = (uint8_t)below(8);
	p->hold_prio = (uint8_t)below(p->setup_prio + 1U);
	if (below(3) == 0) {
		p->cpaths[0].n_exclude = below(3) == 0;
		memcpy(p->cpaths[0].exclude[0], links[below(8)][0], 2);
		last = below(2) ? any() : NULL;
		if (last) { /* it may use this one where that makes its list shorter */
			p->no_usid = true;
			p->cpaths[0].n_binding = 1;
			p->cpaths[0].binding[0] = *intent_bsid_of(last);
		}
		return p;
	}
	for (unsigned k = 0; k <= below(2); k++) {
		const struct intent_pol *l = any();

		if (!l)
			break;
		s[n++] = net_sid(name_of(&l->key.headend));
		s[n++] = packets_sid(intent_bsid_of(l));
		last = l;
	}
	/* At the end, at its own headend, it would be a service's SID to us once nobody has it. */
	if (!last || ip_eq(&last->key.headend, &p->key.endpoint) || below(3))
		s[n++] = net_sid(letter(to));
	p->cpaths[0].kind = INTENT_EXPLICIT;
	p->cpaths[0].list = list_of(n, s);
	if (below(4) == 0)
		cpath_add(p, 10);
	return p;
}

static void step_put(void)
{
	(void)put(INTENT_REPLACE, random_policy(), 0);
}

static void step_delete(void)
{
	const struct intent_pol *p = any();

	if (p)
		(void)del(name_of(&p->key.headend), p->key.color, name_of(&p->key.endpoint));
}

static void step_admin(void)
{
	static struct intent_policy p;
	const struct intent_pol *l = any();

	if (!l || !l->desired)
		return;
	intent_desired_out(l->desired, &p);
	p.admin_down = !p.admin_down;
	(void)put(INTENT_UPDATE, &p, 0);
}

static void step_link(void)
{
	uint64_t k = below(ARRAY_LEN(links));

	if (net_dir(links[k][0], links[k][1])->alive)
		net_cut(links[k][0], links[k][1]);
	else
		net_heal(links[k][0], links[k][1]);
}

/* Its headend says down, up, or another SID: of its own locator, or out of all. */
static void step_report(void)
{
	const struct intent_pol *l = any();
	struct lsp_state *st;
	struct ip_addr sid;
	char text[64];

	if (!l || !l->lsp || !pcc_at(name_of(&l->key.headend))->up)
		return;
	st = pcc_lsp(name_of(&l->key.headend), l->lsp_name);
	if (!st)
		return;
	if (below(2)) {
		st->oper = st->oper == LSP_UP ? LSP_DOWN : LSP_UP;
	} else {
		(void)snprintf(text, sizeof(text), below(2) ? "fcbb:bbbb:%x:fff%x::" : "fcbb:fffe:%x::%x",
			       l->key.headend.b[7], (unsigned)below(9));
		ck_assert_int_eq(ip_parse(text, &sid), 0);
		for (unsigned k = 0; k < WORLD_LSPS; k++) { /* a router has it once */
			const struct pcc_lsp *o = &pcc_at(name_of(&l->key.headend))->lsps[k];

			if (o->used && ip_eq(&o->st.binding_sid, &sid))
				return;
		}
		st->binding_sid = sid;
	}
	pcc_report(name_of(&l->key.headend), l->lsp_name);
}

static void step_session(void)
{
	const char *head = letter(below(HEADS));

	if (pcc_at(head)->up)
		pcc_down(head);
	run_ms(below(2) * 1000);
	pcc_up(head);
}

static void step_crash(void)
{
	uint64_t first = below(HEADS);

	world_crash();
	net_publish();
	for (unsigned k = 0; k < HEADS; k++)
		pcc_up(letter((first + k) % HEADS));
}

static void settle_all(void)
{
	for (unsigned k = 0; k < HEADS; k++)
		if (!pcc_at(letter(k))->up)
			pcc_up(letter(k));
	for (unsigned turn = 0; turn < 4; turn++) {
		for (unsigned k = 0; k < 100; k++) {
			unsigned n = 0;

			for (unsigned h = 0; h < HEADS; h++)
				n += pcc_answer(letter(h));
			if (n == 0)
				break;
		}
		run_ms(12000); /* good news has settled */
	}
	ck_assert_uint_eq(calls_open(), 0);
}

/* Who is down for want of a list that delivers has none. */
static void nobody_is_down_for_nothing(void)
{
	static struct intent_view v;
	struct sr_policy_key after;
	bool begun = false;

	while (intent_next(world.intent, begun ? &after : NULL, &v)) {
		const struct intent_policy *d = &v.desired;
		const struct intent_pol *l;
		struct packets p;

		after = d->key;
		begun = true;
		if (v.mode != INTENT_MANAGED || d->admin_down || v.has_computed)
			continue;
		n_down++;
		for (unsigned c = 0; c < d->n_cpaths; c++) {
			if (d->cpaths[c].kind != INTENT_EXPLICIT)
				continue;
			/* A binding SID at the end where its headend is the endpoint: to packets it is a
			 * service's while nobody has it. */
			l = intent_bsid_owner(world.intent,
					      &d->cpaths[c].list.at[d->cpaths[c].list.n - 1].sid);
			if (l && ip_eq(&l->key.headend, &d->key.endpoint))
				continue;
			packets_run(name_of(&d->key.headend), &d->cpaths[c].list, &p);
			ck_assert_msg(p.lost || p.deepest > INTENT_BINDINGS_DEEP ||
					      !ip_eq(&world.ted->nodes[p.at].router_v6, &d->key.endpoint) ||
					      strstr(v.reason, "no paths"),
				      "%s,%u would deliver and is down: %s", name_of(&d->key.headend),
				      d->key.color, v.reason);
		}
	}
}

static void count_behind(void)
{
	for (size_t k = 0; k < world.intent->pols.n; k++) {
		const struct intent_pol *p = world.intent->pols.at[k];
		struct packets way;

		if (p->state != INTENT_UP)
			continue;
		n_up++;
		packets_run(name_of(&p->key.headend), &p->lsp->st.list, &way);
		n_behind += way.deepest > 0;
	}
}

static void look(void)
{
	settle_all();
	(void)packets_book();
	nobody_is_down_for_nothing();
	count_behind();
}

/* One through another, so that there is something from the start. */
static void first_two(void)
{
	struct intent_policy *p = policy("a", 1, "d");
	struct sr_segment s[2] = { net_sid("a") };

	put_ok(p);
	s[1] = packets_sid(&view_of("a", 1, "d")->binding_sid);
	p = policy("b", 2, "d");
	p->bandwidth_bps = G;
	p->cpaths[0].kind = INTENT_EXPLICIT;
	p->cpaths[0].list = list_of(2, s);
	put_ok(p);
	look();
	ck_assert_uint_eq(n_up, 2);
	ck_assert_uint_eq(n_behind, 1);
}

START_TEST(packets_go_where_the_book_says)
{
	static void (*const steps[])(void) = { step_put,  step_put,    step_put,     step_put,	step_delete,
					       step_link, step_link,   step_admin,   step_report, step_report,
					       step_session, step_crash };

	rng_seed(&rng, (uint64_t)_i + 1);
	n_up = n_behind = n_down = 0;
	world_up(NULL);
	draw(0);
	net_publish();
	for (unsigned k = 0; k < HEADS; k++)
		pcc_up(letter(k));
	first_two();
	for (unsigned k = 0; k < STEPS; k++) {
		uint64_t which = below(ARRAY_LEN(steps));

		steps[which]();
		if (below(3)) /* else on top of what is under way */
			continue;
		look();
	}
	look();
	world_down();
}
END_TEST

/* ---- workers ---- */

static void told(void *arg, const struct intent_result *r)
{
	ck_assert_msg(r->code == 0, "%s", r->text);
	++*(unsigned *)arg;
}

static bool at_rest(void)
{
	const struct intent *i = world.intent;

	return list_empty(&i->waves) && list_empty(&i->dirty) && list_empty(&i->fresh) && i->sweep_left == 0;
}

static void rest(void)
{
	for (unsigned k = 0; k < 20000 && !at_rest(); k++)
		run_ms(1);
	ck_assert(at_rest());
	for (size_t k = 0; k < world.intent->pols.n; k++)
		ck_assert_int_eq(world.intent->pols.at[k]->waits, INTENT_CLEAN);
	audit();
}

static void answer_all(void)
{
	for (unsigned turn = 0, n = 1; n > 0; turn++) {
		n = 0;
		for (unsigned k = 0; k < ROUTERS; k++) {
			n += pcc_answer(letter(k));
			rest(); /* news of one router after the other */
		}
		ck_assert_uint_lt(turn, 100);
	}
	world.n_calls = 0;
}

static uint64_t mix(uint64_t h, const void *data, size_t n)
{
	const uint8_t *b = data;

	for (size_t k = 0; k < n; k++)
		h = (h ^ b[k]) * UINT64_C(1099511628211);
	return h;
}

static uint64_t decisions(unsigned *placed)
{
	uint64_t h = UINT64_C(14695981039346656037);

	*placed = 0;
	for (size_t k = 0; k < world.intent->pols.n; k++) {
		const struct intent_pol *p = world.intent->pols.at[k];

		h = mix(h, &p->want.set, sizeof(p->want.set));
		h = mix(h, p->want.links, p->want.n_links * sizeof(*p->want.links));
		*placed += p->want.set;
	}
	return h;
}

static void never_too_much(void)
{
	for (uint32_t l = 0; l < world.intent->ted->n_links; l++)
		ck_assert_uint_eq(book_excess(world.intent->book, l), 0);
}

enum { LOWER = 80, UPPER = 160 };

static void put_many(bool upper)
{
	unsigned done = 0, n = upper ? UPPER : LOWER;

	for (uint32_t c = 0; c < n; c++) {
		uint64_t from = below(ROUTERS), to = (from + 1 + below(ROUTERS - 1)) % ROUTERS;
		const struct intent_pol *l = upper ? any() : NULL;
		struct intent_policy *p = policy(letter(from), 1 + c + (upper ? LOWER : 0), letter(to));
		struct sr_segment s[3];

		p->bandwidth_bps = below(3) * G / 4;
		p->setup_prio = p->hold_prio = (uint8_t)below(8);
		if (l) {
			s[0] = net_sid(name_of(&l->key.headend));
			s[1] = packets_sid(intent_bsid_of(l));
			s[2] = net_sid(letter(to));
			p->cpaths[0].kind = INTENT_EXPLICIT;
			p->cpaths[0].list = list_of(3, s);
		}
		intent_put(world.intent, INTENT_CREATE, p, 0, told, &done);
	}
	for (unsigned k = 0; k < 20000 && done < n; k++)
		run_ms(1);
	ck_assert_uint_eq(done, n);
}

/* Everything at once, then cuts: decided, and once more when headends have done it. */
static void day(uint64_t seed, unsigned workers, uint64_t out[2 * DAYS + 1])
{
	unsigned placed;

	world_up_threads(workers);
	rng_seed(&rng, seed);
	draw(12);
	for (unsigned k = 0; k < ROUTERS; k++)
		pcc_up(letter(k));
	put_many(false);
	put_many(true);
	net_publish();
	rest();
	answer_all();
	out[2 * DAYS] = decisions(&placed);
	ck_assert_uint_gt(placed, (LOWER + UPPER) / 2);
	never_too_much();
	n_up = n_behind = 0;
	packets_map();
	count_behind();
	ck_assert_uint_gt(n_behind, UPPER / 4);
	for (unsigned k = 0; k < DAYS; k++) {
		const char *const *l = links[below(ARRAY_LEN(links))];

		if (net_dir(l[0], l[1])->alive)
			net_cut(l[0], l[1]);
		else
			net_heal(l[0], l[1]);
		rest();
		out[2 * k] = decisions(&placed);
		answer_all();
		out[2 * k + 1] = decisions(&placed);
		never_too_much();
	}
	world_down();
}

START_TEST(no_number_of_workers_decides_otherwise)
{
	static const unsigned workers[] = { 1, 2, 4 };
	uint64_t first[2 * DAYS + 1], other[2 * DAYS + 1];

	day((uint64_t)_i + 100, 0, first);
	for (unsigned k = 0; k < ARRAY_LEN(workers); k++) {
		day((uint64_t)_i + 100, workers[k], other);
		ck_assert_mem_eq(first, other, sizeof(first));
	}
	day((uint64_t)_i + 200, 0, other); /* and another day is another one */
	ck_assert_mem_ne(first, other, sizeof(first));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("intent-binding-random");
	TCase *tc = tcase_create("random");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, packets_go_where_the_book_says, 0, SEEDS);
	tcase_add_loop_test(tc, no_number_of_workers_decides_otherwise, 0, 3);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return check_main(suite());
}
