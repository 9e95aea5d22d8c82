/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration wants of the kernel: steered prefixes and local SIDs. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <linux/seg6_local.h>
#include <net/if.h>
#include <stdlib.h>

#include "base/err.h"
#include "log/log.h"
#include "tools/agent/policy/pol_int.h"

static void steer_key(const struct agent_pol *pol, const struct agent_steering *cfg,
		      struct agent_route *r)
{
	*r = (struct agent_route){ .dst = cfg->prefix,
				   .table = pol->cfg->table,
				   .metric = pol->cfg->metric,
				   .protocol = AGENT_PROTO,
				   .kind = AGENT_ROUTE_ENCAP };
}

/* A list whose first SID is in the prefix it is for. */
static bool loops(const struct ip_prefix *prefix, const struct agent_lsp *via)
{
	for (unsigned k = 0; k < sr_list_count(&via->st.list); k++) {
		if (ip_prefix_has(prefix, &sr_list_nth(&via->st.list, k)->at[0].sid))
			return true;
	}
	return false;
}

/* Works out one steered prefix and tells the fib. */
void agent_pol_steer(struct agent_pol *pol, struct steer *s)
{
	const struct agent_lsp *via = s->policy->active;
	int rc;

	steer_key(pol, s->cfg, &s->route);
	s->fallback = !via && s->cfg->fallback_igp;
	s->blocked = NULL;
	s->route.dev = pol->dev;
	s->route.reduced = pol->cfg->reduced;
	if (via ? loops(&s->cfg->prefix, via) : s->fallback && ip_prefix_has(&s->cfg->prefix, &s->cfg->service))
		s->blocked = "the prefix holds the first SID: packets would loop";
	else if ((via || s->fallback) && !pol->dev)
		s->blocked = "the SID device is absent";
	if (s->blocked || !(via || s->fallback)) {
		agent_fib_unset(pol->fib, &s->route);
		return;
	}
	if (via) {
		rc = agent_pol_want(pol, &s->route, via, &s->cfg->service, 1);
	} else {
		s->route.seg[s->route.n++] = s->cfg->service;
		rc = agent_fib_set(pol->fib, &s->route);
	}
	if (rc < 0)
		s->blocked = "out of memory";
}

static void sid_route(const struct agent_pol *pol, const struct agent_local_sid *s,
		      struct agent_route *r)
{
	uint32_t oif = s->interface[0] ? if_nametoindex(s->interface) : 0;
	bool cross = s->action == SEG6_LOCAL_ACTION_END_X;

	*r = (struct agent_route){ .dst = ip_prefix_of(&s->sid, s->len),
				   .table = RT_TABLE_MAIN,
				   .metric = pol->cfg->metric,
				   .protocol = AGENT_PROTO,
				   .kind = AGENT_ROUTE_LOCAL,
				   .action = s->action,
				   .nh = s->nh,
				   .lookup = s->table,
				   .next_csid = s->next_csid,
				   .counters = pol->cfg->counters,
				   .oif = cross ? oif : 0,
				   .dev = oif ? oif : pol->dev };
	if (s->next_csid) {
		r->lblen = s->block;
		r->nflen = (uint8_t)(s->len - s->block);
	}
}

/* Absent interfaces give an entry that the kernel refuses with its reason, and is tried again. */
static int sids_configure(struct agent_pol *pol)
{
	struct agent_route *old = pol->sids;
	size_t n_old = pol->n_sids;
	struct agent_route *fresh = calloc(pol->cfg->n_sids + 1, sizeof(*fresh));
	int r = 0;

	if (!fresh)
		return err_raise(-ENOMEM);
	pol->sids = fresh;
	pol->n_sids = pol->cfg->n_sids;
	for (size_t i = 0; i < pol->n_sids; i++) {
		sid_route(pol, &pol->cfg->sids[i], &fresh[i]);
		if (agent_fib_set(pol->fib, &fresh[i]) < 0)
			r = -ENOMEM;
	}
	for (size_t i = 0; i < n_old; i++) {
		bool kept = false;

		for (size_t j = 0; j < pol->n_sids; j++)
			kept = kept || agent_route_key_cmp(&old[i], &fresh[j]) == 0;
		if (!kept)
			agent_fib_unset(pol->fib, &old[i]);
	}
	free(old);
	return err_trace(r);
}

