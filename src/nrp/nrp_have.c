/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device says: its leaves as they were told, by path, and what they come to. Names and texts
 * are a device's: bounded here, and read strictly; what is not understood counts for nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/err.h"
#include "base/str.h"
#include "nrp/nrp_priv.h"

enum { STEPS_MAX = 5, KEY_MAX = 64 };

/* ---- leaves ---- */

static size_t at(const struct nrp_leaves *l, const char *path)
{
	return VEC_PLACE(&l->at, leaf, strcmp(leaf->path, path) < 0);
}

bool nrp_path_counts(const char *path)
{
	static const char *const names[] = { "/packets", "/octets", "/drops", "/backlog" };
	const char *last = strrchr(path, '/');

	for (size_t i = 0; last && i < ARRAY_LEN(names); i++)
		if (strcmp(last, names[i]) == 0)
			return true;
	return false;
}

static bool add(struct nrp_leaves *l, size_t i, const char *path, const char *text)
{
	struct nrp_leaf leaf = { 0 };

	if (l->at.n >= NRP_LEAVES_MAX) {
		l->over = true;
		return false;
	}
	leaf.path = strdup(path);
	leaf.text = strdup(text);
	if (!leaf.path || !leaf.text || !VEC_INSERT(&l->at, i, leaf)) {
		free(leaf.path);
		free(leaf.text);
		l->over = true;
		return false;
	}
	return true;
}

bool nrp_leaf_put(struct nrp_leaves *l, const char *path, const char *text, uint8_t watch, uint32_t epoch)
{
	size_t i = at(l, path);
	bool known = i < l->at.n && strcmp(l->at.at[i].path, path) == 0, same;
	char *own;

	if (!known && !add(l, i, path, text))
		return false;
	l->at.at[i].epoch = epoch;
	l->at.at[i].watch = watch;
	same = known && strcmp(l->at.at[i].text, text) == 0;
	if (known && !same) {
		own = strdup(text);
		if (!own)
			return false;
		free(l->at.at[i].text);
		l->at.at[i].text = own;
	}
	return !same && !nrp_path_counts(path);
}

/* Keeps what is true of; how many went. */
static size_t sift(struct nrp_leaves *l, bool (*keep)(const struct nrp_leaf *leaf, const void *arg), const void *arg)
{
	size_t was = l->at.n, k = 0;

	for (size_t i = 0; i < was; i++) {
		if (keep(&l->at.at[i], arg)) {
			l->at.at[k++] = l->at.at[i];
			continue;
		}
		free(l->at.at[i].path);
		free(l->at.at[i].text);
	}
	l->at.n = k;
	return was - k;
}

/* A list without its keys is all of its entries. */
static bool is_outside(const struct nrp_leaf *leaf, const void *arg)
{
	const char *path = arg;
	size_t len = strlen(path);
	char next;

	if (strncmp(leaf->path, path, len) != 0)
		return true;
	next = leaf->path[len];
	return next != '\0' && next != '/' && next != '[';
}

bool nrp_leaf_gone(struct nrp_leaves *l, const char *path)
{
	return sift(l, is_outside, path) > 0;
}

struct telling {
	uint8_t watch;
	uint32_t epoch;
};

static bool was_told(const struct nrp_leaf *leaf, const void *arg)
{
	const struct telling *t = arg;

	return leaf->watch != t->watch || leaf->epoch == t->epoch;
}

static bool never(const struct nrp_leaf *leaf, const void *arg)
{
	(void)leaf;
	(void)arg;
	return false;
}

bool nrp_leaves_purge(struct nrp_leaves *l, uint8_t watch, uint32_t epoch)
{
	const struct telling t = { watch, epoch };

	return sift(l, was_told, &t) > 0;
}

const char *nrp_leaf_text(const struct nrp_leaves *l, const char *path)
{
	size_t i = at(l, path);

	return i < l->at.n && strcmp(l->at.at[i].path, path) == 0 ? l->at.at[i].text : NULL;
}

void nrp_leaves_fini(struct nrp_leaves *l)
{
	(void)sift(l, never, NULL);
	VEC_FINI(&l->at);
}

/* ---- paths ---- */

struct step {
	char name[24];
	char key[KEY_MAX]; /* the value of its only key, "" none */
};

/* "[name=value]" at *p, with '\' before what would end it. */
static bool read_key(const char **p, char key[KEY_MAX])
{
	const char *c = strchr(*p, '=');
	size_t n = 0;

	if (!c)
		return false;
	for (c++; *c && *c != ']'; c++) {
		if (*c == '\\' && c[1])
			c++;
		if (n + 1 >= KEY_MAX)
			return false;
		key[n++] = *c;
	}
	key[n] = '\0';
	*p = c + 1;
	return *c == ']';
}

