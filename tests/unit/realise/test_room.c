/* SPDX-License-Identifier: Apache-2.0 */
/* Steps, answers of devices, crashes, drift: one slice at a time. */
#include "bed.h"

#include <stdio.h>

#define TABLE "/device/table[id=100000]"

static void line(void)
{
	bed_up();
	bed_order("x", LINE("x", "eth1", "2001:db8"));
}

static void nothing_left(void)
{
	for (unsigned i = 0; i < DEVICES; i++)
		ck_assert_uint_eq(bed.device[i].n, 0);
	ck_assert_uint_eq(bed_records(), 0);
	ck_assert_ptr_null(realise_find(bed.room, "x"));
	bed_down();
}

static void until_it_waits(const char *device)
{
	for (unsigned i = 0; i < 100000 && !device_at(device)->n_waiting; i++)
		bed_run(1);
	ck_assert_uint_gt(device_at(device)->n_waiting, 0);
}

/* ---- answers ---- */

START_TEST(a_step_is_done_when_all_devices_are)
{
	line();
	bed_start("x", SLICE_STEP_VPN, false);
	until_it_waits("r1");
	until_it_waits("r2");
	ck_assert(bed_answer(device_at("r1"), DEVICE_DONE, 0, "", true));
	bed_run(10);
	ck_assert(!bed.told.done);
	ck_assert(bed_answer(device_at("r2"), DEVICE_DONE, 0, "", true));
	bed_run(10);
	ck_assert(bed.told.done && bed.told.ok);
	bed_take_back("x");
	nothing_left();
}
END_TEST

START_TEST(nothing_is_sent_that_a_crash_would_forget)
{
	line();
	store_disk_fail(bed.disk, true);
	bed_start("x", SLICE_STEP_VPN, false);
	bed_run(20000);
	ck_assert_uint_eq(device_at("r1")->n_waiting, 0);
	store_disk_fail(bed.disk, false);
	bed_run(2000);
	ck_assert_uint_eq(device_at("r1")->n_waiting, 1);
	ck_assert_uint_eq(bed_records(), 1);
	bed_do("x", SLICE_STEP_VPN, false);
	bed_take_back("x");
	nothing_left();
}
END_TEST

static const struct {
	enum device_outcome outcome;
	int code;
	const char *text;
	bool applied;
	const char *why; /* the step fails with it; NULL: it is tried again */
} answers[] = {
	{ DEVICE_REFUSED, 9, "there is no interface eth1", false, "r1: refused: there is no interface eth1" },
	{ DEVICE_REFUSED, 14, "no session", false, NULL },
	{ DEVICE_UNKNOWN, 14, "it fell silent", false, NULL },
	{ DEVICE_UNKNOWN, 4, "it fell silent", true, NULL },
	{ DEVICE_FALSE, 0, "the device says done, and it is not", false, "r1: false: the device says done" },
	{ DEVICE_UNDONE, 13, "half", false, "r1: undone: half" },
	{ DEVICE_BROKEN, 13, "half", true, "r1: broken: half" },
};

START_TEST(an_answer_is_what_it_says)
{
	line();
	bed_start("x", SLICE_STEP_VPN, false);
	until_it_waits("r1");
	until_it_waits("r2");
	ck_assert(bed_answer(device_at("r2"), DEVICE_DONE, 0, "", true));
	ck_assert(bed_answer(device_at("r1"), answers[_i].outcome, answers[_i].code, answers[_i].text,
			     answers[_i].applied));
	bed_run(0);
	ck_assert(bed.told.done == (answers[_i].why != NULL));
	ck_assert_uint_eq(bed_events("slice-device-refused"), answers[_i].why != NULL);
	if (answers[_i].why) {
		ck_assert(!bed.told.ok);
		ck_assert_msg(strncmp(bed.told.why, answers[_i].why, strlen(answers[_i].why)) == 0, "%s", bed.told.why);
		bed_do("x", SLICE_STEP_CLASSIFY, true); /* never put there: done whatever r1 says */
		ck_assert(bed.told.ok);
		bed_do("x", SLICE_STEP_VPN, true);
	} else {
		bed_run(1000);
		ck_assert_uint_eq(device_at("r1")->n_waiting, 1);
		(void)bed_answer_all();
		bed_run(10);
		ck_assert(bed.told.done && bed.told.ok);
		ck_assert_ptr_nonnull(there("r1", TABLE));
		bed_take_back("x");
	}
	nothing_left();
}
END_TEST

