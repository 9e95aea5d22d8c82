/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver: wishes to PCInitiate and PCUpd. Nothing leaves for an LSP that the running session
 * has not told of: a PCUpd with a PLSP-ID that FRR does not know ends its process.
 */
#include <string.h>

#include "southbound/pcep/pcep_int.h"

#define SRP_ID_RESERVED UINT32_MAX

/* SRP-IDs and transactions are one number: growing in each session, unique over all of them. */
static uint32_t txn_next(struct pcep *p)
{
	do
		p->last_txn++;
	while (p->last_txn == 0 || p->last_txn == SRP_ID_RESERVED);
	return p->last_txn;
}

static int full(struct pcep_peer *p)
{
	p->full = true;
	return DRIVER_E_FULL;
}

/* A peer that may be asked something now. */
static int peer_ready(struct pcep_peer *p)
{
	if (!p || !p->session || !p->synced)
		return DRIVER_E_NO_SESSION;
	if (loop_timer_armed(&p->pace))
		return full(p);
	if (!pcep_txns_reserve(&p->txns)) {
		loop_timer_after(&p->pace, NS_PER_S); /* no memory: again in a while */
		return full(p);
	}
	return 0;
}

/* b has its SRP with id 0; it gets its number here. */
static int item_send(struct pcep_peer *p, uint8_t type, struct pcep_item *b, uint32_t *txn)
{
	struct pcepc_msg msg = { .type = type, .items = &b->item, .n_items = 1 };

	b->srp.id = txn_next(p->pcep);
	if (pcep_sess_send(p->sess, &msg) != 0)
		return full(p);
	pcep_txns_add(&p->txns, b->srp.id);
	*txn = b->srp.id;
	if (p->dialect->pace_ns)
		loop_timer_after(&p->pace, p->dialect->pace_ns);
	return 0;
}

static bool plane_ok(const struct pcep_peer *p, uint8_t dataplane)
{
	return dataplane == SR_MPLS ? p->caps.sr_mpls : p->caps.srv6;
}

static bool lists_ok(const struct pcep_peer *p, const struct sr_list *l)
{
	return l->n > 0 && (!l->more || sr_list_count(l) <= p->caps.lists);
}

static void attributes(struct pcep_item *b, const struct pcep_peer *p, const struct driver_lsp *lsp,
		       bool update)
{
	if (p->dialect->lean)
		return;
	pcep_item_prios(b, lsp->setup_prio, lsp->hold_prio);
	/* An update without it would leave what was: 0 has to be said. */
	if (lsp->bandwidth_bps || update)
		pcep_item_bandwidth(b, lsp->bandwidth_bps);
	if (lsp->binding_sid.family == IP_V6)
		pcep_item_binding(b, &lsp->binding_sid, 0);
}

static int initiate(struct pcep_peer *p, const struct driver_lsp *lsp, uint32_t *txn)
{
	const struct ip_addr *src = &lsp->key.headend, *dst = &lsp->key.endpoint;
	struct pcep_item b;

	if (!p->caps.initiate || !plane_ok(p, lsp->list.dataplane) || lsp->name[0] == '\0' ||
	    !lists_ok(p, &lsp->list))
		return DRIVER_E_REFUSED;
	if (p->dialect->ipv4_only && (src->family != IP_V4 || dst->family != IP_V4))
		return DRIVER_E_REFUSED;
	pcep_item_init(&b);
	pcep_item_srp(&b, 0, 0, lsp->list.dataplane);
	pcep_item_lsp(&b, 0, PCEPC_LSP_DELEGATE | PCEPC_LSP_ADMIN, lsp->name);
	if (src->family == dst->family)
		pcep_item_endpoints(&b, src, dst);
	pcep_item_list(&b, &lsp->list, !p->dialect->lean);
	if (p->caps.sr_policy_assoc)
		pcep_item_policy(&b, &lsp->key, &lsp->cpath, &lsp->preference);
	if (p->dialect->vendor_color)
		pcep_item_vendor(&b, lsp->key.color, &lsp->preference);
	attributes(&b, p, lsp, false);
	return item_send(p, PCEPC_PCINITIATE, &b, txn);
}

