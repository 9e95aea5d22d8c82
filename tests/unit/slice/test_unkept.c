/* SPDX-License-Identifier: Apache-2.0 */
/* What an order says and nothing here keeps: refused with the node and what to do; what is kept is taken. */
#include "bed.h"

#include <stdio.h>

#define IN "incoming-qos-policy"
#define OUT "outgoing-qos-policy"
#define QOS(way, limits) ",\"" way "\":{\"rate-limits\":{" limits "}}"
#define COS "\"classes\":{\"cos\":[{\"cos-id\":5,\"cir\":\"8000\"}]}"
#define AC(more) ",\"attachment-circuits\":{\"attachment-circuit\":[{\"id\":\"c\"" more "}]}"
#define ROLE_IN(role)                                                                              \
	",\"service-match-criteria\":{\"match-criterion\":[{\"index\":1,\"match-type\":[{\"type\":\"any\"}]," \
	"\"target-connection-group-id\":\"g\",\"connection-group-sdp-role\":\"" role "-role\"}]}"
/* Between s1, which says more, and s2; groups with their name before. */
#define BETWEEN(more, peer, groups)                                                                \
	"{\"id\":\"one\",\"sdps\":{\"sdp\":[{\"id\":\"s1\",\"node-id\":\"a\"" more "},{\"id\":\"s2\",\"node-id\":\"b\"" \
	peer "}]}" groups "}"
#define GROUPS(list) ",\"connection-groups\":{\"connection-group\":[" list "]}"
#define PAIRS GROUPS(GROUP("g", "any-to-any", P2P("1", "s1", "s2", "") "," P2P("2", "s2", "s1", "")))
#define ALL "{\"id\":\"all\",\"a2a-sdp\":[{\"sdp-id\":\"s1\"},{\"sdp-id\":\"s2\"}]}"
#define ANY GROUPS(GROUP("g", "any-to-any", ALL))
#define SDP_IN(limits) BETWEEN(AC("") QOS(IN, limits), "", PAIRS)
#define AC_IN(limits) BETWEEN(AC(QOS(IN, limits)), "", PAIRS)
#define SDP_OUT(limits) BETWEEN(QOS(OUT, limits), "", ANY)
#define AC_OUT(limits) BETWEEN(AC(QOS(OUT, limits)), "", ANY)
#define RATES_AT(level, way) "sdps/sdp[id='s1']/" level way "/rate-limits/"
#define OF_AC "attachment-circuits/attachment-circuit[id='c']/"
#define STEERED(how) BETWEEN("", "", PAIRS ",\"sextant-slice:realisation\":{\"steering\":\"" how "\"}")
#define STEERING "sextant-slice:realisation/steering"

