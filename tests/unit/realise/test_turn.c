/* SPDX-License-Identifier: Apache-2.0 */
/* Every promise is probed before traffic, once, and so many at a time. */
#include "bed.h"

#include <stdio.h>

#define MARKED ",\"sextant-slice:assurance-policy\":{\"method\":\"alt-mark\"}"
#define STAMP ",\"sextant-slice:assurance-policy\":{\"method\":\"stamp\"}"
#define WEST END("b", "r2", "", AC("c1", "eth1", "2001:db8:2::1", "64", ""))
#define PAIR_OF(more) ORDER("x", more, END("a", "r1", "", AC("c1", "eth1", "2001:db8:1::1", "64", "")) "," WEST, BOTH)
#define THREE                                                                                      \
	ORDER("x", "",                                                                             \
	      END("a", "r1", "", AC("c1", "eth1", "2001:db8:1::1", "64", "")) "," WEST ","         \
	      END("c", "r3", "", AC("c1", "eth1", "2001:db8:3::1", "64", "")),                     \
	      GROUP("g", PAIR("there", "a", "b") "," PAIR("back", "b", "a") "," PAIR("more", "a", "c")))
#define SESSIONS "/device/measure/stamp/session[name=sx-x-fd0c5087.v"

static const struct window good = { "true", 50, 0, 5000, 10, 9000 };

static bool session(const char *device, unsigned v)
{
	char path[128];

	snprintf(path, sizeof(path), SESSIONS "%u]", v);
	return there(device, path) != NULL;
}

static unsigned sessions(const char *device)
{
	unsigned n = 0;

	for (unsigned i = 0; i < FLOWS; i++)
		n += session(device, i);
	return n;
}

static void settle(void)
{
	for (unsigned i = 0; i < 50; i++) {
		bed_run(1);
		(void)bed_answer_all();
	}
}

/* Devices with and without STAMP. */
static void is_up(const char *device, bool probes)
{
	const struct device_info info = { .device = device, .kind = "agent", .version = "0.10.0", .probes = probes };

	realise_device_sink.up(bed.room, &info);
}

static void verify(const char *doc)
{
	if (doc)
		bed_order("x", doc);
	bed_do("x", SLICE_STEP_VPN, false);
	ck_assert(bed.told.ok);
	bed_start("x", SLICE_STEP_VERIFY, false);
	settle();
}

/* Windows of every session there is, three of them. */
static void windows(const char *device, const struct window *w)
{
	static uint64_t number;

	for (unsigned k = 0; k < 3; k++) {
		number++;
		for (unsigned i = 0; i < FLOWS; i++) {
			if (session(device, i))
				bed_window(device, i, number, w);
		}
	}
	settle();
}

static void let_on(void)
{
	ck_assert(!bed.told.done);
	windows("r1", &good);
	windows("r2", &good);
	ck_assert_msg(bed.told.done && bed.told.ok, "%s", bed.told.why);
	ck_assert_str_eq(bed.told.why, "");
	bed_do("x", SLICE_STEP_CLASSIFY, false);
	ck_assert(bed.told.ok);
}

static void end(void)
{
	bed_take_back("x");
	for (unsigned i = 0; i < DEVICES; i++)
		ck_assert_uint_eq(bed.device[i].n, 0);
	ck_assert_uint_eq(bed_records(), 0);
	bed_down();
}

START_TEST(whatever_is_promised_is_probed)
{
	static const char *const orders[] = { PAIR_OF(""), PAIR_OF(MARKED), PAIR_OF(MARKED), PAIR_OF("") };

	bed_up();
	bed_order("x", orders[_i]);
	for (unsigned i = 0; i < 2; i++) {
		if (_i > 0)
			bed_ordered("x")->flows[i].delay_us_max = PCE_NO_BOUND;
		if (_i == 1 || _i == 3)
			bed_ordered("x")->flows[i].bandwidth_bps = 1000;
	}
	verify(NULL); /* the third promises nothing, and says how that is measured */
	ck_assert(session("r1", 0) && session("r2", 1));
	let_on();
	ck_assert_uint_eq(sessions("r1") + sessions("r2"), 0);
	ck_assert_uint_ge(device_at("r1")->probed, 1); /* reflectors are needed no more */
	ck_assert_uint_ge(device_at("r2")->probed, 1);
	end();
}
END_TEST

START_TEST(who_measures_by_probes_keeps_reflectors)
{
	bed_up();
	verify(PAIR_OF(STAMP));
	let_on();
	ck_assert_uint_eq(device_at("r1")->probed + device_at("r2")->probed, 0);
	end();
}
END_TEST

