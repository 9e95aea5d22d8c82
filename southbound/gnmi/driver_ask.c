/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of devices: a wish becomes a transaction of the client, which reads it back; its end
 * is told as a report or a failure. A transaction outlives its session: until those of an earlier
 * session have ended, nothing is known well enough to begin another.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log/log.h"
#include "log/metric.h"
#include "southbound/gnmi/driver_int.h"

enum { CHANGES_ARENA = 256 << 10 };

static uint32_t txn_next(struct gnmi_driver *d)
{
	if (++d->last_txn == 0)
		d->last_txn = 1;
	return d->last_txn;
}

static int full(struct driver_dev *h)
{
	h->full = true;
	loop_timer_after(&h->ready, NS_PER_S); /* at the latest: others fill the queue too */
	return DRIVER_E_FULL;
}

void gnmi_driver_ready(void *dev)
{
	struct driver_dev *h = dev;

	if (!h->full)
		return;
	h->full = false;
	if (h->session)
		h->d->sink->headend_ready(h->d->arg, &h->headend);
}

/* ---- downwards ---- */

static struct driver_txn *txn_new(struct driver_dev *h, const struct driver_lsp *lsp, const char *row)
{
	struct driver_txn *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->lsp = *lsp;
	if (sr_list_keep(&lsp->list, &t->lsp.list) != 0) {
		free(t);
		return NULL;
	}
	t->id = txn_next(h->d);
	(void)str_copy(t->row, sizeof(t->row), row);
	return t;
}

static void txn_free(struct driver_txn *t)
{
	list_del(&t->link);
	sr_list_drop(&t->lsp.list);
	free(t);
}

/* Lists the device may have of it, whichever of them it is to have. */
static uint32_t there(const struct driver_row *r)
{
	uint32_t bits = 1;

	for (unsigned k = 1; r && k < DRIVER_LISTS; k++)
		bits |= (uint32_t)(r->told.list[k] && r->told.list[k]->segs) << (k - 1);
	if (r && r->held)
		bits |= (UINT32_C(1) << sr_list_count(&r->held->list)) - 1;
	return bits;
}

/* The changes of the policy, in arena. False: its device has no way to say it. */
static bool changes_of(struct driver_dev *h, const char *id, const struct driver_lsp *lsp, bool del,
		       struct arena *a, struct device_change out[GNMI_OBJECTS_MAX], size_t *n)
{
	const struct gnmi_policy p = { .name = id,
				       .color = lsp->key.color,
				       .endpoint = lsp->key.endpoint,
				       .preference = lsp->preference,
				       .discriminator = lsp->cpath.discriminator,
				       .binding_sid = lsp->binding_sid,
				       .locator = "",
				       .list = &lsp->list,
				       .there = there(gnmi_driver_row(h, id, false)) };

	return gnmi_policy_changes(h->kind, &p, del, a, out, n) == 0;
}

static int refusal(struct driver_dev *h, int set)
{
	switch (set) {
	case DEVICE_E_FULL:
		return full(h);
	case DEVICE_E_INVALID:
		return DRIVER_E_REFUSED;
	default: /* it was just taken out of the configuration */
		return DRIVER_E_NO_SESSION;
	}
}

static int ask(struct driver_dev *h, const char *id, const struct driver_lsp *lsp, bool del, uint32_t *txn)
{
	struct gnmi_driver *d = h->d;
	struct device_change changes[GNMI_OBJECTS_MAX];
	struct driver_row *r;
	struct driver_txn *t;
	struct arena a;
	size_t n;
	int rc = DRIVER_E_REFUSED;

	if (h->n_txns >= DRIVER_ASKED_MAX)
		return full(h);
	t = txn_new(h, lsp, id);
	r = gnmi_driver_row(h, id, true);
	if (!t || !r) {
		if (t)
			txn_free(t);
		return full(h);
	}
	arena_init(&a, CHANGES_ARENA);
	if (changes_of(h, id, lsp, del, &a, changes, &n)) {
		rc = d->port.set(d->port.self, h->name, changes, n, &t->on_device);
		rc = rc == 0 ? 0 : refusal(h, rc);
	}
	arena_fini(&a);
	if (rc != 0) {
		txn_free(t);
		return rc;
	}
	t->removal = del;
	*txn = t->id;
	r->asked++;
	list_add(&h->txns, &t->link);
	h->n_txns++;
	return 0;
}

