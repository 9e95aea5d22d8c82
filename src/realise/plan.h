/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * What a slice needs on each router, as changes of sextant-device.yang. Pure: no I/O, no clock, no
 * globals.
 *
 * A table is of a slice, an SDP and a connection group: so two spokes on one router are as much apart
 * as two on different ones, and equal prefixes of two groups are different routes. Objects carry the
 * slice's tag in their name.
 */
#include "slice/model.h"
#include "slice/slice.h"

enum {
	REALISE_TABLE_FIRST = 100000,
	REALISE_FUNCTION_FIRST = 0xd000, /* of service SIDs; below and above are others' */
	REALISE_NUMBERS = 0x1000,	 /* of each, on one router */
	REALISE_ARRIVALS_FIRST = REALISE_TABLE_FIRST + REALISE_NUMBERS, /* tables of what comes by a SID alone */
	REALISE_CLASS_FIRST = 64,	 /* classifiers below are operators' */
	REALISE_CLASSES = 15,		 /* of one SDP */
	REALISE_TAG_MAX = 32,
	REALISE_NAME_MAX = 49,
	REALISE_IF_MAX = 16,
	REALISE_CIRCUITS_MAX = 16, /* of an SDP */
	REALISE_BACKUPS_MAX = 3,   /* of a prefix, beside the first; the device model's */
	REALISE_PATH_MAX = 160,
};

/* What is to be there, in the order it comes to be. */
enum { REALISE_VPN = 1, REALISE_CLASSIFY = 2, REALISE_VERIFY = 4, REALISE_PARTS = 7 };

/* Begins the name of everything of the slice: "sx-gold-8d3f1a02". */
#define REALISE_TAG "sx-"
void realise_tag(const char *slice, char out[REALISE_TAG_MAX]);

/* Where an SDP is. */
struct realise_place {
	const char *device;	  /* NULL: no router is known */
	struct ip_prefix locator; /* service SIDs are made in it; IP_NONE: none is known */
};

struct realise_table {
	uint32_t sdp;
	const char *group; /* id */
	uint32_t number;   /* below REALISE_NUMBERS, one of the router's */
};

struct realise_circuit {
	const char *device, *interface;
	bool back; /* it is up again, since a moment */
};

struct realise_in {
	const char *id;
	const struct slice_service *service;
	const struct slice_flow_view *flows;
	uint32_t n_flows;
	const struct realise_place *places; /* by SDP */
	const struct realise_table *tables;
	uint32_t n_tables;
	const bool *running; /* by flow: it is being probed; NULL: all that can be are */
	/* Of what is behind several SDPs: by flow, its policy leads nowhere now (NULL: none does); circuits that are down. */
	const bool *away;
	const struct realise_circuit *down;
	uint32_t n_down;
	unsigned parts;
};

/* The tables it needs, of in's service, flows and places: those of SDPs with circuits that have flows, or
 * another SDP of theirs on the same router. Numbers zero. 0 or -ENOMEM. */
int realise_tables(const struct realise_in *in, struct arena *a, struct realise_table **out, uint32_t *n);

/* Deleted in the opposite order. */
enum realise_rank {
	REALISE_IS_TABLE,
	REALISE_IS_POLICER,
	REALISE_IS_FILTER,
	REALISE_IS_CLASSIFIER,
	REALISE_IS_SESSION,
	REALISE_RANKS,
};

struct realise_object {
	const char *device;
	enum realise_rank rank;
	const char *path, *json; /* of an entry, replaced whole */
};

struct realise_objects {
	struct realise_object *at; /* by device, rank, path */
	uint32_t n, cap;
};

/* All strings are the arena's. 0, -ENOMEM, or -EINVAL and *f says. */
int realise_plan(const struct realise_in *in, struct arena *a, struct realise_objects *out,
		 struct slice_fault *f);

/* The SID of a table at a place; its length in bits in *len. False: the place has no locator. */
bool realise_sid(const struct realise_place *p, uint32_t number, struct ip_addr *out, uint8_t *len);

enum realise_rank realise_rank_of(const char *path);
/* Of the session that measures flow `at` before traffic is let on. */
void realise_session_name(const char *tag, uint32_t at, char out[REALISE_NAME_MAX]);
/* Whether it has one: its sender has a table, and it is no standby. */
bool realise_is_probed(const struct realise_in *in, const struct slice_flow_view *f);

/* ---- check.c ---- */

