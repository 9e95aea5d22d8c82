/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of BGP-4: vectors, every truncation, every row, the verdicts of RFC 7606. */
#include "check_main.h"

#include <stdlib.h>
#include <string.h>

#include "shared.h"
#include "southbound/bgp/codec/bgpc.h"

static const struct bgpc_family ls = { BGPC_AFI_LS, BGPC_SAFI_LS };
static const struct bgpc_session_opts as4 = { .as4 = true };

static struct rd body_of(const uint8_t *msg, size_t len)
{
	struct bgpc_fault f = { 0 };

	ck_assert_int_eq(bgpc_frame(msg, len, BGPC_MAX_LEN_EXT, &f), (int)len);
	return bgpc_frame_body(msg, len);
}

START_TEST(open_vector_reads)
{
	uint8_t b[VECTOR_MAX];
	size_t n = vector_load("B01", b);
	struct bgpc_open o;
	struct bgpc_fault f = { 0 };
	struct rd r;

	if (n == 0)
		return;
	r = body_of(b, n);
	ck_assert_int_eq(bgpc_frame_type(b), BGPC_OPEN);
	ck_assert_int_eq(bgpc_open_read(&r, &o, &f), BGPC_OK);
	ck_assert_uint_eq(o.version, 4);
	ck_assert_uint_eq(o.hold_s, 90);
	ck_assert_uint_eq(o.bgp_id, 0xc0000201);
	ck_assert_uint_eq(bgpc_open_as(&o), 65001);
	ck_assert(bgpc_caps_has(&o.caps, ls));
	ck_assert(bgpc_caps_has(&o.caps, (struct bgpc_family){ 2, 73 }));
	ck_assert(!bgpc_caps_has(&o.caps, (struct bgpc_family){ 2, 1 }));
	ck_assert(o.caps.refresh && o.caps.ext_message && o.caps.enhanced_refresh);
	ck_assert(o.caps.has_gr && o.caps.gr_time_s == 120 && o.caps.n_gr == 1);
	ck_assert_uint_eq(o.caps.n_add_path, 1);
	ck_assert_uint_eq(o.caps.add_path[0].mode, 1);
}
END_TEST

static struct bgpc_open sample_open(void)
{
	struct bgpc_open o = { .version = 4, .as2 = BGPC_AS_TRANS, .hold_s = 90, .bgp_id = 7 };

	o.caps = (struct bgpc_caps){ .mp = { ls }, .n_mp = 1, .refresh = true,
				     .enhanced_refresh = true, .ext_message = true, .has_gr = true,
				     .gr_time_s = 120, .n_gr = 1, .gr = { { ls, 0 } },
				     .has_as4 = true, .as4 = 4200000000, .n_add_path = 1,
				     .add_path = { { ls, 1 } } };
	return o;
}

START_TEST(open_round_trips)
{
	uint8_t b[512];
	struct wr w = wr_of(b, sizeof(b));
	struct bgpc_open o = sample_open(), back;
	struct bgpc_fault f = { 0 };
	struct rd r;

	bgpc_open_write(&w, &o);
	ck_assert(!w.bad);
	r = body_of(b, w.len);
	ck_assert_int_eq(bgpc_open_read(&r, &back, &f), BGPC_OK);
	ck_assert_mem_eq(&o, &back, sizeof(o));
}
END_TEST

START_TEST(open_with_every_family_fits)
{
	uint8_t b[1024];
	struct wr w = wr_of(b, sizeof(b));
	struct bgpc_open o = sample_open(), back;
	struct bgpc_fault f = { 0 };
	struct rd r;

	o.caps.n_mp = o.caps.n_gr = o.caps.n_add_path = BGPC_FAMILIES_MAX;
	for (uint8_t i = 0; i < BGPC_FAMILIES_MAX; i++) {
		o.caps.mp[i] = (struct bgpc_family){ 1, (uint8_t)(i + 1) };
		o.caps.gr[i].family = o.caps.mp[i];
		o.caps.add_path[i].family = o.caps.mp[i];
	}
	bgpc_open_write(&w, &o);
	ck_assert(!w.bad);
	r = body_of(b, w.len);
	ck_assert_int_eq(bgpc_open_read(&r, &back, &f), BGPC_OK);
	ck_assert_mem_eq(&o, &back, sizeof(o));
}
END_TEST

