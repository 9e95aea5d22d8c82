/* SPDX-License-Identifier: Apache-2.0 */
/* A document being checked: its memory, its file, its error lines. */
#include "conf/conf_int.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "conf/read.h"
#include "file/file.h"

void conf_doc_init(struct conf_doc *d, const char *file, struct str *errors)
{
	*d = (struct conf_doc){ .file = file, .errors = errors };
	arena_init(&d->mem, (size_t)CONF_BYTES_MAX * 8);
}

void conf_doc_fini(struct conf_doc *d)
{
	VEC_FINI(&d->nodes);
	arena_fini(&d->mem);
}

void conf_say(struct conf_doc *d, uint32_t line, const char *path, const char *fmt, ...)
{
	char text[1024 + CONF_PATH_MAX];
	int n = snprintf(text, sizeof(text), "%s%s", path, *path ? ": " : "");
	size_t at = n > 0 && (size_t)n < sizeof(text) ? (size_t)n : 0;
	va_list ap;

	if (++d->n_errors > CONF_ERRORS_MAX) {
		if (d->n_errors == CONF_ERRORS_MAX + 1)
			str_addf(d->errors, "%s: more errors are not shown\n", d->file);
		return;
	}
	va_start(ap, fmt);
	(void)vsnprintf(text + at, sizeof(text) - at, fmt, ap);
	va_end(ap);
	for (char *c = text; *c; c++) { /* what was quoted from the file must not break the line */
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
	if (line == 0)
		str_addf(d->errors, "%s: %s\n", d->file, text);
	else
		str_addf(d->errors, "%s:%u: %s\n", d->file, line, text);
}

const char *conf_node_path(const struct conf_doc *d, uint32_t node, char *buf, size_t cap)
{
	uint32_t chain[CONF_DEPTH_MAX + 1];
	unsigned n = 0;
	size_t len = 0;

	buf[0] = '\0';
	for (; node != CONF_NO_NODE && n <= CONF_DEPTH_MAX; node = d->nodes.at[node].parent)
		chain[n++] = node;
	while (n > 0 && len < cap) {
		const struct conf_node *c = &d->nodes.at[chain[--n]];
		int r = 0;

		if (c->key)
			r = snprintf(buf + len, cap - len, "%s%.64s", len ? "/" : "", c->key);
		else if (c->parent != CONF_NO_NODE)
			r = snprintf(buf + len, cap - len, "[%u]", c->index);
		len += r > 0 ? (size_t)r : 0;
	}
	return buf;
}

char *conf_file_text(struct conf_doc *d, const char *path, size_t *len)
{
	char *text = NULL;
	int r = file_read(path, CONF_BYTES_MAX, &text, len);

	if (r == -EISDIR)
		conf_say(d, 0, "", "is not a file");
	else if (r == -EFBIG)
		conf_say(d, 0, "", "is larger than %u octets", (unsigned)CONF_BYTES_MAX);
	else if (r < 0)
		conf_say(d, 0, "", "%s", err_text(r));
	return text;
}

const char *conf_where(const struct lyd_node *node)
{
	for (; node; node = lyd_parent(node)) {
		const struct conf_pos *pos = node->priv;

		if (pos)
			return pos->where;
	}
	return "configuration";
}

struct lyd_node *conf_tree_free(struct lyd_node *tree)
{
	struct lyd_node *n;

	LYD_TREE_DFS_BEGIN(tree, n)
	{
		free(n->priv);
		n->priv = NULL;
		LYD_TREE_DFS_END(tree, n);
	}
	lyd_free_all(tree);
	return NULL;
}

const struct lyd_node *conf_child(const struct lyd_node *in, const char *name)
{
	const struct lyd_node *c;

	LY_LIST_FOR(in ? lyd_child(in) : NULL, c)
	{
		if (strcmp(c->schema->name, name) == 0)
			return c;
	}
	return NULL;
}

const char *conf_text_of(const struct lyd_node *in, const char *name)
{
	const struct lyd_node *c = conf_child(in, name);

	return c ? lyd_get_value(c) : NULL;
}
