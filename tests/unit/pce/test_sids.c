/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SID lists on mixed networks: packets with the list take the path and no other (strict), or only
 * ways that are as good (loose), whatever kinds of SIDs it is made of, and no shorter list does. The search for a shorter one tries every
 * order of SIDs that lead along the path and every way to pack them; what it finds counts when
 * packets with it do take the path.
 */
#include "check_main.h"

#include <stdio.h>
#include <string.h>

#include "packet.h"

enum { ROUNDS = 2600 / CHECK_SHARE, HOPS = 7, EDGES = 512, ENTRIES = 12, SEEN = 1 << 20 };

static struct mixed m;
static struct rng rng;
static struct packet_run run;

/* ---- the wanted path ---- */

struct way {
	uint32_t link[NET_PATH], n;
	uint32_t pos[HOPS + 1]; /* links before router k of the path */
	uint32_t node[HOPS + 1];
	uint32_t hops;
};

static bool step_random(struct way *w, uint32_t at, uint32_t *seen)
{
	const struct net *n = &m.net;
	uint32_t first = (uint32_t)rng_below(&rng, n->n_links);

	for (uint32_t i = 0; i < n->n_links; i++) {
		uint32_t l = (first + i) % n->n_links;

		if (!n->usable[l] || n->link[l].from != at || (*seen & 1U << n->link[l].to))
			continue;
		*seen |= 1U << n->link[l].to;
		w->link[w->n++] = l;
		return true;
	}
	return false;
}

/* A random simple path from a random router; false: it stands alone. */
static bool way_random(struct way *w)
{
	uint32_t at = (uint32_t)rng_below(&rng, m.net.n_routers), seen = 1U << at;

	memset(w, 0, sizeof(*w));
	w->node[0] = at;
	while (w->hops < HOPS && w->n + 2 <= NET_PATH && (w->hops < 2 || rng_below(&rng, 5))) {
		uint32_t before = w->n;

		if (!step_random(w, at, &seen))
			break;
		at = m.net.link[w->link[w->n - 1]].to;
		if (m.net.node[at].pseudonode) {
			if (!step_random(w, at, &seen)) {
				w->n = before;
				break;
			}
			at = m.net.link[w->link[w->n - 1]].to;
		}
		w->node[++w->hops] = at;
		w->pos[w->hops] = w->n;
	}
	return w->hops > 0;
}

/* Loose: by which metric a way is as good as the path. */
static struct {
	bool loose;
	enum pce_metric metric;
	uint64_t delay_max;
} asked;

static uint64_t links_cost(const uint32_t *link, uint32_t n, enum pce_metric metric)
{
	uint64_t sum = 0, c;

	for (uint32_t i = 0; i < n; i++)
		sum += net_cost(&m.net, link[i], metric, &c) ? c : UINT32_MAX;
	return sum;
}

static bool as_good(const struct packet_run *x, const struct way *w, uint32_t from, uint32_t to)
{
	uint64_t most = links_cost(&w->link[w->pos[from]], w->pos[to] - w->pos[from],
				   asked.metric);

	for (uint32_t i = 0; i < x->n; i++)
		if (x->trace[i].end != w->node[to] ||
		    links_cost(x->trace[i].link, x->trace[i].n, asked.metric) > most ||
		    links_cost(x->trace[i].link, x->trace[i].n, PCE_DELAY) > asked.delay_max)
			return false;
	return !x->lost && x->n > 0;
}

static bool takes(const struct packet_run *x, const struct way *w, uint32_t from, uint32_t to)
{
	uint32_t n = w->pos[to] - w->pos[from];

	if (asked.loose)
		return as_good(x, w, from, to);

	return !x->lost && x->n == 1 && x->trace[0].n == n && x->trace[0].end == w->node[to] &&
	       memcmp(x->trace[0].link, &w->link[w->pos[from]], n * sizeof(uint32_t)) == 0;
}

/* ---- SIDs that lead along it ---- */

struct edge {
	const struct ted_sid *sid;	   /* NULL: the binding */
	const struct pce_binding *binding;
	uint32_t from, to, reader; /* positions; reader: of the router that reads it */
};

static struct edge edge[EDGES];
static uint32_t n_edges;

static bool may_use(const struct pce_request *q, const struct ted_sid *s)
{
	return s->algo == 0 || !q->no_flex;
}

