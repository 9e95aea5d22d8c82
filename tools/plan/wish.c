/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and demands in JSON: see README.md for the members. */
#include <errno.h>
#include <string.h>

#include "tools/plan/plan_int.h"

enum { EXCLUDES_MAX = 256 };

/* The request being read, and what is many in it. */
struct wish {
	struct plan_asks *asks;
	const struct plan_net *net;
	struct plan_ask x;
	uint32_t nodes[EXCLUDES_MAX], links[EXCLUDES_MAX], srlgs[EXCLUDES_MAX], asns[EXCLUDES_MAX];
	struct pce_pass pass[PCE_PASSES_MAX];
	struct plan_demand demand;
	struct pce_pass one;
};

#define VALUE(name, kind, field, low, high)                                                        \
	{                                                                                          \
		name, kind, offsetof(struct wish, field), low, high, false, NULL                   \
	}
#define CALL(name, must, fn)                                                                       \
	{                                                                                          \
		name, PLAN_CALL, 0, 0, 0, must, fn                                                 \
	}

/* ---- names ---- */

static int node(const struct plan_at *at, const struct plan_net *n, uint32_t *out)
{
	const char *text;
	struct ip_addr a;

	if (plan_json_text(at, &text) < 0)
		return -EINVAL;
	*out = ted_node_by_id(n->ted, text);
	if (*out == TED_NONE && ip_parse(text, &a) == 0)
		*out = ted_node_by_addr(n->ted, &a);
	return *out == TED_NONE ? plan_json_bad(at, "no node '%.64s' in the topology", text) : 0;
}

static int link(const struct plan_at *at, const struct plan_net *n, uint32_t *out)
{
	const char *text;

	if (plan_json_text(at, &text) < 0)
		return -EINVAL;
	*out = ted_link_by_text(n->ted, text);
	for (uint32_t i = 0; *out == TED_NONE && i < n->n_told; i++)
		if (strcmp(n->link_ids.at[i], text) == 0)
			*out = i;
	return *out == TED_NONE ? plan_json_bad(at, "no link '%.64s' in the topology", text) : 0;
}

/* Which of the words; -EINVAL. */
static int choice(const struct plan_at *at, const char *const *words, unsigned *out)
{
	const char *text;

	if (plan_json_text(at, &text) < 0)
		return -EINVAL;
	for (*out = 0; words[*out]; (*out)++)
		if (strcmp(words[*out], text) == 0)
			return 0;
	return plan_json_bad(at, "'%.64s' is no choice here", text);
}

static int read_source(const struct plan_at *at, void *into)
{
	struct wish *w = into;

	return node(at, w->net, &w->x.r.src);
}

static int read_destination(const struct plan_at *at, void *into)
{
	struct wish *w = into;

	return node(at, w->net, &w->x.r.dst);
}

/* ---- objective ---- */

static int read_metric(const struct plan_at *at, void *into)
{
	static const char *const words[] = { "igp", "te", "delay", "hops", "variation", "loss", "mix", NULL };
	struct wish *w = into;
	unsigned i;

	if (choice(at, words, &i) < 0)
		return -EINVAL;
	w->x.r.minimise = (enum pce_metric)i;
	return 0;
}

static int read_objective(const struct plan_at *at, void *into)
{
	static const char *const words[] = { "mcp", "mlp", "mbp", NULL };
	struct wish *w = into;
	unsigned i;

	if (choice(at, words, &i) < 0)
		return -EINVAL;
	w->x.r.objective = (enum pce_objective)i;
	return 0;
}

static int read_mix(const struct plan_at *at, void *into)
{
	static const struct plan_row rows[] = {
		VALUE("igp", PLAN_U16, x.r.mix[PCE_IGP], 0, 0),
		VALUE("te", PLAN_U16, x.r.mix[PCE_TE], 0, 0),
		VALUE("delay", PLAN_U16, x.r.mix[PCE_DELAY], 0, 0),
		VALUE("hops", PLAN_U16, x.r.mix[PCE_HOPS], 0, 0),
		VALUE("variation", PLAN_U16, x.r.mix[PCE_VARIATION], 0, 0),
		VALUE("loss", PLAN_U16, x.r.mix[PCE_LOSS], 0, 0),
	};

	return plan_json_members(at, rows, ARRAY_LEN(rows), into);
}

