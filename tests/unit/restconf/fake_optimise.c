/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for the optimiser: id 7 is known, 8 is over; a plan of two changes, one of them a step. */
#include "fake.h"

int intent_optimise_start(struct intent *i, const struct intent_optimise_options *o, uint64_t *id,
			  const char **why)
{
	(void)i;
	fake.optimise = *o;
	*id = 7;
	*why = "another optimisation is under way";
	return fake.busy ? INTENT_E_BUSY : 0;
}

static int of_id(uint64_t id, const char **why)
{
	*why = id == 8 ? "it is over" : "there is no such optimisation";
	return id == 7 ? 0 : id == 8 ? INTENT_E_MODE : INTENT_E_MISSING;
}

int intent_optimise_cancel(struct intent *i, uint64_t id, const char **why)
{
	(void)i;
	fake.cancels++;
	return of_id(id, why);
}

int intent_optimise_apply(struct intent *i, uint64_t id, const char **why)
{
	(void)i;
	fake.applies++;
	return of_id(id, why);
}

bool intent_optimise_get(const struct intent *i, struct intent_optimise_view *out)
{
	(void)i;
	*out = (struct intent_optimise_view){ .id = 7, .state = INTENT_OPTIMISE_STOPPED,
					      .why = "step 1 of 1: silence", .options = fake.optimise,
					      .started_wall_ns = 1, .ended_wall_ns = 2,
					      .util_ppb = UINT64_MAX, .has_plan = true,
					      .n_movable = 9, .before_ppb = 812345678,
					      .after_ppb = 412345678, .fullest_after = "r0>r1",
					      .rollout = INTENT_ROLLOUT_DETOURS, .n_changes = 2 };
	return fake.optimise.midpoints > 0;
}

static void fake_key(struct sr_policy_key *k, uint32_t n)
{
	k->color = n + 1;
	ck_assert_int_eq(ip_parse("2001:db8::1", &k->headend), 0);
	k->endpoint = k->headend;
}

bool intent_optimise_change(const struct intent *i, uint32_t n, struct intent_optimise_change *out)
{
	(void)i;
	*out = (struct intent_optimise_change){ .bandwidth_bps = 5, .delay_us_from = UINT32_MAX,
						.delay_us_to = 3, .to = { .n = 2 } };
	fake_key(&out->key, n);
	out->to.at[0].sid = out->to.at[1].sid = out->key.headend;
	return n < 2;
}

bool intent_optimise_step(const struct intent *i, uint32_t n, struct intent_optimise_step *out)
{
	(void)i;
	*out = (struct intent_optimise_step){ .state = INTENT_STEP_FAILED, .why = "silence" };
	fake_key(&out->key, n);
	return n < 1;
}

bool intent_optimise_left(const struct intent *i, uint32_t n, struct intent_optimise_left *out)
{
	(void)i;
	*out = (struct intent_optimise_left){ .dropped = true, .why = "affinity" };
	fake_key(&out->key, n);
	return n < 1;
}