/* Half of what it is asked for at once is done, and was taken back: what goes goes by itself. Loop: or was not. */
START_TEST(a_device_that_does_half_of_everything_is_left_with_nothing)
{
	unsigned halves = 0;

	line();
	bed_build("x");
	ck_assert_uint_gt(device_at("r1")->n, 1);
	for (enum slice_step step = SLICE_STEP_CLASSIFY;; step = SLICE_STEP_VPN) {
		bed_start("x", step, true);
		for (unsigned k = 0; k < 60000 && !bed.told.done; k++) {
			struct device *d = device_at("r1");

			bed_run(1);
			while (d->n_waiting) {
				bool half = d->waiting[0].n > 1;

				halves += half;
				ck_assert(bed_answer(d, half ? _i ? DEVICE_BROKEN : DEVICE_UNDONE : DEVICE_DONE, 0,
						     half ? "half of it was" : "", !half));
			}
			while (device_at("r2")->n_waiting)
				ck_assert(bed_answer(device_at("r2"), DEVICE_DONE, 0, "", true));
		}
		ck_assert_msg(bed.told.done && bed.told.ok, "%s", bed.told.why);
		if (step == SLICE_STEP_VPN)
			break;
	}
	ck_assert_uint_gt(halves, 0);
	ck_assert_uint_eq(bed_events("slice-device-refused"), 0);
	bed_order("x", NULL);
	bed_run(2000);
	nothing_left();
}
END_TEST

START_TEST(a_device_that_is_away_fails_the_step_in_the_end)
{
	line();
	bed_start("x", SLICE_STEP_VPN, false);
	until_it_waits("r1");
	bed_answer(device_at("r1"), DEVICE_UNKNOWN, 14, "no session", false);
	bed_run(44000);
	while (bed_answer(device_at("r1"), DEVICE_UNKNOWN, 14, "no session", false))
		;
	ck_assert(!bed.told.done);
	bed_run(2000);
	ck_assert(bed.told.done && !bed.told.ok);
	ck_assert_msg(strstr(bed.told.why, "r1: no session") || strstr(bed.told.why, "r2: "), "%s", bed.told.why);
	bed_do("x", SLICE_STEP_VPN, true);
	nothing_left();
}
END_TEST

/* It waited for the disk first, and that is over. */
START_TEST(a_device_that_never_answers_is_what_it_fails_for)
{
	line();
	bed_start("x", SLICE_STEP_VPN, false);
	until_it_waits("r1");
	until_it_waits("r2");
	bed_run(60000);
	ck_assert(bed.told.done && !bed.told.ok);
	ck_assert_str_eq(bed.told.why, "r2: it has not answered");
	(void)bed_answer_all();
	bed_do("x", SLICE_STEP_VPN, true);
	nothing_left();
}
END_TEST

/* Its twin: it waits for the disk still. */
START_TEST(a_disk_that_refuses_is_what_it_fails_for)
{
	line();
	store_disk_fail(bed.disk, true);
	bed_start("x", SLICE_STEP_VPN, false);
	bed_run(60000);
	ck_assert(bed.told.done && !bed.told.ok);
	ck_assert_str_eq(bed.told.why, "the disk has not taken what is wanted");
	store_disk_fail(bed.disk, false);
	bed_do("x", SLICE_STEP_VPN, true);
	nothing_left();
}
END_TEST

START_TEST(a_session_that_is_back_is_used_at_once)
{
	const struct device_info up = { .device = "r1", .kind = "agent", .version = "0.10.0" };

	line();
	bed_start("x", SLICE_STEP_VPN, false);
	until_it_waits("r1");
	for (unsigned i = 0; i < 5; i++) { /* 1, 2, 4, 8 s: now it would be 16 */
		until_it_waits("r1");
		ck_assert(bed_answer(device_at("r1"), DEVICE_UNKNOWN, 14, "no session", false));
	}
	bed_run(100);
	ck_assert_uint_eq(device_at("r1")->n_waiting, 0);
	realise_device_sink.up(bed.room, &up);
	bed_run(1);
	ck_assert_uint_eq(device_at("r1")->n_waiting, 1);
	bed_do("x", SLICE_STEP_VPN, false);
	bed_take_back("x");
	nothing_left();
}
END_TEST

