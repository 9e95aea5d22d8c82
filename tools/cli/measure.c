/* SPDX-License-Identifier: Apache-2.0 */
/* sextant slice measure, slice history: what was measured of a slice, hop by hop, and how it was. */
#include <string.h>

#include "cli.h"

#define MEASUREMENTS "/restconf/data/sextant-measurements:measurements/slice="

enum { WINDOWS_SHOWN = 8 };

static int fetch(const char *query, struct cli_reply *r)
{
	STR_AUTO struct str path = { 0 };

	str_add(&path, MEASUREMENTS);
	cli_url_escape(&path, cli_said.operands[0]);
	str_add(&path, query);
	return cli_get(str_text(&path), r);
}

/* ---- one stream ---- */

static void fmt_ppm(struct str *out, json_object *v)
{
	long long ppm = json_object_get_int64(v);

	str_addf(out, "%lld.%04lld %%", ppm / 10000, ppm % 10000);
}

static void fmt_percent(struct str *out, json_object *v)
{
	str_addf(out, "%s %%", json_object_get_string(v));
}

static const struct cli_column stream_fields[] = {
	{ "flow", "flow", NULL, false },
	{ "construct", "construct", NULL, false },
	{ "from", "sender", NULL, false },
	{ "to", "receiver", NULL, false },
	{ "promise", "state", NULL, false },
	{ "since", "since", cli_fmt_time, false },
	{ "says", "reason", NULL, false },
	{ "loss allowed", "promised/packet-loss", fmt_ppm, false },
	{ "delay allowed", "promised/delay", cli_fmt_delay, false },
	{ "for", "promised/percentile", fmt_percent, false },
	{ "delay", "delay", cli_fmt_delay, false },
	{ "never more than", "promised/delay-maximum", cli_fmt_delay, false },
	{ "variation allowed", "promised/delay-variation", cli_fmt_delay, false },
	{ "for", "promised/variation-percentile", fmt_percent, false },
	{ "variation", "delay-variation", cli_fmt_delay, false },
	{ "availability promised", "availability/promised", fmt_percent, false },
	{ "that promise is", "availability/state", NULL, false },
	{ "availability", "availability/measured", fmt_percent, false },
	{ "down, s", "availability/down", NULL, false },
	{ "down allowed, s", "availability/down-allowed", NULL, false },
	{ "budget used", "availability/budget-used", fmt_percent, false },
	{ "up, s", "availability/up", NULL, false },
	{ "unknown, s", "availability/unknown", NULL, false },
	{ "last SID", "last-sid", NULL, false },
	{ "probes sent", "probe/sent", NULL, false },
	{ "probes lost", "probe/lost", NULL, false },
	{ "their delay", "probe/delay", cli_fmt_delay, false },
	{ "hop by hop", "hop-by-hop", cli_fmt_yes, false },
	{ "period, ms", "period", NULL, false },
	{ "ordered, ms", "period-ordered", NULL, false },
};

static const struct cli_column bounds[] = {
	{ "BOUND ON", "kind", NULL, false },
	{ "ALLOWED", "bound", cli_fmt_delay, true },
	{ "FOR", "percentile", fmt_percent, true },
	{ "IS", "value", cli_fmt_delay, true },
	{ "VERDICT", "verdict", NULL, false },
	{ "UNKNOWN", "unknown", NULL, false },
};

static const struct cli_column rungs[] = {
	{ "WHERE", "where", NULL, false },
	{ "LOST", "lost", NULL, true },
	{ "EVER", "lost-total", NULL, true },
	{ "DELAY", "delay", cli_fmt_delay, true },
};

static const struct cli_column windows[] = {
	{ "WINDOW", "start", NULL, false },
	{ "VERDICT", "verdict", NULL, false },
	{ "SENT", "sent", NULL, true },
	{ "LOST", "lost", NULL, true },
	{ "DELAY", "delay", cli_fmt_delay, true },
	{ "LOSS UNKNOWN", "loss-unknown", NULL, false },
	{ "DELAY UNKNOWN", "delay-unknown", NULL, false },
	{ "VARIATION UNKNOWN", "variation-unknown", NULL, false },
};

