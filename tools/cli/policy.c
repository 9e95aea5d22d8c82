/* SPDX-License-Identifier: Apache-2.0 */
/* sextant policy: what operators want, and beside it what the network does. */
#include <string.h>

#include "cli.h"

#define POLICIES "/restconf/data/sextant-policy:policies"

static void fmt_key(struct str *out, json_object *p)
{
	str_addf(out, "%s,%s,%s", cli_text(p, "headend", "?"), cli_text(p, "color", "?"),
		 cli_text(p, "endpoint", "?"));
}

int cli_policy_list(const struct cli_command *cmd)
{
	static const struct cli_column cols[] = {
		{ "KEY", "", fmt_key, false },
		{ "NAME", "name", NULL, false },
		{ "MODE", "state/mode", NULL, false },
		{ "STATUS", "state/status", NULL, false },
		{ "SINCE", "state/since", cli_fmt_time, true },
		{ "BANDWIDTH", "bandwidth", cli_fmt_rate, true },
		{ "DELAY", "state/computed/delay", cli_fmt_delay, true },
		{ "PATH", "state/computed/link", cli_fmt_path, false },
		{ "REASON", "state/reason", NULL, false },
	};
	CLI_REPLY struct cli_reply r = { 0 };
	int rc = cli_get(POLICIES, &r);

	(void)cmd;
	if (rc != CLI_OK)
		return rc;
	if (cli_said.json) {
		cli_print_json(&r);
		return CLI_OK;
	}
	if (cli_bool(r.json, "policies/hold") && !cli_said.quiet)
		(void)cli_fail(0, "note: hold is on, nothing is sent ('sextant policy hold off' lifts it)");
	cli_table(cli_at(r.json, "policies/policy"), cols, ARRAY_LEN(cols));
	return CLI_OK;
}

static void fmt_group(struct str *out, json_object *d)
{
	str_addf(out, "%s, %s disjoint%s", cli_text(d, "group", "?"), cli_text(d, "kind", "link"),
		 cli_bool(d, "best-available") ? ", best available" : "");
}

/* Of the group, or with one of it. */
static void fmt_met(struct str *out, json_object *d)
{
	json_object *met = cli_at(d, "met");

	if (met)
		cli_fmt_list(out, met);
	else
		str_add(out, "nothing");
}

static void fmt_mate(struct str *out, json_object *m)
{
	if (cli_bool(m, "placed"))
		fmt_met(out, m);
	else
		str_add(out, "no path to compare");
}

/* "3 x A,B (600M); 1 x C (200M)" */
static void fmt_lists(struct str *out, json_object *lists)
{
	for (size_t i = 0; i < cli_count(lists, ""); i++) {
		json_object *l = cli_nth(lists, "", i);

		str_addf(out, "%s%s x ", i ? "; " : "", cli_text(l, "weight", "1"));
		cli_fmt_segments(out, cli_at(l, "segment"));
		if (cli_at(l, "rate")) {
			str_add(out, " (");
			cli_fmt_rate(out, cli_at(l, "rate"));
			str_add(out, ")");
		}
		if (cli_at(l, "link")) {
			str_add(out, " over ");
			cli_fmt_path(out, cli_at(l, "link"));
		}
	}
}

