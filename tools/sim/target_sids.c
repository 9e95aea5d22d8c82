/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIDs that are configured: of locators (the router itself, its adjacencies) and of tables (End.DT6).
 * What the walk does not know (other lengths than 32 and 16) is left out: no packet finds it.
 */
#include <stdio.h>
#include <string.h>

#include "tools/sim/target_int.h"

enum { BLOCK = 32, NODE_END = 48, ADJ_END = 64 };

struct gather {
	struct sim_targets *ts;
	const struct sim_target *tg;
};

/* The value of a leaf of an entry; "" without it. */
static const char *leaf(const struct lyd_node *in, const char *name)
{
	const struct lyd_node *c;

	LY_LIST_FOR(lyd_child(in), c)
		if (strcmp(c->schema->name, name) == 0)
			return lyd_get_value(c);
	return "";
}

static bool is(const struct lyd_node *n, const char *name)
{
	return strcmp(n->schema->name, name) == 0;
}

static void add(const struct gather *g, const char *prefix, struct sim_sid sid)
{
	if (ip_prefix_parse(prefix, &sid.prefix) < 0)
		return;
	sid.router = g->tg->router;
	(void)VEC_ADD(&g->ts->sids, sid);
}

static void adjacency(const struct gather *g, const struct lyd_node *n)
{
	struct sim_sid sid = { .half = sim_target_half(g->tg, leaf(n, "interface")) };
	struct ip_prefix p;

	if (ip_prefix_parse(leaf(n, "sid"), &p) < 0 || (p.len != NODE_END && p.len != ADJ_END) ||
	    sid.half == SIM_NONE)
		return;
	sid.local = p.len == NODE_END; /* block and function: known to its router */
	add(g, leaf(n, "sid"), sid);
}

static void locator(const struct gather *g, const struct lyd_node *n)
{
	const struct sim_sid sid = { .half = SIM_NONE };
	const struct lyd_node *c;
	struct ip_prefix p;
	uint64_t block;

	if (ip_prefix_parse(leaf(n, "prefix"), &p) < 0 || p.len != NODE_END ||
	    str_u64(leaf(n, "block-length"), &block) != 0 || block != BLOCK)
		return;
	add(g, leaf(n, "prefix"), sid);
	LY_LIST_FOR(lyd_child(n), c)
		if (is(c, "adjacency"))
			adjacency(g, c);
}

static void table(const struct gather *g, const struct lyd_node *n)
{
	const struct sim_sid sid = { .half = SIM_NONE, .ends = true };
	char prefix[IP_PREFIX_TEXT_MAX];
	const struct lyd_node *c;

	LY_LIST_FOR(lyd_child(n), c)
		if (is(c, "sid")) {
			(void)snprintf(prefix, sizeof(prefix), "%s/%s", lyd_get_value(c),
				       leaf(n, "sid-length"));
			add(g, prefix, sid);
		}
}

void sim_targets_sids(struct sim_targets *ts)
{
	ts->sids.n = 0;
	for (uint32_t r = 0; r < ts->cfg.n; r++) {
		const struct gather g = { ts, &ts->at[r] };
		const struct lyd_node *c;

		LY_LIST_FOR(lyd_child(ts->at[r].config), c) {
			if (is(c, "locator"))
				locator(&g, c);
			else if (is(c, "table"))
				table(&g, c);
		}
	}
	if (ts->paths)
		sim_paths_sids(ts->paths, ts->sids.at, ts->sids.n);
}
