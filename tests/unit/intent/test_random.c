/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anything in any order: writes, cuts, lost sessions, refusals, crashes. After each step the book
 * recomputes and nothing was sent that may not be; in the end, when all is well and everybody has
 * answered, the network is what was wished for and holds nothing else.
 */
#include "world.h"

#include <stdio.h>
#include <string.h>

#include "base/rng.h"

enum { G = 1000000000, COLORS = 6, STEPS = 120, SEEDS = 150 / CHECK_SHARE };

static struct rng rng;
static uint64_t seed;
static bool stale, held, cut[5];
static const char *const links[5][2] = { { "a", "b" }, { "b", "d" }, { "a", "c" }, { "c", "d" }, { "b", "c" } };
static const char *const heads[2] = { "a", "b" };

static uint64_t below(uint64_t n)
{
	return rng_below(&rng, n);
}

static const char *head(void)
{
	return heads[below(2)];
}

static void publish(void)
{
	if (stale)
		net_stale();
	else
		net_publish();
}

/* ---- steps ---- */

static void step_put(void)
{
	struct intent_policy *p = policy(head(), 1 + (uint32_t)below(COLORS), "d");
	struct intent_cpath *c = &p->cpaths[0];

	p->bandwidth_bps = below(8) * G;
	if (p->bandwidth_bps && below(3) == 0) { /* more than a path has, now and then */
		p->bandwidth_bps *= 2;
		p->lists_max = (uint8_t)(2 + below(3));
	}
	p->setup_prio = (uint8_t)below(8);
	p->hold_prio = (uint8_t)below(p->setup_prio + 1U);
	p->admin_down = below(8) == 0;
	c->minimise = below(2) ? PCE_TE : PCE_IGP;
	c->strict = below(4) == 0;
	if (below(3) == 0)
		c->delay_us_max = 1000 + (uint32_t)below(4000);
	if (below(3) == 0) {
		c->n_exclude = 1;
		memcpy(c->exclude[0], "c", 2);
	}
	if (below(3) == 0)
		cpath_add(p, 10);
	(void)put(INTENT_REPLACE, p, 0);
}

static void step_link(void)
{
	uint64_t k = below(5);
	struct ted_link *one = net_dir(links[k][0], links[k][1]);
	struct ted_link *two = net_dir(links[k][1], links[k][0]);

	if (below(3) == 0) {
		one->te_metric = 1 + (uint32_t)below(50);
		one->delay_us = 500 + (uint32_t)below(3000);
	} else {
		cut[k] = !cut[k];
		one->alive = two->alive = !cut[k];
	}
	if (below(4) == 0)
		net_renumber(links[k][0], links[k][1]);
	publish();
}

static void step_session(void)
{
	const char *h = head();

	if (pcc_at(h)->up) {
		pcc_down(h);
		return;
	}
	for (unsigned k = 0, reboot = below(4) == 0; reboot && k < WORLD_LSPS; k++) {
		sr_list_drop(&pcc_at(h)->lsps[k].st.list);
		pcc_at(h)->lsps[k] = (struct pcc_lsp){ .used = false };
	}
	pcc_up(h);
}

static void step_lsp(void)
{
	struct pcc *p = pcc_at(head());
	struct lsp_state *st;
	char name[SR_NAME_MAX];

	for (unsigned k = 0; p->up && k < WORLD_LSPS; k++) {
		if (!p->lsps[k].used || below(3) != 0)
			continue;
		st = &p->lsps[k].st;
		memcpy(name, st->name, sizeof(name));
		switch (below(4)) {
		case 0:
			pcc_forget(p == pcc_at("a") ? "a" : "b", name);
			return;
		case 1:
			st->oper = below(2) ? LSP_UP : LSP_DOWN;
			break;
		case 2:
			st->delegated = !st->delegated && st->pce_initiated;
			break;
		default:
			break;
		}
		pcc_report(p == pcc_at("a") ? "a" : "b", name);
		return;
	}
}

static void step_answer(void)
{
	const char *h = head();

	switch (below(6)) {
	case 0:
		(void)pcc_refuse(h, 24, 2);
		break;
	case 1:
		(void)pcc_answer_as(h, LSP_GOING_UP, 0);
		break;
	default:
		(void)pcc_answer(h);
		break;
	}
}

static void step_operator(void)
{
	const char *h = head();
	uint32_t color = 1 + (uint32_t)below(COLORS);

	switch (below(5)) {
	case 0:
		held = !held;
		hold(held);
		break;
	case 1:
		(void)adopt(h, color, "d");
		break;
	case 2:
		(void)release(h, color, "d");
		break;
	default:
		(void)del(h, color, "d");
		break;
	}
}

static void step_crash(void)
{
	run_ms(20);
	world_crash();
	if (below(2))
		publish();
}

static void step_sight(void)
{
	stale = !stale;
	publish();
}

static void step(void)
{
	uint64_t n = below(40);

	if (n < 9)
		step_put();
	else if (n < 16)
		step_link();
	else if (n < 27)
		step_answer();
	else if (n < 30)
		step_lsp();
	else if (n < 33)
		step_session();
	else if (n < 36)
		step_operator();
	else if (n < 37)
		step_crash();
	else if (n < 38)
		step_sight();
	else
		run_ms(below(15000));
}

