/* SPDX-License-Identifier: Apache-2.0 */
#include "bed.h"

#include <stdio.h>

struct bed bed;

/* ---- executors ---- */

static void tell(void *arg)
{
	const struct job j = bed.telling;
	bool ok = bed.fails != (int)j.step || j.undo;

	(void)arg;
	slice_step_done(bed.slice, j.id, j.step, j.undo, ok, ok ? "" : "the router said no");
}

static void start(void *ctx, const struct slice_job *job)
{
	struct job *j = &bed.jobs[bed.n_jobs++ % JOBS];

	(void)ctx;
	ck_assert(bed.available[job->step]);
	snprintf(j->id, sizeof(j->id), "%s", job->id);
	j->step = job->step;
	j->undo = job->undo;
	if (bed.silent == (int)job->step && !job->undo)
		return;
	bed.there[job->step] = !job->undo; /* of what fails a part may be there */
	bed.telling = *j;
	if (bed.slow)
		loop_timer_after(&bed.tell, NS_PER_MS);
	else
		tell(NULL);
}

static void audit_steps(void *ctx, void (*fn)(void *arg, const char *id, const char *what), void *arg)
{
	(void)ctx;
	for (int k = 0; k < SLICE_STEPS; k++) {
		if (bed.there[k])
			fn(arg, "one", slice_step_text((enum slice_step)k));
	}
}

static bool algo_used(void *ctx, uint8_t algo)
{
	(void)ctx;
	return algo == bed.routers_algo;
}

static void partitions_changed(void *ctx)
{
	(void)ctx;
	bed.changes++;
}

static bool partition_queue(void *ctx, uint32_t nrp, const char *link, char why[SR_REASON_MAX])
{
	(void)ctx;
	(void)nrp;
	(void)link;
	(void)snprintf(why, SR_REASON_MAX, "%s", bed.no_queue ? "it was not read back" : "");
	return !bed.no_queue;
}

static void ways(void *ctx, const char *id)
{
	(void)ctx;
	bed.ways += strcmp(id, "one") == 0;
}

static bool spared(void *ctx, const char *id, const struct sr_policy_key *key)
{
	(void)ctx;
	(void)key;
	return bed.spares && strcmp(id, "one") == 0;
}

static enum slice_homes homes(void *ctx, const char *id, char why[SR_REASON_MAX])
{
	(void)ctx;
	if (strcmp(id, "one") != 0)
		return SLICE_HOMES_ALL;
	(void)snprintf(why, SR_REASON_MAX, "%s", bed.homes == SLICE_HOMES_ALL ? "" : "home s2 (b) is away");
	return bed.homes;
}

static void slice_start(void)
{
	const struct slice_partitions partitions = { .algo_used = algo_used, .changed = partitions_changed,
						     .queue = partition_queue };
	struct slice_steps steps = { .audit = audit_steps, .ways = ways, .spared = spared, .homes = homes };

	for (int k = 0; k < SLICE_STEPS; k++)
		steps.start[k] = bed.available[k] ? start : NULL;
	loop_timer_init(&bed.tell, world.loop, tell, NULL);
	ck_assert_int_eq(slice_new(&bed.slice, world.loop, world.store, world.bus, world.intent, &bed.cfg), 0);
	slice_steps_add(bed.slice, &steps);
	if (bed.partitions)
		slice_partitions_set(bed.slice, &partitions);
	ck_assert_int_eq(slice_load(bed.slice), 0);
}

/* ---- life ---- */

static void sessions(void)
{
	bed_publish();
	for (const char *const *n = (const char *const[]){ "a", "b", "c", "d", NULL }; *n; n++) {
		for (uint32_t k = 0; k < world.ted->n_nodes; k++) {
			if (strcmp(world.ted->nodes[k].name, *n) == 0 || strcmp(world.ted->nodes[k].id, *n) == 0) {
				pcc_up(*n);
				break;
			}
		}
	}
}

void bed_up(void (*net)(void))
{
	bed = (struct bed){ .fails = -1, .silent = -1 };
	slice_cfg_default(&bed.cfg);
	world_up(NULL);
	slice_start();
	net();
	sessions();
}

void bed_down(void)
{
	bed.slice = slice_free(bed.slice);
	loop_timer_fini(&bed.tell);
	world_down();
}

void bed_crash(void)
{
	bed.slice = slice_free(bed.slice);
	loop_timer_fini(&bed.tell);
	world_crash();
	slice_start();
	sessions();
}

void bed_pair(void)
{
	net_node("a");
	net_node("b");
	net_link("a", "b", 10, 1000, 10ull * G);
}

void bed_square(void)
{
	net_square();
}

void bed_publish(void)
{
	net_publish();
	slice_on_ted(bed.slice, world.ted);
}

