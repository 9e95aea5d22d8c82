/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of one set (RFC 5440 SVEC, RFC 5541, RFC 8800) and their constraints: both ways, faults, bounds. */
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

/* Decodes hex text as one message. */
static enum verdict hex_decode(const char *hex, struct pcepc_msg **m, struct pcepc_fault *f)
{
	uint8_t frame[VECTOR_MAX];
	size_t n = hex_read(hex, frame, sizeof(frame));

	return pcepc_read(&arena, frame, n, m, f);
}

/* A set of two, link and node disjoint, least cost of the whole; one has all its objects. */
static const char set_hex[] =
	"200300cc 0b120010 00000003 00000007 00000008 15120008 00060000 0610000c 00000206 00000000"
	" 0212000c 00000080 00000007 0412000c 0a000001 0a000002 09120014 00000001 00000002 00000004"
	" 03040000 05120008 4b189680 0612000c 0000010e 3f800000 15120008 00020000"
	" 2812 0018 00000000 00020009 0a000009 002e0004 00000015"
	" 0a12 0010 8108 0a000003 2000 2004 fde8 1112 001c 00000001 a208 0000004d 0000"
	" 010c 0000 0000 0000 0000 0000"
	" 0212000c 00000000 00000008 0412000c 0a000001 0a000004";

START_TEST(set_and_constraints_are_understood)
{
	/* the XRO above, without the sub-object of a length that is not its type's */
	static const char good[] =
		"200300cc 0b120010 00000003 00000007 00000008 15120008 00060000 0610000c 00000206"
		" 00000000 0212000c 00000080 00000007 0412000c 0a000001 0a000002 09120014 00000001"
		" 00000002 00000004 03040000 05120008 4b189680 0612000c 0000010e 3f800000 15120008"
		" 00020000 28120018 00000000 00020009 0a000009 002e0004 00000015 0a120010 81080a00"
		" 00032000 2004fde8 1112001c 00000001 a2080000 004d0000 040c0001 0a000005 00000009"
		" 0212000c 00000000 00000008 0412000c 0a000001 0a000004";
	uint8_t in[256], out[256];
	size_t n = hex_read(good, in, sizeof(in));
	struct wr w = wr_of(out, sizeof(out));
	const struct pcepc_item *it;
	struct pcepc_fault f;
	struct pcepc_msg *m;

	ck_assert_int_eq(pcepc_read(&arena, in, n, &m, &f), VERDICT_OK);
	ck_assert_uint_eq(m->n_skips, 0);
	ck_assert(m->svecs && !m->svecs->next && m->svecs->must && !m->svecs->faulty);
	ck_assert(m->svecs->flags == (PCEPC_SVEC_LINK | PCEPC_SVEC_NODE) && m->svecs->n_ids == 2);
	ck_assert(m->svecs->ids[0] == 7 && m->svecs->ids[1] == 8);
	ck_assert(m->svecs->has_of && m->svecs->of_must && m->svecs->of == 6);
	ck_assert(m->svecs->metrics->type == 6 && m->svecs->metrics->computed);
	ck_assert_uint_eq(m->n_items, 2);
	it = m->items;
	ck_assert(it->rp->flags == PCEPC_RP_SUPPLY_OF && it->has_of && it->of == 2);
	ck_assert(it->musts & PCEPC_MUST(PCEPC_OBJ_OF) && it->musts & PCEPC_MUST(PCEPC_OBJ_IRO));
	ck_assert_uint_eq(it->bandwidth_bps, 80000000);
	ck_assert(it->metrics->type == 14 && it->metrics->bound && it->metrics->value == 10000);
	ck_assert(it->assoc->type == 2 && it->assoc->has_disjoint && it->assoc->disjoint == 0x15);
	ck_assert(it->iro->n == 2 && it->iro->at[0].soft && it->iro->at[0].len == 32);
	ck_assert(!it->iro->at[1].soft && it->iro->at[1].type == PCEPC_SPOT_AS &&
		  it->iro->at[1].value == 65000);
	ck_assert(it->xro->fail && it->xro->n == 2 && it->xro->at[0].soft);
	ck_assert(it->xro->at[0].type == PCEPC_SPOT_SRLG && it->xro->at[0].value == 77);
	ck_assert(it->xro->at[1].attribute == PCEPC_ATTR_NODE && it->xro->at[1].value == 9);
	ck_assert(!it->next->metrics && !it->next->iro && it->next->musts ==
		  (PCEPC_MUST(PCEPC_OBJ_RP) | PCEPC_MUST(PCEPC_OBJ_END_POINTS)));
	pcepc_write(&w, m);
	ck_assert_uint_eq(w.len, n);
	ck_assert_int_eq(memcmp(in, out, n), 0);
}
END_TEST

