/* SPDX-License-Identifier: Apache-2.0 */
/* The commands, a row each. What one prints in text and in JSON stands side by side. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "tools/sim/sim.h"

enum { WORDS_MAX = 8, COMMAND_MAX = 4096 };

struct call {
	struct sim *s;
	bool json;
	char *word[WORDS_MAX]; /* after the command */
	unsigned n;
	struct str *out; /* text: whole lines; JSON: members, each with a comma before it */
	char refused[SIM_WHY_MAX + 2 * SIM_NAME_MAX];
};

struct row {
	const char *name, *words;
	unsigned min, max;
	void (*fn)(struct call *c);
	const char *help;
};

static void refuse(struct call *c, const char *what, const char *word)
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
	refuse(c, "not a number in range:", text);
	return false;
}

static uint32_t get_router(struct call *c, const char *name)
{
	uint32_t r = sim_router_find(&c->s->topo, name);

	if (r == SIM_NONE)
		refuse(c, "no such router:", name);
	return r;
}

/* The last letter of the second name may be a parallel wire's. */
static uint32_t wire_named(struct call *c, const char *a, char *b)
{
	const struct sim_topo *t = &c->s->topo;
	uint32_t from = get_router(c, a), to = sim_router_find(t, b), wire;
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
		refuse(c, "no such router:", b);
		return SIM_NONE;
	}
	wire = sim_wire_find(t, from, to, tag);
	if (wire == SIM_NONE)
		refuse(c, "no such link to", b);
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
	refuse(c, "expected A B or A-B, not", c->word[0]);
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
		refuse(c, up ? "it is up" : "it is down", NULL);
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
		refuse(c, "expected a link and a number", NULL);
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
	uint32_t r = get_router(c, c->word[0]);

	if (r == SIM_NONE)
		return;
	if (!sim_router_set(&c->s->topo, r, up))
		refuse(c, up ? "it is up" : "it is down", NULL);
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
		refuse(c, up ? "it is up" : "it is down", NULL);
}

static void cmd_feed_down(struct call *c)
{
	feed_state(c, false);
}

static void cmd_feed_up(struct call *c)
{
	feed_state(c, true);
}

static void cmd_quit(struct call *c)
{
	sim_stop(c->s);
}

/* ---- what is there ---- */

/* Lists are JSON arrays; a separator before every element but the first. */
static void next(struct call *c, bool *first)
{
	if (c->json && !*first)
		str_add(c->out, ",");
	*first = false;
}

static void show_feeds(struct call *c)
{
	bool first = true;

	str_add(c->out, c->json ? ",\"feeds\":[" : "");
	for (uint32_t k = 0; k < sim_feeds_count(c->s->feeds); k++) {
		struct sim_feed_info i;
		struct ip_addr a;
		char text[IP_TEXT_MAX];
		const char *name;

		sim_feed_info(c->s->feeds, k, &i);
		a = sim_source(c->s, i.router);
		(void)ip_text(&a, text, sizeof(text));
		name = c->s->topo.routers.at[i.router].name;
		next(c, &first);
		if (c->json)
			str_addf(c->out,
				 "{\"feed\":%u,\"router\":\"%s\",\"address\":\"%s\","
				 "\"wanted\":%s,\"up\":%s,\"objects\":%u,\"links\":%u}",
				 k + 1, name, text, i.wanted ? "true" : "false",
				 i.up ? "true" : "false", i.told, i.told_halves);
		else
			str_addf(c->out, "feed %u: %s from %s, %s, %u objects (%u links)\n", k + 1, name,
				 text, i.up ? "up" : i.wanted ? "connecting" : "off", i.told,
				 i.told_halves);
	}
	str_add(c->out, c->json ? "]" : "");
}

static void cmd_status(struct call *c)
{
	const struct sim_topo *t = &c->s->topo;
	uint32_t works = 0, said = 0, up = 0;

	for (uint32_t w = 0; w < t->wires.n; w++)
		for (unsigned s = 0; s < 2; s++) {
			works += sim_half_works(t, w, s);
			said += sim_half_said(t, w, s) && t->routers.at[t->wires.at[w].end[s]].up;
		}
	for (uint32_t r = 0; r < t->routers.n; r++)
		up += t->routers.at[r].up;
	if (c->json)
		str_addf(c->out,
			 ",\"routers\":%zu,\"routers-up\":%u,\"wires\":%zu,\"links\":%u,"
			 "\"links-usable\":%u",
			 t->routers.n, up, t->wires.n, said, works);
	else
		str_addf(c->out, "%zu routers, %u up; %zu wires: %u links said, %u usable\n",
			 t->routers.n, up, t->wires.n, said, works);
	show_feeds(c);
}

