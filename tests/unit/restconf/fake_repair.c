/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for the desk of repairs. */
#include <stdio.h>

#include "fake_repair.h"

struct fake_repair fake_repair;

const struct repair *repair_desk_incidents(const struct repair_desk *d)
{
	(void)d;
	return fake_repair.incidents;
}

int repair_desk_approve(struct repair_desk *d, uint32_t incident, bool ok, const char *who)
{
	(void)d;
	(void)snprintf(fake_repair.who, sizeof(fake_repair.who), "%.60s", who);
	return repair_approve(fake_repair.incidents, incident, ok, who, &fake_repair.now);
}

int repair_desk_accept(struct repair_desk *d, uint32_t incident, const char *who)
{
	(void)d;
	return repair_accept(fake_repair.incidents, incident, who, &fake_repair.now);
}

int repair_desk_release(struct repair_desk *d, const char *slice, slice_done_fn done, void *arg)
{
	const struct slice_result r = { .code = slice[0] == 'x' ? SLICE_E_MISSING : 0, .text = "it is not there" };

	(void)d;
	fake_repair.releases++;
	if (fake_repair.release)
		return fake_repair.release;
	done(arg, &r);
	return 0;
}

uint32_t repair_desk_touched(const struct repair_desk *d, uint32_t incident, struct repair_touched *out,
			     uint32_t cap)
{
	uint32_t n = incident == 1 ? fake_repair.n_touched : 0;

	(void)d;
	for (uint32_t i = 0; i < n && i < cap; i++)
		out[i] = fake_repair.touched[i];
	return n;
}

int repair_desk_diagnose(const struct repair_desk *d, struct repair_diagnosis *out)
{
	(void)d;
	*out = fake_repair.found;
	return 0;
}
