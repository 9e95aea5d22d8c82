/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PCC role where it must not be sure of anything: keys, certificates, octets of every kind,
 * memory.
 */
#include "check_main.h"

#include <errno.h>
#include <string.h>

#include "certs.h"
#include "raw_pce.h"
#include "southbound/pcep/pcc.h"
#include "southbound/pcep/pcep_sess.h"

static struct loop *loop;
static struct net *net;
static struct pcc *pcc;
static struct raw_pce pce;
static struct ip_addr pce_addr, router;
static unsigned ups, downs, requests, owner_lsps;

/* ---- allocations of the room under test fail, not those of net, loop and this file ---- */

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
int __real_net_connect(struct net *n, const struct net_connect_cfg *cfg, const struct net_ops *ops,
		       void *arg, struct net_conn **outp);
int __wrap_net_connect(struct net *n, const struct net_connect_cfg *cfg, const struct net_ops *ops,
		       void *arg, struct net_conn **outp);
void __real_net_conn_take(struct net_conn *c, const struct net_ops *ops, void *arg);
void __wrap_net_conn_take(struct net_conn *c, const struct net_ops *ops, void *arg);
int __real_net_conn_send(struct net_conn *c, const void *data, size_t len);
int __wrap_net_conn_send(struct net_conn *c, const void *data, size_t len);

static long countdown; /* to the failing one; 0: none fails */
static bool inside, failed;
static const struct net_ops *dial_ops, *conn_ops;

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

static void enter_up(void *arg)
{
	inside = true;
	dial_ops->up(arg);
	inside = false;
}

static size_t enter_data(void *arg, const uint8_t *data, size_t len)
{
	size_t n;

	inside = true;
	n = conn_ops->data(arg, data, len);
	inside = false;
	return n;
}

static void enter_tls_up(void *arg)
{
	conn_ops->tls_up(arg);
}

static void dial_down(void *arg, int err, const char *why)
{
	dial_ops->down(arg, err, why);
}

static void conn_down(void *arg, int err, const char *why)
{
	conn_ops->down(arg, err, why);
}

static const struct net_ops enter_dial = { .up = enter_up, .data = enter_data, .down = dial_down };
static const struct net_ops enter_conn = { .data = enter_data, .tls_up = enter_tls_up,
					   .down = conn_down };

int __wrap_net_connect(struct net *n, const struct net_connect_cfg *cfg, const struct net_ops *ops,
		       void *arg, struct net_conn **outp)
{
	bool was = inside;
	int rc;

	inside = false;
	dial_ops = ops;
	rc = __real_net_connect(n, cfg, &enter_dial, arg, outp);
	inside = was;
	return rc;
}

/* Both ends come here; ours is the one that takes the connection while it is inside. */
void __wrap_net_conn_take(struct net_conn *c, const struct net_ops *ops, void *arg)
{
	if (inside)
		conn_ops = ops;
	__real_net_conn_take(c, inside ? &enter_conn : ops, arg);
}

int __wrap_net_conn_send(struct net_conn *c, const void *data, size_t len)
{
	bool was = inside;
	int rc;

	inside = false;
	rc = __real_net_conn_send(c, data, len);
	inside = was;
	return rc;
}

/* ---- the owner ---- */

static bool on_next(void *arg, uint32_t number, uint64_t *cursor, struct lsp_state *st)
{
	(void)arg;
	(void)number;
	if (*cursor >= owner_lsps)
		return false;
	*st = (struct lsp_state){ .plsp_id = (uint32_t)++*cursor, .name = "x",
				  .list = raw_list(2) };
	return true;
}

static void on_up(void *arg, uint32_t number)
{
	bool was = inside;

	(void)arg;
	(void)number;
	inside = false; /* Check allocates too */
	ck_assert_uint_eq(ups++, downs);
	inside = was;
}

static void on_down(void *arg, uint32_t number, const char *why)
{
	bool was = inside;

	(void)arg;
	(void)number;
	(void)why;
	inside = false;
	ck_assert_uint_eq(++downs, ups);
	inside = was;
}

