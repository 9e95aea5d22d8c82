/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The safe part of YAML: one document of mappings, sequences and scalars. Anchors, aliases,
 * tags, merge keys and repeated keys are refused; size, depth and counts are bounded. Nodes
 * are kept in the order of the file, so a parent always comes before its children and every
 * later walk is a loop.
 */
#include "conf/conf_int.h"

#include <string.h>
#include <yaml.h>

struct reader {
	struct conf_doc *doc;
	uint32_t stack[CONF_DEPTH_MAX];
	unsigned depth;
	const char *key; /* waiting for its value */
	uint32_t key_line;
	bool key_refused;
	bool done, fatal;
	unsigned documents;
};

static void fatal(struct reader *r, uint32_t line, const char *text)
{
	conf_say(r->doc, line, "", "%s", text);
	r->fatal = true;
}

static bool key_repeated(struct conf_doc *d, uint32_t map, const char *key, uint32_t *line)
{
	for (uint32_t i = d->nodes.at[map].first; i != CONF_NO_NODE; i = d->nodes.at[i].next) {
		if (strcmp(d->nodes.at[i].key, key) == 0) {
			*line = d->nodes.at[i].line;
			return true;
		}
	}
	return false;
}

/* Takes the scalar as the key of what comes next. */
static void take_key(struct reader *r, const char *key, uint32_t line)
{
	uint32_t map = r->stack[r->depth - 1];
	char path[CONF_PATH_MAX];
	uint32_t first = 0;

	conf_node_path(r->doc, map, path, sizeof(path));
	r->key = key;
	r->key_line = line;
	r->key_refused = true;
	if (strcmp(key, "<<") == 0)
		conf_say(r->doc, line, path, "merge keys ('<<') are not allowed");
	else if (key_repeated(r->doc, map, key, &first))
		conf_say(r->doc, line, path, "key '%s' is given twice, first in line %u", key,
			 first);
	else if (r->doc->nodes.at[map].n >= CONF_KEYS_MAX)
		fatal(r, line, "too many keys in one place");
	else
		r->key_refused = false;
}

static uint32_t parent_of(const struct reader *r)
{
	return r->depth ? r->stack[r->depth - 1] : CONF_NO_NODE;
}

static void link_child(struct conf_doc *d, uint32_t parent, uint32_t node)
{
	struct conf_node *p = &d->nodes.at[parent];

	if (p->first == CONF_NO_NODE)
		p->first = node;
	else
		d->nodes.at[p->last].next = node;
	p->last = node;
	d->nodes.at[node].index = ++p->n;
}

/* Adds a value of any kind below what is open; its number, or CONF_NO_NODE. */
static uint32_t add_node(struct reader *r, enum conf_kind kind, uint32_t line)
{
	struct conf_doc *d = r->doc;
	uint32_t parent = parent_of(r);
	struct conf_node n = { .kind = (uint8_t)kind,
			       .line = r->key ? r->key_line : line,
			       .parent = parent,
			       .first = CONF_NO_NODE,
			       .last = CONF_NO_NODE,
			       .next = CONF_NO_NODE,
			       .key = r->key,
			       .skip = r->key_refused };

	if (d->nodes.n >= CONF_NODES_MAX || !VEC_ADD(&d->nodes, n)) {
		fatal(r, line, "the file is too large");
		return CONF_NO_NODE;
	}
	r->key = NULL;
	r->key_refused = false;
	if (parent != CONF_NO_NODE)
		link_child(d, parent, (uint32_t)(d->nodes.n - 1));
	return (uint32_t)(d->nodes.n - 1);
}

static bool wants_key(const struct reader *r)
{
	return r->depth && r->doc->nodes.at[r->stack[r->depth - 1]].kind == CONF_MAP && !r->key;
}

static void open_node(struct reader *r, enum conf_kind kind, uint32_t line)
{
	uint32_t n;

	if (wants_key(r)) {
		fatal(r, line, "a key must be plain text");
		return;
	}
	if (r->depth == CONF_DEPTH_MAX) {
		fatal(r, line, "nested too deeply");
		return;
	}
	n = add_node(r, kind, line);
	if (n != CONF_NO_NODE)
		r->stack[r->depth++] = n;
}

