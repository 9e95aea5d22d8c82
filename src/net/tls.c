/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS as a byte filter between memory BIOs: never SSL_set_fd, so octets already read (PCEPS:
 * StartTLS and ClientHello arrive together) are never lost. The out-BIO is emptied after every
 * call, also after a failed handshake, so that the peer gets the alert.
 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "net/net_priv.h"

enum { ALPN_MAX = 64 };

struct net_tls {
	unsigned refs;
	SSL_CTX *ctx;
	uint8_t alpn[ALPN_MAX]; /* wire form: length, name, … */
	unsigned alpn_len;
};

/* The newest reason OpenSSL gave, without its addresses and codes. */
static const char *ssl_reason(void)
{
	unsigned long e = ERR_peek_last_error();
	const char *text = e ? ERR_reason_error_string(e) : NULL;

	return text ? text : "unknown error";
}

static int fail(char *err, size_t cap, const char *what, const char *file)
{
	(void)snprintf(err, cap, "%s '%s': %s", what, file, ssl_reason());
	ERR_clear_error();
	return -EINVAL;
}

static int load_files(SSL_CTX *ctx, const struct net_tls_cfg *cfg, char *err, size_t cap)
{
	if (cfg->cert_file && SSL_CTX_use_certificate_chain_file(ctx, cfg->cert_file) != 1)
		return fail(err, cap, "cannot use certificate", cfg->cert_file);
	if (cfg->key_file && SSL_CTX_use_PrivateKey_file(ctx, cfg->key_file, SSL_FILETYPE_PEM) != 1)
		return fail(err, cap, "cannot use private key", cfg->key_file);
	if (cfg->cert_file && cfg->key_file && SSL_CTX_check_private_key(ctx) != 1)
		return fail(err, cap, "key does not belong to certificate", cfg->cert_file);
	if (cfg->ca_file && SSL_CTX_load_verify_locations(ctx, cfg->ca_file, NULL) != 1)
		return fail(err, cap, "cannot use CA file", cfg->ca_file);
	return 0;
}

