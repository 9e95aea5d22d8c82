/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/agent/kernel/nl.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/list.h"
#include "tools/agent/kernel/attr.h"

enum {
	FLIGHT_MAX = 64, /* requests without answer; their answers fit the receive buffer */
	RECEIVES_A_TURN = 32,
	RCVBUF = 4 << 20,
	BUFFER = 64 << 10, /* more than the kernel puts into one datagram */
};

struct request {
	struct list link;
	struct agent_nl_ask ask;
	uint32_t seq;
	int err; /* of a dump that has to be repeated or failed */
	size_t len;
	uint8_t bytes[]; /* aligned as the header is by malloc and the members above */
};

struct agent_nl {
	struct loop *loop;
	struct loop_io *io;
	struct agent_nl_ops ops;
	void *arg;
	int fd;
	uint32_t port, seq;
	struct list waiting, flight;
	unsigned n_flight;
	size_t n_pending;
	bool dumping, stalled;
	uint8_t *buf;
};

_Static_assert(offsetof(struct request, bytes) % NLMSG_ALIGNTO == 0, "messages are aligned");

static void pump(struct agent_nl *nl);

static void finish(struct agent_nl *nl, struct request *q, int err, const char *text)
{
	list_del(&q->link);
	nl->n_pending--;
	if (q->ask.done)
		q->ask.done(q->ask.arg, q->ask.tag, err, text);
	free(q);
}

static void land(struct agent_nl *nl, struct request *q, int err, const char *text)
{
	nl->n_flight--;
	if (q->ask.dump)
		nl->dumping = false;
	finish(nl, q, err, text);
}

/* The first that may go now: dumps wait for each other, the rest passes them. */
static struct request *next_waiting(const struct agent_nl *nl)
{
	LIST_EACH (it, &nl->waiting) {
		struct request *q = LIST_OF(it, struct request, link);

		if (!q->ask.dump || !nl->dumping)
			return q;
	}
	return NULL;
}

static void stamp(struct agent_nl *nl, struct request *q)
{
	uint8_t *p = q->bytes;
	size_t left = q->len;

	q->seq = ++nl->seq ? nl->seq : ++nl->seq;
	while (left >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr h;
		size_t step;

		memcpy(&h, p, sizeof(h));
		h.nlmsg_seq = q->seq;
		h.nlmsg_pid = 0;
		memcpy(p, &h, sizeof(h));
		step = NLMSG_ALIGN(h.nlmsg_len);
		if (step < sizeof(h) || step > left)
			break;
		p += step;
		left -= step;
	}
}

static void pump(struct agent_nl *nl)
{
	struct request *q;

	while (!nl->stalled && nl->n_flight < FLIGHT_MAX && (q = next_waiting(nl))) {
		stamp(nl, q);
		if (send(nl->fd, q->bytes, q->len, 0) < 0) {
			if (errno == EINTR)
				continue;
			if (errno == EAGAIN || errno == ENOBUFS) {
				nl->stalled = true;
				loop_io_want(nl->io, LOOP_READ | LOOP_WRITE);
				return;
			}
			finish(nl, q, errno, "");
			continue;
		}
		list_del(&q->link);
		list_add(&nl->flight, &q->link);
		nl->n_flight++;
		nl->dumping = nl->dumping || q->ask.dump;
	}
}

static struct request *by_seq(const struct agent_nl *nl, uint32_t seq)
{
	LIST_EACH (it, &nl->flight) {
		struct request *q = LIST_OF(it, struct request, link);

		if (q->seq == seq)
			return q;
	}
	return NULL;
}

/* The text of an extended acknowledgement. */
static const char *ack_text(const struct nlmsghdr *h, const struct nlmsgerr *e)
{
	size_t skip = sizeof(*e);
	struct agent_attrs it;
	const struct nlattr *a;

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return "";
	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		skip += e->msg.nlmsg_len - sizeof(e->msg);
	if (skip > mnl_nlmsg_get_payload_len(h))
		return "";
	it = agent_attrs_of(h, skip);
	while (agent_attrs_next(&it, &a)) {
		if (mnl_attr_get_type(a) == NLMSGERR_ATTR_MSG &&
		    mnl_attr_validate(a, MNL_TYPE_NUL_STRING) == 0)
			return mnl_attr_get_str(a);
	}
	return "";
}

static void on_error(struct agent_nl *nl, struct request *q, const struct nlmsghdr *h)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*e))
		land(nl, q, EBADMSG, "");
	else
		land(nl, q, e->error < 0 ? -e->error : 0, e->error ? ack_text(h, e) : "");
}

static void on_done(struct agent_nl *nl, struct request *q, const struct nlmsghdr *h)
{
	int err = 0;

	if (mnl_nlmsg_get_payload_len(h) >= sizeof(err))
		memcpy(&err, mnl_nlmsg_get_payload(h), sizeof(err));
	land(nl, q, err < 0 ? -err : q->err, "");
}

