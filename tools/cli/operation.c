/* SPDX-License-Identifier: Apache-2.0 */
/* sextant operation: writes that are remembered, by their key or because nobody waits for them. */
#include <string.h>

#include "cli.h"

#define OPERATIONS "/restconf/data/sextant-operations:operations"

int cli_operation_list(const struct cli_command *cmd)
{
	static const struct cli_column cols[] = {
		{ "ID", "id", NULL, true },	     { "STARTED", "started", cli_fmt_time, true },
		{ "USER", "user", NULL, false },     { "METHOD", "method", NULL, false },
		{ "RESOURCE", "resource", NULL, false }, { "STATE", "state", NULL, false },
		{ "STATUS", "status", NULL, true },  { "KEY", "idempotency-key", NULL, false },
		{ "WHY", "text", NULL, false },
	};
	CLI_REPLY struct cli_reply r = { 0 };
	int rc = cli_get(OPERATIONS, &r);

	(void)cmd;
	if (rc == CLI_OK && cli_said.json)
		cli_print_json(&r);
	else if (rc == CLI_OK)
		cli_table(cli_at(r.json, "operations/operation"), cols, ARRAY_LEN(cols));
	return rc;
}

static bool is_number(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text) && strlen(text) < 20;
}

int cli_operation_show(const struct cli_command *cmd)
{
	static const struct cli_column fields[] = {
		{ "operation", "id", NULL, false },	{ "method", "method", NULL, false },
		{ "resource", "resource", NULL, false }, { "user", "user", NULL, false },
		{ "key", "idempotency-key", NULL, false }, { "started", "started", cli_fmt_time, false },
		{ "ended", "ended", cli_fmt_time, false }, { "state", "state", NULL, false },
		{ "progress %", "progress", NULL, false }, { "status", "status", NULL, false },
		{ "why", "text", NULL, false },
	};
	static const struct cli_column steps[] = {
		{ "STEP", "name", NULL, false },
		{ "STATE", "state", NULL, false },
		{ "WHY", "text", NULL, false },
	};
	CLI_REPLY struct cli_reply r = { 0 };
	STR_AUTO struct str path = { 0 };
	json_object *o;
	int rc;

	(void)cmd;
	if (!is_number(cli_said.operands[0]))
		return cli_fail(CLI_USAGE, "'%s' is no number of an operation", cli_said.operands[0]);
	str_addf(&path, OPERATIONS "/operation=%s", cli_said.operands[0]);
	rc = cli_get(str_text(&path), &r);
	if (rc != CLI_OK)
		return rc;
	if (cli_said.json) {
		cli_print_json(&r);
		return CLI_OK;
	}
	o = cli_nth(r.json, "operation", 0);
	cli_record(o, fields, ARRAY_LEN(fields));
	cli_table(cli_at(o, "step"), steps, ARRAY_LEN(steps));
	return CLI_OK;
}

int cli_operation_cancel(const struct cli_command *cmd)
{
	CLI_REPLY struct cli_reply r = { 0 };
	STR_AUTO struct str in = { 0 };
	int rc;

	(void)cmd;
	if (!is_number(cli_said.operands[0]))
		return cli_fail(CLI_USAGE, "'%s' is no number of an operation", cli_said.operands[0]);
	str_addf(&in, "\"id\":\"%s\"", cli_said.operands[0]);
	rc = cli_operate("sextant-operations", "cancel", str_text(&in), &r);
	if (rc == CLI_OK && !cli_said.quiet && !cli_said.json)
		(void)printf("operation %s is cancelled\n", cli_said.operands[0]);
	return rc;
}
