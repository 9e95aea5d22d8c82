/* SPDX-License-Identifier: Apache-2.0 */
/* Codec to core: see bgp_ls.h. Owns nothing. */
#include "southbound/bgp/bgp_ls.h"

#include <assert.h>
#include <errno.h>

#include "base/err.h"
#include "base/str.h"

static_assert((int)BGPLS_HAVE_IGP_METRIC == (int)LS_HAVE_IGP_METRIC, "same bits");
static_assert((int)BGPLS_HAVE_DELAY_MM == (int)LS_HAVE_DELAY_MM, "same bits");
static_assert((int)BGPLS_HAVE_UTILIZED_BW == (int)LS_HAVE_UTILIZED_BW, "same bits");
static_assert((int)BGPLS_WORDS == (int)LS_AFFINITY_WORDS, "same width");

enum {
	LINK_HAVE = (LS_HAVE_UTILIZED_BW << 1) - 1,
	FLEX_HAVE = LS_HAVE_TE_METRIC | LS_HAVE_ADMIN_GROUP | LS_HAVE_DELAY_MM,
	/* SID flags (RFC 9085 sections 2.2.1, 2.3.1): they differ by IGP. */
	ISIS_ADJ_BACKUP = 0x40,
	OSPF_ADJ_BACKUP = 0x80,
	ISIS_ADJ_VALUE = 0x30, /* V and L: a label */
	OSPF_ADJ_VALUE = 0x60,
	ISIS_PREFIX_NODE = 0x40,
	ISIS_PREFIX_NO_PHP = 0x20,
	OSPF_PREFIX_NO_PHP = 0x40,
};

static bool is_isis(uint8_t protocol)
{
	return protocol == LS_ISIS_L1 || protocol == LS_ISIS_L2;
}

/* A pseudonode number of 0 is the router itself, however long its id was written. */
static void node_id(const struct bgpls_nlri *n, const struct bgpls_node_id *from,
		    struct ls_node_id *to)
{
	*to = (struct ls_node_id){ .protocol = n->protocol,
				   .igp_id_len = from->igp_id_len,
				   .instance = n->identifier,
				   .asn = from->asn,
				   .area = from->area,
				   .bgp_router_id = from->bgp_router_id };
	memcpy(to->igp_id, from->igp_id, sizeof(to->igp_id));
	if (is_isis(n->protocol) && to->igp_id_len == 7 && to->igp_id[6] == 0)
		to->igp_id_len = 6;
}

static struct sr_sid_structure structure(const struct bgpls_structure *s)
{
	return (struct sr_sid_structure){ s->lb, s->ln, s->fun, s->arg };
}

static int ranges(struct arena *a, const struct bgpls_label_range *from, size_t n,
		  const struct ls_label_range **out, size_t *n_out)
{
	struct ls_label_range *to = ARENA_ARRAY(a, n + 1, struct ls_label_range);

	if (!to)
		return err_raise(-ENOMEM);
	for (size_t i = 0; i < n; i++)
		to[i] = (struct ls_label_range){ from[i].base, from[i].size };
	*out = to;
	*n_out = n;
	return 0;
}

static int msds(struct arena *a, const struct bgpls_msd *from, size_t n, const struct ls_msd **out,
		size_t *n_out)
{
	struct ls_msd *to = ARENA_ARRAY(a, n + 1, struct ls_msd);

	if (!to)
		return err_raise(-ENOMEM);
	for (size_t i = 0; i < n; i++)
		to[i] = (struct ls_msd){ from[i].type, from[i].value };
	*out = to;
	*n_out = n;
	return 0;
}

static void flex_one(const struct bgpls_flex_algo *f, struct ls_flex_algo *t)
{
	*t = (struct ls_flex_algo){ .algo = f->algo,
				    .metric_type = f->metric_type,
				    .calc_type = f->calc_type,
				    .priority = f->priority,
				    .n_exclude_any = f->n_exclude_any,
				    .n_include_any = f->n_include_any,
				    .n_include_all = f->n_include_all,
				    .n_exclude_srlg = f->n_exclude_srlg,
				    .flags = f->flags,
				    .unsupported = f->unsupported };
	memcpy(t->exclude_any, f->exclude_any, sizeof(t->exclude_any));
	memcpy(t->include_any, f->include_any, sizeof(t->include_any));
	memcpy(t->include_all, f->include_all, sizeof(t->include_all));
	memcpy(t->exclude_srlg, f->exclude_srlg, sizeof(t->exclude_srlg));
}

