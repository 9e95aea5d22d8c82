/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Inside store: the front (store.c, loop thread) hands transactions to a back: a thread with
 * SQLite (thread.c over sqlite.c) or memory on a fake loop (fake.c). A transaction belongs to
 * the back from ->submit until store_completed().
 */
#include <sqlite3.h>
#include <stdbool.h>

#include "base/list.h"
#include "base/mono.h"
#include "store/store.h"

struct store_txn {
	struct list link;
	struct list front;   /* in store.accepted: the loop's, as done and arg are */
	store_done_fn done;
	void *arg;
	int r;
	size_t bytes;	     /* of everything, for the bounds */
	struct mono accepted;
	const char *backup;  /* target path of a backup, which has no ops */
	struct mono durable, told; /* fake: when */
	size_t n;
	struct store_op ops[]; /* keys and values follow in the same block */
};

struct store_back {
	void (*submit)(void *back, struct store_txn *t);
	int (*each)(void *back, const char *bucket,
		    int (*fn)(void *arg, const char *key, const void *value, size_t len), void *arg);
	void (*close)(void *back); /* after everything submitted is durable; frees back */
};

struct store {
	struct loop *loop;
	const struct store_back *ops;
	void *back;
	struct list accepted; /* their completions have not run */
	size_t pending, pending_bytes;
	bool backing_up;
	struct metric *m_commit, *m_failed;
};

int store_make(struct store **outp, struct loop *loop, const struct store_back *ops);
/* On the loop: tells the owners of these transactions and frees them. */
void store_completed(struct store *s, struct list *txns);
void store_txns_free(struct list *txns);

/* The thread (thread.c). */
extern const struct store_back store_thread_back;
int store_thread_new(void **outp, struct store *s, const char *path, char *err, size_t err_cap);

/* The database (sqlite.c). The writer side is the thread's alone, reader the loop's. */
enum { STORE_WAL_LARGE = 16 * 1024 /* frames */ };

enum store_sql {
	STORE_BEGIN,
	STORE_COMMIT,
	STORE_ROLLBACK,
	STORE_SAVEPOINT,
	STORE_RELEASE,
	STORE_ROLLBACK_TO,
	STORE_PUT,
	STORE_DELETE,
	STORE_N_SQL,
};

struct store_db {
	char *path;
	int lock_fd;
	sqlite3 *writer, *reader;
	sqlite3_stmt *sql[STORE_N_SQL];
	int wal_frames, hard_at; /* hard_at: size at which readers are waited for */
	bool failing;		 /* the last commit failed: the recovery is worth a line */
	bool stuck;		 /* the same of the last checkpoint */
	/* a backup on its way */
	struct store_txn *backup;
	sqlite3 *copy;
	sqlite3_backup *copying;
	char *copy_tmp;
};

int store_db_open(struct store_db *db, const char *path, char *err, size_t err_cap);
void store_db_close(struct store_db *db);
/* One durable commit for all; sets r of each. */
void store_db_commit(struct store_db *db, struct list *txns);
int store_db_each(struct store_db *db, const char *bucket,
		  int (*fn)(void *arg, const char *key, const void *value, size_t len), void *arg);
/* Copies the log into the file. A large log is also cut, waiting for readers a moment. */
void store_db_checkpoint(struct store_db *db);
int store_db_errno(sqlite3 *db, int rc);

/* Online backup (backup.c). begin takes t; step is true when it ended: t is the result. */
void store_backup_begin(struct store_db *db, struct store_txn *t);
bool store_backup_step(struct store_db *db);
void store_backup_abort(struct store_db *db);
