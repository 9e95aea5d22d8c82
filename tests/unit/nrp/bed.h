/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Partitions with a real topology, intent and slices on a fake loop, and devices that are fake: a
 * table of paths and texts each, which does what it is told, or does not.
 *
 * Routers a, b, c in a line; locators fd00:0:N::/48 of 32 bits of block and 16 of node; each link
 * has 10 Mb/s. Interfaces are "to-PEER".
 */
#include "check_main.h"

#include <string.h>

#include "nrp/nrp.h"

enum { LEAVES = 512, ROUTERS = 3, PATHS = 128 };

struct leaf {
	char path[160], text[96];
};

struct device {
	char name[8];
	bool configured, up;
	enum { OBEYS, REFUSES, SILENT, HALVES /* never more than half of what is asked, and takes that back */,
	       BREAKS /* likewise, and leaves it */ } mood;
	const char *keeps; /* refuses what has to do with this; NULL: nothing */
	bool kernel_fails;  /* it takes what it is told, and its kernel does not */
	struct leaf leaf[LEAVES];
	unsigned n;
	uint32_t watch[4];
	char watched[4][80];
	unsigned sets, changes, deletes; /* heard so far */
	char last[PATHS][160];		 /* paths of changes, in order */
	uint32_t txn;			 /* not answered yet */
};

struct bed {
	struct loop *loop;
	struct bus *bus;
	struct store_disk *disk;
	struct store *store;
	struct work *work;
	struct topo *topo;
	struct intent *intent;
	struct slice *slice;
	struct nrp *nrp;
	struct device dev[ROUTERS];
	bool cut[ROUTERS];     /* the link to the next */
	uint8_t flex[ROUTERS]; /* an algorithm that it tells it computes with, 0 none */
	uint32_t next_txn, next_watch;
	uint64_t rng;
};

extern struct bed bed;

void bed_up(void);   /* routers known, devices up */
void bed_down(void);
void bed_crash(void); /* kill -9, start again; feeds and devices come back */
void run_ms(uint64_t ms);
struct device *dev(const char *name);
void dev_up(const char *name, bool up); /* its gNMI session */
void dev_tell(struct device *d);	/* all it has, as after a reconnection */
const char *dev_has(const char *name, const char *path); /* a leaf's text, NULL none */
unsigned dev_count(const char *name, const char *part);	 /* leaves whose path has this in it */
void dev_put(struct device *d, const char *path, const char *text); /* and tells it */
void dev_lose(struct device *d, const char *path);
/* A router computes with an algorithm, and has a locator in that block for it. */
void flex_said(const char *router_name, uint8_t algo, const char *block);
void link_down(const char *a, const char *b, bool down); /* over a crash too */
/* Headends of PCEP (headend.c): none has a session before it is said, nor after a crash. */
void headends_init(void);
void headends_start(void);
void headends_stop(void);
void headend_up(const char *name);
unsigned headend_has(const char *name); /* policies */

int put(enum slice_kind kind, const char *id, const char *doc);
int drop(enum slice_kind kind, const char *id);
struct slice_result last_result(void);
/* A partition with a block and so many Mb/s of each link. */
const char *part(const char *name, unsigned id, const char *block, unsigned mbps);
const char *order(const char *id, unsigned mbps, const char *real);
const struct ted_node *node(const char *name);
const struct ted_link *link_of(const char *text);
const struct nrp_view *view(uint32_t id); /* NULL: there is none. One buffer */
unsigned events(const char *type);
unsigned audit_lines(void);