static int read_dataplane(const struct plan_at *at, void *into)
{
	static const char *const words[] = { "srv6", "mpls", NULL };
	struct wish *w = into;
	unsigned i;

	if (choice(at, words, &i) < 0)
		return -EINVAL;
	w->x.r.dataplane = (enum pce_dataplane)i;
	return 0;
}

static int read_protection(const struct plan_at *at, void *into)
{
	static const char *const words[] = { [PCE_UNPROTECTED_PREFERRED] = "unprotected-preferred",
					     [PCE_UNPROTECTED_ONLY] = "unprotected-only",
					     [PCE_PROTECTED_PREFERRED] = "protected-preferred",
					     [PCE_PROTECTED_ONLY] = "protected-only",
					     NULL };
	struct wish *w = into;
	unsigned i;

	if (choice(at, words, &i) < 0)
		return -EINVAL;
	w->x.r.protection = (enum pce_protection)i;
	return 0;
}

/* ---- bounds ---- */

static int read_variation(const struct plan_at *at, void *into)
{
	struct wish *w = into;
	uint64_t v;

	if (plan_json_number(at, 0, UINT32_MAX - 1, &v) < 0)
		return -EINVAL;
	w->x.r.bound_variation = true;
	w->x.r.variation_us_max = (uint32_t)v;
	return 0;
}

static int read_loss(const struct plan_at *at, void *into)
{
	struct wish *w = into;
	uint64_t v;

	if (plan_json_number(at, 0, 1000000, &v) < 0)
		return -EINVAL;
	w->x.r.bound_loss = true;
	w->x.r.loss_ppm_max = (uint32_t)v;
	return 0;
}

static int read_bounds(const struct plan_at *at, void *into)
{
	static const struct plan_row rows[] = {
		VALUE("delay", PLAN_U32, x.r.delay_us_max, 0, UINT32_MAX - 1),
		VALUE("delay-min", PLAN_U32, x.r.delay_us_min, 0, UINT32_MAX - 1),
		VALUE("hops", PLAN_U32, x.r.hops_max, 0, UINT32_MAX - 1),
		VALUE("igp", PLAN_U32, x.r.igp_max, 0, UINT32_MAX - 1),
		VALUE("te", PLAN_U32, x.r.te_max, 0, UINT32_MAX - 1),
		CALL("delay-variation", false, read_variation),
		CALL("loss", false, read_loss),
	};
	const struct wish *w = into;

	if (plan_json_members(at, rows, ARRAY_LEN(rows), into) < 0)
		return -EINVAL;
	if (w->x.r.delay_us_min > w->x.r.delay_us_max)
		return plan_json_bad(at, "delay-min is above delay");
	return 0;
}

/* ---- affinities ---- */

static int group(const struct plan_at *at, void *into)
{
	uint32_t *words = into;
	uint64_t v;

	if (plan_json_number(at, 0, 32 * TED_AFFINITY_WORDS - 1, &v) < 0)
		return -EINVAL;
	words[v / 32] |= UINT32_C(1) << v % 32;
	return 0;
}

static int groups(const struct plan_at *at, uint32_t *words)
{
	return plan_json_each(at, 32 * TED_AFFINITY_WORDS, group, words);
}

static int read_exclude_any(const struct plan_at *at, void *into)
{
	return groups(at, ((struct wish *)into)->x.r.affinity.exclude_any);
}

static int read_include_any(const struct plan_at *at, void *into)
{
	return groups(at, ((struct wish *)into)->x.r.affinity.include_any);
}

static int read_include_all(const struct plan_at *at, void *into)
{
	return groups(at, ((struct wish *)into)->x.r.affinity.include_all);
}

