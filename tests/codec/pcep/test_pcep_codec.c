/* SPDX-License-Identifier: Apache-2.0 */
/* PCEP messages: golden vectors both ways, truncation, the tables' bounds, faults and PCErr. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "check_main.h"
#include "shared.h"
#include "southbound/pcep/codec/pcepc.h"

struct vector_row {
	const char *id;
	uint8_t type;
	uint8_t verdict, err_type, err_value;
	bool exact;	 /* what we write again is the same octets */
	uint8_t skipped; /* 0: nothing */
};

static const struct vector_row vectors[] = {
	{ "P01", PCEPC_OPEN, VERDICT_OK, 0, 0, true, 0 },
	{ "P02", PCEPC_OPEN, VERDICT_OK, 0, 0, true, 0 },
	{ "P03", PCEPC_OPEN, VERDICT_OK, 0, 0, true, 0 },
	{ "P04", PCEPC_OPEN, VERDICT_OK, 0, 0, true, 0 },
	{ "P05", PCEPC_KEEPALIVE, VERDICT_OK, 0, 0, true, 0 },
	{ "P06", PCEPC_PCERR, VERDICT_OK, 0, 0, true, 0 },
	{ "P07", PCEPC_CLOSE, VERDICT_OK, 0, 0, true, 0 },
	{ "P08", PCEPC_PCNTF, VERDICT_OK, 0, 0, true, 0 },
	{ "P09", PCEPC_STARTTLS, VERDICT_OK, 0, 0, true, 0 },
	{ "P10", PCEPC_PCRPT, VERDICT_OK, 0, 0, true, 0 },
	{ "P11", PCEPC_PCRPT, VERDICT_OK, 0, 0, true, 0 },
	{ "P12", PCEPC_PCUPD, VERDICT_OK, 0, 0, true, 0 },
	{ "P13", PCEPC_PCUPD, VERDICT_OK, 0, 0, true, 0 },
	{ "P14", PCEPC_PCUPD, VERDICT_OK, 0, 0, true, 0 },
	{ "P15", PCEPC_PCUPD, VERDICT_OK, 0, 0, true, 0 },
	{ "P16", PCEPC_PCUPD, VERDICT_OK, 0, 0, true, 0 },
	{ "P17", PCEPC_PCUPD, VERDICT_OK, 0, 0, true, 0 },
	{ "P18", PCEPC_PCINITIATE, VERDICT_OK, 0, 0, true, 0 },
	{ "P19", PCEPC_PCINITIATE, VERDICT_OK, 0, 0, true, 0 },
	{ "P20", PCEPC_PCRPT, VERDICT_OK, 0, 0, true, 0 },
	{ "P21", PCEPC_PCUPD, VERDICT_OK, 0, 0, true, 0 },
	{ "P22", PCEPC_PCERR, VERDICT_OK, 0, 0, false, 0 },
	{ "P23", PCEPC_PCRPT, VERDICT_OK, 0, 0, true, 0 },
	{ "P24", PCEPC_PCRPT, VERDICT_OK, 0, 0, true, 0 },
	{ "P25", PCEPC_PCREQ, VERDICT_OK, 0, 0, true, 0 },
	{ "P26", PCEPC_PCREP, VERDICT_OK, 0, 0, true, 0 },
	{ "P27", PCEPC_PCREP, VERDICT_OK, 0, 0, true, 0 },
	{ "P28", PCEPC_PCREQ, VERDICT_OK, 0, 0, false, 0 },
	{ "P29", PCEPC_PCRPT, VERDICT_OK, 0, 0, false, 4 },
	{ "P30", PCEPC_PCRPT, VERDICT_OK, 0, 0, false, 48 },
	{ "P31", PCEPC_PCRPT, VERDICT_OK, 0, 0, false, 38 },
	{ "P32", PCEPC_PCUPD, VERDICT_OK, 0, 0, true, 0 },
	{ "P33", PCEPC_PCUPD, VERDICT_OK, 0, 0, true, 0 },
	{ "P34", PCEPC_PCINITIATE, VERDICT_OK, 0, 0, true, 0 },
	{ "P35", PCEPC_PCUPD, VERDICT_OK, 0, 0, false, 67 },
	{ "P36", PCEPC_PCREQ, VERDICT_OK, 0, 0, true, 0 },
	{ "P37", PCEPC_PCUPD, VERDICT_OK, 0, 0, true, 0 },
	{ "P38", PCEPC_PCRPT, VERDICT_OK, 0, 0, true, 0 },
	{ "P39", PCEPC_PCUPD, VERDICT_OK, 0, 0, true, 0 },
	{ "P40", PCEPC_PCUPD, VERDICT_WITHDRAW, 10, 42, false, 0 },
	{ "P41", PCEPC_PCUPD, VERDICT_WITHDRAW, 10, 37, false, 0 },
	{ "P42", PCEPC_PCUPD, VERDICT_WITHDRAW, 10, 43, false, 2 },
	{ "P43", PCEPC_PCERR, VERDICT_OK, 0, 0, true, 0 },
	{ "P44", PCEPC_PCUPD, VERDICT_OK, 0, 0, true, 0 },
	/* the P flag on an object we do not support, in a request: 4/1 */
	{ "P45", PCEPC_PCREQ, VERDICT_WITHDRAW, 4, 1, false, 35 },
	{ "P46", PCEPC_PCINITIATE, VERDICT_OK, 0, 0, false, 43 },
};

