/* SPDX-License-Identifier: Apache-2.0 */
/* Channels on the gRPC C core, and the beginning of their calls. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "rpc/real.h"

enum { ARGS_MAX = 20, KEEPALIVE_TIMEOUT_MS = 10000 };

struct args {
	grpc_arg at[ARGS_MAX];
	size_t n;
};

static void arg_int(struct args *a, const char *key, int v)
{
	a->at[a->n].type = GRPC_ARG_INTEGER;
	a->at[a->n].key = (char *)(uintptr_t)key; /* gRPC only reads it */
	a->at[a->n++].value.integer = v;
}

static void arg_text(struct args *a, const char *key, char *v)
{
	a->at[a->n].type = GRPC_ARG_STRING;
	a->at[a->n].key = (char *)(uintptr_t)key;
	a->at[a->n++].value.string = v;
}

static void fill_args(struct args *a, struct rpc_real_channel *c)
{
	/* Or channels to one address would share a connection, and its fate. */
	arg_int(a, GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
	/* A device is reached as configured, not as the environment says. */
	arg_int(a, GRPC_ARG_ENABLE_HTTP_PROXY, 0);
	arg_int(a, GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
	arg_int(a, GRPC_ARG_ENABLE_RETRIES, 0);
	arg_int(a, GRPC_ARG_ENABLE_CHANNELZ, 0);
	arg_int(a, GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
	arg_int(a, GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1 << GRPC_COMPRESS_NONE);
	arg_int(a, GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, (int)c->recv_max);
	arg_int(a, GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, RPC_MESSAGE_MAX);
	arg_int(a, GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 1000);
	arg_int(a, GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
	arg_int(a, GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 30000);
	arg_text(a, GRPC_ARG_DEFAULT_AUTHORITY, c->authority);
	if (c->named)
		arg_text(a, GRPC_SSL_TARGET_NAME_OVERRIDE_ARG, c->authority);
	if (c->keepalive_ns == 0)
		return;
	arg_int(a, GRPC_ARG_KEEPALIVE_TIME_MS, (int)(c->keepalive_ns / NS_PER_MS));
	arg_int(a, GRPC_ARG_KEEPALIVE_TIMEOUT_MS, KEEPALIVE_TIMEOUT_MS);
	arg_int(a, GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
}

/* The channel of now: another one after the certificates were read again. */
static int channel_make(struct rpc_real_channel *c)
{
	struct args args = { .n = 0 };
	grpc_channel_args list = { .args = args.at };
	grpc_channel_credentials *creds = rpc_real_channel_creds(c->tls);
	grpc_channel *ch;

	if (!creds)
		return err_raise(-EINVAL);
	fill_args(&args, c);
	list.num_args = args.n;
	ch = grpc_channel_create(c->target, creds, &list);
	grpc_channel_credentials_release(creds);
	if (!ch)
		return err_raise(-EINVAL);
	if (c->ch)
		grpc_channel_destroy(c->ch); /* calls that are open keep it until they end */
	c->ch = ch;
	c->generation = c->tls->generation;
	return 0;
}

int rpc_real_channel_new(struct rpc_channel **outp, struct rpc *rpc, const struct rpc_channel_cfg *cfg)
{
	struct rpc_real_channel *c;
	int r;

	if (!cfg->tls || cfg->keepalive_ns > 86400 * NS_PER_S)
		return err_raise(-EINVAL);
	c = calloc(1, sizeof(*c));
	if (!c)
		return err_raise(-ENOMEM);
	c->base.rpc = rpc;
	c->recv_max = cfg->recv_max ? cfg->recv_max : RPC_RECV_MAX;
	c->keepalive_ns = cfg->keepalive_ns;
	c->named = cfg->server_name != NULL;
	rpc_real_target(c->target, sizeof(c->target), &cfg->remote, cfg->port, true);
	rpc_real_target(c->authority, sizeof(c->authority), &cfg->remote, cfg->port, false);
	if (c->named && !str_copy(c->authority, sizeof(c->authority), cfg->server_name)) {
		free(c);
		return err_raise(-EINVAL);
	}
	c->tls = rpc_tls_ref(cfg->tls);
	r = channel_make(c);
	if (r < 0) {
		rpc_tls_free(c->tls);
		free(c);
		return err_trace(r);
	}
	*outp = &c->base;
	return 0;
}

void rpc_real_channel_free(struct rpc_channel *ch)
{
	struct rpc_real_channel *c = CONTAINER_OF(ch, struct rpc_real_channel, base);

	grpc_channel_destroy(c->ch);
	rpc_tls_free(c->tls);
	free(c);
}

static void meta_copy(struct rpc_real_call *c, const struct rpc_call_cfg *cfg)
{
	for (size_t i = 0; i < cfg->n_meta; i++) {
		c->meta[c->n_meta].key = grpc_slice_from_copied_string(cfg->meta[i].key);
		c->meta[c->n_meta++].value = grpc_slice_from_copied_string(cfg->meta[i].value);
	}
}

static gpr_timespec deadline(uint64_t timeout_ns)
{
	if (timeout_ns == 0 || timeout_ns > INT64_MAX)
		return gpr_inf_future(GPR_CLOCK_MONOTONIC);
	return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
			    gpr_time_from_nanos((int64_t)timeout_ns, GPR_TIMESPAN));
}

int rpc_real_call_new(struct rpc_call **outp, struct rpc_channel *ch, const struct rpc_call_cfg *cfg)
{
	struct rpc_real_channel *home = CONTAINER_OF(ch, struct rpc_real_channel, base);
	struct rpc_real *rr = rpc_real_of(ch->rpc);
	struct rpc_real_call *c;
	grpc_slice method;
	grpc_call *call;
	int r;

	if (home->generation != home->tls->generation && (r = channel_make(home)) < 0)
		return err_trace(r);
	method = grpc_slice_from_copied_string(cfg->method);
	call = grpc_channel_create_call(home->ch, NULL, GRPC_PROPAGATE_DEFAULTS, rr->cq, method, NULL,
					deadline(cfg->timeout_ns), NULL);
	grpc_slice_unref(method);
	if (!call)
		return err_raise(-ENOMEM);
	r = rpc_real_call_make(&c, rr, call, false);
	if (r < 0) {
		grpc_call_unref(call);
		return err_trace(r);
	}
	meta_copy(c, cfg);
	rpc_real_call_begin(c);
	*outp = &c->base;
	return 0;
}
