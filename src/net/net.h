/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Stream connections: listeners, outgoing connections, TCP-MD5, TLS as a byte filter, bounded
 * send queues. Two backends: real TCP sockets, and a fake network in memory on a fake loop
 * (seeded delays, cuts) for tests/sim. Loop thread only.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "loop/loop.h"

struct net;
struct net_conn;
struct net_listener;
struct net_tls; /* certificates and policy, shared by connections */

int net_new(struct net **outp, struct loop *loop);
/* Fake network: every address is reachable; bytes arrive in order after a seeded delay in
 * [delay_min, delay_max]; writes may be split at any byte. */
int net_fake_new(struct net **outp, struct loop *loop, uint64_t delay_ns_min, uint64_t delay_ns_max);
struct net *net_free(struct net *net);
/* Outgoing connections may start from local addresses that no interface has, as those of an
 * AnyIP route: for simulators, which are many routers in one process. */
void net_nonlocal(struct net *net);
AUTO_DEFINE(struct net, net_free)
/* Fake only: resets every connection between the two hosts (NULL: any), with this error at
 * both ends; while blocked, new connections between them fail by timeout. */
void net_fake_cut(struct net *net, const struct ip_addr *a, const struct ip_addr *b, int err);
void net_fake_block(struct net *net, const struct ip_addr *a, const struct ip_addr *b, bool blocked);

/*
 * What the owner of a connection is told. data returns how many octets it took; the rest is
 * shown again with what arrives next (at most read_max octets are ever held, then reading
 * stops). The owner may close the connection inside any callback.
 */
struct net_ops {
	void (*up)(void *arg);					/* connected; after TLS, once more is not called */
	size_t (*data)(void *arg, const uint8_t *data, size_t len);
	void (*writable)(void *arg);				/* send queue fell below half, may be NULL */
	void (*tls_up)(void *arg);				/* handshake done, may be NULL */
	void (*down)(void *arg, int err, const char *why);	/* err 0: orderly end by the peer. The
								 * connection is gone after it returns */
};

struct net_md5 {
	uint8_t len; /* 0: none; 80 at most */
	uint8_t key[80];
};

struct net_listen_cfg {
	struct ip_addr addr;
	uint16_t port;
	bool v6only;
};

struct net_listen_ops {
	/* A new connection; take it with net_conn_take() or it is closed on return. */
	void (*accept)(void *arg, struct net_conn *conn, const struct ip_addr *peer, uint16_t port);
};

/* 0 or -errno (-EADDRINUSE, …). */
int net_listen(struct net *net, const struct net_listen_cfg *cfg, const struct net_listen_ops *ops,
	       void *arg, struct net_listener **outp);
struct net_listener *net_listener_free(struct net_listener *l);
/* Sets (len 0: removes) the MD5 key for a peer on this listener. 0 or -errno. */
int net_listener_md5(struct net_listener *l, const struct ip_addr *peer, const struct net_md5 *key);
/* The port really bound (for port 0). */
uint16_t net_listener_port(const struct net_listener *l);

struct net_connect_cfg {
	struct ip_addr remote;
	uint16_t port;
	struct ip_addr local; /* IP_NONE: any */
	uint16_t local_port;
	uint64_t timeout_ns; /* of connecting; 0: 60 s */
	struct net_md5 md5;
};

/* Starts connecting; up or down follows, never from inside this call. */
int net_connect(struct net *net, const struct net_connect_cfg *cfg, const struct net_ops *ops,
		void *arg, struct net_conn **outp);
void net_conn_take(struct net_conn *c, const struct net_ops *ops, void *arg);
void net_conn_limits(struct net_conn *c, size_t read_max, size_t send_max);

enum { NET_E_FULL = 1 };

/* Queues all or nothing: 0, or NET_E_FULL when it would pass send_max (default 1 MiB). */
int net_conn_send(struct net_conn *c, const void *data, size_t len);
size_t net_conn_queued(const struct net_conn *c);
void net_conn_pause(struct net_conn *c, bool paused); /* stops reading */
/* Sends what is queued (for at most linger_ns), then closes. down is not called. */
void net_conn_finish(struct net_conn *c, uint64_t linger_ns);
/* Closes now, drops the queue. down is not called. c is gone. NULL is fine. */
struct net_conn *net_conn_close(struct net_conn *c);
struct ip_addr net_conn_peer(const struct net_conn *c, uint16_t *port);
struct ip_addr net_conn_local(const struct net_conn *c, uint16_t *port);

/*
 * TLS. 1.2 and 1.3 for HTTP, 1.3 for PCEPS; mutual when ca_file is set. Errors name the file
 * in err (which has err_cap octets).
 */
enum net_tls_use {
	NET_TLS_SERVER,
	NET_TLS_CLIENT,
};

struct net_tls_cfg {
	const char *cert_file, *key_file; /* PEM; a client may have none */
	const char *ca_file;		  /* whom to trust; a server with it demands a client certificate */
	bool tls13_only;
	const char *const *alpn; /* NULL-terminated, preferred first; NULL: none */
};

int net_tls_new(struct net_tls **outp, enum net_tls_use use, const struct net_tls_cfg *cfg, char *err,
		size_t err_cap);
struct net_tls *net_tls_unref(struct net_tls *tls);
struct net_tls *net_tls_ref(struct net_tls *tls);
AUTO_DEFINE(struct net_tls, net_tls_unref)
/*
 * Turns TLS on for an open connection, at once or in the middle of a stream (PCEPS): octets
 * the owner has not consumed yet are taken as the start of the handshake; in a data callback
 * the return value says what was consumed before. server_name: checked against the
 * certificate by a client, may be NULL (then any name the CA signed). tls_up follows, or down.
 */
int net_conn_tls(struct net_conn *c, struct net_tls *tls, enum net_tls_use use, const char *server_name);
bool net_conn_is_tls(const struct net_conn *c);
const char *net_conn_alpn(const struct net_conn *c); /* "" when none */
/* Subject common name of the peer's verified certificate, "" when none. */
const char *net_conn_peer_name(const struct net_conn *c);
