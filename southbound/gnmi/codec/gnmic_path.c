/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths as text, joined, compared and matched. A path is a list of names with keys; the text
 * form is the one of the gNMI path conventions, with \ before what would end a name or a value.
 */
#include <string.h>

#include "southbound/gnmi/codec/gnmic_int.h"

/* ---- reading text ---- */

struct text {
	const char *at;
	struct arena *a;
	const char *why;
};

/* Up to one of the ends (or the end of all), without its backslashes, in the arena. */
static const char *piece(struct text *t, const char *ends)
{
	const char *p = t->at;
	char *out;
	size_t n = 0;

	for (; *p && !strchr(ends, *p); p++)
		if (*p == '\\' && !*++p) {
			t->why = "nothing follows the last \\";
			return "";
		}
	out = arena_alloc(t->a, (size_t)(p - t->at) + 1);
	if (!out) {
		t->why = "too long";
		return "";
	}
	for (; t->at < p; t->at++) {
		if (*t->at == '\\')
			t->at++;
		out[n++] = *t->at;
	}
	return out;
}

static void parse_key(struct text *t, struct gnmic_elem *e)
{
	struct gnmic_key *k = &e->keys[e->n_keys++];

	t->at++; /* [ */
	k->name = piece(t, "=[]/");
	if (t->why)
		return;
	if (*t->at != '=' || !k->name[0]) {
		t->why = "a key is written [name=value]";
		return;
	}
	t->at++;
	k->value = piece(t, "]");
	if (!t->why && *t->at != ']')
		t->why = "a ] is missing";
	else
		t->at++;
}

static size_t count_keys(const char *p)
{
	size_t n = 0;

	for (; *p && *p != '/' && n <= GNMIC_KEYS_MAX; p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (*p == '[') {
			n++;
			for (; *p && *p != ']'; p++)
				if (*p == '\\' && p[1])
					p++;
			if (!*p)
				break;
		}
	}
	return n;
}

static void parse_elem(struct text *t, struct gnmic_elem *e)
{
	size_t n = count_keys(t->at);

	if (n > GNMIC_KEYS_MAX) {
		t->why = "too many keys";
		return;
	}
	e->name = piece(t, "/[");
	if (!t->why && !e->name[0])
		t->why = "a name is empty";
	e->keys = n ? ARENA_ARRAY(t->a, n, struct gnmic_key) : NULL;
	if (!t->why && n && !e->keys)
		t->why = "too long";
	while (!t->why && *t->at == '[' && e->n_keys < n)
		parse_key(t, e);
	if (!t->why && *t->at && *t->at != '/')
		t->why = "a / is missing behind a key";
	if (!t->why && !gnmic_keys_sort(e->keys, e->n_keys))
		t->why = "a key is there twice";
}

/* "origin:/…" or "origin:": a colon before the first slash, bracket or backslash. A name with a
 * module ("mod:name") has no slash right behind the colon. */
static void parse_origin(struct text *t, struct gnmic_path *out)
{
	size_t n = strcspn(t->at, ":/[\\");

	if (t->at[n] != ':' || (t->at[n + 1] != '/' && t->at[n + 1] != '\0') || n == 0)
		return;
	out->origin = arena_copy(t->a, t->at, n + 1);
	if (!out->origin) {
		t->why = "too long";
		out->origin = "";
		return;
	}
	((char *)(uintptr_t)out->origin)[n] = '\0'; /* the copy is ours */
	t->at += n + 1;
}

const char *gnmic_path_parse(const char *text, struct arena *a, struct gnmic_path *out)
{
	struct text t = { .at = text, .a = a };

	*out = (struct gnmic_path){ .origin = "", .target = "" };
	if (!str_utf8(text, strlen(text)))
		return "not UTF-8";
	parse_origin(&t, out);
	if (*t.at == '/')
		t.at++;
	out->elems = ARENA_ARRAY(a, GNMIC_ELEMS_MAX, struct gnmic_elem);
	if (!out->elems)
		t.why = "too long";
	while (!t.why && *t.at) {
		if (out->n_elems == GNMIC_ELEMS_MAX)
			return "too many elements";
		parse_elem(&t, &out->elems[out->n_elems++]);
		if (!t.why && *t.at == '/' && !*++t.at)
			t.why = "a name is empty";
	}
	return t.why;
}

bool gnmic_keys_sort(struct gnmic_key *keys, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = i; j > 0 && strcmp(keys[j].name, keys[j - 1].name) < 0; j--) {
			struct gnmic_key k = keys[j];

			keys[j] = keys[j - 1];
			keys[j - 1] = k;
		}
	for (size_t i = 1; i < n; i++)
		if (strcmp(keys[i].name, keys[i - 1].name) == 0)
			return false;
	return true;
}

/* ---- writing text ---- */

static void escaped(struct str *out, const char *s, const char *which)
{
	while (*s) {
		size_t plain = strcspn(s, which);

		str_addn(out, s, plain);
		s += plain;
		if (*s) {
			str_add(out, "\\");
			str_addn(out, s++, 1);
		}
	}
}

void gnmic_path_text(const struct gnmic_path *p, struct str *out)
{
	if (p->origin && p->origin[0]) {
		str_add(out, p->origin);
		str_add(out, ":");
	}
	if (p->n_elems == 0)
		str_add(out, "/");
	for (size_t i = 0; i < p->n_elems; i++) {
		const struct gnmic_elem *e = &p->elems[i];

		str_add(out, "/");
		escaped(out, e->name, "/[\\");
		for (size_t k = 0; k < e->n_keys; k++) {
			str_add(out, "[");
			escaped(out, e->keys[k].name, "=[]/\\");
			str_add(out, "=");
			escaped(out, e->keys[k].value, "]\\");
			str_add(out, "]");
		}
	}
}

