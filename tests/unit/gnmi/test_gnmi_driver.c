/* SPDX-License-Identifier: Apache-2.0 */
/* The driver of policies against a target that behaves as told: what its sink hears, and what is sent. */
#include <stdio.h>
#include <string.h>

#include "driver_bed.h"
#include "southbound/gnmi/driver_int.h"

static struct loop *loop;

static struct seen {
	unsigned events, ups, syncs, downs, readies, reports, fails;
	struct headend_caps caps;
	uint32_t session;
	struct lsp_state last;
	struct driver_failure failure;
	struct str told;
} seen;

static void on_up(void *arg, const struct ip_addr *headend, uint32_t session, const struct headend_caps *caps)
{
	(void)arg;
	ck_assert(ip_eq(headend, &bed.headend));
	ck_assert_uint_ne(session, seen.session);
	seen.events++;
	seen.ups++;
	seen.session = session;
	seen.caps = *caps;
	str_add(&seen.told, "up;");
}

static void on_synced(void *arg, const struct ip_addr *headend, uint32_t session)
{
	(void)arg;
	(void)headend;
	ck_assert_uint_eq(session, seen.session);
	seen.events++;
	seen.syncs++;
	str_add(&seen.told, "synced;");
}

static void on_ready(void *arg, const struct ip_addr *headend)
{
	(void)arg;
	(void)headend;
	seen.events++;
	seen.readies++;
}

static void on_down(void *arg, const struct ip_addr *headend, uint32_t session)
{
	(void)arg;
	(void)headend;
	ck_assert_uint_eq(session, seen.session);
	seen.events++;
	seen.downs++;
	str_add(&seen.told, "down;");
}

/* "name up 2!": an answer. */
static void on_report(void *arg, const struct lsp_state *st)
{
	static const char *const names[] = { "down", "up", "active", "going-down", "going-up" };

	(void)arg;
	ck_assert_uint_eq(st->session, seen.session);
	ck_assert_uint_ne(st->plsp_id, 0);
	ck_assert(ip_eq(&st->headend, &bed.headend));
	seen.events++;
	seen.reports++;
	seen.last = *st;
	if (st->removed)
		str_addf(&seen.told, "%s removed%s;", st->name, st->txn ? "!" : "");
	else
		str_addf(&seen.told, "%s %s %u%s%s;", st->name, names[st->oper], st->list.n,
			 st->delegated ? "" : " foreign", st->txn ? "!" : "");
}

static void on_failed(void *arg, const struct driver_failure *f)
{
	(void)arg;
	ck_assert_uint_eq(f->session, seen.session);
	seen.events++;
	seen.fails++;
	seen.failure = *f;
	str_add(&seen.told, "failed;");
}

static const struct driver_sink sink = { .headend_up = on_up, .headend_synced = on_synced,
					 .headend_ready = on_ready, .headend_down = on_down,
					 .report = on_report, .failed = on_failed };

/* ---- the world ---- */

static void setup(void)
{
	memset(&seen, 0, sizeof(seen));
	ck_assert_int_eq(loop_fake_new(&loop, 11), 0);
	bed_up(loop);
}

static void teardown(void)
{
	bed_down();
	loop_free(loop);
	str_fini(&seen.told);
}

static void controller(const char *kind)
{
	bed_controller_up(kind, &sink, NULL);
	ck_assert(bed_run(&seen.syncs, 1, 20));
}

static void heard(const char *what)
{
	ck_assert_str_eq(str_text(&seen.told), what);
	str_fini(&seen.told);
	memset(&seen.told, 0, sizeof(seen.told));
}

static struct driver_lsp wish(const char *name, unsigned n)
{
	struct driver_lsp l = { .key = { .headend = bed.headend, .color = 100 }, .preference = 100,
				.cpath = { .origin = 10, .discriminator = 7 }, .session = seen.session,
				.bandwidth_bps = 1000000 };

	(void)str_copy(l.name, sizeof(l.name), name);
	ck_assert_int_eq(ip_parse("fd5e::4", &l.key.endpoint), 0);
	ck_assert_int_eq(ip_parse("fd5e:b::1", &l.binding_sid), 0);
	for (unsigned i = 0; i < n; i++) {
		ck_assert_int_eq(ip_parse("fd5e:64:1::", &l.list.at[i].sid), 0);
		l.list.at[i].sid.b[7] = (uint8_t)(i + 1);
		l.list.at[i].kind = SR_SEG_NODE;
	}
	l.list.n = (uint8_t)n;
	return l;
}

