/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network as localisation sees it: links of the topology, slices' policies over them as intent
 * says, and what is known. And what comes of it, in words and for an incident.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assure/repair/repair_desk_priv.h"
#include "base/err.h"
#include "base/str.h"

#define LOSS_PPM_MIN 100
#define NET_MEMORY_MAX ((size_t)256 << 20)
#define SRLG_HOLD (UINT64_C(1) << 32)

/* ---- the network ---- */

static bool opposite(const struct ted_link *a, const struct ted_link *b)
{
	return a->from == b->to && a->to == b->from && ip_eq(&a->local_v6, &b->remote_v6) &&
	       ip_eq(&a->remote_v6, &b->local_v6) && ip_eq(&a->local_v4, &b->remote_v4);
}

/* The topology pairs only what is there: of what is gone the other direction is looked for. */
static void pair(struct desk_net *n, uint32_t link)
{
	const struct ted_link *l = &n->ted->links[link];

	for (uint32_t i = 0; n->links[link].reverse == LOCATE_NONE && i < n->ted->n_links; i++) {
		if (n->links[i].reverse != LOCATE_NONE || !opposite(l, &n->ted->links[i]))
			continue;
		n->links[link].reverse = i;
		n->links[i].reverse = link;
	}
}

static int links_of(struct desk_net *n)
{
	struct locate_link *l = ARENA_ARRAY(&n->arena, n->ted->n_links + (size_t)1, struct locate_link);

	if (!l)
		return err_raise(-ENOMEM);
	for (uint32_t i = 0; i < n->ted->n_links; i++)
		l[i] = (struct locate_link){ n->ted->links[i].from, n->ted->links[i].to,
					     n->ted->links[i].reverse };
	n->links = l;
	n->net.links = l;
	n->net.n_links = n->ted->n_links;
	n->net.n_nodes = n->ted->n_nodes;
	return 0;
}

/* Labels of links, comma separated, as intent tells a path. */
static int hops_of(struct desk_net *n, const char *text, struct locate_flow *f)
{
	char label[TED_LABEL_MAX];
	uint32_t count = 1, *hops;

	for (const char *p = text; *p; p++)
		count += *p == ',';
	hops = ARENA_ARRAY(&n->arena, count, uint32_t);
	if (!hops)
		return err_raise(-ENOMEM);
	f->links = hops;
	while (*text) {
		size_t len = strcspn(text, ",");
		uint32_t l;

		(void)snprintf(label, sizeof(label), "%.*s", (int)(len < sizeof(label) ? len : 0), text);
		l = ted_link_by_text(n->ted, label);
		if (l != TED_NONE)
			hops[f->n_links++] = l;
		text += len + (text[len] == ',');
	}
	return 0;
}

struct gathering {
	const struct repair_desk *d;
	struct desk_net *n;
	struct locate_flow *flows;
	struct intent_view *v;
	uint32_t n_flows, n_services;
};

static int flows_of(struct gathering *g, const char *id)
{
	struct slice_flow_view f;

	for (uint32_t at = 0; g->n_flows < DESK_FLOWS_MAX && slice_flows(g->d->p.slice, id, at, &f, 1) == 1; at++) {
		struct locate_flow *out = &g->flows[g->n_flows];

		*out = (struct locate_flow){ .service = g->n_services,
					     .well = repair_flows_well(g->d, &f.key) };
		g->n->keys[g->n_flows] = f.key;
		if (intent_get(g->d->p.intent, &f.key, g->v) != 0)
			g->v->path_text[0] = '\0';
		if (hops_of(g->n, g->v->path_text, out) < 0)
			return -ENOMEM;
		g->n_flows++;
	}
	return 0;
}

/* Ways that flows of the slice went before something there broke: of no policy any more. */
static void left_of(struct gathering *g, const char *id)
{
	for (size_t i = 0; i < g->d->was.n && g->n_flows < DESK_FLOWS_MAX; i++) {
		const struct desk_was *w = &g->d->was.at[i];

		if (strcmp(w->slice, id) != 0)
			continue;
		g->n->keys[g->n_flows] = (struct sr_policy_key){ 0 };
		g->flows[g->n_flows++] = (struct locate_flow){ .service = g->n_services, .links = w->links, .n_links = w->n };
	}
}

