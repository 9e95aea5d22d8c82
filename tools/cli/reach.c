/* SPDX-License-Identifier: Apache-2.0 */
/* sextant path reach: what every router can be reached for from one, page by page. */
#include <string.h>

#include "cli.h"

enum { PAGE = 1000, PAGES_MAX = 1000 };

static void fmt_list(struct str *out, json_object *row)
{
	for (size_t i = 0; i < cli_count(row, "segment"); i++) {
		json_object *s = cli_nth(row, "segment", i);

		str_addf(out, "%s%s", i ? ", " : "", cli_text(s, "link", cli_text(s, "node", "?")));
	}
	if (!cli_at(row, "cost"))
		str_add(out, "not reached");
}

static void show(json_object *rows)
{
	static const struct cli_column cols[] = {
		{ "DESTINATION", "name", NULL, false },
		{ "COST", "cost", NULL, true },
		{ "DELAY", "delay", cli_fmt_delay, true },
		{ "SIDS", "sids", NULL, true },
		{ "BY NODES AND LINKS", "", fmt_list, false },
	};

	cli_table(rows, cols, ARRAY_LEN(cols));
}

static int terms(struct str *input)
{
	static const char *const metrics[] = { "igp", "te", "delay", "hops" };
	const char *metric = cli_opt("metric", 0), *delay = cli_opt("delay-max", 0),
		   *plane = cli_opt("dataplane", 0);
	uint64_t sids = 10, us;
	size_t m = 0;

	if (cli_opt_number("sids-max", 1, 16, &sids) != CLI_OK)
		return CLI_USAGE;
	while (metric && m < ARRAY_LEN(metrics) && strcmp(metric, metrics[m]) != 0)
		m++;
	if (m == ARRAY_LEN(metrics))
		return cli_fail(CLI_USAGE, "--metric '%s' is not known; there are igp, te, delay, hops", metric);
	if (delay && (cli_parse_delay(delay, &us) < 0 || us >= UINT32_MAX))
		return cli_fail(CLI_USAGE, "--delay-max '%s' is not a time such as 20ms, 500us or 1.5s, "
				"4294s at most", delay);
	if (plane && strcmp(plane, "srv6") != 0 && strcmp(plane, "mpls") != 0)
		return cli_fail(CLI_USAGE, "--dataplane '%s' is neither srv6 nor mpls", plane);
	str_add(input, "\"source\":");
	str_json(input, cli_said.operands[0]);
	str_addf(input, ",\"metric\":\"%s\",\"sids\":%u,\"dataplane\":\"%s\"", metrics[m], (unsigned)sids,
		 plane ? plane : "srv6");
	if (delay)
		str_addf(input, ",\"bounds\":{\"delay\":%llu}", (unsigned long long)us);
	return CLI_OK;
}

/* One page; what has come so far keeps its rows in all. */
static int page(const char *terms_text, const char *after, uint64_t limit, struct cli_reply *r)
{
	STR_AUTO struct str input = { 0 };
	int rc;

	str_addf(&input, "%s,\"limit\":%llu", terms_text, (unsigned long long)limit);
	if (after) {
		str_add(&input, ",\"after\":");
		str_json(&input, after);
	}
	rc = cli_operate("sextant-path", "compute-reach", str_text(&input), r);
	if (rc == CLI_OK && !cli_text(cli_at(r->json, "output"), "status", NULL))
		rc = cli_fail(CLI_REFUSED, "the controller's answer holds no status");
	return rc;
}

/* The rows of a page join those of the pages before. NULL: there is no page after it. */
static const char *gather(json_object *all, json_object *answer)
{
	size_t n = cli_count(answer, "destination");

	for (size_t i = 0; i < n; i++)
		(void)json_object_array_add(all, json_object_get(cli_nth(answer, "destination", i)));
	return n && cli_bool(answer, "more") ? cli_text(cli_nth(answer, "destination", n - 1), "node", NULL) : NULL;
}

static int every_page(const char *terms_text, json_object *all, uint64_t *none)
{
	STR_AUTO struct str after = { 0 };
	const char *next = NULL;
	unsigned pages = 0;

	do {
		CLI_REPLY struct cli_reply r = { 0 };
		json_object *answer;
		int rc = page(terms_text, next, PAGE, &r);

		if (rc != CLI_OK)
			return rc;
		answer = cli_at(r.json, "output");
		if (strcmp(cli_text(answer, "status", "?"), "ok") != 0)
			return cli_fail(CLI_INFEASIBLE, "no path: %s", cli_text(answer, "why", "?"));
		if (!next && cli_bool(answer, "stale") && !cli_said.quiet)
			(void)cli_fail(0, "note: computed on a stale topology");
		*none = cli_num(answer, "not-reached", 0);
		next = gather(all, answer);
		str_fini(&after);
		str_add(&after, next ? next : "");
		next = next ? str_text(&after) : NULL;
	} while (next && ++pages < PAGES_MAX);
	return CLI_OK;
}

/* As JSON a page is what the controller said, byte for byte. */
static int one_page(const char *terms_text)
{
	CLI_REPLY struct cli_reply r = { 0 };
	uint64_t limit = 256;
	json_object *answer;
	int rc = cli_opt_number("limit", 1, PAGE, &limit);

	if (rc == CLI_OK)
		rc = page(terms_text, cli_opt("after", 0), limit, &r);
	if (rc != CLI_OK)
		return rc;
	cli_print_json(&r);
	answer = cli_at(r.json, "output");
	return strcmp(cli_text(answer, "status", "?"), "ok") == 0 && cli_num(answer, "not-reached", 0) == 0 ?
		       CLI_OK :
		       CLI_INFEASIBLE;
}

int cli_path_reach(const struct cli_command *cmd)
{
	AUTO(cli_json_put) json_object *all = json_object_new_array();
	STR_AUTO struct str said = { 0 };
	uint64_t none = 0;
	int rc = terms(&said);

	(void)cmd;
	if (rc == CLI_OK && cli_said.json)
		return one_page(str_text(&said));
	if (rc == CLI_OK)
		rc = every_page(str_text(&said), all, &none);
	if (rc != CLI_OK)
		return rc;
	show(all);
	return none ? CLI_INFEASIBLE : CLI_OK;
}