static struct arena arena;

static void setup(void)
{
	arena_init(&arena, PCEPC_ARENA_MAX);
}

static void teardown(void)
{
	arena_fini(&arena);
}

static struct pcepc_msg *msg_load(const char *id, struct pcepc_fault *f)
{
	uint8_t frame[VECTOR_MAX];
	size_t n = vector_load(id, frame);
	struct pcepc_msg *m = NULL;

	if (n > 0)
		pcepc_read(&arena, frame, n, &m, f);
	return m;
}

/* Decodes hex text as one message. */
static enum verdict hex_decode(const char *hex, struct pcepc_msg **m, struct pcepc_fault *f)
{
	uint8_t frame[VECTOR_MAX];
	size_t n = hex_read(hex, frame, sizeof(frame));

	return pcepc_read(&arena, frame, n, m, f);
}

static bool has_skip(const struct pcepc_msg *m, uint16_t code)
{
	for (size_t i = 0; i < m->n_skips_kept; i++)
		if (m->skips[i].type == code ||
		    (m->skips[i].kind == PCEPC_SKIP_OBJECT && m->skips[i].class == code))
			return true;
	return false;
}

START_TEST(vector_reads_and_writes_as_told)
{
	const struct vector_row *row = &vectors[_i];
	uint8_t in[VECTOR_MAX], out[2 * VECTOR_MAX], again[2 * VECTOR_MAX];
	size_t n = vector_load(row->id, in);
	struct pcepc_fault f;
	struct pcepc_msg *m, *m2;
	struct wr w = wr_of(out, sizeof(out)), w2 = wr_of(again, sizeof(again));

	if (n == 0)
		return;
	ck_assert_msg(pcepc_read(&arena, in, n, &m, &f) == row->verdict, "%s: %s class %u type %u",
		      row->id, fault_why_text(f.why), f.class, f.type);
	ck_assert_uint_eq(f.err_type, row->err_type);
	ck_assert_uint_eq(f.err_value, row->err_value);
	ck_assert_ptr_nonnull(m);
	ck_assert_uint_eq(m->type, row->type);
	if (row->skipped == 0)
		ck_assert_uint_eq(m->n_skips, 0);
	else
		ck_assert(has_skip(m, row->skipped));
	pcepc_write(&w, m);
	ck_assert(!w.bad);
	if (row->exact) {
		ck_assert_uint_eq(w.len, n);
		ck_assert_msg(memcmp(in, out, n) == 0, "%s", row->id);
	}
	ck_assert_int_ne(pcepc_read(&arena, out, w.len, &m2, &f), VERDICT_RESET);
	pcepc_write(&w2, m2);
	ck_assert_uint_eq(w2.len, w.len);
	ck_assert_int_eq(memcmp(out, again, w.len), 0);
}
END_TEST

/* Every shorter copy in an exact-size block: framing says no, never a read past the end. */
START_TEST(every_truncation_is_refused)
{
	const struct vector_row *row = &vectors[_i];
	uint8_t in[VECTOR_MAX];
	size_t n = vector_load(row->id, in);

	for (size_t len = 0; len < n; len++) {
		uint8_t *cut = malloc(len ? len : 1);
		struct pcepc_fault f;
		struct pcepc_msg *m;
		size_t frame;

		memcpy(cut, in, len);
		ck_assert_int_eq(pcepc_frame(cut, len, &frame), PCEPC_FRAME_MORE);
		ck_assert_int_eq(pcepc_read(&arena, cut, len, &m, &f), VERDICT_RESET);
		ck_assert_ptr_null(m);
		if (len >= 4 && len % 4 == 0) {
			/* a header that says so: objects are cut, or missing */
			cut[2] = (uint8_t)(len >> 8);
			cut[3] = (uint8_t)len;
			pcepc_read(&arena, cut, len, &m, &f);
		}
		free(cut);
		arena_reset(&arena);
	}
}
END_TEST

