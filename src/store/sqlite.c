/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SQLite file: one table of (bucket, key) → value. Opening checks everything that can be
 * wrong with it and says so in one line; a commit takes many transactions at once. The log is
 * never checkpointed inside a commit (wal_autocheckpoint=0): that is what makes slow tails.
 *
 * A lock file beside it keeps a second daemon out, while people may still read with sqlite3.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "log/log.h"
#include "store/store_impl.h"

enum { APPLICATION_ID = 0x53585431 /* "SXT1" */, SCHEMA = 1, BUSY_MS = 2000, CHECKPOINT_BUSY_MS = 100 };

static const char *const statements[STORE_N_SQL] = {
	[STORE_BEGIN] = "BEGIN IMMEDIATE",
	[STORE_COMMIT] = "COMMIT",
	[STORE_ROLLBACK] = "ROLLBACK",
	[STORE_SAVEPOINT] = "SAVEPOINT one",
	[STORE_RELEASE] = "RELEASE one",
	[STORE_ROLLBACK_TO] = "ROLLBACK TO one",
	[STORE_PUT] = ("INSERT INTO kv(bucket,key,value) VALUES(?1,?2,?3)"
		       " ON CONFLICT DO UPDATE SET value=excluded.value"),
	[STORE_DELETE] = "DELETE FROM kv WHERE bucket=?1 AND key=?2",
};

int store_db_errno(sqlite3 *db, int rc)
{
	static const struct {
		int rc, err;
	} rows[] = {
		{ SQLITE_FULL, ENOSPC },    { SQLITE_NOMEM, ENOMEM },	{ SQLITE_BUSY, EBUSY },
		{ SQLITE_LOCKED, EBUSY },   { SQLITE_READONLY, EROFS }, { SQLITE_CORRUPT, EBADMSG },
		{ SQLITE_NOTADB, EBADMSG }, { SQLITE_TOOBIG, EMSGSIZE }, { SQLITE_PERM, EACCES },
	};
	int sys;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].rc == (rc & 0xff))
			return -rows[i].err;
	sys = db ? sqlite3_system_errno(db) : 0;
	if (sys == EDQUOT)
		sys = ENOSPC;
	return sys > 0 ? -sys : -EIO;
}

static int step(sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);

	(void)sqlite3_reset(st);
	return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc;
}

static int sql(struct store_db *db, enum store_sql which)
{
	return step(db->sql[which]);
}

/* ---- opening ---- */

__attribute__((format(printf, 4, 5))) static int say(char *err, size_t cap, int r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(err, cap, fmt, ap);
	va_end(ap);
	for (char *p = err; cap > 0 && *p; p++) /* SQLite may say it in several lines */
		if (*p == '\n')
			*p = ' ';
	return err_raise(r);
}

/* Why the database at path cannot be used, for people. */
static int say_db(char *err, size_t cap, const struct store_db *db, sqlite3 *c, int rc)
{
	int r = store_db_errno(c, rc);

	switch (r) {
	case -EBADMSG:
		return say(err, cap, r, "%s: damaged or not a store (%s); restore a backup", db->path,
			   sqlite3_errmsg(c));
	case -EBUSY:
		return say(err, cap, r, "%s: locked by another program", db->path);
	case -EROFS:
		return say(err, cap, r, "%s: cannot be written", db->path);
	default:
		return say(err, cap, r, "%s: %s (%s)", db->path, err_text(r), sqlite3_errmsg(c));
	}
}

/* The file itself first: the system's own words say best what is wrong with a path. */
static int file_make(struct store_db *db, char *err, size_t cap)
{
	int fd = open(db->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0) {
		int e = errno;

		if (e == ENOENT)
			return say(err, cap, -e, "%s: the directory does not exist", db->path);
		return say(err, cap, -e, "%s: %s", db->path, err_text(e));
	}
	(void)close(fd);
	return 0;
}

