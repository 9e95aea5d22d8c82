/* SPDX-License-Identifier: Apache-2.0 */
/* Our own agent: what it offers is in models/sextant-device.yang. */
#include "southbound/gnmi/kinds.h"

static const char *const models[] = { "sextant-device", NULL };

static const struct gnmic_list lists[] = {
	{ "adjacency", { "interface" } },
	{ "classifier", { "id" } },
	{ "counter", { "direction", "flow", "interface", "source" } },
	{ "flow", { "id" } },
	{ "interface", { "name" } },
	{ "link", { "name" } },
	{ "locator", { "prefix" } },
	{ "nrp", { "id" } },
	{ "policer", { "name" } },
	{ "policy", { "name" } },
	{ "port", { "name" } },
	{ "route", { "prefix" } },
	{ "session", { "name" } },
	{ "source-filter", { "interface" } },
	{ "table", { "id" } },
};

static const struct gnmi_object policy[] = {
	{ "/sextant-device:device/policy[name=<name>]",
	  "{\"name\":\"<name>\",\"color\":<color>,\"endpoint\":\"<endpoint>\","
	  "\"preference\":<preference>,\"discriminator\":<discriminator>,"
	  "<?bsid>\"binding-sid\":\"<bsid>\",</>\"segment\":[<*>\"<sid>\"</>]}" },
	{ 0 },
};

const struct gnmi_kind gnmi_kind_agent = {
	.name = "agent",
	.title = "sextant-agent",
	.models = models,
	.policy_models = models,
	.lists = lists,
	.n_lists = ARRAY_LEN(lists),
	.policy = policy,
	.segments_max = SR_SEGS_MAX,
	.name_max = 127,
	.counters = {
		[GNMI_IF_IN_OCTETS] = "/sextant-device:device/interface[name=<who>]/statistics/in-octets",
		[GNMI_IF_OUT_OCTETS] = "/sextant-device:device/interface[name=<who>]/statistics/out-octets",
		[GNMI_IF_STATUS] = "/sextant-device:device/interface[name=<who>]/oper-status",
	},
};
