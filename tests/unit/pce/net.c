/* SPDX-License-Identifier: Apache-2.0 */
#include "net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t pick(struct rng *r, uint32_t n)
{
	return (uint32_t)rng_below(r, n);
}

static struct ip_addr v6(const uint16_t *w)
{
	uint8_t b[16];

	for (unsigned i = 0; i < 8; i++) {
		b[2 * i] = (uint8_t)(w[i] >> 8);
		b[2 * i + 1] = (uint8_t)(w[i] & 0xff);
	}
	return ip_v6(b);
}

/* Three ways a node may number its SIDs: F3216 uSID, classic, uSID in a 48-bit block. */
enum kind { USID, CLASSIC, USID48, KINDS };

static struct ip_addr sid_addr(enum kind k, uint32_t node, uint16_t fun)
{
	const uint16_t id = (uint16_t)(node + 1);

	if (k == USID)
		return v6((const uint16_t[8]){ 0xfcbb, 0xbbbb, id, fun });
	if (k == CLASSIC)
		return v6((const uint16_t[8]){ 0xfc00, 0, id, fun });
	return v6((const uint16_t[8]){ 0xfcbb, 0xcccc, 0x7, id, fun });
}

static struct ted_sid_structure structure_of(enum kind k)
{
	return (struct ted_sid_structure){ .lb = k == USID48 ? 48 : 32, .ln = 16, .fun = 16 };
}

static void give_node(struct net *n, struct rng *r, uint32_t i, unsigned kinds)
{
	struct ted_node *d = &n->node[i];

	d->locators = n->locator[i];
	d->sids = n->node_sid[i];
	for (unsigned k = 0; k < KINDS; k++) {
		struct ip_addr a = sid_addr((enum kind)k, i, 0);

		if (!(kinds & 1U << k))
			continue;
		n->locator[i][d->n_locators++].prefix = ip_prefix_of(&a, k == USID48 ? 64 : 48);
		if (!n->complete && pick(r, 6) == 0)
			continue;
		n->node_sid[i][d->n_sids++] = (struct ted_sid){
			.sid = sid_addr((enum kind)k, i, k == CLASSIC ? 1 : 0),
			.behavior = k == CLASSIC ? 1 : 43,
			.structure = structure_of((enum kind)k),
		};
	}
	n->mpls_sid[i] = (struct ted_node_sid){ .value = i * 3 };
	d->node_sids = &n->mpls_sid[i];
	d->n_node_sids = n->complete || pick(r, 8) != 0;
	n->srgb[i][0] = (struct ted_label_range){ 16000 + 1000 * pick(r, 3), 10 };
	n->srgb[i][1] = (struct ted_label_range){ 30000, 100 };
	d->srgb = n->srgb[i];
	d->n_srgb = n->complete || pick(r, 10) != 0 ? 2 : 0;
}

/* Adjacency SIDs of one neighbour; lan: 1 + the neighbour when the link goes to a pseudonode. */
static void give_adj(struct net *n, struct rng *r, uint32_t l, uint32_t lan, uint16_t *fun)
{
	struct ted_link *k = &n->link[l];
	const struct ted_node *from = &n->node[k->from];
	uint16_t f = (uint16_t)(0xe000 + (*fun)++);

	if (!n->complete && pick(r, 4) == 0)
		return;
	k->sids = n->link_sid[l];
	for (uint32_t i = 0; i < from->n_locators && k->n_sids < NET_SIDS; i++) {
		bool classic = from->locators[i].prefix.addr.b[1] == 0;
		enum kind kind = classic ? CLASSIC :
				 from->locators[i].prefix.len == 64 ? USID48 : USID;

		n->link_sid[l][k->n_sids++] = (struct ted_sid){
			.sid = sid_addr(kind, k->from, f),
			.behavior = classic ? 5 : 52,
			.structure = structure_of(kind),
			.lan_node = lan,
		};
	}
	k->adj_sids = n->adj_sid[l];
	if (k->n_adj_sids < NET_SIDS)
		n->adj_sid[l][k->n_adj_sids++] = (struct ted_adj_sid){
			.value = 40000U + k->from * 100U + f - 0xe000U,
			.is_label = true,
			.lan_node = lan,
		};
}

