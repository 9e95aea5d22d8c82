/* SPDX-License-Identifier: Apache-2.0 */
/* The store on SQLite: durability, groups, full and failing disks, bad files, backups. */
#include "check_main.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "disk.h"
#include "store/store.h"

static char dir[64], path[128];
static struct loop *loop;
static struct store *store;
static char err[256];

static void setup(void)
{
	disk_setup();
	(void)snprintf(dir, sizeof(dir), "/tmp/sextant-store-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/state.db", dir);
	ck_assert_int_eq(loop_new(&loop), 0);
	store = NULL;
}

static void teardown(void)
{
	static const char *const names[] = { "state.db", "state.db-wal", "state.db-shm", "state.db.lock",
					     "copy.db",	 "copy.db-wal",	 "copy.db-shm",	 "copy.db.lock",
					     "copy.db.tmp" };
	char name[192];

	disk_full(false);
	disk_sync_fails(false);
	store = store_close(store);
	loop = loop_free(loop);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		(void)snprintf(name, sizeof(name), "%s/%s", dir, names[i]);
		(void)unlink(name);
	}
	(void)rmdir(dir);
}

static void open_store(void)
{
	int r = store_open(&store, loop, path, err, sizeof(err));

	ck_assert_msg(r == 0, "%s", err);
}

struct told {
	int left, failed, last, order_broken;
};

static struct told told;

static void on_done(void *arg, int r)
{
	int n = (int)(intptr_t)arg;

	if (n <= told.last)
		told.order_broken++;
	told.last = n;
	if (r < 0)
		told.failed = r;
	if (--told.left == 0)
		loop_stop(loop);
}

static void put(int n, const char *bucket, const char *key, const void *value, size_t len)
{
	struct store_op op = { bucket, key, value, len };

	told.left++;
	ck_assert_int_eq(store_write(store, &op, 1, on_done, (void *)(intptr_t)n), 0);
}

static void put_many(int n, const char *bucket, size_t len)
{
	static char value[1024];

	for (int i = 1; i <= n; i++) {
		char key[16];

		(void)snprintf(key, sizeof(key), "%d", i);
		put(i, bucket, key, value, len);
	}
}

/* Until everything was told; the result of the last that failed. */
static int wait_told(void)
{
	int r;

	if (told.left > 0)
		loop_run(loop);
	ck_assert_int_eq(told.order_broken, 0);
	r = told.failed;
	told = (struct told){ 0 };
	return r;
}

static int collect(void *arg, const char *key, const void *value, size_t len)
{
	str_addf(arg, "%s=", key);
	str_addn(arg, value, len);
	str_add(arg, ";");
	return 0;
}

static void check_bucket(const char *bucket, const char *want)
{
	STR_AUTO struct str s = { 0 };

	ck_assert_int_eq(store_each(store, bucket, collect, &s), 0);
	ck_assert_str_eq(str_text(&s), want);
}

static int count(void *arg, const char *key, const void *value, size_t len)
{
	(void)key;
	(void)value;
	(void)len;
	++*(int *)arg;
	return 0;
}

static int count_bucket(const char *bucket)
{
	int n = 0;

	ck_assert_int_eq(store_each(store, bucket, count, &n), 0);
	return n;
}

START_TEST(what_was_written_is_there_again_in_key_order)
{
	const struct store_op ops[] = { { "a", "k2", "two", 3 },
					{ "a", "k1", "o\0e", 3 },
					{ "b", "k1", "other", 5 },
					{ "a", "k3", "", 0 },
					{ "a", "k4", "gone", 4 } };
	const struct store_op more[] = { { "a", "k4", NULL, 0 }, { "a", "k2", "TWO", 3 }, { "a", "k9", NULL, 0 } };

	open_store();
	told.left = 2;
	ck_assert_int_eq(store_write(store, ops, ARRAY_LEN(ops), on_done, (void *)1), 0);
	ck_assert_int_eq(store_write(store, more, ARRAY_LEN(more), on_done, (void *)2), 0);
	ck_assert_int_eq(told.left, 2);
	ck_assert_uint_eq(store_pending(store), 2);
	ck_assert_int_eq(wait_told(), 0);
	ck_assert_uint_eq(store_pending(store), 0);
	store = store_close(store);
	open_store();
	check_bucket("b", "k1=other;");
	ck_assert_int_eq(count_bucket("a"), 3);
	check_bucket("none", "");
}
END_TEST

