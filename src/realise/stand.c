/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How sites with several homes stand: whether all that leads to each is reached, by which home, and which flows
 * another home stands in for. Pure: of a plan's values alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "realise/plan_int.h"

struct standing {
	struct realise_work w;
	struct realise_stand *out;
	const struct realise_table *t; /* that is looked at */
	bool *home;		       /* by SDP */
	bool *gone;		       /* by SDP: a home, and no way leads there from any table so far */
	bool *there;		       /* by SDP: a home, and a way does */
	bool moved;		       /* of t: it leads to another home than where all are there */
};

static const char *sdp_id(const struct standing *x, uint32_t sdp)
{
	return x->w.in->service->sdps[sdp].id;
}

static const char *device_of(const struct standing *x, uint32_t sdp)
{
	const char *device = x->w.in->places[sdp].device;

	return device ? device : "?";
}

static bool is_home_of(const struct standing *x, uint32_t at, uint32_t end, uint32_t sdp)
{
	while (at < end && x->w.homes.at[at].sdp != sdp)
		at++;
	return at < end;
}

/* ---- sites ---- */

static void say(struct standing *x, enum slice_homes is, uint32_t lost, uint32_t by)
{
	struct realise_stand *o = x->out;
	bool way = !realise_is_cut_off(&x->w, x->w.homes.at[lost].sdp, &x->w.homes.at[lost].prefix);
	uint32_t sdp = x->w.homes.at[lost].sdp;
	char text[IP_PREFIX_TEXT_MAX];
	int n;

	if (is <= o->is)
		return;
	o->is = is;
	o->sdp = sdp;
	n = snprintf(o->why, sizeof(o->why), "home %.40s (%.30s) is away: %s; ", sdp_id(x, sdp), device_of(x, sdp),
		     way ? "no way leads there" : "its circuit is down");
	if (n < 0 || (size_t)n >= sizeof(o->why))
		return;
	if (by == UINT32_MAX)
		(void)snprintf(o->why + n, sizeof(o->why) - (size_t)n, "no home of %s is left for %.40s",
			       ip_prefix_text(&x->w.homes.at[lost].prefix, text, sizeof(text)), sdp_id(x, x->t->sdp));
	else
		(void)snprintf(o->why + n, sizeof(o->why) - (size_t)n, "%.40s sends to %.40s (%.30s)",
			       sdp_id(x, x->t->sdp), sdp_id(x, by), device_of(x, by));
}

/* The homes of one prefix, as the table sees them. */
static void look_at_site(struct standing *x, uint32_t at, uint32_t end)
{
	unsigned least = UINT32_MAX, first = UINT32_MAX;
	uint32_t best = UINT32_MAX, chosen = UINT32_MAX, away = UINT32_MAX;

	for (uint32_t i = at; i < end; i++) {
		unsigned far = realise_how_far(&x->w, x->t, &x->w.homes.at[i]);

		if (far == UINT32_MAX)
			continue;
		if (far < least) {
			least = far;
			best = i;
		}
		if (far % REALISE_BACK < first) {
			first = far % REALISE_BACK;
			chosen = i;
		}
		if (far >= REALISE_AWAY && away == UINT32_MAX)
			away = i;
	}
	if (best == UINT32_MAX || away == UINT32_MAX)
		return;
	if (least >= REALISE_AWAY) {
		say(x, SLICE_HOMES_NONE, away, UINT32_MAX);
		return;
	}
	x->moved = x->moved || best != chosen;
	say(x, SLICE_HOMES_LESS, away, x->w.homes.at[best].sdp);
}

static void look_at_sites(struct standing *x)
{
	const struct realise_homes *h = &x->w.homes;

	for (uint32_t at = 0, end; at < h->n; at = end) {
		(void)realise_homes_of(h, &h->at[at].prefix, &end);
		if (!is_home_of(x, at, end, x->t->sdp)) /* at a home itself it is delivered */
			look_at_site(x, at, end);
	}
}

/* ---- flows ---- */

/* All that is behind a home is reached by others of its homes, as the table sees them; away: it is, for that table. */
static bool stand_in(struct standing *x, uint32_t home, bool away)
{
	uint32_t n;
	const struct realise_prefix *p = realise_behind(&x->w, home, &n);

	for (uint32_t i = 0; p && i < n; i++) {
		uint32_t end, at = realise_homes_of(&x->w.homes, &p[i].prefix, &end), best = UINT32_MAX;
		unsigned least = UINT32_MAX, own = UINT32_MAX;

		if (at == end && !p[i].behind)
			continue; /* the link between router and customer, as much as the home itself */
		if (at == end)
			return false;
		for (uint32_t k = at; k < end; k++) {
			unsigned far = realise_how_far(&x->w, x->t, &x->w.homes.at[k]);

			if (x->w.homes.at[k].sdp == home)
				own = far;
			if (far < least) {
				least = far;
				best = x->w.homes.at[k].sdp;
			}
		}
		if (away && (own == UINT32_MAX || own < REALISE_AWAY))
			return false;
		if (!is_home_of(x, at, end, x->t->sdp) && (best == home || least >= REALISE_AWAY))
			return false;
	}
	return p;
}

