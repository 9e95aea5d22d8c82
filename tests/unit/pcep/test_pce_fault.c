/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PCE whose i-th allocation fails, for each i until none fails: nothing crashes or leaks (the
 * sanitizers look), the sink is told of every end it was told a beginning of, and the next
 * session works.
 */
#include "check_main.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "southbound/pcep/pcep.h"
#include "southbound/pcep/pcep_lsp.h"

/* ---- the failing allocator: only inside the room under test, not in net, loop and this file */

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

static long countdown; /* to the failing one; 0: none fails */
static bool inside, failed;

static bool fails(void)
{
	if (!inside || countdown == 0 || --countdown > 0)
		return false;
	failed = true;
	return true;
}

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

/* The way in: what net calls of the room's. */
int __real_net_listen(struct net *net, const struct net_listen_cfg *cfg,
		      const struct net_listen_ops *ops, void *arg, struct net_listener **outp);
int __wrap_net_listen(struct net *net, const struct net_listen_cfg *cfg,
		      const struct net_listen_ops *ops, void *arg, struct net_listener **outp);
void __real_net_conn_take(struct net_conn *c, const struct net_ops *ops, void *arg);
void __wrap_net_conn_take(struct net_conn *c, const struct net_ops *ops, void *arg);

static const struct net_listen_ops *listen_ops;
static void *listen_arg;
static const struct net_ops *conn_ops;

static void enter_accept(void *arg, struct net_conn *conn, const struct ip_addr *peer, uint16_t port)
{
	(void)arg;
	inside = true;
	listen_ops->accept(listen_arg, conn, peer, port);
	inside = false;
}

static const struct net_listen_ops enter_listen_ops = { .accept = enter_accept };

int __wrap_net_listen(struct net *net, const struct net_listen_cfg *cfg,
		      const struct net_listen_ops *ops, void *arg, struct net_listener **outp)
{
	bool was = inside;
	int rc;

	listen_ops = ops;
	listen_arg = arg;
	inside = false;
	rc = __real_net_listen(net, cfg, &enter_listen_ops, arg, outp);
	inside = was;
	return rc;
}

static size_t enter_data(void *arg, const uint8_t *data, size_t len)
{
	size_t n;

	inside = true;
	n = conn_ops->data(arg, data, len);
	inside = false;
	return n;
}

static void enter_down(void *arg, int err, const char *why)
{
	inside = true;
	conn_ops->down(arg, err, why);
	inside = false;
}

static const struct net_ops enter_ops = { .data = enter_data, .down = enter_down };

void __wrap_net_conn_take(struct net_conn *c, const struct net_ops *ops, void *arg)
{
	conn_ops = ops;
	__real_net_conn_take(c, &enter_ops, arg);
}

/* The way out: net's own allocations are not the room's. */
int __real_net_conn_send(struct net_conn *c, const void *data, size_t len);
int __wrap_net_conn_send(struct net_conn *c, const void *data, size_t len);
void __real_net_conn_finish(struct net_conn *c, uint64_t linger_ns);
void __wrap_net_conn_finish(struct net_conn *c, uint64_t linger_ns);

int __wrap_net_conn_send(struct net_conn *c, const void *data, size_t len)
{
	bool was = inside;
	int rc;

	inside = false;
	rc = __real_net_conn_send(c, data, len);
	inside = was;
	return rc;
}

void __wrap_net_conn_finish(struct net_conn *c, uint64_t linger_ns)
{
	bool was = inside;

	inside = false;
	__real_net_conn_finish(c, linger_ns);
	inside = was;
}

static struct loop *loop;
static struct net *net;
static struct pcep *pcep;
static unsigned ups, downs, reports, synced, answers;
static uint32_t session, txn;
static struct ip_addr pcc_addr, pce_addr, headend;

/* ---- the sink: counts, and asks for one more LSP when in sync ---- */

static int ask(void)
{
	struct driver_lsp l = { .key = { .headend = headend, .color = 100, .endpoint = pce_addr }, .name = "new",
				.list = { .dataplane = SR_SRV6, .n = 1 } };
	const struct driver *d = pcep_driver(pcep);
	int rc;

	l.list.at[0].sid = pce_addr;
	inside = true;
	rc = d->apply(d->self, &l, &txn);
	inside = false;
	return rc;
}

static void sink_up(void *arg, const struct ip_addr *h, uint32_t s, const struct headend_caps *caps)
{
	bool was = inside;

	inside = false;
	(void)arg;
	(void)h;
	(void)caps;
	ck_assert_uint_eq(ups++, downs);
	session = s;
	inside = was;
}

