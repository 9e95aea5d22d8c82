/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transactions: taken in and checked, made into the octets of a Set, of its inverse, and judged
 * by what was read back. Nothing here waits for anything.
 *
 * The inverse of a change is what its path held before: nothing (a delete), or the values the
 * device itself gave, put back as they were; what it never tells is put back as we set it. Inverses
 * leave as one Set, and where that is half done too, one by one: one change has no half.
 */
#include <string.h>

#include "base/err.h"
#include "log/log.h"
#include "log/metric.h"
#include "southbound/gnmi/gnmi_int.h"

static struct gnmi_txn *txn_free(struct gnmi_txn *t)
{
	if (t) {
		list_del(&t->link);
		arena_fini(&t->a);
		free(t);
	}
	return NULL;
}

static bool wild(const struct gnmic_path *p)
{
	for (size_t i = 0; i < p->n_elems; i++) {
		const struct gnmic_elem *e = &p->elems[i];

		if (strcmp(e->name, "*") == 0 || strcmp(e->name, "...") == 0)
			return true;
		for (size_t k = 0; k < e->n_keys; k++)
			if (strcmp(e->keys[k].value, "*") == 0)
				return true;
	}
	return false;
}

static int change_copy(struct gnmi_txn *t, const struct device_change *c)
{
	struct device_change *to = &t->changes[t->n];
	const char *json = c->op == DEVICE_DELETE ? "" : c->json;
	struct gnmic_path parsed;
	struct arena a;
	bool ok;

	if (!json || strlen(c->path) >= DEVICE_PATH_MAX)
		return DEVICE_E_INVALID;
	if (c->op != DEVICE_DELETE && gnmic_json_check(json, strlen(json)) != NULL)
		return DEVICE_E_INVALID;
	arena_init(&a, 64 << 10);
	ok = gnmic_path_parse(c->path, &a, &parsed) == NULL && !wild(&parsed) &&
	     gnmic_path_copy(&parsed, &t->a, &t->paths[t->n]);
	arena_fini(&a);
	if (!ok)
		return DEVICE_E_INVALID;
	*to = (struct device_change){ c->op, arena_str(&t->a, c->path), arena_str(&t->a, json) };
	if (!to->path || !to->json)
		return DEVICE_E_FULL;
	t->octets += strlen(json) + strlen(c->path);
	t->n++;
	return 0;
}

int gnmi_txn_new(struct gnmi_dev *d, const struct device_change *changes, size_t n, uint32_t *id)
{
	struct gnmi_txn *t;
	int r = 0;

	if (n == 0 || n > DEVICE_CHANGES_MAX)
		return DEVICE_E_INVALID;
	if (d->n_txns == GNMI_TXNS_MAX)
		return DEVICE_E_FULL;
	t = calloc(1, sizeof(*t));
	if (!t)
		return DEVICE_E_FULL;
	list_init(&t->link);
	arena_init(&t->a, GNMI_TXN_MAX);
	t->changes = ARENA_ARRAY(&t->a, n, struct device_change);
	t->paths = ARENA_ARRAY(&t->a, n, struct gnmic_path);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = t->changes && t->paths ? change_copy(t, &changes[i]) : DEVICE_E_FULL;
	if (r != 0) {
		txn_free(t);
		return r;
	}
	if (++d->g->next_id == 0)
		d->g->next_id = 1;
	t->id = *id = d->g->next_id;
	t->until = mono_add(loop_now(d->g->loop), d->g->cfg.wait_ns);
	list_add(&d->txns, &t->link);
	d->n_txns++;
	return 0;
}

void gnmi_txn_end(struct gnmi_dev *d, struct gnmi_txn *t, enum device_outcome o, const struct rpc_status *st)
{
	struct device_result r = { .device = d->name, .txn = t->id, .outcome = o, .code = (int)st->code,
				   .text = st->text };

	metric_add(o == DEVICE_DONE ? d->m.done : d->m.not_done, 1);
	log_event(d->scope, o == DEVICE_DONE ? LOG_INFO : LOG_WARN, "gnmi.set",
		  "txn=%u changes=%zu outcome=%s code=%s text=\"%.150s\"", t->id, t->n,
		  device_outcome_text(o), rpc_code_text(st->code), st->text);
	gnmi_publish(d, o == DEVICE_DONE ? BUS_INFO : BUS_WARNING, "device-set",
		     "\"txn\":%u,\"outcome\":\"%s\",\"code\":\"%s\"", t->id, device_outcome_text(o),
		     rpc_code_text(st->code));
	if (o == DEVICE_DONE)
		for (size_t i = 0; i < t->n; i++)
			gnmi_drift_own(d, &t->changes[i], &t->paths[i]);
	d->n_txns--;
	if (d->g->sink.result)
		d->g->sink.result(d->g->arg, &r);
	txn_free(t);
}

