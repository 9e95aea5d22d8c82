/* SPDX-License-Identifier: Apache-2.0 */
/* Published cases of paths with a delay window, with the costs of their optima. */
#include "cases.h"

#include <math.h>

#include "pce/path.h"

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
	static struct cases_topo net; /* too large for a stack */
	AUTO(pce_trees_free) struct pce_trees *trees = NULL;
	FILE *topo = cases_open(sets[_i].set, "topo.csv"), *tunnel = cases_open(sets[_i].set, "tunnel.csv");
	const struct ted *t;

	if (topo && tunnel) {
		t = cases_read(&net, topo);
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
