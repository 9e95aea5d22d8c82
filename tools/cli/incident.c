/* SPDX-License-Identifier: Apache-2.0 */
/* sextant incident: what is done about slices that do not get what they were promised. */
#include <string.h>

#include "cli.h"

#define INCIDENTS "/restconf/data/sextant-assurance:incidents"

int cli_incident_list(const struct cli_command *cmd)
{
	static const struct cli_column cols[] = {
		{ "ID", "id", NULL, true },
		{ "OPENED", "opened", cli_fmt_time, true },
		{ "SLICE", "slice", NULL, false },
		{ "PHASE", "phase", NULL, false },
		{ "OUTCOME", "outcome", NULL, false },
		{ "ACTION", "action", NULL, false },
		{ "ACTIONS", "actions", NULL, true },
		{ "CAUSE", "why", NULL, false },
	};
	CLI_REPLY struct cli_reply r = { 0 };
	int rc = cli_get(INCIDENTS, &r);
	json_object *all;

	(void)cmd;
	if (rc == CLI_OK && cli_said.json) {
		cli_print_json(&r);
		return rc;
	}
	all = cli_at(r.json, "incidents/incident");
	for (size_t i = 0; rc == CLI_OK && i < cli_count(all, ""); i++) {
		json_object *one = cli_nth(all, "", i), *cause = cli_nth(one, "cause", 0);

		json_object_object_add(one, "why",
				       cause ? json_object_get(cause) : json_object_new_string("unknown"));
	}
	if (rc == CLI_OK)
		cli_table(all, cols, ARRAY_LEN(cols));
	return rc;
}

static bool is_number(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text) && strlen(text) < 10;
}

static int number_said(void)
{
	if (is_number(cli_said.operands[0]))
		return CLI_OK;
	return cli_fail(CLI_USAGE, "'%s' is no number of an incident", cli_said.operands[0]);
}

static void fmt_others(struct str *out, json_object *v)
{
	for (size_t i = 0; i < cli_count(v, ""); i++)
		str_addf(out, "%s%s (%s)", i ? ", " : "", cli_text(cli_nth(v, "", i), "slice", "?"),
			 cli_text(cli_nth(v, "", i), "is", "?"));
}

static void fmt_texts(struct str *out, json_object *v)
{
	for (size_t i = 0; i < cli_count(v, ""); i++)
		str_addf(out, "%s%s", i ? "; " : "", json_object_get_string(cli_nth(v, "", i)));
}

int cli_incident_show(const struct cli_command *cmd)
{
	static const struct cli_column fields[] = {
		{ "incident", "id", NULL, false },	{ "slice", "slice", NULL, false },
		{ "phase", "phase", NULL, false },	{ "outcome", "outcome", NULL, false },
		{ "may be ordered instead", "lower-tier", NULL, false },
		{ "opened", "opened", cli_fmt_time, false }, { "ended", "ended", cli_fmt_time, false },
		{ "takes back what incident", "restores", NULL, false },
		{ "action", "action", NULL, false },	{ "actions", "actions", NULL, false },
		{ "taken back", "reverts", NULL, false }, { "causes", "cause", fmt_texts, false },
		{ "other slices", "other-slice", fmt_others, false },
	};
	static const struct cli_column entries[] = {
		{ "TIME", "time", cli_fmt_time, true },
		{ "WHAT", "what", NULL, false },
		{ "ACTION", "action", NULL, false },
		{ "", "text", NULL, false },
	};
	CLI_REPLY struct cli_reply r = { 0 };
	STR_AUTO struct str path = { 0 };
	json_object *o;
	int rc = number_said();

	(void)cmd;
	str_addf(&path, INCIDENTS "/incident=%s", cli_said.operands[0]);
	if (rc == CLI_OK)
		rc = cli_get(str_text(&path), &r);
	if (rc != CLI_OK)
		return rc;
	if (cli_said.json) {
		cli_print_json(&r);
		return CLI_OK;
	}
	o = cli_nth(r.json, "incident", 0);
	cli_record(o, fields, ARRAY_LEN(fields));
	cli_table(cli_at(o, "entry"), entries, ARRAY_LEN(entries));
	return CLI_OK;
}

/* approve, reject, accept. */
int cli_incident_say(const struct cli_command *cmd)
{
	CLI_REPLY struct cli_reply r = { 0 };
	STR_AUTO struct str in = { 0 };
	bool accept = strcmp(cmd->words, "incident accept") == 0;
	int rc = number_said();

	if (rc != CLI_OK)
		return rc;
	str_addf(&in, "\"incident\":%s", cli_said.operands[0]);
	if (!accept)
		str_addf(&in, ",\"approved\":%s", strcmp(cmd->words, "incident approve") == 0 ? "true" : "false");
	rc = cli_operate("sextant-assurance", accept ? "accept" : "approve", str_text(&in), &r);
	if (rc == CLI_OK && !cli_said.quiet && !cli_said.json)
		(void)printf("incident %s: said\n", cli_said.operands[0]);
	return rc;
}

int cli_incident_release(const struct cli_command *cmd)
{
	CLI_REPLY struct cli_reply r = { 0 };
	STR_AUTO struct str in = { 0 };
	int rc;

	(void)cmd;
	str_add(&in, "\"slice\":");
	str_json(&in, cli_said.operands[0]);
	rc = cli_operate("sextant-assurance", "release", str_text(&in), &r);
	if (rc == CLI_OK && !cli_said.quiet && !cli_said.json)
		(void)printf("%s runs as ordered again\n", cli_said.operands[0]);
	return rc;
}

int cli_diagnose(const struct cli_command *cmd)
{
	static const struct cli_column cols[] = {
		{ "RANK", "rank", NULL, true },	      { "CAUSE", "text", NULL, false },
		{ "SCORE", "score", NULL, true },      { "SLICES", "slices", NULL, true },
		{ "SUCH AS", "slice", fmt_texts, false },
	};
	CLI_REPLY struct cli_reply r = { 0 };
	int rc = cli_operate("sextant-assurance", "diagnose", "", &r);

	(void)cmd;
	if (rc != CLI_OK)
		return rc;
	if (cli_said.json) {
		cli_print_json(&r);
	} else if (cli_count(r.json, "output/cause") > 0) {
		cli_table(cli_at(r.json, "output/cause"), cols, ARRAY_LEN(cols));
	} else if (!cli_said.quiet) {
		(void)printf("nothing that is known names a cause; unexplained: %s\n",
			     cli_text(r.json, "output/unexplained", "0"));
	}
	return CLI_OK;
}
