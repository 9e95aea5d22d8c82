/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan fail: what happens if X fails, for every link (both directions), node and SRLG. Requests
 * that are on it are placed again without it, in their order; those that cannot lose their
 * constraints; then the fullest link is looked for. Paths alone: a list is made when they are sent.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bitset.h"
#include "tools/plan/plan_int.h"

#define TREES_BYTES ((size_t)256 << 20)

enum element { E_LINK, E_NODE, E_SRLG };

static const char *const element_names[] = { "link", "node", "srlg" };

/* Where a request is before anything fails. */
struct place {
	const uint32_t *path;
	uint32_t n;
	uint32_t delay_us;
};

struct failing {
	const struct plan_net *n;
	const struct plan_asks *a;
	const struct plan_options *o;
	struct pce_trees *trees;
	struct arena arena;
	struct place *place;
	uint64_t *load;	 /* by link, nothing failed */
	uint64_t *after; /* by link, of the failure at hand */
	uint64_t *worst; /* by link, over all failures */
	uint32_t *worst_by; /* index in failures */
	uint64_t *free_bps;
	uint64_t *down; /* bitset of links */
	uint32_t *links; /* the same as a list */
	uint32_t n_links;
	json_object *failures;
	uint32_t n_lost; /* failures that cost a request its constraints */
};

/* ---- placing ---- */

static bool answer(struct failing *f, size_t i, struct arena *a,
		   struct pce_answer *out)
{
	struct pce_request r = f->a->asks.at[i].r;
	uint32_t *links;

	r.trees = f->trees;
	plan_no_ghosts(f->n, &r);
	if (f->o->book) {
		r.free_bps = f->free_bps;
		r.n_free = f->n->ted->n_links;
	}
	if (f->n_links) {
		links = ARENA_ARRAY(a, f->n_links + r.n_exclude_links, uint32_t);
		if (!links)
			return false;
		memcpy(links, f->links, f->n_links * sizeof(*links));
		if (r.n_exclude_links)
			memcpy(links + f->n_links, r.exclude_links, r.n_exclude_links * sizeof(*links));
		r.exclude_links = links;
		r.n_exclude_links += f->n_links;
	}
	pce_path(f->n->ted, &r, a, out);
	return out->status != PCE_NO_MEMORY;
}

static void charge(struct failing *f, uint64_t *load, const uint32_t *path, uint32_t n, uint64_t bps)
{
	for (uint32_t k = 0; k < n; k++) {
		uint64_t capacity = f->n->ted->links[path[k]].capacity_bps;

		load[path[k]] += bps;
		f->free_bps[path[k]] = load[path[k]] < capacity ? capacity - load[path[k]] : 0;
	}
}

static void rooms(struct failing *f, const uint64_t *load)
{
	for (uint32_t i = 0; i < f->n->ted->n_links; i++) {
		uint64_t capacity = f->n->ted->links[i].capacity_bps;

		f->free_bps[i] = load[i] < capacity ? capacity - load[i] : 0;
	}
}

static json_object *lost_entry(const struct failing *f, size_t i, const struct pce_answer *a)
{
	json_object *o = json_object_new_object();

	plan_put_text(o, "name", f->a->asks.at[i].name);
	plan_put_text(o, "status", pce_status_text(a->status));
	plan_put_text(o, "why", a->why ? a->why : "");
	return o;
}

static bool before(struct failing *f, json_object *without)
{
	rooms(f, f->load);
	for (size_t i = 0; i < f->a->asks.n; i++) {
		struct pce_answer a;
		struct arena scratch;
		bool good;

		arena_init(&scratch, 0);
		good = answer(f, i, &scratch, &a);
		if (good && a.status == PCE_OK) {
			f->place[i] = (struct place){ .n = a.n_path, .delay_us = a.delay_us,
				.path = arena_copy(&f->arena, a.path, a.n_path * sizeof(*a.path)) };
			good = f->place[i].path != NULL;
			charge(f, f->load, a.path, a.n_path, f->a->asks.at[i].r.bandwidth_bps);
		} else if (good) {
			(void)json_object_array_add(without, lost_entry(f, i, &a));
		}
		arena_fini(&scratch);
		if (!good)
			return false;
	}
	return true;
}

/* ---- one failure ---- */

