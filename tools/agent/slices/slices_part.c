/* SPDX-License-Identifier: Apache-2.0 */
/* How the parts of a device fare, for those that show it. */
#include <string.h>

#include "tools/agent/slices/slices_int.h"

/* The place of the first object that counts for owner. */
static size_t counting(const struct agent_slices *s, const void *owner)
{
	size_t from = 0, to = s->counts.n;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (s->counts.at[mid].owner < owner)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

static void sum(struct agent_part *p, const struct agent_obj *o)
{
	bool queue = o->kind == AGENT_OBJ_CLASS;

	p->counted = true;
	p->stats.packets += queue ? o->cls.stats.packets : o->route.packets;
	p->stats.bytes += queue ? o->cls.stats.bytes : o->route.bytes;
	p->stats.drops += queue ? o->cls.stats.drops : o->route.errors;
	p->stats.backlog += queue ? o->cls.stats.backlog : 0;
}

static void fate(const struct agent_slices *s, const void *owner, struct agent_part *p)
{
	p->status = s->settled ? AGENT_PART_IN : AGENT_PART_PENDING;
	p->reason = "";
	for (size_t i = 0; i < s->fails.n; i++) {
		if (s->fails.at[i].owner != owner)
			continue;
		p->status = AGENT_PART_FAILED;
		p->reason = s->fails.at[i].reason;
		return;
	}
}

struct agent_part agent_slices_part(const struct agent_slices *s, const void *owner)
{
	struct agent_part p = { 0 };

	fate(s, owner, &p);
	for (size_t i = s->running ? s->counts.n : counting(s, owner);
	     i < s->counts.n && s->counts.at[i].owner == owner; i++)
		sum(&p, s->counts.at[i].seen);
	return p;
}

struct agent_part agent_slices_rule(const struct agent_slices *s, const void *owner,
				    const char *kind, const char *name)
{
	struct agent_part p = { 0 };
	const struct fail *all = agent_fails_find(&s->fails, "packet rules");

	fate(s, owner, &p);
	if (all && p.status != AGENT_PART_FAILED) {
		p.status = AGENT_PART_FAILED;
		p.reason = all->reason;
	}
	p.counted = agent_nft_count(s->nft, kind, name, &p.stats.packets, &p.stats.bytes);
	return p;
}

const char *agent_slices_backup(const struct agent_slices *s, const struct agent_table_route *r)
{
	const struct agent_backup *b = agent_obj_backup(&s->ground, r);

	return b ? b->interface : NULL;
}

const struct agent_ifaces *agent_slices_ifaces(const struct agent_slices *s)
{
	return &s->ground.ifaces;
}

const struct agent_if_addrs *agent_slices_addrs(const struct agent_slices *s)
{
	return &s->ground.addrs;
}

void agent_slices_stats(const struct agent_slices *s, struct agent_slices_stats *out)
{
	uint32_t out_of_place;

	*out = s->stats;
	out->wanted = (uint32_t)(s->want.n + s->missing.n);
	out->failed = (uint32_t)s->fails.n;
	out_of_place = agent_slices_follow_stats(s, out) + out->failed;
	out->in = s->settled && out_of_place < out->wanted ? out->wanted - out_of_place : 0;
}
