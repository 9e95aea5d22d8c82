/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path requests (RFC 5440). One that comes before the topology is known is kept a while: after
 * "no path" FRR does not ask again in the life of the session.
 */
#include <stdlib.h>

#include "base/str.h"
#include "southbound/pcep/pcep_int.h"

enum {
	ERR_UNSUPPORTED = 4,
	ERR_UNSUPPORTED_OBJECT = 1,
	ERR_UNSUPPORTED_PARAMETER = 4,
	ERR_PST = 21,
	ERR_PST_UNSUPPORTED = 1,
	METRIC_IGP = 1,
	METRIC_TE = 2,
	METRIC_HOPS = 3,
	METRIC_MSD = 11,
	METRIC_DELAY = 12,
	PRIO_LOWEST = 7,
	PCE_UNAVAILABLE = 0x1, /* NO-PATH-VECTOR, RFC 5440 s7.5 */
	ASKS_MAX = 256,	       /* kept of one peer */
};

#define RETRY_NS NS_PER_S
#define KEEP_NS (60 * NS_PER_S)

static void metric_take(const struct pcepc_metric *m, struct driver_path_request *r)
{
	switch (m->type) {
	case METRIC_IGP:
		r->has_igp_bound = true;
		r->igp_max = (uint32_t)m->value;
		break;
	case METRIC_TE:
		r->has_te_bound = true;
		r->te_max = (uint32_t)m->value;
		break;
	case METRIC_HOPS:
		r->has_hop_bound = true;
		r->hops_max = (uint32_t)m->value;
		break;
	case METRIC_MSD:
		r->has_msd = true;
		r->msd = m->value > UINT8_MAX ? UINT8_MAX : (uint8_t)m->value;
		break;
	case METRIC_DELAY:
		r->has_delay_bound = true;
		r->delay_us_max = (uint32_t)m->value;
		break;
	}
}

static bool metric_can_minimise(uint8_t type)
{
	return type == METRIC_IGP || type == METRIC_TE || type == METRIC_HOPS || type == METRIC_DELAY;
}

/* False: the request insists on something we cannot do. */
static bool metrics_take(const struct pcepc_item *it, struct driver_path_request *r)
{
	for (const struct pcepc_metric *m = it->metrics; m; m = m->next) {
		bool known = metric_can_minimise(m->type) || (m->type == METRIC_MSD && m->bound);

		if (!known && m->must)
			return false;
		if (known && m->bound)
			metric_take(m, r);
		else if (known && !r->metric_wanted)
			r->metric_wanted = m->type;
	}
	return true;
}

/* The values that are asked about. */
static void tell_take(const struct pcepc_item *it, struct pcep_ask *a)
{
	for (const struct pcepc_metric *m = it->metrics; m && a->n_tell < PCEP_ASK_TELL_MAX;
	     m = m->next)
		if (metric_can_minimise(m->type) && (!m->bound || m->computed))
			a->tell[a->n_tell++] = m->type;
}

static bool ask_of(const struct pcepc_item *it, struct pcep_ask *a)
{
	struct driver_path_request *r = &a->want;

	a->rp = (struct pcepc_rp){ .flags = it->rp->flags, .id = it->rp->id,
				   .has_pst = it->rp->has_pst, .pst = it->rp->pst };
	r->request_id = it->rp->id;
	r->src = it->endpoints->src;
	r->dst = it->endpoints->dst;
	r->setup_prio = r->hold_prio = PRIO_LOWEST;
	if (it->has_bandwidth)
		r->bandwidth_bps = it->bandwidth_bps;
	if (it->lspa) {
		r->exclude_any = it->lspa->exclude_any;
		r->include_any = it->lspa->include_any;
		r->include_all = it->lspa->include_all;
		r->setup_prio = it->lspa->setup_prio;
		r->hold_prio = it->lspa->hold_prio;
	}
	tell_take(it, a);
	return metrics_take(it, r);
}

/* ---- answering ---- */

static uint32_t metric_value_of(const struct driver_path_reply *reply, uint8_t type)
{
	switch (type) {
	case METRIC_IGP:
		return reply->igp;
	case METRIC_TE:
		return reply->te;
	case METRIC_HOPS:
		return reply->hops;
	default:
		return reply->delay_us;
	}
}

static void reply_send(struct pcep_peer *p, const struct pcep_ask *a,
		       const struct driver_path_reply *reply)
{
	struct pcepc_no_path none = { .has_vector = reply->no_path_vector != 0,
				      .vector = reply->no_path_vector };
	struct pcepc_metric metrics[PCEP_ASK_TELL_MAX];
	struct pcepc_rp rp = a->rp;
	struct pcep_item b;

	pcep_item_init(&b);
	b.item.rp = &rp;
	if (reply->found)
		pcep_item_list(&b, &reply->list, !p->dialect->lean);
	else
		b.item.no_path = &none;
	for (unsigned i = a->n_tell; reply->found && i-- > 0;) {
		metrics[i] = (struct pcepc_metric){ .next = b.item.metrics,
						    .computed = true,
						    .type = a->tell[i],
						    .value = metric_value_of(reply, a->tell[i]) };
		b.item.metrics = &metrics[i];
	}
	if (pcep_sess_send(p->sess, &(struct pcepc_msg){ .type = PCEPC_PCREP, .items = &b.item,
							 .n_items = 1 }) != 0)
		log_event(p->scope, LOG_WARN, "pcep.reply.dropped",
			  "request=%u why=\"send queue full\"", rp.id);
}

