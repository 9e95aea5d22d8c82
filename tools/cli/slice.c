/* SPDX-License-Identifier: Apache-2.0 */
/* sextant slice: orders as files of the standard model, and what has become of them. */
#include <string.h>

#include "cli.h"

#define NSS "/restconf/data/ietf-network-slice-service:network-slice-services"
#define NETWORKS "/restconf/data/ietf-network:networks"

enum { ORDER_MAX = 16 * 1024 * 1024 };

int cli_slice_list(const struct cli_command *cmd)
{
	static const struct cli_column cols[] = {
		{ "SLICE", "id", NULL, false },
		{ "STATE", "compliance-state/life-cycle", NULL, false },
		{ "PROMISE", "compliance-state/state", NULL, false },
		{ "SINCE", "compliance-state/since", cli_fmt_time, true },
		{ "TEMPLATE", "slo-sle-template", NULL, false },
		{ "NRP", "realisation/nrp-id", NULL, true },
		{ "PARENT", "realisation/parent-slice", NULL, false },
		{ "WHY", "compliance-state/cause", NULL, false },
	};
	CLI_REPLY struct cli_reply r = { 0 };
	int rc = cli_get(NSS, &r);

	(void)cmd;
	if (rc == CLI_OK && cli_said.json)
		cli_print_json(&r);
	else if (rc == CLI_OK)
		cli_table(cli_at(r.json, "network-slice-services/slice-service"), cols, ARRAY_LEN(cols));
	return rc;
}

/* ---- one ---- */

static void fmt_identity(struct str *out, json_object *v)
{
	const char *text = json_object_get_string(v), *colon = text ? strchr(text, ':') : NULL;

	str_add(out, colon ? colon + 1 : text ? text : "");
}

static void fmt_sids(struct str *out, json_object *hops)
{
	/* routers that were measured follow the SIDs */
	for (size_t i = 0; i < cli_count(hops, "") && cli_at(cli_nth(hops, "", i), "sid"); i++)
		str_addf(out, "%s%s", i ? "," : "", cli_text(cli_nth(hops, "", i), "sid", ""));
}

static void fmt_standby(struct str *out, json_object *s)
{
	str_add(out, cli_bool(s, "up") ? "up " : "down ");
	fmt_sids(out, cli_at(s, "hop"));
}

static const struct cli_column fields[] = {
	{ "slice", "id", NULL, false },
	{ "description", "description", NULL, false },
	{ "state", "compliance-state/life-cycle", NULL, false },
	{ "why", "compliance-state/cause", NULL, false },
	{ "step", "compliance-state/step", NULL, false },
	{ "since", "compliance-state/since", cli_fmt_time, false },
	{ "promise", "compliance-state/state", NULL, false },
	{ "availability promised", "compliance-state/availability-promise", NULL, false },
	{ "availability", "compliance-state/availability-reason", NULL, false },
	{ "admin status", "status/admin-status/status", fmt_identity, false },
	{ "oper status", "status/oper-status/status", fmt_identity, false },
	{ "template", "slo-sle-template", NULL, false },
	{ "NRP", "realisation/nrp-id", NULL, false },
	{ "sharing", "realisation/sharing", NULL, false },
	{ "parent", "realisation/parent-slice", NULL, false },
	{ "begins", "realisation/begins", NULL, false },
	{ "ends", "realisation/ends", NULL, false },
};

static const struct cli_column flows[] = {
	{ "GROUP", "group", NULL, false },
	{ "CONSTRUCT", "id", NULL, false },
	{ "STATUS", "status/oper-status/status", fmt_identity, false },
	{ "HEADEND", "realised/headend", NULL, false },
	{ "COLOR", "realised/color", NULL, true },
	{ "ENDPOINT", "realised/endpoint", NULL, false },
	{ "BANDWIDTH", "realised/reserved-bandwidth", cli_fmt_rate, true },
	{ "DELAY", "realised/computed-delay", cli_fmt_delay, true },
	{ "STANDBY", "realised/standby", fmt_standby, false },
	{ "SIDS", "realised/hop", fmt_sids, false },
	{ "WHY", "realised/last-failure", NULL, false },
};

static const struct cli_column devices[] = {
	{ "DEVICE", "name", NULL, false },	 { "PART", "part", NULL, false },
	{ "STATE", "state", NULL, false },	 { "WANTED", "wanted", NULL, true },
	{ "PRESENT", "present", NULL, true },	 { "WHY", "reason", NULL, false },
};