START_TEST(what_is_cancelled_is_not_told)
{
	struct slice_steps steps;

	line();
	bed_start("x", SLICE_STEP_VPN, false);
	until_it_waits("r1");
	steps = realise_steps(bed.room);
	steps.cancel(steps.ctx, "x");
	steps.cancel(steps.ctx, "nobody");
	for (unsigned i = 0; i < 100; i++) {
		bed_run(1000);
		(void)bed_answer_all();
	}
	ck_assert(!bed.told.done);
	bed_do("x", SLICE_STEP_VPN, true);
	nothing_left();
}
END_TEST

/* ---- crashes ---- */

START_TEST(after_a_crash_a_step_is_the_same)
{
	char first[1024];

	line();
	bed_order("w", LINE("w", "eth9", "2001:db8"));
	bed_build("w");
	bed_build("x");
	bed_take_back("w"); /* its number is free, and x keeps its own */
	snprintf(first, sizeof(first), "%s", there("r1", "/device/table[id=100001]"));
	bed_crash();
	bed_start("x", SLICE_STEP_VPN, false);
	until_it_waits("r1");
	/* It has traffic: the first step does not take apart what the last one made. */
	for (size_t i = 0; i < device_at("r1")->waiting[0].n; i++)
		ck_assert_ptr_nonnull(device_at("r1")->waiting[0].change[i].json);
	bed_build("x");
	ck_assert_str_eq(there("r1", "/device/table[id=100001]"), first);
	ck_assert_uint_eq(objects("r1"), 2);
	bed_take_back("x");
	nothing_left();
}
END_TEST

START_TEST(a_crash_before_the_answer_leaves_nothing_behind)
{
	line();
	bed_start("x", SLICE_STEP_VPN, false);
	until_it_waits("r1");
	for (int i = 0; i < _i; i++) /* the device did it, and nobody heard */
		bed_answer(device_at(i ? "r2" : "r1"), DEVICE_UNKNOWN, 0, "", true);
	bed_crash();
	bed_do("x", SLICE_STEP_CLASSIFY, true);
	ck_assert(bed.told.ok);
	bed_do("x", SLICE_STEP_VPN, true);
	ck_assert(bed.told.ok);
	nothing_left();
}
END_TEST

START_TEST(what_is_left_of_an_order_that_is_not_there_is_taken_away)
{
	line();
	bed_build("x");
	bed_order("x", NULL);
	bed_crash();
	for (unsigned i = 0; i < 10; i++) {
		bed_run(100);
		(void)bed_answer_all();
	}
	nothing_left();
}
END_TEST

START_TEST(after_a_start_a_step_waits_for_the_topology)
{
	line();
	bed_build("x");
	bed_topology(1);
	bed_crash();
	bed_start("x", SLICE_STEP_VPN, false);
	bed_run(30000);
	ck_assert(!bed.told.done);
	ck_assert_uint_eq(device_at("r1")->n_waiting, 0);
	ck_assert_uint_eq(objects("r2"), 2);
	bed_topology(2);
	bed_do("x", SLICE_STEP_VPN, false);
	ck_assert(bed.told.ok);
	/* the twin: it never comes */
	bed_topology(1);
	bed_start("x", SLICE_STEP_VPN, false);
	bed_run(50000);
	ck_assert(bed.told.done && !bed.told.ok);
	ck_assert_str_eq(bed.told.why, "SDP b: its router is not in the topology");
	bed_take_back("x"); /* what nobody can work out goes whole */
	nothing_left();
}
END_TEST

/* ---- changes ---- */

