/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * From what is ordered to what is reserved, purely: levels of policies resolved, constructs expanded
 * into directed flows, flows into the policies intent is asked for, partitions into shares of links.
 */
#include "base/arena.h"
#include "intent/intent.h"
#include "slice/model.h"

/* ---- slo.c ---- */

struct slice_catalogue {
	const struct slice_template *(*find)(const void *ctx, const char *id); /* NULL: there is none */
	const void *ctx;
	unsigned lower; /* what levels name is taken so many tiers lower, as far as there are */
};

/* What a template says with all it inherits. 0, or -EINVAL: it is not there, or goes in a circle. */
int slice_slo_template(const struct slice_catalogue *c, const char *id, struct slice_slo *out,
		       struct slice_fault *f);
/* The template n tiers below it; *got: so many there were. */
const char *slice_slo_lower(const struct slice_catalogue *c, const char *id, unsigned n, unsigned *got);
/* Does fn say so of the template of any level? */
bool slice_slo_any(const struct slice_service *s, bool (*fn)(void *arg, const char *id), void *arg);
/* The levels from the slice down, n of them. */
int slice_slo_resolve(const struct slice_catalogue *c, const struct slice_policy *const *levels,
		      unsigned n, struct slice_slo *out, struct slice_fault *f);

/* What one direction of it is held to. */
struct slice_terms {
	uint64_t bandwidth_bps;
	uint64_t shared_bps;	    /* 0: none */
	uint32_t delay_us_max;	    /* PCE_NO_BOUND: none; the margin is off already */
	uint32_t promised_us;	    /* the same with the margin, as it is measured; and for which share */
	uint32_t percentile_milli;  /* of packets: 99900 is 99.9 %, 0 all */
	uint32_t ceiling_us;	    /* what any packet may take, where that is for some; PCE_NO_BOUND: none */
	uint32_t variation_us_max, variation_milli; /* and for which share, as that of delay */
	/* the laxer ones that are for more packets, ascending; the one on delay for all is the ceiling */
	struct slice_also delay_also[SLICE_ALSO_MAX], variation_also[SLICE_ALSO_MAX];
	uint32_t loss_ppm_max;
	uint16_t mtu;		    /* 0: not said */
	uint8_t diversity;	    /* PCE_DIVERSE_ bits */
	uint8_t nines;		    /* of availability; 0: not said */
	bool two_way;		    /* the other direction is promised as well */
	bool isolate;		    /* resource isolation: a queue of its own */
	bool secure, occupancy;	    /* these are promised as well: nothing here keeps them */
};

/* The delays and variations that both promise, in place of to's: each that none of the others implies. */
void slice_terms_join(struct slice_terms *to, const struct slice_terms *other);
void slice_terms(const struct slice_slo *s, uint8_t margin_pct, struct slice_terms *out);

/* ---- expand.c ---- */

struct slice_flow {
	const char *group, *construct; /* ids */
	uint32_t sender, receiver;     /* indices of SDPs */
	bool back;		       /* made because its construct is promised both ways */
	struct slice_terms terms;
};

struct slice_flows {
	struct slice_flow *at;
	uint32_t n, cap;
};

/* Groups without constructs get those their SDPs' roles make (in a: what s is of). 0, -EINVAL, -ENOMEM. */
int slice_roles(struct slice_service *s, struct arena *a, struct slice_fault *f);
/* All constructs it is an end of are any-to-any, or will be by slice_roles(); and there are some. */
bool slice_any_to_any(const struct slice_service *s, uint32_t sdp);
/* After slice_roles(). */
int slice_expand(const struct slice_service *s, const struct slice_catalogue *c, uint8_t margin_pct,
		 struct arena *a, struct slice_flows *out, struct slice_fault *f);

/* ---- plan.c ---- */

/* A policy of a slice, as it is durable. */
struct slice_member {
	char group[SLICE_ID_MAX], construct[SLICE_ID_MAX], sender[SLICE_ID_MAX], receiver[SLICE_ID_MAX];
	struct sr_policy_key key;
	uint32_t apart; /* intent's group; 0 none */
	bool protection, back;
	bool inside; /* the policy is the parent's, and so is the reservation */
	uint64_t bandwidth_bps;
	struct slice_terms terms;
};

/* Where an SDP is, for intent. */
struct slice_place {
	struct ip_addr headend, endpoint;
	const char *southbound; /* that serves the headend; NULL: it has no session */
};

/* What is given out. */
struct slice_numbers {
	bool (*key_taken)(void *ctx, const struct sr_policy_key *key);
	uint32_t (*color)(void *ctx); /* another each time; 0: there is none */
	uint32_t (*apart)(void *ctx); /* likewise */
	void *ctx;
};

struct slice_plan {
	struct slice_member *at;
	uint32_t n;
};

/*
 * Members for the flows: old ones keep their numbers when they join the same ends; those of a child
 * have none before slice_nest(). 0, -ENOMEM, or -EINVAL with the fault.
 */
int slice_plan(const struct slice_service *s, const struct slice_flows *flows,
	       const struct slice_place *places, const struct slice_plan *old,
	       const struct slice_numbers *numbers, struct arena *a, struct slice_plan *out,
	       struct slice_fault *f);
enum { SLICE_PREFERENCE_LAST = 50 }; /* below both of a pair */

/* What intent is asked for. *out is zeroed before. */
void slice_policy_of(const struct slice_service *s, const struct slice_member *m, struct intent_policy *out);

/* ---- nest.c: slices inside of slices ---- */

struct slice_inside {
	const struct slice_plan *parent;
	const struct slice_plan *const *others; /* what other children have of it */
	uint32_t n_others;
	/* What a policy of the parent's takes now, PCE_NO_BOUND: not known. */
	uint32_t (*delay_us)(void *ctx, const struct sr_policy_key *key);
	void *ctx;
};

struct slice_lack {
	uint64_t wanted_bps, free_bps;
};

/*
 * A child's flows run in its parent's policies between the same two routers, within what the parent
 * reserved there and nobody else has. Members get the parent's key. 0, -ENOMEM, or -EINVAL: *f says
 * why, *lack how much, when it is bandwidth.
 */
int slice_nest(const struct slice_inside *in, struct slice_plan *child, struct slice_fault *f,
	       struct slice_lack *lack);

/* ---- shares.c ---- */

/* As documents name links: "A>B", "A>B@ADDR", with or without "urn:"; or TED_NONE. */
uint32_t slice_link_named(const struct ted *t, const char *ref);

/* What one partition may reserve on each link. */
struct slice_shares {
	uint64_t *bps; /* by link; 0: no limit but the link's */
	uint32_t n_links;
};

enum { SLICE_NO_SHARE = 1 }; /* bit/s: of a link that is not of it. 0 would be no limit */

/* out: as many as nrps, bps as long as the TED has links. -EINVAL: together they are more than
 * (100 - kappa) % of a link, or (strict) a link-ref names none. */
int slice_shares(const struct ted *ted, const struct slice_nrp *const *nrps, uint32_t n,
		 uint8_t kappa_pct, bool strict, struct slice_shares *out, struct slice_fault *f);
/* -EINVAL: what is in shares is together more than (100 - kappa) % of a link. */
int slice_shares_fit(const struct ted *ted, const struct slice_nrp *const *nrps, uint32_t n,
		     uint8_t kappa_pct, const struct slice_shares *shares, struct slice_fault *f);
/* The same of one partition and link, as its document says. */
uint64_t slice_share_of(const struct ted *ted, const struct slice_nrp *n, uint32_t link);
