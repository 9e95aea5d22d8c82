/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes to values: BGP-LS UPDATEs of a generated network, one NLRI each as its attribute is its
 * own, and PCRpts of SRv6 policies. */
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "southbound/bgp/bgp_ls.h"
#include "southbound/bgp/codec/bgpc.h"
#include "southbound/pcep/pcep_lsp.h"
#include "tools/bench/bench.h"
#include "tools/sim/feed.h"

enum { ROUTERS = 1000, WIRES = 2500, REPORTS = 256, ROOM = 4096 };

struct frame {
	uint8_t *data;
	size_t len;
};

struct frames {
	VEC(struct frame) all;
	struct arena arena, values;
	bool broken; /* some frame was not understood: then the figure means nothing */
};

static bool frame_keep(struct frames *f, const struct wr *w)
{
	struct frame x = { malloc(w->len), w->len };

	if (w->bad || !x.data || !VEC_ADD(&f->all, x)) {
		free(x.data);
		return false;
	}
	memcpy(x.data, w->base, w->len);
	return true;
}

static void frames_fini(struct frames *f)
{
	for (size_t i = 0; i < f->all.n; i++)
		free(f->all.at[i].data);
	VEC_FINI(&f->all);
	arena_fini(&f->arena);
	arena_fini(&f->values);
}

/* ---- BGP-LS ---- */

static bool update_write(struct frames *f, const struct ls_object *o)
{
	static const uint8_t next_hop[16] = { 0xfd };
	uint8_t nlri[ROOM], attr[ROOM], msg[ROOM];
	struct wr wn = wr_of(nlri, sizeof(nlri)), wa = wr_of(attr, sizeof(attr));
	struct wr wm = wr_of(msg, sizeof(msg));
	const struct bgpc_family family = { BGPC_AFI_LS, BGPC_SAFI_LS };
	struct bgpc_update u = { .has_origin = true, .has_as_path = true, .has_local_pref = true,
				 .local_pref = 100, .has_ls = true };
	struct bgpls_nlri n;
	struct bgpls_attr a;

	arena_reset(&f->arena);
	bgp_ls_nlri(o, &n);
	bgpls_nlri_write(&wn, &n, false);
	if (bgp_ls_attr(o, &f->arena, &a) < 0)
		return false;
	bgpls_attr_write(&wa, &a);
	if (wn.bad || wa.bad)
		return false;
	u.reach = (struct bgpc_mp){ true, family, rd_of(next_hop, sizeof(next_hop)),
				    rd_of(nlri, wn.len) };
	u.ls = rd_of(attr, wa.len);
	bgpc_update_write(&wm, &u);
	return frame_keep(f, &wm);
}

static bool update_read(struct frames *f, const struct frame *x)
{
	const struct bgpc_session_opts session = { .as4 = true };
	const struct bgpls_opts opts = { 0 };
	struct bgpc_fault fault = { 0 };
	struct fault bad = { 0 };
	struct rd body = bgpc_frame_body(x->data, x->len);
	struct bgpc_update u;
	struct bgpls_attr attr;
	struct bgpls_nlri n;
	struct bgpls_raw raw;
	struct ls_object o;
	bool lost = false;

	arena_reset(&f->arena);
	arena_reset(&f->values);
	return bgpc_update_read(&body, &session, &u, &fault) == BGPC_OK &&
	       bgpls_attr_read(&u.ls, &f->arena, &attr, &bad, NULL) == VERDICT_OK &&
	       bgpls_next(&u.reach.nlri, &raw, &lost) &&
	       bgpls_nlri_read(&raw, &opts, &n, &bad) == VERDICT_OK &&
	       bgp_ls_object(&n, &attr, &f->values, &o) == 0;
}

static uint64_t updates_read(void *arg)
{
	struct frames *f = arg;

	for (size_t i = 0; i < f->all.n; i++)
		f->broken |= !update_read(f, &f->all.at[i]);
	return f->all.n;
}

