/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sextant topology export: what the controller knows of the network, in the format of tools/plan.
 * Members keep the names the models give them; a node and a link become one flat object each.
 */
#include <string.h>

#include "cli.h"

/* A metric no router can have said (RFC 5305: 24 bits) takes a link out of every path: so does
 * none. */
enum { METRIC_MAX = 0xffffff };

static const char *bare(const char *name)
{
	const char *colon = strchr(name, ':');

	return colon ? colon + 1 : name;
}

static void copy(json_object *to, const char *name, json_object *v)
{
	if (v)
		(void)json_object_object_add(to, name, json_object_get(v));
}

static void copy_members(json_object *to, json_object *from)
{
	struct json_object_iterator i, end;

	if (!json_object_is_type(from, json_type_object))
		return;
	end = json_object_iter_end(from);
	for (i = json_object_iter_begin(from); !json_object_iter_equal(&i, &end); json_object_iter_next(&i)) {
		const char *name = bare(json_object_iter_peek_name(&i));
		json_object *v = json_object_iter_peek_value(&i);

		if (strcmp(name, "igp-metric") != 0 || json_object_get_uint64(v) <= METRIC_MAX)
			copy(to, name, v);
	}
}

static json_object *nodes(json_object *net)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < cli_count(net, "node"); i++) {
		json_object *n = cli_nth(net, "node", i), *o = json_object_new_object();

		copy(o, "node-id", cli_at(n, "node-id"));
		copy_members(o, cli_at(n, "node-attributes"));
		(void)json_object_array_add(list, o);
	}
	return list;
}

static json_object *links(json_object *net)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < cli_count(net, "link"); i++) {
		json_object *l = cli_nth(net, "link", i), *o = json_object_new_object();

		copy(o, "link-id", cli_at(l, "link-id"));
		copy(o, "source-node", cli_at(l, "source/source-node"));
		copy(o, "dest-node", cli_at(l, "destination/dest-node"));
		copy_members(o, cli_at(l, "link-attributes"));
		(void)json_object_array_add(list, o);
	}
	return list;
}

/* A line a node and a link: a file to be read and compared. */
static void print_list(const char *name, json_object *list, const char *after)
{
	(void)printf("\"%s\": [", name);
	for (size_t i = 0; i < json_object_array_length(list); i++)
		(void)printf("%s\n%s", i ? "," : "",
			     json_object_to_json_string_ext(json_object_array_get_idx(list, i),
							    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	(void)printf("\n]%s\n", after);
}

int cli_topology_export(const struct cli_command *cmd)
{
	CLI_REPLY struct cli_reply r = { 0 };
	AUTO(cli_json_put) json_object *n = NULL;
	AUTO(cli_json_put) json_object *l = NULL;
	json_object *net;
	int rc = cli_network(&r, &net);

	(void)cmd;
	if (rc != CLI_OK)
		return rc;
	n = nodes(net);
	l = links(net);
	(void)printf("{ \"format\": \"sextant-topology\", \"version\": 1,\n\"generation\": \"%s\", \"stale\": %s,\n",
		     cli_text(net, "network-attributes/generation", "0"),
		     cli_bool(net, "network-attributes/stale") ? "true" : "false");
	print_list("nodes", n, ",");
	print_list("links", l, " }");
	return CLI_OK;
}
