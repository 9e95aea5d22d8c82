/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables that a device says somebody else's rules lead to, or around: customers may meet there. It is not
 * ours to take away, so it is an alarm of the slice, and a line of the audit, until the device says
 * otherwise, or the table or the device goes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "realise/room.h"

enum { MIXED_MAX = 4096 };

static const char at[] = "/device/table/state/reason";
static const char words[] = "somebody else"; /* in reasons of our agent */

bool realise_mixed_up(struct realise *r, struct realise_sight *g)
{
	const struct device_watch w = { .path = at, .on_change = true };

	return r->port.watch(r->port.self, g->device, &w, &g->watch_mixed) == 0;
}

static void drop(struct realise_sight *g, size_t i)
{
	free(g->mixed.at[i].path);
	free(g->mixed.at[i].how);
	free(g->mixed.at[i].slice);
	g->mixed.at[i] = g->mixed.at[--g->mixed.n];
}

void realise_mixed_fini(struct realise_sight *g)
{
	while (g->mixed.n)
		drop(g, g->mixed.n - 1);
	VEC_FINI(&g->mixed);
}

static bool still(const struct realise *r, const char *slice)
{
	for (size_t i = 0; i < r->sights.n; i++) {
		const struct realise_sight *g = r->sights.at[i];

		for (size_t k = 0; k < g->mixed.n; k++) {
			if (g->mixed.at[k].slice && strcmp(g->mixed.at[k].slice, slice) == 0)
				return true;
		}
	}
	return false;
}

/* With the last of a slice its alarm goes. */
static void end(struct realise *r, struct realise_sight *g, size_t i)
{
	AUTO_FREE char *slice = g->mixed.at[i].slice;
	char what[SR_REASON_MAX];

	(void)snprintf(what, sizeof(what), "%.200s: nobody else's any more", g->mixed.at[i].path);
	g->mixed.at[i].slice = NULL;
	drop(g, i);
	if (slice && !still(r, slice))
		realise_event_of(r, slice, BUS_CLEARED, "slice-mixed", g->device, what);
}

void realise_mixed_end(struct realise *r, struct realise_sight *g)
{
	while (g->mixed.n)
		end(r, g, g->mixed.n - 1);
}

static struct realise_mixed *entry_of(struct realise_sight *g, const char *path, size_t len)
{
	for (size_t i = 0; i < g->mixed.n; i++) {
		if (strncmp(g->mixed.at[i].path, path, len) == 0 && g->mixed.at[i].path[len] == '\0')
			return &g->mixed.at[i];
	}
	return NULL;
}

static void begin(struct realise *r, struct realise_sight *g, const char *path, size_t len, const char *how)
{
	struct realise_mixed x = { strndup(path, len), strdup(how), NULL, false };
	const struct realise_slice *s = x.path ? realise_seen_whose(r, g->device, x.path) : NULL;
	char what[SR_REASON_MAX];

	x.slice = s ? strdup(s->id) : NULL;
	if (!x.path || !x.how || (s && !x.slice) || g->mixed.n == MIXED_MAX || !VEC_ADD(&g->mixed, x)) {
		free(x.path);
		free(x.how);
		free(x.slice);
		return;
	}
	(void)snprintf(what, sizeof(what), "%.80s: %.150s", x.path, how);
	if (s)
		realise_event_of(r, s->id, BUS_ALARM, "slice-mixed", g->device, what);
}

bool realise_mixed_sample(struct realise *r, struct realise_sight *g, const struct device_sample *is)
{
	const char *key = strrchr(is->path, ']');
	size_t len = key ? (size_t)(key + 1 - is->path) : strlen(is->path);
	bool ill = !is->gone && is->text && strstr(is->text, words) != NULL;
	struct realise_mixed *x;

	if (!g->watch_mixed || is->watch != g->watch_mixed)
		return false;
	x = entry_of(g, is->path, len);
	if (x && ill && strcmp(x->how, is->text) == 0) {
		x->stale = false;
		return true;
	}
	if (x)
		end(r, g, (size_t)(x - g->mixed.at));
	if (ill)
		begin(r, g, is->path, len, is->text);
	return true;
}

/* What is told next is all there is. */
void realise_mixed_gap(struct realise_sight *g, uint32_t watch)
{
	for (size_t i = 0; watch && watch == g->watch_mixed && i < g->mixed.n; i++)
		g->mixed.at[i].stale = true;
}

void realise_mixed_synced(struct realise *r, struct realise_sight *g, uint32_t watch)
{
	for (size_t i = g->mixed.n; watch && watch == g->watch_mixed && i-- > 0;) {
		if (g->mixed.at[i].stale)
			end(r, g, i);
	}
}

void realise_mixed_audit(const struct realise_sight *g, void (*fn)(void *arg, const char *id, const char *what),
			 void *arg)
{
	char what[SR_REASON_MAX];

	for (size_t i = 0; i < g->mixed.n; i++) {
		const struct realise_mixed *x = &g->mixed.at[i];

		/* under the device's name: what is a slice's that is there is no finding */
		(void)snprintf(what, sizeof(what), "%.70s of slice %.70s: %.90s", x->path, x->slice ? x->slice : "?",
			       x->how);
		fn(arg, g->device, what);
	}
}
