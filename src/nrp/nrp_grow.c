/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Partitions that repairs raised: queues are to have what slice says, and slice hears how each queue is;
 * only what was read back may be reserved.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "nrp/nrp_priv.h"

/* The class of a partition on a link, and whose device that is on. Both NULL: reason says why. */
struct place {
	struct nrp_device *d;
	const struct nrp_link *on;
	struct nrp_class *c;
	const char *reason;
};

static struct place place_of(const struct nrp *n, uint32_t id, uint32_t link)
{
	const struct nrp_part *part = nrp_part_of(n, id);
	struct place p = { .reason = "the partition is not there" };

	if (part && part->refused[0])
		return (struct place){ .reason = part->refused };
	if (link == TED_NONE)
		return (struct place){ .reason = "the link is not in the topology" };
	p.d = nrp_device_of(n, ted_node_label(n->ted, n->ted->links[link].from));
	p.reason = p.d ? "its device has not told which interface it is" : "its router is no configured device";
	for (size_t i = 0; p.d && i < p.d->want.links.n; i++) {
		struct nrp_link *l = &p.d->want.links.at[i];
		struct nrp_class *c = nrp_link_class(l, id, false);

		if (c && c->link == link)
			return (struct place){ p.d, l, c, "" };
	}
	return p;
}

bool nrp_grow_queue(void *ctx, uint32_t id, const char *label, char why[SR_REASON_MAX])
{
	const struct nrp *n = ctx;
	const struct place p = place_of(n, id, n->ted ? ted_link_by_text(n->ted, label) : TED_NONE);
	const char *reason = p.reason;

	if (p.c && nrp_class_status(p.d, p.on->name, p.c, &reason) == NRP_IN)
		return true;
	(void)str_copy(why, SR_REASON_MAX, reason);
	return false;
}

/* A failure of the device's: what waits for it is not heard of. */
static void tell(const struct nrp *n, uint32_t id, const struct slice_growth *g)
{
	const struct place p = place_of(n, id, ted_link_by_text(n->ted, g->is.link));
	enum nrp_status is = NRP_WAITING;
	const char *reason;

	if (p.c)
		is = nrp_class_status(p.d, p.on->name, p.c, &reason);
	if (is == NRP_IN)
		slice_growth_told(n->env.slice, id, g->is.link, p.c->rate, "");
	else if (is == NRP_FAILED)
		slice_growth_told(n->env.slice, id, g->is.link, 0, reason);
}

void nrp_grow_tell(const struct nrp *n)
{
	for (size_t i = 0; i < n->parts.n; i++) {
		size_t k;
		const struct slice_growth *g = slice_growths(n->env.slice, n->parts.at[i].id, &k);

		while (k-- > 0)
			tell(n, n->parts.at[i].id, &g[k]);
	}
}

const struct slice_growth *nrp_grown(const struct nrp *n, uint32_t id, uint32_t link)
{
	size_t k;
	const struct slice_growth *g = slice_growths(n->env.slice, id, &k);

	while (n->ted && k-- > 0)
		if (ted_link_by_text(n->ted, g[k].is.link) == link)
			return &g[k];
	return NULL;
}
