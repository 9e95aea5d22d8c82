/* SPDX-License-Identifier: Apache-2.0 */
/* The network as link-state objects, the way an IS-IS level 2 router with SRv6 exports them. */
#include <string.h>

#include "base/str.h"
#include "tools/sim/feed.h"

enum {
	MSD_MAX_SL = 41,
	MSD_END_POP = 42,
	MSD_H_ENCAPS = 44,
	MSD_END_D = 45,
	SIM_MSD = 10,
};

static struct ls_node_id node_id(const struct sim_topo *t, uint32_t router)
{
	uint32_t n = router + 1;

	return (struct ls_node_id){ .protocol = LS_ISIS_L2, .igp_id_len = 6, .asn = t->asn,
				    .igp_id = { [3] = (uint8_t)(n >> 16 & 0xff), [4] = (uint8_t)(n >> 8 & 0xff),
					       [5] = (uint8_t)(n & 0xff) } };
}

static struct ls_srv6_sid srv6_sid(const struct sim_topo *t, uint32_t router, struct ip_addr sid,
				   bool adjacency)
{
	bool classic = t->routers.at[router].classic;
	uint16_t node = classic ? SR_BEHAVIOR_END : SR_BEHAVIOR_UN;
	uint16_t adj = classic ? SR_BEHAVIOR_END_X : SR_BEHAVIOR_UA;

	return (struct ls_srv6_sid){ .sid = sid, .behavior = adjacency ? adj : node,
				     .has_structure = true,
				     .structure = { .lb = 32, .ln = 16, .fun = 16 } };
}

static void node_object(const struct sim_topo *t, uint32_t router, struct sim_scratch *s,
			struct ls_node *n)
{
	static const struct ls_msd msd[] = { { MSD_MAX_SL, SIM_MSD }, { MSD_END_POP, SIM_MSD },
					     { MSD_H_ENCAPS, SIM_MSD }, { MSD_END_D, SIM_MSD } };

	size_t n_algos = 1;

	_Static_assert(sizeof(msd) == sizeof(s->msd), "room for all");
	memcpy(s->msd, msd, sizeof(msd));
	s->algos[0] = 0;
	for (unsigned k = 1; k <= t->n_algos; k++)
		if (sim_router_in(t, router, k))
			s->algos[n_algos++] = t->algo[k - 1].algo;
	*n = (struct ls_node){ .id = node_id(t, router), .router_id_v6 = sim_loopback(t, router),
			       .srv6 = true, .algos = s->algos, .n_algos = n_algos, .msd = s->msd,
			       .n_msd = ARRAY_LEN(s->msd) };
	if (sim_router_defines(t, router)) {
		for (unsigned k = 0; k < t->n_algos; k++)
			s->flex[k] = (struct ls_flex_algo){
				.algo = t->algo[k].algo, .metric_type = t->algo[k].delay, .priority = 128,
				.exclude_any = { t->algo[k].exclude_any },
				.n_exclude_any = t->algo[k].exclude_any != 0 };
		n->flex = s->flex;
		n->n_flex = t->n_algos;
	}
	if (t->dual)
		n->router_id_v4 = sim_router_v4(router);
	(void)str_copy(n->name, sizeof(n->name), t->routers.at[router].name);
}

/* Its loopback, or the locator of an algorithm (k as in topo.h). */
static void prefix_object(const struct sim_topo *t, uint32_t router, struct ls_prefix *p)
{
	struct ip_addr loopback = sim_loopback(t, router);

	*p = (struct ls_prefix){ .node = node_id(t, router), .has_metric = true,
				 .prefix = ip_prefix_of(&loopback, 128) };
}

static uint8_t algo_number(const struct sim_topo *t, unsigned k)
{
	return k ? t->algo[k - 1].algo : 0;
}

static void locator_object(const struct sim_topo *t, uint32_t router, unsigned k, struct ls_prefix *p)
{
	*p = (struct ls_prefix){ .node = node_id(t, router), .has_metric = true, .has_locator = true,
				 .locator_algo = algo_number(t, k),
				 .prefix = sim_locator_of(t, router, k) };
}

static void sid_object(const struct sim_topo *t, uint32_t router, unsigned k, struct ls_sid *o)
{
	*o = (struct ls_sid){ .node = node_id(t, router) };
	o->sid = srv6_sid(t, router, sim_node_sid_of(t, router, k), false);
	o->sid.algo = algo_number(t, k);
}

