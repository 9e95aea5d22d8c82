/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue of a device, oldest first: transactions that wait for their turn, and those that rest
 * before another try. Whoever rests stands at the head again, keeps those behind him whose paths meet
 * his in their place, and nobody else.
 *
 * Nothing is overtaken for ever: tries are counted, and who is due goes before all that is younger.
 */
#include "southbound/gnmi/gnmi_int.h"

static struct gnmi_txn *txn_of(struct list *n)
{
	return LIST_OF(n, struct gnmi_txn, link);
}

/* ---- who goes next ---- */

/*
 * Does t rest, or stand behind one that does? All before it in the queue are such. Where too many
 * paths would have to be compared it stays in its place too: those that rest are done soon.
 */
static bool held(struct gnmi_dev *d, const struct gnmi_txn *t, size_t *left)
{
	if (t->resting)
		return true;
	LIST_EACH(n, &d->txns) {
		const struct gnmi_txn *u = txn_of(n);
		size_t pairs = u->n * t->n;

		if (u == t)
			return false;
		*left -= pairs < *left ? pairs : *left;
		if (*left == 0 || gnmi_txn_meets(u, t))
			return true;
	}
	return false;
}

static void take(struct gnmi_batch *b, struct gnmi_txn *t)
{
	list_del(&t->link);
	list_add(&b->txns, &t->link);
	for (size_t i = 0; i < t->n; i++) {
		b->changes[b->n] = &t->changes[i];
		b->paths[b->n++] = &t->paths[i];
	}
}

void gnmi_queue_next(struct gnmi_dev *d)
{
	struct gnmi_batch *b = &d->batch;
	size_t left = GNMI_MEETS_MAX;
	bool alone = false;

	if (b->step != GNMI_IDLE || d->state != GNMI_UP)
		return;
	LIST_EACH(n, &d->txns) {
		struct gnmi_txn *t = txn_of(n);

		if (held(d, t, &left))
			continue;
		if (b->n > 0 && (alone || t->alone || !gnmi_txn_fits(b, t)))
			break;
		alone = t->alone;
		take(b, t);
	}
	if (b->n > 0)
		gnmi_batch_begin(d);
}

/* ---- rest ---- */

static void arm(struct gnmi_dev *d)
{
	const struct gnmi_txn *first = NULL;

	LIST_EACH(n, &d->txns) {
		const struct gnmi_txn *t = txn_of(n);

		if (t->resting && (!first || mono_before(t->due, first->due)))
			first = t;
	}
	if (first)
		loop_timer_at(&d->rest, first->due);
	else
		loop_timer_stop(&d->rest);
}

static void rested(void *arg)
{
	struct gnmi_dev *d = arg;

	LIST_EACH(n, &d->txns)
		if (txn_of(n)->resting && !mono_before(loop_now(d->g->loop), txn_of(n)->due))
			txn_of(n)->resting = false;
	arm(d);
	gnmi_queue_next(d);
}

void gnmi_batch_clear(struct gnmi_dev *d)
{
	struct gnmi_batch *b = &d->batch;

	gnmi_read_stop(&b->before);
	gnmi_read_stop(&b->after);
	b->call = rpc_call_cancel(b->call);
	b->step = GNMI_IDLE;
	b->paused = false;
	b->n = 0;
	b->undo_tries = 0;
	b->whole_undone = false;
	b->undone = 0;
	b->put_back = 0;
	d->drift.changes++; /* what is read just now may be of either time */
}

bool gnmi_batch_rest(struct gnmi_dev *d)
{
	struct gnmi_txn *t = txn_of(d->batch.txns.next);

	if (++t->tries >= GNMI_TRIES)
		return false;
	gnmi_batch_clear(d);
	t->resting = true;
	t->due = mono_add(loop_now(d->g->loop), d->g->cfg.backoff_ns_min << t->tries);
	list_del(&t->link);
	list_push(&d->txns, &t->link);
	arm(d);
	gnmi_queue_next(d);
	return true;
}

