/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Topology: the TED as RFC 8345 networks with our augments. One network, sextant:default.
 * Node ids are the IGP's texts; a link id is FROM>TO@LOCAL with LOCAL the local address, else
 * the local identifier.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "northbound/restconf/rc_int.h"

#define NETWORK_ID "sextant:default"
#define MODULE "sextant-topology"

/* ---- ids ---- */

static const struct ip_addr *local_addr(const struct ted_link *l)
{
	return l->local_v6.family ? &l->local_v6 : l->local_v4.family ? &l->local_v4 : NULL;
}

static const char *tp_text(const struct ip_addr *a, uint32_t id, const char *to, char *buf, size_t cap)
{
	char ip[IP_TEXT_MAX];

	if (a)
		snprintf(buf, cap, "%s", ip_text(a, ip, sizeof(ip)));
	else if (id)
		snprintf(buf, cap, "id:%" PRIu32, id);
	else
		snprintf(buf, cap, "to:%s", to);
	return buf;
}

static const char *tp_id(const struct ted *ted, const struct ted_link *l, char *buf, size_t cap)
{
	return tp_text(local_addr(l), l->local_id, ted->nodes[l->to].id, buf, cap);
}

const char *rc_link_id(const struct ted *ted, uint32_t link, char *buf, size_t cap)
{
	const struct ted_link *l = &ted->links[link];
	char tp[IP_TEXT_MAX + 8];

	if (!local_addr(l) && !l->local_id)
		snprintf(buf, cap, "%s>%s", ted->nodes[l->from].id, ted->nodes[l->to].id);
	else
		snprintf(buf, cap, "%s>%s@%s", ted->nodes[l->from].id, ted->nodes[l->to].id,
			 tp_id(ted, l, tp, sizeof(tp)));
	return buf;
}

uint32_t rc_link_by_id(const struct ted *ted, const char *id)
{
	char buf[TED_LABEL_MAX], from[64];
	const char *gt = strchr(id, '>');
	uint32_t node;

	if (!gt || (size_t)(gt - id) >= sizeof(from))
		return TED_NONE;
	memcpy(from, id, (size_t)(gt - id));
	from[gt - id] = '\0';
	node = ted_node_by_id(ted, from);
	for (uint32_t i = 0; node != TED_NONE && i < ted->n_links; i++)
		if (ted->links[i].alive && ted->links[i].from == node &&
		    strcmp(rc_link_id(ted, i, buf, sizeof(buf)), id) == 0)
			return i;
	return TED_NONE;
}

/* Links by node, for termination points; kept for the generation last asked for. */
const struct rc_links *rc_links(struct rc *rc, const struct ted *ted)
{
	struct rc_links *x = &rc->links;

	if (x->ted == ted)
		return x;
	ted_unref(x->ted);
	free(x->start);
	free(x->idx);
	*x = (struct rc_links){ .ted = NULL };
	x->start = calloc((size_t)ted->n_nodes + 2, sizeof(*x->start));
	x->idx = calloc((size_t)ted->n_links + 1, sizeof(*x->idx));
	if (!x->start || !x->idx)
		return NULL;
	for (uint32_t i = 0; i < ted->n_links; i++)
		if (ted->links[i].alive)
			x->start[ted->links[i].from + 2]++;
	for (uint32_t i = 2; i < ted->n_nodes + 2; i++)
		x->start[i] += x->start[i - 1];
	for (uint32_t i = 0; i < ted->n_links; i++)
		if (ted->links[i].alive)
			x->idx[x->start[ted->links[i].from + 1]++] = i;
	x->ted = ted_ref(ted);
	return x;
}

/* ---- network ---- */

static bool network_next(struct rc_read *rd, struct rc_cursor *cur)
{
	(void)rd;
	return cur->at++ == 0;
}

static bool network_find(struct rc_read *rd, struct rc_cursor *cur, const struct lyd_node *keys)
{
	(void)rd;
	(void)cur;
	return strcmp(rc_value(keys, "network-id"), NETWORK_ID) == 0;
}

