/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path requests with constraints and in sets, PCE role (RFC 5440 s7.13, 5521, 5541, 8800): what
 * the sink is told, what goes back, and what becomes of sets that are wrong or never whole.
 */
#include "check_main.h"
#include "raw_pcc.h"

#include <string.h>

enum { PARTS = 40 };

/* Requests 1 … of one message; changed before said(). */
static struct {
	struct pcep_item b[PARTS];
	struct pcepc_rp rp[PARTS];
	struct pcepc_svec svec;
	uint32_t ids[PARTS];
	struct pcepc_assoc group[PARTS];
} say;

static void setup(void)
{
	world_setup();
	memset(&say, 0, sizeof(say));
	for (uint32_t i = 0; i < PARTS; i++) {
		say.rp[i] = (struct pcepc_rp){ .id = i + 1, .has_pst = true, .pst = PCEPC_PST_SRV6 };
		pcep_item_init(&say.b[i]);
		say.b[i].item.rp = &say.rp[i];
		pcep_item_endpoints(&say.b[i], &HEADEND, &ENDPOINT);
		say.ids[i] = i + 1;
	}
	say.svec = (struct pcepc_svec){ .ids = say.ids };
	w.reply = (struct driver_path_reply){ .found = true, .list = list_of(SR_SRV6, 2), .igp = 30,
					      .te = 7, .hops = 2, .objective = DRIVER_OF_MCP };
}

/* Requests from … of one PCReq, with the set of n_set of all when there is one. */
static void said(unsigned from, unsigned n, unsigned n_set)
{
	struct pcepc_msg m = { .type = PCEPC_PCREQ, .items = &say.b[from].item, .n_items = n };

	for (unsigned i = 0; i < n; i++)
		say.b[from + i].item.next = i + 1 < n ? &say.b[from + i + 1].item : NULL;
	say.svec.n_ids = n_set;
	m.svecs = n_set ? &say.svec : NULL;
	pcc_send(&pcc, &m);
	run_ms(100);
}

static void in_group(unsigned i, uint16_t id, uint32_t flags)
{
	say.group[i] = (struct pcepc_assoc){ .type = PCEPC_ASSOC_DISJOINT, .id = id, .source = HEADEND,
					     .has_disjoint = true, .disjoint = flags };
	say.b[i].item.assoc = &say.group[i];
}

/* ---- one request ---- */

