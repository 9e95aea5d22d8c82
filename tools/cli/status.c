/* SPDX-License-Identifier: Apache-2.0 */
/* sextant status: is all well, on one screen; asked in a handful of requests. */
#include <string.h>

#include "cli.h"

enum { POL_STATES = 5, PROMISES = 4, KINDS = 8 };

static const char *const pol_states[POL_STATES] = { "up", "degraded", "down", "pending", "held" };
static const char *const promises[PROMISES] = { "compliant", "at-risk", "violated", "unknown" };

/* Of the standing alarms, how many of a type; what finds no row is in the sum only. */
struct kind {
	const char *type;
	uint64_t n;
};

struct glance {
	uint64_t nodes, links, feeds, feeds_up, sessions, sessions_up, headends, headends_synced;
	uint64_t policies[POL_STATES], observed, alarms;
	uint64_t partitions, partitions_out, slices, promise[PROMISES], failed, incidents;
	struct kind kinds[KINDS];
	bool stale, hold;
	const char *node, *version, *started, *not_ready, *window; /* borrowed from the answer */
};

static uint64_t count_true(json_object *o, const char *list, const char *member)
{
	uint64_t n = 0;

	for (size_t i = 0; i < cli_count(o, list); i++)
		n += cli_bool(cli_nth(o, list, i), member);
	return n;
}

static void note_alarm(struct glance *g, const char *type)
{
	g->alarms++;
	for (unsigned k = 0; k < KINDS; k++) {
		if (g->kinds[k].type && strcmp(g->kinds[k].type, type) != 0)
			continue;
		g->kinds[k] = (struct kind){ .type = type, .n = g->kinds[k].n + 1 };
		return;
	}
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
	for (size_t i = 0; i < cli_count(s, "alarms/alarm"); i++)
		note_alarm(g, cli_text(cli_nth(s, "alarms/alarm", i), "type", "?"));
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

static void note_slices(struct glance *g, json_object *services)
{
	g->slices = cli_count(services, "slice-service");
	for (size_t i = 0; i < g->slices; i++) {
		json_object *s = cli_nth(services, "slice-service", i);
		const char *promise = cli_text(s, "compliance-state/state", "unknown");
		const char *life = cli_text(s, "compliance-state/life-cycle", "");

		for (unsigned k = 0; k < PROMISES; k++)
			g->promise[k] += strcmp(promise, promises[k]) == 0;
		g->failed += strcmp(life, "failed") == 0 || strcmp(life, "infeasible") == 0;
	}
}

static void note_partitions(struct glance *g, json_object *policies)
{
	g->partitions = cli_count(policies, "nrp-policy");
	for (size_t i = 0; i < g->partitions; i++)
		g->partitions_out += strcmp(cli_text(cli_nth(policies, "nrp-policy", i), "realised/status", "in"),
					    "in") != 0;
}

static void note_assurance(struct glance *g, json_object *incidents, json_object *windows)
{
	for (size_t i = 0; i < cli_count(incidents, "incident"); i++)
		g->incidents += strcmp(cli_text(cli_nth(incidents, "incident", i), "phase", ""), "ended") != 0;
	for (size_t i = 0; i < cli_count(windows, "window"); i++) {
		json_object *w = cli_nth(windows, "window", i);

		if (cli_bool(w, "state/active"))
			g->window = cli_text(w, "name", "?");
	}
}

/* A partition without devices is booked, not realised. A promise that nobody measures is unknown, and no fault; one that is broken is. */
static bool well(const struct glance *g)
{
	return !g->stale && !g->not_ready && g->feeds_up == g->feeds && g->sessions_up == g->sessions &&
	       g->policies[1] + g->policies[2] == 0 && !g->partitions_out && !g->failed &&
	       !g->promise[2] && !g->incidents;
}

static json_object *number(uint64_t n)
{
	return json_object_new_uint64(n);
}

static void add_services(json_object *o, const struct glance *g)
{
	json_object *slices = json_object_new_object();

	(void)json_object_object_add(o, "partitions", number(g->partitions));
	(void)json_object_object_add(o, "partitions-not-in", number(g->partitions_out));
	for (unsigned k = 0; k < PROMISES; k++)
		(void)json_object_object_add(slices, promises[k], number(g->promise[k]));
	(void)json_object_object_add(slices, "failed", number(g->failed));
	(void)json_object_object_add(o, "slices", slices);
	(void)json_object_object_add(o, "incidents", number(g->incidents));
	(void)json_object_object_add(o, "window", g->window ? json_object_new_string(g->window) : NULL);
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
	add_services(o, g);
	(void)json_object_object_add(o, "alarms", number(g->alarms));
	(void)puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
}

#define LL(n) ((unsigned long long)(n))

/* Nothing of a controller that has none of these. */
static void print_services(const struct glance *g)
{
	if (g->partitions)
		(void)printf("partitions  %llu, %llu not in\n", LL(g->partitions), LL(g->partitions_out));
	if (g->slices) {
		(void)printf("slices      %llu, %llu failed; promises: ", LL(g->slices), LL(g->failed));
		for (unsigned k = 0; k < PROMISES; k++)
			(void)printf("%s%llu %s", k ? ", " : "", LL(g->promise[k]), promises[k]);
		(void)puts("");
	}
	if (g->incidents)
		(void)printf("incidents   %llu open ('sextant incident list')\n", LL(g->incidents));
	if (g->window)
		(void)printf("window      in the assurance window '%s'\n", g->window);
}

static void print_alarms(const struct glance *g)
{
	(void)printf("alarms      %llu%s", LL(g->alarms), g->alarms ? ":" : "");
	for (unsigned k = 0; k < KINDS && g->kinds[k].type; k++)
		(void)printf("%s %llu %s", k ? "," : "", LL(g->kinds[k].n), g->kinds[k].type);
	(void)puts(g->alarms ? " ('sextant alarm list')" : "");
}

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
	print_services(g);
	print_alarms(g);
	(void)puts(well(g) ? "all is well" : "not all is well");
}

