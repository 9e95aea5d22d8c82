/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a PCE says: updates and initiations become requests to the owner, one by one. What is
 * wrong with one is answered with the PCErr its RFC names and its SRP-ID, and spoils nothing else.
 */
#include <string.h>

#include "southbound/pcep/pcc_int.h"

/* PCErr, type 0: none. */
struct refusal {
	uint8_t type, value;
};

static const struct refusal fine = { 0, 0 };

static bool srp_reserved(uint32_t id)
{
	return id == 0 || id == UINT32_MAX;
}

/* Every SID must be told: we resolve no NAI, and said so in our Open. */
static struct refusal check_hops(const struct pcepc_route *r, uint8_t dataplane)
{
	bool v6 = dataplane == SR_SRV6;

	for (uint32_t i = 0; i < r->n; i++) {
		const struct pcepc_hop *h = &r->hops[i];

		if ((h->type == PCEPC_HOP_SRV6) != v6)
			return v6 ? (struct refusal){ 10, 43 } : (struct refusal){ 10, 5 };
		if (!h->has_sid)
			return v6 ? (struct refusal){ 4, 4 } : (struct refusal){ 10, 15 };
		if (!v6 && !h->is_label)
			return (struct refusal){ 10, 2 };
	}
	if (r->n == 0 && r->skipped > 0) /* hops of other kinds alone are no empty path */
		return v6 ? (struct refusal){ 10, 43 } : (struct refusal){ 10, 5 };
	return fine;
}

static struct refusal check_path(const struct pcc_pce *p, const struct pcepc_item *it)
{
	const struct pcc_cfg *c = &p->pcc->cfg;
	uint8_t dataplane, msd;
	unsigned n = 0;

	if (!pcep_dataplane_of(it, &dataplane))
		return (struct refusal){ 21, 1 };
	if (!(dataplane == SR_MPLS ? c->sr_mpls : c->srv6))
		return (struct refusal){ 21, 1 };
	if (!it->ero)
		return fine;
	msd = dataplane == SR_MPLS ? c->msd_mpls : c->msd_srv6;
	if (msd == 0 || msd > SR_SEGS_MAX)
		msd = SR_SEGS_MAX;
	for (const struct pcepc_route *r = it->ero; r; r = r->next) {
		struct refusal no = check_hops(r, dataplane);

		if (r->n > msd)
			return (struct refusal){ 10, dataplane == SR_MPLS ? 9 : 40 };
		if (no.type)
			return no;
		/* more than was agreed on, or one of several that leads nowhere */
		if (++n > 1 && (!p->several || n > c->lists || r->n == 0 || it->ero->n == 0))
			return (struct refusal){ 4, 4 };
	}
	return fine;
}

/* Whatever the item needs to be looked at any further. */
static struct refusal check_item(const struct pcepc_item *it, uint8_t msg)
{
	if (it->faulty && it->err_type)
		return (struct refusal){ it->err_type, it->err_value };
	if (it->faulty) /* no RFC names a code for the fault */
		return msg == PCEPC_PCINITIATE ? (struct refusal){ 24, 1 } :
						 (struct refusal){ 4, 4 };
	if (!it->srp || srp_reserved(it->srp->id))
		return (struct refusal){ 6, 10 };
	if (!it->lsp)
		return (struct refusal){ 6, 8 };
	return fine;
}

static struct refusal read_update(const struct pcc_pce *p, const struct pcepc_item *it,
				  struct pcc_request *r)
{
	struct refusal no;

	if (it->lsp->plsp_id == 0)
		return (struct refusal){ 19, 3 };
	if (!(it->lsp->flags & PCEPC_LSP_DELEGATE)) {
		r->ask = PCC_ASK_RELEASE;
		return fine;
	}
	no = check_path(p, it);
	if (no.type)
		return no;
	r->ask = PCC_ASK_UPDATE;
	r->has_list = it->ero != NULL;
	r->has_admin = true;
	return fine;
}

/* RFC 8281 s5.3, s5.4 and, for an orphan, s6: SRP and LSP alone. */
static struct refusal read_initiate(const struct pcc_pce *p, const struct pcepc_item *it,
				    struct pcc_request *r)
{
	struct refusal no;

