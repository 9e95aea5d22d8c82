/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Headends. An LSP belongs to its router and outlives sessions (State Timeout infinite); the
 * delegation of one the controller made may end while the session is away, then it is an
 * orphan to be taken over. Requests are answered one after the other, by the router's mood.
 */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

enum { PCE = 1 };

struct asked {
	struct list link;
	struct pcc_request req;
};

struct router *router_of(const struct ip_addr *headend)
{
	uint32_t n = sim_router_by_addr(&sim.topo, headend);

	return n == SIM_NONE ? NULL : &sim.routers[n];
}

struct lsp *router_lsp(struct router *r, const char *name)
{
	for (unsigned k = 0; k < LSPS_MAX; k++) {
		if (r->lsps[k].used && strcmp(r->lsps[k].st.name, name) == 0)
			return &r->lsps[k];
	}
	return NULL;
}

static struct lsp *by_plsp(struct router *r, uint32_t plsp)
{
	for (unsigned k = 0; k < LSPS_MAX; k++) {
		if (r->lsps[k].used && r->lsps[k].st.plsp_id == plsp)
			return &r->lsps[k];
	}
	return NULL;
}

static void report(struct router *r, struct lsp *l, uint32_t txn)
{
	struct lsp_state st = l->st;

	st.txn = txn;
	if (r->pcc)
		(void)pcc_report(r->pcc, PCE, &st);
	sim_targets_sync(sim.targets); /* it may be that of a route */
}

static bool first_hop(const struct router *r, const struct lsp *l)
{
	return l->st.list.n > 0 && sim_walk_first(sim.paths, r->n, &l->st.list.at[0].sid);
}

/* ---- what is asked ---- */

static void refuse(struct router *r, const struct asked *a, uint8_t type, uint8_t value)
{
	say("%s refuses with %u/%u", sim.topo.routers.at[r->n].name, type, value);
	(void)pcc_refuse(r->pcc, PCE, a->req.srp_id, type, value);
}

static void take_wish(struct router *r, struct lsp *l, const struct pcc_request *q)
{
	struct lsp_state *st = &l->st;

	if (q->has_list)
		st->list = q->wish.list;
	if (q->has_bandwidth)
		st->bandwidth_bps = q->wish.bandwidth_bps;
	if (q->has_prios) {
		st->setup_prio = q->wish.setup_prio;
		st->hold_prio = q->wish.hold_prio;
	}
	if (q->wish.has_preference) {
		st->has_preference = true;
		st->preference = q->wish.preference;
	}
	if (q->wish.binding_sid.family != IP_NONE)
		st->binding_sid = q->wish.binding_sid;
	st->oper = r->mood != STAYS_DOWN && first_hop(r, l) ? LSP_UP : LSP_DOWN;
}

static void initiate(struct router *r, const struct asked *a)
{
	const struct pcc_request *q = &a->req;
	struct lsp *l = NULL;

	if (router_lsp(r, q->wish.name)) { /* RFC 8281 s5.3: the name is in use */
		refuse(r, a, 23, 1);
		return;
	}
	for (unsigned k = 0; k < LSPS_MAX && !l; k++) {
		if (!r->lsps[k].used)
			l = &r->lsps[k];
	}
	if (!l) {
		refuse(r, a, 19, 6);
		return;
	}
	*l = (struct lsp){ .used = true };
	l->st = q->wish;
	l->st.plsp_id = ++r->next_plsp;
	l->st.pce_initiated = l->st.delegated = l->st.admin_up = true;
	l->st.removed = l->st.sync = false;
	l->st.error = 0;
	take_wish(r, l, q);
	report(r, l, q->srp_id);
}

static void update(struct router *r, const struct asked *a, struct lsp *l)
{
	struct lsp answer;

	if (!l->st.delegated) {
		refuse(r, a, 19, 1);
		return;
	}
	if (r->mood == ERRS) { /* what it has goes on */
		answer = *l;
		answer.st.error = 4;
		report(r, &answer, a->req.srp_id);
		return;
	}
	take_wish(r, l, &a->req);
	report(r, l, a->req.srp_id);
}

static void removal(struct router *r, const struct asked *a, struct lsp *l)
{
	struct lsp answer = *l;

	if (!l->st.pce_initiated) {
		refuse(r, a, 19, 9);
		return;
	}
	l->used = false;
	answer.st.removed = true;
	answer.st.oper = LSP_DOWN;
	report(r, &answer, a->req.srp_id);
}

