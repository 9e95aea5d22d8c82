/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* What every Check program's main() is: run the suite, print TAP when the environment asks. */
#include <check.h>
#include <stdlib.h>

/*
 * Of cases drawn by lot, how many are left out: they show that answers are right, and a sanitizer looks at
 * memory, at a third of the speed. Counts of what must have occurred are shares of as many.
 */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CHECK_SLOW 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CHECK_SLOW 1
#endif
#ifdef CHECK_SLOW
enum { CHECK_SHARE = 4 };
#else
enum { CHECK_SHARE = 1 };
#endif

static inline int check_main(Suite *s)
{
	SRunner *sr = srunner_create(s);
	int failed;

	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	/* Under TAP the lines tell; a non-zero exit would read as a crash. */
	return failed && !getenv("CK_TAP_LOG_FILE_NAME") ? EXIT_FAILURE : EXIT_SUCCESS;
}