/* ---- joining, comparing, matching ---- */

bool gnmic_path_join(const struct gnmic_path *prefix, const struct gnmic_path *path, struct arena *a,
		     struct gnmic_path *out)
{
	const struct gnmic_path p = *prefix, q = *path; /* out may be one of them */
	struct gnmic_elem *elems;
	size_t n = p.n_elems + q.n_elems;

	if (n > GNMIC_ELEMS_MAX)
		return false;
	elems = ARENA_ARRAY(a, n ? n : 1, struct gnmic_elem);
	if (!elems)
		return false;
	if (p.n_elems)
		memcpy(elems, p.elems, p.n_elems * sizeof(*elems));
	if (q.n_elems)
		memcpy(elems + p.n_elems, q.elems, q.n_elems * sizeof(*elems));
	*out = (struct gnmic_path){
		.origin = q.origin && q.origin[0] ? q.origin : p.origin,
		.target = q.target && q.target[0] ? q.target : p.target,
		.elems = elems,
		.n_elems = n,
	};
	return true;
}

static bool elem_copy(struct gnmic_elem *to, const struct gnmic_elem *from, struct arena *a)
{
	to->name = arena_str(a, from->name);
	if (!to->name)
		return false;
	if (from->n_keys == 0)
		return true;
	to->keys = ARENA_ARRAY(a, from->n_keys, struct gnmic_key);
	if (!to->keys)
		return false;
	for (; to->n_keys < from->n_keys; to->n_keys++) {
		struct gnmic_key *k = &to->keys[to->n_keys];

		k->name = arena_str(a, from->keys[to->n_keys].name);
		k->value = arena_str(a, from->keys[to->n_keys].value);
		if (!k->name || !k->value)
			return false;
	}
	return true;
}

bool gnmic_path_copy(const struct gnmic_path *p, struct arena *a, struct gnmic_path *out)
{
	*out = (struct gnmic_path){
		.origin = arena_str(a, p->origin ? p->origin : ""),
		.target = arena_str(a, p->target ? p->target : ""),
	};
	if (!out->origin || !out->target)
		return false;
	if (p->n_elems == 0)
		return true;
	out->elems = ARENA_ARRAY(a, p->n_elems, struct gnmic_elem);
	if (!out->elems)
		return false;
	for (; out->n_elems < p->n_elems; out->n_elems++)
		if (!elem_copy(&out->elems[out->n_elems], &p->elems[out->n_elems], a))
			return false;
	return true;
}

static int elem_cmp(const struct gnmic_elem *a, const struct gnmic_elem *b)
{
	int c = strcmp(a->name, b->name);

	for (size_t i = 0; c == 0 && i < a->n_keys && i < b->n_keys; i++) {
		c = strcmp(a->keys[i].name, b->keys[i].name);
		if (c == 0)
			c = strcmp(a->keys[i].value, b->keys[i].value);
	}
	return c ? c : (a->n_keys > b->n_keys) - (a->n_keys < b->n_keys);
}

int gnmic_path_cmp(const struct gnmic_path *a, const struct gnmic_path *b)
{
	int c = strcmp(a->origin ? a->origin : "", b->origin ? b->origin : "");

	for (size_t i = 0; c == 0 && i < a->n_elems && i < b->n_elems; i++)
		c = elem_cmp(&a->elems[i], &b->elems[i]);
	return c ? c : (a->n_elems > b->n_elems) - (a->n_elems < b->n_elems);
}

static const char *key_of(const struct gnmic_elem *e, const char *name)
{
	for (size_t i = 0; i < e->n_keys; i++)
		if (strcmp(e->keys[i].name, name) == 0)
			return e->keys[i].value;
	return NULL;
}

static bool elem_match(const struct gnmic_elem *pattern, const struct gnmic_elem *e)
{
	if (strcmp(pattern->name, "*") != 0 && strcmp(pattern->name, e->name) != 0)
		return false;
	for (size_t i = 0; i < pattern->n_keys; i++) {
		const char *want = pattern->keys[i].value, *is = key_of(e, pattern->keys[i].name);

		if (strcmp(want, "*") != 0 && (!is || strcmp(want, is) != 0))
			return false;
	}
	return true;
}

/* As a glob is matched: a "..." that could take one more is where we come back to. */
bool gnmic_path_match(const struct gnmic_path *pattern, const struct gnmic_path *path)
{
	size_t p = 0, i = 0, back_p = SIZE_MAX, back_i = 0;

	if (pattern->origin && pattern->origin[0] && path->origin && path->origin[0] &&
	    strcmp(pattern->origin, path->origin) != 0)
		return false;
	while (p < pattern->n_elems) {
		if (strcmp(pattern->elems[p].name, "...") == 0) {
			back_p = p++;
			back_i = i;
		} else if (i < path->n_elems && elem_match(&pattern->elems[p], &path->elems[i])) {
			p++;
			i++;
		} else if (back_p != SIZE_MAX && back_i < path->n_elems) {
			p = back_p + 1;
			i = ++back_i;
		} else {
			return false;
		}
	}
	return true;
}

const char *gnmic_path_key(const struct gnmic_path *p, const char *elem, const char *key)
{
	for (size_t i = 0; i < p->n_elems; i++)
		if (strcmp(p->elems[i].name, elem) == 0)
			return key_of(&p->elems[i], key);
	return NULL;
}
