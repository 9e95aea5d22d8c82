/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile PCE on the fake network, against the router's role. The first octet says how: with an
 * Open of its own first or not, octets as they come or cut into messages for it, the connection cut
 * afterwards or left to its timers. The owner has a few LSPs, asks for a path, and answers what it
 * is asked with a report or an error.
 *
 * Whatever comes: what the owner is asked is whole and bounded, comes while the session is up and
 * is answered once; all the router says can be read; minutes later it has come back by itself, or
 * waits to; nothing leaks.
 */
#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "base/rd.h"
#include "base/wr.h"
#include "log/log.h"
#include "southbound/pcep/codec/pcepc.h"
#include "southbound/pcep/pcc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { MODE_OPEN = 1, MODE_FRAMES = 2, MODE_CUT = 4, MODE_REFUSE = 8, MODE_MPLS = 16 };
enum { LSPS = 3, FRAME_MAX = 4096 };

static struct world {
	struct loop *loop;
	struct net *net;
	struct net_listener *listener;
	struct net_conn *conn; /* of the PCE */
	struct pcc *pcc;
	struct arena arena;
	const uint8_t *data;
	size_t len;
	uint8_t mode;
	bool spoken, up, asked;
	unsigned replies;
} w;

/* ---- the owner ---- */

static struct lsp_state lsp_of(uint32_t id)
{
	struct lsp_state st = { .plsp_id = id, .oper = LSP_UP, .delegated = id != LSPS,
				.admin_up = true, .setup_prio = 7, .hold_prio = 7,
				.pce_initiated = id == 2, .name = { 'l', (char)('0' + id) } };
	const uint8_t sid[16] = { 0xfc, 0xbb, 0xbb, 0xbb, 0, 1 };

	st.list = (struct sr_list){ .dataplane = SR_SRV6, .n = 1 };
	st.list.at[0] = (struct sr_segment){ .behavior = SR_BEHAVIOR_UN, .sid = ip_v6(sid),
					     .structure = { 32, 16, 0, 0 } };
	return st;
}

static bool on_next(void *arg, uint32_t pce, uint64_t *cursor, struct lsp_state *st)
{
	(void)arg;
	(void)pce;
	if (*cursor >= LSPS)
		return false;
	*st = lsp_of((uint32_t)++*cursor);
	return true;
}

static void on_up(void *arg, uint32_t pce)
{
	(void)arg;
	(void)pce;
	assert(!w.up);
	w.up = true;
}

static void on_synced(void *arg, uint32_t pce)
{
	struct pcc_path path = { .tell = { 1, 2 }, .n_tell = 2 };
	struct pcc_path_set set = { .at = &path, .n = 1 };
	uint32_t id;

	(void)arg;
	assert(w.up);
	path.want.dataplane = SR_SRV6;
	path.want.src = ip_v6((const uint8_t[16]){ 0x20, 1, 0xd, 0xb8, [15] = 1 });
	path.want.dst = ip_v6((const uint8_t[16]){ 0x20, 1, 0xd, 0xb8, [15] = 9 });
	w.asked = pcc_ask(w.pcc, pce, &set, &id) == 0;
}

static void on_down(void *arg, uint32_t pce, const char *why)
{
	(void)arg;
	(void)pce;
	assert(why);
	w.up = false;
}

static void list_whole(const struct sr_list *l)
{
	assert(l->n <= SR_SEGS_MAX && (l->dataplane == SR_SRV6 || l->dataplane == SR_MPLS));
	for (unsigned k = 0; k < l->n; k++) {
		if (l->dataplane == SR_SRV6)
			assert(l->at[k].sid.family == IP_V6);
		else
			assert(l->at[k].sid.family == IP_NONE && l->at[k].label <= 0xfffff);
	}
}

static void on_request(void *arg, uint32_t pce, const struct pcc_request *r)
{
	struct lsp_state st = r->wish;

	(void)arg;
	assert(w.up && pce == 1 && r->ask <= PCC_ASK_RELEASE);
	assert(memchr(st.name, '\0', sizeof(st.name)));
	list_whole(&st.list);
	assert(r->ask == PCC_ASK_INITIATE || st.plsp_id != 0);
	if (w.mode & MODE_REFUSE) {
		(void)pcc_refuse(w.pcc, pce, r->srp_id, 24, 1);
		return;
	}
	if (st.plsp_id == 0)
		st.plsp_id = LSPS + 1;
	st.txn = r->srp_id;
	st.removed = r->ask == PCC_ASK_REMOVE;
	st.oper = st.removed ? LSP_DOWN : LSP_UP;
	(void)pcc_report(w.pcc, pce, &st);
}

static void on_path(void *arg, uint32_t pce, const struct pcc_path_reply *r)
{
	(void)arg;
	(void)pce;
	assert(w.up && w.asked && r->what <= PCC_PATH_ERROR && r->request_id != 0);
	assert(r->n_metrics <= PCC_TELL_MAX && r->n_set_metrics <= PCC_TELL_MAX);
	list_whole(&r->list);
	assert(++w.replies == 1); /* to the one request */
}

static const struct pcc_ops ops = { .next = on_next, .up = on_up, .synced = on_synced,
				    .down = on_down, .request = on_request, .path = on_path };

/* ---- the PCE ---- */

static void say(const void *bytes, size_t len)
{
	if (w.conn)
		(void)net_conn_send(w.conn, bytes, len);
}

