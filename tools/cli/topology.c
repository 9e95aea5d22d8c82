/* SPDX-License-Identifier: Apache-2.0 */
/* sextant topology: what the controller knows of the network. */
#include <string.h>

#include "cli.h"

static int shown(struct cli_reply *r)
{
	cli_print_json(r);
	return CLI_OK;
}

int cli_topology_summary(const struct cli_command *cmd)
{
	static const struct cli_column fields[] = {
		{ "network", "network-id", NULL, false },
		{ "nodes", "network-attributes/nodes", NULL, false },
		{ "links", "network-attributes/links", NULL, false },
		{ "generation", "network-attributes/generation", NULL, false },
		{ "stale", "network-attributes/stale", cli_fmt_yes, false },
	};
	static const struct cli_column sources[] = {
		{ "SOURCE", "peer", NULL, false },
		{ "UP", "up", cli_fmt_yes, false },
		{ "COMPLETE", "end-of-rib", cli_fmt_yes, false },
		{ "OBJECTS", "objects", NULL, true },
		{ "DOWN FOR", "down-since", cli_fmt_time, true },
	};
	CLI_REPLY struct cli_reply r = { 0 };
	int rc = cli_get("/restconf/data/ietf-network:networks?fields=network"
			 "(network-id;sextant-topology:network-attributes)", &r);

	(void)cmd;
	if (rc != CLI_OK)
		return rc;
	if (cli_said.json)
		return shown(&r);
	if (cli_count(r.json, "networks/network") == 0)
		(void)puts("(none)");
	for (size_t i = 0; i < cli_count(r.json, "networks/network"); i++) {
		json_object *net = cli_nth(r.json, "networks/network", i);

		cli_record(net, fields, ARRAY_LEN(fields));
		(void)putchar('\n');
		cli_table(cli_at(net, "network-attributes/source"), sources, ARRAY_LEN(sources));
	}
	return CLI_OK;
}

/* The node itself: how many SIDs it told. */
static void fmt_sids(struct str *out, json_object *node)
{
	str_addf(out, "%zu", cli_count(node, "node-attributes/srv6/sid") +
				     cli_count(node, "node-attributes/sr-mpls/node-sid"));
}

static void fmt_locators(struct str *out, json_object *v)
{
	for (size_t i = 0; i < cli_count(v, ""); i++)
		str_addf(out, "%s%s", i ? " " : "", cli_text(cli_nth(v, "", i), "prefix", "?"));
}

/* Most SIDs a headend imposes: SRv6 H.Encaps, then the label stack. */
static void fmt_msd(struct str *out, json_object *v)
{
	const char *srv6 = cli_text(v, "srh-max-h-encaps", NULL), *mpls = cli_text(v, "base-mpls", NULL);

	if (srv6)
		str_add(out, srv6);
	if (mpls)
		str_addf(out, "%smpls:%s", srv6 ? " " : "", mpls);
}

static void fmt_node_flags(struct str *out, json_object *node)
{
	if (cli_bool(node, "node-attributes/overload"))
		str_add(out, "overload");
	if (cli_bool(node, "node-attributes/pseudonode"))
		str_addf(out, "%spseudonode", out->len ? " " : "");
}

int cli_topology_nodes(const struct cli_command *cmd)
{
	static const struct cli_column cols[] = {
		{ "NODE", "node-attributes/name", NULL, false },
		{ "ID", "node-id", NULL, false },
		{ "ROUTER-ID", "node-attributes/router-id", cli_fmt_list, false },
		{ "LOCATOR", "node-attributes/srv6/locator", fmt_locators, false },
		{ "SIDS", "", fmt_sids, true },
		{ "MSD", "node-attributes/msd", fmt_msd, false },
		{ "FLAGS", "", fmt_node_flags, false },
	};
	CLI_REPLY struct cli_reply r = { 0 };
	json_object *net;
	int rc = cli_network(&r, &net);

	(void)cmd;
	if (rc != CLI_OK)
		return rc;
	if (cli_said.json)
		return shown(&r);
	cli_table(cli_at(net, "node"), cols, ARRAY_LEN(cols));
	return CLI_OK;
}

