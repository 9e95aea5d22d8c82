/* SPDX-License-Identifier: Apache-2.0 */
/* BGP-LS: NLRIs and attribute by vectors, by every row of the tables, by every truncation. */
#include "check_main.h"

#include <stdlib.h>
#include <string.h>

#include "shared.h"
#include "southbound/bgp/codec/bgpc.h"
#include "southbound/bgp/codec/bgpls.h"

static const struct bgpls_opts tolerant = { .order = BGPLS_ORDER_FRR };
static struct arena arena;

static void setup(void)
{
	arena_init(&arena, 1 << 20);
}

static void teardown(void)
{
	arena_fini(&arena);
}

/* The first NLRI and the attribute of a vector; false when there are no vectors. */
static bool vector_read(const char *id, struct bgpls_nlri *n, struct bgpls_attr *a)
{
	static uint8_t v[VECTOR_MAX];
	static const struct bgpc_session_opts as4 = { .as4 = true };
	size_t len = vector_load(id, v);
	struct rd body = bgpc_frame_body(v, len), list;
	struct bgpc_fault f = { 0 };
	struct fault lf = { 0 };
	struct bgpls_opts opts = tolerant;
	struct bgpc_update u;
	struct bgpls_raw raw;
	bool lost;

	if (len == 0)
		return false;
	ck_assert_int_eq(bgpc_update_read(&body, &as4, &u, &f), BGPC_OK);
	list = u.reach.present ? u.reach.nlri : u.unreach.nlri;
	opts.vpn = u.reach.present && u.reach.family.safi == BGPC_SAFI_LS_VPN;
	ck_assert(bgpls_next(&list, &raw, &lost));
	ck_assert_int_eq(bgpls_nlri_read(&raw, &opts, n, &lf), VERDICT_OK);
	*a = (struct bgpls_attr){ 0 };
	if (u.has_ls)
		ck_assert_int_eq(bgpls_attr_read(&u.ls, &arena, a, &lf, NULL), VERDICT_OK);
	ck_assert(!bgpls_next(&list, &raw, &lost) && !lost);
	return true;
}

static struct ip_addr addr(const char *text)
{
	struct ip_addr a;

	ck_assert_int_eq(ip_parse(text, &a), 0);
	return a;
}

START_TEST(node_vectors_read)
{
	struct bgpls_nlri n;
	struct bgpls_attr a;

	if (!vector_read("B05", &n, &a))
		return;
	ck_assert_uint_eq(n.type, BGPLS_NODE);
	ck_assert_uint_eq(n.protocol, BGPLS_ISIS_L2);
	ck_assert_uint_eq(n.local.asn, 65001);
	ck_assert_uint_eq(n.local.igp_id_len, 6);
	ck_assert_uint_eq(n.local.igp_id[5], 1);
	ck_assert_str_eq(a.name, "pe1");
	ck_assert_uint_eq(a.n_node_msd, 4);
	ck_assert_uint_eq(a.node_msd[1].type, 41);
	ck_assert_uint_eq(a.node_msd[1].value, 9);
	ck_assert_uint_eq(a.n_algos, 3);
	ck_assert_uint_eq(a.algos[2], 128);
	ck_assert(a.have & BGPLS_HAVE_SRV6_CAPS);
	ck_assert(a.router_id_v4.family == IP_V4 && a.router_id_v6.family == IP_V6);
	ck_assert(vector_read("B06", &n, &a));
	ck_assert_uint_eq(n.local.igp_id_len, 7);
	ck_assert_uint_eq(n.local.igp_id[6], 3);
	ck_assert(vector_read("B07", &n, &a));
	ck_assert_uint_eq(n.protocol, BGPLS_OSPFV2);
	ck_assert_uint_eq(a.node_flags, 0x10);
	ck_assert(vector_read("B24", &n, &a));
	ck_assert_uint_eq(a.n_srgb, 1);
	ck_assert_uint_eq(a.srgb[0].base, 16000);
	ck_assert_uint_eq(a.srgb[0].size, 8000);
	ck_assert_uint_eq(a.srlb[0].base, 15000);
	ck_assert(a.node_flags & BGPLS_NODE_OVERLOAD);
	ck_assert(vector_read("B23", &n, &a));
	ck_assert_uint_eq(n.rd, UINT64_C(0x0000fde900000005));
}
END_TEST

