/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values out of a validated (or partly validated) tree, and the files it names. Whatever is
 * wrong with a file is one line with the place where the file is named.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "conf/conf_int.h"
#include "conf/read.h"

static const char *tail_path(const struct lyd_node *n, char *buf, size_t cap)
{
	const char *p;

	if (!lyd_path(n, LYD_PATH_STD, buf, cap))
		buf[0] = '\0';
	p = buf[0] ? strchr(buf + 1, '/') : NULL;
	return p ? p + 1 : buf;
}

void conf_read_say(struct conf_reader *r, const struct lyd_node *at, const char *fmt, ...)
{
	char path[CONF_PATH_MAX];
	va_list ap;
	char text[768];

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	str_addf(r->errors, "%s: %s: %s\n", conf_where(at), tail_path(at, path, sizeof(path)),
		 text);
	r->n_errors++;
}

uint64_t conf_read_num(const struct lyd_node *in, const char *name)
{
	const char *v = conf_text_of(in, name);
	uint64_t n = 0;

	if (v)
		(void)str_u64(v, &n);
	return n;
}

bool conf_read_flag(const struct lyd_node *in, const char *name)
{
	const char *v = conf_text_of(in, name);

	return v && strcmp(v, "true") == 0;
}

struct ip_addr conf_read_ip(const struct lyd_node *in, const char *name)
{
	const char *v = conf_text_of(in, name);
	struct ip_addr a = { 0 };

	if (v)
		(void)ip_parse(v, &a);
	return a;
}

bool conf_read_prefix(const struct lyd_node *in, const char *name, struct ip_prefix *out)
{
	const char *v = conf_text_of(in, name);

	return v && ip_prefix_parse(v, out) == 0;
}

void conf_read_text(const struct lyd_node *in, const char *name, char *dst, size_t cap)
{
	const char *v = conf_text_of(in, name);

	(void)str_copy(dst, cap, v ? v : "");
}

static const char *const levels[] = { [LOG_ERROR] = "error",
				      [LOG_WARN] = "warning",
				      [LOG_NOTICE] = "notice",
				      [LOG_INFO] = "info",
				      [LOG_DEBUG] = "debug" };

void conf_read_log(const struct lyd_node *root, struct log_cfg *out)
{
	const struct lyd_node *in = conf_child(root, "log");
	const char *level = conf_text_of(in, "level"), *format = conf_text_of(in, "format");

	out->level = LOG_INFO;
	for (unsigned i = LOG_ERROR; level && i < ARRAY_LEN(levels); i++) {
		if (levels[i] && strcmp(levels[i], level) == 0)
			out->level = (enum log_level)i;
	}
	out->format = format && strcmp(format, "json") == 0 ? LOG_JSON : LOG_LOGFMT;
	out->journal_prefix = getenv("JOURNAL_STREAM") != NULL; /* systemd reads our stderr */
}

bool conf_read_path(struct conf_reader *r, const struct lyd_node *in, const char *name, char *dst)
{
	const struct lyd_node *leaf = conf_child(in, name);
	const char *v = leaf ? lyd_get_value(leaf) : NULL;
	const char *slash = strrchr(r->file, '/');
	int n;

	dst[0] = '\0';
	if (!v)
		return false;
	if (*v == '/' || !slash)
		n = snprintf(dst, CONF_TEXT_MAX, "%s", v);
	else
		n = snprintf(dst, CONF_TEXT_MAX, "%.*s/%s", (int)(slash - r->file), r->file, v);
	if (n < 0 || n >= CONF_TEXT_MAX) {
		conf_read_say(r, leaf, "the name of the file is too long");
		return false;
	}
	return true;
}

static int open_file(const char *path, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && (fstat(fd, st) < 0 || !S_ISREG(st->st_mode))) {
		(void)close(fd);
		errno = EISDIR;
		return -1;
	}
	return fd;
}

void conf_read_md5(struct conf_reader *r, const struct lyd_node *in, struct conf_md5 *out)
{
	conf_read_key(r, in, "md5-key-file", out);
}

void conf_read_key(struct conf_reader *r, const struct lyd_node *in, const char *name,
		   struct conf_md5 *out)
{
	const struct lyd_node *leaf = conf_child(in, name);
	char path[CONF_TEXT_MAX];
	uint8_t buf[sizeof(out->key) + 3];
	struct stat st;
	ssize_t n;
	int fd;

	if (!conf_read_path(r, in, name, path))
		return;
	fd = open_file(path, &st);
	n = fd >= 0 ? read(fd, buf, sizeof(buf)) : -1;
	if (n < 0)
		conf_read_say(r, leaf, "%s: %s", path, err_text(errno));
	if (fd >= 0)
		(void)close(fd);
	if (n < 0)
		return;
	if (n > 0 && buf[n - 1] == '\n')
		n--;
	if (n > 0 && buf[n - 1] == '\r')
		n--;
	if (n == 0 || (size_t)n > sizeof(out->key)) {
		conf_read_say(r, leaf, "%s: a key has 1 to %zu octets", path, sizeof(out->key));
		return;
	}
	out->len = (uint8_t)n;
	memcpy(out->key, buf, (size_t)n);
	explicit_bzero(buf, sizeof(buf));
}

static FILE *open_pem(struct conf_reader *r, const struct lyd_node *leaf, const char *path)
{
	struct stat st;
	int fd = open_file(path, &st);
	FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;

	if (!f)
		conf_read_say(r, leaf, "%s: %s", path, err_text(errno));
	if (!f && fd >= 0)
		(void)close(fd);
	return f;
}

static X509 *read_cert(struct conf_reader *r, const struct lyd_node *leaf, const char *path)
{
	FILE *f = open_pem(r, leaf, path);
	X509 *x;

	if (!f)
		return NULL;
	x = PEM_read_X509(f, NULL, NULL, NULL);
	(void)fclose(f);
	ERR_clear_error();
	if (!x)
		conf_read_say(r, leaf, "%s: holds no PEM certificate", path);
	return x;
}

static int no_passphrase(char *buf, int size, int rw, void *arg)
{
	(void)buf;
	(void)size;
	(void)rw;
	(void)arg;
	return 0;
}

static EVP_PKEY *read_key(struct conf_reader *r, const struct lyd_node *leaf, const char *path)
{
	FILE *f = open_pem(r, leaf, path);
	EVP_PKEY *k;

	if (!f)
		return NULL;
	k = PEM_read_PrivateKey(f, NULL, no_passphrase, NULL);
	(void)fclose(f);
	ERR_clear_error();
	if (!k)
		conf_read_say(r, leaf, "%s: holds no PEM private key without a passphrase", path);
	return k;
}

void conf_read_tls(struct conf_reader *r, const struct lyd_node *tls, const char *ca_name,
		   struct conf_tls *out)
{
	const struct lyd_node *ck = conf_child(tls, "key");
	X509 *cert = NULL, *ca = NULL;
	EVP_PKEY *key = NULL;

	if (conf_read_path(r, tls, "certificate", out->cert))
		cert = read_cert(r, conf_child(tls, "certificate"), out->cert);
	if (conf_read_path(r, tls, "key", out->key))
		key = read_key(r, ck, out->key);
	if (conf_read_path(r, tls, ca_name, out->ca))
		ca = read_cert(r, conf_child(tls, ca_name), out->ca);
	if (cert && key && X509_check_private_key(cert, key) != 1)
		conf_read_say(r, ck, "%s: is not the key of %s", out->key, out->cert);
	ERR_clear_error();
	X509_free(cert);
	X509_free(ca);
	EVP_PKEY_free(key);
}