static void on_request(void *arg, uint32_t number, const struct pcc_request *r)
{
	bool was = inside;

	(void)arg;
	(void)number;
	inside = false;
	ck_assert_uint_ne(r->srp_id, 0);
	ck_assert_uint_le(r->wish.list.n, 8);
	ck_assert(!r->wish.list_truncated);
	ck_assert_ptr_nonnull(memchr(r->wish.name, '\0', sizeof(r->wish.name)));
	if (r->ask == PCC_ASK_INITIATE)
		ck_assert(r->wish.name[0] && r->wish.plsp_id == 0);
	else
		ck_assert_uint_ne(r->wish.plsp_id, 0);
	for (unsigned i = 0; i < r->wish.list.n; i++)
		ck_assert_int_eq(r->wish.list.at[i].sid.family, IP_V6);
	requests++;
	inside = was;
}

static const struct pcc_ops ops = { .next = on_next, .up = on_up, .down = on_down,
				    .request = on_request };

static void run_ms(uint64_t ms)
{
	struct mono until = mono_add(loop_now(loop), ms * NS_PER_MS);

	while (loop_fake_step(loop, until))
		;
}

static void setup(void)
{
	struct pcc_cfg cfg = { .srv6 = true, .msd_srv6 = 8 };

	ups = downs = requests = owner_lsps = 0;
	countdown = 0;
	inside = failed = false;
	ck_assert_int_eq(ip_parse("2001:db8:ffff::1", &pce_addr), 0);
	ck_assert_int_eq(ip_parse("2001:db8::1", &router), 0);
	cfg.router_id = router;
	ck_assert_int_eq(loop_fake_new(&loop, 11), 0);
	ck_assert_int_eq(net_fake_new(&net, loop, 10 * NS_PER_US, NS_PER_MS), 0);
	raw_pce_init(&pce);
	(void)raw_pce_listen(&pce, net, &pce_addr, PCEPC_PORT);
	ck_assert_int_eq(pcc_new(&pcc, loop, net, &cfg, &ops, NULL), 0);
}

static void teardown(void)
{
	inside = false;
	pcc = pcc_free(pcc);
	run_ms(2000);
	raw_pce_fini(&pce);
	net_free(net);
	loop_free(loop);
}

static struct pcc_pce_cfg base(void)
{
	return (struct pcc_pce_cfg){ .number = 1, .addr = pce_addr, .source = router };
}

/* ---- keys and certificates ---- */

START_TEST(with_the_right_key_it_comes_up_and_with_another_never)
{
	struct net_md5 key = { .len = 3, .key = "abc" };
	struct pcc_pce_cfg cfg = base();

	ck_assert_int_eq(net_listener_md5(pce.listener, &router, &key), 0);
	cfg.md5 = key;
	if (_i == 1)
		cfg.md5.key[0] = 'x';
	ck_assert_int_eq(pcc_pce_set(pcc, &cfg), 0);
	run_ms(200000);
	ck_assert_uint_eq(ups > 0, _i == 0);
}
END_TEST

/* A PCE with TLS: the session machine of the other role. */
static struct pcep_sess_cfg tls_cfg;
static struct pcep_sess *tls_sess;

static bool tls_open(void *arg, const struct pcepc_open *o, uint8_t *type, uint8_t *value)
{
	(void)arg;
	(void)o;
	(void)type;
	(void)value;
	return true;
}

static void tls_up(void *arg)
{
	(void)arg;
}

static void tls_message(void *arg, const struct pcepc_msg *m)
{
	(void)arg;
	pce.syncs += m->type == PCEPC_PCRPT;
}

static void tls_down(void *arg, const char *why)
{
	(void)arg;
	(void)why;
	tls_sess = NULL;
}

static const struct pcep_sess_ops tls_ops = { tls_open, tls_up, tls_message, NULL, tls_down };