int cli_status(const struct cli_command *cmd)
{
	enum { SYSTEM, NETWORK, POLICIES, SLICES, PARTITIONS, INCIDENTS, WINDOWS, ASKED };
	static const char *const asked[ASKED] = {
		[SYSTEM] = "sextant-system:system",
		[NETWORK] = "ietf-network:networks?fields=network(network-id;sextant-topology:network-attributes)",
		[POLICIES] = "sextant-policy:policies?fields=hold;policy(state(mode;status))",
		[SLICES] = ("ietf-network-slice-service:network-slice-services?fields=slice-service"
			    "(sextant-slice:compliance-state(state;life-cycle))"),
		[PARTITIONS] = "ietf-network:networks/ietf-nrp:nrp-policies",
		[INCIDENTS] = "sextant-assurance:incidents?fields=incident(phase)",
		[WINDOWS] = "sextant-assurance:assurance-windows?fields=window(name;state(active))",
	};
	struct cli_reply r[ASKED] = { 0 };
	struct glance g = { 0 };
	int rc = CLI_OK;

	(void)cmd;
	for (unsigned i = 0; rc == CLI_OK && i < ASKED; i++) {
		STR_AUTO struct str path = { 0 };

		str_addf(&path, "/restconf/data/%s", asked[i]);
		rc = cli_get(str_text(&path), &r[i]);
	}
	if (rc == CLI_OK) {
		note_system(&g, cli_at(r[SYSTEM].json, "system"));
		note_network(&g, cli_nth(r[NETWORK].json, "networks/network", 0));
		note_policies(&g, cli_at(r[POLICIES].json, "policies"));
		note_slices(&g, cli_at(r[SLICES].json, "network-slice-services"));
		note_partitions(&g, cli_at(r[PARTITIONS].json, "nrp-policies"));
		note_assurance(&g, cli_at(r[INCIDENTS].json, "incidents"),
			       cli_at(r[WINDOWS].json, "assurance-windows"));
		(cli_said.json ? print_json : print_text)(&g);
	}
	for (unsigned i = 0; i < ASKED; i++)
		cli_reply_fini(&r[i]);
	return rc;
}
