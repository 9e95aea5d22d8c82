/* SPDX-License-Identifier: Apache-2.0 */
/* What a router does for each destination until the IGP has converged. */
#include <errno.h>

#include "base/err.h"
#include "intent/whatif/whatif.h"

enum { REPAIRS_MAX = 2000 };

static int repairs_give(struct pce_backups *b, const struct ted *t, struct arena *a,
			struct intent_repairs *out)
{
	struct intent_repair_row *rows = ARENA_ARRAY(a, REPAIRS_MAX, struct intent_repair_row);

	if (!rows)
		return err_raise(-ENOMEM);
	out->rows = rows;
	for (uint32_t d = 0; d < t->n_nodes; d++) {
		struct intent_repair_row *r = &rows[out->n_rows];

		if (!t->nodes[d].alive || t->nodes[d].pseudonode)
			continue;
		if (out->n_rows == REPAIRS_MAX) {
			out->more = true;
			return 0;
		}
		pce_backups_to(b, d, a, &r->is);
		if (r->is.status == PCE_BACKUP_NO_MEMORY)
			return err_raise(-ENOMEM);
		r->dst = d;
		out->n_rows += r->is.status != PCE_BACKUP_NOT_NEEDED;
	}
	return 0;
}

int intent_repairs(const struct intent *i, const char *plr, enum pce_failure_kind kind,
		   const char *name, bool mpls, struct arena *a, struct intent_repairs *out)
{
	AUTO(pce_backups_free) struct pce_backups *b = NULL;
	struct pce_failure what;
	uint32_t node;
	int rc;

	*out = (struct intent_repairs){ .ted = i->ted };
	out->why = i->ted ? intent_failure_of(i->ted, kind, name, &what) : "there is no topology yet";
	if (out->why)
		return 0;
	node = intent_node_of(i->ted, plr);
	if (node == TED_NONE) {
		out->why = "there is no such router";
		return 0;
	}
	if (pce_backups_new(&b, i->ted, mpls ? PCE_MPLS : PCE_SRV6, NULL) < 0)
		return err_raise(-ENOMEM);
	rc = pce_backups_fail(b, node, &what);
	if (rc > 0)
		out->why = "it does not work now, or is the router itself";
	return rc == 0 ? repairs_give(b, i->ted, a, out) : rc < 0 ? rc : 0;
}
