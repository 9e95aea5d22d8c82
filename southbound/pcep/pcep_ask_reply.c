/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers to path requests: one PCRep for all of a set. Without a path the constraints that
 * leave none come back in it (RFC 5440 s7.5: C flag), as they were asked.
 */
#include <stdlib.h>

#include "southbound/pcep/pcep_int.h"

enum {
	METRIC_IGP = 1,
	METRIC_TE = 2,
	METRIC_HOPS = 3,
	METRIC_SET_BANDWIDTH = 4,
	METRIC_SET_FULLEST = 5,
	METRIC_SET_IGP = 6,
	METRIC_SET_TE = 7,
	METRIC_DELAY = 12,
	METRIC_VARIATION = 13,
	METRIC_LOSS = 14,
};

/* One reply with all it points at. */
struct part {
	struct pcep_item b;
	struct pcepc_rp rp;
	struct pcepc_no_path none;
	struct pcepc_metric metrics[PCEP_TELL_MAX];
	unsigned n_metrics;
	struct pcepc_lspa lspa;
	struct pcepc_assoc group;
	struct pcepc_spots iro, xro;
	struct pcepc_spot pass[DRIVER_SPOTS_MAX], avoid[DRIVER_SPOTS_MAX];
};

static uint32_t value_of(const struct driver_path_reply *r, uint8_t type)
{
	switch (type) {
	case METRIC_IGP:
		return r->igp;
	case METRIC_TE:
		return r->te;
	case METRIC_HOPS:
		return r->hops;
	case METRIC_VARIATION:
		return r->variation_us;
	case METRIC_LOSS:
		return r->loss_ppm;
	default:
		return r->delay_us;
	}
}

static void metric_put(struct part *p, const struct pcepc_metric *m)
{
	struct pcepc_metric *at = &p->metrics[p->n_metrics];

	if (p->n_metrics == PCEP_TELL_MAX)
		return;
	*at = *m;
	if (p->n_metrics > 0)
		p->metrics[p->n_metrics - 1].next = at;
	else
		p->b.item.metrics = at;
	p->n_metrics++;
}

/* ---- with a path ---- */

static void of_put(struct part *p, const struct pcep_asked *q, const struct driver_path_reply *r)
{
	if (!r->objective || (!q->has_of && !(q->rp.flags & PCEPC_RP_SUPPLY_OF)))
		return;
	p->b.item.has_of = true;
	p->b.item.of = r->objective;
}

/* DISJOINTNESS-STATUS: what holds, of what was asked and beyond it (RFC 8800 s4.2). */
static void group_put(struct part *p, const struct pcep_asked *q,
		      const struct driver_path_answer *ans)
{
	uint32_t kept = PCEPC_DISJOINT_SHORTEST | PCEPC_DISJOINT_STRICT;

	if (!q->has_disjoint)
		return;
	p->group = q->group;
	p->group.has_disjoint_status = true;
	p->group.disjoint_status =
		(ans->met & DRIVER_DIVERSE_LINK ? PCEPC_DISJOINT_LINK : 0u) |
		(ans->met & DRIVER_DIVERSE_NODE ? PCEPC_DISJOINT_NODE : 0u) |
		(ans->met & DRIVER_DIVERSE_SRLG ? PCEPC_DISJOINT_SRLG : 0u) |
		(q->group.disjoint & kept);
	p->b.item.assoc = &p->group;
}

static void found(struct part *p, const struct pcep_peer *peer, const struct pcep_asked *q,
		  const struct driver_path_request *want, const struct driver_path_reply *r)
{
	bool lean = peer->dialect->lean;

	pcep_item_list(&p->b, &r->list, !lean);
	for (unsigned i = 0; i < q->n_tell; i++)
		metric_put(p, &(struct pcepc_metric){ .computed = true, .type = q->tell[i],
						      .value = value_of(r, q->tell[i]) });
	of_put(p, q, r);
	if (!lean && want->bandwidth_bps)
		pcep_item_bandwidth(&p->b, want->bandwidth_bps);
}

/* ---- without ---- */

static void bound_put(struct part *p, bool has, uint8_t type, uint32_t v)
{
	if (has)
		metric_put(p, &(struct pcepc_metric){ .bound = true, .type = type, .value = v });
}

static void bounds_put(struct part *p, const struct driver_path_request *w, uint16_t unmet)
{
	bound_put(p, w->has_igp_bound && (unmet & DRIVER_UNMET_IGP), METRIC_IGP, w->igp_max);
	bound_put(p, w->has_te_bound && (unmet & DRIVER_UNMET_TE), METRIC_TE, w->te_max);
	bound_put(p, w->has_hop_bound && (unmet & DRIVER_UNMET_HOPS), METRIC_HOPS, w->hops_max);
	bound_put(p, w->has_delay_bound && (unmet & DRIVER_UNMET_DELAY), METRIC_DELAY,
		  w->delay_us_max);
	bound_put(p, w->has_variation_bound && (unmet & DRIVER_UNMET_VARIATION), METRIC_VARIATION,
		  w->variation_us_max);
	bound_put(p, w->has_loss_bound && (unmet & DRIVER_UNMET_LOSS), METRIC_LOSS,
		  w->loss_ppm_max);
}

static struct pcepc_spot spot_of(const struct driver_spot *s, bool pass)
{
	struct pcepc_spot out = { .soft = s->soft, .addr = s->prefix.addr, .len = s->prefix.len,
				  .value = s->value };

