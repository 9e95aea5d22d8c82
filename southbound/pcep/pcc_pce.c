/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One PCE: connecting with back-off, the session, the dump of state synchronisation, reports.
 *
 * Whatever calls the owner holds p by enter() and leave(), for the owner may delete the PCE
 * there; after such a call p->sess and p->up are looked at anew.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bitset.h"
#include "base/err.h"
#include "base/str.h"
#include "southbound/pcep/pcc_int.h"

enum { BACKOFF_MAX = 16, MSD_HEND_ENCAPS = 44, ASSOC_TYPES = 2 };

static void enter(struct pcc_pce *p)
{
	p->busy++;
}

static void leave(struct pcc_pce *p)
{
	if (--p->busy == 0 && p->gone)
		pcc_pce_free(p);
}

/* ---- what the peer has been told of ---- */

static bool told_has(const struct pcc_pce *p, uint32_t id)
{
	return id / 64 < p->told_words && bitset_has(p->told, id);
}

/* Grows to the highest PLSP-ID there is, 128 KiB at most. */
static bool told_room(struct pcc_pce *p, uint32_t id)
{
	size_t words = p->told_words ? p->told_words : 4;
	uint64_t *more;

	if (id / 64 < p->told_words)
		return true;
	while (words <= id / 64)
		words *= 2;
	more = realloc(p->told, words * sizeof(*more));
	if (!more)
		return false;
	memset(more + p->told_words, 0, (words - p->told_words) * sizeof(*more));
	p->told = more;
	p->told_words = words;
	return true;
}

static void told_note(struct pcc_pce *p, const struct lsp_state *st)
{
	bool was = told_has(p, st->plsp_id);

	if (!st->removed && !told_room(p, st->plsp_id)) {
		p->told_lost = true;
	} else if (st->removed && was) {
		bitset_del(p->told, st->plsp_id);
		p->told_n--;
	} else if (!st->removed && !was) {
		bitset_add(p->told, st->plsp_id);
		p->told_n++;
	}
}

static void told_clear(struct pcc_pce *p)
{
	free(p->told);
	p->told = NULL;
	p->told_words = p->told_n = 0;
	p->told_lost = false;
}

/* ---- reports ---- */

static uint16_t flags_of(const struct lsp_state *st, bool sync)
{
	return (uint16_t)((st->delegated ? PCEPC_LSP_DELEGATE : 0) | (sync ? PCEPC_LSP_SYNC : 0) |
			  (st->removed ? PCEPC_LSP_REMOVE : 0) |
			  (st->admin_up ? PCEPC_LSP_ADMIN : 0) |
			  (st->pce_initiated ? PCEPC_LSP_CREATE : 0) |
			  ((unsigned)st->oper << PCEPC_LSP_OPER_SHIFT & PCEPC_LSP_OPER_MASK));
}

static void ids_put(const struct pcc_pce *p, struct pcep_item *b, const struct lsp_state *st)
{
	const struct ip_addr *me = &p->pcc->cfg.router_id;
	struct pcepc_lsp_ids ids = { .sender = *me, .ext_tunnel = *me, .lsp_id = 1 };

	ids.tunnel_id = (uint16_t)st->plsp_id;
	/* the TLV is of one family: another endpoint is in the association alone */
	if (st->endpoint.family == me->family)
		ids.endpoint = st->endpoint;
	b->lsp.has_ids = true;
	b->lsp.ids = ids;
}

static void policy_put(const struct pcc_pce *p, struct pcep_item *b, const struct lsp_state *st)
{
	struct sr_policy_key key = { .headend = p->pcc->cfg.router_id,
					     .color = st->color, .endpoint = st->endpoint };

	if (p->assoc && st->has_key)
		pcep_item_policy(b, &key, st->has_cpath ? &st->cpath : NULL,
				 st->has_preference ? &st->preference : NULL);
}

/* One that has not told that it takes several gets the first alone. */
static void list_put(const struct pcc_pce *p, struct pcep_item *b, const struct lsp_state *st)
{
	if (p->several || !st->list.more) {
		pcep_item_list(b, &st->list, false);
		for (unsigned k = 0; st->list.more && k < sr_list_count(&st->list); k++)
			b->paths[k].flags = st->lists_down & 1U << k ? LSP_DOWN : st->oper & PCEPC_PATH_OPER_MASK;
	} else {
		struct sr_list first = st->list;

		first.more = NULL;
		pcep_item_list(b, &first, false);
	}
}

