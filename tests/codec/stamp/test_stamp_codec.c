/* SPDX-License-Identifier: Apache-2.0 */
/* STAMP packets against octets laid out by hand from RFC 8762, 8972 and 9503. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "check_main.h"
#include "shared.h"
#include "southbound/stamp/codec/stampc.h"

#define NS UINT64_C(1000000000)
/* 2026-11-26 00:00:00.5 UTC */
#define WALL (UINT64_C(1795651200) * NS + NS / 2)

static const char test_hex[] = "00000102 eeb1f500 80000000 9003 beef"
			       " 00000000 00000000 00000000 00000000 00000000 00000000 00000000";
static const char reply_hex[] = "00000007 eeb1f500 80000000 9003 beef"
				" eeb1f500 40000000 00000102 eeb1f500 20000000 8001 0000 3f 000000";

static struct ip_addr addr(const char *text)
{
	struct ip_addr a;

	ck_assert_int_eq(ip_parse(text, &a), 0);
	return a;
}

/* ---- base packets ---- */

START_TEST(a_test_packet_is_read_and_written)
{
	uint8_t in[VECTOR_MAX], out[VECTOR_MAX];
	size_t n = hex_read(test_hex, in, sizeof(in));
	struct rd r = rd_of(in, n);
	struct wr w = wr_of(out, sizeof(out));
	struct stampc_test t;
	const uint8_t *mac;

	ck_assert_uint_eq(n, STAMPC_BASE);
	ck_assert(stampc_test_read(&r, false, &t, &mac) && rd_done(&r) && !mac);
	ck_assert_uint_eq(t.seq, 0x102);
	ck_assert_uint_eq(t.ssid, 0xbeef);
	ck_assert_uint_eq(stampc_time_ns(t.time, false, WALL), WALL);
	ck_assert_uint_eq(stampc_test_write(&w, false, &t), 0);
	ck_assert_uint_eq(w.len, n);
	ck_assert_mem_eq(in, out, n);
}
END_TEST

START_TEST(a_reply_is_read_and_written)
{
	uint8_t in[VECTOR_MAX], out[VECTOR_MAX];
	size_t n = hex_read(reply_hex, in, sizeof(in));
	struct rd r = rd_of(in, n);
	struct wr w = wr_of(out, sizeof(out));
	struct stampc_reply t;
	const uint8_t *mac;

	ck_assert_uint_eq(n, STAMPC_BASE);
	ck_assert(stampc_reply_read(&r, false, &t, &mac) && rd_done(&r));
	ck_assert_uint_eq(t.seq, 7);
	ck_assert_uint_eq(t.sender_seq, 0x102);
	ck_assert_uint_eq(t.sender_ttl, 63);
	ck_assert_uint_eq(t.sender_estimate, 0x8001);
	ck_assert_uint_eq(stampc_time_ns(t.rx_time, false, WALL), WALL - NS / 4);
	ck_assert_uint_eq(stampc_time_ns(t.sender_time, false, WALL), WALL - 3 * NS / 8);
	(void)stampc_reply_write(&w, false, &t);
	ck_assert_mem_eq(in, out, n);
}
END_TEST

/* RFC 8762 s4.2.2, s4.3.2: where the fields of authenticated packets lie. */
START_TEST(authenticated_packets_have_their_fields_apart)
{
	uint8_t b[STAMPC_BASE_AUTH];
	struct wr w = wr_of(b, sizeof(b));
	struct stampc_test t = { .seq = 1, .time = 2, .estimate = 3, .ssid = 4 };
	struct stampc_reply y = { 1, 2, 3, 4, 5, 6, 7, 8, 9 }, z;
	const uint8_t *mac;
	struct rd r;

	ck_assert_uint_eq(stampc_test_write(&w, true, &t), STAMPC_MAC_COVERS);
	ck_assert(!w.bad && w.len == STAMPC_BASE_AUTH);
	ck_assert(b[3] == 1 && b[23] == 2 && b[25] == 3 && b[27] == 4);
	w = wr_of(b, sizeof(b));
	ck_assert_uint_eq(stampc_reply_write(&w, true, &y), STAMPC_MAC_COVERS);
	ck_assert(!w.bad && w.len == STAMPC_BASE_AUTH);
	ck_assert(b[3] == 1 && b[23] == 2 && b[25] == 3 && b[27] == 4 && b[39] == 5 && b[51] == 6 &&
		  b[71] == 7 && b[73] == 8 && b[80] == 9);
	r = rd_of(b, sizeof(b));
	ck_assert(stampc_reply_read(&r, true, &z, &mac) && rd_done(&r));
	ck_assert(mac == b + STAMPC_MAC_COVERS);
	ck_assert(z.sender_ttl == 9 && z.sender_time == 7 && z.rx_time == 5);
}
END_TEST

