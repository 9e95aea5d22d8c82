/* SPDX-License-Identifier: Apache-2.0 */
/* A device as the objects of the kernel it needs: nft.c has the rest of it, the packet rules. */
#include <linux/if.h>
#include <linux/if_ether.h>
#include <linux/rtnetlink.h>
#include <linux/seg6_local.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "tools/agent/slices/tc.h"

struct wish {
	const struct agent_ground *g;
	struct agent_objs *out;
	struct agent_missings *missing;
	const void *owner;
	char name[AGENT_OBJ_NAME_MAX];
	bool ok;
};

static void about(struct wish *w, const void *owner, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void about(struct wish *w, const void *owner, const char *fmt, ...)
{
	va_list ap;

	w->owner = owner;
	va_start(ap, fmt);
	(void)vsnprintf(w->name, sizeof(w->name), fmt, ap);
	va_end(ap);
}

static void put(struct wish *w, struct agent_obj *o)
{
	o->owner = w->owner;
	(void)str_copy(o->name, sizeof(o->name), w->name);
	w->ok = VEC_ADD(w->out, *o) && w->ok;
}

static void miss(struct wish *w, const char *why, const char *what)
{
	struct agent_missing m = { .owner = w->owner };

	(void)str_copy(m.name, sizeof(m.name), w->name);
	(void)snprintf(m.reason, sizeof(m.reason), "%s%s", why, what);
	w->ok = VEC_ADD(w->missing, m) && w->ok;
}

/* The index of an interface; 0 when there is none, which is noted. */
static uint32_t iface(struct wish *w, const char *name)
{
	for (size_t i = 0; i < w->g->ifaces.n; i++) {
		if (strcmp(w->g->ifaces.at[i].name, name) == 0)
			return w->g->ifaces.at[i].index;
	}
	miss(w, "there is no interface ", name);
	return 0;
}

/* ---- queues ---- */

static void put_class(struct wish *w, uint32_t dev, struct agent_tc_class c)
{
	struct agent_obj o = { .kind = AGENT_OBJ_CLASS, .dev = dev };

	c.id |= AGENT_TC_ROOT;
	agent_tc_tune(&c);
	o.cls = c;
	put(w, &o);
}

static void put_leaf(struct wish *w, uint32_t dev, uint32_t minor, uint32_t limit)
{
	struct agent_obj o = { .kind = AGENT_OBJ_LEAF, .dev = dev };

	o.leaf = (struct agent_tc_leaf){ .parent = AGENT_TC_ROOT | minor,
					 .handle = minor << 16,
					 .limit = limit };
	put(w, &o);
}

static void want_nrp(struct wish *w, uint32_t dev, const struct agent_nrp *n)
{
	uint32_t minor = AGENT_TC_NRP + n->id;

	put_class(w, dev,
		  (struct agent_tc_class){ .id = minor,
					   .parent = AGENT_TC_ROOT | AGENT_TC_LINK,
					   .rate = n->rate_bps / 8,
					   .ceil = n->ceil_bps / 8,
					   .prio = n->priority });
	put_leaf(w, dev, minor, n->limit);
	for (unsigned i = 0; i < n->n_blocks; i++) {
		struct agent_obj o = { .kind = AGENT_OBJ_FILTER, .dev = dev };

		o.filter = (struct agent_tc_filter){ .pref = (uint16_t)minor,
						     .protocol = ETH_P_IPV6,
						     .classid = AGENT_TC_ROOT | minor,
						     .dst = n->block[i],
						     .form = "u32" };
		put(w, &o);
	}
}

static void want_link(struct wish *w, const struct agent_link *l)
{
	uint64_t rest = l->capacity_bps;
	struct agent_obj root = { .kind = AGENT_OBJ_QDISC };
	uint32_t dev;

	about(w, l, "link %s", l->name);
	dev = iface(w, l->name);
	if (!dev)
		return;
	root.dev = dev;
	put(w, &root);
	put_class(w, dev,
		  (struct agent_tc_class){ .id = AGENT_TC_LINK,
					   .parent = AGENT_TC_ROOT,
					   .rate = l->capacity_bps / 8,
					   .ceil = l->capacity_bps / 8 });
	for (size_t i = 0; i < l->n_nrps; i++)
		rest -= l->nrps[i].rate_bps;
	put_class(w, dev,
		  (struct agent_tc_class){ .id = AGENT_TC_BEST,
					   .parent = AGENT_TC_ROOT | AGENT_TC_LINK,
					   .rate = rest / 8,
					   .ceil = l->capacity_bps / 8,
					   .prio = 7 });
	put_leaf(w, dev, AGENT_TC_BEST, l->limit);
	for (size_t i = 0; i < l->n_nrps; i++) {
		about(w, &l->nrps[i], "link %s nrp %u", l->name, l->nrps[i].id);
		want_nrp(w, dev, &l->nrps[i]);
	}
}

/* ---- SIDs and tables ---- */

static void put_rule(struct wish *w, const struct agent_rule *r)
{
	struct agent_obj o = { .kind = AGENT_OBJ_RULE };

	o.rule = *r;
	put(w, &o);
}

static void want_bound(struct wish *w, const struct agent_table *t, const char *interface)
{
	struct agent_rule bound = { .pref = AGENT_RULE_BOUND, .table = t->id };
	/* what the table has no route for must not be found in main */
	struct agent_rule other = { .pref = AGENT_RULE_ELSE, .unreachable = true };

	about(w, t, "table %u interface %s", t->id, interface);
	if (!iface(w, interface))
		return;
	(void)str_copy(bound.iif, sizeof(bound.iif), interface);
	(void)str_copy(other.iif, sizeof(other.iif), interface);
	put_rule(w, &bound);
	put_rule(w, &other);
}

/* A SID of this router: r has what it does. */
static void put_sid(struct wish *w, const struct ip_prefix *sid, const struct agent_route *r)
{
	struct agent_obj o = { .kind = AGENT_OBJ_ROUTE };

	if (w->g->taken && w->g->taken(w->g->taken_arg, sid)) {
		miss(w, "the router software has this SID", "");
		return;
	}
	o.route = *r;
	o.route.dst = *sid;
	o.route.table = RT_TABLE_MAIN;
	o.route.metric = w->g->metric;
	o.route.protocol = AGENT_PROTO_SLICES;
	o.route.kind = AGENT_ROUTE_LOCAL;
	o.route.counters = w->g->counters;
	o.route.dev = iface(w, w->g->sid_device);
	if (o.route.dev)
		put(w, &o);
}

static void want_adjacency(struct wish *w, const struct agent_locator *l,
			   const struct agent_adjacency *a)
{
	char t[IP_PREFIX_TEXT_MAX];
	struct agent_route r = { .action = SEG6_LOCAL_ACTION_END_X,
				 .next_csid = true,
				 .lblen = l->block,
				 .nflen = (uint8_t)(a->sid.len - l->block),
				 .nh = a->next_hop };

	about(w, a, "locator %s adjacency %s", ip_prefix_text(&l->prefix, t, sizeof(t)),
	      a->interface);
	r.oif = iface(w, a->interface);
	if (r.oif)
		put_sid(w, &a->sid, &r);
}

/* Locators share links: the first that has a neighbour is wanted its route for. */
static bool is_first(const struct agent_device *d, const struct agent_adjacency *a)
{
	for (size_t i = 0; i < d->n_locators; i++) {
		const struct agent_locator *l = &d->locators[i];

		for (size_t k = 0; k < l->n_adjs; k++) {
			if (ip_eq(&l->adjs[k].next_hop, &a->next_hop))
				return &l->adjs[k] == a;
		}
	}
	return true;
}

/* Switched on: its carrier may be away. The kernel takes the routes by one that is switched off. */
static bool is_on(const struct agent_ground *g, const char *name)
{
	for (size_t i = 0; i < g->ifaces.n; i++) {
		if (strcmp(g->ifaces.at[i].name, name) == 0)
			return g->ifaces.at[i].on;
	}
	return false;
}

static bool is_link_local(const struct ip_addr *a)
{
	return ip_bits_get(a, 0, 10) == 0xfe80 >> 6;
}

/*
 * The kernel looks a uA's next hop up as any destination, and prefers the interface that is named only
 * among equals: where the prefix of a cut link is still told by its other end, IS-IS has a way around to
 * it, of a better metric than the kernel's own. A packet of a partition would leave it there. So each
 * neighbour with a global address has a route by its link, which stays while the carrier is away.
 */
static void want_neighbour(struct wish *w, const struct agent_device *d, const struct agent_adjacency *a)
{
	struct agent_obj o = { .kind = AGENT_OBJ_ROUTE };

	if (is_link_local(&a->next_hop) || !is_first(d, a) || !is_on(w->g, a->interface))
		return;
	about(w, a, "neighbour on %s", a->interface);
	o.route = (struct agent_route){ .dst = ip_prefix_of(&a->next_hop, ip_bits(&a->next_hop)),
					.table = RT_TABLE_MAIN,
					.metric = w->g->metric,
					.protocol = AGENT_PROTO_SLICES,
					.kind = AGENT_ROUTE_PLAIN,
					.dev = iface(w, a->interface) };
	put(w, &o);
}

static void want_locator(struct wish *w, const struct agent_device *d, const struct agent_locator *l)
{
	char t[IP_PREFIX_TEXT_MAX];
	struct agent_route r = { .action = SEG6_LOCAL_ACTION_END,
				 .next_csid = true,
				 .lblen = l->block,
				 .nflen = (uint8_t)(l->prefix.len - l->block) };

	about(w, l, "locator %s", ip_prefix_text(&l->prefix, t, sizeof(t)));
	put_sid(w, &l->prefix, &r);
	for (size_t i = 0; i < l->n_adjs; i++) {
		want_adjacency(w, l, &l->adjs[i]);
		want_neighbour(w, d, &l->adjs[i]);
	}
}

static void want_sid(struct wish *w, const struct agent_table *t, const struct ip_addr *sid)
{
	struct ip_prefix dst = ip_prefix_of(sid, t->sid_len);
	struct agent_route r = { .action = SEG6_LOCAL_ACTION_END_DT6, .lookup = t->id };
	char text[IP_TEXT_MAX];

	about(w, t, "table %u sid %s", t->id, ip_text(sid, text, sizeof(text)));
	put_sid(w, &dst, &r);
}

static bool is_down(const struct agent_ground *g, const char *name)
{
	for (size_t i = 0; i < g->ifaces.n; i++) {
		uint8_t oper = g->ifaces.at[i].oper;

		if (strcmp(g->ifaces.at[i].name, name) == 0)
			return oper == IF_OPER_NOTPRESENT || oper == IF_OPER_DOWN || oper == IF_OPER_LOWERLAYERDOWN;
	}
	return true;
}

const struct agent_backup *agent_obj_backup(const struct agent_ground *g, const struct agent_table_route *r)
{
	for (unsigned i = 0; r->n_backups && is_down(g, r->interface) && i < r->n_backups; i++) {
		if (!is_down(g, r->backups[i].interface))
			return &r->backups[i];
	}
	return NULL;
}

static void want_route(struct wish *w, const struct agent_table *t,
		       const struct agent_table_route *r)
{
	const struct agent_backup *b = agent_obj_backup(w->g, r);
	const char *leads = r->n ? w->g->sid_device : b ? b->interface : r->interface;
	struct agent_obj o = { .kind = AGENT_OBJ_ROUTE };
	char prefix[IP_PREFIX_TEXT_MAX];

	about(w, r, "table %u route %s", t->id, ip_prefix_text(&r->prefix, prefix, sizeof(prefix)));
	o.route = (struct agent_route){ .dst = r->prefix,
					.table = t->id,
					.metric = w->g->metric,
					.protocol = AGENT_PROTO_SLICES,
					.nh = b ? b->next_hop : r->next_hop,
					.dev = iface(w, leads) };
	if (r->n) {
		o.route.kind = AGENT_ROUTE_ENCAP;
		o.route.reduced = w->g->reduced;
		o.route.n = r->n;
		memcpy(o.route.seg, r->seg, r->n * sizeof(r->seg[0]));
	}
	if (o.route.dev)
		put(w, &o);
}

static void want_table(struct wish *w, const struct agent_table *t)
{
	for (unsigned i = 0; i < t->n_sids; i++)
		want_sid(w, t, &t->sids[i]);
	for (size_t i = 0; i < t->n_interfaces; i++)
		want_bound(w, t, t->interfaces[i]);
	for (size_t i = 0; i < t->n_routes; i++) {
		if (!t->routes[i].color) /* else it is follow.c's */
			want_route(w, t, &t->routes[i]);
	}
}

static void want_classifier(struct wish *w, const struct agent_classifier *c)
{
	struct agent_rule r = { .pref = AGENT_RULE_CLASS,
				.table = c->table,
				.mark = (uint32_t)c->id << AGENT_MARK_SHIFT,
				.mask = UINT32_MAX << AGENT_MARK_SHIFT };

	about(w, c, "classifier %s", c->name);
	put_rule(w, &r);
}

bool agent_obj_want(const struct agent_device *d, const struct agent_ground *g,
		    struct agent_objs *out, struct agent_missings *missing)
{
	struct wish w = { .g = g, .out = out, .missing = missing, .ok = true };

	for (size_t i = 0; i < d->n_links; i++)
		want_link(&w, &d->links[i]);
	for (size_t i = 0; i < d->n_underlay; i++) {
		struct agent_rule r = { .pref = AGENT_RULE_UNDERLAY,
					.table = RT_TABLE_MAIN,
					.dst = d->underlay[i] };
		char prefix[IP_PREFIX_TEXT_MAX];

		about(&w, d, "underlay %s", ip_prefix_text(&r.dst, prefix, sizeof(prefix)));
		put_rule(&w, &r);
	}
	for (size_t i = 0; i < d->n_locators; i++)
		want_locator(&w, d, &d->locators[i]);
	for (size_t i = 0; i < d->n_tables; i++)
		want_table(&w, &d->tables[i]);
	for (size_t i = 0; i < d->n_classifiers; i++)
		want_classifier(&w, &d->classifiers[i]);
	return w.ok;
}