/* Together they were refused: each alone, so that only the guilty are, and only they rest. */
void gnmi_batch_split(struct gnmi_dev *d)
{
	struct list *txns = &d->batch.txns;

	gnmi_batch_clear(d);
	while (!list_empty(txns)) {
		struct gnmi_txn *t = txn_of(txns->prev);

		t->alone = true;
		list_del(&t->link);
		list_push(&d->txns, &t->link);
	}
	gnmi_queue_next(d);
}

unsigned gnmi_queue_resting(const struct gnmi_dev *d)
{
	unsigned n = 0;

	LIST_EACH(l, &d->txns)
		n += txn_of(l)->resting;
	return n;
}

/* ---- sessions ---- */

void gnmi_queue_init(struct gnmi_dev *d)
{
	list_init(&d->txns);
	list_init(&d->batch.txns);
	loop_timer_init(&d->rest, d->g->loop, rested, d);
}

void gnmi_queue_fini(struct gnmi_dev *d)
{
	struct list *n;

	gnmi_batch_clear(d);
	loop_timer_fini(&d->rest);
	while ((n = list_pop(&d->batch.txns)) || (n = list_pop(&d->txns))) {
		arena_fini(&txn_of(n)->a);
		free(txn_of(n));
	}
}

/* From now on they wait for a session; the next one is as good as a rest. */
void gnmi_queue_pause(struct gnmi_dev *d)
{
	struct gnmi_batch *b = &d->batch;
	struct mono until = mono_add(loop_now(d->g->loop), d->g->cfg.wait_ns);

	loop_timer_stop(&d->rest);
	LIST_EACH(n, &d->txns) {
		if (!txn_of(n)->resting)
			continue;
		txn_of(n)->resting = false;
		txn_of(n)->until = until;
	}
	if (b->paused)
		return; /* another try to reach the device failed: no reason to wait longer */
	b->call = rpc_call_cancel(b->call);
	if (b->step == GNMI_SETTING)
		gnmi_status(&b->st, RPC_UNAVAILABLE, "the session was lost");
	if (b->step == GNMI_BEFORE)
		gnmi_read_stop(&b->before);
	gnmi_read_stop(&b->after);
	b->paused = b->step != GNMI_IDLE;
	LIST_EACH(n, &b->txns)
		txn_of(n)->until = until;
}

void gnmi_queue_resume(struct gnmi_dev *d)
{
	struct gnmi_batch *b = &d->batch;

	if (!b->paused) {
		gnmi_queue_next(d);
		return;
	}
	b->paused = false;
	switch (b->step) {
	case GNMI_IDLE:
		break;
	case GNMI_BEFORE:
		gnmi_batch_begin(d);
		break;
	case GNMI_SETTING:
	case GNMI_AFTER:
	case GNMI_CONFIRMING:
		gnmi_batch_read_back(d, GNMI_AFTER);
		break;
	case GNMI_UNDOING:
	case GNMI_CHECKING:
		gnmi_batch_read_back(d, GNMI_CHECKING);
		break;
	}
}

void gnmi_queue_expire(struct gnmi_dev *d)
{
	struct gnmi_batch *b = &d->batch;
	struct mono now = loop_now(d->g->loop);
	struct rpc_status st;

	gnmi_status(&st, RPC_UNAVAILABLE, d->last_error[0] ? d->last_error : "no session");
	if (b->paused && !mono_before(now, txn_of(b->txns.next)->until))
		gnmi_batch_finish(d, b->step == GNMI_BEFORE ? DEVICE_REFUSED : DEVICE_UNKNOWN, &st);
	LIST_EACH(n, &d->txns) {
		struct gnmi_txn *t = txn_of(n);

		if (mono_before(now, t->until))
			continue;
		list_del(&t->link);
		gnmi_txn_end(d, t, DEVICE_REFUSED, &st);
	}
}
