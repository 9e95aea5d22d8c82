/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flexible algorithms in a TED (RFC 9350): which definition holds, who takes part, what a link
 * costs under a definition.
 */
#include <string.h>

#include "base/bitset.h"
#include "base/err.h"
#include "pce/ted_priv.h"

enum { ALGOS = 256 };

/* RFC 9350 s5.3: priority, then the System-ID (IS-IS) or Router ID (OSPF) of who said it. */
static bool beats(const struct ted *t, const struct ted_flex *a, const struct ted_flex *b)
{
	const struct ted_node *na = &t->nodes[a->by], *nb = &t->nodes[b->by];
	int c;

	if (a->def.priority != b->def.priority)
		return a->def.priority > b->def.priority;
	if (na->igp_id_len != nb->igp_id_len)
		return na->igp_id_len > nb->igp_id_len;
	c = memcmp(na->igp_id, nb->igp_id, sizeof(na->igp_id));
	return c > 0;
}

static enum ted_flex_fault fault_of(const struct ted_fad *d)
{
	if (d->unsupported)
		return TED_FLEX_SUB_TLV;
	if (d->calc_type != 0)
		return TED_FLEX_CALC_TYPE;
	return d->metric_type <= TED_FLEX_TE ? TED_FLEX_GOOD : TED_FLEX_METRIC_TYPE;
}

static bool said_before(const struct ted_node *n, uint32_t which)
{
	for (uint32_t i = 0; i < which; i++)
		if (n->fads[i].algo == n->fads[which].algo)
			return true;
	return false;
}

static void consider(const struct ted *t, struct ted_flex *best, uint32_t node, uint64_t seen[4])
{
	const struct ted_node *n = &t->nodes[node];

	for (uint32_t i = 0; i < n->n_fads; i++) {
		struct ted_flex f = { .def = n->fads[i], .by = node };
		uint8_t algo = f.def.algo;

		if (algo < TED_FLEX_FIRST || said_before(n, i))
			continue;
		if (bitset_has(seen, algo) && !beats(t, &f, &best[algo]))
			continue;
		f.fault = fault_of(&f.def);
		best[algo] = f;
		bitset_add(seen, algo);
	}
}

int ted_flex_resolve(struct ted_priv *p)
{
	struct ted *t = &p->ted;
	struct ted_flex best[ALGOS], *out;
	uint64_t seen[4] = { 0 };
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->n_nodes; i++)
		if (t->nodes[i].alive && t->nodes[i].n_fads > 0 && !t->nodes[i].pseudonode)
			consider(t, best, i, seen);
	out = ARENA_ARRAY(&p->arena, bitset_count(seen, 4), struct ted_flex);
	if (!out)
		return err_raise(-ENOMEM);
	for (uint32_t algo = TED_FLEX_FIRST; algo < ALGOS; algo++)
		if (bitset_has(seen, algo))
			out[n++] = best[algo];
	t->flex = out;
	t->n_flex = n;
	return 0;
}

static bool same_definition(const struct ted_flex *a, const struct ted_flex *b)
{
	if (!a || !b)
		return a == b;
	return ted_fad_eq(&a->def, &b->def);
}

/* Only nodes that changed can change who takes part. */
void ted_flex_delta(struct ted *t, const struct ted *prev)
{
	for (uint32_t i = 0; i < t->n_changed_nodes; i++) {
		uint32_t node = t->changed_nodes[i];
		const struct ted_node *is = &t->nodes[node];
		const struct ted_node *was = prev && node < prev->n_nodes ? &prev->nodes[node] : NULL;

		for (unsigned w = 0; w < 4; w++)
			t->changed_algos[w] |= (is->alive ? is->algos[w] : 0) ^
					       (was && was->alive ? was->algos[w] : 0);
	}
	for (uint32_t algo = TED_FLEX_FIRST; algo < ALGOS; algo++)
		if (!same_definition(ted_flex_of(t, (uint8_t)algo),
				     prev ? ted_flex_of(prev, (uint8_t)algo) : NULL))
			bitset_add(t->changed_algos, algo);
}

const struct ted_flex *ted_flex_of(const struct ted *t, uint8_t algo)
{
	for (uint32_t i = 0; i < t->n_flex && t->flex[i].def.algo <= algo; i++)
		if (t->flex[i].def.algo == algo)
			return &t->flex[i];
	return NULL;
}

