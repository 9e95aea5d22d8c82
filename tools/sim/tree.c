/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A change becomes a tree of its own, from the root down to what its value says, read by libyang as
 * any document is, and is merged into a copy; only when all of them fit and the sum is valid does the
 * copy take the place of what was there.
 */
#include "tools/sim/tree.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/err.h"

#ifndef SIM_MODELS_SOURCE
#define SIM_MODELS_SOURCE ""
#endif
#ifndef SIM_MODELS_INSTALLED
#define SIM_MODELS_INSTALLED "/usr/share/sextant/models"
#endif

bool sim_refused(struct sim_refusal *no, enum rpc_code code, const char *fmt, ...)
{
	va_list ap;

	no->code = code;
	va_start(ap, fmt);
	(void)vsnprintf(no->text, sizeof(no->text), fmt, ap);
	va_end(ap);
	return false;
}

/* What libyang complained of first. */
static bool refused_by_model(struct ly_ctx *ctx, struct sim_refusal *no)
{
	const struct ly_err_item *e = ly_err_first(ctx);
	const char *path = e && e->path ? e->path : "", *why = e && e->msg ? e->msg : "is wrong";

	(void)sim_refused(no, RPC_INVALID_ARGUMENT, "%.120s%s%.120s", path, path[0] ? ": " : "", why);
	ly_err_clean(ctx, NULL);
	return false;
}

/* ---- models ---- */

static const char *models_dir(void)
{
	const char *env = getenv("SEXTANT_MODELS");
	struct stat st;

	if (env && *env)
		return env;
	return stat(SIM_MODELS_SOURCE "/sextant-device.yang", &st) == 0 ? SIM_MODELS_SOURCE :
									  SIM_MODELS_INSTALLED;
}

int sim_models_new(struct ly_ctx **outp, struct str *err)
{
	static const char *const more[] = { "sextant-device-measure" };
	const char *dir = models_dir();
	struct ly_ctx *ctx = NULL;
	char path[512];
	struct stat st;
	bool ok;

	(void)ly_log_options(LY_LOSTORE);
	ok = ly_ctx_new(dir, LY_CTX_NO_YANGLIBRARY | LY_CTX_DISABLE_SEARCHDIR_CWD, &ctx) == LY_SUCCESS;
	if (ok) {
		(void)snprintf(path, sizeof(path), "%s/ietf", dir);
		if (stat(path, &st) == 0)
			(void)ly_ctx_set_searchdir(ctx, path);
		ok = ly_ctx_load_module(ctx, "sextant-device", NULL, NULL) != NULL;
	}
	for (size_t i = 0; ok && i < ARRAY_LEN(more); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s.yang", dir, more[i]);
		if (stat(path, &st) == 0)
			ok = ly_ctx_load_module(ctx, more[i], NULL, NULL) != NULL;
	}
	if (ok) {
		*outp = ctx;
		return 0;
	}
	str_addf(err, "%s: YANG models cannot be used: %s (SEXTANT_MODELS names another folder)\n", dir,
		 ctx && ly_err_first(ctx) ? ly_err_first(ctx)->msg : "no such folder");
	ly_ctx_destroy(ctx);
	return err_raise(-EINVAL);
}

/* ---- paths ---- */

/* A path walked along the schema. */
struct where {
	char xpath[SIM_XPATH_MAX]; /* "" for the root */
	size_t len, above;	   /* of xpath, and of it without the last element */
	const struct lysc_node *node; /* NULL for the root */
	const struct gnmic_elem *last;
	bool wild; /* keys are missing */
};

static bool named(const struct lysc_node *n, const char *name)
{
	const char *colon = strchr(name, ':');
	size_t len = colon ? (size_t)(colon - name) : 0;

	if (colon && (strlen(n->module->name) != len || strncmp(n->module->name, name, len) != 0))
		return false;
	return strcmp(n->name, colon ? colon + 1 : name) == 0;
}

static const struct lysc_node *child_of(const struct ly_ctx *ctx, const struct lysc_node *parent,
					const char *name)
{
	const struct lysc_node *c = NULL;
	const struct lys_module *m;
	uint32_t i = 0;

	while (parent && (c = lys_getnext(c, parent, NULL, 0)))
		if (named(c, name))
			return c;
	while (!parent && (m = ly_ctx_get_module_iter(ctx, &i)))
		for (c = NULL; m->implemented && (c = lys_getnext(c, NULL, m->compiled, 0));)
			if (named(c, name))
				return c;
	return NULL;
}

