/* SPDX-License-Identifier: Apache-2.0 */
/* The PCC role against a PCE that is nothing but the codec, on the fake network. */
#include "check_main.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "raw_pce.h"
#include "southbound/pcep/pcc.h"

/* An owner with n LSPs, PLSP-IDs 1 to n, that writes what it is asked as lines. */
static struct loop *loop;
static struct net *net;
static struct pcc *pcc;
static struct raw_pce pce;
static struct ip_addr pce_addr;
static struct str asked;
static struct pcc_request last;
static unsigned owner_lsps, ups, downs, synced, writables;
static bool owner_deletes;
static struct pcc_path_reply told[8];
static unsigned n_told;

static struct lsp_state lsp_of(uint32_t id)
{
	struct lsp_state st = { .plsp_id = id, .oper = LSP_UP, .delegated = true,
				.admin_up = true, .setup_prio = 7, .hold_prio = 7,
				.list = raw_list(2) };

	(void)snprintf(st.name, sizeof(st.name), "lsp%u", id);
	return st;
}

static bool on_next(void *arg, uint32_t number, uint64_t *cursor, struct lsp_state *st)
{
	(void)arg;
	(void)number;
	if (*cursor >= owner_lsps)
		return false;
	*st = lsp_of((uint32_t)++*cursor);
	return true;
}

static void on_up(void *arg, uint32_t number)
{
	(void)arg;
	(void)number;
	ups++;
}

static void on_synced(void *arg, uint32_t number)
{
	(void)arg;
	(void)number;
	synced++;
}

static void on_down(void *arg, uint32_t number, const char *why)
{
	(void)arg;
	(void)number;
	(void)why;
	downs++;
}

static void on_writable(void *arg, uint32_t number)
{
	(void)arg;
	(void)number;
	writables++;
}

static void on_request(void *arg, uint32_t number, const struct pcc_request *r)
{
	static const char *const names[] = { "initiate", "update", "remove", "take", "release" };

	(void)arg;
	last = *r;
	str_addf(&asked, "%u %s srp=%u id=%u name=%s segs=%u%s\n", number, names[r->ask], r->srp_id,
		 r->wish.plsp_id, r->wish.name, r->wish.list.n, r->has_list ? " list" : "");
	if (owner_deletes)
		ck_assert_int_eq(pcc_pce_del(pcc, number), 0);
}

static void on_path(void *arg, uint32_t number, const struct pcc_path_reply *r)
{
	(void)arg;
	(void)number;
	ck_assert_uint_lt(n_told, ARRAY_LEN(told));
	told[n_told++] = *r;
}

static const struct pcc_ops ops = { .path = on_path, .next = on_next, .up = on_up, .synced = on_synced,
				    .down = on_down, .request = on_request,
				    .writable = on_writable };

static void run_s(uint64_t s)
{
	struct mono until = mono_add(loop_now(loop), s * NS_PER_S);

	while (loop_fake_step(loop, until))
		;
}

static struct pcc_pce_cfg pce_cfg(void)
{
	return (struct pcc_pce_cfg){ .number = 1, .addr = pce_addr, .insecure = true };
}

static void world(void)
{
	struct pcc_cfg cfg = { .srv6 = true, .msd_srv6 = 8 };

	owner_lsps = ups = downs = synced = writables = 0;
	owner_deletes = false;
	asked = (struct str){ 0 };
	ck_assert_int_eq(ip_parse("2001:db8:ffff::1", &pce_addr), 0);
	ck_assert_int_eq(ip_parse("2001:db8::1", &cfg.router_id), 0);
	ck_assert_int_eq(loop_fake_new(&loop, 7), 0);
	ck_assert_int_eq(net_fake_new(&net, loop, 10 * NS_PER_US, NS_PER_MS), 0);
	raw_pce_init(&pce);
	ck_assert_uint_eq(raw_pce_listen(&pce, net, &pce_addr, PCEPC_PORT), PCEPC_PORT);
	ck_assert_int_eq(pcc_new(&pcc, loop, net, &cfg, &ops, NULL), 0);
}

static void connect_up(void)
{
	struct pcc_pce_cfg cfg = pce_cfg();

	ck_assert_int_eq(pcc_pce_set(pcc, &cfg), 0);
	run_s(1);
	ck_assert(pcc_is_up(pcc, 1));
}

