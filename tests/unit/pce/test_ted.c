/* SPDX-License-Identifier: Apache-2.0 */
#include "check_main.h"

#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "pce/ted.h"

static struct ip_addr addr(const char *text)
{
	struct ip_addr a;

	ck_assert_int_eq(ip_parse(text, &a), 0);
	return a;
}

static struct ip_prefix prefix(const char *text)
{
	struct ip_prefix p;

	ck_assert_int_eq(ip_prefix_parse(text, &p), 0);
	return p;
}

struct topo {
	struct ted_node n[8];
	struct ted_link l[16];
	uint32_t nn, nl;
};

static void add_node(struct topo *t, const char *id, const char *name)
{
	struct ted_node *n = &t->n[t->nn++];

	n->alive = true;
	(void)snprintf(n->id, sizeof(n->id), "%s", id);
	(void)snprintf(n->name, sizeof(n->name), "%s", name);
}

static struct ted_link *add_link(struct topo *t, uint32_t from, uint32_t to, const char *local,
				 const char *remote)
{
	struct ted_link *l = &t->l[t->nl++];

	*l = (struct ted_link){ .alive = true,
				.from = from,
				.to = to,
				.reverse = TED_NONE,
				.has_igp = true,
				.igp_metric = 10 };
	if (local)
		l->local_v6 = addr(local);
	if (remote)
		l->remote_v6 = addr(remote);
	return l;
}

static const struct ted *build(const struct topo *t, const struct ted *prev)
{
	struct ted_input in = {
		.nodes = t->n, .links = t->l, .n_nodes = t->nn, .n_links = t->nl, .prev = prev
	};
	const struct ted *out = NULL;

	ck_assert_int_eq(ted_build(&in, &out), 0);
	return out;
}

static struct topo two(void)
{
	struct topo t = { 0 };

	add_node(&t, "0000.0000.0001", "a");
	add_node(&t, "0000.0000.0002", "b");
	return t;
}

START_TEST(both_directions_are_paired_by_addresses)
{
	struct topo t = two();
	const struct ted *d;

	add_link(&t, 0, 1, "2001:db8::1", "2001:db8::2");
	add_link(&t, 1, 0, "2001:db8::2", "2001:db8::1");
	d = build(&t, NULL);
	ck_assert_uint_eq(d->links[0].reverse, 1);
	ck_assert_uint_eq(d->links[1].reverse, 0);
	ck_assert_uint_eq(d->out.start[1] - d->out.start[0], 1);
	ck_assert_uint_eq(d->out.idx[d->out.start[0]], 0);
	ck_assert_uint_eq(d->in.idx[d->in.start[0]], 1);
	ted_unref(d);
}
END_TEST

START_TEST(a_half_link_is_shown_but_not_usable)
{
	struct topo t = two();
	const struct ted *d;

	add_link(&t, 0, 1, "2001:db8::1", "2001:db8::2");
	d = build(&t, NULL);
	ck_assert(d->links[0].alive);
	ck_assert_uint_eq(d->links[0].reverse, TED_NONE);
	ck_assert_uint_eq(d->out.start[2], 0);
	ck_assert_uint_eq(ted_link_by_text(d, "a>b"), 0);
	ted_unref(d);
}
END_TEST

START_TEST(parallel_links_are_kept_apart)
{
	struct topo t = two();
	char buf[TED_LABEL_MAX];
	const struct ted *d;

	add_link(&t, 0, 1, "2001:db8:1::1", "2001:db8:1::2");
	add_link(&t, 0, 1, "2001:db8:2::1", "2001:db8:2::2");
	add_link(&t, 1, 0, "2001:db8:2::2", "2001:db8:2::1");
	add_link(&t, 1, 0, "2001:db8:1::2", "2001:db8:1::1");
	d = build(&t, NULL);
	ck_assert_uint_eq(d->links[0].reverse, 3);
	ck_assert_uint_eq(d->links[1].reverse, 2);
	ck_assert_str_eq(ted_link_label(d, 1, buf, sizeof(buf)), "a>b@2001:db8:2::1");
	ck_assert_uint_eq(ted_link_by_text(d, buf), 1);
	ck_assert_uint_eq(ted_link_by_text(d, "a>b@2001:db8:3::1"), TED_NONE);
	ted_unref(d);
}
END_TEST

