/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of STAMP against two devices that keep what they are told: "a" sends to the reflector of "b".
 * A probe passes when both ends have the same secret, as the devices say and not as we believe.
 */
#include "check_main.h"

#include <stdio.h>
#include <string.h>

#include "assure/keys/keys.h"
#include "base/str.h"

#define SESSION "/device/measure/stamp/session[name=s]"
#define REFLECTOR "/device/measure/stamp/reflector"
#define KEY "/device/measure/stamp/key[name="

enum { DEVICES = 2, KEYS = 8, PENDING = 16 };

struct device {
	char name[4];
	bool refuses;
	struct {
		char name[64], secret[96];
	} key[KEYS];
	unsigned n_keys, sets;
	bool session, reflector, bare;
	char session_key[64], reflector_key[64], previous[64];
};

static struct {
	struct loop *loop;
	struct bus *bus;
	struct store_disk *disk;
	struct store *store;
	struct keys *keys;
	struct device_port user;
	const struct ted *ted;
	struct device dev[DEVICES];
	struct {
		unsigned device;
		uint32_t txn;
		bool good;
	} pending[PENDING];
	unsigned n_pending;
	struct loop_timer answers;
	uint32_t next;
	unsigned unheard; /* times that a probe did not pass */
	bool watching;
} bed;

static struct device *dev(const char *name)
{
	return strcmp(name, "a") == 0 ? &bed.dev[0] : strcmp(name, "b") == 0 ? &bed.dev[1] : NULL;
}

/* ---- devices ---- */

static void value(const char *json, const char *leaf, char *out, size_t cap)
{
	const char *at = strstr(json, leaf);
	size_t n;

	if (!at)
		return;
	at += strlen(leaf);
	n = strcspn(at, "\"");
	ck_assert_uint_lt(n, cap);
	memcpy(out, at, n);
	out[n] = '\0';
}

static unsigned key_at(const struct device *d, const char *name)
{
	unsigned i = 0;

	while (i < d->n_keys && strcmp(d->key[i].name, name) != 0)
		i++;
	return i;
}

static bool names(const struct device *d, const char *key)
{
	return strcmp(d->session_key, key) == 0 || strcmp(d->reflector_key, key) == 0 || strcmp(d->previous, key) == 0;
}

static void key_set(struct device *d, const struct device_change *c)
{
	char name[64] = "";
	unsigned i;

	value(c->path, KEY, name, sizeof(name));
	name[strcspn(name, "]")] = '\0';
	i = key_at(d, name);
	if (c->op == DEVICE_DELETE) {
		ck_assert_msg(!names(d, name), "%s is in use at %s", name, d->name);
		if (i < d->n_keys)
			d->key[i] = d->key[--d->n_keys];
		return;
	}
	ck_assert_uint_lt(i, KEYS);
	if (i == d->n_keys)
		(void)str_copy(d->key[d->n_keys++].name, 64, name);
	value(c->json, "\"secret\":\"", d->key[i].secret, sizeof(d->key[i].secret));
	ck_assert_uint_eq(strlen(d->key[i].secret), 64);
}

static void leaf_set(char out[64], const struct device_change *c)
{
	out[0] = '\0';
	if (c->op != DEVICE_DELETE)
		value(c->json, "\"", out, 64);
}

static void change(struct device *d, const struct device_change *c)
{
	if (strncmp(c->path, KEY, strlen(KEY)) == 0) {
		key_set(d, c);
	} else if (strcmp(c->path, SESSION "/key") == 0) {
		leaf_set(d->session_key, c);
	} else if (strcmp(c->path, REFLECTOR "/key") == 0) {
		leaf_set(d->reflector_key, c);
	} else if (strcmp(c->path, REFLECTOR "/previous-key") == 0) {
		leaf_set(d->previous, c);
	} else if (strcmp(c->path, REFLECTOR "/also-unauthenticated") == 0) {
		d->bare = c->op != DEVICE_DELETE;
		ck_assert(!d->bare || strcmp(c->json, "true") == 0);
	} else if (strcmp(c->path, SESSION) == 0) {
		d->session = c->op != DEVICE_DELETE;
		d->session_key[0] = '\0';
		if (d->session)
			value(c->json, "\"key\":\"", d->session_key, 64);
	} else if (strcmp(c->path, REFLECTOR) == 0) {
		d->reflector = c->op != DEVICE_DELETE;
		if (!d->reflector) {
			d->bare = false;
			d->reflector_key[0] = d->previous[0] = '\0';
			return;
		}
		value(c->json, "\"key\":\"", d->reflector_key, 64);
		value(c->json, "\"previous-key\":\"", d->previous, 64);
	} else {
		ck_abort_msg("%s", c->path);
	}
}

