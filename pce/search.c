/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cheapest path under bounds, exactly: A* over labels (Ahmadi et al.'s WC-A* for any number
 * of resources). Cost is compared as (load for MLP and MBP, what is minimised, IGP metric, hops);
 * what is still equal is settled by the order of links. A label goes when another at the same
 * node is no worse in everything, or when the lower bounds towards the target (trees kept by the
 * shard) say that a bound cannot be kept. Without a bound that binds, the search follows the
 * tree. What leaves the queue first at the target is the answer.
 *
 * Without bounds the ways along the tree come first, and one of them mostly is the answer. A least
 * delay, and nodes to pass, ask for paths without a turn: there too the best way is looked for
 * whatever it repeats; only when it does repeat something, labels dominate no more but those whose
 * nodes all lie on the other's way too.
 *
 * Labels are limited, and how often they are compared with one another: where many are at one node
 * that takes the time. When either runs out the best feasible end of a label in the queue is given,
 * with the least that the queue says any path costs.
 */
#include <string.h>

#include "pce/search.h"

enum {
	LABELS_MAX = 1 << 20,
	HOPS_BITS = 20,
	WORK_A_LABEL = 32, /* comparisons of labels, on average */
};

/* ---- the queue ---- */

static bool before(const struct pce_turn *a, const struct pce_turn *b)
{
	if (a->load != b->load)
		return a->load < b->load;
	if (a->cost != b->cost)
		return a->cost < b->cost;
	if (a->tie != b->tie)
		return a->tie < b->tie;
	return a->label < b->label;
}

/* A larger copy of an array whose first piece is a room of the shard. */
static void *larger(struct pce_seek *k, const void *at, uint32_t *cap, size_t size)
{
	uint32_t n = *cap < 512 ? 1024 : *cap * 2;
	void *to = arena_array(&k->c->scratch, n, size);

	if (!to) {
		k->no_memory = true;
		return NULL;
	}
	memcpy(to, at, *cap * size);
	*cap = n;
	return to;
}

static bool queue_push(struct pce_seek *k, const struct pce_turn *e)
{
	uint32_t i = k->n_turns;

	if (i == k->cap_turns) {
		struct pce_turn *to = larger(k, k->turn, &k->cap_turns, sizeof(*to));

		if (!to)
			return false;
		k->turn = to;
	}
	k->n_turns++;
	for (; i > 0 && before(e, &k->turn[(i - 1) / 2]); i = (i - 1) / 2)
		k->turn[i] = k->turn[(i - 1) / 2];
	k->turn[i] = *e;
	return true;
}

static uint32_t queue_pop(struct pce_seek *k)
{
	struct pce_turn *at = k->turn;
	uint32_t top = at[0].label, n = --k->n_turns, i = 0;
	struct pce_turn e = at[n];

	for (uint32_t j = 1; j < n; j = 2 * i + 1) {
		if (j + 1 < n && before(&at[j + 1], &at[j]))
			j++;
		if (!before(&at[j], &e))
			break;
		at[i] = at[j];
		i = j;
	}
	at[i] = e;
	return top;
}

/* ---- bounds ---- */

static uint64_t low_of(const struct pce_term *x, unsigned stage, uint32_t place)
{
	const struct pce_low *l = &x->low[stage];

	return l->rest == UINT64_MAX || l->dist[place] == PCE_INF ? UINT64_MAX :
								    l->dist[place] + l->rest;
}

uint64_t pce_label_low(const struct pce_seek *k, const struct pce_label *x)
{
	uint64_t sum = x->cost;

	for (unsigned i = 0; i < k->n_cost; i++) {
		uint64_t low = low_of(&k->cost[i], x->stage, x->place);

		if (low == UINT64_MAX)
			return UINT64_MAX;
		sum += low * k->cost[i].weight;
	}
	return sum > k->cost_max ? UINT64_MAX : sum;
}