static void network_keys(struct rc_read *rd, const struct rc_cursor *cur, char keys[][RC_KEY_MAX])
{
	(void)rd;
	(void)cur;
	str_copy(keys[0], RC_KEY_MAX, NETWORK_ID);
}

static const struct rc_leaf source_leaves[] = {
	RC_LEAF("peer", RC_IP, struct topo_source_info, peer, 0),
	RC_LEAF("up", RC_BOOL, struct topo_source_info, up, 0),
	RC_LEAF("end-of-rib", RC_BOOL, struct topo_source_info, eor, 0),
	RC_LEAF("objects", RC_U32, struct topo_source_info, objects, 0),
	RC_LEAF("down-since", RC_TIME, struct topo_source_info, down_since_wall_ns, 0),
};

static void source_fill(void *arg, const struct topo_source_info *s)
{
	char id[16];

	snprintf(id, sizeof(id), "%" PRIu32, s->source);
	rc_leaves_fill(rc_entry(arg, "source", id), source_leaves, ARRAY_LEN(source_leaves), s);
}

static void network_fill(struct rc_read *rd, const struct rc_cursor *cur, struct lyd_node *entry)
{
	const struct ted *t = rd->ted;
	struct lyd_node *a = rc_container(entry, NULL, "network-types");
	uint32_t nodes = 0, links = 0;

	(void)cur;
	rc_container(a, MODULE, "srv6-te");
	for (uint32_t i = 0; i < t->n_nodes; i++)
		nodes += t->nodes[i].alive;
	for (uint32_t i = 0; i < t->n_links; i++)
		links += t->links[i].alive;
	a = rc_container(entry, MODULE, "network-attributes");
	rc_addf(a, "generation", "%" PRIu64, t->generation);
	rc_add(a, "stale", t->stale ? "true" : "false");
	rc_addf(a, "nodes", "%" PRIu32, nodes);
	rc_addf(a, "links", "%" PRIu32, links);
	topo_each_source(rd->rc->cfg.topo, source_fill, a);
}

/* ---- nodes ---- */

static bool node_next(struct rc_read *rd, struct rc_cursor *cur)
{
	while (cur->at < rd->ted->n_nodes)
		if (rd->ted->nodes[cur->at++].alive)
			return true;
	return false;
}

static bool node_find(struct rc_read *rd, struct rc_cursor *cur, const struct lyd_node *keys)
{
	const char *id = rc_value(keys, "node-id");
	uint32_t n = ted_node_by_id(rd->ted, id);

	/* By name too, the text of the URI must still be the id. */
	if (n == TED_NONE || !rd->ted->nodes[n].alive || strcmp(rd->ted->nodes[n].id, id) != 0)
		return false;
	cur->at = n + 1;
	return true;
}

static void node_keys(struct rc_read *rd, const struct rc_cursor *cur, char keys[][RC_KEY_MAX])
{
	str_copy(keys[0], RC_KEY_MAX, rd->ted->nodes[cur->at - 1].id);
}

static const char *const protocols[] = { "", "isis-level-1", "isis-level-2", "ospfv2", "direct",
					 "static", "ospfv3", "bgp", NULL };

static const struct rc_leaf node_leaves[] = {
	RC_LEAF("name", RC_CHARS, struct ted_node, name, RC_SKIP_ZERO),
	RC_LEAF("as-number", RC_U32, struct ted_node, asn, RC_SKIP_ZERO),
	RC_LEAF("pseudonode", RC_BOOL, struct ted_node, pseudonode, RC_SKIP_ZERO),
	RC_LEAF("overload", RC_BOOL, struct ted_node, overload, RC_SKIP_ZERO),
	RC_LEAF("router-id", RC_IP, struct ted_node, router_v6, 0),
	RC_LEAF("router-id", RC_IP, struct ted_node, router_v4, 0),
};

