/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slot a controller; slot i is number i + 1 of pcc and of agent_lsp.controller, and told[i] of
 * an LSP is the version that controller knows. Invariant: an LSP's controller is the number of a
 * slot whose session is up, or 0.
 */
#include "tools/agent/policy/ctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "log/log.h"
#include "southbound/pcep/pcc.h"

enum { SLOTS = AGENT_CONTROLLERS_MAX };

/* A controller that restarts is to find its routers soon, however long it was away. */
#define RETRY_NS_MAX (10 * NS_PER_S)

struct slot {
	bool used, up, owes; /* owes: reports that found the queue full */
	struct ip_addr addr;
};

struct agent_ctl {
	struct loop *loop;
	struct net *net;
	struct agent_pol *pol;
	void (*synced)(void *arg);
	void *arg;
	struct pcc *pcc; /* NULL before the first configuration */
	struct pcc_cfg base;
	struct slot slots[SLOTS];
};

/* PCErr, type 0: none. */
struct refusal {
	uint8_t type, value;
};

static const struct refusal fine = { 0, 0 };

/* What is configured is told where it was configured, by gNMI. */
static struct agent_lsp *lsp_after(const struct agent_pol *pol, uint64_t plsp_id)
{
	struct agent_lsp *l = agent_pol_next(pol, NULL);

	while (l && (l->configured || l->st.plsp_id <= plsp_id))
		l = agent_pol_next(pol, l);
	return l;
}

/* ---- reports ---- */

static bool settled(const struct lsp_state *st)
{
	return st->oper != LSP_GOING_UP && st->oper != LSP_GOING_DOWN;
}

static void report_one(struct agent_ctl *c, uint32_t number, struct agent_lsp *l, uint32_t txn)
{
	struct slot *s = &c->slots[number - 1];
	struct lsp_state st = l->st;
	int rc;

	if (!s->up || l->configured)
		return;
	st.txn = txn;
	st.delegated = l->controller == number;
	rc = pcc_report(c->pcc, number, &st);
	if (rc == 0) {
		l->told[number - 1] = l->version;
		if (txn && txn == l->st.txn && settled(&st))
			l->st.txn = 0; /* what follows is news, no answer */
	} else if (rc == NET_E_FULL && st.removed) {
		/* nothing is left to tell later: the next dump will not have it */
		struct session_query q = pcc_sessions(c->pcc);

		(void)q.reset(q.self, &s->addr);
	} else if (rc == NET_E_FULL) {
		s->owes = true;
	}
}

void agent_ctl_changed(struct agent_ctl *c, struct agent_lsp *l)
{
	for (uint32_t n = 1; n <= SLOTS; n++)
		report_one(c, n, l, l->controller == n ? l->st.txn : 0);
}

static void on_writable(void *arg, uint32_t number)
{
	struct agent_ctl *c = arg;
	struct slot *s = &c->slots[number - 1];
	struct agent_lsp *l = NULL;

	s->owes = false;
	while (!s->owes && s->up && (l = agent_pol_next(c->pol, l)))
		if (!l->configured && l->told[number - 1] != l->version)
			report_one(c, number, l, l->controller == number ? l->st.txn : 0);
}

static bool on_next(void *arg, uint32_t number, uint64_t *cursor, struct lsp_state *st)
{
	struct agent_ctl *c = arg;
	struct agent_lsp *l = lsp_after(c->pol, *cursor);

	if (!l)
		return false;
	*cursor = l->st.plsp_id;
	*st = l->st;
	st->txn = 0;
	st->delegated = l->controller == number;
	l->told[number - 1] = l->version;
	return true;
}

/* ---- sessions ---- */

static void on_up(void *arg, uint32_t number)
{
	struct agent_ctl *c = arg;
	struct slot *s = &c->slots[number - 1];
	struct agent_lsp *l = NULL;

	s->up = true;
	s->owes = false;
	while ((l = agent_pol_next(c->pol, l))) {
		l->told[number - 1] = 0;
		if (l->controller == 0 && ip_eq(&l->creator, &s->addr))
			l->controller = number;
	}
}

static void slot_down(struct agent_ctl *c, uint32_t number)
{
	struct agent_lsp *l = NULL;
	unsigned orphans = 0;

	c->slots[number - 1].up = c->slots[number - 1].owes = false;
	while ((l = agent_pol_next(c->pol, l))) {
		if (l->controller != number)
			continue;
		l->controller = 0;
		l->st.txn = 0;
		orphans++;
	}
	log_event("", LOG_NOTICE, "agent.controller.lost", "number=%u orphans=%u", number,
		  orphans);
}

