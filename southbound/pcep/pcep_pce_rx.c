/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a PCC says: reports and state synchronisation, errors. A callback of the sink
 * may end the session; p->session tells, and is looked at after each.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "southbound/pcep/pcep_int.h"

enum {
	ERR_CAPABILITY = 2,
	ERR_UNKNOWN_REQUEST = 8,
	ERR_INVALID_OBJECT = 10,
	ERR_NO_NAME = 8,
	ERR_INVALID_OPERATION = 19,
	ERR_LIMIT = 4,
	ERR_NOT_STATEFUL = 5,
	ERR_SYNC = 20,
	ERR_SYNC_REPORT = 1,
	CANCELLED = 1,
	CANCELLED_BY_PCC = 1,
	CONGESTION = 2,
};

/* ---- reports ---- */

static void err_lsp(struct pcep_peer *p, uint8_t type, uint8_t value, uint32_t plsp_id)
{
	pcep_sess_send_err(p->sess, type, value, PCEPC_ERR_LSP, plsp_id);
}

/*
 * A report that cannot be used. While synchronising the two views would differ ever after:
 * RFC 8231 s5.6 has the session end.
 */
static void report_bad(struct pcep_peer *p, const struct pcepc_item *it, uint8_t type,
		       uint8_t value)
{
	uint32_t plsp_id = it->lsp ? it->lsp->plsp_id : 0;

	log_event(p->scope, LOG_WARN, "pcep.report.bad", "plsp-id=%u pcerr=%u/%u why=\"%s\"", plsp_id,
		  type, value, pcepc_error_text(type, value));
	if (!p->synced) {
		err_lsp(p, ERR_SYNC, ERR_SYNC_REPORT, plsp_id);
		pcep_peer_stop(p, "a report of its state synchronisation cannot be used");
		return;
	}
	if (type && it->lsp)
		err_lsp(p, type, value, plsp_id);
	else if (type)
		pcep_sess_send_err(p->sess, type, value, PCEPC_ERR_ERROR, 0);
}

static void limit_reached(struct pcep_peer *p, uint32_t plsp_id)
{
	char why[64];

	err_lsp(p, ERR_INVALID_OPERATION, ERR_LIMIT, plsp_id);
	if (p->limit_told)
		return;
	p->limit_told = true;
	(void)snprintf(why, sizeof(why), "more than %u LSPs: the others are not seen", p->db.max);
	log_event(p->scope, LOG_WARN, "pcep.lsps.max", "max=%u", p->db.max);
	pcep_peer_alarm(p, true, "pcep-lsps-max", why);
}

/*
 * Two LSPs of one name: updates meant for one would reach the other. The first is told, the
 * others are not. FRR makes such names of candidate paths named alike in nameless policies.
 */
static bool name_taken(struct pcep_peer *p, const char *name)
{
	char why[SR_NAME_MAX + 64];

	if (!pcep_db_named(&p->db, name))
		return false;
	if (p->twice_told)
		return true;
	p->twice_told = true;
	(void)snprintf(why, sizeof(why), "more than one LSP is named %s: only the first is seen", name);
	log_event(p->scope, LOG_WARN, "pcep.name.twice", "name=\"%s\"", name);
	pcep_peer_alarm(p, true, "pcep-name-twice", why);
	return true;
}

/* What a report leaves out stays as it was (associations, RFC 8697 s6.3.1; the name). */
static void remember(struct pcep_db_lsp *l, const struct pcepc_item *it, struct lsp_state *st)
{
	if (st->has_key) {
		l->has_key = true;
		l->color = st->color;
		l->endpoint = st->endpoint;
	} else if (l->has_key) {
		st->has_key = true;
		st->color = l->color;
		st->endpoint = l->endpoint;
	}
	if (st->has_cpath) {
		l->has_cpath = true;
		l->cpath = st->cpath;
	} else if (l->has_cpath) {
		st->has_cpath = true;
		st->cpath = l->cpath;
	}
	if (st->has_preference) {
		l->has_preference = true;
		l->preference = st->preference;
	} else if (l->has_preference) {
		st->has_preference = true;
		st->preference = l->preference;
	}
	l->delegated = st->delegated;
	l->pce_initiated = st->pce_initiated;
	l->dataplane = st->list.dataplane;
	if (it->lsp->has_ids) {
		l->has_ids = true;
		l->lsp_id = it->lsp->ids.lsp_id;
	}
	(void)str_copy(st->name, sizeof(st->name), l->name);
}

