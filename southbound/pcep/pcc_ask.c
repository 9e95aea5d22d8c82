/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path requests of the PCC role (RFC 5440): a PCReq from plain values, replies and errors back to
 * the owner. What was asked and not answered is a list of request ids; a reply to another is 8/0.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/auto.h"
#include "southbound/pcep/pcc_int.h"

enum { ATTEMPT_MAX = DRIVER_PATHS_MAX * 2 }; /* of one PCReq: tests ask for more than is held */

/* One request with all it points at. */
struct part {
	struct pcep_item b;
	struct pcepc_rp rp;
	struct pcepc_lspa lspa;
	struct pcepc_assoc group;
	struct pcepc_metric metrics[2 * PCC_TELL_MAX];
	unsigned n_metrics;
	struct pcepc_spots iro, xro;
	struct pcepc_spot pass[DRIVER_SPOTS_MAX], avoid[DRIVER_SPOTS_MAX];
	struct pcepc_route rro;
};

/* ---- asking ---- */

static void metric_put(struct part *p, struct pcepc_metric m)
{
	struct pcepc_metric *at = &p->metrics[p->n_metrics];

	if (p->n_metrics == ARRAY_LEN(p->metrics))
		return;
	*at = m;
	if (p->n_metrics > 0)
		at[-1].next = at;
	else
		p->b.item.metrics = at;
	p->n_metrics++;
}

static void metrics_put(struct part *p, const struct pcc_path *q)
{
	const struct driver_path_request *w = &q->want;
	const struct {
		bool has;
		uint8_t type;
		uint32_t most;
	} bounds[] = {
		{ w->has_igp_bound, 1, w->igp_max },
		{ w->has_te_bound, 2, w->te_max },
		{ w->has_hop_bound, 3, w->hops_max },
		{ w->has_msd, 11, w->msd },
		{ w->has_delay_bound, 12, w->delay_us_max },
		{ w->has_variation_bound, 13, w->variation_us_max },
		{ w->has_loss_bound, 14, w->loss_ppm_max },
	};

	if (w->metric_wanted)
		metric_put(p, (struct pcepc_metric){ .type = w->metric_wanted, .must = q->insist,
						     .computed = true });
	for (size_t i = 0; i < ARRAY_LEN(bounds); i++)
		if (bounds[i].has)
			metric_put(p, (struct pcepc_metric){ .type = bounds[i].type, .bound = true,
							     .must = q->insist,
							     .value = bounds[i].most });
	for (unsigned i = 0; i < q->n_tell; i++)
		metric_put(p, (struct pcepc_metric){ .type = q->tell[i], .computed = true,
						     .must = q->insist });
}

static struct pcepc_spot spot_of(const struct driver_spot *s, bool avoid)
{
	static const uint8_t attribute[] = {
		[DRIVER_SPOT_NODE] = PCEPC_ATTR_NODE,
		[DRIVER_SPOT_LINK] = PCEPC_ATTR_INTERFACE,
		[DRIVER_SPOT_LINK_SRLGS] = PCEPC_ATTR_SRLG,
		[DRIVER_SPOT_INTERFACE] = PCEPC_ATTR_INTERFACE,
		[DRIVER_SPOT_INTERFACE_SRLGS] = PCEPC_ATTR_SRLG,
		[DRIVER_SPOT_AS] = 0,
		[DRIVER_SPOT_SRLG] = PCEPC_ATTR_SRLG,
	};
	struct pcepc_spot out = { .soft = s->soft, .addr = s->prefix.addr, .len = s->prefix.len,
				  .value = s->value };

	out.attribute = avoid ? attribute[s->kind] : 0;
	out.type = s->prefix.addr.family == IP_V6 ? PCEPC_SPOT_V6 : PCEPC_SPOT_V4;
	if (s->kind == DRIVER_SPOT_INTERFACE || s->kind == DRIVER_SPOT_INTERFACE_SRLGS)
		out.type = PCEPC_SPOT_UNNUMBERED;
	else if (s->kind == DRIVER_SPOT_AS)
		out.type = s->value > UINT16_MAX ? PCEPC_SPOT_AS4 : PCEPC_SPOT_AS;
	else if (s->kind == DRIVER_SPOT_SRLG)
		out.type = PCEPC_SPOT_SRLG;
	return out;
}

