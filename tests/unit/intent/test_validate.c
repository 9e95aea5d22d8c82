/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy may say: every refusal with its field, and beside each a policy that passes. */
#include "world.h"

#include <string.h>

static void setup(void)
{
	world_up(NULL);
	net_square();
}

static struct intent_result check(const struct intent_policy *p)
{
	struct intent_result r;

	intent_validate(world.intent, p, &r);
	ck_assert(r.code == 0 || r.text[0] != '\0');
	return r;
}

static void accepted(const struct intent_policy *p)
{
	struct intent_result r = check(p);

	ck_assert_msg(r.code == 0, "%s: %s", r.field, r.text);
}

static void refused(const struct intent_policy *p, const char *field)
{
	struct intent_result r = check(p);

	ck_assert_int_eq(r.code, INTENT_E_INVALID);
	ck_assert_str_eq(r.field, field);
}

/* A table row: makes a good policy bad, and the field that says so. */
struct fault {
	const char *field;
	void (*make)(struct intent_policy *p);
};

static void no_headend(struct intent_policy *p)
{
	p->key.headend = (struct ip_addr){ 0 };
}

static void any_headend(struct intent_policy *p)
{
	ip_parse("::", &p->key.headend);
}

static void multicast_headend(struct intent_policy *p)
{
	ip_parse("ff02::1", &p->key.headend);
}

static void multicast4_headend(struct intent_policy *p)
{
	ip_parse("224.0.0.5", &p->key.headend);
}

static void unknown_headend(struct intent_policy *p)
{
	ip_parse("2001:db8:7::7", &p->key.headend);
}

static void no_color(struct intent_policy *p)
{
	p->key.color = 0;
}

static void no_endpoint(struct intent_policy *p)
{
	p->key.endpoint = (struct ip_addr){ 0 };
}

static void null_endpoint(struct intent_policy *p)
{
	ip_parse("::", &p->key.endpoint);
}

static void loopback_endpoint(struct intent_policy *p)
{
	ip_parse("::1", &p->key.endpoint);
}

static void endpoint_is_headend(struct intent_policy *p)
{
	p->key.endpoint = p->key.headend;
}

static void name_of_space(struct intent_policy *p)
{
	memcpy(p->name, " x", 3);
}

static void name_trailing(struct intent_policy *p)
{
	memcpy(p->name, "x ", 3);
}

static void name_control(struct intent_policy *p)
{
	memcpy(p->name, "x\ny", 4);
}

static void name_endless(struct intent_policy *p)
{
	memset(p->name, 'x', sizeof(p->name));
}

static void too_fast(struct intent_policy *p)
{
	p->bandwidth_bps = UINT64_C(100000000000001);
}

static void setup_8(struct intent_policy *p)
{
	p->setup_prio = 8;
}

static void hold_8(struct intent_policy *p)
{
	p->hold_prio = 8;
}

static void hold_worse(struct intent_policy *p)
{
	p->setup_prio = 3;
	p->hold_prio = 4;
}

static void other_plane(struct intent_policy *p)
{
	p->dataplane = 2;
}

static void all_reserved(struct intent_policy *p)
{
	p->msd = 3;
	p->reserved = 3;
}

static void reserved_16(struct intent_policy *p)
{
	p->reserved = 16;
}

static void no_cpath(struct intent_policy *p)
{
	p->n_cpaths = 0;
}

static void nine_cpaths(struct intent_policy *p)
{
	p->n_cpaths = 9;
}

static void same_preference(struct intent_policy *p)
{
	cpath_add(p, 100);
}

static void cpath_name(struct intent_policy *p)
{
	memcpy(p->cpaths[0].name, "\x7f", 2);
}

static void no_metric(struct intent_policy *p)
{
	p->cpaths[0].minimise = (enum pce_metric)7;
}

static void no_hops(struct intent_policy *p)
{
	p->cpaths[0].hops_max = 0;
}

