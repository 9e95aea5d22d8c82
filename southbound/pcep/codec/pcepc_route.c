/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ERO and RRO: SR-ERO (RFC 8664 section 4.3.1) and SRv6-ERO (RFC 9603 section 4.3) sub-objects;
 * others are skipped. What is inside a hop follows from its S, F and T bits, the NAI type only
 * says how long the NAI is: some senders name an NAI type and then send none.
 */
#include "southbound/pcep/codec/pcepc_internal.h"

enum {
	SR_M = 0x001,
	SR_C = 0x002,
	SR_S = 0x004,
	SR_F = 0x008,
	SR_A = 0x010,
	V6_S = 0x001,
	V6_F = 0x002,
	V6_T = 0x004,
	V6_V = 0x008,
};

/* PCErr 10/x of a fault, which differs between ERO and RRO and between SR and SRv6. */
struct route_err {
	uint8_t malformed, both_absent, mixed, nai_type;
};

static const struct route_err route_errs[2][2] = {
	/* ERO, RRO */
	{ { 4, 6, 5, 13 }, { 4, 7, 10, 13 } },	     /* SR */
	{ { 11, 42, 43, 41 }, { 11, 35, 36, 41 } }, /* SRv6 */
};

enum { ERR_BAD_LABEL = 2, ERR_STRUCTURE = 37 };

static const struct route_err *err_of(uint8_t class, uint8_t hop)
{
	return &route_errs[hop == PCEPC_HOP_SRV6][class == PCEPC_OBJ_RRO];
}

/* Octets of an NAI, -1 when the type does not exist for this kind of hop. */
static int nai_len(uint8_t hop, uint8_t nai)
{
	static const int8_t sr[] = { 0, 4, 16, 8, 32, 16, 40 };
	static const int8_t srv6[] = { -1, -1, 16, -1, 32, -1, 40 };

	if (nai >= ARRAY_LEN(sr))
		return -1;
	return hop == PCEPC_HOP_SRV6 ? srv6[nai] : sr[nai];
}

static void nai_read(struct rd *r, struct pcepc_hop *h)
{
	bool v4 = h->nai_type == PCEPC_NAI_V4_NODE || h->nai_type == PCEPC_NAI_V4_ADJ ||
		  h->nai_type == PCEPC_NAI_UNNUMBERED;
	bool with_if = h->nai_type == PCEPC_NAI_UNNUMBERED ||
		       h->nai_type == PCEPC_NAI_V6_LINK_LOCAL;
	bool both = h->nai_type >= PCEPC_NAI_V4_ADJ;

	if (h->nai_type == PCEPC_NAI_NONE)
		return;
	h->nai_local = v4 ? pcepc_rd_v4(r) : pcepc_rd_v6(r);
	if (with_if)
		h->nai_local_if = rd_u32(r);
	if (both)
		h->nai_remote = v4 ? pcepc_rd_v4(r) : pcepc_rd_v6(r);
	if (with_if)
		h->nai_remote_if = rd_u32(r);
}

static void nai_write(struct wr *w, const struct pcepc_hop *h)
{
	bool with_if = h->nai_type == PCEPC_NAI_UNNUMBERED ||
		       h->nai_type == PCEPC_NAI_V6_LINK_LOCAL;

	if (h->nai_type == PCEPC_NAI_NONE)
		return;
	pcepc_wr_ip(w, &h->nai_local);
	if (with_if)
		wr_u32(w, h->nai_local_if);
	if (h->nai_type >= PCEPC_NAI_V4_ADJ)
		pcepc_wr_ip(w, &h->nai_remote);
	if (with_if)
		wr_u32(w, h->nai_remote_if);
}

/* Each returns the PCErr value (type 10), 0 when the hop is good. */
static uint8_t hop_sr_read(struct rd *r, struct pcepc_hop *h, const struct route_err *err)
{
	uint16_t word = rd_u16(r);
	uint32_t label;
	int nai;

	h->nai_type = (uint8_t)(word >> 12);
	h->has_sid = !(word & SR_S);
	h->has_nai = !(word & SR_F);
	h->is_label = h->has_sid && (word & SR_M);
	h->has_tc = h->is_label && (word & SR_C);
	h->algo_flag = word & SR_A;
	if (!h->has_sid && !h->has_nai)
		return err->both_absent;
	nai = nai_len(PCEPC_HOP_SR, h->nai_type);
	if (h->has_nai && nai < 0)
		return err->nai_type;
	if (rd_left(r) != (h->has_sid ? 4u : 0u) + (h->has_nai ? (unsigned)nai : 0u))
		return err->malformed;
	if (h->has_sid)
		h->label_word = rd_u32(r);
	label = h->label_word >> 12;
	/* special-purpose labels are no path, the explicit nulls excepted */
	if (h->is_label && label < 16 && label != 0 && label != 2)
		return ERR_BAD_LABEL;
	if (h->has_nai)
		nai_read(r, h);
	return 0;
}

