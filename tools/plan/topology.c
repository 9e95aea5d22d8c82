/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own topology format: what the API shows of nodes and links (models/sextant-topology.yang),
 * each in one object, with the names the models have. `sextant topology export` writes it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/plan/topology_int.h"

/* ---- small things ---- */

struct sid_reading {
	struct ted_sid sid; /* first: what is common with node SIDs takes it as that */
	const struct plan_net *net;
};

int plan_topology_address(const struct plan_at *at, struct ip_addr *out)
{
	const char *text;

	if (plan_json_text(at, &text) < 0)
		return -EINVAL;
	return ip_parse(text, out) < 0 ? plan_json_bad(at, "'%.64s' is not an address", text) : 0;
}

static int prefix(const struct plan_at *at, struct ip_prefix *out)
{
	const char *text;

	if (plan_json_text(at, &text) < 0)
		return -EINVAL;
	return ip_prefix_parse(text, out) < 0 ? plan_json_bad(at, "'%.64s' is not a prefix", text) :
						0;
}

static int read_structure(const struct plan_at *at, void *into)
{
	static const struct plan_row rows[] = {
		PLAN_VALUE_ROW("block-length", PLAN_U8, struct ted_sid_structure, lb, 0, 128),
		PLAN_VALUE_ROW("node-length", PLAN_U8, struct ted_sid_structure, ln, 0, 128),
		PLAN_VALUE_ROW("function-length", PLAN_U8, struct ted_sid_structure, fun, 0, 128),
		PLAN_VALUE_ROW("argument-length", PLAN_U8, struct ted_sid_structure, arg, 0, 128),
	};
	struct ted_sid *s = into;
	const struct ted_sid_structure *x = &s->structure;

	if (plan_json_members(at, rows, ARRAY_LEN(rows), &s->structure) < 0)
		return -EINVAL;
	return x->lb + x->ln + x->fun + x->arg > 128 ? plan_json_bad(at, "more than 128 bits") : 0;
}

static int read_sid_addr(const struct plan_at *at, void *into)
{
	struct ted_sid *s = into;

	if (plan_topology_address(at, &s->sid) < 0)
		return -EINVAL;
	return s->sid.family == IP_V6 ? 0 : plan_json_bad(at, "a SID is an IPv6 address");
}

static int read_backup(const struct plan_at *at, void *into)
{
	struct ted_sid *s = into;

	if (!json_object_is_type(at->o, json_type_boolean))
		return plan_json_bad(at, "true or false expected");
	s->flags = json_object_get_boolean(at->o) ? 0x80 : 0;
	return 0;
}

/* A LAN's adjacency: which neighbour it goes to; nodes have been read before. */
static int lan_node(const struct plan_at *at, const struct plan_net *n, uint32_t *out)
{
	const char *id;
	uint32_t node;

	if (plan_json_text(at, &id) < 0)
		return -EINVAL;
	node = plan_node_find(n, id);
	if (node == TED_NONE)
		return plan_json_bad(at, "no node '%.64s'", id);
	*out = node + 1;
	return 0;
}

static int read_neighbor(const struct plan_at *at, void *into)
{
	struct sid_reading *s = into;

	return lan_node(at, s->net, &s->sid.lan_node);
}

static int read_sid(const struct plan_at *at, void *into)
{
	static const struct plan_row rows[] = {
		{ "sid", PLAN_CALL, 0, 0, 0, true, read_sid_addr },
		PLAN_VALUE_ROW("behavior", PLAN_U16, struct sid_reading, sid.behavior, 0, 0),
		PLAN_VALUE_ROW("algorithm", PLAN_U8, struct sid_reading, sid.algo, 0, 0),
		PLAN_CALL_ROW("backup", read_backup),
		PLAN_CALL_ROW("structure", read_structure),
		PLAN_CALL_ROW("neighbor", read_neighbor),
	};
	struct plan_reading *r = into;
	struct sid_reading s = { .net = r->net };

	if (plan_json_members(at, rows, ARRAY_LEN(rows), &s) < 0)
		return -EINVAL;
	return VEC_ADD(&r->sids, s.sid) ? 0 : plan_json_bad(at, "no memory");
}

static int read_locator_prefix(const struct plan_at *at, void *into)
{
	return prefix(at, &((struct ted_locator *)into)->prefix);
}