START_TEST(halves_of_two_different_links_are_not_one_link)
{
	struct topo t = two();
	const struct ted *d;

	add_link(&t, 0, 1, "2001:db8:1::1", "2001:db8:1::2");
	add_link(&t, 1, 0, "2001:db8:2::2", "2001:db8:2::1");
	d = build(&t, NULL);
	ck_assert_uint_eq(d->links[0].reverse, TED_NONE);
	ck_assert_uint_eq(d->links[1].reverse, TED_NONE);
	ted_unref(d);
}
END_TEST

START_TEST(link_ids_pair_unnumbered_links)
{
	struct topo t = two();
	char buf[TED_LABEL_MAX];
	const struct ted *d;

	for (uint32_t i = 1; i <= 2; i++) {
		struct ted_link *l = add_link(&t, 0, 1, NULL, NULL);

		l->local_id = i;
		l->remote_id = 10 + i;
	}
	for (uint32_t i = 2; i >= 1; i--) {
		struct ted_link *l = add_link(&t, 1, 0, NULL, NULL);

		l->local_id = 10 + i;
		l->remote_id = i;
	}
	d = build(&t, NULL);
	ck_assert_uint_eq(d->links[0].reverse, 3);
	ck_assert_uint_eq(d->links[1].reverse, 2);
	ck_assert_str_eq(ted_link_label(d, 1, buf, sizeof(buf)), "a>b@2");
	ck_assert_uint_eq(ted_link_by_text(d, buf), 1);
	ted_unref(d);
}
END_TEST

START_TEST(one_side_that_names_only_itself_is_paired_by_what_the_other_says)
{
	struct topo t = two();
	const struct ted *d;

	add_link(&t, 0, 1, "2001:db8:1::1", NULL);
	add_link(&t, 0, 1, "2001:db8:2::1", NULL);
	add_link(&t, 1, 0, "2001:db8:2::2", "2001:db8:2::1");
	add_link(&t, 1, 0, "2001:db8:1::2", "2001:db8:1::1");
	d = build(&t, NULL);
	ck_assert_uint_eq(d->links[0].reverse, 3);
	ck_assert_uint_eq(d->links[1].reverse, 2);
	ted_unref(d);
}
END_TEST

START_TEST(a_lone_pair_without_identifiers_is_one_link_but_two_are_ambiguous)
{
	struct topo t = two();
	const struct ted *d;

	add_link(&t, 0, 1, NULL, NULL);
	add_link(&t, 1, 0, NULL, NULL);
	d = build(&t, NULL);
	ck_assert_uint_eq(d->links[0].reverse, 1);
	ted_unref(d);
	add_link(&t, 0, 1, NULL, NULL);
	d = build(&t, NULL);
	ck_assert_uint_eq(d->links[0].reverse, TED_NONE);
	ck_assert_uint_eq(d->links[2].reverse, TED_NONE);
	ted_unref(d);
}
END_TEST

START_TEST(a_lan_is_paired_through_its_pseudonode)
{
	struct topo t = two();
	const struct ted *d;

	add_node(&t, "0000.0000.0001.02", "");
	t.n[2].pseudonode = true;
	add_link(&t, 0, 2, "2001:db8::1", NULL);
	add_link(&t, 1, 2, "2001:db8::2", NULL);
	add_link(&t, 2, 0, NULL, NULL);
	add_link(&t, 2, 1, NULL, NULL);
	d = build(&t, NULL);
	ck_assert_uint_eq(d->links[0].reverse, 2);
	ck_assert_uint_eq(d->links[1].reverse, 3);
	ck_assert_str_eq(ted_node_label(d, 2), "0000.0000.0001.02");
	ted_unref(d);
}
END_TEST

