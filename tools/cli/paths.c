/* SPDX-License-Identifier: Apache-2.0 */
/* sextant path disjoint, list, multipath: several paths at once. Nothing is booked or sent. */
#include <string.h>

#include "cli.h"

static void say_number(struct str *input, const char *member, const char *option)
{
	const char *v = cli_opt(option, 0);

	if (v)
		str_addf(input, ",\"%s\":%s", member, v);
}

/* A number as it is: what does not look like one is not sent. */
static int number_ok(const char *option, uint64_t low, uint64_t high)
{
	const char *v = cli_opt(option, 0);
	uint64_t n;

	if (!v || (str_u64(v, &n) == 0 && n >= low && n <= high))
		return CLI_OK;
	return cli_fail(CLI_USAGE, "--%s: '%s' is not %llu to %llu", option, v,
			(unsigned long long)low, (unsigned long long)high);
}

static int ask_disjoint(struct str *input)
{
	const char *type = cli_opt("type", 0), *difference = cli_opt("delay-difference", 0);
	uint64_t us;
	int rc = number_ok("count", 2, 8);

	if (rc != CLI_OK)
		return rc;
	str_add(input, ",\"type\":");
	str_json(input, type ? type : "link");
	say_number(input, "count", "count");
	if (cli_opt("best-available", 0))
		str_add(input, ",\"best-available\":true");
	if (cli_opt("first-shortest", 0))
		str_add(input, ",\"first-shortest\":true");
	rc = cli_legs(input);
	if (rc != CLI_OK || !difference)
		return rc;
	if (cli_parse_delay(difference, &us) < 0 || us > UINT32_MAX)
		return cli_fail(CLI_USAGE, "--delay-difference: '%s' is no time, as 5ms or 200us",
				difference);
	str_addf(input, ",\"delay-difference\":%llu", (unsigned long long)us);
	return CLI_OK;
}

static int ask_list(struct str *input)
{
	int rc = number_ok("count", 1, 256);

	if (rc == CLI_OK)
		say_number(input, "count", "count");
	return rc;
}

static int ask_multipath(struct str *input)
{
	int rc = number_ok("lists", 1, 16);

	if (rc == CLI_OK)
		rc = number_ok("weights", 1, 256);
	if (rc != CLI_OK)
		return rc;
	say_number(input, "lists", "lists");
	say_number(input, "weights", "weights");
	return CLI_OK;
}

static const struct kind {
	const char *words, *operation;
	int (*ask)(struct str *input);
} kinds[] = {
	{ "path disjoint", "compute-disjoint", ask_disjoint },
	{ "path list", "compute-alternatives", ask_list },
	{ "path multipath", "compute-multipath", ask_multipath },
};

static void fmt_row_path(struct str *out, json_object *row)
{
	cli_fmt_hops(out, cli_at(row, "hop"));
}

static void fmt_row_segments(struct str *out, json_object *row)
{
	if (cli_at(row, "list-status"))
		str_add(out, cli_text(row, "list-status", ""));
	else
		cli_fmt_segments(out, cli_at(row, "segment"));
}

static void show_paths(json_object *answer)
{
	static const struct cli_column cols[] = {
		{ "#", "index", NULL, true },		{ "COST", "cost", NULL, true },
		{ "DELAY", "delay", cli_fmt_delay, true }, { "HOPS", "hops", NULL, true },
		{ "PATH", "", fmt_row_path, false },	{ "SEGMENTS", "", fmt_row_segments, false },
	};
	static const struct cli_column shares[] = {
		{ "#", "index", NULL, true },		{ "WEIGHT", "weight", NULL, true },
		{ "RATE", "rate", cli_fmt_rate, true }, { "COST", "cost", NULL, true },
		{ "DELAY", "delay", cli_fmt_delay, true }, { "PATH", "", fmt_row_path, false },
		{ "SEGMENTS", "", fmt_row_segments, false },
	};
	json_object *list = cli_at(answer, "path");

	if (cli_at(cli_nth(answer, "path", 0), "weight"))
		cli_table(list, shares, ARRAY_LEN(shares));
	else
		cli_table(list, cols, ARRAY_LEN(cols));
	for (size_t i = 0; i < cli_count(list, ""); i++) {
		json_object *path = cli_nth(list, "", i);

		if (cli_count(path, "constraint") == 0)
			continue;
		(void)printf("\npath %s\n", cli_text(path, "index", "?"));
		cli_show_slack(path);
	}
}

static void fmt_met(struct str *out, json_object *v)
{
	for (size_t i = 0; i < cli_count(v, ""); i++)
		str_addf(out, "%s%s", i ? ", " : "", cli_text(cli_nth(v, "", i), "", "?"));
	if (cli_count(v, "") == 0)
		str_add(out, "in nothing");
}

static void show_set(json_object *answer)
{
	static const struct cli_column fields[] = {
		{ "disjoint", "met", fmt_met, false },
		{ "shared links", "shared-links", NULL, false },
		{ "shared nodes", "shared-nodes", NULL, false },
		{ "shared SRLGs", "shared-srlgs", NULL, false },
		{ "cost", "cost", NULL, false },
		{ "cost at least", "cost-least", NULL, false },
	};

	if (!cli_at(answer, "shared-links"))
		return;
	cli_record(answer, fields, ARRAY_LEN(fields));
	(void)putchar('\n');
}

static int show(json_object *answer)
{
	const char *status = cli_text(answer, "status", "?");

	if (cli_bool(answer, "stale") && !cli_said.quiet)
		(void)cli_fail(0, "note: computed on a stale topology");
	if (cli_count(answer, "path") == 0)
		return cli_show_no_path(answer);
	show_set(answer);
	show_paths(answer);
	(void)fflush(stdout);
	if (cli_text(answer, "why", NULL) && !cli_said.quiet)
		(void)cli_fail(0, "note: %s", cli_text(answer, "why", ""));
	if (cli_bool(answer, "complete") && !cli_said.quiet)
		(void)cli_fail(0, "note: there are no others");
	cli_show_reasons(answer);
	return strcmp(status, "ok") == 0 ? CLI_OK : CLI_INFEASIBLE;
}

int cli_paths(const struct cli_command *cmd)
{
	CLI_REPLY struct cli_reply r = { 0 };
	STR_AUTO struct str input = { 0 };
	const struct kind *k = kinds;
	json_object *answer;
	const char *status;
	int rc = cli_path_query(&input);

	while (strcmp(k->words, cmd->words) != 0)
		k++;
	if (rc == CLI_OK)
		rc = k->ask(&input);
	if (rc == CLI_OK)
		rc = cli_operate("sextant-path", k->operation, str_text(&input), &r);
	if (rc != CLI_OK)
		return rc;
	answer = cli_at(r.json, "output");
	status = cli_text(answer, "status", NULL);
	if (!status)
		return cli_fail(CLI_REFUSED, "the controller's answer holds no status");
	if (!cli_said.json)
		return show(answer);
	cli_print_json(&r);
	return strcmp(status, "ok") == 0 ? CLI_OK : CLI_INFEASIBLE;
}
