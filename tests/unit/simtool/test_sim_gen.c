/* SPDX-License-Identifier: Apache-2.0 */
/* What goes with a generated network: demands and traces. */
#include "check_main.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "tools/sim/walk.h"

static void make(struct sim_topo *t, uint64_t seed, uint32_t routers)
{
	const struct sim_gen g = { .seed = seed, .routers = routers, .variant = SIM_CONDUITS };

	sim_topo_init(t);
	ck_assert_int_eq(sim_gen(t, &g), 0);
}

static char *demands_text(uint64_t seed, uint32_t routers)
{
	struct sim_demands d = { 0 };
	struct str out = { 0 };
	struct sim_topo t;

	make(&t, 1, routers);
	ck_assert_int_eq(sim_gen_demands(&t, seed, &d), 0);
	sim_demands_write(&t, &d, &out);
	VEC_FINI(&d);
	sim_topo_fini(&t);
	return str_take(&out);
}

START_TEST(the_same_seed_is_the_same_demands)
{
	AUTO_FREE char *a = demands_text(7, 90);
	AUTO_FREE char *b = demands_text(7, 90);
	AUTO_FREE char *c = demands_text(8, 90);

	ck_assert_str_eq(a, b);
	ck_assert_str_ne(a, c);
}
END_TEST

/* Nobody's demands are more than the links he has; most of somebody's links are needed. */
START_TEST(demands_fit_and_matter)
{
	struct sim_demands d = { 0 };
	struct sim_topo t;
	double most = 0;

	make(&t, 3, 300);
	ck_assert_int_eq(sim_gen_demands(&t, 3, &d), 0);
	ck_assert_uint_eq(d.n, 100 * 99);
	for (uint32_t r = 0; r < t.routers.n; r++) {
		double out = 0, room = 0;

		for (size_t i = 0; i < d.n; i++)
			out += d.at[i].src == r ? (double)d.at[i].bps : 0;
		for (uint32_t i = t.start[r]; i < t.start[r + 1]; i++)
			room += (double)t.wires.at[t.idx[i] / 2].bw_bps;
		ck_assert(out <= room);
		most = out / room > most ? out / room : most;
	}
	ck_assert(most > 0.05);
	VEC_FINI(&d);
	sim_topo_fini(&t);
}
END_TEST

START_TEST(a_network_of_one_router_has_no_demands)
{
	struct sim_demands d = { 0 };
	struct sim_topo t;

	make(&t, 1, 1);
	ck_assert_int_eq(sim_gen_demands(&t, 1, &d), 0);
	ck_assert_uint_eq(d.n, 0);
	sim_topo_fini(&t);
}
END_TEST

/* ---- traces ---- */

static char *trace_text(uint64_t seed)
{
	struct str out = { 0 };
	struct sim_topo t;

	make(&t, 1, 200);
	ck_assert_int_eq(sim_gen_trace(&t, seed, 300, &out), 0);
	sim_topo_fini(&t);
	return str_take(&out);
}

START_TEST(the_same_seed_is_the_same_trace)
{
	AUTO_FREE char *a = trace_text(7);
	AUTO_FREE char *b = trace_text(7);
	AUTO_FREE char *c = trace_text(8);

	ck_assert_str_eq(a, b);
	ck_assert_str_ne(a, c);
}
END_TEST

static uint32_t wire_of(const struct sim_topo *t, const char *name)
{
	char buf[SIM_WIRE_TEXT_MAX];

	for (uint32_t w = 0; w < t->wires.n; w++)
		if (strcmp(sim_wire_text(t, w, buf, sizeof(buf)), name) == 0)
			return w;
	return SIM_NONE;
}

/* Every line names a wire, comes in time, changes something; cuts take several at once. */
START_TEST(a_trace_can_be_carried_out_and_ends_where_it_began)
{
	AUTO_FREE char *text = trace_text(7);
	unsigned long last = 0, n = 0, metrics = 0, cuts = 0, soon = 0;
	struct sim_topo t;
	char *save = NULL;

	make(&t, 1, 200);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char word[16], name[SIM_WIRE_TEXT_MAX];
		unsigned long ms;
		unsigned value = 0;
		uint32_t w;

		if (line[0] == '#')
			continue;
		ck_assert_int_ge(sscanf(line, "%lu %15s %67s %u", &ms, word, name, &value), 3);
		w = wire_of(&t, name);
		ck_assert_uint_ne(w, SIM_NONE);
		ck_assert_uint_ge(ms, last);
		if (strcmp(word, "metric") == 0) {
			ck_assert(value >= 1 && value <= SIM_METRIC_MAX);
			(void)sim_wire_metric(&t, w, value);
			metrics++;
		} else {
			ck_assert_msg(sim_wire_set(&t, w, strcmp(word, "up") == 0), "%s", line);
			soon = ms - last <= 50 && strcmp(word, "down") == 0 ? soon + 1 : 0;
			cuts += soon >= 2;
		}
		last = ms;
		n++;
	}
	ck_assert_uint_ge(n, 400);
	ck_assert_uint_ge(metrics, 40);
	ck_assert_uint_ge(cuts, 5);
	for (uint32_t w = 0; w < t.wires.n; w++)
		ck_assert(t.wires.at[w].up);
	sim_topo_fini(&t);
}
END_TEST

