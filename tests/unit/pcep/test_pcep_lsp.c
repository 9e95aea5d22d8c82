/* SPDX-License-Identifier: Apache-2.0 */
/* Values to items, over the wire, and back. */
#include "check_main.h"

#include <string.h>

#include "southbound/pcep/pcep_lsp.h"

static struct arena arena;
static uint8_t wire[8192];

static struct ip_addr addr(const char *text)
{
	struct ip_addr a;

	ck_assert_int_eq(ip_parse(text, &a), 0);
	return a;
}

/* The item as the other side reads it. */
static const struct pcepc_item *over(uint8_t type, struct pcep_item *b)
{
	struct pcepc_msg msg = { .type = type, .items = &b->item, .n_items = 1 }, *got = NULL;
	struct wr w = wr_of(wire, sizeof(wire));
	struct pcepc_fault fault = { 0 };

	pcepc_write(&w, &msg);
	ck_assert(!w.bad);
	ck_assert_int_eq(pcepc_read(&arena, wire, w.len, &got, &fault), VERDICT_OK);
	ck_assert_uint_eq(got->n_items, 1);
	return got->items;
}

static void setup(void)
{
	arena_init(&arena, 1 << 20);
}

static void teardown(void)
{
	arena_fini(&arena);
}

static struct sr_list srv6_list(void)
{
	struct sr_list l = { .dataplane = SR_SRV6, .n = 3 };

	l.at[0] = (struct sr_segment){ .kind = SR_SEG_NODE, .behavior = SR_BEHAVIOR_UN,
				       .sid = addr("fc00:0:2::"), .structure = { 32, 16, 0, 0 },
				       .nai_local = addr("2001:db8::2") };
	l.at[1] = (struct sr_segment){ .kind = SR_SEG_ADJ, .behavior = SR_BEHAVIOR_UA,
				       .sid = addr("fc00:0:2:e001::"), .structure = { 32, 16, 16, 0 },
				       .nai_local = addr("2001:db8:1::1"),
				       .nai_remote = addr("2001:db8:1::2") };
	l.at[2] = (struct sr_segment){ .kind = SR_SEG_OTHER, .sid = addr("fc00:0:3:4:5::") };
	return l;
}

START_TEST(an_srv6_list_comes_back_with_nai_structure_and_behaviour)
{
	struct sr_list want = srv6_list(), got;
	const struct pcepc_item *it;
	struct pcep_item b;

	pcep_item_init(&b);
	pcep_item_srp(&b, 7, 0, SR_SRV6);
	pcep_item_lsp(&b, 0, PCEPC_LSP_DELEGATE, "east");
	pcep_item_list(&b, &want, true);
	it = over(PCEPC_PCINITIATE, &b);
	ck_assert(it->srp->has_pst && it->srp->pst == 3);
	ck_assert_uint_eq(it->ero->hops[0].nai_type, 2);
	ck_assert_uint_eq(it->ero->hops[1].nai_type, 4);
	ck_assert(!it->ero->hops[2].has_nai && !it->ero->hops[2].has_structure);
	ck_assert_uint_eq(it->ero->hops[2].behavior, 0xffff);
	ck_assert(pcep_list_of(it->ero, SR_SRV6, &got));
	ck_assert(sr_list_eq(&want, &got));
	ck_assert_uint_eq(got.at[0].kind, SR_SEG_NODE);
	ck_assert_uint_eq(got.at[0].structure.lb, 32);
	ck_assert_uint_eq(got.at[1].kind, SR_SEG_ADJ);
	ck_assert_uint_eq(got.at[1].structure.fun, 16);
	ck_assert(ip_eq(&got.at[1].nai_remote, &want.at[1].nai_remote));
	ck_assert_uint_eq(got.at[2].kind, SR_SEG_OTHER);
	pcep_item_list(&b, &want, false); /* the behaviour tells the kind as well */
	ck_assert(pcep_list_of(&b.ero, SR_SRV6, &got));
	ck_assert_uint_eq(got.at[0].kind, SR_SEG_NODE);
	ck_assert_uint_eq(got.at[1].kind, SR_SEG_ADJ);
}
END_TEST

