/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Captures of real FRR sessions decode completely: every message, every NLRI, every TLV either
 * understood or passed over by name; and the counts are those of the independent decode.
 */
#include "check_main.h"

#include <stdio.h>
#include <string.h>

#include "pcap.h"
#include "shared.h"
#include "southbound/bgp/codec/bgpc.h"
#include "southbound/bgp/codec/bgpls.h"

enum { NAME_MAX_SEEN = 64 };

struct tally {
	size_t open, notification, eor, add, withdraw, messages;
	size_t by_type[16];
	uint16_t skipped[NAME_MAX_SEEN];
	size_t n_skipped, unnamed;
	size_t endx, links_with_delay, locators, lan_endx, srgb, prefix_sids, sids;
};

static void on_skip(void *arg, uint16_t type, const char *name)
{
	struct tally *t = arg;

	if (!name)
		t->unnamed++;
	for (size_t i = 0; i < t->n_skipped; i++)
		if (t->skipped[i] == type)
			return;
	if (t->n_skipped < NAME_MAX_SEEN)
		t->skipped[t->n_skipped++] = type;
	printf("# passed over: %u %s\n", type, name ? name : "(unknown)");
}

static size_t nlris_read(struct tally *t, struct rd list, bool add)
{
	static const struct bgpls_opts opts = { .order = BGPLS_ORDER_FRR };
	struct bgpls_raw raw;
	bool lost;
	size_t n = 0;

	while (bgpls_next(&list, &raw, &lost)) {
		struct bgpls_nlri nlri;
		struct fault f = { 0 };

		ck_assert_int_eq(bgpls_nlri_read(&raw, &opts, &nlri, &f), VERDICT_OK);
		t->by_type[raw.type] += add;
		n++;
	}
	ck_assert(!lost);
	return n;
}

static void attr_tally(struct tally *t, const struct bgpls_attr *a, size_t n)
{
	for (size_t i = 0; i < a->n_endx; i++) {
		t->endx += n;
		t->lan_endx += a->endx[i].neighbor_len == 6 ? n : 0;
		ck_assert(a->endx[i].has_structure);
		ck_assert_uint_eq(a->endx[i].structure.lb, 32);
	}
	t->links_with_delay += (a->te.have & BGPLS_HAVE_DELAY_MM) ? n : 0;
	t->locators += (a->have & BGPLS_HAVE_LOCATOR) ? n : 0;
	t->srgb += a->n_srgb > 0 ? n : 0;
	t->prefix_sids += a->n_sids * n;
	t->sids += (a->have & BGPLS_HAVE_BEHAVIOR) ? n : 0;
}

static void update_tally(struct tally *t, struct rd body)
{
	static const struct bgpc_session_opts opts = { .as4 = true };
	static const struct bgpc_family ls = { BGPC_AFI_LS, BGPC_SAFI_LS };
	struct bgpls_skip_log log = { on_skip, t };
	struct bgpc_update u;
	struct bgpc_fault f = { 0 };
	struct fault lf = { 0 };
	struct bgpls_attr attr;
	struct arena arena;
	size_t n;

	ck_assert_int_eq(bgpc_update_read(&body, &opts, &u, &f), BGPC_OK);
	t->eor += bgpc_update_is_eor(&u, ls);
	t->withdraw += nlris_read(t, u.unreach.nlri, false);
	n = nlris_read(t, u.reach.nlri, true);
	t->add += n;
	arena_init(&arena, 1 << 20);
	if (u.has_ls) {
		ck_assert_int_eq(bgpls_attr_read(&u.ls, &arena, &attr, &lf, &log), VERDICT_OK);
		attr_tally(t, &attr, n);
	}
	arena_fini(&arena);
}

static void message_tally(struct tally *t, const uint8_t *frame, size_t len)
{
	struct rd body = bgpc_frame_body(frame, len);
	struct bgpc_fault f = { 0 };
	struct bgpc_open open;

	t->messages++;
	switch (bgpc_frame_type(frame)) {
	case BGPC_OPEN:
		ck_assert_int_eq(bgpc_open_read(&body, &open, &f), BGPC_OK);
		ck_assert_uint_eq(bgpc_open_as(&open), 65000);
		t->open++;
		break;
	case BGPC_UPDATE:
		update_tally(t, body);
		break;
	case BGPC_NOTIFICATION:
		t->notification++;
		break;
	case BGPC_KEEPALIVE:
	case BGPC_ROUTE_REFRESH:
		break;
	}
}