static int services_of(const struct repair_desk *d, struct desk_net *n)
{
	AUTO_FREE struct intent_view *v = malloc(sizeof(*v));
	struct gathering g = { .d = d, .n = n, .v = v };
	int r = 0;

	g.flows = ARENA_ARRAY(&n->arena, DESK_FLOWS_MAX, struct locate_flow);
	n->keys = ARENA_ARRAY(&n->arena, DESK_FLOWS_MAX, struct sr_policy_key);
	n->ids = ARENA_ARRAY(&n->arena, slice_count(d->p.slice, SLICE_SERVICE) + (size_t)1, const char *);
	if (!v || !g.flows || !n->keys || !n->ids)
		return err_raise(-ENOMEM);
	for (const char *id = slice_next(d->p.slice, SLICE_SERVICE, NULL); id && r == 0;
	     id = slice_next(d->p.slice, SLICE_SERVICE, id)) {
		n->ids[g.n_services] = arena_str(&n->arena, id);
		r = n->ids[g.n_services] ? flows_of(&g, id) : -ENOMEM;
		left_of(&g, id);
		g.n_services++;
	}
	n->net.flows = g.flows;
	n->net.n_flows = g.n_flows;
	return r;
}

/* ---- what is known ---- */

static uint32_t flow_by_key(const struct desk_net *n, const struct sr_policy_key *key)
{
	for (uint32_t i = 0; i < n->net.n_flows; i++)
		if (sr_policy_key_cmp(&n->keys[i], key) == 0)
			return i;
	return LOCATE_NONE;
}

static void down_flows(const struct repair_desk *d, struct desk_net *n, struct intent_view *v)
{
	for (uint32_t i = 0; i < n->net.n_flows && n->n_facts < LOCATE_FACTS_MAX; i++) {
		if (intent_get(d->p.intent, &n->keys[i], v) != 0 || v->state != INTENT_DOWN)
			continue;
		n->facts[n->n_facts++] = (struct locate_fact){ .kind = LOCATE_POLICY_DOWN,
							       .node = LOCATE_NONE,
							       .link = LOCATE_NONE,
							       .flow = i,
							       .at_ns = v->since_wall_ns };
	}
}

static int facts_of(const struct repair_desk *d, struct desk_net *n)
{
	AUTO_FREE struct intent_view *v = malloc(sizeof(*v));
	uint64_t now = loop_wall_ns(d->p.loop);

	n->facts = ARENA_ARRAY(&n->arena, LOCATE_FACTS_MAX, struct locate_fact);
	if (!n->facts || !v)
		return err_raise(-ENOMEM);
	for (size_t i = 0; i < d->n_facts; i++) {
		const struct desk_fact *k = &d->facts[i];
		struct locate_fact f = k->f;

		if (!k->lasts && now > f.at_ns && now - f.at_ns > DESK_FACT_S * NS_PER_S)
			continue;
		if (k->has_key)
			f.flow = flow_by_key(n, &k->key);
		if (f.kind == LOCATE_LINK_GONE && f.link < n->net.n_links)
			pair(n, f.link);
		f.at_ns = f.at_ns < now ? f.at_ns : now;
		n->facts[n->n_facts++] = f;
	}
	down_flows(d, n, v);
	return 0;
}

int repair_net_look(const struct repair_desk *d, struct desk_net *n)
{
	const struct locate_when when = { .now_ns = loop_wall_ns(d->p.loop),
					  .horizon_ns = UINT64_MAX,
					  .loss_ppm_min = LOSS_PPM_MIN };
	int r;

	*n = (struct desk_net){ 0 };
	if (!intent_ted(d->p.intent))
		return err_raise(-ENODATA); /* nothing is in sight yet */
	n->ted = ted_ref(intent_ted(d->p.intent));
	arena_init(&n->arena, NET_MEMORY_MAX);
	r = links_of(n);
	if (r == 0)
		r = services_of(d, n);
	if (r == 0)
		r = facts_of(d, n);
	if (r == 0)
		r = locate_causes(&n->net, &when, n->facts, n->n_facts, &n->arena, &n->out);
	return r;
}