static void tls_accept(void *arg, struct net_conn *conn, const struct ip_addr *peer, uint16_t port)
{
	(void)arg;
	(void)peer;
	(void)port;
	if (!tls_sess)
		ck_assert_int_eq(pcep_sess_new(&tls_sess, loop, conn, &tls_cfg, &tls_ops, NULL), 0);
}

static const struct net_listen_ops tls_listen_ops = { tls_accept };

static struct net_tls *tls_of(enum net_tls_use use, const struct certs *c, bool stranger)
{
	bool server = use == NET_TLS_SERVER;
	struct net_tls_cfg cfg = { .cert_file = server ? c->cert : c->client_cert,
				   .key_file = server ? c->key : c->client_key,
				   .ca_file = c->ca,
				   .tls13_only = true };
	struct net_tls *tls = NULL;
	char err[256];

	if (stranger) {
		cfg.cert_file = c->other_cert;
		cfg.key_file = c->other_key;
	}
	ck_assert_int_eq(net_tls_new(&tls, use, &cfg, err, sizeof(err)), 0);
	return tls;
}

/* 0 right, 1 a certificate of nobody's, 2 the PCE is another, 3 the PCE speaks no TLS */
START_TEST(pceps_comes_up_with_whom_it_should_and_nobody_else)
{
	struct net_listen_cfg lc = { .addr = pce_addr, .port = 4190 };
	struct net_listener *l = NULL;
	struct pcc_pce_cfg cfg = base();
	struct certs certs;

	certs_make(&certs);
	tls_cfg = (struct pcep_sess_cfg){ .open = pce.open, .use = NET_TLS_SERVER };
	if (_i != 3)
		tls_cfg.tls = tls_of(NET_TLS_SERVER, &certs, false);
	ck_assert_int_eq(net_listen(net, &lc, &tls_listen_ops, NULL, &l), 0);
	cfg.port = 4190;
	cfg.tls = tls_of(NET_TLS_CLIENT, &certs, _i == 1);
	memcpy(cfg.server_name, _i == 2 ? "elsewhere" : "localhost", 10);
	ck_assert_int_eq(pcc_pce_set(pcc, &cfg), 0);
	net_tls_unref(cfg.tls);
	run_ms(5000);
	ck_assert_uint_eq(ups > 0, _i == 0);
	ck_assert_uint_eq(pce.syncs > 0, _i == 0);
	ck_assert_int_eq(pcc_pce_del(pcc, 1), 0);
	run_ms(3000);
	pcep_sess_free(tls_sess);
	net_listener_free(l);
	net_tls_unref(tls_cfg.tls);
	certs_remove(&certs);
}
END_TEST

/* ---- octets ---- */

static size_t good_message(uint8_t *buf, size_t cap, unsigned kind)
{
	struct sr_list list = raw_list(3);
	struct wr w = wr_of(buf, cap);
	struct pcep_item b, second;
	struct pcepc_msg m = { .type = PCEPC_PCINITIATE, .items = &b.item };

	raw_initiate(&b, 5, "gold", 100, &list);
	if (kind == 1) {
		raw_update(&b, 6, 1, &list);
		m.type = PCEPC_PCUPD;
	} else if (kind == 2) {
		raw_remove(&second, 7, 2);
		b.item.next = &second.item;
	}
	pcep_item_bandwidth(&b, 1000000);
	pcep_item_prios(&b, 3, 3);
	pcepc_write(&w, &m);
	ck_assert(!w.bad);
	return w.len;
}

