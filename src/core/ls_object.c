/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ls_object.h"

#include <stdio.h>
#include <string.h>

#define CMP(a, b)                                                                                  \
	do {                                                                                       \
		if ((a) != (b))                                                                    \
			return (a) < (b) ? -1 : 1;                                                 \
	} while (0)

int ls_node_id_cmp(const struct ls_node_id *a, const struct ls_node_id *b)
{
	int c;

	CMP(a->protocol, b->protocol);
	CMP(a->instance, b->instance);
	CMP(a->asn, b->asn);
	CMP(a->area, b->area);
	CMP(a->igp_id_len, b->igp_id_len);
	c = memcmp(a->igp_id, b->igp_id, sizeof(a->igp_id));
	if (c != 0)
		return c;
	CMP(a->bgp_router_id, b->bgp_router_id);
	return 0;
}

bool ls_node_is_pseudo(const struct ls_node_id *id)
{
	bool isis = id->protocol == LS_ISIS_L1 || id->protocol == LS_ISIS_L2;

	return isis ? id->igp_id_len == 7 && id->igp_id[6] != 0 : id->igp_id_len == 8;
}

const char *ls_node_id_text(const struct ls_node_id *id, char *buf, size_t cap)
{
	const uint8_t *b = id->igp_id;

	switch (id->igp_id_len) {
	case 4:
		(void)snprintf(buf, cap, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
		break;
	case 6:
	case 7:
		(void)snprintf(buf, cap, "%02x%02x.%02x%02x.%02x%02x", b[0], b[1], b[2], b[3], b[4],
			       b[5]);
		if (id->igp_id_len == 7 && cap > 17)
			(void)snprintf(buf + 14, cap - 14, ".%02x", b[6]);
		break;
	case 8:
		(void)snprintf(buf, cap, "%u.%u.%u.%u-%u.%u.%u.%u", b[0], b[1], b[2], b[3], b[4], b[5],
			       b[6], b[7]);
		break;
	default:
		(void)snprintf(buf, cap, "bgp-%08x", id->bgp_router_id);
	}
	return buf;
}

int ls_link_key_cmp(const struct ls_link_key *a, const struct ls_link_key *b)
{
	int c = ls_node_id_cmp(&a->local, &b->local);

	if (c == 0)
		c = ls_node_id_cmp(&a->remote, &b->remote);
	if (c != 0)
		return c;
	CMP(a->has_ids, b->has_ids);
	CMP(a->local_link_id, b->local_link_id);
	CMP(a->remote_link_id, b->remote_link_id);
	if ((c = ip_cmp(&a->local_v6, &b->local_v6)) != 0 ||
	    (c = ip_cmp(&a->remote_v6, &b->remote_v6)) != 0 ||
	    (c = ip_cmp(&a->local_v4, &b->local_v4)) != 0 ||
	    (c = ip_cmp(&a->remote_v4, &b->remote_v4)) != 0)
		return c;
	CMP(a->mt_id, b->mt_id);
	return 0;
}