START_TEST(a_changed_order_replaces_what_differs)
{
	line();
	bed_build("x");
	bed_order("x", ORDER("x", "", END("a", "r1", "", AC("c1", "eth7", "2001:db8:1::1", "64", "")) ","
				 END("b", "r3", "", AC("c1", "eth1", "2001:db8:2::1", "64", "")), BOTH));
	bed_build("x");
	ck_assert_uint_eq(objects("r2"), 0);
	ck_assert_uint_eq(objects("r3"), 2);
	ck_assert_uint_eq(objects("r1"), 2);
	ck_assert_ptr_nonnull(there("r1", "/device/source-filter[interface=eth7]"));
	ck_assert_ptr_nonnull(strstr(there("r1", TABLE), "fd5e:64:3:d000::"));
	bed_take_back("x");
	nothing_left();
}
END_TEST

START_TEST(a_suspended_slice_keeps_its_tables_and_no_way_out)
{
	line();
	bed_build("x");
	bed_do("x", SLICE_STEP_CLASSIFY, true);
	ck_assert(bed.told.ok);
	ck_assert_uint_eq(objects("r1"), 1);
	ck_assert_ptr_null(strstr(there("r1", TABLE), "policy"));
	bed_crash();
	bed_do("x", SLICE_STEP_VPN, false);
	ck_assert_ptr_null(strstr(there("r1", TABLE), "policy"));
	bed_build("x");
	ck_assert_ptr_nonnull(strstr(there("r1", TABLE), "policy"));
	bed_take_back("x");
	nothing_left();
}
END_TEST

/* Nobody heard whether it was done, and it is to be as it was before. */
START_TEST(what_may_have_been_done_is_done_again)
{
	struct slice_steps steps;

	line();
	bed_build("x");
	steps = realise_steps(bed.room);
	bed_start("x", SLICE_STEP_CLASSIFY, true);
	until_it_waits("r1");
	ck_assert(bed_answer(device_at("r1"), DEVICE_UNKNOWN, 14, "it fell silent", true));
	ck_assert_ptr_null(strstr(there("r1", TABLE), "policy"));
	steps.cancel(steps.ctx, "x");
	bed_do("x", SLICE_STEP_CLASSIFY, false);
	ck_assert(bed.told.ok);
	ck_assert_ptr_nonnull(strstr(there("r1", TABLE), "policy"));
	bed_take_back("x");
	nothing_left();
}
END_TEST

/* More than one transaction holds: what is referred to is there before what refers to it. */
START_TEST(a_big_order_goes_in_parts)
{
	static char doc[64 << 10];
	size_t n = (size_t)snprintf(doc, sizeof(doc), "{\"id\":\"x\",\"sdps\":{\"sdp\":["
				    END("h", "r2", "", AC("c", "eth1", "2001:db8::1", "64", "")));

	bed_up();
	for (unsigned i = 0; i < 30; i++)
		n += (size_t)snprintf(doc + n, sizeof(doc) - n,
				      "," END("s%u", "r1", CRITERIA(CRITERION("1", "g", TERM("dscp", ",\"dscp\":[1,2,3]"))),
					      AC("c", "e%u", "2001:db8:%u::1", "64", "")), i, i, i + 1);
	n += (size_t)snprintf(doc + n, sizeof(doc) - n, "]},\"connection-groups\":{\"connection-group\":[{\"id\":\"g\","
			      "\"connectivity-type\":\"" NSS "point-to-multipoint\",\"connectivity-construct\":["
			      "{\"id\":\"c\",\"p2mp-sender-sdp\":\"h\",\"p2mp-receiver-sdp\":[");
	for (unsigned i = 0; i < 30; i++)
		n += (size_t)snprintf(doc + n, sizeof(doc) - n, "%s\"s%u\"", i ? "," : "", i);
	ck_assert_uint_lt(n + 16, sizeof(doc));
	memcpy(doc + n, "]}]}]}}", 8);
	bed_order("x", doc);
	bed_build("x");
	ck_assert_uint_eq(objects("r1"), 30 * 4); /* tables and classifiers: the bed refuses dangling ones */
	bed_do("x", SLICE_STEP_VPN, true); /* all of it at once */
	ck_assert(bed.told.ok);
	nothing_left();
}
END_TEST

/* ---- what others do ---- */

static void drift(const char *device, const char *path)
{
	const struct device_drift d = { device, path, "interface is eth2, not eth1" };

	realise_device_sink.drift(bed.room, &d);
}

