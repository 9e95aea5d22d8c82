/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a router's device tells beside what was configured: its interfaces (lo, and eth0, eth1, … in
 * the order of its links), their addresses and counters, and that every object is in.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/sim/target_int.h"

enum { PACKET_OCTETS = 1000 };

void sim_targets_count_up(struct sim_targets *ts)
{
	struct mono now = loop_now(ts->loop);
	uint64_t us = mono_since(ts->counted, now) / NS_PER_US;

	for (uint32_t h = 0; h < 2 * ts->t->wires.n; h++) {
		struct sim_count *c = &ts->count[h];

		if (c->works) /* bits a second, of which a tenth, in octets: 80; and microseconds */
			c->octets += ts->t->wires.at[h / 2].bw_bps / 80 * us / 1000000;
		c->works = sim_half_works(ts->t, h / 2, h % 2);
	}
	ts->counted = now;
}

static uint32_t degree(const struct sim_target *tg)
{
	const struct sim_topo *t = tg->all->t;

	return t->start[tg->router + 1] - t->start[tg->router];
}

uint32_t sim_target_half(const struct sim_target *tg, const char *name)
{
	const struct sim_topo *t = tg->all->t;
	uint64_t k;

	if (strncmp(name, "eth", 3) != 0 || str_u64(name + 3, &k) != 0 || k >= degree(tg) ||
	    (name[3] == '0' && name[4]))
		return SIM_NONE;
	return t->idx[t->start[tg->router] + k];
}

/* ---- the tree ---- */

struct grow {
	const struct sim_target *tg;
	bool ok;
};

static struct lyd_node *inner(struct grow *g, struct lyd_node *in, const char *name)
{
	struct lyd_node *n = NULL;

	g->ok = g->ok && lyd_new_inner(in, NULL, name, 0, &n) == LY_SUCCESS;
	return n;
}

static void term(struct grow *g, struct lyd_node *in, const char *name, const char *value)
{
	g->ok = g->ok && lyd_new_term(in, NULL, name, value, 0, NULL) == LY_SUCCESS;
}

static void number(struct grow *g, struct lyd_node *in, const char *name, uint64_t v)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, v);
	term(g, in, name, text);
}

static void address(struct grow *g, struct lyd_node *in, struct ip_addr a)
{
	char text[IP_TEXT_MAX];

	if (lys_find_child(in->schema, in->schema->module, "address", 0, LYS_LEAFLIST, 0))
		term(g, in, "address", ip_text(&a, text, sizeof(text)));
}

static void statistics(struct grow *g, struct lyd_node *in, uint64_t rx, uint64_t tx)
{
	struct lyd_node *st = inner(g, in, "statistics");

	number(g, st, "in-octets", rx);
	number(g, st, "in-packets", rx / PACKET_OCTETS);
	number(g, st, "in-discards", 0);
	number(g, st, "in-errors", 0);
	number(g, st, "out-octets", tx);
	number(g, st, "out-packets", tx / PACKET_OCTETS);
	number(g, st, "out-discards", 0);
	number(g, st, "out-errors", 0);
}

static struct lyd_node *interface(struct grow *g, struct lyd_node *root, const char *name, uint32_t index,
				  bool up)
{
	struct lyd_node *in = NULL;

	g->ok = g->ok && lyd_new_list(root, NULL, "interface", 0, &in, name) == LY_SUCCESS;
	number(g, in, "if-index", index);
	term(g, in, "oper-status", up ? "up" : "lower-layer-down");
	return in;
}

static void interfaces(struct grow *g, struct lyd_node *root)
{
	const struct sim_targets *ts = g->tg->all;
	struct lyd_node *in = interface(g, root, "lo", 1, true);

	if (g->ok)
		address(g, in, sim_loopback(ts->t, g->tg->router));
	statistics(g, in, 0, 0);
	for (uint32_t k = 0; g->ok && k < degree(g->tg); k++) {
		uint32_t h = ts->t->idx[ts->t->start[g->tg->router] + k];
		char name[16];

		(void)snprintf(name, sizeof(name), "eth%u", k);
		in = interface(g, root, name, k + 2, sim_half_works(ts->t, h / 2, h % 2));
		if (g->ok)
			address(g, in, sim_half_addr(h / 2, h % 2));
		statistics(g, in, ts->count[h ^ 1].octets, ts->count[h].octets);
	}
}

