/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to be on each device: a class on every link of the partition, a locator of the router's own
 * node number in the partition's block, an adjacency SID for each of its links. What a link that is
 * not in sight has stays as it is: a link that is down comes up again.
 */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "nrp/nrp_priv.h"

/* ---- where a router is in a block ---- */

bool nrp_structure(const struct ted_node *n, const struct ted_locator *l, unsigned *lb, unsigned *ln)
{
	for (uint32_t i = 0; i < n->n_sids; i++) {
		const struct ted_sid *s = &n->sids[i];

		if (s->algo != l->algo || s->structure.lb == 0 || s->structure.ln == 0 ||
		    !ip_prefix_has(&l->prefix, &s->sid))
			continue;
		*lb = s->structure.lb;
		*ln = s->structure.ln;
		return *ln <= 64 && *lb + *ln <= 128;
	}
	return false;
}

int nrp_place(const struct ted *ted, uint32_t node, const struct ip_prefix *block, struct ip_prefix *out,
	      const char **why)
{
	const struct ted_node *n = &ted->nodes[node];
	unsigned lb, ln;

	*why = "it has no SRv6 locator of its own";
	for (uint32_t i = 0; i < n->n_locators; i++) {
		const struct ted_locator *l = &n->locators[i];
		struct ip_addr a = block->addr;

		if (l->algo != 0 || l->prefix.addr.family != IP_V6)
			continue;
		*why = "the structure of its own locator is not known";
		if (!nrp_structure(n, l, &lb, &ln))
			continue;
		*why = "its node number does not go behind the block";
		if (block->len + ln + NRP_FUNCTION_BITS > 128)
			continue;
		ip_bits_set(&a, block->len, ln, ip_bits_get(&l->prefix.addr, lb, ln));
		*out = ip_prefix_of(&a, (uint8_t)(block->len + ln));
		return 0;
	}
	return 1;
}

/* ---- one device ---- */

static struct nrp_device *device_at(const struct nrp *n, uint32_t node)
{
	const char *label = ted_node_label(n->ted, node);

	return n->ted->nodes[node].pseudonode ? NULL : nrp_device_of(n, label);
}

static int locators(const struct nrp *n, struct nrp_device *d, const struct nrp_part *p)
{
	struct ip_prefix prefix;
	struct nrp_locator *l;
	const char *why;

	for (uint32_t i = 0; i < p->n_blocks; i++) {
		if (nrp_place(n->ted, d->node, &p->block[i], &prefix, &why) != 0)
			continue;
		l = nrp_box_locator(&d->want, &prefix, true);
		if (!l)
			return err_raise(-ENOMEM);
		l->block_length = p->block[i].len;
		l->id = p->id;
	}
	return 0;
}

/* The function an interface has in a locator; else the first that nobody has. */
static unsigned function_of(const struct nrp_locator *have, const struct nrp_locator *want, const char *name,
			    unsigned at)
{
	uint64_t taken[(NRP_FUNCTION_LAST - NRP_FUNCTION_FIRST + 64) / 64] = { 0 };
	unsigned f;

	for (unsigned side = 0; side < 2; side++) {
		const struct nrp_locator *l = side ? want : have;

		for (size_t i = 0; l && i < l->adjacencies.n; i++) {
			f = (unsigned)ip_bits_get(&l->adjacencies.at[i].sid.addr, at, NRP_FUNCTION_BITS);
			if (f < NRP_FUNCTION_FIRST || f > NRP_FUNCTION_LAST)
				continue;
			f -= NRP_FUNCTION_FIRST;
			if (strcmp(l->adjacencies.at[i].name, name) == 0 && !(taken[f / 64] >> f % 64 & 1))
				return f + NRP_FUNCTION_FIRST;
			taken[f / 64] |= UINT64_C(1) << f % 64;
		}
	}
	for (f = 0; f <= NRP_FUNCTION_LAST - NRP_FUNCTION_FIRST; f++)
		if (!(taken[f / 64] >> f % 64 & 1))
			return f + NRP_FUNCTION_FIRST;
	return 0;
}

