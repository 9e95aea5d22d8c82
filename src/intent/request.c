/* SPDX-License-Identifier: Apache-2.0 */
/* Paths that headends ask for (RFC 5440), answered at once on the present TED and book. */
#include "intent/intent_priv.h"

enum { NO_PATH_PCE = 0x1, NO_PATH_DESTINATION = 0x2, NO_PATH_SOURCE = 0x4 }; /* RFC 5440 s7.5 */

static enum pce_metric metric_of(uint8_t pcep)
{
	switch (pcep) { /* RFC 5440 s7.8, RFC 8233 s3.1 */
	case 2:
		return PCE_TE;
	case 3:
		return PCE_HOPS;
	case 12:
		return PCE_DELAY;
	default:
		return PCE_IGP;
	}
}

static uint8_t msd_for(struct intent *i, const struct driver_path_request *q)
{
	const struct intent_headend *h = intent_headend_get(i, &q->headend, false);
	uint8_t told = !h ? 0 : q->dataplane == SR_MPLS ? h->caps.msd_mpls : h->caps.msd_srv6;

	if (q->has_msd && q->msd > 0)
		return q->msd;
	return told ? told : i->cfg.msd_default;
}

static void request_of(struct intent *i, const struct driver_path_request *q, struct pce_request *out)
{
	uint8_t setup = q->setup_prio < BOOK_PRIOS ? q->setup_prio : BOOK_PRIOS - 1;

	*out = (struct pce_request){
		.src = intent_endpoint_node(i->ted, &q->src),
		.dst = intent_endpoint_node(i->ted, &q->dst),
		.minimise = metric_of(q->metric_wanted),
		.delay_us_max = q->has_delay_bound ? q->delay_us_max : PCE_NO_BOUND,
		.hops_max = q->has_hop_bound ? q->hops_max : PCE_NO_BOUND,
		.igp_max = q->has_igp_bound ? q->igp_max : PCE_NO_BOUND,
		.te_max = q->has_te_bound ? q->te_max : PCE_NO_BOUND,
		.bandwidth_bps = q->bandwidth_bps,
		.affinity = { .exclude_any = { q->exclude_any },
			      .include_any = { q->include_any },
			      .include_all = { q->include_all } },
		.dataplane = q->dataplane == SR_MPLS ? PCE_MPLS : PCE_SRV6,
		.usid = true,
		.msd = msd_for(i, q),
		.free_bps = intent_room_now(i, setup, 0),
	};
	if (out->src == TED_NONE)
		out->src = intent_endpoint_node(i->ted, &q->headend);
	out->n_free = out->free_bps ? i->ted->n_links : 0;
}

void intent_path_request(void *arg, const struct driver_path_request *q,
			 struct driver_path_reply *reply)
{
	struct intent *i = arg;
	struct pce_request req;
	struct pce_answer ans;

	*reply = (struct driver_path_reply){ .no_path_vector = NO_PATH_PCE };
	if (!i->ted || i->ted->stale)
		return;
	request_of(i, q, &req);
	reply->no_path_vector = (req.dst == TED_NONE ? NO_PATH_DESTINATION : 0) |
				(req.src == TED_NONE ? NO_PATH_SOURCE : 0);
	if (req.src == TED_NONE || req.dst == TED_NONE || !req.free_bps)
		return;
	arena_reset(&i->arena);
	pce_compute(i->ted, &req, &i->arena, &ans);
	if (ans.status != PCE_OK)
		return;
	reply->found = true;
	intent_list_of_answer(i->ted, &ans, q->dataplane, &reply->list);
	reply->igp = ans.igp;
	reply->te = ans.te;
	reply->delay_us = ans.delay_us;
	reply->hops = ans.hops;
}
