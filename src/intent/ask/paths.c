/* SPDX-License-Identifier: Apache-2.0 */
/* Paths that operators ask for: one, disjoint ones, alternatives, several for one bandwidth. A
 * question like those of headends; how hard it may be is up to who asks, so a worker finds them. */
#include <errno.h>
#include <stdlib.h>

#include "base/err.h"
#include "intent/ask/question.h"

struct paths {
	struct intent_question q;
	intent_paths_fn fn;
	void *arg;
	struct intent_set_query ask;
	struct pce_request leg[PCE_LEGS_MAX];
	struct intent_paths is;
	struct arena arena;
};

enum { BYTES_MAX = 256 * 1024 * 1024 };

static const char no_memory[] = "no memory";

/* ---- the answer without a search ---- */

static void refuse(struct paths *p, enum pce_status status, const char *why)
{
	if (!why) {
		status = PCE_NO_MEMORY;
		why = no_memory;
	}
	switch (p->is.kind) {
	case INTENT_PATHS_ONE:
		p->is.one = (struct pce_answer){ .status = status, .why = why };
		break;
	case INTENT_PATHS_DISJOINT:
		p->is.disjoint = (struct pce_disjoint_answer){ .status = status, .why = why };
		break;
	case INTENT_PATHS_ALTERNATIVES:
		p->is.alternatives = (struct pce_kshortest_answer){ .status = status, .why = why };
		break;
	case INTENT_PATHS_MULTIPATH:
		p->is.multipath = (struct pce_multipath_answer){ .status = status, .why = why };
		break;
	case INTENT_PATHS_REACH:
		p->is.reached = (struct intent_reached){ .status = status, .why = why };
		break;
	}
}

/* The set's query, with what the leg has of its own. */
static void leg_query(const struct intent_leg_query *l, struct intent_path_query *q)
{
	if (l->src[0])
		memcpy(q->src, l->src, sizeof(q->src));
	if (l->dst[0])
		memcpy(q->dst, l->dst, sizeof(q->dst));
	if (l->has_constraints)
		q->constraints = l->constraints;
	if (l->has_bandwidth)
		q->bandwidth_bps = l->bandwidth_bps;
	if (l->has_reserved)
		q->reserved = l->reserved;
	if (l->msd)
		q->msd = l->msd;
	if (l->delay_us_max < q->constraints.delay_us_max)
		q->constraints.delay_us_max = l->delay_us_max;
}

/* Legs that ask for the same are the same request to the last pointer: the engine knows them by that. */
static bool leg_of(const struct intent *i, struct paths *p, uint32_t at)
{
	struct pce_request *r = &p->leg[at];
	struct pce_answer why = { 0 };
	const uint64_t *free_bps = r->free_bps;
	struct intent_path_query *q = arena_copy(&p->arena, &p->ask.path, sizeof(*q));

	if (!q) {
		refuse(p, PCE_NO_MEMORY, NULL);
		return false;
	}
	leg_query(&p->ask.leg[at], q);
	if (memcmp(q, &p->ask.path, sizeof(*q)) == 0)
		return true;
	if (!intent_query_terms(i, q, &p->arena, r, &why)) {
		refuse(p, why.status, arena_printf(&p->arena, "leg %u: %s", at + 1, why.why));
		return false;
	}
	r->free_bps = free_bps;
	r->n_free = i->ted->n_links;
	return true;
}

static bool legs_of(const struct intent *i, struct paths *p)
{
	uint32_t n = p->is.kind == INTENT_PATHS_DISJOINT ? p->ask.count : 0;

	for (uint32_t k = 1; k < n && k < PCE_LEGS_MAX; k++)
		p->leg[k] = p->leg[0];
	for (uint32_t k = 0; k < n && k < PCE_LEGS_MAX; k++)
		if (!leg_of(i, p, k))
			return false;
	return true;
}

/* ---- a worker's ---- */

static void reach(struct paths *p)
{
	const struct pce_reach_request q = {
		.src = p->is.reached.src,
		.minimise = p->ask.path.constraints.minimise,
		.delay_us_max = p->ask.path.constraints.delay_us_max,
		.segs_max = (uint8_t)p->ask.count,
		.routed_adjacency = p->ask.path.dataplane == PCE_SRV6,
		.bytes_max = BYTES_MAX,
	};
	int r = pce_reach(p->is.ted, &q, &p->arena, &p->is.reached.all);

	if (r < 0)
		refuse(p, PCE_NO_MEMORY, "the search ran out of memory");
	else if (r > 0)
		refuse(p, PCE_INVALID, "nothing can be asked from there, or not so");
}