static int update(struct pcep_peer *p, const struct pcep_db_lsp *known,
		  const struct driver_lsp *lsp, uint32_t *txn)
{
	struct pcep_item b;

	if (!p->caps.update || !plane_ok(p, lsp->list.dataplane) || !known->delegated ||
	    !lists_ok(p, &lsp->list))
		return DRIVER_E_REFUSED;
	pcep_item_init(&b);
	pcep_item_srp(&b, 0, 0, lsp->list.dataplane);
	pcep_item_lsp(&b, known->plsp_id, PCEPC_LSP_DELEGATE | PCEPC_LSP_ADMIN, "");
	pcep_item_list(&b, &lsp->list, !p->dialect->lean);
	/* an association left out stays as it is; saying it again could only be found different */
	if (p->caps.sr_policy_assoc && known->pce_initiated && known->has_cpath &&
	    known->preference != lsp->preference)
		pcep_item_policy(&b, &lsp->key, &known->cpath, &lsp->preference);
	attributes(&b, p, lsp, true);
	return item_send(p, PCEPC_PCUPD, &b, txn);
}

/* RFC 8281 section 6: SRP and LSP alone. */
static int take_over(struct pcep_peer *p, const struct pcep_db_lsp *known, uint32_t *txn)
{
	struct pcep_item b;

	if (!p->caps.initiate || !known->pce_initiated)
		return DRIVER_E_REFUSED;
	pcep_item_init(&b);
	pcep_item_srp(&b, 0, 0, known->dataplane);
	pcep_item_lsp(&b, known->plsp_id, PCEPC_LSP_DELEGATE | PCEPC_LSP_ADMIN, "");
	return item_send(p, PCEPC_PCINITIATE, &b, txn);
}

/* The LSP of this session that lsp names, or DRIVER_E_NO_SESSION. */
static int known_of(const struct pcep_peer *p, const struct driver_lsp *lsp,
		    const struct pcep_db_lsp **out)
{
	*out = lsp->session == p->session ? pcep_db_find(&p->db, lsp->plsp_id) : NULL;
	return *out ? 0 : DRIVER_E_NO_SESSION;
}

static int driver_apply(void *self, const struct driver_lsp *lsp, uint32_t *txn)
{
	struct pcep_peer *p = pcep_peer_of(self, &lsp->key.headend);
	const struct pcep_db_lsp *known;
	int rc = peer_ready(p);

	if (rc)
		return rc;
	if (lsp->plsp_id == 0)
		return initiate(p, lsp, txn);
	rc = known_of(p, lsp, &known);
	if (rc)
		return rc;
	return lsp->take_over ? take_over(p, known, txn) : update(p, known, lsp, txn);
}

static int driver_remove(void *self, const struct driver_lsp *lsp, uint32_t *txn)
{
	struct pcep_peer *p = pcep_peer_of(self, &lsp->key.headend);
	const struct pcep_db_lsp *known;
	struct pcep_item b;
	int rc = peer_ready(p);

	if (rc == 0)
		rc = known_of(p, lsp, &known);
	if (rc)
		return rc;
	/* RFC 8281 s5.4: only what a PCE made */
	if (!p->caps.initiate || !known->pce_initiated)
		return DRIVER_E_REFUSED;
	pcep_item_init(&b);
	pcep_item_srp(&b, 0, PCEPC_SRP_REMOVE, known->dataplane);
	pcep_item_lsp(&b, known->plsp_id, PCEPC_LSP_DELEGATE, "");
	return item_send(p, PCEPC_PCINITIATE, &b, txn);
}

/* RFC 8231 s5.7.3: an empty update with D clear. FRR ignores empty ones: it gets its own list. */
static int driver_release(void *self, const struct driver_lsp *lsp, uint32_t *txn)
{
	struct pcep_peer *p = pcep_peer_of(self, &lsp->key.headend);
	struct sr_list list = { .n = 0 };
	const struct pcep_db_lsp *known;
	struct pcep_item b;
	int rc = peer_ready(p);

	if (rc == 0)
		rc = known_of(p, lsp, &known);
	if (rc)
		return rc;
	if (!p->caps.update || !known->delegated)
		return DRIVER_E_REFUSED;
	if (p->dialect->lean) {
		list = lsp->list;
		list.more = NULL;
	}
	pcep_item_init(&b);
	pcep_item_srp(&b, 0, 0, known->dataplane);
	pcep_item_lsp(&b, known->plsp_id, PCEPC_LSP_ADMIN, "");
	pcep_item_list(&b, &list, false);
	return item_send(p, PCEPC_PCUPD, &b, txn);
}

void pcep_pce_driver(struct pcep *p)
{
	p->driver = (struct driver){ .name = "pcep", .self = p, .apply = driver_apply,
				     .remove = driver_remove, .release = driver_release,
				     .paths = pcep_pce_paths };
}
