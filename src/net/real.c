/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP sockets: non-blocking, close-on-exec, no delay; a bounded batch per turn of the loop. Many
 * small messages to one peer in a turn are one call of the kernel, which is most of what they cost.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "net/net_priv.h"

enum { AT_ONCE = 64 * 1024, READ_CHUNK = 16 * 1024, READS_A_TURN = 4, ACCEPTS_A_TURN = 16, BACKLOG = 256 };

#define CONNECT_TIMEOUT (60 * NS_PER_S)

static socklen_t to_sockaddr(struct sockaddr_storage *ss, const struct ip_addr *a, uint16_t port)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };

	memset(ss, 0, sizeof(*ss));
	if (a->family == IP_V4) {
		memcpy(&v4.sin_addr, a->b, 4);
		memcpy(ss, &v4, sizeof(v4));
		return sizeof(v4);
	}
	memcpy(&v6.sin6_addr, a->b, 16);
	memcpy(ss, &v6, sizeof(v6));
	return sizeof(v6);
}

/* An IPv4 peer of a dual-stack socket is told as IPv4. */
static struct ip_addr from_sockaddr(const struct sockaddr_storage *ss, uint16_t *port)
{
	struct sockaddr_in6 v6;
	struct sockaddr_in v4;

	if (ss->ss_family == AF_INET) {
		memcpy(&v4, ss, sizeof(v4));
		*port = ntohs(v4.sin_port);
		return ip_v4(&v4.sin_addr);
	}
	memcpy(&v6, ss, sizeof(v6));
	*port = ntohs(v6.sin6_port);
	if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
		return ip_v4(v6.sin6_addr.s6_addr + 12);
	return ip_v6(&v6.sin6_addr);
}

static void names_read(struct net_conn *c)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof(ss);

	if (getsockname(c->fd, (struct sockaddr *)&ss, &len) == 0)
		c->local = from_sockaddr(&ss, &c->local_port);
}

static void opt_on(int fd, int level, int name)
{
	int one = 1;

	(void)setsockopt(fd, level, name, &one, sizeof(one));
}

static void free_bind(int fd, uint8_t family)
{
	if (family == IP_V4)
		opt_on(fd, IPPROTO_IP, IP_FREEBIND);
	else
		opt_on(fd, IPPROTO_IPV6, IPV6_FREEBIND);
}

int net_real_md5(int fd, const struct ip_addr *peer, const struct net_md5 *key, bool on_v6_socket)
{
	struct tcp_md5sig sig = { .tcpm_keylen = key->len };
	struct ip_addr a = *peer;
	struct sockaddr_storage ss;

	if (a.family == IP_V4 && on_v6_socket) { /* the kernel knows it as ::ffff:a.b.c.d */
		uint8_t mapped[16] = { [10] = 0xff, [11] = 0xff };

		memcpy(mapped + 12, peer->b, 4);
		a = ip_v6(mapped);
	}
	(void)to_sockaddr(&ss, &a, 0);
	memcpy(&sig.tcpm_addr, &ss, sizeof(sig.tcpm_addr));
	memcpy(sig.tcpm_key, key->key, key->len);
	if (setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &sig, sizeof(sig)) < 0) {
		if (errno == ENOENT && key->len == 0)
			return 0; /* there was none */
		return err_raise(-errno);
	}
	return 0;
}

/* ---- connections ---- */

static void want(struct net_conn *c)
{
	unsigned events = 0;

	if (!c->io)
		return;
	if (c->state == NET_CONNECTING || c->out.len > 0)
		events |= LOOP_WRITE;
	if (net_conn_hungry(c))
		events |= LOOP_READ;
	loop_io_want(c->io, events);
}

/* Writes what the socket takes; the number written, no callbacks. */
static size_t push(struct net_conn *c)
{
	size_t sum = 0;

	while (c->out.len > sum) {
		ssize_t n = send(c->fd, net_buf_at(&c->out) + sum, c->out.len - sum, MSG_NOSIGNAL);

		if (n > 0) {
			sum += (size_t)n;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			net_conn_fail(c, errno, err_text(errno));
		break;
	}
	return sum;
}

static void real_kick(struct net_conn *c)
{
	if (c->state == NET_CONNECTING || c->state == NET_DEAD)
		return;
	if (c->state == NET_OPEN && c->out.len < AT_ONCE) {
		if (!list_linked(&c->kicked))
			list_add(&c->net->kicked, &c->kicked);
		loop_task_run(&c->net->push);
		return;
	}
	net_buf_drop(&c->out, push(c));
	want(c);
}

/* At the end of a turn. Who says more because of it has his turn at the end of the next. */
void net_real_push(void *arg)
{
	struct net *net = arg;
	struct list now, *n;

	list_init(&now);
	while ((n = list_pop(&net->kicked)))
		list_add(&now, n);
	while ((n = list_pop(&now))) {
		struct net_conn *c = LIST_OF(n, struct net_conn, kicked);

		net_conn_sent(c, push(c));
		if (c->state != NET_DEAD)
			want(c);
	}
}

static void pull(struct net_conn *c)
{
	uint8_t buf[READ_CHUNK];

	for (int i = 0; i < READS_A_TURN && net_conn_hungry(c); i++) {
		ssize_t n = recv(c->fd, buf, sizeof(buf), 0);

		if (n > 0) {
			net_conn_rx(c, buf, (size_t)n);
			if (n < (ssize_t)sizeof(buf))
				break;
			continue;
		}
		if (n == 0)
			net_conn_end(c, 0, "closed by the peer");
		else if (errno != EAGAIN && errno != EINTR)
			net_conn_end(c, errno, err_text(errno));
		break;
	}
}

static void connected(struct net_conn *c)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		err = errno;
	if (err) {
		net_conn_end(c, err, err_text(err));
		return;
	}
	names_read(c);
	net_conn_opened(c);
	if (c->state == NET_OPEN)
		real_kick(c);
}

