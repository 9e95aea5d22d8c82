/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Documents of tests, and reading them. */
#include "check_main.h"

#include <string.h>

#include "slice/model.h"

/* An SDP at a router, of one group with a role ("" none). */
#define SDP(id, node, group, role)                                                                 \
	"{\"id\":\"" id "\",\"node-id\":\"" node "\",\"service-match-criteria\":{\"match-criterion\":[" \
	"{\"index\":1,\"match-type\":[{\"type\":\"ietf-network-slice-service:any\"}],"             \
	"\"target-connection-group-id\":\"" group "\"" role "}]}}"
#define ROLE(r) ",\"connection-group-sdp-role\":\"ietf-vpn-common:" r "-role\""
#define BOUND(type, unit, bound)                                                                   \
	"{\"metric-type\":\"ietf-network-slice-service:" type "\",\"metric-unit\":\"" unit          \
	"\",\"bound\":\"" bound "\"}"
#define SLO(bounds) "\"slo-policy\":{\"metric-bound\":[" bounds "]}"
#define CUSTOM(bounds) "\"service-slo-sle-policy\":{" SLO(bounds) "}"
#define P2P(id, from, to, more)                                                                    \
	"{\"id\":\"" id "\",\"p2p-sender-sdp\":\"" from "\",\"p2p-receiver-sdp\":\"" to "\"" more "}"
#define GROUP(id, type, constructs)                                                                \
	"{\"id\":\"" id "\",\"connectivity-type\":\"" type "\",\"connectivity-construct\":[" constructs "]}"
#define SERVICE(id, more, sdps, groups)                                                            \
	"{\"id\":\"" id "\"," more "\"sdps\":{\"sdp\":[" sdps "]},\"connection-groups\":"          \
	"{\"connection-group\":[" groups "]}}"

static inline void read_ok(const char *text, struct arena *a, struct slice_service *s)
{
	struct slice_fault f;
	int r = slice_service_read(text, strlen(text), a, s, &f);

	ck_assert_msg(r == 0, "%s: %s", f.field, f.text);
}
