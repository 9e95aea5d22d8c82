/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shard: the classes and trees of the TED it follows, the least recently used thrown out when
 * they take too much. Numbers of classes and pointers to trees handed out since the last follow
 * stay good: `pin` says so.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bitset.h"
#include "base/err.h"
#include "pce/trees_priv.h"

#define NEVER UINT64_MAX

enum { LOG_LEAST = 1024, LENT_MAX = 256 << 10 };

int pce_trees_new(struct pce_trees **outp, size_t bytes_max)
{
	struct pce_trees *p = calloc(1, sizeof(*p));

	if (!p)
		return err_raise(-ENOMEM);
	p->bytes_max = bytes_max;
	list_init(&p->lru);
	arena_init(&p->scratch, 0);
	*outp = p;
	return 0;
}

bool pce_trees_lend(struct pce_trees *p, struct arena *out)
{
	if (p->lent)
		return false;
	p->lent = true;
	*out = p->scratch;
	return true;
}

void pce_trees_give_back(struct pce_trees *p, struct arena *take)
{
	if (take->used > LENT_MAX) /* of a large search: to clear it costs more than to ask for it again */
		arena_fini(take);
	else
		arena_reset(take);
	p->scratch = *take;
	p->lent = false;
}

/* ---- classes ---- */

static size_t class_bytes(const struct pce_trees *p)
{
	const struct pce_shape *s = p->shape;

	return sizeof(struct pce_kept_class) +
	       (2 * (size_t)s->m + s->out[s->n_hubs] + s->in[s->n_hubs]) * sizeof(struct pce_arc);
}

static void class_free(struct pce_kept_class *c)
{
	pce_log_fini(&c->log);
	free(c->out);
	free(c->in);
	free(c->hub_out);
	free(c->hub_in);
	free(c);
}

static void class_drop(struct pce_trees *p, uint32_t id)
{
	class_free(p->class[id]);
	p->class[id] = NULL;
	p->stats.bytes -= class_bytes(p);
}

/* Nothing but a metric: the arcs of the TED have it at hand. */
static bool class_plain(const struct pce_class *c)
{
	static const struct pce_affinity any;

	return c->algo == 0 && memcmp(&c->affinity, &any, sizeof(any)) == 0;
}

static uint32_t plain_weight(const struct ted *t, const struct pce_class *c, uint32_t link)
{
	uint32_t w = pce_arc_metric(&ted_priv_of(t)->arcs[link], c->metric);

	return w > PCE_FAR ? PCE_INF : w;
}

static void class_fill(struct pce_trees *p, struct pce_kept_class *c)
{
	const struct pce_shape *s = p->shape;
	const struct ted_adj *usable = &p->t->out;
	bool plain = class_plain(&c->is);

	for (uint32_t i = 0; i < s->m; i++) {
		c->out[i] = (struct pce_arc){ s->out_to[i], PCE_INF };
		c->in[i] = (struct pce_arc){ s->in_from[i], PCE_INF };
	}
	for (uint32_t i = 0; i < usable->start[s->n]; i++) {
		uint32_t l = usable->idx[i];
		uint32_t w = plain ? plain_weight(p->t, &c->is, l) :
				     pce_class_weight(p->t, &c->is, l);

		c->out[s->out_arc[l]].w = w;
		c->in[s->in_arc[l]].w = w;
	}
	pce_hubs_fill(p, c);
	pce_log_lose(&c->log);
	c->seen = p->log.end;
	c->compared = p->compare;
}

/* More changes than this are not worth keeping: a whole tree costs less. */
static size_t log_most(const struct pce_trees *p)
{
	return LOG_LEAST + p->shape->n;
}

static void class_patch(struct pce_trees *p, struct pce_kept_class *c, uint32_t link)
{
	uint32_t w = pce_class_weight(p->t, &c->is, link), out = p->shape->out_arc[link];

	bool cheaper = w < c->out[out].w;

	if (c->out[out].w == w)
		return;
	c->out[out].w = w;
	c->in[p->shape->in_arc[link]].w = w;
	pce_hubs_patch(p, c, out);
	pce_log_add(&c->log, out, log_most(p));
	if (cheaper)
		c->dearer = c->log.end;
}

