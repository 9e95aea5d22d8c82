/* SPDX-License-Identifier: Apache-2.0 */
#include "raw_pcc.h"

#include <check.h>
#include <string.h>

struct pce_world w;
struct raw_pcc pcc;
uint32_t txn;
const struct ip_addr PCC_ADDR = { IP_V6, { 0 }, { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x11 } };
const struct ip_addr PCE_ADDR = { IP_V6, { 0 }, { 0x20, 0x01, 0x0d, 0xb8, [15] = 0xff } };
const struct ip_addr HEADEND = { IP_V6, { 0 }, { 0x20, 0x01, 0x0d, 0xb8, 0, 1, [15] = 0x01 } };
const struct ip_addr ENDPOINT = { IP_V6, { 0 }, { 0x20, 0x01, 0x0d, 0xb8, 0, 1, [15] = 0x09 } };

struct ip_addr addr(const char *text)
{
	struct ip_addr a;

	ck_assert_int_eq(ip_parse(text, &a), 0);
	return a;
}

/* ---- the sink ---- */

static void sink_up(void *arg, const struct ip_addr *headend, uint32_t session,
		    const struct headend_caps *caps)
{
	char text[IP_TEXT_MAX];

	(void)arg;
	ck_assert_uint_ne(session, 0);
	w.session = session;
	w.caps = *caps;
	str_addf(&w.log, "up %s\n", ip_text(headend, text, sizeof(text)));
}

static void sink_synced(void *arg, const struct ip_addr *headend, uint32_t session)
{
	(void)arg;
	(void)headend;
	ck_assert_uint_eq(session, w.session);
	str_add(&w.log, "synced\n");
}

static void sink_ready(void *arg, const struct ip_addr *headend)
{
	(void)arg;
	(void)headend;
	w.readies++;
	str_add(&w.log, "ready\n");
}

static void sink_down(void *arg, const struct ip_addr *headend, uint32_t session)
{
	char text[IP_TEXT_MAX];

	(void)arg;
	ck_assert_uint_eq(session, w.session);
	str_addf(&w.log, "down %s\n", ip_text(headend, text, sizeof(text)));
}

static void sink_report(void *arg, const struct lsp_state *lsp)
{
	(void)arg;
	ck_assert_uint_eq(lsp->session, w.session);
	w.report = *lsp;
	w.reports++;
	str_addf(&w.log, "report id=%u txn=%u %s%s%s%soper=%u name=%s segs=%u", lsp->plsp_id, lsp->txn,
		 lsp->delegated ? "D " : "", lsp->sync ? "S " : "", lsp->removed ? "R " : "",
		 lsp->pce_initiated ? "C " : "", lsp->oper, lsp->name, lsp->list.n);
	if (lsp->has_key)
		str_addf(&w.log, " color=%u", lsp->color);
	str_add(&w.log, "\n");
	if (w.deletes)
		ck_assert_int_eq(pcep_peer_del(w.pcep, &PCC_ADDR), 0);
}

static void sink_failed(void *arg, const struct driver_failure *f)
{
	(void)arg;
	w.failure = *f;
	str_addf(&w.log, "failed txn=%u %u/%u\n", f->txn, f->type, f->value);
}

void answer_paths(void)
{
	struct driver_path_reply at[DRIVER_PATHS_MAX];

	for (unsigned i = 0; i < w.set.n; i++)
		at[i] = w.reply;
	w.driver->paths(w.driver->self, &(struct driver_path_answer){
		.headend = w.set.headend, .session = w.set.session, .ask = w.set.ask,
		.n = w.set.n, .at = at, .objective = w.used, .met = w.met });
}

static void sink_request(void *arg, const struct driver_path_set *set)
{
	(void)arg;
	w.set = *set;
	for (unsigned i = 0; i < set->n; i++)
		w.requests[i] = set->at[i];
	w.request = set->at[0];
	if (set->n > 1)
		str_addf(&w.log, "set of %u diverse=%x of=%u\n", set->n, set->diverse, set->objective);
	str_addf(&w.log, "request %u\n", set->at[0].request_id);
	if (w.deletes)
		ck_assert_int_eq(pcep_peer_del(w.pcep, &PCC_ADDR), 0);
	if (!w.later)
		answer_paths();
}

static const struct driver_sink sink = {
	.headend_up = sink_up,
	.headend_synced = sink_synced,
	.headend_ready = sink_ready,
	.headend_down = sink_down,
	.report = sink_report,
	.failed = sink_failed,
	.path_request = sink_request,
};