static void on_message(struct agent_nl *nl, const struct nlmsghdr *h)
{
	struct request *q =
		h->nlmsg_seq && h->nlmsg_pid == nl->port ? by_seq(nl, h->nlmsg_seq) : NULL;

	if (q && h->nlmsg_flags & NLM_F_DUMP_INTR)
		q->err = EINTR; /* changed while it was read: the asker repeats it */
	if (!q) {
		if (h->nlmsg_type >= NLMSG_MIN_TYPE && nl->ops.event)
			nl->ops.event(nl->arg, h);
	} else if (h->nlmsg_type == NLMSG_ERROR) {
		on_error(nl, q, h);
	} else if (h->nlmsg_type == NLMSG_DONE) {
		on_done(nl, q, h);
	} else if (h->nlmsg_type >= NLMSG_MIN_TYPE && q->ask.reply) {
		q->ask.reply(q->ask.arg, q->ask.tag, h);
	}
}

static void on_lost(struct agent_nl *nl)
{
	/* Only those in flight now; done() may queue new ones. */
	for (unsigned n = nl->n_flight; n > 0 && !list_empty(&nl->flight); n--)
		land(nl, LIST_OF(nl->flight.next, struct request, link), ENOBUFS, "");
	if (nl->ops.lost)
		nl->ops.lost(nl->arg);
}

/* False when there is nothing more to read now. */
static bool receive(struct agent_nl *nl)
{
	struct sockaddr_nl from = { 0 };
	struct iovec iov = { .iov_base = nl->buf, .iov_len = BUFFER };
	struct msghdr m = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1
	};
	ssize_t r = recvmsg(nl->fd, &m, MSG_DONTWAIT);
	const struct nlmsghdr *h = (const void *)nl->buf;
	int left = (int)r;

	if (r < 0 && errno == ENOBUFS)
		on_lost(nl);
	if (r < 0)
		return errno == EINTR || errno == ENOBUFS;
	if (from.nl_pid != 0)
		return true; /* not the kernel */
	if (m.msg_flags & MSG_TRUNC)
		on_lost(nl);
	for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left))
		on_message(nl, h);
	return true;
}

static void on_io(void *arg, unsigned events)
{
	struct agent_nl *nl = arg;

	if (events & LOOP_WRITE) {
		nl->stalled = false;
		loop_io_want(nl->io, LOOP_READ);
	}
	for (unsigned i = 0; i < RECEIVES_A_TURN && receive(nl); i++)
		;
	pump(nl);
}

static int set_up(struct agent_nl *nl, int bus)
{
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(self);
	int on = 1, size = RCVBUF;

	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, bus);
	if (nl->fd < 0 || bind(nl->fd, (struct sockaddr *)&self, sizeof(self)) < 0 ||
	    getsockname(nl->fd, (struct sockaddr *)&self, &len) < 0)
		return err_raise(-errno);
	nl->port = self.nl_pid;
	(void)setsockopt(nl->fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	(void)setsockopt(nl->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	(void)setsockopt(nl->fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	if (setsockopt(nl->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(nl->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return err_trace(loop_io_new(&nl->io, nl->loop, nl->fd, on_io, nl));
}

int agent_nl_new(struct agent_nl **outp, struct loop *loop, int bus, const struct agent_nl_ops *ops,
		 void *arg)
{
	AUTO(agent_nl_free) struct agent_nl *nl = calloc(1, sizeof(*nl));
	int r;

	if (!nl)
		return err_raise(-ENOMEM);
	nl->loop = loop;
	nl->ops = ops ? *ops : (struct agent_nl_ops){ 0 };
	nl->arg = arg;
	nl->fd = -1;
	list_init(&nl->waiting);
	list_init(&nl->flight);
	nl->buf = malloc(BUFFER);
	if (!nl->buf)
		return err_raise(-ENOMEM);
	r = set_up(nl, bus);
	if (r < 0)
		return err_trace(r);
	loop_io_want(nl->io, LOOP_READ);
	*outp = TAKE(nl);
	return 0;
}

struct agent_nl *agent_nl_free(struct agent_nl *nl)
{
	if (!nl)
		return NULL;
	nl->stalled = true; /* what done() queues goes nowhere */
	while (!list_empty(&nl->flight))
		land(nl, LIST_OF(nl->flight.next, struct request, link), ECANCELED, "");
	while (!list_empty(&nl->waiting))
		finish(nl, LIST_OF(nl->waiting.next, struct request, link), ECANCELED, "");
	loop_io_free(nl->io);
	if (nl->fd >= 0)
		(void)close(nl->fd);
	free(nl->buf);
	free(nl);
	return NULL;
}

int agent_nl_join(struct agent_nl *nl, unsigned group)
{
	if (setsockopt(nl->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return err_raise(-errno);
	return 0;
}

uint32_t agent_nl_port(const struct agent_nl *nl)
{
	return nl->port;
}

int agent_nl_send(struct agent_nl *nl, const void *msgs, size_t len, const struct agent_nl_ask *ask)
{
	struct request *q = malloc(sizeof(*q) + len);

	if (!q)
		return err_raise(-ENOMEM);
	*q = (struct request){ .ask = *ask, .len = len };
	memcpy(q->bytes, msgs, len);
	list_add(&nl->waiting, &q->link);
	nl->n_pending++;
	pump(nl);
	return 0;
}

size_t agent_nl_pending(const struct agent_nl *nl)
{
	return nl->n_pending;
}
