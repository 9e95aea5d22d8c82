/* SPDX-License-Identifier: Apache-2.0 */
/* A device's struct was made of its tree, in the tree's order: the two are walked side by side. */
#include "tools/agent/gnmi/gnmi_tree.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum stats { NONE, RULE, QUEUE };

struct grow {
	const struct agent_slices *s;
	const struct agent_device *d;
	size_t link, locator, table, filter, policer;
	bool ok;
};

static void number(struct grow *g, struct lyd_node *in, const char *name, uint64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, value);
	g->ok = lyd_new_term(in, NULL, name, text, 0, NULL) == LY_SUCCESS && g->ok;
}

static void state(struct grow *g, struct lyd_node *in, const struct agent_part *p, enum stats stats,
		  bool fate)
{
	static const char *const names[] = { "pending", "in", "failed" };
	struct lyd_node *st = NULL;

	if (lyd_new_inner(in, NULL, "state", 0, &st) != LY_SUCCESS) {
		g->ok = false;
		return;
	}
	if (fate)
		g->ok = lyd_new_term(st, NULL, "status", names[p->status], 0, NULL) == LY_SUCCESS &&
			g->ok;
	if (fate && p->reason[0])
		g->ok = lyd_new_term(st, NULL, "reason", p->reason, 0, NULL) == LY_SUCCESS && g->ok;
	if (!p->counted || stats == NONE)
		return;
	number(g, st, "packets", p->stats.packets);
	number(g, st, "octets", p->stats.bytes);
	if (stats != QUEUE)
		return;
	number(g, st, "drops", p->stats.drops);
	number(g, st, "backlog", p->stats.backlog);
}

static bool is(const struct lyd_node *n, const char *name)
{
	return strcmp(n->schema->name, name) == 0;
}

static void link_state(struct grow *g, struct lyd_node *in, const struct agent_link *l)
{
	struct agent_part p = agent_slices_part(g->s, l);
	struct lyd_node *c;
	size_t nrp = 0;

	LY_LIST_FOR(lyd_child(in), c)
	{
		if (is(c, "nrp") && nrp < l->n_nrps) {
			struct agent_part n = agent_slices_part(g->s, &l->nrps[nrp++]);

			state(g, c, &n, QUEUE, true);
		} else if (is(c, "best-effort")) {
			state(g, c, &p, QUEUE, false);
		}
	}
	state(g, in, &p, NONE, true);
}

static void locator_state(struct grow *g, struct lyd_node *in, const struct agent_locator *l)
{
	struct agent_part p = agent_slices_part(g->s, l);
	struct lyd_node *c;
	size_t adj = 0;

	LY_LIST_FOR(lyd_child(in), c)
	{
		if (is(c, "adjacency") && adj < l->n_adjs) {
			struct agent_part a = agent_slices_part(g->s, &l->adjs[adj++]);

			state(g, c, &a, RULE, true);
		}
	}
	state(g, in, &p, RULE, true);
}

static void backup_state(struct grow *g, const struct lyd_node *route, const struct agent_table_route *r)
{
	const char *name = agent_slices_backup(g->s, r);
	struct lyd_node *st = name ? (struct lyd_node *)(uintptr_t)conf_child(route, "state") : NULL;

	if (st)
		g->ok = lyd_new_term(st, NULL, "backup", name, 0, NULL) == LY_SUCCESS && g->ok;
}

static void table_state(struct grow *g, struct lyd_node *in, const struct agent_table *t)
{
	struct agent_part p = agent_slices_part(g->s, t);
	struct lyd_node *c;
	size_t route = 0;

	LY_LIST_FOR(lyd_child(in), c)
	{
		if (is(c, "route") && route < t->n_routes) {
			struct agent_part r = agent_slices_route(g->s, &t->routes[route]);

			state(g, c, &r, NONE, true);
			backup_state(g, c, &t->routes[route++]);
		}
	}
	state(g, in, &p, RULE, true);
}

/* These are kept in the order of their numbers, not of the tree. */
static const struct agent_classifier *classifier_of(const struct agent_device *d,
						    const struct lyd_node *in)
{
	const char *id = lyd_get_value(lyd_child(in));
	uint64_t n = 0;

	(void)str_u64(id, &n);
	for (size_t i = 0; i < d->n_classifiers; i++) {
		if (d->classifiers[i].id == n)
			return &d->classifiers[i];
	}
	return NULL;
}

