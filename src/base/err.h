/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Errors
 *
 *   < 0  -errno: fatal to this operation. Raised once with err_raise(), forwarded with
 *        err_trace(), never matched on by our own code.
 *     0  success.
 *   > 0  a condition the function documents (MODULE_E_X); its direct caller handles it and
 *        it travels no further.
 *
 * What a peer sends wrong is not an error but data: see base/tlv.h.
 */
#include <errno.h>

/* Where the last raised error came from, for the log line of whoever gives up. Per thread. */
struct err_site {
	int code;
	const char *file;
	int line;
	const char *func;
};

const struct err_site *err_last(void);

/* A text for -errno or errno, never NULL. Per thread, valid until the next call. */
const char *err_text(int r);

int err_note(int r, const char *file, int line, const char *func);

/* Always < 0, also for a checker that cannot see into err_note(). */
#define err_raise(r)                                                                               \
	__extension__({                                                                            \
		int err_raised_ = err_note((r), __FILE__, __LINE__, __func__);                     \
		err_raised_ < 0 ? err_raised_ : -ENOTRECOVERABLE;                                  \
	})
#define err_trace(r) (r)
