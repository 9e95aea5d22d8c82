/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan fail: what happens if X fails, for every link (both directions), node and SRLG. First the
 * network converges (pce/failure.h): lists that lead over X take other ways, or lose their packets
 * or a constraint. Then requests that lost are placed again without X, in their order, on what the
 * others leave; for some nothing is found. Those are placed by path alone: a list is made when they
 * are sent.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pce/failure.h"
#include "tools/plan/plan_int.h"

#define TREES_BYTES ((size_t)256 << 20)

static const char *const kinds[] = { "link", "node", "srlg" };

struct failing {
	const struct plan_net *n;
	const struct plan_asks *a;
	const struct plan_options *o;
	struct pce_trees *trees;
	struct arena arena;
	struct pce_failures *f;
	struct pce_flow *flow; /* of requests that have a list, in their order */
	uint32_t *ask_of;      /* by flow */
	uint32_t *delay_us;    /* by flow, nothing failed */
	uint32_t n_flows;
	uint64_t *after;     /* by link, of the failure at hand */
	uint64_t *worst;     /* by link, over all failures */
	uint32_t *worst_by;  /* index in failures */
	uint64_t *free_bps;
	json_object *failures;
	uint32_t n_lost; /* failures that cost a request its constraints */
};

/* ---- placing ---- */

static struct pce_request request_of(struct failing *f, size_t i)
{
	struct pce_request r = f->a->asks.at[i].r;

	r.trees = f->trees;
	plan_no_ghosts(f->n, &r);
	if (f->o->book) {
		r.free_bps = f->free_bps;
		r.n_free = f->n->ted->n_links;
	}
	return r;
}

static json_object *lost_entry(const struct failing *f, size_t i, const char *status,
			       const char *why)
{
	json_object *o = json_object_new_object();

	plan_put_text(o, "name", f->a->asks.at[i].name);
	plan_put_text(o, "status", status);
	plan_put_text(o, "why", why ? why : "");
	return o;
}

/* Its list, as a flow with the bounds of the request. */
static int flow_add(struct failing *f, size_t i, const struct pce_answer *a, const char **why)
{
	const struct pce_request *r = &f->a->asks.at[i].r;
	struct pce_flow *w = &f->flow[f->n_flows];
	struct ip_addr sids[PCE_SEGS_MAX];
	uint32_t labels[PCE_SEGS_MAX];
	struct pce_list list = { .dataplane = r->dataplane, .n = a->n_segs, .sids = sids,
				 .labels = labels, .trees = f->trees };
	int rc;

	for (uint32_t k = 0; k < a->n_segs; k++) {
		sids[k] = a->segs[k].sid;
		labels[k] = a->segs[k].label;
	}
	rc = pce_flow_of_list(f->n->ted, r->src, r->dst, &list, &f->arena, w, why);
	if (rc != 0)
		return rc;
	w->rate_bps = r->bandwidth_bps;
	w->delay_us_max = r->delay_us_max;
	w->igp_max = r->igp_max;
	w->te_max = r->te_max;
	w->hops_max = r->hops_max;
	w->bound_variation = r->bound_variation;
	w->variation_us_max = r->variation_us_max;
	w->bound_loss = r->bound_loss;
	w->loss_ppm_max = r->loss_ppm_max;
	f->ask_of[f->n_flows] = (uint32_t)i;
	f->delay_us[f->n_flows++] = a->expansion.delay_us_max;
	return 0;
}

static void take(struct failing *f, const uint32_t *links, uint32_t n, uint64_t bps)
{
	for (uint32_t k = 0; k < n; k++)
		f->free_bps[links[k]] -= bps < f->free_bps[links[k]] ? bps : f->free_bps[links[k]];
}

static int place(struct failing *f, size_t i, json_object *without, struct arena *scratch)
{
	struct pce_request r = request_of(f, i);
	const char *why = "";
	struct pce_answer a;
	int rc = PCE_FLOW_E_LIST;

	pce_compute(f->n->ted, &r, scratch, &a);
	if (a.status == PCE_NO_MEMORY)
		return err_raise(-ENOMEM);
	if (a.status == PCE_OK)
		rc = flow_add(f, i, &a, &why);
	if (rc < 0)
		return rc;
	if (rc > 0)
		(void)json_object_array_add(without, lost_entry(f, i, pce_status_text(a.status),
								a.status == PCE_OK ? why : a.why));
	else
		take(f, a.expansion.links, a.expansion.n_links, r.bandwidth_bps);
	return 0;
}

