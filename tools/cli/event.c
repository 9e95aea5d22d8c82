/* SPDX-License-Identifier: Apache-2.0 */
/* sextant event: what happened, one line each. */
#include "cli.h"

/* Without --follow the stream is read until it has nothing more for so long. */
enum { QUIET_MS = 500 };

static void print_for_people(uint64_t id, json_object *json)
{
	STR_AUTO struct str out = { 0 };
	json_object *n = cli_at(json, "notification");
	json_object *e = cli_at(n, "event"), *gap = cli_at(n, "gap");

	if (gap) {
		str_addf(&out, "gap: events after %s and before %s are lost", cli_text(gap, "after", "?"),
			 cli_text(gap, "next", "?"));
	} else {
		json_object *details = cli_at(e, "details");

		str_addf(&out, "%llu  %.19s  %-7s  %s", (unsigned long long)cli_num(e, "id", id),
			 cli_text(n, "eventTime", "-"), cli_text(e, "severity", "-"),
			 cli_text(e, "type", "-"));
		str_addf(&out, "  %s", cli_text(e, "resource", ""));
		if (details)
			str_addf(&out, "  %s", json_object_to_json_string_ext(details, JSON_C_TO_STRING_PLAIN));
	}
	if (out.s)
		cli_clean(out.s);
	(void)puts(str_text(&out));
}

static bool print_event(void *arg, uint64_t id, const char *data)
{
	AUTO(cli_json_put) json_object *json = NULL;

	(void)arg;
	if (cli_said.json) {
		(void)puts(data);
	} else {
		json = json_tokener_parse(data);
		print_for_people(id, json);
	}
	/* A reader behind a pipe sees each event at once; when it is gone, so are we. */
	return fflush(stdout) == 0;
}

int cli_event(const struct cli_command *cmd)
{
	STR_AUTO struct str path = { 0 };
	bool follow = cli_opt("follow", 0) != NULL;
	uint64_t since = 0;
	const char *type;
	int rc = cli_opt_number("since", 0, UINT64_MAX - 1, &since);

	(void)cmd;
	if (rc != CLI_OK)
		return rc;
	/* Zero is "from the first that is kept", so it has to be said, too. */
	str_addf(&path, "/restconf/streams/sextant-events?after=%llu", (unsigned long long)since);
	for (int k = 0; (type = cli_opt("type", k)); k++) {
		str_add(&path, "&type=");
		cli_url_escape(&path, type);
	}
	return cli_stream(str_text(&path), since, follow ? 0 : QUIET_MS, print_event, NULL);
}
