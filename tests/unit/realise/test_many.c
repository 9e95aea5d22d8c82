/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who reaches whom of a thousand slices, made in turns: the same as at once, of one moment whatever changes meanwhile. The
 * room's state is made by hand: what devices would have been told, and tell.
 */
#include "check_main.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "realise/meet.h"

enum { ROUTERS = 8, SLICES = 1000, SDPS = 4, FLOWS = SDPS * (SDPS - 1), STEP = 256, TURNS_MAX = 100000 };

static struct {
	struct loop *loop;
	struct bus *bus;
	struct store_disk *disk;
	struct store *store;
	struct realise *room;
	const struct ted *ted;
	struct slice_service service[SLICES];
	struct arena arena;
	char id[SLICES][8];
	uint64_t ordered[SLICES], writes;
	uint32_t numbers[ROUTERS]; /* given out */
} bed;

/* ---- what src/slice would say ---- */

static unsigned at(const char *id)
{
	return (unsigned)strtoul(id + 1, NULL, 10);
}

const struct slice_service *slice_service_of(const struct slice *s, const char *id)
{
	(void)s;
	return &bed.service[at(id)];
}

uint64_t slice_revision(const struct slice *s)
{
	(void)s;
	return bed.writes;
}

int slice_get(const struct slice *s, const char *id, struct slice_view *out)
{
	(void)s;
	*out = (struct slice_view){ .n_flows = FLOWS, .ordered = bed.ordered[at(id)] };
	return 0;
}

uint32_t slice_flows(const struct slice *s, const char *id, uint32_t from, struct slice_flow_view *out, uint32_t cap)
{
	const struct slice_service *v = slice_service_of(s, id);
	uint32_t n = 0;

	ck_assert_uint_eq(from, 0);
	for (unsigned i = 0; i < SDPS; i++) {
		for (unsigned k = 0; k < SDPS; k++) {
			if (i == k || n == cap)
				continue;
			out[n++] = (struct slice_flow_view){ .group = "g", .construct = "1", .sender = v->sdps[i].id,
							     .receiver = v->sdps[k].id };
		}
	}
	return n;
}

enum slice_way slice_way_of(const struct slice *s, const struct sr_policy_key *key)
{
	(void)s;
	(void)key;
	return SLICE_WAY_IS;
}

void slice_step_done(struct slice *s, const char *id, enum slice_step step, bool undo, bool ok, const char *why)
{
	(void)s;
	(void)id;
	(void)step;
	(void)undo;
	(void)ok;
	(void)why;
}

void slice_step_waits(struct slice *s, const char *id, enum slice_step step, const char *why)
{
	slice_step_done(s, id, step, false, true, why);
}

void slice_homes_changed(struct slice *s, const char *id)
{
	(void)s;
	(void)id;
}

/* ---- devices ---- */

static bool port_has(void *self, const char *device)
{
	(void)self;
	(void)device;
	return true;
}

static int port_watch(void *self, const char *device, const struct device_watch *w, uint32_t *watch)
{
	(void)self;
	(void)device;
	*watch = strcmp(w->path, "/device/forwarding") == 0 ? 6 : 1;
	return 0;
}

static void port_unwatch(void *self, const char *device, uint32_t watch)
{
	(void)self;
	(void)device;
	(void)watch;
}

static unsigned router_of(unsigned slice, unsigned sdp)
{
	return (slice + sdp) % ROUTERS;
}

__attribute__((format(printf, 1, 2))) static struct ip_prefix prefix(const char *fmt, ...)
{
	char text[64];
	struct ip_prefix p;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ck_assert_int_eq(ip_prefix_parse(text, &p), 0);
	return p;
}

static struct realise_sight *sight(unsigned router)
{
	char name[8];

	snprintf(name, sizeof(name), "r%u", router + 1);
	for (size_t i = 0; i < bed.room->sights.n; i++) {
		if (strcmp(bed.room->sights.at[i]->device, name) == 0)
			return bed.room->sights.at[i];
	}
	ck_abort_msg("no %s", name);
	return NULL;
}

static struct realise_slot *slot(unsigned slice, unsigned sdp)
{
	return &realise_find(bed.room, bed.id[slice])->slots.at[sdp];
}

