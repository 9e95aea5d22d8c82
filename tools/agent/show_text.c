/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON of an agent as tables for people: what goes into which column is a table too. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "tools/agent/show.h"

enum { COLUMNS_MAX = 12 };

struct table {
	const char *list, *title;
	struct {
		const char *key, *head;
		int width; /* 0: the last, as wide as it is */
	} cols[COLUMNS_MAX];
};

static const struct table tables[] = {
	{ "sessions", "Controllers",
	  { { "controller", "controller", 26 }, { "port", "port", 6 }, { "state", "state", 12 },
	    { "security", "security", 9 }, { "lsps", "lsps", 6 }, { "losses", "losses", 7 },
	    { "detail", "detail", 24 }, { "last-error", "last error", 0 } } },
	{ "policies", "Policies",
	  { { "color", "color", 10 }, { "endpoint", "endpoint", 26 }, { "candidates", "cands", 6 },
	    { "steered", "steered", 8 },
	    { "routes", "routes", 7 }, { "state", "state", 11 }, { "active", "active", 0 } } },
	{ "lsps", "LSPs",
	  { { "plsp-id", "id", 8 }, { "name", "name", 22 }, { "color", "color", 8 },
	    { "preference", "pref", 6 }, { "state", "state", 11 }, { "active", "best", 6 }, { "alive", "alive", 8 },
	    { "lists-in-use", "lists", 6 }, { "delegated-to", "delegated to", 22 }, { "segments", "segments", 44 },
	    { "reason", "reason", 0 } } },
	{ "lists", "Lists of LSPs that have several",
	  { { "lsp", "LSP", 22 }, { "list", "list", 5 }, { "weight", "weight", 11 }, { "in-use", "in use", 7 },
	    { "alive", "alive", 8 }, { "segments", "segments", 0 } } },
	{ "steering", "Steering",
	  { { "prefix", "prefix", 24 }, { "color", "color", 8 }, { "endpoint", "endpoint", 22 },
	    { "via", "via", 20 }, { "state", "state", 9 }, { "route", "route", 44 },
	    { "reason", "reason", 0 } } },
	{ "sids", "SIDs",
	  { { "sid", "sid", 30 }, { "owner", "owner", 9 }, { "behavior", "behavior", 16 },
	    { "state", "state", 8 }, { "packets", "packets", 12 }, { "bytes", "bytes", 14 },
	    { "action", "action", 0 } } },
	{ "counted", "Counted prefixes",
	  { { "prefix", "prefix", 30 }, { "arrived", "packets", 12 },
	    { "arrived-bytes", "bytes", 0 } } },
	{ "marked-flows", "Marked flows",
	  { { "flow", "flow", 9 }, { "source", "source", 26 }, { "point", "point", 6 },
	    { "interface", "interface", 12 },
	    { "period", "period", 12 }, { "packets", "packets", 0 } } },
	{ "stamp-sessions", "STAMP sessions",
	  { { "name", "name", 18 }, { "reflector", "reflector", 22 }, { "state", "state", 10 },
	    { "window-sent", "sent", 6 }, { "window-lost", "lost", 6 },
	    { "rtt-min-us", "rtt min", 9 }, { "rtt-p50-us", "p50 us", 9 },
	    { "rtt-p99-us", "p99 us", 9 }, { "rtt-max-us", "max us", 9 },
	    { "forward-p50-us", "there p50", 10 }, { "backward-p50-us", "back p50", 10 },
	    { "reason", "reason", 0 } } },
	{ "queues", "Queues",
	  { { "link", "link", 16 }, { "nrp", "nrp", 12 }, { "rate-bps", "rate bit/s", 12 },
	    { "ceil-bps", "ceil bit/s", 12 }, { "packets", "packets", 12 }, { "drops", "drops", 10 },
	    { "backlog", "backlog", 9 }, { "state", "state", 8 }, { "reason", "reason", 0 } } },
	{ "locators", "Locators and their SIDs",
	  { { "sid", "SID", 26 }, { "block-length", "block", 6 }, { "interface", "interface", 16 },
	    { "next-hop", "next hop", 22 }, { "packets", "packets", 12 }, { "state", "state", 8 },
	    { "reason", "reason", 0 } } },
	{ "tables", "Tables",
	  { { "table", "table", 11 }, { "name", "name", 16 }, { "sids", "SIDs", 40 },
	    { "interfaces", "interfaces", 24 }, { "routes", "routes", 7 },
	    { "packets", "packets", 12 }, { "state", "state", 8 }, { "reason", "reason", 0 } } },
	{ "table-routes", "Routes of tables",
	  { { "table", "table", 11 }, { "prefix", "prefix", 26 }, { "next-hop", "next hop", 22 },
	    { "interface", "interface", 16 }, { "policy", "policy", 26 },
	    { "segments", "segments", 44 }, { "state", "state", 8 }, { "reason", "reason", 0 } } },
	{ "classifiers", "Classifiers",
	  { { "id", "id", 6 }, { "name", "name", 20 }, { "interface", "interface", 16 },
	    { "dscp", "dscp", 5 }, { "destination", "destination", 26 }, { "table", "table", 11 },
	    { "packets", "packets", 12 }, { "state", "state", 8 }, { "reason", "reason", 0 } } },
	{ "guards", "Guards: what they dropped",
	  { { "guard", "guard", 14 }, { "name", "name", 20 }, { "interface", "interface", 16 },
	    { "rate-bps", "rate bit/s", 12 }, { "packets", "packets", 12 },
	    { "state", "state", 8 }, { "reason", "reason", 0 } } },
};

