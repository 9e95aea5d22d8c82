/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YANG leaves ⇄ fields of C structs, by tables. Text that routers chose is made printable
 * first; a value the schema refuses all the same is left out rather than shown wrong.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "northbound/restconf/rc_int.h"

bool rc_time_text(uint64_t wall_ns, char *buf, size_t cap)
{
	time_t t = (time_t)(wall_ns / NS_PER_S);
	struct tm tm;
	char s[40];

	if (!wall_ns || !gmtime_r(&t, &tm) || !strftime(s, sizeof(s), "%Y-%m-%dT%H:%M:%S", &tm))
		return false;
	snprintf(buf, cap, "%s.%06uZ", s, (unsigned)(wall_ns % NS_PER_S / NS_PER_US));
	return true;
}

/* yang:date-and-time as we print it; 0 when it is not. */
static uint64_t time_read(const char *text)
{
	struct tm tm = { 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	uint64_t ns = 0, scale = NS_PER_S;

	if (!rest)
		return 0;
	if (*rest == '.')
		for (rest++; *rest >= '0' && *rest <= '9' && scale > 1; rest++) {
			scale /= 10;
			ns += (uint64_t)(*rest - '0') * scale;
		}
	return (uint64_t)timegm(&tm) * NS_PER_S + ns;
}

/* YANG strings hold no control characters and only well-formed UTF-8. */
static void printable(char *s)
{
	bool utf8 = str_utf8(s, strlen(s));

	for (; *s; s++)
		if ((unsigned char)*s < ' ' || (unsigned char)*s == 0x7f ||
		    (!utf8 && (unsigned char)*s > 0x7f))
			*s = '?';
}

/* Trees of operations are always answers: their output. */
static uint8_t output(const struct lyd_node *parent)
{
	return (parent->schema->nodetype & (LYS_RPC | LYS_ACTION)) != 0;
}

void rc_add(struct lyd_node *parent, const char *name, const char *value)
{
	char *clean AUTO_FREE = strdup(value);
	LY_ERR r;

	if (!clean || !parent)
		return;
	printable(clean);
	r = lyd_new_term(parent, NULL, name, clean, output(parent), NULL);
	/* U+FFFE and friends are UTF-8 but not YANG: shown as nothing. */
	if (r != LY_SUCCESS)
		r = lyd_new_term(parent, NULL, name, "", output(parent), NULL);
	(void)r;
}

void rc_addf(struct lyd_node *parent, const char *name, const char *fmt, ...)
{
	char buf[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	rc_add(parent, name, buf);
}

struct lyd_node *rc_container(struct lyd_node *parent, const char *module, const char *name)
{
	const struct lys_module *m = NULL;
	struct lyd_node *n = NULL;

	if (module && parent)
		m = ly_ctx_get_module_implemented(LYD_CTX(parent), module);
	if (parent)
		lyd_new_inner(parent, m, name, output(parent), &n);
	return n;
}

struct lyd_node *rc_list(struct lyd_node *parent, const char *name)
{
	struct lyd_node *n = NULL;

	lyd_new_list(parent, NULL, name, output(parent), &n);
	return n;
}

struct lyd_node *rc_entry(struct lyd_node *parent, const char *name, const char *key)
{
	struct lyd_node *n = NULL;

	lyd_new_list(parent, NULL, name, output(parent), &n, key);
	return n;
}

struct lyd_node *rc_entry2(struct lyd_node *parent, const char *name, const char *key, const char *other)
{
	struct lyd_node *n = NULL;

	lyd_new_list(parent, NULL, name, output(parent), &n, key, other);
	return n;
}

const struct lyd_node *rc_child(const struct lyd_node *parent, const char *name)
{
	const struct lyd_node *n;

	if (!parent)
		return NULL;
	LY_LIST_FOR(lyd_child(parent), n) {
		if (n->schema && strcmp(n->schema->name, name) == 0)
			return n;
	}
	return NULL;
}

const char *rc_value(const struct lyd_node *parent, const char *name)
{
	const struct lyd_node *n = rc_child(parent, name);

	return n ? lyd_get_value(n) : NULL;
}

static uint64_t number(const struct rc_leaf *l, const void *field)
{
	switch (l->size) {
	case 1:
		return *(const uint8_t *)field;
	case 2:
		return *(const uint16_t *)field;
	case 4:
		return *(const uint32_t *)field;
	default: /* of sizeof, not an enum */
		return *(const uint64_t *)field;
	}
}

static uint64_t all_ones(const struct rc_leaf *l)
{
	return l->size == 8 ? UINT64_MAX : (UINT64_C(1) << (l->size * 8)) - 1;
}

/* The text of a field; NULL: absent. */
static const char *field_text(const struct rc_leaf *l, const void *field, char *buf, size_t cap)
{
	bool skip = l->flags & RC_SKIP_ZERO;

	switch (l->kind) {
	case RC_U8:
	case RC_U16:
	case RC_U32:
	case RC_U64: {
		uint64_t v = number(l, field);

		if ((skip && !v) || ((l->flags & RC_SKIP_MAX) && v == all_ones(l)))
			return NULL;
		snprintf(buf, cap, "%" PRIu64, v);
		return buf;
	}
	case RC_BOOL:
	case RC_NOT: {
		bool v = *(const bool *)field != (l->kind == RC_NOT);

		return skip && !v ? NULL : v ? "true" : "false";
	}
	case RC_CHARS:
		return skip && !*(const char *)field ? NULL : field;
	case RC_TEXT: {
		const char *s = *(const char *const *)field;

		return !s || (skip && !*s) ? NULL : s;
	}
	case RC_IP:
		return ((const struct ip_addr *)field)->family == IP_NONE ? NULL :
			       ip_text(field, buf, cap);
	case RC_PREFIX:
		return ip_prefix_text(field, buf, cap);
	case RC_TIME:
		return rc_time_text(*(const uint64_t *)field, buf, cap) ? buf : NULL;
	case RC_ENUM:
	case RC_ENUM8: {
		uint64_t v = number(l, field);

		for (uint64_t i = 0; l->names[i]; i++)
			if (i == v)
				return l->names[i];
		return NULL;
	}
	}
	return NULL;
}

void rc_leaves_fill(struct lyd_node *parent, const struct rc_leaf *rows, size_t n, const void *base)
{
	char buf[128];

	for (size_t i = 0; parent && i < n; i++) {
		const char *text = field_text(&rows[i], (const char *)base + rows[i].off, buf,
					      sizeof(buf));

		if (text)
			rc_add(parent, rows[i].name, text);
	}
}

static void number_set(const struct rc_leaf *l, void *field, uint64_t v)
{
	switch (l->size) {
	case 1:
		*(uint8_t *)field = (uint8_t)v;
		break;
	case 2:
		*(uint16_t *)field = (uint16_t)v;
		break;
	case 4:
		*(uint32_t *)field = (uint32_t)v;
		break;
	default: /* of sizeof, not an enum */
		*(uint64_t *)field = v;
		break;
	}
}

static void field_read(const struct rc_leaf *l, void *field, const char *text)
{
	uint64_t v = 0;

	switch (l->kind) {
	case RC_U8:
	case RC_U16:
	case RC_U32:
	case RC_U64:
		if (str_u64(text, &v) == 0)
			number_set(l, field, v);
		break;
	case RC_BOOL:
	case RC_NOT:
		*(bool *)field = (strcmp(text, "true") == 0) != (l->kind == RC_NOT);
		break;
	case RC_CHARS:
		str_copy(field, l->size, text);
		break;
	case RC_TEXT:
		free(*(char **)field);
		*(char **)field = strdup(text);
		break;
	case RC_IP:
		ip_parse(text, field);
		break;
	case RC_PREFIX:
		ip_prefix_parse(text, field);
		break;
	case RC_TIME:
		*(uint64_t *)field = time_read(text);
		break;
	case RC_ENUM:
	case RC_ENUM8:
		for (; l->names[v]; v++)
			if (strcmp(l->names[v], text) == 0)
				number_set(l, field, v);
		break;
	}
}

void rc_leaves_read(const struct lyd_node *parent, const struct rc_leaf *rows, size_t n, void *base)
{
	for (size_t i = 0; i < n; i++) {
		const char *text = rc_value(parent, rows[i].name);

		if (text)
			field_read(&rows[i], (char *)base + rows[i].off, text);
	}
}
