/* SPDX-License-Identifier: Apache-2.0 */
/* BGP-LS NLRIs: faults, truncations, order of TLVs, descriptors, a round trip. */
#include "check_main.h"

#include <stdlib.h>
#include <string.h>

#include "shared.h"
#include "southbound/bgp/codec/bgpc.h"
#include "southbound/bgp/codec/bgpls.h"

static const struct bgpls_opts tolerant = { .order = BGPLS_ORDER_FRR };

static struct ip_addr addr(const char *text)
{
	struct ip_addr a;

	ck_assert_int_eq(ip_parse(text, &a), 0);
	return a;
}

/* NLRIs as hex, with the verdict each order rule gives. */
#define HEAD "02 0000000000000000 "
#define NODE1 "0200 0004 0000fde9 0203 0006 000000000001 "
#define NODE1_LEN "0012 "
static const struct {
	uint16_t type;
	const char *value;
	enum verdict frr, strict, any;
} nlris[] = {
	{ 1, HEAD "0100 " NODE1_LEN NODE1, 0, 0, 0 },
	{ 1, HEAD "0100 0012 0203 0006 000000000001 0200 0004 0000fde9", 2, 2, 0 },
	{ 1, HEAD, 2, 2, 2 },					     /* no node */
	{ 1, "02 00000000", 2, 2, 2 },				     /* short head */
	{ 1, HEAD "0100 0008 0200 0004 0000fde9", 2, 2, 2 },	     /* node without id */
	{ 1, HEAD "0100 0008 0203 0004 0a000001", 2, 2, 2 },	     /* OSPF id in IS-IS */
	{ 1, HEAD "0100 0009 0203 0005 0a00000100", 2, 2, 2 },
	{ 1, HEAD "0100 000a 0203 0009 000000000001", 2, 2, 2 },     /* sub-TLV overruns */
	{ 1, HEAD "0100 0014 0203 0006 000000000001 0203 0006 000000000002", 2, 2, 2 },
	{ 1, "03 0000000000000000 0100 0008 0203 0004 0a000001", 0, 0, 0 },
	{ 1, "07 0000000000000000 0100 0008 0204 0004 0a000001", 0, 0, 0 },
	{ 1, HEAD "0100 " NODE1_LEN NODE1 "ffff 0001 00", 0, 0, 0 }, /* unknown descriptor */
	{ 2, HEAD "0100 " NODE1_LEN NODE1 "0101 " NODE1_LEN NODE1, 0, 0, 0 },
	{ 2, HEAD "0100 " NODE1_LEN NODE1, 2, 2, 2 },
	{ 2, HEAD "0101 " NODE1_LEN NODE1 "0100 " NODE1_LEN NODE1, 2, 2, 0 },
	{ 2, HEAD "0100 " NODE1_LEN NODE1 "0101 " NODE1_LEN NODE1 "0102 0004 00000001", 2, 2, 2 },
	{ 2, HEAD "0100 " NODE1_LEN NODE1 "0101 " NODE1_LEN NODE1 "0103 0004 0a000001 "
	     "0103 0004 0a000002", 0, 0, 0 },
	{ 2, HEAD "0100 " NODE1_LEN NODE1 "0101 " NODE1_LEN NODE1 "0103 0004 0a000002 "
	     "0103 0004 0a000001", 2, 2, 0 },
	{ 2, HEAD "0100 " NODE1_LEN NODE1 "0101 " NODE1_LEN NODE1 "0107 0002 0002 "
	     "0107 0002 0003", 2, 2, 2 },
	{ 3, HEAD "0100 " NODE1_LEN NODE1 "0109 0005 20 0a000001", 0, 0, 0 },
	{ 3, HEAD "0100 " NODE1_LEN NODE1 "0109 0001 00", 0, 0, 0 },
	{ 3, HEAD "0100 " NODE1_LEN NODE1 "0109 0004 20 0a0000", 0, 0, 0 }, /* IOS XR */
	{ 3, HEAD "0100 " NODE1_LEN NODE1 "0109 0005 21 0a000001", 2, 2, 2 },
	{ 3, HEAD "0100 " NODE1_LEN NODE1 "0109 0005 08 0a000001", 2, 2, 2 },
	{ 3, HEAD "0100 " NODE1_LEN NODE1, 2, 2, 2 },
	{ 4, HEAD "0100 " NODE1_LEN NODE1 "0107 0002 0002 0108 0001 02 0109 0005 20 20010db8", 0, 0,
	  0 },
	{ 6, HEAD "0100 " NODE1_LEN NODE1 "0107 0002 0002 0206 0010 "
	     "fcbbbb01000100000000000000000000", 0, 0, 0 },
	{ 6, HEAD "0100 " NODE1_LEN NODE1 "0206 0010 fcbbbb01000100000000000000000000 "
	     "0107 0002 0002", 0, 2, 0 },
	{ 6, HEAD "0100 " NODE1_LEN NODE1 "0206 000f fcbbbb010001000000000000000000", 2, 2, 2 },
	{ 6, HEAD "0100 " NODE1_LEN NODE1, 2, 2, 2 },
	{ 5, "00", 1, 1, 1 },
	{ 7, "", 1, 1, 1 },
	{ 999, "010203", 1, 1, 1 },
};