static void say_msg(const struct pcepc_msg *m)
{
	uint8_t buf[512];
	struct wr out = wr_of(buf, sizeof(buf));

	pcepc_write(&out, m);
	assert(!out.bad);
	say(buf, out.len);
}

static void say_open(void)
{
	static const struct pcepc_msg keepalive = { .type = PCEPC_KEEPALIVE };
	struct pcepc_open open = { .version = PCEPC_VERSION, .keepalive_s = 30, .dead_s = 120,
				   .has_stateful = true,
				   .stateful = PCEPC_CAP_UPDATE | PCEPC_CAP_INITIATE,
				   .has_pst = true, .n_psts = 1,
				   .psts = { PCEPC_PST_SRV6 }, .has_srv6 = true,
				   .has_assoc_types = true, .n_assoc_types = 1,
				   .assoc_types = { PCEPC_ASSOC_SR_POLICY }, .has_sr_policy = true };

	say_msg(&(struct pcepc_msg){ .type = PCEPC_OPEN, .open = &open });
	say_msg(&keepalive);
}

/* Records of a type, a length and that much body, each sent as a message of that type whose header
 * is right. */
static void say_frames(void)
{
	struct rd in = rd_of(w.data, w.len);
	uint8_t buf[FRAME_MAX + 4];

	while (rd_left(&in) > 3) {
		struct wr out = wr_of(buf, sizeof(buf));
		uint8_t type = rd_u8(&in);
		size_t n = rd_u16(&in) % FRAME_MAX;
		const uint8_t *body;

		n = n > rd_left(&in) ? rd_left(&in) : n;
		n -= n % 4;
		body = rd_take(&in, n);
		wr_u8(&out, PCEPC_VERSION << 5);
		wr_u8(&out, type);
		wr_u16(&out, (uint16_t)(n + 4));
		wr_bytes(&out, body, n);
		assert(!out.bad);
		say(buf, out.len);
	}
}

static size_t on_data(void *arg, const uint8_t *data, size_t len)
{
	size_t used = 0, n;

	(void)arg;
	while (w.conn && pcepc_frame(data + used, len - used, &n) == PCEPC_FRAME_OK) {
		struct pcepc_fault fault;
		struct pcepc_msg *m;

		arena_reset(&w.arena);
		assert(pcepc_read(&w.arena, data + used, n, &m, &fault) == VERDICT_OK);
		used += n;
	}
	return w.conn ? used : len;
}

static void on_gone(void *arg, int err, const char *why)
{
	(void)arg;
	(void)err;
	(void)why;
	w.conn = NULL;
}

static const struct net_ops conn_ops = { .data = on_data, .down = on_gone };

/* What it has to say it says once; the router comes back to somebody who never answers. */
static void on_accept(void *arg, struct net_conn *conn, const struct ip_addr *peer, uint16_t port)
{
	(void)arg;
	(void)peer;
	(void)port;
	net_conn_close(w.conn);
	w.conn = conn;
	net_conn_take(conn, &conn_ops, NULL);
	if (!w.spoken && w.mode & MODE_OPEN)
		say_open();
}

static const struct net_listen_ops listen_ops = { .accept = on_accept };

/* ---- one input ---- */

static void run_ms(uint64_t ms)
{
	struct mono until = mono_add(loop_now(w.loop), ms * NS_PER_MS);

	while (loop_fake_step(w.loop, until))
		;
}

static void begin(void)
{
	struct net_listen_cfg at = { .addr = ip_v6((const uint8_t[16]){ 0x20, 1, 0xd, 0xb8, [15] = 0xff }),
				     .port = PCEPC_PORT };
	struct pcc_cfg cfg = { .srv6 = true, .sr_mpls = w.mode & MODE_MPLS, .msd_srv6 = 8 };
	struct pcc_pce_cfg pce = { .number = 1, .addr = at.addr, .insecure = true };

	cfg.router_id = ip_v6((const uint8_t[16]){ 0x20, 1, 0xd, 0xb8, [15] = 1 });
	arena_init(&w.arena, PCEPC_ARENA_MAX);
	assert(loop_fake_new(&w.loop, w.mode) == 0);
	assert(net_fake_new(&w.net, w.loop, 10 * NS_PER_US, NS_PER_MS) == 0);
	assert(net_listen(w.net, &at, &listen_ops, NULL, &w.listener) == 0);
	assert(pcc_new(&w.pcc, w.loop, w.net, &cfg, &ops, NULL) == 0);
	assert(pcc_pce_set(w.pcc, &pce) == 0);
}

static void end(void)
{
	w.pcc = pcc_free(w.pcc);
	run_ms(2000);
	assert(!w.up || !w.pcc);
	net_conn_close(w.conn);
	w.conn = NULL;
	net_listener_free(w.listener);
	net_free(w.net);
	loop_free(w.loop);
	arena_fini(&w.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct log_cfg quiet = { .level = LOG_ERROR };

	log_setup(&quiet);
	if (len == 0 || len > 1 << 16)
		return 0;
	w = (struct world){ .mode = data[0], .data = data + 1, .len = len - 1 };
	begin();
	run_ms(1000);
	assert(!(w.mode & MODE_OPEN) || w.up);
	if (w.mode & MODE_FRAMES)
		say_frames();
	else
		say(w.data, w.len);
	w.spoken = true;
	run_ms(1000);
	if (w.mode & MODE_CUT) {
		net_conn_close(w.conn);
		w.conn = NULL;
	}
	run_ms(600 * 1000);
	assert(!w.up); /* nobody kept it alive */
	end();
	return 0;
}
