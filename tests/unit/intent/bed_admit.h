/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Sets of policies in a world: two networks, what is asked, and what is to be seen of it afterwards. */
#include "world.h"

enum { G = 1000000000 };

struct answer {
	bool done;
	struct intent_set_result r;
	unsigned calls_then;	/* the driver had been asked for when it was told */
	uint64_t reserved_then; /* on a>b */
};

void square(void);
void pair(void);
uint64_t reserved(const char *from, const char *to);
struct intent_policy *wish(uint32_t color, const char *to, uint64_t bps);
void step(void);
void ask(struct answer *a, const char *owner, struct intent_policy **puts, size_t n, bool dry);
struct intent_set_result wait_for(struct answer *a);
struct intent_set_result admit(const char *owner, struct intent_policy **puts, size_t n);
struct intent_set_result admit_one(const char *owner, struct intent_policy *p);
struct intent_set_result drop(const char *owner, uint32_t color, const char *to);
unsigned records(const char *bucket);
unsigned told(void);
void nothing_is_there(void);
