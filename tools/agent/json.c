/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/agent/json.h"

#include <inttypes.h>

#include "tools/agent/policy/pol_int.h"

/* Of all lists of a route. */
enum { ROUTE_TEXT_MAX = SR_LISTS_MAX * AGENT_SEGS_MAX * IP_TEXT_MAX };

/* One level of nesting: whether a comma is due. */
struct out {
	struct str *o;
	const struct agent_view *v;
	bool more;
};

static void next(struct out *w)
{
	str_add(w->o, w->more ? ",\n" : "\n");
	w->more = true;
}

static void open_list(struct out *w, const char *name)
{
	str_addf(w->o, ",\n\"%s\":[", name);
	w->more = false;
}

static void text(struct str *o, const char *name, const char *value)
{
	str_addf(o, ",\"%s\":", name);
	str_json(o, value);
}

static void addr(struct str *o, const char *name, const struct ip_addr *a)
{
	char t[IP_TEXT_MAX];

	if (a->family != IP_NONE)
		str_addf(o, ",\"%s\":\"%s\"", name, ip_text(a, t, sizeof(t)));
}

const char *agent_oper_name(uint8_t oper)
{
	static const char *const names[] = { "down", "up", "active", "going-down", "going-up" };

	return oper < ARRAY_LEN(names) ? names[oper] : "unknown";
}

static const char *fib_name(enum agent_fib_state s)
{
	static const char *const names[] = { "absent", "pending", "in", "failed" };

	return names[s];
}

static void kernel(struct str *o, const struct agent_view *v)
{
	struct agent_fib_stats s;

	agent_fib_stats(v->fib, &s);
	str_addf(o, ",\n\"kernel\":{\"ready\":%s,\"wanted\":%u,\"in\":%u,\"pending\":%u",
		 agent_fib_ready(v->fib) ? "true" : "false", s.wanted, s.in, s.pending);
	str_addf(o, ",\"failed\":%u,\"leftover\":%u,\"audits\":%" PRIu64 ",\"installs\":%" PRIu64,
		 s.failed, s.leftover, s.audits, s.installs);
	str_addf(o, ",\"replaces\":%" PRIu64 ",\"removes\":%" PRIu64 ",\"repaired\":%" PRIu64,
		 s.replaces, s.removes, s.repaired);
	text(o, "outer-source", agent_tunsrc_state(v->tunsrc));
	text(o, "counting", v->count ? agent_count_error(v->count) : "off");
	str_add(o, "}");
}

static void session(void *arg, const struct session_info *s)
{
	struct out *w = arg;
	char t[IP_TEXT_MAX];

	next(w);
	str_addf(w->o, "{\"controller\":\"%s\",\"port\":%u,\"state\":\"%s\",\"up\":%s",
		 ip_text(&s->peer, t, sizeof(t)), s->port, s->state, s->up ? "true" : "false");
	str_addf(w->o, ",\"security\":\"%s\",\"lsps\":%" PRIu64 ",\"losses\":%" PRIu64, s->security,
		 s->objects, s->flaps);
	str_addf(w->o, ",\"messages-in\":%" PRIu64 ",\"messages-out\":%" PRIu64, s->rx_messages,
		 s->tx_messages);
	str_addf(w->o, ",\"up-since\":%" PRIu64, s->up_since_wall_ns / NS_PER_S);
	text(w->o, "last-error", s->last_error);
	text(w->o, "detail", s->detail);
	str_add(w->o, "}");
}

static void policies(struct out *w)
{
	const struct agent_lsp *l = NULL;
	char t[IP_TEXT_MAX];

	while ((l = agent_pol_next(w->v->pol, l))) {
		const struct agent_policy *p = l->policy;
		unsigned n = 0, steered = 0, follows = 0;

		if (!p || p->lsps.next != &l->member)
			continue; /* told with the first of its candidates */
		LIST_EACH (it, &p->lsps)
			n++;
		LIST_EACH (it, &p->steers)
			steered++;
		LIST_EACH (it, &p->follows)
			follows++;
		next(w);
		str_addf(w->o, "{\"color\":%u,\"endpoint\":\"%s\"", p->key.color,
			 ip_text(&p->key.endpoint, t, sizeof(t)));
		str_addf(w->o, ",\"candidates\":%u,\"steered\":%u,\"routes\":%u,\"switches\":%" PRIu64, n, steered,
			 follows, p->switches);
		text(w->o, "active", p->active ? p->active->st.name : "");
		text(w->o, "state", p->active ? agent_oper_name(p->active->st.oper) : "down");
		str_add(w->o, "}");
	}
}

static const char *const live_names[] = { "unknown", "yes", "no" };