static void item_of(const struct pcc_pce *p, const struct lsp_state *st, struct pcep_item *b)
{
	pcep_item_init(b);
	pcep_item_srp(b, st->txn, 0, st->list.dataplane);
	pcep_item_lsp(b, st->plsp_id, flags_of(st, p->dumping), st->name);
	ids_put(p, b, st);
	if (st->error) {
		b->lsp.has_error = true;
		b->lsp.error = st->error;
	}
	policy_put(p, b, st);
	if (st->binding_sid.family == IP_V6 || st->binding_label)
		pcep_item_binding(b, &st->binding_sid, st->binding_label);
	list_put(p, b, st);
	if (st->bandwidth_bps)
		pcep_item_bandwidth(b, st->bandwidth_bps);
	pcep_item_prios(b, st->setup_prio, st->hold_prio);
}

static int send_report(struct pcc_pce *p, const struct lsp_state *st)
{
	struct pcepc_msg m = { .type = PCEPC_PCRPT, .n_items = 1 };
	struct pcep_item b;

	item_of(p, st, &b);
	m.items = &b.item;
	if (pcep_sess_send(p->sess, &m) != 0)
		return NET_E_FULL;
	told_note(p, st);
	return 0;
}

int pcc_pce_report(struct pcc_pce *p, const struct lsp_state *st)
{
	if (!p->up || st->plsp_id == 0 || st->plsp_id > PCC_PLSP_MAX)
		return 2;
	/* what answers a request cannot wait for the dump, which knows no SRP-ID; and where it is
	 * not known what was told, once too often is better than never */
	if (p->dumping && st->txn == 0 && !p->told_lost && !told_has(p, st->plsp_id))
		return 2;
	if (send_report(p, st) == 0)
		return 0;
	p->starved = true;
	return NET_E_FULL;
}

/* ---- the dump ---- */

/* RFC 8231 s5.6: S 0, PLSP-ID 0, an empty ERO, identifiers of zeros. */
static bool send_end_of_sync(struct pcc_pce *p)
{
	struct pcepc_route ero = { 0 };
	struct pcepc_lsp lsp = { .has_ids = true };
	struct pcepc_item it = { .lsp = &lsp, .ero = &ero };
	struct pcepc_msg m = { .type = PCEPC_PCRPT, .items = &it, .n_items = 1 };

	lsp.ids.sender.family = p->pcc->cfg.router_id.family;
	return pcep_sess_send(p->sess, &m) == 0;
}

static void dump_end(struct pcc_pce *p)
{
	if (!send_end_of_sync(p))
		return; /* writable brings us back */
	p->dumping = false;
	log_event(p->scope, LOG_INFO, "pcc.synchronised", "lsps=%zu", p->told_n);
	if (p->pcc->ops.synced)
		p->pcc->ops.synced(p->pcc->arg, p->cfg.number);
}

static void dump_some(struct pcc_pce *p)
{
	struct pcc *pcc = p->pcc;

	for (int i = 0; i < PCC_DUMP_BATCH && p->up && p->dumping; i++) {
		uint64_t before = p->cursor;
		struct lsp_state st = { 0 };

		if (!pcc->ops.next(pcc->arg, p->cfg.number, &p->cursor, &st)) {
			if (p->up)
				dump_end(p);
			return;
		}
		if (!p->up)
			return;
		if (st.plsp_id == 0 || st.plsp_id > PCC_PLSP_MAX)
			continue;
		if (send_report(p, &st) != 0) {
			p->cursor = before; /* it may have changed when there is room again */
			return;
		}
	}
	if (p->up && p->dumping)
		loop_task_run(&p->dump);
}

static void on_dump(void *arg)
{
	struct pcc_pce *p = arg;

	enter(p);
	if (p->up && p->dumping)
		dump_some(p);
	leave(p);
}

/* ---- the session ---- */

