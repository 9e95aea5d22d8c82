/* SPDX-License-Identifier: Apache-2.0 */
/* Our two roles against each other: what one asks is what the other is asked. */
#include "check_main.h"

#include <string.h>

#include "raw_pcc.h"
#include "southbound/pcep/pcc.h"

/* A router that does what it is told, and keeps at most one LSP. */
static struct pcc *router;
static struct lsp_state lsp;
static struct pcc_request asked;
static bool has_lsp, refuses;
static struct pcc_path_reply replies[4];
static unsigned n_replies;

static bool on_next(void *arg, uint32_t pce, uint64_t *cursor, struct lsp_state *st)
{
	(void)arg;
	(void)pce;
	if (!has_lsp || (*cursor)++ > 0)
		return false;
	*st = lsp;
	return true;
}

static void obey(const struct pcc_request *r)
{
	if (r->ask == PCC_ASK_INITIATE) {
		lsp = r->wish;
		lsp.plsp_id = 7;
		lsp.pce_initiated = true;
		has_lsp = true;
	}
	if (r->ask == PCC_ASK_UPDATE)
		lsp.list = r->wish.list;
	lsp.delegated = r->ask != PCC_ASK_RELEASE;
	lsp.removed = r->ask == PCC_ASK_REMOVE;
	has_lsp = !lsp.removed;
	lsp.oper = lsp.removed ? LSP_DOWN : LSP_UP;
}

static void on_request(void *arg, uint32_t pce, const struct pcc_request *r)
{
	(void)arg;
	asked = *r;
	if (refuses) {
		ck_assert_int_eq(pcc_refuse(router, pce, r->srp_id, 24, 2), 0);
		return;
	}
	obey(r);
	lsp.txn = r->srp_id;
	ck_assert_int_eq(pcc_report(router, pce, &lsp), 0);
	lsp.txn = 0;
}

static void on_path(void *arg, uint32_t pce, const struct pcc_path_reply *r)
{
	(void)arg;
	ck_assert_uint_eq(pce, 1);
	ck_assert_uint_lt(n_replies, ARRAY_LEN(replies));
	replies[n_replies++] = *r;
}

static const struct pcc_ops ops = { .next = on_next, .request = on_request, .path = on_path };

static void setup(void)
{
	struct pcc_cfg cfg = { .srv6 = true, .msd_srv6 = 9, .router_id = HEADEND };
	struct pcc_pce_cfg to = { .number = 1, .addr = PCE_ADDR, .source = PCC_ADDR, .insecure = true };

	has_lsp = refuses = false;
	n_replies = 0;
	lsp = (struct lsp_state){ 0 };
	world_setup();
	peer_add("rfc");
	ck_assert_int_eq(pcc_new(&router, w.loop, w.net, &cfg, &ops, NULL), 0);
	ck_assert_int_eq(pcc_pce_set(router, &to), 0);
	run_ms(1000);
	ck_assert(told("synced"));
}

static void teardown(void)
{
	router = pcc_free(router);
	world_teardown();
}

static struct driver_lsp initiated(void)
{
	struct driver_lsp l = wish_of("east");

	l.bandwidth_bps = 8000000;
	ck_assert_int_eq(apply(&l), 0);
	run_ms(100);
	l.plsp_id = 7;
	return l;
}

START_TEST(capabilities_are_those_of_the_router)
{
	ck_assert(w.caps.srv6 && !w.caps.sr_mpls && w.caps.update && w.caps.initiate &&
		  w.caps.sr_policy_assoc);
	ck_assert_uint_eq(w.caps.msd_srv6, 9);
}
END_TEST

START_TEST(an_initiation_arrives_whole_and_is_answered)
{
	struct driver_lsp l = initiated();

	ck_assert_int_eq(asked.ask, PCC_ASK_INITIATE);
	ck_assert_str_eq(asked.wish.name, "east");
	ck_assert(asked.wish.has_key && asked.wish.color == 100 &&
		  ip_eq(&asked.wish.endpoint, &ENDPOINT));
	ck_assert(asked.wish.has_cpath && asked.wish.cpath.origin == 10 &&
		  asked.wish.cpath.discriminator == 42);
	ck_assert(asked.wish.preference == 200 && asked.wish.bandwidth_bps == 8000000);
	ck_assert(asked.wish.setup_prio == 3 && asked.wish.hold_prio == 2);
	ck_assert(sr_list_eq(&asked.wish.list, &l.list));
	ck_assert(w.report.txn == txn && w.report.plsp_id == 7 && w.report.oper == LSP_UP &&
		  w.report.pce_initiated && w.report.delegated && w.report.color == 100);
	ck_assert(sr_list_eq(&w.report.list, &l.list));
	ck_assert_uint_eq(w.report.bandwidth_bps, 8000000);
}
END_TEST

