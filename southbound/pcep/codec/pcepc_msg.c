/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame, the walk over its objects, and the grouping of objects into items. Receivers take
 * the objects of one item in any order: an item starts at SRP (or RP), or at an LSP when the
 * item at hand already has one.
 */
#include "southbound/pcep/codec/pcepc_internal.h"

#define IN(type) (1u << (type))
#define IN_ITEMS                                                                                   \
	(IN(PCEPC_PCREQ) | IN(PCEPC_PCREP) | IN(PCEPC_PCRPT) | IN(PCEPC_PCUPD) |                   \
	 IN(PCEPC_PCINITIATE))
#define IN_PATH (IN(PCEPC_PCREQ) | IN(PCEPC_PCREP))
#define IN_STATEFUL (IN(PCEPC_PCRPT) | IN(PCEPC_PCUPD) | IN(PCEPC_PCINITIATE))

/* Objects a message's items must hold: RFC 5440 section 6, 8231 section 6, 8281 section 5. */
struct must_row {
	uint8_t msg, class, err_value;
	bool unless_removed; /* not asked of a removal or of a take-over */
};

static const struct must_row musts[] = {
	{ PCEPC_PCREQ, PCEPC_OBJ_END_POINTS, 3, false },
	{ PCEPC_PCRPT, PCEPC_OBJ_LSP, 8, false },
	{ PCEPC_PCRPT, PCEPC_OBJ_ERO, 9, true },
	{ PCEPC_PCUPD, PCEPC_OBJ_SRP, 10, false },
	{ PCEPC_PCUPD, PCEPC_OBJ_LSP, 8, false },
	{ PCEPC_PCUPD, PCEPC_OBJ_ERO, 9, true },
	{ PCEPC_PCINITIATE, PCEPC_OBJ_SRP, 10, false },
	{ PCEPC_PCINITIATE, PCEPC_OBJ_LSP, 8, false },
	{ PCEPC_PCINITIATE, PCEPC_OBJ_ERO, 9, true },
};

enum pcepc_frame pcepc_frame(const uint8_t *data, size_t len, size_t *frame_len)
{
	struct rd r = rd_of(data, len);
	uint8_t first;
	uint16_t n;

	*frame_len = 0;
	if (len == 0)
		return PCEPC_FRAME_MORE;
	first = rd_u8(&r);
	if (first >> 5 != PCEPC_VERSION)
		return PCEPC_FRAME_BAD_VERSION;
	rd_skip(&r, 1); /* any type has this header */
	n = rd_u16(&r);
	if (r.bad)
		return PCEPC_FRAME_MORE;
	if (n < PCEPC_HEADER || n % 4 != 0)
		return PCEPC_FRAME_BAD;
	if (n > len)
		return PCEPC_FRAME_MORE;
	*frame_len = n;
	return PCEPC_FRAME_OK;
}

void pcepc_note(struct pcepc_rx *rx, enum verdict v, enum tlv_why why, uint16_t type, uint8_t err_type,
		uint8_t err_value)
{
	struct pcepc_fault *f = rx->fault;

	if (f->count < UINT16_MAX)
		f->count++;
	if (v >= VERDICT_WITHDRAW && rx->item && !rx->item->faulty) {
		rx->item->faulty = true;
		rx->item->err_type = err_type;
		rx->item->err_value = err_value;
	}
	if (v >= VERDICT_WITHDRAW && !rx->item && rx->svec && !rx->svec->faulty) {
		rx->svec->faulty = true;
		rx->svec->err_type = err_type;
		rx->svec->err_value = err_value;
	}
	if (v <= f->verdict)
		return;
	f->verdict = v;
	f->why = why;
	f->class = rx->class;
	f->type = type;
	f->err_type = err_type;
	f->err_value = err_value;
}

void pcepc_note_skip(struct pcepc_rx *rx, enum pcepc_skip_kind kind, uint16_t type)
{
	struct pcepc_msg *m = rx->msg;

	m->n_skips++;
	for (size_t i = 0; i < m->n_skips_kept; i++) {
		const struct pcepc_skip *s = &m->skips[i];

		if (s->kind == kind && s->class == rx->class && s->type == type)
			return;
	}
	if (m->n_skips_kept < PCEPC_SKIPS_MAX)
		m->skips[m->n_skips_kept++] =
			(struct pcepc_skip){ .kind = (uint8_t)kind, .class = rx->class, .type = type };
}

