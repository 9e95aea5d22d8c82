/* SPDX-License-Identifier: Apache-2.0 */
/* Answers to questions for paths, made up. */
#include <string.h>

#include "fake.h"

static void fake_path(struct pce_answer *a)
{
	static const uint32_t path[] = { 0, 2 };

	*a = (struct pce_answer){ .path = path, .n_path = 2, .delay_us = 900, .cost = 20,
				  .cost_least = 20, .bottleneck_bps = UINT64_MAX, .why = "" };
}

static void fake_disjoint(const struct intent_set_query *q, struct arena *a,
		     struct pce_disjoint_answer *out, const struct ted **ted)
{
	fake.last_set = *q;
	*ted = fake.ted;
	*out = (struct pce_disjoint_answer){ .status = fake.path_status, .why = "" };
	if (out->status != PCE_OK) {
		out->why = "no 2 paths are disjoint";
		out->leg_alone = 2;
		out->conflict[out->n_conflict++] = PCE_C_DELAY;
		out->conflict_difference = true;
		out->relax[out->n_relax++] = (struct pce_relax){ .of = PCE_C_DELAY, .needs = 77 };
		out->possible = PCE_DIVERSE_LINK | PCE_DIVERSE_NODE;
		return;
	}
	out->leg = ARENA_ARRAY(a, q->count, struct pce_answer);
	for (; out->n_legs < q->count; out->n_legs++)
		fake_path(&out->leg[out->n_legs]);
	out->met = PCE_DIVERSE_LINK | PCE_DIVERSE_SRLG;
	out->shared_nodes = 1;
	out->cost = 40;
	out->cost_least = 39;
}

/* From the first: the second by its link, the third through the second, the others not. */
static void fake_reach(const struct intent_set_query *q, struct arena *a, struct intent_reached *out,
		       const struct ted **ted)
{
	static const struct pce_reach_point points[] = {
		{ .node = 0, .before = TED_NONE, .link = TED_NONE },
		{ .node = 1, .cost = 10, .delay_us = 100, .segs = 1, .before = 0, .link = 0 },
		{ .node = 2, .cost = 31, .delay_us = 250, .segs = 1, .before = 0, .link = TED_NONE },
		{ .node = 2, .cost = 30, .delay_us = 200, .segs = 2, .before = 1, .link = TED_NONE },
	};
	uint32_t *start;

	fake.last_set = *q;
	*ted = fake.ted;
	*out = (struct intent_reached){ .status = fake.path_status, .why = "" };
	if (out->status != PCE_OK)
		return;
	start = ARENA_ARRAY(a, fake.ted->n_nodes + 1, uint32_t);
	for (uint32_t i = 0; i <= fake.ted->n_nodes; i++)
		start[i] = i < 3 ? i : 4;
	out->all = (struct pce_reach){ .start = start, .points = points, .n_points = 4 };
}

static void fake_one(const struct intent_path_query *q, struct arena *a, struct pce_answer *out,
		     const struct ted **ted);

static void fake_alternatives(const struct intent_set_query *q, struct arena *a,
			 struct pce_kshortest_answer *out, const struct ted **ted)
{
	fake.last_set = *q;
	*ted = fake.ted;
	*out = (struct pce_kshortest_answer){ .status = fake.path_status, .why = "", .all = true };
	if (fake.path_status == PCE_NO_CONSTRAINED) {
		struct pce_answer *none = ARENA_NEW(a, struct pce_answer);

		fake_one(&q->path, a, none, ted);
		out->none = none;
		out->why = none->why;
		return;
	}
	out->gave_up = q->count == 3;
	out->cost_listed = q->count == 3 ? 41 : 0;
	out->path = ARENA_ARRAY(a, q->count, struct pce_answer);
	for (; out->n < q->count; out->n++)
		fake_path(&out->path[out->n]);
	out->path[0].status = PCE_NO_MSD;
	out->path[0].why = "needs 9 SIDs";
}

static void fake_multipath(const struct intent_set_query *q, struct arena *a,
		      struct pce_multipath_answer *out, const struct ted **ted)
{
	static const uint32_t weight[] = { 2, 1 };
	static const uint64_t rate[] = { 667, 334 };

	fake.last_set = *q;
	*ted = fake.ted;
	*out = (struct pce_multipath_answer){ .status = fake.path_status, .why = "" };
	if (out->status != PCE_OK) {
		out->most_bps = 900;
		out->limit_bps = 950;
		out->why = "no paths carry it";
		return;
	}
	out->path = ARENA_ARRAY(a, 2, struct pce_answer);
	for (; out->n < 2; out->n++)
		fake_path(&out->path[out->n]);
	out->weight = weight;
	out->rate_bps = rate;
	out->total = 3;
}