static struct ip_prefix sid(unsigned slice, unsigned sdp)
{
	return prefix("fd5e:64:%x:%x::/64", router_of(slice, sdp) + 1, 0xd000 + slot(slice, sdp)->number);
}

static struct told_table *told(unsigned slice, unsigned sdp)
{
	struct realise_told *t = &sight(router_of(slice, sdp))->told;
	uint32_t id = REALISE_TABLE_FIRST + slot(slice, sdp)->number;

	for (size_t i = 0; i < t->tables.n; i++) {
		if (t->tables.at[i].id == id)
			return &t->tables.at[i];
	}
	ck_abort_msg("no table %u", id);
	return NULL;
}

/* As it was set: each of its four prefixes, its own by its interface. */
static void tell(unsigned slice, unsigned sdp)
{
	struct realise_told *t = &sight(router_of(slice, sdp))->told;
	struct told_table x = { .id = REALISE_TABLE_FIRST + slot(slice, sdp)->number, .complete = true };
	const struct told_sid s = { .prefix = sid(slice, sdp), .table = x.id, .action = TOLD_END_DT };

	for (unsigned k = 0; k < SDPS; k++) {
		struct told_route r = { .prefix = prefix("2001:db8:%x:%x::/64", slice, k), .way = TOLD_SID };

		if (k == sdp) {
			r.way = TOLD_INTERFACE;
			snprintf(r.interface, sizeof(r.interface), "e%u", slice);
		} else {
			r.sid = sid(slice, k).addr;
		}
		ck_assert(VEC_ADD(&x.routes, r));
	}
	t->n_routes += SDPS;
	ck_assert(VEC_ADD(&t->tables, x) && VEC_ADD(&t->sids, s));
}

/* ---- life ---- */

static void topology(void)
{
	static struct ted_node node[ROUTERS];
	static struct ted_locator locator[ROUTERS];
	struct ted_input in = { .nodes = node, .n_nodes = ROUTERS };

	memset(node, 0, sizeof(node));
	for (unsigned i = 0; i < ROUTERS; i++) {
		locator[i].prefix = prefix("fd5e:64:%x::/48", i + 1);
		node[i] = (struct ted_node){ .alive = true, .srv6 = true, .locators = &locator[i], .n_locators = 1 };
		snprintf(node[i].id, sizeof(node[i].id), "0000.0000.000%u", i + 1);
		snprintf(node[i].name, sizeof(node[i].name), "r%u", i + 1);
	}
	ck_assert_int_eq(ted_build(&in, &bed.ted), 0);
	realise_on_ted(bed.room, bed.ted);
}

static void ordered(unsigned i)
{
	static char text[4096];
	struct slice_fault f;
	size_t n;

	snprintf(bed.id[i], sizeof(bed.id[i]), "s%u", i);
	n = (size_t)snprintf(text, sizeof(text), "{\"id\":\"%s\",\"sdps\":{\"sdp\":[", bed.id[i]);
	for (unsigned k = 0; k < SDPS; k++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "%s{\"id\":\"p%u\",\"node-id\":\"r%u\",\"attachment-circuits\":{\"attachment-circuit\":["
				      "{\"id\":\"c\",\"ac-tp-id\":\"e%u\",\"ac-ipv6-address\":\"2001:db8:%x:%x::1\","
				      "\"ac-ipv6-prefix-length\":64}]}}",
				      k ? "," : "", k, router_of(i, k) + 1, i, i, k);
	}
	snprintf(text + n, sizeof(text) - n,
		 "]},\"connection-groups\":{\"connection-group\":[{\"id\":\"g\",\"connectivity-type\":"
		 "\"ietf-vpn-common:any-to-any\",\"connectivity-construct\":[{\"id\":\"1\",\"a2a-sdp\":["
		 "{\"sdp-id\":\"p0\"},{\"sdp-id\":\"p1\"},{\"sdp-id\":\"p2\"},{\"sdp-id\":\"p3\"}]}]}]}}");
	ck_assert_msg(slice_service_read(text, strlen(text), &bed.arena, &bed.service[i], &f) == 0, "%s: %s", f.field,
		      f.text);
	bed.ordered[i] = ++bed.writes;
}

