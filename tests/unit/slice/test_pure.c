/* SPDX-License-Identifier: Apache-2.0 */
/* What documents come to: promises resolved, flows, policies, shares, slices inside of slices. */
#include <stdio.h>

#include "base/auto.h"
#include "base/rng.h"
#include "pce/disjoint.h"
#include "slice/plan.h"
#include "text.h"

static struct arena arena;
static uint32_t next_color, next_apart;
static struct sr_policy_key taken;

static void setup(void)
{
	arena_init(&arena, 16 << 20);
	next_color = 100;
	next_apart = 40000;
	taken = (struct sr_policy_key){ 0 };
}

static void teardown(void)
{
	arena_fini(&arena);
}

/* ---- what is promised ---- */

enum { TEMPLATES = 8, ROUNDS = 20000 };

static struct slice_template templates[TEMPLATES];
static const char *const names[TEMPLATES] = { "a", "b", "c", "d", "e", "f", "g", "h" };

static const struct slice_template *find(const void *ctx, const char *id)
{
	(void)ctx;
	for (unsigned i = 0; i < TEMPLATES; i++) {
		if (templates[i].id && strcmp(templates[i].id, id) == 0)
			return &templates[i];
	}
	return NULL;
}

static const struct slice_catalogue catalogue = { .find = find };

static void some_slo(struct rng *r, struct slice_slo *out)
{
	*out = (struct slice_slo){ 0 };
	for (unsigned m = 0; m < SLICE_METRICS; m++) {
		if (rng_below(r, 3) == 0)
			out->bound[m] = (struct slice_bound){ true, rng_below(r, 4), 0 };
	}
	out->nines = rng_below(r, 2) ? (uint8_t)(2 + rng_below(r, 5)) : 0;
	out->mtu = rng_below(r, 2) ? (uint32_t)(1280 + rng_below(r, 99)) : 0;
	out->has_diversity = rng_below(r, 2);
	out->diversity = out->has_diversity ? (uint8_t)rng_below(r, 8) : 0;
	out->has_isolation = rng_below(r, 2);
	out->isolation = out->has_isolation ? (uint8_t)rng_below(r, 4) : 0;
}

static void some_templates(struct rng *r)
{
	for (unsigned i = 0; i < TEMPLATES; i++) {
		templates[i].id = names[i];
		templates[i].parent = rng_below(r, 2) ? names[rng_below(r, TEMPLATES)] : NULL;
		some_slo(r, &templates[i].slo);
	}
}

/* The oracle asks one question at a time, from the lowest level up: who says it first? */
enum { ASK_NINES = SLICE_METRICS, ASK_MTU, ASK_DIVERSITY, ASK_ISOLATION, ASKS };

static bool says(const struct slice_slo *s, unsigned ask, uint64_t *out)
{
	if (ask < SLICE_METRICS) {
		*out = s->bound[ask].value;
		return s->bound[ask].set;
	}
	*out = ask == ASK_NINES ? s->nines : ask == ASK_MTU ? s->mtu : ask == ASK_DIVERSITY ? s->diversity : s->isolation;
	return ask == ASK_NINES || ask == ASK_MTU ? *out : ask == ASK_DIVERSITY ? s->has_diversity : s->has_isolation;
}

/* -1: it never ends. */
static int template_says(const char *id, unsigned ask, uint64_t *out)
{
	bool found = false;
	uint64_t v;

	for (unsigned hops = 0; id; hops++) {
		const struct slice_template *t = find(NULL, id);

		if (hops > TEMPLATES)
			return -1;
		if (!found && says(&t->slo, ask, &v)) {
			found = true;
			*out = v;
		}
		id = t->parent;
	}
	return found;
}

static int answer(const struct slice_policy *const *levels, unsigned n, unsigned ask, uint64_t *out)
{
	*out = 0;
	for (unsigned i = n; i > 0; i--) {
		const struct slice_policy *p = levels[i - 1];
		int r = p->template_ref ? template_says(p->template_ref, ask, out) :
			p->custom	? says(&p->slo, ask, out) :
					  0;

		if (r != 0)
			return r;
		if (p->override == SLICE_FULL && (p->template_ref || p->custom))
			return 0;
	}
	return 0;
}

static bool circular(const struct slice_policy *const *levels, unsigned n)
{
	uint64_t v;

	for (unsigned i = 0; i < n; i++) {
		if (levels[i]->template_ref && template_says(levels[i]->template_ref, 0, &v) < 0)
			return true;
	}
	return false;
}

