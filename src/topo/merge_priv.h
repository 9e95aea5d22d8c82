/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* What merge.c and step.c share. */
#include "topo/merge.h"
#include "topo/rows.h"

/* The statement that holds for an entry, or NULL; *seq (may be NULL) is how recent it is. */
const struct ls_object *merge_holds(const struct merge *m, const struct lsdb_entry *e,
				    uint64_t *seq);
/* Is this the router that calls itself addr? By router id, or by a host prefix it owns. */
bool merge_owns(const struct merge *m, uint32_t slot, const struct ip_addr *addr);
/* Puts an entry among those of its nodes. */
void merge_attach(struct merge *m, struct lsdb_entry *e);
/* What holds of a node into its row, whose identity is filled. 0 or -ENOMEM. */
int merge_node_row(const struct merge *m, const struct merge_rows *r, uint32_t slot,
		   struct ted_node *t);
/* Does another topology tell this link too. */
bool merge_mt_duplicate(const struct merge *m, const struct lsdb_entry *e);
/* What a link that is down still has: ends and addresses. */
struct ted_link merge_tombstone(const struct merge_link_key *k);
/* What holds for a link slot into its row: a tombstone, or what an entry says. 0 or -ENOMEM. */
int merge_link_row(const struct merge_rows *r, struct ted_link *t, const struct ls_object *o);
/* Asks whether it may be up. False without memory. */
bool merge_ask_up(struct merge *m, const struct merge_in *in, uint32_t slot, struct ted_link *t);

/* Forgets views and entries: the next merge is whole. */
void merge_reset(struct merge *m);
/* 0, -ENOMEM, or 1: it takes a merge of everything. */
int merge_step(struct merge *m, const struct merge_in *in, struct arena *a, struct ted_patch *out);