/* One is the other, or in it. */
static bool meet(const struct gnmic_path *a, const struct gnmic_path *b)
{
	return gnmic_path_match(a, b) || gnmic_path_match(b, a);
}

/* One may go with others when it fits and its paths do not meet theirs: inside of a Set the
 * order is by kind of change, not the one they were given in. */
bool gnmi_txn_fits(const struct gnmi_batch *b, const struct gnmi_txn *t)
{
	size_t octets = t->octets;

	if (b->n + t->n > DEVICE_CHANGES_MAX)
		return false;
	LIST_EACH(n, &b->txns)
		octets += LIST_OF(n, struct gnmi_txn, link)->octets;
	if (octets > GNMI_TXN_MAX)
		return false;
	for (size_t i = 0; i < b->n; i++)
		for (size_t j = 0; j < t->n; j++)
			if (meet(b->paths[i], &t->paths[j]))
				return false;
	return true;
}

bool gnmi_txn_meets(const struct gnmi_txn *t, const struct gnmi_txn *u)
{
	for (size_t i = 0; i < t->n; i++)
		for (size_t j = 0; j < u->n; j++)
			if (meet(&t->paths[i], &u->paths[j]))
				return true;
	return false;
}

/* ---- octets ---- */

static void add_change(struct gnmic_set *s, const struct device_change *c, const struct gnmic_path *p)
{
	struct gnmic_update *u = c->op == DEVICE_REPLACE ? &s->replaces[s->n_replaces] :
							   &s->updates[s->n_updates];

	if (c->op == DEVICE_DELETE) {
		s->deletes[s->n_deletes++] = *p;
		return;
	}
	u->path = *p;
	u->val = (struct gnmic_value){ .kind = GNMIC_JSON_IETF, .bytes = { c->json, strlen(c->json) } };
	if (c->op == DEVICE_REPLACE)
		s->n_replaces++;
	else
		s->n_updates++;
}

static bool set_room(struct gnmic_set *s, struct arena *a, size_t n)
{
	s->deletes = ARENA_ARRAY(a, n, struct gnmic_path);
	s->replaces = ARENA_ARRAY(a, n, struct gnmic_update);
	s->updates = ARENA_ARRAY(a, n, struct gnmic_update);
	return s->deletes && s->replaces && s->updates;
}

static const char *commit_id(const struct gnmi_dev *d, struct arena *a)
{
	const struct gnmi_txn *first = LIST_OF(d->batch.txns.next, struct gnmi_txn, link);

	return arena_printf(a, "sextant-%u", first->id);
}

uint8_t *gnmi_set_build(struct gnmi_dev *d, struct arena *a, size_t *len)
{
	const struct gnmi_batch *b = &d->batch;
	struct gnmic_set s = { 0 };

	if (!set_room(&s, a, b->n))
		return NULL;
	for (size_t i = 0; i < b->n; i++)
		add_change(&s, b->changes[i], b->paths[i]);
	if (b->commit) {
		s.commit = GNMIC_COMMIT_START;
		s.commit_id = commit_id(d, a);
		s.rollback_ns = d->g->cfg.confirm_ns;
	}
	return gnmic_set_write(&s, a, len);
}

uint8_t *gnmi_commit_build(struct gnmi_dev *d, enum gnmic_commit what, struct arena *a, size_t *len)
{
	struct gnmic_set s = { .commit = what, .commit_id = commit_id(d, a) };

	return gnmic_set_write(&s, a, len);
}

static size_t count_updates(const struct gnmic_get_reply *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_notifications; i++)
		n += r->notifications[i].n_updates;
	return n;
}

static void slot_leaves(const struct gnmi_dev *d, const struct gnmi_slot *s, struct arena *a,
			struct gnmi_leafset *out)
{
	gnmi_leafset_init(out, a);
	if (!s->absent)
		gnmi_leafset_reply(out, d->kind, s->data, s->len);
}

static void json_leaves(const struct gnmi_dev *d, const struct gnmic_path *p, const char *json, struct arena *a,
			struct gnmi_leafset *out)
{
	static const struct gnmic_path root = { .origin = "", .target = "" };
	const struct gnmic_update u = { .path = *p,
					.val = { .kind = GNMIC_JSON_IETF, .bytes = { json, strlen(json) } } };

	gnmi_leafset_init(out, a);
	gnmi_leafset_add(out, d->kind, &root, &u);
}