START_TEST(constraints_reach_the_sink)
{
	struct pcepc_spot pass[] = { { .type = PCEPC_SPOT_V6, .soft = true, .len = 128, .addr = ENDPOINT },
				     { .type = PCEPC_SPOT_UNNUMBERED, .addr = addr("10.0.0.1"),
				       .value = 7 },
				     { .type = PCEPC_SPOT_AS, .value = 65001 },
				     { .type = PCEPC_SPOT_AS4, .soft = true, .value = 4200000001 } };
	struct pcepc_spot avoid[] = {
		{ .type = PCEPC_SPOT_SRLG, .attribute = PCEPC_ATTR_SRLG, .value = 77 },
		{ .type = PCEPC_SPOT_V6, .soft = true, .attribute = PCEPC_ATTR_NODE, .len = 64,
		  .addr = ENDPOINT },
		{ .type = PCEPC_SPOT_V4, .attribute = PCEPC_ATTR_INTERFACE, .len = 32,
		  .addr = addr("10.1.1.1") },
		{ .type = PCEPC_SPOT_V6, .attribute = PCEPC_ATTR_SRLG, .len = 128, .addr = ENDPOINT },
		{ .type = PCEPC_SPOT_AS, .value = 65001 },
		{ .type = PCEPC_SPOT_AS4, .value = 4200000000 },
	};
	struct pcepc_spots iro = { pass, 4, 0, false }, xro = { avoid, 6, 0, false };
	struct pcepc_metric loss = { .type = 14, .bound = true, .value = 1000, .must = true },
			    variation = { .next = &loss, .type = 13, .bound = true, .value = 90 },
			    again = { .next = &variation, .type = 12, .bound = true, .value = 400 },
			    delay = { .next = &again, .type = 12, .bound = true, .value = 500 };
	const struct driver_path_request *r = &w.request;

	peer_synced_up("rfc");
	say.b[0].item.iro = &iro;
	say.b[0].item.xro = &xro;
	say.b[0].item.metrics = &delay;
	say.b[0].item.has_of = true;
	say.b[0].item.of = 2;
	say.b[0].item.musts = PCEPC_MUST(PCEPC_OBJ_IRO) | PCEPC_MUST(PCEPC_OBJ_XRO);
	said(0, 1, 0);
	ck_assert(w.set.n == 1 && w.set.diverse == 0 && w.set.objective == 0);
	ck_assert(r->n_pass == 4 && r->pass[0].kind == DRIVER_SPOT_NODE && r->pass[0].soft);
	ck_assert(r->pass[1].kind == DRIVER_SPOT_INTERFACE && !r->pass[1].soft && r->pass[1].value == 7);
	ck_assert(r->pass[2].kind == DRIVER_SPOT_AS && !r->pass[2].soft && r->pass[2].value == 65001);
	ck_assert(r->pass[3].kind == DRIVER_SPOT_AS && r->pass[3].soft &&
		  r->pass[3].value == 4200000001);
	ck_assert(r->avoid[5].kind == DRIVER_SPOT_AS && r->avoid[5].value == 4200000000);
	ck_assert(r->n_avoid == 6 && r->avoid[0].kind == DRIVER_SPOT_SRLG && r->avoid[0].value == 77);
	ck_assert(r->avoid[1].kind == DRIVER_SPOT_NODE && r->avoid[1].soft &&
		  r->avoid[1].prefix.len == 64);
	ck_assert(r->avoid[2].kind == DRIVER_SPOT_LINK && !r->avoid[2].soft);
	ck_assert(r->avoid[3].kind == DRIVER_SPOT_LINK_SRLGS);
	ck_assert(r->avoid[4].kind == DRIVER_SPOT_AS && r->avoid[4].value == 65001);
	ck_assert(r->has_loss_bound && r->loss_ppm_max == 1000 && r->has_variation_bound &&
		  r->variation_us_max == 90);
	ck_assert(r->has_delay_bound && r->delay_us_max == 400); /* the harder one */
	ck_assert(r->objective == DRIVER_OF_MLP);
}
END_TEST

/* What the request insists on and we have not: 4/4, and nobody is asked. Without: it is left out. */
START_TEST(what_we_lack_is_refused_only_where_it_is_insisted_on)
{
	bool insist = _i % 2 == 0;
	struct pcepc_spot group = { .type = PCEPC_SPOT_SRLG, .value = 7 }; /* RFC 5521: not here */
	struct pcepc_spots iro = { &group, 1, 0, false }, xro = { NULL, 0, 1, false };
	struct pcepc_spot many[DRIVER_SPOTS_MAX + 1] = { 0 };
	struct pcepc_item *it = &say.b[0].item;

	peer_synced_up("rfc");
	for (unsigned i = 0; i < ARRAY_LEN(many); i++)
		many[i] = (struct pcepc_spot){ .type = PCEPC_SPOT_SRLG, .value = i,
					       .attribute = PCEPC_ATTR_SRLG };
	switch (_i / 2) {
	case 0: /* RFC 5541 s3.1.1: a function nobody knows */
		it->has_of = true;
		it->of = 99;
		break;
	case 1: /* a function of sets, and there is no set */
		it->has_of = true;
		it->of = 5;
		break;
	case 2:
		it->iro = &iro;
		break;
	case 3: /* more than is held */
		xro = (struct pcepc_spots){ many, ARRAY_LEN(many), 0, false };
		it->xro = &xro;
		break;
	case 4: /* an association we do not know */
		say.group[0] = (struct pcepc_assoc){ .type = 3, .id = 1, .source = HEADEND };
		it->assoc = &say.group[0];
		break;
	}
	it->musts = insist ? UINT64_MAX : 0;
	said(0, 1, 0);
	ck_assert_int_eq(told("request 1"), !insist);
	ck_assert_int_eq(pcc_heard(&pcc, "reply request=1 segs=2"), !insist);
	ck_assert_int_eq(pcc_heard(&pcc, _i / 2 == 4 ? "about rp 1\nerr 26/1" : "about rp 1\nerr 4/4"),
			 insist);
	ck_assert(insist || (w.request.objective == 0 && w.request.n_pass == 0 && w.request.n_avoid == 0));
}
END_TEST

