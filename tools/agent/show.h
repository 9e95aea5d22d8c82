/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * The unix socket that `sextant-agent show` asks: who connects gets the whole state as JSON, then
 * the end. Nothing is read from it. A few clients at a time, each for a few seconds.
 */
#include "base/auto.h"
#include "base/str.h"
#include "loop/loop.h"

struct agent_show;

struct agent_show_ops {
	void (*refresh)(void *arg); /* read the counters; agent_show_ready() follows */
	void (*render)(void *arg, struct str *out);
};

/* 0, or -errno (-EADDRINUSE: an agent answers there already). */
int agent_show_new(struct agent_show **outp, struct loop *loop, const char *path,
		   const struct agent_show_ops *ops, void *arg);
struct agent_show *agent_show_free(struct agent_show *s); /* removes the socket */
AUTO_DEFINE(struct agent_show, agent_show_free)
const char *agent_show_path(const struct agent_show *s);
/* Counters are read: who waits is answered. */
void agent_show_ready(struct agent_show *s);

/* The other end, blocking: everything into out. 0 or -errno. */
int agent_show_ask(const char *path, struct str *out);
/* JSON as tables for people, to stdout. 0 or -EINVAL. */
int agent_show_print(const char *json);
