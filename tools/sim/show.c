/* SPDX-License-Identifier: Apache-2.0 */
/* What there is: each thing in text and in JSON side by side. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/bitset.h"
#include "tools/sim/cmd.h"

void sim_next(struct call *c, bool *first)
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
		sim_next(c, &first);
		if (c->json)
			str_addf(c->out,
				 "{\"feed\":%u,\"router\":\"%s\",\"address\":\"%s\","
				 "\"wanted\":%s,\"up\":%s,\"up-at-us\":%llu,\"objects\":%u,\"links\":%u}",
				 k + 1, name, text, i.wanted ? "true" : "false",
				 i.up ? "true" : "false", (unsigned long long)(i.up_at.ns / NS_PER_US),
				 i.told, i.told_halves);
		else
			str_addf(c->out, "feed %u: %s from %s, %s, %u objects (%u links)\n", k + 1, name,
				 text, i.up ? "up" : i.wanted ? "connecting" : "off", i.told,
				 i.told_halves);
	}
	str_add(c->out, c->json ? "]" : "");
}

/* How soon the controller answered the last event. */
static void show_asked(struct call *c)
{
	struct sim_asked a;
	unsigned long long first, last;

	sim_pccs_asked(c->s->pccs, &a);
	first = a.n ? mono_since(a.since, a.first) / NS_PER_US : 0;
	last = a.n ? mono_since(a.since, a.last) / NS_PER_US : 0;
	if (c->json)
		str_addf(c->out,
			 ",\"since-event\":{\"at-us\":%llu,\"requests\":%u,\"first-us\":%llu,"
			 "\"last-us\":%llu}",
			 (unsigned long long)(a.since.ns / NS_PER_US), a.n, first, last);
	else
		str_addf(c->out, "since the last event: %u requests, first after %llu us, last after %llu us\n",
			 a.n, first, last);
}

struct counts {
	uint32_t lsps, up;
};

static void count_lsp(void *arg, const struct sim_lsp *l)
{
	struct counts *n = arg;

	n->lsps++;
	n->up += l->st.oper != LSP_DOWN;
}

void sim_show_status(struct call *c)
{
	const struct sim_topo *t = &c->s->topo;
	uint32_t works = 0, said = 0, up = 0;
	struct counts n = { 0 };

	for (uint32_t w = 0; w < t->wires.n; w++)
		for (unsigned s = 0; s < 2; s++) {
			works += sim_half_works(t, w, s);
			said += sim_half_said(t, w, s) && t->routers.at[t->wires.at[w].end[s]].up;
		}
	for (uint32_t r = 0; r < t->routers.n; r++)
		up += t->routers.at[r].up;
	sim_lsps_each(c->s->pccs, count_lsp, &n);
	if (c->json)
		str_addf(c->out,
			 ",\"routers\":%zu,\"routers-up\":%u,\"wires\":%zu,\"links\":%u,"
			 "\"links-usable\":%u,\"pccs\":%u,\"pccs-up\":%u,\"lsps\":%u,"
			 "\"lsps-up\":%u",
			 t->routers.n, up, t->wires.n, said, works, sim_pccs_count(c->s->pccs),
			 sim_pccs_up(c->s->pccs), n.lsps, n.up);
	else
		str_addf(c->out,
			 "%zu routers, %u up; %zu wires: %u links said, %u usable\n"
			 "%u of %u PCCs up; %u LSPs, %u up\n",
			 t->routers.n, up, t->wires.n, said, works, sim_pccs_up(c->s->pccs),
			 sim_pccs_count(c->s->pccs), n.lsps, n.up);
	show_asked(c);
	show_feeds(c);
}