static void affinity_both(struct intent_policy *p)
{
	p->cpaths[0].affinity.exclude_any[7] = 1U << 31;
	p->cpaths[0].affinity.include_all[7] = 1U << 31;
}

static void affinity_vain(struct intent_policy *p)
{
	p->cpaths[0].affinity.exclude_any[0] = 6;
	p->cpaths[0].affinity.include_any[0] = 2;
}

static void exclude(struct intent_policy *p, const char *text)
{
	memcpy(p->cpaths[0].exclude[p->cpaths[0].n_exclude++], text, strlen(text) + 1);
}

static void exclude_nothing(struct intent_policy *p)
{
	exclude(p, "b");
	exclude(p, "z");
}

static void exclude_no_link(struct intent_policy *p)
{
	exclude(p, "a>d");
}

static void exclude_empty(struct intent_policy *p)
{
	exclude(p, "");
}

static void exclude_headend(struct intent_policy *p)
{
	exclude(p, "a");
}

static void exclude_endpoint(struct intent_policy *p)
{
	exclude(p, "2001:db8:0:4::1");
}

static void exclude_17(struct intent_policy *p)
{
	p->cpaths[0].n_exclude = 17;
}

static void mix_of_nothing(struct intent_policy *p)
{
	p->cpaths[0].minimise = PCE_MIX;
}

static void no_objective(struct intent_policy *p)
{
	p->cpaths[0].objective = (enum pce_objective)3;
}

static void empty_window(struct intent_policy *p)
{
	p->cpaths[0].delay_us_max = 10;
	p->cpaths[0].delay_us_min = 11;
}

static void loses_more_than_all(struct intent_policy *p)
{
	p->cpaths[0].loss_ppm_max = 1000001;
}

static void rigid_algorithm(struct intent_policy *p)
{
	p->cpaths[0].algo = 127;
}

static void include(struct intent_policy *p, const char *text)
{
	memcpy(p->cpaths[0].include[p->cpaths[0].n_include++].text, text, strlen(text) + 1);
}

static void include_nothing(struct intent_policy *p)
{
	include(p, "z");
}

static void include_twice(struct intent_policy *p)
{
	include(p, "b");
	include(p, "b");
}

static void include_no_domain(struct intent_policy *p)
{
	include(p, "asn:64999");
}

static void include_no_group(struct intent_policy *p)
{
	include(p, "srlg:4294967295");
}

static void include_no_number(struct intent_policy *p)
{
	include(p, "asn:4294967296");
}

static void include_excluded_domain(struct intent_policy *p)
{
	include(p, "asn:65001");
	p->cpaths[0].exclude_asn[p->cpaths[0].n_exclude_asn++] = 65001;
}

static void include_excluded(struct intent_policy *p)
{
	include(p, "b");
	exclude(p, "b");
}

static void srlgs_17(struct intent_policy *p)
{
	p->cpaths[0].n_exclude_srlg = 17;
}

static void cpath_kind(struct intent_policy *p)
{
	memset(&p->cpaths[0].kind, 2, sizeof(p->cpaths[0].kind));
}

