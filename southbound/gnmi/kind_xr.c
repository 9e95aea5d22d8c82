/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cisco IOS XR (25.4). Native modules only: its OpenConfig has no SRv6 policies, and the um
 * modules are another way to the same configuration, which must not be used beside this one.
 */
#include "southbound/gnmi/kinds.h"

#define TE                                                                                         \
	"/Cisco-IOS-XR-segment-routing-ms-cfg:sr/Cisco-IOS-XR-infra-xtc-agent-cfg:traffic-engineering"

static const char *const models[] = { "Cisco-IOS-XR-infra-xtc-agent-cfg", NULL };
static const char *const policy_models[] = { "Cisco-IOS-XR-segment-routing-ms-cfg",
					     "Cisco-IOS-XR-infra-xtc-agent-cfg", NULL };

static const struct gnmic_list lists[] = {
	{ "explicit-segment", { "path-name" } },
	{ "path-info", { "hop-type", "segment-list-name", "type" } },
	{ "policy", { "policy-name" } },
	{ "policy-forwarding", { "name" } },
	{ "preference", { "path-index" } },
	{ "srv6-segment", { "index" } },
};

#define LIST                                                                                       \
	{ TE "/segment-lists/explicit-segments/explicit-segment[path-name=<list-name>]",           \
	  "{\"path-name\":\"<list-name>\",\"segment-list-srv6\":{\"srv6-segments\":{\"srv6-segment\":["  \
	  "<*>{\"index\":<index>,\"address\":\"<sid>\",\"hop-type\":\"srv6sid\"}</>]}}}",              \
	  .each_list = true }
#define POLICY TE "/policies/policy[policy-name=<name>]"
#define BEGINS                                                                                     \
	"{\"policy-name\":\"<name>\",\"policy-color-endpoint\":{\"color\":<color>,"              \
	"\"end-point-type\":\"end-point-type-ipv6\",\"end-point-address\":\"<endpoint>\"},"        \
	"<?locator>\"srv6\":{\"locator\":{\"locator-name\":\"<locator>\"}},</>"                    \
	"\"candidate-paths\":{\"preferences\":{\"preference\":[{\"path-index\":<preference>,"      \
	"\"path-infos\":{\"path-info\":["
#define PATH "{\"type\":\"explicit\",\"hop-type\":\"srv6\",\"segment-list-name\":\"<list-name>\""

static const struct gnmi_object policy[] = {
	LIST,
	{ POLICY, BEGINS PATH "}]}}]}}}", false },
	{ 0 },
};

static const struct gnmi_object several[] = {
	LIST,
	{ POLICY, BEGINS "<lists>" PATH ",\"weight\":<weight>}</lists>]}}]}}}", false },
	{ 0 },
};

static const char *const policy_watch[] = { TE "/policies/policy", TE "/segment-lists/explicit-segments", NULL };

#define TOLD "/sr/traffic-engineering"
#define P TOLD "/policies/policy[policy-name=<name>]"

static const struct gnmi_reading readings[] = {
	{ P "/policy-color-endpoint/color", GNMI_SAYS_COLOR },
	{ P "/policy-color-endpoint/end-point-address", GNMI_SAYS_ENDPOINT },
	{ P "/candidate-paths/preferences/preference[path-index=<preference>]/path-infos/"
	    "path-info[hop-type=<>][segment-list-name=<list-of>][type=<>]/segment-list-name",
	  GNMI_SAYS_KEYS },
	{ P "/candidate-paths/preferences/preference[path-index=<preference>]/path-infos/"
	    "path-info[hop-type=<>][segment-list-name=<list-of>][type=<>]/weight",
	  GNMI_SAYS_WEIGHT },
	{ TOLD "/segment-lists/explicit-segments/explicit-segment[path-name=<list-name>]/segment-list-srv6/"
	       "srv6-segments/srv6-segment[index=<index>]/address",
	  GNMI_SAYS_SEGMENT },
};

const struct gnmi_kind gnmi_kind_xr = {
	.name = "xr",
	.title = "Cisco IOS XR",
	.models = models,
	.policy_models = policy_models,
	.lists = lists,
	.n_lists = ARRAY_LEN(lists),
	.policy = policy,
	.several = several,
	.policy_watch = policy_watch,
	.readings = readings,
	.n_readings = ARRAY_LEN(readings),
	.one_path = true,
	.lists_max = SR_LISTS_MAX,
	.preference_max = 65535,
	.ipv6_only = true,
	.counters = {
		[GNMI_POLICY_BYTES] = "/Cisco-IOS-XR-infra-xtc-agent-oper:xtc/forwarding/"
				      "policy-forwardings/policy-forwarding[name=<name>]",
	},
};
