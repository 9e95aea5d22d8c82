/* SPDX-License-Identifier: Apache-2.0 */
/* The loop, the disk, intent and its commands. */
#include "world.h"

#include <string.h>

struct world world;

/* ---- life ---- */

void world_cfg(struct intent_cfg *cfg)
{
	intent_cfg_default(cfg);
	cfg->restart_grace_ns = 5 * NS_PER_S;
	cfg->wait_to_revert_ns = 10 * NS_PER_S;
	cfg->hysteresis_pct = 10;
	ck_assert_int_eq(ip_parse("2001:db8::c", &cfg->originator), 0);
	ck_assert_int_eq(ip_prefix_parse("fcbb:ffff::/32", &cfg->bsid_block), 0);
}

static void intent_start(void)
{
	ck_assert_int_eq(bus_new(&world.bus, 1), 0);
	ck_assert_int_eq(work_new(&world.work, world.loop, world.workers), 0);
	ck_assert_int_eq(store_fake_new(&world.store, world.loop, world.disk), 0);
	ck_assert_int_eq(intent_new(&world.intent, world.loop, world.work, world.store, world.bus,
				    &world.cfg),
			 0);
	ck_assert_int_eq(intent_load(world.intent), 0);
	intent_driver_set(world.intent, &world_driver);
}

/* workers 0: the fake loop. */
static void begin(const struct intent_cfg *cfg, unsigned workers)
{
	memset(&world, 0, sizeof(world));
	world.workers = workers;
	net_empty();
	if (cfg)
		world.cfg = *cfg;
	else
		world_cfg(&world.cfg);
	ck_assert_int_eq(workers ? loop_new(&world.loop) : loop_fake_new(&world.loop, 1), 0);
	ck_assert_int_eq(store_disk_new(&world.disk), 0);
	intent_start();
}

void world_up(const struct intent_cfg *cfg)
{
	begin(cfg, 0);
}

void world_up_threads(unsigned workers)
{
	begin(NULL, workers);
}

static void intent_end(bool crash)
{
	world.intent = intent_free(world.intent);
	world.work = work_free(world.work);
	world.store = crash ? store_crash(world.store) : store_close(world.store);
	world.bus = bus_free(world.bus);
	world.ted = ted_unref(world.ted);
}

void world_crash(void)
{
	intent_end(true);
	for (unsigned k = 0; k < WORLD_NODES; k++)
		world.pccs[k].up = false;
	for (uint32_t k = 0; k < world.n_calls; k++)
		world.calls[k].over = true;
	intent_start();
}

void world_down(void)
{
	intent_end(false);
	pccs_fini();
	store_disk_free(world.disk);
	loop_free(world.loop);
}

static void stop(void *arg)
{
	loop_stop(arg);
}

/* The real loop, for as long and what is due at once. */
static void run_real(uint64_t ms)
{
	struct loop_timer t;

	loop_now_update(world.loop);
	loop_timer_init(&t, world.loop, stop, world.loop);
	loop_timer_after(&t, ms * NS_PER_MS);
	loop_run(world.loop);
	loop_timer_fini(&t);
}

void run_ms(uint64_t ms)
{
	struct mono end = mono_add(loop_now(world.loop), ms * NS_PER_MS);

	if (!loop_is_fake(world.loop)) {
		run_real(ms);
		return;
	}
	while (loop_fake_step(world.loop, end))
		;
}

void audit(void)
{
	char why[160] = "";

	ck_assert_msg(intent_book_audit(world.intent, why, sizeof(why)), "%s", why);
}

/* ---- commands ---- */

struct sr_policy_key key(const char *headend, uint32_t color, const char *endpoint)
{
	return (struct sr_policy_key){ .headend = net_addr(headend),
				       .color = color,
				       .endpoint = net_addr(endpoint) };
}

struct intent_policy *policy(const char *headend, uint32_t color, const char *endpoint)
{
	static struct intent_policy p;

	intent_policy_default(&p);
	p.key = key(headend, color, endpoint);
	p.n_cpaths = 0;
	cpath_add(&p, 100);
	return &p;
}

struct intent_cpath *cpath_add(struct intent_policy *p, uint32_t preference)
{
	struct intent_cpath *c = &p->cpaths[p->n_cpaths++];

	intent_cpath_default(c);
	c->preference = preference;
	return c;
}

struct answer {
	bool done;
	struct intent_result r;
};

static void answered(void *arg, const struct intent_result *r)
{
	struct answer *a = arg;

	ck_assert_msg(!a->done, "a command was answered twice");
	a->done = true;
	a->r = *r;
}

static struct intent_result wait_for(struct answer *a)
{
	struct mono end = mono_add(loop_now(world.loop), NS_PER_S);

	ck_assert_msg(!a->done, "a command was answered from inside");
	if (!loop_is_fake(world.loop)) {
		for (unsigned ms = 0; !a->done && ms < 10000; ms++)
			run_real(1);
	} else {
		while (!a->done && loop_fake_step(world.loop, end))
			;
	}
	ck_assert_msg(a->done, "a command was not answered");
	run_ms(0); /* what it set off */
	audit();
	return a->r;
}

struct intent_result put(enum intent_write how, const struct intent_policy *p, uint64_t if_revision)
{
	struct answer a = { .done = false };

	intent_put(world.intent, how, p, if_revision, answered, &a);
	return wait_for(&a);
}

void put_ok(const struct intent_policy *p)
{
	struct intent_result r = put(INTENT_REPLACE, p, 0);

	ck_assert_msg(r.code == 0, "refused with %d, %s: %s", r.code, r.field, r.text);
}

struct intent_result del(const char *headend, uint32_t color, const char *endpoint)
{
	const struct sr_policy_key k = key(headend, color, endpoint);
	struct answer a = { .done = false };

	intent_delete(world.intent, &k, 0, answered, &a);
	return wait_for(&a);
}

struct intent_result adopt(const char *headend, uint32_t color, const char *endpoint)
{
	const struct sr_policy_key k = key(headend, color, endpoint);
	struct answer a = { .done = false };

	intent_adopt(world.intent, &k, answered, &a);
	return wait_for(&a);
}

struct intent_result release(const char *headend, uint32_t color, const char *endpoint)
{
	const struct sr_policy_key k = key(headend, color, endpoint);
	struct answer a = { .done = false };

	intent_release(world.intent, &k, answered, &a);
	return wait_for(&a);
}

void hold(bool on)
{
	struct answer a = { .done = false };
	struct intent_result r;

	intent_hold(world.intent, on, answered, &a);
	r = wait_for(&a);
	ck_assert_int_eq(r.code, 0);
}

const struct intent_view *view_of(const char *headend, uint32_t color, const char *endpoint)
{
	static struct intent_view v;
	const struct sr_policy_key k = key(headend, color, endpoint);

	return intent_get(world.intent, &k, &v) == 0 ? &v : NULL;
}

void view_is(const char *from, uint32_t color, const char *to, enum intent_state state, const char *reason)
{
	const struct intent_view *v = view_of(from, color, to);

	ck_assert_ptr_nonnull(v);
	ck_assert_msg(v->state == state && strstr(v->reason, reason) != NULL, "%u is %s: %s", color,
		      intent_state_text(v->state), v->reason);
}

unsigned alarms_of(const char *type)
{
	unsigned n = 0;
	bool gap;

	for (const struct bus_event *e = bus_next(world.bus, 0, &gap); e; e = bus_next(world.bus, e->id, &gap)) {
		if (strcmp(e->type, type) != 0)
			continue;
		n += e->severity == BUS_ALARM;
		n -= e->severity == BUS_CLEARED;
	}
	return n;
}
