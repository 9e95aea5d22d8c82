/* SPDX-License-Identifier: Apache-2.0 */
/* Links of our own topology format. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/plan/topology_int.h"

static int read_local(const struct plan_at *at, void *into)
{
	struct plan_reading *r = into;
	struct ip_addr a;

	if (plan_topology_address(at, &a) < 0)
		return -EINVAL;
	*(a.family == IP_V6 ? &r->link.local_v6 : &r->link.local_v4) = a;
	return 0;
}

static int read_remote(const struct plan_at *at, void *into)
{
	struct plan_reading *r = into;
	struct ip_addr a;

	if (plan_topology_address(at, &a) < 0)
		return -EINVAL;
	*(a.family == IP_V6 ? &r->link.remote_v6 : &r->link.remote_v4) = a;
	return 0;
}

static int read_locals(const struct plan_at *at, void *into)
{
	return plan_json_each(at, 2, read_local, into);
}

static int read_remotes(const struct plan_at *at, void *into)
{
	return plan_json_each(at, 2, read_remote, into);
}

/* Out of a pseudonode everything is free; elsewhere 0 is no metric, and what is above 24 bits no
 * IS-IS router can have said. */
static int read_igp(const struct plan_at *at, void *into)
{
	struct plan_reading *r = into;
	uint64_t v;

	if (plan_json_number(at, 0, TED_METRIC_MAX + 1, &v) < 0)
		return -EINVAL;
	r->link.has_igp = true;
	r->link.igp_metric = (uint32_t)v;
	return 0;
}

static int read_te(const struct plan_at *at, void *into)
{
	struct plan_reading *r = into;
	uint64_t v;

	if (plan_json_number(at, 0, UINT32_MAX - 1, &v) < 0)
		return -EINVAL;
	r->link.has_te = true;
	r->link.te_metric = (uint32_t)v;
	return 0;
}

static int read_delay(const struct plan_at *at, void *into)
{
	struct plan_reading *r = into;
	uint64_t v;

	if (plan_json_number(at, 0, PLAN_DELAY_MAX, &v) < 0)
		return -EINVAL;
	r->link.has_delay = true;
	r->link.delay_us = (uint32_t)v;
	return 0;
}

static int read_group(const struct plan_at *at, void *into)
{
	return plan_topology_group(at, into);
}

static int read_groups(const struct plan_at *at, void *into)
{
	struct plan_reading *r = into;

	return plan_json_each(at, 32 * TED_AFFINITY_WORDS, read_group, r->link.admin_group);
}

static int read_srlg(const struct plan_at *at, void *into)
{
	struct plan_reading *r = into;
	uint64_t v;

	if (plan_json_number(at, 0, UINT32_MAX, &v) < 0)
		return -EINVAL;
	return VEC_ADD(&r->srlgs, (uint32_t)v) ? 0 : plan_json_bad(at, "no memory");
}

static int read_srlgs(const struct plan_at *at, void *into)
{
	struct plan_reading *r = into;

	r->srlgs.n = 0;
	return plan_json_each(at, PLAN_MANY_MAX, read_srlg, into);
}

/* ---- what Flex-Algo sees (ASLA) ---- */

struct flex_reading {
	struct plan_reading r; /* its srlgs alone are used */
	struct ted_flex_attrs a;
};

static int flex_te(const struct plan_at *at, void *into)
{
	struct flex_reading *f = into;
	uint64_t v;

	if (plan_json_number(at, 0, UINT32_MAX - 1, &v) < 0)
		return -EINVAL;
	f->a.has_te = true;
	f->a.te_metric = (uint32_t)v;
	return 0;
}

static int flex_delay(const struct plan_at *at, void *into)
{
	struct flex_reading *f = into;
	uint64_t v;

	if (plan_json_number(at, 0, PLAN_DELAY_MAX, &v) < 0)
		return -EINVAL;
	f->a.has_delay = true;
	f->a.delay_us = (uint32_t)v;
	return 0;
}

static int flex_groups(const struct plan_at *at, void *into)
{
	struct flex_reading *f = into;

	return plan_json_each(at, 32 * TED_AFFINITY_WORDS, read_group, f->a.admin_group);
}

static int read_flex(const struct plan_at *at, void *into)
{
	static const struct plan_row rows[] = {
		PLAN_CALL_ROW("te-metric", flex_te),
		PLAN_CALL_ROW("delay", flex_delay),
		PLAN_CALL_ROW("admin-group", flex_groups),
		PLAN_CALL_ROW("srlg", read_srlgs),
	};
	struct plan_reading *r = into;
	struct flex_reading f = { .r = { .net = r->net } };
	struct ted_flex_attrs *own = NULL;
	int rc = plan_json_members(at, rows, ARRAY_LEN(rows), &f);

	if (rc == 0 && !PLAN_KEEP(&f.r, srlgs, f.a.srlg, f.a.n_srlg))
		rc = plan_json_bad(at, "no memory");
	if (rc == 0)
		own = arena_copy(&r->net->arena, &f.a, sizeof(f.a));
	VEC_FINI(&f.r.srlgs);
	if (rc == 0 && !own)
		rc = plan_json_bad(at, "no memory");
	r->link.flex = own;
	r->link.flex_plain = false;
	return rc;
}

/* ---- a link ---- */