/* 0, -ENOMEM, or > 0: more bandwidth is asked for than can be counted. */
static int before(struct failing *f, json_object *without)
{
	int rc = 0;

	for (uint32_t l = 0; l < f->n->ted->n_links; l++)
		f->free_bps[l] = f->n->ted->links[l].capacity_bps;
	for (size_t i = 0; rc == 0 && i < f->a->asks.n; i++) {
		struct arena scratch;

		arena_init(&scratch, 0);
		rc = place(f, i, without, &scratch);
		arena_fini(&scratch);
	}
	return rc < 0 ? rc : pce_failures_new(&f->f, f->n->ted, f->flow, f->n_flows, NULL);
}

/* ---- one failure ---- */

struct outcome {
	const struct pce_failure_answer *is;
	struct arena arena;
	json_object *broken, *again, *lost;
	uint32_t moved;
	uint32_t delay_more_us; /* the most one grew by */
	uint32_t *todo, n_todo; /* flows to be placed again */
};

static const struct pce_flow_effect *effect_of(const struct pce_failure_answer *is, uint32_t flow)
{
	for (uint32_t i = 0; i < is->n_effects; i++)
		if (is->effects[i].flow == flow)
			return &is->effects[i];
	return NULL;
}

static json_object *broken_entry(const struct failing *f, uint32_t flow,
				 const struct pce_flow_effect *e, const char *why)
{
	json_object *o = json_object_new_object();

	plan_put_text(o, "name", f->a->asks.at[f->ask_of[flow]].name);
	plan_put_text(o, "loses", e ? pce_flow_loss_text(e->loss) : "constraint");
	if (!e)
		plan_put_text(o, "why", why);
	if (!e || e->loss != PCE_FLOW_BOUND)
		return o;
	plan_put_text(o, "constraint", pce_constraint_text(e->bound));
	if (e->value != PCE_NO_BOUND)
		plan_put_u64(o, "value", e->value);
	plan_put_u64(o, "bound", e->allowed);
	return o;
}

static void later(const struct failing *f, struct outcome *out, uint32_t flow, uint64_t delay_us)
{
	uint64_t was = f->delay_us[flow];

	out->moved++;
	if (delay_us > was && delay_us - was > out->delay_more_us)
		out->delay_more_us = (uint32_t)(delay_us - was);
}

/* Bounds are judged by the analysis; affinities, exclusions and what has to be passed here. */
static bool judge(struct failing *f, struct outcome *out, uint32_t flow)
{
	const struct pce_flow_effect *e = effect_of(out->is, flow);
	struct pce_request r = request_of(f, f->ask_of[flow]);
	struct pce_expansion way;
	const char *why = NULL;

	if (pce_failures_way(f->f, flow, &out->arena, &way) < 0)
		return false;
	r.free_bps = NULL; /* how full links get is told by itself */
	r.bandwidth_bps = 0;
	if (!e && way.valid)
		why = pce_check(f->n->ted, &r, &way, &out->arena);
	if (!e && !why) {
		later(f, out, flow, way.delay_us_max);
		return true;
	}
	(void)json_object_array_add(out->broken, broken_entry(f, flow, e, why));
	out->todo[out->n_todo++] = flow;
	return true;
}

static bool again(struct failing *f, uint32_t flow, struct outcome *out)
{
	struct pce_request r = request_of(f, f->ask_of[flow]);
	uint32_t n = out->is->n_dead + r.n_exclude_links;
	uint32_t *links = ARENA_ARRAY(&out->arena, (size_t)n + 1, uint32_t);
	struct pce_answer a;
	json_object *o;

	if (!links)
		return false;
	memcpy(links, out->is->dead, out->is->n_dead * sizeof(*links));
	if (r.n_exclude_links)
		memcpy(links + out->is->n_dead, r.exclude_links, r.n_exclude_links * sizeof(*links));
	r.exclude_links = links;
	r.n_exclude_links = n;
	pce_path(f->n->ted, &r, &out->arena, &a);
	if (a.status != PCE_OK) {
		(void)json_object_array_add(out->lost, lost_entry(f, f->ask_of[flow],
								  pce_status_text(a.status), a.why));
		return a.status != PCE_NO_MEMORY;
	}
	take(f, a.path, a.n_path, r.bandwidth_bps);
	for (uint32_t k = 0; k < a.n_path; k++)
		f->after[a.path[k]] += r.bandwidth_bps;
	later(f, out, flow, a.delay_us);
	o = json_object_new_object();
	plan_put_text(o, "name", f->a->asks.at[f->ask_of[flow]].name);
	plan_put(o, "path", plan_links(f->n, a.path, a.n_path));
	(void)json_object_array_add(out->again, o);
	return true;
}

