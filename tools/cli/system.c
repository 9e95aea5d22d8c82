/* SPDX-License-Identifier: Apache-2.0 */
/* The controller itself: sessions, headends, the book, audit, alarms, backup, version. */
#include <string.h>

#include "cli.h"

#define SYSTEM "/restconf/data/sextant-system:system"

/* GET, then JSON as it is or the rows at `where` as a table. */
static int table_of(const char *path, const char *where, const struct cli_column *cols, size_t n)
{
	CLI_REPLY struct cli_reply r = { 0 };
	int rc = cli_get(path, &r);

	if (rc != CLI_OK)
		return rc;
	if (cli_said.json)
		cli_print_json(&r);
	else
		cli_table(cli_at(r.json, where), cols, n);
	return CLI_OK;
}

int cli_session_list(const struct cli_command *cmd)
{
	static const struct cli_column cols[] = {
		{ "PROTOCOL", "protocol", NULL, false },
		{ "PEER", "peer", NULL, false },
		{ "STATE", "state", NULL, false },
		{ "UP FOR", "up-since", cli_fmt_time, true },
		{ "SECURITY", "security", NULL, false },
		{ "RX", "rx-messages", NULL, true },
		{ "TX", "tx-messages", NULL, true },
		{ "OBJECTS", "objects", NULL, true },
		{ "FLAPS", "flaps", NULL, true },
		{ "LAST ERROR", "last-error", NULL, false },
	};

	(void)cmd;
	return table_of(SYSTEM "/sessions", "sessions/session", cols, ARRAY_LEN(cols));
}

/* Devices are sessions of gNMI; their detail begins with the name. */
int cli_device_list(const struct cli_command *cmd)
{
	static const struct cli_column cols[] = {
		{ "ADDRESS", "peer", NULL, false },
		{ "STATE", "state", NULL, false },
		{ "UP FOR", "up-since", cli_fmt_time, true },
		{ "SET", "objects", NULL, true },
		{ "FLAPS", "flaps", NULL, true },
		{ "DEVICE", "detail", NULL, false },
		{ "LAST ERROR", "last-error", NULL, false },
	};
	CLI_REPLY struct cli_reply r = { 0 };
	json_object *rows;
	int rc = cli_get(SYSTEM "/sessions", &r);

	(void)cmd;
	if (rc != CLI_OK)
		return rc;
	rows = cli_at(r.json, "sessions/session");
	for (size_t i = cli_count(r.json, "sessions/session"); i-- > 0;)
		if (strcmp(cli_text(json_object_array_get_idx(rows, i), "protocol", ""), "gnmi") != 0)
			(void)json_object_array_del_idx(rows, i, 1);
	if (cli_said.json)
		cli_print_json(&r);
	else
		cli_table(rows, cols, ARRAY_LEN(cols));
	return CLI_OK;
}

/* The protocol of the one session with that peer, unless --protocol says it. */
static int protocol_of(const char *peer, char *out, size_t cap)
{
	CLI_REPLY struct cli_reply r = { 0 };
	const char *said = cli_opt("protocol", 0);
	size_t found = 0;
	int rc;

	if (said) {
		(void)str_copy(out, cap, said);
		return CLI_OK;
	}
	rc = cli_get(SYSTEM "/sessions", &r);
	if (rc != CLI_OK)
		return rc;
	for (size_t i = 0; i < cli_count(r.json, "sessions/session"); i++) {
		json_object *s = cli_nth(r.json, "sessions/session", i);

		if (strcmp(cli_text(s, "peer", ""), peer) == 0 && found++ == 0)
			(void)str_copy(out, cap, cli_text(s, "protocol", ""));
	}
	if (found == 0)
		return cli_fail(CLI_REFUSED, "no session with %s; 'sextant session list' shows them", peer);
	if (found > 1)
		return cli_fail(CLI_USAGE, "%zu sessions with %s; --protocol bgp, pcep or gnmi says which",
				found, peer);
	return CLI_OK;
}

int cli_session_clear(const struct cli_command *cmd)
{
	CLI_REPLY struct cli_reply r = { 0 };
	STR_AUTO struct str input = { 0 };
	struct ip_addr a;
	char peer[IP_TEXT_MAX], protocol[32] = "";
	int rc;

	(void)cmd;
	if (ip_parse(cli_said.operands[0], &a) < 0)
		return cli_fail(CLI_USAGE, "'%s' is not an address; 'sextant session list' shows the peers",
				cli_said.operands[0]);
	rc = protocol_of(ip_text(&a, peer, sizeof(peer)), protocol, sizeof(protocol));
	if (rc != CLI_OK)
		return rc;
	str_add(&input, "\"protocol\":");
	str_json(&input, protocol);
	str_addf(&input, ",\"peer\":\"%s\"", peer);
	rc = cli_operate("sextant-system", "session-clear", str_text(&input), &r);
	if (rc == CLI_OK && cli_said.json)
		cli_print_json(&r);
	else if (rc == CLI_OK && !cli_said.quiet)
		(void)printf("cleared %s %s; it comes up again by itself\n", protocol, peer);
	return rc;
}