static uint32_t apply(const struct driver_lsp *l)
{
	uint32_t txn = 0;

	ck_assert_int_eq(bed.driver->apply(bed.driver->self, l, &txn), 0);
	ck_assert_uint_ne(txn, 0);
	return txn;
}

static uint32_t removal(const struct driver_lsp *l)
{
	uint32_t txn = 0;

	ck_assert_int_eq(bed.driver->remove(bed.driver->self, l, &txn), 0);
	return txn;
}

static int say(int (*fn)(void *self, const struct driver_lsp *lsp, uint32_t *txn), const struct driver_lsp *l)
{
	uint32_t txn = 0;

	return fn(bed.driver->self, l, &txn);
}

/* Made and up; its PLSP-ID is in the wish. */
static struct driver_lsp made(const char *name, unsigned n)
{
	struct driver_lsp l = wish(name, n);

	apply(&l);
	bed_run_for(3);
	ck_assert_int_eq(seen.last.oper, LSP_ACTIVE);
	ck_assert_str_eq(seen.last.name, name);
	l.plsp_id = seen.last.plsp_id;
	str_fini(&seen.told);
	memset(&seen.told, 0, sizeof(seen.told));
	return l;
}

/* ---- sessions and what is done ---- */

START_TEST(a_policy_is_made_changed_in_one_replace_and_removed)
{
	struct driver_lsp l, more;
	unsigned sets;
	uint32_t txn;

	controller(NULL);
	heard("up;synced;");
	ck_assert(seen.caps.srv6 && seen.caps.update && seen.caps.initiate && !seen.caps.sr_mpls);
	ck_assert_uint_eq(seen.caps.msd_srv6, 10);
	l = wish("p", 2);
	txn = apply(&l);
	ck_assert_uint_eq(seen.reports, 0); /* not from inside of the call */
	ck_assert(bed_run(&seen.reports, 1, 5));
	ck_assert_uint_eq(seen.last.txn, txn);
	ck_assert(seen.last.delegated && seen.last.pce_initiated && seen.last.has_key);
	ck_assert_uint_eq(seen.last.color, 100);
	ck_assert_uint_eq(seen.last.bandwidth_bps, 1000000);
	ck_assert_uint_eq(seen.last.cpath.origin, 30);
	ck_assert(sr_list_eq(&seen.last.list, &l.list));
	bed_run_for(3);
	ck_assert_int_eq(seen.last.oper, LSP_ACTIVE);
	ck_assert_ptr_nonnull(target_has(&bed.t, DEVICE_ROW("sx-p")));
	more = wish("p", 3);
	more.plsp_id = seen.last.plsp_id;
	sets = bed.t.sets;
	seen.told.len = 0;
	txn = apply(&more);
	bed_run_for(20);
	ck_assert_uint_eq(bed.t.sets, sets + 1);
	ck_assert_uint_eq(bed.t.most_changes, 1);
	ck_assert_int_eq(seen.last.oper, LSP_ACTIVE);
	ck_assert_uint_eq(seen.last.list.n, 3);
	ck_assert_ptr_null(strstr(str_text(&seen.told), "removed")); /* make before break */
	more.plsp_id = seen.last.plsp_id;
	txn = removal(&more);
	bed_run_for(20);
	ck_assert(seen.last.removed);
	ck_assert_uint_eq(seen.last.txn, txn);
	ck_assert_ptr_null(target_has(&bed.t, DEVICE_ROW("sx-p")));
	ck_assert_uint_eq(seen.fails + seen.downs, 0);
}
END_TEST

START_TEST(up_is_what_the_device_says_of_just_this_list)
{
	struct driver_lsp l;

	controller(NULL);
	heard("up;synced;");
	bed.mute = true; /* no word of its state */
	l = wish("p", 2);
	apply(&l);
	bed_run_for(1);
	heard("p going-up 2!;");
	bed.mute = false;
	bed_state("sx-p", "pending");
	bed_run_for(1);
	heard("");
	bed_state("sx-p", "failed");
	bed_run_for(1);
	heard("p down 2;");
	bed_state("sx-p", "in");
	bed_run_for(1);
	heard("p active 2;");
	bed.mute = true;
	l = wish("p", 3);
	l.plsp_id = seen.last.plsp_id;
	apply(&l);
	bed_run_for(1);
	heard("p going-up 3!;"); /* "in" was said of the old list */
}
END_TEST