/* RFC 9072: 255, 255, 16-bit length; parameters with 16-bit lengths. */
START_TEST(extended_optional_parameters_read)
{
	uint8_t b[2048] = { 4, 0xfd, 0xe8, 0, 90, 1, 2, 3, 4 };
	struct wr w = { .base = b, .len = 9, .cap = sizeof(b) };
	struct bgpc_open o;
	struct bgpc_fault f = { 0 };
	struct rd r;

	wr_u16(&w, 0xffff);
	wr_u16(&w, 3 + 20 * 6);
	wr_u8(&w, 2);
	wr_u16(&w, 20 * 6);
	for (unsigned i = 0; i < 20; i++) {
		wr_u16(&w, 0x0104);
		wr_u32(&w, 0x00010000 + i);
	}
	r = rd_of(b, w.len);
	ck_assert_int_eq(bgpc_open_read(&r, &o, &f), BGPC_OK);
	ck_assert_uint_eq(o.caps.n_mp, BGPC_FAMILIES_MAX);
	ck_assert_uint_eq(o.caps.dropped, 4);
	for (size_t cut = 0; cut < w.len; cut++) {
		f = (struct bgpc_fault){ 0 };
		r = rd_of(b, cut);
		ck_assert_int_eq(bgpc_open_read(&r, &o, &f), BGPC_RESET);
	}
}
END_TEST

/* A capability written alone, in an OPEN: what the table says of its length holds. */
static enum bgpc_verdict cap_alone(uint8_t code, size_t len, struct bgpc_open *o)
{
	uint8_t b[512] = { 4, 0xfd, 0xe8, 0, 90, 1, 2, 3, 4 };
	struct wr w = { .base = b, .len = 9, .cap = sizeof(b) };
	struct bgpc_fault f = { 0 };
	struct rd r;

	wr_u8(&w, (uint8_t)(len + 4));
	wr_u8(&w, 2);
	wr_u8(&w, (uint8_t)(len + 2));
	wr_u8(&w, code);
	wr_u8(&w, (uint8_t)len);
	for (size_t i = 0; i < len; i++)
		wr_u8(&w, 1);
	r = rd_of(b, w.len);
	return bgpc_open_read(&r, o, &f);
}

START_TEST(every_capability_keeps_its_bounds)
{
	const struct bgpc_cap_row *row = &bgpc_cap_rows[_i];
	struct bgpc_open o;
	struct bgpc_caps none = { 0 };

	ck_assert_int_eq(cap_alone(row->code, row->len_min, &o), BGPC_OK);
	ck_assert(memcmp(&o.caps, &none, sizeof(none)) != 0);
	ck_assert_uint_eq(o.caps.unknown, 0);
	if (row->len_min > 0)
		ck_assert_int_eq(cap_alone(row->code, row->len_min - 1u, &o), BGPC_RESET);
	if (row->len_max < 200)
		ck_assert_int_eq(cap_alone(row->code, row->len_max + 1u, &o), BGPC_RESET);
}
END_TEST

START_TEST(every_capability_of_the_list_is_there)
{
	static const uint8_t codes[] = { 1, 2, 6, 64, 65, 69, 70 };

	ck_assert_uint_eq(bgpc_cap_rows_len, sizeof(codes));
	for (size_t i = 0; i < sizeof(codes); i++)
		ck_assert_uint_eq(bgpc_cap_rows[i].code, codes[i]);
}
END_TEST

START_TEST(unknown_capability_is_skipped)
{
	struct bgpc_open o;

	ck_assert_int_eq(cap_alone(73, 20, &o), BGPC_OK);
	ck_assert_uint_eq(o.caps.unknown, 1);
}
END_TEST

