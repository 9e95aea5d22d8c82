/* SPDX-License-Identifier: Apache-2.0 */
#include "check_main.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/cells.h"
#include "base/hash.h"
#include "base/heap.h"
#include "base/ip.h"
#include "base/list.h"
#include "base/quota.h"
#include "base/rd.h"
#include "base/rng.h"
#include "base/str.h"
#include "base/tlv.h"
#include "base/vec.h"
#include "base/wr.h"
#include "core/bus.h"
#include "core/sr.h"

START_TEST(read_past_the_end_is_zero_and_sticky)
{
	static const uint8_t b[] = { 1, 2, 3 };
	struct rd r = rd_of(b, sizeof(b));

	ck_assert_uint_eq(rd_u16(&r), 0x0102);
	ck_assert_uint_eq(rd_u16(&r), 0);
	ck_assert(r.bad);
	ck_assert_uint_eq(rd_u8(&r), 0);
	ck_assert(!rd_done(&r));
}
END_TEST

START_TEST(a_broken_inside_does_not_move_the_outside)
{
	static const uint8_t b[] = { 1, 2, 3, 4 };
	struct rd r = rd_of(b, sizeof(b));
	struct rd in = rd_sub(&r, 2);

	(void)rd_u32(&in);
	ck_assert(in.bad);
	ck_assert_uint_eq(rd_u16(&r), 0x0304);
	ck_assert(rd_done(&r));
}
END_TEST

START_TEST(writer_overflow_is_sticky_and_bounded)
{
	uint8_t b[3];
	struct wr w = wr_of(b, sizeof(b));

	wr_u16(&w, 7);
	wr_u16(&w, 7);
	wr_u8(&w, 1);
	ck_assert(w.bad);
	ck_assert_uint_eq(w.len, 2);
}
END_TEST

START_TEST(tlv_length_excludes_padding)
{
	uint8_t b[16];
	struct wr w = wr_of(b, sizeof(b));
	size_t m = wr_tlv_open(&w, 17);

	wr_bytes(&w, "abc", 3);
	wr_tlv_close(&w, m, 4);
	ck_assert_uint_eq(w.len, 8);
	ck_assert_mem_eq(b, "\0\x11\0\x03" "abc\0", 8);
}
END_TEST

static void read_u8(struct rd *v, void *out)
{
	*(unsigned *)out = rd_u8(v);
}

static const struct tlv_row rows[] = {
	{ 1, 1, 1, TLV_MUST, VERDICT_WITHDRAW, "one", read_u8 },
	{ 5, 1, 2, TLV_MANY, VERDICT_SKIP, "five", read_u8 },
};
static const struct tlv_table table = { rows, 2, TLV_PAD_NONE, VERDICT_RESET, NULL };

static enum verdict walk(const char *bytes, size_t n, struct fault *f)
{
	struct rd r = rd_of(bytes, n);
	unsigned out = 0;

	*f = (struct fault){ 0 };
	return tlv_walk(&r, &table, &out, f);
}

START_TEST(tlv_faults_cost_what_the_row_says)
{
	struct fault f;

	ck_assert_int_eq(walk("\0\1\0\1\7", 5, &f), VERDICT_OK);
	ck_assert_int_eq(walk("\0\x9\0\1\7\0\1\0\1\7", 10, &f), VERDICT_OK); /* unknown is skipped */
	ck_assert_int_eq(walk("", 0, &f), VERDICT_WITHDRAW);
	ck_assert_int_eq(f.why, TLV_WHY_MISSING);
	ck_assert_int_eq(walk("\0\1\0\2\7\7", 6, &f), VERDICT_WITHDRAW);
	ck_assert_int_eq(f.why, TLV_WHY_BAD_LENGTH);
	ck_assert_int_eq(walk("\0\1\0\1\7\0\5\0\2\7\7", 11, &f), VERDICT_SKIP);
	ck_assert_int_eq(f.why, TLV_WHY_BAD_VALUE);
	ck_assert_int_eq(walk("\0\1\0\1\7\0\1\0\1\7", 10, &f), VERDICT_WITHDRAW);
	ck_assert_int_eq(f.why, TLV_WHY_REPEATED);
	ck_assert_int_eq(walk("\0\1\0\1\7\0\5\0\1\7\0\5\0\1\7", 15, &f), VERDICT_OK);
	ck_assert_int_eq(walk("\0\1\0\1\7\0\5\0\x9\7", 10, &f), VERDICT_RESET);
	ck_assert_int_eq(f.why, TLV_WHY_PAST_END);
	ck_assert_int_eq(walk("\0\1\0\1\7\0", 6, &f), VERDICT_RESET);
	ck_assert_int_eq(f.why, TLV_WHY_SHORT_HEADER);
}
END_TEST

