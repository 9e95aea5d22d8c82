/* SPDX-License-Identifier: Apache-2.0 */
/* Policies of the device against a real kernel, beside those of controllers. */
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bed.h"
#include "slices_bed.h"
#include "tools/agent/gnmi/gnmi_tree.h"
#include "tools/agent/policy/state.h"

#define P(name, more) "{'name':'" name "','color':100,'endpoint':'2001:db8:0:8::1'," more "}"
#define ONE(list) "{'sextant-device:device':{'policy':[" list "]}}"
#define A "'segment':['fcbb:bbbb:2::','fcbb:bbbb:8::']"
#define B "'segment':['fcbb:bbbb:3::','fcbb:bbbb:4::','fcbb:bbbb:8::']"
#define L(index, weight, list) "{'index':" index ",'weight':" weight "," list "}"
#define SEVERAL(lists) "'segment-list':[" lists "]"
#define TWO SEVERAL(L("2", "1", B) "," L("1", "3", A))
#define BSID "'binding-sid':'fcbb:bb00:1::b1',"

static struct agent_steering steering;
static struct agent_cfg cfg;

static void begin(void)
{
	static const struct agent_pol_ops ops = { .changed = on_lsp };

	steering = (struct agent_steering){ .prefix = prefix("2001:db8:c2::/64"),
					    .color = 100,
					    .endpoint = addr("2001:db8:0:8::1"),
					    .service = addr("fcbb:bbbb:8:d6::") };
	cfg = (struct agent_cfg){ .msd = 4, .table = RT_TABLE_MAIN, .metric = 10, .reduced = true,
				  .counters = true, .sid_device = "sr0", .steering = &steering,
				  .n_steering = 1 };
	ck_assert_int_eq(agent_pol_new(&pol, loop, fib, &ops, NULL), 0);
	ck_assert_int_eq(agent_pol_configure(pol, &cfg), 0);
	agent_fib_start(fib);
	settle();
}

static bool apply(const char *text)
{
	struct agent_device *d = device_of(text);
	bool all = agent_statics_apply(pol, d);

	agent_device_free(d);
	settle();
	return all;
}

static bool check(const char *text, char why[SR_REASON_MAX])
{
	struct agent_device *d = device_of(text);
	bool fine = agent_statics_check(pol, d, why);

	agent_device_free(d);
	return fine;
}

/* "segment-list=INDEX WEIGHT CARRIES SEGMENTS;" */
static void list_of(const struct lyd_node *in, char *out, size_t cap)
{
	const struct lyd_node *c;
	unsigned segments = 0;
	size_t n = (size_t)snprintf(out, cap, "%s=", in->schema->name);

	LY_LIST_FOR(lyd_child(in), c)
	{
		if (strcmp(c->schema->name, "segment") == 0)
			segments++;
		else
			n += (size_t)snprintf(out + n, cap - n, "%s ", lyd_get_value(c));
	}
	(void)snprintf(out + n, cap - n, "%u;", segments);
}

/* Leaves of the state of the first policy, as printed. */
static const char *state_of(const char *text)
{
	static char out[512];
	struct agent_device *d = device_of(text);
	const struct lyd_node *c;
	struct ly_set *set = NULL;

	ck_assert(agent_statics_tree(pol, d->tree));
	ck_assert_int_eq(lyd_find_xpath(d->tree, "policy[1]/state/*", &set), LY_SUCCESS);
	ck_assert_uint_gt(set->count, 0);
	out[0] = '\0';
	c = set->dnodes[0];
	ly_set_free(set, NULL);
	LY_LIST_FOR(c, c)
	if (c->schema->nodetype == LYS_LIST)
		list_of(c, out + strlen(out), sizeof(out) - strlen(out));
	else
		(void)snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s=%s;", c->schema->name,
			       lyd_get_value(c));
	agent_device_free(d);
	return out;
}

static struct lsp_state wish(const char *name, uint32_t preference)
{
	struct lsp_state w = { .has_key = true, .color = 100, .endpoint = addr("2001:db8:0:8::1"),
			       .has_preference = true, .preference = preference, .admin_up = true,
			       .cpath.origin = 10, .has_cpath = true, .list.n = 1 };

	w.list.at[0].sid = addr("fcbb:bbbb:8::");
	(void)snprintf(w.name, sizeof(w.name), "%s", name);
	return w;
}