static void sink_synced(void *arg, const struct ip_addr *h, uint32_t s)
{
	bool was = inside;

	inside = false;
	(void)arg;
	(void)h;
	ck_assert_uint_eq(s, session);
	synced++;
	(void)ask();
	inside = was;
}

static void sink_ready(void *arg, const struct ip_addr *h)
{
	bool was = inside;

	inside = false;
	(void)arg;
	(void)h;
	(void)ask();
	inside = was;
}

static void sink_down(void *arg, const struct ip_addr *h, uint32_t s)
{
	bool was = inside;

	inside = false;
	(void)arg;
	(void)h;
	ck_assert_uint_eq(s, session);
	ck_assert_uint_eq(++downs, ups);
	inside = was;
}

static void sink_report(void *arg, const struct lsp_state *lsp)
{
	bool was = inside;

	inside = false;
	(void)arg;
	ck_assert_uint_eq(lsp->session, session);
	reports++;
	answers += lsp->txn != 0;
	inside = was;
}

static void sink_failed(void *arg, const struct driver_failure *f)
{
	(void)arg;
	(void)f;
}

static void sink_request(void *arg, const struct driver_path_set *set)
{
	const struct driver *d = pcep_driver(pcep);
	struct driver_path_reply at[DRIVER_PATHS_MAX] = { 0 };
	bool was = inside;

	(void)arg;
	for (unsigned i = 0; i < set->n; i++) {
		at[i].found = true;
		at[i].list.n = 2;
	}
	inside = true; /* what answering allocates may fail too */
	d->paths(d->self, &(struct driver_path_answer){ .headend = set->headend, .session = set->session,
							.ask = set->ask, .n = set->n, .at = at });
	inside = was;
}

static const struct driver_sink sink = { sink_up,     sink_synced, sink_ready,	sink_down,
					 sink_report, sink_failed, sink_request };

/* ---- a router that says all it has to say at once ---- */

static uint8_t said[8192];
static struct wr words;

static void say_report(uint32_t srp, uint32_t plsp_id, uint16_t flags, const char *name)
{
	struct sr_list list = { .dataplane = SR_SRV6, .n = plsp_id ? 1 : 0 };
	struct pcep_item b;

	list.at[0].sid = pce_addr;
	pcep_item_init(&b);
	pcep_item_srp(&b, srp, 0, SR_SRV6);
	pcep_item_lsp(&b, plsp_id, flags, name);
	pcep_item_list(&b, &list, false);
	pcepc_write(&words, &(struct pcepc_msg){ .type = PCEPC_PCRPT, .items = &b.item });
}

/* Two sets, by SVEC and by group, and one request alone; one set is never whole. */
static void say_requests(void)
{
	struct pcepc_endpoints ends = { headend, headend };
	struct pcepc_assoc group = { .type = PCEPC_ASSOC_DISJOINT, .id = 3, .source = headend,
				     .has_disjoint = true, .disjoint = PCEPC_DISJOINT_LINK };
	struct pcepc_rp rp[6];
	struct pcepc_item it[6] = { 0 };
	uint32_t ids[] = { 1, 2 }, half[] = { 3, 77 };
	struct pcepc_svec broken = { .ids = half, .n_ids = 2 },
			  svec = { .next = &broken, .ids = ids, .n_ids = 2, .flags = PCEPC_SVEC_LINK };

	for (uint32_t i = 0; i < 6; i++) {
		rp[i] = (struct pcepc_rp){ .id = i + 1, .has_pst = true, .pst = PCEPC_PST_SRV6 };
		it[i].rp = &rp[i];
		it[i].endpoints = &ends;
		it[i].assoc = i > 3 ? &group : NULL;
		it[i].next = i < 5 ? &it[i + 1] : NULL;
	}
	pcepc_write(&words, &(struct pcepc_msg){ .type = PCEPC_PCREQ, .items = it, .svecs = &svec });
}