START_TEST(frame_is_judged_by_its_header)
{
	static const struct {
		uint8_t b[4];
		size_t n;
		enum pcepc_frame want;
	} rows[] = {
		{ { 0x20, 2, 0, 4 }, 4, PCEPC_FRAME_OK },
		{ { 0x20, 2, 0, 4 }, 3, PCEPC_FRAME_MORE },
		{ { 0x20, 2, 0, 4 }, 0, PCEPC_FRAME_MORE },
		{ { 0x20, 2, 0, 3 }, 4, PCEPC_FRAME_BAD },
		{ { 0x20, 2, 0, 6 }, 4, PCEPC_FRAME_BAD },
		{ { 0x20, 2, 0, 8 }, 4, PCEPC_FRAME_MORE },
		{ { 0x40, 2, 0, 4 }, 1, PCEPC_FRAME_BAD_VERSION },
	};
	size_t n;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		ck_assert_int_eq(pcepc_frame(rows[i].b, rows[i].n, &n), rows[i].want);
}
END_TEST

START_TEST(open_capabilities_are_understood)
{
	struct pcepc_fault f;
	const struct pcepc_msg *m = msg_load("P02", &f);
	const struct pcepc_open *o;

	if (!m)
		return;
	o = m->open;
	ck_assert_uint_eq(o->keepalive_s, 30);
	ck_assert_uint_eq(o->dead_s, 120);
	ck_assert_uint_eq(o->sid, 1);
	ck_assert_uint_eq(o->stateful, 7);
	ck_assert(pcepc_open_pst(o, PCEPC_PST_SR) && pcepc_open_pst(o, PCEPC_PST_SRV6));
	ck_assert(!pcepc_open_pst(o, PCEPC_PST_RSVP));
	ck_assert_uint_eq(o->sr_msd, 10);
	ck_assert_uint_eq(o->n_msds, 4);
	ck_assert_uint_eq(o->msds[2].type, 44);
	ck_assert_uint_eq(o->msds[2].value, 11);
	ck_assert(pcepc_open_assoc(o, 6) && !pcepc_open_assoc(o, 1));
	ck_assert_uint_eq(o->speaker.n, 3);
	ck_assert_int_eq(memcmp(o->speaker.p, "pe1", 3), 0);
}
END_TEST

START_TEST(initiate_tells_policy_and_candidate_path)
{
	struct pcepc_fault f;
	const struct pcepc_msg *m = msg_load("P18", &f);
	const struct pcepc_item *it;
	char buf[IP_TEXT_MAX];

	if (!m)
		return;
	it = m->items;
	ck_assert_uint_eq(m->n_items, 1);
	ck_assert_uint_eq(it->srp->id, 1);
	ck_assert_uint_eq(it->srp->pst, PCEPC_PST_SRV6);
	ck_assert_uint_eq(it->lsp->flags, PCEPC_LSP_DELEGATE | PCEPC_LSP_ADMIN);
	ck_assert_int_eq(memcmp(it->lsp->name.p, "blue-cp1", 8), 0);
	ck_assert(it->assoc->has_color && it->assoc->has_cpath && !it->assoc->next);
	ck_assert_uint_eq(it->assoc->color, 100);
	ck_assert_str_eq(ip_text(&it->assoc->endpoint, buf, sizeof(buf)), "2001:db8:0:4::1");
	ck_assert_uint_eq(it->assoc->cpath.origin, 10);
	ck_assert_str_eq(ip_text(&it->assoc->cpath.originator, buf, sizeof(buf)), "2001:db8::c");
	ck_assert_uint_eq(it->assoc->cpath.discriminator, 1);
	ck_assert_uint_eq(it->assoc->preference, 200);
	ck_assert_str_eq(ip_text(&it->endpoints->dst, buf, sizeof(buf)), "2001:db8:0:4::1");
	ck_assert_uint_eq(it->ero->n, 2);
	ck_assert_str_eq(ip_text(&it->ero->hops[1].sid, buf, sizeof(buf)), "fcbb:bb01:4::");
}
END_TEST

