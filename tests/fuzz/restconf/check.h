/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* fake.c outside of a Check program: what it claims ends the process, which the fuzzer sees. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Suite Suite;

#define ck_abort_msg(...) ((void)fprintf(stderr, __VA_ARGS__), abort())
#define ck_assert_msg(claim, ...) ((claim) ? (void)0 : ck_abort_msg(__VA_ARGS__))
#define ck_assert(claim) ck_assert_msg(claim, "%s:%d: %s\n", __FILE__, __LINE__, #claim)
#define ck_assert_int_eq(a, b) ck_assert((a) == (b))
#define ck_assert_ptr_nonnull(p) ck_assert((p) != NULL)
#define ck_assert_str_eq(a, b) ck_assert(strcmp((a), (b)) == 0)