static void spot_add(struct driver_spot *at, uint8_t *n, struct driver_spot s)
{
	at[(*n)++] = s;
}

/* A request with everything a request may have. */
static void everything(struct pcc_path *q)
{
	const struct ip_addr v4 = addr("10.0.0.9");
	const struct ip_prefix host = ip_prefix_of(&ENDPOINT, 128), v4_host = ip_prefix_of(&v4, 32);
	const struct driver_spot avoid[] = {
		{ .kind = DRIVER_SPOT_NODE, .prefix = ip_prefix_of(&ENDPOINT, 64) },
		{ .kind = DRIVER_SPOT_LINK, .prefix = v4_host },
		{ .kind = DRIVER_SPOT_LINK_SRLGS, .soft = true, .prefix = host },
		{ .kind = DRIVER_SPOT_INTERFACE, .value = 5, .prefix = v4_host },
		{ .kind = DRIVER_SPOT_INTERFACE_SRLGS, .value = 6, .prefix = v4_host },
		{ .kind = DRIVER_SPOT_AS, .value = 65001 },
		{ .kind = DRIVER_SPOT_AS, .value = 4200000000 },
		{ .kind = DRIVER_SPOT_SRLG, .value = 77 },
	};

	*q = (struct pcc_path){
		.want = { .src = HEADEND, .dst = ENDPOINT, .bandwidth_bps = 8000000,
			  .has_delay_bound = true, .delay_us_max = 500, .has_hop_bound = true,
			  .hops_max = 9, .has_igp_bound = true, .igp_max = 30, .has_te_bound = true,
			  .te_max = 40, .has_variation_bound = true, .variation_us_max = 7,
			  .has_loss_bound = true, .loss_ppm_max = 1000, .metric_wanted = 2,
			  .exclude_any = 1, .include_any = 2, .include_all = 4, .setup_prio = 3,
			  .hold_prio = 2, .has_msd = true, .msd = 6 },
		.of = 2, .supply_of = true, .insist = true, .n_tell = 2, .tell = { 12, 14 },
	};
	for (size_t i = 0; i < ARRAY_LEN(avoid); i++)
		spot_add(q->want.avoid, &q->want.n_avoid, avoid[i]);
	spot_add(q->want.pass, &q->want.n_pass,
		 (struct driver_spot){ .kind = DRIVER_SPOT_NODE, .soft = true, .prefix = host });
	spot_add(q->want.pass, &q->want.n_pass,
		 (struct driver_spot){ .kind = DRIVER_SPOT_AS, .value = 65536 });
	spot_add(q->want.pass, &q->want.n_pass,
		 (struct driver_spot){ .kind = DRIVER_SPOT_AS, .value = 65535, .soft = true });
	spot_add(q->want.pass, &q->want.n_pass,
		 (struct driver_spot){ .kind = DRIVER_SPOT_INTERFACE, .value = 3, .prefix = v4_host });
}

static void same_spots(const struct driver_spot *a, const struct driver_spot *b, uint8_t n)
{
	for (uint8_t i = 0; i < n; i++)
		ck_assert(a[i].kind == b[i].kind && a[i].soft == b[i].soft &&
			  a[i].value == b[i].value && ip_prefix_cmp(&a[i].prefix, &b[i].prefix) == 0);
}

static void same_request(const struct driver_path_request *a, const struct driver_path_request *b)
{
	ck_assert(ip_eq(&a->src, &b->src) && ip_eq(&a->dst, &b->dst));
	ck_assert(a->dataplane == b->dataplane && a->bandwidth_bps == b->bandwidth_bps);
	ck_assert(a->has_delay_bound && a->delay_us_max == b->delay_us_max);
	ck_assert(a->has_hop_bound && a->hops_max == b->hops_max);
	ck_assert(a->has_igp_bound && a->igp_max == b->igp_max);
	ck_assert(a->has_te_bound && a->te_max == b->te_max);
	ck_assert(a->has_variation_bound && a->variation_us_max == b->variation_us_max);
	ck_assert(a->has_loss_bound && a->loss_ppm_max == b->loss_ppm_max);
	ck_assert(a->metric_wanted == b->metric_wanted && a->has_msd && a->msd == b->msd);
	ck_assert(a->exclude_any == b->exclude_any && a->include_any == b->include_any &&
		  a->include_all == b->include_all);
	ck_assert(a->setup_prio == b->setup_prio && a->hold_prio == b->hold_prio);
	ck_assert(a->n_pass == b->n_pass && a->n_avoid == b->n_avoid);
	same_spots(a->pass, b->pass, a->n_pass);
	same_spots(a->avoid, b->avoid, a->n_avoid);
}

