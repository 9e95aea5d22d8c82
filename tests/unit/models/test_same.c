/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our expressions of the modules of slices against the official files: the printed trees, and
 * node by node what the trees do not show: types with their restrictions, conditions, defaults.
 */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "load.h"

Suite *suite_same(void);

/* ---- a node as text ---- */

static void put_range(struct str *out, const char *what, const struct lysc_range *r)
{
	LY_ARRAY_COUNT_TYPE u;

	if (!r)
		return;
	str_addf(out, " %s", what);
	LY_ARRAY_FOR(r->parts, u)
		str_addf(out, " %lld..%llu", (long long)r->parts[u].min_64,
			 (unsigned long long)r->parts[u].max_u64);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What is derived, sorted: in which order modules were read is of no meaning. */
static void put_derived(struct str *out, const struct lysc_ident *id)
{
	const char *names[64];
	LY_ARRAY_COUNT_TYPE u;
	size_t n = 0;

	LY_ARRAY_FOR(id->derived, u)
	{
		if (strncmp(id->derived[u]->module->name, "sextant", 7) != 0 && n < 64)
			names[n++] = id->derived[u]->name;
	}
	qsort(names, n, sizeof(names[0]), by_name);
	str_addf(out, " base %s:%s (", id->module->name, id->name);
	for (size_t i = 0; i < n; i++)
		str_addf(out, " %s", names[i]);
	str_add(out, " )");
}

static void put_enums(struct str *out, const struct lysc_type_bitenum_item *items)
{
	LY_ARRAY_COUNT_TYPE u;

	LY_ARRAY_FOR(items, u)
		str_addf(out, " %s=%d", items[u].name, (int)items[u].value);
}

static void put_string(struct str *out, const struct lysc_type_str *t)
{
	LY_ARRAY_COUNT_TYPE u;

	put_range(out, "length", t->length);
	LY_ARRAY_FOR(t->patterns, u)
		str_addf(out, " pattern%s %s", t->patterns[u]->inverted ? " not" : "",
			 t->patterns[u]->expr);
}

static void put_type(struct str *out, const struct lysc_type *t, unsigned deep);

static void put_union(struct str *out, const struct lysc_type_union *t, unsigned deep)
{
	LY_ARRAY_COUNT_TYPE u;

	if (deep == 4)
		return;
	LY_ARRAY_FOR(t->types, u)
		put_type(out, t->types[u], deep + 1);
}

static void put_type(struct str *out, const struct lysc_type *t, unsigned deep)
{
	LY_ARRAY_COUNT_TYPE u;

	str_addf(out, " type %d", (int)t->basetype);
	switch (t->basetype) {
	case LY_TYPE_STRING:
		put_string(out, (const struct lysc_type_str *)t);
		break;
	case LY_TYPE_DEC64:
		str_addf(out, " digits %u", ((const struct lysc_type_dec *)t)->fraction_digits);
		put_range(out, "range", ((const struct lysc_type_dec *)t)->range);
		break;
	case LY_TYPE_ENUM:
	case LY_TYPE_BITS:
		put_enums(out, ((const struct lysc_type_enum *)t)->enums);
		break;
	case LY_TYPE_IDENT:
		LY_ARRAY_FOR(((const struct lysc_type_identityref *)t)->bases, u)
			put_derived(out, ((const struct lysc_type_identityref *)t)->bases[u]);
		break;
	case LY_TYPE_LEAFREF:
		str_addf(out, " path %s require %d",
			 lyxp_get_expr(((const struct lysc_type_leafref *)t)->path),
			 ((const struct lysc_type_leafref *)t)->require_instance);
		break;
	case LY_TYPE_UNION:
		put_union(out, (const struct lysc_type_union *)t, deep);
		break;
	case LY_TYPE_UINT8:
	case LY_TYPE_UINT16:
	case LY_TYPE_UINT32:
	case LY_TYPE_UINT64:
		put_range(out, "range", ((const struct lysc_type_num *)t)->range);
		break;
	default: /* libyang's enumeration, not ours: types without restrictions */
		break;
	}
}

/* White space between words is of no meaning. */
static void put_condition(struct str *out, const char *what, const char *expr)
{
	str_addf(out, " %s ", what);
	for (; *expr; expr++) {
		bool space = strchr(" \t\r\n", *expr) != NULL;

		if (!space)
			str_addn(out, expr, 1);
		else if (out->s[out->len - 1] != ' ')
			str_add(out, " ");
	}
}

static void put_conditions(struct str *out, const struct lysc_node *n)
{
	struct lysc_when **when = lysc_node_when(n);
	struct lysc_must *must = lysc_node_musts(n);
	LY_ARRAY_COUNT_TYPE u;

	LY_ARRAY_FOR(when, u)
		put_condition(out, "when", lyxp_get_expr(when[u]->cond));
	LY_ARRAY_FOR(must, u)
		put_condition(out, "must", lyxp_get_expr(must[u].cond));
}

static void put_node(struct str *out, const struct lysc_node *n)
{
	const unsigned flags = LYS_CONFIG_MASK | LYS_MAND_MASK | LYS_PRESENCE | LYS_KEY |
			       LYS_ORDBY_MASK | LYS_SET_DFLT;

	str_addf(out, "kind %x flags %x", n->nodetype, n->flags & flags);
	if (n->nodetype == LYS_LEAF) {
		const struct lysc_node_leaf *l = (const struct lysc_node_leaf *)n;

		put_type(out, l->type, 0);
		str_addf(out, " units %s default %s", l->units ? l->units : "-",
			 l->dflt ? lyd_value_get_canonical(n->module->ctx, l->dflt) : "-");
	} else if (n->nodetype == LYS_LEAFLIST) {
		const struct lysc_node_leaflist *l = (const struct lysc_node_leaflist *)n;

		put_type(out, l->type, 0);
		str_addf(out, " min %u max %u", l->min, l->max);
	} else if (n->nodetype == LYS_LIST) {
		const struct lysc_node_list *l = (const struct lysc_node_list *)n;

		str_addf(out, " min %u max %u unique %u", l->min, l->max,
			 (unsigned)LY_ARRAY_COUNT(l->uniques));
	} else if (n->nodetype == LYS_CHOICE) {
		const struct lysc_node_choice *c = (const struct lysc_node_choice *)n;

		str_addf(out, " default %s", c->dflt ? c->dflt->name : "-");
	}
	put_conditions(out, n);
}

/* ---- trees ---- */

static const struct lysc_node *child_like(const struct lysc_node *parent, const struct lysc_node *n)
{
	const struct lysc_node *c;

	LY_LIST_FOR(lysc_node_child(parent), c)
	{
		if (strcmp(c->name, n->name) == 0 && strcmp(c->module->name, n->module->name) == 0)
			return c;
	}
	return NULL;
}

static bool ours_only(const struct lysc_node *n)
{
	return strncmp(n->module->name, "sextant", 7) == 0;
}

static unsigned n_children(const struct lysc_node *n)
{
	const struct lysc_node *c;
	unsigned count = 0;

	LY_LIST_FOR(lysc_node_child(n), c)
		count += !ours_only(c);
	return count;
}

/* How many nodes were compared. The trees are of our files: no deeper than they. */
static unsigned compare(const struct lysc_node *mine, const struct lysc_node *theirs)
{
	char *path AUTO_FREE = lysc_path(theirs, LYSC_PATH_LOG, NULL, 0);
	struct str STR_AUTO a = { 0 }, b = { 0 };
	const struct lysc_node *c;
	unsigned n = 1;

	ck_assert_msg(mine != NULL, "%s: not in ours", path);
	put_node(&a, mine);
	put_node(&b, theirs);
	ck_assert_msg(strcmp(str_text(&a), str_text(&b)) == 0,
		      "%s:\nours:     %s\nofficial: %s", path, str_text(&a), str_text(&b));
	ck_assert_msg(n_children(mine) == n_children(theirs), "%s: %u and %u children", path,
		      n_children(mine), n_children(theirs));
	LY_LIST_FOR(lysc_node_child(theirs), c)
	{
		if (!ours_only(c))
			n += compare(child_like(mine, c), c);
	}
	return n;
}

/* The lines of a module's printed tree that have the word. */
static char *printed(struct ly_ctx *ctx, const char *module, const char *word)
{
	struct lys_module *m = ly_ctx_get_module_implemented(ctx, module);
	struct str out = { 0 };
	struct ly_out *ly;
	char *text = NULL;

	ck_assert_int_eq(ly_out_new_memory(&text, 0, &ly), LY_SUCCESS);
	ck_assert_int_eq(lys_print_module(ly, m, LYS_OUT_TREE, 0, 0), LY_SUCCESS);
	for (const char *line = text; *line;) {
		size_t n = strcspn(line, "\n");

		if (memmem(line, n, word, strlen(word))) {
			str_addn(&out, line, n);
			str_add(&out, "\n");
		}
		line += n + (line[n] == '\n');
	}
	ly_out_free(ly, NULL, 0);
	free(text);
	return str_take(&out);
}

#define LINK "/ietf-network:networks/network/ietf-network-topology:link/"

static const struct {
	const char *path;
	unsigned nodes; /* at least: so that nothing empty is compared with nothing */
} roots[] = {
	{ "/ietf-network-slice-service:network-slice-services", 300 },
	{ "/ietf-network:networks/ietf-nrp:nrp-policies", 60 },
	{ "/ietf-network:networks/network/network-types/ietf-nrp:nrp", 1 },
	{ "/ietf-network:networks/network/node/ietf-nrp:node-nrp-list", 5 },
	{ "/ietf-network:networks/network/node/ietf-nrp:nrp-node-attributes", 4 },
	{ LINK "ietf-nrp:link-nrp-list", 10 },
	{ LINK "ietf-nrp:nrp-link-attributes", 10 },
};

START_TEST(ours_are_the_published_ones)
{
	const char *dir = official_dir();
	struct ly_ctx *mine, *theirs;
	const struct lysc_node *a, *b;

	if (!dir)
		return;
	mine = models_load(getenv("SEXTANT_MODELS"), false);
	theirs = models_load(dir, false);
	a = lys_find_path(mine, NULL, roots[_i].path, 0);
	b = lys_find_path(theirs, NULL, roots[_i].path, 0);
	ck_assert_ptr_nonnull(b);
	ck_assert_uint_ge(compare(a, b), roots[_i].nodes);
	ly_ctx_destroy(mine);
	ly_ctx_destroy(theirs);
}
END_TEST

static const struct {
	const char *module, *word; /* nodes of other modules beside them are not compared */
	size_t least;
} trees[] = {
	{ "ietf-network-slice-service", "--", 10000 },
	{ "ietf-network", "nrp:", 5000 },
};

START_TEST(trees_print_the_same)
{
	const char *dir = official_dir();
	struct ly_ctx *mine, *theirs;
	char *x, *y;

	if (!dir)
		return;
	mine = models_load(getenv("SEXTANT_MODELS"), false);
	theirs = models_load(dir, false);
	x = printed(mine, trees[_i].module, trees[_i].word);
	y = printed(theirs, trees[_i].module, trees[_i].word);
	ck_assert_uint_gt(strlen(y), trees[_i].least);
	for (const char *p = x, *q = y; *p || *q;) {
		/* Of features only that there are some: their expressions are broken into lines. */
		int n = (int)strcspn(p, "{\n"), m = (int)strcspn(q, "{\n");

		ck_assert_msg(n == m && strncmp(p, q, (size_t)n) == 0, "ours:     %.*s\nofficial: %.*s", n, p,
			      m, q);
		p += strcspn(p, "\n");
		q += strcspn(q, "\n");
		p += *p == '\n';
		q += *q == '\n';
	}
	free(x);
	free(y);
	ly_ctx_destroy(mine);
	ly_ctx_destroy(theirs);
}
END_TEST

/* Of VPNs what is served: the rest of ours is but a place for deviations. */
START_TEST(vpns_are_the_published_ones_with_our_deviations)
{
	const char *dir = official_dir(), *root = "/ietf-l3vpn-ntw:l3vpn-ntw";
	struct ly_ctx *mine, *theirs;
	char *x, *y;

	if (!dir)
		return;
	mine = models_load_vpn(getenv("SEXTANT_MODELS"));
	theirs = models_load_vpn(dir);
	ck_assert_uint_ge(compare(lys_find_path(mine, NULL, root, 0), lys_find_path(theirs, NULL, root, 0)), 60);
	x = printed(mine, "ietf-l3vpn-ntw", "--");
	y = printed(theirs, "ietf-l3vpn-ntw", "--");
	ck_assert_uint_gt(strlen(y), 3000);
	ck_assert_str_eq(x, y);
	free(x);
	free(y);
	ly_ctx_destroy(mine);
	ly_ctx_destroy(theirs);
}
END_TEST

/* The comparison sees what it is for: the served schema differs, where our deviations say. */
START_TEST(a_difference_is_seen)
{
	struct ly_ctx *mine = models_load(getenv("SEXTANT_MODELS"), false);
	struct ly_ctx *served = models_load(getenv("SEXTANT_MODELS"), true);
	const char *path = "/ietf-network:networks/ietf-nrp:nrp-policies/nrp-policy/topology/"
			   "select/topology-group/link/link-ref";
	struct str STR_AUTO a = { 0 }, b = { 0 };
	const char *gone = "/ietf-network-slice-service:network-slice-services/slice-service/sdps/"
			   "sdp/ac-svc-ref";

	put_node(&a, lys_find_path(mine, NULL, path, 0));
	put_node(&b, lys_find_path(served, NULL, path, 0));
	ck_assert_str_ne(str_text(&a), str_text(&b));
	ck_assert_ptr_nonnull(lys_find_path(mine, NULL, gone, 0));
	ck_assert_ptr_null(lys_find_path(served, NULL, gone, 0));
	ly_ctx_destroy(mine);
	ly_ctx_destroy(served);
}
END_TEST

Suite *suite_same(void)
{
	Suite *s = suite_create("models-same");
	TCase *t = tcase_create("same");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, ours_are_the_published_ones, 0,
			    (int)(sizeof(roots) / sizeof(roots[0])));
	tcase_add_loop_test(t, trees_print_the_same, 0, (int)(sizeof(trees) / sizeof(trees[0])));
	tcase_add_test(t, vpns_are_the_published_ones_with_our_deviations);
	tcase_add_test(t, a_difference_is_seen);
	suite_add_tcase(s, t);
	return s;
}
