/* SPDX-License-Identifier: Apache-2.0 */
#include "topo/overlay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bitset.h"
#include "base/err.h"
#include "base/str.h"

static void extra_fini(struct topo_extra *x)
{
	free((void *)(uintptr_t)x->locators);
	free((void *)(uintptr_t)x->sids);
	free((void *)(uintptr_t)x->adjacencies);
	*x = (struct topo_extra){ 0 };
}

static void *copy(const void *from, size_t n, size_t size)
{
	void *to = calloc(n + 1, size);

	if (to && n > 0)
		memcpy(to, from, n * size);
	return to;
}

static int extra_copy(const struct topo_extra *from, struct topo_extra *to)
{
	*to = (struct topo_extra){
		.locators = copy(from->locators, from->n_locators, sizeof(*from->locators)),
		.sids = copy(from->sids, from->n_sids, sizeof(*from->sids)),
		.adjacencies = copy(from->adjacencies, from->n_adjacencies, sizeof(*from->adjacencies)),
		.n_locators = from->n_locators,
		.n_sids = from->n_sids,
		.n_adjacencies = from->n_adjacencies,
	};
	if (to->locators && to->sids && to->adjacencies)
		return 0;
	extra_fini(to);
	return err_raise(-ENOMEM);
}

static bool sid_eq(const struct ted_sid *a, const struct ted_sid *b)
{
	return ip_eq(&a->sid, &b->sid) && a->behavior == b->behavior && a->algo == b->algo &&
	       a->flags == b->flags && memcmp(&a->structure, &b->structure, sizeof(a->structure)) == 0;
}

static bool has_locator(const struct topo_extra *x, const struct ted_locator *l)
{
	for (uint32_t i = 0; i < x->n_locators; i++) {
		const struct ted_locator *o = &x->locators[i];

		if (ip_prefix_cmp(&o->prefix, &l->prefix) == 0 && o->algo == l->algo && o->flags == l->flags &&
		    o->metric == l->metric)
			return true;
	}
	return false;
}

static bool has_sid(const struct topo_extra *x, const struct ted_sid *s)
{
	for (uint32_t i = 0; i < x->n_sids; i++)
		if (sid_eq(&x->sids[i], s))
			return true;
	return false;
}

static bool has_adjacency(const struct topo_extra *x, const struct topo_extra_sid *s)
{
	for (uint32_t i = 0; i < x->n_adjacencies; i++)
		if (ip_eq(&x->adjacencies[i].local_v6, &s->local_v6) && sid_eq(&x->adjacencies[i].sid, &s->sid))
			return true;
	return false;
}

/* Is everything of b in a? */
static bool holds(const struct topo_extra *a, const struct topo_extra *b)
{
	for (uint32_t i = 0; i < b->n_locators; i++)
		if (!has_locator(a, &b->locators[i]))
			return false;
	for (uint32_t i = 0; i < b->n_sids; i++)
		if (!has_sid(a, &b->sids[i]))
			return false;
	for (uint32_t i = 0; i < b->n_adjacencies; i++)
		if (!has_adjacency(a, &b->adjacencies[i]))
			return false;
	return true;
}

static size_t at(const struct overlay *o, const char *id)
{
	return VEC_PLACE(&o->nodes, n, strcmp(n->id, id) < 0);
}

void overlay_fini(struct overlay *o)
{
	for (size_t i = 0; i < o->nodes.n; i++)
		extra_fini(&o->nodes.at[i].x);
	VEC_FINI(&o->nodes);
	VEC_FINI(&o->links);
}

const struct topo_extra *overlay_of(const struct overlay *o, const char *id)
{
	size_t i = at(o, id);

	return i < o->nodes.n && strcmp(o->nodes.at[i].id, id) == 0 ? &o->nodes.at[i].x : NULL;
}