void repair_net_fini(struct desk_net *n)
{
	arena_fini(&n->arena);
	n->ted = ted_unref(n->ted);
}

/* ---- words ---- */

static void place_text(const struct ted *t, struct locate_place p, char *out, size_t cap)
{
	char label[TED_LABEL_MAX];

	if (p.what == LOCATE_AT_NODE)
		(void)snprintf(out, cap, "%.60s", ted_node_label(t, p.index));
	else if (p.what != LOCATE_NOWHERE)
		(void)snprintf(out, cap, "%.80s", ted_link_label(t, p.index, label, sizeof(label)));
	else
		out[0] = '\0';
}

static void fact_text(const struct locate_fact *f, char *out, size_t cap)
{
	if (f->of > 0)
		(void)snprintf(out, cap, "%s %llu of %llu", locate_kind_name(f->kind), (unsigned long long)f->lost,
			       (unsigned long long)f->of);
	else if (f->lost > 0)
		(void)snprintf(out, cap, "%s %llu", locate_kind_name(f->kind), (unsigned long long)f->lost);
	else
		(void)snprintf(out, cap, "%s", locate_kind_name(f->kind));
}

void repair_net_words(const struct desk_net *n, const struct locate_cause *c, char out[REPAIR_TEXT_MAX])
{
	STR_AUTO struct str s = { 0 };
	char text[128];

	str_add(&s, locate_class_name(c->class));
	for (uint32_t i = 0; i < c->n_places && i < LOCATE_PLACES_MAX; i++) {
		place_text(n->ted, c->place[i], text, sizeof(text));
		if (text[0])
			str_addf(&s, "%s%s", i ? " or " : c->class == LOCATE_SILENT_NODE ? " in " : " at ", text);
	}
	if (c->n_places > LOCATE_PLACES_MAX)
		str_addf(&s, " or %u others", c->n_places - LOCATE_PLACES_MAX);
	for (uint32_t i = 0; i < c->n_speaks && i < 3; i++) {
		fact_text(&n->facts[c->speaks[i]], text, sizeof(text));
		str_addf(&s, "%s%s", i ? ", " : ": ", text);
	}
	(void)str_copy(out, REPAIR_TEXT_MAX, str_text(&s));
}

/* ---- for an incident ---- */

static bool avoidable(enum locate_class class)
{
	return class != LOCATE_AGENT_DEAD && class != LOCATE_FEED_LOST && class != LOCATE_CLOCK_JUMP &&
	       class != LOCATE_UNKNOWN;
}

static bool is_slice(const struct desk_net *n, uint32_t flow, const char *id)
{
	return strcmp(n->ids[n->net.flows[flow].service], id) == 0;
}

static bool concerns(const struct desk_net *n, const struct locate_cause *c, const char *slice)
{
	if (c->place[0].what == LOCATE_NOWHERE)
		return true;
	for (uint32_t f = 0; f < n->net.n_flows; f++)
		if (is_slice(n, f, slice) && locate_hits(&n->net, c, f))
			return true;
	return false;
}

struct answer {
	char text[REPAIR_CAUSES_MAX][REPAIR_TEXT_MAX];
	const char *causes[REPAIR_CAUSES_MAX];
	uint64_t holds[REPAIR_HOLDS_MAX + 1];
	struct repair_located l;
};

static void hold(struct answer *a, uint64_t what)
{
	for (uint32_t i = 0; i < a->l.n_holds; i++)
		if (a->holds[i] == what)
			return;
	if (a->l.n_holds <= REPAIR_HOLDS_MAX)
		a->holds[a->l.n_holds++] = what;
}

/* A repair works at both directions of a link, and at all that shares its risks. */
static void hold_link(const struct desk_net *n, struct answer *a, uint32_t link)
{
	const struct ted_link *l = &n->ted->links[link];

	hold(a, n->links[link].reverse < link ? n->links[link].reverse : link);
	for (uint16_t i = 0; i < l->n_srlg; i++)
		hold(a, SRLG_HOLD | l->srlg[i]);
}

static void hold_place(const struct desk_net *n, struct answer *a, struct locate_place p)
{
	for (uint32_t i = 0; p.what == LOCATE_AT_NODE && i < n->ted->n_links; i++)
		if (n->ted->links[i].alive && n->ted->links[i].from == p.index)
			hold_link(n, a, i);
	if (p.what == LOCATE_AT_LINK || p.what == LOCATE_AT_WIRE)
		hold_link(n, a, p.index);
}

