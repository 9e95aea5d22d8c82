/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what is promised: bounds, templates, policies of a level. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "pce/disjoint.h"
#include "slice/doc.h"

enum { PERCENTILE_MAX = 100000, OCCUPANCY_MAX = 100, MTU_MIN = 1280, MTU_MAX = UINT16_MAX };

/* "99.9" and "99.900" are 99900. */
static uint32_t percentile(struct doc *d, json_object *o)
{
	static const char leaf[] = "percentile-value";
	const char *text = doc_text(d, o, leaf);
	char digits[8] = "000", whole[4] = "";
	const char *dot = text ? strchr(text, '.') : NULL;
	size_t n = text ? (dot ? (size_t)(dot - text) : strlen(text)) : 0;
	uint64_t a = 0, b = 0;

	if (!text)
		return 0;
	if (n > 0 && n < sizeof(whole) && (!dot || (dot[1] && strlen(dot + 1) <= 3))) {
		memcpy(whole, text, n);
		if (dot)
			memcpy(digits, dot + 1, strlen(dot + 1));
		if (str_u64(whole, &a) == 0 && str_u64(digits, &b) == 0 && a * 1000 + b > 0 &&
		    a * 1000 + b <= PERCENTILE_MAX)
			return (uint32_t)(a * 1000 + b);
	}
	doc_fault(d, leaf, "it has to be above 0 and at most 100, with at most 3 decimals");
	return 0;
}

static void metric_bound(struct doc *d, json_object *o, struct slice_slo *out)
{
	const char *words[SLICE_METRICS + 1] = { NULL };
	const char *unit = doc_text(d, o, "metric-unit"), *why;
	struct slice_bound *b;
	size_t was;
	int m;

	for (int i = 0; i < SLICE_METRICS; i++)
		words[i] = slice_metric_name((enum slice_metric)i);
	if (!doc_member(o, "metric-type"))
		doc_fault(d, "metric-bound/metric-type", "say which");
	m = doc_word(d, o, "metric-type", words, 0);
	was = doc_in(d, "metric-bound[metric-type='ietf-network-slice-service:%s']", words[m]);
	b = &out->bound[m];
	if (b->set)
		doc_fault(d, "", "it is bound twice");
	b->set = true;
	b->percentile_milli = percentile(d, o);
	if (slice_unit((enum slice_metric)m, unit ? unit : "", doc_u64(d, o, "bound", 0, UINT64_MAX),
		       &b->value, &why) < 0)
		doc_fault(d, "metric-unit", "%s", why);
	doc_out(d, was);
}

/* Bits of a leaf-list of identities, the i-th word bit i. */
static uint8_t bits(struct doc *d, json_object *o, const char *name, const char *const *words, bool *said)
{
	uint32_t n;
	json_object *v = doc_array(d, o, name, 8, &n);
	uint8_t set = 0;

	*said = n > 0;
	for (uint32_t i = 0; i < n; i++)
		set |= (uint8_t)(1u << doc_word_of(d, json_object_array_get_idx(v, i), name, words));
	return set;
}

static void diversity(struct doc *d, json_object *sle, struct slice_slo *out)
{
	static const char leaf[] = "path-constraints/diversity/diversity-type";
	static const struct {
		const char *word;
		uint8_t bit;
	} kinds[] = { { "link", PCE_DIVERSE_LINK }, { "node", PCE_DIVERSE_NODE }, { "srlg", PCE_DIVERSE_SRLG } };
	json_object *p = doc_object(d, sle, "path-constraints");
	const char *at = doc_text(d, doc_object(d, p, "diversity"), "diversity-type");

	if (!at)
		return;
	out->has_diversity = true;
	while (*at) {
		size_t n = strcspn(at, " ");
		uint8_t bit = 0;

		for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
			if (strlen(kinds[k].word) == n && strncmp(kinds[k].word, at, n) == 0)
				bit = kinds[k].bit;
		}
		if (n > 0 && !bit)
			doc_fault(d, leaf, "it is a set of link, node and srlg");
		out->diversity |= bit;
		at += n + (at[n] == ' ');
	}
}

static void sle(struct doc *d, json_object *o, struct slice_slo *out)
{
	static const char *const security[] = { "authentication", "integrity", "encryption", NULL };
	static const char *const isolation[] = { "traffic-isolation", "resource-isolation", NULL };
	json_object *s = doc_object(d, o, "sle-policy");
	size_t was = doc_in(d, "sle-policy");

	if (s) {
		out->security = bits(d, s, "security", security, &out->has_security);
		out->isolation = bits(d, s, "isolation", isolation, &out->has_isolation);
		out->has_occupancy = doc_member(s, "max-occupancy-level") != NULL;
		out->occupancy = (uint8_t)doc_u64(d, s, "max-occupancy-level", 0, OCCUPANCY_MAX);
		diversity(d, s, out);
	}
	doc_out(d, was);
}

void doc_slo(struct doc *d, json_object *o, struct slice_slo *out)
{
	static const char *const nines[] = { "", "", "two-nines", "three-nines", "four-nines",
					     "five-nines", "six-nines", NULL };
	json_object *s = doc_object(d, o, "slo-policy"), *bounds;
	size_t was = doc_in(d, "slo-policy");
	uint32_t n;

	*out = (struct slice_slo){ 0 };
	bounds = doc_array(d, s, "metric-bound", SLICE_METRICS, &n);
	for (uint32_t i = 0; i < n; i++)
		metric_bound(d, json_object_array_get_idx(bounds, i), out);
	out->nines = (uint8_t)doc_word(d, s, "availability", nines, 0);
	out->mtu = (uint32_t)doc_u64(d, s, "mtu", 0, MTU_MAX);
	if (out->mtu && out->mtu < MTU_MIN)
		doc_fault(d, "mtu", "IPv6 wants at least %d octets", MTU_MIN);
	doc_out(d, was);
	sle(d, o, out);
}

void doc_policy(struct doc *d, json_object *o, struct slice_policy *out)
{
	static const char *const overrides[] = { "partial-override", "full-override", NULL };
	static const char custom[] = "service-slo-sle-policy";
	json_object *own = doc_object(d, o, custom);
	size_t was;

	*out = (struct slice_policy){ .override = doc_word(d, o, "service-slo-sle-policy-override",
							   overrides, SLICE_PARTIAL) == SLICE_FULL ?
							  SLICE_FULL :
							  SLICE_PARTIAL };
	if (doc_member(o, "slo-sle-template"))
		out->template_ref = doc_id(d, o, "slo-sle-template");
	if (!own)
		return;
	if (out->template_ref)
		doc_fault(d, custom, "a template, or a policy of its own: not both");
	was = doc_in(d, custom);
	out->custom = true;
	doc_slo(d, own, &out->slo);
	doc_out(d, was);
}

int slice_template_read(const char *text, size_t len, struct arena *a, struct slice_template *out,
			struct slice_fault *f)
{
	struct doc d;

	*out = (struct slice_template){ .id = "" };
	if (doc_init(&d, text, len, a, f) == 0) {
		out->id = doc_id(&d, d.root, "id");
		if (doc_member(d.root, "template-ref"))
			out->parent = doc_id(&d, d.root, "template-ref");
		if (doc_member(d.root, "sextant-slice:lower-tier"))
			out->lower = doc_id(&d, d.root, "sextant-slice:lower-tier");
		doc_slo(&d, d.root, &out->slo);
	}
	doc_fini(&d);
	return d.rc;
}