static bool whole(const struct device *d)
{
	const char *const of[] = { d->session_key, d->reflector_key, d->previous };

	for (unsigned i = 0; i < ARRAY_LEN(of); i++)
		if (of[i][0] && key_at(d, of[i]) == d->n_keys)
			return false;
	return true;
}

static void answer(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < bed.n_pending; i++) {
		const struct device_result r = { .device = bed.dev[bed.pending[i].device].name, .txn = bed.pending[i].txn,
						 .outcome = bed.pending[i].good ? DEVICE_DONE : DEVICE_REFUSED };

		keys_device_sink.result(bed.keys, &r);
	}
	bed.n_pending = 0;
}

static int port_set(void *self, const char *device, const struct device_change *c, size_t n, uint32_t *txn)
{
	struct device *d = dev(device);

	(void)self;
	ck_assert_uint_lt(bed.n_pending, PENDING);
	d->sets++;
	for (size_t i = 0; i < n && !d->refuses; i++)
		change(d, &c[i]);
	ck_assert_msg(whole(d), "%s names a key that is not there", device);
	ck_assert_msg(!d->bare || d->reflector_key[0], "%s has no key to go without", device);
	*txn = ++bed.next;
	bed.pending[bed.n_pending].device = (unsigned)(d - bed.dev);
	bed.pending[bed.n_pending].good = !d->refuses;
	bed.pending[bed.n_pending++].txn = *txn;
	loop_timer_after(&bed.answers, 5 * NS_PER_MS);
	return 0;
}

static int port_watch(void *self, const char *device, const struct device_watch *w, uint32_t *watch)
{
	(void)self, (void)device, (void)w;
	bed.watching = true;
	*watch = 7;
	return 0;
}

static void port_forget(void *self, const char *device, const char *path)
{
	(void)self, (void)device, (void)path;
}

static bool port_has(void *self, const char *device)
{
	(void)self;
	return dev(device) != NULL;
}

static const struct device_port below = { .set = port_set, .watch = port_watch, .forget = port_forget, .has = port_has };

/* ---- the bed ---- */

/* What a probe of "a" finds at "b". */
static bool passes(void)
{
	const struct device *a = &bed.dev[0], *b = &bed.dev[1];
	unsigned of = key_at(a, a->session_key), i = key_at(b, b->reflector_key), k = key_at(b, b->previous);

	if (!a->session_key[0] || !b->reflector_key[0])
		return !a->session_key[0] && (!b->reflector_key[0] || b->bare);
	return (i < b->n_keys && strcmp(b->key[i].secret, a->key[of].secret) == 0) ||
	       (b->previous[0] && k < b->n_keys && strcmp(b->key[k].secret, a->key[of].secret) == 0);
}

static void run_s(uint64_t s)
{
	struct mono until = mono_add(loop_now(bed.loop), s * NS_PER_S);

	while (loop_fake_step(bed.loop, until))
		bed.unheard += !passes();
}

static void device_up(const char *name)
{
	keys_device_sink.up(bed.keys, &(struct device_info){ .device = name, .kind = "agent" });
}

static void controller(bool on, uint64_t lifetime_s)
{
	const struct keys_parts parts = { bed.loop, bed.bus, bed.store };
	const struct keys_cfg cfg = { .on = on, .lifetime_ns = lifetime_s * NS_PER_S };

	ck_assert_int_eq(keys_new(&bed.keys, &parts), 0);
	ck_assert_int_eq(keys_load(bed.keys), 0);
	keys_port(bed.keys, &below);
	bed.user = below;
	ck_assert_int_eq(keys_wrap(bed.keys, &bed.user), 0);
	keys_configure(bed.keys, &cfg);
	keys_on_ted(bed.keys, bed.ted);
	device_up("a");
	device_up("b");
}

