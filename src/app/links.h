/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Links that are measured between the configured devices. */
#include "app/devices.h"
#include "sense/sense.h"

/* Joins the devices: before app_devices_apply(). 0 or < 0. */
int app_links_new(struct sense **outp, struct app_devices *devices, const struct sense_parts *parts);
void app_links_apply(struct sense *s, const struct conf *conf);