/* ---- what must hold ---- */

static void view_holds(const struct intent_view *v)
{
	if (v->mode != INTENT_MANAGED || v->state != INTENT_UP)
		return;
	ck_assert_msg(v->has_reported && sr_list_eq(&v->reported.list, &v->computed) &&
			      (v->reported.oper == LSP_UP || v->reported.oper == LSP_ACTIVE),
		      "seed %llu: up without the headend's word", (unsigned long long)seed);
}

static void each_view(void (*fn)(const struct intent_view *v))
{
	static struct intent_view v;
	struct sr_policy_key k;

	for (bool more = intent_next(world.intent, NULL, &v); more; more = intent_next(world.intent, &k, &v)) {
		k = v.desired.key;
		fn(&v);
	}
}

static void sent_holds(uint32_t before, bool was_held, bool was_stale)
{
	for (uint32_t k = before; k < world.n_calls; k++) {
		const struct call *c = &world.calls[k];

		ck_assert_msg(!was_held || !held, "seed %llu: sent under hold", (unsigned long long)seed);
		ck_assert_msg(!was_stale || !stale || c->kind != CALL_APPLY || c->lsp.take_over,
			      "seed %llu: sent out of sight", (unsigned long long)seed);
	}
}

static unsigned n_wished;

static void view_ends_well(const struct intent_view *v)
{
	const struct lsp_state *st;
	const char *h = ip_eq(&v->desired.key.headend, &pcc_at("a")->addr) ? "a" : "b";

	if (v->mode != INTENT_MANAGED)
		return;
	ck_assert_msg(v->state == INTENT_UP || v->state == INTENT_DEGRADED ||
			      (v->state == INTENT_DOWN && v->reason[0]),
		      "seed %llu: colour %u of %s ends %s: %s", (unsigned long long)seed,
		      v->desired.key.color, h, intent_state_text(v->state), v->reason);
	st = pcc_lsp(h, v->lsp_name);
	if (v->state == INTENT_DOWN)
		return;
	n_wished++;
	ck_assert_msg(st && sr_list_eq(&st->list, &v->computed), "seed %llu: %s has another list",
		      (unsigned long long)seed, h);
}

static unsigned lsps_made(const char *h)
{
	unsigned n = 0;

	for (unsigned k = 0; k < WORLD_LSPS; k++)
		n += pcc_at(h)->lsps[k].used && pcc_at(h)->lsps[k].st.pce_initiated;
	return n;
}

static unsigned n_observed;

static void count_observed(const struct intent_view *v)
{
	n_observed += v->mode == INTENT_OBSERVED;
}

/* Nobody is left half way, or with what the headend did by itself. */
static void all_oper_up(struct pcc *p)
{
	for (unsigned k = 0; k < WORLD_LSPS; k++)
		p->lsps[k].st.oper = LSP_UP;
}

static void end_well(void)
{
	stale = false;
	memset(cut, 0, sizeof(cut));
	for (unsigned k = 0; k < 5; k++)
		net_dir(links[k][0], links[k][1])->alive = net_dir(links[k][1], links[k][0])->alive = true;
	if (held)
		hold(held = false);
	publish();
	for (unsigned k = 0; k < 2; k++) {
		if (pcc_at(heads[k])->up)
			pcc_down(heads[k]);
		all_oper_up(pcc_at(heads[k]));
		pcc_up(heads[k]);
	}
	for (unsigned k = 0; k < 400; k++) {
		run_ms(1000);
		(void)pcc_answer("a");
		(void)pcc_answer("b");
	}
	n_wished = n_observed = 0;
	each_view(view_ends_well);
	each_view(count_observed);
	ck_assert_msg(lsps_made("a") + lsps_made("b") == n_wished + n_observed,
		      "seed %llu: %u LSPs for %u wishes and %u observed", (unsigned long long)seed,
		      lsps_made("a") + lsps_made("b"), n_wished, n_observed);
}

static void draw(void)
{
	const char *names[] = { "a", "b", "c", "d" };

	for (unsigned k = 0; k < 4; k++)
		net_node(names[k]);
	for (unsigned k = 0; k < 5; k++)
		net_link(links[k][0], links[k][1], 10, 1000, 10ull * G);
	net_publish();
}

START_TEST(anything_in_any_order)
{
	seed = (uint64_t)_i;
	rng_seed(&rng, seed);
	stale = held = false;
	memset(cut, 0, sizeof(cut));
	world_up(NULL);
	draw();
	for (unsigned k = 0; k < STEPS; k++) {
		uint32_t before = world.n_calls;
		bool was_held = held, was_stale = stale;

		step();
		run_ms(0);
		audit();
		each_view(view_holds);
		sent_holds(before, was_held, was_stale);
	}
	end_well();
	world_down();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("intent-random");
	TCase *tc = tcase_create("random");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, anything_in_any_order, 1, 1 + SEEDS);
	suite_add_tcase(s, tc);
	return check_main(s);
}
