/* SPDX-License-Identifier: Apache-2.0 */
/* JSON look-ups, units for people, and tables. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"

enum { COLUMNS_MAX = 16 };

/* Members may be "module:name" in the data; names in paths never are. */
static json_object *member(json_object *o, const char *name, size_t len)
{
	if (!o || !json_object_is_type(o, json_type_object))
		return NULL;
	json_object_object_foreach(o, key, value)
	{
		const char *colon = strchr(key, ':');
		const char *bare = colon ? colon + 1 : key;

		if (strlen(bare) == len && strncmp(bare, name, len) == 0)
			return value;
	}
	return NULL;
}

json_object *cli_at(json_object *o, const char *path)
{
	while (o && *path) {
		size_t n = strcspn(path, "/");

		if (json_object_is_type(o, json_type_array))
			o = json_object_array_get_idx(o, 0);
		o = member(o, path, n);
		path += n + (path[n] == '/');
	}
	return o;
}

const char *cli_text(json_object *o, const char *path, const char *otherwise)
{
	json_object *v = cli_at(o, path);

	return v ? json_object_get_string(v) : otherwise;
}

/* RFC 7951 writes 64-bit numbers as strings. */
static uint64_t num_of(json_object *v, uint64_t otherwise)
{
	if (!v)
		return otherwise;
	if (json_object_is_type(v, json_type_string))
		return strtoull(json_object_get_string(v), NULL, 10);
	return (uint64_t)json_object_get_int64(v);
}

uint64_t cli_num(json_object *o, const char *path, uint64_t otherwise)
{
	return num_of(cli_at(o, path), otherwise);
}

bool cli_bool(json_object *o, const char *path)
{
	return json_object_get_boolean(cli_at(o, path));
}

void cli_fmt_delay(struct str *out, json_object *v)
{
	uint64_t us = num_of(v, 0);

	if (us < 1000)
		str_addf(out, "%lluus", (unsigned long long)us);
	else
		str_addf(out, "%llu.%03llums", (unsigned long long)us / 1000, (unsigned long long)us % 1000);
}

void cli_fmt_rate(struct str *out, json_object *v)
{
	static const char unit[] = " kMGT";
	double r = (double)num_of(v, 0);
	unsigned u = 0;

	while (r >= 1000 && u + 2 < sizeof(unit)) {
		r /= 1000;
		u++;
	}
	str_addf(out, "%.4g%.*s", r, u > 0, &unit[u]);
}

void cli_fmt_time(struct str *out, json_object *v)
{
	struct tm tm = { 0 };
	const char *text = json_object_get_string(v);
	time_t then;
	long age;

	if (!text || !strptime(text, "%Y-%m-%dT%H:%M:%S", &tm)) {
		str_add(out, text ? text : "-");
		return;
	}
	then = timegm(&tm);
	age = (long)(time(NULL) - then);
	if (age < 0)
		age = 0;
	if (age < 120)
		str_addf(out, "%lds", age);
	else if (age < 7200)
		str_addf(out, "%ldm", age / 60);
	else if (age < 172800)
		str_addf(out, "%ldh", age / 3600);
	else
		str_addf(out, "%ldd", age / 86400);
}

void cli_fmt_list(struct str *out, json_object *v)
{
	size_t n = v && json_object_is_type(v, json_type_array) ? json_object_array_length(v) : 0;

	for (size_t i = 0; i < n; i++)
		str_addf(out, "%s%s", i ? " " : "", json_object_get_string(json_object_array_get_idx(v, i)));
}

void cli_fmt_segments(struct str *out, json_object *v)
{
	size_t n = v && json_object_is_type(v, json_type_array) ? json_object_array_length(v) : 0;

	for (size_t i = 0; i < n; i++) {
		json_object *s = json_object_array_get_idx(v, i);
		const char *sid = cli_text(s, "sid", NULL);

		str_addf(out, "%s%s", i ? " " : "", sid ? sid : cli_text(s, "label", "?"));
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

	if (!v)
		str_add(out, "-");
	else if (c->format)
		c->format(out, v);
	else
		str_add(out, json_object_get_string(v));
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

void cli_table(json_object *rows, const struct cli_column *cols, size_t n)
{
	size_t n_rows = rows && json_object_is_type(rows, json_type_array) ? json_object_array_length(rows) : 0;
	size_t widths[COLUMNS_MAX];
	struct str *text = calloc(n_rows * n + 1, sizeof(*text));
	const char *cells[COLUMNS_MAX];

	if (n_rows == 0 && !cli.quiet)
		(void)puts("(none)");
	if (!text || n_rows == 0 || n > COLUMNS_MAX) {
		free(text);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		widths[i] = strlen(cols[i].title);
		cells[i] = cols[i].title;
		for (size_t r = 0; r < n_rows; r++) {
			size_t w;

			cell(&text[r * n + i], json_object_array_get_idx(rows, r), &cols[i]);
			w = width(str_text(&text[r * n + i]));
			if (w > widths[i])
				widths[i] = w;
		}
	}
	if (!cli.quiet)
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
	(void)fputs(str_text(&r->body), stdout);
	if (r->body.s[r->body.len - 1] != '\n')
		(void)fputc('\n', stdout);
}

static int parse_scaled(const char *text, const char *const *units, const double *scale, size_t n,
			uint64_t *out)
{
	char *end;
	double v;

	if (!((text[0] >= '0' && text[0] <= '9') || text[0] == '.'))
		return -EINVAL;
	v = strtod(text, &end);
	for (size_t i = 0; i < n; i++)
		if (strcmp(end, units[i]) == 0) {
			v *= scale[i];
			if (!(v >= 0) || v >= 18e18)
				return -EINVAL;
			*out = (uint64_t)llround(v);
			return 0;
		}
	return -EINVAL;
}

int cli_parse_rate(const char *text, uint64_t *bps)
{
	static const char *const units[] = { "", "k", "K", "M", "G", "T", "bps", "kbps", "Mbps", "Gbps" };
	static const double scale[] = { 1, 1e3, 1e3, 1e6, 1e9, 1e12, 1, 1e3, 1e6, 1e9 };

	return parse_scaled(text, units, scale, ARRAY_LEN(units), bps);
}

int cli_parse_delay(const char *text, uint64_t *us)
{
	static const char *const units[] = { "", "us", "ms", "s" };
	static const double scale[] = { 1, 1, 1e3, 1e6 };

	return parse_scaled(text, units, scale, ARRAY_LEN(units), us);
}
