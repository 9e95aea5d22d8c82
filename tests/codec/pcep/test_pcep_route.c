/* SPDX-License-Identifier: Apache-2.0 */
/* SR-ERO and SRv6-ERO sub-objects: every length, flag combination and its error. */
#include <check.h>
#include <string.h>

#include "check_main.h"
#include "shared.h"
#include "southbound/pcep/codec/pcepc.h"

static struct arena arena;

static void setup(void)
{
	arena_init(&arena, PCEPC_ARENA_MAX);
}

static void teardown(void)
{
	arena_fini(&arena);
}

/* A PCRpt with an ERO and, for class 8, the given octets as RRO; returns its verdict. */
static enum verdict route_decode(uint8_t class, const uint8_t *sub, size_t n, struct pcepc_msg **m,
				 struct pcepc_fault *f)
{
	uint8_t buf[512];
	struct wr w = wr_of(buf, sizeof(buf));
	size_t obj;

	wr_u32(&w, 0x200a0000);
	wr_bytes(&w, "\x20\x12\x00\x08\0\0\x10\1", 8);
	if (class == PCEPC_OBJ_RRO)
		wr_bytes(&w, "\x07\x10\0\4", 4);
	obj = w.len;
	wr_u8(&w, class);
	wr_u8(&w, 0x10);
	wr_u16(&w, 0);
	wr_bytes(&w, sub, n);
	wr_patch_u16(&w, obj + 2, w.len - obj);
	wr_patch_u16(&w, 2, w.len);
	ck_assert(!w.bad);
	return pcepc_read(&arena, buf, w.len, m, f);
}

/* One sub-object of type, NAI type, flags and a total length, filled with 1s; MPLS label 16+. */
static size_t hop_make(uint8_t *out, size_t cap, uint8_t type, unsigned nt, unsigned flags, unsigned len)
{
	struct wr w = wr_of(out, cap);

	wr_u8(&w, type);
	wr_u8(&w, (uint8_t)len);
	wr_u16(&w, (uint16_t)(nt << 12 | flags));
	for (unsigned i = 4; i < len; i++)
		wr_u8(&w, 1);
	ck_assert(!w.bad);
	return w.len;
}

/* RFC 9603: length by NAI type and S, F, T; 0 where the combination does not exist. */
static unsigned srv6_len(unsigned nt, unsigned flags)
{
	static const unsigned nai[] = { 0, 0, 16, 0, 32, 0, 40 };
	bool s = flags & 1, f = flags & 2, t = flags & 4;

	if ((s && f) || (t && s))
		return 0;
	if (!f && (nt > 6 || nai[nt] == 0))
		return 0;
	return 8 + (s ? 0u : 16u) + (f ? 0u : nai[nt]) + (t ? 8u : 0u);
}

START_TEST(srv6_lengths_follow_from_the_flags)
{
	unsigned nt = (unsigned)_i / 16, flags = (unsigned)_i % 16;
	unsigned want = srv6_len(nt, flags);

	for (unsigned len = 8; len <= 80; len += 4) {
		uint8_t sub[96];
		size_t n = hop_make(sub, sizeof(sub), 40, nt, flags, len);
		struct pcepc_fault f;
		struct pcepc_msg *m;
		enum verdict v = route_decode(PCEPC_OBJ_ERO, sub, n, &m, &f);

		ck_assert_msg((v == VERDICT_OK) == (want != 0 && len == want),
			      "nt %u flags %u len %u: %d", nt, flags, len, v);
		if (v == VERDICT_OK) {
			ck_assert_uint_eq(m->items->ero->n, 1);
			ck_assert_uint_eq(m->items->ero->hops[0].has_sid, !(flags & 1));
			continue;
		}
		ck_assert_uint_eq(f.err_type, 10);
		if ((flags & 3) == 3)
			ck_assert_uint_eq(f.err_value, 42);
		else if (!(flags & 2) && (nt == 1 || nt == 3 || nt == 5 || nt > 6))
			ck_assert_uint_eq(f.err_value, 41);
		else
			ck_assert_uint_eq(f.err_value, 11);
	}
}
END_TEST