/* What is excluded may not be demanded. */
static int read_affinity(const struct plan_at *at, void *into)
{
	static const struct plan_row rows[] = {
		CALL("exclude-any", false, read_exclude_any),
		CALL("include-any", false, read_include_any),
		CALL("include-all", false, read_include_all),
	};
	const struct pce_affinity *a = &((struct wish *)into)->x.r.affinity;

	if (plan_json_members(at, rows, ARRAY_LEN(rows), into) < 0)
		return -EINVAL;
	for (unsigned i = 0; i < TED_AFFINITY_WORDS; i++)
		if (a->exclude_any[i] & a->include_all[i])
			return plan_json_bad(at, "a group is in exclude-any and in include-all");
	return 0;
}

/* ---- what the path passes or stays away from ---- */

static int read_exclude_node(const struct plan_at *at, void *into)
{
	struct wish *w = into;

	return node(at, w->net, &w->nodes[w->x.r.n_exclude_nodes++]);
}

static int read_exclude_link(const struct plan_at *at, void *into)
{
	struct wish *w = into;

	return link(at, w->net, &w->links[w->x.r.n_exclude_links++]);
}

static int read_exclude_srlg(const struct plan_at *at, void *into)
{
	struct wish *w = into;
	uint64_t v;

	if (plan_json_number(at, 0, UINT32_MAX, &v) < 0)
		return -EINVAL;
	w->srlgs[w->x.r.n_exclude_srlgs++] = (uint32_t)v;
	return 0;
}

static int read_exclude_asn(const struct plan_at *at, void *into)
{
	struct wish *w = into;
	uint64_t v;

	if (plan_json_number(at, 0, UINT32_MAX, &v) < 0)
		return -EINVAL;
	w->asns[w->x.r.n_exclude_asns++] = (uint32_t)v;
	return 0;
}

static int exclude_nodes(const struct plan_at *at, void *into)
{
	return plan_json_each(at, EXCLUDES_MAX, read_exclude_node, into);
}

static int exclude_links(const struct plan_at *at, void *into)
{
	return plan_json_each(at, EXCLUDES_MAX, read_exclude_link, into);
}

static int exclude_srlgs(const struct plan_at *at, void *into)
{
	return plan_json_each(at, EXCLUDES_MAX, read_exclude_srlg, into);
}

static int exclude_asns(const struct plan_at *at, void *into)
{
	return plan_json_each(at, EXCLUDES_MAX, read_exclude_asn, into);
}

static int read_exclude(const struct plan_at *at, void *into)
{
	static const struct plan_row rows[] = {
		CALL("nodes", false, exclude_nodes),
		CALL("links", false, exclude_links),
		CALL("srlgs", false, exclude_srlgs),
		CALL("as-numbers", false, exclude_asns),
	};

	return plan_json_members(at, rows, ARRAY_LEN(rows), into);
}

static int pass_node(const struct plan_at *at, void *into)
{
	struct wish *w = into;

	return node(at, w->net, &w->one.node);
}

static int pass_link(const struct plan_at *at, void *into)
{
	struct wish *w = into;

	return link(at, w->net, &w->one.link);
}

static int pass_number(const struct plan_at *at, struct wish *w, enum pce_pass_kind kind)
{
	uint64_t v;

	if (w->one.kind != PCE_PASS_HOP)
		return plan_json_bad(at, "either a domain or an SRLG expected");
	if (plan_json_number(at, kind == PCE_PASS_ASN, UINT32_MAX, &v) < 0)
		return -EINVAL;
	w->one.kind = kind;
	w->one.number = (uint32_t)v;
	return 0;
}

static int pass_asn(const struct plan_at *at, void *into)
{
	return pass_number(at, into, PCE_PASS_ASN);
}

static int pass_srlg(const struct plan_at *at, void *into)
{
	return pass_number(at, into, PCE_PASS_SRLG);
}