/* How many steps; 0: it is none of ours. */
static unsigned read_path(const char *path, struct step s[STEPS_MAX])
{
	unsigned n = 0;

	while (*path == '/') {
		size_t len = strcspn(++path, "/[");

		if (n == STEPS_MAX || len == 0 || len >= sizeof(s[n].name))
			return 0;
		memcpy(s[n].name, path, len);
		s[n].name[len] = s[n].key[0] = '\0';
		path += len;
		if (*path == '[' && !read_key(&path, s[n].key))
			return 0;
		n++;
	}
	return *path ? 0 : n;
}

/* ---- what they come to ---- */

struct nrp_link *nrp_box_link(struct nrp_box *b, const char *name, bool make)
{
	struct nrp_link l = { 0 };

	for (size_t i = 0; i < b->links.n; i++)
		if (strcmp(b->links.at[i].name, name) == 0)
			return &b->links.at[i];
	if (!make || !str_copy(l.name, sizeof(l.name), name))
		return NULL;
	return VEC_ADD(&b->links, l);
}

struct nrp_class *nrp_link_class(struct nrp_link *l, uint32_t id, bool make)
{
	for (size_t i = 0; i < l->classes.n; i++)
		if (l->classes.at[i].id == id)
			return &l->classes.at[i];
	return make ? VEC_ADD(&l->classes, ((struct nrp_class){ .id = id, .reason = "", .link = TED_NONE })) : NULL;
}

struct nrp_locator *nrp_box_locator(struct nrp_box *b, const struct ip_prefix *p, bool make)
{
	for (size_t i = 0; i < b->locators.n; i++)
		if (ip_prefix_cmp(&b->locators.at[i].prefix, p) == 0)
			return &b->locators.at[i];
	return make ? VEC_ADD(&b->locators, ((struct nrp_locator){ .prefix = *p, .reason = "" })) : NULL;
}

struct nrp_adjacency *nrp_locator_adjacency(struct nrp_locator *l, const char *name, bool make)
{
	struct nrp_adjacency a = { .reason = "" };

	for (size_t i = 0; i < l->adjacencies.n; i++)
		if (strcmp(l->adjacencies.at[i].name, name) == 0)
			return &l->adjacencies.at[i];
	if (!make || !str_copy(a.name, sizeof(a.name), name))
		return NULL;
	return VEC_ADD(&l->adjacencies, a);
}

const char *nrp_box_interface(const struct nrp_box *b, const struct ip_addr *a)
{
	for (size_t i = 0; a->family == IP_V6 && i < b->addresses.n; i++)
		if (ip_eq(&b->addresses.at[i].addr, a))
			return b->addresses.at[i].name;
	return NULL;
}

/* Values of a leaf-list: "[a,b]", or one alone. */
static bool each_value(const char *text, bool (*fn)(void *arg, const char *value), void *arg)
{
	char value[KEY_MAX];

	text += *text == '[';
	while (*text && *text != ']') {
		size_t len = strcspn(text, ",]");

		if (len > 0 && len < sizeof(value)) {
			memcpy(value, text, len);
			value[len] = '\0';
			if (!fn(arg, value[0] == ' ' ? value + 1 : value))
				return false;
		}
		text += len + (text[len] == ',');
	}
	return true;
}

struct addresses {
	struct nrp_box *b;
	const char *name;
};

static bool one_address(void *arg, const char *value)
{
	struct addresses *x = arg;
	struct nrp_address a = { 0 };

	if (ip_parse(value, &a.addr) < 0 || !str_copy(a.name, sizeof(a.name), x->name))
		return true;
	return VEC_ADD(&x->b->addresses, a) != NULL;
}

static bool one_block(void *arg, const char *value)
{
	struct nrp_class *c = arg;

	if (c->n_blocks < NRP_BLOCKS_MAX && ip_prefix_parse(value, &c->block[c->n_blocks]) == 0)
		c->n_blocks++;
	return true;
}

static bool read_class(struct nrp_class *c, const struct step *s, unsigned n, const char *text)
{
	uint64_t u = 0;

	if (n == 1 && strcmp(s[0].name, "sid-block") == 0)
		return each_value(text, one_block, c);
	if (n == 1 && str_u64(text, &u) == 0 && strcmp(s[0].name, "rate") == 0)
		c->rate = u;
	else if (n == 1 && strcmp(s[0].name, "ceil") == 0)
		c->ceil = u;
	else if (n == 1 && strcmp(s[0].name, "priority") == 0 && u <= UINT8_MAX)
		c->priority = (uint8_t)u;
	else if (n == 2 && strcmp(s[0].name, "state") == 0 && strcmp(s[1].name, "status") == 0)
		c->in = strcmp(text, "in") == 0;
	else if (n == 2 && strcmp(s[0].name, "state") == 0 && strcmp(s[1].name, "reason") == 0)
		c->reason = text;
	return true;
}

