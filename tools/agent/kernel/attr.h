/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Walks netlink attributes inside their bounds. */
#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct agent_attrs {
	const uint8_t *p;
	size_t left;
};

/* The attributes behind a message's header and skip octets. */
static inline struct agent_attrs agent_attrs_of(const struct nlmsghdr *h, size_t skip)
{
	size_t len = mnl_nlmsg_get_payload_len(h);
	const uint8_t *p = mnl_nlmsg_get_payload(h);

	skip = (skip + 3) & ~(size_t)3;
	return skip > len ? (struct agent_attrs){ 0 }
			  : (struct agent_attrs){ p + skip, len - skip };
}

static inline struct agent_attrs agent_attrs_in(const struct nlattr *nest)
{
	const uint8_t *p = mnl_attr_get_payload(nest);

	return (struct agent_attrs){ p, mnl_attr_get_payload_len(nest) };
}

static inline bool agent_attrs_next(struct agent_attrs *it, const struct nlattr **a)
{
	size_t step;

	if (it->left < sizeof(struct nlattr))
		return false;
	*a = (const void *)it->p;
	if ((*a)->nla_len < sizeof(struct nlattr) || (*a)->nla_len > it->left)
		return false;
	step = ((size_t)(*a)->nla_len + 3) & ~(size_t)3;
	if (step > it->left)
		step = it->left;
	it->p += step;
	it->left -= step;
	return true;
}