static bool installed(const struct sim_target *tg, const char *color, const char *end)
{
	const char *name = tg->all->t->routers.at[tg->router].name;
	char key[3 * SIM_NAME_MAX + IP_TEXT_MAX];
	const struct sim_lsp *l;
	struct ip_addr a;
	uint64_t c;

	if (tg->all->pccs) {
		(void)snprintf(key, sizeof(key), "%s,%s,%s", name, color, end);
		l = sim_lsp_find(tg->all->pccs, key);
		return l && l->st.oper != LSP_DOWN;
	}
	return tg->all->cfg.policy_up && str_u64(color, &c) == 0 && ip_parse(end, &a) == 0 &&
	       tg->all->cfg.policy_up(tg->router, (uint32_t)c, &a);
}

/* A route into a policy is in while its router has such a policy, installed. */
static bool policy_up(const struct sim_target *tg, struct lyd_node *object, char *why, size_t cap)
{
	struct lyd_node *p = NULL, *color = NULL, *end = NULL;

	if (lyd_find_path(object, "policy", 0, &p) != LY_SUCCESS ||
	    lyd_find_path(p, "color", 0, &color) != LY_SUCCESS ||
	    lyd_find_path(p, "endpoint", 0, &end) != LY_SUCCESS) {
		ly_err_clean(tg->all->ctx, NULL);
		return true;
	}
	if (installed(tg, lyd_get_value(color), lyd_get_value(end)))
		return true;
	(void)snprintf(why, cap, "policy %s,%s,%s is not up", tg->all->t->routers.at[tg->router].name,
		       lyd_get_value(color), lyd_get_value(end));
	return false;
}

/* It has a state that can be "in"; states of measurements are others. */
static bool has_state(const struct grow *g, const struct lyd_node *n)
{
	const struct lysc_node *state = lys_find_child(n->schema, n->schema->module, "state", 0,
						       LYS_CONTAINER, 0);
	const struct lysc_node *status = NULL;

	if (state && state->flags & LYS_CONFIG_R)
		status = lys_find_child(state, state->module, "status", 0, LYS_LEAF, 0);
	return status && lyd_value_validate(g->tg->all->ctx, status, "in", 2, NULL, NULL, NULL) == LY_SUCCESS;
}

/* Every object that has a state. The model bounds the depth. */
static void echo(struct grow *g, struct lyd_node *n)
{
	struct lyd_node *c, *st;
	char why[RPC_TEXT_MAX] = "";

	LY_LIST_FOR(lyd_child(n), c)
		if (c->schema->nodetype & (LYS_CONTAINER | LYS_LIST))
			echo(g, c);
	if (!g->ok || !has_state(g, n))
		return;
	st = inner(g, n, "state");
	term(g, st, "status", policy_up(g->tg, n, why, sizeof(why)) ? "in" : "failed");
	if (why[0])
		term(g, st, "reason", why);
}

struct lyd_node *sim_target_tree(const struct sim_target *tg, bool state)
{
	struct grow g = { .tg = tg, .ok = true };
	struct lyd_node *root = NULL;

	if (tg->config)
		g.ok = lyd_dup_single(tg->config, NULL, LYD_DUP_RECURSIVE | LYD_DUP_WITH_FLAGS, &root) ==
		       LY_SUCCESS;
	else
		g.ok = lyd_new_inner(NULL, ly_ctx_get_module_implemented(tg->all->ctx, "sextant-device"),
				     "device", 0, &root) == LY_SUCCESS;
	if (g.ok && state) {
		echo(&g, root);
		number(&g, root, "generation", tg->generation);
		interfaces(&g, root);
	}
	ly_err_clean(tg->all->ctx, NULL);
	if (g.ok)
		return root;
	lyd_free_all(root);
	return NULL;
}