/* Brings the arcs to the TED followed, and writes down for the trees what that changed. */
static void class_sync(struct pce_trees *p, struct pce_kept_class *c)
{
	const struct pce_log *l = &p->log;

	if (c->seen < l->base) {
		class_fill(p, c);
		return;
	}
	for (; c->seen < l->end; c->seen++) {
		uint32_t e = l->at[c->seen - l->base];

		if (e & PCE_LOG_PLACE) {
			pce_hubs_overload(p, c, e & ~PCE_LOG_PLACE);
			pce_log_add(&c->log, e, log_most(p));
			c->dearer = c->log.end; /* which of both it is does not matter so much */
		} else {
			class_patch(p, c, e);
		}
	}
	for (uint32_t i = 0; c->compared != p->compare && i < p->shape->m; i++)
		class_patch(p, c, i);
	c->compared = p->compare;
}

static struct pce_kept_class *class_make(struct pce_trees *p, const struct pce_class *is)
{
	const struct pce_shape *s = p->shape;
	struct pce_kept_class *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->is = *is;
	c->out = malloc(((size_t)s->m + 1) * sizeof(*c->out));
	c->in = malloc(((size_t)s->m + 1) * sizeof(*c->in));
	c->hub_out = malloc(((size_t)s->out[s->n_hubs] + 1) * sizeof(*c->out));
	c->hub_in = malloc(((size_t)s->in[s->n_hubs] + 1) * sizeof(*c->in));
	if (!c->out || !c->in || !c->hub_out || !c->hub_in) {
		class_free(c);
		return NULL;
	}
	class_fill(p, c);
	p->stats.bytes += class_bytes(p);
	return c;
}

static bool class_is(const struct pce_class *a, const struct pce_class *b)
{
	return a->metric == b->metric && a->algo == b->algo && a->own_metric == b->own_metric &&
	       memcmp(&a->affinity, &b->affinity, sizeof(a->affinity)) == 0;
}

static uint32_t class_number(struct pce_trees *p)
{
	struct pce_kept_class **at;

	for (uint32_t i = 0; i < p->n_class; i++)
		if (!p->class[i])
			return i;
	at = reallocarray(p->class, (size_t)p->n_class + 8, sizeof(struct pce_kept_class *));
	if (!at)
		return UINT32_MAX;
	memset(&at[p->n_class], 0, 8 * sizeof(struct pce_kept_class *));
	p->class = at;
	p->n_class += 8;
	return p->n_class - 8;
}

/* ---- trees ---- */

static size_t tree_bytes(const struct pce_trees *p)
{
	return sizeof(struct pce_kept) + 2 * (size_t)p->shape->n * sizeof(uint32_t);
}

static uint32_t chain_of(const struct pce_trees *p, uint32_t class, uint32_t node, bool from)
{
	uint64_t h = ((uint64_t)class << 33 | (uint64_t)from << 32 | node) *
		     UINT64_C(0x9e3779b97f4a7c15);

	return (uint32_t)(h >> 32) & (p->n_chain - 1);
}

static void tree_free(struct pce_trees *p, struct pce_kept *k)
{
	if (k)
		cells_give(&p->cells, k->dist);
	free(k);
}

static void tree_drop(struct pce_trees *p, struct pce_kept *k)
{
	struct pce_kept **at = &p->chain[chain_of(p, k->class, k->node, k->from)];

	while (*at != k)
		at = &(*at)->next;
	*at = k->next;
	list_del(&k->lru);
	p->class[k->class]->n_trees--;
	p->n_trees--;
	p->stats.bytes -= tree_bytes(p);
	tree_free(p, p->spare);
	p->spare = k;
}

static bool chains_grow(struct pce_trees *p)
{
	uint32_t n = p->n_chain ? p->n_chain * 2 : 64;
	struct pce_kept **at = n ? calloc(n, sizeof(struct pce_kept *)) : NULL;

	if (!at)
		return false;
	free(p->chain);
	p->chain = at;
	p->n_chain = n;
	LIST_EACH(it, &p->lru) {
		struct pce_kept *k = LIST_OF(it, struct pce_kept, lru);
		struct pce_kept **c = &at[chain_of(p, k->class, k->node, k->from)];

		k->next = *c;
		*c = k;
	}
	return true;
}