static void refuse_extras(struct reader *r, uint32_t line, const yaml_char_t *anchor,
			  const yaml_char_t *tag)
{
	char path[CONF_PATH_MAX];

	if (!anchor && !tag)
		return;
	conf_node_path(r->doc, parent_of(r), path, sizeof(path));
	conf_say(r->doc, line, path,
		 anchor ? "anchors ('&') are not allowed" : "tags ('!') are not allowed");
	r->key_refused = r->key != NULL;
}

static void on_scalar(struct reader *r, const yaml_event_t *e, uint32_t line)
{
	const char *raw = (const char *)e->data.scalar.value;
	char *text;
	uint32_t n;

	if (strlen(raw) != e->data.scalar.length) {
		fatal(r, line, "text with a zero octet");
		return;
	}
	text = arena_str(&r->doc->mem, raw);
	if (!text) {
		fatal(r, line, "out of memory");
		return;
	}
	refuse_extras(r, line, e->data.scalar.anchor, e->data.scalar.tag);
	if (wants_key(r)) {
		take_key(r, text, line);
		return;
	}
	n = add_node(r, CONF_SCALAR, line);
	if (n == CONF_NO_NODE)
		return;
	r->doc->nodes.at[n].value = text;
	r->doc->nodes.at[n].plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static void on_alias(struct reader *r, uint32_t line)
{
	char path[CONF_PATH_MAX];
	uint32_t n;

	conf_node_path(r->doc, parent_of(r), path, sizeof(path));
	conf_say(r->doc, line, path, "aliases ('*') are not allowed");
	if (wants_key(r)) {
		r->fatal = true;
		return;
	}
	n = add_node(r, CONF_SCALAR, line);
	if (n == CONF_NO_NODE)
		return;
	r->doc->nodes.at[n].value = "";
	r->doc->nodes.at[n].skip = true;
}

static void on_event(struct reader *r, const yaml_event_t *e)
{
	uint32_t line = (uint32_t)e->start_mark.line + 1;

	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (++r->documents > 1)
			fatal(r, line, "only one document ('---') is allowed");
		break;
	case YAML_STREAM_END_EVENT:
		r->done = true;
		break;
	case YAML_MAPPING_START_EVENT:
		refuse_extras(r, line, e->data.mapping_start.anchor, e->data.mapping_start.tag);
		open_node(r, CONF_MAP, line);
		break;
	case YAML_SEQUENCE_START_EVENT:
		refuse_extras(r, line, e->data.sequence_start.anchor, e->data.sequence_start.tag);
		open_node(r, CONF_SEQ, line);
		break;
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		r->depth--;
		break;
	case YAML_SCALAR_EVENT:
		on_scalar(r, e, line);
		break;
	case YAML_ALIAS_EVENT:
		on_alias(r, line);
		break;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	}
}

static void not_yaml(struct reader *r, const yaml_parser_t *p)
{
	uint32_t line = (uint32_t)p->problem_mark.line + 1;

	if (p->error == YAML_READER_ERROR) {
		fatal(r, 0, "is not UTF-8 text");
		return;
	}
	if (p->context)
		conf_say(r->doc, line, "", "not YAML: %s (%s, line %u)", p->problem, p->context,
			 (unsigned)p->context_mark.line + 1);
	else
		conf_say(r->doc, line, "", "not YAML: %s",
			 p->problem ? p->problem : "out of memory");
	r->fatal = true;
}

bool conf_yaml_read(struct conf_doc *d, const char *text, size_t len)
{
	struct reader r = { .doc = d };
	yaml_parser_t p;
	yaml_event_t e;

	if (len > CONF_BYTES_MAX) {
		conf_say(d, 0, "", "is larger than %u octets", (unsigned)CONF_BYTES_MAX);
		return false;
	}
	if (!yaml_parser_initialize(&p)) {
		conf_say(d, 0, "", "out of memory");
		return false;
	}
	yaml_parser_set_encoding(&p, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&p, (const unsigned char *)text, len);
	while (!r.done && !r.fatal) {
		if (!yaml_parser_parse(&p, &e)) {
			not_yaml(&r, &p);
			break;
		}
		on_event(&r, &e);
		yaml_event_delete(&e);
	}
	yaml_parser_delete(&p);
	if (!r.fatal && d->nodes.n == 0)
		conf_say(d, 0, "", "is empty");
	return !r.fatal && d->nodes.n > 0;
}