static bool open_refuse(struct pcc_pce *p, const char *why, uint8_t *type, uint8_t *value)
{
	log_event(p->scope, LOG_WARN, "pcc.open.refused", "error=%u/%u why=\"%s\"", *type, *value,
		  why);
	return false;
}

static bool on_accept_open(void *arg, const struct pcepc_open *o, uint8_t *type, uint8_t *value)
{
	struct pcc_pce *p = arg;
	const struct pcc_cfg *c = &p->pcc->cfg;
	bool v6 = pcepc_open_pst(o, PCEPC_PST_SRV6), mpls = pcepc_open_pst(o, PCEPC_PST_SR);

	*type = 1;
	*value = 3;
	if (!o->has_stateful || !(o->stateful & PCEPC_CAP_UPDATE))
		return open_refuse(p, "it is no stateful PCE", type, value);
	*type = 10;
	*value = 34;
	if (v6 && !o->has_srv6)
		return open_refuse(p, "path setup type 3 without its capability", type, value);
	*value = 12;
	if (mpls && !o->has_sr)
		return open_refuse(p, "path setup type 1 without its capability", type, value);
	*type = 21;
	*value = 1;
	if (!(v6 && c->srv6) && !(mpls && c->sr_mpls))
		return open_refuse(p, "no path setup type in common", type, value);
	p->assoc = pcepc_open_assoc(o, PCEPC_ASSOC_SR_POLICY);
	p->several = c->lists > 1 && o->has_multipath && o->multipath > 0;
	return true;
}

static void on_sess_up(void *arg)
{
	struct pcc_pce *p = arg;

	enter(p);
	p->up = p->dumping = true;
	p->starved = false;
	p->failures = 0;
	p->cursor = 0;
	p->up_since_wall_ns = loop_wall_ns(p->pcc->loop);
	p->last_error[0] = '\0';
	log_event(p->scope, LOG_NOTICE, "pcc.session.up", "security=%s sr-policy=%s",
		  p->cfg.tls ? "tls" : p->cfg.md5.len ? "md5" : "none", p->assoc ? "yes" : "no");
	if (p->pcc->ops.up)
		p->pcc->ops.up(p->pcc->arg, p->cfg.number);
	if (p->up)
		loop_task_run(&p->dump);
	leave(p);
}

static void on_sess_message(void *arg, const struct pcepc_msg *msg)
{
	struct pcc_pce *p = arg;

	enter(p);
	if (p->up)
		pcc_rx_message(p, msg);
	leave(p);
}

static void on_sess_writable(void *arg)
{
	struct pcc_pce *p = arg;

	enter(p);
	if (p->up && p->dumping)
		loop_task_run(&p->dump);
	if (p->up && p->starved) {
		p->starved = false;
		if (p->pcc->ops.writable)
			p->pcc->ops.writable(p->pcc->arg, p->cfg.number);
	}
	leave(p);
}

/* The session is gone or about to be; true when it had been up. */
static bool forget_session(struct pcc_pce *p, const char *why)
{
	const struct pcep_sess_stats *st;
	bool was_up = p->up;

	if (p->sess) {
		st = pcep_sess_stats(p->sess);
		p->rx += st->rx;
		p->tx += st->tx;
		p->rx_errors += st->rx_errors;
	}
	p->sess = NULL;
	p->up = p->dumping = p->starved = false;
	p->flaps += was_up;
	loop_task_cancel(&p->dump);
	told_clear(p);
	p->asked.n = 0;
	(void)str_copy(p->last_error, sizeof(p->last_error), why);
	if (was_up)
		log_event(p->scope, LOG_WARN, "pcc.session.down", "why=\"%s\"", why);
	return was_up;
}

/* Grows from the least to the most, a quarter to either side. */
static void retry_arm(struct pcc_pce *p)
{
	const struct pcc_cfg *c = &p->pcc->cfg;
	uint64_t ns = c->retry_ns_min;

	if (p->pcc->stopped || p->gone)
		return;
	for (unsigned i = 0; i < p->failures && ns < c->retry_ns_max; i++)
		ns *= 2;
	if (ns > c->retry_ns_max)
		ns = c->retry_ns_max;
	if (p->failures < BACKOFF_MAX)
		p->failures++;
	ns = ns / 4 * 3 + loop_random(p->pcc->loop) % (ns / 2 + 1);
	loop_timer_after(&p->retry, ns);
}