START_TEST(arena_keeps_its_limit)
{
	struct arena a;
	unsigned n = 0;

	arena_init(&a, 64 * 1024);
	while (arena_alloc(&a, 1000))
		n++;
	ck_assert_uint_gt(n, 20);
	ck_assert_uint_le(a.used, 64 * 1024);
	arena_reset(&a);
	ck_assert_ptr_nonnull(arena_alloc(&a, 1000));
	ck_assert_ptr_null(arena_array(&a, SIZE_MAX / 2, 16));
	ck_assert_str_eq(arena_printf(&a, "%s-%d", "x", 3), "x-3");
	arena_fini(&a);
}
END_TEST

START_TEST(addresses_parse_and_print)
{
	static const struct {
		const char *in, *out;
	} good[] = { { "2001:DB8::1", "2001:db8::1" }, { "10.0.0.1", "10.0.0.1" }, { "::", "::" } };
	static const char *const bad[] = { "", "1", "10.0.0.256", "2001:db8::g", "::1%lo", "10.0.0.1/8" };
	char buf[IP_TEXT_MAX];
	struct ip_addr a;

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		ck_assert_int_eq(ip_parse(good[i].in, &a), 0);
		ck_assert_str_eq(ip_text(&a, buf, sizeof(buf)), good[i].out);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_int_lt(ip_parse(bad[i], &a), 0);
}
END_TEST

START_TEST(prefixes_drop_host_bits)
{
	struct ip_prefix p;
	struct ip_addr a;
	char buf[IP_PREFIX_TEXT_MAX];

	ck_assert_int_eq(ip_prefix_parse("fcbb:bbbb:1:2::9/48", &p), 0);
	ck_assert_str_eq(ip_prefix_text(&p, buf, sizeof(buf)), "fcbb:bbbb:1::/48");
	ck_assert_int_eq(ip_parse("fcbb:bbbb:1:ffff::", &a), 0);
	ck_assert(ip_prefix_has(&p, &a));
	ck_assert_int_eq(ip_parse("fcbb:bbbb:2::", &a), 0);
	ck_assert(!ip_prefix_has(&p, &a));
	ck_assert_int_lt(ip_prefix_parse("::/129", &p), 0);
	ck_assert_int_lt(ip_prefix_parse("::/", &p), 0);
	ck_assert_int_lt(ip_prefix_parse("::/-1", &p), 0);
	ck_assert_int_eq(ip_prefix_parse("10.1.2.3/0", &p), 0);
	ck_assert_str_eq(ip_prefix_text(&p, buf, sizeof(buf)), "0.0.0.0/0");
}
END_TEST

START_TEST(address_bits_round_trip)
{
	struct ip_addr a, b;

	ck_assert_int_eq(ip_parse("fcbb:bbbb:4:5::", &a), 0);
	ck_assert_uint_eq(ip_bits_get(&a, 32, 16), 4);
	ip_bits_set(&a, 64, 16, 0xe001);
	ck_assert_uint_eq(ip_bits_get(&a, 64, 16), 0xe001);
	ck_assert_uint_eq(ip_bits_get(&a, 48, 16), 5);
	ck_assert_uint_eq(ip_bits_get(&a, 0, 64), UINT64_C(0xfcbbbbbb00040005));
	ck_assert_uint_eq(ip_bits_get(&a, 120, 16), ip_bits_get(&a, 120, 8));
	ck_assert_uint_eq(ip_bits_get(&a, 128, 8), 0);
	b = a;
	ip_bits_drop(&b, 32, 16);
	ck_assert_uint_eq(ip_bits_get(&b, 0, 64), UINT64_C(0xfcbbbbbb0005e001));
	ck_assert_uint_eq(ip_bits_get(&b, 112, 16), 0);
	ck_assert(ip_bits_same(&a, &b, 32) && ip_bits_same(&a, &b, 0));
	ck_assert(!ip_bits_same(&a, &b, 48) && !ip_bits_same(&a, &b, 128));
	ck_assert(ip_bits_same(&a, &a, 128));
	ip_bits_set(&b, 120, 16, 0xabcd); /* only what is there */
	ck_assert_uint_eq(ip_bits_get(&b, 112, 16), 0x00ab);
}
END_TEST