static void end_world(void)
{
	pcc = pcc_free(pcc);
	run_s(2);
	raw_pce_fini(&pce);
	str_fini(&asked);
	net_free(net);
	loop_free(loop);
}

static bool was_asked(const char *what)
{
	return strstr(str_text(&asked), what) != NULL;
}

START_TEST(the_open_tells_what_the_router_can)
{
	world();
	connect_up();
	ck_assert(raw_pce_heard(&pce, "open stateful=5 srv6=1 mpls=0 msd=8 assoc=1\n"));
	ck_assert(raw_pce_heard(&pce, "end-of-sync\n"));
	ck_assert_uint_eq(ups, 1);
	ck_assert_uint_eq(synced, 1);
	end_world();
}
END_TEST

START_TEST(the_dump_is_whole_also_when_the_peer_stops_reading)
{
	struct pcc_pce_cfg cfg;

	world();
	cfg = pce_cfg();
	owner_lsps = 8000; /* more than the send queue holds at once */
	ck_assert_int_eq(pcc_pce_set(pcc, &cfg), 0);
	while (ups == 0)
		loop_fake_step(loop, mono_add(loop_now(loop), NS_PER_S));
	net_conn_pause(pce.conn, true);
	run_s(5);
	ck_assert_uint_eq(synced, 0);
	net_conn_pause(pce.conn, false);
	run_s(5);
	ck_assert_uint_eq(pce.reports, 8000);
	ck_assert_uint_eq(pce.syncs, 1);
	ck_assert_uint_eq(synced, 1);
	ck_assert(raw_pce_heard(&pce, "rpt id=1 srp=0 D S A oper=1 name=lsp1 segs=2\n"));
	ck_assert(raw_pce_heard(&pce, "name=lsp8000 segs=2\nend-of-sync\n"));
	end_world();
}
END_TEST

static void on_session(void *arg, const struct session_info *s)
{
	*(struct session_info *)arg = *s;
}

START_TEST(reports_carry_everything_the_owner_knows)
{
	struct lsp_state st = lsp_of(3);
	struct session_info info = { 0 };
	struct session_query q;

	world();
	connect_up();
	raw_pce_forget(&pce);
	st.txn = 77;
	st.pce_initiated = true;
	st.bandwidth_bps = 8000000;
	st.has_key = st.has_cpath = st.has_preference = true;
	st.color = 100;
	st.preference = 200;
	st.cpath = (struct sr_cpath_id){ .origin = 10, .discriminator = 4 };
	st.setup_prio = 3;
	ck_assert_int_eq(ip_parse("2001:db8::9", &st.endpoint), 0);
	ck_assert_int_eq(ip_parse("fcbb:bbbb:1:f::", &st.binding_sid), 0);
	ck_assert_int_eq(pcc_report(pcc, 1, &st), 0);
	run_s(1);
	ck_assert_str_eq(str_text(&pce.log), "rpt id=3 srp=77 D A C oper=1 name=lsp3 segs=2 color=100\n");
	ck_assert(pce.last.has_cpath && pce.last.cpath.discriminator == 4);
	ck_assert_uint_eq(pce.last.preference, 200);
	ck_assert_uint_eq(pce.last.bandwidth_bps, 8000000);
	ck_assert_uint_eq(pce.last.setup_prio, 3);
	ck_assert(ip_eq(&pce.last.binding_sid, &st.binding_sid));
	ck_assert(ip_eq(&pce.last.endpoint, &st.endpoint));
	ck_assert(sr_list_eq(&pce.last.list, &st.list));
	q = pcc_sessions(pcc);
	q.each(q.self, on_session, &info);
	ck_assert(info.up && !info.secured);
	ck_assert_uint_eq(info.objects, 1);
	st.removed = true;
	ck_assert_int_eq(pcc_report(pcc, 1, &st), 0);
	run_s(1);
	ck_assert(raw_pce_heard(&pce, "D R A C oper=1"));
	q.each(q.self, on_session, &info);
	ck_assert_uint_eq(info.objects, 0);
	ck_assert_int_eq(pcc_report(pcc, 2, &st), 2); /* no such PCE */
	end_world();
}
END_TEST

