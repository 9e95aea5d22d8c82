/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the controller's rooms, put in by the linker (--wrap): a look at every push, and the
 * planted bugs. The daemon has none of this.
 */
#include <string.h>

#include "intent/book/book.h"
#include "sim.h"
#include "southbound/pcep/pcep.h"

const char *bug = "";

static const char *const bugs[] = { "lost-write", "over-booking", "stale-generation",
				    "wrong-constraint", "lost-backup" };

bool bug_known(const char *name)
{
	for (unsigned k = 0; k < ARRAY_LEN(bugs); k++) {
		if (strcmp(bugs[k], name) == 0)
			return true;
	}
	return false;
}

static bool is(const char *name)
{
	return strcmp(bug, name) == 0;
}

/* ---- the driver ---- */

static const struct driver *real;

static int look_apply(void *self, const struct driver_lsp *lsp, uint32_t *txn)
{
	int r = real->apply(self, lsp, txn);

	if (r == 0)
		check_push(0, lsp);
	return r;
}

static int look_remove(void *self, const struct driver_lsp *lsp, uint32_t *txn)
{
	int r = real->remove(self, lsp, txn);

	if (r == 0)
		check_push(1, lsp);
	return r;
}

static int look_release(void *self, const struct driver_lsp *lsp, uint32_t *txn)
{
	int r = real->release(self, lsp, txn);

	if (r == 0)
		check_push(2, lsp);
	return r;
}

const struct driver *__real_pcep_driver(struct pcep *p);
const struct driver *__wrap_pcep_driver(struct pcep *p);

const struct driver *__wrap_pcep_driver(struct pcep *p)
{
	static struct driver look;

	real = __real_pcep_driver(p);
	look = (struct driver){ real->name, real->self, look_apply, look_remove, look_release,
				real->paths };
	return &look;
}

/* ---- a write that is acknowledged and never made ---- */

int __real_store_write(struct store *s, const struct store_op *ops, size_t n, store_done_fn done,
		       void *arg);
int __wrap_store_write(struct store *s, const struct store_op *ops, size_t n, store_done_fn done,
		       void *arg);

int __wrap_store_write(struct store *s, const struct store_op *ops, size_t n, store_done_fn done,
		       void *arg)
{
	const struct store_op lost = { "lost", "write", "", 0 };
	if (is("lost-write") && strcmp(ops[0].bucket, "policy") == 0 && ++sim.bug_count % 4 == 0)
		return __real_store_write(s, &lost, 1, done, arg);
	return __real_store_write(s, ops, n, done, arg);
}

/* ---- a book that gives what it does not have ---- */

uint32_t __real_book_refuses(const struct book *b, const struct book_ask *ask, uint64_t bps,
			     const uint32_t *links, uint32_t n);
uint32_t __wrap_book_refuses(const struct book *b, const struct book_ask *ask, uint64_t bps,
			     const uint32_t *links, uint32_t n);

uint32_t __wrap_book_refuses(const struct book *b, const struct book_ask *ask, uint64_t bps,
			     const uint32_t *links, uint32_t n)
{
	return is("over-booking") ? UINT32_MAX : __real_book_refuses(b, ask, bps, links, n);
}

void __real_book_snapshot(const struct book *b, const struct book_ask *ask, uint64_t *free_bps,
			  uint32_t n);
void __wrap_book_snapshot(const struct book *b, const struct book_ask *ask, uint64_t *free_bps,
			  uint32_t n);

void __wrap_book_snapshot(const struct book *b, const struct book_ask *ask, uint64_t *free_bps,
			  uint32_t n)
{
	__real_book_snapshot(b, ask, free_bps, n);
	for (uint32_t l = 0; l < n && is("over-booking"); l++)
		free_bps[l] = book_capacity(b, l);
}

/* ---- room for after a failure that is promised and not kept ---- */

int __real_book_back_up(struct book *b, struct book_claim *c, const struct book_terms *t,
			const struct book_backup *to);
int __wrap_book_back_up(struct book *b, struct book_claim *c, const struct book_terms *t,
			const struct book_backup *to);

int __wrap_book_back_up(struct book *b, struct book_claim *c, const struct book_terms *t,
			const struct book_backup *to)
{
	struct book_backup none = *to;

	if (is("lost-backup"))
		none.n_links = 0;
	return __real_book_back_up(b, c, t, &none);
}

int __real_book_view_follow(struct book *b, struct book_view *v, uint32_t n_links);
int __wrap_book_view_follow(struct book *b, struct book_view *v, uint32_t n_links);

int __wrap_book_view_follow(struct book *b, struct book_view *v, uint32_t n_links)
{
	int r = __real_book_view_follow(b, v, n_links);

	for (uint32_t l = 0; r == 0 && l < v->n && is("over-booking"); l++)
		v->bps[l] = book_capacity(b, l);
	return r;
}

uint32_t __real_book_own_rooms(const struct book *b, const struct book_ask *ask,
			       const struct book_view *now, struct book_own *out, uint32_t cap);
uint32_t __wrap_book_own_rooms(const struct book *b, const struct book_ask *ask,
			       const struct book_view *now, struct book_own *out, uint32_t cap);

uint32_t __wrap_book_own_rooms(const struct book *b, const struct book_ask *ask,
			       const struct book_view *now, struct book_own *out, uint32_t cap)
{
	return is("over-booking") ? 0 : __real_book_own_rooms(b, ask, now, out, cap);
}

/* ---- a generation that is passed over: others come later and are given ---- */

void __real_intent_on_ted(void *arg, const struct ted *ted);
void __wrap_intent_on_ted(void *arg, const struct ted *ted);

void __wrap_intent_on_ted(void *arg, const struct ted *ted)
{
	say("generation %llu: %s, %u links and %u nodes changed", (unsigned long long)ted->generation,
	    ted->stale ? "out of sight" : "in sight", ted->n_changed_links, ted->n_changed_nodes);
	if (is("stale-generation") && !ted->stale && ted->generation > 2 && ++sim.bug_count % 3 == 0)
		return;
	__real_intent_on_ted(arg, ted);
}

/* ---- a bound that is not looked at ---- */

static struct pce_request loose(const struct pce_request *req)
{
	struct pce_request r = *req;

	if (is("wrong-constraint")) {
		r.delay_us_max = PCE_NO_BOUND;
		r.affinity = (struct pce_affinity){ 0 };
	}
	return r;
}

void __real_pce_compute(const struct ted *t, const struct pce_request *req, struct arena *a,
			struct pce_answer *out);
void __wrap_pce_compute(const struct ted *t, const struct pce_request *req, struct arena *a,
			struct pce_answer *out);

void __wrap_pce_compute(const struct ted *t, const struct pce_request *req, struct arena *a,
			struct pce_answer *out)
{
	const struct pce_request r = loose(req);

	__real_pce_compute(t, &r, a, out);
}

const char *__real_pce_check(const struct ted *t, const struct pce_request *req,
			     const struct pce_expansion *e, struct arena *a);
const char *__wrap_pce_check(const struct ted *t, const struct pce_request *req,
			     const struct pce_expansion *e, struct arena *a);

const char *__wrap_pce_check(const struct ted *t, const struct pce_request *req,
			     const struct pce_expansion *e, struct arena *a)
{
	const struct pce_request r = loose(req);

	return __real_pce_check(t, &r, e, a);
}
