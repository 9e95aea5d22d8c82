/* SPDX-License-Identifier: Apache-2.0 */
/* Policies of several weighted lists by gNMI: what is sent, what is up, what is found again and what drifts. */
#include <stdio.h>
#include <string.h>

#include "driver_bed.h"

static struct loop *loop;

static struct seen {
	unsigned ups, syncs, reports, fails;
	struct headend_caps caps;
	uint32_t session;
	struct lsp_state last; /* owns its further lists */
	char text[SR_REASON_MAX];
} seen;

static void on_up(void *arg, const struct ip_addr *headend, uint32_t session, const struct headend_caps *caps)
{
	(void)arg;
	(void)headend;
	seen.ups++;
	seen.session = session;
	seen.caps = *caps;
}

static void on_synced(void *arg, const struct ip_addr *headend, uint32_t session)
{
	(void)arg;
	(void)headend;
	(void)session;
	seen.syncs++;
}

static void on_ready(void *arg, const struct ip_addr *headend)
{
	(void)arg;
	(void)headend;
}

static void on_down(void *arg, const struct ip_addr *headend, uint32_t session)
{
	(void)arg;
	(void)headend;
	(void)session;
}

static void on_report(void *arg, const struct lsp_state *st)
{
	(void)arg;
	seen.reports++;
	sr_list_drop(&seen.last.list);
	seen.last = *st;
	ck_assert_int_eq(sr_list_keep(&st->list, &seen.last.list), 0);
}

static void on_failed(void *arg, const struct driver_failure *f)
{
	(void)arg;
	seen.fails++;
	(void)snprintf(seen.text, sizeof(seen.text), "%s", f->text);
}

static const struct driver_sink sink = { .headend_up = on_up, .headend_synced = on_synced,
					 .headend_ready = on_ready, .headend_down = on_down,
					 .report = on_report, .failed = on_failed };

static void setup(void)
{
	memset(&seen, 0, sizeof(seen));
	ck_assert_int_eq(loop_fake_new(&loop, 11), 0);
	bed_up(loop);
	bed.t.version = "2026-11-27";
}

static void teardown(void)
{
	sr_list_drop(&seen.last.list);
	bed_down();
	loop_free(loop);
}

static void controller(const char *kind)
{
	bed_controller_up(kind, &sink, NULL);
	ck_assert(bed_run(&seen.syncs, 1, 20));
}

/* Lists of two SIDs each; the weights are n, n - 1, … */
static struct driver_lsp wish(unsigned n, struct sr_more *more)
{
	struct driver_lsp l = { .key = { .headend = bed.headend, .color = 100 }, .preference = 100, .name = "p",
				.cpath = { .origin = 10, .discriminator = 7 }, .session = seen.session,
				.plsp_id = seen.last.plsp_id };

	ck_assert_int_eq(ip_parse("fd5e::4", &l.key.endpoint), 0);
	l.list.n = 2;
	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(ip_parse(i ? "fd5e:64:ff::" : "fd5e:64:1::", &l.list.at[i].sid), 0);
	*more = (struct sr_more){ .weight = n, .n = (uint8_t)(n - 1) };
	for (unsigned k = 1; k < n; k++) {
		more->at[k - 1].weight = n - k;
		more->at[k - 1].list = l.list;
		more->at[k - 1].list.at[0].sid.b[5] = (uint8_t)(k + 1);
	}
	l.list.more = n > 1 ? more : NULL;
	return l;
}

static int apply(const struct driver_lsp *l)
{
	uint32_t txn;

	return bed.driver->apply(bed.driver->self, l, &txn);
}

static void is(unsigned n, enum lsp_oper oper)
{
	struct sr_more more;
	struct driver_lsp l = wish(n, &more);

	ck_assert_int_eq(seen.last.oper, oper);
	ck_assert(!seen.last.list_truncated);
	ck_assert(sr_list_eq(&seen.last.list, &l.list));
}

START_TEST(several_lists_are_set_in_one_replace_with_their_weights)
{
	struct driver_lsp l;
	struct sr_more more;
	unsigned sets;

	controller(NULL);
	ck_assert_uint_eq(seen.caps.lists, SR_LISTS_MAX);
	l = wish(3, &more);
	ck_assert_int_eq(apply(&l), 0);
	memset(&more, 0xff, sizeof(more)); /* who asks owns it */
	bed_run_for(10);
	is(3, LSP_ACTIVE);
	ck_assert_ptr_nonnull(strstr(target_has(&bed.t, DEVICE_ROW("sx-p")),
				     "\"segment-list\":[{\"index\":1,\"weight\":3,"
				     "\"segment\":[\"fd5e:64:1::\",\"fd5e:64:ff::\"]},{\"index\":2,\"weight\":2,"));
	/* the most there may be, one, several again: each in one REPLACE */
	for (unsigned i = 0; i < 3; i++) {
		unsigned n = i == 0 ? SR_LISTS_MAX : i == 1 ? 1 : 2;

		sets = bed.t.sets;
		l = wish(n, &more);
		ck_assert_int_eq(apply(&l), 0);
		bed_run_for(20);
		is(n, LSP_ACTIVE);
		ck_assert_uint_eq(bed.t.sets, sets + 1);
		ck_assert_uint_eq(bed.t.most_changes, 1);
	}
	ck_assert_uint_eq(seen.fails, 0);
	ck_assert_uint_eq(seen.ups, 1);
}
END_TEST