START_TEST(what_somebody_changed_is_put_right)
{
	line();
	bed_build("x");
	drift("r2", "/device/table[id=100000]/interface");
	bed_run(10);
	ck_assert_uint_eq(device_at("r2")->n_waiting, 1);
	ck_assert_uint_eq(device_at("r1")->n_waiting, 0);
	ck_assert_uint_eq(bed_events("slice-drift"), 1);
	ck_assert_uint_eq(bed_events("slice-put-right"), 0);
	(void)bed_answer_all();
	ck_assert_uint_eq(bed_events("slice-put-right"), 1);
	/* the twins: others' */
	drift("r2", "/device/table[id=1000001]");
	drift("r3", "/device/table[id=100000]");
	bed_run(10);
	ck_assert(!bed_answer_all());
	ck_assert_uint_eq(bed_events("slice-drift"), 1);
	bed_take_back("x");
	drift("r2", "/device/table[id=100000]");
	bed_run(10);
	nothing_left();
}
END_TEST

/* Two tables whose interfaces somebody exchanged: neither can have its own while the other is there. */
START_TEST(what_stands_in_each_other_s_way_goes_first)
{
	line();
	bed_order("w", LINE("w", "eth9", "2001:db8"));
	bed_build("x");
	bed_build("w");
	drift("r1", "/device/table[id=100000]/interface");
	drift("r1", "/device/table[id=100001]/interface");
	bed_run(10);
	ck_assert_uint_eq(device_at("r1")->n_waiting, 2);
	for (unsigned i = 0; i < 2; i++)
		ck_assert(bed_answer(device_at("r1"), DEVICE_REFUSED, 3, "bound to the other", false));
	bed_run(1000);
	ck_assert_uint_eq(device_at("r1")->n_waiting, 2);
	for (unsigned i = 0; i < 2; i++)
		ck_assert_uint_eq(device_at("r1")->waiting[i].n, 2);
	ck_assert(bed_answer(device_at("r1"), DEVICE_DONE, 0, "", true)); /* the first is gone, and wants to come */
	ck_assert_uint_eq(objects("r1"), 2);
	bed_run(1);
	ck_assert_uint_eq(device_at("r1")->n_waiting, 2);
	ck_assert(bed_answer(device_at("r1"), DEVICE_DONE, 0, "", true));
	ck_assert_uint_eq(objects("r1"), 0);
	ck_assert(bed_answer(device_at("r1"), DEVICE_REFUSED, 3, "bound to the other", false));
	for (unsigned i = 0; i < 5; i++) {
		bed_run(1000);
		(void)bed_answer_all();
	}
	ck_assert_uint_eq(objects("r1"), 4);
	ck_assert_uint_eq(bed_events("slice-put-right"), 2);
	ck_assert_uint_eq(bed_events("slice-device-refused"), 0);
	bed_take_back("w");
	bed_take_back("x");
	nothing_left();
}
END_TEST

START_TEST(a_device_nobody_configures_any_more_keeps_what_it_has)
{
	line();
	bed_build("x");
	device_at("r2")->missing = true;
	realise_device_sink.gone(bed.room, "r2");
	bed_run(10);
	bed_take_back("x");
	ck_assert_uint_eq(bed_events("slice-left-behind"), 1);
	ck_assert_uint_eq(objects("r2"), 2);
	ck_assert_uint_eq(objects("r1"), 0);
	ck_assert_uint_eq(bed_records(), 0);
	bed_down();
}
END_TEST

static void count_view(void *arg, const struct slice_device *v)
{
	unsigned *n = arg;

	ck_assert_str_eq(v->state, "done");
	ck_assert_uint_eq(v->wanted, v->there);
	*n += v->wanted;
}

static void count_line(void *arg, const char *id, const char *what)
{
	ck_assert_str_eq(id, "x");
	ck_assert_ptr_nonnull(strstr(what, " on r"));
	++*(unsigned *)arg;
}

