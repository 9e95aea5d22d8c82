/* SPDX-License-Identifier: Apache-2.0 */
/* sextant status: is all well, on one screen; asked in three requests. */
#include <string.h>

#include "cli.h"

enum { POL_STATES = 5 };

static const char *const pol_states[POL_STATES] = { "up", "degraded", "down", "pending", "held" };

struct glance {
	uint64_t nodes, links, feeds, feeds_up, sessions, sessions_up, headends, headends_synced;
	uint64_t policies[POL_STATES], observed, alarms;
	bool stale, hold;
	const char *node, *version, *started, *not_ready; /* borrowed from the answer */
};

static uint64_t count_true(json_object *o, const char *list, const char *member)
{
	uint64_t n = 0;

	for (size_t i = 0; i < cli_count(o, list); i++)
		n += cli_bool(cli_nth(o, list, i), member);
	return n;
}

static void note_system(struct glance *g, json_object *s)
{
	g->node = cli_text(s, "node", "?");
	g->version = cli_text(s, "version", "?");
	g->started = cli_text(s, "started", NULL);
	g->not_ready = cli_text(s, "not-ready-because", NULL);
	g->sessions = cli_count(s, "sessions/session");
	g->sessions_up = count_true(s, "sessions/session", "up");
	g->headends = cli_count(s, "headends/headend");
	g->headends_synced = count_true(s, "headends/headend", "synchronised");
	g->alarms = cli_count(s, "alarms/alarm");
}

static void note_network(struct glance *g, json_object *net)
{
	g->nodes = cli_num(net, "network-attributes/nodes", 0);
	g->links = cli_num(net, "network-attributes/links", 0);
	g->stale = cli_bool(net, "network-attributes/stale");
	g->feeds = cli_count(net, "network-attributes/source");
	g->feeds_up = count_true(net, "network-attributes/source", "up");
}

static void note_policies(struct glance *g, json_object *policies)
{
	g->hold = cli_bool(policies, "hold");
	for (size_t i = 0; i < cli_count(policies, "policy"); i++) {
		json_object *p = cli_nth(policies, "policy", i);
		const char *status = cli_text(p, "state/status", "");

		if (strcmp(cli_text(p, "state/mode", ""), "observed") == 0) {
			g->observed++;
			continue;
		}
		for (unsigned k = 0; k < POL_STATES; k++)
			g->policies[k] += strcmp(status, pol_states[k]) == 0;
	}
}

static bool well(const struct glance *g)
{
	return !g->stale && !g->not_ready && g->feeds_up == g->feeds && g->sessions_up == g->sessions &&
	       g->policies[1] + g->policies[2] == 0;
}

static json_object *number(uint64_t n)
{
	return json_object_new_uint64(n);
}

static void print_json(const struct glance *g)
{
	AUTO(cli_json_put) json_object *o = json_object_new_object();
	json_object *policies = json_object_new_object();

	(void)json_object_object_add(o, "well", json_object_new_boolean(well(g)));
	(void)json_object_object_add(o, "node", json_object_new_string(g->node));
	(void)json_object_object_add(o, "version", json_object_new_string(g->version));
	(void)json_object_object_add(o, "stale", json_object_new_boolean(g->stale));
	(void)json_object_object_add(o, "hold", json_object_new_boolean(g->hold));
	(void)json_object_object_add(o, "nodes", number(g->nodes));
	(void)json_object_object_add(o, "links", number(g->links));
	(void)json_object_object_add(o, "feeds", number(g->feeds));
	(void)json_object_object_add(o, "feeds-up", number(g->feeds_up));
	(void)json_object_object_add(o, "sessions", number(g->sessions));
	(void)json_object_object_add(o, "sessions-up", number(g->sessions_up));
	(void)json_object_object_add(o, "headends", number(g->headends));
	(void)json_object_object_add(o, "headends-synchronised", number(g->headends_synced));
	for (unsigned k = 0; k < POL_STATES; k++)
		(void)json_object_object_add(policies, pol_states[k], number(g->policies[k]));
	(void)json_object_object_add(policies, "observed", number(g->observed));
	(void)json_object_object_add(o, "policies", policies);
	(void)json_object_object_add(o, "alarms", number(g->alarms));
	(void)puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
}

#define LL(n) ((unsigned long long)(n))

static void print_text(const struct glance *g)
{
	STR_AUTO struct str since = { 0 };
	AUTO(cli_json_put) json_object *started =
		g->started ? json_object_new_string(g->started) : NULL;

	if (started)
		cli_fmt_time(&since, started);
	(void)printf("controller  %s, sextantd %s, up for %s\n", g->node, g->version, str_text(&since));
	(void)printf("topology    %llu nodes, %llu links, %s; %llu of %llu feeds up\n", LL(g->nodes),
		     LL(g->links), g->stale ? "STALE: nothing is changed until it is in sight" : "in sight",
		     LL(g->feeds_up), LL(g->feeds));
	(void)printf("sessions    %llu of %llu up; %llu of %llu headends synchronised\n", LL(g->sessions_up),
		     LL(g->sessions), LL(g->headends_synced), LL(g->headends));
	(void)printf("policies    ");
	for (unsigned k = 0; k < POL_STATES; k++)
		(void)printf("%llu %s, ", LL(g->policies[k]), pol_states[k]);
	(void)printf("%llu observed\n", LL(g->observed));
	if (g->hold)
		(void)puts("hold        on: nothing is sent");
	(void)printf("alarms      %llu%s\n", LL(g->alarms), g->alarms ? " ('sextant alarm list')" : "");
	(void)puts(well(g) ? "all is well" : "not all is well");
}

int cli_status(const struct cli_command *cmd)
{
	CLI_REPLY struct cli_reply system = { 0 }, net = { 0 }, policies = { 0 };
	struct glance g = { 0 };
	int rc = cli_get("/restconf/data/sextant-system:system", &system);

	(void)cmd;
	if (rc == CLI_OK)
		rc = cli_get("/restconf/data/ietf-network:networks?fields=network"
			     "(network-id;sextant-topology:network-attributes)", &net);
	if (rc == CLI_OK)
		rc = cli_get("/restconf/data/sextant-policy:policies?fields=hold;policy(state(mode;status))",
			     &policies);
	if (rc != CLI_OK)
		return rc;
	note_system(&g, cli_at(system.json, "system"));
	note_network(&g, cli_nth(net.json, "networks/network", 0));
	note_policies(&g, cli_at(policies.json, "policies"));
	if (cli_said.json)
		print_json(&g);
	else
		print_text(&g);
	return CLI_OK;
}