START_TEST(report_tells_state_and_binding)
{
	struct pcepc_fault f;
	const struct pcepc_msg *m = msg_load("P20", &f);
	const struct pcepc_lsp *l;
	char buf[IP_TEXT_MAX];

	if (!m)
		return;
	l = m->items->lsp;
	ck_assert_uint_eq(l->plsp_id, 77);
	ck_assert_uint_eq(pcepc_lsp_oper(l), 2);
	ck_assert(l->flags & PCEPC_LSP_CREATE);
	ck_assert(l->has_binding && !l->binding.empty);
	ck_assert_uint_eq(l->binding.type, PCEPC_BT_SRV6_BEHAVIOR);
	ck_assert_uint_eq(l->binding.behavior, 27);
	ck_assert_str_eq(ip_text(&l->binding.sid, buf, sizeof(buf)), "fcbb:bb01:1:f001::");
	ck_assert_uint_eq(l->binding.structure[0], 32);
}
END_TEST

START_TEST(request_tells_constraints_in_our_units)
{
	struct pcepc_fault f;
	const struct pcepc_msg *m = msg_load("P25", &f);
	const struct pcepc_item *it;

	if (!m)
		return;
	it = m->items;
	ck_assert_uint_eq(it->rp->id, 42);
	ck_assert_uint_eq(it->lspa->exclude_any, 8);
	ck_assert_uint_eq(it->lspa->setup_prio, 7);
	ck_assert_uint_eq(it->bandwidth_bps, 1000000000);
	ck_assert(it->metrics->bound && !it->metrics->computed);
	ck_assert_uint_eq(it->metrics->type, 12);
	ck_assert_uint_eq(it->metrics->value, 5000);
	ck_assert(it->metrics->next->computed);
	ck_assert_uint_eq(it->of, 1);
}
END_TEST

START_TEST(loss_is_ppm)
{
	struct pcepc_fault f;
	const struct pcepc_msg *m = msg_load("P45", &f);

	if (!m)
		return;
	ck_assert_uint_eq(m->items->metrics->next->type, 14);
	ck_assert_uint_eq(m->items->metrics->next->value, 1000);
	ck_assert(m->items->faulty);
}
END_TEST

