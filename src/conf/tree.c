/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Document → libyang tree. Each node of the document is looked up in the schema and put into
 * the tree on its own, so that one wrong value costs one line and the rest is still checked.
 * libyang's own validation comes last, as the backstop for what we do not check ourselves.
 */
#include "conf/conf_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct build {
	struct conf_doc *doc;
	struct ly_ctx *ctx;
	const struct lys_module *mod;
	struct lyd_node *root;
};

static struct conf_node *node_at(const struct build *b, uint32_t i)
{
	return &b->doc->nodes.at[i];
}

/* The nearest node above i that is in the tree: its constraints are not worth asking. */
static void mark_bad(const struct build *b, uint32_t i)
{
	for (; i != CONF_NO_NODE; i = node_at(b, i)->parent) {
		const struct conf_node *n = node_at(b, i);

		if (n->data && n->data->priv)
			((struct conf_pos *)n->data->priv)->bad = true;
	}
}

static void refuse(const struct build *b, uint32_t i, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void refuse(const struct build *b, uint32_t i, const char *fmt, ...)
{
	char path[CONF_PATH_MAX], text[768];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	conf_say(b->doc, node_at(b, i)->line, conf_node_path(b->doc, i, path, sizeof(path)), "%s",
		 text);
	mark_bad(b, node_at(b, i)->parent);
	node_at(b, i)->skip = true;
}

static void remember(const struct build *b, uint32_t i, struct lyd_node *data)
{
	uint32_t line = node_at(b, i)->line;
	size_t cap = strlen(b->doc->file) + 16;
	struct conf_pos *pos = calloc(1, sizeof(*pos) + cap);

	node_at(b, i)->data = data;
	if (!pos)
		return; /* conf_where() then names the parent */
	pos->line = line;
	(void)snprintf(pos->where, cap, "%s:%u", b->doc->file, line);
	free(data->priv);
	data->priv = pos;
}

static void unknown_key(const struct build *b, uint32_t i, const struct lysc_node *in)
{
	const struct conf_node *n = node_at(b, i);
	const char *meant = conf_closest(in, n->key);
	char path[CONF_PATH_MAX];

	conf_node_path(b->doc, n->parent, path, sizeof(path));
	if (meant)
		conf_say(b->doc, n->line, path, "unknown key '%.64s', did you mean '%s'?", n->key,
			 meant);
	else
		conf_say(b->doc, n->line, path, "unknown key '%.64s'", n->key);
	mark_bad(b, n->parent);
	node_at(b, i)->skip = true;
}

static const char *scalar_of(const struct build *b, uint32_t map, const char *key)
{
	for (uint32_t i = node_at(b, map)->first; i != CONF_NO_NODE; i = node_at(b, i)->next) {
		if (strcmp(node_at(b, i)->key, key) == 0 && node_at(b, i)->kind == CONF_SCALAR)
			return node_at(b, i)->value;
	}
	return NULL;
}

static bool has_key(const struct build *b, uint32_t map, const char *key)
{
	for (uint32_t i = node_at(b, map)->first; i != CONF_NO_NODE; i = node_at(b, i)->next) {
		if (strcmp(node_at(b, i)->key, key) == 0)
			return true;
	}
	return false;
}

static bool no_value(const struct conf_node *n)
{
	return n->plain &&
	       (!*n->value || strcmp(n->value, "~") == 0 || strcmp(n->value, "null") == 0);
}

static bool value_ok(const struct build *b, const struct lysc_node *schema, const char *value)
{
	bool ok = lyd_value_validate(b->ctx, schema, value, strlen(value), NULL, NULL, NULL) ==
		  LY_SUCCESS;

	ly_err_clean(b->ctx, NULL);
	return ok;
}

static void put_leaf(const struct build *b, uint32_t i, struct lyd_node *into)
{
	struct conf_node *n = node_at(b, i);
	struct lyd_node *data = NULL;
	char wants[640];

	conf_type_wants(n->schema, wants, sizeof(wants));
	if (n->kind != CONF_SCALAR) {
		refuse(b, i, "wants %s, not a %s", wants, n->kind == CONF_MAP ? "mapping" : "list");
	} else if (no_value(n)) {
		refuse(b, i, "has no value, wants %s", wants);
	} else if (!value_ok(b, n->schema, n->value)) {
		refuse(b, i, "'%.100s' is wrong, wants %s", n->value, wants);
	} else if (lysc_is_key(n->schema)) {
		if (lyd_find_sibling_val(lyd_child(into), n->schema, NULL, 0, &data) == LY_SUCCESS)
			remember(b, i, data);
	} else if (lyd_new_term(into, NULL, n->schema->name, n->value, 0, &data) == LY_SUCCESS) {
		remember(b, i, data);
	} else {
		refuse(b, i, "'%.100s' cannot be stored", n->value);
	}
}

/* Says each key that is absent. The values of a list's keys, at most two, into keys. */
static bool list_keys(const struct build *b, uint32_t i, const char *keys[2])
{
	const struct lysc_node *k = NULL;
	unsigned n = 0;
	bool ok = true;

	while ((k = lys_getnext(k, node_at(b, i)->schema, NULL, 0))) {
		const char *v;

		if (!lysc_is_key(k))
			continue;
		v = scalar_of(b, i, k->name);
		if (!has_key(b, i, k->name))
			refuse(b, i, "'%s' is missing", k->name);
		if (!v || !value_ok(b, k, v) || n == 2)
			ok = false;
		else
			keys[n++] = v;
	}
	return ok;
}

static bool refuse_twin(const struct build *b, uint32_t i, struct lyd_node *into,
			struct lyd_node *data)
{
	struct lyd_node *twin = NULL;
	const struct conf_pos *pos;

	if (lyd_find_sibling_first(lyd_child(into), data, &twin) != LY_SUCCESS || twin == data)
		return false;
	pos = twin->priv;
	refuse(b, i, "is given twice, first in line %u", pos ? pos->line : 0);
	free(data->priv);
	lyd_free_tree(data);
	return true;
}

/* Values that are wrong are said here when the entry itself cannot be made. */
static void judge_keys(const struct build *b, uint32_t i)
{
	for (uint32_t c = node_at(b, i)->first; c != CONF_NO_NODE; c = node_at(b, c)->next) {
		struct conf_node *n = node_at(b, c);
		char wants[640];

		n->schema = lys_find_child(node_at(b, i)->schema, b->mod, n->key, 0, 0, 0);
		if (!n->schema || !lysc_is_key(n->schema))
			continue;
		conf_type_wants(n->schema, wants, sizeof(wants));
		if (n->kind != CONF_SCALAR || no_value(n))
			refuse(b, c, "has no value, wants %s", wants);
		else if (!value_ok(b, n->schema, n->value))
			refuse(b, c, "'%.100s' is wrong, wants %s", n->value, wants);
	}
}

static void put_entry(const struct build *b, uint32_t i, struct lyd_node *into)
{
	struct conf_node *n = node_at(b, i);
	const char *keys[2] = { "", "" };
	struct lyd_node *data = NULL;

	if (n->kind != CONF_MAP) {
		refuse(b, i, "wants keys and values");
		return;
	}
	if (!list_keys(b, i, keys)) {
		judge_keys(b, i);
		n->skip = true;
		return;
	}
	if (lyd_new_list(into, NULL, n->schema->name, 0, &data, keys[0], keys[1]) != LY_SUCCESS) {
		refuse(b, i, "cannot be stored");
		return;
	}
	if (refuse_twin(b, i, into, data))
		return;
	remember(b, i, data);
}

static void put_container(const struct build *b, uint32_t i, struct lyd_node *into)
{
	struct conf_node *n = node_at(b, i);
	struct lyd_node *data = NULL;

	if (n->kind != CONF_MAP)
		refuse(b, i, "wants keys and values below it");
	else if (lyd_new_inner(into, NULL, n->schema->name, 0, &data) == LY_SUCCESS)
		remember(b, i, data);
	else
		refuse(b, i, "cannot be stored");
}

static void put_multi(const struct build *b, uint32_t i, struct lyd_node *into)
{
	struct lyd_node *data = NULL;

	put_leaf(b, i, into);
	data = node_at(b, i)->data;
	if (data && refuse_twin(b, i, into, data))
		node_at(b, i)->data = NULL;
}

/* Puts node i, whose parent is in the tree, into the tree. */
static void put(const struct build *b, uint32_t i)
{
	struct conf_node *n = node_at(b, i);
	const struct conf_node *p = node_at(b, n->parent);
	bool item = p->kind == CONF_SEQ;

	n->schema = item ? p->schema : lys_find_child(p->schema, b->mod, n->key, 0, 0, 0);
	if (!n->schema) {
		unknown_key(b, i, p->schema);
		return;
	}
	switch (n->schema->nodetype) {
	case LYS_CONTAINER:
		put_container(b, i, p->data);
		return;
	case LYS_LEAF:
		put_leaf(b, i, p->data);
		return;
	case LYS_LIST:
	case LYS_LEAFLIST:
		break;
	default: /* not our enumeration: our models have no others */
		unknown_key(b, i, p->schema);
		return;
	}
	if (item && n->schema->nodetype == LYS_LIST)
		put_entry(b, i, p->data);
	else if (item)
		put_multi(b, i, p->data);
	else if (n->kind != CONF_SEQ)
		refuse(b, i, "wants a list, each entry after a '-'");
	else
		n->data = p->data;
}

static void check_mandatory(const struct build *b, uint32_t i)
{
	const struct conf_node *n = node_at(b, i);
	const struct lysc_node *c = NULL;

	if (n->kind != CONF_MAP || n->skip || !n->data)
		return;
	while ((c = lys_getnext(c, n->schema, NULL, 0))) {
		char path[CONF_PATH_MAX];

		if (!(c->flags & LYS_MAND_TRUE) || lysc_is_key(c) || has_key(b, i, c->name))
			continue;
		conf_say(b->doc, n->line, conf_node_path(b->doc, i, path, sizeof(path)),
			 "'%s' is missing", c->name);
		mark_bad(b, i);
	}
}

static const char *tree_path(const struct lyd_node *n, char *buf, size_t cap)
{
	const char *p;

	if (!lyd_path(n, LYD_PATH_STD, buf, cap))
		buf[0] = '\0';
	p = buf[0] ? strchr(buf + 1, '/') : NULL; /* without the root */
	return p ? p + 1 : buf;
}

static uint32_t line_of(const struct lyd_node *n)
{
	for (; n; n = lyd_parent(n)) {
		if (n->priv)
			return ((const struct conf_pos *)n->priv)->line;
	}
	return 1;
}

/* The constraints of one node, each with the message of the model. */
static void check_musts(const struct build *b, const struct lyd_node *n)
{
	struct lysc_must *musts = lysc_node_musts(n->schema);
	const struct conf_pos *pos = n->priv;
	LY_ARRAY_COUNT_TYPE i;
	char path[CONF_PATH_MAX];

	if (!musts || (pos && pos->bad))
		return;
	LY_ARRAY_FOR(musts, i)
	{
		ly_bool holds = 0;

		if (lyd_eval_xpath(n, lyxp_get_expr(musts[i].cond), &holds) == LY_SUCCESS && holds)
			continue;
		conf_say(b->doc, line_of(n), tree_path(n, path, sizeof(path)), "%s",
			 musts[i].emsg ? musts[i].emsg : lyxp_get_expr(musts[i].cond));
	}
	ly_err_clean(b->ctx, NULL);
}

static void check_tree(const struct build *b)
{
	struct lyd_node *n;

	if (lyd_new_implicit_tree(b->root, LYD_IMPLICIT_NO_STATE, NULL) != LY_SUCCESS)
		conf_say(b->doc, 0, "", "out of memory");
	LYD_TREE_DFS_BEGIN(b->root, n)
	{
		check_musts(b, n);
		LYD_TREE_DFS_END(b->root, n);
	}
}

/* What our own checks do not know (unique, counts of entries): one line, libyang's words. */
static void check_rest(struct build *b)
{
	const struct ly_err_item *e;
	struct lyd_node *at = NULL;

	if (lyd_validate_all(&b->root, b->ctx, LYD_VALIDATE_NO_STATE | LYD_VALIDATE_PRESENT,
			     NULL) == LY_SUCCESS)
		return;
	e = ly_err_first(b->ctx);
	for (const struct ly_err_item *more = e; more; more = more->next)
		e = more->msg ? more : e;
	if (e && e->path && *e->path == '/')
		(void)lyd_find_path(b->root, e->path, 0, &at);
	conf_say(b->doc, at ? line_of(at) : line_of(b->root), "", "%s",
		 e && e->msg ? e->msg : "is not valid");
	ly_err_clean(b->ctx, NULL);
}

struct lyd_node *conf_doc_tree(struct conf_doc *d, struct ly_ctx *ctx, const char *module)
{
	struct build b = { .doc = d,
			   .ctx = ctx,
			   .mod = ly_ctx_get_module_implemented(ctx, module) };
	struct conf_node *top = d->nodes.at;

	if (!b.mod || !b.mod->compiled || !b.mod->compiled->data) {
		conf_say(d, 0, "", "the model %s is not loaded", module);
		return NULL;
	}
	if (top->kind != CONF_MAP) {
		conf_say(d, top->line, "", "wants keys and values");
		return NULL;
	}
	top->schema = b.mod->compiled->data;
	if (lyd_new_inner(NULL, b.mod, top->schema->name, 0, &b.root) != LY_SUCCESS) {
		conf_say(d, 0, "", "out of memory");
		return NULL;
	}
	remember(&b, 0, b.root);
	for (uint32_t i = 1; i < d->nodes.n; i++) {
		if (d->nodes.at[i].skip || d->nodes.at[d->nodes.at[i].parent].skip)
			d->nodes.at[i].skip = true;
		else
			put(&b, i);
	}
	for (uint32_t i = 0; i < d->nodes.n; i++)
		check_mandatory(&b, i);
	check_tree(&b);
	if (d->n_errors == 0)
		check_rest(&b);
	return b.root;
}