static const struct cli_column policy_fields[] = {
	{ "policy", "", fmt_key, false },
	{ "name", "name", NULL, false },
	{ "mode", "state/mode", NULL, false },
	{ "belongs to", "state/owner", NULL, false },
	{ "status", "state/status", NULL, false },
	{ "reason", "state/reason", NULL, false },
	{ "would help", "state/nearest-relaxation", NULL, false },
	{ "since", "state/since", NULL, false },
	{ "admin state", "admin-state", NULL, false },
	{ "bandwidth", "bandwidth", cli_fmt_rate, false },
	{ "setup priority", "setup-priority", NULL, false },
	{ "hold priority", "hold-priority", NULL, false },
	{ "bandwidth survives", "protect-bandwidth", NULL, false },
	{ "protection", "state/bandwidth-protection/coverage", NULL, false },
	{ "not survived", "state/bandwidth-protection/reason", NULL, false },
	{ "data plane", "dataplane", NULL, false },
	{ "binding SID", "state/binding-sid", NULL, false },
	{ "group", "disjointness", fmt_group, false },
	{ "path", "state/computed/link", cli_fmt_path, false },
	{ "delay", "state/computed/delay", cli_fmt_delay, false },
	{ "worst delay", "state/computed/worst-delay", cli_fmt_delay, false },
	{ "IGP", "state/computed/igp", NULL, false },
	{ "TE", "state/computed/te", NULL, false },
	{ "hops", "state/computed/hops", NULL, false },
	{ "lists at most", "multipath/max-lists", NULL, false },
	{ "wanted list", "state/computed/segment", cli_fmt_segments, false },
	{ "wanted lists", "state/computed/segment-list", fmt_lists, false },
	{ "standby", "state/standby/status", NULL, false },
	{ "standby reason", "state/standby/reason", NULL, false },
	{ "standby path", "state/standby/link", cli_fmt_path, false },
	{ "standby list", "state/standby/segment", cli_fmt_segments, false },
	{ "standby reported", "state/standby/oper-state", NULL, false },
	{ "southbound", "state/southbound", NULL, false },
	{ "reported", "state/reported/oper-state", NULL, false },
	{ "reported list", "state/reported/segment", cli_fmt_segments, false },
	{ "reported lists", "state/reported/segment-list", fmt_lists, false },
	{ "delegated", "state/reported/delegated", cli_fmt_yes, false },
	{ "confirmed", "state/confirmed", cli_fmt_yes, false },
	{ "optimised", "state/optimised", cli_fmt_yes, false },
	{ "pushes", "state/pushes", NULL, false },
	{ "repairs", "state/repairs", NULL, false },
	{ "failures", "state/failures", NULL, false },
	{ "revision", "state/revision", NULL, false },
};

static void fmt_kind(struct str *out, json_object *c)
{
	str_add(out, cli_at(c, "explicit") ? "explicit" : "dynamic");
}

static void fmt_include(struct str *out, json_object *list)
{
	for (size_t i = 0; i < cli_count(list, ""); i++) {
		json_object *p = cli_nth(list, "", i);

		str_addf(out, "%s%s%s", i ? "," : "", cli_bool(p, "strict") ? "=" : "",
			 cli_text(p, "ref", "?"));
	}
}

static void fmt_mix(struct str *out, json_object *mix)
{
	static const char *const known[] = { "igp", "te", "delay", "hops", "variation", "loss" };
	bool first = true;

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (!cli_at(mix, known[i]))
			continue;
		str_addf(out, "%s%s=%s", first ? "" : ",", known[i], cli_text(mix, known[i], "?"));
		first = false;
	}
}

/* What a candidate path asks for, in the words of the options. */
static void fmt_asks(struct str *out, json_object *c)
{
	static const struct {
		const char *path, *option;
		void (*format)(struct str *out, json_object *v);
	} rows[] = {
		{ "dynamic/metric", "metric", NULL },
		{ "dynamic/objective", "objective", NULL },
		{ "dynamic/algorithm", "algo", NULL },
		{ "dynamic/protection", "protection", NULL },
		{ "dynamic/payload", "payload", NULL },
		{ "dynamic/bounds/delay", "delay-max", cli_fmt_delay },
		{ "dynamic/bounds/delay-min", "delay-min", cli_fmt_delay },
		{ "dynamic/bounds/variation", "variation-max", cli_fmt_delay },
		{ "dynamic/bounds/loss", "loss-max", NULL },
		{ "dynamic/bounds/hops", "hops-max", NULL },
		{ "dynamic/bounds/igp", "igp-max", NULL },
		{ "dynamic/bounds/te", "te-max", NULL },
		{ "dynamic/affinity/exclude-any", "affinity-exclude", cli_fmt_list },
		{ "dynamic/affinity/include-any", "affinity-include-any", cli_fmt_list },
		{ "dynamic/affinity/include-all", "affinity-include-all", cli_fmt_list },
		{ "dynamic/include", "include", fmt_include },
		{ "dynamic/exclude", "exclude", cli_fmt_list },
		{ "dynamic/exclude-srlg", "exclude-srlg", cli_fmt_list },
		{ "dynamic/exclude-asn", "exclude-asn", cli_fmt_list },
		{ "dynamic/binding-sid", "binding-sid", cli_fmt_list },
		{ "dynamic/mix", "mix", fmt_mix },
		{ "explicit/segment", "segment", cli_fmt_segments },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		json_object *v = cli_at(c, rows[i].path);

		if (!v)
			continue;
		str_addf(out, "%s%s ", out->len ? " " : "", rows[i].option);
		if (rows[i].format)
			rows[i].format(out, v);
		else
			str_add(out, cli_text(v, "", "-"));
	}
	if (cli_bool(c, "dynamic/strict"))
		str_addf(out, "%sstrict", out->len ? " " : "");
}

