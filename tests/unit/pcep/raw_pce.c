/* SPDX-License-Identifier: Apache-2.0 */
#include "raw_pce.h"

#include <check.h>
#include <string.h>

static void told_report(struct raw_pce *r, const struct pcepc_item *it)
{
	struct lsp_state st;

	ck_assert(!it->faulty);
	ck_assert(pcep_state_of(it, &st));
	if (st.plsp_id == 0) {
		r->syncs++;
		str_add(&r->log, "end-of-sync\n");
		return;
	}
	r->reports++;
	r->last = st;
	if (r->on_report)
		r->on_report(&st);
	str_addf(&r->log, "rpt id=%u srp=%u %s%s%s%s%soper=%u name=%s segs=%u", st.plsp_id,
		 it->srp ? it->srp->id : 9999999, st.delegated ? "D " : "", st.sync ? "S " : "",
		 st.removed ? "R " : "", st.admin_up ? "A " : "", st.pce_initiated ? "C " : "",
		 st.oper, st.name, st.list.n);
	if (st.has_key)
		str_addf(&r->log, " color=%u", st.color);
	for (const struct pcepc_route *p = it->ero; p && it->ero->next; p = p->next)
		str_addf(&r->log, " list%u=%u*%u/%u", p->attr->id, p->attr->weight, p->n,
			 p->attr->flags & PCEPC_PATH_OPER_MASK);
	str_add(&r->log, "\n");
}

static void told_errors(struct raw_pce *r, const struct pcepc_msg *m)
{
	uint32_t srp = 0;

	for (const struct pcepc_err *e = m->errs; e; e = e->next)
		if (e->kind == PCEPC_ERR_SRP)
			srp = e->id;
		else if (e->kind == PCEPC_ERR_ERROR)
			str_addf(&r->log, "err srp=%u %u/%u\n", srp, e->type, e->value);
}

static void told_open(struct raw_pce *r, const struct pcepc_open *o)
{
	static const struct pcepc_msg keepalive = { .type = PCEPC_KEEPALIVE };

	str_addf(&r->log, "open stateful=%x srv6=%d mpls=%d msd=%u assoc=%d\n", o->stateful,
		 pcepc_open_pst(o, PCEPC_PST_SRV6), pcepc_open_pst(o, PCEPC_PST_SR),
		 o->n_msds ? o->msds[0].value : 0, pcepc_open_assoc(o, PCEPC_ASSOC_SR_POLICY));
	if (o->has_multipath)
		str_addf(&r->log, "multipath %u flags=%x\n", o->multipath, o->multipath_flags);
	if (r->mute)
		return;
	raw_pce_send(r, &(struct pcepc_msg){ .type = PCEPC_OPEN, .open = &r->open });
	raw_pce_send(r, &keepalive);
}

static void told(struct raw_pce *r, const uint8_t *frame, size_t len)
{
	struct pcepc_fault fault;
	struct pcepc_msg *m;

	arena_reset(&r->arena);
	ck_assert_int_eq(pcepc_read(&r->arena, frame, len, &m, &fault), VERDICT_OK);
	if (m->type == PCEPC_OPEN)
		told_open(r, m->open);
	else if (m->type == PCEPC_PCRPT)
		for (const struct pcepc_item *it = m->items; it; it = it->next)
			told_report(r, it);
	else if (m->type == PCEPC_PCERR)
		told_errors(r, m);
	else if (m->type == PCEPC_CLOSE)
		str_addf(&r->log, "close %u\n", m->close_reason);
}

static size_t on_data(void *arg, const uint8_t *data, size_t len)
{
	struct raw_pce *r = arg;
	size_t used = 0, n;

	while (r->conn && pcepc_frame(data + used, len - used, &n) == PCEPC_FRAME_OK) {
		told(r, data + used, n);
		used += n;
	}
	return r->conn ? used : len;
}

static void on_down(void *arg, int err, const char *why)
{
	struct raw_pce *r = arg;

	(void)err;
	(void)why;
	r->conn = NULL;
	str_add(&r->log, "down\n");
}

static const struct net_ops conn_ops = { .data = on_data, .down = on_down };

static void on_accept(void *arg, struct net_conn *conn, const struct ip_addr *peer, uint16_t port)
{
	struct raw_pce *r = arg;

	(void)peer;
	(void)port;
	raw_pce_drop(r);
	r->conn = conn;
	r->connections++;
	net_conn_take(conn, &conn_ops, r);
}

static const struct net_listen_ops listen_ops = { .accept = on_accept };