static void answer(struct router *r, const struct asked *a)
{
	struct lsp *l = by_plsp(r, a->req.wish.plsp_id);

	if (r->mood == REFUSES && (a->req.ask == PCC_ASK_INITIATE || a->req.ask == PCC_ASK_UPDATE)) {
		refuse(r, a, 24, 1);
		return;
	}
	if (a->req.ask == PCC_ASK_INITIATE) {
		initiate(r, a);
		return;
	}
	if (!l) {
		refuse(r, a, 19, 3);
		return;
	}
	switch (a->req.ask) {
	case PCC_ASK_INITIATE:
		break;
	case PCC_ASK_UPDATE:
		update(r, a, l);
		break;
	case PCC_ASK_REMOVE:
		removal(r, a, l);
		break;
	case PCC_ASK_TAKE:
		l->st.delegated = true;
		report(r, l, a->req.srp_id);
		break;
	case PCC_ASK_RELEASE:
		l->st.delegated = false;
		report(r, l, a->req.srp_id);
		break;
	}
}

static void answer_next(struct router *r)
{
	uint64_t ns = r->mood == SLOW ? NS_PER_S + loop_random(sim.loop) % (6 * NS_PER_S) :
					loop_random(sim.loop) % (20 * NS_PER_MS);

	if (!list_empty(&r->asked) && !loop_timer_armed(&r->timer))
		loop_timer_after(&r->timer, ns);
}

static void on_time(void *arg)
{
	struct router *r = arg;
	struct list *n = list_pop(&r->asked);

	if (n) {
		if (r->mood != MUTE)
			answer(r, LIST_OF(n, struct asked, link));
		free(LIST_OF(n, struct asked, link));
	}
	answer_next(r);
}

static void forget_asked(struct router *r)
{
	struct list *n;

	loop_timer_stop(&r->timer);
	while ((n = list_pop(&r->asked)))
		free(LIST_OF(n, struct asked, link));
}

static void on_request(void *arg, uint32_t pce, const struct pcc_request *q)
{
	static const char *const text[] = { "initiate", "update", "remove", "take", "release" };
	struct router *r = arg;
	struct asked *a = calloc(1, sizeof(*a));

	(void)pce;
	if (!a)
		abort();
	say("%s is asked to %s %s (PLSP %u, SRP %u)", sim.topo.routers.at[r->n].name, text[q->ask],
	    q->wish.name, q->wish.plsp_id, q->srp_id);
	a->req = *q;
	list_add(&r->asked, &a->link);
	answer_next(r);
}

/* ---- the session ---- */

static bool on_next(void *arg, uint32_t pce, uint64_t *cursor, struct lsp_state *st)
{
	struct router *r = arg;

	(void)pce;
	while (*cursor < LSPS_MAX && !r->lsps[*cursor].used)
		(*cursor)++;
	if (*cursor >= LSPS_MAX)
		return false;
	*st = r->lsps[(*cursor)++].st;
	return true;
}

static void on_down(void *arg, uint32_t pce, const char *why)
{
	struct router *r = arg;

	(void)pce;
	say("%s: session down: %s", sim.topo.routers.at[r->n].name, why);
	forget_asked(r);
	disturb();
	if (loop_random(sim.loop) % 2)
		return; /* back before the redelegation timeout */
	for (unsigned k = 0; k < LSPS_MAX; k++) {
		if (r->lsps[k].used && r->lsps[k].st.pce_initiated)
			r->lsps[k].st.delegated = false;
	}
}

static const struct pcc_ops ops = { .next = on_next, .down = on_down, .request = on_request };

void router_init(struct router *r, uint32_t n)
{
	static const uint8_t msds[] = { 10, 10, 6, 3 };

	r->n = n;
	r->addr = sim_loopback(&sim.topo, n);
	r->msd = msds[pick(4)];
	list_init(&r->asked);
	loop_timer_init(&r->timer, sim.loop, on_time, r);
}

void router_start(struct router *r)
{
	const struct pcc_cfg cfg = { .keepalive_s = 10, .dead_s = 40, .srv6 = true,
				     .msd_srv6 = r->msd, .router_id = r->addr,
				     .retry_ns_min = NS_PER_S / 4, .retry_ns_max = 2 * NS_PER_S };
	const struct pcc_pce_cfg pce = { .number = PCE, .addr = controller_addr(),
					 .source = r->addr, .port = 4189, .insecure = true };

	if (pcc_new(&r->pcc, sim.loop, sim.net, &cfg, &ops, r) != 0 ||
	    pcc_pce_set(r->pcc, &pce) != 0)
		fail("%s has no PCC", sim.topo.routers.at[r->n].name);
}