static int read_pass(const struct plan_at *at, void *into)
{
	static const struct plan_row rows[] = {
		CALL("node", false, pass_node),
		CALL("link", false, pass_link),
		CALL("as-number", false, pass_asn),
		CALL("srlg", false, pass_srlg),
		VALUE("strict", PLAN_BOOL, one.strict, 0, 0),
	};
	struct wish *w = into;

	w->one = (struct pce_pass){ .node = TED_NONE, .link = TED_NONE };
	if (plan_json_members(at, rows, ARRAY_LEN(rows), into) < 0)
		return -EINVAL;
	if ((w->one.node != TED_NONE) + (w->one.link != TED_NONE) + (w->one.kind != PCE_PASS_HOP) != 1)
		return plan_json_bad(at, "one of a node, a link, a domain and an SRLG expected");
	w->pass[w->x.r.n_include++] = w->one;
	return 0;
}

static int read_include(const struct plan_at *at, void *into)
{
	return plan_json_each(at, PCE_PASSES_MAX, read_pass, into);
}

/* ---- disjoint sets ---- */

static int read_disjoint_type(const struct plan_at *at, void *into)
{
	static const char *const words[] = { "link", "node", "srlg", "srlg-node", NULL };
	struct wish *w = into;
	unsigned i;

	if (choice(at, words, &i) < 0)
		return -EINVAL;
	w->x.disjoint = (enum plan_disjoint)(PLAN_LINKS + i);
	return 0;
}

static int read_disjoint(const struct plan_at *at, void *into)
{
	static const struct plan_row rows[] = {
		CALL("type", true, read_disjoint_type),
		VALUE("paths", PLAN_U8, x.legs, 2, 8),
		VALUE("best-available", PLAN_BOOL, x.best_available, 0, 0),
		VALUE("delay-difference", PLAN_U32, x.delay_diff_us_max, 0, UINT32_MAX - 1),
	};
	struct wish *w = into;

	w->x.legs = 2;
	return plan_json_members(at, rows, ARRAY_LEN(rows), into);
}

/* ---- a request ---- */

static const struct plan_row ask_rows[] = {
	{ "name", PLAN_TEXT, offsetof(struct wish, x.name), 0, PLAN_NAME_MAX, true, NULL },
	CALL("source", true, read_source),
	CALL("destination", true, read_destination),
	CALL("metric", false, read_metric),
	CALL("mix", false, read_mix),
	CALL("objective", false, read_objective),
	CALL("bounds", false, read_bounds),
	VALUE("bandwidth", PLAN_U64, x.r.bandwidth_bps, 0, PLAN_BPS_MAX),
	CALL("affinity", false, read_affinity),
	CALL("exclude", false, read_exclude),
	CALL("include", false, read_include),
	VALUE("algorithm", PLAN_U8, x.r.algo, TED_FLEX_FIRST, UINT8_MAX),
	VALUE("strict", PLAN_BOOL, x.r.strict, 0, 0),
	CALL("dataplane", false, read_dataplane),
	VALUE("usid", PLAN_BOOL, x.r.usid, 0, 0),
	VALUE("msd", PLAN_U8, x.r.msd, 1, 0),
	VALUE("reserved-sids", PLAN_U8, x.r.reserved, 0, 15),
	VALUE("payload", PLAN_U16, x.r.payload, 1, 0),
	CALL("protection", false, read_protection),
	CALL("disjoint", false, read_disjoint),
};

#define KEEP(w, from, field, n)                                                                    \
	((n) == 0 || ((field) = arena_copy(&(w)->asks->arena, (from), (n) * sizeof(*(from)))))