/* Can the bounds on what is used up still be kept? */
static bool hopeful(const struct pce_seek *k, const struct pce_label *x)
{
	for (unsigned i = 0; i < k->n_use; i++) {
		uint64_t low = low_of(&k->use[i], x->stage, x->place);

		if (low == UINT64_MAX || x->used[i] + low > k->use[i].bound)
			return false;
	}
	return true;
}

/* A link without an IGP metric counts as the worst, and so must what is not reached without. */
static uint64_t tie_low(const struct pce_seek *k, uint32_t place)
{
	uint64_t igp = k->igp ? k->igp_low[place] : 0;

	return (igp > TED_METRIC_MAX ? TED_METRIC_MAX + 1 : igp) << HOPS_BITS;
}

/* ---- labels of a node ---- */

static bool costs_less(const struct pce_label *a, const struct pce_label *b)
{
	return a->cost != b->cost ? a->cost < b->cost : a->tie < b->tie;
}

bool pce_label_on(const struct pce_seek *k, uint32_t id, uint32_t place)
{
	for (; id != PCE_NOWHERE; id = k->label[id].parent)
		if (k->label[id].place == place)
			return true;
	return false;
}

/* Every node on a's way is on b's: what b may still do, a may too. One look at b's whole way counts
 * as much work as comparing with a label: both wait for memory. */
static bool all_on(struct pce_seek *k, const struct pce_label *a, const struct pce_label *b)
{
	if (a->seen & ~b->seen)
		return false;
	for (uint32_t id = a->parent; id != PCE_NOWHERE; id = k->label[id].parent) {
		k->work++;
		if (!pce_label_on(k, b->parent, k->label[id].place))
			return false;
	}
	return true;
}

/* b may need a's delay to be slow enough, unless a is slow enough whatever follows. */
static bool slow_enough(const struct pce_seek *k, const struct pce_label *a,
			const struct pce_label *b)
{
	uint64_t low;

	if (!k->f->delay_us_min || a->used[k->delay] == b->used[k->delay])
		return true;
	low = low_of(&k->use[k->delay], a->stage, a->place);
	return low != UINT64_MAX && a->used[k->delay] + low >= k->f->delay_us_min;
}

static bool dominates(struct pce_seek *k, const struct pce_label *a, const struct pce_label *b)
{
	if (a->load > b->load || costs_less(b, a) || a->stage != b->stage)
		return false;
	for (unsigned i = 0; i < k->n_use; i++)
		if (a->used[i] > b->used[i])
			return false;
	return !k->simple || (slow_enough(k, a, b) && all_on(k, a, b));
}

/* False when the label is dominated; those it dominates go. */
static bool settle(struct pce_seek *k, const struct pce_label *x, uint32_t id)
{
	struct pce_slot *slot = &k->slot[x->place];
	uint32_t *at = &slot->first;

	if (k->all) {
		k->label[id] = *x;
		return true;
	}
	if (slot->epoch != k->epoch)
		*slot = (struct pce_slot){ k->epoch, PCE_NOWHERE };
	for (uint32_t y = slot->first; y != PCE_NOWHERE; y = k->label[y].next) {
		k->work++;
		if (dominates(k, &k->label[y], x))
			return false;
	}
	while (*at != PCE_NOWHERE) {
		struct pce_label *y = &k->label[*at];

		if (dominates(k, x, y)) {
			y->dead = true;
			*at = y->next;
		} else {
			at = &y->next;
		}
	}
	k->label[id] = *x;
	k->label[id].next = slot->first;
	slot->first = id;
	return true;
}

static bool add_label(struct pce_seek *k, const struct pce_label *x, uint64_t low)
{
	struct pce_turn e = { x->load, low, x->tie + tie_low(k, x->place), k->n };

	if (k->n == k->cap) {
		struct pce_label *to = larger(k, k->label, &k->cap, sizeof(*to));

		if (!to)
			return false;
		k->label = to;
	}
	if (!settle(k, x, k->n))
		return true;
	k->n++;
	return queue_push(k, &e);
}

