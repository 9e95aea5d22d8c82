/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state shown is derived anew from the facts each time one of them changes; nobody sets it.
 * Changes become events; DOWN and DEGRADED stand as alarms until the policy is well again.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "intent/group/group.h"
#include "intent/intent_priv.h"

const char *intent_state_text(enum intent_state s)
{
	static const char *const text[] = { [INTENT_PENDING] = "pending",
					    [INTENT_UP] = "up",
					    [INTENT_DEGRADED] = "degraded",
					    [INTENT_DOWN] = "down",
					    [INTENT_HELD] = "held" };

	return text[s];
}

/* ---- events ---- */

void intent_event(struct intent_pol *p, enum bus_severity sev, const char *type, const char *fmt, ...)
{
	char key[SR_KEY_TEXT_MAX], body[BUS_BODY_MAX];
	va_list ap;

	if (p->tentative)
		return; /* it never happened */
	if (p->owes_state)
		intent_paper_write(p);
	va_start(ap, fmt);
	(void)vsnprintf(body, sizeof(body), fmt, ap);
	va_end(ap);
	bus_publish(p->i->bus, loop_wall_ns(p->i->loop), sev, type,
		    sr_policy_key_text(&p->key, key, sizeof(key)), body);
}

void intent_path_text(const struct ted *t, const struct intent_route *r, char *buf, size_t cap)
{
	STR_AUTO struct str s = { 0 };
	char label[TED_LABEL_MAX];

	for (uint32_t i = 0; t && i < r->n_path && r->path[i] < t->n_links; i++) {
		str_add(&s, i ? "," : "");
		str_add(&s, ted_link_label(t, r->path[i], label, sizeof(label)));
	}
	(void)str_copy(buf, cap, str_text(&s));
}

static void segments(struct str *s, const struct sr_list *l)
{
	char sid[IP_TEXT_MAX];

	str_add(s, ",\"segments\":[");
	for (unsigned k = 0; k < l->n; k++) {
		const struct sr_segment *g = &l->at[k];

		str_add(s, k ? "," : "");
		if (l->dataplane == SR_MPLS)
			str_addf(s, "%u", g->label);
		else
			str_json(s, ip_text(&g->sid, sid, sizeof(sid)));
	}
	str_add(s, "]");
}

void intent_path_event(struct intent_pol *p)
{
	STR_AUTO struct str s = { 0 };
	char path[1024];

	intent_path_text(p->i->ted, &p->want, path, sizeof(path));
	str_addf(&s, "\"preference\":%u,\"path\":", p->want.preference);
	str_json(&s, path);
	segments(&s, &p->want.list);
	for (unsigned k = 0; p->want.list.more && k < sr_list_count(&p->want.list); k++) {
		str_addf(&s, "%s{\"weight\":%u", k ? "," : ",\"lists\":[", sr_list_weight(&p->want.list, k));
		segments(&s, sr_list_nth(&p->want.list, k));
		str_add(&s, "}");
	}
	if (p->want.list.more)
		str_add(&s, "]");
	intent_event(p, BUS_INFO, "policy-path", "%s", str_text(&s));
}

/* ---- derivation ---- */

struct verdict_of {
	enum intent_state state;
	char reason[SR_REASON_MAX];
};

static bool say(struct verdict_of *v, enum intent_state s, const char *text)
{
	v->state = s;
	str_copy(v->reason, sizeof(v->reason), text);
	return true;
}

static bool oper_up(const struct lsp_state *st)
{
	return st->oper == LSP_UP || st->oper == LSP_ACTIVE;
}

static void derive_observed(const struct intent_pol *p, struct verdict_of *v)
{
	const struct intent_lsp *l = intent_lsp_shown(p);

	if (!l)
		say(v, INTENT_PENDING, "nothing is reported");
	else if (!p->he->up)
		say(v, INTENT_PENDING, "no session with the headend: shown as last reported");
	else if (p->i->hold && intent_wish_of(p) != INTENT_WISH_NONE)
		say(v, INTENT_HELD, "hold: the delegation would be given back");
	else if (oper_up(&l->st))
		say(v, INTENT_UP, l->charged ? "" : l->note);
	else if (l->st.oper == LSP_GOING_UP)
		say(v, INTENT_PENDING, "the headend reports it going up");
	else
		say(v, INTENT_DOWN, "the headend reports it down");
}

