/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wanted and what is there, as sorted lists of leaves: path and value as texts. Devices
 * write the same value in different ways; gnmi_text_eq() says which ways are the same.
 */
#include <ctype.h>
#include <string.h>

#include "base/ip.h"
#include "southbound/gnmi/gnmi_int.h"

void gnmi_leafset_init(struct gnmi_leafset *s, struct arena *a)
{
	*s = (struct gnmi_leafset){ .a = a };
}

static bool grow(struct gnmi_leafset *s)
{
	size_t cap = s->cap ? s->cap * 2 : 32;
	struct gnmi_leaf *at = ARENA_ARRAY(s->a, cap, struct gnmi_leaf);

	if (!at)
		return false;
	if (s->n)
		memcpy(at, s->at, s->n * sizeof(*at));
	s->at = at;
	s->cap = cap;
	return true;
}

static bool is_secret(const char *const *secrets, const struct gnmic_path *p)
{
	for (; secrets && *secrets && p->n_elems > 0; secrets++)
		if (strcmp(p->elems[p->n_elems - 1].name, *secrets) == 0)
			return true;
	return false;
}

static const char *text_of(const struct gnmic_value *v, struct arena *a)
{
	struct str text STR_AUTO = { 0 };

	gnmic_value_text(v, &text);
	return text.bad ? NULL : arena_str(a, str_text(&text));
}

static bool add_items(struct gnmi_leaf *l, const struct gnmic_value *v, struct arena *a)
{
	l->item = NULL;
	l->n_items = 0;
	if (v->kind != GNMIC_LIST || v->list.n == 0)
		return true;
	l->item = ARENA_ARRAY(a, v->list.n, const char *);
	if (!l->item)
		return false;
	for (; l->n_items < v->list.n; l->n_items++) {
		l->item[l->n_items] = text_of(&v->list.at[l->n_items], a);
		if (!l->item[l->n_items])
			return false;
	}
	return true;
}

static bool add_leaf(void *arg, const struct gnmic_leaf *leaf)
{
	struct gnmi_leafset *s = arg;
	struct str path STR_AUTO = { 0 };
	struct gnmic_path bare = leaf->path;
	struct gnmi_leaf *l;

	if (is_secret(s->secrets, &leaf->path)) {
		s->hidden++;
		return true;
	}
	if (s->n == s->cap && !grow(s)) {
		s->why = "too big";
		return false;
	}
	bare.origin = ""; /* some devices leave it out of their answers */
	gnmic_path_text(&bare, &path);
	l = &s->at[s->n++];
	l->path = arena_str(s->a, str_text(&path));
	l->text = text_of(&leaf->val, s->a);
	if (!l->path || !l->text || path.bad || !add_items(l, &leaf->val, s->a))
		s->why = "too big";
	return !s->why;
}

void gnmi_leafset_add(struct gnmi_leafset *s, const struct gnmi_kind *k, const struct gnmic_path *prefix,
		      const struct gnmic_update *u)
{
	const char *why;

	s->secrets = k->secrets;
	why = gnmic_leaves(prefix, u, k->lists, k->n_lists, s->a, add_leaf, s);

	if (!s->why)
		s->why = why;
}

void gnmi_leafset_reply(struct gnmi_leafset *s, const struct gnmi_kind *k, const void *data, size_t len)
{
	struct gnmic_get_reply reply;

	s->why = gnmic_get_reply_read(data, len, s->a, &reply);
	for (size_t i = 0; !s->why && i < reply.n_notifications; i++) {
		const struct gnmic_notification *n = &reply.notifications[i];

		for (size_t j = 0; !s->why && j < n->n_updates; j++)
			gnmi_leafset_add(s, k, &n->prefix, &n->updates[j]);
	}
	gnmi_leafset_sort(s);
}

static int by_path(const void *a, const void *b)
{
	const struct gnmi_leaf *x = a, *y = b;
	int c = strcmp(x->path, y->path);

	return c ? c : strcmp(x->text, y->text);
}

void gnmi_leafset_sort(struct gnmi_leafset *s)
{
	if (s->n > 1 && !s->why)
		qsort(s->at, s->n, sizeof(*s->at), by_path);
}

const struct gnmi_leaf *gnmi_leafset_find(const struct gnmi_leafset *s, const char *path)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(s->at[mid].path, path) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < s->n && strcmp(s->at[lo].path, path) == 0 ? &s->at[lo] : NULL;
}

/* Lists longer than any of ours are compared as a whole: a device does not decide how long the loop compares. */
enum { ITEMS_MAX = 1024 };

static bool has_item(const struct gnmi_leaf *l, const char *text)
{
	for (size_t i = 0; i < l->n_items; i++)
		if (gnmi_text_eq(l->item[i], text))
			return true;
	return false;
}

static bool has_items(const struct gnmi_leaf *l, const struct gnmi_leaf *wanted)
{
	if (l->n_items > ITEMS_MAX || wanted->n_items > ITEMS_MAX)
		return false;
	for (size_t i = 0; i < wanted->n_items; i++)
		if (!has_item(l, wanted->item[i]))
			return false;
	return wanted->n_items > 0;
}

size_t gnmi_leafset_count(const struct gnmi_leafset *s, const struct gnmi_leafset *wanted, bool merged)
{
	size_t n = 0;

	for (size_t i = 0; i < wanted->n; i++) {
		const struct gnmi_leaf *l = gnmi_leafset_find(s, wanted->at[i].path);

		n += l && (gnmi_text_eq(l->text, wanted->at[i].text) || (merged && has_items(l, &wanted->at[i])));
	}
	return n;
}

bool gnmi_leafset_eq(const struct gnmi_leafset *a, const struct gnmi_leafset *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->at[i].path, b->at[i].path) != 0 || !gnmi_text_eq(a->at[i].text, b->at[i].text))
			return false;
	return true;
}

/* "module:identity" is identity; but "2001:db8::1" is what it is. */
static const char *without_module(const char *s)
{
	const char *c = strchr(s, ':');

	if (!c || c == s || !isalpha((unsigned char)s[0]) || strchr(c + 1, ':') || !c[1])
		return s;
	for (const char *p = s; p < c; p++)
		if (!isalnum((unsigned char)*p) && !strchr("_-.", *p))
			return s;
	return c + 1;
}

bool gnmi_text_eq(const char *a, const char *b)
{
	struct ip_prefix x, y;

	if (strcmp(a, b) == 0)
		return true;
	if (ip_prefix_parse(a, &x) == 0 && ip_prefix_parse(b, &y) == 0)
		return ip_prefix_cmp(&x, &y) == 0;
	return strcmp(without_module(a), without_module(b)) == 0;
}
