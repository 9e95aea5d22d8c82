/* SPDX-License-Identifier: Apache-2.0 */
/* Values of core/ to message parts and back: routes, SR policies, binding SIDs, LSP states. */
#include "southbound/pcep/pcep_lsp.h"

#include <string.h>

#include "base/auto.h"

enum { ASSOC_ID = 1, LINK_LOCAL_HI = 0xfe, LINK_LOCAL_LO = 0x80, PRIO_DEFAULT = 7 };

/* ---- building ---- */

void pcep_item_init(struct pcep_item *b)
{
	b->item = (struct pcepc_item){ 0 };
	b->lsp = (struct pcepc_lsp){ 0 };
}

static uint8_t pst_of(uint8_t dataplane)
{
	return dataplane == SR_MPLS ? PCEPC_PST_SR : PCEPC_PST_SRV6;
}

void pcep_item_srp(struct pcep_item *b, uint32_t id, uint32_t flags, uint8_t dataplane)
{
	b->srp = (struct pcepc_srp){
		.id = id, .flags = flags, .has_pst = true, .pst = pst_of(dataplane)
	};
	b->item.srp = &b->srp;
}

void pcep_item_lsp(struct pcep_item *b, uint32_t plsp_id, uint16_t flags, const char *name)
{
	size_t n = strlen(name);

	b->lsp = (struct pcepc_lsp){ .plsp_id = plsp_id, .flags = flags, .has_name = n > 0,
				     .name = { (const uint8_t *)name, (uint32_t)n } };
	b->item.lsp = &b->lsp;
}

static bool link_local(const struct ip_addr *a)
{
	return a->family == IP_V6 && a->b[0] == LINK_LOCAL_HI && (a->b[1] & 0xc0) == LINK_LOCAL_LO;
}

/* What cannot be said in one of the types without interface numbers is left out. */
static void nai_put(struct pcepc_hop *h, const struct sr_segment *s)
{
	bool v6 = s->nai_local.family == IP_V6, adj = s->nai_remote.family != IP_NONE;

	if (s->nai_local.family == IP_NONE || (h->type == PCEPC_HOP_SRV6 && !v6))
		return;
	if (adj && (s->nai_remote.family != s->nai_local.family || link_local(&s->nai_local) ||
		    link_local(&s->nai_remote)))
		return;
	if (adj)
		h->nai_type = v6 ? PCEPC_NAI_V6_ADJ : PCEPC_NAI_V4_ADJ;
	else
		h->nai_type = v6 ? PCEPC_NAI_V6_NODE : PCEPC_NAI_V4_NODE;
	h->has_nai = true;
	h->nai_local = s->nai_local;
	h->nai_remote = s->nai_remote;
}

static struct pcepc_hop hop_of(const struct sr_segment *s, uint8_t dataplane, bool with_nai)
{
	const struct sr_sid_structure *st = &s->structure;
	unsigned bits = (unsigned)st->lb + st->ln + st->fun + st->arg;
	struct pcepc_hop h = { .type = PCEPC_HOP_SR, .has_sid = true };

	if (dataplane == SR_MPLS) {
		h.is_label = true;
		h.label_word = s->label << 12;
	} else {
		h.type = PCEPC_HOP_SRV6;
		h.sid = s->sid;
		h.behavior = s->behavior ? s->behavior : SR_BEHAVIOR_OPAQUE;
		h.has_structure = bits > 0 && bits <= 128;
		if (h.has_structure)
			memcpy(h.structure, (const uint8_t[]){ st->lb, st->ln, st->fun, st->arg }, 4);
	}
	if (with_nai)
		nai_put(&h, s);
	return h;
}

static void ero_of(const struct sr_list *list, bool with_nai, struct pcepc_hop *hops, struct pcepc_route *ero)
{
	*ero = (struct pcepc_route){ .hops = hops };
	for (; ero->n < list->n && ero->n < SR_SEGS_MAX; ero->n++)
		hops[ero->n] = hop_of(&list->at[ero->n], list->dataplane, with_nai);
}

void pcep_item_list(struct pcep_item *b, const struct sr_list *list, bool with_nai)
{
	struct pcepc_route *last = &b->ero;

	ero_of(list, with_nai, b->hops, &b->ero);
	b->item.ero = &b->ero;
	for (unsigned k = 0; list->more && k < sr_list_count(list); k++) {
		b->paths[k] = (struct pcepc_path){ .id = k + 1, .has_weight = true,
						   .weight = sr_list_weight(list, k) };
		if (k > 0) {
			ero_of(sr_list_nth(list, k), with_nai, b->more[k - 1].hops, &b->more[k - 1].ero);
			last->next = &b->more[k - 1].ero;
			last = last->next;
		}
		last->attr = &b->paths[k];
	}
}

void pcep_item_endpoints(struct pcep_item *b, const struct ip_addr *src, const struct ip_addr *dst)
{
	b->endpoints = (struct pcepc_endpoints){ *src, *dst };
	b->item.endpoints = &b->endpoints;
}

