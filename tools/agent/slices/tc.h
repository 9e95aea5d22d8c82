/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Queueing disciplines, classes and filters as rtnetlink messages: the inside of obj.c. */
#include "tools/agent/slices/obj.h"

struct nlmsghdr *agent_tc_put(void *buf, const struct agent_obj *o, enum agent_route_op op);
bool agent_tc_get(const struct nlmsghdr *h, struct agent_obj *o);
bool agent_tc_same(const struct agent_obj *a, const struct agent_obj *b);

/* Burst and share of a class, from its rates. */
void agent_tc_tune(struct agent_tc_class *c);
