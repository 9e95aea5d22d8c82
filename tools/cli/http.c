/* SPDX-License-Identifier: Apache-2.0 */
/* The API client: one request at a time with libcurl, errors in words. */
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli.h"

enum { BODY_MAX = 512 * 1024 * 1024, EVENT_MAX = 1 << 20 };

/* One transfer. Lives in one place: libcurl keeps pointers into it. */
struct request {
	CURL *curl;
	struct curl_slist *headers;
	struct str url;
	char error[CURL_ERROR_SIZE];
};

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

static void request_fini(struct request *q)
{
	curl_slist_free_all(q->headers);
	curl_easy_cleanup(q->curl);
	str_fini(&q->url);
}

static int header_add(struct request *q, const char *text)
{
	struct curl_slist *l = curl_slist_append(q->headers, text);

	if (!l)
		return cli_fail(CLI_REFUSED, "out of memory");
	q->headers = l;
	return CLI_OK;
}

static int request_init(struct request *q, const char *path)
{
	size_t n = strlen(cli_said.server);

	*q = (struct request){ .curl = curl_easy_init() };
	if (!q->curl)
		return cli_fail(CLI_REFUSED, "out of memory");
	while (n > 0 && cli_said.server[n - 1] == '/')
		n--;
	str_addf(&q->url, "%.*s%s", (int)n, cli_said.server, path);
	curl_easy_setopt(q->curl, CURLOPT_URL, str_text(&q->url));
	curl_easy_setopt(q->curl, CURLOPT_ERRORBUFFER, q->error);
	curl_easy_setopt(q->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(q->curl, CURLOPT_USERAGENT, "sextant-cli");
	curl_easy_setopt(q->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(q->curl, CURLOPT_CONNECTTIMEOUT_MS,
			 cli_said.timeout_ms < 5000 ? cli_said.timeout_ms : 5000L);
	curl_easy_setopt(q->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(q->curl, CURLOPT_VERBOSE, cli_said.verbose ? 1L : 0L);
	if (cli_said.ca)
		curl_easy_setopt(q->curl, CURLOPT_CAINFO, cli_said.ca);
	if (cli_said.cert)
		curl_easy_setopt(q->curl, CURLOPT_SSLCERT, cli_said.cert);
	if (cli_said.key)
		curl_easy_setopt(q->curl, CURLOPT_SSLKEY, cli_said.key);
	/* Otherwise libcurl holds back long bodies until the server says 100. */
	return header_add(q, "Expect:");
}

/* What went wrong below HTTP, as an exit code and what to do about it. */
static const struct {
	CURLcode rc;
	int code;
	const char *hint;
} transport[] = {
	{ CURLE_OPERATION_TIMEDOUT, CLI_TIMEOUT, "--timeout gives it longer" },
	{ CURLE_PEER_FAILED_VERIFICATION, CLI_AUTH, "--ca or SEXTANT_CA says whom to trust" },
	{ CURLE_SSL_CACERT_BADFILE, CLI_AUTH, "check the file of --ca or SEXTANT_CA" },
	{ CURLE_SSL_CERTPROBLEM, CLI_AUTH, "check the files of --cert and --key" },
	{ CURLE_SSL_CONNECT_ERROR, CLI_AUTH, "check --cert, --key, --ca, and that the server speaks TLS" },
	{ CURLE_URL_MALFORMAT, CLI_USAGE, "--server wants a URL such as http://[::1]:8080" },
	{ CURLE_UNSUPPORTED_PROTOCOL, CLI_USAGE, "--server wants http:// or https://" },
	{ CURLE_WRITE_ERROR, CLI_REFUSED, "the answer is longer than this program takes" },
};

static int transport_failed(CURLcode rc, const struct request *q)
{
	const char *what = q->error[0] ? q->error : curl_easy_strerror(rc);

	/* Under TLS 1.3 a refused client certificate shows when the first answer is read. */
	if (rc == CURLE_RECV_ERROR && strstr(what, "alert"))
		rc = CURLE_SSL_CERTPROBLEM;
	for (size_t i = 0; i < ARRAY_LEN(transport); i++)
		if (transport[i].rc == rc)
			return cli_fail(transport[i].code, "%s: %s (%s)", cli_said.server, what,
					transport[i].hint);
	return cli_fail(CLI_UNREACHABLE, "no answer from %s: %s (is sextantd running? --server or "
			"SEXTANT_SERVER says where)", cli_said.server, what);
}

static int exit_of(long status)
{
	if (status >= 200 && status < 300)
		return CLI_OK;
	if (status == 401 || status == 403)
		return CLI_AUTH;
	if (status == 409 || status == 412)
		return CLI_CONFLICT;
	if (status == 408 || status == 504)
		return CLI_TIMEOUT;
	return CLI_REFUSED;
}

/* ietf-restconf:errors, each as one line: what, where. */
static int refused(const struct cli_reply *r, const char *method, const char *path)
{
	size_t n = cli_count(r->json, "errors/error");

	if (cli_said.json && !cli_said.silent)
		cli_print_json(r);
	for (size_t i = 0; i < n; i++) {
		json_object *e = cli_nth(r->json, "errors/error", i);
		const char *where = cli_text(e, "error-path", "");

		(void)cli_fail(0, "%s%s%s%s",
			       cli_text(e, "error-message", cli_text(e, "error-tag", "refused")),
			       *where ? " (at " : "", where, *where ? ")" : "");
	}
	if (n == 0)
		(void)cli_fail(0, "%s %s: HTTP %ld", method, path, r->status);
	return exit_of(r->status);
}

static int key_add(struct request *q)
{
	const char *key = cli_opt("idempotency-key", 0);
	STR_AUTO struct str line = { 0 };

	if (!key)
		return CLI_OK;
	for (const char *p = key; *p; p++)
		if (*p < 0x20 || *p > 0x7e)
			return cli_fail(CLI_USAGE, "--idempotency-key wants printable ASCII");
	str_addf(&line, "Idempotency-Key: %s", key);
	return *key ? header_add(q, str_text(&line)) :
		      cli_fail(CLI_USAGE, "--idempotency-key wants a key");
}

static int prepare(struct request *q, const char *method, const char *body, struct cli_reply *out)
{
	const char *etag = strcmp(method, "GET") != 0 ? cli_opt("if-match", 0) : NULL;
	STR_AUTO struct str match = { 0 };
	int rc = header_add(q, "Accept: application/yang-data+json");

	if (rc == CLI_OK && body)
		rc = header_add(q, "Content-Type: application/yang-data+json");
	if (rc == CLI_OK && etag) {
		bool quoted = etag[0] == '"' || strncmp(etag, "W/", 2) == 0 || strcmp(etag, "*") == 0;

		str_addf(&match, quoted ? "If-Match: %s" : "If-Match: \"%s\"", etag);
		rc = strpbrk(etag, "\r\n") ? cli_fail(CLI_USAGE, "--if-match wants an entity tag") :
					     header_add(q, str_text(&match));
	}
	if (rc == CLI_OK && strcmp(method, "GET") != 0)
		rc = key_add(q);
	curl_easy_setopt(q->curl, CURLOPT_HTTPHEADER, q->headers);
	curl_easy_setopt(q->curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(q->curl, CURLOPT_TIMEOUT_MS, cli_said.timeout_ms);
	curl_easy_setopt(q->curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(q->curl, CURLOPT_WRITEDATA, out);
	curl_easy_setopt(q->curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(q->curl, CURLOPT_HEADERDATA, out);
	if (body) {
		curl_easy_setopt(q->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
		curl_easy_setopt(q->curl, CURLOPT_POSTFIELDS, body);
	}
	return rc;
}

int cli_call(const char *method, const char *path, const char *body, struct cli_reply *out)
{
	struct request q;
	int rc = request_init(&q, path);
	CURLcode cc;

	*out = (struct cli_reply){ .body.limit = BODY_MAX };
	if (rc == CLI_OK)
		rc = prepare(&q, method, body, out);
	if (rc == CLI_OK) {
		cc = curl_easy_perform(q.curl);
		curl_easy_getinfo(q.curl, CURLINFO_RESPONSE_CODE, &out->status);
		if (cc != CURLE_OK)
			rc = transport_failed(cc, &q);
	}
	request_fini(&q);
	if (rc != CLI_OK)
		return rc;
	if (out->body.len > 0)
		out->json = json_tokener_parse(str_text(&out->body));
	return exit_of(out->status) == CLI_OK ? CLI_OK : refused(out, method, path);
}

int cli_get(const char *path, struct cli_reply *out)
{
	int rc = cli_call("GET", path, NULL, out);

	if (rc == CLI_OK && !json_object_is_type(out->json, json_type_object))
		return cli_fail(CLI_REFUSED, "%s%s answered with something that is not a JSON object: is "
				"this a Sextant controller?", cli_said.server, path);
	return rc;
}

int cli_operate(const char *module, const char *name, const char *input, struct cli_reply *out)
{
	STR_AUTO struct str path = { 0 };
	STR_AUTO struct str body = { 0 };

	str_addf(&path, "/restconf/operations/%s:%s", module, name);
	str_addf(&body, "{\"%s:input\":{%s}}", module, input);
	return cli_call("POST", str_text(&path), str_text(&body), out);
}

/* ---- server-sent events: lines, a blank one ends an event ---- */

struct stream {
	CURL *curl;
	struct str line, data;
	struct cli_reply refusal; /* the body when the answer is not a stream */
	uint64_t id;
	cli_stream_fn fn;
	void *arg;
	bool ended, alive;
};

static bool stream_line(struct stream *s, const char *line)
{
	if (strncmp(line, "id:", 3) == 0) {
		s->id = strtoull(line + 3, NULL, 10);
	} else if (strncmp(line, "data:", 5) == 0) {
		if (s->data.len > 0)
			str_add(&s->data, "\n");
		str_add(&s->data, line[5] == ' ' ? line + 6 : line + 5);
	} else if (line[0] == '\0' && s->data.len > 0) {
		bool more = s->fn(s->arg, s->id, str_text(&s->data));

		str_fini(&s->data);
		return more;
	}
	return true;
}

static size_t take_stream(char *data, size_t size, size_t n, void *arg)
{
	struct stream *s = arg;

	curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &s->refusal.status);
	s->alive = true;
	if (exit_of(s->refusal.status) != CLI_OK)
		return take_body(data, size, n, &s->refusal);
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

/* Runs the transfer until it ends or, quiet_ms not 0, nothing has come for that long after the
 * connection stood. */
static CURLcode stream_run(CURLM *multi, struct stream *s, int quiet_ms)
{
	int running = 1, left;
	CURLMsg *msg;

	while (running) {
		int events = 0;
		long status = 0;

		s->alive = false;
		if (curl_multi_perform(multi, &running) != CURLM_OK)
			return CURLE_OUT_OF_MEMORY;
		if (!running)
			break;
		if (curl_multi_poll(multi, NULL, 0, quiet_ms ? quiet_ms : 60000, &events) != CURLM_OK)
			return CURLE_OUT_OF_MEMORY;
		curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &status);
		if (quiet_ms && events == 0 && !s->alive && status != 0) {
			s->ended = true;
			return CURLE_OK;
		}
	}
	msg = curl_multi_info_read(multi, &left);
	return msg ? msg->data.result : CURLE_OK;
}

static int stream_result(struct stream *s, CURLcode cc, const struct request *q, const char *path)
{
	curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &s->refusal.status);
	if (s->ended)
		return CLI_OK;
	if (cc != CURLE_OK)
		return transport_failed(cc, q);
	if (exit_of(s->refusal.status) == CLI_OK)
		return cli_fail(CLI_UNREACHABLE, "the controller ended the stream");
	if (s->refusal.body.len > 0)
		s->refusal.json = json_tokener_parse(str_text(&s->refusal.body));
	return refused(&s->refusal, "GET", path);
}

int cli_stream(const char *path, uint64_t after, int quiet_ms, cli_stream_fn fn, void *arg)
{
	struct stream s = { .fn = fn, .arg = arg, .line.limit = EVENT_MAX, .data.limit = EVENT_MAX,
			    .refusal.body.limit = EVENT_MAX };
	struct request q;
	char resume[64];
	CURLM *multi = curl_multi_init();
	int rc = request_init(&q, path);

	s.curl = q.curl;
	(void)snprintf(resume, sizeof(resume), "Last-Event-ID: %llu", (unsigned long long)after);
	if (rc == CLI_OK)
		rc = header_add(&q, "Accept: text/event-stream");
	if (rc == CLI_OK)
		rc = header_add(&q, resume);
	if (rc == CLI_OK && !multi)
		rc = cli_fail(CLI_REFUSED, "out of memory");
	if (rc == CLI_OK) {
		curl_easy_setopt(q.curl, CURLOPT_HTTPHEADER, q.headers);
		curl_easy_setopt(q.curl, CURLOPT_WRITEFUNCTION, take_stream);
		curl_easy_setopt(q.curl, CURLOPT_WRITEDATA, &s);
		if (quiet_ms)
			curl_easy_setopt(q.curl, CURLOPT_TIMEOUT_MS, cli_said.timeout_ms);
		curl_multi_add_handle(multi, q.curl);
		rc = stream_result(&s, stream_run(multi, &s, quiet_ms), &q, path);
		curl_multi_remove_handle(multi, q.curl);
	}
	request_fini(&q);
	curl_multi_cleanup(multi);
	str_fini(&s.line);
	str_fini(&s.data);
	cli_reply_fini(&s.refusal);
	return rc;
}
