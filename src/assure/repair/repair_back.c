/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the way back open? What a repair went around, or switched away from, is looked at every few
 * seconds: while anything is wrong there it has not been gone for long enough.
 */
#include <stdlib.h>
#include <string.h>

#include "assure/repair/repair_desk_priv.h"
#include "base/auto.h"

/* Somebody changed it since: there is no way back any more that is this repair's. */
static bool moot(struct repair_desk *d, const struct desk_course *c)
{
	const struct desk_way *w = c ? repair_act_way(c->acts) : NULL;

	return !w || w->moot(d, c);
}

static bool covered(struct repair_desk *d, const struct desk_course *c)
{
	const struct desk_way *w = repair_act_way(c->acts);

	return w->covered && w->covered(d, c);
}

void repair_back_tick(struct repair_desk *d)
{
	const struct repair_now now = repair_desk_now(d);
	AUTO_FREE struct desk_net *n = NULL;
	bool seen;

	if (d->back_wait++ % DESK_BACK_TICKS != 0)
		return;
	repair_moves_sweep(d);
	repair_resize_sweep(d);
	if (!repair_restore_next(d->r, 0))
		return;
	n = calloc(1, sizeof(*n));
	seen = n && repair_net_look(d, n) == 0;
	for (uint32_t id = 0; (id = repair_restore_next(d->r, id)) != 0;) {
		const struct desk_course *c = repair_act_course(d, id);

		if (moot(d, c))
			repair_restore_moot(d->r, id, &now);
		else if (covered(d, c))
			repair_restore_late(d->r, id, &now);
		else if (!seen || d->was_stale || repair_net_suspected(n, c))
			repair_restore_late(d->r, id, &now);
		else
			repair_restore_now(d->r, id, &now);
	}
	if (n && n->ted)
		repair_net_fini(n);
}