static int pick_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
		     const unsigned char *in, unsigned in_len, void *arg)
{
	const struct net_tls *tls = arg;
	unsigned char *chosen;

	(void)ssl;
	if (SSL_select_next_proto(&chosen, out_len, tls->alpn, tls->alpn_len, in, in_len) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static void set_alpn(struct net_tls *tls, enum net_tls_use use, const char *const *names)
{
	for (; names && *names; names++) {
		size_t n = strlen(*names);

		if (tls->alpn_len + n + 1 > ALPN_MAX)
			break;
		tls->alpn[tls->alpn_len++] = (uint8_t)n;
		memcpy(tls->alpn + tls->alpn_len, *names, n);
		tls->alpn_len += (unsigned)n;
	}
	if (tls->alpn_len == 0)
		return;
	if (use == NET_TLS_SERVER)
		SSL_CTX_set_alpn_select_cb(tls->ctx, pick_alpn, tls);
	else
		(void)SSL_CTX_set_alpn_protos(tls->ctx, tls->alpn, tls->alpn_len);
}

int net_tls_new(struct net_tls **outp, enum net_tls_use use, const struct net_tls_cfg *cfg, char *err,
		size_t err_cap)
{
	AUTO(net_tls_unref) struct net_tls *tls = calloc(1, sizeof(*tls));
	int r;

	if (!tls)
		return err_raise(-ENOMEM);
	tls->refs = 1;
	tls->ctx = SSL_CTX_new(use == NET_TLS_SERVER ? TLS_server_method() : TLS_client_method());
	if (!tls->ctx)
		return err_raise(-ENOMEM);
	(void)SSL_CTX_set_min_proto_version(tls->ctx, cfg->tls13_only ? TLS1_3_VERSION : TLS1_2_VERSION);
	(void)SSL_CTX_set_options(tls->ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
	(void)SSL_CTX_set_num_tickets(tls->ctx, 0);
	(void)SSL_CTX_set_session_cache_mode(tls->ctx, SSL_SESS_CACHE_OFF);
	r = load_files(tls->ctx, cfg, err, err_cap);
	if (r < 0)
		return r;
	if (cfg->ca_file)
		SSL_CTX_set_verify(tls->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	set_alpn(tls, use, cfg->alpn);
	*outp = TAKE(tls);
	return 0;
}

struct net_tls *net_tls_ref(struct net_tls *tls)
{
	tls->refs++;
	return tls;
}

struct net_tls *net_tls_unref(struct net_tls *tls)
{
	if (tls && --tls->refs == 0) {
		SSL_CTX_free(tls->ctx);
		free(tls);
	}
	return NULL;
}

static int check_name(SSL *ssl, const char *name)
{
	char sni[256]; /* OpenSSL's macro wants it writable */
	struct ip_addr a;

	if (ip_parse(name, &a) == 0)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name);
	if (!str_copy(sni, sizeof(sni), name))
		return 0;
	(void)SSL_set_tlsext_host_name(ssl, sni);
	return SSL_set1_host(ssl, name);
}

int net_conn_tls(struct net_conn *c, struct net_tls *tls, enum net_tls_use use, const char *server_name)
{
	if (c->ssl || c->state != NET_OPEN)
		return err_raise(-EINVAL);
	c->ssl = SSL_new(tls->ctx);
	c->rbio = BIO_new(BIO_s_mem());
	c->wbio = BIO_new(BIO_s_mem());
	if (!c->ssl || !c->rbio || !c->wbio) {
		BIO_free(c->rbio);
		BIO_free(c->wbio);
		SSL_free(c->ssl);
		c->ssl = NULL;
		return err_raise(-ENOMEM);
	}
	SSL_set_bio(c->ssl, c->rbio, c->wbio);
	c->tls = net_tls_ref(tls);
	if (use == NET_TLS_SERVER)
		SSL_set_accept_state(c->ssl);
	else
		SSL_set_connect_state(c->ssl);
	if (use == NET_TLS_CLIENT && server_name && check_name(c->ssl, server_name) != 1)
		return err_raise(-EINVAL);
	/* What the owner has not consumed is ciphertext: fed when its callback returns, or now. */
	c->tls_fresh = true;
	if (!c->delivering)
		net_conn_rx(c, NULL, 0);
	return 0;
}

static void note_error(struct net_conn *c, const char *what)
{
	long v = SSL_get_verify_result(c->ssl);

	if (v != X509_V_OK)
		(void)snprintf(c->tls_error, sizeof(c->tls_error), "%s: %s", what,
			       X509_verify_cert_error_string(v));
	else
		(void)snprintf(c->tls_error, sizeof(c->tls_error), "%s: %s", what, ssl_reason());
	ERR_clear_error();
}

/* Everything OpenSSL wants sent goes to the connection's queue. */
static int drain(struct net_conn *c)
{
	uint8_t buf[16 * 1024];
	int n;

	while ((n = BIO_read(c->wbio, buf, sizeof(buf))) > 0)
		if (net_buf_add(&c->out, buf, (size_t)n) < 0)
			return -ENOMEM;
	return 0;
}

int net_tls_rx(struct net_conn *c, const uint8_t *data, size_t len)
{
	if (c->tls_fresh && c->in.len > 0) { /* started outside a callback: leftovers first */
		struct net_buf left = c->in;
		int r;

		c->in = (struct net_buf){ 0 };
		c->tls_fresh = false;
		r = net_tls_rx(c, net_buf_at(&left), left.len);
		net_buf_fini(&left);
		if (r < 0)
			return r;
	}
	c->tls_fresh = false;
	if (len > 0 && BIO_write(c->rbio, data, (int)len) != (int)len) {
		(void)snprintf(c->tls_error, sizeof(c->tls_error), "out of memory");
		return -ENOMEM;
	}
	return 0;
}

static void note_peer(struct net_conn *c)
{
	X509 *cert = SSL_get0_peer_certificate(c->ssl);
	const unsigned char *alpn;
	unsigned n;

	if (cert)
		(void)X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, c->peer_name,
						sizeof(c->peer_name));
	SSL_get0_alpn_selected(c->ssl, &alpn, &n);
	if (alpn && n < sizeof(c->alpn))
		memcpy(c->alpn, alpn, n);
}

static int handshake(struct net_conn *c, bool *came_up)
{
	int r;

	ERR_clear_error();
	r = SSL_do_handshake(c->ssl);
	if (r == 1) {
		c->tls_up = *came_up = true;
		note_peer(c);
		return 0;
	}
	r = SSL_get_error(c->ssl, r);
	if (r == SSL_ERROR_WANT_READ || r == SSL_ERROR_WANT_WRITE)
		return 0;
	note_error(c, "TLS handshake failed");
	return -EPROTO;
}

static int flush_early(struct net_conn *c)
{
	int r = 0;

	if (c->early.len > 0)
		r = net_tls_tx(c, net_buf_at(&c->early), c->early.len);
	net_buf_fini(&c->early);
	return r;
}

static int read_plain(struct net_conn *c)
{
	uint8_t buf[16 * 1024];
	int n, e;

	for (;;) {
		ERR_clear_error();
		n = SSL_read(c->ssl, buf, sizeof(buf));
		if (n > 0) {
			if (net_buf_add(&c->in, buf, (size_t)n) < 0)
				return -ENOMEM;
			continue;
		}
		e = SSL_get_error(c->ssl, n);
		if (e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE)
			return 0;
		if (e == SSL_ERROR_ZERO_RETURN) {
			net_conn_fail(c, 0, "closed by the peer");
			return 0;
		}
		note_error(c, "TLS");
		return -EPROTO;
	}
}

int net_tls_step(struct net_conn *c, bool *came_up)
{
	int r = 0;

	if (!c->tls_up)
		r = handshake(c, came_up);
	if (r == 0 && *came_up)
		r = flush_early(c);
	if (r == 0 && c->tls_up)
		r = read_plain(c);
	if (drain(c) < 0)
		r = -ENOMEM;
	return r;
}

int net_tls_tx(struct net_conn *c, const void *data, size_t len)
{
	int n;

	if (len == 0)
		return 0;
	ERR_clear_error();
	n = SSL_write(c->ssl, data, (int)len);
	if (n != (int)len) {
		note_error(c, "TLS write failed");
		return -EPROTO;
	}
	return drain(c);
}

void net_tls_bye(struct net_conn *c)
{
	ERR_clear_error();
	(void)SSL_shutdown(c->ssl);
	(void)drain(c);
	ERR_clear_error();
}

bool net_conn_is_tls(const struct net_conn *c)
{
	return c->ssl != NULL;
}

const char *net_conn_alpn(const struct net_conn *c)
{
	return c->alpn;
}

const char *net_conn_peer_name(const struct net_conn *c)
{
	return c->peer_name;
}
