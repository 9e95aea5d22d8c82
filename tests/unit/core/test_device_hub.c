/* SPDX-License-Identifier: Apache-2.0 */
/* Two rooms at one southbound: each hears what it asked for, both what is everybody's. */
#include <check.h>
#include <string.h>

#include "check_main.h"
#include "core/device_hub.h"

struct room {
	unsigned ups, downs, gones, drifts, results, samples, syncs, gaps;
	uint32_t txn, watch;
};

static struct device_hub *hub;
static struct device_port port[2];
static struct room room[2];

/* ---- what it stands on: numbers them, refuses when told so ---- */

static uint32_t last_id;
static int refuse;
static unsigned unwatched, forgotten;

static int below_set(void *self, const char *device, const struct device_change *c, size_t n, uint32_t *txn)
{
	(void)self, (void)device, (void)c, (void)n;
	*txn = ++last_id;
	return refuse;
}

static int below_watch(void *self, const char *device, const struct device_watch *w, uint32_t *watch)
{
	(void)self, (void)device, (void)w;
	*watch = ++last_id;
	return refuse;
}

static void below_unwatch(void *self, const char *device, uint32_t watch)
{
	(void)self, (void)device, (void)watch;
	unwatched++;
}

static void below_forget(void *self, const char *device, const char *path)
{
	(void)self, (void)device, (void)path;
	forgotten++;
}

static bool below_has(void *self, const char *device)
{
	(void)self;
	return strcmp(device, "r1") == 0;
}

/* ---- what rooms hear ---- */

static void on_up(void *arg, const struct device_info *info)
{
	(void)info;
	((struct room *)arg)->ups++;
}

static void on_down(void *arg, const char *device, const char *why)
{
	(void)device, (void)why;
	((struct room *)arg)->downs++;
}

static void on_gone(void *arg, const char *device)
{
	(void)device;
	((struct room *)arg)->gones++;
}

static void on_result(void *arg, const struct device_result *r)
{
	struct room *m = arg;

	m->results++;
	m->txn = r->txn;
}

static void on_sample(void *arg, const struct device_sample *s)
{
	struct room *m = arg;

	m->samples++;
	m->watch = s->watch;
}

static void on_synced(void *arg, const char *device, uint32_t watch)
{
	(void)device, (void)watch;
	((struct room *)arg)->syncs++;
}

static void on_gap(void *arg, const char *device, uint32_t watch, const char *why)
{
	(void)device, (void)watch, (void)why;
	((struct room *)arg)->gaps++;
}

static void on_drift(void *arg, const struct device_drift *d)
{
	(void)d;
	((struct room *)arg)->drifts++;
}

static const struct device_sink whole = { on_up,     on_down,	on_gone, on_result,
					  on_sample, on_synced, on_gap,	 on_drift };
static const struct device_sink deaf = { .result = on_result };

static void setup_with(const struct device_sink *second)
{
	static const struct device_port below = { NULL,		 below_set,    below_watch,
						  below_unwatch, below_forget, below_has };

	memset(room, 0, sizeof(room));
	last_id = unwatched = forgotten = 0;
	refuse = 0;
	ck_assert_int_eq(device_hub_new(&hub, &below, 7), 0);
	ck_assert_int_eq(device_hub_join(hub, &whole, &room[0], &port[0]), 0);
	ck_assert_int_eq(device_hub_join(hub, second, &room[1], &port[1]), 0);
}

static uint32_t set(unsigned who)
{
	const struct device_change c = { .op = DEVICE_DELETE, .path = "/a" };
	uint32_t txn = 0;

	ck_assert_int_eq(port[who].set(port[who].self, "r1", &c, 1, &txn), 0);
	return txn;
}

static uint32_t watch(unsigned who)
{
	const struct device_watch w = { .path = "/a" };
	uint32_t id = 0;

	ck_assert_int_eq(port[who].watch(port[who].self, "r1", &w, &id), 0);
	return id;
}

static void answer(uint32_t txn)
{
	const struct device_result r = { .device = "r1", .txn = txn, .outcome = DEVICE_DONE, .text = "" };

	device_hub_sink.result(hub, &r);
}

static void tell(uint32_t id)
{
	const struct device_sample s = { .device = "r1", .watch = id, .path = "/a", .text = "1" };

	device_hub_sink.sample(hub, &s);
	device_hub_sink.synced(hub, "r1", id);
	device_hub_sink.gap(hub, "r1", id, "away");
}

