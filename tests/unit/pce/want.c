/* SPDX-License-Identifier: Apache-2.0 */
#include "want.h"

#include <math.h>
#include <string.h>

static uint32_t pick(struct rng *r, uint32_t n)
{
	return (uint32_t)rng_below(r, n);
}

/* ---- networks ---- */

static void decorate_link(struct want_net *w, struct rng *r, uint32_t i)
{
	struct ted_link *l = &w->n.link[i];

	l->has_delay_var = pick(r, 10) != 0;
	l->delay_var_us = pick(r, 5);
	l->has_loss = pick(r, 10) != 0;
	l->loss_ppm = pick(r, 3) ? pick(r, 4) * 10 : pick(r, 2) ? pick(r, 300000) : 0;
	l->delay_min_us = l->delay_us;
	l->flex_plain = pick(r, 8) != 0;
	for (unsigned k = 0; k < WANT_SRLGS; k++)
		w->srlg[i][k] = 1 + pick(r, 9);
	l->srlg = w->srlg[i];
	l->n_srlg = (uint16_t)pick(r, WANT_SRLGS + 1);
}

void want_decorate(struct want_net *w, struct rng *r)
{
	for (uint32_t i = 0; i < w->n.n_links; i++)
		decorate_link(w, r, i);
	for (uint32_t i = 0; i < w->n.n_nodes; i++) {
		w->n.node[i].asn = 65000 + pick(r, 4);
		if (pick(r, 8))
			w->n.node[i].algos[WANT_ALGO / 64] |= UINT64_C(1) << WANT_ALGO % 64;
	}
	w->fad = (struct ted_fad){ .algo = WANT_ALGO, .metric_type = (uint8_t)pick(r, 3),
				   .priority = 100 };
	if (pick(r, 2)) {
		w->fad.exclude_any[0] = 1U << pick(r, 4);
		w->fad.n_exclude_any = 1;
	}
	if (pick(r, 3) == 0) {
		w->fad.exclude_srlg[0] = 1 + pick(r, 9);
		w->fad.n_exclude_srlg = 1;
	}
	w->n.node[0].fads = &w->fad;
	w->n.node[0].n_fads = 1;
}

void want_net_random(struct want_net *w, struct rng *r)
{
	struct net_cfg cfg = {
		.routers = 3 + pick(r, 5),
		.pairs = 4 + pick(r, 8),
		.lan = pick(r, 4) == 0,
		.half = pick(r, 3) == 0,
		.overload = pick(r, 4) == 0,
		.odd_metrics = pick(r, 4) == 0,
		.complete = true,
		.metric_max = pick(r, 2) ? 3 : 20,
		.delay_max = pick(r, 2) ? 3 : 50,
	};

	memset(w, 0, sizeof(*w));
	net_make(&w->n, r, &cfg);
	want_decorate(w, r);
}

/* ---- requests ---- */

static uint32_t maybe(struct rng *r, uint32_t max)
{
	return pick(r, 4) ? PCE_NO_BOUND : pick(r, max);
}

void want_passes(const struct want_net *w, struct rng *r, struct want_lists *l,
		 struct pce_request *q)
{
	q->include = l->pass;
	q->n_include = 1 + pick(r, ARRAY_LEN(l->pass));
	for (uint32_t i = 0; i < q->n_include; i++) {
		struct pce_pass *p = &l->pass[i];

		*p = (struct pce_pass){ .node = pick(r, w->n.n_nodes), .link = TED_NONE,
					.strict = pick(r, 4) == 0 };
		if (pick(r, 3) == 0)
			p->link = pick(r, w->n.n_links);
		if (pick(r, 2))
			*p = (struct pce_pass){ .kind = PCE_PASS_ASN, .number = 65000 + pick(r, 4),
						.strict = pick(r, 2) };
		else if (pick(r, 3) == 0)
			*p = (struct pce_pass){ .kind = PCE_PASS_SRLG, .number = 1 + pick(r, 9),
						.strict = pick(r, 3) == 0 };
		if (i > 0 && p[-1].kind != PCE_PASS_HOP)
			p->strict = pick(r, 3) != 0;
	}
}

