/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slices inside of slices. A child has no policies of its own: its flows run in its parent's, between
 * the same two routers, within what the parent reserved and its other children do not have. So the
 * book holds the room once, and a child cannot be short of what its parent has.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/err.h"
#include "slice/plan.h"

static bool joins(const struct slice_member *a, const struct slice_member *b)
{
	return a->protection == b->protection && ip_eq(&a->key.headend, &b->key.headend) &&
	       ip_eq(&a->key.endpoint, &b->key.endpoint);
}

static void count_others(const struct slice_inside *in, uint64_t *used)
{
	for (uint32_t o = 0; o < in->n_others; o++) {
		for (uint32_t i = 0; i < in->others[o]->n; i++) {
			const struct slice_member *m = &in->others[o]->at[i];

			for (uint32_t k = 0; k < in->parent->n; k++) {
				if (sr_policy_key_cmp(&in->parent->at[k].key, &m->key) == 0)
					used[k] += m->bandwidth_bps;
			}
		}
	}
}

/* What the child promises and its parent does not keep to. NULL: nothing. */
static const char *breaks(const struct slice_inside *in, const struct slice_member *p,
			  const struct slice_member *m)
{
	if (p->terms.delay_us_max > m->terms.delay_us_max &&
	    in->delay_us(in->ctx, &p->key) > m->terms.delay_us_max)
		return "delay";
	if (p->terms.variation_us_max > m->terms.variation_us_max)
		return "delay variation";
	if (p->terms.loss_ppm_max > m->terms.loss_ppm_max)
		return "packet loss";
	if (m->terms.diversity & ~p->terms.diversity)
		return "diversity";
	return p->terms.mtu < m->terms.mtu ? "MTU" : NULL;
}

struct nesting {
	const struct slice_inside *in;
	uint64_t *used; /* of each of the parent's */
	struct slice_fault *f;
	struct slice_lack *lack;
};

static int refuse(struct nesting *n, const struct slice_member *m, bool met, const char *what)
{
	(void)snprintf(n->f->field, sizeof(n->f->field),
		       "connection-groups/connection-group[id='%s']/connectivity-construct[id='%s']",
		       m->group, m->construct);
	if (!met)
		(void)snprintf(n->f->text, sizeof(n->f->text), "the parent slice has nothing from %.90s to %.90s",
			       m->sender, m->receiver);
	else if (what)
		(void)snprintf(n->f->text, sizeof(n->f->text),
			       "the parent slice does not keep to the %s from %.80s to %.80s", what, m->sender,
			       m->receiver);
	else
		(void)snprintf(n->f->text, sizeof(n->f->text),
			       "the parent slice has %llu bit/s left from %.60s to %.60s, %llu are asked for",
			       (unsigned long long)n->lack->free_bps, m->sender, m->receiver,
			       (unsigned long long)m->bandwidth_bps);
	return err_raise(-EINVAL);
}

static int nest_one(struct nesting *n, struct slice_member *m)
{
	const char *what = NULL;
	bool met = false;

	*n->lack = (struct slice_lack){ 0 };
	for (uint32_t k = 0; k < n->in->parent->n; k++) {
		const struct slice_member *p = &n->in->parent->at[k];
		uint64_t left;

		if (!joins(p, m))
			continue;
		met = true;
		what = breaks(n->in, p, m);
		left = p->bandwidth_bps > n->used[k] ? p->bandwidth_bps - n->used[k] : 0;
		if (!what && left >= m->bandwidth_bps) {
			n->used[k] += m->bandwidth_bps;
			m->key = p->key;
			return 0;
		}
		if (!what && left >= n->lack->free_bps)
			*n->lack = (struct slice_lack){ m->bandwidth_bps, left };
	}
	return refuse(n, m, met, n->lack->wanted_bps ? NULL : what);
}

int slice_nest(const struct slice_inside *in, struct slice_plan *child, struct slice_fault *f,
	       struct slice_lack *lack)
{
	AUTO_FREE uint64_t *used = calloc((size_t)in->parent->n + 1, sizeof(*used));
	struct nesting n = { in, used, f, lack };
	int r = used ? 0 : err_raise(-ENOMEM);

	if (used)
		count_others(in, used);
	for (uint32_t i = 0; r == 0 && i < child->n; i++)
		r = nest_one(&n, &child->at[i]);
	return r;
}
