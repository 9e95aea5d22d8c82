/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Assurance over the configured devices. */
#include "app/devices.h"
#include "assure/flows/room.h"

/* Joins the devices, and reads what is durable: before app_devices_apply(), after slice_load(). */
int app_assure_new(struct assure_room **outp, struct app_devices *devices,
		   const struct assure_room_parts *parts, const struct assure_room_cfg *cfg);
