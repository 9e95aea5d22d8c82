/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JSON value at a path as the leaves below it. One path grows and shrinks with the walk, a
 * frame a level; the entry of a list is looked through for its keys before it is entered.
 */
#include <string.h>

#include "southbound/gnmi/codec/gnmic_int.h"

struct frame {
	bool object;
	size_t n_elems; /* of the path of what is in it */
	uint64_t index; /* of an array's next item */
};

struct walk {
	struct gnmic_json j;
	struct arena *a;
	const struct gnmic_list *lists;
	size_t n_lists;
	bool (*fn)(void *arg, const struct gnmic_leaf *leaf);
	void *arg;
	struct gnmic_elem elems[GNMIC_ELEMS_MAX];
	struct gnmic_path path; /* elems are those above */
	struct frame stack[GNMIC_JSON_DEPTH_MAX];
	unsigned depth;
	bool stop;
	const char *why;
};

/* "module:name" is name. */
static const char *bare(const char *name)
{
	const char *c = strchr(name, ':');

	return c && c[1] ? c + 1 : name;
}

static void tell(struct walk *w, const struct gnmic_value *v)
{
	struct gnmic_leaf leaf = { .path = w->path, .val = *v };

	if (!w->fn(w->arg, &leaf))
		w->stop = true;
}

static const struct gnmic_list *list_row(const struct walk *w, const char *name)
{
	for (size_t i = 0; i < w->n_lists; i++)
		if (strcmp(w->lists[i].name, name) == 0)
			return &w->lists[i];
	return NULL;
}

/* ---- keys of a list's entry ---- */

static const char *scalar_text(struct walk *w, struct gnmic_json *j)
{
	struct str text STR_AUTO = { .limit = 4096 };
	struct gnmic_value v;
	const char *s;

	if (!gnmic_json_scalar(j, w->a, &v))
		return NULL;
	if (v.kind == GNMIC_STRING)
		return v.text;
	gnmic_value_text(&v, &text);
	s = text.bad ? NULL : arena_str(w->a, str_text(&text));
	return s;
}

static bool is_key(const struct gnmic_list *row, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(row->keys) && row->keys[i]; i++)
		if (strcmp(row->keys[i], name) == 0)
			return true;
	return false;
}

/* The keys among the members of the object j stands at, looked through once. */
static void find_keys(struct walk *w, struct gnmic_json j, const struct gnmic_list *row,
		      struct gnmic_elem *e)
{
	gnmic_json_punct(&j);
	while (gnmic_json_peek(&j) == '"' && e->n_keys < ARRAY_LEN(row->keys)) {
		const char *name = gnmic_json_string(&j, w->a);
		const char *text;
		char ch;

		gnmic_json_punct(&j); /* : */
		ch = gnmic_json_peek(&j);
		if (name && is_key(row, bare(name)) && ch != '{' && ch != '[') {
			text = scalar_text(w, &j);
			if (text)
				e->keys[e->n_keys++] = (struct gnmic_key){ bare(name), text };
			else
				w->why = "a key is too long";
		} else {
			gnmic_json_skip(&j);
		}
		if (!name)
			w->why = "too big";
		if (gnmic_json_peek(&j) == ',')
			gnmic_json_punct(&j);
	}
}

static void entry_keys(struct walk *w, uint64_t index)
{
	struct gnmic_elem *e = &w->elems[w->path.n_elems - 1];
	const struct gnmic_list *row = list_row(w, e->name);

	e->n_keys = 0;
	e->keys = ARENA_ARRAY(w->a, ARRAY_LEN(row->keys), struct gnmic_key);
	if (!e->keys) {
		w->why = "too big";
		return;
	}
	if (row)
		find_keys(w, w->j, row, e);
	if (!w->why && !gnmic_keys_sort(e->keys, e->n_keys))
		w->why = "a key is there twice";
	if (w->why || e->n_keys > 0)
		return;
	e->keys[0] = (struct gnmic_key){ "#", arena_printf(w->a, "%llu", (unsigned long long)index) };
	if (!e->keys[0].value)
		w->why = "too big";
	else
		e->n_keys = 1;
}

/* ---- the walk ---- */

static void push(struct walk *w, bool object)
{
	/* The check before has bounded the depth. */
	w->stack[w->depth++] = (struct frame){ .object = object, .n_elems = w->path.n_elems };
	gnmic_json_punct(&w->j);
}

