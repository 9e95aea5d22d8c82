/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration as it took effect, as YAML; and the reference of a model, as Markdown. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf_int.h"

/* Plain when every YAML reader takes it as the same text, else in double quotes. */
static void add_value(struct str *out, const char *v)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-";

	if (!v)
		return;
	if (*v && !v[strspn(v, plain)] && *v != '-')
		str_add(out, v);
	else
		str_json(out, v);
}

static void indent(struct str *out, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		str_add(out, "  ");
}

static bool first_of_kind(const struct lyd_node *n)
{
	return n->prev->next == NULL || n->prev->schema != n->schema;
}

static bool is_list(const struct lyd_node *n)
{
	return n->schema->nodetype & (LYS_LIST | LYS_LEAFLIST);
}

/* Levels of indentation: one a parent below the root, one more for each list passed. */
static unsigned depth_of(const struct lyd_node *n)
{
	unsigned d = 0;

	for (n = lyd_parent(n); n && lyd_parent(n); n = lyd_parent(n))
		d += is_list(n) ? 2 : 1;
	return d;
}

static void print_node(struct str *out, const struct lyd_node *n)
{
	unsigned depth = depth_of(n);
	const struct lyd_node *p = lyd_parent(n);
	bool inner = n->schema->nodetype & (LYS_CONTAINER | LYS_LIST);

	if (n->schema->nodetype == LYS_CONTAINER && !lyd_child(n) && (n->flags & LYD_DEFAULT))
		return;
	if (is_list(n) && first_of_kind(n)) {
		indent(out, depth);
		str_addf(out, "%s:\n", n->schema->name);
	}
	if (n->schema->nodetype == LYS_LIST)
		return; /* its first child carries the dash */
	if (n->schema->nodetype == LYS_LEAFLIST) {
		indent(out, depth + 1);
		str_add(out, "- ");
	} else if (p && p->schema->nodetype == LYS_LIST && lyd_child(p) == n) {
		indent(out, depth - 1);
		str_addf(out, "- %s:", n->schema->name);
	} else {
		indent(out, depth);
		str_addf(out, "%s:", n->schema->name);
	}
	if (inner) {
		str_add(out, lyd_child(n) ? "\n" : " {}\n");
		return;
	}
	str_add(out, n->schema->nodetype == LYS_LEAFLIST ? "" : " ");
	add_value(out, lyd_get_value(n));
	str_add(out, "\n");
}

void conf_tree_print(struct lyd_node *root, struct str *out)
{
	struct lyd_node *n;

	LYD_TREE_DFS_BEGIN(root, n)
	{
		if (n != root)
			print_node(out, n);
		LYD_TREE_DFS_END(root, n);
	}
}

int conf_print(const char *path, struct str *out, struct str *errors)
{
	static const char *const models[] = { "sextant-config", NULL };
	AUTO(conf_free) struct conf *checked = NULL;
	struct ly_ctx *ctx = NULL;
	struct lyd_node *tree = NULL;
	int r = conf_load(path, &checked, errors);

	if (r == 0)
		r = conf_models(&ctx, models, errors);
	if (r == 0)
		r = conf_tree(ctx, models[0], path, &tree, errors);
	if (r == 0)
		conf_tree_print(tree, out);
	conf_tree_free(tree);
	ly_ctx_destroy(ctx);
	return err_trace(r);
}

static const char *default_of(const struct lysc_node *n)
{
	if (n->nodetype == LYS_LEAF) {
		const struct lysc_node_leaf *l = (const struct lysc_node_leaf *)n;

		if (l->dflt)
			return lyd_value_get_canonical(n->module->ctx, l->dflt);
	}
	return NULL;
}

static const char *units_of(const struct lysc_node *n)
{
	return n->nodetype == LYS_LEAF ? ((const struct lysc_node_leaf *)n)->units : NULL;
}

/* The path as it is written in the file: lists with [], the root left out. */
static void add_path(struct str *out, const struct lysc_node *n)
{
	const struct lysc_node *chain[CONF_DEPTH_MAX];
	unsigned k = 0;

	for (; n && n->parent && k < CONF_DEPTH_MAX; n = n->parent)
		chain[k++] = n;
	while (k > 0) {
		const struct lysc_node *c = chain[--k];

		str_addf(out, "%s%s%s", c->name,
			 c->nodetype & (LYS_LIST | LYS_LEAFLIST) ? "[]" : "", k ? "." : "");
	}
}

/* Descriptions are wrapped in the model: one space for any run of blanks; '|' would end a cell. */
static void add_prose(struct str *out, const char *text)
{
	bool gap = false;

	for (; text && *text; text++) {
		if (*text == ' ' || *text == '\n' || *text == '\t') {
			gap = true;
			continue;
		}
		if (gap)
			str_add(out, " ");
		gap = false;
		if (*text == '|' || *text == '<')
			str_add(out, "\\");
		str_addn(out, text, 1);
	}
}

/* What each value of an enumeration means, behind the description of the leaf. */
static void add_enums(struct str *out, const struct lysc_node *n)
{
	const struct lysc_type_enum *t;
	LY_ARRAY_COUNT_TYPE i;

	if (n->nodetype != LYS_LEAF)
		return;
	t = (const struct lysc_type_enum *)((const struct lysc_node_leaf *)n)->type;
	if (t->basetype != LY_TYPE_ENUM)
		return;
	LY_ARRAY_FOR(t->enums, i)
	{
		str_addf(out, " `%s`: ", t->enums[i].name);
		add_prose(out, t->enums[i].dsc);
	}
}

static void add_row(struct str *out, const struct lysc_node *n)
{
	bool leaf = n->nodetype & (LYS_LEAF | LYS_LEAFLIST);
	const char *dflt = default_of(n), *units = units_of(n);
	char type[256];

	str_add(out, "| `");
	add_path(out, n);
	str_addf(out, "` | %s%s%s | ", leaf ? conf_type_name(n, type, sizeof(type)) : "",
		 units ? ", " : "", units ? units : "");
	if (dflt)
		str_addf(out, "`%s`", dflt);
	else if (n->flags & LYS_MAND_TRUE || lysc_is_key(n))
		str_add(out, "*required*");
	str_add(out, " | ");
	add_prose(out, n->dsc);
	add_enums(out, n);
	str_add(out, " |\n");
}

/* Depth first below root; NULL after the last. */
static const struct lysc_node *next_node(const struct lysc_node *n, const struct lysc_node *root)
{
	const struct lysc_node *child = lysc_node_child(n);

	if (child)
		return child;
	while (n != root && !n->next)
		n = n->parent;
	return n == root ? NULL : n->next;
}

int conf_reference(const char *module, struct str *out)
{
	const char *const models[] = { module, NULL };
	STR_AUTO struct str errors = { 0 };
	struct ly_ctx *ctx = NULL;
	const struct lys_module *mod;
	const struct lysc_node *n;
	int r = conf_models(&ctx, models, &errors);

	if (r < 0)
		return err_trace(r);
	mod = ly_ctx_get_module_implemented(ctx, module);
	str_add(out, "| key | value | default | meaning |\n|---|---|---|---|\n");
	for (n = next_node(mod->compiled->data, mod->compiled->data); n;
	     n = next_node(n, mod->compiled->data))
		add_row(out, n);
	ly_ctx_destroy(ctx);
	return out->bad ? err_raise(-ENOMEM) : 0;
}