static bool is_backup(const struct ted_sid *s)
{
	return s->flags & 0x80;
}

/* Does the hop have one that is as wanted? */
static bool hop_has(const struct pce_request *q, uint32_t link, uint32_t far, bool backup)
{
	const struct ted_link *l = &m.net.link[link];

	for (uint32_t i = 0; i < l->n_sids; i++)
		if ((l->sids[i].lan_node ? l->sids[i].lan_node - 1 : l->to) == far &&
		    is_backup(&l->sids[i]) == backup && may_use(q, &l->sids[i]))
			return true;
	return false;
}

static bool protection_allows(const struct pce_request *q, uint32_t link, uint32_t far,
			      const struct ted_sid *s)
{
	bool wanted = q->protection == PCE_PROTECTED_PREFERRED || q->protection == PCE_PROTECTED_ONLY;
	bool only = q->protection == PCE_PROTECTED_ONLY || q->protection == PCE_UNPROTECTED_ONLY;

	return is_backup(s) == wanted || (!only && !hop_has(q, link, far, wanted));
}

static void edge_try(const struct way *w, const struct ted_sid *s, uint32_t reader, uint32_t to)
{
	for (uint32_t from = 0; from <= reader && from < to; from++) {
		packet_probe(&m, w->node[from], s, &run);
		if (!takes(&run, w, from, to))
			continue;
		ck_assert_uint_lt(n_edges, EDGES);
		edge[n_edges++] = (struct edge){ s, NULL, from, to, reader };
	}
}

static void edges_find(const struct pce_request *q, const struct way *w)
{
	n_edges = 0;
	for (uint32_t k = 1; k <= w->hops; k++) {
		const struct ted_node *d = &m.net.node[w->node[k]];

		for (uint32_t j = 0; j < d->n_sids; j++)
			if (may_use(q, &d->sids[j]))
				edge_try(w, &d->sids[j], k, k);
	}
	for (uint32_t k = 0; k < w->hops; k++) {
		uint32_t l = w->link[w->pos[k]];

		for (uint32_t j = 0; j < m.net.link[l].n_sids; j++) {
			const struct ted_sid *s = &m.net.link[l].sids[j];

			if (may_use(q, s) && protection_allows(q, l, w->node[k + 1], s))
				edge_try(w, s, k, k + 1);
		}
	}
}

/* Where the binding SID of another policy leads along the way. */
static void edges_bound(const struct pce_request *q, const struct way *w)
{
	for (uint32_t i = 0; i < q->n_bindings; i++) {
		const struct pce_binding *b = &q->bindings[i];
		const struct ip_addr entry[2] = { b->sid, m.net.node[0].router_v6 };
		struct packet_list l = { .entry = entry, .n = 2, .bindings = b, .n_bindings = 1 };

		for (uint32_t at = 0; at < w->hops; at++)
			for (uint32_t to = at + 1; to <= w->hops; to++) {
				if (w->node[at] != b->headend || w->node[to] != b->endpoint)
					continue;
				for (uint32_t from = 0; from <= at; from++) {
					packet_bound(&m, w->node[from], &l, &run);
					if (takes(&run, w, from, to) && n_edges < EDGES)
						edge[n_edges++] = (struct edge){ NULL, b, from, to, at };
				}
			}
	}
}

/* ---- the search for a shorter list ---- */

static enum { PLAIN, NEXT, REPLACE } csid_of(const struct ted_sid *s)
{
	if (!s)
		return PLAIN;
	if ((s->behavior >= 43 && s->behavior <= 50) || (s->behavior >= 52 && s->behavior <= 59))
		return NEXT;
	return s->behavior >= 101 ? REPLACE : PLAIN;
}

struct state {
	struct ip_addr entry[ENTRIES];
	uint32_t n;			/* entries */
	uint32_t pos, used, left;	/* used: NEXT, bits after the block; left: REPLACE, places */
	const struct ted_sid *open;	/* the last SID, when more can go into its entry */
	const struct edge *last;
};

struct search {
	const struct way *w;
	const struct pce_request *q;
	uint32_t n_max;
	uint64_t tried;
};

static uint8_t seen[SEEN / 8];