/* RFC 10066: O of PATH-ATTRIB; who takes one list hears nothing of it. */
START_TEST(lists_that_carry_nothing_are_told_as_down)
{
	struct pcc_cfg cfg = { .srv6 = true, .msd_srv6 = 8, .lists = SR_LISTS_MAX };
	struct sr_more more = { .weight = 5, .n = 2 };
	struct lsp_state st = { .plsp_id = 3, .name = "three", .oper = LSP_ACTIVE, .lists_down = 2 };

	st.list = raw_list(2);
	for (unsigned k = 0; k < 2; k++) {
		more.at[k].weight = k + 1;
		more.at[k].list = raw_list(k + 1);
	}
	st.list.more = &more;
	world();
	pcc = pcc_free(pcc);
	ck_assert_int_eq(ip_parse("2001:db8::1", &cfg.router_id), 0);
	ck_assert_int_eq(pcc_new(&pcc, loop, net, &cfg, &ops, NULL), 0);
	pce.open.has_multipath = _i;
	pce.open.multipath = SR_LISTS_MAX;
	pce.open.multipath_flags = PCEPC_MULTIPATH_WEIGHT;
	connect_up();
	ck_assert_int_eq(pcc_report(pcc, 1, &st), 0);
	run_s(1);
	ck_assert_msg(raw_pce_heard(&pce, _i ? "segs=2 list1=5*2/2 list2=1*1/0 list3=2*2/2\n" : "segs=2\n"), "%s",
		      str_text(&pce.log));
	end_world();
}
END_TEST

START_TEST(without_the_association_type_none_is_sent)
{
	struct lsp_state st = lsp_of(3);

	world();
	pce.open.has_assoc_types = false;
	pce.open.n_assoc_types = 0;
	connect_up();
	st.has_key = true;
	st.color = 100;
	ck_assert_int_eq(pcc_report(pcc, 1, &st), 0);
	run_s(1);
	ck_assert(raw_pce_heard(&pce, "name=lsp3 segs=2\n"));
	end_world();
}
END_TEST

START_TEST(what_a_pce_asks_reaches_the_owner)
{
	struct sr_list list = raw_list(3);
	struct pcep_item b;

	world();
	connect_up();
	raw_initiate(&b, 5, "gold", 100, &list);
	pcep_item_bandwidth(&b, 1000000);
	raw_pce_item(&pce, PCEPC_PCINITIATE, &b);
	run_s(1);
	ck_assert_str_eq(str_text(&asked), "1 initiate srp=5 id=0 name=gold segs=3 list\n");
	ck_assert(last.wish.has_key && last.wish.color == 100 && last.wish.endpoint.family == IP_V6);
	ck_assert(last.has_bandwidth && last.wish.bandwidth_bps == 1000000 && !last.has_prios);
	ck_assert(sr_list_eq(&last.wish.list, &list));
	raw_update(&b, 6, 1, &list);
	raw_pce_item(&pce, PCEPC_PCUPD, &b);
	raw_update(&b, 7, 1, &list);
	b.lsp.flags = 0;
	raw_pce_item(&pce, PCEPC_PCUPD, &b);
	raw_remove(&b, 8, 1);
	raw_pce_item(&pce, PCEPC_PCINITIATE, &b);
	raw_remove(&b, 9, 4);
	b.srp.flags = 0;
	raw_pce_item(&pce, PCEPC_PCINITIATE, &b);
	run_s(1);
	ck_assert(was_asked("1 update srp=6 id=1 name= segs=3 list\n"));
	ck_assert(was_asked("1 release srp=7 id=1"));
	ck_assert(was_asked("1 remove srp=8 id=1"));
	ck_assert(was_asked("1 take srp=9 id=4 name= segs=0\n"));
	ck_assert_int_eq(pcc_refuse(pcc, 1, 9, 19, 3), 0);
	run_s(1);
	ck_assert(raw_pce_heard(&pce, "err srp=9 19/3\n"));
	end_world();
}
END_TEST

/* Each spoils a good PCInitiate (or PCUpd) in one way. */
static void no_name(struct pcep_item *b)
{
	b->lsp.has_name = false;
}

