/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects, as a table sorted by class: where each may stand, its bounds, what a fault in
 * it costs. Objects with bodies of their own (OPEN, LSP, …) have files of their own.
 */
#include <math.h>
#include <string.h>

#include "southbound/pcep/codec/pcepc_internal.h"

#define IN(type) (1u << (type))
#define OT(type) (1u << (type))
#define IN_STATEFUL (IN(PCEPC_PCRPT) | IN(PCEPC_PCUPD) | IN(PCEPC_PCINITIATE))
#define IN_PATH (IN(PCEPC_PCREQ) | IN(PCEPC_PCREP))
#define IN_ITEMS (IN_STATEFUL | IN_PATH)

struct obj_row {
	uint8_t class;
	uint16_t types;		     /* bit n: object type n is read */
	uint16_t in;		     /* bit n: message type n */
	uint16_t body_min, body_max; /* without the 4-octet header */
	uint8_t on_fault;
	uint8_t err_type, err_value; /* PCErr of a fault in its body, 0/0: none is named */
	const char *name;
	void (*read)(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body);
};

struct ip_addr pcepc_rd_v4(struct rd *r)
{
	uint8_t b[4];

	rd_copy(r, b, sizeof(b));
	return ip_v4(b);
}

struct ip_addr pcepc_rd_v6(struct rd *r)
{
	uint8_t b[16];

	rd_copy(r, b, sizeof(b));
	return ip_v6(b);
}

void pcepc_wr_ip(struct wr *w, const struct ip_addr *a)
{
	wr_bytes(w, a->b, ip_len(a));
}

bool pcepc_rd_float(struct rd *r, double *out)
{
	uint32_t word = rd_u32(r);
	float f;

	memcpy(&f, &word, sizeof(f));
	*out = 0;
	if (!isfinite(f) || f < 0)
		return false;
	*out = (double)f;
	return true;
}

static void no_path_read(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body)
{
	struct pcepc_no_path *np = pcepc_alloc(rx, sizeof(*np));

	(void)o;
	if (!np)
		return;
	np->nature = rd_u8(body);
	np->unsatisfied = rd_u16(body) & 0x8000;
	rd_skip(body, 1);
	rx->item->no_path = np;
	pcepc_tlvs(rx, body, &pcepc_no_path_table, np);
}

static void endpoints_read(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body)
{
	struct pcepc_endpoints *e = pcepc_alloc(rx, sizeof(*e));
	size_t want = o->type == 1 ? 8 : 32;

	if (!e)
		return;
	if (rd_left(body) != want) {
		body->bad = true;
		return;
	}
	rx->item->endpoints = e;
	e->src = o->type == 1 ? pcepc_rd_v4(body) : pcepc_rd_v6(body);
	e->dst = o->type == 1 ? pcepc_rd_v4(body) : pcepc_rd_v6(body);
}

static void bandwidth_read(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body)
{
	struct pcepc_item *it = rx->item;
	double bytes;
	uint64_t bps;

	if (!pcepc_rd_float(body, &bytes) || bytes >= 0x1p60) {
		body->bad = true;
		return;
	}
	bps = (uint64_t)llround(bytes * 8);
	if (o->type == 1) {
		it->has_bandwidth = true;
		it->bandwidth_bps = bps;
	} else {
		/* 2 is the existing bandwidth; Cisco sends the unassigned 5 with the same body */
		it->has_existing = true;
		it->existing_bps = bps;
	}
}

static void lspa_read(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body)
{
	struct pcepc_lspa *l = pcepc_alloc(rx, sizeof(*l));

	(void)o;
	if (!l)
		return;
	l->exclude_any = rd_u32(body);
	l->include_any = rd_u32(body);
	l->include_all = rd_u32(body);
	l->setup_prio = rd_u8(body);
	l->hold_prio = rd_u8(body);
	l->flags = rd_u8(body);
	rd_skip(body, 1);
	rx->item->lspa = l;
	while (rd_left(body) >= 4) {
		uint16_t type = rd_u16(body);
		uint16_t len = rd_u16(body);

		pcepc_note_skip(rx, PCEPC_SKIP_TLV, type);
		rd_skip(body, (len + 3u) & ~3u);
	}
}

