/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy is (colour, endpoint); it exists while an LSP or a steering entry names it. Its best
 * valid candidate (RFC 9256 section 2.9) is the active one and decides its routes: each
 * steered prefix with the list and its service SID, and the binding SID. A new list replaces
 * each route in one step. The active LSP is up when every route of it was read back.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <linux/seg6_local.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "log/log.h"
#include "tools/agent/policy/pol_int.h"

static void on_again(void *arg);

static bool policy_eq(const struct hash_node *n, const void *key)
{
	return memcmp(&HASH_OF(n, const struct agent_policy, node)->key, key, sizeof(struct key)) ==
	       0;
}

struct agent_policy *agent_pol_policy(struct agent_pol *pol, uint32_t color,
				      const struct ip_addr *endpoint)
{
	struct key k = { .color = color, .endpoint = *endpoint };
	struct hash_node *n = hash_get(&pol->policies, &k, sizeof(k), &k);
	struct agent_policy *p;

	if (n)
		return HASH_OF(n, struct agent_policy, node);
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->key = k;
	p->pol = pol;
	list_init(&p->lsps);
	list_init(&p->steers);
	list_init(&p->follows);
	list_init(&p->stirred_link);
	if (hash_put(&pol->policies, &p->key, sizeof(p->key), &p->node) < 0) {
		free(p);
		return NULL;
	}
	loop_timer_init(&p->again, pol->loop, on_again, p);
	return p;
}

static void policy_free(struct agent_pol *pol, struct agent_policy *p)
{
	hash_del(&pol->policies, &p->node);
	list_del(&p->stirred_link);
	loop_timer_fini(&p->again);
	free(p);
}

static void policy_drop_if_unused(struct agent_pol *pol, struct agent_policy *p)
{
	if (list_empty(&p->lsps) && list_empty(&p->steers) && list_empty(&p->follows))
		policy_free(pol, p);
}

bool agent_pol_is_active(const struct agent_lsp *lsp)
{
	return lsp->policy && lsp->policy->active == lsp;
}

static void bsid_apply(struct agent_pol *pol, struct agent_policy *p)
{
	const struct agent_lsp *via = p->active;
	struct agent_route r = { .table = RT_TABLE_MAIN,
				 .metric = pol->cfg->metric,
				 .protocol = AGENT_PROTO,
				 .kind = AGENT_ROUTE_LOCAL,
				 .action = SEG6_LOCAL_ACTION_END_B6_ENCAP,
				 .counters = pol->cfg->counters,
				 .dev = pol->dev };

	bool wanted = via && via->st.binding_sid.family == IP_V6 && pol->dev;

	if (wanted)
		r.dst = ip_prefix_of(&via->st.binding_sid, 128);
	if (p->bsid.n > 0 && (!wanted || agent_route_key_cmp(&p->bsid, &r) != 0))
		agent_fib_unset(pol->fib, &p->bsid);
	if (wanted)
		(void)agent_pol_want(pol, &r, via, NULL, 0);
	p->bsid = r;
}

static void policy_apply(struct agent_pol *pol, struct agent_policy *p)
{
	agent_pol_watch(p);
	p->active = agent_pol_choose(p);
	bsid_apply(pol, p);
	LIST_EACH (it, &p->steers)
		agent_pol_steer(pol, LIST_OF(it, struct steer, member));
	LIST_EACH (it, &p->follows)
		agent_pol_follow_one(pol, LIST_OF(it, struct follow, member));
	loop_task_run(&pol->judge);
}

/* Nothing but a watch, or time, has changed. */
void agent_pol_rechoose(struct agent_pol *pol, struct agent_policy *p)
{
	const struct agent_lsp *was = p->active, *now;
	uint8_t down = was ? was->st.lists_down : 0;
	char ip[IP_TEXT_MAX];

	now = agent_pol_choose(p);
	if (now && now == was && now->st.lists_down != down) {
		policy_apply(pol, p);
		log_event("", LOG_WARN, "agent.policy.lists", "color=%u endpoint=%s path=%s lists=%u down=0x%x",
			  p->key.color, ip_text(&p->key.endpoint, ip, sizeof(ip)), now->st.name,
			  sr_list_count(&now->st.list), now->st.lists_down);
	} else if (now != was) {
		policy_apply(pol, p);
		p->switches++;
		log_event("", LOG_WARN, "agent.policy.switched", "color=%u endpoint=%s from=%s to=%s",
			  p->key.color, ip_text(&p->key.endpoint, ip, sizeof(ip)), was ? was->st.name : "",
			  p->active ? p->active->st.name : "");
	}
	loop_task_run(&pol->judge);
}

