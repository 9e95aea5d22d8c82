/* SPDX-License-Identifier: Apache-2.0 */
/* Does what a list can do still meet a request? */
#include "pce/pce_priv.h"

static const char *const constraint_texts[PCE_C_COUNT] = {
	[PCE_C_AFFINITY] = "affinity", [PCE_C_BANDWIDTH] = "bandwidth",
	[PCE_C_EXCLUDE] = "exclude",   [PCE_C_DELAY] = "delay",
	[PCE_C_HOPS] = "hops",	       [PCE_C_IGP] = "igp",
	[PCE_C_TE] = "te",	       [PCE_C_OVERLOAD] = "overload",
	[PCE_C_MSD] = "msd",	       [PCE_C_DELAY_MIN] = "delay-min",
	[PCE_C_VARIATION] = "variation", [PCE_C_LOSS] = "loss",
	[PCE_C_INCLUDE] = "include",   [PCE_C_SRLG] = "srlg",
	[PCE_C_ASN] = "asn",	       [PCE_C_ALGO] = "algo",
	[PCE_C_MTU] = "mtu",
};

static const char *const status_texts[] = {
	[PCE_OK] = "ok",
	[PCE_NO_SOURCE] = "no source",
	[PCE_NO_TARGET] = "no target",
	[PCE_NO_ROUTE] = "no route",
	[PCE_NO_CONSTRAINED] = "no path under the constraints",
	[PCE_NO_SID] = "no SID",
	[PCE_NO_MSD] = "too many SIDs",
	[PCE_NO_MEMORY] = "out of memory",
	[PCE_INVALID] = "contradiction",
	[PCE_NO_BUDGET] = "search given up",
};

static const char *const metric_texts[] = {
	[PCE_IGP] = "igp",	       [PCE_TE] = "te",	    [PCE_DELAY] = "delay", [PCE_HOPS] = "hops",
	[PCE_VARIATION] = "variation", [PCE_LOSS] = "loss", [PCE_MIX] = "mix",
};

static const char *const objective_texts[] = {
	[PCE_MCP] = "mcp",
	[PCE_MLP] = "mlp",
	[PCE_MBP] = "mbp",
};

const char *pce_constraint_text(enum pce_constraint c)
{
	return (size_t)c < ARRAY_LEN(constraint_texts) ? constraint_texts[c] : "?";
}

const char *pce_status_text(enum pce_status s)
{
	return (size_t)s < ARRAY_LEN(status_texts) ? status_texts[s] : "?";
}

const char *pce_metric_text(enum pce_metric m)
{
	return (size_t)m < ARRAY_LEN(metric_texts) ? metric_texts[m] : "?";
}

const char *pce_objective_text(enum pce_objective o)
{
	return (size_t)o < ARRAY_LEN(objective_texts) ? objective_texts[o] : "?";
}

static const char *say(struct arena *a, const struct ted *t, uint32_t link, const char *what)
{
	char label[TED_LABEL_MAX];
	const char *s = arena_printf(a, "link %s %s", ted_link_label(t, link, label, sizeof(label)),
				     what);

	return s ? s : "out of memory";
}

static const char *const cut_texts[] = {
	[PCE_C_AFFINITY] = "has an affinity that is not allowed",
	[PCE_C_BANDWIDTH] = "has not enough free bandwidth",
	[PCE_C_EXCLUDE] = "is excluded",
	[PCE_C_OVERLOAD] = "leads through an overloaded node",
	[PCE_C_SRLG] = "is in an excluded SRLG",
	[PCE_C_ASN] = "leads through an excluded domain",
	[PCE_C_ALGO] = "is not for the flexible algorithm",
	[PCE_C_MTU] = "has too small an MTU",
};
static const enum pce_constraint cuts[] = { PCE_C_EXCLUDE, PCE_C_OVERLOAD, PCE_C_AFFINITY,
					    PCE_C_BANDWIDTH, PCE_C_SRLG, PCE_C_ASN, PCE_C_ALGO,
					    PCE_C_MTU };

/* What is asked of every link, out of all that might be. */
struct judges {
	enum pce_constraint cut[ARRAY_LEN(cuts)];
	unsigned metric[PCE_METRICS];
	unsigned n_cut, n_metric;
};

static void judges_of(const struct pce_ctx *c, struct judges *j)
{
	j->n_cut = j->n_metric = 0;
	for (size_t i = 0; i < ARRAY_LEN(cuts); i++)
		if (c->asked & PCE_CUT(cuts[i]))
			j->cut[j->n_cut++] = cuts[i];
	for (unsigned m = 0; m < PCE_METRICS; m++)
		if (c->need[m])
			j->metric[j->n_metric++] = m;
}

static const char *check_link(const struct pce_ctx *c, const struct judges *j, uint32_t l, struct arena *a)
{
	if (l >= c->t->n_links || !c->t->links[l].alive)
		return say(a, c->t, l, "is down");
	if (c->t->links[l].reverse == TED_NONE)
		return say(a, c->t, l, "is down in the other direction");
	for (unsigned i = 0; i < j->n_cut; i++)
		if (pce_link_cut(c, l, j->cut[i]))
			return say(a, c->t, l, cut_texts[j->cut[i]]);
	for (unsigned i = 0; i < j->n_metric; i++)
		if (pce_arc_metric(&c->p->arcs[l], j->metric[i]) == TED_NONE)
			return say(a, c->t, l, "lacks a metric that is asked for");
	return NULL;
}

