/* SPDX-License-Identifier: Apache-2.0 */
/* Which facts count, and what they say together about links, nodes and flows. */
#include <errno.h>

#include "assure/locate/locate_priv.h"
#include "base/auto.h"
#include "base/err.h"

/* What a kind cannot do without. */
static bool names(const struct locate_net *net, const struct locate_fact *f)
{
	static const struct {
		bool node, link, flow;
	} needs[LOCATE_KINDS] = {
		[LOCATE_LINK_GONE] = { .link = true },
		[LOCATE_NODE_GONE] = { .node = true },
		[LOCATE_PCEP_GONE] = { .node = true },
		[LOCATE_DEVICE_GONE] = { .node = true },
		[LOCATE_READINGS_GONE] = { .node = true },
		[LOCATE_POLICY_DOWN] = { .flow = true },
		[LOCATE_FLOW_LOSS] = { .flow = true },
		[LOCATE_FLOW_DELAY] = { .flow = true },
		[LOCATE_WIRE_LOSS] = { .link = true },
		[LOCATE_NODE_LOSS] = { .node = true },
		[LOCATE_PROBE_FORWARD] = { .flow = true },
		[LOCATE_PROBE_BACK] = { .flow = true },
		[LOCATE_LARGE_LOSS] = { .flow = true },
		[LOCATE_CLASS_DROPS] = { .link = true },
		[LOCATE_LINK_FULL] = { .link = true },
		[LOCATE_IF_ERRORS] = { .link = true },
		[LOCATE_SID_WRONG] = { .node = true },
		[LOCATE_SID_DEAF] = { .node = true },
		[LOCATE_STRAY] = { .node = true, .flow = true },
		[LOCATE_CLOCK_STEP] = { .node = true },
	};

	if ((unsigned)f->kind >= LOCATE_KINDS || (needs[f->kind].node && f->node == LOCATE_NONE) ||
	    (needs[f->kind].link && f->link == LOCATE_NONE) ||
	    (needs[f->kind].flow && f->flow == LOCATE_NONE))
		return false;
	return (f->node == LOCATE_NONE || f->node < net->n_nodes) &&
	       (f->link == LOCATE_NONE || f->link < net->n_links) &&
	       (f->flow == LOCATE_NONE || f->flow < net->n_flows);
}

static bool in_time(const struct locate_when *w, const struct locate_fact *f)
{
	return f->at_ns <= w->now_ns && w->now_ns - f->at_ns <= w->horizon_ns;
}

/* ---- what is known beside ---- */

static void mark_flow(const struct locate_case *c, uint32_t flow, uint8_t *map)
{
	const struct locate_flow *f = &c->net->flows[flow];

	for (uint32_t i = 0; i < f->n_links; i++)
		map[f->links[i]] = 1;
}

static void mark_back(const struct locate_case *c, uint32_t flow, uint8_t *map)
{
	const struct locate_flow *f = &c->net->flows[flow];

	for (uint32_t i = 0; i < f->n_links; i++) {
		uint32_t back = c->net->links[f->links[i]].reverse;

		if (back != LOCATE_NONE)
			map[back] = 1;
	}
}

static void came_through(const struct locate_case *c, uint32_t link, uint64_t at_ns)
{
	if (c->alive_ns[link] < at_ns)
		c->alive_ns[link] = at_ns;
}

static void probe_came(struct locate_case *c, const struct locate_fact *f, bool back)
{
	const struct locate_flow *flow = &c->net->flows[f->flow];

	for (uint32_t i = 0; i < flow->n_links; i++) {
		uint32_t l = back ? c->net->links[flow->links[i]].reverse : flow->links[i];

		if (l != LOCATE_NONE)
			came_through(c, l, f->at_ns);
	}
}

static void note_probe(struct locate_case *c, const struct locate_fact *f)
{
	unsigned k = locate_clears(f->kind);

	if (f->of > 0 && f->lost < f->of) {
		if (k == CLEAR_BACK)
			mark_back(c, f->flow, c->clear[k]);
		else
			mark_flow(c, f->flow, c->clear[k]);
		if (k == CLEAR_FORWARD)
			mark_flow(c, f->flow, c->open);
		probe_came(c, f, k == CLEAR_BACK);
		c->behind[f->flow] = c->behind[f->flow] || k == CLEAR_BACK;
		c->ahead[f->flow] = c->ahead[f->flow] || k == CLEAR_FORWARD;
	}
	if (k == CLEAR_FORWARD && locate_loses(c, f))
		mark_flow(c, f->flow, c->hurt);
}