START_TEST(levels_resolve_as_the_oracle_says)
{
	struct rng r;
	unsigned circles = 0, good = 0;

	rng_seed(&r, 4);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct slice_policy p[4] = { 0 };
		const struct slice_policy *levels[4] = { &p[0], &p[1], &p[2], &p[3] };
		struct slice_fault f = { 0 };
		struct slice_slo slo;
		unsigned n = 3 + (unsigned)rng_below(&r, 2);
		int rc;

		some_templates(&r);
		for (unsigned i = 0; i < n; i++) {
			p[i].override = rng_below(&r, 3) == 0 ? SLICE_FULL : SLICE_PARTIAL;
			if (rng_below(&r, 3) == 0)
				p[i].template_ref = names[rng_below(&r, TEMPLATES)];
			else if (rng_below(&r, 2)) {
				p[i].custom = true;
				some_slo(&r, &p[i].slo);
			}
		}
		rc = slice_slo_resolve(&catalogue, levels, n, &slo, &f);
		ck_assert_int_eq(rc < 0, circular(levels, n));
		circles += rc < 0;
		good += rc == 0;
		for (unsigned ask = 0; rc == 0 && ask < ASKS; ask++) {
			uint64_t want = 0, got = 0;

			(void)answer(levels, n, ask, &want);
			(void)says(&slo, ask, &got);
			ck_assert_msg(want == got, "round %u ask %u: %lu, not %lu", round, ask,
				      (unsigned long)got, (unsigned long)want);
		}
	}
	ck_assert_uint_gt(circles, ROUNDS / 100);
	ck_assert_uint_gt(good, ROUNDS / 2);
}
END_TEST

START_TEST(template_that_is_not_there_is_named)
{
	struct slice_policy p = { .template_ref = "nobody" };
	const struct slice_policy *levels[] = { &p };
	struct slice_fault f = { 0 };
	struct slice_slo slo;

	memset(templates, 0, sizeof(templates));
	ck_assert_int_lt(slice_slo_resolve(&catalogue, levels, 1, &slo, &f), 0);
	ck_assert_str_eq(f.text, "there is no template nobody");
}
END_TEST

START_TEST(terms_take_the_margin_off_and_halve_what_goes_both_ways)
{
	struct slice_slo s = { 0 };
	struct slice_terms t;

	slice_terms(&s, 10, &t);
	ck_assert(t.delay_us_max == PCE_NO_BOUND && t.loss_ppm_max == PCE_NO_BOUND &&
		  t.variation_us_max == PCE_NO_BOUND && t.bandwidth_bps == 0 && !t.two_way);
	s.bound[SLICE_DELAY_PCT] = (struct slice_bound){ true, 20000000, 99000 };
	s.bound[SLICE_LOSS] = (struct slice_bound){ true, 0, 0 }; /* said to have none */
	slice_terms(&s, 10, &t);
	ck_assert_uint_eq(t.delay_us_max, 18000);
	ck_assert(t.promised_us == 20000 && t.percentile_milli == 99000);
	ck_assert_uint_eq(t.loss_ppm_max, PCE_NO_BOUND);
	s.bound[SLICE_DELAY2_MAX] = (struct slice_bound){ true, 30000000, 0 };
	s.bound[SLICE_LOSS2] = (struct slice_bound){ true, 101, 0 };
	s.bound[SLICE_BW_ONE_WAY] = (struct slice_bound){ true, 5, 0 };
	s.bound[SLICE_BW_TWO_WAY] = (struct slice_bound){ true, 7, 0 };
	slice_terms(&s, 10, &t);
	ck_assert_uint_eq(t.delay_us_max, 13500);
	ck_assert(t.promised_us == 15000 && t.percentile_milli == 0); /* of all packets */
	ck_assert_uint_eq(t.loss_ppm_max, 50);
	ck_assert_uint_eq(t.ceiling_us, PCE_NO_BOUND); /* the strictest is for all */
	s.bound[SLICE_DELAY2_MAX].value = 50000000;
	slice_terms(&s, 10, &t);
	ck_assert(t.promised_us == 20000 && t.percentile_milli == 99000 && t.ceiling_us == 25000);
	s.bound[SLICE_DELAY_MAX] = (struct slice_bound){ true, 22000000, 0 };
	slice_terms(&s, 10, &t);
	ck_assert(t.promised_us == 20000 && t.ceiling_us == 22000);
	s.bound[SLICE_VARIATION_PCT] = (struct slice_bound){ true, 3000000, 99900 };
	s.bound[SLICE_VARIATION_MAX] = (struct slice_bound){ true, 9000000, 0 };
	slice_terms(&s, 10, &t);
	ck_assert(t.variation_us_max == 3000 && t.variation_milli == 99900);
	s.bound[SLICE_VARIATION2_MAX] = (struct slice_bound){ true, 4000000, 0 };
	slice_terms(&s, 10, &t);
	ck_assert(t.variation_us_max == 2000 && t.variation_milli == 0);
	ck_assert_uint_eq(t.bandwidth_bps, 7);
	ck_assert(t.two_way);
}
END_TEST