static unsigned csid_len(const struct ted_sid *s)
{
	unsigned ln = s->structure.ln, fun = s->structure.fun;

	return csid_of(s) == NEXT && ip_bits_get(&s->sid, s->structure.lb + ln, fun) == 0 ? ln : ln + fun;
}

static uint64_t csid_value(const struct ted_sid *s)
{
	return ip_bits_get(&s->sid, s->structure.lb, csid_len(s));
}

static bool alike(const struct ted_sid *a, const struct ted_sid *b)
{
	return csid_of(a) == csid_of(b) && a->structure.lb == b->structure.lb &&
	       a->structure.ln == b->structure.ln && a->structure.fun == b->structure.fun &&
	       memcmp(a->sid.b, b->sid.b, a->structure.lb / 8) == 0;
}

/* What is left to do depends on this only; different states may meet, never to forbid more than
 * a few of thousands of tries. */
static bool seen_before(const struct state *x)
{
	uint64_t h = x->pos;

	h = h * 31 + x->n;
	h = h * 131 + x->used;
	h = h * 17 + x->left;
	h = h * 1000003 + (x->open ? x->open->structure.lb * 7919U + x->open->sid.b[1] * 31U +
						x->open->sid.b[3] + x->open->sid.b[2] * 3U : 0);
	h = h * 1009 + x->last->reader * 4096U + (x->last->sid ? x->last->sid->behavior : 0);
	h = (h * UINT64_C(0x9e3779b97f4a7c15)) >> 44;
	if (seen[h / 8] & 1U << (h % 8))
		return true;
	seen[h / 8] |= (uint8_t)(1U << (h % 8));
	return false;
}

static bool entry_new(const struct search *s, struct state *x, const struct ip_addr *a)
{
	if (x->n == s->n_max)
		return false;
	x->entry[x->n++] = *a;
	return true;
}

/* The SID goes into what is open. */
static bool place_open(const struct search *s, struct state *x, const struct ted_sid *sid)
{
	const struct ip_addr none = { .family = IP_V6 };
	unsigned len = csid_len(sid), lb = sid->structure.lb;

	if (!s->q->usid || !x->open || !alike(x->open, sid))
		return false;
	if (csid_of(sid) == NEXT) {
		if (lb + x->used + len > 128)
			return false;
		ip_bits_set(&x->entry[x->n - 1], lb + x->used, len, csid_value(sid));
		x->used += len;
		return true;
	}
	if (x->left == 0) {
		if (!entry_new(s, x, &none))
			return false;
		x->left = 128 / len;
	}
	x->left--;
	ip_bits_set(&x->entry[x->n - 1], x->left * len, len, csid_value(sid));
	return true;
}

static bool place_whole(const struct search *s, struct state *x, const struct edge *e)
{
	if (x->open && csid_of(x->open) == REPLACE && x->left == 0)
		return false;
	x->left = 0;
	x->used = e->sid && csid_of(e->sid) == NEXT ? csid_len(e->sid) : 0;
	return entry_new(s, x, e->sid ? &e->sid->sid : &e->binding->sid);
}

/* Packets with the list, and a service SID or none behind it, take the path and no other. */
static bool works(const struct pce_request *q, const struct way *w, const struct ip_addr *entry,
		  uint32_t n)
{
	struct ip_addr all[PCE_SEGS_MAX + 1];
	struct packet_list l = { .entry = all, .n = n, .decapsulate = q->decapsulates,
				 .bindings = q->bindings, .n_bindings = q->n_bindings };
	uint8_t max = m.net.node[q->src].msd_h_encaps;

	memcpy(all, entry, n * sizeof(*all));
	if (!q->decapsulates)
		all[l.n++] = m.net.node[w->node[w->hops]].router_v6;
	if (max && l.n > max)
		return false;
	packet_run(&m, q->src, &l, &run);
	return takes(&run, w, 0, w->hops);
}

static bool shorter(struct search *s, const struct state *x);

static bool shorter_with(struct search *s, const struct state *x, const struct edge *e, bool open)
{
	struct state y = *x;

	if (open ? !e->sid || !place_open(s, &y, e->sid) : !place_whole(s, &y, e))
		return false;
	y.open = e->sid;
	y.pos = e->to;
	y.last = e;
	if (y.pos == s->w->hops) {
		s->tried++;
		return works(s->q, s->w, y.entry, y.n);
	}
	return !seen_before(&y) && shorter(s, &y);
}

