/* SPDX-License-Identifier: Apache-2.0 */
/* A STAMP packet of either role and layout: what is sound is written and read as the same; an
 * answer is as long as what it answers, and reflecting it again changes nothing. */
#include <stdlib.h>

#include "southbound/stamp/codec/stampc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { ROOM = 1 << 17 };

static uint8_t a[ROOM], b[ROOM];

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void tlvs_twice(struct rd tlvs)
{
	struct wr wa = wr_of(a, sizeof(a)), wb = wr_of(b, sizeof(b));
	struct stampc_opts o, p;

	stampc_tlv_reflect(&wa, tlvs);
	must(!wa.bad && wa.len == rd_left(&tlvs));
	stampc_tlv_reflect(&wb, rd_of(a, wa.len));
	must(!wb.bad && wb.len == wa.len && memcmp(a, b, wa.len) == 0);
	if (!stampc_opts_read(tlvs, &o))
		return;
	wa = wr_of(a, sizeof(a));
	stampc_opts_write(&wa, &o);
	must(!wa.bad && stampc_opts_read(rd_of(a, wa.len), &p));
	wb = wr_of(b, sizeof(b));
	stampc_opts_write(&wb, &p);
	must(!wb.bad && wb.len == wa.len && memcmp(a, b, wa.len) == 0);
}

static void test_twice(struct rd r, bool auth)
{
	struct wr w = wr_of(a, sizeof(a));
	struct stampc_test t, u;
	const uint8_t *mac;

	if (!stampc_test_read(&r, auth, &t, &mac))
		return;
	(void)stampc_test_write(&w, auth, &t);
	struct rd again = rd_of(a, w.len);
	must(stampc_test_read(&again, auth, &u, &mac) && rd_done(&again));
	must(u.seq == t.seq && u.time == t.time && u.estimate == t.estimate && u.ssid == t.ssid);
	tlvs_twice(r);
}

static void reply_twice(struct rd r, bool auth)
{
	struct wr wa = wr_of(a, sizeof(a)), wb = wr_of(b, sizeof(b));
	struct stampc_reply t, u;
	const uint8_t *mac;

	if (!stampc_reply_read(&r, auth, &t, &mac))
		return;
	(void)stampc_reply_write(&wa, auth, &t);
	struct rd again = rd_of(a, wa.len);
	must(stampc_reply_read(&again, auth, &u, &mac) && rd_done(&again));
	(void)stampc_reply_write(&wb, auth, &u);
	must(wa.len == wb.len && memcmp(a, b, wa.len) == 0);
	struct stampc_clock c = stampc_clock_read(t.estimate), d;
	d = stampc_clock_read(stampc_clock_write(&c));
	must(d.error_ns >= c.error_ns && d.sync == c.sync && d.ptp == c.ptp);
	(void)stampc_time_ns(t.rx_time, c.ptp, t.sender_time);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len > UINT16_MAX)
		return 0;
	for (int auth = 0; auth < 2; auth++) {
		test_twice(rd_of(data, len), auth != 0);
		reply_twice(rd_of(data, len), auth != 0);
	}
	return 0;
}