static void look_at_flow(struct standing *x, uint32_t at, uint32_t home, bool away)
{
	if (stand_in(x, home, away))
		x->out->flows[at].device = x->w.in->places[x->t->sdp].device;
}

static void look_at_flows(struct standing *x)
{
	const struct realise_in *in = x->w.in;
	const char *own = sdp_id(x, x->t->sdp);

	for (uint32_t i = 0; i < in->service->n_sdps; i++) {
		uint32_t f = x->w.flow_to[i];

		if (!x->home[i] || f == UINT32_MAX)
			continue;
		look_at_flow(x, f, i, false);
		if (in->away && in->away[f])
			x->gone[i] = true;
		else
			x->there[i] = true;
	}
	for (uint32_t i = 0; i < in->n_flows; i++) {
		const struct slice_flow_view *f = &in->flows[i];
		uint32_t from = f->protection || strcmp(f->receiver, own) != 0 || strcmp(f->group, x->t->group) != 0 ?
					UINT32_MAX :
					realise_sdp_of(in->service, f->sender);

		if (from < in->service->n_sdps && x->home[from] && !x->out->flows[i].device)
			look_at_flow(x, i, from, true);
	}
}

/* ---- all ---- */

static int by_key(const void *a, const void *b)
{
	const struct realise_spare *x = a, *y = b;

	return sr_policy_key_cmp(&x->key, &y->key);
}

/* Routers that have nothing but homes that no way leads to: nobody can tell them anything, and nobody needs to. */
static void find_gone(struct standing *x)
{
	const struct realise_in *in = x->w.in;

	for (uint32_t i = 0; i < in->n_tables; i++) {
		const char *device = in->places[in->tables[i].sdp].device;
		bool only = device != NULL;

		for (uint32_t k = 0; k < in->n_tables && only; k++) {
			uint32_t sdp = in->tables[k].sdp;
			const char *other = in->places[sdp].device;

			only = !other || strcmp(other, device) != 0 || (x->gone[sdp] && !x->there[sdp]);
		}
		if (only)
			x->out->gone[x->out->n_gone++] = device;
	}
}

/* Flows in one policy (of a parent) are spared when each of them is. */
static void sort_flows(struct standing *x)
{
	const struct realise_in *in = x->w.in;
	struct realise_stand *o = x->out;
	uint32_t n = 0;

	for (uint32_t i = 0; i < in->n_flows; i++) {
		const struct slice_flow_view *f = &in->flows[i];
		uint32_t from = realise_sdp_of(in->service, f->sender), to = realise_sdp_of(in->service, f->receiver);
		uint32_t max = in->service->n_sdps;
		bool home = (from < max && x->home[from]) || (to < max && x->home[to]);

		if (!f->protection)
			o->flows[n++] = (struct realise_spare){ f->key, o->flows[i].device, home };
	}
	if (n > 1)
		qsort(o->flows, n, sizeof(o->flows[0]), by_key);
	for (uint32_t i = 0; i < n; i++) {
		struct realise_spare *last = o->n_flows ? &o->flows[o->n_flows - 1] : NULL, *f = &o->flows[i];

		if (!last || by_key(last, f) != 0) {
			o->flows[o->n_flows++] = *f;
			continue;
		}
		last->home = last->home && f->home;
		last->device = f->device ? last->device : NULL;
	}
}

bool realise_stand(const struct realise_in *in, struct arena *a, struct realise_stand *out)
{
	struct standing x = { .w = { .in = in, .a = a }, .out = out };
	uint32_t n = in->service->n_sdps;

	*out = (struct realise_stand){ 0 };
	x.w.behind = ARENA_ARRAY(a, n + 1, struct realise_behind);
	x.w.flow_to = ARENA_ARRAY(a, n + 1, uint32_t);
	x.home = ARENA_ARRAY(a, n + 1, bool);
	x.gone = ARENA_ARRAY(a, n + 1, bool);
	x.there = ARENA_ARRAY(a, n + 1, bool);
	out->flows = ARENA_ARRAY(a, in->n_flows + 1, struct realise_spare);
	out->moved = ARENA_ARRAY(a, in->n_tables + 1, const char *);
	out->gone = ARENA_ARRAY(a, in->n_tables + 1, const char *);
	if (!x.w.behind || !x.w.flow_to || !x.home || !x.gone || !x.there || !out->flows || !out->moved || !out->gone ||
	    !realise_homes(in->service, a, x.w.behind, &x.w.homes))
		return false;
	for (uint32_t i = 0; i < x.w.homes.n; i++)
		x.home[x.w.homes.at[i].sdp] = true;
	for (uint32_t i = 0; i < in->n_tables && !x.w.nomem; i++) {
		x.t = &in->tables[i];
		x.moved = false;
		realise_find_flows(&x.w, x.t);
		look_at_sites(&x);
		look_at_flows(&x);
		if (x.moved)
			out->moved[out->n_moved++] = in->places[x.t->sdp].device;
	}
	find_gone(&x);
	sort_flows(&x);
	return !x.w.nomem;
}

const struct realise_spare *realise_stand_of(const struct realise_stand *s, const struct sr_policy_key *key)
{
	struct realise_spare k = { .key = *key };

	k.key.leg = 0; /* its standby goes where it goes */
	return s->n_flows ? bsearch(&k, s->flows, s->n_flows, sizeof(k), by_key) : NULL;
}
