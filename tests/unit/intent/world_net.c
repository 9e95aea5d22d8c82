/* SPDX-License-Identifier: Apache-2.0 */
/* Topologies: router n has letter n, uSIDs of block fcbb:bbbb::/32, labels from 16000. */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { G = 1000000000 };

/* What the TED is built from; pointers of node and link lead into the other arrays. */
static struct {
	struct ted_node node[WORLD_NODES];
	struct ted_link link[WORLD_LINKS];
	struct ted_locator locator[WORLD_NODES];
	struct ip_prefix prefix[WORLD_NODES][2];
	struct ted_sid node_sid[WORLD_NODES];
	struct ted_node_sid mpls[WORLD_NODES];
	struct ted_label_range srgb;
	struct ted_sid sid[WORLD_LINKS];
	struct ted_adj_sid adj[WORLD_LINKS];
	uint32_t n_nodes, n_links, renumbered;
} net;

void net_empty(void)
{
	memset(&net, 0, sizeof(net));
	net.srgb = (struct ted_label_range){ 16000, 1000 };
}

static struct ip_addr addr(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static struct ip_addr addr(const char *fmt, ...)
{
	struct ip_addr out;
	char buf[64];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	ck_assert_int_eq(ip_parse(buf, &out), 0);
	return out;
}

/* Letters from a; what is no letter is an address. */
static unsigned number(const char *name)
{
	ck_assert_msg(name[0] >= 'a' && name[0] < 'a' + WORLD_NODES && !name[1], "router %s?", name);
	return (unsigned)(name[0] - 'a');
}

struct ip_addr net_addr(const char *name)
{
	struct ip_addr a;

	if (ip_parse(name, &a) == 0)
		return a;
	return addr("2001:db8:0:%x::1", number(name) + 1);
}

static uint32_t node_of(const char *name)
{
	for (uint32_t i = 0; i < net.n_nodes; i++) {
		if (strcmp(net.node[i].name, name) == 0)
			return i;
	}
	ck_abort_msg("there is no router %s", name);
	return 0;
}

void net_node(const char *name)
{
	unsigned n = number(name) + 1;
	struct ted_node *d;
	uint32_t at;

	at = net.n_nodes++;
	d = &net.node[at];
	d->alive = d->srv6 = true;
	(void)snprintf(d->id, sizeof(d->id), "0000.0000.%04u", n);
	(void)snprintf(d->name, sizeof(d->name), "%s", name);
	d->router_v6 = net_addr(name);
	d->router_v4 = addr("10.0.0.%u", n);
	net.prefix[at][0] = ip_prefix_of(&d->router_v6, 128);
	net.prefix[at][1] = ip_prefix_of(&d->router_v4, 32);
	net.locator[at].prefix.addr = addr("fcbb:bbbb:%x::", n);
	net.locator[at].prefix.len = 48;
	net.node_sid[at] = (struct ted_sid){ .sid = net.locator[at].prefix.addr,
					     .behavior = SR_BEHAVIOR_UN,
					     .structure = { 32, 16, 0, 0 } };
	net.mpls[at] = (struct ted_node_sid){ .prefix = net.prefix[at][1], .value = n };
	d->prefixes = net.prefix[at];
	d->locators = &net.locator[at];
	d->sids = &net.node_sid[at];
	d->node_sids = &net.mpls[at];
	d->srgb = &net.srgb;
	d->n_prefixes = 2;
	d->n_locators = d->n_sids = d->n_node_sids = d->n_srgb = 1;
}

static void give_sids(uint32_t l, unsigned fun)
{
	struct ted_link *k = &net.link[l];
	unsigned from = (unsigned)(net.node[k->from].name[0] - 'a') + 1;

	net.sid[l] = (struct ted_sid){ .sid = addr("fcbb:bbbb:%x:%x::", from, 0xe000 + fun),
				       .behavior = SR_BEHAVIOR_UA,
				       .structure = { 32, 16, 16, 0 } };
	net.adj[l] = (struct ted_adj_sid){ .value = 24000 + fun, .is_label = true };
	k->sids = &net.sid[l];
	k->adj_sids = &net.adj[l];
	k->n_sids = k->n_adj_sids = 1;
}

static void direction(uint32_t from, uint32_t to, uint32_t igp, uint32_t delay_us, uint64_t bps)
{
	uint32_t at = net.n_links++;
	struct ted_link *l = &net.link[at];

	ck_assert_uint_lt(at, WORLD_LINKS);
	*l = (struct ted_link){ .alive = true, .from = from, .to = to, .reverse = TED_NONE };
	l->local_v6 = addr("2001:db8:ff:%x::%x", at / 2 + 1, at % 2 + 1);
	l->remote_v6 = addr("2001:db8:ff:%x::%x", at / 2 + 1, 2 - at % 2);
	l->local_v4 = addr("10.1.%u.%u", at / 2 + 1, at % 2 + 1);
	l->remote_v4 = addr("10.1.%u.%u", at / 2 + 1, 2 - at % 2);
	l->has_igp = l->has_te = l->has_delay = true;
	l->igp_metric = l->te_metric = igp;
	l->delay_us = l->delay_min_us = l->delay_max_us = delay_us;
	l->max_bw_bps = l->rsv_bw_bps = l->capacity_bps = bps;
	give_sids(at, at);
}

void net_link(const char *a, const char *b, uint32_t igp, uint32_t delay_us, uint64_t capacity_bps)
{
	direction(node_of(a), node_of(b), igp, delay_us, capacity_bps);
	direction(node_of(b), node_of(a), igp, delay_us, capacity_bps);
}

void net_square(void)
{
	const char *names[] = { "a", "b", "c", "d" };

	for (unsigned k = 0; k < 4; k++)
		net_node(names[k]);
	net_link("a", "b", 10, 1000, 10ull * G);
	net_link("b", "d", 10, 1000, 10ull * G);
	net_link("a", "c", 20, 1000, 10ull * G);
	net_link("c", "d", 20, 1000, 10ull * G);
	net_publish();
}

uint32_t net_index(const char *from, const char *to)
{
	uint32_t a = node_of(from), b = node_of(to);

	for (uint32_t l = 0; l < net.n_links; l++) {
		if (net.link[l].from == a && net.link[l].to == b)
			return l;
	}
	ck_abort_msg("there is no link %s>%s", from, to);
	return 0;
}

struct ted_link *net_dir(const char *from, const char *to)
{
	return &net.link[net_index(from, to)];
}

struct ted_node *net_at(const char *name)
{
	return &net.node[node_of(name)];
}

void net_cut(const char *a, const char *b)
{
	net_dir(a, b)->alive = net_dir(b, a)->alive = false;
	net_publish();
}

void net_heal(const char *a, const char *b)
{
	net_dir(a, b)->alive = net_dir(b, a)->alive = true;
	net_publish();
}

void net_renumber(const char *from, const char *to)
{
	give_sids(net_index(from, to), WORLD_LINKS + net.renumbered++);
}

static void publish(bool stale)
{
	struct ted_input in = { .nodes = net.node,
				.links = net.link,
				.n_nodes = net.n_nodes,
				.n_links = net.n_links,
				.stale = stale,
				.prev = world.ted };
	const struct ted *t = NULL;

	ck_assert_int_eq(ted_build(&in, &t), 0);
	ted_unref(world.ted);
	world.ted = t;
	intent_on_ted(world.intent, t);
	if (world.on_ted)
		world.on_ted(t);
	run_ms(0);
	audit();
}

void net_publish(void)
{
	publish(false);
}

void net_stale(void)
{
	publish(true);
}

static struct sr_segment segment(const struct ted_sid *s, uint8_t kind)
{
	return (struct sr_segment){ .kind = kind,
				    .behavior = s->behavior,
				    .sid = s->sid,
				    .structure = { s->structure.lb, s->structure.ln, s->structure.fun,
						   s->structure.arg } };
}

struct sr_segment net_sid(const char *node)
{
	return segment(&net.node_sid[node_of(node)], SR_SEG_NODE);
}

struct sr_segment net_adj(const char *from, const char *to)
{
	return segment(&net.sid[net_index(from, to)], SR_SEG_ADJ);
}

struct sr_list list_of(unsigned n, const struct sr_segment *segs)
{
	struct sr_list l = { .dataplane = SR_SRV6, .n = (uint8_t)n };

	memcpy(l.at, segs, n * sizeof(*segs));
	return l;
}
