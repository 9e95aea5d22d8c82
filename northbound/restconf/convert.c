/* SPDX-License-Identifier: Apache-2.0 */
/* YANG ⇄ native values that policies and path computation share: keys, constraints, lists. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "northbound/restconf/rc_int.h"

const char *const rc_metric_names[] = { [PCE_IGP] = "igp", [PCE_TE] = "te", [PCE_DELAY] = "delay",
					[PCE_HOPS] = "hops", [PCE_VARIATION] = "variation",
					[PCE_LOSS] = "loss", [PCE_MIX] = "mix", NULL };
static const char *const objective_names[] = { [PCE_MCP] = "mcp", [PCE_MLP] = "mlp",
					       [PCE_MBP] = "mbp", NULL };
static const char *const protection_names[] = {
	[PCE_UNPROTECTED_PREFERRED] = "unprotected-preferred",
	[PCE_UNPROTECTED_ONLY] = "unprotected-only",
	[PCE_PROTECTED_PREFERRED] = "protected-preferred",
	[PCE_PROTECTED_ONLY] = "protected-only",
	NULL,
};
const char *const rc_dataplane_names[] = { [SR_SRV6] = "srv6", [SR_MPLS] = "sr-mpls", NULL };

static const char *const kind_names[] = { [SR_SEG_NODE] = "node", [SR_SEG_ADJ] = "adjacency",
					  [SR_SEG_CONTAINER] = "container",
					  [SR_SEG_OTHER] = "other", NULL };

bool rc_key_read(const struct lyd_node *n, struct sr_policy_key *k)
{
	uint64_t color;

	*k = (struct sr_policy_key){ 0 };
	if (!rc_value(n, "headend") || !rc_value(n, "color") || !rc_value(n, "endpoint") ||
	    ip_parse(rc_value(n, "headend"), &k->headend) != 0 ||
	    ip_parse(rc_value(n, "endpoint"), &k->endpoint) != 0 ||
	    str_u64(rc_value(n, "color"), &color) != 0)
		return false;
	k->color = (uint32_t)color;
	return true;
}

/* ---- constraints ---- */

static const struct rc_leaf constraint_leaves[] = {
	RC_LEAF_ENUM("metric", RC_ENUM, struct intent_cpath, minimise, rc_metric_names),
	RC_LEAF("strict", RC_BOOL, struct intent_cpath, strict, 0),
	RC_LEAF("algorithm", RC_U8, struct intent_cpath, algo, RC_SKIP_ZERO),
	RC_LEAF("payload", RC_U16, struct intent_cpath, payload, RC_SKIP_ZERO),
};

/* Only shown when it is not what everybody wants. */
static const struct rc_leaf objective_leaves[] = {
	RC_LEAF_ENUM("objective", RC_ENUM, struct intent_cpath, objective, objective_names),
};

static const struct rc_leaf protection_leaves[] = {
	RC_LEAF_ENUM("protection", RC_ENUM, struct intent_cpath, protection, protection_names),
};

static const struct rc_leaf mix_leaves[] = {
	RC_LEAF("igp", RC_U16, struct intent_cpath, mix[PCE_IGP], RC_SKIP_ZERO),
	RC_LEAF("te", RC_U16, struct intent_cpath, mix[PCE_TE], RC_SKIP_ZERO),
	RC_LEAF("delay", RC_U16, struct intent_cpath, mix[PCE_DELAY], RC_SKIP_ZERO),
	RC_LEAF("hops", RC_U16, struct intent_cpath, mix[PCE_HOPS], RC_SKIP_ZERO),
	RC_LEAF("variation", RC_U16, struct intent_cpath, mix[PCE_VARIATION], RC_SKIP_ZERO),
	RC_LEAF("loss", RC_U16, struct intent_cpath, mix[PCE_LOSS], RC_SKIP_ZERO),
};

static const struct rc_leaf pass_leaves[] = {
	RC_LEAF("ref", RC_CHARS, struct intent_pass, text, 0),
	RC_LEAF("strict", RC_BOOL, struct intent_pass, strict, 0),
};