/* Node id → name, as an object: the table of a large network must not be searched per link. */
static json_object *names_of(json_object *net)
{
	json_object *names = json_object_new_object();

	for (size_t i = 0; i < cli_count(net, "node"); i++) {
		json_object *n = cli_nth(net, "node", i);

		(void)json_object_object_add(names, cli_text(n, "node-id", ""),
			json_object_new_string(cli_text(n, "node-attributes/name", cli_text(n, "node-id", "?"))));
	}
	return names;
}

/* Link id → free bandwidth at the default setup priority, the least one. */
static json_object *free_of(json_object *book)
{
	json_object *free_bps = json_object_new_object();

	for (size_t i = 0; i < cli_count(book, "book/link"); i++) {
		json_object *l = cli_nth(book, "book/link", i);

		for (size_t k = 0; k < cli_count(l, "priority"); k++) {
			json_object *p = cli_nth(l, "priority", k), *v = cli_at(p, "free");

			if (cli_num(p, "priority", 0) == 7 && v)
				(void)json_object_object_add(free_bps, cli_text(l, "link-id", ""),
							     json_object_get(v));
		}
	}
	return free_bps;
}

static void put(json_object *row, const char *name, json_object *v)
{
	if (v)
		(void)json_object_object_add(row, name, json_object_get(v));
}

/* The rows of the table: what the network and the book say of each link, joined. */
static json_object *link_rows(json_object *net, json_object *book)
{
	AUTO(cli_json_put) json_object *names = names_of(net);
	AUTO(cli_json_put) json_object *free_bps = free_of(book);
	json_object *rows = json_object_new_array();

	for (size_t i = 0; i < cli_count(net, "link"); i++) {
		json_object *l = cli_nth(net, "link", i), *row = json_object_new_object();
		const char *from = cli_text(l, "source/source-node", "?");
		const char *to = cli_text(l, "destination/dest-node", "?");
		json_object *a = cli_at(l, "link-attributes");

		(void)json_object_object_add(row, "from", json_object_new_string(cli_text(
			json_object_object_get(names, from), "", from)));
		(void)json_object_object_add(row, "to", json_object_new_string(cli_text(
			json_object_object_get(names, to), "", to)));
		put(row, "a", a);
		put(row, "free", json_object_object_get(free_bps, cli_text(l, "link-id", "")));
		(void)json_object_object_add(row, "state", json_object_new_string(
			cli_bool(a, "half") ? "half" : "up"));
		(void)json_object_array_add(rows, row);
	}
	return rows;
}

int cli_topology_links(const struct cli_command *cmd)
{
	static const struct cli_column cols[] = {
		{ "FROM", "from", NULL, false },
		{ "TO", "to", NULL, false },
		{ "LOCAL", "a/local-address", cli_fmt_list, false },
		{ "IGP", "a/igp-metric", NULL, true },
		{ "TE", "a/te-metric", NULL, true },
		{ "DELAY", "a/delay", cli_fmt_delay, true },
		{ "CAPACITY", "a/capacity", cli_fmt_rate, true },
		{ "FREE", "free", cli_fmt_rate, true },
		{ "MEASURED", "a/measured/delay", cli_fmt_delay, true },
		{ "LOAD", "a/measured/load", cli_fmt_rate, true },
		{ "MTU", "a/mtu", NULL, true },
		{ "STATE", "state", NULL, false },
	};
	CLI_REPLY struct cli_reply r = { 0 };
	CLI_REPLY struct cli_reply book = { 0 };
	AUTO(cli_json_put) json_object *rows = NULL;
	json_object *net;
	int rc = cli_network(&r, &net);

	(void)cmd;
	if (rc == CLI_OK && cli_said.json)
		return shown(&r);
	if (rc == CLI_OK)
		rc = cli_get("/restconf/data/sextant-book:book", &book);
	if (rc != CLI_OK)
		return rc;
	rows = link_rows(net, book.json);
	cli_table(rows, cols, ARRAY_LEN(cols));
	return CLI_OK;
}