static int read_locator(const struct plan_at *at, void *into)
{
	static const struct plan_row rows[] = {
		{ "prefix", PLAN_CALL, 0, 0, 0, true, read_locator_prefix },
		PLAN_VALUE_ROW("algorithm", PLAN_U8, struct ted_locator, algo, 0, 0),
		PLAN_VALUE_ROW("metric", PLAN_U32, struct ted_locator, metric, 0, 0),
	};
	struct ted_locator l = { 0 };
	struct plan_reading *r = into;

	if (plan_json_members(at, rows, ARRAY_LEN(rows), &l) < 0)
		return -EINVAL;
	return VEC_ADD(&r->locators, l) ? 0 : plan_json_bad(at, "no memory");
}

int plan_topology_sids(const struct plan_at *at, void *into)
{
	return plan_json_each(at, PLAN_MANY_MAX, read_sid, into);
}

static int read_locators(const struct plan_at *at, void *into)
{
	return plan_json_each(at, PLAN_MANY_MAX, read_locator, into);
}

static int read_srv6(const struct plan_at *at, void *into)
{
	static const struct plan_row rows[] = {
		PLAN_VALUE_ROW("capable", PLAN_BOOL, struct plan_reading, node.srv6, 0, 0),
		PLAN_CALL_ROW("locator", read_locators),
		PLAN_CALL_ROW("sid", plan_topology_sids),
	};

	return plan_json_members(at, rows, ARRAY_LEN(rows), into);
}

/* ---- SR-MPLS ---- */

static const struct plan_row range_rows[] = {
	{ "base", PLAN_U32, offsetof(struct ted_label_range, base), 0, 0xfffff, true, NULL },
	{ "size", PLAN_U32, offsetof(struct ted_label_range, size), 1, 0x100000, true, NULL },
};

static int read_srgb(const struct plan_at *at, void *into)
{
	struct ted_label_range x = { 0 };
	struct plan_reading *r = into;

	if (plan_json_members(at, range_rows, ARRAY_LEN(range_rows), &x) < 0)
		return -EINVAL;
	return VEC_ADD(&r->srgb, x) ? 0 : plan_json_bad(at, "no memory");
}

static int read_srlb(const struct plan_at *at, void *into)
{
	struct ted_label_range x = { 0 };
	struct plan_reading *r = into;

	if (plan_json_members(at, range_rows, ARRAY_LEN(range_rows), &x) < 0)
		return -EINVAL;
	return VEC_ADD(&r->srlb, x) ? 0 : plan_json_bad(at, "no memory");
}

static int read_srgbs(const struct plan_at *at, void *into)
{
	return plan_json_each(at, PLAN_MANY_MAX, read_srgb, into);
}

static int read_srlbs(const struct plan_at *at, void *into)
{
	return plan_json_each(at, PLAN_MANY_MAX, read_srlb, into);
}

static int read_node_sid_prefix(const struct plan_at *at, void *into)
{
	return prefix(at, &((struct ted_node_sid *)into)->prefix);
}

static int read_node_sid_label(const struct plan_at *at, void *into)
{
	struct ted_node_sid *s = into;
	uint64_t v;

	if (plan_json_number(at, 0, 0xfffff, &v) < 0)
		return -EINVAL;
	s->value = (uint32_t)v;
	s->is_label = true;
	return 0;
}

static int read_node_sid(const struct plan_at *at, void *into)
{
	static const struct plan_row rows[] = {
		{ "prefix", PLAN_CALL, 0, 0, 0, true, read_node_sid_prefix },
		PLAN_VALUE_ROW("algorithm", PLAN_U8, struct ted_node_sid, algo, 0, 0),
		PLAN_VALUE_ROW("index", PLAN_U32, struct ted_node_sid, value, 0, 0xfffff),
		PLAN_CALL_ROW("label", read_node_sid_label),
		PLAN_VALUE_ROW("no-php", PLAN_BOOL, struct ted_node_sid, no_php, 0, 0),
	};
	struct ted_node_sid s = { 0 };
	struct plan_reading *r = into;

	if (plan_json_members(at, rows, ARRAY_LEN(rows), &s) < 0)
		return -EINVAL;
	return VEC_ADD(&r->node_sids, s) ? 0 : plan_json_bad(at, "no memory");
}

static int read_node_sids(const struct plan_at *at, void *into)
{
	return plan_json_each(at, PLAN_MANY_MAX, read_node_sid, into);
}

