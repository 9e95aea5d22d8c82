/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups of policies kept apart from one another (RFC 8800): who is in them, what holds of them
 * now, what an evaluation is told of the others. A group is there while it has members, a policy
 * is a member by what is desired of it. Who is in the way of nobody (down, without a path, its
 * links gone) is a member all the same. When the way of one changes the others are looked at
 * again, as for good news: nobody moves for what is as good as it was.
 */
#include "intent/group/group.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"

struct intent_group {
	struct hash_node node; /* by id */
	struct intent *i;
	uint32_t id;
	VEC(struct intent_pol *) at; /* members, by key */
	unsigned shown; /* of met_names */
};

/* What all that are placed keep of what was asked; "alone": fewer than two are. */
static const char *const met_names[INTENT_GROUP_METS] = { "alone", "none", "link", "node", "srlg",
							  "srlg-node" };

static uint64_t mix(uint64_t h, const void *data, size_t n)
{
	const uint8_t *b = data;

	for (size_t k = 0; k < n; k++)
		h = (h ^ b[k]) * UINT64_C(1099511628211);
	return h;
}

/* ---- the table ---- */

static bool group_eq(const struct hash_node *n, const void *key)
{
	return HASH_OF(n, struct intent_group, node)->id == *(const uint32_t *)key;
}

void intent_groups_init(struct intent *i)
{
	char label[32];

	hash_init(&i->groups, loop_random(i->loop), group_eq);
	for (unsigned k = 0; k < ARRAY_LEN(met_names); k++) {
		(void)snprintf(label, sizeof(label), "met=\"%s\"", met_names[k]);
		i->m_group[k] = metric_gauge("sextant_disjointness_groups",
					     "Groups of policies by what keeps all of them apart", label);
		metric_set(i->m_group[k], 0);
	}
}

static struct intent_group *group_find(const struct intent *i, uint32_t id)
{
	struct hash_node *n = hash_get(&i->groups, &id, sizeof(id), &id);

	return n ? HASH_OF(n, struct intent_group, node) : NULL;
}

static void group_count(struct intent *i, unsigned met, bool more)
{
	i->n_groups[met] += more ? 1 : UINT32_MAX;
	metric_set(i->m_group[met], i->n_groups[met]);
}

uint32_t intent_group_size(const struct intent *i, uint32_t id)
{
	const struct intent_group *g = group_find(i, id);

	return g ? (uint32_t)g->at.n : 0;
}

static struct intent_group *group_get(struct intent *i, uint32_t id)
{
	struct intent_group *g = group_find(i, id);

	if (g)
		return g;
	g = calloc(1, sizeof(*g));
	if (!g || hash_put(&i->groups, &id, sizeof(id), &g->node) < 0) {
		free(g);
		return NULL;
	}
	g->i = i;
	g->id = id;
	group_count(i, g->shown, true);
	return g;
}

static void group_trim(struct intent_group *g)
{
	if (g->at.n > 0)
		return;
	group_count(g->i, g->shown, false);
	hash_del(&g->i->groups, &g->node);
	VEC_FINI(&g->at);
	free(g);
}

/* ---- what holds ---- */

static bool placed(const struct intent_pol *p)
{
	return p->desired && !p->deleted && !p->desired->p.admin_down && p->want.set &&
	       p->want.n_links > 0;
}

/* Broken, it keeps nobody off: it is about to be placed again. */
static bool in_the_way(const struct intent_pol *p)
{
	const struct ted *t = p->i->ted;

	if (!placed(p))
		return false;
	for (uint32_t k = 0; k < p->want.n_links; k++) {
		uint32_t l = p->want.links[k];

		if (l >= t->n_links || !t->links[l].alive || t->links[l].reverse == TED_NONE)
			return false;
	}
	return true;
}

static bool takes_of(const struct intent_pol *p, struct arena *a, struct intent_takes *out)
{
	const struct ted *t = p->i->ted;
	const struct intent_way w = { .links = p->want.links, .n = p->want.n_links,
				      .src = intent_endpoint_node(t, &p->key.headend),
				      .dst = intent_endpoint_node(t, &p->key.endpoint) };

	return intent_takes_of(t, &w, a, out);
}

