/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders come, change, are suspended and go; devices answer in any order and not always well, lose what
 * they have, come and go; the controller is killed at any moment. In the end everybody gets well: then
 * each device has exactly what is ordered, and at no time had one what no router could have.
 */
#include "bed.h"

#include <stdio.h>

#include "base/rng.h"
#include "base/str.h"

enum { SLICES = 5, EVENTS = 220, ROUNDS = 60, DOCS = 4 };

static struct rng rng;

static uint32_t below(uint32_t n)
{
	return (uint32_t)rng_below(&rng, n);
}

/* What a slice is being made to be, as src/slice would. */
struct aim {
	bool up;	  /* else it goes */
	bool suspended;
	int step;	  /* the next that is asked; */
	bool waiting, there;
};

static struct aim aims[SLICES];
static const char *const ids[SLICES] = { "alpha", "beta", "gamma", "a slice with blanks", "delta" };

/* ---- orders: own interfaces for each, overlapping prefixes of all ---- */

static const char *doc(unsigned s, unsigned kind)
{
	static char text[8192];
	const char *to = kind & 1 ? "r3" : "r2";
	const char *fine = kind & 2 ? CRITERIA(CRITERION("1", "g", TERM("dscp", ",\"dscp\":[10,46]"))) : "";
	const char *third = kind == 3 ? ",{\"id\":\"c\",\"node-id\":\"r1\",\"attachment-circuits\":{\"attachment-circuit\":["
					"{\"id\":\"z\",\"ac-tp-id\":\"third\",\"sextant-slice:customer-prefix\":"
					"[\"2001:db8:3::/64\"]}]}}" :
					"";
	const char *more = kind == 3 ? "," PAIR("3", "b", "c") "," PAIR("4", "c", "b") : "";
	STR_AUTO struct str t = { 0 };

	str_addf(&t,
		 "{\"id\":\"%s\",\"sdps\":{\"sdp\":[" END("a", "r1", "%s", AC("x", "e%u", "2001:db8:1::1", "64", "")) ","
		 "{\"id\":\"b\",\"node-id\":\"%s\",\"attachment-circuits\":{\"attachment-circuit\":["
		 AC("x", "e%u", "2001:db8:2::1", "64", "") "]}}",
		 ids[s], fine, s, to, s);
	if (*third) {
		const char *at = strstr(third, "third");

		str_addn(&t, third, (size_t)(at - third));
		str_addf(&t, "t%u%s", s, at + 5);
	}
	str_addf(&t, "]},\"connection-groups\":{\"connection-group\":[" GROUP("g", PAIR("1", "a", "b") "," PAIR("2", "b", "a") "%s") "]}}",
		 more);
	ck_assert(str_copy(text, sizeof(text), str_text(&t)));
	return text;
}

/* Tables each kind has on r1, r2, r3. */
static const unsigned tables[DOCS][3] = { { 1, 1, 0 }, { 1, 0, 1 }, { 1, 1, 0 }, { 2, 0, 1 } };
static unsigned kinds[SLICES];

/* ---- what src/slice would do ---- */

static void ask(unsigned s)
{
	static const enum slice_step up[] = { SLICE_STEP_VPN, SLICE_STEP_CLASSIFY };
	struct aim *a = &aims[s];

	if (!a->there || a->waiting || a->step == 2)
		return;
	a->waiting = true;
	if (a->up)
		bed_start(ids[s], up[a->step], a->step == 1 && a->suspended);
	else
		bed_start(ids[s], up[1 - a->step], true);
}

static void hear(const struct told *t)
{
	for (unsigned s = 0; s < SLICES; s++) {
		struct aim *a = &aims[s];

		if (strcmp(ids[s], t->id) != 0)
			continue;
		ck_assert(a->waiting);
		a->waiting = false;
		a->step += t->ok; /* else it is asked again */
		if (a->step == 2 && !a->up)
			a->there = false;
	}
}

static void ask_all(void)
{
	for (unsigned s = 0; s < SLICES; s++) {
		if (!aims[s].there)
			bed_order(ids[s], NULL);
		ask(s);
	}
}

static void cancel(unsigned s)
{
	struct slice_steps steps = realise_steps(bed.room);

	if (aims[s].waiting)
		steps.cancel(steps.ctx, ids[s]);
	aims[s].waiting = false;
}

static void order(unsigned s)
{
	if (aims[s].there && !aims[s].up)
		return; /* what goes, goes */
	cancel(s);
	kinds[s] = below(DOCS);
	bed_order(ids[s], doc(s, kinds[s]));
	aims[s] = (struct aim){ .up = true, .there = true, .suspended = below(5) == 0 };
}

static void drop(unsigned s)
{
	if (!aims[s].there)
		return;
	cancel(s);
	aims[s].up = false;
	aims[s].step = 0;
}