START_TEST(path_request_arrives_whole_and_is_answered)
{
	struct pcc_path q;
	struct pcc_path_set set = { .at = &q, .n = 1 };
	uint32_t id;

	everything(&q);
	w.reply = (struct driver_path_reply){ .found = true, .list = list_of(SR_SRV6, 3), .te = 33,
					      .delay_us = 44, .loss_ppm = 1000, .objective = 2 };
	ck_assert_int_eq(pcc_ask(router, 1, &set, &id), 0);
	run_ms(100);
	ck_assert(w.request.request_id == id && w.request.objective == DRIVER_OF_MLP);
	same_request(&w.request, &q.want);
	ck_assert_uint_eq(n_replies, 1);
	ck_assert(replies[0].request_id == id && replies[0].what == PCC_PATH_FOUND);
	ck_assert(sr_list_eq(&replies[0].list, &w.reply.list));
	ck_assert(replies[0].bandwidth_bps == 8000000 && replies[0].of == 2 && replies[0].set_of == 0);
	ck_assert(replies[0].n_metrics == 3);
	ck_assert(replies[0].metrics[0].type == 2 && replies[0].metrics[0].value == 33 &&
		  replies[0].metrics[0].computed);
	ck_assert(replies[0].metrics[1].type == 12 && replies[0].metrics[1].value == 44);
	ck_assert(replies[0].metrics[2].type == 14 && replies[0].metrics[2].value == 1000);
	ck_assert(!replies[0].has_status);
}
END_TEST

START_TEST(path_set_arrives_whole_and_is_answered)
{
	struct pcc_path q[2];
	struct pcc_path_set set = { .at = q, .n = 2, .svec = true, .svec_flags = PCEPC_SVEC_LINK,
				    .svec_of = 6, .svec_insist = true, .n_tell = 2, .tell = { 7, 4 } };
	uint32_t ids[2];

	for (unsigned i = 0; i < 2; i++) {
		everything(&q[i]);
		q[i].of = 0;
		q[i].group = 9;
		q[i].disjoint = PCEPC_DISJOINT_SRLG | (i ? PCEPC_DISJOINT_SHORTEST : 0);
	}
	w.used = DRIVER_OF_MCC;
	w.met = DRIVER_DIVERSE_LINK | DRIVER_DIVERSE_SRLG;
	w.reply = (struct driver_path_reply){ .found = true, .list = list_of(SR_SRV6, 3), .te = 33,
					      .hops = 2 };
	ck_assert_int_eq(pcc_ask(router, 1, &set, ids), 0);
	run_ms(100);
	ck_assert(w.set.n == 2 && w.set.objective == DRIVER_OF_MCC && w.set.metric == 2 &&
		  w.set.diverse == (DRIVER_DIVERSE_LINK | DRIVER_DIVERSE_SRLG));
	ck_assert(!w.requests[0].shortest && w.requests[1].shortest);
	ck_assert_uint_eq(n_replies, 2);
	ck_assert(replies[0].request_id == ids[0] && replies[1].request_id == ids[1]);
	ck_assert(replies[1].set_of == 6 && replies[1].n_set_metrics == 2);
	ck_assert(replies[1].set_metrics[0].type == 7 && replies[1].set_metrics[0].value == 66);
	ck_assert(replies[1].set_metrics[1].type == 4 &&
		  replies[1].set_metrics[1].value == 32000000);
	ck_assert(replies[0].has_status &&
		  replies[0].status == (PCEPC_DISJOINT_LINK | PCEPC_DISJOINT_SRLG));
	ck_assert(replies[1].status ==
		  (PCEPC_DISJOINT_LINK | PCEPC_DISJOINT_SRLG | PCEPC_DISJOINT_SHORTEST));
}
END_TEST