/* Can it be said to any router at all? False: *f says what cannot. */
bool realise_check(const struct slice_service *s, struct slice_fault *f);
/* Homes of a site, where their devices are known (by SDP; may be NULL, and may have NULL). */
bool realise_check_homes(const struct slice_service *s, const char *const *devices, struct slice_fault *f);

/* ---- ends.c: what both read of a service ---- */

/* The name of a circuit's interface: its port, or that and its VLAN. False: it cannot be one. */
bool realise_interface(const struct slice_ac *ac, char out[REALISE_IF_MAX]);
uint32_t realise_circuits(const struct slice_sdp *p); /* that are up */

/* Prefixes behind an SDP and by which circuit, the first that has them. */
struct realise_prefix {
	struct ip_prefix prefix;
	const struct slice_ac *ac;
	bool behind; /* not on the link itself */
	/* The next circuits that have it, in their order: it is reached by them while those before are down. */
	struct realise_backup {
		const struct slice_ac *ac;
		bool behind;
	} backup[REALISE_BACKUPS_MAX];
	uint32_t n_backups;
};

/* A site with several homes: prefixes that are behind more than one SDP, in order of prefix and SDP. */
struct realise_home {
	struct ip_prefix prefix;
	uint32_t sdp;
};

struct realise_homes {
	struct realise_home *at;
	uint32_t n;
};

struct realise_behind { /* of an SDP; at NULL: not found yet */
	struct realise_prefix *at;
	uint32_t n;
};

/* homes.c. `of` is of all SDPs, what is missing of it is found. False: no memory. */
bool realise_homes(const struct slice_service *s, struct arena *a, struct realise_behind *of, struct realise_homes *out);
/* The first home of a prefix, and *end behind its last. */
uint32_t realise_homes_of(const struct realise_homes *h, const struct ip_prefix *p, uint32_t *end);
bool realise_is_home(const struct realise_homes *h, uint32_t sdp); /* of anything */

/* stand.c: how sites with several homes stand, where traffic is let on. Strings are the plan's. */
struct realise_spare {
	struct sr_policy_key key;
	const char *device; /* whose table leads to another home in place of what the flow is for; NULL: none does */
	bool home;	    /* a home is an end of it */
};

struct realise_stand {
	enum slice_homes is;
	uint32_t sdp; /* a home that is away, and */
	char why[SR_REASON_MAX];
	struct realise_spare *flows; /* of all but standbys, by key, each key once */
	uint32_t n_flows;
	const char **moved; /* whose tables lead elsewhere than they do when all homes are there */
	uint32_t n_moved;
	const char **gone; /* which have nothing but homes that no way leads to */
	uint32_t n_gone;
};

/* False: no memory. */
bool realise_stand(const struct realise_in *in, struct arena *a, struct realise_stand *out);
/* Of a flow, by the key of its policy or its standby; NULL: there is none. */
const struct realise_spare *realise_stand_of(const struct realise_stand *s, const struct sr_policy_key *key);

/* SDPs whose packets go from one to the other, in either direction: bits, both ways. */
struct realise_joins {
	uint64_t of[SLICE_SDPS_MAX][SLICE_SDPS_MAX / 64];
};

/* Of a group; UINT32_MAX is the pool of a service without groups. *out is zeroed before. */
void realise_join(const struct slice_service *s, uint32_t group, struct realise_joins *out);
static inline bool realise_joined(const struct realise_joins *j, uint32_t a, uint32_t b)
{
	return j->of[a][b / 64] >> b % 64 & 1;
}

const char *realise_group_id(const struct slice_service *s, uint32_t group);

/* NULL without memory. */
struct realise_prefix *realise_prefixes(const struct slice_sdp *p, struct arena *a, uint32_t *n);

/* What a criterion says beyond the circuit: then it takes a classifier. */
bool realise_is_fine(const struct slice_criterion *c);
/* Circuits that a criterion's interfaces and VLANs leave. */
bool realise_takes(const struct slice_criterion *c, const struct slice_ac *ac);
/* Packets of this circuit are all of the group's: its interface is bound to the table. */
bool realise_is_bound(const struct slice_service *s, const struct slice_sdp *p, const char *group,
		      const struct slice_ac *ac);
uint32_t realise_combinations(const struct slice_criterion *c); /* classifiers a circuit needs */
/* The one DSCP all packets of an SDP have; -1: there is no such. */
int realise_only_dscp(const struct slice_sdp *p);