int cli_headend_list(const struct cli_command *cmd)
{
	static const struct cli_column cols[] = {
		{ "HEADEND", "address", NULL, false },
		{ "UP", "up", cli_fmt_yes, false },
		{ "SYNCED", "synchronised", cli_fmt_yes, false },
		{ "SOUTHBOUND", "southbound", NULL, false },
		{ "SRV6", "srv6", cli_fmt_yes, false },
		{ "SR-MPLS", "sr-mpls", cli_fmt_yes, false },
		{ "UPDATE", "update", cli_fmt_yes, false },
		{ "INITIATE", "initiate", cli_fmt_yes, false },
		{ "SR-POLICY", "sr-policy-association", cli_fmt_yes, false },
		{ "MSD SRV6", "msd-srv6", NULL, true },
		{ "MSD MPLS", "msd-mpls", NULL, true },
		{ "LSPS", "lsps", NULL, true },
	};

	(void)cmd;
	return table_of(SYSTEM "/headends", "headends/headend", cols, ARRAY_LEN(cols));
}

/* ---- the bandwidth book ---- */

/* Of the eight priorities, summed. */
static void sum(struct str *out, json_object *link, const char *member)
{
	uint64_t total = 0;
	AUTO(cli_json_put) json_object *v = NULL;

	for (size_t i = 0; i < cli_count(link, "priority"); i++)
		total += cli_num(cli_nth(link, "priority", i), member, 0);
	v = json_object_new_uint64(total);
	cli_fmt_rate(out, v);
}

static void fmt_reserved(struct str *out, json_object *link)
{
	sum(out, link, "reserved");
}

static void fmt_foreign(struct str *out, json_object *link)
{
	sum(out, link, "foreign");
}

/* For the default setup priority, the least. */
static void fmt_free(struct str *out, json_object *link)
{
	for (size_t i = 0; i < cli_count(link, "priority"); i++)
		if (cli_num(cli_nth(link, "priority", i), "priority", 0) == 7)
			cli_fmt_rate(out, cli_at(cli_nth(link, "priority", i), "free"));
}

static int book_link(json_object *json, const char *name)
{
	static const struct cli_column cols[] = {
		{ "PRIORITY", "priority", NULL, true },
		{ "RESERVED", "reserved", cli_fmt_rate, true },
		{ "FOREIGN", "foreign", cli_fmt_rate, true },
		{ "BACKUP", "backup", cli_fmt_rate, true },
		{ "FREE", "free", cli_fmt_rate, true },
	};
	static const struct cli_column fields[] = {
		{ "link", "label", NULL, false },
		{ "id", "link-id", NULL, false },
		{ "capacity", "capacity", cli_fmt_rate, false },
		{ "measured", "measured", cli_fmt_rate, false },
		{ "of partitions", "shares", cli_fmt_rate, false },
		{ "not used of that", "shares-unused", cli_fmt_rate, false },
		{ "lsps", "lsps", NULL, false },
	};

	for (size_t i = 0; i < cli_count(json, "book/link"); i++) {
		json_object *l = cli_nth(json, "book/link", i);

		if (strcmp(cli_text(l, "label", ""), name) != 0 && strcmp(cli_text(l, "link-id", ""), name) != 0)
			continue;
		cli_record(l, fields, ARRAY_LEN(fields));
		(void)putchar('\n');
		cli_table(cli_at(l, "priority"), cols, ARRAY_LEN(cols));
		return CLI_OK;
	}
	return cli_fail(CLI_REFUSED, "no link '%s' in the book; 'sextant book' lists them (quote the >)", name);
}

int cli_book(const struct cli_command *cmd)
{
	static const struct cli_column cols[] = {
		{ "LINK", "label", NULL, false },
		{ "CAPACITY", "capacity", cli_fmt_rate, true },
		{ "RESERVED", "", fmt_reserved, true },
		{ "FOREIGN", "", fmt_foreign, true },
		{ "MEASURED", "measured", cli_fmt_rate, true },
		{ "UNUSED SHARES", "shares-unused", cli_fmt_rate, true },
		{ "FREE", "", fmt_free, true },
		{ "LSPS", "lsps", NULL, true },
	};
	CLI_REPLY struct cli_reply r = { 0 };
	int rc = cli_get("/restconf/data/sextant-book:book", &r);

	(void)cmd;
	if (rc != CLI_OK)
		return rc;
	if (cli_said.json) {
		cli_print_json(&r);
		return CLI_OK;
	}
	if (cli_said.n_operands > 0)
		return book_link(r.json, cli_said.operands[0]);
	cli_table(cli_at(r.json, "book/link"), cols, ARRAY_LEN(cols));
	return CLI_OK;
}

