/* SPDX-License-Identifier: Apache-2.0 */
#include "fault.h"

#include <check.h>
#include <stdlib.h>

enum { RUNS_MAX = 100000 };

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);

static _Thread_local struct {
	unsigned nth, seen; /* nth 0: none fails */
	bool inside, refused;
} now;

static bool refuse(void)
{
	if (!now.inside || ++now.seen != now.nth)
		return false;
	now.refused = true;
	return true;
}

void *__wrap_malloc(size_t n)
{
	return refuse() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return refuse() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return refuse() ? NULL : __real_realloc(p, n);
}

char *__wrap_strdup(const char *s)
{
	return refuse() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
	return refuse() ? NULL : __real_strndup(s, n);
}

void fault_begin(void)
{
	now.inside = true;
}

bool fault_end(void)
{
	now.inside = false;
	return now.refused;
}

unsigned fault_each(void (*once)(void *arg), void *arg)
{
	for (unsigned i = 1; i < RUNS_MAX; i++) {
		now.nth = i;
		now.seen = 0;
		now.inside = now.refused = false;
		once(arg);
		now.inside = false;
		if (!now.refused)
			return i - 1;
	}
	ck_abort_msg("allocations without end");
}
