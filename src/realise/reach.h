/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Who reaches whom by what is in the tables of routers, and by what was ordered. Pure: no I/O, no clock, no
 * globals; nothing of it depends on the order things are given in.
 *
 * A packet of a source is looked up in the tables its router's rules name, by the longest prefix. A route leads to
 * a port, or to a SID: the last of its list, wherever it is known, with what comes before it (uSIDs, RFC 9800)
 * taken off one by one. A SID of a table (End.DT6, RFC 8986 s4.6) is looked up there again.
 *
 * All addresses that the same routes take are looked at once: those of a prefix that no longer one has. So the
 * answer is exact, and its cost is that of the prefixes. What was not told is unsure, never absent.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/ip.h"

enum {
	REACH_NONE = -1,       /* as uint32_t: no port, no owner */
	REACH_STEPS_MAX = 64,  /* tables a packet passes; beyond it is unsure */
	REACH_LEAKS_MAX = 8,   /* of one prefix */
	REACH_TABLES_MAX = 1024, /* that are to be looked at for one source */
};

enum reach_way {
	REACH_PORT,
	REACH_SID,
	REACH_DROP,
	REACH_NEXT,   /* the table has no answer, as if there were no route */
	REACH_OUT,    /* into tables of the router's own: not a customer's any more */
	REACH_UNSURE,
};

/* Several of one prefix: packets take either. */
struct reach_route {
	struct ip_prefix prefix;
	uint8_t way; /* enum reach_way */
	uint32_t port;
	struct ip_addr sid;
};

struct reach_table {
	uint32_t router, id;
	bool known; /* all of its routes are here */
	struct reach_route *at;
	uint32_t n;
	uint32_t *up; /* made by realise_reach_ready() */
};

enum reach_does {
	REACH_LOOKS_UP, /* in `table` of its router */
	REACH_SHIFTS,	/* takes `node` bits out behind `block`: the next SID is what is left */
	REACH_ENDS,	/* nothing of a customer goes on from here */
	REACH_ELSE,	/* something that was not told, or that may not be what answers */
};

struct reach_sid {
	struct ip_prefix prefix;
	uint32_t router, table;
	uint8_t does; /* enum reach_does */
	uint8_t block, node;
};

struct reach_port {
	uint32_t owner;
};

/* What is to arrive: by a port of `to`, or of that of another one with the same prefix. */
struct reach_want {
	struct ip_prefix prefix;
	uint32_t to;
};

/* How packets of a source are looked up, in this order. */
struct reach_entry {
	uint8_t way; /* REACH_NEXT: in `table`; REACH_DROP, REACH_OUT, REACH_UNSURE */
	uint32_t table;
	bool maybe; /* some packets only */
};

struct reach_source {
	uint32_t owner, router;
	const struct reach_entry *entries;
	uint32_t n_entries;
	const struct reach_want *wants;
	uint32_t n_wants;
	const uint32_t *peers; /* owners it may reach at all */
	uint32_t n_peers;
};

struct reach_world {
	struct reach_table *tables;
	uint32_t n_tables;
	struct reach_sid *sids;
	uint32_t n_sids;
	uint32_t *sid_up; /* made by realise_reach_ready() */
	const struct reach_port *ports;
	const struct reach_source *sources;
	uint32_t n_sources;
	const bool *known; /* by router: it has told what it has */
	uint32_t n_routers;
};

struct reach_leak {
	uint32_t owner; /* REACH_NONE: nobody's */
	uint32_t port;	/* REACH_NONE: into tables of the router's own */
	uint32_t router, table;
	struct ip_addr sid; /* that led there; IP_NONE: none did */
};

/* Of addresses that are in a prefix, and in no longer one that is told. */
struct reach_atom {
	uint32_t source;
	struct ip_prefix prefix;
	const struct reach_want *want; /* the first; NULL: none is for it */
	bool arrives;		       /* where it is wanted, perhaps not all of it */
	bool missing;		       /* some of it goes elsewhere, or nowhere */
	bool unsure;
	struct reach_leak leak[REACH_LEAKS_MAX];
	uint32_t n_leaks;
};

enum { REACH_E_MUCH = 1 /* more than the bounds: nothing is known of the source */ };

/* Sorts tables, routes and SIDs, and makes what searches need; once. 0 or -ENOMEM. */
int realise_reach_ready(struct reach_world *w);
/* The same in parts: tables and SIDs, then the routes of each table. */
int realise_reach_order(struct reach_world *w);
int realise_reach_up(struct reach_world *w, uint32_t table);
void realise_reach_fini(struct reach_world *w); /* what realise_reach_ready() made */
/* Each atom of a source, in order of prefixes, ::/0 among them: an address is of the one with the longest prefix that
 * has it. 0, -ENOMEM or REACH_E_MUCH. */
int realise_reach(const struct reach_world *w, uint32_t source, void (*fn)(void *arg, const struct reach_atom *a),
		  void *arg);