/* RFC 5521 s2.1.1: with the F flag the failed path is told. */
START_TEST(failed_path_without_an_rro_is_refused)
{
	struct pcepc_spots xro = { .fail = true };
	struct pcepc_route rro = { 0 };

	peer_synced_up("rfc");
	say.b[0].item.xro = &xro;
	say.b[0].item.rro = _i ? &rro : NULL;
	said(0, 1, 0);
	ck_assert_int_eq(pcc_heard(&pcc, "err 6/2"), _i == 0);
	ck_assert_int_eq(told("request 1"), _i == 1);
}
END_TEST

/* RFC 5440 s7.5: the C flag, and what cannot be kept, as it was asked. */
START_TEST(without_a_path_what_cannot_be_kept_comes_back)
{
	struct pcepc_spot avoid = { .type = PCEPC_SPOT_V6, .soft = true, .attribute = PCEPC_ATTR_NODE,
				    .len = 64, .addr = addr("2001:db8:0:7::") };
	struct pcepc_spots xro = { &avoid, 1, 0, false };
	struct pcepc_metric delay = { .type = 12, .bound = true, .value = 500 };
	const struct pcepc_item *it;

	peer_synced_up(_i ? "frr" : "rfc");
	if (_i)
		say.rp[0].pst = PCEPC_PST_SR;
	pcep_item_bandwidth(&say.b[0], 8000000);
	say.b[0].lspa = (struct pcepc_lspa){ .exclude_any = 5, .setup_prio = 2, .hold_prio = 1 };
	say.b[0].item.lspa = &say.b[0].lspa;
	say.b[0].item.metrics = &delay;
	say.b[0].item.xro = &xro;
	w.reply = (struct driver_path_reply){ .unmet = DRIVER_UNMET_DELAY | DRIVER_UNMET_AVOID |
						       DRIVER_UNMET_BANDWIDTH |
						       DRIVER_UNMET_AFFINITY };
	said(0, 1, 0);
	it = pcc.last->items;
	ck_assert(pcc.last->type == PCEPC_PCREP && it->no_path && !it->ero);
	if (_i) { /* its reader knows none of this in a reply */
		ck_assert(!it->no_path->unsatisfied && !it->metrics && !it->lspa && !it->xro);
		return;
	}
	ck_assert(it->no_path->unsatisfied && !it->no_path->has_vector);
	ck_assert(it->has_bandwidth && it->bandwidth_bps == 8000000);
	ck_assert(it->lspa && it->lspa->exclude_any == 5 && it->lspa->setup_prio == 2);
	ck_assert(it->metrics && it->metrics->type == 12 && it->metrics->bound &&
		  it->metrics->value == 500 && !it->metrics->next);
	ck_assert(it->xro && it->xro->n == 1 && it->xro->at[0].soft && it->xro->at[0].len == 64 &&
		  it->xro->at[0].attribute == PCEPC_ATTR_NODE);
	ck_assert_ptr_null(it->iro);
}
END_TEST

/* RFC 5541 s3.3: the function is told when it was asked for, or is to be told. */
START_TEST(function_used_is_told)
{
	const struct pcepc_item *it;

	peer_synced_up("rfc");
	if (_i == 1)
		say.rp[0].flags = PCEPC_RP_SUPPLY_OF;
	say.b[0].item.has_of = _i == 2;
	say.b[0].item.of = 1;
	pcep_item_bandwidth(&say.b[0], 8000000);
	said(0, 1, 0);
	it = pcc.last->items;
	ck_assert(it->ero && it->has_bandwidth && it->bandwidth_bps == 8000000);
	ck_assert_int_eq(it->has_of, _i > 0);
	ck_assert(!it->has_of || it->of == 1);
}
END_TEST

