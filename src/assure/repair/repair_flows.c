/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flows of slices as localisation wants to know them: those that are well, as their own packets
 * told last, and the paths of those that lost a link of theirs. They are sent another way at once;
 * whom the fault hit is still asked for. At most DESK_FLOWS_MAX and DESK_WAS_MAX of them.
 */
#include <stdlib.h>
#include <string.h>

#include "assure/repair/repair_desk_priv.h"
#include "base/str.h"

enum { KEY_OCTETS = 1 + 16 + 4 + 1 + 16 + 1 };

static bool flow_eq(const struct hash_node *n, const void *key)
{
	return sr_policy_key_cmp(&HASH_OF(n, struct desk_flow, node)->key, key) == 0;
}

static void octets_of(const struct sr_policy_key *k, uint8_t out[KEY_OCTETS])
{
	out[0] = k->headend.family;
	memcpy(out + 1, k->headend.b, 16);
	memcpy(out + 17, &k->color, 4);
	out[21] = k->endpoint.family;
	memcpy(out + 22, k->endpoint.b, 16);
	out[38] = k->leg;
}

void repair_flows_init(struct repair_desk *d)
{
	hash_init(&d->flows, loop_random(d->p.loop), flow_eq);
}

static void flow_free(struct repair_desk *d, struct desk_flow *f)
{
	hash_del(&d->flows, &f->node);
	free(f);
}

void repair_flows_free(struct repair_desk *d)
{
	HASH_EACH (n, &d->flows)
		flow_free(d, HASH_OF(n, struct desk_flow, node));
	hash_fini(&d->flows);
	VEC_FINI(&d->was);
}

/* ---- well ---- */

static struct desk_flow *flow_of(const struct repair_desk *d, const struct sr_policy_key *key)
{
	uint8_t octets[KEY_OCTETS];
	struct hash_node *n;

	octets_of(key, octets);
	n = hash_get(&d->flows, octets, sizeof(octets), key);
	return n ? HASH_OF(n, struct desk_flow, node) : NULL;
}

/* Those of which nothing was heard for so long that it says nothing any more. */
static void sweep(struct repair_desk *d)
{
	uint64_t now = loop_wall_ns(d->p.loop);

	HASH_EACH (n, &d->flows)
		if (HASH_OF(n, struct desk_flow, node)->until_ns < now)
			flow_free(d, HASH_OF(n, struct desk_flow, node));
}

static struct desk_flow *flow_make(struct repair_desk *d, const struct sr_policy_key *key)
{
	uint8_t octets[KEY_OCTETS];
	struct desk_flow *f;

	if (d->flows.count >= DESK_FLOWS_MAX)
		sweep(d);
	f = d->flows.count < DESK_FLOWS_MAX ? calloc(1, sizeof(*f)) : NULL;
	if (!f)
		return NULL;
	f->key = *key;
	octets_of(key, octets);
	if (hash_put(&d->flows, octets, sizeof(octets), &f->node) == 0)
		return f;
	free(f);
	return NULL;
}

void repair_flows_evidence(struct repair_desk *d, const struct assure_evidence *e)
{
	struct desk_flow *f = flow_of(d, e->key);

	f = f ? f : flow_make(d, e->key);
	if (!f)
		return;
	f->well = e->verdict != ASSURE_UNKNOWN && e->verdict != ASSURE_VIOLATED && e->state != ASSURE_VIOLATED;
	f->until_ns = e->end_ns + 3 * (e->end_ns - e->begin_ns) + 2 * NS_PER_S;
}

bool repair_flows_well(const struct repair_desk *d, const struct sr_policy_key *key)
{
	const struct desk_flow *f = flow_of(d, key);

	return f && f->well && f->until_ns >= loop_wall_ns(d->p.loop);
}

/* ---- ways that were left ---- */

bool repair_link_usable(const struct ted *t, uint32_t link)
{
	const struct ted_link *l = &t->links[link];

	return l->alive && t->nodes[l->from].alive && t->nodes[l->to].alive;
}

/* A link whose other direction has gone leads nobody on: who went over it may have left before it is told
 * to be gone too. */
static bool broken(const struct ted *t, const struct desk_was *w)
{
	for (uint32_t i = 0; i < w->n; i++) {
		uint32_t link = w->links[i];

		if (link < t->n_links && (!repair_link_usable(t, link) || t->links[link].reverse == TED_NONE))
			return true;
	}
	return false;
}

static bool same(const struct desk_was *a, const struct desk_was *b)
{
	return a->n == b->n && strcmp(a->slice, b->slice) == 0 &&
	       memcmp(a->links, b->links, a->n * sizeof(a->links[0])) == 0;
}

static void remember(struct repair_desk *d, const struct desk_was *w)
{
	for (size_t i = 0; i < d->was.n; i++)
		if (same(&d->was.at[i], w))
			return;
	if (d->was.n < DESK_WAS_MAX)
		(void)VEC_ADD(&d->was, *w);
}

/* The topology finds only what is there: what has just gone is among what changed. */
static uint32_t link_by_label(const struct ted *t, const char *label)
{
	char buf[TED_LABEL_MAX];
	uint32_t link = ted_link_by_text(t, label);

	for (uint32_t i = 0; link == TED_NONE && i < t->n_changed_links; i++)
		if (strcmp(ted_link_label(t, t->changed_links[i], buf, sizeof(buf)), label) == 0)
			link = t->changed_links[i];
	return link;
}

/* Labels of links, comma separated, as intent tells a path. */
static void links_of(const struct ted *t, const char *text, struct desk_was *w)
{
	char label[TED_LABEL_MAX];

	w->n = 0;
	while (*text && w->n < DESK_WAS_LINKS) {
		size_t len = strcspn(text, ",");

		if (len < sizeof(label)) {
			memcpy(label, text, len);
			label[len] = '\0';
			w->links[w->n] = link_by_label(t, label);
			w->n += w->links[w->n] != TED_NONE;
		}
		text += len + (text[len] == ',');
	}
}

void repair_flows_left(struct repair_desk *d, const struct ted *t)
{
	AUTO_FREE struct intent_view *v = malloc(sizeof(*v));
	struct slice_flow_view f;
	struct desk_was w;
	uint32_t seen = 0;

	for (const char *id = v ? slice_next(d->p.slice, SLICE_SERVICE, NULL) : NULL; id && seen < DESK_FLOWS_MAX;
	     id = slice_next(d->p.slice, SLICE_SERVICE, id)) {
		(void)str_copy(w.slice, sizeof(w.slice), id);
		for (uint32_t at = 0; seen < DESK_FLOWS_MAX && slice_flows(d->p.slice, id, at, &f, 1) == 1; at++) {
			seen++;
			if (intent_get(d->p.intent, &f.key, v) != 0)
				continue;
			links_of(t, v->path_text, &w);
			if (broken(t, &w))
				remember(d, &w);
		}
	}
}

void repair_flows_back(struct repair_desk *d, const struct ted *t)
{
	for (size_t i = d->was.n; i-- > 0;)
		if (!broken(t, &d->was.at[i]))
			d->was.at[i] = d->was.at[--d->was.n];
}