static bool add(struct where *w, struct sim_refusal *no, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static bool add(struct where *w, struct sim_refusal *no, const char *fmt, ...)
{
	size_t room = sizeof(w->xpath) - w->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(w->xpath + w->len, room, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= room)
		return sim_refused(no, RPC_INVALID_ARGUMENT, "the path is too long");
	w->len += (size_t)n;
	return true;
}

static const char *key_of(const struct gnmic_elem *e, const char *name)
{
	for (size_t i = 0; i < e->n_keys; i++)
		if (strcmp(e->keys[i].name, name) == 0)
			return e->keys[i].value;
	return NULL;
}

/* Keys of a list in the model's order; every key that is given has to be one. */
static bool add_keys(struct where *w, const struct gnmic_elem *e, struct sim_refusal *no)
{
	const struct lysc_node *c = NULL;
	size_t known = 0;

	while ((c = lys_getnext(c, w->node, NULL, 0)) && lysc_is_key(c)) {
		const char *v = key_of(e, c->name);

		known += v != NULL;
		if (!v || strcmp(v, "*") == 0) {
			w->wild = true;
		} else if (strchr(v, '\'') && strchr(v, '"')) {
			return sim_refused(no, RPC_INVALID_ARGUMENT, "both kinds of quotes in a key");
		} else {
			const char *q = strchr(v, '\'') ? "\"" : "'";

			if (!add(w, no, "[%s:%s=%s%s%s]", c->module->name, c->name, q, v, q))
				return false;
		}
	}
	return known == e->n_keys ||
	       sim_refused(no, RPC_INVALID_ARGUMENT, "'%s' has no such key", w->node->name);
}

static bool resolve(const struct ly_ctx *ctx, const struct gnmic_path *p, struct where *w,
		    struct sim_refusal *no)
{
	memset(w, 0, sizeof(*w));
	for (size_t i = 0; i < p->n_elems; i++) {
		const struct gnmic_elem *e = &p->elems[i];
		const struct lysc_node *n = child_of(ctx, w->node, e->name);

		if (!n)
			return sim_refused(no, RPC_INVALID_ARGUMENT, "there is no '%.64s' in '%.64s'",
					   e->name, w->node ? w->node->name : "/");
		w->node = n;
		w->last = e;
		w->above = w->len;
		if (!add(w, no, "/%s:%s", n->module->name, n->name))
			return false;
		if (n->nodetype == LYS_LIST && !add_keys(w, e, no))
			return false;
		if (n->nodetype != LYS_LIST && e->n_keys > 0)
			return sim_refused(no, RPC_INVALID_ARGUMENT, "'%s' has no keys", n->name);
	}
	return true;
}

bool sim_tree_path(const struct lyd_node *n, struct arena *a, struct gnmic_path *out)
{
	size_t depth = 0;

	for (const struct lyd_node *up = n; up; up = lyd_parent(up))
		depth++;
	*out = (struct gnmic_path){ .origin = "", .target = "", .n_elems = depth };
	out->elems = ARENA_ARRAY(a, depth, struct gnmic_elem);
	for (const struct lyd_node *up = n; out->elems && up; up = lyd_parent(up)) {
		struct gnmic_elem *e = &out->elems[--depth];
		const struct lyd_node *c;
		size_t keys = 0;

		for (c = lyd_child(up); c && lysc_is_key(c->schema); c = c->next)
			keys++;
		e->name = arena_str(a, up->schema->name);
		e->keys = ARENA_ARRAY(a, keys + 1, struct gnmic_key);
		if (!e->name || !e->keys)
			return false;
		for (c = lyd_child(up); c && lysc_is_key(c->schema); c = c->next)
			e->keys[e->n_keys++] = (struct gnmic_key){ arena_str(a, c->schema->name),
								   arena_str(a, lyd_get_value(c)) };
	}
	return out->elems != NULL;
}

bool sim_tree_find(struct ly_ctx *ctx, const struct lyd_node *tree, const struct gnmic_path *path,
		   struct ly_set **out, struct sim_refusal *no)
{
	struct where w;

	*out = NULL;
	if (!resolve(ctx, path, &w, no))
		return false;
	if (lyd_find_xpath(tree, w.len ? w.xpath : "/*", out) == LY_SUCCESS)
		return true;
	return refused_by_model(ctx, no);
}

/* ---- values ---- */

static char *printed(const struct lyd_node *n, uint32_t more)
{
	char *text = NULL;

	return lyd_print_mem(&text, n, LYD_JSON, LYD_PRINT_SHRINK | LYD_PRINT_WD_ALL | more) == LY_SUCCESS ?
		       text :
		       NULL;
}

/* libyang shows a leaf as {"module:name":VALUE}, an entry of a leaf-list as {"module:name":[VALUE]}. */
static char *leaf_value(const struct lyd_node *n)
{
	char *text = printed(n, 0), *at = text ? strstr(text, "\":") : NULL;
	size_t len;

	if (!at) {
		free(text);
		return NULL;
	}
	at += 2;
	len = strlen(at) - 1;
	if (n->schema->nodetype == LYS_LEAFLIST && len >= 2) {
		at++;
		len -= 2;
	}
	memmove(text, at, len);
	text[len] = '\0';
	return text;
}

char *sim_tree_value(const struct lyd_node *n)
{
	if (n->schema->nodetype & (LYS_LEAF | LYS_LEAFLIST))
		return leaf_value(n);
	return lyd_child(n) ? printed(lyd_child(n), LYD_PRINT_WITHSIBLINGS) : strdup("{}");
}

/* ---- changes ---- */

struct edit {
	struct ly_ctx *ctx;
	struct lyd_node *tree;
	const struct gnmic_path *prefix;
	struct arena a;
	struct sim_refusal *no;
};

static bool place(struct edit *ed, const struct gnmic_path *path, struct where *w)
{
	struct gnmic_path whole;

	if (!gnmic_path_join(ed->prefix, path, &ed->a, &whole))
		return sim_refused(ed->no, RPC_RESOURCE_EXHAUSTED, "no memory");
	if (!resolve(ed->ctx, &whole, w, ed->no))
		return false;
	if (w->node && w->node->flags & LYS_CONFIG_R)
		return sim_refused(ed->no, RPC_INVALID_ARGUMENT, "'%s' is state", w->node->name);
	if (w->node && lysc_is_key(w->node))
		return sim_refused(ed->no, RPC_INVALID_ARGUMENT, "'%s' is a key", w->node->name);
	return true;
}

static bool drop(struct edit *ed, const struct where *w)
{
	struct ly_set *set = NULL;

	if (!ed->tree)
		return true;
	if (lyd_find_xpath(ed->tree, w->len ? w->xpath : "/*", &set) != LY_SUCCESS)
		return refused_by_model(ed->ctx, ed->no);
	for (uint32_t i = 0; i < set->count; i++) {
		if (set->dnodes[i] == ed->tree)
			ed->tree = ed->tree->next;
		lyd_free_tree(set->dnodes[i]);
	}
	ly_set_free(set, NULL);
	return true;
}

/* The path has the keys; a value that repeats them says the same. */
static bool take_keys(struct edit *ed, const struct where *w, struct json_object *o)
{
	const struct lysc_node *c = NULL;

	while (w->node->nodetype == LYS_LIST && (c = lys_getnext(c, w->node, NULL, 0)) && lysc_is_key(c)) {
		struct json_object *v;

		if (!json_object_object_get_ex(o, c->name, &v))
			continue;
		if (!v || strcmp(json_object_get_string(v), key_of(w->last, c->name)) != 0)
			return sim_refused(ed->no, RPC_INVALID_ARGUMENT, "key '%s' is not that of the path",
					   c->name);
		json_object_object_del(o, c->name);
	}
	return true;
}

/* The members that the value adds below its place. */
static bool members(struct edit *ed, const struct where *w, const struct gnmic_value *v, struct str *out)
{
	AUTO_FREE char *text = v->bytes.len <= SIM_VALUE_MAX ? strndup(v->bytes.data, v->bytes.len) : NULL;
	bool leaf = w->node && w->node->nodetype & (LYS_LEAF | LYS_LEAFLIST);
	struct json_object *o;
	bool ok;

	if (!text || !str_utf8(text, v->bytes.len) || gnmic_json_check(text, v->bytes.len) != NULL)
		return sim_refused(ed->no, RPC_INVALID_ARGUMENT, "the value is not JSON, or too long");
	if (leaf) {
		str_addf(out, "{\"%s:%s\":%s}", w->node->module->name, w->node->name, text);
		return true;
	}
	o = json_tokener_parse(text);
	ok = json_object_is_type(o, json_type_object) ||
	     sim_refused(ed->no, RPC_INVALID_ARGUMENT, "the value is no object");
	ok = ok && (!w->node || take_keys(ed, w, o));
	if (ok)
		str_add(out, json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
								     JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
	return ok;
}

/* A tree of text's members, hung where the path says. */
static bool grow(struct edit *ed, struct where *w, const char *text, struct lyd_node **out)
{
	bool leaf = w->node && w->node->nodetype & (LYS_LEAF | LYS_LEAFLIST);
	struct lyd_node *root = NULL, *at = NULL, *top = NULL;
	struct ly_in *in = NULL;
	LY_ERR r = LY_SUCCESS;

	if (leaf)
		w->xpath[w->above] = '\0';
	if (w->xpath[0])
		r = lyd_new_path2(NULL, ed->ctx, w->xpath, NULL, 0, 0, 0, &root, &at);
	if (leaf)
		w->xpath[w->above] = '/';
	if (r == LY_SUCCESS && strcmp(text, "{}") != 0) {
		r = ly_in_new_memory(text, &in);
		if (r == LY_SUCCESS)
			r = lyd_parse_data(ed->ctx, at, in, LYD_JSON,
					   LYD_PARSE_ONLY | LYD_PARSE_STRICT | LYD_PARSE_NO_STATE, 0, &top);
		ly_in_free(in, 0);
	}
	*out = root ? root : top;
	if (r == LY_SUCCESS)
		return true;
	lyd_free_all(*out);
	*out = NULL;
	return refused_by_model(ed->ctx, ed->no);
}

static bool put(struct edit *ed, const struct gnmic_update *u, bool replace)
{
	STR_AUTO struct str text = { 0 };
	struct lyd_node *part = NULL;
	struct where w;

	if (!place(ed, &u->path, &w))
		return false;
	if (w.wild)
		return sim_refused(ed->no, RPC_INVALID_ARGUMENT, "a value needs every key of its path");
	if (u->val.kind != GNMIC_JSON_IETF && u->val.kind != GNMIC_JSON)
		return sim_refused(ed->no, RPC_INVALID_ARGUMENT, "a value has to be JSON_IETF");
	if (!members(ed, &w, &u->val, &text) || !grow(ed, &w, str_text(&text), &part))
		return false;
	if (replace && !drop(ed, &w)) {
		lyd_free_all(part);
		return false;
	}
	if (part && lyd_merge_siblings(&ed->tree, part, LYD_MERGE_DESTRUCT) != LY_SUCCESS)
		return refused_by_model(ed->ctx, ed->no);
	return true;
}

static bool all(struct edit *ed, const struct gnmic_set *s, size_t most)
{
	struct where w;

	for (size_t i = 0; i < s->n_deletes && most > 0; i++, most--)
		if (!place(ed, &s->deletes[i], &w) || !drop(ed, &w))
			return false;
	for (size_t i = 0; i < s->n_replaces && most > 0; i++, most--)
		if (!put(ed, &s->replaces[i], true))
			return false;
	for (size_t i = 0; i < s->n_updates && most > 0; i++, most--)
		if (!put(ed, &s->updates[i], false))
			return false;
	if (ed->tree && lyd_validate_all(&ed->tree, NULL, LYD_VALIDATE_PRESENT | LYD_VALIDATE_NO_STATE,
					 NULL) != LY_SUCCESS)
		return refused_by_model(ed->ctx, ed->no);
	return true;
}

bool sim_tree_set(struct ly_ctx *ctx, struct lyd_node **tree, const struct gnmic_set *s, size_t most,
		  struct sim_refusal *no)
{
	struct edit ed = { .ctx = ctx, .prefix = &s->prefix, .no = no };
	struct lyd_node *gone = NULL;
	bool ok;

	if (*tree && lyd_dup_siblings(*tree, NULL, LYD_DUP_RECURSIVE | LYD_DUP_WITH_FLAGS, &ed.tree) !=
			     LY_SUCCESS)
		return sim_refused(no, RPC_RESOURCE_EXHAUSTED, "no memory");
	arena_init(&ed.a, SIM_VALUE_MAX);
	ok = all(&ed, s, most);
	arena_fini(&ed.a);
	if (ok) {
		gone = *tree;
		*tree = ed.tree;
	} else {
		gone = ed.tree;
	}
	lyd_free_all(gone);
	return ok;
}