static void notification_read(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body)
{
	struct pcepc_ntf *n = pcepc_alloc(rx, sizeof(*n));

	(void)o;
	if (!n)
		return;
	rd_skip(body, 2);
	n->type = rd_u8(body);
	n->value = rd_u8(body);
	*rx->ntf_tail = n;
	rx->ntf_tail = &n->next;
	pcepc_tlvs(rx, body, &pcepc_ntf_table, n);
}

static void error_read(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body)
{
	struct pcepc_err *e = pcepc_alloc(rx, sizeof(*e));

	(void)o;
	if (!e)
		return;
	rd_skip(body, 2);
	e->type = rd_u8(body);
	e->value = rd_u8(body);
	pcepc_tlvs(rx, body, &pcepc_error_table, e);
	*rx->err_tail = e;
	rx->err_tail = &e->next;
}

static void close_read(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body)
{
	(void)o;
	rd_skip(body, 3);
	rx->msg->close_reason = rd_u8(body);
	body->pos = body->end; /* optional TLVs: none are defined */
}

static void of_read(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body)
{
	uint16_t of = rd_u16(body);

	body->pos = body->end;
	if (!rx->item) {
		rx->svec->has_of = true;
		rx->svec->of_must = o->must;
		rx->svec->of = of;
		return;
	}
	rx->item->has_of = true;
	rx->item->of = of;
}

enum { ENTERPRISE_CISCO = 9 };

static void vendor_read(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body)
{
	struct pcepc_vendor *v;

	if (rd_u32(body) != ENTERPRISE_CISCO) {
		pcepc_note_skip(rx, PCEPC_SKIP_OBJECT, o->type);
		body->pos = body->end;
		return;
	}
	v = pcepc_alloc(rx, sizeof(*v));
	if (!v)
		return;
	rx->item->vendor = v;
	pcepc_tlvs(rx, body, &pcepc_vendor_table, v);
	body->pos = body->end;
}