struct item {
	struct hash_node node;
	struct heap_node heap;
	struct list link;
	uint32_t key;
};

static bool item_eq(const struct hash_node *n, const void *key)
{
	return CONTAINER_OF(n, struct item, node)->key == *(const uint32_t *)key;
}

START_TEST(hash_finds_what_was_put_and_not_what_was_deleted)
{
	enum { N = 5000 };
	struct item *it = calloc(N, sizeof(*it));
	struct hash h;
	size_t seen = 0;

	hash_init(&h, 42, item_eq);
	for (uint32_t i = 0; i < N; i++) {
		it[i].key = i;
		ck_assert_int_eq(hash_put(&h, &it[i].key, 4, &it[i].node), 0);
	}
	for (uint32_t i = 0; i < N; i += 2)
		hash_del(&h, &it[i].node);
	for (uint32_t i = 0; i < N; i++)
		ck_assert_int_eq(hash_get(&h, &i, 4, &i) != NULL, i % 2 == 1);
	HASH_EACH(n, &h)
		seen += n->hash != 1;
	ck_assert_uint_eq(seen, N / 2);
	ck_assert_uint_eq(h.count, N / 2);
	hash_fini(&h);
	free(it);
}
END_TEST

/* Against a plain array that is sorted by hand; equal keys stand behind one another. */
START_TEST(vector_in_order_finds_inserts_and_cuts)
{
	VEC(unsigned) v = { 0 };
	unsigned count[16] = { 0 }, total = 0, seed = 1;

	ck_assert_uint_eq(VEC_PLACE(&v, x, *x < 5), 0);
	for (unsigned step = 0; step < 2000; step++) {
		unsigned key, at, before = 0;

		seed = seed * 1103515245U + 12345U;
		key = seed >> 16 & 15;
		for (unsigned k = 0; k < key; k++)
			before += count[k];
		at = (unsigned)VEC_PLACE(&v, x, *x < key);
		ck_assert_uint_eq(at, before);
		if (seed >> 24 & 1 && count[key] > 0) {
			VEC_CUT(&v, at);
			count[key]--;
			total--;
		} else {
			ck_assert_ptr_eq(VEC_INSERT(&v, at, key), &v.at[at]);
			count[key]++;
			total++;
		}
		ck_assert_uint_eq(v.n, total);
		for (unsigned i = 1; i < total; i++)
			ck_assert_uint_le(v.at[i - 1], v.at[i]);
	}
	ck_assert_uint_gt(total, 8);
	ck_assert_uint_eq(VEC_PLACE(&v, x, *x < 16), total);
	while (v.n > 0)
		VEC_CUT(&v, v.n - 1);
	ck_assert_uint_eq(VEC_INSERT(&v, VEC_PLACE(&v, x, *x < 1), 1) == &v.at[0], 1);
	VEC_FINI(&v);
}
END_TEST

/* The vector of the SipHash paper: key 00..0f, message 00..0e. */
START_TEST(hash_is_siphash_2_4)
{
	uint64_t key[2] = { UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908) };
	uint8_t msg[15];

	for (uint8_t i = 0; i < 15; i++)
		msg[i] = i;
	ck_assert_uint_eq(hash_bytes(key, msg, 15), UINT64_C(0xa129ca6149be45e5));
}
END_TEST

static const size_t cell_sizes[] = { 1,	  100,			CELLS_LEAST - 1, CELLS_LEAST,
				     80004, CELLS_PAGE / 2 + 1, CELLS_PAGE,	 3 * CELLS_PAGE + 1 };

/* Each is whole, and nobody else's, however they come and go. */
START_TEST(cells_do_not_overlap)
{
	enum { N = 100, STEPS = 300 };
	struct cells c = { .size = cell_sizes[_i] };
	unsigned char *at[N] = { 0 }, is[N];
	struct rng r;

	rng_seed(&r, 3);
	for (unsigned k = 0; k < STEPS; k++) {
		size_t i = rng_below(&r, c.size > CELLS_PAGE / 2 ? 5 : N);

		if (at[i]) {
			ck_assert_uint_eq(at[i][0], is[i]);
			ck_assert_uint_eq(at[i][c.size / 2], is[i]);
			ck_assert_uint_eq(at[i][c.size - 1], is[i]);
			cells_give(&c, at[i]);
			at[i] = NULL;
			continue;
		}
		at[i] = cells_take(&c);
		ck_assert_ptr_nonnull(at[i]);
		is[i] = (unsigned char)k;
		memset(at[i], is[i], c.size);
	}
	for (size_t i = 0; i < N; i++)
		cells_give(&c, at[i]);
	cells_fini(&c);
	ck_assert_uint_eq(c.size, 0);
}
END_TEST

