/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* The book of assurance windows with room for one. */
#include "assure/window/window_book.h"

struct fake_windows {
	bool there;
	struct window_view is;
	uint64_t frozen_until_ns; /* 0: not */
	unsigned refused, checks;
	bool full;
};

extern struct fake_windows fake_windows;
