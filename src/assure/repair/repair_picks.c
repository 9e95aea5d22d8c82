/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which other slices run where it is crowded, and may be asked to make room: those of lower priority than the
 * one that suffers; to be moved, those of the same too that say themselves that they may be (their own policy
 * has rebalance). Never one that an assurance window names, that a repair has to do with, or that carries others.
 */
#include <stdlib.h>
#include <string.h>

#include "assure/repair/repair_desk_priv.h"
#include "base/str.h"

struct picking {
	struct repair_desk *d;
	struct desk_course *c;
	enum repair_action action;
	const struct desk_net *n;
	uint32_t links[SLICE_AVOID_MAX]; /* that are suspected */
	uint32_t flow, service; /* of n: how far it was looked */
	const char **parents; /* ids of those that have children, ascending */
	uint32_t n_parents;
	uint8_t n_links;
	uint8_t priority; /* of the one that suffers */
	struct slice_view *v;
	struct window_view *w;
};

/* ---- who runs there ---- */

static void suspects(struct picking *p)
{
	for (uint8_t k = 0; k < p->c->n_suspects; k++) {
		uint32_t link = ted_link_by_text(p->n->ted, p->c->suspect[k]);

		if (link != TED_NONE)
			p->links[p->n_links++] = link;
	}
}

static bool crosses(const struct picking *p, const struct locate_flow *f)
{
	for (uint8_t k = 0; k < p->n_links; k++)
		for (uint32_t i = 0; i < f->n_links; i++)
			if (f->links[i] == p->links[k])
				return true;
	return false;
}

/*
 * Of the next service, as they are in order there and here. bps: what it reserved there; own: by a policy of its
 * own. A way that it went once does not count: those come last, and have no key.
 */
static bool runs_there(struct picking *p, const char *id, uint64_t *bps, bool *own)
{
	const uint32_t service = p->service++;
	struct slice_flow_view f;
	bool there = false;

	*bps = 0;
	*own = false;
	for (uint32_t at = 0; p->flow < p->n->net.n_flows; at++, p->flow++) {
		const struct locate_flow *is = &p->n->net.flows[p->flow];

		if (is->service != service)
			break;
		if (!crosses(p, is) || slice_flows(p->d->p.slice, id, at, &f, 1) != 1 ||
		    sr_policy_key_cmp(&p->n->keys[p->flow], &f.key) != 0)
			continue;
		*bps += f.bandwidth_bps;
		*own = *own || !f.inside;
		there = true;
	}
	return there;
}

/* ---- who may be asked ---- */

static bool says_so(const struct slice_repair *r)
{
	for (uint8_t i = 0; i < r->n_actions; i++)
		if (r->action[i].kind == SLICE_REBALANCE && !r->action[i].by_operator)
			return true;
	return false;
}

static bool lower(const struct picking *p)
{
	if (p->v->priority != p->priority)
		return p->v->priority > p->priority;
	return p->action == REPAIR_REBALANCE && says_so(&p->v->repair);
}

static bool in_window(const struct picking *p, const char *id)
{
	const char *at = NULL;

	while (p->d->p.windows && window_book_next(p->d->p.windows, at, p->w)) {
		if (p->w->active && window_names(&p->w->window, id))
			return true;
		at = p->w->window.name;
	}
	return false;
}

static bool works(const struct picking *p, const char *id)
{
	const struct repair_incident *i = NULL;

	for (uint32_t at = 0; (i = repair_incident_next(p->d->r, at)); at = i->id)
		if (i->phase >= REPAIR_SIMULATING && i->phase <= REPAIR_REVERTING && strcmp(i->slice, id) == 0)
			return true;
	return repair_act_holds(p->d, id, p->c);
}

