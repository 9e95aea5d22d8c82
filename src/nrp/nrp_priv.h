/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* What the files of the room share. */
#include "base/arena.h"
#include "base/vec.h"
#include "log/metric.h"
#include "nrp/nrp.h"
#include "slice/plan.h"

enum {
	NRP_IF_MAX = 16,
	NRP_ID_MAX = 16383,	/* what a class can be numbered */
	NRP_BLOCKS_MAX = 4,	/* of one partition; so many filters a class */
	NRP_RECORD_BLOCKS_MAX = 16,
	NRP_LEAVES_MAX = 20000, /* of one device */
	NRP_FUNCTION_FIRST = 0xe000, /* of adjacencies, as router software numbers them */
	NRP_FUNCTION_LAST = 0xefff,
	NRP_FUNCTION_BITS = 16,
	NRP_RATE_MIN = 8000,	/* bit/s; of a class */
};

/* ---- nrp_have.c: what a device says ---- */

struct nrp_leaf {
	char *path, *text;
	uint32_t epoch; /* of the watch when it was told last */
	uint8_t watch;	/* enum nrp_watch */
};

struct nrp_leaves {
	VEC(struct nrp_leaf) at; /* by path */
	bool over;		 /* it says more than is kept */
};

struct nrp_class {
	uint32_t id;
	uint64_t rate, ceil;
	uint8_t priority; /* 0 is served first */
	bool lacks;	  /* wanted: more is reserved in it than there is */
	uint32_t n_blocks;
	struct ip_prefix block[NRP_BLOCKS_MAX];
	bool in;
	const char *reason; /* the leaves' */
	uint32_t link;	    /* wanted: index in the TED */
};

struct nrp_link {
	char name[NRP_IF_MAX];
	uint64_t capacity;
	VEC(struct nrp_class) classes;
};

struct nrp_adjacency {
	char name[NRP_IF_MAX];
	struct ip_prefix sid;
	struct ip_addr next_hop;
	bool in;
	const char *reason;
};

struct nrp_locator {
	struct ip_prefix prefix;
	uint8_t block_length;
	uint32_t id; /* wanted: whose */
	bool in;
	const char *reason;
	VEC(struct nrp_adjacency) adjacencies;
};

struct nrp_address {
	char name[NRP_IF_MAX];
	struct ip_addr addr;
};

/* What is, or is to be, on a device. */
struct nrp_box {
	VEC(struct nrp_link) links;
	VEC(struct nrp_locator) locators;
	VEC(struct nrp_address) addresses;
};

/* path gone: with all below it. True: what is configured or in the kernel differs. */
bool nrp_leaf_put(struct nrp_leaves *l, const char *path, const char *text, uint8_t watch, uint32_t epoch);
bool nrp_leaf_gone(struct nrp_leaves *l, const char *path);
/* What was not told again since the epoch began. */
bool nrp_leaves_purge(struct nrp_leaves *l, uint8_t watch, uint32_t epoch);
const char *nrp_leaf_text(const struct nrp_leaves *l, const char *path); /* NULL: none */
void nrp_leaves_fini(struct nrp_leaves *l);

/* Packets, octets: nothing that is configured. */
bool nrp_path_counts(const char *path);
int nrp_box_read(const struct nrp_leaves *l, struct nrp_box *out); /* 0 or -ENOMEM */
void nrp_box_fini(struct nrp_box *b);
struct nrp_link *nrp_box_link(struct nrp_box *b, const char *name, bool make); /* NULL: none, no memory */
struct nrp_class *nrp_link_class(struct nrp_link *l, uint32_t id, bool make);
struct nrp_locator *nrp_box_locator(struct nrp_box *b, const struct ip_prefix *p, bool make);
struct nrp_adjacency *nrp_locator_adjacency(struct nrp_locator *l, const char *name, bool make);
/* The interface that has an address, NULL: not known. */
const char *nrp_box_interface(const struct nrp_box *b, const struct ip_addr *a);

/* ---- devices ---- */

enum nrp_watch { NRP_WATCH_LINK, NRP_WATCH_LOCATOR, NRP_WATCH_ADDRESS, NRP_WATCH_COUNT, NRP_WATCHES };

/* What was sent to a device for a partition. */
struct nrp_seat {
	uint32_t id;
	uint64_t sent;	 /* digest of the changes; 0: none */
	bool done, failed;
	bool one_by_one; /* what has to go goes alone, until nothing has to */
	uint32_t turn, turns; /* which of them, and behind them what is put; of how many */
	struct mono again; /* not before */
	unsigned failures;
	char why[SR_REASON_MAX];
};

struct nrp_device {
	char name[DEVICE_NAME_MAX];
	uint32_t node; /* in the TED, TED_NONE: not there */
	bool up, fits; /* fits: it has our model */
	uint32_t watch[NRP_WATCHES];
	uint32_t epoch[NRP_WATCHES];
	bool synced[NRP_WATCHES]; /* once; a gap since then leaves what was known */
	bool dirty;		  /* have is to be read again */
	struct nrp_leaves leaves;
	struct nrp_box have, want;
	VEC(struct nrp_seat) seats;
	uint32_t txn; /* on its way, 0: none */
	uint32_t txn_id; /* of which partition */
};

/* ---- nrp_part.c ---- */