/* Whole messages that are wrong, and what the RFC has us answer. */
static const struct {
	const char *what, *hex;
	uint8_t verdict, err_type, err_value;
} wrongs[] = {
	{ "Open without OPEN", "20010004", VERDICT_RESET, 1, 1 },
	{ "OPEN of version 2", "2001000c0110000840 1e7807", VERDICT_RESET, 1, 8 },
	{ "OPEN too short", "2001000801100004", VERDICT_RESET, 1, 1 },
	{ "stateful capability of 3 octets", "20010014 01100010 201e7807 00100003 00000500",
	  VERDICT_RESET, 1, 1 },
	{ "PCReq without RP", "20030004", VERDICT_WITHDRAW, 6, 1 },
	{ "PCReq with an RP of unknown type", "20030010 02b2000c 00000000 00000001", VERDICT_WITHDRAW, 3,
	  2 },
	{ "PCRpt with a short SRP", "200a0018 21120008 00000000 20120008 00001001 07100004",
	  VERDICT_WITHDRAW, 0, 0 },
	{ "PCReq without END-POINTS", "20030010 0212000c 00000000 00000001", VERDICT_WITHDRAW, 6, 3 },
	{ "PCReq with an unknown class that must be honoured",
	  "20030024 0212000c 00000000 00000001 0412000c 0a000001 0a000002 c8120008 00000000",
	  VERDICT_WITHDRAW, 3, 1 },
	{ "PCReq with an unknown type that must be honoured",
	  "20030024 0212000c 00000000 00000001 0412000c 0a000001 0a000002 06f20008 00000000",
	  VERDICT_WITHDRAW, 3, 2 },
	{ "PCRpt without LSP", "200a0010 2112000c 00000000 00000001", VERDICT_WITHDRAW, 6, 8 },
	{ "PCRpt of nothing", "200a0004", VERDICT_WITHDRAW, 6, 8 },
	{ "PCRpt without ERO", "200a000c 20120008 00001001", VERDICT_WITHDRAW, 6, 9 },
	{ "PCUpd without SRP", "200b0010 20120008 00001001 07100004", VERDICT_WITHDRAW, 6, 10 },
	{ "PCUpd without ERO", "200b0018 2112000c 00000000 00000001 20120008 00001001",
	  VERDICT_WITHDRAW, 6, 9 },
	{ "PCUpd without LSP", "200b0014 2112000c 00000000 00000001 07100004", VERDICT_WITHDRAW, 6, 8 },
	{ "PCInitiate without SRP", "200c0010 20120008 00000009 07100004", VERDICT_WITHDRAW, 6, 10 },
	{ "PCInitiate without LSP", "200c0014 2112000c 00000000 00000001 07100004", VERDICT_WITHDRAW, 6,
	  8 },
	{ "PCInitiate without ERO", "200c0018 2112000c 00000000 00000001 20120008 00000009",
	  VERDICT_WITHDRAW, 6, 9 },
	{ "object past the end", "200a000c 20120010 00001001", VERDICT_RESET, 0, 0 },
	{ "object of length 2", "200a000c 20120002 00001001", VERDICT_RESET, 0, 0 },
	{ "object of length 6", "200a000c 20120006 00001001", VERDICT_RESET, 0, 0 },
	{ "bandwidth that is NaN", "200a0018 20120008 00001001 07100004 05100008 7fc00000",
	  VERDICT_WITHDRAW, 0, 0 },
	{ "bandwidth below zero", "200a0018 20120008 00001001 07100004 05100008 bf800000",
	  VERDICT_WITHDRAW, 0, 0 },
	{ "bandwidth beyond 64 bits", "200a0018 20120008 00001001 07100004 05100008 7f000000",
	  VERDICT_WITHDRAW, 0, 0 },
	{ "metric that is infinite",
	  "200a001c 20120008 00001001 07100004 0610000c 00000002 7f800000", VERDICT_WITHDRAW, 0, 0 },
	{ "name with a NUL", "200a0018 20120010 00001001 00110004 61006200 07100004",
	  VERDICT_WITHDRAW, 0, 0 },
	{ "SR Policy association without colour",
	  "200a0020 20120008 00001001 28100010 00000000 00060001 0a000001 07100004",
	  VERDICT_WITHDRAW, 26, 20 },
	{ "SR Policy association without candidate path",
	  "200a002c 20120008 00001001 2810001c 00000000 00060001 0a000001"
	  " 001f0008 00000064 0a000002 07100004",
	  VERDICT_WITHDRAW, 6, 21 },
	{ "RP without the P flag", "2003001c 0210000c 00000000 00000001 0412000c 0a000001 0a000002",
	  VERDICT_WITHDRAW, 10, 1 },
	{ "END-POINTS without the P flag",
	  "2003001c 0212000c 00000000 00000001 0410000c 0a000001 0a000002", VERDICT_WITHDRAW, 10, 1 },
	{ "SVEC of nobody",
	  "20030024 0b100008 00000001 0212000c 00000000 00000001 0412000c 0a000001 0a000002",
	  VERDICT_WITHDRAW, 10, 11 },
	{ "SVEC of request 0",
	  "2003002c 0b100010 00000001 00000001 00000000 0212000c 00000000 00000001"
	  " 0412000c 0a000001 0a000002",
	  VERDICT_WITHDRAW, 10, 11 },
	{ "SVEC of unknown type that must be honoured",
	  "20030028 0b22000c 00000001 00000001 0212000c 00000000 00000001 0412000c 0a000001 0a000002",
	  VERDICT_WITHDRAW, 3, 2 },
	{ "SVEC with an exclusion that must be honoured",
	  "20030038 0b10000c 00000001 00000001 11120010 00000000 22080000 00070000"
	  " 0212000c 00000000 00000001 0412000c 0a000001 0a000002",
	  VERDICT_WITHDRAW, 4, 1 },
	{ "metric of a set that is NaN",
	  "20030034 0b10000c 00000001 00000001 0610000c 00000004 7fc00000"
	  " 0212000c 00000000 00000001 0412000c 0a000001 0a000002",
	  VERDICT_WITHDRAW, 0, 0 },
	{ "OF too short", "20030020 0212000c 00000000 00000001 0412000c 0a000001 0a000002 15120004",
	  VERDICT_WITHDRAW, 0, 0 },
	{ "IRO with a prefix of 129 bits",
	  "20030034 0212000c 00000000 00000001 0412000c 0a000001 0a000002 0a120018"
	  " 02142001 0db80000 00000000 00000000 00018100",
	  VERDICT_WITHDRAW, 10, 11 },
	{ "IRO with a sub-object of length 1",
	  "20030024 0212000c 00000000 00000001 0412000c 0a000001 0a000002 0a120008 01010000",
	  VERDICT_WITHDRAW, 10, 11 },
	{ "XRO with a sub-object past its end",
	  "20030028 0212000c 00000000 00000001 0412000c 0a000001 0a000002 1112000c 00000000 22080000",
	  VERDICT_WITHDRAW, 10, 11 },
	{ "XRO with an SRLG of 4 octets",
	  "20030028 0212000c 00000000 00000001 0412000c 0a000001 0a000002 1112000c 00000000 22040007",
	  VERDICT_WITHDRAW, 10, 11 },
	{ "two XROs",
	  "2003002c 0212000c 00000000 00000001 0412000c 0a000001 0a000002 11120008 00000000"
	  " 11120008 00000000",
	  VERDICT_WITHDRAW, 10, 11 },
	{ "disjoint association that does not say how",
	  "2003002c 0212000c 00000000 00000001 0412000c 0a000001 0a000002"
	  " 28120010 00000000 00020001 0a000001",
	  VERDICT_WITHDRAW, 6, 15 },
	{ "disjoint association with 3 octets of how",
	  "20030034 0212000c 00000000 00000001 0412000c 0a000001 0a000002"
	  " 28120018 00000000 00020001 0a000001 002e0003 00000100",
	  VERDICT_WITHDRAW, 0, 0 },
};

