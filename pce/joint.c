/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path and list found together, for when the cheapest path needs more SIDs than the headend may
 * impose. A label is a list so far: where it ends, what its worst path costs, how many entries it
 * has and what is open in the last one. The cheapest label is opened: all its next segments at
 * once, by a walk over the shortest path DAG from its end (strict: where there is one shortest
 * path only), which stops where a constraint or a bound cannot be kept. Labels that are no better
 * than others in anything go; lower bounds to the target lead the way. Exact for SRv6.
 */
#include <string.h>

#include "pce/heap.h"
#include "pce/hubs.h"
#include "pce/pce_priv.h"

enum { LABELS_MAX = 200000, JOINT_ALGOS = 4 };

struct label {
	struct pce_mark mark; /* worst, count and what is open */
	uint32_t place;
	uint32_t near; /* place the last segment was routed to; PCE_INF: it was not */
	uint32_t link, exit; /* adjacency, or TED_NONE */
	uint8_t algo;
	bool dead;
	struct label *parent, *next; /* next: at the same place */
};

/* Of the walk at hand. */
struct spot {
	uint32_t epoch;
	uint64_t worst[PCE_METRICS]; /* from its start */
	uint64_t delay_min;
};

struct at_place {
	uint32_t epoch;
	struct label *first;
};

struct joint {
	struct pce_ctx *c;
	const struct pce_find *f;
	struct pce_route r; /* for its choices and groups: no path */
	uint32_t depth;
	const struct pce_tree *low[PCE_METRICS];
	struct pce_heap heap;
	struct label **label;
	uint32_t n;
	uint32_t epoch; /* of labels */
	struct at_place *at;
	struct spot *spot;
	uint32_t walk, start; /* epoch and place of the walk at hand */
	const struct pce_tree *tree;
	const struct pce_arc *in_arcs, *out_arcs;
	struct pce_near q;
	uint8_t algo[JOINT_ALGOS];
	uint32_t n_algos;
	bool stop; /* no memory, or labels: cannot say */
	bool done;
};

/* ---- labels ---- */

static bool hopeful(const struct joint *j, uint32_t place, const uint64_t *worst)
{
	for (unsigned m = 0; m < PCE_METRICS; m++) {
		uint32_t low;

		if (!j->low[m])
			continue;
		low = j->low[m]->dist[place];
		if (low == PCE_INF ||
		    (j->f->bound[m] != PCE_NO_BOUND && worst[m] + low > j->f->bound[m]))
			return false;
	}
	return true;
}

static bool no_worse(const struct joint *j, const struct label *a, const struct label *b)
{
	for (unsigned m = 0; m < PCE_METRICS; m++)
		if (j->low[m] && a->mark.worst[m] > b->mark.worst[m])
			return false;
	return pce_mark_no_worse(&j->r, &a->mark, &b->mark);
}

/* False: others at the place are no worse. */
static bool place_add(struct joint *j, struct label *x)
{
	struct at_place *p = &j->at[x->place];

	if (p->epoch != j->epoch)
		*p = (struct at_place){ .epoch = j->epoch };
	for (const struct label *y = p->first; y; y = y->next)
		if (no_worse(j, y, x))
			return false;
	for (struct label **at = &p->first; *at;) {
		if (no_worse(j, x, *at)) {
			(*at)->dead = true;
			*at = (*at)->next;
		} else {
			at = &(*at)->next;
		}
	}
	x->next = p->first;
	p->first = x;
	return true;
}

static void label_put(struct joint *j, const struct label *proto)
{
	struct label *x;

	if (j->n == LABELS_MAX) {
		j->stop = true;
		return;
	}
	x = arena_copy(&j->c->scratch, proto, sizeof(*proto));
	if (!x) {
		j->stop = true;
		return;
	}
	if (!place_add(j, x))
		return;
	j->label[j->n] = x;
	if (!pce_heap_push(&j->heap,
			   (struct pce_entry){ x->mark.worst[j->f->minimise] +
						       j->low[j->f->minimise]->dist[x->place],
					       x->mark.worst[PCE_IGP] << 8 | (x->mark.count & 0xff),
					       j->n }))
		j->stop = true;
	j->n++;
}

