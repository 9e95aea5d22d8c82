/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a new generation means for the policies. Bad news concerns the users of what changed, for
 * traffic that does not cross a link cannot be hurt by its getting worse. Good news may concern
 * everybody: a shortest path may be drawn to what came up.
 */
#include <string.h>

#include "intent/intent_priv.h"

static bool usable(const struct ted *t, uint32_t link)
{
	return link < t->n_links && t->links[link].alive && t->links[link].reverse != TED_NONE;
}

static bool sids_differ(const struct ted_link *a, const struct ted_link *b)
{
	if (a->n_sids != b->n_sids || a->n_adj_sids != b->n_adj_sids)
		return true;
	for (uint16_t k = 0; k < a->n_sids; k++) {
		if (!ip_eq(&a->sids[k].sid, &b->sids[k].sid) ||
		    a->sids[k].behavior != b->sids[k].behavior ||
		    a->sids[k].lan_node != b->sids[k].lan_node)
			return true;
	}
	for (uint16_t k = 0; k < a->n_adj_sids; k++) {
		if (a->adj_sids[k].value != b->adj_sids[k].value ||
		    a->adj_sids[k].lan_node != b->adj_sids[k].lan_node)
			return true;
	}
	return false;
}

/* Longer packets fit than did; an MTU that nobody tells (0) forbids none. */
static bool wider(const struct ted_link *a, const struct ted_link *b)
{
	return a->mtu != 0 && (b->mtu == 0 || b->mtu > a->mtu);
}

/* Could somebody who does not use the link be better off with it now? */
static bool link_helps(const struct ted *old, const struct ted *t, uint32_t link)
{
	const struct ted_link *a, *b = &t->links[link];

	if (!usable(t, link))
		return false;
	if (!usable(old, link))
		return true;
	a = &old->links[link];
	return b->igp_metric < a->igp_metric || b->te_metric < a->te_metric ||
	       wider(a, b) || b->delay_us < a->delay_us || b->capacity_bps > a->capacity_bps ||
	       (b->has_igp && !a->has_igp) || (b->has_te && !a->has_te) ||
	       (b->has_delay && !a->has_delay) ||
	       memcmp(a->admin_group, b->admin_group, sizeof(a->admin_group)) != 0 ||
	       sids_differ(a, b);
}

static bool node_helps(const struct ted *old, const struct ted *t, uint32_t node)
{
	const struct ted_node *n = &t->nodes[node];

	if (!n->alive)
		return false;
	return node >= old->n_nodes || !old->nodes[node].alive || !n->overload ||
	       old->nodes[node].overload;
}

static bool is_good_news(const struct ted *old, const struct ted *t)
{
	for (uint32_t k = 0; k < t->n_changed_links; k++) {
		if (link_helps(old, t, t->changed_links[k]))
			return true;
	}
	for (uint32_t k = 0; k < t->n_changed_nodes; k++) {
		if (node_helps(old, t, t->changed_nodes[k]))
			return true;
	}
	return false;
}

/* What a LAN sends has no capacity of its own: its senders have. */
#define WIRE_BPS (UINT64_C(1) << 60)

static void capacity_put(struct intent *i, uint32_t link)
{
	const struct ted_link *l = &i->ted->links[link];
	uint64_t bps = i->ted->nodes[l->from].pseudonode ? WIRE_BPS : l->capacity_bps;

	if (book_capacity_set(i->book, link, l->alive ? bps : 0) < 0)
		log_event("", LOG_ERROR, "intent.book.memory", "link=%u", link);
	if (l->alive) /* of a dead one nothing is used, nor looked after now */
		intent_guards_fit(i, &link, 1);
}

static void touch_row(struct intent *i, const struct ted_adj *adj, uint32_t node)
{
	for (uint32_t k = adj->start[node]; k < adj->start[node + 1]; k++)
		intent_touch(i, adj->idx[k]);
}

/* A list goes through a node by its SIDs, so its users are those of the links around it, as it was
 * and as it is. */
static void touch_around_nodes(struct intent *i, const struct ted *old)
{
	const struct ted *t = i->ted;

	for (uint32_t k = 0; k < t->n_changed_nodes; k++) {
		uint32_t node = t->changed_nodes[k];

		touch_row(i, &t->out, node);
		touch_row(i, &t->in, node);
		if (node >= old->n_nodes)
			continue;
		touch_row(i, &old->out, node);
		touch_row(i, &old->in, node);
	}
}

/* What runs in the network and was never walked, or only the store speaks of, is charged before
 * anybody asks for room. One that an evaluation has walked since keeps its links: they are how
 * news of them finds it. */
static void expand_adopted(struct intent *i)
{
	LIST_EACH(it, &i->unwalked) {
		struct intent_pol *p = LIST_OF(it, struct intent_pol, unwalked_link);
		struct sr_list list = p->want.list;

		bool gone = !p->lsp && !p->maybe_there; /* its headend has told before there was a TED */

		if (!p->want.set || (!p->adopting && p->want.generation != 0)) {
			list_del(&p->unwalked_link);
		} else if (p->want.generation != i->ted->generation) {
			intent_adopt_list(p, &list, p->want.preference);
			if (gone)
				p->new_sent = p->maybe_there = false;
		}
	}
}

static void everything(struct intent *i)
{
	for (uint32_t l = 0; l < i->ted->n_links; l++)
		capacity_put(i, l);
	expand_adopted(i);
	intent_guards_news(i, true);
	intent_sweep_all(i, INTENT_REPAIR);
	intent_foreign_all(i);
}

/* What they wait to move to may be what got worse. */
static void touch_waiting(struct intent *i)
{
	LIST_EACH(it, &i->better)
		intent_dirty(LIST_OF(it, struct intent_pol, better_link), INTENT_SWEEP);
}

static void delta(struct intent *i, const struct ted *old)
{
	const struct ted *t = i->ted;
	bool good = is_good_news(old, t);

	for (uint32_t k = 0; k < t->n_changed_links; k++)
		capacity_put(i, t->changed_links[k]);
	expand_adopted(i);
	intent_guards_news(i, good);
	for (uint32_t k = 0; k < t->n_changed_links; k++)
		intent_touch(i, t->changed_links[k]);
	touch_around_nodes(i, old);
	if (good) {
		intent_sweep_all(i, INTENT_SWEEP);
		intent_foreign_all(i);
	} else {
		touch_waiting(i);
	}
}

/* old: the generation before, NULL when there was none. */
void intent_ted_news(struct intent *i, const struct ted *old)
{
	/* While sight was lost nothing was acted on: all of it may be news. */
	if (!old || old->stale || i->ted->generation != old->generation + 1)
		everything(i);
	else
		delta(i, old);
	/* Where others went must be booked before ours look for room; the first of them at least. */
	intent_expand_run(i);
}