static int read_ask(const struct plan_at *at, void *into)
{
	struct wish *w = into;
	struct pce_request *r = &w->x.r;
	bool mixed = false;

	w->x = plan_ask_none();
	if (plan_json_members(at, ask_rows, ARRAY_LEN(ask_rows), w) < 0)
		return -EINVAL;
	if (r->src == r->dst)
		return plan_json_bad(at, "source and destination are the same");
	if (!plan_name_take(w->asks, &w->asks->names, w->x.name))
		return plan_json_bad(at, "a second request '%s'", w->x.name);
	for (unsigned i = 0; i < PCE_METRICS; i++)
		mixed = mixed || r->mix[i];
	if (mixed != (r->minimise == PCE_MIX))
		return plan_json_bad(at, "metric 'mix' goes with member 'mix', one that is not all 0");
	if (!KEEP(w, w->nodes, r->exclude_nodes, r->n_exclude_nodes) ||
	    !KEEP(w, w->links, r->exclude_links, r->n_exclude_links) ||
	    !KEEP(w, w->srlgs, r->exclude_srlgs, r->n_exclude_srlgs) ||
	    !KEEP(w, w->asns, r->exclude_asns, r->n_exclude_asns) ||
	    !KEEP(w, w->pass, r->include, r->n_include) || !plan_ask_add(w->asks, &w->x))
		return plan_json_bad(at, "too many, or no memory");
	return 0;
}

static int read_asks(const struct plan_at *at, void *into)
{
	if (((struct wish *)into)->asks->no_requests)
		return 0;
	return plan_json_each(at, PLAN_REQUESTS_MAX, read_ask, into);
}

/* ---- a demand ---- */

static int read_midpoint(const struct plan_at *at, void *into)
{
	struct wish *w = into;
	unsigned i = 0;

	while (w->demand.mid[i] != TED_NONE)
		i++;
	return node(at, w->net, &w->demand.mid[i]);
}

static int read_midpoints(const struct plan_at *at, void *into)
{
	return plan_json_each(at, ARRAY_LEN(((struct wish *)into)->demand.mid), read_midpoint, into);
}

static const struct plan_row demand_rows[] = {
	{ "name", PLAN_TEXT, offsetof(struct wish, demand.name), 0, PLAN_NAME_MAX, true, NULL },
	CALL("source", true, read_source),
	CALL("destination", true, read_destination),
	{ "bandwidth", PLAN_U64, offsetof(struct wish, demand.rate_bps), 0, PLAN_BPS_MAX, true, NULL },
	VALUE("delay", PLAN_U32, demand.delay_us_max, 0, UINT32_MAX - 1),
	CALL("midpoints", false, read_midpoints),
};

static int read_demand(const struct plan_at *at, void *into)
{
	struct wish *w = into;

	w->demand = (struct plan_demand){ .delay_us_max = PCE_NO_BOUND,
					  .mid = { TED_NONE, TED_NONE, TED_NONE } };
	if (plan_json_members(at, demand_rows, ARRAY_LEN(demand_rows), w) < 0)
		return -EINVAL;
	w->demand.src = w->x.r.src;
	w->demand.dst = w->x.r.dst;
	if (w->demand.src == w->demand.dst)
		return plan_json_bad(at, "source and destination are the same");
	if (!plan_name_take(w->asks, &w->asks->demand_names, w->demand.name))
		return plan_json_bad(at, "a second demand '%s'", w->demand.name);
	return plan_demand_add(w->asks, &w->demand) ? 0 : plan_json_bad(at, "too many, or no memory");
}

static int read_demands(const struct plan_at *at, void *into)
{
	if (((struct wish *)into)->asks->no_demands)
		return 0;
	return plan_json_each(at, PLAN_REQUESTS_MAX, read_demand, into);
}

int plan_wishes_read(struct plan_asks *a, const struct plan_net *n, const struct plan_at *root)
{
	static const struct plan_row rows[] = {
		{ "format", PLAN_SKIP, 0, 0, 0, true, NULL },
		{ "version", PLAN_SKIP, 0, 0, 0, true, NULL },
		CALL("requests", false, read_asks),
		CALL("demands", false, read_demands),
	};
	struct wish w = { .asks = a, .net = n };
	int rc = plan_json_format(root, "sextant-requests");

	return rc < 0 ? rc : plan_json_members(root, rows, ARRAY_LEN(rows), &w);
}
