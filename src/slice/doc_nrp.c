/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a network resource partition (nrp-policy of ietf-nrp). */
#include <string.h>

#include "slice/doc.h"

enum { GROUPS_MAX = 64, NRP_SIDS_MAX = 1024, FLEX_MIN = 128, GROW_PCT_MAX = 1000 };

static void reservation(struct doc *d, json_object *o, uint64_t *bps, uint8_t *pct)
{
	json_object *r = doc_object(d, o, "resource-reservation");
	size_t was = doc_in(d, "resource-reservation");

	*bps = doc_u64(d, r, "maximum-bandwidth", 0, UINT64_C(100000000000000));
	*pct = (uint8_t)doc_u64(d, r, "maximum-bandwidth-percent", 0, 100);
	if (*bps && *pct)
		doc_fault(d, "maximum-bandwidth", "a rate or a percentage: not both");
	doc_out(d, was);
}

static void selector(struct doc *d, json_object *o, struct slice_nrp *out)
{
	json_object *v6 = doc_object(d, doc_object(d, o, "selector-id"), "ipv6");
	size_t was = doc_in(d, "selector-id/ipv6");
	json_object *sids = doc_array(d, v6, "srv6-sid", NRP_SIDS_MAX, &out->n_sids);
	struct ip_prefix *at = doc_alloc(d, out->n_sids, sizeof(*at));

	for (uint32_t i = 0; at && i < out->n_sids; i++)
		at[i] = doc_prefix(d, json_object_array_get_idx(sids, i), "srv6-sid");
	out->sids = at;
	out->n_sids = at ? out->n_sids : 0;
	doc_out(d, was);
}

static void links(struct doc *d, json_object *o, struct slice_nrp_group *out)
{
	json_object *v = doc_array(d, o, "link", SLICE_LINKS_MAX, &out->n_links);
	const char **at = doc_alloc(d, out->n_links, sizeof(*at));

	for (uint32_t i = 0; at && i < out->n_links; i++) {
		const char *ref = doc_text(d, json_object_array_get_idx(v, i), "link-ref");

		if (!ref)
			doc_fault(d, "link/link-ref", "say which");
		at[i] = ref ? ref : "";
	}
	out->links = at;
	out->n_links = at ? out->n_links : 0;
}

/* A partition is room in the book and a queue with SIDs of its own: both planes. */
static void mode(struct doc *d)
{
	static const char *const words[] = { "hybrid-plane-partition", "control-plane-partition", "data-plane-partition", NULL };
	static const char leaf[] = "mode";

	switch (doc_word(d, d->root, leaf, words, 0)) {
	case 1:
		doc_unkept(d, leaf, "a partition has queues and SIDs of its own here, not only room in the book: "
				    "hybrid-plane-partition");
		break;
	case 2:
		doc_unkept(d, leaf, "a partition has its share in the book here, which admits what is in it, not only queues: "
				    "hybrid-plane-partition");
		break;
	}
}

static void link_type(struct doc *d, json_object *o)
{
	static const char *const words[] = { "queue-partition", "virtual-interface", NULL };
	static const char leaf[] = "link-partition-type";

	if (doc_word(d, o, leaf, words, 0) == 1)
		doc_unkept(d, leaf, "a partition has a queue on a link here, no interface of its own: queue-partition");
}

static const char *text_of(struct doc *d, json_object *o, const char *name)
{
	const char *text = doc_text(d, o, name);

	return text ? text : "";
}

static void groups(struct doc *d, json_object *topology, struct slice_nrp *out)
{
	json_object *v = doc_array(d, doc_object(d, topology, "select"), "topology-group", GROUPS_MAX,
				   &out->n_groups);
	struct slice_nrp_group *at = doc_alloc(d, out->n_groups, sizeof(*at));

	for (uint32_t i = 0; at && i < out->n_groups; i++) {
		json_object *o = json_object_array_get_idx(v, i);
		size_t was;

		at[i].id = doc_id(d, o, "group-id");
		at[i].phb = text_of(d, o, "phb-profile");
		was = doc_in(d, "topology/select/topology-group[group-id='%s']", at[i].id);
		reservation(d, o, &at[i].max_bps, &at[i].max_pct);
		link_type(d, o);
		links(d, o, &at[i]);
		doc_out(d, was);
	}
	out->groups = at;
	out->n_groups = at ? out->n_groups : 0;
}

/* sextant-nrp: how far repairs may raise what it is assured of a link. */
static void resize(struct doc *d, struct slice_nrp *out)
{
	json_object *r = doc_object(d, d->root, "resize");
	size_t was = doc_in(d, "sextant-nrp:resize");

	out->grow_bps = doc_u64(d, r, "maximum-growth", 0, UINT64_C(100000000000000));
	out->grow_pct = (uint16_t)doc_u64(d, r, "maximum-growth-percent", 0, GROW_PCT_MAX);
	if (out->grow_bps && out->grow_pct)
		doc_fault(d, "maximum-growth", "a rate or a percentage: not both");
	doc_out(d, was);
}

static void read_nrp(struct doc *d, struct slice_nrp *out)
{
	json_object *t = doc_object(d, d->root, "topology");
	out->name = doc_id(d, d->root, "name");
	out->id = (uint32_t)doc_u64(d, d->root, "nrp-id", 0, UINT32_MAX);
	if (out->id == 0)
		doc_fault(d, "nrp-id", "give one from 1 on: 0 is what is not partitioned");
	mode(d);
	out->phb = text_of(d, d->root, "phb-profile");
	reservation(d, d->root, &out->max_bps, &out->max_pct);
	resize(d, out);
	selector(d, d->root, out);
	out->algo = (uint8_t)doc_u64(d, doc_object(d, t, "igp-congruent"), "algo-id", 0, UINT8_MAX);
	if (out->algo && out->algo < FLEX_MIN)
		doc_fault(d, "topology/igp-congruent/algo-id", "0, or a flexible algorithm from 128 to 255");
	if (doc_member(t, "filters"))
		doc_fault(d, "topology/filters", "topology filters are not served: select links");
	groups(d, t, out);
}

bool slice_nrp_has_block(const struct slice_nrp *n)
{
	for (uint32_t i = 0; i < n->n_sids; i++) {
		if (n->sids[i].addr.family == IP_V6 && n->sids[i].len <= SLICE_BLOCK_BITS_MAX)
			return true;
	}
	return false;
}

int slice_nrp_read(const char *text, size_t len, struct arena *a, struct slice_nrp *out,
		   struct slice_fault *f)
{
	struct doc d;

	*out = (struct slice_nrp){ .name = "", .phb = "" };
	if (doc_init(&d, text, len, a, f) == 0)
		read_nrp(&d, out);
	out->unkept = d.unkept;
	doc_fini(&d);
	return d.rc;
}
