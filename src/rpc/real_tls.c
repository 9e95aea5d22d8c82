/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates for gRPC. A channel is given the text when it is made, and made anew after a
 * reload; a server asks for it at every handshake, from a thread of gRPC's, so the text is
 * behind a lock, and what a server was made from is kept until gRPC has ended.
 */
#include "rpc/real.h"

grpc_channel_credentials *rpc_real_channel_creds(struct rpc_tls *tls)
{
	grpc_ssl_pem_key_cert_pair pair = { .private_key = tls->pem.key, .cert_chain = tls->pem.cert };

	/* Read without the lock: only this thread writes. */
	return grpc_ssl_credentials_create_ex(tls->pem.ca, &pair, NULL, NULL);
}

/* Any thread: at the start, and at each handshake. */
static grpc_ssl_certificate_config_reload_status fetch(void *arg,
						       grpc_ssl_server_certificate_config **out)
{
	struct rpc_tls_serve *serve = arg;
	struct rpc_tls *tls;
	grpc_ssl_certificate_config_reload_status st = GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;

	__tsan_acquire(serve);
	tls = serve->tls;
	pthread_mutex_lock(&tls->lock);
	if (serve->given != tls->pem_generation) {
		grpc_ssl_pem_key_cert_pair pair = { .private_key = tls->pem.key,
						    .cert_chain = tls->pem.cert };

		*out = grpc_ssl_server_certificate_config_create(tls->pem.ca, &pair, 1);
		serve->given = tls->pem_generation;
		st = *out ? GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW :
			    GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_FAIL;
	}
	pthread_mutex_unlock(&tls->lock);
	return st;
}

grpc_server_credentials *rpc_real_server_creds(struct rpc_tls *tls)
{
	grpc_ssl_server_credentials_options *o;
	struct rpc_tls_serve *serve = calloc(1, sizeof(*serve));

	if (!serve)
		return NULL;
	serve->tls = tls;
	list_add(&tls->serves, &serve->link);
	__tsan_release(serve);
	o = grpc_ssl_server_credentials_create_options_using_config_fetcher(
		GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY, fetch, serve);
	return o ? grpc_ssl_server_credentials_create_with_options(o) : NULL;
}
