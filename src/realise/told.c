/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forwarding state of a device, leaf by leaf into tables. Rows are kept in order, so that what a device tells in
 * order is put behind; a table is small enough that one out of order costs little.
 */
#include "realise/told.h"

#include <string.h>

#include "base/auto.h"
#include "base/str.h"

const char realise_told_path[] = "/device/forwarding";

/* ---- paths ---- */

struct elem {
	const char *name, *keys, *end; /* keys: from the first "[" on */
};

static bool next_elem(const char **at, struct elem *e)
{
	const char *c = *at;
	bool in_key = false;

	if (*c != '/')
		return false;
	e->name = ++c;
	while (*c && *c != '[' && *c != '/')
		c++;
	e->keys = c;
	for (; *c && (in_key || *c != '/'); c++)
		in_key = *c == '[' || (in_key && *c != ']');
	e->end = c;
	*at = c;
	return true;
}

static bool is(const struct elem *e, const char *name)
{
	size_t n = (size_t)(e->keys - e->name);

	return strlen(name) == n && strncmp(e->name, name, n) == 0;
}

static bool has_keys(const struct elem *e)
{
	return e->keys != e->end;
}

/* The value of a key. False: it has none, or one that is too long. */
static bool key_of(const struct elem *e, const char *name, char *out, size_t cap)
{
	size_t n = strlen(name);

	for (const char *c = e->keys; c < e->end && *c == '[';) {
		const char *close = memchr(c, ']', (size_t)(e->end - c));
		const char *eq = close ? memchr(c, '=', (size_t)(close - c)) : NULL;

		if (!eq)
			return false;
		if ((size_t)(eq - c - 1) == n && strncmp(c + 1, name, n) == 0) {
			size_t len = (size_t)(close - eq - 1);

			if (len >= cap)
				return false;
			memcpy(out, eq + 1, len);
			out[len] = '\0';
			return true;
		}
		c = close + 1;
	}
	return false;
}

static bool key_number(const struct elem *e, const char *name, uint64_t max, uint64_t *out)
{
	char text[24];

	return key_of(e, name, text, sizeof(text)) && str_u64(text, out) == 0 && *out <= max;
}

static bool key_prefix(const struct elem *e, const char *name, struct ip_prefix *out)
{
	char text[IP_PREFIX_TEXT_MAX];

	if (!key_of(e, name, text, sizeof(text)) || ip_prefix_parse(text, out) != 0 || out->addr.family != IP_V6)
		return false;
	*out = ip_prefix_of(&out->addr, out->len);
	return true;
}

/* ---- rows ---- */

static void clear(struct realise_told *t)
{
	for (size_t i = 0; i < t->tables.n; i++)
		VEC_FINI(&t->tables.at[i].routes);
	VEC_FINI(&t->tables);
	VEC_FINI(&t->sids);
	t->n_routes = 0;
	t->sids_complete = false;
}

void realise_told_fini(struct realise_told *t)
{
	clear(t);
	t->synced = t->bad = false;
}

static void give_up(struct realise_told *t)
{
	clear(t);
	t->bad = true;
}

static size_t table_place(const struct realise_told *t, uint32_t id)
{
	return VEC_PLACE(&t->tables, x, x->id < id);
}

static void drop_routes(struct realise_told *t, struct told_table *x)
{
	t->n_routes -= x->routes.n;
	VEC_FINI(&x->routes);
}

static void drop_table(struct realise_told *t, size_t at)
{
	drop_routes(t, &t->tables.at[at]);
	VEC_CUT(&t->tables, at);
}

static struct told_table *table_of(struct realise_told *t, uint32_t id, bool make)
{
	size_t at = table_place(t, id);
	const struct told_table fresh = { .id = id };

	if (at < t->tables.n && t->tables.at[at].id == id)
		return &t->tables.at[at];
	if (!make)
		return NULL;
	if (t->tables.n < TOLD_TABLES_MAX && VEC_INSERT(&t->tables, at, fresh))
		return &t->tables.at[at];
	give_up(t);
	return NULL;
}

