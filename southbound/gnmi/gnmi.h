/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The gNMI client: a session a device (capabilities first, probed, back-off), transactions that
 * are read back and taken back, watches, and a look now and then whether what was set is still
 * there. It is the device_port of core/device.h; facts go to a device_sink. Loop thread only.
 */
#include "core/bus.h"
#include "core/device.h"
#include "core/session.h"
#include "core/sr.h"
#include "rpc/rpc.h"
#include "southbound/gnmi/codec/gnmic.h"

struct gnmi;

struct gnmi_cfg {
	uint64_t call_ns;     /* of Capabilities, Get and Set; 0: 10 s */
	uint64_t probe_ns;    /* between looks whether it is there; 0: 20 s */
	uint64_t drift_ns;    /* between looks at what was set; 0: 60 s */
	uint64_t wait_ns;     /* a transaction waits for a session; 0: 60 s */
	uint64_t backoff_ns_min, backoff_ns_max; /* 0: 1 s and 60 s */
	uint64_t confirm_ns;  /* a commit that is not confirmed is undone by the device; 0: 60 s */
};

struct gnmi_device_cfg {
	const char *name;
	struct ip_addr addr;
	uint16_t port;
	struct rpc_tls *tls;	 /* the owner keeps it; may be NULL on a fake runtime */
	const char *server_name; /* NULL: the certificate is for the address */
	const char *kind;	 /* of gnmi_kinds(); NULL or "": the first whose models it has */
	const char *username, *password; /* metadata of every call; NULL: none */
};

/* bus may be NULL. */
int gnmi_new(struct gnmi **outp, struct loop *loop, struct rpc *rpc, struct bus *bus,
	     const struct gnmi_cfg *cfg);
struct gnmi *gnmi_free(struct gnmi *g); /* nobody is told */
AUTO_DEFINE(struct gnmi, gnmi_free)
/* Before the first device. */
void gnmi_sink(struct gnmi *g, const struct device_sink *sink, void *arg);

enum { GNMI_E_CONFIG = 1 }; /* no name, address or port, an unknown kind, too long */

/* Adds or changes a device; an unchanged one is not disturbed, a changed one begins a new
 * session and keeps its watches and transactions. 0, GNMI_E_CONFIG, or -errno. These two tell
 * what ends with a session from inside of the call; never call them from a sink. */
int gnmi_device_set(struct gnmi *g, const struct gnmi_device_cfg *cfg);
/* Transactions that wait end DEVICE_UNKNOWN, then `gone` is told. 0, or 1 when there is no such device. */
int gnmi_device_del(struct gnmi *g, const char *name);

struct device_port gnmi_port(struct gnmi *g);
struct session_query gnmi_sessions(struct gnmi *g);

/* ---- kinds of devices: tables, a file each ---- */

enum gnmi_counter { /* what is watched of a policy or interface */
	GNMI_POLICY_BYTES,
	GNMI_POLICY_PACKETS,
	GNMI_IF_IN_OCTETS,
	GNMI_IF_OUT_OCTETS,
	GNMI_IF_STATUS,
	GNMI_COUNTERS,
};

/* Something to be set: templates of gnmi_tmpl.h. */
struct gnmi_object {
	const char *path;
	const char *json;
	bool each_list; /* one for each list of the policy */
};

/* What a leaf of a device says of one of its policies. */
enum gnmi_says {
	GNMI_SAYS_KEYS,	 /* nothing: only keys on its way do */
	GNMI_SAYS_NAME,	 /* of the policy, where its keys are colour and endpoint */
	GNMI_SAYS_COLOR,
	GNMI_SAYS_ENDPOINT,
	GNMI_SAYS_PREFERENCE,
	GNMI_SAYS_DISCRIMINATOR,
	GNMI_SAYS_BSID,
	GNMI_SAYS_SEGMENT,  /* the one of that <index>, from 1 */
	GNMI_SAYS_SEGMENTS, /* all of them: a leaf-list */
	GNMI_SAYS_STATUS,   /* "in", "pending", or it failed */
	GNMI_SAYS_REASON,
	GNMI_SAYS_ACTIVE,  /* "true": the one of its policy in use */
	GNMI_SAYS_IN_LIST, /* the list that the status is of */
	GNMI_SAYS_MSD,	   /* of the device: how many SIDs it imposes */
	GNMI_SAYS_WEIGHT,
	GNMI_SAYS_IN_WEIGHT,
};

