/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* The desk of repairs as it is told to be: real incidents, no network. */
#include "assure/repair/repair_desk.h"

struct fake_repair {
	struct repair *incidents; /* the caller's; NULL: there are none */
	struct repair_now now;
	char who[64];
	unsigned releases;
	int release; /* what releasing says */
	struct repair_diagnosis found;
	struct repair_touched touched[2];
	uint32_t n_touched;
};

extern struct fake_repair fake_repair;
