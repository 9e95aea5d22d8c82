/* SPDX-License-Identifier: Apache-2.0 */
/* What simulated devices hold: changes done whole or not at all, as gNMI says; refusals say why. */
#include "check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/sim/tree.h"

static struct ly_ctx *ctx;
static struct lyd_node *tree;
static struct arena a;
static struct gnmic_set set;
static struct gnmic_update replaces[8], updates[8];
static struct gnmic_path deletes[8];
static struct sim_refusal no;

static void up(void)
{
	STR_AUTO struct str err = { 0 };

	ck_assert_msg(sim_models_new(&ctx, &err) == 0, "%s", str_text(&err));
	tree = NULL;
	arena_init(&a, 1 << 20);
}

static void down(void)
{
	lyd_free_all(tree);
	ly_ctx_destroy(ctx);
	arena_fini(&a);
}

static struct gnmic_path path(const char *text)
{
	struct gnmic_path p;

	ck_assert_ptr_null(gnmic_path_parse(text, &a, &p));
	return p;
}

static struct gnmic_update update(const char *at, const char *json)
{
	struct gnmic_update u = { .path = path(at), .val = { .kind = GNMIC_JSON_IETF } };

	u.val.bytes.data = json;
	u.val.bytes.len = strlen(json);
	return u;
}

static void begin(void)
{
	set = (struct gnmic_set){ .deletes = deletes, .replaces = replaces, .updates = updates };
	memset(&no, 0, sizeof(no));
}

static bool set_one(bool replace, const char *at, const char *json)
{
	begin();
	(replace ? replaces : updates)[0] = update(at, json);
	*(replace ? &set.n_replaces : &set.n_updates) = 1;
	return sim_tree_set(ctx, &tree, &set, SIZE_MAX, &no);
}

static bool delete(const char *at)
{
	begin();
	deletes[0] = path(at);
	set.n_deletes = 1;
	return sim_tree_set(ctx, &tree, &set, SIZE_MAX, &no);
}

/* The value at a path; "" when nothing is there. */
static const char *get(const char *at)
{
	struct gnmic_path p = path(at);
	struct ly_set *found = NULL;
	char *text;
	const char *out = "";

	if (!tree)
		return "";
	ck_assert(sim_tree_find(ctx, tree, &p, &found, &no));
	if (found->count == 1) {
		text = sim_tree_value(found->dnodes[0]);
		out = arena_str(&a, text);
		free(text);
	}
	ly_set_free(found, NULL);
	return out;
}

static const char nrp1[] = "{\"capacity\":\"10000000\",\"nrp\":[{\"id\":1,\"rate\":\"6000000\",\"sid-block\":[\"fc00:1::/32\"]}]}";

START_TEST(update_adds_and_replace_leaves_nothing_else)
{
	const char *const link = "/sextant-device:device/link[name=eth0]";

	up();
	ck_assert(set_one(false, link, nrp1));
	ck_assert(set_one(false, "/device/link[name=eth0]/nrp[id=2]",
			  "{\"id\":2,\"rate\":\"1000000\",\"sid-block\":[\"fc00:2::/32\"]}"));
	ck_assert_str_eq(get("/device/link[name=eth0]/nrp[id=1]/rate"), "\"6000000\"");
	ck_assert_str_eq(get("/device/link[name=eth0]/nrp[id=2]/rate"), "\"1000000\"");
	ck_assert(set_one(false, "/device/link[name=eth0]/nrp[id=2]/rate", "\"2000000\""));
	ck_assert_str_eq(get("/device/link[name=eth0]/nrp[id=2]/rate"), "\"2000000\"");
	ck_assert(set_one(true, link, nrp1));
	ck_assert_str_eq(get("/device/link[name=eth0]/nrp[id=2]/rate"), "");
	ck_assert_str_eq(get("/device/link[name=eth0]/nrp[id=1]/rate"), "\"6000000\"");
	ck_assert(set_one(true, "/", "{\"sextant-device:device\":{\"underlay\":[\"fc00::/16\"]}}"));
	ck_assert_str_eq(get("/device/link[name=eth0]/capacity"), "");
	ck_assert(set_one(false, "/device/underlay", "[\"fd00::/16\"]"));
	ck_assert_ptr_nonnull(strstr(get("/device"), "\"fc00::/16\",\"fd00::/16\""));
	ck_assert(set_one(true, "/device/underlay", "[\"fe00::/16\"]"));
	ck_assert_str_eq(get("/device/underlay"), "\"fe00::/16\"");
	down();
}
END_TEST

START_TEST(deletes_take_what_they_name_and_nothing_is_no_error)
{
	up();
	ck_assert(delete("/device/link[name=eth0]"));
	ck_assert(set_one(false, "/device/link[name=eth0]", nrp1));
	ck_assert(set_one(false, "/device/link[name=eth1]", nrp1));
	ck_assert(delete("/device/link[name=*]/nrp"));
	ck_assert_str_eq(get("/device/link[name=eth0]/nrp[id=1]/rate"), "");
	ck_assert_str_eq(get("/device/link[name=eth1]/capacity"), "\"10000000\"");
	ck_assert(delete("/"));
	ck_assert_str_eq(get("/device/link[name=eth1]/capacity"), "");
	down();
}
END_TEST