static void cmd_routers(struct call *c)
{
	const struct sim_topo *t = &c->s->topo;
	bool first = true;

	str_add(c->out, c->json ? ",\"routers\":[" : "");
	for (uint32_t r = 0; r < t->routers.n; r++) {
		struct ip_addr lo = sim_loopback(t, r), sid = sim_node_sid(t, r);
		char a[IP_TEXT_MAX], b[IP_TEXT_MAX];

		next(c, &first);
		str_addf(c->out,
			 c->json ? "{\"name\":\"%s\",\"address\":\"%s\",\"sid\":\"%s\",\"up\":%s}" :
				   "%s %s %s %s\n",
			 t->routers.at[r].name, ip_text(&lo, a, sizeof(a)),
			 ip_text(&sid, b, sizeof(b)),
			 c->json ? t->routers.at[r].up ? "true" : "false" :
				   t->routers.at[r].up ? "up" : "down");
	}
	str_add(c->out, c->json ? "]" : "");
}

static void show_half(struct call *c, uint32_t w, unsigned s)
{
	const struct sim_topo *t = &c->s->topo;
	const struct sim_wire *x = &t->wires.at[w];
	const struct sim_half *h = &x->half[s];
	struct ip_addr local = sim_half_addr(w, s), sid = sim_adj_sid(t, w, s);
	const char *from = t->routers.at[x->end[s]].name, *to = t->routers.at[x->end[1 - s]].name;
	bool works = sim_half_works(t, w, s);
	char a[IP_TEXT_MAX], b[IP_TEXT_MAX], name[SIM_WIRE_TEXT_MAX];

	(void)ip_text(&local, a, sizeof(a));
	(void)ip_text(&sid, b, sizeof(b));
	(void)sim_wire_text(t, w, name, sizeof(name));
	if (c->json)
		str_addf(c->out,
			 "{\"wire\":\"%s\",\"from\":\"%s\",\"to\":\"%s\",\"local\":\"%s\",\"sid\":\"%s\","
			 "\"igp\":%u,\"te\":%u,\"delay-us\":%u,\"bandwidth-bps\":%llu,"
			 "\"usable\":%s}",
			 name, from, to, a, b, h->igp, h->te, h->delay_us, (unsigned long long)x->bw_bps,
			 works ? "true" : "false");
	else
		str_addf(c->out, "%s: %s to %s, %s, sid %s, igp %u, te %u, %u us, %llu Mbit/s, %s\n",
			 name, from, to, a, b, h->igp, h->te, h->delay_us,
			 (unsigned long long)(x->bw_bps / 1000000), works ? "up" : "down");
}

static void cmd_links(struct call *c)
{
	const struct sim_topo *t = &c->s->topo;
	bool first = true;

	str_add(c->out, c->json ? ",\"links\":[" : "");
	for (uint32_t w = 0; w < t->wires.n; w++)
		for (unsigned s = 0; s < 2; s++) {
			if (!t->wires.at[w].half[s].there)
				continue;
			next(c, &first);
			show_half(c, w, s);
		}
	str_add(c->out, c->json ? "]" : "");
}

/* ---- walking ---- */