static bool capture_tally(const char *rel, struct tally *t)
{
	char path[512];
	struct pcap p;

	*t = (struct tally){ 0 };
	if (!shared_path(rel, path, sizeof(path)))
		return false;
	ck_assert_int_eq(pcap_read(path, &p), 0);
	ck_assert_uint_gt(p.n, 1);
	for (size_t i = 0; i < p.n; i++) {
		const struct pcap_stream *s = &p.streams[i];
		size_t at = 0;

		ck_assert_uint_eq(s->holes, 0);
		while (at < s->len) {
			struct bgpc_fault f = { 0 };
			int len = bgpc_frame(s->data + at, s->len - at, BGPC_MAX_LEN_EXT, &f);

			ck_assert_int_gt(len, 0);
			message_tally(t, s->data + at, (size_t)len);
			at += (size_t)len;
		}
	}
	pcap_fini(&p);
	printf("# %s: %zu messages, %zu NLRIs added, %zu withdrawn\n", rel, t->messages, t->add,
	       t->withdraw);
	ck_assert_uint_eq(t->unnamed, 0);
	return true;
}

/* How many lines of the text decode have word as, or in, what follows the first two fields. */
static size_t decode_count(const char *word)
{
	char path[512], line[4096];
	size_t n = 0;
	FILE *f;

	if (!shared_path("data/captures/frr-bgpls.decode.txt", path, sizeof(path)))
		return SIZE_MAX;
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f)) {
		const char *at = strchr(line, ' ');

		at = at ? strchr(at + 1, ' ') : NULL;
		n += at && strstr(at, word) != NULL;
	}
	fclose(f);
	return n;
}

START_TEST(frr_session_decodes_completely_with_the_counts_of_the_reference_decode)
{
	struct tally t;

	if (!capture_tally("data/captures/frr-bgpls.pcap", &t))
		return;
	ck_assert_uint_eq(t.add, decode_count("ADD"));
	ck_assert_uint_eq(t.withdraw, decode_count("WITHDRAW"));
	ck_assert_uint_eq(t.eor, decode_count("End-of-RIB"));
	ck_assert_uint_eq(t.open, decode_count("OPEN"));
	ck_assert_uint_eq(t.notification, decode_count("NOTIFICATION"));
	ck_assert_uint_eq(t.by_type[BGPLS_NODE], decode_count("ADD Node(1)"));
	ck_assert_uint_eq(t.by_type[BGPLS_LINK], decode_count("ADD Link(2)"));
	ck_assert_uint_eq(t.by_type[BGPLS_PREFIX4], decode_count("ADD IPv4-Prefix(3)"));
	ck_assert_uint_eq(t.by_type[BGPLS_PREFIX6], decode_count("ADD IPv6-Prefix(4)"));
	ck_assert_uint_eq(t.by_type[BGPLS_SID], decode_count("ADD SRv6-SID(6)"));
	ck_assert_uint_eq(t.endx, decode_count("SRv6EndX(1106)"));
	ck_assert_uint_eq(t.links_with_delay, t.by_type[BGPLS_LINK]);
	ck_assert_uint_gt(t.locators, 0);
	ck_assert_uint_eq(t.sids, t.by_type[BGPLS_SID]);
}
END_TEST

START_TEST(second_producer_decodes_completely)
{
	struct tally t;

	if (!capture_tally("data/captures/frr-bgpls-r8.pcap", &t))
		return;
	ck_assert_uint_gt(t.by_type[BGPLS_NODE], 7);
	ck_assert_uint_gt(t.by_type[BGPLS_LINK], 20);
	ck_assert_uint_gt(t.links_with_delay, 0);
}
END_TEST

START_TEST(multi_topology_session_decodes_completely_although_518_precedes_263)
{
	struct tally t;

	if (!capture_tally("data/captures/frr-bgpls-mt-flexalgo.pcap", &t))
		return;
	ck_assert_uint_gt(t.by_type[BGPLS_SID], 0);
	ck_assert_uint_gt(t.by_type[BGPLS_LINK], 0);
}
END_TEST

START_TEST(sr_mpls_and_lan_session_decodes_completely)
{
	struct tally t;

	if (!capture_tally("data/captures/frr-bgpls-srmpls-lan-v6only.pcap", &t))
		return;
	ck_assert_uint_gt(t.lan_endx, 0);
	ck_assert_uint_gt(t.srgb, 0);
	ck_assert_uint_gt(t.prefix_sids, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bgp_capture");
	TCase *c = tcase_create("frr");

	tcase_add_test(c, frr_session_decodes_completely_with_the_counts_of_the_reference_decode);
	tcase_add_test(c, second_producer_decodes_completely);
	tcase_add_test(c, multi_topology_session_decodes_completely_although_518_precedes_263);
	tcase_add_test(c, sr_mpls_and_lan_session_decodes_completely);
	suite_add_tcase(s, c);
	return check_main(s);
}
