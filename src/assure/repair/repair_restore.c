/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way back. What was kept waits until its cause is gone and stayed gone, and is then tried to be
 * taken away as any action is: an incident of its own, verified in windows. What does not stand that is
 * done again, and waits twice as long.
 */
#include <stdio.h>
#include <string.h>

#include "assure/repair/repair_priv.h"
#include "base/str.h"

#define DAY (86400 * NS_PER_S)
enum { DAMPED_MAX = 16 };

static uint64_t wait_ns(const struct incident *i)
{
	uint64_t ns = ((uint64_t)i->view.policy.restore_s << i->damped) * NS_PER_S;

	return ns < DAY ? ns : DAY;
}

/* What it did is in the network, and is to go again. */
static bool stays(const struct incident *i)
{
	return i->view.phase == REPAIR_ENDED && i->view.outcome == REPAIR_KEPT && i->view.policy.revertive &&
	       !i->view.restores && !i->restored;
}

void repair_restore_plan(struct repair *r, struct repair_slice *s, const struct repair_now *now)
{
	const struct incident *last = NULL;

	LIST_EACH (l, &r->incidents) {
		const struct incident *i = LIST_OF(l, struct incident, link);

		if (stays(i) && strcmp(i->view.slice, s->id) == 0)
			last = i;
	}
	s->restore_of = last ? last->view.id : 0;
	if (last)
		s->restore_at = mono_add(now->mono, wait_ns(last));
}

void repair_restore_ended(struct repair *r, const struct incident *i)
{
	struct incident *was = i->view.restores ? repair_find(r, i->view.restores) : NULL;

	if (!was)
		return;
	was->unsaved = true;
	if (i->view.outcome == REPAIR_KEPT)
		was->restored = true;
	else if (was->damped < DAMPED_MAX)
		was->damped++;
}

void repair_restore_none(struct repair *r, const char *slice)
{
	LIST_EACH (l, &r->incidents) {
		struct incident *i = LIST_OF(l, struct incident, link);

		if (stays(i) && strcmp(i->view.slice, slice) == 0)
			i->restored = i->unsaved = true;
	}
}

/* ---- whoever knows the network ---- */

static struct repair_slice *waits(const struct repair *r, const struct incident *i)
{
	struct repair_slice *s = stays(i) ? repair_slice_get(r, i->view.slice) : NULL;

	return s && s->restore_of == i->view.id && !s->open ? s : NULL;
}

uint32_t repair_restore_next(const struct repair *r, uint32_t after)
{
	LIST_EACH (l, &r->incidents) {
		const struct incident *i = LIST_OF(l, struct incident, link);

		if (i->view.id > after && waits(r, i))
			return i->view.id;
	}
	return 0;
}

void repair_restore_late(struct repair *r, uint32_t incident, const struct repair_now *now)
{
	struct incident *i = repair_find(r, incident);
	struct repair_slice *s = i ? waits(r, i) : NULL;

	if (s)
		s->restore_at = mono_add(now->mono, wait_ns(i));
}

void repair_restore_moot(struct repair *r, uint32_t incident, const struct repair_now *now)
{
	struct incident *i = repair_find(r, incident);
	struct repair_slice *s = i ? waits(r, i) : NULL;

	if (!s)
		return;
	i->restored = i->unsaved = true;
	repair_restore_plan(r, s, now);
}

static bool forbidden(const struct repair *r, const char *slice)
{
	char window[REPAIR_TEXT_MAX];
	uint8_t allowed = 0;

	return r->cfg.free && !r->cfg.free(r->cfg.ctx, slice, &allowed, window) &&
	       !(allowed & 1u << REPAIR_RESTORE);
}

static void open_restore(struct repair *r, struct repair_slice *s, const struct incident *was,
			 const struct repair_now *now)
{
	const struct repair_incident v = was->view;
	uint64_t waited = wait_ns(was) / NS_PER_S;
	struct incident *i;

	/* a full list drops the oldest: it may be the one */
	if (repair_incident_new(r, r->id_given + 1, &i) != 0)
		return;
	(void)str_copy(i->view.slice, sizeof(i->view.slice), s->id);
	i->view.policy = v.policy;
	i->view.policy.n = 1;
	i->view.policy.order[0] = (struct repair_order){ REPAIR_RESTORE, false };
	i->view.restores = v.id;
	i->view.opened_wall_ns = now->wall_ns;
	i->of = s;
	s->open = i;
	r->counts.opened++;
	repair_tell(i, REPAIR_W_OPENED, now, "the cause of incident %u is gone for %llu s: %.120s", v.id,
		    (unsigned long long)waited, v.n_causes ? v.cause[0] : "unknown");
	repair_turn(r, i, REPAIR_LOCATING, REPAIR_DO_LOCATE, now);
}

void repair_restore_now(struct repair *r, uint32_t incident, const struct repair_now *now)
{
	const struct incident *i = repair_find(r, incident);
	struct repair_slice *s = i ? waits(r, i) : NULL;

	if (s && !s->spent && !mono_before(now->mono, s->restore_at) && !forbidden(r, s->id))
		open_restore(r, s, i, now);
}
