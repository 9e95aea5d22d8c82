/* SPDX-License-Identifier: Apache-2.0 */
/*
 * topo.csv and tunnel.csv, as research on constrained paths passes them round. Columns are found
 * by their headings. Units: delays are milliseconds with up to three decimals, bandwidths Mbit/s.
 *
 * topo:   LinkID,SourceID,DestinationID,PeerID,Cost,Bandwidth,Delay,SRLGNum,SRLGs (a|b|c)
 * tunnel: demandID,SourceID,DestinationID,MinDelay,MaxDelay,Bandwidth,Ishotstandby,
 *         DelayDifference,DisjointType,WorkOptCost,…
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/plan/plan_int.h"

enum { SRLGS_MAX = 64, MS_DIGITS = 3, MBPS = 1000000 };

struct column {
	const char *name, *other; /* letters and digits alone count */
	bool must;
};

/* "Peer ID" is "PeerID". */
static bool same_heading(const char *a, const char *b)
{
	while (*a || *b) {
		if (*a && !isalnum((unsigned char)*a)) {
			a++;
		} else if (*b && !isalnum((unsigned char)*b)) {
			b++;
		} else {
			if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
				return false;
			a++;
			b++;
		}
	}
	return true;
}

/* Where each column of the table is: at[], PLAN_WORDS_MAX when it is not there. */
static int headings(struct plan_text *t, const struct column *cols, size_t n, unsigned *at)
{
	int rc = plan_text_next(t, ',');

	if (rc == 0)
		return plan_text_bad(t, "an empty file");
	for (size_t c = 0; rc > 0 && c < n; c++) {
		at[c] = PLAN_WORDS_MAX;
		for (unsigned w = 0; w < t->n; w++)
			if (same_heading(t->word[w], cols[c].name) ||
			    (cols[c].other && same_heading(t->word[w], cols[c].other)))
				at[c] = w;
		if (at[c] == PLAN_WORDS_MAX && cols[c].must)
			return plan_text_bad(t, "no column '%s'; this is no format known here",
					     cols[c].name);
	}
	return rc < 0 ? rc : 0;
}

static const char *cell(const struct plan_text *t, unsigned at)
{
	return at < t->n ? t->word[at] : "";
}

/* ---- topo.csv ---- */

enum { L_ID, L_FROM, L_TO, L_COST, L_BW, L_DELAY, L_SRLG_N, L_SRLGS, L_COUNT };

static const struct column link_cols[L_COUNT] = {
	{ "LinkID", NULL, true },	 { "SourceID", NULL, true },
	{ "DestinationID", "Destination", true }, { "Cost", NULL, true },
	{ "Bandwidth", NULL, true },	 { "Delay", NULL, true },
	{ "SRLGNum", NULL, false },	 { "SRLGs", NULL, false },
};

static int srlgs(struct plan_net *n, struct plan_text *t, char *list, uint64_t count,
		 struct ted_link *l)
{
	uint32_t id[SRLGS_MAX], *own;
	uint16_t k = 0;
	char *save = NULL;

	if (count == 0) /* some files then write a 0 that means nothing */
		return 0;

	for (char *w = strtok_r(list, "|", &save); w; w = strtok_r(NULL, "|", &save)) {
		uint64_t v;

		if (k == SRLGS_MAX)
			return plan_text_bad(t, "more than %d SRLGs", SRLGS_MAX);
		if (plan_text_number(t, "SRLG", w, 0, UINT32_MAX, &v) < 0)
			return -EINVAL;
		id[k++] = (uint32_t)v;
	}
	if (k != count)
		return plan_text_bad(t, "SRLGNum is %llu, there are %u", (unsigned long long)count, k);
	own = arena_copy(&n->arena, id, k * sizeof(*own));
	if (k && !own)
		return plan_text_bad(t, "no memory");
	l->srlg = k ? own : NULL;
	l->n_srlg = k;
	return 0;
}

