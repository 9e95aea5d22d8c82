/* SPDX-License-Identifier: Apache-2.0 */
/* sextant vpn: private lines and VPNs ordered in the L3VPN network model (RFC 9182). */
#include <string.h>

#include "cli.h"

static void fmt_identity(struct str *out, json_object *v)
{
	const char *text = json_object_get_string(v), *colon = text ? strchr(text, ':') : NULL;

	str_add(out, colon ? colon + 1 : text ? text : "");
}

static void fmt_nodes(struct str *out, json_object *nodes)
{
	for (size_t i = 0; i < cli_count(nodes, ""); i++)
		str_addf(out, "%s%s", i ? "," : "", cli_text(cli_nth(nodes, "", i), "ne-id", "?"));
}

int cli_vpn_list(const struct cli_command *cmd)
{
	static const struct cli_column cols[] = {
		{ "VPN", "vpn-id", NULL, false },
		{ "STATE", "compliance-state/life-cycle", NULL, false },
		{ "PROMISE", "compliance-state/state", NULL, false },
		{ "SINCE", "compliance-state/since", cli_fmt_time, true },
		{ "CUSTOMER", "customer-name", NULL, false },
		{ "SLICE", "underlay-transport/transport-instance-id", NULL, false },
		{ "ROUTERS", "vpn-nodes/vpn-node", fmt_nodes, false },
		{ "WHY", "compliance-state/cause", NULL, false },
	};
	CLI_REPLY struct cli_reply r = { 0 };
	int rc = cli_get(CLI_VPNS, &r);

	(void)cmd;
	if (rc == CLI_OK && cli_said.json)
		cli_print_json(&r);
	else if (rc == CLI_OK)
		cli_table(cli_at(r.json, "vpn-services/vpn-service"), cols, ARRAY_LEN(cols));
	return rc;
}

/* ---- one ---- */

static void fmt_lans(struct str *out, json_object *protocols)
{
	const char *sep = "";

	for (size_t i = 0; i < cli_count(protocols, ""); i++) {
		json_object *p = cli_nth(protocols, "", i);
		const char *lans = "static/cascaded-lan-prefixes/ipv6-lan-prefixes";

		for (size_t k = 0; k < cli_count(p, lans); k++, sep = ",")
			str_addf(out, "%s%s", sep, cli_text(cli_nth(p, lans, k), "lan", "?"));
	}
}

static const struct cli_column fields[] = {
	{ "vpn", "vpn-id", NULL, false },
	{ "name", "vpn-name", NULL, false },
	{ "description", "vpn-description", NULL, false },
	{ "customer", "customer-name", NULL, false },
	{ "state", "compliance-state/life-cycle", NULL, false },
	{ "why", "compliance-state/cause", NULL, false },
	{ "since", "compliance-state/since", cli_fmt_time, false },
	{ "promise", "compliance-state/state", NULL, false },
	{ "admin status", "status/admin-status/status", fmt_identity, false },
	{ "oper status", "status/oper-status/status", fmt_identity, false },
	{ "topology", "vpn-service-topology", fmt_identity, false },
	{ "slice", "underlay-transport/transport-instance-id", NULL, false },
};

static const struct cli_column accesses[] = {
	{ "NODE", "node", NULL, false },
	{ "ROUTER", "router", NULL, false },
	{ "ACCESS", "id", NULL, false },
	{ "INTERFACE", "interface-id", NULL, false },
	{ "ADDRESS", "ip-connection/ipv6/local-address", NULL, false },
	{ "IN", "service/ce-to-pe-bandwidth", cli_fmt_rate, true },
	{ "OUT", "service/pe-to-ce-bandwidth", cli_fmt_rate, true },
	{ "BEHIND IT", "routing-protocols/routing-protocol", fmt_lans, false },
};

static void show_accesses(json_object *vpn)
{
	AUTO(cli_json_put) json_object *rows = json_object_new_array();
	const char *list = "vpn-network-accesses/vpn-network-access";

	for (size_t i = 0; i < cli_count(vpn, "vpn-nodes/vpn-node"); i++) {
		json_object *node = cli_nth(vpn, "vpn-nodes/vpn-node", i);

		for (size_t k = 0; k < cli_count(node, list); k++) {
			json_object *a = cli_nth(node, list, k);

			json_object_object_add(a, "node", json_object_new_string(cli_text(node, "vpn-node-id", "?")));
			json_object_object_add(a, "router", json_object_new_string(cli_text(node, "ne-id", "?")));
			(void)json_object_array_add(rows, json_object_get(a));
		}
	}
	if (json_object_array_length(rows))
		cli_table(rows, accesses, ARRAY_LEN(accesses));
}

static void path_of(struct str *path)
{
	str_add(path, CLI_VPNS "/vpn-service=");
	cli_url_escape(path, cli_said.operands[0]);
}

int cli_vpn_show(const struct cli_command *cmd)
{
	CLI_REPLY struct cli_reply r = { 0 };
	STR_AUTO struct str path = { 0 };
	int rc;

	(void)cmd;
	path_of(&path);
	rc = cli_get(str_text(&path), &r);
	if (rc != CLI_OK)
		return rc;
	if (cli_said.json) {
		cli_print_json(&r);
		return CLI_OK;
	}
	cli_record(cli_nth(r.json, "vpn-service", 0), fields, ARRAY_LEN(fields));
	show_accesses(cli_nth(r.json, "vpn-service", 0));
	return CLI_OK;
}

int cli_vpn_delete(const struct cli_command *cmd)
{
	CLI_REPLY struct cli_reply r = { 0 };
	STR_AUTO struct str path = { 0 };
	int rc;

	(void)cmd;
	path_of(&path);
	rc = cli_call("DELETE", str_text(&path), NULL, &r);
	if (rc == CLI_OK && !cli_said.quiet && !cli_said.json)
		(void)printf("deleted %s\n", cli_said.operands[0]);
	return rc;
}