static void suspect(struct desk_course *c, const char *text)
{
	if (c->n_suspects < SLICE_AVOID_MAX)
		(void)str_copy(c->suspect[c->n_suspects++], TED_LABEL_MAX, text);
}

static void suspect_place(const struct desk_net *n, struct desk_course *c, struct locate_place p)
{
	char label[TED_LABEL_MAX];
	uint32_t back;

	if (p.what == LOCATE_AT_NODE) {
		suspect(c, ted_node_label(n->ted, p.index));
		return;
	}
	suspect(c, ted_link_label(n->ted, p.index, label, sizeof(label)));
	back = n->links[p.index].reverse;
	if (p.what == LOCATE_AT_WIRE && back != LOCATE_NONE)
		suspect(c, ted_link_label(n->ted, back, label, sizeof(label)));
}

static void take_cause(const struct desk_net *n, struct desk_course *c, const struct locate_cause *is,
		       struct answer *a)
{
	uint32_t k = a->l.n_causes;

	if (k < REPAIR_CAUSES_MAX) {
		repair_net_words(n, is, a->text[k]);
		a->causes[k] = a->text[k];
		a->l.n_causes++;
	}
	/* Of what drops where nobody tells of it no one knows but by making room. */
	if (c->n_suspects == 0)
		c->crowded = is->class == LOCATE_CONGESTION || is->class == LOCATE_QUEUE_STARVED ||
			     is->class == LOCATE_SILENT_WIRE;
	if (c->n_suspects > 0 || !avoidable(is->class) || is->place[0].what == LOCATE_NOWHERE ||
	    is->n_places > LOCATE_PLACES_MAX)
		return;
	for (uint32_t i = 0; i < is->n_places; i++) {
		suspect_place(n, c, is->place[i]);
		hold_place(n, a, is->place[i]);
	}
}

bool repair_net_locate(struct repair_desk *d, struct desk_course *c)
{
	AUTO_FREE struct answer *a = calloc(1, sizeof(*a));
	AUTO_FREE struct desk_net *n = calloc(1, sizeof(*n));
	const struct repair_now now = repair_desk_now(d);
	bool good = a && n && repair_net_look(d, n) == 0;

	if (n && n->ted)
		c->tries++;
	c->n_suspects = 0;
	c->crowded = false;
	for (uint32_t i = 0; good && i < n->out.n; i++)
		if (concerns(n, &n->out.cause[i], c->slice))
			take_cause(n, c, &n->out.cause[i], a);
	if (good && c->n_suspects == 0 && c->tries < DESK_TRIES) {
		repair_net_fini(n);
		return false; /* hops are measured from now on: it may be known soon */
	}
	/* What is not placed is worked at where the slice runs. */
	for (uint32_t f = 0; good && c->n_suspects == 0 && f < n->net.n_flows; f++)
		for (uint32_t i = 0; is_slice(n, f, c->slice) && i < n->net.flows[f].n_links; i++)
			hold_link(n, a, n->net.flows[f].links[i]);
	if (a) {
		a->l.causes = a->causes;
		a->l.holds = a->holds;
		a->l.placed = c->n_suspects > 0;
		repair_located(d->r, c->incident, c->turn, &a->l, &now);
	}
	if (n && n->ted)
		repair_net_fini(n);
	return true;
}

static void evidence(const struct desk_net *n, struct repair_diagnosis *out, uint32_t rank, uint32_t fact)
{
	const struct locate_fact *f = &n->facts[fact];
	struct repair_evidence *e = &out->evidence[out->n_evidence++];
	struct locate_place p = { .what = LOCATE_NOWHERE };

	if (f->link != LOCATE_NONE && f->link < n->net.n_links)
		p = (struct locate_place){ LOCATE_AT_LINK, f->link };
	else if (f->node != LOCATE_NONE && f->node < n->net.n_nodes)
		p = (struct locate_place){ LOCATE_AT_NODE, f->node };
	*e = (struct repair_evidence){ .rank = rank, .kind = f->kind, .lost = f->lost, .of = f->of,
				       .value = f->value, .bound = f->bound, .at_ns = f->at_ns };
	place_text(n->ted, p, e->at, sizeof(e->at));
	if (f->flow != LOCATE_NONE && f->flow < n->net.n_flows)
		(void)str_copy(e->slice, sizeof(e->slice), n->ids[n->net.flows[f->flow].service]);
}

