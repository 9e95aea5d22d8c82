/* SPDX-License-Identifier: Apache-2.0 */
/* sextant api: the API as it is. */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "cli.h"

enum { DATA_MAX = 16 * 1024 * 1024 };

/* --data TEXT, --data @FILE, --data @- */
static int data_of(const char *text, struct str *out)
{
	char buf[65536];
	FILE *f;
	size_t n;
	int rc = CLI_OK;

	if (text[0] != '@') {
		str_add(out, text);
		return CLI_OK;
	}
	f = strcmp(text, "@-") == 0 ? stdin : fopen(text + 1, "re");
	if (!f)
		return cli_fail(CLI_USAGE, "--data: %s: %s", text + 1, err_text(-errno));
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		str_addn(out, buf, n);
	if (ferror(f))
		rc = cli_fail(CLI_USAGE, "--data: %s cannot be read", text + 1);
	else if (out->bad || (out->s && strlen(out->s) != out->len))
		rc = cli_fail(CLI_USAGE, "--data: %s is no text of at most 16 MiB", text + 1);
	if (f != stdin)
		(void)fclose(f);
	return rc;
}

int cli_api(const struct cli_command *cmd)
{
	static const struct {
		const char *words, *method;
		bool body;
	} rows[] = {
		{ "api get", "GET", false },	 { "api post", "POST", true },	 { "api put", "PUT", true },
		{ "api patch", "PATCH", true }, { "api delete", "DELETE", false },
	};
	CLI_REPLY struct cli_reply r = { 0 };
	STR_AUTO struct str body = { .limit = DATA_MAX };
	const char *data = cli_opt("data", 0), *path = cli_said.operands[0];
	size_t i = 0;
	int rc;

	while (i + 1 < ARRAY_LEN(rows) && strcmp(rows[i].words, cmd->words) != 0)
		i++;
	if (path[0] != '/')
		return cli_fail(CLI_USAGE, "'%s' is not a path; it begins with a slash, as "
				"/restconf/data/sextant-policy:policies", path);
	/* An operation without input is a POST without a body. */
	if (rows[i].body && !data && strcmp(rows[i].method, "POST") != 0)
		return cli_fail(CLI_USAGE, "api %s needs --data JSON or --data @FILE", cmd->words + 4);
	rc = data ? data_of(data, &body) : CLI_OK;
	if (rc == CLI_OK)
		rc = cli_call(rows[i].method, path, data ? str_text(&body) : NULL, &r);
	if (rc == CLI_OK)
		cli_print_json(&r);
	return rc;
}