/* ---- one step ---- */

/* The passes behind, when the arc is taken with so many behind; false: something is between. */
static bool pass_on(const struct pce_seek *k, unsigned stage, uint32_t arc, uint8_t *out)
{
	const struct pce_passes want = { k->pass, k->n_pass };
	unsigned done = pce_pass_on(k->c, &want, stage, k->s->out_link[arc]);

	*out = (uint8_t)done;
	return done > stage || pce_pass_waits(k->c, &want, done, k->s->node[k->s->out_to[arc]]);
}

/* What constraints of this request alone say of a link; counted, as it would have been taken. */
static bool is_cut(struct pce_seek *k, uint32_t arc)
{
	uint32_t by = k->cuts ? pce_cut(k->c, k->s->out_link[arc]) & k->cuts : 0;

	if (by && k->c->met)
		for (unsigned i = 0; i < PCE_C_COUNT; i++)
			k->c->met[i].links += by >> i & 1;
	return by != 0;
}

bool pce_label_step(struct pce_seek *k, const struct pce_label *x, uint32_t x_id, uint32_t arc,
		    struct pce_label *y)
{
	uint32_t hop = k->c->p->nflags[k->s->node[x->place]] & TED_NF_PSEUDO ? 0 : 1;

	*y = (struct pce_label){ .load = x->load, .cost = x->cost, .via = arc, .parent = x_id };
	for (unsigned i = 0; i < k->n_cost; i++) {
		const struct pce_arc *a = &k->cost[i].arc[arc];

		if (a->w == PCE_INF)
			return false;
		y->place = a->place;
		y->cost += a->w * k->cost[i].weight;
	}
	for (unsigned i = 0; i < k->n_use; i++) {
		uint32_t w = k->use[i].arc[arc].w;

		if (w == PCE_INF)
			return false;
		y->used[i] = pce_sat32((uint64_t)x->used[i] + w);
	}
	if (x->stage < k->n_pass && !pass_on(k, x->stage, arc, &y->stage))
		return false;
	if (x->stage >= k->n_pass)
		y->stage = x->stage;
	y->tie = x->tie + hop;
	if (k->igp) {
		uint64_t igp = k->igp[arc].w;

		y->tie += (igp > TED_METRIC_MAX ? TED_METRIC_MAX + 1 : igp) << HOPS_BITS;
	}
	if (y->place == k->dst && y->stage < k->n_pass)
		return false;
	if (k->simple) {
		y->seen = x->seen | pce_seen_bit(y->place);
		if (y->seen == x->seen && pce_label_on(k, x_id, y->place))
			return false;
	}
	return true;
}

/*
 * Less passes behind than there could be: from stage on those that are held. False without memory.
 * What was behind before stays behind.
 */
static bool add_held(struct pce_seek *k, const struct pce_label *y, unsigned stage, bool start)
{
	const struct pce_passes want = { k->pass, k->n_pass };

	for (unsigned i = y->place == k->dst ? stage : y->stage; k->held && i-- > stage;) {
		struct pce_label z = *y;
		uint64_t low;

		if (!pce_pass_held(k->pass, k->n_pass, i) ||
		    (i == stage && !start && !pce_pass_waits(k->c, &want, i, k->s->node[y->place])))
			continue;
		z.stage = (uint8_t)i;
		low = hopeful(k, &z) ? pce_label_low(k, &z) : UINT64_MAX;
		if (low != UINT64_MAX && !add_label(k, &z, low))
			return false;
	}
	return true;
}