static const struct rc_leaf msd_leaves[] = {
	RC_LEAF("base-mpls", RC_U8, struct ted_node, msd_mpls, RC_SKIP_ZERO),
	RC_LEAF("srh-max-segments-left", RC_U8, struct ted_node, msd_max_sl, RC_SKIP_ZERO),
	RC_LEAF("srh-max-end-pop", RC_U8, struct ted_node, msd_end_pop, RC_SKIP_ZERO),
	RC_LEAF("srh-max-h-encaps", RC_U8, struct ted_node, msd_h_encaps, RC_SKIP_ZERO),
	RC_LEAF("srh-max-end-d", RC_U8, struct ted_node, msd_end_d, RC_SKIP_ZERO),
};

static const struct rc_leaf structure_leaves[] = {
	RC_LEAF("block-length", RC_U8, struct ted_sid_structure, lb, 0),
	RC_LEAF("node-length", RC_U8, struct ted_sid_structure, ln, 0),
	RC_LEAF("function-length", RC_U8, struct ted_sid_structure, fun, 0),
	RC_LEAF("argument-length", RC_U8, struct ted_sid_structure, arg, 0),
};

static const struct rc_leaf sid_leaves[] = {
	RC_LEAF("sid", RC_IP, struct ted_sid, sid, 0),
	RC_LEAF("behavior", RC_U16, struct ted_sid, behavior, 0),
	RC_LEAF("algorithm", RC_U8, struct ted_sid, algo, 0),
};

/* Lengths a peer made up are not shown: the schema allows 0 to 128 bits. */
static bool structure_sane(const struct ted_sid_structure *s)
{
	int sum = s->lb + s->ln + s->fun + s->arg;

	return sum > 0 && sum <= 128;
}

/* The far end of a SID on a link into a LAN. */
static void neighbor_add(struct lyd_node *sid, const struct ted *t, uint32_t lan_node)
{
	if (lan_node && lan_node <= t->n_nodes)
		rc_add(sid, "neighbor", t->nodes[lan_node - 1].id);
}

static void sids_fill(struct lyd_node *parent, const struct ted *t, const struct ted_sid *sids,
		      size_t n, bool link)
{
	for (size_t i = 0; i < n; i++) {
		struct lyd_node *s = rc_list(parent, "sid");

		rc_leaves_fill(s, sid_leaves, ARRAY_LEN(sid_leaves), &sids[i]);
		if (link)
			rc_add(s, "backup", sids[i].flags & 0x80 ? "true" : "false");
		neighbor_add(s, t, sids[i].lan_node);
		if (structure_sane(&sids[i].structure))
			rc_leaves_fill(rc_container(s, NULL, "structure"), structure_leaves,
				       ARRAY_LEN(structure_leaves), &sids[i].structure);
	}
}

static const struct rc_leaf locator_leaves[] = {
	RC_LEAF("prefix", RC_PREFIX, struct ted_locator, prefix, 0),
	RC_LEAF("algorithm", RC_U8, struct ted_locator, algo, 0),
	RC_LEAF("metric", RC_U32, struct ted_locator, metric, 0),
};

static const struct rc_leaf range_leaves[] = {
	RC_LEAF("base", RC_U32, struct ted_label_range, base, 0),
	RC_LEAF("size", RC_U32, struct ted_label_range, size, 0),
};

static void ranges_fill(struct lyd_node *parent, const char *name, const struct ted_label_range *r,
			size_t n)
{
	for (size_t i = 0; i < n; i++)
		rc_leaves_fill(rc_list(parent, name), range_leaves, ARRAY_LEN(range_leaves), &r[i]);
}

static void node_mpls_fill(struct lyd_node *a, const struct ted_node *n)
{
	struct lyd_node *m, *s;
	char prefix[IP_PREFIX_TEXT_MAX];

	if (!n->n_srgb && !n->n_srlb && !n->n_node_sids)
		return;
	m = rc_container(a, NULL, "sr-mpls");
	ranges_fill(m, "srgb", n->srgb, n->n_srgb);
	ranges_fill(m, "srlb", n->srlb, n->n_srlb);
	for (size_t i = 0; i < n->n_node_sids; i++) {
		const struct ted_node_sid *x = &n->node_sids[i];

		s = rc_list(m, "node-sid");
		rc_add(s, "prefix", ip_prefix_text(&x->prefix, prefix, sizeof(prefix)));
		rc_addf(s, "algorithm", "%u", x->algo);
		rc_addf(s, x->is_label ? "label" : "index", "%" PRIu32, x->value);
		rc_add(s, "no-php", x->no_php ? "true" : "false");
	}
}