static void rule_state(struct grow *g, struct lyd_node *in, const void *owner, const char *kind,
		       const char *name)
{
	struct agent_part p = agent_slices_rule(g->s, owner, kind, name);

	state(g, in, &p, RULE, true);
}

static void part_state(struct grow *g, struct lyd_node *in)
{
	const struct agent_classifier *c;

	if (is(in, "link") && g->link < g->d->n_links) {
		link_state(g, in, &g->d->links[g->link++]);
	} else if (is(in, "locator") && g->locator < g->d->n_locators) {
		locator_state(g, in, &g->d->locators[g->locator++]);
	} else if (is(in, "table") && g->table < g->d->n_tables) {
		table_state(g, in, &g->d->tables[g->table++]);
	} else if (is(in, "classifier") && (c = classifier_of(g->d, in))) {
		rule_state(g, in, c, "classifier", c->name);
	} else if (is(in, "policer") && g->policer < g->d->n_policers) {
		const struct agent_policer *p = &g->d->policers[g->policer++];

		rule_state(g, in, p, "policer", p->name);
	} else if (is(in, "source-filter") && g->filter < g->d->n_filters) {
		const struct agent_source_filter *f = &g->d->filters[g->filter++];

		rule_state(g, in, f, "source", f->interface);
	}
}

static void addresses(struct grow *g, struct lyd_node *in, uint32_t index)
{
	const struct agent_if_addrs *v = agent_slices_addrs(g->s);
	char t[IP_TEXT_MAX];

	for (size_t i = 0; i < v->n; i++) {
		if (v->at[i].index == index)
			g->ok = lyd_new_term(in, NULL, "address",
					     ip_text(&v->at[i].addr, t, sizeof(t)), 0,
					     NULL) == LY_SUCCESS &&
				g->ok;
	}
}

static void iface_state(struct grow *g, struct lyd_node *root, const struct agent_iface *i)
{
	static const char *const names[] = { /* RFC 2863, by the kernel's numbers */
		"unknown", "not-present", "down", "lower-layer-down", "testing", "dormant", "up",
	};
	struct lyd_node *in = NULL, *st = NULL;

	if (lyd_new_list(root, NULL, "interface", 0, &in, i->name) != LY_SUCCESS)
		return; /* a name that the model does not have */
	number(g, in, "if-index", i->index);
	g->ok = lyd_new_term(in, NULL, "oper-status",
			     names[i->oper < ARRAY_LEN(names) ? i->oper : 0], 0,
			     NULL) == LY_SUCCESS && g->ok;
	if (i->mtu)
		number(g, in, "mtu", i->mtu);
	addresses(g, in, i->index);
	g->ok = lyd_new_inner(in, NULL, "statistics", 0, &st) == LY_SUCCESS && g->ok;
	if (!st)
		return;
	number(g, st, "in-octets", i->in_octets);
	number(g, st, "in-packets", i->in_packets);
	number(g, st, "in-discards", i->in_discards);
	number(g, st, "in-errors", i->in_errors);
	number(g, st, "out-octets", i->out_octets);
	number(g, st, "out-packets", i->out_packets);
	number(g, st, "out-discards", i->out_discards);
	number(g, st, "out-errors", i->out_errors);
}

struct lyd_node *agent_gnmi_tree(const struct agent_slices *s, struct ly_ctx *models)
{
	struct grow g = { .s = s, .d = agent_slices_device(s), .ok = true };
	const struct agent_ifaces *ifaces = agent_slices_ifaces(s);
	struct lyd_node *root = NULL, *c;

	if (lyd_dup_single(g.d->tree, NULL, LYD_DUP_RECURSIVE | LYD_DUP_WITH_FLAGS, &root) !=
	    LY_SUCCESS)
		return NULL;
	LY_LIST_FOR(lyd_child(root), c)
	part_state(&g, c);
	number(&g, root, "generation", agent_slices_generation(s));
	for (size_t i = 0; i < ifaces->n; i++)
		iface_state(&g, root, &ifaces->at[i]);
	ly_err_clean(models, NULL);
	if (g.ok)
		return root;
	lyd_free_all(root);
	return NULL;
}
