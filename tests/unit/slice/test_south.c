/* SPDX-License-Identifier: Apache-2.0 */
/* By which southbound the policies of a slice are sent: that of their headends. */
#include "bed.h"

#include <string.h>

#define REAL(m) "\"sextant-slice:realisation\":{" m "},"

static void served_by(const char *headend, const char *southbound)
{
	pcc_down(headend);
	pcc_at(headend)->caps.southbound = southbound;
	pcc_open(headend);
	pcc_sync(headend);
}

START_TEST(a_southbound_that_is_said_is_the_headends)
{
	struct slice_result r;
	struct intent_view v;
	struct slice_flow_view f;

	bed_up(bed_pair);
	r = put_doc(SLICE_SERVICE, "one", order("one", G, REAL("\"southbound\":\"bgp-sr-policy\"")));
	ck_assert(r.code == SLICE_E_STEP && strstr(r.text, "by BGP"));
	r = put_doc(SLICE_SERVICE, "one", order("one", G, REAL("\"southbound\":\"gnmi\"")));
	ck_assert_int_eq(r.code, SLICE_E_STEP);
	ck_assert_str_eq(r.field, "sextant-slice:realisation/southbound");
	ck_assert_msg(strstr(r.text, "SDP s1 is served by pcep") != NULL, "%s", r.text);
	ck_assert_uint_eq(slice_count(bed.slice, SLICE_SERVICE), 0);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", G, REAL("\"southbound\":\"pcep\""))).code, 0);
	bed_settle();
	ck_assert_int_eq(drop(SLICE_SERVICE, "one").code, 0);
	bed_settle();
	served_by("a", "gnmi");
	r = put_doc(SLICE_SERVICE, "one", order("one", G, REAL("\"southbound\":\"pcep\"")));
	ck_assert_msg(r.code == SLICE_E_STEP && strstr(r.text, "served by gnmi"), "%s", r.text);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", G, REAL("\"southbound\":\"gnmi\""))).code, 0);
	bed_settle();
	ck_assert_str_eq(slice_state_text(seen("one")->state), "active");
	ck_assert_uint_eq(slice_flows(bed.slice, "one", 0, &f, 1), 1);
	ck_assert(intent_get(world.intent, &f.key, &v) == 0 && strcmp(v.southbound, "gnmi") == 0);
	/* not said: whatever serves it */
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", 2ull * G, "")).code, 0);
	bed_down();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("slice-south");
	TCase *t = tcase_create("pair");

	tcase_add_test(t, a_southbound_that_is_said_is_the_headends);
	suite_add_tcase(s, t);
	return check_main(s);
}
