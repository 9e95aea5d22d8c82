/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions of FRR pathd, recorded: all it sends must be understood or skipped by name. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "check_main.h"
#include "pcap.h"
#include "shared.h"
#include "southbound/pcep/codec/pcepc.h"

struct counts {
	unsigned msgs[256], faults, holes, unnamed;
	unsigned srs, srv6s, names, bsids, synced;
};

static void skips_check(const struct pcepc_msg *m, struct counts *c)
{
	for (size_t i = 0; i < m->n_skips_kept; i++) {
		const struct pcepc_skip *s = &m->skips[i];
		const char *name = s->kind == PCEPC_SKIP_TLV	? pcepc_tlv_name(s->type)
				   : s->kind == PCEPC_SKIP_OBJECT ? pcepc_class_name(s->class)
								  : pcepc_subobject_name((uint8_t)s->type);

		if (!name) {
			printf("# unnamed: kind %u class %u type %u\n", s->kind, s->class, s->type);
			c->unnamed++;
		}
	}
}

static void items_count(const struct pcepc_msg *m, struct counts *c)
{
	for (const struct pcepc_item *it = m->items; it; it = it->next) {
		if (it->ero)
			c->srs += it->ero->n;
		if (!it->lsp)
			continue;
		c->names += it->lsp->has_name;
		c->bsids += it->lsp->has_cisco_bsid;
		c->synced += m->type == PCEPC_PCRPT && it->lsp->plsp_id == 0;
	}
}

static void stream_decode(const struct pcap_stream *s, struct counts *c)
{
	struct arena a;
	size_t at = 0, n;

	arena_init(&a, PCEPC_ARENA_MAX);
	c->holes += s->holes > 0;
	/* A peer that only acknowledged has sent no octet. */
	while (at < s->len && pcepc_frame(s->data + at, s->len - at, &n) == PCEPC_FRAME_OK) {
		struct pcepc_msg *m;
		struct pcepc_fault f;

		if (pcepc_read(&a, s->data + at, n, &m, &f) != VERDICT_OK) {
			printf("# fault at %zu: class %u type %u %s, PCErr %u/%u\n", at, f.class,
			       f.type, fault_why_text(f.why), f.err_type, f.err_value);
			c->faults++;
		}
		if (m) {
			c->msgs[m->type]++;
			skips_check(m, c);
			items_count(m, c);
		}
		at += n;
		arena_reset(&a);
	}
	ck_assert_uint_eq(at, s->len);
	arena_fini(&a);
}

/* What the PCC (source port 4189 or any; the PCE answers from 4189 to the PCC's port) sent. */
static bool capture_decode(const char *rel, const char *pcc, struct counts *c)
{
	char path[512];
	struct ip_addr addr;
	struct pcap p;

	*c = (struct counts){ 0 };
	if (!shared_path(rel, path, sizeof(path)))
		return false;
	ck_assert_int_eq(ip_parse(pcc, &addr), 0);
	ck_assert_int_eq(pcap_read(path, &p), 0);
	for (size_t i = 0; i < p.n; i++)
		if (ip_eq(&p.streams[i].src, &addr))
			stream_decode(&p.streams[i], c);
	pcap_fini(&p);
	return true;
}

START_TEST(frr_session_decodes_completely)
{
	struct counts c;

	if (!capture_decode("data/captures/frr-pcep.pcap", "10.90.0.1", &c))
		return;
	ck_assert_uint_eq(c.faults, 0);
	ck_assert_uint_eq(c.holes, 0);
	ck_assert_uint_eq(c.unnamed, 0);
	ck_assert_uint_ge(c.msgs[PCEPC_OPEN], 1);
	ck_assert_uint_ge(c.msgs[PCEPC_PCRPT], 10);
	ck_assert_uint_ge(c.msgs[PCEPC_PCREQ], 1);
	ck_assert_uint_ge(c.msgs[PCEPC_PCERR], 1);
	ck_assert_uint_ge(c.srs, 20);
	ck_assert_uint_ge(c.names, 10);
	ck_assert_uint_ge(c.bsids, 5);
	ck_assert_uint_ge(c.synced, 1);
}
END_TEST

START_TEST(frr_two_pce_session_decodes_completely)
{
	struct counts c;

	if (!capture_decode("data/captures/frr-pcep-2pce-md5.pcap", "10.90.0.1", &c))
		return;
	ck_assert_uint_eq(c.faults, 0);
	ck_assert_uint_eq(c.unnamed, 0);
	ck_assert_uint_ge(c.msgs[PCEPC_PCRPT], 8);
	ck_assert_uint_ge(c.synced, 1);
}
END_TEST

/* The stub that played the PCE sent rubbish on purpose: nothing of it may lose the framing. */
START_TEST(rubbish_sent_to_frr_keeps_its_framing)
{
	struct counts c;

	if (!capture_decode("data/captures/frr-pcep.pcap", "10.90.0.2", &c))
		return;
	ck_assert_uint_ge(c.msgs[PCEPC_PCUPD], 3);
	ck_assert_uint_ge(c.msgs[PCEPC_PCINITIATE], 5);
	ck_assert_uint_ge(c.faults, 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pcep_capture");
	TCase *t = tcase_create("frr");

	tcase_add_test(t, frr_session_decodes_completely);
	tcase_add_test(t, frr_two_pce_session_decodes_completely);
	tcase_add_test(t, rubbish_sent_to_frr_keeps_its_framing);
	suite_add_tcase(s, t);
	return check_main(s);
}
