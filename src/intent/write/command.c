/* SPDX-License-Identifier: Apache-2.0 */
/* What operators write: put, delete, adopt, release, hold. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "intent/group/group.h"
#include "intent/write/op.h"

/* What belongs to somebody is written by him only: a slice would not be what it says it is. */
static bool ours(struct intent_op *op, const struct intent_pol *p)
{
	const char *whose = p->desired ? p->desired->p.owner : "";

	return strcmp(whose, op->owner ? op->owner : "") == 0 ||
	       INTENT_REFUSE(op, INTENT_E_MODE, "", "it belongs to %s: change that",
			     whose[0] ? whose : "an operator");
}

static bool found(struct intent_op *op, uint64_t if_revision, struct intent_pol **outp)
{
	struct intent_pol *p = intent_pol_find(op->i, &op->key);

	*outp = p;
	if (!p || p->deleted || p->tentative)
		return INTENT_REFUSE(op, INTENT_E_MISSING, "", "there is no such policy");
	if (p->mode != INTENT_MANAGED)
		return INTENT_REFUSE(op, INTENT_E_MODE, "", "it is observed: adopt it first");
	if (!ours(op, p))
		return false;
	if (if_revision && p->revision != if_revision)
		return INTENT_REFUSE(op, INTENT_E_REVISION, "", "it was changed meanwhile: revision %llu",
			      (unsigned long long)p->revision);
	return intent_op_free(op);
}

/* Who takes it away while lists of others lead through it would cut them off. Set administratively
 * down it leaves them, with alarms and to their next candidate paths, and then it may go. */
static bool unused(struct intent_op *op, const struct intent_pol *p)
{
	const struct intent_pol *user = intent_bound_user(p);
	char key[SR_KEY_TEXT_MAX];

	return !user || INTENT_REFUSE(op, INTENT_E_MODE, "",
			       "the list of %s leads through its binding SID: change that policy, or "
			       "set this one administratively down first",
			       sr_policy_key_text(&user->key, key, sizeof(key)));
}

/* ---- put ---- */

static bool terms_differ(const struct intent_policy *a, const struct intent_policy *b)
{
	return a->bandwidth_bps != b->bandwidth_bps || a->setup_prio != b->setup_prio ||
	       a->hold_prio != b->hold_prio || a->nrp != b->nrp;
}

void intent_op_put_apply(struct intent_op *op)
{
	struct intent_pol *p = intent_op_managed(op);
	bool is_new = op->creates;

	if (!p)
		return;
	if ((p->want.set || p->lsp) && p->desired && terms_differ(&p->desired->p, &op->rec.desired->p)) {
		p->attr_dirty = p->attr_terms = true;
		p->attr_charged = false;
	}
	intent_desired_unref(p->desired);
	p->desired = TAKE(op->rec.desired);
	intent_pin_lift(p, "the policy was written");
	intent_order_put(p);
	intent_uses_look(p);
	intent_lend(p);
	p->deleted = false;
	intent_group_follow(p);
	p->revision = op->revision;
	/* What was refused was another wish. */
	p->waiting = p->has_refused = false;
	p->tries = 0;
	p->fail[0] = '\0';
	if (p->txn_kind == INTENT_TXN_NONE)
		loop_timer_stop(&p->retry);
	if (p->desired->p.admin_down && !p->lsp && !p->maybe_there)
		intent_lsp_gone(p, true); /* keeps no bandwidth for it */
	intent_event(p, BUS_INFO, is_new ? "policy-created" : "policy-changed", "\"revision\":%llu",
		     (unsigned long long)p->revision);
	intent_state_refresh(p);
	intent_dirty(p, INTENT_FORCE);
	intent_todo(p);
}

static bool put_prepare_new(struct intent_op *op, const struct intent_policy *p)
{
	struct intent *i = op->i;

	if (i->n_managed + i->n_creating >= i->cfg.policies_max)
		return INTENT_REFUSE(op, INTENT_E_LIMIT, "", "%u policies are the limit", i->cfg.policies_max);
	op->creates = true;
	op->rec.key = op->key;
	op->rec.created_wall_ns = loop_wall_ns(i->loop);
	if (!intent_identify(i, p, &op->rec))
		return INTENT_REFUSE(op, INTENT_E_LIMIT, "", "no binding SID is left in the block");
	return true;
}