static void node_srv6_fill(struct lyd_node *a, const struct ted *t, const struct ted_node *n)
{
	struct lyd_node *s;

	if (!n->srv6 && !n->n_locators && !n->n_sids)
		return;
	s = rc_container(a, NULL, "srv6");
	rc_add(s, "capable", n->srv6 ? "true" : "false");
	for (size_t i = 0; i < n->n_locators; i++)
		rc_leaves_fill(rc_list(s, "locator"), locator_leaves, ARRAY_LEN(locator_leaves),
			       &n->locators[i]);
	sids_fill(s, t, n->sids, n->n_sids, false);
}

/* ---- Flex-Algo ---- */

static void groups_fill(struct lyd_node *parent, const char *name, const uint32_t *words)
{
	for (unsigned b = 0; b < TED_AFFINITY_WORDS * 32; b++)
		if (words[b / 32] & UINT32_C(1) << b % 32)
			rc_addf(parent, name, "%u", b);
}

static void srlgs_fill(struct lyd_node *parent, const char *name, const uint32_t *srlg, size_t n)
{
	for (size_t i = 0; i < n; i++)
		rc_addf(parent, name, "%" PRIu32, srlg[i]);
}

static const struct rc_leaf fad_leaves[] = {
	RC_LEAF("algorithm", RC_U8, struct ted_fad, algo, 0),
	RC_LEAF("metric-type", RC_U8, struct ted_fad, metric_type, 0),
	RC_LEAF("calculation-type", RC_U8, struct ted_fad, calc_type, 0),
	RC_LEAF("priority", RC_U8, struct ted_fad, priority, 0),
	RC_LEAF("flags", RC_U32, struct ted_fad, flags, RC_SKIP_ZERO),
	RC_LEAF("unsupported", RC_BOOL, struct ted_fad, unsupported, RC_SKIP_ZERO),
	RC_LEAF("exclusive", RC_BOOL, struct ted_fad, exclusive, RC_SKIP_ZERO),
};

static void fad_fill(struct lyd_node *parent, const struct ted_fad *f)
{
	static const uint32_t none[TED_AFFINITY_WORDS];
	struct lyd_node *d;

	if (f->algo < TED_FLEX_FIRST)
		return;
	d = rc_list(parent, "flex-algo-definition");
	rc_leaves_fill(d, fad_leaves, ARRAY_LEN(fad_leaves), f);
	groups_fill(d, "exclude-any", f->exclude_any);
	groups_fill(d, "include-any", f->include_any);
	groups_fill(d, "include-all", f->include_all);
	if (f->n_include_any && memcmp(f->include_any, none, sizeof(none)) == 0)
		rc_add(d, "include-any-none", "true");
	srlgs_fill(d, "exclude-srlg", f->exclude_srlg, f->n_exclude_srlg);
}

static void node_flex_fill(struct lyd_node *a, const struct ted_node *n)
{
	for (unsigned algo = 0; algo <= UINT8_MAX; algo++)
		if (n->algos[algo / 64] >> algo % 64 & 1)
			rc_addf(a, "algorithm", "%u", algo);
	for (size_t i = 0; i < n->n_fads; i++)
		fad_fill(a, &n->fads[i]);
}

static void link_flex_fill(struct lyd_node *a, const struct ted_link *l)
{
	struct lyd_node *f;

	if (l->flex_plain)
		return;
	f = rc_container(a, NULL, "flex-algo-attributes");
	if (!l->flex)
		return;
	if (l->flex->has_te)
		rc_addf(f, "te-metric", "%" PRIu32, l->flex->te_metric);
	if (l->flex->has_delay)
		rc_addf(f, "delay", "%" PRIu32, l->flex->delay_us);
	groups_fill(f, "admin-group", l->flex->admin_group);
	srlgs_fill(f, "srlg", l->flex->srlg, l->flex->n_srlg);
}

