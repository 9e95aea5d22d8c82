/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that change things, and the table of all, a row each. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "tools/sim/cmd.h"

enum { COMMAND_MAX = 4096 };

struct row {
	const char *name, *words;
	unsigned min, max;
	void (*fn)(struct call *c);
	const char *help;
};

void sim_refuse(struct call *c, const char *what, const char *word)
{
	(void)snprintf(c->refused, sizeof(c->refused), "%s%s%s%s", what, word ? " '" : "",
		       word ? word : "", word ? "'" : "");
}

static void done(struct call *c)
{
	sim_sync(c->s);
}

/* ---- arguments ---- */

static bool get_number(struct call *c, const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	if (str_u64(text, out) == 0 && *out >= min && *out <= max)
		return true;
	sim_refuse(c, "not a number in range:", text);
	return false;
}

uint32_t sim_get_router(struct call *c, const char *name)
{
	uint32_t r = sim_router_find(&c->s->topo, name);

	if (r == SIM_NONE)
		sim_refuse(c, "no such router:", name);
	return r;
}

/* The last letter of the second name may be a parallel wire's. */
static uint32_t wire_named(struct call *c, const char *a, char *b)
{
	const struct sim_topo *t = &c->s->topo;
	uint32_t from = sim_get_router(c, a), to = sim_router_find(t, b), wire;
	size_t len = strlen(b);
	char tag = '\0';

	if (from == SIM_NONE)
		return SIM_NONE;
	if (to == SIM_NONE && len > 1 && islower((unsigned char)b[len - 1])) {
		tag = b[len - 1];
		b[len - 1] = '\0';
		to = sim_router_find(t, b);
		b[len - 1] = tag;
	}
	if (to == SIM_NONE) {
		sim_refuse(c, "no such router:", b);
		return SIM_NONE;
	}
	wire = sim_wire_find(t, from, to, tag);
	if (wire == SIM_NONE)
		sim_refuse(c, "no such link to", b);
	return wire;
}

/* "A B" or "A-B", and how many words that was. */
static uint32_t get_wire(struct call *c, unsigned *used)
{
	char *dash = strchr(c->word[0], '-');

	if (dash) {
		*dash = '\0';
		*used = 1;
		return wire_named(c, c->word[0], dash + 1);
	}
	*used = 2;
	if (c->n >= 2)
		return wire_named(c, c->word[0], c->word[1]);
	sim_refuse(c, "expected A B or A-B, not", c->word[0]);
	return SIM_NONE;
}

/* ---- events ---- */

static void wire_state(struct call *c, bool up)
{
	unsigned used;
	uint32_t wire = get_wire(c, &used);

	if (wire == SIM_NONE)
		return;
	if (!sim_wire_set(&c->s->topo, wire, up))
		sim_refuse(c, up ? "it is up" : "it is down", NULL);
	done(c);
}

static void cmd_down(struct call *c)
{
	wire_state(c, false);
}

static void cmd_up(struct call *c)
{
	wire_state(c, true);
}

static void wire_number(struct call *c, uint64_t min, uint64_t max,
			bool (*set)(struct sim_topo *, uint32_t, uint32_t))
{
	unsigned used;
	uint32_t wire = get_wire(c, &used);
	uint64_t v;

	if (wire == SIM_NONE)
		return;
	if (c->n != used + 1)
		sim_refuse(c, "expected a link and a number", NULL);
	else if (get_number(c, c->word[used], min, max, &v))
		(void)set(&c->s->topo, wire, (uint32_t)v);
	done(c);
}

static void cmd_delay(struct call *c)
{
	wire_number(c, 0, 0xffffff, sim_wire_delay);
}

static void cmd_metric(struct call *c)
{
	wire_number(c, 1, 0xffffff, sim_wire_metric);
}

static void router_state(struct call *c, bool up)
{
	uint32_t r = sim_get_router(c, c->word[0]);

	if (r == SIM_NONE)
		return;
	if (!sim_router_set(&c->s->topo, r, up))
		sim_refuse(c, up ? "it is up" : "it is down", NULL);
	done(c);
}

static void cmd_node_down(struct call *c)
{
	router_state(c, false);
}

static void cmd_node_up(struct call *c)
{
	router_state(c, true);
}

static void feed_state(struct call *c, bool up)
{
	uint64_t k;

	if (!get_number(c, c->word[0], 1, sim_feeds_count(c->s->feeds), &k))
		return;
	if (!sim_feed_set(c->s->feeds, (uint32_t)(k - 1), up))
		sim_refuse(c, up ? "it is up" : "it is down", NULL);
}

static void cmd_feed_down(struct call *c)
{
	feed_state(c, false);
}

static void cmd_feed_up(struct call *c)
{
	feed_state(c, true);
}

static void pcc_state(struct call *c, bool up)
{
	uint32_t r = sim_get_router(c, c->word[0]);

	if (r != SIM_NONE && !sim_pcc_set(c->s->pccs, r, up))
		sim_refuse(c, r >= sim_pccs_count(c->s->pccs) ? "no PCC:" : up ? "up:" : "down:",
		       c->word[0]);
}

static void cmd_pcc_down(struct call *c)
{
	pcc_state(c, false);
}