static const struct {
	const char *hex; /* body of an OPEN */
	uint8_t sub;
} bad_opens[] = {
	{ "03fde8005a01020304 00", BGPC_OPEN_VERSION },
	{ "04fde8000101020304 00", BGPC_OPEN_HOLD },
	{ "04fde8000201020304 00", BGPC_OPEN_HOLD },
	{ "04fde8005a00000000 00", BGPC_OPEN_BGP_ID },
	{ "040000005a01020304 00", BGPC_OPEN_PEER_AS },
	{ "045ba0005a01020304 08 0206 410400000000", BGPC_OPEN_PEER_AS },
	{ "04fde8005a01020304 03 010141", BGPC_OPEN_PARAM },
	{ "04fde8005a01020304 04 0202", 0 },
	{ "04fde8005a01020304 04 02020105", 0 },
	{ "04fde8005a01020304 00 00", 0 },
};

START_TEST(bad_open_is_refused_with_its_subcode)
{
	uint8_t b[64];
	struct rd r = rd_of(b, hex_read(bad_opens[_i].hex, b, sizeof(b)));
	struct bgpc_open o;
	struct bgpc_fault f = { 0 };

	ck_assert_int_eq(bgpc_open_read(&r, &o, &f), BGPC_RESET);
	ck_assert_uint_eq(f.code, BGPC_ERR_OPEN);
	ck_assert_uint_eq(f.sub, bad_opens[_i].sub);
}
END_TEST

START_TEST(small_messages_round_trip)
{
	uint8_t b[256], v[VECTOR_MAX];
	struct wr w = wr_of(b, sizeof(b));
	struct bgpc_refresh rf = { .family = ls, .subtype = 0 }, rf2;
	struct bgpc_notification no = { 6, 2, 6, "\005maint" }, no2;
	struct bgpc_fault f = { 0 };
	char text[256];
	struct rd r;

	bgpc_keepalive_write(&w);
	ck_assert_uint_eq(w.len, 19);
	if (vector_load("B02", v) == 19)
		ck_assert_mem_eq(b, v, 19);
	w = wr_of(b, sizeof(b));
	bgpc_refresh_write(&w, &rf);
	if (vector_load("B03", v) == 23)
		ck_assert_mem_eq(b, v, 23);
	r = body_of(b, w.len);
	ck_assert_int_eq(bgpc_refresh_read(&r, &rf2, &f), BGPC_OK);
	ck_assert_uint_eq(rf.family.afi, rf2.family.afi);
	ck_assert_uint_eq(rf.family.safi, rf2.family.safi);
	ck_assert_uint_eq(rf.subtype, rf2.subtype);
	w = wr_of(b, sizeof(b));
	bgpc_notification_write(&w, &no);
	if (vector_load("N01", v) == w.len)
		ck_assert_mem_eq(b, v, w.len);
	r = body_of(b, w.len);
	ck_assert_int_eq(bgpc_notification_read(&r, &no2), BGPC_OK);
	ck_assert_mem_eq(&no, &no2, sizeof(no));
	ck_assert_str_eq(bgpc_notification_text(&no2, text, sizeof(text)),
			 "6/2 cease/admin-shutdown: maint");
	no2.data[1] = '\n';
	no2.data[0] = 200; /* longer than what there is: not shown */
	ck_assert_str_eq(bgpc_notification_text(&no2, text, sizeof(text)),
			 "6/2 cease/admin-shutdown");
}
END_TEST

START_TEST(hold_notification_vector_reads)
{
	uint8_t b[VECTOR_MAX];
	size_t n = vector_load("N02", b);
	struct bgpc_notification no;
	char text[64];
	struct rd r;

	if (n == 0)
		return;
	r = body_of(b, n);
	ck_assert_int_eq(bgpc_notification_read(&r, &no), BGPC_OK);
	ck_assert_str_eq(bgpc_notification_text(&no, text, sizeof(text)),
			 "4/0 hold-timer-expired");
}
END_TEST