/* A path as watches tell it, with <name> <index> <color> <endpoint> <preference> for the values of
 * keys, and <> for any. Of a policy with several lists: <list> their number, from 1; <list-name> the name of one, which says
 * both the policy's name and that (gnmi_tmpl.h); <list-of> the same where the policy's name is told elsewhere. */
struct gnmi_reading {
	const char *path;
	enum gnmi_says says;
};

struct gnmi_kind {
	const char *name;
	const char *title;
	const char *const *models; /* it is this kind if it has all of them; NULL-terminated */
	const char *const *policy_models; /* that SRv6 policies need */
	const char *const *probe_models;  /* that STAMP needs; NULL: this kind is not asked for it */
	bool commit;		   /* try the commit extension, and do without if it is refused */
	const struct gnmic_list *lists; /* keys of its models' lists */
	size_t n_lists;
	const char *const *secrets; /* leaves that are written and never told; NULL-terminated, or NULL */
	const struct gnmi_object *policy; /* set in this order, deleted in the other; path NULL ends */
	const struct gnmi_object *several; /* the same for one of several lists; NULL: there are none */
	const char *several_since; /* revision of the first of models that has them; NULL: each */
	const char *const *policy_watch; /* what tells of them; NULL-terminated */
	const struct gnmi_reading *readings;
	size_t n_readings;
	bool policy_state; /* it says whether they are up; else what is read back is */
	bool one_path;	   /* of a policy: no standby beside it */
	bool one_apart;	   /* the list of a policy that has one stands where no <list> is */
	const char *counters[GNMI_COUNTERS]; /* path templates; NULL: none */
	uint8_t segments_max; /* of a list; 0: as many as we have */
	uint8_t lists_max;    /* of a policy that has several */
	uint8_t name_max;     /* of a policy's name; 0: no limit */
	uint32_t preference_max; /* 0: no limit; else 0 is none either */
	bool ipv6_only;	      /* end points */
};

enum { GNMI_OBJECTS_MAX = 2 + SR_LISTS_MAX }; /* that a policy is made of */

const struct gnmi_kind *gnmi_kind(const char *name); /* NULL: unknown */
const struct gnmi_kind *gnmi_kind_at(size_t i);	     /* 0, 1, …; NULL behind the last */
/* The first whose models are all there; never NULL (the last kind needs none). */
const struct gnmi_kind *gnmi_kind_of(const struct gnmic_caps *caps);
/* Lists that a policy on it may have: 1 at least. */
uint8_t gnmi_kind_lists(const struct gnmic_caps *caps, const struct gnmi_kind *k);
bool gnmi_kind_has(const struct gnmic_caps *caps, const char *const *models);

/* A static SRv6 policy as values. */
struct gnmi_policy {
	const char *name;
	uint32_t color;
	struct ip_addr endpoint;
	uint32_t preference;
	uint32_t discriminator;
	struct ip_addr binding_sid; /* none: the device's choice */
	const char *locator;	    /* of the headend, where a kind wants it; "" none */
	const struct sr_list *list;
	unsigned at;	/* which of the lists a template is of, from 0 */
	uint32_t there; /* bit k: the device may have list k, from 0; those that are not wanted are deleted */
};

enum {
	GNMI_E_KIND = 1, /* the kind has no way to say it */
	GNMI_E_LONG = 2, /* a limit of the kind (segments, lists, name, preference, family), or no room */
};

/* The changes that set (or delete) it, GNMI_OBJECTS_MAX at most, in arena. 0 or GNMI_E_*. */
int gnmi_policy_changes(const struct gnmi_kind *k, const struct gnmi_policy *p, bool del,
			struct arena *a, struct device_change *out, size_t *n);
/* The path to watch, in arena; NULL: the kind has none. who: the interface, for those of one. */
const char *gnmi_counter_path(const struct gnmi_kind *k, enum gnmi_counter c,
			      const struct gnmi_policy *p, const char *who, struct arena *a);