static void on_io(void *arg, unsigned events)
{
	struct net_conn *c = arg;

	if (c->state == NET_CONNECTING) {
		connected(c);
		return;
	}
	if (events & LOOP_WRITE)
		net_conn_sent(c, push(c));
	if ((events & LOOP_READ) && c->state != NET_DEAD)
		pull(c);
	if (c->state != NET_DEAD)
		want(c);
}

static void real_shut(struct net_conn *c)
{
	(void)shutdown(c->fd, SHUT_WR);
	want(c);
}

static void real_close(struct net_conn *c)
{
	/* The last words of this turn; what the socket does not take is lost, as ever. */
	if (list_linked(&c->kicked) && c->fd >= 0 && c->out.len > 0)
		(void)!send(c->fd, net_buf_at(&c->out), c->out.len, MSG_NOSIGNAL);
	list_del(&c->kicked);
	c->io = loop_io_free(c->io);
	if (c->fd >= 0)
		(void)close(c->fd);
	c->fd = -1;
}

const struct net_transport net_real = {
	.kick = real_kick,
	.pause = want,
	.shut = real_shut,
	.close = real_close,
};

static void connect_timeout(void *arg)
{
	net_conn_end(arg, ETIMEDOUT, "no answer to the connection request");
}

int net_real_connect(struct net_conn *c, const struct net_connect_cfg *cfg)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int r;

	c->fd = socket(cfg->remote.family == IP_V4 ? AF_INET : AF_INET6,
		       SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return err_raise(-errno);
	opt_on(c->fd, IPPROTO_TCP, TCP_NODELAY);
	if (cfg->md5.len > 0) {
		r = net_real_md5(c->fd, &cfg->remote, &cfg->md5, cfg->remote.family == IP_V6);
		if (r < 0)
			return err_trace(r);
	}
	if (cfg->local.family != IP_NONE || cfg->local_port) {
		opt_on(c->fd, SOL_SOCKET, SO_REUSEADDR);
		if (c->net->nonlocal)
			free_bind(c->fd, cfg->remote.family);
		len = to_sockaddr(&ss, &cfg->local, cfg->local_port);
		if (cfg->local.family == IP_NONE)
			ss.ss_family = cfg->remote.family == IP_V4 ? AF_INET : AF_INET6;
		if (bind(c->fd, (struct sockaddr *)&ss, len) < 0)
			return err_raise(-errno);
	}
	len = to_sockaddr(&ss, &cfg->remote, cfg->port);
	if (connect(c->fd, (struct sockaddr *)&ss, len) < 0 && errno != EINPROGRESS)
		net_conn_fail(c, errno, err_text(errno)); /* told later, like every failure */
	r = loop_io_new(&c->io, c->net->loop, c->fd, on_io, c);
	if (r < 0)
		return err_trace(r);
	c->timer.fn = connect_timeout;
	loop_timer_after(&c->timer, cfg->timeout_ns ? cfg->timeout_ns : CONNECT_TIMEOUT);
	want(c);
	return 0;
}

/* ---- listeners ---- */

static bool accept_one(struct net_listener *l)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof(ss);
	int fd = accept4(l->fd, (struct sockaddr *)&ss, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct net_conn *c;

	if (fd < 0)
		return false;
	c = net_conn_make(l->net);
	if (!c) {
		(void)close(fd);
		return false;
	}
	c->fd = fd;
	c->state = NET_OPEN;
	opt_on(fd, IPPROTO_TCP, TCP_NODELAY);
	c->peer = from_sockaddr(&ss, &c->peer_port);
	names_read(c);
	if (loop_io_new(&c->io, l->net->loop, fd, on_io, c) < 0) {
		net_conn_close(c);
		return false;
	}
	l->ops->accept(l->arg, c, &c->peer, c->peer_port);
	if (!c->taken)
		net_conn_close(c);
	else if (c->state != NET_DEAD)
		want(c);
	return true;
}

static void on_accept(void *arg, unsigned events)
{
	struct net_listener *l = arg;

	(void)events;
	for (int i = 0; i < ACCEPTS_A_TURN && accept_one(l); i++)
		;
}

int net_real_listen(struct net_listener *l)
{
	struct sockaddr_storage ss;
	socklen_t len = to_sockaddr(&ss, &l->cfg.addr, l->cfg.port);
	int v6only = l->cfg.v6only, r;

	l->fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		return err_raise(-errno);
	opt_on(l->fd, SOL_SOCKET, SO_REUSEADDR);
	if (ss.ss_family == AF_INET6)
		(void)setsockopt(l->fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only));
	if (bind(l->fd, (struct sockaddr *)&ss, len) < 0 || listen(l->fd, BACKLOG) < 0)
		return err_raise(-errno);
	len = sizeof(ss);
	if (getsockname(l->fd, (struct sockaddr *)&ss, &len) == 0)
		(void)from_sockaddr(&ss, &l->cfg.port);
	r = loop_io_new(&l->io, l->net->loop, l->fd, on_accept, l);
	if (r < 0)
		return err_trace(r);
	loop_io_want(l->io, LOOP_READ);
	return 0;
}

struct net_listener *net_listener_free(struct net_listener *l)
{
	if (!l)
		return NULL;
	loop_io_free(l->io);
	if (l->fd >= 0)
		(void)close(l->fd);
	net_fake_unlisten(l);
	list_del(&l->link);
	free(l);
	return NULL;
}