START_TEST(flex_algo_vector_reads)
{
	struct bgpls_nlri n;
	struct bgpls_attr a;

	if (!vector_read("B08", &n, &a))
		return;
	ck_assert_uint_eq(a.n_flex, 1);
	ck_assert_uint_eq(a.flex[0].algo, 128);
	ck_assert_uint_eq(a.flex[0].metric_type, 1);
	ck_assert_uint_eq(a.flex[0].priority, 100);
	ck_assert_uint_eq(a.flex[0].exclude_any[0], 1);
	ck_assert_uint_eq(a.flex[0].include_all[0], 4);
	ck_assert_uint_eq(a.flex[0].n_include_any, 0);
	ck_assert_uint_eq(a.flex[0].flags, 0x80000000);
	ck_assert(!a.flex[0].unsupported);
}
END_TEST

START_TEST(link_vectors_read)
{
	struct bgpls_nlri n;
	struct bgpls_attr a;
	struct ip_addr v6 = addr("2001:db8:12::1");

	if (!vector_read("B09", &n, &a))
		return;
	ck_assert(ip_eq(&n.local_v6, &v6));
	ck_assert_uint_eq(a.te.admin_group[0], 5);
	ck_assert_uint_eq(a.max_bw_bps, UINT64_C(10000000000));
	ck_assert_uint_eq(a.unrsv_bw_bps[7], UINT64_C(10000000000));
	ck_assert_uint_eq(a.te.te_metric, 20);
	ck_assert_uint_eq(a.igp_metric, 10);
	ck_assert_uint_eq(a.te.n_srlg, 2);
	ck_assert_uint_eq(a.te.srlg[1], 200);
	ck_assert_uint_eq(a.te.delay_us, 1000);
	ck_assert_uint_eq(a.te.delay_min_us, 900);
	ck_assert_uint_eq(a.te.delay_max_us, 1100);
	ck_assert_uint_eq(a.te.delay_var_us, 50);
	ck_assert_uint_eq(a.te.loss_ppm, 30);
	ck_assert(a.te.loss_anomalous);
	ck_assert_uint_eq(a.skipped, 1); /* the link's name */
	ck_assert(vector_read("B12", &n, &a));
	ck_assert(n.has_ids);
	ck_assert_uint_eq(a.te.te_metric, 55);
	ck_assert_uint_eq(a.te.admin_group[0], 2);
	ck_assert_uint_eq(a.te.delay_max_us, 700);
	ck_assert(vector_read("B13", &n, &a));
	ck_assert_uint_eq(a.n_link_msd, 2);
	ck_assert_uint_eq(a.te.admin_group[1], 2);
	ck_assert(vector_read("B14", &n, &a));
	ck_assert_uint_eq(n.mt_id, 2);
	ck_assert(vector_read("B19", &n, &a));
	ck_assert_uint_eq(n.protocol, BGPLS_BGP);
	ck_assert_uint_eq(n.local.bgp_router_id, 0xc0000209);
	ck_assert(vector_read("B20", &n, &a)); /* a withdraw */
	ck_assert_uint_eq(n.type, BGPLS_LINK);
}
END_TEST

START_TEST(segment_vectors_read)
{
	struct bgpls_nlri n;
	struct bgpls_attr a;
	struct ip_addr sid = addr("fcbb:bb01:1:e001::"), end = addr("fcbb:bb01:1::");
	static const uint8_t nbr[6] = { 0, 0, 0, 0, 0, 3 };

	if (!vector_read("B10", &n, &a))
		return;
	ck_assert_uint_eq(a.n_endx, 1);
	ck_assert_uint_eq(a.endx[0].behavior, 52);
	ck_assert_uint_eq(a.endx[0].weight, 1);
	ck_assert(ip_eq(&a.endx[0].sid, &sid));
	ck_assert(a.endx[0].has_structure);
	ck_assert_uint_eq(a.endx[0].structure.fun, 16);
	ck_assert(vector_read("B11", &n, &a));
	ck_assert_uint_eq(a.endx[0].neighbor_len, 6);
	ck_assert_mem_eq(a.endx[0].neighbor, nbr, 6);
	ck_assert_uint_eq(n.remote.igp_id_len, 7);
	ck_assert(vector_read("B17", &n, &a));
	ck_assert(ip_eq(&n.sid, &end));
	ck_assert_uint_eq(n.mt_id, 2);
	ck_assert_uint_eq(a.behavior, 43);
	ck_assert_uint_eq(a.structure.ln, 16);
	ck_assert(vector_read("B18", &n, &a));
	ck_assert_uint_eq(a.behavior, 52);
}
END_TEST