static const struct rc_leaf bound_leaves[] = {
	RC_LEAF("delay", RC_U32, struct intent_cpath, delay_us_max, RC_SKIP_MAX),
	RC_LEAF("delay-min", RC_U32, struct intent_cpath, delay_us_min, RC_SKIP_ZERO),
	RC_LEAF("variation", RC_U32, struct intent_cpath, variation_us_max, RC_SKIP_MAX),
	RC_LEAF("loss", RC_U32, struct intent_cpath, loss_ppm_max, RC_SKIP_MAX),
	RC_LEAF("hops", RC_U32, struct intent_cpath, hops_max, RC_SKIP_MAX),
	RC_LEAF("igp", RC_U32, struct intent_cpath, igp_max, RC_SKIP_MAX),
	RC_LEAF("te", RC_U32, struct intent_cpath, te_max, RC_SKIP_MAX),
};

static const struct {
	const char *name;
	size_t off;
} affinities[] = {
	{ "exclude-any", offsetof(struct pce_affinity, exclude_any) },
	{ "include-any", offsetof(struct pce_affinity, include_any) },
	{ "include-all", offsetof(struct pce_affinity, include_all) },
};

static void affinity_read(const struct lyd_node *parent, struct pce_affinity *a)
{
	const struct lyd_node *n;

	if (!parent)
		return;
	LY_LIST_FOR(lyd_child(parent), n) {
		for (size_t i = 0; i < ARRAY_LEN(affinities); i++) {
			uint32_t *words = (uint32_t *)(void *)((char *)a + affinities[i].off);
			uint64_t bit;

			if (strcmp(n->schema->name, affinities[i].name) == 0 &&
			    str_u64(lyd_get_value(n), &bit) == 0 && bit < TED_AFFINITY_WORDS * 32)
				words[bit / 32] |= UINT32_C(1) << bit % 32;
		}
	}
}

static void number_read(const struct lyd_node *x, uint32_t at[INTENT_HOPS_MAX], uint8_t *n)
{
	uint64_t v;

	if (*n < INTENT_HOPS_MAX && str_u64(lyd_get_value(x), &v) == 0)
		at[(*n)++] = (uint32_t)v;
}

/* By index, whatever the order in the message. */
static void passes_read(const struct lyd_node *parent, struct intent_cpath *c)
{
	const struct lyd_node *by_index[INTENT_HOPS_MAX + 1] = { NULL }, *n;
	uint64_t v;

	LY_LIST_FOR(lyd_child(parent), n) {
		if (strcmp(n->schema->name, "include") == 0 &&
		    str_u64(rc_value(n, "index"), &v) == 0 && v < ARRAY_LEN(by_index))
			by_index[v] = n;
	}
	for (size_t i = 1; i < ARRAY_LEN(by_index); i++)
		if (by_index[i])
			rc_leaves_read(by_index[i], pass_leaves, ARRAY_LEN(pass_leaves),
				       &c->include[c->n_include++]);
}

void rc_constraints_read(const struct lyd_node *n, struct intent_cpath *c)
{
	const struct lyd_node *x;

	rc_leaves_read(n, constraint_leaves, ARRAY_LEN(constraint_leaves), c);
	rc_leaves_read(rc_child(n, "bounds"), bound_leaves, ARRAY_LEN(bound_leaves), c);
	rc_leaves_read(n, objective_leaves, ARRAY_LEN(objective_leaves), c);
	rc_leaves_read(n, protection_leaves, ARRAY_LEN(protection_leaves), c);
	rc_leaves_read(rc_child(n, "mix"), mix_leaves, ARRAY_LEN(mix_leaves), c);
	affinity_read(rc_child(n, "affinity"), &c->affinity);
	passes_read(n, c);
	LY_LIST_FOR(lyd_child(n), x) {
		if (strcmp(x->schema->name, "exclude") == 0 && c->n_exclude < INTENT_HOPS_MAX)
			str_copy(c->exclude[c->n_exclude++], TED_LABEL_MAX, lyd_get_value(x));
		else if (strcmp(x->schema->name, "exclude-srlg") == 0)
			number_read(x, c->exclude_srlg, &c->n_exclude_srlg);
		else if (strcmp(x->schema->name, "exclude-asn") == 0)
			number_read(x, c->exclude_asn, &c->n_exclude_asn);
		else if (strcmp(x->schema->name, "binding-sid") == 0 && c->n_binding < INTENT_MAY_BIND &&
			 ip_parse(lyd_get_value(x), &c->binding[c->n_binding]) == 0)
			c->n_binding++;
	}
}

