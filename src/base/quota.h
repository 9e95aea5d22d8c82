/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * What a peer can make us hold is charged here and may be refused.
 */
#include <stdbool.h>
#include <stdint.h>

struct quota {
	uint64_t used, limit; /* limit 0: none */
	uint64_t refused;     /* how often take() said no */
};

static inline bool quota_take(struct quota *q, uint64_t n)
{
	if (q->limit && (n > q->limit || q->used > q->limit - n)) {
		q->refused++;
		return false;
	}
	q->used += n;
	return true;
}

static inline void quota_give(struct quota *q, uint64_t n)
{
	q->used = n > q->used ? 0 : q->used - n;
}
