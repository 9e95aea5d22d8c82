/* SPDX-License-Identifier: Apache-2.0 */
/* sextant-path: what is asked of a path, and the answer with its explanation as a tree. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "northbound/restconf/rc_int.h"

static const struct rc_leaf query_leaves[] = {
	RC_LEAF("source", RC_CHARS, struct intent_path_query, src, 0),
	RC_LEAF("destination", RC_CHARS, struct intent_path_query, dst, 0),
	RC_LEAF("bandwidth", RC_U64, struct intent_path_query, bandwidth_bps, 0),
	RC_LEAF("setup-priority", RC_U8, struct intent_path_query, setup_prio, 0),
	RC_LEAF_ENUM("dataplane", RC_ENUM8, struct intent_path_query, dataplane, rc_dataplane_names),
	RC_LEAF("usid", RC_NOT, struct intent_path_query, no_usid, 0),
	RC_LEAF("msd", RC_U8, struct intent_path_query, msd, 0),
	RC_LEAF("reserved-sids", RC_U8, struct intent_path_query, reserved, 0),
	RC_LEAF("nrp", RC_U32, struct intent_path_query, nrp, 0),
};

const char *const rc_path_status_names[] = {
	[PCE_OK] = "ok",
	[PCE_NO_SOURCE] = "no-source",
	[PCE_NO_TARGET] = "no-target",
	[PCE_NO_ROUTE] = "no-route",
	[PCE_NO_CONSTRAINED] = "no-constrained-path",
	[PCE_NO_SID] = "no-sid",
	[PCE_NO_MSD] = "no-msd",
	[PCE_NO_MEMORY] = "no-memory",
	[PCE_INVALID] = "invalid",
	[PCE_NO_BUDGET] = "no-budget",
	NULL,
};

static const char *const constraint_names[PCE_C_COUNT] = {
	[PCE_C_AFFINITY] = "affinity", [PCE_C_BANDWIDTH] = "bandwidth", [PCE_C_EXCLUDE] = "exclude",
	[PCE_C_DELAY] = "delay",       [PCE_C_HOPS] = "hops",		[PCE_C_IGP] = "igp",
	[PCE_C_TE] = "te",	       [PCE_C_OVERLOAD] = "overload",	[PCE_C_MSD] = "msd",
	[PCE_C_DELAY_MIN] = "delay-min", [PCE_C_VARIATION] = "variation", [PCE_C_LOSS] = "loss",
	[PCE_C_INCLUDE] = "include",   [PCE_C_SRLG] = "srlg",		[PCE_C_ASN] = "asn",
	[PCE_C_ALGO] = "algo",	       [PCE_C_MTU] = "mtu",
};

static const struct rc_leaf answer_leaves[] = {
	RC_LEAF_ENUM("status", RC_ENUM, struct pce_answer, status, rc_path_status_names),
	RC_LEAF("why", RC_TEXT, struct pce_answer, why, RC_SKIP_ZERO),
};

static const struct rc_leaf path_leaves[] = {
	RC_LEAF("igp", RC_U32, struct pce_answer, igp, 0),
	RC_LEAF("te", RC_U32, struct pce_answer, te, 0),
	RC_LEAF("delay", RC_U32, struct pce_answer, delay_us, 0),
	RC_LEAF("hops", RC_U32, struct pce_answer, hops, 0),
	RC_LEAF("variation", RC_U32, struct pce_answer, variation_us, 0),
	RC_LEAF("loss", RC_U32, struct pce_answer, loss_ppm, 0),
	RC_LEAF("cost", RC_U64, struct pce_answer, cost, 0),
};

static const struct rc_leaf expansion_leaves[] = {
	RC_LEAF("single-path", RC_BOOL, struct pce_expansion, single, 0),
	RC_LEAF("worst-delay", RC_U32, struct pce_expansion, delay_us_max, 0),
	RC_LEAF("worst-hops", RC_U32, struct pce_expansion, hops_max, 0),
	RC_LEAF("worst-igp", RC_U32, struct pce_expansion, igp_max, 0),
	RC_LEAF("worst-te", RC_U32, struct pce_expansion, te_max, 0),
};

static void hops_fill(const struct ted *ted, const struct pce_answer *a, struct lyd_node *out)
{
	char buf[TED_LABEL_MAX];

	for (uint32_t i = 0; i < a->n_path; i++) {
		const struct ted_link *l = &ted->links[a->path[i]];
		struct lyd_node *h;

		snprintf(buf, sizeof(buf), "%" PRIu32, i + 1);
		h = rc_entry(out, "hop", buf);
		rc_add(h, "link", rc_link_id(ted, a->path[i], buf, sizeof(buf)));
		rc_add(h, "label", ted_link_label(ted, a->path[i], buf, sizeof(buf)));
		rc_add(h, "from", ted_node_label(ted, l->from));
		rc_add(h, "to", ted_node_label(ted, l->to));
	}
}

static void segments_fill(const struct pce_answer *a, uint8_t dataplane, struct lyd_node *out)
{
	static const uint8_t kinds[] = { [PCE_SEG_NODE] = SR_SEG_NODE, [PCE_SEG_ADJ] = SR_SEG_ADJ,
					 [PCE_SEG_CONTAINER] = SR_SEG_CONTAINER,
					 [PCE_SEG_BINDING] = SR_SEG_OTHER };
	struct sr_list list = { .dataplane = dataplane };

	for (uint32_t i = 0; i < a->n_segs && i < SR_SEGS_MAX; i++) {
		const struct pce_segment *s = &a->segs[i];

		list.at[list.n++] = (struct sr_segment){
			.kind = kinds[s->kind],
			.algo = s->algo,
			.behavior = s->behavior,
			.sid = s->sid,
			.label = s->label,
			.structure = { s->structure.lb, s->structure.ln, s->structure.fun,
				       s->structure.arg },
		};
	}
	rc_list_fill(out, &list);
}

void rc_path_removed_fill(const struct pce_answer *a, struct lyd_node *out)
{
	for (size_t i = 0; i < PCE_C_COUNT; i++) {
		const struct pce_removed *r = &a->removed[i];
		struct lyd_node *n;

		if (!r->links && !r->decisive)
			continue;
		n = rc_entry(out, "removed", constraint_names[i]);
		rc_addf(n, "links", "%" PRIu32, r->links);
		rc_add(n, "decisive", r->decisive ? "true" : "false");
		if (r->nearest)
			rc_addf(n, "nearest", "%" PRIu64, r->nearest);
	}
}

static void slack_fill(const struct pce_answer *a, struct lyd_node *out)
{
	for (uint32_t i = 0; i < a->n_slack; i++) {
		const struct pce_slack *s = &a->slack[i];
		struct lyd_node *n = rc_entry(out, "constraint", constraint_names[s->of]);

		if (s->is_bound) {
			rc_addf(n, "value", "%" PRIu64, s->value);
			rc_addf(n, "bound", "%" PRIu64, s->bound);
			rc_addf(n, "slack", "%" PRIu64, s->slack);
		}
		rc_add(n, "binding", s->binding ? "true" : "false");
		if (s->has_cost)
			rc_addf(n, "cost-without", "%" PRIu64, s->cost_without);
	}
}

void rc_path_reasons_fill(const enum pce_constraint *conflict, uint32_t n_conflict,
			  const struct pce_relax *relax, uint32_t n_relax, bool together,
			  struct lyd_node *out)
{
	for (uint32_t i = 0; i < n_conflict; i++)
		rc_add(out, "conflict", constraint_names[conflict[i]]);
	for (uint32_t i = 0; i < n_relax; i++) {
		const struct pce_relax *x = &relax[i];
		struct lyd_node *n = rc_entry(out, "relaxation", constraint_names[x->of]);

		rc_add(n, "drop", x->drop ? "true" : "false");
		if (!x->drop)
			rc_addf(n, "needs", "%" PRIu64, x->needs);
	}
	if (n_relax)
		rc_add(out, "together", together ? "true" : "false");
}

void rc_path_gave_up_fill(bool reasons_gave_up, struct lyd_node *out)
{
	if (reasons_gave_up)
		rc_add(out, "reasons-gave-up", "true");
}

void rc_path_found_fill(const struct ted *ted, const struct pce_answer *a, uint8_t dataplane,
			struct lyd_node *out)
{
	char buf[TED_LABEL_MAX];
	struct lyd_node *e;

	hops_fill(ted, a, out);
	rc_leaves_fill(out, path_leaves, ARRAY_LEN(path_leaves), a);
	if (a->cost_least < a->cost)
		rc_addf(out, "cost-least", "%" PRIu64, a->cost_least);
	slack_fill(a, out);
	segments_fill(a, dataplane, out);
	if (a->expansion.valid) {
		e = rc_container(out, NULL, "expansion");
		rc_leaves_fill(e, expansion_leaves, ARRAY_LEN(expansion_leaves), &a->expansion);
		for (uint32_t i = 0; i < a->expansion.n_links; i++)
			rc_add(e, "link", rc_link_id(ted, a->expansion.links[i], buf, sizeof(buf)));
	}
	if (a->bottleneck_bps != UINT64_MAX)
		rc_addf(out, "bottleneck", "%" PRIu64, a->bottleneck_bps);
}

void rc_path_query_read(const struct lyd_node *input, struct intent_path_query *q)
{
	intent_cpath_default(&q->constraints);
	rc_constraints_read(input, &q->constraints);
	rc_leaves_read(input, query_leaves, ARRAY_LEN(query_leaves), q);
}

void rc_path_one_fill(const struct pce_answer *a, const struct ted *ted, uint8_t dataplane,
		      struct lyd_node *out)
{
	rc_leaves_fill(out, answer_leaves, ARRAY_LEN(answer_leaves), a);
	if (ted) {
		rc_addf(out, "generation", "%" PRIu64, ted->generation);
		rc_add(out, "stale", ted->stale ? "true" : "false");
	}
	if (ted && a->status == PCE_OK)
		rc_path_found_fill(ted, a, dataplane, out);
	rc_path_reasons_fill(a->conflict, a->n_conflict, a->relax, a->n_relax, a->relax_together, out);
	rc_path_gave_up_fill(a->reasons_gave_up, out);
	rc_path_removed_fill(a, out);
}
