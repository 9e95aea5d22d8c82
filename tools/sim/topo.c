/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network's state. Addresses follow from numbers, so they need no tables; a half's version
 * tells the feeds what they still have to say.
 */
#include "tools/sim/topo.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

enum { FUNS = 0x10000 - SIM_FUN_FIRST };

#define USID_FIRST    UINT64_C(0xfcbbbbbb)
#define CLASSIC_FIRST UINT64_C(0xfc000000)

void sim_topo_init(struct sim_topo *t)
{
	*t = (struct sim_topo){ .asn = 65000, .version = 1 };
	(void)ip_prefix_parse("fd5e:5e:0::/48", &t->loopbacks);
}

void sim_topo_fini(struct sim_topo *t)
{
	VEC_FINI(&t->routers);
	VEC_FINI(&t->wires);
	free(t->start);
	free(t->idx);
	t->start = t->idx = NULL;
}

/* ---- filling ---- */

uint32_t sim_topo_router(struct sim_topo *t, const char *name)
{
	struct sim_router r = { .up = true, .fun_next = SIM_FUN_FIRST };
	struct sim_router *at;

	if (t->routers.n >= SIM_ROUTERS_MAX || !str_copy(r.name, sizeof(r.name), name))
		return SIM_NONE;
	at = VEC_ADD(&t->routers, r);
	return at ? (uint32_t)(t->routers.n - 1) : SIM_NONE;
}

uint32_t sim_topo_wire(struct sim_topo *t, uint32_t a, uint32_t b, uint32_t igp, uint32_t delay_us)
{
	const struct sim_half h = { .there = true, .igp = igp, .te = igp, .delay_us = delay_us,
				    .version = 1 };
	struct sim_wire w = { .end = { a, b }, .up = true, .bw_bps = UINT64_C(10000000000),
			      .half = { h, h } };

	if (t->wires.n >= SIM_WIRES_MAX)
		return SIM_NONE;
	return VEC_ADD(&t->wires, w) ? (uint32_t)(t->wires.n - 1) : SIM_NONE;
}

static uint32_t half_owner(const struct sim_topo *t, uint32_t half)
{
	return t->wires.at[half / 2].end[half % 2];
}

static int adjacency(struct sim_topo *t)
{
	size_t n = t->routers.n, halves = 2 * t->wires.n;

	t->start = calloc(n + 2, sizeof(*t->start));
	t->idx = calloc(halves + 1, sizeof(*t->idx));
	if (!t->start || !t->idx)
		return err_raise(-ENOMEM);
	for (uint32_t h = 0; h < halves; h++)
		t->start[half_owner(t, h) + 2]++;
	for (size_t i = 2; i < n + 2; i++) {
		if (t->start[i] > SIM_WIRES_OF_MAX)
			return err_raise(-E2BIG);
		t->start[i] += t->start[i - 1];
	}
	for (uint32_t h = 0; h < halves; h++)
		t->idx[t->start[half_owner(t, h) + 1]++] = h;
	return 0;
}

/* Parallel wires get letters in their order, whichever way round they are written. */
static void tags(struct sim_topo *t)
{
	for (uint32_t r = 0; r < t->routers.n; r++)
		for (uint32_t i = t->start[r]; i < t->start[r + 1]; i++) {
			struct sim_wire *w = &t->wires.at[t->idx[i] / 2];
			uint32_t peer = w->end[1 - t->idx[i] % 2], before = 0;

			if (peer < r)
				continue;
			for (uint32_t k = t->start[r]; k < i; k++)
				before += t->wires.at[t->idx[k] / 2].end[1 - t->idx[k] % 2] == peer;
			w->tag = before == 0 ? '\0' : (char)('a' + (before < 25 ? before : 25));
		}
}

static bool fun_taken(const struct sim_topo *t, uint32_t router, uint16_t fun)
{
	for (uint32_t i = t->start[router]; i < t->start[router + 1]; i++)
		if (t->wires.at[t->idx[i] / 2].half[t->idx[i] % 2].fun == fun)
			return true;
	return false;
}

