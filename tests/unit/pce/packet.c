/* SPDX-License-Identifier: Apache-2.0 */
#include "packet.h"

#include <string.h>

enum csid { CLASSIC, NEXT, REPLACE };

static const struct kind {
	uint16_t block[4];
	uint8_t lb, ln, fun, algo;
	enum csid csid;
} kinds[MIXED_KINDS] = {
	{ { 0xfc00, 0 }, 32, 16, 16, 0, CLASSIC },
	{ { 0xfcbb, 0xbbbb }, 32, 16, 16, 0, NEXT },
	{ { 0xfcbb, 0xcccc, 7 }, 48, 16, 16, 0, NEXT },
	{ { 0xfcbb, 0xdddd }, 32, 8, 8, 0, NEXT },
	{ { 0xfc0d, 0xdddd, 7 }, 48, 16, 16, 0, REPLACE },
	{ { 0xfc0e, 0xeeee, 0, 0 }, 64, 8, 8, 0, REPLACE },
	{ { 0xfc80, 0 }, 32, 16, 16, MIXED_ALGO, CLASSIC },
	{ { 0xfcbb, 0x8080 }, 32, 16, 16, MIXED_ALGO, NEXT },
};

enum { PSP = 1, USP = 2, USD = 4 };

static uint32_t pick(struct rng *r, uint32_t n)
{
	return (uint32_t)rng_below(r, n);
}

/* ---- SIDs ---- */

static struct ip_addr address(const struct kind *k, uint32_t node, uint32_t fun)
{
	uint8_t b[16] = { 0 };
	struct ip_addr a;

	for (unsigned i = 0; i < 4; i++) {
		b[2 * i] = (uint8_t)(k->block[i] >> 8);
		b[2 * i + 1] = (uint8_t)(k->block[i] & 0xff);
	}
	a = ip_v6(b);
	ip_bits_set(&a, k->lb, k->ln, node + 1);
	ip_bits_set(&a, k->lb + k->ln, k->fun, fun);
	return a;
}

static uint16_t code(enum csid c, bool adjacency, unsigned flavors)
{
	static const uint16_t base[3][2][2] = { { { 1, 28 }, { 5, 32 } },
						{ { 43, 47 }, { 52, 56 } },
						{ { 101, 128 }, { 105, 132 } } };

	return (uint16_t)(base[c][adjacency][(flavors & USD) != 0] + (flavors & 3));
}

static unsigned flavors_random(struct rng *r)
{
	return (pick(r, 4) == 0 ? PSP : 0U) | (pick(r, 3) == 0 ? USD : 0U);
}

static struct ted_sid sid_make(struct rng *r, unsigned k, uint32_t node, uint32_t fun)
{
	bool adjacency = fun >= 0x10;

	return (struct ted_sid){
		.sid = address(&kinds[k], node, fun),
		.behavior = code(kinds[k].csid, adjacency, flavors_random(r)),
		.algo = kinds[k].algo,
		.structure = { kinds[k].lb, kinds[k].ln, kinds[k].fun, 0 },
	};
}

static void give_node(struct mixed *m, struct rng *r, uint32_t i)
{
	struct ted_node *d = &m->net.node[i];

	d->locators = m->locator[i];
	d->sids = m->node_sid[i];
	d->n_locators = d->n_sids = 0;
	m->kinds[i] = (uint8_t)(1U << pick(r, 6) | 1U << pick(r, 6) | (pick(r, 2) ? 1U : 0));
	d->algos[0] = 1;
	if (pick(r, 4)) { /* takes part in the algorithm */
		d->algos[MIXED_ALGO / 64] |= UINT64_C(1) << (MIXED_ALGO % 64);
		m->kinds[i] |= pick(r, 2) ? 1U << 6 : 1U << 7;
	}
	for (unsigned k = 0; k < MIXED_KINDS; k++) {
		struct ip_addr a = address(&kinds[k], i, 0);

		if (!(m->kinds[i] & 1U << k))
			continue;
		m->locator[i][d->n_locators++] = (struct ted_locator){
			.prefix = ip_prefix_of(&a, (uint8_t)(kinds[k].lb + kinds[k].ln)),
			.algo = kinds[k].algo,
		};
		if (pick(r, 8))
			m->node_sid[i][d->n_sids++] =
				sid_make(r, k, i, kinds[k].csid == NEXT ? 0 : 1);
	}
}