static void on_sess_down(void *arg, const char *why)
{
	struct pcc_pce *p = arg;

	enter(p);
	if (!p->up)
		log_event(p->scope, LOG_NOTICE, "pcc.session.failed", "why=\"%s\"", why);
	if (forget_session(p, why) && p->pcc->ops.down)
		p->pcc->ops.down(p->pcc->arg, p->cfg.number, why);
	if (!p->sess && !p->conn)
		retry_arm(p);
	leave(p);
}

static const struct pcep_sess_ops sess_ops = {
	.accept_open = on_accept_open,
	.up = on_sess_up,
	.message = on_sess_message,
	.writable = on_sess_writable,
	.down = on_sess_down,
};

static struct pcepc_open open_of(const struct pcc_cfg *c)
{
	struct pcepc_open o = { .keepalive_s = c->keepalive_s,
				.dead_s = c->dead_s,
				.has_stateful = true,
				.stateful = PCEPC_CAP_UPDATE | PCEPC_CAP_INITIATE,
				.has_pst = true,
				.has_sr = c->sr_mpls,
				.sr_msd = c->msd_mpls,
				.sr_flags = c->msd_mpls ? 0 : PCEPC_SR_NO_LIMIT,
				.has_srv6 = c->srv6,
				.has_assoc_types = true,
				.n_assoc_types = ASSOC_TYPES,
				.assoc_types = { PCEPC_ASSOC_SR_POLICY, PCEPC_ASSOC_DISJOINT },
				.has_sr_policy = true,
				.has_ofs = true };

	if (c->lists > 1) {
		o.has_multipath = true;
		o.multipath = c->lists;
		o.multipath_flags = PCEPC_MULTIPATH_WEIGHT;
	}
	for (unsigned of = DRIVER_OF_MCP; of <= DRIVER_OF_MCC; of++)
		o.ofs[o.n_ofs++] = (uint16_t)of;
	if (c->srv6)
		o.psts[o.n_psts++] = PCEPC_PST_SRV6;
	if (c->sr_mpls)
		o.psts[o.n_psts++] = PCEPC_PST_SR;
	if (c->srv6 && c->msd_srv6)
		o.msds[o.n_msds++] = (struct pcepc_msd){ MSD_HEND_ENCAPS, c->msd_srv6 };
	return o;
}

/* ---- connecting ---- */

static void on_conn_up(void *arg)
{
	struct pcc_pce *p = arg;
	struct pcep_sess_cfg cfg = { .open = open_of(&p->pcc->cfg),
				     .tls = p->cfg.tls,
				     .use = NET_TLS_CLIENT };
	struct net_conn *conn = TAKE(p->conn);

	if (p->cfg.server_name[0])
		cfg.server_name = p->cfg.server_name;
	if (pcep_sess_new(&p->sess, p->pcc->loop, conn, &cfg, &sess_ops, p) < 0) {
		p->sess = NULL;
		net_conn_close(conn);
		retry_arm(p);
	}
}

static void on_conn_down(void *arg, int err, const char *why)
{
	struct pcc_pce *p = arg;

	p->conn = NULL;
	(void)snprintf(p->last_error, sizeof(p->last_error), "connecting: %s",
		       why && *why ? why : err ? err_text(err) : "closed");
	log_event(p->scope, LOG_INFO, "pcc.connect.failed", "why=\"%s\"", p->last_error);
	retry_arm(p);
}

/* Nothing comes before up, after which the session has the connection. */
static size_t on_conn_data(void *arg, const uint8_t *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	return 0;
}

static const struct net_ops conn_ops = {
	.up = on_conn_up,
	.data = on_conn_data,
	.down = on_conn_down,
};

static void connect_now(void *arg)
{
	struct pcc_pce *p = arg;
	struct net_connect_cfg cfg = { .remote = p->cfg.addr,
				       .port = p->cfg.port,
				       .local = p->cfg.source,
				       .md5 = p->cfg.md5 };
	int rc;

	if (p->pcc->stopped || p->conn || p->sess)
		return;
	rc = net_connect(p->pcc->net, &cfg, &conn_ops, p, &p->conn);
	if (rc == 0)
		return;
	p->conn = NULL;
	(void)snprintf(p->last_error, sizeof(p->last_error), "connecting: %s", err_text(rc));
	retry_arm(p);
}

