/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slices beside the one that is mended, which what was done for it may have made worse. Those that were within
 * their bounds have to be found so again before it is kept, as the slice itself has; whoever was not out of bounds
 * before and is now ends it.
 */
#include <stdio.h>
#include <string.h>

#include "assure/repair/repair_priv.h"
#include "base/err.h"
#include "base/str.h"

int repair_beside_add(struct repair *r, uint32_t incident, uint32_t turn, const char *slice, bool known)
{
	struct incident *i = repair_find(r, incident);
	struct repair_beside b = { .known = known };

	if (!i || i->turn != turn || i->view.phase != REPAIR_APPLYING || !str_copy(b.slice, sizeof(b.slice), slice))
		return REPAIR_E_STATE;
	for (size_t k = 0; k < i->beside.n; k++)
		if (strcmp(i->beside.at[k].slice, slice) == 0)
			return 0;
	if (i->beside.n >= REPAIR_BESIDE_MAX)
		return REPAIR_E_FULL;
	if (!VEC_ADD(&i->beside, b))
		return err_raise(-ENOMEM);
	i->unsaved = true;
	return 0;
}

const char *repair_beside_waits(const struct incident *i)
{
	for (size_t k = 0; k < i->beside.n; k++)
		if (i->beside.at[k].known && i->beside.at[k].good < REPAIR_VERIFY)
			return i->beside.at[k].slice;
	return NULL;
}

/* Nothing is said of it any more, or for the last time: it may have been what was waited for. */
static void maybe_kept(struct repair *r, struct incident *i, const struct repair_now *now)
{
	if (i->view.phase == REPAIR_VERIFYING && i->view.good >= REPAIR_VERIFY && !repair_beside_waits(i))
		repair_keep(r, i, now);
}

static void worse(struct repair *r, struct incident *i, const struct repair_beside *b, const char *why,
		  const struct repair_now *now)
{
	char text[REPAIR_TEXT_MAX];

	(void)snprintf(text, sizeof(text), "slice %.110s was %sout of bounds before, and is now", b->slice,
		       b->known ? "not " : "not known to be ");
	repair_tell(i, REPAIR_W_WINDOW, now, "slice %.110s is out of bounds: %.120s", b->slice, why ? why : "");
	i->more = false; /* with more slices it would be no better for that one */
	repair_take_back(r, i, text, now);
}

static void blind(struct repair *r, struct incident *i, struct repair_beside *b, const struct repair_now *now)
{
	char text[REPAIR_TEXT_MAX];

	if (!b->known || i->resumed || b->good >= REPAIR_VERIFY || ++b->blind < REPAIR_BLIND)
		return;
	(void)snprintf(text, sizeof(text), "whether slice %.110s is as well as before is not known", b->slice);
	i->more = false;
	repair_take_back(r, i, text, now);
}

static void beside_one(struct repair *r, struct incident *i, struct repair_beside *b, const struct repair_window *w,
		       const struct repair_now *now)
{
	if (w->verdict == REPAIR_BEYOND) {
		worse(r, i, b, w->why, now);
		return;
	}
	if (w->verdict == REPAIR_UNKNOWN && !w->idle) {
		blind(r, i, b, now);
		return;
	}
	b->good = (uint8_t)(b->good + (b->good < REPAIR_VERIFY));
	i->unsaved = true;
	maybe_kept(r, i, now);
}

void repair_beside_window(struct repair *r, const struct repair_window *w, const struct repair_now *now)
{
	LIST_EACH (l, &r->incidents) {
		struct incident *i = LIST_OF(l, struct incident, link);

		if (i->view.phase != REPAIR_VERIFYING || w->begin_wall_ns < i->view.applied_wall_ns)
			continue;
		for (size_t k = 0; k < i->beside.n; k++) {
			if (strcmp(i->beside.at[k].slice, w->slice) != 0)
				continue;
			beside_one(r, i, &i->beside.at[k], w, now);
			break;
		}
	}
	repair_choose_all(r, now);
}

void repair_beside_gone(struct repair *r, const char *slice, const struct repair_now *now)
{
	LIST_EACH (l, &r->incidents) {
		struct incident *i = LIST_OF(l, struct incident, link);

		for (size_t k = 0; k < i->beside.n; k++) {
			if (strcmp(i->beside.at[k].slice, slice) != 0)
				continue;
			VEC_CUT(&i->beside, k);
			i->unsaved = true;
			maybe_kept(r, i, now);
			break;
		}
	}
}

bool repair_beside_late(const struct incident *i, char out[REPAIR_TEXT_MAX])
{
	const char *slice = i->view.good >= REPAIR_VERIFY ? repair_beside_waits(i) : NULL;

	if (slice)
		(void)snprintf(out, REPAIR_TEXT_MAX, "too few windows of slice %.110s in time", slice);
	return slice;
}
