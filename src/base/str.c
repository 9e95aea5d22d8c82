/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void str_fini(struct str *b)
{
	free(b->s);
	*b = (struct str){ .limit = b->limit };
}

static bool room(struct str *b, size_t more)
{
	size_t need = b->len + more + 1;
	size_t cap = b->cap ? b->cap : 64;
	char *p;

	if (b->bad || more > SIZE_MAX / 4 || (b->limit && b->len + more > b->limit)) {
		b->bad = true;
		return false;
	}
	if (need <= b->cap)
		return true;
	while (cap < need)
		cap *= 2;
	p = realloc(b->s, cap);
	if (!p) {
		b->bad = true;
		return false;
	}
	b->s = p;
	b->cap = cap;
	return true;
}

void str_addn(struct str *b, const char *data, size_t len)
{
	if (!room(b, len))
		return;
	if (len > 0)
		memcpy(b->s + b->len, data, len);
	b->len += len;
	b->s[b->len] = '\0';
}

void str_add(struct str *b, const char *text)
{
	str_addn(b, text, strlen(text));
}

void str_addf(struct str *b, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0)
		b->bad = true;
	else if (room(b, (size_t)n)) {
		(void)vsnprintf(b->s + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
	va_end(ap);
}

/* Length of the well-formed sequence at p (RFC 3629), 0 when there is none. */
static size_t utf8_one(const unsigned char *p, size_t left)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xc2 && p[0] <= 0xdf ? 2 : p[0] >= 0xe0 && p[0] <= 0xef ? 3 :
		   p[0] >= 0xf0 && p[0] <= 0xf4 ? 4 : 0;

	if (n == 0 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

bool str_utf8(const char *data, size_t len)
{
	const unsigned char *p = (const unsigned char *)data;

	while (len > 0) {
		size_t n = *p ? utf8_one(p, len) : 0;

		if (n == 0)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

/* Octets that stand for themselves in JSON. */
static size_t plain_run(const unsigned char *p, size_t left)
{
	size_t n = 0;

	while (n < left && p[n] >= 0x20 && p[n] < 0x7f && p[n] != '"' && p[n] != '\\')
		n++;
	return n;
}

void str_json(struct str *b, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t left = strlen(text);

	str_add(b, "\"");
	while (left > 0) {
		size_t n = plain_run(p, left);

		if (n > 0) {
			str_addn(b, (const char *)p, n);
			p += n;
			left -= n;
			continue;
		}
		n = utf8_one(p, left);

		if (n == 0)
			str_add(b, "\xef\xbf\xbd");
		else if (*p == '"' || *p == '\\')
			str_addf(b, "\\%c", *p);
		else if (*p < 0x20)
			str_addf(b, "\\u%04x", *p);
		else
			str_addn(b, (const char *)p, n);
		p += n ? n : 1;
		left -= n ? n : 1;
	}
	str_add(b, "\"");
}

const char *str_text(const struct str *b)
{
	return b->s ? b->s : "";
}

char *str_take(struct str *b)
{
	char *s = NULL;

	if (!b->bad) {
		str_addn(b, "", 0);
		s = b->s;
		b->s = NULL;
	}
	str_fini(b);
	return s;
}

bool str_copy(char *dst, size_t cap, const char *src)
{
	size_t n = strlen(src);
	bool fits = n < cap;

	if (cap == 0)
		return false;
	if (!fits)
		n = cap - 1;
	memcpy(dst, src, n);
	dst[n] = '\0';
	return fits;
}

int str_u64(const char *text, uint64_t *out)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return -EINVAL;
	errno = 0;
	*out = strtoull(text, &end, 10);
	if (*end != '\0')
		return -EINVAL;
	return errno == ERANGE ? -ERANGE : 0;
}
