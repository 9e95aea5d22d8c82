/* SPDX-License-Identifier: Apache-2.0 */
/* Base packets, timestamps, error estimates. */
#include "southbound/stamp/codec/stampc.h"

#define NTP_TO_UNIX_S UINT64_C(2208988800)
#define NS UINT64_C(1000000000)

enum { SYNC = 0x8000, PTP = 0x4000, SCALE_SHIFT = 8, SCALE_MAX = 63 };

/* ---- clocks ---- */

/* 2^-32 s, rounded up; a second is more than any clock of use errs. */
static uint64_t units_of(uint64_t ns)
{
	uint64_t s = ns / NS, rest = ns % NS;

	if (s > UINT32_MAX / 2)
		s = UINT32_MAX / 2;
	return (s << 32) + ((rest << 32) + NS - 1) / NS;
}

uint16_t stampc_clock_write(const struct stampc_clock *c)
{
	uint64_t units = units_of(c->error_ns);
	unsigned scale = 0;

	while (units > UINT8_MAX) {
		units = units / 2 + units % 2; /* never less than it is */
		scale++;
	}
	if (units == 0)
		units = 1;
	return (uint16_t)((c->sync ? SYNC : 0u) | (c->ptp ? PTP : 0u) | scale << SCALE_SHIFT |
			  (unsigned)units);
}

struct stampc_clock stampc_clock_read(uint16_t estimate)
{
	struct stampc_clock c = { .sync = (estimate & SYNC) != 0, .ptp = (estimate & PTP) != 0 };
	unsigned scale = estimate >> SCALE_SHIFT & SCALE_MAX;
	uint64_t multiplier = estimate & UINT8_MAX, units;

	c.error_ns = UINT64_MAX;
	if (multiplier == 0) {
		c.sync = false;
		return c;
	}
	if (scale > 55)
		return c; /* half a year and more */
	units = multiplier << scale;
	c.error_ns = (units >> 32) * NS + (((units & UINT32_MAX) * NS + UINT32_MAX) >> 32);
	return c;
}

uint64_t stampc_time_of(uint64_t unix_ns, bool ptp)
{
	uint64_t s = unix_ns / NS, ns = unix_ns % NS;

	if (ptp)
		return (s & UINT32_MAX) << 32 | ns;
	return ((s + NTP_TO_UNIX_S) & UINT32_MAX) << 32 | (((ns << 32) + NS / 2) / NS);
}

uint64_t stampc_time_ns(uint64_t raw, bool ptp, uint64_t near_ns)
{
	uint64_t near_s = near_ns / NS, s = raw >> 32, frac = raw & UINT32_MAX;
	uint64_t ns = ptp ? frac : (frac * NS + (UINT64_C(1) << 31)) >> 32;
	uint32_t ahead;

	s = ptp ? s : s - NTP_TO_UNIX_S;
	ahead = (uint32_t)(s - near_s); /* modulo an era */
	s = near_s + ahead;
	if (ahead > INT32_MAX && near_s + ahead >= UINT64_C(1) << 32)
		s -= UINT64_C(1) << 32;
	/* a peer's seconds may lie anywhere: the product is not to wrap */
	if (s > UINT64_MAX / NS - 5)
		return UINT64_MAX;
	return s * NS + ns;
}

/* ---- base packets ---- */

bool stampc_test_read(struct rd *r, bool auth, struct stampc_test *t, const uint8_t **mac)
{
	*t = (struct stampc_test){ .seq = rd_u32(r) };
	rd_skip(r, auth ? 12 : 0);
	t->time = rd_u64(r);
	t->estimate = rd_u16(r);
	t->ssid = rd_u16(r);
	rd_skip(r, auth ? 68 : 28);
	*mac = auth ? rd_take(r, STAMPC_MAC) : NULL;
	return !r->bad;
}

bool stampc_reply_read(struct rd *r, bool auth, struct stampc_reply *t, const uint8_t **mac)
{
	*t = (struct stampc_reply){ .seq = rd_u32(r) };
	rd_skip(r, auth ? 12 : 0);
	t->time = rd_u64(r);
	t->estimate = rd_u16(r);
	t->ssid = rd_u16(r);
	rd_skip(r, auth ? 4 : 0);
	t->rx_time = rd_u64(r);
	rd_skip(r, auth ? 8 : 0);
	t->sender_seq = rd_u32(r);
	rd_skip(r, auth ? 12 : 0);
	t->sender_time = rd_u64(r);
	t->sender_estimate = rd_u16(r);
	rd_skip(r, auth ? 6 : 2);
	t->sender_ttl = rd_u8(r);
	rd_skip(r, auth ? 15 : 3);
	*mac = auth ? rd_take(r, STAMPC_MAC) : NULL;
	return !r->bad;
}

static size_t mac_room(struct wr *w, bool auth)
{
	size_t at = w->len;

	if (!auth)
		return 0;
	wr_zero(w, STAMPC_MAC);
	return at;
}

size_t stampc_test_write(struct wr *w, bool auth, const struct stampc_test *t)
{
	wr_u32(w, t->seq);
	wr_zero(w, auth ? 12 : 0);
	wr_u64(w, t->time);
	wr_u16(w, t->estimate);
	wr_u16(w, t->ssid);
	wr_zero(w, auth ? 68 : 28);
	return mac_room(w, auth);
}

size_t stampc_reply_write(struct wr *w, bool auth, const struct stampc_reply *t)
{
	wr_u32(w, t->seq);
	wr_zero(w, auth ? 12 : 0);
	wr_u64(w, t->time);
	wr_u16(w, t->estimate);
	wr_u16(w, t->ssid);
	wr_zero(w, auth ? 4 : 0);
	wr_u64(w, t->rx_time);
	wr_zero(w, auth ? 8 : 0);
	wr_u32(w, t->sender_seq);
	wr_zero(w, auth ? 12 : 0);
	wr_u64(w, t->sender_time);
	wr_u16(w, t->sender_estimate);
	wr_zero(w, auth ? 6 : 2);
	wr_u8(w, t->sender_ttl);
	wr_zero(w, auth ? 15 : 3);
	return mac_room(w, auth);
}