/* Never one that is in use, and the one used longest ago: a stale list must not find a link. */
static void fun_new(struct sim_topo *t, uint32_t wire, unsigned side)
{
	uint32_t r = t->wires.at[wire].end[side];
	struct sim_router *o = &t->routers.at[r];
	uint16_t fun;

	do {
		fun = o->fun_next;
		o->fun_next = (uint16_t)(SIM_FUN_FIRST + (fun - SIM_FUN_FIRST + 1) % FUNS);
	} while (fun_taken(t, r, fun));
	t->wires.at[wire].half[side].fun = fun;
}

int sim_topo_done(struct sim_topo *t)
{
	int rc = adjacency(t);

	if (rc < 0)
		return err_trace(rc);
	tags(t);
	for (uint32_t w = 0; w < t->wires.n; w++)
		for (unsigned s = 0; s < 2; s++)
			if (t->wires.at[w].half[s].there)
				fun_new(t, w, s);
	return 0;
}

void sim_topo_feeds(struct sim_topo *t, uint32_t k)
{
	uint32_t n = (uint32_t)t->routers.n;

	if (k > n)
		k = n;
	for (uint32_t r = 0; k > 0 && r < n; r++)
		t->routers.at[r].feed = false;
	for (uint32_t i = 0; i < k; i++)
		t->routers.at[(uint64_t)i * n / k].feed = true;
}

/* ---- look-ups ---- */

uint32_t sim_router_find(const struct sim_topo *t, const char *name)
{
	for (uint32_t i = 0; i < t->routers.n; i++)
		if (strcmp(t->routers.at[i].name, name) == 0)
			return i;
	return SIM_NONE;
}

/* Which block a router is in, and its number there. */
static uint32_t block_of(uint32_t router)
{
	return router / SIM_BLOCK_ROUTERS;
}

static uint32_t number_of(uint32_t router)
{
	return router % SIM_BLOCK_ROUTERS + 1;
}

static uint32_t router_numbered(const struct sim_topo *t, uint64_t block, uint64_t number)
{
	uint64_t r = block * SIM_BLOCK_ROUTERS + number - 1;

	return block < SIM_BLOCKS && number >= 1 && number <= SIM_BLOCK_ROUTERS &&
			       r < t->routers.n ?
		       (uint32_t)r :
		       SIM_NONE;
}

/* The number of the block of a SID: fcbb:bbbb, fcbb:bbbc, … and fc00:0, fc00:1, … */
static uint64_t sid_block(const struct ip_addr *a)
{
	bool usid = ip_bits_get(a, 0, 16) == USID_FIRST >> 16;

	return ip_bits_get(a, 0, 32) - (usid ? USID_FIRST : CLASSIC_FIRST);
}

unsigned sim_algo_of(const struct ip_addr *a)
{
	uint64_t k = sid_block(a) / SIM_BLOCKS;

	return k <= SIM_ALGOS_MAX ? (unsigned)k : SIM_ALGOS_MAX + 1;
}

bool sim_router_in(const struct sim_topo *t, uint32_t router, unsigned k)
{
	return k == 0 || (t->routers.at[router].algos >> (k - 1) & 1);
}

bool sim_router_defines(const struct sim_topo *t, uint32_t router)
{
	return t->n_algos && (router == 0 || router == t->routers.n / 2);
}

uint32_t sim_half_cost(const struct sim_topo *t, uint32_t half, unsigned k)
{
	const struct sim_wire *w = &t->wires.at[half / 2];
	const struct sim_half *h = &w->half[half % 2];
	const struct sim_algo *a = k ? &t->algo[k - 1] : NULL;

	if (!sim_half_works(t, half / 2, half % 2))
		return UINT32_MAX;
	if (a && (!sim_router_in(t, w->end[0], k) || !sim_router_in(t, w->end[1], k) ||
		  w->admin_group[0] & a->exclude_any))
		return UINT32_MAX;
	if (a && a->delay)
		return h->delay_us;
	return h->igp <= SIM_METRIC_MAX ? h->igp : UINT32_MAX;
}