START_TEST(framing_waits_for_whole_messages_and_refuses_bad_headers)
{
	uint8_t b[64];
	struct wr w = wr_of(b, sizeof(b));
	struct bgpc_fault f = { 0 };

	bgpc_keepalive_write(&w);
	for (size_t n = 0; n < 19; n++)
		ck_assert_int_eq(bgpc_frame(b, n, BGPC_MAX_LEN, &f), 0);
	ck_assert_int_eq(bgpc_frame(b, 19, BGPC_MAX_LEN, &f), 19);
	b[18] = 9;
	ck_assert_int_lt(bgpc_frame(b, 19, BGPC_MAX_LEN, &f), 0);
	ck_assert_uint_eq(f.sub, BGPC_HEADER_BAD_TYPE);
	f = (struct bgpc_fault){ 0 };
	b[18] = 4;
	b[17] = 20;
	ck_assert_int_lt(bgpc_frame(b, 19, BGPC_MAX_LEN, &f), 0);
	ck_assert_uint_eq(f.sub, BGPC_HEADER_BAD_LEN);
	f = (struct bgpc_fault){ 0 };
	b[18] = 2;
	b[16] = 0x10;
	b[17] = 0x01; /* 4097 */
	ck_assert_int_lt(bgpc_frame(b, 19, BGPC_MAX_LEN, &f), 0);
	f = (struct bgpc_fault){ 0 };
	ck_assert_int_eq(bgpc_frame(b, 19, BGPC_MAX_LEN_EXT, &f), 0);
	b[0] = 0;
	ck_assert_int_lt(bgpc_frame(b, 1, BGPC_MAX_LEN, &f), 0);
	ck_assert_uint_eq(f.code, BGPC_ERR_HEADER);
	ck_assert_uint_eq(f.sub, BGPC_HEADER_SYNC);
}
END_TEST

START_TEST(end_of_rib_vector_reads_and_writes)
{
	uint8_t v[VECTOR_MAX], b[64];
	size_t n = vector_load("B04", v);
	struct bgpc_update u = { .unreach = { .present = true, .family = ls } };
	struct wr w = wr_of(b, sizeof(b));
	struct bgpc_fault f = { 0 };
	struct rd r;

	bgpc_update_write(&w, &u);
	r = body_of(b, w.len);
	ck_assert_int_eq(bgpc_update_read(&r, &as4, &u, &f), BGPC_OK);
	ck_assert(bgpc_update_is_eor(&u, ls));
	ck_assert(!bgpc_update_is_eor(&u, (struct bgpc_family){ 1, 1 }));
	if (n == 0)
		return;
	r = body_of(v, n);
	ck_assert_int_eq(bgpc_update_read(&r, &as4, &u, &f), BGPC_OK);
	ck_assert(bgpc_update_is_eor(&u, ls));
}
END_TEST

/* Attributes as hex in an UPDATE without withdrawn routes. */
static enum bgpc_verdict update_of(const char *attrs, struct bgpc_update *u, struct bgpc_fault *f)
{
	static uint8_t b[2048];
	size_t n = hex_read(attrs, b + 4, sizeof(b) - 4);
	struct rd r;

	b[0] = b[1] = 0;
	b[2] = (uint8_t)(n >> 8);
	b[3] = (uint8_t)n;
	r = rd_of(b, n + 4);
	*f = (struct bgpc_fault){ 0 };
	return bgpc_update_read(&r, &as4, u, f);
}

#define ORIGIN "40010100 "
#define AS_PATH "400200 "
#define LOCAL_PREF "40050400000064 "
#define REACH "800e0d 4004 47 04 c0000201 00 00010000 "