static bool shorter(struct search *s, const struct state *x)
{
	for (uint32_t i = 0; i < n_edges; i++)
		if (edge[i].from == x->pos && (shorter_with(s, x, &edge[i], true) ||
					       shorter_with(s, x, &edge[i], false)))
			return true;
	return false;
}

/* A list of at most n entries. */
static bool is_there(const struct pce_request *q, const struct way *w, uint32_t n)
{
	struct search s = { .w = w, .q = q };
	struct state x = { .n = 0 };

	for (s.n_max = 1; s.n_max <= n && s.n_max <= ENTRIES; s.n_max++) {
		memset(seen, 0, sizeof(seen));
		if (shorter(&s, &x))
			return true;
	}
	return false;
}

/* ---- the cases ---- */

static void mixed_random(bool limits)
{
	struct net_cfg cfg = {
		.routers = 4 + (uint32_t)rng_below(&rng, 4),
		.pairs = 5 + (uint32_t)rng_below(&rng, 8),
		.lan = rng_below(&rng, 5) == 0,
		.half = rng_below(&rng, 2),
		.overload = rng_below(&rng, 5) == 0,
		.complete = true,
		.metric_max = rng_below(&rng, 2) ? 3 : 20,
		.delay_max = rng_below(&rng, 2) ? 3 : 50,
	};

	memset(&m, 0, sizeof(m));
	net_make(&m.net, &rng, &cfg);
	for (uint32_t l = 0; rng_below(&rng, 5) == 0 && l < m.net.n_links; l++)
		if (rng_below(&rng, 4) == 0)
			m.net.link[l].igp_metric = 0;
	mixed_make(&m, &rng, limits);
}

static struct pce_request request_random(const struct way *w)
{
	struct pce_request q = {
		.src = w->node[0], .dst = w->node[w->hops],
		.minimise = PCE_HOPS, .delay_us_max = PCE_NO_BOUND, .hops_max = PCE_NO_BOUND,
		.igp_max = PCE_NO_BOUND, .te_max = PCE_NO_BOUND, .strict = true,
		.usid = rng_below(&rng, 4) != 0,
		.protection = rng_below(&rng, 2) ? PCE_UNPROTECTED_PREFERRED :
						   (enum pce_protection)rng_below(&rng, 4),
		.no_flex = rng_below(&rng, 3) == 0,
		.decapsulates = rng_below(&rng, 4) == 0,
	};

	q.reserved = !q.decapsulates;
	return q;
}

static const struct ted *ted_of(void)
{
	return net_build(&m.net);
}

static uint32_t entries_of(const struct pce_answer *a, struct ip_addr *entry)
{
	for (uint32_t i = 0; i < a->n_segs; i++)
		entry[i] = a->segs[i].sid;
	return a->n_segs;
}

struct counts {
	uint32_t found, several, packed, bound, none;
};

static struct pce_binding binding;
static uint32_t binding_links[NET_PATH];

/* Half of the requests know of a policy over a part of the way, some of one that is not on it. */
static void binding_random(struct pce_request *q, const struct way *w)
{
	uint32_t at = (uint32_t)rng_below(&rng, w->hops), to = at + 1 + (uint32_t)rng_below(&rng, w->hops - at);
	const struct ted_node *d = &m.net.node[w->node[at]];

	if (rng_below(&rng, 2) || d->n_locators == 0)
		return;
	binding = (struct pce_binding){ .headend = w->node[at], .endpoint = w->node[to],
					.sid = d->locators[0].prefix.addr, .links = binding_links };
	ip_bits_set(&binding.sid, d->locators[0].prefix.len, 8, 0xfe);
	for (uint32_t i = w->pos[at]; i < w->pos[to]; i++)
		binding_links[binding.n_links++] = w->link[i];
	for (uint32_t l = 0; rng_below(&rng, 5) == 0 && l < m.net.n_links; l++)
		if (m.net.link[l].from == w->node[at] && m.net.usable[l] && binding.n_links < NET_PATH)
			binding_links[binding.n_links++] = l; /* its packets may go elsewhere too */
	q->bindings = &binding;
	q->n_bindings = 1;
}

