/* SPDX-License-Identifier: Apache-2.0 */
#include "certs.h"

#include <check.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct pair {
	EVP_PKEY *key;
	X509 *cert;
};

static void ext_add(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ck_assert_ptr_nonnull(e);
	X509_add_ext(cert, e, -1);
	X509_EXTENSION_free(e);
}

static struct pair pair_make(const char *cn, const struct pair *ca)
{
	struct pair p = { EVP_EC_gen("P-256"), X509_new() };
	X509_NAME *name;

	ck_assert(p.key && p.cert);
	X509_set_version(p.cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(p.cert), (long)rand() + 1);
	X509_gmtime_adj(X509_getm_notBefore(p.cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(p.cert), 86400);
	X509_set_pubkey(p.cert, p.key);
	name = X509_get_subject_name(p.cert);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)cn, -1, -1, 0);
	X509_set_issuer_name(p.cert, ca ? X509_get_subject_name(ca->cert) : name);
	ext_add(p.cert, ca ? ca->cert : p.cert, NID_basic_constraints, ca ? "CA:FALSE" : "critical,CA:TRUE");
	if (ca)
		ext_add(p.cert, ca->cert, NID_subject_alt_name, "DNS:localhost,IP:::1,IP:127.0.0.1");
	ck_assert_int_gt(X509_sign(p.cert, ca ? ca->key : p.key, EVP_sha256()), 0);
	return p;
}

static void pair_write(const struct pair *p, const char *cert, const char *key)
{
	FILE *f = fopen(cert, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(PEM_write_X509(f, p->cert), 1);
	fclose(f);
	if (!key)
		return;
	f = fopen(key, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(PEM_write_PrivateKey(f, p->key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(f);
}

static void pair_free(struct pair *p)
{
	EVP_PKEY_free(p->key);
	X509_free(p->cert);
}

void certs_make(struct certs *c)
{
	struct pair ca, server, client, other_ca, other;

	(void)snprintf(c->dir, sizeof(c->dir), "/tmp/sextant-certs-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(c->dir));
#define NAME(field, file) (void)snprintf(c->field, sizeof(c->field), "%s/" file, c->dir)
	NAME(ca, "ca.pem");
	NAME(cert, "server.pem");
	NAME(key, "server.key");
	NAME(client_cert, "client.pem");
	NAME(client_key, "client.key");
	NAME(other_ca, "other-ca.pem");
	NAME(other_cert, "other.pem");
	NAME(other_key, "other.key");
#undef NAME
	ca = pair_make("Test CA", NULL);
	server = pair_make("server", &ca);
	client = pair_make("client", &ca);
	other_ca = pair_make("Other CA", NULL);
	other = pair_make("stranger", &other_ca);
	pair_write(&ca, c->ca, NULL);
	pair_write(&server, c->cert, c->key);
	pair_write(&client, c->client_cert, c->client_key);
	pair_write(&other_ca, c->other_ca, NULL);
	pair_write(&other, c->other_cert, c->other_key);
	pair_free(&ca);
	pair_free(&server);
	pair_free(&client);
	pair_free(&other_ca);
	pair_free(&other);
}

void certs_remove(struct certs *c)
{
	const char *files[] = { c->ca, c->cert, c->key, c->client_cert, c->client_key,
				c->other_ca, c->other_cert, c->other_key };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		(void)unlink(files[i]);
	(void)rmdir(c->dir);
}