static void affinity_fill(struct lyd_node *n, const struct pce_affinity *a)
{
	static const struct pce_affinity none;
	struct lyd_node *p;

	if (memcmp(a, &none, sizeof(none)) == 0)
		return;
	p = rc_container(n, NULL, "affinity");
	for (size_t i = 0; i < ARRAY_LEN(affinities); i++) {
		const uint32_t *w = (const uint32_t *)(const void *)((const char *)a + affinities[i].off);

		for (unsigned b = 0; b < TED_AFFINITY_WORDS * 32; b++)
			if (w[b / 32] & UINT32_C(1) << b % 32)
				rc_addf(p, affinities[i].name, "%u", b);
	}
}

void rc_constraints_fill(struct lyd_node *n, const struct intent_cpath *c)
{
	char text[IP_TEXT_MAX];

	rc_leaves_fill(n, constraint_leaves, ARRAY_LEN(constraint_leaves), c);
	if (c->objective)
		rc_leaves_fill(n, objective_leaves, ARRAY_LEN(objective_leaves), c);
	if (c->protection)
		rc_leaves_fill(n, protection_leaves, ARRAY_LEN(protection_leaves), c);
	if (c->minimise == PCE_MIX)
		rc_leaves_fill(rc_container(n, NULL, "mix"), mix_leaves, ARRAY_LEN(mix_leaves), c);
	if (c->delay_us_max != PCE_NO_BOUND || c->hops_max != PCE_NO_BOUND ||
	    c->igp_max != PCE_NO_BOUND || c->te_max != PCE_NO_BOUND || c->delay_us_min ||
	    c->variation_us_max != PCE_NO_BOUND || c->loss_ppm_max != PCE_NO_BOUND)
		rc_leaves_fill(rc_container(n, NULL, "bounds"), bound_leaves,
			       ARRAY_LEN(bound_leaves), c);
	affinity_fill(n, &c->affinity);
	for (size_t i = 0; i < c->n_exclude; i++)
		rc_add(n, "exclude", c->exclude[i]);
	for (size_t i = 0; i < c->n_include; i++) {
		char index[8];

		(void)snprintf(index, sizeof(index), "%zu", i + 1);
		rc_leaves_fill(rc_entry(n, "include", index), pass_leaves, ARRAY_LEN(pass_leaves),
			       &c->include[i]);
	}
	for (size_t i = 0; i < c->n_exclude_srlg; i++)
		rc_addf(n, "exclude-srlg", "%" PRIu32, c->exclude_srlg[i]);
	for (size_t i = 0; i < c->n_exclude_asn; i++)
		rc_addf(n, "exclude-asn", "%" PRIu32, c->exclude_asn[i]);
	for (size_t i = 0; i < c->n_binding; i++)
		rc_add(n, "binding-sid", ip_text(&c->binding[i], text, sizeof(text)));
}

/* ---- SID lists ---- */

static const struct rc_leaf segment_leaves[] = {
	RC_LEAF_ENUM("kind", RC_ENUM8, struct sr_segment, kind, kind_names),
	RC_LEAF("algorithm", RC_U8, struct sr_segment, algo, RC_SKIP_ZERO),
	RC_LEAF("nai-local", RC_IP, struct sr_segment, nai_local, 0),
	RC_LEAF("nai-remote", RC_IP, struct sr_segment, nai_remote, 0),
};