/* The class longest unused that nobody counts on; UINT32_MAX: none. */
static uint32_t class_oldest(const struct pce_trees *p)
{
	uint32_t best = UINT32_MAX;

	for (uint32_t i = 0; i < p->n_class; i++) {
		const struct pce_kept_class *c = p->class[i];

		if (c && c->pin != p->follows && c->n_trees == 0 &&
		    (best == UINT32_MAX || c->used < p->class[best]->used))
			best = i;
	}
	return best;
}

static bool make_room(struct pce_trees *p)
{
	struct pce_kept *k = LIST_OF(p->lru.prev, struct pce_kept, lru);
	uint32_t c = class_oldest(p);

	if (c != UINT32_MAX)
		class_drop(p, c);
	else if (!list_empty(&p->lru) && k->pin != p->follows)
		tree_drop(p, k);
	else
		return false;
	p->stats.evicted++;
	return true;
}

static void keep_limit(struct pce_trees *p, size_t more)
{
	while (p->stats.bytes + more > p->bytes_max && make_room(p))
		continue;
}

uint32_t pce_trees_class(struct pce_trees *p, const struct pce_class *is)
{
	struct pce_kept_class *c = NULL;
	uint32_t id;

	for (id = 0; id < p->n_class; id++)
		if (p->class[id] && class_is(&p->class[id]->is, is))
			break;
	if (id == p->n_class) {
		keep_limit(p, class_bytes(p));
		id = class_number(p);
		c = id == UINT32_MAX ? NULL : class_make(p, is);
		if (!c)
			return UINT32_MAX;
		p->class[id] = c;
	}
	class_sync(p, p->class[id]);
	p->class[id]->pin = p->follows;
	p->class[id]->used = ++p->ticks;
	return id;
}

const struct pce_arc *pce_class_out(struct pce_trees *p, uint32_t class)
{
	return p->class[class]->out;
}

const struct pce_arc *pce_class_in(struct pce_trees *p, uint32_t class)
{
	return p->class[class]->in;
}

struct pce_view pce_view_of(const struct pce_trees *p, uint32_t class, bool from)
{
	const struct pce_kept_class *c = p->class[class];
	const struct pce_shape *s = p->shape;

	return from ? (struct pce_view){ s->out, c->out, s->in_of_out, s->in, c->in } :
		      (struct pce_view){ s->in, c->in, s->out_of_in, s->out, c->out };
}

struct pce_view pce_hubs_of(const struct pce_trees *p, uint32_t class, bool from)
{
	const struct pce_kept_class *c = p->class[class];
	const struct pce_shape *s = p->shape;

	return from ? (struct pce_view){ s->out, c->hub_out, s->hub_in_of_out, s->in, c->hub_in } :
		      (struct pce_view){ s->in, c->hub_in, s->hub_out_of_in, s->out, c->hub_out };
}

static struct pce_kept *tree_memory(struct pce_trees *p)
{
	struct pce_kept *k = p->spare ? p->spare : calloc(1, sizeof(*k));

	p->spare = NULL;
	p->cells.size = (2 * (size_t)p->shape->n + 1) * sizeof(uint32_t);
	if (k && !k->dist)
		k->dist = cells_take(&p->cells);
	if (k && k->dist)
		return k;
	free(k);
	return NULL;
}

static struct pce_kept *tree_make(struct pce_trees *p, uint32_t class, uint32_t node, bool from)
{
	struct pce_kept **at, *k;

	keep_limit(p, tree_bytes(p));
	if (p->n_trees >= p->n_chain && !chains_grow(p))
		return NULL;
	k = tree_memory(p);
	if (!k)
		return NULL;
	*k = (struct pce_kept){ .class = class, .node = node, .from = from, .seen = NEVER,
				.dist = k->dist };
	k->via = k->dist + p->shape->n;
	k->is = (struct pce_tree){ p->shape->place[node], k->dist, k->via };
	at = &p->chain[chain_of(p, class, node, from)];
	k->next = *at;
	*at = k;
	list_push(&p->lru, &k->lru);
	p->class[class]->n_trees++;
	p->n_trees++;
	p->stats.bytes += tree_bytes(p);
	return k;
}

