/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of the generations: the flat rows that go round, and the store they point into.
 *
 * A spare is a block of rows that once was a generation of this store and is nobody's now. It
 * is taken and given by an atomic exchange, so that whoever drops the last reference to a
 * generation, on whatever thread, hands its rows to the builder.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "pce/ted_priv.h"

struct layout {
	size_t nodes, links, arcs, out_start, out_idx, in_start, in_idx, nflags, total;
};

static size_t place(size_t *at, size_t n, size_t size)
{
	size_t here = *at;

	*at += (n * size + 15) & ~(size_t)15;
	return here;
}

static struct layout layout_of(size_t n, size_t m)
{
	struct layout l;
	size_t at = 0;

	(void)place(&at, 1, sizeof(struct ted_rows));
	l.nodes = place(&at, n, sizeof(struct ted_node));
	l.links = place(&at, m, sizeof(struct ted_link));
	l.arcs = place(&at, m, sizeof(struct ted_arc));
	l.out_start = place(&at, n + 2, sizeof(uint32_t));
	l.out_idx = place(&at, m + 1, sizeof(uint32_t));
	l.in_start = place(&at, n + 2, sizeof(uint32_t));
	l.in_idx = place(&at, m + 1, sizeof(uint32_t));
	l.nflags = place(&at, n, sizeof(uint8_t));
	l.total = at;
	return l;
}

static void *part(struct ted_rows *r, size_t at)
{
	return (char *)r + at;
}

static struct ted_rows *rows_lay(void *block, uint32_t n_nodes, uint32_t n_links)
{
	struct layout l = layout_of(n_nodes, n_links);
	struct ted_rows *r = block;

	if (!r)
		return NULL;
	r->n_nodes = n_nodes;
	r->n_links = n_links;
	r->nodes = part(r, l.nodes);
	r->links = part(r, l.links);
	r->arcs = part(r, l.arcs);
	r->out_start = part(r, l.out_start);
	r->out_idx = part(r, l.out_idx);
	r->in_start = part(r, l.in_start);
	r->in_idx = part(r, l.in_idx);
	r->nflags = part(r, l.nflags);
	return r;
}

struct ted_rows *ted_rows_new(uint32_t n_nodes, uint32_t n_links)
{
	return rows_lay(calloc(1, layout_of(n_nodes, n_links).total), n_nodes, n_links);
}

void ted_rows_use(struct ted_priv *p)
{
	const struct ted_rows *r = p->rows;
	struct ted *t = &p->ted;

	t->n_nodes = r->n_nodes;
	t->n_links = r->n_links;
	t->nodes = r->nodes;
	t->links = r->links;
	t->out = (struct ted_adj){ r->out_start, r->out_idx };
	t->in = (struct ted_adj){ r->in_start, r->in_idx };
	p->arcs = r->arcs;
	p->nflags = r->nflags;
}

void ted_rows_retire(struct ted_store *s, struct ted_rows *r)
{
	for (unsigned i = 0; r && i < TED_SPARES; i++)
		r = atomic_exchange_explicit(&s->spare[i], r, memory_order_acq_rel);
	free(r);
}

static struct ted_rows *spare_take(struct ted_store *s)
{
	struct ted_rows *r = NULL;

	for (unsigned i = 0; !r && i < TED_SPARES; i++)
		r = atomic_exchange_explicit(&s->spare[i], NULL, memory_order_acq_rel);
	return r;
}

static void rows_copy(struct ted_rows *to, const struct ted_rows *from)
{
	memcpy(to->nodes, from->nodes, from->n_nodes * sizeof(*from->nodes));
	memcpy(to->links, from->links, from->n_links * sizeof(*from->links));
	memcpy(to->arcs, from->arcs, from->n_links * sizeof(*from->arcs));
	memcpy(to->nflags, from->nflags, from->n_nodes * sizeof(*from->nflags));
}

static void row_copy(struct ted_rows *to, const struct ted_rows *from, uint32_t ref)
{
	uint32_t i = ref >> 1;

	if (ref & 1) {
		to->links[i] = from->links[i];
		to->arcs[i] = from->arcs[i];
	} else {
		to->nodes[i] = from->nodes[i];
		to->nflags[i] = from->nflags[i];
	}
}

/* Brings a spare to the state of `from`, the newest: by the log if that reaches back far enough. */
static void rows_follow(const struct ted_store *s, struct ted_rows *to, const struct ted_rows *from)
{
	if (to->serial < s->log_since) {
		rows_copy(to, from);
		return;
	}
	for (uint64_t i = s->log_n; i-- > 0 && s->log_n - i <= TED_LOG_MAX;) {
		if (s->log[i % TED_LOG_MAX].serial <= to->serial)
			return;
		row_copy(to, from, s->log[i % TED_LOG_MAX].ref);
	}
}

struct ted_rows *ted_rows_after(struct ted_store *s, const struct ted_priv *old)
{
	struct ted_rows *r = spare_take(s);

	if (r) {
		rows_follow(s, r, old->rows);
		return r;
	}
	/* Everything is about to be written: no need of zeros. */
	r = rows_lay(malloc(layout_of(old->rows->n_nodes, old->rows->n_links).total),
		     old->rows->n_nodes, old->rows->n_links);
	if (r)
		rows_copy(r, old->rows);
	return r;
}

void ted_log(struct ted_store *s, uint64_t serial, uint32_t ref)
{
	uint64_t i = s->log_n++ % TED_LOG_MAX;

	if (s->log_n > TED_LOG_MAX) /* what is overwritten is not known any more */
		s->log_since = s->log[i].serial;
	s->log[i].serial = serial;
	s->log[i].ref = ref;
}

struct ted_store *ted_store_new(void)
{
	struct ted_store *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	atomic_init(&s->refs, 1);
	arena_init(&s->arena, 0);
	return s;
}

struct ted_store *ted_store_ref(struct ted_store *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void ted_store_unref(struct ted_store *s)
{
	if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (unsigned i = 0; i < TED_SPARES; i++)
		free(atomic_load_explicit(&s->spare[i], memory_order_acquire));
	arena_fini(&s->arena);
	free(s);
}

int ted_spare(const struct ted *t)
{
	const struct ted_priv *p = ted_priv_of(t);
	struct ted_store *s = p->store;
	struct ted_rows *r;

	for (unsigned i = 0; i < TED_SPARES; i++)
		if (atomic_load_explicit(&s->spare[i], memory_order_relaxed))
			return 0;
	r = ted_rows_after(s, p);
	if (!r)
		return err_raise(-ENOMEM);
	r->serial = p->serial;
	ted_rows_retire(s, r);
	return 0;
}