START_TEST(prefix_vectors_read)
{
	struct bgpls_nlri n;
	struct bgpls_attr a;
	struct ip_prefix p;

	if (!vector_read("B15", &n, &a))
		return;
	ck_assert_int_eq(ip_prefix_parse("2001:db8:0:1::/64", &p), 0);
	ck_assert_int_eq(ip_prefix_cmp(&n.prefix, &p), 0);
	ck_assert_uint_eq(a.prefix_metric, 10);
	ck_assert(a.have & BGPLS_HAVE_LOCATOR);
	ck_assert_uint_eq(a.locator_metric, 10);
	ck_assert(vector_read("B16", &n, &a));
	ck_assert_uint_eq(n.prefix.addr.family, IP_V4);
	ck_assert_uint_eq(a.n_sids, 1);
	ck_assert(!a.sids[0].is_label);
	ck_assert_uint_eq(a.sids[0].value, 101);
}
END_TEST

/*
 * One value for each row of the attribute table, in the form our writer gives it: reading and
 * writing must give the same octets, so a row, its reader or its writer taken away is seen.
 */
static const struct {
	uint16_t type;
	const char *value;
} fixtures[] = {
	{ 266, "010a 2909" },
	{ 267, "2908 2d06" },
	{ 1024, "c0" },
	{ 1026, "706531" },
	{ 1028, "c0000201" },
	{ 1029, "20010db8000000000000000000000001" },
	{ 1034, "8000 001f40 0489 0003 003e80" },
	{ 1035, "000180" },
	{ 1036, "0000 0003e8 0489 0003 003a98" },
	{ 1038, "40000000" },
	{ 1039, "80010064 0410 0004 00000001 0411 0004 00000002 0412 0004 00000004 "
		"0413 0004 80000000 0415 0004 00000009 0416 0000" },
	{ 1088, "00000005" },
	{ 1089, "4e9502f9" },
	{ 1090, "4e9502f9" },
	{ 1091, "4e9502f9 4e9502f9 4e9502f9 4e9502f9 4e9502f9 4e9502f9 4e9502f9 00000000" },
	{ 1092, "00000014" },
	{ 1095, "00000a" },
	{ 1096, "00000064 000000c8" },
	{ 1099, "3000 0000 005dc0" },
	{ 1100, "3000 0000 000000000003 005dc1" },
	{ 1106, "0034 00 00 01 00 fcbbbb010001e0010000000000000000 04e4 0004 20101000" },
	{ 1107, "0034 00 00 01 00 000000000003 fcbbbb010001e0030000000000000000 04e4 0004 20101000" },
	{ 1108, "0034 00 00 01 00 0a000003 fcbbbb010001e0030000000000000000 04e4 0004 20101000" },
	{ 1114, "800003e8" },
	{ 1115, "00000384 0000044c" },
	{ 1116, "00000032" },
	{ 1117, "800003e8" },
	{ 1118, "4e9502f9" },
	{ 1119, "4e9502f9" },
	{ 1120, "4e9502f9" },
	/* Flex-Algo's is written; what others are told so is written as plain TLVs */
	{ 1122, "04000000 10000000 0444 0004 00000009 0448 0004 00000005" },
	{ 1155, "0000000a" },
	{ 1158, "40000000 00000065" },
	{ 1162, "80 80 0000 0000000a" },
	{ 1173, "00000000 00000002" },
	{ 1250, "002b 00 00" },
	{ 1252, "20101000" },
};

static enum verdict attr_of(const uint8_t *b, size_t n, struct bgpls_attr *a)
{
	struct rd r = rd_of(b, n);
	struct fault f = { 0 };
	enum verdict v = bgpls_attr_read(&r, &arena, a, &f, NULL);

	ck_assert_int_eq(v, f.verdict);
	return v;
}

