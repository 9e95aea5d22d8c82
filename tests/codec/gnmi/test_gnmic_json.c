/* SPDX-License-Identifier: Apache-2.0 */
/* JSON without a tree: what is JSON, and the leaves of it as absolute paths. */
#include "check_main.h"

#include <string.h>

#include "southbound/gnmi/codec/gnmic.h"

static struct arena arena;
static struct str told;
static unsigned left; /* leaves until the callback says stop */

static void setup(void)
{
	arena_init(&arena, 1 << 20);
	told = (struct str){ 0 };
	left = 1000;
}

static void teardown(void)
{
	arena_fini(&arena);
	str_fini(&told);
}

static const struct {
	const char *json;
	bool ok;
} jsons[] = {
	{ "{}", true },
	{ "[]", true },
	{ " [ 1 , -0.5e+3, \"a\\u00e9\\n\", true, false, null, {\"a\":[]} ] \n", true },
	{ "0", true },
	{ "\"x\"", true },
	{ "", false },
	{ " ", false },
	{ "{", false },
	{ "}", false },
	{ "[1,]", false },
	{ "{\"a\":1,}", false },
	{ "{\"a\"}", false },
	{ "{\"a\":}", false },
	{ "{a:1}", false },
	{ "{1:1}", false },
	{ "[1 2]", false },
	{ "[1}", false },
	{ "{\"a\":1]", false },
	{ "01", false },
	{ "-", false },
	{ "1.", false },
	{ ".5", false },
	{ "1e", false },
	{ "+1", false },
	{ "NaN", false },
	{ "tru", false },
	{ "nul", false },
	{ "\"a", false },
	{ "\"a\\", false },
	{ "\"\\x\"", false },
	{ "\"\\u12g4\"", false },
	{ "\"\\u12", false },
	{ "\"\\u0000\"", false },
	{ "\"a\nb\"", false },
	{ "\"\xff\"", false },
	{ "1 2", false },
	{ "{} x", false },
};

START_TEST(each_text_is_json_or_not)
{
	size_t n = strlen(jsons[_i].json);
	char *exact = malloc(n ? n : 1);
	const char *why;

	memcpy(exact, jsons[_i].json, n);
	why = gnmic_json_check(exact, n);
	ck_assert_msg((why == NULL) == jsons[_i].ok, "%s: %s", jsons[_i].json, why ? why : "taken");
	free(exact);
}
END_TEST

START_TEST(as_deep_as_allowed_and_no_deeper)
{
	char buf[2 * GNMIC_JSON_DEPTH_MAX + 2];

	for (int over = 0; over < 2; over++) {
		size_t n = (size_t)(GNMIC_JSON_DEPTH_MAX + over);

		memset(buf, '[', n);
		memset(buf + n, ']', n);
		ck_assert((gnmic_json_check(buf, 2 * n) != NULL) == over);
	}
}
END_TEST

static bool tell(void *arg, const struct gnmic_leaf *leaf)
{
	(void)arg;
	gnmic_path_text(&leaf->path, &told);
	str_add(&told, "=");
	gnmic_value_json(&leaf->val, &told);
	str_add(&told, "\n");
	return --left > 0;
}

static const char *leaves(const char *prefix, const char *path, const char *json)
{
	static const struct gnmic_list lists[] = {
		{ "interface", { "name" } },
		{ "candidate-path", { "discriminator", "originator", "protocol-origin" } },
	};
	struct gnmic_update u = { .val = { .kind = GNMIC_JSON_IETF } };
	struct gnmic_path p;
	char *exact = malloc(strlen(json) ? strlen(json) : 1);
	const char *why;

	memcpy(exact, json, strlen(json));
	u.val.bytes.data = exact;
	u.val.bytes.len = strlen(json);
	ck_assert_ptr_null(gnmic_path_parse(prefix, &arena, &p));
	ck_assert_ptr_null(gnmic_path_parse(path, &arena, &u.path));
	why = gnmic_leaves(&p, &u, lists, ARRAY_LEN(lists), &arena, tell, NULL);
	free(exact);
	return why;
}