/* The largest packet that fits with the list, and one octet more. */
static void mtu_holds(struct pce_request q, const struct way *w, uint32_t len, int round)
{
	uint32_t n = len + q.reserved, more = 40 + (n > 1 ? 8 + 16 * n : 0);
	uint32_t link = w->link[rng_below(&rng, w->n)];
	const struct ted *t;
	struct pce_answer a;
	struct arena arena;

	m.net.link[link].mtu = 1500;
	t = net_build(&m.net);
	for (uint32_t over = 0; over < 2; over++) {
		q.payload = (uint16_t)(1500 - more + over);
		arena_init(&arena, 0);
		pce_encode(t, &q, w->link, w->n, &arena, &a);
		ck_assert_msg((a.status == PCE_OK) == (over == 0), "round %d: %u octets", round, q.payload);
		ck_assert_uint_eq(a.removed[PCE_C_MTU].links, over);
		ck_assert_uint_eq(a.removed[PCE_C_MTU].nearest, over ? 1500 - more : 0);
		arena_fini(&arena);
	}
	m.net.link[link].mtu = 0;
	ted_unref(t);
}

static void one_case(const struct pce_request *q, const struct way *w, int round, struct counts *n)
{
	struct ip_addr entry[PCE_SEGS_MAX];
	const struct ted *t = ted_of();
	struct pce_answer a;
	struct arena arena;
	uint32_t len;

	arena_init(&arena, 0);
	pce_encode(t, q, w->link, w->n, &arena, &a);
	len = entries_of(&a, entry);
	edges_find(q, w);
	edges_bound(q, w);
	if (a.status == PCE_OK) {
		ck_assert_msg(works(q, w, entry, len), "round %d: packets do not take the path", round);
		ck_assert_msg(!is_there(q, w, len - 1), "round %d: %u entries, there is a shorter list",
			      round, len);
		n->found++;
		n->several += len > 1;
		for (uint32_t i = 0; i < len; i++) {
			n->packed += a.segs[i].kind == PCE_SEG_CONTAINER;
			n->bound += a.segs[i].kind == PCE_SEG_BINDING;
		}
		if (round % 8 == 0)
			mtu_holds(*q, w, len, round);
	} else {
		ck_assert_msg(a.status == PCE_NO_SID || a.status == PCE_NO_MSD, "round %d: %s", round, a.why);
		ck_assert_msg(!is_there(q, w, ENTRIES), "round %d: called impossible (%s)", round, a.why);
		n->none++;
	}
	arena_fini(&arena);
	ted_unref(t);
}

START_TEST(a_strict_list_is_the_path_and_none_is_shorter)
{
	struct counts n = { 0 };

	rng_seed(&rng, (uint64_t)_i + 1);
	for (int round = 0; round < ROUNDS; round++) {
		struct pce_request q;
		struct way w;

		mixed_random(_i % 2);
		if (!way_random(&w))
			continue;
		q = request_random(&w);
		binding_random(&q, &w);
		one_case(&q, &w, round, &n);
	}
	ck_assert_uint_gt(n.found, ROUNDS / 4);
	ck_assert_uint_gt(n.several, ROUNDS / 8);
	ck_assert_uint_gt(n.packed, ROUNDS / 50);
	ck_assert_uint_gt(n.bound, ROUNDS / 50);
	ck_assert_uint_gt(n.none, ROUNDS / 50);
}
END_TEST

/* ---- path and list together ---- */

enum { WAYS = 512 };

struct ways {
	struct way at[WAYS];
	uint64_t cost[WAYS];
	uint32_t n;
	bool all;
};

static struct ways ways;

static void way_fill(struct way *w, uint32_t src, const uint32_t *link, uint32_t n)
{
	memset(w, 0, sizeof(*w));
	w->node[0] = src;
	for (uint32_t i = 0; i < n; i++) {
		w->link[w->n++] = link[i];
		if (m.net.node[m.net.link[link[i]].to].pseudonode || w->hops == HOPS)
			continue;
		w->node[++w->hops] = m.net.link[link[i]].to;
		w->pos[w->hops] = w->n;
	}
}

