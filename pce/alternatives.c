/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every simple path that keeps the request, cheapest first. Used when the cheapest path needs
 * more SIDs than the headend can impose; work is bounded, small networks are searched to the end.
 */
#include "pce/pce_priv.h"

/* PATH_STEPS: what a list for a path costs, in steps of pce_ctx.work. */
enum { OPENED_MAX = 200000, GIVEN_MAX = 512, PATH_STEPS = 64 };

struct count {
	pce_give_fn give;
	void *arg;
	uint64_t *work;
	uint32_t given;
	bool enough; /* it was not the search that ended */
};

static void pay(uint64_t *work, uint64_t steps)
{
	if (work)
		*work -= *work < steps ? *work : steps;
}

static bool count(void *arg, const struct pce_path *p)
{
	struct count *c = arg;

	pay(c->work, PATH_STEPS);
	c->enough = !c->give(c->arg, p) || ++c->given == GIVEN_MAX || (c->work && *c->work == 0);
	return !c->enough;
}

bool pce_alternatives(struct pce_ctx *c, const struct pce_find *f, pce_give_fn give, void *arg)
{
	struct count n = { .give = give, .arg = arg, .work = c->work };
	uint32_t most = c->work && *c->work < OPENED_MAX ? (uint32_t)*c->work : OPENED_MAX;
	bool all = pce_search_all(c, f, most, count, &n);

	if (!all && !n.enough)
		pay(c->work, most);
	return all;
}