static void excludes_random(const struct want_net *w, struct rng *r, struct want_lists *l,
			    struct pce_request *q)
{
	l->nodes[0] = pick(r, w->n.n_routers);
	q->exclude_nodes = l->nodes;
	q->n_exclude_nodes = pick(r, 8) == 0;
	for (unsigned i = 0; i < 2; i++) {
		l->links[i] = pick(r, w->n.n_links);
		l->srlgs[i] = 1 + pick(r, 9);
	}
	q->exclude_links = l->links;
	q->n_exclude_links = pick(r, 6) == 0 ? 2 : 0;
	q->exclude_srlgs = l->srlgs;
	q->n_exclude_srlgs = pick(r, 4) == 0 ? 2 : 0;
	l->asns[0] = 65000 + pick(r, 4);
	q->exclude_asns = l->asns;
	q->n_exclude_asns = pick(r, 6) == 0;
}

void want_request(const struct want_net *w, struct rng *r, struct want_lists *l,
		  struct pce_request *q)
{
	memset(q, 0, sizeof(*q));
	q->src = pick(r, w->n.n_routers);
	q->dst = (q->src + 1 + pick(r, w->n.n_routers - 1)) % w->n.n_routers;
	q->minimise = (enum pce_metric)pick(r, PCE_MIX + 1);
	q->objective = pick(r, 3) ? PCE_MCP : (enum pce_objective)pick(r, 3);
	for (unsigned m = 0; m < PCE_METRICS; m++)
		q->mix[m] = pick(r, 2) ? (uint16_t)pick(r, 5) : 0;
	q->mix[PCE_TE] |= 1;
	q->delay_us_max = maybe(r, 120);
	q->delay_us_min = pick(r, 4) == 0 ? pick(r, 60) : 0;
	q->hops_max = maybe(r, 6);
	q->igp_max = maybe(r, 50);
	q->te_max = maybe(r, 30);
	q->bound_variation = pick(r, 5) == 0;
	q->variation_us_max = pick(r, 15);
	q->bound_loss = pick(r, 4) == 0;
	q->loss_ppm_max = pick(r, 2) ? pick(r, 8) * 10 : pick(r, 500000);
	q->bandwidth_bps = pick(r, 3) == 0 ? pick(r, 8) * 1000 : 0;
	if (pick(r, 5) == 0)
		q->affinity.exclude_any[0] = 1U << pick(r, 4);
	if (pick(r, 8) == 0)
		q->affinity.include_any[7] = 3;
	if (pick(r, 10) == 0)
		q->affinity.include_all[0] = 1U << pick(r, 4);
	q->algo = pick(r, 5) == 0 ? WANT_ALGO : 0;
	excludes_random(w, r, l, q);
	if (pick(r, 3) == 0)
		want_passes(w, r, l, q);
}

/* ---- one link ---- */

static bool in(const uint32_t *at, uint32_t n, uint32_t x)
{
	for (uint32_t i = 0; i < n; i++)
		if (at[i] == x)
			return true;
	return false;
}

static bool is_lan(const struct want_net *w, uint32_t node)
{
	return w->n.node[node].pseudonode;
}

static bool shares(const struct ted_link *l, const uint32_t *at, uint32_t n)
{
	for (uint32_t i = 0; i < l->n_srlg; i++)
		if (in(at, n, l->srlg[i]))
			return true;
	return false;
}

static bool cost(const struct want_net *w, uint32_t link, unsigned m, uint64_t *out)
{
	const struct ted_link *l = &w->n.link[link];

	if (m < NET_METRICS || is_lan(w, l->from))
		return net_cost(&w->n, link, m < NET_METRICS ? m : PCE_IGP, out);
	*out = m == PCE_VARIATION ? l->delay_var_us : pce_loss_units(l->loss_ppm);
	return m == PCE_VARIATION ? l->has_delay_var : l->has_loss;
}

