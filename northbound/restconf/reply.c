/* SPDX-License-Identifier: Apache-2.0 */
/* Answers and errors (RFC 8040 s7.1), content negotiation, the depth check before libyang. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "northbound/restconf/rc_int.h"

static const struct {
	int status;
	const char *text;
} tags[] = {
	[RC_OK] = { 200, "" },
	[RC_IN_USE] = { 409, "in-use" },
	[RC_INVALID_VALUE] = { 400, "invalid-value" },
	[RC_NOT_FOUND] = { 404, "invalid-value" },
	[RC_NOT_ACCEPTABLE] = { 406, "invalid-value" },
	[RC_MEDIA_TYPE] = { 415, "invalid-value" },
	[RC_TOO_BIG] = { 413, "too-big" },
	[RC_MISSING_ATTRIBUTE] = { 400, "missing-attribute" },
	[RC_BAD_ATTRIBUTE] = { 400, "bad-attribute" },
	[RC_MISSING_ELEMENT] = { 400, "missing-element" },
	[RC_BAD_ELEMENT] = { 400, "bad-element" },
	[RC_UNKNOWN_ELEMENT] = { 400, "unknown-element" },
	[RC_UNKNOWN_NAMESPACE] = { 400, "unknown-namespace" },
	[RC_ACCESS_DENIED] = { 403, "access-denied" },
	[RC_UNAUTHENTICATED] = { 401, "access-denied" },
	[RC_RESOURCE_DENIED] = { 409, "resource-denied" },
	[RC_UNAVAILABLE] = { 503, "resource-denied" },
	[RC_NO_SPACE] = { 507, "resource-denied" },
	[RC_DATA_EXISTS] = { 409, "data-exists" },
	[RC_DATA_MISSING] = { 409, "data-missing" },
	[RC_NOT_SUPPORTED] = { 405, "operation-not-supported" },
	[RC_NOT_IMPLEMENTED] = { 501, "operation-not-supported" },
	[RC_FAILED] = { 500, "operation-failed" },
	[RC_PRECONDITION] = { 412, "operation-failed" },
	[RC_MALFORMED] = { 400, "malformed-message" },
};

int rc_status(enum rc_tag tag)
{
	return tags[tag].status;
}

bool rc_fail(struct rc_error *e, enum rc_tag tag, const char *fmt, ...)
{
	va_list ap;

	e->tag = tag;
	va_start(ap, fmt);
	vsnprintf(e->message, sizeof(e->message), fmt, ap);
	va_end(ap);
	return false;
}

bool rc_fail_at(struct rc_error *e, const struct lyd_node *node)
{
	if (!lyd_path(node, LYD_PATH_STD, e->path, sizeof(e->path)))
		e->path[0] = '\0';
	return false;
}

/* Which tag libyang's words mean. It has one code for nearly everything. */
static const struct {
	const char *part;
	enum rc_tag tag;
} ly_words[] = {
	{ "missing its key", RC_MISSING_ELEMENT },
	{ "Mandatory", RC_MISSING_ELEMENT },
	{ "not found as a child", RC_UNKNOWN_ELEMENT },
	{ "No module named", RC_UNKNOWN_NAMESPACE },
	{ "No module with", RC_UNKNOWN_NAMESPACE },
	{ "must be namespace-qualified", RC_UNKNOWN_NAMESPACE },
	{ "Unexpected data state node", RC_INVALID_VALUE },
	{ "Duplicate instance", RC_BAD_ELEMENT },
	{ "Data for both cases", RC_BAD_ELEMENT },
	{ "Invalid character", RC_MALFORMED },
	{ "Unexpected end-of-input", RC_MALFORMED },
	{ "Expect", RC_MALFORMED },
};

/* A location out of: Schema location "…", data location "…", line number N. */
static void ly_location(const struct ly_err_item *item, const char *base, char *out, size_t cap)
{
	const char *p = item->path ? strstr(item->path, "ata location \"") : NULL;
	const char *end;
	size_t n = strlen(base);

	out[0] = '\0';
	if (!p)
		return;
	p += strlen("ata location \"");
	end = strchr(p, '"');
	if (!end)
		return;
	/* Parsing under a parent, libyang's path starts at the first parsed node. */
	if (n && strncmp(p, base, n) != 0 && strlen(p) > 1) {
		const char *name = strchr(p, ':');

		snprintf(out, cap, "%s/%.*s", base, (int)(end - (name && name < end ? name : p) - 1),
			 (name && name < end ? name : p) + 1);
		return;
	}
	snprintf(out, cap, "%.*s", (int)(end - p), p);
}

bool rc_fail_ly(struct rc_error *e, const struct ly_ctx *ctx, enum rc_tag tag, const char *base)
{
	const struct ly_err_item *item = ly_err_first(ctx);

	if (!item) {
		rc_fail(e, RC_FAILED, "no memory");
		return false;
	}
	item = item->prev; /* the newest */
	for (size_t i = 0; i < ARRAY_LEN(ly_words); i++)
		if (item->msg && strstr(item->msg, ly_words[i].part)) {
			tag = ly_words[i].tag;
			break;
		}
	ly_location(item, base, e->path, sizeof(e->path));
	rc_fail(e, tag, "%s%s", item->msg ? item->msg : "not valid",
		item->msg && strstr(item->msg, "non-num64") ?
			" (RFC 7951: 64-bit numbers are JSON strings, \"10000000\")" :
			"");
	return false;
}

