/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders for slices, as customers write them: judged alike by our expressions of the modules and
 * by the official files, what is right and what is wrong.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_main.h"
#include "load.h"

Suite *suite_same(void);

static char *slurp(const char *name)
{
	char path[700], *text;
	FILE *f;
	long n;

	snprintf(path, sizeof(path), "%s/%s", examples_dir(), name);
	f = fopen(path, "r");
	ck_assert_msg(f != NULL, "%s", path);
	fseek(f, 0, SEEK_END);
	n = ftell(f);
	ck_assert(n > 0 && n < 1 << 20);
	rewind(f);
	text = calloc(1, (size_t)n + 1);
	ck_assert_uint_eq(fread(text, 1, (size_t)n, f), (size_t)n);
	fclose(f);
	return text;
}

/* One after the other is merged into the same tree, which is valid in the end: or why it is not. */
static const char *judge(struct ly_ctx *ctx, const char *const *bodies, size_t n)
{
	static char why[400];
	struct lyd_node *all = NULL, *one;
	LY_ERR r = LY_SUCCESS;

	for (size_t i = 0; r == LY_SUCCESS && i < n && bodies[i]; i++) {
		one = NULL;
		r = lyd_parse_data_mem(ctx, bodies[i], LYD_JSON,
				       LYD_PARSE_STRICT | LYD_PARSE_ONLY, 0, &one);
		if (r == LY_SUCCESS)
			r = lyd_merge_siblings(&all, one, LYD_MERGE_DESTRUCT);
	}
	if (r == LY_SUCCESS)
		r = lyd_validate_all(&all, NULL, LYD_VALIDATE_PRESENT, NULL);
	snprintf(why, sizeof(why), "%s (%s)", ly_errmsg(ctx) ? ly_errmsg(ctx) : "?",
		 ly_errpath(ctx) ? ly_errpath(ctx) : "");
	lyd_free_all(all);
	return r == LY_SUCCESS ? NULL : why;
}

enum { OURS, SERVED, OFFICIAL, N_CTX };

static struct ly_ctx *ctxs[N_CTX];
static const char *const ctx_names[] = { "ours", "as served", "official" };

static void up(void)
{
	ctxs[OURS] = models_load(getenv("SEXTANT_MODELS"), false);
	ctxs[SERVED] = models_load(getenv("SEXTANT_MODELS"), true);
	if (official_dir())
		ctxs[OFFICIAL] = models_load(official_dir(), false);
}

static void down(void)
{
	for (int i = 0; i < N_CTX; i++)
		ly_ctx_destroy(ctxs[i]);
	memset(ctxs, 0, sizeof(ctxs));
}

/* ---- the payloads at hand ---- */

static const struct {
	const char *files[3]; /* merged: a later one needs the earlier */
} right[] = {
	{ { "1-templates.json" } },
	{ { "1-templates.json", "2-slice.json" } },
	{ { "3-test-only.json" } },
	{ { "4-child.json" } },
	{ { "5-state.json" } },
	{ { "6-nrp.json" } },
	{ { "1-templates.json", "2-slice.json", "8-patch.json" } },
};

START_TEST(payloads_are_accepted_by_ours_and_by_the_official_files)
{
	const char *bodies[3] = { NULL };
	char *texts[3] = { NULL };

	if (!examples_dir())
		return;
	for (size_t i = 0; i < 3 && right[_i].files[i]; i++)
		bodies[i] = texts[i] = slurp(right[_i].files[i]);
	for (int c = 0; c < N_CTX; c++) {
		const char *why = ctxs[c] ? judge(ctxs[c], bodies, 3) : NULL;

		ck_assert_msg(!why, "%s: %s: %s", right[_i].files[0], ctx_names[c], why);
	}
	for (size_t i = 0; i < 3; i++)
		free(texts[i]);
}
END_TEST

/* ---- one thing changed in them, and everybody refuses ---- */

static const struct {
	const char *files[2], *from, *to, *word; /* of the reason; NULL: any */
} wrong[] = {
	{ { "1-templates.json" },
	  "\"template-ref\": \"gov-video-gold\"",
	  "\"template-ref\": \"nobody\"", "leafref" },
	{ { "1-templates.json" },
	  "network-slice-service:one-way-packet-loss",
	  "network-slice-service:one-way-luck", "identity" },
	{ { "1-templates.json" }, "\"bound\": \"20000\"", "\"bound\": 20000", "64" },
	{ { "1-templates.json" },
	  "\"percentile-value\": \"99.000\"",
	  "\"percentile-value\": \"101.000\"", "range" },
	{ { "1-templates.json" }, "\"mtu\": 1500", "\"mtu\": \"1500\"", NULL },
	{ { "1-templates.json" },
	  "\"diversity-type\": \"link srlg\"",
	  "\"diversity-type\": \"link colour\"", NULL },
	{ { "1-templates.json" }, "\"availability\"", "\"avalability\"", "not found" },
	{ { "1-templates.json" }, "\"metric-unit\": \"Mbps\", ", "", "Mandatory" },
	{ { "2-slice.json", "1-templates.json" },
	  "\"p2p-receiver-sdp\": \"sdp-city-a\"",
	  "\"p2p-receiver-sdp\": \"sdp-b\"", "leafref" },
	{ { "2-slice.json", "1-templates.json" },
	  "\"slo-sle-template\": \"gov-video-gold\"",
	  "\"slo-sle-template\": \"gold\"", "leafref" },
	{ { "2-slice.json", "1-templates.json" }, "\"priority\": 1", "\"priority\": 8", "range" },
	{ { "2-slice.json", "1-templates.json" },
	  "\"cir\": \"60000000\"",
	  "\"cir\": 60000000", "64" },
	{ { "2-slice.json", "1-templates.json" },
	  "\"steering\": \"dscp\"",
	  "\"steering\": \"luck\"", NULL },
	{ { "2-slice.json", "1-templates.json" },
	  "\"type\": \"switch-to-protect\"",
	  "\"approval\": \"auto\"", "Mandatory" },
	{ { "3-test-only.json" },
	  "\"sextant-slice:five-tuple\"",
	  "\"ietf-network-slice-service:any\"", "condition" },
	{ { "4-child.json" },
	  "\"parent-slice\": \"gov-01\"",
	  "\"parent-slice\": \"gov-02\"", "leafref" },
	{ { "6-nrp.json" }, "\"nrp-id\": 1, ", "", "Mandatory" },
	{ { "6-nrp.json" },
	  "ietf-nrp:hybrid-plane-partition",
	  "ietf-nrp:queue-partition", "identity" },
	{ { "6-nrp.json" },
	  "\"phb-profile\": \"EF-queue-1\"",
	  "\"phb-profile\": \"gone\"", "leafref" },
	{ { "6-nrp.json" },
	  "\"maximum-bandwidth-percent\": 30",
	  "\"maximum-bandwidth-percent\": 130", "range" },
};

