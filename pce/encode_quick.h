/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* What encode_quick.c and encode_line.c share: a path without LANs, and the SIDs along it. */
#include "pce/pce_priv.h"

enum { QUICK_HOPS_MAX = 64 };

/* The path as places and arcs. */
struct quick_line {
	uint32_t n;
	uint32_t place[QUICK_HOPS_MAX + 1], arc[QUICK_HOPS_MAX], w[QUICK_HOPS_MAX]; /* w: IGP metric */
};

/* The first SID of a kind that its owner routes: whole, and as a NEXT-C-SID. */
struct quick_sids {
	uint32_t stamp;
	bool any; /* of whatever make */
	bool odd; /* others may go where these do not */
	const struct ted_sid *whole, *next;
	struct pce_sid is; /* next */
};

struct quick_adj {
	uint32_t stamp;
	struct quick_sids by[2]; /* unprotected, protected */
};

struct quick_seg {
	const struct ted_sid *sid;
	uint32_t to; /* position it leads to */
	bool adj;
};

struct quick {
	struct pce_ctx *c;
	const struct pce_path *path;
	const uint64_t *overload; /* by place; NULL: nobody is */
	uint32_t stamp;
	struct quick_line line;
	struct only *only; /* encode_quick.c */
	struct quick_sids *nodes; /* by place */
	struct quick_adj *adjs;	  /* by link */
	struct quick_seg at[QUICK_HOPS_MAX]; /* the last one first */
	uint32_t n;
};

/* First position from which the path is the only shortest one to position `to`, the tree's root. On a
 * tree that lags behind (pce_tree_behind()) an earlier one may be that. */
uint32_t pce_line_strict(const struct quick *q, const struct pce_tree *s, uint32_t to, bool behind);
const struct quick_sids *pce_line_node(const struct quick *q, uint32_t position);
const struct quick_sids *pce_line_adj(const struct quick *q, uint32_t hop); /* as asked to be protected */
void pce_line_seg(const struct quick *q, const struct quick_seg *x, struct pce_segment *s);

/* encode_line.c: entries, 0: it is not so simple. */
uint32_t pce_encode_line(struct quick *q, bool strict, bool usid, struct pce_segment *segs);
