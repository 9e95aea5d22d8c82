/* SPDX-License-Identifier: Apache-2.0 */
/* The API client: one request at a time with libcurl, errors in words. */
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli.h"

enum { BODY_MAX = 512 * 1024 * 1024 };

void cli_reply_fini(struct cli_reply *r)
{
	str_fini(&r->body);
	json_object_put(r->json);
	r->json = NULL;
}

void cli_url_escape(struct str *out, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if ((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		    strchr("-._~", *p))
			str_addn(out, (const char *)p, 1);
		else
			str_addf(out, "%%%02X", *p);
	}
}

static size_t take_body(char *data, size_t size, size_t n, void *arg)
{
	struct cli_reply *r = arg;

	str_addn(&r->body, data, size * n);
	return r->body.bad ? 0 : size * n;
}

static size_t take_header(char *data, size_t size, size_t n, void *arg)
{
	struct cli_reply *r = arg;
	size_t len = size * n, i = 5, k = 0;

	if (len > 5 && strncasecmp(data, "etag:", 5) == 0) {
		while (i < len && data[i] == ' ')
			i++;
		while (i < len && data[i] != '\r' && data[i] != '\n' && k + 1 < sizeof(r->etag))
			r->etag[k++] = data[i++];
		r->etag[k] = '\0';
	}
	return len;
}

static void common(CURL *c, const char *url, char *errbuf)
{
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, errbuf);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "sextant-cli");
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, 5L);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	if (cli.verbose)
		curl_easy_setopt(c, CURLOPT_VERBOSE, 1L);
	if (cli.ca)
		curl_easy_setopt(c, CURLOPT_CAINFO, cli.ca);
	if (cli.cert)
		curl_easy_setopt(c, CURLOPT_SSLCERT, cli.cert);
	if (cli.key)
		curl_easy_setopt(c, CURLOPT_SSLKEY, cli.key);
}

static int transport_failed(CURLcode rc, const char *errbuf)
{
	int code = rc == CURLE_OPERATION_TIMEDOUT ? CLI_TIMEOUT :
		   rc == CURLE_PEER_FAILED_VERIFICATION || rc == CURLE_SSL_CERTPROBLEM ? CLI_AUTH :
										    CLI_UNREACHABLE;

	return cli_fail(code, "no answer from %s: %s (is sextantd running? --server or "
			      "SEXTANT_SERVER says where)",
			cli.server, errbuf[0] ? errbuf : curl_easy_strerror(rc));
}

static int exit_of(long status)
{
	if (status >= 200 && status < 300)
		return CLI_OK;
	if (status == 401 || status == 403)
		return CLI_AUTH;
	if (status == 409 || status == 412)
		return CLI_CONFLICT;
	return CLI_REFUSED;
}

/* ietf-restconf:errors, each as one line: what, where. */
static int refused(const struct cli_reply *r, const char *method, const char *path)
{
	json_object *errors = cli_at(r->json, "errors/error");
	size_t n = errors && json_object_is_type(errors, json_type_array) ? json_object_array_length(errors) : 0;

	for (size_t i = 0; i < n; i++) {
		json_object *e = json_object_array_get_idx(errors, i);
		const char *where = cli_text(e, "error-path", "");

		(void)fprintf(stderr, "sextant: %s%s%s%s\n",
			      cli_text(e, "error-message", cli_text(e, "error-tag", "refused")),
			      *where ? " (at " : "", where, *where ? ")" : "");
	}
	if (n == 0)
		(void)fprintf(stderr, "sextant: %s %s: HTTP %ld\n", method, path, r->status);
	return exit_of(r->status);
}

int cli_call(const char *method, const char *path, const char *body, struct cli_reply *out)
{
	char errbuf[CURL_ERROR_SIZE] = "";
	STR_AUTO struct str url = { 0 };
	struct curl_slist *headers = NULL;
	CURL *c = curl_easy_init();
	CURLcode rc;

	*out = (struct cli_reply){ .body.limit = BODY_MAX };
	if (!c)
		return cli_fail(CLI_REFUSED, "out of memory");
	str_addf(&url, "%s%s", cli.server, path);
	common(c, str_text(&url), errbuf);
	headers = curl_slist_append(headers, "Accept: application/yang-data+json");
	headers = curl_slist_append(headers, "Expect:");
	if (body)
		headers = curl_slist_append(headers, "Content-Type: application/yang-data+json");
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, cli.timeout_s);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, out);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, out);
	if (body)
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
	rc = curl_easy_perform(c);
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &out->status);
	curl_slist_free_all(headers);
	curl_easy_cleanup(c);
	if (rc != CURLE_OK)
		return transport_failed(rc, errbuf);
	if (out->body.len > 0)
		out->json = json_tokener_parse(str_text(&out->body));
	return exit_of(out->status) == CLI_OK ? CLI_OK : refused(out, method, path);
}

/* Server-sent events, RFC-less but old: lines, a blank one ends an event. */
struct stream {
	struct str line;
	uint64_t id;
	struct str data;
	bool (*fn)(void *arg, uint64_t id, const char *data);
	void *arg;
	bool ended;
};

static bool stream_line(struct stream *s, const char *line)
{
	if (strncmp(line, "id:", 3) == 0)
		s->id = strtoull(line + 3, NULL, 10);
	else if (strncmp(line, "data:", 5) == 0)
		str_add(&s->data, line[5] == ' ' ? line + 6 : line + 5);
	else if (line[0] == '\0' && s->data.len > 0) {
		bool more = s->fn(s->arg, s->id, str_text(&s->data));

		str_fini(&s->data);
		return more;
	}
	return true;
}

static size_t take_stream(char *data, size_t size, size_t n, void *arg)
{
	struct stream *s = arg;

	for (size_t i = 0; i < size * n; i++) {
		if (data[i] == '\r')
			continue;
		if (data[i] != '\n') {
			str_addn(&s->line, &data[i], 1);
			continue;
		}
		if (!stream_line(s, str_text(&s->line))) {
			s->ended = true;
			return 0;
		}
		str_fini(&s->line);
	}
	return s->line.bad || s->data.bad ? 0 : size * n;
}

int cli_stream(const char *path, uint64_t after, bool (*fn)(void *arg, uint64_t id, const char *data),
	       void *arg)
{
	struct stream s = { .fn = fn, .arg = arg, .line.limit = 1 << 20, .data.limit = 1 << 20 };
	char errbuf[CURL_ERROR_SIZE] = "", resume[64];
	STR_AUTO struct str url = { 0 };
	struct curl_slist *headers = NULL;
	CURL *c = curl_easy_init();
	long status = 0;
	CURLcode rc;

	if (!c)
		return cli_fail(CLI_REFUSED, "out of memory");
	str_addf(&url, "%s%s", cli.server, path);
	common(c, str_text(&url), errbuf);
	(void)snprintf(resume, sizeof(resume), "Last-Event-ID: %llu", (unsigned long long)after);
	headers = curl_slist_append(headers, "Accept: text/event-stream");
	headers = curl_slist_append(headers, resume);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_stream);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, &s);
	rc = curl_easy_perform(c);
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	curl_easy_cleanup(c);
	str_fini(&s.line);
	str_fini(&s.data);
	if (s.ended || (rc == CURLE_OK && exit_of(status) == CLI_OK))
		return CLI_OK;
	if (rc == CURLE_OK)
		return cli_fail(exit_of(status), "%s: HTTP %ld", path, status);
	return transport_failed(rc, errbuf);
}