void *pcepc_alloc(struct pcepc_rx *rx, size_t len)
{
	void *p = arena_alloc(rx->arena, len);

	if (!p)
		rx->no_memory = true;
	return p;
}

struct pcepc_bytes pcepc_bytes_read(struct pcepc_rx *rx, struct rd *r)
{
	struct pcepc_bytes b = { .n = (uint32_t)rd_left(r) };
	uint8_t *p;

	if (b.n == 0)
		return b;
	p = pcepc_alloc(rx, b.n);
	if (!p)
		return (struct pcepc_bytes){ 0 };
	rd_copy(r, p, b.n);
	b.p = p;
	return b;
}

void pcepc_tlv_unknown(uint16_t type, struct rd value, void *out)
{
	struct pcepc_into *into = out;

	(void)value;
	pcepc_note_skip(into->rx, PCEPC_SKIP_TLV, type);
}

enum verdict pcepc_tlvs(struct pcepc_rx *rx, struct rd *r, const struct tlv_table *table, void *obj)
{
	struct pcepc_into into = { .rx = rx, .obj = obj };
	struct fault f = { 0 };
	uint8_t err = 0, value = 0;

	if (tlv_walk(r, table, &into, &f) == VERDICT_OK)
		return VERDICT_OK;
	if (rx->class == PCEPC_OBJ_OPEN)
		err = 1, value = 1;
	pcepc_note(rx, f.verdict, f.why, f.type, err, value);
	return f.verdict;
}

static bool item_has(const struct pcepc_item *it, uint8_t class)
{
	switch (class) {
	case PCEPC_OBJ_END_POINTS:
		return it->endpoints != NULL;
	case PCEPC_OBJ_LSP:
		return it->lsp != NULL;
	case PCEPC_OBJ_SRP:
		return it->srp != NULL;
	default:
		return it->ero != NULL;
	}
}

/* A removal has no path; nor has a PCInitiate that takes an existing LSP over (8281 s6). */
static bool item_pathless(uint8_t msg, const struct pcepc_item *it)
{
	if (it->srp && (it->srp->flags & PCEPC_SRP_REMOVE))
		return true;
	if (!it->lsp)
		return false;
	return (it->lsp->flags & PCEPC_LSP_REMOVE) ||
	       (msg == PCEPC_PCINITIATE && it->lsp->plsp_id != 0);
}

/* Checks the item that ends here. */
static void item_end(struct pcepc_rx *rx)
{
	const struct pcepc_item *it = rx->item;

	rx->attr = NULL; /* of no route */
	if (!it)
		return;
	for (size_t i = 0; i < ARRAY_LEN(musts); i++) {
		const struct must_row *m = &musts[i];

		if (m->msg != rx->msg->type || item_has(it, m->class))
			continue;
		if (m->unless_removed && item_pathless(m->msg, it))
			continue;
		rx->class = m->class;
		pcepc_note(rx, VERDICT_WITHDRAW, TLV_WHY_MISSING, 0, 6, m->err_value);
	}
	rx->item = NULL;
}

static void item_begin(struct pcepc_rx *rx)
{
	struct pcepc_item *it;

	item_end(rx);
	rx->svec = NULL;
	it = pcepc_alloc(rx, sizeof(*it));
	if (!it)
		return;
	rx->lost = false;
	rx->item_slot = rx->item_tail;
	*rx->item_tail = it;
	rx->item_tail = &it->next;
	rx->metric_tail = &it->metrics;
	rx->assoc_tail = &it->assoc;
	rx->ero_tail = &it->ero;
	rx->rro_tail = &it->rro;
	rx->item = it;
	rx->msg->n_items++;
}

/* Sets come before the items; what follows one is its own until the next item. */
static void svec_begin(struct pcepc_rx *rx)
{
	struct pcepc_svec *s;

	item_end(rx);
	s = pcepc_alloc(rx, sizeof(*s));
	if (!s)
		return;
	rx->lost = false;
	*rx->svec_tail = s;
	rx->svec_tail = &s->next;
	rx->metric_tail = &s->metrics;
	rx->svec = s;
}

static bool item_starts(const struct pcepc_rx *rx, uint8_t class)
{
	uint32_t in = IN(rx->msg->type);

	if (in & IN_STATEFUL)
		return class == PCEPC_OBJ_SRP ||
		       (class == PCEPC_OBJ_LSP && !rx->lost && (!rx->item || rx->item->lsp));
	return class == PCEPC_OBJ_RP;
}

