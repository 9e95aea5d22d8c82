/* SPDX-License-Identifier: Apache-2.0 */
/*
 * URIs (RFC 8040 s3.5.3): path segments become libyang data nodes one by one, so names, key
 * counts, types and canonical forms are the schema's. The result is the spine: the ancestors
 * and the target, keys only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "northbound/restconf/rc_int.h"

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool rc_unescape(const char *in, size_t len, char *out, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = in[i];

		if (c == '%') {
			if (i + 2 >= len || hex(in[i + 1]) < 0 || hex(in[i + 2]) < 0)
				return false;
			c = (char)(hex(in[i + 1]) * 16 + hex(in[i + 2]));
			i += 2;
		}
		if (!c || n + 1 >= cap)
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return str_utf8(out, n);
}

void rc_escape(struct str *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    strchr("-._~", c))
			str_addn(out, text, 1);
		else
			str_addf(out, "%%%02X", c);
	}
}

void rc_target_fini(struct rc_target *t)
{
	lyd_free_all(t->root);
	*t = (struct rc_target){ 0 };
}

struct segment {
	char module[128], name[128];
	char keys[RC_KEYS_MAX][RC_KEY_MAX];
	unsigned n_keys;
	bool has_keys;
};

static bool segment_keys(const char *s, size_t len, struct segment *seg, struct rc_error *e)
{
	seg->has_keys = true;
	for (size_t at = 0; at <= len;) {
		size_t n = 0;

		while (at + n < len && s[at + n] != ',')
			n++;
		if (seg->n_keys == RC_KEYS_MAX)
			return rc_fail(e, RC_INVALID_VALUE, "too many keys after %s=", seg->name);
		if (!rc_unescape(s + at, n, seg->keys[seg->n_keys++], RC_KEY_MAX))
			return rc_fail(e, RC_INVALID_VALUE,
				       "key %u of %s is not percent-encoded UTF-8 of reasonable length",
				       seg->n_keys, seg->name);
		at += n + 1;
	}
	return true;
}

static bool segment_parse(const char *s, size_t len, struct segment *seg, struct rc_error *e)
{
	char name[256], *colon;
	size_t n = 0;

	*seg = (struct segment){ 0 };
	while (n < len && s[n] != '=')
		n++;
	if (!rc_unescape(s, n, name, sizeof(name)))
		return rc_fail(e, RC_INVALID_VALUE, "the path is not percent-encoded UTF-8");
	colon = strchr(name, ':');
	if (colon) {
		*colon = '\0';
		if (!str_copy(seg->module, sizeof(seg->module), name))
			return rc_fail(e, RC_INVALID_VALUE, "no module has so long a name");
	}
	if (!str_copy(seg->name, sizeof(seg->name), colon ? colon + 1 : name) || !seg->name[0])
		return rc_fail(e, RC_INVALID_VALUE, "an empty or too long name in the path");
	return n == len || segment_keys(s + n + 1, len - n - 1, seg, e);
}

/* The schema node a segment names below parent. */
static const struct lysc_node *segment_schema(const struct rc *rc, const struct lyd_node *parent,
					      const struct segment *seg, struct rc_error *e)
{
	const struct lysc_node *sp = parent ? parent->schema : NULL, *sn;
	const struct lys_module *m;

	if (!sp && !seg->module[0]) {
		rc_fail(e, RC_INVALID_VALUE, "the first name needs its module: MODULE:%s", seg->name);
		return NULL;
	}
	m = seg->module[0] ? ly_ctx_get_module_implemented(rc->ctx, seg->module) : sp->module;
	if (!m) {
		rc_fail(e, RC_NOT_FOUND, "no module %s is served here", seg->module);
		return NULL;
	}
	sn = lys_find_child(sp, m, seg->name, 0, 0, 0);
	if (!sn || (sn->nodetype & (LYS_RPC | LYS_ACTION | LYS_NOTIF))) {
		rc_fail(e, RC_NOT_FOUND, "module %s has no %s%s%s", m->name, seg->name,
			sp ? " in " : " at the top", sp ? sp->name : "");
		if (parent)
			rc_fail_at(e, parent);
		return NULL;
	}
	return sn;
}

static unsigned key_count(const struct lysc_node *sn)
{
	unsigned n = 0;

	for (const struct lysc_node *k = lysc_node_child(sn); k && lysc_is_key(k); k = k->next)
		n++;
	return n;
}

