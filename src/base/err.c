/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Remembers where an error was born. No output here: base never logs, whoever handles the
 * error asks err_last() for the place.
 */
#include "base/err.h"

#include <stdio.h>
#include <string.h>

static _Thread_local struct err_site site;
static _Thread_local char text[96];

const struct err_site *err_last(void)
{
	return &site;
}

const char *err_text(int r)
{
	const char *name = strerrordesc_np(r < 0 ? -r : r);

	if (name)
		return name;
	(void)snprintf(text, sizeof(text), "error %d", r);
	return text;
}

int err_note(int r, const char *file, int line, const char *func)
{
	if (r > 0)
		r = -ENOTRECOVERABLE;
	if (r < 0)
		site = (struct err_site){ .code = r, .file = file, .line = line, .func = func };
	return r;
}
