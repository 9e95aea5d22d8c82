/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The paths of one question: one by one, disjoint (RFC 8800), or together (synced.c); and what to
 * tell when there are none. Pure, for any thread. A set is found whole or not at all.
 */
#include "intent/ask/ask.h"

enum {
	NO_PATH_DESTINATION = 0x2, /* RFC 5440 s7.5 */
	NO_PATH_SOURCE = 0x4,
	NO_PATH_SET = 0x40, /* RFC 5557 s5.7: no solution for the set as a whole */
	NO_PATH_DISJOINT = 0x100000, /* RFC 8800 s5.5 */
	NO_PATH_DISJOINT_KIND = 0x200000,
};

/* ---- replies ---- */

void intent_asked_found(struct intent_asked *q, uint32_t at, const struct pce_answer *ans)
{
	static const uint8_t used[] = { [PCE_MCP] = DRIVER_OF_MCP, [PCE_MLP] = DRIVER_OF_MLP,
					[PCE_MBP] = DRIVER_OF_MBP };
	const struct driver_path_request *r = &q->at[at];
	struct driver_path_reply *out = &q->reply[at];

	*out = (struct driver_path_reply){ .found = true, .igp = ans->igp, .te = ans->te,
					   .delay_us = ans->delay_us, .hops = ans->hops,
					   .variation_us = ans->variation_us,
					   .loss_ppm = ans->loss_ppm,
					   .objective = used[q->want[at].req.objective] };
	intent_list_of_answer(q->ted, ans, r->dataplane, &out->list);
}

static uint16_t unmet_of(enum pce_constraint c)
{
	static const uint16_t unmet[PCE_C_COUNT] = {
		[PCE_C_AFFINITY] = DRIVER_UNMET_AFFINITY,
		[PCE_C_BANDWIDTH] = DRIVER_UNMET_BANDWIDTH,
		[PCE_C_EXCLUDE] = DRIVER_UNMET_AVOID,
		[PCE_C_SRLG] = DRIVER_UNMET_AVOID,
		[PCE_C_ASN] = DRIVER_UNMET_AVOID,
		[PCE_C_INCLUDE] = DRIVER_UNMET_PASS,
		[PCE_C_DELAY] = DRIVER_UNMET_DELAY,
		[PCE_C_HOPS] = DRIVER_UNMET_HOPS,
		[PCE_C_IGP] = DRIVER_UNMET_IGP,
		[PCE_C_TE] = DRIVER_UNMET_TE,
		[PCE_C_VARIATION] = DRIVER_UNMET_VARIATION,
		[PCE_C_LOSS] = DRIVER_UNMET_LOSS,
		[PCE_C_MSD] = DRIVER_UNMET_MSD,
	};

	return unmet[c];
}

/* A request that contradicts itself: everything that can. */
static uint16_t contradictory(const struct driver_path_request *r)
{
	return (uint16_t)((r->n_avoid ? DRIVER_UNMET_AVOID : 0) |
			  (r->n_pass ? DRIVER_UNMET_PASS : 0) |
			  (r->exclude_any & (r->include_any | r->include_all) ?
				   DRIVER_UNMET_AFFINITY :
				   0));
}

void intent_asked_none(struct intent_asked *q, uint32_t at, const struct pce_answer *ans)
{
	struct driver_path_reply *out = &q->reply[at];

	*out = (struct driver_path_reply){
		.no_path_vector = ans->status == PCE_NO_SOURCE ? NO_PATH_SOURCE :
				  ans->status == PCE_NO_TARGET ? NO_PATH_DESTINATION :
								 0,
	};
	for (uint32_t i = 0; i < ans->n_conflict; i++)
		out->unmet |= unmet_of(ans->conflict[i]);
	if (ans->status == PCE_NO_MSD)
		out->unmet |= DRIVER_UNMET_MSD;
	if (ans->status == PCE_NO_SID) /* its lists are not too long, there are none */
		out->unmet &= (uint16_t)~DRIVER_UNMET_MSD;
	if (ans->status == PCE_INVALID)
		out->unmet |= contradictory(&q->at[at]);
}

/* There is no set: who has no path alone says why, the others that it is for the set. */
static void set_none(struct intent_asked *q, uint32_t vector)
{
	for (uint32_t i = 0; i < q->n; i++) {
		struct pce_answer ans;

		pce_compute(q->ted, &q->want[i].req, q->arena, &ans);
		if (ans.status == PCE_OK)
			q->reply[i] = (struct driver_path_reply){ .no_path_vector = vector };
		else
			intent_asked_none(q, i, &ans);
	}
	q->used = DRIVER_OF_NONE;
	q->met = 0;
}

/* ---- one by one ---- */

static bool alone(struct intent_asked *q, uint32_t at)
{
	struct intent_wanted *w = &q->want[at];
	struct pce_answer ans;

	pce_compute(q->ted, &w->req, q->arena, &ans);
	if (ans.status != PCE_OK && w->softer) {
		intent_wanted_soften(w);
		pce_compute(q->ted, &w->req, q->arena, &ans);
	}
	if (ans.status == PCE_OK)
		intent_asked_found(q, at, &ans);
	else
		intent_asked_none(q, at, &ans);
	return ans.status == PCE_OK;
}