static void spots_put(struct part *p, const struct pcc_path *q)
{
	const struct driver_path_request *w = &q->want;

	p->iro.at = p->pass;
	p->xro.at = p->avoid;
	p->xro.fail = q->fail;
	for (; p->iro.n < w->n_pass; p->iro.n++)
		p->pass[p->iro.n] = spot_of(&w->pass[p->iro.n], false);
	for (; p->xro.n < w->n_avoid; p->xro.n++)
		p->avoid[p->xro.n] = spot_of(&w->avoid[p->xro.n], true);
	if (w->n_pass)
		p->b.item.iro = &p->iro;
	if (w->n_avoid || q->fail)
		p->b.item.xro = &p->xro;
}

static void attributes_put(struct part *p, const struct pcc_pce *pce, const struct pcc_path *q)
{
	const struct driver_path_request *w = &q->want;

	p->lspa = (struct pcepc_lspa){ .exclude_any = w->exclude_any,
				       .include_any = w->include_any,
				       .include_all = w->include_all,
				       .setup_prio = w->setup_prio, .hold_prio = w->hold_prio };
	p->b.item.lspa = &p->lspa;
	if (w->bandwidth_bps)
		pcep_item_bandwidth(&p->b, w->bandwidth_bps);
	p->b.item.has_of = q->of != 0;
	p->b.item.of = q->of;
	if (q->group) {
		p->group = (struct pcepc_assoc){ .type = PCEPC_ASSOC_DISJOINT, .id = q->group,
						 .source = pce->pcc->cfg.router_id,
						 .has_disjoint = true, .disjoint = q->disjoint };
		p->b.item.assoc = &p->group;
	}
	if (q->insist)
		p->b.item.musts = UINT64_MAX;
}

static void part_of(struct part *p, const struct pcc_pce *pce, const struct pcc_path *q, uint32_t id)
{
	pcep_item_init(&p->b);
	p->rp = (struct pcepc_rp){ .id = id, .has_pst = true,
				   .flags = q->supply_of ? PCEPC_RP_SUPPLY_OF : 0,
				   .pst = q->want.dataplane == SR_MPLS ? PCEPC_PST_SR :
									 PCEPC_PST_SRV6 };
	p->b.item.rp = &p->rp;
	pcep_item_endpoints(&p->b, &q->want.src, &q->want.dst);
	attributes_put(p, pce, q);
	metrics_put(p, q);
	spots_put(p, q);
}

static void svec_of(struct pcepc_svec *s, struct pcepc_metric *metrics, uint32_t *ids,
		    const struct pcc_path_set *set)
{
	*s = (struct pcepc_svec){ .must = set->svec_insist, .flags = set->svec_flags, .ids = ids,
				  .n_ids = set->n, .has_of = set->svec_of != 0,
				  .of_must = set->svec_insist, .of = set->svec_of };
	if (set->svec_missing)
		ids[s->n_ids++] = set->svec_missing;
	for (unsigned i = 0; i < set->n_tell; i++) {
		metrics[i] = (struct pcepc_metric){ .type = set->tell[i], .computed = true,
						    .must = set->svec_insist };
		metrics[i].next = i + 1 < set->n_tell ? &metrics[i + 1] : NULL;
	}
	s->metrics = set->n_tell ? metrics : NULL;
}

static int send(struct pcc_pce *p, const struct pcc_path_set *set, struct part *parts,
		const uint32_t *ids)
{
	struct pcepc_msg m = { .type = PCEPC_PCREQ, .items = &parts[0].b.item, .n_items = set->n };
	struct pcepc_metric metrics[PCC_TELL_MAX];
	uint32_t named[ATTEMPT_MAX + 1];
	struct pcepc_svec svec;

	for (unsigned i = 0; i < set->n; i++) {
		part_of(&parts[i], p, &set->at[i], ids[i]);
		parts[i].b.item.next = i + 1 < set->n ? &parts[i + 1].b.item : NULL;
		named[i] = ids[i];
	}
	if (set->svec) {
		svec_of(&svec, metrics, named, set);
		m.svecs = &svec;
	}
	return pcep_sess_send(p->sess, &m);
}

int pcc_pce_ask(struct pcc_pce *p, const struct pcc_path_set *set, uint32_t *ids)
{
	struct part *parts;
	size_t before = p->asked.n;
	int rc = 0;

	assert(set->n > 0 && set->n <= ATTEMPT_MAX && set->n_tell <= PCC_TELL_MAX);
	if (!p->up)
		return 2;
	if (before + set->n > PCC_ASKED_MAX)
		return NET_E_FULL;
	parts = calloc(set->n, sizeof(*parts));
	for (unsigned i = 0; parts && rc == 0 && i < set->n; i++) {
		if (++p->last_request == 0) /* RFC 5440 s7.4.1: no id */
			p->last_request = 1;
		ids[i] = p->last_request;
		rc = VEC_ADD(&p->asked, ids[i]) ? 0 : NET_E_FULL;
	}
	if (!parts)
		return NET_E_FULL;
	if (rc == 0)
		rc = send(p, set, parts, ids);
	free(parts);
	if (rc != 0)
		p->asked.n = before;
	return rc;
}

