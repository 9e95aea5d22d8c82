/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What headends ask paths with (RFC 5440, 5521, 5541, 8800) as requests to the engine: values to
 * values on one TED, for any thread.
 */
#include "intent/ask/ask.h"

/* Longer prefixes are looked up, shorter ones compared with everything there is. */
static bool is_host(const struct ip_prefix *p)
{
	return p->len == ip_bits(&p->addr);
}

enum pce_metric intent_metric_of(uint8_t pcep)
{
	switch (pcep) { /* RFC 5440 s7.8, RFC 8233 s3 */
	case 2:
	case 7: /* RFC 5541 s4: of the whole set */
		return PCE_TE;
	case 3:
		return PCE_HOPS;
	case 12:
		return PCE_DELAY;
	case 13:
		return PCE_VARIATION;
	case 14:
		return PCE_LOSS;
	default:
		return PCE_IGP;
	}
}

/* ---- things in the network ---- */

/*
 * What is collected for one kind of exclusion. The engine looks through these lists link by link, so
 * they are short: a prefix that names more is too much, and is not avoided by halves.
 */
enum { FOUND_MAX = 256 };

struct found {
	uint32_t *at;
	uint32_t n;
	bool too_many;
};

static bool found_init(struct found *f, struct arena *a)
{
	*f = (struct found){ .at = ARENA_ARRAY(a, FOUND_MAX, uint32_t) };
	return f->at != NULL;
}

static void found_add(struct found *f, uint32_t v)
{
	for (uint32_t i = 0; i < f->n; i++)
		if (f->at[i] == v)
			return;
	if (f->n < FOUND_MAX)
		f->at[f->n++] = v;
	else
		f->too_many = true;
}

static bool node_in(const struct ted_node *n, const struct ip_prefix *p)
{
	if (!n->alive || n->pseudonode)
		return false;
	if (ip_prefix_has(p, &n->router_v6) || ip_prefix_has(p, &n->router_v4))
		return true;
	for (uint32_t i = 0; i < n->n_prefixes; i++)
		if (is_host(&n->prefixes[i]) && ip_prefix_has(p, &n->prefixes[i].addr))
			return true;
	return false;
}

static bool link_in(const struct ted_link *l, const struct ip_prefix *p)
{
	return l->alive && (ip_prefix_has(p, &l->local_v6) || ip_prefix_has(p, &l->local_v4));
}

/* Nodes an address or a prefix names; an interface names the router it is of (RFC 3209 s4.3.3). */
static void nodes_named(const struct ted *t, const struct ip_prefix *p, struct found *out)
{
	uint32_t one = is_host(p) ? ted_node_by_addr(t, &p->addr) : TED_NONE;

	if (one != TED_NONE) {
		found_add(out, one);
		return;
	}
	one = is_host(p) ? ted_link_by_addr(t, &p->addr) : TED_NONE;
	if (one != TED_NONE)
		found_add(out, t->links[one].from);
	for (uint32_t i = 0; !is_host(p) && !out->too_many && i < t->n_nodes; i++)
		if (node_in(&t->nodes[i], p))
			found_add(out, i);
}

/* A wire is named by the interface at either end, and is both its directions. */
static void wire_add(const struct ted *t, uint32_t link, struct found *out)
{
	found_add(out, link);
	if (t->links[link].reverse != TED_NONE)
		found_add(out, t->links[link].reverse);
}

static uint32_t interface_of(const struct ted *t, const struct driver_spot *s)
{
	uint32_t node = ted_node_by_addr(t, &s->prefix.addr);

	for (uint32_t i = 0; node != TED_NONE && i < t->n_links; i++)
		if (t->links[i].alive && t->links[i].from == node && t->links[i].local_id == s->value)
			return i;
	return TED_NONE;
}

static void links_named(const struct ted *t, const struct driver_spot *s, struct found *out)
{
	bool number = s->kind == DRIVER_SPOT_INTERFACE || s->kind == DRIVER_SPOT_INTERFACE_SRLGS;
	uint32_t one = number		   ? interface_of(t, s) :
		       is_host(&s->prefix) ? ted_link_by_addr(t, &s->prefix.addr) :
					     TED_NONE;

	if (one != TED_NONE)
		wire_add(t, one, out);
	for (uint32_t i = 0; !number && !is_host(&s->prefix) && !out->too_many && i < t->n_links; i++)
		if (link_in(&t->links[i], &s->prefix))
			wire_add(t, i, out);
}

/* ---- to be avoided ---- */

struct avoid {
	const struct ted *t;
	struct found nodes, links, srlgs, asns, tmp;
};

static void avoid_one(struct avoid *v, const struct driver_spot *s)
{
	switch (s->kind) {
	case DRIVER_SPOT_NODE:
		nodes_named(v->t, &s->prefix, &v->nodes);
		break;
	case DRIVER_SPOT_LINK:
	case DRIVER_SPOT_INTERFACE:
		links_named(v->t, s, &v->links);
		break;
	case DRIVER_SPOT_LINK_SRLGS:
	case DRIVER_SPOT_INTERFACE_SRLGS:
		v->tmp.n = 0;
		links_named(v->t, s, &v->tmp);
		for (uint32_t i = 0; i < v->tmp.n; i++)
			for (uint32_t k = 0; k < v->t->links[v->tmp.at[i]].n_srlg; k++)
				found_add(&v->srlgs, v->t->links[v->tmp.at[i]].srlg[k]);
		break;
	case DRIVER_SPOT_AS:
		found_add(&v->asns, s->value);
		break;
	case DRIVER_SPOT_SRLG:
		found_add(&v->srlgs, s->value);
		break;
	}
}

