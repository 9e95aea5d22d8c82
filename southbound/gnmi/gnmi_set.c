/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transactions on their way: one batch at a time a device.
 *
 *	BEFORE   what its paths hold is read: the inverse
 *	SETTING  one Set for all of them
 *	AFTER    the paths are read back, whatever the answer was; only that says what is there
 *	CONFIRMING / UNDOING, CHECKING  as it came out
 *	RESTING  before another try
 *
 * Without a session a batch stops where it stands. One that may have been sent goes on with
 * reading back, so a Set is never sent a second time on top of one nobody knows the end of.
 */
#include <errno.h>
#include <string.h>

#include "southbound/gnmi/gnmi_int.h"

static void before(struct gnmi_dev *d);
static void after(struct gnmi_dev *d, enum gnmi_step step);
static void undo(struct gnmi_dev *d);

static void status(struct rpc_status *st, enum rpc_code code, const char *text)
{
	st->code = code;
	(void)str_copy(st->text, sizeof(st->text), text);
}

static void clear(struct gnmi_batch *b)
{
	gnmi_read_stop(&b->before);
	gnmi_read_stop(&b->after);
	b->call = rpc_call_cancel(b->call);
	loop_timer_stop(&b->rest);
	b->step = GNMI_IDLE;
	b->paused = false;
	b->n = 0;
	b->tries = b->undo_tries = 0;
}

/* Every transaction of the batch ends so; the next begins. */
static void finish(struct gnmi_dev *d, enum device_outcome o, const struct rpc_status *st)
{
	struct gnmi_batch *b = &d->batch;
	struct rpc_status last = *st;
	struct list ended;
	struct list *n;

	list_init(&ended);
	clear(b);
	d->drift.changes++; /* what is read just now may be of either time */
	while ((n = list_pop(&b->txns)))
		list_add(&ended, n);
	if (b->solo > 0)
		b->solo--;
	while ((n = list_pop(&ended)))
		gnmi_txn_end(d, LIST_OF(n, struct gnmi_txn, link), o, &last);
	gnmi_batch_next(d);
}

/* Together they were refused: each alone, so that only the guilty are. */
static void split(struct gnmi_dev *d)
{
	struct gnmi_batch *b = &d->batch;
	struct list *n;

	clear(b);
	d->drift.changes++;
	b->solo = 0;
	while (!list_empty(&b->txns)) {
		n = b->txns.prev;
		list_del(n);
		list_push(&d->txns, n);
		b->solo++;
	}
	gnmi_batch_next(d);
}

static bool alone(const struct gnmi_batch *b)
{
	return b->txns.next->next == &b->txns;
}

static void rest(struct gnmi_dev *d)
{
	d->batch.step = GNMI_RESTING;
	loop_timer_after(&d->batch.rest, d->g->cfg.backoff_ns_min << d->batch.tries);
}

static void rested(void *arg)
{
	struct gnmi_dev *d = arg;

	if (!d->batch.paused)
		before(d);
}

/* The device may say another word next time, and so may we. */
static bool passing(enum rpc_code code)
{
	switch (code) {
	case RPC_CANCELLED:
	case RPC_UNKNOWN:
	case RPC_DEADLINE_EXCEEDED:
	case RPC_RESOURCE_EXHAUSTED:
	case RPC_FAILED_PRECONDITION: /* somebody else's commit is pending, or a lock held */
	case RPC_ABORTED:
	case RPC_INTERNAL:
	case RPC_UNAVAILABLE:
		return true;
	default:
		return false;
	}
}

/* ---- a Set goes out ---- */

static int send_set(struct gnmi_dev *d, uint8_t *msg, size_t len, rpc_answer_fn fn)
{
	return msg ? gnmi_ask(d, "/gnmi.gNMI/Set", msg, len, fn, d, &d->batch.call) : -ENOMEM;
}

static void was_set(void *arg, const struct rpc_status *st, const uint8_t *data, size_t len)
{
	struct gnmi_dev *d = arg;
	struct gnmi_batch *b = &d->batch;
	struct gnmic_set_reply reply;
	struct arena a;
	const char *why = NULL;

	b->call = NULL;
	d->rx++;
	b->st = *st;
	if (st->code == RPC_OK) {
		arena_init(&a, GNMI_ARENA_MAX);
		why = gnmic_set_reply_read(data, len, &a, &reply);
		arena_fini(&a);
	}
	if (why) {
		d->rx_errors++;
		status(&b->st, RPC_INTERNAL, why);
	}
	if (b->commit && (st->code == RPC_UNIMPLEMENTED || st->code == RPC_INVALID_ARGUMENT)) {
		d->commit_ok = false; /* it does not know the extension: do without */
		before(d);
		return;
	}
	after(d, GNMI_AFTER);
}