static void probes(struct str *o, const struct agent_watch *watch)
{
	struct agent_watch_view v;

	agent_watch_view(watch, &v);
	str_addf(o, ",\"probes-sent\":%u,\"probes-answered\":%" PRIu64 ",\"probe-rtt-us\":%" PRIu64, v.judge->sent,
		 v.judge->n_answered, v.judge->rtt_ns / 1000);
	str_addf(o, ",\"probe-deaths\":%" PRIu64 ",\"probe-holds\":%" PRIu64 ",\"probe-errors\":%" PRIu64, v.judge->deaths,
		 v.judge->holds, v.send_errors);
	if (v.error[0])
		text(o, "probe-error", v.error);
}

/* Of several lists each is told by itself: lists(). */
static void alive(struct str *o, const struct agent_lsp *l)
{
	bool watched = false;

	for (unsigned k = 0; k < SR_LISTS_MAX; k++)
		watched = watched || l->watch[k];
	if (l->unwatched)
		text(o, "alive", "not watched: too many paths, or too long");
	if (!watched)
		return;
	text(o, "alive", live_names[agent_pol_alive(l)]);
	if (!l->st.list.more && l->watch[0])
		probes(o, l->watch[0]);
}

static void segments(struct str *o, const struct sr_list *list)
{
	char t[IP_TEXT_MAX];

	str_add(o, ",\"segments\":[");
	for (unsigned i = 0; i < list->n; i++)
		str_addf(o, "%s\"%s\"", i ? "," : "", ip_text(&list->at[i].sid, t, sizeof(t)));
	str_add(o, "]");
}

static unsigned in_use(const struct agent_lsp *l)
{
	unsigned n = 0;

	for (unsigned k = 0; k < sr_list_count(&l->st.list); k++)
		n += agent_pol_in_use(l, k);
	return n;
}

static void lsp(struct out *w, const struct agent_lsp *l)
{
	struct ip_addr controller = agent_ctl_addr(w->v->ctl, l->controller);
	char t[IP_TEXT_MAX];

	next(w);
	str_add(w->o, "{\"name\":");
	str_json(w->o, l->st.name);
	str_addf(w->o, ",\"plsp-id\":%u,\"color\":%u,\"endpoint\":\"%s\",\"preference\":%u",
		 l->st.plsp_id, l->st.color, ip_text(&l->st.endpoint, t, sizeof(t)),
		 l->st.preference);
	text(w->o, "state", agent_oper_name(l->st.oper));
	text(w->o, "reason", l->reason);
	alive(w->o, l);
	str_addf(w->o, ",\"active\":%s,\"configured\":%s,\"orphan\":%s",
		 agent_pol_is_active(l) ? "true" : "false", l->configured ? "true" : "false",
		 l->controller || l->configured ? "false" : "true");
	addr(w->o, "delegated-to", &controller);
	addr(w->o, "controller", &l->creator);
	addr(w->o, "binding-sid", &l->st.binding_sid);
	str_addf(w->o, ",\"bandwidth-bps\":%" PRIu64, l->st.bandwidth_bps);
	str_addf(w->o, ",\"lists\":%u,\"lists-in-use\":%u", sr_list_count(&l->st.list), in_use(l));
	segments(w->o, &l->st.list);
	str_add(w->o, "}");
}

/* Those of paths that have several. */
static void lists(struct out *w, const struct agent_lsp *l)
{
	struct agent_watch_view v;

	for (unsigned k = 0; l->st.list.more && k < sr_list_count(&l->st.list); k++) {
		next(w);
		str_add(w->o, "{\"lsp\":");
		str_json(w->o, l->st.name);
		str_addf(w->o, ",\"list\":%u,\"weight\":%u,\"in-use\":%s", k + 1, sr_list_weight(&l->st.list, k),
			 agent_pol_in_use(l, k) ? "true" : "false");
		if (l->watch[k]) {
			agent_watch_view(l->watch[k], &v);
			text(w->o, "alive", live_names[v.judge->state]);
			probes(w->o, l->watch[k]);
		}
		segments(w->o, sr_list_nth(&l->st.list, k));
		str_add(w->o, "}");
	}
}

static void steer(void *arg, const struct agent_steer_state *s)
{
	struct out *w = arg;
	char t[IP_TEXT_MAX], p[IP_PREFIX_TEXT_MAX], r[ROUTE_TEXT_MAX];

	next(w);
	str_addf(w->o, "{\"prefix\":\"%s\",\"color\":%u,\"endpoint\":\"%s\"",
		 ip_prefix_text(&s->cfg->prefix, p, sizeof(p)), s->cfg->color,
		 ip_text(&s->cfg->endpoint, t, sizeof(t)));
	addr(w->o, "service-sid", &s->cfg->service);
	text(w->o, "via", s->via ? s->via->st.name : s->fallback ? "igp" : "");
	str_addf(w->o, ",\"state\":\"%s\"", fib_name(s->state));
	text(w->o, "reason", s->reason);
	if (s->route)
		text(w->o, "route", agent_route_text(s->route, r, sizeof(r)));
	str_add(w->o, "}");
}

