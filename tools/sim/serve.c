/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands from standard input and from clients of a unix socket, a line each. A client's next
 * line is read when its last answer has gone, so nothing piles up. Answers to standard input
 * go to standard output, which may block: then the one who asked is waited for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/list.h"
#include "tools/sim/sim.h"

enum { LINE_CAP = 4096, CLIENTS_MAX = 64, BACKLOG = 16 };

struct client {
	struct list link;
	struct sim_serve *serve;
	int fd;
	bool is_stdin, ended; /* ended: the other side sends no more */
	struct loop_io *io;
	char in[LINE_CAP];
	size_t n;
	struct str out;
	size_t sent;
};

struct sim_serve {
	struct sim *sim;
	struct list clients;
	unsigned n_clients;
	int fd;
	struct loop_io *io;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

static struct client *client_free(struct client *c)
{
	if (!c)
		return NULL;
	loop_io_free(c->io);
	if (!c->is_stdin && c->fd >= 0)
		(void)close(c->fd);
	if (!c->is_stdin)
		c->serve->n_clients--;
	list_del(&c->link);
	str_fini(&c->out);
	free(c);
	return NULL;
}

static bool busy(const struct client *c)
{
	return c->sent < c->out.len;
}

/* False: the client is gone. */
static bool push(struct client *c)
{
	while (busy(c)) {
		ssize_t n = c->is_stdin ? write(STDOUT_FILENO, c->out.s + c->sent, c->out.len - c->sent) :
					  send(c->fd, c->out.s + c->sent, c->out.len - c->sent,
					       MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN && !c->is_stdin)
			break;
		if (n < 0) {
			client_free(c);
			return false;
		}
		c->sent += (size_t)n;
	}
	if (!busy(c)) {
		c->out.len = 0;
		c->sent = 0;
	}
	return true;
}

/* "json WORDS" answers in JSON whatever the program was told. */
static void answer(struct client *c, char *line)
{
	bool json = c->serve->sim->opt.json;

	line[strcspn(line, "\r")] = '\0';
	line += strspn(line, " \t");
	if (strncmp(line, "json ", 5) == 0) {
		json = true;
		line += 5;
	}
	if (line[strspn(line, " \t")] == '\0' || line[0] == '#')
		return;
	(void)sim_command(c->serve->sim, line, json, &c->out);
}

/* Whole lines, as long as answers go out. False: the client is gone. */
static bool lines(struct client *c)
{
	char *nl;

	while (!busy(c) && (nl = memchr(c->in, '\n', c->n))) {
		size_t len = (size_t)(nl - c->in) + 1;

		*nl = '\0';
		answer(c, c->in);
		c->n -= len;
		memmove(c->in, c->in + len, c->n);
		if (!push(c))
			return false;
	}
	if (busy(c))
		return true;
	if (c->n == sizeof(c->in) || c->ended) { /* a line nobody writes, or the end */
		client_free(c);
		return false;
	}
	return true;
}

static void on_client(void *arg, unsigned events)
{
	struct client *c = arg;

	if ((events & LOOP_WRITE) && !push(c))
		return;
	if ((events & LOOP_READ) && !busy(c) && c->n < sizeof(c->in)) {
		ssize_t n = read(c->fd, c->in + c->n, sizeof(c->in) - c->n);

		if (n > 0)
			c->n += (size_t)n;
		else if (n == 0 || (errno != EAGAIN && errno != EINTR))
			c->ended = true;
	}
	if (lines(c))
		loop_io_want(c->io, busy(c) ? LOOP_WRITE : LOOP_READ);
}

static int client_new(struct sim_serve *v, int fd, bool is_stdin)
{
	struct client *c = calloc(1, sizeof(*c));
	int rc;

	if (!c)
		return err_raise(-ENOMEM);
	c->serve = v;
	c->fd = fd;
	c->is_stdin = is_stdin;
	list_push(&v->clients, &c->link);
	v->n_clients += !is_stdin;
	rc = loop_io_new(&c->io, v->sim->loop, fd, on_client, c);
	if (rc < 0) {
		client_free(c);
		return err_trace(rc);
	}
	loop_io_want(c->io, LOOP_READ);
	return 0;
}

static void on_accept(void *arg, unsigned events)
{
	struct sim_serve *v = arg;
	int fd = accept4(v->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd < 0)
		return;
	if (v->n_clients >= CLIENTS_MAX)
		(void)close(fd);
	else
		(void)client_new(v, fd, false);
}

static int address(struct sockaddr_un *sa, const char *path)
{
	*sa = (struct sockaddr_un){ .sun_family = AF_UNIX };
	return str_copy(sa->sun_path, sizeof(sa->sun_path), path) ? 0 : -ENAMETOOLONG;
}

/* A socket nobody listens on is a leftover of a killed simulator; anything else stays. */
static void leftover_remove(const struct sockaddr_un *sa)
{
	struct stat st;
	int fd;

	if (lstat(sa->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) < 0 && errno == ECONNREFUSED)
		(void)unlink(sa->sun_path);
	(void)close(fd);
}

static int listen_at(struct sim_serve *v, const char *path)
{
	struct sockaddr_un sa;
	int rc = address(&sa, path);

	if (rc < 0)
		return err_raise(rc);
	leftover_remove(&sa);
	v->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (v->fd < 0 || bind(v->fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return err_raise(-errno);
	(void)str_copy(v->path, sizeof(v->path), path);
	if (listen(v->fd, BACKLOG) < 0)
		return err_raise(-errno);
	rc = loop_io_new(&v->io, v->sim->loop, v->fd, on_accept, v);
	if (rc == 0)
		loop_io_want(v->io, LOOP_READ);
	return rc;
}

int sim_serve_new(struct sim_serve **outp, struct sim *s, const char *path)
{
	AUTO(sim_serve_free) struct sim_serve *v = calloc(1, sizeof(*v));
	int rc;

	if (!v)
		return err_raise(-ENOMEM);
	v->sim = s;
	v->fd = -1;
	list_init(&v->clients);
	rc = path ? listen_at(v, path) : 0;
	if (rc == 0 && fcntl(STDIN_FILENO, F_GETFD) >= 0)
		rc = client_new(v, STDIN_FILENO, true);
	if (rc < 0)
		return err_trace(rc);
	*outp = TAKE(v);
	return 0;
}

struct sim_serve *sim_serve_free(struct sim_serve *v)
{
	if (!v)
		return NULL;
	LIST_EACH(it, &v->clients)
		client_free(LIST_OF(it, struct client, link));
	loop_io_free(v->io);
	if (v->fd >= 0)
		(void)close(v->fd);
	if (v->path[0])
		(void)unlink(v->path);
	free(v);
	return NULL;
}

/* ---- the client ---- */

static int ask_failed(const char *path, int err)
{
	(void)fprintf(stderr, "sextant-sim: %s: %s\n", path, err_text(err));
	return 3;
}

static int ask_socket(const char *path)
{
	struct sockaddr_un sa;
	int rc = address(&sa, path), fd;

	if (rc < 0)
		return rc;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
		rc = -errno;
		(void)close(fd);
		return rc;
	}
	return fd;
}

/* Sends all, says that this was all, reads to the end. 0 or -errno. */
static int ask_exchange(int fd, const struct str *line, struct str *reply)
{
	char buf[65536];
	ssize_t n;

	for (size_t at = 0; at < line->len; at += (size_t)n) {
		n = send(fd, line->s + at, line->len - at, MSG_NOSIGNAL);
		if (n < 0)
			return -errno;
	}
	(void)shutdown(fd, SHUT_WR);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		str_addn(reply, buf, (size_t)n);
	return n < 0 ? -errno : reply->bad ? -ENOMEM : 0;
}

int sim_ask(const char *path, char **words, int n, bool json)
{
	STR_AUTO struct str line = { 0 };
	STR_AUTO struct str reply = { 0 };
	const char *said;
	int fd, rc;

	str_add(&line, json ? "json" : "");
	for (int i = 0; i < n; i++)
		str_addf(&line, "%s%s", line.len ? " " : "", words[i]);
	str_add(&line, "\n");
	if (line.bad || line.len >= LINE_CAP) {
		(void)fputs("sextant-sim: the command is too long\n", stderr);
		return 2;
	}
	fd = ask_socket(path);
	if (fd < 0)
		return ask_failed(path, fd);
	rc = ask_exchange(fd, &line, &reply);
	(void)close(fd);
	if (rc < 0)
		return ask_failed(path, rc);
	said = str_text(&reply);
	(void)fputs(said, stdout);
	/* Text ends with the line "ok"; JSON begins with the member. */
	if (strncmp(said, "{\"ok\":true", 10) == 0)
		return 0;
	return reply.len >= 3 && strcmp(said + reply.len - 3, "ok\n") == 0 ? 0 : 1;
}
