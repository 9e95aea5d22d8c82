/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations (RFC 8040 s3.6). What changes something is audited like a write; what only
 * computes answers at once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "northbound/restconf/rc_int.h"

/* ---- policy ---- */

static void run_adopt(struct rc_op *op)
{
	intent_adopt(op->rc->cfg.intent, &op->key, rc_op_intent_done, op);
}

static void run_release(struct rc_op *op)
{
	intent_release(op->rc->cfg.intent, &op->key, rc_op_intent_done, op);
}

static void run_hold(struct rc_op *op)
{
	intent_hold(op->rc->cfg.intent, op->flag, rc_op_intent_done, op);
}

static void run_reoptimise(struct rc_op *op)
{
	if (intent_reoptimise(op->rc->cfg.intent, &op->key) != 0)
		rc_fail(&op->error, RC_NOT_FOUND, "there is no such policy");
	rc_op_done(op);
}

static void key_op(const struct lyd_node *input, struct rc_op *op, void (*run)(struct rc_op *op),
		   struct rc_error *e)
{
	op->run = run;
	if (!rc_key_read(input, &op->key))
		rc_fail(e, RC_INVALID_VALUE, "headend and endpoint are plain addresses");
}

static void call_adopt(struct rc *rc, const struct lyd_node *input, struct lyd_node *output,
		       struct rc_op *op, struct rc_error *e)
{
	(void)rc;
	(void)output;
	key_op(input, op, run_adopt, e);
}

static void call_release(struct rc *rc, const struct lyd_node *input, struct lyd_node *output,
			 struct rc_op *op, struct rc_error *e)
{
	(void)rc;
	(void)output;
	key_op(input, op, run_release, e);
}

static void call_reoptimise(struct rc *rc, const struct lyd_node *input, struct lyd_node *output,
			    struct rc_op *op, struct rc_error *e)
{
	(void)rc;
	(void)output;
	key_op(input, op, run_reoptimise, e);
}

static void call_hold(struct rc *rc, const struct lyd_node *input, struct lyd_node *output,
		      struct rc_op *op, struct rc_error *e)
{
	(void)rc;
	(void)output;
	(void)e;
	op->run = run_hold;
	op->flag = strcmp(rc_value(input, "set"), "true") == 0;
}

/* ---- system ---- */

struct clear {
	const char *protocol;
	struct ip_addr peer;
	bool match;
};

static void clear_match(void *arg, const struct session_info *s)
{
	struct clear *c = arg;

	c->match |= strcmp(s->protocol, c->protocol) == 0 && ip_eq(&s->peer, &c->peer);
}

static void run_clear(struct rc_op *op)
{
	struct clear c = { .protocol = op->text, .peer = op->key.headend };
	struct rc *rc = op->rc;

	for (size_t i = 0; i < rc->cfg.n_sessions; i++) {
		const struct session_query *q = &rc->sessions[i];

		q->each(q->self, clear_match, &c);
		if (c.match) {
			if (q->reset(q->self, &c.peer) != 0)
				rc_fail(&op->error, RC_NOT_FOUND, "there is no such session");
			rc_op_done(op);
			return;
		}
	}
	rc_fail(&op->error, RC_NOT_FOUND, "there is no %.32s session with that peer", op->text);
	rc_op_done(op);
}

static void call_clear(struct rc *rc, const struct lyd_node *input, struct lyd_node *output,
		       struct rc_op *op, struct rc_error *e)
{
	(void)rc;
	(void)output;
	(void)e;
	op->run = run_clear;
	str_copy(op->text, sizeof(op->text), rc_value(input, "protocol"));
	ip_parse(rc_value(input, "peer"), &op->key.headend);
}

static void backup_done(void *arg, int r)
{
	struct rc_op *op = arg;

	if (!op->rc) {
		rc_op_done(op);
		return;
	}
	if (r < 0) {
		rc_fail(&op->error, RC_NO_SPACE, "the copy failed: %s", err_text(r));
	} else {
		str_add(&op->body, "{\"sextant-system:output\":{\"path\":");
		str_json(&op->body, op->text);
		str_add(&op->body, "}}");
		op->status = 200;
	}
	rc_op_done(op);
}

static void run_backup(struct rc_op *op)
{
	int r = store_backup(op->rc->cfg.store, op->text, backup_done, op);

	if (r < 0)
		backup_done(op, r);
}

static void call_backup(struct rc *rc, const struct lyd_node *input, struct lyd_node *output,
			struct rc_op *op, struct rc_error *e)
{
	(void)output;
	op->run = run_backup;
	if (!rc->backup_dir[0])
		rc_fail(e, RC_RESOURCE_DENIED, "no backup directory is configured");
	else if ((size_t)snprintf(op->text, sizeof(op->text), "%s/%s", rc->backup_dir,
				  rc_value(input, "name")) >= sizeof(op->text))
		rc_fail(e, RC_INVALID_VALUE, "the name is too long");
}