START_TEST(what_stood_is_not_probed_again_by_a_restart)
{
	bed_up();
	verify(PAIR_OF(""));
	let_on();
	bed_crash();
	verify(NULL);
	ck_assert(bed.told.done && bed.told.ok);
	ck_assert_uint_eq(sessions("r1") + sessions("r2"), 0);
	bed_do("x", SLICE_STEP_CLASSIFY, false);
	/* taken off and let on again it is; the same with a restart between */
	bed_do("x", SLICE_STEP_CLASSIFY, true);
	if (_i)
		bed_crash();
	verify(NULL);
	ck_assert(session("r1", 0) && session("r2", 1));
	let_on();
	end();
}
END_TEST

START_TEST(a_restart_while_it_is_verified_verifies_it)
{
	bed_up();
	verify(PAIR_OF(""));
	windows("r1", &good);
	ck_assert(!bed.told.done);
	bed_crash();
	verify(NULL);
	ck_assert(session("r1", 0) && session("r2", 1));
	let_on();
	end();
}
END_TEST

/* A record of a version that did not write down what was verified. */
START_TEST(an_older_record_is_of_what_stood)
{
	static const char old[] = "{\"version\":1,\"parts\":3,\"numbers\":[],\"there\":[]}";
	const struct store_op op = { REALISE_BUCKET, "x", old, sizeof(old) - 1 };
	int nobody;

	bed_up();
	ck_assert_int_eq(store_write(bed.store, &op, 1, NULL, &nobody), 0);
	bed_run(1000);
	bed_order("x", PAIR_OF(""));
	bed_crash();
	verify(NULL);
	ck_assert(bed.told.done && bed.told.ok);
	ck_assert_uint_eq(sessions("r1") + sessions("r2"), 0);
	bed_do("x", SLICE_STEP_CLASSIFY, false);
	end();
}
END_TEST

START_TEST(of_a_changed_order_only_what_is_new)
{
	bed_up();
	verify(PAIR_OF(""));
	let_on();
	verify(THREE);
	ck_assert(!bed.told.done);
	ck_assert(!session("r1", 0) && !session("r2", 1) && session("r1", 2));
	let_on();
	end();
}
END_TEST

START_TEST(who_cannot_probe_is_told)
{
	bed_up();
	is_up("r1", _i != 0);
	is_up("r2", _i != 1);
	if (_i == 2)
		device_at("r2")->missing = true; /* where nothing is to be bound */
	bed_order("x", PAIR_OF(""));
	if (_i == 2)
		bed_order("x", ORDER("x", "", END("a", "r1", "", AC("c1", "eth1", "2001:db8:1::1", "64", "")) ","
					      "{\"id\":\"b\",\"node-id\":\"r2\"}", GROUP("g", PAIR("there", "a", "b"))));
	verify(NULL);
	ck_assert(bed.told.done && bed.told.ok);
	ck_assert_msg(strstr(bed.told.why, "without probes"), "%s", bed.told.why);
	bed_do("x", SLICE_STEP_CLASSIFY, false);
	bed_crash(); /* it is not forgotten */
	verify(NULL);
	ck_assert(bed.told.done && bed.told.ok && strstr(bed.told.why, "without probes"));
	end();
}
END_TEST

START_TEST(where_probes_are_ordered_who_cannot_is_refused)
{
	bed_up();
	is_up("r2", false);
	bed_order("x", PAIR_OF(STAMP));
	verify(NULL);
	ck_assert(bed.told.done && !bed.told.ok);
	ck_assert_msg(strstr(bed.told.why, "r2 cannot"), "%s", bed.told.why);
	end();
}
END_TEST

START_TEST(as_much_may_be_lost_as_is_promised)
{
	const struct window some = { "true", 50, 5, 5000, 10, 9000 }, more = { "true", 50, 6, 5000, 10, 9000 };

	bed_up();
	bed_order("x", PAIR_OF(""));
	for (unsigned i = 0; i < 2; i++)
		bed_ordered("x")->flows[i].loss_ppm_max = 100000;
	verify(NULL);
	windows("r1", &some);
	windows("r2", _i ? &more : &some);
	ck_assert(bed.told.done == !_i);
	if (_i) {
		bed_run(46000);
		settle();
		ck_assert(bed.told.done && !bed.told.ok);
		ck_assert_msg(strstr(bed.told.why, "r2 to r1: 6 of 50 probes were lost"), "%s", bed.told.why);
	}
	end();
}
END_TEST

