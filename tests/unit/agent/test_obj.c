/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of slices without a kernel: messages there and back, and what a plan does in which
 * order. */
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <linux/seg6_local.h>
#include <stdlib.h>
#include <string.h>

#include "slices_bed.h"
#include "tools/agent/slices/tc.h"

static const char device_text[] =
	"{'sextant-device:device':{'underlay':['fc00::/16'],'link':[{'name':'core','capacity':"
	"'100000000000','nrp':[{'id':1,'rate':'60000000000','sid-block':['fc00:1::/33','8000::/1']},"
	"{'id':16383,'rate':'8000','ceil':'90000','sid-block':['3c01:9:8:7:6:5:4:3/128']}]}],"
	"'locator':[{'prefix':'fd5e:64:1::/48','adjacency':[{'interface':'core','sid':"
	"'fd5e:64:e001::/48','next-hop':'fe80::2'}]}],"
	"'table':[{'id':100,'sid':['fc00:0:1::'],'interface':['ce'],'route':[{'prefix':'::/0',"
	"'segment':['fc00::1','fc00::2']},{'prefix':'2001:db8::/32','next-hop':'fe80::1',"
	"'interface':'ce'}]}],'classifier':[{'id':65535,'name':'c','dscp':0,'table':100}]}}";

static struct agent_device *device;
static struct agent_ground ground;
static struct agent_objs want, seen;
static struct agent_missings missing;
static struct agent_ops ops;
static size_t n_made;

static void add_iface(const char *name, uint32_t index)
{
	struct agent_iface i = { .index = index };

	(void)str_copy(i.name, sizeof(i.name), name);
	ck_assert_ptr_nonnull(VEC_ADD(&ground.ifaces, i));
}

static void setup(void)
{
	device = device_of(device_text);
	ground = (struct agent_ground){ .sid_device = "sr0", .metric = 10, .reduced = true,
					.counters = true };
	add_iface("core", 5);
	add_iface("ce", 6);
	add_iface("sr0", 7);
	ck_assert(agent_obj_want(device, &ground, &want, &missing));
	ck_assert_uint_eq(missing.n, 0);
	ck_assert_uint_gt(want.n, 15);
}

static void teardown(void)
{
	device = agent_device_free(device);
	ly_ctx_destroy(models);
	models = NULL;
	VEC_FINI(&ground.ifaces);
	VEC_FINI(&want);
	VEC_FINI(&seen);
	VEC_FINI(&missing);
	VEC_FINI(&ops);
}

/* What the kernel would show of what was asked for. */
static struct agent_obj shown(const struct agent_obj *o)
{
	uint64_t buf[AGENT_ROUTE_BYTES / 8];
	struct nlmsghdr *h = agent_obj_put(buf, o, AGENT_ROUTE_ADD);
	struct agent_obj got;

	ck_assert_uint_le(h->nlmsg_len, AGENT_ROUTE_BYTES);
	if (o->kind == AGENT_OBJ_FILTER)
		((struct tcmsg *)mnl_nlmsg_get_payload(h))->tcm_handle = 0x80000800;
	ck_assert_msg(agent_obj_get(h, &got), "%s", o->name);
	return got;
}

START_TEST(what_is_asked_for_is_recognised_when_it_is_shown)
{
	for (size_t i = 0; i < want.n; i++) {
		struct agent_obj got = shown(&want.at[i]);

		ck_assert_msg(agent_obj_cmp(&got, &want.at[i]) == 0, "%s", want.at[i].name);
		ck_assert_msg(agent_obj_same(&got, &want.at[i]), "%s", want.at[i].name);
	}
}
END_TEST

/* An exact block a length: a read behind the end is seen by the sanitizer. */
START_TEST(messages_cut_anywhere_are_survived)
{
	uint64_t buf[AGENT_ROUTE_BYTES / 8];

	for (size_t i = 0; i < want.n; i++) {
		struct nlmsghdr *h = agent_obj_put(buf, &want.at[i], AGENT_ROUTE_ADD);
		uint32_t whole = h->nlmsg_len;

		for (uint32_t len = sizeof(*h); len < whole; len++) {
			struct nlmsghdr *cut = malloc(len);
			struct agent_obj got;

			ck_assert_ptr_nonnull(cut);
			memcpy(cut, buf, len);
			cut->nlmsg_len = len;
			(void)agent_obj_get(cut, &got);
			free(cut);
		}
	}
}
END_TEST