START_TEST(labels_come_back_and_without_nai_when_asked)
{
	struct sr_list want = { .dataplane = SR_MPLS, .n = 2 }, got;
	const struct pcepc_item *it;
	struct pcep_item b;
	bool nai = _i == 1;

	want.at[0] = (struct sr_segment){ .label = 16005, .nai_local = addr("192.0.2.5") };
	want.at[1] = (struct sr_segment){ .label = 0xfffff };
	pcep_item_init(&b);
	pcep_item_srp(&b, 7, 0, SR_MPLS);
	pcep_item_lsp(&b, 9, 0, "");
	pcep_item_list(&b, &want, nai);
	it = over(PCEPC_PCUPD, &b);
	ck_assert(it->srp->pst == 1 && !it->lsp->has_name);
	ck_assert_uint_eq(it->ero->hops[0].label_word, 16005u << 12);
	ck_assert_int_eq(it->ero->hops[0].has_nai, nai);
	ck_assert(pcep_list_of(it->ero, SR_MPLS, &got));
	ck_assert(sr_list_eq(&want, &got));
	ck_assert_uint_eq(got.at[0].kind, nai ? SR_SEG_NODE : SR_SEG_OTHER);
}
END_TEST

START_TEST(a_link_local_adjacency_is_sent_without_nai)
{
	struct sr_list l = srv6_list();
	struct pcep_item b;

	l.at[1].nai_remote = addr("fe80::2");
	pcep_item_init(&b);
	pcep_item_list(&b, &l, true);
	ck_assert(b.hops[0].has_nai && !b.hops[1].has_nai);
}
END_TEST

START_TEST(a_list_longer_than_ours_is_cut_and_said_so)
{
	struct pcepc_hop hops[SR_SEGS_MAX + 1];
	struct pcepc_route route = { .hops = hops, .n = SR_SEGS_MAX };
	struct sr_list l;

	for (size_t i = 0; i <= SR_SEGS_MAX; i++)
		hops[i] = (struct pcepc_hop){ .type = PCEPC_HOP_SR, .has_sid = true, .is_label = true,
					      .label_word = (uint32_t)(i + 16) << 12 };
	ck_assert(pcep_list_of(&route, SR_MPLS, &l));
	route.n++;
	ck_assert(!pcep_list_of(&route, SR_MPLS, &l));
	ck_assert_uint_eq(l.n, SR_SEGS_MAX);
}
END_TEST

START_TEST(a_report_says_everything_of_its_lsp)
{
	struct sr_policy_key key = { .headend = addr("2001:db8::1"),
					     .color = 100, .endpoint = addr("2001:db8::9") };
	struct sr_cpath_id cpath = { 10, 65000, addr("2001:db8::ffff"), 42 };
	struct sr_list list = srv6_list();
	struct ip_addr bsid = addr("fc00:0:1:b001::");
	uint32_t preference = 150;
	struct lsp_state st;
	struct pcep_item b;

	pcep_item_init(&b);
	pcep_item_srp(&b, 3, 0, SR_SRV6);
	pcep_item_lsp(&b, 77,
		      PCEPC_LSP_DELEGATE | PCEPC_LSP_ADMIN | PCEPC_LSP_CREATE |
			      LSP_ACTIVE << PCEPC_LSP_OPER_SHIFT,
		      "east-min-delay");
	pcep_item_binding(&b, &bsid, 0);
	pcep_item_list(&b, &list, true);
	pcep_item_policy(&b, &key, &cpath, &preference);
	pcep_item_bandwidth(&b, 10000000);
	pcep_item_prios(&b, 3, 2);
	ck_assert(pcep_state_of(over(PCEPC_PCRPT, &b), &st));
	ck_assert_str_eq(st.name, "east-min-delay");
	ck_assert_uint_eq(st.plsp_id, 77);
	ck_assert(st.delegated && st.admin_up && st.pce_initiated && !st.sync && !st.removed);
	ck_assert_uint_eq(st.oper, LSP_ACTIVE);
	ck_assert(st.has_key && st.color == 100 && ip_eq(&st.endpoint, &key.endpoint));
	ck_assert(st.has_cpath && st.cpath.origin == 10 && st.cpath.asn == 65000 &&
		  st.cpath.discriminator == 42 && ip_eq(&st.cpath.originator, &cpath.originator));
	ck_assert(st.has_preference && st.preference == 150);
	ck_assert(sr_list_eq(&st.list, &list) && !st.list_truncated);
	ck_assert_uint_eq(st.bandwidth_bps, 10000000);
	ck_assert(ip_eq(&st.binding_sid, &bsid));
	ck_assert(st.setup_prio == 3 && st.hold_prio == 2);
}
END_TEST

