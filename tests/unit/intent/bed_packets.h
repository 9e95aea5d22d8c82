/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Packets through the world's routers as they forward them: by the lists and binding SIDs that
 * headends really have, not by what the controller thinks of them. Written apart from the engine:
 * distances by Floyd and Warshall, NEXT-C-SIDs consumed one by one (RFC 9800 s4.1), binding SIDs as
 * End.B6.Encaps (RFC 8986 s4.13) whose endpoint decapsulates.
 */
#include "world.h"

struct packets {
	bool used[WORLD_LINKS]; /* by link of the TED: some packet may cross it */
	uint32_t at;		/* node it ends at */
	bool lost;		/* some packet goes nowhere, or round and round */
	unsigned deep, deepest; /* policies inside of each other */
};

/* The topology as it is now: before packets are sent. */
void packets_map(void);
/* The way of a list that this headend imposes. */
void packets_run(const char *headend, const struct sr_list *list, struct packets *out);
/* What every policy that has a list holds is booked on every link its packets may cross, once for each,
 * and nothing else is. Nobody may be between two lists. Who is up delivers. Returns how many are. */
unsigned packets_book(void);
uint64_t packets_reserved(const char *from, const char *to);

/* ---- a fork: policies of b to d, and those of a that lead through them ----
 *
 *        c
 *  a - b < > d      over c 20, over e 40; links of 10G; a and b are up
 *        e
 */
void fork_up(void);
struct ip_addr fork_lower(uint32_t color, uint64_t g); /* up; its binding SID */
struct sr_segment packets_sid(const struct ip_addr *sid);
/* An explicit list to d: the router first where that is given, then the binding SID. */
struct intent_policy *fork_through(const char *from, uint32_t color, const char *first,
				   const struct ip_addr *bsid, uint64_t g);
void fork_upper(uint32_t color, const struct ip_addr *bsid, uint64_t g); /* of a, by b; answered */
void fork_settle(void); /* all is answered */
void fork_is(const char *from, uint32_t color, enum intent_state state, const char *reason);
void fork_booked(const char *from, const char *to, uint64_t g);
