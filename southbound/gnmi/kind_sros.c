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
	  "\"segment-list\":[{\"segment-list-index\":1,\"admin-state\":\"enable\",\"weight\":1,"
	  "\"segment\":[<*>{\"segment-index\":<index>,\"srv6-sid\":\"<sid>\"}</>]}]}" },
	{ 0 },
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
	.segments_max = 24,
	.counters = {
		[GNMI_POLICY_BYTES] = STATE "/sr-policy-egress-statistics[color=<color>]"
					    "[endpoint=<endpoint>]/byte-count",
		[GNMI_POLICY_PACKETS] = STATE "/sr-policy-egress-statistics[color=<color>]"
					      "[endpoint=<endpoint>]/packet-count",
	},
};