static void on_stirred(void *arg)
{
	struct agent_pol *pol = arg;
	struct list *n;

	while ((n = list_pop(&pol->stirred)))
		agent_pol_rechoose(pol, LIST_OF(n, struct agent_policy, stirred_link));
}

static void on_alive(void *arg, void *who)
{
	struct agent_pol *pol = arg;
	struct agent_policy *p = ((struct agent_lsp *)who)->policy;

	if (p && !list_linked(&p->stirred_link))
		list_add(&pol->stirred, &p->stirred_link);
	loop_task_run(&pol->stir);
}

static void on_again(void *arg)
{
	struct agent_policy *p = arg;

	agent_pol_rechoose(p->pol, p);
}

void agent_pol_apply_all(struct agent_pol *pol)
{
	HASH_EACH (it, &pol->policies) {
		struct agent_policy *p = HASH_OF(it, struct agent_policy, node);

		policy_apply(pol, p);
		policy_drop_if_unused(pol, p);
	}
}

void agent_pol_drop_unused(struct agent_pol *pol)
{
	HASH_EACH (it, &pol->policies)
		policy_drop_if_unused(pol, HASH_OF(it, struct agent_policy, node));
}

struct verdict_of {
	unsigned pending, failed;
	const char *reason;
};

static void ask_fib(const struct agent_pol *pol, const struct agent_route *r, struct verdict_of *v)
{
	enum agent_fib_state st = agent_fib_state(pol->fib, r);

	if (st == AGENT_FIB_FAILED) {
		v->failed++;
		v->reason = agent_fib_reason(pol->fib, r);
	} else if (st != AGENT_FIB_IN) {
		v->pending++;
	}
}

static struct verdict_of judge_active(const struct agent_pol *pol, const struct agent_policy *p)
{
	struct verdict_of v = { .reason = "" };

	if (p->active->st.binding_sid.family == IP_V6) {
		if (p->bsid.n > 0) {
			ask_fib(pol, &p->bsid, &v);
		} else {
			v.failed++;
			v.reason = "the SID device is absent";
		}
	}
	LIST_EACH (it, &p->steers) {
		const struct steer *s = LIST_OF(it, const struct steer, member);

		if (s->blocked) {
			v.failed++;
			v.reason = s->blocked;
		} else {
			ask_fib(pol, &s->route, &v);
		}
	}
	v.pending += agent_pol_moving(pol, p);
	return v;
}

static void lsp_become(struct agent_pol *pol, struct agent_lsp *l, enum lsp_oper oper,
		       const char *reason)
{
	char scope[SR_NAME_MAX + 8];

	if (l->st.oper == oper && strcmp(l->reason, reason) == 0 && !l->news)
		return;
	l->news = false;
	l->st.oper = (uint8_t)oper;
	(void)str_copy(l->reason, sizeof(l->reason), reason);
	l->version++;
	(void)snprintf(scope, sizeof(scope), "lsp=%s", l->st.name);
	log_event(scope, LOG_INFO, "agent.lsp.state", "oper=%u reason=\"%s\"", l->st.oper,
		  l->reason);
	pol->ops.changed(pol->arg, l);
}

static void judge_lsp(struct agent_pol *pol, struct agent_lsp *l)
{
	struct verdict_of v;

	if (!l->st.admin_up) {
		lsp_become(pol, l, LSP_DOWN, "administratively down");
	} else if (l->st.list.n == 0) {
		lsp_become(pol, l, LSP_DOWN, "no path given");
	} else if (agent_pol_alive(l) == AGENT_LIVE_NO) {
		lsp_become(pol, l, LSP_DOWN, "its probes are not answered");
	} else if (l->policy->active != l) {
		lsp_become(pol, l, LSP_UP, "");
	} else {
		v = judge_active(pol, l->policy);
		if (v.failed > 0)
			lsp_become(pol, l, LSP_DOWN, v.reason);
		else if (v.pending > 0)
			lsp_become(pol, l, LSP_GOING_UP, "");
		else
			lsp_become(pol, l, LSP_ACTIVE, "");
	}
}