void pcep_item_policy(struct pcep_item *b, const struct sr_policy_key *key,
		      const struct sr_cpath_id *cpath, const uint32_t *preference)
{
	b->assoc = (struct pcepc_assoc){ .type = PCEPC_ASSOC_SR_POLICY, .id = ASSOC_ID,
					 .source = key->headend, .has_ext = true, .has_color = true,
					 .color = key->color, .endpoint = key->endpoint };
	if (cpath) {
		b->assoc.has_cpath = true;
		b->assoc.cpath = (struct pcepc_cpath_id){ .origin = cpath->origin, .asn = cpath->asn,
							  .originator = cpath->originator,
							  .discriminator = cpath->discriminator };
	}
	if (preference) {
		b->assoc.has_preference = true;
		b->assoc.preference = *preference;
	}
	b->item.assoc = &b->assoc;
}

void pcep_item_vendor(struct pcep_item *b, uint32_t color, const uint32_t *preference)
{
	b->vendor = (struct pcepc_vendor){ .has_color = true, .color = color };
	if (preference) {
		b->vendor.has_preference = true;
		b->vendor.preference = *preference;
	}
	b->item.vendor = &b->vendor;
}

void pcep_item_binding(struct pcep_item *b, const struct ip_addr *sid, uint32_t label)
{
	b->lsp.has_binding = true;
	if (sid->family == IP_V6)
		b->lsp.binding = (struct pcepc_binding){ .type = PCEPC_BT_SRV6, .sid = *sid };
	else
		b->lsp.binding = (struct pcepc_binding){ .type = PCEPC_BT_LABEL, .label = label };
}

void pcep_item_bandwidth(struct pcep_item *b, uint64_t bps)
{
	b->item.has_bandwidth = true;
	b->item.bandwidth_bps = bps;
}

void pcep_item_prios(struct pcep_item *b, uint8_t setup, uint8_t hold)
{
	b->lspa = (struct pcepc_lspa){ .setup_prio = setup, .hold_prio = hold };
	b->item.lspa = &b->lspa;
}

/* ---- reading ---- */

