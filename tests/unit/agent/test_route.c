/* SPDX-License-Identifier: Apache-2.0 */
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <linux/seg6_iptunnel.h>
#include <linux/seg6_local.h>
#include <string.h>

#include "base/auto.h"
#include "check_main.h"
#include "tools/agent/kernel/route.h"

static struct ip_addr addr(const char *text)
{
	struct ip_addr a;

	ck_assert_int_eq(ip_parse(text, &a), 0);
	return a;
}

static struct ip_prefix prefix(const char *text)
{
	struct ip_prefix p;

	ck_assert_int_eq(ip_prefix_parse(text, &p), 0);
	return p;
}

enum { FORMS = 12, SINGLE = 9 }; /* from here on those with several lists */

static void add(struct agent_route *r, struct agent_more *more, unsigned node, uint16_t weight, unsigned n)
{
	struct agent_weighted w = { .weight = weight, .n = (uint8_t)n };

	for (unsigned k = 0; k < n; k++) {
		w.seg[k] = addr("fcbb:bbbb:1::");
		w.seg[k].b[5] = (uint8_t)(node + k);
	}
	ck_assert(agent_route_add_list(r, more, &w));
}

/* As many and as long as they can be; an End.B6.Encaps; of IPv4. */
static struct agent_route several(int i)
{
	static struct agent_more mores[3];
	struct agent_route r = { .dst = prefix(i == 2 ? "10.9.0.0/16" : "2001:db8:c2::/64"),
				 .table = RT_TABLE_MAIN,
				 .metric = 10,
				 .protocol = AGENT_PROTO,
				 .dev = 7,
				 .reduced = i == 0,
				 .kind = i == 1 ? AGENT_ROUTE_LOCAL : AGENT_ROUTE_ENCAP,
				 .action = i == 1 ? SEG6_LOCAL_ACTION_END_B6_ENCAP : 0,
				 .counters = i == 1 };

	for (unsigned k = 0; k < (i == 0 ? SR_LISTS_MAX : 2); k++)
		add(&r, &mores[i], 2 + k, (uint16_t)(k ? k * 36 : AGENT_WEIGHT_MAX), i == 0 ? AGENT_SEGS_MAX : 1 + k);
	return r;
}

static struct agent_route form(int i)
{
	struct agent_route r = { .dst = prefix("2001:db8:c2::/64"),
				 .table = RT_TABLE_MAIN,
				 .metric = 10,
				 .protocol = AGENT_PROTO,
				 .dev = 7,
				 .kind = AGENT_ROUTE_LOCAL,
				 .counters = true };
	static const uint8_t actions[SINGLE] = {
		[2] = SEG6_LOCAL_ACTION_END,	 [3] = SEG6_LOCAL_ACTION_END_X,
		[4] = SEG6_LOCAL_ACTION_END_DT6, [5] = SEG6_LOCAL_ACTION_END_DX4,
		[6] = SEG6_LOCAL_ACTION_END_DX6, [7] = SEG6_LOCAL_ACTION_END_B6_ENCAP,
		[8] = SEG6_LOCAL_ACTION_END_X,
	};

	if (i >= SINGLE)
		return several(i - SINGLE);
	r.action = actions[i];
	if (i < 2) {
		r.kind = AGENT_ROUTE_ENCAP;
		r.counters = false;
		r.reduced = i == 1;
		r.table = i ? 1000 : RT_TABLE_MAIN;
		if (i)
			r.dst = prefix("10.9.0.0/16");
	}
	if (i < 2 || i == 7) {
		r.n = (uint8_t)(i ? 3 : AGENT_SEGS_MAX);
		for (unsigned k = 0; k < r.n; k++) {
			r.seg[k] = addr("fcbb:bbbb:1::");
			r.seg[k].b[5] = (uint8_t)(k + 1);
		}
	}
	if (i == 4)
		r.lookup = 100;
	if (i == 5)
		r.nh = addr("10.9.0.2");
	if (i == 3 || i == 6 || i == 8)
		r.nh = addr("fe80::2");
	if (i == 2 || i == 8) {
		r.next_csid = true;
		r.lblen = 32;
		r.nflen = i == 2 ? 16 : 32;
		r.oif = i == 8 ? 9 : 0;
	}
	return r;
}

