/* SPDX-License-Identifier: Apache-2.0 */
/* Published cases of paths with a delay window, with the costs of their optima. */
#include "check_main.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pce/path.h"

enum { NODES = 1100, LINKS = 8000 };

static struct ted_node node[NODES];
static struct ted_link link_[LINKS];
static uint32_t n_nodes, n_links;

static FILE *open_in(const char *set, const char *name)
{
	const char *shared = getenv("SEXTANT_SHARED");
	char path[600];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/data/constrained/%s/%s", shared ? shared : "", set, name);
	f = shared ? fopen(path, "r") : NULL;
	if (!f)
		(void)fprintf(stderr, "notice: not run, SEXTANT_SHARED has no %s/%s\n", set, name);
	return f;
}

static void pair_up(void)
{
	for (uint32_t i = 0; i < n_links; i++)
		for (uint32_t j = i + 1; j < n_links && link_[i].reverse == TED_NONE; j++)
			if (link_[j].reverse == TED_NONE && link_[j].from == link_[i].to &&
			    link_[j].to == link_[i].from) {
				link_[i].reverse = j;
				link_[j].reverse = i;
			}
}

static const struct ted *read_topo(FILE *f)
{
	struct ted_input in = { .nodes = node, .links = link_ };
	const struct ted *t = NULL;
	unsigned id, from, to, cost, delay;
	char line[300];

	memset(node, 0, sizeof(node));
	memset(link_, 0, sizeof(link_));
	n_nodes = n_links = 0;
	while (fgets(line, sizeof(line), f)) {
		struct ted_link *l = &link_[n_links];

		if (sscanf(line, "%u,%u,%u,%*u,%u,%*u,%u", &id, &from, &to, &cost, &delay) != 5)
			continue;
		ck_assert(n_links < LINKS && from < NODES && to < NODES);
		*l = (struct ted_link){ .alive = true, .from = from, .to = to, .reverse = TED_NONE,
					.has_igp = true, .igp_metric = cost, .has_delay = true,
					.delay_us = delay };
		n_links++;
		n_nodes = from >= n_nodes ? from + 1 : n_nodes;
		n_nodes = to >= n_nodes ? to + 1 : n_nodes;
	}
	for (uint32_t i = 0; i < n_nodes; i++) {
		node[i].alive = true;
		(void)snprintf(node[i].id, sizeof(node[i].id), "n%u", i);
	}
	pair_up();
	in.n_nodes = n_nodes;
	in.n_links = n_links;
	ck_assert_int_eq(ted_build(&in, &t), 0);
	return t;
}

static uint32_t run_cases(FILE *f, const struct ted *t, struct pce_trees *trees)
{
	uint32_t cases = 0;
	unsigned id, src, dst;
	double min, max, best;
	char line[300];

	while (fgets(line, sizeof(line), f)) {
		struct pce_request q = { .hops_max = PCE_NO_BOUND, .igp_max = PCE_NO_BOUND,
					 .te_max = PCE_NO_BOUND, .trees = trees };
		struct pce_answer a;
		struct arena arena;

		if (sscanf(line, "%u,%u,%u,%lf,%lf,%*f,%*d,%*d,%*d,%lf", &id, &src, &dst, &min, &max,
			   &best) != 6)
			continue;
		q.src = src;
		q.dst = dst;
		q.delay_us_min = (uint32_t)ceil(min);
		q.delay_us_max = (uint32_t)floor(max);
		arena_init(&arena, 0);
		pce_path(t, &q, &arena, &a);
		ck_assert_msg(a.status == PCE_OK, "case %u: %s", id, a.why);
		ck_assert_msg(a.delay_us >= q.delay_us_min && a.delay_us <= q.delay_us_max, "case %u", id);
		ck_assert_msg(a.cost == (uint64_t)best && a.cost_least == a.cost,
			      "case %u: %llu, the optimum is %.0f", id, (unsigned long long)a.cost, best);
		arena_fini(&arena);
		cases++;
	}
	return cases;
}

static const struct {
	const char *set;
	uint32_t cases;
} sets[] = { { "DelayRange-Cogentco", 370 },
	     { "DelayRange-Interoute", 415 },
	     { "DelayRange-node1000/k1/Case0", 43 } };

START_TEST(every_optimum_is_reached)
{
	AUTO(pce_trees_free) struct pce_trees *trees = NULL;
	FILE *topo = open_in(sets[_i].set, "topo.csv"), *tunnel = open_in(sets[_i].set, "tunnel.csv");
	const struct ted *t;

	if (topo && tunnel) {
		t = read_topo(topo);
		ck_assert_int_eq(pce_trees_new(&trees, 64U << 20), 0);
		ck_assert_uint_ge(run_cases(tunnel, t, trees), sets[_i].cases);
		ted_unref(t);
	}
	if (topo)
		(void)fclose(topo);
	if (tunnel)
		(void)fclose(tunnel);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("delay range");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, every_optimum_is_reached, 0, 3);
	suite_add_tcase(s, t);
	return check_main(s);
}