static uint32_t add_link(struct net *n, struct rng *r, const struct net_cfg *c, uint32_t from,
			 uint32_t to)
{
	struct ted_link *l = &n->link[n->n_links];

	*l = (struct ted_link){ .alive = true, .from = from, .to = to, .reverse = TED_NONE };
	l->has_igp = l->has_te = l->has_delay = true;
	l->igp_metric = 1 + pick(r, c->metric_max);
	l->te_metric = 1 + pick(r, 9);
	l->delay_us = pick(r, c->delay_max + 1);
	if (c->odd_metrics) {
		l->igp_metric = pick(r, 12) == 0 ? 0xffffff : l->igp_metric;
		l->has_te = pick(r, 6) != 0;
		l->has_delay = pick(r, 8) != 0;
	}
	l->capacity_bps = (1 + pick(r, 8)) * UINT64_C(1000);
	l->admin_group[pick(r, 2) * 7] = 1U << pick(r, 4);
	return n->n_links++;
}

static void add_pair(struct net *n, struct rng *r, const struct net_cfg *c, uint32_t a, uint32_t b)
{
	uint32_t i = add_link(n, r, c, a, b), j = add_link(n, r, c, b, a);
	const uint16_t id = (uint16_t)(i + 1);

	n->link[i].local_v6 = n->link[j].remote_v6 = v6((const uint16_t[8]){ 0x2001, id, 0, 1 });
	n->link[i].remote_v6 = n->link[j].local_v6 = v6((const uint16_t[8]){ 0x2001, id, 0, 2 });
	n->usable[i] = n->usable[j] = true;
	if (c->half && pick(r, 6) == 0) {
		n->usable[i] = n->usable[j] = false;
		n->link[j].alive = false;
	}
}

static void add_lan(struct net *n, struct rng *r, const struct net_cfg *c)
{
	uint32_t lan = n->n_nodes++;

	n->node[lan].alive = n->node[lan].pseudonode = true;
	(void)snprintf(n->node[lan].id, sizeof(n->node[lan].id), "lan");
	for (uint32_t i = 0; i < n->n_routers; i++) {
		uint32_t in, out;

		if (pick(r, 2))
			continue;
		in = add_link(n, r, c, i, lan);
		out = add_link(n, r, c, lan, i);
		n->link[out].igp_metric = 0;
		n->link[out].has_delay = n->link[out].has_te = false;
		n->link[out].capacity_bps = 0;
		n->link[out].admin_group[0] = n->link[out].admin_group[7] = 0;
		n->usable[in] = n->usable[out] = true;
		if (c->half && pick(r, 6) == 0) {
			n->usable[in] = n->usable[out] = false;
			n->link[out].alive = false;
		}
	}
}

static void give_sids(struct net *n, struct rng *r)
{
	for (uint32_t i = 0; i < n->n_routers; i++)
		give_node(n, r, i, 1U << pick(r, 3) | (pick(r, 3) == 0 ? 1U : 0));
	for (uint32_t i = 0; i < n->n_routers; i++) {
		uint16_t fun = 0;

		for (uint32_t l = 0; l < n->n_links; l++) {
			if (n->link[l].from != i)
				continue;
			if (!n->node[n->link[l].to].pseudonode) {
				give_adj(n, r, l, 0, &fun);
				continue;
			}
			for (uint32_t k = 0; k < n->n_links; k++)
				if (n->link[k].from == n->link[l].to && n->link[k].to != i &&
				    n->link[l].n_sids + 3U <= NET_SIDS)
					give_adj(n, r, l, n->link[k].to + 1, &fun);
		}
	}
}

void net_make(struct net *n, struct rng *r, const struct net_cfg *c)
{
	memset(n, 0, sizeof(*n));
	n->complete = c->complete;
	n->n_nodes = n->n_routers = c->routers;
	for (uint32_t i = 0; i < n->n_routers; i++) {
		n->node[i].alive = true;
		(void)snprintf(n->node[i].id, sizeof(n->node[i].id), "r%u", i);
		n->node[i].overload = c->overload && pick(r, 5) == 0;
	}
	for (uint32_t i = 0; i < c->pairs; i++) {
		uint32_t a = pick(r, c->routers), b = pick(r, c->routers - 1);

		add_pair(n, r, c, a, b + (b >= a));
	}
	if (c->lan)
		add_lan(n, r, c);
	give_sids(n, r);
}

void net_risks(struct net *n, struct rng *r, uint32_t groups)
{
	for (uint32_t l = 0; l < n->n_links; l++) {
		n->srlg[l][0] = (uint32_t)rng_below(r, groups);
		n->link[l].srlg = n->srlg[l];
		n->link[l].n_srlg = 1;
	}
}

