/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* A gNMI target that does what a test says: well, badly, in part, or not at all. */
#include "rpc/rpc.h"
#include "southbound/gnmi/codec/gnmic.h"

enum { TARGET_ROWS = 256, TARGET_STREAMS = 32 };

struct target {
	struct rpc_server *server;
	struct {
		char *path, *json;
	} rows[TARGET_ROWS];
	size_t n;
	const char *models[8]; /* NULL ends */
	const char *version; /* of its models; NULL: "1" */
	uint32_t encodings;    /* 0: JSON_IETF */
	/* How it behaves. */
	bool deaf;	       /* answers nothing */
	bool lies;	       /* says a Set is done, and does nothing */
	unsigned half;	       /* so many Sets do only their first change, and say OK */
	unsigned half_refused; /* as above, and say no */
	unsigned does;	       /* of a half Set so many changes are done; 0: one */
	const char *demands;   /* refuses a key's value without this in it */
	enum rpc_code refuse;  /* this code for a Set that names refuse_path (or all) */
	const char *refuse_path;
	unsigned refuse_times; /* 0: always */
	unsigned close;	       /* so many Sets are done and then the call is dropped */
	bool knows_commit;     /* else a commit is UNIMPLEMENTED */
	bool no_change;	       /* refuses to watch on change */
	bool silent_stream;    /* takes a subscription and says nothing */
	bool garbage;	       /* answers with what is no message */
	const char *hides;     /* from here to the next quote a Get does not tell it */
	bool leafwise;	       /* answers a Get leaf by leaf, without module names */
	/* What it saw. */
	unsigned caps, gets, sets, subscribes, commits, confirms, cancels;
	size_t most_changes; /* of one Set */
	struct gnmic_subscription last_sub;
	struct rpc_call *stream; /* the youngest */
	struct {
		struct rpc_call *call;
		char *path;
	} streams[TARGET_STREAMS];
	/* What a Set has changed; json NULL: deleted. May be NULL. */
	void (*changed)(struct target *t, const char *path, const char *json);
	char user[32];
	char pending[64]; /* commit that is not confirmed */
	struct {
		char *path, *json;
	} saved[TARGET_ROWS];
	size_t n_saved;
};

void target_up(struct target *t, struct rpc *rpc, const struct rpc_server_cfg *cfg);
void target_down(struct target *t);
void target_put(struct target *t, const char *path, const char *json); /* NULL: removes */
const char *target_has(const struct target *t, const char *path);	/* NULL: nothing */
/* To the open stream. */
void target_tell(struct target *t, int64_t time_ns, const char *path, const char *json);
/* To each stream that asked for it, or for something in it. */
void target_tell_all(struct target *t, int64_t time_ns, const char *path, const char *json);
void target_sync(struct target *t);