static bool decapsulates(const struct joint *j, const struct pce_choice *c)
{
	return !j->c->req->decapsulates || (c->is.flavors & PCE_USD);
}

static bool may_end(const struct joint *j, const struct label *x, const struct pce_choice *c)
{
	return !(j->c->req->reserved && pce_mark_tied(&j->r, &x->mark)) && decapsulates(j, c);
}

/* proto has where it leads and what that costs; one label for each SID that could be used. */
static void offer(struct joint *j, const struct label *from, struct label *proto,
		  const struct pce_choices *choices)
{
	bool end = j->c->shape->node[proto->place] == j->c->req->dst;

	if (!hopeful(j, proto->place, proto->mark.worst))
		return;
	for (uint32_t i = 0; i < choices->n; i++) {
		const struct pce_choice *x = &choices->at[i];
		struct label y = *proto;

		if ((x->algo != proto->algo && proto->near != PCE_INF) ||
		    pce_place(&j->r, &from->mark, x) == PCE_PLACE_NOT)
			continue;
		y.mark.group = 0;
		y.mark.used = y.mark.left = 0;
		pce_mark_open(&j->r, &y.mark, &from->mark, x);
		y.mark.n_adj = from->mark.n_adj + (y.link != TED_NONE);
		if (y.mark.count > j->depth || (end && !may_end(j, &y, x)) ||
		    (!end && x->group == PCE_GROUP_LAST))
			continue;
		label_put(j, &y);
	}
}

/* ---- the walk ---- */

static bool usable(const struct joint *j, uint32_t link)
{
	if (pce_cut(j->c, link) & j->f->mask)
		return false;
	for (unsigned m = 0; m < PCE_METRICS; m++)
		if (j->c->need[m] && pce_arc_metric(&j->c->p->arcs[link], m) == TED_NONE)
			return false;
	return true;
}

static void add_link(const struct joint *j, uint64_t *worst, uint64_t *delay_min, uint32_t link)
{
	for (unsigned m = 0; m < PCE_METRICS; m++) {
		uint32_t v = pce_arc_metric(&j->c->p->arcs[link], m);

		worst[m] += v == TED_NONE ? 0 : v;
		if (m == PCE_DELAY)
			*delay_min += v == TED_NONE ? 0 : v;
	}
}

static bool is_overloaded(const struct joint *j, uint32_t place)
{
	return j->c->p->nflags[j->c->shape->node[place]] & TED_NF_OVERLOAD;
}

/* Is an in-arc of v on a shortest path from the start? */
static bool tight(const struct joint *j, uint32_t v, uint32_t arc)
{
	uint32_t u = j->in_arcs[arc].place, w = j->in_arcs[arc].w;

	return w != PCE_INF && j->tree->dist[u] != PCE_INF &&
	       (uint64_t)j->tree->dist[u] + w == j->tree->dist[v] &&
	       (u == j->start || !is_overloaded(j, u));
}

/* All that is before it in the DAG was entered and may be used: the worst of it. */
static bool gather(struct joint *j, uint32_t v, const struct label *from)
{
	const struct pce_shape *s = j->c->shape;
	struct spot *x = &j->spot[v];
	struct spot sum = { .delay_min = UINT64_MAX };
	uint64_t total[PCE_METRICS];
	uint32_t n = 0;

	for (uint32_t i = s->in[v]; i < s->in[v + 1]; i++) {
		const struct spot *y = &j->spot[j->in_arcs[i].place];
		struct spot z;

		if (!tight(j, v, i))
			continue;
		if (y->epoch != j->walk || !usable(j, s->in_link[i]) || (j->r.strict && n > 0))
			return false;
		z = *y;
		add_link(j, z.worst, &z.delay_min, s->in_link[i]);
		for (unsigned m = 0; m < PCE_METRICS; m++)
			sum.worst[m] = z.worst[m] > sum.worst[m] ? z.worst[m] : sum.worst[m];
		sum.delay_min = z.delay_min < sum.delay_min ? z.delay_min : sum.delay_min;
		n++;
	}
	for (unsigned m = 0; m < PCE_METRICS; m++)
		total[m] = from->mark.worst[m] + sum.worst[m];
	if (n == 0 || !hopeful(j, v, total))
		return false;
	sum.epoch = j->walk;
	*x = sum;
	return true;
}

