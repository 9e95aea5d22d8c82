/* SPDX-License-Identifier: Apache-2.0 */
/* The constraints of a candidate path: a request to the engine, and what is wrong with them. */
#include <string.h>

#include "intent/intent_priv.h"

/* ---- requests ---- */

/* A node, or a link when node is TED_NONE; false: nothing has that text. */
static bool named(const struct ted *t, const char *text, uint32_t *node, uint32_t *link)
{
	struct ip_addr a;

	*node = ted_node_by_id(t, text);
	*link = TED_NONE;
	if (*node == TED_NONE && ip_parse(text, &a) == 0)
		*node = ted_node_by_addr(t, &a);
	if (*node == TED_NONE)
		*link = ted_link_by_text(t, text);
	return *node != TED_NONE || *link != TED_NONE;
}

/* asn:NUMBER, srlg:NUMBER. */
bool intent_pass_set(const char *text, struct pce_pass *p)
{
	static const struct {
		const char *word;
		enum pce_pass_kind kind;
		uint64_t least;
	} words[] = { { "asn:", PCE_PASS_ASN, 1 }, { "srlg:", PCE_PASS_SRLG, 0 } };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		size_t n = strlen(words[i].word);
		uint64_t v;

		if (strncmp(text, words[i].word, n) != 0 || str_u64(text + n, &v) < 0 ||
		    v < words[i].least || v > UINT32_MAX)
			continue;
		p->kind = words[i].kind;
		p->number = (uint32_t)v;
		return true;
	}
	return false;
}

/* What does not exist is kept away from; the caller may still want to know. */
static void excludes(const struct ted *t, const struct intent_cpath *c, struct arena *a,
		     struct pce_request *out, const char **bad)
{
	uint32_t *nodes = ARENA_ARRAY(a, INTENT_HOPS_MAX, uint32_t);
	uint32_t *links = ARENA_ARRAY(a, INTENT_HOPS_MAX, uint32_t);

	for (uint8_t i = 0; nodes && links && i < c->n_exclude; i++) {
		uint32_t node, link;

		if (!named(t, c->exclude[i], &node, &link))
			*bad = c->exclude[i];
		else if (node != TED_NONE)
			nodes[out->n_exclude_nodes++] = node;
		else
			links[out->n_exclude_links++] = link;
	}
	out->exclude_nodes = nodes;
	out->exclude_links = links;
	out->exclude_srlgs = c->exclude_srlg;
	out->n_exclude_srlgs = c->n_exclude_srlg;
	out->exclude_asns = c->exclude_asn;
	out->n_exclude_asns = c->n_exclude_asn;
}

/* What does not exist cannot be passed: the engine refuses a node of no number. */
static void passes(const struct ted *t, const struct intent_cpath *c, struct arena *a,
		   struct pce_request *out, const char **bad)
{
	struct pce_pass *at = ARENA_ARRAY(a, INTENT_HOPS_MAX, struct pce_pass);

	for (uint8_t i = 0; at && i < c->n_include; i++) {
		struct pce_pass *p = &at[out->n_include++];

		p->strict = c->include[i].strict;
		if (!intent_pass_set(c->include[i].text, p) &&
		    !named(t, c->include[i].text, &p->node, &p->link))
			*bad = c->include[i].text;
	}
	out->include = at;
}

static void dynamic(const struct intent_cpath *c, struct pce_request *out)
{
	out->minimise = c->minimise;
	out->objective = c->objective;
	memcpy(out->mix, c->mix, sizeof(out->mix));
	out->delay_us_max = c->delay_us_max;
	out->delay_us_min = c->delay_us_min;
	out->hops_max = c->hops_max;
	out->igp_max = c->igp_max;
	out->te_max = c->te_max;
	out->bound_variation = c->variation_us_max != PCE_NO_BOUND;
	out->variation_us_max = c->variation_us_max;
	out->bound_loss = c->loss_ppm_max != PCE_NO_BOUND;
	out->loss_ppm_max = c->loss_ppm_max;
	out->affinity = c->affinity;
	out->algo = c->algo;
	out->protection = c->protection;
	out->payload = c->payload;
}

