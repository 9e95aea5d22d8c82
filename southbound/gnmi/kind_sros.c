/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nokia SR OS (nokia-conf, nokia-state, 26.3). New objects are disabled unless told otherwise;
 * a list takes 24 segments. Counters of policies need ingress and egress statistics enabled.
 */
#include "southbound/gnmi/kinds.h"

#define POLICIES "/configure/router[router-name=Base]/segment-routing/sr-policies"
#define STATE "/state/router[router-name=Base]/segment-routing/sr-policies"

static const char *const models[] = { "nokia-conf", NULL };
static const char *const policy_models[] = { "nokia-conf", "nokia-state", NULL };

static const struct gnmic_list lists[] = {
	{ "binding-sid", { "index" } },	    { "router", { "router-name" } },
	{ "segment", { "segment-index" } }, { "segment-list", { "segment-list-index" } },
	{ "static-policy", { "name" } },
};

static const struct gnmi_object policy[] = {
	{ POLICIES "/static-policy[name=<name>]",
	  "{\"name\":\"<name>\",\"admin-state\":\"enable\",\"color\":<color>,\"endpoint\":\"<endpoint>\","
	  "\"preference\":<preference>,\"head-end\":\"local\",\"distinguisher\":<discriminator>,"
	  "\"type\":\"srv6\","
	  "<?bsid>\"segment-routing-v6\":{\"binding-sid\":[{\"index\":1,\"ip-address\":\"<bsid>\"}]},</>"
	  "\"segment-list\":[<lists>{\"segment-list-index\":<list>,\"admin-state\":\"enable\",\"weight\":<weight>,"
	  "\"segment\":[<*>{\"segment-index\":<index>,\"srv6-sid\":\"<sid>\"}</>]}</lists>]}",
	  false },
	{ 0 },
};

static const char *const policy_watch[] = { POLICIES "/static-policy", NULL };

#define P POLICIES "/static-policy[name=<name>]"

/* Its state names candidate paths by numbers of its own: what is read back is taken for up. */
static const struct gnmi_reading readings[] = {
	{ P "/color", GNMI_SAYS_COLOR },
	{ P "/endpoint", GNMI_SAYS_ENDPOINT },
	{ P "/preference", GNMI_SAYS_PREFERENCE },
	{ P "/distinguisher", GNMI_SAYS_DISCRIMINATOR },
	{ P "/segment-routing-v6/binding-sid[index=<>]/ip-address", GNMI_SAYS_BSID },
	{ P "/segment-list[segment-list-index=<list>]/segment[segment-index=<index>]/srv6-sid", GNMI_SAYS_SEGMENT },
	{ P "/segment-list[segment-list-index=<list>]/weight", GNMI_SAYS_WEIGHT },
};

const struct gnmi_kind gnmi_kind_sros = {
	.name = "sros",
	.title = "Nokia SR OS",
	.models = models,
	.policy_models = policy_models,
	.commit = true,
	.lists = lists,
	.n_lists = ARRAY_LEN(lists),
	.policy = policy,
	.several = policy,
	.policy_watch = policy_watch,
	.readings = readings,
	.n_readings = ARRAY_LEN(readings),
	.segments_max = 24,
	.lists_max = SR_LISTS_MAX,
	.counters = {
		[GNMI_POLICY_BYTES] = STATE "/sr-policy-egress-statistics[color=<color>]"
					    "[endpoint=<endpoint>]/byte-count",
		[GNMI_POLICY_PACKETS] = STATE "/sr-policy-egress-statistics[color=<color>]"
					      "[endpoint=<endpoint>]/packet-count",
	},
};