/* RFC 7897 s3.2: an AS of four octets, in an IRO and an XRO; read and written. */
START_TEST(domains_of_four_octets_are_understood)
{
	static const char hex[] =
		"2003003c 0212000c 00000000 00000001 0412000c 0a000001 0a000002"
		" 0a12000c 85080000 fa56ea01 1112 0010 00000000 0508 0000 00010000";
	uint8_t in[128], out[128];
	size_t n = hex_read(hex, in, sizeof(in));
	struct wr w = wr_of(out, sizeof(out));
	const struct pcepc_item *it;
	struct pcepc_fault f;
	struct pcepc_msg *m;

	in[3] = (uint8_t)n;
	ck_assert_int_eq(pcepc_read(&arena, in, n, &m, &f), VERDICT_OK);
	it = m->items;
	ck_assert(it->iro->n == 1 && it->iro->skipped == 0 && it->iro->at[0].soft &&
		  it->iro->at[0].type == PCEPC_SPOT_AS4 && it->iro->at[0].value == 4200000001);
	ck_assert(it->xro->n == 1 && !it->xro->at[0].soft && it->xro->at[0].value == 65536);
	pcepc_write(&w, m);
	ck_assert_uint_eq(w.len, n);
	ck_assert_int_eq(memcmp(in, out, n), 0);
}
END_TEST

/* Sub-objects we do not know are counted; a fault in one request leaves the other. */
START_TEST(fault_in_a_request_of_a_set_is_its_own)
{
	struct pcepc_fault f;
	struct pcepc_msg *m;

	ck_assert_int_eq(hex_decode(set_hex, &m, &f), VERDICT_WITHDRAW);
	ck_assert(f.err_type == 10 && f.err_value == 11 && f.class == PCEPC_OBJ_XRO);
	ck_assert(!m->svecs->faulty && m->items->faulty && !m->items->next->faulty);
	ck_assert_int_eq(hex_decode("20030028 0212000c 00000000 00000001 0412000c 0a000001 0a000002"
				    " 0a12000c 24080000 3e800000",
				    &m, &f),
			 VERDICT_OK);
	ck_assert(m->items->iro->n == 0 && m->items->iro->skipped == 1);
}
END_TEST

/* Types of RFC 5541 for sets: octets per second, and a share of one. */
START_TEST(metrics_of_sets_are_in_our_units)
{
	uint8_t in[128], out[128];
	size_t n = hex_read("2004003c 0b10000c 00000000 00000007 0610000c 00000204 50ba43b7"
			    " 0610000c 00000205 3f400000 0212000c 00000000 00000007"
			    " 03100008 00800000",
			    in, sizeof(in));
	struct wr w = wr_of(out, sizeof(out));
	struct pcepc_fault f;
	struct pcepc_msg *m;

	ck_assert_int_eq(pcepc_read(&arena, in, n, &m, &f), VERDICT_OK);
	ck_assert_uint_eq(m->svecs->metrics->value, 199999995904 /* of a float */);
	ck_assert_uint_eq(m->svecs->metrics->next->value, 750000000);
	ck_assert(m->items->no_path && m->items->no_path->unsatisfied);
	pcepc_write(&w, m);
	ck_assert_uint_eq(w.len, n);
	ck_assert_int_eq(memcmp(in, out, n), 0);
}
END_TEST

/* However little there is for a set and its constraints. */
START_TEST(set_without_memory_is_a_verdict)
{
	uint8_t in[512];
	size_t n = hex_read(set_hex, in, sizeof(in)), whole;
	unsigned none = 0;
	struct pcepc_fault f;
	struct pcepc_msg *m;

	pcepc_read(&arena, in, n, &m, &f);
	ck_assert_ptr_nonnull(m);
	whole = arena.used;
	for (size_t max = 1; max < whole; max += 8) {
		struct arena small;

		arena_init(&small, max);
		ck_assert_int_eq(pcepc_read(&small, in, n, &m, &f) == VERDICT_RESET, m == NULL);
		none += m == NULL;
		arena_fini(&small);
	}
	ck_assert_uint_gt(none, 50);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pcep_sets");
	TCase *t = tcase_create("messages");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, set_and_constraints_are_understood);
	tcase_add_test(t, domains_of_four_octets_are_understood);
	tcase_add_test(t, fault_in_a_request_of_a_set_is_its_own);
	tcase_add_test(t, metrics_of_sets_are_in_our_units);
	tcase_add_test(t, set_without_memory_is_a_verdict);
	suite_add_tcase(s, t);
	return check_main(s);
}