/* ---- flows ---- */

static struct slice_service service;
static struct slice_flows flows;
static struct slice_fault fault;

static int expand(const char *text)
{
	int r;

	read_ok(text, &arena, &service);
	fault = (struct slice_fault){ 0 };
	r = slice_roles(&service, &arena, &fault);
	return r < 0 ? r : slice_expand(&service, &catalogue, 10, &arena, &flows, &fault);
}

static const struct slice_flow *flow(const char *from, const char *to)
{
	const struct slice_flow *found = NULL;

	for (uint32_t i = 0; i < flows.n; i++) {
		if (strcmp(service.sdps[flows.at[i].sender].id, from) == 0 &&
		    strcmp(service.sdps[flows.at[i].receiver].id, to) == 0) {
			ck_assert_msg(!found, "%s to %s is there twice", from, to);
			found = &flows.at[i];
		}
	}
	return found;
}

#define RATE(n) "," CUSTOM(BOUND("one-way-bandwidth", "Mbps", n))
#define HUB4                                                                                       \
	SDP("h", "n0", "g", ROLE("hub")) "," SDP("a", "n1", "g", ROLE("spoke")) ","                \
	SDP("b", "n2", "g", ROLE("spoke")) "," SDP("c", "n3", "g", ROLE("spoke"))
#define BARE(type) "{\"id\":\"g\",\"connectivity-type\":\"" type "\"}"

START_TEST(hub_and_spokes_are_twice_n_less_one_flows)
{
	ck_assert_int_eq(expand(SERVICE("x", CUSTOM(BOUND("one-way-bandwidth", "Mbps", "4")) ",", HUB4,
					BARE("hub-spoke"))), 0);
	ck_assert_uint_eq(flows.n, 6);
	ck_assert(flow("h", "a") && flow("a", "h") && flow("h", "c") && flow("c", "h") && !flow("a", "b"));
	ck_assert_uint_eq(flow("b", "h")->terms.bandwidth_bps, 4000000);
	ck_assert_uint_eq(service.groups[0].n_constructs, 6);
}
END_TEST

START_TEST(any_to_any_is_one_construct_and_all_pairs)
{
	ck_assert_int_eq(expand(SERVICE("x", "", HUB4, BARE("any-to-any"))), 0);
	ck_assert_uint_eq(service.groups[0].n_constructs, 1);
	ck_assert_int_eq(service.groups[0].constructs[0].kind, SLICE_C_A2A);
	ck_assert_uint_eq(flows.n, 12);
	ck_assert(flow("a", "b") && flow("b", "a"));
}
END_TEST

START_TEST(roles_that_make_nothing_are_refused)
{
	static const char *const bad[] = {
		SERVICE("x", "", SDP("a", "n", "g", ROLE("hub")) "," SDP("b", "m", "g", ROLE("hub")), BARE("hub-spoke")),
		SERVICE("x", "", HUB4, BARE("point-to-point")),
		SERVICE("x", "", HUB4, BARE("point-to-multipoint")),
		SERVICE("x", "", HUB4, BARE("multipoint-to-point")),
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ck_assert_int_lt(expand(bad[i]), 0);
		ck_assert_str_eq(fault.field, "connection-groups/connection-group[id='g']");
		ck_assert(fault.text[0]);
	}
}
END_TEST

START_TEST(senders_and_receivers_make_their_flows)
{
	ck_assert_int_eq(expand(SERVICE("x", "",
					SDP("s", "n0", "g", ROLE("sender")) "," SDP("a", "n1", "g", ROLE("receiver")) ","
					SDP("b", "n2", "g", ROLE("receiver")), BARE("point-to-multipoint"))), 0);
	ck_assert(flows.n == 2 && flow("s", "a") && flow("s", "b"));
	ck_assert_int_eq(expand(SERVICE("x", "",
					SDP("s", "n0", "g", ROLE("sender")) "," SDP("r", "n1", "g", ROLE("receiver")) ","
					SDP("t", "n2", "g", ROLE("sender")), BARE("multipoint-to-point"))), 0);
	ck_assert(flows.n == 2 && flow("s", "r") && flow("t", "r"));
	ck_assert_int_eq(expand(SERVICE("x", "",
					SDP("s", "n0", "g", ROLE("sender")) "," SDP("r", "n1", "g", ROLE("receiver")),
					BARE("point-to-point"))), 0);
	ck_assert(flows.n == 1 && flow("s", "r"));
}
END_TEST