static void show_walk(struct call *c, const struct sim_walk *w)
{
	const struct sim_topo *t = &c->s->topo;
	bool first = true;

	str_addf(c->out, c->json ? ",\"forwards\":%s,\"steps\":[" : "", w->ok ? "true" : "false");
	for (unsigned i = 0; i < w->n; i++) {
		const struct sim_step *s = &w->step[i];
		char da[IP_TEXT_MAX], wire[SIM_WIRE_TEXT_MAX] = "";

		if (s->half != SIM_NONE)
			(void)sim_wire_text(t, s->half / 2, wire, sizeof(wire));
		next(c, &first);
		str_addf(c->out,
			 c->json ? "{\"from\":\"%s\",\"to\":\"%s\",\"da\":\"%s\",\"over\":\"%s\"}" :
				   "%s to %s by %s%s%s\n",
			 t->routers.at[s->at].name, t->routers.at[s->owner].name,
			 ip_text(&s->da, da, sizeof(da)), c->json || !wire[0] ? wire : ", then over ",
			 c->json ? "" : wire);
	}
	str_add(c->out, c->json ? "]" : "");
	if (!w->ok) {
		str_add(c->out, c->json ? ",\"why\":" : "lost: ");
		(c->json ? str_json : str_add)(c->out, w->why);
		str_add(c->out, c->json ? "" : "\n");
		return;
	}
	str_addf(c->out,
		 c->json ? ",\"end\":\"%s\",\"delay-us-min\":%llu,\"delay-us-max\":%llu,\"hops-max\":%u" :
			   "ends at %s, %llu to %llu us, %u hops at most\n",
		 t->routers.at[w->end].name, (unsigned long long)w->delay_us_min,
		 (unsigned long long)w->delay_us_max, w->hops_max);
}

static unsigned get_sids(struct call *c, char *list, struct ip_addr *sids, unsigned cap)
{
	char *save = NULL;
	unsigned n = 0;

	for (char *x = strtok_r(list, ",", &save); x; x = strtok_r(NULL, ",", &save)) {
		if (n == cap || ip_parse(x, &sids[n]) < 0) {
			refuse(c, n == cap ? "too many SIDs at" : "not an address:", x);
			return 0;
		}
		n++;
	}
	return n;
}

static void cmd_walk(struct call *c)
{
	struct ip_addr sids[SR_SEGS_MAX];
	struct sim_walk w;
	uint32_t r;
	unsigned n;

	r = get_router(c, c->word[0]);
	if (r == SIM_NONE)
		return;
	n = get_sids(c, c->word[1], sids, ARRAY_LEN(sids));
	if (c->refused[0])
		return;
	sim_walk(c->s->paths, r, sids, n, &w, NULL);
	show_walk(c, &w);
}

/* ---- the table ---- */

static void cmd_help(struct call *c);

static const struct row rows[] = {
	{ "delay", "A B US", 2, 3, cmd_delay, "sets the delay of a link, both ways" },
	{ "down", "A B", 1, 2, cmd_down, "cuts a link: both halves are withdrawn" },
	{ "feed-down", "K", 1, 1, cmd_feed_down, "ends the session of feed K (1, 2, …)" },
	{ "feed-up", "K", 1, 1, cmd_feed_up, "starts it again" },
	{ "help", "", 0, 0, cmd_help, "this list" },
	{ "links", "", 0, 0, cmd_links, "every half of every link" },
	{ "metric", "A B N", 2, 3, cmd_metric, "sets the IGP metric of a link, both ways" },
	{ "node-down", "R", 1, 1, cmd_node_down, "a router dies: only its neighbours say so" },
	{ "node-up", "R", 1, 1, cmd_node_up, "it is back, with new End.X SIDs" },
	{ "quit", "", 0, 0, cmd_quit, "says goodbye to the daemon and ends" },
	{ "routers", "", 0, 0, cmd_routers, "names, addresses, SIDs" },
	{ "status", "", 0, 0, cmd_status, "counts, feeds, sessions" },
	{ "up", "A B", 1, 2, cmd_up, "heals a link, with new End.X SIDs" },
	{ "walk", "R SID,SID", 2, 2, cmd_walk, "sends a packet with this list from R" },
};

static void cmd_help(struct call *c)
{
	bool first = true;

	str_add(c->out, c->json ? ",\"commands\":[" : "");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		next(c, &first);
		if (c->json)
			str_addf(c->out, "\"%s\"", rows[i].name);
		else
			str_addf(c->out, "%-10s %-10s %s\n", rows[i].name, rows[i].words,
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
		refuse(c, "no such command (see help):", name ? name : "");
		return;
	}
	while ((w = strtok_r(NULL, " \t", &save)) && c->n < WORDS_MAX)
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
		refuse(&c, "too long", NULL);
	if (body.bad)
		refuse(&c, "no memory", NULL);
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
