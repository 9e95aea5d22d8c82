/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of agent_fwd as nodes; what is not known is told as that, without rows. */
#include "tools/agent/gnmi/gnmi_fwd.h"

#include <inttypes.h>
#include <linux/seg6_local.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#define MODULE "sextant-device-forwarding"

enum { NAMES = 64 }; /* interfaces whose names are kept while a tree is made */

struct grow {
	const struct agent_fwd *f;
	struct agent_gfwd_at *at;
	struct lyd_node *in; /* container forwarding */
	struct lyd_node *table;
	uint32_t id; /* of it */
	uint64_t since, until;
	size_t left; /* rows */
	struct {
		uint32_t index;
		char name[IF_NAMESIZE];
	} names[NAMES];
	bool ok;
};

bool agent_gfwd_is_ours(const struct lysc_node *n)
{
	return strcmp(n->module->name, MODULE) == 0;
}

bool agent_gfwd_is_value(const struct lysc_node *n)
{
	return n->nodetype == LYS_LIST && agent_gfwd_is_ours(n) &&
	       (strcmp(n->name, "route") == 0 || strcmp(n->name, "sid") == 0);
}

/* ---- leaves ---- */

static void text(struct grow *g, struct lyd_node *in, const char *name, const char *value)
{
	g->ok = lyd_new_term(in, NULL, name, value, 0, NULL) == LY_SUCCESS && g->ok;
}

static void number(struct grow *g, struct lyd_node *in, const char *name, uint64_t value)
{
	char t[24];

	(void)snprintf(t, sizeof(t), "%" PRIu64, value);
	text(g, in, name, t);
}

static void flag(struct grow *g, struct lyd_node *in, const char *name, bool value)
{
	text(g, in, name, value ? "true" : "false");
}

/* NULL: it is gone. */
static const char *interface(struct grow *g, uint32_t index)
{
	char *name = g->names[index % NAMES].name;

	if (g->names[index % NAMES].index == index && name[0])
		return name;
	g->names[index % NAMES].index = index;
	if (!if_indextoname(index, name))
		name[0] = '\0';
	return name[0] ? name : NULL;
}

/* ---- entries ---- */

static struct lyd_node *new_sid(struct grow *g, const struct ip_prefix *prefix)
{
	char p[IP_PREFIX_TEXT_MAX];
	struct lyd_node *n = NULL;

	g->ok = lyd_new_list(g->in, NULL, "sid", 0, &n, ip_prefix_text(prefix, p, sizeof(p))) == LY_SUCCESS && g->ok;
	return n;
}

static struct lyd_node *new_table(struct grow *g, uint32_t id)
{
	char t[16];

	if (g->table && g->id == id)
		return g->table;
	(void)snprintf(t, sizeof(t), "%" PRIu32, id);
	g->id = id;
	g->table = NULL;
	g->ok = lyd_new_list(g->in, NULL, "table", 0, &g->table, t) == LY_SUCCESS && g->ok;
	return g->table;
}

static struct lyd_node *new_route(struct grow *g, uint32_t table, const struct ip_prefix *prefix, uint16_t member)
{
	struct lyd_node *in = new_table(g, table), *n = NULL;
	char p[IP_PREFIX_TEXT_MAX], m[8];

	(void)snprintf(m, sizeof(m), "%u", member);
	g->ok = in && lyd_new_list(in, NULL, "route", 0, &n, ip_prefix_text(prefix, p, sizeof(p)), m) == LY_SUCCESS &&
		g->ok;
	return n;
}

/* ---- what is known ---- */

static const char *action_of(const struct agent_fwd_sid *s)
{
	switch (s->action) {
	case SEG6_LOCAL_ACTION_END:
		return "end";
	case SEG6_LOCAL_ACTION_END_X:
		return "end-x";
	case SEG6_LOCAL_ACTION_END_DT6:
	case SEG6_LOCAL_ACTION_END_DT46:
		return s->table ? "end-dt" : "other";
	default: /* numbers of the kernel */
		return "other";
	}
}

static void sid(struct grow *g, const struct agent_fwd_sid *s)
{
	struct lyd_node *n = new_sid(g, &s->prefix);
	const char *action = action_of(s);

	if (!n)
		return;
	text(g, n, "action", action);
	if (strcmp(action, "end-dt") == 0)
		number(g, n, "table", s->table);
	if (!s->next_csid)
		return;
	number(g, n, "block-length", s->block);
	number(g, n, "node-length", s->node);
}

