/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * A whole prefix of addresses for one machine: an IPv6 route of type local on lo ("AnyIP"), so
 * that every router of the simulator has sessions from an address of its own.
 */
#include <stdbool.h>

#include "base/ip.h"

/* Makes prefix local. *added: the route is ours, to be taken back. 0 or -errno (-EPERM). */
int sim_anyip_add(const struct ip_prefix *prefix, bool *added);
void sim_anyip_del(const struct ip_prefix *prefix);

/* A single address on lo, made or taken away: gRPC has no IPV6_FREEBIND, so who listens with it
 * needs more than the route. 0 or -errno. */
int sim_host_set(const struct ip_addr *a, bool there);