static bool list_node(struct rc *rc, const struct lysc_node *sn, const struct segment *seg,
		      struct lyd_node *parent, struct lyd_node **out, struct rc_error *e)
{
	unsigned want = key_count(sn);

	if (seg->n_keys != want)
		return rc_fail(e, RC_INVALID_VALUE, "list %s has %u keys, %u given (commas inside a "
			       "key are %%2C)", sn->name, want, seg->n_keys);
	ly_err_clean(rc->ctx, NULL);
	if (lyd_new_list(parent, sn->module, sn->name, 0, out, seg->keys[0], seg->keys[1],
			 seg->keys[2]) == LY_SUCCESS)
		return true;
	rc_fail_ly(e, rc->ctx, RC_INVALID_VALUE, "");
	if (parent)
		rc_fail_at(e, parent);
	return false;
}

/* One segment into the spine. *out NULL: a list or leaf-list without keys. */
static bool segment_node(struct rc *rc, const struct segment *seg, const struct lysc_node *sn,
			 struct lyd_node *parent, struct lyd_node **out, struct rc_error *e)
{
	LY_ERR r = LY_SUCCESS;

	*out = NULL;
	if (seg->has_keys && !(sn->nodetype & (LYS_LIST | LYS_LEAFLIST)))
		return rc_fail(e, RC_INVALID_VALUE, "%s is no list, it takes no keys", sn->name);
	ly_err_clean(rc->ctx, NULL);
	switch (sn->nodetype) {
	case LYS_LIST:
		return !seg->has_keys || list_node(rc, sn, seg, parent, out, e);
	case LYS_LEAFLIST:
		if (seg->has_keys && seg->n_keys != 1)
			return rc_fail(e, RC_INVALID_VALUE, "%s takes one value", sn->name);
		if (seg->has_keys)
			r = lyd_new_term(parent, sn->module, sn->name, seg->keys[0], 0, out);
		break;
	case LYS_CONTAINER:
		r = lyd_new_inner(parent, sn->module, sn->name, 0, out);
		break;
	default: /* leaves and anydata: their value is not known yet */
		break;
	}
	if (r != LY_SUCCESS)
		return rc_fail_ly(e, rc->ctx, RC_INVALID_VALUE, "");
	return true;
}

bool rc_target_parse(struct rc *rc, const char *path, struct rc_target *t, struct rc_error *e)
{
	const char *p = path;
	unsigned depth = 0;

	*t = (struct rc_target){ 0 };
	while (*p == '/') {
		size_t len = strcspn(p + 1, "/");
		const struct lysc_node *sn;
		struct segment seg;

		if (!len && !p[1] && depth) /* a trailing slash */
			break;
		if (t->schema && !t->node)
			return rc_fail(e, RC_INVALID_VALUE, "%s %s", t->schema->name,
				       t->schema->nodetype & LYS_LIST ? "needs its keys before what is in it" :
									"has nothing in it");
		if (++depth > RC_PATH_DEPTH_MAX)
			return rc_fail(e, RC_INVALID_VALUE, "the path is too deep");
		t->parent = t->node;
		if (!segment_parse(p + 1, len, &seg, e))
			return false;
		sn = segment_schema(rc, t->parent, &seg, e);
		if (!sn || !segment_node(rc, &seg, sn, t->parent, &t->node, e))
			return false;
		t->schema = sn;
		if (!t->root)
			t->root = t->node;
		p += 1 + len;
	}
	return *p == '\0' ||
	       rc_fail(e, RC_NOT_FOUND, "nothing of that name; the datastore is /restconf/data");
}

/* The URI of an entry, from the root of its tree. */
void rc_uri_of(const struct lyd_node *n, struct str *out)
{
	const struct lyd_node *chain[RC_PATH_DEPTH_MAX];
	unsigned depth = 0;

	for (; n && depth < RC_PATH_DEPTH_MAX; n = lyd_parent(n))
		chain[depth++] = n;
	str_add(out, "/restconf/data");
	for (unsigned i = depth; i-- > 0;) {
		const struct lysc_node *sn = chain[i]->schema;
		const struct lyd_node *k = lyd_child(chain[i]);
		char sep = '=';

		str_add(out, "/");
		if (i == depth - 1 || chain[i + 1]->schema->module != sn->module)
			str_addf(out, "%s:", sn->module->name);
		str_add(out, sn->name);
		for (; sn->nodetype == LYS_LIST && k && lysc_is_key(k->schema); k = k->next) {
			str_addf(out, "%c", sep);
			rc_escape(out, lyd_get_value(k));
			sep = ',';
		}
	}
}