static int node_attr(const struct bgpls_attr *a, struct arena *arena, struct ls_node *n)
{
	struct ls_flex_algo *flex = ARENA_ARRAY(arena, a->n_flex + 1, struct ls_flex_algo);

	if (!flex || ranges(arena, a->srgb, a->n_srgb, &n->srgb, &n->n_srgb) < 0 ||
	    ranges(arena, a->srlb, a->n_srlb, &n->srlb, &n->n_srlb) < 0 ||
	    msds(arena, a->node_msd, a->n_node_msd, &n->msd, &n->n_msd) < 0)
		return err_raise(-ENOMEM);
	for (size_t i = 0; i < a->n_flex; i++)
		flex_one(&a->flex[i], &flex[i]);
	n->flex = flex;
	n->n_flex = a->n_flex;
	(void)str_copy(n->name, sizeof(n->name), a->name);
	n->overload = a->node_flags & BGPLS_NODE_OVERLOAD;
	n->attached = a->node_flags & BGPLS_NODE_ATTACHED;
	n->router_id_v4 = a->router_id_v4;
	n->router_id_v6 = a->router_id_v6;
	n->srv6 = a->have & BGPLS_HAVE_SRV6_CAPS;
	n->srv6_flags = a->srv6_flags;
	n->algos = a->algos;
	n->n_algos = a->n_algos;
	return 0;
}

static void te_attr(const struct bgpls_te *te, struct ls_link *l)
{
	l->te_metric = te->te_metric;
	memcpy(l->admin_group, te->admin_group, sizeof(l->admin_group));
	l->delay_us = te->delay_us;
	l->delay_min_us = te->delay_min_us;
	l->delay_max_us = te->delay_max_us;
	l->delay_var_us = te->delay_var_us;
	l->delay_anomalous = te->delay_anomalous;
	l->loss_anomalous = te->loss_anomalous;
	l->loss_ppm = te->loss_ppm;
	l->residual_bw_bps = te->residual_bw_bps;
	l->available_bw_bps = te->available_bw_bps;
	l->utilized_bw_bps = te->utilized_bw_bps;
	l->srlg = te->srlg;
	l->n_srlg = te->n_srlg;
}

static void flex_attr(const struct bgpls_te *te, struct ls_flex_attrs *f)
{
	*f = (struct ls_flex_attrs){ .have = te->have & FLEX_HAVE,
				     .te_metric = te->te_metric,
				     .delay_min_us = te->delay_min_us,
				     .delay_max_us = te->delay_max_us,
				     .srlg = te->srlg,
				     .n_srlg = te->n_srlg };
	memcpy(f->admin_group, te->admin_group, sizeof(f->admin_group));
}

static void endx_one(const struct bgpls_srv6_sid *f, struct ls_srv6_sid *t)
{
	*t = (struct ls_srv6_sid){ .sid = f->sid,
				   .behavior = f->behavior,
				   .flags = f->flags,
				   .algo = f->algo,
				   .weight = f->weight,
				   .has_structure = f->has_structure,
				   .structure = structure(&f->structure),
				   .neighbor_len = f->neighbor_len };
	memcpy(t->neighbor, f->neighbor, sizeof(t->neighbor));
}

static void adj_one(uint8_t protocol, const struct bgpls_adj_sid *f, struct ls_adj_sid *t)
{
	uint8_t backup = is_isis(protocol) ? ISIS_ADJ_BACKUP : OSPF_ADJ_BACKUP;

	*t = (struct ls_adj_sid){ .flags = f->flags,
				  .weight = f->weight,
				  .is_label = f->is_label,
				  .backup = f->flags & backup,
				  .value = f->value,
				  .neighbor_len = f->neighbor_len };
	memcpy(t->neighbor, f->neighbor, sizeof(t->neighbor));
}

