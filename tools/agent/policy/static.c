/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Static policies: tree → struct → LSPs, and back to a tree of states. Nothing is kept here: what
 * is wanted is the device's, what is there is agent_pol's, and a name joins the two.
 */
#include "tools/agent/policy/static.h"

#include <libyang/libyang.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/read.h"
#include "log/log.h"
#include "tools/agent/policy/pol.h"
#include "tools/agent/slices/device.h"

static bool is(const struct lyd_node *n, const char *name)
{
	return strcmp(n->schema->name, name) == 0;
}

/* ---- from the tree ---- */

static void fill_segments(const struct lyd_node *in, const char *name, struct sr_list *list, struct str *errors)
{
	const struct lyd_node *c;

	*list = (struct sr_list){ .dataplane = SR_SRV6 };
	LY_LIST_FOR(lyd_child(in), c)
	{
		struct sr_segment *s = &list->at[list->n];

		if (!is(c, "segment") || list->n == SR_SEGS_MAX || ip_parse(lyd_get_value(c), &s->sid) != 0)
			continue;
		s->kind = SR_SEG_OTHER;
		s->behavior = SR_BEHAVIOR_OPAQUE;
		list->n++;
		if (ip_is_any(&s->sid))
			str_addf(errors, "/sextant-device:device/policy[%s]: '::' is not a SID\n", name);
	}
}

/* In the order of their indices, which the model lets begin at 1 and have no gap. */
static unsigned lists_in(const struct lyd_node *in, const struct lyd_node *out[SR_LISTS_MAX])
{
	const struct lyd_node *c;
	unsigned n = 0;

	LY_LIST_FOR(lyd_child(in), c)
	{
		uint64_t index = is(c, "segment-list") ? conf_read_num(c, "index") : 0;

		if (index == 0 || index > SR_LISTS_MAX)
			continue;
		out[index - 1] = c;
		n = index > n ? (unsigned)index : n;
	}
	return n;
}

/* Next hops of a route differ; and weights are added up. */
static void check_several(const struct agent_static *p, struct str *errors)
{
	for (unsigned k = 1; k < sr_list_count(&p->list); k++)
		for (unsigned j = 0; j < k; j++) {
			struct sr_list a = *sr_list_nth(&p->list, j);

			a.more = NULL;
			if (sr_list_eq(&a, sr_list_nth(&p->list, k)))
				str_addf(errors,
					 "/sextant-device:device/policy[%s]: segment-list %u and %u have the same SIDs: "
					 "one with the weight of both says it\n",
					 p->name, j + 1, k + 1);
		}
	if (sr_list_total(&p->list) > UINT32_MAX)
		str_addf(errors, "/sextant-device:device/policy[%s]: the weights add up to more than 4294967295\n",
			 p->name);
}

/* False: no memory. */
static bool fill_lists(const struct lyd_node *in, struct agent_static *p, struct str *errors)
{
	const struct lyd_node *at[SR_LISTS_MAX] = { NULL };
	unsigned n = lists_in(in, at);
	struct sr_more more = { .n = 0 };
	struct sr_list first;

	fill_segments(n > 0 && at[0] ? at[0] : in, p->name, &first, errors);
	for (unsigned k = 1; k < n; k++) {
		if (!at[k])
			continue; /* the model has refused it */
		more.at[more.n].weight = (uint32_t)conf_read_num(at[k], "weight");
		fill_segments(at[k], p->name, &more.at[more.n++].list, errors);
	}
	if (more.n > 0) {
		more.weight = at[0] ? (uint32_t)conf_read_num(at[0], "weight") : 1;
		first.more = &more;
	}
	if (sr_list_keep(&first, &p->list) != 0)
		return false;
	check_several(p, errors);
	return true;
}

/* False: no memory. Its list is to be dropped either way. */
static bool fill_one(const struct lyd_node *in, struct agent_static *p, struct str *errors)
{
	conf_read_text(in, "name", p->name, sizeof(p->name));
	p->color = (uint32_t)conf_read_num(in, "color");
	p->preference = (uint32_t)conf_read_num(in, "preference");
	p->discriminator = (uint32_t)conf_read_num(in, "discriminator");
	p->endpoint = conf_read_ip(in, "endpoint");
	p->binding_sid = conf_read_ip(in, "binding-sid");
	if (p->binding_sid.family != IP_NONE && ip_is_any(&p->binding_sid))
		str_addf(errors, "/sextant-device:device/policy[%s]: '::' is not a binding SID\n", p->name);
	return fill_lists(in, p, errors);
}