static const struct ted *ted_of(void)
{
	static const char *const names_of[DEVICES] = { "a", "b" }, *const at[DEVICES] = { "fd00:a::1", "fd00:b::1" };
	struct ted_node node[DEVICES] = { { 0 } };
	struct ted_input in = { .nodes = node, .n_nodes = DEVICES };
	const struct ted *ted;

	for (unsigned i = 0; i < DEVICES; i++) {
		node[i].alive = true;
		(void)snprintf(node[i].id, sizeof(node[i].id), "0000.0000.000%u", i + 1);
		(void)str_copy(node[i].name, sizeof(node[i].name), names_of[i]);
		ck_assert_int_eq(ip_parse(at[i], &node[i].router_v6), 0);
		node[i].igp_id[5] = (uint8_t)(i + 1);
		node[i].igp_id_len = 6;
	}
	ck_assert_int_eq(ted_build(&in, &ted), 0);
	return ted;
}

static void bed_up(bool on, uint64_t lifetime_s)
{
	memset(&bed, 0, sizeof(bed));
	(void)str_copy(bed.dev[0].name, 4, "a");
	(void)str_copy(bed.dev[1].name, 4, "b");
	ck_assert_int_eq(loop_fake_new(&bed.loop, 7), 0);
	ck_assert_int_eq(bus_new(&bed.bus, 7), 0);
	ck_assert_int_eq(store_disk_new(&bed.disk), 0);
	ck_assert_int_eq(store_fake_new(&bed.store, bed.loop, bed.disk), 0);
	loop_timer_init(&bed.answers, bed.loop, answer, NULL);
	bed.ted = ted_of();
	controller(on, lifetime_s);
	run_s(1);
}

static void bed_down(void)
{
	keys_free(bed.keys);
	loop_timer_fini(&bed.answers);
	ted_unref(bed.ted);
	store_close(bed.store);
	store_disk_free(bed.disk);
	bus_free(bed.bus);
	loop_free(bed.loop);
}

static int set(const char *device, enum device_op op, const char *path, const char *json)
{
	const struct device_change c = { op, path, json };
	uint32_t txn;

	return bed.user.set(bed.user.self, device, &c, 1, &txn);
}

static void probes_on(void)
{
	ck_assert_int_eq(set("b", DEVICE_UPDATE, REFLECTOR, "{\"allow\":[\"fd00:a::1/128\"]}"), 0);
	ck_assert_int_eq(set("a", DEVICE_REPLACE, SESSION, "{\"reflector\":\"fd00:b::1\",\"window\":1}"), 0);
}

static unsigned events(const char *needle)
{
	unsigned n = 0;
	uint64_t at = 0;
	bool gap;

	for (const struct bus_event *e; (e = bus_next(bed.bus, at, &gap)); at = e->id)
		n += strcmp(e->type, "probe-keys") == 0 && strstr(e->body, needle) != NULL;
	return n;
}

START_TEST(both_ends_get_one_key_and_it_goes_with_them)
{
	char name[64], secret[96];

	bed_up(true, 0);
	probes_on();
	ck_assert(passes() && bed.dev[0].session_key[0]);
	ck_assert_str_eq(bed.dev[0].session_key, bed.dev[1].reflector_key);
	run_s(120);
	ck_assert_uint_eq(bed.unheard, 0);
	ck_assert(!bed.dev[1].previous[0] && bed.dev[0].n_keys == 1 && bed.dev[1].n_keys == 1);
	/* another reflector has another key */
	(void)str_copy(name, sizeof(name), bed.dev[0].session_key);
	(void)str_copy(secret, sizeof(secret), bed.dev[0].key[0].secret);
	ck_assert_int_eq(set("a", DEVICE_UPDATE, REFLECTOR, "{\"allow\":[\"fd00:b::1/128\"]}"), 0);
	ck_assert_str_ne(bed.dev[0].reflector_key, name);
	ck_assert_str_ne(bed.dev[0].key[1].secret, secret);
	/* nothing is left */
	ck_assert_int_eq(set("a", DEVICE_DELETE, REFLECTOR, NULL), 0);
	ck_assert_int_eq(set("a", DEVICE_DELETE, SESSION, NULL), 0);
	ck_assert_int_eq(set("b", DEVICE_DELETE, REFLECTOR, NULL), 0);
	run_s(20);
	ck_assert(bed.dev[0].n_keys == 0 && bed.dev[1].n_keys == 0);
	/* and nothing of a secret was told */
	ck_assert_uint_eq(events("made"), 1);
	ck_assert_uint_eq(events(secret), 0);
	bed_down();
}
END_TEST