START_TEST(function_insisted_on_and_not_used_is_an_error)
{
	peer_synced_up("rfc");
	say.b[0].item.has_of = true;
	say.b[0].item.of = 3;
	say.b[0].item.musts = _i ? PCEPC_MUST(PCEPC_OBJ_OF) : 0;
	said(0, 1, 0); /* the sink used MCP */
	ck_assert_int_eq(pcc_heard(&pcc, "about rp 1\nerr 4/4"), _i == 1);
	ck_assert_int_eq(pcc_heard(&pcc, "reply request=1"), _i == 0);
}
END_TEST

/* ---- sets ---- */

START_TEST(set_is_asked_and_answered_as_one)
{
	struct pcepc_metric sum = { .type = 6, .computed = true }, load = { .next = &sum, .type = 5 };
	const struct pcepc_svec *s;

	peer_synced_up("rfc");
	say.svec.flags = PCEPC_SVEC_NODE;
	say.svec.has_of = true;
	say.svec.of = 6;
	say.svec.metrics = &load;
	w.used = DRIVER_OF_MCC;
	w.met = DRIVER_DIVERSE_NODE;
	said(0, 3, 3);
	ck_assert(told("set of 3 diverse=2 of=6\nrequest 1\n") && !told("request 2"));
	ck_assert(w.requests[1].request_id == 2 && w.requests[2].request_id == 3);
	ck_assert(!w.set.best_available && w.set.metric == 1);
	ck_assert(pcc_heard(&pcc, "reply request=1 segs=2\nreply request=2 segs=2\nreply request=3"));
	ck_assert_uint_eq(pcc.last->n_items, 3); /* one message */
	s = pcc.last->svecs;
	ck_assert(s && s->n_ids == 3 && s->ids[2] == 3 && s->flags == PCEPC_SVEC_NODE);
	ck_assert(s->has_of && s->of == 6);
	ck_assert(s->metrics && s->metrics->type == 6 && s->metrics->computed &&
		  s->metrics->value == 90 && !s->metrics->next); /* nobody told the load */
}
END_TEST

START_TEST(set_may_come_in_parts)
{
	peer_synced_up("rfc");
	w.later = true;
	said(0, 1, 3);
	said(3, 1, 0); /* of no set: not held up */
	ck_assert_msg(told("request 4") && !told("request 1"), "%s %s", str_text(&w.log), str_text(&pcc.log));
	answer_paths();
	run_ms(100);
	ck_assert(pcc_heard(&pcc, "reply request=4"));
	said(2, 1, 0);
	ck_assert(!told("set of"));
	said(1, 1, 0);
	ck_assert(told("set of 3 diverse=0 of=0\nrequest 1\n"));
	ck_assert(w.requests[0].request_id == 1 && w.requests[2].request_id == 3);
	answer_paths();
	run_ms(100);
	ck_assert(pcc_heard(&pcc, "reply request=1 segs=2\nreply request=2 segs=2\nreply request=3"));
}
END_TEST

/* RFC 5440 s7.13.3: SyncTimer, error 7 with the request that is missing. */
START_TEST(set_that_is_never_whole_is_given_up)
{
	peer_synced_up("rfc");
	said(0, 2, 3);
	run_ms(58000);
	ck_assert(!pcc_heard(&pcc, "err"));
	run_ms(3000);
	ck_assert(pcc_heard(&pcc, "about rp 1\nabout rp 2\nerr 7/0 missing 3"));
	said(2, 1, 0); /* too late: one like any other */
	ck_assert(!told("set of") && told("request 3"));
}
END_TEST

START_TEST(set_ends_with_the_one_that_is_wrong)
{
	peer_synced_up("rfc");
	say.rp[1].pst = 0;
	said(0, 3, 3);
	ck_assert(pcc_heard(&pcc, "about rp 2\nerr 21/1"));
	ck_assert(pcc_heard(&pcc, "about rp 1\nabout rp 3\nerr 7/0 missing 2"));
	ck_assert(!told("request") && !pcc_heard(&pcc, "reply"));
	say.rp[1].pst = PCEPC_PST_SRV6;
	said(0, 3, 3); /* nothing of it is left */
	ck_assert(told("set of 3"));
}
END_TEST

/* Sets that cannot be: all requests of the message are refused, none is answered alone. */
static const char *const wrong_sets[] = { "err 4/4", "err 10/11", "err 4/4", "err 4/4", "err 4/4",
					  "err 10/11" };