static struct label proto_at(const struct joint *j, struct label *from, uint32_t v, unsigned algo)
{
	struct label y = { .place = v, .parent = from, .link = TED_NONE, .exit = TED_NONE,
			   .near = v == j->start ? PCE_INF : v, .algo = (uint8_t)algo };

	y.mark.closable = true;
	for (unsigned m = 0; m < PCE_METRICS; m++)
		y.mark.worst[m] = from->mark.worst[m] + j->spot[v].worst[m];
	return y;
}

static void offer_far(struct joint *j, struct label *from, struct label y, uint32_t far)
{
	struct pce_choices choices = { .n = 0 };

	add_link(j, y.mark.worst, &(uint64_t){ 0 }, y.exit == TED_NONE ? y.link : y.exit);
	y.place = far;
	pce_choose_link(&j->r, y.link, j->c->shape->node[far], &choices);
	offer(j, from, &y, &choices);
}

/* Adjacency SIDs of a router the walk got to, or starts from. */
static void offer_links(struct joint *j, struct label *from, uint32_t v, unsigned algo)
{
	const struct pce_shape *s = j->c->shape;

	for (uint32_t i = s->out[v]; i < s->out[v + 1]; i++) {
		struct label y = proto_at(j, from, v, algo);
		uint32_t lan = s->out_to[i];

		y.link = s->out_link[i];
		if (j->c->t->links[y.link].reverse == TED_NONE || !j->c->t->links[y.link].alive ||
		    !usable(j, y.link))
			continue;
		if (!(j->c->p->nflags[s->node[lan]] & TED_NF_PSEUDO)) {
			offer_far(j, from, y, lan);
			continue;
		}
		add_link(j, y.mark.worst, &(uint64_t){ 0 }, y.link);
		for (uint32_t k = s->out[lan]; k < s->out[lan + 1]; k++) {
			y.exit = s->out_link[k];
			if (s->out_to[k] != v && j->c->t->links[y.exit].alive &&
			    j->c->t->links[y.exit].reverse != TED_NONE && usable(j, y.exit))
				offer_far(j, from, y, s->out_to[k]);
		}
	}
}

static void go_on(struct joint *j, uint32_t v)
{
	const struct pce_shape *s = j->c->shape;

	if (v != j->start && is_overloaded(j, v))
		return;
	for (uint32_t i = s->out[v]; i < s->out[v + 1]; i++) {
		const struct pce_arc *a = &j->out_arcs[i];

		if (a->w != PCE_INF && j->spot[a->place].epoch != j->walk &&
		    (uint64_t)j->tree->dist[v] + a->w == j->tree->dist[a->place] &&
		    !pce_near_push(&j->q, j->tree->dist[a->place], a->place))
			j->stop = true;
	}
}

static bool walk_begin(struct joint *j, uint32_t place, uint8_t algo)
{
	const struct pce_class is = { .metric = PCE_IGP, .algo = algo };
	struct pce_trees *p = j->c->trees;
	uint32_t class = algo ? pce_trees_class(p, &is) : j->c->routed;

	if (class == UINT32_MAX)
		return false;
	j->start = place;
	j->tree = pce_tree_from(p, class, j->c->shape->node[place]);
	j->in_arcs = pce_class_in(p, class);
	j->out_arcs = pce_class_out(p, class);
	j->walk = pce_trees_epoch(p);
	j->spot[place] = (struct spot){ .epoch = j->walk };
	j->q.n = 0;
	return j->tree && j->in_arcs && j->out_arcs;
}

/* One step; true: there was none left. */
static bool spent(uint64_t *work)
{
	if (!work)
		return false;
	*work -= *work > 0;
	return *work == 0;
}

