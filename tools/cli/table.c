/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and records for people. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { COLUMNS_MAX = 16 };

void cli_clean(char *text)
{
	for (unsigned char *p = (unsigned char *)text; *p; p++) {
		/* C1 controls are U+0080 to U+009F, two bytes of UTF-8. */
		bool c1 = p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f;

		if (c1)
			*p++ = '?';
		if (c1 || *p < 0x20 || *p == 0x7f)
			*p = '?';
	}
}

/* What goes between the elements, and each of them. */
static void each(struct str *out, json_object *v, const char *between,
		 void (*one)(struct str *out, json_object *element))
{
	for (size_t i = 0; i < cli_count(v, ""); i++) {
		if (i > 0)
			str_add(out, between);
		one(out, cli_nth(v, "", i));
	}
}

static void scalar(struct str *out, json_object *v)
{
	str_add(out, cli_text(v, "", "-"));
}

static void segment(struct str *out, json_object *s)
{
	str_add(out, cli_text(s, "sid", cli_text(s, "label", "?")));
}

void cli_fmt_list(struct str *out, json_object *v)
{
	each(out, v, " ", scalar);
}

void cli_fmt_segments(struct str *out, json_object *v)
{
	each(out, v, " ", segment);
}

void cli_fmt_path(struct str *out, json_object *v)
{
	for (size_t i = 0; i < cli_count(v, ""); i++) {
		const char *label = cli_text(cli_nth(v, "", i), "", "?");
		const char *to = strchr(label, '>');

		if (!to) {
			str_addf(out, "%s%s", i ? " " : "", label);
			continue;
		}
		if (i == 0)
			str_addn(out, label, (size_t)(to - label));
		str_addf(out, " > %s", to + 1);
	}
}

/* Cells count what is shown, not bytes: UTF-8 continuation octets do not count. */
static size_t width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void cell(struct str *out, json_object *row, const struct cli_column *c)
{
	json_object *v = cli_at(row, c->path);

	if (v && c->format)
		c->format(out, v);
	else if (v)
		str_add(out, json_object_get_string(v));
	if (out->len == 0)
		str_add(out, "-");
	if (out->s)
		cli_clean(out->s);
}

static void line(const char *const *cells, const size_t *widths, const struct cli_column *cols, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int pad = (int)(widths[i] - width(cells[i]));

		if (cols[i].right)
			(void)printf("%*s%s", pad, "", cells[i]);
		else
			(void)printf("%s%*s", cells[i], i + 1 < n ? pad : 0, "");
		(void)fputs(i + 1 < n ? "  " : "\n", stdout);
	}
}

/* Fills the cells, row by row, and the widths of their columns. */
static void measure(json_object *rows, const struct cli_column *cols, size_t n, struct str *text,
		    size_t *widths)
{
	for (size_t i = 0; i < n; i++)
		widths[i] = cli_said.quiet ? 0 : width(cols[i].title);
	for (size_t r = 0; r < json_object_array_length(rows); r++)
		for (size_t i = 0; i < n; i++) {
			struct str *t = &text[r * n + i];

			cell(t, json_object_array_get_idx(rows, r), &cols[i]);
			if (width(str_text(t)) > widths[i])
				widths[i] = width(str_text(t));
		}
}

void cli_table(json_object *rows, const struct cli_column *cols, size_t n)
{
	size_t n_rows = cli_count(rows, "");
	size_t widths[COLUMNS_MAX];
	struct str *text;
	const char *cells[COLUMNS_MAX];

	assert(n <= COLUMNS_MAX);
	if (n_rows == 0) {
		if (!cli_said.quiet)
			(void)puts("(none)");
		return;
	}
	text = calloc(n_rows * n, sizeof(*text));
	if (!text) {
		(void)cli_fail(CLI_REFUSED, "out of memory for %zu rows; --json needs less", n_rows);
		return;
	}
	measure(rows, cols, n, text, widths);
	for (size_t i = 0; i < n; i++)
		cells[i] = cols[i].title;
	if (!cli_said.quiet)
		line(cells, widths, cols, n);
	for (size_t r = 0; r < n_rows; r++) {
		for (size_t i = 0; i < n; i++)
			cells[i] = str_text(&text[r * n + i]);
		line(cells, widths, cols, n);
	}
	for (size_t i = 0; i < n_rows * n; i++)
		str_fini(&text[i]);
	free(text);
}

void cli_record(json_object *o, const struct cli_column *fields, size_t n)
{
	size_t w = 0;

	for (size_t i = 0; i < n; i++)
		if (cli_at(o, fields[i].path) && strlen(fields[i].title) > w)
			w = strlen(fields[i].title);
	for (size_t i = 0; i < n; i++) {
		STR_AUTO struct str s = { 0 };

		if (!cli_at(o, fields[i].path))
			continue;
		cell(&s, o, &fields[i]);
		(void)printf("%-*s  %s\n", (int)w, fields[i].title, str_text(&s));
	}
}

void cli_print_json(const struct cli_reply *r)
{
	if (r->body.len == 0)
		return;
	(void)fwrite(r->body.s, 1, r->body.len, stdout);
	if (r->body.s[r->body.len - 1] != '\n')
		(void)fputc('\n', stdout);
}