static void cell(const char *text, int width)
{
	if (width == 0)
		(void)printf("%s", text);
	else
		(void)printf("%-*s ", width - 1, text);
}

/* A list becomes its members with blanks between. */
static void list_text(struct json_object *v, char *buf, size_t cap)
{
	size_t n = json_object_array_length(v), at = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < n && at < cap; i++) {
		int k = snprintf(buf + at, cap - at, "%s%s", i ? " " : "",
				 json_object_get_string(json_object_array_get_idx(v, i)));

		at += k > 0 ? (size_t)k : 0;
	}
}

static void row(const struct table *t, struct json_object *o)
{
	char buf[1024];

	for (size_t i = 0; i < COLUMNS_MAX && t->cols[i].key; i++) {
		struct json_object *v = NULL;
		const char *text = "-";

		if (json_object_object_get_ex(o, t->cols[i].key, &v) && v) {
			text = json_object_get_string(v);
			if (json_object_is_type(v, json_type_array)) {
				list_text(v, buf, sizeof(buf));
				text = buf;
			}
		}
		cell(text[0] ? text : "-", t->cols[i].width);
	}
	(void)putchar('\n');
}

static void print_table(const struct table *t, struct json_object *root)
{
	struct json_object *list;
	size_t n;

	if (!json_object_object_get_ex(root, t->list, &list) ||
	    !json_object_is_type(list, json_type_array))
		return;
	n = json_object_array_length(list);
	(void)printf("\n%s: %zu\n", t->title, n);
	if (n == 0)
		return;
	for (size_t i = 0; i < COLUMNS_MAX && t->cols[i].key; i++)
		cell(t->cols[i].head, t->cols[i].width);
	(void)putchar('\n');
	for (size_t i = 0; i < n; i++)
		row(t, json_object_array_get_idx(list, i));
}

static const char *member(struct json_object *o, const char *name)
{
	struct json_object *v;

	return json_object_object_get_ex(o, name, &v) ? json_object_get_string(v) : "-";
}

int agent_show_print(const char *json)
{
	struct json_object *root = json_tokener_parse(json), *k;

	if (!json_object_is_type(root, json_type_object)) {
		json_object_put(root);
		return -EINVAL;
	}
	(void)printf("node %s, router-id %s\n", member(root, "node"), member(root, "router-id"));
	if (json_object_object_get_ex(root, "kernel", &k))
		(void)printf("kernel: %s routes wanted, %s in, %s pending, %s failed, "
			     "%s left over; outer source %s\n",
			     member(k, "wanted"), member(k, "in"), member(k, "pending"),
			     member(k, "failed"), member(k, "leftover"), member(k, "outer-source"));
	if (json_object_object_get_ex(root, "slices", &k))
		(void)printf("slices: %s objects wanted, %s in, %s failed, %s repaired; "
			     "%s changes\n",
			     member(k, "wanted"), member(k, "in"), member(k, "failed"),
			     member(k, "repaired"), member(k, "generation"));
	if (json_object_object_get_ex(root, "forwarding", &k))
		(void)printf("forwarding: %s of %s tables known, %s of them too long to tell; %s routes, %s SIDs\n",
			     member(k, "known"), member(k, "tables"), member(k, "truncated"), member(k, "routes"),
			     member(k, "sids"));
	if (json_object_object_get_ex(root, "gnmi", &k))
		(void)printf("gNMI: port %s, %s calls, %s subscriptions; %s gets, %s sets, "
			     "%s refused\n",
			     member(k, "port"), member(k, "calls"), member(k, "subscriptions"),
			     member(k, "gets"), member(k, "sets"), member(k, "refused"));
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		print_table(&tables[i], root);
	json_object_put(root);
	return 0;
}
