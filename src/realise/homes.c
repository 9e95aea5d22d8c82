/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sites with several homes: a prefix behind SDPs of different routers. Each home delivers by itself; who is elsewhere
 * sends to the first of them, in the order SDPs are written in, that is not away.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "realise/plan_int.h"

static int by_prefix(const void *a, const void *b)
{
	const struct realise_home *x = a, *y = b;
	int c = ip_prefix_cmp(&x->prefix, &y->prefix);

	return c ? c : (x->sdp > y->sdp) - (x->sdp < y->sdp);
}

/* What is behind one SDP alone is left out: of others each is of its own SDP once. */
static void keep_shared(struct realise_homes *h)
{
	uint32_t n = 0, end;

	for (uint32_t i = 0; i < h->n; i = end) {
		for (end = i + 1; end < h->n && ip_prefix_cmp(&h->at[end].prefix, &h->at[i].prefix) == 0;)
			end++;
		if (end - i == 1)
			continue;
		memmove(&h->at[n], &h->at[i], (end - i) * sizeof(h->at[0]));
		n += end - i;
	}
	h->n = n;
}

bool realise_homes(const struct slice_service *s, struct arena *a, struct realise_behind *of, struct realise_homes *out)
{
	uint32_t all = 0;

	*out = (struct realise_homes){ 0 };
	for (uint32_t i = 0; i < s->n_sdps; i++) {
		if (!of[i].at)
			of[i].at = realise_prefixes(&s->sdps[i], a, &of[i].n);
		if (!of[i].at)
			return false;
		all += of[i].n;
	}
	out->at = ARENA_ARRAY(a, all + 1, struct realise_home);
	if (!out->at)
		return false;
	for (uint32_t i = 0; i < s->n_sdps; i++) {
		for (uint32_t k = 0; k < of[i].n; k++)
			out->at[out->n++] = (struct realise_home){ of[i].at[k].prefix, i };
	}
	if (out->n > 1)
		qsort(out->at, out->n, sizeof(*out->at), by_prefix);
	keep_shared(out);
	return true;
}

uint32_t realise_homes_of(const struct realise_homes *h, const struct ip_prefix *p, uint32_t *end)
{
	uint32_t lo = 0, hi = h->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (ip_prefix_cmp(&h->at[mid].prefix, p) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (*end = lo; *end < h->n && ip_prefix_cmp(&h->at[*end].prefix, p) == 0;)
		++*end;
	return lo;
}

bool realise_is_home(const struct realise_homes *h, uint32_t sdp)
{
	for (uint32_t i = 0; i < h->n; i++) {
		if (h->at[i].sdp == sdp)
			return true;
	}
	return false;
}

/* ---- which of them ---- */

/* settled: one that is up again is so only when it stayed it. */
static bool is_down(const struct realise_in *in, const char *device, const struct slice_ac *ac, bool settled)
{
	char name[REALISE_IF_MAX];

	for (uint32_t i = 0; i < in->n_down; i++) {
		if ((settled || !in->down[i].back) && strcmp(in->down[i].device, device) == 0 && realise_interface(ac, name) &&
		    strcmp(in->down[i].interface, name) == 0)
			return true;
	}
	return false;
}

static bool is_cut_off(struct realise_work *w, uint32_t sdp, const struct ip_prefix *prefix, bool settled)
{
	const char *device = w->in->places[sdp].device;
	uint32_t n;
	const struct realise_prefix *at = w->in->n_down && device ? realise_behind(w, sdp, &n) : NULL;

	for (uint32_t i = 0; at && i < n; i++) {
		bool down = ip_prefix_cmp(&at[i].prefix, prefix) == 0 && is_down(w->in, device, at[i].ac, settled);

		for (uint32_t k = 0; down && k < at[i].n_backups; k++)
			down = is_down(w->in, device, at[i].backup[k].ac, settled);
		if (down)
			return true;
	}
	return false;
}

bool realise_is_cut_off(struct realise_work *w, uint32_t sdp, const struct ip_prefix *prefix)
{
	return is_cut_off(w, sdp, prefix, false);
}

unsigned realise_how_far(struct realise_work *w, const struct realise_table *t, const struct realise_home *h)
{
	enum { NEIGHBOUR = 0, REMOTE = 1 };
	const struct realise_in *in = w->in;
	const struct realise_joins *j = realise_joins_of(w, t->group);
	const char *own = in->places[t->sdp].device, *other = in->places[h->sdp].device;
	unsigned worse = is_cut_off(w, h->sdp, &h->prefix, false) ? REALISE_AWAY :
			 is_cut_off(w, h->sdp, &h->prefix, true)  ? REALISE_BACK :
								    0;

	if (!own || !other || !j || !realise_table_of(in->tables, in->n_tables, h->sdp, t->group))
		return UINT32_MAX;
	if (realise_joined(j, t->sdp, h->sdp) && strcmp(own, other) == 0)
		return NEIGHBOUR + worse;
	if (w->flow_to[h->sdp] == UINT32_MAX)
		return UINT32_MAX;
	return REMOTE + (in->away && in->away[w->flow_to[h->sdp]] ? REALISE_AWAY : worse);
}

bool realise_is_best_home(struct realise_work *w, const struct realise_table *t, uint32_t sdp, const struct ip_prefix *p)
{
	uint32_t end, at = realise_homes_of(&w->homes, p, &end), best = sdp;
	unsigned least = UINT32_MAX;

	for (; at < end; at++) {
		unsigned far = realise_how_far(w, t, &w->homes.at[at]);

		if (far < least) {
			least = far;
			best = w->homes.at[at].sdp;
		}
	}
	return best == sdp;
}
