/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The front: checks and copies what the caller gives, keeps the bounds, tells the owners. It
 * knows no disk. Loop thread only.
 */
#include "store/store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "log/metric.h"
#include "store/store_impl.h"

enum { PENDING_MAX = 16384, PENDING_BYTES_MAX = 64 * 1024 * 1024, NAME_MAX_LEN = 1024 };

int store_make(struct store **outp, struct loop *loop, const struct store_back *ops)
{
	struct store *s = calloc(1, sizeof(*s));

	if (!s)
		return err_raise(-ENOMEM);
	s->loop = loop;
	s->ops = ops;
	list_init(&s->accepted);
	s->m_commit = metric_histogram("sextant_store_write_seconds",
				       "Time from a write to the news that it is durable", "");
	s->m_failed = metric_counter("sextant_store_write_failures_total",
				     "Writes that did not become durable", "");
	*outp = s;
	return 0;
}

int store_open(struct store **outp, struct loop *loop, const char *path, char *err, size_t err_cap)
{
	AUTO(store_close) struct store *s = NULL;
	int r = store_make(&s, loop, &store_thread_back);

	if (r < 0) {
		(void)str_copy(err, err_cap, "out of memory");
		return err_trace(r);
	}
	r = store_thread_new(&s->back, s, path, err, err_cap);
	if (r < 0)
		return err_trace(r);
	*outp = TAKE(s);
	return 0;
}

struct store *store_close(struct store *s)
{
	if (s && s->back)
		s->ops->close(s->back);
	free(s);
	return NULL;
}

void store_txns_free(struct list *txns)
{
	struct list *n;

	while ((n = list_pop(txns)))
		free(LIST_OF(n, struct store_txn, link));
}

void store_completed(struct store *s, struct list *txns)
{
	struct list *n;

	while ((n = list_pop(txns))) {
		struct store_txn *t = LIST_OF(n, struct store_txn, link);

		list_del(&t->front);
		s->pending--;
		s->pending_bytes -= t->bytes;
		if (t->backup)
			s->backing_up = false;
		else
			metric_observe_ns(s->m_commit, mono_since(t->accepted, loop_now(s->loop)));
		if (t->r < 0)
			metric_add(s->m_failed, 1);
		if (t->done)
			t->done(t->arg, t->r);
		free(t);
	}
}

static bool name_good(const char *name)
{
	size_t n = name ? strnlen(name, NAME_MAX_LEN + 1) : 0;

	return n > 0 && n <= NAME_MAX_LEN && str_utf8(name, n);
}

/* What one transaction weighs, SIZE_MAX when it is not to be had at all. */
static size_t txn_size(const struct store_op *ops, size_t n)
{
	size_t sum = sizeof(struct store_txn) + n * sizeof(*ops);

	for (size_t i = 0; i < n; i++) {
		if (ops[i].value && ops[i].len > PENDING_BYTES_MAX)
			return SIZE_MAX;
		sum += strlen(ops[i].bucket) + 1 + strlen(ops[i].key) + 1 + (ops[i].value ? ops[i].len : 0);
		if (sum > PENDING_BYTES_MAX)
			return SIZE_MAX;
	}
	return sum;
}

static const void *put(uint8_t **at, const void *data, size_t len)
{
	void *p = *at;

	if (len > 0)
		memcpy(p, data, len);
	*at += len;
	return p;
}

static struct store_txn *txn_new(const struct store_op *ops, size_t n, size_t size)
{
	struct store_txn *t = calloc(1, size);
	uint8_t *at;

	if (!t)
		return NULL;
	t->n = n;
	t->bytes = size;
	list_init(&t->link);
	at = (uint8_t *)&t->ops[n];
	for (size_t i = 0; i < n; i++) {
		t->ops[i].bucket = put(&at, ops[i].bucket, strlen(ops[i].bucket) + 1);
		t->ops[i].key = put(&at, ops[i].key, strlen(ops[i].key) + 1);
		t->ops[i].value = ops[i].value ? put(&at, ops[i].value, ops[i].len) : NULL;
		t->ops[i].len = ops[i].value ? ops[i].len : 0;
	}
	return t;
}

static void submit(struct store *s, struct store_txn *t, store_done_fn done, void *arg)
{
	t->done = done;
	t->arg = arg;
	t->accepted = loop_now(s->loop);
	list_add(&s->accepted, &t->front);
	s->pending++;
	s->pending_bytes += t->bytes;
	s->ops->submit(s->back, t);
}

int store_write(struct store *s, const struct store_op *ops, size_t n, store_done_fn done, void *arg)
{
	struct store_txn *t;
	size_t size;

	for (size_t i = 0; i < n; i++)
		if (!name_good(ops[i].bucket) || !name_good(ops[i].key))
			return err_raise(-EINVAL);
	if (n == 0 || n > PENDING_MAX)
		return err_raise(-EINVAL);
	size = txn_size(ops, n);
	if (size == SIZE_MAX)
		return err_raise(-EMSGSIZE);
	if (s->pending >= PENDING_MAX || s->pending_bytes + size > PENDING_BYTES_MAX)
		return err_raise(-EAGAIN);
	t = txn_new(ops, n, size);
	if (!t)
		return err_raise(-ENOMEM);
	submit(s, t, done, arg);
	return 0;
}

int store_each(struct store *s, const char *bucket,
	       int (*fn)(void *arg, const char *key, const void *value, size_t len), void *arg)
{
	return s->ops->each(s->back, bucket, fn, arg);
}

int store_backup(struct store *s, const char *path, store_done_fn done, void *arg)
{
	size_t len = path ? strnlen(path, NAME_MAX_LEN) + 1 : 0;
	struct store_txn *t;

	if (s->ops != &store_thread_back)
		return err_raise(-ENOTSUP);
	if (len < 2 || len > NAME_MAX_LEN)
		return err_raise(-EINVAL);
	if (s->backing_up)
		return err_raise(-EBUSY);
	t = calloc(1, sizeof(*t) + len);
	if (!t)
		return err_raise(-ENOMEM);
	list_init(&t->link);
	t->bytes = sizeof(*t) + len;
	memcpy(t->ops, path, len);
	t->backup = (const char *)t->ops;
	s->backing_up = true;
	submit(s, t, done, arg);
	return 0;
}

void store_forget(struct store *s, const void *arg)
{
	LIST_EACH(it, &s->accepted) {
		struct store_txn *t = LIST_OF(it, struct store_txn, front);

		if (t->arg == arg)
			t->done = NULL;
	}
}

size_t store_pending(const struct store *s)
{
	return s->pending;
}