static void ways_from(const struct pce_request *q, uint32_t at, uint32_t seen_nodes, uint32_t *link,
		      uint32_t n)
{
	if (at == q->dst) {
		uint64_t cost = 0, delay = 0;

		for (uint32_t i = 0; i < n; i++) {
			uint64_t c;

			(void)net_cost(&m.net, link[i], q->minimise, &c);
			cost += c;
			(void)net_cost(&m.net, link[i], PCE_DELAY, &c);
			delay += c;
		}
		if (q->delay_us_max != PCE_NO_BOUND && delay > q->delay_us_max)
			return;
		if (ways.n == WAYS || n > NET_PATH) {
			ways.all = false;
			return;
		}
		way_fill(&ways.at[ways.n], q->src, link, n);
		ways.cost[ways.n++] = cost;
		return;
	}
	if (m.net.node[at].overload && at != q->src)
		return;
	for (uint32_t l = 0; l < m.net.n_links; l++) {
		if (m.net.link[l].from != at || !m.net.usable[l] ||
		    (seen_nodes & 1U << m.net.link[l].to) || n == NET_PATH)
			continue;
		link[n] = l;
		ways_from(q, m.net.link[l].to, seen_nodes | 1U << m.net.link[l].to, link, n + 1);
	}
}

/* The least cost of a path with a list of at most that many entries; UINT64_MAX: there is none. */
static uint64_t cheapest(const struct pce_request *q, uint32_t entries)
{
	uint64_t best = UINT64_MAX;

	for (uint32_t i = 0; i < ways.n; i++) {
		if (ways.cost[i] >= best)
			continue;
		edges_find(q, &ways.at[i]);
		if (is_there(q, &ways.at[i], entries))
			best = ways.cost[i];
	}
	return best;
}

static uint64_t cost_of(const struct pce_answer *a, enum pce_metric metric)
{
	return metric == PCE_IGP ? a->igp : metric == PCE_TE ? a->te : a->delay_us;
}

static void joint_case(int round, uint32_t *found, uint32_t *dearer)
{
	struct pce_request q = { .minimise = (enum pce_metric)rng_below(&rng, 3),
				 .delay_us_max = PCE_NO_BOUND, .hops_max = PCE_NO_BOUND,
				 .igp_max = PCE_NO_BOUND, .te_max = PCE_NO_BOUND, .strict = true,
				 .usid = rng_below(&rng, 2), .no_flex = rng_below(&rng, 2),
				 .reserved = 1, .msd = (uint8_t)(2 + rng_below(&rng, 2)) };
	struct ip_addr entry[PCE_SEGS_MAX];
	uint32_t link[NET_PATH], len;
	const struct ted *t;
	struct pce_answer a;
	struct arena arena;
	uint64_t best;

	q.src = (uint32_t)rng_below(&rng, m.net.n_routers);
	q.dst = (q.src + 1 + (uint32_t)rng_below(&rng, m.net.n_routers - 1)) % m.net.n_routers;
	if (rng_below(&rng, 3) == 0)
		q.delay_us_max = 1 + (uint32_t)rng_below(&rng, 80);
	ways.n = 0;
	ways.all = true;
	ways_from(&q, q.src, 1U << q.src, link, 0);
	if (!ways.all)
		return;
	best = cheapest(&q, q.msd - 1U);
	t = ted_of();
	arena_init(&arena, 0);
	pce_compute(t, &q, &arena, &a);
	if (a.status == PCE_OK) {
		struct way w;

		ck_assert_msg(cost_of(&a, q.minimise) == best, "round %d: %llu, the least is %llu", round,
			      (unsigned long long)cost_of(&a, q.minimise), (unsigned long long)best);
		len = entries_of(&a, entry);
		way_fill(&w, q.src, a.path, a.n_path);
		ck_assert_msg(works(&q, &w, entry, len), "round %d: packets do not take it", round);
		++*found;
		for (uint32_t i = 0; i < ways.n; i++)
			if (ways.cost[i] < best) {
				++*dearer;
				break;
			}
	} else {
		ck_assert_msg(best == UINT64_MAX, "round %d: missed %llu (%s)", round,
			      (unsigned long long)best, a.why);
	}
	arena_fini(&arena);
	ted_unref(t);
}