static void note_loss(struct locate_case *c, const struct locate_fact *f)
{
	bool late = f->kind == LOCATE_FLOW_DELAY && f->value > f->bound;

	if (f->kind == LOCATE_WIRE_LOSS) {
		if (f->of > 0 && f->lost < f->of)
			came_through(c, f->link, f->at_ns);
		c->hurt[f->link] = c->hurt[f->link] || locate_loses(c, f);
	} else if (late || (f->kind == LOCATE_FLOW_LOSS && locate_loses(c, f))) {
		mark_flow(c, f->flow, c->hurt);
	}
}

static void note(struct locate_case *c, const struct locate_fact *f)
{
	if (locate_clears(f->kind) < CLEARS) {
		note_probe(c, f);
	} else if (f->kind == LOCATE_LINK_GONE) {
		c->gone[f->link] = 1;
	} else if (f->kind == LOCATE_CLASS_DROPS) {
		c->told[f->link] = 1;
		c->drops[f->link] += f->lost < UINT64_MAX - c->drops[f->link] ? f->lost : 0;
	} else if (f->kind == LOCATE_LINK_FULL) {
		c->full[f->link] = locate_full(f);
	} else if (f->kind == LOCATE_STRAY) {
		c->stray[f->flow] = 1;
	} else if (f->kind == LOCATE_FEED_GONE && f->value == 0) {
		c->blind_ns = c->blind && c->blind_ns < f->at_ns ? c->blind_ns : f->at_ns;
		c->blind = true;
	} else {
		note_loss(c, f);
	}
}

int locate_case_init(struct locate_case *c, const struct locate_net *net,
		     const struct locate_when *when, struct arena *a)
{
	size_t links = net->n_links + (size_t)1, flows = net->n_flows + (size_t)1,
	       nodes = net->n_nodes + (size_t)1;
	uint8_t **by_link[] = { &c->gone, &c->hurt, &c->told, &c->full, &c->open, &c->clear[CLEAR_FORWARD],
				&c->clear[CLEAR_BACK], &c->clear[CLEAR_LARGE] };
	uint8_t **by_flow[] = { &c->stray, &c->ahead, &c->behind };
	bool good = true;

	*c = (struct locate_case){ .net = net, .when = when };
	for (size_t i = 0; i < ARRAY_LEN(by_link); i++)
		good = (*by_link[i] = ARENA_ARRAY(a, links, uint8_t)) && good;
	for (size_t i = 0; i < ARRAY_LEN(by_flow); i++)
		good = (*by_flow[i] = ARENA_ARRAY(a, flows, uint8_t)) && good;
	c->drops = ARENA_ARRAY(a, links, uint64_t);
	c->alive_ns = ARENA_ARRAY(a, links, uint64_t);
	c->wires = ARENA_ARRAY(a, nodes, uint32_t);
	c->wires_gone = ARENA_ARRAY(a, nodes, uint32_t);
	if (!good || !c->drops || !c->alive_ns || !c->wires || !c->wires_gone)
		return err_raise(-ENOMEM);
	return 0;
}

int locate_case_read(struct locate_case *c, const struct locate_fact *facts, size_t n, struct arena *a)
{
	struct locate_fact *good = ARENA_ARRAY(a, n + 1, struct locate_fact);

	c->origin = ARENA_ARRAY(a, n + 1, uint32_t);
	if (!good || !c->origin)
		return err_raise(-ENOMEM);
	for (size_t i = 0; i < n; i++) {
		if (!names(c->net, &facts[i]) || !in_time(c->when, &facts[i]))
			continue;
		c->origin[c->n] = (uint32_t)i;
		good[c->n++] = facts[i];
	}
	c->facts = good;
	for (size_t i = 0; i < c->n; i++)
		note(c, &good[i]);
	for (uint32_t i = 0; i < c->net->n_flows; i++)
		if (c->net->flows[i].well)
			mark_flow(c, i, c->open);
	for (uint32_t i = 0; i < c->net->n_links; i++) {
		const struct locate_link *l = &c->net->links[i];

		c->wires[l->from]++;
		c->wires_gone[l->from] += c->gone[i] || (l->reverse != LOCATE_NONE && c->gone[l->reverse]);
	}
	return 0;
}