static int stop_at_two(void *arg, const char *key, const void *value, size_t len)
{
	ck_assert_uint_eq(len, 1);
	ck_assert_mem_eq(value, key, 1); /* keys in order, each with its own value */
	return ++*(int *)arg == 2 ? 77 : 0;
}

START_TEST(reading_ends_when_the_reader_says_so)
{
	int n = 0;

	open_store();
	put(1, "a", "2", "2", 1);
	put(2, "a", "1", "1", 1);
	put(3, "a", "3", "3", 1);
	ck_assert_int_eq(wait_told(), 0);
	ck_assert_int_eq(store_each(store, "a", stop_at_two, &n), 77);
	ck_assert_int_eq(n, 2);
	check_bucket("a", "1=1;2=2;3=3;");
}
END_TEST

START_TEST(every_acknowledged_write_was_synced_and_many_share_a_sync)
{
	unsigned n;

	open_store();
	for (int i = 1; i <= 20; i++) {
		(void)disk_syncs();
		put(1, "a", "k", &i, sizeof(i)); /* the same value again would change no page */
		ck_assert_int_eq(wait_told(), 0);
		ck_assert_uint_ge(disk_syncs(), 1);
	}
	(void)disk_syncs();
	put_many(2000, "b", 1);
	ck_assert_int_eq(wait_told(), 0);
	n = disk_syncs();
	ck_assert_uint_ge(n, 1);
	ck_assert_uint_lt(n, 1000);
	ck_assert_int_eq(count_bucket("b"), 2000);
}
END_TEST

START_TEST(a_full_disk_refuses_clearly_and_works_again_with_space)
{
	open_store();
	put(1, "a", "before", "1", 1);
	ck_assert_int_eq(wait_told(), 0);
	disk_full(true);
	put(1, "a", "during", "1", 1);
	put(2, "a", "during2", "1", 1);
	ck_assert_int_eq(wait_told(), -ENOSPC);
	check_bucket("a", "before=1;");
	disk_full(false);
	put(1, "a", "later", "1", 1);
	ck_assert_int_eq(wait_told(), 0);
	store = store_close(store);
	open_store();
	check_bucket("a", "before=1;later=1;");
}
END_TEST

START_TEST(a_failed_sync_is_never_acknowledged)
{
	open_store();
	disk_sync_fails(true);
	put(1, "a", "k", "1", 1);
	ck_assert_int_lt(wait_told(), 0);
	disk_sync_fails(false);
	put(1, "a", "later", "1", 1);
	ck_assert_int_eq(wait_told(), 0);
	check_bucket("a", "later=1;");
}
END_TEST