static const struct {
	const char *doc, *field, *text; /* NULL: it is taken */
} orders[] = {
	/* what enters: one rate, one burst */
	{ SDP_IN("\"cir\":\"8000\",\"cbs\":\"1\""), NULL, NULL },
	{ SDP_IN("\"cir\":\"8000\",\"pir\":\"8000\""), NULL, NULL },
	{ SDP_IN("\"cir\":\"8000\",\"pir\":\"8001\""), RATES_AT("", IN) "pir", "the same as cir" },
	{ SDP_IN("\"pir\":\"9000\""), NULL, NULL }, /* it is policed at that */
	{ SDP_IN("\"cir\":\"8000\",\"cbs\":\"7\",\"pbs\":\"7\""), NULL, NULL },
	{ SDP_IN("\"cir\":\"8000\",\"cbs\":\"7\",\"pbs\":\"8\""), RATES_AT("", IN) "pbs", "as cbs" },
	{ SDP_IN("\"cir\":\"8000\",\"eir\":\"0\",\"ebs\":\"0\""), NULL, NULL },
	{ SDP_IN("\"cir\":\"8000\",\"eir\":\"1\""), RATES_AT("", IN) "eir", "as cir" },
	{ SDP_IN("\"cir\":\"8000\",\"ebs\":\"1\""), RATES_AT("", IN) "ebs", "as cbs" },
	{ SDP_IN("\"cir\":\"8000\",\"classes\":{}"), NULL, NULL },
	{ SDP_IN("\"cir\":\"8000\"," COS), RATES_AT("", IN) "classes/cos", "an SDP of each" },
	{ AC_IN("\"cir\":\"8000\",\"pir\":\"8000\""), NULL, NULL },
	{ AC_IN("\"cir\":\"8000\",\"pir\":\"9000\""), RATES_AT(OF_AC, IN) "pir", "the same as cir" },
	{ AC_IN(COS), RATES_AT(OF_AC, IN) "classes/cos", "an SDP of each" },
	{ BETWEEN(",\"" IN "\":{\"qos-policy-name\":\"gold\"}", "", PAIRS), "sdps/sdp[id='s1']/" IN "/qos-policy-name",
	  "say rate-limits" },
	{ BETWEEN(AC("") ",\"" IN "\":{\"qos-policy-name\":\"gold\",\"rate-limits\":{\"cir\":\"8000\"}}", "", PAIRS), NULL, NULL },
	/* with no circuit it is policed nowhere */
	{ BETWEEN(QOS(IN, "\"cir\":\"8000\""), "", PAIRS), "sdps/sdp[id='s1']/" IN "/rate-limits", "attachment-circuits" },
	{ BETWEEN(QOS(IN, "\"cir\":\"8000\""), "", ANY), NULL, NULL },
	{ BETWEEN(QOS(IN, "\"pir\":\"8000\""), "", ANY), "sdps/sdp[id='s1']/" IN "/rate-limits", "attachment-circuits" },
	{ BETWEEN(AC("") QOS(IN, "\"pir\":\"8000\""), "", ANY), NULL, NULL },
	/* what leaves an SDP: where all of it is any-to-any */
	{ SDP_OUT("\"cir\":\"8000\""), NULL, NULL },
	{ SDP_OUT("\"cir\":\"8000\",\"pir\":\"8000\""), NULL, NULL },
	{ SDP_OUT("\"cir\":\"8000\",\"pir\":\"8001\""), RATES_AT("", OUT) "pir", "leave it out" },
	{ SDP_OUT("\"pir\":\"8001\""), RATES_AT("", OUT) "pir", "leave it out" },
	{ SDP_OUT("\"cir\":\"8000\",\"cbs\":\"1\""), RATES_AT("", OUT) "cbs", "leave it out" },
	{ SDP_OUT("\"cir\":\"8000\",\"pbs\":\"1\""), RATES_AT("", OUT) "pbs", "leave it out" },
	{ SDP_OUT("\"cir\":\"8000\",\"eir\":\"1\""), RATES_AT("", OUT) "eir", "leave it out" },
	{ SDP_OUT(COS), RATES_AT("", OUT) "classes/cos", "leave it out" },
	{ BETWEEN(",\"" OUT "\":{\"qos-policy-name\":\"gold\"}", "", ANY), "sdps/sdp[id='s1']/" OUT "/qos-policy-name",
	  "say rate-limits" },
	{ BETWEEN(QOS(OUT, "\"cir\":\"0\""), "", PAIRS), NULL, NULL }, /* 0 is not said */
	{ BETWEEN(QOS(OUT, "\"cir\":\"8000\""), "", PAIRS), RATES_AT("", OUT) "cir", "of those who send" },
	{ BETWEEN(QOS(OUT, "\"cir\":\"8000\""), "", ""), NULL, NULL }, /* a pool */
	{ BETWEEN(QOS(OUT, "\"cir\":\"8000\""), "", GROUPS(GROUP("g", "any-to-any", ALL) ","
		GROUP("h", "any-to-any", P2P("1", "s2", "s1", "")))), RATES_AT("", OUT) "cir", "of those who send" },
	/* the same where roles make the constructs */
	{ BETWEEN(ROLE_IN("any-to-any") QOS(OUT, "\"cir\":\"8000\""), ROLE_IN("any-to-any"),
		  GROUPS(GROUP("g", "any-to-any", ""))), NULL, NULL },
	{ BETWEEN(ROLE_IN("any-to-any") QOS(OUT, "\"cir\":\"8000\""), ROLE_IN("any-to-any"),
		  GROUPS(GROUP("g", "point-to-point", ""))), NULL, NULL },
	{ BETWEEN(ROLE_IN("receiver") QOS(OUT, "\"cir\":\"8000\""), ROLE_IN("sender"),
		  GROUPS(GROUP("g", "point-to-point", ""))), RATES_AT("", OUT) "cir", "of those who send" },
	{ BETWEEN(ROLE_IN("hub") QOS(OUT, "\"cir\":\"8000\""), ROLE_IN("spoke"), GROUPS(GROUP("g", "hub-spoke", ""))),
	  RATES_AT("", OUT) "cir", "of those who send" },
	/* what leaves a circuit: nowhere */
	{ AC_OUT("\"cir\":\"8000\""), RATES_AT(OF_AC, OUT) "cir", "incoming-qos-policy where it enters" },
	{ AC_OUT("\"pir\":\"8000\""), RATES_AT(OF_AC, OUT) "pir", "leave it out" },
	{ AC_OUT(COS), RATES_AT(OF_AC, OUT) "classes/cos", "leave it out" },
	{ AC_OUT(""), NULL, NULL },
	/* how packets are told */
	{ STEERED("ac"), NULL, NULL },
	{ STEERED("dscp"), NULL, NULL },
	{ STEERED("five-tuple"), NULL, NULL },
	{ STEERED("apn-id"), STEERING, "dscp or five-tuple" },
	{ STEERED("vpn-color"), STEERING, "bound to its slice: ac" },
	{ "{\"vpn-id\":\"one\",\"sextant-slice:realisation\":{\"steering\":\"ac\"}}", NULL, NULL },
	{ "{\"vpn-id\":\"one\",\"sextant-slice:realisation\":{\"steering\":\"vpn-color\"}}", STEERING, "ac" },
};