static int read_mpls(const struct plan_at *at, void *into)
{
	static const struct plan_row rows[] = {
		PLAN_CALL_ROW("srgb", read_srgbs),
		PLAN_CALL_ROW("srlb", read_srlbs),
		PLAN_CALL_ROW("node-sid", read_node_sids),
	};

	return plan_json_members(at, rows, ARRAY_LEN(rows), into);
}

struct adj_reading {
	const struct plan_net *net;
	struct ted_adj_sid sid;
};

static int read_adj_label(const struct plan_at *at, void *into)
{
	struct adj_reading *s = into;
	uint64_t v;

	if (plan_json_number(at, 0, 0xfffff, &v) < 0)
		return -EINVAL;
	s->sid.value = (uint32_t)v;
	s->sid.is_label = true;
	return 0;
}

static int read_adj_neighbor(const struct plan_at *at, void *into)
{
	struct adj_reading *s = into;

	return lan_node(at, s->net, &s->sid.lan_node);
}

static int read_adj_sid(const struct plan_at *at, void *into)
{
	static const struct plan_row rows[] = {
		PLAN_VALUE_ROW("index", PLAN_U32, struct adj_reading, sid.value, 0, 0xfffff),
		PLAN_CALL_ROW("label", read_adj_label),
		PLAN_VALUE_ROW("backup", PLAN_BOOL, struct adj_reading, sid.backup, 0, 0),
		PLAN_CALL_ROW("neighbor", read_adj_neighbor),
	};
	struct plan_reading *r = into;
	struct adj_reading s = { .net = r->net };

	if (plan_json_members(at, rows, ARRAY_LEN(rows), &s) < 0)
		return -EINVAL;
	return VEC_ADD(&r->adj_sids, s.sid) ? 0 : plan_json_bad(at, "no memory");
}

int plan_topology_adj_sids(const struct plan_at *at, void *into)
{
	return plan_json_each(at, PLAN_MANY_MAX, read_adj_sid, into);
}

/* ---- nodes ---- */

static int read_router_id(const struct plan_at *at, void *into)
{
	struct plan_reading *r = into;
	struct ip_addr a;

	if (plan_topology_address(at, &a) < 0)
		return -EINVAL;
	*(a.family == IP_V6 ? &r->node.router_v6 : &r->node.router_v4) = a;
	return 0;
}

static int read_router_ids(const struct plan_at *at, void *into)
{
	return plan_json_each(at, 2, read_router_id, into);
}

static int read_prefix(const struct plan_at *at, void *into)
{
	struct plan_reading *r = into;
	struct ip_prefix p;

	if (prefix(at, &p) < 0)
		return -EINVAL;
	return VEC_ADD(&r->prefixes, p) ? 0 : plan_json_bad(at, "no memory");
}

static int read_prefixes(const struct plan_at *at, void *into)
{
	return plan_json_each(at, PLAN_MANY_MAX, read_prefix, into);
}

static int read_msd(const struct plan_at *at, void *into)
{
	static const struct plan_row rows[] = {
		PLAN_VALUE_ROW("base-mpls", PLAN_U8, struct plan_reading, node.msd_mpls, 0, 0),
		PLAN_VALUE_ROW("srh-max-segments-left", PLAN_U8, struct plan_reading, node.msd_max_sl, 0, 0),
		PLAN_VALUE_ROW("srh-max-end-pop", PLAN_U8, struct plan_reading, node.msd_end_pop, 0, 0),
		PLAN_VALUE_ROW("srh-max-h-encaps", PLAN_U8, struct plan_reading, node.msd_h_encaps, 0, 0),
		PLAN_VALUE_ROW("srh-max-end-d", PLAN_U8, struct plan_reading, node.msd_end_d, 0, 0),
	};

	return plan_json_members(at, rows, ARRAY_LEN(rows), into);
}

static int read_algorithm(const struct plan_at *at, void *into)
{
	struct plan_reading *r = into;
	uint64_t v;

	if (plan_json_number(at, 0, UINT8_MAX, &v) < 0)
		return -EINVAL;
	r->node.algos[v / 64] |= UINT64_C(1) << v % 64;
	return 0;
}

static int read_algorithms(const struct plan_at *at, void *into)
{
	return plan_json_each(at, UINT8_MAX + 1, read_algorithm, into);
}

/* ---- Flex-Algo definitions ---- */

/* Bits of admin groups; how many words a definition told is how far its bits go. */
int plan_topology_group(const struct plan_at *at, uint32_t *words)
{
	uint64_t v;

	if (plan_json_number(at, 0, 32 * TED_AFFINITY_WORDS - 1, &v) < 0)
		return -EINVAL;
	words[v / 32] |= UINT32_C(1) << v % 32;
	return 0;
}