void raw_pce_init(struct raw_pce *r)
{
	*r = (struct raw_pce){ .open = { .version = PCEPC_VERSION,
					 .keepalive_s = 30,
					 .dead_s = 120,
					 .has_stateful = true,
					 .stateful = PCEPC_CAP_UPDATE | PCEPC_CAP_INITIATE,
					 .has_pst = true,
					 .n_psts = 1,
					 .psts = { PCEPC_PST_SRV6 },
					 .has_srv6 = true,
					 .has_assoc_types = true,
					 .n_assoc_types = 1,
					 .assoc_types = { PCEPC_ASSOC_SR_POLICY },
					 .has_sr_policy = true } };
	arena_init(&r->arena, PCEPC_ARENA_MAX);
}

uint16_t raw_pce_listen(struct raw_pce *r, struct net *net, const struct ip_addr *addr,
			uint16_t port)
{
	struct net_listen_cfg cfg = { .addr = *addr, .port = port };

	ck_assert_int_eq(net_listen(net, &cfg, &listen_ops, r, &r->listener), 0);
	return net_listener_port(r->listener);
}

void raw_pce_drop(struct raw_pce *r)
{
	net_conn_close(r->conn);
	r->conn = NULL;
}

void raw_pce_fini(struct raw_pce *r)
{
	raw_pce_drop(r);
	if (r->listener)
		net_listener_free(r->listener);
	arena_fini(&r->arena);
	str_fini(&r->log);
}

void raw_pce_bytes(struct raw_pce *r, const void *data, size_t len)
{
	ck_assert_ptr_nonnull(r->conn);
	ck_assert_int_eq(net_conn_send(r->conn, data, len), 0);
}

void raw_pce_send(struct raw_pce *r, const struct pcepc_msg *msg)
{
	uint8_t buf[8192];
	struct wr w = wr_of(buf, sizeof(buf));

	pcepc_write(&w, msg);
	ck_assert(!w.bad);
	raw_pce_bytes(r, buf, w.len);
}

void raw_pce_item(struct raw_pce *r, uint8_t type, struct pcep_item *item)
{
	raw_pce_send(r, &(struct pcepc_msg){ .type = type, .items = &item->item, .n_items = 1 });
}

bool raw_pce_heard(const struct raw_pce *r, const char *what)
{
	return strstr(str_text(&r->log), what) != NULL;
}

void raw_pce_forget(struct raw_pce *r)
{
	str_fini(&r->log);
	r->log = (struct str){ 0 };
}

struct sr_list raw_list(unsigned n)
{
	struct sr_list l = { .dataplane = SR_SRV6, .n = (uint8_t)n };

	for (unsigned i = 0; i < n; i++) {
		uint8_t b[16] = { 0xfc, 0xbb, 0xbb, 0xbb, 0, (uint8_t)(i + 1) };

		l.at[i] = (struct sr_segment){ .behavior = SR_BEHAVIOR_UN, .sid = ip_v6(b),
					       .structure = { 32, 16, 0, 0 } };
	}
	return l;
}

void raw_initiate(struct pcep_item *b, uint32_t srp, const char *name, uint32_t color,
		  const struct sr_list *list)
{
	struct sr_policy_key key = { .color = color };
	struct sr_cpath_id cpath = { .origin = 10, .discriminator = 1 };
	uint32_t preference = 100;

	ck_assert_int_eq(ip_parse("2001:db8::1", &key.headend), 0);
	ck_assert_int_eq(ip_parse("2001:db8::9", &key.endpoint), 0);
	pcep_item_init(b);
	pcep_item_srp(b, srp, 0, list->dataplane);
	pcep_item_lsp(b, 0, PCEPC_LSP_DELEGATE, name);
	pcep_item_endpoints(b, &key.headend, &key.endpoint);
	pcep_item_list(b, list, false);
	pcep_item_policy(b, &key, &cpath, &preference);
}

void raw_update(struct pcep_item *b, uint32_t srp, uint32_t plsp_id, const struct sr_list *list)
{
	pcep_item_init(b);
	pcep_item_srp(b, srp, 0, list->dataplane);
	pcep_item_lsp(b, plsp_id, PCEPC_LSP_DELEGATE | PCEPC_LSP_ADMIN, "");
	pcep_item_list(b, list, false);
}

void raw_remove(struct pcep_item *b, uint32_t srp, uint32_t plsp_id)
{
	pcep_item_init(b);
	pcep_item_srp(b, srp, PCEPC_SRP_REMOVE, SR_SRV6);
	pcep_item_lsp(b, plsp_id, 0, "");
}