static void member(json_object *to, const char *name, json_object *from)
{
	json_object *v = cli_at(from, name);

	if (v)
		json_object_object_add(to, name, json_object_get(v));
}

/* Routers and what is between them, from the first to the last. */
static void show_ladder(json_object *stream)
{
	AUTO(cli_json_put) json_object *rows = json_object_new_array();

	for (size_t i = 0; i < cli_count(stream, "segment"); i++) {
		json_object *s = cli_nth(stream, "segment", i), *row = json_object_new_object();
		const char *from = cli_text(s, "from", "?"), *to = cli_text(s, "to", "?");
		STR_AUTO struct str where = { 0 };

		if (strcmp(from, to) == 0)
			str_addf(&where, "  in %s", to);
		else
			str_addf(&where, "%s > %s", from, to);
		json_object_object_add(row, "where", json_object_new_string(str_text(&where)));
		if (cli_at(s, "lost"))
			member(row, "lost", s);
		else
			json_object_object_add(row, "lost", json_object_new_string("unknown"));
		member(row, "lost-total", s);
		member(row, "delay", s);
		(void)json_object_array_add(rows, row);
	}
	if (json_object_array_length(rows)) {
		(void)putchar('\n');
		cli_table(rows, rungs, ARRAY_LEN(rungs));
	}
}

static void show_windows(json_object *stream)
{
	AUTO(cli_json_put) json_object *rows = json_object_new_array();

	for (size_t i = 0; i < cli_count(stream, "window") && i < WINDOWS_SHOWN; i++)
		(void)json_object_array_add(rows, json_object_get(cli_nth(stream, "window", i)));
	if (json_object_array_length(rows)) {
		(void)putchar('\n');
		cli_table(rows, windows, ARRAY_LEN(windows));
	}
}

int cli_slice_measure(const struct cli_command *cmd)
{
	CLI_REPLY struct cli_reply r = { 0 };
	json_object *s;
	int rc = fetch("", &r);

	(void)cmd;
	if (rc != CLI_OK)
		return rc;
	if (cli_said.json) {
		cli_print_json(&r);
		return CLI_OK;
	}
	s = cli_nth(r.json, "slice", 0);
	for (size_t i = 0; i < cli_count(s, "stream"); i++) {
		json_object *stream = cli_nth(s, "stream", i);

		if (i)
			(void)putchar('\n');
		cli_record(stream, stream_fields, ARRAY_LEN(stream_fields));
		if (cli_count(stream, "further-bound")) {
			(void)putchar('\n');
			cli_table(cli_at(stream, "further-bound"), bounds, ARRAY_LEN(bounds));
		}
		show_ladder(stream);
		show_windows(stream);
	}
	return CLI_OK;
}

/* ---- history ---- */

static const struct cli_column history_fields[] = {
	{ "slice", "id", NULL, false },
	{ "promise", "state", NULL, false },
	{ "since", "since", cli_fmt_time, false },
	{ "says", "reason", NULL, false },
	{ "history since", "history/since", cli_fmt_time, false },
	{ "availability", "history/availability", fmt_percent, false },
	{ "of what is known", "history/availability-known", fmt_percent, false },
};

static const struct cli_column hours[] = {
	{ "HOUR", "start", NULL, false },
	{ "COMPLIANT", "compliant", NULL, true },
	{ "AT RISK", "at-risk", NULL, true },
	{ "VIOLATED", "violated", NULL, true },
	{ "UNKNOWN", "unknown", NULL, true },
};

int cli_slice_history(const struct cli_command *cmd)
{
	CLI_REPLY struct cli_reply r = { 0 };
	json_object *s;
	int rc = fetch("?fields=id;state;reason;since;history", &r);

	(void)cmd;
	if (rc != CLI_OK)
		return rc;
	if (cli_said.json) {
		cli_print_json(&r);
		return CLI_OK;
	}
	s = cli_nth(r.json, "slice", 0);
	cli_record(s, history_fields, ARRAY_LEN(history_fields));
	if (cli_count(s, "history/hour")) {
		(void)putchar('\n');
		cli_table(cli_at(s, "history/hour"), hours, ARRAY_LEN(hours));
	}
	return CLI_OK;
}