static int read_group(const struct plan_at *at, void *into)
{
	return plan_topology_group(at, into);
}

static int read_groups(const struct plan_at *at, uint32_t *words, uint8_t *n)
{
	if (plan_json_each(at, 32 * TED_AFFINITY_WORDS, read_group, words) < 0)
		return -EINVAL;
	*n = TED_AFFINITY_WORDS;
	return 0;
}

static int read_exclude_any(const struct plan_at *at, void *into)
{
	struct ted_fad *f = into;

	return read_groups(at, f->exclude_any, &f->n_exclude_any);
}

static int read_include_any(const struct plan_at *at, void *into)
{
	struct ted_fad *f = into;

	return read_groups(at, f->include_any, &f->n_include_any);
}

static int read_include_all(const struct plan_at *at, void *into)
{
	struct ted_fad *f = into;

	return read_groups(at, f->include_all, &f->n_include_all);
}

static int read_include_any_none(const struct plan_at *at, void *into)
{
	struct ted_fad *f = into;

	if (!json_object_is_type(at->o, json_type_boolean))
		return plan_json_bad(at, "true or false expected");
	if (json_object_get_boolean(at->o))
		f->n_include_any = TED_AFFINITY_WORDS;
	return 0;
}

static int read_fad_srlg(const struct plan_at *at, void *into)
{
	struct ted_fad *f = into;
	uint64_t v;

	if (plan_json_number(at, 0, UINT32_MAX, &v) < 0)
		return -EINVAL;
	f->exclude_srlg[f->n_exclude_srlg++] = (uint32_t)v;
	return 0;
}

static int read_fad_srlgs(const struct plan_at *at, void *into)
{
	return plan_json_each(at, TED_FLEX_SRLG_MAX, read_fad_srlg, into);
}

static int read_fad(const struct plan_at *at, void *into)
{
	static const struct plan_row rows[] = {
		{ "algorithm", PLAN_U8, offsetof(struct ted_fad, algo), TED_FLEX_FIRST, UINT8_MAX,
		  true, NULL },
		PLAN_VALUE_ROW("metric-type", PLAN_U8, struct ted_fad, metric_type, 0, 0),
		PLAN_VALUE_ROW("calculation-type", PLAN_U8, struct ted_fad, calc_type, 0, 0),
		PLAN_VALUE_ROW("priority", PLAN_U8, struct ted_fad, priority, 0, 0),
		PLAN_VALUE_ROW("flags", PLAN_U32, struct ted_fad, flags, 0, 0),
		PLAN_VALUE_ROW("unsupported", PLAN_BOOL, struct ted_fad, unsupported, 0, 0),
		PLAN_VALUE_ROW("exclusive", PLAN_BOOL, struct ted_fad, exclusive, 0, 0),
		PLAN_CALL_ROW("exclude-any", read_exclude_any),
		PLAN_CALL_ROW("include-any", read_include_any),
		PLAN_CALL_ROW("include-all", read_include_all),
		PLAN_CALL_ROW("include-any-none", read_include_any_none),
		PLAN_CALL_ROW("exclude-srlg", read_fad_srlgs),
	};
	struct ted_fad f = { 0 };
	struct plan_reading *r = into;

	if (plan_json_members(at, rows, ARRAY_LEN(rows), &f) < 0)
		return -EINVAL;
	return VEC_ADD(&r->fads, f) ? 0 : plan_json_bad(at, "no memory");
}

static int read_fads(const struct plan_at *at, void *into)
{
	return plan_json_each(at, 128, read_fad, into);
}

static const struct plan_row node_rows[] = {
	{ "node-id", PLAN_TEXT, offsetof(struct plan_reading, node.id), 0, sizeof(((struct ted_node *)0)->id),
	  true, NULL },
	PLAN_VALUE_ROW("name", PLAN_TEXT, struct plan_reading, node.name, 0, sizeof(((struct ted_node *)0)->name)),
	PLAN_SKIP_ROW("protocol"),
	PLAN_VALUE_ROW("as-number", PLAN_U32, struct plan_reading, node.asn, 0, 0),
	PLAN_VALUE_ROW("pseudonode", PLAN_BOOL, struct plan_reading, node.pseudonode, 0, 0),
	PLAN_VALUE_ROW("overload", PLAN_BOOL, struct plan_reading, node.overload, 0, 0),
	PLAN_CALL_ROW("router-id", read_router_ids),
	PLAN_CALL_ROW("prefix", read_prefixes),
	PLAN_CALL_ROW("srv6", read_srv6),
	PLAN_CALL_ROW("sr-mpls", read_mpls),
	PLAN_CALL_ROW("msd", read_msd),
	PLAN_CALL_ROW("algorithm", read_algorithms),
	PLAN_CALL_ROW("flex-algo-definition", read_fads),
};

