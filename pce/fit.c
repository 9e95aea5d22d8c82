/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cheapest path that has a list which fits: what the headend may impose, what routers on the way
 * can read, what links carry; a strict one, but for those who ask for one as the request has it. The
 * cheapest path first; then path and list together, where that search knows all there is to know;
 * else every path in order of cost, as far as that goes.
 */
#include "pce/pce_priv.h"

bool pce_fits(struct pce_ctx *c, const struct pce_path *p)
{
	struct pce_answer a = { .status = PCE_INVALID };
	uint32_t needed = 0;

	pce_encode_in(c, p, !c->as_asked || c->req->strict, &a, &needed);
	return a.status == PCE_OK;
}

struct fit {
	struct pce_ctx *c;
	struct pce_path *out;
	uint32_t tried;
	bool found, no_memory;
};

/* Wants no more. */
static bool take(struct fit *t, const struct pce_path *p)
{
	const uint32_t *links;

	t->tried++;
	if (!pce_fits(t->c, p)) {
		t->no_memory = t->c->no_memory;
		return t->no_memory;
	}
	links = arena_copy(t->c->out, p->links, p->n * sizeof(*links));
	t->found = links != NULL;
	t->no_memory = !links;
	*t->out = *p;
	t->out->links = links;
	return true;
}

/* One: what a list that was refused kept from being found may cost less than the next. */
static bool take_first(void *arg, const struct pce_path *p)
{
	(void)take(arg, p);
	return false;
}

static bool take_any(void *arg, const struct pce_path *p)
{
	return !take(arg, p);
}

enum pce_found pce_fit(struct pce_ctx *c, const struct pce_find *f, struct pce_path *out)
{
	struct fit t = { .c = c, .out = out };
	enum pce_found r = pce_search(c, f, out);
	bool all;

	if (r != PCE_FOUND || pce_fits(c, out))
		return r;
	all = pce_joint(c, f, take_first, &t);
	if (!t.found && !t.no_memory && (t.tried || !all))
		all = pce_alternatives(c, f, take_any, &t);
	if (t.no_memory || c->no_memory)
		return PCE_FOUND_NO_MEMORY;
	return t.found ? PCE_FOUND : all ? PCE_FOUND_NOT : PCE_FOUND_NO_BUDGET;
}