START_TEST(from_nothing_everything_is_made_in_order)
{
	ck_assert(agent_obj_plan(&want, &seen, &ops, &n_made));
	ck_assert_uint_eq(ops.n, want.n);
	ck_assert_uint_eq(n_made, want.n);
	for (size_t i = 1; i < ops.n; i++) /* a class before its queue, a table before its rule */
		ck_assert_uint_le(ops.at[i - 1].obj->kind, ops.at[i].obj->kind);
	ck_assert_uint_eq(ops.at[1].obj->cls.id, AGENT_TC_ROOT | AGENT_TC_LINK);
}
END_TEST

static void see_all(void)
{
	for (size_t i = want.n; i-- > 0;) {
		struct agent_obj got = shown(&want.at[i]);

		ck_assert_ptr_nonnull(VEC_ADD(&seen, got));
	}
}

START_TEST(what_is_there_is_left_alone)
{
	see_all();
	ck_assert(agent_obj_plan(&want, &seen, &ops, &n_made));
	ck_assert_uint_eq(ops.n, 0);
}
END_TEST

START_TEST(one_difference_is_one_message)
{
	struct agent_obj *o;

	see_all();
	o = &seen.at[_i % (int)seen.n];
	switch ((enum agent_obj_kind)o->kind) {
	case AGENT_OBJ_CLASS:
		o->cls.ceil++;
		break;
	case AGENT_OBJ_LEAF:
		o->leaf.limit++;
		break;
	case AGENT_OBJ_ROUTE:
		o->route.dev++;
		break;
	case AGENT_OBJ_FILTER:
		o->filter.classid++;
		break;
	case AGENT_OBJ_QDISC:
	case AGENT_OBJ_RULE:
		return; /* they are there or not */
	}
	ck_assert(agent_obj_plan(&want, &seen, &ops, &n_made));
	/* u32 cannot be changed in place by key */
	ck_assert_uint_eq(ops.n, ops.at[0].obj->kind == AGENT_OBJ_FILTER ? 2 : 1);
	ck_assert_int_ne(ops.at[0].op, AGENT_ROUTE_ADD);
}
END_TEST

START_TEST(to_nothing_everything_goes_in_the_opposite_order)
{
	size_t n = want.n;

	see_all();
	want.n = 0;
	ck_assert(agent_obj_plan(&want, &seen, &ops, &n_made));
	ck_assert_uint_eq(n_made, 0);
	ck_assert_uint_lt(ops.n, n); /* classes, queues and filters go with their discipline */
	for (size_t i = 1; i < ops.n; i++)
		ck_assert_uint_ge(ops.at[i - 1].obj->kind, ops.at[i].obj->kind);
	ck_assert_uint_eq(ops.at[ops.n - 1].obj->kind, AGENT_OBJ_QDISC);
	ck_assert_int_eq(ops.at[0].op, AGENT_ROUTE_DEL);
}
END_TEST

START_TEST(others_are_not_ours)
{
	struct agent_obj got, o = want.at[0];
	uint64_t buf[AGENT_ROUTE_BYTES / 8];
	struct nlmsghdr *h = agent_obj_put(buf, &o, AGENT_ROUTE_ADD);

	ck_assert(agent_obj_get(h, &got));
	((struct tcmsg *)mnl_nlmsg_get_payload(h))->tcm_handle = 0x10000;
	ck_assert(!agent_obj_get(h, &got));
	for (size_t i = 0; i < want.n; i++) {
		if (want.at[i].kind != AGENT_OBJ_ROUTE)
			continue;
		o = want.at[i];
		o.route.protocol = AGENT_PROTO;
		ck_assert(!agent_obj_get(agent_obj_put(buf, &o, AGENT_ROUTE_ADD), &got));
	}
}
END_TEST

START_TEST(an_absent_interface_is_told)
{
	ground.ifaces.n = 0;
	want.n = 0;
	ck_assert(agent_obj_want(device, &ground, &want, &missing));
	ck_assert_uint_eq(missing.n, 7); /* link, three SIDs, bound interface, two routes */
	ck_assert_str_eq(missing.at[0].reason, "there is no interface core");
	ck_assert_str_eq(missing.at[0].name, "link core");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("agent-obj");
	TCase *t = tcase_create("obj");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_is_asked_for_is_recognised_when_it_is_shown);
	tcase_add_test(t, messages_cut_anywhere_are_survived);
	tcase_add_test(t, from_nothing_everything_is_made_in_order);
	tcase_add_test(t, what_is_there_is_left_alone);
	tcase_add_loop_test(t, one_difference_is_one_message, 0, 20);
	tcase_add_test(t, to_nothing_everything_goes_in_the_opposite_order);
	tcase_add_test(t, others_are_not_ours);
	tcase_add_test(t, an_absent_interface_is_told);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return check_main(suite());
}
