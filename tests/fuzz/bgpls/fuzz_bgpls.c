/* SPDX-License-Identifier: Apache-2.0 */
/* A list of NLRIs (16-bit length first) and an attribute after it. What reads as good must
 * write, read again as good and write to the same octets. */
#include <stdlib.h>

#include "southbound/bgp/codec/bgpls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { ROOM = 1 << 20 };

static uint8_t a[ROOM], b[ROOM];

static void same(const struct wr *x, const struct wr *y)
{
	if (x->bad || y->bad || x->len != y->len || memcmp(x->base, y->base, x->len) != 0)
		abort();
}

static void nlri_twice(const struct bgpls_nlri *n)
{
	struct bgpls_opts opts = { .order = BGPLS_ORDER_STRICT };
	struct wr wa = wr_of(a, sizeof(a)), wb = wr_of(b, sizeof(b));
	struct fault f = { 0 };
	struct bgpls_raw raw;
	struct bgpls_nlri m;
	struct rd list;
	bool lost;

	bgpls_nlri_write(&wa, n, false);
	list = rd_of(a, wa.len);
	if (wa.bad || !bgpls_next(&list, &raw, &lost) ||
	    bgpls_nlri_read(&raw, &opts, &m, &f) != VERDICT_OK)
		abort();
	bgpls_nlri_write(&wb, &m, false);
	same(&wa, &wb);
}

static void try_nlris(struct rd list, enum bgpls_order order)
{
	struct bgpls_opts opts = { .order = order };
	struct bgpls_raw raw;
	bool lost;

	while (bgpls_next(&list, &raw, &lost)) {
		struct bgpls_nlri n;
		struct fault f = { 0 };

		if (bgpls_nlri_read(&raw, &opts, &n, &f) == VERDICT_OK)
			nlri_twice(&n);
	}
}

static void try_attr(struct rd r)
{
	struct wr wa = wr_of(a, sizeof(a)), wb = wr_of(b, sizeof(b));
	struct bgpls_attr x, y;
	struct arena arena;
	struct fault f = { 0 };

	arena_init(&arena, 16 << 20);
	if (bgpls_attr_read(&r, &arena, &x, &f, NULL) <= VERDICT_SKIP) {
		bgpls_attr_write(&wa, &x);
		/* A list within 64 KiB may grow past it by normalisation; then it is not sent. */
		if (!wa.bad && wa.len <= UINT16_MAX) {
			r = rd_of(a, wa.len);
			f = (struct fault){ 0 };
			if (bgpls_attr_read(&r, &arena, &y, &f, NULL) != VERDICT_OK)
				abort();
			bgpls_attr_write(&wb, &y);
			same(&wa, &wb);
		}
	}
	arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct rd r = rd_of(data, len);
	struct rd list = rd_sub(&r, rd_u16(&r));

	if (r.bad)
		return 0;
	try_nlris(list, BGPLS_ORDER_FRR);
	try_nlris(list, BGPLS_ORDER_ANY);
	try_attr(r);
	return 0;
}
