/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Servers on the gRPC C core. A few requests for "the next call, whatever its method" are
 * always out with gRPC, else it would park calls of methods nobody asked for until their
 * deadline. A server is told to shut down by its owner and destroyed when the last thing of
 * its is back.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "log/log.h"
#include "rpc/real.h"

enum {
	ASKED = 16, /* requests for a call that are out */
	KEEPALIVE_MS = 20000,
	KEEPALIVE_TIMEOUT_MS = 10000,
	PING_MIN_MS = 5000, /* clients may ping as often as this */
	HANDSHAKE_MS = 10000,
	META_MAX = 8192,
	QUOTA_OCTETS = 256 << 20, /* what all clients may make gRPC hold */
};

/* A call that may come. */
struct ask {
	struct rpc_tag tag;
	struct rpc_real_server *s;
	grpc_call *call;
	grpc_call_details details;
	grpc_metadata_array meta;
};

void rpc_real_server_unref(struct rpc_real_server *s)
{
	assert(s->refs > 0);
	if (--s->refs > 0)
		return;
	grpc_server_destroy(s->server);
	free(s);
}

/* ---- who calls ---- */

/* "ipv6:%5B2001:db8::1%5D:4711", the brackets written in either way. */
static void peer_parse(struct rpc_real_call *c, const char *uri)
{
	const char *colon = strrchr(uri, ':'), *p = strchr(uri, ':');
	char text[IP_TEXT_MAX];
	uint64_t port;
	size_t n = 0;

	if (!p || p == colon || str_u64(colon + 1, &port) < 0 || port > UINT16_MAX)
		return;
	for (p++; p < colon && n < sizeof(text) - 1; p++) {
		if (strncasecmp(p, "%5B", 3) == 0 || strncasecmp(p, "%5D", 3) == 0)
			p += 2;
		else if (*p == '%') /* of a zone: "%25" and its name */
			break;
		else if (*p != '[' && *p != ']')
			text[n++] = *p;
	}
	text[n] = '\0';
	if (ip_parse(text, &c->base.peer) == 0)
		c->base.peer_port = (uint16_t)port;
}

static void peer_learn(struct rpc_real_call *c)
{
	grpc_auth_context *ctx = grpc_call_auth_context(c->call);
	grpc_auth_property_iterator it;
	const grpc_auth_property *cn;
	char *uri = grpc_call_get_peer(c->call);

	if (uri)
		peer_parse(c, uri);
	gpr_free(uri);
	if (!ctx)
		return;
	it = grpc_auth_context_find_properties_by_name(ctx, GRPC_X509_CN_PROPERTY_NAME);
	cn = grpc_auth_property_iterator_next(&it);
	if (cn && str_utf8(cn->value, cn->value_length))
		(void)str_copy(c->base.peer_name, sizeof(c->base.peer_name), cn->value);
	grpc_auth_context_release(ctx);
}

/* ---- calls that come ---- */

static void ask_out(struct ask *ask);

static void welcome(struct ask *ask)
{
	struct rpc_real_server *s = ask->s;
	struct rpc_real_call *c;
	size_t n = GRPC_SLICE_LENGTH(ask->details.method);

	if (rpc_real_call_make(&c, s->rr, ask->call, true) < 0) {
		(void)grpc_call_cancel_with_status(ask->call, GRPC_STATUS_RESOURCE_EXHAUSTED,
						   "no memory", NULL);
		grpc_call_unref(ask->call);
		return;
	}
	c->server = s;
	s->refs++;
	s->base.n_calls++;
	c->head_meta = ask->meta;
	grpc_metadata_array_init(&ask->meta);
	if (n >= sizeof(c->base.method))
		n = sizeof(c->base.method) - 1;
	memcpy(c->base.method, GRPC_SLICE_START_PTR(ask->details.method), n);
	peer_learn(c);
	c->refs++; /* the owner may be done with it at once */
	rpc_real_call_begin(c);
	rpc_server_tell(&s->base, &c->base);
	rpc_real_call_unref(c);
}

static void on_call(struct rpc_tag *tag)
{
	struct ask *ask = CONTAINER_OF(tag, struct ask, tag);
	struct rpc_real_server *s = ask->s;

	/* Not ok: the server shuts down. Freed by its owner: it is about to. */
	if (tag->ok && s->base.ops.accept)
		welcome(ask);
	else if (tag->ok)
		grpc_call_unref(ask->call);
	grpc_call_details_destroy(&ask->details);
	grpc_metadata_array_destroy(&ask->meta);
	if (tag->ok && s->base.ops.accept) { /* the owner may have freed it just now */
		ask_out(ask);
		return;
	}
	free(ask);
	rpc_real_server_unref(s);
}