static const struct fault faults[] = {
	{ "headend", no_headend },
	{ "headend", any_headend },
	{ "headend", multicast_headend },
	{ "headend", multicast4_headend },
	{ "headend", unknown_headend },
	{ "color", no_color },
	{ "endpoint", no_endpoint },
	{ "endpoint", null_endpoint },
	{ "endpoint", loopback_endpoint },
	{ "endpoint", endpoint_is_headend },
	{ "name", name_of_space },
	{ "name", name_trailing },
	{ "name", name_control },
	{ "name", name_endless },
	{ "bandwidth", too_fast },
	{ "setup-priority", setup_8 },
	{ "hold-priority", hold_8 },
	{ "hold-priority", hold_worse },
	{ "dataplane", other_plane },
	{ "reserved-sids", all_reserved },
	{ "reserved-sids", reserved_16 },
	{ "candidate-path", no_cpath },
	{ "candidate-path", nine_cpaths },
	{ "candidate-path[preference='100']", same_preference },
	{ "candidate-path[preference='100']", cpath_kind },
	{ "candidate-path[preference='100']/name", cpath_name },
	{ "candidate-path[preference='100']/dynamic/metric", no_metric },
	{ "candidate-path[preference='100']/dynamic/bounds/hops", no_hops },
	{ "candidate-path[preference='100']/dynamic/affinity", affinity_both },
	{ "candidate-path[preference='100']/dynamic/affinity", affinity_vain },
	{ "candidate-path[preference='100']/dynamic/exclude", exclude_nothing },
	{ "candidate-path[preference='100']/dynamic/exclude", exclude_no_link },
	{ "candidate-path[preference='100']/dynamic/exclude", exclude_empty },
	{ "candidate-path[preference='100']/dynamic/exclude", exclude_headend },
	{ "candidate-path[preference='100']/dynamic/exclude", exclude_endpoint },
	{ "candidate-path[preference='100']/dynamic/exclude", exclude_17 },
	{ "candidate-path[preference='100']/dynamic/metric", mix_of_nothing },
	{ "candidate-path[preference='100']/dynamic/objective", no_objective },
	{ "candidate-path[preference='100']/dynamic/bounds/delay-min", empty_window },
	{ "candidate-path[preference='100']/dynamic/bounds/loss", loses_more_than_all },
	{ "candidate-path[preference='100']/dynamic/algorithm", rigid_algorithm },
	{ "candidate-path[preference='100']/dynamic/include", include_nothing },
	{ "candidate-path[preference='100']/dynamic/include", include_twice },
	{ "candidate-path[preference='100']/dynamic/include", include_excluded },
	{ "candidate-path[preference='100']/dynamic/include", include_no_domain },
	{ "candidate-path[preference='100']/dynamic/include", include_no_group },
	{ "candidate-path[preference='100']/dynamic/include", include_no_number },
	{ "candidate-path[preference='100']/dynamic/include", include_excluded_domain },
	{ "candidate-path[preference='100']/dynamic/exclude-srlg", srlgs_17 },
};

START_TEST(fault_is_refused_with_its_field)
{
	struct intent_policy *p = policy("a", 1, "d");

	accepted(p);
	faults[_i].make(p);
	refused(p, faults[_i].field);
}
END_TEST

START_TEST(refused_write_changes_nothing)
{
	struct intent_policy *p = policy("a", 1, "d");
	struct intent_result r;

	faults[_i].make(p);
	r = put(INTENT_CREATE, p, 0);
	ck_assert_int_eq(r.code, INTENT_E_INVALID);
	ck_assert_str_eq(r.field, faults[_i].field);
	ck_assert(!intent_next(world.intent, NULL, &(struct intent_view){ 0 }));
	ck_assert_uint_eq(store_pending(world.store), 0);
}
END_TEST

/* ---- the other side of each border ---- */

static void hold_better(struct intent_policy *p)
{
	p->setup_prio = 4;
	p->hold_prio = 3;
}

static void fastest(struct intent_policy *p)
{
	p->bandwidth_bps = UINT64_C(100000000000000);
}

static void one_left(struct intent_policy *p)
{
	p->msd = 3;
	p->reserved = 2;
}

static void longest_name(struct intent_policy *p)
{
	memset(p->name, 'x', sizeof(p->name) - 1);
}

static void eight_cpaths(struct intent_policy *p)
{
	for (uint32_t k = 1; k < 8; k++)
		cpath_add(p, k == 7 ? UINT32_MAX : k);
}

static void affinity_some(struct intent_policy *p)
{
	p->cpaths[0].affinity.exclude_any[0] = 2;
	p->cpaths[0].affinity.include_any[0] = 6;
	p->cpaths[0].affinity.include_all[0] = 8;
}

static void exclude_things(struct intent_policy *p)
{
	exclude(p, "b");
	exclude(p, "a>c");
	exclude(p, "0000.0000.0003");
	exclude(p, "2001:db8:0:3::1");
}

