/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PCC role: its PCEs by configuration, queries. The owner may set and delete PCEs, report and
 * refuse from inside any callback, but not free the whole.
 */
#include "southbound/pcep/pcc.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "southbound/pcep/pcc_int.h"

enum { KEEPALIVE_S = 30, DEAD_S = 120 };

#define RETRY_NS_MAX (60 * NS_PER_S)

static int cfg_defaults(struct pcc_cfg *c)
{
	if (c->keepalive_s == 0)
		c->keepalive_s = KEEPALIVE_S;
	if (c->dead_s == 0)
		c->dead_s = DEAD_S;
	if (c->retry_ns_min == 0)
		c->retry_ns_min = NS_PER_S;
	if (c->retry_ns_max == 0)
		c->retry_ns_max = RETRY_NS_MAX;
	if (c->retry_ns_max < c->retry_ns_min)
		c->retry_ns_max = c->retry_ns_min;
	if (c->dead_s <= c->keepalive_s || !(c->srv6 || c->sr_mpls) ||
	    c->router_id.family == IP_NONE)
		return err_raise(-EINVAL);
	return 0;
}

int pcc_new(struct pcc **outp, struct loop *loop, struct net *net, const struct pcc_cfg *cfg,
	    const struct pcc_ops *ops, void *arg)
{
	AUTO(pcc_free) struct pcc *p = calloc(1, sizeof(*p));
	int rc;

	if (!p)
		return err_raise(-ENOMEM);
	p->loop = loop;
	p->net = net;
	p->cfg = *cfg;
	p->ops = *ops;
	p->arg = arg;
	list_init(&p->pces);
	rc = cfg_defaults(&p->cfg);
	if (rc < 0)
		return err_trace(rc);
	*outp = TAKE(p);
	return 0;
}

struct pcc *pcc_free(struct pcc *p)
{
	struct list *n;

	if (!p)
		return NULL;
	while ((n = list_pop(&p->pces)))
		pcc_pce_free(LIST_OF(n, struct pcc_pce, link));
	free(p);
	return NULL;
}

static struct pcc_pce *pce_find(const struct pcc *p, uint32_t number)
{
	LIST_EACH(it, &p->pces) {
		struct pcc_pce *pce = LIST_OF(it, struct pcc_pce, link);

		if (pce->cfg.number == number)
			return pce;
	}
	return NULL;
}

/* ---- configuration ---- */

static int cfg_check(const struct pcc_pce_cfg *cfg)
{
	if (cfg->number == 0 || cfg->addr.family == IP_NONE ||
	    cfg->md5.len > sizeof(cfg->md5.key) ||
	    !memchr(cfg->server_name, '\0', sizeof(cfg->server_name)))
		return PCC_E_CONFIG;
	if (cfg->source.family != IP_NONE && cfg->source.family != cfg->addr.family)
		return PCC_E_CONFIG;
	return !cfg->tls && cfg->md5.len == 0 && !cfg->insecure ? PCC_E_INSECURE : 0;
}

static bool same(const struct pcc_pce_cfg *a, const struct pcc_pce_cfg *b)
{
	return ip_eq(&a->addr, &b->addr) && ip_eq(&a->source, &b->source) && a->port == b->port &&
	       a->tls == b->tls && strcmp(a->server_name, b->server_name) == 0 &&
	       a->md5.len == b->md5.len && memcmp(a->md5.key, b->md5.key, a->md5.len) == 0;
}

int pcc_pce_set(struct pcc *p, const struct pcc_pce_cfg *wanted)
{
	struct pcc_pce *pce = pce_find(p, wanted->number);
	struct pcc_pce_cfg cfg = *wanted;
	int rc = cfg_check(&cfg);

	if (rc)
		return rc;
	if (cfg.port == 0)
		cfg.port = PCEPC_PORT;
	if (pce && same(&pce->cfg, &cfg)) {
		pce->cfg.insecure = cfg.insecure;
		return 0;
	}
	if (pce) { /* the owner hears of the old one's end, the number stays */
		pcc_pce_end(pce, "its configuration changed", false);
		if (cfg.tls)
			net_tls_ref(cfg.tls);
		net_tls_unref(pce->cfg.tls);
		pce->cfg = cfg;
		pcc_pce_start(pce);
		return 0;
	}
	rc = pcc_pce_new(p, &cfg, &pce);
	if (rc < 0)
		return err_trace(rc);
	list_add(&p->pces, &pce->link);
	pcc_pce_start(pce);
	return 0;
}

int pcc_pce_del(struct pcc *p, uint32_t number)
{
	struct pcc_pce *pce = pce_find(p, number);

	if (!pce)
		return 1;
	pcc_pce_end(pce, "no longer configured", true);
	list_del(&pce->link);
	pcc_pce_free(pce);
	return 0;
}

void pcc_stop(struct pcc *p)
{
	p->stopped = true;
	LIST_EACH(it, &p->pces)
		pcc_pce_end(LIST_OF(it, struct pcc_pce, link), "ended by us", false);
}

/* ---- speaking ---- */

int pcc_report(struct pcc *p, uint32_t number, const struct lsp_state *lsp)
{
	struct pcc_pce *pce = pce_find(p, number);

	return pce ? pcc_pce_report(pce, lsp) : 2;
}

int pcc_ask(struct pcc *p, uint32_t number, const struct pcc_path_set *set, uint32_t *ids)
{
	struct pcc_pce *pce = pce_find(p, number);

	return pce ? pcc_pce_ask(pce, set, ids) : 2;
}

int pcc_refuse(struct pcc *p, uint32_t number, uint32_t srp_id, uint8_t type, uint8_t value)
{
	struct pcc_pce *pce = pce_find(p, number);

	if (!pce || !pce->up)
		return 2;
	log_event(pce->scope, LOG_NOTICE, "pcc.request.refused", "srp=%u error=%u/%u why=\"%s\"",
		  srp_id, type, value, pcepc_error_text(type, value));
	pcep_sess_send_err(pce->sess, type, value, PCEPC_ERR_SRP, srp_id);
	return 0;
}

/* ---- queries ---- */

bool pcc_is_up(const struct pcc *p, uint32_t number)
{
	const struct pcc_pce *pce = pce_find(p, number);

	return pce && pce->up;
}

static void sessions_each(void *self, void (*fn)(void *arg, const struct session_info *s),
			  void *arg)
{
	struct pcc *p = self;

	LIST_EACH(it, &p->pces) {
		struct session_info s;

		pcc_pce_info(LIST_OF(it, struct pcc_pce, link), &s);
		fn(arg, &s);
	}
}

static int session_reset(void *self, const struct ip_addr *peer)
{
	struct pcc *p = self;
	int rc = 1;

	LIST_EACH(it, &p->pces) {
		struct pcc_pce *pce = LIST_OF(it, struct pcc_pce, link);

		if (!ip_eq(&pce->cfg.addr, peer))
			continue;
		pcc_pce_end(pce, "reset by hand", false);
		pcc_pce_start(pce);
		rc = 0;
	}
	return rc;
}

struct session_query pcc_sessions(struct pcc *p)
{
	return (struct session_query){ .self = p, .each = sessions_each, .reset = session_reset };
}
