/* SPDX-License-Identifier: Apache-2.0 */
/* Writing messages: each has the order of objects its RFC gives, as a table. */
#include <string.h>

#include "southbound/pcep/codec/pcepc_internal.h"

enum { ORDER_MAX = 16, ENTERPRISE_CISCO = 9 };

struct order_row {
	uint8_t msg;
	uint8_t classes[ORDER_MAX]; /* 0 ends it */
};

static const struct order_row orders[] = {
	{ PCEPC_PCREQ, { 2, 4, 32, 9, 5, 6, 21, 40, 7, 8, 10, 17, 34 } },
	{ PCEPC_PCREP, { 2, 32, 3, 7, 8, 9, 5, 6, 21, 40, 10, 17, 34 } },
	{ PCEPC_PCRPT, { 33, 32, 40, 7, 8, 9, 5, 6, 21, 34 } },
	{ PCEPC_PCUPD, { 33, 32, 40, 7, 8, 9, 5, 6, 21, 34 } },
	{ PCEPC_PCINITIATE, { 33, 32, 4, 7, 8, 40, 9, 5, 6, 21, 34 } },
};

size_t pcepc_obj_open(struct wr *w, uint8_t class, uint8_t type, bool must)
{
	wr_u8(w, class);
	wr_u8(w, (uint8_t)(type << 4 | (must ? 0x02 : 0)));
	wr_u16(w, 0);
	return w->len;
}

void pcepc_obj_close(struct wr *w, size_t mark)
{
	size_t n = w->len - mark;

	if (w->bad)
		return;
	if (n % 4 != 0)
		wr_zero(w, 4 - n % 4);
	wr_patch_u16(w, mark - 2, w->len - mark + 4);
}

void pcepc_wr_float(struct wr *w, double v)
{
	float f = (float)v;
	uint32_t word;

	memcpy(&word, &f, sizeof(word));
	wr_u32(w, word);
}

static void bandwidth_write(struct wr *w, uint8_t type, uint64_t bps, bool must)
{
	size_t m = pcepc_obj_open(w, PCEPC_OBJ_BANDWIDTH, type, must);

	pcepc_wr_float(w, (double)bps / 8);
	pcepc_obj_close(w, m);
}

static void bandwidths_write(struct wr *w, const struct pcepc_item *it)
{
	if (it->has_bandwidth)
		bandwidth_write(w, 1, it->bandwidth_bps, it->musts & PCEPC_MUST(PCEPC_OBJ_BANDWIDTH));
	if (it->has_existing)
		bandwidth_write(w, 2, it->existing_bps, false);
}

static bool must(const struct pcepc_item *it, uint8_t class)
{
	return it->musts & PCEPC_MUST(class);
}

static void metrics_write(struct wr *w, const struct pcepc_item *it)
{
	pcepc_metrics_write(w, it->metrics);
}

static void lspa_write(struct wr *w, const struct pcepc_item *it)
{
	size_t m;

	if (!it->lspa)
		return;
	m = pcepc_obj_open(w, PCEPC_OBJ_LSPA, 1, must(it, PCEPC_OBJ_LSPA));
	wr_u32(w, it->lspa->exclude_any);
	wr_u32(w, it->lspa->include_any);
	wr_u32(w, it->lspa->include_all);
	wr_u8(w, it->lspa->setup_prio);
	wr_u8(w, it->lspa->hold_prio);
	wr_u8(w, it->lspa->flags);
	wr_u8(w, 0);
	pcepc_obj_close(w, m);
}

static void endpoints_write(struct wr *w, const struct pcepc_item *it)
{
	size_t m;

	if (!it->endpoints)
		return;
	m = pcepc_obj_open(w, PCEPC_OBJ_END_POINTS, it->endpoints->src.family == IP_V6 ? 2 : 1, true);
	pcepc_wr_ip(w, &it->endpoints->src);
	pcepc_wr_ip(w, &it->endpoints->dst);
	pcepc_obj_close(w, m);
}

