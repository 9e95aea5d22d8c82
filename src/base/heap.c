/* SPDX-License-Identifier: Apache-2.0 */
#include "base/heap.h"

#include <errno.h>

#include "base/err.h"
#include "base/vec.h"

void heap_fini(struct heap *h)
{
	free(h->at);
	*h = (struct heap){ 0 };
}

static bool less(const struct heap_node *a, const struct heap_node *b)
{
	return a->key != b->key ? a->key < b->key : a->seq < b->seq;
}

static void place(struct heap *h, size_t i, struct heap_node *n)
{
	h->at[i] = n;
	n->pos = i + 1;
}

static void sift_up(struct heap *h, size_t i, struct heap_node *n)
{
	while (i > 0 && less(n, h->at[(i - 1) / 2])) {
		place(h, i, h->at[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	place(h, i, n);
}

static void sift_down(struct heap *h, size_t i, struct heap_node *n)
{
	for (;;) {
		size_t c = 2 * i + 1;

		if (c >= h->n)
			break;
		if (c + 1 < h->n && less(h->at[c + 1], h->at[c]))
			c++;
		if (!less(h->at[c], n))
			break;
		place(h, i, h->at[c]);
		i = c;
	}
	place(h, i, n);
}

int heap_add(struct heap *h, struct heap_node *n, uint64_t key)
{
	void *p = vec_grow(h->at, h->n, &h->cap, sizeof(struct heap_node *));

	if (!p)
		return err_raise(-ENOMEM);
	h->at = p;
	n->key = key;
	n->seq = h->seq++;
	h->n++;
	sift_up(h, h->n - 1, n);
	return 0;
}

void heap_del(struct heap *h, struct heap_node *n)
{
	size_t i = n->pos - 1;
	struct heap_node *last;

	if (n->pos == 0)
		return;
	n->pos = 0;
	last = h->at[--h->n];
	if (last == n)
		return;
	if (i > 0 && less(last, h->at[(i - 1) / 2]))
		sift_up(h, i, last);
	else
		sift_down(h, i, last);
}

struct heap_node *heap_min(const struct heap *h)
{
	return h->n ? h->at[0] : NULL;
}