const struct rc_rpc rc_rpcs[] = {
	{ "sextant-assurance", "accept", HTTP_ROLE_OPERATE, true, rc_incident_accept, NULL },
	{ "sextant-assurance", "approve", HTTP_ROLE_OPERATE, true, rc_incident_approve, NULL },
	{ "sextant-assurance", "check-window", HTTP_ROLE_OPERATE, true, rc_window_check, NULL },
	{ "sextant-assurance", "diagnose", HTTP_ROLE_READ, false, rc_incident_diagnose, NULL },
	{ "sextant-assurance", "release", HTTP_ROLE_OPERATE, true, rc_incident_release, NULL },
	{ "sextant-failure", "repairs", HTTP_ROLE_READ, false, rc_failure_repairs, NULL },
	{ "sextant-failure", "what-if", HTTP_ROLE_READ, false, NULL, rc_failure_whatif },
	{ "sextant-operations", "cancel", HTTP_ROLE_OPERATE, true, rc_operation_cancel, NULL },
	{ "sextant-optimise", "apply", HTTP_ROLE_OPERATE, true, rc_optimise_apply, NULL },
	{ "sextant-optimise", "cancel", HTTP_ROLE_OPERATE, true, rc_optimise_cancel, NULL },
	{ "sextant-optimise", "start", HTTP_ROLE_OPERATE, true, rc_optimise_start, NULL },
	{ "sextant-path", "compute", HTTP_ROLE_READ, false, NULL, rc_path_compute },
	{ "sextant-path", "compute-alternatives", HTTP_ROLE_READ, false, NULL, rc_path_alternatives },
	{ "sextant-path", "compute-disjoint", HTTP_ROLE_READ, false, NULL, rc_path_disjoint },
	{ "sextant-path", "compute-multipath", HTTP_ROLE_READ, false, NULL, rc_path_multipath },
	{ "sextant-path", "compute-reach", HTTP_ROLE_READ, false, NULL, rc_path_reach },
	{ "sextant-policy", "adopt", HTTP_ROLE_OPERATE, true, call_adopt, NULL },
	{ "sextant-policy", "hold", HTTP_ROLE_OPERATE, true, call_hold, NULL },
	{ "sextant-policy", "release", HTTP_ROLE_OPERATE, true, call_release, NULL },
	{ "sextant-policy", "reoptimise", HTTP_ROLE_OPERATE, true, call_reoptimise, NULL },
	{ "sextant-slice", "audit", HTTP_ROLE_READ, false, rc_slice_audit, NULL },
	{ "sextant-slice", "reachability", HTTP_ROLE_READ, false, rc_slice_reach, NULL },
	{ "sextant-system", "backup", HTTP_ROLE_ADMIN, true, call_backup, NULL },
	{ "sextant-system", "session-clear", HTTP_ROLE_OPERATE, true, call_clear, NULL },
};
const size_t rc_n_rpcs = ARRAY_LEN(rc_rpcs);

/* ---- messages ---- */

static bool body_ok(struct http_req *req, const char *body, size_t len, struct rc_error *e)
{
	const char *t = http_header(req, "content-type");
	size_t n = t ? strcspn(t, "; \t") : 0;

	e->protocol = true;
	if (len && !(t && ((n == strlen(RC_JSON_TYPE) && strncasecmp(t, RC_JSON_TYPE, n) == 0) ||
			   (n == 16 && strncasecmp(t, "application/json", n) == 0))))
		return rc_fail(e, RC_MEDIA_TYPE, "send Content-Type: " RC_JSON_TYPE);
	e->protocol = false;
	return !len || rc_json_ok(body, len, e);
}

/*
 * {"module:input": {…}} as libyang wants it: {"module:rpc": {…}}. Whatever else the body holds
 * must be refused here: libyang 2.1 forgets the operation it has read when what follows it at
 * the top fails, and a client could make us lose memory with every request.
 */
static bool input_text(const struct rc_rpc *rpc, const char *body, struct str *out, struct rc_error *e)
{
	const char *p = body + strspn(body, RC_JSON_WS), *value, *end;
	char want[160];

	p += *p == '{';
	p += strspn(p, RC_JSON_WS);
	if (!*p || *p == '}') {
		str_addf(out, "{\"%s:%s\":{}}", rpc->module, rpc->name);
		return true;
	}
	snprintf(want, sizeof(want), "\"%s:input\"", rpc->module);
	value = strncmp(p, want, strlen(want)) == 0 ? p + strlen(want) : "";
	value += strspn(value, RC_JSON_WS);
	value += *value == ':';
	value += strspn(value, RC_JSON_WS);
	end = *value == '{' ? rc_json_end(value) : NULL;
	if (!end || *end != '}')
		return rc_fail(e, RC_MALFORMED, "the body is not {%s: {...}}", want);
	str_addf(out, "{\"%s:%s\":", rpc->module, rpc->name);
	str_addn(out, value, (size_t)(end - value));
	str_addn(out, "}", 1);
	return true;
}

static bool input_parse(struct rc *rc, const struct rc_rpc *rpc, struct http_req *req,
			struct lyd_node **tree, struct lyd_node **op, struct rc_error *e)
{
	struct str STR_AUTO text = { 0 };
	struct ly_in *in = NULL;
	const char *body;
	size_t len;
	LY_ERR r;