static const struct {
	const char *what, *prefix, *path, *json, *leaves, *why;
} cases[] = {
	{ "a scalar", "/a", "/b", "\"12345678901\"", "/a/b=\"12345678901\"\n", NULL },
	{ "a tree, modules dropped", "/", "/m:s", "{\"m:in-octets\":\"5\",\"x\":{\"up\":true,\"n\":-3}}",
	  "/s/in-octets=\"5\"\n/s/x/up=true\n/s/x/n=-3\n", NULL },
	{ "a list by its key, which comes last", "/", "/interfaces",
	  "{\"interface\":[{\"state\":{\"o\":1},\"name\":\"e]0\"},{\"name\":\"e1\",\"o\":2}]}",
	  "/interfaces/interface[name=e\\]0]/state/o=1\n"
	  "/interfaces/interface[name=e\\]0]/name=\"e]0\"\n"
	  "/interfaces/interface[name=e1]/name=\"e1\"\n"
	  "/interfaces/interface[name=e1]/o=2\n",
	  NULL },
	{ "several keys, in order", "/", "/",
	  "{\"candidate-path\":[{\"protocol-origin\":\"pcep\",\"discriminator\":100,\"originator\":\"x\",\"v\":1}]}",
	  "/candidate-path[discriminator=100][originator=x][protocol-origin=pcep]/protocol-origin=\"pcep\"\n"
	  "/candidate-path[discriminator=100][originator=x][protocol-origin=pcep]/discriminator=100\n"
	  "/candidate-path[discriminator=100][originator=x][protocol-origin=pcep]/originator=\"x\"\n"
	  "/candidate-path[discriminator=100][originator=x][protocol-origin=pcep]/v=1\n",
	  NULL },
	{ "a list no row knows", "/", "/", "{\"l\":[{\"v\":1},{\"v\":2}]}", "/l[#=0]/v=1\n/l[#=1]/v=2\n", NULL },
	{ "a list's entries at the path itself", "/", "/interfaces/interface", "[{\"name\":\"e0\"}]",
	  "/interfaces/interface[name=e0]/name=\"e0\"\n", NULL },
	{ "leaf-lists", "/", "/", "{\"a\":[1,\"x\",true],\"e\":[],\"n\":[null]}",
	  "/a=[1,\"x\",true]\n/n=true\n", NULL },
	{ "null", "/", "/a", "null", "/a=null\n", NULL },
	{ "escapes", "/", "/a", "\"\\u20ac\\ud83d\\ude00\\ud83d\\t\\\\\"",
	  "/a=\"\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbd\\u0009\\\\\"\n", NULL },
	{ "numbers", "/", "/", "{\"a\":18446744073709551615,\"b\":-9223372036854775808,\"c\":1.5}",
	  "/a=18446744073709551615\n/b=-9223372036854775808\n/c=1.5\n", NULL },
	{ "nothing", "/", "/", "{}", "", NULL },
	{ "not JSON: nothing is told", "/", "/", "{\"a\":1,", "", "a member has no name" },
	{ "a list of both", "/", "/", "{\"a\":[1,{}]}", "", "a list of values and more" },
	{ "the other way round", "/", "/", "{\"a\":[{\"b\":1},2]}", "/a[#=0]/b=1\n", "a list of objects and more" },
	{ "a key twice", "/", "/", "{\"interface\":[{\"name\":\"a\",\"x:name\":\"b\"}]}", "", "a key is there twice" },
	{ "an empty name", "/", "/", "{\"\":1}", "", "a name is empty" },
};

START_TEST(each_case_of_leaves)
{
	const char *why = leaves(cases[_i].prefix, cases[_i].path, cases[_i].json);

	ck_assert_msg(strcmp(str_text(&told), cases[_i].leaves) == 0, "%s: %s", cases[_i].what, str_text(&told));
	ck_assert_pstr_eq(why, cases[_i].why);
}
END_TEST

START_TEST(the_owner_can_stop_it)
{
	left = 2;
	ck_assert_ptr_null(leaves("/", "/", "{\"a\":1,\"b\":2,\"c\":3}"));
	ck_assert_str_eq(str_text(&told), "/a=1\n/b=2\n");
}
END_TEST