static bool same_policy(const struct agent_static *a, const struct agent_static *b)
{
	return a->color == b->color && ip_eq(&a->endpoint, &b->endpoint);
}

static int by_binding(const void *a, const void *b)
{
	const struct agent_static *const *x = a, *const *y = b;

	return ip_cmp(&(*x)->binding_sid, &(*y)->binding_sid);
}

/* A binding SID is of one policy, whichever of its candidates is the active one. */
static bool check_bindings(const struct agent_statics *s, struct str *errors)
{
	const struct agent_static **by = calloc(s->n + 1, sizeof(*by));
	size_t n = 0;

	if (!by)
		return false;
	for (size_t i = 0; i < s->n; i++)
		if (s->at[i].binding_sid.family != IP_NONE)
			by[n++] = &s->at[i];
	qsort(by, n, sizeof(*by), by_binding);
	for (size_t i = 1; i < n; i++)
		if (ip_eq(&by[i]->binding_sid, &by[i - 1]->binding_sid) && !same_policy(by[i], by[i - 1]))
			str_addf(errors,
				 "/sextant-device:device: policy %s and policy %s have the same "
				 "'binding-sid'\n",
				 by[i - 1]->name, by[i]->name);
	free(by);
	return true;
}

bool agent_statics_fill(const struct lyd_node *root, struct agent_statics *out, struct str *errors)
{
	const struct lyd_node *in;
	size_t n = 0;

	LY_LIST_FOR(root ? lyd_child(root) : NULL, in)
	n += is(in, "policy");
	out->at = calloc(n + 1, sizeof(*out->at));
	if (!out->at)
		return false;
	LY_LIST_FOR(root ? lyd_child(root) : NULL, in)
	{
		if (is(in, "policy") && !fill_one(in, &out->at[out->n++], errors))
			return false;
	}
	return check_bindings(out, errors);
}

void agent_statics_fini(struct agent_statics *s)
{
	for (size_t i = 0; i < s->n; i++)
		sr_list_drop(&s->at[i].list);
	free(s->at);
	*s = (struct agent_statics){ 0 };
}

/* ---- what the router makes of them ---- */

/* Borrows p's lists. */
static struct lsp_state wish_of(const struct agent_static *p)
{
	struct lsp_state w = { .has_key = true,
			       .color = p->color,
			       .endpoint = p->endpoint,
			       .has_cpath = true,
			       .cpath = { .origin = AGENT_STATIC_ORIGIN, .discriminator = p->discriminator },
			       .has_preference = true,
			       .preference = p->preference,
			       .admin_up = true,
			       .binding_sid = p->binding_sid,
			       .list = p->list };

	(void)str_copy(w.name, sizeof(w.name), p->name);
	return w;
}

static bool holds(const struct agent_lsp *l, const struct lsp_state *w)
{
	const struct lsp_state *st = &l->st;

	return st->color == w->color && ip_eq(&st->endpoint, &w->endpoint) &&
	       st->preference == w->preference && st->cpath.discriminator == w->cpath.discriminator &&
	       ip_eq(&st->binding_sid, &w->binding_sid) && sr_list_eq(&st->list, &w->list);
}

static const struct agent_static *named(const struct agent_statics *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->at[i].name, name) == 0)
			return &s->at[i];
	return NULL;
}

bool agent_statics_check(const struct agent_pol *pol, const struct agent_device *d,
			 char why[SR_REASON_MAX])
{
	char reason[SR_REASON_MAX];

	for (size_t i = 0; i < d->statics.n; i++) {
		struct lsp_state w = wish_of(&d->statics.at[i]);

		if (agent_pol_check(pol, &w, true, reason) == 0)
			continue;
		(void)snprintf(why, SR_REASON_MAX, "policy %.64s: %.180s", w.name, reason);
		return false;
	}
	return true;
}

static void drop_others(struct agent_pol *pol, const struct agent_statics *s)
{
	struct agent_lsp *l = agent_pol_next(pol, NULL);

	while (l) {
		struct agent_lsp *next = agent_pol_next(pol, l);

		if (l->configured && !named(s, l->st.name))
			agent_pol_remove(pol, l);
		l = next;
	}
}

static bool put_one(struct agent_pol *pol, const struct agent_static *p, bool last)
{
	struct lsp_state w = wish_of(p);
	struct agent_lsp *l = agent_pol_by_name(pol, w.name);
	char why[SR_REASON_MAX] = "no memory";

	if (l && l->configured && holds(l, &w))
		return true;
	if (agent_pol_place(pol, &w, true, &l, why) == 0)
		return true;
	if (last)
		log_event("", LOG_WARN, "agent.static.refused", "name=\"%s\" reason=\"%s\"", w.name, why);
	return false;
}