START_TEST(a_short_packet_is_none)
{
	uint8_t in[VECTOR_MAX];
	size_t n = hex_read(_i ? test_hex : reply_hex, in, sizeof(in));

	for (size_t k = 0; k < n; k++) {
		uint8_t *exact = malloc(k ? k : 1);
		struct rd r = rd_of(exact, k), q = r;
		struct stampc_test t;
		struct stampc_reply y;
		const uint8_t *mac;

		ck_assert_ptr_nonnull(exact);
		memcpy(exact, in, k);
		ck_assert(!stampc_test_read(&r, false, &t, &mac));
		ck_assert(!stampc_reply_read(&q, false, &y, &mac));
		free(exact);
	}
}
END_TEST

/* ---- time ---- */

START_TEST(times_survive_to_the_nanosecond_in_both_formats)
{
	for (uint64_t i = 0; i < 2000; i++) {
		uint64_t t = WALL + i * 999983;

		for (int ptp = 0; ptp < 2; ptp++)
			ck_assert_uint_eq(stampc_time_ns(stampc_time_of(t, ptp != 0), ptp != 0,
							 WALL),
					  t);
	}
}
END_TEST

/* NTP seconds wrap on 2036-02-07: the era is the one nearest to now. */
START_TEST(the_era_of_a_time_is_the_nearest)
{
	uint64_t wrap = (UINT64_C(4294967296) - UINT64_C(2208988800)) * NS;

	ck_assert_uint_eq(stampc_time_ns(stampc_time_of(wrap + NS, false), false, wrap - NS),
			  wrap + NS);
	ck_assert_uint_eq(stampc_time_ns(stampc_time_of(wrap - NS, false), false, wrap + NS),
			  wrap - NS);
}
END_TEST

START_TEST(an_error_estimate_is_never_told_smaller)
{
	static const uint64_t some[] = { 0, 1, 59, 60, 1000, 999999, NS, 17 * NS, 86400 * NS };

	for (size_t i = 0; i < ARRAY_LEN(some); i++) {
		struct stampc_clock c = { .sync = i % 2, .ptp = i % 3 == 0, .error_ns = some[i] };
		struct stampc_clock d = stampc_clock_read(stampc_clock_write(&c));

		ck_assert(d.sync == c.sync && d.ptp == c.ptp);
		ck_assert_uint_ge(d.error_ns, c.error_ns);
		ck_assert_uint_le(d.error_ns, c.error_ns + c.error_ns / 50 + 2);
	}
}
END_TEST

START_TEST(an_estimate_without_multiplier_is_no_clock)
{
	struct stampc_clock none = { .sync = true, .error_ns = UINT64_MAX };

	ck_assert(!stampc_clock_read(0x8500).sync);
	ck_assert_uint_eq(stampc_clock_read(0x8500).error_ns, UINT64_MAX);
	ck_assert_uint_eq(stampc_clock_read(0xbfff).error_ns, UINT64_MAX);
	ck_assert_uint_eq(stampc_clock_read(stampc_clock_write(&none)).error_ns, UINT64_MAX);
	/* RFC 4656: 1 * 2^32 / 2^32 s */
	ck_assert_uint_eq(stampc_clock_read(0xa001).error_ns, NS);
}
END_TEST

/* ---- TLVs ---- */

/* destination node, return path of an address and two SRv6 segments, four octets of padding */
static const char tlv_hex_[] = "8009 0010 20010db8000000000000000000000001"
			       "800a 0040 8001 0004 00000001"
			       "8004 0020 fcbbbbbb000100000000000000000000 fcbbbbbb000200000000000000000000"
			       "8002 0010 20010db8000000000000000000000002"
			       "8001 0004 00000000";

START_TEST(tlvs_are_understood)
{
	uint8_t in[VECTOR_MAX];
	size_t n = hex_read(tlv_hex_, in, sizeof(in));
	struct ip_addr dest = addr("2001:db8::1"), back = addr("2001:db8::2"),
		       s1 = addr("fcbb:bbbb:1::"), s2 = addr("fcbb:bbbb:2::");
	struct stampc_opts o;

	ck_assert(stampc_opts_read(rd_of(in, n), &o));
	ck_assert(ip_eq(&o.destination, &dest) && ip_eq(&o.return_addr, &back));
	ck_assert(o.has_return && o.has_control && o.control == STAMPC_REPLY_SAME_LINK);
	ck_assert_uint_eq(o.n_segments, 2);
	ck_assert(ip_eq(&o.segments[0], &s1) && ip_eq(&o.segments[1], &s2));
	ck_assert_uint_eq(o.padding, 4);
	ck_assert_uint_eq(o.unknown, 0);
	ck_assert_uint_eq(o.flags, STAMPC_FLAG_U);
}
END_TEST