static bool go_on(void *arg)
{
	return intent_question_goes_on(arg);
}

static void run(struct intent_question *q)
{
	struct paths *p = CONTAINER_OF(q, struct paths, q);
	const struct ted *t = p->is.ted;
	const struct intent_set_query *a = &p->ask;

	switch (p->is.kind) {
	case INTENT_PATHS_ONE:
		pce_compute(t, p->leg, &p->arena, &p->is.one);
		break;
	case INTENT_PATHS_DISJOINT:
		pce_disjoint(t,
			     &(struct pce_disjoint){
				     .leg = p->leg, .n_legs = a->count, .diverse = a->diverse,
				     .strict = !a->best_available, .shortest = a->first_shortest,
				     .bound_difference = a->bound_difference,
				     .delay_difference_us_max = a->delay_difference_us,
				     .budget = a->budget, .go_on = go_on, .arg = q,
				     .explain = true },
			     &p->arena, &p->is.disjoint);
		break;
	case INTENT_PATHS_ALTERNATIVES:
		pce_kshortest(t, p->leg, a->count, &p->arena, &p->is.alternatives);
		break;
	case INTENT_PATHS_MULTIPATH:
		pce_multipath(t,
			      &(struct pce_multipath){ .req = p->leg, .lists_max = a->count,
						       .weights_max = a->weights_max },
			      &p->arena, &p->is.multipath);
		break;
	case INTENT_PATHS_REACH:
		reach(p);
		break;
	}
}

/* ---- its turn ---- */

static enum intent_begin begin_reach(const struct intent *i, struct paths *p)
{
	const char *src = p->ask.path.src;
	uint32_t node = intent_node_named(i->ted, src);

	p->is.reached = (struct intent_reached){ .status = PCE_OK, .why = "", .src = node };
	if (node != TED_NONE)
		return INTENT_BEGIN_RUN;
	refuse(p, PCE_NO_SOURCE, arena_printf(&p->arena, "%s is no node of the topology", src));
	return INTENT_BEGIN_DONE;
}

static enum intent_begin begin(struct intent *i, struct intent_question *q)
{
	struct paths *p = CONTAINER_OF(q, struct paths, q);
	struct pce_answer why = { 0 };

	if (!i->ted) {
		refuse(p, PCE_NO_SOURCE, "there is no topology yet");
		return INTENT_BEGIN_DONE;
	}
	p->is.ted = ted_ref(i->ted);
	if (p->is.kind == INTENT_PATHS_REACH)
		return begin_reach(i, p);
	if (!intent_query_request(i, &p->ask.path, &p->arena, p->leg, &why)) {
		refuse(p, why.status, why.why);
		return INTENT_BEGIN_DONE;
	}
	return legs_of(i, p) ? INTENT_BEGIN_RUN : INTENT_BEGIN_DONE;
}

static void done(struct intent *i, struct intent_question *q, bool not_now)
{
	struct paths *p = CONTAINER_OF(q, struct paths, q);

	(void)i;
	p->fn(p->arg, not_now ? err_raise(-EAGAIN) : 0, &p->is);
}

static void paths_free(struct intent_question *q)
{
	struct paths *p = CONTAINER_OF(q, struct paths, q);

	ted_unref(p->is.ted);
	arena_fini(&p->arena);
	free(p);
}

static const struct intent_question_kind kind = { begin, run, done, paths_free };

int intent_paths(struct intent *i, enum intent_paths_kind what, const struct intent_set_query *q,
		 intent_paths_fn fn, void *arg)
{
	struct paths *p = calloc(1, sizeof(*p));

	if (!p)
		return err_raise(-ENOMEM);
	p->q.is = &kind;
	p->is.kind = what;
	p->ask = *q;
	p->fn = fn;
	p->arg = arg;
	arena_init(&p->arena, BYTES_MAX);
	return intent_question_ask(i, &p->q) ? 0 : INTENT_E_BUSY;
}

void intent_paths_forget(struct intent *i, const void *arg)
{
	LIST_EACH(it, &i->asks) {
		struct intent_question *q = LIST_OF(it, struct intent_question, link);

		if (q->is != &kind || CONTAINER_OF(q, struct paths, q)->arg != arg ||
		    atomic_load_explicit(&q->dropped, memory_order_relaxed))
			continue;
		intent_question_drop(i, q);
		return;
	}
}
