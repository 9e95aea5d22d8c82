/* SPDX-License-Identifier: Apache-2.0 */
/* sextant path: stateless path computation. Nothing is booked or sent. */
#include <string.h>

#include "cli.h"

void cli_fmt_hops(struct str *out, json_object *hops)
{
	for (size_t i = 0; i < cli_count(hops, ""); i++) {
		json_object *h = cli_nth(hops, "", i);

		if (i == 0)
			str_add(out, cli_text(h, "from", "?"));
		str_addf(out, " > %s", cli_text(h, "to", "?"));
	}
}

static void fmt_ppm(struct str *out, json_object *v)
{
	str_addf(out, "%llu ppm", (unsigned long long)cli_num(v, "", 0));
}

/* A member of a row in the unit of the row's constraint. */
static void in_unit(struct str *out, json_object *row, const char *member)
{
	static const struct {
		const char *constraint;
		void (*format)(struct str *out, json_object *v);
	} units[] = { { "bandwidth", cli_fmt_rate }, { "delay", cli_fmt_delay },
		      { "delay-min", cli_fmt_delay }, { "variation", cli_fmt_delay },
		      { "loss", fmt_ppm } };
	const char *c = cli_text(row, "constraint", "");

	if (!cli_at(row, member)) {
		str_add(out, "-");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (strcmp(c, units[i].constraint) == 0) {
			units[i].format(out, cli_at(row, member));
			return;
		}
	str_add(out, cli_text(row, member, ""));
}

/* 0 is unknown. */
static void fmt_nearest(struct str *out, json_object *row)
{
	if (cli_num(row, "nearest", 0) != 0)
		in_unit(out, row, "nearest");
}

static void fmt_value(struct str *out, json_object *row)
{
	in_unit(out, row, "value");
}

static void fmt_bound(struct str *out, json_object *row)
{
	in_unit(out, row, "bound");
}

static void fmt_slack(struct str *out, json_object *row)
{
	in_unit(out, row, "slack");
}

static void fmt_needs(struct str *out, json_object *row)
{
	if (cli_bool(row, "drop"))
		str_add(out, "without it");
	else
		in_unit(out, row, "needs");
}

void cli_show_slack(json_object *path)
{
	static const struct cli_column cols[] = {
		{ "CONSTRAINT", "constraint", NULL, false }, { "VALUE", "", fmt_value, true },
		{ "BOUND", "", fmt_bound, true },	     { "SLACK", "", fmt_slack, true },
		{ "BINDING", "binding", cli_fmt_yes, false }, { "COST WITHOUT IT", "cost-without", NULL, true },
	};

	if (cli_count(path, "constraint") == 0)
		return;
	cli_table(cli_at(path, "constraint"), cols, ARRAY_LEN(cols));
}

static void show_relaxations(json_object *answer)
{
	static const struct cli_column cols[] = {
		{ "WOULD HELP", "constraint", NULL, false },
		{ "NEEDS", "", fmt_needs, true },
	};

	if (cli_count(answer, "relaxation") == 0)
		return;
	(void)putchar('\n');
	cli_table(cli_at(answer, "relaxation"), cols, ARRAY_LEN(cols));
	if (cli_bool(answer, "together"))
		(void)puts("only all of them together");
}

static void show_segments(json_object *answer)
{
	static const struct cli_column cols[] = {
		{ "#", "index", NULL, true },
		{ "SID", "sid", NULL, false },
		{ "KIND", "kind", NULL, false },
		{ "BEHAVIOR", "behavior", NULL, true },
		{ "NODE", "nai-local", NULL, false },
	};
	static const struct cli_column labels[] = {
		{ "#", "index", NULL, true },
		{ "LABEL", "label", NULL, true },
		{ "KIND", "kind", NULL, false },
		{ "NODE", "nai-local", NULL, false },
	};
	json_object *list = cli_at(answer, "segment");

	(void)putchar('\n');
	if (cli_at(cli_nth(answer, "segment", 0), "label"))
		cli_table(list, labels, ARRAY_LEN(labels));
	else
		cli_table(list, cols, ARRAY_LEN(cols));
}

static void show_removed(json_object *answer)
{
	static const struct cli_column cols[] = {
		{ "CONSTRAINT", "constraint", NULL, false },
		{ "LINKS REMOVED", "links", NULL, true },
		{ "PATH WITHOUT IT", "decisive", cli_fmt_yes, false },
		{ "NEAREST", "", fmt_nearest, true },
	};

	if (cli_count(answer, "removed") == 0)
		return;
	(void)putchar('\n');
	cli_table(cli_at(answer, "removed"), cols, ARRAY_LEN(cols));
}

static void show_path(json_object *answer)
{
	static const struct cli_column fields[] = {
		{ "path", "hop", cli_fmt_hops, false },
		{ "hops", "hops", NULL, false },
		{ "IGP", "igp", NULL, false },
		{ "TE", "te", NULL, false },
		{ "delay", "delay", cli_fmt_delay, false },
		{ "variation", "variation", cli_fmt_delay, false },
		{ "loss", "loss", fmt_ppm, false },
		{ "cost", "cost", NULL, false },
		{ "cost at least", "cost-least", NULL, false },
		{ "worst delay", "expansion/worst-delay", cli_fmt_delay, false },
		{ "single path", "expansion/single-path", cli_fmt_yes, false },
		{ "free", "bottleneck", cli_fmt_rate, false },
		{ "segments", "segment", cli_fmt_segments, false },
	};

	cli_record(answer, fields, ARRAY_LEN(fields));
	show_segments(answer);
}

void cli_show_reasons(json_object *answer)
{
	show_relaxations(answer);
	show_removed(answer);
}

/* The reason first, then what each constraint took out and how near a path would be. */
int cli_show_no_path(json_object *answer)
{
	const char *status = cli_text(answer, "status", "?");

	(void)fflush(stdout);
	(void)cli_fail(0, "no path: %s", cli_text(answer, "why", status));
	cli_show_reasons(answer);
	return strcmp(status, "no-memory") == 0 ? CLI_REFUSED : CLI_INFEASIBLE;
}

int cli_path_query(struct str *input)
{
	STR_AUTO struct str wish = { 0 };
	int rc = cli_constraints(&wish);

	if (rc == CLI_OK)
		rc = cli_demand(&wish);
	if (rc != CLI_OK)
		return rc;
	str_add(input, "\"source\":");
	str_json(input, cli_said.operands[0]);
	str_add(input, ",\"destination\":");
	str_json(input, cli_said.operands[1]);
	if (wish.len > 0)
		str_addf(input, ",%s", str_text(&wish));
	return CLI_OK;
}

int cli_path_compute(const struct cli_command *cmd)
{
	CLI_REPLY struct cli_reply r = { 0 };
	STR_AUTO struct str input = { 0 };
	json_object *answer;
	const char *status;
	int rc = cli_path_query(&input);

	if (rc == CLI_OK)
		rc = cli_operate("sextant-path", "compute", str_text(&input), &r);
	if (rc != CLI_OK)
		return rc;
	answer = cli_at(r.json, "output");
	status = cli_text(answer, "status", NULL);
	if (!status)
		return cli_fail(CLI_REFUSED, "the controller's answer holds no status");
	if (cli_said.json) {
		cli_print_json(&r);
		return strcmp(status, "ok") == 0 ? CLI_OK : CLI_INFEASIBLE;
	}
	if (cli_bool(answer, "stale") && !cli_said.quiet)
		(void)cli_fail(0, "note: computed on a stale topology");
	if (strcmp(status, "ok") != 0)
		return cli_show_no_path(answer);
	show_path(answer);
	if (strcmp(cmd->words, "path explain") == 0) {
		if (cli_count(answer, "constraint") > 0)
			(void)putchar('\n');
		cli_show_slack(answer);
		show_removed(answer);
	}
	return CLI_OK;
}