static const char *no_sight(const struct intent_pol *p)
{
	const struct ted *t = p->i->ted;

	if (!t || t->generation == 0)
		return "there is no topology yet";
	return t->stale ? "the topology is not in sight" : NULL;
}

/* Nothing should be there: by the operator's word or for want of a path. */
static bool derive_absent(const struct intent_pol *p, enum intent_wish w, struct verdict_of *v)
{
	bool admin = p->desired->p.admin_down;

	if (!admin && !p->no_path)
		return false;
	if (p->i->hold && w != INTENT_WISH_NONE) {
		(void)snprintf(v->reason, sizeof(v->reason), "hold: would %s: %.180s",
			       intent_wish_text(w), admin ? "administratively down" : p->why);
		v->state = INTENT_HELD;
		return true;
	}
	return say(v, INTENT_DOWN, admin ? "administratively down" : p->why[0] ? p->why : "no path");
}

static bool derive_waiting(const struct intent_pol *p, enum intent_wish w, struct verdict_of *v)
{
	const char *blind = no_sight(p);

	if (!p->he->up)
		return say(v, INTENT_PENDING, "no session with the headend");
	if (!p->he->synced)
		return say(v, INTENT_PENDING, "the headend is reporting its LSPs");
	if (!p->want.set)
		return say(v, INTENT_PENDING, blind ? blind : "being computed");
	if (p->i->hold && w != INTENT_WISH_NONE) {
		(void)snprintf(v->reason, sizeof(v->reason), "hold: would %s", intent_wish_text(w));
		v->state = INTENT_HELD;
		return true;
	}
	if (p->txn_kind != INTENT_TXN_NONE)
		return say(v, INTENT_PENDING, "waiting for the headend's answer");
	if (w == INTENT_WISH_NONE)
		return !p->lsp && say(v, INTENT_DOWN, p->why);
	return say(v, INTENT_PENDING, p->fail[0] ? p->fail : blind ? blind : "to be sent");
}

static void derive_reported(const struct intent_pol *p, struct verdict_of *v)
{
	const struct lsp_state *st = &p->lsp->st;

	if (!sr_list_eq(&st->list, &p->want.list)) {
		say(v, INTENT_PENDING, "the headend does not delegate this LSP to us");
	} else if (oper_up(st)) {
		say(v, p->degraded ? INTENT_DEGRADED : INTENT_UP,
		    p->degraded ? p->why :
		    p->fail[0]	? p->fail :
				  intent_group_note(p));
	} else if (st->oper == LSP_DOWN && (p->was_up || !loop_timer_armed(&p->retry))) {
		say(v, INTENT_DOWN, "the headend reports the LSP down");
		if (st->error)
			(void)snprintf(v->reason, sizeof(v->reason),
				       "the headend reports the LSP down, LSP error %u", st->error);
	} else {
		say(v, INTENT_PENDING, "accepted by the headend, not reported up");
	}
}

/* Nobody is without it yet: what it lacks is its owner's business, and no alarm. */
static bool derive_later(const struct intent_pol *p, struct verdict_of *v)
{
	const char *blind = no_sight(p);

	if (!p->desired->p.later || p->desired->p.admin_down)
		return false;
	return say(v, INTENT_HELD,
		   p->no_path	  ? p->why[0] ? p->why : "no path" :
		   p->want.set	  ? "booked, and sent when its time has come" :
		   blind	  ? blind :
				    "being computed");
}

static void derive(const struct intent_pol *p, struct verdict_of *v)
{
	enum intent_wish w = intent_wish_of(p);

	if (p->mode == INTENT_OBSERVED) {
		derive_observed(p, v);
		return;
	}
	if (derive_later(p, v) || derive_absent(p, w, v) || derive_waiting(p, w, v))
		return;
	derive_reported(p, v);
}

/* ---- change ---- */

const char *intent_relax_told(const struct intent_pol *p)
{
	bool asked = p->mode == INTENT_MANAGED && p->desired && !p->desired->p.admin_down;

	return asked && (p->no_path || p->degraded) && p->relax ? p->relax : "";
}