/* Octets inside a good message are replaced; the header's length stays so that framing does. */
START_TEST(no_octet_of_a_message_harms)
{
	struct pcc_pce_cfg cfg = base();
	struct rng rng;
	uint8_t buf[2048];

	cfg.insecure = true;
	rng_seed(&rng, 20260725u + (unsigned)_i);
	ck_assert_int_eq(pcc_pce_set(pcc, &cfg), 0);
	for (unsigned round = 0; round < 4000; round++) {
		size_t n = good_message(buf, sizeof(buf), round % 3);
		unsigned hits = round < 3 ? 0 : 1 + (unsigned)(rng_u64(&rng) % 4);

		while (!pce.conn || !pcc_is_up(pcc, 1))
			run_ms(500);
		for (unsigned i = 0; i < hits; i++)
			buf[4 + rng_u64(&rng) % (n - 4)] = (uint8_t)rng_u64(&rng);
		raw_pce_bytes(&pce, buf, n);
		run_ms(5);
		if (pce.log.len > 100000)
			raw_pce_forget(&pce);
	}
	ck_assert_uint_ge(requests, 4); /* the first three were good */
}
END_TEST

START_TEST(thousands_of_requests_in_one_message_are_one_bounded_turn)
{
	static uint8_t buf[65532];
	struct wr w = wr_of(buf, sizeof(buf));
	struct pcc_pce_cfg cfg = base();
	unsigned n = 0;

	cfg.insecure = true;
	ck_assert_int_eq(pcc_pce_set(pcc, &cfg), 0);
	run_ms(1000);
	wr_u32(&w, 0x20000000u | PCEPC_PCINITIATE << 16);
	while (w.len + 28 <= sizeof(buf)) { /* SRP with R and LSP: the shortest there is */
		wr_u32(&w, 0x21120000u | 20);
		wr_u32(&w, PCEPC_SRP_REMOVE);
		wr_u32(&w, ++n);
		wr_u32(&w, 28u << 16 | 4);
		wr_u32(&w, PCEPC_PST_SRV6);
		wr_u32(&w, 0x20120000u | 8);
		wr_u32(&w, 5u << 12);
	}
	wr_patch_u16(&w, 2, w.len);
	raw_pce_bytes(&pce, buf, w.len);
	run_ms(1000);
	ck_assert_uint_gt(n, 2300);
	ck_assert_uint_eq(requests, n);
	ck_assert(pcc_is_up(pcc, 1));
}
END_TEST

/* ---- memory ---- */

static void one_run(long nth)
{
	struct lsp_state st = { .plsp_id = 9000, .name = "far", .list = raw_list(1) };
	struct pcc_pce_cfg cfg = base();
	uint8_t buf[2048];
	int rc;

	setup();
	cfg.insecure = true;
	owner_lsps = 400;
	countdown = nth;
	inside = true;
	rc = pcc_pce_set(pcc, &cfg);
	inside = false;
	if (rc == 0) {
		run_ms(4000);
		if (pcc_is_up(pcc, 1)) {
			inside = true;
			rc = pcc_report(pcc, 1, &st);
			inside = false;
			ck_assert_int_eq(rc, 0);
		}
		if (pce.conn)
			raw_pce_bytes(&pce, buf, good_message(buf, sizeof(buf), 2));
		run_ms(4000);
		countdown = 0;
		if (!failed)
			ck_assert(pcc_is_up(pcc, 1) && requests == 2 && pce.reports == 401);
		run_ms(10000); /* whatever failed, it recovers */
		ck_assert(pcc_is_up(pcc, 1));
		ck_assert_uint_ge(pce.syncs, 1);
	} else {
		ck_assert_int_eq(rc, -ENOMEM);
	}
	teardown();
}

START_TEST(an_allocation_that_fails_costs_a_session_at_most)
{
	long n = 1;

	teardown();
	do {
		failed = false;
		one_run(n++);
	} while (failed);
	ck_assert_int_gt(n, 5);
	setup();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pcc_hostile");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, with_the_right_key_it_comes_up_and_with_another_never, 0, 2);
	tcase_add_loop_test(t, pceps_comes_up_with_whom_it_should_and_nobody_else, 0, 4);
	tcase_add_loop_test(t, no_octet_of_a_message_harms, 0, 3);
	tcase_add_test(t, thousands_of_requests_in_one_message_are_one_bounded_turn);
	tcase_add_test(t, an_allocation_that_fails_costs_a_session_at_most);
	suite_add_tcase(s, t);
	return check_main(s);
}