START_TEST(constructs_that_are_written_are_taken_as_they_are)
{
	ck_assert_int_eq(expand(SERVICE("x", "", HUB4, GROUP("g", "hub-spoke",
		P2P("1", "h", "a", RATE("50")) ","
		"{\"id\":\"2\",\"p2mp-sender-sdp\":\"h\",\"p2mp-receiver-sdp\":[\"b\",\"c\"]" RATE("3") "}"))), 0);
	ck_assert_uint_eq(flows.n, 3);
	ck_assert_uint_eq(flow("h", "a")->terms.bandwidth_bps, 50000000);
	ck_assert_uint_eq(flow("h", "c")->terms.bandwidth_bps, 3000000);
	ck_assert_int_lt(expand(SERVICE("x", "", HUB4, GROUP("g", "hub-spoke", P2P("1", "a", "b", "")))), 0);
	ck_assert_str_eq(fault.text, "it joins two spokes of a hub-spoke group");
	/* The same pair in a group without such roles. */
	ck_assert_int_eq(expand(SERVICE("x", "", HUB4, GROUP("g", "any-to-any", P2P("1", "a", "b", "")))), 0);
}
END_TEST

#define BOTH(n) "," CUSTOM(BOUND("two-way-bandwidth", "Mbps", n))

START_TEST(two_way_promise_makes_the_way_back_unless_one_is_written)
{
	ck_assert_int_eq(expand(SERVICE("x", "", HUB4, GROUP("g", "any-to-any", P2P("1", "a", "b", BOTH("2"))))), 0);
	ck_assert_uint_eq(flows.n, 2);
	ck_assert(flow("b", "a")->back && !flow("a", "b")->back);
	ck_assert_uint_eq(flow("b", "a")->terms.bandwidth_bps, 2000000);
	ck_assert_int_eq(expand(SERVICE("x", "", HUB4, GROUP("g", "any-to-any",
		P2P("1", "a", "b", BOTH("2")) "," P2P("2", "b", "a", BOTH("3"))))), 0);
	ck_assert_uint_eq(flows.n, 2);
	ck_assert_uint_eq(flow("b", "a")->terms.bandwidth_bps, 3000000);
	ck_assert(!flow("b", "a")->back);
}
END_TEST

START_TEST(pairs_of_any_to_any_get_the_least_of_their_ends)
{
	ck_assert_int_eq(expand(SERVICE("x", CUSTOM(BOUND("one-way-bandwidth", "Mbps", "9")) ",", HUB4,
		GROUP("g", "any-to-any", "{\"id\":\"1\",\"a2a-sdp\":[{\"sdp-id\":\"a\"" RATE("5") "},"
		"{\"sdp-id\":\"b\"" RATE("2") "},{\"sdp-id\":\"c\"}]}"))), 0);
	ck_assert_uint_eq(flows.n, 6);
	ck_assert_uint_eq(flow("a", "b")->terms.bandwidth_bps, 2000000);
	ck_assert_uint_eq(flow("b", "a")->terms.bandwidth_bps, 2000000);
	ck_assert_uint_eq(flow("a", "c")->terms.bandwidth_bps, 5000000);
	ck_assert_uint_eq(flow("c", "a")->terms.bandwidth_bps, 5000000);
}
END_TEST

START_TEST(what_enters_and_leaves_an_sdp_bounds_its_pairs)
{
	ck_assert_int_eq(expand(
		"{\"id\":\"x\",\"sdps\":{\"sdp\":[{\"id\":\"a\",\"node-id\":\"n\",\"incoming-qos-policy\":"
		"{\"rate-limits\":{\"cir\":\"700\"}}},{\"id\":\"b\",\"node-id\":\"m\",\"outgoing-qos-policy\":"
		"{\"rate-limits\":{\"cir\":\"400\"}}}]},\"connection-groups\":{\"connection-group\":["
		"{\"id\":\"g\",\"connectivity-construct\":[{\"id\":\"1\",\"a2a-sdp\":[{\"sdp-id\":\"a\"},"
		"{\"sdp-id\":\"b\"}]}]}]}}"), 0);
	ck_assert_uint_eq(flow("a", "b")->terms.bandwidth_bps, 400);
	ck_assert_uint_eq(flow("b", "a")->terms.bandwidth_bps, 0);
}
END_TEST