bool intent_op_put(struct intent_op *op, enum intent_write how, const struct intent_policy *p,
			uint64_t if_revision)
{
	struct intent_pol *old = intent_pol_find(op->i, &op->key);
	bool there = old && old->mode == INTENT_MANAGED && !old->deleted;

	intent_validate(op->i, p, &op->result);
	if (op->result.code || !intent_op_free(op))
		return false;
	if (old && old->mode == INTENT_OBSERVED)
		return INTENT_REFUSE(op, INTENT_E_MODE, "", "it is observed: adopt it first");
	if (old && old->desired && !old->deleted && !ours(op, old))
		return false;
	if (there && how == INTENT_CREATE)
		return INTENT_REFUSE(op, INTENT_E_EXISTS, "", "there is such a policy already");
	if (!there && (how == INTENT_UPDATE || if_revision))
		return INTENT_REFUSE(op, INTENT_E_MISSING, "", "there is no such policy");
	if (there && if_revision && old->revision != if_revision)
		return INTENT_REFUSE(op, INTENT_E_REVISION, "", "it was changed meanwhile: revision %llu",
			      (unsigned long long)old->revision);
	/* The path setup type of an LSP is for life. */
	if (old && old->desired->p.dataplane != p->dataplane)
		return INTENT_REFUSE(op, INTENT_E_INVALID, "dataplane",
			      "it cannot be changed: delete the policy and make another");
	if (old)
		intent_record_of(old, &op->rec);
	else if (!put_prepare_new(op, p))
		return false;
	op->rec.desired = intent_desired_new(p);
	return op->rec.desired || INTENT_REFUSE(op, INTENT_E_LIMIT, "", "no memory");
}

void intent_put(struct intent *i, enum intent_write how, const struct intent_policy *p,
		uint64_t if_revision, intent_done_fn done, void *arg)
{
	struct intent_op *op = intent_op_new(i, &p->key, done, arg);

	if (!op)
		return;
	op->apply = intent_op_put_apply;
	op->revision = i->revision_given + 1;
	if (intent_op_put(op, how, p, if_revision))
		intent_op_write_record(op);
	else
		loop_task_run(&op->tell);
}

/* ---- delete ---- */

void intent_op_delete_apply(struct intent_op *op)
{
	struct intent_pol *p = intent_pol_find(op->i, &op->key);

	if (!p || !p->desired)
		return;
	p->deleted = true;
	intent_group_follow(p);
	p->revision = op->revision;
	p->waiting = p->has_refused = false;
	loop_timer_stop(&p->revert);
	if (p->txn_kind == INTENT_TXN_NONE)
		loop_timer_stop(&p->retry);
	intent_clean(p);
	intent_lend(p);
	intent_event(p, BUS_INFO, "policy-deleted", "\"revision\":%llu",
		     (unsigned long long)p->revision);
	intent_state_refresh(p);
	intent_reconcile(p); /* its end, when nothing of it is out there */
}

/* ---- adopt ---- */

static void apply_adopt(struct intent_op *op)
{
	struct intent_pol *p = intent_op_managed(op);

	if (!p)
		return;
	p->desired = TAKE(op->rec.desired);
	intent_order_put(p);
	p->revision = op->revision;
	p->adopting = true;
	intent_lsp_bind(p);
	if (p->lsp) {
		intent_lsp_news(p, &p->lsp->st);
		intent_path_save(p);
	}
	p->adopting = !p->he->synced;
	intent_event(p, BUS_INFO, "policy-adopted", "\"revision\":%llu",
		     (unsigned long long)p->revision);
	intent_dirty(p, INTENT_SWEEP);
	intent_todo(p);
}

