/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Server end. Clients wait until the counters were read (or a moment passed), then share one
 * rendered answer, which goes when the last has it.
 */
#include "tools/agent/show.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/list.h"
#include "log/log.h"
#include "tools/agent/json.h"

enum { CLIENTS_MAX = 8, BACKLOG = 8 };

#define REFRESH_NS (2 * NS_PER_S)
#define CLIENT_NS (10 * NS_PER_S)

struct answer {
	struct str text;
	unsigned refs;
};

struct client {
	struct list link;
	struct agent_show *show;
	int fd;
	struct loop_io *io;
	struct loop_timer limit;
	struct answer *answer; /* NULL: waits */
	size_t sent;
};

struct agent_show {
	struct loop *loop;
	struct agent_show_ops ops;
	void *arg;
	int fd;
	struct loop_io *io;
	struct list clients;
	unsigned n_clients;
	bool refreshing;
	struct loop_timer patience;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

static void answer_unref(struct answer *a)
{
	if (!a || --a->refs > 0)
		return;
	str_fini(&a->text);
	free(a);
}

static void client_free(struct client *c)
{
	list_del(&c->link);
	c->show->n_clients--;
	loop_timer_fini(&c->limit);
	loop_io_free(c->io);
	(void)close(c->fd);
	answer_unref(c->answer);
	free(c);
}

static void on_limit(void *arg)
{
	client_free(arg);
}

static void on_client(void *arg, unsigned events)
{
	struct client *c = arg;
	const char *p;
	ssize_t n;

	(void)events;
	if (!c->answer)
		return;
	p = str_text(&c->answer->text);
	n = send(c->fd, p + c->sent, c->answer->text.len - c->sent, MSG_NOSIGNAL);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		c->sent += (size_t)n;
	if (n <= 0 || c->sent == c->answer->text.len)
		client_free(c);
}

static void client_new(struct agent_show *s, int fd)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c || loop_io_new(&c->io, s->loop, fd, on_client, c) < 0) {
		free(c);
		(void)close(fd);
		return;
	}
	loop_io_want(c->io, 0);
	c->show = s;
	c->fd = fd;
	loop_timer_init(&c->limit, s->loop, on_limit, c);
	loop_timer_after(&c->limit, CLIENT_NS);
	list_add(&s->clients, &c->link);
	s->n_clients++;
}

static void on_accept(void *arg, unsigned events)
{
	struct agent_show *s = arg;
	int fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)events;
	if (fd < 0)
		return;
	if (s->n_clients >= CLIENTS_MAX) {
		(void)close(fd);
		return;
	}
	client_new(s, fd);
	if (s->refreshing || list_empty(&s->clients))
		return;
	s->refreshing = true;
	loop_timer_after(&s->patience, REFRESH_NS);
	s->ops.refresh(s->arg);
}

void agent_show_ready(struct agent_show *s)
{
	struct answer *a;

	loop_timer_stop(&s->patience);
	if (!s->refreshing)
		return;
	s->refreshing = false;
	a = calloc(1, sizeof(*a));
	if (a) {
		a->refs = 1;
		a->text.limit = AGENT_JSON_MAX;
		s->ops.render(s->arg, &a->text);
	}
	LIST_EACH (it, &s->clients) {
		struct client *c = LIST_OF(it, struct client, link);

		if (c->answer)
			continue;
		if (!a || a->text.bad) {
			client_free(c); /* an empty answer is an error to the other end */
			continue;
		}
		c->answer = a;
		a->refs++;
		loop_io_want(c->io, LOOP_WRITE);
	}
	answer_unref(a);
}

static void on_patience(void *arg)
{
	agent_show_ready(arg); /* with the counters as they were */
}

static int dial(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd, rc;

	if (!str_copy(sa.sun_path, sizeof(sa.sun_path), path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) == 0)
		return fd;
	rc = -errno;
	(void)close(fd);
	return rc;
}

/* Takes the path over from an agent that is no more, never from one that answers. */
static int bind_path(struct agent_show *s, const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int other = dial(path);

	if (other >= 0) {
		(void)close(other);
		return -EADDRINUSE;
	}
	if (!str_copy(sa.sun_path, sizeof(sa.sun_path), path))
		return -ENAMETOOLONG;
	if (other == -ECONNREFUSED)
		(void)unlink(path);
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0 || bind(s->fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0)
		return -errno;
	(void)str_copy(s->path, sizeof(s->path), path);
	if (chmod(path, 0660) < 0 || listen(s->fd, BACKLOG) < 0)
		return -errno;
	return loop_io_new(&s->io, s->loop, s->fd, on_accept, s);
}

int agent_show_new(struct agent_show **outp, struct loop *loop, const char *path,
		   const struct agent_show_ops *ops, void *arg)
{
	AUTO(agent_show_free) struct agent_show *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return err_raise(-ENOMEM);
	s->loop = loop;
	s->ops = *ops;
	s->arg = arg;
	s->fd = -1;
	list_init(&s->clients);
	loop_timer_init(&s->patience, loop, on_patience, s);
	rc = bind_path(s, path);
	if (rc < 0)
		return err_raise(rc);
	loop_io_want(s->io, LOOP_READ);
	*outp = TAKE(s);
	return 0;
}

struct agent_show *agent_show_free(struct agent_show *s)
{
	if (!s)
		return NULL;
	LIST_EACH (it, &s->clients)
		client_free(LIST_OF(it, struct client, link));
	loop_timer_fini(&s->patience);
	if (s->io)
		loop_io_free(s->io);
	if (s->fd >= 0)
		(void)close(s->fd);
	if (s->path[0])
		(void)unlink(s->path);
	free(s);
	return NULL;
}

const char *agent_show_path(const struct agent_show *s)
{
	return s->path;
}

int agent_show_ask(const char *path, struct str *out)
{
	struct timeval patience = { .tv_sec = 15 };
	char buf[65536];
	ssize_t n;
	int fd = dial(path), rc = 0;

	if (fd < 0)
		return fd;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	while ((n = recv(fd, buf, sizeof(buf), 0)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			rc = -errno;
			break;
		}
		str_addn(out, buf, (size_t)n);
	}
	(void)close(fd);
	if (rc == 0 && (out->bad || out->len == 0))
		rc = out->bad ? -ENOMEM : -ENODATA;
	return rc;
}
