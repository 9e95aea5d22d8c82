/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Inside net: a connection is owner ⇄ core (net.c: buffers, limits, life) ⇄ optional TLS
 * filter (tls.c) ⇄ transport (real.c: sockets, fake.c: memory).
 */
#include <openssl/ssl.h>

#include "base/list.h"
#include "net/net.h"

struct net_buf {
	uint8_t *data;
	size_t len, cap, off; /* live octets are data[off .. off + len) */
};

int net_buf_add(struct net_buf *b, const void *data, size_t len); /* 0 or -ENOMEM */
void net_buf_drop(struct net_buf *b, size_t n);
void net_buf_fini(struct net_buf *b);
static inline const uint8_t *net_buf_at(const struct net_buf *b)
{
	return b->data + b->off;
}

/* What a transport does for a connection. */
struct net_transport {
	/* out has something (or the state changed): move what can be moved. No callbacks. */
	void (*kick)(struct net_conn *c);
	void (*pause)(struct net_conn *c); /* c->paused or room changed */
	void (*shut)(struct net_conn *c);  /* everything is sent and the owner wants an end */
	void (*close)(struct net_conn *c);
};

enum net_conn_state {
	NET_CONNECTING,
	NET_OPEN,
	NET_FINISHING, /* the owner let go; the queue drains */
	NET_DEAD,
};

struct net_conn {
	struct net *net;
	struct list link;
	enum net_conn_state state;
	const struct net_ops *ops;
	void *arg;
	struct ip_addr peer, local;
	uint16_t peer_port, local_port;
	struct net_buf in, out, early; /* early: plaintext sent before the handshake was done */
	size_t read_max, send_max;
	bool paused, high, taken, delivering;
	struct loop_timer timer; /* connecting, or lingering */
	struct loop_task deliver;
	struct loop_task fail; /* a failure met where no callback may run */
	int fail_err;
	const char *fail_why;
	/* TLS */
	SSL *ssl;
	BIO *rbio, *wbio; /* owned by ssl */
	struct net_tls *tls;
	bool tls_up, tls_fresh; /* fresh: started inside data, leftovers not fed yet */
	char peer_name[128], alpn[32], tls_error[256];
	/* real */
	int fd;
	struct loop_io *io;
	struct list kicked; /* in net->kicked */
	/* fake */
	struct net_conn *other;
	struct list inbox; /* packets on their way to us */
	uint64_t last_due_ns;
};

struct net_listener {
	struct net *net;
	struct list link;
	struct net_listen_cfg cfg;
	const struct net_listen_ops *ops;
	void *arg;
	int fd;
	struct loop_io *io;
	struct list keys; /* fake: MD5 keys */
};

struct net {
	struct loop *loop;
	bool fake;
	bool nonlocal;
	const struct net_transport *transport;
	struct list conns, listeners, dead;
	struct loop_task reap;
	/* real: what was said in this turn of the loop is sent at its end, in one go */
	struct list kicked;
	struct loop_task push;
	/* fake */
	uint64_t delay_ns_min, delay_ns_max;
	struct list blocks;
	uint16_t next_port;
};

int net_make(struct net **outp, struct loop *loop, const struct net_transport *transport);
struct net_conn *net_conn_make(struct net *net);
/* Bytes from the transport; the end of the stream is net_conn_end(). Runs callbacks. */
void net_conn_rx(struct net_conn *c, const uint8_t *data, size_t len);
void net_conn_end(struct net_conn *c, int err, const char *why);
void net_conn_opened(struct net_conn *c);
/* Fails the connection from a place that may not run callbacks. */
void net_conn_fail(struct net_conn *c, int err, const char *why);
/* n octets of out are with the peer's transport now. May run callbacks. */
void net_conn_sent(struct net_conn *c, size_t n);
bool net_conn_hungry(const struct net_conn *c);

extern const struct net_transport net_real, net_fake;
int net_real_listen(struct net_listener *l);
void net_real_push(void *arg); /* struct net */
int net_real_connect(struct net_conn *c, const struct net_connect_cfg *cfg);
int net_real_md5(int fd, const struct ip_addr *peer, const struct net_md5 *key, bool on_v6_socket);
int net_fake_listen(struct net_listener *l);
int net_fake_connect(struct net_conn *c, const struct net_connect_cfg *cfg);
int net_fake_md5(struct net_listener *l, const struct ip_addr *peer, const struct net_md5 *key);
void net_fake_fini(struct net *net);
void net_fake_unlisten(struct net_listener *l);

/* TLS filter. rx: ciphertext in; plaintext lands in c->in. < 0: failed, text in tls_error. */
int net_tls_rx(struct net_conn *c, const uint8_t *data, size_t len);
int net_tls_tx(struct net_conn *c, const void *data, size_t len);
int net_tls_step(struct net_conn *c, bool *came_up);
void net_tls_bye(struct net_conn *c);
