/* SPDX-License-Identifier: Apache-2.0 */
/* The room: its life, and which part answers which path, for whom. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "log/metric.h"
#include "northbound/restconf/rc_int.h"

int rc_new(struct rc **outp, const struct rc_cfg *cfg, char *err, size_t err_cap)
{
	struct rc *rc = calloc(1, sizeof(*rc));
	int r;

	if (!rc)
		return err_raise(-ENOMEM);
	rc->cfg = *cfg;
	list_init(&rc->reads);
	list_init(&rc->ops);
	list_init(&rc->whatifs);
	list_init(&rc->paths);
	if (rc->cfg.n_sessions > RC_SESSIONS_MAX)
		rc->cfg.n_sessions = RC_SESSIONS_MAX;
	for (size_t i = 0; i < rc->cfg.n_sessions; i++)
		rc->sessions[i] = cfg->sessions[i];
	str_copy(rc->version, sizeof(rc->version), cfg->version ? cfg->version : "");
	str_copy(rc->node, sizeof(rc->node), cfg->node ? cfg->node : "");
	str_copy(rc->backup_dir, sizeof(rc->backup_dir), cfg->backup_dir ? cfg->backup_dir : "");
	rc->started_wall_ns = rc->modified_wall_ns = loop_wall_ns(cfg->loop);
	r = rc_schema_load(rc, err, err_cap);
	if (r == 0) {
		r = rc_audit_load(rc);
		if (r < 0)
			snprintf(err, err_cap, "audit log: cannot be read: %s", err_text(r));
	}
	if (r == 0) {
		r = rc_operations_load(rc);
		if (r < 0)
			snprintf(err, err_cap, "operations: cannot be read: %s", err_text(r));
	}
	if (r < 0) {
		rc_free(rc);
		return err_trace(r);
	}
	*outp = rc;
	return 0;
}

struct rc *rc_free(struct rc *rc)
{
	struct list *n;

	if (!rc)
		return NULL;
	while (!list_empty(&rc->reads)) {
		struct rc_read *rd = LIST_OF(rc->reads.next, struct rc_read, link);

		http_on_gone(rd->req, NULL, NULL);
		http_stream_end(rd->req);
		rc_read_fini(rd);
		free(rd);
	}
	rc_failure_fini(rc);
	rc_paths_fini(rc);
	/* Their completions are still to come: they find no room and end. */
	while ((n = list_pop(&rc->ops)))
		LIST_OF(n, struct rc_op, link)->rc = NULL;
	for (size_t i = 0; i < rc->audit.n; i++)
		rc_audit_free(rc->audit.at[i]);
	VEC_FINI(&rc->audit);
	rc_operations_free(rc);
	ted_unref(rc->links.ted);
	free(rc->links.start);
	free(rc->links.idx);
	rc_schema_free(rc);
	free(rc);
	return NULL;
}

/* ---- paths ---- */

typedef void (*path_fn)(struct rc *rc, struct http_req *req, const char *rest);

static void on_data(struct rc *rc, struct http_req *req, const char *rest)
{
	const char *m = http_method(req);
	struct rc_error e = { .tag = RC_OK };
	struct rc_target t;

	(void)rest;
	if (strcmp(m, "GET") == 0 || strcmp(m, "HEAD") == 0) {
		rc_get(rc, req);
		return;
	}
	if (strcmp(m, "POST") == 0 || strcmp(m, "PUT") == 0 || strcmp(m, "PATCH") == 0 ||
	    strcmp(m, "DELETE") == 0) {
		if (http_user(req)->role >= HTTP_ROLE_OPERATE) {
			rc_write(rc, req);
			return;
		}
		rc_fail(&e, RC_ACCESS_DENIED, "%.60s may read here, not write", http_user(req)->name);
		rc_op_denied(rc, req, &e);
		return;
	} else if (rc_target_parse(rc, http_path(req) + strlen("/restconf/data"), &t, &e)) {
		bool options = strcmp(m, "OPTIONS") == 0;

		rc_allow(req, options ? 200 : 405, rc_allowed(rc, &t), "this method is not used here");
		rc_target_fini(&t);
		return;
	} else {
		rc_target_fini(&t);
	}
	rc_reply_error(rc, req, &e);
}

static bool read_method(struct http_req *req)
{
	const char *m = http_method(req);

	if (strcmp(m, "GET") == 0 || strcmp(m, "HEAD") == 0)
		return true;
	rc_allow(req, strcmp(m, "OPTIONS") == 0 ? 200 : 405, "GET, HEAD, OPTIONS", "only read here");
	return false;
}

static void operations_list(struct str *b)
{
	for (size_t i = 0; i < rc_n_rpcs; i++)
		str_addf(b, "%s\"%s:%s\":[null]", i ? "," : "", rc_rpcs[i].module, rc_rpcs[i].name);
}

static void on_operations(struct rc *rc, struct http_req *req, const char *rest)
{
	struct str STR_AUTO b = { 0 };
	struct rc_error e = { .tag = RC_OK };
	char name[200];

	if (*rest == '/' && rest[1]) {
		if (rc_unescape(rest + 1, strlen(rest + 1), name, sizeof(name))) {
			rc_invoke(rc, req, name);
			return;
		}
		rc_fail(&e, RC_NOT_FOUND, "no operation of that name");
		rc_reply_error(rc, req, &e);
		return;
	}
	if (!read_method(req))
		return;
	str_add(&b, "{\"ietf-restconf:operations\":{");
	operations_list(&b);
	str_add(&b, "}}");
	rc_reply_json(req, 200, NULL, str_text(&b), b.len);
}

