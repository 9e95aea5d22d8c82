/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Seeded pseudo-random numbers (xoshiro256** seeded by splitmix64). Never for secrets. */
#include <stdint.h>

struct rng {
	uint64_t s[4];
};

void rng_seed(struct rng *r, uint64_t seed);
uint64_t rng_u64(struct rng *r);
/* Uniform in [0, n), n > 0. */
uint64_t rng_below(struct rng *r, uint64_t n);