static bool one_by_one(struct intent_asked *q)
{
	bool all = true;

	for (uint32_t i = 0; i < q->n; i++)
		all = alone(q, i) && all;
	return all;
}

/* ---- disjoint ---- */

static bool same_rate(const struct intent_asked *q)
{
	for (uint32_t i = 1; i < q->n; i++)
		if (q->at[i].bandwidth_bps != q->at[0].bandwidth_bps)
			return false;
	return true;
}

/*
 * The engine makes the sum of what the legs minimise as small as can be: that is MCC; with
 * hops and one rate for all it is MBC. Nothing here makes the fullest link emptier.
 */
static void sum_for(struct intent_asked *q)
{
	bool hops = q->objective == DRIVER_OF_MBC && same_rate(q);

	for (uint32_t i = 0; i < q->n; i++) {
		struct pce_request *r = &q->want[i].req;

		r->objective = PCE_MCP;
		if (hops)
			r->minimise = PCE_HOPS;
		else if (q->metric)
			r->minimise = intent_metric_of(q->metric);
	}
	if (hops || q->objective == DRIVER_OF_MCC)
		q->used = q->objective;
}

static bool disjoint_try(struct intent_asked *q, enum pce_status *status)
{
	struct pce_request leg[PCE_LEGS_MAX];
	struct pce_disjoint d = { .leg = leg, .n_legs = q->n, .diverse = q->diverse,
				  .strict = !q->best_available };
	struct pce_disjoint_answer ans;

	for (uint32_t i = 0; i < q->n; i++) {
		leg[i] = q->want[i].req;
		d.shortest |= (uint32_t)q->at[i].shortest << i;
	}
	pce_disjoint(q->ted, &d, q->arena, &ans);
	*status = ans.status;
	if (ans.status != PCE_OK)
		return false;
	q->met = ans.met;
	for (uint32_t i = 0; i < q->n; i++)
		intent_asked_found(q, i, &ans.leg[i]);
	return true;
}

/* False: nothing was to be given up. */
static bool soften_all(struct intent_asked *q)
{
	bool any = false;

	for (uint32_t i = 0; i < q->n; i++) {
		any = any || q->want[i].softer;
		if (q->want[i].softer)
			intent_wanted_soften(&q->want[i]);
	}
	return any;
}

static void disjoint(struct intent_asked *q)
{
	enum pce_status status = PCE_INVALID;

	if (q->n == 1) { /* of those of its group nobody else asks */
		q->met = alone(q, 0) ? q->diverse : 0;
		return;
	}
	sum_for(q);
	if (q->n <= PCE_LEGS_MAX && (disjoint_try(q, &status) ||
				     (soften_all(q) && disjoint_try(q, &status))))
		return;
	set_none(q, status == PCE_INVALID ? NO_PATH_DISJOINT_KIND : NO_PATH_DISJOINT);
}

/* ---- a question ---- */

static bool share_bandwidth(const struct intent_asked *q)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < q->n; i++)
		n += q->at[i].bandwidth_bps > 0;
	return n > 1 || (n == 1 && q->objective != DRIVER_OF_NONE);
}

static bool prepare(struct intent_asked *q)
{
	q->want = ARENA_ARRAY(q->arena, q->n, struct intent_wanted);
	for (uint32_t i = 0; i < q->n; i++) {
		struct pce_request *r;

		if (!q->want || !intent_wanted_of(q->ted, &q->at[i], &q->headend, q->arena,
						  &q->want[i]))
			return false;
		r = &q->want[i].req;
		r->msd = q->msd[i];
		r->free_bps = q->snap[i]->view.bps;
		r->n_free = q->ted->n_links;
	}
	return true;
}

/* Who is not there at all, or names half the network, needs no search. */
static bool ends_known(struct intent_asked *q)
{
	bool known = true;

	for (uint32_t i = 0; i < q->n; i++) {
		const struct pce_request *r = &q->want[i].req;

		q->reply[i].no_path_vector = (r->dst == TED_NONE ? NO_PATH_DESTINATION : 0) |
					     (r->src == TED_NONE ? NO_PATH_SOURCE : 0);
		if (q->want[i].too_much)
			q->reply[i].unmet = DRIVER_UNMET_AVOID;
		known = known && r->dst != TED_NONE && r->src != TED_NONE &&
			!q->want[i].too_much;
	}
	for (uint32_t i = 0; !known && q->n > 1 && i < q->n; i++)
		q->reply[i].no_path_vector |=
			q->reply[i].no_path_vector || q->reply[i].unmet ? 0 : NO_PATH_SET;
	return known;
}

void intent_asked_run(struct intent_asked *q)
{
	if (!prepare(q)) { /* no memory: like a topology that is not there yet */
		for (uint32_t i = 0; i < q->n; i++)
			q->reply[i] = (struct driver_path_reply){ .no_path_vector = 0x1 };
		return;
	}
	if (!ends_known(q))
		return;
	if (q->diverse) {
		disjoint(q);
	} else if (share_bandwidth(q)) {
		if (!intent_synced_run(q) && (!soften_all(q) || !intent_synced_run(q)))
			set_none(q, NO_PATH_SET);
	} else if (one_by_one(q)) {
		q->used = q->objective;
	} else if (q->n > 1) {
		set_none(q, NO_PATH_SET);
	}
}