static void bgpls(struct bench *b)
{
	const struct sim_gen g = { .seed = b->seed, .routers = ROUTERS, .wires = WIRES };
	struct frames f = { 0 };
	struct sim_scratch scratch;
	struct sim_topo t;
	double rate;

	sim_topo_init(&t);
	f.broken = sim_gen(&t, &g) < 0;
	for (uint32_t i = 0; !f.broken && i < sim_objects(&t); i++) {
		struct ls_object o;

		f.broken = sim_object(&t, i, &scratch, &o) && !update_write(&f, &o);
	}
	rate = f.broken ? 0 : bench_rate(b, updates_read, &f);
	if (f.broken)
		bench_fail(b, "bgpls.decode", "an UPDATE of ours is not understood");
	else
		bench_row(b, "bgpls.decode", rate, "NLRI/s");
	sim_topo_fini(&t);
	frames_fini(&f);
}

/* ---- PCRpt ---- */

static struct ip_addr address(uint16_t block, uint64_t low)
{
	struct ip_addr a = { .family = IP_V6 };

	ip_bits_set(&a, 0, 16, block);
	ip_bits_set(&a, 64, 64, low);
	return a;
}

static bool report_write(struct frames *f, struct rng *r, uint32_t id)
{
	struct sr_policy_key key = { .headend = address(0xfd00, rng_below(r, 1000)),
					     .color = id, .endpoint = address(0xfd00, id) };
	struct sr_cpath_id cpath = { 10, 65000, key.headend, id };
	struct sr_list list = { .dataplane = SR_SRV6, .n = (uint8_t)(1 + rng_below(r, 6)) };
	struct pcepc_msg msg = { .type = PCEPC_PCRPT };
	struct pcep_item b;
	uint32_t preference = 100;
	uint8_t data[ROOM];
	struct wr w = wr_of(data, sizeof(data));

	for (unsigned i = 0; i < list.n; i++)
		list.at[i] = (struct sr_segment){ .behavior = SR_BEHAVIOR_UN,
						  .sid = address(0xfcbb, rng_u64(r)),
						  .structure = { 32, 16, 16, 0 } };
	pcep_item_init(&b);
	pcep_item_srp(&b, id, 0, SR_SRV6);
	pcep_item_lsp(&b, id, PCEPC_LSP_DELEGATE | PCEPC_LSP_ADMIN | LSP_UP << 4, "policy-of-a-size");
	pcep_item_list(&b, &list, false);
	pcep_item_endpoints(&b, &key.headend, &key.endpoint);
	pcep_item_policy(&b, &key, &cpath, &preference);
	pcep_item_bandwidth(&b, UINT64_C(10000000));
	pcep_item_prios(&b, 7, 7);
	msg.items = &b.item;
	msg.n_items = 1;
	pcepc_write(&w, &msg);
	return frame_keep(f, &w);
}

static uint64_t reports_read(void *arg)
{
	struct frames *f = arg;

	for (size_t i = 0; i < f->all.n; i++) {
		struct pcepc_fault fault = { 0 };
		struct pcepc_msg *msg;
		struct lsp_state st;

		arena_reset(&f->arena);
		if (pcepc_read(&f->arena, f->all.at[i].data, f->all.at[i].len, &msg, &fault) !=
			    VERDICT_OK ||
		    !msg->items || !pcep_state_of(msg->items, &st) || !st.has_key)
			f->broken = true;
	}
	return f->all.n;
}

static void pcrpt(struct bench *b)
{
	struct frames f = { 0 };
	struct rng r;
	double rate;

	rng_seed(&r, b->seed);
	for (uint32_t i = 1; i <= REPORTS; i++)
		f.broken |= !report_write(&f, &r, i);
	rate = f.broken ? 0 : bench_rate(b, reports_read, &f);
	if (f.broken)
		bench_fail(b, "pcrpt.decode", "a PCRpt of ours is not understood");
	else
		bench_row(b, "pcrpt.decode", rate, "reports/s");
	frames_fini(&f);
}

void bench_codec(struct bench *b)
{
	if (bench_wants(b, "bgpls.decode"))
		bgpls(b);
	if (bench_wants(b, "pcrpt.decode"))
		pcrpt(b);
}