/* RFC 9350, for the one definition there is: links with nothing for it have only IGP metrics. */
static bool flex_cost(const struct want_net *w, uint32_t link, uint64_t *out)
{
	const struct ted_link *l = &w->n.link[link];
	const struct ted_fad *d = &w->fad;

	*out = 0;
	for (unsigned side = 0; side < 2; side++) {
		uint32_t node = side ? l->to : l->from;

		if (!is_lan(w, node) &&
		    !(w->n.node[node].algos[WANT_ALGO / 64] >> WANT_ALGO % 64 & 1))
			return false;
	}
	if (is_lan(w, l->from))
		return true;
	if (l->flex_plain && (l->admin_group[0] & d->exclude_any[0]))
		return false;
	if (l->flex_plain && shares(l, d->exclude_srlg, d->n_exclude_srlg))
		return false;
	if (d->metric_type == TED_FLEX_IGP)
		return net_cost(&w->n, link, PCE_IGP, out);
	*out = d->metric_type == TED_FLEX_TE ? l->te_metric : l->delay_min_us;
	return l->flex_plain && (d->metric_type == TED_FLEX_TE ? l->has_te : l->has_delay);
}

static bool colours_fit(const struct pce_affinity *a, const struct ted_link *l)
{
	bool any = false, wanted = false;

	for (unsigned i = 0; i < TED_AFFINITY_WORDS; i++) {
		if ((l->admin_group[i] & a->exclude_any[i]) || (~l->admin_group[i] & a->include_all[i]))
			return false;
		wanted |= a->include_any[i] != 0;
		any |= (l->admin_group[i] & a->include_any[i]) != 0;
	}
	return any || !wanted;
}

static bool node_allowed(const struct want_net *w, const struct pce_request *q, uint32_t node)
{
	return !in(q->exclude_nodes, q->n_exclude_nodes, node) &&
	       (is_lan(w, node) || !in(q->exclude_asns, q->n_exclude_asns, w->n.node[node].asn));
}

static bool link_allowed(const struct want_net *w, const struct pce_request *q, uint32_t link)
{
	const struct ted_link *l = &w->n.link[link];

	if (!w->n.usable[link] || in(q->exclude_links, q->n_exclude_links, link) ||
	    !node_allowed(w, q, l->from) || !node_allowed(w, q, l->to))
		return false;
	if (is_lan(w, l->from))
		return true;
	return q->bandwidth_bps <= l->capacity_bps && colours_fit(&q->affinity, l) &&
	       !shares(l, q->exclude_srlgs, q->n_exclude_srlgs);
}

/* ---- one path ---- */

static uint32_t bound(const struct pce_request *q, unsigned m)
{
	const uint32_t at[PCE_METRICS] = {
		q->igp_max, q->te_max, q->delay_us_max, q->hops_max,
		q->bound_variation ? q->variation_us_max : PCE_NO_BOUND,
		q->bound_loss ? pce_loss_units(q->loss_ppm_max) : PCE_NO_BOUND,
	};

	return at[m];
}

/* The loss of the whole path, told with the C library's logarithms, is within the bound. */
static bool loses_little(const struct want_net *w, const struct pce_request *q,
			 const uint32_t *path, uint32_t n)
{
	long double through = 0;

	for (uint32_t i = 0; i < n && q->bound_loss; i++)
		if (!is_lan(w, w->n.link[path[i]].from))
			through += log1pl(-(long double)w->n.link[path[i]].loss_ppm / 1000000);
	return !q->bound_loss || -expm1l(through) * 1000000 <= q->loss_ppm_max + 1e-9L;
}

static bool weigh(const struct want_net *w, const struct pce_request *q, const uint32_t *path,
		  uint32_t n, uint64_t *out)
{
	*out = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t v = 0;

		if (q->algo) {
			if (!flex_cost(w, path[i], &v))
				return false;
			*out += v;
			continue;
		}
		for (unsigned m = 0; m < PCE_METRICS; m++) {
			uint64_t weight = q->minimise == PCE_MIX ? q->mix[m] : m == (unsigned)q->minimise;

			if (weight && !cost(w, path[i], m, &v))
				return false;
			*out += weight * v;
		}
	}
	return true;
}

