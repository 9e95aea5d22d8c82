/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Equality of two generations: every field, adjacency, delta, and what look-ups find. */
#include <check.h>

#include "pce/ted.h"

/* An assertion that costs nothing while it holds: there are millions. */
#define MUST(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond))                                                                       \
			ck_abort_msg("%s", #cond);                                                 \
	} while (0)

/* What is looked up in both. */
struct ted_same {
	const struct ip_addr *addrs;
	const char *const *texts;
	uint32_t n_addrs, n_texts;
};

void ted_same(const struct ted *a, const struct ted *b, const struct ted_same *what);
