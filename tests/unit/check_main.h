/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* What every Check program's main() is: run the suite, print TAP when the environment asks. */
#include <check.h>
#include <stdlib.h>

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