static bool hit(const struct failing *f, const struct place *p)
{
	for (uint32_t k = 0; k < p->n; k++)
		if (bitset_has(f->down, p->path[k]))
			return true;
	return false;
}

struct outcome {
	json_object *lost;
	uint32_t hit, moved, lost_n;
	uint32_t delay_more_us; /* the most one grew by */
};

static bool again(struct failing *f, size_t i, struct outcome *out)
{
	const struct place *p = &f->place[i];
	struct pce_answer a;
	struct arena scratch;
	bool good;

	arena_init(&scratch, 0);
	good = answer(f, i, &scratch, &a);
	if (good && a.status == PCE_OK) {
		charge(f, f->after, a.path, a.n_path, f->a->asks.at[i].r.bandwidth_bps);
		out->moved++;
		if (a.delay_us > p->delay_us && a.delay_us - p->delay_us > out->delay_more_us)
			out->delay_more_us = a.delay_us - p->delay_us;
	} else if (good) {
		out->lost_n++;
		(void)json_object_array_add(out->lost, lost_entry(f, i, &a));
	}
	arena_fini(&scratch);
	return good;
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

static bool one(struct failing *f, enum element kind, const char *name)
{
	struct outcome out = { .lost = json_object_new_array() };
	json_object *o = json_object_new_object();

	memcpy(f->after, f->load, f->n->ted->n_links * sizeof(*f->after));
	for (size_t i = 0; i < f->a->asks.n; i++) {
		if (!hit(f, &f->place[i]))
			continue;
		out.hit++;
		for (uint32_t k = 0; k < f->place[i].n; k++)
			f->after[f->place[i].path[k]] -= f->a->asks.at[i].r.bandwidth_bps;
	}
	rooms(f, f->after);
	for (size_t i = 0; i < f->a->asks.n; i++)
		if (hit(f, &f->place[i]) && !again(f, i, &out)) {
			json_object_put(o);
			json_object_put(out.lost);
			return false;
		}
	f->n_lost += out.lost_n > 0;
	plan_put_text(o, "kind", element_names[kind]);
	plan_put_text(o, "element", name);
	plan_put_u64(o, "links-down", f->n_links);
	plan_put_u64(o, "hit", out.hit);
	plan_put_u64(o, "moved", out.moved);
	plan_put_u64(o, "delay-more", out.delay_more_us);
	plan_put(o, "lost", out.lost);
	put_fullest(f, o);
	(void)json_object_array_add(f->failures, o);
	return true;
}

/* ---- all failures ---- */

static void take_down(struct failing *f, uint32_t link)
{
	uint32_t both[2] = { link, f->n->ted->links[link].reverse };

	for (unsigned k = 0; k < 2; k++)
		if (both[k] != TED_NONE && !bitset_has(f->down, both[k])) {
			bitset_add(f->down, both[k]);
			f->links[f->n_links++] = both[k];
		}
}

static void bring_up(struct failing *f)
{
	while (f->n_links)
		bitset_del(f->down, f->links[--f->n_links]);
}

static bool lists(const struct ted_link *l, uint32_t srlg)
{
	for (uint16_t k = 0; k < l->n_srlg; k++)
		if (l->srlg[k] == srlg)
			return true;
	return false;
}

static bool say(const struct failing *f, const char *what, uint32_t i, uint32_t n)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%s %u of %u", what, i, n);
	return !f->o->go_on || f->o->go_on(f->o->arg, text);
}

/* 1: interrupted; 0; -ENOMEM. */
static int links_fail(struct failing *f)
{
	const struct ted *t = f->n->ted;
	char name[TED_LABEL_MAX];

	for (uint32_t i = 0; i < f->n->n_told; i++) {
		uint32_t reverse = t->links[i].reverse;
		bool good;

		if (!say(f, "link", i, f->n->n_told))
			return 1;
		if (reverse == TED_NONE || (reverse < i && reverse < f->n->n_told))
			continue; /* a half, or looked at from the other side */
		take_down(f, i);
		good = one(f, E_LINK, ted_link_label(t, i, name, sizeof(name)));
		bring_up(f);
		if (!good)
			return -ENOMEM;
	}
	return 0;
}

