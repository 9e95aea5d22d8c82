/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A generation's delta as events. A large one (a first dump, a partition) is told as one
 * summary: a reader that needs more has the topology resource.
 */
#include "topo/publish.h"

#include <stdio.h>

#include "log/metric.h"

enum { EVENTS_MAX = 64 };

static bool usable(const struct ted *t, uint32_t link)
{
	return link < t->n_links && t->links[link].alive && t->links[link].reverse != TED_NONE;
}

static bool alive(const struct ted *t, uint32_t node)
{
	return node < t->n_nodes && t->nodes[node].alive;
}

static void link_event(struct bus *bus, uint64_t wall, const struct ted *prev, const struct ted *ted,
		       uint32_t link)
{
	bool was = usable(prev, link), is = usable(ted, link);
	char label[TED_LABEL_MAX], resource[BUS_RESOURCE_MAX], body[256];
	const struct ted_link *l = &ted->links[link];

	ted_link_label(ted, link, label, sizeof(label));
	(void)snprintf(resource, sizeof(resource), "link/%.180s", label);
	(void)snprintf(body, sizeof(body),
		       "\"generation\":%llu,\"igp-metric\":%u,\"te-metric\":%u,\"delay\":%u",
		       (unsigned long long)ted->generation, l->igp_metric, l->te_metric, l->delay_us);
	bus_publish(bus, wall, BUS_INFO, was == is ? "link-changed" : is ? "link-up" : "link-down",
		    resource, body);
}

void publish_damped(struct bus *bus, const struct loop *loop, const struct ted *ted, uint32_t link,
		    uint64_t hold_ns)
{
	char label[TED_LABEL_MAX], resource[BUS_RESOURCE_MAX], body[64];

	if (link >= ted->n_links)
		return;
	ted_link_label(ted, link, label, sizeof(label));
	(void)snprintf(resource, sizeof(resource), "link/%.180s", label);
	(void)snprintf(body, sizeof(body), "\"hold-ms\":%llu",
		       (unsigned long long)(hold_ns / NS_PER_MS));
	bus_publish(bus, loop_wall_ns(loop), BUS_WARNING, "link-damped", resource, body);
}

static void node_event(struct bus *bus, uint64_t wall, const struct ted *prev, const struct ted *ted,
		       uint32_t node)
{
	bool was = alive(prev, node), is = alive(ted, node);
	char resource[BUS_RESOURCE_MAX], body[64];

	if (was == is)
		return;
	(void)snprintf(resource, sizeof(resource), "node/%.64s", ted_node_label(ted, node));
	(void)snprintf(body, sizeof(body), "\"generation\":%llu",
		       (unsigned long long)ted->generation);
	bus_publish(bus, wall, BUS_INFO, is ? "node-up" : "node-down", resource, body);
}

void publish_gauges_init(struct publish_gauges *g)
{
	g->nodes = metric_gauge("sextant_ted_nodes", "Nodes in the topology", "");
	g->links = metric_gauge("sextant_ted_links", "Usable directed links in the topology", "");
	g->generation = metric_gauge("sextant_ted_generation", "Topology generation", "");
	g->stale = metric_gauge("sextant_ted_stale", "1 while sight of the network is lost", "");
}

static void gauges(const struct publish_gauges *g, const struct ted *ted)
{
	metric_set(g->nodes, ted->n_alive);
	metric_set(g->links, ted->n_usable);
	metric_set(g->generation, (double)ted->generation);
	metric_set(g->stale, ted->stale);
}

void publish_events(const struct publish_gauges *g, struct bus *bus, const struct loop *loop,
		    const struct ted *prev, const struct ted *ted)
{
	uint64_t wall = loop_wall_ns(loop);
	char body[160];

	gauges(g, ted);
	if (ted->stale != prev->stale)
		bus_publish(bus, wall, ted->stale ? BUS_ALARM : BUS_CLEARED, "topology-stale", "topology",
			    ted->stale ? "\"reason\":\"no source has sight of the network; nothing is "
					 "torn down or re-optimised\"" :
					 "");
	if (ted->n_changed_links + ted->n_changed_nodes == 0)
		return;
	if (prev->stale || ted->stale || ted->n_changed_links + ted->n_changed_nodes > EVENTS_MAX) {
		(void)snprintf(body, sizeof(body),
			       "\"generation\":%llu,\"changed-nodes\":%u,\"changed-links\":%u",
			       (unsigned long long)ted->generation, ted->n_changed_nodes,
			       ted->n_changed_links);
		bus_publish(bus, wall, BUS_INFO, "topology-changed", "topology", body);
		return;
	}
	for (uint32_t i = 0; i < ted->n_changed_nodes; i++)
		node_event(bus, wall, prev, ted, ted->changed_nodes[i]);
	for (uint32_t i = 0; i < ted->n_changed_links; i++)
		link_event(bus, wall, prev, ted, ted->changed_links[i]);
}
