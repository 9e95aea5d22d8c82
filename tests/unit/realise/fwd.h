/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* What devices of the bed tell they do with packets, and what the room says of it. */
#include "bed.h"

enum {
	FORWARDING = 6,	   /* the watch */
	LOOKS_MS = 20000, /* whatever is an alarm is one */
};

void up(const char *device);
void tell(const char *device, bool gone, const char *text, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void tell_route(const char *device, unsigned table, const char *prefix, const char *way, const char *to);
void lose_route(const char *device, unsigned table, const char *prefix);
void tell_all(const char *device); /* anew: it does what it was set */

struct seen {
	unsigned sources, of[SLICE_REACH_LEAK + 1], told;
	char why[SR_REASON_MAX], text[SR_REASON_MAX], slice[SLICE_ID_MAX], interface[32];
};

struct seen seen_of(const char *id);
unsigned alarms(const char *type); /* that ever were, and their ends */
unsigned stands(const char *type, const char *resource);
unsigned table_of(const char *device, const char *slice);
const char *sid_of(const char *slice); /* of its table on r2 */

/* Red and blue, with the same prefixes on r1 and r2; all is told, and has rested. */
void two_customers(void);