START_TEST(every_attribute_row_has_its_fixture)
{
	ck_assert_uint_eq(bgpls_attr_rows_len, ARRAY_LEN(fixtures));
	ck_assert_uint_le(bgpls_attr_rows_len, 64);
	for (size_t i = 0; i < ARRAY_LEN(fixtures); i++) {
		ck_assert_uint_eq(bgpls_attr_rows[i].type, fixtures[i].type);
		ck_assert_str_eq(bgpls_tlv_name(fixtures[i].type), bgpls_attr_rows[i].name);
	}
}
END_TEST

START_TEST(every_attribute_tlv_reads_and_writes_to_the_same_octets)
{
	uint8_t b[256], out[256];
	size_t n = tlv_hex(b, sizeof(b), fixtures[_i].type, fixtures[_i].value);
	struct wr w = wr_of(out, sizeof(out));
	struct bgpls_attr a;
	size_t skip = 0;

	ck_assert_int_eq(attr_of(b, n, &a), VERDICT_OK);
	bgpls_attr_write(&w, &a);
	ck_assert(!w.bad);
	if (fixtures[_i].type == 1173)
		skip = 8; /* comes with its 1088 */
	ck_assert_uint_eq(w.len, n + skip);
	ck_assert_mem_eq(out + skip, b, n);
	for (size_t cap = 0; cap < w.len; cap++) {
		struct wr small = wr_of(out, cap);

		bgpls_attr_write(&small, &a);
		ck_assert(small.bad);
	}
}
END_TEST

/* Too short, too long, cut anywhere: the TLV is left out or the attribute is, never more. */
START_TEST(every_attribute_tlv_of_wrong_length_is_skipped)
{
	const struct tlv_row *row = &bgpls_attr_rows[_i];
	uint8_t b[600] = { 0 };
	size_t n = tlv_hex(b, sizeof(b), row->type, fixtures[_i].value) - 4;
	struct bgpls_attr a;

	if (row->len_min > 0) {
		b[2] = 0;
		b[3] = (uint8_t)(row->len_min - 1);
		ck_assert_int_eq(attr_of(b, 4u + row->len_min - 1u, &a), VERDICT_SKIP);
	}
	if (row->len_max < 500) {
		b[2] = (uint8_t)((row->len_max + 1) >> 8);
		b[3] = (uint8_t)(row->len_max + 1);
		ck_assert_int_eq(attr_of(b, 4u + row->len_max + 1u, &a), VERDICT_SKIP);
	}
	b[2] = 0;
	b[3] = (uint8_t)n;
	for (size_t cut = 1; cut < n + 4; cut++) {
		uint8_t *copy = malloc(cut);

		memcpy(copy, b, cut);
		ck_assert_int_eq(attr_of(copy, cut, &a), VERDICT_WITHDRAW);
		ck_assert_uint_eq(a.have, 0);
		free(copy);
	}
	/* Shorter with an honest length: read or skipped, but nothing else is touched. */
	for (size_t len = 0; len < n; len++) {
		b[3] = (uint8_t)len;
		ck_assert_int_le(attr_of(b, 4 + len, &a), VERDICT_SKIP);
	}
}
END_TEST

START_TEST(a_repeated_attribute_tlv_is_kept_once_unless_it_may_repeat)
{
	const struct tlv_row *row = &bgpls_attr_rows[_i];
	uint8_t b[512];
	size_t n = tlv_hex(b, sizeof(b), row->type, fixtures[_i].value);
	struct bgpls_attr a;

	memcpy(b + n, b, n);
	ck_assert_int_eq(attr_of(b, 2 * n, &a),
			 row->flags & TLV_MANY ? VERDICT_OK : VERDICT_SKIP);
}
END_TEST

START_TEST(an_absent_tlv_leaves_its_mark_off)
{
	struct bgpls_attr a, none = { 0 };

	ck_assert_int_eq(attr_of(NULL, 0, &a), VERDICT_OK);
	ck_assert_mem_eq(&a, &none, sizeof(a));
}
END_TEST

START_TEST(unknown_tlvs_are_counted_and_never_a_fault)
{
	uint8_t b[64];
	size_t n = tlv_hex(b, sizeof(b), 60000, "0102030405");
	struct bgpls_attr a;

	n += tlv_hex(b + n, sizeof(b) - n, 1098, "7231");
	n += tlv_hex(b + n, sizeof(b) - n, 1092, "00000014");
	ck_assert_int_eq(attr_of(b, n, &a), VERDICT_OK);
	ck_assert_uint_eq(a.unknown, 1);
	ck_assert_uint_eq(a.skipped, 1);
	ck_assert_uint_eq(a.te.te_metric, 20);
	ck_assert_ptr_null(bgpls_tlv_name(60000));
	ck_assert_str_eq(bgpls_tlv_name(1098), "link-name");
}
END_TEST

