/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Keys of STAMP between devices and those who use them. */
#include "app/app.h"
#include "app/devices.h"
#include "assure/keys/keys.h"

/* Before others join. 0 or < 0; the owner frees what there is. */
int app_keys_new(struct keys **outp, const struct app_env *env, struct bus *bus, struct app_devices *devices);
void app_keys_apply(struct keys *k, const struct conf *conf);