/* Make-before-break: the end of an instance that is no longer the one in use. */
static bool old_instance(const struct pcep_db_lsp *l, const struct pcepc_lsp *lsp)
{
	return (lsp->flags & PCEPC_LSP_REMOVE) && lsp->has_ids && l->has_ids &&
	       lsp->ids.lsp_id != l->lsp_id;
}

static void tell(struct pcep_peer *p, struct lsp_state *st)
{
	st->headend = p->cfg.headend;
	st->session = p->session;
	p->pcep->sink->report(p->pcep->arg, st);
}

/* The LSP goes by another name: for those above it is another one. */
static bool renamed(struct pcep_peer *p, struct pcep_db_lsp *l, const char *name)
{
	struct lsp_state gone = { .plsp_id = l->plsp_id, .removed = true };

	if (name[0] == '\0' || strcmp(name, l->name) == 0)
		return false;
	(void)str_copy(gone.name, sizeof(gone.name), l->name);
	pcep_db_del(&p->db, l);
	tell(p, &gone);
	return true;
}

static void report_use(struct pcep_peer *p, const struct pcepc_item *it, struct lsp_state *st)
{
	uint32_t session = p->session;
	struct pcep_db_lsp *l = pcep_db_find(&p->db, st->plsp_id);

	if (l && renamed(p, l, st->name))
		l = NULL;
	if (p->session != session)
		return;
	if (!l && st->name[0] == '\0') {
		report_bad(p, it, ERR_INVALID_OBJECT, ERR_NO_NAME);
		return;
	}
	if (l && old_instance(l, it->lsp))
		return;
	if (!l && name_taken(p, st->name))
		return;
	if (!l && !st->removed) {
		l = pcep_db_add(&p->db, st->plsp_id, st->name);
		if (!l) {
			limit_reached(p, st->plsp_id);
			return;
		}
	}
	if (l)
		remember(l, it, st);
	if (l && st->removed)
		pcep_db_del(&p->db, l);
	if (it->srp && it->srp->id && pcep_txns_answer(&p->txns, it->srp->id))
		st->txn = it->srp->id;
	tell(p, st);
}

static void report(struct pcep_peer *p, const struct pcepc_item *it)
{
	const struct pcep_db_lsp *l;
	struct lsp_state st;
	struct sr_more more;
	uint8_t dataplane;

	if (it->faulty) {
		report_bad(p, it, it->err_type, it->err_value);
		return;
	}
	if (it->lsp->plsp_id == 0) {
		if (it->lsp->flags & PCEPC_LSP_SYNC)
			report_bad(p, it, ERR_SYNC, ERR_SYNC_REPORT);
		else
			pcep_peer_synced(p);
		return;
	}
	if (!pcep_state_all(it, &st, &more)) {
		limit_reached(p, st.plsp_id); /* the name is longer than what we keep of one */
		return;
	}
	l = pcep_db_find(&p->db, st.plsp_id);
	if (!pcep_dataplane_of(it, &dataplane)) {
		/* without SRP and path nothing tells its kind; RSVP-TE is not for us */
		if (!l)
			return;
		st.list.dataplane = l->dataplane;
	}
	report_use(p, it, &st);
}

