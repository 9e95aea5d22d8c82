/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that cannot be meant: they contradict themselves, or name what is not there. */
#include "pce/pce_priv.h"

static const char oom[] = "out of memory";

struct look {
	const struct ted *t;
	const struct pce_request *r;
	struct arena *a;
};

static bool in(const uint32_t *at, uint32_t n, uint32_t v)
{
	for (uint32_t i = 0; i < n; i++)
		if (at[i] == v)
			return true;
	return false;
}

static const char *said(const char *text)
{
	return text ? text : oom;
}

/* ---- numbers ---- */

static bool affinity_contradicts(const struct pce_affinity *a)
{
	bool asked = false, left = false;

	for (unsigned i = 0; i < TED_AFFINITY_WORDS; i++) {
		if (a->exclude_any[i] & a->include_all[i])
			return true;
		asked = asked || a->include_any[i];
		left = left || (a->include_any[i] & ~a->exclude_any[i]);
	}
	return asked && !left;
}

static bool mix_is_empty(const struct pce_request *r)
{
	for (unsigned m = 0; m < PCE_METRICS; m++)
		if (r->mix[m])
			return false;
	return true;
}

static const char *numbers(const struct look *k)
{
	const struct pce_request *r = k->r;

	if ((unsigned)r->minimise > PCE_MIX)
		return "there is no such metric to minimise";
	if ((unsigned)r->objective > PCE_MBP)
		return "there is no such objective";
	if (r->minimise == PCE_MIX && !r->algo && mix_is_empty(r))
		return "a mix without weights minimises nothing";
	if (r->delay_us_min > r->delay_us_max)
		return said(arena_printf(k->a, "the least delay, %u us, is above the most, %u us",
					 r->delay_us_min, r->delay_us_max));
	if (r->bound_loss && r->loss_ppm_max > 1000000)
		return "more than a million in a million cannot be lost";
	if (affinity_contradicts(&r->affinity))
		return "affinities are both included and excluded";
	return NULL;
}

/* ---- Flex-Algo ---- */

static const char *algo(const struct look *k)
{
	const struct pce_request *r = k->r;
	const struct ted_flex *f = r->algo ? ted_flex_of(k->t, r->algo) : NULL;
	uint32_t absent;

	if (!r->algo)
		return NULL;
	if (r->algo < TED_FLEX_FIRST)
		return said(arena_printf(k->a, "%u is not a flexible algorithm: those are 128 to 255",
					 r->algo));
	if (!f)
		return said(arena_printf(k->a, "nobody defines algorithm %u", r->algo));
	if (f->fault != TED_FLEX_GOOD)
		return said(arena_printf(k->a, "nobody may use algorithm %u: %s", r->algo,
					 ted_flex_why(f->fault)));
	absent = !ted_flex_node(k->t, r->algo, r->src) ? r->src :
		 !ted_flex_node(k->t, r->algo, r->dst) ? r->dst :
							 TED_NONE;
	if (absent == TED_NONE)
		return NULL;
	return said(arena_printf(k->a, "%s does not take part in algorithm %u",
				 ted_node_label(k->t, absent), r->algo));
}

/* ---- excluded, and wanted ---- */

/* The words for what excludes a node, NULL: nothing does. */
static const char *node_excluded(const struct look *k, uint32_t node)
{
	const struct pce_request *r = k->r;
	const struct ted_node *n = &k->t->nodes[node];

	if (in(r->exclude_nodes, r->n_exclude_nodes, node))
		return "is excluded";
	if (!n->pseudonode && in(r->exclude_asns, r->n_exclude_asns, n->asn))
		return "is in an excluded domain";
	return NULL;
}

static const char *link_excluded(const struct look *k, uint32_t link)
{
	const struct pce_request *r = k->r;
	const struct ted_link *l = &k->t->links[link];

	if (in(r->exclude_links, r->n_exclude_links, link))
		return "is excluded";
	for (uint32_t i = 0; i < l->n_srlg && !k->t->nodes[l->from].pseudonode; i++)
		if (in(r->exclude_srlgs, r->n_exclude_srlgs, l->srlg[i]))
			return "is in an excluded SRLG";
	if (node_excluded(k, l->from) || node_excluded(k, l->to))
		return "has an excluded end";
	return NULL;
}

static const char *ends(const struct look *k)
{
	const struct pce_request *r = k->r;
	const char *src = node_excluded(k, r->src), *dst = node_excluded(k, r->dst);

	if (src)
		return said(arena_printf(k->a, "the source %s %s", ted_node_label(k->t, r->src),
					 src));
	if (dst)
		return said(arena_printf(k->a, "the target %s %s", ted_node_label(k->t, r->dst),
					 dst));
	return NULL;
}