/* An item whose first object cannot be read has no identity: what follows belongs to nothing. */
static void item_first_check(struct pcepc_rx *rx)
{
	const struct pcepc_item *it = rx->item;

	if (it->rp || it->srp || it->lsp)
		return;
	*rx->item_slot = NULL;
	rx->item_tail = rx->item_slot;
	rx->msg->n_items--;
	rx->item = NULL;
	rx->lost = true;
	pcepc_note(rx, VERDICT_WITHDRAW, TLV_WHY_BAD_VALUE, 0, 3, 2);
}

/* Takes one object off r; false when framing is lost. */
static bool object_next(struct pcepc_rx *rx, struct rd *r)
{
	uint8_t class = rd_u8(r);
	uint8_t bits = rd_u8(r);
	uint16_t len = rd_u16(r);
	struct pcepc_obj o = { .class = class, .type = bits >> 4, .must = bits & 0x02 };
	bool items = IN(rx->msg->type) & IN_ITEMS, starts;
	struct rd body;

	rx->class = class;
	if (r->bad || len < 4 || len % 4 != 0)
		return false;
	body = rd_sub(r, len - 4u);
	if (r->bad)
		return false;
	starts = items && item_starts(rx, class);
	if (starts)
		item_begin(rx);
	else if (class == PCEPC_OBJ_SVEC && (IN(rx->msg->type) & IN_PATH))
		svec_begin(rx);
	if (rx->no_memory)
		return true;
	if (items && !rx->item && !rx->svec)
		pcepc_note_skip(rx, PCEPC_SKIP_OBJECT, o.type);
	else
		pcepc_object_read(rx, &o, &body);
	if (starts && !rx->no_memory)
		item_first_check(rx);
	return true;
}

static bool msg_in(const struct pcepc_msg *m, uint32_t mask)
{
	return m->type < 32 && (mask & IN(m->type));
}

/* Messages that are nothing without their object. */
static void msg_check(struct pcepc_rx *rx)
{
	const struct pcepc_msg *m = rx->msg;

	rx->class = 0;
	if (m->type == PCEPC_OPEN && !m->open)
		pcepc_note(rx, VERDICT_RESET, TLV_WHY_MISSING, 0, 1, 1);
	if (m->type == PCEPC_PCREQ && !m->items)
		pcepc_note(rx, VERDICT_WITHDRAW, TLV_WHY_MISSING, 0, 6, 1);
	if (msg_in(m, IN_STATEFUL) && !m->items)
		pcepc_note(rx, VERDICT_WITHDRAW, TLV_WHY_MISSING, 0, 6, 8);
}

static bool msg_has_objects(uint8_t type)
{
	return type <= PCEPC_PCINITIATE && type != PCEPC_KEEPALIVE && pcepc_type_name(type) != NULL;
}

enum verdict pcepc_read(struct arena *arena, const uint8_t *frame, size_t len,
			struct pcepc_msg **out, struct pcepc_fault *fault)
{
	struct pcepc_rx rx = { .arena = arena, .fault = fault };
	struct rd r = rd_of(frame, len);
	size_t n;

	*out = NULL;
	*fault = (struct pcepc_fault){ 0 };
	rx.msg = pcepc_alloc(&rx, sizeof(*rx.msg));
	if (pcepc_frame(frame, len, &n) != PCEPC_FRAME_OK || n != len || !rx.msg) {
		pcepc_note(&rx, VERDICT_RESET, TLV_WHY_BAD_LENGTH, 0, 0, 0);
		return fault->verdict;
	}
	rx.item_tail = &rx.msg->items;
	rx.svec_tail = &rx.msg->svecs;
	rx.err_tail = &rx.msg->errs;
	rx.ntf_tail = &rx.msg->ntfs;
	rd_skip(&r, 1);
	rx.msg->type = rd_u8(&r);
	rd_skip(&r, 2);
	while (msg_has_objects(rx.msg->type) && rd_left(&r) > 0) {
		if (!object_next(&rx, &r)) {
			rx.item = NULL;
			pcepc_note(&rx, VERDICT_RESET, TLV_WHY_PAST_END, 0, 0, 0);
			return fault->verdict;
		}
		if (rx.no_memory) {
			pcepc_note(&rx, VERDICT_RESET, TLV_WHY_BAD_LENGTH, 0, 0, 0);
			return fault->verdict;
		}
	}
	item_end(&rx);
	msg_check(&rx);
	*out = rx.msg;
	return fault->verdict;
}