/* Sorted by class. No read function: known by name and skipped. */
static const struct obj_row rows[] = {
	{ 1, OT(1), IN(PCEPC_OPEN) | IN(PCEPC_PCERR), 4, 65528, VERDICT_RESET, 1, 1, "OPEN",
	  pcepc_open_read },
	{ 2, OT(1), IN_PATH | IN(PCEPC_PCERR) | IN(PCEPC_PCNTF), 8, 65528, VERDICT_WITHDRAW, 0, 0, "RP", pcepc_rp_read },
	{ 3, OT(1), IN(PCEPC_PCREP), 4, 65528, VERDICT_WITHDRAW, 0, 0, "NO-PATH", no_path_read },
	{ 4, OT(1) | OT(2), IN(PCEPC_PCREQ) | IN(PCEPC_PCINITIATE), 8, 32, VERDICT_WITHDRAW, 0, 0,
	  "END-POINTS", endpoints_read },
	{ 5, OT(1) | OT(2) | OT(5), IN_ITEMS, 4, 4, VERDICT_WITHDRAW, 0, 0, "BANDWIDTH",
	  bandwidth_read },
	{ 6, OT(1), IN_ITEMS, 8, 8, VERDICT_WITHDRAW, 0, 0, "METRIC", pcepc_metric_read },
	{ 7, OT(1), IN_ITEMS, 0, 65528, VERDICT_WITHDRAW, 0, 0, "ERO", pcepc_route_read },
	{ 8, OT(1), IN_ITEMS, 0, 65528, VERDICT_WITHDRAW, 0, 0, "RRO", pcepc_route_read },
	{ 9, OT(1), IN_ITEMS, 16, 65528, VERDICT_WITHDRAW, 0, 0, "LSPA", lspa_read },
	{ 10, OT(1), IN_PATH, 0, 65528, VERDICT_WITHDRAW, 10, 11, "IRO", pcepc_spots_read },
	{ 11, OT(1), IN_PATH, 8, 65528, VERDICT_WITHDRAW, 10, 11, "SVEC", pcepc_svec_read },
	{ 12, OT(1), IN(PCEPC_PCNTF), 4, 65528, VERDICT_SKIP, 0, 0, "NOTIFICATION",
	  notification_read },
	{ 13, OT(1), IN(PCEPC_PCERR), 4, 65528, VERDICT_SKIP, 0, 0, "PCEP-ERROR", error_read },
	{ 14, 0, 0, 0, 0, 0, 0, 0, "LOAD-BALANCING", NULL },
	{ 15, OT(1), IN(PCEPC_CLOSE), 4, 65528, VERDICT_SKIP, 0, 0, "CLOSE", close_read },
	{ 16, 0, 0, 0, 0, 0, 0, 0, "PATH-KEY", NULL },
	{ 17, OT(1), IN_PATH, 4, 65528, VERDICT_WITHDRAW, 10, 11, "XRO", pcepc_spots_read },
	{ 19, 0, 0, 0, 0, 0, 0, 0, "MONITORING", NULL },
	{ 20, 0, 0, 0, 0, 0, 0, 0, "PCC-REQ-ID", NULL },
	{ 21, OT(1), IN_ITEMS, 4, 65528, VERDICT_WITHDRAW, 0, 0, "OF", of_read },
	{ 22, 0, 0, 0, 0, 0, 0, 0, "CLASSTYPE", NULL },
	{ 24, 0, 0, 0, 0, 0, 0, 0, "GLOBAL-CONSTRAINTS", NULL },
	{ 25, 0, 0, 0, 0, 0, 0, 0, "PCE-ID", NULL },
	{ 26, 0, 0, 0, 0, 0, 0, 0, "PROC-TIME", NULL },
	{ 27, 0, 0, 0, 0, 0, 0, 0, "OVERLOAD", NULL },
	{ 32, OT(1), IN_ITEMS | IN(PCEPC_PCERR), 4, 65528, VERDICT_WITHDRAW, 0, 0, "LSP",
	  pcepc_lsp_read },
	{ 33, OT(1), IN_STATEFUL | IN(PCEPC_PCERR), 8, 65528, VERDICT_WITHDRAW, 0, 0, "SRP",
	  pcepc_srp_read },
	{ 34, OT(1), IN_ITEMS, 4, 65528, VERDICT_SKIP, 0, 0, "VENDOR-INFORMATION", vendor_read },
	{ 35, 0, 0, 0, 0, 0, 0, 0, "BU", NULL },
	{ 36, 0, 0, 0, 0, 0, 0, 0, "INTER-LAYER", NULL },
	{ 37, 0, 0, 0, 0, 0, 0, 0, "SWITCH-LAYER", NULL },
	{ 38, 0, 0, 0, 0, 0, 0, 0, "REQ-ADAP-CAP", NULL },
	{ 39, 0, 0, 0, 0, 0, 0, 0, "SERVER-INDICATION", NULL },
	{ 40, OT(1) | OT(2), IN_ITEMS, 12, 65528, VERDICT_WITHDRAW, 26, 6, "ASSOCIATION",
	  pcepc_assoc_read },
	{ 41, 0, 0, 0, 0, 0, 0, 0, "S2LS", NULL },
	{ 42, 0, 0, 0, 0, 0, 0, 0, "WA", NULL },
	{ 43, 0, 0, 0, 0, 0, 0, 0, "FLOWSPEC", NULL },
	{ 44, 0, 0, 0, 0, 0, 0, 0, "CCI", NULL },
	{ 45, OT(1), IN_STATEFUL, 8, 65528, VERDICT_WITHDRAW, 10, 11, "PATH-ATTRIB", pcepc_path_read },
	{ 46, 0, 0, 0, 0, 0, 0, 0, "BPI", NULL },
	{ 47, 0, 0, 0, 0, 0, 0, 0, "EPR", NULL },
	{ 48, 0, 0, 0, 0, 0, 0, 0, "PPA", NULL },
};