START_TEST(wrong_set_is_refused_whole)
{
	struct pcepc_metric m = { .type = 5, .bound = true, .must = true };
	unsigned n = 2, named = 2;

	peer_synced_up("rfc");
	switch (_i) {
	case 0: /* larger than is held */
		n = named = DRIVER_PATHS_MAX + 1;
		break;
	case 1: /* twice the same */
		say.ids[1] = 1;
		break;
	case 2:
		say.svec.has_of = say.svec.of_must = true;
		say.svec.of = 1; /* of single paths */
		break;
	case 3:
		say.svec.metrics = &m;
		break;
	case 4:
		say.svec.must = true;
		say.svec.flags = PCEPC_SVEC_DIRECTION;
		break;
	case 5:
		say.ids[1] = 0;
		break;
	}
	said(0, n, named);
	ck_assert_msg(pcc_heard(&pcc, wrong_sets[_i]), "%s", str_text(&pcc.log));
	ck_assert(pcc_heard(&pcc, "about rp 1\n") && pcc_heard(&pcc, "about rp 2\n"));
	ck_assert(!told("request") && !pcc_heard(&pcc, "reply"));
	said(0, 1, 0); /* and nothing waits */
	ck_assert(told("request 1"));
}
END_TEST

START_TEST(request_in_two_sets_is_refused)
{
	peer_synced_up("rfc");
	said(0, 1, 3);
	say.ids[0] = 2;
	say.ids[1] = 5;
	said(4, 1, 2); /* {2, 5}: 2 is waited for by another */
	ck_assert(pcc_heard(&pcc, "about rp 5\nerr 4/4") && !told("request"));
	say.ids[0] = 1;
	said(1, 2, 0); /* the first is whole all the same */
	ck_assert(told("set of 3"));
}
END_TEST

START_TEST(largest_set_fits_one_answer)
{
	peer_synced_up("rfc");
	w.reply.list = list_of(SR_SRV6, SR_SEGS_MAX);
	said(0, DRIVER_PATHS_MAX, DRIVER_PATHS_MAX);
	ck_assert(told("set of 32"));
	ck_assert(pcc.last->type == PCEPC_PCREP && pcc.last->n_items == DRIVER_PATHS_MAX);
	ck_assert(pcc_heard(&pcc, "reply request=32 segs=16"));
}
END_TEST

START_TEST(cancelled_request_ends_its_set)
{
	struct pcepc_err id = { .kind = PCEPC_ERR_RP, .id = 2 };
	struct pcepc_ntf cancel = { .type = 1, .value = 1 };

	peer_synced_up("rfc");
	w.later = true;
	said(0, _i ? 2 : 1, 2);
	ck_assert_int_eq(told("set of 2"), _i == 1);
	pcc_send(&pcc, &(struct pcepc_msg){ .type = PCEPC_PCNTF, .errs = &id, .ntfs = &cancel });
	run_ms(100);
	if (_i)
		answer_paths(); /* to nobody */
	run_ms(61000);
	ck_assert(!pcc_heard(&pcc, "reply") && !pcc_heard(&pcc, "err"));
}
END_TEST

/* A session that ends takes what it asked with it; an answer that comes then is dropped. */
START_TEST(sets_end_with_the_session)
{
	struct driver_path_set old;

	peer_synced_up("rfc");
	w.later = true;
	said(0, 2, 2);
	said(2, 1, 0);
	old = w.set;
	pcc_drop(&pcc);
	run_ms(1000);
	answer_paths();
	pcc_dial(&pcc, &PCC_ADDR);
	run_ms(100);
	raw_end_of_sync();
	run_ms(100);
	w.set = old;
	answer_paths(); /* of the old session */
	run_ms(1000);
	ck_assert(!pcc_heard(&pcc, "reply"));
	w.later = false;
	said(0, 2, 2);
	ck_assert(pcc_heard(&pcc, "reply request=1 segs=2\nreply request=2"));
}
END_TEST

