/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Contexts of the modules of slices: of our files, or of the official ones with ours beside them. */
#include <stdbool.h>

#include <libyang/libyang.h>

/* Where the official files are, or NULL and a notice. */
const char *official_dir(void);
/* SEXTANT_SHARED/data/slice-examples, or NULL and a notice. */
const char *examples_dir(void);
/* All features; as_served: with our deviations, and the features the daemon serves. */
struct ly_ctx *models_load(const char *first, bool as_served);
/* The modules of L3VPNs, as they are served. */
struct ly_ctx *models_load_vpn(const char *first);