static void give_adj(struct mixed *m, struct rng *r, uint32_t l, uint32_t lan, uint32_t *fun)
{
	struct ted_link *k = &m->net.link[l];

	for (unsigned x = 0; x < 2 * MIXED_KINDS; x++) {
		bool backup = x >= MIXED_KINDS;
		unsigned kind = x % MIXED_KINDS;

		if (!(m->kinds[k->from] & 1U << kind) || k->n_sids == MIXED_SIDS ||
		    pick(r, 4) < (backup ? 3U : 1U) || *fun > 0xef)
			continue;
		m->link_sid[l][k->n_sids] = sid_make(r, kind, k->from, (*fun)++);
		m->link_sid[l][k->n_sids].lan_node = lan;
		m->link_sid[l][k->n_sids++].flags = backup ? 0x80 : 0;
	}
}

static void give_links(struct mixed *m, struct rng *r, uint32_t i)
{
	struct net *n = &m->net;
	uint32_t fun = 0x10;

	for (uint32_t l = 0; l < n->n_links; l++) {
		if (n->link[l].from != i)
			continue;
		n->link[l].sids = m->link_sid[l];
		n->link[l].n_sids = 0;
		if (!n->node[n->link[l].to].pseudonode)
			give_adj(m, r, l, 0, &fun);
		for (uint32_t k = 0; n->node[n->link[l].to].pseudonode && k < n->n_links; k++)
			if (n->link[k].from == n->link[l].to && n->link[k].to != i)
				give_adj(m, r, l, n->link[k].to + 1, &fun);
	}
}

static void give_limits(struct ted_node *d, struct rng *r)
{
	d->msd_max_sl = pick(r, 3) ? 0 : (uint8_t)(1 + pick(r, 4));
	d->msd_end_pop = pick(r, 3) ? 0 : (uint8_t)(1 + pick(r, 4));
	d->msd_h_encaps = pick(r, 4) ? 0 : (uint8_t)(1 + pick(r, 5));
}

/* ---- routes ---- */

#define FAR UINT64_C(1000000000)

static bool weight(const struct mixed *m, unsigned algo, uint32_t l, uint64_t *w)
{
	const struct net *n = &m->net;
	const struct ted_link *k = &n->link[l];
	bool lan = n->node[k->from].pseudonode;

	if (!n->usable[l])
		return false;
	if (algo == 0)
		return net_cost(n, l, PCE_IGP, w);
	*w = lan ? 0 : m->fad.metric_type == TED_FLEX_TE ? k->te_metric : k->delay_us;
	for (unsigned i = 0; i < 2; i++) {
		const struct ted_node *d = &n->node[i ? k->to : k->from];

		if (!d->pseudonode && !(d->algos[MIXED_ALGO / 64] & 1))
			return false;
	}
	return lan || !(k->admin_group[0] & m->fad.exclude_any[0]);
}

static void routes_make(struct mixed *m, unsigned a)
{
	const struct net *n = &m->net;

	for (uint32_t root = 0; root < n->n_nodes; root++) {
		uint64_t *d = m->dist[a][root];

		for (uint32_t i = 0; i < n->n_nodes; i++)
			d[i] = i == root ? 0 : FAR;
		for (bool moved = true; moved;) {
			moved = false;
			for (uint32_t l = 0; l < n->n_links; l++) {
				const struct ted_link *k = &n->link[l];
				uint64_t w;

				if (!weight(m, a, l, &w) ||
				    (n->node[k->from].overload && k->from != root) ||
				    d[k->from] == FAR || d[k->from] + w >= d[k->to])
					continue;
				d[k->to] = d[k->from] + w;
				moved = true;
			}
		}
	}
}

void mixed_make(struct mixed *m, struct rng *r, bool limits)
{
	struct net *n = &m->net;

	m->fad = (struct ted_fad){ .algo = MIXED_ALGO,
				   .metric_type = pick(r, 2) ? TED_FLEX_TE : TED_FLEX_DELAY,
				   .priority = 128 };
	if (pick(r, 2)) {
		m->fad.n_exclude_any = 1;
		m->fad.exclude_any[0] = 1U << pick(r, 4);
	}
	for (uint32_t l = 0; l < n->n_links; l++) {
		n->link[l].flex_plain = true;
		n->link[l].delay_min_us = n->link[l].delay_us;
	}
	for (uint32_t i = 0; i < n->n_routers; i++) {
		n->node[i].router_v6 = address(&kinds[0], 0xf000 + i, 9); /* in no locator */
		give_node(m, r, i);
		if (limits)
			give_limits(&n->node[i], r);
	}
	for (uint32_t i = 0; i < n->n_routers; i++)
		give_links(m, r, i);
	n->node[0].fads = &m->fad;
	n->node[0].n_fads = 1;
	routes_make(m, 0);
	routes_make(m, 1);
}