/* ---- the world ---- */

static void on_bus(void *arg, const struct bus_event *e)
{
	(void)arg;
	if (e->severity == BUS_ALARM)
		(void)str_copy(w.alarm, sizeof(w.alarm), e->type);
}

static struct bus_reader reader = { .fn = on_bus };

static void pcc_init(struct raw_pcc *r)
{
	*r = (struct raw_pcc){ .open = { .version = PCEPC_VERSION,
					 .keepalive_s = 30,
					 .dead_s = 120,
					 .has_stateful = true,
					 .stateful = PCEPC_CAP_UPDATE | PCEPC_CAP_INITIATE,
					 .has_pst = true,
					 .n_psts = 2,
					 .psts = { PCEPC_PST_SR, PCEPC_PST_SRV6 },
					 .has_sr = true,
					 .sr_msd = 8,
					 .has_srv6 = true,
					 .n_msds = 2,
					 .msds = { { 41, 4 }, { 44, 10 } },
					 .has_assoc_types = true,
					 .n_assoc_types = 1,
					 .assoc_types = { PCEPC_ASSOC_SR_POLICY },
					 .has_sr_policy = true } };
	arena_init(&r->arena, PCEPC_ARENA_MAX);
}

void world_setup(void)
{
	struct pcep_cfg cfg = { .lsps_max = LSPS_MAX };

	w = (struct pce_world){ 0 };
	ck_assert_int_eq(loop_fake_new(&w.loop, 7), 0);
	ck_assert_int_eq(net_fake_new(&w.net, w.loop, 10 * NS_PER_US, NS_PER_MS), 0);
	ck_assert_int_eq(bus_new(&w.bus, 1), 0);
	bus_subscribe(w.bus, &reader);
	ck_assert_int_eq(pcep_new(&w.pcep, w.loop, w.net, w.bus, &cfg, &sink, NULL), 0);
	ck_assert_int_eq(pcep_listen(w.pcep, &PCE_ADDR, 4189), 0);
	w.driver = pcep_driver(w.pcep);
	w.sink = &sink;
	pcc_init(&pcc);
}

void world_teardown(void)
{
	pcc_drop(&pcc);
	pcep_free(w.pcep);
	run_ms(2000);
	bus_unsubscribe(&reader);
	bus_free(w.bus);
	net_free(w.net);
	loop_free(w.loop);
	str_fini(&w.log);
	str_fini(&pcc.log);
	arena_fini(&pcc.arena);
}

static void count_alarm(void *arg, const struct bus_event *e)
{
	(void)arg;
	(void)e;
	w.alarms++;
}

void run_ms(uint64_t ms)
{
	struct mono until = mono_add(loop_now(w.loop), ms * NS_PER_MS);

	while (loop_fake_step(w.loop, until))
		;
	w.alarms = 0;
	bus_alarms(w.bus, count_alarm, NULL);
}

struct pcep_peer_cfg peer_cfg(const char *profile)
{
	struct pcep_peer_cfg cfg = { .addr = PCC_ADDR, .headend = HEADEND, .insecure = true };

	(void)str_copy(cfg.profile, sizeof(cfg.profile), profile);
	return cfg;
}

void peer_add(const char *profile)
{
	struct pcep_peer_cfg cfg = peer_cfg(profile);

	ck_assert_int_eq(pcep_peer_set(w.pcep, &cfg), 0);
}

void peer_up(const char *profile)
{
	peer_add(profile);
	pcc_dial(&pcc, &PCC_ADDR);
	run_ms(100);
	ck_assert(told("up 2001:db8:1::1"));
}

void peer_synced_up(const char *profile)
{
	peer_up(profile);
	raw_end_of_sync();
	run_ms(100);
	ck_assert(told("synced"));
}

bool told(const char *what)
{
	return strstr(str_text(&w.log), what) != NULL;
}

void told_forget(void)
{
	str_fini(&w.log);
	w.log = (struct str){ 0 };
}

/* ---- the router ---- */

