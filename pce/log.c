/* SPDX-License-Identifier: Apache-2.0 */
/* The logs of a shard: what changed, for those who come later. */
#include <stdlib.h>
#include <string.h>

#include "pce/trees_priv.h"

void pce_log_lose(struct pce_log *l)
{
	l->base = ++l->end;
}

static bool grow(struct pce_log *l)
{
	size_t cap = l->cap ? l->cap * 2 : 64;
	uint32_t *at = reallocarray(l->at, cap, sizeof(*at));

	if (!at)
		return false;
	l->at = at;
	l->cap = cap;
	return true;
}

void pce_log_add(struct pce_log *l, uint32_t what, size_t most)
{
	size_t n = (size_t)(l->end - l->base), drop = n / 2;

	if (n >= most) {
		memmove(l->at, l->at + drop, (n - drop) * sizeof(*l->at));
		l->base += drop;
		n -= drop;
	}
	if (n == l->cap && !grow(l)) {
		pce_log_lose(l);
		return;
	}
	l->at[n] = what;
	l->end++;
}

void pce_log_fini(struct pce_log *l)
{
	free(l->at);
	*l = (struct pce_log){ 0 };
}
