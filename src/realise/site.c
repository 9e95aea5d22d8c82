/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slice on one device: what is wanted there against what may be there. One transaction at a time;
 * what it changed is believed when the device showed it. Deletes go first, what refers before what is
 * referred to; a device that is away is tried again, one that refuses waits for another word.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "log/log.h"
#include "realise/room.h"

enum {
	TRIES_MAX = 5,		  /* doublings */
	CODE_UNAVAILABLE = 14,	  /* gRPC's: there is no session */
	REFUSED_AGAIN_RETRIES = 32, /* a refusal is tried again after so many times retry_ns */
};

static const char nowhere[] = "it is no device of the configuration";

/* ---- what may be there ---- */

struct realise_foot *realise_foot_of(struct realise_site *x, const char *path)
{
	for (size_t i = 0; i < x->feet.n; i++) {
		if (strcmp(x->feet.at[i].path, path) == 0)
			return &x->feet.at[i];
	}
	return NULL;
}

struct realise_foot *realise_foot_add(struct realise_site *x, const char *path)
{
	struct realise_foot f = { .path = strdup(path) };
	struct realise_foot *added = f.path ? VEC_ADD(&x->feet, f) : NULL;

	if (!added)
		free(f.path);
	return added;
}

void realise_foot_drop(struct realise_site *x, size_t at)
{
	free(x->feet.at[at].path);
	free(x->feet.at[at].json);
	free(x->feet.at[at].sent);
	x->feet.at[at] = x->feet.at[--x->feet.n];
}

static void unsure(struct realise_foot *f)
{
	free(f->json);
	f->json = NULL;
}

/* ---- life ---- */

static void again(void *arg)
{
	struct realise_site *x = arg;

	if (x->state == REALISE_REFUSED)
		x->state = REALISE_WAITS;
	realise_look(x->s);
}

struct realise_site *realise_site_of(struct realise_slice *s, const char *device, bool make)
{
	struct realise_site *x;

	for (size_t i = 0; i < s->sites.n; i++) {
		if (strcmp(s->sites.at[i]->device, device) == 0)
			return s->sites.at[i];
	}
	x = make ? calloc(1, sizeof(*x)) : NULL;
	if (!x)
		return NULL;
	x->s = s;
	(void)str_copy(x->device, sizeof(x->device), device);
	loop_timer_init(&x->again, s->r->cfg.loop, again, x);
	return VEC_ADD(&s->sites, x) ? x : realise_site_free(x);
}

struct realise_site *realise_site_free(struct realise_site *x)
{
	while (x->feet.n)
		realise_foot_drop(x, x->feet.n - 1);
	VEC_FINI(&x->feet);
	loop_timer_fini(&x->again);
	free(x);
	return NULL;
}

/* ---- the difference ---- */

struct batch {
	struct device_change changes[DEVICE_CHANGES_MAX];
	struct realise_foot *feet[DEVICE_CHANGES_MAX];
	const char *sent[DEVICE_CHANGES_MAX];
	size_t n;
	bool more; /* than fits */
	bool unsaved;
};

static const struct realise_object *wanted(const struct realise_site *x, const char *path)
{
	const struct realise_objects *o = &x->s->objects;

	for (uint32_t i = 0; i < o->n; i++) {
		if (strcmp(o->at[i].device, x->device) == 0 && strcmp(o->at[i].path, path) == 0)
			return &o->at[i];
	}
	return NULL;
}

static void add(struct batch *b, struct realise_foot *f, const char *json)
{
	if (b->n == DEVICE_CHANGES_MAX) {
		b->more = true;
		return;
	}
	b->changes[b->n] = (struct device_change){ json ? DEVICE_REPLACE : DEVICE_DELETE, f->path, json };
	b->feet[b->n] = f;
	b->sent[b->n++] = json;
}

static void find_deletes(struct realise_site *x, struct batch *b)
{
	for (int rank = REALISE_RANKS - 1; rank >= 0; rank--) {
		for (size_t i = 0; i < x->feet.n; i++) {
			struct realise_foot *f = &x->feet.at[i];

			if (!f->gone && (int)realise_rank_of(f->path) == rank && ((x->clear && !f->absent) || !wanted(x, f->path)))
				add(b, f, NULL);
		}
	}
}

/* What is new is written down first. False without memory. */
static bool find_feet(struct realise_site *x, struct batch *b)
{
	const struct realise_objects *o = &x->s->objects;

	for (uint32_t i = 0; i < o->n; i++) {
		struct realise_foot *f;

		if (strcmp(o->at[i].device, x->device) != 0)
			continue;
		f = realise_foot_of(x, o->at[i].path);
		if (!f)
			f = realise_foot_add(x, o->at[i].path);
		if (!f)
			return false;
		/* One that a record without it is on its way for is new again. */
		f->durable = f->durable && !f->gone;
		f->saving = f->saving && !f->gone;
		f->gone = false;
		b->unsaved = b->unsaved || !f->durable;
	}
	return true;
}

