/* SPDX-License-Identifier: Apache-2.0 */
/* What a query selects: depth, content, fields (RFC 8040 s4.8.1 to 4.8.3). */
#include <string.h>

#include "northbound/restconf/rc_int.h"

/* Data levels from anc down to sn; 0: the same; UINT32_MAX: not below. anc NULL: the root. */
static unsigned distance(const struct lysc_node *sn, const struct lysc_node *anc)
{
	unsigned n = 0;

	for (; sn; sn = rc_data_parent(sn), n++)
		if (sn == anc)
			return n;
	return anc ? UINT32_MAX : n;
}

static bool is_key(const struct lysc_node *sn)
{
	return sn->nodetype == LYS_LEAF && lysc_is_key(sn);
}

static bool has_state(const struct lysc_node *sn)
{
	const struct lysc_node *n;

	LYSC_TREE_DFS_BEGIN(sn, n) {
		if (n->flags & LYS_CONFIG_R)
			return true;
		LYSC_TREE_DFS_END(sn, n);
	}
	return false;
}

static bool content_wanted(const struct rc_read *rd, const struct lysc_node *sn)
{
	switch (rd->q.content) {
	case RC_CONTENT_ALL:
		return true;
	case RC_CONTENT_CONFIG:
		return sn->flags & LYS_CONFIG_W;
	case RC_CONTENT_NONCONFIG:
		return has_state(sn);
	}
	return true;
}

static bool depth_wanted(const struct rc_read *rd, unsigned below)
{
	return !rd->q.depth || below < rd->q.depth;
}

bool rc_wanted(const struct rc_read *rd, const struct lysc_node *sn)
{
	if (is_key(sn))
		return true;
	if (!content_wanted(rd, sn))
		return false;
	if (!rd->n_fields)
		return depth_wanted(rd, distance(sn, rd->t.schema));
	for (unsigned i = 0; i < rd->n_fields; i++) {
		unsigned below = distance(sn, rd->fields[i]);

		if (below != UINT32_MAX && depth_wanted(rd, below))
			return true;
		if (distance(rd->fields[i], sn) != UINT32_MAX)
			return true;
	}
	return false;
}

void rc_prune(const struct rc_read *rd, struct lyd_node *entry)
{
	struct ly_set *drop = NULL;
	struct lyd_node *n;

	if (!rd->q.depth && !rd->n_fields && rd->q.content == RC_CONTENT_ALL)
		return;
	if (ly_set_new(&drop) != LY_SUCCESS)
		return;
	LYD_TREE_DFS_BEGIN(entry, n) {
		if (n != entry && !rc_wanted(rd, n->schema)) {
			ly_set_add(drop, n, 1, NULL);
			LYD_TREE_DFS_continue = 1;
		}
		LYD_TREE_DFS_END(entry, n);
	}
	for (uint32_t i = 0; i < drop->count; i++)
		lyd_free_tree(drop->dnodes[i]);
	ly_set_free(drop, NULL);
}

/* ---- fields ---- */

static const struct lysc_node *field_node(const struct rc_read *rd, const struct lysc_node *base,
					  const char *name, size_t len)
{
	const struct lys_module *m = base ? base->module : NULL;
	const char *colon = memchr(name, ':', len);
	char module[128], leaf[128];

	if (colon) {
		if ((size_t)(colon - name) >= sizeof(module))
			return NULL;
		memcpy(module, name, (size_t)(colon - name));
		module[colon - name] = '\0';
		m = ly_ctx_get_module_implemented(rd->rc->ctx, module);
		len -= (size_t)(colon - name) + 1;
		name = colon + 1;
	}
	if (!m || !len || len >= sizeof(leaf))
		return NULL;
	memcpy(leaf, name, len);
	leaf[len] = '\0';
	return lys_find_child(base, m, leaf, 0, 0, 0);
}

struct field_parser {
	const struct lysc_node *stack[RC_PATH_DEPTH_MAX];
	unsigned depth;
	const struct lysc_node *cur;
	bool closed; /* just after ')' */
};

static bool field_end(struct rc_read *rd, struct field_parser *p, const struct lysc_node *sn)
{
	if (!p->closed) {
		if (rd->n_fields == RC_FIELDS_MAX)
			return false;
		rd->fields[rd->n_fields++] = sn;
	}
	return true;
}

/* One name and the delimiter after it. */
static bool field_step(struct rc_read *rd, struct field_parser *p, const char *name, size_t len)
{
	const struct lysc_node *sn = p->closed && !len ? p->cur : field_node(rd, p->cur, name, len);

	if (!sn && !p->closed)
		return false;
	if (p->closed && len)
		return false;
	switch (name[len]) {
	case '/':
		p->cur = sn;
		return !p->closed;
	case '(':
		if (p->closed || p->depth + 1 == RC_PATH_DEPTH_MAX)
			return false;
		p->stack[++p->depth] = p->cur = sn;
		return true;
	case ')':
		if (!field_end(rd, p, sn) || !p->depth)
			return false;
		p->cur = p->stack[--p->depth];
		p->closed = true;
		return true;
	default: /* ';' or the end */
		if (!field_end(rd, p, sn))
			return false;
		p->cur = p->stack[p->depth];
		p->closed = false;
		return true;
	}
}

bool rc_fields_parse(struct rc_read *rd, const struct lysc_node *base, struct rc_error *e)
{
	struct field_parser p = { .cur = base };
	const char *s = rd->q.fields;

	p.stack[0] = base;
	while (*s) {
		size_t len = strcspn(s, "/();");

		if (!field_step(rd, &p, s, len))
			return rc_fail(e, RC_INVALID_VALUE,
				       "fields: \"%.40s\" names nothing here or is not well formed", s);
		s += len + (s[len] != '\0');
	}
	if (p.depth)
		return rc_fail(e, RC_INVALID_VALUE, "fields: a parenthesis is not closed");
	return true;
}
