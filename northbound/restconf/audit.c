/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log: bucket "audit", one entry of models/sextant-audit.yang as JSON a record, in
 * order of its number. The newest RC_AUDIT_MAX are kept, in memory and on disk; of those that
 * tell of a missing right RC_AUDIT_DENIED_MAX.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "log/log.h"
#include "northbound/restconf/rc_int.h"

static const char *const role_names[] = { [HTTP_ROLE_NONE] = "none", [HTTP_ROLE_READ] = "read",
					  [HTTP_ROLE_OPERATE] = "operate",
					  [HTTP_ROLE_ADMIN] = "admin", NULL };
static const char *const outcome_names[] = { [RC_AUDIT_PENDING] = "pending",
					     [RC_AUDIT_DONE] = "done",
					     [RC_AUDIT_REFUSED] = "refused", NULL };

static const struct rc_leaf leaves[] = {
	RC_LEAF("time", RC_TIME, struct rc_audit, wall_ns, 0),
	RC_LEAF("user", RC_CHARS, struct rc_audit, user, 0),
	RC_LEAF_ENUM("role", RC_ENUM8, struct rc_audit, role, role_names),
	RC_LEAF("from", RC_IP, struct rc_audit, from, 0),
	RC_LEAF("method", RC_CHARS, struct rc_audit, method, 0),
	RC_LEAF("resource", RC_TEXT, struct rc_audit, resource, 0),
	RC_LEAF_ENUM("outcome", RC_ENUM8, struct rc_audit, outcome, outcome_names),
	RC_LEAF("status", RC_U16, struct rc_audit, status, RC_SKIP_ZERO),
	RC_LEAF("text", RC_TEXT, struct rc_audit, text, RC_SKIP_ZERO),
	RC_LEAF("before", RC_TEXT, struct rc_audit, before, RC_SKIP_ZERO),
	RC_LEAF("after", RC_TEXT, struct rc_audit, after, RC_SKIP_ZERO),
};

void rc_audit_free(struct rc_audit *a)
{
	if (!a)
		return;
	free(a->resource);
	free(a->before);
	free(a->after);
	free(a->text);
	free(a);
}

void rc_audit_fill(const struct rc_audit *a, struct lyd_node *entry)
{
	rc_leaves_fill(entry, leaves, ARRAY_LEN(leaves), a);
}

static bool is_denied(const struct rc_audit *a)
{
	return a->outcome == RC_AUDIT_REFUSED && a->status == 403;
}

/*
 * Which record makes room for a new one; the number of records when none has to. Who may only
 * look can fill his own share with attempts, not push out what others did.
 */
static size_t victim_of(const struct rc *rc, const struct rc_audit *a)
{
	size_t first = rc->audit.n, denied = 0;

	for (size_t i = 0; is_denied(a) && i < rc->audit.n; i++) {
		if (!is_denied(rc->audit.at[i]))
			continue;
		if (denied++ == 0)
			first = i;
	}
	if (denied >= RC_AUDIT_DENIED_MAX)
		return first;
	return rc->audit.n >= RC_AUDIT_MAX ? 0 : rc->audit.n;
}

static void key_text(uint64_t id, char buf[24])
{
	snprintf(buf, 24, "%020" PRIu64, id);
}

int rc_audit_write(struct rc *rc, struct rc_audit *a, const struct rc_operation *o,
		   store_done_fn done, void *arg)
{
	struct lyd_node *root = NULL, *entry;
	char key[24], okey[24], id[24];
	struct store_op ops[2];
	char *otext AUTO_FREE = o ? rc_operation_record(o, okey, &ops[1]) : NULL;
	char *text = NULL;
	int r;

	if (!a->id)
		a->id = rc->audit_next++;
	snprintf(id, sizeof(id), "%" PRIu64, a->id);
	lyd_new_inner(NULL, ly_ctx_get_module_implemented(rc->ctx, "sextant-audit"), "audit", 0, &root);
	entry = root ? rc_entry(root, "entry", id) : NULL;
	if (entry)
		rc_audit_fill(a, entry);
	if (!entry || (o && !otext) ||
	    lyd_print_mem(&text, root, LYD_JSON, LYD_PRINT_SHRINK) != LY_SUCCESS || !text) {
		lyd_free_all(root);
		return err_raise(-ENOMEM);
	}
	key_text(a->id, key);
	ops[0] = (struct store_op){ "audit", key, text, strlen(text) };
	r = store_write(rc->cfg.store, ops, o ? 2 : 1, done, arg);
	free(text);
	lyd_free_all(root);
	return r;
}

/* What stays on the disk when this fails goes at the next start, when it is read once more. */
static void forget(struct rc *rc, struct rc_audit *a)
{
	char key[24];
	struct store_op op = { "audit", key, NULL, 0 };

	key_text(a->id, key);
	(void)store_write(rc->cfg.store, &op, 1, NULL, NULL);
	rc_audit_free(a);
}

void rc_audit_keep(struct rc *rc, struct rc_audit *a)
{
	size_t v = victim_of(rc, a);

	if (v < rc->audit.n) {
		forget(rc, rc->audit.at[v]);
		memmove(rc->audit.at + v, rc->audit.at + v + 1,
			(rc->audit.n - v - 1) * sizeof(*rc->audit.at));
		rc->audit.n--;
	}
	if (!VEC_ADD(&rc->audit, a))
		rc_audit_free(a);
}

static int load_one(void *arg, const char *key, const void *value, size_t len)
{
	struct rc *rc = arg;
	char *text AUTO_FREE = strndup(value, len);
	struct lyd_node *root = NULL;
	const struct lyd_node *entry;
	struct rc_audit *a;

	if (!text)
		return err_raise(-ENOMEM);
	if (lyd_parse_data_mem(rc->ctx, text, LYD_JSON, LYD_PARSE_ONLY | LYD_PARSE_STRICT, 0, &root) !=
		    LY_SUCCESS || !root || !(entry = rc_child(root, "entry"))) {
		log_event("", LOG_ERROR, "restconf.audit.unreadable", "key=%s", key);
		lyd_free_all(root);
		return 0;
	}
	a = calloc(1, sizeof(*a));
	if (a) {
		rc_leaves_read(entry, leaves, ARRAY_LEN(leaves), a);
		str_u64(rc_value(entry, "id"), &a->id);
		if (a->id >= rc->audit_next)
			rc->audit_next = a->id + 1;
		rc_audit_keep(rc, a);
	}
	lyd_free_all(root);
	return a ? 0 : err_raise(-ENOMEM);
}

int rc_audit_load(struct rc *rc)
{
	rc->audit_next = 1;
	return store_each(rc->cfg.store, "audit", load_one, rc);
}