static const struct {
	const char *attrs;
	enum bgpc_verdict verdict;
	uint8_t sub;
} updates[] = {
	{ ORIGIN AS_PATH LOCAL_PREF REACH, BGPC_OK, 0 },
	{ ORIGIN AS_PATH REACH, BGPC_OK, 0 }, /* some speakers leave LOCAL_PREF out */
	{ AS_PATH LOCAL_PREF REACH, BGPC_WITHDRAW, 1 },
	{ ORIGIN LOCAL_PREF REACH, BGPC_WITHDRAW, 1 },
	{ "40010103 " AS_PATH REACH, BGPC_WITHDRAW, 1 },	      /* origin 3 */
	{ "4001020000 " AS_PATH REACH, BGPC_WITHDRAW, 1 },	      /* origin length */
	{ "c0010100 " AS_PATH REACH, BGPC_WITHDRAW, 1 },	      /* origin flags */
	{ ORIGIN "400206 0201 0000fde8 " REACH, BGPC_OK, 0 },
	{ ORIGIN "400206 0501 0000fde8 " REACH, BGPC_WITHDRAW, 1 },   /* segment type */
	{ ORIGIN "400206 0202 0000fde8 " REACH, BGPC_WITHDRAW, 1 },   /* segment length */
	{ ORIGIN "400202 0200 " REACH, BGPC_WITHDRAW, 1 },	      /* empty segment */
	{ ORIGIN AS_PATH "400503000064 " REACH, BGPC_WITHDRAW, 1 },   /* local-pref length */
	{ ORIGIN AS_PATH "c00803 000000 " REACH, BGPC_WITHDRAW, 1 },  /* communities */
	{ ORIGIN AS_PATH "800903 000000 " REACH, BGPC_WITHDRAW, 1 },  /* originator id */
	{ ORIGIN AS_PATH "800a05 0000000000 " REACH, BGPC_WITHDRAW, 1 },
	{ ORIGIN AS_PATH "c01007 00000000000000 " REACH, BGPC_WITHDRAW, 1 },
	{ ORIGIN AS_PATH "c00703 000000 " REACH, BGPC_ATTR_DISCARD, 1 },
	{ ORIGIN AS_PATH "400601 00 " REACH, BGPC_ATTR_DISCARD, 1 },
	{ ORIGIN ORIGIN AS_PATH REACH, BGPC_ATTR_DISCARD, 1 },	      /* repeated: first counts */
	{ ORIGIN AS_PATH REACH REACH, BGPC_RESET, 1 },
	{ "800f03 400447 800f03 400447 ", BGPC_RESET, 1 },
	{ ORIGIN AS_PATH "800e0d 4004 47 05 c0000201 00 00010000 ", BGPC_AFI_DISABLE, 9 },
	{ ORIGIN AS_PATH "800e0d 4004 47 f0 c0000201 00 00010000 ", BGPC_AFI_DISABLE, 9 },
	{ ORIGIN AS_PATH "800e04 4004 47 00 ", BGPC_AFI_DISABLE, 9 },
	{ "800f02 4004 ", BGPC_AFI_DISABLE, 9 },
	{ ORIGIN AS_PATH REACH "801d20 00 ", BGPC_RESET, 1 },	      /* overruns */
	{ ORIGIN AS_PATH REACH "80 ", BGPC_RESET, 1 },
	{ ORIGIN AS_PATH REACH "40630100 ", BGPC_WITHDRAW, 1 },	      /* unknown, well-known */
	{ ORIGIN AS_PATH REACH "c0630100 ", BGPC_OK, 0 },	      /* unknown, optional */
	{ "", BGPC_OK, 0 },
};

START_TEST(update_faults_cost_what_rfc_7606_says)
{
	struct bgpc_update u;
	struct bgpc_fault f;
	enum bgpc_verdict v = update_of(updates[_i].attrs, &u, &f);

	ck_assert_int_eq(v, updates[_i].verdict);
	if (v != BGPC_OK) {
		ck_assert_uint_eq(f.code, BGPC_ERR_UPDATE);
		ck_assert_uint_eq(f.sub, updates[_i].sub);
		ck_assert_ptr_nonnull(f.why);
	}
}
END_TEST