/* Termination points: local ends of its links. Two links may share one (a LAN). */
static void tps_fill(struct rc_read *rd, uint32_t node, struct lyd_node *entry)
{
	const struct rc_links *x = rc_links(rd->rc, rd->ted);
	const struct lys_module *m = ly_ctx_get_module_implemented(rd->rc->ctx,
								   "ietf-network-topology");
	char id[IP_TEXT_MAX + 8];

	/* Sorted by counting: the links of a node end where the next one's begin. */
	for (uint32_t i = x ? x->start[node] : 0; x && i < x->start[node + 1]; i++) {
		struct lyd_node *same = NULL, *tp;

		tp_id(rd->ted, &rd->ted->links[x->idx[i]], id, sizeof(id));
		lyd_new_list(entry, m, "termination-point", 0, &tp, id);
		if (tp && lyd_find_sibling_first(lyd_child(entry), tp, &same) == LY_SUCCESS && same != tp)
			lyd_free_tree(tp);
	}
}

static void node_fill(struct rc_read *rd, const struct rc_cursor *cur, struct lyd_node *entry)
{
	uint32_t at = (uint32_t)cur->at - 1;
	const struct ted_node *n = &rd->ted->nodes[at];
	struct lyd_node *a = rc_container(entry, MODULE, "node-attributes");
	char prefix[IP_PREFIX_TEXT_MAX];

	rc_leaves_fill(a, node_leaves, ARRAY_LEN(node_leaves), n);
	if (n->protocol && n->protocol < ARRAY_LEN(protocols) - 1)
		rc_add(a, "protocol", protocols[n->protocol]);
	for (size_t i = 0; i < n->n_prefixes; i++)
		rc_add(a, "prefix", ip_prefix_text(&n->prefixes[i], prefix, sizeof(prefix)));
	node_srv6_fill(a, rd->ted, n);
	node_mpls_fill(a, n);
	node_flex_fill(a, n);
	if (n->msd_mpls || n->msd_max_sl || n->msd_end_pop || n->msd_h_encaps || n->msd_end_d)
		rc_leaves_fill(rc_container(a, NULL, "msd"), msd_leaves, ARRAY_LEN(msd_leaves), n);
	tps_fill(rd, at, entry);
}

/* ---- links ---- */

static bool link_next(struct rc_read *rd, struct rc_cursor *cur)
{
	while (cur->at < rd->ted->n_links)
		if (rd->ted->links[cur->at++].alive)
			return true;
	return false;
}

static bool link_find(struct rc_read *rd, struct rc_cursor *cur, const struct lyd_node *keys)
{
	uint32_t n = rc_link_by_id(rd->ted, rc_value(keys, "link-id"));

	cur->at = n + 1;
	return n != TED_NONE;
}

static void link_keys(struct rc_read *rd, const struct rc_cursor *cur, char keys[][RC_KEY_MAX])
{
	rc_link_id(rd->ted, (uint32_t)cur->at - 1, keys[0], RC_KEY_MAX);
}

static const struct rc_leaf link_leaves[] = {
	RC_LEAF("local-address", RC_IP, struct ted_link, local_v6, 0),
	RC_LEAF("local-address", RC_IP, struct ted_link, local_v4, 0),
	RC_LEAF("remote-address", RC_IP, struct ted_link, remote_v6, 0),
	RC_LEAF("remote-address", RC_IP, struct ted_link, remote_v4, 0),
	RC_LEAF("local-id", RC_U32, struct ted_link, local_id, RC_SKIP_ZERO),
	RC_LEAF("remote-id", RC_U32, struct ted_link, remote_id, RC_SKIP_ZERO),
	RC_LEAF("max-bandwidth", RC_U64, struct ted_link, max_bw_bps, RC_SKIP_ZERO),
	RC_LEAF("max-reservable-bandwidth", RC_U64, struct ted_link, rsv_bw_bps, RC_SKIP_ZERO),
	RC_LEAF("capacity", RC_U64, struct ted_link, capacity_bps, 0),
	RC_LEAF("mtu", RC_U16, struct ted_link, mtu, RC_SKIP_ZERO),
};

