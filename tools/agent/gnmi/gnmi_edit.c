/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each value becomes a small tree from the root down, made as JSON text that libyang reads as any
 * other, and is merged; what libyang and agent_device_new() say of the sum is the answer.
 */
#include "tools/agent/gnmi/gnmi_edit.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "base/err.h"

enum { EDITS_MAX = 4096 };

struct edit {
	struct ly_ctx *ctx;
	struct lyd_node *tree;
	const Gnmipb__Path *prefix;
	struct arena arena;
	struct agent_gerror *e;
};

static bool writable(const struct agent_gpath *p, struct agent_gerror *e)
{
	for (size_t i = 0; i < p->n_elems; i++) {
		if (p->elems[i]->flags & LYS_CONFIG_R)
			return agent_gfail(e, RPC_INVALID_ARGUMENT, "'%s' is state",
					   p->elems[i]->name);
	}
	if (p->schema && lysc_is_key(p->schema))
		return agent_gfail(e, RPC_INVALID_ARGUMENT, "'%s' is a key", p->schema->name);
	return true;
}

/* ---- deletes ---- */

static bool drop(struct edit *ed, const struct agent_gpath *p)
{
	struct ly_set *set = NULL;

	if (!p->schema) {
		lyd_free_all(ed->tree);
		ed->tree = NULL;
	}
	if (!ed->tree)
		return true;
	if (lyd_find_xpath(ed->tree, p->xpath, &set) != LY_SUCCESS) {
		ly_err_clean(ed->ctx, NULL);
		return agent_gfail(ed->e, RPC_INTERNAL, "the path cannot be evaluated");
	}
	for (uint32_t i = 0; i < set->count; i++) {
		if (set->dnodes[i] == ed->tree)
			ed->tree = ed->tree->next;
		lyd_free_tree(set->dnodes[i]);
	}
	ly_set_free(set, NULL);
	return true;
}

static bool do_delete(struct edit *ed, const Gnmipb__Path *path)
{
	struct agent_gpath p;

	return agent_gpath_resolve(ed->ctx, ed->prefix, path, &ed->arena, &p, ed->e) &&
	       writable(&p, ed->e) && drop(ed, &p);
}

/* ---- values ---- */

/* A key of the path into the entry; one that the value repeats must be the same. */
static bool put_key(struct edit *ed, struct json_object *entry, const struct lysc_node *key,
		    const char *value)
{
	char qualified[256];
	const char *names[] = { key->name, qualified };

	(void)snprintf(qualified, sizeof(qualified), "%s:%s", key->module->name, key->name);
	for (unsigned i = 0; i < 2; i++) {
		struct json_object *v;

		if (!json_object_object_get_ex(entry, names[i], &v))
			continue;
		if (!v || strcmp(json_object_get_string(v), value) != 0)
			return agent_gfail(ed->e, RPC_INVALID_ARGUMENT,
					   "key '%s' of the value is not that of the path",
					   key->name);
		json_object_object_del(entry, names[i]);
	}
	return json_object_object_add(entry, key->name, agent_gval_scalar(key, value)) == 0;
}

static bool put_keys(struct edit *ed, struct json_object *entry, const struct lysc_node *list,
		     const char *const *keys)
{
	const struct lysc_node *c = NULL;
	size_t n = 0;

	while ((c = lys_getnext(c, list, NULL, 0))) {
		if (lysc_is_key(c) && !put_key(ed, entry, c, keys[n++]))
			return false;
	}
	return true;
}

static size_t count_keys(const struct lysc_node *n)
{
	const struct lysc_node *c = NULL;
	size_t k = 0;

	while (n->nodetype == LYS_LIST && (c = lys_getnext(c, n, NULL, 0)))
		k += lysc_is_key(c);
	return k;
}

/* The value with everything above it. Takes v. */
static struct json_object *wrap(struct edit *ed, const struct agent_gpath *p, struct json_object *v)
{
	size_t k = p->n_keys;

	for (size_t i = p->n_elems; v && i-- > 0;) {
		const struct lysc_node *n = p->elems[i];
		struct json_object *up = json_object_new_object(), *list;
		char name[256];
		bool other;

		other = i == 0 || n->module != p->elems[i - 1]->module; /* RFC 7951 s4 */
		(void)snprintf(name, sizeof(name), "%s%s%s", other ? n->module->name : "",
			       other ? ":" : "", n->name);
		k -= count_keys(n);
		if (n->nodetype == LYS_LIST) {
			if (!put_keys(ed, v, n, p->keys + k)) {
				json_object_put(v);
				json_object_put(up);
				return NULL;
			}
			list = json_object_new_array();
			(void)json_object_array_add(list, v);
			v = list;
		}
		(void)json_object_object_add(up, name, v);
		v = up;
	}
	return v;
}

