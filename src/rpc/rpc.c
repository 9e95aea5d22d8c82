/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The owner's side of channels, servers and calls, the same for both backends: who is told
 * what, the bounded send queue, rules of one-message calls.
 *
 * Invariant: a call is in its home's list exactly as long as it has an owner. The backend
 * keeps its memory until the transport is done with it.
 */
#include "rpc/rpc.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "rpc/rpc_priv.h"

static const char *const code_text[] = {
	"OK",		    "CANCELLED",	   "UNKNOWN",	"INVALID_ARGUMENT",
	"DEADLINE_EXCEEDED", "NOT_FOUND",	   "ALREADY_EXISTS", "PERMISSION_DENIED",
	"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",	"OUT_OF_RANGE",
	"UNIMPLEMENTED",    "INTERNAL",		   "UNAVAILABLE", "DATA_LOSS",
	"UNAUTHENTICATED",
};

const char *rpc_code_text(enum rpc_code code)
{
	return (size_t)code < ARRAY_LEN(code_text) ? code_text[code] : "UNKNOWN";
}

void rpc_status_set(struct rpc_status *st, int code, const char *text, size_t len)
{
	st->code = code >= 0 && (size_t)code < ARRAY_LEN(code_text) ? (enum rpc_code)code : RPC_UNKNOWN;
	if (len > sizeof(st->text) - 1)
		len = sizeof(st->text) - 1;
	for (size_t i = 0; i < len; i++) /* a peer's words end up on people's terminals */
		st->text[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i];
	st->text[len] = '\0';
}

struct rpc *rpc_free(struct rpc *rpc)
{
	struct list tls;
	struct list *n;

	if (!rpc)
		return NULL;
	while (!list_empty(&rpc->channels))
		rpc_channel_free(LIST_OF(rpc->channels.next, struct rpc_channel, link));
	while (!list_empty(&rpc->servers))
		rpc_server_free(LIST_OF(rpc->servers.next, struct rpc_server, link));
	list_init(&tls);
	while ((n = list_pop(&rpc->tls)))
		list_push(&tls, n);
	rpc->be->free(rpc);
	while (!list_empty(&tls)) /* no handshake asks for them any more */
		rpc_tls_end(LIST_OF(tls.next, struct rpc_tls, link));
	return NULL;
}

void rpc_fake_cut(struct rpc *rpc, const struct ip_addr *server)
{
	rpc->be->cut(rpc, server);
}

void rpc_fake_block(struct rpc *rpc, const struct ip_addr *server, bool blocked)
{
	rpc->be->block(rpc, server, blocked);
}

/* ---- channels and servers ---- */

int rpc_channel_new(struct rpc_channel **outp, struct rpc *rpc, const struct rpc_channel_cfg *cfg)
{
	int r;

	if (cfg->remote.family == IP_NONE || cfg->port == 0 || cfg->recv_max > RPC_MESSAGE_MAX)
		return err_raise(-EINVAL);
	r = rpc->be->channel_new(outp, rpc, cfg);
	if (r < 0)
		return err_trace(r);
	(*outp)->rpc = rpc;
	list_init(&(*outp)->calls);
	list_add(&rpc->channels, &(*outp)->link);
	return 0;
}

static void drop_all(struct list *calls)
{
	while (!list_empty(calls))
		rpc_call_cancel(LIST_OF(calls->next, struct rpc_call, link));
}

struct rpc_channel *rpc_channel_free(struct rpc_channel *ch)
{
	if (!ch)
		return NULL;
	drop_all(&ch->calls);
	list_del(&ch->link);
	ch->rpc->be->channel_free(ch);
	return NULL;
}

int rpc_server_new(struct rpc_server **outp, struct rpc *rpc, const struct rpc_server_cfg *cfg,
		   const struct rpc_server_ops *ops, void *arg)
{
	struct rpc_server *s;
	int r;

	if (cfg->addr.family == IP_NONE || cfg->recv_max > RPC_MESSAGE_MAX)
		return err_raise(-EINVAL);
	r = rpc->be->server_new(&s, rpc, cfg);
	if (r < 0)
		return err_trace(r);
	s->rpc = rpc;
	s->ops = *ops;
	s->arg = arg;
	s->calls_max = cfg->calls_max ? cfg->calls_max : RPC_CALLS_MAX;
	list_init(&s->calls);
	list_add(&rpc->servers, &s->link);
	*outp = s;
	return 0;
}

struct rpc_server *rpc_server_free(struct rpc_server *s)
{
	if (!s)
		return NULL;
	s->ops.accept = NULL;
	drop_all(&s->calls);
	list_del(&s->link);
	s->rpc->be->server_free(s);
	return NULL;
}

uint16_t rpc_server_port(const struct rpc_server *s)
{
	return s->port;
}