void sim_show_routers(struct call *c)
{
	const struct sim_topo *t = &c->s->topo;
	bool first = true;

	str_add(c->out, c->json ? ",\"routers\":[" : "");
	for (uint32_t r = 0; r < t->routers.n; r++) {
		struct ip_addr lo = sim_loopback(t, r), sid = sim_node_sid(t, r);
		char a[IP_TEXT_MAX], b[IP_TEXT_MAX];

		sim_next(c, &first);
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

void sim_show_links(struct call *c)
{
	const struct sim_topo *t = &c->s->topo;
	bool first = true;

	str_add(c->out, c->json ? ",\"links\":[" : "");
	for (uint32_t w = 0; w < t->wires.n; w++)
		for (unsigned s = 0; s < 2; s++) {
			if (!t->wires.at[w].half[s].there)
				continue;
			sim_next(c, &first);
			show_half(c, w, s);
		}
	str_add(c->out, c->json ? "]" : "");
}

/* ---- walking ---- */

/* Every half that packets may cross, ordered by wire. */
static void show_used(struct call *c, const uint64_t *used)
{
	const struct sim_topo *t = &c->s->topo;
	bool first = true;

	str_add(c->out, c->json ? ",\"links\":[" : "over");
	for (uint32_t h = 0; h < 2 * t->wires.n; h++) {
		const struct sim_wire *w = &t->wires.at[h / 2];
		char name[SIM_WIRE_TEXT_MAX];

		if (!bitset_has(used, h))
			continue;
		(void)sim_wire_text(t, h / 2, name, sizeof(name));
		sim_next(c, &first);
		str_addf(c->out,
			 c->json ? "{\"from\":\"%s\",\"to\":\"%s\",\"wire\":\"%s\"}" : " %s>%s(%s)",
			 t->routers.at[w->end[h % 2]].name, t->routers.at[w->end[1 - h % 2]].name,
			 name);
	}
	str_add(c->out, c->json ? "]" : "\n");
}

static void walk_print(struct call *c, const struct sim_walk *w, const uint64_t *used)
{
	const struct sim_topo *t = &c->s->topo;
	bool first = true;

	if (c->json)
		str_addf(c->out, ",\"forwards\":%s,\"steps\":[", w->ok ? "true" : "false");
	for (unsigned i = 0; i < w->n; i++) {
		const struct sim_step *s = &w->step[i];
		char da[IP_TEXT_MAX], wire[SIM_WIRE_TEXT_MAX] = "";

		if (s->half != SIM_NONE)
			(void)sim_wire_text(t, s->half / 2, wire, sizeof(wire));
		sim_next(c, &first);
		str_addf(c->out,
			 c->json ? "{\"from\":\"%s\",\"to\":\"%s\",\"da\":\"%s\",\"over\":\"%s\"}" :
				   "%s to %s by %s%s%s\n",
			 t->routers.at[s->at].name, t->routers.at[s->owner].name,
			 ip_text(&s->da, da, sizeof(da)), c->json || !wire[0] ? wire : ", then over ",
			 c->json ? "" : wire);
	}
	str_add(c->out, c->json ? "]" : "");
	show_used(c, used);
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
			sim_refuse(c, n == cap ? "too many SIDs at" : "not an address:", x);
			return 0;
		}
		n++;
	}
	return n;
}

static void walk_lsp(struct call *c, const struct sim_lsp *l, struct sim_walk *w, uint64_t *used)
{
	struct sim_walk one;

	for (unsigned k = 0; k < sr_list_count(&l->st.list); k++) {
		const struct sr_list *list = sr_list_nth(&l->st.list, k);
		struct ip_addr sids[SR_SEGS_MAX];

		for (unsigned i = 0; i < list->n; i++)
			sids[i] = list->at[i].sid;
		sim_walk(c->s->paths, l->router, sids, list->n, &one, used);
		/* of several the worst is told: one that is lost, else the slowest */
		if (k == 0 || (w->ok && (!one.ok || one.delay_us_max > w->delay_us_max)))
			*w = one;
	}
}

/* R SID,SID */
static void walk_list(struct call *c, struct sim_walk *w, uint64_t *used)
{
	struct ip_addr sids[SR_SEGS_MAX];
	uint32_t r = sim_get_router(c, c->word[0]);
	unsigned n = r == SIM_NONE ? 0 : get_sids(c, c->word[1], sids, ARRAY_LEN(sids));

	if (!c->refused[0])
		sim_walk(c->s->paths, r, sids, n, w, used);
}

void sim_show_walk(struct call *c)
{
	const struct sim_lsp *l = c->n == 1 ? sim_lsp_find(c->s->pccs, c->word[0]) : NULL;
	AUTO_FREE uint64_t *used = calloc(BITSET_WORDS(2 * c->s->topo.wires.n) + 1, sizeof(*used));
	struct sim_walk w = { .end = SIM_NONE };

	if (!used)
		sim_refuse(c, "no memory", NULL);
	else if (c->n == 2)
		walk_list(c, &w, used);
	else if (l)
		walk_lsp(c, l, &w, used);
	else
		sim_refuse(c, "no such LSP:", c->word[0]);
	if (!c->refused[0])
		walk_print(c, &w, used);
}

/* ---- policies ---- */

struct listing {
	struct call *c;
	bool first;
};

static const char *oper_text(uint8_t oper)
{
	static const char *const text[] = { [LSP_DOWN] = "down", [LSP_UP] = "up",
					    [LSP_ACTIVE] = "active",
					    [LSP_GOING_DOWN] = "going-down",
					    [LSP_GOING_UP] = "going-up" };

	return oper < ARRAY_LEN(text) ? text[oper] : "?";
}

static void show_sids(struct str *out, const struct sr_list *list, bool json)
{
	for (unsigned i = 0; i < list->n; i++) {
		char a[IP_TEXT_MAX];

		str_addf(out, json ? "%s\"%s\"" : "%s%s", i ? "," : "",
			 ip_text(&list->at[i].sid, a, sizeof(a)));
	}
}