START_TEST(a_policy_of_the_device_is_in_the_kernel_and_goes)
{
	struct agent_fib_stats fs;

	begin();
	ck_assert(apply(ONE(P("p", BSID A))));
	ck_assert_uint_eq(in_kernel(), 2); /* the steered prefix and the binding SID */
	ck_assert_str_eq(state_of(ONE(P("p", BSID A))),
			 "status=in;active=true;binding-sid=fcbb:bb00:1::b1;"
			 "segment=fcbb:bbbb:2::;segment=fcbb:bbbb:8::;");
	ck_assert(apply(ONE(P("p", BSID B))));
	agent_fib_stats(fib, &fs);
	ck_assert_uint_eq(fs.installs, 2);
	ck_assert_uint_eq(fs.replaces, 2); /* make-before-break */
	ck_assert_uint_eq(fs.removes, 0);
	ck_assert(apply(ONE(P("p", BSID B)))); /* the same again: nothing */
	agent_fib_stats(fib, &fs);
	ck_assert_uint_eq(fs.replaces, 2);
	ck_assert(apply("{}"));
	ck_assert_uint_eq(in_kernel(), 0);
	ck_assert_ptr_null(agent_pol_next(pol, NULL));
}
END_TEST

/* What `ip` shows of a destination's next hops: their SIDs and weights, one a line. */
#define HOPS(dst) "ip -6 route show " dst " proto 200 | sed -n 's/.*segs [0-9]* \\[ \\(.*\\) \\].* weight \\([0-9]*\\).*/\\1 \\2/p'"

static void hops_are(const char *command, const char *what)
{
	char *text = output(command);

	ck_assert_str_eq(text, what);
	free(text);
}

START_TEST(several_lists_are_next_hops_by_their_weights)
{
	struct agent_fib_stats fs;

	begin();
	ck_assert(apply(ONE(P("p", BSID TWO))));
	ck_assert_uint_eq(in_kernel(), 2);
	hops_are(HOPS("2001:db8:c2::/64"), "fcbb:bbbb:2:: fcbb:bbbb:8:: fcbb:bbbb:8:d6:: 3\n"
					   "fcbb:bbbb:3:: fcbb:bbbb:4:: fcbb:bbbb:8:: fcbb:bbbb:8:d6:: 1\n");
	hops_are(HOPS("fcbb:bb00:1::b1"), "fcbb:bbbb:2:: fcbb:bbbb:8:: 3\n"
					  "fcbb:bbbb:3:: fcbb:bbbb:4:: fcbb:bbbb:8:: 1\n");
	ck_assert_str_eq(state_of(ONE(P("p", BSID TWO))),
			 "status=in;active=true;binding-sid=fcbb:bb00:1::b1;segment-list=1 3 true 2;"
			 "segment-list=2 1 true 3;");
	/* other weights: another route in one step each, and nothing else; the same again: nothing */
	for (int again = 0; again < 2; again++) {
		ck_assert(apply(ONE(P("p", BSID SEVERAL(L("1", "5", A) "," L("2", "300", B))))));
		agent_fib_stats(fib, &fs);
		ck_assert_uint_eq(fs.replaces, 2);
		ck_assert_uint_eq(fs.removes, 0);
	}
	hops_are(HOPS("fcbb:bb00:1::b1"), "fcbb:bbbb:2:: fcbb:bbbb:8:: 1\n" /* 1 to 60 */
					  "fcbb:bbbb:3:: fcbb:bbbb:4:: fcbb:bbbb:8:: 60\n");
	ck_assert(apply(ONE(P("p", BSID A)))); /* one again */
	hops_are(HOPS("fcbb:bb00:1::b1"), "");
	ck_assert(says("ip -6 route show fcbb:bb00:1::b1 proto 200", "[ fcbb:bbbb:2:: fcbb:bbbb:8:: ]"));
	ck_assert(apply("{}"));
	ck_assert_uint_eq(in_kernel(), 0);
}
END_TEST

START_TEST(one_entry_of_several_is_as_the_one_list)
{
	begin();
	ck_assert(apply(ONE(P("p", BSID SEVERAL(L("1", "9", A))))));
	ck_assert_ptr_null(agent_pol_by_name(pol, "p")->st.list.more);
	ck_assert_str_eq(state_of(ONE(P("p", BSID A))),
			 "status=in;active=true;binding-sid=fcbb:bb00:1::b1;"
			 "segment=fcbb:bbbb:2::;segment=fcbb:bbbb:8::;");
}
END_TEST