static void fake_one(const struct intent_path_query *q, struct arena *a,
		 struct pce_answer *out, const struct ted **ted)
{
	static const uint32_t path[] = { 0, 2 };

	memset(out, 0, sizeof(*out));
	fake.last_query = *q;
	*ted = fake.ted;
	out->status = fake.path_status;
	out->why = out->status == PCE_OK ? "" : arena_str(a, "\"delay\" took the last path");
	if (out->status != PCE_OK) {
		out->removed[PCE_C_DELAY] = (struct pce_removed){ .links = 3, .decisive = true,
								  .nearest = 1234 };
		out->conflict[0] = PCE_C_INCLUDE;
		out->conflict[1] = PCE_C_DELAY;
		out->n_conflict = 2;
		out->relax[0] = (struct pce_relax){ .of = PCE_C_DELAY, .needs = 1234 };
		out->relax[1] = (struct pce_relax){ .of = PCE_C_INCLUDE, .drop = true };
		out->n_relax = 2;
		out->reasons_gave_up = out->status == PCE_NO_MSD;
		if (out->reasons_gave_up) {
			out->conflict[0] = PCE_C_MSD;
			out->relax[1] = (struct pce_relax){ .of = PCE_C_MSD, .needs = 5 };
		}
		return;
	}
	out->path = path;
	out->n_path = 2;
	out->delay_us = 20;
	out->cost = 30;
	out->cost_least = 29;
	out->slack[0] = (struct pce_slack){ .of = PCE_C_DELAY, .is_bound = true, .value = 20,
					    .bound = 50, .slack = 30, .binding = true,
					    .has_cost = true, .cost_without = 7 };
	out->slack[1] = (struct pce_slack){ .of = PCE_C_SRLG };
	out->n_slack = 2;
	out->n_segs = 1;
	out->segs[0] = (struct pce_segment){ .kind = PCE_SEG_ADJ, .behavior = 52,
					     .structure = { 32, 16, 16, 0 } };
	ip_parse("fcbb:bb00:1:e000::", &out->segs[0].sid);
	out->expansion = (struct pce_expansion){ .links = path, .n_links = 2, .single = true,
						 .valid = true, .why = "" };
	out->bottleneck_bps = 10000000000;
}

static struct paths {
	struct loop_task task;
	intent_paths_fn fn; /* NULL: nobody waits */
	void *arg;
	struct intent_paths is;
	struct arena arena;
} paths;

static void paths_now(void *arg)
{
	intent_paths_fn fn = paths.fn;

	(void)arg;
	paths.fn = NULL;
	fn(paths.arg, 0, &paths.is);
	arena_fini(&paths.arena);
}

/* Beside another, never; else at once without a topology, and later with one. */
int intent_paths(struct intent *i, enum intent_paths_kind kind, const struct intent_set_query *q,
		 intent_paths_fn fn, void *arg)
{
	(void)i;
	if (paths.fn)
		return INTENT_E_BUSY;
	paths = (struct paths){ .fn = fn, .arg = arg, .is = { .kind = kind } };
	arena_init(&paths.arena, 0);
	if (kind == INTENT_PATHS_ONE)
		fake_one(&q->path, &paths.arena, &paths.is.one, &paths.is.ted);
	else if (kind == INTENT_PATHS_DISJOINT)
		fake_disjoint(q, &paths.arena, &paths.is.disjoint, &paths.is.ted);
	else if (kind == INTENT_PATHS_ALTERNATIVES)
		fake_alternatives(q, &paths.arena, &paths.is.alternatives, &paths.is.ted);
	else if (kind == INTENT_PATHS_MULTIPATH)
		fake_multipath(q, &paths.arena, &paths.is.multipath, &paths.is.ted);
	else
		fake_reach(q, &paths.arena, &paths.is.reached, &paths.is.ted);
	loop_task_init(&paths.task, fake.loop, paths_now, NULL);
	if (!paths.is.ted)
		paths_now(NULL);
	else if (!fake.paths_never)
		loop_task_run(&paths.task);
	return 0;
}

void intent_paths_forget(struct intent *i, const void *arg)
{
	(void)i;
	ck_assert(paths.fn && arg == paths.arg);
	paths.fn = NULL;
	loop_task_cancel(&paths.task);
	arena_fini(&paths.arena);
	fake.paths_forgotten++;
}
