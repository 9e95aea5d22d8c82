/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tests of the optimiser share. What links carry is worked out here from the lists headends
 * have, by a forwarding of its own: distances by Floyd and Warshall, packets in parts over ECMP.
 */
#include "bed_optimise.h"

#include <string.h>

/* ---- loads, apart from the engine ---- */

static struct {
	uint32_t n;
	uint64_t dist[WORLD_NODES][WORLD_NODES];
	double load[2 * WORLD_LINKS];
} fwd;

static void fwd_open(void)
{
	const struct ted *t = world.ted;

	memset(&fwd, 0, sizeof(fwd));
	fwd.n = t->n_nodes;
	for (uint32_t a = 0; a < fwd.n; a++)
		for (uint32_t b = 0; b < fwd.n; b++)
			fwd.dist[a][b] = a == b ? 0 : UINT32_MAX;
	for (uint32_t l = 0; l < t->n_links; l++) {
		const struct ted_link *k = &t->links[l];

		if (k->alive && k->igp_metric < fwd.dist[k->from][k->to])
			fwd.dist[k->from][k->to] = k->igp_metric;
	}
	for (uint32_t m = 0; m < fwd.n; m++)
		for (uint32_t a = 0; a < fwd.n; a++)
			for (uint32_t b = 0; b < fwd.n; b++)
				if (fwd.dist[a][m] + fwd.dist[m][b] < fwd.dist[a][b])
					fwd.dist[a][b] = fwd.dist[a][m] + fwd.dist[m][b];
}

static void send_on(uint32_t at, uint32_t to, double bps)
{
	const struct ted *t = world.ted;
	uint32_t next[WORLD_LINKS], n = 0;

	for (uint32_t l = 0; at != to && l < t->n_links; l++) {
		const struct ted_link *k = &t->links[l];

		if (k->alive && k->from == at &&
		    k->igp_metric + fwd.dist[k->to][to] == fwd.dist[at][to])
			next[n++] = l;
	}
	ck_assert_msg(at == to || n > 0, "a packet is stuck");
	for (uint32_t i = 0; i < n; i++) {
		fwd.load[next[i]] += bps / n;
		send_on(t->links[next[i]].to, to, bps / n);
	}
}

/* uSIDs of fcbb:bbbb::/32, 16 bits each: a router's number, or an adjacency of the router at hand. */
static uint32_t list_send(uint32_t at, const struct sr_list *list, double bps)
{
	const struct ted *t = world.ted;

	for (unsigned i = 0; i < list->n; i++) {
		for (unsigned bit = 32; bit < 128; bit += 16) {
			uint64_t v = ip_bits_get(&list->at[i].sid, bit, 16);
			uint32_t l = 0;

			if (v == 0)
				break;
			if (v < 0xe000) {
				send_on(at, (uint32_t)v - 1, bps);
				at = (uint32_t)v - 1;
				continue;
			}
			while (l < t->n_links && !(t->links[l].from == at &&
						   ip_bits_get(&t->links[l].sids[0].sid, 48, 16) == v))
				l++;
			ck_assert_uint_lt(l, t->n_links);
			fwd.load[l] += bps;
			at = t->links[l].to;
		}
	}
	return at;
}

/* The fullest link by what headends have in use. */
double fullest(void)
{
	struct intent_view v;
	double most = 0;

	fwd_open();
	for (bool any = intent_next(world.intent, NULL, &v); any;
	     any = intent_next(world.intent, &v.desired.key, &v)) {
		if (!v.has_reported || v.reported.list.n == 0)
			continue;
		ck_assert_uint_eq(list_send(ted_node_by_addr(world.ted, &v.desired.key.headend),
					    &v.reported.list, (double)v.desired.bandwidth_bps),
				  ted_node_by_addr(world.ted, &v.desired.key.endpoint));
	}
	for (uint32_t l = 0; l < world.ted->n_links; l++)
		most = fmax(most, fwd.load[l] / (double)world.ted->links[l].capacity_bps);
	return most;
}

/* What is booked fits everywhere. */
void never_over(void)
{
	struct intent_book_row r;

	audit();
	for (uint32_t l = 0; l < world.ted->n_links; l++) {
		uint64_t sum = 0;

		ck_assert(intent_book_row(world.intent, l, &r));
		for (unsigned p = 0; p < 8; p++)
			sum += r.reserved_bps[p] + r.foreign_bps[p];
		ck_assert_uint_le(sum + r.measured_bps, r.capacity_bps);
	}
}

bool crosses(const struct intent_view *v, uint32_t link)
{
	fwd_open();
	(void)list_send(ted_node_by_addr(world.ted, &v->desired.key.headend), &v->reported.list, 1);
	return fwd.load[link] > 0;
}

/* ---- operations ---- */

struct intent_optimise_options options(bool apply)
{
	return (struct intent_optimise_options){ .work = 2000000, .seed = 1, .midpoints = 2,
						 .apply = apply };
}

uint64_t start(const struct intent_optimise_options *o)
{
	const char *why = "";
	uint64_t id = 0;

	ck_assert_msg(intent_optimise_start(world.intent, o, &id, &why) == 0, "%s", why);
	return id;
}

const struct intent_optimise_view *now(void)
{
	static struct intent_optimise_view v;

	ck_assert(intent_optimise_get(world.intent, &v));
	return &v;
}

const struct intent_optimise_view *computed(void)
{
	for (unsigned k = 0; k < 100 && now()->state == INTENT_OPTIMISE_COMPUTING; k++)
		run_ms(1);
	ck_assert_int_ne(now()->state, INTENT_OPTIMISE_COMPUTING);
	return now();
}

const struct intent_optimise_view *optimise(bool apply)
{
	const struct intent_optimise_options o = options(apply);

	(void)start(&o);
	return computed();
}

/* Headends answer until nothing is asked any more; what is booked is looked at in between. */
void all_answer(void)
{
	for (unsigned k = 0; k < 1000 && calls_open() > 0; k++) {
		for (uint32_t n = 0; n < world.ted->n_nodes; n++)
			(void)pcc_answer(world.ted->nodes[n].name);
		never_over();
		run_ms(1);
	}
	ck_assert_uint_eq(calls_open(), 0);
}
