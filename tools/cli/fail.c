/* SPDX-License-Identifier: Apache-2.0 */
/* sextant fail, sextant path backup: what would be if something failed. Nothing is changed. */
#include <string.h>

#include "cli.h"

/* Members of an input: which thing fails. */
static void thing_add(struct str *input, const char *kind, const char *name)
{
	str_addf(input, "\"%s\":", kind);
	if (strcmp(kind, "srlg") == 0)
		str_add(input, name);
	else
		str_json(input, name);
}

/* A number goes into the body as it is written. */
static int srlg_check(const char *kind, const char *name)
{
	size_t digits = strspn(name, "0123456789");

	if (strcmp(kind, "srlg") != 0 || (digits > 0 && digits <= 10 && !name[digits]))
		return CLI_OK;
	return cli_fail(CLI_USAGE, "'%s' is no SRLG: a number is wanted", name);
}

static void fmt_ppm(struct str *out, json_object *v)
{
	uint64_t ppm = cli_num(v, "", 0);

	str_addf(out, "%llu.%02llu %%", (unsigned long long)(ppm / 10000),
		 (unsigned long long)(ppm % 10000 / 100));
}

/* "45ms of 20ms", in the unit of the constraint. */
static void fmt_bound(struct str *out, json_object *row)
{
	const char *c = cli_text(row, "constraint", NULL);

	if (!c) {
		str_add(out, cli_text(row, "why", ""));
		return;
	}
	str_addf(out, "%s ", c);
	if (!cli_at(row, "value"))
		str_add(out, "unknown");
	else if (strcmp(c, "delay") == 0)
		cli_fmt_delay(out, cli_at(row, "value"));
	else
		str_add(out, cli_text(row, "value", ""));
	str_add(out, ", allowed ");
	if (strcmp(c, "delay") == 0)
		cli_fmt_delay(out, cli_at(row, "bound"));
	else
		str_add(out, cli_text(row, "bound", ""));
}

static void show_whatif(json_object *answer)
{
	static const struct cli_column fields[] = {
		{ "links that fail", "links-failed", NULL, false },
		{ "policies over them", "policies-moved", NULL, false },
		{ "of those not known", "policies-unknown", NULL, false },
		{ "policies worse off", "policies-worse", NULL, false },
		{ "fullest link now", "now/link", NULL, false },
		{ "  of its capacity", "now/utilisation-ppm", fmt_ppm, false },
		{ "fullest link then", "after/link", NULL, false },
		{ "  of its capacity", "after/utilisation-ppm", fmt_ppm, false },
	};
	static const struct cli_column cols[] = {
		{ "POLICY", "key", NULL, false },
		{ "BANDWIDTH", "bandwidth", cli_fmt_rate, true },
		{ "LOSES", "loses", NULL, false },
		{ "", "", fmt_bound, false },
	};

	cli_record(answer, fields, ARRAY_LEN(fields));
	(void)putchar('\n');
	cli_table(cli_at(answer, "policy"), cols, ARRAY_LEN(cols));
	if (cli_bool(answer, "more") && !cli_said.quiet)
		(void)cli_fail(0, "note: there are more policies than are shown");
}

/* Asks, prints for machines; *answer is NULL when all is said. */
static int ask(const char *rpc, const char *input, struct cli_reply *r, json_object **answer)
{
	int rc = cli_operate("sextant-failure", rpc, input, r);

	*answer = NULL;
	if (rc != CLI_OK)
		return rc;
	*answer = cli_at(r->json, "output");
	if (cli_text(*answer, "why", NULL)) {
		if (cli_said.json)
			cli_print_json(r);
		return cli_fail(CLI_INFEASIBLE, "%s", cli_text(*answer, "why", ""));
	}
	if (cli_bool(*answer, "stale") && !cli_said.quiet)
		(void)cli_fail(0, "note: on a stale topology");
	if (cli_said.json) {
		cli_print_json(r);
		*answer = NULL;
	}
	return CLI_OK;
}

int cli_fail_what(const struct cli_command *cmd)
{
	CLI_REPLY struct cli_reply r = { 0 };
	STR_AUTO struct str input = { 0 };
	const char *kind = cmd->words + strlen("fail ");
	json_object *answer;
	int rc = srlg_check(kind, cli_said.operands[0]);

	if (rc != CLI_OK)
		return rc;
	thing_add(&input, kind, cli_said.operands[0]);
	rc = ask("what-if", str_text(&input), &r, &answer);
	if (rc == CLI_OK && answer)
		show_whatif(answer);
	return rc;
}

/* ---- path backup ---- */

static void fmt_list(struct str *out, json_object *row)
{
	if (!cli_bool(row, "protected")) {
		str_addf(out, "none: %s", cli_text(row, "reason", "?"));
		return;
	}
	str_addf(out, "over %s", cli_text(row, "link", "?"));
	for (size_t i = 0; i < cli_count(row, "segment"); i++) {
		json_object *s = cli_nth(row, "segment", i);

		str_addf(out, "%s %s (%s)", i ? "," : " with", cli_text(s, "sid", "?"),
			 cli_text(s, "link", cli_text(s, "node", "?")));
	}
}

int cli_path_backup(const struct cli_command *cmd)
{
	static const struct cli_column cols[] = {
		{ "TO", "name", NULL, false },
		{ "PROTECTED", "protected", cli_fmt_yes, false },
		{ "REPAIR", "", fmt_list, false },
	};
	static const char *const kinds[] = { "link", "node", "srlg" };
	CLI_REPLY struct cli_reply r = { 0 };
	STR_AUTO struct str input = { 0 };
	const char *kind = NULL;
	json_object *answer;
	int rc;

	(void)cmd;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (kind && cli_opt(kinds[i], 0))
			return cli_fail(CLI_USAGE, "one of --link, --node and --srlg is wanted");
		if (cli_opt(kinds[i], 0))
			kind = kinds[i];
	}
	if (!kind)
		return cli_fail(CLI_USAGE, "one of --link, --node and --srlg is wanted");
	rc = srlg_check(kind, cli_opt(kind, 0));
	if (rc != CLI_OK)
		return rc;
	str_add(&input, "\"router\":");
	str_json(&input, cli_said.operands[0]);
	str_add(&input, ",");
	thing_add(&input, kind, cli_opt(kind, 0));
	if (cli_opt("dataplane", 0))
		str_addf(&input, ",\"dataplane\":\"%s\"",
			 strcmp(cli_opt("dataplane", 0), "mpls") == 0 ? "sr-mpls" : "srv6");
	rc = ask("repairs", str_text(&input), &r, &answer);
	if (rc != CLI_OK || !answer)
		return rc;
	cli_table(cli_at(answer, "destination"), cols, ARRAY_LEN(cols));
	if (cli_bool(answer, "more"))
		(void)cli_fail(0, "note: there are more destinations than are shown");
	return CLI_OK;
}
