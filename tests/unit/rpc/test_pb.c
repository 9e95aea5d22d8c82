/* SPDX-License-Identifier: Apache-2.0 */
/* The guard before protobuf-c: what it refuses, and that it takes what is sound. */
#include "check_main.h"

#include <gnmi.pb-c.h>
#include <stdio.h>
#include <string.h>

#include "base/wr.h"
#include "rpc/proto/pb.h"

#define LEAF (&gnmipb__typed_value__descriptor)
#define PATH (&gnmipb__path__descriptor)

static void put_varint(struct wr *w, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		wr_u8(w, (uint8_t)(v | 0x80));
	wr_u8(w, (uint8_t)v);
}

static size_t varint_len(size_t v)
{
	size_t n = 1;

	for (; v >= 0x80; v >>= 7)
		n++;
	return n;
}

/* A TypedValue with n messages inside of each other, leaf list in element in leaf list…, and a
 * field nobody knows in the innermost. */
static size_t nested(uint8_t *buf, size_t cap, unsigned n)
{
	size_t *len = calloc(n + 1, sizeof(*len));
	struct wr w = wr_of(buf, cap);

	len[n] = 3;
	for (unsigned i = n; i-- > 0;)
		len[i] = 1 + varint_len(len[i + 1]) + len[i + 1];
	for (unsigned i = 0; i < n; i++) {
		wr_u8(&w, i % 2 == 0 ? 0x42 : 0x0a); /* TypedValue.leaflist_val 8, ScalarArray.element 1 */
		put_varint(&w, len[i + 1]);
	}
	wr_bytes(&w, "\xa0\x1f\x01", 3);
	ck_assert(!w.bad);
	free(len);
	return w.len;
}

START_TEST(as_deep_as_allowed_is_taken_and_one_more_is_not)
{
	uint8_t buf[4096];
	struct arena a;
	const char *why;

	arena_init(&a, 1 << 20);
	/* The outermost counts. */
	ck_assert_ptr_nonnull(pb_unpack(LEAF, buf, nested(buf, sizeof(buf), PB_DEPTH_MAX - 1), &a, &why));
	ck_assert_ptr_null(pb_unpack(LEAF, buf, nested(buf, sizeof(buf), PB_DEPTH_MAX), &a, &why));
	ck_assert_str_eq(why, "nested too deep");
	arena_fini(&a);
}
END_TEST

START_TEST(what_crashes_protobuf_c_is_refused)
{
	enum { CAP = 2 << 20 };
	uint8_t *buf = malloc(CAP);
	struct arena a;
	const char *why;
	size_t len = nested(buf, CAP, 100000); /* 10 000 overflow an 8 MB stack */

	arena_init(&a, 64 << 20);
	ck_assert_ptr_null(pb_unpack(LEAF, buf, len, &a, &why));
	ck_assert_str_eq(why, "nested too deep");
	arena_fini(&a);
	free(buf);
}
END_TEST

