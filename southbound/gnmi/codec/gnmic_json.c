/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON (RFC 8259) without a tree: a check that walks the text once with a bit a level, and
 * pieces to walk it again with, which trust what was checked.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "southbound/gnmi/codec/gnmic_int.h"

/* ---- the check ---- */

struct check {
	const char *at, *end;
	uint64_t objects; /* bit d: level d is an object */
	unsigned depth;
	const char *why;
};

static void blanks(struct check *c)
{
	while (c->at < c->end && strchr(" \t\r\n", *c->at) && *c->at)
		c->at++;
}

static char peek(const struct check *c)
{
	return c->at < c->end ? *c->at : '\0';
}

static bool is_digit(char ch)
{
	return ch >= '0' && ch <= '9';
}

static bool is_hex(char ch)
{
	return is_digit(ch) || (ch >= 'a' && ch <= 'f') || (ch >= 'A' && ch <= 'F');
}

static bool check_escape(struct check *c)
{
	char ch = peek(c);

	if (ch == 'u') {
		for (int i = 1; i <= 4; i++)
			if (c->end - c->at <= i || !is_hex(c->at[i]))
				return false;
		/* A NUL would cut every text it is in. */
		if (memcmp(c->at + 1, "0000", 4) == 0)
			return false;
		c->at += 5;
		return true;
	}
	if (!ch || !strchr("\"\\/bfnrt", ch))
		return false;
	c->at++;
	return true;
}

static bool check_string(struct check *c)
{
	const char *start = ++c->at;

	for (; c->at < c->end && *c->at != '"';) {
		if ((unsigned char)*c->at < ' ')
			return false;
		if (*c->at++ == '\\' && !check_escape(c))
			return false;
	}
	if (c->at == c->end || !str_utf8(start, (size_t)(c->at - start)))
		return false;
	c->at++;
	return true;
}

static bool digits(struct check *c)
{
	const char *start = c->at;

	while (is_digit(peek(c)))
		c->at++;
	return c->at > start;
}

static bool check_number(struct check *c)
{
	if (peek(c) == '-')
		c->at++;
	if (peek(c) == '0')
		c->at++;
	else if (!digits(c))
		return false;
	if (peek(c) == '.') {
		c->at++;
		if (!digits(c))
			return false;
	}
	if (peek(c) == 'e' || peek(c) == 'E') {
		c->at++;
		if (peek(c) == '+' || peek(c) == '-')
			c->at++;
		return digits(c);
	}
	return true;
}

static bool check_word(struct check *c)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		size_t n = strlen(words[i]);

		if ((size_t)(c->end - c->at) >= n && memcmp(c->at, words[i], n) == 0) {
			c->at += n;
			return true;
		}
	}
	return false;
}

static bool check_scalar(struct check *c)
{
	char ch = peek(c);

	if (ch == '"')
		return check_string(c);
	return ch == '-' || is_digit(ch) ? check_number(c) : check_word(c);
}

static void check_name(struct check *c)
{
	blanks(c);
	if (peek(c) != '"' || !check_string(c)) {
		c->why = "a member has no name";
		return;
	}
	blanks(c);
	if (peek(c) != ':')
		c->why = "a : is missing";
	else
		c->at++;
}

/* An opening bracket. True when a value (or a member's) has to follow. */
static bool check_open(struct check *c)
{
	bool object = *c->at++ == '{';

	if (c->depth == GNMIC_JSON_DEPTH_MAX) {
		c->why = "nested too deep";
		return false;
	}
	c->objects &= ~(UINT64_C(1) << c->depth);
	c->objects |= (uint64_t)object << c->depth++;
	blanks(c);
	if (peek(c) == (object ? '}' : ']')) {
		c->at++;
		c->depth--;
		return false;
	}
	if (object)
		check_name(c);
	return true;
}

/* Behind a value: closing brackets and at last a comma, or the end. True: a value follows. */
static bool check_close(struct check *c)
{
	while (c->depth > 0 && !c->why) {
		bool object = c->objects >> (c->depth - 1) & 1;

		blanks(c);
		if (peek(c) == ',') {
			c->at++;
			if (object)
				check_name(c);
			return true;
		}
		if (peek(c) != (object ? '}' : ']')) {
			c->why = "a , or a bracket is missing";
			return false;
		}
		c->at++;
		c->depth--;
	}
	return false;
}

const char *gnmic_json_check(const void *data, size_t len)
{
	struct check c = { .at = data };
	bool more = true;

	if (!data)
		return "no JSON value";
	c.end = c.at + len;
	while (more && !c.why) {
		blanks(&c);
		if (peek(&c) == '{' || peek(&c) == '[') {
			if (check_open(&c))
				continue;
		} else if (!check_scalar(&c)) {
			return "not a JSON value";
		}
		more = !c.why && check_close(&c);
	}
	if (c.why)
		return c.why;
	blanks(&c);
	return c.at == c.end ? NULL : "something follows the JSON value";
}

/* ---- walking what was checked ---- */

