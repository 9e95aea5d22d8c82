/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Server-sent events. The bus ring is the queue of every client: a client only remembers the
 * last id it was given. One that does not read stops at its stream's bound; when it reads on,
 * what fell out of the ring meanwhile is told as a gap.
 */
#include "northbound/events/events.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/list.h"
#include "log/log.h"
#include "log/metric.h"

enum {
	SSE_TYPES_MAX = 8,
	SSE_TURN = 64, /* events a client gets a turn of the loop */
};

struct sse {
	struct sse_cfg cfg;
	struct list clients;
	uint32_t n_clients;
	struct bus_reader reader;
	struct loop_task wake;
	struct metric *m_clients, *m_dropped;
};

struct client {
	struct list link;
	struct sse *s;
	struct http_req *req;
	uint64_t last;
	char types[SSE_TYPES_MAX][48];
	unsigned n_types;
	char prefix[BUS_RESOURCE_MAX];
	struct str pending; /* one message the stream had no room for */
	struct mono sent;   /* last time the stream took something */
	struct loop_timer timer;
	struct loop_task task;
};

void sse_cfg_default(struct sse_cfg *cfg)
{
	*cfg = (struct sse_cfg){
		.clients_max = 64,
		.heartbeat_ns = 15 * NS_PER_S,
		.stall_ns = 60 * NS_PER_S,
	};
}

/* ---- messages ---- */

static void put_time(struct str *b, uint64_t wall_ns)
{
	time_t t = (time_t)(wall_ns / NS_PER_S);
	struct tm tm;
	char s[40];

	gmtime_r(&t, &tm);
	strftime(s, sizeof(s), "%Y-%m-%dT%H:%M:%S", &tm);
	str_addf(b, "%s.%06uZ", s, (unsigned)(wall_ns % NS_PER_S / NS_PER_US));
}

static void put_event(struct str *b, const struct bus_event *e)
{
	static const char *const severities[] = { [BUS_INFO] = "info", [BUS_WARNING] = "warning",
						  [BUS_ALARM] = "alarm", [BUS_CLEARED] = "cleared" };

	str_addf(b, "id: %" PRIu64 "\ndata: {\"ietf-restconf:notification\":{\"eventTime\":\"", e->id);
	put_time(b, e->wall_ns);
	str_addf(b, "\",\"sextant-events:event\":{\"id\":\"%" PRIu64 "\",\"severity\":\"%s\",\"type\":",
		 e->id, severities[e->severity]);
	str_json(b, e->type);
	str_add(b, ",\"resource\":");
	str_json(b, e->resource);
	if (e->body[0])
		str_addf(b, ",\"details\":{%s}", e->body);
	str_add(b, "}}}\n\n");
}

static void put_gap(struct str *b, uint64_t wall_ns, uint64_t after, uint64_t next)
{
	str_add(b, "event: gap\ndata: {\"ietf-restconf:notification\":{\"eventTime\":\"");
	put_time(b, wall_ns);
	str_addf(b, "\",\"sextant-events:gap\":{\"after\":\"%" PRIu64 "\",\"next\":\"%" PRIu64 "\"}}}\n\n",
		 after, next);
}

/* ---- clients ---- */

static void client_free(struct client *c)
{
	loop_timer_fini(&c->timer);
	loop_task_cancel(&c->task);
	str_fini(&c->pending);
	list_del(&c->link);
	c->s->n_clients--;
	metric_set(c->s->m_clients, c->s->n_clients);
	free(c);
}

static void client_gone(void *arg)
{
	client_free(arg);
}

static void client_end(struct client *c)
{
	struct http_req *req = c->req;

	client_free(c);
	http_stream_end(req);
}

static bool wanted(const struct client *c, const struct bus_event *e)
{
	if (strncmp(e->resource, c->prefix, strlen(c->prefix)) != 0)
		return false;
	for (unsigned i = 0; i < c->n_types; i++)
		if (strcmp(c->types[i], e->type) == 0)
			return true;
	return c->n_types == 0;
}

/* True when the stream took what was pending. */
static bool client_flush(struct client *c)
{
	if (!c->pending.len)
		return true;
	if (http_stream_write(c->req, c->pending.s, c->pending.len) != 0)
		return false; /* room is told */
	c->pending.len = 0;
	c->sent = loop_now(c->s->cfg.loop);
	return true;
}