START_TEST(slice_without_groups_is_a_pool_between_its_ends)
{
	static const char pool[] =
		"{\"id\":\"x\"," CUSTOM(BOUND("shared-bandwidth", "Mbps", "200")) ",\"sdps\":{\"sdp\":"
		"[{\"id\":\"a\",\"node-id\":\"n\"},{\"id\":\"b\",\"node-id\":\"m\"}]}}";

	ck_assert_int_eq(expand(pool), 0);
	ck_assert_uint_eq(flows.n, 2);
	ck_assert_uint_eq(flow("a", "b")->terms.bandwidth_bps, 200000000);
	ck_assert_int_lt(expand(SERVICE("x", CUSTOM(BOUND("shared-bandwidth", "Mbps", "3")) ",", HUB4,
		GROUP("g", "any-to-any", P2P("1", "a", "b", RATE("4"))))), 0);
	ck_assert_str_eq(fault.text, "it is promised more than the bandwidth that is shared");
}
END_TEST

/* ---- policies ---- */

static struct slice_place places[SLICE_SDPS_MAX];
static bool key_taken(void *ctx, const struct sr_policy_key *k)
{
	(void)ctx;
	return sr_policy_key_cmp(k, &taken) == 0;
}

static uint32_t color(void *ctx)
{
	(void)ctx;
	return next_color++;
}

static uint32_t apart(void *ctx)
{
	(void)ctx;
	return next_apart++;
}

static const struct slice_numbers numbers = { key_taken, color, apart, NULL };

static struct ip_addr addr(unsigned n)
{
	uint8_t b[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = (uint8_t)n };

	return ip_v6(b);
}

static void plan_ok(const struct slice_plan *old, struct slice_plan *out)
{
	for (unsigned i = 0; i < SLICE_SDPS_MAX; i++)
		places[i] = (struct slice_place){ addr(i + 1), addr(i + 1), "pcep" };
	ck_assert_int_eq(slice_plan(&service, &flows, places, old, &numbers, &arena, out, &fault), 0);
	for (uint32_t i = 0; i < out->n; i++) {
		for (uint32_t k = 0; k < i; k++)
			ck_assert_int_ne(sr_policy_key_cmp(&out->at[i].key, &out->at[k].key), 0);
		ck_assert_int_ne(sr_policy_key_cmp(&out->at[i].key, &taken), 0);
	}
}

START_TEST(flows_of_a_slice_share_a_colour_where_their_ends_differ)
{
	struct slice_plan p;

	next_color = 100;
	ck_assert_int_eq(expand(SERVICE("x", "", HUB4, BARE("hub-spoke"))), 0);
	plan_ok(NULL, &p);
	for (uint32_t i = 0; i < p.n; i++)
		ck_assert_uint_eq(p.at[i].key.color, 100);
	/* Two constructs between the same two. */
	ck_assert_int_eq(expand(SERVICE("x", "", HUB4, GROUP("g", "any-to-any",
		P2P("1", "a", "b", "") "," P2P("2", "a", "b", "")))), 0);
	next_color = 100;
	plan_ok(NULL, &p);
	ck_assert_uint_eq(p.at[0].key.color, 100);
	ck_assert_uint_eq(p.at[1].key.color, 101);
}
END_TEST

START_TEST(colour_of_another_is_not_taken)
{
	struct slice_plan p;

	next_color = 100;
	taken = (struct sr_policy_key){ .headend = addr(2), .color = 100, .endpoint = addr(3) }; /* a to b */
	ck_assert_int_eq(expand(SERVICE("x", "", HUB4, GROUP("g", "any-to-any",
		P2P("1", "a", "b", "") "," P2P("2", "b", "a", "")))), 0);
	plan_ok(NULL, &p);
	ck_assert_uint_eq(p.at[0].key.color, 101);
	ck_assert_uint_eq(p.at[1].key.color, 100);
}
END_TEST

START_TEST(what_stays_keeps_its_numbers)
{
	struct slice_plan p, q;

	next_color = 100;
	ck_assert_int_eq(expand(SERVICE("x", "", HUB4, GROUP("g", "any-to-any",
		P2P("1", "a", "b", RATE("1")) "," P2P("2", "a", "b", "") "," P2P("3", "b", "c", "")))), 0);
	plan_ok(NULL, &p);
	next_color = 200;
	/* The first is gone, the second has another rate, a fourth joins the same two. */
	ck_assert_int_eq(expand(SERVICE("x", "", HUB4, GROUP("g", "any-to-any",
		P2P("4", "a", "b", "") "," P2P("2", "a", "b", RATE("7")) "," P2P("3", "b", "c", "")))), 0);
	plan_ok(&p, &q);
	ck_assert_uint_eq(q.at[1].key.color, p.at[1].key.color);
	ck_assert_uint_eq(q.at[1].bandwidth_bps, 7000000);
	ck_assert_uint_eq(q.at[2].key.color, p.at[2].key.color);
	ck_assert_uint_ne(q.at[0].key.color, p.at[1].key.color);
}
END_TEST

