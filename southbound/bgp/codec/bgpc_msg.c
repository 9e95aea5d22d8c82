/* SPDX-License-Identifier: Apache-2.0 */
/* Framing, and the small messages: KEEPALIVE, NOTIFICATION, ROUTE-REFRESH. */
#include <assert.h>
#include <stdio.h>

#include "southbound/bgp/codec/bgpc_internal.h"

static const uint8_t marker[16] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
				    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

/* RFC 4271 section 4: the least and the most a message of each type may measure. OPEN and
 * KEEPALIVE never use the extended length (RFC 8654 section 4). */
static const struct {
	uint16_t len_min, len_max;
} msg_rows[] = {
	[BGPC_OPEN] = { 29, BGPC_MAX_LEN },
	[BGPC_UPDATE] = { 23, BGPC_MAX_LEN_EXT },
	[BGPC_NOTIFICATION] = { 21, BGPC_MAX_LEN_EXT },
	[BGPC_KEEPALIVE] = { 19, 19 },
	[BGPC_ROUTE_REFRESH] = { 23, BGPC_MAX_LEN_EXT },
};

enum bgpc_verdict bgpc_fault_note(struct bgpc_fault *f, enum bgpc_verdict v, uint8_t code,
				  uint8_t sub, const char *why)
{
	if (f->count < UINT16_MAX)
		f->count++;
	if (v > f->verdict || f->count == 1) {
		f->verdict = v;
		f->code = code;
		f->sub = sub;
		f->why = why;
	}
	return f->verdict;
}

static int frame_lost(struct bgpc_fault *fault, uint8_t sub, const char *why)
{
	bgpc_fault_note(fault, BGPC_RESET, BGPC_ERR_HEADER, sub, why);
	return -1;
}

int bgpc_frame(const uint8_t *data, size_t len, size_t len_max, struct bgpc_fault *fault)
{
	struct rd r = rd_of(data, len);
	uint16_t msg_len;
	uint8_t type;

	if (len == 0)
		return 0;
	/* A wrong marker is told at its first octet: such a peer may never send 19 of them. */
	if (memcmp(data, marker, len < sizeof(marker) ? len : sizeof(marker)) != 0)
		return frame_lost(fault, BGPC_HEADER_SYNC, "marker is not all ones");
	if (len < BGPC_HEADER_LEN)
		return 0;
	rd_skip(&r, sizeof(marker));
	msg_len = rd_u16(&r);
	type = rd_u8(&r);
	fault->what = msg_len;
	if (msg_len < BGPC_HEADER_LEN || msg_len > len_max)
		return frame_lost(fault, BGPC_HEADER_BAD_LEN, "message length out of bounds");
	if (type < BGPC_OPEN || type > BGPC_ROUTE_REFRESH) {
		fault->what = type;
		return frame_lost(fault, BGPC_HEADER_BAD_TYPE, "unknown message type");
	}
	if (msg_len < msg_rows[type].len_min || msg_len > msg_rows[type].len_max)
		return frame_lost(fault, BGPC_HEADER_BAD_LEN, "message length wrong for its type");
	fault->what = 0;
	return len < msg_len ? 0 : msg_len;
}

enum bgpc_type bgpc_frame_type(const uint8_t *frame)
{
	return (enum bgpc_type)frame[BGPC_HEADER_LEN - 1];
}

struct rd bgpc_frame_body(const uint8_t *frame, size_t len)
{
	struct rd r = rd_of(frame, len);

	rd_skip(&r, BGPC_HEADER_LEN);
	return r;
}

size_t bgpc_msg_open(struct wr *w, enum bgpc_type type)
{
	size_t start = w->len;

	wr_bytes(w, marker, sizeof(marker));
	wr_u16(w, 0);
	wr_u8(w, (uint8_t)type);
	return start;
}

void bgpc_msg_close(struct wr *w, size_t start)
{
	wr_patch_u16(w, start + sizeof(marker), w->len - start);
}

struct bgpc_family bgpc_family_read(struct rd *r)
{
	struct bgpc_family f = { .afi = rd_u16(r) };

	f.safi = rd_u8(r);
	return f;
}

void bgpc_keepalive_write(struct wr *w)
{
	bgpc_msg_close(w, bgpc_msg_open(w, BGPC_KEEPALIVE));
}

enum bgpc_verdict bgpc_notification_read(struct rd *body, struct bgpc_notification *n)
{
	size_t len;

	*n = (struct bgpc_notification){ .code = rd_u8(body) };
	n->sub = rd_u8(body);
	len = rd_left(body);
	n->data_len = (uint8_t)(len < sizeof(n->data) ? len : sizeof(n->data));
	rd_copy(body, n->data, n->data_len);
	rd_skip(body, rd_left(body));
	/* A broken NOTIFICATION is never answered; the session ends either way. */
	return BGPC_OK;
}