/* ---- packets ---- */

struct packet {
	uint32_t at;
	struct ip_addr da;
	uint32_t sl; /* Segments Left */
	bool srh;
	struct net_trace t;
};

struct run {
	const struct mixed *m;
	const struct packet_list *l;
	struct packet_run *out;
	bool no_limits;
};

static const struct ip_addr *segment(const struct run *s, uint32_t sl)
{
	return &s->l->entry[s->l->n - 1 - sl];
}

static bool same_bits(const struct ip_addr *a, const struct ip_addr *b, unsigned n)
{
	return memcmp(a->b, b->b, n / 8) == 0;
}

static enum csid csid_of(const struct ted_sid *s)
{
	if ((s->behavior >= 43 && s->behavior <= 50) || (s->behavior >= 52 && s->behavior <= 59))
		return NEXT;
	return s->behavior >= 101 && s->behavior <= 135 ? REPLACE : CLASSIC;
}

static unsigned flavors_of(const struct ted_sid *s)
{
	for (unsigned c = 0; c < 3; c++)
		for (unsigned f = 0; f < 8; f++)
			if (s->behavior == code((enum csid)c, false, f) ||
			    s->behavior == code((enum csid)c, true, f))
				return f;
	return 0;
}

/* Bits of the route it has in its router: C-SIDs leave room for the rest of the container. */
static unsigned match_len(const struct ted_sid *s)
{
	unsigned lb = s->structure.lb, ln = s->structure.ln, fun = s->structure.fun;

	if (csid_of(s) == CLASSIC)
		return 128;
	if (csid_of(s) == NEXT && ip_bits_get(&s->sid, lb + ln, fun) == 0)
		return lb + ln;
	return lb + ln + fun;
}

static void go(struct run *s, struct packet *p);

static void drop(struct run *s)
{
	s->out->lost = true;
}

static void arrive(struct run *s, struct packet *p)
{
	p->t.end = p->at;
	if (s->out->n == PACKET_TRACES)
		drop(s);
	else
		s->out->trace[s->out->n++] = p->t;
}

static bool cross(struct run *s, struct packet *p, uint32_t link)
{
	if (p->t.n == NET_TRACE_LEN)
		return false;
	p->t.link[p->t.n++] = link;
	p->at = s->m->net.link[link].to;
	return true;
}

static void carry(struct run *s, const struct packet *p, uint32_t to, unsigned algo)
{
	const struct net *n = &s->m->net;
	uint64_t best = s->m->dist[algo][p->at][to], w;
	bool sent = false;

	for (uint32_t l = 0; l < n->n_links && best < FAR; l++) {
		uint32_t x = n->link[l].to;
		struct packet copy = *p;

		if (n->link[l].from != p->at || !weight(s->m, algo, l, &w) ||
		    (n->node[x].overload && x != to) ||
		    w + s->m->dist[algo][x][to] != best)
			continue;
		sent = true;
		if (cross(s, &copy, l))
			go(s, &copy);
		else
			drop(s);
	}
	if (!sent)
		drop(s);
}

/* RFC 8986 s4.16.1: the one before the last takes the SRH off. */
static bool pop(struct run *s, struct packet *p, const struct ted_sid *sid)
{
	uint8_t max = s->no_limits ? 0 : s->m->net.node[p->at].msd_end_pop;

	if (!(flavors_of(sid) & PSP))
		return true;
	if (max && s->l->n > max)
		return false;
	p->srh = false;
	return true;
}

/* End, RFC 8986 s4.1 S09-S15. */
static bool next_entry(struct run *s, struct packet *p, const struct ted_sid *sid)
{
	p->da = *segment(s, --p->sl);
	return p->sl > 0 || pop(s, p, sid);
}

static unsigned slots(const struct ted_sid *sid)
{
	return 128U / ((unsigned)sid->structure.ln + sid->structure.fun);
}

static uint64_t slot(const struct ip_addr *a, const struct ted_sid *sid, unsigned i)
{
	unsigned len = (unsigned)sid->structure.ln + sid->structure.fun;

	return ip_bits_get(a, i * len, len);
}

static unsigned index_bits(const struct ted_sid *sid)
{
	return slots(sid) == 4 ? 2 : 3;
}