START_TEST(operators_colour_is_kept_too)
{
	static const char text[] = SERVICE("x", "\"sextant-slice:realisation\":{\"color\":77},", HUB4,
		GROUP("g", "any-to-any", P2P("1", "a", "b", "") "," P2P("2", "a", "b", "")));
	struct slice_plan p, q;

	next_color = 100;
	ck_assert_int_eq(expand(text), 0);
	plan_ok(NULL, &p);
	ck_assert(p.at[0].key.color == 77 && p.at[1].key.color == 100);
	ck_assert_int_eq(expand(text), 0);
	plan_ok(&p, &q);
	ck_assert(q.at[0].key.color == 77 && q.at[1].key.color == 100);
}
END_TEST

#define DIVERSE ",\"sle-policy\":{\"path-constraints\":{\"diversity\":{\"diversity-type\":\"node srlg\"}}}"
#define PROTECTED "\"service-slo-sle-policy\":{" SLO(BOUND("one-way-bandwidth", "Mbps", "2")) DIVERSE "},"

START_TEST(dedicated_and_diverse_is_two_policies_kept_apart)
{
	struct slice_plan p;
	AUTO_FREE struct intent_policy *q = calloc(1, sizeof(*q));

	next_color = 100;
	next_apart = 40000;
	ck_assert_int_eq(expand(SERVICE("x", PROTECTED "\"sextant-slice:realisation\":{\"sharing\":\"dedicated\","
		"\"priority\":0},", HUB4, GROUP("g", "any-to-any", P2P("1", "a", "b", "") "," P2P("2", "b", "a", "")))), 0);
	plan_ok(NULL, &p);
	ck_assert_uint_eq(p.n, 4);
	ck_assert(!p.at[0].protection && p.at[1].protection);
	ck_assert(p.at[0].apart == 40000 && p.at[1].apart == 40000 && p.at[2].apart == 40001);
	ck_assert(p.at[0].key.leg == 0 && p.at[1].key.leg == 1 && p.at[0].key.color == p.at[1].key.color);
	slice_policy_of(&service, &p.at[1], q);
	ck_assert_uint_eq(q->group.id, 40000);
	ck_assert_uint_eq(q->group.diverse, PCE_DIVERSE_NODE | PCE_DIVERSE_SRLG);
	ck_assert_uint_eq(q->cpaths[0].preference, 100);
	ck_assert(q->cpaths[0].strict && q->protect == INTENT_PROTECT_NONE && !q->group.best_available);
	ck_assert(q->bandwidth_bps == 2000000 && q->setup_prio == 0 && q->hold_prio == 0);
	free(TAKE(q));
	q = calloc(1, sizeof(*q));
	/* Shared: one policy, and room kept for after a failure. */
	ck_assert_int_eq(expand(SERVICE("x", PROTECTED, HUB4, GROUP("g", "any-to-any", P2P("1", "a", "b", "")))), 0);
	plan_ok(NULL, &p);
	ck_assert_uint_eq(p.n, 1);
	slice_policy_of(&service, &p.at[0], q);
	ck_assert(q->group.id == 0 && q->protect == INTENT_PROTECT_SRLG_NODE && !q->cpaths[0].strict);
}
END_TEST

START_TEST(packets_that_are_marked_need_room_for_the_mark)
{
	AUTO_FREE struct intent_policy *q = calloc(1, sizeof(*q));
	AUTO_FREE struct slice_service *s = calloc(1, sizeof(*s));
	struct slice_member m = { .terms = { .mtu = 1400 } };

	slice_policy_of(s, &m, q);
	ck_assert_uint_eq(q->cpaths[0].payload, 1400);
	s->assure.alt_mark = true; /* would be, if it were measured */
	slice_policy_of(s, &m, q);
	ck_assert_uint_eq(q->cpaths[0].payload, 1400);
	s->assure.said = true;
	slice_policy_of(s, &m, q);
	ck_assert_uint_eq(q->cpaths[0].payload, 1408);
	m.terms.mtu = UINT16_MAX;
	slice_policy_of(s, &m, q);
	ck_assert_uint_eq(q->cpaths[0].payload, UINT16_MAX);
	m.terms.mtu = 0; /* links' MTUs do not matter */
	slice_policy_of(s, &m, q);
	ck_assert_uint_eq(q->cpaths[0].payload, 0);
}
END_TEST