static void on_judge(void *arg)
{
	struct agent_pol *pol = arg;

	if (!agent_fib_ready(pol->fib))
		return;
	LIST_EACH (it, &pol->lsps)
		judge_lsp(pol, LIST_OF(it, struct agent_lsp, link));
	agent_pol_tell_followed(pol);
}

static void lsp_free(struct agent_lsp *l)
{
	agent_pol_unwatch(l);
	sr_list_drop(&l->st.list);
	free(l);
}

int agent_pol_new(struct agent_pol **outp, struct loop *loop, struct agent_fib *fib,
		  const struct agent_pol_ops *ops, void *arg)
{
	struct agent_pol *pol = calloc(1, sizeof(*pol));

	if (!pol)
		return err_raise(-ENOMEM);
	pol->loop = loop;
	pol->fib = fib;
	pol->ops = *ops;
	pol->arg = arg;
	list_init(&pol->lsps);
	hash_init(&pol->policies, loop_random(loop), policy_eq);
	list_init(&pol->stirred);
	loop_task_init(&pol->judge, loop, on_judge, pol);
	loop_task_init(&pol->stir, loop, on_stirred, pol);
	if (agent_live_new(&pol->live, loop, on_alive, pol) < 0) {
		agent_pol_free(pol);
		return err_raise(-ENOMEM);
	}
	*outp = pol;
	return 0;
}

struct agent_pol *agent_pol_free(struct agent_pol *pol)
{
	if (!pol)
		return NULL;
	loop_task_cancel(&pol->judge);
	loop_task_cancel(&pol->stir);
	LIST_EACH (it, &pol->lsps) {
		struct agent_lsp *l = LIST_OF(it, struct agent_lsp, link);

		lsp_free(l);
	}
	HASH_EACH (it, &pol->policies)
		policy_free(pol, HASH_OF(it, struct agent_policy, node));
	agent_live_free(pol->live);
	hash_fini(&pol->policies);
	free(pol->steers);
	free(pol->follows);
	VEC_FINI(&pol->leaving);
	free(pol->underlay);
	free(pol->sids);
	free(pol);
	return NULL;
}

void agent_pol_fib_changed(struct agent_pol *pol)
{
	loop_task_run(&pol->judge);
}

static int check_segments(const struct sr_list *list, char *why)
{
	if (list->n > 0 && list->dataplane != SR_SRV6) {
		(void)snprintf(why, SR_REASON_MAX, "not an SRv6 path");
		return AGENT_POL_E_LIST;
	}
	for (unsigned i = 0; i < list->n; i++) {
		if (list->at[i].sid.family == IP_V6 && !ip_is_any(&list->at[i].sid))
			continue;
		(void)snprintf(why, SR_REASON_MAX, "segment %u has no SID", i + 1);
		return AGENT_POL_E_LIST;
	}
	return 0;
}

/* The longest list that fits, service SID of steered prefixes counted. */
static int check_lists(const struct agent_pol *pol, const struct lsp_state *w, char *why)
{
	struct key k = { .color = w->color, .endpoint = w->endpoint };
	const struct hash_node *n = hash_get(&pol->policies, &k, sizeof(k), &k);
	const struct agent_policy *p = n ? HASH_OF(n, const struct agent_policy, node) : NULL;
	unsigned service = p && !list_empty(&p->steers) ? 1 : 0;
	unsigned own = p ? agent_pol_longest(pol, p) : 0, longest = agent_pol_longest_list(&w->list);

	service = own > service ? own : service;
	if (w->list_truncated || longest + service > pol->cfg->msd) {
		(void)snprintf(why, SR_REASON_MAX, "%u SIDs and %u service SID, but MSD is %u", longest, service,
			       pol->cfg->msd);
		return AGENT_POL_E_MSD;
	}
	for (unsigned i = 0; i < sr_list_count(&w->list); i++) {
		const struct sr_list *list = sr_list_nth(&w->list, i);
		int r = check_segments(list, why);

		if (r)
			return r;
		if (w->list.more && list->n == 0) {
			(void)snprintf(why, SR_REASON_MAX, "list %u of several is empty", i + 1);
			return AGENT_POL_E_LIST;
		}
	}
	return 0;
}