static bool exclusive(const struct ted *t, uint8_t algo)
{
	const struct ted_flex *f = ted_flex_of(t, algo);

	return f && f->def.exclusive;
}

bool ted_flex_mixes(const struct ted *t, uint8_t list, uint8_t sid)
{
	return list == sid || !(exclusive(t, list) || exclusive(t, sid));
}

bool ted_flex_without(const struct ted *t, uint8_t algo, uint32_t node, struct ted_flex *out)
{
	bool any = false;

	for (uint32_t i = 0; i < t->n_nodes; i++) {
		const struct ted_node *n = &t->nodes[i];

		for (uint32_t k = 0; i != node && n->alive && !n->pseudonode && k < n->n_fads; k++) {
			const struct ted_flex f = { .def = n->fads[k], .by = i };

			if (f.def.algo != algo || said_before(n, k) || (any && !beats(t, &f, out)))
				continue;
			*out = f;
			any = true;
		}
	}
	if (any)
		out->fault = fault_of(&out->def);
	return any;
}

const char *ted_flex_why(enum ted_flex_fault fault)
{
	static const char *const why[] = {
		[TED_FLEX_GOOD] = "",
		[TED_FLEX_SUB_TLV] = "its definition has a part that is not supported",
		[TED_FLEX_METRIC_TYPE] = "its definition has a metric type that is not supported",
		[TED_FLEX_CALC_TYPE] = "its definition has a calculation type that is not supported",
	};

	return why[fault];
}

bool ted_flex_node(const struct ted *t, uint8_t algo, uint32_t node)
{
	const struct ted_node *n = &t->nodes[node];

	return n->alive && (n->pseudonode || bitset_has(n->algos, algo));
}

/* What Flex-Algo knows of a link. One that tells nothing has no colours and no metrics. */
static void attrs_of(const struct ted_link *l, struct ted_flex_attrs *a)
{
	if (!l->flex_plain) {
		*a = l->flex ? *l->flex : (struct ted_flex_attrs){ 0 };
		return;
	}
	*a = (struct ted_flex_attrs){ .has_te = l->has_te, .has_delay = l->has_delay,
				      .te_metric = l->te_metric, .delay_us = l->delay_min_us,
				      .srlg = l->srlg, .n_srlg = l->n_srlg };
	memcpy(a->admin_group, l->admin_group, sizeof(a->admin_group));
}

static bool any_common(const uint32_t *a, const uint32_t *b)
{
	uint32_t common = 0;

	for (unsigned w = 0; w < TED_AFFINITY_WORDS; w++)
		common |= a[w] & b[w];
	return common != 0;
}

static bool has_all(const uint32_t *has, const uint32_t *wanted)
{
	uint32_t missing = 0;

	for (unsigned w = 0; w < TED_AFFINITY_WORDS; w++)
		missing |= wanted[w] & ~has[w];
	return missing == 0;
}

static bool srlg_excluded(const struct ted_fad *d, const struct ted_flex_attrs *a)
{
	for (unsigned i = 0; i < d->n_exclude_srlg; i++)
		for (unsigned j = 0; j < a->n_srlg; j++)
			if (d->exclude_srlg[i] == a->srlg[j])
				return true;
	return false;
}

static bool pruned(const struct ted_fad *d, const struct ted_flex_attrs *a)
{
	return (d->n_exclude_any > 0 && any_common(d->exclude_any, a->admin_group)) ||
	       (d->n_include_any > 0 && !any_common(d->include_any, a->admin_group)) ||
	       (d->n_include_all > 0 && !has_all(a->admin_group, d->include_all)) ||
	       srlg_excluded(d, a);
}

uint32_t ted_flex_weight(const struct ted *t, const struct ted_fad *def, uint32_t link)
{
	const struct ted_link *l = &t->links[link];
	struct ted_flex_attrs a;

	if (t->nodes[l->from].pseudonode)
		return 0;
	attrs_of(l, &a);
	if (pruned(def, &a))
		return TED_NONE;
	switch (def->metric_type) {
	case TED_FLEX_IGP:
		return l->has_igp && l->igp_metric <= TED_METRIC_MAX ? l->igp_metric : TED_NONE;
	case TED_FLEX_DELAY:
		return a.has_delay ? a.delay_us : TED_NONE;
	case TED_FLEX_TE:
		return a.has_te ? a.te_metric : TED_NONE;
	default:
		return TED_NONE;
	}
}