/* ---- slices inside of slices ---- */

static struct slice_member between(unsigned from, unsigned to, uint32_t color_is, uint64_t bps)
{
	return (struct slice_member){ .key = { .headend = addr(from), .color = color_is, .endpoint = addr(to) },
				      .bandwidth_bps = bps,
				      .terms = { .delay_us_max = PCE_NO_BOUND,
						 .variation_us_max = PCE_NO_BOUND,
						 .loss_ppm_max = PCE_NO_BOUND } };
}

static uint32_t takes_500(void *ctx, const struct sr_policy_key *k)
{
	(void)ctx;
	(void)k;
	return 500;
}

static struct slice_lack lack;

static int nest(const struct slice_plan *parent, const struct slice_plan *other, struct slice_plan *child)
{
	const struct slice_plan *others[] = { other };

	return slice_nest(&(struct slice_inside){ parent, others, other != NULL, takes_500, NULL }, child, &fault,
			  &lack);
}

START_TEST(children_share_what_their_parent_has_to_the_last_bit)
{
	struct slice_member parent[] = { between(1, 2, 7, 100), between(2, 1, 7, 100) };
	struct slice_member one[] = { between(1, 2, 0, 60) }, two[] = { between(1, 2, 0, 40) };
	struct slice_member off[] = { between(1, 3, 0, 1) };
	struct slice_plan p = { parent, 2 }, a = { one, 1 }, b = { two, 1 }, d = { off, 1 };

	ck_assert_int_eq(nest(&p, NULL, &a), 0);
	ck_assert_int_eq(sr_policy_key_cmp(&one[0].key, &parent[0].key), 0);
	two[0].bandwidth_bps = 41;
	ck_assert_int_lt(nest(&p, &a, &b), 0);
	ck_assert(lack.wanted_bps == 41 && lack.free_bps == 40);
	two[0].bandwidth_bps = 40;
	ck_assert_int_eq(nest(&p, &a, &b), 0);
	ck_assert_int_lt(nest(&p, NULL, &d), 0);
	ck_assert_str_eq(fault.text, "the parent slice has nothing from  to ");
}
END_TEST

START_TEST(child_that_is_promised_more_than_its_parent_keeps_to_is_refused)
{
	struct slice_member parent[] = { between(1, 2, 7, 100) }, one[] = { between(1, 2, 0, 1) };
	struct slice_plan p = { parent, 1 }, a = { one, 1 };

	one[0].terms.delay_us_max = 500; /* no promise of the parent's, but so it is now */
	ck_assert_int_eq(nest(&p, NULL, &a), 0);
	one[0].terms.delay_us_max = 499;
	ck_assert_int_lt(nest(&p, NULL, &a), 0);
	ck_assert(strstr(fault.text, "delay"));
	parent[0].terms.delay_us_max = 499;
	ck_assert_int_eq(nest(&p, NULL, &a), 0);
	one[0].terms.loss_ppm_max = 5;
	ck_assert_int_lt(nest(&p, NULL, &a), 0);
	ck_assert(strstr(fault.text, "loss"));
	one[0].terms.loss_ppm_max = PCE_NO_BOUND;
	one[0].terms.diversity = PCE_DIVERSE_LINK;
	ck_assert_int_lt(nest(&p, NULL, &a), 0);
	parent[0].terms.diversity = PCE_DIVERSE_LINK | PCE_DIVERSE_SRLG;
	ck_assert_int_eq(nest(&p, NULL, &a), 0);
}
END_TEST

/* ---- shares of links ---- */

static const struct ted *net;

static void net_up(void)
{
	static struct ted_node nodes[3];
	static struct ted_link links[4];
	static const struct { uint32_t from, to; uint64_t bps; } wires[] = {
		{ 0, 1, 1000 }, { 1, 0, 1000 }, { 1, 2, 333 }, { 2, 1, 333 },
	};
	struct ted_input in = { .nodes = nodes, .links = links, .n_nodes = 3, .n_links = 4 };

	for (unsigned i = 0; i < 3; i++) {
		nodes[i] = (struct ted_node){ .alive = true };
		snprintf(nodes[i].id, sizeof(nodes[i].id), "n%u", i);
		snprintf(nodes[i].name, sizeof(nodes[i].name), "%c", (char)('a' + i));
	}
	for (unsigned i = 0; i < 4; i++)
		links[i] = (struct ted_link){ .alive = true, .from = wires[i].from, .to = wires[i].to,
					      .reverse = i ^ 1, .capacity_bps = wires[i].bps, .has_igp = true,
					      .igp_metric = 1 };
	ck_assert_int_eq(ted_build(&in, &net), 0);
}