START_TEST(where_a_kind_has_no_state_read_back_is_up)
{
	struct driver_lsp l;

	bed.t.models[0] = "nokia-conf";
	bed.t.models[1] = "nokia-state";
	bed.mute = true;
	controller(NULL);
	ck_assert_uint_eq(seen.caps.msd_srv6, 24);
	l = wish("p", 2);
	apply(&l);
	bed_run_for(1);
	heard("up;synced;p up 2!;");
	ck_assert_ptr_nonnull(strstr(target_has(&bed.t, "/configure/router[router-name=Base]/segment-routing/"
							"sr-policies/static-policy[name=sx-p]"),
				     "\"srv6-sid\""));
}
END_TEST

START_TEST(a_refusal_is_told_in_the_devices_words)
{
	struct driver_lsp l = { 0 };
	uint32_t txn;

	controller(NULL);
	bed.t.refuse = RPC_PERMISSION_DENIED;
	l = wish("p", 2);
	txn = apply(&l);
	ck_assert(bed_run(&seen.fails, 1, 10));
	ck_assert_uint_eq(seen.failure.txn, txn);
	ck_assert_str_eq(seen.failure.text, "the device: refused: not today");
	bed_run_for(10);
	heard("up;synced;failed;");
	bed.t.refuse = RPC_OK; /* the twin */
	(void)made("p", 2);
	ck_assert_uint_eq(seen.fails, 1);
}
END_TEST

START_TEST(a_lie_and_half_a_job_are_failures_and_what_was_stays)
{
	struct driver_lsp l, more;

	controller(NULL);
	l = made("p", 2);
	more = wish("p", 3);
	more.plsp_id = l.plsp_id;
	bed.t.lies = true;
	apply(&more);
	ck_assert(bed_run(&seen.fails, 1, 30));
	ck_assert_str_eq(seen.failure.text, "the device: false: the device says done, and it is not");
	bed.t.lies = false;
	bed_run_for(30);
	ck_assert_uint_eq(seen.last.list.n, 2); /* nothing else was said since */
	apply(&more);
	bed_run_for(5);
	ck_assert_uint_eq(seen.last.list.n, 3);
	ck_assert_int_eq(seen.last.oper, LSP_ACTIVE);
	ck_assert_uint_eq(seen.fails, 1);
}
END_TEST

/* VRP's policy is two objects: half of it can be there. */
START_TEST(half_of_a_policy_is_taken_back)
{
	struct driver_lsp l;

	bed.t.models[0] = "huawei-network-instance";
	bed.t.models[1] = "huawei-srv6";
	bed.t.models[2] = "huawei-srpolicy";
	bed.mute = true;
	controller("vrp");
	bed.t.half = 1;
	l = wish("p", 2);
	apply(&l);
	ck_assert(bed_run(&seen.fails, 1, 30));
	ck_assert_str_eq(seen.failure.text, "the device: undone: the device says done, and half of it was");
	ck_assert_uint_eq(bed.t.n, 1); /* the limit of SIDs alone */
	apply(&l);
	bed_run_for(3);
	heard("up;synced;failed;p up 2!;");
	l.key.leg = 1; /* there is no place for a standby */
	ck_assert_int_eq(say(bed.driver->apply, &l), DRIVER_E_REFUSED);
}
END_TEST