static bool open_label(struct pce_seek *k, uint32_t id)
{
	const struct pce_label x = k->label[id];

	if (k->crowded && x.place != k->src && (k->crowded[x.place >> 6] >> (x.place & 63) & 1))
		return true;
	for (uint32_t i = k->s->out[x.place]; i < k->s->out[x.place + 1]; i++) {
		struct pce_label y;
		uint64_t low;

		if (!pce_label_step(k, &x, id, i, &y) || !hopeful(k, &y))
			continue;
		low = pce_label_low(k, &y);
		if (low == UINT64_MAX || is_cut(k, i))
			continue;
		if (k->f->objective != PCE_MCP) {
			uint64_t load = pce_seek_load(k, i);

			y.load = load > y.load ? load : y.load;
		}
		if (!add_label(k, &y, low) || !add_held(k, &y, x.stage, false))
			return false;
	}
	return true;
}

/* ---- what comes of it ---- */

static bool path_of(const struct pce_seek *k, uint32_t id, struct arena *a, struct pce_path *out)
{
	const struct pce_label *end = &k->label[id];
	uint32_t n = 0, *links;

	for (const struct pce_label *x = end; x->parent != PCE_NOWHERE; x = &k->label[x->parent])
		n++;
	links = ARENA_ARRAY(a, n, uint32_t);
	if (!links)
		return false;
	out->links = links;
	out->n = n;
	for (const struct pce_label *x = end; n; x = &k->label[x->parent])
		links[--n] = k->s->out_link[x->via];
	out->cost = out->cost_least = end->cost;
	out->load = end->load;
	pce_path_sum(k->c, out);
	return true;
}

static enum pce_found gave_up(struct pce_seek *k, struct pce_path *out)
{
	uint64_t least = k->turn[0].cost;
	uint32_t id;

	if (k->no_memory)
		return PCE_FOUND_NO_MEMORY;
	id = pce_complete(k);
	if (id == PCE_NOWHERE)
		return k->no_memory ? PCE_FOUND_NO_MEMORY : PCE_FOUND_NO_BUDGET;
	if (!path_of(k, id, k->c->out, out))
		return PCE_FOUND_NO_MEMORY;
	out->cost_least = k->f->objective == PCE_MCP ? least : 0;
	return PCE_FOUND;
}

/* Forgets what was found; the question stays. */
static bool begin(struct pce_seek *k, bool simple, bool all)
{
	struct pce_label start = { .place = k->src, .via = PCE_INF, .parent = PCE_NOWHERE };
	const struct pce_passes want = { k->pass, k->n_pass };
	uint64_t low;

	k->simple = simple;
	k->all = all;
	k->n = k->n_turns = 0;
	k->work = 0;
	k->epoch = pce_trees_epoch(k->c->trees);
	start.seen = pce_seen_bit(k->src);
	start.stage = (uint8_t)pce_pass_begin(k->c, &want, k->c->req->src);
	low = pce_label_low(k, &start);
	return low != UINT64_MAX && hopeful(k, &start) && add_label(k, &start, low) &&
	       add_held(k, &start, 0, true);
}

static enum pce_found seek(struct pce_seek *k, bool simple, uint32_t *end)
{
	if (!begin(k, simple, false))
		return k->no_memory ? PCE_FOUND_NO_MEMORY : PCE_FOUND_NOT;
	while (k->n_turns) {
		uint32_t id;

		if (k->n >= k->labels_max || k->work / WORK_A_LABEL >= k->labels_max)
			return PCE_FOUND_NO_BUDGET;
		id = queue_pop(k);
		if (k->label[id].dead)
			continue;
		if (k->label[id].place == k->dst) {
			if (simple && k->f->delay_us_min &&
			    k->label[id].used[k->delay] < k->f->delay_us_min)
				continue;
			*end = id;
			return PCE_FOUND;
		}
		if (!open_label(k, id))
			return PCE_FOUND_NO_MEMORY;
	}
	return PCE_FOUND_NOT;
}