static char *changed(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	size_t cap = strlen(text) + strlen(to) + 1;
	char *out = malloc(cap);

	ck_assert_msg(at != NULL, "the payload has no %s", from);
	snprintf(out, cap, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	return out;
}

START_TEST(what_is_wrong_is_refused_by_ours_and_by_the_official_files)
{
	const char *bodies[2] = { NULL };
	char *texts[3] = { NULL };

	if (!examples_dir())
		return;
	texts[0] = slurp(wrong[_i].files[0]);
	bodies[0] = texts[1] = changed(texts[0], wrong[_i].from, wrong[_i].to);
	if (wrong[_i].files[1])
		bodies[1] = texts[2] = slurp(wrong[_i].files[1]);
	for (int c = 0; c < N_CTX; c++) {
		const char *why = ctxs[c] ? judge(ctxs[c], bodies, 2) : "";

		ck_assert_msg(why != NULL, "%s: accepted: %s", ctx_names[c], wrong[_i].to);
		ck_assert_msg(!*why || !wrong[_i].word || strstr(why, wrong[_i].word),
			      "%s: %s: %s", wrong[_i].to, ctx_names[c], why);
	}
	for (size_t i = 0; i < 3; i++)
		free(texts[i]);
}
END_TEST

/* ---- what we do not serve ---- */

static const struct {
	const char *sdp; /* beside its id */
} unserved[] = {
	{ "\"ac-svc-ref\":[\"ac-1\"]" },
	{ "\"attachment-circuits\":{\"attachment-circuit\":[{\"id\":\"a\","
	  "\"ac-svc-ref\":\"ac-1\"}]}" },
	{ "\"service-match-criteria\":{\"match-criterion\":[{\"index\":1,\"match-type\":[{\"type\":"
	  "\"ietf-network-slice-service:acl\",\"acl-name\":[\"a\"]}]}]}" },
};

START_TEST(what_is_not_served_is_not_in_the_schema)
{
	char body[600];
	struct lyd_node *tree = NULL;

	snprintf(body, sizeof(body),
		 "{\"ietf-network-slice-service:network-slice-services\":{\"slice-service\":[{"
		 "\"id\":\"s\",\"sdps\":{\"sdp\":[{\"id\":\"a\",%s}]}}]}}",
		 unserved[_i].sdp);
	ck_assert_int_eq(lyd_parse_data_mem(ctxs[OURS], body, LYD_JSON,
					    LYD_PARSE_STRICT | LYD_PARSE_ONLY, 0, &tree),
			 LY_SUCCESS);
	lyd_free_all(tree);
	tree = NULL;
	ck_assert_int_ne(lyd_parse_data_mem(ctxs[SERVED], body, LYD_JSON,
					    LYD_PARSE_STRICT | LYD_PARSE_ONLY, 0, &tree),
			 LY_SUCCESS);
	ck_assert_ptr_nonnull(strstr(ly_errmsg(ctxs[SERVED]), "not found"));
	lyd_free_all(tree);
}
END_TEST

static Suite *suite_slices(void)
{
	Suite *s = suite_create("models-slices");
	TCase *t = tcase_create("slices");

	tcase_set_timeout(t, 60);
	tcase_add_unchecked_fixture(t, up, down);
	tcase_add_loop_test(t, payloads_are_accepted_by_ours_and_by_the_official_files, 0,
			    (int)(sizeof(right) / sizeof(right[0])));
	tcase_add_loop_test(t, what_is_wrong_is_refused_by_ours_and_by_the_official_files, 0,
			    (int)(sizeof(wrong) / sizeof(wrong[0])));
	tcase_add_loop_test(t, what_is_not_served_is_not_in_the_schema, 0,
			    (int)(sizeof(unserved) / sizeof(unserved[0])));
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	SRunner *sr = srunner_create(suite_same());
	int failed;

	srunner_add_suite(sr, suite_slices());
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed && !getenv("CK_TAP_LOG_FILE_NAME") ? EXIT_FAILURE : EXIT_SUCCESS;
}
