/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Online backup, some pages at a time between commits, into PATH.tmp; PATH is renamed into
 * place when the copy is whole and on the disk. Writes of the same connection enter a copy
 * that is under way by themselves. Store thread only.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "file/file.h"
#include "store/store_impl.h"

enum { PAGES_A_STEP = 256 };

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* The database, its journal, and what else SQLite keeps beside it under its name. */
static bool is_ours(const char *path, const char *db)
{
	return same_file(path, db) || strncmp(path, db, strlen(db)) == 0;
}

static int tmp_make(struct store_db *db, const char *path)
{
	STR_AUTO struct str name = { 0 };
	int fd;

	str_addf(&name, "%s.tmp", path);
	db->copy_tmp = str_take(&name);
	if (!db->copy_tmp)
		return -ENOMEM;
	(void)unlink(db->copy_tmp);
	fd = open(db->copy_tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	(void)close(fd);
	return 0;
}

static int begin(struct store_db *db, const char *path)
{
	int r, rc;

	if (path[0] == ':' || strncmp(path, "file:", 5) == 0 || is_ours(path, db->path))
		return -EINVAL;
	r = tmp_make(db, path);
	if (r < 0)
		return r;
	rc = sqlite3_open_v2(db->copy_tmp, &db->copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc != SQLITE_OK)
		return store_db_errno(db->copy, rc);
	db->copying = sqlite3_backup_init(db->copy, "main", db->writer, "main");
	return db->copying ? 0 : store_db_errno(db->copy, sqlite3_errcode(db->copy));
}

static int sync_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	r = fsync(fd) < 0 ? -errno : 0;
	(void)close(fd);
	return r;
}

static void end(struct store_db *db, int r)
{
	struct store_txn *t = db->backup;

	(void)sqlite3_backup_finish(TAKE(db->copying));
	(void)sqlite3_close(TAKE(db->copy));
	if (r == 0)
		r = sync_path(db->copy_tmp);
	if (r == 0 && rename(db->copy_tmp, t->backup) < 0)
		r = -errno;
	if (r == 0)
		r = file_sync_dir(t->backup); /* the name must survive a crash as well as the octets */
	else if (db->copy_tmp)
		(void)unlink(db->copy_tmp);
	free(TAKE(db->copy_tmp));
	t->r = r;
}

void store_backup_begin(struct store_db *db, struct store_txn *t)
{
	db->backup = t;
	t->r = begin(db, t->backup);
}

bool store_backup_step(struct store_db *db)
{
	int rc, r = db->backup->r;

	if (r == 0) {
		rc = sqlite3_backup_step(db->copying, PAGES_A_STEP);
		if (rc == SQLITE_OK)
			return false;
		r = rc == SQLITE_DONE ? 0 : store_db_errno(db->copy, rc);
	}
	end(db, r);
	return true;
}

void store_backup_abort(struct store_db *db)
{
	if (db->backup)
		end(db, -ECANCELED);
}