START_TEST(it_competes_with_those_of_controllers)
{
	struct lsp_state w = wish("lsp", 100);
	struct agent_lsp *l = NULL;
	char why[SR_REASON_MAX];

	begin();
	ck_assert_int_eq(agent_pol_put(pol, &w, &l, why), 0);
	settle();
	ck_assert(agent_pol_is_active(l));
	/* equal preference: configuration counts before PCEP (RFC 9256 s2.9) */
	ck_assert(apply(ONE(P("p", A))));
	ck_assert(!agent_pol_is_active(l));
	ck_assert_str_eq(state_of(ONE(P("p", A))),
			 "status=in;active=true;segment=fcbb:bbbb:2::;segment=fcbb:bbbb:8::;");
	w.preference = 200;
	ck_assert_int_eq(agent_pol_put(pol, &w, &l, why), 0);
	settle();
	ck_assert(agent_pol_is_active(l));
	ck_assert_str_eq(state_of(ONE(P("p", A))),
			 "status=in;active=false;segment=fcbb:bbbb:2::;segment=fcbb:bbbb:8::;");
	ck_assert(apply("{}"));
	ck_assert(agent_pol_is_active(l));
}
END_TEST

START_TEST(neither_takes_the_name_or_binding_sid_of_the_other)
{
	struct lsp_state w = wish("p", 100), other = wish("q", 100);
	struct agent_lsp *l = NULL;
	char why[SR_REASON_MAX];

	begin();
	ck_assert(apply(ONE(P("p", BSID A))));
	ck_assert_int_eq(agent_pol_put(pol, &w, &l, why), AGENT_POL_E_KEY);
	ck_assert_str_eq(why, "the name belongs to a configured policy");
	other.color = 200;
	other.binding_sid = addr("fcbb:bb00:1::b1");
	ck_assert_int_eq(agent_pol_put(pol, &other, &l, why), AGENT_POL_E_BSID);
	other.binding_sid = addr("fcbb:bb00:1::b2");
	ck_assert_int_eq(agent_pol_put(pol, &other, &l, why), 0); /* the twin */
	ck_assert(!check(ONE(P("q", A)), why));
	ck_assert_str_eq(why, "policy q: the name belongs to an LSP of a controller");
	ck_assert(!check(ONE(P("r", "'binding-sid':'fcbb:bb00:1::b2'," A)), why));
	ck_assert_str_eq(why, "policy r: the binding SID belongs to 'q'");
	/* wanted all the same, as at a start: told, and the rest of it is there */
	ck_assert(!apply(ONE(P("q", A) "," P("r", "'discriminator':2," A))));
	ck_assert_str_eq(state_of(ONE(P("q", A))),
			 "status=failed;reason=the name belongs to an LSP of a controller;active=false;");
	ck_assert_ptr_nonnull(agent_pol_by_name(pol, "r"));
}
END_TEST

START_TEST(what_the_router_cannot_take_is_refused_whole)
{
	char why[SR_REASON_MAX];

	begin();
	ck_assert(!check(ONE(P("p", A) "," P("q", "'discriminator':2,'segment':['fc00::1','fc00::2',"
						  "'fc00::3','fc00::4']")),
			 why));
	ck_assert_str_eq(why, "policy q: 4 SIDs and 1 service SID, but MSD is 4");
	/* of several the longest */
	ck_assert(!check(ONE(P("p", SEVERAL(L("1", "1", A) "," L("2", "1", "'segment':['fc00::1','fc00::2','fc00::3',"
									       "'fc00::4']")))),
			 why));
	ck_assert_str_eq(why, "policy p: 4 SIDs and 1 service SID, but MSD is 4");
	ck_assert(check(ONE(P("p", TWO)), why));
	ck_assert(check(ONE(P("p", A)), why));
	ck_assert_ptr_null(agent_pol_next(pol, NULL));
}
END_TEST

START_TEST(binding_sids_change_hands_in_one_change)
{
	static const char *const q = "{'name':'q','color':200,'endpoint':'2001:db8:0:8::1'," BSID A "}";
	char text[512], why[SR_REASON_MAX];

	begin();
	ck_assert(apply(ONE(P("p", BSID A))));
	(void)snprintf(text, sizeof(text), ONE("%s," P("p", A)), q);
	ck_assert(check(text, why));
	ck_assert(apply(text));
	ck_assert_int_eq(agent_pol_by_name(pol, "q")->st.binding_sid.family, IP_V6);
	ck_assert_uint_eq(in_kernel(), 2);
}
END_TEST

