/* SPDX-License-Identifier: Apache-2.0 */
/* A SID list as a flow: the hops the engine takes when it walks it. */
#include <errno.h>

#include "base/err.h"
#include "pce/failure_priv.h"

struct notes {
	VEC(struct pce_flow_hop) hops;
	bool no_memory;
	bool other; /* not of shortest paths by the IGP metric */
};

static void note(void *arg, uint32_t node, uint32_t link)
{
	struct notes *n = arg;

	n->other |= node == TED_NONE;
	n->no_memory |= !VEC_ADD(&n->hops, ((struct pce_flow_hop){ .node = node, .link = link }));
}

static int give(const struct notes *n, uint32_t src, struct arena *a, struct pce_flow *out)
{
	struct pce_flow_hop *hops = ARENA_ARRAY(a, n->hops.n + 1, struct pce_flow_hop);

	if (n->no_memory || !hops)
		return err_raise(-ENOMEM);
	for (size_t i = 0; i < n->hops.n; i++)
		hops[i] = n->hops.at[i];
	if (n->hops.n == 0)
		hops[0] = (struct pce_flow_hop){ .node = src, .link = TED_NONE };
	*out = (struct pce_flow){ .src = src,
				  .hops = hops,
				  .n_hops = n->hops.n > 0 ? (uint32_t)n->hops.n : 1,
				  .delay_us_max = PCE_NO_BOUND,
				  .igp_max = PCE_NO_BOUND,
				  .te_max = PCE_NO_BOUND,
				  .hops_max = PCE_NO_BOUND };
	return 0;
}

int pce_flow_of_list(const struct ted *t, uint32_t src, uint32_t dst, const struct pce_list *list,
		     struct arena *a, struct pce_flow *out, const char **why)
{
	struct pce_expansion e = { .why = "" };
	struct notes n = { 0 };
	struct pce_ctx c;
	int rc = err_raise(-ENOMEM);

	if (pce_ctx_init(&c, t, NULL, list->trees, a)) {
		c.note = note;
		c.note_arg = &n;
		pce_expand_in(&c, src, dst, list, &e);
		*why = e.why;
		if (n.other)
			*why = "it has a SID of a flexible algorithm, or a binding SID";
		rc = e.valid && !n.other ? give(&n, src, a, out) : PCE_FLOW_E_LIST;
	}
	pce_ctx_fini(&c);
	VEC_FINI(&n.hops);
	return rc;
}