static const struct {
	struct window w;
	const char *why; /* NULL: it is good */
} ways[] = {
	{ { "true", 50, 0, 9990, 10, 30000 }, NULL },
	{ { "true", 50, 0, 9990, 11, 20000 }, NULL }, /* half of there and back says so */
	{ { "true", 50, 0, 9990, 11, 20002 }, "the way there takes 10001 us, 10000 are promised" },
	{ { "true", 50, 0, -1, -1, 20000 }, NULL },
	{ { "true", 50, 0, -1, -1, 20002 }, "the way there takes 10001 us, 10000 are promised" },
	{ { "true", 50, 0, -1, -1, -1 }, "no delay is known" },
};

START_TEST(where_probes_are_not_ordered_the_way_is_verified)
{
	bed_up();
	verify(PAIR_OF(MARKED));
	windows("r1", &good);
	windows("r2", &ways[_i].w);
	ck_assert(bed.told.done == !ways[_i].why);
	if (ways[_i].why) {
		bed_run(46000);
		settle();
		ck_assert(bed.told.done && !bed.told.ok);
		ck_assert_msg(strstr(bed.told.why, ways[_i].why), "%s", bed.told.why);
	}
	end();
}
END_TEST

/* Fifty ends on r1, all to r2: their flows are more than a router is to probe at a time. */
static const char *many(void)
{
	static char doc[65536], ends[40000], pairs[16000];
	size_t e = 0, p = 0;

	for (unsigned i = 0; i < 50; i++) {
		e += (size_t)snprintf(ends + e, sizeof(ends) - e,
				      END("a%u", "r1", "", AC("c1", "eth%u", "2001:db8:1%02x::1", "64", "")) ",", i, i + 1, i);
		p += (size_t)snprintf(pairs + p, sizeof(pairs) - p, "%s" PAIR("p%u", "a%u", "b"), i ? "," : "", i, i);
	}
	snprintf(doc, sizeof(doc), ORDER("x", "", "%s" WEST, GROUP("g", "%s")), ends, pairs);
	return doc;
}

START_TEST(so_many_at_a_time_the_rest_waits)
{
	bed_up();
	verify(many());
	ck_assert_uint_eq(bed_ordered("x")->n_flows, 50);
	ck_assert_uint_eq(sessions("r1"), 32);
	bed_run(44000);
	ck_assert(!bed.told.done);
	windows("r1", &good);
	ck_assert_uint_eq(sessions("r1"), 18); /* those that waited; they have their time from now on */
	bed_run(30000);
	settle();
	ck_assert(!bed.told.done);
	ck_assert_uint_gt(bed.told.waits, 0);
	ck_assert_msg(strstr(bed.told.why, "32 of 50 flows are verified"), "%s", bed.told.why);
	if (_i == 0) {
		windows("r1", &good);
		ck_assert_msg(bed.told.done && bed.told.ok, "%s", bed.told.why);
	} else { /* nobody answers them */
		bed_run(20000);
		settle();
		ck_assert(bed.told.done && !bed.told.ok);
		ck_assert_msg(strstr(bed.told.why, "r1 to r2: no window has been told"), "%s", bed.told.why);
	}
	ck_assert_uint_eq(sessions("r1"), 0);
	end();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("realise-turn");
	TCase *tc = tcase_create("turn");

	tcase_add_loop_test(tc, whatever_is_promised_is_probed, 0, 4);
	tcase_add_test(tc, who_measures_by_probes_keeps_reflectors);
	tcase_add_loop_test(tc, what_stood_is_not_probed_again_by_a_restart, 0, 2);
	tcase_add_test(tc, a_restart_while_it_is_verified_verifies_it);
	tcase_add_test(tc, an_older_record_is_of_what_stood);
	tcase_add_test(tc, of_a_changed_order_only_what_is_new);
	tcase_add_loop_test(tc, who_cannot_probe_is_told, 0, 3);
	tcase_add_test(tc, where_probes_are_ordered_who_cannot_is_refused);
	tcase_add_loop_test(tc, as_much_may_be_lost_as_is_promised, 0, 2);
	tcase_add_loop_test(tc, where_probes_are_not_ordered_the_way_is_verified, 0, (int)ARRAY_LEN(ways));
	tcase_add_loop_test(tc, so_many_at_a_time_the_rest_waits, 0, 2);
	suite_add_tcase(s, tc);
	return check_main(s);
}
