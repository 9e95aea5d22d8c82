/* SPDX-License-Identifier: Apache-2.0 */
/* The map is world.ted's; what headends impose and bind is what their LSPs say. */
#include "bed_packets.h"

#include <string.h>

enum { DEEP = 12, FAR = 1 << 28, G = 1000000000 };

static uint32_t dist[WORLD_NODES][WORLD_NODES];

static bool works(uint32_t l)
{
	const struct ted *t = world.ted;

	return t->links[l].alive && t->links[l].reverse != TED_NONE;
}

void packets_map(void)
{
	const struct ted *t = world.ted;

	for (uint32_t a = 0; a < t->n_nodes; a++)
		for (uint32_t b = 0; b < t->n_nodes; b++)
			dist[a][b] = a == b ? 0 : FAR;
	for (uint32_t l = 0; l < t->n_links; l++) {
		const struct ted_link *k = &t->links[l];

		if (works(l) && k->igp_metric < dist[k->from][k->to])
			dist[k->from][k->to] = k->igp_metric;
	}
	for (uint32_t m = 0; m < t->n_nodes; m++)
		for (uint32_t a = 0; a < t->n_nodes; a++)
			for (uint32_t b = 0; b < t->n_nodes; b++)
				if (dist[a][m] + dist[m][b] < dist[a][b])
					dist[a][b] = dist[a][m] + dist[m][b];
}

/* All shortest paths. */
static void forward(struct packets *p, uint32_t at, uint32_t to)
{
	const struct ted *t = world.ted;

	if (at == to)
		return;
	if (dist[at][to] >= FAR) {
		p->lost = true;
		return;
	}
	for (uint32_t l = 0; l < t->n_links; l++) {
		const struct ted_link *k = &t->links[l];

		if (k->from != at || !works(l) || k->igp_metric + dist[k->to][to] != dist[at][to])
			continue;
		p->used[l] = true;
		forward(p, k->to, to);
	}
}

static unsigned word(const struct ip_addr *a, unsigned n)
{
	return (unsigned)a->b[2 * n] << 8 | a->b[2 * n + 1];
}

/* The rest moves up behind the block of 32 bits. */
static void shift(struct ip_addr *a, unsigned words)
{
	memmove(&a->b[4], &a->b[4 + 2 * words], 12 - 2 * words);
	memset(&a->b[16 - 2 * words], 0, 2 * words);
}

/* The LSP of a router that has this binding SID, up. */
static const struct lsp_state *bound(uint32_t node, const struct ip_addr *sid)
{
	char name[2] = { world.ted->nodes[node].name[0], '\0' };
	const struct pcc *pcc = pcc_at(name);

	for (unsigned k = 0; k < WORLD_LSPS; k++) {
		const struct lsp_state *st = &pcc->lsps[k].st;

		if (pcc->lsps[k].used && st->oper == LSP_UP && ip_eq(&st->binding_sid, sid))
			return st;
	}
	return NULL;
}

static void list_run(struct packets *p, const struct sr_list *l);

static bool inside(struct packets *p, const struct ip_addr *sid)
{
	const struct lsp_state *st = bound(p->at, sid);

	if (!st)
		return false;
	if (++p->deep > p->deepest)
		p->deepest = p->deep;
	if (p->deep > DEEP)
		p->lost = true;
	else
		list_run(p, &st->list);
	p->deep--;
	return true;
}

/* An adjacency of the router it is at. */
static bool cross(struct packets *p, unsigned fun)
{
	const struct ted *t = world.ted;

	for (uint32_t l = 0; l < t->n_links; l++) {
		if (t->links[l].from != p->at || word(&t->links[l].sids[0].sid, 3) != fun)
			continue;
		p->lost = p->lost || !works(l);
		p->used[l] = true;
		p->at = t->links[l].to;
		return true;
	}
	return false;
}

/* One entry of a list, which may be a container. */
static void entry_run(struct packets *p, struct ip_addr da)
{
	if (inside(p, &da))
		return;
	do {
		uint32_t node = 0;

		while (node < world.ted->n_nodes &&
		       word(&world.ted->nodes[node].locators[0].prefix.addr, 2) != word(&da, 2))
			node++;
		if (word(&da, 0) != 0xfcbb || word(&da, 1) != 0xbbbb || node == world.ted->n_nodes) {
			p->lost = true;
			return;
		}
		forward(p, p->at, node);
		p->at = node;
		if (inside(p, &da))
			return;
		if (word(&da, 3) >= 0xe000 && cross(p, word(&da, 3)))
			shift(&da, 2);
		else
			shift(&da, 1);
	} while (!p->lost && word(&da, 2) != 0);
}

static void list_run(struct packets *p, const struct sr_list *l)
{
	for (unsigned k = 0; k < l->n && !p->lost; k++)
		entry_run(p, l->at[k].sid);
}