char gnmic_json_peek(struct gnmic_json *j)
{
	while (j->at < j->end && (*j->at == ' ' || *j->at == '\t' || *j->at == '\r' || *j->at == '\n'))
		j->at++;
	return j->at < j->end ? *j->at : '\0';
}

void gnmic_json_punct(struct gnmic_json *j)
{
	if (gnmic_json_peek(j))
		j->at++;
}

static void skip_string(struct gnmic_json *j)
{
	for (j->at++; j->at < j->end && *j->at != '"'; j->at++)
		if (*j->at == '\\')
			j->at++;
	j->at++;
}

static size_t plain_len(const struct gnmic_json *j)
{
	size_t n = 0;

	while (j->at + n < j->end && !strchr(",]} \t\r\n", j->at[n]))
		n++;
	return n;
}

void gnmic_json_skip(struct gnmic_json *j)
{
	unsigned depth = 0;

	do {
		char ch = gnmic_json_peek(j);

		if (!ch)
			return;
		if (ch == '"') {
			skip_string(j);
			continue;
		}
		if (ch == '{' || ch == '[')
			depth++;
		else if (ch == '}' || ch == ']')
			depth--;
		if (strchr("{}[]:,", ch))
			j->at++;
		else
			j->at += plain_len(j);
	} while (depth > 0);
}

static uint32_t hex4(const char *p)
{
	char text[5] = { p[0], p[1], p[2], p[3], '\0' };

	return (uint32_t)strtoul(text, NULL, 16);
}

static size_t utf8_put(char *out, uint32_t u)
{
	if (u < 0x80) {
		out[0] = (char)u;
		return 1;
	}
	if (u < 0x800) {
		out[0] = (char)(0xc0 | u >> 6);
		out[1] = (char)(0x80 | (u & 0x3f));
		return 2;
	}
	if (u < 0x10000) {
		out[0] = (char)(0xe0 | u >> 12);
		out[1] = (char)(0x80 | (u >> 6 & 0x3f));
		out[2] = (char)(0x80 | (u & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | u >> 18);
	out[1] = (char)(0x80 | (u >> 12 & 0x3f));
	out[2] = (char)(0x80 | (u >> 6 & 0x3f));
	out[3] = (char)(0x80 | (u & 0x3f));
	return 4;
}

/* A backslash, u and four hexadecimal digits; two of them when the first is half of a pair; a half alone becomes U+FFFD. */
static size_t unescape_u(struct gnmic_json *j, char *out)
{
	uint32_t u = hex4(j->at + 1);

	j->at += 5;
	if (u >= 0xd800 && u < 0xdc00 && j->end - j->at >= 6 && j->at[0] == '\\' && j->at[1] == 'u') {
		uint32_t low = hex4(j->at + 2);

		if (low >= 0xdc00 && low < 0xe000) {
			j->at += 6;
			return utf8_put(out, 0x10000 + ((u - 0xd800) << 10) + (low - 0xdc00));
		}
	}
	return utf8_put(out, u >= 0xd800 && u < 0xe000 ? 0xfffd : u);
}

const char *gnmic_json_string(struct gnmic_json *j, struct arena *a)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	struct gnmic_json whole = *j;
	size_t n = 0;
	char *out;

	skip_string(&whole);
	out = arena_alloc(a, (size_t)(whole.at - j->at)); /* no escape is shorter than what it means */
	if (!out)
		return NULL;
	for (j->at++; *j->at != '"';) {
		const char *c;

		if (*j->at != '\\') {
			out[n++] = *j->at++;
			continue;
		}
		j->at++;
		if (*j->at == 'u') {
			n += unescape_u(j, out + n);
			continue;
		}
		c = strchr(from, *j->at);
		out[n++] = c ? to[c - from] : *j->at;
		j->at++;
	}
	j->at++;
	return out;
}

static bool number(struct gnmic_json *j, struct arena *a, struct gnmic_value *out)
{
	size_t n = plain_len(j);
	char *text = arena_alloc(a, n + 1);
	char *end;

	if (!text)
		return false;
	memcpy(text, j->at, n);
	j->at += n;
	errno = 0;
	if (!strpbrk(text, ".eE")) {
		if (text[0] == '-')
			*out = (struct gnmic_value){ .kind = GNMIC_INT, .i = strtoll(text, &end, 10) };
		else
			*out = (struct gnmic_value){ .kind = GNMIC_UINT, .u = strtoull(text, &end, 10) };
		if (errno == 0)
			return true;
	}
	*out = (struct gnmic_value){ .kind = GNMIC_FLOAT, .d = strtod(text, &end) };
	return true;
}

bool gnmic_json_scalar(struct gnmic_json *j, struct arena *a, struct gnmic_value *out)
{
	char ch = gnmic_json_peek(j);

	*out = (struct gnmic_value){ .kind = GNMIC_NONE };
	if (ch == '"') {
		out->kind = GNMIC_STRING;
		out->text = gnmic_json_string(j, a);
		return out->text != NULL;
	}
	if (ch == '-' || is_digit(ch))
		return number(j, a, out);
	if (ch != 'n')
		*out = (struct gnmic_value){ .kind = GNMIC_BOOL, .b = ch == 't' };
	j->at += plain_len(j);
	return true;
}