/* Gives what the ring has beyond the client's last id, while the stream takes it. */
static void client_task(void *arg)
{
	struct client *c = arg;
	const struct bus_event *e;
	bool gap;

	for (unsigned i = 0; i < SSE_TURN; i++) {
		if (!client_flush(c))
			return;
		e = bus_next(c->s->cfg.bus, c->last, &gap);
		if (!e)
			return;
		if (gap)
			put_gap(&c->pending, loop_wall_ns(c->s->cfg.loop), c->last, e->id);
		c->last = e->id;
		if (wanted(c, e))
			put_event(&c->pending, e);
		if (c->pending.bad) { /* no memory: it may come again and resume */
			client_end(c);
			return;
		}
	}
	loop_task_run(&c->task);
}

static void client_room(void *arg)
{
	struct client *c = arg;

	c->sent = loop_now(c->s->cfg.loop);
	loop_task_run(&c->task);
}

static void client_timer(void *arg)
{
	static const char beat[] = ": still here\n\n";
	struct client *c = arg;
	const struct sse_cfg *cfg = &c->s->cfg;
	uint64_t quiet = mono_since(c->sent, loop_now(cfg->loop));

	if (c->pending.len && quiet >= cfg->stall_ns) {
		metric_add(c->s->m_dropped, 1);
		log_event("", LOG_NOTICE, "events.slow", "last=%" PRIu64, c->last);
		client_end(c);
		return;
	}
	if (!c->pending.len && quiet >= cfg->heartbeat_ns &&
	    http_stream_write(c->req, beat, sizeof(beat) - 1) == 0)
		c->sent = loop_now(cfg->loop);
	quiet = mono_since(c->sent, loop_now(cfg->loop));
	loop_timer_after(&c->timer, quiet < cfg->heartbeat_ns ? cfg->heartbeat_ns - quiet :
								cfg->heartbeat_ns);
}

/* ---- requests ---- */

static int hex(char ch)
{
	static const char digits[] = "0123456789abcdef";
	const char *p = ch ? strchr(digits, ch >= 'A' && ch <= 'F' ? ch - 'A' + 'a' : ch) : NULL;

	return p ? (int)(p - digits) : -1;
}

static bool unescape(const char *in, size_t len, char *out, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char ch = in[i];

		if (ch == '%') {
			if (i + 2 >= len || hex(in[i + 1]) < 0 || hex(in[i + 2]) < 0)
				return false;
			ch = (char)(hex(in[i + 1]) * 16 + hex(in[i + 2]));
			i += 2;
		}
		if (!ch || n + 1 >= cap)
			return false;
		out[n++] = ch;
	}
	out[n] = '\0';
	return true;
}

static bool param(struct client *c, const char *name, const char *value)
{
	if (strcmp(name, "after") == 0)
		return str_u64(value, &c->last) == 0;
	if (strcmp(name, "resource") == 0)
		return str_copy(c->prefix, sizeof(c->prefix), value);
	if (strcmp(name, "type") == 0)
		return c->n_types < SSE_TYPES_MAX &&
		       str_copy(c->types[c->n_types++], sizeof(c->types[0]), value);
	return false;
}

static bool params(struct client *c, const char *query)
{
	while (*query) {
		size_t len = strcspn(query, "&"), eq = strcspn(query, "=&");
		char name[32], value[BUS_RESOURCE_MAX];

		if (eq == len || !unescape(query, eq, name, sizeof(name)) ||
		    !unescape(query + eq + 1, len - eq - 1, value, sizeof(value)) ||
		    !param(c, name, value))
			return false;
		query += len + (query[len] == '&');
	}
	return true;
}

static void refuse(struct http_req *req, int status, const char *tag, const char *why)
{
	const struct http_header h[] = { { "content-type", "application/yang-data+json" },
					 { "cache-control", "no-cache" } };
	struct str STR_AUTO b = { 0 };

	str_addf(&b, "{\"ietf-restconf:errors\":{\"error\":[{\"error-type\":\"protocol\","
		     "\"error-tag\":\"%s\",\"error-message\":\"%s\"}]}}", tag, why);
	http_reply(req, status, h, ARRAY_LEN(h), str_text(&b), b.len);
}