/* We answer ourselves, but not from inside of the call. */
static int say(struct driver_dev *h, const struct driver_row *r, const struct driver_lsp *lsp, enum driver_say kind,
	       uint32_t *txn)
{
	struct driver_txn *t = txn_new(h, lsp, r->id);

	if (!t)
		return full(h);
	t->kind = kind;
	*txn = t->id;
	list_add(&h->answers, &t->link);
	loop_task_run(&h->answer);
	return 0;
}

static int ready(struct gnmi_driver *d, const struct driver_lsp *lsp, struct driver_dev **out)
{
	*out = gnmi_driver_headend(d, &lsp->key.headend);
	return *out && (*out)->session ? 0 : DRIVER_E_NO_SESSION;
}

/* One of this session that lsp names. */
static int known(struct driver_dev *h, const struct driver_lsp *lsp, struct driver_row **out)
{
	*out = lsp->session == h->session ? gnmi_driver_row_at(h, lsp->plsp_id) : NULL;
	if (!*out)
		return DRIVER_E_NO_SESSION;
	return (*out)->last->pce_initiated ? 0 : DRIVER_E_REFUSED;
}

static bool can_say(const struct driver_dev *h, const struct driver_lsp *lsp)
{
	return lsp->list.dataplane == SR_SRV6 && lsp->list.n > 0 && !(h->kind->one_path && lsp->key.leg) &&
	       (!lsp->list.more || sr_list_count(&lsp->list) <= h->lists);
}

static int driver_apply(void *self, const struct driver_lsp *lsp, uint32_t *txn)
{
	char id[DRIVER_ID_MAX];
	struct driver_dev *h;
	struct driver_row *r;
	int rc = ready(self, lsp, &h);

	if (rc)
		return rc;
	if (lsp->plsp_id == 0) {
		(void)snprintf(id, sizeof(id), "%s%s", GNMI_DRIVER_PREFIX, lsp->name);
		return lsp->name[0] && can_say(h, lsp) ? ask(h, id, lsp, false, txn) : DRIVER_E_REFUSED;
	}
	rc = known(h, lsp, &r);
	if (rc)
		return rc;
	if (lsp->take_over)
		return say(h, r, lsp, DRIVER_SAY_TAKEN, txn);
	return !r->released && can_say(h, lsp) ? ask(h, r->id, lsp, false, txn) : DRIVER_E_REFUSED;
}

static int driver_remove(void *self, const struct driver_lsp *lsp, uint32_t *txn)
{
	struct driver_dev *h;
	struct driver_row *r;
	int rc = ready(self, lsp, &h);

	if (rc == 0)
		rc = known(h, lsp, &r);
	return rc ? rc : ask(h, r->id, lsp, true, txn);
}

/* It stays as it is, and is nobody's business here any more. */
static int driver_release(void *self, const struct driver_lsp *lsp, uint32_t *txn)
{
	struct device_change changes[GNMI_OBJECTS_MAX];
	struct gnmi_driver *d = self;
	struct driver_dev *h;
	struct driver_row *r;
	struct arena a;
	size_t n;
	int rc = ready(d, lsp, &h);

	if (rc == 0)
		rc = known(h, lsp, &r);
	if (rc)
		return rc;
	arena_init(&a, CHANGES_ARENA);
	if (changes_of(h, r->id, lsp, true, &a, changes, &n))
		for (size_t i = 0; i < n; i++)
			d->port.forget(d->port.self, h->name, changes[i].path);
	arena_fini(&a);
	return say(h, r, lsp, DRIVER_SAY_RELEASED, txn);
}