START_TEST(two_policies_go_in_one_batch)
{
	struct driver_lsp first, a, b;

	controller(NULL);
	first = wish("first", 1);
	a = wish("a", 2);
	b = wish("b", 3);
	b.key.color = 200;
	apply(&first); /* these wait for it */
	apply(&a);
	apply(&b);
	bed_run_for(10);
	ck_assert_uint_eq(bed.t.sets, 2);
	ck_assert_uint_eq(bed.t.most_changes, 2);
	ck_assert_ptr_nonnull(target_has(&bed.t, DEVICE_ROW("sx-a")));
	ck_assert_ptr_nonnull(target_has(&bed.t, DEVICE_ROW("sx-b")));
	ck_assert_uint_eq(seen.fails, 0);
	/* one that is refused takes nobody with it */
	bed.t.refuse = RPC_INVALID_ARGUMENT;
	bed.t.refuse_path = "sx-d";
	first = wish("e", 1);
	a = wish("c", 1);
	b = wish("d", 1);
	apply(&first);
	apply(&a);
	apply(&b);
	bed_run_for(10);
	ck_assert_uint_eq(seen.fails, 1);
	ck_assert_ptr_nonnull(target_has(&bed.t, DEVICE_ROW("sx-c")));
	ck_assert_ptr_null(target_has(&bed.t, DEVICE_ROW("sx-d")));
}
END_TEST

/* ---- sessions that end, in each phase of a transaction ---- */

/* 0: before anything is sent; 1, 2, …: after so many messages. */
START_TEST(a_session_lost_in_any_phase_ends_in_what_the_device_has)
{
	struct driver_lsp l, more;
	unsigned gets;

	controller(NULL);
	l = made("p", 2);
	more = wish("p", 3);
	more.plsp_id = l.plsp_id;
	gets = bed.t.gets + bed.t.sets;
	apply(&more);
	if (_i > 0) {
		struct mono limit = mono_add(loop_now(loop), 5 * NS_PER_S);

		while (bed.t.gets + bed.t.sets < gets + (unsigned)_i && loop_fake_step(loop, limit))
			;
	}
	bed_target_down();
	ck_assert(bed_run(&seen.downs, 1, 90));
	ck_assert_int_eq(say(bed.driver->apply, &more), DRIVER_E_NO_SESSION);
	bed_target_up();
	ck_assert(bed_run(&seen.syncs, 2, 300));
	bed_run_for(30);
	/* whichever it is: what was told last is there, and up */
	ck_assert_str_eq(seen.last.name, "p");
	ck_assert_int_eq(seen.last.oper, LSP_ACTIVE);
	ck_assert_uint_eq(seen.last.list.n,
			  strstr(target_has(&bed.t, DEVICE_ROW("sx-p")), "fd5e:64:1:3::") ? 3 : 2);
	ck_assert_uint_eq(seen.downs, 1);
}
END_TEST

START_TEST(a_controller_that_comes_back_finds_its_policies_and_sets_nothing)
{
	struct driver_lsp l;
	unsigned sets;

	bed_there("operators", "{\"color\":5,\"endpoint\":\"fd5e::9\",\"segment\":[\"fd5e:64:9::\"]}");
	controller(NULL);
	heard("up;operators active 1 foreign;synced;");
	l = made("p", 2);
	sets = bed.t.sets;
	bed_controller_down();
	seen.session = seen.reports = 0;
	bed_controller_up(NULL, &sink, NULL);
	ck_assert(bed_run(&seen.syncs, 2, 20));
	bed_run_for(120);
	ck_assert_uint_eq(bed.t.sets, sets);
	ck_assert_ptr_nonnull(strstr(str_text(&seen.told), "p active 2;"));
	ck_assert_ptr_nonnull(strstr(str_text(&seen.told), "operators active 1 foreign;"));
	ck_assert_uint_eq(seen.syncs, 2);
	ck_assert_uint_eq(seen.reports, 2);
	/* and what is not ours cannot be changed */
	l = wish("operators", 1);
	for (l.plsp_id = 1; l.plsp_id <= 2; l.plsp_id++)
		if (gnmi_driver_row_at(gnmi_driver_dev(bed.drv, "r1"), l.plsp_id)->id[0] == 'o')
			ck_assert_int_eq(say(bed.driver->apply, &l), DRIVER_E_REFUSED);
}
END_TEST

START_TEST(what_nobody_knows_ends_the_session)
{
	struct driver_lsp l;

	controller(NULL);
	l = wish("p", 2);
	bed.t.garbage = true; /* whatever is read */
	apply(&l);
	ck_assert(bed_run(&seen.downs, 1, 60));
	ck_assert_uint_eq(seen.fails, 1);
	bed.t.garbage = false;
	ck_assert(bed_run(&seen.syncs, 2, 60));
	bed_run_for(5);
	/* the Set was done: it is found */
	ck_assert_int_eq(seen.last.oper, LSP_ACTIVE);
}
END_TEST

