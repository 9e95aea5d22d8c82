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

static void fill_segments(const struct lyd_node *in, struct agent_static *p, struct str *errors)
{
	const struct lyd_node *c;

	LY_LIST_FOR(lyd_child(in), c)
	{
		if (!is(c, "segment") || p->n == SR_SEGS_MAX ||
		    ip_parse(lyd_get_value(c), &p->seg[p->n]) != 0)
			continue;
		if (ip_is_any(&p->seg[p->n++]))
			str_addf(errors, "/sextant-device:device/policy[%s]: '::' is not a SID\n", p->name);
	}
}

static void fill_one(const struct lyd_node *in, struct agent_static *p, struct str *errors)
{
	conf_read_text(in, "name", p->name, sizeof(p->name));
	p->color = (uint32_t)conf_read_num(in, "color");
	p->preference = (uint32_t)conf_read_num(in, "preference");
	p->discriminator = (uint32_t)conf_read_num(in, "discriminator");
	p->endpoint = conf_read_ip(in, "endpoint");
	p->binding_sid = conf_read_ip(in, "binding-sid");
	fill_segments(in, p, errors);
	if (p->binding_sid.family != IP_NONE && ip_is_any(&p->binding_sid))
		str_addf(errors, "/sextant-device:device/policy[%s]: '::' is not a binding SID\n", p->name);
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
		if (is(in, "policy"))
			fill_one(in, &out->at[out->n++], errors);
	}
	return check_bindings(out, errors);
}

void agent_statics_fini(struct agent_statics *s)
{
	free(s->at);
	*s = (struct agent_statics){ 0 };
}

/* ---- what the router makes of them ---- */

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
			       .list = { .dataplane = SR_SRV6, .n = p->n } };

	(void)str_copy(w.name, sizeof(w.name), p->name);
	for (unsigned i = 0; i < p->n; i++) {
		w.list.at[i].kind = SR_SEG_OTHER;
		w.list.at[i].behavior = SR_BEHAVIOR_OPAQUE;
		w.list.at[i].sid = p->seg[i];
	}
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
	for (unsigned i = 0; ok && in && i < l->st.list.n; i++)
		ok = term(st, "segment", ip_text(&l->st.list.at[i].sid, t, sizeof(t)));
	return ok;
}

/* Not an LSP: about to become one, or it cannot. */
static bool wish_state(const struct agent_pol *pol, struct lyd_node *st, const struct lyd_node *in)
{
	STR_AUTO struct str wrong = { 0 };
	struct agent_static p = { .n = 0 };
	struct lsp_state w;
	char why[SR_REASON_MAX];

	fill_one(in, &p, &wrong);
	w = wish_of(&p);
	if (agent_pol_check(pol, &w, true, why) == 0)
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