bool net_hit(const struct net *n, const struct ted *t, const struct pce_failure *what, uint32_t link)
{
	uint32_t back = t->links[link].reverse;

	switch (what->kind) {
	case PCE_FAIL_LINK:
		return link == what->index || back == what->index;
	case PCE_FAIL_NODE:
		return n->link[link].from == what->index || n->link[link].to == what->index;
	case PCE_FAIL_SRLG:
		return n->srlg[link][0] == what->index || (back != TED_NONE && n->srlg[back][0] == what->index);
	}
	return false;
}

const struct ted *net_build(const struct net *n)
{
	struct ted_input in = { .nodes = n->node,
				.links = n->link,
				.n_nodes = n->n_nodes,
				.n_links = n->n_links };
	const struct ted *t = NULL;

	if (ted_build(&in, &t) < 0)
		abort();
	return t;
}

bool net_cost(const struct net *n, uint32_t link, unsigned metric, uint64_t *out)
{
	const struct ted_link *l = &n->link[link];
	bool igp = l->has_igp && l->igp_metric < 0xffffff;

	*out = 0;
	if (n->node[l->from].pseudonode)
		return true;
	switch (metric) {
	case PCE_IGP:
		*out = l->igp_metric;
		return igp;
	case PCE_TE:
		*out = l->has_te ? l->te_metric : l->igp_metric;
		return l->has_te || igp;
	case PCE_DELAY:
		*out = l->delay_us;
		return l->has_delay;
	}
	*out = 1;
	return true;
}

/* ---- forwarding ---- */

/* What each router knows: distances from itself to everyone, by Bellman-Ford. */
struct fib {
	uint64_t dist[NET_NODES][NET_NODES];
};

#define FAR UINT64_C(1000000000)

static void fib_make(const struct net *n, struct fib *f)
{
	for (uint32_t root = 0; root < n->n_nodes; root++) {
		for (uint32_t i = 0; i < n->n_nodes; i++)
			f->dist[root][i] = i == root ? 0 : FAR;
		for (uint32_t round = 0; round < n->n_nodes; round++)
			for (uint32_t l = 0; l < n->n_links; l++) {
				const struct ted_link *k = &n->link[l];
				uint64_t w;

				if (!n->usable[l] || !net_cost(n, l, PCE_IGP, &w))
					continue;
				if (n->node[k->from].overload && k->from != root)
					continue;
				if (f->dist[root][k->from] + w < f->dist[root][k->to])
					f->dist[root][k->to] = f->dist[root][k->from] + w;
			}
	}
}

struct packet {
	uint32_t at;
	struct ip_addr da;
	uint32_t seg; /* the active one */
	struct net_trace t;
};

struct sim {
	const struct net *n;
	const struct pce_list *list;
	struct fib fib;
	struct net_run *out;
};

static void forward(struct sim *s, struct packet *p);

static bool cross(struct packet *p, const struct net *n, uint32_t link)
{
	if (p->t.n == NET_TRACE_LEN)
		return false;
	p->t.link[p->t.n++] = link;
	p->at = n->link[link].to;
	return true;
}

/* Copies of the packet over every equal-cost next hop towards v. */
static void route(struct sim *s, const struct packet *p, uint32_t v)
{
	const struct net *n = s->n;
	uint64_t best = s->fib.dist[p->at][v], w;
	bool sent = false;

	for (uint32_t l = 0; l < n->n_links && best < FAR; l++) {
		struct packet copy = *p;
		uint32_t x = n->link[l].to;

		if (!n->usable[l] || n->link[l].from != p->at || !net_cost(n, l, PCE_IGP, &w))
			continue;
		if (n->node[x].overload && x != v)
			continue;
		if (w + s->fib.dist[x][v] != best)
			continue;
		sent = true;
		if (cross(&copy, n, l))
			forward(s, &copy);
		else
			s->out->lost = true;
	}
	if (!sent)
		s->out->lost = true;
}

static bool bits_equal(const struct ip_addr *a, const struct ip_addr *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (ip_bits_get(a, i, 1) != ip_bits_get(b, i, 1))
			return false;
	return true;
}

static bool rest_is_zero(const struct ip_addr *a, unsigned from)
{
	for (unsigned i = from; i < 128; i++)
		if (ip_bits_get(a, i, 1))
			return false;
	return true;
}

