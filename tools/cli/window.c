/* SPDX-License-Identifier: Apache-2.0 */
/* sextant window: times in which some slices are what counts. */
#include <string.h>

#include "cli.h"

#define WINDOWS "/restconf/data/sextant-assurance:assurance-windows"

enum { FILE_MAX_OCTETS = 64 * 1024 };

static void fmt_texts(struct str *out, json_object *v)
{
	for (size_t i = 0; i < cli_count(v, ""); i++)
		str_addf(out, "%s%s", i ? "," : "", json_object_get_string(cli_nth(v, "", i)));
}

int cli_window_list(const struct cli_command *cmd)
{
	static const struct cli_column cols[] = {
		{ "WINDOW", "name", NULL, false },	   { "ON", "state/active", NULL, false },
		{ "BEGIN", "state/begin", NULL, true }, { "END", "state/end", NULL, true },
		{ "EVERY", "frequency", NULL, false },	   { "FREEZE", "freeze", NULL, false },
		{ "CHECK", "state/check/state", NULL, false }, { "BAD", "state/check/bad", NULL, true },
		{ "SLICES", "slice", fmt_texts, false },
	};
	CLI_REPLY struct cli_reply r = { 0 };
	int rc = cli_get(WINDOWS, &r);

	(void)cmd;
	if (rc == CLI_OK && cli_said.json)
		cli_print_json(&r);
	else if (rc == CLI_OK)
		cli_table(cli_at(r.json, "assurance-windows/window"), cols, ARRAY_LEN(cols));
	return rc;
}

static int get_one(struct cli_reply *r, json_object **out)
{
	STR_AUTO struct str path = { 0 };
	int rc;

	str_add(&path, WINDOWS "/window=");
	cli_url_escape(&path, cli_said.operands[0]);
	rc = cli_get(str_text(&path), r);
	*out = rc == CLI_OK ? cli_nth(r->json, "window", 0) : NULL;
	return rc;
}

static void lines(json_object *w, const char *path)
{
	for (size_t i = 0; i < cli_count(w, path); i++) {
		STR_AUTO struct str line = { 0 };

		str_add(&line, json_object_get_string(cli_nth(w, path, i)));
		if (line.s)
			cli_clean(line.s);
		(void)printf("  %s\n", str_text(&line));
	}
}

int cli_window_show(const struct cli_command *cmd)
{
	static const struct cli_column fields[] = {
		{ "window", "name", NULL, false },	{ "description", "description", NULL, false },
		{ "start", "start", NULL, false }, { "duration s", "duration", NULL, false },
		{ "every", "frequency", NULL, false },	{ "slices", "slice", fmt_texts, false },
		{ "level", "level", NULL, false },	{ "freeze", "freeze", NULL, false },
		{ "approved", "approved-action", fmt_texts, false },
		{ "on", "state/active", NULL, false },	{ "begin", "state/begin", NULL, false },
		{ "end", "state/end", NULL, false }, { "check", "state/check/state", NULL, false },
		{ "failures looked at", "state/check/failures", NULL, false },
		{ "of them bad", "state/check/bad", NULL, false },
	};
	CLI_REPLY struct cli_reply r = { 0 };
	json_object *w;
	int rc = get_one(&r, &w);

	(void)cmd;
	if (rc != CLI_OK)
		return rc;
	if (cli_said.json) {
		cli_print_json(&r);
		return CLI_OK;
	}
	cli_record(w, fields, ARRAY_LEN(fields));
	lines(w, "state/check/finding");
	return CLI_OK;
}

int cli_window_report(const struct cli_command *cmd)
{
	static const struct cli_column fields[] = {
		{ "window", "name", NULL, false },
		{ "begin", "state/report/begin", NULL, false },
		{ "end", "state/report/end", NULL, false },
		{ "refused writes", "state/report/refused-writes", NULL, false },
		{ "not watched s", "state/report/unwatched", NULL, false },
		{ "incidents", "state/report/incident", fmt_texts, false },
	};
	static const struct cli_column cols[] = {
		{ "SLICE", "slice", NULL, false },     { "WITHIN", "within", NULL, true },
		{ "BEYOND", "beyond", NULL, true },    { "UNKNOWN", "unknown", NULL, true },
		{ "AVAILABLE %", "availability", NULL, true }, { "WORST", "worst-time", NULL, true },
		{ "PROMISE NOW", "availability-promise", NULL, false }, { "", "worst", NULL, false },
	};
	CLI_REPLY struct cli_reply r = { 0 };
	json_object *w;
	int rc = get_one(&r, &w);

	(void)cmd;
	if (rc != CLI_OK)
		return rc;
	if (!cli_at(w, "state/report"))
		return cli_fail(CLI_REFUSED, "there is no report: no occurrence has begun");
	if (cli_said.json) {
		cli_print_json(&r);
		return CLI_OK;
	}
	cli_record(w, fields, ARRAY_LEN(fields));
	cli_table(cli_at(w, "state/report/service"), cols, ARRAY_LEN(cols));
	return CLI_OK;
}

int cli_window_apply(const struct cli_command *cmd)
{
	CLI_REPLY struct cli_reply r = { 0 };
	STR_AUTO struct str body = { .limit = FILE_MAX_OCTETS };
	STR_AUTO struct str path = { 0 };
	AUTO(cli_json_put) json_object *doc = NULL;
	const char *name;
	int rc = cli_read_file("window", cli_said.operands[0], &body);

	(void)cmd;
	if (rc != CLI_OK)
		return rc;
	doc = json_tokener_parse(str_text(&body));
	name = json_object_is_type(doc, json_type_object) && cli_count(doc, "window") == 1 ?
		       cli_text(cli_nth(doc, "window", 0), "name", NULL) :
		       NULL;
	if (!name)
		return cli_fail(CLI_USAGE, "%s holds no one sextant-assurance:window with its name",
				cli_said.operands[0]);
	str_add(&path, WINDOWS "/window=");
	cli_url_escape(&path, name);
	rc = cli_call("PUT", str_text(&path), str_text(&body), &r);
	if (rc == CLI_OK && !cli_said.quiet && !cli_said.json)
		(void)puts("accepted");
	return rc;
}

int cli_window_delete(const struct cli_command *cmd)
{
	CLI_REPLY struct cli_reply r = { 0 };
	STR_AUTO struct str path = { 0 };
	int rc;

	(void)cmd;
	str_add(&path, WINDOWS "/window=");
	cli_url_escape(&path, cli_said.operands[0]);
	rc = cli_call("DELETE", str_text(&path), NULL, &r);
	if (rc == CLI_OK && !cli_said.quiet && !cli_said.json)
		(void)printf("deleted %s\n", cli_said.operands[0]);
	return rc;
}

int cli_window_check(const struct cli_command *cmd)
{
	CLI_REPLY struct cli_reply r = { 0 };
	STR_AUTO struct str in = { 0 };
	int rc;

	(void)cmd;
	str_add(&in, "\"name\":");
	str_json(&in, cli_said.operands[0]);
	rc = cli_operate("sextant-assurance", "check-window", str_text(&in), &r);
	if (rc == CLI_OK && !cli_said.quiet && !cli_said.json)
		(void)printf("it is worked out: 'sextant window show %s'\n", cli_said.operands[0]);
	return rc;
}