/* ---- Flex-Algo ---- */

static void make_flex(struct sim_topo *t)
{
	const struct sim_gen g = { .seed = 2, .routers = 300, .variant = SIM_FLEX, .classic_pct = 20 };

	sim_topo_init(t);
	ck_assert_int_eq(sim_gen(t, &g), 0);
}

START_TEST(most_take_part_and_have_sids_of_their_own)
{
	struct sim_topo t;
	uint32_t in[3] = { 0 }, off = 0;

	make_flex(&t);
	ck_assert_uint_eq(t.n_algos, 2);
	for (uint32_t r = 0; r < t.routers.n; r++)
		for (unsigned k = 0; k <= t.n_algos; k++) {
			struct ip_addr a = sim_node_sid_of(&t, r, k);

			in[k] += sim_router_in(&t, r, k);
			ck_assert_uint_eq(sim_algo_of(&a), k);
			ck_assert_uint_eq(sim_router_by_addr(&t, &a), sim_router_in(&t, r, k) ? r : SIM_NONE);
		}
	ck_assert_uint_eq(in[0], 300);
	for (unsigned k = 1; k < 3; k++)
		ck_assert(in[k] >= 250 && in[k] < 300);
	for (uint32_t w = 0; w < t.wires.n; w++)
		off += sim_half_cost(&t, 2 * w, 2) == UINT32_MAX && sim_half_cost(&t, 2 * w, 0) != UINT32_MAX;
	ck_assert_uint_gt(off, 0);
	sim_topo_fini(&t);
}
END_TEST

/* A packet of 128 takes the quickest way there is among those that take part, one of 0 the cheapest. */
START_TEST(a_packet_goes_by_its_algorithms_metric)
{
	AUTO(sim_paths_free) struct sim_paths *p = NULL;
	uint32_t quicker = 0, seen = 0;
	struct sim_topo t;

	make_flex(&t);
	ck_assert_int_eq(sim_paths_new(&p, &t), 0);
	for (uint32_t r = 1; r < 100; r++) {
		struct ip_addr plain = sim_node_sid(&t, r), quick = sim_node_sid_of(&t, r, 1);
		struct sim_walk a, b;

		if (!sim_router_in(&t, 0, 1) || !sim_router_in(&t, r, 1))
			continue;
		sim_walk(p, 0, &plain, 1, &a, NULL);
		sim_walk(p, 0, &quick, 1, &b, NULL);
		ck_assert(a.ok);
		if (!b.ok) /* cut off by those that take no part */
			continue;
		seen++;
		ck_assert_uint_eq(b.delay_us_min, b.delay_us_max);
		quicker += b.delay_us_max < a.delay_us_min;
	}
	ck_assert_uint_ge(seen, 50);
	ck_assert_uint_ge(quicker, 5);
	sim_topo_fini(&t);
}
END_TEST

START_TEST(without_the_word_there_is_no_flex_algo)
{
	struct sim_topo t;
	struct ip_addr a;

	make(&t, 2, 300);
	ck_assert_uint_eq(t.n_algos, 0);
	a = sim_node_sid_of(&t, 5, 1);
	ck_assert_uint_eq(sim_router_by_addr(&t, &a), SIM_NONE);
	sim_topo_fini(&t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sim_gen");
	TCase *d = tcase_create("demands"), *c = tcase_create("traces"), *f = tcase_create("flex");

	tcase_add_test(d, the_same_seed_is_the_same_demands);
	tcase_add_test(d, demands_fit_and_matter);
	tcase_add_test(d, a_network_of_one_router_has_no_demands);
	suite_add_tcase(s, d);
	tcase_add_test(c, the_same_seed_is_the_same_trace);
	tcase_add_test(c, a_trace_can_be_carried_out_and_ends_where_it_began);
	suite_add_tcase(s, c);
	tcase_add_test(f, most_take_part_and_have_sids_of_their_own);
	tcase_add_test(f, a_packet_goes_by_its_algorithms_metric);
	tcase_add_test(f, without_the_word_there_is_no_flex_algo);
	suite_add_tcase(s, f);
	return check_main(s);
}