static int lock(struct store_db *db, char *err, size_t cap)
{
	STR_AUTO struct str name = { 0 };

	str_addf(&name, "%s.lock", db->path);
	if (name.bad)
		return say(err, cap, -ENOMEM, "out of memory");
	db->lock_fd = open(str_text(&name), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (db->lock_fd < 0)
		return say(err, cap, -errno, "%s: %s", str_text(&name), err_text(errno));
	if (flock(db->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return say(err, cap, -EBUSY, "%s: in use by another process", db->path);
	return 0;
}

static int int_cb(void *arg, int n, char **values, char **names)
{
	uint64_t v;

	(void)names;
	if (n == 1 && values[0] && str_u64(values[0], &v) == 0)
		*(uint64_t *)arg = v;
	return 0;
}

static int text_cb(void *arg, int n, char **values, char **names)
{
	(void)names;
	if (n >= 1 && values[0])
		(void)str_copy(arg, 128, values[0]);
	return 0;
}

static int ask_u64(sqlite3 *c, const char *q, uint64_t *v)
{
	*v = UINT64_MAX;
	return sqlite3_exec(c, q, int_cb, v, NULL);
}

static int schema_make(sqlite3 *c)
{
	char q[512];

	(void)snprintf(q, sizeof(q),
		       "BEGIN IMMEDIATE;"
		       "CREATE TABLE kv(bucket TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,"
		       " PRIMARY KEY(bucket,key)) WITHOUT ROWID, STRICT;"
		       "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT;",
		       APPLICATION_ID, SCHEMA);
	return sqlite3_exec(c, q, NULL, NULL, NULL);
}

/* Ours, and of a version we know? An empty file becomes ours. */
static int schema_check(struct store_db *db, char *err, size_t cap)
{
	uint64_t app, version, tables;
	sqlite3 *c = db->writer;
	int rc;

	if ((rc = ask_u64(c, "PRAGMA application_id", &app)) != SQLITE_OK ||
	    (rc = ask_u64(c, "PRAGMA user_version", &version)) != SQLITE_OK ||
	    (rc = ask_u64(c, "SELECT count(*) FROM sqlite_schema", &tables)) != SQLITE_OK)
		return say_db(err, cap, db, c, rc);
	if (app == 0 && version == 0 && tables == 0) {
		rc = schema_make(c);
		return rc == SQLITE_OK ? 0 : say_db(err, cap, db, c, rc);
	}
	if (app != APPLICATION_ID)
		return say(err, cap, -EINVAL, "%s: a database, but not a store of ours", db->path);
	if (version != SCHEMA)
		return say(err, cap, -ENOTSUP, "%s: written by another version (schema %u, known is %d)",
			   db->path, (unsigned)version, SCHEMA);
	return 0;
}

static int on_wal(void *arg, sqlite3 *c, const char *name, int frames)
{
	struct store_db *db = arg;

	(void)c;
	(void)name;
	db->wal_frames = frames;
	return SQLITE_OK;
}

static int settings(struct store_db *db, char *err, size_t cap)
{
	char mode[128] = "", health[128] = "";
	sqlite3 *c = db->writer;
	int rc = sqlite3_exec(c, "PRAGMA journal_mode=WAL", text_cb, mode, NULL);

	if (rc != SQLITE_OK)
		return say_db(err, cap, db, c, rc);
	if (strcmp(mode, "wal") != 0)
		return say(err, cap, -ENOTSUP, "%s: this file system cannot keep a write-ahead log", db->path);
	rc = sqlite3_exec(c,
			  "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;"
			  "PRAGMA journal_size_limit=67108864; PRAGMA trusted_schema=OFF;"
			  "PRAGMA cell_size_check=ON; PRAGMA cache_size=-8192",
			  NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(c, "PRAGMA quick_check(1)", text_cb, health, NULL);
	if (rc != SQLITE_OK)
		return say_db(err, cap, db, c, rc);
	if (strcmp(health, "ok") != 0)
		return say(err, cap, -EBADMSG, "%s: damaged (%s); restore a backup", db->path, health);
	(void)sqlite3_wal_hook(c, on_wal, db);
	db->wal_frames = 1; /* whatever an earlier run left */
	db->hard_at = STORE_WAL_LARGE;
	return 0;
}

static int connect_to(struct store_db *db, sqlite3 **c, int flags, char *err, size_t cap)
{
	int rc = sqlite3_open_v2(db->path, c, flags | SQLITE_OPEN_NOMUTEX, NULL);

	if (rc == SQLITE_OK) {
		(void)sqlite3_extended_result_codes(*c, 1);
		(void)sqlite3_db_config(*c, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
		rc = sqlite3_busy_timeout(*c, BUSY_MS);
	}
	if (rc == SQLITE_OK)
		return 0;
	return *c ? say_db(err, cap, db, *c, rc) : say(err, cap, -ENOMEM, "out of memory");
}

static int prepare_all(struct store_db *db, char *err, size_t cap)
{
	for (int i = 0; i < STORE_N_SQL; i++) {
		int rc = sqlite3_prepare_v3(db->writer, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
					    &db->sql[i], NULL);

		if (rc != SQLITE_OK)
			return say_db(err, cap, db, db->writer, rc);
	}
	return 0;
}

/* A name SQLite would read as something else than a file. */
static bool path_good(const char *path)
{
	return path && *path && *path != ':' && strncmp(path, "file:", 5) != 0;
}

int store_db_open(struct store_db *db, const char *path, char *err, size_t cap)
{
	int r;

	*db = (struct store_db){ .lock_fd = -1 };
	if (!path_good(path))
		return say(err, cap, -EINVAL, "%s: not the name of a file", path ? path : "(none)");
	db->path = strdup(path);
	if (!db->path)
		return say(err, cap, -ENOMEM, "out of memory");
	if ((r = file_make(db, err, cap)) == 0 && (r = lock(db, err, cap)) == 0 &&
	    (r = connect_to(db, &db->writer, SQLITE_OPEN_READWRITE, err, cap)) == 0 &&
	    (r = schema_check(db, err, cap)) == 0 && (r = settings(db, err, cap)) == 0 &&
	    (r = prepare_all(db, err, cap)) == 0 &&
	    (r = connect_to(db, &db->reader, SQLITE_OPEN_READONLY, err, cap)) == 0)
		return 0;
	store_db_close(db);
	return err_trace(r);
}

void store_db_close(struct store_db *db)
{
	for (int i = 0; i < STORE_N_SQL; i++)
		(void)sqlite3_finalize(db->sql[i]);
	(void)sqlite3_close(db->reader);
	(void)sqlite3_close(db->writer); /* the last one folds the log into the file */
	if (db->lock_fd >= 0)
		(void)close(db->lock_fd);
	free(db->path);
	*db = (struct store_db){ .lock_fd = -1 };
}

/* ---- writing ---- */

static int checkpoint(struct store_db *db, int mode);

static int op_run(struct store_db *db, const struct store_op *op)
{
	sqlite3_stmt *st = db->sql[op->value ? STORE_PUT : STORE_DELETE];
	int rc = sqlite3_bind_text(st, 1, op->bucket, -1, SQLITE_STATIC);

	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(st, 2, op->key, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK && op->value) /* "" because a NULL pointer would bind as NULL */
		rc = sqlite3_bind_blob64(st, 3, op->len ? op->value : "", op->len, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = step(st);
	(void)sqlite3_clear_bindings(st);
	return rc;
}

/* Within the open transaction. A failure that left it open undoes only this one. */
static int txn_run(struct store_db *db, const struct store_txn *t)
{
	int rc = sql(db, STORE_SAVEPOINT);

	for (size_t i = 0; rc == SQLITE_OK && i < t->n; i++)
		rc = op_run(db, &t->ops[i]);
	if (rc == SQLITE_OK)
		return sql(db, STORE_RELEASE);
	if (!sqlite3_get_autocommit(db->writer)) {
		(void)sql(db, STORE_ROLLBACK_TO);
		(void)sql(db, STORE_RELEASE);
	}
	return rc;
}

/* 0 when the commit is durable; else nothing of any of them was written. */
static int commit_once(struct store_db *db, struct list *txns)
{
	int rc = sql(db, STORE_BEGIN);

	if (rc != SQLITE_OK)
		return store_db_errno(db->writer, rc);
	LIST_EACH(n, txns) {
		struct store_txn *t = LIST_OF(n, struct store_txn, link);

		rc = txn_run(db, t);
		t->r = rc == SQLITE_OK ? 0 : store_db_errno(db->writer, rc);
		if (sqlite3_get_autocommit(db->writer))
			return t->r < 0 ? t->r : -EIO; /* the failure undid everything */
	}
	rc = sql(db, STORE_COMMIT);
	if (rc == SQLITE_OK)
		return 0;
	rc = store_db_errno(db->writer, rc);
	if (!sqlite3_get_autocommit(db->writer))
		(void)sql(db, STORE_ROLLBACK);
	return rc;
}

/* What does not fit together may fit alone. */
static int commit_singly(struct store_db *db, struct list *txns)
{
	struct list all, one;
	struct list *n;
	int last = 0;

	list_init(&all);
	while ((n = list_pop(txns))) {
		struct store_txn *t = LIST_OF(n, struct store_txn, link);
		int r;

		list_init(&one);
		list_add(&one, n);
		r = commit_once(db, &one);
		if (r < 0)
			t->r = r;
		if (t->r < 0)
			last = t->r;
		list_del(n);
		list_add(&all, n);
	}
	while ((n = list_pop(&all)))
		list_add(txns, n);
	return last;
}

void store_db_commit(struct store_db *db, struct list *txns)
{
	int r = commit_once(db, txns);

	if (r < 0) {
		if (r == -ENOSPC) /* what the log holds may go into free pages of the file */
			(void)checkpoint(db, SQLITE_CHECKPOINT_TRUNCATE);
		r = commit_singly(db, txns);
	}
	if (r < 0 && !db->failing)
		log_event("", LOG_ERROR, "store.write.failed", "file=%s error=\"%s\"", db->path, err_text(r));
	if (r == 0 && db->failing)
		log_event("", LOG_NOTICE, "store.write.recovered", "file=%s", db->path);
	db->failing = r < 0;
}

static int checkpoint(struct store_db *db, int mode)
{
	int frames = 0, moved = 0, rc;

	(void)sqlite3_busy_timeout(db->writer, CHECKPOINT_BUSY_MS);
	rc = sqlite3_wal_checkpoint_v2(db->writer, NULL, mode, &frames, &moved);
	(void)sqlite3_busy_timeout(db->writer, BUSY_MS);
	if (rc == SQLITE_OK && frames == moved)
		db->wal_frames = 0;
	return rc == SQLITE_OK ? 0 : store_db_errno(db->writer, rc);
}

void store_db_checkpoint(struct store_db *db)
{
	bool hard = db->wal_frames >= db->hard_at;
	int r = checkpoint(db, hard ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE);

	if (hard) /* a reader that stays may not cost every commit the wait */
		db->hard_at = db->wal_frames + STORE_WAL_LARGE;
	if (r == -EBUSY)
		r = 0; /* somebody reads: later */
	if (r < 0 && !db->stuck)
		log_event("", LOG_WARN, "store.checkpoint.failed", "file=%s error=\"%s\"", db->path, err_text(r));
	db->stuck = r < 0;
}

/* ---- reading ---- */

static int each_row(sqlite3_stmt *st, int (*fn)(void *arg, const char *key, const void *value, size_t len),
		    void *arg, int *rc)
{
	while ((*rc = sqlite3_step(st)) == SQLITE_ROW) {
		const char *key = (const char *)sqlite3_column_text(st, 0);
		const void *value = sqlite3_column_blob(st, 1);
		int r;

		if (!key || (!value && sqlite3_column_bytes(st, 1) > 0))
			return -ENOMEM;
		r = fn(arg, key, value ? value : "", (size_t)sqlite3_column_bytes(st, 1));
		if (r != 0)
			return r;
	}
	return 0;
}

int store_db_each(struct store_db *db, const char *bucket,
		  int (*fn)(void *arg, const char *key, const void *value, size_t len), void *arg)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db->reader, "SELECT key,value FROM kv WHERE bucket=?1 ORDER BY key", -1,
				    &st, NULL);
	int r = 0;

	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(st, 1, bucket, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK) {
		r = each_row(st, fn, arg, &rc);
		if (r == 0 && rc == SQLITE_DONE)
			rc = SQLITE_OK;
	}
	if (r == 0 && rc != SQLITE_OK)
		r = err_raise(store_db_errno(db->reader, rc));
	(void)sqlite3_finalize(st);
	return r;
}