static uint8_t structure_read(struct rd *r, struct pcepc_hop *h)
{
	unsigned sum = 0;

	rd_copy(r, h->structure, sizeof(h->structure));
	rd_skip(r, 4);
	for (size_t i = 0; i < sizeof(h->structure); i++)
		sum += h->structure[i];
	return sum > 128 ? ERR_STRUCTURE : 0;
}

static uint8_t hop_srv6_read(struct rd *r, struct pcepc_hop *h, const struct route_err *err)
{
	uint16_t word = rd_u16(r);
	unsigned want = 0;
	int nai;

	h->nai_type = (uint8_t)(word >> 12);
	h->has_sid = !(word & V6_S);
	h->has_nai = !(word & V6_F);
	h->has_structure = word & V6_T;
	h->verify = word & V6_V;
	rd_skip(r, 2);
	h->behavior = rd_u16(r);
	if (!h->has_sid && !h->has_nai)
		return err->both_absent;
	nai = nai_len(PCEPC_HOP_SRV6, h->nai_type);
	if (h->has_nai && nai < 0)
		return h->nai_type == PCEPC_NAI_NONE ? err->malformed : err->nai_type;
	want = (h->has_sid ? 16u : 0u) + (h->has_nai ? (unsigned)nai : 0u) +
	       (h->has_structure ? 8u : 0u);
	if (rd_left(r) != want || (h->has_structure && !h->has_sid))
		return err->malformed;
	if (h->has_sid)
		h->sid = pcepc_rd_v6(r);
	if (h->has_nai)
		nai_read(r, h);
	return h->has_structure ? structure_read(r, h) : 0;
}

static bool is_hop(uint8_t type)
{
	return type == PCEPC_HOP_SR || type == PCEPC_HOP_SRV6;
}

/* Counts the hops we know; false when a length inside is impossible. */
static bool hops_count(struct rd r, uint32_t *known)
{
	*known = 0;
	while (rd_left(&r) > 0) {
		uint8_t type = rd_u8(&r) & 0x7f;
		uint8_t len = rd_u8(&r);

		if (r.bad || len < 2)
			return false;
		rd_skip(&r, len - 2u);
		if (r.bad)
			return false;
		*known += is_hop(type);
	}
	return true;
}

static uint8_t hop_read(struct rd *body, uint8_t class, struct pcepc_hop *h, bool *known)
{
	uint8_t first = rd_u8(body);
	uint8_t len = rd_u8(body);
	struct rd r = rd_sub(body, len - 2u);

	h->type = first & 0x7f;
	/* an RRO has no loose hops: the bit is not its own there */
	h->loose = class == PCEPC_OBJ_ERO && (first & 0x80);
	*known = is_hop(h->type);
	if (h->type == PCEPC_HOP_SR)
		return hop_sr_read(&r, h, err_of(class, h->type));
	if (h->type == PCEPC_HOP_SRV6)
		return hop_srv6_read(&r, h, err_of(class, h->type));
	return 0;
}

/* Hops of one kind only: RFC 8664 section 5.2.1, RFC 9603 section 5.2. */
static void mix_check(struct pcepc_rx *rx, const struct pcepc_route *route)
{
	uint8_t kind = route->n ? route->hops[0].type : 0;
	bool mixed = route->n > 0 && route->skipped > 0;

	for (uint32_t i = 1; i < route->n; i++) {
		if (route->hops[i].type == kind)
			continue;
		mixed = true;
		kind = PCEPC_HOP_SRV6; /* both kinds: the SRv6 document names the error */
	}
	if (mixed)
		pcepc_note(rx, VERDICT_WITHDRAW, TLV_WHY_BAD_VALUE, kind, 10,
			   err_of(rx->class, kind)->mixed);
}