START_TEST(wrong_message_gets_the_error_of_its_rfc)
{
	struct pcepc_fault f;
	struct pcepc_msg *m;

	ck_assert_msg(hex_decode(wrongs[_i].hex, &m, &f) == wrongs[_i].verdict, "%s: %d",
		      wrongs[_i].what, f.verdict);
	ck_assert_msg(f.err_type == wrongs[_i].err_type && f.err_value == wrongs[_i].err_value,
		      "%s: %u/%u", wrongs[_i].what, f.err_type, f.err_value);
	if (m && m->svecs)
		ck_assert(m->svecs->faulty);
	else if (m && m->items && m->items->rp)
		ck_assert(m->items->faulty);
}
END_TEST

START_TEST(one_bad_item_leaves_the_others)
{
	struct pcepc_fault f;
	struct pcepc_msg *m;

	/* three reports; the second has no ERO */
	ck_assert_int_eq(hex_decode("200a0024 20120008 00001001 07100004 20120008 00002001"
				    " 20120008 00003001 07100004",
				    &m, &f),
			 VERDICT_WITHDRAW);
	ck_assert_uint_eq(m->n_items, 3);
	ck_assert(!m->items->faulty && m->items->next->faulty && !m->items->next->next->faulty);
	ck_assert_uint_eq(m->items->next->err_type, 6);
	ck_assert_uint_eq(m->items->next->next->lsp->plsp_id, 3);
}
END_TEST

START_TEST(unknown_objects_and_tlvs_are_skipped)
{
	struct pcepc_fault f;
	struct pcepc_msg *m;

	ck_assert_int_eq(hex_decode("200a0024 20120010 00001001 fa000004 01020304"
				    " c8120008 deadbeef 07100008 40040000",
				    &m, &f),
			 VERDICT_OK);
	ck_assert_uint_eq(m->n_skips, 3);
	ck_assert_uint_eq(m->items->lsp->plsp_id, 1);
	ck_assert_uint_eq(m->items->ero->n, 0);
}
END_TEST

START_TEST(unknown_message_type_is_told_not_refused)
{
	struct pcepc_fault f;
	struct pcepc_msg *m;

	ck_assert_int_eq(hex_decode("20c80008 01020304", &m, &f), VERDICT_OK);
	ck_assert_uint_eq(m->type, 200);
	ck_assert_ptr_null(pcepc_type_name(200));
}
END_TEST

/* A removal and a take-over need no path. */
START_TEST(pathless_items_are_good)
{
	static const char *const good[] = {
		"200a000c 20120008 00001005",
		"200c0018 2112000c 00000001 00000001 20120008 0004d000",
		"200c0018 2112000c 00000000 00000001 20120008 0004d001",
	};
	struct pcepc_fault f;
	struct pcepc_msg *m;

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		ck_assert_int_eq(hex_decode(good[i], &m, &f), VERDICT_OK);
}
END_TEST

