/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* The whole agent on a given loop and network: its parts wired, reload, stop. */
#include "net/net.h"
#include "tools/agent/cfg.h"

struct agent;

/* Takes *cfg when it succeeds. 0, or < 0 with lines in errors. */
int agent_new(struct agent **outp, struct loop *loop, struct net *net, struct agent_cfg **cfg,
	      struct str *errors);
/* Leaves the kernel as it is. */
struct agent *agent_free(struct agent *a);
AUTO_DEFINE(struct agent, agent_free)
/* The files that cfg names. 0, or < 0 with lines in errors. */
int agent_check(const struct agent_cfg *cfg, struct str *errors);
/* Takes *cfg when it succeeds; else the old configuration stays. */
int agent_reload(struct agent *a, struct agent_cfg **cfg, struct str *errors);
/* Farewell to the controllers, the state saved, with on-exit flush the routes removed; done
 * follows within a few seconds. */
void agent_stop(struct agent *a, void (*done)(void *arg), void *arg);
/* One line for people. */
void agent_status(const struct agent *a, char *buf, size_t cap);
