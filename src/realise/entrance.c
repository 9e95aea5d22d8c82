/* SPDX-License-Identifier: Apache-2.0 */
/* What a packet of a customer meets before it is routed: source filter, policer, classifier. */
#include <stdio.h>
#include <string.h>

#include "realise/plan_int.h"

enum { BURST_MIN = 30000, RATE_MIN = 8000, BURSTS_PER_S = 20 };

static const uint64_t rate_max = 1000000000000;
static const uint64_t burst_max = 4000000000;

/* What is promised from here, in sum; 0: nothing. */
static uint64_t promised(const struct realise_work *w, const struct slice_sdp *p)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < w->in->n_flows; i++) {
		const struct slice_flow_view *f = &w->in->flows[i];

		if (!f->protection && strcmp(f->sender, p->id) == 0)
			sum += f->bandwidth_bps;
	}
	return sum;
}

/* Of a circuit: its own, its part of what the SDP may send, or of what is promised when the slice
 * has no resources of its own that would hold it to that. */
static uint64_t entering(const struct realise_work *w, const struct slice_sdp *p, const struct slice_ac *ac)
{
	uint64_t own = ac->in.cir ? ac->in.cir : ac->in.pir, all = p->in.cir ? p->in.cir : p->in.pir;

	if (!own && !all && w->in->service->real.sharing == SLICE_SHARED)
		all = promised(w, p);
	return own ? own : all / realise_circuits(p);
}

struct gate {
	const char *device, *interface;
	uint64_t rate, burst;
	int dscp; /* -1: all that enters */
};

static void put_policer(struct realise_work *w, const struct gate *g)
{
	STR_AUTO struct str json = { 0 };
	char name[REALISE_NAME_MAX];
	uint64_t rate = g->rate < RATE_MIN ? RATE_MIN : g->rate;
	uint64_t burst = g->burst ? g->burst : rate / 8 / BURSTS_PER_S;

	if (g->rate == 0 || g->rate > rate_max)
		return;
	burst = burst < BURST_MIN ? BURST_MIN : burst > burst_max ? burst_max : burst;
	if (g->dscp < 0)
		(void)snprintf(name, sizeof(name), "%s.%s", w->tag, g->interface);
	else
		(void)snprintf(name, sizeof(name), "%.28s.%.15s.%u", w->tag, g->interface, (unsigned)g->dscp & 63u);
	str_addf(&json, "{\"name\":\"%s\",\"interface\":\"%s\"", name, g->interface);
	if (g->dscp >= 0)
		str_addf(&json, ",\"dscp\":%d", g->dscp);
	str_addf(&json, ",\"rate\":\"%llu\",\"burst\":%llu}", (unsigned long long)rate, (unsigned long long)burst);
	realise_put(w, g->device, REALISE_IS_POLICER, name, &json);
}

static void put_filter(struct realise_work *w, const char *device, const char *interface)
{
	STR_AUTO struct str json = { 0 };

	str_addf(&json, "{\"interface\":\"%s\",\"mode\":\"list\"}", interface);
	realise_put(w, device, REALISE_IS_FILTER, interface, &json);
}

int realise_only_dscp(const struct slice_sdp *p)
{
	int dscp = -1;

	for (uint32_t i = 0; i < p->n_criteria; i++) {
		int here = -1;

		for (uint32_t k = 0; k < p->criteria[i].n_match; k++) {
			const struct slice_match *m = &p->criteria[i].match[k];

			if (m->type == SLICE_MATCH_DSCP && m->n == 1)
				here = (int)m->numbers[0];
		}
		if (here < 0 || (dscp >= 0 && dscp != here))
			return -1;
		dscp = here;
	}
	return dscp;
}

/* An interface that has other traffic too is policed by DSCP, or not at all. */
static void gates(struct realise_work *w, const struct realise_table *t)
{
	const struct slice_sdp *p = &w->in->service->sdps[t->sdp];
	char name[REALISE_IF_MAX];

	for (uint32_t i = 0; i < p->n_acs; i++) {
		const struct slice_ac *ac = &p->acs[i];
		bool bound = realise_is_bound(w->in->service, p, t->group, ac);
		struct gate g = {
			.device = w->in->places[t->sdp].device,
			.interface = name,
			.burst = ac->in.cbs ? ac->in.cbs : p->in.cbs,
			.dscp = bound ? -1 : realise_only_dscp(p),
		};

		if (ac->down || !realise_interface(ac, name))
			continue;
		g.rate = entering(w, p, ac);
		if (bound)
			put_filter(w, g.device, name);
		if (bound || g.dscp >= 0)
			put_policer(w, &g);
	}
}

/* ---- classifiers ---- */