/* A message that may hold an object of this class, with one TLV of this type and length. */
static size_t with_tlv(uint8_t *out, size_t cap, const struct pcepc_table_row *row, unsigned len)
{
	static const struct {
		uint8_t class, msg, type, body;
	} homes[] = {
		{ 1, PCEPC_OPEN, 1, 4 },    { 2, PCEPC_PCREQ, 1, 8 },	{ 3, PCEPC_PCREP, 1, 4 },
		{ 12, PCEPC_PCNTF, 1, 4 },  { 13, PCEPC_PCERR, 1, 4 },
		{ 32, PCEPC_PCRPT, 1, 4 },	{ 33, PCEPC_PCRPT, 1, 8 },
		{ 34, PCEPC_PCRPT, 1, 4 },  { 40, PCEPC_PCRPT, 1, 12 },
		{ 45, PCEPC_PCRPT, 1, 8 },
	};
	struct wr w = wr_of(out, cap);
	size_t obj, m;

	for (size_t i = 0; i < ARRAY_LEN(homes); i++) {
		if (homes[i].class != row->class)
			continue;
		wr_u8(&w, 0x20);
		wr_u8(&w, homes[i].msg);
		wr_u16(&w, 0);
		if (row->class == 3)
			wr_bytes(&w, "\x02\x12\x00\x0c\0\0\0\0\0\0\0\1", 12);
		if (row->class == 34 || row->class == 40 || row->class == 45)
			wr_bytes(&w, "\x20\x12\x00\x08\0\0\x10\1", 8);
		obj = w.len;
		wr_u8(&w, row->class);
		wr_u8(&w, (uint8_t)(homes[i].type << 4));
		wr_u16(&w, 0);
		for (uint8_t k = 0; k < homes[i].body; k++)
			wr_u8(&w, row->class == 1 && k == 0	 ? 0x20
				  : row->class == 34 && k == 3 ? 9
								 : (uint8_t)(k == 3));
		m = wr_tlv_open(&w, row->type);
		wr_zero(&w, len);
		wr_tlv_close(&w, m, 4);
		wr_patch_u16(&w, obj + 2, w.len - obj);
	}
	wr_patch_u16(&w, 2, w.len);
	ck_assert(!w.bad && w.len > 4);
	return w.len;
}

enum { ROWS_MAX = 128 };

START_TEST(tlv_lengths_outside_the_row_are_faults)
{
	struct pcepc_table_row rows[ROWS_MAX];
	size_t n = pcepc_tables(rows, ROWS_MAX);
	const struct pcepc_table_row *row;
	uint8_t buf[256];
	struct pcepc_fault f;
	struct pcepc_msg *m;

	ck_assert_uint_lt(n, ROWS_MAX);
	if ((size_t)_i >= n || rows[_i].type == 0)
		return;
	row = &rows[_i];
	ck_assert_ptr_nonnull(pcepc_tlv_name(row->type) || row->class == 34 ? row->name : NULL);
	for (unsigned len = 0; len < 64; len++) {
		size_t size = with_tlv(buf, sizeof(buf), row, len);

		pcepc_read(&arena, buf, size, &m, &f);
		if (len < row->len_min || len > row->len_max) {
			ck_assert_msg(f.verdict >= row->on_fault && f.count > 0, "TLV %u length %u",
				      row->type, len);
			ck_assert_ptr_nonnull(m); /* a TLV's fault is no loss of framing */
		}
		ck_assert(!m || !has_skip(m, row->type));
	}
}
END_TEST

/* Taking a row away would make its TLV "skipped": each is missed here by name. */
START_TEST(every_row_is_there)
{
	static const struct {
		uint8_t class;
		uint16_t type;
	} want[] = {
		{ 1, 4 },   { 13, 3 },	{ 40, 46 }, { 40, 47 },
		{ 1, 16 },  { 1, 23 },	{ 1, 24 },  { 1, 26 },	{ 1, 34 },  { 1, 35 },	{ 1, 71 },
		{ 2, 28 },  { 3, 1 },	{ 12, 2 },  { 32, 17 }, { 32, 18 }, { 32, 19 }, { 32, 20 },
		{ 32, 23 }, { 32, 24 }, { 32, 55 }, { 32, 65505 }, { 33, 28 }, { 34, 1 }, { 34, 3 },
		{ 1, 60 },  { 45, 61 },	{ 40, 31 }, { 40, 56 }, { 40, 57 }, { 40, 58 }, { 40, 59 },
	};
	struct pcepc_table_row rows[ROWS_MAX];
	size_t n = pcepc_tables(rows, ROWS_MAX), tlvs = 0;

	for (size_t i = 0; i < n; i++)
		tlvs += rows[i].type != 0;
	ck_assert_uint_eq(tlvs, ARRAY_LEN(want));
	for (size_t k = 0; k < ARRAY_LEN(want); k++) {
		bool found = false;

		for (size_t i = 0; i < n; i++)
			found |= rows[i].class == want[k].class && rows[i].type == want[k].type;
		ck_assert_msg(found, "class %u TLV %u", want[k].class, want[k].type);
	}
}
END_TEST