/* RFC 9800 s4.2.1. */
static bool replace(struct run *s, struct packet *p, const struct ted_sid *sid)
{
	unsigned bits = index_bits(sid), i = (unsigned)ip_bits_get(&p->da, 128 - bits, bits);
	unsigned len = (unsigned)sid->structure.ln + sid->structure.fun;

	if (i != 0) {
		i--;
		if (slot(segment(s, p->sl), sid, i) == 0)
			return next_entry(s, p, sid);
	} else {
		p->sl--;
		i = slots(sid) - 1;
	}
	ip_bits_set(&p->da, sid->structure.lb, len, slot(segment(s, p->sl), sid, i));
	ip_bits_set(&p->da, 128 - bits, bits, i);
	if (p->sl == 0 && (i == 0 || slot(segment(s, 0), sid, i - 1) == 0))
		return pop(s, p, sid);
	return true;
}

static bool is_last(const struct run *s, const struct packet *p, const struct ted_sid *sid)
{
	unsigned i;

	if (!p->srh || p->sl > 0)
		return !p->srh;
	if (csid_of(sid) != REPLACE)
		return true;
	i = (unsigned)ip_bits_get(&p->da, 128 - index_bits(sid), index_bits(sid));
	return i == 0 || slot(segment(s, 0), sid, i - 1) == 0;
}

static bool over(struct run *s, struct packet *p, const struct ted_sid *sid, uint32_t link)
{
	const struct net *n = &s->m->net;

	if (link == TED_NONE)
		return true;
	if (!cross(s, p, link))
		return false;
	for (uint32_t l = 0; sid->lan_node && l < n->n_links; l++)
		if (n->usable[l] && n->link[l].from == p->at && n->link[l].to == sid->lan_node - 1)
			return cross(s, p, l);
	return true;
}

static void shift(struct ip_addr *da, const struct ted_sid *sid)
{
	unsigned lb = sid->structure.lb, by = match_len(sid) - lb;
	struct ip_addr moved = *da;

	for (unsigned i = lb; i < 128; i += 8)
		ip_bits_set(&moved, i, 8, i + by < 128 ? ip_bits_get(da, i + by, 8) : 0);
	*da = moved;
}

static bool has_argument(const struct ip_addr *da, const struct ted_sid *sid)
{
	for (unsigned i = match_len(sid); i < 128; i += 8)
		if (ip_bits_get(da, i, 8))
			return true;
	return false;
}

static void endpoint(struct run *s, struct packet *p, const struct ted_sid *sid, uint32_t link)
{
	uint8_t max = s->no_limits ? 0 : s->m->net.node[p->at].msd_max_sl;
	bool ok = true;

	if (csid_of(sid) == NEXT && has_argument(&p->da, sid)) {
		shift(&p->da, sid);
	} else if (is_last(s, p, sid)) {
		if (s->l->decapsulate && (flavors_of(sid) & USD) && over(s, p, sid, link))
			arrive(s, p);
		else
			drop(s);
		return;
	} else if (max && p->sl > max) {
		ok = false;
	} else {
		ok = csid_of(sid) == REPLACE ? replace(s, p, sid) : next_entry(s, p, sid);
	}
	if (ok && over(s, p, sid, link) && !s->m->net.node[p->at].pseudonode)
		go(s, p);
	else
		drop(s);
}

/* Inside of another policy: over any of its links, until its endpoint takes it off again. */
static void inside(struct run *s, const struct packet *p, const struct pce_binding *b)
{
	bool sent = false;

	if (p->at == b->endpoint) {
		struct packet copy = *p;

		go(s, &copy);
		return;
	}
	for (uint32_t i = 0; i < b->n_links; i++) {
		struct packet copy = *p;

		if (s->m->net.link[b->links[i]].from != p->at)
			continue;
		sent = true;
		if (cross(s, &copy, b->links[i]))
			inside(s, &copy, b);
		else
			drop(s);
	}
	if (!sent)
		drop(s);
}

static bool bound(struct run *s, struct packet *p)
{
	uint8_t max = s->no_limits ? 0 : s->m->net.node[p->at].msd_max_sl;

	for (uint32_t i = 0; i < s->l->n_bindings; i++) {
		const struct pce_binding *b = &s->l->bindings[i];

		if (b->headend != p->at || !ip_eq(&b->sid, &p->da))
			continue;
		if (!p->srh || p->sl == 0 || (max && p->sl > max)) {
			drop(s);
			return true;
		}
		p->da = *segment(s, --p->sl);
		inside(s, p, b);
		return true;
	}
	return false;
}

struct match {
	const struct ted_sid *sid;
	uint32_t link;
	unsigned len;
};