/* Each row of the attribute table does something: a value too short by one is a fault. */
START_TEST(every_attribute_row_checks_its_length)
{
	const struct bgpc_attr_row *row = &bgpc_attr_rows[_i];
	uint8_t b[64] = { 0 };
	struct wr w = wr_of(b, sizeof(b));
	struct bgpc_update u;
	struct bgpc_fault f = { 0 };
	size_t len = row->len_min > 0 ? row->len_min - 1u : row->len_max + 1u;
	struct rd r;

	if (len > 40)
		return; /* no length is wrong for AS_PATH and the BGP-LS attribute */
	wr_u16(&w, 0);
	wr_u16(&w, (uint16_t)(len + 3));
	wr_u8(&w, row->flags);
	wr_u8(&w, row->type);
	wr_u8(&w, (uint8_t)len);
	wr_zero(&w, len);
	r = rd_of(b, w.len);
	ck_assert_int_eq(bgpc_update_read(&r, &as4, &u, &f), row->on_fault);
	ck_assert_uint_eq(f.what, row->type);
}
END_TEST

START_TEST(every_attribute_of_the_list_is_there)
{
	static const uint8_t types[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14, 15, 16, 29 };

	ck_assert_uint_eq(bgpc_attr_rows_len, sizeof(types));
	for (size_t i = 0; i < sizeof(types); i++)
		ck_assert_uint_eq(bgpc_attr_rows[i].type, types[i]);
}
END_TEST

START_TEST(as_path_is_searched_in_both_widths)
{
	uint8_t b[16];
	size_t n = hex_read("0202 0000fde8 00010002 0201 0000fde9", b, sizeof(b));

	ck_assert(bgpc_as_path_has(rd_of(b, n), true, 65000));
	ck_assert(bgpc_as_path_has(rd_of(b, n), true, 0x10002));
	ck_assert(bgpc_as_path_has(rd_of(b, n), true, 65001));
	ck_assert(!bgpc_as_path_has(rd_of(b, n), true, 65002));
	n = hex_read("0202 fde8 fde9", b, sizeof(b));
	ck_assert(bgpc_as_path_has(rd_of(b, n), false, 65001));
	ck_assert(!bgpc_as_path_has(rd_of(b, n), true, 65001));
}
END_TEST

static const char *const all[] = { "B01", "B03", "B04", "B05", "B06", "B07", "B08", "B09", "B10",
				   "B11", "B12", "B13", "B14", "B15", "B16", "B17", "B18", "B19",
				   "B20", "B21", "B22", "B23", "B24", "S01", "S02", "S03", "S04",
				   "S05", "S06", "S07", "S08", "F01", "F02", "F03", "N01", "N02" };

/* Reads one whole frame of any kind. */
static enum bgpc_verdict message_read(const uint8_t *msg, size_t len)
{
	struct rd r = bgpc_frame_body(msg, len);
	struct bgpc_fault f = { 0 };
	struct bgpc_open o;
	struct bgpc_update u;
	struct bgpc_refresh rf;
	struct bgpc_notification no;

	switch (bgpc_frame_type(msg)) {
	case BGPC_OPEN:
		return bgpc_open_read(&r, &o, &f);
	case BGPC_UPDATE:
		return bgpc_update_read(&r, &as4, &u, &f);
	case BGPC_ROUTE_REFRESH:
		return bgpc_refresh_read(&r, &rf, &f);
	case BGPC_NOTIFICATION:
		return bgpc_notification_read(&r, &no);
	case BGPC_KEEPALIVE:
		break;
	}
	return BGPC_OK;
}