START_TEST(it_says_what_is_where)
{
	struct slice_steps steps;
	struct ip_addr sid;
	char text[IP_TEXT_MAX];
	unsigned views = 0, lines = 0;

	line();
	bed_build("x");
	steps = realise_steps(bed.room);
	steps.audit(steps.ctx, count_line, &lines);
	steps.devices(steps.ctx, "x", count_view, &views);
	ck_assert_uint_eq(lines, 4);
	ck_assert_uint_eq(views, 4);
	ck_assert(realise_service_sid(bed.room, "x", "g", "b", &sid));
	ck_assert_str_eq(ip_text(&sid, text, sizeof(text)), "fd5e:64:2:d000::");
	ck_assert(!realise_service_sid(bed.room, "x", "h", "b", &sid));
	ck_assert(!realise_service_sid(bed.room, "x", "g", "c", &sid));
	ck_assert(!realise_service_sid(bed.room, "y", "g", "b", &sid));
	bed_take_back("x");
	ck_assert(!realise_service_sid(bed.room, "x", "g", "b", &sid));
	nothing_left();
}
END_TEST

/* ---- what is there that nobody ordered ---- */

static void see(const char *device, uint32_t watch, const char *path, const char *name)
{
	const struct device_sample s = { .device = device, .watch = watch, .path = path, .text = name, .gone = !name };

	realise_device_sink.sample(bed.room, &s);
}

struct heard {
	unsigned n;
	char last[512];
};

static void hear(void *arg, const char *id, const char *what)
{
	struct heard *h = arg;

	if (strcmp(id, "x") == 0)
		return; /* src/slice knows it */
	h->n++;
	snprintf(h->last, sizeof(h->last), "%s: %s", id, what);
}

static struct heard audit_now(void)
{
	struct slice_steps steps = realise_steps(bed.room);
	struct heard h = { 0 };

	steps.audit(steps.ctx, hear, &h);
	return h;
}

START_TEST(an_audit_tells_what_devices_have_that_nobody_ordered)
{
	const struct device_info up = { .device = "r1", .kind = "agent", .version = "0.10.0" };
	struct heard h;

	line();
	bed_build("x");
	realise_device_sink.up(bed.room, &up);
	h = audit_now();
	ck_assert_uint_eq(h.n, 3); /* nothing was told yet */
	ck_assert_ptr_nonnull(strstr(h.last, "r1: nobody knows what"));
	for (uint32_t w = 2; w <= 4; w++)
		realise_device_sink.synced(bed.room, "r1", w);
	ck_assert_uint_eq(audit_now().n, 0);
	see("r1", 2, "/device/table[id=100000]/name", "sx-x-fd0c5087"); /* its own */
	see("r1", 2, "/device/table[id=7]/name", "somebody's");
	ck_assert_uint_eq(audit_now().n, 0);
	see("r1", 2, "/device/table[id=100001]/name", "sx-gone-00000001");
	see("r1", 3, "/device/classifier[id=99]/name", "sx-gone-00000001.c99");
	ck_assert_uint_eq(audit_now().n, 2);
	see("r1", 3, "/device/classifier[id=99]/name", NULL);
	h = audit_now();
	ck_assert_uint_eq(h.n, 1);
	ck_assert_str_eq(h.last, "sx-gone-00000001: /device/table[id=100001] on r1");
	realise_device_sink.gap(bed.room, "r1", 2, "the stream ended");
	ck_assert_uint_eq(audit_now().n, 1); /* unknown again */
	realise_device_sink.synced(bed.room, "r1", 2);
	ck_assert_uint_eq(audit_now().n, 0);
	see("r1", 2, "/device/table[id=100001]", NULL);
	realise_device_sink.gone(bed.room, "r1");
	ck_assert_uint_eq(audit_now().n, 0);
	bed_take_back("x");
	nothing_left();
}
END_TEST

#define REASON "/device/table[id=100000]/state/reason"