/* All of it is on devices, was read back, and is told. */
static void built(unsigned i)
{
	struct realise_slice *s = realise_slice_new(bed.room, bed.id[i]);

	ck_assert_ptr_nonnull(s);
	if (!s)
		return;
	s->parts = s->kept_parts = REALISE_VPN | REALISE_CLASSIFY;
	s->planned = true;
	s->planned_of = bed.ordered[i];
	for (unsigned k = 0; k < SDPS; k++) {
		const char *sdp = bed.service[i].sdps[k].id, *device = sight(router_of(i, k))->device;
		const struct realise_slot x = { .device = strdup(device), .sdp = strdup(sdp), .group = strdup("g"),
						.number = bed.numbers[router_of(i, k)]++ };
		struct realise_site *site = realise_site_of(s, device, true);
		struct realise_foot *f;
		char path[REALISE_PATH_MAX];

		snprintf(path, sizeof(path), "/device/table[id=%u]", REALISE_TABLE_FIRST + x.number);
		f = site ? realise_foot_add(site, path) : NULL;
		ck_assert(f && VEC_ADD(&s->slots, x));
		if (!f)
			return;
		f->json = strdup("{}");
		site->state = REALISE_DONE;
	}
}

static void up(void)
{
	const struct device_port port = { .watch = port_watch, .unwatch = port_unwatch, .has = port_has };
	struct realise_cfg cfg = { 0 };

	memset(&bed, 0, sizeof(bed));
	arena_init(&bed.arena, 0);
	ck_assert_int_eq(loop_fake_new(&bed.loop, 1), 0);
	ck_assert_int_eq(bus_new(&bed.bus, 1), 0);
	ck_assert_int_eq(store_disk_new(&bed.disk), 0);
	ck_assert_int_eq(store_fake_new(&bed.store, bed.loop, bed.disk), 0);
	cfg = (struct realise_cfg){ .loop = bed.loop, .store = bed.store, .bus = bed.bus };
	ck_assert_int_eq(realise_new(&bed.room, &cfg), 0);
	realise_port(bed.room, &port);
	topology();
	for (unsigned i = 0; i < ROUTERS; i++) {
		char name[8];
		const struct device_info info = { .device = name, .kind = "agent" };

		snprintf(name, sizeof(name), "r%u", i + 1);
		realise_device_sink.up(bed.room, &info);
		sight(i)->told.synced = sight(i)->told.sids_complete = true;
	}
	for (unsigned i = 0; i < SLICES; i++) {
		ordered(i);
		built(i);
	}
	for (unsigned i = 0; i < SLICES; i++) {
		for (unsigned k = 0; k < SDPS; k++)
			tell(i, k);
	}
	while (loop_fake_step(bed.loop, mono_add(loop_now(bed.loop), 20 * NS_PER_S)))
		;
}

static void down(void)
{
	bed.room = realise_free(bed.room);
	bed.ted = ted_unref(bed.ted);
	bed.store = store_close(bed.store);
	bed.disk = store_disk_free(bed.disk);
	bed.bus = bus_free(bed.bus);
	bed.loop = loop_free(bed.loop);
	arena_fini(&bed.arena);
}

/* ---- what there is to see ---- */

struct sum {
	const struct realise_meet *m;
	uint64_t hash;
	unsigned arrive, missing, leaks, unsure, moving;
};

static void mix(struct sum *s, const void *at, size_t n)
{
	const uint64_t key[2] = { s->hash, 0 };

	s->hash = hash_bytes(key, at, n);
}

static void mix_text(struct sum *s, const char *text)
{
	mix(s, text, strlen(text) + 1);
}

static void on_atom(void *arg, const struct reach_atom *a)
{
	struct sum *s = arg;
	const uint8_t is[] = { a->arrives, a->missing, a->unsure, (uint8_t)a->n_leaks, a->prefix.len };

	mix(s, a->prefix.addr.b, sizeof(a->prefix.addr.b));
	mix(s, is, sizeof(is));
	for (uint32_t i = 0; i < a->n_leaks; i++) {
		const struct reach_leak *l = &a->leak[i];

		mix_text(s, s->m->routers[l->router]);
		mix_text(s, l->owner == (uint32_t)REACH_NONE ? "" : s->m->ends.at[l->owner].slice);
		mix(s, &l->table, sizeof(l->table));
	}
	s->arrive += a->arrives && a->want;
	s->missing += a->missing;
	s->leaks += a->n_leaks;
	s->unsure += a->unsure;
}

static struct sum sum_of(const struct realise_meet *m)
{
	struct sum s = { .m = m };