static bool before(const struct told_route *x, const struct ip_prefix *p, uint16_t member)
{
	int c = ip_prefix_cmp(&x->prefix, p);

	return c < 0 || (c == 0 && x->member < member);
}

static size_t route_place(const struct told_table *x, const struct ip_prefix *p, uint16_t member)
{
	return VEC_PLACE(&x->routes, r, before(r, p, member));
}

static struct told_route *route_of(struct realise_told *t, struct told_table *x, const struct ip_prefix *p, uint16_t member)
{
	size_t at = route_place(x, p, member);
	const struct told_route fresh = { .prefix = *p, .member = member };
	struct told_route *r = at < x->routes.n ? &x->routes.at[at] : NULL;

	if (r && r->member == member && ip_prefix_cmp(&r->prefix, p) == 0)
		return r;
	r = x->routes.n < TOLD_TABLE_ROUTES_MAX && t->n_routes < TOLD_ROUTES_MAX ? VEC_INSERT(&x->routes, at, fresh) :
										    NULL;
	if (!r) {
		give_up(t);
		return NULL;
	}
	t->n_routes++;
	return r;
}

static struct told_sid *sid_of(struct realise_told *t, const struct ip_prefix *p)
{
	size_t at = VEC_PLACE(&t->sids, x, ip_prefix_cmp(&x->prefix, p) < 0);
	const struct told_sid fresh = { .prefix = *p };
	struct told_sid *s = at < t->sids.n ? &t->sids.at[at] : NULL;

	if (s && ip_prefix_cmp(&s->prefix, p) == 0)
		return s;
	s = t->sids.n < TOLD_SIDS_MAX ? VEC_INSERT(&t->sids, at, fresh) : NULL;
	if (!s)
		give_up(t);
	return s;
}

/* ---- leaves ---- */

static unsigned word(const char *text, const char *const *words, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		if (strcmp(text, words[i]) == 0)
			return i;
	}
	return n - 1; /* one that is not known is another */
}

static uint32_t number(const struct device_sample *s, uint32_t max)
{
	uint64_t u = 0;

	if (s->number)
		u = s->u;
	else if (str_u64(s->text, &u) != 0)
		u = 0;
	return u > max ? 0 : (uint32_t)u;
}

/* One that none of ours can have stays "", which nobody owns and nothing is known of. */
static void put_interface(struct told_route *r, const char *text)
{
	if (!str_copy(r->interface, sizeof(r->interface), text))
		r->interface[0] = '\0';
}

static void route_leaf(struct told_route *r, const struct elem *leaf, const struct device_sample *s)
{
	static const char *const ways[] = { [TOLD_WAY_NONE] = "",   [TOLD_INTERFACE] = "interface", [TOLD_SID] = "sid",
					    [TOLD_DROP] = "drop",   [TOLD_NEXT] = "next",	    [TOLD_OTHER] = "other" };
	const char *text = s->gone ? "" : s->text;

	if (is(leaf, "way"))
		r->way = s->gone ? TOLD_WAY_NONE : (uint8_t)word(text, ways, ARRAY_LEN(ways));
	else if (is(leaf, "interface"))
		put_interface(r, text);
	else if (is(leaf, "sid") && (s->gone || ip_parse(text, &r->sid) != 0))
		r->sid = (struct ip_addr){ 0 };
}

static void sid_leaf(struct told_sid *x, const struct elem *leaf, const struct device_sample *s)
{
	static const char *const actions[] = { [TOLD_ACTION_NONE] = "", [TOLD_END] = "end", [TOLD_END_X] = "end-x",
					       [TOLD_END_DT] = "end-dt", [TOLD_ACTION_OTHER] = "other" };

	if (is(leaf, "action"))
		x->action = s->gone ? TOLD_ACTION_NONE : (uint8_t)word(s->text, actions, ARRAY_LEN(actions));
	else if (is(leaf, "table"))
		x->table = s->gone ? 0 : number(s, UINT32_MAX);
	else if (is(leaf, "block-length"))
		x->block = s->gone ? 0 : (uint8_t)number(s, 128);
	else if (is(leaf, "node-length"))
		x->node = s->gone ? 0 : (uint8_t)number(s, 128);
}

