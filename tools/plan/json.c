/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict reading of JSON documents: every member is in a table of rows or is refused, with an RFC
 * 6901 pointer to it. 64-bit numbers may be strings (RFC 7951 s6.1).
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tools/plan/plan_int.h"

static unsigned line_of(const char *text, size_t at)
{
	unsigned line = 1;

	for (size_t i = 0; i < at; i++)
		line += text[i] == '\n';
	return line;
}

/* What is behind the document may only be blanks. */
static bool rest_blank(const char *text, size_t at, size_t len)
{
	while (at < len && text[at] && strchr(" \t\r\n", text[at]))
		at++;
	return at == len;
}

int plan_json_parse(const char *name, const char *text, size_t len, json_object **out,
		    struct str *err)
{
	struct json_tokener *tok = len < INT32_MAX ? json_tokener_new_ex(PLAN_DEPTH_MAX) : NULL;
	enum json_tokener_error bad;
	size_t at;

	if (!tok) {
		str_addf(err, "%s: too long, or no memory", name);
		return -EINVAL;
	}
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS |
					    JSON_TOKENER_VALIDATE_UTF8);
	*out = json_tokener_parse_ex(tok, text, (int)len);
	bad = json_tokener_get_error(tok);
	at = json_tokener_get_parse_end(tok);
	json_tokener_free(tok);
	if (bad == json_tokener_success && *out && rest_blank(text, at, len))
		return 0;
	json_object_put(*out);
	*out = NULL;
	str_addf(err, "%s:%u: %s", name, line_of(text, at),
		 bad == json_tokener_continue ? "the file ends inside a value" :
		 bad != json_tokener_success  ? json_tokener_error_desc(bad) :
						"more than one value");
	return -EINVAL;
}

struct plan_at plan_json_in(const struct plan_at *up, const char *member, size_t index,
			    json_object *o)
{
	return (struct plan_at){ .up = up, .member = member, .index = index, .o = o,
				 .file = up->file, .err = up->err };
}

static void pointer(const struct plan_at *at, struct str *out)
{
	const struct plan_at *chain[PLAN_DEPTH_MAX + 2];
	size_t n = 0;

	for (; at->up && n < ARRAY_LEN(chain); at = at->up)
		chain[n++] = at;
	str_add(out, n ? "" : "/");
	while (n-- > 0) {
		str_add(out, "/");
		if (!chain[n]->member)
			str_addf(out, "%zu", chain[n]->index);
		for (const char *s = chain[n]->member; s && *s && out->len < 512; s++)
			str_addf(out, *s == '~' ? "~0" : *s == '/' ? "~1" : "%c", *s);
	}
}

int plan_json_bad(const struct plan_at *at, const char *fmt, ...)
{
	STR_AUTO struct str where = { 0 };
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	plan_text_clean(what);
	pointer(at, &where);
	if (where.s)
		plan_text_clean(where.s);
	str_addf(at->err, "%s: %s: %s", at->file, str_text(&where), what);
	return -EINVAL;
}

/* ---- values ---- */

int plan_json_number(const struct plan_at *at, uint64_t low, uint64_t high, uint64_t *out)
{
	const char *text = json_object_is_type(at->o, json_type_string) ||
					   json_object_is_type(at->o, json_type_int) ?
				   json_object_get_string(at->o) :
				   NULL;

	if (!text || str_u64(text, out) < 0)
		return plan_json_bad(at, "'%.64s' is not a whole number",
				     at->o ? json_object_get_string(at->o) : "null");
	if (*out < low || *out > high)
		return plan_json_bad(at, "%.64s is not between %llu and %llu", text,
				     (unsigned long long)low, (unsigned long long)high);
	return 0;
}