static const struct rc_leaf structure_leaves[] = {
	RC_LEAF("block-length", RC_U8, struct sr_sid_structure, lb, 0),
	RC_LEAF("node-length", RC_U8, struct sr_sid_structure, ln, 0),
	RC_LEAF("function-length", RC_U8, struct sr_sid_structure, fun, 0),
	RC_LEAF("argument-length", RC_U8, struct sr_sid_structure, arg, 0),
};

static void segment_fill(struct lyd_node *s, const struct sr_segment *seg, bool mpls)
{
	char ip[IP_TEXT_MAX];
	int sum = seg->structure.lb + seg->structure.ln + seg->structure.fun + seg->structure.arg;

	if (mpls)
		rc_addf(s, "label", "%" PRIu32, seg->label & 0xfffff);
	else
		rc_add(s, "sid", seg->sid.family == IP_V6 ? ip_text(&seg->sid, ip, sizeof(ip)) : "::");
	rc_leaves_fill(s, segment_leaves, ARRAY_LEN(segment_leaves), seg);
	if (!mpls && seg->behavior)
		rc_addf(s, "behavior", "%u", seg->behavior);
	if (!mpls && sum > 0 && sum <= 128)
		rc_leaves_fill(rc_container(s, NULL, "structure"), structure_leaves,
			       ARRAY_LEN(structure_leaves), &seg->structure);
}

void rc_list_fill(struct lyd_node *parent, const struct sr_list *list)
{
	for (unsigned i = 0; parent && i < list->n && i < SR_SEGS_MAX; i++) {
		char index[8];

		snprintf(index, sizeof(index), "%u", i + 1);
		segment_fill(rc_entry(parent, "segment", index), &list->at[i],
			     list->dataplane == SR_MPLS);
	}
}

static bool segment_read(const struct lyd_node *n, struct sr_list *list, struct rc_error *e)
{
	const char *label = rc_value(n, "label"), *sid = rc_value(n, "sid");
	const char *behavior = rc_value(n, "behavior");
	struct sr_segment *s;
	uint64_t v;

	if ((list->dataplane == SR_MPLS) != (label != NULL)) {
		rc_fail_at(e, n);
		return rc_fail(e, RC_INVALID_VALUE, "an %s policy takes %s in its segments",
			       rc_dataplane_names[list->dataplane],
			       list->dataplane == SR_MPLS ? "label" : "sid");
	}
	if (list->n == SR_SEGS_MAX)
		return rc_fail(e, RC_TOO_BIG, "at most %d segments", SR_SEGS_MAX);
	s = &list->at[list->n++];
	*s = (struct sr_segment){ .kind = SR_SEG_OTHER, .behavior = sid ? SR_BEHAVIOR_OPAQUE : 0 };
	if (sid)
		ip_parse(sid, &s->sid);
	if (label && str_u64(label, &v) == 0)
		s->label = (uint32_t)v;
	if (behavior && str_u64(behavior, &v) == 0)
		s->behavior = (uint16_t)v;
	rc_leaves_read(n, segment_leaves, ARRAY_LEN(segment_leaves), s);
	rc_leaves_read(rc_child(n, "structure"), structure_leaves, ARRAY_LEN(structure_leaves),
		       &s->structure);
	return true;
}

/* Segments by their index, whatever their order in the message. */
bool rc_list_read(const struct lyd_node *parent, struct sr_list *list, struct rc_error *e)
{
	const struct lyd_node *by_index[256] = { NULL }, *n;
	uint64_t v;

	LY_LIST_FOR(lyd_child(parent), n) {
		if (strcmp(n->schema->name, "segment") == 0 &&
		    str_u64(rc_value(n, "index"), &v) == 0 && v < ARRAY_LEN(by_index))
			by_index[v] = n;
	}
	for (size_t i = 0; i < ARRAY_LEN(by_index); i++)
		if (by_index[i] && !segment_read(by_index[i], list, e))
			return false;
	return true;
}