static void no_srp(struct pcep_item *b)
{
	b->item.srp = NULL;
}

static void srp_zero(struct pcep_item *b)
{
	b->srp.id = 0;
}

static void no_ero(struct pcep_item *b)
{
	b->item.ero = NULL;
}

static void pst_rsvp(struct pcep_item *b)
{
	b->srp.pst = PCEPC_PST_RSVP;
}

static void pst_unknown(struct pcep_item *b)
{
	b->srp.pst = 99;
}

static void pst_mpls(struct pcep_item *b)
{
	b->srp.pst = PCEPC_PST_SR; /* which this router does not have */
}

static void label_hops(struct pcep_item *b)
{
	for (uint32_t i = 0; i < b->ero.n; i++)
		b->hops[i] = (struct pcepc_hop){ .type = PCEPC_HOP_SR, .has_sid = true,
						 .is_label = true, .label_word = 16001 << 12 };
}

static void nai_only(struct pcep_item *b)
{
	b->hops[1].has_sid = b->hops[1].has_structure = false;
	b->hops[1].has_nai = true;
	b->hops[1].nai_type = PCEPC_NAI_V6_NODE;
	b->hops[1].nai_local = b->hops[1].sid;
}

static void too_deep(struct pcep_item *b)
{
	struct sr_list l = raw_list(9); /* of a router that imposes 8 */

	pcep_item_list(b, &l, false);
}

static void with_plsp(struct pcep_item *b)
{
	b->lsp.plsp_id = 3;
}

static void no_cpath(struct pcep_item *b)
{
	b->assoc.has_cpath = false;
}

static void structure_too_long(struct pcep_item *b)
{
	memset(b->hops[0].structure, 100, sizeof(b->hops[0].structure));
}

static const struct {
	void (*spoil)(struct pcep_item *b);
	const char *err;
} wrongs[] = {
	{ no_name, "err srp=5 10/8\n" },    { no_srp, "err srp=0 6/10\n" },
	{ srp_zero, "err srp=0 6/10\n" },   { no_ero, "err srp=5 6/9\n" },
	{ pst_rsvp, "err srp=5 21/1\n" },   { pst_unknown, "err srp=5 21/1\n" },
	{ pst_mpls, "err srp=5 21/1\n" },   { label_hops, "err srp=5 10/43\n" },
	{ nai_only, "err srp=5 4/4\n" },    { too_deep, "err srp=5 10/40\n" },
	{ with_plsp, "err srp=5 19/8\n" },  { no_cpath, "err srp=5 6/21\n" },
	{ structure_too_long, "err srp=5 10/37\n" },
};

START_TEST(what_is_wrong_gets_the_error_its_rfc_names_and_no_more)
{
	struct sr_list list = raw_list(2);
	struct pcep_item b, good;

	world();
	connect_up();
	raw_initiate(&b, 5, "gold", 100, &list);
	wrongs[_i].spoil(&b);
	raw_initiate(&good, 6, "silver", 200, &list);
	b.item.next = &good.item; /* in the same message */
	raw_pce_send(&pce, &(struct pcepc_msg){ .type = PCEPC_PCINITIATE, .items = &b.item,
						.n_items = 2 });
	run_s(1);
	ck_assert_msg(raw_pce_heard(&pce, wrongs[_i].err), "not %s but %s", wrongs[_i].err,
		      str_text(&pce.log));
	ck_assert(!was_asked("gold"));
	ck_assert(was_asked("silver"));
	ck_assert(pcc_is_up(pcc, 1));
	end_world();
}
END_TEST

START_TEST(messages_of_the_other_role_and_octets_of_no_role)
{
	static const uint8_t bad[] = { 0x20, PCEPC_PCUPD, 0, 12, 33, 0x12, 0, 0xff, 0, 0, 0, 0 };
	struct lsp_state st = lsp_of(1);
	struct sr_list list = raw_list(2);
	struct pcep_item b;

	world();
	connect_up();
	raw_update(&b, 6, 1, &list);
	raw_pce_item(&pce, PCEPC_PCRPT, &b);
	run_s(1);
	ck_assert(raw_pce_heard(&pce, "err srp=0 2/0\n"));
	ck_assert(pcc_is_up(pcc, 1));
	raw_pce_bytes(&pce, bad, sizeof(bad));
	run_s(0);
	while (downs == 0)
		run_s(1);
	ck_assert(raw_pce_heard(&pce, "close 3\n"));
	ck_assert_uint_eq(downs, 1);
	run_s(10); /* and back */
	ck_assert(pcc_is_up(pcc, 1));
	ck_assert_uint_eq(ups, 2);
	ck_assert_int_eq(pcc_report(pcc, 1, &st), 0);
	end_world();
}
END_TEST