static void reason_add(struct str *s, const struct intent_pol *p, bool bad)
{
	const char *relax = bad ? intent_relax_told(p) : "";

	str_add(s, "\"reason\":");
	str_json(s, p->reason);
	if (!relax[0])
		return;
	str_add(s, ",\"nearest-relaxation\":");
	str_json(s, relax);
}

static void alarm_set(struct intent_pol *p, bool *standing, bool on, const char *type)
{
	STR_AUTO struct str s = { 0 };

	if (*standing == on)
		return;
	*standing = on;
	reason_add(&s, p, on);
	intent_event(p, on ? BUS_ALARM : BUS_CLEARED, type, "%s", str_text(&s));
}

static void alarms(struct intent_pol *p)
{
	bool mine = p->mode == INTENT_MANAGED && !p->deleted && !p->desired->p.admin_down;
	/* On its way back it is not well yet: the alarm stands until it is. */
	bool down = p->state == INTENT_DOWN ||
		    (p->alarmed_down && (p->state == INTENT_PENDING || p->state == INTENT_HELD));
	bool degraded = p->state == INTENT_DEGRADED ||
			(p->alarmed_degraded && p->state == INTENT_PENDING);

	alarm_set(p, &p->alarmed_down, mine && down, "policy-down");
	alarm_set(p, &p->alarmed_degraded, mine && degraded, "policy-degraded");
}

void intent_state_event(struct intent_pol *p, enum intent_state was, enum intent_state now)
{
	STR_AUTO struct str s = { 0 };
	bool bad = now == INTENT_DOWN || now == INTENT_DEGRADED;

	str_addf(&s, "\"old\":\"%s\",\"new\":\"%s\",", intent_state_text(was), intent_state_text(now));
	reason_add(&s, p, bad);
	intent_event(p, bad ? BUS_WARNING : BUS_INFO, "policy-state", "%s", str_text(&s));
}

void intent_state_refresh(struct intent_pol *p)
{
	struct intent *i = p->i;
	struct verdict_of v = { 0 };
	enum intent_state was = p->state;

	if (p->tentative)
		return;
	intent_optimise_news(p);
	intent_guard_look(p);
	intent_group_news(p);
	if (p->bsid.family != IP_NONE || p->told.family != IP_NONE || p->lsp)
		intent_bound_news(p);
	if (p->deleted) {
		alarms(p);
		return;
	}
	if (p->mode == INTENT_MANAGED && !p->desired)
		return;
	derive(p, &v);
	if (v.state == p->state && strcmp(v.reason, p->reason) == 0) {
		alarms(p);
		return;
	}
	if (v.state != was && p->owes_state)
		intent_paper_write(p); /* of the state it has until now */
	str_copy(p->reason, sizeof(p->reason), v.reason);
	if (v.state != was) {
		i->states[was]--;
		i->states[v.state]++;
		p->state = v.state;
		p->since_wall_ns = loop_wall_ns(i->loop);
		metric_set(i->m_state[was], i->states[was]);
		metric_set(i->m_state[v.state], i->states[v.state]);
		if (!intent_owe_state(p, was))
			intent_state_event(p, was, p->state);
		intent_owner_tell(p);
	} else if (p->state == INTENT_DEGRADED || (p->desired && p->desired->p.later)) { /* another bound, or path */
		intent_owner_tell(p);
	}
	alarms(p);
}

void intent_states_run(void *arg)
{
	struct intent *i = arg;

	for (unsigned k = 0; k < INTENT_STATES_TURN && i->states_at < i->pols.n; k++)
		intent_state_refresh(i->pols.at[i->states_at++]);
	if (i->states_at < i->pols.n)
		loop_task_run(&i->states_task);
}

void intent_states_all(struct intent *i)
{
	i->states_at = 0;
	intent_states_run(i);
}

void intent_state_leave(struct intent_pol *p)
{
	struct intent *i = p->i;

	i->states[p->state]--;
	metric_set(i->m_state[p->state], i->states[p->state]);
	alarm_set(p, &p->alarmed_down, false, "policy-down");
	alarm_set(p, &p->alarmed_degraded, false, "policy-degraded");
}