/* ---- alarms, audit ---- */

int cli_alarm(const struct cli_command *cmd)
{
	static const struct cli_column cols[] = {
		{ "TYPE", "type", NULL, false },
		{ "RESOURCE", "resource", NULL, false },
		{ "AGE", "time", cli_fmt_time, true },
		{ "DETAILS", "details", NULL, false },
	};

	(void)cmd;
	return table_of(SYSTEM "/alarms", "alarms/alarm", cols, ARRAY_LEN(cols));
}

int cli_audit(const struct cli_command *cmd)
{
	static const struct cli_column cols[] = {
		{ "ID", "id", NULL, true },
		{ "TIME", "time", NULL, false },
		{ "USER", "user", NULL, false },
		{ "FROM", "from", NULL, false },
		{ "METHOD", "method", NULL, false },
		{ "RESOURCE", "resource", NULL, false },
		{ "OUTCOME", "outcome", NULL, false },
		{ "STATUS", "status", NULL, true },
		{ "WHY", "text", NULL, false },
	};
	CLI_REPLY struct cli_reply r = { 0 };
	AUTO(cli_json_put) json_object *last_rows = NULL;
	uint64_t last = 20;
	size_t n;
	int rc = cli_opt_number("last", 1, 1000000, &last);

	(void)cmd;
	if (rc == CLI_OK)
		rc = cli_get("/restconf/data/sextant-audit:audit", &r);
	if (rc != CLI_OK)
		return rc;
	if (cli_said.json) {
		cli_print_json(&r);
		return CLI_OK;
	}
	n = cli_count(r.json, "audit/entry");
	last_rows = json_object_new_array();
	for (size_t i = n > last ? n - (size_t)last : 0; i < n; i++)
		(void)json_object_array_add(last_rows, json_object_get(cli_nth(r.json, "audit/entry", i)));
	cli_table(last_rows, cols, ARRAY_LEN(cols));
	return CLI_OK;
}

/* ---- backup, version ---- */

int cli_backup(const struct cli_command *cmd)
{
	CLI_REPLY struct cli_reply r = { 0 };
	STR_AUTO struct str input = { 0 };
	int rc;

	(void)cmd;
	if (strchr(cli_said.operands[0], '/'))
		return cli_fail(CLI_USAGE, "'%s': the name of a file alone; the controller puts it into its "
				"backup directory", cli_said.operands[0]);
	str_add(&input, "\"name\":");
	str_json(&input, cli_said.operands[0]);
	rc = cli_operate("sextant-system", "backup", str_text(&input), &r);
	if (rc == CLI_OK && cli_said.json)
		cli_print_json(&r);
	else if (rc == CLI_OK && !cli_said.quiet) {
		STR_AUTO struct str where = { 0 };

		str_add(&where, cli_text(r.json, "output/path", cli_said.operands[0]));
		if (where.s)
			cli_clean(where.s);
		(void)printf("saved %s on the controller\n", str_text(&where));
	}
	return rc;
}

int cli_version(const struct cli_command *cmd)
{
	static const struct cli_column fields[] = {
		{ "sextantd", "version", NULL, false },
		{ "node", "node", NULL, false },
		{ "started", "started", NULL, false },
		{ "ready", "ready", cli_fmt_yes, false },
		{ "because", "not-ready-because", NULL, false },
		{ "repairs", "repair/count", NULL, false },
		{ "last repair", "repair/last", cli_fmt_ns, false },
		{ "longest repair", "repair/longest", cli_fmt_ns, false },
	};
	CLI_REPLY struct cli_reply r = { 0 };
	int rc;

	(void)cmd;
	if (!cli_said.json)
		(void)puts("sextant " SEXTANT_VERSION);
	(void)fflush(stdout);
	rc = cli_get(SYSTEM "?fields=version;node;started;ready;not-ready-because;repair", &r);
	if (rc != CLI_OK)
		return rc;
	if (cli_said.json)
		cli_print_json(&r);
	else
		cli_record(cli_at(r.json, "system"), fields, ARRAY_LEN(fields));
	return CLI_OK;
}