START_TEST(opens_that_cannot_be_worked_with_are_refused)
{
	static const char *const errs[] = { "err srp=0 1/3\n", "err srp=0 10/34\n", "err srp=0 21/1\n" };
	struct pcc_pce_cfg cfg = pce_cfg();

	world();
	cfg.addr = pce_addr;
	if (_i == 0) {
		pce.open.has_stateful = false;
	} else if (_i == 1) {
		pce.open.has_srv6 = false;
	} else {
		pce.open.psts[0] = PCEPC_PST_SR;
		pce.open.has_srv6 = false;
		pce.open.has_sr = true;
		pce.open.sr_msd = 4;
	}
	ck_assert_int_eq(pcc_pce_set(pcc, &cfg), 0);
	run_s(1);
	ck_assert_msg(raw_pce_heard(&pce, errs[_i]), "%s", str_text(&pce.log));
	ck_assert_uint_eq(ups, 0);
	end_world();
}
END_TEST

START_TEST(connecting_backs_off_and_does_not_give_up)
{
	struct pcc_pce_cfg cfg;

	world();
	cfg = pce_cfg();
	pce.open.has_stateful = false; /* every session fails at its Open */
	ck_assert_int_eq(pcc_pce_set(pcc, &cfg), 0);
	run_s(600);
	/* 1, 2, 4 … 60 s, then about one a minute */
	ck_assert_uint_ge(pce.connections, 9);
	ck_assert_uint_le(pce.connections, 25);
	pce.open.has_stateful = true;
	run_s(80);
	ck_assert(pcc_is_up(pcc, 1));
	net_fake_cut(net, NULL, NULL, ECONNRESET);
	run_s(3); /* a session that was up: back at the least interval */
	ck_assert_uint_eq(downs, 1);
	ck_assert(pcc_is_up(pcc, 1));
	end_world();
}
END_TEST

START_TEST(a_report_before_the_dump_came_to_it_waits_for_the_dump)
{
	struct lsp_state st = lsp_of(5000);
	struct pcc_pce_cfg cfg;

	world();
	cfg = pce_cfg();
	owner_lsps = 5000;
	ck_assert_int_eq(pcc_report(pcc, 1, &st), 2);
	ck_assert_int_eq(pcc_pce_set(pcc, &cfg), 0);
	ck_assert_int_eq(pcc_report(pcc, 1, &st), 2);
	while (ups == 0)
		loop_fake_step(loop, mono_add(loop_now(loop), NS_PER_S));
	ck_assert_int_eq(pcc_report(pcc, 1, &st), 2);
	st.txn = 3; /* an answer goes at once */
	ck_assert_int_eq(pcc_report(pcc, 1, &st), 0);
	run_s(5);
	ck_assert_uint_eq(pce.reports, 5001);
	end_world();
}
END_TEST

START_TEST(a_peer_that_does_not_read_fills_the_queue_and_no_more)
{
	struct lsp_state st = lsp_of(1);
	unsigned sent = 0;
	int rc = 0;

	world();
	connect_up();
	net_conn_pause(pce.conn, true);
	while (sent < 100000 && rc == 0) {
		rc = pcc_report(pcc, 1, &st);
		sent += rc == 0;
	}
	ck_assert_int_eq(rc, NET_E_FULL);
	ck_assert_uint_lt(sent, 100000);
	ck_assert_uint_eq(writables, 0);
	net_conn_pause(pce.conn, false);
	run_s(2);
	ck_assert_uint_ge(writables, 1);
	ck_assert_uint_eq(pce.reports, sent);
	ck_assert_int_eq(pcc_report(pcc, 1, &st), 0);
	end_world();
}
END_TEST