int cli_policy_show(const struct cli_command *cmd)
{
	static const struct cli_column cpaths[] = {
		{ "PREFERENCE", "preference", NULL, true },
		{ "KIND", "", fmt_kind, false },
		{ "ASKS FOR", "", fmt_asks, false },
	};
	static const struct cli_column mates[] = {
		{ "DISJOINT FROM", "", fmt_key, false },
		{ "BY", "", fmt_mate, false },
	};
	CLI_REPLY struct cli_reply r = { 0 };
	STR_AUTO struct str path = { 0 };
	struct cli_key key;
	json_object *p;
	int rc = cli_key_parse(cli_said.operands[0], &key);

	(void)cmd;
	if (rc != CLI_OK)
		return rc;
	cli_key_path(&path, &key);
	rc = cli_get(str_text(&path), &r);
	if (rc != CLI_OK)
		return rc;
	if (cli_said.json) {
		cli_print_json(&r);
		return CLI_OK;
	}
	p = cli_nth(r.json, "policy", 0);
	if (!p)
		return cli_fail(CLI_REFUSED, "the controller's answer holds no policy");
	cli_record(p, policy_fields, ARRAY_LEN(policy_fields));
	if (r.etag[0]) {
		cli_clean(r.etag);
		(void)printf("%-14s  %s\n", "entity tag", r.etag);
	}
	if (cli_count(p, "candidate-path") > 0) {
		(void)putchar('\n');
		cli_table(cli_at(p, "candidate-path"), cpaths, ARRAY_LEN(cpaths));
	}
	if (cli_count(p, "state/disjointness/member") > 0) {
		(void)putchar('\n');
		cli_table(cli_at(p, "state/disjointness/member"), mates, ARRAY_LEN(mates));
	}
	return CLI_OK;
}

/* ---- create ---- */

static int preference(struct str *out)
{
	uint64_t v = 100;
	int rc = cli_opt_number("preference", 0, UINT32_MAX, &v);

	str_addf(out, "\"candidate-path\":[{\"preference\":%llu,", (unsigned long long)v);
	return rc;
}

/* Constraints and segments exclude each other: a list that is given is not computed. */
static int candidate(struct str *out)
{
	STR_AUTO struct str wish = { 0 };
	bool explicit_list = cli_opt("segment", 0) != NULL;
	int rc = preference(out);

	if (rc == CLI_OK)
		rc = cli_constraints(&wish);
	if (rc == CLI_OK && explicit_list && wish.len > 0)
		return cli_fail(CLI_USAGE, "--segment gives the path itself; constraints such as --metric or "
				"--exclude do not go with it");
	if (rc == CLI_OK && explicit_list)
		rc = cli_segments(&wish);
	str_addf(out, "\"%s\":{%s}}]", explicit_list ? "explicit" : "dynamic", str_text(&wish));
	return rc;
}

static int protection(struct str *out)
{
	static const char *const words[] = { "none", "link", "node", "srlg", "srlg-node" };
	const char *said = cli_opt("protect-bandwidth", 0);

	for (size_t i = 0; said && i < ARRAY_LEN(words); i++) {
		if (strcmp(said, words[i]) != 0)
			continue;
		str_addf(out, "\"protect-bandwidth\":\"%s\",", said);
		return CLI_OK;
	}
	if (!said)
		return CLI_OK;
	return cli_fail(CLI_USAGE,
			"--protect-bandwidth '%s': there are none, link, node, srlg, srlg-node", said);
}