void gnmi_driver_asks(struct gnmi_driver *d)
{
	d->driver = (struct driver){ .name = "gnmi", .self = d, .apply = driver_apply,
				     .remove = driver_remove, .release = driver_release };
}

/* ---- answers ---- */

void gnmi_driver_answer(void *dev)
{
	struct driver_dev *h = dev;
	struct list *n;

	while ((n = list_pop(&h->answers))) {
		struct driver_txn *t = LIST_OF(n, struct driver_txn, link);
		struct driver_row *r = gnmi_driver_row(h, t->row, false);

		if (r && r->last) {
			r->released = t->kind == DRIVER_SAY_RELEASED;
			gnmi_driver_row_tell(h, r, t->id);
		}
		txn_free(t);
	}
}

static void failed(struct driver_dev *h, const struct driver_txn *t, const struct device_result *res)
{
	struct driver_failure f = { .headend = h->headend, .session = h->session, .txn = t->id };

	metric_add(h->m.failures, 1);
	if (t->stale || !h->session)
		return;
	(void)snprintf(f.text, sizeof(f.text), "the device: %s%s%.180s", device_outcome_text(res->outcome),
		       res->text[0] ? ": " : "", res->text);
	h->d->sink->failed(h->d->arg, &f);
}

static void done(struct driver_dev *h, const struct driver_txn *t)
{
	struct driver_row *r = gnmi_driver_row(h, t->row, true);
	uint32_t txn = t->stale ? 0 : t->id;

	h->breaks = 0;
	if (!r)
		return; /* no memory: the watches say it */
	if (t->removal)
		gnmi_driver_row_gone(h, r, txn);
	else
		gnmi_driver_row_set(h, r, &t->lsp, txn);
}

static void end(struct driver_dev *h, struct driver_txn *t, const struct device_result *res)
{
	struct driver_row *r = gnmi_driver_row(h, t->row, false);

	if (r && r->asked && !t->stale)
		r->asked--;
	switch (res->outcome) {
	case DEVICE_DONE:
		done(h, t);
		break;
	case DEVICE_REFUSED:
	case DEVICE_FALSE:
	case DEVICE_UNDONE: /* what was there before is there still */
		failed(h, t, res);
		break;
	case DEVICE_BROKEN:
	case DEVICE_UNKNOWN:
		failed(h, t, res);
		if (!t->stale)
			gnmi_driver_break(h, "nobody knows what became of a transaction");
		break;
	}
}

void gnmi_driver_result(struct driver_dev *h, const struct device_result *res)
{
	struct driver_txn *t = NULL;

	LIST_EACH(n, &h->txns)
		if (LIST_OF(n, struct driver_txn, link)->on_device == res->txn)
			t = LIST_OF(n, struct driver_txn, link);
	if (!t)
		return;
	list_del(&t->link);
	h->n_txns--;
	end(h, t, res);
	txn_free(t);
	gnmi_driver_learnt(h);
	if (h->full && h->n_txns <= DRIVER_ASKED_MAX / 2)
		loop_timer_after(&h->ready, 0);
}

/* ---- sessions ---- */

void gnmi_driver_txns_stale(struct driver_dev *h)
{
	LIST_EACH(n, &h->txns)
		LIST_OF(n, struct driver_txn, link)->stale = true;
	LIST_EACH(n, &h->answers)
		txn_free(LIST_OF(n, struct driver_txn, link));
}

void gnmi_driver_txns_drop(struct driver_dev *h)
{
	gnmi_driver_txns_stale(h);
	LIST_EACH(n, &h->txns)
		txn_free(LIST_OF(n, struct driver_txn, link));
	h->n_txns = 0;
}

bool gnmi_driver_waits(const struct driver_dev *h)
{
	return !list_empty(&h->txns);
}
