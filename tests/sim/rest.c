/* SPDX-License-Identifier: Apache-2.0 */
/* A client of the northbound: one request, one connection, waiting on the fake loop. */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

struct client {
	struct net_conn *conn;
	struct str rx;
	bool up, down;
};

static void on_up(void *arg)
{
	((struct client *)arg)->up = true;
}

static size_t on_data(void *arg, const uint8_t *data, size_t len)
{
	str_addn(&((struct client *)arg)->rx, (const char *)data, len);
	return len;
}

static void on_down(void *arg, int err, const char *why)
{
	struct client *c = arg;

	(void)err;
	(void)why;
	c->down = true;
	c->conn = NULL;
}

static const struct net_ops ops = { .up = on_up, .data = on_data, .down = on_down };

static void wait_until(const bool *a, const bool *b)
{
	struct mono end = mono_add(loop_now(sim.loop), 5 * NS_PER_S);

	while (!*a && !*b && loop_fake_step(sim.loop, end))
		;
}

unsigned rest(const char *method, const char *path, const char *body)
{
	struct net_connect_cfg cfg = { .port = 8080 };
	struct client c = { .conn = NULL };
	struct str req = { 0 };
	unsigned status = 0;

	(void)ip_parse("::1", &cfg.remote);
	(void)ip_parse("::1", &cfg.local);
	if (net_connect(sim.net, &cfg, &ops, &c, &c.conn) != 0)
		return 0;
	wait_until(&c.up, &c.down);
	str_addf(&req, "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n", method, path);
	str_addf(&req, "Content-Type: application/yang-data+json\r\nContent-Length: %zu\r\n\r\n%s",
		 body ? strlen(body) : 0, body ? body : "");
	if (!c.down && net_conn_send(c.conn, req.s, req.len) == 0)
		wait_until(&c.down, &c.down);
	if (strncmp(str_text(&c.rx), "HTTP/1.1 ", 9) == 0)
		status = (unsigned)strtoul(str_text(&c.rx) + 9, NULL, 10);
	if (status >= 400)
		say("%s", str_text(&c.rx));
	net_conn_close(c.conn);
	str_fini(&req);
	str_fini(&c.rx);
	return status;
}
