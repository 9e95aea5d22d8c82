/* SPDX-License-Identifier: Apache-2.0 */
/* Rooms that do something for slices: who does which step, who puts partitions into the network. */
#include <assert.h>
#include <string.h>

#include "slice/room.h"

void slice_steps_add(struct slice *s, const struct slice_steps *steps)
{
	assert(s->n_steps < SLICE_PROVIDERS_MAX); /* wiring is fixed at start-up */
	s->steps[s->n_steps++] = *steps;
}

const struct slice_steps *slice_step_by(const struct slice *s, enum slice_step step)
{
	for (unsigned i = 0; i < s->n_steps; i++) {
		if (s->steps[i].start[step])
			return &s->steps[i];
	}
	return NULL;
}

void slice_steps_cancel(const struct slice *s, const char *id)
{
	for (unsigned i = 0; i < s->n_steps; i++) {
		if (s->steps[i].cancel)
			s->steps[i].cancel(s->steps[i].ctx, id);
	}
}

void slice_steps_ways(const struct slice *s, const char *id)
{
	for (unsigned i = 0; i < s->n_steps; i++) {
		if (s->steps[i].ways)
			s->steps[i].ways(s->steps[i].ctx, id);
	}
}

bool slice_spared(const struct slice *s, const char *id, const struct sr_policy_key *key)
{
	for (unsigned i = 0; i < s->n_steps; i++) {
		if (s->steps[i].spared && s->steps[i].spared(s->steps[i].ctx, id, key))
			return true;
	}
	return false;
}

enum slice_homes slice_steps_homes(const struct slice *s, const char *id, char why[SR_REASON_MAX])
{
	enum slice_homes worst = SLICE_HOMES_ALL;

	for (unsigned i = 0; i < s->n_steps; i++) {
		char text[SR_REASON_MAX] = "";
		enum slice_homes is = s->steps[i].homes ? s->steps[i].homes(s->steps[i].ctx, id, text) : SLICE_HOMES_ALL;

		if (is <= worst)
			continue;
		worst = is;
		memcpy(why, text, SR_REASON_MAX);
	}
	return worst;
}

void slice_homes_changed(struct slice *s, const char *id)
{
	struct slice_entry *e = slice_find(s, SLICE_SERVICE, id);

	if (e)
		slice_look(e);
}

void slice_partitions_set(struct slice *s, const struct slice_partitions *p)
{
	s->partitions = *p;
}

void slice_partitions_changed(const struct slice *s)
{
	if (s->partitions.changed)
		s->partitions.changed(s->partitions.ctx);
}

uint8_t slice_algo_of(const struct slice_entry *nrp)
{
	return nrp->nrp.algo ? nrp->nrp.algo : nrp->algo_given;
}

uint8_t slice_nrp_algo(const struct slice *s, uint32_t nrp_id)
{
	const struct slice_entry *e = slice_nrp_of(s, nrp_id);

	return e ? slice_algo_of(e) : 0;
}

bool slice_steps_possible(const struct slice *s, const struct slice_service *v, struct slice_fault *f)
{
	for (unsigned i = 0; i < s->n_steps; i++) {
		if (s->steps[i].possible && !s->steps[i].possible(s->steps[i].ctx, v, f))
			return false;
	}
	return true;
}

void slice_devices(const struct slice *s, const char *id, slice_device_fn fn, void *arg)
{
	for (unsigned i = 0; i < s->n_steps; i++) {
		if (s->steps[i].devices)
			s->steps[i].devices(s->steps[i].ctx, id, fn, arg);
	}
}

uint64_t slice_reach(const struct slice *s, const char *id, slice_reach_fn fn, void *arg)
{
	for (unsigned i = 0; i < s->n_steps; i++) {
		if (s->steps[i].reach)
			return s->steps[i].reach(s->steps[i].ctx, id, fn, arg);
	}
	return 0;
}

bool slice_nrp_alone(const struct slice *s, uint32_t nrp_id)
{
	bool alone = false;

	for (size_t i = 0; i < s->of[SLICE_SERVICE].n && !alone; i++) {
		const struct slice_entry *e = s->of[SLICE_SERVICE].at[i];

		if (e->service.real.nrp != nrp_id || e->service.real.parent || e->plan.n == 0)
			continue;
		alone = e->service.real.sharing == SLICE_DEDICATED;
		for (uint32_t k = 0; k < e->plan.n && !alone; k++)
			alone = e->plan.at[k].terms.isolate;
	}
	return alone;
}
