/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/bench/talk.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { TIMEOUT_S = 20 };

static int exchange(int fd, const struct sockaddr_un *sa, const char *command, struct str *reply)
{
	char buf[65536];
	ssize_t n;
	int len = snprintf(buf, sizeof(buf), "json %s\n", command);

	if (connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) < 0 ||
	    send(fd, buf, (size_t)len, MSG_NOSIGNAL) != len || shutdown(fd, SHUT_WR) < 0)
		return -errno;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		str_addn(reply, buf, (size_t)n);
	return n < 0 ? -errno : reply->len ? 0 : -EPIPE;
}

int bench_ask(const char *socket_path, const char *command, struct str *reply)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;

	if (fd < 0)
		return -errno;
	(void)str_copy(sa.sun_path, sizeof(sa.sun_path), socket_path);
	rc = exchange(fd, &sa, command, reply);
	(void)close(fd);
	return rc;
}

static size_t take(char *data, size_t size, size_t n, void *arg)
{
	struct str *reply = arg;

	str_addn(reply, data, size * n);
	return reply->bad ? 0 : size * n;
}

long bench_http(const char *base, const char *method, const char *path, const char *body,
		struct str *reply)
{
	STR_AUTO struct str url = { 0 };
	CURL *c = curl_easy_init();
	struct curl_slist *headers = NULL;
	long status = 0;

	if (!c)
		return 0;
	str_addf(&url, "%s%s", base, path);
	headers = curl_slist_append(headers, "Content-Type: application/yang-data+json");
	(void)curl_easy_setopt(c, CURLOPT_URL, str_text(&url));
	(void)curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
	(void)curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	(void)curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)TIMEOUT_S);
	(void)curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
	(void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
	(void)curl_easy_setopt(c, CURLOPT_WRITEDATA, reply);
	if (body)
		(void)curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
	if (curl_easy_perform(c) == CURLE_OK)
		(void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	curl_easy_cleanup(c);
	return status;
}

void bench_url(struct str *out, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (isalnum(*p) || *p == '.' || *p == '-')
			str_addn(out, (const char *)p, 1);
		else
			str_addf(out, "%%%02X", *p);
	}
}
