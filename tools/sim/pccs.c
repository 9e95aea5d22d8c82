/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One PCC and its LSPs a router. An LSP that could not be reported for want of room is owed and
 * told when there is room again; without a session nothing is owed, the next dump tells it.
 */
#include "tools/sim/pccs.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "southbound/pcep/pcc.h"

enum { PCE = 1, SIM_MSD = 10, PLSP_MAX = 0xffffe };

/* PCErr (RFC 8231, 8281). */
#define ERR_NOT_DELEGATED 19, 1
#define ERR_UNKNOWN_PLSP 19, 3
#define ERR_NOT_PCE_INITIATED 19, 9
#define ERR_NAME_IN_USE 23, 1
#define ERR_INTERNAL 24, 2
#define ERR_NO_ERO 6, 9

enum { BOUND_DEEP = 4 }; /* policies inside of each other */

struct lsp {
	struct sim_lsp s;
	bool owed; /* a report that found no room; st.txn is its */
};

struct sim_pcc {
	struct sim_pccs *all;
	uint32_t router;
	struct pcc *pcc;
	bool off, running, was_up; /* off: by command; was_up: the router */
	uint32_t plsp_last;
	VEC(struct lsp *) lsps; /* ascending PLSP-IDs */
};

struct sim_pccs {
	struct loop *loop;
	struct net *net;
	const struct sim_topo *t;
	struct sim_paths *paths;
	struct sim_pccs_cfg cfg;
	struct sim_pcc *pcc;
	uint32_t n;
	struct sim_asked asked;
	VEC(struct sim_asked_path) paths_asked; /* oldest first */
};

/* ---- a router's LSPs ---- */