START_TEST(what_is_not_kept_is_read_and_named)
{
	struct slice_service s;
	struct arena a;

	arena_init(&a, 4 << 20);
	read_ok(orders[_i].doc, &a, &s);
	if (orders[_i].field) {
		ck_assert_msg(s.unkept != NULL, "%s", orders[_i].doc);
		ck_assert_str_eq(s.unkept->field, orders[_i].field);
		ck_assert_msg(strstr(s.unkept->text, orders[_i].text) != NULL, "%s", s.unkept->text);
		ck_assert_uint_lt(strlen(s.unkept->text), SR_REASON_MAX - 1); /* whole */
	} else
		ck_assert_msg(!s.unkept, "%s: %s", s.unkept->field, s.unkept->text);
	arena_fini(&a);
}
END_TEST

#define MODE(m) ",\"mode\":\"ietf-nrp:" m "-plane-partition\""
#define TOPOLOGY(more) ",\"topology\":{" more "}"
#define ON(type) TOPOLOGY("\"select\":{\"topology-group\":[{\"group-id\":\"core\",\"link-partition-type\":\"" type "\"}]}")
#define NRP(more) "{\"name\":\"n\",\"nrp-id\":1,\"resource-reservation\":{\"maximum-bandwidth-percent\":30}" more "}"

static const struct {
	const char *doc, *field, *text;
} partitions[] = {
	{ NRP(MODE("hybrid")), NULL, NULL },
	{ NRP(MODE("control")), "mode", "hybrid-plane-partition" },
	{ NRP(MODE("data")), "mode", "hybrid-plane-partition" },
	{ NRP(ON("ietf-nrp:queue-partition")), NULL, NULL },
	{ NRP(ON("ietf-nrp:virtual-interface")), "topology/select/topology-group[group-id='core']/link-partition-type",
	  "queue-partition" },
};