uint32_t sim_router_by_addr(const struct sim_topo *t, const struct ip_addr *a)
{
	uint32_t r = SIM_NONE;
	unsigned k;

	if (a->family == IP_V4) {
		r = router_numbered(t, ip_bits_get(a, 8, 8), ip_bits_get(a, 16, 16));
		if (r != SIM_NONE) {
			struct ip_addr own = sim_router_v4(r);

			r = t->dual && ip_eq(&own, a) ? r : SIM_NONE;
		}
		return r;
	}
	if (a->family != IP_V6)
		return r;
	if (ip_prefix_has(&t->loopbacks, a)) {
		r = router_numbered(t, ip_bits_get(a, 64, 16), ip_bits_get(a, 48, 16));
		if (r != SIM_NONE) {
			struct ip_addr own = sim_loopback(t, r);

			return ip_eq(&own, a) ? r : SIM_NONE;
		}
		return r;
	}
	k = sim_algo_of(a);
	if (k > t->n_algos)
		return SIM_NONE;
	r = router_numbered(t, sid_block(a) % SIM_BLOCKS, ip_bits_get(a, 32, 16));
	if (r != SIM_NONE) {
		struct ip_prefix own = sim_locator_of(t, r, k);

		r = sim_router_in(t, r, k) && ip_prefix_has(&own, a) ? r : SIM_NONE;
	}
	return r;
}

uint32_t sim_wire_find(const struct sim_topo *t, uint32_t a, uint32_t b, char tag)
{
	for (uint32_t i = t->start[a]; i < t->start[a + 1]; i++) {
		const struct sim_wire *w = &t->wires.at[t->idx[i] / 2];

		if (w->end[1 - t->idx[i] % 2] == b && w->tag == tag)
			return t->idx[i] / 2;
	}
	return SIM_NONE;
}

/* ---- addresses and SIDs ---- */

struct ip_addr sim_loopback(const struct sim_topo *t, uint32_t router)
{
	struct ip_addr a = t->loopbacks.addr;

	ip_bits_set(&a, 48, 16, number_of(router));
	ip_bits_set(&a, 64, 16, block_of(router));
	ip_bits_set(&a, 112, 16, 1);
	return a;
}

struct ip_addr sim_router_v4(uint32_t router)
{
	uint32_t n = number_of(router);

	return ip_v4((uint8_t[4]){ 10, (uint8_t)block_of(router), (uint8_t)(n >> 8 & 0xff), (uint8_t)(n & 0xff) });
}

struct ip_addr sim_half_addr(uint32_t wire, unsigned side)
{
	static const uint8_t base[16] = { 0x20, 0x01, 0x0d, 0xb8 };
	struct ip_addr a = ip_v6(base);

	ip_bits_set(&a, 32, 32, UINT32_C(0x10001) + wire);
	ip_bits_set(&a, 112, 16, side + 1);
	return a;
}

struct ip_addr sim_half_v4(uint32_t wire, unsigned side)
{
	uint32_t v = UINT32_C(0x0b000000) + 4 * wire + side + 1; /* 11.0.0.0/8, /30 each */

	return ip_v4((uint8_t[4]){ (uint8_t)(v >> 24), (uint8_t)(v >> 16 & 0xff),
				   (uint8_t)(v >> 8 & 0xff), (uint8_t)(v & 0xff) });
}

static struct ip_addr sid(const struct sim_topo *t, uint32_t router, uint16_t fun, unsigned k)
{
	static const uint8_t zero[16] = { 0 };
	struct ip_addr a = ip_v6(zero);

	ip_bits_set(&a, 0, 32,
		    (t->routers.at[router].classic ? CLASSIC_FIRST : USID_FIRST) +
			    block_of(router) + k * SIM_BLOCKS);
	ip_bits_set(&a, 32, 16, number_of(router));
	ip_bits_set(&a, 48, 16, fun);
	return a;
}

struct ip_prefix sim_locator_of(const struct sim_topo *t, uint32_t router, unsigned k)
{
	struct ip_addr a = sid(t, router, 0, k);