void rc_reply_json(struct http_req *req, int status, const char *etag, const char *text, size_t len)
{
	struct http_header h[4] = {
		{ "content-type", RC_JSON_TYPE },
		{ "cache-control", "no-cache" },
		{ "x-content-type-options", "nosniff" },
	};
	size_t n = 3;

	if (etag && *etag)
		h[n++] = (struct http_header){ "etag", etag };
	http_reply(req, status, h, n, text, len);
}

const char *rc_tag_text(enum rc_tag tag)
{
	return tags[tag].text;
}

void rc_error_text(const struct rc_error *e, struct str *b)
{
	str_addf(b, "{\"ietf-restconf:errors\":{\"error\":[{\"error-type\":\"%s\",\"error-tag\":\"%s\"",
		 e->protocol ? "protocol" : "application", tags[e->tag].text);
	if (e->app_tag[0]) {
		str_add(b, ",\"error-app-tag\":");
		str_json(b, e->app_tag);
	}
	if (e->path[0]) {
		str_add(b, ",\"error-path\":");
		str_json(b, e->path);
	}
	str_add(b, ",\"error-message\":");
	str_json(b, e->message);
	if (e->info[0])
		str_addf(b, ",\"error-info\":{%s}", e->info);
	str_add(b, "}]}}");
}

void rc_reply_error(struct rc *rc, struct http_req *req, const struct rc_error *e)
{
	struct str STR_AUTO b = { 0 };

	(void)rc;
	rc_error_text(e, &b);
	rc_reply_json(req, tags[e->tag].status, NULL, str_text(&b), b.len);
}

void rc_allow(struct http_req *req, int status, const char *allow, const char *message)
{
	struct http_header h[4] = {
		{ "allow", allow },
		{ "accept-patch", RC_JSON_TYPE ", application/json" },
		{ "cache-control", "no-cache" },
		{ "content-type", RC_JSON_TYPE },
	};
	struct rc_error e = { .tag = RC_NOT_SUPPORTED, .protocol = true };
	struct str STR_AUTO b = { 0 };

	if (status == 405) {
		rc_fail(&e, RC_NOT_SUPPORTED, "%s; allowed: %s", message, allow);
		rc_error_text(&e, &b);
	}
	http_reply(req, status, h, status == 405 ? 4 : 3, str_text(&b), b.len);
}

/* ---- content negotiation (RFC 9110 s12.5.1, enough of it for one type) ---- */

static bool q_is_zero(const char *params)
{
	const char *q = strcasestr(params, "q=");

	if (!q)
		return false;
	return strtod(q + 2, NULL) <= 0;
}

static bool range_matches(const char *range, size_t len)
{
	static const char *const ours[] = { "*/*", "application/*", RC_JSON_TYPE, "application/json" };

	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (strlen(ours[i]) == len && strncasecmp(range, ours[i], len) == 0)
			return true;
	return false;
}

bool rc_accepts(struct http_req *req, struct rc_error *e)
{
	const char *a = http_header(req, "accept");

	if (!a || !*a)
		return true;
	while (*a) {
		size_t item, type;
		char params[64];

		a += strspn(a, " \t");
		item = strcspn(a, ",");
		type = strcspn(a, ";, \t");
		snprintf(params, sizeof(params), "%.*s", (int)(item - (type < item ? type : item)),
			 a + (type < item ? type : item));
		if (range_matches(a, type) && !q_is_zero(params))
			return true;
		a += item + (a[item] == ',');
	}
	e->protocol = true;
	return rc_fail(e, RC_NOT_ACCEPTABLE, "answers are " RC_JSON_TYPE ", which Accept excludes");
}

/*
 * How long the object or array is that text begins with; 0 when it begins with neither or does
 * not end. *deepest is its nesting. Kinds of brackets are the parser's to judge.
 */
static size_t json_span(const char *text, unsigned *deepest)
{
	unsigned depth = 0;
	bool in_string = false;

	*deepest = 0;
	for (size_t i = 0; text[i]; i++) {
		char c = text[i];

		if (in_string) {
			if (c == '\\' && text[i + 1])
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			if (++depth > *deepest)
				*deepest = depth;
		} else if ((c == '}' || c == ']') && depth) {
			depth--;
		}
		if (!depth)
			return *deepest ? i + 1 : 0;
	}
	return 0;
}

const char *rc_json_end(const char *text)
{
	unsigned deepest;
	size_t n = json_span(text, &deepest);

	return n ? text + n + strspn(text + n, RC_JSON_WS) : NULL;
}

bool rc_json_ok(const char *body, size_t len, struct rc_error *e)
{
	const char *p = body + strspn(body, RC_JSON_WS);
	unsigned deepest;
	size_t n;

	e->protocol = true;
	if (strlen(body) != len || !str_utf8(body, len))
		return rc_fail(e, RC_MALFORMED, "the body is not UTF-8 text");
	n = json_span(p, &deepest);
	if (deepest > RC_JSON_DEPTH_MAX)
		return rc_fail(e, RC_MALFORMED, "the body is nested deeper than %d",
			       RC_JSON_DEPTH_MAX);
	if (*p != '{' || !n || p[n + strspn(p + n, RC_JSON_WS)])
		return rc_fail(e, RC_MALFORMED, "the body is not one whole JSON object");
	e->protocol = false;
	return true;
}