START_TEST(every_vector_reads_and_every_truncation_is_a_fault_or_smaller)
{
	uint8_t v[VECTOR_MAX];
	size_t n = vector_load(all[_i], v);
	struct bgpc_fault f = { 0 };

	if (n == 0)
		return;
	ck_assert_int_eq(bgpc_frame(v, n, BGPC_MAX_LEN, &f), (int)n);
	ck_assert_int_eq(message_read(v, n), BGPC_OK);
	for (size_t cut = BGPC_HEADER_LEN; cut < n; cut++) {
		uint8_t *copy = malloc(cut); /* exact size: the sanitizer sees any step beyond */
		int len;

		memcpy(copy, v, cut);
		copy[16] = (uint8_t)(cut >> 8);
		copy[17] = (uint8_t)cut;
		f = (struct bgpc_fault){ 0 };
		len = bgpc_frame(copy, cut, BGPC_MAX_LEN, &f);
		if (len > 0 && bgpc_frame_type(copy) == BGPC_UPDATE)
			ck_assert_int_ne(message_read(copy, cut), BGPC_OK);
		else if (len > 0)
			(void)message_read(copy, cut);
		free(copy);
	}
}
END_TEST

START_TEST(every_update_vector_survives_write_and_read)
{
	uint8_t v[VECTOR_MAX], b[VECTOR_MAX], c[VECTOR_MAX];
	size_t n = vector_load(all[_i], v);
	struct wr w = wr_of(b, sizeof(b)), w2 = wr_of(c, sizeof(c));
	struct bgpc_update u, u2;
	struct bgpc_fault f = { 0 };
	struct rd r;

	if (n == 0 || bgpc_frame_type(v) != BGPC_UPDATE)
		return;
	r = body_of(v, n);
	ck_assert_int_eq(bgpc_update_read(&r, &as4, &u, &f), BGPC_OK);
	bgpc_update_write(&w, &u);
	ck_assert(!w.bad);
	ck_assert_uint_le(w.len, n); /* shorter: the vectors always use extended lengths */
	r = body_of(b, w.len);
	ck_assert_int_eq(bgpc_update_read(&r, &as4, &u2, &f), BGPC_OK);
	bgpc_update_write(&w2, &u2);
	ck_assert_uint_eq(w.len, w2.len);
	ck_assert_mem_eq(b, c, w.len);
}
END_TEST

START_TEST(writer_without_room_says_so)
{
	uint8_t b[40];
	struct bgpc_open o = sample_open();

	for (size_t cap = 0; cap < sizeof(b); cap++) {
		struct wr w = wr_of(b, cap);

		bgpc_open_write(&w, &o);
		ck_assert(w.bad);
		ck_assert_uint_le(w.len, cap);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bgp_msg");
	TCase *c = tcase_create("messages");

	tcase_add_test(c, open_vector_reads);
	tcase_add_test(c, open_round_trips);
	tcase_add_test(c, open_with_every_family_fits);
	tcase_add_test(c, extended_optional_parameters_read);
	tcase_add_loop_test(c, every_capability_keeps_its_bounds, 0, (int)bgpc_cap_rows_len);
	tcase_add_test(c, every_capability_of_the_list_is_there);
	tcase_add_test(c, unknown_capability_is_skipped);
	tcase_add_loop_test(c, bad_open_is_refused_with_its_subcode, 0, (int)ARRAY_LEN(bad_opens));
	tcase_add_test(c, small_messages_round_trip);
	tcase_add_test(c, hold_notification_vector_reads);
	tcase_add_test(c, framing_waits_for_whole_messages_and_refuses_bad_headers);
	tcase_add_test(c, end_of_rib_vector_reads_and_writes);
	tcase_add_loop_test(c, update_faults_cost_what_rfc_7606_says, 0, (int)ARRAY_LEN(updates));
	tcase_add_loop_test(c, every_attribute_row_checks_its_length, 0, (int)bgpc_attr_rows_len);
	tcase_add_test(c, every_attribute_of_the_list_is_there);
	tcase_add_test(c, as_path_is_searched_in_both_widths);
	tcase_add_loop_test(c, every_vector_reads_and_every_truncation_is_a_fault_or_smaller, 0,
			    (int)ARRAY_LEN(all));
	tcase_add_loop_test(c, every_update_vector_survives_write_and_read, 0, (int)ARRAY_LEN(all));
	tcase_add_test(c, writer_without_room_says_so);
	suite_add_tcase(s, c);
	return check_main(s);
}