/* The first with a PLSP-ID of at least id. */
static size_t lsp_place(const struct sim_pcc *c, uint64_t id)
{
	size_t low = 0, high = c->lsps.n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (c->lsps.at[mid]->s.st.plsp_id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct lsp *lsp_get(const struct sim_pcc *c, uint32_t plsp_id)
{
	size_t i = lsp_place(c, plsp_id);

	return i < c->lsps.n && c->lsps.at[i]->s.st.plsp_id == plsp_id && !c->lsps.at[i]->s.st.removed ?
		       c->lsps.at[i] :
		       NULL;
}

static struct lsp *lsp_named(const struct sim_pcc *c, const char *name)
{
	for (size_t i = 0; i < c->lsps.n; i++)
		if (!c->lsps.at[i]->s.st.removed && strcmp(c->lsps.at[i]->s.st.name, name) == 0)
			return c->lsps.at[i];
	return NULL;
}

static void lsp_free(struct lsp *l)
{
	sr_list_drop(&l->s.st.list);
	free(l);
}

static void lsp_drop(struct sim_pcc *c, size_t i)
{
	lsp_free(c->lsps.at[i]);
	c->lsps.n--;
	memmove(c->lsps.at + i, c->lsps.at + i + 1, (c->lsps.n - i) * sizeof(*c->lsps.at));
}

static void lsps_clear(struct sim_pcc *c)
{
	for (size_t i = 0; i < c->lsps.n; i++)
		lsp_free(c->lsps.at[i]);
	c->lsps.n = 0;
}

/* ---- installing ---- */

/* Of every list: flows are spread over all. */
static bool first_step(const struct sim_pcc *c, const struct lsp *l)
{
	for (unsigned k = 0; k < sr_list_count(&l->s.st.list); k++) {
		const struct sr_list *list = sr_list_nth(&l->s.st.list, k);

		if (list->n == 0 || !sim_walk_first(c->all->paths, c->router, &list->at[0].sid))
			return false;
	}
	return true;
}

/* Whose binding SID it is, NULL: nobody's. */
static const struct lsp *bound(const struct sim_pccs *p, const struct ip_addr *sid, uint32_t *router)
{
	for (uint32_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->pcc[i].lsps.n; k++) {
			const struct lsp *l = p->pcc[i].lsps.at[k];

			*router = p->pcc[i].router;
			if (!l->s.st.removed && l->s.st.oper == LSP_UP && ip_eq(&l->s.st.binding_sid, sid))
				return l;
		}
	return NULL;
}

/* A list with binding SIDs (End.B6.Encaps, RFC 8986 s4.13): each sends the packet through the list of
 * its policy, whose endpoint takes that off again. Ends: depth is bounded. */
static bool send(const struct sim_pccs *p, const struct sr_list *l, unsigned deep, uint32_t *at)
{
	struct ip_addr sids[SR_SEGS_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i <= l->n; i++) {
		uint32_t router = SIM_NONE;
		const struct lsp *b = i < l->n ? bound(p, &l->at[i].sid, &router) : NULL;
		struct sim_walk w = { .ok = true, .end = *at };

		if (!b && i < l->n) {
			sids[n++] = l->at[i].sid;
			continue;
		}
		if (n > 0)
			sim_walk(p->paths, *at, sids, n, &w, NULL);
		if (!w.ok)
			return false;
		*at = w.end;
		n = 0;
		if (!b)
			break;
		if (deep == BOUND_DEEP ||
		    (*at != router && !sim_walk_first(p->paths, *at, &l->at[i].sid)))
			return false;
		*at = router;
		if (!send(p, &b->s.st.list, deep + 1, at))
			return false;
	}
	return true;
}

/* Sends a packet through a list, in thought: it must come out at the endpoint. */
static bool arrives(const struct sim_pcc *c, struct lsp *l, const struct sr_list *list)
{
	struct ip_addr sids[SR_SEGS_MAX];
	struct sim_walk w;
	uint32_t end = sim_router_by_addr(c->all->t, &l->s.st.endpoint), at = c->router;

	for (unsigned i = 0; i < list->n; i++)
		sids[i] = list->at[i].sid;
	sim_walk(c->all->paths, c->router, sids, list->n, &w, NULL);
	if (!w.ok && list->n > 0 && send(c->all, list, 0, &at)) {
		w.ok = true;
		w.end = at;
	}
	if (w.ok && (end == SIM_NONE || w.end == end))
		return true;
	(void)str_copy(l->s.why, sizeof(l->s.why), w.ok ? "it ends at another router" : w.why);
	return false;
}

static void install(const struct sim_pcc *c, struct lsp *l)
{
	l->s.installed = true;
	l->s.why[0] = '\0';
	for (unsigned k = 0; l->s.installed && k < sr_list_count(&l->s.st.list); k++)
		l->s.installed = arrives(c, l, sr_list_nth(&l->s.st.list, k));
}

/* What the headend would say now. */
static enum lsp_oper oper_of(const struct sim_pcc *c, const struct lsp *l)
{
	return l->s.st.admin_up && l->s.installed && first_step(c, l) ? LSP_UP : LSP_DOWN;
}

static void report(struct sim_pcc *c, struct lsp *l, uint32_t txn)
{
	l->s.st.txn = txn;
	l->owed = pcc_report(c->pcc, PCE, &l->s.st) == NET_E_FULL;
}

static void set_list(struct sim_pcc *c, struct lsp *l)
{
	install(c, l);
	l->s.st.oper = (uint8_t)oper_of(c, l);
}

/* ---- what the PCE asks ---- */

static struct lsp *lsp_new(struct sim_pcc *c)
{
	struct lsp *l;

	if (c->lsps.n >= SIM_LSPS_MAX || c->plsp_last == PLSP_MAX)
		return NULL;
	l = calloc(1, sizeof(*l));
	if (!l || !VEC_ADD(&c->lsps, l)) {
		free(l);
		return NULL;
	}
	l->s.router = c->router;
	l->s.st.plsp_id = ++c->plsp_last;
	return l;
}

static void initiate(struct sim_pcc *c, const struct pcc_request *r)
{
	struct lsp *l;
	uint32_t id;

	if (!r->has_list) {
		(void)pcc_refuse(c->pcc, PCE, r->srp_id, ERR_NO_ERO);
		return;
	}
	if (lsp_named(c, r->wish.name)) {
		(void)pcc_refuse(c->pcc, PCE, r->srp_id, ERR_NAME_IN_USE);
		return;
	}
	l = lsp_new(c);
	if (!l) {
		(void)pcc_refuse(c->pcc, PCE, r->srp_id, ERR_INTERNAL);
		return;
	}
	id = l->s.st.plsp_id;
	l->s.st = r->wish;
	l->s.st.plsp_id = id;
	if (sr_list_keep(&r->wish.list, &l->s.st.list) < 0) {
		lsp_drop(c, lsp_place(c, id));
		(void)pcc_refuse(c->pcc, PCE, r->srp_id, ERR_INTERNAL);
		return;
	}
	l->s.st.headend = sim_loopback(c->all->t, c->router);
	l->s.st.delegated = l->s.st.pce_initiated = l->s.st.admin_up = true;
	set_list(c, l);
	report(c, l, r->srp_id);
}

static void update(struct sim_pcc *c, struct lsp *l, const struct pcc_request *r)
{
	struct lsp_state *st = &l->s.st;
	struct sr_list list = { .n = 0 };

	if (!st->delegated) {
		(void)pcc_refuse(c->pcc, PCE, r->srp_id, ERR_NOT_DELEGATED);
		return;
	}
	if (r->has_list && sr_list_keep(&r->wish.list, &list) < 0) {
		(void)pcc_refuse(c->pcc, PCE, r->srp_id, ERR_INTERNAL);
		return;
	}
	if (r->has_admin)
		st->admin_up = r->wish.admin_up;
	if (r->has_bandwidth)
		st->bandwidth_bps = r->wish.bandwidth_bps;
	if (r->has_prios) {
		st->setup_prio = r->wish.setup_prio;
		st->hold_prio = r->wish.hold_prio;
	}
	if (r->wish.has_preference) {
		st->has_preference = true;
		st->preference = r->wish.preference;
	}
	if (r->has_list) {
		sr_list_drop(&st->list);
		st->list = list;
	}
	set_list(c, l);
	report(c, l, r->srp_id);
}

static void remove_lsp(struct sim_pcc *c, struct lsp *l, const struct pcc_request *r)
{
	if (!l->s.st.pce_initiated) {
		(void)pcc_refuse(c->pcc, PCE, r->srp_id, ERR_NOT_PCE_INITIATED);
		return;
	}
	l->s.st.removed = true;
	l->s.st.oper = LSP_DOWN;
	report(c, l, r->srp_id);
	if (!l->owed)
		lsp_drop(c, lsp_place(c, l->s.st.plsp_id));
}

static void count(struct sim_pccs *p)
{
	p->asked.last = loop_now(p->loop);
	if (p->asked.n++ == 0)
		p->asked.first = p->asked.last;
}

static void on_request(void *arg, uint32_t pce, const struct pcc_request *r)
{
	struct sim_pcc *c = arg;
	struct lsp *l = r->ask == PCC_ASK_INITIATE ? NULL : lsp_get(c, r->wish.plsp_id);

	(void)pce;
	count(c->all);
	if (r->ask != PCC_ASK_INITIATE && !l) {
		(void)pcc_refuse(c->pcc, PCE, r->srp_id, ERR_UNKNOWN_PLSP);
		return;
	}
	switch (r->ask) {
	case PCC_ASK_INITIATE:
		initiate(c, r);
		break;
	case PCC_ASK_UPDATE:
		update(c, l, r);
		break;
	case PCC_ASK_REMOVE:
		remove_lsp(c, l, r);
		break;
	case PCC_ASK_TAKE:
	case PCC_ASK_RELEASE:
		l->s.st.delegated = r->ask == PCC_ASK_TAKE;
		report(c, l, r->srp_id);
		break;
	}
}

/* ---- the session ---- */

static bool on_next(void *arg, uint32_t pce, uint64_t *cursor, struct lsp_state *st)
{
	struct sim_pcc *c = arg;
	size_t i = lsp_place(c, *cursor + 1);

	(void)pce;
	while (i < c->lsps.n && c->lsps.at[i]->s.st.removed)
		i++;
	if (i == c->lsps.n)
		return false;
	*cursor = c->lsps.at[i]->s.st.plsp_id;
	c->lsps.at[i]->owed = false;
	*st = c->lsps.at[i]->s.st;
	st->txn = 0;
	return true;
}

static void owed_send(struct sim_pcc *c)
{
	for (size_t i = 0; i < c->lsps.n;) {
		struct lsp *l = c->lsps.at[i];

		if (l->owed)
			report(c, l, l->s.st.txn);
		if (l->owed)
			return;
		if (l->s.st.removed)
			lsp_drop(c, i);
		else
			i++;
	}
}

static void on_writable(void *arg, uint32_t pce)
{
	(void)pce;
	owed_send(arg);
}

/* ---- paths ---- */

static void on_path(void *arg, uint32_t pce, const struct pcc_path_reply *r)
{
	struct sim_pcc *c = arg;

	(void)pce;
	for (size_t i = c->all->paths_asked.n; i-- > 0;) {
		struct sim_asked_path *a = &c->all->paths_asked.at[i];

		if (a->router != c->router || a->id != r->request_id || a->answered || a->lost)
			continue;
		a->answered = true;
		a->reply = *r;
		return;
	}
}

static void paths_lost(struct sim_pcc *c)
{
	for (size_t i = 0; i < c->all->paths_asked.n; i++) {
		struct sim_asked_path *a = &c->all->paths_asked.at[i];

		a->lost = a->lost || (a->router == c->router && !a->answered);
	}
}

static void on_down(void *arg, uint32_t pce, const char *why)
{
	(void)pce;
	(void)why;
	paths_lost(arg);
}

static void paths_forget(struct sim_pccs *p, size_t n)
{
	p->paths_asked.n -= n;
	memmove(p->paths_asked.at, p->paths_asked.at + n, p->paths_asked.n * sizeof(*p->paths_asked.at));
}

int sim_pcc_ask(struct sim_pccs *p, uint32_t router, const struct pcc_path_set *set, uint32_t *ids)
{
	int rc = router < p->n ? pcc_ask(p->pcc[router].pcc, PCE, set, ids) : 1;

	for (unsigned i = 0; rc == 0 && i < set->n; i++) {
		struct sim_asked_path a = { .router = router, .id = ids[i] };

		if (p->paths_asked.n == SIM_ASKED_MAX)
			paths_forget(p, SIM_ASK_MAX);
		if (!VEC_ADD(&p->paths_asked, a))
			rc = err_raise(-ENOMEM);
	}
	return rc;
}

void sim_asked_each(const struct sim_pccs *p, void (*fn)(void *arg, const struct sim_asked_path *a),
		    void *arg)
{
	for (size_t i = 0; i < p->paths_asked.n; i++)
		fn(arg, &p->paths_asked.at[i]);
}

static const struct pcc_ops ops = { .next = on_next, .request = on_request, .writable = on_writable,
				    .path = on_path, .down = on_down };

/* There when nobody forbids it and the router lives. */
static int session(struct sim_pcc *c)
{
	const struct sim_pccs_cfg *cfg = &c->all->cfg;
	struct pcc_pce_cfg pce = { .number = PCE, .addr = cfg->daemon, .port = cfg->port,
				   .insecure = true, .source = cfg->source(cfg->source_arg, c->router) };
	bool want = !c->off && c->all->t->routers.at[c->router].up;
	int rc = 0;

	if (want == c->running)
		return 0;
	c->running = want;
	if (want)
		rc = pcc_pce_set(c->pcc, &pce);
	else
		(void)pcc_pce_del(c->pcc, PCE);
	if (!want)
		paths_lost(c);
	return rc > 0 ? err_raise(-EINVAL) : rc;
}

static int pcc_start(struct sim_pccs *p, struct sim_pcc *c, uint32_t router)
{
	struct pcc_cfg cfg = { .srv6 = true, .msd_srv6 = SIM_MSD, .lists = SR_LISTS_MAX,
			      
			       .router_id = sim_loopback(p->t, router),
			       .retry_ns_min = NS_PER_S / 4, .retry_ns_max = 2 * NS_PER_S };
	int rc;

	c->all = p;
	c->router = router;
	c->was_up = p->t->routers.at[router].up;
	rc = pcc_new(&c->pcc, p->loop, p->net, &cfg, &ops, c);
	return rc < 0 ? err_trace(rc) : session(c);
}

int sim_pccs_new(struct sim_pccs **outp, struct loop *loop, struct net *net,
		 const struct sim_topo *t, struct sim_paths *paths, const struct sim_pccs_cfg *cfg)
{
	AUTO(sim_pccs_free) struct sim_pccs *p = calloc(1, sizeof(*p));

	if (!p)
		return err_raise(-ENOMEM);
	p->loop = loop;
	p->net = net;
	p->t = t;
	p->paths = paths;
	p->cfg = *cfg;
	p->asked.since = loop_now(loop);
	p->pcc = calloc((size_t)cfg->n + 1, sizeof(*p->pcc));
	if (!p->pcc)
		return err_raise(-ENOMEM);
	for (uint32_t r = 0; r < cfg->n && r < t->routers.n; r++) {
		int rc = pcc_start(p, &p->pcc[p->n++], r);

		if (rc < 0)
			return err_trace(rc);
	}
	*outp = TAKE(p);
	return 0;
}

struct sim_pccs *sim_pccs_free(struct sim_pccs *p)
{
	if (!p)
		return NULL;
	for (uint32_t i = 0; i < p->n; i++) {
		pcc_free(p->pcc[i].pcc);
		lsps_clear(&p->pcc[i]);
		VEC_FINI(&p->pcc[i].lsps);
	}
	VEC_FINI(&p->paths_asked);
	free(p->pcc);
	free(p);
	return NULL;
}

void sim_pccs_stop(struct sim_pccs *p)
{
	for (uint32_t i = 0; i < p->n; i++)
		pcc_stop(p->pcc[i].pcc);
}

/* ---- events ---- */

static void look_again(struct sim_pcc *c, struct lsp *l)
{
	uint8_t oper = l->s.st.oper;

	if (l->s.st.removed)
		return;
	if (!l->s.installed)
		install(c, l);
	l->s.st.oper = (uint8_t)oper_of(c, l);
	if (l->s.st.oper != oper)
		report(c, l, l->owed ? l->s.st.txn : 0);
}

void sim_pccs_sync(struct sim_pccs *p)
{
	p->asked = (struct sim_asked){ .since = loop_now(p->loop) };
	for (uint32_t i = 0; i < p->n; i++) {
		struct sim_pcc *c = &p->pcc[i];
		bool up = p->t->routers.at[c->router].up;

		(void)session(c);
		if (!up && c->was_up) /* it starts anew, with nothing */
			lsps_clear(c);
		c->was_up = up;
		for (size_t k = 0; k < c->lsps.n; k++)
			look_again(c, c->lsps.at[k]);
	}
}

void sim_pccs_look(struct sim_pccs *p)
{
	for (uint32_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->pcc[i].lsps.n; k++)
			look_again(&p->pcc[i], p->pcc[i].lsps.at[k]);
}

bool sim_pcc_set(struct sim_pccs *p, uint32_t router, bool up)
{
	if (router >= p->n || p->pcc[router].off == !up)
		return false;
	p->pcc[router].off = !up;
	(void)session(&p->pcc[router]);
	return true;
}

/* ---- queries ---- */

void sim_pccs_asked(const struct sim_pccs *p, struct sim_asked *out)
{
	*out = p->asked;
}

uint32_t sim_pccs_count(const struct sim_pccs *p)
{
	return p->n;
}

uint32_t sim_pccs_up(const struct sim_pccs *p)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->n; i++)
		n += pcc_is_up(p->pcc[i].pcc, PCE);
	return n;
}

void sim_lsps_each(const struct sim_pccs *p, void (*fn)(void *arg, const struct sim_lsp *l),
		   void *arg)
{
	for (uint32_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->pcc[i].lsps.n; k++)
			if (!p->pcc[i].lsps.at[k]->s.st.removed)
				fn(arg, &p->pcc[i].lsps.at[k]->s);
}

struct finding {
	const char *name;
	bool by_key;
	struct sr_policy_key key;
	const struct sim_lsp *found;
};

static void find_one(void *arg, const struct sim_lsp *l)
{
	struct finding *f = arg;
	struct sr_policy_key k = { .headend = l->st.headend,
					     .color = l->st.color, .endpoint = l->st.endpoint };

	if (!f->found && (strcmp(l->st.name, f->name) == 0 ||
			  (f->by_key && sr_policy_key_cmp(&k, &f->key) == 0)))
		f->found = l;
}

const struct sim_lsp *sim_lsp_find(const struct sim_pccs *p, const char *text)
{
	struct finding f = { .name = text };

	f.by_key = sr_policy_key_parse(text, &f.key) == 0;
	sim_lsps_each(p, find_one, &f);
	return f.found;
}