static int link_attr(const struct bgpls_attr *a, struct arena *arena, struct ls_link *l)
{
	struct ls_srv6_sid *endx = ARENA_ARRAY(arena, a->n_endx + 1, struct ls_srv6_sid);
	struct ls_adj_sid *adj = ARENA_ARRAY(arena, a->n_adj + 1, struct ls_adj_sid);

	if (!endx || !adj || msds(arena, a->link_msd, a->n_link_msd, &l->msd, &l->n_msd) < 0)
		return err_raise(-ENOMEM);
	for (size_t i = 0; i < a->n_endx; i++)
		endx_one(&a->endx[i], &endx[i]);
	for (size_t i = 0; i < a->n_adj; i++)
		adj_one(l->key.local.protocol, &a->adj[i], &adj[i]);
	l->endx = endx;
	l->n_endx = a->n_endx;
	l->adj = adj;
	l->n_adj = a->n_adj;
	l->have = (a->have | a->te.have) & LINK_HAVE;
	l->igp_metric = a->igp_metric;
	l->max_bw_bps = a->max_bw_bps;
	l->rsv_bw_bps = a->rsv_bw_bps;
	memcpy(l->unrsv_bw_bps, a->unrsv_bw_bps, sizeof(l->unrsv_bw_bps));
	te_attr(&a->te, l);
	flex_attr(&a->te_flex, &l->flex);
	return 0;
}

static void link_key(const struct bgpls_nlri *n, struct ls_link_key *k)
{
	node_id(n, &n->local, &k->local);
	node_id(n, &n->remote, &k->remote);
	k->has_ids = n->has_ids;
	k->local_link_id = n->local_link_id;
	k->remote_link_id = n->remote_link_id;
	k->local_v4 = n->local_v4;
	k->remote_v4 = n->remote_v4;
	k->local_v6 = n->local_v6;
	k->remote_v6 = n->remote_v6;
	k->mt_id = n->mt_id;
}

/* OSPF has its node flag elsewhere; a host prefix with a SID is a node's own. */
static void prefix_sid_one(const struct ls_prefix *p, const struct bgpls_prefix_sid *f,
			   struct ls_prefix_sid *t)
{
	bool isis = is_isis(p->node.protocol);

	*t = (struct ls_prefix_sid){
		.flags = f->flags,
		.algo = f->algo,
		.is_label = f->is_label,
		.no_php = f->flags & (isis ? ISIS_PREFIX_NO_PHP : OSPF_PREFIX_NO_PHP),
		.node = isis ? (f->flags & ISIS_PREFIX_NODE) != 0 :
			       p->prefix.len == ip_bits(&p->prefix.addr),
		.value = f->value,
	};
}

static int prefix_attr(const struct bgpls_attr *a, struct arena *arena, struct ls_prefix *p)
{
	struct ls_prefix_sid *sids = ARENA_ARRAY(arena, a->n_sids + 1, struct ls_prefix_sid);

	if (!sids)
		return err_raise(-ENOMEM);
	for (size_t i = 0; i < a->n_sids; i++)
		prefix_sid_one(p, &a->sids[i], &sids[i]);
	p->sids = sids;
	p->n_sids = a->n_sids;
	p->has_metric = a->have & BGPLS_HAVE_PREFIX_METRIC;
	p->metric = a->prefix_metric;
	p->has_locator = a->have & BGPLS_HAVE_LOCATOR;
	p->locator_flags = a->locator_flags;
	p->locator_algo = a->locator_algo;
	p->locator_metric = a->locator_metric;
	return 0;
}

static void sid_attr(const struct bgpls_attr *a, struct ls_sid *s)
{
	s->sid.behavior = a->have & BGPLS_HAVE_BEHAVIOR ? a->behavior : SR_BEHAVIOR_OPAQUE;
	s->sid.flags = a->behavior_flags;
	s->sid.algo = a->behavior_algo;
	s->sid.has_structure = a->have & BGPLS_HAVE_STRUCTURE;
	s->sid.structure = structure(&a->structure);
}

int bgp_ls_object(const struct bgpls_nlri *n, const struct bgpls_attr *a, struct arena *arena,
		  struct ls_object *out)
{
	*out = (struct ls_object){ 0 };
	switch ((enum bgpls_type)n->type) {
	case BGPLS_NODE:
		out->kind = LS_NODE;
		node_id(n, &n->local, &out->node.id);
		return a ? node_attr(a, arena, &out->node) : 0;
	case BGPLS_LINK:
		out->kind = LS_LINK;
		link_key(n, &out->link.key);
		return a ? link_attr(a, arena, &out->link) : 0;
	case BGPLS_PREFIX4:
	case BGPLS_PREFIX6:
		out->kind = LS_PREFIX;
		node_id(n, &n->local, &out->prefix.node);
		out->prefix.prefix = n->prefix;
		out->prefix.mt_id = n->mt_id;
		out->prefix.ospf_route_type = n->ospf_route_type;
		return a ? prefix_attr(a, arena, &out->prefix) : 0;
	case BGPLS_SID:
		out->kind = LS_SID;
		node_id(n, &n->local, &out->sid.node);
		out->sid.mt_id = n->mt_id;
		out->sid.sid.sid = n->sid;
		if (a)
			sid_attr(a, &out->sid);
		return 0;
	}
	return err_raise(-EINVAL);
}