/* others: not one of the configured ones; they are checked with one another. */
static int check_bsid(const struct agent_pol *pol, const struct lsp_state *w, bool others, char *why)
{
	if (w->binding_sid.family == IP_NONE)
		return 0;
	if (w->binding_sid.family != IP_V6 || ip_is_any(&w->binding_sid)) {
		(void)snprintf(why, SR_REASON_MAX, "the binding SID is not an SRv6 SID");
		return AGENT_POL_E_BSID;
	}
	LIST_EACH (it, &pol->lsps) {
		const struct agent_lsp *l = LIST_OF(it, const struct agent_lsp, link);

		if ((others && l->configured) || !ip_eq(&l->st.binding_sid, &w->binding_sid) ||
		    strcmp(l->st.name, w->name) == 0 ||
		    (l->st.color == w->color && ip_eq(&l->st.endpoint, &w->endpoint)))
			continue;
		(void)snprintf(why, SR_REASON_MAX, "the binding SID belongs to '%s'", l->st.name);
		return AGENT_POL_E_BSID;
	}
	return 0;
}

static int check_wish(const struct agent_pol *pol, const struct lsp_state *w, bool others, char *why)
{
	int r;

	if (!w->has_key || w->endpoint.family == IP_NONE || !w->name[0]) {
		(void)snprintf(why, SR_REASON_MAX, "no name, colour or endpoint");
		return AGENT_POL_E_KEY;
	}
	r = check_lists(pol, w, why);
	return r ? r : check_bsid(pol, w, others, why);
}

static void link_by_id(struct agent_pol *pol, struct agent_lsp *l)
{
	struct list *at = &pol->lsps;

	while (at->prev != &pol->lsps &&
	       LIST_OF(at->prev, struct agent_lsp, link)->st.plsp_id > l->st.plsp_id)
		at = at->prev;
	list_add(at, &l->link);
	pol->n_lsps++;
}

/* 20 bits; 0 and all ones are reserved, RFC 8231 s7.3. */
enum { PLSP_MAX = 0xffffe };

static uint32_t free_id(struct agent_pol *pol, uint32_t wanted)
{
	if (wanted && wanted <= PLSP_MAX && !agent_pol_by_id(pol, wanted)) {
		pol->last_id = wanted > pol->last_id ? wanted : pol->last_id;
		return wanted; /* kept over a restart of ours */
	}
	do {
		pol->last_id = pol->last_id % PLSP_MAX + 1;
	} while (agent_pol_by_id(pol, pol->last_id));
	return pol->last_id;
}

static struct agent_lsp *lsp_new(struct agent_pol *pol, const struct lsp_state *w)
{
	struct agent_lsp *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	(void)str_copy(l->st.name, sizeof(l->st.name), w->name);
	l->st.plsp_id = free_id(pol, w->plsp_id);
	link_by_id(pol, l);
	return l;
}

static void lsp_unlink(struct agent_pol *pol, struct agent_lsp *l)
{
	struct agent_policy *p = l->policy;

	if (!p)
		return;
	list_del(&l->member);
	l->policy = NULL;
	agent_pol_unwatch(l);
	if (p->active == l)
		p->active = NULL;
	policy_apply(pol, p);
	policy_drop_if_unused(pol, p);
}

/* The list, which is to be l's own, may be one that w borrows of l. */
static void take_wish(struct agent_lsp *l, const struct lsp_state *w, const struct sr_list *list)
{
	uint32_t id = l->st.plsp_id;
	struct sr_list old = l->st.list;

	l->st = *w;
	l->st.list = *list;
	sr_list_drop(&old);
	l->st.plsp_id = id;
	l->st.removed = l->st.sync = false;
	if (!l->st.has_preference)
		l->st.preference = 100; /* RFC 9256 s2.7 */
	l->version++;
}

static int check_name(const struct agent_lsp *l, bool configured, char why[SR_REASON_MAX])
{
	if (!l || l->configured == configured)
		return 0;
	(void)snprintf(why, SR_REASON_MAX, "the name belongs to %s",
		       configured ? "an LSP of a controller" : "a configured policy");
	return AGENT_POL_E_KEY;
}