/* What the way uses up of each bound, whether labels carry it or not. */
static bool keeps_bounds(const struct pce_seek *k, uint32_t end)
{
	for (unsigned i = 0; i < k->n_bound; i++) {
		uint64_t sum = 0;

		for (uint32_t id = end; k->label[id].parent != PCE_NOWHERE; id = k->label[id].parent) {
			uint32_t w = k->use[i].arc[k->label[id].via].w;

			if (w == PCE_INF)
				return false;
			sum += w;
		}
		if (sum > k->use[i].bound || (i == k->delay && sum < k->f->delay_us_min))
			return false;
	}
	return true;
}

static bool turns(const struct pce_seek *k, uint32_t end)
{
	for (uint32_t id = end; id != PCE_NOWHERE; id = k->label[id].parent)
		if (pce_label_on(k, k->label[id].parent, k->label[id].place))
			return true;
	return false;
}

static bool fits(const struct pce_seek *k, uint32_t end)
{
	return keeps_bounds(k, end) && !(k->n_pass && turns(k, end));
}

/* Of what costs no more than the lower bound says: the ways along the tree, if they are open. */
static enum pce_found seek_straight(struct pce_seek *k, uint32_t *end)
{
	const struct pce_label start = { .place = k->src };
	uint64_t most = k->cost_max, low = pce_label_low(k, &start);
	enum pce_found r;

	if (low == UINT64_MAX)
		return PCE_FOUND_NOT;
	k->cost_max = low;
	r = k->f->objective == PCE_MCP ? seek(k, false, end) : PCE_FOUND_NO_BUDGET;
	k->cost_max = most;
	return r == PCE_FOUND && !fits(k, *end) ? PCE_FOUND_NO_BUDGET :
	       r == PCE_FOUND_NOT		? PCE_FOUND_NO_BUDGET :
						  r;
}

/* Each asks for more than the one before, or looks farther. With bounds the straight ways are not
 * tried first: where bounds bind, that is a third more time. */
static enum pce_found seek_all(struct pce_seek *k, uint32_t *end)
{
	enum pce_found r = k->n_bound ? PCE_FOUND_NO_BUDGET : seek_straight(k, end);

	if (r != PCE_FOUND_NO_BUDGET)
		return r;
	if (k->n_bound && !pce_seek_bounded(k))
		return PCE_FOUND_NO_MEMORY;
	r = seek(k, false, end);
	if (r == PCE_FOUND_NOT || r == PCE_FOUND_NO_MEMORY || (r == PCE_FOUND && fits(k, *end)))
		return r;
	return k->n_pass || k->f->delay_us_min ? seek(k, true, end) : r;
}

/* ---- without a search ---- */

/* The arc along the tree; PCE_INF: there is none that is open, or more than one. */
static uint32_t only_arc(struct pce_seek *k, const struct pce_term *x, uint32_t u)
{
	const uint32_t *dist = x->low[0].dist;
	uint32_t found = PCE_INF;

	/* What cannot be used or reached adds up to more than any distance; what an overloaded router
	 * seems to offer comes beside what the tree goes by. */
	for (uint32_t i = k->s->out[u], end = k->s->out[u + 1]; i < end; i++) {
		if ((uint64_t)dist[x->arc[i].place] + x->arc[i].w != dist[u])
			continue;
		if (found != PCE_INF)
			return PCE_INF;
		found = i;
	}
	return found == PCE_INF || is_cut(k, found) ? PCE_INF : found;
}

/* Nothing but the cost to look at, and one way along the tree: that is what the search would find,
 * without its queue and without the tree that settles ties. */