START_TEST(memory_is_bounded)
{
	enum { N = 20000 };
	struct str json STR_AUTO = { 0 };

	str_add(&json, "{\"l\":[");
	for (int i = 0; i < N; i++)
		str_add(&json, i ? ",{\"v\":1}" : "{\"v\":1}");
	str_add(&json, "]}");
	left = N + 1;
	ck_assert_pstr_eq(leaves("/", "/", str_text(&json)), "too big");
	ck_assert_uint_le(arena.used, 1 << 20);
}
END_TEST

static const struct {
	struct gnmic_value v;
	bool ok;
	uint64_t u;
} numbers[] = {
	{ { .kind = GNMIC_UINT, .u = UINT64_MAX }, true, UINT64_MAX },
	{ { .kind = GNMIC_INT, .i = 5 }, true, 5 },
	{ { .kind = GNMIC_INT, .i = -5 }, false, 0 },
	{ { .kind = GNMIC_STRING, .text = "18446744073709551615" }, true, UINT64_MAX },
	{ { .kind = GNMIC_STRING, .text = "18446744073709551616" }, false, 0 },
	{ { .kind = GNMIC_STRING, .text = " 1" }, false, 0 },
	{ { .kind = GNMIC_FLOAT, .d = 7.0 }, true, 7 },
	{ { .kind = GNMIC_FLOAT, .d = 7.5 }, false, 0 },
	{ { .kind = GNMIC_FLOAT, .d = -1.0 }, false, 0 },
	{ { .kind = GNMIC_FLOAT, .d = 1e300 }, false, 0 },
	{ { .kind = GNMIC_DECIMAL, .dec = { 7, 0 } }, true, 7 },
	{ { .kind = GNMIC_DECIMAL, .dec = { 70, 1 } }, false, 0 },
	{ { .kind = GNMIC_JSON_IETF, .bytes = { "\"12\"", 4 } }, true, 12 },
	{ { .kind = GNMIC_JSON, .bytes = { " 12 ", 4 } }, true, 12 },
	{ { .kind = GNMIC_JSON, .bytes = { "[12]", 4 } }, false, 0 },
	{ { .kind = GNMIC_JSON, .bytes = { "12x", 3 } }, false, 0 },
	{ { .kind = GNMIC_JSON, .bytes = { NULL, 0 } }, false, 0 },
	{ { .kind = GNMIC_BOOL, .b = true }, false, 0 },
	{ { .kind = GNMIC_NONE }, false, 0 },
};

START_TEST(each_number_of_the_table)
{
	uint64_t u = 1;

	ck_assert(gnmic_value_u64(&numbers[_i].v, &u) == numbers[_i].ok);
	if (numbers[_i].ok)
		ck_assert_uint_eq(u, numbers[_i].u);
}
END_TEST

START_TEST(truth_and_words)
{
	const struct gnmic_value t = { .kind = GNMIC_JSON_IETF, .bytes = { "true", 4 } };
	const struct gnmic_value f = { .kind = GNMIC_STRING, .text = "false" };
	const struct gnmic_value n = { .kind = GNMIC_UINT, .u = 1 };
	const struct gnmic_value q = { .kind = GNMIC_JSON_IETF, .bytes = { "\"up\"", 4 } };
	struct str s STR_AUTO = { 0 };
	bool b = false;

	ck_assert(gnmic_value_bool(&t, &b) && b);
	ck_assert(gnmic_value_bool(&f, &b) && !b);
	ck_assert(!gnmic_value_bool(&n, &b));
	gnmic_value_text(&q, &s);
	ck_assert_str_eq(str_text(&s), "up");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("gnmi-json");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, each_text_is_json_or_not, 0, (int)ARRAY_LEN(jsons));
	tcase_add_test(t, as_deep_as_allowed_and_no_deeper);
	tcase_add_loop_test(t, each_case_of_leaves, 0, (int)ARRAY_LEN(cases));
	tcase_add_test(t, the_owner_can_stop_it);
	tcase_add_test(t, memory_is_bounded);
	tcase_add_loop_test(t, each_number_of_the_table, 0, (int)ARRAY_LEN(numbers));
	tcase_add_test(t, truth_and_words);
	suite_add_tcase(s, t);
	return check_main(s);
}
