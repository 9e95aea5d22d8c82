/* SPDX-License-Identifier: Apache-2.0 */
#include "topo/rows.h"

#include <errno.h>
#include <string.h>

#include "base/bitset.h"
#include "base/err.h"
#include "base/str.h"
#include "topo/overlay.h"

static uint8_t msd_of(const struct ls_msd *msd, size_t n, uint8_t type)
{
	for (size_t i = 0; i < n; i++)
		if (msd[i].type == type)
			return msd[i].value;
	return 0;
}

static void sid_fill(struct ted_sid *to, const struct ls_srv6_sid *from)
{
	*to = (struct ted_sid){ .sid = from->sid, .behavior = from->behavior, .algo = from->algo,
				.flags = from->flags };
	if (from->has_structure)
		to->structure = (struct ted_sid_structure){ from->structure.lb, from->structure.ln,
							    from->structure.fun, from->structure.arg };
}

static const struct ted_label_range *ranges_copy(struct arena *a, const struct ls_label_range *from,
						 size_t n, uint16_t *count)
{
	struct ted_label_range *to = ARENA_ARRAY(a, n + 1, struct ted_label_range);

	*count = 0;
	for (size_t i = 0; to && i < n; i++)
		to[(*count)++] = (struct ted_label_range){ from[i].base, from[i].size };
	return to;
}

/* Of definitions of one algorithm the first counts (RFC 9350 s5.1): the TED sees to that. */
static const struct ted_fad *fads_copy(struct arena *a, const struct ls_node *n, uint16_t *count)
{
	struct ted_fad *to = ARENA_ARRAY(a, n->n_flex + 1, struct ted_fad);

	_Static_assert(sizeof(to->exclude_any) == sizeof(n->flex->exclude_any), "same width");
	_Static_assert(sizeof(to->exclude_srlg) == sizeof(n->flex->exclude_srlg), "same width");
	*count = 0;
	for (size_t i = 0; to && i < n->n_flex; i++) {
		const struct ls_flex_algo *f = &n->flex[i];
		struct ted_fad *t = &to[(*count)++];

		*t = (struct ted_fad){ .algo = f->algo, .metric_type = f->metric_type,
				       .calc_type = f->calc_type, .priority = f->priority,
				       .n_exclude_any = f->n_exclude_any,
				       .n_include_any = f->n_include_any,
				       .n_include_all = f->n_include_all,
				       .n_exclude_srlg = f->n_exclude_srlg,
				       .flags = f->flags, .unsupported = f->unsupported };
		memcpy(t->exclude_any, f->exclude_any, sizeof(t->exclude_any));
		memcpy(t->include_any, f->include_any, sizeof(t->include_any));
		memcpy(t->include_all, f->include_all, sizeof(t->include_all));
		memcpy(t->exclude_srlg, f->exclude_srlg, sizeof(t->exclude_srlg));
	}
	return to;
}

static void node_attrs(const struct merge_rows *r, struct ted_node *t, const struct ls_node *n)
{
	str_copy(t->name, sizeof(t->name), n->name);
	t->overload |= n->overload;
	t->srv6 |= n->srv6;
	if (n->router_id_v4.family)
		t->router_v4 = n->router_id_v4;
	if (n->router_id_v6.family)
		t->router_v6 = n->router_id_v6;
	if (n->n_srgb)
		t->srgb = ranges_copy(r->a, n->srgb, n->n_srgb, &t->n_srgb);
	if (n->n_srlb)
		t->srlb = ranges_copy(r->a, n->srlb, n->n_srlb, &t->n_srlb);
	if (n->n_msd) {
		t->msd_mpls = msd_of(n->msd, n->n_msd, 1);
		t->msd_max_sl = msd_of(n->msd, n->n_msd, 41);
		t->msd_end_pop = msd_of(n->msd, n->n_msd, 42);
		t->msd_h_encaps = msd_of(n->msd, n->n_msd, 44);
		t->msd_end_d = msd_of(n->msd, n->n_msd, 45);
	}
	if (n->n_flex)
		t->fads = fads_copy(r->a, n, &t->n_fads);
	for (size_t i = 0; i < n->n_algos; i++)
		bitset_add(t->algos, n->algos[i]);
}

struct node_parts {
	struct ip_prefix *prefixes;
	struct ted_locator *locators;
	struct ted_sid *sids;
	struct ted_node_sid *node_sids;
};

