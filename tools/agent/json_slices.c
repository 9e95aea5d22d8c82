/* SPDX-License-Identifier: Apache-2.0 */
/* The slices of a router as members of the agent's JSON: what is wanted, and how it fares. */
#include <inttypes.h>

#include "tools/agent/json.h"

struct out {
	struct str *o;
	const struct agent_slices *s;
	bool more;
};

static void open_list(struct out *w, const char *name)
{
	str_addf(w->o, ",\n\"%s\":[", name);
	w->more = false;
}

static void next(struct out *w)
{
	str_add(w->o, w->more ? ",\n" : "\n");
	w->more = true;
}

static void text(struct str *o, const char *name, const char *value)
{
	str_addf(o, ",\"%s\":", name);
	str_json(o, value);
}

static void prefix(struct str *o, const char *name, const struct ip_prefix *p)
{
	char t[IP_PREFIX_TEXT_MAX];

	if (p->addr.family != IP_NONE)
		str_addf(o, ",\"%s\":\"%s\"", name, ip_prefix_text(p, t, sizeof(t)));
}

static void fate(struct str *o, const struct agent_part *p)
{
	static const char *const names[] = { "pending", "in", "failed" };

	text(o, "state", names[p->status]);
	text(o, "reason", p->reason);
	if (p->counted)
		str_addf(o, ",\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64, p->stats.packets,
			 p->stats.bytes);
}

static void queue(struct str *o, const struct agent_part *p)
{
	fate(o, p);
	if (p->counted)
		str_addf(o, ",\"drops\":%" PRIu64 ",\"backlog\":%" PRIu64, p->stats.drops,
			 p->stats.backlog);
	str_add(o, "}");
}

/* Best effort is told among the partitions, as the one without a number. */
static void links(struct out *w, const struct agent_device *d)
{
	for (size_t i = 0; i < d->n_links; i++) {
		const struct agent_link *l = &d->links[i];
		struct agent_part p = agent_slices_part(w->s, l);

		next(w);
		str_add(w->o, "{\"link\":");
		str_json(w->o, l->name);
		str_addf(w->o, ",\"nrp\":\"best-effort\",\"ceil-bps\":%" PRIu64 ",\"limit\":%u",
			 l->capacity_bps, l->limit);
		queue(w->o, &p);
		for (size_t j = 0; j < l->n_nrps; j++) {
			const struct agent_nrp *n = &l->nrps[j];

			p = agent_slices_part(w->s, n);
			next(w);
			str_add(w->o, "{\"link\":");
			str_json(w->o, l->name);
			str_addf(w->o, ",\"nrp\":\"%u\",\"rate-bps\":%" PRIu64, n->id, n->rate_bps);
			str_addf(w->o, ",\"ceil-bps\":%" PRIu64 ",\"limit\":%u", n->ceil_bps,
				 n->limit);
			queue(w->o, &p);
		}
	}
}

static void table(struct out *w, const struct agent_table *t)
{
	struct agent_part p = agent_slices_part(w->s, t);
	char sid[IP_TEXT_MAX];

	next(w);
	str_addf(w->o, "{\"table\":%u", t->id);
	text(w->o, "name", t->name);
	str_add(w->o, ",\"sids\":[");
	for (unsigned i = 0; i < t->n_sids; i++)
		str_addf(w->o, "%s\"%s\"", i ? "," : "", ip_text(&t->sids[i], sid, sizeof(sid)));
	str_addf(w->o, "],\"routes\":%zu,\"interfaces\":[", t->n_routes);
	for (size_t i = 0; i < t->n_interfaces; i++) {
		str_add(w->o, i ? "," : "");
		str_json(w->o, t->interfaces[i]);
	}
	str_add(w->o, "]");
	fate(w->o, &p);
	str_add(w->o, "}");
}

static void locators(struct out *w, const struct agent_device *d)
{
	char t[IP_TEXT_MAX];

	for (size_t i = 0; i < d->n_locators; i++) {
		const struct agent_locator *l = &d->locators[i];
		struct agent_part p = agent_slices_part(w->s, l);

		next(w);
		str_addf(w->o, "{\"block-length\":%u", l->block);
		prefix(w->o, "sid", &l->prefix);
		fate(w->o, &p);
		str_add(w->o, "}");
		for (size_t k = 0; k < l->n_adjs; k++) {
			const struct agent_adjacency *a = &l->adjs[k];

			p = agent_slices_part(w->s, a);
			next(w);
			str_addf(w->o, "{\"block-length\":%u", l->block);
			prefix(w->o, "sid", &a->sid);
			text(w->o, "interface", a->interface);
			text(w->o, "next-hop", ip_text(&a->next_hop, t, sizeof(t)));
			fate(w->o, &p);
			str_add(w->o, "}");
		}
	}
}

static void route(struct out *w, const struct agent_table *t, const struct agent_table_route *r)
{
	struct agent_part p = agent_slices_route(w->s, r);
	char t1[IP_TEXT_MAX];

	next(w);
	str_addf(w->o, "{\"table\":%u", t->id);
	prefix(w->o, "prefix", &r->prefix);
	if (r->next_hop.family != IP_NONE)
		text(w->o, "next-hop", ip_text(&r->next_hop, t1, sizeof(t1)));
	if (r->interface[0])
		text(w->o, "interface", r->interface);
	if (r->color)
		str_addf(w->o, ",\"policy\":\"%u %s\"", r->color,
			 ip_text(&r->endpoint, t1, sizeof(t1)));
	str_add(w->o, ",\"segments\":[");
	for (unsigned i = 0; i < r->n; i++)
		str_addf(w->o, "%s\"%s\"", i ? "," : "", ip_text(&r->seg[i], t1, sizeof(t1)));
	str_add(w->o, "]");
	fate(w->o, &p);
	str_add(w->o, "}");
}