int agent_pol_check(const struct agent_pol *pol, const struct lsp_state *wish, bool configured,
		    char why[SR_REASON_MAX])
{
	int r = check_name(agent_pol_by_name(pol, wish->name), configured, why);

	return r ? r : check_wish(pol, wish, configured, why);
}

unsigned agent_pol_msd(const struct agent_pol *pol)
{
	return pol->cfg ? pol->cfg->msd : 0;
}

int agent_pol_put(struct agent_pol *pol, const struct lsp_state *wish, struct agent_lsp **outp,
		  char why[SR_REASON_MAX])
{
	return agent_pol_place(pol, wish, false, outp, why);
}

int agent_pol_place(struct agent_pol *pol, const struct lsp_state *wish, bool configured,
		    struct agent_lsp **outp, char why[SR_REASON_MAX])
{
	struct agent_lsp *l = agent_pol_by_name(pol, wish->name);
	struct agent_policy *p;
	struct sr_list list;
	int r = check_name(l, configured, why);

	if (r)
		return r;
	why[0] = '\0';
	if (!l && pol->n_lsps >= AGENT_LSPS_MAX) {
		(void)snprintf(why, SR_REASON_MAX, "%u LSPs are held already", AGENT_LSPS_MAX);
		return AGENT_POL_E_FULL;
	}
	r = check_wish(pol, wish, false, why);
	if (r)
		return r;
	if (sr_list_keep(&wish->list, &list) < 0)
		return err_raise(-ENOMEM);
	p = agent_pol_policy(pol, wish->color, &wish->endpoint);
	if (p && !l)
		l = lsp_new(pol, wish);
	if (!p || !l) {
		if (p)
			policy_drop_if_unused(pol, p);
		sr_list_drop(&list);
		return err_raise(-ENOMEM);
	}
	if (l->policy && l->policy != p)
		lsp_unlink(pol, l);
	if (!l->policy)
		list_add(&p->lsps, &l->member);
	l->policy = p;
	l->configured = configured;
	take_wish(l, wish, &list);
	l->st.oper = LSP_GOING_UP;
	l->reason[0] = '\0';
	policy_apply(pol, p);
	*outp = l;
	return 0;
}

void agent_pol_remove(struct agent_pol *pol, struct agent_lsp *lsp)
{
	lsp->st.removed = true;
	lsp->st.oper = LSP_DOWN;
	lsp->version++;
	lsp_unlink(pol, lsp);
	list_del(&lsp->link);
	pol->n_lsps--;
	pol->ops.changed(pol->arg, lsp);
	lsp_free(lsp);
}

const struct sr_list *agent_pol_active(const struct agent_pol *pol, uint32_t color,
				       const struct ip_addr *endpoint)
{
	struct key k = { .color = color, .endpoint = *endpoint };
	const struct hash_node *n = hash_get(&pol->policies, &k, sizeof(k), &k);
	const struct agent_policy *p = n ? HASH_OF(n, const struct agent_policy, node) : NULL;

	unsigned i = 0;

	if (!p || !p->active || p->active->st.list.n == 0)
		return NULL;
	while (!agent_pol_in_use(p->active, i)) /* some list is */
		i++;
	return sr_list_nth(&p->active->st.list, i);
}

struct agent_lsp *agent_pol_by_name(const struct agent_pol *pol, const char *name)
{
	LIST_EACH (it, &pol->lsps) {
		struct agent_lsp *l = LIST_OF(it, struct agent_lsp, link);

		if (strcmp(l->st.name, name) == 0)
			return l;
	}
	return NULL;
}

struct agent_lsp *agent_pol_by_id(const struct agent_pol *pol, uint32_t plsp_id)
{
	LIST_EACH (it, &pol->lsps) {
		struct agent_lsp *l = LIST_OF(it, struct agent_lsp, link);

		if (l->st.plsp_id == plsp_id)
			return l;
	}
	return NULL;
}

struct agent_lsp *agent_pol_next(const struct agent_pol *pol, const struct agent_lsp *after)
{
	const struct list *n = after ? after->link.next : pol->lsps.next;

	return n == &pol->lsps ? NULL : LIST_OF(n, struct agent_lsp, link);
}