static const struct {
	uint16_t type;
	const char *value;
} bad_values[] = {
	{ 266, "0102 03" },
	{ 1026, "ff" },
	{ 1026, "6100" },
	{ 1034, "8000 000000 0489 0003 003e80" },	     /* empty range */
	{ 1034, "8000 ffffff 0489 0003 003e80" },	     /* past the label space */
	{ 1034, "8000 001f40 048a 0003 003e80" },	     /* not 1161 */
	{ 1034, "8000 001f40 0489 0004 00003e80" },	     /* an index */
	{ 1034, "8000 001f40 0489 0003 003e80 00" },	     /* a tail */
	{ 1039, "01010064" },				     /* not a flexible algorithm */
	{ 1039, "80010064 0410 0003 000000" },
	{ 1039, "80010064 0410 0008 00000000" },
	{ 1089, "7fc00000" },				     /* NaN */
	{ 1089, "7f800000" },				     /* infinity */
	{ 1089, "bf800000" },				     /* -1 */
	{ 1090, "7f7fffff" },				     /* past 63 bits */
	{ 1091, "00000000 00000000 00000000 00000000 00000000 00000000 00000000 ff800000" },
	{ 1118, "7fc00000" },
	{ 1119, "ff800000" },
	{ 1120, "c0000000" },
	{ 1096, "0000000100" },
	{ 1106, "0034 00 00 01 00 fcbbbb010001e0010000000000000000 04e4 0004 ff" },
	{ 1115, "0000044c 00000384" },			     /* min above max */
	{ 1122, "03000000 000000" },			     /* mask of 3 octets */
	{ 1122, "0c000000 400000000000000000000000" },
	{ 1122, "04000000 4000" },
	{ 1173, "0000000000" },
	{ 1252, "20404040" },				     /* more than 128 bits */
};

START_TEST(bad_values_cost_the_tlv_and_no_more)
{
	uint8_t b[256];
	size_t n = tlv_hex(b, sizeof(b), bad_values[_i].type, bad_values[_i].value);
	struct bgpls_attr a;

	n += tlv_hex(b + n, sizeof(b) - n, 1155, "0000000a");
	ck_assert_int_eq(attr_of(b, n, &a), VERDICT_SKIP);
	ck_assert_uint_eq(a.have, BGPLS_HAVE_PREFIX_METRIC);
	ck_assert_uint_eq(a.te.have, 0);
	ck_assert_uint_eq(a.n_srgb + a.n_flex + a.n_endx + a.n_adj, 0);
	ck_assert_str_eq(a.name, "");
}
END_TEST

START_TEST(igp_metric_of_one_octet_is_read_whole)
{
	struct bgpls_attr a;
	uint8_t b[16];

	ck_assert_int_eq(attr_of(b, tlv_hex(b, 16, 1095, "4d"), &a), VERDICT_OK);
	ck_assert_uint_eq(a.igp_metric, 77);
	ck_assert_int_eq(attr_of(b, tlv_hex(b, 16, 1095, "012c"), &a), VERDICT_OK);
	ck_assert_uint_eq(a.igp_metric, 300);
	ck_assert_int_eq(attr_of(b, tlv_hex(b, 16, 1092, "012c00"), &a), VERDICT_OK);
	ck_assert_uint_eq(a.te.te_metric, 0x12c00);
}
END_TEST

START_TEST(admin_groups_join_and_bits_beyond_ours_are_told)
{
	uint8_t b[128];
	size_t n = tlv_hex(b, sizeof(b), 1088, "00000005");
	struct bgpls_attr a;

	n += tlv_hex(b + n, sizeof(b) - n, 1173,
		     "ffffffff 00000002 00000000 00000000 00000000 00000000 00000000 00000000 "
		     "00000001");
	ck_assert_int_eq(attr_of(b, n, &a), VERDICT_OK);
	ck_assert_uint_eq(a.te.admin_group[0], 5); /* RFC 7308 section 2.3.1 */
	ck_assert_uint_eq(a.te.admin_group[1], 2);
	ck_assert_uint_eq(a.clipped, 1);
	ck_assert_int_eq(attr_of(b + 8, n - 8, &a), VERDICT_OK);
	ck_assert_uint_eq(a.te.admin_group[0], 0xffffffff);
}
END_TEST