static bool kind_fits(const struct agent_gpath *p, struct json_object *v)
{
	if (!p->schema || p->schema->nodetype & (LYS_CONTAINER | LYS_LIST))
		return json_object_is_type(v, json_type_object);
	if (p->schema->nodetype == LYS_LEAFLIST)
		return json_object_is_type(v, json_type_array);
	return true;
}

static bool merge(struct edit *ed, struct json_object *o)
{
	const char *text = json_object_to_json_string_ext(
		o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	struct lyd_node *part = NULL;
	const struct ly_err_item *why;
	bool ok = lyd_parse_data_mem(ed->ctx, text, LYD_JSON,
				     LYD_PARSE_ONLY | LYD_PARSE_STRICT | LYD_PARSE_NO_STATE, 0,
				     &part) == LY_SUCCESS;

	if (ok && part)
		ok = lyd_merge_siblings(&ed->tree, part, LYD_MERGE_DESTRUCT) == LY_SUCCESS;
	else if (!ok)
		lyd_free_all(part);
	if (ok)
		return true;
	why = ly_err_first(ed->ctx);
	(void)agent_gfail(ed->e, RPC_INVALID_ARGUMENT, "%.200s",
			  why && why->msg ? why->msg : "the value is wrong");
	ly_err_clean(ed->ctx, NULL);
	return false;
}

static bool do_value(struct edit *ed, const Gnmipb__Update *u, bool replace)
{
	struct agent_gpath p;
	struct json_object *v;
	bool ok;

	if (!agent_gpath_resolve(ed->ctx, ed->prefix, u->path, &ed->arena, &p, ed->e) ||
	    !writable(&p, ed->e))
		return false;
	if (p.wild)
		return agent_gfail(ed->e, RPC_INVALID_ARGUMENT,
				   "a value needs every key of its path");
	v = agent_gval_json(p.schema, u->val, ed->e);
	if (!v)
		return false;
	if (!kind_fits(&p, v)) {
		json_object_put(v);
		return agent_gfail(ed->e, RPC_INVALID_ARGUMENT, "the value does not fit '%s'",
				   p.schema ? p.schema->name : "/");
	}
	v = wrap(ed, &p, v);
	ok = v && (!replace || drop(ed, &p)) && merge(ed, v);
	json_object_put(v);
	return ok;
}

/* ---- all ---- */

static bool all(struct edit *ed, const Gnmipb__SetRequest *req)
{
	if (req->n_delete_ + req->n_replace + req->n_update > EDITS_MAX)
		return agent_gfail(ed->e, RPC_RESOURCE_EXHAUSTED, "more than %d operations",
				   EDITS_MAX);
	for (size_t i = 0; i < req->n_delete_; i++) {
		if (!do_delete(ed, req->delete_[i]))
			return false;
	}
	for (size_t i = 0; i < req->n_replace; i++) {
		if (!do_value(ed, req->replace[i], true))
			return false;
	}
	for (size_t i = 0; i < req->n_update; i++) {
		if (!do_value(ed, req->update[i], false))
			return false;
	}
	return true;
}

static bool finish(struct edit *ed, struct agent_device **out)
{
	STR_AUTO struct str lines = { .limit = 64 << 10 };
	const struct ly_err_item *why;

	if (ed->tree && lyd_validate_all(&ed->tree, NULL,
					 LYD_VALIDATE_PRESENT | LYD_VALIDATE_NO_STATE,
					 NULL) != LY_SUCCESS) {
		why = ly_err_first(ed->ctx);
		(void)agent_gfail(ed->e, RPC_INVALID_ARGUMENT, "%.120s%s%.120s",
				  why && why->path ? why->path : "", why && why->path ? ": " : "",
				  why && why->msg ? why->msg : "is wrong");
		ly_err_clean(ed->ctx, NULL);
		return false;
	}
	if (agent_device_new(out, ed->ctx, &ed->tree, &lines) == 0)
		return true;
	return agent_gfail(ed->e, lines.len ? RPC_INVALID_ARGUMENT : RPC_RESOURCE_EXHAUSTED,
			   "%.*s", (int)strcspn(str_text(&lines), "\n"), str_text(&lines));
}

bool agent_gnmi_edit(struct ly_ctx *ctx, const struct agent_device *base,
		     const Gnmipb__SetRequest *req, struct agent_device **out,
		     struct agent_gerror *e)
{
	struct edit ed = { .ctx = ctx, .prefix = req->prefix, .e = e };
	bool ok;

	if (lyd_dup_siblings(base->tree, NULL, LYD_DUP_RECURSIVE | LYD_DUP_WITH_FLAGS, &ed.tree) !=
	    LY_SUCCESS)
		return agent_gfail(e, RPC_RESOURCE_EXHAUSTED, "no memory");
	arena_init(&ed.arena, AGENT_DEV_BYTES_MAX);
	ok = all(&ed, req) && finish(&ed, out);
	arena_fini(&ed.arena);
	lyd_free_all(ed.tree);
	return ok;
}
