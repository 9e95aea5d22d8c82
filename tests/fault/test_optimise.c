/* SPDX-License-Identifier: Apache-2.0 */
/* The optimiser's thread when memory runs out: a plan that gains something, or none. */
#include <string.h>

#include "fault.h"
#include "intent/optimise/optimise_priv.h"
#include "net.h"
#include "rooms.h"

enum { FLOWS = 12, RATE = 100 };

static struct net net;

struct bed {
	const struct ted *ted;
	unsigned plans, none;
};

static void net_draw(uint64_t seed)
{
	const struct net_cfg cfg = { .routers = 7, .pairs = 11, .complete = true, .metric_max = 3,
				     .delay_max = 5 };
	struct rng r;

	rng_seed(&r, seed);
	net_make(&net, &r, &cfg);
	for (uint32_t k = 0; k < net.n_nodes; k++)
		net.node[k].router_v6 = (struct ip_addr){ .family = IP_V6,
							  .b = { 0x20, 1, [15] = (uint8_t)(k + 1) } };
	for (uint32_t k = 0; k < net.n_links; k++)
		net.link[k].capacity_bps = FLOWS * RATE;
}

/* A policy by least metric from one router to another. */
static void flow_put(struct opt_job *j, uint32_t src, uint32_t dst, const struct intent_policy *p)
{
	struct opt_flow *f = &j->flows[j->n_flows];
	const struct pce_request req = { .src = src, .dst = dst, .minimise = PCE_IGP,
					 .delay_us_max = PCE_NO_BOUND, .hops_max = PCE_NO_BOUND,
					 .igp_max = PCE_NO_BOUND, .te_max = PCE_NO_BOUND,
					 .usid = true };
	struct pce_answer a;

	pce_compute(j->ted, &req, &j->arena, &a);
	if (a.status != PCE_OK)
		return;
	*f = (struct opt_flow){ .key = p->key, .rate_bps = RATE, .preference = 100,
				.is = { .links = a.expansion.links, .n_links = a.expansion.n_links },
				.path = a.path, .n_path = a.n_path };
	intent_list_of_answer(j->ted, &a, SR_SRV6, &f->is.list);
	f->desired = intent_desired_new(p);
	ck_assert_ptr_nonnull(f->desired);
	for (uint32_t k = 0; k < f->is.n_links; k++)
		j->reserved_bps[f->is.links[k]] += RATE;
	j->n_all = ++j->n_flows;
}

static struct opt_job *job_make(const struct ted *t)
{
	struct opt_job *j = calloc(1, sizeof(*j));
	struct intent_policy p;

	ck_assert_ptr_nonnull(j);
	arena_init(&j->arena, 0);
	j->o = (struct intent_optimise_options){ .work = 20000, .seed = 1, .midpoints = 2 };
	j->points_max = OPT_POINTS_MAX;
	j->ted = ted_ref(t);
	j->n_links = t->n_links;
	j->capacity_bps = ARENA_ARRAY(&j->arena, t->n_links + 1, uint64_t);
	j->reserved_bps = ARENA_ARRAY(&j->arena, t->n_links + 1, uint64_t);
	j->other_bps = ARENA_ARRAY(&j->arena, t->n_links + 1, uint64_t);
	j->flows = ARENA_ARRAY(&j->arena, FLOWS, struct opt_flow);
	for (uint32_t k = 0; k < t->n_links; k++)
		j->capacity_bps[k] = t->links[k].capacity_bps;
	for (uint32_t k = 0; k < FLOWS; k++) {
		uint32_t src = k % 2, dst = net.n_routers - 1 - k % 3;

		intent_policy_default(&p);
		p.key = (struct sr_policy_key){ .headend = net.node[src].router_v6,
						     .color = k + 1, .endpoint = net.node[dst].router_v6 };
		p.bandwidth_bps = RATE;
		p.n_cpaths = 1;
		intent_cpath_default(&p.cpaths[0]);
		p.cpaths[0].hops_max = k % 4 ? PCE_NO_BOUND : 3;
		flow_put(j, src, dst, &p);
	}
	return j;
}

static void solve_once(void *arg)
{
	struct bed *b = arg;
	struct opt_job *j = job_make(b->ted);
	bool refused;

	fault_begin();
	intent_opt_solve(j);
	refused = fault_end();
	if (j->why) {
		ck_assert_msg(refused, "%s", j->why);
		b->none++;
	} else if (j->n_steps > 0) {
		ck_assert(j->is.after < j->is.before);
		ck_assert_uint_eq(j->n_changes, j->n_steps);
		b->plans++;
	}
	for (uint32_t k = 0; k < j->n_steps && !j->why; k++)
		ck_assert_ptr_nonnull(j->steps[k].to);
	intent_opt_job_free(j);
}

START_TEST(a_plan_is_whole_or_there_is_none)
{
	struct bed b = { 0 };

	for (uint64_t seed = 1; seed <= 3; seed++) {
		net_draw(seed);
		b.ted = net_build(&net);
		ck_assert_uint_gt(fault_each(solve_once, &b), 20);
		ted_unref(b.ted);
	}
	ck_assert_uint_gt(b.plans, 0);
	ck_assert_uint_gt(b.none, 20);
}
END_TEST

TCase *fault_optimise(void)
{
	TCase *t = tcase_create("optimise");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, a_plan_is_whole_or_there_is_none);
	return t;
}