/* Against all others that are placed; with: the one it shares most with. False: no memory. */
static bool shares_of(const struct intent_pol *p, struct arena *a, struct intent_standing *out)
{
	const struct intent_group *g = p->member->group;
	uint8_t asked = p->desired->p.group.diverse;
	struct intent_takes mine, theirs;

	*out = (struct intent_standing){ .met = UINT8_MAX };
	if (!p->i->ted || !placed(p))
		return true;
	if (!takes_of(p, a, &mine))
		return false;
	for (size_t k = 0; k < g->at.n; k++) {
		struct intent_shares s;
		uint32_t score;

		if (g->at.at[k] == p || !placed(g->at.at[k]))
			continue;
		if (!takes_of(g->at.at[k], a, &theirs))
			return false;
		intent_shares_of(&mine, &theirs, &s);
		out->met &= intent_shares_met(&s);
		out->others++;
		score = intent_shares_score(asked, &s);
		if (score <= out->score)
			continue;
		out->score = score;
		out->with = g->at.at[k];
		out->is = s;
	}
	return true;
}

static void note_of(const struct intent_pol *p, const struct intent_standing *s, char note[SR_REASON_MAX])
{
	uint8_t asked = p->desired->p.group.diverse;
	char what[TED_LABEL_MAX + 16], key[SR_KEY_TEXT_MAX];

	note[0] = '\0';
	if (s->score == 0)
		return;
	(void)snprintf(note, SR_REASON_MAX,
		       "disjointness group %u: %s asked, %s met: shares %.80s with policy %.100s",
		       p->desired->p.group.id, intent_diverse_text(asked), intent_diverse_text(s->met),
		       intent_shares_text(p->i->ted, asked, &s->is, what, sizeof(what)),
		       sr_policy_key_text(&s->with->key, key, sizeof(key)));
}

static unsigned met_index(uint8_t met)
{
	const char *text = intent_diverse_text(met);
	unsigned k = 1;

	while (k + 1 < ARRAY_LEN(met_names) && strcmp(met_names[k], text) != 0)
		k++;
	return k;
}

static void group_event(struct intent_group *g, uint8_t asked, bool short_of_it)
{
	STR_AUTO struct str s = { 0 };
	char name[32], key[SR_KEY_TEXT_MAX];

	str_addf(&s, "\"group\":%u,\"asked\":\"%s\",\"met\":\"%s\",\"members\":[", g->id,
		 intent_diverse_text(asked), met_names[g->shown]);
	for (size_t k = 0; k < g->at.n && k < INTENT_GROUP_MAX; k++) {
		str_add(&s, k ? "," : "");
		str_json(&s, sr_policy_key_text(&g->at.at[k]->key, key, sizeof(key)));
	}
	str_add(&s, "]");
	(void)snprintf(name, sizeof(name), "disjointness-group/%u", g->id);
	bus_publish(g->i->bus, loop_wall_ns(g->i->loop), short_of_it ? BUS_WARNING : BUS_INFO,
		    "policy-group", name, str_text(&s));
}

static void group_show(struct intent_group *g, uint8_t met, unsigned pairs)
{
	uint8_t asked = g->at.at[0]->desired->p.group.diverse;
	uint8_t shown = met & (asked | PCE_DIVERSE_LINK);
	unsigned is = pairs > 0 ? met_index(shown) : 0;

	if (is == g->shown)
		return;
	group_count(g->i, g->shown, false);
	g->shown = is;
	group_count(g->i, g->shown, true);
	group_event(g, asked, pairs > 0 && (asked & ~met));
}

/* Anew, of all members; those that have another note are shown anew, but for one. */
static void group_refresh(struct intent_group *g, const struct intent_pol *but)
{
	struct arena a;
	uint8_t met = UINT8_MAX;
	unsigned pairs = 0;

	arena_init(&a, 0);
	for (size_t k = 0; k < g->at.n; k++) {
		struct intent_pol *p = g->at.at[k];
		char note[SR_REASON_MAX];

		if (!shares_of(p, &a, &p->member->standing)) {
			log_event("", LOG_ERROR, "intent.group.memory", "group=%u", g->id);
			break;
		}
		met &= p->member->standing.met;
		pairs += p->member->standing.others;
		note_of(p, &p->member->standing, note);
		p->member->standing.with = NULL; /* it may go before this is asked for again */
		if (strcmp(note, p->member->note) != 0 && p != but)
			intent_todo(p);
		str_copy(p->member->note, sizeof(p->member->note), note);
		arena_reset(&a);
	}
	arena_fini(&a);
	if (g->at.n > 0)
		group_show(g, met, pairs);
}

