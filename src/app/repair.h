/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Assurance windows, and repairs of slices by what is measured of them. */
#include "app/devices.h"
#include "assure/repair/repair_desk.h"

/* room may be NULL: then nothing is measured, and only what the network says of itself is known.
 * parts->hops and ctx are set here. After slice_load() and the room. */
int app_windows_new(struct window_book **outp, struct assure_room *room, const struct window_book_parts *parts);
/* devices may be NULL; joined before app_devices_apply(). */
int app_repair_new(struct repair_desk **outp, struct app_devices *devices, struct assure_room *room,
		   const struct repair_desk_parts *parts);
