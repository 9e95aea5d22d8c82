/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes and audited operations. The record is durable before the work begins, so nothing
 * changes unaudited; its outcome is noted when the work is done, then the client is answered.
 * The work goes on when the client leaves. An op ends in finish(), once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "log/log.h"
#include "northbound/restconf/rc_int.h"

static void op_gone(void *arg)
{
	((struct rc_op *)arg)->req = NULL;
}

static void op_free(struct rc_op *op)
{
	if (op->rc) {
		list_del(&op->link);
		op->rc->n_ops--;
	}
	rc_audit_free(op->audit);
	free(op->value);
	free(op->entry);
	rc_docs_free(op->docs);
	str_fini(&op->body);
	free(op);
}

struct rc_op *rc_op_new(struct rc *rc, struct http_req *req)
{
	const struct http_user *u = http_user(req);
	struct rc_op *op;

	if (rc->n_ops >= RC_OPS_MAX)
		return NULL;
	op = calloc(1, sizeof(*op));
	if (!op)
		return NULL;
	op->audit = calloc(1, sizeof(*op->audit));
	if (!op->audit) {
		free(op);
		return NULL;
	}
	op->rc = rc;
	op->req = req;
	op->status = 204;
	op->audit->wall_ns = loop_wall_ns(rc->cfg.loop);
	str_copy(op->audit->user, sizeof(op->audit->user), u->name);
	op->audit->role = (uint8_t)u->role;
	op->audit->from = u->from;
	str_copy(op->audit->method, sizeof(op->audit->method), http_method(req));
	op->audit->resource = strndup(http_path(req), 1024);
	list_add(&rc->ops, &op->link);
	rc->n_ops++;
	return op;
}

static void reply(struct rc_op *op)
{
	struct http_header h[4];
	size_t n = 0;

	if (op->error.tag != RC_OK) {
		rc_reply_error(op->rc, op->req, &op->error);
		return;
	}
	if (op->etag[0])
		h[n++] = (struct http_header){ "etag", op->etag };
	if (op->location[0])
		h[n++] = (struct http_header){ "location", op->location };
	if (op->body.len)
		h[n++] = (struct http_header){ "content-type", RC_JSON_TYPE };
	h[n++] = (struct http_header){ "cache-control", "no-cache" };
	http_reply(op->req, op->body.len ? 200 : op->status, h, n, str_text(&op->body),
		   op->body.len);
}

static void publish(struct rc_op *op)
{
	const struct rc_audit *a = op->audit;
	char ip[IP_TEXT_MAX], id[24];
	struct str STR_AUTO b = { 0 };

	snprintf(id, sizeof(id), "%llu", (unsigned long long)a->id);
	str_add(&b, "\"audit-id\":");
	str_json(&b, id);
	str_add(&b, ",\"user\":");
	str_json(&b, a->user);
	str_add(&b, ",\"from\":");
	str_json(&b, ip_text(&a->from, ip, sizeof(ip)));
	str_addf(&b, ",\"method\":\"%s\",\"status\":%u", a->method, a->status);
	bus_publish(op->rc->cfg.bus, loop_wall_ns(op->rc->cfg.loop), BUS_INFO, "audit",
		    a->resource ? a->resource : "", str_text(&b));
}

static void finish(struct rc_op *op)
{
	if (op->rc) {
		rc_operation_leave(op);
		publish(op);
		rc_audit_keep(op->rc, TAKE(op->audit));
	}
	if (op->rc && op->req) {
		http_on_gone(op->req, NULL, NULL);
		reply(op);
	}
	op_free(op);
}

static void finish_dry(struct rc_op *op)
{
	const struct http_header h[] = { { "sextant-dry-run", "true" }, { "cache-control", "no-cache" } };

	if (op->req) {
		http_on_gone(op->req, NULL, NULL);
		if (op->error.tag != RC_OK)
			rc_reply_error(op->rc, op->req, &op->error);
		else
			http_reply(op->req, 204, h, ARRAY_LEN(h), NULL, 0);
	}
	op_free(op);
}

static void outcome_stored(void *arg, int r)
{
	struct rc_op *op = arg;

	if (r < 0)
		log_event("", LOG_ERROR, "restconf.audit.failed", "id=%llu outcome lost",
			  (unsigned long long)(op->audit ? op->audit->id : 0));
	finish(op);
}

void rc_op_done(struct rc_op *op)
{
	struct rc_audit *a = op->audit;
	bool ok = op->error.tag == RC_OK;

	if (!op->rc) { /* the room is gone */
		op_free(op);
		return;
	}
	if (op->dry) {
		finish_dry(op);
		return;
	}
	a->outcome = ok ? RC_AUDIT_DONE : RC_AUDIT_REFUSED;
	a->status = (uint16_t)(ok ? op->status : rc_status(op->error.tag));
	if (!ok)
		a->text = strdup(op->error.message);
	else
		op->rc->modified_wall_ns = loop_wall_ns(op->rc->cfg.loop);
	if (op->operation)
		rc_operation_end(op);
	if (rc_audit_write(op->rc, a, op->operation, outcome_stored, op) < 0)
		outcome_stored(op, -1);
}

static void accepted(struct rc_op *op)
{
	http_on_gone(op->req, NULL, NULL);
	rc_operation_accepted(op->req, op->operation);
	op->req = NULL;
}

static void begun(void *arg, int r)
{
	struct rc_op *op = arg;

	if (!op->rc) {
		op_free(op);
		return;
	}
	if (r >= 0 && op->cancelled) {
		rc_fail(&op->error, RC_RESOURCE_DENIED, "it was cancelled; nothing was changed");
		rc_op_done(op);
		return;
	}
	if (r >= 0) {
		op->began = true;
		if (op->req && op->operation && op->operation->async)
			accepted(op);
		op->run(op);
		return;
	}
	rc_operation_leave(op);
	rc_fail(&op->error, RC_NO_SPACE,
		"the change cannot be recorded in the audit log (%s), so it was not made", err_text(r));
	if (op->req) {
		http_on_gone(op->req, NULL, NULL);
		reply(op);
	}
	op_free(op);
}

static char *clip(const char *text)
{
	return text && *text ? strndup(text, RC_AUDIT_TEXT_MAX) : NULL;
}

void rc_op_start(struct rc_op *op, const char *before, const char *after)
{
	int r;

	if (op->req)
		http_on_gone(op->req, op_gone, op);
	if (op->dry) { /* changes nothing: no record */
		op->run(op);
		return;
	}
	op->audit->before = clip(before);
	op->audit->after = clip(after);
	op->audit->outcome = RC_AUDIT_PENDING;
	if (op->req && rc_operation_wanted(op->req) && !rc_operation_begin(op)) {
		begun(op, err_raise(-ENOSPC));
		return;
	}
	r = rc_audit_write(op->rc, op->audit, op->operation, begun, op);
	if (r < 0)
		begun(op, r);
}

/* When the log cannot take it the answer is the same: nothing was to be changed. */
void rc_op_denied(struct rc *rc, struct http_req *req, const struct rc_error *e)
{
	struct rc_op *op = rc_op_new(rc, req);

	if (!op) {
		rc_reply_error(rc, req, e);
		return;
	}
	op->error = *e;
	http_on_gone(req, op_gone, op);
	rc_op_done(op);
}

/* Before anything was begun. */
void rc_op_drop(struct rc_op *op)
{
	op_free(op);
}