START_TEST(partitions_that_are_not_made_are_read_and_refused)
{
	const char *doc = partitions[_i].doc, *field = partitions[_i].field;
	struct slice_result r;
	struct slice_fault f;
	struct slice_nrp n;
	struct arena a;

	arena_init(&a, 4 << 20);
	ck_assert_int_eq(slice_nrp_read(doc, strlen(doc), &a, &n, &f), 0);
	ck_assert(!n.unkept == !field);
	arena_fini(&a);
	ck_assert_int_eq(try_doc(SLICE_NRP, "n", doc).code, field ? SLICE_E_STEP : 0);
	r = put_doc(SLICE_NRP, "n", doc);
	ck_assert_int_eq(r.code, field ? SLICE_E_STEP : 0);
	ck_assert_uint_eq(slice_count(bed.slice, SLICE_NRP), field ? 0 : 1);
	if (!field)
		return;
	ck_assert_str_eq(r.field, field);
	ck_assert_msg(strstr(r.text, partitions[_i].text) != NULL, "%s", r.text);
}
END_TEST

/* The rate that is taken is what is reserved; what nothing keeps leaves nothing behind. */
START_TEST(it_is_refused_when_it_is_ordered)
{
	struct slice_result r = put_doc(SLICE_SERVICE, "one", SDP_IN("\"cir\":\"8000\",\"pir\":\"9000\""));

	ck_assert_int_eq(r.code, SLICE_E_STEP);
	ck_assert_str_eq(r.field, RATES_AT("", IN) "pir");
	ck_assert_int_eq(try_doc(SLICE_SERVICE, "one", AC_OUT("\"cir\":\"8000\"")).code, SLICE_E_STEP);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", BETWEEN(QOS(OUT, "\"cir\":\"8000\""), "", PAIRS)).code, SLICE_E_STEP);
	r = put_doc(SLICE_SERVICE, "one", STEERED("apn-id"));
	ck_assert_int_eq(r.code, SLICE_E_STEP);
	ck_assert_str_eq(r.field, STEERING);
	ck_assert_int_eq(try_doc(SLICE_SERVICE, "one", STEERED("vpn-color")).code, SLICE_E_STEP);
	nothing_left();
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", STEERED("dscp")).code, 0);
	bed_settle();
	ck_assert_int_eq(drop(SLICE_SERVICE, "one").code, 0);
	bed_settle();
	nothing_left();
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", SDP_OUT("\"cir\":\"8000\"")).code, 0);
	bed_settle();
	ck_assert_str_eq(slice_state_text(seen("one")->state), "active");
	ck_assert_uint_eq(reserved("b", "a"), 8000);
	ck_assert_uint_eq(reserved("a", "b"), 0);
	/* nor does one that stands come to say it */
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", SDP_OUT("\"cir\":\"8000\",\"cbs\":\"1\"")).code, SLICE_E_STEP);
	ck_assert_uint_eq(reserved("b", "a"), 8000);
	ck_assert_int_eq(drop(SLICE_SERVICE, "one").code, 0);
	bed_settle();
	nothing_left();
}
END_TEST

struct kept {
	char value[16384];
	size_t len;
};

static int keep(void *arg, const char *key, const void *value, size_t len)
{
	struct kept *k = arg;

	(void)key;
	ck_assert_uint_lt(len, sizeof(k->value));
	memcpy(k->value, value, len);
	k->value[len] = '\0';
	k->len = len;
	return 0;
}

/* In the record of the one there is, as an older version would have taken it. */
static void rewrite(const char *bucket, const char *key, const char *from, const char *to)
{
	struct kept k = { 0 };
	struct store_op op = { .bucket = bucket, .key = key };
	char *at;

	ck_assert_int_eq(store_each(world.store, bucket, keep, &k), 0);
	at = strstr(k.value, from);
	ck_assert(at && strlen(from) == strlen(to));
	memcpy(at, to, strlen(to));
	op.value = k.value;
	op.len = k.len;
	ck_assert_int_eq(store_write(world.store, &op, 1, NULL, NULL), 0);
	run_ms(100);
}