START_TEST(no_path_and_errors_arrive_too)
{
	struct pcc_path q;
	struct pcc_path_set set = { .at = &q, .n = 1 };
	uint32_t id;

	everything(&q);
	if (_i == 0)
		w.reply = (struct driver_path_reply){ .no_path_vector = 0x100000,
						      .unmet = DRIVER_UNMET_PASS |
							       DRIVER_UNMET_AVOID |
							       DRIVER_UNMET_LOSS };
	else
		q.of = 77;
	ck_assert_int_eq(pcc_ask(router, 1, &set, &id), 0);
	run_ms(100);
	ck_assert(n_replies == 1 && replies[0].request_id == id);
	if (_i == 1) {
		ck_assert(replies[0].what == PCC_PATH_ERROR && replies[0].type == 4 &&
			  replies[0].value == 4);
		return;
	}
	ck_assert(replies[0].what == PCC_PATH_NONE && replies[0].vector == 0x100000 &&
		  replies[0].unsatisfied);
	ck_assert(replies[0].iro && replies[0].xro && !replies[0].lspa);
	ck_assert(replies[0].n_metrics == 1 && replies[0].metrics[0].type == 14 &&
		  replies[0].metrics[0].bound && replies[0].metrics[0].value == 1000);
}
END_TEST

START_TEST(update_release_take_over_and_removal_follow)
{
	struct driver_lsp l = initiated();

	l.list = list_of(SR_SRV6, 2);
	ck_assert_int_eq(apply(&l), 0);
	run_ms(100);
	ck_assert(asked.ask == PCC_ASK_UPDATE && asked.wish.list.n == 2 && w.report.txn == txn &&
		  w.report.list.n == 2);
	ck_assert_int_eq(w.driver->release(w.driver->self, &l, &txn), 0);
	run_ms(100);
	ck_assert(asked.ask == PCC_ASK_RELEASE && !w.report.delegated && w.report.list.n == 2);
	ck_assert_int_eq(apply(&l), DRIVER_E_REFUSED); /* not ours any more */
	l.take_over = true;
	ck_assert_int_eq(apply(&l), 0);
	run_ms(100);
	ck_assert(asked.ask == PCC_ASK_TAKE && !asked.has_list && w.report.delegated &&
		  w.report.list.n == 2);
	ck_assert_int_eq(w.driver->remove(w.driver->self, &l, &txn), 0);
	run_ms(100);
	ck_assert(asked.ask == PCC_ASK_REMOVE && w.report.removed && w.report.txn == txn);
	ck_assert_str_eq(w.report.name, "east");
}
END_TEST

START_TEST(a_refusal_is_a_failure_of_its_transaction)
{
	struct driver_lsp l = wish_of("east");

	refuses = true;
	ck_assert_int_eq(apply(&l), 0);
	run_ms(100);
	ck_assert(w.failure.txn == txn && w.failure.type == 24 && w.failure.value == 2);
	ck_assert_uint_eq(w.reports, 0);
}
END_TEST

/* RFC 8231 s5.6: what the router has is told again after a loss, under a new session. */
START_TEST(a_new_session_tells_the_lsp_again)
{
	uint32_t before;
	struct driver_lsp l = initiated();

	before = w.session;
	told_forget();
	ck_assert_int_eq(pcep_sessions(w.pcep).reset(w.pcep, &PCC_ADDR), 0);
	run_ms(30000);
	ck_assert(told("down") && told("up ") && told("S C oper=1 name=east") && told("synced"));
	ck_assert_uint_ne(w.session, before);
	ck_assert_int_eq(apply(&l), DRIVER_E_NO_SESSION); /* its PLSP-ID is of the old one */
	l.session = w.session;
	ck_assert_int_eq(apply(&l), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pce_pcc");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, capabilities_are_those_of_the_router);
	tcase_add_test(t, an_initiation_arrives_whole_and_is_answered);
	tcase_add_test(t, path_request_arrives_whole_and_is_answered);
	tcase_add_test(t, path_set_arrives_whole_and_is_answered);
	tcase_add_loop_test(t, no_path_and_errors_arrive_too, 0, 2);
	tcase_add_test(t, update_release_take_over_and_removal_follow);
	tcase_add_test(t, a_refusal_is_a_failure_of_its_transaction);
	tcase_add_test(t, a_new_session_tells_the_lsp_again);
	suite_add_tcase(s, t);
	return check_main(s);
}