START_TEST(what_is_written_reads_back_the_same)
{
	uint64_t buf[AGENT_ROUTE_BYTES / 8];
	struct agent_route in = form(_i), out;
	struct agent_more more;
	const struct nlmsghdr *h = agent_route_put(buf, &in, AGENT_ROUTE_REPLACE);

	ck_assert_uint_le(h->nlmsg_len, AGENT_ROUTE_BYTES);
	ck_assert(agent_route_get_all(h, &out, &more));
	ck_assert(agent_route_same(&in, &out));
	ck_assert(agent_route_get(h, &out)); /* one that is not asked for all of them takes none for all */
	ck_assert(agent_route_same(&in, &out) == (_i < SINGLE));
	ck_assert_int_eq(out.protocol, AGENT_PROTO);
}
END_TEST

START_TEST(different_forms_are_not_the_same)
{
	for (int k = 0; k < FORMS; k++) {
		struct agent_route a = form(_i), b = form(k);

		ck_assert(agent_route_same(&a, &b) == (k == _i));
	}
}
END_TEST

START_TEST(each_part_of_a_route_makes_a_difference)
{
	struct agent_route a = form(8), b;

#define DIFFERS(change)                                                                            \
	do {                                                                                       \
		b = a;                                                                             \
		change;                                                                            \
		ck_assert_msg(!agent_route_same(&a, &b), #change);                                 \
	} while (0)
	DIFFERS(b.nflen = 16);
	DIFFERS(b.lblen = 48);
	DIFFERS(b.nh = addr("fe80::3"));
	DIFFERS(b.oif = 1);
	DIFFERS(b.dev = 1);
	DIFFERS(b.metric = 11);
	DIFFERS(b.table = 11);
	DIFFERS(b.counters = false);
	DIFFERS(b.next_csid = false);
	DIFFERS(b.dst = prefix("2001:db8:c2::/63"));
	a = form(0);
	DIFFERS(b.reduced = true);
	DIFFERS(b.n--);
	DIFFERS(b.seg[3].b[15] = 1);
#undef DIFFERS
	b = a;
	b.packets = 5;
	b.protocol = 9;
	ck_assert(agent_route_same(&a, &b));
}
END_TEST

START_TEST(no_truncation_is_read_past_its_end)
{
	uint64_t buf[AGENT_ROUTE_BYTES / 8];
	struct agent_route in = form(_i), out;
	struct agent_more more;
	const struct nlmsghdr *h = agent_route_put(buf, &in, AGENT_ROUTE_REPLACE);

	for (uint32_t n = sizeof(*h); n < h->nlmsg_len; n++) {
		struct nlmsghdr *cut = malloc(n);

		memcpy(cut, h, n);
		cut->nlmsg_len = n;
		(void)agent_route_get_all(cut, &out, &more);
		ck_assert(out.n <= AGENT_SEGS_MAX && (!out.more || out.more->n < SR_LISTS_MAX));
		free(cut);
	}
}
END_TEST

START_TEST(what_is_no_unicast_route_is_refused)
{
	uint64_t buf[AGENT_ROUTE_BYTES / 8];
	struct agent_route in = form(0), out;
	struct nlmsghdr *h = agent_route_put(buf, &in, AGENT_ROUTE_ADD);
	struct rtmsg *m = mnl_nlmsg_get_payload(h);

	m->rtm_type = RTN_LOCAL;
	ck_assert(!agent_route_get(h, &out));
	m->rtm_type = RTN_UNICAST;
	m->rtm_family = AF_UNSPEC;
	ck_assert(!agent_route_get(h, &out));
}
END_TEST

START_TEST(a_removal_names_the_key_and_our_protocol_only)
{
	uint64_t buf[AGENT_ROUTE_BYTES / 8];
	struct agent_route in = form(0), out;
	const struct nlmsghdr *h = agent_route_put(buf, &in, AGENT_ROUTE_DEL);

	ck_assert_int_eq(h->nlmsg_type, RTM_DELROUTE);
	ck_assert(agent_route_get(h, &out));
	ck_assert_int_eq(agent_route_key_cmp(&in, &out), 0);
	ck_assert_int_eq(out.protocol, AGENT_PROTO);
	ck_assert_uint_eq(out.n, 0);
	ck_assert_uint_eq(out.dev, 0);
}
END_TEST

START_TEST(the_order_of_lists_means_nothing_all_else_of_them_does)
{
	struct agent_route a = { .kind = AGENT_ROUTE_ENCAP }, b = a, c = a, d = a, e = a;
	struct agent_more am, bm, cm, dm, em;
	struct agent_weighted w = { .weight = 1, .n = 1 };

	add(&a, &am, 2, 3, 1);
	add(&a, &am, 3, 1, 1);
	add(&b, &bm, 3, 1, 1);
	add(&b, &bm, 2, 3, 1);
	ck_assert(agent_route_same(&a, &b));
	add(&c, &cm, 2, 1, 1); /* the weights the other way round */
	add(&c, &cm, 3, 3, 1);
	ck_assert(!agent_route_same(&a, &c));
	add(&d, &dm, 2, 3, 1);
	ck_assert(!agent_route_same(&a, &d));
	add(&d, &dm, 3, 1, 2);
	ck_assert(!agent_route_same(&a, &d));
	for (unsigned k = 0; k < SR_LISTS_MAX; k++)
		add(&e, &em, 2 + k, 1, 1);
	w.seg[0] = addr("fcbb:bbbb:99::");
	ck_assert(!agent_route_add_list(&e, &em, &w)); /* no room */
	w.seg[0] = e.more->at[3].seg[0];
	ck_assert(agent_route_add_list(&e, &em, &w)); /* none needed */
	ck_assert_uint_eq(e.more->at[3].weight, 2);
}
END_TEST

/* A next hop that is not the like of the others makes the whole none of ours. */
START_TEST(next_hops_of_different_kinds_are_a_plain_route)
{
	uint64_t buf[AGENT_ROUTE_BYTES / 8];
	struct agent_route in = form(SINGLE), out;
	struct agent_more more;
	struct nlmsghdr *h = agent_route_put(buf, &in, AGENT_ROUTE_ADD);
	uint8_t *p = (uint8_t *)buf;
	int32_t mode = 0; /* inline, of the last one */
	size_t at = h->nlmsg_len;
	const int32_t red = SEG6_IPTUN_MODE_ENCAP_RED;

	while (at > 0 && memcmp(p + at, &red, sizeof(red)) != 0)
		at -= 4;
	ck_assert_uint_gt(at, 0);
	memcpy(p + at, &mode, sizeof(mode));
	ck_assert(agent_route_get_all(h, &out, &more));
	ck_assert_int_eq(out.kind, AGENT_ROUTE_PLAIN);
	ck_assert_ptr_null(out.more);
	ck_assert(!agent_route_same(&in, &out));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("agent-route");
	TCase *t = tcase_create("route");

	tcase_add_loop_test(t, what_is_written_reads_back_the_same, 0, FORMS);
	tcase_add_loop_test(t, different_forms_are_not_the_same, 0, FORMS);
	tcase_add_test(t, each_part_of_a_route_makes_a_difference);
	tcase_add_loop_test(t, no_truncation_is_read_past_its_end, 0, FORMS);
	tcase_add_test(t, the_order_of_lists_means_nothing_all_else_of_them_does);
	tcase_add_test(t, next_hops_of_different_kinds_are_a_plain_route);
	tcase_add_test(t, what_is_no_unicast_route_is_refused);
	tcase_add_test(t, a_removal_names_the_key_and_our_protocol_only);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return check_main(suite());
}