static void crash(void)
{
	bed_crash();
	for (unsigned s = 0; s < SLICES; s++) {
		aims[s].waiting = false;
		aims[s].step = 0;
	}
}

/* ---- devices ---- */

static void answer(struct device *d)
{
	switch (below(8)) {
	case 0:
		bed_answer(d, DEVICE_REFUSED, 9, "no", false);
		break;
	case 1:
		bed_answer(d, DEVICE_REFUSED, 14, "no session", false);
		break;
	case 2:
		bed_answer(d, DEVICE_UNKNOWN, 4, "silent", below(2));
		break;
	case 3:
		bed_answer(d, below(2) ? DEVICE_FALSE : DEVICE_UNDONE, 0, "it lies", false);
		break;
	default:
		bed_answer(d, DEVICE_DONE, 0, "", true);
		break;
	}
}

/* It began anew with nothing; the look that finds it says so of each. */
static void forget(struct device *d)
{
	while (d->n) {
		char path[REALISE_PATH_MAX];
		const struct device_drift x = { d->name, path, "absent" };

		ck_assert(str_copy(path, sizeof(path), d->at[0].path));
		bed_lose(d, path);
		realise_device_sink.drift(bed.room, &x);
	}
}

static void event(void)
{
	unsigned s = below(SLICES);
	struct device *d = &bed.device[below(3)];

	switch (below(16)) {
	case 0:
	case 1:
		order(s);
		break;
	case 2:
		drop(s);
		break;
	case 3:
		crash();
		break;
	case 4:
		forget(d);
		break;
	case 5:
		bed_topology(1 + below(DEVICES));
		break;
	case 6:
		cancel(s);
		break;
	case 7:
		store_disk_fail(bed.disk, below(3) == 0);
		break;
	default:
		answer(d);
		break;
	}
	ask_all();
	bed_run(below(3) ? below(20) : below(4000));
	ck_assert(!bed.broken);
}

/* ---- the end ---- */

static bool all_done(void)
{
	for (unsigned s = 0; s < SLICES; s++) {
		if (aims[s].there && aims[s].step != 2)
			return false;
	}
	return true;
}

static void get_well(void)
{
	store_disk_fail(bed.disk, false);
	bed_topology(DEVICES);
	for (unsigned i = 0; i < 400; i++) {
		bed_run(500);
		(void)bed_answer_all();
		ask_all();
		if (all_done() && !bed_answer_all() && i > 200)
			break;
	}
	ck_assert_msg(all_done(), "it does not end");
}

static unsigned tables_of(unsigned device, const char *tag)
{
	unsigned n = 0;

	for (size_t i = 0; i < bed.device[device].n; i++)
		n += strstr(bed.device[device].at[i].path, "/table[") && strstr(bed.device[device].at[i].json, tag);
	return n;
}

/* As many as its kind needs, and all of them as they are planned; nothing else. */
static void compare(void)
{
	size_t wanted = 0, found = 0;

	for (unsigned s = 0; s < SLICES; s++) {
		const struct realise_slice *x = realise_find(bed.room, ids[s]);
		char tag[REALISE_TAG_MAX];

		realise_tag(ids[s], tag);
		for (unsigned d = 0; d < 3; d++)
			ck_assert_uint_eq(tables_of(d, tag), aims[s].there ? tables[kinds[s]][d] : 0);
		ck_assert((x != NULL) == aims[s].there);
		for (uint32_t i = 0; x && i < x->objects.n; i++) {
			const struct realise_object *o = &x->objects.at[i];

			ck_assert_msg(there(o->device, o->path) != NULL, "%s: %s on %s is missing", ids[s], o->path, o->device);
			ck_assert_str_eq(there(o->device, o->path), o->json);
			ck_assert(!aims[s].suspended || !strstr(o->json, "policy"));
			wanted++;
		}
	}
	for (unsigned d = 0; d < DEVICES; d++)
		found += bed.device[d].n;
	ck_assert_uint_eq(found, wanted);
}

START_TEST(whatever_happens_devices_end_with_what_is_ordered)
{
	uint64_t seed = getenv("REALISE_SEED") ? strtoull(getenv("REALISE_SEED"), NULL, 10) : 1000 + (uint64_t)_i;

	rng_seed(&rng, seed);
	memset(aims, 0, sizeof(aims));
	bed_up();
	bed.heard = hear;
	for (unsigned i = 0; i < EVENTS; i++)
		event();
	get_well();
	compare();
	for (unsigned s = 0; s < SLICES; s++)
		drop(s);
	get_well();
	compare();
	ck_assert_uint_eq(bed_records(), 0);
	ck_assert_uint_eq(bed.room->slices.n, 0);
	bed_down();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("realise-random");
	TCase *tc = tcase_create("random");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, whatever_happens_devices_end_with_what_is_ordered, 0, ROUNDS);
	suite_add_tcase(s, tc);
	return check_main(s);
}