static const char *const units[PCE_METRICS] = { "", "", " us", "", " us", " loss units" };

bool pce_wants_strict(const struct pce_request *r)
{
	return r->n_include || r->minimise == PCE_MIX || r->objective || r->algo || r->delay_us_min;
}

/* ---- what is to be passed, by a list that can take one path only ---- */

static uint32_t next_link(const struct pce_ctx *c, const struct pce_expansion *e, uint32_t node)
{
	for (uint32_t i = 0; i < e->n_links; i++)
		if (c->p->arcs[e->links[i]].from == node)
			return e->links[i];
	return TED_NONE;
}

/* By how many may be behind: a bit for each count there can be. */
struct behind {
	bool is[PCE_PASSES_MAX + 1];
	bool any;
};

static void behind_add(struct behind *b, const struct pce_passes *w, unsigned from, unsigned to)
{
	b->is[to] = b->any = true;
	while (to-- > from)
		b->is[to] |= pce_pass_held(w->at, w->n, to);
}

/* A link further on. */
static void behind_next(const struct pce_ctx *c, const struct pce_passes *w, uint32_t link,
			struct behind *b)
{
	const struct behind was = *b;
	uint32_t to = c->p->arcs[link].to;

	*b = (struct behind){ 0 };
	for (unsigned i = 0; i <= w->n; i++) {
		unsigned most = was.is[i] ? pce_pass_on(c, w, i, link) : 0;
		bool waits = was.is[i] && pce_pass_waits(c, w, i, to);

		if (was.is[i] && (most > i || waits))
			behind_add(b, w, waits ? i : i + 1, most);
	}
}

static const char *check_passes(const struct pce_ctx *c, const struct pce_expansion *e)
{
	const struct pce_request *r = c->req;
	const struct pce_passes w = { r->include, r->n_include };
	uint32_t at = r->src, steps = 0;
	struct behind b = { 0 };

	if (r->n_include == 0)
		return NULL;
	if (!e->single)
		return "a packet may go round what has to be passed";
	if (r->n_include > PCE_PASSES_MAX)
		return "it has to pass too much";
	behind_add(&b, &w, 0, pce_pass_begin(c, &w, r->src));
	while (at != r->dst && steps++ < e->n_links && b.any) {
		uint32_t l = next_link(c, e, at);

		if (l == TED_NONE)
			break;
		behind_next(c, &w, l, &b);
		at = c->p->arcs[l].to;
	}
	return b.is[w.n] ? NULL : "it does not pass what has to be passed";
}

static const char *check_delay_min(const struct pce_request *req, const struct pce_expansion *e,
				   struct arena *a)
{
	const char *s;

	if (e->delay_us_min >= req->delay_us_min)
		return NULL;
	s = arena_printf(a, "delay is %u us, at least %u us are wanted", e->delay_us_min,
			 req->delay_us_min);
	return s ? s : "out of memory";
}

static const char *check_bounds(const struct pce_request *req, const struct pce_expansion *e,
				struct arena *a)
{
	const uint32_t worst[PCE_METRICS] = { [PCE_IGP] = e->igp_max,
					      [PCE_TE] = e->te_max,
					      [PCE_DELAY] = e->delay_us_max,
					      [PCE_HOPS] = e->hops_max,
					      [PCE_VARIATION] = e->variation_us_max,
					      [PCE_LOSS] = e->loss_max };
	struct pce_find f;

	pce_find_of(req, &f);
	for (unsigned m = 0; m < PCE_METRICS; m++) {
		const char *s;

		if (f.bound[m] == PCE_NO_BOUND || worst[m] <= f.bound[m])
			continue;
		s = arena_printf(a, "%s is %u%s, allowed are %u%s", metric_texts[m], worst[m],
				 units[m], f.bound[m], units[m]);
		return s ? s : "out of memory";
	}
	return NULL;
}

const char *pce_check_in(const struct pce_ctx *c, const struct pce_expansion *e, struct arena *a)
{
	struct judges j;
	const char *why;

	if (!e->valid)
		return e->why && e->why[0] ? e->why : "the list is not valid";
	judges_of(c, &j);
	for (uint32_t i = 0; i < e->n_links; i++) {
		why = check_link(c, &j, e->links[i], a);
		if (why)
			return why;
	}
	why = check_bounds(c->req, e, a);
	if (!why)
		why = check_delay_min(c->req, e, a);
	return why ? why : check_passes(c, e);
}

const char *pce_check(const struct ted *t, const struct pce_request *req,
		      const struct pce_expansion *e, struct arena *a)
{
	const char *why;
	struct pce_ctx c;
	uint32_t more, at, n;

	pce_ctx_look(&c, t, req);
	why = pce_check_in(&c, e, a);
	if (why || req->payload == 0)
		return why;
	more = pce_overhead(req, e->n_list ? e->n_list : 1);
	at = pce_narrow(&c, e->links, e->n_links, more, &n);
	if (at == TED_NONE)
		return NULL;
	why = pce_say_narrow(&c, at, more, a);
	return why ? why : "out of memory";
}