static uint64_t fullest(const struct want_net *w, const struct pce_request *q, const uint32_t *path,
			uint32_t n)
{
	uint64_t most = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct ted_link *l = &w->n.link[path[i]];
		uint64_t v = q->objective == PCE_MBP ? 100000 - l->capacity_bps :
			     q->objective == PCE_MLP ?
						       (q->bandwidth_bps * 1000000000 + l->capacity_bps - 1) /
							       (l->capacity_bps ? l->capacity_bps : 1) :
						       0;

		if (!is_lan(w, l->from) && v > most)
			most = v;
	}
	return most;
}

static bool within(const struct want_net *w, const struct pce_request *q, const uint32_t *path,
		   uint32_t n, struct want *out)
{
	out->delay = 0;
	for (unsigned m = 0; m < PCE_METRICS; m++) {
		bool lower = m == PCE_DELAY && q->delay_us_min;
		uint64_t sum = 0, v;
		bool known = true;

		for (uint32_t i = 0; i < n; i++) {
			known &= cost(w, path[i], m, &v);
			sum += v;
		}
		if (m == PCE_DELAY)
			out->delay = sum;
		if ((bound(q, m) != PCE_NO_BOUND && (!known || sum > bound(q, m))) ||
		    (lower && (!known || sum < q->delay_us_min)))
			return false;
	}
	return true;
}

/*
 * A path as places in a row: the source, a link, what it leads to, the next link ... Each pass is given
 * a place, none before that of the pass before it, in every way there is.
 */
struct walk {
	const struct want_net *w;
	const struct pce_request *q;
	const uint32_t *path;
	uint32_t n; /* places */
};

static uint32_t walk_node(const struct walk *k, uint32_t at)
{
	return at == 0 ? k->q->src : k->w->n.link[k->path[at / 2 - 1]].to;
}

static bool is_at(const struct walk *k, const struct pce_pass *p, uint32_t at)
{
	const struct ted_link *l = at % 2 ? &k->w->n.link[k->path[at / 2]] : NULL;
	uint32_t node = l ? 0 : walk_node(k, at);

	if (p->kind == PCE_PASS_SRLG)
		return l && !is_lan(k->w, l->from) && shares(l, &p->number, 1);
	if (p->kind == PCE_PASS_ASN)
		return !l && !is_lan(k->w, node) && k->w->n.node[node].asn == p->number;
	return p->link != TED_NONE ? l && k->path[at / 2] == p->link : !l && node == p->node;
}

/* Nothing lies between two places but LANs, the end of a link, and other nodes of a domain. */
static bool adjacent(const struct walk *k, const struct pce_pass *before, uint32_t from, uint32_t to)
{
	for (uint32_t at = from + 1; at < to; at++) {
		bool end = from % 2 && at == from + 1;

		if (at % 2 == 0 && !end && !is_lan(k->w, walk_node(k, at)) &&
		    !(before && before->kind == PCE_PASS_ASN && is_at(k, before, at)))
			return false;
	}
	return true;
}

/* free: from where on no node or link has been asked for by itself. */
static bool place_all(const struct walk *k, uint32_t i, uint32_t from, uint32_t free)
{
	const struct pce_pass *p, *before;

	if (i == k->q->n_include)
		return true;
	p = &k->q->include[i];
	before = i ? p - 1 : NULL;
	for (uint32_t at = p->kind == PCE_PASS_HOP ? free : from; at < k->n; at++)
		if (is_at(k, p, at) &&
		    (!p->strict || (at == from) || adjacent(k, before, from, at)) &&
		    place_all(k, i + 1, at, p->kind == PCE_PASS_HOP ? at + 1 : free > at ? free : at))
			return true;
	return false;
}

static bool passes(const struct want_net *w, const struct pce_request *q, const uint32_t *path,
		   uint32_t n)
{
	const struct walk k = { w, q, path, 2 * n + 1 };

	return place_all(&k, 0, 0, 0);
}

