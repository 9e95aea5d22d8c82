/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds' tables: every template of every kind, and what a policy becomes. */
#include "check_main.h"

#include <string.h>

#include "southbound/gnmi/gnmi.h"
#include "southbound/gnmi/gnmi_tmpl.h"

static struct arena arena;
static struct sr_list list;
static struct gnmi_policy policy;

static void setup(void)
{
	arena_init(&arena, 1 << 20);
	memset(&list, 0, sizeof(list));
	list.n = 2;
	ck_assert_int_eq(ip_parse("2001:db8:1::", &list.at[0].sid), 0);
	ck_assert_int_eq(ip_parse("2001:db8:2::", &list.at[1].sid), 0);
	policy = (struct gnmi_policy){ .name = "gold", .color = 7, .preference = 200,
				       .discriminator = 1, .locator = "MAIN", .list = &list };
	ck_assert_int_eq(ip_parse("2001:db8::9", &policy.endpoint), 0);
	ck_assert_int_eq(ip_parse("2001:db8:b::1", &policy.binding_sid), 0);
}

static void teardown(void)
{
	arena_fini(&arena);
}

/* The list, and others of one SID each behind it, with the weights 2, 3, … */
static void add_lists(struct sr_more *more, unsigned n)
{
	*more = (struct sr_more){ .weight = 7, .n = (uint8_t)n };
	for (unsigned k = 0; k < n; k++) {
		more->at[k].weight = k + 2;
		more->at[k].list = list;
		more->at[k].list.n = 1;
		more->at[k].list.at[0].sid.b[7] = (uint8_t)(0x10 + k);
	}
	list.more = more;
}

START_TEST(every_template_gives_a_path_and_json)
{
	const struct gnmi_kind *k = gnmi_kind_at((size_t)_i);
	struct device_change c[GNMI_OBJECTS_MAX], two[GNMI_OBJECTS_MAX];
	struct sr_more more;
	struct gnmic_path p;
	size_t n = 0;

	ck_assert_ptr_eq(gnmi_kind(k->name), k);
	/* A name that ends a string, a key and a template if it is let. */
	policy.name = "a\"]\\<x";
	ck_assert_int_eq(gnmi_policy_changes(k, &policy, false, &arena, c, &n),
			 k->policy ? 0 : GNMI_E_KIND);
	add_lists(&more, 2);
	if (k->several) {
		size_t all = 0;

		ck_assert_int_eq(gnmi_policy_changes(k, &policy, false, &arena, two, &all), 0);
		for (size_t i = 0; i < all; i++) {
			ck_assert_ptr_null(gnmic_path_parse(two[i].path, &arena, &p));
			ck_assert_pstr_eq(gnmic_json_check(two[i].json, strlen(two[i].json)), NULL);
		}
	}
	list.more = NULL;
	for (size_t i = 0; i < n; i++) {
		ck_assert_ptr_null(gnmic_path_parse(c[i].path, &arena, &p));
		ck_assert_pstr_eq(gnmic_json_check(c[i].json, strlen(c[i].json)), NULL);
	}
	for (unsigned i = 0; i < GNMI_COUNTERS; i++) {
		const char *path = gnmi_counter_path(k, (enum gnmi_counter)i, &policy, "eth]0", &arena);

		ck_assert((path != NULL) == (k->counters[i] != NULL));
		if (path)
			ck_assert_ptr_null(gnmic_path_parse(path, &arena, &p));
	}
	/* The lists' keys are in order of name: paths are made of them as they stand. */
	for (size_t i = 0; i < k->n_lists; i++)
		for (size_t j = 1; j < 4 && k->lists[i].keys[j]; j++)
			ck_assert_int_lt(strcmp(k->lists[i].keys[j - 1], k->lists[i].keys[j]), 0);
}
END_TEST

