/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One member of a group, kept apart from the ways that the others have. From the kind asked for
 * down (pce/disjoint.h): only it moves, for who is well is left alone; where that gives nothing as
 * disjoint as could be had, all members that may be moved are placed together. Strict members
 * take nothing else than what was asked. Pure, for any thread, as eval.c.
 */
#include <stdio.h>
#include <string.h>

#include "intent/group/group.h"

static bool prepare(struct intent_eval *e)
{
	struct intent_group_eval *g = e->group;

	if (g->broken)
		return false;
	for (uint32_t i = 0; !g->ready && i < g->n; i++) {
		struct intent_peer *p = &g->peer[i];
		const struct sr_policy_key *k = &p->desired->p.key;
		const struct intent_way w = { .links = p->links, .n = p->n_links,
					      .src = intent_endpoint_node(e->ted, &k->headend),
					      .dst = intent_endpoint_node(e->ted, &k->endpoint) };

		if (!intent_takes_of(e->ted, &w, &e->arena, &p->takes))
			return false;
	}
	g->ready = true;
	return true;
}

static void stay(struct intent_group_eval *g)
{
	for (uint32_t i = 0; i < g->n; i++)
		g->peer[i].moves = false;
}

/* ---- what a way shares with the others ---- */

static const struct intent_takes *takes_now(struct intent_eval *e, const struct intent_peer *p,
					    struct intent_takes *buf)
{
	const struct intent_way to = { .links = p->to.links, .n = p->to.n_links,
				       .src = p->takes.src, .dst = p->takes.dst };

	if (!p->moves)
		return &p->takes;
	return intent_takes_of(e->ted, &to, &e->arena, buf) ? buf : NULL;
}

static const char *shared_text(struct intent_eval *e, const struct intent_peer *with,
			       const struct intent_shares *s)
{
	char what[TED_LABEL_MAX + 16], key[SR_KEY_TEXT_MAX];

	return arena_printf(&e->arena, "disjointness group %u (%s): shares %s with policy %s",
			    e->group->id, intent_diverse_text(e->group->diverse),
			    intent_shares_text(e->ted, e->group->diverse, s, what, sizeof(what)),
			    sr_policy_key_text(&with->desired->p.key, key, sizeof(key)));
}

const char *intent_eval_shares(struct intent_eval *e, const uint32_t *links, uint32_t n,
			       uint32_t *score)
{
	struct intent_group_eval *g = e->group;
	const struct sr_policy_key *k = &e->desired->p.key;
	const struct intent_way w = { .links = links, .n = n,
				      .src = intent_endpoint_node(e->ted, &k->headend),
				      .dst = intent_endpoint_node(e->ted, &k->endpoint) };
	struct intent_takes mine, buf;
	uint32_t worst = 0;
	const char *why = NULL;

	if (!prepare(e) || !intent_takes_of(e->ted, &w, &e->arena, &mine))
		return "no memory";
	for (uint32_t i = 0; i < g->n; i++) {
		const struct intent_takes *theirs = takes_now(e, &g->peer[i], &buf);
		struct intent_shares s;
		uint32_t is;

		if (!theirs)
			return "no memory";
		intent_shares_of(&mine, theirs, &s);
		is = intent_shares_score(g->diverse, &s);
		if (is <= worst)
			continue;
		worst = is;
		why = shared_text(e, &g->peer[i], &s);
	}
	if (score)
		*score = worst;
	return why || worst == 0 ? why : "no memory";
}

/* ---- only it moves ---- */

static uint32_t rung_score(const struct intent_group_eval *g, uint8_t diverse)
{
	const struct intent_shares s = { .nodes = !(diverse & PCE_DIVERSE_NODE),
					 .srlgs = !(diverse & PCE_DIVERSE_SRLG) };

	return intent_shares_score(g->diverse, &s);
}

static bool alone(struct intent_eval *e, const struct intent_cpath *c, const struct pce_request *req,
		  uint8_t diverse)
{
	struct intent_group_eval *g = e->group;
	struct pce_request r = *req;
	const char *was = e->why;
	bool found = true;

	for (uint32_t i = 0; found && i < g->n; i++)
		found = intent_keep_off(e->ted, &r, &g->peer[i].takes, diverse, &e->arena);
	if (!found)
		return false;
	r.brief = true;
	g->kept = rung_score(g, diverse);
	found = intent_eval_one(e, c, &r);
	e->why = was;
	return found;
}

/* A way that has been found before, as a request that nothing else can answer. */
static bool pinned(struct intent_eval *e, const struct intent_peer *p, struct pce_request *out)
{
	struct pce_pass *at = ARENA_ARRAY(&e->arena, PCE_PASSES_MAX, struct pce_pass);

	*out = (struct pce_request){ .src = p->takes.src, .dst = p->takes.dst,
				     .delay_us_max = PCE_NO_BOUND, .hops_max = PCE_NO_BOUND,
				     .igp_max = PCE_NO_BOUND, .te_max = PCE_NO_BOUND,
				     .minimise = PCE_HOPS, .include = at, .n_include = p->n_path };
	if (!at || p->n_path == 0 || p->n_path > PCE_PASSES_MAX || out->dst == TED_NONE)
		return false;
	for (uint32_t k = 0; k < p->n_path; k++)
		at[k] = (struct pce_pass){ .link = p->path[k], .strict = true };
	return true;
}

