/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transactions on their way: one batch at a time a device.
 *
 *	BEFORE   what its paths hold is read: the inverse
 *	SETTING  one Set for all of them
 *	AFTER    the paths are read back, whatever the answer was; only that says what is there
 *	CONFIRMING / UNDOING, CHECKING  as it came out
 *
 * What the device may take another time rests in the queue meanwhile (gnmi_queue.c), alone: of
 * several that were refused together each is tried for itself first.
 *
 * Without a session a batch stops where it stands. One that may have been sent goes on with
 * reading back, so a Set is never sent a second time on top of one nobody knows the end of.
 */
#include <errno.h>
#include <string.h>

#include "southbound/gnmi/gnmi_int.h"

static void undo(struct gnmi_dev *d, uint64_t which);

void gnmi_status(struct rpc_status *st, enum rpc_code code, const char *text)
{
	st->code = code;
	(void)str_copy(st->text, sizeof(st->text), text);
}

/* Every transaction of the batch ends so; the next begins. */
void gnmi_batch_finish(struct gnmi_dev *d, enum device_outcome o, const struct rpc_status *st)
{
	struct gnmi_batch *b = &d->batch;
	struct rpc_status last = *st;
	struct list ended;
	struct list *n;

	list_init(&ended);
	gnmi_batch_clear(d);
	while ((n = list_pop(&b->txns)))
		list_add(&ended, n);
	while ((n = list_pop(&ended)))
		gnmi_txn_end(d, LIST_OF(n, struct gnmi_txn, link), o, &last);
	gnmi_queue_next(d);
}

static bool alone(const struct gnmi_batch *b)
{
	return b->txns.next->next == &b->txns;
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
		gnmi_status(&b->st, RPC_INTERNAL, why);
	}
	if (b->commit && (st->code == RPC_UNIMPLEMENTED || st->code == RPC_INVALID_ARGUMENT)) {
		d->commit_ok = false; /* it does not know the extension: do without */
		gnmi_batch_begin(d);
		return;
	}
	gnmi_batch_read_back(d, GNMI_AFTER);
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
		gnmi_status(&b->st, RPC_RESOURCE_EXHAUSTED, "no memory");
		gnmi_batch_finish(d, DEVICE_REFUSED, &b->st);
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
	if (!alone(b))
		gnmi_batch_split(d);
	else if (!passing(b->st.code) || !gnmi_batch_rest(d))
		gnmi_batch_finish(d, DEVICE_REFUSED, &b->st);
}

void gnmi_batch_begin(struct gnmi_dev *d)
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
		gnmi_batch_finish(d, DEVICE_DONE, &b->st);
		return;
	}
	if (!passing(st->code) || st->code == RPC_FAILED_PRECONDITION) {
		/* It never began to wait for it: the extension means nothing to it. */
		d->commit_ok = false;
		gnmi_batch_finish(d, DEVICE_DONE, &b->st);
		return;
	}
	b->st = *st;
	gnmi_sess_doubt(d);
	gnmi_batch_read_back(d, GNMI_AFTER);
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
		gnmi_batch_finish(d, DEVICE_UNKNOWN, &d->batch.st);
}

static void nothing_done(struct gnmi_dev *d)
{
	struct gnmi_batch *b = &d->batch;
	bool said_yes = b->st.code == RPC_OK;

	if (!alone(b)) {
		gnmi_batch_split(d);
	} else if ((said_yes || passing(b->st.code)) && gnmi_batch_rest(d)) {
		return;
	} else if (said_yes) {
		gnmi_status(&b->st, RPC_OK, "the device says done, and it is not");
		gnmi_batch_finish(d, DEVICE_FALSE, &b->st);
	} else {
		gnmi_batch_finish(d, DEVICE_REFUSED, &b->st);
	}
}

static uint64_t all_of(const struct gnmi_batch *b)
{
	return UINT64_MAX >> (64 - b->n);
}

