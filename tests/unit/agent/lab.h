/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * A network namespace of the test's own, and what a test needs to build and look at it. All
 * blocking, for tests only.
 */
#include <stdbool.h>
#include <stdint.h>

#include "loop/loop.h"
#include "tools/agent/kernel/route.h"

/* Whether this machine lets us; asked in a process of its own. */
bool lab_possible(void);
/* A new namespace for this process, with lo up. */
void lab_enter(void);
int lab_ns(void); /* descriptor of the current namespace */
void lab_switch(int ns);
/* Adds a device of a kind ("ifb", "bridge") and brings it up; its index. */
unsigned lab_link(const char *name, const char *kind);
/* A cable: a here, b in the other namespace, both up. */
void lab_cable(const char *a, const char *b, int other);
void lab_up(const char *name, bool up);
void lab_del_link(const char *name);
void lab_addr(const char *name, const char *addr, unsigned len);
void lab_sysctl(const char *path, const char *value);
/* Puts or removes a route as somebody else (protocol). 0 or errno. */
int lab_route(const struct agent_route *r, uint8_t protocol, bool del);
/* A plain route via a neighbour. */
void lab_via(const char *prefix, const char *gateway, const char *dev);
/* The routes of a table whose protocol is p, at most max; how many. */
unsigned lab_routes(uint32_t table, uint8_t protocol, struct agent_route *out, unsigned max);
/* How many lists (next hops with an encapsulation) the route of a prefix has; 0: there is no such route. */
unsigned lab_lists(uint32_t table, uint8_t protocol, const struct ip_prefix *dst);
/* Runs the loop until done(arg) or about five seconds passed; what done said last. */
bool lab_run(struct loop *loop, bool (*done)(void *arg), void *arg);
