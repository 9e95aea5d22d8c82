/* SPDX-License-Identifier: Apache-2.0 */
/* sextant api: the API as it is. */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "cli.h"

enum { DATA_MAX = 16 * 1024 * 1024 };

int cli_read_file(const char *name, const char *path, struct str *out)
{
	char buf[65536];
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	size_t n;
	int rc = CLI_OK;

	if (!f)
		return cli_fail(CLI_USAGE, "%s: %s: %s", name, path, err_text(-errno));
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		str_addn(out, buf, n);
	if (ferror(f))
		rc = cli_fail(CLI_USAGE, "%s: %s cannot be read", name, path);
	else if (out->bad || (out->s && strlen(out->s) != out->len))
		rc = cli_fail(CLI_USAGE, "%s: %s is no text of at most 16 MiB", name, path);
	if (f != stdin)
		(void)fclose(f);
	return rc;
}

/* --data TEXT, --data @FILE, --data @- */
static int data_of(const char *text, struct str *out)
{
	if (text[0] == '@')
		return cli_read_file("--data", text + 1, out);
	str_add(out, text);
	return CLI_OK;
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
