/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rooms with state: configuration, store, HTTP. A refused allocation is said or answered, and
 * the next try with memory works. HTTP runs on a network of this file's own, so that only its
 * own allocations fail.
 */
#include <assert.h>
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "fault.h"
#include "log/log.h"
#include "northbound/http/http.h"
#include "rooms.h"
#include "store/store.h"

static char dir[] = "/tmp/sextant-fault-XXXXXX";

/* ---- configuration ---- */

static const char text[] = "node: ctl\n"
			   "listen:\n  restconf:\n    - { address: \"::1\", port: 8080 }\n"
			   "access:\n  - { common-name: noc-1, role: read }\n"
			   "bgp:\n  as: 65000\n  router-id: 192.0.2.1\n  peer:\n"
			   "    - { address: \"fd00::1\", remote-as: 65000, insecure: true }\n";

static void conf_once(void *arg)
{
	struct str STR_AUTO errors = { 0 };
	struct conf *c = NULL;
	bool refused;
	int r;

	fault_begin();
	r = conf_load(arg, &c, &errors);
	refused = fault_end();
	ck_assert(r == 0 || (r < 0 && refused && !c));
	if (r == 0) {
		ck_assert_str_eq(c->node, "ctl");
		ck_assert_uint_eq(c->n_bgp_peers, 1);
		ck_assert_uint_eq(c->n_roles, 1);
	}
	conf_free(c);
}

START_TEST(a_configuration_is_loaded_whole_or_refused)
{
	char path[80];
	FILE *f;

	snprintf(path, sizeof(path), "%s/c.yaml", dir);
	f = fopen(path, "w");
	fputs(text, f);
	fclose(f);
	ck_assert_uint_ge(fault_each(conf_once, path), 10);
	unlink(path);
}
END_TEST

/* ---- store ---- */

struct shop {
	struct loop *loop;
	char path[80];
	unsigned runs;
	int told;
};

static void on_done(void *arg, int r)
{
	struct shop *s = arg;

	s->told = r == 0 ? 1 : r;
	loop_stop(s->loop);
}

static int count_one(void *arg, const char *key, const void *value, size_t len)
{
	(void)key;
	(void)value;
	(void)len;
	++*(unsigned *)arg;
	return 0;
}

static void store_once(void *arg)
{
	struct shop *s = arg;
	char key[32], err[200], file[100];
	const struct store_op ops[] = { { "b", key, "v", 1 }, { "c", key, "w", 1 } };
	unsigned b = 0, c = 0;
	struct store *st = NULL;
	bool refused;
	int r;

	snprintf(key, sizeof(key), "k%u", s->runs);
	snprintf(file, sizeof(file), "%s%u", s->path, s->runs++);
	s->told = 0;
	fault_begin();
	r = store_open(&st, s->loop, file, err, sizeof(err));
	if (r == 0)
		r = store_write(st, ops, 2, on_done, s);
	refused = fault_end();
	ck_assert(r == 0 || refused);
	if (r == 0) {
		loop_run(s->loop);
		ck_assert_int_eq(s->told, 1);
	}
	store_close(st);
	ck_assert_int_eq(store_open(&st, s->loop, file, err, sizeof(err)), 0);
	ck_assert_int_eq(store_each(st, "b", count_one, &b), 0);
	ck_assert_int_eq(store_each(st, "c", count_one, &c), 0);
	ck_assert_uint_eq(b, r == 0);
	ck_assert_uint_eq(c, r == 0);
	store_close(st);
	unlink(file);
}

START_TEST(a_write_is_durable_whole_or_refused)
{
	struct shop s = { 0 };

	snprintf(s.path, sizeof(s.path), "%s/store", dir);
	ck_assert_int_eq(loop_new(&s.loop), 0);
	ck_assert_uint_ge(fault_each(store_once, &s), 3);
	loop_free(s.loop);
}
END_TEST

/* ---- a network that allocates nothing ---- */

struct net_listener {
	const struct net_listen_ops *ops;
	void *arg;
};

struct net_conn {
	const struct net_ops *ops;
	void *arg;
	bool open, finishing;
	size_t sent;
	char out[65536];
};

static struct net_listener listener;
static struct net_conn conn;

int net_listen(struct net *net, const struct net_listen_cfg *cfg, const struct net_listen_ops *ops,
	       void *arg, struct net_listener **outp)
{
	(void)net;
	(void)cfg;
	listener = (struct net_listener){ ops, arg };
	*outp = &listener;
	return 0;
}

struct net_listener *net_listener_free(struct net_listener *l)
{
	(void)l;
	return NULL;
}

uint16_t net_listener_port(const struct net_listener *l)
{
	(void)l;
	return 80;
}

void net_conn_take(struct net_conn *c, const struct net_ops *ops, void *arg)
{
	c->ops = ops;
	c->arg = arg;
	c->open = true;
}

void net_conn_limits(struct net_conn *c, size_t read_max, size_t send_max)
{
	(void)c;
	(void)read_max;
	(void)send_max;
}

int net_conn_send(struct net_conn *c, const void *data, size_t len)
{
	assert(c->open);
	if (c->sent + len > sizeof(c->out) - 1)
		return NET_E_FULL;
	memcpy(c->out + c->sent, data, len);
	c->sent += len;
	c->out[c->sent] = '\0';
	return 0;
}