static struct pcc_path path(void)
{
	return (struct pcc_path){ .want = { .src = raw_list(1).at[0].sid, .dst = raw_list(2).at[1].sid } };
}

/* RFC 5440 s6.5: a reply to a request that is not there gets error 8; so does a second one. */
START_TEST(replies_nobody_asked_for_are_errors)
{
	struct pcc_path q = path();
	struct pcc_path_set set = { .at = &q, .n = 1 };
	struct pcepc_rp rp = { .id = 99 };
	struct pcepc_no_path none = { 0 };
	struct pcep_item b;
	uint32_t id;

	world();
	connect_up();
	n_told = 0;
	ck_assert_int_eq(pcc_ask(pcc, 1, &set, &id), 0);
	run_s(1);
	for (unsigned i = 0; i < 3; i++) {
		pcep_item_init(&b);
		rp.id = i == 0 ? id + 7 : id;
		b.item.rp = &rp;
		b.item.no_path = &none;
		raw_pce_forget(&pce);
		raw_pce_item(&pce, PCEPC_PCREP, &b);
		run_s(1);
		ck_assert_int_eq(raw_pce_heard(&pce, "8/0"), i != 1);
	}
	ck_assert(n_told == 1 && told[0].request_id == id && told[0].what == PCC_PATH_NONE);
	end_world();
}
END_TEST

/* An error names the requests it is about; those of others stay. */
START_TEST(error_is_of_the_requests_before_it)
{
	struct pcc_path q[3] = { path(), path(), path() };
	struct pcc_path_set set = { .at = q, .n = 3 };
	struct pcepc_err at[3] = { { .kind = PCEPC_ERR_RP }, { .kind = PCEPC_ERR_RP },
				   { .type = 7, .has_missing = true, .missing = 5 } };
	uint32_t ids[3];

	world();
	connect_up();
	n_told = 0;
	ck_assert_int_eq(pcc_ask(pcc, 1, &set, ids), 0);
	at[0].id = ids[2];
	at[1].id = ids[0];
	at[0].next = &at[1];
	at[1].next = &at[2];
	raw_pce_send(&pce, &(struct pcepc_msg){ .type = PCEPC_PCERR, .errs = at });
	run_s(1);
	ck_assert(n_told == 2 && told[0].request_id == ids[2] && told[1].request_id == ids[0]);
	ck_assert(told[1].what == PCC_PATH_ERROR && told[1].type == 7 && told[1].missing == 5);
	raw_pce_send(&pce, &(struct pcepc_msg){ .type = PCEPC_PCERR, .errs = &at[2] }); /* of nobody */
	run_s(1);
	ck_assert_uint_eq(n_told, 2);
	end_world();
}
END_TEST

START_TEST(only_so_many_requests_are_unanswered_and_none_outlives_the_session)
{
	struct pcc_path q[32];
	struct pcc_path_set set = { .at = q, .n = 32 };
	struct pcepc_no_path none = { 0 };
	struct pcepc_rp rp = { 0 };
	struct pcep_item b;
	uint32_t ids[32];

	for (unsigned i = 0; i < 32; i++)
		q[i] = path();
	world();
	ck_assert_int_eq(pcc_ask(pcc, 1, &set, ids), 2); /* no session */
	connect_up();
	n_told = 0;
	for (unsigned k = 0; k < PCC_ASKED_MAX / 32; k++)
		ck_assert_int_eq(pcc_ask(pcc, 1, &set, ids), 0);
	rp.id = ids[0];
	set.n = 1;
	ck_assert_int_eq(pcc_ask(pcc, 1, &set, ids), NET_E_FULL);
	ck_assert_int_eq(pcc_ask(pcc, 9, &set, ids), 2);
	raw_pce_drop(&pce);
	run_s(30);
	ck_assert(pcc_is_up(pcc, 1));
	ck_assert_int_eq(pcc_ask(pcc, 1, &set, ids), 0);
	ck_assert_uint_ne(ids[0], rp.id);
	pcep_item_init(&b);
	b.item.rp = &rp;
	b.item.no_path = &none;
	raw_pce_item(&pce, PCEPC_PCREP, &b); /* of the old session */
	run_s(1);
	ck_assert(n_told == 0 && raw_pce_heard(&pce, "8/0"));
	end_world();
}
END_TEST