START_TEST(a_wrong_reverse_of_the_caller_is_dropped)
{
	struct topo t = two();
	const struct ted *d;

	add_link(&t, 0, 1, "2001:db8:1::1", "2001:db8:1::2")->reverse = 7;
	add_link(&t, 1, 0, "2001:db8:2::2", "2001:db8:2::1")->reverse = 0;
	d = build(&t, NULL);
	ck_assert_uint_eq(d->links[0].reverse, TED_NONE);
	ck_assert_uint_eq(d->links[1].reverse, TED_NONE);
	ted_unref(d);
}
END_TEST

START_TEST(links_of_a_dead_node_are_dead)
{
	struct topo t = two();
	const struct ted *d;

	add_link(&t, 0, 1, NULL, NULL);
	add_link(&t, 1, 0, NULL, NULL);
	t.n[1].alive = false;
	d = build(&t, NULL);
	ck_assert(!d->links[0].alive);
	ck_assert_uint_eq(d->out.start[2], 0);
	ck_assert_uint_eq(ted_node_by_id(d, "b"), TED_NONE);
	ck_assert_uint_eq(ted_node_by_id(d, "a"), 0);
	ted_unref(d);
}
END_TEST

START_TEST(everything_is_copied)
{
	struct topo t = two();
	struct ip_prefix lo = prefix("2001:db8:ff::1/128");
	struct ted_sid sid = { .sid = addr("fcbb:bbbb:1::"), .behavior = 43 };
	uint32_t srlg[] = { 4, 5 };
	const struct ted *d;

	t.n[0].prefixes = &lo;
	t.n[0].n_prefixes = 1;
	t.n[0].sids = &sid;
	t.n[0].n_sids = 1;
	add_link(&t, 0, 1, NULL, NULL)->srlg = srlg;
	t.l[0].n_srlg = 2;
	d = build(&t, NULL);
	memset(&lo, 0xee, sizeof(lo));
	memset(&sid, 0xee, sizeof(sid));
	memset(srlg, 0xee, sizeof(srlg));
	memset(&t, 0xee, sizeof(t));
	ck_assert_uint_eq(d->nodes[0].prefixes[0].len, 128);
	ck_assert_uint_eq(d->nodes[0].sids[0].behavior, 43);
	ck_assert_uint_eq(d->links[0].srlg[1], 5);
	ck_assert_str_eq(d->nodes[0].name, "a");
	ted_unref(d);
}
END_TEST

START_TEST(nodes_are_found_by_id_name_address_and_locator)
{
	struct topo t = two();
	struct ip_prefix lo[] = { prefix("2001:db8:ff::1/128"), prefix("2001:db8:77::/64") };
	struct ted_locator loc[] = { { .prefix = prefix("fcbb:bbbb:1::/48") },
				     { .prefix = prefix("fcbb:bb00::/24") } };
	struct ted_locator loc_b = { .prefix = prefix("fcbb:bbbb:2::/48") };
	struct ip_addr a;
	const struct ted *d;

	t.n[0].router_v4 = addr("10.0.0.1");
	t.n[0].prefixes = lo;
	t.n[0].n_prefixes = 2;
	t.n[0].locators = loc;
	t.n[0].n_locators = 2;
	t.n[1].locators = &loc_b;
	t.n[1].n_locators = 1;
	d = build(&t, NULL);
	ck_assert_uint_eq(ted_node_by_id(d, "0000.0000.0002"), 1);
	ck_assert_uint_eq(ted_node_by_id(d, "b"), 1);
	ck_assert_uint_eq(ted_node_by_id(d, "c"), TED_NONE);
	a = addr("10.0.0.1");
	ck_assert_uint_eq(ted_node_by_addr(d, &a), 0);
	a = addr("2001:db8:ff::1");
	ck_assert_uint_eq(ted_node_by_addr(d, &a), 0);
	a = addr("2001:db8:77::1"); /* a subnet is nobody's own address */
	ck_assert_uint_eq(ted_node_by_addr(d, &a), TED_NONE);
	a = addr("fcbb:bbbb:2:e000::");
	ck_assert_uint_eq(ted_node_by_addr(d, &a), 1);
	a = addr("fcbb:bbbb:3::"); /* only the shorter one covers it */
	ck_assert_uint_eq(ted_node_by_addr(d, &a), 0);
	a = addr("10.0.0.9");
	ck_assert_uint_eq(ted_node_by_addr(d, &a), TED_NONE);
	a = (struct ip_addr){ 0 };
	ck_assert_uint_eq(ted_node_by_addr(d, &a), TED_NONE);
	ted_unref(d);
}
END_TEST