static void no_path_write(struct wr *w, const struct pcepc_item *it)
{
	size_t m, tlv;

	if (!it->no_path)
		return;
	m = pcepc_obj_open(w, PCEPC_OBJ_NO_PATH, 1, false);
	wr_u8(w, it->no_path->nature);
	wr_u16(w, it->no_path->unsatisfied ? 0x8000 : 0);
	wr_u8(w, 0);
	if (it->no_path->has_vector) {
		tlv = wr_tlv_open(w, 1);
		wr_u32(w, it->no_path->vector);
		wr_tlv_close(w, tlv, 4);
	}
	pcepc_obj_close(w, m);
}

static void of_write(struct wr *w, const struct pcepc_item *it)
{
	if (it->has_of)
		pcepc_of_write(w, it->of, must(it, PCEPC_OBJ_OF));
}

static void iro_write(struct wr *w, const struct pcepc_item *it)
{
	if (it->iro)
		pcepc_spots_write(w, PCEPC_OBJ_IRO, it->iro, must(it, PCEPC_OBJ_IRO));
}

static void xro_write(struct wr *w, const struct pcepc_item *it)
{
	if (it->xro)
		pcepc_spots_write(w, PCEPC_OBJ_XRO, it->xro, must(it, PCEPC_OBJ_XRO));
}

static void vendor_write(struct wr *w, const struct pcepc_item *it)
{
	size_t m, tlv;

	if (!it->vendor)
		return;
	m = pcepc_obj_open(w, PCEPC_OBJ_VENDOR, 1, false);
	wr_u32(w, ENTERPRISE_CISCO);
	if (it->vendor->has_color) {
		tlv = wr_tlv_open(w, 1);
		wr_u32(w, it->vendor->color);
		wr_tlv_close(w, tlv, 4);
	}
	if (it->vendor->has_preference) {
		tlv = wr_tlv_open(w, 3);
		wr_u32(w, it->vendor->preference);
		wr_tlv_close(w, tlv, 4);
	}
	pcepc_obj_close(w, m);
}

static void assocs_write(struct wr *w, const struct pcepc_item *it)
{
	for (const struct pcepc_assoc *a = it->assoc; a; a = a->next)
		pcepc_assoc_write(w, a, must(it, PCEPC_OBJ_ASSOCIATION));
}

static void rp_write(struct wr *w, const struct pcepc_item *it)
{
	if (it->rp)
		pcepc_rp_write(w, it->rp);
}

static void srp_write(struct wr *w, const struct pcepc_item *it)
{
	if (it->srp)
		pcepc_srp_write(w, it->srp);
}

static void lsp_write(struct wr *w, const struct pcepc_item *it)
{
	if (it->lsp)
		pcepc_lsp_write(w, it->lsp);
}

static void ero_write(struct wr *w, const struct pcepc_item *it)
{
	if (it->ero)
		pcepc_route_write(w, PCEPC_OBJ_ERO, it->ero);
}

static void rro_write(struct wr *w, const struct pcepc_item *it)
{
	if (it->rro)
		pcepc_route_write(w, PCEPC_OBJ_RRO, it->rro);
}

typedef void (*write_fn)(struct wr *w, const struct pcepc_item *it);

static write_fn write_of(uint8_t class)
{
	static const struct {
		uint8_t class;
		write_fn fn;
	} fns[] = {
		{ PCEPC_OBJ_RP, rp_write },	      { PCEPC_OBJ_NO_PATH, no_path_write },
		{ PCEPC_OBJ_END_POINTS, endpoints_write }, { PCEPC_OBJ_BANDWIDTH, bandwidths_write },
		{ PCEPC_OBJ_METRIC, metrics_write },  { PCEPC_OBJ_ERO, ero_write },
		{ PCEPC_OBJ_RRO, rro_write },	      { PCEPC_OBJ_LSPA, lspa_write },
		{ PCEPC_OBJ_OF, of_write },	      { PCEPC_OBJ_LSP, lsp_write },
		{ PCEPC_OBJ_SRP, srp_write },	      { PCEPC_OBJ_VENDOR, vendor_write },
		{ PCEPC_OBJ_ASSOCIATION, assocs_write }, { PCEPC_OBJ_IRO, iro_write },
		{ PCEPC_OBJ_XRO, xro_write },
	};

	for (size_t i = 0; i < ARRAY_LEN(fns); i++)
		if (fns[i].class == class)
			return fns[i].fn;
	return NULL;
}