/* A new version of the controller drops no slice of the old one's, and lets its template change. */
START_TEST(what_was_taken_before_is_held)
{
	static const char text[] = "{\"id\":\"one\",\"slo-sle-template\":\"t\",\"sdps\":{\"sdp\":[{\"id\":\"s1\","
				   "\"node-id\":\"a\"" AC("") QOS(IN, "\"cir\":\"8000\",\"pir\":\"8000\"")
				   "},{\"id\":\"s2\",\"node-id\":\"b\"}]}" PAIRS "}";
	static const char tight[] = "{\"id\":\"t\"," SLO(BOUND("one-way-bandwidth", "Mbps", "2")) "}";
	char was[sizeof(text)];
	char *pir;

	memcpy(was, text, sizeof(text));
	pir = strstr(was, "\"pir\":\"8000\"");
	ck_assert(pir != NULL);
	pir[7] = '9';
	ck_assert_int_eq(put_doc(SLICE_TEMPLATE, "t", "{\"id\":\"t\"," SLO(BOUND("one-way-bandwidth", "Mbps", "1")) "}").code, 0);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", was).code, SLICE_E_STEP);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", text).code, 0);
	bed_settle();
	rewrite("slice", "one", "\\\"pir\\\":\\\"8000\\\"", "\\\"pir\\\":\\\"9000\\\"");
	bed_crash();
	bed_settle();
	ck_assert(seen("one"));
	ck_assert_str_eq(slice_state_text(seen("one")->state), "active");
	ck_assert_int_eq(put_doc(SLICE_TEMPLATE, "t", tight).code, 0);
	bed_settle();
	ck_assert_uint_eq(reserved("a", "b"), 2000000);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", was).code, 0); /* as it is */
	pir[8] = '1';
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", was).code, SLICE_E_STEP);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", text).code, 0); /* the way out */
	bed_settle();
	ck_assert_str_eq(slice_state_text(seen("one")->state), "active");
}
END_TEST

#define MODE_WAS "\\\"mode\\\":\\\"ietf-nrp:"

/* One made by an older version keeps its slices, and is changed once it says the mode it has. */
START_TEST(a_partition_taken_before_is_held)
{
	ck_assert_int_eq(put_doc(SLICE_NRP, "n", NRP(MODE("hybrid"))).code, 0);
	ck_assert_int_eq(put_doc(SLICE_SERVICE, "one", order("one", G, "\"sextant-slice:realisation\":{\"nrp-id\":1},")).code, 0);
	bed_settle();
	rewrite("slice-nrp", "n", MODE_WAS "hybrid-plane-partition\\\"", MODE_WAS "data-plane-partition\\\"  ");
	bed_crash();
	bed_settle();
	ck_assert_uint_eq(slice_count(bed.slice, SLICE_NRP), 1);
	ck_assert(seen("one"));
	ck_assert_str_eq(slice_state_text(seen("one")->state), "active");
	ck_assert_int_eq(put_doc(SLICE_NRP, "n", NRP(",\"phb-profile\":\"EF\"" MODE("data"))).code, SLICE_E_STEP);
	ck_assert_int_eq(put_doc(SLICE_NRP, "n", NRP(",\"phb-profile\":\"EF\"" MODE("hybrid"))).code, 0);
	bed_settle();
	ck_assert_str_eq(slice_state_text(seen("one")->state), "active");
}
END_TEST

static void setup(void)
{
	bed_up(bed_pair);
}

int main(void)
{
	Suite *s = suite_create("slice-unkept");
	TCase *doc = tcase_create("doc"), *room = tcase_create("room");

	tcase_add_loop_test(doc, what_is_not_kept_is_read_and_named, 0, ARRAY_LEN(orders));
	tcase_add_checked_fixture(room, setup, bed_down);
	tcase_add_test(room, it_is_refused_when_it_is_ordered);
	tcase_add_test(room, what_was_taken_before_is_held);
	tcase_add_loop_test(room, partitions_that_are_not_made_are_read_and_refused, 0, ARRAY_LEN(partitions));
	tcase_add_test(room, a_partition_taken_before_is_held);
	suite_add_tcase(s, doc);
	suite_add_tcase(s, room);
	return check_main(s);
}
