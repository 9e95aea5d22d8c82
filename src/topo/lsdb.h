/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Link-state database: what each source said of each object, and when.
 *
 * An entry is one object identity; it holds at most one statement per source: announced (with
 * a deep copy of the object) or withdrawn. Which statement counts is decided in merge.c.
 *
 * What changed is listed for the next merge, and an entry nobody announces any more is kept for it
 * until lsdb_settle(). When that is too much, or nodes came or went, everything counts as changed.
 */
#include "base/hash.h"
#include "base/list.h"
#include "core/ls_object.h"

enum { LSDB_SOURCES_MAX = 32 };

/* A node identity as some source writes it; entries point here. */
struct lsdb_node {
	struct hash_node node;
	struct ls_node_id id;
	uint32_t refs;
	uint32_t slot; /* scratch of merge: index in the TED, TED_NONE before */
};

struct lsdb_key {
	uint8_t kind; /* enum ls_kind */
	union {
		struct ls_node_id node;
		struct ls_link_key link;
		struct {
			struct ls_node_id node;
			struct ip_prefix prefix;
			uint16_t mt_id;
			uint8_t route_type;
		} prefix;
		struct {
			struct ls_node_id node;
			struct ip_addr sid;
			uint16_t mt_id;
		} sid;
	};
};

/* seq 0: never said anything. obj NULL with seq > 0: withdrawn. */
struct lsdb_statement {
	uint64_t seq;
	struct ls_object *obj;
};

struct lsdb_entry {
	struct hash_node node;
	struct list link;
	struct list dirty;		/* what was said changed since the last merge */
	struct list at_local, at_remote; /* merge's: among the entries of its ends */
	struct lsdb_node *local, *remote; /* remote: links only */
	uint32_t heard, announced;	  /* sources with seq > 0, and with an object: said[] is long */
	uint32_t slot, slot_from, slot_to; /* scratch of merge: of a link, between these nodes */
	struct lsdb_key key;
	struct lsdb_statement said[LSDB_SOURCES_MAX];
};

_Static_assert(LSDB_SOURCES_MAX <= 32, "masks of sources have 32 bits");

/* LSDB_EACH_SOURCE(s, mask): the sources in a mask, ascending. */
#define LSDB_EACH_SOURCE(s, mask)                                                                  \
	for (uint32_t m_ = (mask), s = 0; m_ && ((s = (uint32_t)__builtin_ctz(m_)), true);         \
	     m_ &= m_ - 1)

struct lsdb {
	struct hash entries, nodes;
	struct list all; /* entries in order of first sight */
	struct list dirty;
	uint32_t n_dirty;
	bool all_dirty; /* then the list is empty */
	uint64_t seq;
	uint32_t n_announced[LSDB_SOURCES_MAX];
};

/* What a statement changed, from the point of view of haste. */
enum lsdb_change {
	LSDB_NOTHING,
	LSDB_GOOD,	/* something new */
	LSDB_BAD,	/* something went away or became different */
	LSDB_NO_MEMORY,
};

void lsdb_init(struct lsdb *db, uint64_t seed);
void lsdb_fini(struct lsdb *db);
enum lsdb_change lsdb_announce(struct lsdb *db, unsigned source, const struct ls_object *obj);
enum lsdb_change lsdb_withdraw(struct lsdb *db, unsigned source, const struct ls_object *obj);
/* After a merge, or before one of everything: nothing is dirty any more. Forgotten entries, and
 * nodes with them, are gone: all_dirty then says so again. */
void lsdb_settle(struct lsdb *db);
/* Forgotten entries of the dirty ones only. */
void lsdb_bury(struct lsdb *db);
void lsdb_all_dirty(struct lsdb *db);
/* Forgets everything a source said. True when something it announced is gone. */
bool lsdb_forget(struct lsdb *db, unsigned source);
/* Does any source say that a node takes part in an algorithm, defines it or has a locator for it? */
bool lsdb_algo_told(const struct lsdb *db, uint8_t algo);