bool intent_request_of(const struct ted *t, const struct intent_policy *p,
		       const struct intent_cpath *c, struct arena *a, struct pce_request *out,
		       const char **bad)
{
	*bad = NULL;
	*out = (struct pce_request){
		.src = intent_endpoint_node(t, &p->key.headend),
		.dst = intent_endpoint_node(t, &p->key.endpoint),
		.delay_us_max = PCE_NO_BOUND,
		.hops_max = PCE_NO_BOUND,
		.igp_max = PCE_NO_BOUND,
		.te_max = PCE_NO_BOUND,
		.bandwidth_bps = p->bandwidth_bps,
		.strict = c->strict,
		.dataplane = p->dataplane == SR_MPLS ? PCE_MPLS : PCE_SRV6,
		.usid = !p->no_usid,
		.msd = p->msd,
		.reserved = p->reserved,
	};
	if (c->kind == INTENT_EXPLICIT) {
		out->minimise = c->minimise;
		return true;
	}
	dynamic(c, out);
	excludes(t, c, a, out, bad);
	passes(t, c, a, out, bad);
	return *bad == NULL;
}

/* ---- faults ---- */

static bool mix_is_empty(const struct intent_cpath *c)
{
	for (unsigned m = 0; m < PCE_METRICS; m++)
		if (c->mix[m])
			return false;
	return true;
}

static bool text_in(const char *text, const char at[][TED_LABEL_MAX], unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (strcmp(at[i], text) == 0)
			return true;
	return false;
}

static bool number_in(uint32_t v, const uint32_t *at, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (at[i] == v)
			return true;
	return false;
}

/* What is to be passed is to be avoided as well. */
static bool contradicts(const struct intent_cpath *c, const char *text)
{
	struct pce_pass p;

	if (!intent_pass_set(text, &p))
		return text_in(text, c->exclude, c->n_exclude);
	return p.kind == PCE_PASS_ASN ? number_in(p.number, c->exclude_asn, c->n_exclude_asn) :
					number_in(p.number, c->exclude_srlg, c->n_exclude_srlg);
}

static const char *passes_fault(const struct intent_cpath *c)
{
	if (c->n_include > INTENT_HOPS_MAX)
		return "16 at most";
	for (unsigned i = 0; i < c->n_include; i++) {
		const char *text = c->include[i].text;

		if (strnlen(text, TED_LABEL_MAX) == TED_LABEL_MAX || text[0] == '\0')
			return "name a node, or a link as NODE>NODE";
		if (contradicts(c, text))
			return "what is to be passed is excluded too";
		for (unsigned j = 0; j < i && !intent_pass_set(text, &(struct pce_pass){ 0 }); j++)
			if (strcmp(text, c->include[j].text) == 0)
				return "no path passes the same twice";
	}
	return NULL;
}

const char *intent_constraints_fault(const struct intent_cpath *c, const char **field)
{
	*field = "/dynamic/metric";
	if ((unsigned)c->minimise > PCE_MIX)
		return "igp, te, delay, hops, variation, loss or mix";
	if (c->minimise == PCE_MIX && !c->algo && mix_is_empty(c))
		return "a mix needs a weight";
	*field = "/dynamic/objective";
	if ((unsigned)c->objective > PCE_MBP)
		return "mcp, mlp or mbp";
	*field = "/dynamic/protection";
	if ((unsigned)c->protection > PCE_PROTECTED_ONLY)
		return "unprotected-preferred, unprotected-only, protected-preferred or protected-only";
	*field = "/dynamic/bounds/delay-min";
	if (c->delay_us_min > c->delay_us_max)
		return "the least delay is above the most";
	*field = "/dynamic/bounds/loss";
	if (c->loss_ppm_max != PCE_NO_BOUND && c->loss_ppm_max > 1000000)
		return "at most a million in a million";
	*field = "/dynamic/algorithm";
	if (c->algo && c->algo < TED_FLEX_FIRST)
		return "a flexible algorithm is 128 to 255";
	*field = "/dynamic/exclude-srlg";
	if (c->n_exclude_srlg > INTENT_HOPS_MAX || c->n_exclude_asn > INTENT_HOPS_MAX)
		return "16 at most";
	*field = "/dynamic/include";
	return passes_fault(c);
}