/* ---- life ---- */

static void on_tell(void *arg)
{
	struct pcc_pce *p = arg;

	enter(p);
	if (p->tell_down) {
		p->tell_down = false;
		if (p->pcc->ops.down)
			p->pcc->ops.down(p->pcc->arg, p->cfg.number, p->last_error);
	}
	leave(p);
}

static void scope_of(struct pcc_pce *p)
{
	char text[IP_TEXT_MAX];

	(void)snprintf(p->scope, sizeof(p->scope), "pce=%s",
		       ip_text(&p->cfg.addr, text, sizeof(text)));
}

int pcc_pce_new(struct pcc *pcc, const struct pcc_pce_cfg *cfg, struct pcc_pce **outp)
{
	struct pcc_pce *p = calloc(1, sizeof(*p));

	if (!p)
		return err_raise(-ENOMEM);
	p->pcc = pcc;
	p->cfg = *cfg;
	if (cfg->tls)
		net_tls_ref(cfg->tls);
	loop_timer_init(&p->retry, pcc->loop, connect_now, p);
	loop_task_init(&p->dump, pcc->loop, on_dump, p);
	loop_task_init(&p->tell, pcc->loop, on_tell, p);
	*outp = p;
	return 0;
}

void pcc_pce_free(struct pcc_pce *p)
{
	p->gone = true;
	if (p->sess)
		pcc_pce_end(p, "ended by us", true);
	net_conn_close(TAKE(p->conn));
	loop_timer_stop(&p->retry);
	loop_task_cancel(&p->dump);
	loop_task_cancel(&p->tell);
	if (p->busy)
		return; /* leave() comes back here */
	loop_timer_fini(&p->retry);
	net_tls_unref(p->cfg.tls);
	told_clear(p);
	VEC_FINI(&p->asked);
	free(p);
}

void pcc_pce_start(struct pcc_pce *p)
{
	scope_of(p);
	p->failures = 0;
	loop_timer_stop(&p->retry);
	connect_now(p);
}

void pcc_pce_end(struct pcc_pce *p, const char *why, bool quiet)
{
	struct pcep_sess *s = p->sess;

	loop_timer_stop(&p->retry);
	net_conn_close(TAKE(p->conn));
	if (!s)
		return;
	if (forget_session(p, why) && !quiet) {
		p->tell_down = true;
		loop_task_run(&p->tell);
	}
	pcep_sess_close(s);
}

/* ---- queries ---- */

static const char *state_of(const struct pcc_pce *p)
{
	if (p->sess)
		return pcep_state_text(pcep_sess_state(p->sess));
	return p->conn ? "tcp-pending" : "idle";
}

void pcc_pce_info(const struct pcc_pce *p, struct session_info *s)
{
	*s = (struct session_info){ .protocol = "pcep",
				    .peer = p->cfg.addr,
				    .port = p->cfg.port,
				    .state = state_of(p),
				    .up = p->up,
				    .secured = p->cfg.tls || p->cfg.md5.len > 0,
				    .security = p->cfg.tls	    ? "tls" :
						p->cfg.md5.len > 0 ? "md5" :
								     "none",
				    .up_since_wall_ns = p->up ? p->up_since_wall_ns : 0,
				    .rx_messages = p->rx,
				    .tx_messages = p->tx,
				    .rx_errors = p->rx_errors,
				    .objects = p->told_n,
				    .flaps = p->flaps };
	if (p->sess) {
		const struct pcep_sess_stats *st = pcep_sess_stats(p->sess);

		s->rx_messages += st->rx;
		s->tx_messages += st->tx;
		s->rx_errors += st->rx_errors;
	}
	(void)str_copy(s->last_error, sizeof(s->last_error), p->last_error);
	if (p->up)
		(void)snprintf(s->detail, sizeof(s->detail), "%s%s",
			       p->dumping ? "synchronising" : "synchronised",
			       p->assoc ? " sr-policy" : "");
}