void packets_run(const char *headend, const struct sr_list *list, struct packets *out)
{
	*out = (struct packets){ .at = 0 };
	while (world.ted->nodes[out->at].name[0] != headend[0])
		out->at++;
	list_run(out, list);
}

static uint64_t reserved(uint32_t link)
{
	struct intent_book_row r;
	uint64_t sum = 0;

	ck_assert(intent_book_row(world.intent, link, &r));
	for (unsigned p = 0; p < 8; p++)
		sum += r.reserved_bps[p];
	return sum;
}

uint64_t packets_reserved(const char *from, const char *to)
{
	return reserved(net_index(from, to));
}

unsigned packets_book(void)
{
	static struct intent_view v;
	struct sr_policy_key after;
	uint64_t should[WORLD_LINKS] = { 0 };
	unsigned n = 0;
	bool begun = false;

	packets_map();
	while (intent_next(world.intent, begun ? &after : NULL, &v)) {
		char name[2] = { "abcdefghijklmnop"[v.desired.key.headend.b[7] - 1], '\0' };
		struct packets p;

		after = v.desired.key;
		begun = true;
		if (!v.has_computed || !v.has_reported)
			continue;
		packets_run(name, &v.reported.list, &p);
		ck_assert_msg(v.state != INTENT_UP || (!p.lost && ip_eq(&world.ted->nodes[p.at].router_v6,
									&v.desired.key.endpoint)),
			      "%s,%u is up and its packets are %s", name, v.desired.key.color,
			      p.lost ? "lost" : "elsewhere");
		n += v.state == INTENT_UP;
		for (uint32_t l = 0; l < world.ted->n_links; l++)
			should[l] += p.used[l] ? v.desired.bandwidth_bps : 0;
	}
	for (uint32_t l = 0; l < world.ted->n_links; l++)
		ck_assert_msg(reserved(l) == should[l], "link %u: %llu booked, %llu run there", l,
			      (unsigned long long)reserved(l), (unsigned long long)should[l]);
	return n;
}

/* ---- a fork ---- */

void fork_up(void)
{
	static const char *const names[] = { "a", "b", "c", "d", "e" };

	world_up(NULL);
	for (unsigned k = 0; k < ARRAY_LEN(names); k++)
		net_node(names[k]);
	net_link("a", "b", 10, 1000, 10ull * G);
	net_link("b", "c", 10, 1000, 10ull * G);
	net_link("c", "d", 10, 1000, 10ull * G);
	net_link("b", "e", 20, 1000, 10ull * G);
	net_link("e", "d", 20, 1000, 10ull * G);
	net_publish();
	pcc_up("a");
	pcc_up("b");
}

/* Of b to d: what others lead through. */
struct ip_addr fork_lower(uint32_t color, uint64_t g)
{
	struct intent_policy *p = policy("b", color, "d");

	p->bandwidth_bps = g * G;
	put_ok(p);
	(void)pcc_answer("b");
	ck_assert_int_eq(view_of("b", color, "d")->state, INTENT_UP);
	return view_of("b", color, "d")->binding_sid;
}

struct sr_segment packets_sid(const struct ip_addr *a)
{
	return (struct sr_segment){ .kind = SR_SEG_OTHER, .sid = *a };
}

/* By the router first where that is given. */
struct intent_policy *fork_through(const char *from, uint32_t color, const char *first,
				     const struct ip_addr *bsid, uint64_t g)
{
	struct intent_policy *p = policy(from, color, "d");
	struct sr_segment s[2];
	unsigned n = 0;

	if (first)
		s[n++] = net_sid(first);
	s[n++] = packets_sid(bsid);
	p->bandwidth_bps = g * G;
	p->cpaths[0].kind = INTENT_EXPLICIT;
	p->cpaths[0].list = list_of(n, s);
	return p;
}

void fork_upper(uint32_t color, const struct ip_addr *bsid, uint64_t g)
{
	put_ok(fork_through("a", color, "b", bsid, g));
	(void)pcc_answer("a");
}

void fork_settle(void)
{
	for (unsigned k = 0; k < 50 && pcc_answer("a") + pcc_answer("b") > 0; k++)
		;
	ck_assert_uint_eq(calls_open(), 0);
}

void fork_is(const char *from, uint32_t color, enum intent_state state, const char *reason)
{
	const struct intent_view *v = view_of(from, color, "d");

	ck_assert_ptr_nonnull(v);
	ck_assert_msg(v->state == state && strstr(v->reason, reason), "%s,%u is %s: %s", from, color,
		      intent_state_text(v->state), v->reason);
}

void fork_booked(const char *from, const char *to, uint64_t g)
{
	ck_assert_msg(packets_reserved(from, to) == g * G, "%s>%s has %llu", from, to,
		      (unsigned long long)packets_reserved(from, to));
}
