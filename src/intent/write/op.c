/* SPDX-License-Identifier: Apache-2.0 */
/* Operator writes on their way to disk: see op.h. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "intent/write/op.h"

enum { OPS_MAX = 2 * INTENT_SET_MAX };


void intent_op_end(struct intent_op *op)
{
	list_del(&op->link);
	op->rec.desired = intent_desired_unref(op->rec.desired);
	if (op->creates && op->writing)
		op->i->n_creating--;
	loop_task_cancel(&op->tell);
	free(op);
}

static void op_tell(void *arg)
{
	struct intent_op *op = arg;
	const struct intent_result r = op->result;
	intent_done_fn done = op->done;
	void *done_arg = op->arg;

	intent_op_end(op);
	if (done)
		done(done_arg, &r);
}

struct intent_op *intent_op_new(struct intent *i, const struct sr_policy_key *key, intent_done_fn done,
			 void *arg)
{
	struct intent_op *op = calloc(1, sizeof(*op));

	if (!op) {
		struct intent_result r = { 0 };

		/* From inside the command, against the rule: there is no memory to do it later. */
		intent_result_set(&r, INTENT_E_LIMIT, "", "no memory");
		if (done)
			done(arg, &r);
		return NULL;
	}
	op->i = i;
	op->key = *key;
	op->done = done;
	op->arg = arg;
	loop_task_init(&op->tell, i->loop, op_tell, op);
	list_add(&i->ops, &op->link);
	return op;
}

bool intent_op_free(struct intent_op *op)
{
	unsigned n = 0;

	LIST_EACH(it, &op->i->ops) {
		const struct intent_op *o = LIST_OF(it, struct intent_op, link);

		n++;
		if (o != op && o->writing && sr_policy_key_cmp(&o->key, &op->key) == 0)
			return INTENT_REFUSE(op, INTENT_E_BUSY, "",
				      "another change of it is being written: try again");
	}
	if (n > OPS_MAX)
		return INTENT_REFUSE(op, INTENT_E_LIMIT, "", "too many changes are being written: try again");
	return true;
}

bool intent_op_writing(const struct intent *i, const struct sr_policy_key *key)
{
	LIST_EACH(it, &i->ops) {
		const struct intent_op *o = LIST_OF(it, struct intent_op, link);

		if (o->writing && !o->written && sr_policy_key_cmp(&o->key, key) == 0)
			return true;
	}
	return false;
}

void intent_ops_each(const struct intent *i, intent_op_fn fn, void *arg)
{
	LIST_EACH(it, &i->ops) {
		const struct intent_op *o = LIST_OF(it, struct intent_op, link);

		if (o->writing && o->rec.desired && !o->rec.deleted)
			fn(arg, &o->rec.desired->p);
	}
}

bool intent_ops_hold(const struct intent *i, const struct ip_addr *headend, const char *lsp_name,
		     const struct ip_addr *bsid)
{
	LIST_EACH(it, &i->ops) {
		const struct intent_op *o = LIST_OF(it, struct intent_op, link);

		if (!o->writing || !o->rec.desired)
			continue;
		if (lsp_name && ip_eq(&o->key.headend, headend) && strcmp(o->rec.lsp_name, lsp_name) == 0)
			return true;
		if (bsid && ip_eq(&o->rec.bsid, bsid))
			return true;
	}
	return false;
}

/* ---- to disk and back ---- */

static void op_stored(void *arg, int r)
{
	struct intent_op *op = arg;
	struct intent *i = op->i;

	if (r < 0) {
		intent_result_set(&op->result, INTENT_E_STORE, "", "the disk refused: %s; nothing changed",
				  err_text(r));
		op_tell(op);
		return;
	}
	i->revision = op->revision;
	op->result.revision = op->revision;
	op->written = true;
	op->apply(op);
	op_tell(op);
}

enum { ROWS_MAX = 4 };

void intent_op_write(struct intent_op *op, const struct store_op *first, size_t n)
{
	char text[24];
	struct store_op ops[ROWS_MAX + 1];
	int r;

	assert(n <= ROWS_MAX);
	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)op->revision);
	memcpy(ops, first, n * sizeof(*first));
	ops[n] = (struct store_op){ "intent", "revision", text, strlen(text) };
	r = store_write(op->i->store, ops, n + 1, op_stored, op);
	if (r < 0) {
		intent_result_set(&op->result, INTENT_E_STORE, "", "the store takes no more: %s; nothing changed",
				  err_text(r));
		loop_task_run(&op->tell);
		return;
	}
	op->i->revision_given = op->revision;
	op->writing = true;
	if (op->creates)
		op->i->n_creating++;
}

void intent_op_write_record(struct intent_op *op)
{
	AUTO_FREE char *text = NULL;
	char key[SR_KEY_TEXT_MAX];
	struct store_op w = { "policy", sr_policy_key_text(&op->key, key, sizeof(key)), NULL, 0 };

	op->rec.revision = op->revision;
	text = intent_record_print(&op->rec);
	if (!text) {
		intent_result_set(&op->result, INTENT_E_LIMIT, "", "no memory");
		loop_task_run(&op->tell);
		return;
	}
	w.value = text;
	w.len = strlen(text);
	intent_op_write(op, &w, 1);
}

void intent_ops_orphan(struct intent *i)
{
	LIST_EACH(it, &i->ops) {
		struct intent_op *op = LIST_OF(it, struct intent_op, link);

		store_forget(i->store, op);
		intent_op_end(op);
	}
}

/* ---- records ---- */

void intent_record_of(const struct intent_pol *p, struct intent_record *out)
{
	*out = (struct intent_record){ .key = p->key,
				       .cpath = p->cpath,
				       .bsid = p->bsid,
				       .created_wall_ns = p->created_wall_ns };
	str_copy(out->lsp_name, sizeof(out->lsp_name), p->lsp_name);
}

struct intent_pol *intent_op_managed(struct intent_op *op)
{
	struct intent *i = op->i;
	struct intent_pol *p = intent_pol_find(i, &op->key);
	bool fresh = !p;

	if (p && p->named)
		return p;
	if ((fresh && intent_pol_new(i, &op->key, INTENT_MANAGED, &p) < 0) ||
	    intent_pol_manage(p, op->rec.lsp_name) < 0) {
		if (fresh && p)
			intent_pol_free(p);
		intent_result_set(&op->result, INTENT_E_LIMIT, "", "no memory: it takes effect at the next start");
		return NULL;
	}
	intent_release_paid(i, &op->key.headend, op->rec.lsp_name); /* it is kept after all */
	p->cpath = op->rec.cpath;
	intent_bsid_set(p, &op->rec.bsid);
	p->created_wall_ns = op->rec.created_wall_ns;
	return p;
}