START_TEST(a_policy_of_sros)
{
	struct device_change c[GNMI_OBJECTS_MAX];
	size_t n;

	ck_assert_int_eq(gnmi_policy_changes(gnmi_kind("sros"), &policy, false, &arena, c, &n), 0);
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(c[0].op, DEVICE_REPLACE);
	ck_assert_str_eq(c[0].path, "/configure/router[router-name=Base]/segment-routing/sr-policies"
				    "/static-policy[name=gold]");
	ck_assert_str_eq(
		c[0].json,
		"{\"name\":\"gold\",\"admin-state\":\"enable\",\"color\":7,\"endpoint\":\"2001:db8::9\","
		"\"preference\":200,\"head-end\":\"local\",\"distinguisher\":1,\"type\":\"srv6\","
		"\"segment-routing-v6\":{\"binding-sid\":[{\"index\":1,\"ip-address\":\"2001:db8:b::1\"}]},"
		"\"segment-list\":[{\"segment-list-index\":1,\"admin-state\":\"enable\",\"weight\":1,"
		"\"segment\":[{\"segment-index\":1,\"srv6-sid\":\"2001:db8:1::\"},"
		"{\"segment-index\":2,\"srv6-sid\":\"2001:db8:2::\"}]}]}");
	policy.binding_sid = (struct ip_addr){ 0 };
	ck_assert_int_eq(gnmi_policy_changes(gnmi_kind("sros"), &policy, false, &arena, c, &n), 0);
	ck_assert_ptr_null(strstr(c[0].json, "binding-sid"));
}
END_TEST

