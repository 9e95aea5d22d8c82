/* SPDX-License-Identifier: Apache-2.0 */
/* Text files: lines, words, numbers; where something is wrong is said with file and line. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tools/plan/plan_int.h"

void plan_text_init(struct plan_text *t, const char *name, const char *text, size_t len,
		    struct str *err)
{
	*t = (struct plan_text){ .name = name, .at = text, .end = text + len, .err = err };
}

void plan_text_clean(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

int plan_text_bad(const struct plan_text *t, const char *fmt, ...)
{
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	plan_text_clean(what);
	str_addf(t->err, "%s:%u: %s", t->name, t->line, what);
	return -EINVAL;
}

/* Cuts the line; a comma separates even nothing from nothing, blanks do not. */
static int split(struct plan_text *t, char separator)
{
	char *at = t->buf;

	t->n = 0;
	for (;;) {
		size_t len;

		if (separator == ' ')
			at += strspn(at, " \t");
		if (separator == ' ' && !*at)
			return 0;
		len = strcspn(at, separator == ' ' ? " \t" : ",");
		if (t->n == PLAN_WORDS_MAX)
			return plan_text_bad(t, "more than %d words", PLAN_WORDS_MAX);
		t->word[t->n++] = at;
		if (!at[len])
			return 0;
		at[len] = '\0';
		at += len + 1;
	}
}

static bool blank(const char *s)
{
	return s[strspn(s, " \t")] == '\0';
}

int plan_text_next(struct plan_text *t, char separator)
{
	while (t->at < t->end) {
		const char *nl = memchr(t->at, '\n', (size_t)(t->end - t->at));
		size_t len = (size_t)((nl ? nl : t->end) - t->at);
		int rc;

		t->line++;
		if (len >= sizeof(t->buf))
			return plan_text_bad(t, "line of more than %zu octets", sizeof(t->buf) - 1);
		memcpy(t->buf, t->at, len);
		t->buf[len] = '\0';
		t->at += len + (nl != NULL);
		if (strlen(t->buf) != len || !str_utf8(t->buf, len))
			return plan_text_bad(t, "not a line of text");
		if (len > 0 && t->buf[len - 1] == '\r')
			t->buf[len - 1] = '\0';
		if (blank(t->buf))
			continue;
		rc = split(t, separator);
		return rc < 0 ? rc : 1;
	}
	return 0;
}

int plan_text_number(const struct plan_text *t, const char *what, const char *word, uint64_t low,
		     uint64_t high, uint64_t *out)
{
	if (str_u64(word, out) < 0)
		return plan_text_bad(t, "%s '%.64s' is not a whole number", what, word);
	if (*out < low || *out > high)
		return plan_text_bad(t, "%s %.64s is not between %llu and %llu", what, word,
				     (unsigned long long)low, (unsigned long long)high);
	return 0;
}

static bool digits_only(const char *s, size_t n)
{
	return strspn(s, "0123456789") >= n;
}

int plan_text_decimal(const struct plan_text *t, const char *what, const char *word, int digits,
		      bool up, uint64_t high, uint64_t *out)
{
	const char *point = strchr(word, '.');
	size_t whole = point ? (size_t)(point - word) : strlen(word);
	const char *rest = point ? point + 1 : "";
	uint64_t v = 0;
	bool more = false;

	if (whole == 0 || whole > 15 || !digits_only(word, whole) || strlen(rest) > 18 ||
	    !digits_only(rest, strlen(rest)) || (point && !*rest))
		return plan_text_bad(t, "%s '%.64s' is not a number", what, word);
	for (size_t i = 0; i < whole; i++)
		v = v * 10 + (uint64_t)(word[i] - '0');
	for (int i = 0; i < digits; i++) {
		if (v > UINT64_MAX / 10 - 1)
			return plan_text_bad(t, "%s %.64s is too large", what, word);
		v = v * 10 + (*rest ? (uint64_t)(*rest - '0') : 0);
		rest += *rest != '\0';
	}
	for (; *rest; rest++)
		more = more || *rest != '0';
	v += up && more;
	if (v > high)
		return plan_text_bad(t, "%s %.64s is too large", what, word);
	*out = v;
	return 0;
}

int plan_file_read(const char *file, struct str *out, struct str *err)
{
	FILE *f = fopen(file, "re");
	char buf[65536];
	size_t n;
	bool bad;

	if (!f) {
		str_addf(err, "%s: %s", file, err_text(errno));
		return -EINVAL;
	}
	out->limit = PLAN_FILE_MAX;
	while (!out->bad && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		str_addn(out, buf, n);
	bad = ferror(f) != 0;
	(void)fclose(f);
	if (bad || out->bad)
		str_addf(err, "%s: %s", file, bad ? "cannot be read" : "too long, or no memory");
	return bad || out->bad ? -EINVAL : 0;
}