/* Transit prefixes are never used: FRR keeps those of failed links (lab defect 2). */
static void prefix_fill(struct ted_node *t, struct node_parts *p, const struct ls_prefix *o)
{
	if (o->prefix.len == ip_bits(&o->prefix.addr) && t->n_prefixes < UINT16_MAX)
		p->prefixes[t->n_prefixes++] = o->prefix;
	if (o->has_locator && t->n_locators < UINT16_MAX) {
		t->srv6 = true;
		p->locators[t->n_locators++] = (struct ted_locator){
			.prefix = o->prefix, .algo = o->locator_algo, .flags = o->locator_flags,
			.metric = o->locator_metric,
		};
	}
	for (size_t i = 0; i < o->n_sids && t->n_node_sids < UINT16_MAX; i++)
		p->node_sids[t->n_node_sids++] = (struct ted_node_sid){
			.prefix = o->prefix, .value = o->sids[i].value, .algo = o->sids[i].algo,
			.is_label = o->sids[i].is_label, .no_php = o->sids[i].no_php,
		};
}

static void part_fill(const struct merge_rows *r, struct ted_node *t, struct node_parts *p,
		      const struct ls_object *o)
{
	switch (o->kind) {
	case LS_NODE:
		node_attrs(r, t, &o->node);
		break;
	case LS_PREFIX:
		prefix_fill(t, p, &o->prefix);
		break;
	case LS_SID:
		if (t->n_sids < UINT16_MAX)
			sid_fill(&p->sids[t->n_sids++], &o->sid.sid);
		break;
	case LS_LINK:
		break;
	}
}

int merge_row_node(const struct merge_rows *r, struct ted_node *t, const struct ls_object *const *o,
		   size_t n)
{
	const struct topo_extra *x = r->overlay ? overlay_of(r->overlay, t->id) : NULL;
	size_t n_prefix_sids = 0;
	struct node_parts p;

	for (size_t i = 0; i < n; i++)
		if (o[i]->kind == LS_PREFIX)
			n_prefix_sids += o[i]->prefix.n_sids;
	p.prefixes = ARENA_ARRAY(r->a, n + 1, struct ip_prefix);
	p.locators = ARENA_ARRAY(r->a, n + 1 + (x ? x->n_locators : 0), struct ted_locator);
	p.sids = ARENA_ARRAY(r->a, n + 1 + (x ? x->n_sids : 0), struct ted_sid);
	p.node_sids = ARENA_ARRAY(r->a, n_prefix_sids + 1, struct ted_node_sid);
	if (!p.prefixes || !p.locators || !p.sids || !p.node_sids)
		return err_raise(-ENOMEM);
	t->prefixes = p.prefixes;
	t->locators = p.locators;
	t->sids = p.sids;
	t->node_sids = p.node_sids;
	for (size_t i = 0; i < n; i++)
		part_fill(r, t, &p, o[i]);
	return r->overlay ? overlay_node_fill(r->overlay, r->a, t, p.locators, p.sids) : 0;
}

static uint8_t system_id_len(const struct ted_node *n)
{
	return n->protocol == LS_ISIS_L1 || n->protocol == LS_ISIS_L2 ? 6 : 4;
}

/* 1 + index of the router a LAN SID names, 0 when it is not in the topology. */
static uint32_t lan_node(const struct merge_rows *r, const uint8_t *neighbor, uint8_t len)
{
	for (uint32_t i = 0; i < r->n_nodes; i++) {
		const struct ted_node *n = &r->nodes[i];

		if (n->alive && !n->pseudonode && len == system_id_len(n) &&
		    memcmp(neighbor, n->igp_id, len) == 0)
			return i + 1;
	}
	return 0;
}

/* End.X of a LAN names its neighbour. On a link straight to a router only the SID of that
 * router is taken; on a link into the pseudonode each SID keeps whom it leads to. */
static bool neighbor_fits(const struct merge_rows *r, const struct ted_node *to,
			  const uint8_t *neighbor, uint8_t len, uint32_t *lan)
{
	*lan = 0;
	if (len == 0)
		return !to->pseudonode;
	if (!to->pseudonode)
		return len == system_id_len(to) && memcmp(neighbor, to->igp_id, len) == 0;
	*lan = lan_node(r, neighbor, len);
	return *lan != 0;
}

static int link_sids(const struct merge_rows *r, struct ted_link *t, const struct ls_link *l)
{
	const struct topo_extra *x = r->overlay ? overlay_of(r->overlay, r->nodes[t->from].id) : NULL;
	struct ted_sid *sids = ARENA_ARRAY(r->a, l->n_endx + 1 + (x ? x->n_adjacencies : 0), struct ted_sid);
	struct ted_adj_sid *adj = ARENA_ARRAY(r->a, l->n_adj + 1, struct ted_adj_sid);
	const struct ted_node *to = &r->nodes[t->to];
	uint32_t lan;

	if (!sids || !adj)
		return err_raise(-ENOMEM);
	t->sids = sids;
	t->adj_sids = adj;
	for (size_t i = 0; i < l->n_endx; i++) {
		const struct ls_srv6_sid *s = &l->endx[i];

		if (!neighbor_fits(r, to, s->neighbor, s->neighbor_len, &lan))
			continue;
		sid_fill(&sids[t->n_sids], s);
		sids[t->n_sids++].lan_node = lan;
	}
	overlay_link_fill(x, t, sids);
	for (size_t i = 0; i < l->n_adj; i++) {
		const struct ls_adj_sid *s = &l->adj[i];

		if (neighbor_fits(r, to, s->neighbor, s->neighbor_len, &lan))
			adj[t->n_adj_sids++] = (struct ted_adj_sid){ .value = s->value,
								     .is_label = s->is_label,
								     .backup = s->backup,
								     .lan_node = lan };
	}
	t->srlg = arena_copy(r->a, l->srlg, l->n_srlg * sizeof(*l->srlg));
	t->n_srlg = (uint16_t)l->n_srlg;
	return t->srlg ? 0 : err_raise(-ENOMEM);
}

