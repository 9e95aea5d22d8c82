/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether whole paths will do for who asks: asked once a path and remembered, for the complete
 * search meets the same path with every way of placing those before it.
 */
#include <stdlib.h>
#include <string.h>

#include "pce/te_sync_priv.h"

enum { ASK_WORK = 2000 }; /* arcs looked at that one question counts as */

struct te_sync_told {
	const uint32_t *arcs;
	uint32_t request, n;
	bool fits;
};

static uint64_t hash(uint32_t request, const uint32_t *arcs, uint32_t n)
{
	uint64_t h = request + UINT64_C(0x9e3779b97f4a7c15);

	for (uint32_t i = 0; i < n; i++)
		h = (h ^ arcs[i]) * UINT64_C(0x100000001b3) ^ h >> 29;
	return h ^ h >> 32;
}

/* Open addressing, a power of two, never more than half full. */
static struct te_sync_told *slot(const struct te_sync_fits *f, uint32_t request, const uint32_t *arcs,
				 uint32_t n)
{
	uint64_t i = hash(request, arcs, n);

	for (;; i++) {
		struct te_sync_told *x = &f->at[i & (f->cap - 1)];

		if (!x->arcs || (x->request == request && x->n == n &&
				 memcmp(x->arcs, arcs, n * sizeof(*arcs)) == 0))
			return x;
	}
}

static bool grow(struct te_sync_fits *f)
{
	struct te_sync_fits old = *f;

	f->cap = old.cap ? old.cap * 2 : 256;
	f->at = calloc(f->cap, sizeof(*f->at));
	if (!f->at) {
		*f = old;
		return false;
	}
	for (uint32_t i = 0; i < old.cap; i++)
		if (old.at[i].arcs)
			*slot(f, old.at[i].request, old.at[i].arcs, old.at[i].n) = old.at[i];
	free(old.at);
	return true;
}

bool te_sync_good(struct te_sync_run *r, uint32_t request)
{
	struct te_sync_fits *f = &r->fits;
	const uint32_t *arcs = r->path[request];
	uint32_t n = r->n_path[request];
	struct te_sync_told *x;

	if (!r->o->fits)
		return true;
	if (f->n >= f->cap / 2 && !grow(f)) {
		r->stopped = true;
		return false;
	}
	x = slot(f, request, arcs, n);
	if (x->arcs)
		return x->fits;
	x->arcs = arena_copy(&r->mem, arcs, n * sizeof(*arcs));
	if (!x->arcs) {
		r->stopped = true;
		return false;
	}
	x->request = request;
	x->n = n;
	x->fits = r->o->fits(r->o->fits_arg, request, arcs, n);
	r->work += ASK_WORK;
	f->n++;
	return x->fits;
}

void te_sync_fits_fini(struct te_sync_fits *f)
{
	free(f->at);
}