static void find_sets(struct realise_site *x, struct batch *b)
{
	const struct realise_objects *o = &x->s->objects;

	for (uint32_t i = 0; i < o->n; i++) {
		struct realise_foot *f;

		if (strcmp(o->at[i].device, x->device) != 0)
			continue;
		f = realise_foot_of(x, o->at[i].path);
		if (f && (!f->json || strcmp(f->json, o->at[i].json) != 0))
			add(b, f, o->at[i].json);
	}
}

/* What others refer to stays while they are changed: they come before it. */
static void only_first(struct batch *b)
{
	size_t first = 0;

	for (size_t i = 1; i < b->n; i++) {
		if (realise_rank_of(b->changes[i].path) > realise_rank_of(b->changes[first].path))
			first = i;
	}
	b->changes[0] = b->changes[first];
	b->feet[0] = b->feet[first];
	b->sent[0] = b->sent[first];
	b->n = 1;
}

/* ---- sending ---- */

static const char disk[] = "the disk";

static void later(struct realise_site *x, const char *why)
{
	unsigned shift = x->tries < TRIES_MAX ? x->tries : TRIES_MAX;

	x->tries++;
	x->state = REALISE_WAITS;
	(void)str_copy(x->why, sizeof(x->why), why);
	metric_add(x->s->r->m_retries, 1);
	loop_timer_after(&x->again, x->s->r->cfg.retry_ns << shift);
}

static void refuse(struct realise_site *x, const char *why)
{
	x->state = REALISE_REFUSED;
	(void)str_copy(x->why, sizeof(x->why), why);
	metric_add(x->s->r->m_refused, 1);
	log_event("", LOG_WARN, "realise.refused", "slice=%s device=%s text=\"%.150s\"", x->s->id, x->device, why);
	realise_event(x->s, BUS_WARNING, "slice-device-refused", x->device, why);
	loop_timer_after(&x->again, x->s->r->cfg.retry_ns * REFUSED_AGAIN_RETRIES);
}

void realise_site_lost(struct realise_site *x)
{
	x->txn = 0;
	for (size_t i = 0; i < x->feet.n; i++) {
		struct realise_foot *f = &x->feet.at[i];

		f->flying = false;
		free(f->sent);
		f->sent = NULL;
		unsure(f);
	}
	realise_site_urge(x);
	realise_look(x->s);
}

/* A device that is no longer ours keeps what it has, and nobody will take it away. */
static void leave_behind(struct realise_site *x)
{
	bool had = false;

	for (size_t i = 0; i < x->feet.n; i++) {
		had = had || !x->feet.at[i].gone;
		x->feet.at[i].gone = true;
	}
	x->state = REALISE_DONE;
	x->why[0] = '\0';
	if (!had)
		return;
	realise_event(x->s, BUS_WARNING, "slice-left-behind", x->device, nowhere);
	realise_save(x->s);
}

static bool wants_any(const struct realise_site *x)
{
	for (uint32_t i = 0; i < x->s->objects.n; i++) {
		if (strcmp(x->s->objects.at[i].device, x->device) == 0)
			return true;
	}
	return false;
}

static bool is_ours(const struct realise_site *x)
{
	const struct device_port *p = &x->s->r->port;

	return p->has(p->self, x->device);
}

static void send(struct realise_site *x, const struct batch *b)
{
	struct device_port *p = &x->s->r->port;
	int r = p->set(p->self, x->device, b->changes, b->n, &x->txn);

	if (r == DEVICE_E_FULL) {
		later(x, "too much waits for it");
	} else if (r != 0) {
		refuse(x, r == DEVICE_E_NONE ? nowhere : "what would be sent is too long");
	} else {
		x->state = REALISE_WAITS;
		x->touched = loop_now(x->s->r->cfg.loop);
		for (size_t i = 0; i < b->n; i++) {
			b->feet[i]->flying = true;
			b->feet[i]->sent = b->sent[i] ? strdup(b->sent[i]) : NULL;
		}
	}
}

void realise_site_look(struct realise_site *x)
{
	struct batch b = { 0 };

	if (x->txn || x->state == REALISE_REFUSED || loop_timer_armed(&x->again))
		return;
	if (!is_ours(x) && ((x->s->asked && x->s->undo) || !wants_any(x))) {
		leave_behind(x);
		return;
	}
	if (!is_ours(x)) {
		refuse(x, nowhere);
		return;
	}
	if (!find_feet(x, &b)) {
		later(x, "no memory");
		return;
	}
	if (b.unsaved) {
		if (!x->s->saving)
			realise_save(x->s);
		else
			x->s->dirty = true;
		x->state = REALISE_WAITS;
		(void)str_copy(x->why, sizeof(x->why), disk);
		return;
	}
	if (strcmp(x->why, disk) == 0)
		x->why[0] = '\0'; /* that is over */
	find_deletes(x, &b);
	if (x->one_by_one && b.n > 0)
		b.n = 1; /* what refers to others is the first: any may go without the next */
	else if (!x->clear)
		find_sets(x, &b);
	if (x->one_by_one && x->s->undo && b.n > 1)
		only_first(&b);
	if (b.n) {
		send(x, &b);
		return;
	}
	x->state = REALISE_DONE;
	x->one_by_one = false;
	x->why[0] = '\0';
}

