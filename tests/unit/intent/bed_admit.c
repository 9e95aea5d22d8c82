/* SPDX-License-Identifier: Apache-2.0 */
#include "bed_admit.h"

#include <stdlib.h>
#include <string.h>

void square(void)
{
	world_up(NULL);
	net_square();
	pcc_up("a");
}

/* Two routers, one link each way: what fits is a sum. */
void pair(void)
{
	world_up(NULL);
	net_node("a");
	net_node("b");
	net_link("a", "b", 10, 1000, 10ull * G);
	net_publish();
	pcc_up("a");
	pcc_up("b");
}

/* ---- sets ---- */


uint64_t reserved(const char *from, const char *to)
{
	struct intent_book_row r;
	uint64_t sum = 0;

	ck_assert(intent_book_row(world.intent, net_index(from, to), &r));
	for (unsigned p = 0; p < 8; p++)
		sum += r.reserved_bps[p];
	return sum;
}

static void answered(void *arg, const struct intent_set_result *r)
{
	struct answer *a = arg;

	ck_assert(!a->done);
	*a = (struct answer){ true, *r, world.n_calls, reserved("a", "b") };
}

struct intent_policy *wish(uint32_t color, const char *to, uint64_t bps)
{
	struct intent_policy *p = malloc(sizeof(*p));

	ck_assert_ptr_nonnull(p);
	*p = *policy("a", color, to);
	p->bandwidth_bps = bps;
	p->setup_prio = p->hold_prio = 3;
	return p;
}

/* What is due next. */
void step(void)
{
	ck_assert(loop_fake_step(world.loop, mono_add(loop_now(world.loop), NS_PER_S)));
}

/* Takes the wishes. */
void ask(struct answer *a, const char *owner, struct intent_policy **puts, size_t n, bool dry)
{
	const struct store_op beside = { "slice", owner, "as it is", 8 };
	const struct intent_set_write w = { .puts = (const struct intent_policy *const *)puts,
					    .n_puts = n,
					    .beside = &beside,
					    .n_beside = 1,
					    .owner = owner,
					    .dry_run = dry };

	a->done = false;
	intent_put_set(world.intent, &w, answered, a);
	ck_assert(!a->done);
	for (size_t k = 0; k < n; k++)
		free(puts[k]);
}

struct intent_set_result wait_for(struct answer *a)
{
	while (!a->done)
		step();
	run_ms(0);
	return a->r;
}

struct intent_set_result admit(const char *owner, struct intent_policy **puts, size_t n)
{
	struct answer a;

	ask(&a, owner, puts, n, false);
	return wait_for(&a);
}

struct intent_set_result admit_one(const char *owner, struct intent_policy *p)
{
	return admit(owner, &p, 1);
}

struct intent_set_result drop(const char *owner, uint32_t color, const char *to)
{
	const struct sr_policy_key k = key("a", color, to);
	const struct store_op beside = { "slice", owner, NULL, 0 };
	const struct intent_set_write w = {
		.gone = &k, .n_gone = 1, .beside = &beside, .n_beside = 1, .owner = owner
	};
	struct answer a = { .done = false };

	intent_put_set(world.intent, &w, answered, &a);
	return wait_for(&a);
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

/* Events of policies there have been. */
unsigned told(void)
{
	unsigned n = 0;
	bool gap;

	for (const struct bus_event *e = bus_next(world.bus, 0, &gap); e; e = bus_next(world.bus, e->id, &gap))
		n += strncmp(e->type, "policy-", 7) == 0;
	return n;
}

void nothing_is_there(void)
{
	struct intent_view *v = malloc(sizeof(*v));

	ck_assert_ptr_nonnull(v);
	ck_assert(!intent_next(world.intent, NULL, v));
	free(v);
	ck_assert_uint_eq(records("policy"), 0);
	ck_assert_uint_eq(records("slice"), 0);
	audit();
}