static int adjacency(struct nrp_device *d, struct nrp_locator *l, const char *name, const struct ip_addr *to)
{
	const struct nrp_locator *have = nrp_box_locator(&d->have, &l->prefix, false);
	unsigned f = function_of(have, l, name, l->prefix.len);
	struct ip_addr sid = l->prefix.addr;
	struct nrp_adjacency *a;

	if (f == 0)
		return 0;
	a = nrp_locator_adjacency(l, name, true);
	if (!a)
		return err_raise(-ENOMEM);
	ip_bits_set(&sid, l->prefix.len, NRP_FUNCTION_BITS, f);
	a->sid = ip_prefix_of(&sid, (uint8_t)(l->prefix.len + NRP_FUNCTION_BITS));
	a->next_hop = *to;
	return 0;
}

/* A link of a device, and what is left of its rate when partitions have theirs. */
struct spot {
	const struct nrp *n;
	struct nrp_device *d;
	const char *name; /* of the interface */
	uint32_t link;
	uint64_t left;
};

static uint64_t share_of(const struct nrp_part *p, uint32_t link)
{
	return link < p->n_share && !p->refused[0] ? p->share[link] : SLICE_NO_SHARE;
}

static uint64_t without_shares(const struct nrp *n, uint32_t link)
{
	uint64_t left = n->ted->links[link].capacity_bps;

	for (size_t i = 0; i < n->parts.n; i++) {
		uint64_t share = share_of(&n->parts.at[i], link);

		if (share > SLICE_NO_SHARE)
			left -= share < left ? share : left;
	}
	return left;
}

/* One that has no rate shares the link with all: it is assured what its slices have reserved. */
static void common(struct spot *s, const struct nrp_part *p, struct nrp_class *c)
{
	uint64_t reserved = intent_nrp_reserved(s->n->env.intent, s->link, p->id);

	c->lacks = reserved > s->left;
	c->rate = c->lacks ? s->left : reserved;
	s->left -= c->rate;
	if (c->rate < NRP_RATE_MIN)
		c->rate = NRP_RATE_MIN;
}

static int class(struct spot *s, const struct nrp_part *p)
{
	uint64_t capacity = s->n->ted->links[s->link].capacity_bps, share = share_of(p, s->link);
	struct nrp_link *l;
	struct nrp_class *c;

	if (share == SLICE_NO_SHARE || capacity == 0)
		return 0;
	l = nrp_box_link(&s->d->want, s->name, true);
	c = l ? nrp_link_class(l, p->id, true) : NULL;
	if (!c)
		return err_raise(-ENOMEM);
	l->capacity = capacity;
	c->link = s->link;
	c->priority = s->link < p->n_share ? p->urgent[s->link] : p->priority;
	if (share == 0)
		common(s, p, c);
	else
		c->rate = share;
	c->ceil = p->alone || capacity < c->rate ? c->rate : capacity;
	c->n_blocks = p->n_blocks;
	memcpy(c->block, p->block, sizeof(c->block));
	return 0;
}

static int link_of(const struct nrp *n, struct nrp_device *d, uint32_t link)
{
	const struct ted_link *l = &n->ted->links[link];
	const char *name = nrp_box_interface(&d->have, &l->local_v6);
	struct spot s = { n, d, name, link, without_shares(n, link) };
	int r = 0;

	for (size_t i = 0; name && r == 0 && i < n->parts.n; i++)
		r = class(&s, &n->parts.at[i]);
	for (size_t i = 0; name && r == 0 && i < d->want.locators.n; i++) {
		if (l->remote_v6.family == IP_V6 && !n->ted->nodes[l->to].pseudonode)
			r = adjacency(d, &d->want.locators.at[i], name, &l->remote_v6);
	}
	return r;
}

/* ---- what is not in sight stays ---- */