	body = http_body(req, &len);
	if (!body_ok(req, body, len, e) || !input_text(rpc, body, &text, e))
		return false;
	if (text.bad || ly_in_new_memory(str_text(&text), &in) != LY_SUCCESS)
		return rc_fail(e, RC_UNAVAILABLE, "no memory");
	ly_err_clean(rc->ctx, NULL);
	r = lyd_parse_op(rc->ctx, NULL, in, LYD_JSON, LYD_TYPE_RPC_YANG, tree, op);
	if (r == LY_SUCCESS)
		r = lyd_validate_op(*tree, NULL, LYD_TYPE_RPC_YANG, NULL);
	ly_in_free(in, 0);
	if (r == LY_SUCCESS)
		return true;
	return rc_fail_ly(e, rc->ctx, RC_INVALID_VALUE, "");
}

struct lyd_node *rc_rpc_output(struct rc *rc, const char *module, const char *name)
{
	const struct lys_module *m = ly_ctx_get_module_implemented(rc->ctx, module);
	struct lyd_node *output = NULL;

	if (m)
		(void)lyd_new_inner(NULL, m, name, 0, &output);
	return output;
}

void rc_rpc_answer(struct rc *rc, struct http_req *req, const struct lyd_node *output)
{
	const char *module = output->schema->module->name;
	struct str STR_AUTO b = { 0 };
	char *text = NULL;
	size_t skip = strlen(module) + strlen(output->schema->name) + strlen("{\":\"");

	(void)rc;
	if (!lyd_child(output)) {
		http_reply(req, 204, NULL, 0, NULL, 0);
		return;
	}
	lyd_print_mem(&text, output, LYD_JSON, LYD_PRINT_SHRINK);
	if (text && strlen(text) > skip) {
		str_addf(&b, "{\"%s:output\"", module);
		str_add(&b, text + skip);
	}
	free(text);
	rc_reply_json(req, 200, NULL, str_text(&b), b.len);
}

static const struct rc_rpc *rpc_find(const char *name)
{
	char full[160];

	for (size_t i = 0; i < rc_n_rpcs; i++) {
		snprintf(full, sizeof(full), "%s:%s", rc_rpcs[i].module, rc_rpcs[i].name);
		if (strcmp(full, name) == 0)
			return &rc_rpcs[i];
	}
	return NULL;
}

static bool invoke(struct rc *rc, struct http_req *req, const struct rc_rpc *rpc, struct rc_error *e)
{
	struct lyd_node *tree = NULL, *input = NULL, *output = NULL;
	struct rc_op *op = NULL;

	if (!input_parse(rc, rpc, req, &tree, &input, e)) {
		lyd_free_all(tree);
		return false;
	}
	if (rpc->audited)
		op = rc_op_new(rc, req);
	else if (rpc->call)
		output = rc_rpc_output(rc, rpc->module, rpc->name);
	if (rpc->start)
		rpc->start(rc, req, input, e);
	else if (!op && !output)
		rc_fail(e, RC_UNAVAILABLE, "too many writes are waiting for the disk");
	else
		rpc->call(rc, input, output, op, e);
	if (e->tag == RC_OK && op) {
		char *after AUTO_FREE = NULL;

		lyd_print_mem(&after, input, LYD_JSON, LYD_PRINT_SHRINK);
		rc_op_start(op, NULL, after);
	} else if (e->tag == RC_OK && output) {
		rc_rpc_answer(rc, req, output);
	} else if (op) {
		rc_op_drop(op);
	}
	lyd_free_all(output);
	lyd_free_all(tree);
	return e->tag == RC_OK;
}

void rc_invoke(struct rc *rc, struct http_req *req, const char *name)
{
	const struct rc_rpc *rpc = rpc_find(name);
	struct rc_error e = { .tag = RC_OK };
	struct rc_query q;

	if (!rpc)
		rc_fail(&e, RC_NOT_FOUND, "no operation %.100s here; GET /restconf/operations lists them",
			name);
	else if (strcmp(http_method(req), "OPTIONS") == 0)
		rc_allow(req, 200, "POST, OPTIONS", "");
	else if (strcmp(http_method(req), "POST") != 0)
		rc_allow(req, 405, "POST, OPTIONS", "operations are invoked by POST");
	else if (http_user(req)->role < rpc->role)
		rc_fail(&e, RC_ACCESS_DENIED, "%.60s may not invoke %s", http_user(req)->name, name);
	else if (rc_query_parse(http_query(req), &q, true, &e) && q.dry_run)
		rc_fail(&e, RC_INVALID_VALUE, "operations have no dry run");
	else if (e.tag == RC_OK && (!rpc->audited || !rc_operation_again(rc, req)) &&
		 !(rpc->audited && rc_window_frozen(rc, req, name, &e)))
		invoke(rc, req, rpc, &e);
	if (e.tag == RC_ACCESS_DENIED)
		rc_op_denied(rc, req, &e);
	else if (e.tag != RC_OK)
		rc_reply_error(rc, req, &e);
}
