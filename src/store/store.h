/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Durable state: buckets of key → value, behind a group-commit thread (SQLite, WAL,
 * synchronous=FULL). A write is durable when its completion says 0. Loop thread only; on a
 * fake loop the store is memory with seeded delays and failures, see store_fake_new().
 */
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "loop/loop.h"

struct store;

/* path ":memory:" is refused: use the fake. err: one line naming the file. 0 or -errno. */
int store_open(struct store **outp, struct loop *loop, const char *path, char *err, size_t err_cap);

/* The disk outlives the store: a simulated crash frees the store and opens another on it. */
struct store_disk;
int store_disk_new(struct store_disk **outp);
struct store_disk *store_disk_free(struct store_disk *d);
/* While failing, every write completes with -ENOSPC. */
void store_disk_fail(struct store_disk *d, bool failing);
int store_fake_new(struct store **outp, struct loop *loop, struct store_disk *disk);

/* Waits for queued writes (a crash in a simulation does not: store_crash). Completions that have
 * not run by then never run: rooms are freed before the store they write to. */
struct store *store_close(struct store *s);
struct store *store_crash(struct store *s); /* fake only: writes not yet durable are lost */
AUTO_DEFINE(struct store, store_close)

struct store_op {
	const char *bucket, *key;
	const void *value; /* NULL: delete */
	size_t len;
};

/* r: 0 durable, or -errno and nothing of this transaction was written. */
typedef void (*store_done_fn)(void *arg, int r);

/* All ops or none. Values are copied. done may be NULL; it never runs inside this call, and
 * completions come in the order of the calls. 0; -EAGAIN when too much is queued already,
 * -ENOMEM, -EINVAL (an empty bucket or key): then nothing is written and done is not called. */
int store_write(struct store *s, const struct store_op *ops, size_t n, store_done_fn done, void *arg);

/* Reads at start-up (blocking is fine before the loop runs): each pair of a bucket by key, as
 * durable now. fn returning other than 0 ends it and is the result. fn may call store_write(). */
int store_each(struct store *s, const char *bucket,
	       int (*fn)(void *arg, const char *key, const void *value, size_t len), void *arg);
/* Online copy to a file, on the store thread, between other writes; path appears (or is
 * replaced) only when the copy is whole. One at a time: -EBUSY. The fake has no files: -ENOTSUP. */
int store_backup(struct store *s, const char *path, store_done_fn done, void *arg);
/* Completions with this arg will not run: their owner ends before the store does. */
void store_forget(struct store *s, const void *arg);
/* Writes accepted whose completion has not run yet. */
size_t store_pending(const struct store *s);