	out.type = s->prefix.addr.family == IP_V6 ? PCEPC_SPOT_V6 : PCEPC_SPOT_V4;
	switch (s->kind) {
	case DRIVER_SPOT_NODE:
		out.attribute = pass ? 0 : PCEPC_ATTR_NODE;
		break;
	case DRIVER_SPOT_LINK:
		break;
	case DRIVER_SPOT_LINK_SRLGS:
		out.attribute = PCEPC_ATTR_SRLG;
		break;
	case DRIVER_SPOT_INTERFACE:
	case DRIVER_SPOT_INTERFACE_SRLGS:
		out.type = PCEPC_SPOT_UNNUMBERED;
		out.attribute = s->kind == DRIVER_SPOT_INTERFACE ? 0 : PCEPC_ATTR_SRLG;
		break;
	case DRIVER_SPOT_AS:
		out.type = s->value > UINT16_MAX ? PCEPC_SPOT_AS4 : PCEPC_SPOT_AS;
		break;
	case DRIVER_SPOT_SRLG:
		out.type = PCEPC_SPOT_SRLG;
		out.attribute = PCEPC_ATTR_SRLG;
		break;
	}
	return out;
}

static void spots_put(struct part *p, const struct driver_path_request *w, uint16_t unmet)
{
	p->iro.at = p->pass;
	p->xro.at = p->avoid;
	for (; p->iro.n < w->n_pass; p->iro.n++)
		p->pass[p->iro.n] = spot_of(&w->pass[p->iro.n], true);
	for (; p->xro.n < w->n_avoid; p->xro.n++)
		p->avoid[p->xro.n] = spot_of(&w->avoid[p->xro.n], false);
	p->b.item.iro = (unmet & DRIVER_UNMET_PASS) && w->n_pass ? &p->iro : NULL;
	p->b.item.xro = (unmet & DRIVER_UNMET_AVOID) && w->n_avoid ? &p->xro : NULL;
}

static void none(struct part *p, const struct pcep_peer *peer, const struct driver_path_request *w,
		 const struct driver_path_reply *r)
{
	uint16_t unmet = peer->dialect->lean ? 0 : r->unmet;

	p->none = (struct pcepc_no_path){ .has_vector = r->no_path_vector != 0,
					  .vector = r->no_path_vector, .unsatisfied = unmet != 0 };
	p->b.item.no_path = &p->none;
	if (unmet & DRIVER_UNMET_BANDWIDTH)
		pcep_item_bandwidth(&p->b, w->bandwidth_bps);
	if (unmet & DRIVER_UNMET_AFFINITY) {
		p->lspa = (struct pcepc_lspa){ .exclude_any = w->exclude_any,
					       .include_any = w->include_any,
					       .include_all = w->include_all,
					       .setup_prio = w->setup_prio,
					       .hold_prio = w->hold_prio };
		p->b.item.lspa = &p->lspa;
	}
	bounds_put(p, w, unmet);
	spots_put(p, w, unmet);
}

/* ---- the set ---- */

struct whole {
	struct pcepc_svec svec;
	uint32_t ids[DRIVER_PATHS_MAX];
	struct pcepc_metric metrics[PCEP_TELL_MAX];
};

static bool set_value(const struct pcep_ask *a, const struct driver_path_answer *ans, uint8_t type,
		      uint64_t *out)
{
	*out = 0;
	if (type == METRIC_SET_FULLEST) {
		*out = ans->fullest_ppb;
		return ans->fullest_ppb > 0;
	}
	for (unsigned i = 0; i < a->n; i++)
		*out += type == METRIC_SET_BANDWIDTH ?
				a->want[i].bandwidth_bps * ans->at[i].hops :
			type == METRIC_SET_IGP ? ans->at[i].igp :
						 ans->at[i].te;
	return true;
}

static void whole_of(const struct pcep_ask *a, const struct driver_path_answer *ans,
		     struct whole *w)
{
	unsigned n = 0;

	w->svec = (struct pcepc_svec){ .flags = a->svec_flags, .ids = w->ids, .n_ids = a->n };
	for (unsigned i = 0; i < a->n; i++)
		w->ids[i] = a->at[i].rp.id;
	if (!ans->at[0].found)
		return;
	w->svec.has_of = ans->objective != DRIVER_OF_NONE;
	w->svec.of = ans->objective;
	for (unsigned i = 0; i < a->n_tell; i++) {
		uint64_t v;

		if (!set_value(a, ans, a->tell[i], &v))
			continue;
		w->metrics[n] = (struct pcepc_metric){ .computed = true, .type = a->tell[i],
						       .value = v };
		if (n > 0)
			w->metrics[n - 1].next = &w->metrics[n];
		n++;
	}
	w->svec.metrics = n ? w->metrics : NULL;
}

void pcep_ask_reply(struct pcep_peer *p, const struct pcep_ask *a,
		    const struct driver_path_answer *ans)
{
	struct part *parts = calloc(a->n, sizeof(*parts));
	struct pcepc_msg m = { .type = PCEPC_PCREP, .n_items = a->n };
	struct whole w;

	for (unsigned i = 0; parts && i < a->n; i++) {
		struct part *x = &parts[i];

		pcep_item_init(&x->b);
		x->rp = a->at[i].rp;
		x->b.item.rp = &x->rp;
		if (ans->at[i].found) {
			found(x, p, &a->at[i], &a->want[i], &ans->at[i]);
			group_put(x, &a->at[i], ans);
		} else {
			none(x, p, &a->want[i], &ans->at[i]);
		}
		if (i > 0)
			parts[i - 1].b.item.next = &x->b.item;
		else
			m.items = &x->b.item;
	}
	if (a->svec) {
		whole_of(a, ans, &w);
		m.svecs = &w.svec;
	}
	if (!parts || pcep_sess_send(p->sess, &m) != 0)
		log_event(p->scope, LOG_WARN, "pcep.reply.dropped", "request=%u why=\"%s\"",
			  a->at[0].rp.id, parts ? "send queue full" : "no memory");
	free(parts);
}
