/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The agent's program in a namespace of its own, and a client of its gNMI target over mutual TLS.
 * All blocking, and the test fails when something does not answer.
 */
#include <gnmi.pb-c.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/str.h"
#include "certs.h"
#include "rpc/rpc.h"

enum { GNMI_PORT = 9339 };

extern char dir[64], config[96]; /* of the program: configuration, slices.json, log */
extern pid_t agent;
extern struct loop *loop;
extern struct rpc *rpc;
extern struct rpc_channel *channel;
extern struct certs certs;
extern struct arena mem; /* of requests and answers */

/* Interfaces sr0, core and edge, the program, and a client that may write. */
void gnmi_setup(void);
void gnmi_teardown(void);
/* Writes the configuration; more: lines at its end. */
void configure(const char *writer, const char *more);
void start(void);
void kill_it(void);
void await_log(const char *text);
void dial(const char *cert, const char *key);

struct answer {
	bool over;
	struct rpc_status st;
	uint8_t *data;
	size_t len;
};

struct answer ask(const char *method, const ProtobufCMessage *m);
/* "device/link[name=core]/nrp[id=1]/rate" */
Gnmipb__Path *path_of(const char *text);
/* One Set: any of the three may be NULL. */
struct answer set(const char *gone, const char *path, const char *json, bool replace);
void check_code(const struct answer *a, enum rpc_code code, const char *text);
/* The values of one Get, a line each; its status. */
struct rpc_status get(const char *path, Gnmipb__GetRequest__DataType type, struct str *out);
void check_get(const char *path, const char *want);

struct stream {
	struct rpc_call *call;
	unsigned updates, deletes, syncs, messages;
	bool ended;
	struct rpc_status st;
	struct str text; /* "path=value" and "-path", a line each */
	const char *needle;
};

struct wish {
	const char *path;
	Gnmipb__SubscriptionList__Mode list;
	Gnmipb__SubscriptionMode mode;
	uint64_t interval_ns, heartbeat_ns;
	bool suppress, updates_only;
	const char *target; /* NULL: none */
	unsigned times;     /* that many subscriptions, all the same; 0: one */
};

void subscribe(struct stream *s, const struct wish *w);
bool synced(void *arg);	   /* struct stream */
bool has_ended(void *arg);
/* Until the stream has said it. */
void await_text(struct stream *s, const char *text);
void stream_fini(struct stream *s);
