/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Allocations that fail. The linker wraps malloc, calloc, realloc, strdup and strndup of our own
 * code (libraries keep theirs); only between fault_begin() and fault_end(), on that thread, the
 * i-th of them fails, once. What was lost or touched after its end the sanitizers tell.
 */
#include <stdbool.h>

/* Runs once() with the 1st, 2nd, … allocation failing, until none fails; how often. */
unsigned fault_each(void (*once)(void *arg), void *arg);
void fault_begin(void);
/* True when one was refused since fault_begin(). */
bool fault_end(void);