bool nrp_link_seen(const struct nrp *n, const struct nrp_device *d, const char *name)
{
	for (size_t i = 0; i < d->have.addresses.n; i++) {
		uint32_t l = strcmp(d->have.addresses.at[i].name, name) == 0 ?
				     ted_link_by_addr(n->ted, &d->have.addresses.at[i].addr) :
				     TED_NONE;

		if (l != TED_NONE && n->ted->links[l].alive && n->ted->links[l].from == d->node)
			return true;
	}
	return false;
}

static int stay_classes(const struct nrp *n, struct nrp_device *d, const struct nrp_link *l)
{
	for (size_t i = 0; i < l->classes.n; i++) {
		const struct nrp_class *c = &l->classes.at[i];
		const struct nrp_part *p = nrp_part_of(n, c->id);
		struct nrp_link *to;
		struct nrp_class *w;

		if (!p || p->refused[0])
			continue;
		to = nrp_box_link(&d->want, l->name, true);
		w = to ? nrp_link_class(to, c->id, true) : NULL;
		if (!w)
			return err_raise(-ENOMEM);
		to->capacity = l->capacity;
		*w = *c;
		w->link = TED_NONE;
	}
	return 0;
}

static int stay_adjacencies(const struct nrp *n, struct nrp_device *d, const struct nrp_locator *have)
{
	struct nrp_locator *want = nrp_box_locator(&d->want, &have->prefix, false);

	for (size_t i = 0; want && i < have->adjacencies.n; i++) {
		const struct nrp_adjacency *a = &have->adjacencies.at[i];
		struct nrp_adjacency *w;

		if (a->sid.addr.family != IP_V6 || nrp_link_seen(n, d, a->name))
			continue;
		w = nrp_locator_adjacency(want, a->name, true);
		if (!w)
			return err_raise(-ENOMEM);
		*w = *a;
	}
	return 0;
}

/* Of a router that is not there now, whose place is not known. */
static int stay_locator(const struct nrp *n, struct nrp_device *d, const struct nrp_locator *have)
{
	for (size_t i = 0; i < n->parts.n; i++) {
		const struct nrp_part *p = &n->parts.at[i];

		for (uint32_t k = 0; k < p->n_blocks && !p->refused[0] && !p->theirs; k++) {
			struct nrp_locator *w;

			if (p->block[k].len >= have->prefix.len || !ip_prefix_has(&p->block[k], &have->prefix.addr))
				continue;
			w = nrp_box_locator(&d->want, &have->prefix, true);
			if (!w)
				return err_raise(-ENOMEM);
			w->id = p->id;
			w->block_length = have->block_length;
		}
	}
	return 0;
}

static int stay(const struct nrp *n, struct nrp_device *d)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->have.locators.n && !n->ted->nodes[d->node].alive; i++)
		r = stay_locator(n, d, &d->have.locators.at[i]);

	for (size_t i = 0; r == 0 && i < d->have.links.n; i++)
		if (!nrp_link_seen(n, d, d->have.links.at[i].name))
			r = stay_classes(n, d, &d->have.links.at[i]);
	for (size_t i = 0; r == 0 && i < d->have.locators.n; i++)
		r = stay_adjacencies(n, d, &d->have.locators.at[i]);
	return r;
}

/* ---- all ---- */

int nrp_want(struct nrp *n)
{
	int r = 0;

	for (size_t i = 0; i < n->devices.n; i++) {
		struct nrp_device *d = n->devices.at[i];

		nrp_box_fini(&d->want);
		d->want = (struct nrp_box){ 0 };
		for (size_t k = 0; r == 0 && k < n->parts.n && d->node != TED_NONE; k++)
			if (!n->parts.at[k].refused[0] && !n->parts.at[k].theirs)
				r = locators(n, d, &n->parts.at[k]);
		if (r == 0 && d->node != TED_NONE)
			r = stay(n, d);
	}
	for (uint32_t l = 0; r == 0 && l < n->ted->n_links; l++) {
		struct nrp_device *d = n->ted->links[l].alive ? device_at(n, n->ted->links[l].from) : NULL;

		if (d && d->node == n->ted->links[l].from)
			r = link_of(n, d, l);
	}
	return r;
}