/* Bits an installed SID route has: uN block and node, uA with its function, others all. */
static unsigned sid_len(const struct ted_sid *s)
{
	if (s->behavior == 43)
		return 0U + s->structure.lb + s->structure.ln;
	if (s->behavior == 52)
		return 0U + s->structure.lb + s->structure.ln + s->structure.fun;
	return 128;
}

static void deliver(struct sim *s, struct packet *p)
{
	p->t.end = p->at;
	if (s->out->n == NET_TRACES) {
		s->out->lost = true;
		return;
	}
	s->out->trace[s->out->n++] = p->t;
}

static bool next_segment(struct sim *s, struct packet *p)
{
	if (++p->seg == s->list->n)
		return false;
	p->da = s->list->sids[p->seg];
	return true;
}

/* NEXT-C-SID, RFC 9800 s4.1: shift if there is an argument, else as the classic behaviour. */
static bool advance(struct sim *s, struct packet *p, const struct ted_sid *sid)
{
	unsigned lb = sid->structure.lb, end = sid_len(sid);
	struct ip_addr moved = p->da;

	if ((sid->behavior != 43 && sid->behavior != 52) || rest_is_zero(&p->da, end))
		return next_segment(s, p);
	for (unsigned i = lb; i < 128; i++)
		ip_bits_set(&moved, i, 1,
			    i + (end - lb) < 128 ? ip_bits_get(&p->da, i + (end - lb), 1) : 0);
	p->da = moved;
	return true;
}

static void run_local(struct sim *s, struct packet *p, const struct ted_sid *sid, uint32_t link)
{
	bool more = advance(s, p, sid);

	if (link != TED_NONE) {
		const struct net *n = s->n;

		if (!cross(p, n, link)) {
			s->out->lost = true;
			return;
		}
		for (uint32_t l = 0; sid->lan_node && l < n->n_links; l++)
			if (n->usable[l] && n->link[l].from == p->at &&
			    n->link[l].to == sid->lan_node - 1) {
				(void)cross(p, n, l);
				break;
			}
		if (n->node[p->at].pseudonode) {
			s->out->lost = true;
			return;
		}
	}
	if (more)
		forward(s, p);
	else
		deliver(s, p);
}

static bool member(const struct net *n, uint32_t link, uint32_t neighbor)
{
	for (uint32_t l = 0; l < n->n_links; l++)
		if (n->usable[l] && n->link[l].from == n->link[link].to &&
		    n->link[l].to == neighbor)
			return true;
	return false;
}

/* One look-up in the table of the router the packet is at: longest match of its SIDs and of all
 * locators. */
static void forward_v6(struct sim *s, struct packet *p)
{
	const struct net *n = s->n;
	const struct ted_sid *sid = NULL;
	uint32_t link = TED_NONE, to = TED_NONE;
	unsigned best = 0;

	for (uint32_t i = 0; i < n->n_routers; i++)
		for (uint32_t j = 0; j < n->node[i].n_locators; j++) {
			const struct ip_prefix *x = &n->node[i].locators[j].prefix;

			if (x->len > best && bits_equal(&x->addr, &p->da, x->len)) {
				best = x->len;
				to = i;
			}
		}
	for (uint32_t j = 0; j < n->node[p->at].n_sids; j++) {
		const struct ted_sid *x = &n->node[p->at].sids[j];

		if (sid_len(x) >= best && bits_equal(&x->sid, &p->da, sid_len(x))) {
			best = sid_len(x);
			sid = x;
		}
	}
	for (uint32_t l = 0; l < n->n_links; l++)
		for (uint32_t j = 0; n->usable[l] && n->link[l].from == p->at &&
				     j < n->link[l].n_sids; j++) {
			const struct ted_sid *x = &n->link[l].sids[j];

			if (x->lan_node && !member(n, l, x->lan_node - 1))
				continue;
			if (sid_len(x) > best && bits_equal(&x->sid, &p->da, sid_len(x))) {
				best = sid_len(x);
				sid = x;
				link = l;
			}
		}
	if (sid)
		run_local(s, p, sid, link);
	else if (to == p->at && p->seg + 1 == s->list->n)
		deliver(s, p); /* a service of that node */
	else if (to == TED_NONE || to == p->at)
		s->out->lost = true;
	else
		route(s, p, to);
}

/* ---- labels: the top one is what the router at hand says it is ---- */