static void on_down(void *arg, uint32_t number, const char *why)
{
	(void)why; /* pcc logged it */
	slot_down(arg, number);
}

static void on_synced(void *arg, uint32_t number)
{
	struct agent_ctl *c = arg;

	(void)number;
	if (c->synced)
		c->synced(c->arg);
}

/* ---- what controllers ask ---- */

static struct refusal refusal_of(int put)
{
	switch (put) {
	case AGENT_POL_E_MSD:
		return (struct refusal){ 10, 40 };
	case AGENT_POL_E_LIST:
		return (struct refusal){ 24, 1 };
	case AGENT_POL_E_KEY:
		return (struct refusal){ 6, 22 };
	case AGENT_POL_E_FULL:
		return (struct refusal){ 19, 6 };
	case AGENT_POL_E_BSID:
		return (struct refusal){ 32, 2 };
	default:
		return (struct refusal){ 24, 2 };
	}
}

/* The LSP, if this controller may change it. */
static struct refusal own(const struct agent_ctl *c, uint32_t number, const struct pcc_request *r,
			  struct agent_lsp **out)
{
	*out = agent_pol_by_id(c->pol, r->wish.plsp_id);
	if (!*out)
		return (struct refusal){ 19, 3 };
	return (*out)->controller == number ? fine : (struct refusal){ 19, 1 };
}

static struct refusal initiate(struct agent_ctl *c, uint32_t number, const struct pcc_request *r,
			       char *why)
{
	struct lsp_state w = r->wish;
	struct agent_lsp *l;
	int rc;

	if (agent_pol_by_name(c->pol, w.name))
		return (struct refusal){ 23, 1 };
	if (w.list.n == 0)
		return (struct refusal){ 24, 1 };
	w.plsp_id = 0;
	w.pce_initiated = w.admin_up = true;
	w.delegated = false; /* told by the session, from controller */
	w.txn = r->srp_id;
	rc = agent_pol_put(c->pol, &w, &l, why);
	if (rc)
		return refusal_of(rc);
	l->controller = number;
	l->creator = c->slots[number - 1].addr;
	agent_ctl_changed(c, l);
	return fine;
}

static bool cpath_same(const struct sr_cpath_id *a, const struct sr_cpath_id *b)
{
	return a->origin == b->origin && a->asn == b->asn &&
	       a->discriminator == b->discriminator && ip_eq(&a->originator, &b->originator);
}

static struct refusal update(struct agent_ctl *c, uint32_t number, const struct pcc_request *r,
			     char *why)
{
	const struct lsp_state *n = &r->wish;
	struct agent_lsp *l;
	struct refusal no = own(c, number, r, &l);
	struct lsp_state w;
	int rc;

	if (no.type)
		return no;
	if (n->has_key && (n->color != l->st.color || !ip_eq(&n->endpoint, &l->st.endpoint)))
		return (struct refusal){ 26, 20 };
	if (n->has_cpath && l->st.has_cpath && !cpath_same(&n->cpath, &l->st.cpath))
		return (struct refusal){ 26, 21 };
	w = l->st;
	w.txn = r->srp_id;
	if (r->has_list) {
		w.list = n->list;
		w.list_truncated = n->list_truncated;
	}
	if (r->has_bandwidth)
		w.bandwidth_bps = n->bandwidth_bps;
	if (r->has_prios) {
		w.setup_prio = n->setup_prio;
		w.hold_prio = n->hold_prio;
	}
	if (r->has_admin)
		w.admin_up = n->admin_up;
	if (n->has_preference) {
		w.has_preference = true;
		w.preference = n->preference;
	}
	if (n->binding_sid.family != IP_NONE)
		w.binding_sid = n->binding_sid;
	rc = agent_pol_put(c->pol, &w, &l, why);
	if (rc)
		return refusal_of(rc);
	agent_ctl_changed(c, l);
	return fine;
}

static struct refusal drop(struct agent_ctl *c, uint32_t number, const struct pcc_request *r,
			   char *why)
{
	struct agent_lsp *l;
	struct refusal no = own(c, number, r, &l);

	(void)why;
	if (no.type)
		return no;
	if (!l->st.pce_initiated)
		return (struct refusal){ 19, 9 };
	l->st.txn = r->srp_id;
	agent_pol_remove(c->pol, l); /* reports by way of agent_ctl_changed() */
	return fine;
}