static void others_dirty(struct intent_group *g, const struct intent_pol *but)
{
	for (size_t k = 0; k < g->at.n; k++) {
		if (g->at.at[k] != but)
			intent_dirty(g->at.at[k], INTENT_SWEEP);
	}
}

void intent_group_news(struct intent_pol *p)
{
	struct intent_member *m = p->member;
	uint64_t generation = p->i->ted ? p->i->ted->generation : 0;
	uint64_t print = 0;

	if (!m || !p->desired)
		return;
	if (placed(p))
		print = mix(UINT64_C(14695981039346656037), p->want.links,
			    p->want.n_links * sizeof(*p->want.links));
	if (print == m->print && generation == m->generation)
		return;
	if (print != m->print)
		others_dirty(m->group, p);
	m->print = print;
	m->generation = generation;
	group_refresh(m->group, p);
}

const char *intent_group_note(const struct intent_pol *p)
{
	return p->member ? p->member->note : "";
}

/* ---- who is in it ---- */

void intent_group_leave(struct intent_pol *p)
{
	struct intent_group *g = p->member ? p->member->group : NULL;

	if (!g)
		return;
	for (size_t k = 0; k < g->at.n; k++) {
		if (g->at.at[k] != p)
			continue;
		g->at.n--;
		memmove(&g->at.at[k], &g->at.at[k + 1], (g->at.n - k) * sizeof(p));
		break;
	}
	free(p->member);
	p->member = NULL;
	others_dirty(g, p);
	group_refresh(g, p);
	group_trim(g);
}

static bool join(struct intent_pol *p, uint32_t id)
{
	struct intent_group *g = group_get(p->i, id);
	struct intent_member *m = calloc(1, sizeof(*m));
	size_t k = 0;

	if (!g || !m || !VEC_ADD(&g->at, p)) {
		free(m);
		if (g)
			group_trim(g);
		return false;
	}
	while (k + 1 < g->at.n && sr_policy_key_cmp(&g->at.at[k]->key, &p->key) < 0)
		k++;
	memmove(&g->at.at[k + 1], &g->at.at[k], (g->at.n - 1 - k) * sizeof(p));
	g->at.at[k] = p;
	m->group = g;
	p->member = m;
	return true;
}

void intent_group_follow(struct intent_pol *p)
{
	uint32_t id = p->desired && !p->deleted ? p->desired->p.group.id : 0;

	if (p->member && p->member->group->id != id)
		intent_group_leave(p);
	if (p->member) { /* another kind, perhaps */
		group_refresh(p->member->group, p);
		return;
	}
	if (id != 0 && !join(p, id))
		log_event("", LOG_ERROR, "intent.group.memory", "group=%u policy=%s", id, p->lsp_name);
}

/* ---- what a policy may say ---- */

struct asking {
	const struct intent *i;
	const struct intent_policy *p;
	const struct intent_policy *other; /* that says another thing */
	unsigned n;
};

static void ask(struct asking *q, const struct intent_policy *o)
{
	const struct intent_membership *a = &q->p->group, *b = &o->group;

	if (b->id != a->id || sr_policy_key_cmp(&o->key, &q->p->key) == 0)
		return;
	q->n++;
	if (!q->other && (a->diverse != b->diverse || a->best_available != b->best_available))
		q->other = o;
}

/* One on its way to disk; it may be there already, with what it was. */
static void ask_op(void *arg, const struct intent_policy *o)
{
	struct asking *q = arg;
	const struct intent_pol *p = intent_pol_find(q->i, &o->key);
	bool counted = p && p->member && p->member->group->id == o->group.id;

	ask(q, o);
	if (counted && o->group.id == q->p->group.id && q->n > 0)
		q->n--;
}