static int text_cmp(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* False without memory. */
static bool parents(struct picking *p)
{
	const struct slice *s = p->d->p.slice;
	uint32_t cap = slice_count(s, SLICE_SERVICE) + 1;

	p->parents = calloc(cap, sizeof(*p->parents));
	if (!p->parents)
		return false;
	for (const char *k = slice_next(s, SLICE_SERVICE, NULL); k && p->n_parents < cap;
	     k = slice_next(s, SLICE_SERVICE, k)) {
		const struct slice_service *v = slice_service_of(s, k);

		if (v && v->real.parent)
			p->parents[p->n_parents++] = v->real.parent;
	}
	if (p->n_parents > 0)
		qsort(p->parents, p->n_parents, sizeof(*p->parents), text_cmp);
	return true;
}

static bool has_child(const struct picking *p, const char *id)
{
	return p->n_parents > 0 && bsearch(&id, p->parents, p->n_parents, sizeof(*p->parents), text_cmp);
}

/* Only what enters by circuits can be taken off there. */
static bool has_circuits(const struct picking *p, const char *id)
{
	const struct slice_service *v = slice_service_of(p->d->p.slice, id);

	for (uint32_t i = 0; v && i < v->n_sdps; i++)
		if (v->sdps[i].n_acs > 0)
			return true;
	return false;
}

static bool stands(const struct slice_view *v)
{
	return v->admin == SLICE_ADMIN_UP && v->state >= SLICE_ACTIVE && v->state <= SLICE_DEGRADED && !v->shed_for[0];
}

static bool may(const struct picking *p, const char *id, bool own)
{
	if (!stands(p->v) || !lower(p) || in_window(p, id) || works(p, id) || has_child(p, id))
		return false;
	if (p->action == REPAIR_SHED)
		return has_circuits(p, id);
	/* One that a repair moved before is where that wants it. */
	return own && p->v->detour.n_avoid == 0 && !p->v->detour.swapped;
}

/* ---- in which order ---- */

/* The least important first; of those the one that leaves most room. */
static int pick_cmp(const void *x, const void *y)
{
	const struct desk_pick *a = x, *b = y;

	if (a->priority != b->priority)
		return a->priority > b->priority ? -1 : 1;
	if (a->bps != b->bps)
		return a->bps > b->bps ? -1 : 1;
	return strcmp(a->id, b->id);
}

/* Of more than so many the most important are not thought of. */
static void keep(struct desk_course *c)
{
	c->n_picks++;
	if (c->n_picks <= DESK_PICKS_MAX)
		return;
	qsort(c->pick, c->n_picks, sizeof(c->pick[0]), pick_cmp);
	c->n_picks = DESK_PICKS_MAX;
}

static void pick(struct picking *p, const char *id)
{
	struct desk_pick *out = &p->c->pick[p->c->n_picks];
	bool own, there;

	*out = (struct desk_pick){ 0 };
	there = runs_there(p, id, &out->bps, &own);
	if (!there || strcmp(id, p->c->slice) == 0 || slice_get(p->d->p.slice, id, p->v) != 0)
		return;
	p->c->seen = (uint8_t)(p->c->seen + (p->c->seen < UINT8_MAX));
	if (!may(p, id, own))
		return;
	out->priority = p->v->priority;
	(void)str_copy(out->id, sizeof(out->id), id);
	keep(p->c);
}

void repair_picks_look(struct repair_desk *d, struct desk_course *c, enum repair_action a)
{
	AUTO_FREE struct desk_net *n = calloc(1, sizeof(*n));
	AUTO_FREE struct slice_view *v = calloc(1, sizeof(*v));
	AUTO_FREE struct window_view *w = calloc(1, sizeof(*w));
	struct picking p = { .d = d, .c = c, .action = a, .n = n, .v = v, .w = w };
	bool good = n && v && w && repair_net_look(d, n) == 0 && slice_get(d->p.slice, c->slice, v) == 0 && parents(&p);

	c->n_picks = c->seen = 0;
	p.priority = good ? v->priority : 0;
	if (good)
		suspects(&p);
	for (const char *id = good ? slice_next(d->p.slice, SLICE_SERVICE, NULL) : NULL; id;
	     id = slice_next(d->p.slice, SLICE_SERVICE, id))
		pick(&p, id);
	free(p.parents);
	qsort(c->pick, c->n_picks, sizeof(c->pick[0]), pick_cmp);
	if (n && n->ted)
		repair_net_fini(n);
}