/* ---- what others do ---- */

START_TEST(what_somebody_else_changes_is_told)
{
	struct driver_lsp l;

	controller(NULL);
	l = made("p", 2);
	bed_there("sx-p", "{\"color\":100,\"endpoint\":\"fd5e::4\",\"preference\":100,\"binding-sid\":\"fd5e:b::1\","
			  "\"segment\":[\"fd5e:64:7::\"]}");
	bed_run_for(1);
	heard(""); /* it might be the end of something of ours */
	bed_run_for(10);
	heard("p active 1;");
	bed_there("sx-p", NULL);
	bed_run_for(10);
	heard("p removed;");
	bed_there("x", "{\"color\":1,\"endpoint\":\"fd5e::4\",\"segment\":[\"fd5e:64:7::\"]}");
	bed_run_for(10);
	ck_assert_int_eq(seen.last.oper, LSP_ACTIVE);
	ck_assert(!seen.last.delegated && !seen.last.pce_initiated);
	seen.told.len = 0;
	bed_there("x", NULL);
	bed_run_for(10);
	heard("x removed;");
	l = wish("p", 2); /* and it can be made again */
	apply(&l);
	bed_run_for(3);
	ck_assert_int_eq(seen.last.oper, LSP_ACTIVE);
}
END_TEST

/* Nobody tells; the client's own look finds it. */
START_TEST(a_silent_loss_is_found)
{
	controller(NULL);
	(void)made("p", 2);
	bed.mute = true;
	target_put(&bed.t, DEVICE_ROW("sx-p"), NULL);
	bed_run_for(120);
	heard("p removed;");
}
END_TEST

/* 0, 1: what has no leaves, so that nobody knows what is there; 2: wrong texts; 3: parts are missing;
 * 4: too long a list. */
START_TEST(garbage_of_a_device_is_not_a_policy)
{
	static const char *const what[] = {
		"{\"color\":\"red\",\"endpoint\":\"nowhere\",\"segment\":[\"x\",7,{}]}",
		"{\"state\":[1,2,3],\"segment\":{\"a\":{\"b\":[]}},\"color\":-1,\"name\":[null,{}]}",
		"{\"color\":\"red\",\"endpoint\":\"nowhere\",\"segment\":[\"x\",7],\"preference\":-1}",
		"{\"color\":100,\"endpoint\":\"fd5e::4\"}",
		("{\"color\":100,\"endpoint\":\"fd5e::4\",\"segment\":[\"::1\",\"::1\",\"::1\",\"::1\",\"::1\",\"::1\","
		"\"::1\",\"::1\",\"::1\",\"::1\",\"::1\",\"::1\",\"::1\",\"::1\",\"::1\",\"::1\",\"::1\"]}"),
	};
	struct driver_lsp l;

	bed_there("sx-p", what[_i]);
	bed_there("\\]x", what[_i]);
	bed_controller_up(NULL, &sink, NULL);
	bed_run_for(20);
	ck_assert_uint_eq(seen.syncs, _i > 1);
	if (_i <= 1) {
		target_put(&bed.t, DEVICE_ROW("sx-p"), NULL);
		target_put(&bed.t, DEVICE_ROW("\\]x"), NULL);
		ck_assert(bed_run(&seen.syncs, 1, 120));
	}
	if (_i == 4)
		ck_assert(seen.last.list_truncated && seen.last.list.n == SR_SEGS_MAX);
	else
		heard("up;synced;");
	l = wish("q", 2); /* and others are as ever */
	apply(&l);
	bed_run_for(3);
	ck_assert_int_eq(seen.last.oper, LSP_ACTIVE);
	ck_assert_str_eq(seen.last.name, "q");
}
END_TEST

/* ---- the rest of the port ---- */