static void avoid_some(struct avoid *v, const struct driver_path_request *q, bool soft)
{
	for (uint32_t i = 0; i < q->n_avoid; i++)
		if (q->avoid[i].soft == soft)
			avoid_one(v, &q->avoid[i]);
}

/* What must be avoided comes first, so that the rest can be left out by the counts. */
static bool avoid_all(const struct ted *t, const struct driver_path_request *q, struct arena *a,
		      struct intent_wanted *out)
{
	struct avoid v = { .t = t };
	struct pce_request *r = &out->req;

	if (q->n_avoid == 0)
		return true;
	if (!found_init(&v.nodes, a) || !found_init(&v.links, a) || !found_init(&v.tmp, a) ||
	    !found_init(&v.srlgs, a) || !found_init(&v.asns, a))
		return false;
	avoid_some(&v, q, false);
	out->hard_nodes = v.nodes.n;
	out->hard_links = v.links.n;
	out->hard_srlgs = v.srlgs.n;
	out->hard_asns = v.asns.n;
	avoid_some(&v, q, true);
	r->exclude_nodes = v.nodes.at;
	r->n_exclude_nodes = v.nodes.n;
	r->exclude_links = v.links.at;
	r->n_exclude_links = v.links.n;
	r->exclude_srlgs = v.srlgs.at;
	r->n_exclude_srlgs = v.srlgs.n;
	r->exclude_asns = v.asns.at;
	r->n_exclude_asns = v.asns.n;
	out->too_much = v.nodes.too_many || v.links.too_many || v.srlgs.too_many || v.tmp.too_many;
	out->softer = out->hard_nodes < v.nodes.n || out->hard_links < v.links.n ||
		      out->hard_srlgs < v.srlgs.n || out->hard_asns < v.asns.n;
	return true;
}

void intent_wanted_soften(struct intent_wanted *w)
{
	w->req.n_exclude_nodes = w->hard_nodes;
	w->req.n_exclude_links = w->hard_links;
	w->req.n_exclude_srlgs = w->hard_srlgs;
	w->req.n_exclude_asns = w->hard_asns;
	w->softer = false;
}

/* ---- to be passed ---- */

/* A prefix stands for a node of several: that is one only if there is but one. What names nothing
 * cannot be passed: the engine refuses a node of no number. */
static void pass_one(const struct ted *t, const struct driver_spot *s, struct found *tmp,
		     struct pce_pass *out)
{
	*out = (struct pce_pass){ .node = TED_NONE, .link = TED_NONE, .strict = !s->soft };
	if (s->kind == DRIVER_SPOT_AS) {
		out->kind = PCE_PASS_ASN;
		out->number = s->value;
		return;
	}
	if (s->kind == DRIVER_SPOT_INTERFACE) {
		out->link = interface_of(t, s);
		return;
	}
	tmp->n = 0;
	nodes_named(t, &s->prefix, tmp);
	if (tmp->n == 1)
		out->node = tmp->at[0];
}

static bool pass_all(const struct ted *t, const struct driver_path_request *q, struct arena *a,
		     struct pce_request *r)
{
	struct pce_pass *at = ARENA_ARRAY(a, DRIVER_SPOTS_MAX, struct pce_pass);
	struct found tmp;

	if (q->n_pass == 0)
		return true;
	if (!at || !found_init(&tmp, a))
		return false;
	for (uint32_t i = 0; i < q->n_pass; i++)
		pass_one(t, &q->pass[i], &tmp, &at[r->n_include++]);
	r->include = at;
	return true;
}

/* ---- the whole ---- */

static uint32_t bound(bool has, uint32_t v)
{
	return has ? v : PCE_NO_BOUND;
}

static enum pce_objective objective_of(uint8_t of)
{
	return of == DRIVER_OF_MLP ? PCE_MLP : of == DRIVER_OF_MBP ? PCE_MBP : PCE_MCP;
}

bool intent_wanted_of(const struct ted *t, const struct driver_path_request *q,
		      const struct ip_addr *headend, struct arena *a, struct intent_wanted *out)
{
	struct pce_request *r = &out->req;

	*out = (struct intent_wanted){ .req = {
		.src = intent_endpoint_node(t, &q->src),
		.dst = intent_endpoint_node(t, &q->dst),
		.minimise = intent_metric_of(q->metric_wanted),
		.objective = objective_of(q->objective),
		.delay_us_max = bound(q->has_delay_bound, q->delay_us_max),
		.hops_max = bound(q->has_hop_bound, q->hops_max),
		.igp_max = bound(q->has_igp_bound, q->igp_max),
		.te_max = bound(q->has_te_bound, q->te_max),
		.bound_variation = q->has_variation_bound,
		.variation_us_max = q->variation_us_max,
		.bound_loss = q->has_loss_bound,
		.loss_ppm_max = q->loss_ppm_max,
		.bandwidth_bps = q->bandwidth_bps,
		.affinity = { .exclude_any = { q->exclude_any },
			      .include_any = { q->include_any },
			      .include_all = { q->include_all } },
		.dataplane = q->dataplane == SR_MPLS ? PCE_MPLS : PCE_SRV6,
		.usid = true,
	} };
	if (r->src == TED_NONE)
		r->src = intent_endpoint_node(t, headend);
	return avoid_all(t, q, a, out) && pass_all(t, q, a, r);
}
