/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Topology: merges what the sources tell into one link-state database and publishes it as TED
 * generations. Bad news is published at once, good news after it settled. Loss of sight is not
 * failure: until every configured source gave its End-of-RIB (cap 60 s), and after the last
 * source is lost, the TED is frozen and marked stale.
 */
#include "core/bus.h"
#include "core/ls_object.h"
#include "loop/loop.h"
#include "pce/ted.h"

struct topo;

struct topo_cfg {
	uint64_t age_out_ns;	 /* what only a lost source knew goes after this, while another is up */
	uint64_t quiet_ns;	 /* good news waits until nothing came for this long… */
	uint64_t quiet_cap_ns;	 /* …at most this long */
	uint64_t eor_cap_ns;	 /* initial wait for End-of-RIB */
	uint64_t flap_hold_ns;	 /* a link that flapped (down and up) waits this long, doubled each
				  * time up to 64x; 0: no damping */
	uint32_t objects_max;	 /* per source; more are refused and an alarm raised */
	uint32_t n_sources;	 /* configured, for the initial wait */
};

void topo_cfg_default(struct topo_cfg *cfg);

/* Told of each generation, bad news first in line: called synchronously from the loop. */
typedef void (*topo_ted_fn)(void *arg, const struct ted *ted);

int topo_new(struct topo **outp, struct loop *loop, struct bus *bus, const struct topo_cfg *cfg);
struct topo *topo_free(struct topo *t);
AUTO_DEFINE(struct topo, topo_free)
void topo_reconfigure(struct topo *t, const struct topo_cfg *cfg);
void topo_on_ted(struct topo *t, topo_ted_fn fn, void *arg);

extern const struct ls_sink topo_sink; /* arg is the struct topo */

/*
 * What is known of routers from elsewhere than the feeds: SIDs that were put there and read back.
 * It shows in the TED beside what a feed says of the router (by its id) and its links (by their
 * local address), while they are there.
 */
struct topo_extra_sid {
	struct ip_addr local_v6; /* of the link */
	struct ted_sid sid;
};
struct topo_extra {
	const struct ted_locator *locators;
	const struct ted_sid *sids;
	const struct topo_extra_sid *adjacencies;
	uint32_t n_locators, n_sids, n_adjacencies;
};
/* Of one router, in place of what was told of it; NULL: nothing. 0, or -ENOMEM. */
int topo_overlay_set(struct topo *t, const char *node, const struct topo_extra *x);
/* Algorithms that all routers take part in, by the IGP's metric and without any rule; their SIDs
 * are for those alone that are computed with them. So are those of reserved algorithms, which are the
 * routers' own. */
void topo_overlay_algos(struct topo *t, const uint64_t algos[4], const uint64_t reserved[4]);
/* The initial wait is for these as well: who tells them has not heard from the routers yet; or has. */
void topo_overlay_wait(struct topo *t, bool wait);
/*
 * The delay of a link as somebody other than its router measured it. Paths are computed with what the
 * router says where it says something, for that is what the routers compute with; prefer: with this.
 * Flexible algorithms never are: routers would not agree with us.
 */
struct topo_delay {
	uint32_t min_us, max_us, var_us;
	bool prefer;
};
/* Of the link of a router (by its id) with this local address; NULL: it is not known. 0 or -ENOMEM. */
int topo_delay_set(struct topo *t, const char *node, const struct ip_addr *local_v6, const struct topo_delay *d);
/* The longest packet that a link carries, of the same; no feed tells it. 0: not known. 0 or -ENOMEM. */
int topo_mtu_set(struct topo *t, const char *node, const struct ip_addr *local_v6, uint16_t mtu);
/* Does a feed say that a router takes part in an algorithm, defines it or has a locator for it? */
bool topo_algo_told(const struct topo *t, uint8_t algo);

/* The current generation, never NULL (an empty one at first); take a reference to keep it. */
const struct ted *topo_ted(const struct topo *t);

struct topo_source_info {
	uint32_t source;
	struct ip_addr peer;
	bool up, eor;
	uint32_t objects;
	uint64_t down_since_wall_ns;
};

void topo_each_source(const struct topo *t, void (*fn)(void *arg, const struct topo_source_info *s),
		      void *arg);