static struct refusal take(struct agent_ctl *c, uint32_t number, const struct pcc_request *r,
			   char *why)
{
	struct agent_lsp *l = agent_pol_by_id(c->pol, r->wish.plsp_id);

	(void)why;
	if (!l || l->configured)
		return (struct refusal){ 19, 3 };
	if (l->controller != 0 && l->controller != number)
		return (struct refusal){ 19, 7 };
	l->controller = number;
	l->creator = c->slots[number - 1].addr;
	l->version++;
	report_one(c, number, l, r->srp_id);
	return fine;
}

static struct refusal release(struct agent_ctl *c, uint32_t number, const struct pcc_request *r,
			      char *why)
{
	struct agent_lsp *l;
	struct refusal no = own(c, number, r, &l);

	(void)why;
	if (no.type)
		return no;
	l->controller = 0;
	l->creator = (struct ip_addr){ 0 };
	l->st.txn = 0;
	l->version++;
	report_one(c, number, l, r->srp_id);
	return fine;
}

static void on_request(void *arg, uint32_t number, const struct pcc_request *r)
{
	static struct refusal (*const fns[])(struct agent_ctl *c, uint32_t number,
					     const struct pcc_request *r, char *why) = {
		[PCC_ASK_INITIATE] = initiate, [PCC_ASK_UPDATE] = update,
		[PCC_ASK_REMOVE] = drop,       [PCC_ASK_TAKE] = take,
		[PCC_ASK_RELEASE] = release,
	};
	struct agent_ctl *c = arg;
	char why[SR_REASON_MAX] = "";
	struct refusal no = fns[r->ask](c, number, r, why);

	if (!no.type)
		return;
	log_event("", LOG_NOTICE, "agent.request.refused",
		  "controller=%u srp=%u plsp=%u name=\"%s\" error=%u/%u reason=\"%s\"", number,
		  r->srp_id, r->wish.plsp_id, r->wish.name, no.type, no.value, why);
	(void)pcc_refuse(c->pcc, number, r->srp_id, no.type, no.value);
}

static const struct pcc_ops pcc_ops = {
	.next = on_next,
	.up = on_up,
	.synced = on_synced,
	.down = on_down,
	.request = on_request,
	.writable = on_writable,
};

/* ---- configuration ---- */

static struct pcc_cfg base_of(const struct agent_cfg *cfg)
{
	return (struct pcc_cfg){ .keepalive_s = cfg->keepalive_s,
				 .dead_s = cfg->dead_s,
				 .srv6 = true,
				 .msd_srv6 = cfg->msd,
				 .lists = SR_LISTS_MAX,
				 .router_id = cfg->router_id,
				 .retry_ns_max = RETRY_NS_MAX };
}

static bool base_same(const struct pcc_cfg *a, const struct pcc_cfg *b)
{
	return a->keepalive_s == b->keepalive_s && a->dead_s == b->dead_s &&
	       a->msd_srv6 == b->msd_srv6 && ip_eq(&a->router_id, &b->router_id);
}

static void slots_clear(struct agent_ctl *c)
{
	for (uint32_t n = 1; n <= SLOTS; n++) {
		if (c->slots[n - 1].up)
			slot_down(c, n);
		c->slots[n - 1] = (struct slot){ 0 };
	}
}

/* Whatever every Open says: with another one all sessions begin anew. */
static int base_set(struct agent_ctl *c, const struct agent_cfg *cfg)
{
	struct pcc_cfg base = base_of(cfg);

	if (c->pcc && base_same(&base, &c->base))
		return 0;
	slots_clear(c);
	c->pcc = pcc_free(c->pcc);
	c->base = base;
	return pcc_new(&c->pcc, c->loop, c->net, &base, &pcc_ops, c);
}

static const struct agent_controller *wanted(const struct agent_cfg *cfg,
					     const struct ip_addr *addr)
{
	for (size_t i = 0; i < cfg->n_controllers; i++)
		if (ip_eq(&cfg->controllers[i].addr, addr))
			return &cfg->controllers[i];
	return NULL;
}

static uint32_t slot_for(const struct agent_ctl *c, const struct ip_addr *addr)
{
	for (uint32_t n = 1; n <= SLOTS; n++)
		if (c->slots[n - 1].used && ip_eq(&c->slots[n - 1].addr, addr))
			return n;
	for (uint32_t n = 1; n <= SLOTS; n++)
		if (!c->slots[n - 1].used)
			return n;
	return 0;
}