static void send_batch(struct gnmi_dev *d)
{
	struct gnmi_batch *b = &d->batch;
	struct arena a;
	size_t len = 0;
	uint8_t *msg;
	int r;

	b->step = GNMI_SETTING;
	b->commit = d->commit_ok;
	arena_init(&a, GNMI_ARENA_MAX);
	msg = gnmi_set_build(d, &a, &len);
	r = send_set(d, msg, len, was_set);
	arena_fini(&a);
	if (r < 0) {
		status(&b->st, RPC_RESOURCE_EXHAUSTED, "no memory");
		finish(d, DEVICE_REFUSED, &b->st);
	}
}

/* ---- before it ---- */

static void read_before(struct gnmi_reader *r, bool ok)
{
	struct gnmi_dev *d = r->dev;
	struct gnmi_batch *b = &d->batch;

	if (ok) {
		send_batch(d);
		return;
	}
	b->st = r->st;
	gnmi_sess_doubt(d);
	if (passing(b->st.code) && ++b->tries < GNMI_TRIES)
		rest(d);
	else if (!alone(b))
		split(d);
	else
		finish(d, DEVICE_REFUSED, &b->st);
}

static void before(struct gnmi_dev *d)
{
	d->batch.step = GNMI_BEFORE;
	gnmi_read_start(&d->batch.before, d, d->batch.paths, d->batch.n, read_before);
}

/* ---- behind it ---- */

static void confirmed(void *arg, const struct rpc_status *st, const uint8_t *data, size_t len)
{
	struct gnmi_dev *d = arg;
	struct gnmi_batch *b = &d->batch;

	(void)data;
	(void)len;
	b->call = NULL;
	d->rx++;
	if (st->code == RPC_OK) {
		finish(d, DEVICE_DONE, &b->st);
		return;
	}
	if (!passing(st->code) || st->code == RPC_FAILED_PRECONDITION) {
		/* It never began to wait for it: the extension means nothing to it. */
		d->commit_ok = false;
		finish(d, DEVICE_DONE, &b->st);
		return;
	}
	b->st = *st;
	gnmi_sess_doubt(d);
	after(d, GNMI_AFTER);
}

static void commit(struct gnmi_dev *d, enum gnmic_commit what, rpc_answer_fn fn)
{
	struct arena a;
	size_t len = 0;
	uint8_t *msg;
	int r;

	arena_init(&a, GNMI_ARENA_MAX);
	msg = gnmi_commit_build(d, what, &a, &len);
	r = send_set(d, msg, len, fn);
	arena_fini(&a);
	if (r < 0)
		finish(d, DEVICE_UNKNOWN, &d->batch.st);
}

static void nothing_done(struct gnmi_dev *d)
{
	struct gnmi_batch *b = &d->batch;
	bool said_yes = b->st.code == RPC_OK;

	if ((said_yes || passing(b->st.code)) && ++b->tries < GNMI_TRIES) {
		rest(d);
	} else if (!alone(b)) {
		split(d);
	} else if (said_yes) {
		status(&b->st, RPC_OK, "the device says done, and it is not");
		finish(d, DEVICE_FALSE, &b->st);
	} else {
		finish(d, DEVICE_REFUSED, &b->st);
	}
}

static void judge(struct gnmi_dev *d)
{
	struct gnmi_batch *b = &d->batch;
	struct gnmi_verdict v;

	if (!gnmi_batch_compare(d, &v)) {
		d->rx_errors++;
		status(&b->st, RPC_INTERNAL, "what was read back cannot be read");
		finish(d, DEVICE_UNKNOWN, &b->st);
	} else if (v.done == v.n && !b->commit) {
		finish(d, DEVICE_DONE, &b->st);
	} else if (v.done == v.n) {
		b->step = GNMI_CONFIRMING;
		commit(d, GNMIC_COMMIT_CONFIRM, confirmed);
	} else if (v.same == v.n) {
		nothing_done(d);
	} else {
		undo(d);
	}
}

static void checked(struct gnmi_dev *d)
{
	struct gnmi_batch *b = &d->batch;
	struct gnmi_verdict v;

	if (gnmi_batch_compare(d, &v) && v.same == v.n) {
		if (!alone(b)) {
			split(d);
			return;
		}
		if (b->st.code == RPC_OK)
			status(&b->st, RPC_OK, "the device says done, and half of it was");
		finish(d, DEVICE_UNDONE, &b->st);
	} else if (++b->undo_tries < GNMI_TRIES) {
		b->commit = false;
		undo(d);
	} else {
		if (b->st.code == RPC_OK)
			status(&b->st, RPC_OK, "half of it was done, and it could not be taken back");
		finish(d, DEVICE_BROKEN, &b->st);
	}
}

static void read_back(struct gnmi_reader *r, bool ok)
{
	struct gnmi_dev *d = r->dev;
	struct gnmi_batch *b = &d->batch;

	if (ok && b->step == GNMI_AFTER) {
		judge(d);
	} else if (ok) {
		checked(d);
	} else if (++b->undo_tries < GNMI_TRIES) {
		gnmi_sess_doubt(d);
		after(d, b->step);
	} else {
		b->st = r->st;
		finish(d, DEVICE_UNKNOWN, &b->st);
	}
}