/* Where to begin: what the client saw last, else now. False: not a number. */
static bool resume(struct client *c)
{
	const char *id = http_header(c->req, "last-event-id");

	c->last = bus_last_id(c->s->cfg.bus);
	if (id && str_u64(id, &c->last) != 0)
		return false;
	if (!params(c, http_query(c->req)))
		return false;
	/* Ids begin again with the daemon: one from before its restart is a gap from 0. */
	if (c->last > bus_last_id(c->s->cfg.bus)) {
		put_gap(&c->pending, loop_wall_ns(c->s->cfg.loop), c->last, 1);
		c->last = 0;
	}
	return true;
}

static void begin(struct client *c)
{
	const struct http_header h[] = {
		{ "content-type", "text/event-stream" },
		{ "cache-control", "no-cache" },
		{ "x-accel-buffering", "no" },
	};

	http_on_gone(c->req, client_gone, c);
	http_stream_start(c->req, 200, h, ARRAY_LEN(h), client_room, c);
	/* Something at once, so that the client knows it is connected. */
	http_stream_write(c->req, ": sextant-events\n\n", 18);
	c->sent = loop_now(c->s->cfg.loop);
	loop_timer_after(&c->timer, c->s->cfg.heartbeat_ns);
	loop_task_run(&c->task);
}

void sse_handle(void *arg, struct http_req *req)
{
	struct sse *s = arg;
	struct client *c;

	if (strcmp(http_method(req), "HEAD") == 0) {
		const struct http_header h = { "content-type", "text/event-stream" };

		http_reply(req, 200, &h, 1, NULL, 0);
		return;
	}
	if (s->n_clients >= s->cfg.clients_max || !(c = calloc(1, sizeof(*c)))) {
		refuse(req, 503, "resource-denied", "too many clients follow the events, try later");
		return;
	}
	c->s = s;
	c->req = req;
	list_add(&s->clients, &c->link);
	metric_set(s->m_clients, ++s->n_clients);
	loop_timer_init(&c->timer, s->cfg.loop, client_timer, c);
	loop_task_init(&c->task, s->cfg.loop, client_task, c);
	if (resume(c)) {
		begin(c);
		return;
	}
	refuse(req, 400, "invalid-value",
	       "the stream takes after=ID, type=TYPE, resource=PREFIX and Last-Event-ID: ID");
	client_free(c);
}

/* ---- the room ---- */

static void wake(void *arg)
{
	struct sse *s = arg;

	LIST_EACH(it, &s->clients)
		loop_task_run(&LIST_OF(it, struct client, link)->task);
}

static void on_event(void *arg, const struct bus_event *e)
{
	struct sse *s = arg;

	(void)e;
	if (s->n_clients)
		loop_task_run(&s->wake); /* once for a burst */
}

int sse_new(struct sse **outp, const struct sse_cfg *cfg)
{
	struct sse *s = calloc(1, sizeof(*s));

	if (!s)
		return err_raise(-ENOMEM);
	s->cfg = *cfg;
	list_init(&s->clients);
	loop_task_init(&s->wake, cfg->loop, wake, s);
	s->m_clients = metric_gauge("sextant_sse_clients", "Clients that follow the events.", "");
	s->m_dropped = metric_counter("sextant_sse_dropped_total",
				      "Event clients dropped because they did not read.", "");
	s->reader = (struct bus_reader){ .fn = on_event, .arg = s };
	bus_subscribe(cfg->bus, &s->reader);
	*outp = s;
	return 0;
}

struct sse *sse_free(struct sse *s)
{
	if (!s)
		return NULL;
	bus_unsubscribe(&s->reader);
	loop_task_cancel(&s->wake);
	while (!list_empty(&s->clients)) {
		struct client *c = LIST_OF(s->clients.next, struct client, link);

		http_on_gone(c->req, NULL, NULL);
		client_end(c);
	}
	free(s);
	return NULL;
}

uint32_t sse_clients(const struct sse *s)
{
	return s->n_clients;
}