/* ---- the router's way ---- */

static void node_id_back(const struct ls_node_id *from, struct bgpls_node_id *to)
{
	*to = (struct bgpls_node_id){ .igp_id_len = from->igp_id_len,
				      .asn = from->asn,
				      .area = from->area,
				      .bgp_router_id = from->bgp_router_id };
	memcpy(to->igp_id, from->igp_id, sizeof(to->igp_id));
}

static void head_back(const struct ls_node_id *id, uint16_t type, struct bgpls_nlri *n)
{
	*n = (struct bgpls_nlri){ .type = type,
				  .protocol = id->protocol,
				  .identifier = id->instance };
	node_id_back(id, &n->local);
}

static void link_back(const struct ls_link_key *k, struct bgpls_nlri *n)
{
	head_back(&k->local, BGPLS_LINK, n);
	node_id_back(&k->remote, &n->remote);
	n->has_ids = k->has_ids;
	n->local_link_id = k->local_link_id;
	n->remote_link_id = k->remote_link_id;
	n->local_v4 = k->local_v4;
	n->remote_v4 = k->remote_v4;
	n->local_v6 = k->local_v6;
	n->remote_v6 = k->remote_v6;
	n->has_mt = k->mt_id != 0;
	n->mt_id = k->mt_id;
}

void bgp_ls_nlri(const struct ls_object *obj, struct bgpls_nlri *n)
{
	switch (obj->kind) {
	case LS_NODE:
		head_back(&obj->node.id, BGPLS_NODE, n);
		break;
	case LS_LINK:
		link_back(&obj->link.key, n);
		break;
	case LS_PREFIX:
		head_back(&obj->prefix.node,
			  obj->prefix.prefix.addr.family == IP_V4 ? BGPLS_PREFIX4 : BGPLS_PREFIX6,
			  n);
		n->prefix = obj->prefix.prefix;
		n->has_mt = obj->prefix.mt_id != 0;
		n->mt_id = obj->prefix.mt_id;
		n->ospf_route_type = obj->prefix.ospf_route_type;
		break;
	case LS_SID:
		head_back(&obj->sid.node, BGPLS_SID, n);
		n->has_mt = obj->sid.mt_id != 0;
		n->mt_id = obj->sid.mt_id;
		n->sid = obj->sid.sid.sid;
		break;
	}
}

static struct bgpls_structure structure_back(const struct sr_sid_structure *s)
{
	return (struct bgpls_structure){ s->lb, s->ln, s->fun, s->arg };
}

static int ranges_back(struct arena *a, const struct ls_label_range *from, size_t n,
		       struct bgpls_label_range **out, size_t *n_out)
{
	*out = ARENA_ARRAY(a, n + 1, struct bgpls_label_range);
	if (!*out)
		return err_raise(-ENOMEM);
	for (size_t i = 0; i < n; i++)
		(*out)[i] = (struct bgpls_label_range){ from[i].base, from[i].size };
	*n_out = n;
	return 0;
}

static int msds_back(struct arena *a, const struct ls_msd *from, size_t n, struct bgpls_msd **out,
		     size_t *n_out)
{
	*out = ARENA_ARRAY(a, n + 1, struct bgpls_msd);
	if (!*out)
		return err_raise(-ENOMEM);
	for (size_t i = 0; i < n; i++)
		(*out)[i] = (struct bgpls_msd){ from[i].type, from[i].value };
	*n_out = n;
	return 0;
}