START_TEST(a_table_that_somebody_else_leads_to_is_an_alarm_of_its_slice)
{
	const struct device_info up = { .device = "r1", .kind = "agent", .version = "0.10.0" };
	struct heard h;

	line();
	bed_build("x");
	realise_device_sink.up(bed.room, &up);
	for (uint32_t w = 2; w <= 5; w++)
		realise_device_sink.synced(bed.room, "r1", w);
	see("r1", 5, REASON, "there is no interface eth1"); /* that is told elsewhere */
	ck_assert(audit_now().n == 0 && bed_events("slice-mixed") == 0);
	see("r1", 5, REASON, "a rule of somebody else (5) leads to it");
	ck_assert_uint_eq(bed_events("slice-mixed"), 1);
	h = audit_now();
	ck_assert_uint_eq(h.n, 1);
	ck_assert_str_eq(h.last, "r1: /device/table[id=100000] of slice x: a rule of somebody else (5) leads to it");
	see("r1", 5, REASON, "a rule of somebody else (5) leads to it"); /* told again */
	ck_assert_uint_eq(bed_events("slice-mixed"), 1);
	/* a gap: what is not told again is so no more */
	realise_device_sink.gap(bed.room, "r1", 5, "the stream ended");
	see("r1", 5, REASON, "a rule of somebody else (5) leads to it");
	realise_device_sink.synced(bed.room, "r1", 5);
	ck_assert(audit_now().n == 1 && bed_events("slice-mixed") == 1);
	realise_device_sink.gap(bed.room, "r1", 5, "the stream ended");
	realise_device_sink.synced(bed.room, "r1", 5);
	ck_assert(audit_now().n == 0 && bed_events("slice-mixed") == 2); /* cleared */
	see("r1", 5, REASON, "a rule of somebody else (5) takes what enters eth1");
	see("r1", 5, REASON, NULL);
	ck_assert(audit_now().n == 0 && bed_events("slice-mixed") == 4);
	/* the slice goes first: its alarm goes with the table */
	see("r1", 5, REASON, "a rule of somebody else (5) leads to it");
	bed_take_back("x");
	see("r1", 5, "/device/table[id=100000]", NULL);
	ck_assert_uint_eq(bed_events("slice-mixed"), 6);
	/* of a table that nobody knows it is no slice's */
	see("r1", 5, "/device/table[id=7]/state/reason", "a rule of somebody else (5) leads to it");
	ck_assert_uint_eq(bed_events("slice-mixed"), 6);
	realise_device_sink.gone(bed.room, "r1");
	ck_assert_uint_eq(audit_now().n, 0);
	nothing_left();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("realise-room");
	TCase *tc = tcase_create("room");

	tcase_add_test(tc, a_step_is_done_when_all_devices_are);
	tcase_add_test(tc, nothing_is_sent_that_a_crash_would_forget);
	tcase_add_loop_test(tc, an_answer_is_what_it_says, 0, (int)ARRAY_LEN(answers));
	tcase_add_loop_test(tc, a_device_that_does_half_of_everything_is_left_with_nothing, 0, 2);
	tcase_add_test(tc, a_device_that_is_away_fails_the_step_in_the_end);
	tcase_add_test(tc, a_device_that_never_answers_is_what_it_fails_for);
	tcase_add_test(tc, a_disk_that_refuses_is_what_it_fails_for);
	tcase_add_test(tc, a_session_that_is_back_is_used_at_once);
	tcase_add_test(tc, what_is_cancelled_is_not_told);
	tcase_add_test(tc, after_a_crash_a_step_is_the_same);
	tcase_add_loop_test(tc, a_crash_before_the_answer_leaves_nothing_behind, 0, 3);
	tcase_add_test(tc, what_is_left_of_an_order_that_is_not_there_is_taken_away);
	tcase_add_test(tc, after_a_start_a_step_waits_for_the_topology);
	tcase_add_test(tc, a_changed_order_replaces_what_differs);
	tcase_add_test(tc, a_suspended_slice_keeps_its_tables_and_no_way_out);
	tcase_add_test(tc, what_may_have_been_done_is_done_again);
	tcase_add_test(tc, a_big_order_goes_in_parts);
	tcase_add_test(tc, what_somebody_changed_is_put_right);
	tcase_add_test(tc, what_stands_in_each_other_s_way_goes_first);
	tcase_add_test(tc, a_device_nobody_configures_any_more_keeps_what_it_has);
	tcase_add_test(tc, it_says_what_is_where);
	tcase_add_test(tc, an_audit_tells_what_devices_have_that_nobody_ordered);
	tcase_add_test(tc, a_table_that_somebody_else_leads_to_is_an_alarm_of_its_slice);
	suite_add_tcase(s, tc);
	return check_main(s);
}
