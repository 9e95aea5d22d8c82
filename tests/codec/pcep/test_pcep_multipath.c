/* SPDX-License-Identifier: Apache-2.0 */
/* Several paths of one LSP (RFC 10066): what belongs to which, and what is wrong with them. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "check_main.h"
#include "shared.h"
#include "southbound/pcep/codec/pcepc.h"

#define SRP_LSP "21120014 00000000 00000021 001c0004 00000003 20120008 0004d009"
#define HOP "0710001c 28180002 0000002b fcbbbb01 00010002 00000000 00000000"
#define ATTR(id, weight) "2d100014 00000000 " id " 003d0004 " weight " "

static struct arena arena;

static void setup(void)
{
	arena_init(&arena, PCEPC_ARENA_MAX);
}

static void teardown(void)
{
	arena_fini(&arena);
}

/* A PCUpd of these objects. */
static enum verdict read_objects(const char *hex, struct pcepc_msg **m, struct pcepc_fault *f)
{
	uint8_t frame[VECTOR_MAX] = { 0x20, PCEPC_PCUPD };
	size_t n = 4 + hex_read(hex, frame + 4, sizeof(frame) - 4);

	frame[2] = (uint8_t)(n >> 8);
	frame[3] = (uint8_t)n;
	return pcepc_read(&arena, frame, n, m, f);
}

START_TEST(each_path_has_its_weight)
{
	uint8_t in[VECTOR_MAX];
	size_t n = vector_load("P21", in);
	char sid[IP_TEXT_MAX];
	const struct pcepc_route *r;
	struct pcepc_fault f;
	struct pcepc_msg *m;

	if (n == 0)
		return;
	ck_assert_int_eq(pcepc_read(&arena, in, n, &m, &f), VERDICT_OK);
	ck_assert_uint_eq(m->n_items, 1);
	r = m->items->ero;
	ck_assert_uint_eq(r->attr->id, 1);
	ck_assert_uint_eq(r->attr->weight, 3);
	ck_assert_uint_eq(r->n, 2);
	r = r->next;
	ck_assert_uint_eq(r->attr->id, 2);
	ck_assert_uint_eq(r->attr->weight, 1);
	ck_assert_uint_eq(r->n, 2);
	ck_assert_str_eq(ip_text(&r->hops[0].sid, sid, sizeof(sid)), "fcbb:bb01:3:e001::");
	ck_assert_ptr_null(r->next);
}
END_TEST

START_TEST(open_tells_how_many)
{
	uint8_t in[VECTOR_MAX];
	size_t n = vector_load("P03", in);
	struct pcepc_fault f;
	struct pcepc_msg *m;

	if (n == 0)
		return;
	ck_assert_int_eq(pcepc_read(&arena, in, n, &m, &f), VERDICT_OK);
	ck_assert(m->open->has_multipath);
	ck_assert_uint_eq(m->open->multipath, 8);
	ck_assert_uint_eq(m->open->multipath_flags, PCEPC_MULTIPATH_WEIGHT);
}
END_TEST

/* Without attributes of its own a second ERO is no further path: nobody agreed on any. */
START_TEST(a_route_without_attributes_is_no_further_path)
{
	struct pcepc_fault f;
	struct pcepc_msg *m;

	ck_assert_int_eq(read_objects(SRP_LSP HOP HOP, &m, &f), VERDICT_OK);
	ck_assert_ptr_null(m->items->ero->next);
	ck_assert_uint_eq(m->n_skips, 1);
	ck_assert_int_eq(read_objects(SRP_LSP HOP ATTR("00000002", "00000001") HOP, &m, &f), VERDICT_OK);
	ck_assert_ptr_nonnull(m->items->ero->next);
	ck_assert_ptr_null(m->items->ero->attr);
	ck_assert_uint_eq(m->n_skips, 0);
}
END_TEST

START_TEST(an_id_told_twice_spoils_the_item)
{
	struct pcepc_fault f;
	struct pcepc_msg *m;

	ck_assert_int_eq(read_objects(SRP_LSP ATTR("00000001", "00000003") HOP ATTR("00000001", "00000001") HOP,
				      &m, &f), VERDICT_WITHDRAW);
	ck_assert(m->items->faulty);
	ck_assert_uint_eq(f.err_type, 10);
	ck_assert_uint_eq(f.err_value, 38);
	/* 0 is none: it names nothing */
	ck_assert_int_eq(read_objects(SRP_LSP ATTR("00000000", "00000003") HOP ATTR("00000000", "00000001") HOP,
				      &m, &f), VERDICT_OK);
}
END_TEST

START_TEST(a_weight_of_zero_spoils_the_item)
{
	struct pcepc_fault f;
	struct pcepc_msg *m;

	ck_assert_int_eq(read_objects(SRP_LSP ATTR("00000001", "00000000") HOP, &m, &f), VERDICT_WITHDRAW);
	ck_assert(m->items->faulty);
}
END_TEST

/* Attributes end with their item: they are not those of the next one's first path. */
START_TEST(attributes_of_no_route_are_of_nobody)
{
	struct pcepc_fault f;
	struct pcepc_msg *m;

	ck_assert_int_eq(read_objects(SRP_LSP HOP ATTR("00000007", "00000003") SRP_LSP HOP, &m, &f), VERDICT_OK);
	ck_assert_uint_eq(m->n_items, 2);
	ck_assert_ptr_null(m->items->next->ero->attr);
}
END_TEST

/* As many paths as fit a message, each with an id: bounded, and said to be too many. */
START_TEST(densest_paths_are_bounded)
{
	uint8_t *in = malloc(PCEPC_MSG_MAX);
	struct wr w = wr_of(in, PCEPC_MSG_MAX);
	struct pcepc_fault f;
	struct pcepc_msg *m;

	wr_u32(&w, 0x200a0000);
	wr_bytes(&w, "\x20\x12\x00\x08\0\0\x10\1", 8);
	for (uint32_t id = 1; w.len + 16 <= 65532; id++) {
		wr_u32(&w, 0x2d10000c);
		wr_u32(&w, 0);
		wr_u32(&w, id);
		wr_u32(&w, 0x07100004);
	}
	wr_patch_u16(&w, 2, w.len);
	ck_assert_int_eq(pcepc_read(&arena, in, w.len, &m, &f), VERDICT_WITHDRAW);
	ck_assert_uint_eq(m->n_items, 1);
	ck_assert_uint_lt(arena.used, PCEPC_ARENA_MAX);
	free(in);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pcep_multipath");
	TCase *t = tcase_create("paths");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, each_path_has_its_weight);
	tcase_add_test(t, open_tells_how_many);
	tcase_add_test(t, a_route_without_attributes_is_no_further_path);
	tcase_add_test(t, an_id_told_twice_spoils_the_item);
	tcase_add_test(t, a_weight_of_zero_spoils_the_item);
	tcase_add_test(t, attributes_of_no_route_are_of_nobody);
	tcase_add_test(t, densest_paths_are_bounded);
	suite_add_tcase(s, t);
	return check_main(s);
}