static const struct rc_leaf delay_leaves[] = {
	RC_LEAF("delay", RC_U32, struct ted_link, delay_us, 0),
	RC_LEAF("delay-min", RC_U32, struct ted_link, delay_min_us, RC_SKIP_ZERO),
	RC_LEAF("delay-max", RC_U32, struct ted_link, delay_max_us, RC_SKIP_ZERO),
};

static void link_te_fill(struct lyd_node *a, const struct ted_link *l)
{
	char prio[4];
	uint64_t any = 0;

	if (l->has_igp)
		rc_addf(a, "igp-metric", "%" PRIu32, l->igp_metric);
	if (l->has_te)
		rc_addf(a, "te-metric", "%" PRIu32, l->te_metric);
	if (l->has_delay)
		rc_leaves_fill(a, delay_leaves, ARRAY_LEN(delay_leaves), l);
	if (l->has_delay_var)
		rc_addf(a, "delay-variation", "%" PRIu32, l->delay_var_us);
	if (l->has_loss && l->loss_ppm <= 1000000)
		rc_addf(a, "loss", "%" PRIu32, l->loss_ppm);
	for (unsigned p = 0; p < 8; p++)
		any |= l->unrsv_bw_bps[p];
	for (unsigned p = 0; any && p < 8; p++) {
		struct lyd_node *u;

		snprintf(prio, sizeof(prio), "%u", p);
		u = rc_entry(a, "unreserved-bandwidth", prio);
		rc_addf(u, "bandwidth", "%" PRIu64, l->unrsv_bw_bps[p]);
	}
	groups_fill(a, "admin-group", l->admin_group);
	srlgs_fill(a, "srlg", l->srlg, l->n_srlg);
	link_flex_fill(a, l);
}

static void link_fill(struct rc_read *rd, const struct rc_cursor *cur, struct lyd_node *entry)
{
	const struct ted *t = rd->ted;
	const struct ted_link *l = &t->links[cur->at - 1];
	struct lyd_node *c = rc_container(entry, NULL, "source"), *a;
	const struct ip_addr *remote = l->remote_v6.family ? &l->remote_v6 :
				       l->remote_v4.family ? &l->remote_v4 : NULL;
	char buf[TED_LABEL_MAX + 64];

	rc_add(c, "source-node", t->nodes[l->from].id);
	rc_add(c, "source-tp", tp_id(t, l, buf, sizeof(buf)));
	c = rc_container(entry, NULL, "destination");
	rc_add(c, "dest-node", t->nodes[l->to].id);
	if (l->reverse != TED_NONE)
		rc_add(c, "dest-tp", tp_id(t, &t->links[l->reverse], buf, sizeof(buf)));
	else if (remote || l->remote_id)
		rc_add(c, "dest-tp", tp_text(remote, l->remote_id, "", buf, sizeof(buf)));
	a = rc_container(entry, MODULE, "link-attributes");
	rc_add(a, "label", ted_link_label(t, (uint32_t)cur->at - 1, buf, sizeof(buf)));
	rc_add(a, "half", l->reverse == TED_NONE ? "true" : "false");
	if (l->reverse != TED_NONE)
		rc_add(a, "reverse", rc_link_id(t, l->reverse, buf, sizeof(buf)));
	rc_leaves_fill(a, link_leaves, ARRAY_LEN(link_leaves), l);
	link_te_fill(a, l);
	rc_link_fill(rd->rc->cfg.links, a, (uint32_t)cur->at - 1);
	sids_fill(a, t, l->sids, l->n_sids, true);
	for (size_t i = 0; i < l->n_adj_sids; i++) {
		struct lyd_node *s = rc_list(a, "adjacency-sid");

		rc_addf(s, l->adj_sids[i].is_label ? "label" : "index", "%" PRIu32,
			l->adj_sids[i].value);
		rc_add(s, "backup", l->adj_sids[i].backup ? "true" : "false");
		neighbor_add(s, t, l->adj_sids[i].lan_node);
	}
}

/* ---- the book ---- */

