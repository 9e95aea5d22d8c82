/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lists of a candidate path as those of a kernel route: who is in use, and their weights as the kernel
 * has them. Nothing is kept here.
 */
#include <string.h>

#include "tools/agent/policy/pol_int.h"

bool agent_pol_in_use(const struct agent_lsp *l, unsigned k)
{
	return !(l->st.lists_down & 1U << k);
}

unsigned agent_pol_longest_list(const struct sr_list *list)
{
	unsigned n = 0;

	for (unsigned k = 0; k < sr_list_count(list); k++) {
		unsigned len = sr_list_nth(list, k)->n;

		n = len > n ? len : n;
	}
	return n;
}

static uint32_t gcd(uint32_t a, uint32_t b)
{
	while (b) {
		uint32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* What weights are reckoned by: exactly where the kernel has room for them, else the largest is the most it takes. */
struct scale {
	uint32_t common, most;
};

static struct scale scale_of(const struct agent_lsp *l)
{
	struct scale s = { 0 };

	for (unsigned k = 0; k < sr_list_count(&l->st.list); k++) {
		uint32_t w = sr_list_weight(&l->st.list, k);

		if (!agent_pol_in_use(l, k))
			continue;
		s.common = gcd(w, s.common);
		s.most = w > s.most ? w : s.most;
	}
	return s;
}

static uint16_t weight_of(const struct scale *s, uint32_t weight)
{
	uint64_t w = weight / s->common, most = s->most / s->common;

	if (most > AGENT_WEIGHT_MAX)
		w = (w * AGENT_WEIGHT_MAX + most / 2) / most;
	return w ? (uint16_t)w : 1; /* small is not nothing */
}

static void add(struct agent_weighted *w, const struct ip_addr *sid)
{
	if (w->n < AGENT_SEGS_MAX)
		w->seg[w->n++] = *sid;
}

int agent_pol_want(struct agent_pol *pol, struct agent_route *r, const struct agent_lsp *l, const struct ip_addr *tail,
		   unsigned n_tail)
{
	struct scale s = scale_of(l);
	struct agent_more more;
	int rc;

	for (unsigned k = 0; k < sr_list_count(&l->st.list); k++) {
		const struct sr_list *list = sr_list_nth(&l->st.list, k);
		struct agent_weighted w = { .n = 0 };

		if (!agent_pol_in_use(l, k))
			continue;
		w.weight = weight_of(&s, sr_list_weight(&l->st.list, k));
		for (unsigned i = 0; i < list->n; i++)
			add(&w, &list->at[i].sid);
		for (unsigned i = 0; i < n_tail; i++)
			add(&w, &tail[i]);
		(void)agent_route_add_list(r, &more, &w); /* there is room for all there can be */
	}
	rc = agent_fib_set(pol->fib, r);
	r->more = NULL;
	return rc;
}