bool want_judge(const struct want_net *w, const struct pce_request *q, const uint32_t *path,
		uint32_t n, struct want *out)
{
	*out = (struct want){ .n = n };
	for (uint32_t i = 0; i < n; i++)
		if (!link_allowed(w, q, path[i]))
			return false;
	if (!weigh(w, q, path, n, &out->cost) || !within(w, q, path, n, out) ||
	    !passes(w, q, path, n) || !loses_little(w, q, path, n))
		return false;
	memcpy(out->path, path, n * sizeof(*path));
	out->load = fullest(w, q, path, n);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t igp, hop;

		out->igp += cost(w, path[i], PCE_IGP, &igp) ? igp : 0xffffff;
		out->hops += cost(w, path[i], PCE_HOPS, &hop) &&
			     !is_lan(w, w->n.link[path[i]].from);
	}
	return out->found = true;
}

/* ---- all of them ---- */

struct all {
	const struct want_net *w;
	const struct pce_request *q;
	bool overload;
	want_fn fn;
	void *arg;
	uint32_t path[NET_PATH];
};

static void enumerate(struct all *a, uint32_t at, uint32_t seen, uint32_t n)
{
	const struct net *net = &a->w->n;
	struct want x;

	if (at == a->q->dst) {
		if (want_judge(a->w, a->q, a->path, n, &x))
			a->fn(a->arg, &x);
		return;
	}
	if (net->node[at].overload && a->overload && at != a->q->src)
		return;
	for (uint32_t l = 0; l < net->n_links; l++) {
		if (net->link[l].from != at || (seen & 1U << net->link[l].to) ||
		    !link_allowed(a->w, a->q, l))
			continue;
		a->path[n] = l;
		enumerate(a, net->link[l].to, seen | 1U << net->link[l].to, n + 1);
	}
}

void want_each(const struct want_net *w, const struct pce_request *q, bool overload, want_fn fn,
	       void *arg)
{
	struct all a = { .w = w, .q = q, .overload = overload, .fn = fn, .arg = arg };

	enumerate(&a, q->src, 1U << q->src, 0);
}

static bool better(const struct want *a, const struct want *b)
{
	const uint64_t x[] = { a->load, a->cost, a->igp, a->hops };
	const uint64_t y[] = { b->load, b->cost, b->igp, b->hops };

	for (unsigned i = 0; i < 4; i++)
		if (x[i] != y[i])
			return x[i] < y[i];
	return false;
}

static void keep_best(void *arg, const struct want *x)
{
	struct want *best = arg;

	if (!best->found || better(x, best))
		*best = *x;
}

struct want want_best(const struct want_net *w, const struct pce_request *q, bool overload)
{
	struct want best = { 0 };

	want_each(w, q, overload, keep_best, &best);
	return best;
}

bool want_drop(struct pce_request *q, enum pce_constraint c)
{
	const struct pce_request was = *q;
	uint32_t *const bounds[PCE_C_COUNT] = { [PCE_C_DELAY] = &q->delay_us_max,
						[PCE_C_HOPS] = &q->hops_max,
						[PCE_C_IGP] = &q->igp_max,
						[PCE_C_TE] = &q->te_max };

	if (c == PCE_C_AFFINITY)
		memset(&q->affinity, 0, sizeof(q->affinity));
	if (c == PCE_C_BANDWIDTH)
		q->bandwidth_bps = 0;
	if (c == PCE_C_EXCLUDE)
		q->n_exclude_links = q->n_exclude_nodes = 0;
	if (c == PCE_C_DELAY_MIN)
		q->delay_us_min = 0;
	if (c == PCE_C_VARIATION)
		q->bound_variation = false;
	if (c == PCE_C_LOSS)
		q->bound_loss = false;
	if (c == PCE_C_INCLUDE)
		q->n_include = 0;
	if (c == PCE_C_SRLG)
		q->n_exclude_srlgs = 0;
	if (c == PCE_C_ASN)
		q->n_exclude_asns = 0;
	if (c == PCE_C_ALGO)
		q->algo = 0;
	if (bounds[c])
		*bounds[c] = PCE_NO_BOUND;
	return memcmp(&was, q, sizeof(was)) != 0;
}