START_TEST(all_of_it_or_nothing_but_for_who_is_told_to_do_half)
{
	up();
	begin();
	replaces[0] = update("/device/link[name=eth0]", nrp1);
	replaces[1] = update("/device/link[name=eth1]", "{\"capacity\":\"1\"}");
	set.n_replaces = 2;
	ck_assert(!sim_tree_set(ctx, &tree, &set, SIZE_MAX, &no));
	ck_assert_int_eq(no.code, RPC_INVALID_ARGUMENT);
	ck_assert_ptr_null(tree);
	ck_assert(sim_tree_set(ctx, &tree, &set, 1, &no));
	ck_assert_str_eq(get("/device/link[name=eth0]/capacity"), "\"10000000\"");
	ck_assert_str_eq(get("/device/link[name=eth1]/capacity"), "");
	down();
}
END_TEST

static const struct {
	const char *path, *json, *why;
} bad[] = {
	{ "/device/link[name=eth0]/capacity", "10000000", "" }, /* 64 bits go in quotes */
	{ "/device/link[name=eth0]", "{\"name\":\"eth1\",\"capacity\":\"10000000\"}", "key 'name'" },
	{ "/device/link[name=eth0]/name", "\"eth0\"", "is a key" },
	{ "/device/generation", "\"1\"", "is state" },
	{ "/device/link[name=eth0]", "{\"state\":{\"status\":\"in\"}}", "" },
	{ "/device/link", nrp1, "every key" },
	{ "/device/link[nam=eth0]", nrp1, "no such key" },
	{ "/device/nothing", "1", "there is no 'nothing'" },
	{ "/other:device", "{}", "there is no 'other:device'" },
	{ "/device/underlay[x=1]", "[\"fc00::/16\"]", "has no keys" },
	{ "/device/link[name=eth0]", "[1]", "no object" },
	{ "/device/link[name=eth0]", "{\"capacity\":", "not JSON" },
	{ "/device/link[name=eth0]", "{\"capacity\":\"10000000\",\"nrp\":[{\"id\":1}]}", "" },
};

START_TEST(what_does_not_fit_is_refused_with_its_reason)
{
	up();
	ck_assert(set_one(false, "/device/link[name=eth5]", nrp1));
	ck_assert(!set_one(false, bad[_i].path, bad[_i].json));
	ck_assert_int_eq(no.code, RPC_INVALID_ARGUMENT);
	ck_assert_msg(no.text[0] && strstr(no.text, bad[_i].why), "%s: %s", bad[_i].path, no.text);
	ck_assert_str_eq(get("/device/link[name=eth5]/capacity"), "\"10000000\"");
	ck_assert_str_eq(get("/device/link[name=eth0]/capacity"), "");
	down();
}
END_TEST

START_TEST(deep_json_is_not_shown_to_libyang)
{
	char deep[400] = "";

	up();
	for (unsigned i = 0; i < 90; i++)
		(void)strncat(deep, "[", 2);
	for (unsigned i = 0; i < 90; i++)
		(void)strncat(deep, "]", 2);
	ck_assert(!set_one(false, "/device/underlay", deep));
	ck_assert_ptr_nonnull(strstr(no.text, "not JSON"));
	down();
}
END_TEST

START_TEST(a_path_is_found_again_from_its_node)
{
	struct gnmic_path p, back;
	struct ly_set *found = NULL;
	STR_AUTO struct str text = { 0 };

	up();
	ck_assert(set_one(false, "/device/link[name=eth0]", nrp1));
	p = path("/device/link/nrp/rate");
	ck_assert(sim_tree_find(ctx, tree, &p, &found, &no));
	ck_assert_uint_eq(found->count, 1);
	ck_assert(sim_tree_path(found->dnodes[0], &a, &back));
	gnmic_path_text(&back, &text);
	ck_assert_str_eq(str_text(&text), "/device/link[name=eth0]/nrp[id=1]/rate");
	ly_set_free(found, NULL);
	down();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sim_tree");
	TCase *t = tcase_create("all");

	tcase_add_test(t, update_adds_and_replace_leaves_nothing_else);
	tcase_add_test(t, deletes_take_what_they_name_and_nothing_is_no_error);
	tcase_add_test(t, all_of_it_or_nothing_but_for_who_is_told_to_do_half);
	tcase_add_loop_test(t, what_does_not_fit_is_refused_with_its_reason, 0, (int)ARRAY_LEN(bad));
	tcase_add_test(t, deep_json_is_not_shown_to_libyang);
	tcase_add_test(t, a_path_is_found_again_from_its_node);
	suite_add_tcase(s, t);
	return check_main(s);
}