static uint32_t srgb_index(const struct ted_node *d, uint32_t label)
{
	uint32_t before = 0;

	for (uint32_t i = 0; i < d->n_srgb; i++) {
		if (label >= d->srgb[i].base && label < d->srgb[i].base + d->srgb[i].size)
			return before + label - d->srgb[i].base;
		before += d->srgb[i].size;
	}
	return TED_NONE;
}

static bool has_index(const struct ted_node *d, uint32_t index)
{
	uint32_t total = 0;

	for (uint32_t i = 0; i < d->n_srgb; i++)
		total += d->srgb[i].size;
	return index < total;
}

static void forward_mpls(struct sim *s, struct packet *p);

/* Towards the owner of a node SID: every router on the way must be able to read it. */
static void carry(struct sim *s, struct packet *p, uint32_t v, uint32_t index)
{
	const struct net *n = s->n;
	uint64_t best = s->fib.dist[p->at][v], w;
	bool sent = false;

	if (s->out->lost) /* one is enough: loops of zero metrics would branch for ever */
		return;
	if (p->at == v) {
		p->seg++;
		forward_mpls(s, p);
		return;
	}
	if (!n->node[p->at].pseudonode && !has_index(&n->node[p->at], index)) {
		s->out->lost = true;
		return;
	}
	for (uint32_t l = 0; l < n->n_links && best < FAR; l++) {
		struct packet copy = *p;
		uint32_t x = n->link[l].to;

		if (!n->usable[l] || n->link[l].from != p->at || !net_cost(n, l, PCE_IGP, &w) ||
		    (n->node[x].overload && x != v) || w + s->fib.dist[x][v] != best)
			continue;
		sent = true;
		if (cross(&copy, n, l))
			carry(s, &copy, v, index);
		else
			s->out->lost = true;
	}
	if (!sent)
		s->out->lost = true;
}

static bool over_adjacency(struct sim *s, struct packet *p, uint32_t label)
{
	const struct net *n = s->n;

	for (uint32_t l = 0; l < n->n_links; l++)
		for (uint32_t j = 0; n->usable[l] && n->link[l].from == p->at &&
				     j < n->link[l].n_adj_sids; j++) {
			const struct ted_adj_sid *x = &n->link[l].adj_sids[j];

			if (x->value != label ||
			    (x->lan_node && !member(n, l, x->lan_node - 1)))
				continue;
			(void)cross(p, n, l);
			for (uint32_t k = 0; x->lan_node && k < n->n_links; k++)
				if (n->usable[k] && n->link[k].from == p->at &&
				    n->link[k].to == x->lan_node - 1) {
					(void)cross(p, n, k);
					break;
				}
			p->seg++;
			forward_mpls(s, p);
			return true;
		}
	return false;
}

static void forward_mpls(struct sim *s, struct packet *p)
{
	const struct net *n = s->n;
	uint32_t index;

	if (p->seg == s->list->n) {
		deliver(s, p);
		return;
	}
	index = srgb_index(&n->node[p->at], s->list->labels[p->seg]);
	for (uint32_t i = 0; i < n->n_routers; i++)
		if (n->node[i].n_node_sids && n->node[i].node_sids[0].value == index) {
			carry(s, p, i, index);
			return;
		}
	if (!over_adjacency(s, p, s->list->labels[p->seg]))
		s->out->lost = true;
}

static void forward(struct sim *s, struct packet *p)
{
	const struct net *n = s->n;

	if (!n->node[p->at].pseudonode) {
		forward_v6(s, p);
		return;
	}
	/* A LAN delivers to whom the sender meant: the owner of the best match, by distance. */
	for (uint32_t i = 0; i < n->n_routers; i++)
		for (uint32_t j = 0; j < n->node[i].n_locators; j++)
			if (bits_equal(&n->node[i].locators[j].prefix.addr, &p->da,
				       n->node[i].locators[j].prefix.len)) {
				route(s, p, i);
				return;
			}
	s->out->lost = true;
}

void net_forward(const struct net *n, uint32_t src, const struct pce_list *list,
		 struct net_run *out)
{
	struct sim *s = calloc(1, sizeof(*s));
	struct packet p = { .at = src };

	if (!s)
		abort();
	out->n = 0;
	out->lost = false;
	s->n = n;
	s->list = list;
	s->out = out;
	fib_make(n, &s->fib);
	if (list->n == 0) {
		out->lost = true;
	} else if (list->dataplane == PCE_MPLS) {
		forward_mpls(s, &p);
	} else {
		p.da = list->sids[0];
		forward(s, &p);
	}
	free(s);
}
