/* SPDX-License-Identifier: Apache-2.0 */
/* What a controller exports, member by member, as the plan reads it. */
#include "check_main.h"

#include <string.h>

#include "tools/plan/plan.h"

/* Two routers on a LAN with a pseudonode; names and order of members as RESTCONF gives them. */
static const char export[] =
	"{\"format\":\"sextant-topology\",\"version\":1,\"generation\":\"2\",\"stale\":false,\"nodes\":["
	"{\"node-id\":\"0000.0000.0001\",\"name\":\"a\",\"algorithm\":[0,128],\"flex-algo-definition\":[{"
	"\"algorithm\":128,\"metric-type\":1,\"calculation-type\":0,\"priority\":9,\"flags\":2147483648,"
	"\"exclude-any\":[2],\"include-any-none\":true,\"exclude-srlg\":[77]}]},"
	"{\"node-id\":\"0000.0000.0002\",\"algorithm\":[128],\"flex-algo-definition\":[{\"algorithm\":128,"
	"\"metric-type\":2,\"calculation-type\":0,\"priority\":9},{\"algorithm\":255,\"metric-type\":0,"
	"\"exclusive\":true}]},"
	"{\"node-id\":\"0000.0000.0002.07\",\"pseudonode\":true},{\"node-id\":\"10.0.0.200\"}],\"links\":["
	"{\"link-id\":\"x\",\"source-node\":\"0000.0000.0001\",\"dest-node\":\"0000.0000.0002.07\","
	"\"igp-metric\":7,\"delay\":40,\"delay-variation\":0,\"loss\":0,\"mtu\":9000,\"sid\":[{\"sid\":"
	"\"fc00::e001\",\"behavior\":57,\"algorithm\":0,\"backup\":false,\"neighbor\":\"0000.0000.0002\"}],"
	"\"adjacency-sid\":[{\"label\":17,\"backup\":true,\"neighbor\":\"0000.0000.0002\"}],"
	"\"flex-algo-attributes\":{\"delay\":30,\"admin-group\":[3],\"srlg\":[6]}},"
	"{\"link-id\":\"y\",\"source-node\":\"0000.0000.0002.07\",\"dest-node\":\"0000.0000.0001\","
	"\"igp-metric\":0,\"flex-algo-attributes\":{}}]}";

static void read_it(struct plan_net *n)
{
	STR_AUTO struct str err = { 0 };

	plan_net_init(n);
	ck_assert_msg(plan_net_read(n, "f", export, strlen(export), &err) == 0, "%s", str_text(&err));
}

START_TEST(flex_algo_comes_through)
{
	const struct ted_fad *f;
	struct plan_net n;

	read_it(&n);
	ck_assert_uint_eq(n.ted->nodes[0].algos[0], 1);
	ck_assert_uint_eq(n.ted->nodes[0].algos[2], 1);
	f = &n.ted->nodes[0].fads[0];
	ck_assert(f->algo == 128 && f->metric_type == TED_FLEX_DELAY && f->priority == 9);
	ck_assert(f->flags == 0x80000000U && f->n_exclude_any && f->exclude_any[0] == 4);
	ck_assert(f->n_include_any && f->include_any[0] == 0 && f->n_exclude_srlg == 1);
	ck_assert_uint_eq(f->exclude_srlg[0], 77);
	/* A partition's SIDs are for its own lists; those of the routers' algorithms for all. */
	ck_assert(!ted_flex_mixes(n.ted, 0, 255) && ted_flex_mixes(n.ted, 255, 255));
	ck_assert(ted_flex_mixes(n.ted, 0, 128));
	/* One priority: the higher IGP id, whatever stands first. */
	ck_assert_uint_eq(ted_flex_of(n.ted, 128)->by, 1);
	ck_assert_uint_eq(n.ted->nodes[0].igp_id_len, 6);
	ck_assert_uint_eq(n.ted->nodes[2].igp_id_len, 7);
	ck_assert_uint_eq(n.ted->nodes[2].igp_id[6], 7);
	ck_assert_uint_eq(n.ted->nodes[3].igp_id_len, 4);
	ck_assert_uint_eq(n.ted->nodes[3].igp_id[3], 200);
	plan_net_fini(&n);
}
END_TEST

START_TEST(attributes_of_links_come_through)
{
	const struct ted_link *l;
	struct plan_net n;

	read_it(&n);
	l = &n.ted->links[0];
	ck_assert(!l->flex_plain && l->flex->has_delay && !l->flex->has_te);
	ck_assert(l->flex->delay_us == 30 && l->flex->admin_group[0] == 8 && l->flex->srlg[0] == 6);
	ck_assert(l->mtu == 9000 && l->has_loss && l->loss_ppm == 0 && l->has_delay_var);
	ck_assert_uint_eq(l->delay_min_us, 40);
	ck_assert_uint_eq(l->sids[0].lan_node, 2);
	ck_assert(l->adj_sids[0].lan_node == 2 && l->adj_sids[0].backup && l->adj_sids[0].value == 17);
	l = &n.ted->links[1];
	ck_assert(!l->flex_plain && !l->has_loss && !l->has_delay_var && l->mtu == 0);
	plan_net_fini(&n);
}
END_TEST

START_TEST(a_neighbour_nobody_knows_is_refused)
{
	static const char *const bad[] = { "\"sid\":[{\"sid\":\"fc00::1\",\"neighbor\":\"z\"}]",
					   "\"adjacency-sid\":[{\"label\":9,\"neighbor\":\"z\"}]" };
	STR_AUTO struct str err = { 0 }, text = { 0 };
	struct plan_net n;

	str_addf(&text,
		 "{\"format\":\"sextant-topology\",\"version\":1,\"nodes\":[{\"node-id\":\"a\"},"
		 "{\"node-id\":\"b\"}],\"links\":[{\"source-node\":\"a\",\"dest-node\":\"b\",%s}]}",
		 bad[_i]);
	plan_net_init(&n);
	ck_assert_int_lt(plan_net_read(&n, "f", str_text(&text), text.len, &err), 0);
	ck_assert_ptr_nonnull(strstr(str_text(&err), "/0/neighbor: no node 'z'"));
	plan_net_fini(&n);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("plan-export");
	TCase *c = tcase_create("export");

	tcase_add_test(c, flex_algo_comes_through);
	tcase_add_test(c, attributes_of_links_come_through);
	tcase_add_loop_test(c, a_neighbour_nobody_knows_is_refused, 0, 2);
	suite_add_tcase(s, c);
	return check_main(s);
}