void realise_site_urge(struct realise_site *x)
{
	loop_timer_stop(&x->again);
	x->tries = 0;
	if (x->state == REALISE_REFUSED)
		x->state = REALISE_WAITS;
}

/* ---- answers ---- */

static void land_one(struct realise_site *x, struct realise_foot *f, enum device_outcome o)
{
	bool deleted = !f->sent && !wanted(x, f->path);

	f->absent = o == DEVICE_DONE ? !f->sent : o == DEVICE_REFUSED && f->absent;
	if (o == DEVICE_DONE && f->sent) {
		unsure(f);
		f->json = TAKE(f->sent);
		if (f->drifted)
			realise_event(x->s, BUS_INFO, "slice-put-right", x->device, f->path);
		f->drifted = false;
	} else if (o == DEVICE_DONE) {
		unsure(f);
		f->gone = deleted;
	} else if (o == DEVICE_UNKNOWN || o == DEVICE_BROKEN) {
		unsure(f);
	}
	free(f->sent);
	f->sent = NULL;
	f->flying = false;
}

/* Half of it was done, and something is to go: that can go by itself. */
static bool halved(const struct realise_site *x, const struct device_result *r)
{
	if (x->one_by_one || (r->outcome != DEVICE_UNDONE && r->outcome != DEVICE_BROKEN))
		return false;
	for (size_t i = 0; i < x->feet.n; i++) {
		if (x->feet.at[i].flying && (!x->feet.at[i].sent || x->s->undo))
			return true;
	}
	return false;
}

static bool passing(const struct device_result *r)
{
	return r->outcome == DEVICE_UNKNOWN || (r->outcome == DEVICE_REFUSED && r->code == CODE_UNAVAILABLE);
}

static bool has_drifted(const struct realise_site *x)
{
	for (size_t i = 0; i < x->feet.n; i++) {
		if (x->feet.at[i].drifted)
			return true;
	}
	return false;
}

/* There is something that clearing would take away. */
static bool can_clear(const struct realise_site *x)
{
	for (size_t i = 0; i < x->feet.n; i++) {
		if (!x->feet.at[i].gone && !x->feet.at[i].absent)
			return true;
	}
	return false;
}

static void refused(struct realise_site *x, const struct device_result *r)
{
	char why[SR_REASON_MAX];

	(void)snprintf(why, sizeof(why), "%s%s%.200s", device_outcome_text(r->outcome),
		       r->text && r->text[0] ? ": " : "", r->text ? r->text : "");
	/* Two that somebody changed may stand in each other's way: an interface that each has bound and
	 * the other wants. Then all of it goes, and comes anew. */
	if (has_drifted(x) && x->tries < TRIES_MAX) {
		x->clear = !x->clear && can_clear(x);
		later(x, why);
		return;
	}
	x->clear = false;
	refuse(x, why);
}

void realise_site_result(struct realise_site *x, const struct device_result *r)
{
	bool gone = false, half = halved(x, r);

	x->txn = 0;
	x->touched = loop_now(x->s->r->cfg.loop);
	for (size_t i = 0; i < x->feet.n; i++) {
		if (x->feet.at[i].flying)
			land_one(x, &x->feet.at[i], r->outcome);
		gone = gone || x->feet.at[i].gone;
	}
	if (r->outcome == DEVICE_DONE) {
		x->tries = 0;
		x->clear = x->clear && can_clear(x);
		if (gone)
			realise_save(x->s);
	} else if (half || passing(r)) {
		x->one_by_one = x->one_by_one || half;
		later(x, r->text && r->text[0] ? r->text : device_outcome_text(r->outcome));
	} else {
		refused(x, r);
	}
	realise_look(x->s);
}

bool realise_site_drift(struct realise_site *x, const struct device_drift *d)
{
	const char *path = strchr(d->path, '/');
	char what[SR_REASON_MAX];

	for (size_t i = 0; path && i < x->feet.n; i++) {
		struct realise_foot *f = &x->feet.at[i];
		size_t n = strlen(f->path);

		if (f->gone || strncmp(path, f->path, n) != 0 || (path[n] != '\0' && path[n] != '/'))
			continue;
		unsure(f);
		f->drifted = true;
		x->touched = loop_now(x->s->r->cfg.loop);
		metric_add(x->s->r->m_drifts, 1);
		(void)snprintf(what, sizeof(what), "%.100s: %.140s", f->path, d->found ? d->found : "");
		log_event("", LOG_WARN, "realise.drift", "slice=%s device=%s what=\"%s\"", x->s->id, x->device, what);
		realise_event(x->s, BUS_WARNING, "slice-drift", x->device, what);
		realise_look(x->s);
		return true;
	}
	return false;
}
