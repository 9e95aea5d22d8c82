/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Published cases of SRLG-disjoint pairs with a delay bound. They carry no optimum: the sums here
 * were found by a mixed integer program (two flows, a binary a leg and SRLG) outside of the
 * engine; 0: proved that there is no pair, -1: it did not end.
 */
#include "cases.h"

#include <math.h>

#include "pce/disjoint.h"

enum { CASES = 30 };

static const struct {
	const char *set;
	int difference; /* of the delays; -1: not bounded */
	int sum[CASES];
} sets[] = {
	{ "SrlgDisjoint-Interoute", -1,
	  { 0, 498, 927, 0, 0, 0, 0, 0, 912, 1273,
	    503, 620, 684, 785, 893, 927, 552, 0, 583, 0,
	    1074, 1354, 787, 0, 0, 755, 1159, -1, 357, 730 } },
	{ "SrlgDisjoint-Cogentco", -1,
	  { 1041, 434, 0, 0, 0, 1885, 464, 571, 779, 0,
	    1769, 1108, 0, 0, 735, 1060, 709, 1192, 0, 0,
	    0, 574, 0, 0, 1140, 742, 2052, 736, 2175, 392 } },
};

static void judge(const struct cases_topo *p, const struct pce_disjoint_answer *a, uint32_t delay_max)
{
	uint64_t cost = 0;

	ck_assert_uint_eq(a->met & PCE_DIVERSE_SRLG, PCE_DIVERSE_SRLG);
	for (unsigned k = 0; k < 2; k++) {
		uint32_t delay = 0;

		for (uint32_t i = 0; i < a->leg[k].n_path; i++) {
			delay += p->link[a->leg[k].path[i]].delay_us;
			cost += p->link[a->leg[k].path[i]].igp_metric;
		}
		ck_assert_uint_le(delay, delay_max);
	}
	ck_assert_uint_eq(cost, a->cost);
	for (uint32_t i = 0; i < a->leg[0].n_path; i++)
		for (uint32_t j = 0; j < a->leg[1].n_path; j++) {
			const struct ted_link *x = &p->link[a->leg[0].path[i]];
			const struct ted_link *y = &p->link[a->leg[1].path[j]];

			for (uint32_t r = 0; r < x->n_srlg; r++)
				for (uint32_t s = 0; s < y->n_srlg; s++)
					ck_assert_uint_ne(x->srlg[r], y->srlg[s]);
		}
}

static void run_case(const struct cases_topo *p, const struct ted *t, struct pce_request q, int set,
		     uint32_t id)
{
	struct pce_request leg[2] = { q, q };
	struct pce_disjoint req = { .leg = leg, .n_legs = 2, .diverse = PCE_DIVERSE_SRLG,
				    .strict = true };
	struct pce_disjoint_answer a;
	struct arena arena;
	int sum = sets[set].sum[id];

	req.bound_difference = sets[set].difference >= 0;
	req.delay_difference_us_max = req.bound_difference ? (uint32_t)sets[set].difference : 0;
	arena_init(&arena, 0);
	pce_disjoint_paths(t, &req, &arena, &a);
	if (sum == 0) {
		ck_assert_msg(a.status == PCE_NO_CONSTRAINED, "case %u: %s", id, a.why);
	} else {
		ck_assert_msg(a.status == PCE_OK, "case %u: %s", id, a.why);
		ck_assert_uint_eq(a.cost_least, a.cost);
		ck_assert_msg(sum < 0 || a.cost == (uint64_t)sum, "case %u: %llu, not %d", id,
			      (unsigned long long)a.cost, sum);
		judge(p, &a, q.delay_us_max);
	}
	arena_fini(&arena);
}

static void run_cases(FILE *f, const struct cases_topo *p, const struct ted *t, int set)
{
	AUTO(pce_trees_free) struct pce_trees *trees = NULL;
	unsigned id, src, dst, cases = 0;
	char line[300];
	double max;

	ck_assert_int_eq(pce_trees_new(&trees, 64U << 20), 0);
	while (fgets(line, sizeof(line), f)) {
		struct pce_request q = { .hops_max = PCE_NO_BOUND, .igp_max = PCE_NO_BOUND,
					 .te_max = PCE_NO_BOUND, .trees = trees };

		if (sscanf(line, "%u,%u,%u,%*f,%lf,", &id, &src, &dst, &max) != 4)
			continue;
		ck_assert_uint_lt(id, CASES);
		q.src = src;
		q.dst = dst;
		q.delay_us_max = (uint32_t)floor(max);
		run_case(p, t, q, set, id);
		cases++;
	}
	ck_assert_uint_eq(cases, CASES);
}

START_TEST(every_sum_is_the_least)
{
	static struct cases_topo topo; /* too large for a stack */
	FILE *f = cases_open(sets[_i].set, "topo.csv"), *tunnel = cases_open(sets[_i].set, "tunnel_trap.csv");

	if (f && tunnel) {
		const struct ted *t = cases_read(&topo, f);

		run_cases(tunnel, &topo, t, _i);
		ted_unref(t);
	}
	if (f)
		(void)fclose(f);
	if (tunnel)
		(void)fclose(tunnel);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("srlg cases");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, every_sum_is_the_least, 0, (int)(sizeof(sets) / sizeof(sets[0])));
	suite_add_tcase(s, t);
	return check_main(s);
}
