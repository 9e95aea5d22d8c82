/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every simple path that keeps the request, cheapest first. Used when the cheapest path needs
 * more SIDs than the headend can impose; work is bounded, small networks are searched to the end.
 */
#include "pce/pce_priv.h"

enum { OPENED_MAX = 200000, GIVEN_MAX = 512 };

struct count {
	pce_give_fn give;
	void *arg;
	uint32_t given;
};

static bool count(void *arg, const struct pce_path *p)
{
	struct count *c = arg;

	return c->give(c->arg, p) && ++c->given < GIVEN_MAX;
}

bool pce_alternatives(struct pce_ctx *c, const struct pce_find *f, pce_give_fn give, void *arg)
{
	struct count n = { give, arg, 0 };

	return pce_search_all(c, f, OPENED_MAX, count, &n);
}