START_TEST(the_data_plane_is_the_setup_type_or_else_the_hops)
{
	static const struct {
		uint8_t pst, hop;
		bool has_pst, good;
		uint8_t want;
	} rows[] = { { 1, 0, true, true, SR_MPLS },   { 3, 0, true, true, SR_SRV6 },
		     { 0, 36, true, false, 0 },	      { 0, 36, false, true, SR_MPLS },
		     { 0, 40, false, true, SR_SRV6 }, { 0, 0, false, false, 0 } };
	uint8_t got;
	struct pcep_item b;

	pcep_item_init(&b);
	b.srp = (struct pcepc_srp){ .has_pst = rows[_i].has_pst, .pst = rows[_i].pst };
	b.hops[0] = (struct pcepc_hop){ .type = rows[_i].hop };
	b.ero = (struct pcepc_route){ .hops = b.hops, .n = rows[_i].hop != 0 };
	b.item.srp = &b.srp;
	b.item.ero = &b.ero;
	ck_assert_int_eq(pcep_dataplane_of(&b.item, &got), rows[_i].good);
	if (rows[_i].good)
		ck_assert_uint_eq(got, rows[_i].want);
}
END_TEST

START_TEST(error_existing_bandwidth_and_a_recorded_route_are_read)
{
	struct sr_list list = srv6_list();
	struct lsp_state st;
	struct pcep_item b;

	pcep_item_init(&b);
	pcep_item_lsp(&b, 5, 0, "x");
	b.lsp.has_error = true;
	b.lsp.error = 10;
	pcep_item_list(&b, &list, true);
	b.item.rro = b.item.ero; /* the path by the RRO alone */
	b.item.ero = NULL;
	b.item.has_existing = true;
	b.item.existing_bps = 8000;
	ck_assert(pcep_state_of(&b.item, &st));
	ck_assert(st.error == 10 && st.bandwidth_bps == 8000 && sr_list_eq(&st.list, &list));
	pcep_item_bandwidth(&b, 16000); /* what is asked for comes before what is there */
	ck_assert(pcep_state_of(&b.item, &st));
	ck_assert_uint_eq(st.bandwidth_bps, 16000);
}
END_TEST

START_TEST(several_lists_come_with_their_weights)
{
	struct sr_more more = { .weight = 3, .n = SR_LISTS_MAX - 1 }, got;
	struct sr_list list = srv6_list();
	struct lsp_state st;
	struct pcep_item b;

	for (unsigned k = 0; k < more.n; k++) {
		more.at[k] = (struct sr_weighted){ .weight = k + 1, .list = srv6_list() };
		more.at[k].list.n = (uint8_t)(1 + k % list.n);
	}
	list.more = &more;
	pcep_item_init(&b);
	pcep_item_srp(&b, 3, 0, SR_SRV6);
	pcep_item_lsp(&b, 5, 0, "x");
	pcep_item_list(&b, &list, true);
	ck_assert(pcep_state_all(over(PCEPC_PCRPT, &b), &st, &got));
	ck_assert(!st.list_truncated && sr_list_eq(&st.list, &list));
	more.at[0].weight++;
	ck_assert(!sr_list_eq(&st.list, &list));
	/* A peer's weights are what they are to each other, however large. */
	more.weight = more.at[0].weight = UINT32_MAX;
	more.at[1].weight = UINT32_MAX / 2 + 1;
	pcep_item_list(&b, &list, true);
	ck_assert(pcep_state_all(over(PCEPC_PCRPT, &b), &st, &got));
	ck_assert_uint_le(sr_list_total(&st.list), UINT32_MAX);
	ck_assert_uint_eq(sr_list_weight(&st.list, 0), sr_list_weight(&st.list, 1));
	ck_assert_uint_eq((sr_list_weight(&st.list, 0) + 1) / 2, sr_list_weight(&st.list, 2));
	ck_assert_uint_ge(sr_list_weight(&st.list, 3), 1);
	/* One of them leads nowhere: the whole is not known. */
	more.at[2].list.n = 0;
	pcep_item_list(&b, &list, true);
	ck_assert(pcep_state_all(over(PCEPC_PCRPT, &b), &st, &got));
	ck_assert(st.list_truncated);
}
END_TEST