START_TEST(without_them_nothing_is_changed)
{
	bed_up(false, 0);
	probes_on();
	run_s(30);
	ck_assert(passes() && !bed.dev[0].session_key[0] && !bed.dev[1].reflector_key[0]);
	ck_assert(bed.dev[0].n_keys == 0 && bed.dev[0].sets == 1 && bed.dev[1].sets == 1 && events("") == 0);
	bed_down();
}
END_TEST

START_TEST(keys_are_replaced_and_no_probe_is_unheard)
{
	char first[64], second[64];

	bed_up(true, 300);
	probes_on();
	(void)str_copy(first, sizeof(first), bed.dev[0].session_key);
	run_s(302);
	ck_assert_uint_eq(events("replaced"), 1);
	(void)str_copy(second, sizeof(second), bed.dev[0].session_key);
	ck_assert_str_ne(first, second);
	ck_assert_str_eq(bed.dev[1].reflector_key, second);
	ck_assert_str_eq(bed.dev[1].previous, first);
	ck_assert_uint_eq(bed.unheard, 0);
	/* the one before goes when its time is over */
	run_s(100);
	ck_assert(!bed.dev[1].previous[0] && bed.dev[1].n_keys == 1 && bed.dev[0].n_keys == 1);
	ck_assert_str_eq(bed.dev[1].reflector_key, second);
	ck_assert_uint_eq(bed.unheard, 0);
	bed_down();
}
END_TEST

/* The far end did not hear of it: the near end goes on with what the far one has. */
START_TEST(a_reflector_that_is_away_keeps_its_sessions)
{
	char first[64];

	bed_up(true, 300);
	probes_on();
	run_s(10);
	(void)str_copy(first, sizeof(first), bed.dev[0].session_key);
	keys_device_sink.down(bed.keys, "b", "away");
	run_s(700);
	ck_assert_uint_eq(events("replaced"), 2);
	ck_assert_str_eq(bed.dev[0].session_key, first);
	device_up("b");
	run_s(5);
	ck_assert_str_ne(bed.dev[0].session_key, first);
	ck_assert_str_eq(bed.dev[1].reflector_key, bed.dev[0].session_key);
	ck_assert_uint_eq(bed.unheard, 0);
	bed_down();
}
END_TEST

START_TEST(who_comes_after_a_restart_has_the_same_keys)
{
	char first[64];

	bed_up(true, 0);
	probes_on();
	run_s(5);
	(void)str_copy(first, sizeof(first), bed.dev[0].session_key);
	bed.keys = keys_free(bed.keys);
	bed.n_pending = 0;
	controller(true, 0);
	probes_on();
	run_s(5);
	ck_assert_str_eq(bed.dev[0].session_key, first);
	ck_assert(passes() && bed.unheard == 0 && events("made") == 1);
	bed_down();
}
END_TEST

START_TEST(a_secret_that_somebody_changed_is_put_right)
{
	char path[160];
	struct device *b = dev("b");

	bed_up(true, 0);
	probes_on();
	run_s(5);
	ck_assert(bed.watching);
	(void)str_copy(b->key[0].secret, sizeof(b->key[0].secret), "theirs");
	ck_assert(!passes());
	(void)snprintf(path, sizeof(path), KEY "%s]/fingerprint", b->reflector_key);
	keys_device_sink.sample(bed.keys, &(struct device_sample){ .device = "b", .watch = 7, .path = path, .text = "0123456789abcdef" });
	run_s(1);
	ck_assert(passes());
	bed_down();
}
END_TEST