static bool is_true(const struct device_sample *s)
{
	return !s->gone && strcmp(s->text, "true") == 0;
}

/* ---- what a path is of ---- */

static void sample_route(struct realise_told *t, uint32_t id, const struct elem *e, const char *at, const struct device_sample *s)
{
	struct told_table *x = table_of(t, id, !s->gone);
	struct ip_prefix p;
	uint64_t member;
	struct elem leaf;
	bool deeper = next_elem(&at, &leaf);

	if (!x)
		return;
	if (!has_keys(e) && s->gone && !deeper) {
		drop_routes(t, x);
		return;
	}
	if (!key_prefix(e, "prefix", &p) || !key_number(e, "member", UINT16_MAX, &member)) {
		give_up(t);
		return;
	}
	if (s->gone) {
		size_t i = route_place(x, &p, (uint16_t)member);

		if (i == x->routes.n || x->routes.at[i].member != member || ip_prefix_cmp(&x->routes.at[i].prefix, &p) != 0)
			return;
		if (deeper) {
			route_leaf(&x->routes.at[i], &leaf, s);
			return;
		}
		VEC_CUT(&x->routes, i);
		t->n_routes--;
		return;
	}
	if (deeper) {
		struct told_route *r = route_of(t, x, &p, (uint16_t)member);

		if (r)
			route_leaf(r, &leaf, s);
	}
}

static void drop_all_tables(struct realise_told *t)
{
	while (t->tables.n)
		drop_table(t, t->tables.n - 1);
}

static void sample_table(struct realise_told *t, const struct elem *e, const char *at, const struct device_sample *s)
{
	struct told_table *x;
	struct elem leaf;
	uint64_t id;
	bool deeper = next_elem(&at, &leaf);

	if (!has_keys(e) && s->gone && !deeper) {
		drop_all_tables(t);
		return;
	}
	if (!key_number(e, "id", UINT32_MAX, &id)) {
		give_up(t);
		return;
	}
	if (deeper && is(&leaf, "route")) {
		sample_route(t, (uint32_t)id, &leaf, at, s);
		return;
	}
	x = table_of(t, (uint32_t)id, !s->gone);
	if (!x)
		return;
	if (s->gone && (!deeper || is(&leaf, "id")))
		drop_table(t, (size_t)(x - t->tables.at));
	else if (deeper && is(&leaf, "complete"))
		x->complete = is_true(s);
}

static void sample_sid(struct realise_told *t, const struct elem *e, const char *at, const struct device_sample *s)
{
	struct ip_prefix p;
	struct elem leaf;
	bool deeper = next_elem(&at, &leaf);
	struct told_sid *x;
	size_t i;

	if (!has_keys(e) && s->gone && !deeper) {
		VEC_FINI(&t->sids);
		return;
	}
	if (!key_prefix(e, "prefix", &p)) {
		give_up(t);
		return;
	}
	i = VEC_PLACE(&t->sids, y, ip_prefix_cmp(&y->prefix, &p) < 0);
	if (s->gone && (i == t->sids.n || ip_prefix_cmp(&t->sids.at[i].prefix, &p) != 0))
		return;
	if (s->gone && !deeper) {
		VEC_CUT(&t->sids, i);
		return;
	}
	x = deeper ? sid_of(t, &p) : NULL;
	if (x)
		sid_leaf(x, &leaf, s);
}

void realise_told_sample(struct realise_told *t, const struct device_sample *s)
{
	const char *at = s->path;
	struct elem e;
	bool deeper = next_elem(&at, &e) && is(&e, "device") && next_elem(&at, &e) && is(&e, "forwarding");

	if (t->bad)
		return;
	if (!s->gone && !s->text) {
		give_up(t);
		return;
	}
	if (!deeper || !next_elem(&at, &e)) {
		if (s->gone)
			clear(t); /* all of it, or what is around it */
		return;
	}
	if (is(&e, "table"))
		sample_table(t, &e, at, s);
	else if (is(&e, "sid"))
		sample_sid(t, &e, at, s);
	else if (is(&e, "sids-complete"))
		t->sids_complete = is_true(s);
}