static void flex_back(const struct ls_flex_algo *f, struct bgpls_flex_algo *t)
{
	*t = (struct bgpls_flex_algo){ .algo = f->algo,
				       .metric_type = f->metric_type,
				       .calc_type = f->calc_type,
				       .priority = f->priority,
				       .n_exclude_any = f->n_exclude_any,
				       .n_include_any = f->n_include_any,
				       .n_include_all = f->n_include_all,
				       .n_exclude_srlg = f->n_exclude_srlg,
				       .has_flags = f->flags != 0,
				       .flags = f->flags,
				       .unsupported = f->unsupported };
	memcpy(t->exclude_any, f->exclude_any, sizeof(t->exclude_any));
	memcpy(t->include_any, f->include_any, sizeof(t->include_any));
	memcpy(t->include_all, f->include_all, sizeof(t->include_all));
	memcpy(t->exclude_srlg, f->exclude_srlg, sizeof(t->exclude_srlg));
}

static int node_back(const struct ls_node *n, struct arena *arena, struct bgpls_attr *a)
{
	a->flex = ARENA_ARRAY(arena, n->n_flex + 1, struct bgpls_flex_algo);
	a->algos = ARENA_ARRAY(arena, n->n_algos + 1, uint8_t);
	if (!a->flex || !a->algos ||
	    ranges_back(arena, n->srgb, n->n_srgb, &a->srgb, &a->n_srgb) < 0 ||
	    ranges_back(arena, n->srlb, n->n_srlb, &a->srlb, &a->n_srlb) < 0 ||
	    msds_back(arena, n->msd, n->n_msd, &a->node_msd, &a->n_node_msd) < 0)
		return err_raise(-ENOMEM);
	for (size_t i = 0; i < n->n_flex; i++)
		flex_back(&n->flex[i], &a->flex[i]);
	a->n_flex = n->n_flex;
	for (size_t i = 0; i < n->n_algos; i++)
		a->algos[i] = n->algos[i];
	a->n_algos = n->n_algos;
	a->srgb_flags = 0x80 | 0x40; /* MPLS for both families */
	(void)str_copy(a->name, sizeof(a->name), n->name);
	a->node_flags = (uint8_t)((n->overload ? BGPLS_NODE_OVERLOAD : 0) |
				  (n->attached ? BGPLS_NODE_ATTACHED : 0));
	a->router_id_v4 = n->router_id_v4;
	a->router_id_v6 = n->router_id_v6;
	a->srv6_flags = n->srv6_flags;
	a->have = BGPLS_HAVE_NODE_FLAGS | (n->srv6 ? BGPLS_HAVE_SRV6_CAPS : 0);
	return 0;
}

static void endx_back(const struct ls_srv6_sid *f, struct bgpls_srv6_sid *t)
{
	*t = (struct bgpls_srv6_sid){ .sid = f->sid,
				      .behavior = f->behavior,
				      .flags = f->flags,
				      .algo = f->algo,
				      .weight = f->weight,
				      .has_structure = f->has_structure,
				      .structure = structure_back(&f->structure),
				      .neighbor_len = f->neighbor_len };
	memcpy(t->neighbor, f->neighbor, sizeof(t->neighbor));
}

static void adj_back(uint8_t protocol, const struct ls_adj_sid *f, struct bgpls_adj_sid *t)
{
	uint8_t value = is_isis(protocol) ? ISIS_ADJ_VALUE : OSPF_ADJ_VALUE;
	uint8_t backup = is_isis(protocol) ? ISIS_ADJ_BACKUP : OSPF_ADJ_BACKUP;

	*t = (struct bgpls_adj_sid){ .flags = (uint8_t)(f->flags | (f->is_label ? value : 0) |
							(f->backup ? backup : 0)),
				     .weight = f->weight,
				     .is_label = f->is_label,
				     .value = f->value,
				     .neighbor_len = f->neighbor_len };
	memcpy(t->neighbor, f->neighbor, sizeof(t->neighbor));
}

static void te_back(const struct ls_link *l, struct bgpls_te *te)
{
	*te = (struct bgpls_te){ .have = l->have,
				 .te_metric = l->te_metric,
				 .delay_us = l->delay_us,
				 .delay_min_us = l->delay_min_us,
				 .delay_max_us = l->delay_max_us,
				 .delay_var_us = l->delay_var_us,
				 .delay_anomalous = l->delay_anomalous,
				 .loss_anomalous = l->loss_anomalous,
				 .loss_ppm = l->loss_ppm,
				 .residual_bw_bps = l->residual_bw_bps,
				 .available_bw_bps = l->available_bw_bps,
				 .utilized_bw_bps = l->utilized_bw_bps,
				 .srlg = l->srlg,
				 .n_srlg = l->n_srlg };
	memcpy(te->admin_group, l->admin_group, sizeof(te->admin_group));
}