START_TEST(a_policy_of_vrp_is_a_list_and_then_the_policy)
{
	struct device_change c[GNMI_OBJECTS_MAX];
	const struct gnmi_kind *k = gnmi_kind("vrp");
	size_t n;

	ck_assert_int_eq(gnmi_policy_changes(k, &policy, false, &arena, c, &n), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_ptr_nonnull(strstr(c[0].path, "/segment-lists/segment-list[name=gold]"));
	ck_assert_ptr_nonnull(strstr(c[1].path, "/policys/policy[endpoint=2001:db8::9][color=7]"));
	/* Its YANG wants the discriminator to be the preference. */
	ck_assert_ptr_nonnull(strstr(c[1].json, "\"discriminator\":200,\"preference\":200"));
	ck_assert_ptr_nonnull(strstr(c[1].json, "\"originator\":\"0,0.0.0.0\""));
	ck_assert_int_eq(gnmi_policy_changes(k, &policy, true, &arena, c, &n), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(c[0].op, DEVICE_DELETE);
	ck_assert_ptr_nonnull(strstr(c[0].path, "/policys/")); /* the other way round */
	ck_assert_ptr_nonnull(strstr(c[1].path, "/segment-lists/"));
}
END_TEST

START_TEST(limits_of_a_kind_are_kept)
{
	struct device_change c[GNMI_OBJECTS_MAX];
	const struct gnmi_kind *vrp = gnmi_kind("vrp"), *xr = gnmi_kind("xr");
	size_t n;

	for (int over = 0; over < 2; over++) {
		int want = over ? GNMI_E_LONG : 0;

		list.n = (uint8_t)(10 + over);
		ck_assert_int_eq(gnmi_policy_changes(vrp, &policy, false, &arena, c, &n), want);
		list.n = 2;
		policy.name = over ? "12345678901234567890123456789012" : "1234567890123456789012345678901";
		ck_assert_int_eq(gnmi_policy_changes(vrp, &policy, false, &arena, c, &n), want);
		policy.name = "gold";
		policy.preference = over ? 65536 : 65535;
		ck_assert_int_eq(gnmi_policy_changes(vrp, &policy, false, &arena, c, &n), want);
		policy.preference = 200;
	}
	list.n = 0;
	ck_assert_int_eq(gnmi_policy_changes(vrp, &policy, false, &arena, c, &n), GNMI_E_LONG);
	list.n = 2;
	list.dataplane = SR_MPLS;
	ck_assert_int_eq(gnmi_policy_changes(vrp, &policy, false, &arena, c, &n), GNMI_E_LONG);
	list.dataplane = SR_SRV6;
	ck_assert_int_eq(gnmi_policy_changes(xr, &policy, false, &arena, c, &n), 0);
	ck_assert_int_eq(ip_parse("192.0.2.1", &policy.endpoint), 0);
	ck_assert_int_eq(gnmi_policy_changes(xr, &policy, false, &arena, c, &n), GNMI_E_LONG);
}
END_TEST

START_TEST(several_lists_of_sros_are_in_one_object)
{
	struct device_change c[GNMI_OBJECTS_MAX];
	struct sr_more more;
	size_t n;

	add_lists(&more, 2);
	policy.there = 0xff; /* a REPLACE takes those away that are not in it */
	ck_assert_int_eq(gnmi_policy_changes(gnmi_kind("sros"), &policy, false, &arena, c, &n), 0);
	ck_assert_uint_eq(n, 1);
	ck_assert_ptr_nonnull(strstr(c[0].json,
				     "\"segment-list\":[{\"segment-list-index\":1,\"admin-state\":\"enable\",\"weight\":7,"
				     "\"segment\":[{\"segment-index\":1,\"srv6-sid\":\"2001:db8:1::\"},"
				     "{\"segment-index\":2,\"srv6-sid\":\"2001:db8:2::\"}]},"
				     "{\"segment-list-index\":2,\"admin-state\":\"enable\",\"weight\":2,"
				     "\"segment\":[{\"segment-index\":1,\"srv6-sid\":\"2001:db8:1:10::\"}]},"));
}
END_TEST

static const struct {
	const char *kind, *lists, *last; /* before the name of a list, and what the policy says of the last */
} named[] = {
	{ "vrp", "/segment-lists/segment-list[name=", "{\"name\":\"sx3-gold\",\"weight\":3}" },
	{ "xr", "/explicit-segment[path-name=", "\"segment-list-name\":\"sx3-gold\",\"weight\":3}" },
};

START_TEST(lists_with_names_are_objects_and_go_when_they_are_not_wanted)
{
	const struct gnmi_kind *k = gnmi_kind(named[_i].kind);
	const char *const names[] = { "sx-gold]", "sx2-gold]", "sx3-gold]" };
	struct device_change c[GNMI_OBJECTS_MAX];
	struct sr_more more;
	size_t n;

	policy.name = "sx-gold";
	add_lists(&more, 2);
	ck_assert_int_eq(gnmi_policy_changes(k, &policy, false, &arena, c, &n), 0);
	ck_assert_uint_eq(n, 4);
	for (unsigned i = 0; i < 3; i++) {
		const char *at = strstr(c[i].path, named[_i].lists);

		ck_assert_int_eq(c[i].op, DEVICE_REPLACE);
		ck_assert_ptr_nonnull(at);
		ck_assert_str_eq(at + strlen(named[_i].lists), names[i]);
	}
	ck_assert_ptr_nonnull(strstr(c[2].json, "2001:db8:1:11::"));
	ck_assert_ptr_nonnull(strstr(c[3].json, named[_i].last));
	/* one is left of the three */
	list.more = NULL;
	policy.there = 7;
	ck_assert_int_eq(gnmi_policy_changes(k, &policy, false, &arena, c, &n), 0);
	ck_assert_uint_eq(n, 4);
	ck_assert_int_eq(c[0].op, DEVICE_REPLACE);
	for (unsigned i = 1; i < 3; i++) {
		ck_assert_int_eq(c[i].op, DEVICE_DELETE);
		ck_assert_ptr_nonnull(strstr(c[i].path, names[i]));
	}
	ck_assert_ptr_null(strstr(c[3].json, "sx2-"));
	/* and all go with the policy */
	ck_assert_int_eq(gnmi_policy_changes(k, &policy, true, &arena, c, &n), 0);
	ck_assert_uint_eq(n, 4);
	for (unsigned i = 0; i < n; i++)
		ck_assert_int_eq(c[i].op, DEVICE_DELETE);
}
END_TEST

START_TEST(limits_hold_for_each_of_several_lists)
{
	struct device_change c[GNMI_OBJECTS_MAX];
	const struct gnmi_kind *vrp = gnmi_kind("vrp");
	struct sr_more more;
	size_t n;

	add_lists(&more, SR_LISTS_MAX - 1);
	ck_assert_int_eq(gnmi_policy_changes(vrp, &policy, false, &arena, c, &n), 0);
	ck_assert_uint_eq(n, SR_LISTS_MAX + 1);
	more.at[3].list.n = 11;
	ck_assert_int_eq(gnmi_policy_changes(vrp, &policy, false, &arena, c, &n), GNMI_E_LONG);
	more.at[3].list.n = 0;
	ck_assert_int_eq(gnmi_policy_changes(vrp, &policy, false, &arena, c, &n), GNMI_E_LONG);
	more.at[3].list.n = 1;
	policy.name = "1234567890123456789012345678901"; /* its lists' are a character longer */
	ck_assert_int_eq(gnmi_policy_changes(vrp, &policy, false, &arena, c, &n), GNMI_E_LONG);
	list.more = NULL;
	ck_assert_int_eq(gnmi_policy_changes(vrp, &policy, false, &arena, c, &n), 0);
}
END_TEST

START_TEST(an_agent_takes_several_lists_since_a_revision)
{
	struct gnmic_model m = { "sextant-device", "", "2026-11-26" };
	struct gnmic_caps caps = { .models = &m, .n_models = 1 };
	const struct gnmi_kind *k = gnmi_kind("agent");

	ck_assert_uint_eq(gnmi_kind_lists(&caps, k), 1);
	m.version = "2026-11-27";
	ck_assert_uint_eq(gnmi_kind_lists(&caps, k), SR_LISTS_MAX);
	caps.n_models = 0;
	ck_assert_uint_eq(gnmi_kind_lists(&caps, k), 1);
	ck_assert_uint_eq(gnmi_kind_lists(&caps, gnmi_kind("vrp")), SR_LISTS_MAX);
	ck_assert_uint_eq(gnmi_kind_lists(&caps, gnmi_kind("openconfig")), 1);
}
END_TEST

static const struct {
	const char *tmpl, *out; /* NULL: refused */
} tmpls[] = {
	{ "plain", "plain" },
	{ "<name>-<color>", "gold-7" },
	{ "[<*><index>:<sid></>]", "[1:2001:db8:1::,2:2001:db8:2::]" },
	{ "<?bsid>B<bsid></>.", "B2001:db8:b::1." },
	{ "<?who>W</>.", "." },
	{ "<lists><list>*<weight> <list-name> [<*><sid></>]</lists>.", "1*1 gold [2001:db8:1::,2001:db8:2::]." },
	{ "<lists><list>", NULL },
	{ "<lists><*><sid></lists>", NULL }, /* a group does not end outside of it */
	{ "<nothing>", NULL },
	{ "<index>", NULL },
	{ "<*><sid>", NULL },
	{ "<?nothing>x</>", NULL },
	{ "<name", NULL },
	{ "<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa>", NULL },
};

START_TEST(each_template_of_the_table)
{
	struct str out STR_AUTO = { 0 };
	int r = gnmi_tmpl_expand(tmpls[_i].tmpl, GNMI_FOR_JSON, &policy, "", &out);

	if (tmpls[_i].out)
		ck_assert_str_eq(str_text(&out), tmpls[_i].out);
	else
		ck_assert_int_lt(r, 0);
}
END_TEST

START_TEST(the_kind_is_the_first_that_has_all)
{
	struct gnmic_model m[] = { { "huawei-network-instance", "", "" }, { "huawei-srv6", "", "" },
				   { "huawei-srpolicy", "", "" } };
	struct gnmic_caps caps = { .models = m, .n_models = 3 };

	ck_assert_str_eq(gnmi_kind_of(&caps)->name, "vrp");
	ck_assert(gnmi_kind_has(&caps, gnmi_kind("vrp")->policy_models));
	caps.n_models = 2;
	ck_assert(!gnmi_kind_has(&caps, gnmi_kind("vrp")->policy_models));
	caps.n_models = 0;
	ck_assert_str_eq(gnmi_kind_of(&caps)->name, "openconfig");
	ck_assert_ptr_null(gnmi_kind("toaster"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("gnmi-kind");
	TCase *t = tcase_create("all");
	int n = 0;

	while (gnmi_kind_at((size_t)n))
		n++;
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, every_template_gives_a_path_and_json, 0, n);
	tcase_add_test(t, a_policy_of_sros);
	tcase_add_test(t, a_policy_of_vrp_is_a_list_and_then_the_policy);
	tcase_add_test(t, several_lists_of_sros_are_in_one_object);
	tcase_add_loop_test(t, lists_with_names_are_objects_and_go_when_they_are_not_wanted, 0, (int)ARRAY_LEN(named));
	tcase_add_test(t, limits_hold_for_each_of_several_lists);
	tcase_add_test(t, an_agent_takes_several_lists_since_a_revision);
	tcase_add_test(t, limits_of_a_kind_are_kept);
	tcase_add_loop_test(t, each_template_of_the_table, 0, (int)ARRAY_LEN(tmpls));
	tcase_add_test(t, the_kind_is_the_first_that_has_all);
	suite_add_tcase(s, t);
	return check_main(s);
}