static void cmd_pcc_up(struct call *c)
{
	pcc_state(c, true);
}

static void cmd_gnmi_fault(struct call *c)
{
	uint32_t r = sim_get_router(c, c->word[0]);
	enum sim_fault f;
	uint64_t times = 0;

	if (r == SIM_NONE || (c->n == 3 && !get_number(c, c->word[2], 1, UINT32_MAX, &times)))
		return;
	if (!sim_fault_parse(c->word[1], &f))
		sim_refuse(c, "not none, stall, lie, half, full or close:", c->word[1]);
	else if (!sim_target_fault(c->s->targets, r, f, (uint32_t)times))
		sim_refuse(c, "no gNMI target:", c->word[0]);
}

static void cmd_quit(struct call *c)
{
	sim_stop(c->s);
}

/* ---- the table ---- */

static void cmd_help(struct call *c);

static const struct row rows[] = {
	{ "delay", "A B US", 2, 3, cmd_delay, "sets the delay of a link, both ways" },
	{ "device", "R", 1, 1, sim_show_device, "what is configured by gNMI, as JSON" },
	{ "devices", "", 0, 0, sim_show_devices, "gNMI targets and what they were asked" },
	{ "down", "A B", 1, 2, cmd_down, "cuts a link: both halves are withdrawn" },
	{ "feed-down", "K", 1, 1, cmd_feed_down, "ends the session of feed K (1, 2, …)" },
	{ "feed-up", "K", 1, 1, cmd_feed_up, "starts it again" },
	{ "gnmi-fault", "R KIND [N]", 2, 3, cmd_gnmi_fault,
	  "Sets of a router go wrong, all or N: stall, lie, half, full, close; none" },
	{ "help", "", 0, 0, cmd_help, "this list" },
	{ "links", "", 0, 0, sim_show_links, "every half of every link" },
	{ "metric", "A B N", 2, 3, cmd_metric, "sets the IGP metric of a link, both ways" },
	{ "node-down", "R", 1, 1, cmd_node_down, "a router dies: only its neighbours say so" },
	{ "node-up", "R", 1, 1, cmd_node_up, "it is back, with new End.X SIDs" },
	{ "pcc-down", "R", 1, 1, cmd_pcc_down, "ends the PCEP session of a router" },
	{ "pcc-up", "R", 1, 1, cmd_pcc_up, "starts it again" },
	{ "policies", "", 0, 0, sim_show_policies, "LSPs, their lists, and where packets of them end" },
	{ "quit", "", 0, 0, cmd_quit, "says goodbye to the daemon and ends" },
	{ "replies", "", 0, 0, sim_show_replies, "what came back for path requests" },
	{ "request", "R DST …", 2, SIM_WORDS_MAX, sim_request,
	  "a PCReq (RFC 5440): R [svec=link,node,srlg] DST WORD=VALUE… [+ DST …]; see README.md" },
	{ "routers", "", 0, 0, sim_show_routers, "names, addresses, SIDs" },
	{ "status", "", 0, 0, sim_show_status, "counts, feeds, sessions" },
	{ "up", "A B", 1, 2, cmd_up, "heals a link, with new End.X SIDs" },
	{ "walk", "LSP", 1, 2, sim_show_walk, "sends a packet: an LSP's name or key, or R SID,SID" },
};

static void cmd_help(struct call *c)
{
	bool first = true;

	str_add(c->out, c->json ? ",\"commands\":[" : "");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		sim_next(c, &first);
		if (c->json)
			str_addf(c->out, "\"%s\"", rows[i].name);
		else
			str_addf(c->out, "%-10s %-8s %s\n", rows[i].name, rows[i].words,
				 rows[i].help);
	}
	str_add(c->out, c->json ? "]" : "");
}

static const struct row *row_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

static void run(struct call *c, char *line)
{
	char *save = NULL, *name = strtok_r(line, " \t", &save);
	const struct row *row = name ? row_find(name) : NULL;
	char *w;

	if (!row) {
		sim_refuse(c, "no such command (see help):", name ? name : "");
		return;
	}
	while ((w = strtok_r(NULL, " \t", &save)) && c->n < SIM_WORDS_MAX)
		c->word[c->n++] = w;
	if (c->n < row->min || c->n > row->max) {
		(void)snprintf(c->refused, sizeof(c->refused), "expected: %s %s", row->name, row->words);
		return;
	}
	row->fn(c);
}

bool sim_command(struct sim *s, const char *text, bool json, struct str *out)
{
	STR_AUTO struct str body = { 0 };
	struct call c = { .s = s, .json = json, .out = &body };
	char line[COMMAND_MAX];

	if (str_copy(line, sizeof(line), text))
		run(&c, line);
	else
		sim_refuse(&c, "too long", NULL);
	if (body.bad)
		sim_refuse(&c, "no memory", NULL);
	if (c.refused[0] && json) {
		str_add(out, "{\"ok\":false,\"error\":");
		str_json(out, c.refused);
		str_add(out, "}\n");
	} else if (c.refused[0]) {
		str_addf(out, "error: %s\n", c.refused);
	} else {
		str_add(out, json ? "{\"ok\":true" : "");
		str_add(out, str_text(&body));
		str_add(out, json ? "}\n" : "ok\n");
	}
	return !c.refused[0];
}