/* Twin of all: an address that nobody knows, or no key yet, and nothing is sent in the clear. */
START_TEST(no_session_goes_without_its_key)
{
	bed_up(true, 0);
	ck_assert_int_eq(set("a", DEVICE_REPLACE, SESSION, "{\"reflector\":\"fd00:77::1\",\"window\":1}"), DEVICE_E_FULL);
	ck_assert(!bed.dev[0].session && bed.dev[0].sets == 0);
	bed.keys = keys_free(bed.keys);
	store_disk_fail(bed.disk, true);
	bed.store = store_close(bed.store);
	store_disk_free(bed.disk);
	ck_assert_int_eq(store_disk_new(&bed.disk), 0);
	ck_assert_int_eq(store_fake_new(&bed.store, bed.loop, bed.disk), 0);
	store_disk_fail(bed.disk, true);
	controller(true, 0);
	run_s(3);
	ck_assert_int_eq(set("a", DEVICE_REPLACE, SESSION, "{\"reflector\":\"fd00:b::1\",\"window\":1}"), DEVICE_E_FULL);
	store_disk_fail(bed.disk, false);
	run_s(30);
	ck_assert_int_eq(set("a", DEVICE_REPLACE, SESSION, "{\"reflector\":\"fd00:b::1\",\"window\":1}"), 0);
	ck_assert(bed.dev[0].session_key[0]);
	bed_down();
}
END_TEST

START_TEST(turned_on_and_off_they_come_and_go)
{
	const struct keys_cfg on = { .on = true }, off = { .on = false };

	bed_up(false, 0);
	probes_on();
	run_s(5);
	keys_configure(bed.keys, &on);
	run_s(10);
	ck_assert(passes() && bed.dev[0].session_key[0]);
	ck_assert(!bed.dev[1].bare); /* nobody is answered without, once all have one */
	keys_configure(bed.keys, &off);
	run_s(20);
	ck_assert(passes() && !bed.dev[0].session_key[0] && bed.dev[0].n_keys == 0 && bed.dev[1].n_keys == 0);
	ck_assert(!bed.dev[1].bare);
	ck_assert_uint_eq(bed.unheard, 0);
	bed_down();
}
END_TEST

/* In the middle of it the other way, at any moment. */
START_TEST(turned_on_and_off_at_any_moment_no_probe_is_unheard)
{
	const struct keys_cfg on = { .on = true }, off = { .on = false };

	bed_up(false, 0);
	probes_on();
	run_s(5);
	keys_configure(bed.keys, &on);
	while (loop_fake_step(bed.loop, mono_add(loop_now(bed.loop), (unsigned)_i * 20 * NS_PER_MS)) && _i-- > 0)
		bed.unheard += !passes();
	keys_configure(bed.keys, &off);
	for (int k = 0; k < 7; k++)
		if (loop_fake_step(bed.loop, mono_add(loop_now(bed.loop), NS_PER_S)))
			bed.unheard += !passes();
	keys_configure(bed.keys, &on);
	run_s(20);
	ck_assert(passes() && bed.dev[0].session_key[0] && bed.dev[1].reflector_key[0] && !bed.dev[1].bare);
	keys_configure(bed.keys, &off);
	run_s(20);
	ck_assert(passes() && !bed.dev[0].session_key[0] && !bed.dev[1].reflector_key[0]);
	ck_assert_uint_eq(bed.unheard, 0);
	bed_down();
}
END_TEST

/* A reflector that does not take it yet: its sessions go on as they are. */
START_TEST(who_cannot_be_asked_keeps_its_sessions_as_they_are)
{
	const struct keys_cfg on = { .on = true }, off = { .on = false };
	const struct keys_cfg *const to[] = { &on, &off };

	bed_up(_i == 1, 0);
	probes_on();
	run_s(5);
	bed.dev[1].refuses = true;
	keys_configure(bed.keys, to[_i]);
	run_s(60);
	ck_assert(passes() && (bed.dev[0].session_key[0] != '\0') == (_i == 1));
	bed.dev[1].refuses = false;
	run_s(30);
	ck_assert(passes() && (bed.dev[0].session_key[0] != '\0') == (_i == 0) && !bed.dev[1].bare);
	ck_assert_uint_eq(bed.unheard, 0);
	bed_down();
}
END_TEST