START_TEST(links_are_found_by_address_and_text)
{
	struct topo t = two();
	struct ip_addr a = addr("2001:db8::2");
	char buf[TED_LABEL_MAX];
	const struct ted *d;

	add_link(&t, 0, 1, "2001:db8::1", "2001:db8::2");
	add_link(&t, 1, 0, "2001:db8::2", "2001:db8::1");
	d = build(&t, NULL);
	ck_assert_uint_eq(ted_link_by_addr(d, &a), 1);
	a = addr("2001:db8::3");
	ck_assert_uint_eq(ted_link_by_addr(d, &a), TED_NONE);
	ck_assert_uint_eq(ted_link_by_text(d, "a>b"), 0);
	ck_assert_uint_eq(ted_link_by_text(d, "0000.0000.0002>a"), 1);
	ck_assert_uint_eq(ted_link_by_text(d, "a>b@2001:db8::1"), 0);
	ck_assert_uint_eq(ted_link_by_text(d, "a>b@nonsense"), TED_NONE);
	ck_assert_uint_eq(ted_link_by_text(d, "ab"), TED_NONE);
	ck_assert_uint_eq(ted_link_by_text(d, "a>a"), TED_NONE);
	ck_assert_uint_eq(ted_link_by_text(d, ">"), TED_NONE);
	ck_assert_str_eq(ted_link_label(d, 1, buf, sizeof(buf)), "b>a");
	ck_assert_str_eq(ted_link_label(d, 9, buf, sizeof(buf)), "?");
	ck_assert_str_eq(ted_node_label(d, 9), "?");
	ted_unref(d);
}
END_TEST

START_TEST(labels_come_from_the_srgb_of_the_node_that_reads_them)
{
	struct topo t = two();
	struct ted_label_range srgb[] = { { 16000, 10 }, { 20000, 10 } };
	struct ted_node_sid sid = { .prefix = prefix("10.0.0.2/32"), .value = 12 };
	struct ted_node_sid abs = { .value = 900000, .is_label = true };
	const struct ted *d;

	t.n[0].srgb = srgb;
	t.n[0].n_srgb = 2;
	d = build(&t, NULL);
	ck_assert_uint_eq(ted_label_of(d, 0, &sid), 20002);
	ck_assert_uint_eq(ted_label_of(d, 1, &sid), 0);
	sid.value = 20;
	ck_assert_uint_eq(ted_label_of(d, 0, &sid), 0);
	ck_assert_uint_eq(ted_label_of(d, 1, &abs), 900000);
	abs.value = 3; /* reserved */
	ck_assert_uint_eq(ted_label_of(d, 1, &abs), 0);
	ted_unref(d);
}
END_TEST

START_TEST(the_first_generation_is_all_new)
{
	struct topo t = two();
	const struct ted *d;

	add_link(&t, 0, 1, NULL, NULL);
	t.n[1].alive = false;
	d = build(&t, NULL);
	ck_assert_uint_eq(d->generation, 1);
	ck_assert_uint_eq(d->n_changed_nodes, 1);
	ck_assert_uint_eq(d->changed_nodes[0], 0);
	ck_assert_uint_eq(d->n_changed_links, 0);
	ted_unref(d);
}
END_TEST