static struct pce_kept *tree_get(struct pce_trees *p, uint32_t class, uint32_t node, bool from)
{
	struct pce_kept *k = p->n_chain ? p->chain[chain_of(p, class, node, from)] : NULL;

	while (k && (k->class != class || k->node != node || k->from != from))
		k = k->next;
	return k;
}

/* Makes it right for the TED followed. */
static bool tree_sync(struct pce_trees *p, struct pce_kept *k)
{
	const struct pce_log *l = &p->class[k->class]->log;

	if (k->seen == l->end) {
		p->stats.hits++;
	} else if (k->seen == NEVER) {
		p->stats.built++;
		if (!pce_spf_full(p, k))
			return false;
	} else {
		p->stats.repaired++;
		if (!pce_spf_repair(p, k))
			return false;
	}
	k->seen = l->end;
	return true;
}

static const struct pce_tree *tree(struct pce_trees *p, uint32_t class, uint32_t node, bool from)
{
	struct pce_kept *k = tree_get(p, class, node, from);

	/* Asked for before in this call: it is right, and nobody may throw it out. Classes change
	 * when they are first asked for in a call, and trees are of those. */
	if (k && k->pin == p->follows) {
		p->stats.hits++;
		return &k->is;
	}
	if (!k)
		k = tree_make(p, class, node, from);
	if (!k)
		return NULL;
	if (!tree_sync(p, k)) {
		tree_drop(p, k);
		return NULL;
	}
	list_del(&k->lru);
	list_push(&p->lru, &k->lru);
	k->pin = p->follows;
	return &k->is;
}

const struct pce_tree *pce_tree_to(struct pce_trees *p, uint32_t class, uint32_t node)
{
	return tree(p, class, node, false);
}

const struct pce_tree *pce_tree_behind(struct pce_trees *p, uint32_t class, uint32_t node)
{
	const struct pce_kept *k = tree_get(p, class, node, false);
	const struct pce_kept_class *c = p->class[class];

	return k && k->seen != NEVER && k->seen >= c->log.base && k->seen >= c->dearer ? &k->is : NULL;
}

const struct pce_tree *pce_tree_from(struct pce_trees *p, uint32_t class, uint32_t node)
{
	return tree(p, class, node, true);
}

/* ---- following ---- */

static void drop_all(struct pce_trees *p)
{
	LIST_EACH(it, &p->lru)
		tree_drop(p, LIST_OF(it, struct pce_kept, lru));
	for (uint32_t i = 0; i < p->n_class; i++)
		if (p->class[i])
			class_drop(p, i);
}

static void forget_shape(struct pce_trees *p)
{
	if (!p->shape)
		return;
	drop_all(p);
	tree_free(p, p->spare);
	p->spare = NULL;
	cells_fini(&p->cells);
	for (unsigned i = 0; i < PCE_ROOMS; i++) {
		free(p->room[i].at);
		p->room[i] = (struct pce_shelf){ 0 };
	}
	free(p->overload);
	p->overload = NULL;
	p->n_overload = 0;
	pce_log_lose(&p->log);
	p->shape = pce_shape_unref(p->shape);
}

struct pce_trees *pce_trees_free(struct pce_trees *p)
{
	if (!p)
		return NULL;
	forget_shape(p);
	ted_mark_unref(p->mark);
	pce_log_fini(&p->log);
	free(p->class);
	free(p->chain);
	if (p->queue)
		free(p->queue->at);
	free(p->queue);
	arena_fini(&p->scratch);
	free(p);
	return NULL;
}

static void overload_set(struct pce_trees *p, uint32_t node, bool on)
{
	uint32_t at = p->shape->place[node];
	uint64_t bit = UINT64_C(1) << (at & 63);

	if (on == ((p->overload[at >> 6] & bit) != 0))
		return;
	p->overload[at >> 6] ^= bit;
	if (on)
		p->n_overload++;
	else
		p->n_overload--;
	pce_log_add(&p->log, at | PCE_LOG_PLACE, log_most(p));
}