START_TEST(asla_for_sr_wins_over_any_application_over_plain)
{
	uint8_t b[256];
	size_t n = tlv_hex(b, sizeof(b), 1092, "00000001");
	struct bgpls_attr a;

	n += tlv_hex(b + n, sizeof(b) - n, 1114, "00000007");
	n += tlv_hex(b + n, sizeof(b) - n, 1122, "00000000 0444 0004 00000002 0440 0004 00000008");
	n += tlv_hex(b + n, sizeof(b) - n, 1122, "04000000 10000000 0444 0004 00000009");
	ck_assert_int_eq(attr_of(b, n, &a), VERDICT_OK);
	ck_assert_uint_eq(a.te.te_metric, 2); /* Flex-Algo's own is not ours */
	ck_assert_uint_eq(a.te_flex.have, BGPLS_HAVE_TE_METRIC); /* …nor is any other Flex-Algo's */
	ck_assert_uint_eq(a.te_flex.te_metric, 9);
	ck_assert_uint_eq(a.te.admin_group[0], 8);
	ck_assert_uint_eq(a.te.delay_us, 7);
	n += tlv_hex(b + n, sizeof(b) - n, 1122, "04040000 40000000 00000000 0444 0004 00000003");
	ck_assert_int_eq(attr_of(b, n, &a), VERDICT_OK);
	ck_assert_uint_eq(a.te.te_metric, 3);
	ck_assert_uint_eq(a.te.admin_group[0], 8);
}
END_TEST

START_TEST(flex_algo_falls_back_to_any_application_never_to_plain)
{
	uint8_t b[256];
	size_t n = tlv_hex(b, sizeof(b), 1092, "00000001");
	struct bgpls_attr a;

	ck_assert_int_eq(attr_of(b, n, &a), VERDICT_OK);
	ck_assert_uint_eq(a.te_flex.have, 0);
	n += tlv_hex(b + n, sizeof(b) - n, 1122, "04000000 40000000 0444 0004 00000003");
	ck_assert_int_eq(attr_of(b, n, &a), VERDICT_OK);
	ck_assert_uint_eq(a.te_flex.have, 0);
	n += tlv_hex(b + n, sizeof(b) - n, 1122, "00000000 0444 0004 00000002 0440 0004 00000008");
	ck_assert_int_eq(attr_of(b, n, &a), VERDICT_OK);
	ck_assert_uint_eq(a.te_flex.te_metric, 2);
	ck_assert_uint_eq(a.te_flex.admin_group[0], 8);
	/* One TLV for both applications; an empty one of its own would be enough to end the rest. */
	n += tlv_hex(b + n, sizeof(b) - n, 1122, "04000000 50000000 0444 0004 00000007");
	ck_assert_int_eq(attr_of(b, n, &a), VERDICT_OK);
	ck_assert_uint_eq(a.te.te_metric, 7);
	ck_assert_uint_eq(a.te_flex.te_metric, 7);
	ck_assert_uint_eq(a.te_flex.have, BGPLS_HAVE_TE_METRIC);
}
END_TEST

START_TEST(every_asla_row_is_used)
{
	const struct tlv_row *row = &bgpls_asla_rows[_i];
	uint8_t b[256];
	struct wr w = wr_of(b, sizeof(b));
	struct bgpls_attr a;
	size_t outer = wr_tlv_open(&w, 1122), inner;

	wr_u32(&w, 0);
	inner = wr_tlv_open(&w, row->type);
	wr_zero(&w, row->len_min);
	wr_tlv_close(&w, inner, 1);
	wr_tlv_close(&w, outer, 1);
	ck_assert_int_eq(attr_of(b, w.len, &a), VERDICT_OK);
	ck_assert_uint_ne(a.te.have, 0);
	ck_assert_uint_eq(bgpls_asla_rows_len, 11);
}
END_TEST

