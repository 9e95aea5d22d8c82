/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What FRR pathd said in a recorded session, said again to the PCE: its LSPs, its answers to
 * the requests of then, its path request. Skips loudly when the capture is not there.
 */
#include "check_main.h"

#include "pcap.h"
#include "raw_pcc.h"
#include "shared.h"
#include "southbound/pcep/pcep_int.h"

static const char *const CAPTURE = "data/captures/frr-pcep.pcap";

/* The requests that the PCE of the recording made bore numbers above this. */
enum { SRP_IDS_THEN = 100 };

static struct arena arena;

static void number_of_then(struct pcep_peer *p, uint32_t id)
{
	if (id <= SRP_IDS_THEN || !p->session || pcep_txns_answer(&p->txns, id))
		return;
	ck_assert(pcep_txns_reserve(&p->txns));
	pcep_txns_add(&p->txns, id);
}

/* As if we had asked what it answers. */
static void ask_as_then(const uint8_t *frame, size_t len)
{
	struct pcep_peer *p = pcep_peer_of(w.pcep, &HEADEND);
	struct pcepc_fault fault;
	struct pcepc_msg *m;

	arena_reset(&arena);
	ck_assert_int_eq(pcepc_read(&arena, frame, len, &m, &fault), VERDICT_OK);
	for (const struct pcepc_item *it = m->items; it; it = it->next)
		if (it->srp)
			number_of_then(p, it->srp->id);
	for (const struct pcepc_err *e = m->errs; e; e = e->next)
		if (e->kind == PCEPC_ERR_SRP)
			number_of_then(p, e->id);
}

static void replay(const struct pcap_stream *s)
{
	size_t at = 0, n;

	pcc_dial(&pcc, &PCC_ADDR);
	run_ms(50);
	while (pcepc_frame(s->data + at, s->len - at, &n) == PCEPC_FRAME_OK) {
		ask_as_then(s->data + at, n);
		if (!pcc.conn)
			break;
		pcc_bytes(&pcc, s->data + at, n);
		run_ms(50);
		at += n;
	}
	ck_assert_uint_eq(at, s->len);
}

/* False when there is no capture. */
static bool replay_all(void)
{
	char path[512];
	struct ip_addr frr = addr("10.90.0.1");
	struct pcap p;

	if (!shared_path(CAPTURE, path, sizeof(path)))
		return false;
	ck_assert_int_eq(pcap_read(path, &p), 0);
	pcc.quiet = true; /* the recording answers */
	peer_add("frr");
	w.reply = (struct driver_path_reply){ .found = true, .list = list_of(SR_MPLS, 3) };
	arena_init(&arena, PCEPC_ARENA_MAX);
	for (size_t i = 0; i < p.n; i++) {
		if (!ip_eq(&p.streams[i].src, &frr) || p.streams[i].len == 0)
			continue;
		replay(&p.streams[i]);
		pcc_drop(&pcc);
		run_ms(100);
	}
	arena_fini(&arena);
	pcap_fini(&p);
	return true;
}

START_TEST(a_recorded_session_of_pathd_is_understood)
{
	if (!replay_all())
		return;
	/* its own two, and the end of its synchronisation */
	ck_assert(told("up 2001:db8:1::1\nreport id=1 txn=0 S oper=0 name=-CP2 segs=2\n"
		       "report id=2 txn=0 S oper=4 name=-CP1 segs=2\nsynced\n"));
	/* the dynamic one: asked for, answered, delegated, updated */
	ck_assert(told("request 1\nreport id=3 txn=0 D C oper=4 name=-CPD segs=3\n"
		       "report id=3 txn=101 D C"));
	ck_assert(pcc_heard(&pcc, "reply request=1 segs=3\n"));
	ck_assert(w.request.dataplane == SR_MPLS && w.request.dst.family == IP_V4);
	/* initiated by the PCE, and taken away again */
	ck_assert(told("report id=4 txn=103 D C oper=0 name=INIT100 segs=2\n"));
	ck_assert(told("report id=4 txn=107 D R C oper=0 name=INIT100 segs=2\n"));
	/* what it refused: SRv6, a local policy, a PLSP-ID, no name, no path */
	ck_assert(told("failed txn=106 24/2\n") && told("failed txn=108 19/9\n") &&
		  told("failed txn=109 19/8\n") && told("failed txn=110 10/8\n") &&
		  told("failed txn=111 24/2\n"));
	ck_assert(!pcc_heard(&pcc, "err ")); /* nothing of it is wrong for us */
	ck_assert(told("down 2001:db8:1::1"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pce_frr");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, world_setup, world_teardown);
	tcase_add_test(t, a_recorded_session_of_pathd_is_understood);
	suite_add_tcase(s, t);
	return check_main(s);
}