/* A partition as it is to be. */
struct nrp_part {
	char name[SLICE_ID_MAX];
	uint32_t id;
	uint8_t algo;
	bool alone;
	bool theirs; /* it is an algorithm of the routers': so are its SIDs, block says where they are */
	uint8_t priority; /* where links have no other */
	struct ip_prefix block[NRP_BLOCKS_MAX];
	uint32_t n_blocks;
	char refused[SR_REASON_MAX]; /* nothing of it is made, "" */
	uint64_t *share;	     /* by link; 0: no limit, SLICE_NO_SHARE: not of it */
	uint64_t *ordered;	     /* the same as its document says: before repairs raised it */
	uint8_t *urgent;	     /* by link: priority of its queue */
	uint32_t n_share;
	enum nrp_status told; /* as events have it */
	bool was_told;
};

struct nrp_name {
	char name[DEVICE_NAME_MAX];
};

/* What may be on devices, durable before it is sent there. */
struct nrp_record {
	struct nrp *n;
	uint32_t id;
	struct ip_prefix block[NRP_RECORD_BLOCKS_MAX];
	uint32_t n_blocks;
	VEC(struct nrp_name) on; /* devices */
	bool durable, leaving;
	uint32_t writes; /* on their way */
};

struct nrp_job {
	char id[SLICE_ID_MAX];
	uint32_t nrp;
	struct sr_policy_key *keys;
	uint32_t n_keys;
	struct mono until;
};

struct nrp {
	struct nrp_env env;
	struct device_port port;
	const struct ted *ted;
	VEC(struct nrp_part) parts;	   /* by id */
	VEC(struct nrp_record *) records;
	VEC(struct nrp_device *) devices; /* by name */
	VEC(struct nrp_job) jobs;
	bool waiting, ready; /* the topology waits for us; not much longer */
	struct loop_task look;
	struct mono look_at; /* of again */
	struct loop_timer again, waited;
	struct metric *m_links[NRP_STATUSES], *m_sets[6];
};

/* Partitions of the documents, with their shares of the TED's links. 0 or -ENOMEM. */
int nrp_parts_read(struct nrp *n);
void nrp_parts_fini(struct nrp *n);
/* Is this a locator in the block of a partition that is made? */
bool nrp_part_holds(const struct nrp *n, const struct ip_prefix *locator);
struct nrp_part *nrp_part_of(const struct nrp *n, uint32_t id);
void nrp_refuse(struct nrp_part *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- nrp_record.c ---- */

/* Records for all partitions; those of gone ones are left to be cleaned up. */
int nrp_records_keep(struct nrp *n);
int nrp_records_mark(struct nrp *n); /* which devices are to hear of them */
int nrp_records_load(struct nrp *n);
void nrp_records_fini(struct nrp *n);
struct nrp_record *nrp_record_of(const struct nrp *n, uint32_t id);
/* Nothing of a gone partition is on any device: its record goes. */
void nrp_records_clean(struct nrp *n);
bool nrp_record_has(const struct nrp_record *r, const struct ip_prefix *locator);

/* ---- nrp_want.c ---- */

/* What is to be on all devices. 0 or -ENOMEM. */
int nrp_want(struct nrp *n);
/* The router's own place in a block: 0, or 1 and *why says what is missing. */
int nrp_place(const struct ted *ted, uint32_t node, const struct ip_prefix *block, struct ip_prefix *out,
	      const char **why);

/* How a router's locator is made, by its SIDs: bits of block and node. False: not known. */
bool nrp_structure(const struct ted_node *n, const struct ted_locator *l, unsigned *lb, unsigned *ln);
/* Is the link of an interface up in the topology? */
bool nrp_link_seen(const struct nrp *n, const struct nrp_device *d, const char *name);

/* ---- nrp_push.c ---- */

void nrp_push(struct nrp *n, struct nrp_device *d);
void nrp_pushed(struct nrp *n, struct nrp_device *d, const struct device_result *r);
struct nrp_seat *nrp_seat_of(struct nrp_device *d, uint32_t id, bool make);
bool nrp_locator_eq(const struct nrp_locator *have, const struct nrp_locator *want);
bool nrp_class_eq(const struct nrp_class *have, const struct nrp_class *want);

/* ---- nrp_sids.c: what was read back into the topology ---- */

void nrp_sids_show(struct nrp *n);

/* ---- nrp_grow.c: shares that repairs raised ---- */

bool nrp_grow_queue(void *ctx, uint32_t id, const char *label, char why[SR_REASON_MAX]); /* of slice_partitions */
void nrp_grow_tell(const struct nrp *n); /* how their queues are */
const struct slice_growth *nrp_grown(const struct nrp *n, uint32_t id, uint32_t link); /* NULL: it is as ordered */

/* ---- nrp_queue.c ---- */

void nrp_queue_start(void *ctx, const struct slice_job *job);
void nrp_queue_cancel(void *ctx, const char *id);
void nrp_queue_look(struct nrp *n);
void nrp_queue_fini(struct nrp *n);

/* ---- nrp.c, nrp_view.c ---- */

void nrp_look(struct nrp *n); /* later in this turn */
void nrp_look_after(struct nrp *n, uint64_t ns);
struct nrp_device *nrp_device_of(const struct nrp *n, const char *name);
bool nrp_device_known(const struct nrp_device *d); /* it told all there is, once */
/* How the class of a partition on a device's link is. */
enum nrp_status nrp_class_status(struct nrp_device *d, const char *link, const struct nrp_class *want,
				 const char **reason);
void nrp_queues_each(void *ctx, const char *id, slice_device_fn fn, void *arg); /* of a slice, by device */
void nrp_tell(struct nrp *n); /* events and metrics */