static void items_write(struct wr *w, const struct pcepc_msg *msg)
{
	const struct order_row *row = NULL;

	for (size_t i = 0; i < ARRAY_LEN(orders); i++)
		if (orders[i].msg == msg->type)
			row = &orders[i];
	if (!row)
		return;
	for (const struct pcepc_item *it = msg->items; it; it = it->next)
		for (size_t i = 0; i < ORDER_MAX && row->classes[i]; i++)
			write_of(row->classes[i])(w, it);
}

static void err_write(struct wr *w, const struct pcepc_err *e)
{
	const struct pcepc_srp srp = { .id = e->id };
	const struct pcepc_rp rp = { .id = e->id };
	const struct pcepc_lsp lsp = { .plsp_id = e->id };
	size_t m, tlv;

	switch (e->kind) {
	case PCEPC_ERR_SRP:
		pcepc_srp_write(w, &srp);
		break;
	case PCEPC_ERR_RP:
		pcepc_rp_write(w, &rp);
		break;
	case PCEPC_ERR_LSP:
		pcepc_lsp_write(w, &lsp);
		break;
	case PCEPC_ERR_ERROR:
		m = pcepc_obj_open(w, PCEPC_OBJ_ERROR, 1, false);
		wr_u16(w, 0);
		wr_u8(w, e->type);
		wr_u8(w, e->value);
		if (e->has_missing) {
			tlv = wr_tlv_open(w, 3);
			wr_u32(w, e->missing);
			wr_tlv_close(w, tlv, 4);
		}
		pcepc_obj_close(w, m);
		break;
	}
}

static void ntf_write(struct wr *w, const struct pcepc_ntf *n)
{
	size_t m = pcepc_obj_open(w, PCEPC_OBJ_NOTIFICATION, 1, false), tlv;

	wr_u16(w, 0);
	wr_u8(w, n->type);
	wr_u8(w, n->value);
	if (n->has_overload) {
		tlv = wr_tlv_open(w, 2);
		wr_u32(w, n->overload_s);
		wr_tlv_close(w, tlv, 4);
	}
	pcepc_obj_close(w, m);
}

void pcepc_write(struct wr *w, const struct pcepc_msg *msg)
{
	size_t at = w->len, m;

	wr_u8(w, (uint8_t)(PCEPC_VERSION << 5));
	wr_u8(w, msg->type);
	wr_u16(w, 0);
	pcepc_svecs_write(w, msg);
	items_write(w, msg);
	if (msg->type == PCEPC_PCERR || msg->type == PCEPC_PCNTF)
		for (const struct pcepc_err *e = msg->errs; e; e = e->next)
			err_write(w, e);
	if (msg->type == PCEPC_PCNTF)
		for (const struct pcepc_ntf *n = msg->ntfs; n; n = n->next)
			ntf_write(w, n);
	if (msg->open && (msg->type == PCEPC_OPEN || msg->type == PCEPC_PCERR))
		pcepc_open_write(w, msg->open);
	if (msg->type == PCEPC_CLOSE) {
		m = pcepc_obj_open(w, PCEPC_OBJ_CLOSE, 1, false);
		wr_u24(w, 0);
		wr_u8(w, msg->close_reason);
		pcepc_obj_close(w, m);
	}
	wr_patch_u16(w, at + 2, w->len - at);
}
