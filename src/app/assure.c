/* SPDX-License-Identifier: Apache-2.0 */
#include "app/assure.h"

#include "base/err.h"

int app_assure_new(struct assure_room **outp, struct app_devices *devices,
		   const struct assure_room_parts *parts, const struct assure_room_cfg *cfg)
{
	AUTO(assure_room_free) struct assure_room *room = NULL;
	struct slice_steps steps = { .audit = assure_room_audit };
	struct device_port port;
	int r = assure_room_new(&room, parts, cfg);

	if (r == 0)
		r = assure_room_load(room);
	if (r == 0)
		r = app_devices_join(devices, &assure_device_sink, room, &port);
	if (r < 0)
		return err_trace(r);
	assure_room_port(room, &port);
	steps.ctx = room;
	slice_steps_add(parts->slice, &steps);
	*outp = TAKE(room);
	return 0;
}