static void after(struct gnmi_dev *d, enum gnmi_step step)
{
	d->batch.step = step;
	gnmi_read_start(&d->batch.after, d, d->batch.paths, d->batch.n, read_back);
}

static void undone(void *arg, const struct rpc_status *st, const uint8_t *data, size_t len)
{
	struct gnmi_dev *d = arg;

	(void)st; /* what is there says it better */
	(void)data;
	(void)len;
	d->batch.call = NULL;
	d->rx++;
	after(d, GNMI_CHECKING);
}

static void undo(struct gnmi_dev *d)
{
	struct arena a;
	size_t len = 0;
	uint8_t *msg;
	int r;

	d->batch.step = GNMI_UNDOING;
	if (d->batch.commit) {
		commit(d, GNMIC_COMMIT_CANCEL, undone);
		return;
	}
	arena_init(&a, GNMI_ARENA_MAX);
	msg = gnmi_undo_build(d, &a, &len);
	r = send_set(d, msg, len, undone);
	arena_fini(&a);
	if (r < 0)
		finish(d, DEVICE_BROKEN, &d->batch.st);
}

/* ---- sessions and the queue ---- */

void gnmi_batch_init(struct gnmi_dev *d)
{
	list_init(&d->txns);
	list_init(&d->batch.txns);
	loop_timer_init(&d->batch.rest, d->g->loop, rested, d);
}

void gnmi_batch_fini(struct gnmi_dev *d)
{
	struct list *n;

	clear(&d->batch);
	loop_timer_fini(&d->batch.rest);
	while ((n = list_pop(&d->batch.txns)) || (n = list_pop(&d->txns))) {
		struct gnmi_txn *t = LIST_OF(n, struct gnmi_txn, link);

		arena_fini(&t->a);
		free(t);
	}
}

void gnmi_batch_next(struct gnmi_dev *d)
{
	struct gnmi_batch *b = &d->batch;

	if (b->step != GNMI_IDLE || d->state != GNMI_UP)
		return;
	while (!list_empty(&d->txns)) {
		struct gnmi_txn *t = LIST_OF(d->txns.next, struct gnmi_txn, link);

		if (b->n > 0 && (b->solo > 0 || !gnmi_txn_fits(b, t)))
			break;
		list_del(&t->link);
		list_add(&b->txns, &t->link);
		for (size_t i = 0; i < t->n; i++) {
			b->changes[b->n] = &t->changes[i];
			b->paths[b->n++] = &t->paths[i];
		}
	}
	if (b->n > 0)
		before(d);
}

void gnmi_batch_pause(struct gnmi_dev *d)
{
	struct gnmi_batch *b = &d->batch;

	if (b->paused)
		return; /* another try to reach the device failed: no reason to wait longer */
	b->call = rpc_call_cancel(b->call);
	if (b->step == GNMI_SETTING)
		status(&b->st, RPC_UNAVAILABLE, "the session was lost");
	if (b->step == GNMI_BEFORE)
		gnmi_read_stop(&b->before);
	gnmi_read_stop(&b->after);
	b->paused = b->step != GNMI_IDLE;
	LIST_EACH(n, &b->txns) /* from now on it waits */
		LIST_OF(n, struct gnmi_txn, link)->until =
			mono_add(loop_now(d->g->loop), d->g->cfg.wait_ns);
}

void gnmi_batch_resume(struct gnmi_dev *d)
{
	struct gnmi_batch *b = &d->batch;

	if (!b->paused) {
		gnmi_batch_next(d);
		return;
	}
	b->paused = false;
	switch (b->step) {
	case GNMI_IDLE:
		break;
	case GNMI_BEFORE:
	case GNMI_RESTING:
		loop_timer_stop(&b->rest);
		before(d);
		break;
	case GNMI_SETTING:
	case GNMI_AFTER:
	case GNMI_CONFIRMING:
		after(d, GNMI_AFTER);
		break;
	case GNMI_UNDOING:
	case GNMI_CHECKING:
		after(d, GNMI_CHECKING);
		break;
	}
}

void gnmi_batch_expire(struct gnmi_dev *d)
{
	struct gnmi_batch *b = &d->batch;
	struct mono now = loop_now(d->g->loop);
	struct rpc_status st;

	status(&st, RPC_UNAVAILABLE, d->last_error[0] ? d->last_error : "no session");
	if (b->paused && !mono_before(now, LIST_OF(b->txns.next, struct gnmi_txn, link)->until)) {
		bool sent = b->step != GNMI_BEFORE && b->step != GNMI_RESTING;

		finish(d, sent ? DEVICE_UNKNOWN : DEVICE_REFUSED, &st);
	}
	LIST_EACH(n, &d->txns) {
		struct gnmi_txn *t = LIST_OF(n, struct gnmi_txn, link);

		if (mono_before(now, t->until))
			break; /* younger ones follow */
		list_del(&t->link);
		gnmi_txn_end(d, t, DEVICE_REFUSED, &st);
	}
}
