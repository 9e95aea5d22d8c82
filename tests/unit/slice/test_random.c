/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes of several documents at random, some at once, with crashes between: whatever was taken and
 * refused, what is there fits together. Judged from the documents and the book, not from the room's plans.
 */
#include <stdio.h>

#include "base/auto.h"
#include "base/rng.h"
#include "bed.h"

enum { SEEDS = 150 / CHECK_SHARE, STEPS = 60, SERVICES = 7, PARENTS = 2, TEMPLATES = 3, NRPS = 2, OPEN = 4, DOCS = 3 };

static struct rng rng;
static struct answer open_ones[OPEN];
static unsigned n_taken, n_refused;

static uint64_t below(uint64_t n)
{
	return rng_below(&rng, n);
}

/* ---- documents: a service says in its description what it says elsewhere, for the judge ---- */

static void service_doc(char *out, size_t cap, const char *id)
{
	unsigned n = (unsigned)(id[1] - '0');
	char more[256] = "", parent[64] = "", nrp[32] = "";
	bool child = n >= PARENTS && below(2);

	if (child)
		snprintf(parent, sizeof(parent), "\"parent-slice\":\"s%u\"", (unsigned)below(PARENTS));
	else if (below(3) == 0)
		snprintf(nrp, sizeof(nrp), "\"nrp-id\":%u", 1 + (unsigned)below(NRPS));
	snprintf(more, sizeof(more), "\"sextant-slice:realisation\":{%s%s},", parent, nrp);
	if (below(3))
		snprintf(out, cap, "%s", order(id, (1 + below(30)) * 100000000, more));
	else
		snprintf(out, cap,
			 "{\"id\":\"%s\",%s\"slo-sle-template\":\"t%u\",\"sdps\":{\"sdp\":[{\"id\":\"s1\",\"node-id\":\"a\"},"
			 "{\"id\":\"s2\",\"node-id\":\"b\"}]},\"connection-groups\":{\"connection-group\":[{\"id\":\"g\","
			 "\"connectivity-construct\":[" P2P("1", "s1", "s2", "") "]}]}}",
			 id, more, (unsigned)below(TEMPLATES));
}

static void template_doc(char *out, size_t cap, const char *id)
{
	if (below(2))
		snprintf(out, cap, "{\"id\":\"%s\",\"template-ref\":\"t%u\"}", id, (unsigned)below(TEMPLATES));
	else
		snprintf(out, cap,
			 "{\"id\":\"%s\",\"slo-policy\":{\"metric-bound\":[{\"metric-type\":\"one-way-bandwidth\","
			 "\"metric-unit\":\"Mbps\",\"bound\":\"%u\"}]}}",
			 id, 100 * (1 + (unsigned)below(20)));
}

static void some_edit(struct slice_edit *e, char *id, char *doc, size_t cap)
{
	unsigned kind = (unsigned)below(6);

	e->kind = kind == 0 ? SLICE_TEMPLATE : kind == 1 ? SLICE_NRP : SLICE_SERVICE;
	snprintf(id, 8, "%c%u", kind == 0 ? 't' : kind == 1 ? 'n' : 's',
		 (unsigned)below(kind == 0 ? TEMPLATES : kind == 1 ? NRPS : SERVICES));
	e->id = id;
	if (below(4) == 0) {
		e->how = SLICE_DELETE;
		return;
	}
	if (kind == 0)
		template_doc(doc, cap, id);
	else if (kind == 1)
		snprintf(doc, cap, "{\"name\":\"%s\",\"nrp-id\":%c,\"resource-reservation\":{\"maximum-bandwidth\":\"%u00000000\"}}",
			 id, id[1] + 1, 5 + (unsigned)below(35));
	else
		service_doc(doc, cap, id);
	e->doc = doc;
	e->len = strlen(doc);
}

static void answered(void *arg, const struct slice_result *r)
{
	struct answer *a = arg;

	ck_assert(!a->done);
	ck_assert(r->code == 0 || r->text[0]);
	a->done = true;
	n_taken += r->code == 0;
	n_refused += r->code != 0;
}

static void some_write(struct answer *a)
{
	static char docs[DOCS][2048];
	char ids[DOCS][8];
	struct slice_edit e[DOCS] = { 0 };
	size_t n = 1 + below(DOCS);

	for (size_t k = 0; k < n; k++)
		some_edit(&e[k], ids[k], docs[k], sizeof(docs[k]));
	a->done = false;
	slice_put(bed.slice, &(struct slice_write){ e, n, below(8) == 0 }, answered, a);
}

/* ---- the judge ---- */

/* The text behind a member's name, up to what ends it; "" none. */
static void member(const char *doc, const char *name, char *out, size_t cap)
{
	char key[64];
	const char *at;
	size_t n;

	snprintf(key, sizeof(key), "\"%s\":", name);
	at = doc ? strstr(doc, key) : NULL;
	out[0] = '\0';
	if (!at)
		return;
	at += strlen(key);
	at += *at == '"';
	n = strcspn(at, "\",}");
	ck_assert_uint_lt(n, cap);
	memcpy(out, at, n);
	out[n] = '\0';
}

static const char *doc_of(enum slice_kind kind, const char *id)
{
	uint64_t revision;
	size_t len;

	return slice_doc(bed.slice, kind, id, &len, &revision);
}