/* What one peer may have unanswered is bounded, sets and single ones together. */
START_TEST(only_so_much_is_unanswered)
{
	peer_synced_up("rfc");
	w.later = true;
	for (unsigned k = 0; k < 8; k++) { /* 8 sets of 31, and one short each */
		for (unsigned i = 0; i < 31; i++)
			say.rp[i].id = say.ids[i] = 100 * k + i + 1;
		said(0, 30, 31);
	}
	for (unsigned i = 0; i < 10; i++)
		say.rp[i].id = say.ids[i] = 1001 + i;
	said(0, 8, 0); /* 256 */
	ck_assert(told("request 1008") && !pcc_heard(&pcc, "reply"));
	said(8, 1, 0);
	ck_assert(pcc_heard(&pcc, "reply request=1009 no-path vector=1\n") && !told("request 1009"));
	said(8, 2, 2);
	ck_assert(pcc_heard(&pcc, "reply request=1010 no-path vector=1\n"));
	run_ms(61000); /* the sets are given up */
	w.later = false;
	said(8, 1, 0);
	ck_assert(told("request 1009"));
}
END_TEST

/* A set waits for the topology like a single request. */
START_TEST(set_is_kept_until_the_topology_is_known)
{
	peer_synced_up("rfc");
	w.reply = (struct driver_path_reply){ .no_path_vector = 0x1 };
	said(0, 2, 2);
	run_ms(2000);
	ck_assert(!pcc_heard(&pcc, "reply"));
	w.reply = (struct driver_path_reply){ .found = true, .list = list_of(SR_SRV6, 2) };
	run_ms(1500);
	ck_assert(pcc_heard(&pcc, "reply request=1 segs=2\nreply request=2"));
}
END_TEST

START_TEST(function_of_a_set_insisted_on_and_not_used_is_an_error)
{
	peer_synced_up("rfc");
	say.svec.has_of = true;
	say.svec.of_must = _i != 0;
	say.svec.of = 5;
	w.used = DRIVER_OF_NONE;
	said(0, 2, 2);
	ck_assert_int_eq(pcc_heard(&pcc, "about rp 1\nabout rp 2\nerr 4/4"), _i == 1);
	ck_assert_int_eq(pcc_heard(&pcc, "reply request=2"), _i == 0);
	ck_assert(_i == 1 || (pcc.last->svecs && !pcc.last->svecs->has_of));
}
END_TEST

/* ---- disjoint groups, RFC 8800 ---- */

START_TEST(group_without_an_svec_is_a_set)
{
	const uint32_t flags = PCEPC_DISJOINT_NODE | PCEPC_DISJOINT_SHORTEST;

	peer_synced_up("rfc");
	in_group(0, 9, flags | (_i ? PCEPC_DISJOINT_STRICT : 0u));
	in_group(2, 9, PCEPC_DISJOINT_NODE | (_i ? PCEPC_DISJOINT_STRICT : 0u));
	w.met = DRIVER_DIVERSE_LINK | DRIVER_DIVERSE_SRLG;
	said(0, 3, 0);
	ck_assert_msg(told("set of 2 diverse=2 of=0\nrequest 1\n") && told("request 2\n"), "%s %s",
		      str_text(&w.log), str_text(&pcc.log));
	ck_assert(pcc_heard(&pcc, "reply request=1") && pcc_heard(&pcc, "reply request=3"));
	ck_assert(pcc_heard(&pcc, "reply request=2"));
}
END_TEST

START_TEST(status_says_what_is_met)
{
	const uint32_t t = _i ? PCEPC_DISJOINT_STRICT : 0;
	const struct pcepc_item *it;

	peer_synced_up("rfc");
	in_group(0, 9, PCEPC_DISJOINT_NODE | PCEPC_DISJOINT_SHORTEST | t);
	in_group(1, 9, PCEPC_DISJOINT_NODE | t);
	w.met = DRIVER_DIVERSE_LINK | DRIVER_DIVERSE_SRLG;
	said(0, 2, 0);
	ck_assert_int_eq(w.set.best_available, _i == 0);
	ck_assert(w.requests[0].shortest && !w.requests[1].shortest);
	it = pcc.last->items;
	ck_assert(!pcc.last->svecs && it->assoc && it->assoc->has_disjoint_status);
	ck_assert_uint_eq(it->assoc->disjoint_status, PCEPC_DISJOINT_LINK | PCEPC_DISJOINT_SRLG |
							      PCEPC_DISJOINT_SHORTEST | t);
	ck_assert_uint_eq(it->next->assoc->disjoint_status,
			  PCEPC_DISJOINT_LINK | PCEPC_DISJOINT_SRLG | t);
	ck_assert(it->assoc->id == 9 && ip_eq(&it->assoc->source, &HEADEND));
}
END_TEST