START_TEST(a_queue_that_is_full_says_when_it_is_not)
{
	struct driver_lsp l;
	unsigned n = 0;
	int rc = 0;

	controller(NULL);
	bed.t.deaf = true;
	while (rc == 0 && n < 1000) {
		char name[16];

		(void)snprintf(name, sizeof(name), "p%u", n);
		l = wish(name, 1);
		l.key.color = n + 1;
		l.binding_sid = (struct ip_addr){ 0 };
		rc = say(bed.driver->apply, &l);
		n += rc == 0;
	}
	ck_assert_int_eq(rc, DRIVER_E_FULL);
	ck_assert_uint_eq(n, DRIVER_ASKED_MAX);
	bed.t.deaf = false;
	ck_assert(bed_run(&seen.readies, 1, 60));
	ck_assert_int_eq(say(bed.driver->apply, &l), 0);
}
END_TEST

START_TEST(wishes_that_make_no_sense_are_refused)
{
	struct driver_lsp l, good;

	controller(NULL);
	good = made("p", 2);
	l = good;
	l.session++;
	ck_assert_int_eq(say(bed.driver->apply, &l), DRIVER_E_NO_SESSION);
	l = good;
	l.plsp_id += 5;
	ck_assert_int_eq(say(bed.driver->remove, &l), DRIVER_E_NO_SESSION);
	l = good;
	l.list.dataplane = SR_MPLS;
	ck_assert_int_eq(say(bed.driver->apply, &l), DRIVER_E_REFUSED);
	l = good;
	l.list.n = 0;
	ck_assert_int_eq(say(bed.driver->apply, &l), DRIVER_E_REFUSED);
	l = good;
	ck_assert_int_eq(ip_parse("fd5e::99", &l.key.headend), 0);
	ck_assert_int_eq(say(bed.driver->apply, &l), DRIVER_E_NO_SESSION);
	l = wish("", 1);
	ck_assert_int_eq(say(bed.driver->apply, &l), DRIVER_E_REFUSED);
	memset(l.name, 'n', sizeof(l.name) - 1); /* with what is put before it too long */
	ck_assert_int_eq(say(bed.driver->apply, &l), DRIVER_E_REFUSED);
	ck_assert_int_eq(say(bed.driver->apply, &good), 0); /* the twin */
}
END_TEST

START_TEST(what_is_given_back_stays_and_can_be_taken_again)
{
	struct driver_lsp l;
	unsigned sets;

	controller(NULL);
	l = made("p", 2);
	sets = bed.t.sets;
	ck_assert_int_eq(say(bed.driver->release, &l), 0);
	heard("");
	bed_run_for(1);
	heard("p active 2 foreign!;");
	ck_assert_int_eq(say(bed.driver->apply, &l), DRIVER_E_REFUSED);
	l.take_over = true;
	ck_assert_int_eq(say(bed.driver->apply, &l), 0);
	bed_run_for(1);
	heard("p active 2!;");
	ck_assert_uint_eq(bed.t.sets, sets);
	ck_assert_ptr_nonnull(target_has(&bed.t, DEVICE_ROW("sx-p")));
}
END_TEST

START_TEST(a_device_without_the_models_serves_nobody)
{
	bed.t.models[0] = "openconfig-interfaces";
	bed_controller_up(NULL, &sink, NULL);
	bed_run_for(60);
	heard("");
	bed_controller_down();
	bed.t.models[0] = "sextant-device"; /* the twin */
	controller(NULL);
}
END_TEST

START_TEST(headends_come_and_go_with_the_configuration)
{
	struct ip_addr other;

	ck_assert_int_eq(ip_parse("fd5e::2", &other), 0);
	controller(NULL);
	(void)made("p", 2);
	ck_assert(gnmi_driver_serves(bed.drv, &bed.headend));
	ck_assert_int_eq(gnmi_driver_headend_set(bed.drv, "r1", &bed.headend), 0); /* undisturbed */
	ck_assert_int_eq(gnmi_driver_headend_set(bed.drv, "r2", &bed.headend), GNMI_DRIVER_E_TAKEN);
	bed_run_for(5);
	heard("");
	ck_assert_int_eq(gnmi_driver_headend_del(bed.drv, "r1"), 0);
	heard("down;");
	ck_assert(!gnmi_driver_serves(bed.drv, &bed.headend));
	ck_assert_int_eq(gnmi_driver_headend_del(bed.drv, "r1"), 1);
	bed_run_for(5);
	ck_assert_ptr_nonnull(target_has(&bed.t, DEVICE_ROW("sx-p"))); /* not ours to take away */
	bed.headend = other;
	ck_assert_int_eq(gnmi_driver_headend_set(bed.drv, "r1", &other), 0); /* the device is up already */
	ck_assert(bed_run(&seen.syncs, 2, 10));
	heard("up;p active 2;synced;");
	ck_assert_int_eq(gnmi_device_del(bed.g, "r1"), 0);
	heard("down;");
}
END_TEST