unsigned rpc_server_calls(const struct rpc_server *s)
{
	return s->n_calls;
}

void rpc_server_tell(struct rpc_server *s, struct rpc_call *call)
{
	list_add(&s->calls, &call->link);
	if (s->n_calls > s->calls_max)
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED, "%u calls are open, no more are taken",
				s->calls_max);
	else
		s->ops.accept(s->arg, call);
	if (!call->half && !call->ops && list_linked(&call->link))
		rpc_call_finish(call, RPC_UNIMPLEMENTED, "no such method: %s", call->method);
}

/* ---- calls: what the backends use ---- */

void rpc_call_init(struct rpc_call *call, struct rpc *rpc, bool server)
{
	call->rpc = rpc;
	call->server = server;
	call->send_max = RPC_SEND_MAX;
	list_init(&call->link);
	list_init(&call->out);
}

static void queue_drop(struct rpc_call *call)
{
	struct list *n;

	while ((n = list_pop(&call->out))) {
		struct rpc_msg *m = LIST_OF(n, struct rpc_msg, link);

		call->out_len -= m->len;
		free(m);
	}
}

void rpc_call_fini(struct rpc_call *call)
{
	list_del(&call->link);
	queue_drop(call);
	free(call->reply);
	call->reply = NULL;
}

struct rpc_msg *rpc_call_next(struct rpc_call *call)
{
	struct list *n = list_pop(&call->out);

	return n ? LIST_OF(n, struct rpc_msg, link) : NULL;
}

void rpc_call_was_sent(struct rpc_call *call, size_t len)
{
	call->out_len -= len;
	if (!call->full || call->out_len > call->send_max / 2)
		return;
	call->full = false;
	if (call->ops && call->ops->writable)
		call->ops->writable(call->arg, call);
}

/* From here on nobody is told anything. */
static void orphan(struct rpc_call *call)
{
	list_del(&call->link);
	call->ops = NULL;
	call->arg = NULL;
	call->answer = NULL;
}

void rpc_call_tell_end(struct rpc_call *call, const struct rpc_status *st)
{
	const struct rpc_call_ops *ops = call->ops;
	void *arg = call->arg;

	if (!ops)
		return;
	list_del(&call->link);
	call->ops = NULL;
	queue_drop(call);
	if (ops->end)
		ops->end(arg, call, st);
}

/* The client broke the rule of one message: both sides learn of it. */
static void refuse(struct rpc_call *call, const char *why)
{
	struct rpc_status st;

	rpc_status_set(&st, RPC_INVALID_ARGUMENT, why, strlen(why));
	call->status = st;
	call->half = true;
	rpc_call_tell_end(call, &st);
	call->rpc->be->finish(call);
}

void rpc_call_tell_message(struct rpc_call *call, const uint8_t *data, size_t len)
{
	if (!call->ops)
		return;
	if (call->server && call->ops->unary && call->got) {
		refuse(call, "more than one message");
		return;
	}
	call->got = true;
	call->ops->message(call->arg, call, data, len);
}

void rpc_call_tell_over(struct rpc_call *call)
{
	if (call->over)
		return;
	call->over = true;
	if (!call->ops || !call->server)
		return;
	if (call->ops->unary && !call->got)
		refuse(call, "no message");
	else if (call->ops->peer_done)
		call->ops->peer_done(call->arg, call);
}

/* ---- calls: what the owners use ---- */