static void sid(struct out *w, const struct agent_route *r, const char *owner)
{
	char p[IP_PREFIX_TEXT_MAX], t[ROUTE_TEXT_MAX];

	next(w);
	str_addf(w->o, "{\"sid\":\"%s\",\"owner\":\"%s\"", ip_prefix_text(&r->dst, p, sizeof(p)),
		 owner);
	text(w->o, "behavior", agent_action_name(r->action, r->next_csid));
	text(w->o, "action", agent_route_text(r, t, sizeof(t)));
}

static void own_sid(void *arg, const struct agent_route *r, enum agent_fib_state state,
		    bool leftover)
{
	struct out *w = arg;
	const struct agent_route *seen;

	if (r->kind != AGENT_ROUTE_LOCAL)
		return;
	seen = agent_fib_seen(w->v->fib, r);
	sid(w, r, leftover ? "leftover" : "agent");
	str_addf(w->o, ",\"state\":\"%s\"", fib_name(state));
	if (seen && seen->counters)
		str_addf(w->o,
			 ",\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"errors\":%" PRIu64,
			 seen->packets, seen->bytes, seen->errors);
	str_add(w->o, "}");
}

static void router_sid(void *arg, const struct agent_route *r, bool repaired)
{
	struct out *w = arg;
	uint64_t packets, bytes;

	sid(w, r, "router");
	str_addf(w->o, ",\"state\":\"in\",\"repaired\":%s", repaired ? "true" : "false");
	if (w->v->count && !repaired && agent_count_get(w->v->count, &r->dst, &packets, &bytes))
		str_addf(w->o, ",\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64, packets, bytes);
	str_add(w->o, "}");
}

/* Prefixes of count-sid are told where they are none of the kernel's SIDs. */
static void counted(struct out *w)
{
	uint64_t packets, bytes;
	char p[IP_PREFIX_TEXT_MAX];

	for (size_t i = 0; i < w->v->cfg->n_counted; i++) {
		const struct ip_prefix *c = &w->v->cfg->counted[i];

		next(w);
		str_addf(w->o, "{\"prefix\":\"%s\"", ip_prefix_text(c, p, sizeof(p)));
		if (w->v->count && agent_count_get(w->v->count, c, &packets, &bytes))
			str_addf(w->o, ",\"arrived\":%" PRIu64 ",\"arrived-bytes\":%" PRIu64,
				 packets, bytes);
		str_add(w->o, "}");
	}
}

static void gnmi(struct str *o, const struct agent_gnmi *g)
{
	struct agent_gnmi_stats s;

	agent_gnmi_stats(g, &s);
	str_addf(o, ",\n\"gnmi\":{\"port\":%u,\"calls\":%u,\"subscriptions\":%u",
		 agent_gnmi_port(g), s.calls, s.subscriptions);
	str_addf(o, ",\"gets\":%" PRIu64 ",\"sets\":%" PRIu64 ",\"refused\":%" PRIu64, s.gets,
		 s.sets, s.refused);
	str_addf(o, ",\"updates\":%" PRIu64 "}", s.updates);
}

void agent_json(const struct agent_view *v, struct str *o)
{
	struct out w = { .o = o, .v = v };
	const struct agent_lsp *l = NULL;

	str_add(o, "{\"node\":");
	str_json(o, v->cfg->node);
	addr(o, "router-id", &v->cfg->router_id);
	kernel(o, v);
	open_list(&w, "sessions");
	agent_ctl_each(v->ctl, session, &w);
	str_add(o, "]");
	open_list(&w, "policies");
	policies(&w);
	str_add(o, "]");
	open_list(&w, "lsps");
	while ((l = agent_pol_next(v->pol, l)))
		lsp(&w, l);
	str_add(o, "]");
	open_list(&w, "lists");
	while ((l = agent_pol_next(v->pol, l)))
		lists(&w, l);
	str_add(o, "]");
	open_list(&w, "steering");
	agent_pol_each_steer(v->pol, steer, &w);
	str_add(o, "]");
	open_list(&w, "sids");
	agent_fib_each(v->fib, own_sid, &w);
	agent_sids_each(v->sids, router_sid, &w);
	str_add(o, "]");
	open_list(&w, "counted");
	counted(&w);
	str_add(o, "]");
	agent_stamp_json(v->stamp, o);
	agent_altmark_json(v->altmark, o);
	if (v->slices)
		agent_json_slices(v->slices, o);
	if (v->fwd)
		agent_json_fwd(v->fwd, o);
	if (v->gnmi)
		gnmi(o, v->gnmi);
	str_add(o, "}\n");
}
