/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was set and read back is looked after: read again now and then, in chunks, and told when
 * it is no longer there as it was set. A later change below an earlier one overlays it: of the
 * earlier one's leaves those below the later are not its business any more.
 */
#include <stdio.h>
#include <string.h>

#include "log/log.h"
#include "log/metric.h"
#include "southbound/gnmi/gnmi_int.h"

enum { ROW_MAX = 256 << 10 };

#define AGAIN_NS NS_PER_S

static void row_free(struct gnmi_dev *d, struct gnmi_owned *o)
{
	if (d->drift.at == o)
		d->drift.at = NULL;
	list_del(&o->link);
	d->drift.n--;
	d->drift.changes++;
	arena_fini(&o->a);
	free(o);
}

void gnmi_drift_forget(struct gnmi_dev *d, const struct gnmic_path *p)
{
	LIST_EACH(n, &d->drift.rows) {
		struct gnmi_owned *o = LIST_OF(n, struct gnmi_owned, link);

		if (gnmic_path_match(p, &o->path))
			row_free(d, o);
	}
}

const struct gnmi_owned *gnmi_drift_row(const struct gnmi_dev *d, const struct gnmic_path *p)
{
	for (const struct list *n = d->drift.rows.prev; n != &d->drift.rows; n = n->prev) {
		const struct gnmi_owned *o = LIST_OF(n, const struct gnmi_owned, link);

		if (gnmic_path_cmp(p, &o->path) == 0)
			return o->op == DEVICE_DELETE || o->overlaid ? NULL : o;
	}
	return NULL;
}

static void overlay(struct gnmi_dev *d, const struct gnmic_path *p)
{
	LIST_EACH(n, &d->drift.rows) {
		struct gnmi_owned *o = LIST_OF(n, struct gnmi_owned, link);

		o->overlaid = o->overlaid || gnmic_path_match(&o->path, p);
	}
}

static bool row_fill(struct gnmi_owned *o, const struct device_change *c, const struct gnmic_path *p)
{
	struct str text STR_AUTO = { 0 };

	gnmic_path_text(p, &text);
	o->op = c->op;
	o->json = arena_str(&o->a, c->json);
	o->text = arena_str(&o->a, str_text(&text));
	return o->json && o->text && gnmic_path_copy(p, &o->a, &o->path);
}

void gnmi_drift_own(struct gnmi_dev *d, const struct device_change *c, const struct gnmic_path *p)
{
	struct gnmi_owned *o;
	bool above = false;

	if (c->op == DEVICE_UPDATE) {
		LIST_EACH(n, &d->drift.rows) /* the same path: the newer word counts */
			if (gnmic_path_cmp(p, &LIST_OF(n, struct gnmi_owned, link)->path) == 0)
				row_free(d, LIST_OF(n, struct gnmi_owned, link));
	} else {
		gnmi_drift_forget(d, p);
	}
	overlay(d, p);
	LIST_EACH(n, &d->drift.rows)
		above = above || gnmic_path_match(&LIST_OF(n, struct gnmi_owned, link)->path, p);
	if (c->op == DEVICE_DELETE && !above)
		return; /* nothing of ours is there */
	if (d->drift.n == GNMI_OWNED_MAX) {
		log_event(d->scope, LOG_WARN, "gnmi.owned-max", "max=%d", GNMI_OWNED_MAX);
		return;
	}
	o = calloc(1, sizeof(*o));
	if (!o)
		return;
	arena_init(&o->a, ROW_MAX);
	list_add(&d->drift.rows, &o->link);
	d->drift.n++;
	d->drift.changes++;
	if (!row_fill(o, c, p))
		row_free(d, o);
}

/* ---- the look ---- */

static bool overlaid_at(const struct gnmi_dev *d, const struct gnmi_owned *o, const char *leaf)
{
	for (const struct list *n = o->link.next; n != &d->drift.rows; n = n->next) {
		const struct gnmi_owned *newer = LIST_OF(n, const struct gnmi_owned, link);
		const char *text = strchr(newer->text, '/');
		size_t len = text ? strlen(text) : 0;

		if (text && strncmp(leaf, text, len) == 0 && (leaf[len] == '/' || leaf[len] == '\0'))
			return true;
	}
	return false;
}

/* The first leaf of the row that is not there as it was set, in words; "" when all are. */
static void difference(const struct gnmi_dev *d, const struct gnmi_owned *o, const struct gnmi_slot *s,
		       char out[DEVICE_TEXT_MAX])
{
	static const struct gnmic_path root = { .origin = "", .target = "" };
	struct gnmic_update u = { .path = o->path };
	struct gnmi_leafset wanted, found;
	struct arena a;

	out[0] = '\0';
	arena_init(&a, GNMI_ARENA_MAX);
	gnmi_leafset_init(&wanted, &a);
	gnmi_leafset_init(&found, &a);
	u.val = (struct gnmic_value){ .kind = GNMIC_JSON_IETF, .bytes = { o->json, strlen(o->json) } };
	gnmi_leafset_add(&wanted, d->kind, &root, &u);
	if (!s->absent)
		gnmi_leafset_reply(&found, d->kind, s->data, s->len);
	for (size_t i = 0; !found.why && i < wanted.n && !out[0]; i++) {
		const struct gnmi_leaf *w = &wanted.at[i], *l = gnmi_leafset_find(&found, w->path);

		if ((l && gnmi_text_eq(l->text, w->text)) || (o->overlaid && overlaid_at(d, o, w->path)))
			continue;
		(void)snprintf(out, DEVICE_TEXT_MAX, "%.150s is %.40s, not %.40s", w->path,
			       l ? l->text : "absent", w->text);
	}
	if (found.why)
		(void)snprintf(out, DEVICE_TEXT_MAX, "cannot be read: %.100s", found.why);
	arena_fini(&a);
}