static bool agrees(const struct intent_policy *p, const struct intent_policy *o, struct intent_result *r)
{
	const struct intent_membership *m = &o->group;
	char key[SR_KEY_TEXT_MAX];

	sr_policy_key_text(&o->key, key, sizeof(key));
	if (m->diverse != p->group.diverse)
		intent_result_set(r, INTENT_E_INVALID, "disjointness/kind",
				  "group %u is %s disjoint by policy %s: say the same, or take "
				  "another group",
				  m->id, intent_diverse_text(m->diverse), key);
	else
		intent_result_set(r, INTENT_E_INVALID, "disjointness/best-available",
				  "group %u is %s by policy %s: say the same, or take another group",
				  m->id, m->best_available ? "best-available" : "strict", key);
	return false;
}

bool intent_group_ok(const struct intent *i, const struct intent_policy *p, struct intent_result *r)
{
	const struct intent_group *g = p->group.id ? group_find(i, p->group.id) : NULL;
	struct asking q = { .i = i, .p = p };

	if (p->group.id == 0)
		return true;
	if ((p->group.id > INTENT_GROUP_ID_MAX && !p->owner[0]) || !p->group.diverse ||
	    (p->group.diverse & ~(PCE_DIVERSE_LINK | PCE_DIVERSE_NODE | PCE_DIVERSE_SRLG))) {
		intent_result_set(r, INTENT_E_INVALID, "disjointness",
				  "a group is 1 to %d, its kind link, node, srlg or srlg-node",
				  INTENT_GROUP_ID_MAX);
		return false;
	}
	for (size_t k = 0; g && k < g->at.n; k++)
		ask(&q, &g->at.at[k]->desired->p);
	intent_ops_each(i, ask_op, &q);
	if (q.other)
		return agrees(p, q.other, r);
	if (q.n < INTENT_GROUP_MAX)
		return true;
	intent_result_set(r, INTENT_E_INVALID, "disjointness/group",
			  "group %u has %u policies, and no more than %d can be kept apart: take one "
			  "out, or take another group",
			  p->group.id, q.n, INTENT_GROUP_MAX);
	return false;
}

/* ---- what an evaluation is told, and whether that still holds ---- */

static bool is_fixed(const struct intent_pol *p)
{
	return !p->he->up || !p->he->synced || p->adopting;
}

static bool room_load(struct intent_peer *out, struct intent_pol *p, struct arena *a)
{
	const struct intent_policy *d = &p->desired->p;
	const struct book_ask q = intent_ask_of(p);
	uint32_t n;

	if (d->bandwidth_bps == 0)
		return true;
	out->snap = intent_snap_now(p->i, d->setup_prio, d->nrp);
	if (!out->snap)
		return false;
	n = book_own_rooms(p->i->book, &q, NULL, NULL, 0);
	out->own = ARENA_ARRAY(a, n, struct book_own);
	if (out->own && n > 0)
		out->n_own = book_own_rooms(p->i->book, &q, &out->snap->view, out->own, n);
	return out->own || n == 0;
}

static bool peer_load(struct intent_peer *out, struct intent_pol *p, struct arena *a)
{
	const struct intent_route *w = &p->want;

	*out = (struct intent_peer){ .desired = intent_desired_ref(p->desired),
				     .list = w->list,
				     .preference = w->preference,
				     .links = arena_copy(a, w->links, w->n_links * sizeof(*w->links)),
				     .path = arena_copy(a, w->path, w->n_path * sizeof(*w->path)),
				     .n_links = w->n_links,
				     .n_path = w->n_path,
				     .fixed = is_fixed(p),
				     .msd = intent_msd(p, &p->desired->p) };
	if (p->has_refused)
		out->refused = arena_copy(a, &p->refused, sizeof(p->refused));
	return out->links && (out->path || w->n_path == 0) && (out->refused || !p->has_refused) &&
	       room_load(out, p, a);
}

/* The next of the others in the way, from *at on; NULL: there is none. */
static struct intent_pol *peer_next(const struct intent_pol *p, size_t *at)
{
	const struct intent_group *g = p->member->group;

