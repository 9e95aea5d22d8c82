/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * Intrusive binary heap ordered by (key, seq): equal keys leave in order of entry, which is
 * what makes a simulation repeatable.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_node {
	uint64_t key, seq;
	size_t pos; /* 1-based place, 0 when not in a heap */
};

struct heap {
	struct heap_node **at;
	size_t n, cap;
	uint64_t seq;
};

void heap_fini(struct heap *h);
int heap_add(struct heap *h, struct heap_node *n, uint64_t key); /* 0 or -ENOMEM */
void heap_del(struct heap *h, struct heap_node *n);		 /* fine when not in it */
struct heap_node *heap_min(const struct heap *h);		 /* NULL when empty */