/* Are the attributes for Flex-Algo the plain ones: then one copy is enough. */
static bool flex_is_plain(const struct ls_link *l)
{
	enum { USED = LS_HAVE_TE_METRIC | LS_HAVE_ADMIN_GROUP | LS_HAVE_DELAY_MM };
	const struct ls_flex_attrs *f = &l->flex;

	return f->have == (l->have & USED) && f->n_srlg == l->n_srlg &&
	       (!(l->have & LS_HAVE_DELAY) || (l->have & LS_HAVE_DELAY_MM)) &&
	       f->te_metric == l->te_metric && f->delay_min_us == l->delay_min_us &&
	       memcmp(f->admin_group, l->admin_group, sizeof(f->admin_group)) == 0 &&
	       (f->n_srlg == 0 || memcmp(f->srlg, l->srlg, f->n_srlg * sizeof(*f->srlg)) == 0);
}

static int link_flex(const struct merge_rows *r, struct ted_link *t, const struct ls_link *l)
{
	const struct ls_flex_attrs *f = &l->flex;
	struct ted_flex_attrs *own;

	t->flex_plain = flex_is_plain(l);
	if (t->flex_plain || (!f->have && f->n_srlg == 0))
		return 0;
	own = ARENA_NEW(r->a, struct ted_flex_attrs);
	if (!own)
		return err_raise(-ENOMEM);
	*own = (struct ted_flex_attrs){ .has_te = f->have & LS_HAVE_TE_METRIC,
					.has_delay = f->have & LS_HAVE_DELAY_MM,
					.te_metric = f->te_metric,
					.delay_us = f->delay_min_us,
					.srlg = f->srlg,
					.n_srlg = (uint16_t)f->n_srlg };
	memcpy(own->admin_group, f->admin_group, sizeof(own->admin_group));
	t->flex = own;
	return 0;
}

static void link_attrs(struct ted_link *t, const struct ls_link *l)
{
	t->local_id = l->key.local_link_id;
	t->remote_id = l->key.remote_link_id;
	t->local_v6 = l->key.local_v6;
	t->remote_v6 = l->key.remote_v6;
	t->local_v4 = l->key.local_v4;
	t->remote_v4 = l->key.remote_v4;
	t->has_igp = l->have & LS_HAVE_IGP_METRIC;
	t->igp_metric = l->igp_metric;
	t->has_te = l->have & LS_HAVE_TE_METRIC;
	t->te_metric = l->te_metric;
	t->has_delay = l->have & (LS_HAVE_DELAY | LS_HAVE_DELAY_MM);
	t->delay_min_us = l->have & LS_HAVE_DELAY_MM ? l->delay_min_us : l->delay_us;
	t->delay_max_us = l->have & LS_HAVE_DELAY_MM ? l->delay_max_us : l->delay_us;
	t->delay_us = t->delay_min_us;
	t->has_delay_var = l->have & LS_HAVE_DELAY_VAR;
	t->delay_var_us = l->delay_var_us;
	t->has_loss = l->have & LS_HAVE_LOSS;
	t->loss_ppm = l->loss_ppm;
	t->max_bw_bps = l->max_bw_bps;
	t->rsv_bw_bps = l->rsv_bw_bps;
	t->capacity_bps = l->have & LS_HAVE_RSV_BW ? l->rsv_bw_bps : l->max_bw_bps;
	memcpy(t->unrsv_bw_bps, l->unrsv_bw_bps, sizeof(t->unrsv_bw_bps));
	memcpy(t->admin_group, l->admin_group, sizeof(t->admin_group));
}

int merge_row_link(const struct merge_rows *r, struct ted_link *t, const struct ls_link *l)
{
	link_attrs(t, l);
	if (link_flex(r, t, l) < 0 || link_sids(r, t, l) < 0)
		return -ENOMEM;
	return r->overlay ? overlay_told_fill(r->overlay, r->a, r->nodes[t->from].id, t) : 0;
}