START_TEST(sr_lengths_follow_from_the_flags)
{
	static const unsigned nai[] = { 0, 4, 16, 8, 32, 16, 40 };
	unsigned nt = (unsigned)_i / 16, flags = (unsigned)_i % 16;
	bool s = flags & 4, f0 = flags & 8;
	unsigned want = (s && f0) || (!f0 && nt > 6) ? 0u : 4 + (s ? 0u : 4u) + (f0 ? 0u : nai[nt]);

	for (unsigned len = 4; len <= 60; len += 4) {
		uint8_t sub[96];
		size_t n = hop_make(sub, sizeof(sub), 36, nt, flags, len);
		struct pcepc_fault f;
		struct pcepc_msg *m;
		enum verdict v = route_decode(PCEPC_OBJ_ERO, sub, n, &m, &f);

		ck_assert_msg((v == VERDICT_OK) == (want != 0 && len == want),
			      "nt %u flags %u len %u: %d", nt, flags, len, v);
		if (v != VERDICT_OK)
			ck_assert_uint_eq(f.err_value, s && f0 ? 6 : !f0 && nt > 6 ? 13 : 4);
	}
}
END_TEST

struct mix_row {
	uint8_t class;
	uint8_t first, second; /* sub-object types */
	uint8_t err;
};

static const struct mix_row mixes[] = {
	{ PCEPC_OBJ_ERO, 40, 40, 0 },  { PCEPC_OBJ_ERO, 36, 36, 0 },  { PCEPC_OBJ_ERO, 40, 1, 43 },
	{ PCEPC_OBJ_ERO, 1, 40, 43 },  { PCEPC_OBJ_ERO, 36, 1, 5 },   { PCEPC_OBJ_ERO, 1, 36, 5 },
	{ PCEPC_OBJ_ERO, 36, 40, 43 }, { PCEPC_OBJ_ERO, 40, 36, 43 }, { PCEPC_OBJ_RRO, 40, 1, 36 },
	{ PCEPC_OBJ_RRO, 36, 1, 10 },  { PCEPC_OBJ_RRO, 40, 36, 36 }, { PCEPC_OBJ_ERO, 1, 1, 0 },
};

static size_t sub_make(uint8_t *out, size_t cap, uint8_t type)
{
	if (type == 40)
		return hop_make(out, cap, 40, 0, 2, 24);
	return type == 36 ? hop_make(out, cap, 36, 0, 9, 8) : hop_make(out, cap, type, 0, 0, 8);
}

START_TEST(kinds_of_hops_do_not_mix)
{
	const struct mix_row *row = &mixes[_i];
	uint8_t sub[96];
	size_t n = sub_make(sub, sizeof(sub), row->first);
	struct pcepc_fault f;
	struct pcepc_msg *m;

	n += sub_make(sub + n, sizeof(sub) - n, row->second);
	ck_assert_int_eq(route_decode(row->class, sub, n, &m, &f),
			 row->err ? VERDICT_WITHDRAW : VERDICT_OK);
	ck_assert_uint_eq(f.err_value, row->err);
	ck_assert_uint_eq(m->items->faulty, row->err != 0);
}
END_TEST

START_TEST(rro_has_its_own_errors)
{
	uint8_t sub[16];
	struct pcepc_fault f;
	struct pcepc_msg *m;
	size_t n = hop_make(sub, sizeof(sub), 40, 0, 3, 8);

	ck_assert_int_eq(route_decode(PCEPC_OBJ_RRO, sub, n, &m, &f), VERDICT_WITHDRAW);
	ck_assert_uint_eq(f.err_value, 35);
	n = hop_make(sub, sizeof(sub), 36, 0, 12, 4);
	ck_assert_int_eq(route_decode(PCEPC_OBJ_RRO, sub, n, &m, &f), VERDICT_WITHDRAW);
	ck_assert_uint_eq(f.err_value, 7);
}
END_TEST

