/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Between the files of the simulation of slices. */
#include "sim.h"
#include "slice/slice.h"

enum { SLICES = 12, GOLD = 7 };

#define GOLD_BPS UINT64_C(3000000000)
#define GOLD_BLOCK "fd5e:64::/32"

/* A slice as its tenant knows it. */
struct tenant {
	char id[16];
	uint32_t from, to; /* with devices: its customer's interfaces are "IDa" and "IDb" there */
	uint64_t bps, asked_bps;
	bool gold;	/* in the partition */
	bool there;	/* acknowledged */
	bool pending, deleting, unknown; /* unknown: the controller died before it answered */
	bool stands, flows; /* as judged last: it is in the network, and its packets are to arrive */
};

/* The LSP of a policy at its headend, NULL: it has none. */
const struct lsp *lsp_of(const struct sr_policy_key *k);

/* slices_devices.c: every device has what the slices that stand need, and nothing else; of the partition
 * too. t has SLICES. */
void check_devices(const struct tenant *t, bool partition);
