/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/agent/measure/altmark_cfg.h"

#include <libyang/libyang.h>
#include <stdlib.h>
#include <string.h>

static bool is(const struct lyd_node *n, const char *name)
{
	return strcmp(n->schema->name, name) == 0;
}

static void fill_port(const struct lyd_node *in, struct agent_altmark_port *p)
{
	const char *role = conf_text_of(in, "role");

	conf_read_text(in, "name", p->name, sizeof(p->name));
	p->edge = role && strcmp(role, "edge") == 0;
}

static void fill_flow(struct conf_reader *r, const struct lyd_node *in,
		      struct agent_altmark_cfg *c)
{
	struct agent_altmark_flow *f = &c->flows[c->n_flows++];

	f->id = (uint32_t)conf_read_num(in, "id");
	f->first = conf_read_ip(in, "destination");
	f->last = conf_read_ip(in, "last-segment");
	f->has_dscp = conf_child(in, "dscp") != NULL;
	f->dscp = (uint8_t)conf_read_num(in, "dscp");
	if (f->last.family == IP_NONE)
		f->last = f->first;
	for (size_t i = 0; i + 1 < c->n_flows; i++) {
		if (agent_altmark_flow_same(&c->flows[i], f))
			conf_read_say(r, in, "the packets of flow %u are the same",
				      c->flows[i].id);
	}
}

static void fill_lists(struct conf_reader *r, const struct lyd_node *in,
		       struct agent_altmark_cfg *out)
{
	const struct lyd_node *c;

	LY_LIST_FOR(lyd_child(in), c)
	{
		if (is(c, "interface") && out->n_ports < AGENT_ALTMARK_PORTS)
			fill_port(c, &out->ports[out->n_ports++]);
		else if (is(c, "flow"))
			fill_flow(r, c, out);
		else if (is(c, "unmark"))
			out->n_ends +=
				ip_prefix_parse(lyd_get_value(c), &out->ends[out->n_ends]) == 0;
	}
}

bool agent_altmark_cfg_fill(struct conf_reader *r, const struct lyd_node *in,
			    struct agent_altmark_cfg *out)
{
	const struct lyd_node *c;
	size_t n = 0;

	if (!in)
		return true;
	out->on = true;
	out->period_ms = (uint32_t)conf_read_num(in, "period");
	out->guard_ms = (uint32_t)conf_read_num(in, "guard");
	LY_LIST_FOR(lyd_child(in), c)
	n++;
	out->flows = calloc(n + 1, sizeof(*out->flows));
	out->ends = calloc(n + 1, sizeof(*out->ends));
	if (!out->flows || !out->ends)
		return false;
	fill_lists(r, in, out);
	if (out->guard_ms * 4 > out->period_ms)
		conf_read_say(r, in, "'guard' is more than a quarter of 'period'");
	return true;
}

bool agent_altmark_flow_same(const struct agent_altmark_flow *a,
			     const struct agent_altmark_flow *b)
{
	return ip_eq(&a->first, &b->first) && ip_eq(&a->last, &b->last) &&
	       a->has_dscp == b->has_dscp && a->dscp == b->dscp;
}

bool agent_altmark_cfg_same(const struct agent_altmark_cfg *a, const struct agent_altmark_cfg *b)
{
	if (a->on != b->on || a->period_ms != b->period_ms || a->guard_ms != b->guard_ms ||
	    !ip_eq(&a->source, &b->source) || a->n_ports != b->n_ports ||
	    a->n_flows != b->n_flows || a->n_ends != b->n_ends)
		return false;
	for (size_t i = 0; i < a->n_ports; i++) {
		if (a->ports[i].edge != b->ports[i].edge ||
		    strcmp(a->ports[i].name, b->ports[i].name) != 0)
			return false;
	}
	for (size_t i = 0; i < a->n_flows; i++) {
		if (a->flows[i].id != b->flows[i].id ||
		    !agent_altmark_flow_same(&a->flows[i], &b->flows[i]))
			return false;
	}
	for (size_t i = 0; i < a->n_ends; i++) {
		if (ip_prefix_cmp(&a->ends[i], &b->ends[i]) != 0)
			return false;
	}
	return true;
}

static void *copy_of(const void *from, size_t n, size_t size)
{
	void *to = calloc(n + 1, size);

	if (to && n > 0)
		memcpy(to, from, n * size);
	return to;
}

bool agent_altmark_cfg_copy(struct agent_altmark_cfg *to, const struct agent_altmark_cfg *from)
{
	struct agent_altmark_cfg c = *from;

	c.flows = copy_of(from->flows, from->n_flows, sizeof(*c.flows));
	c.ends = copy_of(from->ends, from->n_ends, sizeof(*c.ends));
	if (!c.flows || !c.ends) {
		agent_altmark_cfg_fini(&c);
		return false;
	}
	agent_altmark_cfg_fini(to);
	*to = c;
	return true;
}

void agent_altmark_cfg_fini(struct agent_altmark_cfg *c)
{
	free(c->flows);
	free(c->ends);
	*c = (struct agent_altmark_cfg){ 0 };
}