/* A list that cannot be followed would be taken for a broken path. */
static bool list_followed(struct intent_op *op, const struct lsp_state *st)
{
	struct intent *i = op->i;
	struct pce_expansion x;
	uint32_t src;

	if (st->list.n == 0 || st->list_truncated)
		return INTENT_REFUSE(op, INTENT_E_MODE, "", "its headend does not tell its whole list");
	if (st->list.more)
		return INTENT_REFUSE(op, INTENT_E_MODE, "",
				     "it has %u lists, and an explicit candidate path has one: create the policy with "
				     "max-lists instead", sr_list_count(&st->list));
	if (!i->ted || i->ted->n_nodes == 0)
		return INTENT_REFUSE(op, INTENT_E_MODE, "", "there is no topology yet to follow its list on");
	src = intent_endpoint_node(i->ted, &op->key.headend);
	if (src == TED_NONE)
		return INTENT_REFUSE(op, INTENT_E_MODE, "", "its headend is not in the topology");
	arena_reset(&i->arena);
	intent_expand(i, src, &op->key.endpoint, &st->list, &x);
	return x.valid || INTENT_REFUSE(op, INTENT_E_MODE, "", "its list cannot be followed: segment %u: %s",
				 x.bad_segment + 1, x.why);
}

/* What keeps the LSP exactly as it is. */
static void policy_of_report(const struct intent_op *op, const struct lsp_state *st, struct intent_policy *p)
{
	struct intent_cpath *c = &p->cpaths[0];

	intent_policy_default(p);
	p->key = op->key;
	p->bandwidth_bps = st->bandwidth_bps < BOOK_BPS_MAX ? st->bandwidth_bps : BOOK_BPS_MAX;
	p->setup_prio = st->setup_prio < BOOK_PRIOS ? st->setup_prio : BOOK_PRIOS - 1;
	p->hold_prio = st->hold_prio < p->setup_prio ? st->hold_prio : p->setup_prio;
	p->dataplane = st->list.dataplane;
	p->n_cpaths = 1;
	intent_cpath_default(c);
	c->kind = INTENT_EXPLICIT;
	c->preference = st->has_preference ? st->preference : c->preference;
	c->list = st->list;
}

static bool adopt_prepare(struct intent_op *op)
{
	struct intent *i = op->i;
	const struct intent_pol *p = intent_pol_find(i, &op->key);
	const struct intent_lsp *l = p && p->mode == INTENT_OBSERVED ? intent_lsp_shown(p) : NULL;
	AUTO_FREE struct intent_policy *d = calloc(1, sizeof(*d));

	if (!p || p->deleted)
		return INTENT_REFUSE(op, INTENT_E_MISSING, "", "there is no such policy");
	if (p->mode == INTENT_MANAGED)
		return INTENT_REFUSE(op, INTENT_E_MODE, "", "it is managed already");
	if (!intent_op_free(op))
		return false;
	if (!l || !p->he->up || l->st.session != p->he->session)
		return INTENT_REFUSE(op, INTENT_E_MODE, "", "its headend has no session: it may be gone");
	if (!l->st.delegated && !l->st.pce_initiated)
		return INTENT_REFUSE(op, INTENT_E_MODE, "", "its headend does not delegate it");
	if (!list_followed(op, &l->st) || !d)
		return d ? false : INTENT_REFUSE(op, INTENT_E_LIMIT, "", "no memory");
	policy_of_report(op, &l->st, d);
	if (!put_prepare_new(op, d))
		return false;
	/* Known by what it is known by already. */
	str_copy(op->rec.lsp_name, sizeof(op->rec.lsp_name), l->st.name);
	if (l->st.has_cpath)
		op->rec.cpath = l->st.cpath;
	op->rec.bsid = l->st.binding_sid;
	op->rec.desired = intent_desired_new(d);
	return op->rec.desired || INTENT_REFUSE(op, INTENT_E_LIMIT, "", "no memory");
}

void intent_adopt(struct intent *i, const struct sr_policy_key *key, intent_done_fn done, void *arg)
{
	struct intent_op *op = intent_op_new(i, key, done, arg);

	if (!op)
		return;
	op->apply = apply_adopt;
	op->revision = i->revision_given + 1;
	if (adopt_prepare(op))
		intent_op_write_record(op);
	else
		loop_task_run(&op->tell);
}

/* ---- release ---- */

