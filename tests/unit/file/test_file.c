/* SPDX-License-Identifier: Apache-2.0 */
#include "check_main.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "file/file.h"

static char dir[] = "sextant-file-XXXXXX";
static char at[PATH_MAX];

static const char *in_dir(const char *name)
{
	(void)snprintf(at, sizeof(at), "%s/%s", dir, name);
	return at;
}

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void teardown(void)
{
	static const char *const names[] = { "a", "a.new", "fifo", "other" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (unlink(in_dir(names[i])) < 0)
			(void)rmdir(at);
	ck_assert_int_eq(rmdir(dir), 0);
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
}

static void holds(const char *name, const char *want)
{
	AUTO_FREE char *text = NULL;
	size_t len = 0;

	ck_assert_int_eq(file_read(in_dir(name), 100, &text, &len), 0);
	ck_assert_uint_eq(len, strlen(want));
	ck_assert_str_eq(text, want);
}

START_TEST(a_file_is_read_whole_and_no_more_than_the_limit)
{
	AUTO_FREE char *text = NULL;
	size_t len = 0;

	ck_assert_int_eq(file_replace(in_dir("a"), "12345", 5, false), 0);
	holds("a", "12345");
	ck_assert_int_eq(file_read(in_dir("a"), 5, &text, &len), 0);
	free(TAKE(text));
	ck_assert_int_eq(file_read(in_dir("a"), 4, &text, &len), -EFBIG);
	ck_assert_ptr_null(text);
	ck_assert_int_eq(file_replace(in_dir("a"), "", 0, false), 0);
	holds("a", "");
}
END_TEST

START_TEST(what_does_not_say_how_long_it_is_is_read_too)
{
	AUTO_FREE char *text = NULL;
	size_t len = 0;

	ck_assert_int_eq(file_read("/proc/self/stat", 4096, &text, &len), 0);
	ck_assert_uint_gt(len, 0);
	ck_assert_uint_eq(strlen(text), len);
	free(TAKE(text));
	ck_assert_int_eq(file_read("/proc/self/stat", 3, &text, &len), -EFBIG);
	ck_assert_ptr_null(text);
}
END_TEST

START_TEST(what_is_no_file_is_not_waited_for)
{
	AUTO_FREE char *text = NULL;
	size_t len;

	ck_assert_int_eq(mkfifo(in_dir("fifo"), 0600), 0);
	ck_assert_int_eq(file_read(in_dir("fifo"), 100, &text, &len), -EISDIR);
	ck_assert_int_eq(file_read(dir, 100, &text, &len), -EISDIR);
	ck_assert_int_eq(file_read(in_dir("a"), 100, &text, &len), -ENOENT);
	ck_assert_ptr_null(text);
}
END_TEST

START_TEST(another_content_takes_the_place_for_its_owner_alone)
{
	struct stat st;

	ck_assert_int_eq(file_replace(in_dir("a"), "old", 3, true), 0);
	ck_assert_int_eq(file_replace(in_dir("a"), "new", 3, true), 0);
	holds("a", "new");
	ck_assert_int_eq(stat(in_dir("a"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_lt(access(in_dir("a.new"), F_OK), 0);
}
END_TEST

START_TEST(what_cannot_be_written_leaves_what_was)
{
	ck_assert_int_eq(file_replace(in_dir("a"), "old", 3, true), 0);
	/* somebody's trap: the name beside it leads elsewhere */
	ck_assert_int_eq(symlink("other", in_dir("a.new")), 0);
	ck_assert_int_eq(file_replace(in_dir("a"), "new", 3, true), -ELOOP);
	ck_assert_int_lt(access(in_dir("other"), F_OK), 0);
	holds("a", "old");
	ck_assert_int_eq(unlink(in_dir("a.new")), 0);
	ck_assert_int_eq(mkdir(in_dir("a.new"), 0700), 0);
	ck_assert_int_eq(file_replace(in_dir("a"), "new", 3, false), -EISDIR);
	holds("a", "old");
	ck_assert_int_eq(file_replace(in_dir("none/a"), "new", 3, false), -ENOENT);
}
END_TEST

START_TEST(a_name_too_long_is_refused)
{
	char name[PATH_MAX + 8];

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ck_assert_int_eq(file_replace(name, "", 0, false), -ENAMETOOLONG);
	name[PATH_MAX - 2] = '\0'; /* the one beside it does not fit */
	ck_assert_int_eq(file_replace(name, "", 0, false), -ENAMETOOLONG);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("file");
	TCase *tc = tcase_create("file");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_file_is_read_whole_and_no_more_than_the_limit);
	tcase_add_test(tc, what_does_not_say_how_long_it_is_is_read_too);
	tcase_add_test(tc, what_is_no_file_is_not_waited_for);
	tcase_add_test(tc, another_content_takes_the_place_for_its_owner_alone);
	tcase_add_test(tc, what_cannot_be_written_leaves_what_was);
	tcase_add_test(tc, a_name_too_long_is_refused);
	suite_add_tcase(s, tc);
	return check_main(s);
}