/* ---- replies ---- */

static bool asked_take(struct pcc_pce *p, uint32_t id)
{
	for (size_t i = 0; i < p->asked.n; i++) {
		if (p->asked.at[i] != id)
			continue;
		p->asked.at[i] = p->asked.at[--p->asked.n];
		return true;
	}
	return false;
}

static void tell(struct pcc_pce *p, const struct pcc_path_reply *r)
{
	if (p->pcc->ops.path)
		p->pcc->ops.path(p->pcc->arg, p->cfg.number, r);
}

static uint8_t metrics_take(const struct pcepc_metric *first, struct pcc_metric *out)
{
	uint8_t n = 0;

	for (const struct pcepc_metric *m = first; m && n < PCC_TELL_MAX; m = m->next)
		out[n++] = (struct pcc_metric){ .type = m->type, .bound = m->bound,
						.computed = m->computed, .value = m->value };
	return n;
}

static void path_take(const struct pcepc_item *it, struct pcc_path_reply *r)
{
	uint8_t dataplane = SR_SRV6;

	if (it->no_path || !it->ero) {
		r->what = PCC_PATH_NONE;
		r->unsatisfied = it->no_path && it->no_path->unsatisfied;
		r->vector = it->no_path && it->no_path->has_vector ? it->no_path->vector : 0;
		r->lspa = it->lspa != NULL;
		r->iro = it->iro != NULL;
		r->xro = it->xro != NULL;
		return;
	}
	r->what = PCC_PATH_FOUND;
	(void)pcep_dataplane_of(it, &dataplane);
	(void)pcep_list_of(it->ero, dataplane, &r->list);
}

static const struct pcepc_svec *svec_with(const struct pcepc_msg *msg, uint32_t id)
{
	for (const struct pcepc_svec *s = msg->svecs; s; s = s->next)
		for (uint32_t i = 0; i < s->n_ids; i++)
			if (s->ids[i] == id)
				return s;
	return NULL;
}

static void reply(struct pcc_pce *p, const struct pcepc_msg *msg, const struct pcepc_item *it)
{
	struct pcc_path_reply r = { .request_id = it->rp->id };
	const struct pcepc_svec *s = svec_with(msg, it->rp->id);

	path_take(it, &r);
	r.n_metrics = metrics_take(it->metrics, r.metrics);
	r.bandwidth_bps = it->has_bandwidth ? it->bandwidth_bps : 0;
	r.of = it->has_of ? it->of : 0;
	if (s) {
		r.n_set_metrics = metrics_take(s->metrics, r.set_metrics);
		r.set_of = s->has_of ? s->of : 0;
	}
	for (const struct pcepc_assoc *a = it->assoc; a; a = a->next) {
		if (a->type != PCEPC_ASSOC_DISJOINT || !a->has_disjoint_status)
			continue;
		r.has_status = true;
		r.status = a->disjoint_status;
	}
	tell(p, &r);
}

void pcc_asked_replies(struct pcc_pce *p, const struct pcepc_msg *msg)
{
	for (const struct pcepc_item *it = msg->items; it && p->up; it = it->next)
		if (it->faulty || !asked_take(p, it->rp->id))
			pcep_sess_send_err(p->sess, it->faulty ? 10 : 8, 0, PCEPC_ERR_RP,
					   it->rp->id);
		else
			reply(p, msg, it);
}

/* The ids an error is about come before it. */
void pcc_asked_errors(struct pcc_pce *p, const struct pcepc_msg *msg)
{
	const struct pcepc_err *about = NULL;

	for (const struct pcepc_err *e = msg->errs; e && p->up; e = e->next) {
		if (e->kind == PCEPC_ERR_RP && !about)
			about = e;
		if (e->kind != PCEPC_ERR_ERROR)
			continue;
		for (; about && about != e && p->up; about = about->next)
			if (about->kind == PCEPC_ERR_RP && asked_take(p, about->id))
				tell(p, &(struct pcc_path_reply){
					.request_id = about->id, .what = PCC_PATH_ERROR,
					.type = e->type, .value = e->value,
					.missing = e->has_missing ? e->missing : 0 });
		about = NULL;
	}
}