START_TEST(members_that_do_not_agree_are_refused)
{
	static const char *const want[] = { "err 26/6", "err 26/6", "err 4/4", "err 6/15" };

	peer_synced_up("rfc");
	in_group(0, 9, PCEPC_DISJOINT_NODE);
	in_group(1, 9, _i == 0 ? PCEPC_DISJOINT_LINK : PCEPC_DISJOINT_NODE);
	if (_i == 1)
		say.group[1].id = 8;
	if (_i == 2)
		say.b[1].item.assoc = NULL;
	if (_i == 3)
		say.group[1].has_disjoint = false;
	said(0, 2, _i == 1 || _i == 2 ? 2 : 0);
	ck_assert_msg(pcc_heard(&pcc, want[_i]), "%s", str_text(&pcc.log));
	ck_assert(pcc_heard(&pcc, "about rp 1") && pcc_heard(&pcc, "about rp 2"));
	ck_assert(!told("request") && !pcc_heard(&pcc, "reply"));
}
END_TEST

START_TEST(group_larger_than_is_held_is_refused)
{
	peer_synced_up("rfc");
	for (unsigned i = 0; i <= DRIVER_PATHS_MAX; i++)
		in_group(i, 9, PCEPC_DISJOINT_LINK);
	said(0, DRIVER_PATHS_MAX + 1, 0);
	ck_assert(pcc_heard(&pcc, "about rp 33\nerr 26/2") && !told("request"));
}
END_TEST

START_TEST(open_tells_functions_and_association_types)
{
	peer_up(_i ? "frr" : "rfc");
	ck_assert_int_eq(pcc_heard(&pcc, "functions 1 2 3 4 5 6\n"), _i == 0);
	ck_assert_int_eq(pcc_heard(&pcc, "types 6 2\n"), _i == 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pce_set");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, world_teardown);
	tcase_add_test(t, constraints_reach_the_sink);
	tcase_add_loop_test(t, what_we_lack_is_refused_only_where_it_is_insisted_on, 0, 10);
	tcase_add_loop_test(t, failed_path_without_an_rro_is_refused, 0, 2);
	tcase_add_loop_test(t, without_a_path_what_cannot_be_kept_comes_back, 0, 2);
	tcase_add_loop_test(t, function_used_is_told, 0, 3);
	tcase_add_loop_test(t, function_insisted_on_and_not_used_is_an_error, 0, 2);
	tcase_add_test(t, set_is_asked_and_answered_as_one);
	tcase_add_test(t, set_may_come_in_parts);
	tcase_add_test(t, set_that_is_never_whole_is_given_up);
	tcase_add_test(t, set_ends_with_the_one_that_is_wrong);
	tcase_add_loop_test(t, wrong_set_is_refused_whole, 0, ARRAY_LEN(wrong_sets));
	tcase_add_test(t, request_in_two_sets_is_refused);
	tcase_add_test(t, largest_set_fits_one_answer);
	tcase_add_loop_test(t, cancelled_request_ends_its_set, 0, 2);
	tcase_add_test(t, sets_end_with_the_session);
	tcase_add_test(t, only_so_much_is_unanswered);
	tcase_add_test(t, set_is_kept_until_the_topology_is_known);
	tcase_add_loop_test(t, function_of_a_set_insisted_on_and_not_used_is_an_error, 0, 2);
	tcase_add_loop_test(t, group_without_an_svec_is_a_set, 0, 2);
	tcase_add_loop_test(t, status_says_what_is_met, 0, 2);
	tcase_add_loop_test(t, members_that_do_not_agree_are_refused, 0, 4);
	tcase_add_test(t, group_larger_than_is_held_is_refused);
	tcase_add_loop_test(t, open_tells_functions_and_association_types, 0, 2);
	suite_add_tcase(s, t);
	return check_main(s);
}