void bgpc_notification_write(struct wr *w, const struct bgpc_notification *n)
{
	size_t start = bgpc_msg_open(w, BGPC_NOTIFICATION);

	assert(n->data_len <= sizeof(n->data));
	wr_u8(w, n->code);
	wr_u8(w, n->sub);
	wr_bytes(w, n->data, n->data_len);
	bgpc_msg_close(w, start);
}

static const struct {
	uint8_t code, sub; /* sub 0: the code alone */
	const char *text;
} notification_names[] = {
	{ 1, 0, "header" },
	{ 1, 1, "not-synchronized" },
	{ 1, 2, "bad-length" },
	{ 1, 3, "bad-type" },
	{ 2, 0, "open" },
	{ 2, 1, "version" },
	{ 2, 2, "bad-peer-as" },
	{ 2, 3, "bad-bgp-id" },
	{ 2, 4, "optional-parameter" },
	{ 2, 6, "hold-time" },
	{ 2, 7, "capability" },
	{ 2, 11, "role" },
	{ 3, 0, "update" },
	{ 3, 1, "malformed-attributes" },
	{ 3, 2, "unknown-well-known" },
	{ 3, 3, "missing-well-known" },
	{ 3, 4, "attribute-flags" },
	{ 3, 5, "attribute-length" },
	{ 3, 6, "origin" },
	{ 3, 8, "next-hop" },
	{ 3, 9, "optional-attribute" },
	{ 3, 10, "network-field" },
	{ 3, 11, "as-path" },
	{ 4, 0, "hold-timer-expired" },
	{ 5, 0, "fsm" },
	{ 6, 0, "cease" },
	{ 6, 1, "max-prefixes" },
	{ 6, 2, "admin-shutdown" },
	{ 6, 3, "de-configured" },
	{ 6, 4, "admin-reset" },
	{ 6, 5, "rejected" },
	{ 6, 6, "config-change" },
	{ 6, 7, "collision" },
	{ 6, 8, "out-of-resources" },
	{ 6, 9, "hard-reset" },
	{ 6, 10, "bfd-down" },
	{ 7, 0, "route-refresh" },
	{ 8, 0, "send-hold-timer-expired" },
};

static const char *notification_name(uint8_t code, uint8_t sub)
{
	for (size_t i = 0; i < ARRAY_LEN(notification_names); i++)
		if (notification_names[i].code == code && notification_names[i].sub == sub)
			return notification_names[i].text;
	return NULL;
}

/* RFC 9003: one octet of length, then UTF-8. Shown as printable ASCII only: it goes to logs. */
static void shutdown_text(const struct bgpc_notification *n, char *buf, size_t cap)
{
	size_t len = n->data_len > 0 ? n->data[0] : 0;
	size_t i = 0;

	if (len > (size_t)n->data_len - (n->data_len > 0))
		len = 0;
	for (; i < len && i + 1 < cap; i++) {
		uint8_t c = n->data[1 + i];

		buf[i] = (char)(c >= 0x20 && c < 0x7f && c != '"' && c != '\\' ? c : '?');
	}
	buf[i] = '\0';
}

const char *bgpc_notification_text(const struct bgpc_notification *n, char *buf, size_t cap)
{
	const char *code = notification_name(n->code, 0);
	const char *sub = n->sub ? notification_name(n->code, n->sub) : NULL;
	char text[BGPC_NOTIFICATION_DATA_MAX + 1] = "";

	if (n->code == BGPC_ERR_CEASE &&
	    (n->sub == BGPC_CEASE_SHUTDOWN || n->sub == BGPC_CEASE_RESET))
		shutdown_text(n, text, sizeof(text));
	(void)snprintf(buf, cap, "%u/%u %s%s%s%s%s", n->code, n->sub, code ? code : "unknown",
		       sub ? "/" : "", sub ? sub : "", text[0] ? ": " : "", text);
	return buf;
}

enum bgpc_verdict bgpc_refresh_read(struct rd *body, struct bgpc_refresh *r,
				    struct bgpc_fault *fault)
{
	*r = (struct bgpc_refresh){ .family.afi = rd_u16(body) };
	r->subtype = rd_u8(body);
	r->family.safi = rd_u8(body);
	/* ORF entries (RFC 5291) are longer; that capability is never sent by us. */
	if (!rd_done(body))
		return bgpc_fault_note(fault, BGPC_RESET, BGPC_ERR_REFRESH, 1,
				       "route refresh of wrong length");
	return BGPC_OK;
}

void bgpc_refresh_write(struct wr *w, const struct bgpc_refresh *r)
{
	size_t start = bgpc_msg_open(w, BGPC_ROUTE_REFRESH);

	wr_u16(w, r->family.afi);
	wr_u8(w, r->subtype);
	wr_u8(w, r->family.safi);
	bgpc_msg_close(w, start);
}