START_TEST(partitions_get_no_more_than_there_is_less_the_control_plane)
{
	uint64_t a[4], b[4];
	struct slice_shares out[] = { { a, 4 }, { b, 4 } };
	struct slice_nrp x = { .name = "x", .id = 1, .max_pct = 65 }, y = { .name = "y", .id = 2, .max_bps = 99 };
	const struct slice_nrp *both[] = { &x, &y };

	net_up();
	ck_assert_int_eq(slice_shares(net, both, 2, 5, true, out, &fault), 0);
	ck_assert(a[0] == 650 && a[2] == 216 && b[0] == 99 && b[3] == 99);
	y.max_bps = 100; /* 216 + 100 = 316, 95 % of 333 are 316 */
	ck_assert_int_eq(slice_shares(net, both, 2, 5, true, out, &fault), 0);
	y.max_bps = 101;
	ck_assert_int_lt(slice_shares(net, both, 2, 5, true, out, &fault), 0);
	ck_assert(strstr(fault.text, "b>c"));
	ck_assert(strstr(fault.text, "317"));
	ted_unref(net);
}
END_TEST

START_TEST(link_that_is_not_of_a_partition_has_nothing_for_it)
{
	static const char *const some[] = { "a>b" }, *const wrong[] = { "a>c" };
	uint64_t a[4];
	struct slice_shares out[] = { { a, 4 } };
	struct slice_nrp_group g = { .id = "core", .links = some, .n_links = 1, .max_bps = 7 };
	struct slice_nrp x = { .name = "x", .id = 1, .max_pct = 30, .groups = &g, .n_groups = 1 };
	const struct slice_nrp *one[] = { &x };

	net_up();
	ck_assert_int_eq(slice_shares(net, one, 1, 5, true, out, &fault), 0);
	ck_assert(a[0] == 7 && a[1] == SLICE_NO_SHARE && a[2] == SLICE_NO_SHARE);
	g.max_bps = 0; /* as the partition says */
	ck_assert_int_eq(slice_shares(net, one, 1, 5, true, out, &fault), 0);
	ck_assert_uint_eq(a[0], 300);
	g.links = wrong;
	ck_assert_int_lt(slice_shares(net, one, 1, 5, true, out, &fault), 0);
	ck_assert_str_eq(fault.field, "topology/select/topology-group[group-id='core']");
	/* One that went away is not a reason to refuse what is there already. */
	ck_assert_int_eq(slice_shares(net, one, 1, 5, false, out, &fault), 0);
	ted_unref(net);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("slice-pure");
	TCase *t = tcase_create("pure");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, levels_resolve_as_the_oracle_says);
	tcase_add_test(t, template_that_is_not_there_is_named);
	tcase_add_test(t, terms_take_the_margin_off_and_halve_what_goes_both_ways);
	tcase_add_test(t, hub_and_spokes_are_twice_n_less_one_flows);
	tcase_add_test(t, any_to_any_is_one_construct_and_all_pairs);
	tcase_add_test(t, roles_that_make_nothing_are_refused);
	tcase_add_test(t, senders_and_receivers_make_their_flows);
	tcase_add_test(t, constructs_that_are_written_are_taken_as_they_are);
	tcase_add_test(t, two_way_promise_makes_the_way_back_unless_one_is_written);
	tcase_add_test(t, pairs_of_any_to_any_get_the_least_of_their_ends);
	tcase_add_test(t, what_enters_and_leaves_an_sdp_bounds_its_pairs);
	tcase_add_test(t, slice_without_groups_is_a_pool_between_its_ends);
	tcase_add_test(t, flows_of_a_slice_share_a_colour_where_their_ends_differ);
	tcase_add_test(t, colour_of_another_is_not_taken);
	tcase_add_test(t, what_stays_keeps_its_numbers);
	tcase_add_test(t, dedicated_and_diverse_is_two_policies_kept_apart);
	tcase_add_test(t, packets_that_are_marked_need_room_for_the_mark);
	tcase_add_test(t, children_share_what_their_parent_has_to_the_last_bit);
	tcase_add_test(t, child_that_is_promised_more_than_its_parent_keeps_to_is_refused);
	tcase_add_test(t, operators_colour_is_kept_too);
	tcase_add_test(t, partitions_get_no_more_than_there_is_less_the_control_plane);
	tcase_add_test(t, link_that_is_not_of_a_partition_has_nothing_for_it);
	suite_add_tcase(s, t);
	return check_main(s);
}