static void key_fill(const struct sim_topo *t, uint32_t wire, unsigned side, struct ls_link_key *k)
{
	const struct sim_wire *w = &t->wires.at[wire];

	*k = (struct ls_link_key){ .local = node_id(t, w->end[side]),
				   .remote = node_id(t, w->end[1 - side]),
				   .local_v6 = sim_half_addr(wire, side),
				   .remote_v6 = sim_half_addr(wire, 1 - side) };
	if (t->dual) {
		k->local_v4 = sim_half_v4(wire, side);
		k->remote_v4 = sim_half_v4(wire, 1 - side);
	}
}

static void link_object(const struct sim_topo *t, uint32_t wire, unsigned side,
			struct sim_scratch *s, struct ls_link *l)
{
	const struct sim_wire *w = &t->wires.at[wire];
	const struct sim_half *h = &w->half[side];

	s->endx[0] = srv6_sid(t, w->end[side], sim_adj_sid(t, wire, side), true);
	*l = (struct ls_link){
		.have = LS_HAVE_IGP_METRIC | LS_HAVE_TE_METRIC | LS_HAVE_ADMIN_GROUP |
			LS_HAVE_MAX_BW | LS_HAVE_RSV_BW | LS_HAVE_UNRSV_BW | LS_HAVE_DELAY |
			LS_HAVE_DELAY_MM,
		.igp_metric = h->igp,
		.te_metric = h->te,
		.max_bw_bps = w->bw_bps,
		.rsv_bw_bps = w->bw_bps,
		.delay_us = h->delay_us,
		.delay_min_us = h->delay_us,
		.delay_max_us = h->delay_us,
		.srlg = w->srlg,
		.n_srlg = w->n_srlg,
		.endx = s->endx,
		.n_endx = 1,
	};
	_Static_assert(sizeof(l->admin_group) == sizeof(w->admin_group), "same width");
	memcpy(l->admin_group, w->admin_group, sizeof(l->admin_group));
	for (size_t i = 0; i < ARRAY_LEN(l->unrsv_bw_bps); i++)
		l->unrsv_bw_bps[i] = w->bw_bps;
	if (t->n_algos) { /* what Flex-Algo uses is told apart (RFC 9350 s12), here the same */
		l->flex = (struct ls_flex_attrs){
			.have = LS_HAVE_TE_METRIC | LS_HAVE_ADMIN_GROUP | LS_HAVE_DELAY_MM,
			.te_metric = h->te, .delay_min_us = h->delay_us, .delay_max_us = h->delay_us,
			.srlg = w->srlg, .n_srlg = w->n_srlg };
		memcpy(l->flex.admin_group, w->admin_group, sizeof(l->flex.admin_group));
	}
	key_fill(t, wire, side, &l->key);
}

uint32_t sim_objects_a_router(const struct sim_topo *t)
{
	return SIM_OBJECTS_A_ROUTER + 2 * (uint32_t)t->n_algos;
}

uint32_t sim_objects(const struct sim_topo *t)
{
	return (uint32_t)(sim_objects_a_router(t) * t->routers.n + 2 * t->wires.n);
}

/* Node, loopback, then a locator and a SID an algorithm. */
static bool router_object(const struct sim_topo *t, uint32_t router, uint32_t i,
			  struct sim_scratch *s, struct ls_object *out)
{
	unsigned k = i < 2 ? 0 : (i - 2) / 2;

	if (!sim_router_in(t, router, k))
		return false;
	if (i == 0) {
		out->kind = LS_NODE;
		node_object(t, router, s, &out->node);
	} else if (i == 1) {
		out->kind = LS_PREFIX;
		prefix_object(t, router, &out->prefix);
	} else if (i % 2 == 0) {
		out->kind = LS_PREFIX;
		locator_object(t, router, k, &out->prefix);
	} else {
		out->kind = LS_SID;
		sid_object(t, router, k, &out->sid);
	}
	return true;
}

bool sim_object(const struct sim_topo *t, uint32_t i, struct sim_scratch *s, struct ls_object *out)
{
	uint32_t each = sim_objects_a_router(t), n_router = (uint32_t)(each * t->routers.n);

	if (i < n_router)
		return router_object(t, i / each, i % each, s, out);
	out->kind = LS_LINK;
	link_object(t, (i - n_router) / 2, (i - n_router) % 2, s, &out->link);
	return true;
}