static void all_evidence(const struct desk_net *n, struct repair_diagnosis *out)
{
	for (uint32_t i = 0; i < n->out.n; i++)
		for (uint32_t k = 0; k < n->out.cause[i].n_speaks && k < LOCATE_SPEAKS_MAX; k++)
			evidence(n, out, i + 1, n->out.cause[i].speaks[k]);
	for (uint32_t i = 0; i < n->out.unexplained && i < LOCATE_LEFT_MAX; i++)
		evidence(n, out, 0, n->out.left[i]);
}

/* ---- for the way back ---- */

static bool is_suspect(const struct desk_net *n, const struct desk_course *c, struct locate_place p)
{
	char label[TED_LABEL_MAX];
	const char *text = p.what == LOCATE_AT_NODE ? ted_node_label(n->ted, p.index) :
						      ted_link_label(n->ted, p.index, label, sizeof(label));

	for (uint8_t i = 0; i < c->n_suspects; i++)
		if (strcmp(c->suspect[i], text) == 0)
			return true;
	return false;
}

bool repair_net_suspected(const struct desk_net *n, const struct desk_course *c)
{
	for (uint32_t i = 0; i < n->out.n; i++) {
		const struct locate_cause *is = &n->out.cause[i];

		if (c->n_suspects == 0 && concerns(n, is, c->slice))
			return true;
		for (uint32_t k = 0; k < is->n_places && k < LOCATE_PLACES_MAX; k++)
			if (is->place[k].what != LOCATE_NOWHERE && is_suspect(n, c, is->place[k]))
				return true;
	}
	return false;
}

static void hold_suspect(const struct desk_net *n, struct answer *a, const char *label)
{
	struct locate_place p = { .what = LOCATE_AT_LINK, .index = ted_link_by_text(n->ted, label) };

	if (p.index == TED_NONE)
		p = (struct locate_place){ .what = LOCATE_AT_NODE, .index = ted_node_by_id(n->ted, label) };
	if (p.index != TED_NONE)
		hold_place(n, a, p);
}

void repair_net_restore(struct repair_desk *d, struct desk_course *c, const struct desk_course *was)
{
	AUTO_FREE struct answer *a = calloc(1, sizeof(*a));
	AUTO_FREE struct desk_net *n = calloc(1, sizeof(*n));
	const struct repair_now now = repair_desk_now(d);

	if (!a || !n || repair_net_look(d, n) != 0)
		return; /* in time it goes on without */
	for (uint8_t i = 0; i < was->n_suspects; i++)
		hold_suspect(n, a, was->suspect[i]);
	a->l.holds = a->holds;
	a->l.placed = repair_net_suspected(n, was);
	repair_located(d->r, c->incident, c->turn, &a->l, &now);
	repair_net_fini(n);
}

int repair_desk_diagnose(const struct repair_desk *d, struct repair_diagnosis *out)
{
	AUTO_FREE struct desk_net *n = calloc(1, sizeof(*n));
	int r = n ? repair_net_look(d, n) : -ENOMEM;

	*out = (struct repair_diagnosis){ 0 };
	for (uint32_t i = 0; r == 0 && i < n->out.n; i++) {
		const struct locate_cause *c = &n->out.cause[i];

		repair_net_words(n, c, out->cause[i]);
		for (uint32_t k = 0; k < c->n_services && k < LOCATE_SERVICES_MAX; k++)
			(void)str_copy(out->services[i][k], SLICE_ID_MAX, n->ids[c->services[k]]);
	}
	if (r == 0) {
		out->result = n->out;
		all_evidence(n, out);
		if (n->out.unexplained)
			(void)snprintf(out->unexplained, sizeof(out->unexplained), "%u of %zu facts", n->out.unexplained,
				       n->n_facts);
	}
	if (n && n->ted)
		repair_net_fini(n);
	return r;
}