static bool on_lan(const struct net *n, uint32_t link, uint32_t neighbor)
{
	for (uint32_t l = 0; l < n->n_links; l++)
		if (n->usable[l] && n->link[l].from == n->link[link].to &&
		    n->link[l].to == neighbor)
			return true;
	return false;
}

static void match_all(const struct ted_sid *at, uint32_t n, uint32_t link, const struct packet *p,
		      struct match *m)
{
	for (uint32_t j = 0; j < n; j++) {
		unsigned len = match_len(&at[j]);

		if (len > m->len && same_bits(&at[j].sid, &p->da, len))
			*m = (struct match){ &at[j], link, len };
	}
}

static struct match match_local(const struct net *n, const struct packet *p)
{
	struct match m = { .link = TED_NONE };

	match_all(n->node[p->at].sids, n->node[p->at].n_sids, TED_NONE, p, &m);
	for (uint32_t l = 0; l < n->n_links; l++)
		for (uint32_t j = 0;
		     n->usable[l] && n->link[l].from == p->at && j < n->link[l].n_sids; j++) {
			const struct ted_sid *x = &n->link[l].sids[j];

			if (!x->lan_node || on_lan(n, l, x->lan_node - 1))
				match_all(x, 1, l, p, &m);
		}
	return m;
}

/* One look-up: the router's own SIDs, and all locators. */
static void go(struct run *s, struct packet *p)
{
	const struct net *n = &s->m->net;
	uint32_t to = TED_NONE;
	unsigned algo = 0, best = 0;
	struct match m;

	if (s->out->lost) /* one is enough: loops of zero metrics would branch for ever */
		return;
	if (!s->l->decapsulate && p->sl == 0 && ip_eq(&p->da, &s->l->entry[s->l->n - 1])) {
		for (uint32_t i = 0; i < n->n_routers && to == TED_NONE; i++)
			to = n->node[i].router_v6.family && ip_eq(&n->node[i].router_v6, &p->da) ? i : to;
		if (to == TED_NONE || to == p->at)
			arrive(s, p);
		else
			carry(s, p, to, 0);
		return;
	}
	for (uint32_t i = 0; i < n->n_routers; i++)
		for (uint32_t j = 0; j < n->node[i].n_locators; j++) {
			const struct ted_locator *x = &n->node[i].locators[j];

			if (x->prefix.len > best && same_bits(&x->prefix.addr, &p->da, x->prefix.len)) {
				best = x->prefix.len;
				to = i;
				algo = x->algo != 0;
			}
		}
	if (n->node[p->at].pseudonode) {
		carry(s, p, to, algo); /* to whom the sender meant */
		return;
	}
	if (bound(s, p))
		return;
	m = match_local(n, p);
	if (m.sid && m.len >= best)
		endpoint(s, p, m.sid, m.link);
	else if (to == TED_NONE || to == p->at)
		drop(s);
	else
		carry(s, p, to, algo);
}

static void run_list(const struct mixed *m, uint32_t src, const struct packet_list *l,
		     struct packet_run *out, bool no_limits)
{
	struct run s = { m, l, out, no_limits };
	struct packet p = { .at = src, .da = l->entry[0], .sl = l->n - 1, .srh = l->n > 1 };

	out->n = 0;
	out->lost = false;
	go(&s, &p);
}

void packet_run(const struct mixed *m, uint32_t src, const struct packet_list *l,
		struct packet_run *out)
{
	run_list(m, src, l, out, false);
}

void packet_bound(const struct mixed *m, uint32_t src, const struct packet_list *l,
		  struct packet_run *out)
{
	run_list(m, src, l, out, true);
}

void packet_probe(const struct mixed *m, uint32_t src, const struct ted_sid *sid,
		  struct packet_run *out)
{
	/* A REPLACE-C-SID goes on to a whole address after an empty place. */
	const struct ip_addr none = { .family = IP_V6 }, end = address(&kinds[0], 0xfff0, 0);
	struct ip_addr entry[3] = { sid->sid, end, end };
	struct packet_list l = { .entry = entry, .n = 2 };
	struct run s = { m, &l, out, true };
	struct packet p = { .at = src, .sl = 1, .srh = true };

	if (csid_of(sid) == REPLACE) {
		entry[1] = none;
		l.n = 3;
		ip_bits_set(&entry[0], 128 - index_bits(sid), index_bits(sid), 1);
	}
	p.da = entry[0];
	out->n = 0;
	out->lost = false;
	go(&s, &p);
}