START_TEST(special_purpose_labels_are_no_path)
{
	for (unsigned label = 0; label < 20; label++) {
		uint8_t sub[8] = { 36, 8, 0, 9, 0, (uint8_t)(label >> 4), (uint8_t)(label << 4), 0 };
		bool bad = label < 16 && label != 0 && label != 2;
		struct pcepc_fault f;
		struct pcepc_msg *m;

		ck_assert_int_eq(route_decode(PCEPC_OBJ_ERO, sub, sizeof(sub), &m, &f),
				 bad ? VERDICT_WITHDRAW : VERDICT_OK);
		ck_assert_uint_eq(f.err_value, bad ? 2 : 0);
	}
}
END_TEST

START_TEST(structure_sum_is_at_most_128)
{
	uint8_t sub[32];
	struct pcepc_fault f;
	struct pcepc_msg *m;

	for (unsigned arg = 30; arg < 36; arg++) {
		hop_make(sub, sizeof(sub), 40, 0, 6, 32);
		sub[24] = 32;
		sub[25] = 32;
		sub[26] = 32;
		sub[27] = (uint8_t)arg;
		ck_assert_int_eq(route_decode(PCEPC_OBJ_ERO, sub, 32, &m, &f),
				 arg > 32 ? VERDICT_WITHDRAW : VERDICT_OK);
		ck_assert_uint_eq(f.err_value, arg > 32 ? 37 : 0);
	}
}
END_TEST

START_TEST(broken_lengths_inside_a_route_spoil_only_the_item)
{
	static const uint8_t lens[] = { 0, 1, 9, 200 };

	for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
		uint8_t sub[8] = { 36, lens[i], 0, 9, 0, 62, 0x80, 0 };
		struct pcepc_fault f;
		struct pcepc_msg *m;

		ck_assert_int_eq(route_decode(PCEPC_OBJ_ERO, sub, sizeof(sub), &m, &f),
				 VERDICT_WITHDRAW);
		ck_assert_ptr_nonnull(m);
		ck_assert_uint_eq(f.err_value, 4);
	}
}
END_TEST

START_TEST(nai_of_every_type_is_read)
{
	uint8_t in[VECTOR_MAX];
	size_t n = vector_load("P33", in);
	struct pcepc_fault f;
	struct pcepc_msg *m;
	const struct pcepc_hop *h;
	char buf[IP_TEXT_MAX];

	if (n == 0)
		return;
	ck_assert_int_eq(pcepc_read(&arena, in, n, &m, &f), VERDICT_OK);
	h = m->items->ero->hops;
	ck_assert_uint_eq(m->items->ero->n, 4);
	ck_assert_uint_eq(h[0].label_word >> 12, 24001);
	ck_assert_str_eq(ip_text(&h[0].nai_local, buf, sizeof(buf)), "10.0.0.1");
	ck_assert_str_eq(ip_text(&h[0].nai_remote, buf, sizeof(buf)), "10.0.0.2");
	ck_assert_uint_eq(h[1].nai_local_if, 5);
	ck_assert_uint_eq(h[1].nai_remote_if, 6);
	ck_assert_str_eq(ip_text(&h[2].nai_local, buf, sizeof(buf)), "2001:db8:a::1");
	ck_assert_str_eq(ip_text(&h[3].nai_remote, buf, sizeof(buf)), "fe80::2");
	ck_assert_uint_eq(h[3].nai_remote_if, 4);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pcep_route");
	TCase *t = tcase_create("hops");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, srv6_lengths_follow_from_the_flags, 0, 16 * 16);
	tcase_add_loop_test(t, sr_lengths_follow_from_the_flags, 0, 16 * 16);
	tcase_add_loop_test(t, kinds_of_hops_do_not_mix, 0, ARRAY_LEN(mixes));
	tcase_add_test(t, rro_has_its_own_errors);
	tcase_add_test(t, special_purpose_labels_are_no_path);
	tcase_add_test(t, structure_sum_is_at_most_128);
	tcase_add_test(t, broken_lengths_inside_a_route_spoil_only_the_item);
	tcase_add_test(t, nai_of_every_type_is_read);
	suite_add_tcase(s, t);
	return check_main(s);
}