START_TEST(they_are_not_in_the_file_of_lsps)
{
	struct lsp_state w = wish("lsp", 50);
	struct agent_lsp *l = NULL;
	char why[SR_REASON_MAX], file[64], cat[96];

	begin();
	ck_assert_int_eq(agent_pol_put(pol, &w, &l, why), 0);
	ck_assert(apply(ONE(P("p", A))));
	(void)snprintf(file, sizeof(file), "/tmp/sextant-static-%d", (int)getpid());
	(void)snprintf(cat, sizeof(cat), "cat %s", file);
	ck_assert_int_eq(agent_state_save(file, pol), 0);
	ck_assert(says(cat, "\"name\":\"lsp\""));
	ck_assert(!says(cat, "\"name\":\"p\""));
	(void)unlink(file);
}
END_TEST

static const char *const wrongs[][2] = {
	{ ONE(P("p", "'segment':[]")), "without a segment list" },
	{ ONE(P("p", A "," TWO)), "not both" },
	{ ONE(P("p", SEVERAL(L("1", "0", A) "," L("2", "1", B)))), "a list of weight 0 carries nothing: leave it out" },
	{ ONE(P("p", SEVERAL(L("1", "1", A) "," L("2", "2", B) "," L("3", "1", A)))),
	  "segment-list 1 and 3 have the same SIDs" },
	{ ONE(P("p", SEVERAL(L("1", "4294967295", A) "," L("2", "1", B)))), "more than 4294967295" },
	{ ONE(P("p", SEVERAL(L("1", "1", A) "," L("3", "1", B)))), "without a gap" },
	{ ONE(P("p", SEVERAL(L("1", "1", A) "," L("9", "1", B)))), "8 lists at most" },
	{ ONE(P("p", SEVERAL(L("1", "1", A) "," L("2", "1", "'segment':['::']")))), "'::' is not a SID" },
	{ ONE(P("p", SEVERAL(L("1", "1", A) ",{'index':2,'weight':1}"))), "" },
	{ ONE(P("p", "'segment':['::']")), "'::' is not a SID" },
	{ ONE(P("p", "'binding-sid':'::'," A)), "'::' is not a binding SID" },
	{ ONE(P("p", A) "," P("q", A)), "nique data" }, /* the same discriminator */
	{ ONE("{'name':'p','color':0,'endpoint':'fc00::1'," A "}"), "" },
	{ ONE("{'name':'p','color':1," A "}"), "endpoint" },
	{ ONE("{'name':'a\\u0085b','color':1,'endpoint':'fc00::1'," A "}"), "control characters" },
	{ ONE(P("p", BSID A) ",{'name':'q','color':2,'endpoint':'fc00::1'," BSID A "}"),
	  "policy p and policy q have the same 'binding-sid'" },
};

START_TEST(a_wrong_policy_is_refused)
{
	ck_assert(device_wrong(wrongs[_i][0]));
	ck_assert_msg(strstr(last_error, wrongs[_i][1]) != NULL, "%s", last_error);
	agent_device_free(device_of(ONE(P("p", BSID A)))); /* the twins */
	agent_device_free(device_of(ONE(P("p", BSID TWO))));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("agent-static");
	TCase *t = tcase_create("kernel"), *w = tcase_create("wrong");

	tcase_add_loop_test(w, a_wrong_policy_is_refused, 0, (int)ARRAY_LEN(wrongs));
	suite_add_tcase(s, w);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_policy_of_the_device_is_in_the_kernel_and_goes);
	tcase_add_test(t, several_lists_are_next_hops_by_their_weights);
	tcase_add_test(t, one_entry_of_several_is_as_the_one_list);
	tcase_add_test(t, it_competes_with_those_of_controllers);
	tcase_add_test(t, neither_takes_the_name_or_binding_sid_of_the_other);
	tcase_add_test(t, what_the_router_cannot_take_is_refused_whole);
	tcase_add_test(t, binding_sids_change_hands_in_one_change);
	tcase_add_test(t, they_are_not_in_the_file_of_lsps);
	if (lab_possible())
		suite_add_tcase(s, t);
	else
		(void)fprintf(stderr, "# agent-static: no network namespaces here, ONLY HALF TESTED\n");
	return s;
}

int main(void)
{
	return check_main(suite());
}