static enum verdict nlri_of(size_t i, enum bgpls_order order, struct bgpls_nlri *n)
{
	static uint8_t b[512];
	struct rd list = rd_of(b, tlv_hex(b, sizeof(b), nlris[i].type, nlris[i].value));
	struct bgpls_opts opts = { .order = order };
	struct bgpls_raw raw;
	struct fault f = { 0 };
	bool lost;

	ck_assert(bgpls_next(&list, &raw, &lost));
	return bgpls_nlri_read(&raw, &opts, n, &f);
}

START_TEST(nlri_faults_discard_that_nlri_only)
{
	size_t i = (size_t)_i;
	struct bgpls_nlri n, m;
	uint8_t b[512], c[512];
	struct wr w = wr_of(b, sizeof(b)), w2 = wr_of(c, sizeof(c));
	struct bgpls_raw raw;
	struct rd list;
	struct fault f = { 0 };
	bool lost;

	ck_assert_int_eq(nlri_of(i, BGPLS_ORDER_STRICT, &n), nlris[i].strict);
	ck_assert_int_eq(nlri_of(i, BGPLS_ORDER_ANY, &n), nlris[i].any);
	ck_assert_int_eq(nlri_of(i, BGPLS_ORDER_FRR, &n), nlris[i].frr);
	if (nlris[i].frr != VERDICT_OK)
		return;
	bgpls_nlri_write(&w, &n, false);
	ck_assert(!w.bad);
	list = rd_of(b, w.len);
	ck_assert(bgpls_next(&list, &raw, &lost));
	ck_assert_int_eq(bgpls_nlri_read(&raw, &tolerant, &m, &f), VERDICT_OK);
	ck_assert_mem_eq(&n, &m, sizeof(n));
	bgpls_nlri_write(&w2, &m, false);
	ck_assert_uint_eq(w.len, w2.len);
	ck_assert_mem_eq(b, c, w.len);
}
END_TEST

START_TEST(every_nlri_truncated_is_a_fault)
{
	uint8_t b[512];
	size_t n = tlv_hex(b, sizeof(b), nlris[_i].type, nlris[_i].value);

	for (size_t cut = 1; cut < n; cut++) {
		uint8_t *copy = malloc(cut);
		struct rd list = rd_of(copy, cut);
		struct bgpls_raw raw;
		bool lost;

		memcpy(copy, b, cut);
		ck_assert(!bgpls_next(&list, &raw, &lost));
		ck_assert(lost);
		if (cut >= 4) {
			struct bgpls_nlri nlri;
			struct fault f = { 0 };

			copy[2] = (uint8_t)((cut - 4) >> 8);
			copy[3] = (uint8_t)(cut - 4);
			list = rd_of(copy, cut);
			ck_assert(bgpls_next(&list, &raw, &lost));
			(void)bgpls_nlri_read(&raw, &tolerant, &nlri, &f);
		}
		free(copy);
	}
}
END_TEST