static bool only_way(struct pce_seek *k, struct pce_path *out)
{
	const struct pce_label start = { .place = k->src };
	NOT_CLEARED uint32_t links[PCE_PATH_MAX];
	const struct pce_term *x = &k->cost[0];
	uint32_t u = k->src, n = 0;

	if (k->n_bound > 0 || k->n_pass > 0 || k->n_cost != 1 || k->f->objective != PCE_MCP ||
	    pce_label_low(k, &start) == UINT64_MAX)
		return false;
	while (u != k->dst) {
		uint32_t arc = n < PCE_PATH_MAX ? only_arc(k, x, u) : PCE_INF;

		if (arc == PCE_INF)
			return false;
		links[n++] = k->s->out_link[arc];
		u = x->arc[arc].place;
	}
	out->links = arena_copy(k->c->out, links, n * sizeof(*links));
	out->n = n;
	out->cost = out->cost_least = x->low[0].dist[k->src] * x->weight;
	out->load = 0;
	out->plain = k->f->minimise != PCE_MIX && !k->f->algo;
	if (out->links)
		pce_path_sum(k->c, out);
	return out->links != NULL;
}

static bool worthless(const struct pce_seek *k)
{
	const struct pce_label start = { .place = k->src };
	uint64_t low = pce_label_low(k, &start);

	return k->f->objective == PCE_MCP && low != UINT64_MAX && low >= k->f->worth;
}

enum pce_found pce_search(struct pce_ctx *c, const struct pce_find *f, struct pce_path *out)
{
	struct pce_seek k = { .labels_max = f->labels_max };
	enum pce_found r = pce_seek_init(&k, c, f);
	uint32_t end = PCE_NOWHERE;

	if (k.labels_max == 0 || k.labels_max > LABELS_MAX)
		k.labels_max = LABELS_MAX;
	if (r == PCE_FOUND && f->worth && worthless(&k))
		return PCE_FOUND_WORTHLESS;
	if (r == PCE_FOUND && only_way(&k, out))
		return PCE_FOUND;
	if (r == PCE_FOUND)
		r = pce_seek_ties(&k) ? seek_all(&k, &end) : PCE_FOUND_NO_MEMORY;
	out->plain = r == PCE_FOUND && k.n_bound == 0 && k.n_pass == 0 &&
		     f->objective == PCE_MCP && f->minimise != PCE_MIX && !f->algo;
	if (r == PCE_FOUND)
		return path_of(&k, end, c->out, out) ? PCE_FOUND : PCE_FOUND_NO_MEMORY;
	return r == PCE_FOUND_NO_BUDGET ? gave_up(&k, out) : r;
}

/* One of those ends is of the same path, that took what it passes in another way. */
static bool again(const struct pce_seek *k, uint32_t ends, uint32_t id)
{
	for (; ends != PCE_NOWHERE; ends = k->label[ends].next) {
		uint32_t a = id, b = ends;

		while (a != PCE_NOWHERE && b != PCE_NOWHERE && k->label[a].via == k->label[b].via) {
			a = k->label[a].parent;
			b = k->label[b].parent;
		}
		if (a == b)
			return true;
	}
	return false;
}

bool pce_search_all(struct pce_ctx *c, const struct pce_find *f, uint32_t labels_max,
		    pce_give_fn give, void *arg)
{
	struct pce_seek k = { .labels_max = labels_max };
	enum pce_found r = pce_seek_init(&k, c, f);
	uint32_t ends = PCE_NOWHERE;

	if (r != PCE_FOUND || !pce_seek_ties(&k) || !pce_seek_bounded(&k) || !begin(&k, true, true))
		return r == PCE_FOUND_NOT;
	while (k.n_turns && k.n < labels_max) {
		uint32_t id = queue_pop(&k);
		struct pce_path p = { 0 };

		if (k.label[id].place != k.dst) {
			if (!open_label(&k, id))
				return false;
			continue;
		}
		if (f->delay_us_min && k.label[id].used[k.delay] < f->delay_us_min)
			continue;
		if (k.held && again(&k, ends, id))
			continue;
		k.label[id].next = ends;
		ends = id;
		if (!path_of(&k, id, &c->scratch, &p) || !give(arg, &p))
			return false;
	}
	return k.n_turns == 0;
}
