/* SPDX-License-Identifier: Apache-2.0 */
/* Our own agent: what it offers is in models/sextant-device.yang. */
#include "southbound/gnmi/kinds.h"

static const char *const models[] = { "sextant-device", NULL };
static const char *const probe_models[] = { "sextant-device-measure", NULL };

static const struct gnmic_list lists[] = {
	{ "adjacency", { "interface" } },
	{ "classifier", { "id" } },
	{ "counter", { "direction", "flow", "interface", "source" } },
	{ "flow", { "id" } },
	{ "interface", { "name" } },
	{ "key", { "name" } },
	{ "link", { "name" } },
	{ "locator", { "prefix" } },
	{ "nrp", { "id" } },
	{ "policer", { "name" } },
	{ "policy", { "name" } },
	{ "port", { "name" } },
	{ "route", { "prefix" } },
	{ "segment-list", { "index" } },
	{ "session", { "name" } },
	{ "source-filter", { "interface" } },
	{ "table", { "id" } },
};

static const char *const secrets[] = { "secret", NULL };

#define POLICY "/sextant-device:device/policy[name=<name>]"
#define BEGINS                                                                                     \
	"{\"name\":\"<name>\",\"color\":<color>,\"endpoint\":\"<endpoint>\","                        \
	"\"preference\":<preference>,\"discriminator\":<discriminator>,"                           \
	"<?bsid>\"binding-sid\":\"<bsid>\",</>"

static const struct gnmi_object policy[] = {
	{ POLICY, BEGINS "\"segment\":[<*>\"<sid>\"</>]}", false },
	{ 0 },
};

static const struct gnmi_object several[] = {
	{ POLICY, BEGINS "\"segment-list\":[<lists>{\"index\":<list>,\"weight\":<weight>,"
			 "\"segment\":[<*>\"<sid>\"</>]}</lists>]}", false },
	{ 0 },
};

static const char *const policy_watch[] = { "/sextant-device:device/policy",
					    "/sextant-device:device/maximum-segments", NULL };

#define P "/device/policy[name=<name>]"

static const struct gnmi_reading readings[] = {
	{ P "/color", GNMI_SAYS_COLOR },
	{ P "/endpoint", GNMI_SAYS_ENDPOINT },
	{ P "/preference", GNMI_SAYS_PREFERENCE },
	{ P "/discriminator", GNMI_SAYS_DISCRIMINATOR },
	{ P "/binding-sid", GNMI_SAYS_BSID },
	{ P "/segment", GNMI_SAYS_SEGMENTS },
	{ P "/segment-list[index=<list>]/segment", GNMI_SAYS_SEGMENTS },
	{ P "/segment-list[index=<list>]/weight", GNMI_SAYS_WEIGHT },
	{ P "/state/status", GNMI_SAYS_STATUS },
	{ P "/state/reason", GNMI_SAYS_REASON },
	{ P "/state/active", GNMI_SAYS_ACTIVE },
	{ P "/state/segment", GNMI_SAYS_IN_LIST },
	{ P "/state/segment-list[index=<list>]/segment", GNMI_SAYS_IN_LIST },
	{ P "/state/segment-list[index=<list>]/weight", GNMI_SAYS_IN_WEIGHT },
	{ "/device/maximum-segments", GNMI_SAYS_MSD },
};

const struct gnmi_kind gnmi_kind_agent = {
	.name = "agent",
	.title = "sextant-agent",
	.models = models,
	.policy_models = models,
	.probe_models = probe_models,
	.lists = lists,
	.n_lists = ARRAY_LEN(lists),
	.secrets = secrets,
	.policy = policy,
	.several = several,
	.several_since = "2026-11-27",
	.policy_watch = policy_watch,
	.readings = readings,
	.n_readings = ARRAY_LEN(readings),
	.policy_state = true,
	.one_apart = true,
	.segments_max = SR_SEGS_MAX,
	.lists_max = SR_LISTS_MAX,
	.name_max = 127,
	.counters = {
		[GNMI_IF_IN_OCTETS] = "/sextant-device:device/interface[name=<who>]/statistics/in-octets",
		[GNMI_IF_OUT_OCTETS] = "/sextant-device:device/interface[name=<who>]/statistics/out-octets",
		[GNMI_IF_STATUS] = "/sextant-device:device/interface[name=<who>]/oper-status",
	},
};
