/* SPDX-License-Identifier: Apache-2.0 */
#include "app/repair.h"

#include "base/err.h"

static bool hops(void *ctx, const char *slice, bool raise)
{
	return assure_room_hops(ctx, slice, raise);
}

int app_windows_new(struct window_book **outp, struct assure_room *room, const struct window_book_parts *parts)
{
	AUTO(window_book_free) struct window_book *book = NULL;
	struct window_book_parts p = *parts;
	int r;

	p.hops = room ? hops : NULL;
	p.ctx = room;
	r = window_book_new(&book, &p);
	if (r == 0)
		r = window_book_load(book);
	if (r < 0)
		return err_trace(r);
	*outp = TAKE(book);
	return 0;
}

int app_repair_new(struct repair_desk **outp, struct app_devices *devices, struct assure_room *room,
		   const struct repair_desk_parts *parts)
{
	AUTO(repair_desk_free) struct repair_desk *desk = NULL;
	struct repair_desk_parts p = *parts;
	struct device_port port;
	int r;

	p.hops = room ? hops : NULL;
	p.ctx = room;
	r = repair_desk_new(&desk, &p, NULL);
	if (r == 0)
		r = repair_desk_load(desk);
	if (r == 0 && devices)
		r = app_devices_join(devices, &repair_device_sink, desk, &port);
	if (r < 0)
		return err_trace(r);
	if (devices)
		repair_desk_port(desk, &port);
	if (room)
		assure_room_watch(room, repair_desk_evidence, desk);
	*outp = TAKE(desk);
	return 0;
}