/* A leaf-list: all of an array's scalars as one value. [null] is an empty leaf. */
static void scalars(struct walk *w)
{
	struct gnmic_json count = w->j;
	struct gnmic_value v = { .kind = GNMIC_LIST };
	size_t n = 0;

	gnmic_json_punct(&count);
	for (; gnmic_json_peek(&count) != ']'; n++) {
		char ch = gnmic_json_peek(&count);

		if (ch == '{' || ch == '[') {
			w->why = "a list of values and more";
			return;
		}
		gnmic_json_skip(&count);
		if (gnmic_json_peek(&count) == ',')
			gnmic_json_punct(&count);
	}
	v.list.at = ARENA_ARRAY(w->a, n ? n : 1, struct gnmic_value);
	if (!v.list.at)
		w->why = "too big";
	gnmic_json_punct(&w->j);
	for (; !w->why && v.list.n < n; v.list.n++) {
		if (!gnmic_json_scalar(&w->j, w->a, &v.list.at[v.list.n]))
			w->why = "too big";
		if (gnmic_json_peek(&w->j) == ',')
			gnmic_json_punct(&w->j);
	}
	gnmic_json_punct(&w->j);
	if (n == 1 && v.list.at[0].kind == GNMIC_NONE)
		v = (struct gnmic_value){ .kind = GNMIC_BOOL, .b = true };
	if (!w->why && n > 0)
		tell(w, &v);
}

static void array(struct walk *w)
{
	struct gnmic_json first = w->j;

	gnmic_json_punct(&first);
	if (gnmic_json_peek(&first) == '{' && w->path.n_elems > 0)
		push(w, false);
	else
		scalars(w);
}

static void value(struct walk *w)
{
	char ch = gnmic_json_peek(&w->j);
	struct gnmic_value v;

	if (ch == '{')
		push(w, true);
	else if (ch == '[')
		array(w);
	else if (!gnmic_json_scalar(&w->j, w->a, &v))
		w->why = "too big";
	else
		tell(w, &v);
}

static void next_member(struct walk *w, const struct frame *f)
{
	const char *name = gnmic_json_string(&w->j, w->a);

	gnmic_json_punct(&w->j); /* : */
	if (!name || f->n_elems == GNMIC_ELEMS_MAX) {
		w->why = name ? "too many elements in a path" : "too big";
		return;
	}
	if (!bare(name)[0]) {
		w->why = "a name is empty";
		return;
	}
	w->path.n_elems = f->n_elems + 1;
	w->elems[f->n_elems] = (struct gnmic_elem){ .name = bare(name) };
	value(w);
}

static void next_entry(struct walk *w, struct frame *f)
{
	w->path.n_elems = f->n_elems;
	if (gnmic_json_peek(&w->j) != '{') {
		w->why = "a list of objects and more";
		return;
	}
	entry_keys(w, f->index++);
	if (!w->why)
		push(w, true);
}

static void step(struct walk *w)
{
	struct frame *f = &w->stack[w->depth - 1];
	char ch = gnmic_json_peek(&w->j);

	if (ch == ',') {
		gnmic_json_punct(&w->j);
		ch = gnmic_json_peek(&w->j);
	}
	if (ch == '}' || ch == ']') {
		gnmic_json_punct(&w->j);
		w->depth--;
	} else if (f->object) {
		next_member(w, f);
	} else {
		next_entry(w, f);
	}
}

static bool is_json(const struct gnmic_value *v)
{
	return v->kind == GNMIC_JSON || v->kind == GNMIC_JSON_IETF;
}

const char *gnmic_leaves(const struct gnmic_path *prefix, const struct gnmic_update *u,
			 const struct gnmic_list *lists, size_t n_lists, struct arena *a,
			 bool (*fn)(void *arg, const struct gnmic_leaf *leaf), void *arg)
{
	struct walk *w = ARENA_NEW(a, struct walk);
	struct gnmic_path whole;

	if (!w || !gnmic_path_join(prefix, &u->path, a, &whole))
		return "too big";
	w->a = a;
	w->lists = lists;
	w->n_lists = n_lists;
	w->fn = fn;
	w->arg = arg;
	w->path = whole;
	w->path.elems = w->elems;
	for (size_t i = 0; i < whole.n_elems; i++) {
		w->elems[i] = whole.elems[i];
		w->elems[i].name = bare(whole.elems[i].name);
	}
	if (!is_json(&u->val)) {
		tell(w, &u->val);
		return NULL;
	}
	w->why = gnmic_json_check(u->val.bytes.data, u->val.bytes.len);
	if (w->why)
		return w->why;
	w->j.at = u->val.bytes.data;
	w->j.end = w->j.at + u->val.bytes.len;
	value(w);
	while (w->depth > 0 && !w->why && !w->stop)
		step(w);
	return w->why;
}
