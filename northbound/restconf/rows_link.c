/* SPDX-License-Identifier: Apache-2.0 */
/* What is measured of a link: the container `measured` of models/sextant-topology.yang. */
#include <inttypes.h>

#include "northbound/restconf/rc_int.h"
#include "sense/sense.h"

static const struct rc_leaf delay_leaves[] = {
	RC_LEAF("delay", RC_U32, struct sense_link_view, delay_us, 0),
	RC_LEAF("delay-max", RC_U32, struct sense_link_view, delay_max_us, 0),
	RC_LEAF("delay-variation", RC_U32, struct sense_link_view, delay_var_us, 0),
	RC_LEAF("one-way", RC_BOOL, struct sense_link_view, one_way, 0),
	RC_LEAF("stale", RC_BOOL, struct sense_link_view, stale, 0),
};

static const struct rc_leaf load_leaves[] = {
	RC_LEAF("load", RC_U64, struct sense_link_view, load_bps, 0),
	RC_LEAF("load-beside", RC_U64, struct sense_link_view, beside_bps, 0),
	RC_LEAF("load-booked", RC_U64, struct sense_link_view, booked_bps, 0),
};

void rc_link_fill(const struct sense_query *q, struct lyd_node *attributes, uint32_t link)
{
	struct sense_link_view v;
	struct lyd_node *m;

	if (!q || !q->link(q->self, link, &v))
		return;
	m = rc_container(attributes, NULL, "measured");
	if (v.interface[0])
		rc_add(m, "interface", v.interface);
	if (v.delay_known)
		rc_leaves_fill(m, delay_leaves, ARRAY_LEN(delay_leaves), &v);
	if (v.load_known)
		rc_leaves_fill(m, load_leaves, ARRAY_LEN(load_leaves), &v);
	if (v.why[0])
		rc_add(m, "reason", v.why);
}