/* False: not yet, ask again. */
static bool answer(struct pcep_peer *p, const struct pcep_ask *a, bool last_time)
{
	struct driver_path_reply reply = { .found = false };

	p->pcep->sink->path_request(p->pcep->arg, &a->want, &reply);
	if (p->session != a->want.session)
		return true; /* nobody to answer any more */
	if (!last_time && !reply.found && (reply.no_path_vector & PCE_UNAVAILABLE))
		return false;
	reply_send(p, a, &reply);
	return true;
}

static void keep(struct pcep_peer *p, const struct pcep_ask *a)
{
	struct pcep_ask *kept = p->n_asks < ASKS_MAX ? malloc(sizeof(*kept)) : NULL;

	if (!kept) {
		(void)answer(p, a, true);
		return;
	}
	*kept = *a;
	kept->until = mono_add(loop_now(p->pcep->loop), KEEP_NS);
	list_add(&p->asks, &kept->link);
	p->n_asks++;
	if (!loop_timer_armed(&p->ask_retry))
		loop_timer_after(&p->ask_retry, RETRY_NS);
}

void pcep_pce_asks_drop(struct pcep_peer *p)
{
	struct list *n;

	while ((n = list_pop(&p->asks)))
		free(LIST_OF(n, struct pcep_ask, link));
	p->n_asks = 0;
	loop_timer_stop(&p->ask_retry);
}

static void ask_del(struct pcep_peer *p, struct pcep_ask *a)
{
	list_del(&a->link);
	free(a);
	p->n_asks--;
}

void pcep_pce_asks_cancel(struct pcep_peer *p, const struct pcepc_msg *msg)
{
	for (const struct pcepc_err *e = msg->errs; e; e = e->next)
		LIST_EACH(it, &p->asks) {
			struct pcep_ask *a = LIST_OF(it, struct pcep_ask, link);

			if (e->kind == PCEPC_ERR_RP && a->rp.id == e->id)
				ask_del(p, a);
		}
}

/* In the order they came: while the first must wait, so must the others. */
void pcep_pce_asks_retry(void *arg)
{
	struct pcep_peer *p = arg;
	uint32_t session = p->session;

	while (p->session == session && !list_empty(&p->asks)) {
		struct pcep_ask *a = LIST_OF(p->asks.next, struct pcep_ask, link), copy = *a;

		if (!answer(p, &copy, !mono_before(loop_now(p->pcep->loop), a->until))) {
			loop_timer_after(&p->ask_retry, RETRY_NS);
			return;
		}
		if (p->session != session)
			return; /* the list went with it */
		ask_del(p, a);
	}
}

/* ---- taking ---- */

static void request(struct pcep_peer *p, const struct pcepc_item *it)
{
	struct pcep_ask a = { .want = { .headend = p->cfg.headend, .session = p->session } };
	uint8_t type = 0, value = 0;

	if (it->faulty && it->err_type) {
		type = it->err_type;
		value = it->err_value;
	} else if (it->musts & (PCEPC_MUST(PCEPC_OBJ_IRO) | PCEPC_MUST(PCEPC_OBJ_XRO))) {
		type = ERR_UNSUPPORTED;
		value = ERR_UNSUPPORTED_OBJECT;
	} else if (it->faulty || !ask_of(it, &a)) {
		type = ERR_UNSUPPORTED;
		value = ERR_UNSUPPORTED_PARAMETER;
	} else if (!pcep_dataplane_of(it, &a.want.dataplane)) {
		type = ERR_PST;
		value = ERR_PST_UNSUPPORTED;
	}
	if (type) {
		log_event(p->scope, LOG_WARN, "pcep.request.bad", "request=%u pcerr=%u/%u why=\"%s\"",
			  it->rp ? it->rp->id : 0, type, value, pcepc_error_text(type, value));
		pcep_sess_send_err(p->sess, type, value, it->rp ? PCEPC_ERR_RP : PCEPC_ERR_ERROR,
				   it->rp ? it->rp->id : 0);
		return;
	}
	if (!answer(p, &a, false))
		keep(p, &a);
}

void pcep_pce_requests(struct pcep_peer *p, const struct pcepc_msg *msg)
{
	uint32_t session = p->session;

	if (!msg->items)
		pcep_sess_send_err(p->sess, 6, 1, PCEPC_ERR_ERROR, 0);
	for (const struct pcepc_item *it = msg->items; it && p->session == session; it = it->next)
		request(p, it);
}
