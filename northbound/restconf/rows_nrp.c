/* SPDX-License-Identifier: Apache-2.0 */
/* What has become of a partition in the network: models/sextant-nrp.yang. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/auto.h"
#include "northbound/restconf/rc_int.h"
#include "nrp/nrp.h"

static const char *const statuses[NRP_STATUSES] = { "waiting", "in", "failed", "leaving" };

static void status_fill(struct lyd_node *to, enum nrp_status status, const char *reason)
{
	rc_add(to, "status", statuses[status]);
	if (reason[0])
		rc_add(to, "reason", reason);
}

static void growth_fill(struct lyd_node *link, const struct slice_growth *g)
{
	struct lyd_node *to = g ? rc_container(link, "sextant-nrp", "growth") : NULL;
	char when[64];

	if (!to)
		return;
	rc_addf(to, "rate", "%" PRIu64, g->is.bps);
	rc_add(to, "in", g->in_bps == g->is.bps ? "true" : "false");
	if (g->why[0])
		rc_add(to, "reason", g->why);
	rc_addf(to, "incident", "%" PRIu32, g->is.incident);
	rc_add(to, "slice", g->is.slice);
	if (rc_time_text(g->since_wall_ns, when, sizeof(when)))
		rc_add(to, "since", when);
}

static void link_fill(void *arg, const struct nrp_link_view *v)
{
	struct lyd_node *l = rc_entry2(arg, "link", v->device, v->interface);

	if (!l)
		return;
	if (v->link[0])
		rc_add(l, "link", v->link);
	status_fill(l, v->status, v->reason);
	rc_addf(l, "capacity", "%" PRIu64, v->capacity_bps);
	rc_addf(l, "rate", "%" PRIu64, v->rate_bps);
	rc_addf(l, "ceiling", "%" PRIu64, v->ceil_bps);
	rc_addf(l, "queue-priority", "%u", v->priority);
	if (v->ordered_bps)
		rc_addf(l, "ordered", "%" PRIu64, v->ordered_bps);
	growth_fill(l, v->growth);
	if (!v->counted)
		return;
	rc_addf(l, "packets", "%" PRIu64, v->packets);
	rc_addf(l, "octets", "%" PRIu64, v->octets);
	rc_addf(l, "drops", "%" PRIu64, v->drops);
	rc_addf(l, "backlog", "%" PRIu64, v->backlog);
}

static void node_fill(void *arg, const struct nrp_node_view *v)
{
	char text[IP_PREFIX_TEXT_MAX];
	struct lyd_node *n = rc_entry2(arg, "node", v->device, ip_prefix_text(&v->locator, text, sizeof(text)));

	if (!n)
		return;
	status_fill(n, v->status, v->reason);
	rc_addf(n, "adjacencies", "%" PRIu32, v->n_adjacencies);
}

void rc_nrp_fill(const struct nrp_query *q, struct lyd_node *entry)
{
	const char *id = rc_value(entry, "nrp-id");
	AUTO_FREE struct nrp_view *v = q && id ? malloc(sizeof(*v)) : NULL;
	uint64_t n;
	struct lyd_node *c;

	if (!v || str_u64(id, &n) < 0 || n == 0 || n > UINT32_MAX ||
	    !q->next(q->self, (uint32_t)n - 1, v) || v->id != n)
		return;
	c = rc_container(entry, "sextant-nrp", "realised");
	status_fill(c, v->status, v->reason);
	if (v->algo)
		rc_addf(c, "algorithm", "%u", v->algo);
	rc_add(c, "alone", v->alone ? "true" : "false");
	if (v->status != NRP_LEAVING)
		rc_addf(c, "queue-priority", "%u", v->priority);
	q->each_link(q->self, v->id, link_fill, c);
	q->each_node(q->self, v->id, node_fill, c);
}
