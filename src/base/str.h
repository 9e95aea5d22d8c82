/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Growing text. A failed allocation or passing the limit sticks in bad; text is always NUL
 * terminated. str_json() writes a quoted JSON string (RFC 8259), bytes that are not UTF-8
 * replaced by U+FFFD.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
	char *s; /* NULL until the first add */
	size_t len, cap;
	size_t limit; /* 0: none */
	bool bad;
};

void str_fini(struct str *b);
void str_add(struct str *b, const char *text);
void str_addn(struct str *b, const char *data, size_t len);
void str_addf(struct str *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void str_json(struct str *b, const char *text);
const char *str_text(const struct str *b); /* never NULL */
char *str_take(struct str *b);		   /* malloc'd, the buffer is empty after; NULL if bad */

/* Copies with truncation, always terminated; returns true when it fitted. */
bool str_copy(char *dst, size_t cap, const char *src);
/* True when all of data is well-formed UTF-8 without NUL. */
bool str_utf8(const char *data, size_t len);
/* Decimal without sign or space into *out: 0, or -EINVAL / -ERANGE. */
int str_u64(const char *text, uint64_t *out);

#define STR_AUTO __attribute__((__cleanup__(str_fini)))