/* All next segments of a label that are routed by an algorithm; until: only the walk, that far. */
static void open_label(struct joint *j, struct label *from, uint8_t algo, uint32_t until)
{
	if (!walk_begin(j, from->place, algo)) {
		j->stop = true;
		return;
	}
	if (algo == 0 && until == PCE_INF)
		offer_links(j, from, from->place, algo);
	go_on(j, from->place);
	while (j->q.n && !j->stop) {
		uint32_t v = (uint32_t)(pce_near_pop(&j->q) & UINT32_MAX);
		struct pce_choices choices = { .n = 0 };
		struct label y;

		j->stop = j->stop || spent(j->c->work);
		if (j->spot[v].epoch == j->walk || !gather(j, v, from))
			continue;
		if (v == until)
			return;
		go_on(j, v);
		if (until != PCE_INF || (j->c->p->nflags[j->c->shape->node[v]] & TED_NF_PSEUDO))
			continue;
		y = proto_at(j, from, v, algo);
		pce_choose_node(&j->r, j->c->shape->node[v], &choices);
		offer(j, from, &y, &choices);
		if (!is_overloaded(j, v))
			offer_links(j, from, v, algo);
	}
}

/* ---- the path of a list: where there are several, the dearest ---- */

static bool part(struct joint *j, const struct label *x, uint32_t *links, uint32_t *n, uint32_t cap)
{
	const struct pce_shape *s = j->c->shape;
	uint32_t at = x->near;

	if (x->link != TED_NONE && *n + 2 > cap)
		return false;
	if (x->exit != TED_NONE)
		links[(*n)++] = x->exit;
	if (x->link != TED_NONE)
		links[(*n)++] = x->link;
	if (at == PCE_INF)
		return true;
	open_label(j, x->parent, x->algo, at);
	while (at != j->start && *n < cap) {
		uint64_t most = 0;
		uint32_t best = PCE_INF;

		for (uint32_t i = s->in[at]; i < s->in[at + 1]; i++) {
			struct spot z;

			if (!tight(j, at, i) || j->spot[j->in_arcs[i].place].epoch != j->walk)
				continue;
			z = j->spot[j->in_arcs[i].place];
			add_link(j, z.worst, &z.delay_min, s->in_link[i]);
			if (best == PCE_INF || z.worst[j->f->minimise] > most) {
				most = z.worst[j->f->minimise];
				best = i;
			}
		}
		if (best == PCE_INF)
			return false;
		links[(*n)++] = s->in_link[best];
		at = j->in_arcs[best].place;
	}
	return at == j->start;
}

static bool is_simple(const struct joint *j, const uint32_t *links, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = i; k < n; k++)
			if (j->c->p->arcs[links[k]].to == j->c->p->arcs[links[i]].from)
				return false;
	return true;
}

static void give_label(struct joint *j, const struct label *x, pce_give_fn give, void *arg)
{
	uint32_t *back = ARENA_ARRAY(&j->c->scratch, PCE_PATH_MAX, uint32_t);
	uint32_t *links = ARENA_ARRAY(&j->c->scratch, PCE_PATH_MAX, uint32_t);
	struct pce_path p = { .links = links };
	bool ok = back && links;

	for (; ok && x->parent; x = x->parent)
		ok = part(j, x, back, &p.n, PCE_PATH_MAX);
	for (uint32_t i = 0; ok && i < p.n; i++)
		links[i] = back[p.n - 1 - i];
	if (!ok || !is_simple(j, links, p.n)) {
		j->stop = true;
		return;
	}
	pce_path_sum(j->c, &p);
	p.cost = p.cost_least = p.sum[j->f->minimise];
	j->done = !give(arg, &p);
}

/* Another SID wants another entry, and there may be none. */
static bool is_full(const struct joint *j, const struct label *x)
{
	return x->mark.count >= j->depth && x->mark.group == 0;
}

/* ---- */

/* What labels of this kind cannot say is left to others. */
static bool can(const struct pce_ctx *c, const struct pce_find *f)
{
	const struct pce_request *q = c->req;

	return q->dataplane == PCE_SRV6 && f->minimise < PCE_MIX && q->objective == PCE_MCP &&
	       q->algo == 0 && !q->n_include && !q->delay_us_min && !q->n_bindings;
}

