/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates: the files as the text gRPC wants, and who holds it. gRPC takes nearly anything
 * and fails at the first handshake, far from whoever wrote the configuration; so the files are
 * looked at here, where an error can name the one that is wrong.
 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "file/file.h"
#include "rpc/rpc_priv.h"

enum { FILE_MAX = 1 << 20 };

static int fail(char *err, size_t cap, const char *what, const char *file)
{
	(void)snprintf(err, cap, "%s '%s'", what, file);
	ERR_clear_error();
	return -EINVAL;
}

static void text_free(char *s)
{
	if (s)
		explicit_bzero(s, strlen(s)); /* a key is among them */
	free(s);
}

static void pem_free(struct rpc_tls_pem *pem)
{
	text_free(pem->ca);
	text_free(pem->cert);
	text_free(pem->key);
	*pem = (struct rpc_tls_pem){ 0 };
}

static int slurp(char **out, const char *file, char *err, size_t cap)
{
	size_t n = 0;
	char *s = NULL;
	int r = file ? file_read(file, FILE_MAX, &s, &n) : -ENOENT;

	if (r < 0) {
		(void)snprintf(err, cap, "cannot read '%s': %s", file ? file : "(no file given)", err_text(r));
		return -EINVAL;
	}
	if (memchr(s, '\0', n)) {
		free(s);
		return fail(err, cap, "no PEM file:", file);
	}
	*out = s;
	return 0;
}

static int check(const struct rpc_tls_pem *pem, const struct rpc_tls_cfg *cfg, char *err, size_t cap)
{
	BIO *ca_in = BIO_new_mem_buf(pem->ca, -1), *cert_in = BIO_new_mem_buf(pem->cert, -1);
	BIO *key_in = BIO_new_mem_buf(pem->key, -1);
	X509 *ca = ca_in ? PEM_read_bio_X509(ca_in, NULL, NULL, NULL) : NULL;
	X509 *cert = cert_in ? PEM_read_bio_X509(cert_in, NULL, NULL, NULL) : NULL;
	EVP_PKEY *key = key_in ? PEM_read_bio_PrivateKey(key_in, NULL, NULL, NULL) : NULL;
	int r = 0;

	if (!ca)
		r = fail(err, cap, "no certificate in CA file", cfg->ca_file);
	else if (!cert)
		r = fail(err, cap, "no certificate in", cfg->cert_file);
	else if (!key)
		r = fail(err, cap, "no private key in", cfg->key_file);
	else if (X509_check_private_key(cert, key) != 1)
		r = fail(err, cap, "key does not belong to certificate", cfg->cert_file);
	BIO_free(ca_in);
	BIO_free(cert_in);
	BIO_free(key_in);
	X509_free(ca);
	X509_free(cert);
	EVP_PKEY_free(key);
	return r;
}

static int pem_read(struct rpc_tls_pem *out, const struct rpc_tls_cfg *cfg, char *err, size_t cap)
{
	struct rpc_tls_pem pem = { 0 };
	int r = slurp(&pem.ca, cfg->ca_file, err, cap);

	if (r == 0)
		r = slurp(&pem.cert, cfg->cert_file, err, cap);
	if (r == 0)
		r = slurp(&pem.key, cfg->key_file, err, cap);
	if (r == 0)
		r = check(&pem, cfg, err, cap);
	if (r < 0) {
		pem_free(&pem);
		return r;
	}
	*out = pem;
	return 0;
}

/* ---- who holds it ---- */

void rpc_tls_end(struct rpc_tls *tls)
{
	struct list *n;

	list_del(&tls->link);
	while ((n = list_pop(&tls->serves)))
		free(LIST_OF(n, struct rpc_tls_serve, link));
	pem_free(&tls->pem);
	pthread_mutex_destroy(&tls->lock);
	free(tls->ca_file);
	free(tls->cert_file);
	free(tls->key_file);
	free(tls);
}

int rpc_tls_new(struct rpc_tls **outp, struct rpc *rpc, const struct rpc_tls_cfg *cfg, char *err,
		size_t err_cap)
{
	struct rpc_tls *tls = calloc(1, sizeof(*tls));
	int r;

	if (!tls)
		return err_raise(-ENOMEM);
	list_init(&tls->link);
	list_init(&tls->serves);
	tls->refs = 1;
	pthread_mutex_init(&tls->lock, NULL);
	tls->ca_file = cfg->ca_file ? strdup(cfg->ca_file) : NULL;
	tls->cert_file = cfg->cert_file ? strdup(cfg->cert_file) : NULL;
	tls->key_file = cfg->key_file ? strdup(cfg->key_file) : NULL;
	r = rpc_tls_reload(tls, err, err_cap);
	if (r < 0) {
		rpc_tls_end(tls);
		return err_trace(r);
	}
	list_add(&rpc->tls, &tls->link);
	*outp = tls;
	return 0;
}

int rpc_tls_reload(struct rpc_tls *tls, char *err, size_t err_cap)
{
	const struct rpc_tls_cfg cfg = { tls->ca_file, tls->cert_file, tls->key_file };
	struct rpc_tls_pem fresh, old;
	int r = pem_read(&fresh, &cfg, err, err_cap);

	if (r < 0)
		return err_raise(r);
	tls->generation++;
	pthread_mutex_lock(&tls->lock);
	old = tls->pem;
	tls->pem = fresh;
	tls->pem_generation = tls->generation;
	pthread_mutex_unlock(&tls->lock);
	pem_free(&old);
	return 0;
}

struct rpc_tls *rpc_tls_ref(struct rpc_tls *tls)
{
	tls->refs++;
	return tls;
}

struct rpc_tls *rpc_tls_free(struct rpc_tls *tls)
{
	if (tls && --tls->refs == 0 && list_empty(&tls->serves))
		rpc_tls_end(tls);
	return NULL;
}