static void put_prefix(struct str *json, const char *name, const struct ip_prefix *p)
{
	char text[IP_PREFIX_TEXT_MAX];

	if (p->addr.family)
		str_addf(json, ",\"%s\":\"%s\"", name, ip_prefix_text(p, text, sizeof(text)));
}

static void put_flow(struct str *json, const struct slice_match *m)
{
	put_prefix(json, "source", &m->flow.src);
	put_prefix(json, "destination", &m->flow.dst);
	if (m->flow.has_protocol)
		str_addf(json, ",\"protocol\":%u", m->flow.protocol);
	if (m->flow.src_port)
		str_addf(json, ",\"source-port\":%u", m->flow.src_port);
	if (m->flow.dst_port)
		str_addf(json, ",\"destination-port\":%u", m->flow.dst_port);
}

/* False: it says nothing of a packet but where it arrives. */
static bool put_value(struct str *json, const struct slice_match *m, uint32_t at)
{
	switch (m->type) {
	case SLICE_MATCH_SRC:
		put_prefix(json, "source", &m->prefixes[at]);
		return true;
	case SLICE_MATCH_DST:
		put_prefix(json, "destination", &m->prefixes[at]);
		return true;
	case SLICE_MATCH_DSCP:
		str_addf(json, ",\"dscp\":%u", m->numbers[at]);
		return true;
	case SLICE_MATCH_FLOW:
		put_flow(json, m);
		return true;
	case SLICE_MATCH_ANY:
	case SLICE_MATCH_INTERFACE:
	case SLICE_MATCH_VLAN:
	case SLICE_MATCH_LABEL:
	case SLICE_MATCH_ACL:
	case SLICE_MATCH_APN:
		break;
	}
	return false;
}

struct class {
	const struct realise_table *table;
	const struct slice_criterion *criterion;
	char interface[REALISE_IF_MAX];
	uint32_t combination; /* of its values: each term counts like a digit */
	uint32_t id;
};

static void put_class(struct realise_work *w, const struct class *c)
{
	STR_AUTO struct str json = { 0 };
	uint32_t left = c->combination;
	char key[16];

	(void)snprintf(key, sizeof(key), "%u", c->id);
	str_addf(&json, "{\"id\":%s,\"name\":\"%s.c%s\",\"interface\":\"%s\"", key, w->tag, key, c->interface);
	for (uint32_t i = 0; i < c->criterion->n_match; i++) {
		const struct slice_match *m = &c->criterion->match[i];

		if (m->n && put_value(&json, m, left % m->n))
			left /= m->n;
	}
	str_addf(&json, ",\"table\":%u}", REALISE_TABLE_FIRST + c->table->number);
	realise_put(w, w->in->places[c->table->sdp].device, REALISE_IS_CLASSIFIER, key, &json);
}

static void classes_of(struct realise_work *w, struct class *c, uint32_t end)
{
	const struct slice_sdp *p = &w->in->service->sdps[c->table->sdp];

	for (uint32_t k = 0; k < p->n_acs; k++) {
		const struct slice_ac *ac = &p->acs[k];
		uint32_t n = realise_combinations(c->criterion);

		if (!realise_takes(c->criterion, ac) || !realise_interface(ac, c->interface) ||
		    (!realise_is_fine(c->criterion) && realise_is_bound(w->in->service, p, c->table->group, ac)))
			continue;
		for (c->combination = 0; c->combination < n && c->id < end; c->combination++, c->id++)
			put_class(w, c);
	}
}

/* Of an SDP, in the order of its criteria over all of its tables. */
static void classes(struct realise_work *w, uint32_t sdp, uint32_t first_number)
{
	const struct slice_service *s = w->in->service;
	const struct slice_sdp *p = &s->sdps[sdp];
	struct class c = { .id = REALISE_CLASS_FIRST + REALISE_CLASSES * first_number };
	uint32_t end = c.id + REALISE_CLASSES;

	for (uint32_t i = 0; i < p->n_criteria; i++) {
		c.criterion = &p->criteria[i];
		if (c.criterion->group >= s->n_groups)
			continue;
		c.table = realise_table_of(w->in->tables, w->in->n_tables, sdp, s->groups[c.criterion->group].id);
		if (c.table)
			classes_of(w, &c, end);
	}
}

void realise_entrance(struct realise_work *w)
{
	const struct realise_table *at = w->in->tables;

	for (uint32_t i = 0; i < w->in->n_tables; i++) {
		uint32_t least = at[i].number;

		gates(w, &at[i]);
		if (i > 0 && at[i - 1].sdp == at[i].sdp)
			continue;
		for (uint32_t k = i; k < w->in->n_tables && at[k].sdp == at[i].sdp; k++)
			least = at[k].number < least ? at[k].number : least;
		classes(w, at[i].sdp, least);
	}
}