static void heard_item(struct raw_pcc *r, const char *what, const struct pcepc_item *it)
{
	ck_assert(!it->faulty);
	str_addf(&r->log, "%s", what);
	if (it->srp)
		str_addf(&r->log, " srp=%u%s pst=%u", it->srp->id,
			 it->srp->flags & PCEPC_SRP_REMOVE ? " R" : "", it->srp->pst);
	if (it->lsp)
		str_addf(&r->log, " id=%u flags=%x name=%.*s", it->lsp->plsp_id, it->lsp->flags,
			 (int)it->lsp->name.n, it->lsp->name.n ? (const char *)it->lsp->name.p : "");
	if (it->rp)
		str_addf(&r->log, " request=%u", it->rp->id);
	if (it->no_path)
		str_addf(&r->log, " no-path vector=%x%s", it->no_path->vector,
			 it->no_path->unsatisfied ? " unsatisfied" : "");
	if (it->ero)
		str_addf(&r->log, " segs=%u", it->ero->n);
	if (it->assoc)
		str_addf(&r->log, " assoc color=%u pref=%u", it->assoc->color, it->assoc->preference);
	if (it->vendor)
		str_addf(&r->log, " vendor color=%u", it->vendor->color);
	str_add(&r->log, "\n");
}

static void heard_errors(struct raw_pcc *r, const struct pcepc_msg *m)
{
	for (const struct pcepc_err *e = m->errs; e; e = e->next)
		if (e->kind == PCEPC_ERR_ERROR)
			str_addf(&r->log, e->has_missing ? "err %u/%u missing %u\n" : "err %u/%u\n",
				 e->type, e->value, e->missing);
		else
			str_addf(&r->log, "about %s %u\n",
				 e->kind == PCEPC_ERR_LSP ? "lsp" : e->kind == PCEPC_ERR_RP ? "rp" : "srp",
				 e->id);
}

static void heard_open(struct raw_pcc *r, const struct pcepc_open *o)
{
	for (unsigned i = 0; i < o->n_ofs; i++)
		str_addf(&r->log, i ? " %u" : "functions %u", o->ofs[i]);
	str_add(&r->log, o->n_ofs ? "\n" : "");
	for (unsigned i = 0; i < o->n_assoc_types; i++)
		str_addf(&r->log, i ? " %u" : "types %u", o->assoc_types[i]);
	str_add(&r->log, o->n_assoc_types ? "\n" : "");
}

static void heard(struct raw_pcc *r, const struct pcepc_msg *m)
{
	static const char *const names[] = { [PCEPC_PCREP] = "reply", [PCEPC_PCUPD] = "update",
					     [PCEPC_PCINITIATE] = "initiate" };

	switch (m->type) {
	case PCEPC_OPEN:
		str_add(&r->log, "open\n");
		heard_open(r, m->open);
		if (r->quiet)
			break;
		pcc_send(r, &(struct pcepc_msg){ .type = PCEPC_OPEN, .open = &r->open });
		pcc_send(r, &(struct pcepc_msg){ .type = PCEPC_KEEPALIVE });
		break;
	case PCEPC_PCERR:
		heard_errors(r, m);
		break;
	case PCEPC_CLOSE:
		str_addf(&r->log, "close %u\n", m->close_reason);
		break;
	case PCEPC_PCREP:
	case PCEPC_PCUPD:
	case PCEPC_PCINITIATE:
		for (const struct pcepc_item *it = m->items; it; it = it->next)
			heard_item(r, names[m->type], it);
		break;
	}
}

static size_t on_data(void *arg, const uint8_t *data, size_t len)
{
	struct raw_pcc *r = arg;
	struct pcepc_msg *m;
	struct pcepc_fault fault;
	size_t used = 0, n;

	while (r->conn && pcepc_frame(data + used, len - used, &n) == PCEPC_FRAME_OK) {
		if (data[used + 1] == PCEPC_STARTTLS && r->tls && !net_conn_is_tls(r->conn)) {
			str_add(&r->log, "starttls\n");
			ck_assert_int_eq(net_conn_tls(r->conn, r->tls, NET_TLS_CLIENT, NULL), 0);
			return used + n;
		}
		arena_reset(&r->arena);
		ck_assert_int_eq(pcepc_read(&r->arena, data + used, n, &m, &fault), VERDICT_OK);
		r->last = m;
		heard(r, m);
		used += n;
	}
	return r->conn ? used : len;
}

static void on_up(void *arg)
{
	struct raw_pcc *r = arg;

	if (r->tls)
		pcc_send(r, &(struct pcepc_msg){ .type = PCEPC_STARTTLS });
}

static void on_down(void *arg, int err, const char *why)
{
	struct raw_pcc *r = arg;

	(void)err;
	(void)why;
	r->conn = NULL;
	r->down = true;
	str_add(&r->log, "down\n");
}

static const struct net_ops conn_ops = { .up = on_up, .data = on_data, .down = on_down };