/* Nodes are there because links name them. */
static int end_of(struct plan_net *n, struct plan_text *t, const char *word, uint32_t *out)
{
	struct ted_node x = { .alive = true };
	uint64_t v;
	int64_t at;

	if (plan_text_number(t, "node", word, 0, UINT32_MAX, &v) < 0)
		return -EINVAL;
	(void)snprintf(x.id, sizeof(x.id), "%llu", (unsigned long long)v);
	*out = plan_node_find(n, x.id);
	if (*out != TED_NONE)
		return 0;
	at = plan_node_add(n, &x);
	*out = (uint32_t)at;
	return at < 0 ? plan_text_bad(t, "too many nodes, or no memory") : 0;
}

static int link_row(struct plan_net *n, struct plan_text *t, const unsigned *at)
{
	struct ted_link l = { .alive = true, .reverse = TED_NONE, .has_igp = true, .has_te = true,
			      .has_delay = true, .flex_plain = true };
	uint64_t id, cost, mbps, us, n_srlgs = 0;
	const char *text = cell(t, at[L_SRLG_N]);

	if (plan_text_number(t, "LinkID", cell(t, at[L_ID]), 0, UINT32_MAX - 1, &id) < 0 ||
	    end_of(n, t, cell(t, at[L_FROM]), &l.from) < 0 ||
	    end_of(n, t, cell(t, at[L_TO]), &l.to) < 0 ||
	    plan_text_number(t, "Cost", cell(t, at[L_COST]), 1, TED_METRIC_MAX, &cost) < 0 ||
	    plan_text_decimal(t, "Bandwidth", cell(t, at[L_BW]), 0, false, PLAN_BPS_MAX / MBPS,
			      &mbps) < 0 ||
	    plan_text_decimal(t, "Delay", cell(t, at[L_DELAY]), MS_DIGITS, true, PLAN_DELAY_MAX,
			      &us) < 0 ||
	    (*text && plan_text_number(t, "SRLGNum", text, 0, SRLGS_MAX, &n_srlgs) < 0) ||
	    srlgs(n, t, (char *)(uintptr_t)cell(t, at[L_SRLGS]), n_srlgs, &l) < 0)
		return -EINVAL;
	if (!plan_link_id_take(n, cell(t, at[L_ID])))
		return plan_text_bad(t, "a second link %.64s", cell(t, at[L_ID]));
	if (l.from == l.to) {
		n->n_loops++;
		return 0;
	}
	l.local_id = (uint32_t)id + 1;
	l.igp_metric = l.te_metric = (uint32_t)cost;
	l.delay_us = l.delay_min_us = l.delay_max_us = (uint32_t)us;
	l.max_bw_bps = l.capacity_bps = mbps * MBPS;
	return plan_link_add(n, &l, cell(t, at[L_ID])) ? 0 :
							 plan_text_bad(t, "too many links, or no memory");
}

int plan_csv_read(struct plan_net *n, struct plan_text *t)
{
	unsigned at[L_COUNT] = { 0 };
	int rc = headings(t, link_cols, L_COUNT, at);

	if (rc < 0)
		return rc;
	while ((rc = plan_text_next(t, ',')) > 0) {
		rc = link_row(n, t, at);
		if (rc < 0)
			break;
	}
	return rc;
}

/* ---- tunnel.csv ---- */

enum {
	T_ID, T_FROM, T_TO, T_MIN, T_MAX, T_BW, T_PAIR, T_DIFF, T_DISJOINT, T_KNOWN, T_COUNT
};

static const struct column tunnel_cols[T_COUNT] = {
	{ "demandID", NULL, true },		  { "SourceID", NULL, true },
	{ "DestinationID", "Destination", true }, { "MinDelay", NULL, true },
	{ "MaxDelay", NULL, true },		  { "Bandwidth", NULL, true },
	{ "Ishotstandby", NULL, false },	  { "DelayDifference", NULL, false },
	{ "DisjointType", NULL, false },	  { "WorkOptCost", "WorkOpt", false },
};

static int tunnel_ends(const struct plan_net *n, struct plan_text *t, const unsigned *at,
		       struct plan_ask *x)
{
	x->r.src = plan_node_find(n, cell(t, at[T_FROM]));
	x->r.dst = plan_node_find(n, cell(t, at[T_TO]));
	if (x->r.src == TED_NONE || x->r.dst == TED_NONE)
		return plan_text_bad(t, "no node '%.64s' in the topology",
				     cell(t, at[x->r.src == TED_NONE ? T_FROM : T_TO]));
	if (x->r.src == x->r.dst)
		return plan_text_bad(t, "from a node to itself");
	return 0;
}

