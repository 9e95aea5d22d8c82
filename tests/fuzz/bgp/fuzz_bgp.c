/* SPDX-License-Identifier: Apache-2.0 */
/* A whole BGP message. An OPEN or UPDATE that reads as good must write, read again as good and
 * write to the same octets. */
#include <stdlib.h>

#include "southbound/bgp/codec/bgpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint8_t a[BGPC_MAX_LEN_EXT * 2], b[BGPC_MAX_LEN_EXT * 2];

static void same(const struct wr *x, const struct wr *y)
{
	if (x->bad || y->bad || x->len != y->len || memcmp(x->base, y->base, x->len) != 0)
		abort();
}

static void try_open(struct rd body)
{
	struct bgpc_open o, o2;
	struct bgpc_fault f = { 0 };
	struct wr wa = wr_of(a, sizeof(a)), wb = wr_of(b, sizeof(b));

	if (bgpc_open_read(&body, &o, &f) != BGPC_OK)
		return;
	bgpc_open_write(&wa, &o);
	body = bgpc_frame_body(a, wa.len);
	if (wa.bad || bgpc_open_read(&body, &o2, &f) != BGPC_OK)
		abort();
	bgpc_open_write(&wb, &o2);
	same(&wa, &wb);
}

static void try_update(struct rd body, bool as4)
{
	struct bgpc_session_opts opts = { .as4 = as4 };
	struct bgpc_update u, u2;
	struct bgpc_fault f = { 0 };
	struct wr wa = wr_of(a, sizeof(a)), wb = wr_of(b, sizeof(b));

	if (bgpc_update_read(&body, &opts, &u, &f) != BGPC_OK)
		return;
	(void)bgpc_as_path_has(u.as_path, as4, 65000);
	bgpc_update_write(&wa, &u);
	body = bgpc_frame_body(a, wa.len);
	if (wa.bad || bgpc_update_read(&body, &opts, &u2, &f) != BGPC_OK)
		abort();
	bgpc_update_write(&wb, &u2);
	same(&wa, &wb);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bgpc_fault f = { 0 };
	int n = bgpc_frame(data, len, BGPC_MAX_LEN_EXT, &f);
	struct bgpc_notification no;
	struct bgpc_refresh rf;
	char text[160];
	struct rd body;

	if (n <= 0)
		return 0;
	body = bgpc_frame_body(data, (size_t)n);
	switch (bgpc_frame_type(data)) {
	case BGPC_OPEN:
		try_open(body);
		break;
	case BGPC_UPDATE:
		try_update(body, true);
		try_update(body, false);
		break;
	case BGPC_NOTIFICATION:
		(void)bgpc_notification_read(&body, &no);
		(void)bgpc_notification_text(&no, text, sizeof(text));
		break;
	case BGPC_ROUTE_REFRESH:
		(void)bgpc_refresh_read(&body, &rf, &f);
		break;
	case BGPC_KEEPALIVE:
		break;
	}
	return 0;
}
