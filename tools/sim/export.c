/* SPDX-License-Identifier: Apache-2.0 */
/* The network in the format of tools/plan: what the controller would learn of it, as a file. */
#include <stdio.h>

#include "core/sr.h"
#include "tools/sim/topo.h"

static const char *text(struct ip_addr a, char *buf)
{
	return ip_text(&a, buf, IP_TEXT_MAX);
}

static void write_sid(struct str *out, const struct sim_topo *t, uint32_t router, struct ip_addr sid,
		      bool adjacency, unsigned algo)
{
	bool classic = t->routers.at[router].classic;
	char a[IP_TEXT_MAX];
	int behavior = adjacency ? (classic ? SR_BEHAVIOR_END_X : SR_BEHAVIOR_UA) :
				   (classic ? SR_BEHAVIOR_END : SR_BEHAVIOR_UN);

	str_addf(out,
		 "{ \"sid\": \"%s\", \"behavior\": %d, \"algorithm\": %u, \"structure\": { "
		 "\"block-length\": 32, \"node-length\": 16, \"function-length\": 16, "
		 "\"argument-length\": 0 } }",
		 text(sid, a), behavior, algo);
}

static unsigned number(const struct sim_topo *t, unsigned k)
{
	return k ? t->algo[k - 1].algo : 0;
}

/* What it takes part in, and the definitions it tells. */
static void write_algos(struct str *out, const struct sim_topo *t, uint32_t r)
{
	str_add(out, ", \"algorithm\": [0");
	for (unsigned k = 1; k <= t->n_algos; k++)
		if (sim_router_in(t, r, k))
			str_addf(out, ", %u", number(t, k));
	str_add(out, "]");
	for (unsigned k = 1; sim_router_defines(t, r) && k <= t->n_algos; k++) {
		const struct sim_algo *a = &t->algo[k - 1];

		str_addf(out, "%s{ \"algorithm\": %u, \"metric-type\": %u, \"priority\": 128",
			 k == 1 ? ", \"flex-algo-definition\": [" : ", ", a->algo, a->delay);
		for (unsigned bit = 0, any = 0; bit < 32; bit++)
			if (a->exclude_any & UINT32_C(1) << bit)
				str_addf(out, "%s%u", any++ ? ", " : ", \"exclude-any\": [", bit);
		str_addf(out, "%s }%s", a->exclude_any ? "]" : "", k == t->n_algos ? "]" : "");
	}
}

static void write_router(struct str *out, const struct sim_topo *t, uint32_t r)
{
	char a[IP_TEXT_MAX], p[IP_PREFIX_TEXT_MAX];
	uint32_t n = r + 1;

	str_addf(out, "%s\n{ \"node-id\": \"0000.%04x.%04x\", \"name\": \"%s\", ", r ? "," : "",
		 n >> 16, n & 0xffff, t->routers.at[r].name);
	str_addf(out, "\"router-id\": [\"%s\"], ", text(sim_loopback(t, r), a));
	str_addf(out, "\"prefix\": [\"%s/128\"], \"as-number\": %u, ", a, t->asn);
	str_add(out, "\"srv6\": { \"capable\": true, \"locator\": [");
	for (unsigned k = 0; k <= t->n_algos; k++)
		if (sim_router_in(t, r, k)) {
			struct ip_prefix locator = sim_locator_of(t, r, k);

			str_addf(out, "%s{ \"prefix\": \"%s\", \"algorithm\": %u }", k ? ", " : "",
				 ip_prefix_text(&locator, p, sizeof(p)), number(t, k));
		}
	str_add(out, "], \"sid\": [");
	for (unsigned k = 0; k <= t->n_algos; k++)
		if (sim_router_in(t, r, k)) {
			str_add(out, k ? ", " : "");
			write_sid(out, t, r, sim_node_sid_of(t, r, k), false, number(t, k));
		}
	str_add(out, "] }");
	write_algos(out, t, r);
	str_add(out, " }");
}

static void write_half(struct str *out, const struct sim_topo *t, uint32_t wire, unsigned side)
{
	const struct sim_wire *w = &t->wires.at[wire];
	const struct sim_half *h = &w->half[side];
	uint32_t from = w->end[side] + 1, to = w->end[1 - side] + 1;
	char a[IP_TEXT_MAX], b[IP_TEXT_MAX], sep = '[';

	str_addf(out, "{ \"source-node\": \"0000.%04x.%04x\", \"dest-node\": \"0000.%04x.%04x\", ",
		 from >> 16, from & 0xffff, to >> 16, to & 0xffff);
	str_addf(out, "\"local-address\": [\"%s\"], \"remote-address\": [\"%s\"], ",
		 text(sim_half_addr(wire, side), a), text(sim_half_addr(wire, 1 - side), b));
	str_addf(out, "\"igp-metric\": %u, \"te-metric\": %u, \"delay\": %u, \"max-bandwidth\": \"%llu\", ",
		 h->igp, h->te, h->delay_us, (unsigned long long)w->bw_bps);
	for (unsigned bit = 0; bit < 32 * SIM_ADMIN_WORDS; bit++)
		if (w->admin_group[bit / 32] & UINT32_C(1) << bit % 32) {
			str_addf(out, "%s%c%u", sep == '[' ? "\"admin-group\": " : "", sep, bit);
			sep = ',';
		}
	str_add(out, sep == ',' ? "], " : "");
	for (unsigned k = 0; k < w->n_srlg; k++)
		str_addf(out, "%s%u%s", k ? ", " : "\"srlg\": [", w->srlg[k], k + 1 == w->n_srlg ? "], " : "");
	str_add(out, "\"sid\": [");
	write_sid(out, t, w->end[side], sim_adj_sid(t, wire, side), true, 0);
	str_add(out, "] }");
}

void sim_topo_export(const struct sim_topo *t, struct str *out)
{
	bool first = true;

	str_add(out, "{ \"format\": \"sextant-topology\", \"version\": 1, \"nodes\": [");
	for (uint32_t r = 0; r < t->routers.n; r++)
		write_router(out, t, r);
	str_add(out, "\n], \"links\": [");
	for (uint32_t w = 0; w < t->wires.n; w++)
		for (unsigned s = 0; s < 2; s++)
			if (t->wires.at[w].half[s].there && sim_half_said(t, w, s)) {
				str_add(out, first ? "\n" : ",\n");
				first = false;
				write_half(out, t, w, s);
			}
	str_add(out, "\n] }\n");
}
