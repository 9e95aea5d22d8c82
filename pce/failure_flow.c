/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A SID list as a flow: the hops the engine takes when it walks it. Where it reads a binding SID
 * stand the hops of the list behind it, and so on; how deep and how many is bounded.
 */
#include <errno.h>

#include "base/err.h"
#include "pce/failure_priv.h"

struct notes {
	VEC(struct pce_note) at;
	bool no_memory;
};

struct hops {
	VEC(struct pce_flow_hop) at;
};

static void note(void *arg, const struct pce_note *of)
{
	struct notes *n = arg;

	n->no_memory |= !VEC_ADD(&n->at, *of);
}

static int flow_of(struct pce_ctx *c, uint32_t src, uint32_t dst, const struct pce_list *list,
		   unsigned depth, struct hops *out, const char **why);

static int hop_add(struct hops *h, const struct pce_note *n, const char **why)
{
	if (h->at.n == PCE_FLOW_HOPS_MAX) {
		*why = "there are too many segments behind its binding SIDs";
		return PCE_FLOW_E_LIST;
	}
	return VEC_ADD(&h->at, ((struct pce_flow_hop){ .node = n->node, .link = n->link,
						       .algo = n->algo, .sid = n->sid })) ?
		       0 :
		       err_raise(-ENOMEM);
}

/* The policy behind a binding SID; lists behind its own are looked for among the same. */
static int behind(struct pce_ctx *c, const struct pce_list *outer, const struct pce_binding *b,
		  unsigned depth, struct hops *out, const char **why)
{
	struct pce_list inner;

	if (!b->list || depth == PCE_FLOW_DEPTH_MAX) {
		*why = b->list ? "binding SIDs lead to binding SIDs too often" :
				 "it is not known what is behind a binding SID";
		return PCE_FLOW_E_LIST;
	}
	inner = *b->list;
	inner.bindings = outer->bindings;
	inner.n_bindings = outer->n_bindings;
	return flow_of(c, b->headend, b->endpoint, &inner, depth + 1, out, why);
}

/* Recursion ends: depth is bounded. */
static int flow_of(struct pce_ctx *c, uint32_t src, uint32_t dst, const struct pce_list *list,
		   unsigned depth, struct hops *out, const char **why)
{
	struct pce_expansion e = { .why = "" };
	struct notes n = { 0 };
	int rc;

	c->note = note;
	c->note_arg = &n;
	pce_expand_in(c, src, dst, list, &e);
	*why = e.why;
	rc = n.no_memory || c->no_memory ? err_raise(-ENOMEM) : e.valid ? 0 : PCE_FLOW_E_LIST;
	for (size_t i = 0; rc == 0 && i < n.at.n; i++)
		rc = n.at.at[i].binding ? behind(c, list, n.at.at[i].binding, depth, out, why) :
					  hop_add(out, &n.at.at[i], why);
	VEC_FINI(&n.at);
	return rc;
}

static int give(const struct hops *h, uint32_t src, struct arena *a, struct pce_flow *out)
{
	struct pce_flow_hop *hops = ARENA_ARRAY(a, h->at.n + 1, struct pce_flow_hop);

	if (!hops)
		return err_raise(-ENOMEM);
	for (size_t i = 0; i < h->at.n; i++)
		hops[i] = h->at.at[i];
	if (h->at.n == 0)
		hops[0] = (struct pce_flow_hop){ .node = src, .link = TED_NONE };
	*out = (struct pce_flow){ .src = src,
				  .hops = hops,
				  .n_hops = h->at.n > 0 ? (uint32_t)h->at.n : 1,
				  .delay_us_max = PCE_NO_BOUND,
				  .igp_max = PCE_NO_BOUND,
				  .te_max = PCE_NO_BOUND,
				  .hops_max = PCE_NO_BOUND };
	return 0;
}

int pce_flow_of_list(const struct ted *t, uint32_t src, uint32_t dst, const struct pce_list *list,
		     struct arena *a, struct pce_flow *out, const char **why)
{
	struct hops h = { 0 };
	struct pce_ctx c;
	int rc = err_raise(-ENOMEM);

	*why = "";
	if (pce_ctx_init(&c, t, NULL, list->trees, a))
		rc = flow_of(&c, src, dst, list, 0, &h, why);
	if (rc == 0)
		rc = give(&h, src, a, out);
	pce_ctx_fini(&c);
	VEC_FINI(&h.at);
	return rc;
}
