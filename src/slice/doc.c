/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walking a document. Every value is checked here too, though a schema has seen it: documents also
 * come from the disk, and what is half understood would be realised half right.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "slice/doc.h"

enum { DEPTH_MAX = 24 };

static void where(const struct doc *d, const char *leaf, struct slice_fault *out)
{
	(void)snprintf(out->field, sizeof(out->field), "%s%s%.62s", d->path, d->path_len && leaf[0] ? "/" : "", leaf);
}

void doc_fault(struct doc *d, const char *leaf, const char *fmt, ...)
{
	va_list ap;

	if (d->rc)
		return;
	d->rc = -EINVAL;
	where(d, leaf, d->f);
	va_start(ap, fmt);
	(void)vsnprintf(d->f->text, sizeof(d->f->text), fmt, ap);
	va_end(ap);
}

void doc_unkept(struct doc *d, const char *leaf, const char *fmt, ...)
{
	va_list ap;

	if (d->rc || d->unkept)
		return;
	d->unkept = doc_alloc(d, 1, sizeof(*d->unkept));
	if (!d->unkept)
		return;
	where(d, leaf, d->unkept);
	va_start(ap, fmt);
	(void)vsnprintf(d->unkept->text, sizeof(d->unkept->text), fmt, ap);
	va_end(ap);
}

void *doc_alloc(struct doc *d, size_t n, size_t size)
{
	void *p = n ? arena_array(d->a, n, size) : NULL;

	if (n && !p && d->rc == 0) {
		doc_fault(d, "", "it takes more memory than one document may");
		d->rc = -ENOMEM;
	}
	return p;
}

static json_object *parse(const char *text, size_t len)
{
	struct json_tokener *tok = json_tokener_new_ex(DEPTH_MAX);
	json_object *o = NULL;

	if (!tok)
		return NULL;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(tok, text, (int)len);
	if (json_tokener_get_error(tok) != json_tokener_success ||
	    !json_object_is_type(o, json_type_object)) {
		json_object_put(o);
		o = NULL;
	}
	json_tokener_free(tok);
	return o;
}

int doc_init(struct doc *d, const char *text, size_t len, struct arena *a, struct slice_fault *f)
{
	*d = (struct doc){ .a = a, .f = f };
	*f = (struct slice_fault){ 0 };
	if (len > SLICE_DOC_MAX)
		doc_fault(d, "", "it is longer than %d octets", SLICE_DOC_MAX);
	else if (!(d->root = parse(text, len)))
		doc_fault(d, "", "it is not a JSON object, or one too deep");
	return d->rc;
}

void doc_fini(struct doc *d)
{
	json_object_put(d->root);
	d->root = NULL;
}

size_t doc_in(struct doc *d, const char *fmt, ...)
{
	size_t was = d->path_len, room = sizeof(d->path) - was;
	va_list ap;
	int n;

	if (was && room > 1) {
		d->path[was] = '/';
		d->path[was + 1] = '\0';
		d->path_len++;
		room--;
	}
	va_start(ap, fmt);
	n = vsnprintf(d->path + d->path_len, room, fmt, ap);
	va_end(ap);
	d->path_len += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
	return was;
}

void doc_out(struct doc *d, size_t was)
{
	d->path_len = was;
	d->path[was] = '\0';
}

static const char *local(const char *name)
{
	const char *colon = strchr(name, ':');

	return colon ? colon + 1 : name;
}

json_object *doc_member(json_object *o, const char *name)
{
	json_object *v;

	if (!json_object_is_type(o, json_type_object))
		return NULL;
	if (json_object_object_get_ex(o, name, &v))
		return v;
	json_object_object_foreach(o, key, value)
	{
		if (strcmp(local(key), name) == 0)
			return value;
	}
	return NULL;
}

json_object *doc_object(struct doc *d, json_object *o, const char *name)
{
	json_object *v = doc_member(o, name);

	if (v && !json_object_is_type(v, json_type_object)) {
		doc_fault(d, name, "it has to be an object");
		return NULL;
	}
	return v;
}

