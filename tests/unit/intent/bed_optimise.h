/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* A world with an optimiser: see bed_optimise.c. */
#include <math.h>

#include "intent/optimise.h"
#include "world.h"

#define SAME(A, B) ck_assert_msg(fabs((A) - (B)) < 1e-6, "%f is not %f", (A), (B))

double fullest(void); /* the fullest link, by what headends have in use */
bool crosses(const struct intent_view *v, uint32_t link); /* some of its packets do */
void never_over(void); /* what is booked fits everywhere */

struct intent_optimise_options options(bool apply);
uint64_t start(const struct intent_optimise_options *o);
const struct intent_optimise_view *now(void);
const struct intent_optimise_view *computed(void); /* waits for the search */
const struct intent_optimise_view *optimise(bool apply);
/* Headends answer until nothing is asked any more; what is booked is looked at in between. */
void all_answer(void);
