/* SPDX-License-Identifier: Apache-2.0 */
/* sextant nrp: network resource partitions, and what has become of them on links and routers. */
#include <string.h>

#include "cli.h"

#define POLICIES "/restconf/data/ietf-network:networks/ietf-nrp:nrp-policies"

/* "3/4" of a list are in. */
static void fmt_in(struct str *out, json_object *list)
{
	size_t n = cli_count(list, ""), in = 0;

	for (size_t i = 0; i < n; i++)
		in += strcmp(cli_text(cli_nth(list, "", i), "status", ""), "in") == 0;
	str_addf(out, "%zu/%zu", in, n);
}

static void fmt_blocks(struct str *out, json_object *list)
{
	for (size_t i = 0; i < cli_count(list, ""); i++)
		str_addf(out, "%s%s", i ? " " : "", json_object_get_string(cli_nth(list, "", i)));
}

int cli_nrp_list(const struct cli_command *cmd)
{
	static const struct cli_column cols[] = {
		{ "NAME", "name", NULL, false },
		{ "NRP", "nrp-id", NULL, true },
		{ "STATE", "realised/status", NULL, false },
		{ "LINKS", "realised/link", fmt_in, true },
		{ "ROUTERS", "realised/node", fmt_in, true },
		{ "ALGORITHM", "realised/algorithm", NULL, true },
		{ "SIDS", "selector-id/ipv6/srv6-sid", fmt_blocks, false },
		{ "WHY", "realised/reason", NULL, false },
	};
	CLI_REPLY struct cli_reply r = { 0 };
	int rc = cli_get(POLICIES, &r);

	(void)cmd;
	if (rc == CLI_OK && cli_said.json)
		cli_print_json(&r);
	else if (rc == CLI_OK)
		cli_table(cli_at(r.json, "nrp-policies/nrp-policy"), cols, ARRAY_LEN(cols));
	return rc;
}

static const struct cli_column fields[] = {
	{ "name", "name", NULL, false },
	{ "NRP", "nrp-id", NULL, false },
	{ "state", "realised/status", NULL, false },
	{ "why", "realised/reason", NULL, false },
	{ "algorithm", "realised/algorithm", NULL, false },
	{ "alone", "realised/alone", NULL, false },
	{ "priority", "realised/queue-priority", NULL, false },
	{ "SIDs", "selector-id/ipv6/srv6-sid", fmt_blocks, false },
};

static const struct cli_column links[] = {
	{ "ROUTER", "device", NULL, false },
	{ "INTERFACE", "interface", NULL, false },
	{ "STATE", "status", NULL, false },
	{ "RATE", "rate", cli_fmt_rate, true },
	{ "ORDERED", "ordered", cli_fmt_rate, true },
	{ "INCIDENT", "growth/incident", NULL, true },
	{ "SINCE", "growth/since", cli_fmt_time, true },
	{ "CEILING", "ceiling", cli_fmt_rate, true },
	{ "CAPACITY", "capacity", cli_fmt_rate, true },
	{ "PRIORITY", "queue-priority", NULL, true },
	{ "PACKETS", "packets", NULL, true },
	{ "OCTETS", "octets", NULL, true },
	{ "DROPS", "drops", NULL, true },
	{ "BACKLOG", "backlog", NULL, true },
	{ "WHY", "reason", NULL, false },
};

static const struct cli_column nodes[] = {
	{ "ROUTER", "device", NULL, false },
	{ "LOCATOR", "locator", NULL, false },
	{ "ADJACENCIES", "adjacencies", NULL, true },
	{ "STATE", "status", NULL, false },
	{ "WHY", "reason", NULL, false },
};

int cli_nrp_show(const struct cli_command *cmd)
{
	CLI_REPLY struct cli_reply r = { 0 };
	STR_AUTO struct str path = { 0 };
	json_object *p;
	int rc;

	(void)cmd;
	str_add(&path, POLICIES "/nrp-policy=");
	cli_url_escape(&path, cli_said.operands[0]);
	rc = cli_get(str_text(&path), &r);
	if (rc != CLI_OK)
		return rc;
	if (cli_said.json) {
		cli_print_json(&r);
		return CLI_OK;
	}
	p = cli_nth(r.json, "nrp-policy", 0);
	cli_record(p, fields, ARRAY_LEN(fields));
	if (cli_count(p, "realised/link"))
		cli_table(cli_at(p, "realised/link"), links, ARRAY_LEN(links));
	if (cli_count(p, "realised/node"))
		cli_table(cli_at(p, "realised/node"), nodes, ARRAY_LEN(nodes));
	return CLI_OK;
}