	ck_assert_ptr_nonnull(m);
	for (uint32_t i = 0; m && i < m->sources.n; i++) {
		const struct meet_source *x = &m->sources.at[i];

		mix_text(&s, x->slice);
		mix_text(&s, x->sdp);
		mix_text(&s, x->device);
		mix_text(&s, x->why ? x->why : "");
		s.moving += x->moving;
		if (!x->moving)
			ck_assert_int_eq(realise_reach(&m->world, i, on_atom, &s), 0);
	}
	return s;
}

static struct realise_meet *at_once(void)
{
	return realise_meet_new(bed.room);
}

/* In turns; after each that many of them something happens. */
static struct realise_meet *in_turns(unsigned every, void (*fn)(unsigned n), unsigned *turns)
{
	struct meet_build *b = realise_meet_begin(bed.room);
	struct realise_meet *m = NULL;
	unsigned n = 0;
	int rc = 0;

	ck_assert_ptr_nonnull(b);
	for (; b && rc == 0 && n < TURNS_MAX; n++) {
		rc = realise_meet_step(b, STEP, &m);
		if (rc == 0 && fn && n % every == every - 1)
			fn(n / every);
	}
	ck_assert_int_eq(rc, MEET_READY);
	realise_meet_drop(b);
	*turns = n;
	return m;
}

static void same(const struct realise_meet *a, const struct realise_meet *b)
{
	ck_assert_uint_eq(sum_of(a).hash, sum_of(b).hash);
}

/* By an interface that is another customer's. */
static void lead_astray(unsigned slice, const char *interface)
{
	struct told_route *r = &told(slice, 0)->routes.at[1];

	r->way = TOLD_INTERFACE;
	snprintf(r->interface, sizeof(r->interface), "%s", interface);
}

static void lead_right(unsigned slice)
{
	struct told_route *r = &told(slice, 0)->routes.at[1];

	r->way = TOLD_SID;
	r->sid = sid(slice, 1).addr;
}

/* ---- tests ---- */

START_TEST(in_turns_it_is_the_same_as_at_once)
{
	struct realise_meet *a, *b;
	struct sum s;
	unsigned turns;

	up();
	a = at_once();
	b = in_turns(1, NULL, &turns);
	ck_assert_uint_gt(turns, 100);
	s = sum_of(b);
	ck_assert_uint_eq(s.arrive, SLICES * SDPS * SDPS);
	ck_assert_uint_eq(s.missing + s.leaks + s.unsure + s.moving, 0);
	same(a, b);
	realise_meet_free(a);
	realise_meet_free(b);
	/* what is wrong is so too */
	lead_astray(7, "e500");
	told(9, 2)->routes.at[0].way = TOLD_DROP;
	told(11, 1)->complete = false;
	snprintf(told(999, 3)->routes.at[3].interface, REALISE_IF_MAX, "e5");
	a = at_once();
	b = in_turns(1, NULL, &turns);
	s = sum_of(b);
	ck_assert_uint_eq(s.leaks, 5); /* of 7 to 500, and what all four of 999 send to its last SDP */
	ck_assert_uint_gt(s.missing, 0);
	ck_assert_uint_gt(s.unsure, 0);
	same(a, b);
	realise_meet_free(a);
	realise_meet_free(b);
	down();
}
END_TEST

/* The first that is read, or the last: a new order of it comes in the middle. */
static void order_again(unsigned n)
{
	if (n == 0)
		bed.ordered[0] = ++bed.writes;
}

static void other_rev(unsigned n)
{
	(void)n;
	realise_find(bed.room, bed.id[0])->rev++;
}

START_TEST(a_slice_that_changes_meanwhile_is_read_again)
{
	struct realise_meet *m;
	unsigned turns, plain;
	struct sum s;

	up();
	m = in_turns(1, NULL, &plain);
	realise_meet_free(m);
	m = in_turns(20, order_again, &turns);
	s = sum_of(m);
	ck_assert_uint_gt(turns, plain); /* it began anew */
	ck_assert_uint_eq(s.moving, SDPS); /* as it is ordered, and not on devices yet */
	ck_assert_uint_eq(s.arrive, (SLICES - 1) * SDPS * SDPS);
	ck_assert_uint_eq(s.missing + s.leaks + s.unsure, 0);
	realise_meet_free(m);
	down();
}
END_TEST