/* What slot i held when some of it is never told, as we set it; NULL: all of it was told, or we did not. */
static const char *set_by_us(const struct gnmi_dev *d, size_t i, struct arena *a)
{
	const struct gnmi_batch *b = &d->batch;
	const struct gnmi_owned *o = b->before.slots[i].absent ? NULL : gnmi_drift_row(d, b->paths[i]);
	struct gnmi_leafset was, ours;

	if (!o)
		return NULL;
	json_leaves(d, b->paths[i], o->json, a, &ours);
	slot_leaves(d, &b->before.slots[i], a, &was);
	return !ours.why && !was.why && ours.hidden > 0 && gnmi_leafset_count(&was, &ours, false) == ours.n ? o->json : NULL;
}

/* What slot i held, as updates behind a delete, or as one replace when it is one value. */
static bool undo_one(struct gnmic_set *s, const struct gnmi_dev *d, size_t i, struct arena *a)
{
	const struct gnmi_batch *b = &d->batch;
	const char *ours = set_by_us(d, i, a);
	const struct gnmi_slot *slot = &b->before.slots[i];
	struct gnmic_get_reply reply = { 0 };
	struct gnmic_update *more;
	size_t n;

	if (ours) {
		const struct device_change c = { .op = DEVICE_REPLACE, .json = ours };

		add_change(s, &c, b->paths[i]);
		return true;
	}
	if (!slot->absent && gnmic_get_reply_read(slot->data, slot->len, a, &reply) != NULL)
		return false;
	n = count_updates(&reply);
	more = ARENA_ARRAY(a, s->n_updates + n + 1, struct gnmic_update);
	if (!more)
		return false;
	if (s->n_updates)
		memcpy(more, s->updates, s->n_updates * sizeof(*more));
	s->updates = more;
	for (size_t k = 0; k < reply.n_notifications; k++)
		for (size_t u = 0; u < reply.notifications[k].n_updates; u++) {
			struct gnmic_update *to = &s->updates[s->n_updates++];

			*to = reply.notifications[k].updates[u];
			if (!gnmic_path_join(&reply.notifications[k].prefix, &to->path, a, &to->path))
				return false;
			to->path.target = "";
			if (!to->path.origin[0])
				to->path.origin = b->paths[i]->origin;
		}
	if (n == 1 && gnmic_path_cmp(&s->updates[s->n_updates - 1].path, b->paths[i]) == 0)
		s->replaces[s->n_replaces++] = s->updates[--s->n_updates];
	else
		s->deletes[s->n_deletes++] = *b->paths[i];
	return true;
}

uint8_t *gnmi_undo_build(struct gnmi_dev *d, uint64_t which, struct arena *a, size_t *len)
{
	const struct gnmi_batch *b = &d->batch;
	struct gnmic_set s = { 0 };

	if (!set_room(&s, a, b->n))
		return NULL;
	for (size_t i = 0; i < b->n; i++)
		if (which >> i & 1 && !undo_one(&s, d, i, a))
			return NULL;
	return gnmic_set_write(&s, a, len);
}

/* ---- the verdict ---- */

static bool compare_one(struct gnmi_dev *d, size_t i, struct gnmi_verdict *out)
{
	const struct device_change *c = d->batch.changes[i];
	struct gnmi_leafset before, after, wanted;
	struct arena a;
	bool ok, same, done;

	arena_init(&a, GNMI_ARENA_MAX);
	slot_leaves(d, &d->batch.before.slots[i], &a, &before);
	slot_leaves(d, &d->batch.after.slots[i], &a, &after);
	gnmi_leafset_init(&wanted, &a);
	if (c->op != DEVICE_DELETE)
		json_leaves(d, d->batch.paths[i], c->json, &a, &wanted);
	ok = !before.why && !after.why && !wanted.why;
	if (ok) {
		same = gnmi_leafset_eq(&before, &after);
		done = c->op == DEVICE_DELETE
			       ? after.n == 0
			       : gnmi_leafset_count(&after, &wanted, c->op == DEVICE_UPDATE) == wanted.n;
		out->same += same;
		out->done += done;
		out->blind += wanted.hidden > 0;
		out->differs |= (uint64_t)!same << i;
		if (same && done && wanted.hidden > 0 && set_by_us(d, i, &a))
			out->hidden |= UINT64_C(1) << i;
	}
	arena_fini(&a);
	return ok;
}

bool gnmi_batch_compare(struct gnmi_dev *d, struct gnmi_verdict *out)
{
	*out = (struct gnmi_verdict){ .n = d->batch.n };
	for (size_t i = 0; i < d->batch.n; i++)
		if (!compare_one(d, i, out))
			return false;
	return true;
}
