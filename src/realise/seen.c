/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What devices say they have under names of ours, whoever put it there: told to an audit when no slice
 * knows of it. A device that is not watched, or lost sight of, is said to be unknown.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "log/log.h"
#include "realise/room.h"

enum { SEEN_MAX = 65536 };

static const char *const kinds[REALISE_SEEN_KINDS] = { "/device/table/name", "/device/classifier/name",
						       "/device/policer/name" };

static struct realise_sight *sight_of(const struct realise *r, const char *device)
{
	for (size_t i = 0; i < r->sights.n; i++) {
		if (strcmp(r->sights.at[i]->device, device) == 0)
			return r->sights.at[i];
	}
	return NULL;
}

static void drop(struct realise_sight *g, size_t at)
{
	free(g->seen.at[at].path);
	free(g->seen.at[at].name);
	g->seen.at[at] = g->seen.at[--g->seen.n];
}

static void sight_free(struct realise_sight *g)
{
	while (g->seen.n)
		drop(g, g->seen.n - 1);
	VEC_FINI(&g->seen);
	realise_mixed_fini(g);
	realise_ways_fini(g);
	realise_told_fini(&g->told);
	free(g);
}

void realise_seen_fini(struct realise *r)
{
	while (r->sights.n)
		sight_free(r->sights.at[--r->sights.n]);
	VEC_FINI(&r->sights);
}

/* It is up, perhaps for the first time. */
void realise_seen_up(struct realise *r, const struct device_info *info)
{
	const char *device = info->device;
	const struct device_watch forwarding = { .path = realise_told_path, .on_change = true };
	struct realise_sight *g = sight_of(r, device);
	unsigned n = 0;

	if (g)
		g->probes = info->probes;
	if (g)
		return;
	g = calloc(1, sizeof(*g));
	if (!g || !VEC_ADD(&r->sights, g)) {
		free(g);
		return;
	}
	(void)str_copy(g->device, sizeof(g->device), device);
	g->probes = info->probes;
	for (unsigned k = 0; k < REALISE_SEEN_KINDS; k++) {
		const struct device_watch w = { .path = kinds[k], .on_change = true };

		n += r->port.watch(r->port.self, device, &w, &g->watch[k]) == 0;
	}
	n += realise_mixed_up(r, g);
	if (!realise_ways_up(r, g))
		g->watch_down = 0; /* its circuits are taken for up */
	if (r->port.watch(r->port.self, device, &forwarding, &g->told.watch) != 0)
		g->told.watch = 0;
	r->seen_rev++;
	realise_leaks_due(r);
	if (n <= REALISE_SEEN_KINDS)
		log_event("", LOG_WARN, "realise.watch", "device=%s error=\"not all of it can be watched\"", device);
}

bool realise_seen_probes(const struct realise *r, const char *device)
{
	const struct realise_sight *g = sight_of(r, device);

	return !g || g->probes;
}

void realise_seen_gone(struct realise *r, const char *device)
{
	for (size_t i = 0; i < r->sights.n; i++) {
		if (strcmp(r->sights.at[i]->device, device) != 0)
			continue;
		realise_mixed_end(r, r->sights.at[i]);
		sight_free(r->sights.at[i]);
		r->sights.at[i] = r->sights.at[--r->sights.n];
		r->seen_rev++;
		realise_leaks_due(r);
		return;
	}
}

static int kind_of(const struct realise_sight *g, uint32_t watch)
{
	for (int k = 0; g && watch && k < REALISE_SEEN_KINDS; k++) {
		if (g->watch[k] == watch)
			return k;
	}
	return -1;
}

/* Of the object's path, without the name behind it. */
static size_t object_len(const char *path)
{
	const char *end = strrchr(path, '/');

	return end && strcmp(end, "/name") == 0 ? (size_t)(end - path) : strlen(path);
}

static void forget(struct realise_sight *g, const char *path, size_t len)
{
	for (size_t i = g->seen.n; i-- > 0;) {
		if (strncmp(g->seen.at[i].path, path, len) == 0 && g->seen.at[i].path[len] == '\0')
			drop(g, i);
	}
}