START_TEST(when_few_sids_fit_the_cheapest_path_that_does_with_them_is_found)
{
	uint32_t found = 0, dearer = 0;

	rng_seed(&rng, (uint64_t)_i + 50);
	for (int round = 0; round < ROUNDS / 2; round++) {
		mixed_random(false);
		joint_case(round, &found, &dearer);
	}
	ck_assert_uint_gt(found, ROUNDS / 8);
	ck_assert_uint_gt(dearer, ROUNDS / 100);
}
END_TEST

/* ---- loose lists ---- */

/* Links that packets may take lead round: then the strict list is preferred. */
static bool goes_round(const struct packet_run *x)
{
	uint32_t in[NET_NODES] = { 0 }, left = 0;
	bool used[NET_LINKS] = { false }, more = true;

	for (uint32_t i = 0; i < x->n; i++)
		for (uint32_t k = 0; k < x->trace[i].n; k++)
			used[x->trace[i].link[k]] = true;
	while (more) {
		more = false;
		left = 0;
		memset(in, 0, sizeof(in));
		for (uint32_t l = 0; l < m.net.n_links; l++)
			in[m.net.link[l].to] += used[l];
		for (uint32_t l = 0; l < m.net.n_links; l++) {
			if (used[l] && in[m.net.link[l].from] == 0) {
				used[l] = false;
				more = true;
			}
			left += used[l];
		}
	}
	return left > 0;
}

static void loose_case(int round, struct counts *n)
{
	struct pce_request q = { .minimise = (enum pce_metric)rng_below(&rng, 4),
				 .delay_us_max = PCE_NO_BOUND, .hops_max = PCE_NO_BOUND,
				 .igp_max = PCE_NO_BOUND, .te_max = PCE_NO_BOUND, .reserved = 1,
				 .usid = rng_below(&rng, 4) != 0, .no_flex = rng_below(&rng, 4) != 0 };
	struct ip_addr entry[PCE_SEGS_MAX];
	const struct ted *t;
	struct pce_answer a;
	struct arena arena;
	struct way w;

	q.src = (uint32_t)rng_below(&rng, m.net.n_routers);
	q.dst = (q.src + 1 + (uint32_t)rng_below(&rng, m.net.n_routers - 1)) % m.net.n_routers;
	if (rng_below(&rng, 4) == 0)
		q.delay_us_max = 1 + (uint32_t)rng_below(&rng, 80);
	t = ted_of();
	arena_init(&arena, 0);
	pce_compute(t, &q, &arena, &a);
	asked.loose = true;
	asked.metric = q.minimise;
	asked.delay_max = q.delay_us_max == PCE_NO_BOUND ? UINT64_MAX : q.delay_us_max;
	if (a.status == PCE_OK) {
		uint32_t len = entries_of(&a, entry);

		way_fill(&w, q.src, a.path, a.n_path);
		edges_find(&q, &w);
		ck_assert_msg(works(&q, &w, entry, len), "round %d: packets go worse ways", round);
		ck_assert_msg(!is_there(&q, &w, len - 1) || goes_round(&run),
			      "round %d: %u entries, there is a shorter list", round, len);
		n->found++;
		n->several += len > 1;
		for (uint32_t i = 0; i < len; i++)
			n->packed += a.segs[i].kind == PCE_SEG_CONTAINER;
		n->bound += !a.expansion.single;
	}
	asked.loose = false;
	arena_fini(&arena);
	ted_unref(t);
}

START_TEST(a_loose_list_is_as_good_as_the_path_and_none_is_shorter)
{
	struct counts n = { 0 };

	rng_seed(&rng, (uint64_t)_i + 90);
	for (int round = 0; round < ROUNDS; round++) {
		mixed_random(_i % 2);
		loose_case(round, &n);
	}
	ck_assert_uint_gt(n.found, ROUNDS / 2);
	ck_assert_uint_gt(n.several, ROUNDS / 40);
	ck_assert_uint_gt(n.packed, ROUNDS / 50);
	ck_assert_uint_gt(n.bound, ROUNDS / 50); /* over several ways */
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sids");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, a_strict_list_is_the_path_and_none_is_shorter, 0, 4);
	tcase_add_loop_test(t, a_loose_list_is_as_good_as_the_path_and_none_is_shorter, 0, 4);
	tcase_add_loop_test(t, when_few_sids_fit_the_cheapest_path_that_does_with_them_is_found, 0, 4);
	suite_add_tcase(s, t);
	return check_main(s);
}
