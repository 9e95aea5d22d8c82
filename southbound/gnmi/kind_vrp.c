/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Huawei VRP (8.22, NE40E and NE8000). The originator of configured paths is the text
 * "0,0.0.0.0", the discriminator is the preference, a list has 10 segments at most; a binding
 * SID needs a locator with a static part. The list is set before the policy that names it.
 */
#include "southbound/gnmi/kinds.h"

#define SRPOLICY                                                                                   \
	"/huawei-network-instance:network-instance/instances/instance[name=_public_]"              \
	"/huawei-srv6:srv6/huawei-srpolicy:srpolicy"

static const char *const models[] = { "huawei-network-instance", NULL };
static const char *const policy_models[] = { "huawei-srv6", "huawei-srpolicy", NULL };

static const struct gnmic_list lists[] = {
	{ "candidate-path", { "discriminator", "originator", "protocol-origin" } },
	{ "instance", { "name" } },
	{ "policy", { "color", "endpoint" } },
	{ "policy-traffic-statistic", { "color", "endpoint" } },
	{ "segment", { "index" } },
	{ "segment-list", { "name" } },
};

static const struct gnmi_object policy[] = {
	{ SRPOLICY "/segment-lists/segment-list[name=<list-name>]",
	  "{\"name\":\"<list-name>\",\"segments\":{\"segment\":["
	  "<*>{\"index\":<index>,\"sid-value-2\":\"<sid>\"}</>]}}",
	  .each_list = true },
	{ SRPOLICY "/policys/policy[endpoint=<endpoint>][color=<color>]",
	  "{\"endpoint\":\"<endpoint>\",\"color\":<color>,\"name\":\"<name>\","
	  "<?bsid>\"binding-sid\":{\"dataplane\":\"srv6\",\"value\":\"<bsid>\"},</>"
	  "\"traffic-statistics-enable\":true,\"candidate-paths\":{\"candidate-path\":[{"
	  "\"protocol-origin\":\"configuration\",\"originator\":\"0,0.0.0.0\","
	  "\"discriminator\":<preference>,\"preference\":<preference>,"
	  "\"segment-lists\":{\"segment-list\":["
	  "<lists>{\"name\":\"<list-name>\",\"weight\":<weight>}</lists>]}}]}}",
	  false },
	{ 0 },
};

static const char *const policy_watch[] = { SRPOLICY "/policys/policy", SRPOLICY "/segment-lists/segment-list",
					    NULL };

#define TOLD "/network-instance/instances/instance[name=_public_]/srv6/srpolicy"
#define P TOLD "/policys/policy[color=<color>][endpoint=<endpoint>]"

static const struct gnmi_reading readings[] = {
	{ P "/name", GNMI_SAYS_NAME },
	{ P "/binding-sid/value", GNMI_SAYS_BSID },
	{ P "/candidate-paths/candidate-path[discriminator=<>][originator=<>][protocol-origin=<>]/preference",
	  GNMI_SAYS_PREFERENCE },
	{ P "/candidate-paths/candidate-path[discriminator=<>][originator=<>][protocol-origin=<>]/segment-lists/"
	    "segment-list[name=<list-name>]/weight",
	  GNMI_SAYS_WEIGHT },
	{ TOLD "/segment-lists/segment-list[name=<list-name>]/segments/segment[index=<index>]/sid-value-2",
	  GNMI_SAYS_SEGMENT },
};

const struct gnmi_kind gnmi_kind_vrp = {
	.name = "vrp",
	.title = "Huawei VRP",
	.models = models,
	.policy_models = policy_models,
	.lists = lists,
	.n_lists = ARRAY_LEN(lists),
	.policy = policy,
	.several = policy,
	.policy_watch = policy_watch,
	.readings = readings,
	.n_readings = ARRAY_LEN(readings),
	.one_path = true,
	.segments_max = 10,
	.lists_max = SR_LISTS_MAX,
	.name_max = 31,
	.preference_max = 65535,
	.counters = {
		[GNMI_POLICY_BYTES] = SRPOLICY "/policy-traffic-statistics/policy-traffic-statistic"
					       "[endpoint=<endpoint>][color=<color>]/total-byte",
		[GNMI_POLICY_PACKETS] = SRPOLICY "/policy-traffic-statistics/policy-traffic-statistic"
						 "[endpoint=<endpoint>][color=<color>]/total-packet",
	},
};
