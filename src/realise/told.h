/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * What a router does with customers' packets, as its agent reads it of the kernel
 * (sextant-device-forwarding): kept leaf by leaf as it is told. What is not told is unknown.
 */
#include "base/ip.h"
#include "base/vec.h"
#include "core/device.h"
#include "realise/plan.h"

enum {
	TOLD_TABLES_MAX = 1024,
	TOLD_TABLE_ROUTES_MAX = 8192, /* of a table */
	TOLD_ROUTES_MAX = 32768,      /* of a device */
	TOLD_SIDS_MAX = 8192,
};

enum told_way { TOLD_WAY_NONE, TOLD_INTERFACE, TOLD_SID, TOLD_DROP, TOLD_NEXT, TOLD_OTHER };

struct told_route {
	struct ip_prefix prefix;
	struct ip_addr sid;
	uint16_t member;
	uint8_t way; /* enum told_way */
	char interface[REALISE_IF_MAX]; /* "": not told, or none a circuit could have */
};

struct told_table {
	uint32_t id;
	bool complete;
	VEC(struct told_route) routes; /* by prefix, member */
};

enum told_action { TOLD_ACTION_NONE, TOLD_END, TOLD_END_X, TOLD_END_DT, TOLD_ACTION_OTHER };

struct told_sid {
	struct ip_prefix prefix;
	uint32_t table;
	uint8_t action; /* enum told_action */
	uint8_t block, node;
};

struct realise_told {
	uint32_t watch; /* 0: it cannot be watched */
	bool synced;
	bool sids_complete;
	bool bad; /* more than is kept, or what cannot be read: nothing is known until all is told anew */
	VEC(struct told_table) tables; /* by id */
	VEC(struct told_sid) sids;     /* by prefix */
	size_t n_routes;
};

extern const char realise_told_path[]; /* that is watched */

void realise_told_fini(struct realise_told *t); /* nothing is known; watch stays */
/* Of the watch's. */
void realise_told_sample(struct realise_told *t, const struct device_sample *s);
/* All there is was told, and could be kept. */
static inline bool realise_told_is_whole(const struct realise_told *t)
{
	return t->watch && t->synced && !t->bad;
}