void router_stop(struct router *r)
{
	forget_asked(r);
	r->pcc = pcc_free(r->pcc);
	for (unsigned k = 0; k < LSPS_MAX; k++)
		r->lsps[k].used = false;
}

void router_fini(struct router *r)
{
	router_stop(r);
	loop_timer_fini(&r->timer);
}

/* ---- on its own ---- */

void routers_notice(void)
{
	for (uint32_t i = 0; i < sim.topo.routers.n; i++) {
		struct router *r = &sim.routers[i];

		for (unsigned k = 0; r->pcc && k < LSPS_MAX; k++) {
			struct lsp *l = &r->lsps[k];
			uint8_t oper;

			if (!l->used)
				continue;
			oper = first_hop(r, l) ? LSP_UP : LSP_DOWN;
			if (oper == l->st.oper)
				continue;
			l->st.oper = oper;
			report(r, l, 0);
		}
	}
}

static void own_new(struct router *r, struct lsp *l)
{
	uint32_t n = (uint32_t)sim.topo.routers.n, to = (r->n + 1 + pick(n - 1)) % n;
	uint32_t via = (to + 1 + pick(n - 1)) % n;
	struct sr_list *list = &l->st.list;

	*l = (struct lsp){ .used = true };
	(void)snprintf(l->st.name, sizeof(l->st.name), "own-%u", ++r->next_own);
	l->st.plsp_id = ++r->next_plsp;
	l->st.endpoint = sim_loopback(&sim.topo, to);
	l->st.has_key = chance(60);
	l->st.color = 1000 + r->next_own;
	l->st.has_cpath = l->st.has_preference = l->st.has_key;
	l->st.cpath = (struct sr_cpath_id){ .origin = 30, .originator = r->addr,
					    .discriminator = r->next_own };
	l->st.preference = 100;
	l->st.admin_up = true;
	l->st.delegated = chance(50);
	l->st.setup_prio = l->st.hold_prio = 7;
	l->st.bandwidth_bps = sim.profile == 0 ? 0 : pick(3) * UINT64_C(500000000);
	if (via != r->n)
		list->at[list->n++] = (struct sr_segment){ .sid = sim_node_sid(&sim.topo, via) };
	list->at[list->n++] = (struct sr_segment){ .sid = sim_node_sid(&sim.topo, to) };
	for (unsigned k = 0; k < list->n; k++) {
		bool classic = sim.topo.routers.at[k + 1 == list->n ? to : via].classic;

		list->at[k].kind = SR_SEG_NODE;
		list->at[k].behavior = classic ? SR_BEHAVIOR_END : SR_BEHAVIOR_UN;
		list->at[k].structure = (struct sr_sid_structure){ 32, 16, classic ? 16 : 0, 0 };
	}
	l->st.oper = first_hop(r, l) ? LSP_UP : LSP_DOWN;
	say("%s has an LSP of its own, %s", sim.topo.routers.at[r->n].name, l->st.name);
	report(r, l, 0);
}

/* Only what nobody manages is taken away. */
static bool is_managed(const struct router *r, const struct lsp *l)
{
	uint32_t color = l->st.has_key ? l->st.color : intent_color_of(l->st.name);

	for (unsigned k = 0; k < POLS; k++) {
		const struct belief *b = &sim.beliefs[k];

		if ((b->there || b->pending || b->unknown) && ip_eq(&b->key.headend, &r->addr) &&
		    b->key.color == color)
			return true;
	}
	return false;
}

void router_own(struct router *r)
{
	struct lsp *l = &r->lsps[pick(LSPS_MAX / 8)];
	struct lsp gone;

	if (!r->pcc)
		return;
	if (!l->used) {
		own_new(r, l);
	} else if (!l->st.pce_initiated && !is_managed(r, l)) {
		gone = *l;
		l->used = false;
		gone.st.removed = true;
		gone.st.oper = LSP_DOWN;
		say("%s removes %s", sim.topo.routers.at[r->n].name, gone.st.name);
		report(r, &gone, 0);
	}
}