START_TEST(a_cell_that_is_given_back_is_taken_again)
{
	struct cells c = { .size = 80004 };
	void *a = cells_take(&c), *b = cells_take(&c);

	ck_assert_ptr_ne(a, b);
	cells_give(&c, a);
	ck_assert_ptr_eq(cells_take(&c), a);
	cells_give(&c, a);
	cells_give(&c, b);
	cells_fini(&c);
}
END_TEST

START_TEST(heap_gives_keys_in_order_and_equals_by_entry)
{
	enum { N = 300 };
	static struct item it[N];
	struct heap h = { 0 };
	struct rng r;
	uint64_t last = 0, last_seq = 0;
	struct heap_node *n;

	rng_seed(&r, 7);
	for (uint32_t i = 0; i < N; i++)
		ck_assert_int_eq(heap_add(&h, &it[i].heap, rng_below(&r, 20)), 0);
	for (uint32_t i = 0; i < N; i += 3)
		heap_del(&h, &it[i].heap);
	for (size_t i = 0; (n = heap_min(&h)); i++) {
		ck_assert(n->key > last || (n->key == last && (i == 0 || n->seq > last_seq)));
		last = n->key;
		last_seq = n->seq;
		heap_del(&h, n);
	}
	heap_fini(&h);
}
END_TEST

START_TEST(list_survives_deleting_while_walking)
{
	struct item it[4] = { 0 };
	struct list head;
	int n = 0;

	list_init(&head);
	for (int i = 0; i < 4; i++)
		list_add(&head, &it[i].link);
	LIST_EACH(l, &head) {
		ck_assert_ptr_eq(l, &it[n].link);
		list_del(l);
		n++;
	}
	ck_assert_int_eq(n, 4);
	ck_assert(list_empty(&head));
	list_del(&it[0].link);
}
END_TEST

START_TEST(json_text_is_escaped)
{
	STR_AUTO struct str s = { 0 };

	str_json(&s, "a\"b\\\n\xff\xc3\xa9");
	ck_assert_str_eq(str_text(&s), "\"a\\\"b\\\\\\u000a\xef\xbf\xbd\xc3\xa9\"");
	ck_assert(!str_utf8("\xed\xa0\x80", 3));
	ck_assert(str_utf8("\xf0\x9f\x98\x80", 4));
}
END_TEST

START_TEST(text_past_its_limit_is_refused)
{
	STR_AUTO struct str s = { .limit = 10 };

	str_add(&s, "0123456789");
	ck_assert(!s.bad);
	str_add(&s, "x");
	ck_assert(s.bad);
	ck_assert_str_eq(str_text(&s), "0123456789");
}
END_TEST

START_TEST(quota_refuses_and_gives_back)
{
	struct quota q = { .limit = 10 };

	ck_assert(quota_take(&q, 8));
	ck_assert(!quota_take(&q, 3));
	ck_assert_uint_eq(q.refused, 1);
	quota_give(&q, 8);
	ck_assert(quota_take(&q, 10));
}
END_TEST

START_TEST(policy_key_round_trips)
{
	struct sr_policy_key k, m;
	char buf[SR_KEY_TEXT_MAX];

	ck_assert_int_eq(sr_policy_key_parse("2001:db8::1,100,2001:db8::8", &k), 0);
	ck_assert_int_eq(sr_policy_key_parse(sr_policy_key_text(&k, buf, sizeof(buf)), &m), 0);
	ck_assert_int_eq(sr_policy_key_cmp(&k, &m), 0);
	ck_assert_int_lt(sr_policy_key_parse("2001:db8::1,-1,::1", &m), 0);
	ck_assert_int_lt(sr_policy_key_parse("2001:db8::1,4294967296,::1", &m), 0);
	ck_assert_int_lt(sr_policy_key_parse("2001:db8::1,1", &m), 0);
}
END_TEST

static void count_alarm(void *arg, const struct bus_event *e)
{
	(void)e;
	++*(int *)arg;
}