bool bed_step(void)
{
	return loop_fake_step(world.loop, mono_add(loop_now(world.loop), NS_PER_S));
}

void bed_settle(void)
{
	for (unsigned round = 0; round < 40; round++) {
		unsigned n = 0;

		run_ms(200);
		for (unsigned k = 0; k < WORLD_NODES; k++) {
			static const char *const names[] = { "a", "b", "c", "d" };

			if (k < 4 && k < world.ted->n_nodes && pcc_at(names[k])->up)
				n += pcc_answer(names[k]);
		}
		if (n == 0 && round > 1)
			return;
	}
	ck_abort_msg("it does not settle");
}

/* ---- commands ---- */

static void answered(void *arg, const struct slice_result *r)
{
	struct answer *a = arg;

	ck_assert(!a->done);
	a->done = true;
	a->r = *r;
}

void ask(struct answer *a, enum slice_kind kind, int how, const char *id, const char *doc, bool dry)
{
	struct slice_edit e = { .kind = kind, .id = id, .doc = doc, .len = doc ? strlen(doc) : 0 };

	e.how = (__typeof__(e.how))how;
	a->done = false;
	slice_put(bed.slice, &(struct slice_write){ &e, 1, dry }, answered, a);
	ck_assert(!a->done);
}

struct slice_result wait_for(struct answer *a)
{
	while (!a->done)
		ck_assert(bed_step());
	run_ms(0);
	return a->r;
}

struct slice_result put_doc(enum slice_kind kind, const char *id, const char *doc)
{
	struct answer a;

	ask(&a, kind, SLICE_PUT, id, doc, false);
	return wait_for(&a);
}

struct slice_result try_doc(enum slice_kind kind, const char *id, const char *doc)
{
	struct answer a;

	ask(&a, kind, SLICE_PUT, id, doc, true);
	return wait_for(&a);
}

struct slice_result drop(enum slice_kind kind, const char *id)
{
	struct answer a;

	ask(&a, kind, SLICE_DELETE, id, NULL, false);
	return wait_for(&a);
}

const char *order(const char *id, uint64_t bps, const char *more)
{
	static char text[4096];

	snprintf(text, sizeof(text),
		 "{\"id\":\"%s\",%s\"service-slo-sle-policy\":{\"slo-policy\":{\"metric-bound\":[{\"metric-type\":"
		 "\"ietf-network-slice-service:one-way-bandwidth\",\"metric-unit\":\"bps\",\"bound\":\"%llu\"}]}},"
		 "\"sdps\":{\"sdp\":[{\"id\":\"s1\",\"node-id\":\"a\"},{\"id\":\"s2\",\"node-id\":\"b\"}]},"
		 "\"connection-groups\":{\"connection-group\":[{\"id\":\"g\",\"connectivity-construct\":["
		 "{\"id\":\"1\",\"p2p-sender-sdp\":\"s1\",\"p2p-receiver-sdp\":\"s2\"}]}]}}",
		 id, more, (unsigned long long)bps);
	return text;
}

/* ---- looking ---- */

const struct slice_view *seen(const char *id)
{
	static struct slice_view v;

	return slice_get(bed.slice, id, &v) == 0 ? &v : NULL;
}

uint64_t reserved(const char *from, const char *to)
{
	struct intent_book_row r;
	uint64_t sum = 0;

	ck_assert(intent_book_row(world.intent, net_index(from, to), &r));
	for (unsigned p = 0; p < 8; p++)
		sum += r.reserved_bps[p];
	return sum;
}

static int count(void *arg, const char *k, const void *v, size_t len)
{
	(void)k;
	(void)v;
	(void)len;
	++*(unsigned *)arg;
	return 0;
}

unsigned records(const char *bucket)
{
	unsigned n = 0;

	ck_assert_int_eq(store_each(world.store, bucket, count, &n), 0);
	return n;
}

static void line(void *arg, const char *text)
{
	(void)arg;
	ck_abort_msg("%s", text);
}

void nothing_left(void)
{
	struct intent_view *v = malloc(sizeof(*v));

	ck_assert_ptr_nonnull(v);
	ck_assert(!intent_next(world.intent, NULL, v));
	free(v);
	ck_assert_uint_eq(records("policy"), 0);
	ck_assert_uint_eq(records("slice"), 0);
	ck_assert_uint_eq(slice_count(bed.slice, SLICE_SERVICE), 0);
	ck_assert_uint_eq(reserved("a", "b"), 0);
	ck_assert_uint_eq(slice_audit(bed.slice, line, NULL), 0);
	audit();
}

unsigned events(const char *type)
{
	unsigned n = 0;
	bool gap;

	for (const struct bus_event *e = bus_next(world.bus, 0, &gap); e; e = bus_next(world.bus, e->id, &gap))
		n += strcmp(e->type, type) == 0;
	return n;
}