	while (*at < g->at.n) {
		struct intent_pol *o = g->at.at[(*at)++];

		if (o != p && in_the_way(o))
			return o;
	}
	return NULL;
}

uint64_t intent_group_print(const struct intent_pol *p)
{
	const struct intent_membership *m = &p->desired->p.group;
	uint64_t h = UINT64_C(14695981039346656037);
	const struct intent_pol *o;
	size_t at = 0;

	if (!p->member)
		return 0;
	h = mix(h, &m->id, sizeof(m->id));
	h = mix(h, &m->diverse, sizeof(m->diverse));
	h = mix(h, &m->best_available, sizeof(m->best_available));
	while ((o = peer_next(p, &at)))
		h = mix(h, &o->member->print, sizeof(o->member->print));
	return h;
}

void intent_group_load(struct intent_pol *p, struct intent_eval *e, struct arena *a)
{
	const struct intent_membership *m = &p->desired->p.group;
	struct intent_pol *o;
	size_t at = 0;

	if (!p->member)
		return;
	e->group = ARENA_NEW(a, struct intent_group_eval);
	if (!e->group)
		return; /* and nothing comes of it: intent_group_same() */
	e->group->id = m->id;
	e->group->diverse = m->diverse;
	e->group->best_available = m->best_available;
	while ((o = peer_next(p, &at)) && e->group->n < ARRAY_LEN(e->group->peer)) {
		if (!peer_load(&e->group->peer[e->group->n++], o, a))
			e->group->broken = true;
	}
}

void intent_group_unload(struct intent_eval *e)
{
	for (uint32_t k = 0; e->group && k < e->group->n; k++) {
		struct intent_peer *p = &e->group->peer[k];

		p->desired = intent_desired_unref(p->desired);
		intent_snap_unref(p->snap);
		p->snap = NULL;
	}
	e->group = NULL;
}

static bool peer_same(const struct intent_peer *x, const struct intent_pol *p)
{
	return x->desired == p->desired && x->fixed == is_fixed(p) && x->n_links == p->want.n_links &&
	       x->preference == p->want.preference && sr_list_eq(&x->list, &p->want.list) &&
	       memcmp(x->links, p->want.links, x->n_links * sizeof(*x->links)) == 0;
}

bool intent_group_same(const struct intent_pol *p, const struct intent_eval *e)
{
	const struct intent_group_eval *g = e->group;
	const struct intent_pol *o;
	uint32_t n = 0;
	size_t at = 0;

	if (!g || !p->member)
		return !g && !p->member;
	if (g->broken)
		return false;
	if (e->has_cur != p->want.set || (e->has_cur && !sr_list_eq(&e->cur, &p->want.list)))
		return false; /* it was placed together with another of the same wave */
	while ((o = peer_next(p, &at)) && n < ARRAY_LEN(g->peer)) {
		if (n == g->n || !peer_same(&g->peer[n++], o))
			return false;
	}
	return n == g->n;
}

/* ---- for readers ---- */

static uint8_t met_with(const struct intent_pol *p, const struct intent_pol *o, struct arena *a)
{
	struct intent_takes x, y;
	struct intent_shares s;

	if (!p->i->ted || !takes_of(p, a, &x) || !takes_of(o, a, &y))
		return 0;
	intent_shares_of(&x, &y, &s);
	return intent_shares_met(&s);
}

void intent_group_view(const struct intent_pol *p, struct intent_view *out)
{
	const struct intent_group *g = p->member ? p->member->group : NULL;
	struct arena a;

	if (!g)
		return;
	arena_init(&a, 0);
	out->n_apart = p->member->standing.others;
	out->met = out->n_apart ? p->member->standing.met : 0;
	for (size_t k = 0; k < g->at.n && out->n_mates < ARRAY_LEN(out->mates); k++) {
		const struct intent_pol *o = g->at.at[k];
		struct intent_mate *m = &out->mates[out->n_mates];

		if (o == p)
			continue;
		out->n_mates++;
		m->key = o->key;
		m->placed = placed(p) && placed(o);
		m->met = m->placed ? met_with(p, o, &a) : 0;
	}
	arena_fini(&a);
}
