/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk in memory for simulations. A write becomes durable after a seeded delay and is told a
 * little later, both in the order of the calls: a crash may lose it, and may come between, when
 * it is durable and nobody knows. The disk is sorted by (bucket, key), as the file is.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/vec.h"
#include "store/store_impl.h"

enum { DURABLE_US_MIN = 100, DURABLE_US_SPAN = 5000, TOLD_US_SPAN = 1000 };

struct row {
	char *bucket, *key;
	void *value;
	size_t len;
};

struct store_disk {
	VEC(struct row) rows;
	bool failing;
};

struct mem {
	struct store *s;
	struct store_disk *disk;
	struct list waiting, durable; /* not yet durable; durable and not yet told */
	struct loop_timer sync, tell;
	struct mono last_durable, last_told;
};

static void row_fini(struct row *r)
{
	free(r->bucket);
	free(r->key);
	free(r->value);
}

int store_disk_new(struct store_disk **outp)
{
	*outp = calloc(1, sizeof(**outp));
	return *outp ? 0 : err_raise(-ENOMEM);
}

struct store_disk *store_disk_free(struct store_disk *d)
{
	if (!d)
		return NULL;
	for (size_t i = 0; i < d->rows.n; i++)
		row_fini(&d->rows.at[i]);
	VEC_FINI(&d->rows);
	free(d);
	return NULL;
}

void store_disk_fail(struct store_disk *d, bool failing)
{
	d->failing = failing;
}

/* The first row not before (bucket, key). */
static size_t find(const struct store_disk *d, const char *bucket, const char *key, bool *found)
{
	size_t lo = 0, hi = d->rows.n;
	int c = 1;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		c = strcmp(d->rows.at[mid].bucket, bucket);
		if (c == 0)
			c = strcmp(d->rows.at[mid].key, key);
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*found = lo < d->rows.n && strcmp(d->rows.at[lo].bucket, bucket) == 0 &&
		 strcmp(d->rows.at[lo].key, key) == 0;
	return lo;
}

/* Allocation here is the simulation's own: failing it would prove nothing about a disk. */
static void *copy(const void *data, size_t len)
{
	void *p = malloc(len ? len : 1);

	if (!p)
		abort();
	if (len > 0)
		memcpy(p, data, len);
	return p;
}

static void apply(struct store_disk *d, const struct store_op *op)
{
	bool found;
	size_t i = find(d, op->bucket, op->key, &found);

	if (!op->value && !found)
		return;
	if (!op->value) {
		row_fini(&d->rows.at[i]);
		memmove(&d->rows.at[i], &d->rows.at[i + 1], (d->rows.n - i - 1) * sizeof(struct row));
		d->rows.n--;
		return;
	}
	if (!found) {
		struct row row = { copy(op->bucket, strlen(op->bucket) + 1),
				   copy(op->key, strlen(op->key) + 1), NULL, 0 };

		if (!VEC_ADD(&d->rows, row))
			abort();
		memmove(&d->rows.at[i + 1], &d->rows.at[i], (d->rows.n - i - 1) * sizeof(struct row));
		d->rows.at[i] = row;
	}
	free(d->rows.at[i].value);
	d->rows.at[i].value = copy(op->value, op->len);
	d->rows.at[i].len = op->len;
}

static void commit(struct mem *m, struct store_txn *t)
{
	t->r = m->disk->failing ? -ENOSPC : 0;
	for (size_t i = 0; t->r == 0 && i < t->n; i++)
		apply(m->disk, &t->ops[i]);
	list_del(&t->link);
	list_add(&m->durable, &t->link);
}

static struct store_txn *first(const struct list *l)
{
	return list_empty(l) ? NULL : LIST_OF(l->next, struct store_txn, link);
}

static bool due(const struct mem *m, struct mono when)
{
	return !mono_before(loop_now(m->s->loop), when);
}

static void sync_cb(void *arg)
{
	struct mem *m = arg;
	struct store_txn *t;

	while ((t = first(&m->waiting)) && due(m, t->durable))
		commit(m, t);
	if (t)
		loop_timer_at(&m->sync, t->durable);
	if (!loop_timer_armed(&m->tell) && (t = first(&m->durable)))
		loop_timer_at(&m->tell, t->told);
}

static void tell_cb(void *arg)
{
	struct mem *m = arg;
	struct store_txn *t;
	struct list told;

	list_init(&told);
	while ((t = first(&m->durable)) && due(m, t->told)) {
		list_del(&t->link);
		list_add(&told, &t->link);
	}
	if (t)
		loop_timer_at(&m->tell, t->told);
	store_completed(m->s, &told);
}

static struct mono later(struct mono a, struct mono b)
{
	return mono_before(a, b) ? b : a;
}

static void mem_submit(void *back, struct store_txn *t)
{
	struct mem *m = back;
	struct loop *loop = m->s->loop;
	uint64_t delay = DURABLE_US_MIN + loop_random(loop) % DURABLE_US_SPAN;

	t->durable = later(mono_add(loop_now(loop), delay * NS_PER_US), m->last_durable);
	t->told = later(mono_add(t->durable, (1 + loop_random(loop) % TOLD_US_SPAN) * NS_PER_US), m->last_told);
	m->last_durable = t->durable;
	m->last_told = t->told;
	list_add(&m->waiting, &t->link);
	if (!loop_timer_armed(&m->sync)) /* then none waited before */
		loop_timer_at(&m->sync, t->durable);
}

static int mem_each(void *back, const char *bucket,
		    int (*fn)(void *arg, const char *key, const void *value, size_t len), void *arg)
{
	struct mem *m = back;
	const struct store_disk *d = m->disk;
	bool found;

	for (size_t i = find(d, bucket, "", &found); i < d->rows.n; i++) {
		const struct row *row = &d->rows.at[i];
		int r;

		if (strcmp(row->bucket, bucket) != 0)
			break;
		r = fn(arg, row->key, row->value, row->len);
		if (r != 0)
			return r;
	}
	return 0;
}

static void mem_free(struct mem *m)
{
	store_txns_free(&m->waiting);
	store_txns_free(&m->durable);
	loop_timer_fini(&m->sync);
	loop_timer_fini(&m->tell);
	free(m);
}

static void mem_close(void *back)
{
	struct mem *m = back;
	struct store_txn *t;

	while ((t = first(&m->waiting)))
		commit(m, t);
	mem_free(m);
}

static const struct store_back mem_back = { mem_submit, mem_each, mem_close };

int store_fake_new(struct store **outp, struct loop *loop, struct store_disk *disk)
{
	struct mem *m = calloc(1, sizeof(*m));
	int r = m ? store_make(outp, loop, &mem_back) : err_raise(-ENOMEM);

	if (r < 0) {
		free(m);
		return err_trace(r);
	}
	m->s = *outp;
	m->disk = disk;
	list_init(&m->waiting);
	list_init(&m->durable);
	loop_timer_init(&m->sync, loop, sync_cb, m);
	loop_timer_init(&m->tell, loop, tell_cb, m);
	(*outp)->back = m;
	return 0;
}

struct store *store_crash(struct store *s)
{
	if (!s)
		return NULL;
	assert(s->ops == &mem_back);
	mem_free(s->back);
	free(s);
	return NULL;
}