START_TEST(who_takes_one_list_is_not_given_several)
{
	struct driver_lsp l;
	struct sr_more more;

	bed.t.version = "2026-11-26";
	controller(NULL);
	ck_assert_uint_le(seen.caps.lists, 1);
	l = wish(2, &more);
	ck_assert_int_eq(apply(&l), DRIVER_E_REFUSED);
	l = wish(1, &more); /* the twin */
	ck_assert_int_eq(apply(&l), 0);
	bed_run_for(5);
	is(1, LSP_ACTIVE);
}
END_TEST

START_TEST(up_is_what_is_said_of_just_these_weights)
{
	struct driver_lsp l;
	struct sr_more more;

	controller(NULL);
	l = wish(2, &more);
	ck_assert_int_eq(apply(&l), 0);
	bed_run_for(5);
	is(2, LSP_ACTIVE);
	bed.mute = true; /* it says nothing of the new ones */
	l = wish(3, &more);
	ck_assert_int_eq(apply(&l), 0);
	bed_run_for(1);
	is(3, LSP_GOING_UP);
	bed.mute = false;
	bed_state("sx-p", "in");
	bed_run_for(1);
	is(3, LSP_ACTIVE);
}
END_TEST

START_TEST(a_weight_that_somebody_else_changes_is_told)
{
	char json[2048], *at;
	struct driver_lsp l;
	struct sr_more more;

	controller(NULL);
	l = wish(3, &more);
	ck_assert_int_eq(apply(&l), 0);
	bed_run_for(5);
	(void)snprintf(json, sizeof(json), "%s", target_has(&bed.t, DEVICE_ROW("sx-p")));
	at = strstr(json, "\"weight\":2");
	ck_assert_ptr_nonnull(at);
	at[9] = '9';
	bed_there("sx-p", json);
	bed_run_for(20);
	ck_assert_uint_eq(sr_list_weight(&seen.last.list, 0), 3);
	ck_assert_uint_eq(sr_list_weight(&seen.last.list, 1), 9);
	l = wish(3, &more); /* and it can be put right */
	ck_assert_int_eq(apply(&l), 0);
	bed_run_for(5);
	is(3, LSP_ACTIVE);
}
END_TEST

START_TEST(a_refusal_leaves_the_lists_that_were)
{
	struct driver_lsp l;
	struct sr_more more;

	controller(NULL);
	l = wish(2, &more);
	ck_assert_int_eq(apply(&l), 0);
	bed_run_for(5);
	bed.t.refuse = RPC_INVALID_ARGUMENT;
	l = wish(3, &more);
	ck_assert_int_eq(apply(&l), 0);
	ck_assert(bed_run(&seen.fails, 1, 10));
	ck_assert_str_eq(seen.text, "the device: refused: not today");
	bed_run_for(10);
	is(2, LSP_ACTIVE);
}
END_TEST

static const struct {
	const char *kind, *models[4];
	const char *last; /* where the third list is */
} makers[] = {
	{ "agent", { "sextant-device" }, NULL },
	{ "sros", { "nokia-conf", "nokia-state" }, NULL },
	{ "vrp", { "huawei-network-instance", "huawei-srv6", "huawei-srpolicy" }, "segment-list[name=sx3-p]" },
	{ "xr", { "Cisco-IOS-XR-segment-routing-ms-cfg", "Cisco-IOS-XR-infra-xtc-agent-cfg" },
	  "explicit-segment[path-name=sx3-p]" },
};

static bool target_names(const char *what)
{
	for (size_t i = 0; i < bed.t.n; i++)
		if (strstr(bed.t.rows[i].path, what))
			return true;
	return false;
}

/* Fewer lists than before: what is left over goes, also when it was an earlier life that set it. */
START_TEST(a_controller_that_comes_back_finds_all_lists)
{
	bool agent = strcmp(makers[_i].kind, "agent") == 0;
	struct driver_lsp l;
	struct sr_more more;

	memcpy(bed.t.models, makers[_i].models, sizeof(makers[_i].models));
	bed.mute = !agent; /* the bed tells the state of agents */
	controller(makers[_i].kind);
	l = wish(3, &more);
	ck_assert_int_eq(apply(&l), 0);
	bed_run_for(5);
	ck_assert_uint_eq(seen.fails, 0);
	is(3, agent ? LSP_ACTIVE : LSP_UP);
	ck_assert(!makers[_i].last || target_names(makers[_i].last));
	bed_controller_down();
	sr_list_drop(&seen.last.list);
	memset(&seen, 0, sizeof(seen));
	bed.t.sets = 0;
	controller(makers[_i].kind);
	bed_run_for(2);
	is(3, agent ? LSP_ACTIVE : LSP_UP);
	ck_assert(seen.last.delegated && seen.last.has_key);
	ck_assert_uint_eq(bed.t.sets, 0);
	l = wish(1, &more);
	ck_assert_int_eq(apply(&l), 0);
	bed_run_for(5);
	ck_assert_uint_eq(seen.fails, 0);
	is(1, agent ? LSP_ACTIVE : LSP_UP);
	ck_assert(!makers[_i].last || !target_names(makers[_i].last));
	ck_assert(!target_names("sx2-p"));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("gnmi-lists");
	TCase *t = tcase_create("lists");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, several_lists_are_set_in_one_replace_with_their_weights);
	tcase_add_test(t, who_takes_one_list_is_not_given_several);
	tcase_add_test(t, up_is_what_is_said_of_just_these_weights);
	tcase_add_test(t, a_weight_that_somebody_else_changes_is_told);
	tcase_add_test(t, a_refusal_leaves_the_lists_that_were);
	tcase_add_loop_test(t, a_controller_that_comes_back_finds_all_lists, 0, (int)ARRAY_LEN(makers));
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return check_main(suite());
}