static void flex_attr_back(const struct ls_flex_attrs *f, struct bgpls_te *te)
{
	*te = (struct bgpls_te){ .have = f->have | (f->n_srlg > 0 ? BGPLS_HAVE_SRLG : 0),
				 .te_metric = f->te_metric,
				 .delay_min_us = f->delay_min_us,
				 .delay_max_us = f->delay_max_us,
				 .srlg = f->srlg,
				 .n_srlg = f->n_srlg };
	memcpy(te->admin_group, f->admin_group, sizeof(te->admin_group));
}

static int link_attr_back(const struct ls_link *l, struct arena *arena, struct bgpls_attr *a)
{
	a->endx = ARENA_ARRAY(arena, l->n_endx + 1, struct bgpls_srv6_sid);
	a->adj = ARENA_ARRAY(arena, l->n_adj + 1, struct bgpls_adj_sid);
	if (!a->endx || !a->adj ||
	    msds_back(arena, l->msd, l->n_msd, &a->link_msd, &a->n_link_msd) < 0)
		return err_raise(-ENOMEM);
	for (size_t i = 0; i < l->n_endx; i++)
		endx_back(&l->endx[i], &a->endx[i]);
	a->n_endx = l->n_endx;
	for (size_t i = 0; i < l->n_adj; i++)
		adj_back(l->key.local.protocol, &l->adj[i], &a->adj[i]);
	a->n_adj = l->n_adj;
	a->have = l->have;
	a->igp_metric = l->igp_metric;
	a->max_bw_bps = l->max_bw_bps;
	a->rsv_bw_bps = l->rsv_bw_bps;
	memcpy(a->unrsv_bw_bps, l->unrsv_bw_bps, sizeof(a->unrsv_bw_bps));
	te_back(l, &a->te);
	flex_attr_back(&l->flex, &a->te_flex);
	return 0;
}

static uint8_t prefix_sid_flags(const struct ls_prefix *p, const struct ls_prefix_sid *s)
{
	bool isis = is_isis(p->node.protocol);
	unsigned flags = s->flags;

	if (s->no_php)
		flags |= isis ? ISIS_PREFIX_NO_PHP : OSPF_PREFIX_NO_PHP;
	if (s->node && isis)
		flags |= ISIS_PREFIX_NODE;
	return (uint8_t)flags;
}

static int prefix_back(const struct ls_prefix *p, struct arena *arena, struct bgpls_attr *a)
{
	a->sids = ARENA_ARRAY(arena, p->n_sids + 1, struct bgpls_prefix_sid);
	if (!a->sids)
		return err_raise(-ENOMEM);
	for (size_t i = 0; i < p->n_sids; i++)
		a->sids[i] = (struct bgpls_prefix_sid){ prefix_sid_flags(p, &p->sids[i]),
							p->sids[i].algo, p->sids[i].is_label,
							p->sids[i].value };
	a->n_sids = p->n_sids;
	a->have = (p->has_metric ? BGPLS_HAVE_PREFIX_METRIC : 0) |
		  (p->has_locator ? BGPLS_HAVE_LOCATOR : 0);
	a->prefix_metric = p->metric;
	a->locator_flags = p->locator_flags;
	a->locator_algo = p->locator_algo;
	a->locator_metric = p->locator_metric;
	return 0;
}

int bgp_ls_attr(const struct ls_object *obj, struct arena *arena, struct bgpls_attr *a)
{
	*a = (struct bgpls_attr){ 0 };
	switch (obj->kind) {
	case LS_NODE:
		return node_back(&obj->node, arena, a);
	case LS_LINK:
		return link_attr_back(&obj->link, arena, a);
	case LS_PREFIX:
		return prefix_back(&obj->prefix, arena, a);
	case LS_SID:
		a->have = BGPLS_HAVE_BEHAVIOR |
			  (obj->sid.sid.has_structure ? BGPLS_HAVE_STRUCTURE : 0);
		a->behavior = obj->sid.sid.behavior;
		a->behavior_flags = obj->sid.sid.flags;
		a->behavior_algo = obj->sid.sid.algo;
		a->structure = structure_back(&obj->sid.sid.structure);
		return 0;
	}
	return err_raise(-EINVAL);
}