static int add(struct overlay *o, size_t i, const char *id, const struct topo_extra *x)
{
	struct overlay_node n = { 0 };

	if (!str_copy(n.id, sizeof(n.id), id))
		return err_raise(-EINVAL);
	if (extra_copy(x, &n.x) < 0)
		return err_raise(-ENOMEM);
	if (!VEC_INSERT(&o->nodes, i, n)) {
		extra_fini(&n.x);
		return err_raise(-ENOMEM);
	}
	return 0;
}

static void drop(struct overlay *o, size_t i)
{
	extra_fini(&o->nodes.at[i].x);
	VEC_CUT(&o->nodes, i);
}

int overlay_set(struct overlay *o, const char *id, const struct topo_extra *x, enum overlay_news *news)
{
	static const struct topo_extra none;
	const struct topo_extra *was = overlay_of(o, id);
	const struct topo_extra *is = x ? x : &none;
	bool nothing = is->n_locators + is->n_sids + is->n_adjacencies == 0;
	struct topo_extra own;
	size_t i = at(o, id);

	*news = !holds(is, was ? was : &none) ? OVERLAY_LESS :
		!holds(was ? was : &none, is) ? OVERLAY_MORE :
						OVERLAY_SAME;
	if (*news == OVERLAY_SAME)
		return 0;
	if (nothing) {
		drop(o, i);
		return 0;
	}
	if (!was)
		return add(o, i, id, is);
	if (extra_copy(is, &own) < 0)
		return err_raise(-ENOMEM);
	extra_fini(&o->nodes.at[i].x);
	o->nodes.at[i].x = own;
	return 0;
}

/* ---- into rows ---- */

static bool defines_reserved(const struct overlay *o, const struct ted_node *t)
{
	for (size_t i = 0; i < t->n_fads; i++)
		if (bitset_has(o->reserved, t->fads[i].algo))
			return true;
	return false;
}

/* By the IGP's metric, without any rule: what a plain prefix is forwarded by. */
static int algos_fill(const struct overlay *o, struct arena *a, struct ted_node *t)
{
	size_t n = bitset_count(o->algos, 4);
	struct ted_fad *fads;

	if (t->pseudonode || (n == 0 && !defines_reserved(o, t)))
		return 0;
	fads = ARENA_ARRAY(a, t->n_fads + n, struct ted_fad);
	if (!fads)
		return err_raise(-ENOMEM);
	if (t->n_fads)
		memcpy(fads, t->fads, t->n_fads * sizeof(*fads));
	for (size_t i = 0; i < t->n_fads; i++)
		fads[i].exclusive = bitset_has(o->reserved, fads[i].algo);
	for (unsigned algo = TED_FLEX_FIRST; algo <= UINT8_MAX; algo++) {
		if (!bitset_has(o->algos, algo))
			continue;
		fads[t->n_fads++] = (struct ted_fad){ .algo = (uint8_t)algo, .metric_type = TED_FLEX_IGP,
						       .exclusive = true };
		bitset_add(t->algos, algo);
	}
	t->fads = fads;
	return 0;
}

int overlay_node_fill(const struct overlay *o, struct arena *a, struct ted_node *t, struct ted_locator *locators,
		      struct ted_sid *sids)
{
	const struct topo_extra *x = overlay_of(o, t->id);

	for (uint32_t i = 0; x && i < x->n_locators && t->n_locators < UINT16_MAX; i++)
		locators[t->n_locators++] = x->locators[i];
	for (uint32_t i = 0; x && i < x->n_sids && t->n_sids < UINT16_MAX; i++)
		sids[t->n_sids++] = x->sids[i];
	t->srv6 = t->srv6 || (x && x->n_locators);
	return algos_fill(o, a, t);
}

void overlay_link_fill(const struct topo_extra *x, struct ted_link *t, struct ted_sid *sids)
{
	for (uint32_t i = 0; x && i < x->n_adjacencies && t->n_sids < UINT16_MAX; i++) {
		if (t->local_v6.family && ip_eq(&x->adjacencies[i].local_v6, &t->local_v6))
			sids[t->n_sids++] = x->adjacencies[i].sid;
	}
}