static void route(struct grow *g, uint32_t table, const struct agent_fwd_route *r)
{
	static const char *const ways[] = {
		[AGENT_FWD_DEV] = "interface", [AGENT_FWD_SID] = "sid",	     [AGENT_FWD_DROP] = "drop",
		[AGENT_FWD_NEXT] = "next",     [AGENT_FWD_UNSURE] = "other",
	};
	struct lyd_node *n = new_route(g, table, &r->dst, r->member);
	const char *dev = r->way == AGENT_FWD_DEV ? interface(g, r->dev) : NULL;
	char t[IP_TEXT_MAX];

	if (!n)
		return;
	text(g, n, "way", ways[r->way == AGENT_FWD_DEV && !dev ? AGENT_FWD_UNSURE : r->way]);
	if (dev)
		text(g, n, "interface", dev);
	if (r->way == AGENT_FWD_SID)
		text(g, n, "sid", ip_text(&r->sid, t, sizeof(t)));
}

/* ---- parts ---- */

static void passed(struct grow *g, uint32_t table, const struct ip_prefix *prefix, uint16_t member)
{
	g->left--;
	*g->at = (struct agent_gfwd_at){ g->at->tables, true, table, *prefix, member };
}

/* False: there is more. */
static bool sids(struct grow *g)
{
	uint32_t n;
	const struct agent_fwd_sid *s = agent_fwd_sids(g->f, &n);

	for (uint32_t i = 0; i < n; i++) {
		if (s[i].since <= g->since || (g->at->began && ip_prefix_cmp(&s[i].prefix, &g->at->prefix) <= 0))
			continue;
		if (g->left == 0)
			return false;
		sid(g, &s[i]);
		passed(g, 0, &s[i].prefix, 0);
	}
	flag(g, g->in, "sids-complete", agent_fwd_sids_known(g->f));
	*g->at = (struct agent_gfwd_at){ .tables = true };
	return true;
}

static bool is_behind(const struct agent_gfwd_at *at, uint32_t table, const struct agent_fwd_route *r)
{
	int c = at->began && at->table == table ? ip_prefix_cmp(&r->dst, &at->prefix) : 1;

	return c > 0 || (c == 0 && r->member > at->member);
}

static bool table(struct grow *g, const struct agent_fwd_table *t)
{
	struct lyd_node *n = new_table(g, t->id);

	for (uint32_t i = 0; i < t->n; i++) {
		const struct agent_fwd_route *r = &t->routes[i];

		if (r->since <= g->since || !is_behind(g->at, t->id, r))
			continue;
		if (g->left == 0)
			return false;
		route(g, t->id, r);
		passed(g, t->id, &r->dst, r->member);
	}
	if (n)
		flag(g, n, "complete", t->known && !t->truncated);
	*g->at = (struct agent_gfwd_at){ .tables = true, .table = t->id + 1 };
	return true;
}

static bool tables(struct grow *g)
{
	for (uint32_t i = 0; i < agent_fwd_tables(g->f); i++) {
		const struct agent_fwd_table t = agent_fwd_table_at(g->f, i);

		if (t.id >= g->at->table && t.since > g->since && !table(g, &t))
			return false;
	}
	return true;
}

static bool begin(struct grow *g, struct lyd_node *device)
{
	const struct lys_module *m = ly_ctx_get_module_implemented(device->schema->module->ctx, MODULE);

	g->ok = m && lyd_new_inner(device, m, "forwarding", 0, &g->in) == LY_SUCCESS;
	return g->ok;
}

bool agent_gfwd_tree(const struct agent_fwd *f, struct lyd_node *device)
{
	struct agent_gfwd_at at = { 0 };
	struct grow g = { .f = f, .at = &at, .left = SIZE_MAX };

	return begin(&g, device) && sids(&g) && tables(&g) && g.ok;
}

/* ---- for those who were told before ---- */

static struct lyd_node *bare(struct ly_ctx *models)
{
	const struct lys_module *m = ly_ctx_get_module_implemented(models, "sextant-device");
	struct lyd_node *root = NULL;

	(void)lyd_new_inner(NULL, m, "device", 0, &root);
	return root;
}

struct lyd_node *agent_gfwd_part(const struct agent_fwd *f, struct ly_ctx *models, uint64_t since,
				 struct agent_gfwd_at *at, bool *more)
{
	struct lyd_node *root = bare(models);
	struct grow g = { .f = f, .at = at, .since = since, .left = AGENT_GFWD_ROWS };

	if (root && begin(&g, root)) {
		*more = !(at->tables || sids(&g)) || !tables(&g);
		if (g.ok)
			return root;
	}
	lyd_free_all(root);
	return NULL;
}

static void on_gone(void *arg, const struct agent_fwd_gone *e)
{
	struct grow *g = arg;

	if (e->since > g->until)
		return;
	if (e->table)
		(void)new_route(g, e->table, &e->prefix, e->member);
	else
		(void)new_sid(g, &e->prefix);
}

struct lyd_node *agent_gfwd_gone(const struct agent_fwd *f, struct ly_ctx *models, uint64_t since, uint64_t until)
{
	struct lyd_node *root = bare(models);
	struct grow g = { .f = f, .until = until };

	if (root && begin(&g, root) && agent_fwd_gone(f, since, on_gone, &g) && g.ok)
		return root;
	lyd_free_all(root);
	return NULL;
}
