/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Versions of the rooms. A change of a link writes its number into a log; a view reads on from
 * where it was. A link stands there once for as long as no view has read it, so a busy link does
 * not fill the log; a view that fell behind the ring reads every link.
 */
#include <stdlib.h>

#include "base/err.h"
#include "intent/book/book_claim.h"

void book_changed(struct book *b, uint32_t link)
{
	struct book_link *l = &b->links[link];

	if (l->logged > b->seen)
		return; /* stands there already, and nobody has read so far */
	b->log[b->n_log % BOOK_LOG] = link;
	l->logged = ++b->n_log;
}

/* What nobody has read is not numbered twice: reading is what makes a version. */
uint64_t book_version(const struct book *b)
{
	return b->n_log;
}

uint32_t book_view_nrp(const struct book *b, uint32_t nrp)
{
	return b->n_parts > 0 ? nrp : 0;
}

static struct book_ask ask_of(const struct book_view *v)
{
	return (struct book_ask){ .setup = v->setup,
				  .nrp = v->nrp,
				  .window = BOOK_ALWAYS,
				  .failed = v->bare,
				  .failure = BOOK_NO_BACKUPS };
}

static int view_grow(struct book_view *v, uint32_t n)
{
	uint64_t *p = realloc(v->bps, (n + (size_t)1) * sizeof(*p));

	if (!p)
		return err_raise(-ENOMEM);
	v->bps = p;
	return 0;
}

int book_view_follow(struct book *b, struct book_view *v, uint32_t n_links)
{
	const struct book_ask ask = ask_of(v);
	uint32_t from = v->made ? v->n : 0;

	if (n_links > v->n || !v->made) {
		int r = view_grow(v, n_links);

		if (r < 0)
			return err_trace(r);
	}
	if (!v->made || b->n_log - v->at > BOOK_LOG) {
		from = 0;
	} else {
		for (uint64_t k = v->at; k < b->n_log; k++) {
			uint32_t link = b->log[k % BOOK_LOG];

			/* One that stands there again later is read then. */
			if (link < v->n && b->links[link].logged == k + 1)
				v->bps[link] = book_room(b, link, &ask);
		}
	}
	if (from < n_links)
		book_snapshot(b, &ask, v->bps, n_links);
	v->n = n_links > v->n ? n_links : v->n;
	v->at = b->seen = b->n_log;
	v->made = true;
	return 0;
}

void book_view_fini(struct book_view *v)
{
	free(v->bps);
	*v = (struct book_view){ .setup = v->setup, .nrp = v->nrp, .bare = v->bare };
}
