/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* From link-state objects to rows of the TED. */
#include "base/arena.h"
#include "core/ls_object.h"
#include "pce/ted.h"

struct overlay;

struct merge_rows {
	struct arena *a;	      /* what rows point at */
	const struct ted_node *nodes; /* identities are filled: LAN SIDs name them */
	uint32_t n_nodes;
	const struct overlay *overlay; /* NULL: nothing is known from elsewhere */
};

/* What these objects, those that hold, say of a node. 0 or -ENOMEM. */
int merge_row_node(const struct merge_rows *r, struct ted_node *t, const struct ls_object *const *o,
		   size_t n);
/* A link whose ends are filled. 0 or -ENOMEM. */
int merge_row_link(const struct merge_rows *r, struct ted_link *t, const struct ls_link *l);