static const struct obj_row *row_find(uint8_t class)
{
	size_t lo = 0, hi = ARRAY_LEN(rows);

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (rows[mid].class == class)
			return &rows[mid];
		if (rows[mid].class < class)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

const char *pcepc_class_name(uint8_t class)
{
	const struct obj_row *row = row_find(class);

	return row ? row->name : NULL;
}

size_t pcepc_object_rows(struct pcepc_table_row *out, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!rows[i].read)
			continue;
		if (n < cap)
			out[n] = (struct pcepc_table_row){
				.class = rows[i].class, .len_min = rows[i].body_min,
				.len_max = rows[i].body_max, .on_fault = rows[i].on_fault,
				.name = rows[i].name };
		n++;
	}
	return n;
}

/* In a request the P flag says "must be honoured": RFC 5440 section 7.2. */
static void not_read(struct pcepc_rx *rx, const struct obj_row *row, const struct pcepc_obj *o)
{
	bool known_class = row != NULL;
	bool known_type = row && (!row->read || row->types & OT(o->type));

	pcepc_note_skip(rx, PCEPC_SKIP_OBJECT, o->type);
	if (!o->must || rx->msg->type != PCEPC_PCREQ)
		return;
	if (!known_class)
		pcepc_note(rx, VERDICT_WITHDRAW, TLV_WHY_BAD_VALUE, 0, 3, 1);
	else if (!known_type)
		pcepc_note(rx, VERDICT_WITHDRAW, TLV_WHY_BAD_VALUE, 0, 3, 2);
	else
		pcepc_note(rx, VERDICT_WITHDRAW, TLV_WHY_BAD_VALUE, 0, 4, 1);
}

/* What may stand between an SVEC and the first request, RFC 5541 s3.2. */
static bool of_svec(uint8_t class)
{
	return class == PCEPC_OBJ_SVEC || class == PCEPC_OBJ_OF || class == PCEPC_OBJ_METRIC;
}

/* Objects no request makes sense without: RFC 5440 s7.4.1, s7.6. */
static bool must_must(uint8_t class)
{
	return class == PCEPC_OBJ_RP || class == PCEPC_OBJ_END_POINTS;
}

void pcepc_object_read(struct pcepc_rx *rx, const struct pcepc_obj *o, struct rd *body)
{
	const struct obj_row *row = row_find(o->class);
	size_t len = rd_left(body);

	if (!row || !row->read || !(row->types & OT(o->type)) || !(row->in & IN(rx->msg->type))) {
		not_read(rx, row, o);
		return;
	}
	if (len < row->body_min || len > row->body_max) {
		pcepc_note(rx, (enum verdict)row->on_fault, TLV_WHY_BAD_LENGTH, 0, row->err_type,
			   row->err_value);
		return;
	}
	if (!rx->item && rx->svec && !of_svec(o->class)) {
		not_read(rx, row, o);
		return;
	}
	if (must_must(o->class) && !o->must && rx->msg->type == PCEPC_PCREQ)
		pcepc_note(rx, VERDICT_WITHDRAW, TLV_WHY_BAD_VALUE, 0, 10, 1);
	if (rx->item && o->must)
		rx->item->musts |= PCEPC_MUST(o->class);
	row->read(rx, o, body);
	if (!rd_done(body) && !rx->no_memory)
		pcepc_note(rx, (enum verdict)row->on_fault, TLV_WHY_BAD_VALUE, 0, row->err_type,
			   row->err_value);
}
