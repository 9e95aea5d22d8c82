/* SPDX-License-Identifier: Apache-2.0 */
/* Partitions that are in the network: what has become of them is read, and they are written nevertheless. */
#include <stdio.h>
#include <string.h>

#include "check_main.h"
#include "fake.h"
#include "fake_slice.h"
#include "nrp/nrp.h"

#define GOLD "/restconf/data/ietf-network:networks/ietf-nrp:nrp-policies/nrp-policy=gold"
#define JSON "Content-Type: application/yang-data+json\r\n"
#define DOC(rate, more)                                                                            \
	"{\"ietf-nrp:nrp-policy\":[{\"name\":\"gold\",\"nrp-id\":7,\"mode\":\"ietf-nrp:hybrid-plane-partition\"," \
	"\"resource-reservation\":{\"maximum-bandwidth\":\"" rate "\"}" more "}]}"

static bool raised; /* a repair did */

static bool next(void *self, uint32_t after, struct nrp_view *out)
{
	(void)self;
	*out = (struct nrp_view){ .name = "gold", .id = 7, .algo = 255, .status = NRP_IN, .priority = 4 };
	return after < 7;
}

static void each_link(void *self, uint32_t id, void (*fn)(void *arg, const struct nrp_link_view *v), void *arg)
{
	static const struct slice_growth growth = { .is = { .link = "r1>r2", .bps = 3000000, .incident = 5, .slice = "one" },
						    .since_wall_ns = 1764165600000000000,
						    .why = "not read back" };
	struct nrp_link_view v = { .device = "r1", .interface = "to-r2", .link = "r1>r2", .capacity_bps = 8000000,
				   .rate_bps = 2000000, .ceil_bps = 8000000, .status = NRP_IN, .reason = "",
				   .ordered_bps = 2000000 };

	(void)self;
	(void)id;
	if (raised) {
		v.growth = &growth;
		v.rate_bps = 3000000;
	}
	fn(arg, &v);
}

static void each_node(void *self, uint32_t id, void (*fn)(void *arg, const struct nrp_node_view *v), void *arg)
{
	(void)self;
	(void)id;
	(void)fn;
	(void)arg;
}

static const struct nrp_query query = { NULL, next, each_link, each_node };

static void up(void)
{
	fake_slices_fini();
	fake_nrps = &query;
	raised = false;
	fake_up(4);
	ck_status(ask("PUT", GOLD, JSON, DOC("2000000", "")), 201);
}

static void down(void)
{
	fake_down();
	fake_slices_fini();
	fake_nrps = NULL;
}

START_TEST(what_was_raised_is_told_beside_what_was_ordered)
{
	const struct answer *a;

	up();
	a = get(GOLD);
	ck_status(a, 200);
	ck_has(str_text(&a->body), "\"rate\":\"2000000\"");
	ck_has(str_text(&a->body), "\"ordered\":\"2000000\"");
	ck_lacks(str_text(&a->body), "growth");
	raised = true;
	a = get(GOLD);
	ck_has(str_text(&a->body), "\"ordered\":\"2000000\",\"growth\":{\"rate\":\"3000000\",\"in\":false,"
				   "\"reason\":\"not read back\",\"incident\":5,\"slice\":\"one\",\"since\":\"2025-11-26T");
	body_ok(str_text(&a->body), "/ietf-network:networks/ietf-nrp:nrp-policies");
	ck_lacks(str_text(&get(GOLD "?content=config")->body), "realised");
	down();
}
END_TEST

START_TEST(one_that_is_in_the_network_is_changed_in_place)
{
	up();
	raised = true;
	ck_status(ask("PATCH", GOLD, JSON, DOC("3000000", ",\"sextant-nrp:resize\":{\"maximum-growth\":\"5\"}")), 204);
	ck_has(str_text(&get(GOLD)->body), "\"maximum-bandwidth\":\"3000000\"");
	ck_has(str_text(&get(GOLD)->body), "\"sextant-nrp:resize\":{\"maximum-growth\":\"5\"}");
	ck_status(ask("DELETE", GOLD "/sextant-nrp:resize", "", NULL), 204);
	ck_lacks(str_text(&get(GOLD "?content=config")->body), "sextant-nrp");
	ck_status(ask("PATCH", GOLD, JSON, DOC("3", ",\"sextant-nrp:realised\":{\"status\":\"in\"}")), 400);
	down();
}
END_TEST

Suite *suite_nrp(void)
{
	Suite *s = suite_create("restconf-nrp");
	TCase *t = tcase_create("nrp");

	tcase_add_test(t, what_was_raised_is_told_beside_what_was_ordered);
	tcase_add_test(t, one_that_is_in_the_network_is_changed_in_place);
	suite_add_tcase(s, t);
	return s;
}