static void look(struct gnmi_dev *d, struct gnmi_owned *o, const struct gnmi_slot *s)
{
	char found[DEVICE_TEXT_MAX];
	const struct device_drift drift = { d->name, o->text, found };

	if (o->op == DEVICE_DELETE)
		return; /* it only overlays */
	difference(d, o, s, found);
	if (!found[0]) {
		o->drifted = false;
		return;
	}
	if (o->drifted)
		return;
	o->drifted = true;
	metric_add(d->m.drifts, 1);
	log_event(d->scope, LOG_WARN, "gnmi.drift", "path=\"%.150s\" found=\"%.150s\"", o->text, found);
	gnmi_publish(d, BUS_WARNING, "device-drift", "\"what\":\"set\"");
	if (d->g->sink.drift)
		d->g->sink.drift(d->g->arg, &drift);
}

static void chunk_next(struct gnmi_dev *d);

/* Something was set meanwhile: it was no look at all. After a new session that is as a rule so, and
 * what was lost or exchanged while the device was away is not to stay so until the next one is due. */
static void again_soon(struct gnmi_dev *d)
{
	uint64_t ns = d->g->cfg.drift_ns < AGAIN_NS ? d->g->cfg.drift_ns : AGAIN_NS;

	d->drift.at = NULL;
	gnmi_read_stop(&d->drift.reader);
	if (d->state == GNMI_UP)
		loop_timer_after(&d->drift.timer, ns);
}

static void chunk_read(struct gnmi_reader *r, bool ok)
{
	struct gnmi_dev *d = r->dev;
	struct gnmi_drift *f = &d->drift;
	struct gnmi_owned *o = f->at;

	if (!ok) {
		loop_timer_after(&f->timer, d->g->cfg.drift_ns);
		return;
	}
	/* What was read is of another time, or of two. */
	if (f->seen != f->changes || !o || d->batch.step != GNMI_IDLE) {
		again_soon(d);
		return;
	}
	for (size_t i = 0; i < f->chunk; i++) {
		struct list *next = o->link.next;

		look(d, o, &r->slots[i]);
		if (f->seen != f->changes) { /* whoever was told has set something */
			again_soon(d);
			return;
		}
		f->at = next == &f->rows ? NULL : LIST_OF(next, struct gnmi_owned, link);
		o = f->at;
	}
	chunk_next(d);
}

static void chunk_next(struct gnmi_dev *d)
{
	struct gnmi_drift *f = &d->drift;
	struct gnmi_owned *o = f->at;

	if (o && d->batch.step != GNMI_IDLE && d->state == GNMI_UP) {
		again_soon(d);
		return;
	}
	if (!o || d->state != GNMI_UP) {
		f->at = NULL;
		gnmi_read_stop(&f->reader);
		if (d->state == GNMI_UP)
			loop_timer_after(&f->timer, d->g->cfg.drift_ns);
		return;
	}
	f->chunk = 0;
	f->seen = f->changes;
	for (struct list *n = &o->link; n != &f->rows && f->chunk < DEVICE_CHANGES_MAX; n = n->next)
		f->paths[f->chunk++] = &LIST_OF(n, struct gnmi_owned, link)->path;
	gnmi_read_start(&f->reader, d, f->paths, f->chunk, chunk_read);
}

static void due(void *arg)
{
	struct gnmi_dev *d = arg;
	struct gnmi_drift *f = &d->drift;

	f->at = list_empty(&f->rows) ? NULL : LIST_OF(f->rows.next, struct gnmi_owned, link);
	chunk_next(d);
}

void gnmi_drift_init(struct gnmi_dev *d)
{
	list_init(&d->drift.rows);
	loop_timer_init(&d->drift.timer, d->g->loop, due, d);
}

void gnmi_drift_fini(struct gnmi_dev *d)
{
	gnmi_read_stop(&d->drift.reader);
	loop_timer_fini(&d->drift.timer);
	LIST_EACH(n, &d->drift.rows)
		row_free(d, LIST_OF(n, struct gnmi_owned, link));
}

/* The device was away: at once, it may have lost everything. */
void gnmi_drift_start(struct gnmi_dev *d)
{
	loop_timer_after(&d->drift.timer, 0);
}

void gnmi_drift_stop(struct gnmi_dev *d)
{
	gnmi_read_stop(&d->drift.reader);
	loop_timer_stop(&d->drift.timer);
	d->drift.at = NULL;
}