START_TEST(configuration_comes_changes_and_goes)
{
	struct pcc_pce_cfg cfg, bad;

	world();
	cfg = pce_cfg();
	bad = cfg;
	bad.insecure = false;
	ck_assert_int_eq(pcc_pce_set(pcc, &bad), PCC_E_INSECURE);
	bad = cfg;
	bad.number = 0;
	ck_assert_int_eq(pcc_pce_set(pcc, &bad), PCC_E_CONFIG);
	connect_up();
	ck_assert_int_eq(pcc_pce_set(pcc, &cfg), 0); /* the same: nothing happens */
	run_s(2);
	ck_assert_uint_eq(pce.connections, 1);
	cfg.source = pce_addr;
	cfg.md5 = (struct net_md5){ .len = 3, .key = "abc" };
	ck_assert_int_eq(pcc_pce_set(pcc, &cfg), 0);
	ck_assert_uint_eq(downs, 0); /* never from inside the call */
	run_s(2);
	ck_assert_uint_eq(downs, 1);
	ck_assert(raw_pce_heard(&pce, "close 1\n"));
	ck_assert_int_eq(pcc_pce_del(pcc, 1), 0);
	ck_assert_int_eq(pcc_pce_del(pcc, 1), 1);
	run_s(100);
	ck_assert(!pce.conn);
	ck_assert_uint_eq(ups, 1); /* the PCE has no key: no session */
	end_world();
}
END_TEST

START_TEST(the_owner_may_delete_a_pce_while_it_is_asked)
{
	struct sr_list list = raw_list(2);
	struct pcep_item a, b;

	world();
	connect_up();
	owner_deletes = true;
	raw_initiate(&a, 5, "one", 1, &list);
	raw_initiate(&b, 6, "two", 2, &list);
	a.item.next = &b.item;
	raw_pce_send(&pce, &(struct pcepc_msg){ .type = PCEPC_PCINITIATE, .items = &a.item,
						.n_items = 2 });
	run_s(1);
	ck_assert(was_asked("one"));
	ck_assert(!was_asked("two"));
	ck_assert(raw_pce_heard(&pce, "close 1\n"));
	end_world();
}
END_TEST

START_TEST(stop_says_farewell_and_stays_away)
{
	world();
	connect_up();
	pcc_stop(pcc);
	run_s(100);
	ck_assert(raw_pce_heard(&pce, "close 1\n"));
	ck_assert_uint_eq(pce.connections, 1);
	ck_assert_uint_eq(downs, 1);
	end_world();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pcc");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, the_open_tells_what_the_router_can);
	tcase_add_test(t, the_dump_is_whole_also_when_the_peer_stops_reading);
	tcase_add_test(t, reports_carry_everything_the_owner_knows);
	tcase_add_loop_test(t, lists_that_carry_nothing_are_told_as_down, 0, 2);
	tcase_add_test(t, without_the_association_type_none_is_sent);
	tcase_add_test(t, what_a_pce_asks_reaches_the_owner);
	tcase_add_loop_test(t, what_is_wrong_gets_the_error_its_rfc_names_and_no_more, 0,
			    (int)ARRAY_LEN(wrongs));
	tcase_add_test(t, messages_of_the_other_role_and_octets_of_no_role);
	tcase_add_loop_test(t, opens_that_cannot_be_worked_with_are_refused, 0, 3);
	tcase_add_test(t, connecting_backs_off_and_does_not_give_up);
	tcase_add_test(t, a_report_before_the_dump_came_to_it_waits_for_the_dump);
	tcase_add_test(t, a_peer_that_does_not_read_fills_the_queue_and_no_more);
	tcase_add_test(t, configuration_comes_changes_and_goes);
	tcase_add_test(t, replies_nobody_asked_for_are_errors);
	tcase_add_test(t, error_is_of_the_requests_before_it);
	tcase_add_test(t, only_so_many_requests_are_unanswered_and_none_outlives_the_session);
	tcase_add_test(t, the_owner_may_delete_a_pce_while_it_is_asked);
	tcase_add_test(t, stop_says_farewell_and_stays_away);
	suite_add_tcase(s, t);
	return check_main(s);
}