static const struct plan_row link_rows[] = {
	PLAN_VALUE_ROW("link-id", PLAN_TEXT, struct plan_reading, link_id, 0, 256),
	{ "source-node", PLAN_TEXT, offsetof(struct plan_reading, from), 0, 40, true, NULL },
	{ "dest-node", PLAN_TEXT, offsetof(struct plan_reading, to), 0, 40, true, NULL },
	PLAN_SKIP_ROW("label"),
	PLAN_SKIP_ROW("half"),
	PLAN_SKIP_ROW("reverse"),
	PLAN_SKIP_ROW("unreserved-bandwidth"),
	PLAN_CALL_ROW("local-address", read_locals),
	PLAN_CALL_ROW("remote-address", read_remotes),
	PLAN_VALUE_ROW("local-id", PLAN_U32, struct plan_reading, link.local_id, 0, 0),
	PLAN_VALUE_ROW("remote-id", PLAN_U32, struct plan_reading, link.remote_id, 0, 0),
	PLAN_CALL_ROW("igp-metric", read_igp),
	PLAN_CALL_ROW("te-metric", read_te),
	PLAN_CALL_ROW("delay", read_delay),
	PLAN_VALUE_ROW("delay-min", PLAN_U32, struct plan_reading, link.delay_min_us, 0, PLAN_DELAY_MAX),
	PLAN_VALUE_ROW("delay-max", PLAN_U32, struct plan_reading, link.delay_max_us, 0, PLAN_DELAY_MAX),
	PLAN_VALUE_ROW("delay-variation", PLAN_U32, struct plan_reading, link.delay_var_us, 0,
		       PLAN_DELAY_MAX),
	PLAN_VALUE_ROW("loss", PLAN_U32, struct plan_reading, link.loss_ppm, 0, 1000000),
	PLAN_VALUE_ROW("max-bandwidth", PLAN_U64, struct plan_reading, link.max_bw_bps, 0, PLAN_BPS_MAX),
	PLAN_VALUE_ROW("max-reservable-bandwidth", PLAN_U64, struct plan_reading, link.rsv_bw_bps, 0,
		       PLAN_BPS_MAX),
	PLAN_VALUE_ROW("capacity", PLAN_U64, struct plan_reading, link.capacity_bps, 0, PLAN_BPS_MAX),
	PLAN_CALL_ROW("admin-group", read_groups),
	PLAN_CALL_ROW("srlg", read_srlgs),
	PLAN_CALL_ROW("sid", plan_topology_sids),
	PLAN_CALL_ROW("adjacency-sid", plan_topology_adj_sids),
	PLAN_VALUE_ROW("mtu", PLAN_U16, struct plan_reading, link.mtu, 0, 0),
	PLAN_CALL_ROW("flex-algo-attributes", read_flex),
};

static int ends(const struct plan_at *at, struct plan_reading *r)
{
	struct ted_link *l = &r->link;

	l->from = plan_node_find(r->net, r->from);
	l->to = plan_node_find(r->net, r->to);
	if (l->from == TED_NONE || l->to == TED_NONE)
		return plan_json_bad(at, "no node '%s'", l->from == TED_NONE ? r->from : r->to);
	if (l->from == l->to)
		return plan_json_bad(at, "from a node to itself");
	return 0;
}

/* What the model leaves open, and what does not go together. */
static int settle(const struct plan_at *at, struct plan_reading *r)
{
	struct ted_link *l = &r->link;
	bool pseudo = r->net->nodes.at[l->from].pseudonode;

	if (l->has_igp && l->igp_metric == 0 && !pseudo)
		return plan_json_bad(at, "igp-metric 0");
	if (l->delay_max_us && l->delay_min_us > l->delay_max_us)
		return plan_json_bad(at, "delay-min is above delay-max");
	if (!l->has_delay && (l->delay_min_us || l->delay_max_us))
		return plan_json_bad(at, "delay-min or delay-max without delay");
	l->has_loss = json_object_object_get_ex(at->o, "loss", NULL);
	l->has_delay_var = json_object_object_get_ex(at->o, "delay-variation", NULL);
	/* Flex-Algo goes by the least delay: of one that alone is told, that is it. */
	if (l->has_delay && !json_object_object_get_ex(at->o, "delay-min", NULL))
		l->delay_min_us = l->delay_max_us && l->delay_max_us < l->delay_us ? l->delay_max_us :
										     l->delay_us;
	if (!json_object_object_get_ex(at->o, "capacity", NULL))
		l->capacity_bps = l->rsv_bw_bps ? l->rsv_bw_bps : l->max_bw_bps;
	if (r->link_id[0] && !plan_link_id_take(r->net, r->link_id))
		return plan_json_bad(at, "a second link '%s'", r->link_id);
	if (!r->link_id[0])
		(void)snprintf(r->link_id, sizeof(r->link_id), "%s>%s", r->from, r->to);
	return 0;
}

static int read_link(const struct plan_at *at, void *into)
{
	struct plan_reading *r = into;
	struct ted_link *l = &r->link;

	r->sids.n = r->adj_sids.n = r->srlgs.n = 0;
	r->from[0] = r->to[0] = r->link_id[0] = '\0';
	*l = (struct ted_link){ .alive = true, .reverse = TED_NONE, .flex_plain = true };
	if (plan_json_members(at, link_rows, ARRAY_LEN(link_rows), r) < 0 || ends(at, r) < 0 ||
	    settle(at, r) < 0)
		return -EINVAL;
	if (!PLAN_KEEP(r, sids, l->sids, l->n_sids) || !PLAN_KEEP(r, srlgs, l->srlg, l->n_srlg) ||
	    !PLAN_KEEP(r, adj_sids, l->adj_sids, l->n_adj_sids) ||
	    !plan_link_add(r->net, l, r->link_id))
		return plan_json_bad(at, "no memory");
	return 0;
}

int plan_topology_links(const struct plan_at *at, void *reading)
{
	return plan_json_each(at, PLAN_LINKS_MAX, read_link, reading);
}
