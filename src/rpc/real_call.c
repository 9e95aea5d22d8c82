/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call on the gRPC C core, either side.
 *
 * At most one batch that sends is out (headers, a message, the end, as far as they are due)
 * and one that receives a message; the end of the call is waited for from its beginning.
 * Every batch holds a reference and so does the owner (or, after finish, the sending of what
 * is left). The owner is told the end when gRPC has said it and no message is on its way up.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "rpc/real.h"

static void send_next(struct rpc_real_call *c);
static void recv_next(struct rpc_real_call *c);

void rpc_real_call_unref(struct rpc_real_call *c)
{
	struct rpc_real_server *s = c->server;

	assert(c->refs > 0);
	if (--c->refs > 0)
		return;
	loop_timer_fini(&c->linger);
	if (c->in)
		grpc_byte_buffer_destroy(c->in);
	if (c->out)
		grpc_byte_buffer_destroy(c->out);
	for (size_t i = 0; i < c->n_meta; i++) {
		grpc_slice_unref(c->meta[i].key);
		grpc_slice_unref(c->meta[i].value);
	}
	grpc_metadata_array_destroy(&c->head_meta);
	grpc_metadata_array_destroy(&c->trail_meta);
	grpc_slice_unref(c->details);
	rpc_call_fini(&c->base);
	grpc_call_unref(c->call);
	free(c);
	if (s) {
		s->base.n_calls--;
		rpc_real_server_unref(s);
	}
}

/* The owner's reference, once. */
static void quit(struct rpc_real_call *c)
{
	if (c->quit)
		return;
	c->quit = true;
	rpc_real_call_unref(c);
}

static void batch(struct rpc_real_call *c, const grpc_op *ops, size_t n, struct rpc_tag *tag)
{
	c->refs++;
	rpc_real_batch(c->rr, c->call, ops, n, tag);
}

/* ---- the end ---- */

static void maybe_end(struct rpc_real_call *c)
{
	struct rpc_status st;

	if (!c->end_in || c->receiving)
		return;
	if (c->base.server)
		rpc_status_set(&st, RPC_CANCELLED, "the client gave up or is gone", 29);
	else
		rpc_status_set(&st, (int)c->code, (const char *)GRPC_SLICE_START_PTR(c->details),
			       GRPC_SLICE_LENGTH(c->details));
	rpc_call_tell_end(&c->base, &st);
	quit(c);
}

static void on_end(struct rpc_tag *tag)
{
	struct rpc_real_call *c = CONTAINER_OF(tag, struct rpc_real_call, end);

	c->end_in = true;
	c->deaf = true;
	maybe_end(c);
	rpc_real_call_unref(c);
}

/* ---- sending ---- */

static void on_sent(struct rpc_tag *tag)
{
	struct rpc_real_call *c = CONTAINER_OF(tag, struct rpc_real_call, send);
	size_t len = c->out_len;
	bool ok = tag->ok; /* the owner may queue at once, and the tag be out again */

	c->sending = false;
	c->out_len = 0;
	if (c->out)
		grpc_byte_buffer_destroy(c->out);
	c->out = NULL;
	rpc_call_was_sent(&c->base, len);
	if (ok)
		send_next(c);
	/* Else the call is over, which its end tells. */
	rpc_real_call_unref(c);
}

static bool out_take(struct rpc_real_call *c)
{
	struct rpc_msg *m = rpc_call_next(&c->base);
	grpc_slice s;

	if (!m)
		return false;
	c->out_len = m->len;
	s = grpc_slice_from_copied_buffer((const char *)m->data, m->len);
	free(m);
	c->out = grpc_raw_byte_buffer_create(&s, 1);
	grpc_slice_unref(s);
	return true;
}

static void op_half(struct rpc_real_call *c, grpc_op *op, grpc_slice *text)
{
	if (!c->base.server) {
		op->op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
		return;
	}
	*text = grpc_slice_from_copied_string(c->base.status.text);
	op->op = GRPC_OP_SEND_STATUS_FROM_SERVER;
	op->data.send_status_from_server.status = (grpc_status_code)c->base.status.code;
	op->data.send_status_from_server.status_details = text;
}

/* Headers go with the first thing there is to send; the end with the last message. */
static void send_next(struct rpc_real_call *c)
{
	grpc_slice text = grpc_empty_slice();
	grpc_op ops[3] = { 0 };
	size_t n = 0;

	if (c->sending || c->half_sent || c->end_in)
		return;
	if (list_empty(&c->base.out) && !c->base.half)
		return;
	if (!c->head_sent) {
		ops[n].op = GRPC_OP_SEND_INITIAL_METADATA;
		ops[n].data.send_initial_metadata.count = c->n_meta;
		ops[n++].data.send_initial_metadata.metadata = c->meta;
		c->head_sent = true;
	}
	if (out_take(c)) {
		ops[n].op = GRPC_OP_SEND_MESSAGE;
		ops[n++].data.send_message.send_message = c->out;
	}
	if (c->base.half && list_empty(&c->base.out)) {
		op_half(c, &ops[n++], &text);
		c->half_sent = true;
	}
	c->sending = true;
	batch(c, ops, n, &c->send);
	grpc_slice_unref(text);
}

/* ---- receiving ---- */