static void put_fullest(struct failing *f, json_object *o)
{
	uint32_t by = (uint32_t)json_object_array_length(f->failures), fullest = TED_NONE;
	double most = -1;

	for (uint32_t i = 0; i < f->n->n_told; i++) {
		uint64_t capacity = f->n->ted->links[i].capacity_bps;
		double share = capacity ? (double)f->after[i] / (double)capacity : 0;

		if (share > most) {
			most = share;
			fullest = i;
		}
		if (f->after[i] > f->worst[i]) {
			f->worst[i] = f->after[i];
			f->worst_by[i] = by;
		}
	}
	if (fullest == TED_NONE)
		return;
	plan_put(o, "fullest-link", plan_links(f->n, &fullest, 1));
	plan_put_real(o, "fullest-utilisation", most);
}

/* The others keep what they have; who lost something goes in their order. */
static bool place_again(struct failing *f, struct outcome *out)
{
	for (uint32_t k = 0; k < out->n_todo; k++)
		pce_failures_drop(f->f, out->todo[k]);
	for (uint32_t l = 0; l < f->n->ted->n_links; l++) {
		uint64_t capacity = f->n->ted->links[l].capacity_bps;

		f->after[l] = pce_failures_after_bps(f->f, l);
		f->free_bps[l] = f->after[l] < capacity ? capacity - f->after[l] : 0;
	}
	for (uint32_t k = 0; k < out->n_todo; k++)
		if (!again(f, out->todo[k], out))
			return false;
	return true;
}

static bool judge_all(struct failing *f, const struct pce_failure *what,
		      struct pce_failure_answer *is, struct outcome *out)
{
	if (pce_failures_ask(f->f, what, &out->arena, is) != 0)
		return false;
	out->todo = ARENA_ARRAY(&out->arena, (size_t)is->n_moved + 1, uint32_t);
	for (uint32_t k = 0; out->todo && k < is->n_moved; k++)
		if (!judge(f, out, is->moved[k]))
			return false;
	return out->todo && place_again(f, out);
}

static void put_outcome(json_object *o, struct failing *f, const struct outcome *out)
{
	const struct pce_fullest *converged = &out->is->fullest;

	plan_put_u64(o, "links-down", out->is->n_dead);
	plan_put_u64(o, "hit", out->is->n_moved);
	plan_put_u64(o, "moved", out->moved);
	plan_put_u64(o, "delay-more", out->delay_more_us);
	plan_put(o, "broken", out->broken);
	plan_put(o, "placed-again", out->again);
	plan_put(o, "lost", out->lost);
	if (converged->link != TED_NONE) {
		plan_put(o, "converged-fullest-link", plan_links(f->n, &converged->link, 1));
		plan_put_real(o, "converged-fullest-utilisation", (double)converged->ppb / 1e9);
	}
	put_fullest(f, o);
}

static bool one(struct failing *f, enum pce_failure_kind kind, uint32_t index, const char *name)
{
	const struct pce_failure what = { kind, index };
	struct pce_failure_answer is;
	struct outcome out = { .is = &is, .broken = json_object_new_array(),
			       .again = json_object_new_array(), .lost = json_object_new_array() };
	json_object *o = json_object_new_object();
	bool good;

	arena_init(&out.arena, 0);
	good = judge_all(f, &what, &is, &out);
	plan_put_text(o, "kind", kinds[kind]);
	plan_put_text(o, "element", name);
	if (good) {
		f->n_lost += json_object_array_length(out.lost) > 0;
		put_outcome(o, f, &out);
		(void)json_object_array_add(f->failures, o);
	} else {
		json_object_put(out.broken);
		json_object_put(out.again);
		json_object_put(out.lost);
		json_object_put(o);
	}
	arena_fini(&out.arena);
	return good;
}

/* ---- all failures ---- */

static bool say(const struct failing *f, const char *what, uint32_t i, uint32_t n)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%s %u of %u", what, i, n);
	return !f->o->go_on || f->o->go_on(f->o->arg, text);
}

static const char *name_of(const struct ted *t, enum pce_failure_kind kind, uint32_t index,
			   char *buf, size_t cap)
{
	if (kind == PCE_FAIL_LINK)
		return ted_link_label(t, index, buf, cap);
	if (kind == PCE_FAIL_NODE)
		return ted_node_label(t, index);
	(void)snprintf(buf, cap, "%u", index);
	return buf;
}

/* 1: interrupted; 0; -ENOMEM. */
static int kind_fails(struct failing *f, enum pce_failure_kind kind)
{
	char name[TED_LABEL_MAX];
	struct arena a;
	const uint32_t *all;
	uint32_t n;
	int rc = 0;

	arena_init(&a, 0);
	all = pce_failures_all(f->f, kind, &a, &n);
	if (!all)
		rc = err_raise(-ENOMEM);
	for (uint32_t i = 0; rc == 0 && i < n; i++) {
		if (!say(f, kinds[kind], i, n))
			rc = 1;
		else if (!one(f, kind, all[i], name_of(f->n->ted, kind, all[i], name, sizeof(name))))
			rc = err_raise(-ENOMEM);
	}
	arena_fini(&a);
	return rc;
}