	if (it->srp->flags & PCEPC_SRP_REMOVE) {
		r->ask = PCC_ASK_REMOVE;
		return it->lsp->plsp_id ? fine : (struct refusal){ 19, 3 };
	}
	if (it->lsp->plsp_id != 0) {
		r->ask = PCC_ASK_TAKE;
		return it->ero ? (struct refusal){ 19, 8 } : fine;
	}
	if (!it->lsp->has_name)
		return (struct refusal){ 10, 8 };
	no = check_path(p, it);
	if (no.type)
		return no;
	r->ask = PCC_ASK_INITIATE;
	r->has_list = it->ero != NULL;
	r->has_admin = it->lsp->flags & PCEPC_LSP_ADMIN; /* many leave it 0 and mean up */
	return fine;
}

static struct refusal read_item(const struct pcc_pce *p, const struct pcepc_item *it, uint8_t msg,
				struct pcc_request *r, struct sr_more *more)
{
	struct refusal no = check_item(it, msg);

	if (no.type)
		return no;
	r->srp_id = it->srp->id;
	if (!pcep_state_all(it, &r->wish, more))
		return (struct refusal){ 24, 1 }; /* a name too long to be told apart */
	no = msg == PCEPC_PCUPD ? read_update(p, it, r) : read_initiate(p, it, r);
	if (no.type)
		return no;
	r->has_bandwidth = it->has_bandwidth;
	r->has_prios = it->lspa != NULL;
	r->wish.headend = p->pcc->cfg.router_id;
	r->wish.txn = it->srp->id;
	/* flags of a report, of no meaning here */
	r->wish.oper = LSP_DOWN;
	r->wish.removed = r->wish.sync = r->wish.pce_initiated = false;
	return fine;
}

static void refuse(struct pcc_pce *p, const struct pcepc_item *it, struct refusal no)
{
	bool srp = it && it->srp && !srp_reserved(it->srp->id);

	log_event(p->scope, LOG_WARN, "pcc.request.wrong", "srp=%u error=%u/%u why=\"%s\"",
		  srp ? it->srp->id : 0, no.type, no.value, pcepc_error_text(no.type, no.value));
	pcep_sess_send_err(p->sess, no.type, no.value, srp ? PCEPC_ERR_SRP : PCEPC_ERR_ERROR,
			   srp ? it->srp->id : 0);
}

static void requests(struct pcc_pce *p, const struct pcepc_msg *msg)
{
	struct pcc *pcc = p->pcc;

	if (!msg->items)
		refuse(p, NULL, (struct refusal){ 6, 10 });
	for (const struct pcepc_item *it = msg->items; it && p->up; it = it->next) {
		struct pcc_request r = { 0 };
		struct sr_more more;
		struct refusal no = read_item(p, it, msg->type, &r, &more);

		if (no.type)
			refuse(p, it, no);
		else
			pcc->ops.request(pcc->arg, p->cfg.number, &r);
	}
}

static void errors(struct pcc_pce *p, const struct pcepc_msg *msg)
{
	for (const struct pcepc_err *e = msg->errs; e; e = e->next)
		if (e->kind == PCEPC_ERR_ERROR)
			log_event(p->scope, LOG_WARN, "pcc.error.received",
				  "error=%u/%u what=\"%s\"", e->type, e->value,
				  pcepc_error_text(e->type, e->value));
}

void pcc_rx_message(struct pcc_pce *p, const struct pcepc_msg *msg)
{
	switch (msg->type) {
	case PCEPC_PCUPD:
	case PCEPC_PCINITIATE:
		requests(p, msg);
		break;
	case PCEPC_PCREP:
		pcc_asked_replies(p, msg);
		break;
	case PCEPC_PCERR:
		errors(p, msg);
		pcc_asked_errors(p, msg);
		break;
	case PCEPC_PCNTF:
		for (const struct pcepc_ntf *n = msg->ntfs; n; n = n->next)
			log_event(p->scope, LOG_NOTICE, "pcc.notification", "type=%u value=%u",
				  n->type, n->value);
		break;
	default: /* requests and reports, which are a PCC's to send: capability not supported */
		pcep_sess_send_err(p->sess, 2, 0, PCEPC_ERR_ERROR, 0);
		break;
	}
}
