/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slices with an end: when it has come they are deleted as by a command, so that all that holds for
 * one holds for them. What cannot be deleted then (it is in use, or being written) is tried again.
 * The wall clock may jump, so the timer is never set for long.
 */
#include <stdlib.h>

#include "base/str.h"
#include "log/log.h"
#include "slice/room.h"

enum { LOOK_S = 60, AGAIN_S = 10, AT_ONCE = 16 };

static bool ends(const struct slice_entry *e)
{
	return e->service.real.ends_s && !e->deleted;
}

void slice_ends_look(struct slice *s)
{
	uint64_t now_s = loop_wall_ns(s->loop) / NS_PER_S, wait_s = UINT64_MAX;

	for (size_t i = 0; i < s->of[SLICE_SERVICE].n; i++) {
		const struct slice_entry *e = s->of[SLICE_SERVICE].at[i];
		uint64_t at = ends(e) ? e->service.real.ends_s : UINT64_MAX;
		/* one that is over and still there is in use, or on its way out */
		uint64_t left_s = at > now_s ? at - now_s : AGAIN_S;

		wait_s = at != UINT64_MAX && left_s < wait_s ? left_s : wait_s;
	}
	if (wait_s == UINT64_MAX)
		loop_timer_stop(&s->ends);
	else
		loop_timer_after(&s->ends, (wait_s < LOOK_S ? wait_s : LOOK_S) * NS_PER_S);
}

static void over(void *arg, const struct slice_result *r)
{
	struct slice *s = arg;

	if (r->code)
		log_event("", LOG_WARN, "slice.end", "id=\"%s\" error=\"%s\"", r->id, r->text);
	/* what goes on without it is looked at in a while */
	if (!loop_timer_armed(&s->ends))
		loop_timer_after(&s->ends, AGAIN_S * NS_PER_S);
}

void slice_ends_fire(void *arg)
{
	struct slice *s = arg;
	uint64_t now_s = loop_wall_ns(s->loop) / NS_PER_S;
	char ids[AT_ONCE][SLICE_ID_MAX];
	size_t n = 0;

	for (size_t i = 0; i < s->of[SLICE_SERVICE].n && n < AT_ONCE; i++) {
		const struct slice_entry *e = s->of[SLICE_SERVICE].at[i];

		if (ends(e) && !e->writing && e->service.real.ends_s <= now_s && !slice_has_child(s, e->id))
			(void)str_copy(ids[n++], SLICE_ID_MAX, e->id);
	}
	for (size_t i = 0; i < n; i++) {
		const struct slice_edit e = { .kind = SLICE_SERVICE, .how = SLICE_DELETE, .id = ids[i] };

		slice_event(slice_find(s, SLICE_SERVICE, ids[i]), BUS_INFO, "slice-ended");
		slice_put(s, &(struct slice_write){ .edits = &e, .n = 1 }, over, s);
	}
	if (n > 0)
		loop_timer_after(&s->ends, AGAIN_S * NS_PER_S);
	else
		slice_ends_look(s);
}