/* Twice: the second time finds the binding SIDs free that others have given up in the first. */
bool agent_statics_apply(struct agent_pol *pol, const struct agent_device *d)
{
	bool all = false;

	drop_others(pol, &d->statics);
	for (unsigned turn = 0; turn < 2 && !all; turn++) {
		all = true;
		for (size_t i = 0; i < d->statics.n; i++)
			all = put_one(pol, &d->statics.at[i], turn == 1) && all;
	}
	return all;
}

/* ---- states ---- */

static bool term(struct lyd_node *in, const char *name, const char *value)
{
	return lyd_new_term(in, NULL, name, value, 0, NULL) == LY_SUCCESS;
}

static const char *status_of(const struct agent_lsp *l)
{
	switch ((enum lsp_oper)l->st.oper) {
	case LSP_UP:
	case LSP_ACTIVE:
		return "in";
	case LSP_GOING_UP:
	case LSP_GOING_DOWN:
		return "pending";
	case LSP_DOWN:
		break;
	}
	return "failed";
}

static bool segments_state(struct lyd_node *in, const struct sr_list *list)
{
	char t[IP_TEXT_MAX];
	bool ok = true;

	for (unsigned i = 0; ok && i < list->n; i++)
		ok = term(in, "segment", ip_text(&list->at[i].sid, t, sizeof(t)));
	return ok;
}

static bool lists_state(struct lyd_node *st, const struct agent_lsp *l)
{
	const struct sr_list *all = &l->st.list;
	bool ok = true;

	if (!all->more)
		return segments_state(st, all);
	for (unsigned k = 0; ok && k < sr_list_count(all); k++) {
		struct lyd_node *in = NULL;
		char index[16], weight[16];

		(void)snprintf(index, sizeof(index), "%u", k + 1);
		(void)snprintf(weight, sizeof(weight), "%u", sr_list_weight(all, k));
		ok = lyd_new_list(st, NULL, "segment-list", 0, &in, index) == LY_SUCCESS &&
		     term(in, "weight", weight) &&
		     term(in, "carries", l->st.lists_down & 1U << k ? "false" : "true") &&
		     segments_state(in, sr_list_nth(all, k));
	}
	return ok;
}

static bool lsp_state(struct lyd_node *st, const struct agent_lsp *l)
{
	char t[IP_TEXT_MAX];
	bool in = l->st.oper == LSP_UP || l->st.oper == LSP_ACTIVE;
	bool ok = term(st, "status", status_of(l)) &&
		  term(st, "active", agent_pol_is_active(l) ? "true" : "false");

	if (ok && l->reason[0])
		ok = term(st, "reason", l->reason);
	if (ok && in && l->st.binding_sid.family == IP_V6)
		ok = term(st, "binding-sid", ip_text(&l->st.binding_sid, t, sizeof(t)));
	return ok && (!in || lists_state(st, l));
}

/* Not an LSP: about to become one, or it cannot. */
static bool wish_state(const struct agent_pol *pol, struct lyd_node *st, const struct lyd_node *in)
{
	STR_AUTO struct str wrong = { 0 };
	struct agent_static p = { .color = 0 };
	struct lsp_state w;
	char why[SR_REASON_MAX];
	bool ok = fill_one(in, &p, &wrong);
	int refused;

	w = wish_of(&p);
	refused = ok ? agent_pol_check(pol, &w, true, why) : 0;
	sr_list_drop(&p.list);
	if (!ok)
		return false;
	if (refused == 0)
		return term(st, "status", "pending") && term(st, "active", "false");
	return term(st, "status", "failed") && term(st, "active", "false") && term(st, "reason", why);
}

static bool one_state(const struct agent_pol *pol, struct lyd_node *in)
{
	const char *name = conf_text_of(in, "name");
	const struct agent_lsp *l = agent_pol_by_name(pol, name ? name : "");
	struct lyd_node *st = NULL;

	if (lyd_new_inner(in, NULL, "state", 0, &st) != LY_SUCCESS)
		return false;
	return l && l->configured ? lsp_state(st, l) : wish_state(pol, st, in);
}

bool agent_statics_tree(const struct agent_pol *pol, struct lyd_node *root)
{
	struct lyd_node *c;
	char msd[8];
	bool ok = true;

	LY_LIST_FOR(lyd_child(root), c)
	ok = (!is(c, "policy") || one_state(pol, c)) && ok;
	(void)snprintf(msd, sizeof(msd), "%u", agent_pol_msd(pol));
	return term(root, "maximum-segments", msd) && ok;
}