START_TEST(flex_algo_with_what_we_do_not_know_is_marked)
{
	struct bgpls_attr a;
	uint8_t b[128];

	ck_assert_int_eq(attr_of(b, tlv_hex(b, 128, 1039, "80010064 0420 0001 00"), &a), 0);
	ck_assert(a.flex[0].unsupported);
	ck_assert_int_eq(attr_of(b, tlv_hex(b, 128, 1039, "80010064 0413 0001 40"), &a), 0);
	ck_assert(a.flex[0].unsupported);
	ck_assert_int_eq(attr_of(b, tlv_hex(b, 128, 1039, "80010064 0416 0000"), &a), 0);
	ck_assert(a.flex[0].unsupported);
	ck_assert_int_eq(attr_of(b, tlv_hex(b, 128, 1039, "80010064 0413 0001 80"), &a), 0);
	ck_assert(!a.flex[0].unsupported);
	ck_assert_uint_eq(bgpls_fad_rows_len, 6);
}
END_TEST

START_TEST(long_names_are_cut_at_a_character)
{
	struct bgpls_attr a;
	uint8_t b[128];
	struct wr w = wr_of(b, sizeof(b));
	size_t mark = wr_tlv_open(&w, 1026);

	for (size_t i = 0; i < 62; i++)
		wr_u8(&w, 'a');
	wr_u16(&w, 0xc3a4); /* would straddle the end */
	wr_tlv_close(&w, mark, 1);
	ck_assert_int_eq(attr_of(b, w.len, &a), VERDICT_OK);
	ck_assert_uint_eq(strlen(a.name), 62);
}
END_TEST

START_TEST(an_arena_at_its_limit_is_a_skip_not_a_crash)
{
	uint8_t b[4096];
	struct wr w = wr_of(b, sizeof(b));
	struct arena tiny;
	struct bgpls_attr a;
	struct fault f = { 0 };
	struct rd r;

	for (size_t i = 0; i < 100; i++) {
		uint8_t v[64];
		size_t n = tlv_hex(v, sizeof(v), 1106,
				   "0034 00 00 01 00 fcbbbb010001e0010000000000000000");

		wr_bytes(&w, v, n);
	}
	arena_init(&tiny, 1024);
	r = rd_of(b, w.len);
	ck_assert_int_eq(bgpls_attr_read(&r, &tiny, &a, &f, NULL), VERDICT_SKIP);
	ck_assert_uint_lt(a.n_endx, 100);
	arena_fini(&tiny);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bgpls");
	TCase *c = tcase_create("bgpls");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, node_vectors_read);
	tcase_add_test(c, flex_algo_vector_reads);
	tcase_add_test(c, link_vectors_read);
	tcase_add_test(c, segment_vectors_read);
	tcase_add_test(c, prefix_vectors_read);
	tcase_add_test(c, every_attribute_row_has_its_fixture);
	tcase_add_loop_test(c, every_attribute_tlv_reads_and_writes_to_the_same_octets, 0,
			    (int)ARRAY_LEN(fixtures));
	tcase_add_loop_test(c, every_attribute_tlv_of_wrong_length_is_skipped, 0,
			    (int)ARRAY_LEN(fixtures));
	tcase_add_loop_test(c, a_repeated_attribute_tlv_is_kept_once_unless_it_may_repeat, 0,
			    (int)ARRAY_LEN(fixtures));
	tcase_add_test(c, an_absent_tlv_leaves_its_mark_off);
	tcase_add_test(c, unknown_tlvs_are_counted_and_never_a_fault);
	tcase_add_loop_test(c, bad_values_cost_the_tlv_and_no_more, 0, (int)ARRAY_LEN(bad_values));
	tcase_add_test(c, igp_metric_of_one_octet_is_read_whole);
	tcase_add_test(c, admin_groups_join_and_bits_beyond_ours_are_told);
	tcase_add_test(c, asla_for_sr_wins_over_any_application_over_plain);
	tcase_add_test(c, flex_algo_falls_back_to_any_application_never_to_plain);
	tcase_add_loop_test(c, every_asla_row_is_used, 0, (int)bgpls_asla_rows_len);
	tcase_add_test(c, flex_algo_with_what_we_do_not_know_is_marked);
	tcase_add_test(c, long_names_are_cut_at_a_character);
	tcase_add_test(c, an_arena_at_its_limit_is_a_skip_not_a_crash);
	suite_add_tcase(s, c);
	return check_main(s);
}