static void show_devices(json_object *slice)
{
	if (cli_count(slice, "compliance-state/device"))
		cli_table(cli_at(slice, "compliance-state/device"), devices, ARRAY_LEN(devices));
}

static void show_constructs(json_object *slice)
{
	AUTO(cli_json_put) json_object *rows = json_object_new_array();

	for (size_t i = 0; i < cli_count(slice, "connection-groups/connection-group"); i++) {
		json_object *g = cli_nth(slice, "connection-groups/connection-group", i);

		for (size_t k = 0; k < cli_count(g, "connectivity-construct"); k++) {
			json_object *c = cli_nth(g, "connectivity-construct", k);

			json_object_object_add(c, "group",
					       json_object_new_string(cli_text(g, "id", "?")));
			(void)json_object_array_add(rows, json_object_get(c));
		}
	}
	if (json_object_array_length(rows))
		cli_table(rows, flows, ARRAY_LEN(flows));
}

int cli_slice_show(const struct cli_command *cmd)
{
	CLI_REPLY struct cli_reply r = { 0 };
	STR_AUTO struct str path = { 0 };
	json_object *s;
	int rc;

	(void)cmd;
	str_add(&path, NSS "/slice-service=");
	cli_url_escape(&path, cli_said.operands[0]);
	rc = cli_get(str_text(&path), &r);
	if (rc != CLI_OK)
		return rc;
	if (cli_said.json) {
		cli_print_json(&r);
		return CLI_OK;
	}
	s = cli_nth(r.json, "slice-service", 0);
	cli_record(s, fields, ARRAY_LEN(fields));
	show_constructs(s);
	show_devices(s);
	return CLI_OK;
}

int cli_slice_delete(const struct cli_command *cmd)
{
	CLI_REPLY struct cli_reply r = { 0 };
	STR_AUTO struct str path = { 0 };
	int rc;

	(void)cmd;
	str_add(&path, NSS "/slice-service=");
	cli_url_escape(&path, cli_said.operands[0]);
	rc = cli_call("DELETE", str_text(&path), NULL, &r);
	if (rc == CLI_OK && !cli_said.quiet && !cli_said.json)
		(void)printf("deleted %s\n", cli_said.operands[0]);
	return rc;
}

int cli_slice_audit(const struct cli_command *cmd)
{
	CLI_REPLY struct cli_reply r = { 0 };
	int rc = cli_operate("sextant-slice", "audit", "", &r);

	(void)cmd;
	if (rc != CLI_OK)
		return rc;
	if (cli_said.json) {
		cli_print_json(&r);
	} else {
		for (size_t i = 0; i < cli_count(r.json, "output/finding"); i++) {
			STR_AUTO struct str line = { 0 };

			str_add(&line, json_object_get_string(cli_nth(r.json, "output/finding", i)));
			if (line.s)
				cli_clean(line.s);
			(void)puts(str_text(&line));
		}
		if (cli_bool(r.json, "output/clean") && !cli_said.quiet)
			(void)puts("clean");
	}
	return cli_bool(r.json, "output/clean") ? CLI_OK : CLI_REFUSED;
}

/* ---- who is reached ---- */

static void fmt_leads_to(struct str *out, json_object *l)
{
	const char *slice = cli_text(l, "slice", NULL), *interface = cli_text(l, "interface", NULL);

	if (slice)
		str_addf(out, "slice %s SDP %s", slice, cli_text(l, "sdp", "?"));
	else
		str_add(out, interface ? interface : "the router's own tables");
	str_addf(out, " by %s table %s", cli_text(l, "device", "?"), cli_text(l, "table", "?"));
	if (cli_at(l, "sid"))
		str_addf(out, " SID %s", cli_text(l, "sid", ""));
}

static const struct cli_column reached[] = {
	{ "SDP", "from", NULL, false },		  { "GROUP", "group", NULL, false },
	{ "ROUTER", "device", NULL, false },	  { "TABLE", "table", NULL, true },
	{ "PREFIX", "prefix", NULL, false },	  { "TO", "sdp", NULL, false },
	{ "STATE", "state", NULL, false },	  { "ALARM", "alarm", NULL, false },
	{ "LEADS TO", "leads-to", fmt_leads_to, false }, { "WHY", "reason", NULL, false },
};