static int multipath(struct str *out)
{
	uint64_t lists = 0;

	if (cli_opt_number("max-lists", 1, 8, &lists) != CLI_OK)
		return CLI_USAGE;
	if (lists)
		str_addf(out, "\"multipath\":{\"max-lists\":%llu},", (unsigned long long)lists);
	return CLI_OK;
}

static int group(struct str *out)
{
	static const char *const kinds[] = { "link", "node", "srlg", "srlg-node" };
	const char *kind = cli_opt("disjoint", 0);
	uint64_t id = 0;
	size_t i = 0;

	if (cli_opt_number("group", 1, 65534, &id) != CLI_OK)
		return CLI_USAGE;
	if (id == 0 && (kind || cli_opt("best-available", 0)))
		return cli_fail(CLI_USAGE, "--disjoint and --best-available say what holds in a --group: "
				"give one");
	while (kind && i < ARRAY_LEN(kinds) && strcmp(kind, kinds[i]) != 0)
		i++;
	if (i == ARRAY_LEN(kinds))
		return cli_fail(CLI_USAGE, "--disjoint '%s' is not known; there are link, node, srlg, "
				"srlg-node", kind);
	if (id != 0)
		str_addf(out, "\"disjointness\":{\"group\":%llu,\"kind\":\"%s\",\"best-available\":%s},",
			 (unsigned long long)id, kinds[i], cli_opt("best-available", 0) ? "true" : "false");
	return CLI_OK;
}

static int members(const struct cli_key *k, struct str *out)
{
	STR_AUTO struct str demand = { 0 };
	const char *name = cli_opt("name", 0);
	uint64_t hold = UINT64_MAX;
	int rc = cli_demand(&demand);

	if (rc == CLI_OK)
		rc = cli_opt_number("hold-priority", 0, 7, &hold);
	if (rc != CLI_OK)
		return rc;
	str_addf(out, "\"headend\":\"%s\",\"color\":%u,\"endpoint\":\"%s\",", k->headend, k->color,
		 k->endpoint);
	if (name) {
		str_add(out, "\"name\":");
		str_json(out, name);
		str_add(out, ",");
	}
	if (demand.len > 0)
		str_addf(out, "%s,", str_text(&demand));
	if (hold != UINT64_MAX)
		str_addf(out, "\"hold-priority\":%llu,", (unsigned long long)hold);
	if (cli_opt("admin-down", 0))
		str_add(out, "\"admin-state\":\"down\",");
	rc = protection(out);
	if (rc == CLI_OK)
		rc = group(out);
	if (rc == CLI_OK)
		rc = multipath(out);
	return rc == CLI_OK ? candidate(out) : rc;
}

static int key_of_operands(struct cli_key *k)
{
	const char *plane = cli_opt("dataplane", 0);
	enum ip_family family = plane && strcmp(plane, "srv6") != 0 ? IP_V4 : IP_V6;
	int rc = cli_color_parse(cli_said.operands[1], &k->color);

	if (rc == CLI_OK)
		rc = cli_resolve(cli_said.operands[0], family, k->headend, sizeof(k->headend));
	if (rc == CLI_OK)
		rc = cli_resolve(cli_said.operands[2], family, k->endpoint, sizeof(k->endpoint));
	return rc;
}

static void done(const struct cli_reply *r, const char *what, const struct cli_key *k)
{
	if (cli_said.json) {
		cli_print_json(r);
		return;
	}
	if (!cli_said.quiet)
		(void)printf("%s %s,%u,%s\n", what, k->headend, k->color, k->endpoint);
}