size_t net_conn_queued(const struct net_conn *c)
{
	(void)c;
	return 0;
}

void net_conn_pause(struct net_conn *c, bool paused)
{
	(void)c;
	(void)paused;
}

void net_conn_finish(struct net_conn *c, uint64_t linger_ns)
{
	(void)linger_ns;
	assert(c->open);
	c->open = false;
}

struct net_conn *net_conn_close(struct net_conn *c)
{
	if (c)
		c->open = false;
	return NULL;
}

int net_conn_tls(struct net_conn *c, struct net_tls *tls, enum net_tls_use use, const char *server_name)
{
	(void)c;
	(void)tls;
	(void)use;
	(void)server_name;
	return -ENOTSUP;
}

const char *net_conn_alpn(const struct net_conn *c)
{
	(void)c;
	return "";
}

const char *net_conn_peer_name(const struct net_conn *c)
{
	(void)c;
	return "";
}

struct net_tls *net_tls_ref(struct net_tls *tls)
{
	return tls;
}

struct net_tls *net_tls_unref(struct net_tls *tls)
{
	(void)tls;
	return NULL;
}

/* ---- HTTP ---- */

struct shot {
	const char *data;
	size_t len;
	const char *good; /* in the answer when nothing failed */
	unsigned handled;
};

static void handler(void *arg, struct http_req *r)
{
	const struct http_header h[] = { { "x-test", "yes" } };
	struct shot *s = arg;
	size_t len;

	s->handled++;
	/* Whole, or it is not asked. (Check's own claims allocate: not in here.) */
	assert(strcmp(http_body(r, &len), "abc") == 0 && strcmp(http_path(r), "/p") == 0);
	http_reply(r, 200, h, 1, "answer", 6);
}

static void client_run(struct loop *loop, const struct shot *s)
{
	const struct mono end = mono_add(loop_now(loop), NS_PER_S);
	struct ip_addr peer;

	conn = (struct net_conn){ 0 };
	(void)ip_parse("::1", &peer);
	listener.ops->accept(listener.arg, &conn, &peer, 1000);
	if (conn.open)
		conn.ops->data(conn.arg, (const uint8_t *)s->data, s->len);
	while (loop_fake_step(loop, end))
		;
}

static void http_once(void *arg)
{
	struct shot *s = arg;
	struct net_listen_cfg lc = { .port = 80 };
	struct http_cfg cfg;
	struct http *h = NULL;
	struct loop *loop;
	bool refused;

	s->handled = 0;
	http_cfg_default(&cfg);
	ck_assert_int_eq(loop_fake_new(&loop, 1), 0);
	ck_assert_int_eq(ip_parse("::1", &lc.addr), 0);
	ck_assert_int_eq(http_new(&h, loop, NULL, &cfg, handler, s), 0);
	ck_assert_int_eq(http_listen(h, &lc, NULL), 0);
	client_run(loop, s); /* what lives as long as the process is made now, not below */
	ck_assert_ptr_nonnull(memmem(conn.out, conn.sent, s->good, strlen(s->good)));
	if (conn.open)
		conn.ops->down(conn.arg, 0, "");
	s->handled = 0;
	fault_begin();
	client_run(loop, s);
	refused = fault_end();
	/* The answer, an error, or the end; never silence. */
	ck_assert(refused || memmem(conn.out, conn.sent, s->good, strlen(s->good)));
	ck_assert(!conn.open || conn.sent);
	if (conn.open)
		conn.ops->down(conn.arg, 0, "");
	s->handled = 0;
	client_run(loop, s);
	ck_assert_uint_eq(s->handled, 1);
	ck_assert_ptr_nonnull(memmem(conn.out, conn.sent, s->good, strlen(s->good)));
	http_free(h);
	loop_free(loop);
}

static const char h1[] = "POST /p?q HTTP/1.1\r\nHost: localhost\r\nA: b\r\nContent-Length: 3\r\n\r\nabc";
/* Preface, SETTINGS, HEADERS of POST /p on localhost, DATA. */
static const char h2[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
			 "\0\0\0\4\0\0\0\0\0"
			 "\0\0\x11\1\4\0\0\0\1\x83\x86\1\x9localhost\4\2/p"
			 "\0\0\3\0\1\0\0\0\1abc";
static struct shot shots[] = {
	{ h1, sizeof(h1) - 1, "\r\n\r\nanswer", 0 },
	{ h2, sizeof(h2) - 1, "answer", 0 },
};

START_TEST(a_request_is_answered_or_the_connection_ends)
{
	ck_assert_uint_ge(fault_each(http_once, &shots[_i]), 4);
}
END_TEST

TCase *fault_state(void)
{
	const struct log_cfg quiet = { .level = LOG_ERROR };
	TCase *t = tcase_create("state");

	log_setup(&quiet);
	if (!mkdtemp(dir))
		abort();
	tcase_set_timeout(t, 120);
	tcase_add_test(t, a_configuration_is_loaded_whole_or_refused);
	tcase_add_test(t, a_write_is_durable_whole_or_refused);
	tcase_add_loop_test(t, a_request_is_answered_or_the_connection_ends, 0, ARRAY_LEN(shots));
	return t;
}

void fault_state_end(void)
{
	(void)rmdir(dir);
}
