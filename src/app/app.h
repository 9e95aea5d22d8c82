/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The whole controller, built from its rooms on a given loop, network, workers and store, so
 * that the daemon and the simulation run the same one.
 */
#include "base/str.h"
#include "conf/conf.h"
#include "loop/loop.h"
#include "net/net.h"
#include "store/store.h"
#include "work/work.h"

struct app;
struct intent;
struct slice;
struct topo;
struct bus;
struct rpc;

struct app_env {
	struct loop *loop;
	struct net *net;
	struct work *work;
	struct store *store;
	struct rpc *rpc; /* to devices; NULL: one of its own, when there are any */
};

/* Builds, loads durable state, listens. 0, or < 0 with a line for people in errors; nothing is
 * left behind then. env and conf are borrowed: conf until the next app_reload() or app_free(). */
int app_new(struct app **outp, const struct app_env *env, const struct conf *conf, struct str *errors);
/* Applies the difference to the running configuration: sessions that did not change are not
 * touched. On failure the old configuration goes on. */
int app_reload(struct app *app, const struct conf *conf, struct str *errors);
/* Says goodbye to peers and API clients; free some moments later. Forwarding is not touched. */
void app_stop(struct app *app);
struct app *app_free(struct app *app);
AUTO_DEFINE(struct app, app_free)

/* For tests and the state dump. */
struct intent *app_intent(struct app *app);
struct slice *app_slice(struct app *app);
struct topo *app_topo(struct app *app);
struct bus *app_bus(struct app *app);
/* One line a fact, to fn: sessions, topology, policies, queues. */
void app_dump(struct app *app, void (*fn)(void *arg, const char *line), void *arg);
/* "1 of 2 BGP-LS feeds, 8 PCCs, 12 policies up": for systemd's status line. */
void app_status(struct app *app, char *buf, size_t cap);