int cli_policy_create(const struct cli_command *cmd)
{
	CLI_REPLY struct cli_reply r = { 0 };
	STR_AUTO struct str path = { 0 };
	STR_AUTO struct str body = { 0 };
	bool replace = cli_opt("replace", 0) != NULL, dry = cli_opt("dry-run", 0) != NULL;
	struct cli_key key = { 0 };
	int rc;

	(void)cmd;
	if (cli_opt("if-match", 0) && !replace)
		return cli_fail(CLI_USAGE, "--if-match goes with --replace: a new policy has no entity tag");
	/* The options first: what is spelt wrong needs no controller to be told. */
	rc = members(&key, &body);
	str_fini(&body);
	if (rc == CLI_OK)
		rc = key_of_operands(&key);
	if (rc != CLI_OK)
		return rc;
	str_add(&body, "{\"sextant-policy:policy\":[{");
	rc = members(&key, &body);
	str_add(&body, "}]}");
	if (rc != CLI_OK)
		return rc;
	if (replace)
		cli_key_path(&path, &key);
	else
		str_add(&path, POLICIES);
	if (dry)
		str_add(&path, "?sextant.dry-run=true");
	rc = cli_call(replace ? "PUT" : "POST", str_text(&path), str_text(&body), &r);
	if (rc == CLI_OK)
		done(&r, dry ? "would be accepted:" : replace && r.status != 201 ? "replaced" : "created", &key);
	return rc;
}

/* ---- the rest ---- */

int cli_policy_delete(const struct cli_command *cmd)
{
	CLI_REPLY struct cli_reply r = { 0 };
	STR_AUTO struct str path = { 0 };
	struct cli_key key;
	int rc = cli_key_parse(cli_said.operands[0], &key);

	(void)cmd;
	if (rc != CLI_OK)
		return rc;
	cli_key_path(&path, &key);
	rc = cli_call("DELETE", str_text(&path), NULL, &r);
	if (rc == CLI_OK)
		done(&r, "deleted", &key);
	return rc;
}

int cli_policy_action(const struct cli_command *cmd)
{
	static const struct {
		const char *words, *rpc, *done;
	} rows[] = {
		{ "policy adopt", "adopt", "adopted" },
		{ "policy release", "release", "released" },
		{ "policy reoptimise", "reoptimise", "reoptimising" },
	};
	CLI_REPLY struct cli_reply r = { 0 };
	STR_AUTO struct str input = { 0 };
	struct cli_key key;
	int rc = cli_key_parse(cli_said.operands[0], &key);
	size_t i = 0;

	if (rc != CLI_OK)
		return rc;
	while (i + 1 < ARRAY_LEN(rows) && strcmp(rows[i].words, cmd->words) != 0)
		i++;
	str_addf(&input, "\"headend\":\"%s\",\"color\":%u,\"endpoint\":\"%s\"", key.headend, key.color,
		 key.endpoint);
	rc = cli_operate("sextant-policy", rows[i].rpc, str_text(&input), &r);
	if (rc == CLI_OK)
		done(&r, rows[i].done, &key);
	return rc;
}

static int hold_status(void)
{
	CLI_REPLY struct cli_reply r = { 0 };
	int rc = cli_get(POLICIES "?fields=hold", &r);

	if (rc != CLI_OK)
		return rc;
	if (cli_said.json)
		cli_print_json(&r);
	else
		(void)printf("hold is %s\n", cli_bool(r.json, "policies/hold") ? "on" : "off");
	return CLI_OK;
}

int cli_policy_hold(const struct cli_command *cmd)
{
	CLI_REPLY struct cli_reply r = { 0 };
	const char *what = cli_said.operands[0];
	bool on = strcmp(what, "on") == 0;
	int rc;

	(void)cmd;
	if (strcmp(what, "status") == 0)
		return hold_status();
	if (!on && strcmp(what, "off") != 0)
		return cli_fail(CLI_USAGE, "hold takes on, off or status, not '%s'", what);
	rc = cli_operate("sextant-policy", "hold", on ? "\"set\":true" : "\"set\":false", &r);
	if (rc == CLI_OK && cli_said.json)
		cli_print_json(&r);
	else if (rc == CLI_OK && !cli_said.quiet)
		(void)printf("hold is %s\n", on ? "on" : "off");
	return rc;
}