static void classifier(struct out *w, const struct agent_classifier *c)
{
	struct agent_part p = agent_slices_rule(w->s, c, "classifier", c->name);

	next(w);
	str_addf(w->o, "{\"id\":%u", c->id);
	text(w->o, "name", c->name);
	text(w->o, "interface", c->interface);
	if (c->has_dscp)
		str_addf(w->o, ",\"dscp\":%u", c->dscp);
	prefix(w->o, "source", &c->source);
	prefix(w->o, "destination", &c->destination);
	if (c->has_protocol)
		str_addf(w->o, ",\"protocol\":%u", c->protocol);
	if (c->has_sport)
		str_addf(w->o, ",\"source-port\":%u", c->sport);
	if (c->has_dport)
		str_addf(w->o, ",\"destination-port\":%u", c->dport);
	str_addf(w->o, ",\"table\":%u", c->table);
	fate(w->o, &p);
	str_add(w->o, "}");
}

static void guards(struct out *w, const struct agent_device *d)
{
	for (size_t i = 0; i < d->n_policers; i++) {
		const struct agent_policer *c = &d->policers[i];
		struct agent_part p = agent_slices_rule(w->s, c, "policer", c->name);

		next(w);
		str_add(w->o, "{\"guard\":\"policer\"");
		text(w->o, "name", c->name);
		text(w->o, "interface", c->interface);
		str_addf(w->o, ",\"rate-bps\":%" PRIu64, c->rate_bps);
		fate(w->o, &p);
		str_add(w->o, "}");
	}
	for (size_t i = 0; i < d->n_filters; i++) {
		const struct agent_source_filter *f = &d->filters[i];
		struct agent_part p = agent_slices_rule(w->s, f, "source", f->interface);

		next(w);
		str_add(w->o, "{\"guard\":\"source-filter\"");
		text(w->o, "name", f->routes ? "routes" : "list");
		text(w->o, "interface", f->interface);
		fate(w->o, &p);
		str_add(w->o, "}");
	}
}

static void boundaries(struct out *w, const struct agent_device *d)
{
	for (size_t i = 0; d->n_underlay && i < d->n_tables; i++) {
		const struct agent_table *t = &d->tables[i];

		for (size_t j = 0; j < t->n_interfaces; j++) {
			struct agent_part p =
				agent_slices_rule(w->s, d, "boundary", t->interfaces[j]);

			next(w);
			str_add(w->o, "{\"guard\":\"boundary\"");
			text(w->o, "interface", t->interfaces[j]);
			fate(w->o, &p);
			str_add(w->o, "}");
		}
	}
}

void agent_json_fwd(const struct agent_fwd *f, struct str *o)
{
	uint32_t n = agent_fwd_tables(f), known = 0, truncated = 0, routes = 0, sids;

	for (uint32_t i = 0; i < n; i++) {
		const struct agent_fwd_table t = agent_fwd_table_at(f, i);

		known += t.known;
		truncated += t.truncated;
		routes += t.n;
	}
	(void)agent_fwd_sids(f, &sids);
	str_addf(o, ",\n\"forwarding\":{\"tables\":%u,\"known\":%u,\"truncated\":%u,\"routes\":%u,\"sids\":%u,", n, known,
		 truncated, routes, sids);
	str_addf(o, "\"sids-known\":%s,\"version\":%" PRIu64 "}", agent_fwd_sids_known(f) ? "true" : "false",
		 agent_fwd_version(f));
}

void agent_json_slices(const struct agent_slices *s, struct str *o)
{
	const struct agent_device *d = agent_slices_device(s);
	struct out w = { .o = o, .s = s };
	struct agent_slices_stats st;

	agent_slices_stats(s, &st);
	str_addf(o, ",\n\"slices\":{\"generation\":%" PRIu64, agent_slices_generation(s));
	str_addf(o, ",\"wanted\":%u,\"in\":%u,\"failed\":%u", st.wanted, st.in, st.failed);
	str_addf(o, ",\"made\":%" PRIu64 ",\"removed\":%" PRIu64 ",\"refused\":%" PRIu64, st.made,
		 st.removed, st.refused);
	str_addf(o, ",\"repaired\":%" PRIu64 "}", st.repaired);
	open_list(&w, "queues");
	links(&w, d);
	str_add(o, "]");
	open_list(&w, "locators");
	locators(&w, d);
	str_add(o, "]");
	open_list(&w, "tables");
	for (size_t i = 0; i < d->n_tables; i++)
		table(&w, &d->tables[i]);
	str_add(o, "]");
	open_list(&w, "table-routes");
	for (size_t i = 0; i < d->n_tables; i++) {
		for (size_t j = 0; j < d->tables[i].n_routes; j++)
			route(&w, &d->tables[i], &d->tables[i].routes[j]);
	}
	str_add(o, "]");
	open_list(&w, "classifiers");
	for (size_t i = 0; i < d->n_classifiers; i++)
		classifier(&w, &d->classifiers[i]);
	str_add(o, "]");
	open_list(&w, "guards");
	guards(&w, d);
	boundaries(&w, d);
	str_add(o, "]");
}