static void reports(struct pcep_peer *p, const struct pcepc_msg *msg)
{
	uint32_t session = p->session;

	if (!p->stateful) {
		pcep_sess_send_err(p->sess, ERR_INVALID_OPERATION, ERR_NOT_STATEFUL, PCEPC_ERR_ERROR, 0);
		return;
	}
	if (!msg->items) /* not even an LSP in it */
		pcep_sess_send_err(p->sess, 6, 8, PCEPC_ERR_ERROR, 0);
	for (const struct pcepc_item *it = msg->items; it && p->session == session; it = it->next)
		report(p, it);
}

/* ---- errors ---- */

static void failure(struct pcep_peer *p, uint32_t id, const struct pcepc_err *e)
{
	struct driver_failure f = { .headend = p->cfg.headend, .session = p->session, .txn = id,
				    .type = e->type, .value = e->value };

	if (!pcep_txns_answer(&p->txns, id))
		return;
	(void)snprintf(f.text, sizeof(f.text), "PCErr %u/%u: %s", e->type, e->value,
		       pcepc_error_text(e->type, e->value));
	p->pcep->sink->failed(p->pcep->arg, &f);
}

static void error_note(struct pcep_peer *p, const struct pcepc_err *e)
{
	const char *text = pcepc_error_text(e->type, e->value);

	log_event(p->scope, LOG_WARN, "pcep.error.received", "pcerr=%u/%u why=\"%s\"", e->type, e->value,
		  text);
	(void)snprintf(p->last_error, sizeof(p->last_error), "peer sent PCErr %u/%u: %s", e->type,
		       e->value, text);
	if (p->m.refusals)
		metric_add(p->m.refusals, 1);
}

/* The error an SRP belongs to: the next one (RFC 8231 s6.3), or the last, as FRR writes them. */
static const struct pcepc_err *error_of(const struct pcepc_err *srp, const struct pcepc_err *last,
					bool error_first)
{
	const struct pcepc_err *e = error_first ? last : srp->next;

	while (e && e->kind != PCEPC_ERR_ERROR)
		e = e->next;
	return e;
}

static void errors(struct pcep_peer *p, const struct pcepc_msg *msg)
{
	bool error_first = msg->errs && msg->errs->kind == PCEPC_ERR_ERROR;
	const struct pcepc_err *last = NULL, *about;
	uint32_t session = p->session;

	for (const struct pcepc_err *e = msg->errs; e && p->session == session; e = e->next) {
		if (e->kind == PCEPC_ERR_ERROR) {
			last = e;
			error_note(p, e);
		} else if (e->kind == PCEPC_ERR_SRP) {
			about = error_of(e, last, error_first);
			if (about)
				failure(p, e->id, about);
		}
	}
}

/* ---- the rest ---- */

static void notifications(struct pcep_peer *p, const struct pcepc_msg *msg)
{
	for (const struct pcepc_ntf *n = msg->ntfs; n; n = n->next) {
		if (n->type == CANCELLED && n->value == CANCELLED_BY_PCC)
			pcep_pce_asks_cancel(p, msg);
		log_event(p->scope, n->type == CONGESTION ? LOG_WARN : LOG_INFO,
			  "pcep.notification.received", "type=%u value=%u overload=%us", n->type, n->value,
			  n->overload_s);
	}
}

void pcep_pce_message(struct pcep_peer *p, const struct pcepc_msg *msg)
{
	switch (msg->type) {
	case PCEPC_PCRPT:
		reports(p, msg);
		break;
	case PCEPC_PCREQ:
		pcep_pce_requests(p, msg);
		break;
	case PCEPC_PCERR:
		errors(p, msg);
		break;
	case PCEPC_PCNTF:
		notifications(p, msg);
		break;
	case PCEPC_PCREP: /* we asked nothing */
		pcep_sess_send_err(p->sess, ERR_UNKNOWN_REQUEST, 0, PCEPC_ERR_ERROR, 0);
		break;
	default: /* a PCE's own messages */
		pcep_sess_send_err(p->sess, ERR_CAPABILITY, 0, PCEPC_ERR_ERROR, 0);
		break;
	}
}