static void gathered_none(struct plan_reading *r)
{
	r->sids.n = r->locators.n = r->prefixes.n = r->node_sids.n = r->srgb.n = r->srlb.n = 0;
	r->adj_sids.n = r->fads.n = r->srlgs.n = 0;
}

/* Of two definitions with one priority the one of the highest IGP id holds (RFC 9350 s5.3): ids
 * that are written as the controller does are read. */
static void igp_id_read(struct ted_node *x)
{
	unsigned b[8];
	int n = sscanf(x->id, "%2x%2x.%2x%2x.%2x%2x.%2x", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
		       &b[6]);

	if (strspn(x->id, "0123456789abcdef.") != strlen(x->id))
		return;
	if (n < 6)
		n = sscanf(x->id, "%3u.%3u.%3u.%3u", &b[0], &b[1], &b[2], &b[3]) == 4 ? 4 : 0;
	for (int i = 0; i < n; i++)
		x->igp_id[i] = (uint8_t)b[i];
	x->igp_id_len = (uint8_t)n;
}

static int read_node(const struct plan_at *at, void *into)
{
	struct plan_reading *r = into;
	struct ted_node *x = &r->node;

	gathered_none(r);
	*x = (struct ted_node){ .alive = true };
	if (plan_json_members(at, node_rows, ARRAY_LEN(node_rows), r) < 0)
		return -EINVAL;
	if (!PLAN_KEEP(r, sids, x->sids, x->n_sids) || !PLAN_KEEP(r, locators, x->locators, x->n_locators) ||
	    !PLAN_KEEP(r, prefixes, x->prefixes, x->n_prefixes) || !PLAN_KEEP(r, srgb, x->srgb, x->n_srgb) ||
	    !PLAN_KEEP(r, srlb, x->srlb, x->n_srlb) || !PLAN_KEEP(r, fads, x->fads, x->n_fads) ||
	    !PLAN_KEEP(r, node_sids, x->node_sids, x->n_node_sids))
		return plan_json_bad(at, "no memory");
	if (plan_node_find(r->net, x->id) != TED_NONE)
		return plan_json_bad(at, "a second node '%s'", x->id);
	igp_id_read(x);
	return plan_node_add(r->net, x) < 0 ? plan_json_bad(at, "no memory") : 0;
}

static int read_nodes(const struct plan_at *at, void *into)
{
	return plan_json_each(at, PLAN_NODES_MAX, read_node, into);
}

int plan_topology_read(struct plan_net *n, const struct plan_at *root)
{
	static const struct plan_row first[] = { PLAN_SKIP_ROW("format"), PLAN_SKIP_ROW("version"), PLAN_SKIP_ROW("generation"),
						 PLAN_SKIP_ROW("stale"), PLAN_CALL_ROW("nodes", read_nodes), PLAN_SKIP_ROW("links") };
	static const struct plan_row then[] = { PLAN_SKIP_ROW("format"), PLAN_SKIP_ROW("version"), PLAN_SKIP_ROW("generation"),
						PLAN_SKIP_ROW("stale"), PLAN_SKIP_ROW("nodes"),
						PLAN_CALL_ROW("links", plan_topology_links) };
	struct plan_reading r = { .net = n };
	int rc = plan_json_format(root, "sextant-topology");

	if (rc == 0) /* links name nodes, whatever stands first */
		rc = plan_json_members(root, first, ARRAY_LEN(first), &r);
	if (rc == 0)
		rc = plan_json_members(root, then, ARRAY_LEN(then), &r);
	VEC_FINI(&r.sids);
	VEC_FINI(&r.locators);
	VEC_FINI(&r.prefixes);
	VEC_FINI(&r.node_sids);
	VEC_FINI(&r.srgb);
	VEC_FINI(&r.srlb);
	VEC_FINI(&r.adj_sids);
	VEC_FINI(&r.fads);
	VEC_FINI(&r.srlgs);
	return rc;
}