/* IANA "SRv6 Endpoint Behaviors": End and End.X with their flavours, plain and NEXT-CSID. */
static uint8_t kind_of_behavior(uint16_t behavior)
{
	static const struct {
		uint16_t from, to;
		uint8_t kind;
	} rows[] = {
		{ 1, 4, SR_SEG_NODE },	 { 5, 8, SR_SEG_ADJ },	 { 28, 31, SR_SEG_NODE },
		{ 32, 35, SR_SEG_ADJ },	 { 43, 50, SR_SEG_NODE }, { 52, 59, SR_SEG_ADJ },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (behavior >= rows[i].from && behavior <= rows[i].to)
			return rows[i].kind;
	return SR_SEG_OTHER;
}

static struct sr_segment segment_of(const struct pcepc_hop *h)
{
	struct sr_segment s = { .kind = SR_SEG_OTHER };

	if (h->type == PCEPC_HOP_SRV6) {
		s.sid = h->sid;
		s.behavior = h->behavior;
		s.kind = kind_of_behavior(h->behavior);
	} else if (h->is_label) {
		s.label = h->label_word >> 12;
	}
	if (h->has_structure)
		s.structure = (struct sr_sid_structure){ h->structure[0], h->structure[1],
							 h->structure[2], h->structure[3] };
	if (!h->has_nai)
		return s;
	s.nai_local = h->nai_local;
	s.nai_remote = h->nai_remote;
	if (s.kind == SR_SEG_OTHER && h->nai_type != PCEPC_NAI_NONE)
		s.kind = h->nai_type <= PCEPC_NAI_V6_NODE ? SR_SEG_NODE : SR_SEG_ADJ;
	return s;
}

bool pcep_list_of(const struct pcepc_route *route, uint8_t dataplane, struct sr_list *out)
{
	*out = (struct sr_list){ .dataplane = dataplane };
	for (; out->n < SR_SEGS_MAX && out->n < route->n; out->n++)
		out->at[out->n] = segment_of(&route->hops[out->n]);
	return route->n <= SR_SEGS_MAX;
}

/* SR keeps what it was asked for in the ERO; a few tell their path by the RRO alone. */
static const struct pcepc_route *route_of(const struct pcepc_item *it)
{
	if (it->ero && it->ero->n > 0)
		return it->ero;
	return it->rro && it->rro->n > 0 ? it->rro : it->ero;
}

bool pcep_dataplane_of(const struct pcepc_item *it, uint8_t *dataplane)
{
	const struct pcepc_route *r = route_of(it);
	uint8_t pst = PCEPC_PST_RSVP;

	if (it->srp && it->srp->has_pst)
		pst = it->srp->pst;
	else if (it->rp && it->rp->has_pst)
		pst = it->rp->pst;
	else if (r && r->n > 0)
		pst = r->hops[0].type == PCEPC_HOP_SRV6 ? PCEPC_PST_SRV6 : PCEPC_PST_SR;
	*dataplane = pst == PCEPC_PST_SR ? SR_MPLS : SR_SRV6;
	return pst == PCEPC_PST_SR || pst == PCEPC_PST_SRV6;
}

static void policy_read(const struct pcepc_item *it, struct lsp_state *out)
{
	const struct pcepc_assoc *a = it->assoc;

	while (a && (a->type != PCEPC_ASSOC_SR_POLICY || a->remove))
		a = a->next;
	if (it->vendor && it->vendor->has_color) {
		out->has_key = out->endpoint.family != IP_NONE;
		out->color = it->vendor->color;
	}
	if (it->vendor && it->vendor->has_preference) {
		out->has_preference = true;
		out->preference = it->vendor->preference;
	}
	if (!a)
		return;
	if (a->has_color) {
		out->has_key = true;
		out->color = a->color;
		out->endpoint = a->endpoint;
	}
	if (a->has_cpath) {
		out->has_cpath = true;
		out->cpath = (struct sr_cpath_id){ .origin = a->cpath.origin, .asn = a->cpath.asn,
						   .originator = a->cpath.originator,
						   .discriminator = a->cpath.discriminator };
	}
	if (a->has_preference) {
		out->has_preference = true;
		out->preference = a->preference;
	}
}

static void binding_read(const struct pcepc_lsp *l, struct lsp_state *out)
{
	const struct pcepc_binding *b = &l->binding;

	if (l->has_binding && !b->empty && !(b->flags & PCEPC_BIND_REMOVE)) {
		if (b->type == PCEPC_BT_SRV6 || b->type == PCEPC_BT_SRV6_BEHAVIOR)
			out->binding_sid = b->sid;
		else
			out->binding_label = b->label;
	} else if (l->has_cisco_bsid) {
		out->binding_label = l->cisco_bsid;
	}
}

static bool lsp_read(const struct pcepc_lsp *l, struct lsp_state *out)
{
	bool fits = l->name.n < SR_NAME_MAX;

	out->plsp_id = l->plsp_id;
	out->oper = pcepc_lsp_oper(l);
	out->delegated = l->flags & PCEPC_LSP_DELEGATE;
	out->pce_initiated = l->flags & PCEPC_LSP_CREATE;
	out->admin_up = l->flags & PCEPC_LSP_ADMIN;
	out->sync = l->flags & PCEPC_LSP_SYNC;
	out->removed = l->flags & PCEPC_LSP_REMOVE;
	if (l->has_name)
		memcpy(out->name, l->name.p, fits ? l->name.n : SR_NAME_MAX - 1);
	if (l->has_ids && !ip_is_any(&l->ids.endpoint))
		out->endpoint = l->ids.endpoint;
	if (l->has_error)
		out->error = l->error > UINT16_MAX ? UINT16_MAX : (uint16_t)l->error;
	binding_read(l, out);
	return fits;
}

/* False: they are more than we keep, or one of them is longer, or none at all. */
static bool more_of(const struct pcepc_route *first, uint8_t dataplane, struct sr_more *out)
{
	const struct pcepc_route *r = first->next;
	bool fits = true;

	*out = (struct sr_more){ .weight = first->attr ? first->attr->weight : 1 };
	for (; r && out->n < SR_LISTS_MAX - 1; r = r->next) {
		struct sr_weighted *w = &out->at[out->n++];

		w->weight = r->attr ? r->attr->weight : 1;
		fits = pcep_list_of(r, dataplane, &w->list) && w->list.n > 0 && fits;
	}
	sr_weights_fit(out);
	return fits && !r;
}

bool pcep_state_all(const struct pcepc_item *it, struct lsp_state *out, struct sr_more *more)
{
	const struct pcepc_route *r = route_of(it);
	bool fits = pcep_state_of(it, out);

	if (!r || !r->next)
		return fits;
	if (!more_of(r, out->list.dataplane, more))
		out->list_truncated = true;
	out->list.more = more;
	return fits;
}

bool pcep_state_of(const struct pcepc_item *it, struct lsp_state *out)
{
	const struct pcepc_route *r = route_of(it);
	bool fits = true;

	*out = (struct lsp_state){ .setup_prio = PRIO_DEFAULT, .hold_prio = PRIO_DEFAULT };
	if (it->lsp)
		fits = lsp_read(it->lsp, out);
	if (it->endpoints)
		out->endpoint = it->endpoints->dst;
	policy_read(it, out);
	(void)pcep_dataplane_of(it, &out->list.dataplane);
	if (r)
		out->list_truncated = !pcep_list_of(r, out->list.dataplane, &out->list);
	if (it->has_bandwidth)
		out->bandwidth_bps = it->bandwidth_bps;
	else if (it->has_existing)
		out->bandwidth_bps = it->existing_bps;
	if (it->lspa) {
		out->setup_prio = it->lspa->setup_prio;
		out->hold_prio = it->lspa->hold_prio;
	}
	return fits;
}