static void hops_read(struct pcepc_rx *rx, struct pcepc_route *route, struct rd *body)
{
	while (rd_left(body) > 0) {
		struct pcepc_hop h = { 0 };
		bool known;
		uint8_t err = hop_read(body, rx->class, &h, &known);

		if (!known) {
			route->skipped++;
			pcepc_note_skip(rx, PCEPC_SKIP_SUBOBJECT, h.type);
		} else if (err) {
			pcepc_note(rx, VERDICT_WITHDRAW, TLV_WHY_BAD_VALUE, h.type, 10, err);
		} else {
			route->hops[route->n++] = h;
		}
	}
}

/* The ids of an LSP's paths differ: RFC 10066, error 10/38. More of them than can be told are no better. */
static void id_check(struct pcepc_rx *rx, const struct pcepc_route *first, const struct pcepc_route *r)
{
	unsigned n = 0;

	for (; r->attr && r->attr->id && first; first = first->next) {
		if (n++ < PCEPC_PATHS_ANY && (!first->attr || first->attr->id != r->attr->id))
			continue;
		pcepc_note(rx, VERDICT_WITHDRAW, TLV_WHY_BAD_VALUE, 0, 10, 38);
		return;
	}
}

void pcepc_route_read(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body)
{
	struct pcepc_route ***tail = o->class == PCEPC_OBJ_ERO ? &rx->ero_tail : &rx->rro_tail;
	struct pcepc_route *first = o->class == PCEPC_OBJ_ERO ? rx->item->ero : rx->item->rro;
	struct rd peek = *body;
	struct pcepc_route *route;
	uint32_t known;

	if (first && !rx->attr) { /* without attributes it is no further path */
		pcepc_note_skip(rx, PCEPC_SKIP_OBJECT, o->type);
		body->pos = body->end;
		return;
	}
	route = pcepc_alloc(rx, sizeof(*route));
	if (!route)
		return;
	route->attr = rx->attr;
	rx->attr = NULL;
	id_check(rx, first, route);
	**tail = route;
	*tail = &route->next;
	if (!hops_count(*body, &known)) {
		pcepc_note(rx, VERDICT_WITHDRAW, TLV_WHY_BAD_LENGTH, 0, 10,
			   err_of(o->class, rd_u8(&peek) & 0x7f)->malformed);
		body->pos = body->end;
		return;
	}
	if (known > 0) {
		route->hops = arena_array(rx->arena, known, sizeof(*route->hops));
		if (!route->hops) {
			rx->no_memory = true;
			return;
		}
	}
	hops_read(rx, route, body);
	mix_check(rx, route);
}

static void hop_write(struct wr *w, uint8_t class, const struct pcepc_hop *h)
{
	size_t at = w->len;
	uint16_t word = (uint16_t)((unsigned)h->nai_type << 12);
	unsigned first = h->type | (class == PCEPC_OBJ_ERO && h->loose ? 0x80u : 0);

	wr_u16(w, 0);
	if (h->type == PCEPC_HOP_SR) {
		word |= (uint16_t)((h->is_label ? SR_M : 0) | (h->has_tc ? SR_C : 0) |
				   (h->has_sid ? 0 : SR_S) | (h->has_nai ? 0 : SR_F) |
				   (h->algo_flag ? SR_A : 0));
		wr_u16(w, word);
		if (h->has_sid)
			wr_u32(w, h->label_word);
	} else {
		word |= (uint16_t)((h->has_sid ? 0 : V6_S) | (h->has_nai ? 0 : V6_F) |
				   (h->has_structure ? V6_T : 0) | (h->verify ? V6_V : 0));
		wr_u16(w, word);
		wr_u16(w, 0);
		wr_u16(w, h->behavior);
		if (h->has_sid)
			wr_bytes(w, h->sid.b, 16);
	}
	if (h->has_nai)
		nai_write(w, h);
	if (h->type == PCEPC_HOP_SRV6 && h->has_structure) {
		wr_bytes(w, h->structure, sizeof(h->structure));
		wr_u32(w, 0);
	}
	wr_patch_u16(w, at, (size_t)first << 8 | (w->len - at));
}

void pcepc_route_write(struct wr *w, uint8_t class, const struct pcepc_route *route)
{
	for (; route; route = route->next) {
		size_t m;

		if (route->attr)
			pcepc_path_write(w, route->attr);
		m = pcepc_obj_open(w, class, 1, false);
		for (uint32_t i = 0; i < route->n; i++)
			hop_write(w, class, &route->hops[i]);
		pcepc_obj_close(w, m);
	}
}