START_TEST(bus_resumes_by_id_tells_gaps_and_keeps_alarms)
{
	struct bus *b;
	bool gap;
	int n = 0;

	ck_assert_int_eq(bus_new(&b, 1), 0);
	bus_publish(b, 1, BUS_ALARM, "session-down", "pcep/x", "");
	bus_publish(b, 2, BUS_ALARM, "session-down", "pcep/x", "");
	ck_assert_uint_eq(bus_next(b, 1, &gap)->id, 2);
	ck_assert(!gap);
	ck_assert_ptr_null(bus_next(b, 2, &gap));
	for (int i = 0; i < BUS_RING; i++)
		bus_publish(b, 3, BUS_INFO, "x", "", "");
	ck_assert_uint_eq(bus_next(b, 1, &gap)->id, 3);
	ck_assert(gap);
	bus_alarms(b, count_alarm, &n);
	ck_assert_int_eq(n, 1);
	bus_publish(b, 4, BUS_CLEARED, "session-down", "pcep/x", "");
	bus_alarms(b, count_alarm, &n);
	ck_assert_int_eq(n, 1);
	bus_free(b);
}
END_TEST

enum { ALARMS = 20000, ALARMS_KEPT = 16384 };

struct seen {
	unsigned n, bad, first;
	char body[16];
};

static void look_alarm(void *arg, const struct bus_event *e)
{
	struct seen *s = arg;
	char name[16];

	(void)snprintf(name, sizeof(name), "p%u", s->first + s->n++);
	s->bad += strcmp(e->resource, name) != 0 || strcmp(e->type, "policy-down") != 0 ||
		  e->severity != BUS_ALARM;
	if (strcmp(e->resource, "p7") == 0)
		(void)str_copy(s->body, sizeof(s->body), e->body);
}

static void policy_alarm(struct bus *b, enum bus_severity sev, unsigned k, const char *body)
{
	char name[16];

	(void)snprintf(name, sizeof(name), "p%u", k);
	bus_publish(b, k, sev, "policy-down", name, body);
}

/* As when a router is lost that very many policies lead to; oldest first, one raised again where it
 * was, and those beyond the limit events only. */
START_TEST(very_many_alarms_stand)
{
	struct seen s = { 0 };
	struct bus *b;
	uint64_t last;

	ck_assert_int_eq(bus_new(&b, 1), 0);
	for (unsigned k = 0; k < ALARMS; k++)
		policy_alarm(b, BUS_ALARM, k, "a");
	policy_alarm(b, BUS_ALARM, 7, "again");
	ck_assert_uint_eq(bus_last_id(b), ALARMS + 1);
	bus_alarms(b, look_alarm, &s);
	ck_assert_uint_eq(s.n, ALARMS_KEPT);
	ck_assert_uint_eq(s.bad, 0);
	ck_assert_str_eq(s.body, "again");
	for (unsigned k = 0; k < ALARMS; k++)
		if (k != 8)
			policy_alarm(b, BUS_CLEARED, k, "");
	s = (struct seen){ .first = 8 };
	bus_alarms(b, look_alarm, &s);
	ck_assert_uint_eq(s.n, 1);
	ck_assert_uint_eq(s.bad, 0);
	last = bus_last_id(b);
	policy_alarm(b, BUS_CLEARED, 7, "");
	bus_publish(b, 1, BUS_CLEARED, "policy-up", "p8", "");
	ck_assert_uint_eq(bus_last_id(b), last);
	bus_free(b);
}
END_TEST

int main(void)
{
	const TTest *const all[] = {
		vector_in_order_finds_inserts_and_cuts,
		read_past_the_end_is_zero_and_sticky,
		a_broken_inside_does_not_move_the_outside,
		writer_overflow_is_sticky_and_bounded,
		tlv_length_excludes_padding,
		tlv_faults_cost_what_the_row_says,
		arena_keeps_its_limit,
		addresses_parse_and_print,
		prefixes_drop_host_bits,
		address_bits_round_trip,
		hash_finds_what_was_put_and_not_what_was_deleted,
		hash_is_siphash_2_4,
		a_cell_that_is_given_back_is_taken_again,
		heap_gives_keys_in_order_and_equals_by_entry,
		list_survives_deleting_while_walking,
		json_text_is_escaped,
		text_past_its_limit_is_refused,
		quota_refuses_and_gives_back,
		policy_key_round_trips,
		bus_resumes_by_id_tells_gaps_and_keeps_alarms,
		very_many_alarms_stand,
	};
	Suite *s = suite_create("base");
	TCase *t = tcase_create("all");

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		tcase_add_test(t, all[i]);
	tcase_add_loop_test(t, cells_do_not_overlap, 0, ARRAY_LEN(cell_sizes));
	suite_add_tcase(s, t);
	return check_main(s);
}