START_TEST(a_bare_report_leaves_the_rest_unknown)
{
	struct lsp_state st;
	struct pcep_item b;

	pcep_item_init(&b);
	pcep_item_lsp(&b, 5, PCEPC_LSP_REMOVE | PCEPC_LSP_SYNC, "");
	pcep_item_list(&b, &(const struct sr_list){ .n = 0 }, true);
	ck_assert(pcep_state_of(over(PCEPC_PCRPT, &b), &st));
	ck_assert(st.name[0] == '\0' && !st.has_key && !st.has_cpath && !st.has_preference);
	ck_assert(st.removed && st.sync && !st.delegated && st.list.n == 0);
	ck_assert(st.endpoint.family == IP_NONE && st.binding_sid.family == IP_NONE);
	ck_assert(st.setup_prio == 7 && st.hold_prio == 7);
}
END_TEST

START_TEST(colour_of_the_vendor_object_needs_an_endpoint)
{
	struct lsp_state st;
	struct pcep_item b;

	pcep_item_init(&b);
	pcep_item_lsp(&b, 5, 0, "x");
	pcep_item_list(&b, &(const struct sr_list){ .dataplane = SR_MPLS }, false);
	pcep_item_vendor(&b, 7, NULL);
	pcep_item_binding(&b, &(const struct ip_addr){ 0 }, 3000);
	if (_i == 1) {
		b.lsp.has_ids = true;
		b.lsp.ids.sender = addr("192.0.2.1");
		b.lsp.ids.endpoint = addr("192.0.2.9");
	}
	ck_assert(pcep_state_of(over(PCEPC_PCRPT, &b), &st));
	ck_assert_int_eq(st.has_key, _i == 1);
	ck_assert_uint_eq(st.color, 7);
	ck_assert_uint_eq(st.binding_label, 3000);
}
END_TEST

START_TEST(a_name_too_long_for_us_is_no_identity)
{
	char name[SR_NAME_MAX + 1];
	struct lsp_state st;
	struct pcep_item b;

	memset(name, 'n', sizeof(name));
	name[SR_NAME_MAX - (_i == 0)] = '\0';
	pcep_item_init(&b);
	pcep_item_lsp(&b, 5, 0, name);
	ck_assert_int_eq(pcep_state_of(&b.item, &st), _i == 0);
	ck_assert_uint_eq(strlen(st.name), SR_NAME_MAX - 1);
}
END_TEST

START_TEST(an_association_being_left_is_not_one)
{
	struct sr_policy_key key = { .headend = addr("2001:db8::1"),
					     .color = 100, .endpoint = addr("2001:db8::9") };
	struct lsp_state st;
	struct pcep_item b;

	pcep_item_init(&b);
	pcep_item_lsp(&b, 5, 0, "x");
	pcep_item_policy(&b, &key, NULL, NULL);
	b.assoc.remove = true;
	ck_assert(pcep_state_of(&b.item, &st));
	ck_assert(!st.has_key);
	b.assoc.remove = false;
	ck_assert(pcep_state_of(&b.item, &st));
	ck_assert(st.has_key && !st.has_cpath && !st.has_preference);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pcep_lsp");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, an_srv6_list_comes_back_with_nai_structure_and_behaviour);
	tcase_add_loop_test(t, labels_come_back_and_without_nai_when_asked, 0, 2);
	tcase_add_test(t, a_link_local_adjacency_is_sent_without_nai);
	tcase_add_test(t, a_list_longer_than_ours_is_cut_and_said_so);
	tcase_add_test(t, a_report_says_everything_of_its_lsp);
	tcase_add_loop_test(t, the_data_plane_is_the_setup_type_or_else_the_hops, 0, 6);
	tcase_add_test(t, error_existing_bandwidth_and_a_recorded_route_are_read);
	tcase_add_test(t, several_lists_come_with_their_weights);
	tcase_add_test(t, a_bare_report_leaves_the_rest_unknown);
	tcase_add_loop_test(t, colour_of_the_vendor_object_needs_an_endpoint, 0, 2);
	tcase_add_loop_test(t, a_name_too_long_for_us_is_no_identity, 0, 2);
	tcase_add_test(t, an_association_being_left_is_not_one);
	suite_add_tcase(s, t);
	return check_main(s);
}