/* The last resort: something is shared, and as little as can be, the others staying where they are. */
static bool little(struct intent_eval *e, const struct intent_cpath *c, const struct pce_request *req)
{
	struct intent_group_eval *g = e->group;
	struct pce_request leg[INTENT_GROUP_MAX] = { *req };
	const struct pce_disjoint d = { .leg = leg, .n_legs = g->n + 1, .diverse = g->diverse,
					.shortest = ((UINT32_C(1) << g->n) - 1) << 1,
					.budget = INTENT_GROUP_BUDGET };
	struct pce_disjoint_answer ans;

	for (uint32_t i = 0; i < g->n; i++) {
		if (!pinned(e, &g->peer[i], &leg[i + 1]))
			return false;
	}
	pce_disjoint_paths(e->ted, &d, &e->arena, &ans);
	if (ans.status != PCE_OK)
		return false;
	pce_encode(e->ted, req, ans.leg[0].path, ans.leg[0].n_path, &e->arena, &ans.leg[0]);
	if (ans.leg[0].status != PCE_OK)
		return false;
	intent_route_of_answer(e->ted, &ans.leg[0], c, e->desired->p.dataplane, &e->best);
	return true;
}

static bool anyhow(struct intent_eval *e, const struct intent_cpath *c, const struct pce_request *req)
{
	e->group->kept = 0; /* whatever the list in force shares, another may share less */
	return little(e, c, req) || intent_eval_one(e, c, req);
}

/* ---- all that may move ---- */

struct joint {
	struct pce_request leg[INTENT_GROUP_MAX];
	const struct intent_cpath *c[INTENT_GROUP_MAX];
	struct intent_peer *who[INTENT_GROUP_MAX]; /* NULL: the one evaluated */
	uint32_t n;
	struct pce_disjoint_answer ans;
};

/* The one it is on; RFC 9256 s2.9 where it is on none that is computed. */
static const struct intent_cpath *computed_cpath(const struct intent_peer *p)
{
	const struct intent_cpath *c = intent_cpath_find(&p->desired->p, p->preference);

	return c && c->kind == INTENT_DYNAMIC ? c : NULL;
}

static bool movable(const struct intent_peer *p)
{
	return !p->fixed && computed_cpath(p);
}

/* Free bandwidth as the peer sees it, its own share of it included. */
static bool room_of(struct intent_eval *e, const struct intent_peer *p, struct pce_request *r)
{
	uint32_t n = p->snap ? p->snap->view.n : 0;
	uint64_t *room;

	if (!p->snap)
		return r->bandwidth_bps == 0;
	room = arena_copy(&e->arena, p->snap->view.bps, n * sizeof(*room));
	for (uint32_t i = 0; room && i < p->n_own; i++) {
		if (p->own[i].link < n)
			room[p->own[i].link] = p->own[i].free_bps;
	}
	r->free_bps = room;
	r->n_free = n;
	return room != NULL;
}

static bool joint_leg(struct intent_eval *e, struct joint *j, struct intent_peer *p)
{
	struct pce_request *r = &j->leg[j->n];
	const char *bad;

	j->who[j->n] = p;
	j->c[j->n] = computed_cpath(p);
	(void)intent_request_of(e->ted, &p->desired->p, j->c[j->n], &e->arena, r, &bad);
	r->msd = p->msd;
	r->trees = e->trees;
	r->strict = true;
	j->n++;
	return r->src != TED_NONE && r->dst != TED_NONE && room_of(e, p, r);
}

static bool off_fixed(struct intent_eval *e, struct joint *j)
{
	struct intent_group_eval *g = e->group;

	for (uint32_t k = 0; k < j->n; k++) {
		for (uint32_t i = 0; i < g->n; i++) {
			if (!movable(&g->peer[i]) &&
			    !intent_keep_off(e->ted, &j->leg[k], &g->peer[i].takes, g->diverse, &e->arena))
				return false;
		}
	}
	return true;
}

static bool joint_run(struct intent_eval *e, const struct intent_cpath *c,
		      const struct pce_request *req, struct joint *j)
{
	struct intent_group_eval *g = e->group;
	struct pce_disjoint set = { .leg = j->leg, .diverse = g->diverse,
				    .strict = !g->best_available, .budget = INTENT_GROUP_BUDGET };

	*j = (struct joint){ .leg[0] = *req, .c[0] = c, .n = 1, .ans.status = PCE_INVALID };
	for (uint32_t i = 0; i < g->n; i++) {
		if (movable(&g->peer[i]) && !joint_leg(e, j, &g->peer[i]))
			return false;
	}
	if (j->n < 2 || !off_fixed(e, j))
		return false;
	set.n_legs = j->n;
	pce_disjoint(e->ted, &set, &e->arena, &j->ans);
	return j->ans.status == PCE_OK;
}