/* ---- query parameters (RFC 8040 s4.8) ---- */

static bool q_depth(const char *v, struct rc_query *q)
{
	uint64_t n;

	if (strcmp(v, "unbounded") == 0) {
		q->depth = 0;
		return true;
	}
	if (str_u64(v, &n) != 0 || n < 1 || n > 65535)
		return false;
	q->depth = (unsigned)n;
	return true;
}

static bool q_content(const char *v, struct rc_query *q)
{
	static const char *const names[] = { "all", "config", "nonconfig" };

	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(v, names[i]) == 0) {
			q->content = (enum rc_content)i;
			return true;
		}
	return false;
}

static bool q_defaults(const char *v, struct rc_query *q)
{
	static const struct {
		const char *name;
		uint32_t print;
		bool implicit;
	} modes[] = {
		{ "explicit", LYD_PRINT_WD_EXPLICIT, false },
		{ "trim", LYD_PRINT_WD_TRIM, false },
		{ "report-all", LYD_PRINT_WD_ALL, true },
	};

	for (unsigned i = 0; i < ARRAY_LEN(modes); i++)
		if (strcmp(v, modes[i].name) == 0) {
			q->print = modes[i].print;
			q->implicit = modes[i].implicit;
			return true;
		}
	return false;
}

static bool q_fields(const char *v, struct rc_query *q)
{
	return *v && str_copy(q->fields, sizeof(q->fields), v);
}

static bool q_dry_run(const char *v, struct rc_query *q)
{
	q->dry_run = strcmp(v, "true") == 0;
	return q->dry_run || strcmp(v, "false") == 0;
}

static bool q_limit(const char *v, struct rc_query *q)
{
	uint64_t n;

	if (str_u64(v, &n) != 0 || n == 0 || n > UINT32_MAX)
		return false;
	q->limit = (uint32_t)n;
	return true;
}

/* One segment of a URI, as it stands there. */
static bool q_cursor(const char *v, struct rc_query *q)
{
	return *v && !strchr(v, '/') && str_copy(q->cursor, sizeof(q->cursor), v);
}

static const struct {
	const char *name, *values;
	bool write;
	bool (*set)(const char *v, struct rc_query *q);
} params[] = {
	{ "depth", "1 to 65535 or unbounded", false, q_depth },
	{ "content", "all, config or nonconfig", false, q_content },
	{ "with-defaults", "explicit, trim or report-all", false, q_defaults },
	{ "fields", "an expression like name;state(status;reason)", false, q_fields },
	{ "limit", "1 or more entries", false, q_limit },
	{ "cursor", "the keys of the last entry that was read, as in its URI", false, q_cursor },
	{ "sextant.dry-run", "true or false", true, q_dry_run },
};

static bool param_set(const char *name, const char *value, struct rc_query *q, bool write,
		      unsigned *seen, struct rc_error *e)
{
	for (unsigned i = 0; i < ARRAY_LEN(params); i++) {
		if (strcmp(name, params[i].name) != 0)
			continue;
		if (*seen & 1U << i)
			return rc_fail(e, RC_INVALID_VALUE, "%s is given twice", name);
		*seen |= 1U << i;
		if (params[i].write != write)
			return rc_fail(e, RC_INVALID_VALUE, "%s is not for this method", name);
		if (!params[i].set(value, q))
			return rc_fail(e, RC_INVALID_VALUE, "%s takes %s", name, params[i].values);
		return true;
	}
	return rc_fail(e, RC_INVALID_VALUE,
		       "no query parameter %s here; there are depth, content, with-defaults, fields, "
		       "limit, cursor, sextant.dry-run", name);
}

bool rc_query_parse(const char *query, struct rc_query *q, bool write, struct rc_error *e)
{
	unsigned seen = 0;

	*q = (struct rc_query){ .print = LYD_PRINT_WD_EXPLICIT };
	e->protocol = true;
	while (*query) {
		size_t len = strcspn(query, "&"), eq = strcspn(query, "=&");
		char name[64], value[1024] = "";

		if (!rc_unescape(query, eq, name, sizeof(name)) ||
		    (eq < len && !rc_unescape(query + eq + 1, len - eq - 1, value, sizeof(value))))
			return rc_fail(e, RC_INVALID_VALUE, "the query is not percent-encoded UTF-8 of "
							    "reasonable length");
		if (len && !param_set(name, value, q, write, &seen, e))
			return false;
		query += len + (query[len] == '&');
	}
	e->protocol = false;
	return true;
}