static int nodes_fail(struct failing *f)
{
	const struct ted *t = f->n->ted;

	for (uint32_t v = 0; v < t->n_nodes; v++) {
		bool good;

		if (!say(f, "node", v, t->n_nodes))
			return 1;
		for (uint32_t k = t->out.start[v]; k < t->out.start[v + 1]; k++)
			take_down(f, t->out.idx[k]);
		good = one(f, E_NODE, ted_node_label(t, v));
		bring_up(f);
		if (!good)
			return -ENOMEM;
	}
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int srlgs_fail(struct failing *f)
{
	const struct ted *t = f->n->ted;
	size_t n = 0, k = 0;
	uint32_t *all;

	for (uint32_t i = 0; i < t->n_links; i++)
		n += t->links[i].n_srlg;
	all = ARENA_ARRAY(&f->arena, n + 1, uint32_t);
	if (!all)
		return -ENOMEM;
	for (uint32_t i = 0; i < t->n_links; i++)
		for (uint16_t s = 0; s < t->links[i].n_srlg; s++)
			all[k++] = t->links[i].srlg[s];
	qsort(all, n, sizeof(*all), by_number);
	for (k = 0; k < n; k++) {
		char name[16];
		bool good;

		if (!say(f, "SRLG", (uint32_t)k, (uint32_t)n))
			return 1;
		if (k > 0 && all[k] == all[k - 1])
			continue;
		for (uint32_t i = 0; i < f->n->n_told; i++)
			if (lists(&t->links[i], all[k]))
				take_down(f, i);
		(void)snprintf(name, sizeof(name), "%u", all[k]);
		good = one(f, E_SRLG, name);
		bring_up(f);
		if (!good)
			return -ENOMEM;
	}
	return 0;
}

static int all_fail(struct failing *f)
{
	int rc = links_fail(f);

	if (rc == 0)
		rc = nodes_fail(f);
	return rc ? rc : srlgs_fail(f);
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
		json_object *o = json_object_new_object();

		plan_put_text(o, "link", ted_link_label(f->n->ted, i, label, sizeof(label)));
		plan_put_text(o, "id", f->n->link_ids.at[i]);
		plan_put_u64(o, "load", f->load[i]);
		plan_put_u64(o, "capacity", capacity);
		if (capacity)
			plan_put_real(o, "utilisation", (double)f->load[i] / (double)capacity);
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

	f->place = ARENA_ARRAY(&f->arena, f->a->asks.n + 1, struct place);
	f->load = ARENA_ARRAY(&f->arena, m, uint64_t);
	f->after = ARENA_ARRAY(&f->arena, m, uint64_t);
	f->worst = ARENA_ARRAY(&f->arena, m, uint64_t);
	f->worst_by = ARENA_ARRAY(&f->arena, m, uint32_t);
	f->free_bps = ARENA_ARRAY(&f->arena, m, uint64_t);
	f->down = ARENA_ARRAY(&f->arena, BITSET_WORDS(m), uint64_t);
	f->links = ARENA_ARRAY(&f->arena, m, uint32_t);
	return f->place && f->load && f->after && f->worst && f->worst_by && f->free_bps && f->down &&
	       f->links && pce_trees_new(&f->trees, TREES_BYTES) == 0;
}

int plan_fail(const struct plan_net *n, const struct plan_asks *a, const struct plan_options *o,
	      json_object **out, struct str *err)
{
	struct failing f = { .n = n, .a = a, .o = o, .failures = json_object_new_array() };
	json_object *without = json_object_new_array();
	int rc;

	arena_init(&f.arena, 0);
	rc = room(&f) && before(&f, without) ? all_fail(&f) : -ENOMEM;
	if (rc < 0) {
		str_add(err, "no memory");
		json_object_put(without);
		json_object_put(f.failures);
	} else {
		*out = plan_head(n, "fail");
		plan_put_u64(*out, "requests", a->asks.n);
		plan_put_text(*out, "end", rc ? "stopped" : "done");
		plan_put(*out, "without-path", without);
		plan_put_u64(*out, "failures-that-cost", f.n_lost);
		plan_put(*out, "results", f.failures);
		plan_put(*out, "utilisation", link_rows(&f));
	}
	f.trees = pce_trees_free(f.trees);
	arena_fini(&f.arena);
	return rc < 0 ? PLAN_REFUSED : PLAN_FINE;
}