static int steer_cmp(const void *a, const void *b)
{
	const struct steer *x = a, *y = b;

	return agent_route_key_cmp(&x->route, &y->route);
}

/* Old steers leave their policies; their routes stay until it is known which are still wanted. */
static void steers_unlink(struct agent_pol *pol)
{
	for (size_t i = 0; i < pol->n_steers; i++)
		list_del(&pol->steers[i].member);
}

static int steers_configure(struct agent_pol *pol)
{
	const struct agent_cfg *cfg = pol->cfg;
	struct steer *old = pol->steers;
	size_t n_old = pol->n_steers;
	struct steer *fresh = calloc(cfg->n_steering + 1, sizeof(*fresh));

	if (!fresh)
		return err_raise(-ENOMEM);
	steers_unlink(pol);
	for (size_t i = 0; i < cfg->n_steering; i++) {
		fresh[i].cfg = &cfg->steering[i];
		steer_key(pol, fresh[i].cfg, &fresh[i].route);
	}
	qsort(fresh, cfg->n_steering, sizeof(*fresh), steer_cmp);
	pol->steers = fresh;
	pol->n_steers = 0;
	for (size_t i = 0; i < cfg->n_steering; i++) {
		struct agent_policy *p =
			agent_pol_policy(pol, fresh[i].cfg->color, &fresh[i].cfg->endpoint);

		if (!p) {
			free(old);
			return err_raise(-ENOMEM);
		}
		fresh[i].policy = p;
		list_add(&p->steers, &fresh[i].member);
		pol->n_steers++;
	}
	for (size_t i = 0; i < n_old; i++) {
		if (!bsearch(&old[i], fresh, pol->n_steers, sizeof(*fresh), steer_cmp))
			agent_fib_unset(pol->fib, &old[i].route);
	}
	free(old);
	return 0;
}

int agent_pol_configure(struct agent_pol *pol, const struct agent_cfg *cfg)
{
	int r;

	pol->cfg = cfg;
	agent_live_configure(pol->live, &cfg->live, &cfg->source);
	pol->dev = if_nametoindex(cfg->sid_device);
	if (!pol->dev)
		log_event("", LOG_ERROR, "agent.device.absent", "device=%s", cfg->sid_device);
	r = sids_configure(pol);
	if (r == 0)
		r = steers_configure(pol);
	agent_pol_apply_all(pol);
	return err_trace(r);
}

void agent_pol_links_changed(struct agent_pol *pol)
{
	uint32_t dev = pol->cfg ? if_nametoindex(pol->cfg->sid_device) : 0;
	size_t n = pol->cfg ? pol->n_sids : 0;
	bool moved = dev != pol->dev;

	pol->dev = dev;
	for (size_t i = 0; i < n; i++) {
		struct agent_route r;

		sid_route(pol, &pol->cfg->sids[i], &r);
		if (agent_route_same(&r, &pol->sids[i]))
			continue;
		pol->sids[i] = r;
		(void)agent_fib_set(pol->fib, &r);
	}
	if (moved && pol->cfg)
		agent_pol_apply_all(pol);
}

void agent_pol_each_steer(const struct agent_pol *pol,
			  void (*fn)(void *arg, const struct agent_steer_state *s), void *arg)
{
	for (size_t i = 0; i < pol->n_steers; i++) {
		const struct steer *s = &pol->steers[i];
		struct agent_steer_state st = {
			.cfg = s->cfg,
			.via = s->policy->active,
			.fallback = s->fallback,
			.state = agent_fib_state(pol->fib, &s->route),
			.reason = s->blocked ? s->blocked : agent_fib_reason(pol->fib, &s->route),
			.route = s->route.n ? agent_fib_wanted(pol->fib, &s->route) : NULL,
		};

		fn(arg, &st);
	}
}
