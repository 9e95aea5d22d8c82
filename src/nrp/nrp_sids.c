/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIDs that devices have read back, into the topology: those of a partition under its algorithm,
 * which all routers take part in. While a device cannot be asked what it said last holds.
 */
#include <string.h>

#include "base/bitset.h"
#include "log/log.h"
#include "nrp/nrp_priv.h"

struct shown {
	VEC(struct ted_locator) locators;
	VEC(struct ted_sid) sids;
	VEC(struct topo_extra_sid) adjacencies;
	bool bad;
};

static struct ted_sid sid_of(const struct ip_addr *a, uint16_t behavior, uint8_t algo, uint8_t lb, uint8_t ln)
{
	return (struct ted_sid){ .sid = *a, .behavior = behavior, .algo = algo,
				 .structure = { lb, ln, NRP_FUNCTION_BITS, 0 } };
}

/* One SID for each address of the interface that is a link's. */
static void adjacency(const struct nrp *n, const struct nrp_device *d, const struct nrp_adjacency *a,
		      const struct ted_sid *sid, struct shown *out)
{
	for (size_t i = 0; i < d->have.addresses.n; i++) {
		const struct nrp_address *x = &d->have.addresses.at[i];
		uint32_t l = strcmp(x->name, a->name) == 0 ? ted_link_by_addr(n->ted, &x->addr) : TED_NONE;

		if (l == TED_NONE || n->ted->links[l].from != d->node)
			continue;
		if (!ip_eq(&n->ted->links[l].remote_v6, &a->next_hop))
			continue;
		out->bad |= !VEC_ADD(&out->adjacencies, ((struct topo_extra_sid){ x->addr, *sid }));
	}
}

static const struct nrp_part *part_of(const struct nrp *n, const struct ip_prefix *locator, uint8_t *lb)
{
	for (size_t i = 0; i < n->parts.n; i++) {
		const struct nrp_part *p = &n->parts.at[i];

		for (uint32_t k = 0; k < p->n_blocks && !p->refused[0] && !p->theirs; k++) {
			*lb = p->block[k].len;
			if (*lb < locator->len && ip_prefix_has(&p->block[k], &locator->addr))
				return p;
		}
	}
	return NULL;
}

static void locator(const struct nrp *n, const struct nrp_device *d, const struct nrp_locator *l,
		    struct shown *out)
{
	uint8_t lb, ln;
	const struct nrp_part *p = part_of(n, &l->prefix, &lb);
	struct ted_sid sid;

	if (!p || !l->in || l->block_length != lb)
		return;
	ln = (uint8_t)(l->prefix.len - lb);
	sid = sid_of(&l->prefix.addr, SR_BEHAVIOR_UN, p->algo, lb, ln);
	out->bad |= !VEC_ADD(&out->locators, ((struct ted_locator){ .prefix = l->prefix, .algo = p->algo })) ||
		    !VEC_ADD(&out->sids, sid);
	for (size_t i = 0; i < l->adjacencies.n; i++) {
		const struct nrp_adjacency *a = &l->adjacencies.at[i];

		sid = sid_of(&a->sid.addr, SR_BEHAVIOR_UA, p->algo, lb, ln);
		if (a->in && a->sid.len == l->prefix.len + NRP_FUNCTION_BITS && ip_prefix_has(&l->prefix, &a->sid.addr))
			adjacency(n, d, a, &sid, out);
	}
}

static void show(struct nrp *n, const struct nrp_device *d)
{
	struct shown s = { 0 };
	struct topo_extra x;

	for (size_t i = 0; i < d->have.locators.n; i++)
		locator(n, d, &d->have.locators.at[i], &s);
	x = (struct topo_extra){ s.locators.at, s.sids.at, s.adjacencies.at, (uint32_t)s.locators.n,
				 (uint32_t)s.sids.n, (uint32_t)s.adjacencies.n };
	if (s.bad || topo_overlay_set(n->env.topo, n->ted->nodes[d->node].id, &x) < 0)
		log_event(d->name, LOG_ERROR, "nrp.sids", "error=no memory");
	VEC_FINI(&s.locators);
	VEC_FINI(&s.sids);
	VEC_FINI(&s.adjacencies);
}

void nrp_sids_show(struct nrp *n)
{
	uint64_t algos[4] = { 0 }, reserved[4] = { 0 };

	for (size_t i = 0; i < n->parts.n; i++) {
		const struct nrp_part *p = &n->parts.at[i];

		if (!p->refused[0] && p->algo)
			bitset_add(p->theirs ? reserved : algos, p->algo);
	}
	topo_overlay_algos(n->env.topo, algos, reserved);
	for (size_t i = 0; i < n->devices.n; i++)
		if (n->devices.at[i]->node != TED_NONE)
			show(n, n->devices.at[i]);
}
