/* SPDX-License-Identifier: Apache-2.0 */
/* When windows are. Occurrences are a period apart by the clock of UTC, and never overlap. */
#include "assure/window/window.h"

#include <string.h>

#include "base/mono.h"

static uint64_t period_ns(const struct window *w)
{
	static const uint64_t unit_s[] = { 0, 3600, 24 * 3600, 7 * 24 * 3600 };

	return unit_s[w->every] * w->interval * NS_PER_S;
}

static uint64_t duration_ns(const struct window *w)
{
	return w->duration_s * NS_PER_S;
}

const char *window_fault(const struct window *w, const char **leaf)
{
	*leaf = "name";
	if (!w->name[0])
		return "give it a name";
	*leaf = "duration";
	if (w->duration_s == 0 || w->duration_s > WINDOW_DURATION_S_MAX)
		return "it lasts from a second to 31 days";
	*leaf = "interval";
	if (w->every > WINDOW_WEEKLY || w->interval == 0)
		return "one follows another after 1 or more";
	*leaf = "duration";
	if (w->every != WINDOW_ONCE && duration_ns(w) > period_ns(w))
		return "the next would begin before it ends";
	*leaf = "start";
	/* so that no sum of what follows can be too large */
	if (w->start_wall_ns == 0 || w->start_wall_ns > UINT64_MAX / 4)
		return "it has no start";
	*leaf = "service";
	if (w->n_services == 0)
		return "name a slice at least";
	return NULL;
}

/* How many occurrences began up to then, 0 none. */
static uint64_t begun(const struct window *w, uint64_t wall_ns)
{
	uint64_t n;

	if (wall_ns < w->start_wall_ns)
		return 0;
	if (w->every == WINDOW_ONCE)
		return 1;
	n = (wall_ns - w->start_wall_ns) / period_ns(w) + 1;
	return w->count && n > w->count ? w->count : n;
}

bool window_at(const struct window *w, uint64_t wall_ns, uint64_t *begin_ns, uint64_t *end_ns)
{
	uint64_t n = begun(w, wall_ns);

	if (n == 0)
		return false;
	*begin_ns = w->start_wall_ns + (n - 1) * period_ns(w);
	*end_ns = *begin_ns + duration_ns(w);
	return wall_ns < *end_ns;
}

bool window_next(const struct window *w, uint64_t wall_ns, uint64_t *begin_ns)
{
	uint64_t n = wall_ns == 0 ? 0 : begun(w, wall_ns - 1);

	if ((w->every == WINDOW_ONCE && n > 0) || (w->count && n >= w->count))
		return false;
	*begin_ns = w->start_wall_ns + n * period_ns(w);
	return true;
}

bool window_names(const struct window *w, const char *service)
{
	for (uint8_t i = 0; i < w->n_services; i++)
		if (strcmp(w->service[i], service) == 0)
			return true;
	return false;
}