START_TEST(what_changes_all_the_time_does_not_count_and_holds_nothing_up)
{
	struct realise_meet *m;
	unsigned turns, plain;
	struct sum s;

	up();
	lead_astray(0, "e8"); /* of the one that changes */
	lead_astray(7, "e500");
	m = in_turns(1, NULL, &plain);
	ck_assert_uint_eq(sum_of(m).leaks, 2);
	realise_meet_free(m);
	m = in_turns(1, other_rev, &turns);
	s = sum_of(m);
	ck_assert_uint_lt(turns, 5 * plain);
	ck_assert_uint_eq(s.moving, SDPS);
	ck_assert_uint_eq(s.leaks, 1); /* what is wrong with others is seen all the same */
	realise_meet_free(m);
	down();
}
END_TEST

static void topology_again(unsigned n)
{
	(void)n;
	bed.room->seen_rev++;
}

START_TEST(where_devices_come_and_go_all_the_time_nothing_counts)
{
	struct realise_meet *m;
	unsigned turns;
	struct sum s;

	up();
	lead_astray(7, "e500");
	m = in_turns(1, topology_again, &turns);
	s = sum_of(m);
	ck_assert_uint_eq(s.leaks, 0);
	ck_assert_uint_eq(s.moving, m ? m->sources.n : 0);
	realise_meet_free(m);
	down();
}
END_TEST

/* What devices tell is of one moment: a leak that came and went is in none or in all of it. */
static void swap(unsigned n)
{
	lead_astray(n % 2 ? 8 : 7, n % 2 ? "e8x" : "e500");
	lead_right(n % 2 ? 7 : 8);
}

START_TEST(what_devices_tell_is_of_one_moment)
{
	struct realise_meet *m;
	unsigned turns;

	up();
	swap(0);
	for (unsigned every = 1; every < 12; every += 3) {
		m = in_turns(every, swap, &turns);
		ck_assert_uint_eq(sum_of(m).leaks, 1); /* there is always one, and never two or none */
		realise_meet_free(m);
	}
	down();
}
END_TEST

struct ticking {
	struct loop_timer timer;
	unsigned n, leaks, proven;
};

static void count(void *arg, const struct slice_reach *row)
{
	struct ticking *t = arg;

	t->leaks += !row->source && row->state == SLICE_REACH_LEAK;
	t->proven += !row->source && row->state == SLICE_REACH_PROVEN;
}

/* Whoever else has something to do in the loop, until the look is over. */
static void tick(void *arg)
{
	const struct slice_steps s = realise_steps(bed.room);
	struct ticking *t = arg;

	t->n++;
	t->leaks = t->proven = 0;
	ck_assert_uint_gt(s.reach(s.ctx, bed.id[7], count, t), 0);
	if (t->leaks == 0 && t->n < TURNS_MAX)
		loop_timer_after(&t->timer, 0);
}

START_TEST(others_have_their_turns_while_many_are_looked_at)
{
	struct ticking t = { .n = 0 };

	up();
	loop_timer_init(&t.timer, bed.loop, tick, &t);
	lead_astray(7, "e500");
	realise_leaks_due(bed.room);
	loop_timer_after(&t.timer, NS_PER_S);
	(void)loop_fake_step(bed.loop, mono_add(loop_now(bed.loop), NS_PER_S));
	ck_assert_uint_gt(t.n, 120); /* 63 of them judge */
	ck_assert_uint_lt(t.n, TURNS_MAX);
	ck_assert_uint_eq(t.leaks, 1);
	ck_assert_uint_eq(t.proven, SDPS * (SDPS - 1) - 1);
	loop_timer_fini(&t.timer);
	down();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("realise-many");
	TCase *tc = tcase_create("many");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, in_turns_it_is_the_same_as_at_once);
	tcase_add_test(tc, a_slice_that_changes_meanwhile_is_read_again);
	tcase_add_test(tc, what_changes_all_the_time_does_not_count_and_holds_nothing_up);
	tcase_add_test(tc, where_devices_come_and_go_all_the_time_nothing_counts);
	tcase_add_test(tc, what_devices_tell_is_of_one_moment);
	tcase_add_test(tc, others_have_their_turns_while_many_are_looked_at);
	suite_add_tcase(s, tc);
	return check_main(s);
}
