/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * What routers tell the topology, for beds of other rooms: router r (0, 1, …) is 2001:db8:ff::R with R = r + 1,
 * a link from a to b has the addresses 2001:db8:AB::(a + 1), the smaller number first, 10 Mb/s, metric 10 and
 * the SID fd00:0:(a + 1):e00(b)::.
 */
#include "check_main.h"

#include "topo/topo.h"

struct ip_addr told_addr(const char *text);
struct ls_node_id told_id(unsigned r);
struct ip_addr told_link_addr(unsigned a, unsigned b); /* a's */

void told_begin(struct topo *t); /* source 0 is up */
struct ls_object told_node(unsigned r, const char *name); /* to be given, with more when there is more */
/* delay_us 0: none is told. */
void told_half(struct topo *t, unsigned a, unsigned b, uint32_t delay_us, bool gone);