static bool book_next(struct rc_read *rd, struct rc_cursor *cur)
{
	struct intent_book_row row;

	while (cur->at < rd->ted->n_links)
		if (rd->ted->links[cur->at++].alive &&
		    intent_book_row(rd->rc->cfg.intent, (uint32_t)cur->at - 1, &row))
			return true;
	return false;
}

static bool book_find(struct rc_read *rd, struct rc_cursor *cur, const struct lyd_node *keys)
{
	struct intent_book_row row;

	return link_find(rd, cur, keys) &&
	       intent_book_row(rd->rc->cfg.intent, (uint32_t)cur->at - 1, &row);
}

static void book_fill(struct rc_read *rd, const struct rc_cursor *cur, struct lyd_node *entry)
{
	uint32_t link = (uint32_t)cur->at - 1;
	struct intent_book_row row;
	char buf[TED_LABEL_MAX];

	if (!intent_book_row(rd->rc->cfg.intent, link, &row))
		return;
	rc_add(entry, "label", ted_link_label(rd->ted, link, buf, sizeof(buf)));
	rc_addf(entry, "capacity", "%" PRIu64, row.capacity_bps);
	rc_addf(entry, "measured", "%" PRIu64, row.measured_bps);
	rc_addf(entry, "shares", "%" PRIu64, row.shares_bps);
	rc_addf(entry, "shares-unused", "%" PRIu64, row.unused_bps);
	rc_addf(entry, "lsps", "%" PRIu32, row.n_lsps);
	for (unsigned p = 0; p < 8; p++) {
		struct lyd_node *n;

		snprintf(buf, sizeof(buf), "%u", p);
		n = rc_entry(entry, "priority", buf);
		rc_addf(n, "reserved", "%" PRIu64, row.reserved_bps[p]);
		rc_addf(n, "foreign", "%" PRIu64, row.foreign_bps[p]);
		rc_addf(n, "backup", "%" PRIu64, row.backup_bps[p]);
		rc_addf(n, "free", "%" PRIu64, row.free_bps[p]);
	}
}

static void book_text(struct rc_read *rd, const struct rc_cursor *cur, struct str *out)
{
	uint32_t link = (uint32_t)cur->at - 1;
	struct intent_book_row row;
	char buf[TED_LABEL_MAX];

	if (!intent_book_row(rd->rc->cfg.intent, link, &row))
		return;
	str_add(out, ",\"label\":");
	str_json(out, ted_link_label(rd->ted, link, buf, sizeof(buf)));
	str_addf(out, ",\"capacity\":\"%" PRIu64 "\",\"measured\":\"%" PRIu64 "\",\"shares\":\"%" PRIu64 "\"",
		 row.capacity_bps, row.measured_bps, row.shares_bps);
	str_addf(out, ",\"shares-unused\":\"%" PRIu64 "\",\"lsps\":%" PRIu32 ",\"priority\":[", row.unused_bps,
		 row.n_lsps);
	for (unsigned p = 0; p < 8; p++)
		str_addf(out, "%s{\"priority\":%u,\"reserved\":\"%" PRIu64 "\",\"foreign\":\"%" PRIu64
			 "\",\"backup\":\"%" PRIu64 "\",\"free\":\"%" PRIu64 "\"}", p ? "," : "", p,
			 row.reserved_bps[p], row.foreign_bps[p], row.backup_bps[p], row.free_bps[p]);
	str_add(out, "]");
}

const struct rc_row rc_rows_topo[] = {
	{ .path = "/ietf-network:networks/network",
	  .next = network_next, .find = network_find, .keys = network_keys, .fill = network_fill },
	{ .path = "/ietf-network:networks/network/node",
	  .next = node_next, .find = node_find, .keys = node_keys, .fill = node_fill, .pages = true },
	{ .path = "/ietf-network:networks/network/ietf-network-topology:link",
	  .next = link_next, .find = link_find, .keys = link_keys, .fill = link_fill, .pages = true },
	{ .path = "/sextant-book:book/link",
	  .next = book_next, .find = book_find, .keys = link_keys, .fill = book_fill, .text = book_text, .pages = true },
};
const size_t rc_n_rows_topo = ARRAY_LEN(rc_rows_topo);
