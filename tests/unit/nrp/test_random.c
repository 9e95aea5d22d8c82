/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Partitions come, change and go while devices fall silent, refuse, lose what they had, go away and come
 * back, links fail and the controller is killed. Whatever happened: what the topology shows is what a device
 * said last; and when all is well again there is on every device what the documents say, and nothing else.
 */
#include "bed.h"

#include <stdio.h>

#include "base/rng.h"

enum { SEEDS = 60, STEPS = 40, PARTS = 4 };

static struct rng rng;
static bool there[PARTS];
static unsigned mbps[PARTS];
static bool cut; /* the link b-c */
static unsigned n_put, n_dropped;

static unsigned pick(unsigned n)
{
	return (unsigned)(rng_below(&rng, n));
}

static const char *name_of(unsigned p)
{
	static const char *const names[PARTS] = { "p0", "p1", "p2", "p3" };

	return names[p];
}

static void write_one(unsigned p)
{
	char block[32];

	(void)snprintf(block, sizeof(block), "fd5e:%u::/32", 60 + p);
	mbps[p] = 1 + pick(2);
	ck_assert_int_eq(put(SLICE_NRP, name_of(p), part(name_of(p), p + 1, block, mbps[p])), 0);
	there[p] = true;
	n_put++;
}

static void drop_one(unsigned p)
{
	if (!there[p])
		return;
	ck_assert_int_eq(drop(SLICE_NRP, name_of(p)), 0);
	there[p] = false;
	n_dropped++;
}

/* What its kernel would not have is tried again, and read back. */
static void heal(struct device *d)
{
	d->kernel_fails = false;
	for (unsigned i = 0; i < d->n; i++) {
		struct leaf l = d->leaf[i];
		char *reason = strstr(l.path, "/status");

		if (!reason || strcmp(l.text, "failed") != 0)
			continue;
		dev_put(d, l.path, "in");
		(void)snprintf(reason, 8, "/reason");
		dev_lose(d, l.path);
		i = UINT32_MAX; /* what is lost moves others: from the beginning */
	}
}

static void meddle(struct device *d)
{
	char path[96];

	switch (pick(6)) {
	case 0:
		dev_up(d->name, !d->up);
		break;
	case 1:
		d->mood = d->txn ? d->mood : (int)pick(2) ? OBEYS : REFUSES;
		break;
	case 2:
		if (d->kernel_fails)
			heal(d);
		else
			d->kernel_fails = true;
		break;
	case 3:
		(void)snprintf(path, sizeof(path), "/device/locator[prefix=fd5e:%u:%td::/48]", 60 + pick(PARTS),
			       d - bed.dev + 1);
		dev_lose(d, path);
		break;
	case 4:
		dev_lose(d, "/device/link");
		break;
	default:
		dev_lose(d, "/device/locator");
	}
}

/* The topology has no SIDs that the device did not say it has. */
static void shown_is_said(void)
{
	for (unsigned i = 0; i < ROUTERS; i++) {
		const struct ted_node *n = node(bed.dev[i].name);

		for (unsigned k = 1; bed.dev[i].up && k < n->n_locators; k++) {
			char path[160], text[IP_PREFIX_TEXT_MAX];

			(void)snprintf(path, sizeof(path), "/device/locator[prefix=%s]/state/status",
				       ip_prefix_text(&n->locators[k].prefix, text, sizeof(text)));
			ck_assert_msg(dev_has(bed.dev[i].name, path) &&
					      strcmp(dev_has(bed.dev[i].name, path), "in") == 0,
				      "%s shows %s", bed.dev[i].name, path);
		}
	}
}

static void step(void)
{
	unsigned what = pick(10);

	if (what < 3)
		write_one(pick(PARTS));
	else if (what < 5)
		drop_one(pick(PARTS));
	else if (what < 8)
		meddle(&bed.dev[pick(ROUTERS)]);
	else if (what < 9) {
		cut = !cut;
		link_down("b", "c", cut);
	} else if (pick(3) == 0) {
		bed_crash();
		if (cut)
			link_down("b", "c", true);
	}
	run_ms(pick(3) * 700);
	if (pick(2)) {
		run_ms(3000);
		shown_is_said();
	}
}

static void all_is_well(void)
{
	if (cut)
		link_down("b", "c", false);
	cut = false;
	for (unsigned i = 0; i < ROUTERS; i++) {
		struct device *d = &bed.dev[i];

		d->mood = OBEYS;
		heal(d);
		if (!d->up)
			dev_up(d->name, true);
	}
	run_ms(400000);
}

static void check_device(unsigned i, unsigned p)
{
	static const char *const peers[ROUTERS][2] = { { "b", NULL }, { "a", "c" }, { "b", NULL } };
	char path[160], rate[32];

	for (unsigned k = 0; k < 2 && peers[i][k]; k++) {
		const char *is;

		(void)snprintf(path, sizeof(path), "/device/link[name=to-%s]/nrp[id=%u]/rate", peers[i][k], p + 1);
		(void)snprintf(rate, sizeof(rate), "%u000000", mbps[p]);
		is = dev_has(bed.dev[i].name, path);
		ck_assert_msg(there[p] ? is && strcmp(is, rate) == 0 : !is, "%s %s: %s, not %s", bed.dev[i].name, path,
			      is ? is : "none", there[p] ? rate : "none");
	}
	(void)snprintf(path, sizeof(path), "prefix=fd5e:%u:%u::", 60 + p, i + 1);
	ck_assert_msg(!!dev_count(bed.dev[i].name, path) == there[p], "%s %s", bed.dev[i].name, path);
}

static void one_seed(unsigned seed)
{
	unsigned n = 0;

	rng_seed(&rng, seed);
	memset(there, 0, sizeof(there));
	cut = false;
	bed_up();
	for (unsigned k = 0; k < STEPS; k++)
		step();
	all_is_well();
	for (unsigned p = 0; p < PARTS; p++) {
		n += there[p];
		for (unsigned i = 0; i < ROUTERS; i++)
			check_device(i, p);
		ck_assert_msg(!there[p] || view(p + 1)->status == NRP_IN, "seed %u: %s is %s: %s", seed, name_of(p),
			      nrp_status_text(view(p + 1)->status), view(p + 1)->reason);
	}
	ck_assert_uint_eq(node("b")->n_locators, 1 + n);
	ck_assert_uint_eq(audit_lines(), 0);
	for (unsigned p = 0; p < PARTS; p++)
		drop_one(p);
	run_ms(10000);
	for (unsigned i = 0; i < ROUTERS; i++)
		ck_assert_uint_eq(dev_count(bed.dev[i].name, "/device/l"), 0);
	bed_down();
}

START_TEST(in_the_end_there_is_what_is_written_and_nothing_else)
{
	for (unsigned seed = 1; seed <= SEEDS; seed++) {
		(void)fprintf(stderr, "# seed %u\n", seed);
		one_seed(seed);
	}
	ck_assert_uint_gt(n_put, SEEDS * 5);
	ck_assert_uint_gt(n_dropped, SEEDS * 2);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("nrp-random");
	TCase *t = tcase_create("random");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, in_the_end_there_is_what_is_written_and_nothing_else);
	suite_add_tcase(s, t);
	return check_main(s);
}
