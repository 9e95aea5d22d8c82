/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for the book of assurance windows. */
#include <stdio.h>
#include <string.h>

#include "fake_window.h"

struct fake_windows fake_windows;

void window_book_put(struct window_book *b, const struct window *w, uint64_t if_revision,
		     window_done_fn done, void *arg)
{
	struct window_result r = { .revision = fake_windows.is.revision + 1 };

	(void)b;
	if (fake_windows.full)
		r = (struct window_result){ .code = WINDOW_E_LIMIT, .text = "64 windows are the limit" };
	else if (if_revision && if_revision != fake_windows.is.revision)
		r = (struct window_result){ .code = WINDOW_E_REVISION, .text = "it was changed meanwhile" };
	if (!r.code) {
		fake_windows.there = true;
		fake_windows.is.window = *w;
		fake_windows.is.revision = r.revision;
	}
	done(arg, &r);
}

void window_book_delete(struct window_book *b, const char *name, uint64_t if_revision,
			window_done_fn done, void *arg)
{
	struct window_result r = { 0 };

	(void)b;
	(void)if_revision;
	if (!fake_windows.there || strcmp(fake_windows.is.window.name, name) != 0)
		r = (struct window_result){ .code = WINDOW_E_MISSING, .text = "there is no such window" };
	else
		fake_windows.there = false;
	done(arg, &r);
}

int window_book_check(struct window_book *b, const char *name)
{
	(void)b;
	if (!fake_windows.there || strcmp(fake_windows.is.window.name, name) != 0)
		return WINDOW_E_MISSING;
	fake_windows.checks++;
	return fake_windows.is.check.running ? WINDOW_E_BUSY : 0;
}

bool window_book_frozen(const struct window_book *b, char name[WINDOW_NAME_MAX], uint64_t *end_ns)
{
	(void)b;
	(void)snprintf(name, WINDOW_NAME_MAX, "night");
	*end_ns = fake_windows.frozen_until_ns;
	return fake_windows.frozen_until_ns > 0;
}

void window_book_refused(struct window_book *b)
{
	(void)b;
	fake_windows.refused++;
}

bool window_book_next(const struct window_book *b, const char *after, struct window_view *out)
{
	(void)b;
	*out = fake_windows.is;
	return fake_windows.there && (!after || strcmp(fake_windows.is.window.name, after) > 0);
}

bool window_book_get(const struct window_book *b, const char *name, struct window_view *out)
{
	return window_book_next(b, NULL, out) && strcmp(fake_windows.is.window.name, name) == 0;
}