/* Several: each with its weight. */
static void show_lists(struct str *out, const struct sr_list *list, bool json)
{
	for (unsigned k = 0; k < sr_list_count(list); k++) {
		str_add(out, k == 0 ? "" : json ? "," : " and ");
		if (json || list->more)
			str_addf(out, json ? "{\"weight\":%u,\"sids\":[" : "%u x ", sr_list_weight(list, k));
		show_sids(out, sr_list_nth(list, k), json);
		str_add(out, json ? "]}" : "");
	}
}

/* A name is the PCE's: quoted where it could look like something else. */
static void show_name(struct str *out, const char *name)
{
	for (const char *s = name; *s; s++)
		if (!isgraph((unsigned char)*s)) {
			str_json(out, name);
			return;
		}
	str_add(out, name);
}

static void show_lsp_json(struct str *out, const struct sim_lsp *l, const struct sim_walk *w,
			  const char *from, const char *end)
{
	char e[IP_TEXT_MAX], h[IP_TEXT_MAX];

	str_add(out, "{\"name\":");
	str_json(out, l->st.name);
	str_addf(out,
		 ",\"router\":\"%s\",\"headend\":\"%s\",\"color\":%u,\"endpoint\":\"%s\","
		 "\"plsp-id\":%u,\"oper\":\"%s\",\"delegated\":%s,\"bandwidth-bps\":%llu,"
		 "\"lists\":[",
		 from, ip_text(&l->st.headend, h, sizeof(h)), l->st.color,
		 ip_text(&l->st.endpoint, e, sizeof(e)), l->st.plsp_id, oper_text(l->st.oper),
		 l->st.delegated ? "true" : "false", (unsigned long long)l->st.bandwidth_bps);
	show_lists(out, &l->st.list, true);
	str_add(out, "],\"sids\":[");
	show_sids(out, &l->st.list, true);
	str_addf(out, "],\"forwards\":%s,\"end\":\"%s\",\"delay-us-max\":%llu,\"why\":",
		 w->ok ? "true" : "false", end, (unsigned long long)w->delay_us_max);
	str_json(out, w->ok ? l->why : w->why);
	str_add(out, "}");
}

static void show_lsp(void *arg, const struct sim_lsp *l)
{
	struct listing *x = arg;
	const struct sim_topo *t = &x->c->s->topo;
	struct str *out = x->c->out;
	const char *from = t->routers.at[l->router].name, *end;
	char e[IP_TEXT_MAX];
	struct sim_walk w;

	walk_lsp(x->c, l, &w, NULL);
	end = w.ok ? t->routers.at[w.end].name : "";
	sim_next(x->c, &x->first);
	if (x->c->json) {
		show_lsp_json(out, l, &w, from, end);
		return;
	}
	show_name(out, l->st.name);
	str_addf(out, ": %s to %s colour %u, %s, ", from,
		 ip_text(&l->st.endpoint, e, sizeof(e)), l->st.color, oper_text(l->st.oper));
	show_lists(out, &l->st.list, false);
	if (w.ok)
		str_addf(out, ", ends at %s after %llu us at most\n", end,
			 (unsigned long long)w.delay_us_max);
	else
		str_addf(out, ", lost: %s\n", w.why);
}

void sim_show_policies(struct call *c)
{
	struct listing x = { c, true };

	str_add(c->out, c->json ? ",\"policies\":[" : "");
	sim_lsps_each(c->s->pccs, show_lsp, &x);
	str_add(c->out, c->json ? "]" : "");
}

void sim_show_devices(struct call *c)
{
	const struct sim_targets *ts = c->s->targets;
	bool first = true;

	str_add(c->out, c->json ? ",\"devices\":[" : "");
	for (uint32_t r = 0; r < sim_targets_count(ts); r++) {
		struct sim_target_info i;
		char addr[IP_TEXT_MAX];

		if (!sim_target_info(ts, r, &i))
			continue;
		(void)ip_text(&i.addr, addr, sizeof(addr));
		sim_next(c, &first);
		str_addf(c->out,
			 c->json ? "{\"router\":\"%s\",\"address\":\"%s\",\"port\":%u,\"listens\":%s,"
				   "\"sets\":%llu,\"refused\":%llu,\"streams\":%u,\"fault\":\"%s\"}" :
				   "%s: %s port %u, listens: %s, sets %llu, refused %llu, streams %u, fault %s\n",
			 c->s->topo.routers.at[r].name, addr, i.port, i.listens ? "true" : "false",
			 (unsigned long long)i.sets, (unsigned long long)i.refused, i.streams,
			 sim_fault_text(i.fault));
	}
	str_add(c->out, c->json ? "]" : "");
}

void sim_show_device(struct call *c)
{
	uint32_t r = sim_get_router(c, c->word[0]);
	AUTO_FREE char *config = NULL;

	if (r == SIM_NONE)
		return;
	config = sim_target_config(c->s->targets, r);
	if (config)
		str_addf(c->out, c->json ? ",\"config\":%s" : "%s\n", config);
	else
		sim_refuse(c, "no gNMI target:", c->word[0]);
}