START_TEST(bindings_of_every_type_round_trip)
{
	static const struct {
		const char *hex;
		uint8_t type;
		uint32_t label;
		bool empty;
	} rows[] = {
		{ "200a001c 20120014 00001001 00370007 00000000 03e80000 07100004", 0, 16000, false },
		{ "200a001c 20120014 00001001 00370008 01000000 03e80100 07100004", 1, 16000, false },
		{ "200a0018 20120010 00001001 00370004 02400000 07100004", 2, 0, true },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint8_t in[64], out[64];
		size_t n = hex_read(rows[i].hex, in, sizeof(in));
		struct wr w = wr_of(out, sizeof(out));
		const struct pcepc_binding *b;
		struct pcepc_fault f;
		struct pcepc_msg *m;

		ck_assert_int_eq(pcepc_read(&arena, in, n, &m, &f), VERDICT_OK);
		b = &m->items->lsp->binding;
		ck_assert_uint_eq(b->type, rows[i].type);
		ck_assert_uint_eq(b->empty, rows[i].empty);
		ck_assert_uint_eq(b->label, rows[i].label);
		pcepc_write(&w, m);
		ck_assert_uint_eq(w.len, n);
		ck_assert_int_eq(memcmp(in, out, n), 0);
	}
}
END_TEST

START_TEST(too_small_a_buffer_marks_the_writer)
{
	uint8_t in[VECTOR_MAX], *out;
	size_t n = vector_load("P18", in);
	struct pcepc_fault f;
	struct pcepc_msg *m;

	if (n == 0)
		return;
	pcepc_read(&arena, in, n, &m, &f);
	for (size_t cap = 0; cap < n; cap++) {
		struct wr w;

		out = malloc(cap ? cap : 1);
		w = wr_of(out, cap);
		pcepc_write(&w, m);
		ck_assert(w.bad);
		free(out);
	}
}
END_TEST

/* The densest message stays below the arena's bound, and no memory is a verdict, not a crash. */
START_TEST(densest_message_is_bounded)
{
	uint8_t *in = malloc(PCEPC_MSG_MAX);
	struct wr w = wr_of(in, PCEPC_MSG_MAX);
	struct pcepc_fault f;
	struct pcepc_msg *m;
	struct arena small;

	wr_u32(&w, 0x200a0000);
	while (w.len + 12 <= 65532)
		wr_bytes(&w, "\x20\x12\x00\x08\0\0\x10\1\x07\x10\0\4", 12);
	wr_patch_u16(&w, 2, w.len);
	ck_assert_int_eq(pcepc_read(&arena, in, w.len, &m, &f), VERDICT_OK);
	ck_assert_uint_eq(m->n_items, 5460);
	ck_assert_uint_lt(arena.used, PCEPC_ARENA_MAX);
	arena_init(&small, 64 << 10);
	ck_assert_int_eq(pcepc_read(&small, in, w.len, &m, &f), VERDICT_RESET);
	ck_assert_ptr_null(m);
	arena_fini(&small);
	free(in);
}
END_TEST

START_TEST(names_are_known)
{
	ck_assert_str_eq(pcepc_error_text(19, 3), "unknown PLSP-ID");
	ck_assert_str_eq(pcepc_error_text(26, 99), "association error");
	ck_assert_str_eq(pcepc_error_text(200, 1), "error unknown to us");
	ck_assert_str_eq(pcepc_class_name(17), "XRO");
	ck_assert_ptr_null(pcepc_class_name(200));
	ck_assert_str_eq(pcepc_type_name(PCEPC_STARTTLS), "StartTLS");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pcep_codec");
	TCase *t = tcase_create("messages");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, vector_reads_and_writes_as_told, 0, ARRAY_LEN(vectors));
	tcase_add_loop_test(t, every_truncation_is_refused, 0, ARRAY_LEN(vectors));
	tcase_add_loop_test(t, wrong_message_gets_the_error_of_its_rfc, 0, ARRAY_LEN(wrongs));
	tcase_add_loop_test(t, tlv_lengths_outside_the_row_are_faults, 0, ROWS_MAX);
	tcase_add_test(t, every_row_is_there);
	tcase_add_test(t, frame_is_judged_by_its_header);
	tcase_add_test(t, open_capabilities_are_understood);
	tcase_add_test(t, initiate_tells_policy_and_candidate_path);
	tcase_add_test(t, report_tells_state_and_binding);
	tcase_add_test(t, request_tells_constraints_in_our_units);
	tcase_add_test(t, loss_is_ppm);
	tcase_add_test(t, one_bad_item_leaves_the_others);
	tcase_add_test(t, unknown_objects_and_tlvs_are_skipped);
	tcase_add_test(t, unknown_message_type_is_told_not_refused);
	tcase_add_test(t, pathless_items_are_good);
	tcase_add_test(t, bindings_of_every_type_round_trip);
	tcase_add_test(t, too_small_a_buffer_marks_the_writer);
	tcase_add_test(t, densest_message_is_bounded);
	tcase_add_test(t, names_are_known);
	suite_add_tcase(s, t);
	return check_main(s);
}