/* True: it was of a watch of this file. */
bool realise_seen_sample(struct realise *r, const struct device_sample *s)
{
	struct realise_sight *g = sight_of(r, s->device);
	size_t len = object_len(s->path);
	struct realise_seen x = { 0 };

	if (g && g->told.watch && g->told.watch == s->watch) {
		bool was = realise_told_is_whole(&g->told);

		realise_told_sample(&g->told, s);
		r->seen_rev += was != realise_told_is_whole(&g->told);
		realise_leaks_due(r);
		return true;
	}
	if (g && realise_mixed_sample(r, g, s)) {
		r->seen_rev++;
		realise_leaks_due(r);
		return true;
	}
	if (g && realise_ways_sample(r, g, s))
		return true;
	if (kind_of(g, s->watch) < 0)
		return false;
	forget(g, s->path, len);
	if (s->gone || !s->text || strncmp(s->text, REALISE_TAG, strlen(REALISE_TAG)) != 0)
		return true;
	x.path = strndup(s->path, len);
	x.name = strdup(s->text);
	g->full = g->full || g->seen.n == SEEN_MAX;
	if (x.path && x.name && g->seen.n < SEEN_MAX && VEC_ADD(&g->seen, x))
		return true;
	free(x.path);
	free(x.name);
	return true;
}

void realise_seen_synced(struct realise *r, const char *device, uint32_t watch)
{
	struct realise_sight *g = sight_of(r, device);
	int k = kind_of(g, watch);

	if (k >= 0) {
		g->synced[k] = true;
	} else if (g && watch && watch == g->told.watch) {
		g->told.synced = true;
		r->seen_rev++;
		realise_leaks_due(r);
	} else if (g) {
		realise_mixed_synced(r, g, watch);
		r->seen_rev++;
		realise_ways_synced(r, g, watch);
	}
}

/* What is told next is all there is. */
void realise_seen_gap(struct realise *r, const char *device, uint32_t watch)
{
	struct realise_sight *g = sight_of(r, device);
	int k = kind_of(g, watch);
	size_t len = k < 0 ? 0 : strlen(kinds[k]) - strlen("/name");

	if (g && watch && watch == g->told.watch) {
		realise_told_fini(&g->told);
		r->seen_rev++;
		realise_leaks_due(r);
	}
	if (g) {
		realise_mixed_gap(g, watch);
		realise_ways_gap(g, watch);
	}
	if (k < 0)
		return;
	g->synced[k] = false;
	for (size_t i = g->seen.n; i-- > 0;) {
		if (strncmp(g->seen.at[i].path, kinds[k], len) == 0)
			drop(g, i);
	}
}

/* ---- the audit ---- */

struct realise_slice *realise_seen_whose(const struct realise *r, const char *device, const char *path)
{
	for (size_t i = 0; i < r->slices.n; i++) {
		struct realise_site *x = realise_site_of(r->slices.at[i], device, false);

		if (x && realise_foot_of(x, path))
			return r->slices.at[i];
	}
	return NULL;
}

void realise_seen_audit(const struct realise *r, void (*fn)(void *arg, const char *id, const char *what), void *arg)
{
	char what[SR_REASON_MAX];

	for (size_t i = 0; i < r->sights.n; i++) {
		const struct realise_sight *g = r->sights.at[i];

		for (size_t k = 0; k < g->seen.n; k++) {
			if (realise_seen_whose(r, g->device, g->seen.at[k].path))
				continue;
			(void)snprintf(what, sizeof(what), "%.180s on %.60s", g->seen.at[k].path, g->device);
			fn(arg, g->seen.at[k].name, what);
		}
		realise_mixed_audit(g, fn, arg);
		for (unsigned k = 0; k < REALISE_SEEN_KINDS; k++) {
			(void)snprintf(what, sizeof(what), "nobody knows what at %s", kinds[k]);
			if (!g->synced[k] || g->full)
				fn(arg, g->device, what);
		}
	}
}