static void judge(struct gnmi_dev *d)
{
	struct gnmi_batch *b = &d->batch;
	struct gnmi_verdict v;

	if (!gnmi_batch_compare(d, &v)) {
		d->rx_errors++;
		gnmi_status(&b->st, RPC_INTERNAL, "what was read back cannot be read");
		gnmi_batch_finish(d, DEVICE_UNKNOWN, &b->st);
	} else if (v.done == v.n && v.blind > 0 && b->st.code != RPC_OK) {
		nothing_done(d); /* what is never told is there when the device says so, else not */
	} else if (v.done == v.n && !b->commit) {
		gnmi_batch_finish(d, DEVICE_DONE, &b->st);
	} else if (v.done == v.n) {
		b->step = GNMI_CONFIRMING;
		commit(d, GNMIC_COMMIT_CONFIRM, confirmed);
	} else if (v.same == v.n && !(v.hidden && b->st.code == RPC_OK)) {
		nothing_done(d);
	} else {
		undo(d, all_of(b));
	}
}

static unsigned count(uint64_t bits)
{
	return (unsigned)__builtin_popcountll(bits);
}

/* One of them, from the last on; the next one each time it was of no use. */
static uint64_t next_undo(const struct gnmi_batch *b, uint64_t left)
{
	for (unsigned skip = b->undo_tries % count(left); skip > 0; skip--)
		left &= ~(UINT64_C(1) << (63 - __builtin_clzll(left)));
	return UINT64_C(1) << (63 - __builtin_clzll(left));
}

/* Once more all of it, then one by one. False: often enough, with each of them. */
static bool undo_more(struct gnmi_dev *d, const struct gnmi_verdict *v)
{
	struct gnmi_batch *b = &d->batch;
	uint64_t left = v->differs ? v->differs : v->hidden & ~b->put_back;
	size_t good = v->same + count(b->put_back);

	b->undo_tries = good > b->undone ? 0 : b->undo_tries + 1;
	b->undone = good > b->undone ? good : b->undone;
	if (b->undo_tries >= GNMI_TRIES + count(left))
		return false;
	b->commit = false;
	undo(d, b->whole_undone || !v->differs ? next_undo(b, left) : all_of(b));
	b->whole_undone = true;
	return true;
}

static void checked(struct gnmi_dev *d)
{
	struct gnmi_batch *b = &d->batch;
	struct gnmi_verdict v;
	bool read = gnmi_batch_compare(d, &v);

	if (read && v.same == v.n && !(v.hidden & ~b->put_back)) {
		if (!alone(b)) {
			gnmi_batch_split(d);
			return;
		}
		if (b->st.code == RPC_OK)
			gnmi_status(&b->st, RPC_OK, "the device says done, and half of it was");
		gnmi_batch_finish(d, DEVICE_UNDONE, &b->st);
	} else if (!read || !undo_more(d, &v)) {
		if (b->st.code == RPC_OK)
			gnmi_status(&b->st, RPC_OK, "half of it was done, and it could not be taken back");
		gnmi_batch_finish(d, DEVICE_BROKEN, &b->st);
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
		gnmi_batch_read_back(d, b->step);
	} else {
		b->st = r->st;
		gnmi_batch_finish(d, DEVICE_UNKNOWN, &b->st);
	}
}

void gnmi_batch_read_back(struct gnmi_dev *d, enum gnmi_step step)
{
	d->batch.step = step;
	gnmi_read_start(&d->batch.after, d, d->batch.paths, d->batch.n, read_back);
}

static void undone(void *arg, const struct rpc_status *st, const uint8_t *data, size_t len)
{
	struct gnmi_dev *d = arg;
	struct gnmi_batch *b = &d->batch;

	(void)data;
	(void)len;
	b->call = NULL;
	/* What is there says it better, but of what is never told only this does: one has no half. */
	if (st->code == RPC_OK && (b->commit || !(b->undoing & (b->undoing - 1))))
		b->put_back |= b->undoing;
	d->rx++;
	gnmi_batch_read_back(d, GNMI_CHECKING);
}

static void undo(struct gnmi_dev *d, uint64_t which)
{
	struct arena a;
	size_t len = 0;
	uint8_t *msg;
	int r;

	d->batch.step = GNMI_UNDOING;
	d->batch.undoing = which;
	if (d->batch.commit) {
		commit(d, GNMIC_COMMIT_CANCEL, undone);
		return;
	}
	arena_init(&a, GNMI_ARENA_MAX);
	msg = gnmi_undo_build(d, which, &a, &len);
	r = send_set(d, msg, len, undone);
	arena_fini(&a);
	if (r < 0)
		gnmi_batch_finish(d, DEVICE_BROKEN, &d->batch.st);
}