/* One change each; what must be in the delta. */
static const struct delta_row {
	const char *what;
	uint32_t links, nodes;
} deltas[] = {
	{ "nothing", 0, 0 },	{ "metric", 1, 0 },	{ "delay", 1, 0 },
	{ "sid value", 1, 0 },	{ "sid gone", 1, 0 },	{ "link down", 2, 0 },
	{ "overload", 0, 1 },	{ "locator", 0, 1 },	{ "node down", 2, 1 },
	{ "half link", 2, 0 },	{ "admin group", 1, 0 }, { "noise", 0, 0 },
};

START_TEST(the_delta_names_what_changed_and_nothing_else)
{
	const struct delta_row *row = &deltas[_i];
	struct topo t = two();
	struct ted_sid sid = { .sid = addr("fcbb:bbbb:1:e000::"), .behavior = 52 };
	struct ted_sid sid2 = { .sid = addr("fcbb:bbbb:1:e001::"), .behavior = 52 };
	struct ted_locator loc = { .prefix = prefix("fcbb:bbbb:1::/48") };
	struct ted_locator loc2 = { .prefix = prefix("fcbb:bbbb:9::/48") };
	const struct ted *a, *b;

	add_link(&t, 0, 1, "2001:db8::1", "2001:db8::2")->sids = &sid;
	t.l[0].n_sids = 1;
	add_link(&t, 1, 0, "2001:db8::2", "2001:db8::1");
	t.n[0].locators = &loc;
	t.n[0].n_locators = 1;
	a = build(&t, NULL);
	switch (_i) {
	case 1:
		t.l[0].igp_metric++;
		break;
	case 2:
		t.l[0].has_delay = true;
		break;
	case 3:
		t.l[0].sids = &sid2;
		break;
	case 4:
		t.l[0].n_sids = 0;
		break;
	case 5:
		t.l[1].alive = false; /* the other direction loses its reverse */
		break;
	case 6:
		t.n[0].overload = true;
		break;
	case 7:
		t.n[0].locators = &loc2;
		break;
	case 8:
		t.n[1].alive = false;
		break;
	case 9:
		t.l[1].local_v6 = addr("2001:db8::7");
		break;
	case 10:
		t.l[0].admin_group[7] = 1;
		break;
	case 11:
		memset(t.n[0].name + 3, 0x55, sizeof(t.n[0].name) - 3);
		break;
	}
	b = build(&t, a);
	ck_assert_uint_eq(b->generation, 2);
	ck_assert_msg(b->n_changed_links == row->links, "%s: links %u", row->what,
		      b->n_changed_links);
	ck_assert_msg(b->n_changed_nodes == row->nodes, "%s: nodes %u", row->what,
		      b->n_changed_nodes);
	ted_unref(a);
	ted_unref(b);
}
END_TEST

START_TEST(a_reference_keeps_an_old_generation_alive)
{
	struct topo t = two();
	const struct ted *a = build(&t, NULL), *held = ted_ref(a);
	const struct ted *b = build(&t, a);

	ck_assert_ptr_null(ted_unref(a));
	ck_assert_str_eq(held->nodes[0].name, "a");
	ck_assert_ptr_null(ted_unref(held));
	ted_unref(b);
	ck_assert_ptr_null(ted_unref(NULL));
}
END_TEST

START_TEST(an_empty_ted_answers)
{
	struct topo t = { 0 };
	struct ip_addr a = addr("::1");
	const struct ted *d = build(&t, NULL);

	ck_assert_uint_eq(ted_node_by_id(d, "a"), TED_NONE);
	ck_assert_uint_eq(ted_node_by_addr(d, &a), TED_NONE);
	ck_assert_uint_eq(ted_link_by_addr(d, &a), TED_NONE);
	ck_assert_uint_eq(ted_link_by_text(d, "a>b"), TED_NONE);
	ted_unref(d);
}
END_TEST

/* Thousands of links with random, often equal identifiers: pairs are mutual, go back to where
 * they came from, and do not contradict. */