/* A window between milliseconds that are no whole microseconds: inwards. */
static int tunnel_bounds(struct plan_text *t, const unsigned *at, struct plan_ask *x)
{
	uint64_t min, max, mbps;

	if (plan_text_decimal(t, "MinDelay", cell(t, at[T_MIN]), MS_DIGITS, true, UINT32_MAX - 1,
			      &min) < 0 ||
	    plan_text_decimal(t, "MaxDelay", cell(t, at[T_MAX]), MS_DIGITS, false, UINT32_MAX - 1,
			      &max) < 0 ||
	    plan_text_decimal(t, "Bandwidth", cell(t, at[T_BW]), 0, true, PLAN_BPS_MAX / MBPS,
			      &mbps) < 0)
		return -EINVAL;
	if (min > max)
		return plan_text_bad(t, "MinDelay %s is above MaxDelay %s", cell(t, at[T_MIN]),
				     cell(t, at[T_MAX]));
	x->r.delay_us_min = (uint32_t)min;
	x->r.delay_us_max = (uint32_t)max;
	x->r.bandwidth_bps = mbps * MBPS;
	return 0;
}

/* DisjointType: -1 none, 0 links, 1 nodes, 2 SRLGs; Ishotstandby: a pair is wanted, and
 * DelayDifference bounds what its delays differ by. */
static int tunnel_pair(struct plan_text *t, const unsigned *at, struct plan_ask *x)
{
	static const enum plan_disjoint kinds[] = { PLAN_LINKS, PLAN_NODES, PLAN_SRLGS };
	const char *type = cell(t, at[T_DISJOINT]), *pair = cell(t, at[T_PAIR]);
	const char *diff = cell(t, at[T_DIFF]);
	uint64_t v = 0, us;

	if (*pair && plan_text_number(t, "Ishotstandby", pair, 0, 1, &v) < 0)
		return -EINVAL;
	if (v == 0)
		return 0;
	if (strcmp(type, "-1") == 0 || !*type)
		return plan_text_bad(t, "Ishotstandby without a DisjointType");
	if (plan_text_number(t, "DisjointType", type, 0, ARRAY_LEN(kinds) - 1, &v) < 0)
		return -EINVAL;
	x->disjoint = kinds[v];
	x->legs = 2;
	if (*diff) {
		if (plan_text_decimal(t, "DelayDifference", diff, MS_DIGITS, false, UINT32_MAX - 1, &us) < 0)
			return -EINVAL;
		x->delay_diff_us_told = (uint32_t)us;
	}
	return 0;
}

static int tunnel_row(struct plan_asks *a, const struct plan_net *n, struct plan_text *t,
		      const unsigned *at)
{
	struct plan_ask x = plan_ask_none();
	const char *known = cell(t, at[T_KNOWN]);

	if (!*cell(t, at[T_ID]) || !str_copy(x.name, sizeof(x.name), cell(t, at[T_ID])))
		return plan_text_bad(t, "demandID is missing or too long");
	if (!plan_name_take(a, &a->names, x.name))
		return plan_text_bad(t, "a second demand %s", x.name);
	if (tunnel_ends(n, t, at, &x) < 0 || tunnel_bounds(t, at, &x) < 0 ||
	    tunnel_pair(t, at, &x) < 0)
		return -EINVAL;
	if (*known && plan_text_decimal(t, "optimum", known, 0, true, UINT64_MAX, &x.known) < 0)
		return -EINVAL;
	x.has_known = x.known > 0; /* 0: they had none */
	return plan_ask_add(a, &x) ? 0 : plan_text_bad(t, "too many, or no memory");
}

int plan_tunnels_read(struct plan_asks *a, const struct plan_net *n, struct plan_text *t)
{
	unsigned at[T_COUNT] = { 0 };
	int rc = headings(t, tunnel_cols, T_COUNT, at);

	if (rc < 0)
		return rc;
	while ((rc = plan_text_next(t, ',')) > 0) {
		rc = tunnel_row(a, n, t, at);
		if (rc < 0)
			break;
	}
	return rc;
}