static void apply_release(struct intent_op *op)
{
	struct intent_pol *p = intent_pol_find(op->i, &op->key);

	if (!p || !p->desired)
		return;
	intent_event(p, BUS_INFO, "policy-released", "\"revision\":%llu",
		     (unsigned long long)op->revision);
	p->release_due = p->lsp && p->lsp->st.delegated;
	intent_release_owe(p->i, &p->key.headend, p->lsp_name, p->release_due ? p->he->session : 0);
	if (p->lsp)
		intent_lsp_foreign(p->lsp);
	intent_pol_unmanage(p);
	if (list_empty(&p->lsps)) {
		intent_pol_free(p);
		return;
	}
	intent_state_refresh(p);
	intent_todo(p);
}

static void release_write(struct intent_op *op)
{
	const struct intent_pol *p = intent_pol_find(op->i, &op->key);
	char text[SR_KEY_TEXT_MAX], owed[INTENT_RELEASE_KEY_MAX];
	const struct store_op ops[] = {
		{ "release", intent_release_key(&op->key.headend, p->lsp_name, owed), "1", 1 },
		{ "policy", sr_policy_key_text(&op->key, text, sizeof(text)), NULL, 0 },
		{ "path", text, NULL, 0 },
		{ "pin", text, NULL, 0 },
	};

	op->apply = apply_release;
	intent_op_write(op, ops, ARRAY_LEN(ops));
}

void intent_release(struct intent *i, const struct sr_policy_key *key, intent_done_fn done, void *arg)
{
	struct intent_op *op = intent_op_new(i, key, done, arg);
	struct intent_pol *p;

	if (!op)
		return;
	op->revision = i->revision_given + 1;
	if (found(op, 0, &p) && unused(op, p))
		release_write(op);
	else
		loop_task_run(&op->tell);
}

static void tombstone(struct intent_op *op, const struct intent_pol *p)
{
	intent_record_of(p, &op->rec);
	op->rec.desired = intent_desired_ref(p->desired);
	op->rec.deleted = true; /* until the headend has let go of it */
}

bool intent_op_delete(struct intent_op *op)
{
	struct intent_pol *p;

	if (!found(op, 0, &p) || !unused(op, p))
		return false;
	if (p->lsp && !intent_removable(p, &p->lsp->st))
		return INTENT_REFUSE(op, INTENT_E_MODE, "", "it is the router's own: release it");
	tombstone(op, p);
	return true;
}

void intent_delete(struct intent *i, const struct sr_policy_key *key, uint64_t if_revision,
		   intent_done_fn done, void *arg)
{
	struct intent_op *op = intent_op_new(i, key, done, arg);
	struct intent_pol *p;

	if (!op)
		return;
	op->apply = intent_op_delete_apply;
	op->revision = i->revision_given + 1;
	if (!found(op, if_revision, &p) || !unused(op, p)) {
		loop_task_run(&op->tell);
		return;
	}
	if (p->lsp && !intent_removable(p, &p->lsp->st)) { /* the router's own stays on the router */
		release_write(op);
		return;
	}
	tombstone(op, p);
	intent_op_write_record(op);
}

/* ---- hold, reoptimise ---- */

static void apply_hold(struct intent_op *op)
{
	op->i->hold_flag = op->hold;
	intent_hold_set(op->i);
}

void intent_hold(struct intent *i, bool hold, intent_done_fn done, void *arg)
{
	struct intent_op *op = intent_op_new(i, &(struct sr_policy_key){ 0 }, done, arg);
	const struct store_op w = { "intent", "hold", hold ? "1" : "0", 1 };

	if (!op)
		return;
	op->apply = apply_hold;
	op->hold = hold;
	op->revision = i->revision_given + 1;
	if (!hold && i->cfg.hold)
		intent_result_set(&op->result, INTENT_E_MODE, "", "the configuration holds");
	else if (intent_op_free(op))
		intent_op_write(op, &w, 1);
	if (op->result.code)
		loop_task_run(&op->tell);
}

int intent_reoptimise(struct intent *i, const struct sr_policy_key *key)
{
	struct intent_pol *p = intent_pol_find(i, key);

	if (!p || p->mode != INTENT_MANAGED || p->deleted)
		return INTENT_E_MISSING;
	p->has_refused = false;
	intent_pin_lift(p, "re-optimisation was asked for");
	intent_dirty(p, INTENT_FORCE);
	return 0;
}