	return ip_prefix_of(&a, 48);
}

struct ip_prefix sim_locator(const struct sim_topo *t, uint32_t router)
{
	return sim_locator_of(t, router, 0);
}

struct ip_addr sim_node_sid_of(const struct sim_topo *t, uint32_t router, unsigned k)
{
	return sid(t, router, t->routers.at[router].classic ? 1 : 0, k);
}

struct ip_addr sim_node_sid(const struct sim_topo *t, uint32_t router)
{
	return sim_node_sid_of(t, router, 0);
}

struct ip_addr sim_adj_sid(const struct sim_topo *t, uint32_t wire, unsigned side)
{
	const struct sim_wire *w = &t->wires.at[wire];

	return sid(t, w->end[side], w->half[side].fun, 0);
}

/* ---- state ---- */

bool sim_half_works(const struct sim_topo *t, uint32_t wire, unsigned side)
{
	const struct sim_wire *w = &t->wires.at[wire];

	return w->half[side].there && w->half[1 - side].there && w->up &&
	       t->routers.at[w->end[0]].up && t->routers.at[w->end[1]].up;
}

bool sim_half_said(const struct sim_topo *t, uint32_t wire, unsigned side)
{
	const struct sim_wire *w = &t->wires.at[wire];

	return w->half[side].there && w->up && t->routers.at[w->end[1 - side]].up;
}

static void half_changed(struct sim_topo *t, uint32_t wire, unsigned side)
{
	t->wires.at[wire].half[side].version++;
	t->version++;
}

/* The adjacency went or came at this end. */
static void half_flap(struct sim_topo *t, uint32_t wire, unsigned side)
{
	if (!t->wires.at[wire].half[side].there)
		return;
	if (sim_half_said(t, wire, side))
		fun_new(t, wire, side);
	half_changed(t, wire, side);
}

bool sim_wire_set(struct sim_topo *t, uint32_t wire, bool up)
{
	if (t->wires.at[wire].up == up)
		return false;
	t->wires.at[wire].up = up;
	half_flap(t, wire, 0);
	half_flap(t, wire, 1);
	return true;
}

/* Its neighbours notice; what it said last stays in everybody's database until it is back. */
bool sim_router_set(struct sim_topo *t, uint32_t router, bool up)
{
	if (t->routers.at[router].up == up)
		return false;
	t->routers.at[router].up = up;
	for (uint32_t i = t->start[router]; i < t->start[router + 1]; i++) {
		uint32_t wire = t->idx[i] / 2;
		unsigned side = t->idx[i] % 2;

		half_flap(t, wire, 1 - side);
		if (up) /* it starts anew, with new adjacencies */
			half_flap(t, wire, side);
	}
	t->version++;
	return true;
}

static bool both_set(struct sim_topo *t, uint32_t wire, size_t member, uint32_t value)
{
	bool changed = false;

	for (unsigned s = 0; s < 2; s++) {
		struct sim_half *h = &t->wires.at[wire].half[s];
		uint32_t *field = member == offsetof(struct sim_half, igp) ? &h->igp : &h->delay_us;

		if (*field == value)
			continue;
		*field = value;
		half_changed(t, wire, s);
		changed = true;
	}
	return changed;
}

bool sim_wire_delay(struct sim_topo *t, uint32_t wire, uint32_t delay_us)
{
	return both_set(t, wire, offsetof(struct sim_half, delay_us), delay_us);
}

bool sim_wire_metric(struct sim_topo *t, uint32_t wire, uint32_t igp)
{
	return both_set(t, wire, offsetof(struct sim_half, igp), igp);
}

const char *sim_wire_text(const struct sim_topo *t, uint32_t wire, char *buf, size_t cap)
{
	const struct sim_wire *w = &t->wires.at[wire];
	const char tag[2] = { w->tag, '\0' };

	(void)snprintf(buf, cap, "%s-%s%s", t->routers.at[w->end[0]].name,
		       t->routers.at[w->end[1]].name, tag);
	return buf;
}