/* A session that is set anew while keys go has one as long as the reflector wants it. */
START_TEST(what_is_set_meanwhile_is_heard_too)
{
	const struct keys_cfg off = { .on = false };

	bed_up(true, 0);
	probes_on();
	run_s(5);
	keys_configure(bed.keys, &off);
	ck_assert_int_eq(set("a", DEVICE_REPLACE, SESSION, "{\"reflector\":\"fd00:b::1\",\"window\":2}"), 0);
	ck_assert(passes());
	run_s(20);
	ck_assert(passes() && !bed.dev[0].session_key[0]);
	ck_assert_uint_eq(bed.unheard, 0);
	bed_down();
}
END_TEST

START_TEST(a_device_that_refuses_is_asked_again)
{
	bed_up(true, 300);
	probes_on();
	run_s(5);
	bed.dev[1].refuses = true;
	run_s(320);
	ck_assert(passes());
	ck_assert_uint_lt(bed.dev[1].sets, 20);
	bed.dev[1].refuses = false;
	run_s(30);
	ck_assert_str_eq(bed.dev[1].reflector_key, bed.dev[0].session_key);
	ck_assert_ptr_nonnull(strstr(bed.dev[0].session_key, "-2-"));
	ck_assert_uint_eq(bed.unheard, 0);
	bed_down();
}
END_TEST

static void drift(const char *device)
{
	keys_device_sink.drift(bed.keys, &(struct device_drift){ device, SESSION, "another" });
}

static void away_and_back(const char *device)
{
	keys_device_sink.down(bed.keys, device, "away");
	device_up(device);
}

/* Whatever is in doubt of a device at any moment, and what nobody says of it again: no key stays when all is over. */
START_TEST(nothing_is_left_whatever_was_in_doubt)
{
	void (*const doubt[])(const char *) = { drift, away_and_back };
	const unsigned kinds = ARRAY_LEN(doubt) + 1, kind = (unsigned)_i % kinds, moment = (unsigned)_i / kinds;

	bed_up(true, 30);
	probes_on();
	run_s(26 + moment);
	for (unsigned k = 0; k < DEVICES; k++) {
		bed.dev[k].refuses = kind == ARRAY_LEN(doubt);
		if (kind < ARRAY_LEN(doubt))
			doubt[kind](bed.dev[k].name);
	}
	run_s(12);
	for (unsigned k = 0; k < DEVICES; k++)
		bed.dev[k].refuses = false;
	ck_assert_int_eq(set("a", DEVICE_DELETE, SESSION, NULL), 0);
	ck_assert_int_eq(set("b", DEVICE_DELETE, REFLECTOR, NULL), 0);
	run_s(90);
	ck_assert_msg(bed.dev[0].n_keys == 0 && bed.dev[1].n_keys == 0, "%u and %u left", bed.dev[0].n_keys, bed.dev[1].n_keys);
	bed_down();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("keys");
	TCase *t = tcase_create("keys");

	tcase_add_test(t, both_ends_get_one_key_and_it_goes_with_them);
	tcase_add_test(t, without_them_nothing_is_changed);
	tcase_add_test(t, keys_are_replaced_and_no_probe_is_unheard);
	tcase_add_test(t, a_reflector_that_is_away_keeps_its_sessions);
	tcase_add_test(t, who_comes_after_a_restart_has_the_same_keys);
	tcase_add_test(t, a_secret_that_somebody_changed_is_put_right);
	tcase_add_test(t, no_session_goes_without_its_key);
	tcase_add_test(t, turned_on_and_off_they_come_and_go);
	tcase_add_loop_test(t, turned_on_and_off_at_any_moment_no_probe_is_unheard, 0, 40);
	tcase_add_loop_test(t, who_cannot_be_asked_keeps_its_sessions_as_they_are, 0, 2);
	tcase_add_test(t, what_is_set_meanwhile_is_heard_too);
	tcase_add_test(t, a_device_that_refuses_is_asked_again);
	tcase_add_loop_test(t, nothing_is_left_whatever_was_in_doubt, 0, 48);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return check_main(suite());
}