json_object *doc_array(struct doc *d, json_object *o, const char *name, uint32_t max, uint32_t *n)
{
	json_object *v = doc_member(o, name);
	size_t len;

	*n = 0;
	if (!v)
		return NULL;
	if (!json_object_is_type(v, json_type_array)) {
		doc_fault(d, name, "it has to be an array");
		return NULL;
	}
	len = json_object_array_length(v);
	if (len > max) {
		doc_fault(d, name, "%zu of them, at most %u are served", len, max);
		return NULL;
	}
	*n = (uint32_t)len;
	return v;
}

uint64_t doc_number(struct doc *d, json_object *v, const char *name, uint64_t max)
{
	uint64_t n = 0;
	bool good = false;

	if (json_object_is_type(v, json_type_string)) {
		good = str_u64(json_object_get_string(v), &n) == 0;
	} else if (json_object_is_type(v, json_type_int)) {
		/* What is below 0 reads as 0 unsigned, what is above INT64_MAX is cut signed. */
		good = json_object_get_int64(v) >= 0;
		n = json_object_get_uint64(v);
	}
	if (!good || n > max) {
		doc_fault(d, name, "it has to be a number from 0 to %llu", (unsigned long long)max);
		return 0;
	}
	return n;
}

uint64_t doc_u64(struct doc *d, json_object *o, const char *name, uint64_t otherwise, uint64_t max)
{
	json_object *v = doc_member(o, name);

	return v ? doc_number(d, v, name, max) : otherwise;
}

bool doc_bool(struct doc *d, json_object *o, const char *name, bool otherwise)
{
	json_object *v = doc_member(o, name);

	if (!v)
		return otherwise;
	if (!json_object_is_type(v, json_type_boolean))
		doc_fault(d, name, "it has to be true or false");
	return json_object_get_boolean(v);
}

const char *doc_string(struct doc *d, json_object *v, const char *name)
{
	size_t len = v ? (size_t)json_object_get_string_len(v) : 0;
	const char *text;

	if (!json_object_is_type(v, json_type_string) || len >= SLICE_TEXT_MAX ||
	    strlen(json_object_get_string(v)) != len) {
		doc_fault(d, name, "it has to be a text of at most %d octets", SLICE_TEXT_MAX - 1);
		return "";
	}
	text = arena_copy(d->a, json_object_get_string(v), len + 1);
	if (!text)
		(void)doc_alloc(d, SIZE_MAX, 2);
	return text ? text : "";
}

const char *doc_text(struct doc *d, json_object *o, const char *name)
{
	json_object *v = doc_member(o, name);

	return v ? doc_string(d, v, name) : NULL;
}

const char *doc_id(struct doc *d, json_object *o, const char *name)
{
	const char *text = doc_text(d, o, name);

	if (!text || text[0] == '\0' || strlen(text) >= SLICE_ID_MAX) {
		doc_fault(d, name, "give one of 1 to %d octets", SLICE_ID_MAX - 1);
		return "";
	}
	/* It stands in names of events and resources, and in paths between quotes. */
	for (const char *c = text; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f || *c == '\'') {
			doc_fault(d, name, "no control characters or quotes are served in it");
			return "";
		}
	}
	return text;
}

int doc_word_of(struct doc *d, json_object *v, const char *name, const char *const *words)
{
	const char *text = json_object_is_type(v, json_type_string) ? local(json_object_get_string(v)) : "";

	for (int i = 0; words[i]; i++) {
		if (words[i][0] && strcmp(words[i], text) == 0)
			return i;
	}
	doc_fault(d, name, "%.64s is not served here", text[0] ? text : "this value");
	return 0;
}

int doc_word(struct doc *d, json_object *o, const char *name, const char *const *words, int otherwise)
{
	json_object *v = doc_member(o, name);

	return v ? doc_word_of(d, v, name, words) : otherwise;
}

struct ip_prefix doc_prefix(struct doc *d, json_object *v, const char *name)
{
	struct ip_prefix p = { 0 };

	if (!json_object_is_type(v, json_type_string) ||
	    ip_prefix_parse(json_object_get_string(v), &p) < 0)
		doc_fault(d, name, "it has to be a prefix");
	return p;
}
