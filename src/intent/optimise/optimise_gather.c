/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the optimiser starts from: a copy of the live policies that may be moved, and of the book.
 * All else that is booked or measured, and room kept for backups or partitions, is load that stays.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "intent/optimise/optimise_priv.h"

enum { ALL_PRIOS = BOOK_PRIOS - 1 };

static const char *unmovable_path(const struct intent_pol *p)
{
	const struct intent_cpath *c = intent_cpath_find(&p->desired->p, p->want.preference);

	if (!c || c->kind == INTENT_EXPLICIT)
		return "its list is given, not computed";
	if (c->algo)
		return "it follows a flexible algorithm";
	if (ip_is_any(&p->key.endpoint))
		return "it has no endpoint";
	return NULL;
}

/* Why a policy with bandwidth stays where it is; NULL: it may be moved. */
static const char *unmovable(const struct intent_pol *p)
{
	const struct intent *i = p->i;

	if (p->mode == INTENT_OBSERVED)
		return "it is not managed here";
	if (p->state != INTENT_UP || !p->want.set)
		return "it is not up";
	if (p->desired->p.dataplane != SR_SRV6)
		return "its data plane is SR-MPLS";
	if (p->txn_kind != INTENT_TXN_NONE || p->attr_dirty || !p->was_up || !intent_lsp_here(p->lsp))
		return "it is being changed";
	if (p->fail[0])
		return "its headend has refused a list lately";
	if (p->desired->p.lists_max > 1)
		return "it may have several lists";
	if (p->member)
		return "it is kept apart from others of its group";
	if (!intent_booked(p))
		return "its bandwidth is not booked in full";
	if (p->desired->p.nrp && book_view_nrp(i->book, p->desired->p.nrp) == p->desired->p.nrp)
		return "its NRP has shares of links";
	if (intent_leads(p, &p->want.list))
		return "its list leads through other policies";
	if (intent_bound_user(p))
		return "others lead through its binding SID and would move with it";
	return unmovable_path(p);
}

bool intent_opt_left_add(struct opt_job *j, const struct sr_policy_key *key, const char *why,
			 bool dropped)
{
	if (j->n_left == j->cap_left) {
		uint32_t cap = j->cap_left ? j->cap_left * 2 : 64;
		struct opt_left *more = realloc(j->left, cap * sizeof(*more));

		if (!more)
			return false;
		j->left = more;
		j->cap_left = cap;
	}
	j->left[j->n_left++] = (struct opt_left){ .key = *key, .why = why, .dropped = dropped };
	return true;
}

static bool flow_add(struct opt_job *j, const struct intent_pol *p)
{
	struct opt_flow *f = &j->flows[j->n_flows];
	const struct intent_route *w = &p->want;
	uint32_t *links = arena_copy(&j->arena, w->links, w->n_links * sizeof(*links));
	uint32_t *path = arena_copy(&j->arena, w->path, w->n_path * sizeof(*path));

	if ((!links && w->n_links) || (!path && w->n_path))
		return false;
	*f = (struct opt_flow){ .key = p->key,
				.desired = intent_desired_ref(p->desired),
				.rate_bps = p->desired->p.bandwidth_bps,
				.preference = w->preference,
				.msd = intent_msd(p, &p->desired->p),
				.is = { .list = w->list, .links = links, .n_links = w->n_links,
					.delay_us = w->worst_delay_us },
				.path = path,
				.n_path = w->n_path };
	j->n_all = ++j->n_flows;
	for (uint32_t k = 0; k < w->n_links; k++) {
		uint64_t mine = book_claim_bps(p->claim, w->links[k]);
		uint64_t *other = w->links[k] < j->n_links ? &j->other_bps[w->links[k]] : NULL;

		if (other)
			*other -= mine < *other ? mine : *other;
	}
	return true;
}

static bool policies(struct opt_job *j, const struct intent *i)
{
	size_t most = i->pols.n < OPT_FLOWS_MAX ? i->pols.n : OPT_FLOWS_MAX;

	j->flows = ARENA_ARRAY(&j->arena, most + 1, struct opt_flow);
	if (!j->flows)
		return false;
	for (size_t k = 0; k < i->pols.n; k++) {
		const struct intent_pol *p = i->pols.at[k];
		const char *why;

		if (p->deleted || (p->mode == INTENT_MANAGED &&
				   (!p->desired || p->desired->p.bandwidth_bps == 0)))
			continue;
		why = unmovable(p);
		if (!why && j->n_flows == most)
			why = "there are more policies than are moved together";
		if (why ? !intent_opt_left_add(j, &p->key, why, false) : !flow_add(j, p))
			return false;
	}
	return true;
}

static bool links(struct opt_job *j, const struct intent *i)
{
	size_t n = (size_t)j->n_links + 1;

	j->capacity_bps = ARENA_ARRAY(&j->arena, n, uint64_t);
	j->reserved_bps = ARENA_ARRAY(&j->arena, n, uint64_t);
	j->other_bps = ARENA_ARRAY(&j->arena, n, uint64_t);
	if (!j->capacity_bps || !j->reserved_bps || !j->other_bps)
		return false;
	for (uint32_t l = 0; l < j->n_links; l++) {
		struct book_row row;
		uint64_t sum;

		if (!book_row(i->book, l, &row))
			continue;
		sum = row.measured_bps + row.backup_bps[ALL_PRIOS] + row.unused_bps;
		for (unsigned p = 0; p < BOOK_PRIOS; p++)
			sum += row.ours_bps[p] + row.foreign_bps[p];
		j->capacity_bps[l] = row.capacity_bps;
		j->reserved_bps[l] = j->other_bps[l] = sum;
	}
	return true;
}

struct opt_job *intent_opt_job_new(struct intent *i, const struct intent_optimise_options *o)
{
	struct opt_job *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	arena_init(&j->arena, 0);
	j->o = *o;
	j->points_max = OPT_POINTS_MAX;
	j->ted = ted_ref(i->ted);
	j->generation = i->ted->generation;
	j->n_links = i->ted->n_links;
	if (links(j, i) && policies(j, i))
		return j;
	intent_opt_job_free(j);
	return NULL;
}

void intent_opt_job_release(struct opt_job *j)
{
	for (uint32_t k = 0; k < j->n_all; k++)
		j->flows[k].desired = intent_desired_unref(j->flows[k].desired);
	ted_unref(j->ted);
	j->ted = NULL;
}

void intent_opt_job_free(struct opt_job *j)
{
	if (!j)
		return;
	intent_opt_job_release(j);
	free(j->left);
	arena_fini(&j->arena);
	free(j);
}
