/* SPDX-License-Identifier: Apache-2.0 */
/* Disjointness groups of policies: written, read, refused, and what is told of their members. */
#include <stdio.h>
#include <string.h>

#include "check_main.h"
#include "fake.h"

#define P "/restconf/data/sextant-policy:policies"
#define ONE P "/policy=2001:db8::1,100,2001:db8::9"
#define JSON "Content-Type: application/yang-data+json\r\n"
#define KEYS "\"headend\":\"2001:db8::1\",\"color\":100,\"endpoint\":\"2001:db8::9\""
#define DYN "\"candidate-path\":[{\"preference\":100,\"dynamic\":{}}]"
#define BODY(group) "{\"sextant-policy:policy\":[{" KEYS ",\"disjointness\":{" group "}," DYN "}]}"

static const struct intent_membership *group(void)
{
	ck_assert_uint_eq(fake.n_views, 1);
	return &fake.views[0].desired.group;
}

START_TEST(group_is_written_and_read)
{
	static const struct {
		const char *name;
		uint8_t bits;
	} kinds[] = { { "link", PCE_DIVERSE_LINK },
		      { "node", PCE_DIVERSE_NODE },
		      { "srlg", PCE_DIVERSE_SRLG },
		      { "srlg-node", PCE_DIVERSE_SRLG | PCE_DIVERSE_NODE } };
	char body[400];

	fake_up(4);
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		(void)snprintf(body, sizeof(body), BODY("\"group\":%u,\"kind\":\"%s\""),
			       (unsigned)(65531 + k), kinds[k].name);
		ck_status(ask("PUT", ONE, JSON, body), k ? 204 : 201);
		ck_assert_uint_eq(group()->id, 65531 + k);
		ck_assert_uint_eq(group()->diverse, kinds[k].bits);
		ck_assert(!group()->best_available);
		(void)snprintf(body, sizeof(body), "\"kind\":\"%s\"", kinds[k].name);
		ck_has(str_text(&get(ONE)->body), body);
	}
	ck_status(ask("PUT", ONE, JSON, BODY("\"group\":7,\"best-available\":true")), 204);
	ck_assert_uint_eq(group()->diverse, PCE_DIVERSE_LINK); /* the default */
	ck_assert(group()->best_available);
	ck_has(str_text(&get(ONE)->body), "\"best-available\":true");
	ck_status(ask("PUT", ONE "/disjointness/kind", JSON, "{\"sextant-policy:kind\":\"node\"}"), 204);
	ck_assert_uint_eq(group()->diverse, PCE_DIVERSE_NODE);
	ck_assert_uint_eq(group()->id, 7);
	ck_status(ask("DELETE", ONE "/disjointness", "", NULL), 204);
	ck_assert_uint_eq(group()->id, 0);
	ck_lacks(str_text(&get(ONE)->body), "disjointness");
	ck_status(ask("DELETE", ONE "/disjointness", "", NULL), 404);
	fake_down();
}
END_TEST

static const char *const refused[] = {
	"",
	"\"kind\":\"node\"",
	"\"group\":0",
	"\"group\":65535",
	"\"group\":\"seven\"",
	"\"group\":7,\"kind\":\"wavelength\"",
	"\"group\":7,\"best-available\":1",
	"\"group\":7,\"members\":8",
};

START_TEST(what_is_no_group_is_refused)
{
	char body[400];

	fake_up(4);
	(void)snprintf(body, sizeof(body), BODY("%s"), refused[_i]);
	ck_status(ask("PUT", ONE, JSON, body), 400);
	ck_assert_uint_eq(fake.n_views, 0);
	fake_down();
}
END_TEST

START_TEST(members_and_what_is_met_are_told)
{
	struct intent_view *v;
	const char *text;

	fake_up(4);
	v = fake_policy("2001:db8::1", 100, "2001:db8::9");
	v->desired.group = (struct intent_membership){ .id = 7, .diverse = PCE_DIVERSE_NODE };
	v->n_mates = 2;
	v->n_apart = 1;
	v->met = PCE_DIVERSE_LINK | PCE_DIVERSE_SRLG;
	v->mates[0].key = v->mates[1].key = v->desired.key;
	v->mates[0].key.color = 101;
	v->mates[0].placed = true;
	v->mates[0].met = v->met;
	v->mates[1].key.color = 102;
	text = str_text(&get(ONE)->body);
	ck_has(text, "\"disjointness\":{\"group\":7,\"kind\":\"node\",\"best-available\":false}");
	ck_has(text, "\"disjointness\":{\"met\":[\"link\",\"srlg\"],\"member\":["
		     "{\"headend\":\"2001:db8::1\",\"color\":101,\"endpoint\":\"2001:db8::9\","
		     "\"placed\":true,\"met\":[\"link\",\"srlg\"]},"
		     "{\"headend\":\"2001:db8::1\",\"color\":102,\"endpoint\":\"2001:db8::9\","
		     "\"placed\":false}]}");
	body_ok(text, "/sextant-policy:policies");
	text = str_text(&get(ONE "?content=config")->body);
	ck_has(text, "\"group\":7");
	ck_lacks(text, "\"member\"");
	fake_down();
}
END_TEST

START_TEST(a_standby_is_shown_with_its_policy_and_not_beside_it)
{
	struct intent_view *v;
	const char *text;

	fake_up(4);
	v = fake_policy("2001:db8::1", 100, "2001:db8::9");
	str_copy(v->desired.owner, sizeof(v->desired.owner), "slice");
	v->desired.group = (struct intent_membership){ .id = INTENT_GROUP_ID_MAX + 1, .diverse = PCE_DIVERSE_LINK };
	v->n_mates = 1;
	v->mates[0].key = v->desired.key;
	v->mates[0].key.leg = 1;
	(void)fake_policy("2001:db8::1", 101, "2001:db8::9");
	ck_lacks(str_text(&get(ONE)->body), "standby");
	v = fake_standby("2001:db8::1", 100, "2001:db8::9");
	v->state = INTENT_DOWN;
	str_copy(v->reason, sizeof(v->reason), "no second way");
	v->has_computed = true;
	str_copy(v->path_text, sizeof(v->path_text), "a>c,c>d");
	text = str_text(&get(ONE)->body);
	ck_has(text, "\"owner\":\"slice gold\"");
	ck_has(text, "\"standby\":{\"status\":\"down\",\"reason\":\"no second way\"");
	ck_has(text, "\"link\":[\"a>c\",\"c>d\"]");
	ck_lacks(text, "\"group\""); /* it is its owner's */
	ck_lacks(text, "\"member\"");
	body_ok(text, "/sextant-policy:policies");
	text = str_text(&get(P "/policy")->body);
	text = strstr(text, "\"color\":100");
	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_null(strstr(text + 1, "\"color\":100"));
	ck_has(text, "\"color\":101");
	fake_down();
}
END_TEST

Suite *suite_group(void)
{
	Suite *s = suite_create("restconf-group");
	TCase *t = tcase_create("group");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, group_is_written_and_read);
	tcase_add_loop_test(t, what_is_no_group_is_refused, 0, ARRAY_LEN(refused));
	tcase_add_test(t, members_and_what_is_met_are_told);
	tcase_add_test(t, a_standby_is_shown_with_its_policy_and_not_beside_it);
	suite_add_tcase(s, t);
	return s;
}