/* ---- paths against tables ---- */

static const struct {
	const char *pattern, *path;
	enum driver_match match;
	const char *name;
} paths[] = {
	{ "/a/b[k=<name>]/c", "/a/b[k=v]/c", DRIVER_MATCH_WHOLE, "v" },
	{ "/a/b[k=<name>]/c", "/a/b[k=v\\]w\\\\]/c", DRIVER_MATCH_WHOLE, "v]w\\" },
	{ "/a/b[k=<name>]/c", "/a/b[k=v]/cc", DRIVER_MATCH_NO, "" },
	{ "/a/b[k=<name>]/c", "/a/b[k=v]", DRIVER_MATCH_ABOVE, "v" },
	{ "/a/b[k=<name>]/c", "/a/b", DRIVER_MATCH_ABOVE, "" },
	{ "/a/b[k=<name>]/c", "/a", DRIVER_MATCH_ABOVE, "" },
	{ "/a/b[k=<name>]/c", "/", DRIVER_MATCH_ABOVE, "" },
	{ "/a/b[k=<name>]/c", "/ab", DRIVER_MATCH_NO, "" },
	{ "/a/b[k=<name>]/c", "/a/b[k=v", DRIVER_MATCH_NO, "" },
	{ "/a/b[k=<name>]/c", "/a/b[k=]/c", DRIVER_MATCH_NO, "" },
	{ "/a/b[k=<color>]/c", "/a/b[k=4294967296]/c", DRIVER_MATCH_NO, "" },
	{ "/a/b[k=<endpoint>]/c", "/a/b[k=::g]/c", DRIVER_MATCH_NO, "" },
	{ "/a/b[i=<>][k=<name>]/c", "/a/b[i=1][k=v]/c", DRIVER_MATCH_WHOLE, "v" },
};

START_TEST(paths_match_as_they_should)
{
	struct driver_catch c;

	ck_assert_int_eq(gnmi_driver_match(paths[_i].pattern, paths[_i].path, &c), paths[_i].match);
	if (paths[_i].name[0])
		ck_assert_str_eq(c.name, paths[_i].name);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("gnmi-driver");
	TCase *t = tcase_create("driver"), *p = tcase_create("paths");

	tcase_add_loop_test(p, paths_match_as_they_should, 0, (int)ARRAY_LEN(paths));
	suite_add_tcase(s, p);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_policy_is_made_changed_in_one_replace_and_removed);
	tcase_add_test(t, up_is_what_the_device_says_of_just_this_list);
	tcase_add_test(t, where_a_kind_has_no_state_read_back_is_up);
	tcase_add_test(t, a_refusal_is_told_in_the_devices_words);
	tcase_add_test(t, a_lie_and_half_a_job_are_failures_and_what_was_stays);
	tcase_add_test(t, half_of_a_policy_is_taken_back);
	tcase_add_test(t, two_policies_go_in_one_batch);
	tcase_add_loop_test(t, a_session_lost_in_any_phase_ends_in_what_the_device_has, 0, 5);
	tcase_add_test(t, a_controller_that_comes_back_finds_its_policies_and_sets_nothing);
	tcase_add_test(t, what_nobody_knows_ends_the_session);
	tcase_add_test(t, what_somebody_else_changes_is_told);
	tcase_add_test(t, a_silent_loss_is_found);
	tcase_add_loop_test(t, garbage_of_a_device_is_not_a_policy, 0, 5);
	tcase_add_test(t, a_queue_that_is_full_says_when_it_is_not);
	tcase_add_test(t, wishes_that_make_no_sense_are_refused);
	tcase_add_test(t, what_is_given_back_stays_and_can_be_taken_again);
	tcase_add_test(t, a_device_without_the_models_serves_nobody);
	tcase_add_test(t, headends_come_and_go_with_the_configuration);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return check_main(suite());
}