START_TEST(a_result_goes_to_who_set_and_once)
{
	uint32_t a, b;

	setup_with(&whole);
	a = set(0);
	b = set(1);
	answer(b);
	ck_assert_uint_eq(room[0].results, 0);
	ck_assert_uint_eq(room[1].txn, b);
	answer(a);
	answer(a);
	answer(99);
	ck_assert_uint_eq(room[0].results + room[1].results, 2);
	device_hub_free(hub);
}
END_TEST

START_TEST(a_sample_goes_to_who_watches_until_it_does_not)
{
	uint32_t a, b;

	setup_with(&whole);
	a = watch(0);
	b = watch(1);
	tell(a);
	ck_assert_uint_eq(room[0].samples + room[0].syncs + room[0].gaps, 3);
	ck_assert_uint_eq(room[1].samples + room[1].syncs + room[1].gaps, 0);
	port[0].unwatch(port[0].self, "r1", b); /* not his */
	ck_assert_uint_eq(unwatched, 0);
	port[0].unwatch(port[0].self, "r1", a);
	ck_assert_uint_eq(unwatched, 1);
	tell(a);
	tell(b);
	ck_assert_uint_eq(room[0].samples, 1);
	ck_assert_uint_eq(room[1].samples, 1);
	device_hub_free(hub);
}
END_TEST

START_TEST(what_is_everybodys_is_told_to_all)
{
	const struct device_info info = { .device = "r1" };
	const struct device_drift drift = { .device = "r1", .path = "/a", .found = "" };

	setup_with(&whole);
	device_hub_sink.up(hub, &info);
	device_hub_sink.down(hub, "r1", "silent");
	device_hub_sink.drift(hub, &drift);
	for (unsigned i = 0; i < 2; i++)
		ck_assert_uint_eq(room[i].ups + room[i].downs + room[i].drifts, 3);
	ck_assert(port[0].has(port[0].self, "r1"));
	ck_assert(!port[1].has(port[1].self, "r2"));
	port[1].forget(port[1].self, "r1", "/a");
	ck_assert_uint_eq(forgotten, 1);
	device_hub_free(hub);
}
END_TEST

START_TEST(watches_of_a_device_that_is_gone_are_too)
{
	uint32_t id;

	setup_with(&whole);
	id = watch(1);
	device_hub_sink.gone(hub, "r2");
	tell(id);
	ck_assert_uint_eq(room[1].samples, 1);
	device_hub_sink.gone(hub, "r1");
	tell(id);
	ck_assert_uint_eq(room[1].samples, 1);
	ck_assert_uint_eq(room[0].gones, 2);
	device_hub_free(hub);
}
END_TEST

START_TEST(what_is_refused_below_is_nobodys)
{
	const struct device_change c = { .op = DEVICE_DELETE, .path = "/a" };
	const struct device_watch w = { .path = "/a" };
	uint32_t id = 0;

	setup_with(&whole);
	refuse = DEVICE_E_NONE;
	ck_assert_int_eq(port[0].set(port[0].self, "r1", &c, 1, &id), DEVICE_E_NONE);
	answer(id);
	ck_assert_int_eq(port[0].watch(port[0].self, "r1", &w, &id), DEVICE_E_NONE);
	tell(id);
	ck_assert_uint_eq(room[0].results + room[0].samples, 0);
	device_hub_free(hub);
}
END_TEST

START_TEST(who_does_not_listen_is_not_told)
{
	const struct device_info info = { .device = "r1" };

	setup_with(&deaf);
	device_hub_sink.up(hub, &info);
	device_hub_sink.gone(hub, "r1");
	tell(watch(1));
	answer(set(1));
	ck_assert_uint_eq(room[1].results, 1);
	ck_assert_uint_eq(room[0].ups, 1);
	device_hub_free(hub);
}
END_TEST

START_TEST(only_so_many_join)
{
	int r = 0;

	setup_with(&whole);
	for (unsigned i = 2; r == 0 && i <= DEVICE_USERS_MAX; i++)
		r = device_hub_join(hub, &whole, &room[0], &port[0]);
	ck_assert_int_lt(r, 0);
	device_hub_free(hub);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("device_hub");
	TCase *t = tcase_create("hub");

	tcase_add_test(t, a_result_goes_to_who_set_and_once);
	tcase_add_test(t, a_sample_goes_to_who_watches_until_it_does_not);
	tcase_add_test(t, what_is_everybodys_is_told_to_all);
	tcase_add_test(t, watches_of_a_device_that_is_gone_are_too);
	tcase_add_test(t, what_is_refused_below_is_nobodys);
	tcase_add_test(t, who_does_not_listen_is_not_told);
	tcase_add_test(t, only_so_many_join);
	suite_add_tcase(s, t);
	return check_main(s);
}
