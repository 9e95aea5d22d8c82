/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Local repair along the post-convergence path (TI-LFA, RFC 9855): what the router next to a
 * failure (the point of local repair) does with packets until the IGP has converged. Every other
 * router still forwards as before the failure; the packet leaves over the first link of a path
 * that will be shortest after it, with segments that keep it on such paths and off what failed.
 *
 * The list has the fewest segments there can be on top of the packet's own destination, unless
 * `minimal` says that the search was cut short. Where metrics of zero make a circle, where packets
 * go cannot be said: no node segment goes through or to it.
 */
#include "pce/after.h"

enum { PCE_BACKUP_SEGS_MAX = 8 };

enum pce_backup_status {
	PCE_BACKUP_NOT_NEEDED, /* the router does not send such packets over what failed */
	PCE_BACKUP_LIST,       /* n_segs may be 0: another neighbour is enough (loop-free alternate) */
	PCE_BACKUP_NONE,       /* not protectable: why */
	PCE_BACKUP_NO_MEMORY,
};

struct pce_backup_seg {
	uint32_t node; /* where it ends */
	uint32_t link; /* an adjacency: this link (into the pseudonode on a LAN); else TED_NONE */
	struct ip_addr sid; /* SRv6 */
	uint32_t label;	    /* SR-MPLS, as its reader understands it */
};

struct pce_backup {
	enum pce_backup_status status;
	const char *why;      /* "", or arena text */
	uint32_t link;	      /* over which the packet leaves */
	uint32_t neighbour;   /* router at its end: across the LAN where it is one */
	struct pce_backup_seg segs[PCE_BACKUP_SEGS_MAX];
	uint32_t n_segs;
	bool minimal;
	uint32_t igp; /* metric of the path after the failure */
};

struct pce_backups; /* one TED, one router, one failure after the other */

int pce_backups_new(struct pce_backups **outp, const struct ted *t, enum pce_dataplane dataplane,
		    struct pce_trees *trees); /* trees: borrowed, or NULL. 0 or -ENOMEM */
struct pce_backups *pce_backups_free(struct pce_backups *b);
AUTO_DEFINE(struct pce_backups, pce_backups_free)

/* 0, -ENOMEM, or > 0: there is no such router or thing, or it is the router itself. */
enum { PCE_BACKUPS_E_NAME = 1 };
int pce_backups_fail(struct pce_backups *b, uint32_t plr, const struct pce_failure *f);
/* What the router does with packets to a node. Always fills *out. */
void pce_backups_to(struct pce_backups *b, uint32_t dst, struct arena *a, struct pce_backup *out);
/* Does it lose a next hop towards the node at all. */
bool pce_backups_touches(struct pce_backups *b, uint32_t dst);