/* Of the nodes to pass, all from one on, up to another, may be of a domain only. */
static bool domains_only(const struct pce_request *r, uint32_t from, uint32_t to)
{
	for (; from < to; from++)
		if (r->include[from].kind != PCE_PASS_ASN)
			return false;
	return true;
}

static const char *pass_node(const struct look *k, uint32_t i)
{
	const struct pce_request *r = k->r;
	uint32_t node = r->include[i].node;
	const char *why;

	if (node >= k->t->n_nodes || !k->t->nodes[node].alive)
		return "a node to pass is not in the topology";
	why = node_excluded(k, node);
	if (!why && node == r->src && !domains_only(r, 0, i))
		why = "is the source, and can only come first";
	if (!why && node == r->dst && !domains_only(r, i + 1, r->n_include))
		why = "is the target, and can only come last";
	for (uint32_t j = 0; !why && j < i; j++)
		if (r->include[j].kind == PCE_PASS_HOP && r->include[j].link == TED_NONE &&
		    r->include[j].node == node)
			why = "is asked for twice";
	return why ? said(arena_printf(k->a, "a node to pass, %s, %s", ted_node_label(k->t, node),
				       why)) :
		     NULL;
}

static const char *pass_link(const struct look *k, uint32_t i)
{
	const struct pce_request *r = k->r;
	uint32_t link = r->include[i].link;
	const struct ted_link *l = &k->t->links[link];
	char label[TED_LABEL_MAX];
	const char *why;

	if (link >= k->t->n_links || !l->alive)
		return "a link to pass is not in the topology";
	why = link_excluded(k, link);
	if (!why && l->reverse == TED_NONE)
		why = "is known in one direction only";
	if (!why && (l->from == r->dst || l->to == r->src))
		why = "leaves the target or leads back to the source";
	for (uint32_t j = 0; !why && j < i; j++)
		if (r->include[j].kind == PCE_PASS_HOP && r->include[j].link == link)
			why = "is asked for twice";
	return why ? said(arena_printf(k->a, "a link to pass, %s, %s",
				       ted_link_label(k->t, link, label, sizeof(label)), why)) :
		     NULL;
}

static bool has_domain(const struct ted *t, uint32_t number)
{
	for (uint32_t i = 0; i < t->n_nodes; i++)
		if (t->nodes[i].alive && !t->nodes[i].pseudonode && t->nodes[i].asn == number)
			return true;
	return false;
}

static bool has_group(const struct ted *t, uint32_t number)
{
	for (uint32_t i = 0; i < t->n_links; i++) {
		const struct ted_link *l = &t->links[i];

		if (l->alive && !t->nodes[l->from].pseudonode && in(l->srlg, l->n_srlg, number))
			return true;
	}
	return false;
}

static const char *pass_domain(const struct look *k, uint32_t i)
{
	uint32_t number = k->r->include[i].number;

	if (!has_domain(k->t, number))
		return said(arena_printf(k->a, "no node is in domain %u, that has to be passed", number));
	if (in(k->r->exclude_asns, k->r->n_exclude_asns, number))
		return said(arena_printf(k->a, "domain %u is to be passed, and is excluded", number));
	return NULL;
}

static const char *pass_group(const struct look *k, uint32_t i)
{
	uint32_t number = k->r->include[i].number;

	if (!has_group(k->t, number))
		return said(arena_printf(k->a, "no link is in SRLG %u, that has to be passed", number));
	if (in(k->r->exclude_srlgs, k->r->n_exclude_srlgs, number))
		return said(arena_printf(k->a, "SRLG %u is to be passed, and is excluded", number));
	return NULL;
}

static const char *pass(const struct look *k, uint32_t i)
{
	switch (k->r->include[i].kind) {
	case PCE_PASS_HOP:
		break;
	case PCE_PASS_ASN:
		return pass_domain(k, i);
	case PCE_PASS_SRLG:
		return pass_group(k, i);
	}
	return k->r->include[i].link == TED_NONE ? pass_node(k, i) : pass_link(k, i);
}

static const char *passes(const struct look *k)
{
	const struct pce_request *r = k->r;

	if (r->n_include > PCE_PASSES_MAX)
		return said(arena_printf(k->a, "%u things to pass are more than %u",
					 r->n_include, PCE_PASSES_MAX));
	for (uint32_t i = 0; i < r->n_include; i++) {
		const char *why = pass(k, i);

		if (why)
			return why;
	}
	return NULL;
}

const char *pce_valid(const struct ted *t, const struct pce_request *req, struct arena *a)
{
	static const char *(*const looks[])(const struct look *k) = { numbers, algo, ends, passes };
	const struct look k = { t, req, a };

	for (size_t i = 0; i < ARRAY_LEN(looks); i++) {
		const char *why = looks[i](&k);

		if (why)
			return why;
	}
	return NULL;
}