/* What a template or service comes to; every template on the way is there. */
static uint64_t rate(const char *doc, const char *ref)
{
	char next[16], bound[24];

	for (unsigned hops = 0; doc; hops++) {
		ck_assert_uint_le(hops, TEMPLATES + 1);
		member(doc, "bound", bound, sizeof(bound));
		if (bound[0])
			return strtoull(bound, NULL, 10) * (strstr(doc, "Mbps") ? 1000000 : 1);
		member(doc, ref, next, sizeof(next));
		ref = "template-ref";
		ck_assert_msg(!next[0] || doc_of(SLICE_TEMPLATE, next), "template %s is not there", next);
		doc = next[0] ? doc_of(SLICE_TEMPLATE, next) : NULL;
	}
	return 0;
}

static void line(void *arg, const char *text)
{
	ck_abort_msg("seed %u: %s", *(unsigned *)arg, text);
}

static void judge(unsigned seed)
{
	uint64_t all = 0, apart = 0, of_nrp[NRPS] = { 0 }, children[PARENTS] = { 0 }, own[PARENTS] = { 0 };
	char text[24];

	for (unsigned k = 0; k < SERVICES; k++) {
		char id[] = { 's', (char)('0' + k), '\0' };
		const char *doc = doc_of(SLICE_SERVICE, id);
		uint64_t bps;

		if (!doc || seen(id)->state == SLICE_RETIRING || seen(id)->state == SLICE_ROLLED_BACK)
			continue;
		bps = rate(doc, "slo-sle-template");
		member(doc, "parent-slice", text, sizeof(text));
		if (text[0]) {
			ck_assert_msg(doc_of(SLICE_SERVICE, text), "seed %u: no parent %s", seed, text);
			children[text[1] - '0'] += bps;
			continue;
		}
		all += bps;
		if (k < PARENTS)
			own[k] = bps;
		member(doc, "nrp-id", text, sizeof(text));
		if (text[0])
			of_nrp[text[0] - '1'] += bps;
		else
			apart += bps;
	}
	ck_assert_msg(reserved("a", "b") == all, "seed %u: %llu are reserved, %llu ordered", seed,
		      (unsigned long long)reserved("a", "b"), (unsigned long long)all);
	ck_assert_uint_le(all, 10ull * G);
	for (unsigned k = 0; k < PARENTS; k++)
		ck_assert_msg(children[k] <= own[k], "seed %u: children of s%u have more than it", seed, k);
	for (unsigned k = 0; k < NRPS; k++) {
		char name[] = { 'n', (char)('0' + k), '\0' };

		ck_assert_msg(!of_nrp[k] || doc_of(SLICE_NRP, name), "seed %u: partition %s is not there", seed, name);
		member(doc_of(SLICE_NRP, name), "maximum-bandwidth", text, sizeof(text));
		ck_assert_msg(of_nrp[k] <= strtoull(text, NULL, 10), "seed %u: partition %u has more than its share", seed, k);
		apart += strtoull(text, NULL, 10);
	}
	ck_assert_msg(apart <= 10ull * G, "seed %u: shares and what is outside of them come to %llu", seed,
		      (unsigned long long)apart);
	ck_assert_uint_eq(slice_audit(bed.slice, line, &seed), 0);
	audit();
}

static void wait_all(void)
{
	for (unsigned k = 0; k < OPEN; k++) {
		while (!open_ones[k].done)
			ck_assert(bed_step());
	}
	bed_settle();
}

static void delete_all(enum slice_kind kind)
{
	char id[SLICE_ID_MAX];

	for (const char *next = slice_next(bed.slice, kind, NULL); next; next = slice_next(bed.slice, kind, id)) {
		snprintf(id, sizeof(id), "%s", next);
		(void)drop(kind, id);
	}
	bed_settle();
}

static void one_seed(unsigned seed)
{
	rng_seed(&rng, seed);
	bed_up(bed_pair);
	for (unsigned k = 0; k < OPEN; k++)
		open_ones[k].done = true;
	for (unsigned step = 0; step < STEPS; step++) {
		struct answer *a = &open_ones[below(OPEN)];

		if (a->done)
			some_write(a);
		for (uint64_t k = below(6); k > 0; k--)
			(void)loop_fake_step(world.loop, mono_add(loop_now(world.loop), NS_PER_MS));
		if (below(20) == 0) {
			bed_crash();
			for (unsigned k = 0; k < OPEN; k++)
				open_ones[k].done = true;
			bed_settle();
		}
		if (below(8) == 0) {
			wait_all();
			judge(seed);
		}
	}
	wait_all();
	judge(seed);
	/* Children first, then parents; templates on others need as many rounds. */
	for (unsigned k = 0; k < 2; k++)
		delete_all(SLICE_SERVICE);
	for (unsigned k = 0; k < TEMPLATES; k++)
		delete_all(SLICE_TEMPLATE);
	delete_all(SLICE_NRP);
	nothing_left();
	ck_assert_uint_eq(records("slice-template") + records("slice-nrp"), 0);
	bed_down();
}

START_TEST(what_is_there_fits_together)
{
	for (unsigned seed = 1; seed <= SEEDS; seed++)
		one_seed(seed);
	ck_assert_uint_gt(n_taken, SEEDS * 10);
	ck_assert_uint_gt(n_refused, SEEDS * 5);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("slice-random");
	TCase *t = tcase_create("random");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, what_is_there_fits_together);
	suite_add_tcase(s, t);
	return check_main(s);
}
