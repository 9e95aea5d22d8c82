/* SPDX-License-Identifier: Apache-2.0 */
/* Our own agent: what it offers is in models/sextant-device.yang; its policies come by PCEP. */
#include "southbound/gnmi/kinds.h"

static const char *const models[] = { "sextant-device", NULL };

static const struct gnmic_list lists[] = {
	{ "classifier", { "id" } }, { "link", { "name" } },   { "nrp", { "id" } },
	{ "policer", { "name" } },  { "route", { "prefix" } }, { "source-filter", { "interface" } },
	{ "table", { "id" } },
};

const struct gnmi_kind gnmi_kind_agent = {
	.name = "agent",
	.title = "sextant-agent",
	.models = models,
	.lists = lists,
	.n_lists = ARRAY_LEN(lists),
	.counters = { [GNMI_IF_STATUS] = "/sextant-device:device/link[name=<who>]/state" },
};
