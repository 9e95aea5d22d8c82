/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever else: OpenConfig's interfaces, which nearly every device has. No policies: every
 * implementation known to us deviates segment-routing/te-policies away (and it is state only).
 */
#include "southbound/gnmi/kinds.h"

static const char *const models[] = { NULL };

static const struct gnmic_list lists[] = {
	{ "interface", { "interface-id", "name" } },
	{ "queue", { "name" } },
	{ "subinterface", { "index" } },
};

const struct gnmi_kind gnmi_kind_openconfig = {
	.name = "openconfig",
	.title = "OpenConfig",
	.models = models,
	.lists = lists,
	.n_lists = ARRAY_LEN(lists),
	.counters = {
		[GNMI_IF_IN_OCTETS] =
			"openconfig:/interfaces/interface[name=<who>]/state/counters/in-octets",
		[GNMI_IF_OUT_OCTETS] =
			"openconfig:/interfaces/interface[name=<who>]/state/counters/out-octets",
		[GNMI_IF_STATUS] = "openconfig:/interfaces/interface[name=<who>]/state/oper-status",
	},
};
