/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* Intrusive doubly linked ring. A head and an unlinked node both point at themselves. */
#include <stdbool.h>
#include <stddef.h>

#include "base/auto.h"

struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

static inline bool list_linked(const struct list *n)
{
	return n->next && n->next != n;
}

/* Links n before at: with at the head, at the tail. */
static inline void list_add(struct list *at, struct list *n)
{
	n->prev = at->prev;
	n->next = at;
	at->prev->next = n;
	at->prev = n;
}

static inline void list_push(struct list *head, struct list *n)
{
	list_add(head->next, n);
}

/* Safe on an unlinked, initialised or zeroed node. */
static inline void list_del(struct list *n)
{
	if (!n->next)
		return;
	n->prev->next = n->next;
	n->next->prev = n->prev;
	list_init(n);
}

static inline struct list *list_pop(struct list *head)
{
	struct list *n = head->next;

	if (n == head)
		return NULL;
	list_del(n);
	return n;
}

#define LIST_OF(n, type, member) CONTAINER_OF(n, type, member)
/* it may be deleted inside the loop; nothing else may. */
#define LIST_EACH(it, head)                                                                        \
	for (struct list *it = (head)->next, *it##_next = it->next; it != (head);                  \
	     it = it##_next, it##_next = it->next)