static bool overloaded(const struct ted *t, uint32_t node)
{
	return ted_priv_of(t)->nflags[node] & TED_NF_OVERLOAD;
}

/* What a link is worth may also hang on its ends: whether they are pseudonodes. */
static void follow_node(struct pce_trees *p, uint32_t node)
{
	const struct pce_shape *s = p->shape;
	uint32_t at = s->place[node];

	overload_set(p, node, overloaded(p->t, node));
	for (uint32_t i = s->out[at]; i < s->out[at + 1]; i++)
		pce_log_add(&p->log, s->out_link[i], log_most(p));
}

static void follow_algos(struct pce_trees *p)
{
	for (uint32_t i = 0; i < p->n_class; i++)
		if (p->class[i] && p->class[i]->is.algo &&
		    bitset_has(p->t->changed_algos, p->class[i]->is.algo))
			p->class[i]->compared = NEVER;
}

static void follow_next(struct pce_trees *p)
{
	const struct ted *t = p->t;

	for (uint32_t i = 0; i < t->n_changed_nodes; i++)
		follow_node(p, t->changed_nodes[i]);
	for (uint32_t i = 0; i < t->n_changed_links; i++)
		pce_log_add(&p->log, t->changed_links[i], log_most(p));
	follow_algos(p);
}

static void follow_other(struct pce_trees *p)
{
	for (uint32_t i = 0; i < p->shape->n; i++)
		overload_set(p, i, overloaded(p->t, i));
	p->compare++;
}

static bool prepare(struct pce_trees *p)
{
	if (!p->overload)
		p->overload = calloc((size_t)p->shape->n / 64 + 1, sizeof(*p->overload));
	if (!p->queue)
		p->queue = calloc(1, sizeof(*p->queue));
	return p->overload && p->queue;
}

int pce_trees_follow(struct pce_trees *p, const struct ted *t)
{
	const struct ted_priv *q = ted_priv_of(t);
	bool next = p->mark && p->mark == q->prev_mark && p->shape == q->shape;

	p->follows++;
	p->t = t;
	if (p->mark == q->mark)
		return 0;
	p->stamp = pce_trees_epoch(p);
	p->mark = ted_mark_unref(p->mark);
	if (p->shape != q->shape) {
		forget_shape(p);
		p->shape = pce_shape_ref(q->shape);
	}
	if (!prepare(p)) {
		forget_shape(p);
		return err_raise(-ENOMEM);
	}
	if (!next || t->n_changed_nodes > 0)
		p->nodes_stamp = p->stamp;
	if (next)
		follow_next(p);
	else
		follow_other(p);
	p->mark = ted_mark_ref(q->mark);
	return 0;
}

const struct pce_shape *pce_trees_shape(const struct pce_trees *p)
{
	return p->shape;
}

uint32_t pce_trees_stamp(const struct pce_trees *p)
{
	return p->stamp;
}

uint32_t pce_trees_nodes_stamp(const struct pce_trees *p)
{
	return p->nodes_stamp;
}

const uint64_t *pce_trees_overload(const struct pce_trees *p)
{
	return p->n_overload ? p->overload : NULL;
}

void pce_trees_stats(const struct pce_trees *p, struct pce_trees_stats *out)
{
	*out = p->stats;
}

/* ---- working memory ---- */

static void *room(struct pce_trees *p, unsigned i, size_t n, size_t size)
{
	if (!p->room[i].at)
		p->room[i] = (struct pce_shelf){ calloc(n + 1, size), (n + 1) * size };
	return p->room[i].at;
}

void *pce_room_places(struct pce_trees *p, unsigned i, size_t size)
{
	return room(p, i, p->shape->n, size);
}

void *pce_room_links(struct pce_trees *p, unsigned i, size_t size)
{
	return room(p, i, p->shape->m, size);
}

uint32_t pce_trees_epoch(struct pce_trees *p)
{
	if (++p->epoch)
		return p->epoch;
	/* It wrapped: what is old could look new. */
	for (unsigned i = 0; i < PCE_ROOMS; i++)
		if (p->room[i].at)
			memset(p->room[i].at, 0, p->room[i].bytes);
	return ++p->epoch;
}