void pcc_dial(struct raw_pcc *r, const struct ip_addr *from)
{
	struct net_connect_cfg cfg = { .remote = PCE_ADDR,
				       .port = r->port ? r->port : 4189,
				       .local = *from,
				       .md5 = r->md5 };

	r->down = false;
	ck_assert_int_eq(net_connect(w.net, &cfg, &conn_ops, r, &r->conn), 0);
}

void pcc_drop(struct raw_pcc *r)
{
	net_conn_close(r->conn);
	r->conn = NULL;
}

void pcc_bytes(struct raw_pcc *r, const void *data, size_t len)
{
	ck_assert_ptr_nonnull(r->conn);
	ck_assert_int_eq(net_conn_send(r->conn, data, len), 0);
}

void pcc_send(struct raw_pcc *r, const struct pcepc_msg *msg)
{
	uint8_t buf[16384];
	struct wr wr = wr_of(buf, sizeof(buf));

	pcepc_write(&wr, msg);
	ck_assert(!wr.bad);
	pcc_bytes(r, buf, wr.len);
}

void pcc_item(struct raw_pcc *r, uint8_t type, struct pcep_item *b)
{
	pcc_send(r, &(struct pcepc_msg){ .type = type, .items = &b->item, .n_items = 1 });
}

bool pcc_heard(const struct raw_pcc *r, const char *what)
{
	return strstr(str_text(&r->log), what) != NULL;
}

void pcc_forget(struct raw_pcc *r)
{
	str_fini(&r->log);
	r->log = (struct str){ 0 };
}

/* ---- what is said ---- */

struct sr_list list_of(uint8_t dataplane, unsigned n)
{
	struct sr_list l = { .dataplane = dataplane, .n = (uint8_t)n };

	for (unsigned i = 0; i < n; i++) {
		uint8_t b[16] = { 0xfc, 0, 0, 0, 0, (uint8_t)(i + 1) };

		l.at[i] = (struct sr_segment){ .behavior = SR_BEHAVIOR_UN, .sid = ip_v6(b),
					       .structure = { 32, 16, 0, 0 } };
		if (dataplane == SR_MPLS)
			l.at[i] = (struct sr_segment){ .label = 16001 + i };
	}
	return l;
}

void report_of(struct pcep_item *b, uint32_t srp, uint32_t plsp_id, uint16_t flags,
	       const char *name)
{
	struct sr_list list = list_of(SR_SRV6, 2);

	pcep_item_init(b);
	pcep_item_srp(b, srp, 0, SR_SRV6);
	pcep_item_lsp(b, plsp_id, flags, name);
	pcep_item_list(b, &list, true);
}

void raw_report(uint32_t srp, uint32_t plsp_id, uint16_t flags, const char *name)
{
	struct pcep_item b;

	report_of(&b, srp, plsp_id, flags, name);
	pcc_item(&pcc, PCEPC_PCRPT, &b);
}

void raw_end_of_sync(void)
{
	struct pcep_item b;

	pcep_item_init(&b);
	pcep_item_lsp(&b, 0, 0, "");
	pcep_item_list(&b, &(const struct sr_list){ .n = 0 }, false);
	pcc_item(&pcc, PCEPC_PCRPT, &b);
}

struct driver_lsp wish_of(const char *name)
{
	struct driver_lsp l = { .key = { .headend = HEADEND, .color = 100, .endpoint = ENDPOINT },
				.cpath = { 10, 65000, PCE_ADDR, 42 },
				.preference = 200,
				.list = list_of(SR_SRV6, 3),
				.setup_prio = 3,
				.hold_prio = 2,
				.session = w.session };

	(void)str_copy(l.name, sizeof(l.name), name);
	return l;
}

int apply(const struct driver_lsp *l)
{
	return w.driver->apply(w.driver->self, l, &txn);
}

struct driver_lsp known(const char *profile, uint16_t flags)
{
	struct driver_lsp l;

	peer_up(profile);
	raw_report(0, 7, (uint16_t)(flags | PCEPC_LSP_SYNC), "east");
	raw_end_of_sync();
	run_ms(100);
	ck_assert(told("synced"));
	l = wish_of("east");
	l.plsp_id = 7;
	return l;
}

static void find_session(void *arg, const struct session_info *s)
{
	*(struct session_info *)arg = *s;
}

struct session_info session(void)
{
	struct session_query q = pcep_sessions(w.pcep);
	struct session_info s = { 0 };

	q.each(q.self, find_session, &s);
	return s;
}
