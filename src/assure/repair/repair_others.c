/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other slices that an action may make worse: those that it moves, and those that run where packets come that did
 * not before; where shares of partitions are changed, all that run there. Who was out of bounds before it was asked
 * for can blame nobody. Moved ones first, then the most important, as many as an incident watches.
 */
#include <stdlib.h>
#include <string.h>

#include "assure/repair/repair_desk_priv.h"
#include "base/str.h"

enum { KNOWN_WINDOWS = 3, KNOWN_S = 10 }; /* so much later it is no longer known how a slice was */

struct looking {
	struct repair_desk *d;
	struct desk_course *c;
	struct desk_net net;
	uint8_t *there; /* a bit a link: packets came, or shares changed */
	struct slice_view v;
	VEC(struct desk_pick) found;
};

static void bit_set(uint8_t *bits, uint32_t i)
{
	bits[i / 8] = (uint8_t)(bits[i / 8] | 1u << i % 8);
}

static bool bit(const uint8_t *bits, uint32_t n, uint32_t i)
{
	return bits && i < n && bits[i / 8] & 1u << i % 8;
}

/* A way that it went once, and does no more, has no key. */
static bool present(const struct desk_net *n, uint32_t flow)
{
	static const struct sr_policy_key none;

	return sr_policy_key_cmp(&n->keys[flow], &none) != 0;
}

/* What the action sends elsewhere; what it takes off sends nothing. */
static bool sends(const struct desk_course *c, const char *id)
{
	for (uint8_t i = 0; i < c->n_deeds; i++)
		if (strcmp(c->deed[i].want.id, id) == 0)
			return !c->deed[i].want.shed_for[0] || c->deed[i].before.shed_for[0];
	return false;
}

static void ways(const struct desk_course *c, const struct desk_net *n, uint8_t *bits, const uint8_t *but, uint32_t n_but)
{
	for (uint32_t f = 0; f < n->net.n_flows; f++) {
		const struct locate_flow *is = &n->net.flows[f];

		if (!present(n, f) || !sends(c, n->ids[is->service]))
			continue;
		for (uint32_t i = 0; i < is->n_links; i++)
			if (!bit(but, n_but, is->links[i]))
				bit_set(bits, is->links[i]);
	}
}

static size_t octets(uint32_t n_links)
{
	return n_links / 8 + (size_t)1;
}

void repair_others_before(struct repair_desk *d, struct desk_course *c)
{
	AUTO_FREE struct desk_net *n = calloc(1, sizeof(*n));

	free(c->ran);
	c->ran = NULL;
	c->n_ran = 0;
	c->asked_ns = loop_wall_ns(d->p.loop);
	if (c->n_deeds == 0 || !n)
		return;
	if (repair_net_look(d, n) == 0)
		c->ran = calloc(1, octets(n->net.n_links));
	if (c->ran) {
		c->n_ran = n->net.n_links;
		/* What is shed now and let on again sends nothing before. */
		for (uint8_t i = 0; i < c->n_deeds; i++)
			if (c->deed[i].before.shed_for[0])
				c->n_ran = 0;
		ways(c, n, c->ran, NULL, 0);
	}
	if (n->ted)
		repair_net_fini(n);
}

static void places(struct looking *o)
{
	ways(o->c, &o->net, o->there, o->c->ran, o->c->n_ran);
	for (uint8_t i = 0; i < o->c->resize.n && o->c->acts == REPAIR_RESIZE; i++) {
		uint32_t link = ted_link_by_text(o->net.ted, o->c->resize.want[i].link);

		if (link != TED_NONE)
			bit_set(o->there, link);
	}
}

static const struct desk_watch *watch(const struct repair_desk *d, const char *id)
{
	struct hash_node *n = hash_get(&d->watches, id, strlen(id), id);

	return n ? HASH_OF(n, struct desk_watch, node) : NULL;
}

/* It is measured, and was not out of bounds before it was asked for. *known: it was within them. */
static bool can_tell(const struct looking *o, const char *id, bool *known)
{
	const struct desk_watch *w = watch(o->d, id);
	uint64_t stale;

	if (!w || (w->ill_ns && w->ill_ns <= o->c->asked_ns))
		return false;
	stale = w->well_ns + KNOWN_WINDOWS * (w->end_ns - w->begin_ns) + KNOWN_S * NS_PER_S;
	*known = w->well_ns && stale >= o->c->asked_ns;
	return true;
}

static bool crosses(const struct looking *o, uint32_t flow)
{
	const struct locate_flow *is = &o->net.net.flows[flow];

	for (uint32_t i = 0; i < is->n_links; i++)
		if (bit(o->there, o->net.net.n_links, is->links[i]))
			return true;
	return false;
}

static void find(struct looking *o, const char *id, bool moved)
{
	struct desk_pick p = { .bps = moved };

	if (strcmp(id, o->c->slice) == 0 || !str_copy(p.id, sizeof(p.id), id) ||
	    slice_get(o->d->p.slice, id, &o->v) != 0 || o->v.shed_for[0])
		return;
	p.priority = o->v.priority;
	(void)VEC_ADD(&o->found, p);
}

static void look(struct looking *o)
{
	const struct desk_net *n = &o->net;
	uint32_t last = UINT32_MAX;

	places(o);
	for (uint32_t f = 0; f < n->net.n_flows; f++) {
		const char *id = n->ids[n->net.flows[f].service];
		bool moved = sends(o->c, id);

		if (n->net.flows[f].service == last || !present(n, f) || !(moved || crosses(o, f)))
			continue;
		last = n->net.flows[f].service;
		find(o, id, moved);
	}
}

static int found_cmp(const void *x, const void *y)
{
	const struct desk_pick *a = x, *b = y;

	if (a->bps != b->bps)
		return a->bps > b->bps ? -1 : 1;
	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	return strcmp(a->id, b->id);
}

void repair_others_after(struct repair_desk *d, struct desk_course *c)
{
	struct looking *o = calloc(1, sizeof(*o));
	bool known;

	if (!o)
		return;
	o->d = d;
	o->c = c;
	if (repair_net_look(d, &o->net) == 0)
		o->there = calloc(1, octets(o->net.net.n_links));
	if (o->there)
		look(o);
	if (o->found.n > 1)
		qsort(o->found.at, o->found.n, sizeof(o->found.at[0]), found_cmp);
	for (size_t i = 0; i < o->found.n; i++)
		if (can_tell(o, o->found.at[i].id, &known))
			(void)repair_beside_add(d->r, c->incident, c->turn, o->found.at[i].id, known);
	if (o->net.ted)
		repair_net_fini(&o->net);
	VEC_FINI(&o->found);
	free(o->there);
	free(o);
}
