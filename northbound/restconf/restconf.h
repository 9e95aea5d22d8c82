/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * RESTCONF (RFC 8040, JSON as RFC 7951) on the controller's native state, driven by the YANG
 * schema: URIs, keys, types, defaults and errors come from libyang; what is served is a table
 * of rows (schema path → reader, writer). Every write is audited before it is done. Loop
 * thread only.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/auto.h"
#include "base/str.h"
#include "core/bus.h"
#include "core/session.h"
#include "intent/intent.h"
#include "loop/loop.h"
#include "northbound/http/http.h"
#include "store/store.h"
#include "topo/topo.h"

struct nrp_query;
struct sense_query;
struct rc;
struct slice;
struct assure_room;
struct repair_desk;
struct window_book;

enum { RC_SESSIONS_MAX = 8, RC_AUDIT_MAX = 2000, RC_AUDIT_DENIED_MAX = 200 };

struct rc_cfg {
	struct loop *loop;
	struct store *store;
	struct bus *bus;
	struct topo *topo;
	struct intent *intent;
	struct slice *slice; /* NULL: there are none */
	struct assure_room *assure; /* NULL: nothing is measured */
	struct repair_desk *repair; /* NULL: nothing is done about slices */
	struct window_book *windows; /* NULL: there are none */
	const struct sense_query *links; /* NULL: none is measured. Outlives the rc */
	const struct nrp_query *nrps; /* NULL: partitions are not put into the network. Outlives the rc */
	const struct session_query *sessions; /* values are copied; at most RC_SESSIONS_MAX */
	size_t n_sessions;
	const char *models_dir; /* our YANG files */
	const char *yang_dir;	/* official files, preferred when given; NULL or "": none */
	const char *version, *node;
	const char *backup_dir; /* where backups go; NULL: the RPC is refused */
	/* The running configuration as text for people; may be NULL. */
	void (*config_text)(void *arg, struct str *out);
	/* True when ready to work; else why says what is missing. NULL: always ready. */
	bool (*ready)(void *arg, char *why, size_t cap);
	/* Serves /restconf/streams/NAME (northbound/events: sse_handle). NULL: 404. */
	void (*stream)(void *stream_arg, struct http_req *req);
	void *arg, *stream_arg;
};

/* Loads the schema and the audit log (blocking reads: before the loop runs). err: one line.
 * 0 or -errno. */
int rc_new(struct rc **outp, const struct rc_cfg *cfg, char *err, size_t err_cap);
struct rc *rc_free(struct rc *rc);
AUTO_DEFINE(struct rc, rc_free)

/* The handler to give to http_new(); arg is the struct rc. */
void rc_handle(void *arg, struct http_req *req);