static int all_fail(struct failing *f)
{
	int rc = kind_fails(f, PCE_FAIL_LINK);

	if (rc == 0)
		rc = kind_fails(f, PCE_FAIL_NODE);
	return rc ? rc : kind_fails(f, PCE_FAIL_SRLG);
}

/* ---- what comes out ---- */

static const char *failure_text(const struct failing *f, uint32_t by, char *buf, size_t cap)
{
	json_object *o = json_object_array_get_idx(f->failures, by), *kind = NULL, *element = NULL;

	if (json_object_object_get_ex(o, "kind", &kind) && json_object_object_get_ex(o, "element", &element))
		(void)snprintf(buf, cap, "%s %s", json_object_get_string(kind),
			       json_object_get_string(element));
	return buf;
}

static json_object *link_rows(const struct failing *f)
{
	json_object *list = json_object_new_array();
	char label[TED_LABEL_MAX], by[TED_LABEL_MAX + 8];

	for (uint32_t i = 0; i < f->n->n_told; i++) {
		uint64_t capacity = f->n->ted->links[i].capacity_bps;
		uint64_t load = pce_failures_load_bps(f->f, i);
		json_object *o = json_object_new_object();

		plan_put_text(o, "link", ted_link_label(f->n->ted, i, label, sizeof(label)));
		plan_put_text(o, "id", f->n->link_ids.at[i]);
		plan_put_u64(o, "load", load);
		plan_put_u64(o, "capacity", capacity);
		if (capacity)
			plan_put_real(o, "utilisation", (double)load / (double)capacity);
		if (f->worst[i]) {
			plan_put_u64(o, "worst-load", f->worst[i]);
			plan_put_text(o, "worst-when-fails", failure_text(f, f->worst_by[i], by, sizeof(by)));
		}
		if (f->worst[i] && capacity)
			plan_put_real(o, "worst-utilisation", (double)f->worst[i] / (double)capacity);
		(void)json_object_array_add(list, o);
	}
	return list;
}

static bool room(struct failing *f)
{
	uint32_t m = f->n->ted->n_links + 1;
	size_t n = f->a->asks.n + 1;

	f->flow = ARENA_ARRAY(&f->arena, n, struct pce_flow);
	f->ask_of = ARENA_ARRAY(&f->arena, n, uint32_t);
	f->delay_us = ARENA_ARRAY(&f->arena, n, uint32_t);
	f->after = ARENA_ARRAY(&f->arena, m, uint64_t);
	f->worst = ARENA_ARRAY(&f->arena, m, uint64_t);
	f->worst_by = ARENA_ARRAY(&f->arena, m, uint32_t);
	f->free_bps = ARENA_ARRAY(&f->arena, m, uint64_t);
	return f->flow && f->ask_of && f->delay_us && f->after && f->worst && f->worst_by &&
	       f->free_bps && pce_trees_new(&f->trees, TREES_BYTES) == 0;
}

static json_object *answer(const struct failing *f, bool stopped, json_object *without)
{
	json_object *o = plan_head(f->n, "fail");

	plan_put_u64(o, "requests", f->a->asks.n);
	plan_put_text(o, "end", stopped ? "stopped" : "done");
	plan_put(o, "without-path", without);
	plan_put_u64(o, "failures-that-cost", f->n_lost);
	plan_put(o, "results", f->failures);
	plan_put(o, "utilisation", link_rows(f));
	return o;
}

int plan_fail(const struct plan_net *n, const struct plan_asks *a, const struct plan_options *o,
	      json_object **out, struct str *err)
{
	struct failing f = { .n = n, .a = a, .o = o, .failures = json_object_new_array() };
	json_object *without = json_object_new_array();
	int rc = -ENOMEM, all = 0;

	arena_init(&f.arena, 0);
	if (room(&f))
		rc = before(&f, without);
	if (rc == 0)
		all = all_fail(&f);
	if (rc != 0 || all < 0) {
		str_add(err, rc > 0 ? "the requests ask for more bandwidth than can be counted" :
				      "no memory");
		json_object_put(without);
		json_object_put(f.failures);
	} else {
		*out = answer(&f, all > 0, without);
	}
	pce_failures_free(f.f);
	pce_trees_free(f.trees);
	arena_fini(&f.arena);
	return rc != 0 || all < 0 ? PLAN_REFUSED : PLAN_FINE;
}