START_TEST(out_of_order_vector_is_discarded)
{
	uint8_t v[VECTOR_MAX];
	size_t len = vector_load("B22", v);
	static const struct bgpc_session_opts as4 = { .as4 = true };
	struct rd body;
	struct bgpc_fault f = { 0 };
	struct fault lf = { 0 };
	struct bgpc_update u;
	struct bgpls_raw raw;
	struct bgpls_nlri n;
	bool lost;

	if (len == 0)
		return;
	body = bgpc_frame_body(v, len);
	ck_assert_int_eq(bgpc_update_read(&body, &as4, &u, &f), BGPC_OK);
	ck_assert(bgpls_next(&u.reach.nlri, &raw, &lost));
	ck_assert_int_eq(bgpls_nlri_read(&raw, &tolerant, &n, &lf), VERDICT_WITHDRAW);
	ck_assert_int_eq(lf.why, TLV_WHY_ORDER);
	len = vector_load("B21", v);
	body = bgpc_frame_body(v, len);
	ck_assert_int_eq(bgpc_update_read(&body, &as4, &u, &f), BGPC_OK);
	ck_assert(bgpls_next(&u.reach.nlri, &raw, &lost));
	ck_assert_int_eq(bgpls_nlri_read(&raw, &tolerant, &n, &lf), VERDICT_SKIP);
}
END_TEST

static void nlri_rows_check(const struct tlv_row *rows, size_t n, const uint16_t *want,
			    size_t n_want)
{
	ck_assert_uint_eq(n, n_want);
	for (size_t i = 0; i < n; i++) {
		ck_assert_uint_eq(rows[i].type, want[i]);
		ck_assert_int_eq(rows[i].on_fault, VERDICT_WITHDRAW);
		ck_assert(i == 0 || rows[i - 1].type < rows[i].type);
	}
}

START_TEST(every_descriptor_of_the_list_is_there)
{
	static const uint16_t node[] = { 512, 513, 514, 515, 516, 517 };
	static const uint16_t link[] = { 256, 257, 258, 259, 260, 261, 262, 263 };
	static const uint16_t prefix[] = { 256, 263, 264, 265 };
	static const uint16_t sid[] = { 256, 263, 518 };

	nlri_rows_check(bgpls_node_rows, bgpls_node_rows_len, node, ARRAY_LEN(node));
	nlri_rows_check(bgpls_link_rows, bgpls_link_rows_len, link, ARRAY_LEN(link));
	nlri_rows_check(bgpls_prefix_rows, bgpls_prefix_rows_len, prefix, ARRAY_LEN(prefix));
	nlri_rows_check(bgpls_sid_rows, bgpls_sid_rows_len, sid, ARRAY_LEN(sid));
}
END_TEST

START_TEST(a_full_link_round_trips)
{
	struct bgpls_nlri n = { .type = BGPLS_LINK, .protocol = BGPLS_OSPFV3, .identifier = 7,
				.has_ids = true, .local_link_id = 1, .remote_link_id = 2,
				.has_mt = true, .mt_id = 2 }, m;
	uint8_t b[512];
	struct wr w = wr_of(b, sizeof(b));
	struct rd list;
	struct bgpls_raw raw;
	struct fault f = { 0 };
	bool lost;

	n.local = (struct bgpls_node_id){ .igp_id_len = 4, .igp_id = { 1, 2, 3, 4 }, .asn = 1,
					  .ls_id = 2, .member_as = 3, .bgp_router_id = 4 };
	n.remote = (struct bgpls_node_id){ .igp_id_len = 8, .igp_id = { 9 }, .area = 5 };
	n.local_v4 = addr("10.0.0.1");
	n.remote_v4 = addr("10.0.0.2");
	n.local_v6 = addr("2001:db8::1");
	n.remote_v6 = addr("2001:db8::2");
	bgpls_nlri_write(&w, &n, true);
	list = rd_of(b, w.len);
	ck_assert(bgpls_next(&list, &raw, &lost));
	ck_assert_int_eq(bgpls_nlri_read(&raw,
					 &(struct bgpls_opts){ .order = BGPLS_ORDER_STRICT,
							       .vpn = true },
					 &m, &f),
			 VERDICT_OK);
	ck_assert_mem_eq(&n, &m, sizeof(n));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bgpls_nlri");
	TCase *c = tcase_create("bgpls_nlri");

	tcase_add_loop_test(c, nlri_faults_discard_that_nlri_only, 0, (int)ARRAY_LEN(nlris));
	tcase_add_loop_test(c, every_nlri_truncated_is_a_fault, 0, (int)ARRAY_LEN(nlris));
	tcase_add_test(c, out_of_order_vector_is_discarded);
	tcase_add_test(c, every_descriptor_of_the_list_is_there);
	tcase_add_test(c, a_full_link_round_trips);
	suite_add_tcase(s, c);
	return check_main(s);
}