static void ask_out(struct ask *ask)
{
	struct rpc_real_server *s = ask->s;
	grpc_call_error e;

	*ask = (struct ask){ .s = s, .tag.fn = on_call };
	grpc_call_details_init(&ask->details);
	grpc_metadata_array_init(&ask->meta);
	rpc_real_out(s->rr, &ask->tag);
	e = grpc_server_request_call(s->server, &ask->call, &ask->details, &ask->meta, s->rr->cq,
				     s->rr->cq, &ask->tag);
	assert(e == GRPC_CALL_OK);
	(void)e;
}

/* ---- from start to end ---- */

static grpc_server *server_make(const struct rpc_server_cfg *cfg)
{
	size_t recv_max = cfg->recv_max ? cfg->recv_max : RPC_RECV_MAX;
	unsigned calls_max = cfg->calls_max ? cfg->calls_max : RPC_CALLS_MAX;
	grpc_resource_quota *quota = grpc_resource_quota_create("sextant");
#define INT(k, v) { .type = GRPC_ARG_INTEGER, .key = (char *)(uintptr_t)(k), .value.integer = (v) }
	grpc_arg args[] = {
		INT(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, (int)recv_max),
		INT(GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, RPC_MESSAGE_MAX),
		INT(GRPC_ARG_MAX_CONCURRENT_STREAMS, (int)calls_max),
		INT(GRPC_ARG_MAX_METADATA_SIZE, META_MAX),
		/* With 1 a second daemon would bind the same port, silently. */
		INT(GRPC_ARG_ALLOW_REUSEPORT, 0),
		INT(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, HANDSHAKE_MS),
		INT(GRPC_ARG_KEEPALIVE_TIME_MS, KEEPALIVE_MS),
		INT(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, KEEPALIVE_TIMEOUT_MS),
		INT(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, PING_MIN_MS),
		INT(GRPC_ARG_ENABLE_CHANNELZ, 0),
		INT(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0),
		INT(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1 << GRPC_COMPRESS_NONE),
		{ .type = GRPC_ARG_POINTER, .key = (char *)(uintptr_t)GRPC_ARG_RESOURCE_QUOTA,
		  .value.pointer = { quota, grpc_resource_quota_arg_vtable() } },
	};
#undef INT
	grpc_channel_args list = { .num_args = ARRAY_LEN(args), .args = args };
	grpc_server *server;

	grpc_resource_quota_resize(quota, QUOTA_OCTETS);
	server = grpc_server_create(&list, NULL);
	grpc_resource_quota_unref(quota);
	return server;
}

static void on_down(struct rpc_tag *tag)
{
	rpc_real_server_unref(CONTAINER_OF(tag, struct rpc_real_server, down));
}

/* gRPC wants to hear of the end even of a server that never listened. */
static void shut(struct rpc_real_server *s)
{
	s->down.fn = on_down;
	s->refs++;
	rpc_real_out(s->rr, &s->down);
	grpc_server_shutdown_and_notify(s->server, s->rr->cq, &s->down);
	grpc_server_cancel_all_calls(s->server);
	rpc_real_server_unref(s);
}

static int listen_on(struct rpc_real_server *s, const struct rpc_server_cfg *cfg)
{
	grpc_server_credentials *creds = rpc_real_server_creds(cfg->tls);
	char where[IP_TEXT_MAX + 16];
	int port;

	if (!creds)
		return err_raise(-EINVAL);
	rpc_real_target(where, sizeof(where), &cfg->addr, cfg->port, false);
	port = grpc_server_add_http2_port(s->server, where, creds);
	grpc_server_credentials_release(creds);
	if (port <= 0)
		return err_raise(-EADDRINUSE); /* gRPC does not say why */
	s->base.port = (uint16_t)port;
	log_event("", LOG_INFO, "rpc.listen", "address=%s port=%d", where, port);
	return 0;
}

int rpc_real_server_new(struct rpc_server **outp, struct rpc *rpc, const struct rpc_server_cfg *cfg)
{
	struct rpc_real_server *s;
	int r;

	if (!cfg->tls)
		return err_raise(-EINVAL);
	s = calloc(1, sizeof(*s));
	if (!s)
		return err_raise(-ENOMEM);
	s->rr = rpc_real_of(rpc);
	s->refs = 1;
	s->server = server_make(cfg);
	grpc_server_register_completion_queue(s->server, s->rr->cq, NULL);
	r = listen_on(s, cfg);
	grpc_server_start(s->server);
	if (r < 0) {
		shut(s);
		return err_trace(r);
	}
	for (int i = 0; i < ASKED; i++) {
		struct ask *ask = malloc(sizeof(*ask));

		if (!ask)
			abort(); /* at start-up */
		ask->s = s;
		s->refs++;
		ask_out(ask);
	}
	*outp = &s->base;
	return 0;
}

void rpc_real_server_free(struct rpc_server *server)
{
	shut(CONTAINER_OF(server, struct rpc_real_server, base));
}