static bool same_path(const struct intent_peer *p, const struct pce_answer *a)
{
	return p->n_path == a->n_path && p->n_path > 0 &&
	       memcmp(p->path, a->path, p->n_path * sizeof(*p->path)) == 0;
}

/* False: a headend does not take its list; then nobody moves. */
static bool joint_take(struct intent_eval *e, struct joint *j)
{
	for (uint32_t k = 1; k < j->n; k++) {
		struct intent_peer *p = j->who[k];

		p->moves = !same_path(p, &j->ans.leg[k]);
		if (!p->moves)
			continue;
		intent_route_of_answer(e->ted, &j->ans.leg[k], j->c[k], p->desired->p.dataplane, &p->to);
		if (p->refused && sr_list_eq(&p->to.list, p->refused)) {
			stay(e->group);
			return false;
		}
	}
	intent_route_of_answer(e->ted, &j->ans.leg[0], j->c[0], e->desired->p.dataplane, &e->best);
	return true;
}

/* ---- from what was asked down ---- */

static const uint8_t weaker[] = { PCE_DIVERSE_SRLG | PCE_DIVERSE_LINK, PCE_DIVERSE_NODE | PCE_DIVERSE_LINK,
				  PCE_DIVERSE_LINK };

static bool second_best(struct intent_eval *e, const struct intent_cpath *c,
			const struct pce_request *req, struct joint *j, bool found)
{
	struct intent_group_eval *g = e->group;
	uint32_t together = found ? rung_score(g, j->ans.met) : UINT32_MAX;

	if (found && !(j->ans.met & PCE_DIVERSE_LINK))
		found = false; /* nobody is moved to share a link elsewhere */
	for (size_t i = 0; i < ARRAY_LEN(weaker); i++) {
		uint32_t score = rung_score(g, weaker[i]);

		if (score == 0 || ((weaker[i] & PCE_DIVERSE_SRLG) && !(g->diverse & PCE_DIVERSE_SRLG)))
			continue;
		if (alone(e, c, req, weaker[i]))
			return true;
		if (found && together <= score && joint_take(e, j))
			return true;
	}
	return anyhow(e, c, req);
}

/* Without regard to the others there is a path, or that is what is told. */
static bool none(struct intent_eval *e, const struct intent_cpath *c, const struct pce_request *req,
		 const struct joint *j)
{
	const struct intent_group_eval *g = e->group;
	char key[SR_KEY_TEXT_MAX];

	e->group->kept = 0;
	if (!intent_eval_one(e, c, req))
		return false;
	intent_route_init(&e->best, 0);
	e->blocked = e->blocked || req->bandwidth_bps > 0;
	if (j->ans.why && j->ans.why[0])
		intent_eval_relax(e, j->ans.relax, j->ans.n_relax, j->ans.relax_together);
	intent_eval_why(e, j->ans.why && j->ans.why[0] ?
				   arena_printf(&e->arena, "disjointness group %u: %s", g->id, j->ans.why) :
				   arena_printf(&e->arena,
						"disjointness group %u: no path is %s disjoint from "
						"policy %s, which cannot be moved now",
						g->id, intent_diverse_text(g->diverse),
						sr_policy_key_text(&g->peer[0].desired->p.key, key,
								   sizeof(key))));
	return false;
}

bool intent_eval_apart(struct intent_eval *e, const struct intent_cpath *c, struct pce_request *req)
{
	struct intent_group_eval *g = e->group;
	struct joint *j = ARENA_NEW(&e->arena, struct joint);
	bool found;

	if (!j || !prepare(e)) {
		intent_eval_why(e, "no memory");
		return false;
	}
	stay(g);
	g->kept = 0;
	if (g->n == 0)
		return intent_eval_one(e, c, req);
	if (alone(e, c, req, g->diverse))
		return true;
	found = joint_run(e, c, req, j);
	if (found && (g->diverse & ~j->ans.met) == 0 && joint_take(e, j))
		return true;
	return g->best_available ? second_best(e, c, req, j, found) : none(e, c, req, j);
}

/* ---- what was found leaves the memory it was found in ---- */

bool intent_eval_group_keep(struct intent_eval *e, struct arena *a)
{
	struct intent_group_eval *g = e->group;

	for (uint32_t i = 0; g && i < g->n; i++) {
		struct intent_route *r = &g->peer[i].to;

		if (!g->peer[i].moves)
			continue;
		r->path = arena_copy(a, r->path, r->n_path * sizeof(*r->path));
		r->links = arena_copy(a, r->links, r->n_links * sizeof(*r->links));
		if (!r->path || !r->links)
			return false;
	}
	return true;
}