START_TEST(what_is_written_is_read)
{
	uint8_t b[VECTOR_MAX], mac[STAMPC_MAC] = { 1, 2, 3 };
	struct wr w = wr_of(b, sizeof(b));
	struct stampc_opts o = { .destination = addr("192.0.2.1"), .has_return = true,
				 .n_segments = 3, .padding = 100, .hmac = mac }, p;

	for (unsigned i = 0; i < 3; i++)
		o.segments[i] = addr("fc00::1");
	stampc_opts_write(&w, &o);
	ck_assert(!w.bad && stampc_opts_read(rd_of(b, w.len), &p));
	ck_assert(ip_eq(&o.destination, &p.destination) && p.n_segments == 3 && p.padding == 100);
	ck_assert(p.hmac && memcmp(p.hmac, mac, sizeof(mac)) == 0 && !p.has_control);
}
END_TEST

START_TEST(every_truncation_of_tlvs_is_malformed_or_shorter)
{
	uint8_t in[VECTOR_MAX], out[VECTOR_MAX];
	size_t n = hex_read(tlv_hex_, in, sizeof(in)), sound = 0;

	for (size_t k = 0; k < n; k++) {
		uint8_t *exact = malloc(k ? k : 1);
		struct wr w = wr_of(out, k);
		struct stampc_opts o;

		ck_assert_ptr_nonnull(exact);
		memcpy(exact, in, k);
		sound += stampc_opts_read(rd_of(exact, k), &o);
		stampc_tlv_reflect(&w, rd_of(exact, k));
		ck_assert(!w.bad && w.len == k);
		free(exact);
	}
	ck_assert_uint_eq(sound, 3); /* nothing, the first, the first two */
}
END_TEST

/* RFC 8972 s4: understood: U cleared; unknown: U set, kept; malformed: M set, the rest as it is. */
static const struct {
	const char *name, *in, *out;
} reflected[] = {
	{ "padding", "8001 0002 0000", "0001 0002 0000" },
	{ "unknown", "80f0 0003 010203 8001 0000", "80f0 0003 010203 0001 0000" },
	{ "unknown with U clear", "00f0 0000", "80f0 0000" },
	{ "an address of 5 octets", "8009 0005 0102030405 8001 0000", "4009 0005 0102030405 8001 0000" },
	{ "past the end", "8001 0010 00", "c001 0010 00" },
	{ "half a header", "8001 00", "c001 00" },
	{ "unknown sub-TLV", "800a 0010 8009 0004 01020304 8001 0004 00000000",
	  "000a 0010 8009 0004 01020304 0001 0004 00000000" },
	{ "broken sub-TLV", "800a 0006 8004 0020 0102 8001 0000",
	  "400a 0006 8004 0020 0102 8001 0000" },
};

START_TEST(flags_are_set_as_a_reflector_does)
{
	uint8_t in[VECTOR_MAX], want[VECTOR_MAX], out[VECTOR_MAX];
	size_t n = hex_read(reflected[_i].in, in, sizeof(in));
	struct wr w = wr_of(out, n);

	ck_assert_uint_eq(hex_read(reflected[_i].out, want, sizeof(want)), n);
	stampc_tlv_reflect(&w, rd_of(in, n));
	ck_assert_msg(!w.bad && w.len == n && memcmp(out, want, n) == 0, "%s", reflected[_i].name);
}
END_TEST

START_TEST(more_segments_than_there_is_room_for_are_malformed)
{
	uint8_t b[4 + 4 + 17 * 16] = { 0x80, STAMPC_TLV_RETURN, 0x01, 0x14, 0x80, STAMPC_SUB_SRV6,
				       0x01, 0x10 };
	struct stampc_opts o;

	ck_assert(!stampc_opts_read(rd_of(b, sizeof(b)), &o));
	b[2] = 0x01, b[3] = 0x04, b[6] = 0x01, b[7] = 0x00;
	ck_assert(stampc_opts_read(rd_of(b, sizeof(b) - 16), &o));
	ck_assert_uint_eq(o.n_segments, STAMPC_SEGMENTS_MAX);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("stamp_codec");
	TCase *tc = tcase_create("packets");

	tcase_add_test(tc, a_test_packet_is_read_and_written);
	tcase_add_test(tc, a_reply_is_read_and_written);
	tcase_add_test(tc, authenticated_packets_have_their_fields_apart);
	tcase_add_loop_test(tc, a_short_packet_is_none, 0, 2);
	tcase_add_test(tc, times_survive_to_the_nanosecond_in_both_formats);
	tcase_add_test(tc, the_era_of_a_time_is_the_nearest);
	tcase_add_test(tc, an_error_estimate_is_never_told_smaller);
	tcase_add_test(tc, an_estimate_without_multiplier_is_no_clock);
	suite_add_tcase(s, tc);
	tc = tcase_create("tlvs");
	tcase_add_test(tc, tlvs_are_understood);
	tcase_add_test(tc, what_is_written_is_read);
	tcase_add_test(tc, every_truncation_of_tlvs_is_malformed_or_shorter);
	tcase_add_loop_test(tc, flags_are_set_as_a_reflector_does, 0, (int)ARRAY_LEN(reflected));
	tcase_add_test(tc, more_segments_than_there_is_room_for_are_malformed);
	suite_add_tcase(s, tc);
	return check_main(s);
}