static void direct_sql(const char *file, const char *sql)
{
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(file, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
}

static int results[3];

static void on_result(void *arg, int r)
{
	results[(intptr_t)arg] = r;
	if (--told.left == 0)
		loop_stop(loop);
}

/* How SQLite undoes: only the statement, or the whole transaction the group shares. */
static const char *const raises[] = { "ABORT", "ROLLBACK" };

START_TEST(one_bad_transaction_does_not_harm_its_group)
{
	const struct store_op good1[] = { { "a", "1", "x", 1 } }, good2[] = { { "a", "2", "x", 1 } },
			      bad[] = { { "a", "half", "x", 1 }, { "a", "bad", "x", 1 } };
	char sql[256];

	open_store();
	store = store_close(store);
	(void)snprintf(sql, sizeof(sql),
		       "CREATE TRIGGER t BEFORE INSERT ON kv WHEN new.key='bad' "
		       "BEGIN SELECT RAISE(%s,'no'); END", raises[_i]);
	direct_sql(path, sql);
	open_store();
	told.left = 3;
	ck_assert_int_eq(store_write(store, good1, 1, on_result, (void *)0), 0);
	ck_assert_int_eq(store_write(store, bad, 2, on_result, (void *)1), 0);
	ck_assert_int_eq(store_write(store, good2, 1, on_result, (void *)2), 0);
	loop_run(loop);
	told = (struct told){ 0 };
	ck_assert_int_eq(results[0], 0);
	ck_assert_int_lt(results[1], 0);
	ck_assert_int_eq(results[2], 0);
	check_bucket("a", "1=x;2=x;");
}
END_TEST

START_TEST(closing_waits_for_what_is_queued)
{
	open_store();
	put_many(100, "a", 1);
	store = store_close(store);
	told = (struct told){ 0 };
	open_store();
	ck_assert_int_eq(count_bucket("a"), 100);
}
END_TEST

START_TEST(nonsense_and_too_much_are_refused_at_once)
{
	static char big[1024 * 1024];
	struct store_op op = { "a", "", "v", 1 };
	int n = 0, r;

	open_store();
	ck_assert_int_eq(store_write(store, &op, 1, NULL, NULL), -EINVAL);
	op = (struct store_op){ NULL, "k", "v", 1 };
	ck_assert_int_eq(store_write(store, &op, 1, NULL, NULL), -EINVAL);
	op = (struct store_op){ "a", "\xff", "v", 1 };
	ck_assert_int_eq(store_write(store, &op, 1, NULL, NULL), -EINVAL);
	ck_assert_int_eq(store_write(store, &op, 0, NULL, NULL), -EINVAL);
	op = (struct store_op){ "a", "k", big, SIZE_MAX / 2 };
	ck_assert_int_eq(store_write(store, &op, 1, NULL, NULL), -EMSGSIZE);
	op.len = sizeof(big); /* no completion runs here, so the bound is met */
	while ((r = store_write(store, &op, 1, NULL, NULL)) == 0)
		ck_assert_int_lt(++n, 100);
	ck_assert_int_eq(r, -EAGAIN);
	ck_assert_int_gt(n, 10);
}
END_TEST

/* ---- files that cannot be used ---- */

static void check_refused(const char *file, const char *why)
{
	ck_assert_int_lt(store_open(&store, loop, file, err, sizeof(err)), 0);
	ck_assert_ptr_null(store);
	ck_assert_msg(strncmp(err, file, strlen(file)) == 0, "the file comes first: %s", err);
	ck_assert_msg(strstr(err, why) != NULL, "no '%s' in: %s", why, err);
	ck_assert_ptr_null(strchr(err, '\n'));
}

static void write_file(const char *name, size_t at, const void *data, size_t len)
{
	int fd = open(name, O_RDWR | O_CREAT, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq((int)pwrite(fd, data, len, (off_t)at), (int)len);
	(void)close(fd);
}

static off_t size_of(const char *file)
{
	struct stat st;

	return stat(file, &st) == 0 ? st.st_size : 0;
}

START_TEST(a_path_that_is_no_file_is_named)
{
	char name[192];

	(void)snprintf(name, sizeof(name), "%s/none/state.db", dir);
	check_refused(name, "directory does not exist");
	check_refused(dir, "Is a directory");
	check_refused(":memory:", "not the name of a file");
	check_refused("file:x?mode=memory", "not the name of a file");
	check_refused("", "not the name of a file");
	check_refused("/proc/version", "No such file");
}
END_TEST

START_TEST(a_file_that_is_not_ours_is_left_alone)
{
	static const char junk[] = "this is not a database, it is a text of some length, really";

	write_file(path, 0, junk, sizeof(junk));
	check_refused(path, "damaged or not a store");
	ck_assert_int_eq((int)size_of(path), (int)sizeof(junk));
	(void)unlink(path);
	direct_sql(path, "CREATE TABLE bills(x)");
	check_refused(path, "not a store of ours");
}
END_TEST

START_TEST(a_newer_schema_is_refused)
{
	open_store();
	store = store_close(store);
	direct_sql(path, "PRAGMA user_version=2");
	check_refused(path, "another version (schema 2, known is 1)");
	direct_sql(path, "PRAGMA user_version=1");
	open_store();
}
END_TEST

START_TEST(a_damaged_file_is_found_at_opening)
{
	static char junk[4096 * 3];

	open_store();
	put_many(400, "a", 600);
	ck_assert_int_eq(wait_told(), 0);
	store = store_close(store);
	memset(junk, 0xa5, sizeof(junk));
	write_file(path, 4096 * 8, junk, sizeof(junk));
	check_refused(path, "damaged");
}
END_TEST

START_TEST(a_second_owner_is_refused_and_a_reader_is_not)
{
	struct store *second = NULL;

	open_store();
	put(1, "a", "k", "v", 1);
	ck_assert_int_eq(wait_told(), 0);
	ck_assert_int_eq(store_open(&second, loop, path, err, sizeof(err)), -EBUSY);
	ck_assert_ptr_nonnull(strstr(err, "in use by another process"));
	direct_sql(path, "SELECT * FROM kv");
	put(1, "a", "k2", "v", 1);
	ck_assert_int_eq(wait_told(), 0);
}
END_TEST

START_TEST(a_lock_held_by_another_program_is_told)
{
	sqlite3 *other;

	open_store();
	store = store_close(store);
	ck_assert_int_eq(sqlite3_open(path, &other), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(other, "PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE", NULL, NULL, NULL),
			 SQLITE_OK);
	check_refused(path, "locked by another program");
	(void)sqlite3_close(other);
	open_store();
}
END_TEST

/* ---- the log, backups, the hard end ---- */

static struct loop_timer poll_timer;
static int polls;

static void poll_size(void *arg)
{
	(void)arg;
	if (size_of(path) > 1024 * 1024 || ++polls == 400)
		loop_stop(loop);
	else
		loop_timer_after(&poll_timer, 25 * NS_PER_MS);
}

START_TEST(an_idle_store_folds_its_log_into_the_file)
{
	open_store();
	put_many(2000, "a", 600);
	ck_assert_int_eq(wait_told(), 0);
	polls = 0;
	loop_timer_init(&poll_timer, loop, poll_size, NULL);
	loop_timer_after(&poll_timer, NS_PER_MS);
	loop_run(loop);
	ck_assert_int_gt((int)size_of(path), 1024 * 1024);
	loop_timer_fini(&poll_timer);
}
END_TEST

static void backup_to(const char *name, int want)
{
	char file[192];

	(void)snprintf(file, sizeof(file), "%s/%s", dir, name);
	told.left++;
	ck_assert_int_eq(store_backup(store, file, on_done, (void *)1), 0);
	ck_assert_int_eq(wait_told(), want);
}

START_TEST(a_backup_is_a_store_of_its_own)
{
	char copy[192], tmp[192];

	open_store();
	put_many(500, "a", 1);
	told.left++;
	(void)snprintf(copy, sizeof(copy), "%s/copy.db", dir);
	(void)snprintf(tmp, sizeof(tmp), "%s/copy.db.tmp", dir);
	ck_assert_int_eq(store_backup(store, copy, on_done, (void *)501), 0);
	ck_assert_int_eq(store_backup(store, copy, NULL, NULL), -EBUSY);
	put(502, "b", "after", "v", 1);
	loop_run(loop); /* the write may overtake the copy, whose pages go between commits */
	ck_assert_int_eq(told.failed, 0);
	told = (struct told){ 0 };
	ck_assert_int_ne(access(tmp, F_OK), 0);
	store = store_close(store);
	(void)snprintf(path, sizeof(path), "%s/copy.db", dir);
	open_store();
	ck_assert_int_eq(count_bucket("a"), 500);
}
END_TEST

START_TEST(a_backup_that_cannot_be_leaves_nothing)
{
	char copy[192];

	open_store();
	put(1, "a", "k", "v", 1);
	ck_assert_int_eq(wait_told(), 0);
	backup_to("state.db", -EINVAL);
	backup_to("state.db-wal", -EINVAL);
	backup_to("none/copy.db", -ENOENT);
	disk_full(true);
	backup_to("copy.db", -ENOSPC);
	disk_full(false);
	(void)snprintf(copy, sizeof(copy), "%s/copy.db", dir);
	ck_assert_int_ne(access(copy, F_OK), 0);
	(void)snprintf(copy, sizeof(copy), "%s/copy.db.tmp", dir);
	ck_assert_int_ne(access(copy, F_OK), 0);
	backup_to("copy.db", 0);
	check_bucket("a", "k=v;");
}
END_TEST

static int ack_fd;

static void on_ack(void *arg, int r)
{
	uint32_t n = (uint32_t)(intptr_t)arg;

	if (r == 0 && write(ack_fd, &n, sizeof(n)) != (ssize_t)sizeof(n))
		_exit(1);
}

static void write_again(void *arg)
{
	static uint32_t n;
	char key[16];
	struct store_op op = { "a", key, "value", 5 };

	(void)arg;
	for (int i = 0; i < 7; i++) {
		(void)snprintf(key, sizeof(key), "%08u", ++n);
		if (store_write(store, &op, 1, on_ack, (void *)(intptr_t)n) < 0)
			n--;
	}
	loop_timer_after(&poll_timer, 200 * NS_PER_US);
}

static void writer_process(int fd)
{
	ack_fd = fd;
	if (loop_new(&loop) < 0 || store_open(&store, loop, path, err, sizeof(err)) < 0)
		_exit(1);
	loop_timer_init(&poll_timer, loop, write_again, NULL);
	loop_timer_after(&poll_timer, 1);
	loop_run(loop);
	_exit(0);
}

START_TEST(a_killed_process_loses_nothing_it_acknowledged)
{
	for (int i = 0; i < 5; i++) {
		uint32_t n = 0, acked = 0;
		int fds[2];
		pid_t pid;

		ck_assert_int_eq(pipe(fds), 0);
		pid = fork();
		ck_assert_int_ge(pid, 0);
		if (pid == 0)
			writer_process(fds[1]);
		(void)close(fds[1]);
		for (int k = 0; k < 200 + i * 37 && read(fds[0], &n, sizeof(n)) == (ssize_t)sizeof(n); k++)
			acked = n;
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		while (read(fds[0], &n, sizeof(n)) == (ssize_t)sizeof(n))
			acked = n;
		(void)close(fds[0]);
		ck_assert_uint_ge(acked, 200);
		open_store();
		/* Acknowledged in order, so the last says it all. */
		ck_assert_int_ge(count_bucket("a"), (int)acked);
		store = store_close(store);
		(void)unlink(path);
	}
}
END_TEST

int main(void)
{
	const TTest *const all[] = {
		what_was_written_is_there_again_in_key_order,
		reading_ends_when_the_reader_says_so,
		every_acknowledged_write_was_synced_and_many_share_a_sync,
		a_full_disk_refuses_clearly_and_works_again_with_space,
		a_failed_sync_is_never_acknowledged,
		closing_waits_for_what_is_queued,
		nonsense_and_too_much_are_refused_at_once,
		a_path_that_is_no_file_is_named,
		a_file_that_is_not_ours_is_left_alone,
		a_newer_schema_is_refused,
		a_damaged_file_is_found_at_opening,
		a_second_owner_is_refused_and_a_reader_is_not,
		a_lock_held_by_another_program_is_told,
		an_idle_store_folds_its_log_into_the_file,
		a_backup_is_a_store_of_its_own,
		a_backup_that_cannot_be_leaves_nothing,
		a_killed_process_loses_nothing_it_acknowledged,
	};
	Suite *s = suite_create("store");
	TCase *t = tcase_create("sqlite");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		tcase_add_test(t, all[i]);
	tcase_add_loop_test(t, one_bad_transaction_does_not_harm_its_group, 0, (int)ARRAY_LEN(raises));
	suite_add_tcase(s, t);
	return check_main(s);
}