static void on_root(struct rc *rc, struct http_req *req, const char *rest)
{
	struct str STR_AUTO b = { 0 };

	(void)rc;
	(void)rest;
	if (!read_method(req))
		return;
	str_add(&b, "{\"ietf-restconf:restconf\":{\"data\":{},\"operations\":{");
	operations_list(&b);
	str_add(&b, "},\"yang-library-version\":\"2019-01-04\"}}");
	rc_reply_json(req, 200, NULL, str_text(&b), b.len);
}

static void on_version(struct rc *rc, struct http_req *req, const char *rest)
{
	static const char text[] = "{\"ietf-restconf:yang-library-version\":\"2019-01-04\"}";

	(void)rc;
	(void)rest;
	if (read_method(req))
		rc_reply_json(req, 200, NULL, text, sizeof(text) - 1);
}

static void on_streams(struct rc *rc, struct http_req *req, const char *rest)
{
	struct rc_error e = { .tag = RC_OK };

	if (!rc->cfg.stream || strcmp(rest, "/sextant-events") != 0) {
		rc_fail(&e, RC_NOT_FOUND, "no such stream; there is sextant-events");
		rc_reply_error(rc, req, &e);
		return;
	}
	if (read_method(req))
		rc->cfg.stream(rc->cfg.stream_arg, req);
}

static void reply_text(struct http_req *req, int status, const char *type, const char *text)
{
	const struct http_header h[] = { { "content-type", type }, { "cache-control", "no-cache" } };

	http_reply(req, status, h, ARRAY_LEN(h), text, strlen(text));
}

static void on_host_meta(struct rc *rc, struct http_req *req, const char *rest)
{
	(void)rc;
	if (!read_method(req))
		return;
	if (strcmp(rest, ".json") == 0)
		reply_text(req, 200, "application/json",
			   "{\"links\":[{\"rel\":\"restconf\",\"href\":\"/restconf\"}]}");
	else
		reply_text(req, 200, "application/xrd+xml",
			   "<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>"
			   "<Link rel='restconf' href='/restconf'/></XRD>\n");
}

static void on_healthz(struct rc *rc, struct http_req *req, const char *rest)
{
	(void)rc;
	(void)rest;
	if (read_method(req))
		reply_text(req, 200, "text/plain", "ok\n");
}

static void on_readyz(struct rc *rc, struct http_req *req, const char *rest)
{
	char why[300] = "not ready", line[310];

	(void)rest;
	if (!read_method(req))
		return;
	if (!rc->cfg.ready || rc->cfg.ready(rc->cfg.arg, why, sizeof(why))) {
		reply_text(req, 200, "text/plain", "ready\n");
		return;
	}
	snprintf(line, sizeof(line), "%s\n", why);
	reply_text(req, 503, "text/plain", line);
}

static void on_metrics(struct rc *rc, struct http_req *req, const char *rest)
{
	struct str STR_AUTO b = { 0 };

	(void)rc;
	(void)rest;
	if (!read_method(req))
		return;
	metric_print(&b);
	reply_text(req, 200, "text/plain; version=0.0.4; charset=utf-8", str_text(&b));
}

/* Longest first where one begins another. What follows the path must be in rest. */
static const struct {
	const char *path;
	const char *rest[3]; /* allowed: "" exactly, "/" anything below */
	enum http_role role;
	bool json; /* the answer is negotiated */
	path_fn fn;
} paths[] = {
	{ "/restconf/data", { "", "/" }, HTTP_ROLE_READ, true, on_data },
	{ "/restconf/operations", { "", "/" }, HTTP_ROLE_READ, true, on_operations },
	{ "/restconf/streams", { "/" }, HTTP_ROLE_READ, false, on_streams },
	{ "/restconf/yang-library-version", { "" }, HTTP_ROLE_READ, true, on_version },
	{ "/restconf/", { "" }, HTTP_ROLE_READ, true, on_root },
	{ "/restconf", { "" }, HTTP_ROLE_READ, true, on_root },
	{ "/.well-known/host-meta", { "", ".json" }, HTTP_ROLE_NONE, false, on_host_meta },
	{ "/healthz", { "" }, HTTP_ROLE_NONE, false, on_healthz },
	{ "/readyz", { "" }, HTTP_ROLE_NONE, false, on_readyz },
	{ "/metrics", { "" }, HTTP_ROLE_READ, false, on_metrics },
};

static bool rest_ok(size_t i, const char *rest)
{
	for (size_t k = 0; k < ARRAY_LEN(paths[i].rest) && paths[i].rest[k]; k++) {
		const char *want = paths[i].rest[k];

		if (strcmp(want, "/") == 0 ? *rest == '/' : strcmp(want, rest) == 0)
			return true;
	}
	return false;
}

static bool admitted(const struct http_user *u, enum http_role need, struct rc_error *e)
{
	if (u->role >= need)
		return true;
	if (!u->name[0])
		return rc_fail(e, RC_UNAUTHENTICATED, "show a client certificate of the configured CA");
	return rc_fail(e, RC_ACCESS_DENIED, "%.60s has no role here; give it one under 'access:'",
		       u->name);
}

void rc_handle(void *arg, struct http_req *req)
{
	struct rc *rc = arg;
	const char *path = http_path(req);
	struct rc_error e = { .tag = RC_OK };

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		size_t n = strlen(paths[i].path);

		if (strncmp(path, paths[i].path, n) != 0 || !rest_ok(i, path + n))
			continue;
		if (admitted(http_user(req), paths[i].role, &e) &&
		    (!paths[i].json || rc_accepts(req, &e))) {
			paths[i].fn(rc, req, path + n);
			return;
		}
		rc_reply_error(rc, req, &e);
		return;
	}
	rc_fail(&e, RC_NOT_FOUND, "nothing here; the API is /restconf (RFC 8040), beside it /healthz, "
				  "/readyz, /metrics");
	rc_reply_error(rc, req, &e);
}