static void zero_delay(struct intent_policy *p)
{
	p->cpaths[0].delay_us_max = 0;
}

static void (*const good[])(struct intent_policy *p) = {
	hold_better,  fastest,	     one_left,	     longest_name,
	eight_cpaths, affinity_some, exclude_things, zero_delay,
};

START_TEST(value_at_the_border_is_accepted)
{
	struct intent_policy *p = policy("a", 1, "d");

	good[_i](p);
	accepted(p);
}
END_TEST

/* ---- explicit lists ---- */

static struct intent_policy *with_list(unsigned n, const struct sr_segment *segs)
{
	struct intent_policy *p = policy("a", 1, "d");

	p->cpaths[0].kind = INTENT_EXPLICIT;
	p->cpaths[0].list = list_of(n, segs);
	return p;
}

#define SEGMENTS "candidate-path[preference='100']/explicit/segment"

START_TEST(explicit_list_is_checked_segment_by_segment)
{
	struct sr_segment s[2] = { net_sid("b"), net_sid("d") };
	struct intent_policy *p;

	accepted(with_list(2, s));
	refused(with_list(0, s), SEGMENTS);
	s[1].sid = (struct ip_addr){ 0 };
	refused(with_list(2, s), SEGMENTS);
	ck_assert_ptr_nonnull(strstr(check(with_list(2, s)).text, "segment 2"));
	ip_parse("10.0.0.1", &s[1].sid);
	refused(with_list(2, s), SEGMENTS);
	ip_parse("fe80::1", &s[1].sid);
	refused(with_list(2, s), SEGMENTS);
	ip_parse("ff02::1", &s[1].sid);
	refused(with_list(2, s), SEGMENTS);
	s[1] = net_sid("d");
	s[1].label = 16;
	refused(with_list(2, s), SEGMENTS);
	s[1] = net_sid("d");
	s[1].structure.arg = 81;
	refused(with_list(2, s), SEGMENTS);
	s[1].structure.arg = 80;
	accepted(with_list(2, s));
	p = with_list(2, s);
	p->cpaths[0].list.dataplane = SR_MPLS;
	refused(p, SEGMENTS);
	p->cpaths[0].list.dataplane = SR_SRV6;
	p->cpaths[0].list.n = 17;
	refused(p, SEGMENTS);
}
END_TEST

START_TEST(explicit_labels_are_checked)
{
	struct intent_policy *p = policy("a", 1, "d");
	struct sr_list *l = &p->cpaths[0].list;

	p->dataplane = SR_MPLS;
	p->cpaths[0].kind = INTENT_EXPLICIT;
	*l = (struct sr_list){ .dataplane = SR_MPLS, .n = 1 };
	for (uint32_t label = 0; label < 16; label++) {
		l->at[0].label = label;
		refused(p, SEGMENTS);
	}
	l->at[0].label = 16;
	accepted(p);
	l->at[0].label = 0xfffff;
	accepted(p);
	l->at[0].label = 0x100000;
	refused(p, SEGMENTS);
	l->at[0] = net_sid("d");
	refused(p, SEGMENTS);
}
END_TEST

START_TEST(explicit_list_leaves_room_for_service_sids)
{
	struct sr_segment s[2] = { net_sid("b"), net_sid("d") };
	struct intent_policy *p = with_list(2, s);

	p->msd = 3;
	p->reserved = 1;
	accepted(p);
	p->reserved = 2;
	refused(p, SEGMENTS);
	p->msd = 0;
	accepted(p);
	p->reserved = 15;
	refused(p, SEGMENTS);
}
END_TEST

START_TEST(null_endpoint_is_for_explicit_lists_only)
{
	struct sr_segment s = net_sid("d");
	struct intent_policy *p = with_list(1, &s);

	ip_parse("::", &p->key.endpoint);
	accepted(p);
	cpath_add(p, 50);
	refused(p, "endpoint");
}
END_TEST