static bool read_link(struct nrp_box *b, const struct step *s, unsigned n, const char *text)
{
	struct nrp_link *l = nrp_box_link(b, s[0].key, true);
	struct nrp_class *c;
	uint64_t id;

	if (!l)
		return strlen(s[0].key) >= NRP_IF_MAX;
	if (n == 2 && strcmp(s[1].name, "capacity") == 0)
		(void)str_u64(text, &l->capacity);
	if (n < 3 || strcmp(s[1].name, "nrp") != 0 || str_u64(s[1].key, &id) < 0 || id == 0 || id > NRP_ID_MAX)
		return true;
	c = nrp_link_class(l, (uint32_t)id, true);
	return c && read_class(c, s + 2, n - 2, text);
}

static bool read_adjacency(struct nrp_locator *l, const struct step *s, unsigned n, const char *text)
{
	struct nrp_adjacency *a = nrp_locator_adjacency(l, s[0].key, true);

	if (a && n == 2 && strcmp(s[1].name, "sid") == 0)
		(void)ip_prefix_parse(text, &a->sid);
	else if (a && n == 2 && strcmp(s[1].name, "next-hop") == 0)
		(void)ip_parse(text, &a->next_hop);
	else if (a && n == 3 && strcmp(s[1].name, "state") == 0 && strcmp(s[2].name, "status") == 0)
		a->in = strcmp(text, "in") == 0;
	else if (a && n == 3 && strcmp(s[1].name, "state") == 0 && strcmp(s[2].name, "reason") == 0)
		a->reason = text;
	return a;
}

static bool read_locator(struct nrp_box *b, const struct step *s, unsigned n, const char *text)
{
	struct nrp_locator *l;
	struct ip_prefix p;
	uint64_t u;

	if (ip_prefix_parse(s[0].key, &p) < 0)
		return true;
	l = nrp_box_locator(b, &p, true);
	if (!l)
		return false;
	if (n == 2 && strcmp(s[1].name, "block-length") == 0 && str_u64(text, &u) == 0 && u <= 128)
		l->block_length = (uint8_t)u;
	else if (n == 3 && strcmp(s[1].name, "state") == 0 && strcmp(s[2].name, "status") == 0)
		l->in = strcmp(text, "in") == 0;
	else if (n == 3 && strcmp(s[1].name, "state") == 0 && strcmp(s[2].name, "reason") == 0)
		l->reason = text;
	return n < 3 || strcmp(s[1].name, "adjacency") != 0 || strlen(s[1].key) >= NRP_IF_MAX ||
	       read_adjacency(l, s + 1, n - 1, text);
}

static bool read_leaf(struct nrp_box *b, const struct nrp_leaf *leaf)
{
	struct step s[STEPS_MAX];
	unsigned n = nrp_path_counts(leaf->path) ? 0 : read_path(leaf->path, s);

	if (n < 3 || strcmp(s[0].name, "device") != 0)
		return true;
	if (strcmp(s[1].name, "link") == 0 && s[1].key[0])
		return read_link(b, s + 1, n - 1, leaf->text);
	if (strcmp(s[1].name, "locator") == 0)
		return read_locator(b, s + 1, n - 1, leaf->text);
	if (n == 3 && strcmp(s[1].name, "interface") == 0 && strcmp(s[2].name, "address") == 0)
		return each_value(leaf->text, one_address, &(struct addresses){ b, s[1].key });
	return true;
}

int nrp_box_read(const struct nrp_leaves *l, struct nrp_box *out)
{
	*out = (struct nrp_box){ 0 };
	for (size_t i = 0; i < l->at.n; i++) {
		if (read_leaf(out, &l->at.at[i]))
			continue;
		nrp_box_fini(out);
		return err_raise(-ENOMEM);
	}
	return 0;
}

void nrp_box_fini(struct nrp_box *b)
{
	for (size_t i = 0; i < b->links.n; i++)
		VEC_FINI(&b->links.at[i].classes);
	for (size_t i = 0; i < b->locators.n; i++)
		VEC_FINI(&b->locators.at[i].adjacencies);
	VEC_FINI(&b->links);
	VEC_FINI(&b->locators);
	VEC_FINI(&b->addresses);
}