static void deliver(struct rpc_real_call *c, grpc_byte_buffer *in)
{
	grpc_byte_buffer_reader reader;
	grpc_slice s;

	/* Compression is not offered: a small message could grow to anything. */
	if (in->type != GRPC_BB_RAW || in->data.raw.compression != GRPC_COMPRESS_NONE ||
	    !grpc_byte_buffer_reader_init(&reader, in)) {
		(void)grpc_call_cancel_with_status(c->call, GRPC_STATUS_UNIMPLEMENTED,
						   "compressed messages are not taken", NULL);
		c->deaf = true;
		return;
	}
	s = grpc_byte_buffer_reader_readall(&reader);
	grpc_byte_buffer_reader_destroy(&reader);
	rpc_call_tell_message(&c->base, GRPC_SLICE_START_PTR(s), GRPC_SLICE_LENGTH(s));
	grpc_slice_unref(s);
}

static void on_recv(struct rpc_tag *tag)
{
	struct rpc_real_call *c = CONTAINER_OF(tag, struct rpc_real_call, recv);
	grpc_byte_buffer *in = TAKE(c->in);

	c->receiving = false;
	if (!tag->ok || !in) {
		c->deaf = true;
		rpc_call_tell_over(&c->base);
	} else {
		deliver(c, in);
	}
	if (in)
		grpc_byte_buffer_destroy(in);
	recv_next(c);
	maybe_end(c);
	rpc_real_call_unref(c);
}

static void recv_next(struct rpc_real_call *c)
{
	grpc_op op = { .op = GRPC_OP_RECV_MESSAGE };

	if (c->receiving || c->deaf || c->base.paused || !c->base.ops)
		return;
	op.data.recv_message.recv_message = &c->in;
	c->receiving = true;
	batch(c, &op, 1, &c->recv);
}

static void on_head(struct rpc_tag *tag)
{
	rpc_real_call_unref(CONTAINER_OF(tag, struct rpc_real_call, head));
}

/* ---- beginning ---- */

int rpc_real_call_make(struct rpc_real_call **outp, struct rpc_real *rr, grpc_call *call, bool server)
{
	struct rpc_real_call *c = calloc(1, sizeof(*c));

	if (!c)
		return err_raise(-ENOMEM);
	rpc_call_init(&c->base, &rr->base, server);
	c->rr = rr;
	c->call = call;
	c->refs = 1;
	c->send.fn = on_sent;
	c->recv.fn = on_recv;
	c->head.fn = on_head;
	c->end.fn = on_end;
	c->details = grpc_empty_slice();
	grpc_metadata_array_init(&c->head_meta);
	grpc_metadata_array_init(&c->trail_meta);
	*outp = c;
	return 0;
}

void rpc_real_call_begin(struct rpc_real_call *c)
{
	grpc_op end = { 0 }, head = { .op = GRPC_OP_RECV_INITIAL_METADATA };

	if (c->base.server) {
		end.op = GRPC_OP_RECV_CLOSE_ON_SERVER;
		end.data.recv_close_on_server.cancelled = &c->cancelled;
	} else {
		end.op = GRPC_OP_RECV_STATUS_ON_CLIENT;
		end.data.recv_status_on_client.trailing_metadata = &c->trail_meta;
		end.data.recv_status_on_client.status = &c->code;
		end.data.recv_status_on_client.status_details = &c->details;
		/* Apart from the rest: some servers send headers with their first answer only. */
		head.data.recv_initial_metadata.recv_initial_metadata = &c->head_meta;
		batch(c, &head, 1, &c->head);
	}
	batch(c, &end, 1, &c->end);
}

/* ---- what the owner asks ---- */

void rpc_real_push(struct rpc_call *call)
{
	struct rpc_real_call *c = CONTAINER_OF(call, struct rpc_real_call, base);

	send_next(c);
	recv_next(c);
}

void rpc_real_drop(struct rpc_call *call)
{
	struct rpc_real_call *c = CONTAINER_OF(call, struct rpc_real_call, base);

	c->deaf = true;
	c->half_sent = true; /* nothing more is sent */
	(void)grpc_call_cancel(c->call, NULL);
	quit(c);
}

static void lingered(void *arg)
{
	struct rpc_real_call *c = arg;

	(void)grpc_call_cancel(c->call, NULL);
}

void rpc_real_finish(struct rpc_call *call)
{
	struct rpc_real_call *c = CONTAINER_OF(call, struct rpc_real_call, base);

	c->deaf = true;
	/* A client that does not read would keep the call for ever. */
	loop_timer_init(&c->linger, c->rr->base.loop, lingered, c);
	loop_timer_after(&c->linger, RPC_LINGER_S * NS_PER_S);
	send_next(c);
}

bool rpc_real_meta(const struct rpc_call *call, const char *key, char *out, size_t cap)
{
	const struct rpc_real_call *c = CONTAINER_OF(call, const struct rpc_real_call, base);

	for (size_t i = 0; i < c->head_meta.count; i++) {
		const grpc_metadata *m = &c->head_meta.metadata[i];
		size_t n = GRPC_SLICE_LENGTH(m->value);

		if (grpc_slice_str_cmp(m->key, key) != 0)
			continue;
		if (n >= cap || memchr(GRPC_SLICE_START_PTR(m->value), '\0', n))
			return false;
		memcpy(out, GRPC_SLICE_START_PTR(m->value), n);
		out[n] = '\0';
		return true;
	}
	return false;
}