START_TEST(pairing_is_mutual_on_random_noise)
{
	enum { N = 6, L = 400 };
	static struct ted_node n[N];
	static struct ted_link l[L];
	struct ted_input in = { .nodes = n, .links = l, .n_nodes = N, .n_links = L };
	struct rng r;
	const struct ted *d = NULL;

	rng_seed(&r, (uint64_t)_i);
	for (uint32_t i = 0; i < N; i++) {
		n[i] = (struct ted_node){ .alive = rng_below(&r, 8) != 0,
					  .pseudonode = i == N - 1 };
		(void)snprintf(n[i].id, sizeof(n[i].id), "n%u", i);
	}
	for (uint32_t i = 0; i < L; i++) {
		uint8_t b[16] = { 0x20 };

		l[i] = (struct ted_link){ .alive = rng_below(&r, 8) != 0, .reverse = TED_NONE };
		l[i].from = (uint32_t)rng_below(&r, N);
		l[i].to = (l[i].from + 1 + (uint32_t)rng_below(&r, N - 1)) % N;
		l[i].local_id = (uint32_t)rng_below(&r, 4);
		l[i].remote_id = (uint32_t)rng_below(&r, 4);
		b[15] = (uint8_t)rng_below(&r, 8);
		if (rng_below(&r, 2))
			l[i].local_v6 = ip_v6(b);
		b[15] = (uint8_t)rng_below(&r, 8);
		if (rng_below(&r, 2))
			l[i].remote_v6 = ip_v6(b);
	}
	ck_assert_int_eq(ted_build(&in, &d), 0);
	for (uint32_t i = 0; i < L; i++) {
		const struct ted_link *a = &d->links[i], *b;

		if (a->reverse == TED_NONE)
			continue;
		b = &d->links[a->reverse];
		ck_assert_uint_eq(b->reverse, i);
		ck_assert_uint_eq(b->from, a->to);
		ck_assert_uint_eq(b->to, a->from);
		ck_assert(a->alive && b->alive);
		ck_assert(!a->local_v6.family || !b->remote_v6.family ||
			  ip_eq(&a->local_v6, &b->remote_v6));
		ck_assert(!a->local_id || !b->remote_id || a->local_id == b->remote_id);
	}
	ted_unref(d);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ted");
	TCase *tc = tcase_create("ted");

	tcase_add_test(tc, both_directions_are_paired_by_addresses);
	tcase_add_test(tc, a_half_link_is_shown_but_not_usable);
	tcase_add_test(tc, parallel_links_are_kept_apart);
	tcase_add_test(tc, halves_of_two_different_links_are_not_one_link);
	tcase_add_test(tc, link_ids_pair_unnumbered_links);
	tcase_add_test(tc, one_side_that_names_only_itself_is_paired_by_what_the_other_says);
	tcase_add_test(tc, a_lone_pair_without_identifiers_is_one_link_but_two_are_ambiguous);
	tcase_add_test(tc, a_lan_is_paired_through_its_pseudonode);
	tcase_add_test(tc, a_wrong_reverse_of_the_caller_is_dropped);
	tcase_add_test(tc, links_of_a_dead_node_are_dead);
	tcase_add_test(tc, everything_is_copied);
	tcase_add_test(tc, nodes_are_found_by_id_name_address_and_locator);
	tcase_add_test(tc, links_are_found_by_address_and_text);
	tcase_add_test(tc, labels_come_from_the_srgb_of_the_node_that_reads_them);
	tcase_add_test(tc, the_first_generation_is_all_new);
	tcase_add_loop_test(tc, the_delta_names_what_changed_and_nothing_else, 0,
			    (int)(sizeof(deltas) / sizeof(deltas[0])));
	tcase_add_test(tc, a_reference_keeps_an_old_generation_alive);
	tcase_add_test(tc, an_empty_ted_answers);
	tcase_add_loop_test(tc, pairing_is_mutual_on_random_noise, 0, 50);
	suite_add_tcase(s, tc);
	return check_main(s);
}