int plan_json_text(const struct plan_at *at, const char **out)
{
	if (!json_object_is_type(at->o, json_type_string))
		return plan_json_bad(at, "not a text");
	*out = json_object_get_string(at->o);
	if (strlen(*out) != (size_t)json_object_get_string_len(at->o))
		return plan_json_bad(at, "a text with a NUL inside");
	for (const char *s = *out; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return plan_json_bad(at, "a text with control characters");
	return 0;
}

static int text_into(const struct plan_at *at, const struct plan_row *r, char *into)
{
	const char *text;

	if (plan_json_text(at, &text) < 0)
		return -EINVAL;
	if (!*text || !str_copy(into, (size_t)r->high, text))
		return plan_json_bad(at, "a text of 1 to %llu octets expected",
				     (unsigned long long)r->high - 1);
	return 0;
}

static int value(const struct plan_at *at, const struct plan_row *r, void *into)
{
	static const uint64_t most[] = { UINT8_MAX, UINT16_MAX, UINT32_MAX, UINT64_MAX };
	char *where = (char *)into + r->at;
	uint64_t v = 0;

	if (r->kind == PLAN_SKIP)
		return 0;
	if (r->kind == PLAN_CALL)
		return r->read(at, into);
	if (r->kind == PLAN_TEXT)
		return text_into(at, r, where);
	if (r->kind == PLAN_BOOL) {
		bool b = json_object_get_boolean(at->o);

		if (!json_object_is_type(at->o, json_type_boolean))
			return plan_json_bad(at, "true or false expected");
		memcpy(where, &b, sizeof(b));
		return 0;
	}
	if (plan_json_number(at, r->low, r->high ? r->high : most[r->kind], &v) < 0)
		return -EINVAL;
	if (r->kind == PLAN_U8)
		*(uint8_t *)where = (uint8_t)v;
	else if (r->kind == PLAN_U16)
		memcpy(where, &(uint16_t){ (uint16_t)v }, sizeof(uint16_t));
	else if (r->kind == PLAN_U32)
		memcpy(where, &(uint32_t){ (uint32_t)v }, sizeof(uint32_t));
	else
		memcpy(where, &v, sizeof(v));
	return 0;
}

/* ---- objects and arrays ---- */

static const struct plan_row *row_of(const struct plan_row *rows, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

int plan_json_members(const struct plan_at *at, const struct plan_row *rows, size_t n,
		      void *into)
{
	struct json_object_iterator i, end;

	if (!json_object_is_type(at->o, json_type_object))
		return plan_json_bad(at, "an object expected");
	end = json_object_iter_end(at->o);
	for (i = json_object_iter_begin(at->o); !json_object_iter_equal(&i, &end);
	     json_object_iter_next(&i)) {
		const char *name = json_object_iter_peek_name(&i);
		struct plan_at in = plan_json_in(at, name, 0, json_object_iter_peek_value(&i));
		const struct plan_row *r = row_of(rows, n, name);

		if (!r)
			return plan_json_bad(&in, "unknown member");
		if (value(&in, r, into) < 0)
			return -EINVAL;
	}
	for (size_t k = 0; k < n; k++)
		if (rows[k].must && !json_object_object_get_ex(at->o, rows[k].name, NULL))
			return plan_json_bad(at, "member '%s' is missing", rows[k].name);
	return 0;
}

int plan_json_each(const struct plan_at *at, size_t max,
		   int (*fn)(const struct plan_at *at, void *into), void *into)
{
	size_t n;

	if (!json_object_is_type(at->o, json_type_array))
		return plan_json_bad(at, "an array expected");
	n = json_object_array_length(at->o);
	if (n > max)
		return plan_json_bad(at, "%zu elements, at most %zu may be", n, max);
	for (size_t i = 0; i < n; i++) {
		struct plan_at in = plan_json_in(at, NULL, i, json_object_array_get_idx(at->o, i));

		if (fn(&in, into) < 0)
			return -EINVAL;
	}
	return 0;
}

int plan_json_format(const struct plan_at *root, const char *format)
{
	json_object *f = NULL, *v = NULL;

	if (!json_object_is_type(root->o, json_type_object) ||
	    !json_object_object_get_ex(root->o, "format", &f) ||
	    !json_object_is_type(f, json_type_string) ||
	    strcmp(json_object_get_string(f), format) != 0)
		return plan_json_bad(root, "member 'format' with '%s' expected", format);
	if (!json_object_object_get_ex(root->o, "version", &v) ||
	    !json_object_is_type(v, json_type_int) || json_object_get_int64(v) != 1)
		return plan_json_bad(root, "version 1 expected");
	return 0;
}
