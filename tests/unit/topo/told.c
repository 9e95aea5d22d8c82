/* SPDX-License-Identifier: Apache-2.0 */
#include "told.h"

#include <stdio.h>

#include "base/str.h"

struct ip_addr told_addr(const char *text)
{
	struct ip_addr a;

	ck_assert_int_eq(ip_parse(text, &a), 0);
	return a;
}

struct ls_node_id told_id(unsigned r)
{
	struct ls_node_id i = { .protocol = LS_ISIS_L2, .igp_id_len = 6 };

	i.igp_id[5] = (uint8_t)(r + 1);
	return i;
}

struct ip_addr told_link_addr(unsigned a, unsigned b)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "2001:db8:%u%u::%u", a < b ? a : b, a < b ? b : a, a + 1);
	return told_addr(text);
}

void told_begin(struct topo *t)
{
	struct ip_addr peer = told_addr("fd00::99");

	topo_sink.source_up(t, 0, &peer, &peer);
}

struct ls_object told_node(unsigned r, const char *name)
{
	struct ls_object o = { .kind = LS_NODE };
	char text[64];

	o.node.id = told_id(r);
	o.node.srv6 = true;
	(void)snprintf(text, sizeof(text), "2001:db8:ff::%u", r + 1);
	o.node.router_id_v6 = told_addr(text);
	(void)str_copy(o.node.name, sizeof(o.node.name), name);
	return o;
}

void told_half(struct topo *t, unsigned a, unsigned b, uint32_t delay_us, bool gone)
{
	struct ls_srv6_sid endx = { .behavior = SR_BEHAVIOR_UA, .has_structure = true, .structure = { 32, 16, 16, 0 } };
	struct ls_object o = { .kind = LS_LINK };
	char text[64];

	(void)snprintf(text, sizeof(text), "fd00:0:%u:e00%u::", a + 1, b);
	endx.sid = told_addr(text);
	o.link.key.local = told_id(a);
	o.link.key.remote = told_id(b);
	o.link.key.local_v6 = told_link_addr(a, b);
	o.link.key.remote_v6 = told_link_addr(b, a);
	o.link.have = LS_HAVE_IGP_METRIC | LS_HAVE_MAX_BW | (delay_us ? LS_HAVE_DELAY : 0);
	o.link.igp_metric = 10;
	o.link.delay_us = delay_us;
	o.link.max_bw_bps = 10000000;
	o.link.endx = &endx;
	o.link.n_endx = 1;
	topo_sink.object(t, 0, &o, gone);
}