static int controller_set(struct agent_ctl *c, const struct agent_controller *w,
			  struct net_tls *tls)
{
	uint32_t n = slot_for(c, &w->addr);
	struct pcc_pce_cfg cfg = { .number = n,
				   .addr = w->addr,
				   .source = w->source,
				   .port = w->port,
				   .insecure = w->insecure,
				   .tls = tls,
				   .md5.len = w->md5.len };
	int rc;

	if (n == 0)
		return -ENOSPC; /* the model allows no more than there are slots */
	(void)str_copy(cfg.server_name, sizeof(cfg.server_name), w->tls_name);
	memcpy(cfg.md5.key, w->md5.key, sizeof(cfg.md5.key));
	rc = pcc_pce_set(c->pcc, &cfg);
	explicit_bzero(&cfg.md5, sizeof(cfg.md5));
	if (rc)
		return rc > 0 ? -EINVAL : rc;
	c->slots[n - 1].used = true;
	c->slots[n - 1].addr = w->addr;
	return 0;
}

static void controllers_drop(struct agent_ctl *c, const struct agent_cfg *cfg)
{
	for (uint32_t n = 1; n <= SLOTS; n++) {
		struct slot *s = &c->slots[n - 1];

		if (!s->used || wanted(cfg, &s->addr))
			continue;
		(void)pcc_pce_del(c->pcc, n);
		if (s->up)
			slot_down(c, n);
		*s = (struct slot){ 0 };
	}
}

/* All or none, so that a bad file of one controller changes nothing. */
static int tls_all(const struct agent_cfg *cfg, struct net_tls **tls, struct str *errors)
{
	char err[256];

	for (size_t i = 0; i < cfg->n_controllers; i++) {
		const struct conf_tls *t = &cfg->controllers[i].tls;
		struct net_tls_cfg tc = { .cert_file = t->cert, .key_file = t->key,
					  .ca_file = t->ca, .tls13_only = true };

		if (!cfg->controllers[i].has_tls ||
		    net_tls_new(&tls[i], NET_TLS_CLIENT, &tc, err, sizeof(err)) == 0)
			continue;
		str_addf(errors, "%s: controller: tls: %s\n", cfg->file, err);
		return err_raise(-EINVAL);
	}
	return 0;
}

int agent_ctl_configure(struct agent_ctl *c, const struct agent_cfg *cfg, struct str *errors)
{
	struct net_tls *tls[SLOTS] = { 0 };
	int rc = cfg->n_controllers > SLOTS ? -EINVAL : tls_all(cfg, tls, errors);

	if (rc == 0)
		rc = base_set(c, cfg);
	if (rc == 0)
		controllers_drop(c, cfg);
	for (size_t i = 0; i < cfg->n_controllers && rc == 0; i++)
		rc = controller_set(c, &cfg->controllers[i], tls[i]);
	for (size_t i = 0; i < SLOTS; i++)
		net_tls_unref(tls[i]);
	if (rc < 0)
		str_addf(errors, "%s: controllers: %s\n", cfg->file, err_text(rc));
	return err_trace(rc);
}

/* ---- life ---- */

int agent_ctl_new(struct agent_ctl **outp, struct loop *loop, struct net *net,
		  struct agent_pol *pol, void (*synced)(void *arg), void *arg)
{
	struct agent_ctl *c = calloc(1, sizeof(*c));

	if (!c)
		return err_raise(-ENOMEM);
	c->loop = loop;
	c->net = net;
	c->pol = pol;
	c->synced = synced;
	c->arg = arg;
	*outp = c;
	return 0;
}

struct agent_ctl *agent_ctl_free(struct agent_ctl *c)
{
	if (!c)
		return NULL;
	pcc_free(c->pcc);
	free(c);
	return NULL;
}

void agent_ctl_stop(struct agent_ctl *c)
{
	if (c->pcc)
		pcc_stop(c->pcc);
}

void agent_ctl_each(const struct agent_ctl *c,
		    void (*fn)(void *arg, const struct session_info *s), void *arg)
{
	struct session_query q;

	if (!c->pcc)
		return;
	q = pcc_sessions(c->pcc);
	q.each(q.self, fn, arg);
}

struct ip_addr agent_ctl_addr(const struct agent_ctl *c, uint32_t number)
{
	return number >= 1 && number <= SLOTS ? c->slots[number - 1].addr : (struct ip_addr){ 0 };
}