START_TEST(own_binding_sid_is_refused_in_its_list)
{
	struct sr_segment s[2] = { net_sid("b"), net_sid("d") };
	struct intent_policy *p;

	put_ok(with_list(2, s));
	s[0].sid = view_of("a", 1, "d")->binding_sid;
	ck_assert_int_eq(s[0].sid.family, IP_V6);
	refused(with_list(2, s), SEGMENTS);
	p = with_list(2, s); /* of another policy it may be */
	p->key.color = 2;
	accepted(p);
}
END_TEST

/* ---- what only the topology can tell ---- */

START_TEST(topology_out_of_sight_refuses_nothing)
{
	struct intent_policy *p = policy("a", 1, "d");

	unknown_headend(p);
	exclude(p, "z");
	net_stale();
	accepted(p);
	net_publish();
	refused(p, "headend");
}
END_TEST

START_TEST(policy_stays_writable_when_its_routers_are_gone)
{
	struct intent_policy *p = policy("a", 1, "d");

	exclude(p, "c");
	put_ok(p);
	net_at("a")->alive = net_at("c")->alive = false;
	net_publish();
	p->bandwidth_bps = 5;
	accepted(p);
	exclude(p, "z"); /* that is new */
	refused(p, "candidate-path[preference='100']/dynamic/exclude");
	p->cpaths[0].n_exclude--;
	p->key.color = 2;
	refused(p, "headend");
}
END_TEST

START_TEST(name_is_unique_at_its_headend)
{
	struct intent_policy *p = policy("a", 1, "d");

	memcpy(p->name, "gold", 5);
	put_ok(p);
	accepted(p);
	p->key.color = 2;
	refused(p, "name");
	p->key = key("b", 1, "d");
	accepted(p);
	ck_assert_int_eq(del("a", 1, "d").code, 0);
	p->key = key("a", 2, "d");
	accepted(p);
}
END_TEST

START_TEST(limit_of_policies_holds_for_new_ones)
{
	struct intent_cfg cfg;

	world_down();
	world_cfg(&cfg);
	cfg.policies_max = 2;
	world_up(&cfg);
	put_ok(policy("a", 1, "d"));
	put_ok(policy("a", 2, "d"));
	ck_assert_int_eq(check(policy("a", 3, "d")).code, INTENT_E_LIMIT);
	ck_assert_int_eq(put(INTENT_CREATE, policy("a", 3, "d"), 0).code, INTENT_E_LIMIT);
	accepted(policy("a", 2, "d"));
	put_ok(policy("a", 2, "d"));
	ck_assert_int_eq(del("a", 1, "d").code, 0);
	put_ok(policy("a", 3, "d"));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("intent-validate");
	TCase *tc = tcase_create("fields");

	tcase_add_checked_fixture(tc, setup, world_down);
	tcase_add_loop_test(tc, fault_is_refused_with_its_field, 0, (int)ARRAY_LEN(faults));
	tcase_add_loop_test(tc, refused_write_changes_nothing, 0, (int)ARRAY_LEN(faults));
	tcase_add_loop_test(tc, value_at_the_border_is_accepted, 0, (int)ARRAY_LEN(good));
	tcase_add_test(tc, explicit_list_is_checked_segment_by_segment);
	tcase_add_test(tc, explicit_labels_are_checked);
	tcase_add_test(tc, explicit_list_leaves_room_for_service_sids);
	tcase_add_test(tc, null_endpoint_is_for_explicit_lists_only);
	tcase_add_test(tc, own_binding_sid_is_refused_in_its_list);
	tcase_add_test(tc, topology_out_of_sight_refuses_nothing);
	tcase_add_test(tc, policy_stays_writable_when_its_routers_are_gone);
	tcase_add_test(tc, name_is_unique_at_its_headend);
	tcase_add_test(tc, limit_of_policies_holds_for_new_ones);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return check_main(suite());
}