static bool meta_ok(const struct rpc_meta *m)
{
	static const char legal[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
	size_t n = strlen(m->key);

	if (n == 0 || strspn(m->key, legal) != n || (n > 4 && strcmp(m->key + n - 4, "-bin") == 0))
		return false;
	for (const char *p = m->value; *p; p++)
		if (*p < ' ' || *p > '~')
			return false;
	return true;
}

int rpc_call_new(struct rpc_call **outp, struct rpc_channel *ch, const struct rpc_call_cfg *cfg,
		 const struct rpc_call_ops *ops, void *arg)
{
	struct rpc_call *call;
	int r;

	if (cfg->n_meta > RPC_META_MAX || strlen(cfg->method) >= RPC_NAME_MAX)
		return err_raise(-EINVAL);
	for (size_t i = 0; i < cfg->n_meta; i++)
		if (!meta_ok(&cfg->meta[i]))
			return err_raise(-EINVAL);
	r = ch->rpc->be->call_new(&call, ch, cfg);
	if (r < 0)
		return err_trace(r);
	(void)str_copy(call->method, sizeof(call->method), cfg->method);
	if (cfg->send_max)
		call->send_max = cfg->send_max;
	call->ops = ops;
	call->arg = arg;
	list_add(&ch->calls, &call->link);
	*outp = call;
	return 0;
}

static int enqueue(struct rpc_call *call, const void *data, size_t len)
{
	struct rpc_msg *m;

	assert(!call->half);
	if (len > RPC_MESSAGE_MAX)
		return err_raise(-EMSGSIZE);
	if (call->out_len > 0 && (len > call->send_max || call->out_len > call->send_max - len)) {
		call->full = true;
		return RPC_E_FULL;
	}
	m = malloc(sizeof(*m) + len);
	if (!m)
		return err_raise(-ENOMEM);
	m->len = len;
	if (len > 0)
		memcpy(m->data, data, len);
	list_add(&call->out, &m->link);
	call->out_len += len;
	return 0;
}

static void unary_message(void *arg, struct rpc_call *call, const uint8_t *data, size_t len)
{
	(void)arg;
	if (call->reply)
		return; /* a server that answers twice: the first counts */
	call->reply = malloc(sizeof(*call->reply) + len);
	if (!call->reply)
		return; /* told as no answer */
	call->reply->len = len;
	if (len > 0)
		memcpy(call->reply->data, data, len);
}

static void unary_end(void *arg, struct rpc_call *call, const struct rpc_status *st)
{
	static const char none[] = "the server said OK and sent no answer";
	rpc_answer_fn fn = call->answer;
	struct rpc_status bad;

	(void)arg;
	call->answer = NULL;
	if (st->code == RPC_OK && call->reply) {
		fn(call->answer_arg, st, call->reply->data, call->reply->len);
		return;
	}
	if (st->code == RPC_OK) {
		rpc_status_set(&bad, RPC_INTERNAL, none, sizeof(none) - 1);
		st = &bad;
	}
	fn(call->answer_arg, st, NULL, 0);
}

static const struct rpc_call_ops unary_ops = { .message = unary_message, .end = unary_end };

int rpc_unary(struct rpc_call **outp, struct rpc_channel *ch, const struct rpc_call_cfg *cfg,
	      const void *data, size_t len, rpc_answer_fn fn, void *arg)
{
	struct rpc_call *call;
	int r = rpc_call_new(&call, ch, cfg, &unary_ops, NULL);

	if (r < 0)
		return err_trace(r);
	call->answer = fn;
	call->answer_arg = arg;
	r = enqueue(call, data, len);
	if (r < 0) {
		rpc_call_cancel(call);
		return err_trace(r);
	}
	rpc_call_send_end(call);
	if (outp)
		*outp = call;
	return 0;
}

int rpc_call_send(struct rpc_call *call, const void *data, size_t len)
{
	int r = enqueue(call, data, len);

	if (r == 0)
		call->rpc->be->push(call);
	return r;
}

size_t rpc_call_queued(const struct rpc_call *call)
{
	return call->out_len;
}

void rpc_call_send_end(struct rpc_call *call)
{
	assert(!call->server);
	if (call->half)
		return;
	call->half = true;
	call->rpc->be->push(call);
}

void rpc_call_pause(struct rpc_call *call, bool paused)
{
	if (call->paused == paused)
		return;
	call->paused = paused;
	call->rpc->be->push(call);
}

struct rpc_call *rpc_call_cancel(struct rpc_call *call)
{
	if (!call)
		return NULL;
	orphan(call);
	queue_drop(call);
	call->rpc->be->drop(call);
	return NULL;
}

void rpc_call_take(struct rpc_call *call, const struct rpc_call_ops *ops, void *arg)
{
	assert(call->server && !call->ops && !call->half);
	call->ops = ops;
	call->arg = arg;
	call->rpc->be->push(call);
}

void rpc_call_finish(struct rpc_call *call, enum rpc_code code, const char *fmt, ...)
{
	char text[RPC_TEXT_MAX];
	va_list ap;
	int n;

	assert(call->server && !call->half);
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text))
		n = n < 0 ? 0 : (int)sizeof(text) - 1;
	rpc_status_set(&call->status, (int)code, text, (size_t)n);
	call->half = true;
	orphan(call);
	call->rpc->be->finish(call);
}

void rpc_call_reply(struct rpc_call *call, const void *data, size_t len)
{
	if (enqueue(call, data, len) == 0)
		rpc_call_finish(call, RPC_OK, "%s", "");
	else
		rpc_call_finish(call, RPC_RESOURCE_EXHAUSTED, "the answer is too big");
}

const char *rpc_call_method(const struct rpc_call *call)
{
	return call->method;
}

struct ip_addr rpc_call_peer(const struct rpc_call *call, uint16_t *port)
{
	if (port)
		*port = call->peer_port;
	return call->peer;
}

const char *rpc_call_peer_name(const struct rpc_call *call)
{
	return call->peer_name;
}

bool rpc_call_meta(const struct rpc_call *call, const char *key, char *out, size_t cap)
{
	out[0] = '\0';
	return call->rpc->be->meta(call, key, out, cap);
}