static bool make_ready(struct joint *j)
{
	struct pce_trees *p = j->c->trees;

	j->at = pce_room_places(p, PCE_ROOM_JOINT_LABELS, sizeof(*j->at));
	j->spot = pce_room_places(p, PCE_ROOM_JOINT, sizeof(*j->spot));
	j->label = ARENA_ARRAY(&j->c->scratch, LABELS_MAX, struct label *);
	j->epoch = pce_trees_epoch(p);
	j->depth = pce_depth(j->c);
	for (unsigned m = 0; m < PCE_METRICS; m++) {
		const struct pce_class is = { .metric = (enum pce_metric)m };
		uint32_t class;

		if (m != (unsigned)j->f->minimise && j->f->bound[m] == PCE_NO_BOUND)
			continue;
		class = pce_trees_class(p, &is);
		j->low[m] = class == UINT32_MAX ? NULL : pce_tree_to(p, class, j->c->req->dst);
		if (!j->low[m])
			return false;
	}
	for (uint32_t i = 0; i < j->c->t->n_flex && !j->c->req->no_flex; i++)
		if (j->n_algos < JOINT_ALGOS && !j->c->t->flex[i].def.exclusive)
			j->algo[j->n_algos++] = j->c->t->flex[i].def.algo;
	return j->at && j->spot && j->label;
}

/* ---- can a list end at all ---- */

static bool adj_ends(struct joint *j, uint32_t link)
{
	struct pce_choices x = { .n = 0 };
	bool ok = false;

	if (!j->c->t->links[link].alive || j->c->t->links[link].reverse == TED_NONE || !usable(j, link))
		return false;
	pce_choose_link(&j->r, link, j->c->req->dst, &x);
	for (uint32_t i = 0; i < x.n; i++)
		ok = ok || decapsulates(j, &x.at[i]);
	return ok;
}

/* The last link of what the target's own SIDs are routed by. */
static bool node_ends(struct joint *j, const struct pce_choices *x, uint32_t link)
{
	for (uint32_t i = 0; i < x->n; i++) {
		const struct pce_tree *s =
			decapsulates(j, &x->at[i]) ?
				pce_spt_algo(j->c, j->c->req->dst, x->at[i].algo) :
				NULL;

		if (s && pce_on_spt(j->c, s, link))
			return true;
	}
	return false;
}

/*
 * Before ways to the target are looked for from the other end: some segment leads to it over some link
 * that may be used. Else all lists there are would be begun in vain.
 */
static bool can_end(struct joint *j)
{
	const struct pce_shape *s = j->c->shape;
	uint32_t v = s->place[j->c->req->dst];
	struct pce_choices x = { .n = 0 };

	pce_choose_node(&j->r, j->c->req->dst, &x);
	for (uint32_t i = s->in[v]; i < s->in[v + 1]; i++) {
		uint32_t link = s->in_link[i], from = s->place[j->c->p->arcs[link].from];
		bool lan = j->c->p->nflags[j->c->p->arcs[link].from] & TED_NF_PSEUDO;

		if (!j->c->t->links[link].alive || !usable(j, link))
			continue;
		if (node_ends(j, &x, link) || (!lan && adj_ends(j, link)))
			return true;
		for (uint32_t k = s->in[from]; lan && k < s->in[from + 1]; k++)
			if (adj_ends(j, s->in_link[k]))
				return true;
	}
	return false;
}

bool pce_joint(struct pce_ctx *c, const struct pce_find *f, pce_give_fn give, void *arg)
{
	struct joint j = { .c = c, .f = f, .heap = { .a = &c->scratch }, .q = { .a = &c->scratch } };
	struct label start = { .place = c->shape->place[c->req->src], .near = PCE_INF,
			       .link = TED_NONE, .exit = TED_NONE };

	if (!can(c, f) || !make_ready(&j))
		return false;
	j.r = (struct pce_route){ .c = c, .strict = c->req->strict, .usid = c->req->usid };
	start.mark.closable = true;
	if (hopeful(&j, start.place, start.mark.worst) && can_end(&j))
		label_put(&j, &start);
	while (j.heap.n && !j.stop && !j.done) {
		struct label *x = j.label[pce_heap_pop(&j.heap).id];

		if (x->dead)
			continue;
		if (c->shape->node[x->place] == c->req->dst) {
			give_label(&j, x, give, arg);
			continue;
		}
		if (x->parent && (is_overloaded(&j, x->place) || is_full(&j, x)))
			continue;
		open_label(&j, x, 0, PCE_INF);
		for (uint32_t i = 0; i < j.n_algos && !j.stop; i++)
			open_label(&j, x, j.algo[i], PCE_INF);
	}
	return !j.stop;
}
