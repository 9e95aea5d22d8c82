/* SPDX-License-Identifier: Apache-2.0 */
/* Telemetry in, verdicts out: streams marked in windows of a second, counted at eight points each,
 * one packet in a hundred of a tenth of them lost somewhere. */
#include "assure/verdict/assure.h"
#include "base/mono.h"
#include "base/rng.h"
#include "tools/bench/bench.h"

enum { STREAMS = 10000, POINTS = 8, WARM = 3, WINDOWS = 30, PERIOD_MS = 1000, GUARD_MS = 200 };

struct load {
	struct assure *a;
	struct rng rng;
	uint64_t counter[STREAMS][2][POINTS];
	uint64_t told, known, violated, segments;
};

static void on_window(void *arg, const struct assure_window *w)
{
	struct load *l = arg;

	l->told++;
	l->known += w->verdict != ASSURE_UNKNOWN;
	l->violated += w->verdict == ASSURE_VIOLATED;
	l->segments += w->n_segments;
}

/* One packet a period is D-marked, and one millisecond under way between two points. */
static void window(struct load *l, uint64_t k)
{
	uint64_t end = (k + 1) * PERIOD_MS * NS_PER_MS;

	for (uint64_t id = 0; id < STREAMS; id++) {
		uint64_t *c = l->counter[id][k % 2];
		uint64_t at = id % 10 == 0 ? rng_below(&l->rng, POINTS) : POINTS;

		for (uint32_t p = 0; p < POINTS; p++) {
			struct assure_report r = { .point = { p / 2, p % 2 },
						   .period = k,
						   .d_ns = end - NS_PER_S / 2 + (p + 1) * NS_PER_MS,
						   .d_error_us = 10 };

			c[p] += p >= at ? 990 : 1000;
			r.packets = c[p];
			(void)assure_report(l->a, id, &r, end + GUARD_MS / 2 * NS_PER_MS);
		}
	}
	assure_advance(l->a, end + GUARD_MS * NS_PER_MS, on_window, l);
}

void bench_assure(struct bench *b)
{
	static struct load l;
	const struct assure_terms t = { .period_ms = PERIOD_MS, .guard_ms = GUARD_MS,
					.loss_ppm_max = 1000, .delay_us_max = 20000,
					.percentile_ppm = 900000, .horizon = 60, .at_risk_pct = 80,
					.to_violate = 3, .to_clear = 3 };
	struct assure_point path[POINTS];
	uint64_t start;

	if (!bench_wants(b, "assure_streams"))
		return;
	for (uint32_t p = 0; p < POINTS; p++)
		path[p] = (struct assure_point){ p / 2, p % 2 };
	rng_seed(&l.rng, b->seed);
	if (assure_new(&l.a, STREAMS, b->seed) < 0) {
		bench_fail(b, "assure", "no memory");
		return;
	}
	for (uint64_t id = 0; id < STREAMS; id++)
		if (assure_add(l.a, id, &t, path, POINTS, WARM * NS_PER_S))
			bench_fail(b, "assure", "a stream is refused");
	for (uint64_t k = 0; k < WARM; k++)
		window(&l, WARM + k);
	start = bench_cpu_ns();
	for (uint64_t k = 0; k < WINDOWS; k++)
		window(&l, 2 * WARM + k);
	/* windows are of a second: processor time of one is the share of a core */
	bench_row(b, "assure_streams_10k_core", (double)(bench_cpu_ns() - start) / 1e9 / WINDOWS, "core");
	if (l.told != (uint64_t)STREAMS * (WARM + WINDOWS) || l.violated == 0 || l.known == 0)
		bench_fail(b, "assure", "windows are missing");
	l.a = assure_free(l.a);
}