static void say_all(void)
{
	struct pcepc_open open = { .version = PCEPC_VERSION, .keepalive_s = 30, .dead_s = 120,
				   .has_stateful = true,
				   .stateful = PCEPC_CAP_UPDATE | PCEPC_CAP_INITIATE, .has_pst = true,
				   .n_psts = 1, .psts = { PCEPC_PST_SRV6 }, .has_srv6 = true };

	words = wr_of(said, sizeof(said));
	pcepc_write(&words, &(struct pcepc_msg){ .type = PCEPC_OPEN, .open = &open });
	pcepc_write(&words, &(struct pcepc_msg){ .type = PCEPC_KEEPALIVE });
	say_report(0, 7, PCEPC_LSP_SYNC | PCEPC_LSP_DELEGATE, "east");
	say_report(0, 8, PCEPC_LSP_SYNC, "west");
	say_report(0, 0, 0, "");
	for (uint32_t srp = 1; srp < 4; srp++) /* one of these is what we were asked with */
		say_report(srp, 9, PCEPC_LSP_DELEGATE | PCEPC_LSP_CREATE, "new");
	say_report(0, 8, PCEPC_LSP_REMOVE, "");
	say_requests();
	ck_assert(!words.bad);
}

static size_t router_data(void *arg, const uint8_t *data, size_t len)
{
	(void)arg;
	(void)data;
	return len;
}

static void router_up(void *arg)
{
	struct net_conn **c = arg;

	(void)net_conn_send(*c, said, words.len);
}

static void router_down(void *arg, int err, const char *why)
{
	(void)err;
	(void)why;
	*(struct net_conn **)arg = NULL;
}

static const struct net_ops router_ops = { .up = router_up, .data = router_data,
					   .down = router_down };

static void run_s(uint64_t s)
{
	struct mono until = mono_add(loop_now(loop), s * NS_PER_S);

	while (loop_fake_step(loop, until))
		;
}

static void router_session(void)
{
	struct net_connect_cfg cfg = { .remote = pce_addr, .port = 4189, .local = pcc_addr };
	struct net_conn *c = NULL;

	if (net_connect(net, &cfg, &router_ops, &c, &c) < 0)
		return;
	run_s(5);
	net_conn_close(c);
	run_s(2);
}

static void session_twice(void)
{
	struct pcep_peer_cfg peer = { .addr = pcc_addr, .headend = headend, .insecure = true };
	int rc;

	inside = true;
	rc = pcep_peer_set(pcep, &peer);
	inside = false;
	if (rc == 0)
		router_session();
	else
		ck_assert_int_eq(rc, -ENOMEM);
	countdown = 0; /* the rest has all it wants */
	if (rc < 0)
		ck_assert_int_eq(pcep_peer_set(pcep, &peer), 0);
	ck_assert_uint_eq(ups, downs);
	reports = answers = synced = 0;
	router_session();
	ck_assert_uint_eq(ups, downs);
	ck_assert_uint_eq(synced, 1);
	ck_assert_uint_eq(reports, 6);
}

static void nothing(void *arg)
{
	(void)arg;
}

/* The loop is not under test, and aborts without room for a timer: it gets its room before. */
static void loop_warm(void)
{
	struct loop_timer t[32];

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		loop_timer_init(&t[i], loop, nothing, NULL);
		loop_timer_after(&t[i], NS_PER_S);
	}
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		loop_timer_fini(&t[i]);
}

/* True when an allocation failed. */
static bool with_failure_of(long i)
{
	struct pcep_cfg cfg = { .lsps_max = 10 };
	int rc;

	ups = downs = reports = synced = answers = 0;
	failed = false;
	ck_assert_int_eq(loop_fake_new(&loop, 3), 0);
	ck_assert_int_eq(net_fake_new(&net, loop, NS_PER_MS, NS_PER_MS), 0);
	loop_warm();
	countdown = i;
	inside = true;
	rc = pcep_new(&pcep, loop, net, NULL, &cfg, &sink, NULL);
	if (rc == 0)
		rc = pcep_listen(pcep, &pce_addr, 4189);
	inside = false;
	if (rc == 0)
		session_twice();
	else
		ck_assert_int_eq(rc, -ENOMEM);
	countdown = 0;
	pcep = pcep_free(pcep);
	run_s(2);
	net_free(net);
	loop_free(loop);
	return failed;
}

START_TEST(every_allocation_may_fail)
{
	long i = 1;

	ck_assert_int_eq(ip_parse("2001:db8::1", &pcc_addr), 0);
	ck_assert_int_eq(ip_parse("2001:db8::2", &pce_addr), 0);
	ck_assert_int_eq(ip_parse("2001:db8::3", &headend), 0);
	say_all();
	while (with_failure_of(i))
		i++;
	ck_assert_int_gt(i, 10); /* some were there to fail */
	ck_assert_uint_eq(answers, 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pce_fault");
	TCase *t = tcase_create("all");

	tcase_add_test(t, every_allocation_may_fail);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return check_main(s);
}
