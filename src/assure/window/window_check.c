/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What single failures would do to the services of a window: each link (both directions), each router
 * that is not an end, one after another, asked of intent. A flow with a standby is hit when both are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assure/window/window_priv.h"
#include "base/err.h"
#include "base/str.h"

enum { RETRY_MS = 200 };

static void over(struct window_entry *e, bool failed)
{
	e->check.running = false;
	e->check.failed = failed;
	e->check.ended_ns = loop_wall_ns(e->b->p.loop);
	free(e->hits);
	e->hits = NULL;
	if (!failed && e->check.bad > 0) {
		char resource[BUS_RESOURCE_MAX], body[96];

		(void)snprintf(resource, sizeof(resource), "assurance-window/%s", e->w.name);
		(void)snprintf(body, sizeof(body), "\"failures\":%u,\"bad\":%u", e->check.failures, e->check.bad);
		bus_publish(e->b->p.bus, e->check.ended_ns, BUS_WARNING, "assurance-window-check", resource, body);
	}
}

/* ---- what fails ---- */

static bool next_link(struct window_entry *e, const struct ted *t)
{
	for (; e->next_link < t->n_links; e->next_link++) {
		const struct ted_link *l = &t->links[e->next_link];

		if (!l->alive || (l->reverse != TED_NONE && l->reverse < e->next_link))
			continue;
		(void)ted_link_label(t, e->next_link++, e->fails, sizeof(e->fails));
		e->kind = PCE_FAIL_LINK;
		return true;
	}
	return false;
}

static bool next_node(struct window_entry *e, const struct ted *t)
{
	for (; e->next_node < t->n_nodes; e->next_node++) {
		const struct ted_node *n = &t->nodes[e->next_node];

		if (!n->alive || n->pseudonode)
			continue;
		(void)str_copy(e->fails, sizeof(e->fails), ted_node_label(t, e->next_node++));
		e->kind = PCE_FAIL_NODE;
		return true;
	}
	return false;
}

/* ---- what it costs ---- */

static const char *cost(const struct intent_whatif_row *row)
{
	switch (row->loss) {
	case PCE_FLOW_END:
		return NULL; /* nobody can do without its own ends */
	case PCE_FLOW_LINK:
	case PCE_FLOW_ROUTE:
		return "loses its way until it is moved";
	case PCE_FLOW_BOUND:
		return "breaks a bound until it is moved";
	case PCE_FLOW_KEPT:
		break;
	}
	return row->breaks ? "breaks a constraint until it is moved" : "is worse off";
}

static bool hit(const struct window_entry *e, const struct sr_policy_key *key)
{
	for (uint32_t i = 0; i < e->n_hits; i++)
		if (sr_policy_key_cmp(&e->hits[i].key, key) == 0)
			return true;
	return false;
}

static void note(struct window_entry *e, const struct intent_whatif_row *row)
{
	const char *id = slice_of(e->b->p.slice, &row->key), *why = cost(row);

	if (!id || !why || !window_names(&e->w, id) || e->n_hits == WINDOW_HITS_MAX)
		return;
	e->hits[e->n_hits].key = row->key;
	(void)snprintf(e->hits[e->n_hits++].why, sizeof(e->hits[0].why), "%.40s %s", id, why);
}

/* The other of a pair, where there is one, carries on. */
static bool carried(const struct window_entry *e, const struct window_hit *h)
{
	AUTO_FREE struct intent_view *v = malloc(sizeof(*v));
	struct sr_policy_key other = h->key;

	other.leg = h->key.leg ? 0 : 1;
	return v && intent_get(e->b->p.intent, &other, v) == 0 && v->state == INTENT_UP && !hit(e, &other);
}

static void conclude(struct window_entry *e)
{
	const struct window_hit *worst = NULL;

	for (uint32_t i = 0; i < e->n_hits && !worst; i++)
		worst = carried(e, &e->hits[i]) ? NULL : &e->hits[i];
	e->check.failures++;
	e->n_hits = 0;
	e->has_after = false;
	e->fails[0] = worst ? e->fails[0] : '\0';
	if (!worst)
		return;
	e->check.bad++;
	if (e->check.n_findings < WINDOW_FINDINGS_MAX)
		(void)snprintf(e->check.finding[e->check.n_findings++], WINDOW_TEXT_MAX, "%s %.80s: %s",
			       e->kind == PCE_FAIL_LINK ? "link" : "node", e->fails, worst->why);
	e->fails[0] = '\0';
}

static void told(void *arg, int rc, const struct intent_whatif *w)
{
	struct window_entry *e = arg;

	if (rc < 0 || !w->ted || w->why) {
		over(e, true);
		return;
	}
	for (uint32_t i = 0; i < w->n_rows; i++)
		note(e, &w->rows[i]);
	if (w->more && w->n_rows > 0) {
		e->after = w->rows[w->n_rows - 1].key;
		e->has_after = true;
	} else {
		conclude(e);
	}
	loop_task_run(&e->turn);
}

void window_check_turn(void *arg)
{
	struct window_entry *e = arg;
	const struct ted *t = intent_ted(e->b->p.intent);
	struct intent_whatif_query q = { .name = e->fails, .limit = WINDOW_ROWS };
	int r;

	if (!t || t->stale) {
		over(e, true);
		return;
	}
	if (!e->fails[0] && !next_link(e, t) && !next_node(e, t)) {
		over(e, false);
		return;
	}
	q.kind = e->kind;
	q.after = e->has_after ? &e->after : NULL;
	r = intent_whatif(e->b->p.intent, &q, told, e);
	if (r == INTENT_E_BUSY)
		loop_timer_after(&e->retry, RETRY_MS * NS_PER_MS);
	else if (r < 0)
		over(e, true);
}

void window_check_begin(struct window_entry *e)
{
	if (e->check.running)
		return;
	e->check = (struct window_check){ .running = true };
	e->next_link = e->next_node = e->n_hits = 0;
	e->has_after = false;
	e->fails[0] = '\0';
	e->hits = calloc(WINDOW_HITS_MAX, sizeof(*e->hits));
	if (e->hits)
		loop_task_run(&e->turn);
	else
		over(e, true);
}

void window_check_stop(struct window_entry *e)
{
	intent_whatif_forget(e->b->p.intent, e);
	loop_task_cancel(&e->turn);
	loop_timer_stop(&e->retry);
	free(e->hits);
	e->hits = NULL;
	e->check.running = false;
}