/* A row for each destination; one for a source that has none. */
static void show_reached(json_object *output)
{
	static const char *const of_source[] = { "group", "device", "table", "reason" };
	AUTO(cli_json_put) json_object *rows = json_object_new_array();

	for (size_t i = 0; i < cli_count(output, "source"); i++) {
		json_object *s = cli_nth(output, "source", i);
		size_t n = cli_count(s, "destination");

		for (size_t k = 0; k < (n ? n : 1); k++) {
			json_object *d = n ? json_object_get(cli_nth(s, "destination", k)) : json_object_new_object();

			json_object_object_add(d, "from", json_object_get(cli_at(s, "sdp")));
			for (size_t j = 0; j < ARRAY_LEN(of_source); j++) {
				if (cli_at(s, of_source[j]))
					json_object_object_add(d, of_source[j],
							       json_object_get(cli_at(s, of_source[j])));
			}
			(void)json_object_array_add(rows, d);
		}
	}
	if (json_object_array_length(rows))
		cli_table(rows, reached, ARRAY_LEN(reached));
}

int cli_slice_reach(const struct cli_command *cmd)
{
	CLI_REPLY struct cli_reply r = { 0 };
	STR_AUTO struct str input = { 0 };
	const char *state;
	int rc;

	(void)cmd;
	str_add(&input, "\"slice\":");
	str_json(&input, cli_said.operands[0]);
	rc = cli_operate("sextant-slice", "reachability", str_text(&input), &r);
	if (rc != CLI_OK)
		return rc;
	state = cli_text(r.json, "output/state", "unsure");
	if (cli_said.json) {
		cli_print_json(&r);
	} else {
		if (!cli_said.quiet)
			(void)printf("%.16s, as of %.40s\n", state, cli_text(r.json, "output/looked-at", "never"));
		show_reached(cli_at(r.json, "output"));
		if (cli_bool(r.json, "output/truncated"))
			(void)puts("there is more");
	}
	return strcmp(state, "leak") == 0 || strcmp(state, "missing") == 0 ? CLI_REFUSED : CLI_OK;
}

/* ---- orders ---- */

/* What the file holds says where it goes: all of it at once, or one slice or VPN in whole. */
static int aim(json_object *order, const char **method, struct str *path)
{
	json_object *one = cli_nth(order, "slice-service", 0), *vpn = cli_nth(order, "vpn-service", 0);

	if (cli_at(order, "network-slice-services")) {
		*method = "PATCH";
		str_add(path, NSS);
	} else if (cli_at(order, "networks")) {
		*method = "PATCH";
		str_add(path, NETWORKS);
	} else if (one && cli_count(order, "slice-service") == 1 && cli_text(one, "id", NULL)) {
		*method = "PUT";
		str_add(path, NSS "/slice-service=");
		cli_url_escape(path, cli_text(one, "id", ""));
	} else if (vpn && cli_count(order, "vpn-service") == 1 && cli_text(vpn, "vpn-id", NULL)) {
		*method = "PUT";
		str_add(path, CLI_VPNS "/vpn-service=");
		cli_url_escape(path, cli_text(vpn, "vpn-id", ""));
	} else {
		return cli_fail(CLI_USAGE, "the file holds neither network-slice-services nor networks nor "
				"one slice-service with its id nor one vpn-service with its vpn-id");
	}
	return CLI_OK;
}

static bool is_short(const struct cli_reply *r)
{
	json_object *e = cli_nth(r->json, "errors/error", 0);

	return e && strncmp(cli_text(e, "error-app-tag", ""), "sextant:admission", 17) == 0;
}

/* apply and check, of slices and VPNs. */
int cli_slice_order(const struct cli_command *cmd)
{
	bool check = strstr(cmd->words, " check") != NULL;
	CLI_REPLY struct cli_reply r = { 0 };
	STR_AUTO struct str body = { .limit = ORDER_MAX };
	STR_AUTO struct str path = { 0 };
	AUTO(cli_json_put) json_object *order = NULL;
	const char *method = NULL;
	int rc = cli_read_file("order", cli_said.operands[0], &body);

	if (rc != CLI_OK)
		return rc;
	order = json_tokener_parse(str_text(&body));
	if (!json_object_is_type(order, json_type_object))
		return cli_fail(CLI_USAGE, "%s is no JSON object", cli_said.operands[0]);
	rc = aim(order, &method, &path);
	if (rc != CLI_OK)
		return rc;
	if (check)
		str_add(&path, "?sextant.dry-run=true");
	rc = cli_call(method, str_text(&path), str_text(&body), &r);
	if (rc != CLI_OK)
		return is_short(&r) ? CLI_INFEASIBLE : rc;
	if (cli_said.json)
		cli_print_json(&r);
	else if (!cli_said.quiet)
		(void)puts(check || r.status == 200 ? "feasible" : "accepted");
	return CLI_OK;
}