static const struct {
	const char *what, *bytes;
	size_t len;
	const char *why; /* NULL: taken */
} cases[] = {
	{ "nothing", "", 0, NULL },
	{ "unknown fields", "\xa8\x1f\x01\xa2\x1f\x02xy\xa5\x1f" "abcd\xa1\x1f" "abcdefgh", 24, NULL },
	{ "UTF-8", "\x12\x03\xe2\x82\xac", 5, NULL },
	{ "not UTF-8", "\x12\x02\xff\x0a", 4, "a string is not UTF-8, or has a NUL" },
	{ "overlong UTF-8", "\x12\x02\xc0\xaf", 4, "a string is not UTF-8, or has a NUL" },
	{ "NUL in a string", "\x12\x03" "a\0b", 5, "a string is not UTF-8, or has a NUL" },
	{ "bad string inside", "\x1a\x03\x0a\x01\xff", 5, "a string is not UTF-8, or has a NUL" },
	{ "bad text in an unknown field", "\xa2\x1f\x01\xff", 4, NULL },
	{ "length past the end", "\x12\x05" "abc", 5, "not a protobuf message" },
	{ "length past the end of the inner", "\x1a\x02\x0a\x05" "abcde", 9, "not a protobuf message" },
	{ "huge length", "\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, "not a protobuf message" },
	{ "key cut", "\x92", 1, "not a protobuf message" },
	{ "varint of eleven octets", "\xa8\x1f\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 13,
	  "not a protobuf message" },
	{ "fixed64 cut", "\xa1\x1f" "abc", 5, "not a protobuf message" },
	{ "fixed32 cut", "\xa5\x1f" "abc", 5, "not a protobuf message" },
	{ "group", "\x13\x14", 2, "not a protobuf message" },
	{ "field number 0", "\x02\x01x", 3, "not a protobuf message" },
	{ "field number too big", "\x80\x80\x80\x80\x10\x01", 6, "not a protobuf message" },
	/* The guard finds it sound, protobuf-c knows better: a message as varint. */
	{ "wrong wire type", "\x18\x01", 2, "too big, or not this message" },
};

START_TEST(each_case_of_the_table)
{
	uint8_t *exact = malloc(cases[_i].len ? cases[_i].len : 1);
	struct arena a;
	const char *why;
	void *m;

	arena_init(&a, 1 << 20);
	memcpy(exact, cases[_i].bytes, cases[_i].len);
	m = pb_unpack(PATH, exact, cases[_i].len, &a, &why);
	if (cases[_i].why) {
		ck_assert_msg(!m, "%s was taken", cases[_i].what);
		ck_assert_str_eq(why, cases[_i].why);
	} else {
		ck_assert_msg(m != NULL, "%s: %s", cases[_i].what, why);
	}
	arena_fini(&a);
	free(exact);
}
END_TEST

START_TEST(every_truncation_is_survived)
{
	uint8_t buf[512];
	size_t len = nested(buf, sizeof(buf), 20);

	for (size_t n = 0; n <= len; n++) {
		uint8_t *exact = malloc(n ? n : 1);
		struct arena a;
		const char *why;

		arena_init(&a, 1 << 16);
		memcpy(exact, buf, n);
		ck_assert((pb_unpack(LEAF, exact, n, &a, &why) != NULL) == (n == 0 || n == len));
		arena_fini(&a);
		free(exact);
	}
}
END_TEST

START_TEST(a_small_message_cannot_become_a_big_one)
{
	enum { N = 100000 };
	uint8_t *buf = malloc(2 * N);
	struct arena a;
	const char *why;

	for (size_t i = 0; i < N; i++)
		memcpy(buf + 2 * i, "\x1a\x00", 2); /* an empty PathElem */
	arena_init(&a, 1 << 20);
	ck_assert_ptr_null(pb_unpack(PATH, buf, 2 * N, &a, &why));
	ck_assert_str_eq(why, "too big, or not this message");
	ck_assert_uint_le(a.used, 1 << 20);
	arena_fini(&a);
	arena_init(&a, 16 << 20);
	ck_assert_ptr_nonnull(pb_unpack(PATH, buf, 2 * N, &a, &why));
	arena_fini(&a);
	free(buf);
}
END_TEST

START_TEST(what_is_packed_is_unpacked)
{
	Gnmipb__Path p;
	Gnmipb__PathElem e, *elems[] = { &e };
	char name[] = "interfaces", origin[] = "openconfig";
	const Gnmipb__Path *got;
	struct arena a;
	const char *why;
	uint8_t *bytes;
	size_t len;

	/* Not the INIT macros: they cast const away in the sight of our warnings. */
	gnmipb__path__init(&p);
	gnmipb__path_elem__init(&e);
	e.name = name;
	p.origin = origin;
	p.n_elem = 1;
	p.elem = elems;
	arena_init(&a, 1 << 16);
	bytes = pb_pack(&p.base, &a, &len);
	ck_assert_ptr_nonnull(bytes);
	got = pb_unpack(PATH, bytes, len, &a, &why);
	ck_assert_ptr_nonnull(got);
	ck_assert_str_eq(got->origin, "openconfig");
	ck_assert_str_eq(got->target, "");
	ck_assert_uint_eq(got->n_elem, 1);
	ck_assert_str_eq(got->elem[0]->name, "interfaces");
	arena_fini(&a);
	arena_init(&a, 8);
	ck_assert_ptr_null(pb_pack(&p.base, &a, &len));
	arena_fini(&a);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pb");
	TCase *t = tcase_create("all");

	tcase_add_test(t, as_deep_as_allowed_is_taken_and_one_more_is_not);
	tcase_add_test(t, what_crashes_protobuf_c_is_refused);
	tcase_add_loop_test(t, each_case_of_the_table, 0, (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(t, every_truncation_is_survived);
	tcase_add_test(t, a_small_message_cannot_become_a_big_one);
	tcase_add_test(t, what_is_packed_is_unpacked);
	suite_add_tcase(s, t);
	return check_main(s);
}
